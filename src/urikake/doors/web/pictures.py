"""Pictures for those who would rather look than read: figures become bars, ticks and words that `<c-picture>` draws as SVG.

Pure: amounts in, shapes out, in whole pixels. Every bar says its amount in words and leads where its row of the table
leads; a pattern tells apart what a colour alone would not. Amounts on a scale are in 円, 千円 or 百万円, with the unit
written; beside the bars of a bridge they are full, so that they can be added up by eye.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from typing import Final

from . import shown

LETTER: Final = 12  # pixels a full-width letter takes
PATTERNS: Final = ("", "dots", "", "bars", "", "dots")  # of the series, beside their colours


@dataclass(frozen=True, slots=True)
class Part:
    """An amount with its name, where it leads, and what else is said of it."""

    label: str
    amount: int
    url: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Bar:
    """A rectangle; ``wide`` is the area around it that leads to ``url``, ``stop`` whether the Tab key stops at it."""

    x: int
    y: int
    width: int
    height: int
    tone: str
    title: str
    url: str = ""
    pattern: str = ""
    wide: tuple[int, int, int, int] | None = None
    stop: bool = True


@dataclass(frozen=True, slots=True)
class Text:
    """Words at a point: to its right, around it (``middle``) or to its left (``end``)."""

    x: int
    y: int
    text: str
    tone: str = ""
    anchor: str = "start"


@dataclass(frozen=True, slots=True)
class Line:
    """A line from one point to another."""

    x1: int
    y1: int
    x2: int
    y2: int
    tone: str = "grid"


@dataclass
class Picture:
    """Shapes in the order they are drawn; a ``quiet`` one is a single image to assistive technology."""

    width: int
    height: int
    label: str
    lines: list[Line] = field(default_factory=list)
    bars: list[Bar] = field(default_factory=list)
    texts: list[Text] = field(default_factory=list)
    marks: list[Line] = field(default_factory=list)
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class Scale:
    """Amounts from ``low`` to ``high`` laid on pixels from ``start`` to ``end``, which may run backwards (upwards)."""

    low: int
    high: int
    start: int
    end: int

    def at(self, amount: int) -> int:
        """The pixel of an amount.

        >>> Scale(0, 100, 10, 210).at(50), Scale(0, 100, 200, 0).at(25)
        (110, 150)
        """
        return self.start + round((amount - self.low) * (self.end - self.start) / max(self.high - self.low, 1))


def unit(most: int) -> tuple[int, str]:
    """The unit in which amounts up to ``most`` are written on a scale.

    >>> unit(34_320_000), unit(900_000_000), unit(800)
    ((1000, '千円'), (1000000, '百万円'), (1, '円'))
    """
    fitting = ((size, word) for size, word in ((1_000_000, "百万円"), (1_000, "千円")) if most >= size * 100)
    return next(fitting, (1, "円"))


def ticks(low: int, high: int, most: int = 5) -> list[int]:
    """Round amounts from ``low`` to ``high``, at most ``most`` steps apart by 1, 2 or 5 times a power of ten.

    >>> ticks(0, 34_320_000), ticks(-30, 45, 4)
    ([0, 10000000, 20000000, 30000000], [-20, 0, 20, 40])
    """
    step = _step(high - low, most)
    return list(range(-(-low // step) * step, high + 1, step))


def _step(span: int, most: int) -> int:
    power = int(10 ** (len(str(max(span // most, 1))) - 1))
    return next(power * times for times in (1, 2, 5, 10, 20) if power * times * most >= span)


def signed(amount: int) -> str:
    """An amount that is a difference, with its sign.

    >>> signed(1_240_000), signed(-330_000), signed(0)
    ('+1,240,000', '△330,000', '0')
    """
    return f"+{amount:,}" if amount > 0 else shown.yen(amount)


def short(text: str, pixels: int) -> str:
    """The text cut to the pixels there are, where a half-width letter takes half; only names are ever cut.

    >>> short("専用接続回線 100M", 110), short("専用接続回線 100M", 96), short("保守", 96)
    ('専用接続回線 100M', '専用接続回線 1…', '保守')
    """
    reach = list(accumulate(LETTER // (2 if letter.isascii() else 1) for letter in text))
    if not reach or reach[-1] <= pixels:
        return text
    return text[: sum(end <= pixels - LETTER for end in reach)].rstrip() + "…"


def bridge(start: Part, parts: Sequence[Part], end: Part, *, label: str, width: int = 620) -> Picture:
    """From one amount to another: a row for each part, floating where the ones before it have come to.

    Where the change is small beside the amounts the scale does not begin at nothing; then both ends are drawn torn.
    """
    rows = [start, *parts, end]
    levels = list(accumulate([start.amount, *(part.amount for part in parts)]))
    low, high = _span([*levels, end.amount])
    names, amounts = (92, 82) if width < 500 else (150, 100)
    scale = Scale(low, high, names, width - amounts - 10)
    found = Picture(width, 30 + 26 * len(rows), label)
    _axis(found, scale, low > 0)
    spans = [(min(max(0, low), high), start.amount), *pairwise(levels), (min(max(0, low), high), end.amount)]
    for at, (part, (one, other)) in enumerate(zip(rows, spans, strict=True)):
        _row(found, scale, part, (one, other), at, whole=at in (0, len(rows) - 1), torn=low > 0)
    return found


def _span(levels: Sequence[int]) -> tuple[int, int]:
    """The amounts that the scale shows: from nothing, or from just below where all the change lies."""
    low, high = min(levels), max(levels)
    change = high - low
    if change and low > 3 * change:
        step = _step(change, 4)
        return (low - change) // step * step, high
    return min(low, 0), max(high, 1 if low >= 0 else 0)


def _axis(found: Picture, scale: Scale, torn: bool) -> None:
    """The ticks above the rows, with the unit."""
    size, word = unit(max(abs(scale.low), abs(scale.high)))
    marks = ticks(scale.low, scale.high, 3 if found.width < 500 else 5)
    found.texts.append(Text(0, 12, f"単位 {word}", "sub"))
    for amount in marks:
        x = scale.at(amount)
        found.lines.append(Line(x, 18, x, found.height - 4, "zero" if amount == 0 else "grid"))
        found.texts.append(Text(x, 12, shown.yen(amount // size), "tick", "middle"))
    if torn:
        found.label += f"(目盛りは {shown.yen(scale.low)}円から)"


def _row(found: Picture, scale: Scale, part: Part, span: tuple[int, int], at: int, *, whole: bool, torn: bool) -> None:
    """One bar with its name and its amount; from its end a line leads to the row below."""
    y = 24 + 26 * at
    left, right = sorted(scale.at(amount) for amount in span)
    amount = shown.yen(part.amount) if whole else signed(part.amount)
    tone, pattern = ("end", "") if whole else ("down", "hatch") if part.amount < 0 else ("up", "")
    title = f"{part.label} {amount}円" + (f" {part.note}" if part.note else "")
    around = (0, y, found.width, 24)
    found.bars.append(Bar(left, y + 4, max(right - left, 2), 16, tone, title, part.url, pattern, around))
    found.texts.append(Text(0, y + 17, short(part.label, scale.start - 8), "link" if part.url else ""))
    found.texts.append(Text(found.width, y + 17, amount, "neg" if part.amount < 0 else "num", "end"))
    if at and y > 24:
        x = scale.at(span[0] if not whole else span[1])
        found.lines.append(Line(x, y - 6, x, y + 4, "step"))
    if whole and torn:
        found.marks += [Line(left + shift, y + 22, left + shift + 6, y + 2, "torn") for shift in (8, 13)]


@dataclass(frozen=True, slots=True)
class Month:
    """A column of a stacked picture; what is ``ahead`` is not certain yet."""

    label: str
    ahead: bool = False


@dataclass(frozen=True, slots=True)
class Series:
    """An amount for every month, under one name; ``urls`` are where each month leads, where that differs from ``url``."""

    label: str
    amounts: Sequence[int]
    url: str = ""
    urls: Sequence[str] = ()


def stacked(
    months: Sequence[Month],
    series: Sequence[Series],
    *,
    label: str,
    states: tuple[str, str] = ("認識済み", "予定"),
    width: int = 1120,
    height: int = 250,
) -> Picture:
    """Amounts by month, a stack for each month and a colour for each series; months ahead are hatched.

    ``states`` are what a month that is over and one ahead are called.
    """
    sums = [[amounts[at] for amounts in (each.amounts for each in series)] for at in range(len(months))]
    high = max((sum(a for a in stack if a > 0) for stack in sums), default=0)
    low = min((sum(a for a in stack if a < 0) for stack in sums), default=0)
    scale = Scale(low, max(high, 1), height - 22, 44)
    found = Picture(width, height, label)
    _legend(found, [Part(each.label, sum(each.amounts), each.url) for each in series])
    size = _rules(found, scale)
    pitch = (width - 70) / max(len(months), 1)
    for at, (month, stack) in enumerate(zip(months, sums, strict=True)):
        x, wide = 70 + round(at * pitch), round(pitch * 0.66)
        parts = [
            Part(s.label, amount, s.urls[at] if s.urls else s.url) for s, amount in zip(series, stack, strict=True)
        ]
        _stack(found, scale, parts, (month, states[month.ahead]), (x, wide))
        top = scale.at(sum(amount for amount in stack if amount > 0))
        found.texts.append(Text(x + wide // 2, top - 4, shown.yen(round(sum(stack) / size)), "tick", "middle"))
        found.texts.append(Text(x + wide // 2, height - 6, month.label, "tick", "middle"))
        if month.ahead and at and not months[at - 1].ahead:
            border = x - round(pitch * 0.17)
            found.marks.append(Line(border, 30, border, height, "now"))
    return found


def _stack(
    found: Picture, scale: Scale, parts: Sequence[Part], month: tuple[Month, str], place: tuple[int, int]
) -> None:
    """The bars of one month: what adds above the zero line, what takes away below it."""
    above = below = 0
    head, state = month
    for at, part in enumerate(parts):
        start = above if part.amount > 0 else below
        top, bottom = sorted((scale.at(start), scale.at(start + part.amount)))
        if part.amount > 0:
            above += part.amount
        else:
            below += part.amount
        if not part.amount:
            continue
        title = f"{head.label} {part.label} {shown.yen(part.amount)}円({state})"
        pattern = "hatch" if head.ahead else PATTERNS[at % len(PATTERNS)]
        tone = f"s{at % len(PATTERNS)}" + (" ahead" if head.ahead else "")
        found.bars.append(
            Bar(place[0], top, place[1], max(bottom - top, 1), tone, title, part.url, pattern, stop=False)
        )


def beside(
    months: Sequence[str], plans: tuple[Series, Series], *, label: str, width: int = 1120, height: int = 230
) -> Picture:
    """Two amounts for every month side by side, and above them what the second differs by."""
    amounts = [*plans[0].amounts, *plans[1].amounts, 0]
    scale = Scale(min(amounts), max(*amounts, 1), height - 22, 44)
    found = Picture(width, height, label)
    size = _rules(found, scale)
    pitch = (width - 70) / max(len(months), 1)
    for at, month in enumerate(months):
        x, wide = 70 + round(at * pitch), round(pitch * 0.36)
        pair = [plan.amounts[at] for plan in plans]
        for turn, (plan, tone, pattern) in enumerate(zip(plans, ("past", "s3"), ("", "bars"), strict=True)):
            top, bottom = sorted((scale.at(0), scale.at(pair[turn])))
            title, url = f"{month} {plan.label} {shown.yen(pair[turn])}円", plan.urls[at] if plan.urls else plan.url
            found.bars.append(
                Bar(x + turn * wide, top, wide - 2, max(bottom - top, 1), tone, title, url, pattern, stop=False)
            )
        if change := round((pair[1] - pair[0]) / size):
            found.texts.append(Text(x + wide, scale.at(max(*pair, 0)) - 4, signed(change), "tick", "middle"))
        found.texts.append(Text(x + wide, height - 6, month, "tick", "middle"))
    for turn, (plan, tone, pattern) in enumerate(zip(plans, ("past", "s3"), ("", "bars"), strict=True)):
        title = f"{plan.label} 合計 {shown.yen(sum(plan.amounts))}円"
        found.bars.append(Bar(turn * 240, 4, 14, 12, tone, title, "", pattern))
        found.texts.append(Text(turn * 240 + 20, 15, f"{plan.label} {shown.yen(sum(plan.amounts))}円"))
    return found


def _rules(found: Picture, scale: Scale) -> int:
    """The ticks left of the stacks, with the unit, whose size it gives."""
    size, word = unit(max(abs(scale.low), abs(scale.high)))
    found.texts.append(Text(0, 32, f"単位 {word}", "sub"))
    for amount in ticks(scale.low, scale.high):
        y = scale.at(amount)
        found.lines.append(Line(64, y, found.width, y, "zero" if amount == 0 else "grid"))
        found.texts.append(Text(60, y + 4, shown.yen(amount // size), "tick", "end"))
    return size


def _legend(found: Picture, parts: Sequence[Part], y: int = 2) -> None:
    """What each colour and pattern means, in one row; the whole entry leads where its bars lead."""
    pitch = found.width // max(len(parts), 1)
    for at, part in enumerate(parts):
        title = f"{part.label} 合計 {shown.yen(part.amount)}円"
        found.bars.append(
            Bar(at * pitch, y + 2, 14, 12, f"s{at}", title, part.url, PATTERNS[at], (at * pitch, y - 4, pitch - 8, 24))
        )
        found.texts.append(Text(at * pitch + 20, y + 13, short(part.label, pitch - 30), "link" if part.url else ""))


def shares(parts: Sequence[Part], *, label: str, width: int = 640) -> Picture:
    """The parts of a sum on one bar, with name and amount of each under it; what is negative takes no room."""
    found = Picture(width, 84, label)
    whole = sum(max(part.amount, 0) for part in parts)
    scale, done = Scale(0, max(whole, 1), 0, width), 0
    pitch = width // max(len(parts), 1)
    for at, part in enumerate(parts):
        share = shown.percent(part.amount / whole) if whole and part.amount > 0 else shown.NONE
        title = f"{part.label} {shown.yen(part.amount)}円 {share}"
        left, done = scale.at(done), done + max(part.amount, 0)
        if part.amount > 0:
            size = max(scale.at(done) - left, 1)
            found.bars.append(Bar(left, 2, size, 26, f"a{at}", title, part.url, PATTERNS[at], stop=False))
        found.bars.append(
            Bar(at * pitch, 44, 14, 12, f"a{at}", title, part.url, PATTERNS[at], (at * pitch, 36, pitch - 4, 46))
        )
        name = short(part.label, pitch - 28 - LETTER * (len(share) + 1) // 2)
        found.texts.append(Text(at * pitch + 20, 55, f"{name} {share}", "link" if part.url else ""))
        found.texts.append(
            Text(at * pitch + 20, 75, f"{shown.yen(part.amount)}円", "neg" if part.amount < 0 else "num")
        )
    return found


def layered(bars: Sequence[tuple[str, Sequence[Part]]], *, label: str, width: int = 760) -> Picture:
    """Sums beside each other, each a bar of its parts in the same order: how the same things weigh in several measures."""
    found = Picture(width, 34 + 48 * len(bars), label)
    sums = [sum(max(part.amount, 0) for part in parts) for _, parts in bars]
    scale = Scale(0, max(*sums, 1), 116, width - 100)
    if bars:
        _legend(found, bars[-1][1])
    for at, (name, parts) in enumerate(bars):
        y, done = 34 + 48 * at, 0
        found.texts.append(Text(0, y + 16, name))
        found.texts.append(Text(width, y + 16, f"{shown.yen(sum(part.amount for part in parts))}円", "num", "end"))
        for turn, part in enumerate(parts):
            left, done = scale.at(done), done + max(part.amount, 0)
            size = scale.at(done) - left
            if part.amount <= 0:
                continue
            title, tone = f"{name} {part.label} {shown.yen(part.amount)}円", turn % len(PATTERNS)
            found.bars.append(Bar(left, y, max(size, 1), 22, f"s{tone}", title, part.url, PATTERNS[tone], stop=False))
            if size >= AMOUNT:
                found.texts.append(Text(left + size // 2, y + 36, shown.yen(part.amount), "tick", "middle"))
    return found


AMOUNT: Final = 64
"""The least pixels of a bar under which its amount is written."""


def spark(parts: Sequence[Part], *, label: str, width: int = 192, height: int = 40) -> Picture:
    """The course of an amount in small bars, the last of them marked; described in one sentence."""
    amounts = [part.amount for part in parts] or [0]
    low, high = min(0, *amounts), max(1, *amounts)
    scale = Scale(low, high, height - 1, 1)
    words = f"{label} 最小 {shown.yen(min(amounts))}円 最大 {shown.yen(max(amounts))}円 直近 {shown.yen(amounts[-1])}円"
    found = Picture(width, height, words, quiet=True)
    pitch = width / max(len(parts), 1)
    for at, part in enumerate(parts):
        top, bottom = sorted((scale.at(0), scale.at(part.amount)))
        tone = "end" if at == len(parts) - 1 else "past"
        title = f"{part.label} {shown.yen(part.amount)}円"
        found.bars.append(Bar(round(at * pitch), top, round(pitch) - 3, max(bottom - top, 1), tone, title))
    found.lines.append(Line(0, scale.at(0), width, scale.at(0), "zero"))
    return found
