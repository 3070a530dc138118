"""Bank kana (銀行カナ): text in the one-byte characters that bank files take, JIS X 0201 without small kana.

Rule: 全銀協 適用業務およびレコード・フォーマット 付録 (character sets), 略語の表 (a voiced mark is a character of its own, a long
vowel is ``-``).
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Final

_FULL: Final = "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワン"
_HALF: Final = "ｱｲｳｴｵｶｷｸｹｺｻｼｽｾｿﾀﾁﾂﾃﾄﾅﾆﾇﾈﾉﾊﾋﾌﾍﾎﾏﾐﾑﾒﾓﾔﾕﾖﾗﾘﾙﾚﾛﾜﾝ"
_LARGE: Final = dict(zip("ァィゥェォッャュョヮヵヶヰヱヲ", "アイウエオツヤユヨワカケイエオ", strict=True))
_DASHES: Final = dict.fromkeys("ー‐‑‒–—―−─━﹣", "-")
_MARKS: Final = {"\u3099": "ﾞ", "\u309a": "ﾟ", "゛": "ﾞ", "゜": "ﾟ"}
_LETTERS: Final = (
    dict(zip(_FULL, _HALF, strict=True))
    | {small: _HALF[_FULL.index(large)] for small, large in _LARGE.items()}
    | _DASHES
    | _MARKS
    | {"・": " ", "\u3000": " ", "「": "｢", "」": "｣"}
)
_VOICED: Final = frozenset("ｶｷｸｹｺｻｼｽｾｿﾀﾁﾂﾃﾄﾊﾋﾌﾍﾎｳ")
_PLOSIVE: Final = frozenset("ﾊﾋﾌﾍﾎ")
LETTERS: Final = frozenset(_HALF + "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
NAME: Final = LETTERS | frozenset("ﾞﾟ ()-.")
"""What may stand in the name of an account's holder, a payee, or who asks for a payment."""
BANK: Final = LETTERS | frozenset("ﾞﾟ -")
"""What may stand in the name of a bank or a branch."""
EDI: Final = LETTERS | frozenset("ﾞﾟ \\｢｣()-/.")
"""What may stand in the text that a payer adds for its creditor (EDI情報)."""


@lru_cache(maxsize=10_000)  # the names of banks and branches come again and again
def converted(text: str, allowed: frozenset[str] = NAME) -> str:
    """The text in bank kana: half-width, upper-case, without small kana, every character one byte.

    Width by NFKC, hiragana to katakana, ヰ ヱ ヲ to ｲ ｴ ｵ, ヴ to ｳﾞ, dashes and long vowels to ``-``, a middle dot to a space.
    Raises ``ValueError``, in Japanese, that names the first character which cannot stand there; nothing is dropped.

    >>> converted("ｶ)ガーデン"), converted("ヴァイオリン"), converted("ジュピター（カ"), converted("ａｂｃショウカイ")
    ('ｶ)ｶﾞ-ﾃﾞﾝ', 'ｳﾞｱｲｵﾘﾝ', 'ｼﾞﾕﾋﾟﾀ-(ｶ', 'ABCｼﾖｳｶｲ')
    """
    marked = text.replace("゛", "\u3099").replace("゜", "\u309a")  # NFKC would part these by a space
    folded = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", marked)).upper()
    spelt = [_LETTERS.get(large, large) for large in map(_katakana, folded)]
    for before, letter in zip(["", *spelt], spelt, strict=False):
        misplaced = (letter == "ﾞ" and before not in _VOICED) or (letter == "ﾟ" and before not in _PLOSIVE)
        if letter not in allowed or misplaced:
            raise ValueError(f"「{letter}」は銀行のファイルに書けない文字です")
    return "".join(spelt)


def _katakana(letter: str) -> str:
    return chr(ord(letter) + 0x60) if "ぁ" <= letter <= "ゖ" else letter


def cut(text: str, most: int) -> str:
    """The text of at most so many characters; a kana and its voiced mark are never parted.

    >>> cut("ｶﾞ-ﾃﾞﾝ", 5), cut("ｶﾞ-ﾃﾞﾝ", 4)
    ('ｶﾞ-ﾃﾞ', 'ｶﾞ-')
    """
    short = text[:most]
    return short[:-1] if text[most : most + 1] in ("ﾞ", "ﾟ") and short else short
