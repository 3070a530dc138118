"""The demo company lived twice: each command at the doors, and its files day by day in the oracle.

The oracle reads nothing but the files that were taken and the commands that were given. After every close the two must
agree on every invoice, on revenue and balance of every contract, on every account, and on what every customer owes.
"""

from __future__ import annotations

import shlex
from collections import defaultdict
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

from tests import builders
from urikake.base.url import with_company
from urikake.doors import month
from urikake.doors.demo_company import making, standing

from . import books, reading
from .arithmetic import RATES, closes, month_end, rounded
from .billing import World
from .model import DAY
from .play import Mismatch, compare, contracts_agree, invoices_agree
from .story import Expected

BANKS = {"main": "普通預金", "sub": "当座預金"}


class Twin:
    """The company as the oracle sees it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.books: books.Books | None = None
        self.slips: dict[str, dict[str, Any]] = {}
        self.raised: dict[str, int] = defaultdict(int)
        self.accounts: dict[str, int] = defaultdict(int)
        self.received, self.reported = 0, 0

    @property
    def known(self) -> books.Books:
        """The books, from the moment on at which all masters were taken."""
        if self.books is None:
            company, self.prices = reading.company(self.folder)
            self.books = books.Books(World(company))
        return self.books

    def done(self, command: str) -> Expected | None:
        """Do what the command says; after a close, what is expected then."""
        _, verb, *words = shlex.split(command)
        if verb == "import":
            self._taken(words[0], self.folder / words[1])
        elif verb == "receipts":
            self._received(self.folder / words[0], words[words.index("--account") + 1])
        elif verb == "approve":
            for number in words[1 : words.index("--as")]:
                self._posted(self.slips[number])
        elif verb == "bill" and "--issue" in words:
            self._billed(date.fromisoformat(words[words.index("--closing") + 1]))
        elif verb == "close":
            return self._closed(date.fromisoformat(f"{words[0]}-01"))
        return None

    def _taken(self, kind: str, file: Path) -> None:
        if kind == "contracts":
            reading.take_contracts(self.known.world, self.prices, file)
        elif kind == "events":
            reading.take_events(self.known.world, self.prices, file)
        elif kind == "usage":
            reading.take_usage(self.known.world, file)
        elif kind == "receivables":
            self.slips |= reading.slips(file)
        elif kind == "openings":
            for row in reading.rows(file):
                self._owed(row["partner"], int(row["balance"]), "期首残高")

    def _received(self, file: Path, account: str) -> None:
        total = sum(int(row["amount"]) for row in reading.rows(file))
        self.accounts[BANKS[account]] += total
        self.received += total

    def _owed(self, partner: str, gross: int, credit: str, tax: int = 0) -> None:
        self.raised[partner] += gross
        self.accounts[credit] -= gross - tax
        self.accounts["仮受消費税"] -= tax

    def _posted(self, slip: dict[str, Any]) -> None:
        rate = RATES[slip["tax"]]
        tax = rounded(Fraction(slip["gross"] * rate, 100 + rate), self.known.world.company.policy["tax_rounding"])
        self._owed(slip["partner"], slip["gross"], slip["credit"], tax)

    def _billed(self, closing: date) -> None:
        for invoice in books.bill(self.known, closing):
            self.raised[invoice.partner] += invoice.total

    def _closed(self, month: date) -> Expected:
        """Every closing day of the month once more, and the figures at its end."""
        world, day = self.known.world, month
        while day <= month_end(month):
            if any(closes(world.payer_days(line), day) for line in world.lines):
                self._billed(day)
            day += DAY
        fresh = self.known.invoices[self.reported :]
        self.reported += len(fresh)
        lines = books.revenue(self.known, month)
        accounts = defaultdict(int, books.accounts(world.company, lines))
        for name, amount in self.accounts.items():
            accounts[name] += amount
        return Expected(month, fresh, lines, accounts, self.received, every_month=True)


def agrees(url: str, twin: Twin, expected: Expected) -> None:
    """Compare the doors with the oracle at a month's end."""
    invoices_agree(url, expected)
    contracts_agree(url, expected)
    end = str(month_end(expected.month))
    items = builders.report(url, "receivables", as_of=end)
    gross: dict[str, int] = defaultdict(int)
    for item in items:
        gross[item["partner"]] += item["gross"]
    compare(f"raised of every customer by {end}", dict(twin.raised), gross)
    _accounts(url, twin, expected, end, items)


def _accounts(url: str, twin: Twin, expected: Expected, end: str, items: list[dict[str, Any]]) -> None:
    """Every account; what matching made of differences is taken as posted, and must explain the rest to the yen."""
    have = builders.balances(url, end)
    unapplied = sum(row["unapplied"] for row in builders.report(url, "receipts"))
    fees, misc = have.get("支払手数料", 0), have.get("雑収入", 0) - expected.accounts.get("雑収入", 0)
    withheld = have.get("仮払税金", 0)
    owed = sum(twin.raised.values()) - (expected.received - unapplied) - fees - misc - withheld
    want = dict(expected.accounts)
    want |= {
        "売掛金": owed,
        "仮受金": -unapplied,
        "支払手数料": fees,
        "仮払税金": withheld,
        "雑収入": have.get("雑収入", 0),
    }
    compare(f"accounts on {end}", want, have)
    if (open_ := sum(item["balance"] for item in items)) != owed:
        raise Mismatch(f"the open items of {end} make {open_}, the oracle expects {owed}")


def live(url: str, folder: Path, *, scale: float = 1.0) -> int:
    """Make the demo company, close its last month as it says itself, and compare after every close; how many there were."""
    twin, mine, months = Twin(folder), with_company(url, making.CODE), 0
    for step in making.make(url, folder, scale=scale):
        if (expected := twin.done(step.command)) is not None:
            agrees(mine, twin, expected)
            months += 1
    if empty := [queue.name for queue in standing.queues(mine) if not queue.size]:
        raise Mismatch(f"nothing waits on the closing day: {empty}")
    for command in standing.to_close(mine):
        at_the_door(mine, command)
        if (expected := twin.done(command)) is not None:
            agrees(mine, twin, expected)
            months += 1
    return months


def at_the_door(url: str, command: str) -> None:
    """Do a command of the close at its door."""
    _, verb, *words = shlex.split(command)
    user = words[words.index("--as") + 1] if "--as" in words else "system"
    if verb == "match":
        month.match(url, on=date.fromisoformat(words[1]), user=user)
    elif verb == "approve":
        month.approve(url, words[0], words[1 : words.index("--as")], user=user)
    elif verb == "bill":
        month.bill(url, date.fromisoformat(words[1]), issue=True, user=user)
    elif verb == "close":
        month.close(url, words[0], user=user)
