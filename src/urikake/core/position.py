"""What stands in the balance sheet for a contract after each thing that happens to it (契約資産・契約負債・債権・返金負債).

Source: 企業会計基準第29号 第77項–第79項, 第53項 (返金負債); IFRS 15 paragraphs 105–108 and 55.
"""

from __future__ import annotations

from typing import Final, Literal

import polars as pl

Kind = Literal["transfer", "right", "cash", "transfer_refund", "none"]
KINDS: Final[tuple[Kind, ...]] = ("transfer", "right", "cash", "transfer_refund", "none")

_OVER: Final = "contract"


def positions(events: pl.DataFrame) -> pl.DataFrame:
    """The events with what stands after each: ``receivable``, ``contract_asset``, ``contract_liability``,
    ``refund_liability`` and ``revenue_to_date``.

    A ``transfer`` (財・サービスの移転) earns its ``revenue``. A ``right`` (無条件の権利: invoiced or due, nothing but time
    must pass) makes ``amount`` a receivable. ``cash`` pays what is receivable, beyond that in advance. A
    ``transfer_refund`` does both at once and expects to pay back what ``amount`` has above ``revenue`` (返品・遡及値引);
    with an ``amount`` of 0 it is a new estimate of that. ``none`` (an invoice that may still be cancelled, a signature)
    changes nothing. Cash paid back (negative) settles the refund liability first. A right or cash may carry ``revenue``
    of its own where both come together.
    Per contract (netted, 契約ごとに相殺): rights or cash, whichever is more, less revenue and less the refund liability is
    the contract liability; below zero, the contract asset. Nothing is rounded.

    ``events``: ``contract`` (its events follow each other in the order of the frame), ``kind``, ``amount``, ``revenue``
    (0 where there is none), minor units.

    A at 400 delivered, then B at 600, by which 1,000 fall due (IFRS 15 IE201–IE204):

    >>> kinds = ["transfer", "transfer", "right"]
    >>> events = pl.DataFrame({"contract": [1] * 3, "kind": kinds, "amount": [400, 600, 1_000], "revenue": [400, 600, 0]})
    >>> positions(events).select("receivable", "contract_asset", "contract_liability", "revenue_to_date").rows()
    [(0, 400, 0, 400), (0, 1000, 0, 1000), (1000, 0, 0, 1000)]
    """
    kind, amount = pl.col("kind"), pl.col("amount")
    refunding = kind == "transfer_refund"
    rows = events.with_columns(
        right=_sum(pl.when(refunding | (kind == "right")).then(amount).otherwise(0)),
        got=_sum(pl.when(kind == "cash").then(amount).otherwise(0)),
        revenue_to_date=_sum(pl.when(kind == "none").then(0).otherwise("revenue")),
        promised=_sum(pl.when(refunding).then(amount - pl.col("revenue")).otherwise(0)),
        returned=_sum(pl.when(kind == "cash").then(-amount.clip(upper_bound=0)).otherwise(0)),
    )
    rows = rows.with_columns(owing=pl.col("promised") - pl.col("returned"))
    rows = rows.with_columns(beyond=-pl.min_horizontal(pl.col("owing").cum_min().over(_OVER), 0))
    rows = rows.with_columns(before=pl.col("beyond").shift(1).over(_OVER).fill_null(0))
    more = pl.when(kind == "cash").then(pl.col("beyond") - pl.col("before")).otherwise(0)
    refunded = pl.col("returned") - _sum(more)  # of what was paid back, the part that was not an advance
    rows = rows.with_columns(due=pl.col("right") - refunded, refund_liability=pl.col("owing") + pl.col("beyond"))
    return rows.select(*events.columns, "revenue_to_date", "refund_liability", *standing(pl.col("refund_liability")))


def standing(refund_liability: pl.Expr | int = 0) -> tuple[pl.Expr, pl.Expr, pl.Expr]:
    """The columns ``receivable``, ``contract_asset`` and ``contract_liability`` of what is ``due``, ``got`` and earned.

    All three are to date: ``due`` what there is an unconditional right to, ``got`` the cash, ``revenue_to_date``.

    >>> job = pl.DataFrame({"due": [700, 700], "got": [500, 800], "revenue_to_date": [900, 600]})
    >>> job.select(standing()).rows()
    [(200, 200, 0), (0, 0, 200)]
    """
    owed = pl.max_horizontal("due", "got") - pl.col("revenue_to_date") - refund_liability
    return (
        (pl.col("due") - pl.col("got")).clip(lower_bound=0).alias("receivable"),
        (-owed).clip(lower_bound=0).alias("contract_asset"),
        owed.clip(lower_bound=0).alias("contract_liability"),
    )


def _sum(value: pl.Expr) -> pl.Expr:
    """The running sum within the contract."""
    return value.cum_sum().over(_OVER)
