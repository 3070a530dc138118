"""Issued invoices, their lines, and what puts them right."""

from __future__ import annotations

from datetime import date
from typing import Final

import polars as pl

from urikake.base import facts
from urikake.base.bulk import Session
from urikake.rooms.billing import queries as billing
from urikake.rooms.catalog.queries import deposits

from ..models import Invoice

PREFIX: Final = {"invoice": "INV", "return": "RET", "revised": "REV"}
INVOICE: Final = (
    "id, run_id, kind, fiscal_year, sequence, partner_id, closing_on, issue_on, inclusive, currency, net, tax_total, total, "
    "first_line_id, line_count, collection_terms_id, tax_unit"
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
    """The invoices issued for a closing, and what put them right since, by id, with ``number``."""
    spans = facts.blocks(session, Invoice, "bill", closing_on.isoformat())
    parts = [invoices(session, "id >= ? AND id < ?", span) for span in spans]
    corrected = "closing_on = ? AND id IN (SELECT invoice_id FROM invoices_correction)"
    later = invoices(session, corrected, (closing_on,))
    return pl.concat([*parts, later]).unique("invoice_id").sort("invoice_id")


def corrections(session: Session) -> pl.DataFrame:
    """Every correction: ``invoice_id`` (the document that puts right), ``original_id``, ``kind`` (``cancel revise``), ``why``."""
    return session.rows("invoices_correction", "id, invoice_id, original_id, kind, why").drop("id")


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


def rounded_together(rows: pl.DataFrame, document: str) -> pl.Series:
    """A number for each line, the same for those on whose sum one rounding of tax is done per rate, in their order.

    That is the ``document``, or, where its ``tax_unit`` is ``delivery_note``, the contract on it (納品書ごと). Rows have both
    columns and ``contract_id``. Source: 消費税法施行令第70条の10; 国税庁 適格請求書等保存方式に関するQ&A 問69 (合計請求書).
    """
    by_note = pl.col("tax_unit") == "delivery_note"
    if not rows.select(by_note.any()).item():
        return rows[document].alias("rounded_id")
    keys = rows.select(document, part=pl.when(by_note).then("contract_id").otherwise(0))
    numbers = keys.unique(maintain_order=True).with_row_index("rounded_id").cast({"rounded_id": pl.Int64})
    return keys.join(numbers, on=[document, "part"], maintain_order="left")["rounded_id"]


def originals(session: Session, of: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    """The invoices that the given ones put right or give back from, and by which of their lines.

    A document that takes another back or replaces it names that one. Any other line with a negative net gives back what
    was billed for the same days of the same cycle in an earlier round and was not yet taken back then. ``lines`` are those
    of the invoices ``of``, as `lines` gives them. Columns: ``invoice_id``, ``invoice_line_id`` (null for the document as a
    whole), ``number``, ``issue_on``, each once, the oldest first.
    """
    made = corrections(session).join(of.select("invoice_id"), on="invoice_id", how="semi")
    corrected = _corrected(session, made)
    credits = lines.filter(pl.col("net") < 0).join(made, on="invoice_id", how="anti", maintain_order="left")
    given = _given_back(session, credits.join(of.select("invoice_id", "run_id"), on="invoice_id"))
    return pl.concat([corrected, given]).sort("invoice_id", "invoice_line_id", "number")


_ORIGINAL: Final = {"invoice_id": pl.Int64, "invoice_line_id": pl.Int64, "number": pl.String, "issue_on": pl.Date}


def _corrected(session: Session, made: pl.DataFrame) -> pl.DataFrame:
    """The documents that the corrections put right."""
    if made.is_empty():
        return pl.DataFrame(schema=_ORIGINAL)
    session.stage(made.select("original_id"))
    names = ", ".join(f"i.{name}" for name in INVOICE.split(", "))
    before = numbered(session.read(f"SELECT {names} FROM stage s JOIN invoices_invoice i ON i.id = s.original_id"))
    joined = made.join(before, left_on="original_id", right_on="invoice_id")
    whole = pl.lit(None, dtype=pl.Int64)
    return joined.select("invoice_id", whole.alias("invoice_line_id"), "number", "issue_on")


def _given_back(session: Session, credits: pl.DataFrame) -> pl.DataFrame:
    """The invoices on which was billed what each of the lines gives back."""
    keys = ["line_id", "cycle_from_on"]
    if credits.is_empty():
        return pl.DataFrame(schema=_ORIGINAL)
    session.stage(credits.select(keys).unique().sort(pl.all()))
    billed = session.read(
        "SELECT c.line_id, c.cycle_from_on, c.from_on, c.to_on, c.revision, i.id, i.kind, i.fiscal_year, i.sequence,"
        " i.issue_on, r.run_id FROM stage s CROSS JOIN billing_charge c JOIN invoices_line l ON l.charge_id = c.id"
        " JOIN invoices_invoice i ON i.id = l.invoice_id LEFT JOIN billing_reversal r ON r.reverses_id = c.id"
        " WHERE c.cycle_from_on = s.cycle_from_on AND c.line_id = s.line_id AND c.amount > 0"
    )
    names = ["invoice_id", "invoice_line_id", *keys, "product_id", "from_on", "to_on", "revision", "run_id"]
    both = credits.select(names).join(numbered(billed), on=keys, suffix="_billed")
    same = (pl.col("from_on") < pl.col("to_on_billed")) & (pl.col("from_on_billed") < pl.col("to_on"))
    same = same | pl.col("product_id").is_in(deposits(session).implode())  # held on all days since it was taken
    earlier = pl.col("revision_billed") < pl.col("revision")
    stood = (pl.col("run_id_billed") >= pl.col("run_id")).fill_null(True)
    return both.filter(same & earlier & stood).select(list(_ORIGINAL)).unique()
