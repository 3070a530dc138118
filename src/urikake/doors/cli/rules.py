"""`urikake rules`: the payer names learned from matches, and the rules of matching, tried on history, released or revoked."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from urikake.base.url import from_environment

from .options import As, load
from .shown import Format, show

rules: Final = typer.Typer(
    no_args_is_help=True, help="消込で覚えた振込名義と、許可して使う決まりを見る・試す・使う・やめる。"
)
Partner = Annotated[str, typer.Argument(help="取引先コード")]
Name = Annotated[str, typer.Argument(help="振込名義（全角・半角、法人格の略し方は問わない）")]
Either = Annotated[str, typer.Argument(help="取引先コード。決まりなら oldest・over・part")]
Maybe = Annotated[str, typer.Argument(help="振込名義（決まりなら書かない）")]
Rules = Annotated[bool, typer.Option("--rules", help="名義ではなく、許可して使う決まりを見る")]
Why = Annotated[str, typer.Option("--why", help="決まりの許可・取りやめの理由")]
Shape = Annotated[Format, typer.Option("--format")]
_LISTED: Final = ("partner", "payer", "times", "state", "in_use")
_RULES: Final = ("rule", "title", "state", "in_use", "applied", "undone")
_TRIED: Final = ("rule", "title", "right", "wrong", "later_right", "later_wrong", "waiting", "proposed")


@rules.command("list")
def listed(as_: As = "system", format_: Shape = Format.table, ruled: Rules = False) -> None:
    """覚えた名義（--rules なら許可して使う決まり）と、いまの使い方を見る。"""
    if ruled:
        show([{name: row[name] for name in _RULES} for row in _rows(as_, "matching-rules")], format_, "matching-rules")
        return
    rows = _rows(as_)
    show([{name: row[name] for name in _LISTED} for row in rows], format_, "payer-names")


@rules.command()
def backtest(
    as_: As = "system",
    format_: Shape = Format.table,
    ruled: Rules = False,
    each: Annotated[bool, typer.Option("--each", help="決まりを当てた入金を、違うものから一件ずつ並べる")] = False,
) -> None:
    """覚えた名義（--rules なら決まり）を、これまでの消込に当てて確かめる: 合う件数、違った件数、いま待っている入金。"""
    if each:
        show(_rows(as_, "rule-trials"), format_, "rule-trials")
    elif ruled:
        show([{name: row[name] for name in _TRIED} for row in _rows(as_, "matching-rules")], format_, "matching-rules")
    else:
        show(_rows(as_), format_, "payer-names")


def _rows(user: str, name: str = "payer-names") -> list[dict[str, object]]:
    load()
    from urikake.base import runs
    from urikake.rooms.reports.queries import report

    with runs.reading(from_environment(), user) as session:
        found: list[dict[str, object]] = report(session, name)
    return found


@rules.command()
def release(partner: Either, name: Maybe = "", as_: As = "system", why: Why = "") -> None:
    """覚えた名義（決まり）を自動消込に使うことを、教えた（確かめた）人とは別の人が許可する。"""
    load()
    from urikake.doors import names

    if not name:
        ruled = names.release_rule(from_environment(), partner, why=why, user=as_)
        print("自動消込に使います。" if ruled["rules"] else "すでに自動消込に使っています。")
        return
    done = names.release(from_environment(), partner, name, user=as_)
    print("自動消込に使います。" if done["names"] else "すでに自動消込に使っています。")


@rules.command()
def revoke(partner: Either, name: Maybe = "", as_: As = "system", why: Why = "") -> None:
    """覚えた名義をその取引先には使わない。決まりなら、使うのをやめる。"""
    load()
    from urikake.doors import names

    if not name:
        ruled = names.revoke_rule(from_environment(), partner, why=why, user=as_)
        print("自動消込に使うのをやめました。" if ruled["rules"] else "使っていません。")
        return
    done = names.revoke(from_environment(), partner, name, user=as_)
    print("自動消込に使うのをやめました。" if done["names"] else "これからも使いません。")


@rules.command()
def add(partner: Partner, name: Name, as_: As = "system") -> None:
    """取引先の振込名義を登録する。"""
    load()
    from urikake.doors import names

    done = names.add(from_environment(), partner, name, user=as_)
    print("登録しました。" if done["names"] else "すでに登録されています。")
