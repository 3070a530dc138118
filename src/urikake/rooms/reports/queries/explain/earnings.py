"""Issued charges as revenue: the rule of each, its invoice, and what of it is earned before a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import polars as pl

from urikake.base import periods
from urikake.base.bulk import Session
from urikake.base.company import policies
from urikake.core import recognition
from urikake.rooms.catalog.queries import deposits, products
from urikake.rooms.invoices import queries as invoices
from urikake.rooms.revenue import queries as revenues

from . import lines, papers, reads

KEPT: Final = ("pattern", "partial_month", "remainder")
RULE: Final = (*recognition.RULE, "tax_amount")
KINDS: Final[dict[str, Any]] = {
    "amount": pl.Int64, "from_on": pl.Date, "to_on": pl.Date, "method": pl.String, "partial_month": pl.String,
    "remainder": pl.String, "tax_amount": pl.Int64, "until": pl.Date,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Earned:
    """An issued charge as revenue: its rule, its invoice, and the month in which the rest became revenue at once."""

    charge: dict[str, Any]
    head: dict[str, Any]
    rule: dict[str, Any]
    at_once: bool
    ended: tuple[date, int] | None

    @property
    def since(self) -> date:
        """The first month that was not recognised with the invoice."""
        return periods.following(self.head["issue_on"].replace(day=1))


def earned(session: Session, charge_id: int) -> Earned | None:
    """The charge as revenue, or None where it is on no invoice yet."""
    found = earned_all(session, pl.Series([charge_id], dtype=pl.Int64))
    return found[0] if found else None


def earned_all(session: Session, charge_ids: pl.Series) -> list[Earned]:
    """The charges that are on an invoice as revenue, by id; deposits are none."""
    charges = reads.by_ids(session, "billing_charge", lines.CHARGE, charge_ids)
    charges = charges.filter(~pl.col("product_id").is_in(deposits(session).implode()))
    billed = reads.by_key(
        session, "invoices_line", "id, charge_id, invoice_id, net, tax_amount", "charge_id", charges["id"]
    )
    if billed.is_empty():
        return []
    papers_ = invoices.numbered(reads.by_ids(session, "invoices_invoice", papers.HEAD, billed["invoice_id"].unique()))
    heads = {head["invoice_id"]: head for head in papers_.iter_rows(named=True)}
    ends = reads.by_key(session, "revenue_ending", "id, charge_id, month, run_id", "charge_id", charges["id"])
    ended = {charge: (month, run) for charge, month, run in ends.select("charge_id", "month", "run_id").iter_rows()}
    rules = _rules(
        session,
        charges.join(
            billed.rename({"id": "invoice_line_id"}), left_on="id", right_on="charge_id", maintain_order="left"
        ),
    )
    made = []
    for rule in rules.iter_rows(named=True):
        head = heads[rule["invoice_id"]]
        made.append(Earned(_as_charged(rule), head, rule, _gone(session, rule, head), ended.get(rule["id"])))
    return made


def _as_charged(rule: dict[str, Any]) -> dict[str, Any]:
    """The charge behind a rule, with its own amount and days."""
    return rule | {"amount": rule["charged"], "from_on": rule["served_from"], "to_on": rule["served_to"]}


def _rules(session: Session, rows: pl.DataFrame) -> pl.DataFrame:
    """The rules of the charges' schedules, from products and policies; what was kept with a schedule comes first."""
    policy = policies(session)
    model = products(session).select("product_id", "revenue", "life_months")
    starts = reads.by_ids(session, "contracts_line", "id, start_on", rows["line_id"].unique()).rename({"id": "line_id"})
    named = rows.join(model, on="product_id", maintain_order="left").join(starts, on="line_id", maintain_order="left")
    asked = named.with_columns(charged="amount", served_from="from_on", served_to="to_on", amount="net")
    ruled = recognition.ruled(asked, policy["partial_month"], policy["remainder"])
    names = f"id, charge_id, {', '.join(KEPT)}"
    kept = reads.by_key(session, "revenue_schedule", names, "charge_id", rows["id"]).drop("id")
    kept = kept.select(id="charge_id", kept_method="pattern", kept_part="partial_month", kept_rest="remainder")
    return ruled.join(kept, on="id", how="left", maintain_order="left").with_columns(
        method=pl.coalesce("kept_method", "method"),
        partial_month=pl.coalesce("kept_part", "partial_month"),
        remainder=pl.coalesce("kept_rest", "remainder"),
    )


def _gone(session: Session, rule: dict[str, Any], head: dict[str, Any]) -> bool:
    """Whether the line had ended for good when it was invoiced, so that a fee over its life was earned at once."""
    if rule["revenue"] != "lifetime":
        return False
    known = lines.folded(session, rule["contract_id"], head["run_id"])
    own = known.lines.row(by_predicate=pl.col("line_id") == rule["line_id"], named=True)
    until = periods.following(head["issue_on"].replace(day=1))
    goes_on = own["end_on"] == own["term_end_on"] and not own["declined"] and own["auto_renew"] is not None
    return own["end_on"] is not None and own["end_on"] <= until and not goes_on


def done(session: Session, rows: list[tuple[Earned, date]]) -> pl.DataFrame:
    """What of each charge is revenue in the months before the day given with it: ``done`` and its tax ``done_tax``."""
    asked = [{name: one.rule[name] for name in RULE} | {"until": until} for one, until in rows]
    frame = pl.DataFrame(asked, schema=KINDS)
    return recognition.recognised(frame, pl.col("until"), *revenues.roundings(session)).select("done", "done_tax")
