"""What was known at an instant can be asked ever after, and every report then says what it said at that instant."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from tests import arranged, builders
from tests.simulator.play import do, found_company
from tests.simulator.story import told
from urikake.base import connections, runs
from urikake.base.bulk import Session
from urikake.base.errors import Refusal
from urikake.base.url import with_company
from urikake.doors import asked
from urikake.rooms.closing.queries import verify
from urikake.rooms.reports.queries import REPORTS, report

DAY = datetime(2099, 12, 31).date()  # noqa: DTZ001
OPTIONS: dict[str, dict[str, Any]] = {
    "billing-diff": {}, "billing-alarms": {}, "receivables": {"as_of": DAY}, "aging": {"as_of": DAY}, "trial-balance": {"as_of": DAY},
    **{name: {"as_of": DAY} for name in ("deposits", "advances", "refunds", "reductions", "protected")},
    "forecast": {"from_month": "2026-04", "months": 3}, "waterfall": {"from_month": "2026-04"},
    "remaining-obligations": {"as_of": DAY, "exempt": "one-year"},
    "judgements": {}, "interest": {},
    **{name: {"since": DAY.replace(2020), "until": DAY} for name in ("contract-balances", "revenue-by", "modifications")},
    "allocation-check": {"as_of": DAY},
    "contracts": {"as_of": DAY}, "renewals": {"as_of": DAY}, "journals": {"since": DAY.replace(1900), "until": DAY},
}  # fmt: skip
MONTHLY = (
    "recognized", "deferred", "close-status", "close-steps", "close-flux", "close-history",
    "mrr", "mrr-by", "mrr-movements", "cohorts", "usage",
)  # fmt: skip
ONE_BY_ONE = {
    "billing-diff",
    "billing-alarms",
    "deliveries",
    "matches",
    "statement",
    "audit",
    "timeline",
}  # asked of one document or partner each


def everything(session: Session, month: str) -> dict[str, str]:
    """Every report as the session sees it, as it is printed, those of one document for each document there is."""
    found: dict[str, Any] = {}
    for name in REPORTS.keys() - ONE_BY_ONE:
        found[name] = report(session, name, **({"month": month} if name in MONTHLY else OPTIONS.get(name, {})))
    partners = sorted({row["partner"] for row in found["invoices"]})
    span = {"since": DAY.replace(1900), "until": DAY}
    found |= {f"statement {p}": report(session, "statement", partner=p, **span) for p in partners}
    found |= {f"timeline {p}": report(session, "timeline", partner=p) for p in partners}
    closings = sorted({row["closing"] for row in found["invoices"]})[-2:]
    for day in closings:
        found[f"diff {day}"] = report(session, "billing-diff", closing=datetime.fromisoformat(day).date())
        found[f"alarms {day}"] = report(session, "billing-alarms", closing=datetime.fromisoformat(day).date())
    for row in found["invoices"][-3:]:
        found[f"audit {row['number']}"] = report(session, "audit", source=row["number"])
    for row in [row for row in found["receipts"] if row["unapplied"]][:2]:
        found[f"matches {row['receipt']}"] = report(session, "matches", receipt=row["receipt"])
    return {name: json.dumps(rows, ensure_ascii=False, default=str) for name, rows in found.items()}


def test_every_report_says_ever_after_what_it_said_at_the_time(database: str) -> None:
    url, other = with_company(database, "one"), with_company(database, "other")
    story = told(5, months=3, size=8)
    found_company(url, story)
    builders.a_shop(other)
    month = f"{max(step.on for step in story.steps):%Y-%m}"
    said: list[tuple[datetime, dict[str, str]]] = []
    for at, step in enumerate(story.steps):
        do(url, step, checked=False)
        if step.kind != "check":
            with runs.reading(url) as session:
                said.append((datetime.now(UTC), everything(session, month)))
        if at % 5 == 0:  # another company goes on meanwhile
            builders.a_partner(other, f"P{at + 100}")
    assert len(said) > 12
    for moment, before in said:
        with runs.reading(url, known_at=moment) as session:
            assert everything(session, month) == before
            assert verify(session) == []
    with runs.reading(url) as session:  # and the present is as it was
        assert everything(session, month) == said[-1][1]
    builders.assert_coherent(url)


def test_shares_of_a_price_say_ever_after_what_they_said(database: str) -> None:
    """Contracts arranged by selling prices, that change, are changed in the past, and leave."""
    life = [
        lambda: arranged.products(database),
        lambda: arranged.a_bundle(database),
        lambda: arranged.live(database, "2026-04", "2026-05"),
        lambda: builders.an_event(database, "add_option", "2026-06-01", product="MORE", quantity=1, unit_price=2_000),
        lambda: arranged.live(database, "2026-06"),
        lambda: builders.an_event(database, "change_price", "2026-05-01", line="HOST", unit_price=9_000),
        lambda: builders.recognize(database, "2026-06"),
        lambda: builders.an_event(database, "cancel", "2026-08-01"),
        lambda: arranged.live(database, "2026-07", "2026-08"),
    ]
    said: list[tuple[datetime, dict[str, str]]] = []
    for happens in life:
        happens()
        with runs.reading(database) as session:
            said.append((datetime.now(UTC), everything(session, "2026-06")))
    assert len({before["obligations"] for _, before in said}) == 5  # none, begun, grown, changed in the past, over
    for moment, before in said:
        with runs.reading(database, known_at=moment) as session:
            assert everything(session, "2026-06") == before
            assert verify(session) == []
    builders.assert_coherent(database)


def test_before_the_company_began_nothing_was_known(database: str) -> None:
    before = datetime.now(UTC)
    builders.a_shop(database)
    builders.a_contract(database)
    builders.bill(database, "2026-04-30")
    with runs.reading(database, known_at=before) as session:
        assert json.loads(everything(session, "2026-04")["invoices"]) == []
        assert verify(session) == []


def test_a_glance_at_the_past_leaves_the_next_session_in_the_present(database: str) -> None:
    builders.a_shop(database)
    before = datetime.now(UTC)
    builders.a_contract(database)
    builders.bill(database, "2026-04-30")
    assert builders.report(database, "invoices", known_at=before) == []
    assert len(builders.invoices(database)) == 1
    with pytest.raises(ZeroDivisionError), runs.reading(database, known_at=before) as session:
        assert session.company_id / 0
    assert len(builders.invoices(database)) == 1
    builders.bill(database, "2026-05-31")  # ids go on from the present, not from the past
    builders.assert_coherent(database)
    connections.drop_all()
    assert len(builders.invoices(database)) == 2


def test_who_may_look_back_is_decided_by_todays_role(database: str) -> None:
    builders.a_shop(database)
    before = datetime.now(UTC)
    builders.users(database, hana="accountant")
    with runs.reading(database, "hana", known_at=before) as session:
        assert session.user == "hana"
    with pytest.raises(Refusal, match="unknown-user"), runs.reading(database, "taro", known_at=before):
        pass


def test_contracts_are_known_from_when_they_were_registered_elsewhere(sqlite_url: str) -> None:
    builders.a_shop(sqlite_url)
    builders.a_contract(sqlite_url, recorded_at="2026-03-20T09:00:00+09:00")
    early = {"as_of": datetime(2026, 4, 1).date(), "known_at": datetime(2026, 3, 21, tzinfo=UTC)}  # noqa: DTZ001
    assert len(asked.answer(sqlite_url, "contracts", early)) == 1
