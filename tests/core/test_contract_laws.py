"""Laws of contracts over thousands of drawn timelines: what an event may touch, and what it may not."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from random import Random

import polars as pl
import pytest

from tests.core.test_pricing import drawn, price
from tests.core.test_timeline import DAYS, EVENT, FIRST, KINDS, LINE, Told, _event, told
from urikake.core import calendar, charging, proration, timeline
from urikake.core.money import MICRO

COUNT = 1_000
BASES = ("daily", "monthly", "thirtieth", "thirty_360", "full_month", "free")
DIRECT = [kind for kind in KINDS if kind not in ("renew", "change_start")]
LATER = datetime(2026, 3, 1, tzinfo=UTC)


def lines(every: list[Told]) -> pl.DataFrame:
    return pl.DataFrame([one.line for one in every], schema=LINE)


def events(every: list[Told]) -> pl.DataFrame:
    return pl.DataFrame([event for one in every for event in one.events], schema=EVENT)


def fold(lines_: pl.DataFrame, events_: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The lines with their ends, and their stretches of constant state, as the contracts room folds them."""
    standing = timeline.standing(events_)
    mine = timeline.uplifted(lines_, standing, "floor")
    ended = timeline.ends(lines_, mine)
    return ended, timeline.segments(ended, mine)


def days(stretches: pl.DataFrame) -> pl.DataFrame:
    """Every day of the first year with the state it has."""
    until = pl.min_horizontal(pl.col("to_on").fill_null(FIRST + timedelta(365)), pl.lit(FIRST + timedelta(365)))
    spelled = stretches.with_columns(day=pl.date_ranges("from_on", until, closed="left")).explode("day")
    return spelled.drop_nulls("day").select("line_id", "day", *timeline.STATE).sort("line_id", "day")


@pytest.mark.parametrize("seed", range(3))
def test_the_order_in_which_events_come_in_means_nothing(seed: int) -> None:
    rng = Random(seed)
    every = [told(rng, number) for number in range(COUNT)]
    found = events(every)
    _, once = fold(lines(every), found)
    _, again = fold(lines(every), found.sample(fraction=1.0, shuffle=True, seed=seed))
    assert once.equals(again)


@pytest.mark.parametrize("seed", range(3))
def test_to_amend_and_then_to_take_it_back_is_nothing(seed: int) -> None:
    rng = Random(100 + seed)
    every = [told(rng, number) for number in range(COUNT)]
    ended, before = fold(lines(every), events(every))
    for one in every:
        made = _event(rng, int(str(one.line["line_id"])), 700)
        gone = made | {"kind": "withdraw", "target_id": made["event_id"], "event_id": int(str(made["event_id"])) + 1}
        one.events += [made, gone]
    again, after = fold(lines(every), events(every))
    assert ended.equals(again)
    assert before.equals(after)


@pytest.mark.parametrize("kind", DIRECT)
def test_to_amend_at_a_day_changes_nothing_before_it(kind: str) -> None:
    rng = Random(kind)
    every = [told(rng, number) for number in range(COUNT)]
    _, before = fold(lines(every), events(every))
    made = [_amendment(rng, number, kind) for number in range(COUNT)]
    since = pl.DataFrame(made, schema=EVENT).select("line_id", since_on="effective_on")
    _, after = fold(lines(every), pl.concat([events(every), pl.DataFrame(made, schema=EVENT)]))
    early = [
        days(part).join(since, on="line_id").filter(pl.col("day") < pl.col("since_on")) for part in (before, after)
    ]
    assert early[0].height > COUNT
    assert early[0].equals(early[1])


def _amendment(rng: Random, number: int, kind: str) -> dict[str, object]:
    found: dict[str, object] = {"kind": ""}
    while found["kind"] != kind:
        found = _event(rng, number, 800)
    return found | {"recorded_at": LATER}


def drawn_lines(rng: Random, every: list[Told]) -> pl.DataFrame:
    """Terms for the lines: cycles of 1 to 12 months on any anchor, and a policy for each end."""
    rows = [
        {
            "line_id": one.line["line_id"], "cycle_months": rng.choice([1, 1, 2, 3, 6, 12]),
            "anchor_day": rng.choice([None, 1, 20, 31]),
            **{f"proration_{end}": rng.choice(BASES) for end in ("start", "end", "up", "down")},
        }
        for one in every
    ]  # fmt: skip
    kinds = {"line_id": pl.Int64, "cycle_months": pl.Int64, "anchor_day": pl.Int64}
    return pl.DataFrame(rows, schema_overrides=kinds)


@pytest.mark.parametrize("seed", range(3))
def test_the_cycles_of_a_line_are_its_days_none_missing_and_none_twice(seed: int) -> None:
    rng = Random(200 + seed)
    every = [told(rng, number) for number in range(COUNT)]
    ended, _ = fold(lines(every), events(every))
    until = FIRST + timedelta(rng.randrange(200, 900))
    asked = ended.join(drawn_lines(rng, every), on="line_id").with_columns(
        after_on=pl.lit(None, dtype=pl.Date), until_on=pl.lit(until)
    )
    cycles = calendar.cycles(asked)
    same = pl.col("line_id") == pl.col("line_id").shift(1)
    touching = (
        cycles.filter(same).height == cycles.filter(same & (pl.col("from_on") == pl.col("to_on").shift(1))).height
    )
    assert touching
    alive = asked.filter(pl.col("start_on") < pl.min_horizontal("end_on", "until_on"))
    bounds = cycles.group_by("line_id").agg(
        pl.col("from_on").min(), pl.col("to_on").max(), begun=pl.col("from_on").max()
    )
    met = alive.join(bounds, on="line_id", how="left")
    assert met.filter(pl.col("from_on").ne_missing(pl.col("start_on"))).is_empty()
    whole = (pl.col("to_on") == pl.col("end_on")) | (pl.col("to_on") >= until)
    assert met.filter(~whole.fill_null(False) | (pl.col("begun") >= until)).is_empty()


