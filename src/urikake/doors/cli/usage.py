"""`urikake usage`: usage rated by itself, whether or not a bill is due."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Final

import typer

from urikake.base.errors import Refusal
from urikake.base.url import from_environment

from .bar import bar
from .options import As, day, load
from .shown import Format, show, words

usage: Final = typer.Typer(no_args_is_help=True, help="使用量だけを計算する。")


@usage.callback()
def only() -> None:
    """使用量だけを計算する。"""


@usage.command()
def rate(
    month: Annotated[str | None, typer.Option("--month", help="請求期間の最後の日がある月 2026-04")] = None,
    since: Annotated[str | None, typer.Option("--from", help="請求期間の最後の日が、この日から")] = None,
    until: Annotated[str | None, typer.Option("--to", help="請求期間の最後の日が、この日まで")] = None,
    file: Annotated[
        Path | None,
        typer.Option("--file", help="登録した使用量の代わりに、このファイルの使用量で計算する（取り込まない）"),
    ] = None,
    engine: Annotated[str, typer.Option("--engine", help="local | spark（urikake[spark] が要る）")] = "local",
    master: Annotated[
        str, typer.Option("--master", help="Spark の場所 local[2] | local-cluster[2,1,1024] | spark://…")
    ] = "local[2]",
    work: Annotated[
        Path | None, typer.Option("--work", help="作業用のフォルダー（spark:// では、すべての機械から見える場所）")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="結果を書く Parquet ファイル")] = None,
    as_: As = "system",
    format_: Annotated[Format, typer.Option("--format")] = Format.table,
) -> None:
    """期間の使用量の数量と金額を、請求と同じ計算で出す。何も請求せず、何も登録しない。"""
    load()
    from urikake.doors import rating

    first, last = _days(month, since, until)
    asked = rating.Asked(first, last, file, engine, master, work)
    with bar("rate"):
        found = rating.rate(from_environment(), asked, user=as_)
    if out:
        found.write_parquet(out)
    else:
        show(rating.rows(found), format_, "usage-rate")
    if out or format_ is Format.table:
        print(words(rating.figures(found)))


def _days(month: str | None, since: str | None, until: str | None) -> tuple[date, date]:
    """The days asked for: of a month, or from one to another."""
    from urikake.base import periods

    if month and not (since or until):
        first = periods.first_day(month)
        return first, periods.last_day(first)
    if month or not (since and until):
        why = "期間は --month か、--from と --to の両方で指定します。"
        raise Refusal("no-period", why, "例: --month 2026-04")
    first, last = day(since), day(until)
    if first > last:
        why = f"期間の初め {first} が終わり {last} より後です。"
        raise Refusal("bad-span", why, "--from と --to を確かめてください。")
    return first, last
