"""Arrangements begun, changed as contracts change, and told anew as people judge."""

from __future__ import annotations

from datetime import date
from typing import Final

import polars as pl

from urikake.base import facts, periods
from urikake.base.access import action
from urikake.base.bulk import Session
from urikake.base.company import policies
from urikake.core import arrangement, recognition
from urikake.core.calendar import add_months
from urikake.core.money import MICRO, divide, largest_remainder, wide
from urikake.rooms.billing import queries as billing
from urikake.rooms.catalog.queries import RESIDUAL, products
from urikake.rooms.contracts import queries as contracts

from .. import queries
from ..models import Obligation, Version
from ..queries import OWNER
from . import financing

OUTSIDE: Final = ("usage", "lifetime", "deposit")
"""Revenue that no price is shared with: as used, an advance for what comes later (57–60項), and none at all."""
PROGRESS: Final = "progress"
"""Revenue as it is performed (進捗度・検収): its price is its selling price where no other is known."""
PRICED: Final = pl.col("ssp_micro").is_not_null() | (pl.col("revenue") == PROGRESS) | (pl.col("ssp_basis") == RESIDUAL)
"""Products of which a standalone selling price can be told."""
MEASURE: Final = MICRO * MICRO
"""As what one of a product is measured whose price is what others leave, so that parts of it are told well enough."""
NOTHING: Final = {
    "financed_before": 0,
    "stated_before": 0,
    "ssp_before": 0,
    "ssp_left_before": 0,
    "price": 0,
    "recognized": 0,
}
BLOCK: Final = 100_000
"""Contracts measured together: their charges over years have room in memory."""
HARMLESS: Final = ("renew", "decline_renewal", "change_bill_to")
"""Changes that touch neither the price nor the scope of the term as it was agreed."""


@action("revenue.recognize")
def arrange(session: Session, *, month: date) -> int:
    """Begin the arrangements of contracts that began by the end of the month, follow those that changed; return how many.

    A contract is arranged where every line of it that has a price of its own has a standalone selling price (独立販売価格) and
    a term, and its price does not stand in the ratio of these. What people judged since is told anew before changes that came
    since are followed, so that these begin from it; of several changes of a contract the oldest is followed first.
    """
    if not products(session).select(PRICED.any()).item():
        return 0
    last = periods.last_day(month)
    return _begin(session, last) + _told_anew(session) + _follow(session, last)


def _begin(session: Session, last: date) -> int:
    """Begin the arrangements of contracts that have none and began by the day, each as it stood on its first day."""
    known = pl.col("contract_id").is_in(queries.versions(session)["contract_id"].implode())
    begun = pl.col("day").min().over("arrangement") <= last  # of contracts that are combined, when the first one begins
    may = queries.arranged(session, _may_be_arranged(session)).with_columns(known=known)
    fresh = may.filter(begun & ~pl.col("known").all().over("arrangement")).drop("arrangement", "known")
    numbers = queries.arranged(session, fresh)["arrangement"].unique().sort()
    parts = (numbers.slice(at, BLOCK) for at in range(0, len(numbers), BLOCK))
    return sum(_begun(session, _of(session, fresh, part)) for part in parts)


def _of(session: Session, rows: pl.DataFrame, numbers: pl.Series) -> pl.DataFrame:
    """The rows of these arrangements."""
    return queries.arranged(session, rows).filter(pl.col("arrangement").is_in(numbers.implode())).drop("arrangement")


def _first_days(session: Session) -> pl.DataFrame:
    """The day on which each contract begins: ``contract_id, begun_on``."""

    def read() -> pl.DataFrame:
        return contracts.first_lines(session).group_by("contract_id").agg(begun_on=pl.col("start_on").min())

    return session.derived("first_days", contracts.TABLES, read)


def _may_be_arranged(session: Session) -> pl.DataFrame:
    """The lines that contracts began with whose every line has a selling price and a term: ``line_id, contract_id, day``."""
    rests_on = (*contracts.TABLES, "contracts_terms", "catalog_product", "obligations_judgement")
    return session.derived("may_be_arranged", rests_on, lambda: sold(session, queries.bundles(session)["line_id"]))


