"""The calculators allocation, modification, release, position and progress, asked in JSON as outsiders do."""

from __future__ import annotations

import json
from typing import Any

import pytest

from urikake.core.calculators import answer


def ask(calculator: str, /, **fields: Any) -> dict[str, Any]:
    return dict(json.loads(answer(calculator, json.dumps(fields, ensure_ascii=False))))


def amounts(found: dict[str, Any]) -> dict[Any, Any]:
    return {part["id"]: part["amount"] for part in found["allocated"]}


A, B = {"id": "A", "ssp": 60}, {"id": "B", "ssp": 40}

# allocation


def test_amounts_with_places_come_back_as_they_came() -> None:
    sold = [{"id": "A", "ssp": "100.00"}, {"id": "B", "ssp": 12}]
    assert ask("allocation", price="100", obligations=sold, decimals=2) == {
        "allocated": [{"id": "A", "amount": "89.29"}, {"id": "B", "amount": "10.71"}]
    }


def test_ids_come_back_as_they_came_and_are_found_as_text() -> None:
    sold = [{"id": 1, "ssp": 60}, {"id": 2, "ssp": 40}]
    found = ask("allocation", price=90, obligations=sold, discounts=[{"amount": 10, "to": "2"}])
    assert found == {"allocated": [{"id": 1, "amount": 60}, {"id": 2, "amount": 30}]}
    assert amounts(ask("allocation", price=10, obligations=[{"id": 1.5, "ssp": 1}])) == {"1.5": 10}


def test_what_is_tied_to_nothing_concerns_all() -> None:
    untied = {"discounts": [{"amount": 10}], "variable": [{"amount": 30, "to": []}]}
    assert amounts(ask("allocation", price=90, obligations=[A, B], **untied)) == {"A": 54, "B": 36}


def test_two_discounts_overlap() -> None:
    tied = [{"amount": 6, "to": ["A", "B"]}, {"amount": 10, "to": ["B"]}]
    found = ask("allocation", price=104, obligations=[A, B, {"id": "C", "ssp": 20}], discounts=tied)
    assert amounts(found) == {"A": 56, "B": 28, "C": 20}


def test_a_residual_may_be_open_to_one_side() -> None:
    sold = [A, {"id": "D"}]
    assert amounts(ask("allocation", price=100, obligations=sold, residual="D", range=[15, None])) == {"A": 60, "D": 40}
    assert amounts(ask("allocation", price=100, obligations=sold, residual="D")) == {"A": 60, "D": 40}
    assert "error" in ask("allocation", price=100, obligations=sold, residual="D", range=[None, 39])
    assert "error" in ask("allocation", price=60, obligations=sold, residual="D")


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"obligations": [A]}, "price: 必須の項目です"),
        ({"price": 1}, "obligations: 必須の項目です"),
        ({"price": 1, "obligations": []}, "obligations: 一つ以上入力してください（値: []）"),
        ({"price": 1, "obligations": [{"ssp": 1}]}, "obligations[0].id: 必須の項目です"),
        ({"price": 1, "obligations": [A, A]}, "obligations[1].id: 同じ id が二つあります（値: A）"),
        ({"price": 1, "obligations": [{"id": "A", "ssp": -1}]}, "obligations[0].ssp: 0 以上で入力してください（値: -1）"),
        ({"price": 1, "obligations": [A, {"id": "B"}]}, "obligations: 独立販売価格（ssp）のない義務があります"),
        ({"price": 1, "obligations": [A], "residual": "D"}, "residual: obligations にない id です（値: D）"),
        ({"price": 1, "obligations": [A], "range": [1, 2]}, "residual: range を使うときは必須の項目です"),
        ({"price": 1, "obligations": [A], "residual": "A", "range": [1]}, "range: [下限, 上限] で入力してください（値: [1]）"),
        ({"price": 1, "obligations": [A], "residual": "A", "range": [2, 1]}, "range: 下限は上限以下で入力してください（値: [2, 1]）"),
        ({"price": 1, "obligations": [A], "residual": "A", "range": ["x", 1]}, "range[0]: 数値で入力してください（値: x）"),
        (
            {"price": 1, "obligations": [A], "discounts": [{"amount": 1, "to": ["Z"]}]},
            "discounts[0].to: obligations にない id です（値: Z）",
        ),
        (
            {"price": 1, "obligations": [A], "discounts": [{"amount": -1, "to": "A"}]},
            "discounts[0].amount: 0 以上で入力してください（値: -1）",
        ),
        (
            {"price": 95, "obligations": [A, B], "discounts": [{"amount": 10, "to": ["B"]}]},
            "discounts: 独立販売価格の合計と取引価格（値引後）との差を超えています。値引は、対象の義務の価格までです",
        ),
        (
            {"price": 95, "obligations": [A, B], "variable": [{"amount": 96, "to": ["B"]}]},
            "variable: 変動対価の合計が取引価格を超えています。price には変動対価を含めてください",
        ),
        (
            {"price": 65, "obligations": [A, {"id": "D"}], "residual": "D", "range": [15, 45]},
            "residual: 残余が範囲の外か 0 以下です。その義務の独立販売価格（ssp）を見積もって入力してください",
        ),
    ],
)  # fmt: skip
def test_what_an_allocation_refuses(fields: dict[str, Any], message: str) -> None:
    assert ask("allocation", **fields) == {"error": message}


