"""`urikake receipts` and `urikake bank-format`: money that came, and the layouts of banks' CSV files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from urikake.base.url import from_environment

from .bar import bar
from .options import As, Dry, load
from .shown import Format, say, show

bank_format: Final = typer.Typer(no_args_is_help=True, help="銀行の CSV の形式を見る・作る・やめる。")
Name = Annotated[str, typer.Argument(help="形式の名前（receipts の --format に書く名前）")]


@bank_format.command("list")
def listed(as_: As = "system", format_: Annotated[Format, typer.Option("--format")] = Format.table) -> None:
    """自社で作った形式と、はじめからある形式を見る。"""
    load()
    from urikake.base import runs
    from urikake.doors import bank_formats as door

    with runs.reading(from_environment(), as_) as session:
        show(door.listed(session), format_, "bank-formats")


@bank_format.command("show")
def show_(name: Name, as_: As = "system") -> None:
    """一つの形式を TOML で出す。直して add で保存できる。"""
    load()
    from urikake.base import runs
    from urikake.doors import bank_formats as door

    with runs.reading(from_environment(), as_) as session:
        print(door.toml(door.told(session, name)))


@bank_format.command()
def guess(file: Annotated[Path, typer.Argument(help="銀行の CSV")]) -> None:
    """銀行の CSV の見出しから、形式の下書きを TOML で出す。何も保存しない。"""
    load()
    from urikake.doors import bank_formats as door
    from urikake.rooms.intake.queries import content

    print(door.guessed(content(file), file.name))


@bank_format.command()
def add(
    name: Name,
    file: Annotated[Path, typer.Argument(metavar="FILE.toml", help="形式を書いた TOML（show・guess で出る形）")],
    dry_run: Dry = False,
    as_: As = "system",
) -> None:
    """形式を保存する。同じ名前があれば置き換える。"""
    load()
    from urikake.doors import bank_formats as door
    from urikake.rooms.intake.queries import content, decoded

    layout = door.parsed(decoded(content(file), file.name), file.name)
    changed = door.save(from_environment(), name, layout, user=as_, preview=dry_run)
    if not changed:
        print(f"形式「{name}」は、もう同じ内容です。")
    else:
        print(f"形式「{name}」を{'使えます（まだ保存していません）' if dry_run else '保存しました'}。")


@bank_format.command()
def remove(name: Name, as_: As = "system") -> None:
    """自社で作った形式を使うのをやめる。取り込んだ入金はそのまま残る。"""
    load()
    from urikake.doors import bank_formats as door

    door.withdraw(from_environment(), name, user=as_)
    print(f"形式「{name}」を使うのをやめました。")


def receipts(
    file: Path,
    format_: Annotated[str, typer.Option("--format", help="csv か、銀行のファイルの形式（手引き「銀行のファイル」）")],
    account: Annotated[str, typer.Option("--account", help="銀行口座コード")],
    mapping: Annotated[str | None, typer.Option("--mapping", metavar="NAME", help="保存した列の対応づけ")] = None,
    lenient: Annotated[bool, typer.Option("--lenient", help="行末の空白が落ちた全銀のファイルも受け取る")] = False,
    dry_run: Dry = False,
    as_: As = "system",
) -> None:
    """入金ファイルを取り込み、仮受金に計上する。"""
    load()
    from urikake.doors import files
    from urikake.rooms.receipts.queries import CSV

    with bar("receipts"):
        figures = files.take_receipts(
            from_environment(), file, account=account, format_=format_, user=as_, preview=dry_run, mapping=mapping,
            lenient=lenient,
        )  # fmt: skip
    if format_ != CSV:
        say({name: count for name, count in figures.items() if count or name in ("receipts", "amount")})
    else:
        known = "新しい入金はありません（すべて取り込み済みです）。"
        say(figures, "" if any(figures.values()) else nothing(file, known))


def nothing(file: Path, known: str) -> str:
    """Why a file brought nothing new: it has no rows, or what was ``known``."""
    from urikake.rooms.intake.queries import opened

    return known if opened(file).frame.height else "見出しのほかに行がありません。中身を確かめてください。"
