"""Arrangements begun, changed as contracts change, and told anew as people judge."""

from __future__ import annotations

from datetime import date
from typing import Final

import polars as pl

from urikake.base import facts, periods
from urikake.base.access import action
from urikake.base.bulk import Session
from urikake.base.company import policies, tax_rates
from urikake.core import arrangement, recognition, tax
from urikake.core.calendar import add_months
from urikake.core.money import divide, largest_remainder, wide
from urikake.rooms.billing import queries as billing
from urikake.rooms.catalog.queries import products
from urikake.rooms.contracts import queries as contracts

from .. import queries
from ..models import Obligation, Version
from ..queries import OWNER

OUTSIDE: Final = ("usage", "lifetime", "deposit")
"""Revenue that no price is shared with: as used, an advance for what comes later (57–60項), and none at all."""
PROGRESS: Final = "progress"
"""Revenue as it is performed (進捗度・検収): its price is its selling price where no other is known."""
NOTHING: Final = {"stated_before": 0, "ssp_before": 0, "ssp_left_before": 0, "price": 0, "recognized": 0}
_PERCENT_MICRO: Final = 100 * 1_000_000


@action("revenue.recognize")
def arrange(session: Session, *, month: date) -> int:
    """Begin the arrangements of contracts that began by the end of the month, follow those that changed; return how many.

    A contract is arranged where every line of it that has a price of its own has a standalone selling price (独立販売価格) and
    a term, and its price does not stand in the ratio of these. Changes are followed day by day, the oldest first.
    """
    if not products(session).select((pl.col("ssp_micro").is_not_null() | (pl.col("revenue") == PROGRESS)).any()).item():
        return 0
    last = periods.last_day(month)
    count = _begin(session, last)
    for day in _days_of_change(session, last):
        count += _follow(session, day)
    return count + _told_anew(session)


def _begin(session: Session, last: date) -> int:
    """Begin the arrangements of contracts that have none and began by the day, each as it stood on its first day."""
    known = queries.versions(session)["contract_id"]
    fresh = _may_be_arranged(session).filter(
        (pl.col("begun_on") <= last) & ~pl.col("contract_id").is_in(known.implode())
    )
    return sum(
        _begin_on(session, day, fresh.filter(pl.col("begun_on") == day)) for day in fresh["begun_on"].unique().sort()
    )


def _may_be_arranged(session: Session) -> pl.DataFrame:
    """The lines of contracts whose every line has a selling price and a term as first agreed: ``line_id``, ``begun_on``."""

    def find() -> pl.DataFrame:
        model = products(session).select("product_id", "revenue", "ssp_micro", "commitment_months")
        first = contracts.first_lines(session)
        terms = contracts.terms(session).select("contract_terms_id", "cycle_months", "minimum_months")
        named = first.join(model, on="product_id", maintain_order="left").join(
            terms, on="contract_terms_id", maintain_order="left"
        )
        begun = pl.col("start_on").min().over("contract_id")
        inside = named.with_columns(begun_on=begun).filter(~pl.col("revenue").is_in(OUTSIDE))
        bound = (pl.col("cycle_months") == 0) | pl.col("end_on").is_not_null() | pl.col("minimum_months").is_not_null()
        priced = pl.col("ssp_micro").is_not_null() | (pl.col("revenue") == PROGRESS)
        sold = priced | pl.col("line_id").is_in(queries.bundles(session)["line_id"].implode())
        able = sold & pl.col("commitment_months").is_null() & bound
        now = pl.col("start_on") == pl.col("begun_on")  # what is added later is a change
        whole = inside.filter((able | ~now).all().over("contract_id") & now)
        return whole.select("line_id", "contract_id", "begun_on")

    rests_on = (*contracts.TABLES, "contracts_terms", "catalog_product", "obligations_judgement")
    return session.derived("may_be_arranged", rests_on, find)


def _begin_on(session: Session, day: date, fresh: pl.DataFrame) -> int:
    """Begin the arrangements of the lines on the day, where the price is not in the ratio of the selling prices."""
    rows = _measured(session, fresh.select("line_id"), day)
    keyed = rows.with_columns(arrangement="contract_id", obligation="line_id")
    shared = arrangement.begun(keyed, _ties(session, keyed)).filter(pl.col("problem").is_null())
    judged = pl.col("contract_id").is_in(queries.judgements(session)["contract_id"].implode())
    uneven = (pl.col("amount") != pl.col("stated")).any() | (pl.col("uneven") | (pl.col("method") == PROGRESS)).any()
    chosen = shared.filter(uneven.over("contract_id") | judged)
    none = {name: pl.lit(value, dtype=pl.Int64) for name, value in NOTHING.items()}
    started = chosen.with_columns(treatment=pl.lit("inception"), done=none["price"], catch_up=none["price"], **none)
    started = started.with_columns(distinct=True, ssp_left="ssp", rule=pl.lit("inception"))
    return _record(session, started, day)


