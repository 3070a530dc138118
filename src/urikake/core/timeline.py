"""Contract lines folded from their events: what was in force when, as stretches of constant state.

A contract is an append-only timeline; its state is the fold of its events at (effective, known). These kernels are that
fold, on whole columns: leave out the events not yet known and it answers what was believed then.
"""

from __future__ import annotations

from datetime import date
from typing import Final

import polars as pl

from .calendar import add_months
from .money import MICRO, Rounding, divide, wide

CHANGES: Final = ("change_plan", "change_quantity", "change_price", "renew")
PAUSES: Final = ("suspend", "resume")
ENDINGS: Final = ("cancel", "remove_option")
OWN: Final = ("product_id", "quantity_micro", "unit_price_micro")
CUTS: Final = ("discount_rate", "discount_cut")
STATE: Final = (*OWN, *CUTS)
BEFORE: Final = date(1900, 1, 1)
"""Before any event: what was agreed stands under all of them, also where the start was moved behind one."""
WHOLE: Final = 10**8
"""The unit of discounts: a rate of 10 % is 0.1 × 10^8, a cut of one yen 1 × 10^8."""


def standing(events: pl.DataFrame) -> pl.DataFrame:
    """The events that still stand: those that a later one names by ``target_id`` are gone, and so are withdrawals.

    A correction (訂正) is an event of the same kind that names the one it takes the place of.

    >>> events = pl.DataFrame({"event_id": [1, 2], "kind": ["cancel", "withdraw"], "target_id": [None, 1]})
    >>> standing(events).height
    0
    """
    gone = events.filter(pl.col("target_id").is_not_null()).select(event_id="target_id")
    return events.filter(pl.col("kind") != "withdraw").join(gone, on="event_id", how="anti", maintain_order="left")


def ends(lines: pl.DataFrame, events: pl.DataFrame) -> pl.DataFrame:
    """Each line with the end of its term and its end: ``term_end_on`` and ``end_on`` (exclusive; null = open).

    ``first_end_on`` is the end first agreed.

    A term ends where the line says or its newest ``renew`` carries it (``until_on``); a cancellation or removal on an
    earlier day ends the line there. ``declined`` tells that a renewal was declined (更新しない). A line begins where the
    newest ``change_start`` says.

    In: lines with ``line_id``, ``start_on``, ``end_on``; standing events with ``line_id``, ``event_id``, ``kind``,
    ``effective_on``, ``recorded_at``, ``until_on``. The other columns of ``lines`` are kept.
    """
    kind, day = pl.col("kind"), pl.col("effective_on")
    found = (
        events.sort("recorded_at", "event_id", nulls_last=True)
        .group_by("line_id")
        .agg(
            moved_on=day.filter(kind == "change_start").last(),
            renewed_on=pl.col("until_on").filter(kind == "renew").max(),
            left_on=day.filter(kind.is_in(ENDINGS)).min(),
            declined=(kind == "decline_renewal").any(),
        )
    )
    joined = lines.join(found, on="line_id", how="left", maintain_order="left")
    term_end = pl.when(pl.col("end_on").is_not_null()).then(pl.max_horizontal("end_on", "renewed_on"))
    return joined.with_columns(
        start_on=pl.coalesce("moved_on", "start_on"),
        first_end_on="end_on",
        term_end_on=term_end,
        end_on=pl.min_horizontal(term_end, "left_on"),
        declined=pl.col("declined").fill_null(False),
    ).drop("renewed_on", "moved_on")


