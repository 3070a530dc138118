"""銀行の形式: how the CSV of any bank is read, set up once on a sample with its first rows shown as they would be taken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import polars as pl
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render

from urikake.base import runs
from urikake.base.errors import Refusal
from urikake.core.formats import bank_file
from urikake.core.formats.bank_layout import LABELS, WORDS_IN, WORDS_OUT, plain
from urikake.core.formats.bank_outline import Outline, guessed, like
from urikake.doors import bank_formats as door
from urikake.rooms.intake.queries import encoding
from urikake.rooms.receipts import queries as receipts

from ..book import Deed, Shown, Undo, deed, page
from ..desk import Desk
from ..models import Upload
from .imports import oldest

PLACE: Final = "imports/formats"
KIND: Final = "bank-format"
"""What marks a sample among the files that are not decided on."""
SHOWN: Final = 20
LINES: Final = 12
BETWEEN: Final = "、"
DAYS: Final = ("day_year", "day_month", "day_day")
DAY_WAYS: Final = (("one", "一つの列にある"), ("three", "年・月・日の三つの列に分かれている"))
WAYS: Final = (
    ("incoming", "入金と出金が別の列にある"),
    ("signed", "一つの列で、出金はマイナス"),
    ("amount", "金額の列と、入金か出金かを書いた列がある"),
)
OTHERS: Final = {
    "balance": "選ぶと、行が抜けていないかを1行ずつ確かめます",
    "note": "入金の記録に残します",
    "reference": "選ぶと、入金の摘要になり、請求書番号をさがします",
    "code": "銀行が二度と使わない番号だけ。取込済みかをこれで見分けます",
    "inquiry": "ダウンロードのたびに変わる番号。記録に残すだけです",
    "payer_code": "仮想口座の番号など。取引先をこれで見分けます",
    "bank": "",
    "branch": "",
    "account": "いくつもの口座が入るファイルを断るために使います",
}
"""The columns that a layout may have besides, with what each is for."""


@page("bank-formats", PLACE, permission=door.READ, title="銀行の形式")
def listed(desk: Desk) -> Shown:
    """The layouts that the company made, who saved them when, and those that are shipped."""
    every = door.listed(desk.session)
    history = receipts.layout_history(desk.session)
    saved = {row["name"]: row for row in reversed(history)}
    return {
        "own": [row | {"saved": saved[row["name"]]} for row in every if row["own"]],
        "shipped": [row for row in every if not row["own"]],
        "gone": len([row for row in history if row["withdrawn"]]),
        "edit": desk.ask("edit"),
    }


@deed("bank-format-sample", f"{PLACE}/read", permission=door.WRITE)
def bring(doing: Deed) -> HttpResponse:
    """Keep a sample of the bank's file, with the layout of that name or a first guess for it."""
    sent, name = doing.request.FILES.get("file"), doing.field("name")
    if sent is not None:
        data, file = sent.read(), (sent.name or "file.csv")[-200:]
    elif doing.field("upload").isdecimal():
        known = _kept(doing, int(doing.field("upload")))
        data, file = bytes(known.content), known.name
    else:
        raise Refusal(
            "no-file", "見本のファイルが選ばれていません。", "銀行からダウンロードした CSV を選んでください。"
        )
    found = door.outlined(data, file)
    layout = guessed(found)
    if name:
        with runs.reading(doing.books, doing.person.name) as session:
            layout = door.told(session, name)
    Upload.objects.filter(came_at__lt=oldest()).delete()
    header = 0 if layout.get("headless") else found.header
    sample, _ = Upload.objects.get_or_create(
        company=doing.company.code, actor=doing.person.name, key=doing.field("key") or f"format:{doing.field('upload')}",
        defaults={
            "kind": KIND, "name": file, "content": data, "mapping": {"name": name, "layout": layout, "header": header},
        },
    )  # fmt: skip
    return redirect(f"/{doing.company.code}/{PLACE}/{sample.pk}")


def _kept(doing: Deed, number: int) -> Upload:
    """A file that the person brought to be taken and has not decided on."""
    found = Upload.objects.filter(company=doing.company.code, actor=doing.person.name, pk=number).first()
    if found is None:
        raise Http404(str(number))
    return found


