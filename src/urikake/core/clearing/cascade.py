"""Automatic clearing (自動消込): the receipts whose items are beyond doubt, and why the others are not.

All receipts go down a cascade of explanations, strongest first, each one join or group-by over all of them; what a rank
settles is gone before the next one looks. The cascade is run by stages of who may be meant: the documents the payer
names, those of the payer, those of partners of a like name, those of the payer's group. A document is what was billed
together (an invoice): its items are cleared together or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial
from typing import Final, NamedTuple

import polars as pl

from urikake.core.clearing import ranks, released
from urikake.core.clearing.shares import Policy, allocate
from urikake.core.clearing.spread import spread
from urikake.core.clearing.standing import (
    ASKS,
    CLAIMS,
    CONTESTED,
    DOUBTFUL,
    Found,
    Standing,
    contested,
    doubtful,
    settle,
)

Rank = Callable[[pl.DataFrame, pl.DataFrame], Found]

MOST_COMMON: Final = 1 / 50
"""Above this share of other open documents of an amount, a like name with that amount says too little."""

WEAK: Final = ("slip", "shorter", "ending")
"""Likenesses of names (`likeness.How`) that need an amount which no other open document has."""


class Allowed(NamedTuple):
    """By how much money may miss what is owed: a fee up to ``tolerance`` or one of ``fees``, ``rounding`` either way."""

    tolerance: int
    fees: Sequence[int]
    rounding: int
    feeless: pl.DataFrame
    """The documents (``doc``) from which no fee may be kept back."""
    learned: pl.DataFrame
    """Fees that a partner (``pool``) is known to keep back (``fee``), whatever the tolerance."""


class Stage(NamedTuple):
    """One round of the cascade: who may be meant (``by``), the asks and documents by pool, and the ranks in order."""

    by: str
    asks: pl.DataFrame
    documents: pl.DataFrame
    ranks: Sequence[tuple[str, Rank]]


def match(
    receipts: pl.DataFrame,
    items: pl.DataFrame,
    fee_tolerance: int,
    fees: Sequence[int] = (),
    *,
    alike: pl.DataFrame | None = None,
    cited: pl.DataFrame | None = None,
    groups: pl.DataFrame | None = None,
    rounding: int = 0,
    bearing: pl.DataFrame | None = None,
    entire: pl.DataFrame | None = None,
    learned: pl.DataFrame | None = None,
    rules: Collection[str] = (),
    repeated: pl.DataFrame | None = None,
    others: pl.DataFrame | None = None,
    allocation: Policy = "oldest",
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The applications that are beyond doubt, and the outcome of every receipt.

    Stages, strongest first, as far as what they need is given; ``by`` of the outcome names the one that answered:

    - ``number``: the documents the payer names (``cited``) make the amount, or exceed it by a fee, where they are those
      of the receipt's partner or its group, or where the partner is not known;
    - ``payer``: the documents of the receipt's partner;
    - ``name``: those of partners whose names resemble the payer's (``alike``), where not over 2 % of the other open
      documents have the amount (none at all where a letter differs, the name is cut, or something stands before it), short only by one of
      ``fees``;
    - ``group``: those of the partner's ``groups`` together.

    Ranks of a stage, strongest first; credits (negative documents) only count where it is said and in all that is open
    and subsets:

    1. ``exact``: one document has the amount. As many equal receipts as equal documents are paired, the earlier receipt
       with the earlier due: whichever way they are paired, the same is paid. Of more documents than receipts those due
       first are paid if the others are not due within ten days. Of more receipts than documents the first pay.
    2. ``sum``: all that is open makes the amount.
    3. ``sum``: the documents due up to some day, two or more, make it (documents of one due day are not told apart).
    4. ``sum``: the documents due on one day make it; then the third and fourth with the credits of those days.
    5. ``sum``: exactly one subset makes it, proved by trying them all, of at most 12 documents; of more than 5 only where
       the chance that one would make an amount that pays none is below 1/200.
    6. ``parts``: all receipts of the pool that wait together make one document, or all that is open.
    7. ``fee``: one document, or all that is open, exceeds it by 1 … ``fee_tolerance`` or by one of ``fees`` (usual
       transfer fees, 振込手数料, that may exceed the tolerance), and no other does; then the documents due on one day;
       then exactly one subset by one of ``fees``, where that is no chance; of the payer's own documents, last, by a fee that
       it is known to keep back (``learned``).

    8. ``misc``: one document, or all that is open, differs by at most ``rounding`` yen, as where a payer rounds tax
       otherwise (this rank stands before the seventh); of the payer's own documents,
    9. ``withheld``: one document exceeds it by the income tax that a payer withholds (`withholding.withheld`).

    The ``rules`` (of `released.RULES`) that a company has released for itself come last, for a receipt whose partner is
    known and that alone waits of it, and ``by`` names the rule: ``over`` settles all that is due and leaves the rest
    with the receipt, ``part`` pays what it can of the document due first, over its items by ``allocation``. ``oldest``
    stands before the first rank, and its kind is ``exact``.

    Where several documents of one amount, or days of one sum, would do, it is the one due first if the next is not due
    within ten days of the receipt.

    ``ambiguous`` is a receipt with several explanations of the rank that first explains it, or in several pools, or one
    whose document another receipt claims, or that leaves out a document the payer named; documents in such doubt are
    settled by no later rank either. ``duplicate`` is money equal to what was just paid with nothing more due. ``none``
    has no explanation, ``unknown`` no partner. Nothing is applied twice, and a receipt with an exact answer never takes
    a fee answer.

    ``receipts``: ``receipt_id``, ``partner_id`` (null: unknown), ``amount``, and where known ``received_on``. ``items``:
    ``item_id``, ``partner_id``, ``document_id``, ``amount`` (open balance, minor units), ``due_on``, and where known
    ``net`` (the part of it that is no consumption tax). ``alike``:
    ``receipt_id, partner_id`` of receipts without a partner, and ``how`` (`likeness.How`).
    ``cited``: ``receipt_id, document_id``. ``groups``:
    ``partner_id, group_id``. ``bearing``: ``partner_id`` of those who bear the fee themselves: what they keep back is owed
    still, and is no fee. ``entire``: ``document_id`` of those from which nobody may keep anything back. ``learned``:
    ``partner_id, fee`` of fees beyond the tolerance that a partner is known to keep back. ``repeated``: ``receipt_id`` of
    those that repeat what came shortly before. ``others``: ``receipt_id, amount`` of amounts that somebody else owes
    (without it, what the items tell); of both only the ``rules`` want to know.
    Returns ``receipt_id, item_id, amount`` (what is settled, the fee included) and
    ``receipt_id, kind, difference, candidates, by`` in the order of ``receipts``, where ``difference`` is receipt −
    items (null if nothing is applied). Raises ``ValueError`` for repeated ids or an item without a document.

    >>> from datetime import date
    >>> items = pl.DataFrame({"item_id": [1, 2, 3], "partner_id": [7, 7, 8], "document_id": [1, 1, 2],
    ...     "amount": [3_520, 3_240, 5_500], "due_on": [date(2026, 5, 31)] * 3})
    >>> receipts = pl.DataFrame({"receipt_id": [1, 2], "partner_id": [7, 8], "amount": [6_320, 5_500]})
    >>> applications, outcomes = match(receipts, items, fee_tolerance=880)
    >>> applications.rows()
    [(1, 1, 3520), (1, 2, 3240), (2, 3, 5500)]
    >>> outcomes.select("receipt_id", "kind", "difference").rows()
    [(1, 'fee', -440), (2, 'exact', 0)]
    """
    receipts = _whole(receipts)
    items = items if "net" in items.columns else items.with_columns(net=pl.lit(None, dtype=pl.Int64))
    items = items.cast(dict.fromkeys(("item_id", "partner_id", "document_id", "amount", "net"), pl.Int64))
    items = items.with_columns(pl.col("due_on").cast(pl.Date))
    _check(receipts, items)
    documents = _documents(items)
    tolerance = max(fee_tolerance, 0)
    known = receipts.filter(pl.col("amount") > 0).sort("receipt_id")
    names = _cited(known, documents, cited)
    state = _begun(names)
    allowed = Allowed(tolerance, fees, max(rounding, 0), _feeless(documents, bearing, entire), _learned(learned))
    for stage in _stages(known, documents, names, alike, groups, allowed, rules):
        state = _played(state, stage)
    if rules:
        beside = (_numbered(known, repeated), None if others is None else _numbered(known, others))
        state = _ruled(state, known, documents, groups, allowed, rules, *beside)
    return _applications(receipts, items, documents, state, allocation), _outcomes(receipts, documents, state)


