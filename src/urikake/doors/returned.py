"""What comes back from outside of what was delivered: notifications of mail servers, responses of the e-invoice network.

A file that is read again changes nothing. What fits no delivery is told, never guessed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import polars as pl

from urikake.base import access, runs
from urikake.base.bulk import Session
from urikake.base.errors import Refusal, cause_of
from urikake.core.formats import delivery_status
from urikake.core.formats.peppol import response, tree
from urikake.rooms.deliveries import actions, queries
from urikake.rooms.intake.queries import Column, Kind, options, sheet
from urikake.rooms.invoices import queries as invoices

from .deliver import PERMISSION

RESPONSES: Final = Kind(
    "peppol-responses",
    (
        Column("number", "請求書番号", required=True),
        options("state", "状態", "accepted", "refused"),
        Column("reason", "理由"),
    ),
)
HEAVIEST: Final = 20_000_000
"""How many bytes a file may have: a notification with the returned mail in it has a few hundred thousand."""


@dataclass(slots=True)
class Heard:
    """How many were marked, known before, or said nothing final; and what a person has to know of others."""

    figures: dict[str, int] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)

    def count(self, name: str, more: int = 1) -> None:
        """Count so many more."""
        self.figures[name] = self.figures.get(name, 0) + more


@dataclass(frozen=True, slots=True)
class Said:
    """What a file says of one delivery: which file, its digest, what names the delivery, the state, and the words."""

    file: str
    source: str
    name: str
    state: str
    words: str


def bounces(url: str, place: Path, *, user: str = access.SYSTEM) -> Heard:
    """Mark what mail servers say came back, from a notification or a folder of them."""
    heard = Heard()
    said = [each for file in _files(place, "") for each in _notified(file, heard)]
    return _noted(url, "bounces", place, said, heard, _mailed, user)


def responses(url: str, place: Path, *, user: str = access.SYSTEM) -> Heard:
    """Mark what the e-invoice network says of documents, from a response, a CSV of them, or a folder of either."""
    heard = Heard()
    said = [each for file in _files(place, ".xml .csv .xlsx") for each in _responded(file, heard)]
    return _noted(url, "responses", place, said, heard, _numbered, user)


def _files(place: Path, kinds: str) -> list[Path]:
    """The file, or those in the folder in the order of their names; refused where there is none."""
    if not place.exists():
        raise Refusal("no-file", f"{place} はありません。", "場所を確かめてください。")
    found = sorted(place.rglob("*")) if place.is_dir() else [place]
    return [
        file for file in found
        if file.is_file() and not file.name.startswith(".") and (not kinds or file.suffix.lower() in kinds.split() or file == place)
    ]  # fmt: skip


def _content(file: Path) -> bytes:
    try:
        if file.stat().st_size > HEAVIEST:
            raise Refusal(
                "large-file",
                f"{file.name} が大きすぎます。",
                f"{HEAVIEST // 1_000_000} MB までのファイルを渡してください。",
            )
        return file.read_bytes()
    except OSError as error:
        raise Refusal(
            "no-file", f"{file.name} を読めません（{cause_of(error)}）。", "場所を確かめてください。"
        ) from None


def _notified(file: Path, heard: Heard) -> Iterator[Said]:
    """What the notification says came back; what it says besides is counted."""
    content = _content(file)
    found = delivery_status.read(content)
    if not found:
        heard.told.append(f"{file.name}: 配送状況の通知（RFC 3464）ではありません。読んで確かめてください。")
    for each in found:
        if each.action != "failed":
            heard.count("passing")
            continue
        words = " ".join(filter(None, [f"{each.recipient}:", each.status, each.said]))
        yield Said(file.name, hashlib.sha256(content).hexdigest(), each.name, "bounced", words)


def _responded(file: Path, heard: Heard) -> Iterator[Said]:
    """What the file of responses says that is final."""
    source = hashlib.sha256(_content(file)).hexdigest()
    for number, state, said in _xml(file) if file.suffix.lower() == ".xml" else _rows(file):
        if not state:
            heard.count("passing")
            continue
        yield Said(file.name, source, number, state, said)


def _xml(file: Path) -> Iterator[tuple[str, str, str]]:
    try:
        found = response.read(_content(file))
    except tree.Unreadable as error:
        why = f"{file.name} は Peppol の応答（ApplicationResponse）ではありません（{error}）。"
        raise Refusal("no-response", why, "アクセスポイントから受け取った応答のファイルを渡してください。") from None
    yield from ((each.number, each.state, each.said) for each in found)


def _rows(file: Path) -> Iterator[tuple[str, str, str]]:
    found = sheet(file, RESPONSES)
    found.accept()
    for row in found.frame.iter_rows(named=True):
        yield row["number"], row["state"] or "", row["reason"] or ""


def _noted(
    url: str, verb: str, place: Path, said: list[Said], heard: Heard, owner: Callable[[Session, pl.DataFrame], pl.DataFrame],
    user: str,
) -> Heard:  # fmt: skip
    """Record what is said of deliveries, all in one run; tell what fits none."""
    names = ("file", "source", "name", "state", "words")
    frame = pl.DataFrame(
        [{name: getattr(each, name) for name in names} for each in said], schema=dict.fromkeys(names, pl.String)
    )
    with runs.run(url, verb, subject=place.name[-120:], permission=PERMISSION, user=user) as (session, outcome):
        found = owner(session, frame.with_row_index("at"))
        for row in found.filter(pl.col("delivery_id").is_null()).iter_rows(named=True):
            heard.told.append(f"{row['file']}: どの送付のものか分かりません（{row['name'] or row['words']}）。")
        known = found.filter(pl.col("delivery_id").is_not_null() & pl.col("known"))
        fresh = found.filter(pl.col("delivery_id").is_not_null() & ~pl.col("known"))
        grouped = fresh.group_by("delivery_id", "state", maintain_order=True).agg(
            said=pl.col("words").unique(maintain_order=True).str.join(" / "), source=pl.col("source").first()
        )
        actions.hear(session, outcomes=grouped)
        counts: dict[str, Any] = dict(grouped.group_by("state").len().sort("state").iter_rows())
        outcome.figures |= counts
    heard.figures = counts | ({"noted": known.height} if known.height else {}) | heard.figures
    return heard


def _mailed(session: Session, said: pl.DataFrame) -> pl.DataFrame:
    """Which delivery each belongs to, by the name of its message, and whether that came back before."""
    made = queries.by_message(session).filter(pl.col("name") != "")
    joined = said.join(made, on="name", how="left", maintain_order="left")
    return joined.with_columns(known=pl.col("told").list.contains("bounced").fill_null(False))


def _numbered(session: Session, said: pl.DataFrame) -> pl.DataFrame:
    """Which delivery each belongs to: the newest attempt by the network of the document of that number.

    A file that told something of any attempt before is known: it does not speak of an attempt that came after it.
    """
    owners = [
        invoices.by_number(session, number).select("invoice_id", name=pl.lit(number))
        for number in said["name"].unique()
    ]
    named = (
        said.join(pl.concat(owners), on="name", how="left")
        if owners
        else said.with_columns(invoice_id=pl.lit(None, pl.Int64))
    )
    made = queries.by_network(session)
    heard = made.group_by("invoice_id").agg(pl.col("sources").explode())
    newest = made.unique("invoice_id", keep="last").select("invoice_id", "delivery_id", "told")
    joined = named.join(newest, on="invoice_id", how="left").join(heard, on="invoice_id", how="left").sort("at")
    read = pl.col("sources").list.contains(pl.col("source"))
    return joined.with_columns(known=(read | pl.col("told").list.contains(pl.col("state"))).fill_null(False))
