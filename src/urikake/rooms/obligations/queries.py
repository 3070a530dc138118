"""What other rooms may read of obligations: the versions that hold, and what is recognised of them by a day."""

from __future__ import annotations

from datetime import date
from typing import Final

import polars as pl

from urikake.base.bulk import Session
from urikake.base.company import policies
from urikake.core import arrangement
from urikake.core.calendar import month_of
from urikake.core.money import MICRO, Rounding, largest_remainder

OWNER: Final = ["contract_id", "line_id", "partner_id", "product_id", "dimension_id"]
VERSION: Final = (
    "id, run_id, contract_id, partner_id, effective_on, treatment, rule, price, recognized, event_id, judgement_id, "
    "rate_micro"
)
OBLIGATION: Final = (
    "id, run_id, version_id, contract_id, line_id, partner_id, product_id, dimension_id, stated, ssp, ssp_left, "
    "stated_before, ssp_before, ssp_left_before, price_before, recognized, catch_up, apart, done, amount, start_on, from_on, to_on, "
    "pattern, partial_month, remainder, financed, bound_on"
)
PROGRESS: Final = "id, run_id, contract_id, line_id, measured_on, share_micro, note, share_part, share_whole"
JUDGEMENT: Final = (
    "id, run_id, contract_id, line_id, with_line_id, kind, treatment, amount, effective_on, reason, with_contract_id, "
    "rate_micro"
)
TABLES: Final = ("obligations_version", "obligations_obligation")
TREATMENTS: Final = {
    "inception": "契約時の配分",
    "separate": "独立した契約（30項）",
    "prospective": "将来に向けて（31項(1)）",
    "catch_up": "累積的影響を一時に（31項(2)）",
    "mixed": "両方の組合せ（31項(3)）",
}
"""How a version came about, in words."""
KINDS: Final = {
    "treatment": "契約変更の扱い", "bundle": "別個でない明細", "estimate": "変動対価の見積り", "noncash": "現金以外の対価",
    "payable": "顧客に支払われる対価", "discount": "一部の明細だけの値引", "combine": "契約の結合", "financing": "重要な金融要素",
}  # fmt: skip
"""What people may judge, in words."""
BESIDE: Final = ("noncash", "payable")
"""What is part of the price and never on a bill: received otherwise than in money (59項), and paid to the customer (63項)."""
AMOUNTS: Final = ("estimate", *BESIDE)
"""What people judge that has an amount."""


def lasts() -> pl.Expr:
    """The day before which obligations end, and before which the cycles begin that are charged for them."""
    return pl.max_horizontal("to_on", "bound_on")


def bare() -> pl.Expr:
    """What lines charge, without the interest that their price holds."""
    return pl.col("stated") - pl.col("financed").fill_null(0)


def rounding(session: Session) -> Rounding:
    """How amounts are rounded: policy ``amount_rounding``."""
    return policies(session)["amount_rounding"]  # type: ignore[return-value]


def versions(session: Session) -> pl.DataFrame:
    """Every version, by id, with ``version_id`` and ``arrangement``: its contract, or the one that it was combined with then."""
    rows = session.table("obligations_version", VERSION).rename({"id": "version_id"})
    told = judgements(session).filter(pl.col("kind") == "combine")
    if told.is_empty():
        return rows.with_columns(arrangement="contract_id")
    with_id = pl.when(pl.col("treatment") == "combined").then("with_contract_id")
    known = told.select("contract_id", judged_run="run_id", arrangement=with_id).sort("judged_run")
    found = rows.sort("run_id").join_asof(
        known, left_on="run_id", right_on="judged_run", by="contract_id", allow_exact_matches=False,
        check_sortedness=False,
    )  # fmt: skip
    return found.sort("version_id").with_columns(arrangement=pl.coalesce("arrangement", "contract_id"))


def newest(session: Session) -> pl.DataFrame:
    """The version that holds of each contract that has any."""
    return versions(session).sort("version_id").unique("contract_id", keep="last", maintain_order=True)


def obligations(session: Session) -> pl.DataFrame:
    """Every obligation of every version, by id, with ``price``: what of the contract's price falls on it in all."""
    rows = session.table("obligations_obligation", OBLIGATION).rename({"id": "obligation_id", "pattern": "method"})
    return rows.with_columns(price=pl.col("done") + pl.col("amount"))


def judgements(session: Session) -> pl.DataFrame:
    """Everything people judged, by id, with ``judgement_id``."""
    return session.table("obligations_judgement", JUDGEMENT).rename({"id": "judgement_id"})


