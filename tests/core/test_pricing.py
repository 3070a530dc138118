"""Price models, against worked tables, laws and an oracle that prices with fractions."""

from __future__ import annotations

import math
import random
from fractions import Fraction
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from urikake.core.money import MICRO
from urikake.core.pricing import PRICE_MODELS, SCALE, TIERS, exact, raised, steps

SCHEMA: dict[str, Any] = {
    "price_model": pl.String,
    "unit_price_micro": pl.Int64,
    "taken_micro": pl.Int64,
    "quantity_micro": pl.Int64,
    "included_micro": pl.Int64,
    "overage_price_micro": pl.Int64,
    "package_size_micro": pl.Int64,
    "package_rounding": pl.String,
    "minimum": pl.Int64,
    "maximum": pl.Int64,
    "tiers": TIERS,
}


def micro(value: str | float | None) -> int | None:
    return None if value is None else int(Fraction(str(value)) * MICRO)


def line(model: str, price: str = "0", quantity: str = "0", taken: str = "1", **more: Any) -> dict[str, Any]:
    numbers = {name: micro(more.get(name.removesuffix("_micro"))) for name in SCHEMA if name.endswith("_micro")}
    own = {"unit_price_micro": micro(price), "quantity_micro": micro(quantity), "taken_micro": micro(taken)}
    kept = {name: more.get(name) for name in ("minimum", "maximum", "tiers")}
    rounding = {"package_rounding": more.get("package_rounding", "ceil")}
    return {"price_model": model} | numbers | own | kept | rounding


def tiers(text: str) -> list[dict[str, Any]]:
    """``up-to@price+flat/package`` by ``;``."""
    parts = []
    for part in text.split(";"):
        up_to, _, rest = part.partition("@")
        rest, _, size = rest.partition("/")
        price, _, flat = rest.partition("+")
        bound = None if up_to == "*" else micro(up_to)
        one = {"up_to_micro": bound, "unit_price_micro": micro(price), "flat": int(flat or 0)}
        parts.append(one | {"package_size_micro": micro(size or None)})
    return parts


def price(rows: list[dict[str, Any]]) -> list[Fraction]:
    return [Fraction(value, SCALE) for value in exact(pl.DataFrame(rows, schema=SCHEMA))]


STEPS = "100@10;500@8;*@5"
FLATS = "100@0+1000;*@5+300"
WORKED = [
    (line("flat", "980", taken="3", quantity="7"), "2940"),
    (line("free", "980", "5", minimum=100), "0"),
    (line("unit", "1500", "3"), "4500"),
    (line("unit", "0.125", "3.5"), "0.4375"),
    (line("unit", "10", "-3"), "-30"),
    (line("unit", "10", "120", included="100"), "200"),
    (line("unit", "10", "80", included="100"), "0"),
    (line("unit", "10", "250", taken="2", included="100"), "500"),
    (line("included", "3000", "130", included="100", overage_price="20"), "3600"),
    (line("included", "3000", "130", taken="2", included="100", overage_price="20"), "6000"),
    (line("included", "3000", "130", taken="0", included="100", overage_price="20"), "3600"),
    (line("included", "3000", "0", included="100", overage_price="20"), "3000"),
    (line("package", "500", "1", package_size="100"), "500"),
    (line("package", "500", "200", package_size="100"), "1000"),
    (line("package", "500", "201", package_size="100"), "1500"),
    (line("package", "500", "299", package_size="100", package_rounding="floor"), "1000"),
    (line("package", "500", "299", package_size="100", included="100"), "1000"),
    (line("package", "500", "0", package_size="100"), "0"),
    (line("graduated", quantity="0", tiers=tiers(STEPS)), "0"),
    (line("graduated", quantity="100", tiers=tiers(STEPS)), "1000"),
    (line("graduated", quantity="101", tiers=tiers(STEPS)), "1008"),
    (line("graduated", quantity="600", tiers=tiers(STEPS)), "4700"),
    (line("graduated", quantity="600", taken="9", tiers=tiers(STEPS)), "4700"),
    (line("graduated", quantity="0", tiers=tiers(FLATS)), "1000"),
    (line("graduated", quantity="100", tiers=tiers(FLATS)), "1000"),
    (line("graduated", quantity="101", tiers=tiers(FLATS)), "1305"),
    (line("graduated", quantity="131", tiers=tiers("100@1;*@50/10")), "300"),
    (line("volume", quantity="0", tiers=tiers(FLATS)), "1000"),
    (line("volume", quantity="100", tiers=tiers(STEPS)), "1000"),
    (line("volume", quantity="101", tiers=tiers(STEPS)), "808"),
    (line("volume", quantity="1000", tiers=tiers(FLATS)), "5300"),
    (line("unit", "10", "3", minimum=100), "100"),
    (line("unit", "10", "3", maximum=20), "20"),
    (line("graduated", quantity="600", tiers=tiers(STEPS), maximum=4_000), "4000"),
]


