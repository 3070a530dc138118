"""`urikake policy` and `urikake approvals`: what the company has decided, and what waits for a second person."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from urikake.base.errors import Refusal
from urikake.base.url import from_environment

from .options import As, load
from .shown import Format, show

policy: Final = typer.Typer(no_args_is_help=True, help="会社の方針を見る・変えるよう申請する。")
approvals: Final = typer.Typer(no_args_is_help=True, help="承認を待っている申請を見る・決める。")
Note = Annotated[str, typer.Option("--note", help="承認・差戻しに添える言葉")]
Shape = Annotated[Format, typer.Option("--format")]


@policy.command("list")
def listed(as_: As = "system", format_: Shape = Format.table) -> None:
    """今の方針を見る。"""
    load()
    from urikake.doors import company

    show(company.listed(from_environment(), user=as_), format_, "policies")


@policy.command("set")
def set_(
    values: Annotated[list[str], typer.Argument(metavar="KEY=VALUE…")],
    why: Annotated[str, typer.Option("--why", help="理由")] = "",
    as_: As = "system",
) -> None:
    """方針を変えるよう申請する。二人目の承認が要らない会社では、すぐに変わる。"""
    load()
    from urikake.doors import company

    pairs = [text.partition("=") for text in values]
    if wrong := [key for key, mark, _ in pairs if not mark]:
        raise Refusal("bad-argument", f"「{wrong[0]}」が KEY=VALUE の形ではありません。", "例: tax_rounding=half_up")
    number = company.propose(from_environment(), {key: value for key, _, value in pairs}, why=why, user=as_)
    print(f"申請 {number} を出しました。別の人の承認を待っています。" if number else "方針を変えました。")


@approvals.command("list")
def waiting(as_: As = "system", format_: Shape = Format.table) -> None:
    """承認を待っている申請を見る。"""
    load()
    from urikake.doors import company

    rows = company.waiting(from_environment(), user=as_)
    names = ("number", "title", "text", "why", "actor", "recorded_at")
    show([{name: row[name] for name in names} for row in rows], format_, "approvals")


@approvals.command()
def approve(number: int, note: Note = "", as_: As = "system") -> None:
    """申請を承認して、その通りに行う。"""
    load()
    from urikake.doors import company

    print(f"承認しました。{company.decide(from_environment(), number, 'approved', note=note, user=as_)}")


@approvals.command("return")
def return_(number: int, note: Note = "", as_: As = "system") -> None:
    """申請を差し戻す。"""
    load()
    from urikake.doors import company

    print(f"差し戻しました。{company.decide(from_environment(), number, 'returned', note=note, user=as_)}")


@approvals.command()
def withdraw(number: int, as_: As = "system") -> None:
    """自分の申請を取り下げる。"""
    load()
    from urikake.doors import company

    print(f"取り下げました。{company.decide(from_environment(), number, 'withdrawn', user=as_)}")
