"""Issuing: charges onto documents, taxed, numbered and kept in one go."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

import polars as pl

from urikake.base import facts, numbering, periods
from urikake.base.access import action
from urikake.base.bulk import Session
from urikake.base.company import dimensions, policies
from urikake.core import tax
from urikake.core.money import Rounding
from urikake.rooms.catalog.queries import products
from urikake.rooms.contracts.queries import contracts, every_line, terms
from urikake.rooms.parties.queries import codes, payers

from . import queries
from .models import Correction, Invoice, InvoiceLine

APART: Final = {"contract": "contract_id", "order": "order_no", "project": "project"}
"""By the choice of how invoices are grouped: the column whose values stand on invoices of their own."""


@dataclass(frozen=True, slots=True)
class Issued:
    """What was issued: invoices (``invoice_id``, …) and their lines with the charges beneath."""

    invoices: pl.DataFrame
    lines: pl.DataFrame


@action("invoices.issue")
def issue(
    session: Session,
    *,
    charges: pl.DataFrame,
    closing_on: date,
    issue_on: date | None = None,
    replaces: Correcting | None = None,
) -> Issued:
    """Issue the charges as invoices dated on their closing (or ``issue_on``) and return them.

    Those that replace a document are of kind ``revised`` (修正請求書) and name it.
    One invoice per payer (or contract, order, project: the payer's ``invoice_grouping``, else the company's policy of that
    name), apart by tax-inclusive and tax-exclusive prices. Credits stay on the invoice while no rate's sum on it falls
    below zero; else the credits of that bill go on a return invoice of their own. A bill that sums to nothing and has no
    credit is not issued.
    """
    lines = documents(session, charges, closing_on)
    if lines.is_empty():
        return Issued(queries.invoices(session, "1 = 0"), queries.lines(session, queries.invoices(session, "1 = 0")))
    day = issue_on or closing_on
    heads = _heads(lines, closing_on, day)
    if replaces:
        charged = pl.col("kind") == "invoice"
        heads = heads.with_columns(kind=pl.when(charged).then(pl.lit("revised")).otherwise("kind"))
    issued = _kept(session, lines, heads, day)
    if replaces:
        _correct(session, issued.invoices.filter(pl.col("kind") == "revised").head(1), replaces, "revise")
    return issued


@dataclass(frozen=True, slots=True)
class Correcting:
    """The document that is put right, and why."""

    original: pl.DataFrame
    why: str


@action("invoices.cancel")
def cancel(session: Session, *, corrects: Correcting, charges: pl.DataFrame, on: date) -> Issued:
    """Issue the return invoice (適格返還請求書) that takes a document back: every line, its net and its tax mirrored.

    In: ``charges`` are the mirror images of the document's, with ``reverses_id``. No tax is computed anew.
    """
    original = corrects.original.row(0, named=True)
    before = queries.lines(session, corrects.original)
    mirror = before.select(
        "rate_micro",
        reverses_id="charge_id",
        at="invoice_line_id",
        net=-pl.col("net"),
        tax_amount=-pl.col("tax_amount"),
    )
    named = _ordered(session, charges).join(mirror, on="reverses_id", maintain_order="left").sort("at")
    lines = named.with_columns(
        document=pl.lit(0, dtype=pl.Int64),
        invoice_kind=pl.lit("return"),
        inclusive=pl.lit(original["inclusive"]),
        collection_terms_id=pl.lit(original["collection_terms_id"], dtype=pl.Int64),
        tax_unit=pl.lit(original["tax_unit"]),
    ).drop("at", "reverses_id")
    issued = _kept(session, lines, _heads(lines, original["closing_on"], on), on)
    _correct(session, issued.invoices, corrects, "cancel")
    return issued


def _correct(session: Session, made: pl.DataFrame, corrects: Correcting, kind: str) -> None:
    """Note that the document made puts the original right."""
    noted = made.select("invoice_id", original_id=pl.lit(corrects.original["invoice_id"][0]))
    facts.record(session, Correction, noted.with_columns(kind=pl.lit(kind), why=pl.lit(corrects.why)))


def _kept(session: Session, lines: pl.DataFrame, heads: pl.DataFrame, issue_on: date) -> Issued:
    """The documents numbered and recorded with their lines (``document`` tells which belong together)."""
    periods.require_open(session, issue_on)
    heads = _numbered(session, heads, issue_on)
    first = session.next_id("invoices_line")
    counted = heads.with_columns(first_line_id=first + pl.col("line_count").cum_sum() - pl.col("line_count"))
    kept = queries.numbered(facts.record(session, Invoice, counted.with_columns(currency=pl.lit("JPY"))))
    ids = dict(zip(heads["document"], kept["invoice_id"], strict=True))
    placed = lines.with_columns(invoice_id=pl.col("document").replace_strict(ids, return_dtype=pl.Int64)).sort(
        "invoice_id", maintain_order=True
    )
    rows = facts.record(session, InvoiceLine, placed.rename({"id": "charge_id"}))
    return Issued(kept, placed.rename({"id": "charge_id"}).with_columns(invoice_line_id=rows["id"]))


def documents(session: Session, charges: pl.DataFrame, closing_on: date) -> pl.DataFrame:
    """The charges with the ``document`` each belongs on, its ``kind``, ``inclusive``, rate, net and share of tax.

    The order is that of numbers: payer code, contract number, then the charges' own.
    """
    ordered = _ordered(session, charges)
    ordered = ordered.with_columns(queries.supply_rates(session, ordered, closing_on))
    parted, keys = _parted(session, _collected(session, ordered))
    placed = _plain(parted, keys) if (parted["amount"] > 0).all() else _apart(parted, keys)
    units = payers(session).filter(pl.col("tax_unit") != "").select("partner_id", "tax_unit")
    if units.is_empty():
        return _taxed(session, placed.with_columns(tax_unit=pl.lit(""))).drop("part", strict=False)
    named = placed.join(units, on="partner_id", how="left", maintain_order="left")
    return _taxed(session, named.with_columns(pl.col("tax_unit").fill_null(""))).drop("part", strict=False)


def _collected(session: Session, ordered: pl.DataFrame) -> pl.DataFrame:
    """The charges with the ``collection_terms_id`` of their lines' own collection terms, null where they are the payer's."""
    own = (
        terms(session)
        .filter(pl.col("collection_terms_id").is_not_null())
        .select("contract_terms_id", "collection_terms_id")
    )
    if own.is_empty():
        return ordered.with_columns(collection_terms_id=pl.lit(None, dtype=pl.Int64))
    lines = every_line(session).select("line_id", "contract_terms_id").join(own, on="contract_terms_id")
    usual = payers(session).select("partner_id", "terms_id")
    named = ordered.join(
        lines.select("line_id", "collection_terms_id"), on="line_id", how="left", maintain_order="left"
    )
    named = named.join(usual, on="partner_id", how="left", maintain_order="left")
    apart = pl.col("collection_terms_id") != pl.col("terms_id")
    return named.with_columns(collection_terms_id=pl.when(apart).then("collection_terms_id")).drop("terms_id")


def _parted(session: Session, ordered: pl.DataFrame) -> tuple[pl.DataFrame, list[str]]:
    """The charges, and the columns that tell their documents apart; ``part`` is among them where a payer has several.

    Charges of different collection terms are paid apart, and so billed apart.
    """
    keys, company = ["partner_id", "inclusive"], policies(session)["invoice_grouping"]
    if ordered["collection_terms_id"].null_count() < ordered.height:
        keys = [*keys, "collection_terms_id"]
    own = payers(session).filter(pl.col("invoice_grouping") != "").select("partner_id", "invoice_grouping")
    if own.is_empty() and company == "bill_to":
        return ordered, keys
    named = ordered.join(own, on="partner_id", how="left", maintain_order="left")
    chosen = pl.col("invoice_grouping").fill_null(company)
    part = pl.coalesce(pl.when(chosen == each).then(pl.col(name).cast(pl.String)) for each, name in APART.items())
    return named.with_columns(part=part.fill_null("")).drop("invoice_grouping"), [*keys, "part"]


def _plain(charges: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    """Charges without any credit, each with its document."""
    rows = charges.with_columns(invoice_kind=pl.lit("invoice"))
    if keys == ["partner_id", "inclusive"] and rows["inclusive"].n_unique() == 1:
        return rows.with_columns(document=pl.col("partner_id").rle_id().cast(pl.Int64))  # they stand by payer
    return _placed(rows, keys)


def _placed(rows: pl.DataFrame, parts: list[str]) -> pl.DataFrame:
    """The rows with ``document``, counted in the order in which the documents are first met."""
    heads = rows.select(parts).unique(maintain_order=True).with_row_index("document")
    return rows.join(heads.cast({"document": pl.Int64}), on=parts, nulls_equal=True, maintain_order="left")


def _apart(ordered: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    """Charges and credits with their documents: credits that would turn a rate negative on one of their own."""
    by_rate = [*keys, "tax", "rate_micro"]
    below = pl.col("amount").sum().over(by_rate) < 0
    apart = below.any().over(keys) & (pl.col("amount") < 0)
    split = ordered.with_columns(invoice_kind=pl.when(apart).then(pl.lit("return")).otherwise(pl.lit("invoice")))
    parts = [*keys, "invoice_kind"]
    worth = (pl.col("amount").sum().over(parts) != 0) | (pl.col("amount") < 0).any().over(parts)
    return _placed(split.filter(worth), parts)


def _taxed(session: Session, numbered: pl.DataFrame) -> pl.DataFrame:
    """The lines with their share of their document's tax, by document."""
    rounding: Rounding = policies(session)["tax_rounding"]  # type: ignore[assignment]
    together = numbered.with_columns(invoice=queries.rounded_together(numbered, "document"))
    _, shared = tax.invoice_taxes(together, rounding)
    return shared.drop("invoice").sort("document", maintain_order=True)


