"""How what the books keep looks outside: the fields of each resource from its rows, and what else belongs to them."""

from __future__ import annotations

import json
from datetime import date
from typing import Any, Final

import polars as pl

from urikake.base.bulk import Session
from urikake.base.company import accounts, dimensions
from urikake.core.terms import closing_text
from urikake.rooms.catalog.queries import products
from urikake.rooms.contracts.queries import contracts, first_lines, terms
from urikake.rooms.invoices import queries as invoices
from urikake.rooms.ledger import queries as ledger
from urikake.rooms.parties import queries as parties
from urikake.rooms.receipts.queries import payers
from urikake.rooms.reports.queries.rows import nested

Belongings = dict[str, dict[int, Any]]


def number(session: Session, column: str = "id") -> pl.Expr:
    """The number of a thing inside its company."""
    return pl.col(column) - session.low


def _coded(session: Session, frame: pl.DataFrame, column: str = "partner_id", name: str = "partner") -> pl.DataFrame:
    """The frame with the partner's code as ``name``."""
    codes = parties.codes(session).rename({"partner_id": column, "code": name})
    return frame.join(codes, on=column, how="left", maintain_order="left")


def _account(session: Session, frame: pl.DataFrame, column: str, name: str) -> pl.DataFrame:
    """The frame with the account's name as ``name``."""
    chart = accounts(session).select("id", "name").rename({"id": column, "name": name})
    return frame.join(chart, on=column, how="left", maintain_order="left")


def _span(frame: pl.DataFrame, column: str = "id") -> tuple[int, int]:
    return frame[column].min(), frame[column].max()  # type: ignore[return-value]


# --- masters -------------------------------------------------------------------------------------------------------


def shaped_partners(session: Session, frame: pl.DataFrame) -> pl.DataFrame:
    """The fields of partners."""
    known = parties.profiles(session).drop("code").join(parties.terms(session), on="terms_id", how="left")
    full = frame.join(known, left_on="id", right_on="partner_id", how="left", maintain_order="left")
    full = _coded(session, _coded(session, full, "bill_to_id", "bill_to"), "parent_id", "parent")
    full = _account(session, full, "receivable_account_id", "receivable_account")
    days = [closing_text(mask) for mask in full["closing_mask"].fill_null(0)]
    return full.with_columns(number=number(session), closing_day=pl.Series(days, dtype=pl.String))


def partners_have(session: Session, frame: pl.DataFrame) -> Belongings:
    """What else belongs to partners, by id."""
    names = session.table("parties_payer_name", "id, partner_id, payer")
    virtual = parties.virtual_accounts(session).unique("partner_id", keep="last")
    mine = names.filter(pl.col("partner_id").is_in(frame["id"].implode()))
    return {
        "payer_names": dict(mine.group_by("partner_id").agg("payer").iter_rows()),
        "virtual_accounts": {partner: [account] for partner, account in virtual.iter_rows()},
    }


def shaped_products(session: Session, frame: pl.DataFrame) -> pl.DataFrame:
    """The fields of products."""
    kinds = products(session).select(pl.col("product_id").alias("id"), *_PRODUCT)
    full = frame.join(kinds, on="id", how="left", maintain_order="left")
    tax = pl.col("tax") + pl.when("inclusive").then(pl.lit("_incl")).otherwise(pl.lit(""))
    named = _account(session, full, "revenue_account_id", "revenue_account")
    return named.with_columns(number=number(session), tax=tax, meter=pl.col("meter").replace("", "sum")).rename(
        {"product_name": "name", "valid_from_on": "valid_from"}
    )


_PRODUCT: Final = [
    "product_name", "tax", "inclusive", "price_model", "unit_price_micro", "tiers", "included_micro", "overage_price_micro",
    "package_size_micro", "minimum", "maximum", "revenue", "life_months", "ssp_micro", "obligation", "revenue_account_id",
    "service", "valid_from_on", "meter", "commitment_months", "ssp_basis",
]  # fmt: skip


def shaped_users(session: Session, frame: pl.DataFrame) -> pl.DataFrame:
    """The fields of users."""
    return frame.with_columns(number=number(session))


# --- contracts and usage -------------------------------------------------------------------------------------------


def shaped_contracts(session: Session, frame: pl.DataFrame) -> pl.DataFrame:
    """The fields of contracts."""
    return _coded(session, frame).with_columns(number=number(session))


def contracts_have(session: Session, frame: pl.DataFrame) -> Belongings:
    """What else belongs to contracts, by id."""
    mine = first_lines(session).filter(pl.col("contract_id").is_in(frame["id"].implode()))
    named = (
        mine.join(products(session).select("product_id", "product"), on="product_id", how="left")
        .join(terms(session), on="contract_terms_id", how="left")
        .join(dimensions(session), on="dimension_id", how="left")
        .join(parties.terms(session).rename({"terms_id": "collection_terms_id"}), on="collection_terms_id", how="left")
        .sort("contract_id", "position")
        .with_columns(start="start_on", end=pl.col("end_on").dt.offset_by("-1d"), group="group_code")
    )
    days = [None if mask is None else closing_text(mask) for mask in named["closing_mask"]]
    named = named.with_columns(closing_day=pl.Series(days, dtype=pl.String))
    return {"lines": nested(named, "contract_id", list(_LINE))}