def _ties(session: Session, rows: pl.DataFrame) -> pl.DataFrame:
    """The variable amounts that are of one line alone (72項), as `core.allocation` takes them."""
    tied = queries.estimates(session).filter(pl.col("line_id").is_not_null()).join(rows, on="line_id", how="semi")
    return tied.select(
        arrangement="contract_id", tie=pl.int_range(pl.len(), dtype=pl.Int64), kind=pl.lit("variable"), amount="amount",
        estimate="amount", obligation="line_id",
    )  # fmt: skip


def _days_of_change(session: Session, last: date) -> list[date]:
    """The days up to ``last`` from which events hold that the versions of their contracts do not know, oldest first."""
    return sorted(set(_unknown_events(session, last)["day"]))


def _unknown_events(session: Session, last: date) -> pl.DataFrame:
    """The contracts with such events, and the day from which each is followed: ``contract_id``, ``day``.

    What is learned late of days before the newest version is followed from that version's day on.
    """
    held = queries.newest(session).select("contract_id", since_on="effective_on", known_id="event_id")
    found = (
        contracts.events(session).filter(pl.col("kind") != "renew").select("contract_id", "effective_on", "event_id")
    )
    both = found.filter(pl.col("effective_on") <= last).join(held, on="contract_id")
    late = (pl.col("effective_on") > pl.col("since_on")) | (pl.col("event_id") > pl.col("known_id"))
    return both.filter(late).select("contract_id", day=pl.max_horizontal("effective_on", "since_on"))


def _follow(session: Session, day: date) -> int:
    """Follow what changed on the day in arrangements, by the rule or as a person judged."""
    changed = _unknown_events(session, day).filter(pl.col("day") == day)["contract_id"].unique()
    before = queries.standing(session).filter(pl.col("contract_id").is_in(changed.implode()))
    return _changed(session, before, queries.newest(session), day)


def _changed(session: Session, before: pl.DataFrame, held: pl.DataFrame, day: date) -> int:
    """Keep what became on the day of the obligations ``before``, those of the versions ``held``; return how many contracts."""
    if before.is_empty():
        return 0
    compared = _compared(session, before, held, day).with_columns(arrangement="contract_id")
    rounding = queries.rounding(session)
    ruled = arrangement.changed(compared.with_columns(override=pl.lit(None, dtype=pl.String)), rounding)
    told = arrangement.changed(compared, rounding).with_columns(rule=ruled["treatment"])
    return _record(session, told, day)


def _told_anew(session: Session) -> int:
    """Make the newest versions anew of which people judged something since: the first ones, and those that follow a change."""
    latest = queries.judgements(session).group_by("contract_id").agg(latest_id=pl.col("judgement_id").max())
    newest = queries.newest(session).join(latest, on="contract_id")
    stale = newest.filter(pl.col("judgement_id").fill_null(0) < pl.col("latest_id"))
    if stale.is_empty():
        return 0
    earlier = (
        queries.versions(session)
        .join(stale.select("contract_id", stale_on="effective_on"), on="contract_id")
        .filter(pl.col("effective_on") < pl.col("stale_on"))
    )
    held = earlier.sort("version_id").unique("contract_id", keep="last", maintain_order=True)
    first = queries.standing(session).join(
        stale.join(held, on="contract_id", how="anti").select("version_id", day="effective_on"), on="version_id"
    )
    count = sum(_begin_on(session, day, first.filter(pl.col("day") == day)) for day in first["day"].unique().sort())
    every = queries.obligations(session).join(held.select("version_id", day="stale_on"), on="version_id")
    for day in held["stale_on"].unique().sort():
        count += _changed(session, every.filter(pl.col("day") == day).drop("day"), held, day)
    return count


def _compared(session: Session, before: pl.DataFrame, held: pl.DataFrame, day: date) -> pl.DataFrame:
    """The lines of arrangements as they are measured on the day beside what they were; ``override`` as people judged."""
    grown = _grown(session, before, day)
    now = _measured(session, grown.select("line_id", "bound_on"), day)
    past = queries.recognised(session, before.drop("ssp_left_before"), pl.lit(day)).join(
        _left_before(session, before, held, day), on="line_id", how="left", maintain_order="left"
    )
    were = past.select(
        "line_id", "price", "ssp_left_before", stated_before="stated", ssp_before="ssp", recognized="by_then"
    )
    joined = now.join(were, on="line_id", how="left", maintain_order="left")
    judged = (
        queries.treatments(session).filter(pl.col("effective_on") == day).select("contract_id", override="treatment")
    )
    told = joined.join(judged, on="contract_id", how="left", maintain_order="left")
    bundled = pl.col("line_id").is_in(queries.bundles(session)["line_id"].implode())
    return told.with_columns(pl.col(name).fill_null(0) for name in NOTHING).with_columns(
        distinct=~bundled & (pl.col("method") != PROGRESS)  # what is built together is one whole
    )


