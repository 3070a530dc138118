"""Both plans played on copies: what stands and what is supposed, month by month with the engine that bills in earnest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any, Final

import polars as pl

from urikake.base import access, periods, runs
from urikake.base.bulk import Session
from urikake.base.company import TAX_RATES
from urikake.base.copies import Copy, copied
from urikake.base.errors import Refusal
from urikake.base.progress import step, watched
from urikake.doors import month as steps
from urikake.rooms.closing.queries import closing_dates
from urikake.rooms.contracts.queries import contracts, every_line
from urikake.rooms.parties.queries import profiles
from urikake.rooms.reports.queries import outcomes

from .changes import Changes
from .putting import put

RUN: Final = "reports.read"
MONTHS: Final = 12
MOST: Final = 60
"""How many months may be played at once."""
MORE_STEPS: Final = 2
"""How many steps are told beside one for each month."""
SHOWN: Final = 5_000
"""How many rows of contracts are told; of those with the greatest difference first."""
MEASURES: Final = (*outcomes.MEASURES, "cash")
QUIETLY: Final = partial(watched, lambda text: None)
"""The steps of the runs within a month are too many to tell."""
PLANS: Final = ("before", "after")
"""The present plan, and what is supposed."""


@dataclass(frozen=True, slots=True)
class Result:
    """What came of both plans.

    ``months``: a row a month, ``month`` and each of `MEASURES` as ``…_before`` and ``…_after``; ``contracts``: a row for
    each contract and month that differs, at most `SHOWN`; ``differing``: how many contracts differ in all.
    """

    months: Sequence[dict[str, Any]]
    contracts: Sequence[dict[str, Any]]
    differing: int

    def kept(self) -> dict[str, Any]:
        """The result as JSON can hold it."""
        return {"months": list(self.months), "contracts": list(self.contracts), "differing": self.differing}

    def sums(self) -> dict[str, int]:
        """Both plans and their difference over all months, by measure."""
        names = [f"{measure}_{plan}" for measure in MEASURES for plan in PLANS]
        return {name: sum(row[name] for row in self.months) for name in names}


def simulate(
    url: str, changes: Changes, *, months: int = MONTHS, first: date | None = None, user: str = access.SYSTEM
) -> Result:
    """What the months from ``first`` on come to as planned and with the changes; nothing of the company is written.

    Without ``first`` they begin after the last month that is closed.
    """
    with runs.reading(url, user) as session:
        access.allow(session, RUN)
        start = _start(session) if first is None else _open(session, first)
    ahead = _months(start, months)
    step("会社の写しを作る")
    with copied(url, PLANS) as plans:
        with QUIETLY():
            _suppose(plans, changes)
        for month in ahead:
            step(f"{month:%Y年%-m月}を計算")
            with QUIETLY():
                for plan in plans:
                    _advance(plan.url, month)
        step("比べる")
        return _compared([plan.url for plan in plans], ahead)


def _start(session: Session) -> date:
    """The month after the last one that is closed; else the company's first, or that of its oldest contract."""
    began = every_line(session)["start_on"].min()
    if not isinstance(began, date):
        raise Refusal("nothing-to-play", "契約がまだありません。", "契約を登録してから計算してください。")
    locked = max(periods.locked_months(session), default=None)
    if locked is not None:
        return periods.following(locked)
    return periods.opening_month(session) or began.replace(day=1)


def _open(session: Session, first: date) -> date:
    """The month, which must not be closed."""
    if not periods.is_open(session, first):
        raise Refusal("period-locked", f"{first:%Y年%-m月}は締め済みです。", "締めていない月から始めてください。")
    return first.replace(day=1)


def _months(first: date, count: int) -> list[date]:
    if not 1 <= count <= MOST:
        raise Refusal("bad-months", f"月数が {count} です。", f"1〜{MOST} で指定してください。")
    found = [first]
    while len(found) < count:
        found.append(periods.following(found[-1]))
    return found


def _suppose(plans: Sequence[Copy], changes: Changes) -> None:
    """Put the changes on the second copy; on neither does a second person have to agree to an invoice."""
    for plan in plans:
        plan.suppose({"second_person": ""})
    other = plans[1]
    if changes.rates:
        other.suppose({TAX_RATES: ",".join(rate.policy for rate in changes.rates)})
    with runs.run(other.url, "import simulation", permission="contracts.change") as (session, _):
        put(session, changes)


def _advance(url: str, month: date) -> None:
    """One month in earnest: every closing billed, issued and posted, then revenue recognised."""
    with runs.reading(url) as session:
        days = closing_dates(session, month)
    for day in days:
        steps.bill(url, day, issue=True)
    steps.recognize(url, f"{month:%Y-%m}")


def _compared(urls: Sequence[str], months: Sequence[date]) -> Result:
    """Both plans side by side, by month, and by contract where they differ."""
    first, last = months[0], periods.last_day(months[-1])
    found = [_came(url, first, last) for url in urls]
    rows = _beside([rows for rows, _ in found], ["contract_no", "partner", "partner_name", "month"], outcomes.MEASURES)
    sums = [rows.group_by("month").agg(pl.col(outcomes.MEASURES).sum()) for rows, _ in found]
    cash = _beside([due for _, due in found], ["month"], ["cash"])
    whole = pl.DataFrame({"month": months}).join(_beside(sums, ["month"], outcomes.MEASURES), on="month", how="left")
    by_month = whole.join(cash, on="month", how="left").fill_null(0).sort("month")
    differing = rows.filter(pl.any_horizontal(pl.col(f"{m}_before") != pl.col(f"{m}_after") for m in outcomes.MEASURES))
    return Result(_told(by_month), _told(_greatest(differing)), differing["contract_no"].n_unique())


def _came(url: str, first: date, last: date) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What came of a plan by contract and month, with their names, and what falls due by month."""
    with runs.reading(url) as session:
        rows = outcomes.by_contract(session, first, last)
        named = rows.join(contracts(session).select("contract_id", "contract_no", "partner_id"), on="contract_id")
        people = profiles(session, "name").select("partner_id", partner="code", partner_name="name")
        return named.join(people, on="partner_id", how="left"), outcomes.falling_due(session, first, last)


def _beside(plans: Sequence[pl.DataFrame], keys: Sequence[str], measures: Sequence[str]) -> pl.DataFrame:
    """The measures of both plans in one row a key, 0 where a plan has none."""
    parts = [
        plan.select(*keys, *(pl.col(m).alias(f"{m}_{name}") for m in measures))
        for plan, name in zip(plans, PLANS, strict=True)
    ]
    both = pl.concat(parts, how="diagonal")
    return both.group_by(keys).agg(pl.col(f"{m}_{name}").sum() for m in measures for name in PLANS)


def _greatest(rows: pl.DataFrame) -> pl.DataFrame:
    """At most `SHOWN` rows: contracts whose billing differs most first, each with its months in order."""
    change = pl.col("billing_after") - pl.col("billing_before")
    weighed = rows.with_columns(weight=change.abs().sum().over("contract_no"))
    ordered = weighed.sort("weight", "contract_no", "month", descending=[True, False, False])
    return ordered.drop("weight").head(SHOWN)


def _told(rows: pl.DataFrame) -> list[dict[str, Any]]:
    return rows.with_columns(pl.col("month").dt.strftime("%Y-%m")).to_dicts()
