"""`urikake export`: journals for the accounting package, and the files that were made."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Final

import typer

from urikake.base.url import from_environment

from .bar import bar
from .options import As, Dry, day, load
from .shown import Format, show

export: Final = typer.Typer(no_args_is_help=True, help="会計ソフトに渡すファイル。")
TARGETS: Final = "yayoi・kanjo-bugyo・kanjo-bugyo-i・pca・freee・moneyforward・csv"


@export.command()
def journals(
    target: Annotated[str, typer.Option("--target", help=f"会計ソフト（{TARGETS}）。beancount は帳簿の印刷")],
    since: Annotated[str, typer.Option("--from", metavar="DATE", help="この日から")],
    until: Annotated[str, typer.Option("--to", metavar="DATE", help="この日まで")],
    output: Annotated[Path | None, typer.Option("-o", "--output", metavar="FILE", help="書き出す先")] = None,
    style: Annotated[
        str, typer.Option("--summary", help="detail 一件ずつ・day 日ごと・month 月ごとにまとめる")
    ] = "detail",
    again: Annotated[bool, typer.Option("--again", help="渡した仕訳も、もう一度出す")] = False,
    dry_run: Dry = False,
    as_: As = "system",
) -> None:
    """まだ渡していない仕訳を、会計ソフトの取込ファイルにする。一つの仕訳は、一つの会計ソフトに一度だけ渡る。"""
    load()
    from urikake.doors import collecting, exports

    if output and not dry_run:
        collecting.require_free(output)  # before anything is marked as handed over
    with bar("export"):
        made = exports.export(
            from_environment(), target, day(since), day(until), style=style, again=again, user=as_, preview=dry_run
        )
    told = made.figures
    if not told["entries"]:
        print("新しく渡す仕訳はありません（渡した仕訳も出すなら --again）。")
        return
    print(
        f"仕訳 {told['entries']:,}件・{told['rows']:,}行・借方 {told['amount']:,}円{'（確認のみ）' if dry_run else ''}"
    )
    if not dry_run:
        file = output or Path(made.name)
        collecting.write(file, made.file)
        print(f"{file} に書き出しました。")


@export.command()
def file(
    number: Annotated[int, typer.Argument(help="出力の番号")],
    output: Annotated[Path | None, typer.Option("-o", "--output", metavar="FILE", help="書き出す先")] = None,
    as_: As = "system",
) -> None:
    """前に作ったファイルを、作ったときのまま取り出す。"""
    load()
    from urikake.doors import collecting, exports

    made = exports.file_of(from_environment(), number, user=as_)
    target = output or Path(made.name)
    collecting.write(target, made.file)
    print(f"{target} に書き出しました。")


@export.command("tie-out")
def tie_out(
    file: Path,
    target: Annotated[str, typer.Option("--target", help=f"会計ソフト（{TARGETS}）")],
    on: Annotated[str | None, typer.Option("--on", metavar="DATE", help="試算表の残高の日")] = None,
    since: Annotated[str | None, typer.Option("--from", metavar="DATE", help="仕訳帳・元帳の、この日から")] = None,
    until: Annotated[str | None, typer.Option("--to", metavar="DATE", help="仕訳帳・元帳の、この日まで")] = None,
    mapping: Annotated[
        str | None, typer.Option("--mapping", metavar="NAME", help="保存した列の対応づけ（取込の画面で作る）")
    ] = None,
    slips: Annotated[bool, typer.Option("--slips", help="科目の表のかわりに、違う伝票の表を出す")] = False,
    format_: Annotated[Format, typer.Option("--format")] = Format.table,
    dry_run: Dry = False,
    as_: As = "system",
) -> None:
    """会計ソフトの試算表（--on）か、仕訳帳・総勘定元帳（--from・--to。なければファイルの月）を、当社の帳簿と照合する。"""
    load()
    from urikake.doors import exports
    from urikake.rooms.exports.actions import BALANCES
    from urikake.rooms.intake.queries import content, sheet

    url = from_environment()
    if on:
        found = exports.tie_out(url, sheet(file, BALANCES), target, day(on), user=as_, preview=dry_run)
    else:
        span = (day(since), day(until)) if since and until else None
        with bar("tie-out"):
            found = exports.tie_out_journal(
                url, (file.name, content(file)), target, span, mapping=mapping, user=as_, preview=dry_run
            )
    figures, lines, differing = found
    rows = exports.spelt(differing if slips else lines)
    show(exports.short(rows) if format_ is Format.table else rows, format_, "tie-out")
    told = exports.summary(figures)
    print(told, file=sys.stderr if format_ is not Format.table else sys.stdout)
    if figures["off"]:
        raise typer.Exit(1)