def treatments(session: Session) -> pl.DataFrame:
    """How people want changes treated: ``contract_id, effective_on, treatment, reason``, the newest of a day."""
    found = judgements(session).filter(pl.col("kind") == "treatment")
    return found.unique(["contract_id", "effective_on"], keep="last", maintain_order=True)


def bundles(session: Session) -> pl.DataFrame:
    """The lines that people judged not to be distinct: ``line_id``, ``with_line_id`` of which they are part, ``reason``."""
    found = judgements(session).filter(pl.col("kind") == "bundle").unique("line_id", keep="last", maintain_order=True)
    return found.filter(pl.col("with_line_id").is_not_null())


def estimates(session: Session) -> pl.DataFrame:
    """The amounts of prices that are not agreed charges: ``contract_id``, ``line_id`` (null: of all), ``kind, amount, reason``.

    Variable amounts (変動対価) that are expected, and what is `BESIDE` bills, negative where it is paid to the customer.
    """
    found = judgements(session).filter(pl.col("kind").is_in(list(AMOUNTS)))
    newest = found.unique(["contract_id", "line_id", "kind"], keep="last", maintain_order=True)
    return newest.filter(pl.col("amount") != 0)


def discounts(session: Session) -> pl.DataFrame:
    """The discounts that are of some lines alone (29号71項): ``contract_id, line_id, amount`` (of all its lines), ``tie``.

    A contract's lines that were named last together share one.
    """
    found = judgements(session).filter(pl.col("kind") == "discount")
    newest = found.filter(pl.col("run_id") == pl.col("run_id").max().over("contract_id"))
    return newest.filter(pl.col("amount") != 0).select("contract_id", "line_id", "amount", tie="run_id")


def deducted(session: Session, rows: pl.DataFrame) -> pl.DataFrame:
    """The obligations with ``less``: what of `discounts`, as their version knew them, is taken off their selling prices.

    ``rows``: ``version_id, contract_id, line_id, ssp``, and ``judgement_id`` of their version.
    """
    every = judgements(session).filter(pl.col("kind") == "discount").select(
        "contract_id", "line_id", "amount", tie="run_id", told_id="judgement_id"
    )  # fmt: skip
    if every.is_empty():
        return rows.with_columns(less=pl.lit(0, dtype=pl.Int64))
    heads = rows.select("version_id", "contract_id", "judgement_id").unique("version_id")
    known = heads.join(every, on="contract_id").filter(pl.col("told_id") <= pl.col("judgement_id"))
    held = known.filter(pl.col("tie") == pl.col("tie").max().over("version_id"))
    priced = held.join(rows.select("version_id", "line_id", "ssp"), on=["version_id", "line_id"]).sort("line_id")
    parts = priced.with_columns(less=largest_remainder(priced, "amount", "ssp", "version_id"))
    told = rows.join(
        parts.select("version_id", "line_id", "less"), on=["version_id", "line_id"], how="left", maintain_order="left"
    )
    return told.with_columns(pl.col("less").fill_null(0))


def known_estimates(session: Session, heads: pl.DataFrame) -> pl.DataFrame:
    """What the versions (``version_id, contract_id, judgement_id``) hold of `estimates`: ``version_id, estimated``."""
    known = judgements(session).filter(pl.col("kind").is_in(list(AMOUNTS))).drop("run_id")
    own = heads.select("version_id", "contract_id", upto="judgement_id").join(known, on="contract_id")
    newest = own.filter(pl.col("judgement_id") <= pl.col("upto")).sort("judgement_id")
    newest = newest.unique(["version_id", "line_id", "kind"], keep="last", maintain_order=True)
    return newest.group_by("version_id").agg(estimated=pl.col("amount").sum())


def combined(session: Session, before_run: int | None = None) -> pl.DataFrame:
    """The contracts that people judged to be one (契約の結合, 29号27項): ``contract_id``, ``arrangement_id``, ``reason``.

    ``arrangement_id`` is the contract that the others were joined to; its own row is among them. As it was judged before the
    run, or up to now.
    """
    every = judgements(session).filter(pl.col("kind") == "combine")
    known = every if before_run is None else every.filter(pl.col("run_id") < before_run)
    newest = known.unique("contract_id", keep="last", maintain_order=True).filter(pl.col("treatment") == "combined")
    joined = newest.select("contract_id", "reason", arrangement_id="with_contract_id")
    heads = joined.unique("arrangement_id", maintain_order=True).with_columns(contract_id="arrangement_id")
    return pl.concat([heads, joined.select(heads.columns)]).select("contract_id", "arrangement_id", "reason")


