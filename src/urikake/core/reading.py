"""How names written in kanji may be read (読み仮名の推定), for comparing them with what banks print in kana.

A reading taken from a dictionary is a guess: names are read as their bearers please. It says who may be meant where the list
of partners has no reading, and ranks what a person decides; nothing is applied by it.
"""

from __future__ import annotations

import functools
from string import ascii_uppercase
from typing import Final

import polars as pl
from sudachipy import Dictionary, SplitMode
from sudachipy.tokenizer import Tokenizer

from urikake.core.payer import folded

_CALLED: Final = (
    "エ- ビ- シ- デイ- イ- エフ ジ- エイチ アイ ジエイ ケ- エル エム エヌ オ- ピ- キユ- ア-ル エス テイ- ユ- ブイ "
    "ダブリユ- エツクス ワイ ゼツト"
)
_LETTERS: Final = dict(zip(ascii_uppercase, _CALLED.split(), strict=True))


def readings(names: pl.Series) -> pl.Series:
    """How each name may be read, folded as payer names are (`payer.folded`); letters and digits stay, nulls stay null.

    >>> readings(pl.Series(["株式会社札幌上田物流", "仙台HRSリース合同会社", None])).to_list()
    ['サツポロウエダブツリユウ', 'センダイHRSリ-ス', None]
    """
    written = folded(names.cast(pl.String))
    told = {name: _read(name) for name in written.drop_nulls().unique()}
    return folded(written.replace_strict(told, return_dtype=pl.String)).alias(names.name)


def spoken(folds: pl.Series) -> pl.Series:
    """The folded names with Latin letters as they are called one by one, long vowels left out on both sides of a comparison.

    >>> spoken(pl.Series(["センダイHRSリ-ス", "センダイエイチア-ルエスリ-ス"])).to_list()
    ['センダイエイチアルエスリス', 'センダイエイチアルエスリス']
    """
    return folds.str.replace_many(_LETTERS).str.replace_all("-", "", literal=True)


def _read(name: str) -> str:
    """The reading of one name, morpheme by morpheme."""
    parts = _tokenizer().tokenize(name)
    return "".join(
        part.surface() if part.surface().isascii() else part.reading_form() or part.surface() for part in parts
    )


@functools.cache
def _tokenizer() -> Tokenizer:
    return Dictionary(dict="small").tokenizer(mode=SplitMode.C)
