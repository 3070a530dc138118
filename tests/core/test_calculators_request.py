"""What a request reads, what it refuses and how it says so; the list of calculators and their lines."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from urikake.core.calculators import ADDRESSES, CALCULATORS, answer
from urikake.core.calculators.request import LIMIT, Period, Request, RequestError

READ: list[tuple[str, Any, int, Any]] = [
    # reader     value           decimals  read
    ("money", 1_000, 0, 1_000),
    ("money", "1,000", 0, 1_000),
    ("money", "１，０００", 0, 1_000),
    ("money", "-5", 0, -5),
    ("money", Decimal("7.0"), 0, 7),
    ("money", "12.5", 2, 1_250),
    ("money", 12, 2, 1_200),
    ("money", 0, 0, 0),
    ("micro", "0.125", 0, 125_000),
    ("micro", "1e-06", 0, 1),
    ("micro", Decimal("1.5"), 2, 1_500_000),
    ("price", "980", 0, 980_000_000),
    ("price", "0.05", 2, 5_000_000),
    ("decimal", "14.6", 0, Decimal("14.6")),
    ("integer", "30", 0, 30),
    ("date", "2026-04-01", 0, date(2026, 4, 1)),
    ("date", "2026/4/1", 0, date(2026, 4, 1)),
    ("month", "2026-04", 0, date(2026, 4, 1)),
    ("month", "2026/4/30", 0, date(2026, 4, 1)),
    ("text", 20, 0, "20"),
    ("flag", False, 0, False),
    ("period", {"from": "2026-04-01", "to": "2026-04-30"}, 0, Period(date(2026, 4, 1), date(2026, 5, 1))),
    ("texts", ["a", 1], 0, ["a", "1"]),
    ("integers", [30, "60"], 0, [30, 60]),
    ("amounts", ["1.5"], 2, [150]),
]


@pytest.mark.parametrize(("reader", "value", "decimals", "read"), READ)
def test_values_are_read(reader: str, value: Any, decimals: int, read: Any) -> None:
    request = Request({"it": value, "decimals": decimals})
    assert getattr(request, reader)("it") == read


REFUSED: list[tuple[str, Any, int, str]] = [
    ("money", "abc", 0, "it: 数値で入力してください（値: abc）"),
    ("money", "1,00", 0, "it: 数値で入力してください（値: 1,00）"),
    ("money", True, 0, "it: 数値で入力してください（値: True）"),
    ("money", "10.5", 0, "it: 整数で入力してください（値: 10.5）"),
    ("money", "0.125", 2, "it: 小数点以下は 2 桁までです（値: 0.125）"),
    ("money", LIMIT + 1, 0, f"it: 金額が大きすぎます（値: {LIMIT + 1}）"),
    ("micro", "0.0000001", 0, "it: 小数点以下は 6 桁までです（値: 0.0000001）"),
    ("micro", 10**14, 0, f"it: 値が大きすぎます（値: {10**14}）"),
    ("integer", "1.5", 0, "it: 整数で入力してください（値: 1.5）"),
    ("date", "2026-02-30", 0, "it: 日付（YYYY-MM-DD）で入力してください（値: 2026-02-30）"),
    ("date", 20260401, 0, "it: 日付（YYYY-MM-DD）で入力してください（値: 20260401）"),
    ("month", "2026-13", 0, "it: 日付（YYYY-MM-DD）で入力してください（値: 2026-13）"),
    ("month", "April", 0, "it: 年月（YYYY-MM）で入力してください（値: April）"),
    ("flag", "yes", 0, "it: true か false で入力してください（値: yes）"),
    ("text", ["a"], 0, "it: 文字列で入力してください（値: ['a']）"),
    ("items", {}, 0, "it: 配列（[…]）で入力してください（値: {}）"),
    ("items", [1], 0, "it[0]: オブジェクト（{…}）で入力してください（値: 1）"),
    ("integers", [1, "x"], 0, "it[1]: 数値で入力してください（値: x）"),
    (
        "period",
        {"from": "2026-04-02", "to": "2026-04-01"},
        0,
        "it.to: 開始日以後の日付で入力してください（値: 2026-04-01）",
    ),
    ("money", None, 0, "it: 必須の項目です"),
]


@pytest.mark.parametrize(("reader", "value", "decimals", "said"), REFUSED)
def test_what_cannot_be_read_is_said(reader: str, value: Any, decimals: int, said: str) -> None:
    with pytest.raises(RequestError) as caught:
        getattr(Request({"it": value, "decimals": decimals}), reader)("it")
    assert str(caught.value) == said


@pytest.mark.parametrize(
    "reader", ["money", "micro", "price", "decimal", "date", "month", "text", "flag", "items", "record"]
)
def test_a_default_stands_for_what_is_left_out_or_null(reader: str) -> None:
    marker = object()
    read: Callable[..., Any] = getattr(Request({"null": None}), reader)
    assert read("null", marker) is marker
    assert read("missing", marker) is marker


def test_parts_share_decimals_and_rounding_and_are_named_by_their_place() -> None:
    request = Request({"decimals": 2, "rounding": "ceil", "items": [{"amount": "1.00"}, {"amount": "x"}]})
    first, second = request.items("items")
    assert (first.money("amount"), first.rounding, first.amount_out(5)) == (100, "ceil", "0.05")
    with pytest.raises(RequestError, match=r"items\[1\]\.amount: "):
        second.money("amount")


@pytest.mark.parametrize("fields", [{"decimals": -1}, {"decimals": 7}, {"rounding": "up"}])
def test_decimals_and_rounding_are_checked_first(fields: dict[str, Any]) -> None:
    with pytest.raises(RequestError):
        Request(fields)


@pytest.mark.parametrize(
    ("minor", "decimals", "shown"),
    [(1_250, 0, 1_250), (1_250, 2, "12.50"), (-5, 2, "-0.05"), (0, 3, "0.000"), (-1_250, 1, "-125.0")],
)
def test_amounts_go_back_in_the_form_of_the_request(minor: int, decimals: int, shown: int | str) -> None:
    assert Request({"decimals": decimals}).amount_out(minor) == shown


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("", "JSON として読めません（値: ）"),
        ("{oops", "JSON として読めません（値: {oops）"),
        ('{"amount": NaN}', 'JSON として読めません（値: {"amount": NaN}）'),
        ("[1]", "JSON オブジェクト（{…}）で入力してください（値: [1]）"),
        ("{}", "amount: 必須の項目です"),
        ("[" * 100_000, "JSON として読めません（値: " + "[" * 80 + "）"),
    ],
)
def test_a_bad_line_answers_its_error(line: str, said: str) -> None:
    assert json.loads(answer("discount", line)) == {"error": said}


def test_numbers_of_a_line_are_exact_and_japanese_is_not_escaped() -> None:
    line = '{"amount": 100000000000000, "discounts": [{"kind": "percent", "value": 0.1}]}'
    assert json.loads(answer("discount", line))["amount"] == 99_900_000_000_000
    assert "必須" in answer("discount", "{}")


@pytest.mark.parametrize(
    ("value", "share"),
    [
        (1, Fraction(1)),
        (0, Fraction(0)),
        ("0.488", Fraction(61, 125)),
        ("0.123457", Fraction(123_457, 1_000_000)),
        (Decimal("0.6666666666666666"), Fraction(2, 3)),
        ("6/12", Fraction(1, 2)),
        ("999999/1000000", Fraction(999_999, 1_000_000)),
        (Decimal("1e-999999"), Fraction(0)),
    ],
)
def test_shares_are_exact(value: Any, share: Fraction) -> None:
    assert Request({"remaining": value}).share("remaining") == share


def test_an_id_with_a_point_goes_back_as_text() -> None:
    line = '{"receipt": 10, "items": [{"id": 1.50, "date": "2026-04-30", "due": "2026-05-31", "amount": 10}]}'
    assert json.loads(answer("apply", line))["applications"] == [{"id": "1.50", "amount": 10}]


def test_an_unknown_calculator_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        answer("horoscope", "{}")


@pytest.mark.parametrize("name", ["price", "proration", "change", "discount", "tax", "schedule"])
def test_calculators_are_loaded_by_name(name: str) -> None:
    assert CALCULATORS[name].__name__ == ADDRESSES[name].partition(":")[2]


def test_the_list_is_of_the_published_ones() -> None:
    published = (
        "price periods proration change discount due tax schedule allocation modification release position progress financing"
        " apply match payer aging credit fx late-charge"
    ).split()
    assert list(CALCULATORS) == published
    assert "horoscope" not in CALCULATORS
