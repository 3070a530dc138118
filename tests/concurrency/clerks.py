"""Clerks at one desk: processes that match the same queue at once, and the proof that some order explains every answer.

Every clerk is a process and a user of its own. It draws operations by its seed on receipts and items that all share, and
notes of each when it asked, when it had the answer, and the answer. The runs in the books are the order: `explained` plays
them one after the other, holds each against what its clerk was told, and looks for every refusal for a moment, between
question and answer, at which it was true.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from tests import builders
from urikake.base import runs
from urikake.base.company import DEFAULTS
from urikake.base.errors import Refusal
from urikake.doors import month
from urikake.rooms.matching import queries as matching
from urikake.rooms.matching.actions import Seen
from urikake.rooms.receivables import queries as receivables

PARTNERS: Final = 6
EACH: Final = 4
"""Documents, and receipts, of each partner."""
ON: Final = date(2026, 6, 30)
CHILD: Final = "from urikake.base.loading import load; load(); from tests.concurrency.clerks import clerk; clerk()"
FEE: Final = int(DEFAULTS["fee_tolerance"])
"""What is kept back beyond so much is a fee only when a second person agrees."""
Answer = dict[str, Any]
"""What a clerk notes: ``op``, what it asked for, ``asked_at`` and ``told_at``, and ``figures`` or the ``code`` of a refusal."""


# --- the desk ------------------------------------------------------------------------------------------------------


def desk(url: str, clerks: int) -> None:
    """A company with documents and receipts for clerks ``clerk0`` and so on: some pay exactly, some too little or too much."""
    builders.a_company(url)
    codes = [f"P{at}" for at in range(PARTNERS)]
    builders.take_rows(
        url, "partners", [{"code": c, "name": f"{c}商事", "kana": f"{c}ショウジ", "closing_day": 31} for c in codes]
    )
    owed = {"invoice_date": "2026-03-31", "due": "2026-05-31"}
    rows = [
        owed | {"partner": code, "invoice_no": number, "balance": amount} for code, number, amount in documents(codes)
    ]
    builders.take_rows(url, "openings", rows)
    paid = [
        {"date": "2026-05-29", "amount": amount + (0, -440, -3_000, 700)[at % 4], "payer": f"{code}ショウジ", "id": f"R{at}"}
        for at, (code, _, amount) in enumerate(documents(codes))
    ]  # fmt: skip
    builders.take_rows(url, "receipts", paid)
    builders.users(url, **{f"clerk{at}": "accountant" for at in range(clerks)})


def documents(codes: Sequence[str]) -> list[tuple[str, str, int]]:
    """Partner, number and amount of every document that is owed."""
    return [(code, f"{code}-{at}", 10_000 * (at + 1) + 100 * int(code[1:])) for code in codes for at in range(EACH)]


# --- a clerk -------------------------------------------------------------------------------------------------------


def clerk() -> None:
    """Work in a process of its own, from a line on standard input on, and print the answers."""
    url, at, operations, seed = sys.argv[1], *map(int, sys.argv[2:5])
    dice, user = random.Random(f"{seed}/{at}"), f"clerk{at}"
    known = Known(url)
    known.look()
    print("ready", flush=True)
    sys.stdin.readline()
    answers = [asked(dice.choices(list(WORK), WEIGHTS)[0], url, user, dice, known) for _ in range(operations)]
    print(json.dumps(answers, ensure_ascii=False))


@dataclass
class Known:
    """What a clerk last saw of the desk, which may be old."""

    url: str
    receipts: list[str] = field(default_factory=list)
    documents: list[str] = field(default_factory=list)
    unapplied: dict[str, int] = field(default_factory=dict)
    applications: list[int] = field(default_factory=lambda: [1])
    proposals: list[Seen] = field(default_factory=list)

    def __post_init__(self) -> None:
        codes = [f"P{at}" for at in range(PARTNERS)]
        self.documents = [number for _, number, _ in documents(codes)]
        self.receipts = [f"R{at}" for at in range(len(self.documents))]

    def look(self) -> None:
        """See the desk as it is now."""
        with runs.reading(self.url) as session:
            rows = matching.judged(session, ON).rows
            sure = rows.filter(rows["kind"].is_in(matching.SURE)).iter_rows(named=True)
            self.proposals = [Seen(r["receipt_id"] - session.low, r["unapplied"], tuple(r["documents"])) for r in sure]
            left = dict(rows.select("receipt_id", "unapplied").iter_rows())
            self.unapplied = {f"R{id_ - session.low - 1}": amount for id_, amount in left.items()}
            made = matching.applications(session)
            standing = made.filter(
                made["reverses_id"].is_null() & ~made["application_id"].is_in(made["reverses_id"].implode())
            )
            self.applications = [id_ - session.low for id_ in standing["application_id"]] or [1]

    def waiting(self, dice: random.Random) -> str:
        """A receipt to take up: as a rule one of those that were seen to wait, else any."""
        return dice.choice(list(self.unapplied) if self.unapplied and dice.random() < 0.7 else self.receipts)


def asked(op: str, url: str, user: str, dice: random.Random, known: Known) -> Answer:
    """One operation with its answer; what is neither done nor refused is noted as ``error``."""
    what, ask = WORK[op](dice, known)
    answer: Answer = {"op": op, "user": user, **what, "asked_at": time.monotonic_ns()}
    try:
        answer["figures"] = ask(url, user)
    except Refusal as refusal:
        answer["code"] = refusal.code
    except Exception as error:
        answer["error"] = repr(error)
    return answer | {"told_at": time.monotonic_ns()}


Asking = tuple[dict[str, Any], Callable[[str, str], Any]]


def _look(dice: random.Random, known: Known) -> Asking:
    return {}, lambda url, user: known.look()


def _match(dice: random.Random, known: Known) -> Asking:
    return {}, lambda url, user: month.match(url, on=ON, user=user)


def _apply(dice: random.Random, known: Known) -> Asking:
    receipt, target = known.waiting(dice), dice.choice(known.documents)
    how = dice.choice(("remain", "remain", "fee", "advance"))
    what = {"receipts": [receipt], "documents": [target], "difference": how}
    return what, lambda url, user: month.apply(url, receipt, [target], difference=how, on=None, user=user)


def _apply_together(dice: random.Random, known: Known) -> Asking:
    first, other = known.waiting(dice), dice.choice(known.receipts)
    refs, targets = list(dict.fromkeys((first, other))), dice.sample(known.documents, 2)
    seen = {ref: known.unapplied[ref] for ref in refs if ref in known.unapplied} if dice.random() < 0.5 else {}
    what = {"receipts": refs, "documents": targets, "difference": "remain", "seen": seen}
    return what, lambda url, user: month.apply_together(
        url, refs, targets, difference="remain", on=None, seen=seen, user=user
    )


def _confirm(dice: random.Random, known: Known) -> Asking:
    seen = known.proposals
    return {"seen": [one.number for one in seen]}, lambda url, user: month.confirm(url, seen, on=ON, user=user)


def _unapply(dice: random.Random, known: Known) -> Asking:
    number = dice.choice(known.applications)
    return {"applications": [number]}, lambda url, user: month.unapply(url, number, on=None, user=user)


def _unapply_together(dice: random.Random, known: Known) -> Asking:
    numbers = sorted({dice.choice(known.applications) for _ in range(3)})
    return {"applications": numbers}, lambda url, user: month.unapply_together(url, numbers, user=user)


def _hold(dice: random.Random, known: Known) -> Asking:
    receipt = known.waiting(dice)
    return {"receipts": [receipt]}, lambda url, user: month.hold_receipt(url, receipt, why="問合せ中", user=user)


def _release(dice: random.Random, known: Known) -> Asking:
    receipt = dice.choice(known.receipts)
    return {"receipts": [receipt]}, lambda url, user: month.hold_receipt(url, receipt, release=True, user=user)


WORK: Final[dict[str, Callable[[random.Random, Known], Asking]]] = {
    "look": _look, "match": _match, "apply": _apply, "apply-together": _apply_together, "confirm": _confirm,
    "unapply": _unapply, "unapply-together": _unapply_together, "hold": _hold, "release": _release,
}  # fmt: skip
WEIGHTS: Final = (12, 4, 26, 16, 6, 16, 12, 4, 4)


def at_work(url: str, clerks: int, operations: int, seed: int) -> list[Answer]:
    """The answers of that many clerks who start together, each in the order in which it asked."""
    surroundings = os.environ | {"PYTHONUTF8": "1", "POLARS_MAX_THREADS": "1"}
    started = [
        subprocess.Popen(
            (sys.executable, "-c", CHILD, url, str(at), str(operations), str(seed)),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=surroundings,
        )
        for at in range(clerks)
    ]  # fmt: skip
    for process in started:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
    for process in started:
        print(file=process.stdin, flush=True)
    found: list[Answer] = []
    for process in started:
        text, _ = process.communicate()
        assert process.returncode == 0
        found += json.loads(text)
    return found


# --- the order that explains the answers ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Run:
    """A run in the books: who did what, the figures on record, and what it did to applications and holds."""

    actor: str
    action: str
    figures: dict[str, Any]
    applications: list[dict[str, Any]]
    holds: list[dict[str, Any]]


@dataclass
class State:
    """The desk between two runs: what is left of receipts and documents, what is held, which applications stand."""

    receipts: dict[str, int]
    documents: dict[str, int]
    held: frozenset[str] = frozenset()
    standing: frozenset[int] = frozenset()
    made: frozenset[int] = frozenset()

    def after(self, run: Run) -> State:
        """The desk after the run, in which nothing may be more than it was, or less than nothing."""
        receipts, documents_, standing = dict(self.receipts), dict(self.documents), set(self.standing)
        for one in run.applications:
            receipts[one["receipt"]] -= one["used"]
            for number, moved in one["moves"]:
                documents_[number] += moved
            if one["reverses"] is None:
                standing.add(one["number"])
            else:
                standing.remove(one["reverses"])
        made = self.made | {one["number"] for one in run.applications if one["reverses"] is None}
        held = set(self.held)
        for one in run.holds:
            (held.add if one["state"] else held.discard)(one["receipt"])
        return State(receipts, documents_, frozenset(held), frozenset(standing), made)


def books(url: str) -> tuple[State, list[Run]]:
    """The desk before the clerks came, and the runs of the clerks in their order."""
    with runs.reading(url) as session:
        low = session.low
        every = session.rows("base_run", "id, action, actor, outcome", "actor LIKE 'clerk%'")
        applied = session.rows("matching_application", "id, run_id, receipt_id, used, difference, reverses_id")
        holds = session.rows("matching_hold", "id, run_id, receipt_id, state")
        moves = session.rows(
            "receivables_movement", "id, item_id, moved, source_id", "kind IN ('applied', 'unapplied')"
        )
        items = receivables.labels(session, receivables.items(session))
        codes = dict(session.rows("receipts_receipt", "id, bank_code").iter_rows())
        received = dict(session.rows("receipts_receipt", "bank_code, amount").iter_rows())
    names = dict(items.select("item_id", "number").iter_rows())
    by_source: dict[int, list[tuple[str, int]]] = defaultdict(list)
    for _, item, moved, source in moves.iter_rows():
        by_source[source].append((names[item], moved))
    made: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for id_, run, receipt, used, difference, reverses in applied.iter_rows():
        assert sum(moved for _, moved in by_source[id_]) == -(used - difference)
        made[run].append(
            {"number": id_ - low, "receipt": codes[receipt], "used": used, "moves": by_source[id_],
             "reverses": None if reverses is None else reverses - low}
        )  # fmt: skip
    held: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for _, run, receipt, state in holds.iter_rows():
        held[run].append({"receipt": codes[receipt], "state": state})
    order = [
        Run(actor, action, json.loads(outcome), made[id_], held[id_])
        for id_, action, actor, outcome in every.iter_rows()
    ]
    return State(received, dict(items.select("number", "gross").iter_rows())), order


def explained(url: str, answers: Sequence[Answer]) -> None:
    """Hold every answer against the books: what was done is there once, and what was refused was so at some moment."""
    errors = [answer for answer in answers if "error" in answer]
    assert not errors, errors[:3]
    first, order = books(url)
    states = [first]
    for run in order:
        states.append(states[-1].after(run))
        assert all(0 <= left <= first.receipts[name] for name, left in states[-1].receipts.items())
        assert all(0 <= left <= first.documents[name] for name, left in states[-1].documents.items())
    done = list(told_once(answers, order))
    finished = sorted((answer["told_at"], at) for at, answer in done)
    begun = sorted((answer["asked_at"], at) for at, answer in done)
    newest = running(max, [at + 1 for _, at in finished], 0)
    oldest = running(min, [at for _, at in reversed(begun)], len(order))[::-1]
    for answer in answers:
        after = newest[bisect_left([moment for moment, _ in finished], answer["asked_at"])]
        before = oldest[bisect_right([moment for moment, _ in begun], answer["told_at"])]
        answer["window"] = (after, before)
    for at, answer in done:
        after, before = answer["window"]
        assert after <= at <= before, (at, answer)
        assert rightly_done(answer, states[at], order[at]), (answer, states[at], order[at])
    for answer in answers:
        if "code" in answer:
            after, before = answer["window"]
            assert any(rightly_refused(answer, states[at]) for at in range(after, before + 1)), answer


def running(better: Callable[[int, int], int], values: Sequence[int], start: int) -> list[int]:
    """The best so far, before the first value and after each."""
    found = [start]
    for value in values:
        found.append(better(found[-1], value))
    return found


def told_once(answers: Sequence[Answer], order: Sequence[Run]) -> Iterator[tuple[int, Answer]]:
    """Every run with the answer that its clerk was given: the same runs, in the order in which the clerk asked."""
    for user in sorted({answer["user"] for answer in answers}):
        told = [answer for answer in answers if answer["user"] == user and wrote(answer)]
        mine = [at for at, run in enumerate(order) if run.actor == user]
        assert len(told) == len(mine), user
        for at, answer in zip(mine, told, strict=True):
            assert order[at].action == RECORDED[answer["op"]], (answer, order[at])
            figures = {name: answer["figures"][name] for name in order[at].figures if name in answer["figures"]}
            assert figures == {name: order[at].figures[name] for name in figures}, (answer, order[at])
            yield at, answer


RECORDED: Final = {
    "match": "match", "apply": "apply", "apply-together": "apply", "confirm": "confirm", "unapply": "unapply",
    "unapply-together": "unapply", "hold": "hold-receipt", "release": "hold-receipt",
}  # fmt: skip


def wrote(answer: Answer) -> bool:
    """Whether the clerk was told that something is now otherwise."""
    figures = answer.get("figures")
    return bool(figures) and (answer["op"] in ("hold", "release") or figures["applied"] > 0 or waits(answer))


def waits(answer: Answer) -> bool:
    """Whether what was asked for waits for a second person; nothing on the desk is otherwise until then."""
    return "proposal" in (answer.get("figures") or {})


def rightly_done(answer: Answer, before: State, run: Run) -> bool:
    """Whether the run is what the clerk asked for and could be done at that moment."""
    numbers = [one["number"] for one in run.applications]
    if answer["op"] in ("hold", "release"):
        return [one["receipt"] for one in run.holds] == answer["receipts"]
    if answer["op"].startswith("unapply"):
        reversed_ = sorted(one["reverses"] for one in run.applications)
        return reversed_ == answer["applications"] and before.standing.issuperset(reversed_)
    touched = {one["receipt"] for one in run.applications}
    if waits(answer):
        short = _owed(answer, before) - _money(answer, before)
        free = _money(answer, before) > 0 and not set(answer["receipts"]) & before.held
        return answer["difference"] == "fee" and short > FEE and not run.applications and free
    if touched & before.held or answer["figures"].get("applications", numbers) != numbers:
        return False
    return answer["op"] in ("match", "confirm") or rightly_applied(answer, before, run)


def rightly_applied(answer: Answer, before: State, run: Run) -> bool:
    """Whether by hand as much was applied as the receipts had left, and the documents were owed."""
    money = sum(before.receipts[ref] for ref in answer["receipts"])
    owed = sum(before.documents[number] for number in answer["documents"])
    moved = -sum(amount for one in run.applications for _, amount in one["moves"])
    used = sum(one["used"] for one in run.applications)
    seen = all(before.receipts[ref] == left for ref, left in answer.get("seen", {}).items())
    wanted = min(money, owed) if answer["difference"] == "remain" else owed
    return seen and moved == wanted and used == (moved if answer["difference"] == "remain" else money)


def rightly_refused(answer: Answer, state: State) -> bool:
    """Whether the refusal was true of the desk in that state."""
    return REFUSED[answer["code"]](answer, state)


def _money(answer: Answer, state: State) -> int:
    return sum(state.receipts[ref] for ref in answer["receipts"])


def _owed(answer: Answer, state: State) -> int:
    return sum(state.documents[number] for number in answer["documents"])


REFUSED: Final[Mapping[str, Callable[[Answer, State], bool]]] = {
    "receipt-used": lambda answer, state: any(not state.receipts[ref] for ref in answer["receipts"]),
    "receipt-held": lambda answer, state: bool(state.held & set(answer["receipts"])),
    "receipt-changed": lambda answer, state: any(state.receipts[ref] != left for ref, left in answer["seen"].items()),
    "no-item": lambda answer, state: any(not state.documents[number] for number in answer["documents"]),
    "over-paid": lambda answer, state: _money(answer, state) > _owed(answer, state),
    "no-advance": lambda answer, state: _money(answer, state) < _owed(answer, state),
    "reversed": lambda answer, state: not state.standing.issuperset(answer["applications"]),
    "no-application": lambda answer, state: not state.made.issuperset(answer["applications"]),
    "not-held": lambda answer, state: not state.held & set(answer["receipts"]),
}
"""The refusals that clerks may meet, each with what has to be so; any other is a mistake."""


def outcomes(answers: Sequence[Answer]) -> list[tuple[str, str, int]]:
    """How often each operation was answered how."""
    how = Counter(
        (
            answer["op"],
            answer.get("code") or ("waits" if waits(answer) else "done" if wrote(answer) else "nothing to do"),
        )
        for answer in answers
    )
    return [(op, result, count) for (op, result), count in sorted(how.items())]
