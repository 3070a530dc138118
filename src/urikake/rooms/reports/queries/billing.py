"""Reports of billing: invoices and the bridge from the last closing to this one."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import polars as pl

from urikake.base.bulk import Session
from urikake.base.company import dimensions
from urikake.core import calendar
from urikake.rooms.billing import queries as charges
from urikake.rooms.catalog.queries import products
from urikake.rooms.contracts.queries import contracts
from urikake.rooms.invoices import queries as documents
from urikake.rooms.parties.queries import codes
from urikake.rooms.receivables import queries as items

from .chosen import partner_id
from .rows import Rows, inclusive, nested, rows


def invoices(session: Session, closing: date | None = None, partner: str | None = None) -> list[dict[str, Any]]:
    """Issued invoices with lines, taxes per rate, dues and the carried balance, in the order of their numbers."""
    found = documents.invoices(session) if closing is None else documents.at_closing(session, closing)
    if partner is not None:
        found = found.filter(pl.col("partner_id") == partner_id(session, partner))
    return detailed(session, found)


def detailed(session: Session, found: pl.DataFrame) -> list[dict[str, Any]]:
    """The invoices of the frame (`invoices.queries.invoices`) as the report shows them, in its order."""
    if found.is_empty():
        return []
    found = found.join(codes(session).rename({"code": "partner"}), on="partner_id", maintain_order="left")
    lines = _lines(session, found)
    taxes, dues = _taxes(lines), _dues(session, found)
    line_rows = nested(lines, "invoice_id", LINE)
    tax_rows = nested(taxes, "invoice_id", ["tax", "rate_micro", "net", "amount"])
    due_rows = nested(dues, "invoice_id", ["date", "method", "amount"])
    carried = _carried(session, found)
    corrects = _corrects(session, found)
    heads = rows(
        found.select(
            "invoice_id",
            "number",
            "kind",
            "partner",
            "currency",
            "net",
            "total",
            closing="closing_on",
            issue_date="issue_on",
            tax="tax_total",
        )
    )
    for head in heads:
        at = head.pop("invoice_id")
        head |= {
            "taxes": tax_rows.get(at, []),
            "dues": due_rows.get(at, []),
            "lines": line_rows[at],
            "carry": carried[at],
            **corrects.get(at, {}),
        }
    return heads


def contents(session: Session, found: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """What stands on the invoices, for those that make documents of them: their lines, taxes per rate, and dues.

    Each has ``invoice_id``. Lines have what the invoice, its charge, product, contract and dimensions say, ``description``,
    ``service_to`` (inclusive) and ``unit_price_micro`` (null where there is no one price); taxes ``tax, rate_micro, net,
    amount``, standard rate first; dues ``date, method, amount``.
    """
    lines = _lines(session, found)
    return lines, _taxes(lines), _dues(session, found)


def _corrects(session: Session, found: pl.DataFrame) -> dict[int, dict[str, str]]:
    """Of those that put another right, the number of that one and the reason: ``corrects``, ``why``."""
    made = documents.corrections(session).join(found.select("invoice_id"), on="invoice_id", how="semi")
    if made.is_empty():
        return {}
    originals = "id IN (SELECT original_id FROM invoices_correction)"
    numbers = dict(documents.invoices(session, originals).select("invoice_id", "number").iter_rows())
    return {
        row["invoice_id"]: {"corrects": numbers[row["original_id"]], "why": row["why"]}
        for row in made.iter_rows(named=True)
    }


LINE = [
    "contract_no", "order_no", "group", "product", "description", "service_from", "service_to", "quantity_micro",
    "unit_price_micro", "net", "tax_amount", "tax",
]  # fmt: skip


def _lines(session: Session, found: pl.DataFrame) -> pl.DataFrame:
    model = products(session).select(
        "product_id",
        "product",
        "product_name",
        "tax",
        "revenue",
        "price_model",
        "included_micro",
        "overage_price_micro",
    )
    closings = found.select("invoice_id", bills_on="closing_on")
    made = documents.lines(session, found).join(closings, on="invoice_id", maintain_order="left")
    joined = made.join(model, on="product_id", maintain_order="left")
    joined = joined.join(dimensions(session), on="dimension_id", maintain_order="left").join(
        contracts(session).select("contract_id", "contract_no"), on="contract_id", maintain_order="left"
    )
    return joined.with_columns(
        group="group_code",
        service_from="from_on",
        service_to=inclusive("to_on"),
        description=pl.when(pl.col("closing_on") < pl.col("bills_on")).then(dated()).otherwise(description()),
        unit_price_micro=pl.when(
            ~pl.col("price_model").is_in(["graduated", "volume", "package"]) & (pl.col("nature") != charges.TRUE_UP)
        ).then("unit_price_micro"),
    )


def description() -> pl.Expr:
    """The text of an invoice line: product, ※ for the reduced rate, and of a part of a cycle its days and what they count."""
    mark = pl.when(pl.col("tax") == "reduced").then(pl.lit("※")).otherwise(pl.lit(""))
    part = (pl.col("denominator") != 1) & (pl.col("revenue") != "usage")
    first, last = pl.col("from_on"), inclusive("to_on")
    days = pl.format(
        " {}/{}–{}/{} {}{}/{}",
        first.dt.month(), first.dt.day(), last.dt.month(), last.dt.day(), _counted(), "numerator", "denominator",
    )  # fmt: skip
    within = (pl.col("included_micro") // 1_000_000).cast(pl.String)
    over = (pl.col("overage_price_micro") // 1_000_000).cast(pl.String)
    plan = pl.concat_str(pl.lit("（"), within, pl.lit("まで含む・超過 1 につき "), over, pl.lit(" 円）"))
    terms = pl.when(pl.col("price_model") == "included").then(plan).otherwise(pl.lit(""))
    settled = pl.when(pl.col("nature") == charges.TRUE_UP).then(pl.lit(" 最低・上限料金の精算")).otherwise(pl.lit(""))
    given = pl.when(pl.col("revenue") == "deposit").then(pl.lit(" 返還")).otherwise(pl.lit(" 返金"))
    back = pl.when(pl.col("nature") < 0).then(given).otherwise(settled)
    return pl.concat_str("product_name", mark, terms, back, pl.when(part).then(days).otherwise(pl.lit("")))


def dated() -> pl.Expr:
    """`description` with the days also of a whole cycle: of what an earlier closing carried on."""
    days = pl.format(
        " {}/{}–{}/{}",
        *(each for day in (pl.col("from_on"), inclusive("to_on")) for each in (day.dt.month(), day.dt.day())),
    )
    return pl.concat_str(description(), pl.when(pl.col("denominator") == 1).then(days).otherwise(pl.lit("")))


def _counted() -> pl.Expr:
    """``15日分``, ``9か月分``; nothing where days of months of different lengths were counted together (月割)."""
    months = pl.when(pl.col("denominator") < 28).then(pl.format("{}か月分 ", "numerator")).otherwise(pl.lit(""))
    return pl.when(pl.col("basis") == "monthly").then(months).otherwise(pl.format("{}日分 ", "numerator"))


def _taxes(lines: pl.DataFrame) -> pl.DataFrame:
    """The taxes per rate of each invoice, standard rate first."""
    order = pl.col("tax").replace_strict({"standard": 0, "reduced": 1}, default=2, return_dtype=pl.Int64)
    sums = lines.group_by("invoice_id", "tax", "rate_micro", maintain_order=True).agg(
        pl.col("net").sum(), amount=pl.col("tax_amount").sum()
    )
    return sums.sort("invoice_id", order, maintain_order=True)


def _dues(session: Session, found: pl.DataFrame) -> pl.DataFrame:
    low, high = found["invoice_id"].min(), found["invoice_id"].max()
    raised = items.items(session, "source = 'invoice' AND source_id BETWEEN ? AND ?", (low, high))
    keys = ["source_id", "due_on", "method"]
    sums = raised.group_by(keys, maintain_order=True).agg(amount=pl.col("gross").sum()).sort("source_id", "due_on")
    return sums.rename({"source_id": "invoice_id", "due_on": "date"})


def _carried(session: Session, found: pl.DataFrame) -> dict[int, dict[str, int]]:
    """前回請求額・入金額・繰越額・今回請求額 of each invoice's partner, as they stand on its day of issue.

    What was received is what came since the invoices of an earlier closing; what is carried is all that was still owed but
    for what other invoices of the same closing claim, which the partner has beside this one. A later one of a closing has
    ``part``: the how-manieth it is.
    """
    last: date = max(found["issue_on"].to_list())
    mine = found.select("partner_id").unique()
    raised = items.items(session, "posted_on <= ?", (last,)).join(mine, on="partner_id", how="semi")
    bills = documents.invoices(session, "issue_on <= ?", (last,)).join(mine, on="partner_id", how="semi")
    other = raised.filter(pl.col("source") != "invoice")
    every = pl.concat(
        [
            bills.select(
                "partner_id",
                "closing_on",
                posted_on="issue_on",
                gross="total",
                source=pl.lit("invoice"),
                source_id="invoice_id",
            ),
            other.select(
                "partner_id", pl.col("posted_on").alias("closing_on"), "posted_on", "gross", "source", "source_id"
            ),
        ]
    ).sort("posted_on", "source", "source_id", descending=[False, True, False])
    owed = every.with_columns(upto=pl.col("gross").cum_sum().over("partner_id"))
    invoiced = owed.filter(pl.col("source") == "invoice").with_columns(paid=_paid(session, raised, owed, last))
    sisters = ["partner_id", "closing_on"]
    claims = pl.col("gross").clip(lower_bound=0)
    told = invoiced.with_columns(
        before=pl.col("paid").shift(1, fill_value=0).over("partner_id"),
        beside=claims.cum_sum().over(sisters) - claims,
        part=pl.int_range(1, pl.len() + 1).over(sisters),
        owed=pl.col("upto") - pl.col("gross") - pl.col("paid"),
    )
    others = (pl.col("owed") - pl.col("beside")).clip(lower_bound=0)
    carried = pl.when((pl.col("owed") > 0) & (pl.col("gross") > 0)).then(others).otherwise("owed")
    received = pl.col("paid").first().over(sisters) - pl.col("before").first().over(sisters)
    rows_ = told.with_columns(received=received, carried=carried).select(
        "source_id",
        "received",
        "carried",
        "part",
        previous=pl.col("carried") + pl.col("received"),
        current="gross",
        total=pl.col("carried") + pl.col("gross"),
    )
    names = ["previous", "received", "carried", "current", "total"]
    return {
        row["source_id"]: {name: row[name] for name in names} | ({"part": row["part"]} if row["part"] > 1 else {})
        for row in rows_.iter_rows(named=True)
    }


def _paid(session: Session, raised: pl.DataFrame, owed: pl.DataFrame, last: date) -> pl.Series:
    """What the partner of each invoice had settled in all by its day."""
    moved = items.movements(session, "moved_on <= ?", (last,)).join(
        raised.select("item_id", "partner_id"), on="item_id"
    )
    days = moved.group_by("partner_id", "moved_on").agg(pl.col("moved").sum()).sort("moved_on")
    sums = days.with_columns(paid=-pl.col("moved").cum_sum().over("partner_id")).drop("moved")
    asked = owed.filter(pl.col("source") == "invoice").with_row_index("at").sort("posted_on")
    joined = asked.join_asof(sums, left_on="posted_on", right_on="moved_on", by="partner_id", check_sortedness=False)
    return joined.sort("at")["paid"].fill_null(0)


def billing_diff(session: Session, closing: date) -> Rows:
    """What each contract line is billed at this closing beside the one before it, with the reason (see `compared_with`)."""
    now, before = (_sums(session, day) for day in (closing, compared_with(session, closing)))
    keys = ["contract_id", "product"]
    both = now.rename({"amount": "current"}).join(
        before.select(*keys, previous="amount", had="kinds"), on=keys, how="full", coalesce=True
    )
    filled = both.with_columns(pl.col("current", "previous").fill_null(0))
    changed = filled.filter(pl.col("current") != pl.col("previous"))
    named = changed.join(contracts(session).select("contract_id", "contract_no"), on="contract_id")
    found = named.select("contract_no", "product", "previous", "current", reason=_reason())
    return Rows(found.sort("contract_no", "product"))


def compared_with(session: Session, closing: date) -> date:
    """The closing that this one is compared with: a month before; where none was run then, the one of the week before."""
    run = charges.closings(session)["closing_on"].to_list()
    month, week = closing_before(closing), closing - timedelta(7)
    return week if week in run and month not in run else month


def closing_before(closing: date) -> date:
    """The closing a month before, month end to month end.

    >>> closing_before(date(2026, 11, 30)), closing_before(date(2026, 11, 20))
    (datetime.date(2026, 10, 31), datetime.date(2026, 10, 20))
    """
    anchor = 31 if _month_end(closing) else closing.day
    before: date = pl.select(calendar.add_months(pl.lit(closing), -1, anchor)).item()
    return before


def _month_end(day: date) -> bool:
    return date.fromordinal(day.toordinal() + 1).day == 1


def _sums(session: Session, closing: date) -> pl.DataFrame:
    """What each contract and product is billed at the closing, and of what kind it is."""
    found = charges.at_closing(session, closing, "contract_id, product_id, amount, nature, revision")
    named = found.join(products(session).select("product_id", "product", "revenue"), on="product_id")
    return named.group_by("contract_id", "product").agg(
        pl.col("amount").sum(),
        kinds=pl.col("nature").min(),
        revenue=pl.col("revenue").first(),
        revision=pl.col("revision").max(),
    )


def _reason() -> pl.Expr:
    returned = pl.when(pl.col("current") < 0).then(pl.lit("預り保証金の返還")).otherwise(pl.lit("預り保証金"))
    return (
        pl.when((pl.col("revenue") == "deposit") & (pl.col("current") != 0))
        .then(returned)
        .when(pl.col("revision") > 0)
        .then(pl.lit("契約変更"))
        .when(pl.col("had").is_null())
        .then(pl.lit("新規・周期"))
        .when(pl.col("kinds").is_null())
        .then(pl.lit("請求なし"))
        .when(pl.col("revenue") == "usage")
        .then(pl.lit("使用量"))
        .otherwise(pl.lit("日割り・単価"))
    )
