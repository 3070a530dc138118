"""Which subsets of a partner's few documents make the amount of a receipt, proved by looking at every one of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

MOST_DOCUMENTS: Final = 12
"""Above so many documents of a partner no subset is searched: 4,096 are looked at, 2^13 and more are not."""

_CELLS: Final = 1 << 22  # sums held at a time: 32 MiB

Integers = npt.NDArray[np.int64]


def explanations(receipts: pl.DataFrame, documents: pl.DataFrame) -> pl.DataFrame:
    """The subsets of a partner's documents that sum to each receipt: how many, and which documents they touch.

    Every subset of two or more documents counts, credits included, for partners with 2 … 12 documents.

    ``receipts``: ``receipt``, ``partner_id``, ``amount`` (minor units). ``documents``: ``doc``, ``partner_id``,
    ``amount``. Returns a row per receipt that has an explanation: ``receipt``, ``candidates``, ``docs`` (the documents
    of all its explanations together).

    >>> documents = pl.DataFrame({"doc": [0, 1, 2], "partner_id": [7] * 3, "amount": [1_000, 2_000, 4_000]})
    >>> receipts = pl.DataFrame({"receipt": [0, 1], "partner_id": [7, 7], "amount": [5_000, 4_500]})
    >>> explanations(receipts, documents).rows()
    [(0, 1, [0, 2])]
    """
    counts = documents.group_by("partner_id").len()["len"].unique().sort().to_list()
    found = [_of_size(receipts, documents, size) for size in counts if 2 <= size <= MOST_DOCUMENTS]
    empty = {"receipt": pl.UInt32, "candidates": pl.Int64, "docs": pl.List(pl.UInt32)}
    return pl.concat([pl.DataFrame(schema=empty), *(f.cast(empty) for f in found)])  # type: ignore[arg-type]


def masks_of(amounts: list[int], target: int) -> list[int]:
    """The subsets, as bit masks in ascending order, whose sum is ``target`` (at most 12 amounts).

    >>> masks_of([1_000, 2_000, 3_000], 3_000)
    [3, 4]
    """
    sums = _sums(np.array([amounts], dtype=np.int64))[0]
    return [int(mask) for mask in np.flatnonzero(sums == target) if mask]


def _of_size(receipts: pl.DataFrame, documents: pl.DataFrame, size: int) -> pl.DataFrame:
    """The explanations for receipts of partners with exactly ``size`` documents."""
    own = documents.filter(pl.len().over("partner_id") == size).sort("partner_id", "doc")
    positive = pl.col("amount").clip(lower_bound=0).sum()
    partners = own.group_by("partner_id", maintain_order=True).agg(most=positive).with_row_index("row")
    asked = receipts.join(partners, on="partner_id").filter(pl.col("amount") <= pl.col("most"))
    amounts, docs = (own[name].to_numpy().reshape(-1, size) for name in ("amount", "doc"))
    count, union = _searched(amounts, asked["row"].to_numpy(), asked["amount"].to_numpy())
    hit = np.flatnonzero(count)
    touched = [docs[row][_bits(mask, size)] for row, mask in zip(asked["row"].to_numpy()[hit], union[hit], strict=True)]
    lists = pl.Series("docs", [part.tolist() for part in touched], dtype=pl.List(pl.UInt32))
    return asked[hit.tolist()].select("receipt", candidates=pl.Series(count[hit])).with_columns(lists)


def _searched(amounts: Integers, rows: npt.NDArray[Any], targets: Integers) -> tuple[Integers, Integers]:
    """Per target: how many subsets of its row sum to it, and the union of their masks."""
    size = amounts.shape[1]
    masks = np.arange(1 << size, dtype=np.int64)
    several = np.bitwise_count(masks) >= 2
    count, union = np.zeros(len(rows), dtype=np.int64), np.zeros(len(rows), dtype=np.int64)
    for part in _parts(len(rows), max(1, _CELLS >> size)):
        equal = (_sums(amounts[rows[part]]) == targets[part, None]) & several
        count[part] = np.count_nonzero(equal, axis=1)
        some = np.flatnonzero(count[part])
        union[part.start + some] = np.bitwise_or.reduce(np.where(equal[some], masks, 0), axis=1)
    return count, union


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
