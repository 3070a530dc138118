"""Who may be paying: the open documents of a receipt, parted by how well their payer is identified.

By invoice number and name first, by what resembles the name next, and where no name helps by what the money and the
calendar say: amounts that fit to the yen, due about the day on which it came.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import Final, NamedTuple

import numpy as np
import polars as pl
from rapidfuzz import fuzz, process

from urikake.core.clearing.citing import citations
from urikake.core.likeness import How, likely
from urikake.core.payer import fold, folded, similarities
from urikake.core.reading import spoken
from urikake.core.withholding import withheld

ALIKE: Final = 0.8
"""From this similarity on, a name is offered as one that looks alike."""
USUAL_FEES: Final = (110, 145, 150, 160, 165, 220, 275, 330, 385, 440, 490, 495, 550, 605, 660, 770, 880)
"""What banks usually take for a domestic transfer, tax included, in yen."""
STRANGE: Final = 0.4
"""The most trust in who bears no name like the payer's."""
_READ: Final = 0.7  # from this similarity on, a name whose reading is guessed is offered
_GUESSED: Final = 0.9  # the trust in a guessed reading, beside that in one that is known
_MOST_PARTNERS: Final = 20  # partners of like names that are looked at, the likest first
_MOST_STRANGERS: Final = 10  # explanations by partners of other names that are offered, the likest first
_TRUST: Final[dict[How, float]] = {
    "same": 1.0,
    "spelling": 0.9,
    "longer": 0.85,
    "ending": 0.8,
    "shorter": 0.8,
    "slip": 0.85,
}
_WORDS: Final[dict[How, str]] = {
    "same": "振込名義が一致",
    "spelling": "振込名義が長音・濁点を除いて一致",
    "longer": "振込名義が取引先の名義で始まる",
    "ending": "振込名義が取引先の名義で終わる",
    "shorter": "振込名義が取引先の名義の途中まで一致",
    "slip": "振込名義が 1〜2 字違い",
}
_BEGUN: Final = 3  # letters that names of one owner or one group begin with alike
_LETTER: Final = "[A-Z]"
_WEEKEND: Final = 3  # days by which holidays move a payment
_UNLIKE: Final = 0.9  # the trust in a stranger whose name does not even begin alike, beside one whose name does
_SPOKEN_FOR: Final = 0.75  # the same of one whose own money waits
_BEHIND: Final = 0.8  # the weight of what is not the oldest that is open: who pays, pays that first


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
    readings: pl.DataFrame | None = None
    """``partner_id, name`` as the names of partners may be read (see `core.reading.readings`)."""
    spoken_for: frozenset[int] = frozenset()
    """Partners whose name another receipt that waits bears, or nearly."""


STRANGER: Final = Payer()
"""A payer of whom nothing is known but the name."""


class Pool(NamedTuple):
    """The documents of payers equally well identified; with ``together`` they are one explanation, and nothing else.

    ``rivals``: how many other pools explain the receipt in the same way.
    """

    documents: pl.DataFrame
    trust: float
    known: bool
    why: str
    together: str = ""
    rivals: int = 0


class Receipt(NamedTuple):
    """What is asked: the money, and what the payer may have kept of it."""

    amount: int
    fee_tolerance: int
    fees: Sequence[int]
    written: Callable[[int], str]
    beside: Sequence[int]
    received_on: date | None


def documents(items: pl.DataFrame, text: str) -> pl.DataFrame:
    """The open documents, oldest first, and whether the text names them (see `citing.citations`)."""
    grouped = items.group_by("partner_id", "document_id", maintain_order=True)
    summed = grouped.agg("item_id", pl.col("amount").sum(), pl.col("due_on").min(), pl.col("number").first())
    aged = summed.filter(pl.col("amount") != 0).sort("due_on", nulls_last=True, maintain_order=True)
    numbers = aged.select(pl.col("document_id").cast(pl.Int64), pl.col("number").cast(pl.String))
    told = citations(pl.DataFrame({"receipt_id": [0], "text": [text]}), numbers)
    return aged.with_columns(named=pl.col("document_id").is_in(told["document_id"].implode()))


