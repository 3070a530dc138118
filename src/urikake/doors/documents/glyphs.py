"""Text that the shipped fonts can show: what they have no glyph for is printed as 〓, as printers have always done.

A file for archiving (PDF/A) may not have a letter that cannot be shown, and setting would fail on it: one name with an
emoji would stop a whole batch. So what the fonts have is read from them (their ``cmap`` tables) and the rest is replaced.
"""

from __future__ import annotations

import functools
import re
import struct
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Final

FONTS: Final = Path(__file__).parent / "fonts"
GETA: Final = "〓"
_MARKED: Final = re.compile("[^\x00-\x7f][\u3099\u309a]|[A-Za-z][\u0300-\u036f]+")
_CONTROL: Final = re.compile(r"(?<!\\)((?:\\\\)*)\\(?:u00[01][0-9a-f]|[bfrt])")


@functools.cache
def covered() -> frozenset[int]:
    """The code points for which every shipped font has a glyph."""
    return frozenset.intersection(*(_mapped(file.read_bytes()) for file in sorted(FONTS.glob("*.ttf"))))


def printable(text: str) -> str:
    """JSON whose texts the fonts can show: other letters as 〓, control characters as spaces, joiners and marks left out.

    Letters that come apart from their marks are put together first. Whole texts are not normalized: that would also put
    the common form of a character in the place of the one that a name is written with (U+FA10 塚).

    >>> printable('{"name": "髙﨑㈱ \\U0001f600 \\U00020bb7野家"}')
    '{"name": "髙﨑㈱ 〓 〓野家"}'
    """
    text = _MARKED.sub(lambda found: unicodedata.normalize("NFC", found[0]), text)
    other = {
        ord(letter): _instead(letter) for letter in set(text) if ord(letter) > 126 and ord(letter) not in covered()
    }
    return _CONTROL.sub(r"\1 ", text.translate(other))


def _instead(letter: str) -> str:
    """What is printed for a letter that has no glyph: nothing where none is seen, a space for a space."""
    kind = unicodedata.category(letter)
    if kind in {"Cf", "Mn", "Me", "Cc"}:
        return ""
    return " " if kind == "Zs" else GETA


def _mapped(font: bytes) -> frozenset[int]:
    """The code points that a TrueType font maps to a glyph."""
    tables = {tag: at for tag, _, at, _ in struct.iter_unpack(">4sIII", font[12 : 12 + 16 * _short(font, 4)])}
    start = tables[b"cmap"]
    subtables = {_long(font, start + 8 + 8 * at) for at in range(_short(font, start + 2))}
    found: set[int] = set()
    for at in (start + offset for offset in subtables):
        kind = _short(font, at)
        if kind in {4, 12}:
            found.update(_segments(font, at) if kind == 4 else _groups(font, at))
    return frozenset(found)


def _segments(font: bytes, at: int) -> Iterator[int]:
    """The code points of a subtable of format 4: segments of the first plane, each with how its glyphs are found."""
    count = _short(font, at + 6) // 2
    ends, starts, deltas, offsets = (at + 14 + skip for skip in (0, 2 * count + 2, 4 * count + 2, 6 * count + 2))
    for step in range(0, 2 * count, 2):
        first, last, offset = _short(font, starts + step), _short(font, ends + step), _short(font, offsets + step)
        for code in range(first, min(last, 0xFFFE) + 1):
            glyph = _short(font, offsets + step + offset + 2 * (code - first)) if offset else code
            if glyph and (glyph + _short(font, deltas + step)) & 0xFFFF:
                yield code


def _groups(font: bytes, at: int) -> Iterator[int]:
    """The code points of a subtable of format 12: groups of any plane."""
    for step in range(_long(font, at + 12)):
        first, last, glyph = struct.unpack_from(">III", font, at + 16 + 12 * step)
        yield from range(first + (glyph == 0), last + 1)


def _short(font: bytes, at: int) -> int:
    return int.from_bytes(font[at : at + 2], "big")


def _long(font: bytes, at: int) -> int:
    return int.from_bytes(font[at : at + 4], "big")