def _whole(receipts: pl.DataFrame) -> pl.DataFrame:
    """The receipts with every column, numbered ``receipt`` by id, so that no order of the rows plays a part."""
    if "received_on" not in receipts.columns:
        receipts = receipts.with_columns(received_on=pl.lit(None, dtype=pl.Date))
    receipts = receipts.cast({"receipt_id": pl.Int64, "partner_id": pl.Int64, "amount": pl.Int64})
    return receipts.with_columns(receipt=pl.col("receipt_id").rank("ordinal").cast(pl.UInt32))


def _check(receipts: pl.DataFrame, items: pl.DataFrame) -> None:
    if receipts["receipt_id"].n_unique() != receipts.height or items["item_id"].n_unique() != items.height:
        raise ValueError("a receipt_id or item_id is listed twice")
    if items["document_id"].null_count():
        raise ValueError("an item has no document_id")


def _documents(items: pl.DataFrame) -> pl.DataFrame:
    """The open documents by partner and age, numbered ``doc``."""
    grouped = items.drop_nulls("partner_id").group_by("partner_id", "document_id")
    net = pl.when(pl.col("net").null_count() == 0).then(pl.col("net").sum()).alias("net")
    summed = grouped.agg(pl.col("amount").sum(), pl.col("due_on").min(), net).filter(pl.col("amount") != 0)
    aged = summed.sort("partner_id", "due_on", "document_id", nulls_last=True)
    return aged.with_row_index("doc")