def _sample(code: str, name: str, number: int) -> Upload:
    """The sample of that number, which is its bringer's alone."""
    own = Upload.objects.filter(company=code, actor=name, kind=KIND, pk=number, came_at__gt=oldest())
    found = own.first()
    if found is None:
        raise Http404(str(number))
    return found


@page("bank-format", f"{PLACE}/<int:number>", permission=door.WRITE, title="銀行の形式を作る")
def edit(desk: Desk, number: int) -> Shown:
    """The sample, which of its columns is what, and its first rows as they would be taken."""
    sample = _sample(desk.company.code, desk.person.name, number)
    data, kept = bytes(sample.content), sample.mapping
    found = door.outlined(data, sample.name, kept["header"])
    typed = _typed(desk.request.POST) if desk.refusal else _filled(kept["layout"]) | {"name": kept["name"]}
    layout = _layout(typed, headless=not found.header)
    return {
        "sample": sample,
        "encoding": encoding(data, sample.name),
        "outline": {"header": found.header, "lines": _lines(found), "width": len(found.columns)},
        "like": like(found) if found.header else "",
        "form": {"cause": desk.refusal, "name": typed["name"]} | _fields(found, typed),
        "seen": _seen(data, sample.name, layout, typed["name"]),
        "page": {"title": f"銀行の形式 {kept['name']}" if kept["name"] else "銀行の形式を作る", "name": "bank-format"},
    }


def _lines(found: Outline) -> list[dict[str, Any]]:
    """The first rows of the sample as they stand."""
    rows = found.lines[:LINES]
    if found.header and all(line != found.header for line, _, _ in rows):
        rows += [row for row in found.lines if row[0] == found.header]
    return [{"line": line, "cells": cells, "header": line == found.header} for line, cells, _ in rows]


def _filled(layout: Mapping[str, Any]) -> dict[str, str]:
    """A layout as the fields of the form hold it."""
    day, payer = [*layout.get("day", ()), "", "", ""][:3], [*layout.get("payer", ()), "", "", ""][:3]
    three = len(layout.get("day", ())) == len(DAYS)
    way = next((key for key, _ in WAYS if layout.get(key)), "incoming")
    words = {key: BETWEEN.join(layout.get(key, ())) for key in ("way_in", "way_out", "prefixes", "skip")}
    words["way_in"] = words["way_in"] or BETWEEN.join(WORDS_IN)
    words["way_out"] = words["way_out"] or BETWEEN.join(WORDS_OUT)
    plain_ones = {key: layout.get(key, "") for key in ("incoming", "outgoing", "signed", "amount", "way", *OTHERS)}
    days = dict(zip(DAYS, day, strict=True)) if three else dict.fromkeys(DAYS, "") | {"day_one": day[0]}
    ways = {"day_way": "three" if three else "one", "ways": way, "day_one": days.get("day_one", "")}
    return plain_ones | words | ways | days | {f"payer_{at}": name for at, name in enumerate(payer, 1)}


def _typed(sent: Mapping[str, str]) -> dict[str, str]:
    """What the form says, field by field."""
    return {key: sent.get(key, "").replace("\0", "").strip() for key in ("name", *_filled({}))}


def _layout(typed: Mapping[str, str], *, headless: bool) -> dict[str, Any]:
    """The layout that the fields of the form say; those of another way than the one chosen do not count."""
    days = [typed["day_one"]] if typed["day_way"] != "three" else [typed[name] for name in DAYS]
    used = {"incoming": ("incoming", "outgoing"), "signed": ("signed",), "amount": ("amount", "way")}
    told: dict[str, Any] = {
        "day": list(filter(None, days)),
        "payer": [typed[f"payer_{at}"] for at in (1, 2, 3) if typed[f"payer_{at}"]],
        **{key: typed[key] for key in (*used.get(typed["ways"], ()), *OTHERS)},
        **{key: _words(typed[key]) for key in ("prefixes", "skip")},
        "headless": headless,
    }
    if typed["ways"] == "amount":
        told |= {key: _words(typed[key]) for key in ("way_in", "way_out")}
    return {key: value for key, value in told.items() if value}


