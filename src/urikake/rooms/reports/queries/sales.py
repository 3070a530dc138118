"""Reports of sales: monthly recurring revenue with its movements, cohorts, and the forecast of billing and revenue."""

from __future__ import annotations

from datetime import date, datetime
from fractions import Fraction
from typing import Any, Final

import polars as pl

from urikake.base import periods
from urikake.base.bulk import Session
from urikake.base.company import dimensions, policies, tax_rates
from urikake.base.errors import Refusal
from urikake.core import recognition, recurring, schedule, tax, timeline
from urikake.core.calendar import add_months
from urikake.core.lookup import looked_up
from urikake.core.money import MICRO, Rounding, divide, wide
from urikake.rooms.billing import queries as billing
from urikake.rooms.catalog.queries import by_cycle, deposits, products
from urikake.rooms.contracts import queries as contracts
from urikake.rooms.parties.queries import codes, profiles
from urikake.rooms.revenue import queries as revenue

from .contracts import monthly
from .rows import Rows, month_text, rows

TABLES: Final = (*contracts.TABLES, "contracts_terms", "catalog_product")
KEPT: Final = ("line_id", "contract_id", "partner_id", "product_id", "dimension_id", "first", "until", "amount")
CUTS: Final = {
    "service": "product_id", "product": "product_id", "partner": "partner_id", "group": "dimension_id",
    "management_group": "dimension_id", "project": "dimension_id", "department": "dimension_id",
}  # fmt: skip
"""How figures are split (切り口), and what of a line decides it."""
PLACES: Final = 6
MOST: Final = 60  # months of a forecast


def number(month: date) -> int:
    """The month as a running number, as `core.recurring` counts them."""
    return month.year * 12 + month.month - 1


def numbered(month: str) -> pl.Expr:
    """The column of month numbers as their first days."""
    return add_months(pl.lit(date(1, 1, 1)), pl.col(month) - 12, 1)


def ranges(session: Session, month: date, known_at: datetime | None = None) -> pl.DataFrame:
    """What every line is worth a month and between which months, terms carried on to the end of the month's year.

    Columns: ``line_id, contract_id, partner_id, product_id, dimension_id, first, until, amount`` (see `recurring.spans`). No
    month is moved by renewals after it, so all months of a year are read from one frame.
    """
    last = date(month.year, 12, 31)

    def make() -> pl.DataFrame:
        lines, events, _ = contracts.carried_on(session, last, known_at)
        held = pl.col("product_id").is_in(deposits(session).implode())
        return _ranges(session, lines.filter(~pl.col("leaving") & ~held), events, last)

    return session.derived(f"recurring-{last.year}", TABLES, make) if known_at is None else make()


def _ranges(session: Session, lines: pl.DataFrame, events: pl.DataFrame, last: date) -> pl.DataFrame:
    rounding: Rounding = policies(session)["amount_rounding"]  # type: ignore[assignment]
    terms = contracts.terms(session).select("contract_terms_id", "cycle_months")
    names = ("line_id", "contract_id", "partner_id", "dimension_id", "cycle_months")
    owner = lines.join(terms, on="contract_terms_id", maintain_order="left").select(names)
    states = looked_up(timeline.segments(lines, events), owner, "line_id")
    alike = [*timeline.STATE, "cycle_months"]  # lines by the million, prices by the dozen
    prices = states.select(alike).unique().join(_prices(session, last), on="product_id", maintain_order="left")
    worth = recurring.committed(prices, recurring.monthly(prices, rounding), rounding)
    priced = states.join(prices.select(alike).with_columns(worth=worth), on=alike, how="left", maintain_order="left")
    return recurring.spans(states, priced["worth"]).select(KEPT)


