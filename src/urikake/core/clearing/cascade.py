"""Automatic clearing (自動消込): the receipts whose items are beyond doubt, and why the others are not.

All receipts go down a cascade of explanations, strongest first, each one join or group-by over all of them; what a rank
settles is gone before the next one looks. A document is what was billed together (an invoice): its items are cleared
together or not at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final, NamedTuple

import polars as pl

from urikake.core.clearing.subsets import explanations

_CLAIMS: Final = {"receipt": pl.UInt32, "doc": pl.UInt32}
_DOUBTFUL: Final = {"receipt": pl.UInt32, "candidates": pl.Int64}
_CONTESTED: Final = {"doc": pl.UInt32}


class _Found(NamedTuple):
    """What one rank explains: claims of receipts with one explanation, receipts with several, what those touch."""

    claims: pl.DataFrame
    doubtful: pl.DataFrame
    contested: pl.DataFrame


_NOTHING: Final = _Found(*(pl.DataFrame(schema=kinds) for kinds in (_CLAIMS, _DOUBTFUL, _CONTESTED)))


class _State(NamedTuple):
    """Where the cascade stands: what is open, what is settled (with its kind), what is in doubt."""

    receipts: pl.DataFrame
    documents: pl.DataFrame
    settled: pl.DataFrame
    doubtful: pl.DataFrame
    contested: pl.DataFrame


def match(
    receipts: pl.DataFrame, items: pl.DataFrame, fee_tolerance: int, fees: Sequence[int] = ()
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The applications that are beyond doubt, and the outcome of every receipt.

    Ranks, strongest first; credits (negative documents) only count in the second and the fourth:

    1. ``exact``: one document of the partner has the amount. As many equal receipts as equal documents are paired, the
       earlier receipt (by id) with the earlier due: whichever way they are paired, the same is paid.
    2. ``sum``: all that the partner still has open makes the amount.
    3. ``sum``: the documents due up to some day, two or more, make it (documents of one due day are not told apart).
    4. ``sum``: exactly one subset makes it, proved by trying them all; for partners with at most 12 documents left.
    5. ``fee``: one document, or all that is open, exceeds it by 1 … ``fee_tolerance`` or by one of ``fees`` (usual
       transfer fees, 振込手数料, that may exceed the tolerance), and no other does.

    ``ambiguous`` is a receipt with several explanations of the rank that first explains it, or one whose document
    another receipt claims; documents in such doubt are settled by no later rank either. ``none`` has no explanation,
    ``unknown`` no partner. Nothing is applied twice, and a receipt with an exact answer never takes a fee answer.

    ``receipts``: ``receipt_id``, ``partner_id`` (null: unknown), ``amount``. ``items``: ``item_id``, ``partner_id``,
    ``document_id``, ``amount`` (open balance, minor units), ``due_on``. Returns ``receipt_id, item_id, amount`` (what
    is settled, the fee included) and ``receipt_id, kind, difference, candidates`` in the order of ``receipts``, where
    ``difference`` is receipt − items (null if nothing is applied). Raises ``ValueError`` for repeated ids or an item
    without a document.

    >>> from datetime import date
    >>> items = pl.DataFrame({"item_id": [1, 2, 3], "partner_id": [7, 7, 8], "document_id": [1, 1, 2],
    ...     "amount": [3_520, 3_240, 5_500], "due_on": [date(2026, 5, 31)] * 3})
    >>> receipts = pl.DataFrame({"receipt_id": [1, 2], "partner_id": [7, 8], "amount": [6_320, 5_500]})
    >>> applications, outcomes = match(receipts, items, fee_tolerance=880)
    >>> applications.rows()
    [(1, 1, 3520), (1, 2, 3240), (2, 3, 5500)]
    >>> outcomes.rows()
    [(1, 'fee', -440, 1), (2, 'exact', 0, 1)]
    """
    receipts = receipts.cast({"receipt_id": pl.Int64, "partner_id": pl.Int64, "amount": pl.Int64})
    items = items.cast(dict.fromkeys(("item_id", "partner_id", "document_id", "amount"), pl.Int64))
    _check(receipts, items)
    documents = _documents(items)
    state = _start(receipts, documents)
    ranks = (
        ("exact", _single),
        ("sum", _all),
        ("sum", _oldest),
        ("sum", _subset),
        ("fee", partial(_short, tolerance=max(fee_tolerance, 0), fees=fees)),
    )
    for kind, rank in ranks:
        if state.receipts.is_empty():
            break
        mine = state.documents.join(state.receipts, on="partner_id", how="semi", maintain_order="left")
        state = _settle(state, rank(state.receipts, mine), kind)
    return _applications(receipts, items, documents, state), _outcomes(receipts, documents, state)


