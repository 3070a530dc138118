"""Payer names that resemble a partner's: spelt otherwise, with something added, cut, or with a slip of the pen.

What `core.payer` finds equal needs none of this. What it does not find is compared here with every name that could be
meant, on whole columns: equal letters are joined, and names one slip apart share a spelling with one letter left out
(the way of SymSpell), so that no payer is held against all partners one by one.
"""

from __future__ import annotations

from typing import Final, Literal, get_args

import polars as pl
from rapidfuzz.distance import OSA

from urikake.core.payer import legal_forms

How = Literal["same", "spelling", "longer", "ending", "shorter", "slip"]
"""In what a name resembles: borne by it (and others), long vowels and voiced marks apart, more letters behind, more before,
fewer, slips."""

HOW: Final[tuple[How, ...]] = get_args(How)
LIKE: Final = {"receipt_id": pl.Int64, "partner_id": pl.Int64, "how": pl.Enum(HOW)}

_ADDED: Final = 4  # letters that a partner's name needs before a payer's may be it with something added
_LESS: Final = 3  # letters that a payer's name needs before it may be the beginning of a partner's
_SLIP: Final = 5  # letters a name needs before one slip is forgiven
_SLIPS: Final = 9  # letters a name needs before two are
_VOICED: Final = "[\u3099\u309a]"
_LONG: Final = (
    (r"([オコソトノホモヨロウクスツヌフムユル])[ウオ]+", "$1"),
    (r"([エケセテネヘメレ])[イエ]+", "$1"),
    (r"([アカサタナハマヤラワ])ア+", "$1"),
    (r"([イキシチニヒミリ])イ+", "$1"),
)


def loosened(folded: pl.Expr) -> pl.Expr:
    """The folded name without what writers of one name disagree on: long vowels, voiced marks, numbers before it.

    >>> names = pl.DataFrame({"name": ["コ-ヨウコウギヨウ", "コウヨウコウギヨ-", "コオヨ-コ-キヨウ"]})
    >>> names.select(loosened(pl.col("name")))["name"].unique().to_list()
    ['コヨコキヨ']
    """
    plain = (
        folded.str.replace(r"^\d+(\D)", "$1")
        .str.replace_many(["ヂ", "ヅ"], ["ジ", "ズ"])
        .str.normalize("NFD")
        .str.replace_all(_VOICED, "")
    )
    spoken = plain.str.replace_all("-", "", literal=True)
    for spelt, short in _LONG:
        spoken = spoken.str.replace_all(spelt, short)
    return spoken


def likely(payers: pl.DataFrame, names: pl.DataFrame) -> pl.DataFrame:
    """The partners whose names each payer's resembles: ``receipt_id, partner_id, how``, a pair once.

    A payer whose folded name partners bear is ``same`` for all of them and resembles no other. Else, by the loosened
    letters (:func:`loosened`): equal (``spelling``); the payer's with more behind or before it, as a branch, a person or a
    trade name (``longer``, before it ``ending``; of several names in it the longest, of four letters at least), or with less behind
    (``shorter``, three letters at least);
    one slip apart (a letter wrong, missing, too many, or two exchanged) from five letters on, two from nine (``slip``).
    Resembling says who may be meant, never who it is.

    ``payers``: ``receipt_id``, ``folded``. ``names``: ``partner_id``, ``folded``, any number a partner.

    >>> names = pl.DataFrame({"partner_id": [1, 2], "folded": ["アオバシヨウジ", "ミドリサンギヨウ"]})
    >>> payers = pl.DataFrame({"receipt_id": [1, 2], "folded": ["アオバシヨウジオオサカシテン", "ミドサンギヨウ"]})
    >>> likely(payers, names).rows()
    [(1, 1, 'longer'), (2, 2, 'slip')]
    """
    asked = payers.drop_nulls("folded").filter(pl.col("folded") != "")
    known = names.drop_nulls().filter(pl.col("folded") != "").select("partner_id", "folded").unique(maintain_order=True)
    spelt = asked.select("folded").unique(maintain_order=True)
    same = spelt.join(known, on="folded").with_columns(how=pl.lit("same"))
    strange = spelt.join(same, on="folded", how="anti", maintain_order="left")
    every = pl.concat([same, _alike(strange, known)]).with_columns(pl.col("how").cast(pl.Enum(HOW)))
    pairs = asked.select("receipt_id", "folded").join(every, on="folded").sort("receipt_id", "partner_id", "how")
    return pairs.unique(["receipt_id", "partner_id"], keep="first", maintain_order=True).select(*LIKE).cast(LIKE)  # type: ignore[arg-type]


