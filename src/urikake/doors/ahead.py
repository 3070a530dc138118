"""What a change of a contract does to its next bills: billed as it stands and as it would stand, and both undone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
from urikake.rooms.intake.queries import given

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
    with runs.reading(url, user) as session:
        access.allow(session, CHANGE)
        days = _closings(session, _contract_id(session, contract_no), since)
    before = _billed(url, contract_no, [], days, user)
    return Ahead(days, before, _billed(url, contract_no, events, days, user))


def _contract_id(session: Session, contract_no: str) -> int:
    found = contracts(session).filter(pl.col("contract_no") == contract_no)
    if found.is_empty():
        raise Refusal("unknown-contract", f"契約「{contract_no}」はありません。", "契約番号を確かめてください。")
    return int(found["contract_id"][0])


def _closings(session: Session, contract_id: int, since: date) -> list[date]:
    """The next closing days on which the contract may be billed; of one that any day closes, the ends of months."""
    masks = scope(session).lines.filter(pl.col("contract_id") == contract_id)["closing_mask"].unique()
    wanted = [mask or terms.closing_mask("31") for mask in masks]
    days = (since + timedelta(ahead) for ahead in range(DAYS))
    closing = (day for day in days if any(terms.closes(mask, day) for mask in wanted) and periods.is_open(session, day))
    return [day for day, _ in zip(closing, range(BILLS), strict=False)]


def _billed(
    url: str, contract_no: str, events: Sequence[Mapping[str, Any]], days: Sequence[date], user: str
) -> pl.DataFrame:
    """The charges at those closings after the events were taken in, in a run that is undone."""
    columns, take, _ = TAKERS["events"]
    with runs.run(url, "look ahead", subject=contract_no, permission=CHANGE, user=user, preview=True) as (session, _):
        if events:
            take(session, sheet=given(events, columns, contract_no))
        found = charge_ahead(session, contract_id=_contract_id(session, contract_no), closings=days)
        names = products(session).select("product_id", "product_name")
        return found.join(names, on="product_id", how="left", maintain_order="left")