_LINE: Final = (
    "position", "product", "quantity_micro", "unit_price_micro", "start", "end", "cycle_months", "timing", "bill_day",
    "anchor_day", "proration_start", "proration_end", "proration_up", "proration_down", "auto_renew", "notice_days",
    "order_no", "group", "management_group", "project", "department", "tax_point", "commissioned", "closing_day", "payment_months",
    "payment_day", "holiday_shift", "method", "split",
)  # fmt: skip


def shaped_events(session: Session, frame: pl.DataFrame) -> pl.DataFrame:
    """The fields of events."""
    named = frame.join(contracts(session).select("contract_id", "contract_no"), on="contract_id", how="left")
    lines = first_lines(session).select("line_id", line_product_id="product_id")
    kinds = products(session).select("product_id", "product")
    return (
        named.join(lines, on="line_id", how="left", maintain_order="left")
        .join(kinds, on="product_id", how="left", maintain_order="left")
        .join(kinds.rename({"product_id": "line_product_id", "product": "line"}), on="line_product_id", how="left")
        .sort("id")
        .with_columns(
            number=number(session), type="kind", effective="effective_on", until=pl.col("until_on").dt.offset_by("-1d")
        )
    )


def shaped_usage(session: Session, frame: pl.DataFrame) -> pl.DataFrame:
    """The fields of usage."""
    lines = first_lines(session).select("line_id", "contract_id", "product_id")
    return (
        frame.join(lines, on="line_id", how="left", maintain_order="left")
        .join(
            contracts(session).select("contract_id", "contract_no"), on="contract_id", how="left", maintain_order="left"
        )
        .join(products(session).select("product_id", "product"), on="product_id", how="left", maintain_order="left")
        .with_columns(number=number(session), event_id="event_code", timestamp="used_at")
    )


# --- documents and money -------------------------------------------------------------------------------------------


def shaped_invoices(session: Session, frame: pl.DataFrame) -> pl.DataFrame:
    """The fields of invoices."""
    named = _coded(session, frame.with_columns(number=invoices.number()))
    return named.with_columns(closing="closing_on", issue_date="issue_on", tax="tax_total")


def invoices_have(session: Session, frame: pl.DataFrame) -> Belongings:
    """What else belongs to invoices, by id."""
    lines = invoices.lines(session, invoices.numbered(frame))
    named = (
        lines.join(contracts(session).select("contract_id", "contract_no"), on="contract_id", how="left", maintain_order="left")
        .join(products(session).select("product_id", "product", "product_name"), on="product_id", how="left", maintain_order="left")
        .with_columns(service_from="from_on", service_to=pl.col("to_on").dt.offset_by("-1d"))
    )  # fmt: skip
    return {"lines": nested(named, "invoice_id", list(_INVOICE_LINE))}


_INVOICE_LINE: Final = (
    "contract_no", "product", "product_name", "service_from", "service_to", "quantity_micro", "unit_price_micro", "net", "tax_amount",
)  # fmt: skip


def invoice_id(session: Session, key: str) -> int | None:
    """The id of the document of that number; None where there is none."""
    found = invoices.by_number(session, key) if len(key) <= 30 and key.isascii() else None
    return None if found is None or found.is_empty() else int(found["invoice_id"][0])


def shaped_receivables(session: Session, frame: pl.DataFrame) -> pl.DataFrame:
    """The fields of receivables."""
    named = _account(session, _coded(session, frame), "account_id", "account")
    named = named.join(dimensions(session), on="dimension_id", how="left", maintain_order="left")
    return _documented(session, named).with_columns(
        pl.col("balance").fill_null(0), number=number(session), date="posted_on", due="due_on", group="group_code"
    )


def _documented(session: Session, frame: pl.DataFrame) -> pl.DataFrame:
    """The items with the number of their invoice, slip or collection as ``document``."""
    wanted = frame.filter(pl.col("source") == "invoice")["source_id"]
    found = invoices.invoices(session, "id BETWEEN ? AND ?", (wanted.min() or 0, wanted.max() or 0))
    slips = session.table("receivables_slip", "id, slip_no").rename({"id": "source_id", "slip_no": "slip"})
    bills = found.select(source_id="invoice_id", bill="number")
    named = frame.join(bills, on="source_id", how="left", maintain_order="left").join(
        slips, on="source_id", how="left", maintain_order="left"
    )
    own = pl.concat_str(pl.lit("collection-"), number(session, "source_id").cast(pl.String))
    document = pl.when(pl.col("source") == "invoice").then("bill").when(pl.col("source") == "collection").then(own)
    return named.with_columns(document=document.otherwise("slip"))


