"""Invoice numbers in what a payer wrote (摘要、EDI情報、振込名義): which open documents a receipt names."""

from __future__ import annotations

from typing import Final

import polars as pl

CITED: Final = {"receipt_id": pl.Int64, "document_id": pl.Int64}

_LEAST: Final = 4  # letters and digits below which a number says nothing
_LEAST_DIGITS: Final = 6  # digits a number needs to be known without its letters
_DATE: Final = r"^(19|20)[0-9]{2}(0[1-9]|1[0-2])([0-2][0-9]|3[01])?$"  # digits that people write for a month or a day
_FIELD: Final = 20  # characters of EDI information
_RUNS: Final = 5  # pieces that a number may be torn into by spaces and dashes


def citations(texts: pl.DataFrame, numbers: pl.DataFrame) -> pl.DataFrame:
    """The documents that each text names by number: ``receipt_id, document_id``, a pair once.

    A number is found however it is punctuated, in either width and case, where no letter or digit touches it; also its
    digits alone, from six on, where no other document has the same, also behind the zeros that fill EDI information
    (金融EDI情報, 20 characters for one number, or for two of 10 each). Numbers under four letters say nothing, nor do digits
    that read as a month or a day.

    ``texts``: ``receipt_id``, ``text``. ``numbers``: ``document_id``, ``number`` (of open documents).

    >>> numbers = pl.DataFrame({"document_id": [1, 2], "number": ["INV-2026-00001", "INV-2026-00002"]})
    >>> texts = pl.DataFrame({"receipt_id": [7, 8, 9], "text": ["ＩＮＶ２０２６－０００01", "202600002", "INV-2026-000021"]})
    >>> citations(texts, numbers).rows()
    [(7, 1), (8, 2)]
    """
    known = _keys(numbers)
    pieces = _pieces(texts)
    found = pieces.join(known, on="key").select("receipt_id", "document_id").unique().sort("receipt_id", "document_id")
    return found.cast(CITED)  # type: ignore[arg-type]


def _keys(numbers: pl.DataFrame) -> pl.DataFrame:
    """The forms in which a document may be named: its number without punctuation, its digits alone."""
    plain = numbers.drop_nulls().select("document_id", key=_letters(pl.col("number")).str.replace_all("[^0-9A-Z]", ""))
    plain = plain.filter(pl.col("key").str.len_chars() >= _LEAST).unique()
    bare = plain.with_columns(key=pl.col("key").str.replace_all("[^0-9]", ""))
    bare = bare.filter(pl.col("key").str.len_chars() >= _LEAST_DIGITS).join(plain, on="key", how="anti").unique()
    return pl.concat([plain, bare.filter(pl.len().over("key") == 1)])


def _pieces(texts: pl.DataFrame) -> pl.DataFrame:
    """Every run of letters and digits, and every few of them in a row, that may be a number: ``receipt_id, key``."""
    spelt = texts.drop_nulls().select("receipt_id", text=_letters(pl.col("text")))
    likely = spelt.filter(pl.col("text").str.contains("[0-9]"))
    runs = likely.select("receipt_id", run=pl.col("text").str.extract_all("[0-9A-Z]+"))
    every = [
        runs.select("receipt_id", key=pl.col("run").list.eval(_in_a_row(size))).explode("key") for size in range(_RUNS)
    ]
    told = pl.concat([*every, *_unfilled(runs)]).drop_nulls().unique()
    return told.filter((pl.col("key").str.len_chars() >= _LEAST) & ~pl.col("key").str.contains(_DATE))


def _unfilled(runs: pl.DataFrame) -> list[pl.DataFrame]:
    """The digits that zeros were put before to fill a field of EDI information, or each half of one."""
    each = runs.explode("run").drop_nulls()
    filled = each.filter(pl.col("run").str.contains(r"^0[0-9]+$"))
    whole = filled.select("receipt_id", key="run")
    full = filled.filter(pl.col("run").str.len_chars() == _FIELD)
    halves = [full.select("receipt_id", key=pl.col("run").str.slice(at, _FIELD // 2)) for at in (0, _FIELD // 2)]
    bare = pl.concat([whole, *halves]).with_columns(pl.col("key").str.strip_chars_start("0"))
    return [bare.filter(pl.col("key").str.len_chars() >= _LEAST_DIGITS)]


def _in_a_row(more: int) -> pl.Expr:
    """Each run with the ``more`` that follow it, null where so many do not."""
    joined = pl.element()
    for step in range(1, more + 1):
        joined = joined + pl.element().shift(-step)
    return joined


def _letters(text: pl.Expr) -> pl.Expr:
    return text.str.normalize("NFKC").str.to_uppercase()