@pytest.mark.parametrize(("row", "yen"), WORKED)
def test_worked_prices(row: dict[str, Any], yen: str) -> None:
    assert price([row]) == [Fraction(yen)]


def millionths(row: dict[str, Any], name: str) -> Fraction:
    return Fraction(row[name] or 0, MICRO)


def packs(units: Fraction, size: int | None, rounding: str) -> Fraction:
    if size is None:
        return units
    share = units / Fraction(size, MICRO)
    return Fraction(math.floor(share) if rounding == "floor" else math.ceil(share))


def tier_parts(row: dict[str, Any]) -> list[Fraction]:
    """Every tier entered, priced, walking up the stairs."""
    quantity, below, parts = millionths(row, "quantity_micro"), Fraction(0), []
    for at, tier in enumerate(row["tiers"]):
        last = at == len(row["tiers"]) - 1
        top = quantity if last else Fraction(tier["up_to_micro"], MICRO)
        entered = at == 0 or quantity > below
        if row["price_model"] == "volume":
            entered, units = entered and quantity <= top, quantity
        else:
            units = min(quantity, top) - below
        if entered:
            priced = packs(units, tier["package_size_micro"], row["package_rounding"])
            parts.append(priced * millionths(tier, "unit_price_micro") + tier["flat"])
        below = top
    return parts


def parts_of(row: dict[str, Any]) -> list[Fraction]:
    """The parts of the price, written as the rule is told."""
    model, price, quantity = row["price_model"], millionths(row, "unit_price_micro"), millionths(row, "quantity_micro")
    taken = Fraction(1) if model == "included" and row["taken_micro"] == 0 else millionths(row, "taken_micro")
    over = max(quantity - millionths(row, "included_micro") * taken, Fraction(0))
    match model:
        case "flat":
            return [price * taken]
        case "unit":
            return [price * (quantity if row["included_micro"] is None else over)]
        case "included":
            return [price * taken] + ([millionths(row, "overage_price_micro") * over] if over else [])
        case "package":
            return [price * packs(over, row["package_size_micro"], row["package_rounding"])]
        case "free":
            return [Fraction(0)]
    return tier_parts(row)


def oracle(row: dict[str, Any]) -> tuple[Fraction, list[Fraction]]:
    """The price within its bounds, and its parts."""
    parts = parts_of(row)
    total = sum(parts, Fraction(0))
    if row["price_model"] != "free":
        total = total if row["minimum"] is None else max(total, Fraction(row["minimum"]))
        total = total if row["maximum"] is None else min(total, Fraction(row["maximum"]))
    return total, parts


