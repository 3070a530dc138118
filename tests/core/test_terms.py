"""Closing days, bill dates and dues, against worked tables and an oracle of plain Python and fractions."""

from __future__ import annotations

import random
from calendar import monthrange
from datetime import date, timedelta
from fractions import Fraction

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from urikake.core import terms
from urikake.core.calendar import bank_holidays

DAY = timedelta(days=1)
DUES = {
    "key": pl.Int64,
    "closing_on": pl.Date,
    "amount": pl.Int64,
    "payment_months": pl.Int64,
    "payment_day": pl.Int64,
    "payment_days": pl.Int64,
    "holiday_shift": pl.String,
    "method": pl.String,
    "split": pl.String,
}


def d(text: str) -> date:
    return date.fromisoformat(text)


# closing days


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("", []),
        ("10", [10]),
        ("31", [31]),
        ("末", [31]),
        ("末日", [31]),
        ("10;20;31", [10, 20, 31]),
        (" 1 ; 28;", [1, 28]),
        ("２０；末日", [20, 31]),
        ("15日", [15]),
        ("10;10", [10]),
        ("金曜", [37]),
        ("毎週月曜日; 日曜;20", [20, 33, 39]),
    ],
)
def test_closing_mask(text: str, days: list[int]) -> None:
    assert terms.closing_mask(text) == sum(1 << day for day in days)


@pytest.mark.parametrize(
    "text", ["0", "29", "30", "32", "-1", "1.5", "10,20", "abc", "日", "金", "毎週", "10;x", "100"]
)
def test_closing_mask_refuses(text: str) -> None:
    with pytest.raises(ValueError, match="締日は"):
        terms.closing_mask(text)


def slow_closes(mask: int, day: date) -> bool:
    last = day.day == monthrange(day.year, day.month)[1]
    if mask >> (33 + day.weekday()) & 1:
        return True
    return mask == 0 or (day.day <= 28 and bool(mask >> day.day & 1)) or (last and bool(mask >> 31 & 1))


@pytest.mark.parametrize(
    "on", ["2026-02-28", "2028-02-28", "2028-02-29", "2026-04-30", "2026-05-31", "2026-05-29", "2026-05-10"]
)
def test_is_closing(on: str) -> None:
    masks = [
        0,
        1 << 10,
        1 << 28,
        1 << 31,
        (1 << 28) + (1 << 31),
        (1 << 10) + (1 << 20),
        *(1 << bit for bit in range(33, 40)),
    ]
    found = pl.DataFrame({"mask": masks}).select(terms.is_closing(pl.col("mask"), d(on))).to_series().to_list()
    assert found == [slow_closes(mask, d(on)) for mask in masks]


# bill dates


@pytest.mark.parametrize(
    ("closing", "from_on", "to_on", "advance", "current", "arrears"),
    [
        ("31", "2026-04-01", "2026-05-01", "2026-03-31", "2026-04-30", "2026-04-30"),
        ("20", "2026-04-01", "2026-05-01", "2026-03-20", "2026-04-20", "2026-05-20"),
        ("20", "2026-04-21", "2026-05-21", "2026-04-20", "2026-05-20", "2026-05-20"),
        ("20", "2026-04-20", "2026-05-20", "2026-03-20", "2026-04-20", "2026-05-20"),
        ("10;20;31", "2026-04-15", "2026-05-15", "2026-04-10", "2026-04-20", "2026-05-20"),
        ("28", "2026-02-28", "2026-03-28", "2026-01-28", "2026-02-28", "2026-03-28"),
        ("31", "2028-02-29", "2028-03-31", "2028-01-31", "2028-02-29", "2028-03-31"),
        ("", "2026-04-01", "2026-05-01", "2026-03-31", "2026-04-01", "2026-04-30"),
        ("31", "2026-01-01", "2027-01-01", "2025-12-31", "2026-01-31", "2026-12-31"),
    ],
)
def test_bill_on(closing: str, from_on: str, to_on: str, advance: str, current: str, arrears: str) -> None:
    period = {"from_on": d(from_on), "to_on": d(to_on), "closing_mask": terms.closing_mask(closing)}
    frame = pl.DataFrame([{"timing": timing, **period} for timing in ("advance", "current", "arrears")])
    assert terms.bill_on(frame).to_list() == [d(advance), d(current), d(arrears)]


def slow_bill_on(timing: str, from_on: date, to_on: date, mask: int) -> date:
    day, step = {"advance": (from_on - DAY, -DAY), "current": (from_on, DAY), "arrears": (to_on - DAY, DAY)}[timing]
    while not slow_closes(mask, day):
        day += step
    return day


