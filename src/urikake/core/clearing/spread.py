"""Several payments spread over several debts (複数の入金と複数の明細の消込): which of them pays how much of which."""

from __future__ import annotations

import polars as pl

_APART = "bundle"


def spread(payments: pl.DataFrame, debts: pl.DataFrame) -> pl.DataFrame:
    """How much of each debt each payment pays: the payments in their order pay the debts in theirs, while the money lasts.

    Credits (negative debts) are used whole by the first payment and add to what it can pay. Of every debt exactly its
    amount is paid; what a payment has beyond that stays with it. Nothing is rounded.

    ``payments``: ``receipt_id``, ``amount``; ``debts``: ``item_id``, ``amount``; minor units, each id once; where both have
    a ``bundle``, those of each bundle by themselves. Returns ``receipt_id, item_id, amount``, none of them 0, the credits
    first, then in the order of payments and debts. Raises ``ValueError`` where the payments of a bundle do not suffice.

    >>> payments = pl.DataFrame({"receipt_id": [1, 2], "amount": [30_000, 25_000]})
    >>> debts = pl.DataFrame({"item_id": [7, 8, 9], "amount": [22_000, 34_000, -2_000]})
    >>> spread(payments, debts).rows()
    [(1, 9, -2000), (1, 7, 22000), (1, 8, 10000), (2, 8, 24000)]
    """
    if _APART not in payments.columns:
        payments, debts = (frame.with_columns(bundle=pl.lit(0)) for frame in (payments, debts))
    owed, credit = debts.filter(pl.col("amount") > 0), debts.filter(pl.col("amount") < 0)
    first = payments.unique(_APART, keep="first", maintain_order=True).select(_APART, "receipt_id")
    beyond = credit.group_by(_APART).agg(beyond=-pl.col("amount").sum()).join(first, on=_APART)
    money = payments.join(beyond, on=[_APART, "receipt_id"], how="left", maintain_order="left")
    paying = money.with_columns(has=pl.col("amount") + pl.col("beyond").fill_null(0))
    paying = paying.with_columns(until=pl.col("has").cum_sum().over(_APART))
    paid = owed.select(_APART, "item_id", size="amount", to=pl.col("amount").cum_sum().over(_APART))
    reach = (
        paid.group_by(_APART)
        .agg(pl.col("to").max())
        .join(paying.group_by(_APART).agg(pl.col("until").max()), on=_APART, how="left")
    )
    if reach.filter(pl.col("until").fill_null(0) < pl.col("to")).height:
        raise ValueError("the payments are less than the debts")
    both = paying.join(paid, on=_APART, maintain_order="left_right")
    share = pl.min_horizontal("until", "to") - pl.max_horizontal(
        pl.col("until") - pl.col("has"), pl.col("to") - pl.col("size")
    )
    shares = both.select("receipt_id", "item_id", amount=share).filter(pl.col("amount") > 0)
    credits = first.join(credit, on=_APART, maintain_order="left_right").select("receipt_id", "item_id", "amount")
    return pl.concat([credits, shares])
