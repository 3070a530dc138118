"""What was right: answers beside the truth, as one of seven outcomes for each receipt, counted by kind."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

import polars as pl

from .files import Files
from .levels import KINDS

OUTCOMES: Final = {
    "right": "正しく消込",
    "wrong": "誤って消込",
    "first": "候補の1番目",
    "three": "候補の3番目まで",
    "later": "候補の4番目以降",
    "missed": "候補になし",
    "alone": "正しく見送り",
    "unasked": "候補は見ず",
}
"""What may become of a receipt: applied, or else where the right answer stood among the proposals, or rightly left alone.

``unasked``: left over, its proposals not looked at (see `playing.ASK`).
"""
BOOKED: Final = {
    "fee": {"fee"},
    "withholding": {"withheld", "misc"},
    "misc": {"rounding", "misc", "write-off", "discount", "fee"},
    "advance": {"advance"},
    "remain": set[str](),
}
"""As what the difference of a truth may be booked."""
Document = tuple[str, ...]
"""A document, or what documents have in common that nobody can tell apart."""


@dataclass(frozen=True, slots=True)
class Truth:
    """What is true of a receipt (see `paying.Receipt`)."""

    receipt: str
    amount: int
    kind: str = "plain"
    spelling: str = "plain"
    settles: Mapping[str, int] = field(default_factory=dict)
    difference_kind: str = ""
    leave: bool = False
    named: bool = False

    @property
    def difference(self) -> int:
        return self.amount - sum(self.settles.values())


@dataclass(frozen=True, slots=True)
class Answer:
    """What was made of a receipt: what is settled of each document, the difference booked and as what."""

    settles: Mapping[str, int]
    difference: int = 0
    kinds: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Judge:
    """Who compares; ``alike`` tells of each document what it shares with those that nobody can tell from it."""

    alike: Mapping[str, Document]

    @cached_property
    def _among(self) -> dict[Document, list[str]]:
        found: dict[Document, list[str]] = defaultdict(list)
        for number, shared in self.alike.items():
            found[shared].append(number)
        return found

    def right(self, truth: Truth, answer: Answer) -> bool:
        """Whether the answer settles what the truth settles, no yen more, and books the difference as it may be.

        Of documents of one partner, day, due day and amount any will do unless the receipt names one. Of an overpayment the rest
        may as well be left.
        """
        if self._settled(answer.settles, truth) != self._settled(truth.settles, truth):
            return False
        if truth.difference == answer.difference:
            return not answer.difference or answer.kinds <= BOOKED.get(truth.difference_kind, set())
        return answer.difference == 0 and truth.difference > 0 and truth.difference_kind in {"advance", "remain"}

    def _settled(self, settles: Mapping[str, int], truth: Truth) -> list[tuple[Document, int]]:
        return sorted((self._called(number, truth), amount) for number, amount in settles.items())

    def _called(self, number: str, truth: Truth) -> Document:
        return (number,) if truth.named else self.alike.get(number, (number,))

    def like(self, number: str) -> list[str]:
        """The document, and those that nobody can tell from it."""
        mine = self.alike.get(number)
        return [number, *(each for each in self._among.get(mine or (), ()) if each != number)]

    def applied(self, truth: Truth, answer: Answer | None) -> str:
        """The outcome as far as it is known without the proposals; empty where those have to be asked."""
        if answer is None:
            return "alone" if truth.leave else ""
        return "right" if self.right(truth, answer) else "wrong"

    def proposed(self, truth: Truth, proposals: Sequence[Sequence[str]]) -> str:
        """The outcome of one left over by its ranked proposals, each the documents it names."""
        wanted = sorted(self._called(number, truth) for number in truth.settles)
        places = (
            at
            for at, proposal in enumerate(proposals)
            if sorted(self._called(n, truth) for n in set(proposal)) == wanted
        )
        at = next(places, None)
        return "missed" if at is None else "first" if at == 0 else "three" if at < 3 else "later"

    def exchanged(self, truths: Sequence[Truth], answers: Mapping[str, Answer]) -> dict[str, Truth]:
        """The truth of each of receipts that nobody can tell apart, given to the one that was answered so where there is one."""
        pool, found = list(truths), {}
        for told in sorted(truths, key=lambda truth: truth.receipt not in answers):
            answer = answers.get(told.receipt)
            fitting = [truth for truth in pool if answer and self.right(truth, answer)]
            truth = fitting[0] if fitting else told if told in pool else pool[0]
            pool.remove(truth)
            found[told.receipt] = truth
        return found


def judge(files: Files) -> Judge:
    """The judge of the files."""
    names = [name for name in ("partner", "invoice_date", "due", "balance") if name in files.receivables.columns]
    rows = files.receivables.select("invoice_no", *[pl.col(name).cast(pl.String) for name in names]).iter_rows()
    return Judge({number: tuple(shared) for number, *shared in rows})


def truths(files: Files) -> dict[str, Truth]:
    """The truth of each receipt."""
    amounts = dict(files.receipts.select("id", "amount").iter_rows())
    found: dict[str, Truth] = {}
    for (receipt,), rows in files.truth.group_by("receipt", maintain_order=True):
        row = rows.row(0, named=True)
        settles = {number: amount for number, amount in rows.select("document", "amount").iter_rows() if number}
        found[str(receipt)] = Truth(
            str(receipt),
            amounts[str(receipt)],
            row["kind"] or "plain",
            row["spelling"],
            settles,
            row["difference_kind"],
            row["leave"] or not settles,
            row["named"],
        )
    return found


def same_looking(receipts: pl.DataFrame) -> Iterable[list[str]]:
    """The ids of receipts that nobody can tell apart: same payer, amount and texts."""
    looks: dict[tuple[Any, ...], list[str]] = defaultdict(list)
    for name, *look in receipts.select("id", "payer", "amount", "reference", "virtual_account").iter_rows():
        looks[tuple(look)].append(name)
    return looks.values()


def confusion(scored: pl.DataFrame) -> list[dict[str, Any]]:
    """How often each outcome by ``kind``, in the order of `KINDS`, and in total; ``scored`` has ``kind`` and ``outcome``."""
    by_kind = {kind: rows["outcome"].value_counts() for (kind,), rows in scored.group_by("kind")}
    order = [kind for kind in KINDS if kind in by_kind] + sorted(set(map(str, by_kind)) - set(KINDS))
    rows = [_row(kind, by_kind[kind]) for kind in order]
    return [*rows, _row("total", scored["outcome"].value_counts())]


def _row(kind: str, counted: pl.DataFrame) -> dict[str, Any]:
    times = dict(counted.iter_rows())
    return {"kind": kind, "receipts": sum(times.values()), **{name: times.get(name, 0) for name in OUTCOMES}}
