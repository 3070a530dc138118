"""The calculators apply, match and payer, asked in JSON as outsiders do."""

from __future__ import annotations

import json
from typing import Any

import pytest

from urikake.core.calculators import answer

A = {"id": "A", "date": "2026-04-30", "due": "2026-05-31", "amount": 10_000}
B = {"id": "B", "date": "2026-03-31", "due": "2026-04-30", "amount": 20_000}


def ask(calculator: str, /, **fields: Any) -> dict[str, Any]:
    return dict(json.loads(answer(calculator, json.dumps(fields, ensure_ascii=False))))


def applied(found: dict[str, Any]) -> dict[str, Any]:
    return {one["id"]: one["amount"] for one in found["applications"]}


# receipt    policy, tolerance, adjustments                                applied                        difference  kind
APPLIED = [
    (30_000, {},                                                           {"B": 20_000, "A": 10_000},         0, None),
    (25_000, {"policy": "oldest"},                                         {"B": 20_000, "A": 5_000},     -5_000, "remain"),
    (25_000, {"policy": "proportional"},                                   {"A": 8_333, "B": 16_667},     -5_000, "remain"),
    (15_000, {},                                                           {"B": 15_000},                -15_000, "remain"),
    (29_560, {"fee_tolerance": 880},                                       {"B": 20_000, "A": 10_000},      -440, "fee"),
    (29_120, {"fee_tolerance": 880, "policy": "proportional"},             {"A": 10_000, "B": 20_000},      -880, "fee"),
    (29_119, {"fee_tolerance": 880},                                       {"B": 20_000, "A": 9_119},       -881, "remain"),
    (29_560, {},                                                           {"B": 20_000, "A": 9_560},       -440, "remain"),
    (31_000, {},                                                           {"B": 20_000, "A": 10_000},     1_000, "advance"),
    (19_790, {"adjustments": [{"kind": "withholding", "amount": 10_210}]}, {"B": 20_000, "A": 10_000},   -10_210, None),
    (29_000, {"adjustments": [{"kind": "discount", "amount": 560}], "fee_tolerance": 440}, {"B": 20_000, "A": 10_000}, -1_000, "fee"),
    (25_000, {"to": [{"id": "A", "amount": 10_000}, {"id": "B", "amount": 15_000}]}, {"A": 10_000, "B": 15_000}, -5_000, "remain"),
    (29_560, {"to": [{"id": "A", "amount": 10_000}, {"id": "B", "amount": 20_000}], "adjustments": [{"kind": "fee", "amount": 440}]},
             {"A": 10_000, "B": 20_000}, -440, None),
]  # fmt: skip


@pytest.mark.parametrize(("receipt", "fields", "settled", "difference", "kind"), APPLIED)
def test_apply(
    receipt: int, fields: dict[str, Any], settled: dict[str, int], difference: int, kind: str | None
) -> None:
    found = ask("apply", receipt=receipt, items=[A, B], **fields)
    assert list(applied(found).items()) == list(settled.items())
    assert (found["difference"], found["kind"]) == (difference, kind)


@pytest.mark.parametrize(
    ("to", "says"),
    [
        ([{"id": "A", "amount": 10_001}], "残高"),
        ([{"id": "A", "amount": 6_000}, {"id": "A", "amount": 6_000}], "残高"),
        ([{"id": "A", "amount": 10_000}, {"id": "B", "amount": 15_001}], "入金額"),
        ([{"id": "C", "amount": 1}], "明細"),
        ([{"id": "A", "amount": -1}], "残高"),
    ],
)
def test_applying_more_than_there_is_is_refused(to: list[dict[str, Any]], says: str) -> None:
    assert says in ask("apply", receipt=25_000, items=[A, B], to=to)["error"]


def test_apply_answers_in_the_decimals_of_the_request() -> None:
    found = ask("apply", receipt="250.00", decimals=2, items=[{"id": 1, "amount": "300.00"}])
    assert found == {"applications": [{"id": 1, "amount": "250.00"}], "difference": "-50.00", "kind": "remain"}