def drawn(seed: int, count: int) -> list[dict[str, Any]]:
    luck, rows = random.Random(seed), []
    for _ in range(count):
        bounds = sorted(luck.sample(range(1, 1000), luck.randint(0, 3)))
        stairs: list[dict[str, Any]] = [
            {
                "up_to_micro": None if bound is None else bound * luck.choice([MICRO, MICRO // 2]),
                "unit_price_micro": luck.randint(0, 50 * MICRO),
                "flat": luck.choice([0, 0, 300]),
                "package_size_micro": luck.choice([None, None, 10 * MICRO, 2_500_000]),
            }
            for bound in [*bounds, None]
        ]
        for above, below in zip(stairs[1:-1], stairs, strict=False):
            above["up_to_micro"] = max(above["up_to_micro"], below["up_to_micro"] + 1)
        rows.append(
            {
                "price_model": luck.choice(PRICE_MODELS),
                "unit_price_micro": luck.randint(-(10**9), 10**11),
                "taken_micro": luck.choice([0, MICRO, 3 * MICRO, 1_500_000]),
                "quantity_micro": luck.choice([0, luck.randint(0, 1200) * MICRO, luck.randint(0, 10**10)]),
                "included_micro": luck.choice([None, 0, 100 * MICRO]),
                "overage_price_micro": luck.choice([None, luck.randint(0, 10**8)]),
                "package_size_micro": luck.choice([MICRO, 100 * MICRO, 333_333]),
                "package_rounding": luck.choice(["ceil", "floor"]),
                "minimum": luck.choice([None, None, 0, 5_000]),
                "maximum": luck.choice([None, None, 20_000]),
                "tiers": stairs,
            }
        )
    return rows


def test_every_model_agrees_with_fractions() -> None:
    rows = drawn(1, 4_000)
    for row, value in zip(rows, price(rows), strict=True):
        assert value == oracle(row)[0], row


def test_the_steps_are_the_parts_of_the_price() -> None:
    rows = drawn(2, 1_000)
    parts = steps(pl.DataFrame(rows, schema=SCHEMA))
    assert parts["row"].is_sorted()
    by_row: dict[int, list[Fraction]] = {}
    for step in parts.iter_rows(named=True):
        assert step["exact"] == step["units_micro"] * step["unit_price_micro"] + step["flat"] * SCALE
        by_row.setdefault(step["row"], []).append(Fraction(step["exact"], SCALE))
    assert [by_row.get(at, []) for at in range(len(rows))] == [oracle(row)[1] for row in rows]


def test_only_the_named_columns_are_needed() -> None:
    few = pl.DataFrame([line("flat", "980"), line("unit", "2", "3")], schema=SCHEMA).select(list(SCHEMA)[:4])
    assert exact(few).to_list() == [980 * SCALE, 6 * SCALE]
    assert exact(few.clear()).to_list() == []


def test_the_largest_products_are_exact() -> None:
    row = line("unit", "1", "1") | {"unit_price_micro": 10**15, "quantity_micro": 999_999_999_999}
    assert exact(pl.DataFrame([row], schema=SCHEMA)).to_list() == [10**15 * 999_999_999_999]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 2_000 * MICRO), min_size=2, max_size=20))
def test_more_never_costs_less_by_graduated_tiers(quantities: list[int]) -> None:
    rows = [line("graduated", tiers=tiers(STEPS)) | {"quantity_micro": one} for one in sorted(quantities)]
    prices = price(rows)
    assert prices == sorted(prices)


@settings(max_examples=60, deadline=None)
@given(st.integers(-(10**12), 10**12), st.integers(0, 10**10), st.integers(0, 10**10))
def test_a_unit_price_is_linear(unit: int, a: int, b: int) -> None:
    rows = [line("unit") | {"unit_price_micro": unit, "quantity_micro": one} for one in (a, b, a + b)]
    first, second, both = price(rows)
    assert first + second == both


def raised_slowly(price_micro: int, percent: Fraction) -> int:
    """The price with its share, rounded half up to a yen where it was whole yen, else to a millionth."""
    step = MICRO if price_micro % MICRO == 0 else 1
    exactly = Fraction(price_micro) * (100 + percent) / 100 / step
    return math.floor(exactly + Fraction(1, 2)) * step


@given(
    st.integers(0, 10**12) | st.integers(0, 10**6).map(lambda yen: yen * MICRO),
    st.integers(-100 * MICRO, 1_000 * MICRO),
)
def test_a_raised_price_is_the_share_of_it_rounded_once(price_micro: int, percent_micro: int) -> None:
    found = pl.DataFrame({"price": [price_micro]}).select(raised(pl.col("price"), percent_micro)).item()
    assert found == raised_slowly(price_micro, Fraction(percent_micro, MICRO))
