"""What holds of a contract line on each day, and what is wanted of each of its cycles."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction

from .arithmetic import first_of, months_later, rounded
from .model import DAY, Event, Line, Product, State

KEPT = ("full_month", "free")
FAR = date(2100, 1, 1)


@dataclass(frozen=True)
class Cycle:
    """A billing cycle ``start`` … ``stop`` (exclusive) and the whole one that it is a part of."""

    start: date
    stop: date
    whole: tuple[date, date]


@dataclass(frozen=True)
class Stretch:
    """Days of one cycle under one state, with the proration of a part."""

    cycle: date
    start: date
    stop: date
    state: State
    basis: str


def terms_end(line: Line, events: list[Event]) -> date:
    """The first day after the line's term, carried on by renewals; one that renews and was not declined has no end."""
    if line.last is None:
        return FAR
    end = line.last + DAY
    if line.renew is None:
        return end
    declined = [event for event in events if event.kind == "decline_renewal"]
    if not declined:
        return FAR
    anchor = line.start.day if months_later(first_of(end), 0, line.start.day) == end else end.day
    times = 0
    while months_later(first_of(end), times * line.renew, anchor) <= declined[0].known:
        times += 1
    return months_later(first_of(end), times * line.renew, anchor)


def end_of(line: Line, events: list[Event]) -> date:
    """The first day on which the line is no longer served."""
    ends = [terms_end(line, events)]
    ends += [event.on for event in events if event.kind in {"cancel", "remove_option"}]
    return min(ends)


def boundary(line: Line, number: int) -> date:
    """The day on which cycle ``number`` of the line's rhythm begins."""
    origin = line.option_of or line.start
    if line.anchor_day is None:
        return months_later(origin, number * line.cycle)
    return months_later(origin.replace(day=1), number * line.cycle, line.anchor_day)


def cycles(line: Line, end: date, until: date) -> Iterator[Cycle]:
    """The cycles of the line that begin on or before ``until``."""
    if line.cycle == 0:  # once: the whole term, or the first day of a line that has none
        stop = line.start + DAY if line.last is None else line.last + DAY
        if line.start <= until and line.start < end:
            yield Cycle(line.start, min(stop, end), (line.start, stop))
        return
    number = 0
    while boundary(line, number) > line.start:
        number -= 1
    while boundary(line, number + 1) <= line.start:
        number += 1
    while True:
        whole = boundary(line, number), boundary(line, number + 1)
        start, stop = max(whole[0], line.start), min(whole[1], end)
        if start > until or start >= end:
            return
        yield Cycle(start, stop, whole)
        number += 1


def folded(line: Line, events: list[Event], products: dict[str, Product]) -> list[tuple[date, State, str]]:
    """The states of the line in order: first day, state, and the proration of the change into it."""
    raises = renewals(line, events) if line.uplift is not None else []
    ends = [until(event) for event in events if event.kind == "discount"]
    days = {event.on for event in events if event.kind.startswith("change_") or event.kind in OTHER}
    found = [(line.start, state_on(line, events, products, line.start, raises), line.bases["start"])]
    for day in sorted({*days, *ends, *raises}):
        _, before, _ = found[-1]
        after = state_on(line, events, products, day, raises)
        if day <= line.start or after == before:
            continue
        basis = (
            line.bases["end" if after.off else "start"]
            if after.off or before.off
            else _change_basis(line, before, after)
        )
        found.append((day, after, basis))
    return found


OTHER = ("discount", "suspend", "resume")


def until(event: Event) -> date:
    """The first day on which the discount is off no more."""
    return FAR if event.months is None else months_later(event.on.replace(day=1), event.months, event.on.day)


def renewals(line: Line, events: list[Event]) -> list[date]:
    """The first days of the terms after the first, as far as anybody looks."""
    if line.last is None or line.renew is None:
        return []
    first = line.last + DAY
    anchor = line.start.day if months_later(first_of(first), 0, line.start.day) == first else first.day
    days = [months_later(first_of(first), times * line.renew, anchor) for times in range(60)]
    return [day for day in days if line.start < day < terms_end(line, events)]


def state_on(line: Line, events: list[Event], products: dict[str, Product], day: date, raises: list[date]) -> State:
    """The state of the line on the day: what was agreed, and every change by then in its turn."""
    turns: list[tuple[date, date, int, Event | None]] = [(e.on, e.known, e.sequence, e) for e in events if e.on <= day]
    turns += [(on, FAR, 0, None) for on in raises if on <= day]
    state = line.state
    for _, _, _, event in sorted(turns, key=lambda turn: turn[:3]):
        if event is None:
            assert line.uplift is not None
            state = replace(state, price=Fraction(rounded(state.price * (1 + line.uplift), line.rounding)))
        elif event.kind in {"suspend", "resume"}:
            state = replace(state, off=event.kind == "suspend")
        elif event.kind.startswith("change_"):
            listed = products[event.product].price if event.product else state.price
            state = replace(
                state,
                product=event.product or state.product,
                quantity=state.quantity if event.quantity is None else event.quantity,
                price=listed if event.price is None else event.price,
            )
        elif event.kind == "discount" and day < until(event):
            share = 1 - (event.rate or 0)
            cut = state.cut * share + (event.cut or 0)
            state = replace(state, rate=1 - (1 - state.rate) * share, cut=cut)
    return state


def _change_basis(line: Line, before: State, after: State) -> str:
    now, then = (state.price * state.quantity * (1 - state.rate) - state.cut for state in (after, before))
    rose = now > then
    return line.bases["up" if rose else "down"]


def wanted(
    line: Line, events: list[Event], products: dict[str, Product], until: date
) -> Iterator[tuple[Cycle, list[Stretch]]]:
    """Every cycle that begins by ``until`` with the stretches that are wanted of it."""
    end = end_of(line, events)
    states = folded(line, events, products)
    for cycle in cycles(line, end, until):
        inside = _states_of(cycle, states)
        every = [_stretch(line, cycle, inside, at, states) for at in range(len(inside))]
        yield cycle, [stretch for stretch in every if not stretch.state.off]


def _states_of(cycle: Cycle, states: list[tuple[date, State, str]]) -> list[tuple[date, State, str]]:
    """The states within the cycle; a change that keeps the current cycle waits for the next."""
    found: list[tuple[date, State, str]] = []
    for on, state, basis in states:
        if on <= cycle.start:
            found = [(cycle.start, state, basis if on == cycle.start else "")]
        elif on < cycle.stop and (basis not in KEPT or state.off or found[-1][1].off):
            found.append((on, state, basis))
    return found


def _stretch(
    line: Line,
    cycle: Cycle,
    inside: list[tuple[date, State, str]],
    at: int,
    states: list[tuple[date, State, str]],
) -> Stretch:
    start, state, change = inside[at]
    stop = inside[at + 1][0] if at + 1 < len(inside) else cycle.stop
    if start > cycle.whole[0]:
        basis = change if at or change else line.bases["start"]
    elif at + 1 < len(inside):
        basis = inside[at + 1][2]
    else:
        basis = line.bases["end"]
    return Stretch(cycle.start, start, stop, state, basis)
