"""Reports of contracts and revenue: timeline, lines in force, renewals, schedules, recognised and deferred amounts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final

import polars as pl

from urikake.base import periods
from urikake.base.bulk import Session
from urikake.base.errors import Refusal
from urikake.core import schedule as kernel
from urikake.core.lookup import looked_up
from urikake.core.money import plain
from urikake.core.recognition import RULE
from urikake.rooms.catalog.queries import products
from urikake.rooms.contracts import queries
from urikake.rooms.obligations import queries as obligations
from urikake.rooms.parties.queries import codes
from urikake.rooms.revenue import queries as revenue

from .chosen import contract_ids, partner_id
from .rows import Rows, inclusive, month_text, rows

OWNERS: Final = ("contract_id", "product_id")
BEGINNING: Final = date(1900, 1, 1)
BY: Final = ("product", "partner", "service", "contract")


def contracts(session: Session, as_of: date, known_at: datetime | None = None) -> Rows:
    """The contract lines in force on the day, as known at the instant."""
    found = queries.in_force(session, as_of, known_at)
    return Rows(
        found.select(
            "contract_no", "partner", "product", "quantity_micro", "unit_price_micro",
            name="product_name", start="start_on", end=inclusive("end_on"), since="from_on",
        )
    )  # fmt: skip


def renewals(session: Session, as_of: date, days: int = 60) -> Rows:
    """Contracts whose term ends within the days, with the last day for notice and what they renew to."""
    return Rows(queries.renewals(session, as_of, days))


def timeline(
    session: Session, partner: str, as_of: date | None = None, known_at: datetime | None = None
) -> list[dict[str, Any]]:
    """All that happened to a partner's contracts up to the day, as known at the instant."""
    found = queries.history(session, partner_id(session, partner), known_at)
    if as_of is not None:
        found = found.filter(pl.col("effective_on") <= as_of)
    return [
        {
            "contract_no": row["contract_no"],
            "effective": row["effective_on"].isoformat(),
            "recorded_at": row["recorded_at"].isoformat(),
            "type": row["kind"],
            "detail": _detail(row),
            "by": row["actor"],
        }
        for row in found.iter_rows(named=True)
    ]


def _detail(row: dict[str, Any]) -> str:
    parts = [row["product"] or "契約全体"]
    if row["to_product"]:
        parts.append(f"→ {row['to_product']}")
    if row["quantity_micro"] is not None:
        parts.append(f"数量 {plain(row['quantity_micro']):,}")
    if row["unit_price_micro"] is not None:
        parts.append(f"単価 {plain(row['unit_price_micro']):,}")
    if row["kind"] == "discount":
        parts.append(queries.discount_words(row["discount_rate"], row["discount_cut"]) or "値引の終わり")
    if row["until_on"] is not None:
        parts.append(f"{date.fromordinal(row['until_on'].toordinal() - 1)} まで")
    if row["undone"]:
        parts.append(row["undone"])
    return " ".join([*parts, *([f"（{row['reason']}）"] if row["reason"] else [])])


def schedule(session: Session, contract: str | None = None) -> Rows:
    """Revenue by contract, product and month: what was recognised, and what the schedules say is to come."""
    chosen = None if contract is None else contract_ids(session, contract)
    return Rows(by_month(session, chosen).with_columns(month_text("month")))


def by_month(session: Session, chosen: pl.Series | None = None, since: date = BEGINNING) -> pl.DataFrame:
    """Revenue of the chosen contracts, else of all, by contract, product and month from ``since``, recognised and to come.

    Columns: ``contract_no, product, month`` (its first day), ``amount``.
    """
    named = (
        monthly(session, chosen, since)
        .join(queries.contracts(session).select("contract_id", "contract_no"), on="contract_id")
        .join(products(session).select("product_id", "product"), on="product_id")
    )
    return named.sort("contract_no", "product", "month").select("contract_no", "product", "month", "amount")


