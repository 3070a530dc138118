"""What files of banks tell of an account (銀行データ): its statements, and what moved on each, whatever their format.

Every reader of a bank's files gives a `BankFile`: first all that was read, as columns; then the one check that holds for
every format, opening balance + what came in − what went out = closing balance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import polars as pl

from .zengin import Fault, Refused

IN: Final = "in"
OUT: Final = "out"
CANCEL: Final = "cancel"
CORRECTION: Final = "correction"
MOVES: Final = {IN: "入金", OUT: "出金", CANCEL: "取消", CORRECTION: "訂正"}
"""What a movement is: money in, money out, the cancelling of an earlier credit, or what a person has to look at."""
STATEMENT: Final[dict[str, Any]] = {
    "statement": pl.Int64, "record": pl.Int64, "bank": pl.String, "branch": pl.String, "deposit": pl.String,
    "number": pl.String, "holder": pl.String, "since_on": pl.Date, "until_on": pl.Date, "balance_before": pl.Int64,
    "balance_after": pl.Int64,
}  # fmt: skip
"""The columns of statements: their number in the file from 0, the record that begins them, the account, days, balances.

What a format does not tell is empty, or null where it is a day or an amount.
"""
MOVEMENT: Final[dict[str, Any]] = {
    "statement": pl.Int64, "record": pl.Int64, "move": pl.String, "booked_on": pl.Date, "value_on": pl.Date,
    "amount": pl.Int64, "payer": pl.String, "reference": pl.String, "payer_code": pl.String, "payer_bank": pl.String,
    "payer_branch": pl.String, "note": pl.String, "inquiry": pl.String, "bank_code": pl.String, "raw": pl.String,
}  # fmt: skip
"""The columns of movements.

What each is (`MOVES`), when it was booked and from when it counts, its yen (signed where it is a correction, else not
negative), who paid, under which text (EDI情報) and number, from which bank and branch, what the bank notes, its number in
the file, the bank's own lasting number where it has one, and the record as it came.
"""

LONGEST: Final = {"payer": 200, "payer_bank": 200, "payer_branch": 200, "reference": 200, "note": 200, "inquiry": 60}
"""How much of a text is kept, in characters; the record as it came has all of it."""


@dataclass(frozen=True, slots=True)
class BankFile:
    """A bank's file as columns: its ``statements`` and its ``movements``, in the order of the file."""

    statements: pl.DataFrame
    movements: pl.DataFrame

    def of(self, kept: pl.Series) -> BankFile:
        """Only the statements of those numbers."""
        return BankFile(
            self.statements.filter(pl.col("statement").is_in(kept.implode())),
            self.movements.filter(pl.col("statement").is_in(kept.implode())),
        )


def made(statements: pl.DataFrame, movements: pl.DataFrame) -> BankFile:
    """The file of these rows: columns that are missing are empty, or null where they are days or amounts."""
    cut = [pl.col(name).str.slice(0, most) for name, most in LONGEST.items()]
    return BankFile(_full(statements, STATEMENT), _full(movements, MOVEMENT).with_columns(cut))


def _full(frame: pl.DataFrame, columns: dict[str, Any]) -> pl.DataFrame:
    typed = frame.select(pl.col(name).cast(dtype) for name, dtype in columns.items() if name in frame.columns)
    absent = [pl.lit(None, dtype=dtype).alias(name) for name, dtype in columns.items() if name not in frame.columns]
    return typed.with_columns(absent).select(list(columns)).with_columns(pl.col(pl.String).fill_null(""))


def accepted(found: BankFile, faults: Sequence[Fault]) -> BankFile:
    """The file, where nothing is wrong with it and its balances hold; raises `Refused` otherwise."""
    if faults:
        raise Refused(faults)
    if wrong := unbalanced(found):
        raise Refused(wrong)
    return found


def unbalanced(found: BankFile) -> list[Fault]:
    """The statements whose opening balance and movements do not come to their closing balance, where both are told."""
    moved = totals(found).with_columns(
        reached=pl.col("balance_before") + pl.col("amount_in") - pl.col("amount_cancelled") - pl.col("amount_out")
        + pl.col("corrected")
    )  # fmt: skip
    wrong = moved.filter(pl.col("reached") != pl.col("balance_after"))
    return [
        Fault(at, 1, "取引後残高", f"{closing:,}", f"取引前残高 {opening:,} に明細を足し引きすると {reached:,} です")
        for at, opening, closing, reached in wrong.select(
            "record", "balance_before", "balance_after", "reached"
        ).iter_rows()
    ]


def totals(found: BankFile) -> pl.DataFrame:
    """The statements with counts and sums of what they hold: ``count_in, amount_in``, and so for ``out, cancelled, corrected``.

    A correction counts as it moves the balance: its sum, ``corrected``, is signed.
    """
    move, amount = pl.col("move"), pl.col("amount")
    sums = found.movements.group_by("statement").agg(
        *[
            part
            for name, code in (("in", IN), ("out", OUT), ("cancelled", CANCEL))
            for part in (
                (move == code).sum().cast(pl.Int64).alias(f"count_{name}"),
                amount.filter(move == code).sum().alias(f"amount_{name}"),
            )
        ],
        (move == CORRECTION).sum().cast(pl.Int64).alias("count_corrected"),
        amount.filter(move == CORRECTION).sum().alias("corrected"),
    )
    both = found.statements.join(sums, on="statement", how="left", maintain_order="left")
    return both.with_columns(
        pl.selectors.starts_with("count_", "amount_").fill_null(0), pl.col("corrected").fill_null(0)
    )


def span(found: pl.DataFrame) -> tuple[date | None, date | None]:
    """The first and the last day on which any of the movements was booked."""
    return found["booked_on"].min(), found["booked_on"].max()  # type: ignore[return-value]
