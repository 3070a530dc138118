"""How a change of a contract is treated, and what is then left of its price for each obligation (契約変更).

Source: 企業会計基準第29号 第28項–第31項, IFRS 15 paragraphs 18–21.
"""

from __future__ import annotations

from typing import Final, Literal

import polars as pl

from .money import Rounding, divide, largest_remainder, wide

Treatment = Literal["separate", "prospective", "catch_up", "mixed"]
TREATMENTS: Final[tuple[Treatment, ...]] = ("separate", "prospective", "catch_up", "mixed")

_GROUP: Final = "change"
_MICRO_PERCENT: Final = 100 * 1_000_000


def decide(obligations: pl.DataFrame, adjustment_micro: int = 0, scale: int = 1) -> pl.Series:
    """The treatment of each row's change by the rule: ``treatment``, the same on all rows of a ``change``.

    ``separate`` (独立した契約, 30項): all that is added is distinct, and its price is that of its standalone selling prices,
    give or take ``adjustment_micro`` (millionths of a percent: 適切な調整 for the circumstances of the contract).
    Otherwise by what is left of the old obligations (31項): ``prospective`` where all of it is distinct from what was
    transferred, ``catch_up`` where none is, ``mixed`` where some is. An obligation performed in full has nothing left
    and does not decide, unless all are.

    ``obligations``: as `modify` takes them.

    >>> rows = pl.DataFrame({"change": [1, 1], "added": [False, True], "distinct": [True, True], "ssp": [12_000, 3_000],
    ...     "ssp_left": [6_000, 3_000], "price": [12_000, 2_400], "recognized": [6_000, 0]})
    >>> decide(rows).to_list()
    ['prospective', 'prospective']
    """
    added, distinct = pl.col("added"), pl.col("distinct")
    counted = obligations.with_columns(
        added_price=_sum(pl.when("added").then(wide("price")).otherwise(0)) * scale,
        added_ssp=_sum(pl.when("added").then(wide("ssp")).otherwise(0)),
        fresh=_sum(added),
        tied_to_old=_sum(added & ~distinct),
        unfinished=_sum(~added & (pl.col("ssp_left") != 0)),
    )
    deciding = ~added & ((pl.col("ssp_left") != 0) | (pl.col("unfinished") == 0))
    counted = counted.with_columns(
        apart=_sum(deciding & distinct), tied=_sum(deciding & ~distinct)
    )  # no window in a window
    off = (pl.col("added_price") - pl.col("added_ssp")).abs() * _MICRO_PERCENT
    at_ssp = off <= pl.col("added_ssp") * adjustment_micro
    separate = (pl.col("fresh") > 0) & (pl.col("tied_to_old") == 0) & at_ssp
    tied, apart = pl.col("tied") > 0, pl.col("apart") > 0
    treatment = (
        pl.when(separate)
        .then(pl.lit("separate"))
        .when(tied & apart)
        .then(pl.lit("mixed"))
        .when(tied)
        .then(pl.lit("catch_up"))
        .otherwise(pl.lit("prospective"))
    )
    return counted.select(treatment=treatment).to_series()


def modify(obligations: pl.DataFrame, rounding: Rounding, adjustment_micro: int = 0, scale: int = 1) -> pl.DataFrame:
    """The rows with ``treatment``, what is still to be recognised of each (``allocated``) and what is now (``catch_up``).

    ``separate``: an old obligation keeps what it has left; the price of what is added is shared by standalone selling
    price among what is added. ``prospective``: what is left of the old price, with the price of what is added, is
    shared by the standalone selling prices of what is still to be performed; nothing is recognised now. ``catch_up``:
    the whole price, old and added, is shared by whole standalone selling prices; of each share the part performed,
    rounded once, less what was recognised is recognised now. ``mixed``: obligations whose rest is not distinct as under
    ``catch_up``, all others as under ``prospective``. Shares are to the unit by largest remainder, ties to the earlier
    row; ``allocated`` and ``catch_up`` of a change sum to its whole price less what was recognised before.

    ``obligations``: ``change`` (rows of one are treated together), ``added``, ``distinct`` (of what is added: whether it is
    distinct; of an old obligation: whether its rest is distinct from what was transferred), ``price`` (of the old: their
    allocated share), ``recognized`` (0 for what is added), ``ssp`` (whole) and ``ssp_left`` (of what is still to be
    performed), minor units; the last two times ``scale``, where shares are finer than a unit. Under ``catch_up`` what is
    added without being distinct is part of the old obligations: their ``ssp`` and ``ssp_left`` are those after the
    change, and the added row itself gets nothing.
    ``treatment`` (optional) overrides the rule of `decide` where not null.

    60 of 120 products at 100 delivered, then 30 more at 80 where alone they cost 100 (IFRS 15 IE22): 8,400 for 90.

    >>> rows = pl.DataFrame({"change": [1, 1], "added": [False, True], "distinct": [True, True], "ssp": [12_000, 3_000],
    ...     "ssp_left": [6_000, 3_000], "price": [12_000, 2_400], "recognized": [6_000, 0]})
    >>> modify(rows, "floor").select("treatment", "allocated", "catch_up").rows()
    [('prospective', 5600, 0), ('prospective', 2800, 0)]
    """
    ruled = decide(obligations, adjustment_micro, scale)
    if "treatment" in obligations.columns:
        ruled = obligations.select(pl.col("treatment").fill_null(ruled)).to_series()
    rows = obligations.with_columns(ruled.alias("treatment")).with_columns(redone=_redone()).with_columns(_weights())
    pooled = rows.with_columns(pool=pl.col("money").sum().over(_GROUP, "part"))
    rows = rows.with_columns(share=largest_remainder(pooled, "pool", "weight", [_GROUP, "part"]))
    done = divide(wide("share") * (wide("ssp") - wide("ssp_left")), pl.col("ssp"), rounding)
    rows = rows.with_columns(done=pl.when("redone").then(done.fill_null(0)).otherwise(0))
    kept = pl.col("price") - pl.col("recognized")
    untouched = (pl.col("treatment") == "separate") & ~pl.col("added")
    left = pl.when(untouched).then(kept).otherwise(pl.col("share") - pl.col("done"))
    now = pl.when("redone").then(pl.col("done") - pl.col("recognized")).otherwise(0)
    return rows.select(*obligations.columns, *_new(obligations), allocated=left, catch_up=now)


def _new(obligations: pl.DataFrame) -> list[str]:
    """The treatment, where the frame had none of its own."""
    return [] if "treatment" in obligations.columns else ["treatment"]


def _sum(value: pl.Expr) -> pl.Expr:
    """The sum over the change of each row, or how many of its rows it is true of."""
    return value.sum().over(_GROUP)


def _redone() -> pl.Expr:
    """Whether what was recognised of the row is computed anew."""
    by_row = (pl.col("treatment") == "mixed") & ~pl.col("distinct")
    return ~pl.col("added") & ((pl.col("treatment") == "catch_up") | by_row)


def _weights() -> tuple[pl.Expr, ...]:
    """What each row brings to the price to be shared (``money``), with whom (``part``) and by which ``weight``."""
    merged = pl.col("added") & ~pl.col("distinct") & pl.col("redone").any().over(_GROUP)
    whole = pl.col("redone") | pl.col("added")
    return (
        (pl.col("price") - pl.when("redone").then(0).otherwise("recognized")).alias("money"),
        ((pl.col("treatment") == "separate") & pl.col("added")).alias("part"),
        pl.when(merged).then(0).when(whole).then("ssp").otherwise("ssp_left").alias("weight"),
    )
