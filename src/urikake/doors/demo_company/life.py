"""The 14 months of the demo company: its files, and the work of its desks with them, one step after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from shutil import copyfile
from typing import Any, Final

import polars as pl

from urikake.base import runs
from urikake.doors import files, month
from urikake.rooms.receipts.queries import unapplied
from urikake.rooms.receivables.queries import labels, open_items

from .calendar import LAST, MONTHS, month_end
from .payments import Payment, number, payments, rows
from .plan import Plan

DAY: Final = timedelta(1)
ACCOUNTS: Final = ("main", "sub")
UNMATCHED: Final = 26  # from this day of the last month on nobody has matched what came in
FEE: Final = 880  # as much may be missing for the fee of a transfer
MISC: Final = 1_000  # what is paid above it is given back
Figures = dict[str, Any]
Work = tuple[str, Callable[[], Figures]]
"""A step: the command that somebody would type, and what does it."""


@dataclass(slots=True)
class Life:
    """The company as it lives: its database, the folder of its files, its plan, and who meant which transfer for what."""

    url: str
    folder: Path
    plan: Plan
    meant: dict[str, Payment] = field(default_factory=dict)

    def steps(self, masters: Path) -> Iterator[tuple[str, str, Callable[[], Figures]]]:
        """Every step: its month (``2026-04``, nothing for the masters), its command, and what does it.

        A step is made ready only when the one before it is done: what customers pay follows from what they were billed.
        """
        yield from (("", *work) for work in self._masters(masters))
        for first in MONTHS:
            yield from ((f"{first:%Y-%m}", *work) for work in self._month(first))

    def _masters(self, masters: Path) -> Iterator[Work]:
        for name in ("users.csv", "products.csv"):
            copyfile(masters / name, self.folder / name)
        pl.DataFrame([partner.row for partner in self.plan.partners], infer_schema_length=None).write_csv(
            self.folder / "partners.csv"
        )
        yield self._taken("users", "users.csv", "system")
        yield self._taken("products", "products.csv", "takahashi")
        yield self._taken("partners", "partners.csv", "suzuki")
        yield from self._file("openings", MONTHS[0], "sato")

    def _month(self, first: date) -> Iterator[Work]:
        last, now = month_end(first), first == MONTHS[-1]
        yield from self._file("contracts", first, "suzuki")
        yield from self._file("events", first, "suzuki")
        yield from self._file("slips", first, "takahashi")
        for since, until in ((1, 10), (11, 20)):
            yield from self._received(first.replace(day=since), first.replace(day=until))
            yield self._matched(first.replace(day=until))
            yield self._billed(first.replace(day=until), issue=True)
        yield from self._file("usage", first, "takahashi")
        if now:
            yield from self._received(first.replace(day=21), first.replace(day=UNMATCHED - 1))
            yield self._matched(first.replace(day=UNMATCHED - 1))
            yield from self._by_hand(first.replace(day=20))
            yield from self._received(first.replace(day=UNMATCHED), LAST)
            yield self._billed(LAST, issue=False)
            return
        yield from self._received(first.replace(day=21), last)
        yield self._matched(last)
        yield from self._by_hand(last)
        yield from self._approved(first)
        yield self._billed(last, issue=True)
        yield f"urikake close {first:%Y-%m} --as sato", lambda: month.close(self.url, f"{first:%Y-%m}", user="sato")

    # --- one step each -----------------------------------------------------------------------------------------------

    def _taken(self, kind: str, name: str, user: str) -> Work:
        command = f"urikake import {kind} {name} --as {user}"
        return command, lambda: {"rows": files.take(self.url, kind, self.folder / name, user=user)}

    def _file(self, kind: str, first: date, user: str) -> Iterator[Work]:
        """A file of the plan, where the month has one."""
        found = self.plan.of(kind, first)
        if found.height:
            name = f"{kind}-{first:%Y-%m}.csv"
            found.write_csv(self.folder / name)
            yield self._taken("receivables" if kind == "slips" else kind, name, user)

    def _received(self, since: date, until: date) -> Iterator[Work]:
        """What the banks report of these days, a file for each account."""
        with runs.reading(self.url) as session:
            found = payments(session, self.plan, since, until)
        self.meant |= {number(found, at): one for at, one in enumerate(found)}
        for account in ACCOUNTS:
            if mine := rows(found, account):
                yield self._bank(mine, account, until)

    def _bank(self, mine: list[dict[str, Any]], account: str, until: date) -> Work:
        name = f"receipts-{account}-{until}.csv"
        pl.DataFrame(mine).write_csv(self.folder / name)
        command = f"urikake receipts {name} --format csv --account {account} --as sato"
        return command, lambda: files.take_receipts(self.url, self.folder / name, account=account, user="sato")

    def _matched(self, on: date) -> Work:
        return f"urikake match --date {on} --as sato", lambda: month.match(self.url, on=on, user="sato")

    def _billed(self, on: date, *, issue: bool) -> Work:
        command = f"urikake bill --closing {on}{' --issue' if issue else ''} --as takahashi"
        return command, lambda: month.bill(self.url, on, issue=issue, user="takahashi")

    def _approved(self, first: date) -> Iterator[Work]:
        """The slips of the month, approved by somebody else than who made them."""
        slips = self.plan.of("slips", first)["slip_no"].to_list()
        if slips:
            command = f"urikake approve receivables {' '.join(slips)} --as yamamoto"
            yield command, lambda: month.approve(self.url, "receivables", slips, user="yamamoto")

    def _by_hand(self, until: date) -> Iterator[Work]:
        """What the machine left of the transfers up to that day and what a clerk has found out about them."""
        for receipt, targets, difference in self._found_out(until):
            command = f"urikake apply {receipt} {' '.join(targets)} --difference {difference} --as sato"
            yield command, self._applied(receipt, targets, difference)

    def _applied(self, receipt: str, targets: list[str], difference: str) -> Callable[[], Figures]:
        return lambda: month.apply(self.url, receipt, targets, difference=difference, on=None, user="sato")

    def _found_out(self, until: date) -> list[tuple[str, list[str], str]]:
        with runs.reading(self.url) as session:
            left = unapplied(session).filter(pl.col("received_on") <= until)
            open_ = labels(session, open_items(session)).group_by("number").agg(pl.col("balance").sum())
        balances = dict(open_.iter_rows())
        found = []
        for receipt, amount in left.select("bank_code", "unapplied").iter_rows():
            one = self.meant.get(receipt)
            if one is not None and amount == one.amount and (answer := _answer(one, amount, balances)):
                found.append((receipt, *answer))
        return found


def _answer(one: Payment, amount: int, balances: dict[str, int]) -> tuple[list[str], str] | None:
    """What a transfer settles by the word of its payer: whole documents, a fee less, or a part of the only one."""
    documents = [document for document in one.documents if balances.get(document)]
    gap = sum(balances[document] for document in documents) - amount
    if not documents or len(documents) < len(one.documents):
        return None
    if -MISC <= gap <= FEE:
        settled = documents, "fee" if gap > 0 else "misc" if gap else "remain"
    elif len(documents) == 1:
        settled = [f"{documents[0]}={min(amount, balances[documents[0]])}"], "remain"
    else:
        return None
    for document in documents:
        balances[document] = max(balances[document] - amount, 0) if gap > FEE else 0
    return settled