@pytest.mark.parametrize("mask", [1 << 31, 1 << 37, (1 << 10) + (1 << 31) + (1 << 33) + (1 << 39), 0])
def test_closing_days_are_written_as_they_are_read(mask: int) -> None:
    assert terms.closing_mask(terms.closing_text(mask)) == mask


def test_bill_dates_agree_with_a_walk_day_by_day() -> None:
    chance = random.Random(4)
    masks = [
        0,
        1 << 31,
        1 << 37,
        (1 << 33) + (1 << 39),
        *(
            sum(1 << b for b in chance.sample([*range(1, 29), 31, *range(33, 40)], chance.randint(1, 4)))
            for _ in range(300)
        ),
    ]
    rows = []
    for _ in range(6_000):
        from_on = date(2023, 12, 1) + chance.randrange(1_000) * DAY
        to_on = from_on + chance.randint(1, 400) * DAY
        rows.append((chance.choice(["advance", "current", "arrears"]), from_on, to_on, chance.choice(masks)))
    frame = pl.DataFrame(rows, schema=["timing", "from_on", "to_on", "closing_mask"], orient="row")
    assert terms.bill_on(frame).to_list() == [slow_bill_on(*row) for row in rows]


def test_what_falls_due_at_a_closing_is_what_has_that_bill_date_or_an_earlier_one() -> None:
    chance = random.Random(5)
    masks = [
        0,
        1 << 31,
        1 << 37,
        (1 << 33) + (1 << 39),
        *(
            sum(1 << b for b in chance.sample([*range(1, 29), 31, *range(33, 40)], chance.randint(1, 4)))
            for _ in range(60)
        ),
    ]
    for _ in range(300):
        mask, closing = chance.choice(masks), date(2026, 1, 1) + chance.randrange(800) * DAY
        while not slow_closes(mask, closing):
            closing += DAY
        ahead = slow_bill_on("current", closing + DAY, closing + DAY, mask)
        rows = []
        for timing in ("advance", "current", "arrears") * 10:
            from_on = closing + chance.randint(-60, 60) * DAY
            rows.append(
                (timing, from_on, from_on + chance.randint(1, 90) * DAY, ahead if timing == "advance" else closing)
            )
        frame = pl.DataFrame(rows, schema=["timing", "from_on", "to_on", "reach_on"], orient="row")
        expected = [slow_bill_on(timing, from_on, to_on, mask) <= closing for timing, from_on, to_on, _ in rows]
        assert frame.select(terms.falls_due(closing)).to_series().to_list() == expected


# dues


def due(amount: int, closing: str = "2026-04-30", **given: object) -> list[tuple[str, str, int]]:
    row = {"key": 1, "closing_on": d(closing), "amount": amount, "payment_months": 1, **given}
    return [(str(on), method, part) for _, _, method, on, part in terms.dues(pl.DataFrame([row], schema=DUES)).rows()]


@pytest.mark.parametrize(
    ("closing", "months", "day", "days", "shift", "expected"),
    [
        ("2026-04-30", 1, 31, None, "none", "2026-05-31"),
        ("2026-04-30", 1, 31, None, "before", "2026-05-29"),
        ("2026-04-30", 1, 31, None, "after", "2026-06-01"),
        ("2026-04-30", 1, None, None, None, "2026-05-31"),
        ("2026-04-20", 2, 10, None, "none", "2026-06-10"),
        ("2026-01-31", 1, 31, None, "none", "2026-02-28"),
        ("2026-11-30", 2, 31, None, "none", "2027-01-31"),
        ("2026-04-30", None, 31, None, "none", "2026-04-30"),
        ("2026-04-30", 1, 31, 45, "none", "2026-06-14"),
        ("2026-04-30", None, None, 45, "after", "2026-06-15"),
        ("2026-11-30", 1, 31, None, "after", "2027-01-04"),
    ],
)
def test_due_dates(closing: str, months: int, day: int, days: int, shift: str, expected: str) -> None:
    found = due(1, closing, payment_months=months, payment_day=day, payment_days=days, holiday_shift=shift)
    assert found == [(expected, "transfer", 1)]


