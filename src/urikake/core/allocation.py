"""How the price of a contract falls on what was promised for it (取引価格の履行義務への配分).

Source: 企業会計基準第29号 第65項–第72項, 適用指針第30号 第31項, IFRS 15 paragraphs 73–86. A bundle, a free item and a right to
buy cheaper later are obligations as any other: each has its standalone selling price (独立販売価格) and gets its share.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from .money import largest_remainder

TIES: Final = {
    "arrangement": pl.Int64,
    "tie": pl.Int64,
    "kind": pl.String,
    "amount": pl.Int64,
    "estimate": pl.Int64,
    "obligation": pl.Int64,
}
"""The columns of amounts that concern some obligations only; ``kind`` is ``discount`` or ``variable``."""

_OPTIONAL: Final = {"residual": pl.Boolean, "low": pl.Int64, "high": pl.Int64}
_GROUP: Final = "arrangement"
_PROBLEMS: Final = ("residual", "no-ssp", "discount", "variable")
_SUMS: Final = {
    "standings": pl.col("standing"),
    "others": pl.when(~pl.col("residual")).then("standing").otherwise(0),
    "residuals": pl.col("residual").cast(pl.Int64),
    "discounts": pl.col("discount"),
    "variables": pl.col("variable"),
}


def allocate(obligations: pl.DataFrame, ties: pl.DataFrame | None = None) -> pl.DataFrame:
    """The obligations with what of the price falls on each: ``allocated``, or null and the ``problem`` that hinders it.

    The price is shared by relative standalone selling price, to the unit by largest remainder, ties to the earlier row.
    What concerns some obligations only (``ties``) goes to these, by their standalone selling prices: a ``discount`` (29号
    第71項) is taken from their selling prices before the price is shared; a ``variable`` amount (第72項) goes to its own,
    and the rest of the price is shared by what the selling prices hold beyond it, as estimated at the start
    (``estimate``; the ``amount`` where null), so that a new estimate moves its own obligations alone.
    A ``residual`` obligation (残余アプローチ, 適用指針31項(3)) gets what the others leave at their selling prices less their
    discounts. Where that is outside ``low`` … ``high`` (with neither: not above zero) its own ``ssp`` is used if there is
    one, relatively as all others'.

    ``obligations``: ``arrangement`` (those of one are allocated together), ``ssp`` and ``price`` (of the whole
    arrangement, on every row), minor units; ``obligation`` where there are ties; ``residual``, ``low`` and ``high`` where
    needed. ``price`` is the transaction price: less all discounts, variable amounts included, without tax. ``ties``: see
    `TIES`, one row for each obligation that a tie concerns. An obligation without ``ssp`` takes part in its variable
    amounts only.

    Problems: ``residual`` (outside its range and no other price) · ``no-ssp`` · ``discount`` (tied discounts above the
    discount there is, or above what their obligations have) · ``variable`` (variable amounts above the price). A problem
    is the whole arrangement's; the other arrangements go on.

    Setup at 30,000 yen and a year of service at 120,000, sold together for 120,000:

    >>> sold = pl.DataFrame({"arrangement": [1, 1], "ssp": [30_000, 120_000], "price": [120_000, 120_000]})
    >>> allocate(sold)["allocated"].to_list()
    [24000, 96000]
    """
    rows = _with_ties(_completed(obligations), ties)
    rows = rows.with_columns(standing=pl.max_horizontal("ssp", "variable") - pl.col("discount"))
    rows = rows.with_columns(
        _sum(wanted).alias(name) for name, wanted in _SUMS.items()
    )  # windows are slow inside windows
    rows = rows.with_columns(residue=pl.col("price") - pl.col("others")).with_columns(apt=_apt())
    rows = rows.with_columns(usable=_sum("apt") > 0).with_columns(obstacle=_obstacle())
    found = rows.with_columns(obstacle=pl.col("obstacle").min().over(_GROUP)).with_columns(problem=_problem())
    return obligations.with_columns(_shares(found), found["problem"])


def selling_prices(frame: pl.DataFrame) -> pl.Series:
    """The standalone selling price where it is known as a range (独立販売価格の幅): ``ssp``, in the order of ``frame``.

    A price ``stated`` in the contract that lies within ``low`` … ``high`` is itself the selling price. Outside, or where
    none is stated, it is the point estimate ``ssp`` if there is one, else the end of the range nearer to what is stated,
    or the middle, rounded down. Without a range the ``ssp`` stays.

    >>> stated = {"stated": [95, 60, None], "low": [90] * 3, "high": [111] * 3, "ssp": [None] * 3}
    >>> selling_prices(pl.DataFrame(stated, schema_overrides={"ssp": pl.Int64})).to_list()
    [95, 90, 100]
    """
    stated, low, high = (pl.col(name) for name in ("stated", "low", "high"))
    ranged = low.is_not_null() | high.is_not_null()
    nearer = stated.clip(low, high)
    inside = ranged & (nearer == stated).fill_null(False)
    other = pl.coalesce("ssp", pl.when(ranged).then(pl.coalesce(nearer, (low + high) // 2)))
    return frame.select(ssp=pl.when(inside).then(stated).otherwise(other)).to_series()


def _sum(value: pl.Expr | str) -> pl.Expr:
    """The sum over the arrangement of each row."""
    return (pl.col(value) if isinstance(value, str) else value).sum().over(_GROUP)


def _completed(obligations: pl.DataFrame) -> pl.DataFrame:
    """The rows with every column there may be, in their order."""
    wanted = {"obligation": pl.Int64, **_OPTIONAL}
    missing = {name: kind for name, kind in wanted.items() if name not in obligations.columns}
    rows = obligations.with_columns(pl.lit(None, dtype=kind).alias(name) for name, kind in missing.items())
    return rows.with_columns(
        pl.col("residual").fill_null(False), own=pl.col("ssp").fill_null(0), known=pl.col("ssp").is_not_null()
    ).with_columns(ssp="own", row=pl.int_range(pl.len()))


def _with_ties(rows: pl.DataFrame, ties: pl.DataFrame | None) -> pl.DataFrame:
    """The rows with the ``discount``, the ``variable`` amount and its first ``estimate`` that fall on each.

    ``moving`` counts the variable amounts that concern the row, be they 0.
    """
    nothing = {name: pl.lit(0, dtype=pl.Int64) for name in ("discount", "variable", "estimate", "moving")}
    if ties is None or ties.is_empty():
        return rows.with_columns(**nothing)
    concerned = ties.with_columns(pl.col("estimate").fill_null(pl.col("amount"))).join(
        rows.select(_GROUP, "obligation", "row", "ssp"), on=[_GROUP, "obligation"]
    )
    concerned = concerned.sort("row")  # odd units go to the earlier obligation, however the ties are listed
    parts = concerned.with_columns(
        largest_remainder(concerned, total, "ssp", [_GROUP, "tie"]).alias(f"{total}_part")
        for total in ("amount", "estimate")
    )
    of = {kind: pl.col("kind") == kind for kind in ("discount", "variable")}
    sums = parts.group_by("row").agg(
        discount=pl.col("amount_part").filter(of["discount"]).sum(),
        variable=pl.col("amount_part").filter(of["variable"]).sum(),
        estimate=pl.col("estimate_part").filter(of["variable"]).sum(),
        moving=of["variable"].sum().cast(pl.Int64),
    )
    return rows.join(sums, on="row", how="left", maintain_order="left").with_columns(
        pl.col(name).fill_null(0) for name in nothing
    )


def _apt() -> pl.Expr:
    """Whether the row is the one residual obligation of its arrangement and what is left for it is a plausible price."""
    low, high, left = pl.col("low"), pl.col("high"), pl.col("residue")
    inside = (left >= low).fill_null(True) & (left <= high).fill_null(True)
    plausible = pl.when(low.is_null() & high.is_null()).then(left > 0).otherwise(inside)
    return pl.col("residual") & plausible & (pl.col("residuals") == 1)


def _obstacle() -> pl.Expr:
    """Which of `_PROBLEMS` the row has, the number after the last where none."""
    relative, lacking = ~pl.col("usable"), ~pl.col("known") & (pl.col("moving") == 0)
    beyond = (pl.col("discounts") != 0) & (pl.col("price") > pl.col("standings"))
    obstacles = (
        relative & pl.col("residual") & (pl.col("ssp") <= 0),
        lacking & ~pl.col("residual") | relative & (pl.col("standings") + pl.col("discounts") == 0),
        relative & beyond | (pl.col("discount") > pl.col("ssp")),
        (pl.col("variables") != 0) & (pl.col("variables") > pl.col("price")),
    )
    met = (pl.when(obstacle).then(at) for at, obstacle in enumerate(obstacles))
    return pl.coalesce(*met, len(obstacles)).cast(pl.Int8)


def _problem() -> pl.Expr:
    """The name of the arrangement's first obstacle, or null."""
    return pl.coalesce(pl.when(pl.col("obstacle") == at).then(pl.lit(name)) for at, name in enumerate(_PROBLEMS))


def _shares(rows: pl.DataFrame) -> pl.Series:
    """What falls on each row, null where there is a problem."""
    reduced = pl.col("ssp") - pl.col("discount")
    beyond = (reduced - pl.col("estimate")).clip(lower_bound=0)
    weighed = rows.with_columns(
        shared=pl.col("price") - pl.col("variables"),
        weight=pl.when(_sum(beyond) == 0).then(reduced).otherwise(beyond),
    )
    relative = largest_remainder(weighed, "shared", "weight", _GROUP) + rows["variable"]
    rest = pl.when("residual").then("residue").otherwise("standing")
    share = pl.when(pl.col("problem").is_null()).then(pl.when("usable").then(rest).otherwise("relative"))
    return rows.with_columns(relative=relative).select(allocated=share).to_series()