def sold(session: Session, bundled: pl.Series) -> pl.DataFrame:
    """As `_may_be_arranged`, where the lines ``bundled`` need no selling price: they are part of another."""
    model = products(session).select("product_id", "revenue", "ssp_micro", "ssp_basis", "commitment_months")
    terms = contracts.terms(session).select("contract_terms_id", "cycle_months", "minimum_months")
    named = (
        contracts.first_lines(session)
        .join(model, on="product_id", maintain_order="left")
        .join(terms, on="contract_terms_id", maintain_order="left")
    )
    begun = pl.col("start_on").min().over("contract_id")
    inside = named.with_columns(day=begun).filter(~pl.col("revenue").is_in(OUTSIDE))
    bound = (pl.col("cycle_months") == 0) | pl.col("end_on").is_not_null() | pl.col("minimum_months").is_not_null()
    able = (PRICED | pl.col("line_id").is_in(bundled.implode())) & pl.col("commitment_months").is_null() & bound
    now = pl.col("start_on") == pl.col("day")  # what is added later is a change
    return inside.filter((able | ~now).all().over("contract_id") & now).select("line_id", "contract_id", "day")


def priced(session: Session, numbers: list[int]) -> pl.DataFrame:
    """The lines of the contracts as they stood on their first day, without interest; none where they are not arranged.

    Columns: ``contract_id, line_id, stated, ssp``, and ``residual``, whether its selling price is what others leave.
    """
    every = sold(session, queries.bundles(session)["line_id"])
    mine = _measured(session, every.filter(pl.col("contract_id").is_in(numbers)))
    residual = pl.col("product_id").is_in(_residual(session).implode())
    return mine.select("contract_id", "line_id", "ssp", stated=queries.bare(), residual=residual)


def charges(session: Session, contract_id: int) -> int:
    """What the contract's lines were to charge in all, as it stood on its first day; nothing expected to vary is in it."""
    mine = sold(session, contracts.first_lines(session)["line_id"]).filter(pl.col("contract_id") == contract_id)
    lines, segments = _standing_lines(session, mine)
    return int(billing.agreed(session, lines, segments)["net"].sum())


def _begun(session: Session, fresh: pl.DataFrame) -> int:
    """Begin the arrangements of the lines, each on its ``day``, where the price is not in the ratio of the selling prices."""
    if fresh.is_empty():
        return 0
    together = queries.arranged(session, fresh).join(_first_days(session), on="contract_id", maintain_order="left")
    fresh = together.with_columns(day=pl.col("begun_on").min().over("arrangement")).select(fresh.columns)
    keyed = queries.arranged(session, _measured(session, fresh)).with_columns(obligation="line_id")
    nothing_left = pl.col("product_id").is_in(_residual(session).implode()) & (pl.col("ssp") <= 0)
    keyed = keyed.filter(~nothing_left.any().over("arrangement"))
    shared = arrangement.begun(keyed, _ties(session, keyed)).filter(pl.col("problem").is_null())
    judged = pl.col("contract_id").is_in(queries.latest(session)["contract_id"].implode())
    uneven = (pl.col("amount") != pl.col("stated")).any() | (pl.col("uneven") | (pl.col("method") == PROGRESS)).any()
    told = shared.with_columns(judged=judged)  # a window would look through all judgements for every arrangement
    chosen = told.filter((uneven | pl.col("judged").any()).over("arrangement"))
    none = {name: pl.lit(value, dtype=pl.Int64) for name, value in NOTHING.items()}
    started = chosen.with_columns(treatment=pl.lit("inception"), done=none["price"], catch_up=none["price"], **none)
    return _record(session, started.with_columns(distinct=True, ssp_left="ssp", rule=pl.lit("inception")))


