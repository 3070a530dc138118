"""Consumption tax, against worked invoices, laws and an oracle with fractions."""

from __future__ import annotations

import math
import random
from collections import defaultdict
from datetime import date
from fractions import Fraction

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from urikake.core.money import ROUNDINGS, Rounding
from urikake.core.tax import RATES, TAX_CLASSES, invoice_taxes, rate_micro, supposed

LINE = {"invoice": pl.Int64, "amount": pl.Int64, "tax": pl.String, "rate_micro": pl.Int64, "inclusive": pl.Boolean}
PERCENT = 1_000_000
Row = tuple[int, int, str, int, bool]


def frame(rows: list[Row]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=LINE, orient="row")


def one(amounts: list[int], percent: int = 10, inclusive: bool = False) -> pl.DataFrame:
    return frame([(1, amount, "standard", percent * PERCENT, inclusive) for amount in amounts])


@pytest.mark.parametrize(
    ("tax", "on", "percent"),
    [
        ("standard", "1989-03-31", 0),
        ("standard", "1989-04-01", 3),
        ("standard", "1997-03-31", 3),
        ("standard", "1997-04-01", 5),
        ("standard", "2014-03-31", 5),
        ("standard", "2014-04-01", 8),
        ("standard", "2019-09-30", 8),
        ("standard", "2019-10-01", 10),
        ("standard", "2026-04-01", 10),
        ("reduced", "2019-09-30", 8),
        ("reduced", "2019-10-01", 8),
        ("exempt", "2026-04-01", 0),
        ("out_of_scope", "2026-04-01", 0),
        ("export", "2026-04-01", 0),
    ],
)
def test_rates_by_date(tax: str, on: str, percent: int) -> None:
    asked = pl.select(rate_micro(pl.lit(tax), pl.lit(date.fromisoformat(on)))).item()
    assert asked == percent * PERCENT


def test_an_unknown_class_has_no_rate() -> None:
    assert pl.select(rate_micro(pl.lit("luxury"), pl.lit(date(2026, 4, 1)))).item() is None
    assert set(RATES["tax"]) == set(TAX_CLASSES)


def test_rates_can_be_given_for_a_coming_change() -> None:
    coming = pl.concat([RATES, pl.DataFrame({"tax": ["reduced"], "from_on": [date(2027, 4, 1)], "rate_micro": [0]})])
    days = pl.DataFrame({"on": [date(2027, 3, 31), date(2027, 4, 1)]})
    found = days.select(rate_micro(pl.lit("reduced"), pl.col("on"), coming)).to_series().to_list()
    assert found == [8 * PERCENT, 0]


WORKED: list[tuple[list[int], int, bool, Rounding, int, int, list[int]]] = [
    # amounts            %  incl.  rounding     net   tax  shares
    ([105, 105, 105],   10, False, "floor",     315,   31, [11, 10, 10]),
    ([833, 215, 207],   10, False, "floor",    1255,  125, [83, 21, 21]),
    ([833, 215, 207],   10, False, "ceil",     1255,  126, [84, 21, 21]),
    ([833, 215, 207],   10, False, "half_up",  1255,  126, [84, 21, 21]),
    ([3000],             8, False, "floor",    3000,  240, [240]),
    ([800, 200, 200, 2000], 10, False, "floor", 3200, 320, [80, 20, 20, 200]),
    ([1100],            10, True,  "floor",    1000,  100, [100]),
    ([100, 100],        10, True,  "floor",     182,   18, [9, 9]),
    ([-105, -105, -105], 10, False, "floor",   -315,  -31, [-11, -10, -10]),
    ([1000, -300],      10, False, "floor",     700,   70, [100, -30]),
    ([1000, -1000],     10, False, "floor",       0,    0, [100, -100]),
    ([5000],             0, False, "floor",    5000,    0, [0]),
]  # fmt: skip


@pytest.mark.parametrize(("amounts", "percent", "inclusive", "rounding", "net", "tax", "shares"), WORKED)
def test_worked_invoices(
    amounts: list[int], percent: int, inclusive: bool, rounding: Rounding, net: int, tax: int, shares: list[int]
) -> None:
    taxes, lines = invoice_taxes(one(amounts, percent, inclusive), rounding)
    assert taxes.select("net", "amount").rows() == [(net, tax)]
    assert lines["tax_amount"].to_list() == shares


def test_rates_are_listed_as_first_met_and_lines_stay_in_place() -> None:
    rows: list[Row] = [
        (2, 500, "reduced", 8 * PERCENT, False),
        (1, 100, "standard", 10 * PERCENT, False),
        (2, 300, "standard", 10 * PERCENT, False),
        (2, 250, "reduced", 8 * PERCENT, False),
    ]
    taxes, lines = invoice_taxes(frame(rows), "floor")
    assert taxes.columns == ["invoice", "tax", "rate_micro", "net", "amount"]
    assert taxes.select("invoice", "tax", "amount").rows() == [
        (2, "reduced", 60),
        (1, "standard", 10),
        (2, "standard", 30),
    ]
    assert lines.columns == [*LINE, "tax_amount", "net"]
    assert lines.select("amount", "tax_amount").rows() == [(500, 40), (100, 10), (300, 30), (250, 20)]


def test_an_invoice_run_without_lines_has_no_taxes() -> None:
    taxes, lines = invoice_taxes(frame([]), "floor")
    assert (taxes.height, lines.height) == (0, 0)


