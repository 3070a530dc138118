"""What the metered lines of the demo company used: a row a week and line, the same for the same contracts."""

from __future__ import annotations

from datetime import date
from typing import Final

import polars as pl

from .calendar import LAST, month_end
from .deals import METERED, Deal

DAYS: Final = (7, 14, 21, 28)
USUAL: Final = {"TRAFFIC": 260.0, "BACKUP": 38.0, "SNAPSHOT": 420.0, "ALERT": 6.0, "LOG": 9.0, "SMS": 240.0}
WHOLE: Final = ("ALERT", "SMS")  # counted in pieces
SILENT: Final = 23  # of so many lines one has not reported in the last month
LATE: Final = 41  # of so many rows one comes a month late


def usage(deals: list[Deal]) -> pl.DataFrame:
    """The rows of all usage files with ``month``, the first day of the month in whose file they come."""
    spans = _spans(deals)
    days = pl.DataFrame({"day": pl.date_range(date(2025, 10, 1), LAST, "1d", eager=True)})
    days = days.filter(pl.col("day").dt.day().is_in(DAYS))
    rows = spans.join(days, how="cross").filter(
        (pl.col("first") <= pl.col("day")) & (pl.col("stop").is_null() | (pl.col("day") < pl.col("stop")))
    )
    seed = pl.col("line") * 7919 + pl.col("day").dt.epoch("d") * 1_299_709
    amount = pl.col("product").replace_strict(USUAL) * (pl.col("line") * 31 % 17 + 2) / 8 * (seed % 61 + 60) / 90
    rows = rows.with_columns(
        event_id=pl.format("U{}-{}", pl.col("line").cast(pl.String).str.zfill(4), pl.col("day").dt.strftime("%y%m%d")),
        timestamp=pl.format("{}T{}:10:00+09:00", "day", (seed % 14 + 10).cast(pl.String)),
        quantity=pl.when(pl.col("product").is_in(WHOLE)).then(amount.floor()).otherwise((amount * 4).floor() / 4),
        month=pl.col("day")
        .dt.truncate("1mo")
        .dt.offset_by(pl.when(seed % LATE == 0).then(pl.lit("1mo")).otherwise(pl.lit("0mo"))),
    )
    silent = (pl.col("day") > month_end(date(2026, 10, 1))) & (pl.col("line") % SILENT == 0)
    names = ["event_id", "contract_no", "product", "timestamp", "quantity", "month"]
    return rows.filter(~silent & (pl.col("quantity") > 0)).sort("month", "day", "line").select(names)


def _spans(deals: list[Deal]) -> pl.DataFrame:
    """The metered lines with the days on which they are served and known."""
    rows = [
        (deal.number, row["product"], max(row["start"], deal.signed), deal.ends.get(row["product"]))
        for deal in deals
        for row in deal.rows
        if row["product"] in METERED
    ]
    schema = {"contract_no": pl.String, "product": pl.String, "first": pl.Date, "stop": pl.Date}
    return pl.DataFrame(rows, schema=schema, orient="row").with_row_index("line", offset=1).cast({"line": pl.Int64})
