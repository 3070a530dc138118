"""The ranks of the cascade: each one way in which receipts and open documents explain each other, over all at once.

A rank looks at ``asks`` (``receipt, pool, amount, received_on``) and ``documents`` (``doc, pool, amount, due_on``, by
pool and age); what its explanations say of a receipt is `standing.settle`'s to judge.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import polars as pl

from urikake.core.clearing.standing import CONTESTED, NOTHING, Found, claims, contested, doubtful
from urikake.core.clearing.subsets import explanations, improbable
from urikake.core.withholding import withheld

EARLY_DAYS: Final = 10
"""So many days before its due day a document counts as what a payer now owes."""

_AGAIN_DAYS: Final = 7  # equal money so soon after the last, with nothing more due, may be the same paid twice


def single(asks: pl.DataFrame, documents: pl.DataFrame, *, by_due: bool) -> Found:
    """Documents of exactly the amount, as many receipts as documents paired in order.

    With fewer receipts, and ``by_due``, they pay the documents due first, if the others are not due yet; with more, the
    first receipts pay and the others are suspected to have paid twice (``duplicate``).
    """
    key = ["pool", "amount"]
    owed = documents.filter(pl.col("amount") > 0)
    sides = asks.group_by(key).agg(pl.col("receipt").first(), payers=pl.len())
    sides = sides.join(owed.group_by(key).agg(pl.col("doc").first(), candidates=pl.len()), on=key)
    plain = (pl.col("payers") == 1) & (pl.col("candidates") == 1)
    rest = sides.filter(~plain).select(key)
    found = _equals(
        asks.join(rest, on=key, how="semi"), owed.join(rest, on=key, how="semi", maintain_order="left"), by_due=by_due
    )
    return found._replace(claims=pl.concat([claims(sides.filter(plain)), found.claims]))


def _equals(asks: pl.DataFrame, owed: pl.DataFrame, *, by_due: bool) -> Found:
    """What `single` finds where several receipts or several documents have one amount."""
    if asks.is_empty():
        return NOTHING
    key = ["pool", "amount"]
    place = pl.int_range(pl.len()).over(key)
    paying = asks.sort(*key, "received_on", "receipt").with_columns(place=place, payers=pl.len().over(key))
    owed = owed.with_columns(place=place, candidates=pl.len().over(key)).join(
        _last(paying), on=key, maintain_order="left"
    )
    sides = paying.join(owed.select(*key, "candidates", *_ripeness(by_due)).unique(key), on=key)
    pairable = (pl.col("payers") >= pl.col("candidates")) | pl.col("told_apart")
    paired = sides.filter(pairable).join(owed.select(*key, "place", "doc", "due_on"), on=[*key, "place"], how="left")
    paired = paired.sort(*key, "place").with_columns(again=_again(key))
    doubted = sides.filter(~pairable)
    twice = paired.filter(pl.col("doc").is_null() | pl.col("again"))
    return Found(
        claims(paired.filter(pl.col("doc").is_not_null() & ~pl.col("again"))),
        pl.concat([doubtful(doubted, pl.col("candidates")), doubtful(twice, pl.col("candidates"), "duplicate")]),
        contested(owed.join(doubted, on=key, how="semi")),
    )


def _last(paying: pl.DataFrame) -> pl.DataFrame:
    return paying.group_by("pool", "amount").agg(last_on=pl.col("received_on").max(), paid=pl.len())


def _ripeness(by_due: bool) -> list[pl.Expr]:
    """Whether the receipts of an amount can only mean the documents due first (``told_apart``)."""
    key = ["pool", "amount"]
    due = pl.col("due_on")
    ripe = (due <= pl.col("last_on") + pl.duration(days=EARLY_DAYS)).sum().over(key)
    within = pl.col("place") < pl.col("paid")
    apart = due.filter(within).max().over(key) < due.filter(~within).min().over(key)
    dated = pl.col("last_on").is_not_null()
    told = dated & (ripe <= pl.col("paid")) & apart if by_due else pl.lit(value=False)
    return [told.fill_null(value=False).alias("told_apart")]


def _again(key: list[str]) -> pl.Expr:
    """Whether a receipt follows an equal one within days although nothing more is due yet."""
    soon = pl.col("received_on") - pl.col("received_on").shift(1).over(key) <= pl.duration(days=_AGAIN_DAYS)
    not_due = pl.col("due_on") > pl.col("received_on") + pl.duration(days=EARLY_DAYS)
    return (soon & not_due).fill_null(value=False)


def named(asks: pl.DataFrame, documents: pl.DataFrame) -> Found:
    """All documents of a pool together, one or more: for pools of what a payer named."""
    sums = documents.group_by("pool").agg(pl.col("amount").sum())
    return Found(
        claims(asks.join(sums, on=["pool", "amount"]).join(documents.select("pool", "doc"), on="pool")), *NOTHING[1:]
    )


def named_short(asks: pl.DataFrame, documents: pl.DataFrame, tolerance: int) -> Found:
    """The same, less what may be a transfer fee."""
    sums = documents.group_by("pool").agg(owed=pl.col("amount").sum())
    short = (pl.col("owed") - pl.col("amount")).is_between(1, tolerance)
    hits = asks.join(sums, on="pool").filter(short)
    return Found(claims(hits.join(documents.select("pool", "doc"), on="pool")), *NOTHING[1:])


def everything(asks: pl.DataFrame, documents: pl.DataFrame) -> Found:
    """All that a pool still has open, two documents or more; in doubt where some of it is long not due (`_with_early`)."""
    return _with_early(asks.join(_totals(documents), on=["pool", "amount"]), documents)


def _with_early(hits: pl.DataFrame, documents: pl.DataFrame) -> Found:
    """As `_leading`, but in doubt what reaches to ``due_on`` later than in ten days.

    Who pays what is not due yet may have paid twice, or for another.
    """
    early = (pl.col("due_on") > pl.col("received_on") + pl.duration(days=EARLY_DAYS)).fill_null(value=False)
    ripe, unripe = _leading(hits.filter(~early), documents), hits.filter(early)
    if unripe.is_empty():
        return ripe
    whole = documents.join(unripe.select("pool").unique(), on="pool", how="semi")
    return Found(
        ripe.claims,
        pl.concat([ripe.doubtful, doubtful(unripe.unique("receipt"))]),
        pl.concat([ripe.contested, contested(whole)]),
    )


def _totals(documents: pl.DataFrame) -> pl.DataFrame:
    due = pl.col("due_on").filter(pl.col("amount") > 0).max()
    summed = documents.group_by("pool").agg(pl.col("amount").sum(), size=pl.len(), due_on=due)
    return summed.filter(pl.col("size") >= 2)


def oldest(asks: pl.DataFrame, documents: pl.DataFrame, *, credits: bool = False) -> Found:
    """The documents due up to some day, with ``credits`` those among them; documents of one day are not parted."""
    owed = _with_credits(documents) if credits else documents.filter(pl.col("amount") > 0)
    return _with_early(asks.join(_heaps(owed), on=["pool", "amount"]), owed)


def _with_credits(documents: pl.DataFrame) -> pl.DataFrame:
    """The documents of pools that have a credit."""
    given = documents.filter(pl.col("amount") < 0).select("pool").unique()
    return documents.join(given, on="pool", how="semi", maintain_order="left")


def _heaps(owed: pl.DataFrame) -> pl.DataFrame:
    """The sums of two documents or more due up to each day: ``pool, amount, size, due_on``."""
    next_day = pl.col("due_on").ne_missing(pl.col("due_on").shift(-1))
    last = pl.int_range(pl.len()) == pl.len() - 1
    heaps = owed.with_columns(
        amount=pl.col("amount").cum_sum().over("pool"),
        size=pl.int_range(1, pl.len() + 1).over("pool"),
        whole=(next_day | last).over("pool"),
        due_on=pl.when(pl.col("amount") > 0).then("due_on").forward_fill().over("pool"),  # a credit is not paid early
    )
    return heaps.filter(pl.col("whole") & (pl.col("size") >= 2)).select("pool", "amount", "size", "due_on")


def of_one_day(
    asks: pl.DataFrame, documents: pl.DataFrame, *, credits: bool = False, by_due: bool = False, tolerance: int = 0
) -> Found:
    """All documents, two or more, that are due on one day, as one who pays by the calendar leaves the older alone.

    With ``credits`` those due that day count too, with ``tolerance`` what they exceed the amount by may be a fee. Of
    several days, ``by_due``, it is the first, if the next is not due within ten days.
    """
    owed = _with_credits(documents) if credits else documents.filter(pl.col("amount") > 0)
    heaps = owed.group_by("pool", "due_on").agg(owed=pl.col("amount").sum(), size=pl.len()).filter(pl.col("size") >= 2)
    over = pl.col("owed") - pl.col("amount")
    fits = over.is_between(1, tolerance) if tolerance else over == 0
    hits = asks.join(heaps, on="pool").filter(fits & (pl.col("owed") > 0))
    hits = _first_due(hits, by_due=by_due).select("receipt", "pool", "due_on")
    alone = hits.filter(pl.len().over("receipt", "pool") == 1)
    several = hits.filter(pl.len().over("receipt", "pool") > 1)

    def due(of: pl.DataFrame) -> pl.DataFrame:
        return of.join(owed.select("pool", "due_on", "doc"), on=["pool", "due_on"], nulls_equal=True)

    return Found(
        claims(due(alone)),
        doubtful(several.group_by("receipt").len(), pl.col("len")),
        contested(due(several)),
    )


def _first_due(hits: pl.DataFrame, *, by_due: bool) -> pl.DataFrame:
    """Of hits of one receipt (with its ``received_on``) that differ in nothing but ``due_on``, the first if it alone is due."""
    if not by_due or hits.is_empty():
        return hits
    later = pl.col("due_on").sort().slice(1, 1).first().over("receipt")
    ripe = pl.col("received_on") + pl.duration(days=EARLY_DAYS)
    told = (later > ripe) & (pl.col("owed").n_unique().over("receipt") == 1) & (pl.col("due_on") < later)
    first = hits.filter(told.fill_null(value=False))
    return pl.concat([first, hits.join(first, on="receipt", how="anti", maintain_order="left")])


def _leading(hits: pl.DataFrame, documents: pl.DataFrame) -> Found:
    """Claims on the first ``size`` documents of a pool; two receipts that claim of one pool are in doubt."""
    if hits.is_empty():
        return NOTHING
    aged = documents.with_columns(age=pl.int_range(pl.len()).over("pool")).select("pool", "doc", "age")
    alone = hits.filter(pl.len().over("pool") == 1)
    rivals = hits.filter(pl.len().over("pool") > 1)
    reach = rivals.group_by("pool").agg(pl.col("size").max())

    def first(of: pl.DataFrame) -> pl.DataFrame:
        return of.join(aged, on="pool").filter(pl.col("age") < pl.col("size"))

    return Found(claims(first(alone)), doubtful(rivals), contested(first(reach)))


def subset(asks: pl.DataFrame, documents: pl.DataFrame) -> Found:
    """The only subset that makes the amount, where that is no chance (`subsets.improbable`)."""
    return _by_subsets(explanations(asks, documents), documents)


def subset_short(asks: pl.DataFrame, documents: pl.DataFrame, fees: Sequence[int]) -> Found:
    """The only subset that exceeds the amount by a usual fee, where that is no chance."""
    less = pl.DataFrame({"fee": sorted(set(fees))}, schema={"fee": pl.Int64})
    wide = asks.join(less, how="cross").with_row_index("wanted").with_columns(pl.col("amount") + pl.col("fee"))
    found = explanations(wide.select(receipt="wanted", pool="pool", amount="amount"), documents)
    back = found.join(wide.select(pl.col("wanted").alias("receipt"), of=pl.col("receipt")), on="receipt")
    tried = less.height
    summed = back.group_by(pl.col("of").alias("receipt"), maintain_order=True).agg(
        pl.col("candidates").sum(),
        pl.col("docs").explode().unique(),
        (pl.col("chance").max() * tried),
        pl.lit(99).alias("size"),
    )
    return _by_subsets(summed.cast({"size": pl.Int64}), documents)


def _by_subsets(found: pl.DataFrame, documents: pl.DataFrame) -> Found:
    sure = (pl.col("candidates") == 1) & improbable()
    sole, several = found.filter(sure), found.filter(~sure)
    docs = several.select(doc="docs").explode("doc").drop_nulls()
    return Found(
        claims(sole.select("receipt", doc="docs").explode("doc")),
        doubtful(several, pl.col("candidates")),
        contested(docs.join(documents, on="doc", how="semi")),
    )


def together(asks: pl.DataFrame, documents: pl.DataFrame) -> Found:
    """All receipts of a pool that wait, two or more, make one document or all that is open."""
    sole = asks.filter(pl.len().over("receipt") == 1)
    money = sole.group_by("pool").agg(pl.col("amount").sum(), bundle=pl.col("receipt").min(), payers=pl.len())
    money = money.filter(pl.col("payers") >= 2)
    owed = documents.filter(pl.col("amount") > 0)
    singles = owed.select("pool", "amount", "doc")
    wholes = _totals(owed).select("pool", "amount", doc=pl.lit(None, dtype=pl.UInt32))
    hits = money.join(pl.concat([singles, wholes]), on=["pool", "amount"])
    one = hits.filter(pl.len().over("pool") == 1)
    on_one = one.filter(pl.col("doc").is_not_null()).select("pool", "bundle", "doc")
    on_all = one.filter(pl.col("doc").is_null()).select("pool", "bundle").join(owed.select("pool", "doc"), on="pool")
    paid = sole.select("receipt", "pool").join(pl.concat([on_one, on_all]), on="pool")
    unsure = sole.join(hits.filter(pl.len().over("pool") > 1), on="pool", how="semi")
    touched = owed.join(hits.filter(pl.len().over("pool") > 1), on="pool", how="semi")
    return Found(paid.select("receipt", "doc", "bundle"), doubtful(unsure), contested(touched))


def less_withheld(asks: pl.DataFrame, documents: pl.DataFrame) -> Found:
    """The only document that exceeds the receipt by the tax a payer withholds of it (源泉徴収), to the yen.

    The base is the document with consumption tax or without (``net``; where that is not known, less 10 % in it). Of
    several of one amount it is the one due first if the next is not due within ten days.
    """
    owed = documents.filter(pl.col("amount") > 0).select("pool", "doc", "due_on", "net", owed="amount")
    plain = pl.coalesce("net", pl.col("owed") * 10 // 11)
    bases = pl.concat([owed.with_columns(base=pl.col("owed")), owed.with_columns(base=plain)])
    left = bases.with_columns(amount=pl.col("owed") - withheld(pl.col("base"))).filter(
        pl.col("amount") < pl.col("owed")
    )
    hits = asks.join(left.unique(["pool", "doc", "amount"]), on=["pool", "amount"])
    hits = _first_due(hits, by_due=True)
    alone, several = hits.filter(pl.len().over("receipt") == 1), hits.filter(pl.len().over("receipt") > 1)
    return Found(claims(alone), doubtful(several.group_by("receipt").len(), pl.col("len")), contested(several))


def nearly(asks: pl.DataFrame, documents: pl.DataFrame, most: int, *, by_due: bool) -> Found:
    """The only document, or all that is open, that differs from the receipt by at most so many yen, either way."""
    return short(asks.with_columns(pl.col("amount") - most - 1), documents, 2 * most + 1, (), by_due=by_due)


def short(
    asks: pl.DataFrame,
    documents: pl.DataFrame,
    tolerance: int,
    fees: Sequence[int] | pl.DataFrame,
    *,
    by_due: bool = False,
) -> Found:
    """The only document, or all that is open, that exceeds the receipt by a fee.

    A fee is up to ``tolerance``, or one of ``fees``; those of a frame (``pool, fee``) are each of one pool. Of several documents
    of one amount, ``by_due``, it is the one due first, if the next is not due within ten days. One that is due later than in ten
    days is in doubt where what is missing is none of ``fees``.
    """
    single = documents.select("pool", "amount", "doc", "due_on", size=pl.lit(0, dtype=pl.UInt32))
    none = pl.lit(None, dtype=pl.UInt32)
    whole = _totals(documents).select("pool", "amount", "due_on", "size", doc=none).select(single.columns)
    targets = pl.concat([single, whole]).filter(pl.col("amount") > 0).sort("pool", "amount", "doc")
    targets = targets.with_row_index("at")
    usual = (
        fees if isinstance(fees, pl.DataFrame) else pl.DataFrame({"fee": sorted(set(fees))}, schema={"fee": pl.Int64})
    )
    further = usual.filter(pl.col("fee") > tolerance)
    hits = pl.concat([_within(asks, targets, tolerance), _by_fee(asks, targets, further)])
    counted = hits.group_by("receipt", maintain_order=True).agg(
        pl.col("candidates").sum(), pl.col("at").min(), rows=pl.len()
    )
    counted = _told_by_due(counted, asks, targets) if by_due else counted
    found = counted.filter(pl.col("candidates") == 1).join(targets, on="at")
    early = _early(found, asks, usual["fee"]) if usual.height else found.clear()
    sole = found.join(early, on="receipt", how="anti", maintain_order="left")
    on_one = claims(sole.filter(pl.col("size") == 0))
    on_all = _leading(sole.filter(pl.col("size") > 0).select("receipt", "pool", "size"), documents)
    unsure = pl.concat([counted.filter(pl.col("candidates") > 1), counted.join(early, on="receipt", how="semi")])
    several = doubtful(unsure, pl.col("candidates"))
    touched = _touched(hits.join(several, on="receipt", how="semi"), targets, documents)
    return Found(
        pl.concat([on_one, on_all.claims]),
        pl.concat([several, on_all.doubtful]),
        pl.concat([touched, on_all.contested]),
    )


def _early(found: pl.DataFrame, asks: pl.DataFrame, usual: pl.Series) -> pl.DataFrame:
    """Those of the targets found that are long not due while what is missing is no usual fee: a chance, as likely as not."""
    paid = asks.unique("receipt").select("receipt", "received_on", paid="amount")
    judged = found.join(paid, on="receipt", maintain_order="left")
    odd = ~(pl.col("amount") - pl.col("paid")).is_in(usual.implode())
    ripe = pl.col("received_on") + pl.duration(days=EARLY_DAYS)
    return judged.filter(odd & (pl.col("due_on") > ripe).fill_null(value=False)).select("receipt")


def _told_by_due(counted: pl.DataFrame, asks: pl.DataFrame, targets: pl.DataFrame) -> pl.DataFrame:
    """The counts, 1 where the targets are documents of one amount and only the first of them is due."""
    many = counted.filter((pl.col("candidates") > 1) & (pl.col("rows") == 1))
    if many.is_empty():
        return counted
    reach = many.join(asks.unique("receipt").select("receipt", "received_on"), on="receipt")
    reach = reach.with_columns(
        second=(pl.col("at") + 1).cast(pl.UInt32), end=(pl.col("at") + pl.col("candidates") - 1).cast(pl.UInt32)
    )
    facts = targets.select("at", "amount", "size", "due_on")
    for place in ("second", "end"):
        of = facts.rename({"at": place, **{name: f"{place}_{name}" for name in ("amount", "size", "due_on")}})
        reach = reach.join(of, on=place)
    reach = reach.join(facts, on="at")
    alike = (pl.col("amount") == pl.col("end_amount")) & (pl.col("size") == 0) & (pl.col("end_size") == 0)
    ripe = pl.col("received_on") + pl.duration(days=EARLY_DAYS)
    told = alike & (pl.col("second_due_on") > ripe) & (pl.col("due_on") < pl.col("second_due_on"))
    sole = reach.filter(told.fill_null(value=False)).select("receipt", sole=pl.lit(value=True))
    joined = counted.join(sole, on="receipt", how="left", maintain_order="left")
    one = pl.when(pl.col("sole")).then(pl.lit(1, dtype=pl.Int64)).otherwise("candidates")
    return joined.with_columns(candidates=one).drop("sole")


def _touched(hits: pl.DataFrame, targets: pl.DataFrame, documents: pl.DataFrame) -> pl.DataFrame:
    """The documents of the targets that lie in any hit; a hit is ``candidates`` targets in a row from ``at``."""
    if hits.is_empty():
        return pl.DataFrame(schema=CONTESTED)
    begun = hits.select("at", step=pl.lit(1, dtype=pl.Int64))
    ended = hits.select((pl.col("at") + pl.col("candidates")).cast(pl.UInt32), step=pl.lit(-1, dtype=pl.Int64))
    steps = pl.concat([begun, ended]).group_by("at").agg(pl.col("step").sum())
    depth = pl.col("step").fill_null(0).cum_sum()
    inside = targets.join(steps, on="at", how="left", maintain_order="left").filter(depth > 0)
    wholes = documents.join(inside.filter(pl.col("size") > 0), on="pool", how="semi").select("doc")
    return pl.concat([inside.filter(pl.col("size") == 0).select("doc"), wholes]).unique()


def _within(asks: pl.DataFrame, targets: pl.DataFrame, tolerance: int) -> pl.DataFrame:
    """How many targets exceed each receipt by 1 … ``tolerance``, and the first of them."""
    ends = targets.sort("amount").select("pool", "amount", "at")
    asked = asks.sort("amount").with_columns(low=pl.col("amount") + 1, high=pl.col("amount") + tolerance)
    for name, strategy in (("low", "forward"), ("high", "backward")):
        asked = asked.join_asof(
            ends.rename({"at": f"{name}_at", "amount": f"{name}_amount"}),
            left_on=name,
            right_on=f"{name}_amount",
            by="pool",
            strategy=strategy,  # type: ignore[arg-type]
            check_sortedness=False,
        )
    count = pl.col("high_at").cast(pl.Int64) - pl.col("low_at").cast(pl.Int64) + 1
    return asked.select("receipt", candidates=count, at="low_at").filter(pl.col("candidates") > 0)


def _by_fee(asks: pl.DataFrame, targets: pl.DataFrame, fees: pl.DataFrame) -> pl.DataFrame:
    """How many targets exceed each receipt by exactly one of ``fees`` (of its pool), and the first of them."""
    lacking = asks.join(fees, on="pool") if "pool" in fees.columns else asks.join(fees, how="cross")
    owed = targets.group_by("pool", "amount").agg(candidates=pl.len().cast(pl.Int64), at=pl.col("at").min())
    wanted = lacking.with_columns(amount=pl.col("amount") + pl.col("fee"))
    return wanted.join(owed, on=["pool", "amount"]).select("receipt", "candidates", "at")
