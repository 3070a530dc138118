"""What a bank's CSV looks like to whoever sets up its layout (対応づけ): its first rows, its header, and a first guess.

Nothing here reads a movement: a guess becomes a layout (`bank_layout`) that a person looks at, and the reader (`bank_csv`)
takes the file by it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from .bank_csv import MARKS, Line, lines_of
from .bank_layout import KEYS, PROFILES, Profile, headings, plain

HEAD: Final = 30
"""Among how many first rows the header is looked for."""
_NUMBERS: Final = re.compile(r"[-△▲¥\\]?[\d,./:年月日-]*\d[\d,./:年月日円-]*")
_WORDS: Final = re.compile(
    "日付|年月日|取引日|勘定日|入金|出金|支払|預|引出|受入|払出|残高|摘要|内容|明細|金額|メモ|備考|区分|番号|口座"
)
_GUESSES: Final[tuple[tuple[str, str], ...]] = (
    ("day", "日付|取引日|勘定日|年月日|記帳日|操作日|入金日|計上日|起算日"),
    ("balance", "残高|貸付.*高"),
    ("signed", "入出金額?(\\(円\\))?$|入払金額|増減"),
    ("way", "入払区分|入出金区分|入出金の?別|入払|貸借|^区分$"),
    ("incoming", "入金|預入|お?預かり|お?預り|受入|入額|貸方"),
    ("outgoing", "出金|支払|引出|引落|払出|払戻|出額|借方"),
    ("amount", "金額"),
    ("payer_code", "依頼人コード|依頼人番号|仮想口座|バーチャル口座"),
    ("reference", "EDI|請求書番号|通信欄"),
    ("payer", "振込依頼人|依頼人名|振込人|名義|入出金先|摘要内容|取引内容|取り扱い内容|取扱内容|摘要|内容|詳細"),
    ("account", "口座番号|照会口座|口座"),
    ("bank", "金融機関名|銀行名|仕向銀行"),
    ("branch", "支店名|仕向支店|店名"),
    ("inquiry", "照会番号|取引順番号|明細番号|番号|明細ID"),
    ("note", "メモ|備考|摘要"),
)
"""Words in headings, by the part of a layout that such a column most likely is; the first that fits counts."""
_PARTS: Final = ("年", "月", "日")


@dataclass(frozen=True, slots=True)
class Outline:
    """A file's first rows, the line of its header (0: it has none), its columns, and the rows below the header."""

    lines: list[Line]
    header: int
    columns: list[str]
    below: list[Line]

    def samples(self, at: int, most: int = 3) -> list[str]:
        """The first values of a column that are not empty."""
        found = (cells[at].strip() for _, cells, _ in self.below if at < len(cells))
        return [cell for cell in found if cell][:most]


def outline(text: str, header: int | None = None) -> Outline:
    """What the file looks like, with the header on that line, or on the likeliest where none is told.

    >>> found = outline("口座,普通 1234567\\n\\n日付,摘要,入金額,残高\\n2026/10/01,振込 ハルノ,500,1500\\n")
    >>> found.header, found.columns, found.samples(2)
    (3, ['日付', '摘要', '入金額', '残高'], ['500'])
    """
    every = max((lines_of(text, mark) for mark in MARKS), key=lambda lines: max(map(_width, lines[:HEAD]), default=0))
    at = _likeliest(every[:HEAD]) if header is None else header
    place = next((place for place, (line, _, _) in enumerate(every) if line == at), None)
    if place is None:
        width = _width(every[0]) if every else 0
        return Outline(every[:HEAD], 0, headings([""] * width), every)
    return Outline(every[:HEAD], at, headings(every[place][1]), every[place + 1 :])


def _width(line: Line) -> int:
    return len(line[1])


def _likeliest(lines: Sequence[Line]) -> int:
    """The line with most cells that are headings rather than values; 0 where none has two."""
    best, most = 0, 1
    for line, cells, _ in lines:
        told = sum(bool(_WORDS.search(plain(cell))) and not _NUMBERS.fullmatch(plain(cell)) for cell in cells)
        if told > most:
            best, most = line, told
    return best


def guessed(found: Outline) -> dict[str, Any]:
    """A first layout for the file as `Profile.told` has it: that of a bank whose headings it has, else by usual words.

    >>> guessed(outline("お取引日,お取引内容,お引出し額,お預入れ額,差引残高\\n"))
    {'day': ['お取引日'], 'payer': ['お取引内容'], 'incoming': 'お預入れ額', 'outgoing': 'お引出し額', 'balance': '差引残高'}
    """
    if shipped := like(found):
        return _fitted(PROFILES[shipped], found)
    left = list(found.columns) if found.header else []
    told: dict[str, Any] = {}
    parts = [next((name for name in left if plain(name).rstrip(")").endswith(part)), "") for part in _PARTS]
    if all(parts) and len(set(parts)) == len(parts):
        told["day"] = parts
        left = [name for name in left if name not in parts]
    for key, words in _GUESSES:
        if key not in told and (name := _first(left, words)):
            told[key] = [name] if key in ("day", "payer") else name
            left.remove(name)
    return _one_way(told)


def _first(names: Sequence[str], words: str) -> str:
    """The name that has the word which stands first among them."""
    hits = ((at, name) for at, word in enumerate(words.split("|")) for name in names if re.search(word, plain(name)))
    return min(hits, default=(0, ""), key=lambda hit: hit[0])[1]


def _one_way(told: dict[str, Any]) -> dict[str, Any]:
    """The guess with amounts told in one way only: two columns before a signed one before an amount and its word."""
    ways = (("incoming",), ("signed",), ("amount", "way"))
    kept = next((keys for keys in ways if all(key in told for key in keys)), ())
    also = ("outgoing",) if kept == ("incoming",) else ()
    off = {"incoming", "outgoing", "signed", "amount", "way"} - {*kept, *also}
    return {key: told[key] for key in KEYS if key in told and key not in off}


def like(found: Outline) -> str:
    """The name of the shipped layout whose headings the file has; empty where there is none, or more than one fits."""
    header = {plain(name) for name in found.columns}
    fits = [name for name, profile in PROFILES.items() if all(_spelt(each, header) for each in profile.needed)]
    most = max((len(_present(PROFILES[name], header)) for name in fits), default=0)
    best = [name for name in fits if len(_present(PROFILES[name], header)) == most]
    return best[0] if len(best) == 1 else ""


def _spelt(heading: str, header: set[str]) -> str:
    """The spelling of the heading that the file has."""
    return next((each for each in heading.split("|") if plain(each) in header), "")


def _present(profile: Profile, header: set[str]) -> list[str]:
    return [name for name in profile.named if _spelt(name, header)]


def _fitted(profile: Profile, found: Outline) -> dict[str, Any]:
    """A shipped layout in the very headings of the file."""
    header = {plain(name) for name in found.columns}
    own = {plain(name): name for name in found.columns}

    def there(kept: Any) -> Any:
        if isinstance(kept, list):
            return [own[plain(_spelt(each, header))] for each in kept if _spelt(each, header)]
        return own[plain(_spelt(kept, header))] if _spelt(kept, header) else ""

    fitted = {key: there(kept) for key, kept in profile.told().items()}
    return {key: kept for key, kept in fitted.items() if kept}