@pytest.mark.parametrize("seed", range(4))
def test_however_often_a_contract_is_amended_it_is_charged_its_schedule(seed: int) -> None:
    """Billed after each of several amendments: what was charged less credited is what is wanted in the end, day by day."""
    rng = Random(300 + seed)
    every = [told(rng, number) for number in range(COUNT)]
    terms = drawn_lines(rng, every)
    billed = pl.DataFrame(schema={name: charging.KINDS[name] for name in BILLED} | {"sign": pl.Int64})
    found = events(every)
    for turn in range(4):
        known = found.filter(pl.col("event_id") % 4 <= turn)
        wanted = _wanted(lines(every), known, terms)
        open_ = charging.outstanding(wanted, billed)
        billed = pl.concat([billed, open_.select(billed.columns)])
    assert charging.outstanding(wanted, billed).is_empty()
    assert billed.filter(pl.col("sign") < 0).height > COUNT // 10
    assert _by_day(billed).equals(_by_day(wanted.select(BILLED).with_columns(sign=pl.lit(1, dtype=pl.Int64))))


BILLED = [*charging.KEYS, "from_on", "to_on", *charging.STATE]


def _wanted(lines_: pl.DataFrame, events_: pl.DataFrame, terms: pl.DataFrame) -> pl.DataFrame:
    """The stretches of every cycle that begins in the first months."""
    ended, segments = fold(lines_, events_)
    named = ended.join(terms, on="line_id", maintain_order="left").with_columns(
        after_on=pl.lit(None, dtype=pl.Date), until_on=pl.lit(FIRST + timedelta(DAYS * 2))
    )
    return charging.stretches(calendar.cycles(named), charging.based(segments, named))


def _by_day(rows: pl.DataFrame) -> pl.DataFrame:
    """How often each day of a line and cycle stands under each state, where it does."""
    spelled = rows.with_columns(day=pl.date_ranges("from_on", "to_on", closed="left")).explode("day")
    keys = [*charging.KEYS, "day", *charging.STATE]
    return spelled.group_by(keys).agg(pl.col("sign").sum()).filter(pl.col("sign") != 0).sort(keys)


@pytest.mark.parametrize("basis", ["daily", "monthly", "thirty_360"])
def test_the_parts_of_a_cycle_sum_to_the_whole(basis: str) -> None:
    """Cut anywhere (by months: at months' ends), the fractions of the parts make one, or what the whole one is by itself."""
    rng = Random(basis)
    rows, groups = [], []
    for at in range(2_000):
        first = date(2024 + rng.randrange(5), rng.randint(1, 12), 1)
        whole = pl.select(calendar.add_months(pl.lit(first), rng.choice([1, 2, 3, 12]), 1)).item()
        length = (whole - first).days
        cuts = sorted({rng.randrange(1, length) for _ in range(rng.randint(0, 4))})
        if basis != "daily":
            cuts = [cut for cut in cuts if (first + timedelta(cut)).day == 1]
        marks = [first, *(first + timedelta(cut) for cut in cuts), whole]
        for begin, end in pairwise(marks):
            rows.append({"basis": basis, "whole_from": first, "whole_to": whole, "used_from": begin, "used_to": end})
            groups.append(at)
    sums: dict[int, Fraction] = {}
    for at, (above, below) in zip(groups, proration.fractions(pl.DataFrame(rows)).iter_rows(), strict=True):
        sums[at] = sums.get(at, Fraction(0)) + Fraction(above, below)
    assert set(sums.values()) == {Fraction(1)}


def test_graduated_prices_rise_and_meet_at_their_borders() -> None:
    """More costs no less; and a tier cut in two at any quantity, at one price, prices everything as before."""
    rng = Random(4)
    rows = []
    for row in drawn(7, 1_500):
        tiers = [tier | {"flat": 0, "package_size_micro": None} for tier in row["tiers"]]
        rows.append(row | {"price_model": "graduated", "tiers": tiers, "minimum": None, "maximum": None})
    more = [row | {"quantity_micro": row["quantity_micro"] + rng.randint(1, 100 * MICRO)} for row in rows]
    assert all(low <= high for low, high in zip(price(rows), price(more), strict=True))
    cut = [row | {"tiers": _cut(rng, row["tiers"])} for row in rows]
    assert price(cut) == price(rows)
    on_border = [
        row | {"quantity_micro": row["tiers"][0]["up_to_micro"]} for row in rows if row["tiers"][0]["up_to_micro"]
    ]
    first = [Fraction(row["quantity_micro"]) * row["tiers"][0]["unit_price_micro"] / MICRO**2 for row in on_border]
    assert len(first) > 500
    assert price(on_border) == first


def _cut(rng: Random, tiers: list[dict[str, object]]) -> list[dict[str, object]]:
    """The tiers with one of them cut in two."""
    at = rng.randrange(len(tiers))
    below = int(str(tiers[at - 1]["up_to_micro"])) if at else 0
    above = tiers[at]["up_to_micro"]
    top = int(str(above)) if above is not None else below + 1_000 * MICRO
    if top - below < 2:
        return tiers
    return [*tiers[:at], tiers[at] | {"up_to_micro": rng.randrange(below + 1, top)}, *tiers[at:]]
