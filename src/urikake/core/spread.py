"""Several payments spread over several debts (複数の入金と複数の明細の消込): which of them pays how much of which."""

from __future__ import annotations

import polars as pl


def spread(payments: pl.DataFrame, debts: pl.DataFrame) -> pl.DataFrame:
    """How much of each debt each payment pays: the payments in their order pay the debts in theirs, while the money lasts.

    Credits (negative debts) are used whole by the first payment and add to what it can pay. Of every debt exactly its
    amount is paid; what a payment has beyond that stays with it. Nothing is rounded.

    ``payments``: ``receipt_id``, ``amount``; ``debts``: ``item_id``, ``amount``; minor units, each id once. Returns
    ``receipt_id, item_id, amount``, none of them 0, in the order of payments, then debts. Raises ``ValueError`` where the
    payments do not suffice.

    >>> payments = pl.DataFrame({"receipt_id": [1, 2], "amount": [30_000, 25_000]})
    >>> debts = pl.DataFrame({"item_id": [7, 8, 9], "amount": [22_000, 34_000, -2_000]})
    >>> spread(payments, debts).rows()
    [(1, 9, -2000), (1, 7, 22000), (1, 8, 10000), (2, 8, 24000)]
    """
    owed, credit = debts.filter(pl.col("amount") > 0), debts.filter(pl.col("amount") < 0)
    beyond = -int(credit["amount"].sum())
    first = pl.int_range(pl.len()) == 0
    money = payments.select("receipt_id", has=pl.col("amount") + pl.when(first).then(beyond).otherwise(0))
    if int(money["has"].sum()) < int(owed["amount"].sum()):
        raise ValueError("the payments are less than the debts")
    paying = money.with_columns(until=pl.col("has").cum_sum()).with_columns(since=pl.col("until") - pl.col("has"))
    paid = owed.select("item_id", "amount", to=pl.col("amount").cum_sum())
    paid = paid.with_columns(start=pl.col("to") - pl.col("amount"))
    both = paying.join(paid, how="cross", maintain_order="left_right")
    share = pl.min_horizontal("until", "to") - pl.max_horizontal("since", "start")
    shares = both.select("receipt_id", "item_id", amount=share).filter(pl.col("amount") > 0)
    credits = payments.head(1).select("receipt_id").join(credit.select("item_id", "amount"), how="cross")
    return pl.concat([credits, shares])
