"""Journal entries laid out as slips: tax folded into the lines it is of, debits and credits side by side."""

from __future__ import annotations

from typing import Final

import polars as pl

from urikake.core.money import largest_remainder

SIDES: Final = ("debit", "credit")
_FACTS: Final = (
    "account",
    "tax",
    "tax_key",
    "rate_micro",
    "department",
    "partner",
    "partner_code",
    "amount",
    "tax_amount",
)


def folded(lines: pl.DataFrame, tax_account: str) -> pl.DataFrame:
    """The lines with the tax of their class inside: ``amount`` with tax, ``tax_amount`` the part of it that is tax.

    ``lines``: ``entry, account, amount`` (debits positive, minor units), ``tax`` (class, empty for none), ``role`` (`taxes.ROLES`),
    and what else is to be kept. The lines on ``tax_account`` of a class go into those of the same entry and class that have a
    role, by the largest remainder of their amounts; where there are none, or they are on both sides, the tax stays a line of
    its own. The sums of every entry stay what they are.

    >>> entry = pl.DataFrame({"entry": [1, 1, 1], "account": ["売掛金", "売上高", "仮受消費税"], "amount": [110, -100, -10],
    ...     "tax": ["standard"] * 3, "role": ["none", "sale", "none"]})
    >>> folded(entry, "仮受消費税").select("account", "amount", "tax_amount").rows()
    [('売掛金', 110, 0), ('売上高', -110, -10)]
    """
    placed = lines.with_row_index("at")
    is_tax = (pl.col("account") == tax_account) & (pl.col("tax") != "")
    owed = placed.filter(is_tax).group_by("entry", "tax").agg(owed=pl.col("amount").sum())
    based = placed.filter(~is_tax & (pl.col("role") != "none") & (pl.col("amount") != 0)).join(
        owed, on=["entry", "tax"]
    )
    one_side = (pl.col("amount").sign() == pl.col("owed").sign()).all().over("entry", "tax") | (pl.col("owed") == 0)
    bearing = based.filter(one_side).sort("at")
    shares = bearing.select("at", share=largest_remainder(bearing, "owed", "amount", ["entry", "tax"]))
    borne = bearing.select("entry", "tax").unique()
    rest = placed.join(borne.with_columns(gone=True), on=["entry", "tax"], how="left").filter(
        ~(is_tax & pl.col("gone").fill_null(False))
    )
    whole = rest.join(shares, on="at", how="left").with_columns(tax_amount=pl.col("share").fill_null(0))
    return whole.sort("at").with_columns(amount=pl.col("amount") + pl.col("tax_amount")).drop("at", "gone", "share")


def paired(lines: pl.DataFrame) -> pl.DataFrame:
    """The slips row by row: the n-th debit of an entry beside its n-th credit, nulls where a side has no more.

    ``lines``: ``entry, amount, tax_amount`` (signed, see `folded`) and the facts of a line. Columns: ``entry, at`` (from 1),
    ``rows`` (of the entry), and each fact with ``debit_`` and ``credit_`` before it; amounts are positive. Lines of nothing
    are left out.
    """
    facts = [name for name in _FACTS if name in lines.columns]
    sides = []
    for side, sign in zip(SIDES, (1, -1), strict=True):
        mine = lines.filter(pl.col("amount").sign() == sign).with_columns(
            pl.col("amount").abs(), pl.col("tax_amount") * sign, at=pl.int_range(1, pl.len() + 1).over("entry")
        )
        sides.append(mine.select("entry", "at", *(pl.col(name).alias(f"{side}_{name}") for name in facts)))
    both = sides[0].join(sides[1], on=["entry", "at"], how="full", coalesce=True)
    return both.sort("entry", "at").with_columns(rows=pl.len().over("entry"))