def arranged(session: Session, rows: pl.DataFrame) -> pl.DataFrame:
    """The rows (``contract_id``) with ``arrangement``: the contract itself, or the one it is combined with."""
    found = combined(session).select("contract_id", arrangement="arrangement_id")
    if found.is_empty():
        return rows.with_columns(arrangement="contract_id")
    told = rows.join(found, on="contract_id", how="left", maintain_order="left")
    return told.with_columns(arrangement=pl.coalesce("arrangement", "contract_id"))


def rates(session: Session) -> pl.DataFrame:
    """The arrangements whose price people judged to hold interest (重要な金融要素): ``arrangement``, ``rate_micro`` a year."""
    told = judgements(session).filter(pl.col("kind") == "financing")
    if told.is_empty():
        return pl.DataFrame(schema={"arrangement": pl.Int64, "rate_micro": pl.Int64})
    newest = arranged(session, told).unique("arrangement", keep="last", maintain_order=True)
    return newest.filter(pl.col("rate_micro") > 0).select("arrangement", "rate_micro")


def latest(session: Session) -> pl.DataFrame:
    """The newest judgement that touches each contract: ``contract_id, latest_id``.

    One that joins two contracts, or parts them, touches both; any touches all that are combined with its contract.
    """
    every = judgements(session)
    both = [every.select("contract_id", "judgement_id")]
    both.append(every.select(contract_id="with_contract_id", judgement_id="judgement_id").drop_nulls())
    own = arranged(session, pl.concat(both).group_by("contract_id").agg(latest_id=pl.col("judgement_id").max()))
    of = own.group_by("arrangement").agg(pl.col("latest_id").max())
    rest = combined(session).select("contract_id", arrangement="arrangement_id")
    return pl.concat([rest, own.select("contract_id", "arrangement")]).unique("contract_id").join(of, on="arrangement").select(
        "contract_id", "latest_id"
    )  # fmt: skip


def standing(session: Session) -> pl.DataFrame:
    """The obligations of the versions that hold, by contract and line."""

    def find() -> pl.DataFrame:
        held = obligations(session).join(newest(session).select("version_id"), on="version_id", how="semi")
        return held.sort("contract_id", "line_id")

    return session.derived("standing_obligations", TABLES, find)


def progress(session: Session) -> pl.DataFrame:
    """What was performed of lines (進捗度): ``line_id, measured_on``, ``part`` of ``whole``, ``share_micro``, by day, as known last."""
    rows = as_parts(session.table("obligations_progress", PROGRESS)).sort("id")
    newest = rows.unique(["line_id", "measured_on"], keep="last", maintain_order=True)
    return newest.drop("id").sort("measured_on", "line_id")


def as_parts(rows: pl.DataFrame) -> pl.DataFrame:
    """What was performed as ``part`` of ``whole``, also where it was kept in millionths alone."""
    return rows.with_columns(part=pl.coalesce("share_part", "share_micro"), whole=pl.coalesce("share_whole", MICRO))


def performed(session: Session, rows: pl.DataFrame, on: pl.Expr, name: str) -> pl.DataFrame:
    """The rows (``line_id``) with what was performed of each before the day ``on``: as ``name`` the part, of the whole ``name_of``."""
    known = progress(session).select(
        "line_id", "measured_on", pl.col("part").alias(name), pl.col("whole").alias(f"{name}_of")
    )
    asked = (
        rows.with_row_index("at")
        .with_columns(asked_on=on)
        .with_columns(asked_on=pl.col("asked_on").dt.offset_by("-1d"))
    )
    found = asked.sort("asked_on").join_asof(
        known, left_on="asked_on", right_on="measured_on", by="line_id", check_sortedness=False
    )
    told = found.sort("at").drop("at", "asked_on", "measured_on")
    return told.with_columns(pl.col(name).fill_null(0), pl.col(f"{name}_of").fill_null(1))


def recognised(session: Session, rows: pl.DataFrame, on: pl.Expr) -> pl.DataFrame:
    """The obligations with ``by_then``, what is recognised of each before the day ``on``; ``reached`` of ``reached_of`` by progress."""
    told = performed(session, performed(session, rows, on, "reached"), _since(session, rows), "begun")
    return told.with_columns(by_then=arrangement.recognised(told, on, rounding(session))).drop("begun", "begun_of")


