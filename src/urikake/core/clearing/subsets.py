"""Which subsets of a payer's few documents make the amount of a receipt, proved by looking at every one of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

MOST_DOCUMENTS: Final = 12
"""Above so many documents of a partner no subset is searched: 4,096 are looked at, 2^13 and more are not."""

FEW_DOCUMENTS: Final = 5
"""Up to so many documents the one subset that makes an amount is believed: there are 26 at most."""

MOST_CHANCE: Final = 1 / 200
"""Above this chance that some subset would make an amount which pays none of them, even a sole subset is a doubt."""

_CELLS: Final = 1 << 22  # sums held at a time: 32 MiB
_COARSEST: Final = 100  # amounts that all end in 00 and more still leave a payer free to send any hundred

_FOUND: Final = {
    "receipt": pl.UInt32,
    "candidates": pl.Int64,
    "docs": pl.List(pl.UInt32),
    "size": pl.Int64,
    "chance": pl.Float64,
}

Integers = npt.NDArray[np.int64]


def explanations(receipts: pl.DataFrame, documents: pl.DataFrame) -> pl.DataFrame:
    """The subsets of a pool's documents that sum to each receipt: how many, and which documents they touch.

    Every subset of two or more documents counts, credits included, for pools with 2 … 12 documents.

    ``receipts``: ``receipt``, ``pool``, ``amount`` (minor units). ``documents``: ``doc``, ``pool``,
    ``amount``. Returns a row per receipt that has an explanation: ``receipt``, ``candidates``, ``docs`` (the documents
    of all its explanations together), ``size`` (documents of the pool), ``chance``: sums of the pool within half of the
    amount over the amounts of its grain there (the greatest common divisor, at most 100), the chance that money which
    pays something else would be explained too.

    >>> documents = pl.DataFrame({"doc": [0, 1, 2], "pool": [7] * 3, "amount": [1_000, 2_000, 4_000]})
    >>> receipts = pl.DataFrame({"receipt": [0, 1], "pool": [7, 7], "amount": [5_000, 4_500]})
    >>> explanations(receipts, documents).rows()
    [(0, 1, [0, 2], 3, 0.08)]
    """
    counts = documents.group_by("pool").len()["len"].unique().sort().to_list()
    found = [_of_size(receipts, documents, size) for size in counts if 2 <= size <= MOST_DOCUMENTS]
    return pl.concat([pl.DataFrame(schema=_FOUND), *(f.cast(_FOUND) for f in found)])  # type: ignore[arg-type]


def improbable() -> pl.Expr:
    """Whether an explanation of `explanations` is no chance: of few documents, or of sums that lie far apart."""
    return (pl.col("size") <= FEW_DOCUMENTS) | (pl.col("chance") <= MOST_CHANCE)


def masks_of(amounts: list[int], target: int) -> list[int]:
    """The subsets, as bit masks in ascending order, whose sum is ``target`` (at most 12 amounts).

    >>> masks_of([1_000, 2_000, 3_000], 3_000)
    [3, 4]
    """
    sums = _sums(np.array([amounts], dtype=np.int64))[0]
    return [int(mask) for mask in np.flatnonzero(sums == target) if mask]


def _of_size(receipts: pl.DataFrame, documents: pl.DataFrame, size: int) -> pl.DataFrame:
    """The explanations for receipts of partners with exactly ``size`` documents."""
    own = documents.filter(pl.len().over("pool") == size).sort("pool", "doc")
    positive = pl.col("amount").clip(lower_bound=0).sum()
    partners = own.group_by("pool", maintain_order=True).agg(most=positive).with_row_index("row")
    asked = receipts.join(partners, on="pool").filter(pl.col("amount") <= pl.col("most"))
    amounts, docs = (own[name].to_numpy().reshape(-1, size) for name in ("amount", "doc"))
    wanted = asked["amount"].to_numpy()
    count, union, near = _searched(amounts, asked["row"].to_numpy(), wanted)
    grain = np.minimum(np.gcd.reduce(amounts, axis=1), _COARSEST)[asked["row"].to_numpy()]
    chance = near * grain / wanted
    hit = np.flatnonzero(count)
    touched = [docs[row][_bits(mask, size)] for row, mask in zip(asked["row"].to_numpy()[hit], union[hit], strict=True)]
    lists = pl.Series("docs", [part.tolist() for part in touched], dtype=pl.List(pl.UInt32))
    told = {"candidates": pl.Series(count[hit]), "chance": pl.Series(chance[hit])}
    return asked[hit.tolist()].select("receipt", pl.lit(size).alias("size"), **told).with_columns(lists).select(*_FOUND)


def _searched(amounts: Integers, rows: npt.NDArray[Any], targets: Integers) -> tuple[Integers, Integers, Integers]:
    """Per target: how many subsets of its row sum to it, the union of their masks, how many come within half of it."""
    size = amounts.shape[1]
    masks = np.arange(1 << size, dtype=np.int64)
    several = np.bitwise_count(masks) >= 2
    count, union, near = (np.zeros(len(rows), dtype=np.int64) for _ in range(3))
    for part in _parts(len(rows), max(1, _CELLS >> size)):
        apart = np.abs(_sums(amounts[rows[part]]) - targets[part, None])
        equal = (apart == 0) & several
        near[part] = np.count_nonzero((2 * apart <= targets[part, None]) & several, axis=1)
        count[part] = np.count_nonzero(equal, axis=1)
        some = np.flatnonzero(count[part])
        union[part.start + some] = np.bitwise_or.reduce(np.where(equal[some], masks, 0), axis=1)
    return count, union, near


def _sums(amounts: Integers) -> Integers:
    """Per row the sum of every subset of its amounts; column number = bit mask."""
    sums = np.zeros((amounts.shape[0], 1), dtype=np.int64)
    for column in range(amounts.shape[1]):
        sums = np.concatenate([sums, sums + amounts[:, column, None]], axis=1)
    return sums


def _parts(length: int, step: int) -> Iterator[slice]:
    return (slice(start, min(start + step, length)) for start in range(0, length, step))


def _bits(mask: np.int64, size: int) -> list[int]:
    """The places of the bits set."""
    return [place for place in range(size) if mask >> place & 1]
