"""The rules that a company may release for itself (許可する決まり): what is likely, and by law so, but not beyond doubt.

They stand at the end of what the payer's own documents explain, and look only at a payer that is known for sure. What is more
or less than is owed is gated so that chance, a payment for others, a payment made twice and one made ahead do not pass for
what it settles; of equal documents that are due even a payment made twice pays the next (民法488条4項).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

import polars as pl

from urikake.core.clearing.ranks import EARLY_DAYS
from urikake.core.clearing.standing import NOTHING, Found, Standing, claims
from urikake.core.withholding import withheld

RULES: Final = ("oldest", "over", "part")
"""Of equal documents the one due first; more than all that is open; part of the document due first."""
LEAST_REST: Final = 100
"""Yen over all that is open below which the two sides may have rounded otherwise."""
LEAST_FEE: Final = 1_000
"""Yen that may be a fee whatever the company's tolerance."""


class Beside(NamedTuple):
    """What else the money may be meant for: ``repeated`` (``receipt``) repeats what came shortly before, ``others``
    (``receipt, amount``) are amounts that somebody else owes, ``allied`` (``pool``) has others of its group that owe.
    """

    repeated: pl.DataFrame
    others: pl.DataFrame | None
    allied: pl.DataFrame


def oldest(asks: pl.DataFrame, documents: pl.DataFrame) -> Found:
    """Of several documents of exactly the amount, more of them due than are paid, those due first (民法488条4項2号・3号).

    As many as there are receipts, the earlier receipt the earlier due; never where the last that is paid and the first
    that is not are due on one day. Due is what falls due within ten days of the last receipt.
    """
    key = ["pool", "amount"]
    place = pl.int_range(pl.len()).over(key)
    paying = asks.sort(*key, "received_on", "receipt").with_columns(
        place=place, payers=pl.len().over(key), last_on=pl.col("received_on").max().over(key)
    )
    owed = documents.filter(pl.col("amount") > 0).with_columns(place=place)
    sides = owed.join(paying.select(*key, "payers", "last_on").unique(key), on=key, maintain_order="left")
    first, due = pl.col("place") < pl.col("payers"), pl.col("due_on")
    ripe = (due <= pl.col("last_on") + pl.duration(days=EARLY_DAYS)).sum().over(key)
    apart = due.filter(first).max().over(key) < due.filter(~first).min().over(key)
    told = sides.filter((ripe > pl.col("payers")) & apart)
    return Found(claims(paying.join(told.select(*key, "place", "doc"), on=[*key, "place"])), *NOTHING[1:])


def over(
    asks: pl.DataFrame,
    documents: pl.DataFrame,
    *,
    rounding: int,
    fee: int,
    beside: Beside,
    left: pl.DataFrame,
    cited: pl.DataFrame,
) -> Found:
    """All that is due of a pool, where the receipt exceeds it by less than it settles; the rest stays with the receipt.

    Due is what falls due within ten days of the receipt; none of what is open is a credit. What is due later is no reason
    against it, unless the receipt may be that less a fee and the tax withheld. Less than 100 yen over may be rounding;
    a receipt or a rest of an amount that somebody else owes may be meant for that.
    """
    asked = asks.select("receipt", "pool", "received_on", paid="amount")
    judged = asked.join(documents, on="pool").with_columns(ripe=_ripe().fill_null(value=False))
    near = ~pl.col("ripe") & pl.col("paid").is_between(_bound(fee), pl.col("amount"))
    totals = judged.group_by("receipt", "pool").agg(
        pl.col("paid").first(),
        owed=pl.col("amount").filter("ripe").sum(),
        least=pl.col("amount").min(),
        near=near.any(),
    )
    hits = totals.with_columns(amount="paid", rest=pl.col("paid") - pl.col("owed"))
    fits = pl.col("rest").is_between(max(LEAST_REST, rounding + 1), pl.col("owed") - 1)
    sole = _sole(hits.filter(fits & (pl.col("least") > 0) & ~pl.col("near")), beside, left)
    paid = judged.filter("ripe").join(sole.select("receipt"), on="receipt", how="semi")
    return _complete(paid.select("receipt", "doc"), cited)