@pytest.mark.parametrize(
    ("split", "amount", "expected"),
    [
        (None, 100_001, ["2026-05-31 cash 100001"]),
        ("densai", 100, ["2026-05-31 densai 100"]),
        ("densai:60d", 100, ["2026-07-30 densai 100"]),
        ("transfer:50%;densai:rest:60d", 100_000, ["2026-05-31 transfer 50000", "2026-07-30 densai 50000"]),
        ("transfer:50%;densai:rest:60d", 100_001, ["2026-05-31 transfer 50001", "2026-07-30 densai 50000"]),
        ("transfer:50%;densai:rest:60d", -100_001, ["2026-05-31 transfer -50001", "2026-07-30 densai -50000"]),
        (
            "transfer:33.3%;cash:33.3%;note:33.4%",
            100,
            ["2026-05-31 transfer 33", "2026-05-31 cash 33", "2026-05-31 note 34"],
        ),
        ("transfer:100000;note:rest", 250_000, ["2026-05-31 transfer 100000", "2026-05-31 note 150000"]),
        ("transfer:100000;note:rest", 100_000, ["2026-05-31 transfer 100000"]),
        ("transfer:100000;note:rest", 60_000, ["2026-05-31 transfer 60000"]),
        ("transfer:100000;note:rest", -60_000, ["2026-05-31 transfer -60000"]),
        ("note:rest;transfer:100000", 60_000, ["2026-05-31 transfer 60000"]),
        ("note:50%;cash:30000;transfer:rest", 50_000, ["2026-05-31 note 25000", "2026-05-31 cash 25000"]),
        ("transfer:60000;densai:40000", 100_000, ["2026-05-31 transfer 60000", "2026-05-31 densai 40000"]),
        ("<100000:transfer|transfer:50%;note:rest:120d", 99_999, ["2026-05-31 transfer 99999"]),
        (
            "<100000:transfer|transfer:50%;note:rest:120d",
            100_000,
            ["2026-05-31 transfer 50000", "2026-09-28 note 50000"],
        ),
        ("<100000:transfer|transfer:50%;note:rest:120d", -99_999, ["2026-05-31 transfer -99999"]),
        ("<10:cash|<100:card|note", 9, ["2026-05-31 cash 9"]),
        ("<10:cash|<100:card|note", 10, ["2026-05-31 card 10"]),
        ("<10:cash|<100:card|note", 100, ["2026-05-31 note 100"]),
        ("transfer:50%;densai:rest", 0, []),
    ],
)
def test_splits(split: str | None, amount: int, expected: list[str]) -> None:
    assert [f"{on} {method} {part}" for on, method, part in due(amount, method="cash", split=split)] == expected


def test_days_of_a_part_count_from_the_moved_due_date_and_are_moved_again() -> None:
    found = due(100, split="transfer:50%;densai:rest:60d", holiday_shift="after")
    assert found == [("2026-06-01", "transfer", 50), ("2026-07-31", "densai", 50)]
    found = due(100, split="transfer:50%;densai:rest:61d", holiday_shift="after")
    assert found[1] == ("2026-08-03", "densai", 50)  # 1 August 2026 is a Saturday


def test_amounts_of_a_split_are_in_the_currency() -> None:
    row = {"key": 1, "closing_on": d("2026-04-30"), "amount": 250_000, "split": "<10:cash|transfer:1000.50;note:rest"}
    frame = pl.DataFrame([row], schema=DUES).with_columns(decimals=2)
    assert terms.dues(frame)["amount"].to_list() == [100_050, 149_950]


@pytest.mark.parametrize(
    ("split", "why"),
    [
        ("transfer:50%;densai:40%", "100%"),
        ("transfer:60%;densai:50%", "100%"),
        ("transfer:60%;densai:50%;note:rest", "100%"),
        ("transfer:rest;densai:rest", "1つだけ"),
        ("bitcoin:100%", "回収手段"),
        ("transfer;densai:rest", "割合・金額"),
        ("transfer:50%:60d:1;densai:rest", "書き方"),
        ("transfer:-5;densai:rest", "割合・金額"),
        ("transfer:50%;", "回収手段"),
        ("<100:transfer", "最後の条件"),
        ("transfer|cash", "最後の条件"),
        ("<200:transfer|<100:cash|note", "小さい順"),
        ("<200:transfer|<200:cash|note", "小さい順"),
    ],
)
def test_bad_splits_say_why(split: str, why: str) -> None:
    assert why in (terms.split_error(split) or "")
    with pytest.raises(ValueError, match=why):
        due(100, split=split)


def test_fixed_amounts_alone_are_refused_at_import_and_where_they_do_not_make_the_whole() -> None:
    assert "rest" in (terms.split_error("transfer:60000;densai:40000") or "")
    with pytest.raises(ValueError, match="一致しません"):
        due(110_000, split="transfer:60000;densai:40000")
    with pytest.raises(ValueError, match="一致しません"):
        due(90_000, split="transfer:60000;densai:40000")


