"""The report of a close (締めの報告書) as data for its template: steps, proofs, trial balance, changes, who closed, the chain.

It is drawn from what was known when the month was closed, so it is the same whenever it is drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any, Final

import polars as pl

from urikake.base import access, company, periods, runs
from urikake.base.bulk import Session
from urikake.core.calendar import JAPAN
from urikake.rooms.closing import queries as closing
from urikake.rooms.closing.queries.flux import Flux, flux
from urikake.rooms.closing.queries.steps import Step
from urikake.rooms.ledger import queries as ledger
from urikake.rooms.reports.queries.closes import every_step

from .letterheads import Heads
from .typesetting import Book

PROVED: Final = (
    "すべての仕訳の借方と貸方が等しい",
    "債権明細の残高 ＝ 債権科目の残高（取引先ごと）",
    "仮受金の残高 ＝ 消し込んでいない入金",
    "預り保証金の残高 ＝ 預かって返していない額",
    "請求 ＝ 認識 ＋ 契約負債 − 契約資産",
    "請求書の明細・消費税額（税率ごとに端数処理は1回）・債権の合計が等しい",
    "請求書の番号に欠番・重複がない",
    "残高の集計は、記録から作り直したものと等しい",
    "記録の鎖（ハッシュ）に書き換え・抜き取り・差し込みがない",
)
"""What `closing.verify` proves, as accountants say it."""
WHOLE: Final = 1_000
"""How wide the bars of a bridge are together, in thousandths of their column."""


def moment(url: str, month: str, *, user: str = access.SYSTEM, known_at: datetime | None = None) -> datetime:
    """When the month was closed, as it stands or as it was known at an instant; refused where it is open."""
    with runs.reading(url, user, known_at) as session:
        access.allow(session, "closing.read")
        found: datetime = closing.last_close(session, periods.first_day(month))["recorded_at"]
    return found


def book(session: Session, month: date, heads: Heads) -> Book:
    """The report of the month in a session that knows what was known when it was closed."""
    event = closing.last_close(session, month)
    day = event["recorded_at"].astimezone(JAPAN).date()
    history = closing.heads(session, closing.events(session, month)).to_dicts()
    number = company.policies(session)["registration_number"]
    wrong = closing.verify(session)
    told: dict[str, Any] = {
        "kind": "close", "lang": "ja", "letterhead": heads.at(day, number), "recipient": {"name": ""}, "honorific": "",
        "number": f"{month:%Y年%-m月}", "issued": day.isoformat(), "long": False,
        "before": f"{periods.preceding(month):%Y年%-m月}", "last": periods.last_day(month).isoformat(),
        "closed_by": event["actor"], "closed_at": _told(event["recorded_at"]),
        "steps": [_step(step) for step in every_step(session, month)],
        "proofs": list(PROVED), "wrong": wrong, **_trial(session, month),
        "fluxes": [_flux(found) for found in flux(session, month)], "history": [_event(each) for each in history],
        "links": history[-1]["links"], "head": history[-1]["head"],
    }  # fmt: skip
    title = f"{heads.name} {month:%Y-%m}"
    return Book(title, heads.name, day.isoformat(), heads.rows, heads.images, [told])


def _told(at: datetime) -> str:
    """The instant in Japan, to the second."""
    return f"{at.astimezone(JAPAN):%Y/%m/%d %H:%M:%S}"


def _step(step: Step) -> dict[str, Any]:
    """A step with its figure and its proof in words."""
    return {
        "title": step.title, "state": step.state, "figure": step.figure, "proof": step.proof.words(), "left": step.left
    }  # fmt: skip


def _event(event: dict[str, Any]) -> dict[str, Any]:
    """A close or reopening as it stands in the record."""
    return {
        "event": "締め" if event["locked"] else "解除", "at": _told(event["recorded_at"]), "by": event["actor"],
        "asked_by": event["asked_by"] or "", "why": event["why"],
    }  # fmt: skip


def _trial(session: Session, month: date) -> dict[str, Any]:
    """The trial balance of the month: balances at the end of last month and of this, what moved between, the difference."""
    before = ledger.balances(session, month - timedelta(1)).select("account", opened="balance", d="debit", c="credit")
    now = ledger.balances(session, periods.last_day(month))
    every = now.join(before, on="account", how="left", maintain_order="left").with_columns(
        pl.col("opened", "d", "c").fill_null(0)
    )
    rows = every.select(
        "account", before="opened", debit=pl.col("debit") - pl.col("d"), credit=pl.col("credit") - pl.col("c"),
        after="balance", change=pl.col("balance") - pl.col("opened"),
    )  # fmt: skip
    moved = rows.filter(pl.any_horizontal(pl.col("before", "debit", "credit", "after") != 0))
    sums = moved.select(pl.col("before", "debit", "credit", "after", "change").sum())
    return {"trial": moved.to_dicts(), "sums": sums.row(0, named=True)}


def _flux(found: Flux) -> dict[str, Any]:
    """A subject's bridge with the places of its bars."""
    ends = ("先月", "今月") if found.subject.flow else ("先月末", "今月末")
    amounts = [step.amount for step in found.steps]
    bars = _bars(found.opening, amounts, found.closing)
    rows = [
        {"title": step.title, "last": step.last, "this": step.this, "amount": step.amount, "bar": bar}
        for step, bar in zip(found.steps, bars[1:-1], strict=True)
    ]
    check = {"words": found.subject.checked_by, "amount": found.check} if found.check is not None else None
    return {
        "title": found.subject.title, "flow": found.subject.flow, "rows": rows, "check": check, "off": found.off,
        "opening": {"title": ends[0], "amount": found.opening, "bar": bars[0]},
        "closing": {"title": ends[1], "amount": found.closing, "bar": bars[-1]},
    }  # fmt: skip


def _bars(opening: int, amounts: Sequence[int], closing_: int) -> list[dict[str, int]]:
    """Where each bar of a bridge begins and how wide it is, in thousandths of all: both ends, and the parts between them.

    >>> _bars(100, [50, -30], 120)
    [{'left': 0, 'size': 667}, {'left': 667, 'size': 333}, {'left': 800, 'size': 200}, {'left': 0, 'size': 800}]
    """
    levels = [opening]
    for amount in amounts:
        levels.append(levels[-1] + amount)
    spans = [(0, opening), *pairwise(levels), (0, closing_)]
    low, high = min(0, *levels, closing_), max(0, *levels, closing_)
    width = max(high - low, 1)

    def at(amount: int) -> int:
        return (2 * (amount - low) * WHOLE + width) // (2 * width)  # rounded half up, in whole numbers

    return [{"left": at(min(one, other)), "size": at(max(one, other)) - at(min(one, other))} for one, other in spans]
