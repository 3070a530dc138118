"""Reports of the close: its steps with their proofs, how balances moved against last month, who closed and reopened."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl

from urikake.base import periods
from urikake.base.bulk import Session
from urikake.base.periods import first_day
from urikake.core.formats import journals
from urikake.rooms.closing import queries as closing
from urikake.rooms.closing.queries.flux import Flux, flux
from urikake.rooms.closing.queries.steps import DONE, SOFT, Proof, Step, lock_step, steps
from urikake.rooms.exports import queries as exports

from .rows import instant, rows


def close_status(session: Session, month: str) -> list[dict[str, Any]]:
    """The steps of a month with their state and figures."""
    return closing.status(session, first_day(month))


def close_steps(session: Session, month: str) -> list[dict[str, Any]]:
    """The steps of a month in order, each with its figure and the two figures that prove it."""
    return [
        {
            "no": at, "step": step.title, "state": step.state, "count": step.count, "amount": step.amount,
            "compared": f"{step.proof.ours} = {step.proof.theirs}", "figure": step.proof.left, "proof": step.proof.right,
            "off": step.proof.off, "note": step.left,
        }
        for at, step in enumerate(every_step(session, first_day(month)), start=1)
    ]  # fmt: skip


def every_step(session: Session, month: date) -> list[Step]:
    """The steps of the month in order, with the hand-over to the accounting package, where there is one, and the lock."""
    return [*steps(session, month), *_handed_over(session, month), lock_step(session, month)]


def _handed_over(session: Session, month: date) -> list[Step]:
    """Whether the month's entries are in a file of the accounting package; nothing for a company that uses none."""
    target = exports.package(session)
    if not target:
        return []
    every, handed = exports.handed_over(session, target, month, periods.last_day(month))
    left = f"まだ渡していない仕訳 {every - handed:,}件。締めたあとでも渡せます" if handed < every else ""
    proof = Proof("渡した仕訳", handed, "この月の仕訳", every)
    figure = f"{journals.TARGETS[target].title} {handed:,}/{every:,}件{'' if left else '（すべて渡しました）'}"
    return [
        Step("export", "会計ソフトに渡す", SOFT if left else DONE, figure, handed, 0, proof, left),
        *_compared(session, month, periods.last_day(month)),
    ]


def _compared(session: Session, first: date, last: date) -> list[Step]:
    """Whether the package's books of the month agree with ours, by the newest comparison."""
    title = "会計ソフトとの照合"
    made = exports.tied_in(session, first, last)
    if made.is_empty():
        left = "会計ソフトの仕訳帳か試算表をまだ照合していません。締めたあとでも照合できます"
        return [
            Step("compared", title, SOFT, "まだ照合していません", 0, 0, Proof("一致した科目", 0, "比べた科目", 0), left)
        ]
    found = exports.tied(session, int(made["tie_out_id"][0]))
    wrong = exports.off(found)["called"].unique().sort()
    left = f"差のある科目 {'・'.join(wrong)}" if wrong.len() else ""
    compared = found["called"].n_unique()
    proof = Proof("一致した科目", compared - wrong.len(), "比べた科目", compared)
    figure = f"{journals.TARGETS[made['target'][0]].title} 差 {wrong.len()}科目"
    return [Step("compared", title, SOFT if left else DONE, figure, compared, 0, proof, left)]


def close_flux(session: Session, month: str) -> list[dict[str, Any]]:
    """How balances and revenue of the month came from those of the month before, by cause: each part of every bridge.

    ``change`` of the first row of a subject and of its causes come to that of its last.
    """
    return [row for found in flux(session, first_day(month)) for row in _bridge(found)]


def _bridge(found: Flux) -> list[dict[str, Any]]:
    start, end = ("last", "this") if found.subject.flow else ("opening", "closing")
    rest = {"last_month": None, "this_month": None, "proof": None, "off": None}
    return [
        {"subject": found.subject.title, "cause": start, "change": found.opening, **rest},
        *(
            {
                "subject": found.subject.title, "cause": step.cause, "change": step.amount, "last_month": step.last,
                "this_month": step.this, "proof": None, "off": None,
            }
            for step in found.steps
        ),
        {"subject": found.subject.title, "cause": end, "change": found.closing, **rest, "proof": found.check, "off": found.off},
    ]  # fmt: skip


def close_history(session: Session, month: str | None = None) -> list[dict[str, Any]]:
    """The closes and reopenings of a month, or of all: when, by whom, who had asked, why, and the chain's head then."""
    found = closing.heads(session, closing.events(session, first_day(month) if month else None))
    frame = found.select(
        pl.col("month").dt.strftime("%Y-%m"),
        reason="why",
        event=pl.when("locked").then(pl.lit("close")).otherwise(pl.lit("reopen")),
        at=instant("recorded_at"),
        by="actor",
        asked_by="asked_by",
        asked_at=instant("asked_at"),
        head="head",
    )
    return rows(frame)
