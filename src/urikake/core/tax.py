"""Consumption tax of invoices: one rounding per invoice and rate, then shared to its lines (消費税・適格請求書).

Source: 消費税法施行令第70条の10, 消費税法基本通達1-8-15 (the tax of a qualified invoice is rounded once per rate on the
sum of that rate's amounts); rates: 消費税法・地方税法 with their amendments, national and local tax together.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from decimal import Decimal
from typing import Final, Literal

import polars as pl

from urikake.core.money import MICRO, Rounding, divide, largest_remainder, wide

TaxClass = Literal["standard", "reduced", "exempt", "out_of_scope", "export"]
TAX_CLASSES: Final[tuple[TaxClass, ...]] = ("standard", "reduced", "exempt", "out_of_scope", "export")
PERCENT: Final = 100 * MICRO
"""100 % in the unit of ``rate_micro``."""

_EVER: Final = date(1900, 1, 1)
_GENERAL: Final = [(date(1989, 4, 1), 3), (date(1997, 4, 1), 5), (date(2014, 4, 1), 8)]
# before the reduced rate began, what it covers now bore the general rate
_DATED: Final[dict[str, list[tuple[date, int]]]] = {
    "standard": [*_GENERAL, (date(2019, 10, 1), 10)],
    "reduced": [*_GENERAL, (date(2019, 10, 1), 8)],
    "exempt": [],
    "out_of_scope": [],
    "export": [],
}

RATES: Final = pl.DataFrame(
    [(tax, day, rate * MICRO) for tax, rows in _DATED.items() for day, rate in [(_EVER, 0), *rows]],
    schema={"tax": pl.String, "from_on": pl.Date, "rate_micro": pl.Int64},
    orient="row",
)
"""The rate of each tax class from each day on: ``tax``, ``from_on``, ``rate_micro`` (10 % = 10,000,000)."""


def supposed(text: str) -> pl.DataFrame:
    """The rates with others after them, written as `rate_text` gives them; on the same day these stand for the law's.

    >>> supposed("reduced=0%@2027-01-01").filter(pl.col("tax") == "reduced").tail(2).rows()
    [('reduced', datetime.date(2019, 10, 1), 8000000), ('reduced', datetime.date(2027, 1, 1), 0)]
    """
    rows = [(name, day, int(percent * MICRO)) for name, percent, day in _read(text)]
    more = pl.DataFrame(rows, schema=RATES.schema, orient="row").select(RATES.columns)
    return pl.concat([RATES, more]).unique(["tax", "from_on"], keep="last", maintain_order=True)


def rate_text(text: str) -> str:
    """Rates to come (``class=percent@first day``, apart by commas) in their plain form, by day.

    Raises ``ValueError`` for what is no such rate: another class, a percentage of 100 or finer than a millionth, no date.

    >>> rate_text(" standard＝12％@2028/04/01、reduced=0%@2027-04-01")
    'reduced=0%@2027-04-01,standard=12%@2028-04-01'
    """
    told = sorted(_read(text), key=lambda rate: (rate[2], rate[0]))
    return ",".join(f"{name}={percent.normalize():f}%@{day}" for name, percent, day in told)


_RATE: Final = re.compile(r"(standard|reduced)=(\d{1,2}(?:\.\d{1,6})?)%?@(\d{4})[-/](\d{1,2})[-/](\d{1,2})")


def _read(text: str) -> list[tuple[str, Decimal, date]]:
    """The rates of a text."""
    rates = []
    for part in filter(None, (part.strip() for part in re.split("[,、]", unicodedata.normalize("NFKC", text)))):
        if not (found := _RATE.fullmatch(part)):
            raise ValueError(f"「{part}」は「税区分=税率%@適用開始日」の形ではありません")
        try:
            day = date(int(found[3]), int(found[4]), int(found[5]))
        except ValueError:
            raise ValueError(f"「{part}」の日付がありません") from None
        rates.append((found[1], Decimal(found[2]), day))
    return rates


def rate_micro(tax: pl.Expr, on: pl.Expr, rates: pl.DataFrame = RATES) -> pl.Expr:
    """The rate of the tax class on that day, in millionths of a percent (10 % = 10,000,000).

    ``tax`` is the class without suffix, ``on`` the date the supply counts on. An unknown class, or a day before the
    first row of its class in ``rates``, gives null. Before 2019-10-01 ``reduced`` has the general rate of the day.

    >>> days = pl.DataFrame({"on": [date(2019, 9, 30), date(2019, 10, 1)]})
    >>> days.select(rate_micro(pl.lit("standard"), pl.col("on"))).to_series().to_list()
    [8000000, 10000000]
    """
    rate = pl.lit(None, dtype=pl.Int64)
    for name, from_on, value in rates.sort("from_on").select("tax", "from_on", "rate_micro").iter_rows():
        rate = pl.when((tax == name) & (on >= from_on)).then(value).otherwise(rate)
    return rate.cast(pl.Int64)


def invoice_taxes(lines: pl.DataFrame, rounding: Rounding) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The tax of every invoice and rate, and every line with its net and its share of that tax.

    Rule: per invoice and rate the amounts are summed and the tax rounded once, by magnitude: sum × rate for
    tax-exclusive amounts (外税), sum × rate ÷ (100 + rate) for tax-inclusive ones (内税). Lines get the tax by largest
    remainder on their amounts, ties to the earlier line, so that they sum to the invoice; beside charges a credit bears
    the negative tax of its own amount, and a return invoice mirrors its charge.

    ``lines``: ``invoice`` (``Int64``), ``amount`` (minor units), ``tax`` (class without suffix), ``rate_micro``,
    ``inclusive`` (Boolean), in document order. Returns

    - ``invoice``, ``tax``, ``rate_micro``, ``net``, ``amount`` (the tax), in the order in which they are first met
    - ``lines`` with ``net`` and ``tax_amount``, in their order

    Three lines of 105 yen at 10 %, rounded down, bear 31 yen and not 3 × 10:

    >>> one = {"invoice": 1, "amount": 105, "tax": "standard", "rate_micro": 10_000_000, "inclusive": False}
    >>> taxes, shared = invoice_taxes(pl.DataFrame([one] * 3), "floor")
    >>> taxes.row(0), shared["tax_amount"].to_list()
    ((1, 'standard', 10000000, 315, 31), [11, 10, 10])
    """
    keys = ["invoice", "tax", "rate_micro", "inclusive"]
    base = pl.when("inclusive").then(PERCENT + pl.col("rate_micro")).otherwise(PERCENT)
    sums = lines.group_by(keys, maintain_order=True).agg(pl.col("amount").sum().alias("sum"), pl.len().alias("lines"))
    taxed = sums.with_columns(
        tax_total=divide(wide("sum") * wide("rate_micro"), base, rounding), group=pl.int_range(pl.len())
    )
    taxes = taxed.select(
        *keys[:3],
        net=pl.when("inclusive").then(pl.col("sum") - pl.col("tax_total")).otherwise("sum"),
        amount="tax_total",
    )
    joined = lines.join(taxed.select(*keys, "tax_total", "group", "lines"), on=keys, how="left", maintain_order="left")
    return taxes, lines.with_columns(tax_amount=_shares(joined)).with_columns(
        net=pl.when("inclusive").then(pl.col("amount") - pl.col("tax_amount")).otherwise("amount")
    )


