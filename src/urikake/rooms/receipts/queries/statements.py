"""What banks told of accounts: the files that were taken, how each ties to the one before it, and records as they came."""

from __future__ import annotations

from typing import Any, Final

import polars as pl

from urikake.base.bulk import Session
from urikake.core.calendar import business_days

SUMS: Final = (
    "count_in amount_in count_out amount_out count_cancelled amount_cancelled count_corrected corrected".split()
)
SOURCE: Final = ["bank_account_id", "format", "since_on", "until_on", "balance_before", "balance_after", *SUMS]
"""What tells the same statement, brought again in another file."""
SAME: Final = ["bank_account_id", "move", "booked_on", "amount", "payer"]
"""What tells the same record for a person to look at; equal ones of one day are counted."""


def known_statements(session: Session) -> pl.DataFrame:
    """The statements that were taken, by id, with ``statement_id``."""
    names = f"id, run_id, {', '.join(SOURCE)}"
    return session.rows("receipts_statement", names).rename({"id": "statement_id"})


def known_records(session: Session) -> pl.DataFrame:
    """The records that became no receipt: ``statement_id`` and what tells them apart."""
    found = session.rows(
        "receipts_record",
        "id, statement_id, move, booked_on, amount, payer, note, content, repeat",
        "receipt_id IS NULL",
    )
    accounts = known_statements(session).select("statement_id", "bank_account_id")
    return found.join(accounts, on="statement_id", how="left", maintain_order="left")


def record_of(session: Session, receipt_id: int) -> dict[str, Any] | None:
    """The record of a bank's file that became the receipt, as it came; None where it came otherwise."""
    names = "id, statement_id, line, value_on, payer_bank, payer_branch, note, inquiry, content"
    found = session.rows("receipts_record", names, "receipt_id = ?", (receipt_id,))
    return found.row(0, named=True) if found.height else None


def files(session: Session) -> pl.DataFrame:
    """The statements by account and day, each with how it ties to the one before it.

    ``missing_from, missing_to`` are the days between them of which nothing was told (null: none, or no day on which banks
    are open); ``difference`` is the opening balance less the closing balance before it (null where not told, or where the
    days overlap). A difference of zero means that nothing is missing, whatever the days.
    """
    found = known_statements(session).sort("bank_account_id", "since_on", "until_on", "statement_id")
    before = found.with_columns(
        last_on=pl.col("until_on").shift().over("bank_account_id"),
        left=pl.col("balance_after").shift().over("bank_account_id"),
    ).with_columns(last_on=pl.col("last_on").cum_max().over("bank_account_id"))
    apart = before.with_columns(
        after=pl.col("last_on").dt.offset_by("1d"),
        difference=pl.when(pl.col("since_on") > pl.col("last_on")).then(pl.col("balance_before") - pl.col("left")),
    ).drop("last_on", "left")
    days = pl.DataFrame(
        {"day": apart["after"], "shift": ["after"] * apart.height}, schema={"day": pl.Date, "shift": pl.String}
    )
    first = business_days(days["day"], days["shift"])
    gap = (first < apart["since_on"]) & (apart["difference"].fill_null(1) != 0)
    return apart.with_columns(
        missing_from=pl.when(gap).then("after"),
        missing_to=pl.when(gap).then(pl.col("since_on").dt.offset_by("-1d")),
    ).drop("after")


def gaps(session: Session) -> pl.DataFrame:
    """The statements before which something is missing: days, or money between two balances."""
    return files(session).filter(pl.col("missing_from").is_not_null() | (pl.col("difference") != 0))
