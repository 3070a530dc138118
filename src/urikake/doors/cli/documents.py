"""`urikake document`: papers as PDF, one by its reference or all of a closing."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Final

import typer

from urikake.base.errors import Refusal, cause_of
from urikake.base.url import from_environment

from .bar import bar
from .deliver import mail
from .options import As, day, instant, load
from .peppol import peppol
from .shown import Format, show

document: Final = typer.Typer(no_args_is_help=True, help="帳票を PDF で作る。")
document.command()(peppol)
document.command()(mail)
Out = Annotated[Path, typer.Option("-o", "--out", metavar="FILE", help="書き出すファイル")]
Lang = Annotated[str, typer.Option("--lang", help="ja 日本語 | en 英語")]
Png = Annotated[bool, typer.Option("--png", help="PDF の代わりに、ページごとの PNG を書き出す")]


@document.command()
def invoice(
    ref: Annotated[str, typer.Argument(help="請求書番号")],
    out: Out,
    lang: Lang = "ja",
    png: Png = False,
    as_: As = "system",
) -> None:
    """請求書・修正請求書・返還請求書を作る。"""
    _make(out, "invoice", png=png, user=as_, ref=ref, lang=lang)


@document.command()
def invoices(
    closing: Annotated[str, typer.Option("--closing", help="締日")],
    out: Out,
    lang: Lang = "ja",
    as_: As = "system",
) -> None:
    """締日の請求書をすべて、封筒の順（郵便番号・取引先コード）に PDF にする。1,000通ごとに 1 ファイル。"""
    load()
    from urikake.doors.documents import asked, typesetting

    with bar("documents"):
        for at, book in enumerate(asked.closings(from_environment(), day(closing), lang=lang, user=as_), start=1):
            file = out if at == 1 else out.with_stem(f"{out.stem}-{at}")
            _write(file, typesetting.pdf(book))
            print(f"{file.name} を作りました（{len(book.papers)}通）。")


@document.command()
def delivery(
    ref: Annotated[str, typer.Argument(help="請求書番号")],
    out: Out,
    lang: Lang = "ja",
    png: Png = False,
    as_: As = "system",
) -> None:
    """納品書を作る。明細は請求書と同じ。"""
    _make(out, "delivery", png=png, user=as_, ref=ref, lang=lang)


@document.command()
def statement(
    ref: Annotated[str, typer.Argument(help="取引先コード")],
    since: Annotated[str, typer.Option("--from", help="この日から")],
    until: Annotated[str, typer.Option("--to", help="この日まで")],
    out: Out,
    lang: Lang = "ja",
    png: Png = False,
    as_: As = "system",
) -> None:
    """取引明細書（期間のご請求・ご入金と残高）を作る。"""
    _make(out, "statement", png=png, user=as_, ref=ref, since=day(since), until=day(until), lang=lang)


@document.command()
def receipt(
    ref: Annotated[str, typer.Argument(help="入金番号か取引番号")],
    out: Out,
    purpose: Annotated[str, typer.Option("--for", help="但し書き")] = "",
    paper: Annotated[bool, typer.Option("--paper", help="紙で渡す（収入印紙の欄を付ける）")] = False,
    partner: Annotated[str, typer.Option("--partner", help="何社分かの入金のうち、この取引先の分")] = "",
    lang: Lang = "ja",
    png: Png = False,
    as_: As = "system",
) -> None:
    """領収書を作る。"""
    asked = {"ref": ref, "purpose": purpose, "paper": paper, "partner": partner, "lang": lang}
    _make(out, "receipt", png=png, user=as_, **asked)


@document.command()
def reduction(
    ref: Annotated[str, typer.Argument(help="消込の番号")],
    out: Out,
    lang: Lang = "ja",
    png: Png = False,
    as_: As = "system",
) -> None:
    """消込で売上値引にした分の返還請求書を作る（税込 1 万円以上なら交付する）。"""
    _make(out, "reduction", png=png, user=as_, ref=ref, lang=lang)


@document.command()
def close(
    month: Annotated[str, typer.Argument(help="締めた月（2026-04）")],
    out: Out,
    known_at: Annotated[
        str | None, typer.Option("--known-at", metavar="INSTANT", help="この時点で締めていた締めの報告書")
    ] = None,
    png: Png = False,
    as_: As = "system",
) -> None:
    """締めの報告書（手順と証明・検証・試算表・先月からの増減・記録の鎖の先頭）を作る。いつ作っても同じ内容になる。"""
    _make(out, "close", png=png, user=as_, ref=month, known_at=instant(known_at) if known_at else None)


@document.command()
def ruler(out: Out, lang: Lang = "ja", png: Png = False, as_: As = "system") -> None:
    """窓付き封筒に宛名を合わせるための紙（mm の目盛りと枠）を作る。"""
    _make(out, "ruler", png=png, user=as_, lang=lang)


@document.command()
def notes(
    out: Out,
    as_of: Annotated[str, typer.Option("--as-of", help="期末・四半期末・月末の日")],
    span: Annotated[str, typer.Option("--span", help="year 期首から | quarter 四半期 | month 月")] = "year",
    exempt: Annotated[str, typer.Option("--exempt", help="残存履行義務から除くもの（one-year,as-invoiced）")] = "",
    known_at: Annotated[str | None, typer.Option("--known-at", help="この時点で分かっていたこと")] = None,
    png: Png = False,
    as_: As = "system",
) -> None:
    """収益認識に関する注記（収益の分解・契約残高・残存履行義務）を作る。"""
    from .main import instant

    known = {"known_at": instant(known_at)} if known_at else {}
    _make(out, "notes", png=png, user=as_, on=day(as_of), span=span, exempt=exempt, **known)


@document.command()
def letterhead(
    entries: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[項目=値]…", help="変える項目。画像は logo=@logo.png のようにファイルで渡す。\\n は改行"
        ),
    ] = None,
    since: Annotated[str | None, typer.Option("--from", help="この日からの帳票に使う（既定は今日）")] = None,
    why: Annotated[str, typer.Option("--why", help="理由（お振込先の変更を承認する人が読む）")] = "",
    as_: As = "system",
    format_: Annotated[Format, typer.Option("--format")] = Format.table,
) -> None:
    """帳票に印字する自社の住所・お振込先・色・社印などを、見る・変える。"""
    load()
    from urikake.doors import letterhead as door

    on = day(since) if since else None
    if not entries:
        show([_seen(row) for row in door.listed(from_environment(), on, user=as_)], format_, "letterhead")
        return
    values = dict(_entry(text) for text in entries)
    number = door.propose(from_environment(), values, since=on, why=why, user=as_)
    print(f"申請 {number} を出しました。別の人が承認すると変わります。" if number else "帳票の設定を変えました。")


def _seen(row: dict[str, Any]) -> dict[str, Any]:
    """An entry as it is printed: an image is only that there is one."""
    value = ("画像" if row["value"] else "") if row["kind"] == "image" else row["value"].replace("\n", " ／ ")
    return {"key": row["key"], "title": row["title"], "value": value}


def _entry(text: str) -> tuple[str, str]:
    """An entry that is written ``key=value``; ``@`` before a file reads it as an image."""
    from urikake.doors.letterhead import image

    key, equals, value = text.partition("=")
    if not equals:
        raise Refusal("bad-entry", f"「{text}」は 項目=値 の形ではありません。", "例: tel=03-0000-0000")
    return key, image(Path(value[1:])) if value.startswith("@") else value.replace("\\n", "\n")


def _make(out: Path, kind: str, *, user: str, png: bool = False, **asked: Any) -> None:
    """Gather the document, set it, write it, and say how much it is."""
    load()
    from urikake.doors.documents import asked as documents
    from urikake.doors.documents import typesetting

    book = documents.found(from_environment(), kind, user=user, **asked)
    files = _pages(out, typesetting.png(book)) if png else {out: typesetting.pdf(book)}
    for file, content in files.items():
        _write(file, content)
        print(f"{file.name} を作りました。")


def _pages(out: Path, pages: list[bytes]) -> dict[Path, bytes]:
    """The pictures by the file each goes into: the one named, or one a page numbered behind its name."""
    if len(pages) == 1:
        return {out: pages[0]}
    return {out.with_stem(f"{out.stem}-{at}"): page for at, page in enumerate(pages, start=1)}


def _write(file: Path, content: bytes) -> None:
    try:
        file.write_bytes(content)
    except OSError as error:
        why = f"{file} に書けません（{cause_of(error)}）。"
        raise Refusal("no-file", why, "場所を確かめてください。") from None