def _prices(session: Session, on: date) -> pl.DataFrame:
    """The products as `recurring.monthly` and `recurring.committed` ask for them."""
    agreed = products(session).select("product_id", "commitment_months", least="minimum", most="maximum")
    return by_cycle(session).select(
        "product_id", "price_model", "included_micro", "overage_price_micro", "package_size_micro", "minimum", "maximum",
        "inclusive", tiers="tier_list", metered=pl.col("revenue") == "usage",
        rate_micro=tax.rate_micro(pl.col("tax"), pl.lit(on), tax_rates(session)),
    ).join(agreed, on="product_id")  # fmt: skip


def moved(session: Session, month: date, known_at: datetime | None = None) -> pl.DataFrame:
    """Every movement of every partner up to the month and beyond, as `recurring.movements` gives them."""
    return recurring.movements(ranges(session, month, known_at))


def bridge(session: Session, month: date, known_at: datetime | None = None) -> dict[str, Any]:
    """The month's row of `recurring.bridges`."""
    at = number(month)
    return recurring.bridges(moved(session, month, known_at), at, at).row(0, named=True)


def mrr(session: Session, month: str, known_at: datetime | None = None) -> dict[str, Any]:
    """MRR at the end of the month, its movements since the month before, customers, and the rates of churn.

    ``revenue_churn_rate`` is what was lost to churn and contraction, of the MRR before; ``customer_churn_rate`` the
    customers that left, of those before; both null where there was nothing before. ``arpa`` is MRR a customer.
    """
    return figures(session, bridge(session, periods.first_day(month), known_at))


def figures(session: Session, found: dict[str, Any]) -> dict[str, Any]:
    """The row of a month as the report gives it."""
    names = ("mrr", *recurring.MOVEMENTS, "previous", "customers", "new_customers", "churned_customers")
    rounding: Rounding = policies(session)["amount_rounding"]  # type: ignore[assignment]
    each = pl.select(divide(pl.lit(found["mrr"]), pl.lit(max(found["customers"], 1)), rounding)).item()
    lost = found["churn"] + found["contraction"]
    return {name: found[name] for name in names} | {
        "customer_churn_rate": rate(found["churned_customers"], found["customers_before"]),
        "revenue_churn_rate": rate(lost, found["previous"]),
        "arr": found["mrr"] * 12,
        "arpa": each if found["customers"] else None,
    }


def rate(part: int, whole: int) -> float | None:
    """The share to six places; None of nothing.

    >>> rate(1, 3), rate(0, 0)
    (0.333333, None)
    """
    return round(part / whole, PLACES) if whole else None


def changes(session: Session, month: date, known_at: datetime | None = None) -> pl.DataFrame:
    """The lines whose MRR in the month is not that of the month before, with their partner's movement.

    Columns: ``line_id, contract_no, partner, partner_name, product, product_name, service, kind, previous, current,
    change``; by partner and kind the changes sum to the movement.
    """
    every, at = ranges(session, month, known_at), number(month)
    both = (recurring.at_month(every, at - 1), recurring.at_month(every, at))
    names = ["line_id", "contract_id", "partner_id", "product_id"]
    parts = [part.select(*names, **_placed(turn)) for turn, part in enumerate(both)]
    sums = pl.concat(parts).group_by("line_id", "contract_id", "partner_id").agg(
        pl.col("product_id").last(), pl.col("previous", "current").sum()
    )  # fmt: skip
    kinds = moved(session, month, known_at).filter(pl.col("month") == at).select("partner_id", "kind")
    found = sums.filter(pl.col("previous") != pl.col("current")).join(kinds, on="partner_id")
    found = found.with_columns(change=pl.col("current") - pl.col("previous"))
    return named(session, found).sort("kind", "partner", "contract_no", "product", "line_id")


def _placed(turn: int) -> dict[str, pl.Expr]:
    """The amount as that of the month before (0) or of the month (1)."""
    none = pl.lit(0, dtype=pl.Int64)
    return {"previous": none if turn else pl.col("amount"), "current": pl.col("amount") if turn else none}


