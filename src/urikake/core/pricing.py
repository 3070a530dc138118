"""What a quantity costs under a price model, exactly, before any rounding (料金体系).

One row is one contract line (or one measured usage of it). ``taken`` is how many of the product the line takes: it
multiplies flat prices, base prices and included quantities. ``quantity`` is what a unit price, tiers or packages price.
"""

from __future__ import annotations

from typing import Final, Literal

import polars as pl

from urikake.core.money import MICRO, divide, wide

PriceModel = Literal["flat", "unit", "graduated", "volume", "package", "included", "free"]
PRICE_MODELS: Final[tuple[PriceModel, ...]] = ("flat", "unit", "graduated", "volume", "package", "included", "free")
SCALE: Final = MICRO * MICRO
"""Parts of a minor unit in which exact amounts are counted: price millionths × quantity millionths."""
TIERS: Final = pl.List(
    pl.Struct({"up_to_micro": pl.Int64, "unit_price_micro": pl.Int64, "flat": pl.Int64, "package_size_micro": pl.Int64})
)

_OPTIONAL: Final[dict[str, pl.Expr]] = {
    "included_micro": pl.lit(None, dtype=pl.Int64),
    "overage_price_micro": pl.lit(None, dtype=pl.Int64),
    "package_size_micro": pl.lit(None, dtype=pl.Int64),
    "package_rounding": pl.lit("ceil"),
    "minimum": pl.lit(None, dtype=pl.Int64),
    "maximum": pl.lit(None, dtype=pl.Int64),
    "tiers": pl.lit(None, dtype=TIERS),
}


def exact(frame: pl.DataFrame) -> pl.Series:
    """The exact price of every row, ``Int128`` in 10^-12 minor units, in the order of ``frame``.

    Rules by ``price_model`` (text):

    - ``flat`` (定額): price × taken; ``free`` (無料): 0, whatever the bounds
    - ``unit`` (単価): price × (quantity − included × taken, not below 0)
    - ``included`` (基本料＋超過): price × taken + overage price × (quantity − included × taken, not below 0); a line
      that takes 0 counts as one plan
    - ``package`` (入数): price × packages, a started one counted (``package_rounding``: ``ceil``) or not (``floor``);
      included quantities come off first
    - ``graduated`` (段階): each part of the quantity at the price of its own tier, plus the flat fee of every tier
      entered
    - ``volume`` (従量): the whole quantity at the price of the tier it falls in, plus the flat fee of that tier

    A tier reaches up to and including its ``up_to_micro``, the last one without end; the first is entered at zero too;
    a tier with a package size is priced by package. ``minimum`` and ``maximum`` bound the sum. Nothing is rounded.

    Columns: ``price_model``, ``unit_price_micro``, ``taken_micro``, ``quantity_micro``, and where needed
    ``included_micro``, ``overage_price_micro``, ``package_size_micro``, ``package_rounding``, ``minimum``, ``maximum``
    (minor units, null for none) and ``tiers`` (`TIERS`).

    Three seats at 1,500 yen:

    >>> seats = {"price_model": "unit", "unit_price_micro": 1_500_000_000, "taken_micro": 3_000_000}
    >>> exact(pl.DataFrame([seats | {"quantity_micro": 3_000_000}]))[0] // SCALE
    4500
    """
    full = _complete(frame)
    models = set(full["price_model"].unique())
    value = full.select(_plain(models)).to_series()
    if models & {"graduated", "volume"}:
        sums = _tier_steps(full).group_by("row").agg(pl.col("exact").sum())
        tiered = full.select("row").join(sums, on="row", how="left", maintain_order="left")["exact"].fill_null(0)
        value = value + tiered
    return _bounded(full, value).alias("exact")


def steps(frame: pl.DataFrame) -> pl.DataFrame:
    """The parts of every row's price, before ``minimum`` and ``maximum``: one row a tier, base or overage entered.

    Columns: ``row`` (place in ``frame``), ``units_micro`` (units, plans or packages priced), ``unit_price_micro``,
    ``flat`` (minor units) and ``exact`` (`exact`'s unit) = units × price + flat; the parts of a row sum to its `exact`
    price before the bounds.

    1,200 calls, the first 1,000 at 2 yen and the rest at 1 yen:

    >>> tiers = [{"up_to_micro": 1_000_000_000, "unit_price_micro": 2_000_000}, {"unit_price_micro": 1_000_000}]
    >>> line = {"price_model": "graduated", "unit_price_micro": 0, "taken_micro": 1_000_000, "tiers": tiers}
    >>> calls = pl.DataFrame([line | {"quantity_micro": 1_200_000_000}], schema_overrides={"tiers": TIERS})
    >>> [value // SCALE for value in steps(calls)["exact"]]
    [2000, 200]
    """
    full = _complete(frame)
    models = set(full["price_model"].unique())
    kept = ["row", "units_micro", "unit_price_micro", "flat", "exact"]
    first = full.filter(~pl.col("price_model").is_in(["graduated", "volume"])).with_columns(
        units_micro=_units(models), flat=pl.lit(0, dtype=pl.Int64)
    )
    over = full.filter(pl.col("price_model") == "included").with_columns(
        units_micro=_over(), unit_price_micro=_price("overage_price_micro"), flat=pl.lit(0, dtype=pl.Int64)
    )
    value = (wide("units_micro") * wide(_price("unit_price_micro"))).alias("exact")
    parts = [first.with_columns(value), over.filter(pl.col("units_micro") > 0).with_columns(value), _tier_steps(full)]
    return pl.concat(part.select(kept) for part in parts).sort("row", maintain_order=True)


