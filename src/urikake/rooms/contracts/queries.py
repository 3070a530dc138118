"""What other rooms may read of contracts."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final

import polars as pl

from urikake.base.bulk import Session
from urikake.base.company import policies
from urikake.core import renewal, timeline
from urikake.core.calendar import add_months
from urikake.core.lookup import looked_up
from urikake.core.money import Rounding
from urikake.rooms.catalog.queries import deposits, products
from urikake.rooms.parties.queries import codes

WORDS: Final = {
    "start": "開始",
    "change_plan": "プラン変更",
    "change_quantity": "数量変更",
    "change_price": "単価変更",
    "add_option": "オプション追加",
    "remove_option": "オプション解除",
    "renew": "更新",
    "decline_renewal": "更新しない",
    "cancel": "解約",
    "withdraw": "取消",
    "discount": "値引",
    "suspend": "休止",
    "resume": "再開",
    "change_start": "開始日の変更",
    "change_bill_to": "請求先の変更",
}
"""The kinds of events as people call them."""
TABLES: Final = ("contracts_contract", "contracts_line", "contracts_event")
TERMS: Final = (
    "cycle_months, timing, bill_day, anchor_day, anchor_on, proration_start, proration_end, proration_up, "
    "proration_down, auto_renew, notice_days, uplift_micro, minimum_months, refund, tax_point, collection_terms_id, "
    "commissioned"
)
LINE: Final = (
    "id, contract_id, position, product_id, quantity_micro, unit_price_micro, start_on, end_on, dimension_id, "
    "contract_terms_id, recorded_at, leaving"
)
EVENT: Final = (
    "id, contract_id, line_id, kind, effective_on, recorded_at, event_code, content, product_id, quantity_micro, "
    "unit_price_micro, until_on, target_id, reason, discount_rate, discount_cut, bill_to_id, run_id"
)


def contracts(session: Session) -> pl.DataFrame:
    """Every contract: ``contract_id``, ``contract_no``, ``partner_id``."""
    return session.table("contracts_contract", "id, contract_no, partner_id").rename({"id": "contract_id"})


def terms(session: Session) -> pl.DataFrame:
    """Every combination of contract terms: ``contract_terms_id`` and its columns."""
    return session.table("contracts_terms", f"id, {TERMS}").rename({"id": "contract_terms_id"})


def first_lines(session: Session, known_at: datetime | None = None) -> pl.DataFrame:
    """Every line as first agreed, by id, with its contract's partner; with ``known_at`` only those recorded by then.

    Fees for leaving are not among them (see `every_line`).
    """
    return every_line(session, known_at).filter(~pl.col("leaving"))


def every_line(session: Session, known_at: datetime | None = None) -> pl.DataFrame:
    """As `first_lines`, also the fees for leaving (解約金) that contracts with a minimum term have agreed on."""

    def read() -> pl.DataFrame:
        lines = session.table("contracts_line", LINE).rename({"id": "line_id"})
        return looked_up(lines, contracts(session).select("contract_id", "partner_id"), "contract_id")

    lines = session.derived("every_line", TABLES, read)
    return lines if known_at is None else lines.filter(pl.col("recorded_at") <= known_at)


def events(session: Session, known_at: datetime | None = None) -> pl.DataFrame:
    """Every event that stands, by id, as known: ``event_id`` and its columns."""
    found = session.table("contracts_event", EVENT).rename({"id": "event_id"})
    return timeline.standing(found if known_at is None else found.filter(pl.col("recorded_at") <= known_at))


def overruled(session: Session) -> pl.DataFrame:
    """The events that a later one withdrew or corrected: ``contract_id``, ``effective_on``, and ``event_id`` of the later."""
    every = session.table("contracts_event", EVENT)
    later = every.filter(pl.col("target_id").is_not_null()).select(event_id="id", target_id="target_id")
    return every.select("id", "contract_id", "effective_on").join(later, left_on="id", right_on="target_id").drop("id")


def newest_event(session: Session) -> int:
    """The id of the newest event of all contracts, withdrawals among them; 0 before the first."""
    newest = session.table("contracts_event", EVENT)["id"].max()
    return newest if isinstance(newest, int) else 0


def by_line(found: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    """The events with those that name no line repeated for each line of their contract."""
    if found["line_id"].null_count() == 0:
        return found
    named = found.filter(pl.col("line_id").is_not_null())
    whole = found.filter(pl.col("line_id").is_null()).drop("line_id")
    spread = whole.join(lines.select("contract_id", "line_id"), on="contract_id", maintain_order="left")
    return pl.concat([named, spread.select(named.columns)])


def folded(session: Session, known_at: datetime | None = None) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Every line with its ends (see `timeline.ends`), and the standing events by line."""

    def fold() -> tuple[pl.DataFrame, pl.DataFrame]:
        return fold_lines(session, every_line(session, known_at), events(session, known_at))

    return session.derived("folded", (*TABLES, "contracts_terms"), fold) if known_at is None else fold()