def _ties(session: Session, rows: pl.DataFrame) -> pl.DataFrame:
    """What is of some lines alone, as `core.allocation` takes it: variable amounts of one (72項), discounts of several (71項)."""
    varies = queries.estimates(session).drop_nulls("line_id").select(
        "line_id", "amount", tie=-pl.int_range(1, pl.len() + 1, dtype=pl.Int64), kind=pl.lit("variable")
    )  # fmt: skip
    less = queries.discounts(session).select("line_id", "amount", "tie", kind=pl.lit("discount"))
    tied = pl.concat([varies, less]).join(rows.select("line_id", "arrangement"), on="line_id")
    return tied.select("arrangement", "tie", "kind", "amount", estimate="amount", obligation="line_id")


def _follow(session: Session, last: date) -> int:
    """Follow the changes up to the day that arrangements do not know, of each contract one day after the other."""
    count, passed = 0, pl.DataFrame(schema={"contract_id": pl.Int64, "passed_on": pl.Date})
    while (due := _next_changes(session, last, passed)).height:
        before = queries.standing(session).join(due, on="contract_id", maintain_order="left")
        count += _changed(session, before, queries.newest(session), only=True)
        passed = (
            pl.concat([passed, due.rename({"day": "passed_on"})]).group_by("contract_id").agg(pl.col("passed_on").max())
        )
    return count


def _next_changes(session: Session, last: date, passed: pl.DataFrame) -> pl.DataFrame:
    """The contracts with changes that their versions do not know, and the first day of them not yet ``passed``: ``day``.

    What is learned late of days before the newest version, and what was withdrawn of them, is followed from its day on.
    """
    held = _since(session, queries.newest(session))
    names = ["contract_id", "effective_on", "event_id"]
    told = contracts.events(session).filter(~pl.col("kind").is_in(HARMLESS)).select(names)
    found = pl.concat([told, contracts.overruled(session).select(names)]).filter(pl.col("effective_on") <= last)
    both = found.join(held, on="contract_id").join(passed, on="contract_id", how="left")
    late = (pl.col("effective_on") > pl.col("since_on")) | (pl.col("event_id") > pl.col("known_id"))
    days = both.filter(late).with_columns(day=pl.max_horizontal("effective_on", "since_on"))
    ahead = days.filter((pl.col("day") > pl.col("passed_on")).fill_null(value=True))
    days_ = queries.arranged(session, ahead).group_by("arrangement").agg(pl.col("day").min())
    every = queries.arranged(session, held.select("contract_id"))
    return every.join(days_, on="arrangement").select("contract_id", "day").sort("contract_id")


def _since(session: Session, held: pl.DataFrame) -> pl.DataFrame:
    """What the versions know of their contracts: ``contract_id``, events up to ``since_on`` and up to ``known_id``.

    The arrangement of contracts that are combined begins with the first of them: of a later one it knows how it begins.
    """
    told = held.join(_first_days(session), on="contract_id", maintain_order="left")
    return told.select("contract_id", since_on=pl.max_horizontal("effective_on", "begun_on"), known_id="event_id")


def _changed(session: Session, before: pl.DataFrame, held: pl.DataFrame, *, only: bool = False) -> int:
    """Keep what the obligations ``before``, those of the versions ``held``, became on their ``day``; return how many contracts.

    With ``only``, of contracts whose price or scope is another.
    """
    if before.is_empty():
        return 0
    compared = queries.arranged(session, _compared(session, before, held)).with_columns(
        override=pl.col("override").first(ignore_nulls=True).over("arrangement")
    )
    if only:
        own, before_ = (
            pl.col("stated") - pl.col("financed").fill_null(0),
            pl.col("stated_before") - pl.col("financed_before"),
        )
        other = (own != before_) | (pl.col("ssp_left") != pl.col("ssp_left_before"))
        compared = compared.filter(other.any().over("arrangement"))
    rounding = queries.rounding(session)
    ruled = arrangement.changed(financing.bare(compared), rounding)["treatment"]
    kept = pl.when(pl.col("rate_micro").is_not_null()).then(ruled)
    compared = compared.with_columns(override=pl.coalesce("override", kept))
    return _record(session, arrangement.changed(compared, rounding).with_columns(rule=ruled))