def _alike(strange: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """The partners that names which nobody bears resemble: ``folded, partner_id, how``."""
    if strange.is_empty():
        return strange.select("folded", partner_id=pl.lit(None, dtype=pl.Int64), how=pl.lit("")).clear()
    spelt = strange.with_columns(loose=loosened(pl.col("folded")))
    kept = (
        known.with_columns(loose=loosened(pl.col("folded"))).select("partner_id", "loose").unique(maintain_order=True)
    )
    loose = spelt.select("loose").unique(maintain_order=True).filter(pl.col("loose") != "")
    ways = [_spelling(loose, kept), _longer(loose, kept), _shorter(loose, kept), _slips(loose, kept)]
    return spelt.join(pl.concat(ways), on="loose").select("folded", "partner_id", "how")


def told_by_form(pairs: pl.DataFrame, payers: pl.DataFrame, names: pl.DataFrame) -> pl.DataFrame:
    """The pairs, without the partners of a receipt whose legal form (法人格) is not the payer's where another's is.

    Of several partners those stay whose names have the form at the same place, else those that have the form, else all;
    one of whose form nothing is written stays too.

    ``pairs``: ``receipt_id, partner_id`` and more. ``payers``: ``receipt_id, payer``. ``names``: ``partner_id, payer``, as
    written.

    >>> pairs = pl.DataFrame({"receipt_id": [1, 1], "partner_id": [7, 8]})
    >>> payers = pl.DataFrame({"receipt_id": [1], "payer": ["ﾕ)ｻﾝﾗｲｽﾞ"]})
    >>> names = pl.DataFrame({"partner_id": [7, 8], "payer": ["株式会社サンライズ", "有限会社サンライズ"]})
    >>> told_by_form(pairs, payers, names).rows()
    [(1, 8)]
    """
    several = pairs.filter(pl.len().over("receipt_id") > 1)
    if several.is_empty():
        return pairs
    said = payers.join(several, on="receipt_id", how="semi")
    said = pl.concat([said.select("receipt_id"), legal_forms(said["payer"])], how="horizontal").drop_nulls()
    borne = names.join(several, on="partner_id", how="semi")
    borne = pl.concat([borne.select("partner_id"), legal_forms(borne["payer"])], how="horizontal").drop_nulls()
    named = several.select("receipt_id", "partner_id").join(said, on="receipt_id")
    whole = named.join(borne, on=["partner_id", "form", "position"], how="semi").with_columns(fit=pl.lit(2))
    formed = named.join(borne, on=["partner_id", "form"], how="semi").with_columns(fit=pl.lit(1))
    fits = pl.concat([whole, formed]).group_by("receipt_id", "partner_id").agg(pl.col("fit").max())
    judged = pairs.join(fits, on=["receipt_id", "partner_id"], how="left", maintain_order="left")
    fit = pl.col("fit").fill_null(0)
    unsaid = ~pl.col("partner_id").is_in(borne["partner_id"].implode())
    return judged.filter(unsaid | (fit == fit.max().over("receipt_id"))).drop("fit")


def _spelling(loose: pl.DataFrame, kept: pl.DataFrame) -> pl.DataFrame:
    return loose.join(kept, on="loose").select("loose", "partner_id", how=pl.lit("spelling"))


def _longer(loose: pl.DataFrame, kept: pl.DataFrame) -> pl.DataFrame:
    """The partners with the longest name that the payer's begins or ends with."""
    lengths = kept["loose"].str.len_chars().unique()
    ends = [
        loose.filter(pl.col("loose").str.len_chars() > length).select("loose", end=end, how=pl.lit(how))
        for length in lengths.filter(lengths >= _ADDED)
        for end, how in ((pl.col("loose").str.head(length), "longer"), (pl.col("loose").str.tail(length), "ending"))
    ]
    within = pl.concat([loose.clear().with_columns(end=pl.lit(""), how=pl.lit("")), *ends]).unique(maintain_order=True)
    hits = within.join(kept.rename({"loose": "end"}), on="end", maintain_order="left")
    longest = hits.filter(pl.col("end").str.len_chars() == pl.col("end").str.len_chars().max().over("loose"))
    return longest.select("loose", "partner_id", "how")


def _shorter(loose: pl.DataFrame, kept: pl.DataFrame) -> pl.DataFrame:
    """The partners whose name begins with the payer's."""
    lengths = loose["loose"].str.len_chars().unique()
    heads = [
        kept.filter(pl.col("loose").str.len_chars() > length).select(
            "partner_id", loose=pl.col("loose").str.head(length)
        )
        for length in lengths.filter(lengths >= _LESS)
    ]
    begun = pl.concat([kept.clear().select("partner_id", "loose"), *heads])
    return loose.join(begun, on="loose").select("loose", "partner_id", how=pl.lit("shorter"))


def _slips(loose: pl.DataFrame, kept: pl.DataFrame) -> pl.DataFrame:
    """The partners whose name is one slip apart, or two where both are long."""
    spelt = kept.select(name="loose").unique(maintain_order=True)
    shared = _left_out(loose, "loose").join(_left_out(spelt, "name"), on="left").select("loose", "name").unique()
    shared = shared.filter(pl.col("loose") != pl.col("name")).sort("loose", "name")
    apart = [OSA.distance(a, b, score_cutoff=2) for a, b in shared.iter_rows()]
    length = pl.min_horizontal(pl.col("loose").str.len_chars(), pl.col("name").str.len_chars())
    forgiven = pl.when(length >= _SLIPS).then(2).when(length >= _SLIP).then(1).otherwise(0)
    close = shared.with_columns(apart=pl.Series("apart", apart, dtype=pl.Int64)).filter(pl.col("apart") <= forgiven)
    return close.join(kept.rename({"loose": "name"}), on="name").select("loose", "partner_id", how=pl.lit("slip"))


def _left_out(spelt: pl.DataFrame, name: str) -> pl.DataFrame:
    """Each spelling as it is and with any one letter left out (``left``)."""
    text, size = pl.col(name), pl.col(name).str.len_chars()
    long = spelt.filter(size >= _SLIP)
    most = int(long.select(size.max()).item() or 0)
    without = [
        long.filter(size > place).select(name, left=text.str.head(place) + text.str.slice(place + 1))
        for place in range(most)
    ]
    return pl.concat([long.select(name, left=name), *without]).unique()
