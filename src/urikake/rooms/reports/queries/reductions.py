"""Discounts given as money came in (売上値引): what each lowers the price by at which rate, and whether it needs a document.

A reduction of 10,000 yen or more, tax included, is told to the customer by a qualified return invoice (適格返還請求書); the sum
is that of the whole claim, not of a rate. Source: 消費税法57条の4第3項; 消費税法施行令70条の9第3項2号.
"""

from __future__ import annotations

from datetime import date
from typing import Final

import polars as pl

from urikake.base.bulk import Session
from urikake.base.company import account_id, tax_rates
from urikake.core import tax
from urikake.rooms.ledger.actions import application_lines
from urikake.rooms.matching import queries as matching
from urikake.rooms.parties.queries import profiles
from urikake.rooms.receivables import queries as receivables

from .chosen import partner_id
from .rows import Rows

LEAST: Final = 10_000
"""From so many yen on, tax included, a reduction needs a return invoice."""
COLUMNS: Final = "application partner partner_name date documents amount net tax return_invoice".split()


def reductions(session: Session, as_of: date, partner: str = "") -> Rows:
    """The discounts that stand on the day: ``application, partner, …, date, documents, amount, net, tax, return_invoice``.

    ``documents`` are the invoices that were lowered; ``return_invoice`` is ``needed`` or ``exempt``. Newest first.
    """
    made = standing(session, as_of)
    if partner:
        made = made.filter(pl.col("partner_id") == partner_id(session, partner))
    sums = (
        lowered(session, made)
        .group_by("application_id")
        .agg(pl.col("net", "tax_amount").sum())
        .with_columns(amount=pl.col("net") + pl.col("tax_amount"))
    )
    people = profiles(session, "name").select("partner_id", partner="code", partner_name="name")
    found = (
        made.join(sums, on="application_id", maintain_order="left")
        .join(people, on="partner_id", how="left", maintain_order="left")
        .join(_documents(session, made), on="application_id", how="left", maintain_order="left")
    )
    needed = pl.when(pl.col("amount") >= LEAST).then(pl.lit("needed")).otherwise(pl.lit("exempt"))
    told = found.with_columns(
        return_invoice=needed, application=pl.col("application_id") - session.low, date="applied_on", tax="tax_amount"
    )
    return Rows(told.sort("applied_on", "application_id", descending=True).select(COLUMNS))


def standing(session: Session, as_of: date) -> pl.DataFrame:
    """The applications that left something missing which was not taken back by the day."""
    made = session.rows("matching_application", f"{matching.APPLICATION}, run_id", "applied_on <= ?", (as_of,))
    made = made.rename({"id": "application_id"})
    gone = made["reverses_id"].drop_nulls().implode()
    stands = pl.col("reverses_id").is_null() & ~pl.col("application_id").is_in(gone)
    return made.filter(stands & (pl.col("difference") < 0) & pl.col("difference_kind").is_in(["discount", "fee"]))


def lowered(session: Session, made: pl.DataFrame) -> pl.DataFrame:
    """What the applications lower prices by: ``application_id, tax, rate_micro, net, tax_amount``, as the ledger has them.

    Of one that lowers none, there is no row.
    """
    moved = _moved(session, made)
    items = receivables.standing(session, moved["item_id"])
    lines = application_lines(session, made, moved, items)
    ours = {account_id(session, "売上値引"): "net", account_id(session, "仮受消費税"): "tax_amount"}
    told = lines.filter(pl.col("account_id").is_in(list(ours))).with_columns(
        what=pl.col("account_id").replace_strict(ours, return_dtype=pl.String)
    )
    keys = ["source_id", "tax", "posted_on"]
    sums = told.group_by(*keys, maintain_order=True).agg(
        *(pl.col("amount").filter(pl.col("what") == name).sum().alias(name) for name in ours.values()),
        discounted=(pl.col("what") == "net").any(),
    )
    return sums.filter("discounted").select(
        "tax", "net", "tax_amount", application_id="source_id",
        rate_micro=tax.rate_micro(pl.col("tax"), pl.col("posted_on"), tax_rates(session)),
    )  # fmt: skip


def _moved(session: Session, made: pl.DataFrame) -> pl.DataFrame:
    """The movements of the applications."""
    session.stage(made.select(wanted_id="application_id"))
    return session.read(
        "SELECT m.id, m.run_id, m.item_id, m.kind, m.moved, m.moved_on, m.source_id FROM stage s"
        " JOIN receivables_movement m ON m.source_id = s.wanted_id WHERE m.kind = 'applied' ORDER BY m.id",
        moved_on=pl.Date,
    )


def documents(session: Session, made: pl.DataFrame) -> pl.DataFrame:
    """The documents that the applications settle: ``application_id, number, posted_on``, each once."""
    moved = _moved(session, made)
    items = receivables.labels(session, receivables.standing(session, moved["item_id"]))
    named = moved.select("item_id", application_id="source_id").join(items, on="item_id", maintain_order="left")
    return named.select("application_id", "number", "posted_on").unique(maintain_order=True)


def _documents(session: Session, made: pl.DataFrame) -> pl.DataFrame:
    """The numbers of the documents that each application settles, in one text."""
    return documents(session, made).group_by("application_id").agg(documents=pl.col("number").str.join(" "))