def _check(receipts: pl.DataFrame, items: pl.DataFrame) -> None:
    if receipts["receipt_id"].n_unique() != receipts.height or items["item_id"].n_unique() != items.height:
        raise ValueError("a receipt_id or item_id is listed twice")
    if items["document_id"].null_count():
        raise ValueError("an item has no document_id")


def _documents(items: pl.DataFrame) -> pl.DataFrame:
    """The open documents by partner and age, numbered ``doc``."""
    grouped = items.drop_nulls("partner_id").group_by("partner_id", "document_id")
    summed = grouped.agg(pl.col("amount").sum(), pl.col("due_on").min()).filter(pl.col("amount") != 0)
    aged = summed.sort("partner_id", "due_on", "document_id", nulls_last=True)
    return aged.with_row_index("doc")


def _start(receipts: pl.DataFrame, documents: pl.DataFrame) -> _State:
    """Everything open: positive receipts of a known partner, by id."""
    known = receipts.with_row_index("receipt").filter(pl.col("partner_id").is_not_null() & (pl.col("amount") > 0))
    open_receipts = known.sort("receipt_id").select("receipt", "partner_id", "amount")
    settled = pl.DataFrame(schema=_CLAIMS | {"kind": pl.String})
    return _State(open_receipts, documents, settled, pl.DataFrame(schema=_DOUBTFUL), pl.DataFrame(schema=_CONTESTED))


def _settle(state: _State, found: _Found, kind: str) -> _State:
    """The state after a rank: claims that nothing disputes are settled, disputed ones are in doubt."""
    claims = found.claims
    if claims.is_empty() and found.doubtful.is_empty():
        return state._replace(contested=pl.concat([state.contested, found.contested]))
    shared = claims.filter(pl.len().over("doc") > 1).select("doc")
    disputed = pl.concat([state.contested, found.contested, shared])
    unsure = claims.join(disputed, on="doc", how="semi").select("receipt").unique()
    sure = claims.join(unsure, on="receipt", how="anti")
    withheld = claims.join(unsure, on="receipt", how="semi").select("doc")
    doubted = unsure.with_columns(candidates=pl.lit(1, dtype=pl.Int64))
    done = pl.concat([found.doubtful.select("receipt"), claims.select("receipt")]).unique()
    return _State(
        state.receipts.join(done, on="receipt", how="anti", maintain_order="left"),
        state.documents.join(sure, on="doc", how="anti", maintain_order="left"),
        pl.concat([state.settled, sure.with_columns(kind=pl.lit(kind))]),
        pl.concat([state.doubtful, found.doubtful, doubted]),
        pl.concat([state.contested, found.contested, withheld]),
    )


def _single(receipts: pl.DataFrame, documents: pl.DataFrame) -> _Found:
    """Rank 1: documents of exactly the amount; as many receipts as documents are paired in order."""
    key = ["partner_id", "amount"]
    paying = receipts.group_by(key).agg("receipt", payers=pl.len())
    owed = documents.filter(pl.col("amount") > 0).group_by(key).agg("doc", candidates=pl.len())
    equal = paying.join(owed, on=key)
    paired = equal.filter(pl.col("payers") == pl.col("candidates"))
    doubtful = equal.filter(pl.col("payers") != pl.col("candidates"))
    return _Found(
        paired.select("receipt", "doc").explode("receipt", "doc").cast(_CLAIMS),  # type: ignore[arg-type]
        doubtful.select("receipt", "candidates").explode("receipt").cast(_DOUBTFUL),  # type: ignore[arg-type]
        doubtful.select("doc").explode("doc").cast(_CONTESTED),  # type: ignore[arg-type]
    )


def _all(receipts: pl.DataFrame, documents: pl.DataFrame) -> _Found:
    """Rank 2: all that the partner has open."""
    totals = _totals(documents)
    return _leading(receipts.join(totals, on=["partner_id", "amount"]), documents)


