"""Slips that were handed over and those that a package has, told apart: what agrees, what was changed, what stands on one side only."""

from __future__ import annotations

from typing import Final

import polars as pl

DIFFERENCE: Final = {
    "kind": pl.String, "slip": pl.String, "on": pl.Date, "there_on": pl.Date, "text": pl.String, "account": pl.String,
    "here": pl.Int64, "there": pl.Int64, "row": pl.Int64, "id": pl.Int64,
}  # fmt: skip
MISSING: Final = "missing"
EXTRA: Final = "extra"
CHANGED: Final = "changed"
DOUBLE: Final = "double"
_SAME: Final = (("slip", "on", "content"), ("on", "text", "content"), ("on", "content"))
"""By what a slip is the same there, first the surest: packages number slips anew, and cut texts."""
_ALIKE: Final = (("slip", "text"), ("text",), ("slip", "content"), ("slip", "on"))
"""By what a slip that is not the same is taken for one that was changed there."""


def differing(ours: pl.DataFrame, theirs: pl.DataFrame) -> pl.DataFrame:
    """Every account of every slip that is not the same on both sides, in the order of the days (`DIFFERENCE`).

    ``ours``, ``theirs``: lines of slips: ``id`` (of the slip), ``slip`` (its number), ``on``, ``text``, ``account``, ``amount``
    (debits positive), ``row``. A slip is what it does to each account; how its lines are cut does not matter. ``kind`` is
    ``missing`` (handed over, not there), ``extra`` (there, never handed over), ``double`` (there once more than handed over)
    or ``changed`` (there with another day, amount or account). ``slip``, ``row`` and ``id`` are theirs where they have
    it, else ours.

    What the package has = what was handed over − ``here`` + ``there`` of all differences, account by account.

    >>> from datetime import date
    >>> def slips(*lines):
    ...     told = [(i, str(i), date(2026, 4, d), text, account, amount, i) for i, d, text, account, amount in lines]
    ...     return pl.DataFrame(told, orient="row", schema={"id": pl.Int64, "slip": pl.String, "on": pl.Date, "text": pl.String,
    ...                                                     "account": pl.String, "amount": pl.Int64, "row": pl.Int64})
    >>> ours = slips((1, 1, "請求 1", "売掛金", 110), (1, 1, "請求 1", "売上高", -110), (2, 2, "請求 2", "売掛金", 220),
    ...              (2, 2, "請求 2", "売上高", -220), (3, 3, "請求 3", "売掛金", 5), (3, 3, "請求 3", "売上高", -5))
    >>> theirs = slips((1, 1, "請求 1", "売掛金", 110), (1, 1, "請求 1", "売上高", -110), (2, 2, "請求 2", "売掛金", 200),
    ...                (2, 2, "請求 2", "売上高", -200), (9, 4, "手入力", "売掛金", 7), (9, 4, "手入力", "現金", -7))
    >>> differing(ours, theirs).select("kind", "slip", "account", "here", "there").rows()
    [('changed', '2', '売上高', -220, -200), ('changed', '2', '売掛金', 220, 200), ('missing', '3', '売上高', -5, 0), \
('missing', '3', '売掛金', 5, 0), ('extra', '9', '売掛金', 0, 7), ('extra', '9', '現金', 0, -7)]
    """
    mine, other = _heads(ours), _heads(theirs)
    agreed, mine, other = _matched(mine, other, _SAME)
    changed, mine, other = _matched(mine, other, _ALIKE)
    seen = agreed.select("there_on", "content").unique()
    again = other.join(seen, left_on=["on", "content"], right_on=["there_on", "content"], how="semi")["id"].implode()
    kinds = pl.when(pl.col("id").is_in(again)).then(pl.lit(DOUBLE)).otherwise(pl.lit(EXTRA))
    none = {"there": pl.lit(0, dtype=pl.Int64), "there_on": pl.lit(None, dtype=pl.Date)}
    parts = [
        _sums(ours).join(mine, on="id").with_columns(kind=pl.lit(MISSING), here="amount", **none),
        _sums(theirs).join(other, on="id").with_columns(
            kind=kinds, here=pl.lit(0, dtype=pl.Int64), there="amount", there_on="on", on=pl.lit(None, dtype=pl.Date)
        ),
        _altered(ours, theirs, changed),
    ]  # fmt: skip
    every = pl.concat([part.select(*DIFFERENCE).cast(DIFFERENCE) for part in parts])  # type: ignore[arg-type]
    return every.sort(pl.coalesce("on", "there_on"), "slip", "account", maintain_order=True)