def named(session: Session, found: pl.DataFrame) -> pl.DataFrame:
    """The lines with their contract, partner and product."""
    people = profiles(session, "name").select("partner_id", partner="code", partner_name="name")
    things = products(session).select("product_id", "product", "product_name", "service")
    numbers = contracts.contracts(session).select("contract_id", "contract_no")
    return found.join(numbers, on="contract_id").join(people, on="partner_id").join(things, on="product_id")


def mrr_movements(session: Session, month: str, known_at: datetime | None = None) -> Rows:
    """The lines that moved MRR in the month: before, after, and the movement of their partner that they are part of."""
    found = changes(session, periods.first_day(month), known_at)
    return Rows(found.select("kind", "partner", "contract_no", "product", "previous", "current", "change"))


def mrr_by(session: Session, month: str, by: str = "service", known_at: datetime | None = None) -> list[dict[str, Any]]:
    """MRR and its movements of the month split by one of `CUTS`: a row for each ``key``, the largest first.

    A movement is the partner's (`mrr`): what its lines of the key rose by, or for ``contraction`` and ``churn`` fell by.
    ``transfer`` is what moved between keys while the partner's MRR stayed. Of each row, as of all: ``previous`` + ``new`` +
    ``expansion`` + ``reactivation`` + ``transfer`` − ``contraction`` − ``churn`` = ``mrr``. ``customers`` have MRR of the key.
    """
    return rows(split(session, periods.first_day(month), by, known_at))


def split(session: Session, month: date, by: str, known_at: datetime | None = None) -> pl.DataFrame:
    """The rows of `mrr_by` as a frame."""
    every, at = ranges(session, month, known_at), number(month)
    owner, labels = CUTS[_known(by)], _keys(session, by)
    both = (recurring.at_month(every, at - 1), recurring.at_month(every, at))
    parts = [part.select("partner_id", of=owner, **_placed(turn)) for turn, part in enumerate(both)]
    labels = labels.rename({owner: "of", by: "key"})
    keyed = pl.concat(parts).join(labels, on="of", how="left").group_by("partner_id", "key")
    sums = keyed.agg(pl.col("previous", "current").sum())
    kinds = moved(session, month, known_at).filter(pl.col("month") == at).select("partner_id", "kind")
    named_ = sums.join(kinds, on="partner_id", how="left").with_columns(pl.col("kind").fill_null("transfer"))
    change = pl.col("current") - pl.col("previous")
    kinds_ = (*recurring.MOVEMENTS, "transfer")
    found = named_.group_by("key").agg(
        pl.col("previous").sum(),
        **{kind: (change if kind in (*recurring.RISES, "transfer") else -change).filter(pl.col("kind") == kind).sum()
           for kind in kinds_},
        mrr=pl.col("current").sum(),
        customers=(pl.col("current") != 0).sum().cast(pl.Int64),
    )  # fmt: skip
    return found.sort("mrr", "key", descending=[True, False])


def _known(by: str) -> str:
    """The way to split, which must be one of `CUTS`."""
    if by not in CUTS:
        raise Refusal("bad-by", f"--by が「{by}」です。", f"{'・'.join(CUTS)} から選んでください。")
    return by


def cohorts(session: Session, month: str, known_at: datetime | None = None) -> list[dict[str, Any]]:
    """Customers and MRR in every month up to the one asked for, by the month in which the customers came."""
    last = periods.first_day(month)
    found = recurring.cohorts(moved(session, last, known_at), number(last))
    text = numbered("cohort").dt.strftime("%Y-%m").alias("cohort")
    return rows(found.with_columns(text, numbered("month").alias("month")).with_columns(month_text("month")))


