"""Days of a company told from a seed: what is taken, billed, received and closed, and what the oracle expects of it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from random import Random
from typing import Any

from . import books, files, masters
from .arithmetic import closes, first_of, month_end
from .billing import World
from .changes import an_event
from .lines import end_of, folded
from .model import DAY, Line, Step, Usage


@dataclass
class Expected:
    """What the oracle says at the end of a month."""

    month: date
    invoices: list[books.Invoice]
    rows: list[books.Row]
    accounts: dict[str, int]
    received: int
    every_month: bool


@dataclass
class Story:
    """A company, the steps of its days, and the world as the oracle sees it."""

    books: books.Books
    steps: list[Step] = field(default_factory=list)


def told(seed: int, months: int = 18, size: int = 12) -> Story:
    """The whole story of a seed; nothing of the product takes part in it."""
    return _Teller(seed, months, size).tell()


class _Teller:
    def __init__(self, seed: int, months: int, size: int) -> None:
        self.rng = Random(seed)
        self.company = masters.a_company(seed, self.rng, size)
        self.months, self.size = months, size
        self.story = Story(books.Books(World(self.company)))
        self.world = self.story.books.world
        self.queue = self._contracts()
        self.numbers: dict[str, int] = defaultdict(int)
        self.usual: dict[str, float] = defaultdict(lambda: self.rng.choice((0.1, 0.4, 0.8)))  # how busy a contract is
        self.reported, self.received, self.recognized_all = 0, 0, True
        self.in_order = True
        self.skipped: set[date] = set()
        self.unpaid: list[tuple[date, str, int]] = []
        self.seen_invoices = 0

    def number(self, prefix: str) -> str:
        self.numbers[prefix] += 1
        return f"{prefix}{self.numbers[prefix]:05}"

    def step(
        self, kind: Any, on: date, what: str = "", rows: list[dict[str, Any]] | None = None, expected: Any = None
    ) -> None:
        self.story.steps.append(Step(kind, on, what, rows or [], expected))

    def _contracts(self) -> list[tuple[date, list[Line]]]:
        """The contracts with the day on which each is registered: mostly before it starts, some too late."""
        found = []
        for number in range(self.size):
            lines = masters.a_contract(self.rng, self.company, number + 1, self.months)
            late = self.rng.choice((-10, -1, 0, 0, 0, 7, 40))
            found.append((max(lines[0].start + late * DAY, self.company.opening), lines))
        return sorted(found, key=lambda row: row[0])

    def tell(self) -> Story:
        opening = self.company.opening
        self.step("take", opening, "partners", [files.partner(row) for row in self.company.partners.values()])
        self.step("take", opening, "products", [files.product(row) for row in self.company.products.values()])
        day = opening
        for _ in range(self.months):
            end = month_end(day)
            while day <= end:
                self._day(day)
                day += DAY
            self._month_end(end)
        return self.story

    def _day(self, on: date) -> None:
        fresh = [lines for day, lines in self.queue if day == on]
        if fresh:
            self._agree(on, fresh)
        for contract in dict.fromkeys(line.contract for line in self.world.lines):
            if self.rng.random() < 0.012:
                self._change(on, contract)
        if on.day in {3, 19, 28}:
            self._measure(on)
        if self._is_closing(on):
            self._close_day(on)
        if self.rng.random() < 0.2:
            self._receive(on)
        if on.day in {9, 24} and self.received:
            self.step("match", on)

    def _agree(self, on: date, fresh: list[list[Line]]) -> None:
        lines = [line for contract in fresh for line in contract]
        self.world.lines += lines
        for line in lines:
            for event in masters.deals(line):
                self.world.events.setdefault(line.contract, []).append(event)
                self.world.targets[event.code] = line
        self.step("take", on, "contracts", [files.line(line, self.company) for line in lines])

    def _change(self, on: date, contract: str) -> None:
        event = an_event(self.rng, self.world, contract, on, self.number("E"))
        if event is not None:
            self.step("take", on, "events", [files.event(event)])

    def _is_closing(self, on: date) -> bool:
        return any(closes(self.world.payer_days(line), on) for line in self.world.lines)

    def _close_day(self, on: date) -> None:
        """Bill the closing: on its day, forgotten (a later one catches up), or twice."""
        luck = self.rng.random()
        if luck < 0.12:
            return
        self._bill(on)
        if luck > 0.9:
            self.step("bill", on)

    def _bill(self, on: date) -> None:
        self.step("bill", on)
        self._issued(books.bill(self.story.books, on))

    def _issued(self, made: list[books.Invoice]) -> None:
        for invoice in made:
            if invoice.kind == "invoice":
                self.unpaid += [
                    (due, self.company.partners[invoice.partner].payer, total) for due, _, total in invoice.dues
                ]

    def _measure(self, on: date) -> None:
        """Usage of the last days, and some of long ago."""
        rows = []
        for line in self.world.lines:
            day = on - self.rng.choice((0, 1, 5, 12, 12, 45)) * DAY
            happened = self.world.happened(line)
            if not line.start <= day < end_of(line, happened) or self.rng.random() > self.usual[line.contract]:
                continue
            state = [state for first, state, _ in folded(line, happened, self.company.products) if first <= day][-1]
            if self.world.metered(state) and not state.off:
                quantity = self._quantity()
                subject = f"S{int(quantity) % 3}"  # nothing drawn, so that the seeds stay as they were
                second = files.EARLY if quantity % 2 else files.NOON
                rows.append(Usage(self.number("U"), line.contract, state.product, day, quantity, subject, second))
                self.world.usage.setdefault(id(line), []).append(rows[-1])
        if rows:
            self.step("take", on, "usage", [files.usage(use) for use in rows])

    def _quantity(self) -> Fraction:
        return Fraction(self.rng.choice((1, 7, 12, 33, 80, 150)) + self.rng.choice((0, 0, Fraction(1, 4))))

    def _receive(self, on: date) -> None:
        """Money on the bank account: what falls due, exactly, in one sum, less a fee, in part, too much, or unknown."""
        due = [row for row in self.unpaid if row[0] <= on + 3 * DAY]
        rows: list[dict[str, Any]] = []
        for payer in dict.fromkeys(row[1] for row in due):
            mine = [row for row in due if row[1] == payer]
            rows += [
                files.receipt(self.number("R"), on, amount, payer) for amount in self._payments(mine) if amount > 0
            ]
        if self.rng.random() < 0.1:
            rows.append(files.receipt(self.number("R"), on, self.rng.randint(1, 50_000), "ナゾノカイシャ"))
        self.unpaid = [row for row in self.unpaid if row not in due]
        if rows:
            self.received += sum(row["amount"] for row in rows)
            self.step("receipts", on, "", rows)

    def _payments(self, mine: list[tuple[date, str, int]]) -> list[int]:
        total, luck = sum(row[2] for row in mine), self.rng.random()
        if luck < 0.5:
            return [row[2] for row in mine]
        if luck < 0.7:
            return [total]
        if luck < 0.85:
            return [total - self.rng.choice((220, 440, 660, 880))]
        return [total // 2] if luck < 0.95 else [total + 1000]

    def _month_end(self, end: date) -> None:
        month = first_of(end)
        luck = self.rng.random()
        self.in_order = self.in_order and luck < 0.8  # months are closed in order, or not any more
        if self.in_order:
            day = month
            while day <= end:
                if self._is_closing(day):
                    self._issued(books.bill(self.story.books, day))
                day += DAY
            self.step("close", end, f"{month:%Y-%m}")
        elif luck < 0.9:
            self.step("recognize", end, f"{month:%Y-%m}")
        else:
            self.recognized_all = False
            return
        rows = books.revenue(self.story.books, month)
        fresh = self.story.books.invoices[self.reported :]
        self.reported += len(fresh)
        accounts = books.accounts(self.company, rows)
        self.step(
            "check",
            end,
            f"{month:%Y-%m}",
            expected=Expected(month, fresh, rows, accounts, self.received, self.recognized_all),
        )
        self.recognized_all = True
