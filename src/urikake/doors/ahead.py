"""What a change of a contract does to its next bills: billed as it stands and as it would stand, and both undone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import polars as pl

from urikake.base import access, periods, runs
from urikake.base.bulk import Session
from urikake.base.errors import Refusal
from urikake.core import terms
from urikake.rooms.billing.actions import charge_ahead
from urikake.rooms.billing.queries import scope
from urikake.rooms.catalog.queries import products
from urikake.rooms.contracts.queries import contracts
from urikake.rooms.intake.queries import Sheet, given
from urikake.rooms.parties.queries import closing_masks, codes

from .files import TAKERS

BILLS: Final = 3
DAYS: Final = 800
CHANGE: Final = "contracts.change"


@dataclass(frozen=True, slots=True)
class Ahead:
    """The next closings with what each bills now and would bill: ``closing, before, after`` and the charges behind them."""

    closings: list[date]
    before: pl.DataFrame
    after: pl.DataFrame

    def bills(self) -> list[dict[str, Any]]:
        """A row a closing: ``closing, before, after, difference`` in yen, as the contract's prices are."""
        sums = [
            dict(part.group_by("closing_on").agg(pl.col("amount").sum()).iter_rows())
            for part in (self.before, self.after)
        ]
        rows = [(on, sums[0].get(on, 0), sums[1].get(on, 0)) for on in self.closings]
        return [{"closing": on, "before": was, "after": will, "difference": will - was} for on, was, will in rows]

    def changed(self) -> list[dict[str, Any]]:
        """The charges that there would be and are not: product, days, quantity, price, share of the cycle, amount."""
        names = [name for name in self.after.columns if name not in {"id", "run_id", "revision"}]
        fresh = self.after.join(self.before, on=names, how="anti", nulls_equal=True, maintain_order="left")
        return fresh.with_columns(last_on=pl.col("to_on").dt.offset_by("-1d")).to_dicts()


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
        names = products(session).select("product_id", "product_name")
        return charged.join(names, on="product_id", how="left", maintain_order="left")