@pytest.mark.parametrize(
    "split", ["", "transfer", "transfer:50%;densai:rest:60d", "<１００，０００:transfer|transfer:50%; note:50%:120d"]
)
def test_good_splits_have_no_error(split: str) -> None:
    assert terms.split_error(split) is None


def slow_parts(amount: int, parts: list[tuple[str, Fraction | int | None, int]]) -> list[tuple[str, int, int]]:
    """Percents as fractions, fixed amounts as they fit, the rest; units left to the largest remainders."""
    size = abs(amount)
    shares = [size * share if isinstance(share, Fraction) else Fraction(0) for _, share, _ in parts]
    left = Fraction(size) - sum(shares)
    for at, (_, share, _) in enumerate(parts):
        if isinstance(share, int):
            shares[at] = min(Fraction(share), Fraction(left))
            left -= shares[at]
    for at, (_, share, _) in enumerate(parts):
        if share is None:
            shares[at] = Fraction(left)
    units = [share.numerator // share.denominator for share in shares]
    order = sorted(range(len(parts)), key=lambda at: (units[at] - shares[at], at))
    for at in order[: size - sum(units)]:
        units[at] += 1
    sign = -1 if amount < 0 else 1
    return [(method, sign * unit, days) for (method, _, days), unit in zip(parts, units, strict=True) if unit]


def written(parts: list[tuple[str, Fraction | int | None, int]]) -> str:
    def share(value: Fraction | int | None) -> str:
        if value is None:
            return "rest"
        return f"{float(value * 100):g}%" if isinstance(value, Fraction) else str(value)

    return ";".join(f"{method}:{share(value)}" + (f":{days}d" if days else "") for method, value, days in parts)


def moved(day: date, shift: str, closed: set[date]) -> date:
    while shift != "none" and (day.weekday() >= 5 or day in closed):
        day += DAY if shift == "after" else -DAY
    return day


def test_dues_agree_with_fractions() -> None:
    chance = random.Random(5)
    closed = set(bank_holidays(2025, 2030).to_list())
    splits = []
    for _ in range(60):
        shares: list[Fraction | int | None] = [None]
        shares += [Fraction(chance.randint(0, 3000), 10_000) for _ in range(chance.randint(0, 3))]
        shares += [chance.randint(0, 60_000) for _ in range(chance.randint(0, 2))]
        chance.shuffle(shares)
        splits.append([(chance.choice(terms.METHODS), share, chance.choice([0, 0, 30, 60, 120])) for share in shares])
    rows, expected = [], []
    for key in range(4_000):
        parts, amount = chance.choice(splits), chance.choice([0, 1, -1, 3]) or chance.randint(-300_000, 300_000)
        closing, shift = date(2026, 1, 1) + chance.randrange(900) * DAY, chance.choice(["before", "after", "none"])
        rows.append((key, closing, amount, None, None, 0, shift, None, written(parts)))
        first = moved(closing, shift, closed)
        for position, (method, part, days) in enumerate(slow_parts(amount, parts)):
            expected.append((key, position, method, moved(first + days * DAY, shift, closed), part))
    shuffled = pl.DataFrame(chance.sample(rows, len(rows)), schema=DUES, orient="row")
    assert terms.dues(shuffled).rows() == expected


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(-(10**15), 10**15), min_size=1, max_size=50), st.integers(1, 99), st.integers(0, 10**6))
def test_dues_sum_to_the_amount_and_mirror(amounts: list[int], percent: int, fixed: int) -> None:
    def listed(sign: int) -> pl.DataFrame:
        rows = [(key, d("2026-04-30"), sign * amount) for key, amount in enumerate(amounts)]
        frame = pl.DataFrame(rows, schema=["key", "closing_on", "amount"], orient="row")
        split = f"<5000:cash|transfer:{percent}%;note:{fixed};densai:rest:60d"
        missing = {name: pl.lit(None, dtype=kind) for name, kind in DUES.items() if name not in frame.columns}
        return terms.dues(frame.with_columns(**missing).with_columns(split=pl.lit(split)))

    found = listed(1)
    sums = dict(found.group_by("key").agg(pl.col("amount").sum()).rows())
    assert [sums.get(key, 0) for key in range(len(amounts))] == amounts
    assert listed(-1).equals(found.with_columns(-pl.col("amount")))


def test_nothing_is_due_of_nothing() -> None:
    empty = terms.dues(pl.DataFrame(schema=DUES))
    assert empty.columns == ["key", "position", "method", "due_on", "amount"]
    assert empty.is_empty()
    assert (
        empty.schema
        == terms.dues(pl.DataFrame([{"key": 1, "closing_on": d("2026-04-30"), "amount": 5}], schema=DUES)).schema
    )
