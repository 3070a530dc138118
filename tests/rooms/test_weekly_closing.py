"""A partner that closes every week (毎週の締め): what each Friday bills, when it is due, and what it is compared with."""

from __future__ import annotations

from datetime import date

from tests.builders import a_line, a_partner, a_shop, assert_coherent, bill, invoices, report, take_rows
from urikake.base import runs
from urikake.rooms.closing.queries import closing_dates

FRIDAYS = ["2026-04-03", "2026-04-10", "2026-04-17", "2026-04-24"]


def a_weekly_shop(url: str) -> None:
    a_shop(url)
    a_partner(url, "WEEK", closing_day="金曜", payment_months=0, payment_day=31, holiday_shift="after")
    lines = [a_line("M", partner="WEEK"), a_line("U", partner="WEEK", product="API", quantity=0, timing="arrears")]
    take_rows(url, "contracts", lines)


def test_a_month_in_advance_of_its_days_and_usage_close_on_the_first_friday_that_may_bill_them(database: str) -> None:
    a_weekly_shop(database)
    used = {
        "event_id": "u1",
        "contract_no": "U",
        "product": "API",
        "timestamp": "2026-04-20T10:00:00+09:00",
        "quantity": 7,
    }
    take_rows(database, "usage", [used])
    bill(database, *FRIDAYS, "2026-05-01", "2026-05-08")
    found = [(paper["closing"], paper["dues"][0]["date"], paper["net"]) for paper in invoices(database)]
    assert found == [
        ("2026-04-03", "2026-04-30", 10_000),  # current: the first Friday on or after 1 April
        ("2026-05-01", "2026-06-01", 10_070),  # 1 May is a Friday: May itself, and April's usage; 31 May is a Sunday
    ]
    assert_coherent(database)


def test_the_fridays_of_a_month_are_its_closing_days_beside_those_of_others(database: str) -> None:
    a_weekly_shop(database)
    with runs.reading(database) as session:
        days = closing_dates(session, date(2026, 4, 1))
    assert [str(day) for day in days] == [*FRIDAYS, "2026-04-30"]


def test_a_week_is_compared_with_the_week_before_and_a_month_with_the_month_before(database: str) -> None:
    a_weekly_shop(database)
    bill(database, "2026-03-27", *FRIDAYS)
    assert report(database, "billing-diff", closing="2026-04-10") == [
        {"contract_no": "M", "product": "PLAN", "previous": 10_000, "current": 0, "reason": "請求なし"}
    ]