def forecast(
    session: Session, from_month: str, months: int = 12, by: str | None = None, renewal: int = 100
) -> list[dict[str, Any]]:
    """Billing and revenue by month, net of tax: what was done, and what the timeline says is to come.

    ``by`` splits them by one of `CUTS` (``key``). ``renewal`` is the chance in percent that a term which goes on by
    itself is renewed: what rests on renewals to come is weighed by it, once for each.
    """
    first = periods.first_day(from_month)
    if by is not None:
        _known(by)
    if not 1 <= months <= MOST or not 0 <= renewal <= 100:
        raise Refusal(
            "bad-forecast", f"月数が {months}、更新の見込みが {renewal}% です。",
            f"月数は 1〜{MOST}、更新の見込みは 0〜100 で指定してください。",
        )  # fmt: skip
    found = outlook(session, first, months, renewal, by or "service")
    keys = [] if by is None else ["key"]
    labelled = found if by is None else found.with_columns(key=by)
    sums = labelled.group_by("month", *keys).agg(pl.col("billing", "revenue").sum())
    asked = pl.DataFrame({"month": following_months(first, months)})
    filled = sums if keys else asked.join(sums, on="month", how="left").fill_null(0)
    return rows(
        filled.sort("month", *keys).with_columns(month_text("month")).select("month", *keys, "billing", "revenue")
    )


def following_months(first: date, count: int) -> list[date]:
    """The month and those after it, ``count`` in all, by their first days."""
    found = [first]
    while len(found) < count:
        found.append(periods.following(found[-1]))
    return found


def outlook(session: Session, first: date, months: int, renewal: int = 100, by: str = "service") -> pl.DataFrame:
    """Billing and revenue by ``month`` and one of `CUTS` (a column of that name)."""
    last = periods.last_day(following_months(first, months)[-1])
    owner = CUTS[by]
    coming = _coming(session, last, owner, renewal)
    billed = pl.concat([_on_closing(part, owner) for part in (_issued(session, first, last), coming)])
    earned = pl.concat([monthly(session, since=first, by=[owner]), _earned(session, coming, owner)], how="diagonal")
    both = pl.concat([
        billed.with_columns(billing="amount", revenue=pl.lit(0, dtype=pl.Int64)),
        earned.with_columns(billing=pl.lit(0, dtype=pl.Int64), revenue="amount"),
    ], how="diagonal")  # fmt: skip
    sums = both.filter(pl.col("month").is_between(first, last)).group_by(owner, "month")
    inside = sums.agg(pl.col("billing", "revenue").sum()).join(_keys(session, by), on=owner)
    return inside.group_by(by, "month").agg(pl.col("billing", "revenue").sum())


def expected(session: Session, last: date, by: str = "service", renewal: int = 100) -> pl.DataFrame:
    """The revenue in an `outlook` of what is not billed yet: ``month``, ``amount``, by the owner column of ``by``."""
    return _earned(session, _coming(session, last, CUTS[by], renewal), CUTS[by])


def _coming(session: Session, last: date, owner: str, renewal: int) -> pl.DataFrame:
    """The charges that wait, and those to come up to the day, net of tax and weighed by the chance of renewals."""
    apart = {"product_id": (), "partner_id": ("bill_to_id",)}.get(owner, (owner,))
    ahead = billing.ahead(session, last, apart)
    return _weighed(session, placed(session, pl.concat([drafts(session), ahead])), renewal)


def _keys(session: Session, by: str) -> pl.DataFrame:
    """What each owner (`CUTS`) is called in the split: its id and a column of the split's name."""
    if CUTS[by] == "product_id":
        return products(session).select("product_id", by)
    if by == "partner":
        return codes(session).select("partner_id", partner="code")
    column = "group_code" if by == "group" else by
    return dimensions(session).select("dimension_id", pl.col(column).alias(by))


def placed(session: Session, found: pl.DataFrame) -> pl.DataFrame:
    """The charges with the dimensions of their line."""
    owner = contracts.every_line(session).select("line_id", "dimension_id")
    return looked_up(found, owner, "line_id")


