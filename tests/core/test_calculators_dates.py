"""The calculators of dates and balances, asked as others ask them: one JSON line in, one out."""

from __future__ import annotations

import json
from typing import Any

import pytest

from urikake.core.calculators import answer


def ask(name: str, **fields: Any) -> Any:
    return json.loads(answer(name, json.dumps(fields)))


def spans(**fields: Any) -> list[str]:
    return [f"{period['from'][2:]} {period['to'][2:]}" for period in ask("periods", **fields)["periods"]]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"cycle_months": 1, "count": 3}, ["26-01-31 26-02-27", "26-02-28 26-03-30", "26-03-31 26-04-29"]),
        ({"cycle_months": 1, "until": "2026-02-28"}, ["26-01-31 26-02-27", "26-02-28 26-03-30"]),
        ({"cycle_months": 1, "until": "2026-02-27"}, ["26-01-31 26-02-27"]),
        ({"cycle_months": 1, "until": "2026-01-30"}, []),
        ({"cycle_months": 1, "end": "2026-03-01"}, ["26-01-31 26-02-27", "26-02-28 26-03-01"]),
        ({"cycle_months": 1, "end": "2026-03-01", "count": 1}, ["26-01-31 26-02-27"]),
        ({"cycle_months": 1, "count": 2, "anchor_day": 1}, ["26-01-31 26-01-31", "26-02-01 26-02-28"]),
        ({"cycle_months": 1, "count": 2, "anchor_day": 10}, ["26-01-31 26-02-09", "26-02-10 26-03-09"]),
        ({"cycle_months": 12, "count": 2, "anchor_day": 1}, ["26-01-31 26-12-31", "27-01-01 27-12-31"]),
        ({"cycle_months": 3, "count": 2, "anchor": "2025-04-01"}, ["26-01-31 26-03-31", "26-04-01 26-06-30"]),
        ({"cycle_months": 12, "count": 2, "anchor": "2026-04-01"}, ["26-01-31 26-03-31", "26-04-01 27-03-31"]),
        ({"cycle_months": 0}, ["26-01-31 26-01-31"]),
        ({"cycle_months": 0, "end": "2026-12-31"}, ["26-01-31 26-12-31"]),
        ({"cycle_weeks": 2, "count": 2}, ["26-01-31 26-02-13", "26-02-14 26-02-27"]),
        ({"cycle_weeks": 1, "count": 2, "anchor": "2026-02-02"}, ["26-01-31 26-02-01", "26-02-02 26-02-08"]),
        ({"cycle_days": 10, "end": "2026-02-15"}, ["26-01-31 26-02-09", "26-02-10 26-02-15"]),
        ({"cycle_months": 1, "count": 0}, []),
    ],
)
def test_periods(fields: dict[str, Any], expected: list[str]) -> None:
    assert spans(start="2026-01-31", **fields) == expected


@pytest.mark.parametrize(
    ("fields", "names"),
    [
        ({"cycle_months": 1}, "count"),
        ({"count": 1}, "cycle_months"),
        ({"cycle_months": 1, "cycle_days": 30, "count": 1}, "cycle_months"),
        ({"cycle_days": 0, "count": 1}, "cycle_days"),
        ({"cycle_weeks": 1, "count": 1, "anchor_day": 1}, "anchor_day"),
        ({"cycle_months": 1, "end": "2026-01-30"}, "end"),
        ({"cycle_months": 1, "count": 1, "anchor_day": 32}, "anchor_day"),
        ({"cycle_months": 1, "until": "soon"}, "until"),
    ],
)
def test_bad_periods_name_the_field(fields: dict[str, Any], names: str) -> None:
    assert ask("periods", start="2026-01-31", **fields)["error"].startswith(f"{names}: ")


@pytest.mark.parametrize(
    ("terms", "day", "closing", "dues"),
    [
        ({}, "2026-04-15", "2026-04-15", ["2026-04-30 transfer 110000"]),
        ({"closing_day": "31", "payment_months": 1}, "2026-04-15", "2026-04-30", ["2026-05-31 transfer 110000"]),
        (
            {"closing_day": 20, "payment_months": 1, "payment_day": 10},
            "2026-04-21",
            "2026-05-20",
            ["2026-06-10 transfer 110000"],
        ),
        (
            {"closing_day": "10;20;31", "payment_days": 30, "method": "cash"},
            "2026-04-11",
            "2026-04-20",
            ["2026-05-20 cash 110000"],
        ),
        (
            {"closing_day": "31", "payment_months": 1, "holiday_shift": "before"},
            "2026-04-30",
            "2026-04-30",
            ["2026-05-29 transfer 110000"],
        ),
        (
            {
                "closing_day": "31",
                "payment_months": 1,
                "holiday_shift": "after",
                "split": "transfer:50%;densai:rest:60d",
            },
            "2026-04-01",
            "2026-04-30",
            ["2026-06-01 transfer 55000", "2026-07-31 densai 55000"],
        ),
    ],
)
def test_due(terms: dict[str, Any], day: str, closing: str, dues: list[str]) -> None:
    found = ask("due", terms=terms, date=day, amount=110_000)
    assert found["closing"] == closing
    assert [f"{due['date']} {due['method']} {due['amount']}" for due in found["dues"]] == dues


def test_due_in_another_currency_takes_and_gives_decimals() -> None:
    found = ask("due", terms={"split": "transfer:100.10;cash:rest"}, date="2026-04-30", amount="250.25", decimals=2)
    assert [due["amount"] for due in found["dues"]] == ["100.10", "150.15"]