def _totals(documents: pl.DataFrame) -> pl.DataFrame:
    """What partners with two or more documents have open in all."""
    summed = documents.group_by("partner_id").agg(pl.col("amount").sum(), size=pl.len())
    return summed.filter(pl.col("size") >= 2)


def _oldest(receipts: pl.DataFrame, documents: pl.DataFrame) -> _Found:
    """Rank 3: the documents due up to some day; a sum that would part documents of one day does not count."""
    owed = documents.filter(pl.col("amount") > 0)
    next_day = pl.col("due_on").ne_missing(pl.col("due_on").shift(-1))
    last = pl.int_range(pl.len()) == pl.len() - 1
    heaps = owed.with_columns(
        amount=pl.col("amount").cum_sum().over("partner_id"),
        size=pl.int_range(1, pl.len() + 1).over("partner_id"),
        whole=(next_day | last).over("partner_id"),
    )
    heaps = heaps.filter(pl.col("whole") & (pl.col("size") >= 2)).select("partner_id", "amount", "size")
    return _leading(receipts.join(heaps, on=["partner_id", "amount"]), owed)


def _leading(hits: pl.DataFrame, documents: pl.DataFrame) -> _Found:
    """Claims on the first ``size`` documents of a partner; two receipts that claim of one partner are in doubt."""
    if hits.is_empty():
        return _NOTHING
    aged = documents.with_columns(age=pl.int_range(pl.len()).over("partner_id")).select("partner_id", "doc", "age")
    alone = hits.filter(pl.len().over("partner_id") == 1)
    rivals = hits.filter(pl.len().over("partner_id") > 1)
    reach = rivals.group_by("partner_id").agg(pl.col("size").max())

    def first(of: pl.DataFrame) -> pl.DataFrame:
        return of.join(aged, on="partner_id").filter(pl.col("age") < pl.col("size"))

    doubtful = rivals.select("receipt", candidates=pl.lit(1, dtype=pl.Int64))
    return _Found(first(alone).select("receipt", "doc"), doubtful, first(reach).select("doc"))


def _subset(receipts: pl.DataFrame, documents: pl.DataFrame) -> _Found:
    """Rank 4: the only subset that makes the amount."""
    found = explanations(receipts, documents)
    sole, several = found.filter(pl.col("candidates") == 1), found.filter(pl.col("candidates") > 1)
    return _Found(
        sole.select("receipt", "docs").explode("docs").rename({"docs": "doc"}),
        several.select("receipt", "candidates"),
        several.select(doc="docs").explode("doc"),
    )


def _short(receipts: pl.DataFrame, documents: pl.DataFrame, tolerance: int, fees: Sequence[int]) -> _Found:
    """Rank 5: the only document, or all that is open, that exceeds the receipt by a fee."""
    single = documents.select("partner_id", "amount", "doc", size=pl.lit(0, dtype=pl.UInt32))
    whole = _totals(documents).select("partner_id", "amount", doc=pl.lit(None, dtype=pl.UInt32), size="size")
    targets = pl.concat([single, whole]).filter(pl.col("amount") > 0).sort("partner_id", "amount", "doc")
    targets = targets.with_row_index("at")
    further = sorted({fee for fee in fees if fee > tolerance})
    hits = pl.concat([_within(receipts, targets, tolerance), _by_fee(receipts, targets, further)])
    counted = hits.group_by("receipt").agg(pl.col("candidates").sum(), pl.col("at").min())
    sole = counted.filter(pl.col("candidates") == 1).join(targets, on="at")
    on_one = sole.filter(pl.col("size") == 0).select("receipt", "doc")
    on_all = _leading(sole.filter(pl.col("size") > 0).select("receipt", "partner_id", "size"), documents)
    several = counted.filter(pl.col("candidates") > 1).select("receipt", "candidates")
    touched = _touched(hits.join(several, on="receipt", how="semi"), targets, documents)
    return _Found(
        pl.concat([on_one, on_all.claims]),
        pl.concat([several, on_all.doubtful]),
        pl.concat([touched, on_all.contested]),
    )