def _told_anew(session: Session) -> int:
    """Make the newest versions anew of which people judged something since: the first ones, and those that follow a change."""
    newest = queries.newest(session).join(queries.latest(session), on="contract_id")
    stale = newest.filter(pl.col("judgement_id").fill_null(0) < pl.col("latest_id"))
    if stale.is_empty():
        return 0
    days = stale.select("contract_id", day="effective_on")
    earlier = queries.versions(session).join(days, on="contract_id").filter(pl.col("effective_on") < pl.col("day"))
    held = earlier.sort("version_id").unique("contract_id", keep="last", maintain_order=True)
    first = stale.join(held, on="contract_id", how="anti").select("version_id", day="effective_on")
    count = _begun(
        session, queries.standing(session).join(first, on="version_id").select("line_id", "contract_id", "day")
    )
    before = queries.obligations(session).join(held.select("version_id", "day"), on="version_id")
    return count + _changed(session, before, held)


def _compared(session: Session, before: pl.DataFrame, held: pl.DataFrame) -> pl.DataFrame:
    """The lines of arrangements as they are measured on their ``day`` beside what they were; ``override`` as people judged."""
    left = _left_before(session, before, held)
    told = before.select("line_id", ssp_before="ssp").join(left.drop_nulls("measure_before"), on="line_id")
    now = _measured(session, _grown(session, before), told.drop("ssp_left_before"))
    past = queries.recognised(session, before.drop("ssp_left_before"), pl.col("day")).join(
        left.drop("measure_before"), on="line_id", how="left", maintain_order="left"
    )
    were = past.select(
        "line_id", "price", "ssp_left_before", stated_before="stated", ssp_before="ssp", recognized="by_then",
        financed_before="financed",
    )  # fmt: skip
    judged = queries.treatments(session).select("contract_id", day="effective_on", override="treatment")
    told = now.join(were, on="line_id", how="left", maintain_order="left").join(
        judged, on=["contract_id", "day"], how="left", maintain_order="left"
    )
    bundled = pl.col("line_id").is_in(queries.bundles(session)["line_id"].implode())
    return told.with_columns(pl.col(name).fill_null(0) for name in NOTHING).with_columns(
        distinct=~bundled & (pl.col("method") != PROGRESS)  # what is built together is one whole
    )


def _left_before(session: Session, before: pl.DataFrame, held: pl.DataFrame) -> pl.DataFrame:
    """The selling prices of what the arrangements held after their ``day``, by the events they knew: ``ssp_left_before``.

    ``measure_before`` tells how much was held of what has the price that others leave.
    """
    knew = _since(session, held)
    mine = contracts.events(session).join(before.select("contract_id"), on="contract_id", how="semi")
    told = mine.join(knew, on="contract_id", maintain_order="left")
    known = told.filter((pl.col("effective_on") <= pl.col("since_on")) & (pl.col("event_id") <= pl.col("known_id")))
    lines, segments = billing.as_of(session, before, known.drop("since_on", "known_id"))
    spans = before.select("line_id", "day", bound_on=queries.lasts())
    bounded = _bounded(lines.join(spans, on="line_id", maintain_order="left"))
    timed = financing.unperformed(_selling(session, bounded, segments, left=True), before)
    built = before.filter(pl.col("method") == PROGRESS)
    left = _unperformed(session, built, pl.col("ssp"))
    both = pl.concat([timed.join(built, on="line_id", how="anti"), built.select("line_id", ssp=left)])
    rest = _residual(session)
    if rest.is_empty():
        return both.select("line_id", ssp_left_before="ssp", measure_before=pl.lit(None, dtype=pl.Int64))
    mine = before.filter(pl.col("product_id").is_in(rest.implode())).select("line_id", whole="ssp")
    measures = _selling(session, bounded, segments).rename({"ssp": "measure_before"}).join(mine, on="line_id")
    told = both.join(measures, on="line_id", how="left", maintain_order="left")
    part = divide(wide("whole") * wide("ssp"), pl.col("measure_before").clip(lower_bound=1), queries.rounding(session))
    return told.select("line_id", "measure_before", ssp_left_before=pl.coalesce(part, "ssp"))