def segments(lines: pl.DataFrame, events: pl.DataFrame) -> pl.DataFrame:
    """The stretches of constant state of every line: ``line_id, from_on, to_on`` and the state.

    The first stretch begins with the line; each change begins another on its effective day and replaces what it names
    (``product_id``, ``quantity_micro``, ``unit_price_micro``; null keeps what was). Changes of one day apply in the
    order of ``recorded_at``, then of ``event_id``, and make one stretch. From a ``suspend`` to the next ``resume`` there
    is none. ``discount_rate`` and ``discount_cut`` are what the discounts of the day come to (`discounted`). ``to_on`` is
    exclusive, null where the line is open-ended; nothing reaches beyond the line's end.

    In: lines as `ends` gives them, with the state columns `OWN`; standing events with ``line_id, event_id, kind,
    effective_on, until_on, recorded_at``, the columns `OWN`, and the discounts' ``discount_rate`` and ``discount_cut``.

    >>> from datetime import date
    >>> line = {"line_id": 1, "start_on": date(2026, 4, 1), "end_on": None, "product_id": 7, "quantity_micro": 1,
    ...         "unit_price_micro": 3}
    >>> event = {"line_id": 1, "event_id": 5, "kind": "change_quantity", "effective_on": date(2026, 6, 1), "until_on": None,
    ...          "recorded_at": None, "product_id": None, "quantity_micro": 2, "unit_price_micro": None,
    ...          "discount_rate": None, "discount_cut": None}
    >>> for row in segments(pl.DataFrame([line]).cast({"end_on": pl.Date}), pl.DataFrame([event])).rows():
    ...     print(*row)
    1 2026-04-01 2026-06-01 7 1 3 0 0
    1 2026-06-01 None 7 2 3 0 0
    """
    none = pl.lit(0, dtype=pl.Int64)
    idle = (pl.col("kind") == "renew") & pl.col("unit_price_micro").is_null()  # goes on as it was
    changes = events.filter(pl.col("kind").is_in([*CHANGES, *PAUSES]) & ~idle)
    discounts = events.filter(pl.col("kind") == "discount")
    touched = pl.concat([changes["line_id"], discounts["line_id"]]).unique()
    several = pl.col("line_id").is_in(touched.implode())
    once = lines.filter(~several) if len(touched) else lines  # by far the most
    whole = once.select("line_id", "start_on", "end_on", *OWN, from_on="start_on", to_on="end_on")
    single = _clipped(whole.with_columns(discount_rate=none, discount_cut=none))
    if once.height == lines.height:
        return single
    return pl.concat([single, _changed(lines.filter(several), changes, discounts)]).sort("line_id", "from_on")


def _changed(lines: pl.DataFrame, changes: pl.DataFrame, discounts: pl.DataFrame) -> pl.DataFrame:
    """The stretches of lines that something happened to."""
    first = lines.select("line_id", "start_on", "end_on", pl.lit(BEFORE).alias("from_on"), *OWN, paused=pl.lit(False))
    ordered = changes.sort("effective_on", "recorded_at", "event_id", nulls_last=True)
    pause = pl.when(pl.col("kind").is_in(PAUSES)).then(pl.col("kind") == "suspend")
    later = ordered.select("line_id", pl.col("effective_on").alias("from_on"), pl.col(OWN).cast(pl.Int64), paused=pause)
    bounds = _bounds(discounts).select(
        "line_id", from_on="day", **dict.fromkeys(OWN, pl.lit(None)), paused=pl.lit(None)
    )
    later = pl.concat([later, bounds.cast(later.schema)])
    later = later.join(lines.select("line_id", "start_on", "end_on"), on="line_id", maintain_order="left")
    every = pl.concat([first, later.select(first.columns)]).sort("line_id", "from_on", maintain_order=True)
    filled = every.with_columns(pl.col(*OWN, "paused").forward_fill().over("line_id"))
    last = filled.unique(["line_id", "from_on"], keep="last", maintain_order=True)
    whole = last.with_columns(to_on=pl.col("from_on").shift(-1).over("line_id").fill_null(pl.col("end_on")))
    return _merged(_clipped(discounted(whole.filter(~pl.col("paused")), discounts)))


def _merged(stretches: pl.DataFrame) -> pl.DataFrame:
    """The stretches, neighbours of one state made one: a change to what is already so begins nothing."""
    same = pl.all_horizontal(pl.col(name) == pl.col(name).shift(1) for name in ("line_id", *STATE))
    joins = (same & (pl.col("to_on").shift(1) == pl.col("from_on"))).fill_null(False)
    if not stretches.select(joins.any()).item():
        return stretches
    turn = stretches.with_columns(turn=(~joins).cum_sum())
    last = turn.group_by("turn", maintain_order=True).agg(pl.col("to_on").last())
    return turn.unique("turn", keep="first", maintain_order=True).with_columns(last["to_on"]).drop("turn")


