"""The pen of receipts: bank records taken once, and what of them was applied."""

from __future__ import annotations

from typing import Final

import polars as pl

from urikake.base import company, facts, periods
from urikake.base.access import action
from urikake.base.bulk import Session
from urikake.base.errors import Refusal
from urikake.core import cells, payer
from urikake.rooms.intake.actions import record_file
from urikake.rooms.intake.queries import Column, Kind, Sheet

from . import queries
from .models import Receipt

RECEIPTS: Final = Kind(
    "receipts",
    (
        Column("date", "入金日", cells.day, required=True),
        Column("amount", "金額", cells.amount, required=True),
        Column("payer", "振込名義", required=True),
        Column("reference", "摘要"),
        Column("virtual_account", "仮想口座"),
        Column("id", "取引番号"),
    ),
)
SOURCE: Final = ["bank_account_id", "received_on", "bank_code", "amount", "payer", "reference"]


@action("receipts.import")
def import_receipts(session: Session, *, sheet: Sheet, account: str) -> pl.DataFrame:
    """Take the bank records of the sheet that are not there yet and return them as receipts.

    A record with an ``id`` is known by it; without one, equal records of a day are counted and only the excess is new.
    """
    bank_id, _ = company.bank_account(session, account)
    sheet.check(pl.col("amount") <= 0, "amount", "入金額は正の整数で書いてください")
    sheet.check(pl.col("id").is_duplicated() & pl.col("id").is_not_null(), "id", "同じ取引番号の行が二つあります")
    good = sheet.sift()
    closed = [day for day in good["date"].unique() if not periods.is_open(session, day)]
    rows = good.with_columns(
        pl.col("payer", "reference", "virtual_account").fill_null(""),
        bank_account_id=pl.lit(bank_id, dtype=pl.Int64),
        received_on="date",
        bank_code=pl.col("id").fill_null(""),
    )
    rows = rows.with_columns(repeat=pl.int_range(pl.len()).over(SOURCE), folded=payer.folded(rows["payer"]))
    there = _known(session, rows)
    _check_ids(sheet, rows, there)
    fresh = rows.join(there, on=[*SOURCE, "repeat"], how="anti", maintain_order="left")
    sheet.frame = fresh
    sheet.check(pl.col("date").is_in(closed), "date", "締め済みの月です")
    sheet.accept()
    made = facts.record(session, Receipt, fresh)
    if made.height:
        session.driver.write("receipts_unapplied", made.select(receipt_id="id", unapplied="amount"))
        record_file(session, sheet=sheet)
    return made.rename({"id": "receipt_id"})


def _known(session: Session, rows: pl.DataFrame) -> pl.DataFrame:
    """The receipts already there on the days of the rows."""
    if rows.is_empty():
        return queries.receipts(session, "1 = 0")
    return queries.receipts(session, "received_on BETWEEN ? AND ?", (rows["date"].min(), rows["date"].max()))


def _check_ids(sheet: Sheet, rows: pl.DataFrame, there: pl.DataFrame) -> None:
    """Note bank ids that are there with other content."""
    own = rows.filter(pl.col("bank_code") != "")
    again = own.join(there, on=["bank_account_id", "bank_code"], how="semi")
    other = again.join(there, on=SOURCE, how="anti")["bank_code"]
    sheet.check(pl.col("id").is_in(other.implode()), "id", "この取引番号は別の内容で登録済みです")


@action("matching.apply")
def use(session: Session, *, uses: pl.DataFrame, known: pl.DataFrame) -> None:
    """Take ``used`` of each receipt (``receipt_id``) out of suspense, or put it back where negative.

    ``known`` has the receipts as they stand in this transaction: ``receipt_id``, ``amount``, ``unapplied`` (null or 0
    once wholly applied). Refused beyond what is unapplied.
    """
    sums = uses.group_by("receipt_id").agg(pl.col("used").sum()).sort("receipt_id")
    after = sums.join(
        known.select("receipt_id", "amount", was="unapplied"), on="receipt_id", how="left", maintain_order="left"
    )
    after = after.with_columns(unapplied=pl.col("was").fill_null(0) - pl.col("used"))
    beyond = (pl.col("unapplied") < 0) | (pl.col("unapplied") > pl.col("amount"))
    if after["amount"].null_count() or after.filter(beyond).height:
        raise Refusal(
            "over-used", "入金の未消込額を超えて使おうとしています。", "入金の残りを確かめて、やり直してください。"
        )
    session.defer(lambda: _restate(session, after))


def _restate(session: Session, after: pl.DataFrame) -> None:
    """Bring the projection of unapplied receipts to what it is after the uses."""
    session.remove("receipts_unapplied", "receipt_id", after.filter(pl.col("was").is_not_null())["receipt_id"])
    left = after.filter(pl.col("unapplied") != 0).select("receipt_id", "unapplied").sort("receipt_id")
    if left.height:
        session.driver.write("receipts_unapplied", left)
