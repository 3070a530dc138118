"""What one receipt may be paying, ranked, with the reasons a person wants to read.

Where `match` is in doubt or knows no payer, a person decides; this is the list to decide from. It is also where names
and invoice numbers count, and where part payments and overpayments are offered.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from typing import Any, Final, Literal, NamedTuple

import polars as pl

from urikake.core.clearing.cascade import match
from urikake.core.clearing.ranks import EARLY_DAYS
from urikake.core.clearing.subsets import MOST_DOCUMENTS, masks_of
from urikake.core.likeness import How, likely
from urikake.core.payer import fold, folded, similarities
from urikake.core.withholding import withheld

Kind = Literal["fee", "withheld", "remain", "advance"]

USUAL_FEES: Final = (110, 145, 150, 160, 165, 220, 275, 330, 385, 440, 490, 495, 550, 605, 660, 770, 880)
"""What banks usually take for a domestic transfer, tax included, in yen."""

ALIKE: Final = 0.8
"""From this similarity on, a name is offered as one that looks alike."""

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
}
_STRANGE: Final = 0.4  # the trust in who bears no name like the payer's
_LIKELY: Final = 0.55  # from this score on, whose name is like none is not offered any more
_MOST_SUMS: Final = 5  # sums of partners of other names that are offered
_LITTLE: Final = 5  # yen that a payer's own rounding of tax may make an amount too much
_MOST_PARTNERS: Final = 20  # partners of like names that are looked at, the likest first
_TRUST: Final[dict[How, float]] = {"same": 1.0, "spelling": 0.9, "longer": 0.85, "shorter": 0.8, "slip": 0.85}
_WORDS: Final[dict[How, str]] = {
    "same": "振込名義が一致",
    "spelling": "振込名義が長音・濁点を除いて一致",
    "longer": "振込名義が取引先の名義で始まる",
    "shorter": "振込名義が取引先の名義の途中まで一致",
    "slip": "振込名義が 1〜2 字違い",
}


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


class Payer(NamedTuple):
    """What is known of who pays, beside the names that partners bear."""

    learned: dict[int, int] = {}  # noqa: RUF012
    """Partners that matches by hand told the name to be, and how many of them."""
    groups: pl.DataFrame | None = None
    """``partner_id, group_id`` of partners that belong together."""
    beside: Sequence[int] = ()
    """Amounts of the other receipts that wait under this name."""
    received_on: date | None = None
    """When the money came: of documents as likely otherwise those due about then are offered first."""


STRANGER: Final = Payer()
"""A payer of whom nothing is known but the name."""


class _Pool(NamedTuple):
    """The documents of payers equally well identified; with ``together`` they are one explanation, and nothing else."""

    documents: pl.DataFrame
    trust: float
    known: bool
    why: str
    together: str = ""


class _Receipt(NamedTuple):
    amount: int
    fee_tolerance: int
    fees: Sequence[int]
    written: Callable[[int], str]
    beside: Sequence[int]
    received_on: date | None


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
    receipt = _Receipt(amount, fee_tolerance, fees, written, known.beside, known.received_on)
    documents = _documents(items, f"{payer} {reference}")
    found: list[Proposal] = []
    for pool in _pools(receipt, documents, names, payer, known):
        if pool.trust > _STRANGE or not any(one.score >= _LIKELY for one in found):
            found += _ranked(receipt, pool)
    best: dict[tuple[int, ...], Proposal] = {}
    for one in sorted(found, key=lambda one: -one.score):
        best.setdefault(tuple(sorted(one.item_ids)), one)
    return list(best.values())[:limit]


def _documents(items: pl.DataFrame, text: str) -> pl.DataFrame:
    """The open documents, oldest first, and whether the text names them."""
    grouped = items.group_by("partner_id", "document_id", maintain_order=True)
    summed = grouped.agg("item_id", pl.col("amount").sum(), pl.col("due_on").min(), pl.col("number").first())
    aged = summed.filter(pl.col("amount") != 0).sort("due_on", nulls_last=True, maintain_order=True)
    spelt = unicodedata.normalize("NFKC", text).upper()
    named = [_names(spelt, number) for number in aged["number"].to_list()]
    return aged.with_columns(named=pl.Series(named, dtype=pl.Boolean))


def _names(text: str, number: str | None) -> bool:
    """Whether the text holds the invoice number, however it is punctuated; short numbers say nothing."""
    letters = re.findall(r"[0-9A-Z]", unicodedata.normalize("NFKC", number or "").upper())
    if len(letters) < 4 or letters[-1] not in text:
        return False
    return re.search(rf"(?<![0-9A-Z]){'[^0-9A-Z]*'.join(letters)}(?![0-9A-Z])", text) is not None


def _pools(
    receipt: _Receipt, documents: pl.DataFrame, names: pl.DataFrame, payer: str, known: Payer
) -> Iterator[_Pool]:
    """The documents by how well their payer is identified, best first."""
    if names.is_empty():
        yield _Pool(documents, 1.0, True, "")
        return
    scores = names.with_columns(alike=similarities(payer, names["name"]))
    best = scores.group_by("partner_id").agg(pl.col("alike").max())
    judged = documents.join(best, on="partner_id", how="left", maintain_order="left")
    judged = judged.with_columns(pl.col("alike").fill_null(0.0), cited=pl.col("named").any().over("partner_id"))
    sure = judged.filter((pl.col("alike") == 1.0) | pl.col("cited"))
    if not sure.is_empty():
        yield _Pool(sure, 1.0, True, "振込名義が一致" if (sure["alike"] == 1.0).any() else "請求書番号から支払人を特定")
    bearers = set(best.filter(pl.col("alike") == 1.0)["partner_id"]) | set(sure["partner_id"])
    yield from _learned(judged, known)
    yield from _grouped(judged, bearers | set(known.learned), known)
    alike = _alike(judged, scores, names, payer, bearers | set(known.learned))
    yield from alike
    told = bearers | set(known.learned) | {int(pool.documents["partner_id"][0]) for pool in alike}
    most = max([receipt.fee_tolerance, *receipt.fees])
    strange = ~pl.col("partner_id").is_in(list(told))
    near = judged.filter(strange & pl.col("amount").is_between(receipt.amount, receipt.amount + most))
    if not near.is_empty():
        yield _Pool(_by_closeness(near, receipt), _STRANGE, False, "振込名義は一致しない")
    yield from _sums_of_strangers(receipt, judged.filter(strange), most)


def _sums_of_strangers(receipt: _Receipt, documents: pl.DataFrame, most: int) -> Iterator[_Pool]:
    """What any one partner has due on one day, or open in all, where it makes the amount or exceeds it by a fee."""
    for keys, words in ((["partner_id", "due_on"], "期日の同じ"), (["partner_id"], "未回収の")):
        sums = documents.group_by(keys).agg(owed=pl.col("amount").sum(), size=pl.len()).filter(pl.col("size") > 1)
        hits = sums.filter(pl.col("owed").is_between(receipt.amount, receipt.amount + most)).sort("owed", *keys)
        for row in hits.head(_MOST_SUMS).iter_rows(named=True):
            own = documents.filter(*(pl.col(key).eq_missing(row[key]) for key in keys))
            yield _Pool(own, _STRANGE, False, "振込名義は一致しない", f"{words} {row['size']} 件の合計")


def _by_closeness(documents: pl.DataFrame, receipt: _Receipt) -> pl.DataFrame:
    """The documents, those due closest to the day of the receipt first, where both days are known."""
    if receipt.received_on is None:
        return documents
    days = (pl.col("due_on") - pl.lit(receipt.received_on)).dt.total_days().abs()
    return documents.sort(days, nulls_last=True, maintain_order=True)


def _learned(judged: pl.DataFrame, known: Payer) -> Iterator[_Pool]:
    """The documents of partners that the name was learned to be."""
    for partner, times in sorted(known.learned.items(), key=lambda one: -one[1]):
        own = judged.filter(pl.col("partner_id") == partner)
        if not own.is_empty():
            yield _Pool(own, 0.98, False, f"覚えた名義（{times} 件の消込で教えられた）")


def _grouped(judged: pl.DataFrame, payers: set[int], known: Payer) -> Iterator[_Pool]:
    """The documents of the companies of the payer's group, the payer's own among them."""
    if known.groups is None or not payers:
        return
    mine = known.groups.filter(pl.col("partner_id").is_in(list(payers)))["group_id"].unique()
    for group in mine:
        members = known.groups.filter(pl.col("group_id") == group).select("partner_id")
        own = judged.join(members, on="partner_id", how="semi", maintain_order="left")
        if not own.is_empty():
            yield _Pool(own, 0.93, False, "名寄せ先が同じ取引先の請求")


def _alike(judged: pl.DataFrame, scores: pl.DataFrame, names: pl.DataFrame, payer: str, told: set[int]) -> list[_Pool]:
    """The documents of each partner whose name resembles the payer's, the likest first."""
    one = pl.DataFrame({"receipt_id": [0], "folded": [fold(payer)]})
    bare = names.select("partner_id", folded=folded(names["name"]))
    how: dict[int, How] = dict(likely(one, bare).select("partner_id", "how").iter_rows())
    close = scores.filter((pl.col("alike") >= ALIKE) & (pl.col("alike") < 1.0)).sort("alike")
    ratios: dict[int, float] = dict(close.select("partner_id", "alike").iter_rows())
    trusts = {partner: 0.75 * ratio for partner, ratio in ratios.items()}
    trusts |= {partner: max(trusts.get(partner, 0.0), _TRUST[kind] * 0.95) for partner, kind in how.items()}
    pools = []
    for partner in sorted(set(trusts) - told, key=lambda one: -trusts[one])[:_MOST_PARTNERS]:
        own = judged.filter(pl.col("partner_id") == partner)
        why = _WORDS[how[partner]] if partner in how else f"振込名義が似ている（類似度 {ratios[partner]:.2f}）"
        if not own.is_empty():
            pools.append(_Pool(own, trusts[partner], False, why))
    return pools