def _touched(hits: pl.DataFrame, targets: pl.DataFrame, documents: pl.DataFrame) -> pl.DataFrame:
    """The documents of the targets that lie in any hit; a hit is ``candidates`` targets in a row from ``at``."""
    if hits.is_empty():
        return pl.DataFrame(schema=_CONTESTED)
    begun = hits.select("at", step=pl.lit(1, dtype=pl.Int64))
    ended = hits.select((pl.col("at") + pl.col("candidates")).cast(pl.UInt32), step=pl.lit(-1, dtype=pl.Int64))
    steps = pl.concat([begun, ended]).group_by("at").agg(pl.col("step").sum())
    depth = pl.col("step").fill_null(0).cum_sum()
    inside = targets.join(steps, on="at", how="left", maintain_order="left").filter(depth > 0)
    wholes = documents.join(inside.filter(pl.col("size") > 0), on="partner_id", how="semi").select("doc")
    return pl.concat([inside.filter(pl.col("size") == 0).select("doc"), wholes]).unique()


def _within(receipts: pl.DataFrame, targets: pl.DataFrame, tolerance: int) -> pl.DataFrame:
    """How many targets exceed each receipt by 1 … ``tolerance``, and the first of them."""
    ends = targets.sort("amount").select("partner_id", "amount", "at")
    asked = receipts.sort("amount").with_columns(low=pl.col("amount") + 1, high=pl.col("amount") + tolerance)
    for name, strategy in (("low", "forward"), ("high", "backward")):
        asked = asked.join_asof(
            ends.rename({"at": f"{name}_at", "amount": f"{name}_amount"}),
            left_on=name,
            right_on=f"{name}_amount",
            by="partner_id",
            strategy=strategy,  # type: ignore[arg-type]
            check_sortedness=False,
        )
    count = pl.col("high_at").cast(pl.Int64) - pl.col("low_at").cast(pl.Int64) + 1
    return asked.select("receipt", candidates=count, at="low_at").filter(pl.col("candidates") > 0)


def _by_fee(receipts: pl.DataFrame, targets: pl.DataFrame, fees: list[int]) -> pl.DataFrame:
    """How many targets exceed each receipt by exactly one of ``fees``, and the first of them."""
    short = receipts.join(pl.DataFrame({"fee": fees}, schema={"fee": pl.Int64}), how="cross")
    owed = targets.group_by("partner_id", "amount").agg(candidates=pl.len().cast(pl.Int64), at=pl.col("at").min())
    wanted = short.with_columns(amount=pl.col("amount") + pl.col("fee"))
    return wanted.join(owed, on=["partner_id", "amount"]).select("receipt", "candidates", "at")


def _applications(receipts: pl.DataFrame, items: pl.DataFrame, documents: pl.DataFrame, state: _State) -> pl.DataFrame:
    """The items of the settled documents, by receipt as listed, then by age of the document, then by id."""
    keys = documents.select("doc", "partner_id", "document_id")
    owed = items.filter(pl.col("amount") != 0).select("item_id", "partner_id", "document_id", "amount")
    cleared = state.settled.join(keys, on="doc").join(owed, on=["partner_id", "document_id"])
    named = cleared.join(receipts.with_row_index("receipt").select("receipt", "receipt_id"), on="receipt")
    return named.sort("receipt", "doc", "item_id").select("receipt_id", "item_id", "amount")


def _outcomes(receipts: pl.DataFrame, documents: pl.DataFrame, state: _State) -> pl.DataFrame:
    """One row per receipt, as listed: kind, difference, candidates."""
    settled = state.settled.join(documents.select("doc", paid="amount"), on="doc")
    answered = settled.group_by("receipt").agg(pl.col("kind").first(), pl.col("paid").sum())
    listed = receipts.with_row_index("receipt").join(answered, on="receipt", how="left", maintain_order="left")
    listed = listed.join(state.doubtful, on="receipt", how="left", maintain_order="left")
    doubt = pl.when(pl.col("candidates").is_not_null()).then(pl.lit("ambiguous")).otherwise(pl.lit("none"))
    kind = pl.when(pl.col("partner_id").is_null()).then(pl.lit("unknown")).otherwise(doubt)
    return listed.select(
        "receipt_id",
        kind=pl.coalesce("kind", kind),
        difference=pl.col("amount") - pl.col("paid"),
        candidates=pl.coalesce("candidates", pl.col("kind").is_not_null().cast(pl.Int64)),
    )
