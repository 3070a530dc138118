"""Beancount's own checker confirms the books: every transaction balances, every account stands where we say it does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import polars as pl
import pytest
from beancount import loader
from beancount.core.data import Balance, Transaction

from tests import builders
from tests.simulator.play import play
from tests.simulator.story import told
from urikake.base.errors import Refusal
from urikake.core.formats import beancount
from urikake.doors import exports

FIRST, LAST = date(1900, 1, 1), date(2099, 12, 31)


def complaints(text: str) -> list[str]:
    """What beancount finds wrong with a ledger."""
    _, errors, _ = loader.load_string(text)
    return [str(error.message) for error in errors]


def printed(url: str, since: date, until: date) -> str:
    """The books of the span as the product prints them."""
    return exports.export(url, "beancount", since, until).file.decode()


def a_company(url: str, seed: int) -> str:
    """A simulated company after five months."""
    play(url, told(seed, months=5, size=8), checked=False)
    return url


@pytest.fixture
def url(database: str) -> str:
    """A simulated company after five months, in either database."""
    return a_company(database, 5)


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory, sqlite_copies: Callable[..., object]) -> str:
    """Another simulated company."""
    return a_company(str(sqlite_copies(tmp_path_factory.mktemp("books"))), 11)


def check(url: str) -> None:
    """Beancount agrees with every balance, of all of the books and of spans that begin and end in between."""
    whole = printed(url, FIRST, LAST)
    balances = builders.report(url, "trial-balance", as_of=str(LAST))
    assert whole.count(" balance ") == len(balances) > 5
    assert whole.count(" * ") > 20
    assert complaints(whole) == []
    days = sorted({date.fromisoformat(entry["date"]) for entry in builders.entries(url)})
    middle = days[len(days) // 2]
    for since, until in ((FIRST, middle), (middle, LAST), (days[1], middle)):
        assert complaints(printed(url, since, until)) == []


def test_beancount_agrees_with_every_balance(url: str) -> None:
    check(url)
    entries, _, _ = loader.load_string(printed(url, FIRST, LAST))
    ours = builders.entries(url)
    theirs = [entry for entry in entries if isinstance(entry, Transaction)]
    assert len(theirs) == len(ours)
    sums: dict[str, Decimal] = {}
    for entry in theirs:
        for posting in entry.postings:
            sums[posting.account] = sums.get(posting.account, Decimal()) + posting.units.number
    told_there = {entry.account: entry.amount.number for entry in entries if isinstance(entry, Balance)}
    assert {name: amount for name, amount in sums.items() if amount} == {
        name: amount for name, amount in told_there.items() if amount
    }


def test_beancount_agrees_with_another_company(other: str) -> None:
    check(other)


def test_a_yen_that_is_wrong_is_found(other: str) -> None:
    text = printed(other, FIRST, LAST)
    at = next(row for row in text.split("\n") if " balance " in row)
    head, amount, currency = at.rsplit(" ", 2)
    assert len(complaints(text.replace(at, f"{head} {int(amount) + 1} {currency}"))) == 1
    posting = next(row for row in text.split("\n") if row.startswith("  ") and row.endswith(" JPY"))
    head, amount, currency = posting.rsplit(" ", 2)
    assert complaints(text.replace(posting, f"{head} {int(amount) + 1} {currency}", 1))


def test_books_are_printed_as_often_as_asked_and_nothing_counts_as_handed_over(other: str) -> None:
    first = exports.export(other, "beancount", FIRST, LAST)
    again = exports.export(other, "beancount", FIRST, LAST)
    assert (first.file, first.name.rsplit(".", 1)[1]) == (again.file, "beancount")
    assert first.figures["again"] is again.figures["again"] is False
    assert exports.file_of(other, first.figures["batch"]).file == first.file
    assert exports.export(other, "beancount", FIRST, FIRST).figures["entries"] == 0
    for how in ({"style": "month"}, {"since": LAST, "until": FIRST}):
        with pytest.raises(Refusal):
            exports.export(other, "beancount", **({"since": FIRST, "until": LAST} | how))


NONE = pl.DataFrame(schema={"account": pl.String, "balance": pl.Int64})


def test_balances_without_a_day_are_refused() -> None:
    with pytest.raises(ValueError, match="day"):
        beancount.printed(pl.DataFrame(schema=beancount.LINE), pl.DataFrame({"account": ["現金"], "balance": [0]}))


def test_quotes_and_names_of_any_letters_are_printed_so_that_they_are_read_back() -> None:
    line = (1, date(2026, 4, 1), "C-1", 'x "y"', "現金(本社)_1", 150, '甲"乙\\', "standard")
    rows = [line, (*line[:5], -150, *line[6:])]
    text = beancount.printed(pl.DataFrame(rows, schema=beancount.LINE, orient="row"), NONE, decimals=2)
    assert complaints(text) == []
    found, _, _ = loader.load_string(text)
    assert found[-1].narration == 'x "y"'
    assert str(found[-1].postings[0].units) == "1.50 JPY"
    assert found[-1].postings[0].meta["partner"] == '甲"乙\\'
    assert found[-1].postings[0].meta["tax"] == "standard"
