"""`urikake reprice`: a product's new price for running contracts, looked at before it is decided."""

from __future__ import annotations

from typing import Annotated

import typer

from urikake.base.url import from_environment

from .options import As, Dry, day, load
from .shown import Format, show, words


def reprice(
    product: Annotated[str, typer.Argument(help="商品コード")],
    since: Annotated[str, typer.Option("--from", help="新しい料金にする最初の日")],
    at: Annotated[str, typer.Option("--at", help="date（決めた日に）| renewal（契約ごとの更新日に）")] = "date",
    contract: Annotated[
        list[str] | None, typer.Option("--contract", metavar="NO", help="この契約だけ（何度でも）")
    ] = None,
    own: Annotated[bool, typer.Option("--own", help="個別に決めた単価の契約も新しい料金にする")] = False,
    notice: Annotated[
        str | None, typer.Option("--notice", help="知らせる日。通知期限に間に合う更新から改定する")
    ] = None,
    withdraw: Annotated[bool, typer.Option("--withdraw", help="まだ始まっていない改定の予約を取り消す")] = False,
    dry_run: Dry = False,
    as_: As = "system",
    format_: Annotated[Format, typer.Option("--format")] = Format.table,
) -> None:
    """動いている契約を、商品の新しい料金に移す。--dry-run で、移る契約と月額の差を先に見る。"""
    load()
    from urikake.doors import revision

    first, url = day(since), from_environment()
    if withdraw:
        count = revision.withdraw(url, product, first, on=revision.today(), user=as_)
        print(f"料金改定の予約 {count:,}件を取り消しました。")
        return
    told = day(notice) if notice else None
    asked = revision.Asked(product, first, at, tuple(contract or ()), own, told)
    found = revision.revise(url, asked, user=as_, preview=dry_run)
    show(revision.rows(found), format_, "reprice")
    if format_ is Format.table:
        print(words(revision.figures(found)) + ("（確認のみ）" if dry_run else ""))
