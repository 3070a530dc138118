"""Interest on the balance of a contract whose price holds it (重要な金融要素), worked out again from what was billed and recognised."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import polars as pl

from urikake.base import periods
from urikake.base.bulk import Session
from urikake.core import financing
from urikake.core.money import plain
from urikake.rooms.obligations import queries as obligations
from urikake.rooms.revenue import actions as revenue
from urikake.rooms.revenue.queries import interest as bearing

from . import reads, shifts, words
from .made import Cause, Explanation, Step, recorded

SHOWN: Final = 10
"""So many decimals of a percent a monthly rate is told with."""


def of_contract(session: Session, contract_id: int) -> pl.DataFrame:
    """Every row of interest of the contract, by id, with ``amount``."""
    every = bearing.interests(session)
    return every.filter(pl.col("contract_id") == contract_id)


def months(session: Session, contract_id: int, run_id: int, month: date) -> pl.DataFrame:
    """The interest of each month up to the month as the run knew it: ``month, rate_micro, opening, interest, to_date``."""
    ids = shifts.as_one(session, contract_id, run_id)
    rules = pl.concat([shifts.rules(session, each, run_id, month) for each in ids])
    built = shifts.built_on(session, rules, run_id)
    lines = rules.with_columns(arrangement=pl.lit(contract_id, dtype=pl.Int64), built_on=built)
    spans = obligations.ending(lines.filter(pl.col("rate_micro").is_not_null()), periods.following(month))
    return bearing.monthly(session, spans, month, run_id)


def again(session: Session, row: dict[str, Any]) -> dict[str, int]:
    """What the row of interest is to be, worked out again: ``expense``, ``income``."""
    told = months(session, row["contract_id"], row["run_id"], row["month"])["interest"]
    wanted = {"expense": int(told.clip(lower_bound=0).sum()), "income": -int(told.clip(upper_bound=0).sum())}
    rows = of_contract(session, row["contract_id"]).filter(pl.col("id") < row["id"])
    return {name: amount - int(rows[name].sum()) for name, amount in wanted.items()}


def of_run(session: Session, contract_ids: list[int], run_id: int) -> pl.DataFrame:
    """What the run bore of the contracts, worked out again, as `revenue.actions.named_interest` tells, with ``month``."""
    rows = bearing.interests(session)
    mine = rows.filter((pl.col("run_id") == run_id) & pl.col("contract_id").is_in(contract_ids))
    made = [row | again(session, row) for row in mine.iter_rows(named=True)]
    named = revenue.named_interest(session, pl.DataFrame(made, schema=mine.schema))
    return named.with_columns(mine["month"])


def explained(session: Session, no: str, month: date, as_of: date | None = None) -> Explanation | None:
    """The interest of a contract's month: the rate on the balance with which it began, and what was caught up."""
    head = reads.contract_by(session, no=no)
    if head is None:
        return None
    every = of_contract(session, head["id"])
    mine = every.filter(pl.col("month") == month)
    if mine.is_empty():
        return None
    made = [row | {"again": again(session, row)} for row in mine.iter_rows(named=True)]
    last = made[-1]
    before_on = periods.preceding(month)
    earlier = int(every.filter(pl.col("month") == before_on)["amount"].sum())
    stations = [Cause("契約", f"contract:{no}")]
    for row in made:
        posted = reads.entries_of(session, row["run_id"], "recognition", head["id"])
        stations += [Cause("仕訳", f"entry-{entry - session.low}", day) for entry, day in posted.iter_rows()]
    return Explanation(
        ref=f"interest:{no}:{month:%Y-%m}",
        title=f"契約 {no} の {month:%Y年%-m月} の利息（契約負債を増やす向きが正）",
        amount=int(mine["amount"].sum()),
        recomputed=sum(row["again"]["expense"] - row["again"]["income"] for row in made),
        steps=tuple(step for row in made for step in _steps(session, row)),
        sources=(("重要な金融要素", "月初の残高 × 契約の初めに判断した割引率（29号57項、適用指針29項）"),),
        path=tuple(stations),
        recorded=recorded(session, "revenue.Interest", last["id"], last["run_id"]),
        as_of=periods.last_day(month),
        previous=earlier or None,
        previous_ref=f"interest:{no}:{before_on:%Y-%m}" if earlier else "",
    )


def _steps(session: Session, row: dict[str, Any]) -> list[Step]:
    """The interest of the month, and what of months before it was not borne then."""
    told = months(session, row["contract_id"], row["run_id"], row["month"])
    own = told.filter(pl.col("month") == row["month"])
    now = int(own["interest"].sum())
    steps = [_formula(own.row(0, named=True))] if own.height else []
    rest = row["expense"] - row["income"] - now
    return steps + ([Step("前月までの利息の見直し", "残高や判断が変わったため", rest)] if rest or not steps else [])


def _formula(row: dict[str, Any]) -> Step:
    """The rate on the opening balance, in words."""
    month = financing.growth(row["rate_micro"], 1) - 10**financing.PLACES
    shown = plain(row["rate_micro"])
    told = f"{month * 100 // 10 ** (financing.PLACES - SHOWN) / 10**SHOWN:.6f}"
    opening = row["opening"]
    side = "契約負債" if opening >= 0 else "契約資産"
    said = (
        f"{row['month']:%Y年%-m月}の初めの{side} {words.yen(abs(opening))} × 月 {told}%"
        f"（年 {shown}% ＝ (1 + {shown}%)^(1/12) − 1）。円未満は、初めからの累計で丸める"
    )
    return Step("支払利息" if row["interest"] >= 0 else "受取利息", said, row["interest"], kind="formula")