# modification

HALF = {"id": "old", "ssp": 12_000, "remaining": "0.5"}
SHARE = "0 から 1 までの数か分数（1/3）で入力してください"
MORE = {"id": "new", "price": 2_400, "ssp": 3_000, "distinct": True}


def change(**fields: Any) -> dict[str, Any]:
    told = {"price": 12_000, "recognized": 6_000, "obligations": [HALF], "added": [MORE], "distinct_remaining": True}
    return ask("modification", **(told | fields))


@pytest.mark.parametrize("third", ["1/3", "0.333333333333333333", 1 / 3, "２／６", "4/12"])
def test_thirds_are_exact(third: Any) -> None:
    part = {"id": "old", "ssp": 2_400_000_000, "remaining": third}
    found = change(price=3_000_000_000, recognized=2_000_000_000, obligations=[part], added=[])
    assert found == {"treatment": "prospective", "allocated": [{"id": "old", "amount": 1_000_000_000}], "catch_up": 0}
    more = [{"id": "new", "price": 1_800_000_000, "ssp": 2_400_000_000, "distinct": True}]
    found = change(price=3_000_000_000, recognized=2_000_000_000, obligations=[part], added=more)
    assert amounts(found) == {"old": 700_000_000, "new": 2_100_000_000}


def test_shares_of_odd_parts_stay_finer_than_a_unit() -> None:
    parts = [{"id": str(of), "ssp": 10**6, "remaining": f"1/{of}"} for of in (997, 991, 983)]
    found = change(price=3 * 10**6, recognized=10**6, obligations=parts, added=[])
    assert sum(amounts(found).values()) == 2 * 10**6


def test_an_adjustment_within_the_policy_is_still_the_selling_price() -> None:
    near = [MORE | {"price": 2_850}]
    assert change(added=near)["treatment"] == "prospective"
    assert change(added=near, adjustment="5")["treatment"] == "separate"
    assert change(added=near, adjustment="4.9")["treatment"] == "prospective"


def test_a_separate_contract_need_not_say_whether_the_rest_is_distinct() -> None:
    assert change(added=[MORE | {"price": 3_000}], distinct_remaining=None) == {
        "treatment": "separate",
        "allocated": [{"id": "old", "amount": 6_000}, {"id": "new", "amount": 3_000}],
        "catch_up": 0,
    }


def test_one_obligation_needs_no_selling_price_of_its_own() -> None:
    found = change(obligations=[{"id": "old", "remaining": "0.5"}], added=[], distinct_remaining=False)
    assert found == {"treatment": "catch_up", "allocated": [{"id": "old", "amount": 6_000}], "catch_up": 0}


def test_the_catch_up_is_rounded_as_asked() -> None:
    fields = {"price": 1_000, "recognized": 0, "obligations": [HALF | {"remaining": "0.3335"}], "added": []}
    assert [change(**fields, distinct_remaining=False, rounding=it)["catch_up"] for it in ("floor", "half_up")] == [
        666,
        667,
    ]