def _ranked(receipt: _Receipt, pool: _Pool) -> Iterator[Proposal]:
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
        equals = sum(other.rank == guess.rank for other in guesses) - 1
        sure = pool.known and not equals and cited <= places and (guess.rank in _CITING or places == settled)
        yield _proposal(receipt, pool, documents, guess, equals, sure and len(shown) == 1)


def _proposal(
    receipt: _Receipt, pool: _Pool, documents: list[dict[str, Any]], guess: _Guess, equals: int, automatic: bool
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


def _settled(receipt: _Receipt, documents: list[dict[str, Any]]) -> frozenset[int]:
    """The places that the cascade settles by itself if the payer owes just these documents."""
    places = list(range(len(documents)))
    frame = pl.DataFrame(documents, infer_schema_length=None).select("amount", "due_on")
    whose = frame.with_columns(item_id=pl.Series(places), document_id=pl.Series(places), partner_id=pl.lit(0))
    one = pl.DataFrame({"receipt_id": [0], "partner_id": [0], "amount": [receipt.amount]})
    applications, _ = match(one, whose, receipt.fee_tolerance, receipt.fees)
    return frozenset(applications["item_id"].to_list())


def _guesses(receipt: _Receipt, documents: list[dict[str, Any]], pool: _Pool) -> Iterator[_Guess]:
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
        yield from _rest(receipt, amounts)
        yield from _single_rest(receipt, documents)


def _named(receipt: _Receipt, documents: list[dict[str, Any]]) -> Iterator[_Guess]:
    """The documents whose numbers the payer wrote, if they make the amount."""
    places = tuple(place for place, document in enumerate(documents) if document["named"])
    short = sum(documents[place]["amount"] for place in places) - receipt.amount
    numbers = "、".join(str(documents[place]["number"]) for place in places)
    if places and short == 0:
        yield _Guess("reference", places, f"摘要に請求書番号 {numbers} があり、金額が一致")
    elif places and _is_fee(receipt, short):
        yield _Guess("reference fee", places, f"摘要に請求書番号 {numbers} があり、{_fee(receipt, short, '請求額')}")


def _sums(receipt: _Receipt, documents: list[dict[str, Any]]) -> Iterator[_Guess]:
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


def _less_fee(receipt: _Receipt, amounts: list[int], together: bool) -> Iterator[_Guess]:
    """One document, or all that is open, less a transfer fee."""
    for place, amount in enumerate(amounts):
        if _is_fee(receipt, amount - receipt.amount):
            yield _Guess("fee", (place,), _fee(receipt, amount - receipt.amount, "請求額"))
    if together and len(amounts) >= 2 and _is_fee(receipt, sum(amounts) - receipt.amount):
        whole = f"未回収 {len(amounts)} 件の合計"
        yield _Guess("fee", tuple(range(len(amounts))), _fee(receipt, sum(amounts) - receipt.amount, whole))


def _sums_less_fee(receipt: _Receipt, amounts: list[int]) -> Iterator[_Guess]:
    """A subset less one of the usual fees; those with the fewest documents first, the oldest first among them."""
    if not 3 <= len(amounts) <= MOST_DOCUMENTS:
        return
    usual = sorted({fee for fee in (*receipt.fees, *USUAL_FEES) if _is_fee(receipt, fee)})
    found = [(fee, mask) for fee in usual for mask in masks_of(amounts, receipt.amount + fee)]
    for fee, mask in sorted(found, key=lambda one: (one[1].bit_count(), one[1])):
        places = tuple(place for place in range(len(amounts)) if mask >> place & 1)
        if 2 <= len(places) < len(amounts):
            yield _Guess("subset fee", places, _fee(receipt, fee, f"{len(places)} 件の合計"))


def _beside(receipt: _Receipt, amounts: list[int]) -> Iterator[_Guess]:
    """A document that the receipt makes together with the others of its name."""
    money = receipt.amount + sum(receipt.beside)
    for place, amount in enumerate(amounts if receipt.beside else ()):
        if amount == money:
            count = len(receipt.beside) + 1
            yield _Guess("parts", (place,), f"同じ名義の入金 {count} 件の合計 {receipt.written(money)} と請求額が一致")


def _little_over(receipt: _Receipt, amounts: list[int]) -> Iterator[_Guess]:
    """One document, or all, that the receipt exceeds by what rounding tax otherwise makes."""
    wholes: list[tuple[tuple[int, ...], int]] = [((place,), amount) for place, amount in enumerate(amounts)]
    if len(amounts) >= 2:
        wholes.append((tuple(range(len(amounts))), sum(amounts)))
    for places, owed in wholes:
        if owed > 0 and 0 < receipt.amount - owed <= _LITTLE:
            yield _Guess("little over", places, f"請求額より {receipt.written(receipt.amount - owed)} 多い（端数の差）")


def _less_withheld(receipt: _Receipt, amounts: list[int]) -> Iterator[_Guess]:
    """One document less the income tax that a payer withholds of it, with consumption tax in the base or without."""
    bases = pl.DataFrame({"place": range(len(amounts)), "owed": amounts}, schema={"place": pl.Int64, "owed": pl.Int64})
    both = pl.concat([bases.with_columns(base=pl.col("owed")), bases.with_columns(base=pl.col("owed") * 10 // 11)])
    kept = both.filter(pl.col("owed") > 0).with_columns(kept=withheld(pl.col("base")))
    hits = kept.filter((pl.col("kept") > 0) & (pl.col("owed") - pl.col("kept") == receipt.amount))
    for place, tax in hits.unique("place", maintain_order=True).select("place", "kept").iter_rows():
        yield _Guess("withheld", (place,), f"請求額から源泉所得税（{receipt.written(tax)}）を差し引いた額と一致")


def _single_rest(receipt: _Receipt, documents: list[dict[str, Any]]) -> Iterator[_Guess]:
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


def _is_due(receipt: _Receipt, document: dict[str, Any]) -> bool:
    """Whether the document was due about when the money came."""
    due_on, received_on = document["due_on"], receipt.received_on
    return None not in (due_on, received_on) and due_on - timedelta(days=EARLY_DAYS) <= received_on


def _rest(receipt: _Receipt, amounts: list[int]) -> Iterator[_Guess]:
    """The oldest documents in part, or all of them with something left over."""
    places: list[int] = []
    left = receipt.amount - sum(amount for amount in amounts if amount < 0)
    for place, amount in enumerate(amounts):
        if amount > 0 and left > 0:
            left -= amount
            places.append(place)
    if left > 0:
        everything = tuple(range(len(amounts)))
        yield _Guess("advance", everything, f"未回収の合計より多い入金（超過 {receipt.written(left)}）")
    elif left < 0:
        chosen = sorted([*places, *(place for place, amount in enumerate(amounts) if amount < 0)])
        yield _Guess("remain", tuple(chosen), f"期日の古い順の一部入金（残り {receipt.written(-left)}）")


def _is_fee(receipt: _Receipt, short: int) -> bool:
    """Whether the payer may have kept so much for the transfer."""
    return 0 < short <= receipt.fee_tolerance or (short > 0 and short in receipt.fees)


def _fee(receipt: _Receipt, short: int, whole: str) -> str:
    """The fee in words; one that no bank usually takes is called a small difference."""
    if short in receipt.fees or short in USUAL_FEES:
        return f"{whole}から振込手数料（{receipt.written(short)}）を差し引いた額と一致"
    return f"{whole}より少ない（差 {receipt.written(short)}、手数料の許容範囲）"
