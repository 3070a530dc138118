"""Beancount's own checker confirms the books: every transaction balances, every account stands where we say it does."""

from __future__ import annotations

from datetime import date

import pytest
from beancount import loader

from tests import builders
from tests.simulator.play import play
from tests.simulator.story import told
from urikake.core.formats import beancount

LAST = date(2099, 12, 31)


def complaints(text: str) -> list[str]:
    """What beancount finds wrong with a ledger."""
    _, errors, _ = loader.load_string(text)
    return [str(error.message) for error in errors]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory, sqlite_copies: object) -> str:
    """A simulated company after five months."""
    assert callable(sqlite_copies)
    found = str(sqlite_copies(tmp_path_factory.mktemp("books")))
    play(found, told(5, months=5, size=8), checked=False)
    return found


def test_beancount_agrees_with_every_balance(url: str) -> None:
    balances = builders.report(url, "trial-balance", as_of=str(LAST))
    text = beancount.printed(builders.entries(url), balances, LAST)
    assert text.count(" balance ") == len(balances) > 5
    assert text.count(" * ") > 20
    assert complaints(text) == []


def test_beancount_agrees_at_the_end_of_a_month_in_between(url: str) -> None:
    entries = builders.entries(url)
    until = date.fromisoformat(entries[len(entries) // 2]["date"])
    balances = builders.report(url, "trial-balance", as_of=str(until))
    assert complaints(beancount.printed(entries, balances, until)) == []


def test_a_yen_that_is_wrong_is_found(url: str) -> None:
    entries = builders.entries(url)
    balances = builders.report(url, "trial-balance", as_of=str(LAST))
    balances[0]["balance"] += 1
    assert len(complaints(beancount.printed(entries, balances, LAST))) == 1
    entries[0]["lines"][0]["debit"] += 1
    assert len(complaints(beancount.printed(entries))) == 1


def test_balances_without_a_day_are_refused() -> None:
    with pytest.raises(ValueError, match="day"):
        beancount.printed([], [{"account": "現金", "balance": 0}])


def test_quotes_and_names_of_any_letters_are_printed_so_that_they_are_read_back() -> None:
    line = {"account": "現金(本社)_1", "debit": 150, "credit": 0, "partner": '甲"乙\\', "currency": "USD"}
    other = line | {"debit": 0, "credit": 150}
    entry = {"no": 1, "date": "2026-04-01", "source": "C-1", "description": 'x "y"', "lines": [line, other]}
    text = beancount.printed([entry], decimals=2)
    assert complaints(text) == []
    found, _, _ = loader.load_string(text)
    assert found[-1].narration == 'x "y"'
    assert str(found[-1].postings[0].units) == "1.50 USD"
    assert found[-1].postings[0].meta["partner"] == '甲"乙\\'