def _words(text: str) -> list[str]:
    """Words that were typed with commas between them."""
    return [word.strip() for word in text.replace(",", BETWEEN).replace("，", BETWEEN).split(BETWEEN) if word.strip()]


def _fields(found: Outline, typed: Mapping[str, str]) -> dict[str, Any]:
    """The fields of the form by the part of the page in which they stand."""

    def pick(
        name: str, label: str, hint: str = "", of: str = "", when: str = "", *, must: bool = False
    ) -> dict[str, Any]:
        return {
            "name": name, "label": label, "hint": hint, "of": of, "when": when, "must": must,
            "options": _options(found, typed[name]),
        }  # fmt: skip

    def text(name: str, label: str, hint: str, of: str = "", when: str = "") -> dict[str, Any]:
        return {"name": name, "label": label, "hint": hint, "of": of, "when": when, "text": True, "value": typed[name]}

    def lead(name: str, label: str, choices: Sequence[tuple[str, str]]) -> dict[str, Any]:
        options = [{"value": value, "label": word, "on": value == typed[name]} for value, word in choices]
        return {"name": name, "label": label, "options": options, "leads": name, "plain": True}

    apart = "「、」で区切って書きます"
    return {
        "days": [
            lead("day_way", "日付は", DAY_WAYS),
            pick("day_one", "日付の列", of="day_way", when="one", must=True),
            *[pick(name, f"{word}の列", of="day_way", when="three", must=True) for name, word in zip(DAYS, "年月日", strict=True)],
        ],
        "amounts": [
            lead("ways", "金額は", WAYS),
            pick("incoming", "入金額の列", of="ways", when="incoming", must=True),
            pick("outgoing", "出金額の列", "入金だけのファイルなら選びません", of="ways", when="incoming"),
            pick("signed", "入出金額の列", of="ways", when="signed", must=True),
            pick("amount", "金額の列", of="ways", when="amount", must=True),
            pick("way", "入金か出金かの列", of="ways", when="amount", must=True),
            text("way_in", "入金を表す言葉", apart, of="ways", when="amount"),
            text("way_out", "出金を表す言葉", apart, of="ways", when="amount"),
        ],
        "payers": [
            pick("payer_1", "振込名義（摘要）の列", must=True),
            pick("payer_2", "そこが空のとき", "はじめの空でない列を名義にします"),
            pick("payer_3", "そこも空のとき"),
            text("prefixes", "名義の前から除く言葉", f"「振込」「入金」などのあとに空白のあるものは、書かなくても除きます。{apart}"),
        ],
        "others": [pick(name, LABELS[name], hint) for name, hint in OTHERS.items()]
        + [text("skip", "読み飛ばす行の言葉", f"「合計」など。日付と金額のそろった行は読み飛ばしません。{apart}")],
        "more": any(typed[name] for name in ("reference", "code", "payer_code", "account", "skip")),
    }  # fmt: skip


def _options(found: Outline, value: str) -> list[dict[str, Any]]:
    """The columns of the sample to choose from with their first value, and the chosen one where the sample lacks it."""
    chosen = next((name for name in found.columns if plain(name) in map(plain, (*value.split("|"), value))), "")
    options = [{"value": "", "label": "選ばない", "on": not value}]
    for at, name in enumerate(found.columns):
        first = next(iter(found.samples(at, 1)), "")
        label = f"{name}（{first[:16]}）" if first else name
        options.append({"value": name, "label": label, "on": bool(value) and name == chosen})
    if value and not chosen:
        options.append({"value": value, "label": f"{value}（このファイルにありません）", "on": True})
    return options


