"""`urikake simulate`: what months would come to with other prices, contracts or rates of tax; and that reserved."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from urikake.base.errors import Refusal, cause_of
from urikake.base.url import from_environment

from .bar import bar
from .options import As, Dry, load
from .shown import Format, show, words

if TYPE_CHECKING:
    from urikake.doors.simulation import Changes

simulate: Final = typer.Typer(
    no_args_is_help=True, help="もしも計算: 価格・解約・税率が変わったら、これからの月がどうなるか。"
)
PriceOption = Annotated[
    list[str] | None,
    typer.Option("--price", metavar="商品=+5%@日付", help="その日から料金を変える（すべての商品は *）。何度でも"),
]
CancelOption = Annotated[
    list[str] | None, typer.Option("--cancel", metavar="契約@日付", help="その日を最終利用日に解約する。何度でも")
]
FileOption = Annotated[Path | None, typer.Option("--file", help="契約の変更の CSV（import events と同じ列）")]


@simulate.command()
def run(
    price: PriceOption = None,
    cancel: CancelOption = None,
    tax: Annotated[
        list[str] | None,
        typer.Option("--tax", metavar="reduced=0%@日付", help="その日から税率を変える（standard・reduced）。何度でも"),
    ] = None,
    file: FileOption = None,
    months: Annotated[int, typer.Option("--months", help="何か月進めるか")] = 12,
    since: Annotated[
        str | None, typer.Option("--from", metavar="MONTH", help="最初の月 2026-12。なければ締めた月の次から")
    ] = None,
    by: Annotated[str, typer.Option("--by", help="month（月ごと）| contract（違ってくる契約ごと）")] = "month",
    as_: As = "system",
    format_: Annotated[Format, typer.Option("--format")] = Format.table,
) -> None:
    """会社の写しの上で本番と同じ計算を月々進め、いまの計画と比べる。何も保存せず、何も送らない。"""
    load()
    from urikake.base.periods import first_day
    from urikake.doors import simulation
    from urikake.doors.simulation.playing import MORE_STEPS

    if by not in ("month", "contract"):
        raise Refusal("bad-by", f"--by が「{by}」です。", "month か contract を指定してください。")
    changes = _changes(price, cancel, tax, file)
    with bar("simulate", times=months + MORE_STEPS):
        found = simulation.simulate(
            from_environment(), changes, months=months, first=first_day(since) if since else None, user=as_
        )
    rows = found.months if by == "month" else found.contracts
    told = [_compared(row) for row in rows]
    show(told if format_ is not Format.table else [_short(row) for row in told], format_, "simulation")


def _compared(row: dict[str, Any]) -> dict[str, Any]:
    """The row with what each measure differs by."""
    told = {}
    for name, value in row.items():
        told[name] = value
        measure, _, plan = name.rpartition("_")
        if plan == "after":
            told[f"{measure}_difference"] = value - row[f"{measure}_before"]
    return told


def _short(row: dict[str, Any]) -> dict[str, Any]:
    """Of a row what a sheet of paper has room for: of billing both plans, of all else the difference."""
    long = ("billing", "difference")
    return {
        name: row[name]
        for name in row
        if "_" not in name or name.startswith(long) or name.endswith(long) or name == "contract_no"
    }


@simulate.command()
def reserve(
    price: PriceOption = None,
    cancel: CancelOption = None,
    file: FileOption = None,
    dry_run: Dry = False,
    as_: As = "system",
) -> None:
    """もしも計算で確かめた変更を、まとめて予約する。一つでも受け付けられなければ、どれも予約しない。"""
    load()
    from urikake.doors import simulation

    figures = simulation.reserve(from_environment(), _changes(price, cancel, None, file), user=as_, preview=dry_run)
    print(words(figures) + ("（確認のみ）" if dry_run else " を予約しました。"))


def _changes(price: list[str] | None, cancel: list[str] | None, tax: list[str] | None, file: Path | None) -> Changes:
    """What the options suppose."""
    from urikake.doors.simulation import Cancel, Changes, Price, Rate

    return Changes(
        tuple(map(Price.read, price or ())),
        tuple(map(Cancel.read, cancel or ())),
        tuple(map(Rate.read, tax or ())),
        file=(file.name, _bytes(file)) if file else None,
    )


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise Refusal(
            "no-file", f"{file} を開けません（{cause_of(error)}）。", "ファイルの場所を確かめてください。"
        ) from None
