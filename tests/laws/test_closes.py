"""Laws of the close: its bridges close whatever was posted, its report stays what it was, and reports do not depend on it."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import date, datetime
from typing import Any

import pytest

from tests import builders
from tests.simulator.play import do, found_company, play
from tests.simulator.story import Story, told
from urikake.base import periods, runs
from urikake.base.errors import Refusal
from urikake.doors import month
from urikake.doors.documents import asked, typesetting
from urikake.rooms.closing.queries import closing_dates
from urikake.rooms.closing.queries.flux import SUBJECTS, behind, flux

SEEDS = ((13, 7, 8), (309, 7, 8), (41, 6, 10))
WORDS = {
    "請求": {"billed"}, "返還請求": {"credited"}, "入金": {"received", "received_back"}, "収益認識": {"recognized"},
    "消込": {"applied", "unapplied", "fees", "discounted", "withheld_tax", "written_off", "rounded_off", "kept"},
    "債権伝票": {"entered"}, "移行残高": {"brought_forward"}, "収納代行": {"collected"}, "返金": {"refunded", "unrefunded"},
    "前受金の充当": {"advanced", "unadvanced"},
}  # fmt: skip
"""What the journal calls the causes."""


def months_of(story: Story) -> list[date]:
    """The months in which something happens, and one more."""
    found = [story.books.world.company.opening]
    last = max(step.on for step in story.steps).replace(day=1)
    while found[-1] <= last:
        found.append(periods.following(found[-1]))
    return found


def by_hand(url: str, names: list[str], first: date) -> dict[str, int]:
    """What the entries of the month moved on the accounts, added up line by line from the journal, by the entry's word."""
    sums: dict[str, int] = defaultdict(int)
    last = periods.last_day(first)
    for entry in builders.report(url, "journals", since=first.isoformat(), until=last.isoformat()):
        word = entry["description"].split(" ")[0]
        for line in entry["lines"]:
            if line["account"] in names:
                sums[word] += line["debit"] - line["credit"]
    return {word: amount for word, amount in sums.items() if amount}


@pytest.mark.parametrize(("seed", "months", "contracts"), SEEDS)
def test_every_bridge_closes_and_is_what_the_journal_says(
    database: str, seed: int, months: int, contracts: int
) -> None:
    story = told(seed, months, contracts)
    play(database, story, checked=False)
    closings: dict[str, int] = {}
    causes = 0
    for first in months_of(story):
        with runs.reading(database) as session:
            found = flux(session, first)
            names = {of.key: list(of.names(session)) for of in SUBJECTS}
            last = periods.last_day(first)
            for each in found:
                assert each.off == 0, (first, each)
                for step in each.steps:
                    entries = behind(session, each.subject, step.cause, first, last)
                    assert entries["amount"].sum() == step.this, (first, each.subject.key, step.cause)
        for each in found:
            of = each.subject
            assert each.opening == closings.get(of.key, 0), (first, of.key)
            closings[of.key] = each.closing
            causes += len(each.steps)
            hand = by_hand(database, names[of.key], first)
            mine: dict[str, int] = defaultdict(int)
            for step in each.steps:
                mine[next(word for word, kinds in WORDS.items() if step.cause in kinds)] += of.sign * step.this
            assert {word: amount for word, amount in mine.items() if amount} == hand, (first, of.key)
    assert causes > months * 4


DATED = ("receivables", "trial-balance", "aging")
MONTHLY = ("close-flux", "recognized", "deferred")


def books(url: str, first: date) -> dict[str, str]:
    """What the reports of the month say."""
    last = periods.last_day(first).isoformat()
    found: dict[str, Any] = {name: builders.report(url, name, as_of=last) for name in DATED}
    found |= {name: builders.report(url, name, month=f"{first:%Y-%m}") for name in MONTHLY}
    return {name: json.dumps(rows, ensure_ascii=False, default=str) for name, rows in found.items()}


def a_closed_month(url: str) -> Story:
    """A simulated company of which nothing is closed yet, with the days of its first two months."""
    story = told(13, 4, 8)
    found_company(url, story)
    second = periods.following(story.books.world.company.opening)
    for step in story.steps:
        if step.on <= periods.last_day(second) and step.kind in {"take", "bill", "receipts", "match"}:
            do(url, step, checked=False)
    return story