def beyond(known: pl.DataFrame, more: pl.DataFrame) -> pl.DataFrame:
    """The lines of the slips of ``more`` that are not among those ``known``: each of these accounts for one with its content."""
    _, _, left = _matched(_heads(known), _heads(more), (("on", "text", "content"), ("on", "content")))
    return more.join(left, on="id", how="semi", maintain_order="left")


def _sums(lines: pl.DataFrame) -> pl.DataFrame:
    """What each slip does to each account: ``id, account, amount``; accounts that it leaves alone are left out."""
    found = lines.group_by("id", "account", maintain_order=True).agg(pl.col("amount").sum())
    return found.filter(pl.col("amount") != 0)


def _heads(lines: pl.DataFrame) -> pl.DataFrame:
    """The slips: ``id, slip, on, text, row`` and their ``content`` as one text."""
    told = pl.concat_str("account", pl.col("amount").cast(pl.String), separator="=")
    content = _sums(lines).sort("id", "account").group_by("id").agg(content=told.str.join("\n"))
    firsts = lines.group_by("id", maintain_order=True).agg(pl.col("slip", "on", "text").first(), pl.col("row").min())
    return firsts.join(content, on="id", how="left", maintain_order="left").with_columns(
        pl.col("content").fill_null("")
    )


def _matched(
    mine: pl.DataFrame, other: pl.DataFrame, ways: tuple[tuple[str, ...], ...]
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """The pairs of slips (``id, there_id, on, there_on, content, there_row, there_slip``), and what is left on either side."""
    pairs = []
    for keys in ways:
        told = pl.all_horizontal(pl.lit(value=True), *(pl.col(key) != "" for key in keys if key in {"slip", "text"}))
        left, right = (_nth(frame.filter(told), keys) for frame in (mine, other))
        there = right.select(*keys, "nth", there_id="id", there_on="on", there_row="row", there_slip="slip")
        found = left.join(there, on=[*keys, "nth"])
        pairs.append(found.select("id", "there_id", "on", "there_on", "text", "content", "there_row", "there_slip"))
        mine = mine.join(found, on="id", how="anti")
        other = other.join(found, left_on="id", right_on="there_id", how="anti")
    return pl.concat(pairs), mine, other


def _nth(heads: pl.DataFrame, keys: tuple[str, ...]) -> pl.DataFrame:
    """The slips with the number of each among those of the same keys, so that each is matched with one."""
    return heads.with_columns(nth=pl.int_range(pl.len()).over(*keys))


def _altered(ours: pl.DataFrame, theirs: pl.DataFrame, pairs: pl.DataFrame) -> pl.DataFrame:
    """The accounts of changed slips: those with another amount, and all of a slip on another day."""
    here = pairs.join(_sums(ours).rename({"amount": "here"}), on="id").select("id", "account", "here")
    ids = pairs.select("id", "there_id")
    there = ids.join(_sums(theirs).rename({"id": "there_id", "amount": "there"}), on="there_id")
    both = here.join(there.select("id", "account", "there"), on=["id", "account"], how="full", coalesce=True)
    told = both.with_columns(pl.col("here", "there").fill_null(0)).join(pairs, on="id")
    moved = pl.col("on") != pl.col("there_on")
    return told.filter((pl.col("here") != pl.col("there")) | moved).with_columns(
        kind=pl.lit(CHANGED), slip="there_slip", row="there_row", id="there_id"
    )
