"""What people write in cells, read as values on whole columns: dates, amounts, decimals, instants, choices.

Each reader turns a text column into a typed one; a cell it cannot read becomes null, which the sheet reports. Full-width
digits, thousands separators, yen signs and both date separators are accepted.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import polars as pl

INSTANT: Final = pl.Datetime("us", "UTC")
Reader = Callable[[pl.Expr], pl.Expr]
_DATE: Final = r"^(\d{4})[-/](\d{1,2})[-/](\d{1,2})$"
_NUMBER: Final = r"^[-+]?(\d{1,3}(,\d{3})+|\d+)$"
_DECIMAL: Final = r"^([-+]?)(\d+)(?:\.(\d{0,6})0*)?$"
_INSTANT: Final = r"^(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2})(:\d{2})?(\.\d{1,6})?(Z|[-+]\d{2}:?\d{2})?$"


def text(cell: pl.Expr) -> pl.Expr:
    """The cell without white space around it."""
    return cell.str.strip_chars()


def _plain(cell: pl.Expr) -> pl.Expr:
    """The cell with full-width signs and digits as half-width ones."""
    return cell.str.normalize("NFKC").str.strip_chars()


def day(cell: pl.Expr) -> pl.Expr:
    """``2026-04-01`` or ``2026/4/1`` as a date."""
    plain = _plain(cell)
    year, month, dom = (plain.str.extract(_DATE, i).str.zfill(2) for i in (1, 2, 3))
    return pl.concat_str(year, month, dom, separator="-").str.to_date("%Y-%m-%d", strict=False)


def _unsigned(cell: pl.Expr) -> pl.Expr:
    return _plain(cell).str.replace_all("[¥,]", "")


def amount(cell: pl.Expr) -> pl.Expr:
    """``1,234`` or ``¥1,234`` as an integer."""
    plain = _plain(cell).str.strip_prefix("¥")
    return pl.when(plain.str.contains(_NUMBER)).then(plain.str.replace_all(",", "").cast(pl.Int64, strict=False))


def micro(cell: pl.Expr) -> pl.Expr:
    """A decimal with up to six places as millionths."""
    plain = _unsigned(cell)
    sign, whole, part = (plain.str.extract(_DECIMAL, i) for i in (1, 2, 3))
    small = part.fill_null("").str.pad_end(6, "0").cast(pl.Int64, strict=False)
    size = whole.cast(pl.Int64, strict=False) * 1_000_000 + small
    return pl.when(whole.str.len_chars() <= 12).then(pl.when(sign == "-").then(-size).otherwise(size))


def percent(cell: pl.Expr) -> pl.Expr:
    """``10%`` or ``2.5％`` as a percentage in millionths; null without the sign.

    >>> pl.select(percent(pl.Series(["10%", "２．５％", "300"]))).to_series().to_list()
    [10000000, 2500000, None]
    """
    plain = _plain(cell)
    return pl.when(plain.str.ends_with("%")).then(micro(plain.str.strip_suffix("%")))


def instant(cell: pl.Expr) -> pl.Expr:
    """An ISO 8601 date and time as an instant; without an offset it is Japan time, without a time its day's start."""
    plain = _plain(cell).str.replace("T", " ").str.replace_all("/", "-").str.replace("Z$", "+00:00")
    full = pl.when(plain.str.contains(r"^\d{4}-\d{2}-\d{2}$")).then(plain + " 00:00").otherwise(plain)
    seconds = full.str.extract(_INSTANT, 3).fill_null(":00")
    offset = full.str.extract(_INSTANT, 5).fill_null("+09:00").str.replace(":", "")
    fraction = full.str.extract(_INSTANT, 4).fill_null(".0")
    whole = pl.concat_str(
        full.str.extract(_INSTANT, 1), pl.lit(" "), full.str.extract(_INSTANT, 2), seconds, fraction, offset
    )
    return whole.str.to_datetime("%Y-%m-%d %H:%M:%S%.f%z", strict=False, time_unit="us", time_zone="UTC").cast(INSTANT)


def choice(*options: str) -> Reader:
    """A reader that takes one of the options as it is written."""

    def read(cell: pl.Expr) -> pl.Expr:
        plain = _plain(cell)
        return pl.when(plain.is_in(options)).then(plain)

    return read


WHY: Final[dict[Reader, str]] = {
    day: "日付として読めません（2026-04-01 または 2026/04/01）",
    amount: "整数の金額として読めません",
    micro: "数値として読めません（小数は6桁まで）",
    percent: "割合として読めません（3% のように書いてください）",
    instant: "日時として読めません（2026-04-01T09:00:00+09:00）",
}
TYPES: Final[dict[Reader, pl.DataType]] = {
    text: pl.String(),
    day: pl.Date(),
    amount: pl.Int64(),
    micro: pl.Int64(),
    percent: pl.Int64(),
    instant: INSTANT,
}
