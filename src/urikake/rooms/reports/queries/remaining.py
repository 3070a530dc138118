"""Remaining performance obligations (残存履行義務の注記, 企業会計基準29号 80-21〜80-24): what is still to become revenue, and when.

What was billed and is not revenue yet, as its schedules say; and what is not billed yet of service that both sides are bound
to: up to the end of the running term, of open-ended lines up to their minimum. Renewals that nobody has made yet are not
among it, nor is usage to come (変動対価, 80-24), nor leases, which are not of the standard.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import polars as pl

from urikake.base import periods
from urikake.base.bulk import Session
from urikake.base.company import policies
from urikake.base.errors import Refusal
from urikake.core import recognition, schedule, timeline
from urikake.core.calendar import JAPAN, add_months, month_number
from urikake.core.lookup import looked_up
from urikake.rooms.billing import queries as billing
from urikake.rooms.catalog.queries import deposits, products
from urikake.rooms.contracts import queries as contracts
from urikake.rooms.obligations import queries as obligations
from urikake.rooms.revenue import queries as revenue

from .revenue_by import LEASE, TIMINGS
from .rows import rows
from .sales import drafts, net_of_tax
from .waterfall import scheduled

EXEMPT: Final = ("one-year", "as-invoiced")
"""What may be left out: contracts of a year or less (80-22(1)); revenue as much as may be invoiced (適用指針30号19項, 80-22(2))."""
TIMES: Final = ("year", "fiscal-year", "band", "month")
CUTS: Final = (*TIMES, "product", "service", "obligation", "timing", "contract")
BANDS: Final = ("1", "1-2", "2-3", "3-4", "4-5", "5-")
"""Years from the day: within one, from one to two, … , more than five."""
YEAR: Final = 12


def remaining_obligations(session: Session, as_of: date, by: str = "year", exempt: str = "") -> list[dict[str, Any]]:
    """What is still to become revenue as of the day, by calendar year: ``year, amount``, of which ``billed`` and ``unbilled``.

    ``by`` is one of `CUTS`; other ones than the year name their rows ``key``. ``exempt`` (of `EXEMPT`, with commas) leaves
    out what the standard permits; what each left out then stands beside: ``one_year``, ``as_invoiced``. So does ``lease``,
    what of leases is to come, where the company has any.
    """
    left_out = chosen(exempt)
    found = sums(session, as_of, by, left_out)
    left = {"one-year": "one_year", "as-invoiced": "as_invoiced"}
    leases = products(session).filter(pl.col("obligation") == LEASE).height
    names = [*(left[name] for name in EXEMPT if name in left_out), *(["lease"] if leases else [])]
    key = "year" if by == "year" else "key"
    return rows(found.rename({"key": key}).select(key, "amount", "billed", "unbilled", *names))


def chosen(exempt: str) -> list[str]:
    """The names of `EXEMPT` in the text, where they stand with commas; refused where one is none of them."""
    names = [name.strip() for name in exempt.split(",") if name.strip()]
    if wrong := [name for name in names if name not in EXEMPT]:
        raise Refusal(
            "bad-exempt", f"--exempt に「{wrong[0]}」があります。",
            "one-year（1年以内の契約）・as-invoiced（請求する権利の額で認識するもの）から選んでください。",
        )  # fmt: skip
    return names


def sums(session: Session, on: date, by: str, exempt: list[str]) -> pl.DataFrame:
    """The rows as a frame: ``key, amount, billed, unbilled`` and what was left out: ``one_year, as_invoiced, lease``."""
    if by not in CUTS:
        raise Refusal("bad-by", f"--by が「{by}」です。", f"{'・'.join(CUTS)} から選んでください。")
    apart = "one-year" in exempt or by == "contract"
    named = _named(session, remaining(session, on, apart=apart), on, by)
    lease = pl.col("obligation") == LEASE
    metered = (pl.col("timing") == "usage") & ~lease & pl.lit("as-invoiced" in exempt)
    short = pl.col("short") & ~lease & ~metered & pl.lit("one-year" in exempt)
    told = ~(lease | metered | short)
    whole = pl.col("billed") + pl.col("unbilled")
    found = named.group_by("key").agg(
        amount=whole.filter(told).sum(), billed=pl.col("billed").filter(told).sum(),
        unbilled=pl.col("unbilled").filter(told).sum(), one_year=whole.filter(short).sum(),
        as_invoiced=whole.filter(metered).sum(), lease=whole.filter(lease).sum(),
    )  # fmt: skip
    some = pl.any_horizontal(pl.col(name) != 0 for name in found.columns if name != "key")
    return found.filter(some).sort("key")


def remaining(session: Session, on: date, *, apart: bool) -> pl.DataFrame:
    """What is still to become revenue: ``product_id, contract_id, short, month, billed, unbilled``.

    ``short`` is of contracts of a year or less. Where they are not to be told ``apart``, contracts that are alike stand
    together, and these two columns say nothing.
    """
    lines = bound(session, on)
    by = ["product_id", *(["contract_id"] if apart else [])]
    plans = revenue.plans(session, on, by)
    billed = scheduled(session, plans, on, by).filter(pl.col("planned") != 0).select(*by, "month", billed="planned")
    shares = arranged(session, on)
    coming = _unbilled(session, lines, shares, on, by)
    rest = _shares(session, shares, on, by)
    both = pl.concat([billed, coming, rest], how="diagonal").with_columns(pl.col("billed", "unbilled").fill_null(0))
    found = both.group_by(*by, "month").agg(pl.col("billed", "unbilled").sum())
    if not apart:
        return found.with_columns(short=pl.lit(False), contract_id=pl.lit(None, dtype=pl.Int64))
    long = lines.filter(~pl.col("short"))["contract_id"].unique()
    return found.with_columns(short=~pl.col("contract_id").is_in(long.implode()))


def bound(session: Session, on: date) -> pl.DataFrame:
    """The lines agreed on by the day: ``line_id, contract_id, bound_on`` (exclusive; null: to nothing more), ``short``.

    By the day a line was registered or had begun. It binds to the end of the term that runs on the day, an open-ended one
    to its minimum (最低利用). ``short`` is of contracts that were to last a year or less: an open-ended line lasts its
    minimum, or a cycle.
    """
    every = contracts.first_lines(session)
    known = (pl.col("recorded_at").dt.convert_time_zone(str(JAPAN)).dt.date() <= on) | (pl.col("start_on") <= on)
    first = every.filter(known)
    found = contracts.by_line(contracts.events(session), first).join(first.select("line_id"), on="line_id", how="semi")
    ended = timeline.ends(first, found.filter((pl.col("kind") != "renew") | (pl.col("effective_on") <= on)))
    of = contracts.terms(session).select("contract_terms_id", "cycle_months", least="minimum_months")
    lines = ended.join(of, on="contract_terms_id", maintain_order="left")
    start, least = pl.col("start_on"), pl.col("least").fill_null(0)
    minimum = pl.when(least > 0).then(add_months(start, least, start.dt.day()))
    own = pl.max_horizontal(least, "cycle_months")
    lasting = pl.coalesce("first_end_on", add_months(start, own, start.dt.day()))
    begun = start.min().over("contract_id")
    year = add_months(begun, YEAR, begun.dt.day())
    return lines.select(
        "line_id", "contract_id", bound_on=pl.when(pl.col("end_on").is_null()).then(minimum).otherwise("end_on"),
        short=(lasting.max().over("contract_id") <= year),
    )  # fmt: skip


def arranged(session: Session, on: date) -> pl.DataFrame:
    """The lines on which the price of their contract falls by selling prices (`obligations`), as that stood on the day.

    With ``until_on``: what they charge of cycles before it is part of that price.
    """
    versions = obligations.versions(session).filter(pl.col("effective_on") <= on).sort("version_id")
    held = versions.unique("contract_id", keep="last").select("version_id")
    rows = obligations.obligations(session).join(held, on="version_id", how="semi")
    return rows.with_columns(until_on=pl.max_horizontal("to_on", pl.col("start_on").dt.offset_by("1d")))


def _shares(session: Session, shares: pl.DataFrame, on: date, by: list[str]) -> pl.DataFrame:
    """What of prices allocated by selling prices is to come and not billed: ``by``, ``month``, ``unbilled``.

    It is the share to come of each line, less what of its bills is.
    """
    lines = shares["line_id"]
    since = revenue.posted_until(session, on)
    keyed = obligations.coming(session, since, shares).with_columns(key=pl.int_range(pl.len(), dtype=pl.Int64))
    spread = schedule.months(keyed.select("key", *recognition.RULE), revenue.roundings(session)[0])
    after = spread.filter(pl.col("month") >= since)
    whole = looked_up(after, keyed.select("key", *by), "key").select(*by, "month", unbilled="amount")
    plans = revenue.plans_of(session, on, lines, ["line_id", *by]).join(
        shares.select("line_id", over_on="until_on"), on="line_id"
    )
    within = plans.filter(pl.col("from_on") < pl.col("over_on"))
    billed = scheduled(session, within, on, by, lines).select(*by, "month", unbilled=-pl.col("planned"))
    return pl.concat([whole, billed])


def _unbilled(session: Session, lines: pl.DataFrame, shares: pl.DataFrame, on: date, by: list[str]) -> pl.DataFrame:
    """What of service that both are bound to is not billed by the day: ``by``, ``month``, ``unbilled``.

    But for what falls on ``shares`` of a price.
    """
    last = lines["bound_on"].max()
    schema = {**dict.fromkeys(by, pl.Int64), "month": pl.Date, "unbilled": pl.Int64}
    if not isinstance(last, date) or last <= on:
        return pl.DataFrame(schema=schema)
    mine = lines.filter(pl.col("bound_on") > on).join(
        shares.select("line_id", over_on="until_on"), on="line_id", how="left", maintain_order="left"
    )
    # lines that are alike are looked at together: those of a price to share are not like the others
    kinds = (pl.col("over_on").is_null(), pl.col("bound_on") > pl.col("over_on"))
    parts = [part for part in (mine.filter(kind) for kind in kinds) if part.height]
    if not parts:
        return pl.DataFrame(schema=schema)
    charges = pl.concat([_charges(session, part["line_id"], on, last, by) for part in parts])
    held = deposits(session).implode()
    own = charges.join(mine.select("line_id", "bound_on", "over_on"), on="line_id")
    shared = (pl.col("cycle_from_on") < pl.col("over_on")).fill_null(value=False)
    within = own.filter((pl.col("cycle_from_on") < pl.col("bound_on")) & ~pl.col("product_id").is_in(held) & ~shared)
    policy = policies(session)
    of = products(session).select("product_id", "revenue", "life_months")
    ruled = recognition.ruled(within.join(of, on="product_id"), policy["partial_month"], policy["remainder"])
    same = [*by, *recognition.RULE]
    alike = ruled.group_by(same).agg(pl.col("lines").sum()).with_columns(key=pl.int_range(pl.len(), dtype=pl.Int64))
    spread = schedule.months(alike.select("key", *recognition.RULE), revenue.roundings(session)[0])
    after = spread.filter(pl.col("month") >= revenue.posted_until(session, on))
    named = looked_up(after, alike.select("key", *by, "lines"), "key")
    return named.select(*by, "month", unbilled=pl.col("amount") * pl.col("lines")).select(list(schema))


def _charges(session: Session, chosen: pl.Series, on: date, last: date, by: list[str]) -> pl.DataFrame:
    """The charges of the lines that were not invoiced by the day: made since, waiting, and to be made; net of tax.

    Usage that was billed since is not among them: on the day nobody knew it.
    """
    apart = ["first_end_on", *(name for name in by if name == "contract_id")]
    names = ["line_id", "contract_id", "product_id", "start_on", "cycle_from_on", "from_on", "to_on", "amount", "lines"]
    coming = pl.concat([drafts(session), billing.ahead(session, last, apart, chosen)])
    ahead = net_of_tax(session, coming.filter(pl.col("renewed") == 0)).select(names)
    since = session.read(
        "SELECT c.line_id, c.contract_id, c.product_id, c.cycle_from_on, c.from_on, c.to_on, l.net AS amount"
        " FROM invoices_invoice i CROSS JOIN invoices_line l JOIN billing_charge c ON c.id = l.charge_id"
        " WHERE l.id >= i.first_line_id AND l.id < i.first_line_id + i.line_count AND i.id BETWEEN ? AND ?"
        " AND i.issue_on > ?",
        (*session.within("invoices_invoice", "issue_on", on, date.max), on),
    )
    metered = products(session).filter(pl.col("revenue") == "usage")["product_id"]
    starts = contracts.every_line(session).select("line_id", "start_on")
    issued = looked_up(since.filter(~pl.col("product_id").is_in(metered.implode())), starts, "line_id")
    both = pl.concat([ahead, issued.with_columns(lines=pl.lit(1, dtype=pl.Int64)).select(names)])
    return both.filter(pl.col("line_id").is_in(chosen.implode()))


def _named(session: Session, found: pl.DataFrame, on: date, by: str) -> pl.DataFrame:
    """The rows with what each is called in the split: ``key``; with ``obligation`` and ``timing``."""
    of = products(session).select(
        "product_id", "product", "service", "obligation",
        timing=pl.col("revenue").replace_strict(TIMINGS, default="over", return_dtype=pl.String),
    )  # fmt: skip
    named = found.join(of, on="product_id", how="left")
    if by == "contract":
        numbers = contracts.contracts(session).select("contract_id", contract="contract_no")
        return named.join(numbers, on="contract_id", how="left").with_columns(key="contract")
    if by not in TIMES:
        return named.with_columns(key=pl.col(by).fill_null(""))
    return named.with_columns(key=_time(session, on, by))


def _time(session: Session, on: date, by: str) -> pl.Expr:
    """The year, fiscal year (the year it begins in), band of years from the day, or month in which it becomes revenue."""
    month = pl.col("month")
    if by == "year":
        return month.dt.year().cast(pl.String)
    if by == "month":
        return month.dt.strftime("%Y-%m")
    if by == "fiscal-year":
        start = policies(session).number("fiscal_year_start_month")
        return month.dt.offset_by(f"-{start - 1}mo").dt.year().cast(pl.String)
    first = periods.following(on.replace(day=1)) if on == periods.last_day(on.replace(day=1)) else on.replace(day=1)
    years = ((month_number(month) - month_number(pl.lit(first))) // YEAR).clip(0, len(BANDS) - 1)
    return years.replace_strict(dict(enumerate(BANDS)), return_dtype=pl.String)
