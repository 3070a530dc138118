"""銀行のファイル: what the files tell of each account and how each ties to the one before; and corrections to be looked at."""

from __future__ import annotations

from typing import Any, Final

import polars as pl
from django.http import HttpResponse

from urikake.rooms.receipts.queries import formats
from urikake.rooms.reports.queries import banks

from ..book import Shown, page
from ..desk import Desk
from ..table import Choice, Column, Empty, table

FIRST: Final = "はじめ"
TIED: Final = "つながる"
GAP: Final = "抜け"
OFF: Final = "残高の差"
UNSURE: Final = "残高なし"
TONES: Final = {FIRST: "off", TIED: "good", GAP: "bad", OFF: "bad", UNSURE: "wait"}
DAYS: Final = ("booked_from", "booked_to", "missing_from", "missing_to")


@page("bank-files", "receipts/files", permission="receipts.read", title="銀行のファイル")
def files(desk: Desk) -> Shown:
    """The files of every account up to the day, oldest first, each with how it ties to the one before it, and the gaps."""
    found = _files(desk)
    columns = [
        Column("bank_account", "口座"),
        Column("booked_from", "勘定日から", "date"),
        Column("booked_to", "勘定日まで", "date"),
        Column("tie", "前のファイルと", "state", tone=TONES),
        Column("balance_before", "取引前残高(円)", "yen"),
        Column("received", "入金(件)", "number", summed=True),
        Column("amount_in", "入金(円)", "yen", summed=True),
        Column("paid", "出金(件)", "number", summed=True, hidden=True),
        Column("amount_out", "出金(円)", "yen", summed=True),
        Column("cancelled", "取消(件)", "number", summed=True),
        Column("corrected", "訂正(件)", "number", summed=True, url=lambda row: _looked(desk, row)),
        Column("balance_after", "取引後残高(円)", "yen"),
        Column("missing_from", "抜けから", "date", hidden=True),
        Column("missing_to", "抜けまで", "date", hidden=True),
        Column("balance_difference", "残高の差(円)", "yen", hidden=True),
        Column("format_title", "形式", hidden=True),
        Column("file", "ファイル"),
    ]
    listing = table(
        desk, found, columns, key="key", name="bank-files",
        filters=[Choice("bank_account", "口座"), Choice("tie", "前のファイルと")], find=["bank_account", "file", "format_title"],
        empty=Empty("取り込んだ銀行のファイルはまだありません。", "入金データを取り込む", desk.link("imports", kind="receipts")),
    )  # fmt: skip
    if isinstance(listing, HttpResponse):
        return listing
    return {
        "table": listing,
        "gaps": found.filter(pl.col("tie").is_in([GAP, OFF])).to_dicts(),
        "accounts": _chains(found),
        "corrected": int(found["corrected"].sum()),
    }


def _looked(desk: Desk, row: dict[str, Any]) -> str | None:
    """Where the corrections of a file are looked at."""
    return desk.link("receipts/corrections") if row["corrected"] else None


def _files(desk: Desk) -> pl.DataFrame:
    """The statements that began by the day, with ``tie``, the balance ``left`` by the one before, and the format's title."""
    every = pl.DataFrame(banks.bank_files(desk.session), schema=_FILES, strict=False).with_row_index("key")
    titles = {name: each.title for name, each in formats(desk.session).items()}
    found = every.with_columns(
        *[pl.col(day).str.to_date(strict=False) for day in DAYS],
        format_title=pl.col("format").replace(titles),
        left=pl.col("balance_before") - pl.col("balance_difference"),
        first=pl.col("bank_account").is_first_distinct(),
    ).filter(pl.col("booked_from").is_null() | (pl.col("booked_from") <= desk.on))
    off = pl.col("balance_difference").fill_null(0) != 0
    unsure = pl.col("balance_difference").is_null() & pl.col("balance_before").is_null()
    tie = pl.when("first").then(pl.lit(FIRST)).when(pl.col("missing_from").is_not_null()).then(pl.lit(GAP))
    tie = tie.when(off).then(pl.lit(OFF)).when(unsure).then(pl.lit(UNSURE))
    return found.with_columns(tie=tie.otherwise(pl.lit(TIED)))


def _chains(found: pl.DataFrame) -> list[dict[str, Any]]:
    """By account, from the first balance that is told to the last: what moved, and what nobody told of."""
    told = found.filter(pl.col("balance_before").is_not_null() & pl.col("balance_after").is_not_null())
    sums = told.group_by("bank_account", maintain_order=True).agg(
        pl.col("balance_before").first(), pl.col("balance_after").last(), pl.col("booked_from").first(),
        pl.col("booked_to").last(), pl.col("balance_difference").fill_null(0).sum().alias("off"),
    )  # fmt: skip
    return sums.with_columns(
        moved=pl.col("balance_after") - pl.col("balance_before") - pl.col("off"), whole=pl.col("off") == 0
    ).to_dicts()


_FILES: Final[dict[str, Any]] = {
    name: pl.String if name in ("bank_account", "format", "file", *DAYS) else pl.Int64 for name in banks.COLUMNS.split()
}


@page("bank-corrections", "receipts/corrections", permission="receipts.read", title="訂正の確認")
def corrections(desk: Desk) -> Shown:
    """What banks corrected up to the day and nobody made a receipt of: each to be looked at by a person."""
    every = pl.DataFrame(banks.bank_corrections(desk.session), schema=_CORRECTIONS, strict=False).with_row_index("key")
    found = every.with_columns(pl.col("date").str.to_date(strict=False)).filter(pl.col("date") <= desk.on)
    columns = [
        Column("date", "勘定日", "date"),
        Column("bank_account", "口座"),
        Column("amount", "金額(円)", "yen", summed=True),
        Column("payer", "名義"),
        Column("note", "摘要"),
        Column("record", "元のレコード"),
    ]
    listing = table(
        desk, found, columns, key="key", name="bank-corrections", filters=[Choice("bank_account", "口座")],
        find=["payer", "note", "record", "amount"], sort="-date",
        empty=Empty("確かめる訂正はありません。", "銀行のファイルへ", desk.link("receipts/files")),
    )  # fmt: skip
    return listing if isinstance(listing, HttpResponse) else {"table": listing, "count": found.height}


_CORRECTIONS: Final[dict[str, Any]] = {
    name: pl.Int64 if name == "amount" else pl.String
    for name in ("bank_account", "date", "amount", "payer", "note", "record")
}
