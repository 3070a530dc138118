"""`urikake refund`: what is paid back to customers (返金), asked for, sent to the bank, taken back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from urikake.base.url import from_environment

from .options import As, Day, Dry, day, load

refund: Final = typer.Typer(no_args_is_help=True, help="お客さまへの返金（前受金・マイナスの請求書）。")
Account = Annotated[str, typer.Option("--account", metavar="CODE", help="支払う銀行口座")]


@refund.command()
def ask(
    partner: Annotated[str, typer.Argument(help="取引先コード")],
    of: Annotated[list[str], typer.Argument(metavar="OF...", help="前受金の番号かマイナスの請求書番号[=金額]…")],
    on: Annotated[str, typer.Option("--on", metavar="DATE", help="支払日（銀行の営業日）")],
    why: Annotated[str, typer.Option("--why", help="理由（承認する人に示し、記録に残る）")],
    account: Account = "main",
    dry_run: Dry = False,
    as_: As = "system",
) -> None:
    """前受金やマイナスの請求書を、取引先の口座に返すよう申請する。別の人が承認すると、支払日に計上される。"""
    load()
    from urikake.doors import refunds

    told = refunds.ask(from_environment(), partner, of, day(on), why, account=account, user=as_, preview=dry_run)
    what = f"{partner} への返金 {told['amount']:,}円"
    if dry_run:
        print(f"{what}（確認のみ）")
    elif told["proposal"]:
        print(f"{what} を申請しました（申請 {told['proposal']}）。別の人の承認を待っています。")
    else:
        print(f"{what} を計上しました。")


@refund.command()
def file(
    on: Annotated[str, typer.Option("--on", metavar="DATE", help="支払日（取組日）")],
    output: Annotated[Path | None, typer.Option("-o", "--output", metavar="FILE", help="書き出す先")] = None,
    account: Account = "main",
    dry_run: Dry = False,
    as_: As = "system",
) -> None:
    """支払日の返金を、銀行に送る総合振込のファイル（全銀協規定形式）にする。もう一度行うと、同じファイルができる。"""
    load()
    from urikake.doors import collecting, refunds

    made = refunds.file(from_environment(), day(on), account=account, user=as_, preview=dry_run)
    state = "（確認のみ）" if dry_run else "を作りました。" if made.figures["new"] else "は作成済みです。"
    print(
        f"振込ファイル {made.figures['transfer']}（{made.figures['transfers']}件 {made.figures['amount']:,}円）{state}"
    )
    if not dry_run:
        target = output or Path(made.name)
        collecting.write(target, made.file)
        print(f"{target} に書き出しました。")


@refund.command()
def withdraw(
    number: Annotated[int, typer.Argument(help="振込ファイルの番号")],
    why: Annotated[str, typer.Option("--why", help="理由（記録に残る）")],
    as_: As = "system",
) -> None:
    """銀行に送らなかった振込ファイルを取り下げる。その返金は、次のファイルに入る。"""
    load()
    from urikake.doors import refunds

    told = refunds.withdraw(from_environment(), number, why, user=as_)
    print(f"振込ファイル {number}（{told['transfers']}件 {told['amount']:,}円）を取り下げました。")


@refund.command("return")
def return_(
    number: Annotated[int, typer.Argument(help="返金の番号")],
    why: Annotated[str, typer.Option("--why", help="理由（振込不能のわけなど。記録に残る）")],
    date_: Day = None,
    as_: As = "system",
) -> None:
    """振り込めずに戻った返金を取り消す。前受金や請求書の残高は、もとに戻る。"""
    load()
    from urikake.doors import refunds

    told = refunds.take_back(from_environment(), number, why, on=day(date_) if date_ else None, user=as_)
    print(f"返金 {number}（{told['amount']:,}円）を取り消しました（{told['on']} 付）。")
