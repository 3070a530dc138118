"""Balances of contracts that are combined (契約の結合), worked out again: what of each stands with the one it was joined to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import polars as pl

from urikake.base.bulk import Session
from urikake.rooms.obligations import queries as obligations
from urikake.rooms.revenue import actions as revenue
from urikake.rooms.revenue import queries as revenues

TRANSFER: Final = "id, run_id, contract_id, arrangement_id, month, posted_on, amount"


def every(session: Session) -> pl.DataFrame:
    """Every transfer, by id."""
    return session.table("revenue_transfer", TRANSFER)


def together(session: Session, contract_id: int, run_id: int) -> list[int]:
    """The contracts between which the run transferred balances, this one among them; itself alone where it did not."""
    mine = every(session).filter(pl.col("run_id") == run_id)
    found = [contract_id]
    while True:
        near = pl.col("contract_id").is_in(found) | pl.col("arrangement_id").is_in(found)
        wider = mine.filter(near).select(pl.concat_list("contract_id", "arrangement_id").explode())
        names = sorted({contract_id, *wider.to_series()})
        if len(names) == len(found):
            return names
        found = names


def before(session: Session, contract_ids: Sequence[int], run_id: int) -> dict[int, int]:
    """What stood with each of the contracts of others' balances, less what of its own stood elsewhere, before the run."""
    earlier = revenues.moved_to(every(session).filter(pl.col("run_id") < run_id))
    mine = earlier.filter(pl.col("contract_id").is_in(list(contract_ids)))
    return dict(mine.group_by("contract_id").agg(pl.col("amount").sum()).iter_rows())


def with_moves(session: Session, moves: pl.DataFrame, own: dict[int, int], run_id: int) -> pl.DataFrame:
    """The moves of a run (with their ``month``) and, after those of each month, its transfers, worked out again.

    ``own`` is what each contract itself was billed less recognised before the run.
    """
    made = every(session).filter((pl.col("run_id") == run_id) & pl.col("contract_id").is_in(list(own)))
    if made.is_empty():
        return moves
    parts = []
    for month in sorted({*moves["month"].drop_nulls(), *made["month"]}):
        parts.append(moves.filter(pl.col("month") == month))
        due = made.filter(pl.col("month") == month)
        if due.height:
            upto = moves.filter(pl.col("month") <= month)
            again = due.with_columns(amount=_again(session, due, upto, own, run_id))
            parts.append(revenue.transfer_moves(session, again).with_columns(month=pl.lit(month)).select(moves.columns))
    return pl.concat([moves.filter(pl.col("month").is_null()), *parts])


def _again(session: Session, due: pl.DataFrame, upto: pl.DataFrame, own: dict[int, int], run_id: int) -> pl.Series:
    """The amount of each transfer: what brings the contract's own balance to nothing, or back, where it is one of its own."""
    pair = ["contract_id", "arrangement_id"]
    step = upto.group_by("contract_id").agg(step=(pl.col("billed") - pl.col("revenue")).sum())
    earlier = every(session).filter(pl.col("id") < due["id"].min()).group_by(pair).agg(so_far=pl.col("amount").sum())
    joined = obligations.combined(session, run_id).select(*pair, joined=pl.lit(value=True))
    rows = due.select(pair).with_columns(own=pl.col("contract_id").replace_strict(own, return_dtype=pl.Int64))
    for part, on in ((step, ["contract_id"]), (earlier, pair), (joined, pair)):
        rows = rows.join(part, on=on, how="left", maintain_order="left")
    filled = rows.with_columns(pl.col("step", "so_far").fill_null(0), pl.col("joined").fill_null(value=False))
    wanted = pl.when("joined").then(-(pl.col("own") + pl.col("step"))).otherwise(0)
    return filled.select(amount=wanted - pl.col("so_far")).to_series()