@pytest.mark.parametrize(
    ("terms", "names"),
    [
        ({"closing_day": "30"}, "terms.closing_day"),
        ({"split": "transfer:50%;densai:40%"}, "terms.split"),
        ({"split": "transfer:50000;densai:40000"}, "terms.split"),
        ({"method": "barter"}, "terms.method"),
        ({"holiday_shift": "never"}, "terms.holiday_shift"),
    ],
)
def test_bad_terms_name_the_field(terms: dict[str, Any], names: str) -> None:
    assert ask("due", terms=terms, date="2026-04-30", amount=110_000)["error"].startswith(f"{names}: ")


def test_aging() -> None:
    items = [
        {"due": "2026-06-30", "amount": 1},
        {"due": "2026-05-31", "amount": 20},
        {"due": "2026-03-31", "amount": 300},
    ]
    labelled = [("1-30", 20), ("31-60", 0), ("61-90", 0), ("91-", 300)]
    expected = {"not_due": 1, "buckets": [{"label": label, "amount": amount} for label, amount in labelled]}
    assert ask("aging", as_of="2026-06-30", items=items) == expected
    assert ask("aging", as_of="2026-06-30", items=[], buckets=[7], decimals=2) == {
        "not_due": "0.00",
        "buckets": [{"label": "1-7", "amount": "0.00"}, {"label": "8-", "amount": "0.00"}],
    }
    assert ask("aging", as_of="2026-06-30", items=[], buckets=[60, 30])["error"].startswith("buckets: ")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"rates": [{"from": "2020-04-01", "rate": "14.6"}]}, {"amount": 12_000, "days": 30}),
        ({"rates": [{"rate": 14.6}], "year_days": "actual"}, {"amount": 12_000, "days": 30}),
        ({"rates": [{"rate": 14.6}], "year_days": 365}, {"amount": 12_000, "days": 30}),
        ({"rates": [{"rate": 3}, {"from": "2026-05-30", "rate": 6}], "per_day": True}, {"amount": 2_547, "days": 30}),
        (
            {"rates": [{"rate": 3}, {"from": "2026-05-30", "rate": 6}], "rounding": "ceil"},
            {"amount": 2_466, "days": 30},
        ),
    ],
)
def test_late_charge(fields: dict[str, Any], expected: dict[str, int]) -> None:
    assert ask("late-charge", amount=1_000_000, due="2026-04-30", paid="2026-05-30", **fields) == expected


def test_late_charge_refuses_a_day_without_rate_and_another_year() -> None:
    late = {"amount": 1_000, "due": "2026-04-30", "paid": "2026-05-30"}
    assert ask("late-charge", **late, rates=[])["error"].startswith("rates: ")
    assert ask("late-charge", **late, rates=[{"rate": 3}], year_days="360")["error"].startswith("year_days: ")


@pytest.mark.parametrize(
    ("limit", "new", "expected"),
    [
        (1_000, 300, {"exposure": 1_000, "over": 0, "blocked": False}),
        (1_000, 301, {"exposure": 1_001, "over": 1, "blocked": True}),
        (None, 10**9, {"exposure": 10**9 + 700, "over": 0, "blocked": False}),
        (0, 0, {"exposure": 700, "over": 700, "blocked": True}),
    ],
)
def test_credit(limit: int | None, new: int, expected: dict[str, Any]) -> None:
    held = [("receivables", 500), ("notes", 100), ("unbilled", 150), ("ordered", 50)]
    exposures = [{"name": name, "amount": amount} for name, amount in held]
    for advances in (100, -100):
        parts = [*exposures, {"name": "advances", "amount": advances}]
        assert ask("credit", limit=limit, exposures=parts, new=new) == expected


def test_credit_of_nobody_allows_nothing_at_a_limit_of_zero() -> None:
    assert ask("credit", limit=0, exposures=[]) == {"exposure": 0, "over": 0, "blocked": False}
    assert ask("credit", limit=0, exposures=[], new=1)["blocked"] is True


@pytest.mark.parametrize(
    ("fields", "booked", "revalued", "realized", "unrealized"),
    [
        ({"booked_rate": "150", "closing_rate": "155", "settled_rate": "148.5"}, 150_000, 155_000, -1_500, 5_000),
        ({"booked_rate": "150"}, 150_000, 150_000, 0, 0),
        ({"booked_rate": "150", "closing_rate": "149.999"}, 150_000, 149_999, 0, -1),
        ({"booked_rate": "150.1234567"}, None, None, None, None),
        ({"booked_rate": "150", "currency": "JPY"}, 15_000_000, 15_000_000, 0, 0),
        ({"booked_rate": "150", "amount": "1000.00", "decimals": 2}, 150_000, 150_000, 0, 0),
        ({"booked_rate": "0.5", "amount": -3, "currency": "JPY", "rounding": "ceil"}, -2, -2, 0, 0),
    ],
)
def test_fx(fields: dict[str, Any], booked: int | None, revalued: int, realized: int, unrealized: int) -> None:
    found = ask("fx", **({"amount": 100_000, "currency": "USD"} | fields))
    if booked is None:
        assert found["error"].startswith("booked_rate: ")
    else:
        assert found == {"booked": booked, "revalued": revalued, "realized": realized, "unrealized": unrealized}