def monthly(
    session: Session, chosen: pl.Series | None = None, since: date = BEGINNING, by: Sequence[str] = OWNERS
) -> pl.DataFrame:
    """As `by_month`, by ids: ``contract_id`` and ``product_id``, or other owner columns of revenue (`revenue.OWNER`).

    Schedules that are alike in what they are by are spread over their months once for all of them.
    """
    upto = revenue.beyond(revenue.cutoff(session))
    done = revenue.recognized(session, since, date.max).filter(pl.col("month") >= since)
    active = _unshared(session, revenue.schedules(session))
    if chosen is not None:
        done, active = (part.filter(pl.col("contract_id").is_in(chosen.implode())) for part in (done, active))
    done = done.select(*by, "month", "amount")
    rule = [*by, *RULE, "until_on"]
    shared = obligations.coming(session, upto)
    if chosen is not None:
        shared = shared.filter(pl.col("contract_id").is_in(chosen.implode()))
    alike = pl.concat([active.select(rule), shared.select(rule)]).with_columns(lines=pl.lit(1, dtype=pl.Int64))
    if "contract_id" not in by:
        alike = alike.group_by(rule).agg(pl.col("lines").sum())
    alike = alike.with_columns(key=pl.int_range(pl.len(), dtype=pl.Int64))
    future = kernel.months(alike.select("key", *RULE), revenue.roundings(session)[0])
    owner = alike.select("key", *by, "until_on", "lines")
    ahead = looked_up(future, owner, "key").filter(pl.col("month") >= pl.max_horizontal("until_on", pl.lit(upto)))
    coming = ahead.with_columns(amount=pl.col("amount") * pl.col("lines")).select(done.columns)
    return pl.concat([done, coming]).group_by(*by, "month").agg(pl.col("amount").sum())


def _unshared(session: Session, active: pl.DataFrame) -> pl.DataFrame:
    """The schedules without those of what arranged lines charge in their term: there their share of the price counts."""
    arranged = obligations.spans(session)
    if arranged.is_empty():
        return active
    bound = active.join(arranged, on="line_id", how="left", maintain_order="left")
    return bound.filter((pl.col("from_on") >= pl.col("bound_on")).fill_null(value=True)).drop("bound_on")


def recognized(session: Session, month: str, by: str = "product") -> list[dict[str, Any]]:
    """Revenue recognised in the month by product, partner, service or contract: ``key``, ``amount``."""
    first = periods.first_day(month)
    return rows(_by(session, revenue.recognized(session, first, periods.last_day(first)), by).sort("key"))


def _by(session: Session, found: pl.DataFrame, by: str) -> pl.DataFrame:
    """The amounts summed under the name asked for."""
    names = {
        "product": (products(session).select("product_id", key="product"), "product_id"),
        "service": (products(session).select("product_id", key="service"), "product_id"),
        "partner": (codes(session).select("partner_id", key="code"), "partner_id"),
        "contract": (queries.contracts(session).select("contract_id", key="contract_no"), "contract_id"),
    }
    if by not in names:
        raise Refusal("bad-by", f"--by が「{by}」です。", f"{'・'.join(BY)} から選んでください。")
    labels, on = names[by]
    return found.join(labels, on=on).group_by("key").agg(pl.col("amount").sum())


def deferred(session: Session, month: str, by: str = "contract") -> list[dict[str, Any]]:
    """Contract balances over the month, net of tax: opening + billed − recognised = closing; an asset is negative."""
    first = periods.first_day(month)
    last, before = periods.last_day(first), date.fromordinal(first.toordinal() - 1)
    parts = {
        "billed_before": revenue.billed(session, BEGINNING, before),
        "recognized_before": revenue.recognized(session, BEGINNING, before),
        "billed": revenue.billed(session, first, last),
        "recognized": revenue.recognized(session, first, last),
    }
    keys = pl.DataFrame(schema={"key": pl.String})
    for name, found in parts.items():
        keys = keys.join(_by(session, found, by).rename({"amount": name}), on="key", how="full", coalesce=True)
    filled = keys.fill_null(0).with_columns(opening=pl.col("billed_before") - pl.col("recognized_before"))
    closing = pl.col("opening") + pl.col("billed") - pl.col("recognized")
    return rows(filled.select("key", "opening", "billed", "recognized", closing=closing).sort("key"))
