"""Journal entries (仕訳) from money events, balanced by construction.

A line's ``amount`` is signed: a debit (借方) is positive, a credit (貸方) negative, and an entry sums to zero.
"""

from __future__ import annotations

from typing import Final

import polars as pl

LINE: Final = ["account_id", "amount", "tax", "dimension_id", "partner_id"]


def unbalanced(lines: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    """The entries whose lines do not sum to zero, with their ``difference``; none, by construction.

    >>> lines = pl.DataFrame({"entry": [1, 1, 2], "amount": [110, -110, 5]})
    >>> unbalanced(lines, ["entry"]).rows()
    [(2, 5)]
    """
    return lines.group_by(keys).agg(difference=pl.col("amount").sum()).filter(pl.col("difference") != 0).sort(keys)


def merged(lines: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    """The lines with those of one entry, account, tax and dimensions summed, zeros gone, in first-seen order."""
    same = [key for key in keys if lines[key].n_unique() == 1]
    parts = [*(key for key in keys if key not in same), "account_id", "tax", "dimension_id", "partner_id"]
    quick = lines.with_columns(pl.col("tax").cast(pl.Categorical))  # texts are slow to group by
    summed = quick.group_by(parts, maintain_order=True).agg(pl.col("amount").sum(), *[pl.col(k).first() for k in same])
    left = summed.filter(pl.col("amount") != 0).with_columns(pl.col("tax").cast(pl.String))
    return left.select(*keys, "account_id", "tax", "dimension_id", "partner_id", "amount")


def settled_position(moves: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    """How each move of a contract's balance falls on its liability (契約負債・前受金) and its asset (契約資産).

    A contract's balance is billed less recognised, net of tax; above zero it is a liability, below an asset, netted per
    contract (企業会計基準29号 77–79). In: rows in the order of posting with ``contract_id``, ``before`` (the contract's
    balance before all of them) and ``step`` (billed less revenue). Out: the rows with ``liability`` and ``asset``, the
    changes of the two: step = liability − asset. Within one entry (``keys``) steps are first summed per contract, so
    that an entry shows one change.

    >>> moves = pl.DataFrame({"entry": [1, 2], "contract_id": [7, 7], "before": [-800, -800], "step": [1_000, -500]})
    >>> settled_position(moves, ["entry"]).select("liability", "asset").rows()
    [(200, -800), (-200, 300)]
    """
    parts = [*keys, "contract_id"]
    sums = moves.group_by(parts, maintain_order=True).agg(pl.col("before").first(), pl.col("step").sum())
    start = pl.col("before") + pl.col("step").cum_sum().over("contract_id") - pl.col("step")
    ends = sums.with_columns(start=start).with_columns(end=pl.col("start") + pl.col("step"))
    return ends.with_columns(
        liability=pl.col("end").clip(lower_bound=0) - pl.col("start").clip(lower_bound=0),
        asset=(-pl.col("end")).clip(lower_bound=0) - (-pl.col("start")).clip(lower_bound=0),
    ).drop("start", "end")
