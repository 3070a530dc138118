"""Contract lines folded from their events: what was in force when, as stretches of constant state.

A contract is an append-only timeline; its state is the fold of its events at (effective, known). These kernels are that
fold, on whole columns: leave out the events not yet known and it answers what was believed then.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from .calendar import add_months

CHANGES: Final = ("change_plan", "change_quantity", "change_price")
ENDINGS: Final = ("cancel", "remove_option")
STATE: Final = ("product_id", "quantity_micro", "unit_price_micro")


def standing(events: pl.DataFrame) -> pl.DataFrame:
    """The events that still stand: those a later ``withdraw`` names by ``target_id`` are gone, and so is the withdrawal.

    >>> events = pl.DataFrame({"event_id": [1, 2], "kind": ["cancel", "withdraw"], "target_id": [None, 1]})
    >>> standing(events).height
    0
    """
    gone = events.filter(pl.col("kind") == "withdraw").select(event_id="target_id")
    return events.filter(pl.col("kind") != "withdraw").join(gone, on="event_id", how="anti", maintain_order="left")


def ends(lines: pl.DataFrame, events: pl.DataFrame) -> pl.DataFrame:
    """Each line with the end of its term and its end: ``term_end_on`` and ``end_on`` (exclusive; null = open).

    ``first_end_on`` is the end first agreed.

    A term ends where the line says or its newest ``renew`` carries it (``until_on``); a cancellation or removal on an
    earlier day ends the line there. ``declined`` tells that a renewal was declined (更新しない).

    In: lines with ``line_id``, ``start_on``, ``end_on``; standing events with ``line_id``, ``kind``, ``effective_on``,
    ``until_on``. The other columns of ``lines`` are kept.
    """
    kind, day = pl.col("kind"), pl.col("effective_on")
    found = events.group_by("line_id").agg(
        renewed_on=pl.col("until_on").filter(kind == "renew").max(),
        left_on=day.filter(kind.is_in(ENDINGS)).min(),
        declined=(kind == "decline_renewal").any(),
    )
    joined = lines.join(found, on="line_id", how="left", maintain_order="left")
    term_end = pl.when(pl.col("end_on").is_not_null()).then(pl.max_horizontal("end_on", "renewed_on"))
    return joined.with_columns(
        first_end_on="end_on",
        term_end_on=term_end,
        end_on=pl.min_horizontal(term_end, "left_on"),
        declined=pl.col("declined").fill_null(False),
    ).drop("renewed_on")


def segments(lines: pl.DataFrame, events: pl.DataFrame) -> pl.DataFrame:
    """The stretches of constant state of every line: ``line_id, from_on, to_on`` and the state.

    The first stretch begins with the line; each change begins another on its effective day and replaces what it names
    (``product_id``, ``quantity_micro``, ``unit_price_micro``; null keeps what was). Changes of one day apply in the
    order of ``recorded_at``, then of ``event_id``, and make one stretch. ``to_on`` is exclusive, null where the line is
    open-ended; nothing reaches beyond the line's end.

    In: lines as `ends` gives them, with the state columns; standing events with ``line_id, event_id, kind,
    effective_on, recorded_at`` and the state columns.

    >>> from datetime import date
    >>> line = {"line_id": 1, "start_on": date(2026, 4, 1), "end_on": None, "product_id": 7, "quantity_micro": 1,
    ...         "unit_price_micro": 3}
    >>> event = {"line_id": 1, "event_id": 5, "kind": "change_quantity", "effective_on": date(2026, 6, 1),
    ...          "recorded_at": None, "product_id": None, "quantity_micro": 2, "unit_price_micro": None}
    >>> for row in segments(pl.DataFrame([line]).cast({"end_on": pl.Date}), pl.DataFrame([event])).rows():
    ...     print(*row)
    1 2026-04-01 2026-06-01 7 1 3
    1 2026-06-01 None 7 2 3
    """
    first = lines.select("line_id", "start_on", "end_on", pl.col("start_on").alias("from_on"), *STATE)
    changes = events.filter(pl.col("kind").is_in(CHANGES))
    if changes.is_empty():
        return _clipped(first.with_columns(to_on="end_on"))
    ordered = changes.sort("effective_on", "recorded_at", "event_id", nulls_last=True)
    later = ordered.select("line_id", pl.col("effective_on").alias("from_on"), pl.col(STATE).cast(pl.Int64))
    later = later.join(lines.select("line_id", "start_on", "end_on"), on="line_id", maintain_order="left")
    every = pl.concat([first, later.select(first.columns)]).sort("line_id", "from_on", maintain_order=True)
    filled = every.with_columns(pl.col(STATE).forward_fill().over("line_id"))
    last = filled.unique(["line_id", "from_on"], keep="last", maintain_order=True)
    return _clipped(last.with_columns(to_on=pl.col("from_on").shift(-1).over("line_id").fill_null(pl.col("end_on"))))


def _clipped(stretches: pl.DataFrame) -> pl.DataFrame:
    """The stretches cut at the line's start and end; what is left empty is gone."""
    cut = stretches.with_columns(
        from_on=pl.max_horizontal("from_on", "start_on"), to_on=pl.min_horizontal("to_on", "end_on")
    )
    inside = cut.filter(pl.col("to_on").is_null() | (pl.col("from_on") < pl.col("to_on")))
    return inside.select("line_id", "from_on", "to_on", *STATE).sort("line_id", "from_on")


def state_on(stretches: pl.DataFrame, day: pl.Expr) -> pl.DataFrame:
    """The stretches that hold on the day: what is in force then."""
    return stretches.filter((pl.col("from_on") <= day) & (pl.col("to_on").is_null() | (day < pl.col("to_on"))))


def carried(term_end: pl.Expr, start: pl.Expr, months: pl.Expr) -> pl.Expr:
    """The end of a term carried on by ``months``: the start's day of the month where the term ended on it (clipped).

    A contract of 31 January that ended on 28 February runs to 31 March; one that ends on another day keeps that day.
    """
    own = start.dt.day()
    anchor = pl.when(add_months(term_end, 0, own) == term_end).then(own).otherwise(term_end.dt.day())
    return add_months(term_end, months, anchor)