def _left_before(session: Session, before: pl.DataFrame, held: pl.DataFrame, day: date) -> pl.DataFrame:
    """The selling prices of what the arrangements held after the day, by the events they knew: ``line_id, ssp_left_before``."""
    knew = held.select("contract_id", since_on="effective_on", known_id="event_id")
    told = contracts.events(session).join(knew, on="contract_id", maintain_order="left")
    known = told.filter((pl.col("effective_on") <= pl.col("since_on")) & (pl.col("event_id") <= pl.col("known_id")))
    lines, segments = billing.as_of(session, before, known.drop("since_on", "known_id"))
    bounded = _bounded(lines.join(before.select("line_id", bound_on="to_on"), on="line_id", maintain_order="left"))
    timed = _selling(session, bounded, segments, day).rename({"ssp": "ssp_left_before"})
    whole = queries.performed(session, before.filter(pl.col("method") == PROGRESS), pl.lit(day), "reached")
    left = pl.col("ssp") - divide(wide("ssp") * wide("reached"), 1_000_000, queries.rounding(session))
    built = whole.select("line_id", ssp_left_before=left)
    return pl.concat([timed.join(built, on="line_id", how="anti"), built])


def _grown(session: Session, before: pl.DataFrame, day: date) -> pl.DataFrame:
    """The lines of the arrangements and those added to their contracts by the day, bound until their contract's is over."""
    over = before.group_by("contract_id").agg(pl.col("to_on").max().alias("bound_on"))
    model = products(session).filter(~pl.col("revenue").is_in(OUTSIDE) & pl.col("ssp_micro").is_not_null())
    every = contracts.first_lines(session).join(over, on="contract_id").filter(pl.col("start_on") <= day)
    added = every.filter(pl.col("product_id").is_in(model["product_id"].implode()))
    mine = before.select("line_id", bound_on="to_on")
    others = added.join(mine, on="line_id", how="anti").filter(pl.col("start_on") < pl.col("bound_on"))
    return pl.concat([mine, others.select("line_id", "bound_on")]).sort("line_id")


def _measured(session: Session, spans: pl.DataFrame, day: date) -> pl.DataFrame:
    """The lines as they stood on the day: their owner, term, rule, what they charge in it and their selling prices.

    Columns: owner, ``stated``, ``ssp``, ``ssp_left`` (from the day on), ``uneven`` (whether cycles of it differ), ``start_on``,
    and the rule. Those with ``bound_on`` end by then, others with the term as first agreed.
    """
    held = contracts.events(session).filter(pl.col("effective_on") <= day)
    lines, segments = billing.as_of(session, spans, held)
    lines = _bounded(lines.join(spans, on="line_id", maintain_order="left"))
    charges = _net(session, billing.agreed(session, lines, segments))
    stated = charges.group_by("line_id").agg(
        stated=pl.col("net").sum(), uneven=pl.col("net").n_unique() > 1, first_on=pl.col("from_on").min()
    )
    whole, left = _selling(session, lines, segments, None), _selling(session, lines, segments, day)
    rows = lines.join(stated, on="line_id", how="left", maintain_order="left")
    rows = rows.join(whole, on="line_id", how="left", maintain_order="left")
    rows = rows.join(left.rename({"ssp": "ssp_left"}), on="line_id", how="left", maintain_order="left")
    borne = (
        segments.filter(pl.col("from_on") <= day)
        .group_by("line_id", maintain_order=True)
        .agg(bears_id=pl.col("product_id").last())
    )
    rows = rows.join(borne, on="line_id", how="left", maintain_order="left")
    filled = rows.with_columns(
        pl.coalesce("bears_id", "product_id").alias("product_id"),
        pl.col("stated", "ssp", "ssp_left").fill_null(0),
        pl.col("uneven").fill_null(value=False),
    )
    expected = _with_estimates(session, _performed(session, filled, day))
    return _bundled(session, _with_rule(session, expected)).select(
        *OWNER,
        "stated",
        "ssp",
        "ssp_left",
        "uneven",
        "start_on",
        "from_on",
        "to_on",
        "method",
        "partial_month",
        "remainder",
    )


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


