"""`urikake export`: journals for the accounting package, and the files that were made."""

from __future__ import annotations

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
    target: Annotated[str, typer.Option("--target", help=f"会計ソフト（{TARGETS}）")],
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
    on: Annotated[str, typer.Option("--on", metavar="DATE", help="残高の日")],
    format_: Annotated[Format, typer.Option("--format")] = Format.table,
    as_: As = "system",
) -> None:
    """会計ソフトの試算表（科目と残高の CSV・Excel）を、同じ日の残高と科目ごとに照合する。"""
    load()
    from urikake.doors import exports
    from urikake.rooms.exports.actions import BALANCES
    from urikake.rooms.intake.queries import sheet

    figures, rows = exports.tie_out(from_environment(), sheet(file, BALANCES), target, day(on), user=as_)
    show(rows, format_, "tie-out")
    if figures["off"]:
        print(f"説明のつかない差が {figures['off']} 科目にあります。")
        raise typer.Exit(1)
    print("すべての科目が合っています。")