def pools(receipt: Receipt, documents: pl.DataFrame, names: pl.DataFrame, payer: str, known: Payer) -> Iterator[Pool]:
    """The documents by how well their payer is identified, best first."""
    if names.is_empty():
        yield Pool(documents, 1.0, True, "")
        return
    scores = names.with_columns(alike=similarities(payer, names["name"]))
    best = scores.group_by("partner_id").agg(pl.col("alike").max())
    judged = documents.join(best, on="partner_id", how="left", maintain_order="left")
    judged = judged.with_columns(
        pl.col("alike").fill_null(0.0), cited=pl.col("named").any().over("partner_id"), fits=_fits(receipt)
    )
    sure = judged.filter((pl.col("alike") == 1.0) | pl.col("cited"))
    if not sure.is_empty():
        yield Pool(sure, 1.0, True, "振込名義が一致" if (sure["alike"] == 1.0).any() else "請求書番号から支払人を特定")
    bearers = set(best.filter(pl.col("alike") == 1.0)["partner_id"]) | set(sure["partner_id"])
    yield from _learned(judged, known)
    yield from _grouped(judged, bearers | set(known.learned), known)
    alike = _alike(judged, scores, names, payer, bearers | set(known.learned))
    alike += _by_reading(judged, names, payer, bearers | set(known.learned) | _owners(alike), known)
    yield from alike
    told = bearers | set(known.learned) | _owners(alike)
    yield from _strangers(receipt, judged.filter(~pl.col("partner_id").is_in(list(told))), names, payer, known)


def _fits(receipt: Receipt) -> pl.Expr:
    """Whether a document, or all of its partner, makes the money, less a fee at most."""
    most = receipt.amount + max([receipt.fee_tolerance, *receipt.fees])
    owed = pl.col("amount").sum().over("partner_id")
    return pl.col("amount").is_between(receipt.amount, most) | owed.is_between(receipt.amount, most)


def _owners(pools: list[Pool]) -> set[int]:
    return {int(pool.documents["partner_id"][0]) for pool in pools}


def _learned(judged: pl.DataFrame, known: Payer) -> Iterator[Pool]:
    """The documents of partners that the name was learned to be."""
    for partner, times in sorted(known.learned.items(), key=lambda one: -one[1]):
        own = judged.filter(pl.col("partner_id") == partner)
        if not own.is_empty():
            yield Pool(own, 0.98, False, f"覚えた名義（{times} 件の消込で教えられた）")


def _grouped(judged: pl.DataFrame, payers: set[int], known: Payer) -> Iterator[Pool]:
    """The documents of the companies of the payer's group, the payer's own among them."""
    if known.groups is None or not payers:
        return
    mine = known.groups.filter(pl.col("partner_id").is_in(list(payers)))["group_id"].unique()
    for group in mine:
        members = known.groups.filter(pl.col("group_id") == group).select("partner_id")
        own = judged.join(members, on="partner_id", how="semi", maintain_order="left")
        if not own.is_empty():
            yield Pool(own, 0.93, False, "名寄せ先が同じ取引先の請求")


def _alike(judged: pl.DataFrame, scores: pl.DataFrame, names: pl.DataFrame, payer: str, told: set[int]) -> list[Pool]:
    """The documents of each partner whose name resembles the payer's, the likest first."""
    bare = names.select("partner_id", folded=folded(names["name"]))
    how = _how(fold(payer), bare)
    close = scores.filter((pl.col("alike") >= ALIKE) & (pl.col("alike") < 1.0)).sort("alike")
    ratios: dict[int, float] = dict(close.select("partner_id", "alike").iter_rows())
    trusts = {partner: 0.75 * ratio for partner, ratio in ratios.items()}
    trusts |= {partner: max(trusts.get(partner, 0.0), _TRUST[kind] * 0.95) for partner, kind in how.items()}
    why = {partner: f"振込名義が似ている（類似度 {ratio:.2f}）" for partner, ratio in ratios.items()}
    why |= {partner: _WORDS[kind] for partner, kind in how.items()}
    return _of_partners(judged, trusts, why, told)


