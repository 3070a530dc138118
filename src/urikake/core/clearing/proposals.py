"""What one receipt may be paying, ranked, with the reasons a person wants to read.

Where `match` is in doubt or knows no payer, a person decides; this is the list to decide from. It is also where names
and invoice numbers count, and where part payments and overpayments are offered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Any, Final, Literal, NamedTuple

import polars as pl

from urikake.core.clearing.cascade import match
from urikake.core.clearing.pools import STRANGE, STRANGER, USUAL_FEES, Payer, Pool, Receipt, documents, pools
from urikake.core.clearing.ranks import EARLY_DAYS
from urikake.core.clearing.subsets import MOST_DOCUMENTS, masks_of
from urikake.core.withholding import withheld

Kind = Literal["fee", "withheld", "remain", "advance"]

_RANKS: Final = {
    "reference": 1.0,
    "exact": 0.95,
    "all": 0.9,
    "oldest": 0.85,
    "day": 0.83,
    "subset": 0.8,
    "reference fee": 0.78,
    "fee": 0.75,
    "withheld": 0.72,
    "subset fee": 0.7,
    "parts": 0.65,
    "little over": 0.5,
    "over due": 0.42,
    "part due": 0.41,
    "remain": 0.4,
    "advance": 0.4,
    "over": 0.36,
    "part": 0.35,
    "far over": 0.3,
    "far part": 0.3,
}
_CITING: Final = ("reference", "reference fee")
_KINDS: Final[dict[str, Kind]] = {
    "reference fee": "fee",
    "fee": "fee",
    "subset fee": "fee",
    "parts": "remain",
    "withheld": "withheld",
    "little over": "advance",
    "over due": "advance",
    "part due": "remain",
    "remain": "remain",
    "advance": "advance",
    "part": "remain",
    "over": "advance",
    "far over": "advance",
    "far part": "remain",
}
_LIKELY: Final = 0.7  # from this score on, whose name is like none is not offered any more
_LITTLE: Final = 5  # yen that a payer's own rounding of tax may make an amount too much


class Proposal(NamedTuple):
    """One explanation of a receipt: the items it may pay and why."""

    item_ids: list[int]
    amount: int
    """What the items have open, minor units."""
    difference: int
    """Receipt − items."""
    kind: Kind | None
    unique: bool
    """No other explanation has the same strength."""
    automatic: bool
    """Beyond doubt: the payer is known, and the cascade of `match` settles exactly this."""
    score: float
    why: str


class _Guess(NamedTuple):
    """Documents, by place in their pool, that a receipt may pay."""

    rank: str
    places: tuple[int, ...]
    why: str


def proposals(
    amount: int,
    items: pl.DataFrame,
    names: pl.DataFrame,
    *,
    payer: str = "",
    reference: str = "",
    fee_tolerance: int = 0,
    fees: Sequence[int] = (),
    limit: int = 10,
    written: Callable[[int], str] = "{:,}".format,
    known: Payer = STRANGER,
) -> list[Proposal]:
    """The explanations of one receipt (消込候補), best first.

    A payer is identified by an invoice number in ``reference`` or ``payer``, then by name (the same folded name, or one
    cut by a bank), then, never beyond doubt, by what was learned of the name, by the payer's group (``known``), by a
    name that looks alike; without ``names`` the items are taken to be the payer's. Explanations in order of strength: the
    documents named, one document, all open, the oldest, those of one due day, a subset (of at most 12 documents), the
    same short by a fee, together with the other receipts of the name, a little too much, part payment, overpayment.

    ``items``: ``item_id``, ``partner_id``, ``document_id``, ``amount`` (minor units), ``due_on``, ``number`` (invoice
    number). ``names``: ``partner_id``, ``name``. ``written`` spells amounts in the reasons.

    >>> from datetime import date
    >>> items = pl.DataFrame({"item_id": [1, 2], "partner_id": [7, 7], "document_id": [1, 2], "amount": [6_760, 5_500],
    ...     "due_on": [date(2026, 5, 29), date(2026, 6, 30)], "number": ["INV-2026-00001", "INV-2026-00002"]})
    >>> names = pl.DataFrame({"partner_id": [7], "name": ["カブシキガイシャアオバショウジ"]})
    >>> best = proposals(6_320, items, names, payer="ｶ)ｱｵﾊﾞｼﾖｳｼﾞ", fee_tolerance=880)[0]
    >>> best.item_ids, best.difference, best.kind, best.automatic
    ([1], -440, 'fee', True)
    >>> best.why
    '振込名義が一致／請求額から振込手数料（440）を差し引いた額と一致'
    """
    if amount <= 0 or items.is_empty():
        return []
    receipt = Receipt(amount, fee_tolerance, fees, written, known.beside, known.received_on)
    open_documents = documents(items, f"{payer} {reference}")
    found: list[Proposal] = []
    for pool in pools(receipt, open_documents, names, payer, known):
        if pool.trust > STRANGE or not any(one.score >= _LIKELY for one in found):
            found += _ranked(receipt, pool)
    best: dict[tuple[int, ...], Proposal] = {}
    for one in sorted(found, key=lambda one: -one.score):
        best.setdefault(tuple(sorted(one.item_ids)), one)
    return list(best.values())[:limit]


def _ranked(receipt: Receipt, pool: Pool) -> Iterator[Proposal]:
    """The proposals of one pool, strongest first, each set of documents once."""
    documents = pool.documents.rows(named=True)
    guesses = list(_guesses(receipt, documents, pool))
    settled = _settled(receipt, documents) if pool.known else frozenset()
    cited = {place for place, document in enumerate(documents) if document["named"]}
    shown: set[frozenset[int]] = set()
    for guess in guesses:
        places = frozenset(guess.places)
        if places in shown:
            continue
        shown.add(places)
        equals = sum(other.rank == guess.rank for other in guesses) - 1 + pool.rivals
        sure = pool.known and not equals and cited <= places and (guess.rank in _CITING or places == settled)
        yield _proposal(receipt, pool, documents, guess, equals, sure and len(shown) == 1)


def _proposal(
    receipt: Receipt, pool: Pool, documents: list[dict[str, Any]], guess: _Guess, equals: int, automatic: bool
) -> Proposal:
    """The guess in the words and figures of a proposal."""
    chosen = [documents[place] for place in guess.places]
    owed = sum(document["amount"] for document in chosen)
    others = f"同じ強さの候補がほかに {equals} 件" if equals else ""
    return Proposal(
        item_ids=[item for document in chosen for item in document["item_id"]],
        amount=owed,
        difference=receipt.amount - owed,
        kind=_KINDS.get(guess.rank),
        unique=not equals,
        automatic=automatic,
        score=round(pool.trust * _RANKS[guess.rank] * (0.9 if equals else 1.0), 4),
        why="／".join(filter(None, [pool.why, guess.why, others])),
    )


def _settled(receipt: Receipt, documents: list[dict[str, Any]]) -> frozenset[int]:
    """The places that the cascade settles by itself if the payer owes just these documents."""
    places = list(range(len(documents)))
    frame = pl.DataFrame(documents, infer_schema_length=None).select("amount", "due_on")
    whose = frame.with_columns(item_id=pl.Series(places), document_id=pl.Series(places), partner_id=pl.lit(0))
    one = pl.DataFrame({"receipt_id": [0], "partner_id": [0], "amount": [receipt.amount]})
    applications, _ = match(one, whose, receipt.fee_tolerance, receipt.fees)
    return frozenset(applications["item_id"].to_list())


def _guesses(receipt: Receipt, documents: list[dict[str, Any]], pool: Pool) -> Iterator[_Guess]:
    """Every explanation by rank, oldest documents first within a rank; of unknown payers single documents only."""
    amounts = [document["amount"] for document in documents]
    if pool.together:
        short, places = sum(amounts) - receipt.amount, tuple(range(len(amounts)))
        why = f"{pool.together}と一致" if not short else _fee(receipt, short, pool.together)
        yield _Guess("fee" if short else "all", places, why)
        return
    yield from _named(receipt, documents)
    for place in (place for place, amount in enumerate(amounts) if amount == receipt.amount):
        yield _Guess("exact", (place,), "請求額と入金額が一致")
    together = pool.trust > 0.5
    if together:
        yield from _sums(receipt, documents)
    yield from _less_fee(receipt, amounts, together)
    yield from _less_withheld(receipt, amounts)
    if together:
        yield from _sums_less_fee(receipt, amounts)
        yield from _beside(receipt, amounts)
        yield from _little_over(receipt, amounts)
        yield from _rest(receipt, amounts, doubted=not pool.known)
        yield from _single_rest(receipt, documents)


def _named(receipt: Receipt, documents: list[dict[str, Any]]) -> Iterator[_Guess]:
    """The documents whose numbers the payer wrote, if they make the amount."""
    places = tuple(place for place, document in enumerate(documents) if document["named"])
    short = sum(documents[place]["amount"] for place in places) - receipt.amount
    numbers = "、".join(str(documents[place]["number"]) for place in places)
    if places and short == 0:
        yield _Guess("reference", places, f"摘要に請求書番号 {numbers} があり、金額が一致")
    elif places and _is_fee(receipt, short):
        yield _Guess("reference fee", places, f"摘要に請求書番号 {numbers} があり、{_fee(receipt, short, '請求額')}")


def _sums(receipt: Receipt, documents: list[dict[str, Any]]) -> Iterator[_Guess]:
    """All that is open, the oldest, or any subset, where it makes the amount exactly."""
    amounts = [document["amount"] for document in documents]
    everything = tuple(range(len(documents)))
    if len(documents) >= 2 and sum(amounts) == receipt.amount:
        yield _Guess("all", everything, f"未回収 {len(documents)} 件の合計と一致")
    owed = [place for place in everything if amounts[place] > 0]
    for size in range(2, len(owed) + 1):
        parted = size < len(owed) and documents[owed[size - 1]]["due_on"] == documents[owed[size]]["due_on"]
        if not parted and sum(amounts[place] for place in owed[:size]) == receipt.amount:
            yield _Guess("oldest", tuple(owed[:size]), f"期日の古い順に {size} 件の合計と一致")
    for day in dict.fromkeys(documents[place]["due_on"] for place in owed):
        due = tuple(place for place in owed if documents[place]["due_on"] == day)
        if len(due) >= 2 and sum(amounts[place] for place in due) == receipt.amount:
            yield _Guess("day", due, f"期日 {day} の {len(due)} 件の合計と一致")
    if len(documents) <= MOST_DOCUMENTS:
        for mask in masks_of(amounts, receipt.amount):
            places = tuple(place for place in everything if mask >> place & 1)
            if len(places) >= 2:
                yield _Guess("subset", places, f"{len(places)} 件の合計と一致")


def _less_fee(receipt: Receipt, amounts: list[int], together: bool) -> Iterator[_Guess]:
    """One document, or all that is open, less a transfer fee."""
    for place, amount in enumerate(amounts):
        if _is_fee(receipt, amount - receipt.amount):
            yield _Guess("fee", (place,), _fee(receipt, amount - receipt.amount, "請求額"))
    if together and len(amounts) >= 2 and _is_fee(receipt, sum(amounts) - receipt.amount):
        whole = f"未回収 {len(amounts)} 件の合計"
        yield _Guess("fee", tuple(range(len(amounts))), _fee(receipt, sum(amounts) - receipt.amount, whole))


def _sums_less_fee(receipt: Receipt, amounts: list[int]) -> Iterator[_Guess]:
    """A subset less one of the usual fees; those with the fewest documents first, the oldest first among them."""
    if not 3 <= len(amounts) <= MOST_DOCUMENTS:
        return
    usual = sorted({fee for fee in (*receipt.fees, *USUAL_FEES) if _is_fee(receipt, fee)})
    found = [(fee, mask) for fee in usual for mask in masks_of(amounts, receipt.amount + fee)]
    for fee, mask in sorted(found, key=lambda one: (one[1].bit_count(), one[1])):
        places = tuple(place for place in range(len(amounts)) if mask >> place & 1)
        if 2 <= len(places) < len(amounts):
            yield _Guess("subset fee", places, _fee(receipt, fee, f"{len(places)} 件の合計"))


def _beside(receipt: Receipt, amounts: list[int]) -> Iterator[_Guess]:
    """A document that the receipt makes together with the others of its name."""
    money = receipt.amount + sum(receipt.beside)
    for place, amount in enumerate(amounts if receipt.beside else ()):
        if amount == money:
            count = len(receipt.beside) + 1
            yield _Guess("parts", (place,), f"同じ名義の入金 {count} 件の合計 {receipt.written(money)} と請求額が一致")


def _little_over(receipt: Receipt, amounts: list[int]) -> Iterator[_Guess]:
    """One document, or all, that the receipt exceeds by what rounding tax otherwise makes."""
    wholes: list[tuple[tuple[int, ...], int]] = [((place,), amount) for place, amount in enumerate(amounts)]
    if len(amounts) >= 2:
        wholes.append((tuple(range(len(amounts))), sum(amounts)))
    for places, owed in wholes:
        if owed > 0 and 0 < receipt.amount - owed <= _LITTLE:
            yield _Guess("little over", places, f"請求額より {receipt.written(receipt.amount - owed)} 多い（端数の差）")


def _less_withheld(receipt: Receipt, amounts: list[int]) -> Iterator[_Guess]:
    """One document less the income tax that a payer withholds of it, with consumption tax in the base or without."""
    bases = pl.DataFrame({"place": range(len(amounts)), "owed": amounts}, schema={"place": pl.Int64, "owed": pl.Int64})
    both = pl.concat([bases.with_columns(base=pl.col("owed")), bases.with_columns(base=pl.col("owed") * 10 // 11)])
    kept = both.filter(pl.col("owed") > 0).with_columns(kept=withheld(pl.col("base")))
    hits = kept.filter((pl.col("kept") > 0) & (pl.col("owed") - pl.col("kept") == receipt.amount))
    for place, tax in hits.unique("place", maintain_order=True).select("place", "kept").iter_rows():
        yield _Guess("withheld", (place,), f"請求額から源泉所得税（{receipt.written(tax)}）を差し引いた額と一致")


def _single_rest(receipt: Receipt, documents: list[dict[str, Any]]) -> Iterator[_Guess]:
    """Single documents in part, the oldest first, or with something left over, the largest first; those due before others."""
    amounts = [document["amount"] for document in documents]
    if len(amounts) < 2:
        return
    for place, amount in enumerate(amounts):
        if amount > receipt.amount:
            rank = "part due" if _is_due(receipt, documents[place]) else "part"
            yield _Guess(rank, (place,), f"1 件への一部入金（残り {receipt.written(amount - receipt.amount)}）")
    less = sorted(
        (place for place, amount in enumerate(amounts) if 0 < amount < receipt.amount), key=lambda at: -amounts[at]
    )
    for place in less[:3]:
        over = receipt.written(receipt.amount - amounts[place])
        little = 10 * (receipt.amount - amounts[place]) <= receipt.amount
        rank = "over due" if little and _is_due(receipt, documents[place]) else "over"
        yield _Guess(rank, (place,), f"1 件より多い入金（超過 {over}）")


def _is_due(receipt: Receipt, document: dict[str, Any]) -> bool:
    """Whether the document was due about when the money came."""
    due_on, received_on = document["due_on"], receipt.received_on
    return None not in (due_on, received_on) and due_on - timedelta(days=EARLY_DAYS) <= received_on


def _rest(receipt: Receipt, amounts: list[int], *, doubted: bool) -> Iterator[_Guess]:
    """The oldest documents in part, or all of them with something left over.

    Of a payer who is ``doubted`` it is weak evidence, and weaker where the money is not half of what is owed, or over twice that.
    """
    places: list[int] = []
    left = receipt.amount - sum(amount for amount in amounts if amount < 0)
    for place, amount in enumerate(amounts):
        if amount > 0 and left > 0:
            left -= amount
            places.append(place)
    if left > 0:
        everything = tuple(range(len(amounts)))
        rank = ("far over" if 2 * left > receipt.amount else "over") if doubted else "advance"
        yield _Guess(rank, everything, f"未回収の合計より多い入金（超過 {receipt.written(left)}）")
    elif left < 0:
        chosen = sorted([*places, *(place for place, amount in enumerate(amounts) if amount < 0)])
        rank = ("far part" if -left > receipt.amount else "part") if doubted else "remain"
        yield _Guess(rank, tuple(chosen), f"期日の古い順の一部入金（残り {receipt.written(-left)}）")


def _is_fee(receipt: Receipt, short: int) -> bool:
    """Whether the payer may have kept so much for the transfer."""
    return 0 < short <= receipt.fee_tolerance or (short > 0 and short in receipt.fees)


def _fee(receipt: Receipt, short: int, whole: str) -> str:
    """The fee in words; one that no bank usually takes is called a small difference."""
    if short in receipt.fees or short in USUAL_FEES:
        return f"{whole}から振込手数料（{receipt.written(short)}）を差し引いた額と一致"
    return f"{whole}より少ない（差 {receipt.written(short)}、手数料の許容範囲）"
