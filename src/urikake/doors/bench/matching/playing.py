"""The months of a benchmark, taken through the product as its users take them: files in, matched, the rest done by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Final

import polars as pl

from urikake.base import runs
from urikake.base.bulk import Session
from urikake.doors import files as doors
from urikake.doors import month, names, setup
from urikake.rooms.matching.queries import applications, candidates
from urikake.rooms.receipts.queries import receipts
from urikake.rooms.receivables.queries import items, labels, movements, open_items
from urikake.rooms.reports.queries import report

from .files import COMPANY, Files, steps
from .scoring import Answer, Judge, Truth, judge, same_looking, truths

ASK: Final = 500
"""Of what is left over in a month, the proposals of at most so many receipts are looked at, drawn by lot."""
PERSON: Final = "hand"
"""Who confirms by hand."""
SECOND: Final = "second"
"""Who releases the payer names that were learned of it, where no receipt of the name was another partner's."""
USERS: Final = f"name,role,email\n{PERSON},accountant,hand@example.jp\n{SECOND},approver,second@example.jp\n"
BY_HAND: Final = {"withholding": "withheld", "remain": "remain", "": "remain"}
"""What a person calls a difference in the product, where it has another word."""
SCORED: Final = {
    "month": pl.String,
    "receipt": pl.String,
    "payer": pl.String,
    "amount": pl.Int64,
    "kind": pl.String,
    "spelling": pl.String,
    "outcome": pl.String,
    "truth": pl.String,
    "answer": pl.String,
}


@dataclass
class Play:
    """The months as they go by: ``rows`` as `SCORED` of the receipts so far, ``waiting`` the truths of those rightly left alone."""

    url: str
    files: Files
    ask: int
    judge: Judge = field(init=False)
    truths: dict[str, Truth] = field(init=False)
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    waiting: dict[str, Truth] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.judge, self.truths = judge(self.files), truths(self.files)

    def step(self, name: str, there: pl.DataFrame, came: pl.DataFrame, folder: Path) -> None:
        """A third of a month: its documents and receipts taken, matched, compared, and the rest done by hand."""
        _taken(self.url, there, came, folder)
        month.match(self.url)
        known = set(there["invoice_no"])
        with runs.reading(self.url) as session:
            every = answers(session)
        self._look_back(every)
        mine = {look: self.truths[look] for look in came["id"] if look in self.truths}
        for look in same_looking(came.filter(pl.col("id").is_in(list(mine)))):
            if len(look) > 1:
                mine |= self.judge.exchanged([mine[each] for each in look], {k: v.answer for k, v in every.items()})
        self._compare(name, came, mine, every)
        self._finish({**self.waiting, **mine}, every, known)
        release(self.url)

    def _look_back(self, every: dict[str, Applied]) -> None:
        """Of what was rightly left alone, note what was applied wrong since."""
        for receipt, truth in self.waiting.items():
            if receipt in every and not self.judge.right(truth, every[receipt].answer):
                self.rows[receipt] |= {"outcome": "wrong", "answer": told(every[receipt].answer)}

    def _compare(self, name: str, came: pl.DataFrame, mine: dict[str, Truth], every: dict[str, Applied]) -> None:
        """Note what became of the receipts of the step; those left over wait for their proposals."""
        for row in came.select("id", "payer", "amount").iter_rows(named=True):
            truth = mine.get(row["id"])
            if truth is None:
                continue
            answer = every[row["id"]].answer if row["id"] in every else None
            self.rows[row["id"]] = {
                "month": name,
                "receipt": row["id"],
                "payer": row["payer"],
                "amount": row["amount"],
                "kind": truth.kind,
                "spelling": truth.spelling,
                "outcome": self.judge.applied(truth, answer),
                "truth": told(truth),
                "answer": told(answer) if answer else "",
            }
        left = [receipt for receipt in mine if not self.rows[receipt]["outcome"]]
        asked = Random(name).sample(left, min(len(left), self.ask))
        with runs.reading(self.url) as session:
            for receipt in asked:
                offered = [proposal["items"] for proposal in candidates(session, receipt)]
                self.rows[receipt] |= {
                    "outcome": self.judge.proposed(mine[receipt], offered),
                    "answer": " ".join(offered[0]) if offered else "",
                }
        for receipt in set(left) - set(asked):
            self.rows[receipt]["outcome"] = "unasked"

    def _finish(self, mine: dict[str, Truth], every: dict[str, Applied], known: set[str]) -> None:
        """Do by hand what a person does at the end of the step: undo what is wrong, then apply what is left and can be."""
        left = {receipt: truth for receipt, truth in mine.items() if not self._stands(truth, every.get(receipt))}
        for receipt in left:
            for application in every[receipt].applications if receipt in every else ():
                month.unapply(self.url, application, on=None, user=PERSON)
        with runs.reading(self.url) as session:
            owed = dict(
                labels(session, open_items(session)).group_by("number").agg(pl.col("balance").sum()).iter_rows()
            )
        self.waiting = {}
        for receipt, truth in left.items():
            settles = self._open(truth, owed) if truth.settles and set(truth.settles) <= known else {}
            if settles:
                confirm(self.url, receipt, settles, truth.difference_kind)
            else:
                self.waiting[receipt] = truth

    def _stands(self, truth: Truth, done: Applied | None) -> bool:
        return done is not None and self.judge.right(truth, done.answer)

    def _open(self, truth: Truth, owed: dict[str, int]) -> dict[str, int]:
        """What the truth settles, of documents that nobody can tell apart of one that is still ``owed``; it is not any more."""
        settles = {}
        for number, amount in truth.settles.items():
            like = [each for each in self.judge.like(number) if abs(owed.get(each, 0)) >= abs(amount)]
            if not like:
                return {}
            owed[like[0]] -= amount
            settles[like[0]] = amount
        return settles


