"""What customers must not do to prices that are protected (取適法): pay late, pay less, agree on too late a day, pay by note.

Source: 中小受託取引適正化法 (in force 2026-01-01): the whole price in cash within 60 days of the receipt of the work; no fee may be
kept back, notes are no payment.
"""

from __future__ import annotations

from datetime import date
from typing import Final

import polars as pl

from urikake.base.bulk import Session
from urikake.rooms.invoices import queries as invoices
from urikake.rooms.matching import queries as matching
from urikake.rooms.parties.queries import profiles
from urikake.rooms.receivables import queries as receivables

from .chosen import partner_id
from .rows import Rows

LONGEST: Final = 60
"""Days from the receipt of the work within which its price must be paid."""
WORDS: Final = {
    "reduced": "手数料などを差し引かれた",
    "late": "回収予定日を過ぎて払われた・まだ払われない",
    "terms": f"回収予定日が、役務の終わりから{LONGEST}日より後",
    "note": "手形で払う約束",
}
SCHEMA: Final = {"kind": pl.String, "source_id": pl.Int64, "amount": pl.Int64, "days": pl.Int64, "date": pl.Date}
COLUMNS: Final = ("kind", "what", "number", "partner", "partner_name", "date", "amount", "days")


def protected(session: Session, as_of: date, partner: str = "") -> Rows:
    """What happened by the day to invoices of protected prices: ``kind, what, number, partner, …, date, amount, days``.

    ``reduced`` is what a payer kept back (and on which day), ``late`` what was or is unpaid after its due day with the days
    since then, ``terms`` a due day too late after the work, ``note`` a promise to pay by note. Newest first.
    """
    marked = invoices.commissioned(session)
    heads = invoices.invoices(session).join(marked, on="invoice_id", maintain_order="left")
    if partner:
        heads = heads.filter(pl.col("partner_id") == partner_id(session, partner))
    items = receivables.balances(session, as_of).filter(pl.col("source") == "invoice")
    items = items.join(heads.select(source_id="invoice_id", to_on="to_on"), on="source_id", maintain_order="left")
    owing = items.filter(pl.col("gross") > 0)
    found = pl.concat([_reduced(session, items, as_of), _late(owing, as_of), _terms(owing), _note(owing)])
    people = profiles(session, "name").select("partner_id", partner="code", partner_name="name")
    told = (
        found.join(heads.select("number", "partner_id", source_id="invoice_id"), on="source_id", maintain_order="left")
        .join(people, on="partner_id", how="left", maintain_order="left")
        .with_columns(what=pl.col("kind").replace_strict(WORDS, return_dtype=pl.String))
    )
    return Rows(told.sort("date", "number", "kind", descending=[True, False, False]).select(COLUMNS))


def _told(frame: pl.DataFrame, kind: str, **columns: pl.Expr | str) -> pl.DataFrame:
    return frame.select("source_id", kind=pl.lit(kind), **columns).select(
        pl.col(name).cast(dtype) for name, dtype in SCHEMA.items()
    )


def _reduced(session: Session, items: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """What payers kept back and was booked as a fee, a discount or a small loss, by invoice: not what stays open."""
    made = matching.applications(session, "applied_on <= ? AND difference <> 0", (as_of,))
    gone = made["reverses_id"].drop_nulls().implode()
    kept = made.filter(
        pl.col("reverses_id").is_null()
        & ~pl.col("application_id").is_in(gone)
        & (pl.col("difference") < 0)
        & pl.col("difference_kind").is_in(["fee", "discount", "misc", "write-off"])
    )
    moved = receivables.movements(session, "kind = 'applied' AND moved_on <= ?", (as_of,)).select(
        "item_id", application_id="source_id"
    )
    named = moved.join(items.select("item_id", "source_id"), on="item_id").join(kept, on="application_id")
    once = named.sort("application_id", "source_id").unique("application_id", keep="first", maintain_order=True)
    return _told(once, "reduced", amount=-pl.col("difference"), days=pl.lit(None), date="applied_on")


def _late(items: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """What was paid after its due day, and what is still open after it, by invoice."""
    until = pl.when(pl.col("balance") > 0).then(pl.lit(as_of)).otherwise("moved_on")
    late = items.with_columns(until=until).filter(pl.col("until") > pl.col("due_on"))
    summed = late.group_by("source_id", maintain_order=True).agg(
        pl.col("due_on").min(),
        pl.col("until").max(),
        amount=pl.when(pl.col("balance") > 0).then("balance").otherwise("gross").sum(),
    )
    days = (pl.col("until") - pl.col("due_on")).dt.total_days()
    return _told(summed, "late", amount="amount", days=days, date="due_on")


def _terms(items: pl.DataFrame) -> pl.DataFrame:
    """Due days that are too late after the last day of the work, by invoice.

    The day of the receipt counts as the first; a month counts as 30 days where payment is by months, so that two months after
    the end of a closing period are in time.
    """
    summed = items.group_by("source_id", maintain_order=True).agg(
        pl.col("due_on").max(), pl.col("to_on").first(), amount=pl.col("gross").sum()
    )
    last = pl.col("to_on").dt.offset_by("-1d")
    days = (pl.col("due_on") - last).dt.total_days()
    late = (days + 1 > LONGEST) & (pl.col("due_on") > pl.max_horizontal(last.dt.offset_by("2mo"), _two_months_on(last)))
    return _told(summed.filter(late), "terms", amount="amount", days=days, date="due_on")


def _two_months_on(last: pl.Expr) -> pl.Expr:
    """The end of the second month after a work that ended with a month; the day itself otherwise."""
    return pl.when(last == last.dt.month_end()).then(last.dt.offset_by("2mo").dt.month_end()).otherwise(last)


def _note(items: pl.DataFrame) -> pl.DataFrame:
    """What is to be paid by note, by invoice."""
    noted = items.filter(pl.col("method") == "note").group_by("source_id", maintain_order=True)
    summed = noted.agg(pl.col("due_on").max(), amount=pl.col("gross").sum())
    return _told(summed, "note", amount="amount", days=pl.lit(None), date="due_on")
