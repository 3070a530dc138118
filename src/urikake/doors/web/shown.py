"""How values are shown: yen, dates, months, quantities, states, in the words and figures of the screens."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, Final

from urikake.core.calendar import JAPAN
from urikake.rooms.intake.queries.words import WORDS

NONE: Final = "—"
MICRO: Final = 1_000_000
WEEKDAYS: Final = "月火水木金土日"


def yen(amount: int | None) -> str:
    """The amount with separators; a negative one with △, none as a dash.

    >>> yen(1234567), yen(-440), yen(0), yen(None)
    ('1,234,567', '△440', '0', '—')
    """
    if amount is None:
        return NONE
    return f"△{-amount:,}" if amount < 0 else f"{amount:,}"


def plain(micro: int | None) -> str:
    """A quantity kept in millionths, without needless zeros.

    >>> plain(2_000_000), plain(1_500_000), plain(-250_000), plain(1_234_500_000_000)
    ('2', '1.5', '△0.25', '1,234,500')
    """
    if micro is None:
        return NONE
    whole, rest = divmod(abs(micro), MICRO)
    text = f"{whole:,}" + (f".{rest:06d}".rstrip("0") if rest else "")
    return f"△{text}" if micro < 0 else text


def day(value: date | None, *, full: bool = True) -> str:
    """A day: with its weekday in detail, short in dense lists of one year.

    >>> day(date(2026, 11, 24)), day(date(2026, 11, 24), full=False), day(None)
    ('2026/11/24(火)', '2026/11/24', '—')
    """
    if value is None:
        return NONE
    return f"{value:%Y/%m/%d}" + (f"({WEEKDAYS[value.weekday()]})" if full else "")


def ends(last: date) -> str:
    """Until when something is used, by its last day and the first day without it.

    >>> ends(date(2026, 11, 30))
    '2026/11/30(月) まで使い、2026/12/01(火) から終わります。'
    """
    return f"{day(last)} まで使い、{day(last + timedelta(1))} から終わります。"


def turns(first: date) -> str:
    """From when something is otherwise, by the last day as it was and the first day as it will be.

    >>> turns(date(2026, 12, 1))
    '2026/11/30(月) までは今のまま、2026/12/01(火) から変わります。'
    """
    return f"{day(first - timedelta(1))} までは今のまま、{day(first)} から変わります。"


def month(value: date | str | None) -> str:
    """A month.

    >>> month("2026-05"), month(date(2026, 11, 1))
    ('2026年5月', '2026年11月')
    """
    if not value:
        return NONE
    text = value if isinstance(value, str) else value.isoformat()
    return f"{int(text[:4])}年{int(text[5:7])}月"


def instant(value: datetime | None) -> str:
    """A moment in Japan time, to the minute."""
    return f"{value.astimezone(JAPAN):%Y/%m/%d %H:%M}" if value else NONE


def percent(share: float | None) -> str:
    """A share with one decimal.

    >>> percent(0.125), percent(-0.011), percent(None)
    ('12.5%', '△1.1%', '—')
    """
    if share is None:
        return NONE
    return f"△{-share:.1%}" if share < 0 else f"{share:.1%}"


def tax(code: str | None) -> str:
    """A tax category in words, whether its amounts carry the tax inside or not.

    >>> tax("reduced_incl"), tax("export"), tax(None)
    ('軽減税率', '輸出免税', '—')
    """
    return WORDS["tax"].get(code.removesuffix("_incl"), code) if code else NONE


def tiers(text: str) -> str:
    """The tiers in words.

    >>> tiers("100@0;1000@12;*@8.5")
    '100まで 0円・1000まで 12円・その先 8.5円'
    """
    parts = [part.split("@") for part in text.split(";") if part]
    return "・".join(f"{'その先' if up_to == '*' else up_to + 'まで'} {price}円" for up_to, price in parts)


SHOW: Final[dict[str, Any]] = {
    "yen": yen,
    "quantity": plain,
    "date": lambda value: day(value, full=False),
    "month": month,
    "instant": instant,
    "percent": percent,
    "tax": tax,
    "number": lambda value: NONE if value is None else f"{value:,}",
}


def cell(kind: str, value: Any) -> str:
    """The text of a value of a kind; a text or state as it is, nothing as a dash."""
    if kind in SHOW:
        return str(SHOW[kind](value))
    return NONE if value in (None, "") else str(value)
