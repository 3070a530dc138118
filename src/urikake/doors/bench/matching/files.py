"""The files of a benchmark: partners, receivables, receipts as the product takes them, and the truth of each receipt."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from random import Random
from typing import Final

import polars as pl

from urikake.base.errors import Refusal, cause_of

from .documents import Document, documents
from .levels import LEVELS, counts
from .partners import IDLE, Partner, make
from .paying import Paying, Receipt

TRUTH: Final = {
    "receipt": pl.String,
    "kind": pl.String,
    "spelling": pl.String,
    "document": pl.String,
    "amount": pl.Int64,
    "difference_kind": pl.String,
    "leave": pl.Boolean,
    "named": pl.Boolean,
}
"""The columns of ``truth.csv``, a row for each document that a receipt settles; the first, the document and the amount are needed."""
SETTINGS: Final = """[company]
name = "計測株式会社"
[policy]
opening_month = "{month:%Y-%m}"
rounding_tolerance = 3
[[bank_account]]
code = "main"
account = "普通預金"
"""
COMPANY: Final = "company.toml"
FRAMES: Final = ("partners", "receivables", "receipts", "truth")


@dataclass(frozen=True, slots=True)
class Files:
    """The files as frames; ``receivables`` are in the form of opening balances (移行残高). ``settings`` are those of the company."""

    partners: pl.DataFrame
    receivables: pl.DataFrame
    receipts: pl.DataFrame
    truth: pl.DataFrame
    settings: str = ""

    def write(self, folder: Path) -> None:
        """Write them into the folder, with the settings of the company that they are to be tried on."""
        folder.mkdir(parents=True, exist_ok=True)
        for name in FRAMES:
            getattr(self, name).write_csv(folder / f"{name}.csv")
        first = min(self.receivables["invoice_date"].to_list() + self.receipts["date"].to_list())
        settings = self.settings or SETTINGS.format(month=date.fromisoformat(first))
        (folder / COMPANY).write_text(settings, encoding="utf-8")


def invented(level: str, seed: int, receipts: int, months: int, *, idle: float = IDLE, behind: int = 1) -> Files:
    """The files of so many months with about so many receipts each; the same for the same arguments (see `make`)."""
    rng = Random(f"{level} {seed}")
    wanted = counts(LEVELS[level].kinds, receipts)
    making = make(rng, LEVELS[level], wanted, months=months, idle=idle, behind=behind)
    owed = documents(rng, making.partners, months)
    paying = Paying(rng, making.payers, owed, wanted, making.taken)
    paid = [receipt for month in range(months) for receipt in paying.month(month)]
    every = sorted((doc for docs in owed.values() for doc in docs), key=lambda doc: doc.number)
    return Files(partners_of(making.partners), receivables_of(every), receipts_of(paid), truth_of(paid))


def partners_of(partners: list[Partner]) -> pl.DataFrame:
    """The list of partners."""
    return pl.DataFrame(
        [
            {
                "code": each.code,
                "name": each.name.written,
                "kana": each.kana,
                "parent": each.parent,
                "closing_day": str(each.closing),
                "payment_months": each.site,
                "payment_day": each.pay_day,
                "holiday_shift": "before",
                "payer_names": ";".join(each.payer_names),
                "virtual_account": each.virtual_account,
            }
            for each in partners
        ]
    )


def receivables_of(owed: list[Document]) -> pl.DataFrame:
    """What was billed, a document a row."""
    return pl.DataFrame(
        [
            {
                "partner": each.partner,
                "invoice_no": each.number,
                "invoice_date": each.dated.isoformat(),
                "due": each.due.isoformat(),
                "balance": each.amount,
            }
            for each in owed
        ]
    )


def receipts_of(paid: list[Receipt]) -> pl.DataFrame:
    """What came, as the bank tells it."""
    return pl.DataFrame(
        [
            {
                "date": each.on.isoformat(),
                "amount": each.amount,
                "payer": each.payer,
                "reference": each.reference,
                "virtual_account": each.virtual_account,
                "id": each.id,
            }
            for each in paid
        ]
    )


def truth_of(paid: list[Receipt]) -> pl.DataFrame:
    """What each receipt settles, a document a row; one row without a document where that is nothing."""
    rows = [
        (each.id, each.kind, each.spelling, document, amount, each.difference_kind, each.leave, each.named)
        for each in paid
        for document, amount in each.settles or [("", 0)]
    ]
    return pl.DataFrame(rows, schema=TRUTH, orient="row")


def read(folder: Path) -> Files:
    """The files of the folder; the columns of the truth that are missing are as if nothing were said."""
    found = {name: _read(folder / f"{name}.csv") for name in FRAMES}
    truth, receipts = found["truth"], found["receipts"]
    _need(folder / "truth.csv", truth, "receipt", "document", "amount")
    _need(folder / "receipts.csv", receipts, "id", "date", "amount", "payer")
    _need(folder / "receivables.csv", found["receivables"], "partner", "invoice_no", "invoice_date", "balance")
    missing = [pl.lit("").alias(name) for name in TRUTH if name not in truth.columns]
    told = truth.with_columns(missing).with_columns(pl.col(pl.String).fill_null("")).select(list(TRUTH))
    flags = {"leave", "named"}
    typed = told.with_columns(
        pl.col("amount").replace("", "0").cast(pl.Int64),
        *[pl.col(name).str.to_lowercase().is_in(["true", "yes", "1"]) for name in flags],
    )
    missing = [pl.lit("").alias(name) for name in ("reference", "virtual_account") if name not in receipts.columns]
    found["receipts"] = receipts.with_columns(pl.col("amount").cast(pl.Int64), *missing)
    found["receivables"] = found["receivables"].with_columns(pl.col("balance").cast(pl.Int64))
    own = folder / COMPANY
    return Files(**found | {"truth": typed}, settings=own.read_text(encoding="utf-8") if own.exists() else "")


def _read(file: Path) -> pl.DataFrame:
    try:
        return pl.read_csv(file, infer_schema=False)
    except OSError as error:
        raise Refusal(
            "no-file", f"{file} を開けません（{cause_of(error)}）。", "ファイルの場所を確かめてください。"
        ) from None
    except pl.exceptions.PolarsError:
        raise Refusal("bench-file", f"{file} を読めません。", "見出しのある UTF-8 の CSV にしてください。") from None


def _need(file: Path, frame: pl.DataFrame, *names: str) -> None:
    missing = [name for name in names if name not in frame.columns]
    if missing:
        raise Refusal("bench-file", f"{file} に列 {'、'.join(missing)} がありません。", "列を足してください。")


def steps(files: Files) -> Iterator[tuple[str, pl.DataFrame, pl.DataFrame]]:
    """The receipts by thirds of a month, as somebody takes them who matches three times: month, documents until then, receipts.

    The documents are those dated before the last day of the third: what is made out on that day is sent after it.
    """
    on = pl.col("date").str.to_date("%Y-%m-%d")
    first = on.dt.truncate("1mo")
    last = (
        pl.when(on.dt.day() <= 10)
        .then(first + pl.duration(days=9))
        .when(on.dt.day() <= 20)
        .then(first + pl.duration(days=19))
        .otherwise(on.dt.month_end())
    )
    told = files.receipts.with_columns(last=last)
    dated = files.receivables.with_columns(on=pl.col("invoice_date").str.to_date("%Y-%m-%d"))
    for (end,), rows in told.sort("last", maintain_order=True).group_by("last", maintain_order=True):
        there = dated.filter(pl.col("on") < end).drop("on")
        yield f"{end:%Y-%m}", there, rows.drop("last")
