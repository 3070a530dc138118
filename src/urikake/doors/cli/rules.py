"""`urikake rules`: the payer names learned from matches, tried against history, released or revoked."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from urikake.base.url import from_environment

from .options import As, load
from .shown import Format, show

rules: Final = typer.Typer(no_args_is_help=True, help="消込で覚えた振込名義を見る・使う・やめる。")
Partner = Annotated[str, typer.Argument(help="取引先コード")]
Name = Annotated[str, typer.Argument(help="振込名義（全角・半角、法人格の略し方は問わない）")]
Shape = Annotated[Format, typer.Option("--format")]
_LISTED: Final = ("partner", "payer", "times", "state", "in_use")


@rules.command("list")
def listed(as_: As = "system", format_: Shape = Format.table) -> None:
    """覚えた名義と、いまの使い方を見る。"""
    rows = _rows(as_)
    show([{name: row[name] for name in _LISTED} for row in rows], format_, "payer-names")


@rules.command()
def backtest(as_: As = "system", format_: Shape = Format.table) -> None:
    """覚えた名義を、これまでの消込に当てて確かめる: 合う件数、ほかの取引先だった件数、いま待っている入金。"""
    show(_rows(as_), format_, "payer-names")


def _rows(user: str) -> list[dict[str, object]]:
    load()
    from urikake.base import runs
    from urikake.rooms.reports.queries import report

    with runs.reading(from_environment(), user) as session:
        found: list[dict[str, object]] = report(session, "payer-names")
    return found


@rules.command()
def release(partner: Partner, name: Name, as_: As = "system") -> None:
    """覚えた名義を自動消込に使うことを、教えた人とは別の人が許可する。"""
    load()
    from urikake.doors import names

    done = names.release(from_environment(), partner, name, user=as_)
    print("自動消込に使います。" if done["names"] else "すでに自動消込に使っています。")


@rules.command()
def revoke(partner: Partner, name: Name, as_: As = "system") -> None:
    """覚えた名義を、その取引先には使わない。"""
    load()
    from urikake.doors import names

    done = names.revoke(from_environment(), partner, name, user=as_)
    print("自動消込に使うのをやめました。" if done["names"] else "これからも使いません。")


@rules.command()
def add(partner: Partner, name: Name, as_: As = "system") -> None:
    """取引先の振込名義を登録する。"""
    load()
    from urikake.doors import names

    done = names.add(from_environment(), partner, name, user=as_)
    print("登録しました。" if done["names"] else "すでに登録されています。")