def _unperformed(session: Session, rows: pl.DataFrame, ssp: pl.Expr) -> pl.Series:
    """Of the selling prices of lines what is left to be performed on their ``day``, by their progress."""
    told = queries.performed(session, rows, pl.col("day"), "reached")
    left = ssp - divide(wide(ssp) * wide("reached"), wide("reached_of"), queries.rounding(session))
    return told.select(left.alias("left")).to_series()


def _grown(session: Session, before: pl.DataFrame) -> pl.DataFrame:
    """The lines of the arrangements and those added to their contracts by the day, bound until the arrangement is over."""
    until = queries.lasts().max().over("arrangement")
    over = queries.arranged(session, before).select("contract_id", "day", bound_on=until).unique("contract_id")
    model = products(session).filter(~pl.col("revenue").is_in(OUTSIDE) & PRICED)
    every = contracts.first_lines(session).join(over, on="contract_id").filter(pl.col("start_on") <= pl.col("day"))
    added = every.filter(pl.col("product_id").is_in(model["product_id"].implode()))
    mine = before.select("line_id", "contract_id", "day", bound_on=queries.lasts())
    others = added.join(mine, on="line_id", how="anti").filter(pl.col("start_on") < pl.col("bound_on"))
    return pl.concat([mine, others.select(mine.columns)]).sort("line_id")


def _measured(session: Session, spans: pl.DataFrame, held: pl.DataFrame | None = None) -> pl.DataFrame:
    """The lines as they stood on their day: owner, term, rule, what they charge in it and their selling prices.

    ``spans``: ``line_id, contract_id, day``, and ``bound_on`` for those that end by then; others have the term first agreed.
    ``held``: of lines whose price others left, what it was before and for how much: ``line_id, ssp_before, measure_before``.
    Columns: owner, ``day``, ``stated``, ``ssp``, ``ssp_left`` (from the day on), ``uneven`` (whether cycles of it differ),
    ``start_on``, the rule, and what `financing.with_interest` tells.
    """
    lines, segments = _standing_lines(session, spans)
    charged = billing.agreed(session, lines, segments)
    stated = charged.group_by("line_id").agg(stated=pl.col("net").sum(), uneven=pl.col("net").n_unique() > 1)
    begun = segments.join(lines.select("line_id", "day"), on="line_id").filter(pl.col("from_on") <= pl.col("day"))
    borne = begun.group_by("line_id", maintain_order=True).agg(bears_id=pl.col("product_id").last())
    whole, left = _selling(session, lines, segments), _selling(session, lines, segments, left=True)
    rows = lines
    for found in (stated, whole, left.rename({"ssp": "ssp_left"}), borne):
        rows = rows.join(found, on="line_id", how="left", maintain_order="left")
    filled = rows.with_columns(
        pl.coalesce("bears_id", "product_id").alias("product_id"),
        pl.col("stated", "ssp", "ssp_left").fill_null(0),
        pl.col("uneven").fill_null(value=False),
    )
    valued = _left_over(session, _performed(session, filled), held)
    ruled = _bundled(session, _with_rule(session, _with_estimates(session, valued)))
    told = financing.with_interest(session, ruled, lines, charged)
    names = ("day", "stated", "ssp", "ssp_left", "uneven", "start_on", *arrangement.RULE[1:], *financing.TOLD)
    return told.select(*OWNER, *names)


