"""What people type and paste (書かれたもの), read one value at a time and given back in the spelling that files use.

Screens and mapped files take every spelling a clerk uses; files themselves take fewer (`urikake.core.cells`). So a value
is respelt here first, and then goes through the very same reading and checks as a file's cell. What cannot be read is given back
as it came, so that the checks name it.
"""

from __future__ import annotations

import calendar
import re
import unicodedata
from datetime import date, timedelta
from typing import Final

ERAS: Final = {"R": 2018, "令和": 2018, "H": 1988, "平成": 1988, "S": 1925, "昭和": 1925, "T": 1911, "大正": 1911}
MONTHS: Final = {"前月": -1, "先月": -1, "今月": 0, "当月": 0, "来月": 1, "翌月": 1, "翌々月": 2}
_MINUS: Final = "△▲−‐–—-"
_ERA: Final = re.compile(r"(R|H|S|T|令和|平成|昭和|大正)(\d{1,2}|元)[-/.年](\d{1,2})[-/.月](\d{1,2})日?")
_FULL: Final = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")
_SOLID: Final = re.compile(r"(\d{4})(\d{2})(\d{2})")
_SHORT: Final = re.compile(r"(\d{1,2})[/月](\d{1,2})日?|(\d{2})(\d{2})")
_AWAY: Final = re.compile(r"[-+]\d{1,4}")
_OF_MONTH: Final = re.compile(rf"({'|'.join(sorted(MONTHS, key=len, reverse=True))})(?:(末)日?|(\d{{1,2}})日)")
_NUMBER: Final = re.compile(r"\d+(?:\.\d+)?")


def day(text: str, today: date | None = None) -> str:
    """The day as ``2026-11-24``, however written; without ``today`` only what names its year is read.

    >>> day("R8.11.24"), day("２０２６年１１月２４日"), day("20261124"), day("令和元年5/1")
    ('2026-11-24', '2026-11-24', '2026-11-24', '2019-05-01')
    >>> now = date(2026, 11, 30)
    >>> day("11/24", now), day("1124", now), day("翌月20日", now), day("今月末", now), day("+30", now)
    ('2026-11-24', '2026-11-24', '2026-12-20', '2026-11-30', '2026-12-30')
    >>> day("2026/2/30"), day("11/24"), day("未定", now)
    ('2026/2/30', '11/24', '未定')
    """
    plain = "".join(unicodedata.normalize("NFKC", text).upper().split())
    try:
        found = _named(plain) or (_near(plain, today) if today else None)
    except (ValueError, OverflowError):
        found = None
    return found.isoformat() if found else text.strip()


def _named(plain: str) -> date | None:
    """The day of a text that names its year."""
    if hit := _ERA.fullmatch(plain):
        year = 1 if hit[2] == "元" else int(hit[2])
        return date(ERAS[hit[1]] + year, int(hit[3]), int(hit[4]))
    hit = _FULL.fullmatch(plain) or _SOLID.fullmatch(plain)
    return date(int(hit[1]), int(hit[2]), int(hit[3])) if hit else None


def _near(plain: str, today: date) -> date | None:
    """The day of a text that is understood from today."""
    if hit := _SHORT.fullmatch(plain):
        return date(today.year, int(hit[1] or hit[3]), int(hit[2] or hit[4]))
    if _AWAY.fullmatch(plain):
        return today + timedelta(int(plain))
    if hit := _OF_MONTH.fullmatch(plain):
        year, month = divmod(today.year * 12 + today.month - 1 + MONTHS[hit[1]], 12)
        last = calendar.monthrange(year, month + 1)[1]
        return date(year, month + 1, last if hit[2] else int(hit[3]))
    return today if plain in ("今日", "本日") else None


def number(text: str) -> str:
    """The number in plain digits with a plain sign, however written: an amount, a quantity, a price.

    >>> number("１，０００円"), number("▲500"), number("(500)"), number("△1,234.50"), number("¥ 1,000"), number("約500")
    ('1000', '-500', '-500', '-1234.50', '1000', '約500')
    """
    plain = re.sub(r"[\s,円¥\\]", "", unicodedata.normalize("NFKC", text))
    bracketed = plain.startswith("(") and plain.endswith(")")
    size = plain.strip("()").removeprefix("+") if bracketed else plain.removeprefix("+")
    negative = bracketed or size[:1] in tuple(_MINUS)
    size = size.lstrip(_MINUS)
    if not _NUMBER.fullmatch(size):
        return text.strip()
    return f"-{size}" if negative else size
