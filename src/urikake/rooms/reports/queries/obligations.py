"""Obligations and what of the price falls on them (履行義務と配分): per version and line, changes with what decided them, the proof.

An arrangement is a contract whose price falls on its lines by their standalone selling prices (room `obligations`). All
amounts are of the contract's price, without tax.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

import polars as pl

from urikake.base import periods
from urikake.base.bulk import Session
from urikake.core.money import MICRO, divide, wide
from urikake.rooms.billing import queries as billing
from urikake.rooms.catalog.queries import products
from urikake.rooms.contracts import queries as contracts
from urikake.rooms.invoices import queries as invoices
from urikake.rooms.obligations import queries
from urikake.rooms.parties.queries import codes, profiles
from urikake.rooms.revenue import queries as revenue
from urikake.rooms.revenue.queries import interest as bearing

from .chosen import contract_ids, require_span
from .rows import Rows, inclusive, instant

PERCENT: Final = 100 * MICRO
OBLIGATION: Final = (
    "contract_no version effective treatment line product stated ssp ssp_left price recognized "
    "catch_up left from to pattern share_micro financed rate"
).split()
MODIFICATION: Final = (
    "contract_no partner effective rule treatment reason distinct added_price added_ssp price_before price recognized "
    "catch_up left"
).split()
CHECK: Final = (
    "contract_no partner price allocated unshared billed to_bill rounding estimated financed moved difference".split()
)


def obligations(session: Session, contract: str = "", as_of: date | None = None) -> Rows:
    """The obligations of every version: ``contract_no, version, effective, treatment, line, product, …, share``.

    Versions count from 1 within their contract, up to ``as_of``. ``stated`` is what the line charges in its term, ``ssp`` its
    standalone selling price and ``ssp_left`` that of what was still to be performed; ``price`` is what of the contract's
    price falls on it, ``recognized`` what of it was before the version's day, ``catch_up`` what was recognised with the
    version, ``left`` what is recognised from its day on, ``from`` … ``to`` by its ``pattern``. ``share`` is the percentage by
    which the price was shared in this version; null where the line's own was left as it was. ``financed`` is the
    interest (重要な金融要素) that is shared beside ``stated``, by the yearly ``rate`` in percent; null where the price holds none.
    """
    found = versions(session, contract_ids(session, contract) if contract else None, as_of)
    named = found.select(
        *(name for name in OBLIGATION if name not in ("effective", "stated", "left", "from", "to", "rate")),
        stated=queries.bare(),
        effective="effective_on", left="amount", rate=pl.col("rate_micro") / MICRO,
        to=pl.max_horizontal("from_on", inclusive("to_on")), **{"from": pl.col("from_on")},
    )  # fmt: skip
    return Rows(named.select(OBLIGATION))


def modifications(session: Session, since: date, until: date) -> Rows:
    """The changes that hold from a day in the span on, each with what decided its treatment (30項・31項).

    Columns: ``contract_no, partner, effective``; ``rule`` (the treatment by the rule) and ``treatment`` (as it was treated),
    ``reason`` where a person judged otherwise; ``distinct`` (whether all is distinct), ``added_price`` against ``added_ssp``;
    ``price_before`` and ``price``, ``recognized`` before, ``catch_up`` and what is ``left``.
    """
    require_span(since, until)
    found = changes(session).filter(pl.col("effective_on").is_between(since, until))
    return Rows(found.rename({"effective_on": "effective"}).select(MODIFICATION))


def allocation_check(session: Session, as_of: date) -> Rows:
    """Of every arranged contract on the day: its price, what of it is allocated, and what was billed and is to be.

    Columns: ``contract_no, partner, price, allocated, unshared`` (price less allocated), ``billed`` (on invoices by the day),
    ``to_bill`` (what the contract as it then stands still charges or gives back in its term), ``rounding`` (what cycles cut
    by their days lost or won where they were billed), ``estimated`` (what of the price people judged: variable amounts, and
    what is never on a bill), ``financed`` (what of it is interest, 重要な金融要素), ``moved`` (what of it came from contracts that
    are combined with it, 契約の結合), ``difference`` (price less all six). A change is followed when its month is
    recognised; until then it is a difference.
    """
    return Rows(checked(session, as_of).select(CHECK))


# --- versions --------------------------------------------------------------------------------------------------------


def held(session: Session, as_of: date | None = None) -> pl.DataFrame:
    """Every version that holds from a day up to ``as_of`` on, by contract and age, with its ``version`` counted from 1.

    With the contract's number and partner, and the ``reason`` why a person treated the change otherwise.
    """
    names = contracts.contracts(session).select("contract_id", "contract_no")
    people = profiles(session, "name").select("partner_id", partner="code", partner_name="name")
    found = queries.versions(session).sort("contract_id", "version_id")
    told = queries.judgements(session).filter(pl.col("kind") == "treatment").select(
        "contract_id", "effective_on", "reason", told_id="judgement_id"
    )  # fmt: skip
    knew = found.select("version_id", "contract_id", "effective_on", "judgement_id").join(
        told, on=["contract_id", "effective_on"]
    )
    knew = knew.filter(pl.col("told_id") <= pl.col("judgement_id")).sort("told_id")
    judged = knew.unique("version_id", keep="last").select("version_id", "reason")
    found = found.with_columns(version=pl.int_range(1, pl.len() + 1, dtype=pl.Int64).over("contract_id"))
    named = (
        found.join(names, on="contract_id", maintain_order="left")
        .join(people, on="partner_id", how="left", maintain_order="left")
        .join(judged, on="version_id", how="left", maintain_order="left")
    )
    kept = named if as_of is None else named.filter(pl.col("effective_on") <= as_of)
    return kept.sort("contract_no", "version")


def versions(session: Session, chosen: pl.Series | None = None, as_of: date | None = None) -> pl.DataFrame:
    """The obligations of the chosen contracts' versions, else of all, by contract, version and line.

    With the names of contract, partner and product, ``line`` (its number in the contract), and of what was shared in the
    version and those of contracts that are combined with it: the line's ``weight`` (a selling price; null where nothing was
    shared anew), the ``weights`` of all, the ``money`` shared, and ``share_micro`` (millionths of a percent). ``pattern`` is how the
    line is recognised: of what is done in a day as its product says.
    """
    rows = together(session, chosen, as_of)
    return rows if chosen is None else rows.filter(pl.col("contract_id").is_in(chosen.implode()))


def together(session: Session, chosen: pl.Series | None = None, as_of: date | None = None) -> pl.DataFrame:
    """As `versions`, with the versions of contracts that were combined with the chosen ones; ``pool`` tells which are one."""
    heads = held(session, as_of).with_columns(
        pool=pl.col("version_id").min().over("run_id", "effective_on", "arrangement")
    )
    if chosen is not None:
        mine = heads.filter(pl.col("contract_id").is_in(chosen.implode()))["pool"]
        heads = heads.filter(pl.col("pool").is_in(mine.implode()))
    own = heads.select(
        "version_id", "pool", "contract_no", "partner", "partner_name", "version", "effective_on", "treatment", "rule",
        "reason", "judgement_id", "rate_micro", whole="price",
    )  # fmt: skip
    lines = contracts.first_lines(session).select("line_id", line=pl.col("position") + 1)
    model = products(session).select("product_id", "product", "product_name", "ssp_basis", sold_as="revenue")
    rows = queries.obligations(session).join(own, on="version_id")
    named = rows.join(lines, on="line_id", how="left").join(model, on="product_id", how="left")
    first_to_on = pl.col("to_on").min().over("line_id")  # a version moves what is over to its own day
    at_once = pl.when(pl.col("sold_as") == "contract_start").then("sold_as").otherwise(pl.lit("point"))
    instant_ = pl.col("start_on") == first_to_on.dt.offset_by("-1d")
    told = named.with_columns(pattern=pl.when(instant_).then(at_once).otherwise("method"), first_to_on=first_to_on)
    return shared(queries.deducted(session, told)).sort("contract_no", "version", "line", "line_id")


def shared(rows: pl.DataFrame) -> pl.DataFrame:
    """The obligations of versions with what was shared in each, and by which selling prices (`core.modification`).

    ``rows`` tell of each version the ``pool`` with which its price was shared, and ``less``, what a discount of some lines alone
    takes off their selling prices. Columns beside the obligations':
    ``gain`` and ``added`` (what a change added, in selling price and in price), and as `versions` tells.
    """
    gain = pl.max_horizontal(pl.col("ssp_left") - pl.col("ssp_left_before"), 0)
    weights = {
        "inception": pl.col("ssp") - pl.col("less"),
        "separate": pl.when(gain > 0).then(gain),
        "prospective": pl.col("ssp_left"),
        "catch_up": pl.col("ssp_before") + pl.when("apart").then(gain).otherwise(0),
    }
    added = pl.col("stated") - pl.col("stated_before")
    moneys = {
        "inception": pl.col("stated"),
        "separate": added,
        "prospective": pl.col("price_before") - pl.col("recognized") + added,
        "catch_up": pl.col("price_before") + added,
    }
    by = {name: _of_treatment(part) for name, part in {"weight": weights, "money": moneys}.items()}
    each = rows.with_columns(gain=gain, added=added, **by)
    summed = each.with_columns(pl.col("weight").sum().over("pool").alias("weights"), pl.col("money").sum().over("pool"))
    part = divide(wide("weight") * PERCENT, pl.max_horizontal("weights", 1), "half_up")
    return summed.with_columns(share_micro=pl.when(pl.col("weights") > 0).then(part))


def _of_treatment(parts: dict[str, pl.Expr]) -> pl.Expr:
    """What belongs to the treatment of the row; null of one that mixes several."""
    return pl.coalesce(pl.when(pl.col("treatment") == name).then(part) for name, part in parts.items())


def changes(session: Session, chosen: pl.Series | None = None, as_of: date | None = None) -> pl.DataFrame:
    """The versions that came of changes, by contract and age, with what decided how each was treated.

    Of contracts that are combined all together decided it. ``added_distinct``: all that was added is distinct;
    ``left_distinct`` and ``left_tied``: all that was left of the old is, or none of it.
    """
    rows = together(session, chosen, as_of).filter(pl.col("treatment") != "inception")
    fresh, rest = (pl.col("gain") > 0) | (pl.col("added") != 0), pl.min_horizontal("ssp_left", "ssp_left_before") > 0
    decided = rows.group_by("pool").agg(
        distinct=pl.col("apart").all(), added_distinct=pl.col("apart").filter(fresh).all(),
        left_distinct=pl.col("apart").filter(rest).all(), left_tied=(~pl.col("apart")).filter(rest).all(),
        added_price=pl.col("added").sum(), added_ssp=pl.col("gain").sum(),
    )  # fmt: skip
    own = rows if chosen is None else rows.filter(pl.col("contract_id").is_in(chosen.implode()))
    sums = own.group_by("version_id", "pool").agg(
        price_before=pl.col("price_before").sum(), catch_up=pl.col("catch_up").sum(), left=pl.col("amount").sum(),
    )  # fmt: skip
    found = held(session, as_of).join(sums, on="version_id").join(decided, on="pool")
    return found.sort("contract_no", "version")


def interest(session: Session, contract: str = "", as_of: date | None = None) -> Rows:
    """The interest of contracts by month (重要な金融要素): ``contract_no, partner, month, posted_on, opening, rate, expense, income``.

    ``opening`` is the balance of the contract with which the month began, an asset negative, and ``rate`` the yearly one in
    percent, as both are known now; of what was judged no more they are null. ``expense`` (支払利息) and ``income`` (受取利息) are
    as posted by ``as_of``.
    """
    rows = bearing.interests(session)
    if as_of is not None:
        rows = rows.filter(pl.col("posted_on") <= as_of)
    names = contracts.contracts(session).select("contract_id", "contract_no", "partner_id")
    people = codes(session).rename({"code": "partner"})
    if rows.height:
        last = rows["month"].max()
        assert isinstance(last, date)
        spans = queries.bearing(session, periods.following(last))
        known = bearing.monthly(session, spans, last).select(
            "month", "opening", "rate_micro", contract_id="arrangement"
        )
    else:
        known = rows.select("month", "contract_id", opening="expense", rate_micro="expense")
    found = (
        rows.join(names, on="contract_id").join(people, on="partner_id", how="left")
        .join(known, on=["contract_id", "month"], how="left").with_columns(rate=pl.col("rate_micro") / MICRO)
    )  # fmt: skip
    if contract:
        found = found.filter(pl.col("contract_id").is_in(contract_ids(session, contract).implode()))
    told = found.sort("contract_no", "month", "id").with_columns(month=pl.col("month").dt.strftime("%Y-%m"))
    return Rows(told.select("contract_no", "partner", "month", "posted_on", "opening", "rate", "expense", "income"))


# --- proofs ----------------------------------------------------------------------------------------------------------


def checked(session: Session, as_of: date) -> pl.DataFrame:
    """The newest version of each contract on the day, with what `allocation_check` tells and what is recognised of it.

    ``recognized`` is of the books, by the last month recognised by the day; ``position`` is billed less recognised: a
    contract liability, or below zero a contract asset; of contracts that are combined all of it stands with one of them.
    """
    heads = held(session, as_of).unique("contract_id", keep="last", maintain_order=True)
    rows = queries.obligations(session).join(heads.select("version_id"), on="version_id", how="semi")
    allocated = rows.group_by("contract_id").agg(
        allocated=pl.col("price").sum(),
        stated=pl.col("stated").sum(),
        over_on=queries.lasts().max(),
        financed=pl.col("financed").fill_null(0).sum(),
    )
    gathered = revenue.gathered(session, as_of).group_by("contract_id").agg(gathered=pl.col("amount").sum())
    moved = recognized(session, rows, as_of).group_by("contract_id").agg(pl.col("recognized").sum())
    found = heads.drop("recognized")
    borne = bearing.interests(session).filter(pl.col("posted_on") <= as_of)
    borne = borne.group_by("contract_id").agg(borne=pl.col("amount").sum())
    for part in (allocated, _charged(session, rows, as_of), moved, gathered, borne):
        found = found.join(part, on="contract_id", how="left", maintain_order="left")
    found = found.join(queries.known_estimates(session, found), on="version_id", how="left", maintain_order="left")
    filled = found.with_columns(
        pl.col("billed", "to_bill", "rounding", "recognized", "gathered", "estimated", "borne").fill_null(0)
    )
    one_of = pl.len().over("run_id", "effective_on", "arrangement") > 1
    filled = filled.with_columns(moved=pl.when(one_of).then(pl.col("price") - pl.col("stated")).otherwise(0))
    rest = pl.col("price") - pl.col("moved") - pl.col("billed")
    return filled.with_columns(
        unshared=pl.col("price") - pl.col("allocated"),
        difference=rest - pl.col("to_bill") - pl.col("rounding") - pl.col("estimated") - pl.col("financed"),
        left=pl.col("price") - pl.col("recognized"),
        position=pl.col("billed") - pl.col("recognized") + pl.col("gathered") + pl.col("borne"),
    )


def _charged(session: Session, rows: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """What was billed, is to be, and was rounded otherwise than agreed: ``contract_id, billed, to_bill, rounding``.

    A cycle that was billed a yen a charge off what is agreed was rounded in parts; anything more is still to come.
    """
    cycle = ["contract_id", "line_id", "cycle_from_on"]
    both = _billed(session, rows, as_of).join(_agreed(session, rows, as_of), on=cycle, how="full", coalesce=True)
    filled = both.with_columns(pl.col("billed", "charges", "agreed").fill_null(0))
    each = filled.with_columns(rest=pl.col("agreed") - pl.col("billed"))
    rounded = pl.col("rest").abs() <= pl.col("charges")
    return each.group_by("contract_id").agg(
        pl.col("billed").sum(),
        to_bill=pl.col("rest").filter(~rounded).sum(),
        rounding=pl.col("rest").filter(rounded).sum(),
    )


def _spans(rows: pl.DataFrame) -> pl.DataFrame:
    """The lines of arrangements and the days whose cycles belong to them: ``line_id, start_on, bound_on``."""
    after = pl.max_horizontal(queries.lasts(), pl.col("start_on").dt.offset_by("1d"))
    return rows.select("line_id", "contract_id", "start_on", bound_on=after)


BILLED: Final = (
    " FROM stage s JOIN billing_charge c ON c.line_id = s.line_id JOIN invoices_line l ON l.charge_id = c.id"
    " JOIN invoices_invoice i ON i.id = l.invoice_id"
    " WHERE c.cycle_from_on >= s.start_on AND c.cycle_from_on < s.bound_on AND i.issue_on <= ?"
)
"""What stands on invoices by a day of cycles within the arrangements that are staged."""


def _billed(session: Session, rows: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """What stands on invoices by the day of each cycle within the arrangements: the cycle, ``billed``, ``charges`` (how many)."""
    session.stage(_spans(rows))
    cycle = "s.contract_id, c.line_id, c.cycle_from_on"
    sql = f"SELECT {cycle}, sum(l.net) AS billed, count(*) AS charges{BILLED} GROUP BY {cycle}"
    return session.read(sql, (as_of,), billed=pl.Int64, charges=pl.Int64)


def bills(session: Session, rows: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """The invoices issued by the day on which the obligations stand: ``number, issue_on``, ``amount`` (of them, without tax)."""
    session.stage(_spans(rows))
    sums = session.read(f"SELECT i.id, sum(l.net) AS amount{BILLED} GROUP BY i.id", (as_of,), amount=pl.Int64)
    marks = ", ".join(map(str, sums["id"])) or "0"
    heads = invoices.invoices(session, f"id IN ({marks})").select("number", "issue_on", id="invoice_id")
    return heads.join(sums, on="id").sort("issue_on", "number")


def _agreed(session: Session, rows: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """What the contracts as they stand on the day charge for each cycle in their arrangements: the cycle, ``agreed``."""
    spans = _spans(rows)
    known = contracts.events(session).filter(pl.col("effective_on") <= as_of)
    lines, segments = billing.as_of(session, spans, known)
    bounded = lines.join(spans.select("line_id", "bound_on"), on="line_id", maintain_order="left")
    until = pl.max_horizontal("start_on", pl.min_horizontal("bound_on", "end_on"))
    charges = billing.agreed(session, bounded.with_columns(until_on=until), segments)
    return charges.group_by("contract_id", "line_id", "cycle_from_on").agg(agreed=pl.col("net").sum())


def judgements(session: Session, contract: str = "") -> Rows:
    """What people judged, by contract, oldest first: ``contract_no, kind, line, with_line, with_contract, treatment``, …, why.

    ``effective``, ``amount`` and ``rate`` (a yearly one in percent) of those that have one; ``at`` and ``by`` tell when it was
    approved, and by whom.
    """
    found = judged(session).with_columns(at=instant("at"))
    return Rows(found if not contract else found.filter(pl.col("contract_no") == contract))


def judged(session: Session) -> pl.DataFrame:
    """As `judgements`, of all contracts, ``at`` an instant."""
    chosen = contracts.first_lines(session).join(
        products(session).select("product_id", "product"), on="product_id"
    ).select("line_id", "product")  # fmt: skip
    runs = session.table("base_run", "id, actor, recorded_at").select(run_id="id", by="actor", at="recorded_at")
    names = contracts.contracts(session).select("contract_id", "contract_no")
    rows = queries.judgements(session).join(names, on="contract_id").join(runs, on="run_id")
    for key, name in (("line_id", "line"), ("with_line_id", "with_line")):
        rows = rows.join(chosen.rename({"line_id": key, "product": name}), on=key, how="left", maintain_order="left")
    others = names.select(with_contract_id="contract_id", with_contract="contract_no")
    rows = rows.join(others, on="with_contract_id", how="left", maintain_order="left")
    day = pl.when(pl.col("kind") == "treatment").then("effective_on")
    told = rows.with_columns(pl.col("line", "with_line", "with_contract").fill_null(""), effective=day).sort(
        "contract_no", "judgement_id"
    )
    return told.select(
        "contract_no",
        "kind",
        "line",
        "with_line",
        "with_contract",
        "treatment",
        "effective",
        "amount",
        "reason",
        "at",
        "by",
        rate=pl.col("rate_micro") / MICRO,
    )


def recognized(session: Session, rows: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """What of the obligations became revenue by the last month recognised by the day: ``contract_id, line_id, recognized``."""
    month = (revenue.posted_until(session, as_of) - timedelta(1)).replace(day=1)
    spans = _spans(rows).select("line_id", "start_on", to_on="bound_on")
    earned = revenue.earned(session, spans, month)
    shifts = session.read(
        "SELECT line_id, sum(amount) AS earned FROM revenue_shift WHERE id >= ? AND id < ? AND month <= ? GROUP BY line_id",
        (session.low, session.high, month),
        earned=pl.Int64,
    )
    both = pl.concat([part.select("line_id", "earned") for part in (earned, shifts)])
    sums = both.group_by("line_id").agg(recognized=pl.col("earned").sum())
    return rows.select("contract_id", "line_id").join(sums, on="line_id", maintain_order="left")