def fold_lines(session: Session, lines: pl.DataFrame, found: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The lines with their ends and the events by line, renewals with the prices they came to; fees where they are due."""
    served, fees = lines.filter(~pl.col("leaving")), lines.filter("leaving")
    mine = by_line(found, served)
    priced = served.filter(~pl.col("product_id").is_in(deposits(session).implode()))  # a deposit stays as it was agreed
    rising = priced.join(terms(session).select("contract_terms_id", "uplift_micro"), on="contract_terms_id", how="left")
    if rising["uplift_micro"].null_count() < rising.height:
        rounding: Rounding = policies(session)["amount_rounding"]  # type: ignore[assignment]
        mine = timeline.uplifted(rising, mine, rounding)
    ended = timeline.ends(served, mine)
    return pl.concat([ended, _fees(session, fees, ended, found)]) if fees.height else ended, mine


def carried_on(
    session: Session, horizon: date, known_at: datetime | None = None, chosen: pl.Series | None = None
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """As `folded`, with the renewals (自動更新) that no run has made yet but will have by the day; and those renewals.

    They stand as ``line_id``, ``effective_on`` (the first day of the term) and ``times`` (the how-manieth of them, from 0).
    With ``chosen`` only those lines; a contract with a fee for leaving is whole among them or not at all.
    """
    lines, found = folded(session, known_at)
    first = every_line(session, known_at)
    if chosen is not None:
        mine = chosen.rename("line_id").to_frame()
        lines, found, first = (
            part.join(mine, on="line_id", how="semi", maintain_order="left") for part in (lines, found, first)
        )
    named = lines.join(terms(session).select("contract_terms_id", "auto_renew", "anchor_on"), on="contract_terms_id")
    coming = renewal.due(named.with_columns(horizon_on=pl.lit(horizon)))
    told = coming.select("line_id", "effective_on", "times")
    if coming.is_empty():
        return lines, found, told
    top = pl.lit(1 << 62) + pl.int_range(pl.len())
    fresh = coming.select(
        "contract_id", "line_id", "effective_on", "until_on", event_id=top, kind=pl.lit("renew"), reason=pl.lit("")
    )
    stored = events(session, known_at)
    every = pl.concat(
        [stored, fresh.cast({n: t for n, t in stored.schema.items() if n in fresh.columns})], how="diagonal"
    )
    return *fold_lines(session, first, every), told


def _fees(session: Session, fees: pl.DataFrame, ended: pl.DataFrame, found: pl.DataFrame) -> pl.DataFrame:
    """The fees for leaving, each on the last day of a contract left before its minimum term; the others never begin."""
    first = ended.group_by("contract_id").agg(begun_on=pl.col("start_on").min())
    whole = found.filter((pl.col("kind") == "cancel") & pl.col("line_id").is_null())
    left = whole.group_by("contract_id").agg(left_on=pl.col("effective_on").min())
    named = fees.join(first, on="contract_id", how="left", maintain_order="left")
    named = named.join(left, on="contract_id", how="left", maintain_order="left")
    named = named.join(
        terms(session).select("contract_terms_id", "minimum_months"), on="contract_terms_id", maintain_order="left"
    )
    bound = add_months(pl.col("begun_on"), pl.col("minimum_months"), pl.col("begun_on").dt.day())
    last = pl.when(pl.col("left_on") < bound).then(pl.col("left_on").dt.offset_by("-1d"))
    end = pl.when(last.is_not_null()).then("left_on").otherwise("start_on")
    return (
        named.with_columns(start_on=pl.coalesce(last, "start_on"), end_on=end)
        .select(*fees.columns, first_end_on="end_on", term_end_on="end_on", left_on="left_on", declined=pl.lit(False))
        .select(ended.columns)
    )


def ended(session: Session, until: date) -> pl.Series:
    """The ids of the lines that end for good on or before the day ``until`` (exclusive): left, declined, or not renewing."""
    lines, _ = folded(session)
    named = lines.join(terms(session).select("contract_terms_id", "auto_renew"), on="contract_terms_id")
    goes_on = (pl.col("end_on") == pl.col("term_end_on")) & ~pl.col("declined") & pl.col("auto_renew").is_not_null()
    return named.filter((pl.col("end_on") <= until) & ~goes_on)["line_id"]


def keeping(session: Session) -> pl.Series:
    """The ids of the lines that give nothing back when they are left (返金なし)."""
    none = terms(session).filter(pl.col("refund") == "none")["contract_terms_id"]
    if none.is_empty():
        return pl.Series("line_id", dtype=pl.Int64)
    return first_lines(session).filter(pl.col("contract_terms_id").is_in(none.implode()))["line_id"]


def commissioned(session: Session) -> pl.Series:
    """The ids of the lines whose contract is a commissioned work with a protected price (取適法)."""

    def read() -> pl.DataFrame:
        marked = terms(session).filter("commissioned").select("contract_terms_id")
        return every_line(session).join(marked, on="contract_terms_id", how="semi").select("line_id")

    return session.derived("commissioned_lines", ("contracts_terms", "contracts_line"), read)["line_id"]


def in_force(session: Session, as_of: date, known_at: datetime | None = None) -> pl.DataFrame:
    """The lines in force on the day as known: contract, partner, product, quantity, price, period.

    Columns: ``contract_no, partner, product, quantity_micro, unit_price_micro, start_on, end_on`` (exclusive),
    ``from_on`` (since when this state holds), ``line_id``.
    """
    lines, found = folded(session, known_at)
    running = timeline.running(lines, as_of, as_of)
    return _named(session, running, timeline.state_on(timeline.segments(running, found), pl.lit(as_of)))


def in_span(session: Session, first: date, last: date) -> pl.DataFrame:
    """The lines that were in force on any day from ``first`` to ``last``, each as it last stood then; see `in_force`."""
    lines, found = folded(session)
    lines = timeline.running(lines, first, last)
    met = timeline.segments(lines, found).filter(
        (pl.col("from_on") <= last) & (pl.col("to_on").is_null() | (pl.col("to_on") > first))
    )
    return _named(session, lines, met.sort("line_id", "from_on").unique("line_id", keep="last", maintain_order=True))


def reserved(session: Session, after: date) -> pl.Series:
    """The ids of the lines that something recorded will change after the day."""
    _, found = folded(session)
    return found.filter(pl.col("effective_on") > after)["line_id"].unique()


def _named(session: Session, lines: pl.DataFrame, held: pl.DataFrame) -> pl.DataFrame:
    """The states with their contract, partner and product."""
    named = looked_up(held, lines.select("line_id", "contract_id", "position", "start_on", "end_on"), "line_id")
    named = looked_up(looked_up(named, contracts(session), "contract_id"), codes(session), "partner_id")
    named = named.join(products(session).select("product_id", "product", "product_name"), on="product_id")
    return named.rename({"code": "partner"}).sort("contract_no", "position")


def lines_of(session: Session, contract_no: str) -> pl.DataFrame:
    """Every state that the lines of the contract have or had, the newest first: ``line_id, product, product_name, from_on``."""
    lines, found = folded(session)
    chosen = contracts(session).filter(pl.col("contract_no") == contract_no).select("contract_id")
    mine = lines.join(chosen, on="contract_id", how="semi")
    states = timeline.segments(mine, found.join(mine.select("line_id"), on="line_id", how="semi"))
    named = states.join(products(session).select("product_id", "product", "product_name"), on="product_id")
    return named.select("line_id", "product", "product_name", "from_on").sort(
        "from_on", descending=True, maintain_order=True
    )


def renewals(session: Session, as_of: date, days: int) -> pl.DataFrame:
    """The terms that end within ``days`` from the day: ``contract_no, partner, ends, notice_by, renews_to``.

    ``ends`` is the last day of the term that runs on the day, ``notice_by`` the last day on which notice is in time,
    ``renews_to`` the last day of the next term, null where it does not renew by itself.
    """
    lines = first_lines(session)
    found = by_line(events(session), lines)
    folded_lines = timeline.ends(lines, found.filter((pl.col("kind") != "renew") | (pl.col("effective_on") <= as_of)))
    running = folded_lines.filter(
        (pl.col("start_on") <= as_of)
        & (pl.col("end_on") == pl.col("term_end_on"))
        & pl.col("end_on").is_between(as_of, as_of + timedelta(days + 1), closed="right")
    ).join(terms(session), on="contract_terms_id")
    renews = pl.col("auto_renew").is_not_null() & ~pl.col("declined")
    start = pl.coalesce("anchor_on", "start_on")
    next_end = timeline.carried(pl.col("end_on"), start, pl.col("auto_renew").fill_null(0))
    named = running.join(contracts(session).select("contract_id", "contract_no"), on="contract_id").join(
        codes(session), on="partner_id"
    )
    return (
        named.select(
            "contract_no",
            partner="code",
            ends=pl.col("end_on").dt.offset_by("-1d"),
            notice_by=pl.col("end_on").dt.offset_by("-1d") - pl.duration(days=pl.col("notice_days").fill_null(0)),
            renews_to=pl.when(renews).then(next_end.dt.offset_by("-1d")),
        )
        .unique(maintain_order=True)
        .sort("ends", "contract_no")
    )


def to_notify(session: Session, on: date) -> pl.DataFrame:
    """As `renewals`, the terms of which notice may still be given and its last day is near (policy `renewal_alert_days`)."""
    near = policies(session).number("renewal_alert_days")
    longest = terms(session)["notice_days"].max()
    found = renewals(session, on, near + (longest if isinstance(longest, int) else 0))
    return found.filter(pl.col("notice_by").is_between(on, on + timedelta(near)))


def history(session: Session, partner_id: int, known_at: datetime | None = None) -> pl.DataFrame:
    """All that happened to a partner's contracts, by effective day: start lines and events.

    Columns: ``contract_no, effective_on, recorded_at, kind, product, to_product`` (what it became, or to whom it is billed),
    ``quantity_micro, unit_price_micro, until_on, reason, discount_rate, discount_cut, actor``, and ``undone``: the event
    that one takes back or puts right, in words.
    """
    lines = session.read(
        "SELECT l.id AS line_id, l.product_id, l.quantity_micro, l.unit_price_micro, l.start_on, l.end_on, l.recorded_at,"
        " r.actor, c.contract_no FROM contracts_line l"
        " JOIN contracts_contract c ON c.id = l.contract_id JOIN base_run r ON r.id = l.run_id"
        " WHERE c.partner_id = ? ORDER BY l.id",
        (partner_id,),
    )
    later = session.read(
        "SELECT c.contract_no, e.line_id, e.kind, e.effective_on, e.recorded_at, e.product_id, e.quantity_micro,"
        " e.unit_price_micro, e.until_on, e.reason, e.discount_rate, e.discount_cut, e.bill_to_id, r.actor,"
        " t.kind AS target_kind, t.effective_on AS target_on, t.event_code AS target_code"
        " FROM contracts_event e LEFT JOIN contracts_event t ON t.id = e.target_id"
        " JOIN contracts_contract c ON c.id = e.contract_id JOIN base_run r ON r.id = e.run_id"
        " WHERE c.partner_id = ? AND e.kind <> 'add_option' ORDER BY e.id",
        (partner_id,),
        **_TARGET,
    ).with_columns(undone=_undone())
    optional = session.rows("contracts_event", "line_id", "kind = 'add_option'")["line_id"]
    started = lines.select(
        "contract_no",
        "line_id",
        kind=pl.when(pl.col("line_id").is_in(optional.implode())).then(pl.lit("add_option")).otherwise(pl.lit("start")),
        effective_on="start_on",
        recorded_at="recorded_at",
        product_id=pl.lit(None, dtype=pl.Int64),
        quantity_micro="quantity_micro",
        unit_price_micro="unit_price_micro",
        until_on="end_on",
        reason=pl.lit(""),
        discount_rate=pl.lit(None, dtype=pl.Int64),
        discount_cut=pl.lit(None, dtype=pl.Int64),
        bill_to_id=pl.lit(None, dtype=pl.Int64),
        actor="actor",
        undone=pl.lit(None, dtype=pl.String),
    )
    every = pl.concat([started, later.select(started.columns)])
    if known_at is not None:
        every = every.filter(pl.col("recorded_at") <= known_at)
    code = products(session).select("product_id", "product")
    own = lines.select("line_id", "product_id").join(code, on="product_id").select("line_id", "product")
    payer = codes(session).rename({"partner_id": "bill_to_id", "code": "bill_to"})
    return (
        every.join(own, on="line_id", how="left", maintain_order="left")
        .join(code.rename({"product": "to_product"}), on="product_id", how="left", maintain_order="left")
        .join(payer, on="bill_to_id", how="left", maintain_order="left")
        .with_columns(to_product=pl.coalesce("to_product", "bill_to"))
        .sort("effective_on", "recorded_at", "contract_no", maintain_order=True)
    )


_TARGET: Final = {"target_kind": pl.String, "target_on": pl.Date, "target_code": pl.String}


def _undone() -> pl.Expr:
    """What an event takes back or puts right: 「2026-07-01 の数量変更（EV-1）を取り消し」; null where it does neither."""
    what = pl.format("{} の{}", "target_on", pl.col("target_kind").replace_strict(WORDS, default=pl.col("target_kind")))
    named = pl.when(pl.col("target_code") == "").then(what).otherwise(pl.format("{}（{}）", what, "target_code"))
    return named + pl.when(pl.col("kind") == "withdraw").then(pl.lit("を取り消し")).otherwise(pl.lit("を訂正"))


REVISION: Final = "reprice"
"""What the content of an event begins with that a price revision made; product and day follow."""


def revisions(session: Session, product: str, on: date) -> pl.DataFrame:
    """The price revisions of running contracts: ``since``, how many ``lines`` moved, and how many will ``ahead`` of the day."""
    made = events(session).filter(pl.col("content").str.starts_with(f"{REVISION}|{product}|"))
    day = pl.col("content").str.split("|").list.last().str.to_date("%Y-%m-%d")
    later = pl.col("effective_on") > on
    return made.group_by(since=day).agg(lines=pl.len(), ahead=later.sum().cast(pl.Int64)).sort("since", descending=True)


def discount_words(rate: int | None, cut: int | None) -> str:
    """A discount as people write it: its share, its yen, or both; empty for none.

    >>> discount_words(10_000_000, None), discount_words(None, 500 * timeline.WHOLE), discount_words(0, 0)
    ('10%', '500円', '')
    """
    shares = [f"{rate * 100 / timeline.WHOLE:g}%"] if rate else []
    return " ".join([*shares, *([f"{cut // timeline.WHOLE:,}円"] if cut else [])])


def touched(session: Session) -> pl.DataFrame:
    """The lines that any event but a renewal ever named, withdrawn ones included, and when.

    Columns: ``line_id``, ``first_changed_on`` and ``changed_on`` (the earliest and the latest effective day),
    ``changed_run_id`` (the run of the newest event).
    """

    def find() -> pl.DataFrame:
        every = session.table("contracts_event", EVENT)
        found = every.filter(~pl.col("kind").is_in(["renew", "decline_renewal", "add_option"]))
        own = every_line(session)
        named = by_line(found.drop("id"), own).join(own.select("line_id", "start_on"), on="line_id", how="left")
        moved = pl.when(pl.col("kind") == "change_start").then(pl.min_horizontal("start_on", "effective_on"))
        named = named.with_columns(since_on=moved.otherwise("effective_on"))
        return named.group_by("line_id").agg(
            first_changed_on=pl.col("since_on").min(),
            changed_on=pl.col("effective_on").max(),
            changed_run_id=pl.col("run_id").max(),
        )

    return session.derived("touched", TABLES, find)


def payers(session: Session) -> pl.DataFrame:
    """Who is billed instead of the holder's own payer: ``contract_id, effective_on, bill_to_id``, by contract and day.

    It holds for cycles that begin from the day on; the last said of a day counts.
    """

    def find() -> pl.DataFrame:
        moved = events(session).filter(pl.col("kind") == "change_bill_to")
        ordered = moved.sort("contract_id", "effective_on", "recorded_at", "event_id")
        named = ordered.select("contract_id", "effective_on", "bill_to_id")
        return named.unique(["contract_id", "effective_on"], keep="last", maintain_order=True)

    return session.derived("payers_of_contracts", TABLES, find)


def starts(session: Session) -> pl.DataFrame:
    """The other days on which lines were to begin: ``line_id, start_on``, for those whose start was ever changed."""

    def find() -> pl.DataFrame:
        every = session.table("contracts_event", EVENT)
        moved = every.filter(pl.col("kind") == "change_start")
        if moved.is_empty():
            return pl.DataFrame(schema={"line_id": pl.Int64, "start_on": pl.Date})
        spread = by_line(moved.drop("id"), first_lines(session)).select("line_id", start_on="effective_on")
        agreed = first_lines(session).select("line_id", "start_on").join(spread, on="line_id", how="semi")
        return pl.concat([spread, agreed]).unique(maintain_order=True)

    return session.derived("starts", TABLES, find)
