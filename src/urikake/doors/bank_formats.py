"""The company's own layouts of banks' CSV files (銀行の形式): listed, shown as TOML, guessed, tried, saved, withdrawn."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from urikake.base import runs
from urikake.base.bulk import Session
from urikake.base.errors import Refusal, RowError
from urikake.core.formats import bank_csv, bank_file, bank_layout, bank_outline
from urikake.core.formats.bank_layout import PROFILES, Profile, Unusable
from urikake.core.formats.zengin import Refused
from urikake.doors.revision import today
from urikake.rooms.intake.queries import decoded
from urikake.rooms.receipts import actions
from urikake.rooms.receipts import queries as receipts

SAVE: Final = "bank format"
WITHDRAW: Final = "withdraw bank format"
READ: Final = "imports.read"
WRITE: Final = "imports.map"
WAYS: Final = {"incoming": "入金と出金の2列", "signed": "±の付いた1列", "amount": "金額と入出金の区分"}
"""How a layout tells what moved, by the heading that it has for it."""


def listed(session: Session) -> list[dict[str, Any]]:
    """Every layout of banks' CSV files, the company's own first: ``name, bank, own, day, amounts, payer, balance``."""
    own = receipts.layouts(session)
    return [_line(name, profile) for name, profile in (own | PROFILES).items()]


def _line(name: str, profile: Profile) -> dict[str, Any]:
    return {
        "name": name,
        "bank": "" if profile.own else profile.title,
        "own": profile.own,
        "day": "・".join(profile.day),
        "amounts": "・".join(filter(None, (*profile.amounts, profile.way))),
        "payer": "・".join(profile.payer),
        "balance": profile.balance,
    }


def told(session: Session, name: str) -> dict[str, Any]:
    """What the layout of that name says; refused where there is none."""
    every = receipts.layouts(session) | PROFILES
    if name not in every:
        raise Refusal(
            "no-format",
            f"銀行の CSV の形式「{name}」はありません。",
            f"名前を確かめてください（いまあるもの: {'・'.join(every)}）。",
        )
    return every[name].told()


def toml(layout: Mapping[str, Any]) -> str:
    """The layout as TOML that `parsed` reads.

    >>> print(toml({"day": ["日付"], "signed": "入出金", "headless": True}))
    day = ["日付"]
    signed = "入出金"
    headless = true
    """
    return "\n".join(f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in layout.items())


def parsed(text: str, file: str) -> dict[str, Any]:
    """The layout that the TOML tells; refused where it is none."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Refusal(
            "not-toml",
            f"{file} を TOML として読めません（{error}）。",
            "urikake bank-format show で出る形に合わせてください。",
        ) from None


def save(url: str, name: str, layout: Mapping[str, Any], *, user: str = "system", preview: bool = False) -> bool:
    """Save a layout under a name; return whether that changed anything."""
    with runs.run(url, SAVE, subject=name[:120], permission=WRITE, user=user, preview=preview) as (session, outcome):
        outcome.figures["changed"] = int(actions.save_layout(session, name=name, told=layout))
    return bool(outcome.figures["changed"])


def withdraw(url: str, name: str, *, user: str = "system") -> None:
    """Offer a layout no longer."""
    with runs.run(url, WITHDRAW, subject=name[:120], permission=WRITE, user=user) as (session, _):
        actions.withdraw_layout(session, name=name)


def outlined(data: bytes, name: str, header: int | None = None) -> bank_outline.Outline:
    """What a sample file looks like; refused where it has no rows that can be told."""
    if data.startswith((b"PK", b"\xd0\xcf\x11\xe0")):
        raise Refusal(
            "not-csv",
            f"{name} は Excel のファイルです。",
            "Excel で CSV にして保存するか、取込の「列を対応づける CSV・Excel」で取り込んでください。",
        )
    try:
        found = bank_outline.outline(decoded(data, name), header)
    except Refused as refused:
        fault = refused.faults[0]
        raise Refusal(
            "not-csv", f"{name} の{fault.record}行目を読めません。{fault.why}。", "CSV で保存し直してください。"
        ) from None
    if not found.lines:
        raise Refusal("empty-file", f"{name} は空です。", "明細の行のあるファイルを選んでください。")
    return found


def guessed(data: bytes, name: str) -> str:
    """A first layout for the file as TOML, to be looked at and saved."""
    return toml(bank_outline.guessed(outlined(data, name)))


@dataclass(frozen=True, slots=True)
class Tried:
    """What a sample file comes to by a layout: the movements that were read, what is wrong, and why it cannot be tried.

    ``lacking`` is what the layout itself lacks still, by its parts.
    """

    movements: pl.DataFrame
    errors: list[RowError]
    lacking: tuple[tuple[str, str], ...] = ()

    @property
    def good(self) -> pl.DataFrame:
        """The movements of rows in which nothing is wrong."""
        wrong = pl.Series([each.line for each in self.errors], dtype=pl.Int64)
        return self.movements.filter(~pl.col("record").is_in(wrong.implode()))

    def sums(self) -> list[tuple[str, int, int]]:
        """How many movements of each kind there are, and their yen."""
        found = self.good.group_by("move").agg(pl.len().alias("count"), pl.col("amount").sum())
        by = {move: (count, amount) for move, count, amount in found.iter_rows()}
        return [(title, *by[move]) for move, title in bank_file.MOVES.items() if move in by]


def tried(data: bytes, name: str, layout: Mapping[str, Any], title: str) -> Tried:
    """What the file comes to by the layout, through the reader that takes files; nothing is stored."""
    nothing = pl.DataFrame(schema=bank_csv.COLUMNS)
    try:
        profile = bank_layout.layout(layout, title)
    except Unusable as wrong:
        return Tried(nothing, [], wrong.wrong)
    format_ = receipts.listed(title, profile)
    try:
        found = bank_csv.drafted(decoded(data, name), profile, today() + receipts.AHEAD)
    except Refused as refused:
        return Tried(nothing, [receipts.told(fault, format_) for fault in refused.faults])
    return Tried(found.movements, [receipts.told(fault, format_) for fault in sorted(found.faults)])
