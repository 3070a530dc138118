"""Reports of the books: journals, trial balance, and the state of a close."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl

from urikake.base.bulk import Session
from urikake.base.company import accounts, dimensions
from urikake.base.periods import first_day
from urikake.rooms.closing import queries as closing
from urikake.rooms.contracts.queries import contracts
from urikake.rooms.invoices import queries as invoices
from urikake.rooms.ledger import queries as ledger
from urikake.rooms.matching import queries as matching
from urikake.rooms.parties.queries import codes
from urikake.rooms.receipts import queries as receipts
from urikake.rooms.receivables import queries as receivables

from .chosen import require_span
from .rows import nested, rows

WORDS = {
    "invoice": "請求",
    "recognition": "収益認識",
    "receipt": "入金",
    "application": "消込",
    "slip": "債権伝票",
    "opening": "移行残高",
    "collection": "収納代行",
    "advance": "前受金の充当",
    "refund": "返金",
}


def trial_balance(session: Session, as_of: date) -> list[dict[str, Any]]:
    """The trial balance (試算表) on the day: every account that moved, also at zero."""
    return rows(ledger.balances(session, as_of))


def journals(session: Session, since: date, until: date) -> list[dict[str, Any]]:
    """Journal entries (仕訳) from day to day, with their lines, by day and number."""
    require_span(since, until)
    heads = ledger.entries(session, since, until)
    if heads.is_empty():
        return []
    named = _described(session, heads)
    lines = nested(_lines(session, heads), "entry_id", LINE)
    found = rows(
        named.select("entry_id", "source", "description", no=pl.col("entry_id") - session.low, date="posted_on")
    )
    return [row | {"lines": lines[row.pop("entry_id")]} for row in found]


LINE = ["account", "debit", "credit", "partner", "order_no", "group", "tax", "currency", "currency_amount"]


def _lines(session: Session, heads: pl.DataFrame) -> pl.DataFrame:
    chart = accounts(session).rename({"id": "account_id", "name": "account"})
    named = (
        ledger.lines(session, heads)
        .join(chart, on="account_id", maintain_order="left")
        .join(dimensions(session), on="dimension_id", how="left", maintain_order="left")
        .join(codes(session).rename({"code": "partner"}), on="partner_id", how="left", maintain_order="left")
    )
    amount = pl.col("amount")
    return named.with_columns(
        debit=amount.clip(lower_bound=0),
        credit=(-amount).clip(lower_bound=0),
        group="group_code",
        currency=pl.lit("JPY"),
        currency_amount=amount.abs(),
    )


def _described(session: Session, heads: pl.DataFrame) -> pl.DataFrame:
    """The entries with ``source`` as the document's name and a ``description``."""
    kinds = set(heads["source"].unique())
    labels = [
        frame
        for kind, frame in (
            ("invoice", invoices.invoices(session).select(source_id="invoice_id", label="number")),
            ("receipt", _receipt_labels(session)),
            ("application", _application_labels(session)),
            ("recognition", contracts(session).select(source_id="contract_id", label="contract_no")),
            ("slip", receivables.slips(session).select(source_id="slip_id", label="slip_no")),
        )
        for frame in [frame.with_columns(source=pl.lit(kind))]
        if kind in kinds
    ]
    none = pl.DataFrame(schema={"source_id": pl.Int64, "label": pl.String, "source": pl.String})
    every = pl.concat([none, *labels])
    joined = heads.join(every, on=["source", "source_id"], how="left", maintain_order="left")
    number = (pl.col("source_id") - session.low).cast(pl.String)
    label = pl.coalesce("label", pl.concat_str("source", pl.lit("-"), number))
    word = pl.col("source").replace_strict(WORDS, return_dtype=pl.String)
    word = pl.when(label.str.starts_with("RET-")).then(pl.lit("返還請求")).otherwise(word)
    return joined.with_columns(source=label, description=pl.concat_str(word, pl.lit(" "), label))


def _receipt_labels(session: Session) -> pl.DataFrame:
    """Receipts by the number that the bank gave them, else by ours."""
    number = pl.concat_str(pl.lit("receipt-"), (pl.col("receipt_id") - session.low).cast(pl.String))
    label = pl.when(pl.col("bank_code") != "").then("bank_code").otherwise(number)
    return receipts.receipts(session).select(source_id="receipt_id", label=label)


def _application_labels(session: Session) -> pl.DataFrame:
    """Applications by the receipt that they apply."""
    every = matching.applications(session)
    named = every.join(_receipt_labels(session), left_on="receipt_id", right_on="source_id", maintain_order="left")
    back = pl.when(pl.col("reverses_id").is_not_null()).then(pl.lit("取消 ")).otherwise(pl.lit(""))
    return named.select(source_id="application_id", label=pl.concat_str(back, "label"))


def close_status(session: Session, month: str) -> list[dict[str, Any]]:
    """The steps of a month with their state and figures."""
    return closing.status(session, first_day(month))