def release(url: str) -> None:
    """Let the payer names that were learned be used, and the rules that history speaks for, as a second person does.

    Who does looks at each name beside what it was before, and releases a rule once it is proposed for release.
    """
    with runs.reading(url) as session:
        learned, rules = report(session, "payer-names"), report(session, "matching-rules")
    for row in rules:
        if row["proposed"]:
            names.release_rule(url, row["rule"], user=SECOND)
    for row in learned:
        if not row["in_use"] and not row["wrong"]:
            names.release(url, row["partner"], row["payer"], user=SECOND)


def play(
    url: str, files: Files, folder: Path, *, ask: int, months: Iterable[str], say: Callable[[str], None]
) -> pl.DataFrame:
    """What became of each receipt of the ``months`` on the empty database of the URL, as `SCORED`; the others are only lived through."""
    found(url, folder, files)
    game, wanted = Play(url, files, ask), set(months)
    for name, there, came in steps(files):
        say(f"{name} {came['date'][-1]}")
        game.ask = ask if name in wanted else 0
        game.step(name, there, came, folder)
    rows = [row for row in game.rows.values() if row["month"] in wanted]
    return pl.DataFrame(rows, schema=SCORED, orient="row")


def found(url: str, folder: Path, files: Files) -> None:
    """Set up the company of the folder with its partners and the person who works there."""
    setup.set_up(url, folder / COMPANY)
    (folder / "users.csv").write_text(USERS, encoding="utf-8")
    doors.take(url, "users", folder / "users.csv")
    doors.take(url, "partners", _written(folder, "partners", files.partners))


def _taken(url: str, there: pl.DataFrame, came: pl.DataFrame, folder: Path) -> None:
    """Take the documents that are there and the receipts that came, as files."""
    doors.take(url, "openings", _written(folder, "openings", there))
    doors.take_receipts(url, _written(folder, "came", came), account="main")


def _written(folder: Path, name: str, frame: pl.DataFrame) -> Path:
    path = folder / f"taken-{name}.csv"
    frame.write_csv(path)
    return path


def confirm(url: str, receipt: str, settles: dict[str, int], difference_kind: str) -> None:
    """Apply the receipt by hand: the one place where a person tells the product something that it may learn from."""
    targets = [f"{number}={amount}" if amount > 0 else number for number, amount in settles.items()]
    difference = BY_HAND.get(difference_kind, difference_kind)
    month.apply(url, receipt, targets, difference=difference, on=None, user=PERSON)


@dataclass(frozen=True, slots=True)
class Applied:
    """The answer that stands for a receipt, and the applications that it is made of, by our numbers."""

    answer: Answer
    applications: tuple[int, ...]


def answers(session: Session) -> dict[str, Applied]:
    """What stands applied of each receipt, by its ``id`` in the file."""
    every = applications(session)
    stands = every.filter(
        pl.col("reverses_id").is_null() & ~pl.col("application_id").is_in(every["reverses_id"].drop_nulls().implode())
    )
    heads = stands.join(receipts(session).select("receipt_id", "bank_code"), on="receipt_id")
    numbers = labels(session, items(session)).select("item_id", "number")
    moved = movements(session, "kind = 'applied'").join(numbers, on="item_id")
    settled = heads.select("application_id", "bank_code").join(moved, left_on="application_id", right_on="source_id")
    sums = settled.group_by("bank_code", "number").agg(amount=-pl.col("moved").sum())
    settles: dict[str, dict[str, int]] = {}
    for receipt, number, amount in sums.iter_rows():
        settles.setdefault(receipt, {})[number] = amount
    found = {}
    for (receipt,), rows in heads.group_by("bank_code"):
        kinds = frozenset(rows["difference_kind"]) - {""}
        mine = tuple(number - session.low for number in rows["application_id"])
        answer = Answer(settles.get(str(receipt), {}), int(rows["difference"].sum()), kinds)
        found[str(receipt)] = Applied(answer, mine)
    return found


def told(answer: Answer | Truth) -> str:
    """The documents with their amounts and the difference in a line; nothing where no document is settled."""
    settled = " ".join(f"{number}={amount}" for number, amount in answer.settles.items())
    return f"{settled} 差額 {answer.difference}" if settled and answer.difference else settled
