"""What a closing bills, thought out day by day: wanted of each day less what was billed of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction

from .arithmetic import bill_on, closes, price, rounded, share
from .lines import Cycle, Stretch, end_of, folded, wanted
from .model import DAY, Company, Event, Line, State, Usage


@dataclass
class Charge:
    """One billed (or due) amount: ``sign`` −1 is a credit; ``used`` is the usage of a metered one."""

    line: Line
    cycle: date
    start: date
    stop: date
    state: State
    sign: int
    basis: str
    amount: int
    used: Fraction | None = None
    net: int = 0
    tax: int = 0
    closing: date | None = None

    @property
    def last(self) -> date:
        return self.stop - DAY


@dataclass
class World:
    """All that was taken so far, and all that was billed of it."""

    company: Company
    lines: list[Line] = field(default_factory=list)
    events: dict[str, list[Event]] = field(default_factory=dict)
    usage: dict[int, list[Usage]] = field(default_factory=dict)
    targets: dict[str, Line] = field(default_factory=dict)  # the line that an event names; the others touch all lines
    charges: dict[int, list[Charge]] = field(default_factory=dict)

    def happened(self, line: Line) -> list[Event]:
        """The standing events that touch the line."""
        every = self.events.get(line.contract, [])
        gone = {event.target for event in every if event.kind == "withdraw"}
        stand = [event for event in every if event.kind not in {"withdraw", "add_option"} and event.code not in gone]
        return [event for event in stand if self.targets.get(event.code, line) is line]

    def billed(self, line: Line) -> list[Charge]:
        return self.charges.setdefault(id(line), [])

    def payer_days(self, line: Line) -> tuple[int, ...]:
        """The closing days that bill the line: its own bill day, else those of who pays."""
        if line.bill_day is not None:
            return (line.bill_day,)
        partner = self.company.partners[line.partner]
        return self.company.partners[partner.bill_to].closing_days

    def metered(self, state: State) -> bool:
        return self.company.products[state.product].metered


def due(world: World, closing: date) -> list[Charge]:
    """What the closing is to bill: the charges that are new, in the order of invoices."""
    found = []
    for line in world.lines:
        days = world.payer_days(line)
        if closes(days, closing):
            found += _of_line(world, line, days, closing, horizon=_ahead(days, closing))
    return [charge for charge in found if charge.amount]


def served(world: World, last: date) -> list[Charge]:
    """What began by the day and is not billed, due or not."""
    found = []
    for line in world.lines:
        found += _of_line(world, line, world.payer_days(line), date.max, horizon=last, upto=last + DAY)
    return [charge for charge in found if charge.amount]


def _ahead(days: tuple[int, ...], closing: date) -> date:
    """The last day on which a cycle may begin that this closing bills: the next closing, for advance billing."""
    return bill_on("current", days, closing + DAY, closing + DAY)


def _of_line(
    world: World, line: Line, days: tuple[int, ...], closing: date, horizon: date, upto: date | None = None
) -> list[Charge]:
    """The charges of one line that are due by the closing; usage that no bill has yet only up to the day ``upto``."""
    found: list[Charge] = []
    want: dict[date, list[Stretch]] = {}
    whole: dict[date, Cycle] = {}
    billed = world.billed(line)
    furthest = max([horizon, *(charge.cycle for charge in billed)])
    for each, stretches in wanted(line, world.happened(line), world.company.products, furthest):
        want[each.start], whole[each.start] = stretches, each
    for start in sorted({*want, *(charge.cycle for charge in billed)}):
        here, mine = want.get(start, []), [charge for charge in billed if charge.cycle == start]
        cycle = whole.get(start)
        ripe = cycle is not None and _due("arrears", days, start, cycle.stop, closing, horizon)
        found += _metered(world, _cut(here, upto) if upto and not mine else here, mine, line, cycle, ripe)
        flat = [charge for charge in mine if not world.metered(charge.state)]
        if flat and _as_billed(world, here, flat):
            continue
        if flat:
            rows = _differences(world, line, start, here, flat)
            found += [row for row in rows if bill_on(line.timing, days, row.start, row.stop) <= closing]
        elif cycle and _due(line.timing, days, start, cycle.stop, closing, horizon):
            found += [
                _charge(world, line, cycle, stretch, here) for stretch in here if not world.metered(stretch.state)
            ]
    return found


def _cut(stretches: list[Stretch], upto: date) -> list[Stretch]:
    """The stretches as far as the day; a cut one goes by its days."""
    return [
        each if each.stop <= upto else replace(each, stop=upto, basis="daily")
        for each in stretches
        if each.start < upto
    ]


def _due(timing: str, days: tuple[int, ...], start: date, stop: date, closing: date, horizon: date) -> bool:
    """Whether a cycle not billed yet is to be billed."""
    return start <= horizon and bill_on(timing, days, start, stop) <= closing


def _charge(world: World, line: Line, cycle: Cycle, stretch: Stretch, want: list[Stretch]) -> Charge:
    """A stretch of a cycle that was not billed yet."""
    used = _used(world, line, stretch) if world.metered(stretch.state) else None
    amount = _amount(world, line, cycle.whole, stretch, used, _until(stretch, want))
    return Charge(line, cycle.start, stretch.start, stretch.stop, stretch.state, 1, stretch.basis, amount, used)


def _until(stretch: Stretch, want: list[Stretch]) -> date:
    """Until when the line is in use after the stretch, at whatever price."""
    day = stretch.stop
    while any(other.start <= day < other.stop for other in want):
        day += DAY
    return day


def _amount(
    world: World, line: Line, whole: tuple[date, date], stretch: Stretch, used: Fraction | None, until: date
) -> int:
    product = world.company.products[stretch.state.product]
    part = share(stretch.basis, whole, (stretch.start, stretch.stop), line.cycle or 1, until)
    state, rounding = stretch.state, world.company.policy["amount_rounding"]
    if used is None:
        exact = price(product, state.price, state.quantity, state.quantity) * part
    else:
        base = price(product, state.price, state.quantity, Fraction(0))
        exact = base * part + (price(product, state.price, state.quantity, used) - base)
    return rounded(max(exact * (1 - state.rate) - state.cut * part, Fraction(0)), rounding)


def _used(world: World, line: Line, stretch: Stretch) -> Fraction:
    """What the usage of the line in the days of the stretch comes to, by the meter of its product."""
    every = [use for use in world.usage.get(id(line), []) if stretch.start <= use.on < stretch.stop]
    meter = world.company.products[stretch.state.product].meter
    if meter == "unique":
        return Fraction(len({use.subject for use in every}))
    if meter == "max":
        return max((use.quantity for use in every), default=Fraction(0))
    if meter == "last":
        return sorted(every, key=lambda use: (use.on, use.second))[-1].quantity if every else Fraction(0)
    return sum((use.quantity for use in every), Fraction(0))


def _metered(
    world: World, want: list[Stretch], mine: list[Charge], line: Line, cycle: Cycle | None, ripe: bool
) -> list[Charge]:
    """Stretches by usage: what all their usage costs, less what was billed; what is wanted no more goes back whole."""
    found: list[Charge] = []
    seen: list[Charge] = []
    for stretch in want:
        if not world.metered(stretch.state):
            continue
        assert cycle is not None
        before = [c for c in mine if (c.start, c.stop, c.state) == (stretch.start, stretch.stop, stretch.state)]
        seen += before
        charge = _charge(world, line, cycle, stretch, want)
        charge.amount -= sum(c.amount for c in before)
        charge.used = (charge.used or Fraction(0)) - sum((c.used or Fraction(0) for c in before), Fraction(0))
        if before or ripe:
            found.append(charge)
    lost: dict[tuple[date, date, State], list[Charge]] = {}
    for old in mine:
        if world.metered(old.state) and not any(old is other for other in seen):
            lost.setdefault((old.start, old.stop, old.state), []).append(old)
    for (start, stop, state), before in lost.items():
        back = sum((c.used or Fraction(0) for c in before), Fraction(0))
        amount = sum(c.amount for c in before)
        found.append(Charge(line, before[0].cycle, start, stop, state, -1, "daily", -amount, -back))
    return found


# --- differences -----------------------------------------------------------------------------------------------------


def _differences(world: World, line: Line, start: date, want: list[Stretch], mine: list[Charge]) -> list[Charge]:
    """For each day: a credit where a state was billed and is not wanted, a charge where it is wanted and was not."""
    found: list[Charge] = []
    states = list(dict.fromkeys([*(c.state for c in mine), *(s.state for s in want if not world.metered(s.state))]))
    for state in states:
        for first, stop, sign in _runs(state, want, mine):
            basis = _basis(world, line, (first, stop), want, mine)
            found.append(Charge(line, start, first, stop, state, sign, basis, 0))
    end = end_of(line, world.happened(line))
    if line.keeps:  # nothing goes back of the days after the line's end
        found = [replace(row, stop=min(row.stop, end)) if row.sign < 0 else row for row in found]
        found = [row for row in found if row.start < row.stop]
    found.sort(key=lambda row: (row.start, row.sign))
    whole = next(c.whole for c in _all_cycles(line, start) if c.start == start)
    for row in found:
        stretch = Stretch(start, row.start, row.stop, row.state, row.basis)
        row.amount = row.sign * _amount(world, line, whole, stretch, None, _until(stretch, want))
    return _settled(found, mine, whole)


def _as_billed(world: World, want: list[Stretch], mine: list[Charge]) -> bool:
    """Whether a cycle stands as it was billed, so that no day of it need be looked at."""
    stretches = [(s.start, s.stop, s.state) for s in want if not world.metered(s.state)]
    return stretches == [(c.start, c.stop, c.state) for c in mine] and all(c.sign > 0 for c in mine)


def _all_cycles(line: Line, until: date) -> list[Cycle]:
    from .lines import FAR, cycles

    return list(cycles(line, FAR, until))


def _runs(state: State, want: list[Stretch], mine: list[Charge]) -> list[tuple[date, date, int]]:
    """The runs of days on which the state is to be charged (1) or credited (−1)."""
    bounds = [(s.start, s.stop) for s in want] + [(c.start, c.stop) for c in mine]
    first, stop = min(a for a, _ in bounds), max(b for _, b in bounds)
    level: list[tuple[date, int]] = []
    day = first
    while day < stop:
        plus = sum(1 for s in want if s.state == state and s.start <= day < s.stop)
        minus = sum(c.sign for c in mine if c.state == state and c.start <= day < c.stop)
        level.append((day, plus - minus))
        day += DAY
    runs: list[tuple[date, date, int]] = []
    for day, sign in level:
        if sign and runs and runs[-1][1] == day and runs[-1][2] == sign:
            runs[-1] = (runs[-1][0], day + DAY, sign)
        elif sign:
            runs.append((day, day + DAY, sign))
    return runs


def _basis(world: World, line: Line, days: tuple[date, date], want: list[Stretch], mine: list[Charge]) -> str:
    """The proration of a difference: of the change on its first day, of an end there, of what begins after it, or undone."""
    first, stop = days
    for stretch in want:
        if stretch.start == first:
            return stretch.basis
    happened = world.happened(line)
    off = [on for on, state, _ in folded(line, happened, world.company.products) if state.off]
    if first == end_of(line, happened) or first in off:
        return line.bases["end"]
    for stretch in want:
        if stretch.start == stop:
            return stretch.basis
    return next((charge.basis for charge in mine if charge.start == first), "daily")


def _settled(found: list[Charge], mine: list[Charge], whole: tuple[date, date]) -> list[Charge]:
    """Credits of a cut cycle as policy has them, none above what is left; the last of a state takes what is left."""
    kept = []
    for row in found:
        cut = row.sign < 0 and (row.start, row.stop) != whole
        if cut and row.basis == "full_month":
            continue
        kept.append(row)
    for state in {row.state for row in kept if row.sign < 0}:
        billed = [charge for charge in mine if charge.state == state]
        left = sum(charge.amount for charge in billed)
        days = sum((charge.stop - charge.start).days * charge.sign for charge in billed)
        for row in kept:
            if row.sign < 0 and row.state == state:
                cut = (row.start, row.stop) != whole
                days -= (row.stop - row.start).days
                asked = left if days <= 0 or (cut and row.basis == "free") else -row.amount
                row.amount = -min(asked, left)
                left += row.amount
    return kept