def test_modifications_with_places() -> None:
    found = change(price="120.00", recognized="60.00", obligations=[HALF | {"ssp": "120.00"}], added=[], decimals=2)
    assert found == {"treatment": "prospective", "allocated": [{"id": "old", "amount": "60.00"}], "catch_up": "0.00"}


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"distinct_remaining": None}, "distinct_remaining: 必須の項目です"),
        ({"price": None}, "price: 必須の項目です"),
        ({"obligations": []}, "obligations: 一つ以上入力してください（値: []）"),
        ({"obligations": [HALF | {"remaining": None}]}, "obligations[0].remaining: 必須の項目です"),
        *(
            ({"obligations": [HALF | {"remaining": bad}]}, f"obligations[0].remaining: {SHARE}（値: {bad}）")
            for bad in ("1.1", "-0.1", "1/0", "3/2", "1/2/3")
        ),
        ({"obligations": [HALF | {"remaining": "half"}]}, "obligations[0].remaining: 数値で入力してください（値: half）"),
        ({"obligations": [HALF, {"id": "x", "remaining": 1}]}, "obligations[1].ssp: 必須の項目です"),
        ({"obligations": [HALF | {"id": "new"}]}, "added[0].id: 同じ id が二つあります（値: new）"),
        ({"added": [{"id": "new", "price": 1, "ssp": 1}]}, "added[0].distinct: 必須の項目です"),
        ({"added": [{"id": "new", "price": 1, "distinct": True}]}, "added[0].ssp: 必須の項目です"),
        ({"added": [MORE | {"ssp": -1}]}, "added[0].ssp: 0 以上で入力してください（値: -1）"),
    ],
)  # fmt: skip
def test_what_a_modification_refuses(fields: dict[str, Any], message: str) -> None:
    assert change(**fields) == {"error": message}


def test_obligations_that_are_worth_nothing_are_refused() -> None:
    assert "どれも 0 です" in change(obligations=[HALF | {"ssp": 0}])["error"]


# release, position, progress


def test_releases_with_places_and_fractions_of_points() -> None:
    found = ask("release", liability="86.76", steps=[{"used": "45.5", "expected": 95}], decimals=2)
    assert found == {"steps": [{"revenue": "41.55", "liability": "45.21"}]}
    assert ask("release", liability=100, steps=[]) == {"steps": []}


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ({"used": 1}, "steps[0].expected: 必須の項目です"),
        ({"used": -1, "expected": 1}, "steps[0].used: 0 以上で入力してください（値: -1）"),
        ({"used": 1, "expected": -1}, "steps[0].expected: 0 以上で入力してください（値: -1）"),
    ],
)
def test_what_a_release_refuses(step: dict[str, Any], message: str) -> None:
    assert ask("release", liability=100, steps=[step]) == {"error": message}


def test_a_transfer_may_name_its_revenue_only() -> None:
    one, other = (ask("position", events=[{"kind": "transfer", name: 400}]) for name in ("amount", "revenue"))
    assert one == other
    assert one["after"][0] == {
        "receivable": 0, "contract_asset": 400, "contract_liability": 0, "refund_liability": 0, "revenue": 400,
    }  # fmt: skip


def test_a_right_may_come_with_the_revenue_that_brings_it() -> None:
    events = [{"kind": "transfer", "amount": 400}, {"kind": "right", "amount": 1_000, "revenue": 600}]
    assert [
        (row["receivable"], row["contract_asset"], row["revenue"]) for row in ask("position", events=events)["after"]
    ] == [
        (0, 400, 400),
        (1_000, 0, 1_000),
    ]


def test_positions_with_places() -> None:
    (after,) = ask("position", events=[{"kind": "cash", "amount": "10.50"}], decimals=2)["after"]
    assert after["contract_liability"] == "10.50"


@pytest.mark.parametrize(
    ("event", "message"),
    [
        ({"kind": "gift"}, "events[0].kind: transfer / right / cash / transfer_refund / none のいずれかで入力してください（値: gift）"),
        ({"kind": "cash"}, "events[0].amount: 必須の項目です"),
        ({"kind": "transfer"}, "events[0].amount: 必須の項目です"),
        (
            {"kind": "transfer", "amount": 100, "revenue": 90},
            "events[0].revenue: transfer では amount と同じ額を入力してください（返金の見込みは transfer_refund）（値: 90）",
        ),
    ],
)  # fmt: skip
def test_what_a_position_refuses(event: dict[str, Any], message: str) -> None:
    assert ask("position", events=[event]) == {"error": message}