def rounded(value: Fraction, rounding: Rounding) -> int:
    size = abs(value)
    whole = math.floor(size)
    rest = size - whole
    up = {
        "floor": False,
        "ceil": rest > 0,
        "half_up": rest >= Fraction(1, 2),
        "half_even": rest > Fraction(1, 2) or (rest == Fraction(1, 2) and whole % 2 == 1),
    }[rounding]
    return (whole + up) * (-1 if value < 0 else 1)


def shares(total: int, weights: list[int], factor: Fraction) -> list[int]:
    """Largest remainder, ties to the earlier, by sorting; beside charges a credit bears the tax of its own amount."""
    if min(weights) < 0 < max(weights):
        return signed(total, weights, factor)
    sizes = [abs(weight) for weight in weights]
    sizes = sizes if sum(sizes) else [1] * len(sizes)
    exact = [Fraction(abs(total) * size, sum(sizes)) for size in sizes]
    given_ = [math.floor(share) for share in exact]
    for at in sorted(range(len(sizes)), key=lambda at: (given_[at] - exact[at], at))[: abs(total) - sum(given_)]:
        given_[at] += 1
    return [share * (-1 if total < 0 else 1) for share in given_]


def signed(total: int, weights: list[int], factor: Fraction) -> list[int]:
    side = -1 if sum(weights) < 0 else 1
    exact = [weight * side * factor for weight in weights]
    given_ = [math.floor(share) for share in exact]
    for at in sorted(range(len(weights)), key=lambda at: (given_[at] - exact[at], at))[: total * side - sum(given_)]:
        given_[at] += 1
    return [share * side for share in given_]


def drawn(seed: int, invoices: int) -> list[Row]:
    luck, rows = random.Random(seed), []
    for invoice in range(invoices):
        inclusive, sign = luck.random() < 0.4, luck.choice([1, 1, 1, -1])
        for _ in range(luck.randint(1, 6)):
            tax, percent = luck.choice([("standard", 10), ("standard", 8), ("reduced", 8), ("exempt", 0)])
            amount = luck.choice([1, luck.randint(0, 3_000), luck.randint(0, 10**9)]) * sign
            amount = -amount if luck.random() < 0.1 else amount
            rows.append((invoice, amount, tax, percent * PERCENT, inclusive))
    luck.shuffle(rows)
    return rows


@pytest.mark.parametrize("rounding", ROUNDINGS)
def test_invoices_agree_with_fractions(rounding: Rounding) -> None:
    rows = drawn(ROUNDINGS.index(rounding), 800)
    taxes, lines = invoice_taxes(frame(rows), rounding)
    members: dict[tuple[int, str, int], list[int]] = defaultdict(list)
    for at, (invoice, _, tax, rate, _) in enumerate(rows):
        members[invoice, tax, rate].append(at)
    assert taxes.select("invoice", "tax", "rate_micro").rows() == list(members)
    for (_, _, rate), ats, (net, amount) in zip(
        members, members.values(), taxes.select("net", "amount").iter_rows(), strict=True
    ):
        inclusive, total = rows[ats[0]][4], sum(rows[at][1] for at in ats)
        factor = Fraction(rate, 100 * PERCENT + (rate if inclusive else 0))
        expected = rounded(total * factor, rounding)
        assert (net, amount) == (total - expected if inclusive else total, expected)
        parts = shares(expected, [rows[at][1] for at in ats], factor)
        assert [lines["tax_amount"][at] for at in ats] == parts
        nets = [rows[at][1] - (part if inclusive else 0) for at, part in zip(ats, parts, strict=True)]
        assert [lines["net"][at] for at in ats] == nets
        assert sum(nets) == net


@settings(max_examples=80, deadline=None)
@given(st.lists(st.integers(-(10**12), 10**12), min_size=1, max_size=12), st.booleans(), st.sampled_from(ROUNDINGS))
def test_lines_sum_to_the_invoice_and_a_return_mirrors_it(
    amounts: list[int], inclusive: bool, rounding: Rounding
) -> None:
    taxes, lines = invoice_taxes(one(amounts, 10, inclusive), rounding)
    back, mirrored = invoice_taxes(one([-amount for amount in amounts], 10, inclusive), rounding)
    assert lines["tax_amount"].sum() == taxes["amount"][0] == -back["amount"][0]
    assert lines["net"].sum() == taxes["net"][0] == -back["net"][0]
    assert (lines["tax_amount"] + mirrored["tax_amount"]).to_list() == [0] * len(amounts)


def test_supposed_rates_hold_from_their_day_and_stand_for_the_laws_of_the_same_day() -> None:
    rates = supposed("reduced=0%@2027-01-01,standard=12.5%@2019-10-01,reduced=8%@2029-01-01")
    days = pl.DataFrame({"on": [date(2019, 9, 30), date(2019, 10, 1), date(2027, 1, 1), date(2029, 1, 1)]})
    for tax, expected in (("standard", [8, 12.5, 12.5, 12.5]), ("reduced", [8, 8, 0, 8]), ("exempt", [0, 0, 0, 0])):
        found = days.select(rate_micro(pl.lit(tax), pl.col("on"), rates)).to_series()
        assert (found / 1_000_000).to_list() == expected
    assert supposed("").equals(RATES)