def _cited(known: pl.DataFrame, documents: pl.DataFrame, cited: pl.DataFrame | None) -> pl.DataFrame:
    """The documents that receipts name: ``receipt, doc``."""
    if cited is None:
        return pl.DataFrame(schema={"receipt": pl.UInt32, "doc": pl.UInt32})
    found = known.select("receipt", "receipt_id").join(cited, on="receipt_id")
    return found.join(documents.select("doc", "document_id"), on="document_id").select("receipt", "doc")


def _begun(cited: pl.DataFrame) -> Standing:
    asks, documents = (pl.DataFrame(schema=ASKS), pl.DataFrame(schema={"doc": pl.UInt32, "pool": pl.Int64}))
    settled = pl.DataFrame(schema=CLAIMS | {"kind": pl.String, "by": pl.String})
    empty = pl.DataFrame(schema=DOUBTFUL | {"by": pl.String})
    return Standing(asks, documents, cited, settled, empty, pl.DataFrame(schema=CONTESTED))


def _stages(
    known: pl.DataFrame,
    documents: pl.DataFrame,
    cited: pl.DataFrame,
    alike: pl.DataFrame | None,
    groups: pl.DataFrame | None,
    allowed: Allowed,
    rules: Collection[str],
) -> Iterator[Stage]:
    if not cited.is_empty():
        pools = documents.join(cited.select("doc", pool=pl.col("receipt").cast(pl.Int64)), on="doc")
        naming = _of_their_own(known.join(cited, on="receipt", how="semi"), documents, cited, groups)
        naming = naming.with_columns(pool=pl.col("receipt").cast(pl.Int64))
        less = _borne(partial(ranks.named_short, tolerance=allowed.tolerance), allowed)
        yield Stage("number", naming.select(*ASKS), pools, [("exact", ranks.named), ("fee", less)])
    own = documents.with_columns(pool="partner_id")
    sure = known.drop_nulls("partner_id").with_columns(pool="partner_id")
    as_before = ("fee", _borne(partial(ranks.short, tolerance=0, fees=allowed.learned, by_due=True), allowed))
    last = [*([as_before] if allowed.learned.height else []), ("withheld", ranks.less_withheld)]
    first: list[tuple[str, Rank]] = [("oldest", released.oldest)] if "oldest" in rules else []
    yield Stage("payer", sure.select(*ASKS), own, [*first, *_ranks(allowed, by_due=True), *last])
    if alike is not None and not alike.is_empty():
        asks = known.filter(pl.col("partner_id").is_null()).join(
            alike.select("receipt_id", pool="partner_id"), on="receipt_id"
        )
        usual = allowed._replace(
            tolerance=0, fees=[fee for fee in allowed.fees if fee <= allowed.tolerance], rounding=0
        )
        amounts = documents["amount"].sort()
        firm = alike if "how" not in alike.columns else alike.filter(~pl.col("how").is_in(WEAK))
        firm = asks.join(firm.select("receipt_id", pool="partner_id"), on=["receipt_id", "pool"]).select(
            "receipt", "pool"
        )
        rare = [
            (kind, partial(_rare, rank=rank, amounts=amounts, reach=allowed.tolerance, firm=firm))
            for kind, rank in _ranks(usual, by_due=True)
        ]
        yield Stage("name", asks.select(*ASKS), own, rare)
    if groups is not None and not groups.is_empty():
        shared = groups.filter(pl.len().over("group_id") > 1).select("partner_id", pool="group_id")
        pools = documents.join(shared, on="partner_id", maintain_order="left").sort(
            "pool", "due_on", "doc", nulls_last=True
        )
        asks = known.drop_nulls("partner_id").join(shared, on="partner_id", maintain_order="left")
        yield Stage("group", asks.select(*ASKS), pools, _ranks(allowed, by_due=False))