def _complete(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with its row numbers and every optional column."""
    missing = {name: default for name, default in _OPTIONAL.items() if name not in frame.columns}
    return frame.with_columns(pl.int_range(pl.len()).alias("row"), **missing)


def _price(column: str) -> pl.Expr:
    """The price; one left empty is 0."""
    return pl.col(column).fill_null(0)


def _taken() -> pl.Expr:
    """How many are taken: a base price with an included quantity counts once even at 0."""
    once = (pl.col("price_model") == "included") & (pl.col("taken_micro") == 0)
    return pl.when(once).then(MICRO).otherwise("taken_micro")


def _over() -> pl.Expr:
    """The quantity above what is included, to the millionth."""
    allowance = (wide(pl.col("included_micro").fill_null(0)) * wide(_taken()) // MICRO).cast(pl.Int64)
    return pl.max_horizontal(pl.col("quantity_micro") - allowance, pl.lit(0, dtype=pl.Int64))


def _packages(units: pl.Expr, size: pl.Expr) -> pl.Expr:
    """The number of packages, in millionths."""
    started = (units % size > 0) & (pl.col("package_rounding") != "floor")
    return (units // size + started.cast(pl.Int64)) * MICRO


def _units(models: set[str]) -> pl.Expr:
    """What the unit price multiplies; models that do not occur are not computed."""
    units = pl.when(pl.col("price_model").is_in(["flat", "included"])).then(_taken()).otherwise(0)
    if "unit" in models:
        counted = pl.when(pl.col("included_micro").is_null()).then("quantity_micro").otherwise(_over())
        units = pl.when(pl.col("price_model") == "unit").then(counted).otherwise(units)
    if "package" in models:
        packages = _packages(_over(), pl.col("package_size_micro").fill_null(MICRO))
        units = pl.when(pl.col("price_model") == "package").then(packages).otherwise(units)
    return units


def _plain(models: set[str]) -> pl.Expr:
    """The exact price of every row without tiers; 0 for those with."""
    value = wide(_units(models)) * wide(_price("unit_price_micro"))
    if "included" not in models:
        return value
    overage = wide(_over()) * wide(_price("overage_price_micro"))
    return value + pl.when(pl.col("price_model") == "included").then(overage).otherwise(pl.lit(0, dtype=pl.Int128))


def _tier_steps(full: pl.DataFrame) -> pl.DataFrame:
    """The tiers entered by every row that has tiers, priced."""
    picked = full.filter(pl.col("price_model").is_in(["graduated", "volume"])).select(
        "row", "quantity_micro", "package_rounding", "tiers", volume=pl.col("price_model") == "volume"
    )
    tiers = picked.explode("tiers", empty_as_null=False, keep_nulls=False).unnest("tiers")
    first, last = pl.col("row") != pl.col("row").shift(1), pl.col("row") != pl.col("row").shift(-1)
    bounds = tiers.with_columns(
        first=first.fill_null(True),
        below=pl.when(first.fill_null(True)).then(0).otherwise(pl.col("up_to_micro").shift(1)),
        above=pl.when(last.fill_null(True)).then(None).otherwise("up_to_micro"),
    )
    quantity, below, above = pl.col("quantity_micro"), pl.col("below"), pl.col("above")
    entered = bounds.filter(
        (pl.col("first") | (quantity > below)) & (~pl.col("volume") | ~(quantity > above).fill_null(False))
    )
    within = pl.when("volume").then(quantity).otherwise(pl.min_horizontal(quantity, above) - below)
    units = pl.max_horizontal(within, pl.lit(0, dtype=pl.Int64))
    size = pl.col("package_size_micro")
    priced = entered.with_columns(
        units_micro=pl.when(size.is_null()).then(units).otherwise(_packages(units, size)),
        unit_price_micro=_price("unit_price_micro"),
        flat=pl.col("flat").fill_null(0),
    )
    return priced.with_columns(exact=wide("units_micro") * wide("unit_price_micro") + wide("flat") * SCALE)


def _bounded(full: pl.DataFrame, value: pl.Series) -> pl.Series:
    """The value within ``minimum`` … ``maximum``, except what is free."""
    if full["minimum"].null_count() == full.height and full["maximum"].null_count() == full.height:
        return value
    low, high, charged = wide("minimum") * SCALE, wide("maximum") * SCALE, pl.col("price_model") != "free"
    raised = pl.when(charged & (pl.col("value") < low)).then(low).otherwise("value")
    bounded = full.select("price_model", "minimum", "maximum", value=value).with_columns(value=raised)
    return bounded.select(pl.when(charged & (pl.col("value") > high)).then(high).otherwise("value")).to_series()


def raised(price_micro: pl.Expr, percent_micro: int) -> pl.Expr:
    """The price higher by a share (negative: lower), in millionths of a yen.

    ``percent_micro`` is the share in millionths of a percent. A price in whole yen stays in whole yen; otherwise it is
    kept to a millionth. Both are rounded half up, by magnitude.

    >>> frame = pl.DataFrame({"price": [980_000_000, 105_000_000, 1_500_000]})
    >>> frame.select(raised(pl.col("price"), 5_000_000)).to_series().to_list()
    [1029000000, 110000000, 1575000]
    """
    product, base = wide(price_micro) * (100 * MICRO + percent_micro), 100 * MICRO
    yen = divide(product, base * MICRO, "half_up") * MICRO
    return pl.when(price_micro % MICRO == 0).then(yen).otherwise(divide(product, base, "half_up"))
