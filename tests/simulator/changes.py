"""What may happen to a contract on a day: changes, options, leaving, second thoughts; only such as the rules decide."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from fractions import Fraction
from itertools import pairwise
from random import Random

from .arithmetic import months_later
from .billing import World
from .lines import FAR, KEPT, cycles, end_of, folded, renewals
from .model import DAY, Event, Line


def an_event(rng: Random, world: World, contract: str, on: date, code: str) -> Event | None:
    """Something that happens to the contract, already part of the world; None where nothing fits."""
    lines = [line for line in world.lines if line.contract == contract]
    kinds: dict[str, Callable[[], Event | None]] = {
        "change_quantity": lambda: _changed(rng, world, lines, on, code, "change_quantity"),
        "change_price": lambda: _changed(rng, world, lines, on, code, "change_price"),
        "change_plan": lambda: _changed(rng, world, lines, on, code, "change_plan"),
        "add_option": lambda: _option(rng, world, lines, on, code),
        "remove_option": lambda: _left(rng, world, lines, on, code, "remove_option"),
        "cancel": lambda: _left(rng, world, lines, on, code, "cancel"),
        "decline_renewal": lambda: _declined(world, lines, on, code),
        "withdraw": lambda: _withdrawn(rng, world, lines, on, code),
        "discount": lambda: _discounted(rng, world, lines, on, code),
        "suspend": lambda: _paused(rng, world, lines, on, code),
    }
    weights = (5, 4, 4, 3, 1, 2, 1, 2, 3, 3)
    event = kinds[rng.choices(list(kinds), weights)[0]]()
    if event is not None:
        world.events.setdefault(contract, []).append(event)
    return event


def _sequence(world: World) -> int:
    return sum(len(events) for events in world.events.values()) + 1


def _a_day(rng: Random, line: Line, on: date) -> date:
    """Soon, later, or long ago; sometimes the first of a month."""
    day = on + rng.choice((0, 1, 4, 10, 25, 60, -1, -8, -20, -45)) * DAY
    return months_later(day.replace(day=1), 1) if rng.random() < 0.2 else day


def _changed(rng: Random, world: World, lines: list[Line], on: date, code: str, kind: str) -> Event | None:
    """A plan, quantity or price that changes on a day on which only this happens to the line's cycle if it must."""
    line, day = rng.choice(lines), _a_day(rng, lines[0], on)
    happened = world.happened(line)
    end = end_of(line, happened)
    if not line.start < day < end or (kind == "change_plan" and any(e.on == day for e in happened)):
        return None
    if day in renewals(line, happened):
        return None  # which of the two comes first is a matter of the clock
    states = folded(line, happened, world.company.products)
    before = [state for first, state, _ in states if first < day][-1]
    if before.off:
        return None
    sold = world.company.products[before.product]
    event = Event(code, line.contract, kind, day, on, _sequence(world), line=before.product)
    if kind == "change_quantity":
        event = replace(
            event, quantity=before.quantity + rng.choice((1, 3, 10)) if rng.random() < 0.6 else before.quantity / 2
        )
    elif kind == "change_price":
        if sold.model not in {"flat", "unit", "included"}:
            return None
        event = replace(event, price=Fraction(rng.randint(500, 40_000)))
    else:
        other = _other_product(rng, world, lines, line)
        if other is None:
            return None
        event = replace(event, product=other)
    if event.quantity is not None and event.quantity * 10**6 % 1:
        return None
    world.targets[code] = line
    if _decided(world, line, [*happened, event], event):
        return event
    del world.targets[code]
    return None


def _discounted(rng: Random, world: World, lines: list[Line], on: date, code: str) -> Event | None:
    """A discount of a line from a day on, for some months or for ever."""
    line, day = rng.choice(lines), _a_day(rng, lines[0], on)
    happened = world.happened(line)
    if not line.start < day < end_of(line, happened) or line.cycle == 0 or day in renewals(line, happened):
        return None
    states = folded(line, happened, world.company.products)
    before = [state for first, state, _ in states if first < day][-1]
    rate = rng.choice((Fraction(1, 10), Fraction(1, 4), Fraction(1, 2))) if rng.random() < 0.6 else None
    cut = None if rate is not None else Fraction(rng.choice((100, 1500, 9000)))
    event = Event(
        code, line.contract, "discount", day, on, _sequence(world), line=before.product, rate=rate, cut=cut,
        months=rng.choice((None, 1, 2, 6)),
    )  # fmt: skip
    return _kept(world, line, event) if not before.off else None


def _paused(rng: Random, world: World, lines: list[Line], on: date, code: str) -> Event | None:
    """A line suspended, or one that is resumed."""
    line, day = rng.choice(lines), _a_day(rng, lines[0], on)
    happened = world.happened(line)
    if not line.start < day < end_of(line, happened) or line.cycle == 0 or line.state.off:
        return None
    pauses = sorted((e for e in happened if e.kind in {"suspend", "resume"}), key=lambda e: e.on)
    if pauses and day <= pauses[-1].on:
        return None
    kind = "resume" if pauses and pauses[-1].kind == "suspend" else "suspend"
    states = folded(line, happened, world.company.products)
    if any(first == day for first, _, _ in states):
        return None
    before = [state for first, state, _ in states if first < day][-1]
    event = Event(code, line.contract, kind, day, on, _sequence(world), line=before.product)
    return _kept(world, line, event)


