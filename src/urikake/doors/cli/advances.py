"""`urikake advance`, `apply-advance`, `unapply-advance`: advances received (前受金), kept and applied to invoices."""

from __future__ import annotations

from typing import Annotated

import typer

from urikake.base.url import from_environment

from .options import As, Day, Dry, day, load


def advance(
    receipt: Annotated[str, typer.Argument(help="入金番号か取引番号")],
    partner: Annotated[str, typer.Option("--partner", metavar="CODE", help="だれの前受金か（取引先コード）")],
    amount: Annotated[int | None, typer.Option("--amount", help="前受金にする額（円）。なければ未消込のすべて")] = None,
    date_: Day = None,
    dry_run: Dry = False,
    as_: As = "system",
) -> None:
    """請求書のまだない入金を、取引先の前受金にする（取り消すのは unapply）。"""
    load()
    from urikake.doors import advances

    on = day(date_) if date_ else None
    told = advances.prepay(from_environment(), receipt, partner, amount=amount, on=on, user=as_, preview=dry_run)
    print(f"{told['amount']:,}円を {partner} の前受金にしま{'す（確認のみ）' if dry_run else 'した'}。")


def apply_advance(
    advance: Annotated[str, typer.Argument(help="前受金（report advances の番号）")],
    items: Annotated[list[str], typer.Argument(help="請求書番号か債権明細の番号[=金額]…")],
    date_: Day = None,
    dry_run: Dry = False,
    as_: As = "system",
) -> None:
    """前受金を、その取引先の請求書に充てる: 前受金 明細[=金額]…"""
    load()
    from urikake.doors import advances

    on = day(date_) if date_ else None
    told = advances.apply(from_environment(), advance, items, on=on, user=as_, preview=dry_run)
    print(f"{told['amount']:,}円を充て{'ます（確認のみ）' if dry_run else 'ました'}（充当 {told['use']}）。")


def unapply_advance(
    use: Annotated[int, typer.Argument(help="充当の番号")], date_: Day = None, as_: As = "system"
) -> None:
    """前受金の充当を取り消す。"""
    load()
    from urikake.doors import advances

    told = advances.unapply(from_environment(), use, on=day(date_) if date_ else None, user=as_)
    print(f"充当 {use}（{-told['amount']:,}円）を取り消しました。")