def _by_reading(judged: pl.DataFrame, names: pl.DataFrame, payer: str, told: set[int], known: Payer) -> list[Pool]:
    """The documents of partners whose name may be read like the payer's: by its kanji, its letters called one by one."""
    bare, asked = _named(names, STRANGER), fold(payer)
    lettered = bare if re.search(_LETTER, asked) else bare.filter(pl.col("folded").str.contains(_LETTER))
    maybe = _named(lettered.rename({"folded": "name"}), known)
    called = maybe.with_columns(folded=spoken(maybe["folded"]))
    one = str(spoken(pl.Series([asked]))[0])
    ratios = process.cdist([one], called["folded"].to_list(), scorer=fuzz.ratio, dtype=np.float64)[0] / 100
    close = called.with_columns(ratio=pl.Series(ratios)).filter(pl.col("ratio") >= _READ).sort("ratio")
    trusts = {partner: 0.75 * ratio for partner, ratio in close.select("partner_id", "ratio").iter_rows()}
    trusts |= {partner: _TRUST[kind] * 0.95 for partner, kind in _how(one, called).items()}
    guessed = {partner: trust * _GUESSED for partner, trust in trusts.items()}
    return _of_partners(judged, guessed, dict.fromkeys(guessed, "取引先名の読み（推定）が振込名義に近い"), told)


def _named(names: pl.DataFrame, known: Payer) -> pl.DataFrame:
    """The names of partners, folded, and as they may be read: ``partner_id, folded``."""
    borne = names.select("partner_id", folded=folded(names["name"]))
    if known.readings is None:
        return borne.drop_nulls()
    return pl.concat([borne, known.readings.select("partner_id", folded="name")], how="vertical_relaxed").drop_nulls()


def _how(payer: str, bare: pl.DataFrame) -> dict[int, How]:
    """In what the folded names resemble the payer's, by partner."""
    one = pl.DataFrame({"receipt_id": [0], "folded": [payer]})
    return dict(likely(one, bare).select("partner_id", "how").iter_rows())


def _of_partners(judged: pl.DataFrame, trusts: dict[int, float], why: dict[int, str], told: set[int]) -> list[Pool]:
    """The documents of each partner that is trusted so far, the most trusted first; of those alike whose documents fit."""
    pools = []
    fitting = set(judged.filter("fits")["partner_id"])
    ranked = sorted(set(trusts) - told, key=lambda one: (-round(trusts[one], 4), one not in fitting, one))
    for partner in ranked[:_MOST_PARTNERS]:
        own = judged.filter(pl.col("partner_id") == partner)
        if not own.is_empty():
            pools.append(Pool(own, trusts[partner], False, why[partner]))
    return pools


def _strangers(
    receipt: Receipt, documents: pl.DataFrame, names: pl.DataFrame, payer: str, known: Payer
) -> Iterator[Pool]:
    """What partners of any other name owe that fits the money: a document, those due on a day, all; the likest first.

    It fits exactly, or short by the income tax withheld of a document, or by a fee. Likelier is the oldest that is open, what
    is due about the day on which the money came, and whose name begins like the payer's, as an owner's or a holding
    company's does; less likely whose own money waits too.
    """
    fitting = _fitting(receipt, documents)
    if fitting.is_empty():
        return
    borne = _named(names, known)
    begun = borne.select("partner_id", begun=pl.col("folded").str.head(_BEGUN) == fold(payer)[:_BEGUN])
    akin = begun.group_by("partner_id").agg(pl.col("begun").any())
    trusted = fitting.join(akin, on="partner_id", how="left", maintain_order="left").with_columns(
        trust=STRANGE
        * pl.col("weight")
        * _closeness(receipt)
        * pl.when(pl.col("partner_id").is_in(list(known.spoken_for)))
        .then(_SPOKEN_FOR)
        .when(pl.col("begun").fill_null(value=False))
        .then(1.0)
        .otherwise(_UNLIKE),
        rivals=pl.len().over("size", "fit") - 1,
    )
    likest = trusted.sort("trust", descending=True, maintain_order=True).head(_MOST_STRANGERS)
    for row in likest.iter_rows(named=True):
        own = documents.filter(pl.col("document_id").is_in(row["documents"]), partner_id=row["partner_id"])
        akin_words = "（はじめは似ている）" if row["begun"] else ""
        also = "／この取引先の名義に近い入金がほかにある" if row["partner_id"] in known.spoken_for else ""
        yield Pool(own, row["trust"], False, f"振込名義は一致しない{akin_words}{also}", row["words"], row["rivals"])


