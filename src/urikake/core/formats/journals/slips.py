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


def folded(lines: pl.DataFrame, tax_account: str, base_account: str) -> pl.DataFrame:
    """The lines with the tax of their class inside: ``amount`` with tax, ``tax_amount`` the part of it that is tax, ``taxed``.

    ``lines``: ``entry, account, amount`` (debits positive, minor units), ``tax`` (class, empty for none), ``rate_micro`` (null: not
    taxed), ``role`` (`taxes.ROLES`), and what else is to be kept. The lines on ``tax_account`` of a class go into those of the same
    entry and class that have a role, by the largest remainder of their amounts, where it is the tax of them: all on one side,
    and the tax what their rate gives, but for two yen and one a line that roundings may have left. Where it is not (revenue that
    is accrued before its invoice, tax that is owed before its revenue), these lines are out of tax (not ``taxed``), and the
    tax stands on a line of its own with its base, on ``base_account``, beside the same base out of tax on the other side: the
    books are what they are, and the package counts the base in the period in which its tax is owed. The sums of every entry
    by account, and of its tax, stay what they are.

    >>> entry = pl.DataFrame({"entry": [1, 1, 1], "account": ["売掛金", "売上高", "仮受消費税"], "amount": [110, -100, -10],
    ...     "tax": ["standard"] * 3, "role": ["none", "sale", "none"], "rate_micro": [10_000_000] * 3})
    >>> folded(entry, "仮受消費税", "売上高").select("account", "amount", "tax_amount", "taxed").rows()
    [('売掛金', 110, 0, False), ('売上高', -110, -10, True)]
    >>> early = entry.with_columns(amount=pl.Series([30, -20, -10]))
    >>> folded(early, "仮受消費税", "売上高").select("account", "amount", "tax_amount", "taxed").rows()
    [('売掛金', 30, 0, False), ('売上高', -20, 0, False), ('売上高', -110, -10, True), ('売上高', 100, 0, False)]
    """
    placed = lines.with_row_index("at")
    key = ["entry", "tax"]
    is_tax = (pl.col("account") == tax_account) & (pl.col("tax") != "") & pl.col("rate_micro").is_not_null()
    owed = placed.filter(is_tax).group_by(key).agg(owed=pl.col("amount").sum(), tax_at=pl.col("at").min())
    based = placed.filter(~is_tax & (pl.col("role") != "none") & (pl.col("amount") != 0) & (pl.col("tax") != ""))
    based = based.join(owed, on=key, how="left").with_columns(pl.col("owed").fill_null(0))
    net, rate = pl.col("amount").sum().over(key), pl.col("rate_micro")
    off = pl.col("owed").cast(pl.Int128) * _WHOLE - net.cast(pl.Int128) * rate
    own = (off.abs() <= (pl.len().over(key) + _SPARE).cast(pl.Int128) * _WHOLE) & (
        (pl.col("amount") > 0) == (net > 0)
    ).all().over(key)
    bearing = based.with_columns(own=rate.is_null() | own)
    sharing = bearing.filter(pl.col("own") & rate.is_not_null()).sort("at")
    shares = sharing.select("at", share=largest_remainder(sharing, "owed", "amount", key))
    gone = sharing.select(key).unique().with_columns(gone=pl.lit(value=True))
    told = bearing.select("at", taxed="own")
    rest = placed.join(gone, on=key, how="left").filter(~is_tax)
    whole = rest.join(shares, on="at", how="left").join(told, on="at", how="left")
    whole = whole.with_columns(tax_amount=pl.col("share").fill_null(0), taxed=pl.col("taxed").fill_null(value=False))
    whole = whole.with_columns(amount=pl.col("amount") + pl.col("tax_amount")).drop("gone", "share")
    alone = (
        placed.filter(is_tax)
        .join(gone, on=key, how="anti")
        .join(owed, on=key, how="left")
        .filter(pl.col("at") == pl.col("tax_at"))
    )
    beside = _based(alone.drop("tax_at"), base_account)
    return (
        pl.concat([whole, beside.select(whole.columns)])
        .sort("at", "taxed", descending=[False, True], maintain_order=True)
        .drop("at")
    )


_WHOLE: Final = 100_000_000
"""A rate of 100 % in millionths of a percent."""
_SPARE: Final = 2


def _based(alone: pl.DataFrame, account: str) -> pl.DataFrame:
    """Two lines for each tax that is no line's own: its base with the tax inside, and the base out of tax the other way round."""
    base = (pl.col("owed").cast(pl.Int128) * _WHOLE // pl.col("rate_micro")).cast(pl.Int64)
    on = {"account": pl.lit(account), "role": pl.lit("sale")}
    with_tax = alone.filter(pl.col("owed") != 0).with_columns(
        **on, amount=base + pl.col("owed"), tax_amount="owed", taxed=pl.lit(value=True)
    )
    without = with_tax.with_columns(
        amount=-(pl.col("amount") - pl.col("owed")), tax_amount=pl.lit(0, dtype=pl.Int64), taxed=pl.lit(value=False)
    )
    return pl.concat([with_tax, without]).drop("owed")


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