def _numbered(known: pl.DataFrame, told: pl.DataFrame | None) -> pl.DataFrame:
    """What is told of receipts by their id, with their number ``receipt``."""
    if told is None:
        return pl.DataFrame(schema={"receipt": pl.UInt32})
    return told.join(known.select("receipt_id", "receipt"), on="receipt_id").drop("receipt_id")


def _ruled(
    state: Standing,
    known: pl.DataFrame,
    documents: pl.DataFrame,
    groups: pl.DataFrame | None,
    allowed: Allowed,
    rules: Collection[str],
    repeated: pl.DataFrame,
    others: pl.DataFrame | None,
) -> Standing:
    """The standing after the rules that come last, over the documents of sure payers of whom one receipt waits."""
    own = documents.with_columns(pool="partner_id")
    sure = known.drop_nulls("partner_id").with_columns(pool="partner_id").select(*ASKS)
    limits: dict[str, dict[str, int]] = {
        "over": {"rounding": allowed.rounding, "fee": allowed.tolerance},
        "part": {"fee": allowed.tolerance},
    }
    for rule, limit in limits.items():
        if rule not in rules:
            continue
        asks, left = released.alone(sure, own, state)
        beside = released.Beside(repeated, others, released.allied(left, groups))
        rank = partial(released.RANKS[rule], beside=beside, left=left, cited=state.cited, **limit)
        state = _played(state, Stage(rule, asks, left, [(rule, rank)]))
    return state


def _of_their_own(
    naming: pl.DataFrame, documents: pl.DataFrame, cited: pl.DataFrame, groups: pl.DataFrame | None
) -> pl.DataFrame:
    """The receipts whose partner is not known, or is that of the documents they name or of their group.

    A number in the text of a known payer that is another's document may be chance: a person looks at it.
    """
    belongs = documents.select("doc", owner="partner_id").join(cited, on="doc")
    both = naming.select("receipt", "partner_id").drop_nulls().join(belongs, on="receipt")
    if groups is not None:
        for name, group in (("partner_id", "payer_group"), ("owner", "owner_group")):
            of = groups.select(pl.col("partner_id").alias(name), pl.col("group_id").alias(group))
            both = both.join(of, on=name, how="left", maintain_order="left")
    else:
        both = both.with_columns(payer_group=pl.lit(None, dtype=pl.Int64), owner_group=pl.lit(None, dtype=pl.Int64))
    same = (pl.col("partner_id") == pl.col("owner")) | (pl.col("payer_group") == pl.col("owner_group")).fill_null(False)
    return naming.join(both.filter(~same), on="receipt", how="anti", maintain_order="left")