def _since(session: Session, rows: pl.DataFrame) -> pl.Expr:
    """The day from which the versions of the rows hold."""
    days = versions(session).select("version_id", "effective_on")
    return pl.lit(
        rows.select("version_id").join(days, on="version_id", how="left", maintain_order="left")["effective_on"]
    )


def targets(session: Session, until: date) -> pl.DataFrame:
    """What of every arranged line is revenue before the day: owner columns, ``start_on, to_on, target, over``.

    ``start_on`` and ``to_on`` are the days of the line; ``over`` tells that all obligations of its ``arrangement`` have ended:
    its contract, and those combined with it, which stand together; ``beside`` what of its price is never on a bill.
    """
    rows = recognised(session, standing(session), pl.lit(until))
    built = (pl.col("method") != "progress") | (pl.col("reached") >= pl.col("reached_of"))
    done = (lasts() <= until) & built
    every = arranged(session, rows).sort("arrangement", "contract_id", "line_id")
    over = done.all().over("arrangement")
    beside = estimates(session).filter(pl.col("kind").is_in(list(BESIDE)))
    sums = arranged(session, beside).group_by("arrangement").agg(beside=pl.col("amount").sum())
    told = every.join(sums, on="arrangement", how="left", maintain_order="left")
    return told.select(
        *OWNER, "arrangement", "start_on", pl.col("beside").fill_null(0), to_on=lasts(), target="by_then", over=over
    )


def bearing(session: Session, until: date) -> pl.DataFrame:
    """The lines of arrangements whose price holds interest: ``arrangement, rate_micro, line_id, start_on, to_on``, ``last_on``.

    ``last_on`` is a day of the last month of the arrangement that bears interest before ``until``: that in which all of it
    ended, or the last one before that day.
    """
    held = newest(session).filter(pl.col("rate_micro").is_not_null()).select("version_id", "rate_micro")
    rows = obligations(session).join(held, on="version_id") if held.height else obligations(session).clear().with_columns(
        rate_micro=pl.lit(None, dtype=pl.Int64)
    )  # fmt: skip
    whole = progress(session).filter(pl.col("part") >= pl.col("whole")).group_by("line_id").agg(
        built_on=pl.col("measured_on").min()
    )  # fmt: skip
    return ending(arranged(session, rows).join(whole, on="line_id", how="left", maintain_order="left"), until)


def ending(told: pl.DataFrame, until: date) -> pl.DataFrame:
    """As `bearing`, of obligations with their ``arrangement``, ``rate_micro`` and ``built_on``, when they were performed."""
    end = pl.max_horizontal(lasts().dt.offset_by("-1d"), "built_on")
    open_ = (pl.col("method") == "progress") & pl.col("built_on").is_null()
    each = told.with_columns(end_on=pl.when(open_).then(pl.lit(date.max)).otherwise(end), to_on=lasts())
    last = pl.min_horizontal(pl.col("end_on").max().over("arrangement"), pl.lit(until).dt.offset_by("-1d"))
    return each.select("arrangement", "rate_micro", "contract_id", "line_id", "start_on", "to_on", last_on=last)


def spans(session: Session) -> pl.DataFrame:
    """The lines of arrangements and until when what they charge is part of one: ``line_id``, ``bound_on``."""
    return standing(session).select(
        "line_id", bound_on=pl.max_horizontal(lasts(), pl.col("start_on").dt.offset_by("1d"))
    )


def coming(session: Session, since: date, rows: pl.DataFrame | None = None) -> pl.DataFrame:
    """The obligations as rules for the months from ``since`` on, with ``until_on``, before which they are recognised.

    Those that stand, or the ``rows``. Of what goes by its progress nobody knows when: what is left of it stands at the end of its term.
    """
    rows = recognised(session, standing(session) if rows is None else rows, pl.lit(since))
    built = pl.col("method") == "progress"
    last = pl.max_horizontal(pl.col("to_on").dt.offset_by("-1d"), "from_on", pl.lit(since))
    return rows.with_columns(
        amount=pl.when(built).then(pl.col("price") - pl.col("by_then")).otherwise("amount"),
        from_on=pl.when(built).then(last).otherwise("from_on"),
        to_on=pl.when(built).then(last.dt.offset_by("1d")).otherwise("to_on"),
        method=pl.when(built).then(pl.lit("monthly")).otherwise("method"),
    ).with_columns(until_on=month_of(pl.col("from_on")))