def _seen(data: bytes, name: str, layout: Mapping[str, Any], title: str) -> dict[str, Any]:
    """The first rows as they would be taken, what is wrong where, and what the layout lacks still."""
    came = door.tried(data, name, layout, title or "この形式")
    wrong: dict[int, list[str]] = {}
    for error in came.errors:
        wrong.setdefault(error.line, []).append(
            f"{error.column}{f'「{error.value}」' if error.value else ''}: {error.why}"
        )
    head = came.movements.head(SHOWN).with_columns(
        move=pl.col("move").replace_strict(bank_file.MOVES, return_dtype=pl.String)
    )
    chosen = [key for key in ("reference", "note", "code", "payer_code") if layout.get(key)]
    columns = {"reference": "請求書番号など", "note": "メモ", "code": "取引番号", "payer_code": "依頼人の番号"}
    named = {"code": "bank_code"}
    return {
        "lacking": [{"label": LABELS.get(key, key), "why": why} for key, why in came.lacking],
        "rows": [
            row | {"wrong": wrong.get(row["record"], []), "more": [row[named.get(key, key)] for key in chosen]}
            for row in head.iter_rows(named=True)
        ],
        "more": [columns[key] for key in chosen],
        "width": 4 + len(chosen) + bool(layout.get("balance")),
        "sums": came.sums(),
        "count": came.movements.height,
        "errors": came.errors[:SHOWN],
        "wrong": len(came.errors),
        "balance": bool(layout.get("balance")),
        "chained": bool(layout.get("balance")) and not came.errors and came.movements["balance"].count() > 1,
    }


@deed("bank-format-header", f"{PLACE}/<int:number>/header", permission=door.WRITE)
def put_header(doing: Deed, number: int) -> HttpResponse:
    """Take another line of the sample for its header, or none, and guess its columns again."""
    sample = _sample(doing.company.code, doing.person.name, number)
    asked = doing.field("header")
    header = int(asked) if asked.isdecimal() and len(asked) < 10 else 0
    found = door.outlined(bytes(sample.content), sample.name, header)
    sample.mapping = sample.mapping | {"header": found.header, "layout": guessed(found)}
    sample.save(update_fields=["mapping"])
    return redirect(f"/{doing.company.code}/{PLACE}/{number}")


@deed("bank-format-preview", f"{PLACE}/<int:number>/preview", permission=door.WRITE)
def preview(doing: Deed, number: int) -> HttpResponse:
    """The first rows by what the form says now; nothing is stored."""
    sample = _sample(doing.company.code, doing.person.name, number)
    typed = _typed(doing.request.POST)
    layout = _layout(typed, headless=not sample.mapping["header"])
    seen = _seen(bytes(sample.content), sample.name, layout, typed["name"])
    return render(doing.request, "web/bank-preview.html", {"seen": seen})


@deed("bank-format-save", f"{PLACE}/<int:number>", permission=door.WRITE, form="bank-format")
def save(doing: Deed, number: int) -> HttpResponse:
    """Save the layout under its name and put the sample away."""
    sample = _sample(doing.company.code, doing.person.name, number)
    typed = _typed(doing.request.POST)
    layout = _layout(typed, headless=not sample.mapping["header"])
    changed = door.save(doing.books, typed["name"], layout, user=doing.person.name)
    sample.delete()
    said = "を保存しました。取込の「入金の形式」で選べます。" if changed else "は、もう同じ内容で保存してあります。"
    return doing.done(f"銀行の形式「{typed['name']}」{said}", PLACE)


@deed("bank-format-withdraw", f"{PLACE}/withdraw", permission=door.WRITE)
def withdraw(doing: Deed) -> HttpResponse:
    """Offer a layout no longer."""
    name = doing.field("name")
    door.withdraw(doing.books, name, user=doing.person.name)
    undo = Undo(f"{PLACE}/restore", {"name": name}, "もう一度使えるようにします。")
    return doing.done(f"銀行の形式「{name}」を使うのをやめました。取り込んだ入金はそのままです。", PLACE, undo)


@deed("bank-format-restore", f"{PLACE}/restore", permission=door.WRITE)
def restore(doing: Deed) -> HttpResponse:
    """Offer a layout that was withdrawn again, as it was last."""
    name = doing.field("name")
    with runs.reading(doing.books, doing.person.name) as session:
        gone = receipts.layouts(session, withdrawn=True)
    if name not in gone:
        raise Refusal("no-format", f"やめた銀行の形式「{name}」はありません。", "名前を確かめてください。")
    door.save(doing.books, name, gone[name].told(), user=doing.person.name)
    return doing.done(f"銀行の形式「{name}」をもう一度使えるようにしました。", PLACE)
