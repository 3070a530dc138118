"""`urikake debit` and `urikake settlement`: what banks, agents, card processors and couriers collect for us."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Final

import typer

from urikake.base.url import from_environment

from .bar import bar
from .options import As, Dry, day, load
from .shown import words

debit: Final = typer.Typer(no_args_is_help=True, help="口座振替の依頼と結果。")


@debit.command()
def request(
    collector: Annotated[str, typer.Argument(help="収納機関の取引先コード")],
    on: Annotated[str, typer.Option("--on", metavar="DATE", help="引落日")],
    due: Annotated[
        str | None, typer.Option("--due", metavar="DATE", help="この日までに回収予定の債権。なければ引落日まで")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="依頼ファイルを書き出す先")
    ] = None,
    dry_run: Dry = False,
    as_: As = "system",
) -> None:
    """引落日までの口座振替の債権を、収納機関に依頼するファイルにする。もう一度行うと、同じファイルができる。"""
    load()
    from urikake.doors import collecting

    with bar("debit"):
        asked = collecting.request(
            from_environment(), collector, day(on), due=day(due) if due else None, user=as_, preview=dry_run
        )
    shown = {name: asked.figures[name] for name in ("request", "debits", "amount") if asked.figures.get(name)}
    if not asked.file:
        print("依頼する債権はありません。")
    else:
        state = "（確認のみ）" if dry_run else " を作りました。" if asked.figures["new"] else " は依頼済みです。"
        print(f"{words(shown)}{state}")
    if asked.left_out:
        print("依頼しない債権:\n  " + "\n  ".join(asked.left_out), file=sys.stderr)
    if asked.file and not dry_run:
        file = output or Path(asked.name)
        collecting.write(file, asked.file)
        print(f"{file} に書き出しました。")


@debit.command()
def result(
    file: Path,
    fee: Annotated[int, typer.Option("--fee", help="収納機関が差し引く手数料の合計（税込、円）")] = 0,
    payout: Annotated[
        str | None, typer.Option("--payout", metavar="DATE", help="入金予定日。なければ収納機関の登録による")
    ] = None,
    lenient: Annotated[bool, typer.Option("--lenient", help="行の終わりの空白が削られたファイルも読む")] = False,
    dry_run: Dry = False,
    as_: As = "system",
) -> None:
    """収納機関の結果ファイルを取り込み、引き落とせた債権を消し込む。もう一度取り込んでも変わらない。"""
    load()
    from urikake.doors import collecting

    content = collecting.read(file)
    with bar("debit"):
        told = collecting.result(
            from_environment(), content, file.name, fee=fee, payout_on=day(payout) if payout else None, lenient=lenient,
            user=as_, preview=dry_run,
        )  # fmt: skip
    print(words(told) if told["debits"] else "この結果は取り込み済みです。")


@debit.command()
def withdraw(
    number: Annotated[int, typer.Argument(help="振替依頼の番号")],
    why: Annotated[str, typer.Option("--why", help="理由（記録に残る）")],
    as_: As = "system",
) -> None:
    """結果の出ていない振替依頼を取り下げる。その債権は、また依頼できる。"""
    load()
    from urikake.doors import collecting

    told = collecting.withdraw(from_environment(), number, why, user=as_)
    print(f"振替依頼 {number} を取り下げました（{words(told)}）。")


def settlement(
    collector: Annotated[str, typer.Argument(help="収納機関の取引先コード")],
    file: Path,
    dry_run: Dry = False,
    as_: As = "system",
) -> None:
    """カード会社・配送会社の精算明細を取り込み、請求書を消し込む。同じ取引番号は一度だけ。"""
    load()
    from urikake.doors import collecting

    with bar("debit"):
        told = collecting.settle(from_environment(), collector, file, user=as_, preview=dry_run)
    print(words(told) if told["lines"] else f"{file.name}: 新しい明細はありません（すべて取り込み済みです）。")