def _ranks(allowed: Allowed, *, by_due: bool) -> list[tuple[str, Rank]]:
    tolerance, usual = allowed.tolerance, [fee for fee in allowed.fees if fee > 0]
    nearly = ("misc", partial(ranks.nearly, most=allowed.rounding, by_due=by_due))
    return [
        ("exact", partial(ranks.single, by_due=by_due)),
        ("sum", ranks.everything),
        ("sum", ranks.oldest),
        ("sum", partial(ranks.of_one_day, by_due=by_due)),
        ("sum", partial(ranks.oldest, credits=True)),
        ("sum", partial(ranks.of_one_day, credits=True, by_due=by_due)),
        ("sum", ranks.subset),
        ("parts", ranks.together),
        *([nearly] if allowed.rounding else []),
        ("fee", _borne(partial(ranks.short, tolerance=tolerance, fees=usual, by_due=by_due), allowed)),
        ("fee", _borne(partial(ranks.of_one_day, tolerance=tolerance, by_due=by_due), allowed)),
        ("fee", _borne(partial(ranks.subset_short, fees=usual), allowed)),
    ]


def _learned(learned: pl.DataFrame | None) -> pl.DataFrame:
    """The fees that partners are known to keep back: ``pool, fee``."""
    if learned is None:
        return pl.DataFrame(schema={"pool": pl.Int64, "fee": pl.Int64})
    return learned.select(pool=pl.col("partner_id").cast(pl.Int64), fee=pl.col("fee").cast(pl.Int64)).unique()


def _feeless(documents: pl.DataFrame, bearing: pl.DataFrame | None, entire: pl.DataFrame | None) -> pl.DataFrame:
    """The documents from which no fee may be kept back: those of who bears it, and those that must be paid entire."""
    none = documents.clear().select("doc")
    theirs = none if bearing is None else documents.join(bearing, on="partner_id", how="semi").select("doc")
    named = none if entire is None else documents.join(entire, on="document_id", how="semi").select("doc")
    return pl.concat([theirs, named]).unique()


def _borne(rank: Rank, allowed: Allowed) -> Rank:
    """The rank over the documents from which a fee may be kept back."""
    if allowed.feeless.is_empty():
        return rank

    def without(asks: pl.DataFrame, documents: pl.DataFrame) -> Found:
        return rank(asks, documents.join(allowed.feeless, on="doc", how="anti", maintain_order="left"))

    return without


def _rare(
    asks: pl.DataFrame, documents: pl.DataFrame, *, rank: Rank, amounts: pl.Series, reach: int, firm: pl.DataFrame
) -> Found:
    """What the rank finds, but in doubt where the amount is too common among all ``amounts`` to say who paid.

    For partners whose name is not ``firm`` that of the payer (a slip, or only the beginning) no other document may have it.
    """
    found = rank(asks, documents)
    if found.claims.is_empty():
        return found
    owners = found.claims.join(documents.select("doc", "pool"), on="doc").select("receipt", "pool").unique("receipt")
    paid = asks.select("receipt", "pool", "amount").join(owners, on=["receipt", "pool"]).unique("receipt")
    upto = paid.with_columns(high=pl.col("amount") + reach).sort("amount")
    low = amounts.search_sorted(upto["amount"], side="left")
    high = amounts.search_sorted(upto["high"], side="right")
    others = upto.with_columns(others=high.cast(pl.Int64) - low.cast(pl.Int64) - 1)
    others = others.join(firm.with_columns(known=True), on=["receipt", "pool"], how="left", maintain_order="left")
    most = pl.when(pl.col("known").fill_null(value=False)).then(MOST_COMMON * len(amounts)).otherwise(0.0)
    common = others.filter(pl.col("others") > most).select("receipt")
    unsure = found.claims.join(common, on="receipt", how="semi").select("bundle").unique()
    withheld = found.claims.join(unsure, on="bundle", how="semi")
    return Found(
        found.claims.join(unsure, on="bundle", how="anti", maintain_order="left"),
        pl.concat([found.doubtful, doubtful(withheld.unique("receipt"))]),
        found.contested if withheld.is_empty() else pl.concat([found.contested, contested(withheld)]),
    )


