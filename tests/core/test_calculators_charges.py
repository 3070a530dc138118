"""The calculators of charges and schedules, asked as other programs ask them: a JSON line in, a JSON line out."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from urikake.core.calculators import answer

APRIL = {"from": "2026-04-01", "to": "2026-04-30"}


def ask(name: str, **fields: Any) -> Any:
    return json.loads(answer(name, json.dumps({key.rstrip("_"): value for key, value in fields.items()})))


# price

STEPS = [{"up_to": 100, "unit_price": 10}, {"up_to": 500, "unit_price": "8"}, {"up_to": None, "unit_price": 5}]


@pytest.mark.parametrize(
    ("fields", "amount"),
    [
        ({"price_model": "flat", "unit_price": 980, "quantity": 7}, 980),
        ({"price_model": "flat", "unit_price": 980}, 980),
        ({"price_model": "free"}, 0),
        ({"price_model": "unit", "unit_price": "0.5", "quantity": 5}, 2),
        ({"price_model": "unit", "unit_price": "0.5", "quantity": 5, "rounding": "ceil"}, 3),
        ({"price_model": "unit", "unit_price": "0.5", "quantity": 5, "rounding": "half_even"}, 2),
        ({"price_model": "unit", "unit_price": "0.125", "quantity": 100, "decimals": 2}, "12.50"),
        ({"price_model": "unit", "unit_price": 10, "quantity": 120, "included": 100}, 200),
        ({"price_model": "graduated", "tiers": STEPS, "quantity": 600}, 4_700),
        ({"price_model": "volume", "tiers": STEPS, "quantity": 101}, 808),
        ({"price_model": "package", "unit_price": 500, "package_size": 100, "quantity": 201}, 1_500),
        ({"price_model": "package", "unit_price": 500, "package_size": 100, "quantity": 200}, 1_000),
        ({"price_model": "included", "unit_price": 30, "included": 100, "overage_price": 2, "quantity": 130}, 90),
        ({"price_model": "unit", "unit_price": 10, "quantity": 3, "minimum": 100}, 100),
        ({"price_model": "unit", "unit_price": 10, "quantity": 30, "maximum": 100}, 100),
    ],
)  # fmt: skip
def test_prices(fields: dict[str, Any], amount: int | str) -> None:
    assert ask("price", **fields)["amount"] == amount


def test_the_steps_of_a_price() -> None:
    tiers = [{"up_to": 100, "unit_price": "0.5", "flat": 300}, {"up_to": None, "unit_price": 0.25, "package_size": 10}]
    assert ask("price", price_model="graduated", tiers=tiers, quantity=131) == {
        "amount": 351,
        "steps": [
            {"quantity": 100, "unit_price": 0.5, "flat": 300, "amount": 350},
            {"quantity": 4, "unit_price": 0.25, "flat": 0, "amount": 1},
        ],
    }
    assert ask(
        "price", price_model="included", unit_price="30.00", included=1, overage_price="0.05", quantity=3, decimals=2
    ) == {
        "amount": "30.10",
        "steps": [
            {"quantity": 1, "unit_price": 30, "flat": "0.00", "amount": "30.00"},
            {"quantity": 2, "unit_price": 0.05, "flat": "0.00", "amount": "0.10"},
        ],
    }


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(1, 5_000_000), min_size=1, max_size=5),
    st.integers(0, 1_000),
    st.sampled_from(["floor", "half_up", "ceil"]),
)
def test_steps_sum_to_the_amount(prices: list[int], quantity: int, rounding: str) -> None:
    tiers = [{"up_to": 50 * (at + 1), "unit_price": str(one / 1_000_000)} for at, one in enumerate(prices)]
    tiers[-1]["up_to"] = None
    found = ask("price", price_model="graduated", tiers=tiers, quantity=quantity, rounding=rounding)
    assert sum(step["amount"] for step in found["steps"]) == found["amount"]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"price_model": "cheap"}, "price_model"),
        ({"price_model": "unit", "quantity": 1}, "unit_price"),
        ({"price_model": "unit", "unit_price": 1}, "quantity"),
        ({"price_model": "unit", "unit_price": 1, "quantity": -1}, "quantity"),
        ({"price_model": "unit", "unit_price": 10**12, "quantity": 10**6}, "quantity"),
        ({"price_model": "package", "unit_price": 1, "quantity": 1}, "package_size"),
        ({"price_model": "package", "unit_price": 1, "quantity": 1, "package_size": 0}, "package_size"),
        ({"price_model": "unit", "unit_price": 1, "quantity": 1, "minimum": 2, "maximum": 1}, "maximum"),
        ({"price_model": "volume", "quantity": 1}, "tiers"),
        ({"price_model": "volume", "quantity": 1, "tiers": []}, "tiers"),
        ({"price_model": "volume", "quantity": 1, "tiers": [{"up_to": None}, {"up_to": None}]}, "tiers[0].up_to"),
        ({"price_model": "volume", "quantity": 1, "tiers": [{"up_to": 5}, {"up_to": 5}]}, "tiers[1].up_to"),
        ({"price_model": "volume", "quantity": 6, "tiers": [{"up_to": 5}]}, "quantity"),
    ],
)
def test_prices_that_cannot_be_computed_name_the_field(fields: dict[str, Any], field: str) -> None:
    assert ask("price", **fields)["error"].startswith(f"{field}: ")


# proration and change


@pytest.mark.parametrize(
    ("basis", "used", "amount", "n", "below"),
    [
        ("daily",      {"from": "2026-04-11", "to": "2026-04-30"},  6_666, 20, 30),
        ("thirtieth",  {"from": "2026-04-11", "to": "2026-05-31"},  6_666, 20, 30),
        ("free",       {"from": "2026-04-11", "to": "2026-04-30"},      0,  0, 30),
        ("full_month", {"from": "2026-04-11", "to": "2026-04-30"}, 10_000, 30, 30),
        ("daily",      {"from": "2026-05-01", "to": "2026-05-31"},      0,  0, 30),
        ("thirty_360", {"from": "2026-04-01", "to": "2026-04-30"}, 10_000, 30, 30),
    ],
)  # fmt: skip
def test_prorations(basis: str, used: dict[str, str], amount: int, n: int, below: int) -> None:
    found = ask("proration", amount=10_000, period=APRIL, used=used, basis=basis)
    assert found == {"amount": amount, "numerator": n, "denominator": below}


def test_a_negative_amount_mirrors_and_decimals_come_back() -> None:
    used = {"from": "2026-04-11", "to": "2026-04-30"}
    assert ask("proration", amount=-10_000, period=APRIL, used=used)["amount"] == -6_666
    assert (
        ask("proration", amount="100.00", period=APRIL, used=used, decimals=2, rounding="half_up")["amount"] == "66.67"
    )


def plans(old: Any, new: Any) -> dict[str, Any]:
    return {"old": {"unit_price": old, "quantity": 1}, "new": {"unit_price": new, "quantity": 1}, "period": APRIL}


@pytest.mark.parametrize(
    ("old", "new", "more", "credit", "charge"),
    [
        (10_000, 20_000, {"effective": "2026-04-16"},                          5_000, 10_000),
        (10_000,  1_000, {"effective": "2026-04-11"},                          6_666,    666),
        (10_000,  1_000, {"effective": "2026-04-11", "rounding": "half_up"},   6_667,    667),
        (10_000, 20_000, {"effective": "2026-04-16", "charged": 3_000},        3_000, 10_000),
        (10_000, 20_000, {"effective": "2026-04-16", "charged": 0},                0, 10_000),
        (10_000, 20_000, {"effective": "2026-04-16", "basis": "full_month"},       0,      0),
        (10_000, 20_000, {"effective": "2026-04-16", "basis": "free"},             0,      0),
        (10_000, 20_000, {"effective": "2026-04-01", "basis": "free"},        10_000, 20_000),
        (10_000, 20_000, {"effective": "2026-05-01"},                              0,      0),
        (  -500,    300, {"effective": "2026-04-16"},                              0,    150),
    ],
)  # fmt: skip
def test_changes(old: int, new: int, more: dict[str, Any], credit: int, charge: int) -> None:
    found = ask("change", **plans(old, new), **more)
    assert (found["credit"], found["charge"], found["net"]) == (credit, charge, charge - credit)


def test_a_change_names_its_days_and_the_part_that_is_missing() -> None:
    found = ask("change", **plans(10_000, 20_000), effective="2026-04-11")
    assert (found["numerator"], found["denominator"]) == (20, 30)
    assert ask("change", new={}, period=APRIL, effective="2026-04-11")["error"] == "old: 必須の項目です"
    assert ask("change", old={}, period=APRIL, effective="2026-04-11")["error"] == "old.unit_price: 必須の項目です"


# discount


@pytest.mark.parametrize(
    ("amount", "cuts", "left", "taken"),
    [
        (1_005, [("percent", 10, 2), ("amount", 100, 1)], 815, [100, 90]),
        (1_005, [("percent", 10, 1), ("amount", 100, 2)], 805, [100, 100]),
        (1_000, [("percent", 10, 1), ("percent", 10, 1)], 810, [100, 90]),
        (500, [("amount", 800, 1), ("percent", 10, 2)], 0, [500, 0]),
        (500, [("percent", 250, 1)], 0, [500]),
        (-1_005, [("percent", 10, 1), ("amount", 100, 2)], -805, [-100, -100]),
        (333, [("percent", "33.3", 1)], 223, [110]),
        (333, [], 333, []),
    ],
)
def test_discounts(amount: int, cuts: list[tuple[str, Any, int]], left: int, taken: list[int]) -> None:
    discounts = [{"kind": kind, "value": value, "order": order} for kind, value, order in cuts]
    found = ask("discount", amount=amount, discounts=discounts)
    assert (found["amount"], [one["amount"] for one in found["applied"]]) == (left, taken)


def test_a_discount_shows_its_kind_and_value() -> None:
    cuts = [{"kind": "percent", "value": "2.5"}, {"kind": "amount", "value": "1.25"}]
    found = ask("discount", amount="100.00", discounts=cuts, decimals=2, rounding="half_up")
    assert found == {
        "amount": "96.25",
        "applied": [
            {"kind": "percent", "value": 2.5, "amount": "2.50"},
            {"kind": "amount", "value": "1.25", "amount": "1.25"},
        ],
    }
    below = ask("discount", amount=1, discounts=[{"kind": "amount", "value": -1}])
    assert below == {"error": "discounts[0].value: 0 以上で入力してください（値: -1）"}


# tax


def lines(*parts: tuple[int, str]) -> list[dict[str, Any]]:
    return [{"amount": amount, "tax": tax} for amount, tax in parts]


def test_the_tax_of_an_invoice_with_two_rates() -> None:
    mixed = lines((3_000, "reduced"), (800, "standard"), (405, "standard"), (50, "exempt"))
    assert ask("tax", lines=mixed, on="2026-04-30") == {
        "taxes": [
            {"tax": "reduced", "rate": 8, "net": 3_000, "amount": 240},
            {"tax": "standard", "rate": 10, "net": 1_205, "amount": 120},
            {"tax": "exempt", "rate": 0, "net": 50, "amount": 0},
        ],
        "lines": [
            {"net": 3_000, "tax_amount": 240},
            {"net": 800, "tax_amount": 80},
            {"net": 405, "tax_amount": 40},
            {"net": 50, "tax_amount": 0},
        ],
        "net": 4_255,
        "tax": 360,
        "total": 4_615,
    }


@pytest.mark.parametrize(
    ("fields", "net", "tax"),
    [
        ({"lines": lines((105, "standard"), (105, "standard"), (105, "standard")), "on": "2026-04-30"}, 315, 31),
        ({"lines": lines((1_100, "standard")), "prices": "inclusive", "on": "2026-04-30"}, 1_000, 100),
        ({"lines": lines((1_080, "reduced_incl")), "on": "2026-04-30"}, 1_000, 80),
        ({"lines": lines((1_000, "standard")), "on": "2019-09-30"}, 1_000, 80),
        ({"lines": lines((1_000, "standard")), "rates": {"standard": "12.5"}}, 1_000, 125),
        ({"lines": lines((1_000, "food")), "rates": {"food": 0}}, 1_000, 0),
        ({"lines": lines((1_000, "out_of_scope"))}, 1_000, 0),
        ({"lines": lines((-105, "standard")), "on": "2026-04-30"}, -105, -10),
        ({"lines": []}, 0, 0),
        ({"lines": lines((105, "standard")), "on": "2026-04-30", "rounding": "half_up"}, 105, 11),
    ],
)
def test_taxes(fields: dict[str, Any], net: int, tax: int) -> None:
    found = ask("tax", **fields)
    assert (found["net"], found["tax"], found["total"]) == (net, tax, net + tax)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"lines": lines((1, "standard"))}, "on"),
        ({"lines": lines((1, "luxury")), "on": "2026-04-30"}, "lines[0].tax"),
        ({"lines": lines((1, "standard")), "rates": {"standard": -1}}, "rates.standard"),
        ({"lines": lines((1, "standard")), "prices": "gross", "on": "2026-04-30"}, "prices"),
    ],
)
def test_taxes_that_cannot_be_computed_name_the_field(fields: dict[str, Any], field: str) -> None:
    assert ask("tax", **fields)["error"].startswith(f"{field}: ")


# schedule


def spread(**fields: Any) -> list[tuple[str, Any]]:
    return [(one["month"], one["amount"]) for one in ask("schedule", **fields)["months"]]


def test_schedules() -> None:
    quarter = {"from_": "2026-04-16", "to": "2026-06-15"}
    assert spread(amount=30_000, **quarter, partial_month="full_first") == [
        ("2026-04", 15_000),
        ("2026-05", 15_000),
        ("2026-06", 0),
    ]
    assert spread(amount="1.00", **quarter, method="daily", decimals=2) == [
        ("2026-04", "0.24"),
        ("2026-05", "0.51"),
        ("2026-06", "0.25"),
    ]
    assert spread(amount=200, from_="2026-04-01", to="2026-06-30", remainder="first", until="2026-05") == [
        ("2026-04", 68),
        ("2026-05", 66),
    ]


def test_a_schedule_that_ends_before_it_begins_is_refused() -> None:
    found = ask("schedule", amount=1, from_="2026-04-02", to="2026-04-01")
    assert found["error"].startswith("to: ")