def _bounds(discounts: pl.DataFrame) -> pl.DataFrame:
    """The days on which a discount of a line begins or ends: ``line_id, day``."""
    ends = discounts.filter(pl.col("until_on").is_not_null()).select("line_id", day="until_on")
    return pl.concat([discounts.select("line_id", day="effective_on"), ends]).unique(maintain_order=True)


def discounted(stretches: pl.DataFrame, discounts: pl.DataFrame) -> pl.DataFrame:
    """The stretches with what their discounts come to: of a price P is left P × (1 − rate) − cut, both in `WHOLE`.

    Discounts apply one after the other in the order of their days, then as they were recorded: a rate takes its share of
    what is left, a cut its amount. So a price goes through maps of the form P ↦ P × keep − cut, and their chain is one of
    the same form; it is kept to 8 decimals. A discount of nothing ends all those before it. In: as `segments`.

    >>> from datetime import date
    >>> stretch = pl.DataFrame({"line_id": [1], "from_on": [date(2026, 4, 1)]})
    >>> cuts = pl.DataFrame({"line_id": [1, 1], "event_id": [1, 2], "effective_on": [date(2026, 4, 1)] * 2,
    ...                      "until_on": [None] * 2, "recorded_at": [None] * 2,
    ...                      "discount_rate": [None, 10_000_000], "discount_cut": [100 * WHOLE, None]})
    >>> discounted(stretch, cuts.cast({"until_on": pl.Date})).select(*CUTS).row(0)  # (P − 100) × 90 % = P × 90 % − 90
    (10000000, 9000000000)
    """
    none = pl.lit(0, dtype=pl.Int64)
    if discounts.is_empty():
        return stretches.with_columns(discount_rate=none, discount_cut=none)
    ordered = _until_cleared(discounts.sort("effective_on", "recorded_at", "event_id", nulls_last=True))
    placed = stretches.select("line_id", "from_on").join(ordered, on="line_id", maintain_order="left_right")
    held = placed.filter(
        (pl.col("effective_on") <= pl.col("from_on"))
        & (pl.col("until_on").is_null() | (pl.col("from_on") < pl.col("until_on")))
    ).with_columns(turn=pl.int_range(pl.len()).over("line_id", "from_on"))
    keys = ["line_id", "from_on"]
    chain = held.select(keys).unique(maintain_order=True).with_columns(keep=pl.lit(WHOLE, dtype=pl.Int64), cut=none)
    for turn in range(_turns(held["turn"])):
        step = held.filter(pl.col("turn") == turn).select(*keys, *CUTS)
        chain = chain.join(step, on=keys, how="left", maintain_order="left")
        share = wide(WHOLE - pl.col("discount_rate").fill_null(0))
        chain = chain.select(
            *keys,
            keep=divide(wide("keep") * share, pl.lit(WHOLE), "half_up"),
            cut=divide(wide("cut") * share, pl.lit(WHOLE), "half_up") + pl.col("discount_cut").fill_null(0),
        )
    joined = stretches.join(chain, on=keys, how="left", maintain_order="left")
    return joined.with_columns(
        discount_rate=WHOLE - pl.col("keep").fill_null(WHOLE), discount_cut=pl.col("cut").fill_null(0)
    ).drop("keep", "cut")


def _turns(turn: pl.Series) -> int:
    """How many turns there are, counted from 0."""
    top = turn.max()
    return top + 1 if isinstance(top, int) else 0


def _until_cleared(ordered: pl.DataFrame) -> pl.DataFrame:
    """The discounts in order, each ending where a later discount of nothing ends it; those of nothing are gone."""
    numbered = ordered.with_columns(at=pl.int_range(pl.len()))
    nothing = (pl.col("discount_rate").fill_null(0) == 0) & (pl.col("discount_cut").fill_null(0) == 0)
    clears = numbered.filter(nothing).select("line_id", cleared_on="effective_on", after="at")
    kept = numbered.filter(~nothing)
    if clears.is_empty():
        return kept.drop("at")
    hits = kept.select("line_id", "at").join(clears, on="line_id").filter(pl.col("after") > pl.col("at"))
    ends = hits.group_by("at").agg(pl.col("cleared_on").min())
    joined = kept.join(ends, on="at", how="left", maintain_order="left")
    return joined.with_columns(until_on=pl.min_horizontal("until_on", "cleared_on")).drop("at", "cleared_on")


