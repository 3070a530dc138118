"""Qualified-invoice registration numbers (登録番号): ``T`` + 13 digits, of which the first is a check digit.

One spelling is stored, ``T`` and 13 half-width digits; people also write full-width, lower-case and with hyphens.
The 13 digits are the corporate number (法人番号), or for others a number of the same build; where a partner is known to
be a person, what is said here is a warning. A number that passes is no proof of registration: that is asked of the
published list, for a date. Rule: 法人番号の指定等に関する省令 (check digit), 消費税法57条の2 (registration).
"""

from __future__ import annotations

import unicodedata
from typing import Final

import polars as pl
from stdnum.exceptions import ValidationError
from stdnum.jp import cn

_WRONG_FORM: Final = "登録番号は T と 13 桁の数字です"
_WRONG_DIGIT: Final = "チェックデジットが合いません。番号の打ち間違いがないか確かめてください"
_DASHES: Final = "-‐‑‒–—―−ーｰ－"


def normalised(text: str) -> str:
    """The number as it is stored: half-width, upper-case, without spaces and hyphens.

    >>> normalised("ｔ１－２３４５－６７８９－０１２３"), normalised(" T5-8356-7825-6246 ")
    ('T1234567890123', 'T5835678256246')
    """
    folded = unicodedata.normalize("NFKC", text).upper()
    return "".join(letter for letter in folded if letter not in _DASHES and not letter.isspace())


def problem(text: str) -> str | None:
    """What is wrong with the number, in Japanese, or ``None``; written in any way people write it.

    Check digit = 9 − (Σ Pn × Qn mod 9) over the other 12 digits, counted from the right, Qn 1 for odd and 2 for even n.
    A wrong one is refused: it is a typing error. An exchange of 0 and 9 escapes the check.

    >>> problem("T5835678256246"), problem("T5835678256247")
    (None, 'チェックデジットが合いません。番号の打ち間違いがないか確かめてください')
    >>> problem("5835678256246")
    '登録番号は T と 13 桁の数字です'
    """
    number = normalised(text)
    if not (len(number) == 14 and number[0] == "T" and number[1:].isascii() and number[1:].isdigit()):
        return _WRONG_FORM
    try:
        cn.validate(number[1:])
    except ValidationError:
        return _WRONG_DIGIT
    return None


def problems(numbers: pl.Series) -> pl.Series:
    """What is wrong with each number (see `problem`), null where nothing is; a null or empty number is none.

    >>> problems(pl.Series(["T5835678256246", "T123", None, ""])).to_list()
    [None, '登録番号は T と 13 桁の数字です', None, None]
    """
    spelt = pl.col("number").str.normalize("NFKC").str.to_uppercase().str.replace_all(rf"[{_DASHES}\s]", "")
    frame = numbers.cast(pl.String).to_frame("number").select(number=spelt)
    given = pl.col("number").is_not_null() & (pl.col("number") != "")
    digits = [pl.col("number").str.slice(at, 1).cast(pl.Int64, strict=False) for at in range(1, 14)]
    weighed = pl.sum_horizontal(digit * (2 if at % 2 else 1) for at, digit in enumerate(reversed(digits[1:])))
    reason = (
        pl.when(given & ~pl.col("number").str.contains(r"^T[0-9]{13}$"))
        .then(pl.lit(_WRONG_FORM))
        .when(given & (digits[0] != 9 - weighed % 9))
        .then(pl.lit(_WRONG_DIGIT))
    )
    return frame.select(reason.alias(numbers.name)).to_series()