def _kept(world: World, line: Line, event: Event) -> Event | None:
    """The event of the line, if the rules decide what it does."""
    world.targets[event.code] = line
    if _decided(world, line, [*world.happened(line), event], event):
        return event
    del world.targets[event.code]
    return None


def _other_product(rng: Random, world: World, lines: list[Line], line: Line) -> str | None:
    """A product that the contract never had."""
    had = {line.state.product for line in lines}
    had |= {event.product for event in world.events.get(line.contract, []) if event.product}
    free = [p.code for p in world.company.products.values() if p.code not in had]
    return rng.choice(free) if free else None


def _decided(world: World, line: Line, events: list[Event], event: Event) -> bool:
    """Whether the rules decide what the change does (see the module): no change to the same, one a cycle where it waits."""
    states = folded(line, events, world.company.products)
    if any(a[1] == b[1] for a, b in pairwise(states)):
        return False
    if line.cycle == 0 and (line.last is None or set(line.bases.values()) != {"daily"}):
        return False  # months of a line billed once are not defined
    whole = line.cycle or 1
    for cycle in cycles(line, end_of(line, events), months_later(event.on, 2 * whole + 1)):
        inside = [on for on, _, _ in states[1:] if cycle.start < on < cycle.stop]
        cut = cycle.start > cycle.whole[0] and line.bases["start"] in KEPT
        waits = {line.bases["up"], line.bases["down"]} & set(KEPT)
        ends = cycle.stop < cycle.whole[1] and line.bases["end"] in KEPT
        if inside and (cut or ends or (waits and len(inside) > 1)):
            return False
    return True


def _option(rng: Random, world: World, lines: list[Line], on: date, code: str) -> Event | None:
    """A further line under the terms of the contract's first."""
    first, day = lines[0], _a_day(rng, lines[0], on)
    if not first.start <= day < end_of(first, world.happened(first)) or not first.cycle:
        return None
    if any(event.kind in {"cancel", "decline_renewal"} for event in world.events.get(first.contract, [])):
        return None
    had = {line.state.product for line in lines}
    had |= {event.product for event in world.events.get(first.contract, []) if event.product}
    free = [p for p in world.company.products.values() if p.code not in had and not (p.metered and day < on)]
    if not free:
        return None
    sold, quantity = rng.choice(free), Fraction(rng.choice((1, 2, 4)))
    state = replace(first.state, product=sold.code, quantity=quantity, price=sold.price)
    world.lines.append(replace(first, position=len(lines), start=day, state=state, option_of=first.start, priced=False))
    event = Event(code, first.contract, "add_option", day, on, _sequence(world), product=sold.code, quantity=quantity)
    world.targets[code] = world.lines[-1]
    return event


def _left(rng: Random, world: World, lines: list[Line], on: date, code: str, kind: str) -> Event | None:
    """A contract cancelled, or one line of it that is not the first removed."""
    every = world.events.get(lines[0].contract, [])
    leaving = lines if kind == "cancel" else lines[1:]
    if not leaving or any(event.kind in {"cancel", "decline_renewal"} for event in every):
        return None
    if kind == "remove_option":
        leaving = [rng.choice(leaving)]
    day = _a_day(rng, lines[0], on)
    for line in leaving:
        happened = world.happened(line)
        if not line.start < day < end_of(line, happened) or not _may_leave(world, line, day):
            return None
    spelled = rng.choice(("effective", "last_day"))
    event = Event(code, lines[0].contract, kind, day, on, _sequence(world), spelled=spelled)
    if kind == "remove_option":
        states = folded(leaving[0], world.happened(leaving[0]), world.company.products)
        event = replace(event, line=[state.product for first, state, _ in states if first < day][-1])
        world.targets[code] = leaving[0]
    return event


def _may_leave(world: World, line: Line, day: date) -> bool:
    """Whether the rules decide what leaving on the day does to its cycle."""
    if line.cycle == 0 and line.last is not None and line.bases["end"] != "daily":
        return False
    states = folded(line, world.happened(line), world.company.products)
    for cycle in cycles(line, FAR, day):
        if cycle.start < day < cycle.stop:
            inside = [on for on, _, _ in states[1:] if cycle.start < on < cycle.stop]
            first_cut = cycle.start > cycle.whole[0]
            if line.bases["end"] in KEPT and (inside or first_cut):
                return False
            if first_cut and line.bases["start"] in KEPT:
                return False
    return True


def _declined(world: World, lines: list[Line], on: date, code: str) -> Event | None:
    """A renewal declined well before the term ends."""
    every = world.events.get(lines[0].contract, [])
    if any(event.kind in {"cancel", "decline_renewal"} for event in every) or lines[0].renew is None:
        return None
    if on < lines[0].start:
        return None
    event = Event(code, lines[0].contract, "decline_renewal", on, on, _sequence(world))
    for line in lines:
        end = end_of(line, [*world.happened(line), event])
        if end < months_later(on, 2) or any(charge.stop > end for charge in world.billed(line)):
            return None
    return event


def _withdrawn(rng: Random, world: World, lines: list[Line], on: date, code: str) -> Event | None:
    """A reservation taken back before its day."""
    every = world.events.get(lines[0].contract, [])
    gone = {event.target for event in every if event.kind == "withdraw"}
    open_ = [
        e
        for e in every
        if e.on > on and e.code not in gone and e.kind.startswith("change_") and e.kind != "change_plan"
    ]
    if not open_:
        return None
    target = rng.choice(open_)
    return Event(code, target.contract, "withdraw", target.on, on, _sequence(world), target=target.code)