def shaped_receipts(session: Session, frame: pl.DataFrame) -> pl.DataFrame:
    """The fields of receipts."""
    named = _coded(session, frame.with_columns(partner_id=payers(session, frame)))
    banks = session.table("base_bank_account", "id, code").rename({"id": "bank_account_id", "code": "account"})
    return named.join(banks, on="bank_account_id", how="left", maintain_order="left").with_columns(
        pl.col("unapplied").fill_null(0), number=number(session), date="received_on", bank_id="bank_code"
    )


def shaped_applications(session: Session, frame: pl.DataFrame) -> pl.DataFrame:
    """The fields of applications."""
    return _coded(session, frame).with_columns(
        number=number(session),
        receipt=number(session, "receipt_id"),
        date="applied_on",
        reverses=number(session, "reverses_id"),
    )


def shaped_receipt_holds(session: Session, frame: pl.DataFrame) -> pl.DataFrame:
    """The fields of receipt holds."""
    return frame.with_columns(number=number(session), receipt=number(session, "receipt_id"))


def shaped_matching_notes(session: Session, frame: pl.DataFrame) -> pl.DataFrame:
    """The fields of matching notes."""
    return _coded(session, frame).with_columns(number=number(session), receipt=number(session, "receipt_id"))


def shaped_debit_requests(session: Session, frame: pl.DataFrame) -> pl.DataFrame:
    """The fields of debit requests."""
    state, paid = pl.col("state").fill_null("open"), pl.col("paid").fill_null(0)
    return _coded(session, frame, "collector_id", "collector").with_columns(
        pl.col("why").fill_null(""),
        pl.col("paid_count").fill_null(0),
        paid=paid,
        number=number(session),
        state=state,
        debits="debit_count",
        unpaid=pl.when(state == "answered").then(pl.col("amount") - paid).otherwise(0),
        open=pl.when(state == "open").then("amount").otherwise(0),
    )


def shaped_refunds(session: Session, frame: pl.DataFrame) -> pl.DataFrame:
    """The fields of refunds."""
    return _coded(session, frame).with_columns(
        number=number(session), date="pay_on", reverses=number(session, "reverses_id")
    )


def shaped_exports(session: Session, frame: pl.DataFrame) -> pl.DataFrame:
    """The fields of exports."""
    return frame.with_columns(
        pl.col("again").cast(pl.Boolean),
        number=number(session),
        since="since_on",
        until="until_on",
        entries="entry_count",
        rows="row_count",
    )


def shaped_tie_outs(session: Session, frame: pl.DataFrame) -> pl.DataFrame:
    """The fields of comparisons with the books of packages."""
    return frame.with_columns(number=number(session), since="since_on", until="on_day")


def shaped_refund_files(session: Session, frame: pl.DataFrame) -> pl.DataFrame:
    """The fields of refund files."""
    return frame.with_columns(
        pl.col("why").fill_null(""), number=number(session), date="pay_on", transfers="transfer_count"
    )


def shaped_journals(session: Session, frame: pl.DataFrame) -> pl.DataFrame:
    """The fields of journals."""
    return frame.with_columns(number=number(session), date="posted_on", source_number=number(session, "source_id"))


def journals_have(session: Session, frame: pl.DataFrame) -> Belongings:
    """What else belongs to journals, by id."""
    lines = ledger.lines(session, frame.rename({"id": "entry_id"}))
    named = _coded(session, _account(session, lines, "account_id", "account"))
    amount = pl.col("amount")
    sided = named.with_columns(debit=amount.clip(lower_bound=0), credit=(-amount).clip(lower_bound=0))
    return {"lines": nested(sided, "entry_id", ["account", "debit", "credit", "partner", "tax"])}


# --- months and records --------------------------------------------------------------------------------------------


def shaped_periods(session: Session, frame: pl.DataFrame) -> pl.DataFrame:
    """The fields of periods."""
    return frame.with_columns(month=pl.col("month").dt.strftime("%Y-%m"), locked=pl.col("locked").cast(pl.Boolean))


def period_id(session: Session, key: str) -> int | None:
    """The id of what happened last to that month (``2026-05``); None where nothing did."""
    try:
        month = date.fromisoformat(f"{key}-01")
    except ValueError:
        return None
    sql = "SELECT max(id) AS top FROM base_period_event WHERE id >= ? AND id < ? AND month = ?"
    found: int | None = session.value(sql, (session.low, session.high, month))
    return found


def shaped_audit(session: Session, frame: pl.DataFrame) -> pl.DataFrame:
    """The fields of audit."""
    return frame.with_columns(number=number(session))


def audit_has(session: Session, frame: pl.DataFrame) -> Belongings:
    """What else belongs to audit, by id."""
    return {"outcome": {id_: json.loads(said) for id_, said in frame.select("id", "outcome").iter_rows()}}