def _net(session: Session, charges: pl.DataFrame) -> pl.DataFrame:
    """The charges with ``net``, without the tax that an inclusive price (内税) holds."""
    model = products(session).select("product_id", "tax", "inclusive")
    named = charges.join(model, on="product_id", maintain_order="left")
    rate = tax.rate_micro(pl.col("tax"), pl.col("to_on").dt.offset_by("-1d"), tax_rates(session)).fill_null(0)
    rated = named.with_columns(rate=rate)
    bare = divide(wide("amount") * _PERCENT_MICRO, pl.col("rate") + _PERCENT_MICRO, queries.rounding(session))
    return rated.with_columns(net=pl.when("inclusive").then(bare).otherwise("amount"))


def _selling(session: Session, lines: pl.DataFrame, segments: pl.DataFrame, since: date | None) -> pl.DataFrame:
    """The standalone selling prices of the lines over their terms, or what of them lies after ``since``: ``line_id, ssp``."""
    model = products(session).select("product_id", "ssp_micro")
    named = segments.join(lines.select("line_id", "to_on", "cycle_months"), on="line_id", suffix="_bound").join(
        model, on="product_id", maintain_order="left"
    )
    first = pl.col("from_on") if since is None else pl.max_horizontal("from_on", pl.lit(since))
    once = pl.col("cycle_months") == 0
    parts = named.with_columns(from_on=first, to_on=pl.min_horizontal("to_on", "to_on_bound")).filter(
        (pl.col("from_on") < pl.col("to_on")) & pl.col("ssp_micro").is_not_null()
    )
    parts = parts.filter(~once | (pl.col("from_on") == pl.col("from_on").min().over("line_id")))
    keyed = parts.select("from_on", "to_on", "ssp_micro", "quantity_micro", "cycle_months", key="line_id")
    return arrangement.selling_price(keyed, queries.rounding(session)).rename({"key": "line_id"})


def _with_rule(session: Session, rows: pl.DataFrame) -> pl.DataFrame:
    """The lines with the days and the pattern over which they are recognised (`recognition.ruled`)."""
    policy = policies(session)
    model = products(session).select("product_id", "revenue", "life_months")
    named = rows.join(model, on="product_id", maintain_order="left").with_columns(from_on="start_on")
    ruled = recognition.ruled(named, policy["partial_month"], policy["remainder"])
    by_progress = pl.when(pl.col("revenue") == PROGRESS).then(pl.lit(PROGRESS))
    return ruled.with_columns(method=by_progress.otherwise("method"))


def _performed(session: Session, rows: pl.DataFrame, day: date) -> pl.DataFrame:
    """The lines with the selling prices of those that go by their progress, and of them what is left to be performed."""
    by_progress = products(session).filter(pl.col("revenue") == PROGRESS)["product_id"]
    mine = pl.col("product_id").is_in(by_progress.implode())
    told = queries.performed(session, rows, pl.lit(day), "reached").with_columns(
        ssp=pl.when(mine & (pl.col("ssp") == 0)).then("stated").otherwise("ssp")
    )
    left = pl.col("ssp") - divide(wide("ssp") * wide("reached"), 1_000_000, queries.rounding(session))
    return told.with_columns(ssp_left=pl.when(mine).then(left).otherwise("ssp_left")).drop("reached")


def _with_estimates(session: Session, rows: pl.DataFrame) -> pl.DataFrame:
    """The lines with ``stated`` as it is expected to be: variable amounts of their own, and their share of those of all."""
    found = queries.estimates(session)
    if found.is_empty():
        return rows
    own = found.drop_nulls("line_id").select("line_id", own="amount")
    whole = found.filter(pl.col("line_id").is_null()).select("contract_id", whole="amount")
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


def _record(session: Session, lines: pl.DataFrame, day: date) -> int:
    """Keep the lines as new versions of their contracts from the day on; return how many."""
    if lines.is_empty():
        return 0
    events = contracts.events(session)["event_id"]
    known = int(events.max() or 0)  # type: ignore[arg-type]
    heads = lines.group_by("contract_id", maintain_order=True).agg(
        pl.col("partner_id").first(),
        pl.col("treatment", "rule").first(),
        price=pl.col("done").sum() + pl.col("amount").sum(),
        recognized=pl.col("recognized").sum(),
    )
    latest = queries.judgements(session).group_by("contract_id").agg(pl.col("judgement_id").max())
    heads = heads.with_columns(effective_on=pl.lit(day), event_id=pl.lit(known)).join(
        latest, on="contract_id", how="left", maintain_order="left"
    )
    made = facts.record(session, Version, heads).select("contract_id", version_id="id")
    kept = lines.join(made, on="contract_id", maintain_order="left").with_columns(
        price_before="price", pattern="method", apart="distinct"
    )
    begun = pl.max_horizontal("from_on", pl.lit(day))
    facts.record(session, Obligation, kept.with_columns(from_on=begun, to_on=pl.max_horizontal("to_on", begun)))
    return made.height