def _played(state: Standing, stage: Stage) -> Standing:
    """The standing after all ranks of a stage, over the receipts and documents that are still open."""
    done = pl.concat([state.settled.select("receipt"), state.doubtful.select("receipt")])
    asks = stage.asks.join(done, on="receipt", how="anti", maintain_order="left")
    documents = stage.documents.join(state.settled, on="doc", how="anti", maintain_order="left")
    now = Standing(
        asks,
        documents.join(asks, on="pool", how="semi", maintain_order="left"),
        state.cited,
        pl.DataFrame(schema=CLAIMS | {"kind": pl.String}),
        pl.DataFrame(schema=DOUBTFUL),
        state.contested,
    )
    for kind, rank in stage.ranks:
        if now.asks.is_empty():
            break
        mine = now.documents.join(now.asks, on="pool", how="semi", maintain_order="left")
        now = settle(now, rank(now.asks, mine), kind)
    by = pl.lit(stage.by).alias("by")
    return state._replace(
        settled=pl.concat([state.settled, now.settled.with_columns(by)]),
        doubtful=pl.concat([state.doubtful, now.doubtful.with_columns(by)]),
        contested=now.contested,
    )


def _applications(
    receipts: pl.DataFrame, items: pl.DataFrame, documents: pl.DataFrame, state: Standing, allocation: Policy
) -> pl.DataFrame:
    """The items of the settled documents, by receipt, then by age of the document, then by id; of receipts that pay
    together as `spread` tells, of one that pays in part as `allocate` does.
    """
    keys = documents.select("doc", "partner_id", "document_id")
    owed = items.filter(pl.col("amount") != 0).select("item_id", "partner_id", "document_id", "amount", "due_on")
    cleared = state.settled.join(keys, on="doc").join(owed, on=["partner_id", "document_id"])
    named = cleared.join(receipts.select("receipt", "receipt_id", money="amount"), on="receipt")
    alone = named.filter(~pl.col("kind").is_in(["parts", "part"])).sort("receipt", "doc", "item_id")
    parts = named.filter(pl.col("kind") == "parts").sort("bundle", "receipt", "doc", "item_id")
    money = parts.unique("receipt", maintain_order=True).select("bundle", "receipt_id", amount="money")
    owed = parts.unique(["bundle", "item_id"], keep="first", maintain_order=True).select("bundle", "item_id", "amount")
    whole = alone.select("receipt_id", "item_id", "amount")
    part = named.filter(pl.col("kind") == "part").sort("receipt", "doc", "item_id").with_columns(on=None)
    share = allocate(part.rename({"money": "receipt_amount"}), allocation)
    return pl.concat([whole, spread(money, owed), share]).sort("receipt_id", maintain_order=True)


def _outcomes(receipts: pl.DataFrame, documents: pl.DataFrame, state: Standing) -> pl.DataFrame:
    """One row per receipt, as listed: kind, difference, candidates, by."""
    settled = state.settled.join(documents.select("doc", paid="amount"), on="doc")
    answered = settled.group_by("receipt").agg(pl.col("kind", "by").first(), pl.col("paid").sum(), docs=pl.len())
    listed = receipts.join(answered, on="receipt", how="left", maintain_order="left")
    doubted = state.doubtful.rename({"kind": "doubt", "by": "doubted_by"})
    listed = listed.join(doubted, on="receipt", how="left", maintain_order="left")
    asked = pl.col("partner_id").is_not_null()
    kind = (
        pl.when((pl.col("kind") == "exact") & (pl.col("docs") > 1))
        .then(pl.lit("sum"))
        .otherwise(pl.col("kind").replace("oldest", "exact"))
    )
    by = pl.when(pl.col("kind") == "oldest").then(pl.lit("oldest")).otherwise("by")
    rest = pl.when(asked).then(pl.lit("none")).otherwise(pl.lit("unknown"))
    return listed.select(
        "receipt_id",
        kind=pl.coalesce(kind, "doubt", rest),
        difference=pl.when(pl.col("kind").is_in(["parts", "part"]))
        .then(pl.lit(0))
        .otherwise(pl.col("amount") - pl.col("paid")),
        candidates=pl.coalesce("candidates", pl.col("kind").is_not_null().cast(pl.Int64)),
        by=pl.coalesce(by, "doubted_by", pl.lit("")),
    )
