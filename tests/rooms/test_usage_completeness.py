"""Which metered contracts have their usage, lack it, or had it late; and that nothing waits for it."""

from __future__ import annotations

import pytest

from tests.builders import a_line, a_product, a_shop, an_event, bill, billed, report, take_rows
from urikake.base.errors import Refusal


def use(url: str, no: str, moment: str) -> None:
    row = {"event_id": f"{no}/{moment}", "contract_no": no, "product": "API", "quantity": 1}
    take_rows(url, "usage", [row | {"timestamp": f"2026-{moment}"}])


def states(url: str, **options: object) -> dict[str, list[str]]:
    """By contract the states in the order of the periods."""
    return {row["contract_no"]: list(row.values())[4:] for row in report(url, "usage", **options)}


def test_usage_is_there_or_missing_or_came_after_its_bill(database: str) -> None:
    a_shop(database)
    take_rows(database, "contracts", [a_line(f"C{at}", product="API") for at in (1, 2, 3)])
    take_rows(database, "contracts", [a_line("F1", monthly=5_000), a_line("N1", product="API", start="2026-05-16")])
    use(database, "C1", "04-10T10:00")
    bill(database, "2026-04-30")
    use(database, "C2", "04-20T10:00")  # its bill was run, though there was nothing to charge
    use(database, "C1", "04-30T15:00:00Z")  # 1 May in Tokyo
    use(database, "N1", "05-20T10:00")
    since, until = ("2026-04-01", "2026-05-31")
    found = report(database, "usage", since=since, until=until)
    assert [list(row.values()) for row in found] == [
        ["C1", "API", 0, 0, "present", "present"],
        ["C2", "API", 1, 1, "late", "missing"],
        ["C3", "API", 2, 0, "missing", "missing"],
        ["N1", "API", 0, 0, "", "present"],
    ]
    bill(database, "2026-05-31")
    assert sorted(net for *_, net in billed(database)) == [10, 10, 10, 5_000, 5_000]
    assert states(database, month="2026-04", contract="C2") == {"C2": ["late"]}


def test_days_are_told_one_by_one_and_a_suspension_asks_for_none(database: str) -> None:
    a_shop(database)
    take_rows(database, "contracts", [a_line("C1", product="API")])
    an_event(database, "suspend", "2026-04-11")
    an_event(database, "resume", "2026-04-21")
    for day in range(1, 10):
        use(database, "C1", f"04-{day:02}T10:00")
    days = states(database, month="2026-04", by="day")["C1"]
    assert days == ["present"] * 9 + ["missing"] + [""] * 10 + ["missing"] * 10


def test_a_change_of_product_is_two_rows(database: str) -> None:
    a_shop(database)
    a_product(database, "MAIL", price_model="unit", unit_price=2, revenue="usage")
    take_rows(database, "contracts", [a_line("C1", product="API")])
    an_event(database, "change_plan", "2026-05-01", product="MAIL")
    use(database, "C1", "04-03T10:00")
    found = report(database, "usage", since="2026-04-01", until="2026-05-31")
    assert [(row["product"], row["2026-04"], row["2026-05"]) for row in found] == [
        ("API", "present", ""),
        ("MAIL", "", "missing"),
    ]


def test_what_the_report_cannot_tell_is_refused(database: str) -> None:
    a_shop(database)
    for options, code in (
        ({}, "no-period"),
        ({"month": "2026-04", "since": "2026-04-01"}, "no-period"),
        ({"since": "2026-04-01", "until": "2027-04-30"}, "long-span"),
        ({"month": "2026-04", "by": "week"}, "bad-by"),
        ({"month": "2026-04", "contract": "C9"}, "no-contract"),
    ):
        with pytest.raises(Refusal) as refused:
            report(database, "usage", **options)
        assert refused.value.code == code
