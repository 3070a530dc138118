"""Collection terms on columns: closing days, bill dates, and due dates with their amounts (締日・回収条件).

Closing days travel as a bit mask: bit *d* for the *d*-th (1–28), bit 31 for the end of the month, bits 33 to 39 for every
Monday to Sunday; 0 closes every day (都度).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Final, NamedTuple

import polars as pl

from urikake.core.calendar import add_months, business_days
from urikake.core.money import largest_remainder, wide

METHODS: Final = (
    "transfer", "cash", "cheque", "date_fixed", "note", "densai", "factoring", "direct_debit", "card", "cod", "offset",
)  # fmt: skip
END_OF_MONTH: Final = 31
_END_BIT: Final = 1 << END_OF_MONTH
_DAY_BITS: Final = (1 << 29) - 2
_END_NAMES: Final = ("末", "末日", "月末")
WEEKDAYS: Final = "月火水木金土日"
_MONDAY: Final = 33
_WEEK_BITS: Final = (1 << 7) - 1
_WHOLE: Final = 1_000_000
"""100 %: the shares of a split are kept in parts per million of the amount."""


def closing_mask(text: str) -> int:
    """The closing days (締日) written ``10;20;31`` or ``金曜`` as a bit mask; empty text gives 0, which closes every day.

    The end of the month is 31, 末 or 末日; a weekday closes every week. Raises ``ValueError`` for 0, 29, 30 and what is
    not a day: a day that some months lack would leave them without a closing.

    >>> closing_mask("10;20") == 2**10 + 2**20, closing_mask("末日") == 2**31, closing_mask("")
    (True, True, 0)
    >>> closing_mask("金曜") == closing_mask("毎週金曜日") == 2**37
    True
    """
    mask = 0
    for part in filter(None, (part.strip() for part in unicodedata.normalize("NFKC", text).split(";"))):
        day = part.removesuffix("日")
        if part in _END_NAMES or day == str(END_OF_MONTH):
            mask |= _END_BIT
        elif re.fullmatch(r"[0-9]{1,2}", day) and 1 <= int(day) <= 28:
            mask |= 1 << int(day)
        elif weekly := re.fullmatch(rf"(毎週)?([{WEEKDAYS}])曜", day):
            mask |= 1 << (_MONDAY + WEEKDAYS.index(weekly[2]))
        else:
            raise ValueError(f"締日は1〜28、月末の31、または「金曜」のような曜日で指定してください: {part}")
    return mask


def closing_text(mask: int) -> str:
    """The closing days of a mask as `closing_mask` reads them.

    >>> closing_text(closing_mask("20;末日")), closing_text(closing_mask("毎週金曜日")), closing_text(0)
    ('20;31', '金曜', '')
    """
    days = [str(day) for day in range(1, END_OF_MONTH + 1) if mask >> day & 1]
    return ";".join([*days, *(f"{name}曜" for at, name in enumerate(WEEKDAYS) if mask >> (_MONDAY + at) & 1)])


def is_closing(mask: pl.Expr, on: date) -> pl.Expr:
    """Whether ``on`` is one of the mask's closing days.

    >>> from datetime import date
    >>> frame = pl.DataFrame({"closing_mask": [0, 1 << 20, 1 << 28, 1 << 31]})
    >>> frame.select(is_closing(pl.col("closing_mask"), date(2026, 2, 28))).to_series().to_list()
    [True, False, True, True]
    """
    return (mask == 0) | ((mask & pl.lit(_bits(on), dtype=pl.Int64)) != 0)


def closes(mask: int, on: date) -> bool:
    """Whether the day is a closing day of the one mask (see `is_closing`).

    >>> [closes(1 << 20, date(2026, 4, day)) for day in (20, 30)], closes(1 << 31, date(2026, 4, 30))
    ([True, False], True)
    """
    return mask == 0 or mask & _bits(on) != 0


def _bits(on: date) -> int:
    """The bits of the masks that close on the day."""
    end = _END_BIT if (on + timedelta(days=1)).day == 1 else 0
    return (1 << on.day) & _DAY_BITS | end | 1 << (_MONDAY + on.weekday())


def bill_on(frame: pl.DataFrame) -> pl.Series:
    """The day each period is billed (請求日), which is a closing day of its partner.

    ``timing``: ``advance`` (前払) the last closing day strictly before ``from_on`` · ``current`` (当月) the first on or
    after ``from_on`` · ``arrears`` (後払) the first on or after the period's last day.

    In: ``timing`` text · ``from_on``, ``to_on`` Date, exclusive · ``closing_mask`` Int64.
    Out: Date, in the order of the frame; null for other timings.

    >>> from datetime import date
    >>> april = {"from_on": date(2026, 4, 1), "to_on": date(2026, 5, 1), "closing_mask": 1 << 20}
    >>> frame = pl.DataFrame([{"timing": timing, **april} for timing in ("advance", "current", "arrears")])
    >>> bill_on(frame).dt.to_string().to_list()
    ['2026-03-20', '2026-04-20', '2026-05-20']
    """
    timing, from_on, mask = pl.col("timing"), pl.col("from_on"), pl.col("closing_mask").cast(pl.Int64)
    last_day = (pl.col("to_on").cast(pl.Int32) - 1).cast(pl.Date)
    based = frame.lazy().select(
        "timing",
        mask=mask,
        before=pl.when(timing == "advance").then(from_on),
        since=pl.when(timing == "current").then(from_on).when(timing == "arrears").then(last_day),
    )
    closing = pl.coalesce(
        _closing_before(pl.col("before"), pl.col("mask")), _closing_since(pl.col("since"), pl.col("mask"))
    )
    return based.select(bill_on=closing).collect().to_series()


def falls_due(closing_on: date) -> pl.Expr:
    """Whether periods are billed by ``closing_on``, one of their closing days: their `bill_on` is that day or earlier.

    Columns: ``timing``, ``from_on``, ``to_on``, and ``reach_on``: the next closing day after it where ``timing`` is
    ``advance``, else ``closing_on`` itself.

    >>> from datetime import date
    >>> april = {"timing": "arrears", "from_on": date(2026, 4, 1), "to_on": date(2026, 5, 1), "reach_on": date(2026, 4, 20)}
    >>> pl.DataFrame([april]).select(falls_due(date(2026, 4, 20))).item()
    False
    """
    ended = pl.col("to_on") <= pl.lit(closing_on + timedelta(1))
    return (pl.col("from_on") <= pl.col("reach_on")) & ((pl.col("timing") != "arrears") | ended)


def _closing_since(day: pl.Expr, mask: pl.Expr) -> pl.Expr:
    """The first closing day on or after ``day``: of the month or of the week, whichever comes first."""
    days = pl.min_horizontal(_of_month_since(day, mask), _of_week_since(day, mask))
    return _moved(day, pl.when(mask == 0).then(0).otherwise(days))


def _of_month_since(day: pl.Expr, mask: pl.Expr) -> pl.Expr:
    """Days to the next closing day of the month: the lowest bit not below it, else the lowest in the next month."""
    length = day.dt.days_in_month().cast(pl.Int64)
    of_month = day.dt.day().cast(pl.Int64)
    days, ends = mask & _DAY_BITS, (mask & _END_BIT) != 0
    left = (days | pl.when(ends).then(_power(length)).otherwise(0)) // _power(of_month)
    found = pl.when(left > 0).then(_lowest(left)).otherwise(length - of_month + _lowest(days))
    return pl.when((days != 0) | ends).then(found)


def _of_week_since(day: pl.Expr, mask: pl.Expr) -> pl.Expr:
    """Days to the next weekday that closes."""
    week, of_week = _week(mask), _weekday(day)
    left = week // _power(of_week)
    return pl.when(week != 0).then(pl.when(left > 0).then(_lowest(left)).otherwise(7 - of_week + _lowest(week)))


def _closing_before(day: pl.Expr, mask: pl.Expr) -> pl.Expr:
    """The last closing day before ``day``: of the month or of the week, whichever comes later."""
    days = pl.min_horizontal(_of_month_before(day, mask), _of_week_before(day, mask))
    return _moved(day, -pl.when(mask == 0).then(1).otherwise(days))


def _of_month_before(day: pl.Expr, mask: pl.Expr) -> pl.Expr:
    """Days since the last closing day of the month: the highest bit below it, else the highest in the month before."""
    of_month = day.dt.day().cast(pl.Int64)
    days, ends = mask & _DAY_BITS, (mask & _END_BIT) != 0
    passed = days % _power(of_month)
    month_end = _moved(day, -of_month)
    since_last = pl.when(ends).then(0).otherwise(month_end.dt.day().cast(pl.Int64) - _highest(days))
    found = pl.when(passed > 0).then(of_month - _highest(passed)).otherwise(of_month + since_last)
    return pl.when((days != 0) | ends).then(found)


def _of_week_before(day: pl.Expr, mask: pl.Expr) -> pl.Expr:
    """Days since the last weekday that closes."""
    week, of_week = _week(mask), _weekday(day)
    passed = week % _power(of_week)
    since = pl.when(passed > 0).then(of_week - _highest(passed)).otherwise(of_week + 7 - _highest(week))
    return pl.when(week != 0).then(since)


def _week(mask: pl.Expr) -> pl.Expr:
    """The weekdays of a mask, Monday in the lowest bit."""
    return (mask // (1 << _MONDAY)) & _WEEK_BITS


def _weekday(day: pl.Expr) -> pl.Expr:
    """0 for Monday to 6 for Sunday."""
    return day.dt.weekday().cast(pl.Int64) - 1


def _power(exponent: pl.Expr) -> pl.Expr:
    return pl.lit(2, dtype=pl.Int64).pow(exponent)


def _lowest(bits: pl.Expr) -> pl.Expr:
    return bits.bitwise_trailing_zeros().cast(pl.Int64)


def _highest(bits: pl.Expr) -> pl.Expr:
    return 63 - bits.bitwise_leading_zeros().cast(pl.Int64)


def _moved(day: pl.Expr, days: pl.Expr) -> pl.Expr:
    return (day.cast(pl.Int32) + days.cast(pl.Int32)).cast(pl.Date)


class _Part(NamedTuple):
    """One part of a split: a share of the amount in parts per million, or a fixed amount, or the rest."""

    method: str
    ppm: int
    fixed: Decimal | None
    rest: bool
    days: int | None


class _Branch(NamedTuple):
    """The parts for amounts below ``below`` (null: for all that no earlier branch took)."""

    below: Decimal | None
    parts: list[_Part]


def split_error(text: str) -> str | None:
    """The reason in Japanese why the split terms (分割回収) cannot be used, or None where they can.

    Stricter than `dues`: terms of a partner must make the whole of any amount, so fixed amounts need a ``rest``.

    >>> split_error("transfer:50%;densai:rest:60d") is None, split_error("transfer:50%;densai:40%")
    (True, '分割回収の割合の合計が100%になりません')
    """
    try:
        branches = _branches(text)
    except ValueError as error:
        return str(error)
    if any(part.fixed is not None for branch in branches for part in branch.parts if not _has_rest(branch.parts)):
        return "定額を含む分割回収には、残額(rest)の指定が必要です"
    return None


def _branches(text: str) -> list[_Branch]:
    """The branches of ``<100000:transfer|transfer:50%;note:rest:120d``, thresholds ascending."""
    folded = unicodedata.normalize("NFKC", text).replace(" ", "").replace(",", "")
    branches = [_branch(part) for part in folded.split("|")] if folded else []
    *bounded, last = [branch.below for branch in branches] or [None]
    limits = [below for below in bounded if below is not None]
    if last is not None or len(limits) < len(bounded):
        raise ValueError("分割回収は、最後の条件だけを金額の条件なしで指定してください")
    if any(low >= high for low, high in pairwise(limits)):
        raise ValueError("分割回収の金額の条件は、小さい順に指定してください")
    return branches


def _branch(text: str) -> _Branch:
    bounded = re.fullmatch(r"<([0-9]+(?:\.[0-9]+)?):(.*)", text)
    below, parts_text = (Decimal(bounded[1]), bounded[2]) if bounded else (None, text)
    texts = parts_text.split(";")
    parts = [_part(part, alone=len(texts) == 1) for part in texts]
    if sum(part.rest for part in parts) > 1:
        raise ValueError("分割回収の残額(rest)は1つだけ指定できます")
    shares, only_shares = sum(part.ppm for part in parts), all(part.fixed is None for part in parts)
    if shares > _WHOLE or (shares < _WHOLE and only_shares and not _has_rest(parts)):
        raise ValueError("分割回収の割合の合計が100%になりません")
    return _Branch(below, parts)


def _part(text: str, *, alone: bool) -> _Part:
    """One ``method:share:days``; a part that stands alone is the whole and may leave its share out."""
    method, *words = text.split(":")
    if method not in METHODS:
        raise ValueError(f"分割回収の回収手段が正しくありません: {text}")
    days = int(words.pop()[:-1]) if words and re.fullmatch(r"[0-9]{1,4}d", words[-1]) else None
    share = words.pop(0) if words else "rest" if alone else ""
    if words:
        raise ValueError(f"分割回収の書き方が正しくありません: {text}")
    if share == "rest":
        return _Part(method, 0, None, True, days)
    if re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,4})?%", share):
        return _Part(method, int(Decimal(share[:-1]) * _WHOLE / 100), None, False, days)
    if re.fullmatch(r"[0-9]{1,15}(\.[0-9]+)?", share):
        return _Part(method, 0, Decimal(share), False, days)
    raise ValueError(f"分割回収の割合・金額が正しくありません: {text}")


def _has_rest(parts: Iterable[_Part]) -> bool:
    return any(part.rest for part in parts)


def dues(frame: pl.DataFrame, own: pl.DataFrame | None = None) -> pl.DataFrame:
    """The due dates of each closing with their methods and amounts (回収予定).

    The due date is ``payment_day`` of the month ``payment_months`` after the closing's, or ``payment_days`` days after
    the closing, moved to a business day by ``holiday_shift`` (``own`` as `calendar.business_days` takes it). ``split``
    shares the amount out by largest remainder, ties to the earlier part: percents of the whole, fixed amounts as far as
    the amount reaches, and the rest; a part with ``Nd`` is due that many days after the (moved) due date, moved again.
    A threshold compares the whole amount, tax included. A negative amount mirrors its magnitude; a part without amount is dropped.

    In: ``key`` Int64, unique · ``closing_on`` Date · ``amount`` Int64 · ``payment_months`` Int64, null 0 ·
    ``payment_day`` Int64, null or 31 the month's end · ``payment_days`` Int64, null · ``holiday_shift`` text, null
    ``none`` · ``method`` text, null ``transfer`` · ``split`` text, null or empty: all by ``method`` · where wanted
    ``decimals`` Int64, the places of the currency in which the split's amounts are written (default 0).
    Out, by ``key``, ``position``: ``key, position`` (from 0), ``method, due_on, amount``; they sum to the amount.
    Raises ``ValueError`` for a split that cannot be read or does not make the whole.

    >>> from datetime import date
    >>> terms = {"payment_months": 1, "payment_day": 31, "payment_days": None, "holiday_shift": "after",
    ...          "method": None, "split": "transfer:50%;densai:rest:60d"}
    >>> closing = {"key": 1, "closing_on": date(2026, 4, 30), "amount": 100_001}
    >>> for row in dues(pl.DataFrame([closing | terms])).rows():
    ...     print(*row)
    1 0 transfer 2026-06-01 50001
    1 1 densai 2026-07-31 50000
    """
    split = pl.col("split").cast(pl.String).fill_null("").str.strip_chars()
    dated = frame.with_columns(due_on=_due_on(frame, own), split=split)
    whole = dated.filter(pl.col("split") == "").select(
        "key",
        "due_on",
        "amount",
        position=pl.lit(0, dtype=pl.Int64),
        method=pl.col("method").cast(pl.String).fill_null("transfer"),
    )
    parts = _shares(dated.filter(pl.col("split") != ""), own)
    shown = ("key", "position", "method", "due_on", "amount")
    every = pl.concat([whole.select(shown), parts.select(shown)]) if len(parts) else whole.select(shown)
    return every.filter(pl.col("amount") != 0).sort("key", "position")


def _due_on(frame: pl.DataFrame, own: pl.DataFrame | None) -> pl.Series:
    """The moved due date of each row, before any part of a split is put off."""
    closing = pl.col("closing_on")
    months = pl.col("payment_months").cast(pl.Int64).fill_null(0)
    by_month = add_months(closing, months, pl.col("payment_day").cast(pl.Int64).fill_null(END_OF_MONTH))
    days = pl.col("payment_days").cast(pl.Int64)
    due = (
        frame.lazy()
        .select(
            due_on=pl.when(days.is_null()).then(by_month).otherwise(_moved(closing, days)),
            shift=pl.col("holiday_shift").cast(pl.String),
        )
        .collect()
    )
    return business_days(due["due_on"], due["shift"], own)


def _shares(rows: pl.DataFrame, own: pl.DataFrame | None) -> pl.DataFrame:
    """The parts of the rows that have a split, those without amount still among them but not numbered."""
    if rows.is_empty():
        return rows.select("key", "due_on", "amount", position=pl.lit(0, dtype=pl.Int64), method=pl.lit(""))
    decimals = pl.col("decimals") if "decimals" in rows.columns else pl.lit(0)
    scaled = rows.with_columns(decimals=decimals.cast(pl.Int64).fill_null(0), size=wide("amount").abs())
    specs = _specs(scaled.select("split", "decimals").unique(maintain_order=True))
    joined = scaled.join(specs, on=["split", "decimals"], how="left")
    chosen = joined.filter((pl.col("size") >= pl.col("low")) & (pl.col("size") < pl.col("high"))).sort("key", "part")
    weighed = _weights(chosen)
    shared = weighed.with_columns(
        amount=largest_remainder(weighed, "amount", "weight", "key"),
        due_on=business_days(
            weighed.select(_moved(pl.col("due_on"), pl.col("days").fill_null(0))).to_series(),
            weighed["holiday_shift"].cast(pl.String),
            own,
        ),
    ).filter(pl.col("amount") != 0)
    return shared.with_columns(position=pl.int_range(pl.len(), dtype=pl.Int64).over("key"), method="part_method")


def _weights(parts: pl.DataFrame) -> pl.DataFrame:
    """Each part's exact share of its amount, in millionths, as ``weight``."""
    whole = pl.col("size") * _WHOLE
    percent = pl.col("size") * pl.col("ppm")
    fixed_before = (wide("fixed").cum_sum().over("key") - wide("fixed")) * _WHOLE
    weighed = parts.with_columns(percent=percent).with_columns(room=whole - pl.col("percent").sum().over("key"))
    room = (pl.col("room") - fixed_before).clip(lower_bound=0)
    capped = pl.when("has_rest").then(pl.min_horizontal(wide("fixed") * _WHOLE, room)).otherwise(wide("fixed") * _WHOLE)
    taken = weighed.with_columns(weight=pl.col("percent") + capped)
    rest = whole - pl.col("weight").sum().over("key")
    complete = taken.with_columns(weight=pl.col("weight") + pl.when("rest").then(rest).otherwise(0))
    short = complete.filter(pl.col("weight").sum().over("key") != whole)
    if len(short):
        raise ValueError(f"分割回収の合計が請求額と一致しません: {short['split'][0]}（請求額 {short['amount'][0]}）")
    return complete


