"""What people write in cells, read as values on whole columns: dates, amounts, decimals, instants, choices.

Each reader turns a text column into a typed one; a cell it cannot read becomes null, which the sheet reports. Full-width
digits, thousands separators, yen signs and both date separators are accepted.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import polars as pl

INSTANT: Final = pl.Datetime("us", "UTC")
Reader = Callable[[pl.Expr], pl.Expr]
MOST: Final = 10**12
"""Decimals have fewer than 13 digits before the point."""
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


def _utc_instant(cell: pl.Expr) -> pl.Expr:
    """``2026-04-01T00:00:00Z`` as an instant; null where it is written otherwise."""
    return cell.str.to_datetime("%Y-%m-%dT%H:%M:%S%.fZ", strict=False, time_unit="us").dt.replace_time_zone("UTC")


def _japan_instant(mark: str) -> Reader:
    """A reader of ``2026-04-01T09:00:00`` in Japan time, with that ``mark`` between day and time and an offset or none."""

    def read(cell: pl.Expr) -> pl.Expr:
        plain = cell.str.strip_suffix("+09:00")
        local = plain.str.to_datetime(f"%Y-%m-%d{mark}%H:%M:%S%.f", strict=False, time_unit="us")
        return local.dt.offset_by("-9h").dt.replace_time_zone("UTC")

    return read


def _whole_micro(cell: pl.Expr) -> pl.Expr:
    """Plain digits as millionths; null where it is written otherwise."""
    return _micro_of_integer(cell.cast(pl.Int64, strict=False))


def _micro_of_integer(cell: pl.Expr) -> pl.Expr:
    return pl.when(cell.is_between(1 - MOST, MOST - 1)).then(cell.cast(pl.Int64, strict=False) * 1_000_000)


def _micro_of_float(cell: pl.Expr) -> pl.Expr:
    """A binary number as the decimal of up to six places that it stands for; null where it is none."""
    value = cell.cast(pl.Float64)
    exact = value * 1_000_000
    near = exact.round()
    return pl.when((value.abs() < MOST) & ((exact - near).abs() < 0.001)).then(near).cast(pl.Int64, strict=False)


def _same(cell: pl.Expr) -> pl.Expr:
    return cell


def typed(read: Reader, dtype: Any) -> Reader | None:
    """What reads cells that already have that type as ``read`` reads texts; None where they are to be read as texts.

    An instant without a time zone is Japan time, as in texts.

    >>> pl.Series([1.25, 0.1, 1e-7]).to_frame("q").select(typed(micro, pl.Float64())(pl.col("q"))).to_series().to_list()
    [1250000, 100000, None]
    """
    if read is instant and isinstance(dtype, pl.Datetime) and dtype.time_zone:
        return lambda cell: cell.cast(INSTANT)
    if read is instant and isinstance(dtype, pl.Date | pl.Datetime):
        return lambda cell: cell.cast(pl.Datetime("us")).dt.offset_by("-9h").dt.replace_time_zone("UTC")
    if read is micro and dtype.is_integer():
        return _micro_of_integer
    if read is micro and dtype.is_float():
        return _micro_of_float
    same = (read is day and dtype == pl.Date()) or (read is amount and dtype == pl.Int64())
    return _same if same else None


QUICK: Final[dict[Reader, tuple[Reader, ...]]] = {
    instant: (_utc_instant, _japan_instant("T"), _japan_instant(" ")),
    micro: (_whole_micro,),
}
"""By reader, quicker ones for cells as programs write them: what one of them reads is the same, the rest it leaves null."""
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
