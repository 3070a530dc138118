"""The fold of a contract's events against a slow one: each day by itself, each event in its turn, in fractions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from random import Random

import polars as pl
import pytest

from urikake.core import timeline
from urikake.core.cells import INSTANT
from urikake.core.timeline import CUTS, OWN, WHOLE

FIRST = date(2026, 1, 1)
DAYS = 60
RATES = (5_000_000, 10_000_000, 25_000_000, 50_000_000, WHOLE)
KINDS = (
    "change_quantity",
    "change_price",
    "change_plan",
    "suspend",
    "resume",
    "discount",
    "renew",
    "change_start",
    "cancel",
)
EVENT = {
    "line_id": pl.Int64, "event_id": pl.Int64, "kind": pl.String, "effective_on": pl.Date, "until_on": pl.Date,
    "recorded_at": INSTANT, "product_id": pl.Int64, "quantity_micro": pl.Int64, "unit_price_micro": pl.Int64,
    "discount_rate": pl.Int64, "discount_cut": pl.Int64, "target_id": pl.Int64,
}  # fmt: skip
LINE = {
    "line_id": pl.Int64, "start_on": pl.Date, "end_on": pl.Date, "product_id": pl.Int64, "quantity_micro": pl.Int64,
    "unit_price_micro": pl.Int64, "uplift_micro": pl.Int64,
}  # fmt: skip


@dataclass
class Told:
    """A line and what happened to it."""

    line: dict[str, object]
    events: list[dict[str, object]]


def told(rng: Random, number: int) -> Told:
    """A line with some events, in any order of days, some on the same day, some withdrawn."""
    start = FIRST + timedelta(rng.randrange(10))
    end = start + timedelta(rng.randint(1, DAYS)) if rng.random() < 0.5 else None
    line = {
        "line_id": number, "start_on": start, "end_on": end, "product_id": 1, "quantity_micro": 1_000_000,
        "unit_price_micro": rng.randint(1, 20_000) * 1_000_000, "uplift_micro": rng.choice([None, 3_000_000, 12_345_678]),
    }  # fmt: skip
    events = [_event(rng, number, at) for at in range(rng.randint(0, 7))]
    for event in rng.sample(events, k=len(events) // 4):
        gone = event | {
            "kind": "withdraw",
            "target_id": event["event_id"],
            "event_id": int(str(event["event_id"])) + 500,
        }
        events.append(gone)
    return Told(line, events)


def _event(rng: Random, number: int, at: int) -> dict[str, object]:
    kind = rng.choice(KINDS)
    on = FIRST + timedelta(rng.randrange(DAYS))
    found: dict[str, object] = dict.fromkeys(EVENT)
    found |= {
        "line_id": number, "event_id": number * 1_000 + at, "kind": kind, "effective_on": on,
        "recorded_at": datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=rng.randrange(5)),
    }  # fmt: skip
    if kind == "renew":
        found["until_on"] = on + timedelta(rng.randint(1, 30))
    if kind == "change_quantity":
        found["quantity_micro"] = rng.randint(0, 9) * 500_000
    if kind in ("change_price", "change_plan"):
        found["unit_price_micro"] = rng.randint(1, 20_000) * 1_000_000
    if kind == "change_plan":
        found["product_id"] = rng.randint(2, 4)
    if kind == "discount":
        found["until_on"] = on + timedelta(rng.randint(1, 30)) if rng.random() < 0.6 else None
        luck = rng.random()
        if luck < 0.15:
            found["discount_cut"] = 0  # ends those before it
        elif luck < 0.6:
            found["discount_rate"] = rng.choice(RATES)
        else:
            found["discount_cut"] = rng.randint(1, 5_000) * WHOLE
    return found


def order(event: dict[str, object]) -> tuple[object, ...]:
    return event["effective_on"], event["recorded_at"], event["event_id"]


def on_day(told_: Told, day: date) -> dict[str, object] | None:
    """The line's state on a day, event by event; None where it is not in force."""
    gone = {event["target_id"] for event in told_.events if event["target_id"] is not None}
    standing = [e for e in told_.events if e["kind"] != "withdraw" and e["event_id"] not in gone]
    line = told_.line
    moved = sorted(
        (e for e in standing if e["kind"] == "change_start"), key=lambda e: (e["recorded_at"], e["event_id"])
    )
    start = moved[-1]["effective_on"] if moved else line["start_on"]
    end = line["end_on"]
    if end is not None:
        end = max([end, *(e["until_on"] for e in standing if e["kind"] == "renew")])  # type: ignore[type-var]
    left = [e["effective_on"] for e in standing if e["kind"] == "cancel"]
    if day < start or (end is not None and day >= end) or any(day >= gone_on for gone_on in left):  # type: ignore[operator]
        return None
    state: dict[str, object] = {name: line[name] for name in OWN}
    paused = False
    for event in sorted((e for e in standing if e["effective_on"] <= day), key=order):  # type: ignore[operator]
        if event["kind"] == "renew" and line["uplift_micro"] is not None:
            price = Fraction(int(str(state["unit_price_micro"])), 10**6) * (
                1 + Fraction(int(str(line["uplift_micro"])), 10**8)
            )
            state["unit_price_micro"] = price.__floor__() * 10**6
        if event["kind"] in ("change_quantity", "change_price", "change_plan"):
            state |= {name: event[name] for name in OWN if event[name] is not None}
        if event["kind"] in ("suspend", "resume"):
            paused = event["kind"] == "suspend"
    return None if paused else state | _discounts(standing, day)