def test_one_id_for_two_items_is_refused() -> None:
    assert "同じ id" in ask("apply", receipt=1, items=[A, A])["error"]


NAMES = ["カブシキガイシャアオバショウジ"]
OPEN = [
    {"id": 1, "partner": "C1", "names": NAMES, "amount": 6_760, "due": "2026-05-29", "number": "INV-2026-00001"},
    {"id": 2, "partner": "C1", "names": NAMES, "amount": 3_000, "due": "2026-06-30", "number": "INV-2026-00002"},
    {"id": 3, "partner": "C1", "names": NAMES, "amount": 2_500, "due": "2026-06-30", "number": "INV-2026-00002"},
    {"id": 4, "partner": "C2", "names": ["ミドリ"], "amount": 5_500, "due": "2026-06-30", "number": "INV-2026-00003"},
]


@pytest.mark.parametrize(
    ("amount", "items", "difference", "kind", "automatic"),
    [
        (6_320,  [1],       -440,   "fee",     True),
        (6_760,  [1],       0,      None,      True),
        (5_500,  [2, 3],    0,      None,      True),
        (12_260, [1, 2, 3], 0,      None,      True),
        (3_000,  [1],       -3_760, "remain",  False),
        (13_000, [1, 2, 3], 740,    "advance", False),
    ],
)  # fmt: skip
def test_match(amount: int, items: list[int], difference: int, kind: str | None, automatic: bool) -> None:
    receipt = {"payer": "ｶ)ｱｵﾊﾞｼﾖｳｼﾞ", "amount": amount, "date": "2026-05-29", "reference": ""}
    found = ask("match", receipt=receipt, items=OPEN, fee_tolerance=880, fees=[440])
    best = found["proposals"][0]
    assert (best["items"], best["difference"], best["kind"], found["automatic"]) == (items, difference, kind, automatic)
    assert best["unique"] is True
    assert "振込名義が一致" in best["why"]


def test_match_without_names_takes_the_items_for_the_payers() -> None:
    items = [{"id": n, "amount": amount} for n, amount in enumerate([1_000, 1_000, 2_500])]
    assert ask("match", receipt={"amount": 2_500}, items=items)["automatic"] is True
    doubtful = ask("match", receipt={"amount": 1_000}, items=items)
    assert [one["unique"] for one in doubtful["proposals"][:2]] == [False, False]
    assert doubtful["automatic"] is False


def test_match_of_a_stranger_is_proposed_but_never_automatic() -> None:
    found = ask("match", receipt={"payer": "ﾌﾒｲ", "amount": 6_760}, items=OPEN)
    assert (found["proposals"][0]["items"], found["automatic"]) == ([1], False)
    assert ask("match", receipt={"payer": "ﾌﾒｲ", "amount": 1}, items=OPEN) == {"proposals": [], "automatic": False}


def test_match_writes_amounts_with_decimals_as_people_do() -> None:
    items = [{"id": 1, "amount": "100.00"}]
    found = ask("match", decimals=2, receipt={"amount": "95.60"}, items=items, fee_tolerance="5.00")
    assert found["proposals"][0]["difference"] == "-4.40"
    assert "4.40" in found["proposals"][0]["why"]


def test_payer() -> None:
    assert ask("payer", name="ﾕ)ｷﾀﾉｾｲｻｸｼﾖ") == {
        "folded": "キタノセイサクシヨ",
        "legal_form": "有限会社",
        "position": "head",
    }
    assert ask("payer", name="ヰヱヲ ー")["folded"] == "イエオ-"
    assert ask("payer", a="ｶ)ｱｵﾊﾞ", b="アオバ㈱") == {"same": True, "score": 1.0}
    assert ask("payer", a="アオバ", b="ミドリ")["same"] is False
    assert "b" in ask("payer", a="アオバ")["error"]
    assert "name" in ask("payer")["error"]
