"""`urikake document peppol`: issued invoices as JP PINT XML, and files of others held against the rules."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from urikake.base.errors import Refusal, cause_of
from urikake.base.url import from_environment

from .bar import bar
from .options import As, day, load


def peppol(
    invoice: Annotated[str | None, typer.Argument(help="請求書番号")] = None,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="書き出すファイル（--closing ではフォルダー）")
    ] = None,
    closing: Annotated[
        str | None, typer.Option("--closing", help="この締日の、送付方法が peppol の請求書をすべて")
    ] = None,
    check: Annotated[
        Path | None, typer.Option("--check", metavar="FILE", help="JP PINT の XML ファイルを決まりに照らす")
    ] = None,
    as_: As = "system",
) -> None:
    """請求書をデジタルインボイス（JP PINT の XML）に書き出す。"""
    if sum(asked is not None for asked in (invoice, closing, check)) != 1:
        why = "請求書番号・--closing・--check のうち、一つを指定します。"
        raise Refusal("peppol-what", why, "例: urikake document peppol INV-2026-00001 -o INV-2026-00001.xml")
    if check is not None:
        _checked(check)
        return
    if out is None:
        raise Refusal(
            "no-out", "書き出す先がありません。", "-o でファイル（--closing ではフォルダー）を指定してください。"
        )
    load()
    if invoice is not None:
        _single(invoice, out, as_)
    else:
        _closing(day(str(closing)), out, as_)


def _single(invoice: str, out: Path, user: str) -> None:
    from urikake.doors import peppol as made

    _write(out, made.single(from_environment(), invoice, user=user))
    print(f"{out.name} に書き出しました。")


def _closing(on: date, out: Path, user: str) -> None:
    """A file an invoice; those that could not be written are said with their reasons, with exit status 1."""
    from urikake.doors import peppol as made

    count, refused = 0, []
    with bar("peppol"):
        for each in made.closing(from_environment(), on, user=user):
            if each.refusal is None:
                _write(out / f"{each.number}.xml", each.xml)
                count += 1
            else:
                refused.append(f"{each.number}: {each.refusal}")
    some = count or refused
    print(f"{out.name} に{count}件を書き出しました。" if some else "デジタルインボイスで送る請求書はありません。")
    if refused:
        print("\n".join(refused), file=sys.stderr)
        sys.exit(1)


def _write(path: Path, xml: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(xml)
    except OSError as error:
        why = f"{path.name} に書き出せません（{cause_of(error)}）。"
        raise Refusal("cannot-write", why, "書き出す先を確かめてください。") from None


def _checked(file: Path) -> None:
    """Say what is wrong with a file, whoever wrote it; exit status 1 where anything is."""
    from urikake.core.formats.peppol import problems

    try:
        xml = file.read_bytes()
    except OSError as error:
        why = f"{file.name} を読めません（{cause_of(error)}）。"
        raise Refusal("no-file", why, "ファイルの場所を確かめてください。") from None
    found = problems(xml)
    if not found:
        print(f"{file.name}: JP PINT の決まりに合っています。")
        return
    print(f"{file.name}: 誤りが{len(found)}件あります。", file=sys.stderr)
    print("\n".join(f"  {each}" for each in found), file=sys.stderr)
    sys.exit(1)
