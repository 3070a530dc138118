"""How hard the receipts are: what share is of which kind, and how well the list of partners is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

KINDS: Final = {
    "plain": "通常",
    "name": "名義違い",
    "fee": "手数料差引",
    "sum": "合算",
    "sum_fee": "合算・手数料差引",
    "netted": "返品・値引と相殺",
    "many": "一件を数回で",
    "group": "代わりに払う",
    "withheld": "源泉徴収",
    "rounding": "端数違い",
    "twins": "似た名義で同額",
    "months": "二か月同額",
    "fee_apart": "手数料だけ違う二件",
    "equal": "同じ日に同額",
    "part": "一部入金",
    "over": "過入金",
    "prepaid": "前払い",
    "duplicate": "二重払い",
    "unknown": "不明",
}
"""What a receipt may be, with the word for it."""
SPELLINGS: Final = {
    "plain": "登録どおり",
    "form": "法人格が違う",
    "cut": "途中で切れる",
    "branch": "支店・部署が付く",
    "person": "人の名が付く",
    "trade": "屋号・別名",
    "number": "番号が付く",
    "slip": "打ち間違い",
    "latin": "英字のまま",
    "short": "略称",
    "unread": "フリガナなし",
    "other": "別の払い手",
}
"""How a payer's name may stand to the list of partners, with the words for it."""


@dataclass(frozen=True, slots=True)
class Level:
    """A level: ``kinds`` in percent of the receipts, ``spellings`` in percent of the names that differ, the rest as shares.

    ``noise``: of payers of other kinds than ``plain`` and ``name``, those whose name differs too. ``registered``: of names that
    differ, those the list of partners already has. ``reference``: of payers, those that name the documents. ``virtual``: of
    partners, those with a virtual account.
    """

    kinds: Mapping[str, float]
    spellings: Mapping[str, float]
    noise: float
    registered: float
    reference: float
    virtual: float


def _shares(text: str) -> dict[str, float]:
    return {name: float(share) for name, _, share in (pair.partition(":") for pair in text.split())}


LEVELS: Final = {
    "easy": Level(
        _shares(
            "plain:92 name:2 fee:2 sum:1.5 sum_fee:0.2 netted:0.2 many:0.2 group:0.3 withheld:0.2 rounding:0.2 twins:0.1 months:0.1 "
            "fee_apart:0.1 equal:0.1 part:0.2 over:0.2 prepaid:0.1 duplicate:0.1 unknown:0.2"
        ),
        _shares("form:30 cut:14 branch:20 person:5 trade:8 number:10 slip:5 latin:3 short:2 unread:3"),
        noise=0.0,
        registered=0.5,
        reference=0.15,
        virtual=0.05,
    ),
    "middle": Level(
        _shares(
            "plain:80 name:4.8 fee:4 sum:2.6 sum_fee:0.6 netted:0.6 many:0.6 group:1.2 withheld:0.8 rounding:0.8 twins:0.6 months:0.4 "
            "fee_apart:0.3 equal:0.3 part:0.8 over:0.5 prepaid:0.3 duplicate:0.3 unknown:0.5"
        ),
        _shares("form:18 cut:10 branch:14 person:8 trade:12 number:8 slip:12 latin:6 short:5 unread:7"),
        noise=0.1,
        registered=0.2,
        reference=0.1,
        virtual=0.03,
    ),
    "hard": Level(
        _shares(
            "plain:55 name:13 fee:7 sum:5 sum_fee:2 netted:1.5 many:1.5 group:3 withheld:1.5 rounding:1.5 twins:2 months:1 "
            "fee_apart:1 equal:1 part:1.5 over:1 prepaid:0.5 duplicate:0.5 unknown:0.5"
        ),
        _shares("form:12 cut:10 branch:12 person:10 trade:16 number:6 slip:16 latin:4 short:6 unread:8"),
        noise=0.3,
        registered=0.0,
        reference=0.05,
        virtual=0.01,
    ),
}
LEVEL_NAMES: Final = {"easy": "易", "middle": "中", "hard": "難"}


def counts(shares: Mapping[str, float], whole: int) -> dict[str, int]:
    """The whole in parts by the shares, in percent; by largest remainder.

    >>> counts({"a": 50.0, "b": 33.0, "c": 17.0}, 10)
    {'a': 5, 'b': 3, 'c': 2}
    """
    exact = {name: whole * share / 100 for name, share in shares.items()}
    found = {name: int(part) for name, part in exact.items()}
    short = whole - sum(found.values())
    for name in sorted(exact, key=lambda name: found[name] - exact[name])[:short]:
        found[name] += 1
    return found
