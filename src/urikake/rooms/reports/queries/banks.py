"""Reports of what banks told: the files that were taken, and what of them a person has to look at."""

from __future__ import annotations

from typing import Any, Final

import polars as pl

from urikake.base.bulk import Session
from urikake.rooms.receipts import queries

from .rows import rows

CALLED: Final = {
    "since_on": "booked_from",
    "until_on": "booked_to",
    "count_in": "received",
    "count_out": "paid",
    "count_cancelled": "cancelled",
    "corrected": "sum_corrected",
    "count_corrected": "corrected",
    "difference": "balance_difference",
}
COLUMNS: Final = (
    "bank_account booked_from booked_to format balance_before received amount_in paid amount_out cancelled corrected"
    " balance_after missing_from missing_to balance_difference file"
)


def bank_files(session: Session) -> list[dict[str, Any]]:
    """The statements of banks' files by account and day: ``bank_account, format, booked_from, booked_to, balance_before, …``.

    ``received, amount_in, paid, amount_out, cancelled, corrected`` are what the statement tells, whatever of it was new;
    ``missing_from, missing_to`` the days that nothing was told of before it; ``balance_difference`` its opening balance less
    the closing balance before it.
    """
    taken = session.rows("intake_file", "id, run_id, file_name", "kind = ?", ("receipts",)).unique(
        "run_id", keep="first"
    )
    found = queries.files(session).join(_accounts(session), on="bank_account_id", how="left", maintain_order="left")
    named = found.join(taken.select("run_id", file="file_name"), on="run_id", how="left", maintain_order="left")
    called = named.rename(CALLED)
    return rows(called.select(COLUMNS.split()))


def bank_corrections(session: Session) -> list[dict[str, Any]]:
    """Records that became no receipt, for a person to look at: ``bank_account, date, amount, payer, note, record``.

    The amount has the sign by which it moved the balance; ``record`` is the record as it came.
    """
    found = queries.known_records(session).join(
        _accounts(session), on="bank_account_id", how="left", maintain_order="left"
    )
    return rows(
        found.select(
            "bank_account", "amount", "payer", "note", date="booked_on", record=pl.col("content").str.strip_chars_end()
        ).select("bank_account", "date", "amount", "payer", "note", "record")
    )


def _accounts(session: Session) -> pl.DataFrame:
    return session.table("base_bank_account", "id, code").select(bank_account_id="id", bank_account="code")