def uplifted(lines: pl.DataFrame, events: pl.DataFrame, rounding: Rounding) -> pl.DataFrame:
    """The events, renewals of lines with an ``uplift_micro`` bearing the unit price of the new term (更新時改定).

    It is the price before the renewal, raised by that percentage and rounded to the whole unit of the currency; so the
    second renewal raises what the first made. In: lines with ``line_id, unit_price_micro, uplift_micro`` (percent in
    millionths, null for none); standing events.

    >>> from datetime import date
    >>> line = pl.DataFrame({"line_id": [1], "unit_price_micro": [5_555_000_000], "uplift_micro": [3_000_000]})
    >>> event = {"line_id": 1, "kind": "renew", "recorded_at": None, "unit_price_micro": None}
    >>> renewals = pl.DataFrame([event | {"event_id": n, "effective_on": date(2026 + n, 4, 1)} for n in (1, 2)])
    >>> uplifted(line, renewals, "floor")["unit_price_micro"].to_list()  # 5,721.65 and 5,892.63
    [5721000000, 5892000000]
    """
    rising = lines.filter(pl.col("uplift_micro").is_not_null())
    raised = (pl.col("kind") == "renew") & pl.col("line_id").is_in(rising["line_id"].implode())
    mine = events.filter(pl.col("line_id").is_in(events.filter(raised)["line_id"].unique().implode()))
    if rising.is_empty() or mine.is_empty():
        return events
    ordered = mine.filter(pl.col("kind").is_in(CHANGES)).sort(
        "line_id", "effective_on", "recorded_at", "event_id", nulls_last=True
    )
    terms = rising.select("line_id", "uplift_micro", first_price="unit_price_micro")
    each = ordered.join(terms, on="line_id", maintain_order="left").select(
        "line_id", "event_id", "kind", "uplift_micro", price=pl.col("unit_price_micro"), first_price="first_price",
        turn=(pl.col("kind") == "renew").cum_sum().over("line_id"),
    )  # fmt: skip
    before = each.select("line_id", "first_price").unique("line_id").rename({"first_price": "last_price"})
    made = []
    for turn in range(_turns(each["turn"])):
        part = each.filter(pl.col("turn") == turn).join(before, on="line_id", maintain_order="left")
        higher = wide("last_price") * (100 * MICRO + wide("uplift_micro"))
        new = divide(higher, pl.lit(100 * MICRO * MICRO, dtype=pl.Int128), rounding) * MICRO
        part = part.with_columns(price=pl.when(pl.col("kind") == "renew").then(new).otherwise("price"))
        made.append(part.filter(pl.col("kind") == "renew").select("event_id", "line_id", raised_micro="price"))
        last = part.group_by("line_id", maintain_order=True).agg(now=pl.col("price").drop_nulls().last())
        before = before.join(last, on="line_id", how="left", maintain_order="left")
        before = before.select("line_id", last_price=pl.coalesce("now", "last_price"))
    joined = events.join(pl.concat(made), on=["event_id", "line_id"], how="left", maintain_order="left")
    return joined.with_columns(unit_price_micro=pl.coalesce("raised_micro", "unit_price_micro")).drop("raised_micro")


def _clipped(stretches: pl.DataFrame) -> pl.DataFrame:
    """The stretches cut at the line's start and end; what is left empty is gone."""
    cut = stretches.with_columns(
        from_on=pl.max_horizontal("from_on", "start_on"), to_on=pl.min_horizontal("to_on", "end_on")
    )
    inside = cut.filter(pl.col("to_on").is_null() | (pl.col("from_on") < pl.col("to_on")))
    return inside.select("line_id", "from_on", "to_on", *STATE).sort("line_id", "from_on")


def running(lines: pl.DataFrame, first: date, last: date) -> pl.DataFrame:
    """The lines, as `ends` gives them, that are there on any day from ``first`` to ``last``; suspended ones too."""
    return lines.filter((pl.col("start_on") <= last) & (pl.col("end_on").is_null() | (pl.col("end_on") > first)))


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