def _specs(distinct: pl.DataFrame) -> pl.DataFrame:
    """A row for each part of each distinct split, read once, with the sizes of amount ``low`` ≤ … < ``high``."""
    rows = []
    for text, decimals in distinct.rows():
        low = 0
        for below, parts in _branches(text):
            high = 1 << 62 if below is None else _minor(below, decimals)
            for at, part in enumerate(parts):
                fixed = _minor(part.fixed, decimals) if part.fixed is not None else 0
                rows.append(
                    (
                        text,
                        decimals,
                        low,
                        high,
                        at,
                        part.method,
                        part.ppm,
                        fixed,
                        part.rest,
                        part.days,
                        _has_rest(parts),
                    )
                )
            low = high
    schema = {"split": pl.String, "decimals": pl.Int64, "low": pl.Int64, "high": pl.Int64, "part": pl.Int64}
    schema |= {"part_method": pl.String, "ppm": pl.Int64, "fixed": pl.Int64, "rest": pl.Boolean, "days": pl.Int64}
    return pl.DataFrame(rows, schema=schema | {"has_rest": pl.Boolean}, orient="row")


def _minor(value: Decimal, decimals: int) -> int:
    scaled = value.scaleb(decimals)
    if scaled != scaled.to_integral_value():
        raise ValueError(f"分割回収の金額の小数が、通貨の桁数を超えています: {value}")
    return int(scaled)