def part(
    asks: pl.DataFrame, documents: pl.DataFrame, *, fee: int, beside: Beside, left: pl.DataFrame, cited: pl.DataFrame
) -> Found:
    """The document of a pool that is due first, where the receipt is well below every one that is open.

    Well below: by more than a fee (``fee``, at least 1,000 yen) and the tax withheld of the document together. It is due
    within ten days of the receipt and before any other; none is a credit. A receipt of an amount that somebody else owes
    may be meant for that. What is not paid stays owed.
    """
    pools = documents.group_by("pool", maintain_order=True).agg(
        pl.col("doc", "due_on").first(),
        least=pl.col("amount").min(),
        bound=_bound(fee).min(),
        later=pl.col("due_on").get(1, null_on_oob=True),
        size=pl.len(),
    )
    hits = asks.join(pools, on="pool").with_columns(rest=pl.col("amount"))
    first = (pl.col("size") == 1) | (pl.col("due_on") < pl.col("later"))
    below = (pl.col("amount") < pl.col("bound")) & (pl.col("least") > 0)
    return _complete(_sole(hits.filter(below & first & _ripe()), beside, left), cited)


def _bound(fee: int) -> pl.Expr:
    """The least that a payer of the document may pay who withholds tax and keeps back a fee."""
    return pl.col("amount") - withheld(pl.col("amount").clip(lower_bound=0)) - max(fee, LEAST_FEE)


def _ripe() -> pl.Expr:
    return pl.col("due_on") <= pl.col("received_on") + pl.duration(days=EARLY_DAYS)


def _sole(hits: pl.DataFrame, beside: Beside, left: pl.DataFrame) -> pl.DataFrame:
    """Those of the hits (``receipt, pool, amount, rest``) that are meant for nothing else, as far as can be told.

    ``left`` are all documents that are open still, each in the pool of who owes it.
    """
    hits = hits.join(beside.repeated, on="receipt", how="anti").join(beside.allied, on="pool", how="anti")
    sums = pl.concat([hits.select("receipt", "pool", "amount"), hits.select("receipt", "pool", amount="rest")])
    if beside.others is not None:
        meant = sums.join(beside.others, on=["receipt", "amount"], how="semi")
    else:
        owing = left.group_by("amount").agg(one=pl.col("pool").first(), owners=pl.col("pool").n_unique())
        meant = sums.join(owing, on="amount").filter((pl.col("owners") > 1) | (pl.col("one") != pl.col("pool")))
    return hits.join(meant, on="receipt", how="anti")


def _complete(hits: pl.DataFrame, cited: pl.DataFrame) -> Found:
    """Claims of the hits (``receipt, doc``), without the receipts that name a document which they would not pay."""
    named = cited.join(hits.select("receipt").unique(), on="receipt")
    missed = named.join(hits, on=["receipt", "doc"], how="anti")
    return Found(claims(hits.join(missed, on="receipt", how="anti")), *NOTHING[1:])


def alone(asks: pl.DataFrame, documents: pl.DataFrame, state: Standing) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The receipts that alone wait of their pool, and the documents of pools of which none is in doubt."""
    left = documents.join(state.settled, on="doc", how="anti", maintain_order="left")
    waiting = asks.join(state.settled.select("receipt"), on="receipt", how="anti", maintain_order="left")
    torn = left.join(state.contested, on="doc", how="semi").select("pool")
    mine = waiting.filter(pl.len().over("pool") == 1).join(torn, on="pool", how="anti", maintain_order="left")
    return mine, left


def allied(documents: pl.DataFrame, groups: pl.DataFrame | None) -> pl.DataFrame:
    """The pools of partners of whose group others owe something, too: ``pool``."""
    if groups is None or groups.is_empty():
        return pl.DataFrame(schema={"pool": pl.Int64})
    owing = documents.select("partner_id").unique().join(groups, on="partner_id")
    owed = owing.group_by("group_id").agg(owners=pl.len(), one=pl.col("partner_id").first())
    members = groups.join(owed, on="group_id")
    others = (pl.col("owners") > 1) | (pl.col("one") != pl.col("partner_id"))
    return members.filter(others).select(pool=pl.col("partner_id").cast(pl.Int64))


RANKS: Final[dict[str, Callable[..., Found]]] = {"over": over, "part": part}