def _weighed(session: Session, found: pl.DataFrame, renewal: int) -> pl.DataFrame:
    """The charges net of tax, those that rest on renewals to come weighed by their chance, rounded once."""
    rounding: Rounding = policies(session)["amount_rounding"]  # type: ignore[assignment]
    most = int(found["renewed"].max() or 0)  # type: ignore[arg-type]
    chances = [round(Fraction(renewal, 100) ** times * MICRO) for times in range(most + 1)]
    weights = pl.DataFrame({"renewed": range(most + 1), "weight": chances}, schema_overrides={"renewed": pl.Int64})
    joined = net_of_tax(session, found).join(weights, on="renewed", maintain_order="left")
    return joined.with_columns(amount=divide(wide("amount") * wide("weight"), MICRO, rounding))


def net_of_tax(session: Session, found: pl.DataFrame) -> pl.DataFrame:
    """The charges with the tax inside their price taken out, as an invoice of each alone would."""
    rounding: Rounding = policies(session)["tax_rounding"]  # type: ignore[assignment]
    of = products(session).select("product_id", "inclusive", "tax")
    joined = found.join(of, on="product_id", maintain_order="left")
    last_day = pl.col("to_on").dt.offset_by("-1d")
    inside = pl.when("inclusive").then(tax.rate_micro(pl.col("tax"), last_day, tax_rates(session))).otherwise(0)
    taxed = divide(wide("amount") * wide(inside), wide(tax.PERCENT + inside), rounding)
    return joined.with_columns(amount=pl.col("amount") - taxed).drop("inclusive", "tax")


def drafts(session: Session) -> pl.DataFrame:
    """The charges that wait to be issued, as `billing.ahead` gives those that are not made yet."""
    starts = contracts.every_line(session).select("line_id", "start_on")
    found = looked_up(billing.waiting(session), starts, "line_id")
    one, none = pl.lit(1, dtype=pl.Int64), pl.lit(0, dtype=pl.Int64)
    return found.select(*billing.AHEAD, lines=one, renewed=none)


def _issued(session: Session, first: date, last: date) -> pl.DataFrame:
    """Billing so far by month: the lines of the invoices issued."""
    low, high = session.within("invoices_invoice", "issue_on", first, last)
    sql = (
        "SELECT c.partner_id, c.product_id, c.dimension_id, i.issue_on AS closing_on, l.net AS amount FROM invoices_invoice i"
        " CROSS JOIN invoices_line l JOIN billing_charge c ON c.id = l.charge_id"  # the invoices first: few are asked for
        " WHERE l.id >= i.first_line_id AND l.id < i.first_line_id + i.line_count"
        " AND i.id BETWEEN ? AND ? AND i.issue_on BETWEEN ? AND ?"
    )
    return session.read(sql, (low, high, first, last)).with_columns(lines=1)


def _on_closing(found: pl.DataFrame, owner: str) -> pl.DataFrame:
    """The amounts in the month of their closing."""
    month = pl.col("closing_on").dt.truncate("1mo")
    return found.select(owner, month=month, amount=pl.col("amount") * pl.col("lines"))


def _earned(session: Session, found: pl.DataFrame, owner: str) -> pl.DataFrame:
    """The revenue of charges to come by ``owner`` and month, after the months recognised: those hold it as accrued."""
    policy = policies(session)
    of = products(session).filter(pl.col("revenue") != "deposit").select("product_id", "revenue", "life_months")
    named = found.join(of, on="product_id", maintain_order="left")
    ruled = recognition.ruled(named, policy["partial_month"], policy["remainder"])
    same = [owner, *recognition.RULE]
    alike = ruled.group_by(same).agg(pl.col("lines").sum()).with_columns(key=pl.int_range(pl.len(), dtype=pl.Int64))
    spread = schedule.months(alike.select("key", *recognition.RULE), revenue.roundings(session)[0])
    after = revenue.beyond(revenue.cutoff(session))
    kept = looked_up(spread.filter(pl.col("month") >= after), alike.select("key", owner, "lines"), "key")
    return kept.select(owner, "month", amount=pl.col("amount") * pl.col("lines"))
