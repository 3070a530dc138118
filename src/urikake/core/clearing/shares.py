"""Shares of a part payment: how much of each item a receipt pays that does not pay them all."""

from __future__ import annotations

from typing import Final, Literal

import polars as pl

from urikake.core.money import largest_remainder

Policy = Literal["oldest", "proportional"]
POLICIES: Final[tuple[Policy, ...]] = ("oldest", "proportional")

CLAIMS: Final = {"cost": 0, "interest": 1, "principal": 2}
"""What an item may claim, in the order in which a part payment is used for it: 費用・利息・元本 (民法489条)."""
_CLAIM: Final = ["receipt_id", "claim"]
_SETTLED: Final = ("receipt_id", "item_id", "amount")


def allocate(frame: pl.DataFrame, policy: Policy) -> pl.DataFrame:
    """What each receipt pays of each of its items (一部入金の充当), never more than the receipt or the item has.

    ``oldest`` (古い順) pays whole items by due date, then date, then as listed, items without a due date last;
    ``proportional`` (按分) pays each the same share, to the unit by largest remainder, ties to the earlier row. Source:
    the debtor's choice comes first (民法488条), then that of the creditor's terms, which this policy states. Before either, what
    claims costs is paid, then interest, then principal (`CLAIMS`); the policy holds among items of one claim. Credits
    (negative items) are used up whole and add to what there is to pay with. Nothing is rounded but by the split.

    ``frame``: ``receipt_id``, ``receipt_amount`` (the same on all rows of a receipt), ``item_id``, ``amount`` (open
    balance), both in minor units, ``due_on``, ``on``, and ``claim`` where any is no principal. Returns
    ``receipt_id, item_id, amount`` without rows of nothing,
    oldest first within a receipt, or as listed.

    >>> rows = pl.DataFrame({"receipt_id": [1, 1], "receipt_amount": [15_000] * 2, "item_id": [11, 12],
    ...     "amount": [11_000, 11_000], "due_on": ["2026-05-31", "2026-04-30"], "on": [None, None]})
    >>> allocate(rows, "oldest").rows(), allocate(rows, "proportional").rows()
    ([(1, 12, 11000), (1, 11, 4000)], [(1, 11, 7500), (1, 12, 7500)])
    """
    if policy not in POLICIES:
        raise ValueError(f"unknown allocation: {policy!r}")
    owed, credit = pl.col("amount").clip(lower_bound=0), pl.col("amount").clip(upper_bound=0)
    claim = pl.col("claim") if "claim" in frame.columns else pl.lit(CLAIMS["principal"])
    rows = frame.with_columns(owed=owed, credit=credit, claim=claim, row=pl.int_range(pl.len()))
    rows = rows.with_columns(
        first=pl.col("row").min().over("receipt_id"),
        money=(pl.col("receipt_amount") - pl.col("credit").sum().over("receipt_id")).clip(lower_bound=0),
    )
    rows = _by_claim(rows)
    paid = _oldest(rows) if policy == "oldest" else _proportional(rows)
    settled = paid.with_columns(amount=pl.col("paid") + pl.col("credit"))
    return settled.select(_SETTLED).filter(pl.col("amount") != 0)


def _by_claim(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows with the ``money`` that is left for their claim once those before it are paid."""
    sums = rows.group_by(_CLAIM).agg(pl.col("owed").sum(), pl.col("money").first()).sort(_CLAIM)
    before = pl.col("owed").cum_sum().over("receipt_id") - pl.col("owed")
    left = sums.select(*_CLAIM, money=(pl.col("money") - before).clip(lower_bound=0))
    return rows.drop("money").join(left, on=_CLAIM, maintain_order="left")


def _oldest(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows, those of each claim oldest first, with what is ``paid`` of each while the money lasts."""
    aged = rows.sort("first", "claim", "due_on", "on", "row", nulls_last=True)
    before = pl.col("owed").cum_sum().over(_CLAIM) - pl.col("owed")
    return aged.with_columns(paid=pl.min_horizontal("owed", pl.col("money") - before).clip(lower_bound=0))


def _proportional(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows as listed with the same share ``paid`` of each of a claim."""
    payable = rows.with_columns(payable=pl.min_horizontal("money", pl.col("owed").sum().over(_CLAIM)))
    return payable.with_columns(paid=largest_remainder(payable, "payable", "owed", _CLAIM)).sort("first", "row")