def test_closing_then_reporting_is_reporting_then_closing(database: str) -> None:
    first = a_closed_month(database).books.world.company.opening
    month.close(database, f"{first:%Y-%m}")
    second = periods.following(first)
    with runs.reading(database) as session:
        days = closing_dates(session, second)
    for day in days:
        month.bill(database, day, issue=True)
    month.match(database, on=periods.last_day(second))
    month.recognize(database, f"{second:%Y-%m}")
    before = books(database, second)
    month.close(database, f"{second:%Y-%m}")
    assert books(database, second) == before


def pdf(url: str, text: str, **options: Any) -> bytes:
    return typesetting.pdf(asked.found(url, "close", ref=text, **options))


def test_the_report_of_a_close_is_the_same_for_ever(database: str) -> None:
    story = a_closed_month(database)
    first = story.books.world.company.opening
    text, second = f"{first:%Y-%m}", periods.following(first)
    month.close(database, text)
    made = pdf(database, text)
    assert made.startswith(b"%PDF")
    assert pdf(database, text) == made
    assert month.close(database, text) == {"locked": True, "new": False}
    assert pdf(database, text) == made
    builders.users(database, kei="approver")  # what comes later changes nothing
    builders.a_partner(database, "LATER")
    builders.receive(database, 777, payer="ダレカ", on=periods.last_day(second).isoformat(), id="LATE-1")
    month.close(database, f"{second:%Y-%m}")
    month.cancel_invoice(database, builders.report(database, "invoices")[0]["number"], why="訂正", on=None)
    assert pdf(database, text) == made
    closed_at = builders.report(database, "close-history", month=text)[0]["at"]
    month.reopen(database, f"{second:%Y-%m}", why="訂正", user="kei")
    month.reopen(database, text, why="訂正", user="kei")
    with pytest.raises(Refusal, match="not-closed"):
        pdf(database, text)
    assert pdf(database, text, known_at=datetime.fromisoformat(closed_at)) == made
    month.close(database, text)
    again = asked.found(database, "close", ref=text).papers[0]
    assert [event["event"] for event in again["history"]] == ["締め", "解除", "締め"]
    assert again["wrong"] == []
    assert pdf(database, text) != made


def test_what_the_report_says_is_what_the_reports_say(database: str) -> None:
    first = a_closed_month(database).books.world.company.opening
    text = f"{first:%Y-%m}"
    month.close(database, text, user="system")
    paper = asked.found(database, "close", ref=text).papers[0]
    trial = {row["account"]: row["balance"] for row in builders.report(database, "trial-balance", as_of=paper["last"])}
    assert {row["account"]: row["after"] for row in paper["trial"]} == {name: sum_ for name, sum_ in trial.items() if name in
           {row["account"] for row in paper["trial"]}}  # fmt: skip
    assert {name for name, balance in trial.items() if balance} <= {row["account"] for row in paper["trial"]}
    assert (paper["sums"]["after"], paper["sums"]["debit"] - paper["sums"]["credit"]) == (0, 0)
    assert all(row["before"] + row["debit"] - row["credit"] == row["after"] for row in paper["trial"])
    assert (paper["closed_by"], paper["wrong"]) == ("system", [])
    (event,) = builders.report(database, "close-history", month=text)
    assert paper["head"] == event["head"]
    links = builders.dump(database)["base_link"].sort("id")
    assert (paper["links"], paper["head"]) == (links.height, links["head"][-1])
    for subject in paper["fluxes"]:
        assert (
            subject["opening"]["amount"] + sum(row["amount"] for row in subject["rows"]) == subject["closing"]["amount"]
        )


def test_a_harmed_record_shows_in_the_report(sqlite_url: str) -> None:
    first = a_closed_month(sqlite_url).books.world.company.opening
    month.close(sqlite_url, f"{first:%Y-%m}")
    builders.behind_its_back(
        sqlite_url, "UPDATE ledger_line SET amount = amount + 1 WHERE id = (SELECT min(id) FROM ledger_line)"
    )
    paper = asked.found(sqlite_url, "close", ref=f"{first:%Y-%m}").papers[0]
    assert any("ハッシュ連鎖" in line for line in paper["wrong"])
    assert any("貸借" in line for line in paper["wrong"])