def _shares(joined: pl.DataFrame) -> pl.Series:
    """The tax of every line; a line that is alone at its rate bears it all."""
    rows = joined.with_columns(at=pl.int_range(pl.len()), mixed=_mixed())
    shared = (pl.col("lines") > 1) & (pl.col("tax_total") != 0) & ~pl.col("mixed")
    parts = rows.filter(shared)
    split = parts.select("at", share=largest_remainder(parts, "tax_total", "amount", "group"))
    signed = _signed(rows.filter("mixed"))
    alone = pl.when(pl.col("lines") == 1).then("tax_total").otherwise(0)
    placed = rows.select("at", alone=alone).join(pl.concat([split, signed]), on="at", how="left", maintain_order="left")
    return placed.select(pl.coalesce("share", "alone")).to_series()


def _mixed() -> pl.Expr:
    """Whether charges and credits stand together at the line's rate."""
    amount = pl.col("amount")
    return (amount.min().over("group") < 0) & (amount.max().over("group") > 0)


def _signed(rows: pl.DataFrame) -> pl.DataFrame:
    """The tax of lines at rates with charges and credits: each bears that of its own amount, a credit a negative one.

    Exact shares are floored on the side of the sum's sign and the units left go to the largest remainders, ties to the
    earlier line, so that a mirrored document has mirrored shares.
    """
    base = pl.when("inclusive").then(PERCENT + pl.col("rate_micro")).otherwise(PERCENT)
    sign = pl.when(pl.col("amount").sum().over("group") < 0).then(-1).otherwise(1)
    exact = rows.with_columns(sign=sign, product=wide("amount") * sign * wide("rate_micro"), base=wide(base))
    floored = exact.with_columns(floor=pl.col("product") // pl.col("base"), rest=pl.col("product") % pl.col("base"))
    ranked = floored.sort("rest", "at", descending=[True, False]).with_columns(
        rank=pl.int_range(pl.len()).over("group")
    )
    left = wide("tax_total") * pl.col("sign") - pl.col("floor").sum().over("group")
    share = (pl.col("floor") + (pl.col("rank") < left).cast(pl.Int128)) * pl.col("sign")
    return ranked.select("at", share=share.cast(pl.Int64))
