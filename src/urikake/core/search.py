"""Text folded for finding (検索): what differs only in how it was typed is the same.

Width, case, hiragana or katakana, small kana, long vowel marks, hyphens, spaces, separators of numbers and the common legal
forms (株式会社, (株), カ) …) make no difference.
"""

from __future__ import annotations

from typing import Final

import polars as pl

_SMALL: Final = dict(zip("ァィゥェォッャュョヮヵヶ", "アイウエオツヤユヨワカケ", strict=True))
_KANA: Final = {chr(code): chr(code + 0x60) for code in range(ord("ぁ"), ord("ゖ") + 1)}
_DROPPED: Final = (
    *" \u3000ー-‐−―・,、.円",
    *("株式会社", "有限会社", "合同会社", "(株)", "(有)", "(同)", "カ)", "(カ", "ユ)", "(ユ", "ド)", "(ド"),
)
_FOLDS: Final = {
    **{hira: _SMALL.get(kata, kata) for hira, kata in _KANA.items()},
    **_SMALL,
    **dict.fromkeys(_DROPPED, ""),
}


def searchable(text: pl.Expr) -> pl.Expr:
    """The text in the form in which it is searched.

    >>> frame = pl.DataFrame({"a": ["株式会社みなとネットワークス", "カ)ﾐﾅﾄﾈｯﾄﾜｰｸｽ", "ＩＮＶ-2026-00012", "１，０００円"]})
    >>> frame.select(searchable(pl.col("a"))).to_series().to_list()
    ['ミナトネツトワクス', 'ミナトネツトワクス', 'inv202600012', '1000']
    """
    return text.str.normalize("NFKC").str.to_lowercase().str.replace_many(_FOLDS, leftmost=True)


def searched(text: str) -> str:
    """One text in that form.

    >>> searched("みなと ねっとわーくす")
    'ミナトネツトワクス'
    """
    return str(pl.select(searchable(pl.lit(text))).item())


def meant(known: pl.DataFrame, text: str) -> str:
    """The ``code`` that a person meant: typed as such, or as the whole name or kana that only one row bears; else the text itself.

    >>> known = pl.DataFrame({"code": ["M1", "M2"], "name": ["株式会社みなと", "北野製作"], "kana": ["ミナト", "キタノ"]})
    >>> meant(known, "M2"), meant(known, "みなと"), meant(known, "ｍ1"), meant(known, "南")
    ('M2', 'M1', 'M1', '南')
    """
    if not text or text in known["code"]:
        return text
    wanted = searched(text)
    same = pl.any_horizontal(searchable(pl.col(name).cast(pl.String)) == wanted for name in known.columns)
    found = known.filter(same)["code"]
    return str(found[0]) if len(found) == 1 else text
