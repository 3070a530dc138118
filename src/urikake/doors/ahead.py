"""What a change of a contract does to its next bills: billed as it stands and as it would stand, and both undone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import polars as pl

from urikake.base import access, periods, runs
from urikake.base.bulk import Session
from urikake.base.company import policies
from urikake.base.errors import Refusal
from urikake.core import recognition, schedule, terms
from urikake.core.money import Rounding
from urikake.rooms.billing.actions import charge_ahead
from urikake.rooms.billing.queries import scope
from urikake.rooms.catalog.queries import products
from urikake.rooms.contracts.queries import contracts, folded
from urikake.rooms.intake.queries import Sheet, given
from urikake.rooms.parties.queries import closing_masks, codes

from .files import TAKERS

BILLS: Final = 3
DAYS: Final = 800
CHANGE: Final = "contracts.change"


@dataclass(frozen=True, slots=True)
class Ahead:
    """The next closings with the charges that each makes as it stands and would make, and the months of their revenue."""

    closings: list[date]
    before: pl.DataFrame
    after: pl.DataFrame

    def bills(self) -> list[dict[str, Any]]:
        """A row a closing: ``closing, before, after, difference`` in yen, as the contract's prices are."""
        return self._both("closing", self.closings, [_by(part, "closing_on") for part in (self.before, self.after)])

    def revenue(self) -> list[dict[str, Any]]:
        """A row a month in which what these closings bill is revenue (収益): ``month, before, after, difference``."""
        sums = [_by(part.explode("months").unnest("months"), "month") for part in (self.before, self.after)]
        return self._both("month", sorted({*sums[0], *sums[1]}), sums)

    def _both(self, name: str, days: Sequence[date], sums: Sequence[Mapping[date, int]]) -> list[dict[str, Any]]:
        rows = [(day, sums[0].get(day, 0), sums[1].get(day, 0)) for day in days]
        return [{name: day, "before": was, "after": will, "difference": will - was} for day, was, will in rows]

    def changed(self) -> list[dict[str, Any]]:
        """The charges that there would be and are not: product, days, quantity, price, share of the cycle, amount."""
        names = [name for name in self.after.columns if name not in {"id", "run_id", "revision", "months"}]
        fresh = self.after.join(self.before, on=names, how="anti", nulls_equal=True, maintain_order="left")
        return fresh.with_columns(last_on=pl.col("to_on").dt.offset_by("-1d")).to_dicts()


def _by(rows: pl.DataFrame, day: str) -> dict[date, int]:
    """The amounts by day."""
    amount = "amount" if day == "closing_on" else "earned"
    return dict(rows.drop_nulls(day).group_by(day).agg(pl.col(amount).sum()).iter_rows())


def look(
    url: str, contract_no: str, events: Sequence[Mapping[str, Any]], *, since: date, user: str = access.SYSTEM
) -> Ahead:
    """What the next bills of the contract from that day on are, and would be with the events; nothing is stored."""
    return _compared(url, [contract_no], lambda: given(events, TAKERS["events"][0], contract_no), since, user)


def look_all(url: str, found: Callable[[], Sheet], *, since: date, user: str = access.SYSTEM) -> Ahead:
    """As `look`, of all contracts that a file of events names, in sum; ``found`` reads the file."""
    numbers = found().frame["contract_no"].drop_nulls().unique(maintain_order=True).to_list()
    return _compared(url, numbers, found, since, user)


def _compared(url: str, numbers: Sequence[str], found: Callable[[], Sheet], since: date, user: str) -> Ahead:
    """The next bills of the contracts as they stand and with the sheet taken in."""
    with runs.reading(url, user) as session:
        access.allow(session, CHANGE)
        days = _closings(session, _contract_ids(session, numbers), _payers(session, found()), since)
    before = _billed(url, numbers, None, days, user)
    return Ahead(days, before, _billed(url, numbers, found, days, user))


def _contract_ids(session: Session, numbers: Sequence[str]) -> list[int]:
    """The ids of the contracts of those numbers; refused where there is none of such a number."""
    known = contracts(session)
    missing = [number for number in numbers if number not in known["contract_no"]]
    if missing:
        raise Refusal("unknown-contract", f"契約「{missing[0]}」はありません。", "契約番号を確かめてください。")
    return known.filter(pl.col("contract_no").is_in(list(numbers)))["contract_id"].to_list()


def _payers(session: Session, sheet: Sheet) -> pl.Series:
    """When the payers close that the sheet names: masks of closing days."""
    named = codes(session).join(sheet.frame.select(code="bill_to"), on="code", how="semi")
    return closing_masks(session).join(named, on="partner_id", how="semi")["closing_mask"]


def _closings(session: Session, contract_ids: Sequence[int], others: pl.Series, since: date) -> list[date]:
    """The next closing days on which the contracts may be billed; of those that any day closes, the ends of months."""
    whole = scope(session)
    mine = whole.lines.filter(pl.col("contract_id").is_in(list(contract_ids)))
    moved = whole.moves.join(mine, on="line_id", how="semi")
    masks = pl.concat([mine["closing_mask"], moved["closing_mask"], others])
    wanted = {mask or terms.closing_mask("31") for mask in masks.unique()}
    days = [since + timedelta(ahead) for ahead in range(DAYS)]
    found: set[date] = set()
    for mask in wanted:
        closing = (day for day in days if terms.closes(mask, day) and periods.is_open(session, day))
        found.update(day for day, _ in zip(closing, range(BILLS), strict=False))
    return sorted(found)


def _billed(
    url: str, numbers: Sequence[str], found: Callable[[], Sheet] | None, days: Sequence[date], user: str
) -> pl.DataFrame:
    """The charges at those closings after the sheet was taken in, in a run that is undone."""
    _, take, _ = TAKERS["events"]
    with runs.run(url, "look ahead", subject=numbers[0], permission=CHANGE, user=user, preview=True) as (session, _):
        if found:
            take(session, sheet=found())
        charged = charge_ahead(session, contract_ids=_contract_ids(session, numbers), closings=days)
        names = products(session).select("product_id", "product_name", "revenue", "life_months")
        return _earning(session, charged.join(names, on="product_id", how="left", maintain_order="left"))


def _earning(session: Session, charged: pl.DataFrame) -> pl.DataFrame:
    """The charges with ``months``, in which of them how much is revenue (``month, earned``), by the products' patterns."""
    policy = policies(session)
    rounding: Rounding = policy["amount_rounding"]  # type: ignore[assignment]
    lines, _ = folded(session)
    started = charged.join(lines.select("line_id", "start_on"), on="line_id", how="left", maintain_order="left")
    ruled = recognition.ruled(started.with_columns(key="id"), policy["partial_month"], policy["remainder"])
    spread = schedule.months(ruled.select("key", *recognition.RULE), rounding)
    months = spread.group_by(id="key").agg(months=pl.struct("month", earned="amount"))
    return charged.join(months, on="id", how="left", maintain_order="left").drop("revenue", "life_months")