def _discounts(standing: list[dict[str, object]], day: date) -> dict[str, object]:
    """What the discounts of the day leave of a price of nothing and of a price of one."""
    every = sorted((e for e in standing if e["kind"] == "discount"), key=order)
    keep, cut = Fraction(1), Fraction(0)
    for at, event in enumerate(every):
        ends = [e["effective_on"] for e in every[at + 1 :] if not e["discount_rate"] and not e["discount_cut"]]
        until = [each for each in (event["until_on"], *ends) if each is not None]
        if event["effective_on"] <= day and all(day < each for each in until):  # type: ignore[operator]
            share = 1 - Fraction(int(str(event["discount_rate"] or 0)), WHOLE)
            keep, cut = keep * share, cut * share + Fraction(int(str(event["discount_cut"] or 0)), WHOLE)
    return {"discount_rate": 1 - keep, "discount_cut": cut}


@pytest.mark.parametrize("seed", range(16))
def test_every_day_is_as_the_slow_fold_has_it(seed: int) -> None:
    rng = Random(f"timeline {seed}")
    every = [told(rng, number) for number in range(1, 31)]
    lines = pl.DataFrame([each.line for each in every], schema=LINE)
    events = pl.DataFrame([event for each in every for event in each.events], schema=EVENT)
    found = timeline.uplifted(lines, timeline.standing(events.sample(fraction=1, shuffle=True, seed=seed)), "floor")
    ended = timeline.ends(lines, found)
    stretches = timeline.segments(ended, found)
    for each in every:
        mine = stretches.filter(pl.col("line_id") == each.line["line_id"])
        for ahead in range(-5, DAYS + 40):
            day = FIRST + timedelta(ahead)
            held = timeline.state_on(mine, pl.lit(day)).to_dicts()
            wanted = on_day(each, day)
            assert len(held) <= 1
            assert bool(held) == (wanted is not None), (each, day, held, wanted)
            if wanted is None:
                continue
            assert [held[0][name] for name in OWN] == [wanted[name] for name in OWN], (each, day)
            for name in CUTS:
                assert abs(Fraction(held[0][name], WHOLE) - wanted[name]) <= Fraction(3, WHOLE), (each, day)  # type: ignore[operator]