def _fitting(receipt: Receipt, documents: pl.DataFrame) -> pl.DataFrame:
    """The documents, alone and summed, that fit the money: ``partner_id, documents, due_on, size, fit, words, weight``."""
    sums = {"documents": pl.col("document_id"), "owed": pl.col("amount").sum(), "size": pl.len().cast(pl.Int64)}
    alone = documents.select(
        "partner_id", "due_on", documents=pl.concat_list("document_id"), owed="amount", size=pl.lit(1, dtype=pl.Int64)
    ).with_columns(words=pl.lit(""), weight=pl.lit(1.0), all=pl.lit(value=False))
    due = documents.group_by("partner_id", "due_on", maintain_order=True).agg(**sums)
    due = due.with_columns(
        words=pl.format("期日の同じ {} 件の合計", "size"), weight=pl.lit(0.85), all=pl.lit(value=False)
    )
    whole = documents.group_by("partner_id", maintain_order=True).agg(pl.col("due_on").max(), **sums)
    whole = whole.with_columns(
        words=pl.format("未回収の {} 件の合計", "size"), weight=pl.lit(0.8), all=pl.lit(value=True)
    )
    summed = pl.concat([due, whole], how="diagonal").filter(pl.col("size") > 1)
    oldest = documents.group_by("partner_id").agg(oldest_on=pl.col("due_on").min())
    units = pl.concat([alone, summed], how="diagonal").filter(pl.col("owed") > 0)
    units = units.join(oldest, on="partner_id", how="left", maintain_order="left")
    little = pl.when(pl.col("fit") == "little").then(0.7).otherwise(1.0)
    later = ~pl.col("all") & (pl.col("due_on") > pl.col("oldest_on")).fill_null(value=False)
    fitting = units.with_columns(fit=_fit(receipt)).drop_nulls("fit")
    return fitting.with_columns(weight=pl.col("weight") * little * pl.when(later).then(_BEHIND).otherwise(1.0))


def _fit(receipt: Receipt) -> pl.Expr:
    """How what is ``owed`` fits the money: ``exact``, ``withheld``, ``fee``, ``little``; null where it does not."""
    owed = pl.col("owed")
    short = owed - receipt.amount
    kept = (short == withheld(owed)) | (short == withheld(owed * 10 // 11))
    usual = [fee for fee in USUAL_FEES if fee <= receipt.fee_tolerance]
    return (
        pl.when(short == 0).then(pl.lit("exact"))
        .when((short > 0) & kept & (pl.col("size") == 1)).then(pl.lit("withheld"))
        .when(short.is_in([*receipt.fees, *usual])).then(pl.lit("fee"))
        .when(short.is_between(1, receipt.fee_tolerance)).then(pl.lit("little"))
    )  # fmt: skip


def _closeness(receipt: Receipt) -> pl.Expr:
    """How well ``due_on`` fits the day of the money, 1 to ½: best on the day, nearly within a weekend, then ever less.

    Too early counts more than too late.
    """
    if receipt.received_on is None:
        return pl.lit(1.0)
    late = (pl.lit(receipt.received_on) - pl.col("due_on")).dt.total_days()
    early, after = (-late - _WEEKEND).clip(lower_bound=0), (late - _WEEKEND).clip(lower_bound=0)
    return (1 / (1 + late.abs() / 50 + early / 10 + after / 30)).clip(lower_bound=0.5).fill_null(0.5)