def test_what_a_step_leaves_out_is_that_of_the_step_before() -> None:
    steps = [{"price": 1_000, "total_cost": 800, "cost": 200, "billed": 300, "paid": 100}, {"cost": 400}]
    first, second = ask("progress", steps=steps, method="cost_to_cost")["steps"]
    assert first == {
        "progress": 0.25, "revenue_to_date": 250, "revenue": 250, "loss_provision": 0,
        "receivable": 200, "contract_asset": 0, "contract_liability": 50,
    }  # fmt: skip
    assert second | {"progress": 0.5, "revenue": 250, "contract_asset": 200, "contract_liability": 0} == second


def test_materials_may_come_in_the_middle_of_the_job() -> None:
    steps = [
        {"price": 5_000, "total_cost": 4_000, "cost": 250, "uninstalled": 0},
        {"cost": 2_000, "uninstalled": 1_500},
    ]
    found = ask("progress", steps=steps)["steps"]
    assert [row["revenue_to_date"] for row in found] == [312, 2_200]


STEP = {"price": 10, "total_cost": 8, "cost": 2}
MATERIALS = "据え付けていない資材（uninstalled）"


def test_cost_is_recovered_until_progress_can_be_measured() -> None:
    steps = [
        {"price": 1_000, "cost": 100, "method": "cost_recovery"},
        {"cost": 300, "total_cost": 600, "method": "cost_to_cost"},
    ]
    assert [(row["progress"], row["revenue"]) for row in ask("progress", steps=steps)["steps"]] == [
        (None, 100),
        (0.5, 400),
    ]


def test_progress_with_places_of_money_and_of_progress() -> None:
    steps = [{"price": "10.00", "total_cost": 3, "cost": 1}]
    assert ask("progress", steps=steps, decimals=2)["steps"][0]["revenue"] == "3.33"
    assert ask("progress", steps=steps, decimals=2, places=1)["steps"][0]["revenue"] == "3.00"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"steps": [{"total_cost": 8, "cost": 2}]}, "steps[0].price: 必須の項目です"),
        ({"steps": [{"price": 10, "cost": 2}]}, "steps[0].total_cost: 必須の項目です"),
        ({"steps": [{"price": 10, "total_cost": 8}]}, "steps[0].cost: 必須の項目です"),
        ({"steps": [STEP], "method": "guess"}, "method: cost_to_cost / cost_recovery のいずれかで入力してください（値: guess）"),
        ({"steps": [STEP], "places": 13}, "places: 0 から 12 までで入力してください（値: 13）"),
        ({"steps": [STEP], "uninstalled": 3}, f"steps[0].cost: {MATERIALS}の原価を含めて入力してください（値: 2）"),
        (
            {"steps": [STEP | {"total_cost": 2}], "uninstalled": 2},
            f"steps[0].total_cost: {MATERIALS}より大きい額を入力してください（値: 2）",
        ),
        (
            {"steps": [{"price": 10, "total_cost": 0, "cost": 0}]},
            f"steps[0].total_cost: {MATERIALS}より大きい額を入力してください（値: 0）",
        ),
    ],
)  # fmt: skip
def test_what_a_progress_refuses(fields: dict[str, Any], message: str) -> None:
    assert ask("progress", **fields) == {"error": message}


# financing


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"rate": "101", "steps": [{"month": 0, "performed": 1}]}, "rate: 0 から 100 までの % で入力してください（値: 101）"),
        ({"rate": "1", "steps": [{"month": 0, "performed": -1}]}, "steps[0].performed: 0 以上で入力してください（値: -1）"),
    ],
)  # fmt: skip
def test_what_a_price_with_interest_refuses(fields: dict[str, Any], message: str) -> None:
    assert ask("financing", **fields) == {"error": message}


def test_steps_of_a_price_with_interest_follow_each_other_and_perform_something() -> None:
    assert "提供する月" in ask("financing", rate="1", steps=[{"month": 0, "bill": 1}])["error"]
    twice = [{"month": 0, "times": 2, "performed": 1}, {"month": 1, "bill": 1}]
    assert "重ならないように" in ask("financing", rate="1", steps=twice)["error"]
