"""Registration numbers: published and made-up ones, and every single wrong digit."""

from __future__ import annotations

import random

import polars as pl
import pytest
from stdnum.jp import cn

from urikake.core.formats.registration_number import normalised, problem, problems

VALID = [
    "5835678256246",
    "7000012050002",
    "8990000000001",
    "7990000000002",
    "9880000000003",
    "7010705000725",
    "4011001098993",
]
INVALID = ["5835678256247", "0000000000000", "1234567890123"]


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("T8990000000001",       "T8990000000001"),
        ("ｔ８９９０００００００００１", "T8990000000001"),
        ("t8-9900-0000-0001",    "T8990000000001"),
        (" T 8990 0000 0000 1 ", "T8990000000001"),
        ("Ｔ８－９９００ー００００‐０００１", "T8990000000001"),
    ],
)  # fmt: skip
def test_a_number_is_stored_in_one_spelling(written: str, stored: str) -> None:
    assert normalised(written) == stored
    assert problem(written) is None


@pytest.mark.parametrize("digits", VALID)
def test_a_right_number_has_no_problem(digits: str) -> None:
    assert problem("T" + digits) is None


@pytest.mark.parametrize("digits", INVALID)
def test_a_wrong_check_digit_is_refused(digits: str) -> None:
    assert "チェックデジット" in str(problem("T" + digits))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "T",
        "8990000000001",
        "T899000000000",
        "T89900000000011",
        "X8990000000001",
        "T899000000000A",
        "T89900000000０一",
    ],
)
def test_a_wrong_form_is_refused(text: str) -> None:
    assert "13 桁" in str(problem(text))


def test_every_single_wrong_digit_is_found_but_nine_for_zero() -> None:
    for digits in VALID:
        for place in range(13):
            for other in "0123456789":
                wrong = digits[:place] + other + digits[place + 1 :]
                escapes = place > 0 and {digits[place], other} == {"0", "9"}
                assert (problem("T" + wrong) is None) == (wrong == digits or escapes), wrong


def test_a_column_is_judged_as_its_numbers_are() -> None:
    chance = random.Random(3)
    bodies = [f"{chance.randrange(10**12):012d}" for _ in range(3_000)]
    numbers = [f"T{chance.choice([cn.calc_check_digit(body), '1', '0'])}{body}" for body in bodies]
    numbers += ["t8-9900-0000-0001", "T12", "ｔ１２", "T899000000000A", "8990000000001"]
    judged = problems(pl.Series("number", [*numbers, None, "", " "]))
    assert judged.to_list() == [*(problem(number) for number in numbers), None, None, None]
    assert judged.name == "number"
    assert judged.null_count() > 1_000
