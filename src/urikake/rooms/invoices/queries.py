"""What other rooms may read of invoices."""

from __future__ import annotations

from datetime import date
from typing import Final

import polars as pl

from urikake.base import facts
from urikake.base.bulk import Session
from urikake.rooms.billing import queries as billing

from .models import Invoice

PREFIX: Final = {"invoice": "INV", "return": "RET", "revised": "REV"}
INVOICE: Final = (
    "id, run_id, kind, fiscal_year, sequence, partner_id, closing_on, issue_on, inclusive, currency, net, tax_total, total, "
    "first_line_id, line_count"
)
LINE: Final = "id, invoice_id, charge_id, rate_micro, net, tax_amount"


def number() -> pl.Expr:
    """The number (請求書番号) as it is printed: ``INV-<fiscal year>-<5 digits>``."""
    prefix = pl.col("kind").replace_strict(PREFIX, return_dtype=pl.String)
    digits = pl.col("sequence").cast(pl.String).str.zfill(5)
    return pl.concat_str(prefix, pl.col("fiscal_year").cast(pl.String), digits, separator="-")


def numbered(frame: pl.DataFrame) -> pl.DataFrame:
    """Invoices with ``invoice_id`` and their ``number``."""
    return frame.rename({"id": "invoice_id"}).with_columns(number=number())


def invoices(session: Session, where: str = "", params: tuple[object, ...] = ()) -> pl.DataFrame:
    """Issued invoices by id, with ``number``."""
    return numbered(session.rows("invoices_invoice", INVOICE, where, params))


def at_closing(session: Session, closing_on: date) -> pl.DataFrame:
    """The invoices issued for a closing, by id, with ``number``."""
    spans = facts.blocks(session, Invoice, "bill", closing_on.isoformat())
    parts = [invoices(session, "id >= ? AND id < ?", span) for span in spans]
    return pl.concat(parts) if parts else invoices(session, "1 = 0")


def by_number(session: Session, text: str) -> pl.DataFrame:
    """The invoice with that printed number; no row where there is none."""
    kinds = {prefix: kind for kind, prefix in PREFIX.items()}
    prefix, _, rest = text.partition("-")
    year, _, sequence = rest.partition("-")
    if prefix not in kinds or not (year.isdigit() and sequence.isdigit()):
        return invoices(session, "1 = 0")
    return invoices(session, "kind = ? AND fiscal_year = ? AND sequence = ?", (kinds[prefix], int(year), int(sequence)))


def lines(session: Session, of: pl.DataFrame) -> pl.DataFrame:
    """The lines of the given invoices, by id: invoice lines with their charges.

    Columns: ``invoice_id``, ``charge_id``, ``rate_micro``, ``net``, ``tax_amount`` and those of the charge.
    """
    if of.is_empty():
        found = session.rows("invoices_line", LINE, "1 = 0")
    else:
        first = of["first_line_id"].min()
        beyond = of.select((pl.col("first_line_id") + pl.col("line_count")).max()).item()
        found = session.rows("invoices_line", LINE, "id >= ? AND id < ?", (first, beyond))
        found = found.join(of.select("invoice_id"), on="invoice_id", how="semi", maintain_order="left")
    found = found.rename({"id": "invoice_line_id"})
    if found.is_empty():
        return found.join(billing.charges(session, []), left_on="charge_id", right_on="id", how="left")
    span = (found["charge_id"].min(), found["charge_id"].max())
    charges = session.rows("billing_charge", billing.CHARGE, "id BETWEEN ? AND ?", span)
    return found.join(charges, left_on="charge_id", right_on="id", maintain_order="left")


def originals(session: Session, of: pl.DataFrame) -> pl.DataFrame:
    """The invoices that billed what the given ones give back: ``invoice_id, number, issue_on`` of the original, by id.

    What a credit gives back is what its line was billed for the same cycle in the rounds before it; ``returned_by`` is the
    id of the invoice that gives it back. Each pair once.
    """
    back = lines(session, of).filter(pl.col("nature") < 0)
    session.stage(back.select(wanted_id="charge_id"))
    names = ", ".join(f"i.{name}" for name in INVOICE.split(", "))
    found = session.read(
        f"SELECT DISTINCT {names}, s.wanted_id FROM stage s JOIN billing_charge c ON c.id = s.wanted_id"
        " JOIN billing_charge o ON o.cycle_from_on = c.cycle_from_on AND o.line_id = c.line_id"
        " AND o.revision < c.revision AND o.nature > 0"
        " JOIN invoices_line l ON l.charge_id = o.id JOIN invoices_invoice i ON i.id = l.invoice_id"
        " ORDER BY i.id, s.wanted_id"
    )
    owners = back.select("charge_id", returned_by="invoice_id")
    joined = numbered(found).join(owners, left_on="wanted_id", right_on="charge_id", maintain_order="left")
    return joined.select("returned_by", "invoice_id", "number", "issue_on").unique(maintain_order=True)