def _standing_lines(session: Session, spans: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The lines of the spans with their terms, and their stretches, by the events that hold on their day."""
    days = spans.select("contract_id", "day").unique("contract_id")
    known = days.join(_first_days(session), on="contract_id").with_columns(
        pl.max_horizontal("day", "begun_on").alias("day")
    )
    held = contracts.events(session).join(known.drop("begun_on"), on="contract_id", maintain_order="left")
    held = held.filter(pl.col("effective_on") <= pl.col("day")).drop("day")
    lines, segments = billing.as_of(session, spans, held)
    return _bounded(lines.join(spans.drop("contract_id"), on="line_id", maintain_order="left")), segments


def _bounded(lines: pl.DataFrame) -> pl.DataFrame:
    """The lines with ``to_on``, when their term is over or they end before, and ``until_on``, before which cycles count."""
    agreed = pl.coalesce(
        "first_end_on", add_months(pl.col("start_on"), pl.col("minimum_months"), pl.col("start_on").dt.day())
    )
    once = pl.when(pl.col("cycle_months") == 0).then(pl.col("start_on").dt.offset_by("1d"))
    bound = pl.coalesce(agreed, once)
    if "bound_on" in lines.columns:
        bound = pl.coalesce("bound_on", bound)
    to_on = pl.max_horizontal("start_on", pl.min_horizontal(bound, "end_on"))
    return lines.with_columns(to_on=to_on).with_columns(until_on="to_on")


def _selling(session: Session, lines: pl.DataFrame, segments: pl.DataFrame, *, left: bool = False) -> pl.DataFrame:
    """The standalone selling prices of the lines over their terms, or of what is ``left`` from their day on: ``line_id, ssp``.

    Of a product whose price is what others leave it is only how much of it there is, by `MEASURE`.
    """
    measure = pl.when(pl.col("ssp_basis") == RESIDUAL).then(MEASURE).otherwise("ssp_micro")
    model = products(session).select("product_id", ssp_micro=measure)
    named = segments.join(lines.select("line_id", "day", "to_on", "cycle_months"), on="line_id", suffix="_bound").join(
        model, on="product_id", maintain_order="left"
    )
    first = pl.max_horizontal("from_on", "day") if left else pl.col("from_on")
    once = pl.col("cycle_months") == 0
    parts = named.with_columns(from_on=first, to_on=pl.min_horizontal("to_on", "to_on_bound")).filter(
        (pl.col("from_on") < pl.col("to_on")) & pl.col("ssp_micro").is_not_null()
    )
    parts = parts.filter(~once | (pl.col("from_on") == pl.col("from_on").min().over("line_id")))
    keyed = parts.select("from_on", "to_on", "ssp_micro", "quantity_micro", "cycle_months", key="line_id")
    return arrangement.selling_price(keyed, queries.rounding(session)).rename({"key": "line_id"})


def _residual(session: Session) -> pl.Series:
    """The products whose standalone selling price is what others leave."""
    return products(session).filter(pl.col("ssp_basis") == RESIDUAL)["product_id"]


def _left_over(session: Session, rows: pl.DataFrame, told: pl.DataFrame | None) -> pl.DataFrame:
    """The lines with the selling prices of those that others leave (`arrangement.left_over`)."""
    rest = _residual(session)
    if rest.is_empty():
        return rows
    judged = [queries.estimates(session), queries.discounts(session).unique("tie")]
    extra = pl.concat([each.select("contract_id", "amount") for each in judged]).group_by("contract_id")
    keyed = queries.arranged(session, rows).join(
        extra.agg(extra=pl.col("amount").sum()), on="contract_id", how="left", maintain_order="left"
    )
    once = pl.int_range(pl.len()).over("contract_id") == 0
    none = pl.DataFrame(schema={"line_id": pl.Int64, "ssp_before": pl.Int64, "measure_before": pl.Int64})
    named = keyed.join(none if told is None else told, on="line_id", how="left", maintain_order="left").with_columns(
        residual=pl.col("product_id").is_in(rest.implode()), extra=pl.when(once).then(pl.col("extra").fill_null(0)).otherwise(0)
    )  # fmt: skip
    return arrangement.left_over(named, queries.rounding(session)).select(rows.columns)


def _with_rule(session: Session, rows: pl.DataFrame) -> pl.DataFrame:
    """The lines with the days and the pattern over which they are recognised (`recognition.ruled`)."""
    policy = policies(session)
    model = products(session).select("product_id", "revenue", "life_months")
    named = rows.join(model, on="product_id", maintain_order="left").with_columns(from_on="start_on")
    ruled = recognition.ruled(named, policy["partial_month"], policy["remainder"])
    by_progress = pl.when(pl.col("revenue") == PROGRESS).then(pl.lit(PROGRESS))
    return ruled.with_columns(method=by_progress.otherwise("method"))


def _performed(session: Session, rows: pl.DataFrame) -> pl.DataFrame:
    """The lines with the selling prices of those that go by their progress, and of them what is left to be performed."""
    by_progress = products(session).filter(pl.col("revenue") == PROGRESS)["product_id"]
    mine = pl.col("product_id").is_in(by_progress.implode())
    told = rows.with_columns(ssp=pl.when(mine & (pl.col("ssp") == 0)).then("stated").otherwise("ssp"))
    left = _unperformed(session, told, pl.col("ssp"))
    return told.with_columns(ssp_left=pl.when(mine).then(left).otherwise("ssp_left"))


def _with_estimates(session: Session, rows: pl.DataFrame) -> pl.DataFrame:
    """The lines with ``stated`` as it is expected to be: amounts of their own, and their share of those of the contract."""
    found = queries.estimates(session)
    if found.is_empty():
        return rows
    own = found.drop_nulls("line_id").group_by("line_id").agg(own=pl.col("amount").sum())
    of_all = found.filter(pl.col("line_id").is_null())
    whole = of_all.group_by("contract_id").agg(whole=pl.col("amount").sum())
    told = rows.join(own, on="line_id", how="left", maintain_order="left").join(
        whole, on="contract_id", how="left", maintain_order="left"
    )
    told = told.with_columns(pl.col("own", "whole").fill_null(0))
    share = largest_remainder(told, "whole", "ssp", "contract_id")
    return told.with_columns(stated=pl.col("stated") + pl.col("own") + share)


def _bundled(session: Session, rows: pl.DataFrame) -> pl.DataFrame:
    """The lines with the days and the pattern of the line that they are not distinct from, where one is named."""
    pairs = queries.bundles(session).select("line_id", "with_line_id")
    if pairs.is_empty():
        return rows
    names = ["from_on", "to_on", "method", "partial_month", "remainder"]
    theirs = rows.select(with_line_id="line_id", **{f"its_{name}": pl.col(name) for name in names})
    joined = rows.join(pairs, on="line_id", how="left", maintain_order="left").join(
        theirs, on="with_line_id", how="left", maintain_order="left"
    )
    return joined.with_columns(pl.coalesce(f"its_{name}", name).alias(name) for name in names)


def _record(session: Session, lines: pl.DataFrame) -> int:
    """Keep the lines as new versions of their contracts from their ``day`` on; return how many."""
    if lines.is_empty():
        return 0
    heads = lines.group_by("contract_id", maintain_order=True).agg(
        pl.col("partner_id", "treatment", "rule", "rate_micro").first(),
        effective_on=pl.col("day").first(),
        price=pl.col("done").sum() + pl.col("amount").sum(),
        recognized=pl.col("recognized").sum(),
    )
    latest = queries.latest(session).rename({"latest_id": "judgement_id"})
    heads = heads.with_columns(event_id=pl.lit(contracts.newest_event(session))).join(
        latest, on="contract_id", how="left", maintain_order="left"
    )
    made = facts.record(session, Version, heads).select("contract_id", version_id="id")
    kept = lines.join(made, on="contract_id", maintain_order="left").with_columns(
        price_before="price", pattern="method", apart="distinct"
    )
    begun = pl.max_horizontal("from_on", "day")
    facts.record(session, Obligation, kept.with_columns(from_on=begun, to_on=pl.max_horizontal("to_on", begun)))
    return made.height