def _ordered(session: Session, charges: pl.DataFrame) -> pl.DataFrame:
    """The charges by payer code and contract number, with what their product and dimensions say of them."""
    model = products(session).select("product_id", "tax", "inclusive", "revenue", "life_months", "revenue_account_id")
    named = charges.join(model, on="product_id", maintain_order="left").join(
        dimensions(session), on="dimension_id", maintain_order="left"
    )
    code = codes(session).rename({"code": "partner_code"})
    numbers = contracts(session).select("contract_id", "contract_no")
    joined = named.join(code, on="partner_id", maintain_order="left").join(
        numbers, on="contract_id", maintain_order="left"
    )
    return joined.sort("partner_code", "contract_no", "id").drop("partner_code", "contract_no")


def _heads(lines: pl.DataFrame, closing_on: date, issue_on: date) -> pl.DataFrame:
    """One row per document, in the order of numbers."""
    return lines.group_by("document", maintain_order=True).agg(
        kind=pl.col("invoice_kind").first(),
        partner_id=pl.col("partner_id").first(),
        inclusive=pl.col("inclusive").first(),
        collection_terms_id=pl.col("collection_terms_id").first(),
        tax_unit=pl.col("tax_unit").first(),
        closing_on=pl.lit(closing_on),
        issue_on=pl.lit(issue_on),
        net=pl.col("net").sum(),
        tax_total=pl.col("tax_amount").sum(),
        total=(pl.col("net") + pl.col("tax_amount")).sum(),
        line_count=pl.len().cast(pl.Int64),
    )


def _numbered(session: Session, heads: pl.DataFrame, issue_on: date) -> pl.DataFrame:
    """The documents with their fiscal year and the next numbers of their series."""
    year = policies(session).fiscal_year(issue_on)
    first = {
        kind: numbering.draw(session, queries.PREFIX[kind], year, count)
        for kind, count in heads.group_by("kind", maintain_order=True).len().iter_rows()
    }
    start = pl.col("kind").replace_strict(first, return_dtype=pl.Int64)
    return heads.with_columns(
        fiscal_year=pl.lit(year, dtype=pl.Int64), sequence=start + pl.int_range(pl.len()).over("kind")
    )
