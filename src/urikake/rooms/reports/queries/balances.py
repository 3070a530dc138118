"""Reports of balances: receivable items, aging, receipts, candidates, and the ledger of a partner."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import polars as pl

from urikake.base.bulk import Session
from urikake.base.company import dimensions
from urikake.base.errors import Refusal
from urikake.core import aging as kernel
from urikake.rooms.matching import queries as matching
from urikake.rooms.parties.queries import codes
from urikake.rooms.receipts import queries as receipt_queries
from urikake.rooms.receivables import queries as items

from .chosen import partner_id, require_span
from .rows import rows


def receivables(session: Session, as_of: date) -> list[dict[str, Any]]:
    """The billing and collection database (請求・回収情報データベース): every item raised by the day."""
    found = items.labels(session, items.balances(session, as_of))
    named = found.join(dimensions(session), on="dimension_id", maintain_order="left").join(
        codes(session), on="partner_id", maintain_order="left"
    )
    taken_back = items.movements(session, "kind = 'cancelled' AND moved_on <= ?", (as_of,))
    sums = taken_back.group_by("item_id").agg(taken_back=pl.col("moved").sum())
    named = named.join(sums, on="item_id", how="left", maintain_order="left")
    collected = pl.col("gross") - pl.col("balance") + pl.col("taken_back").fill_null(0)
    frame = named.select(
        "order_no",
        "management_group",
        "net",
        "gross",
        "method",
        "balance",
        item=pl.col("item_id") - session.low,
        partner="code",
        group="group_code",
        revenue_basis=pl.col("source"),
        invoice_no="number",
        invoice_date="posted_on",
        currency=pl.lit("JPY"),
        tax="tax",
        due="due_on",
        collected_on=pl.when(collected != 0).then("moved_on"),
        collected=collected,
        funded=collected,
        unfunded=pl.col("balance"),
        description=pl.lit(""),
    )
    return [row | {"notes": [], "factoring": []} for row in rows(frame)]


def aging(session: Session, as_of: date, basis: str = "due", buckets: str = "30,60,90") -> list[dict[str, Any]]:
    """Open balances per partner by days overdue (年齢調べ), by due date or by invoice date."""
    named = aged(session, as_of, basis, bounds := _bounds(buckets))
    labels = kernel.labels(bounds)
    amounts = [[{"label": label, "amount": amount} for amount in named[label].to_list()] for label in labels]
    sums = (named[name].to_list() for name in ("partner", "total", "not_due"))
    return [
        {"partner": partner, "total": total, "not_due": not_due, "buckets": list(aged_by)}
        for partner, total, not_due, aged_by in zip(*sums, zip(*amounts, strict=True), strict=True)
    ]


def aged(session: Session, as_of: date, basis: str, bounds: Sequence[int]) -> pl.DataFrame:
    """Open balances by partner, of everyone ever billed: ``partner, total, not_due`` and a column a bucket (`aging.labels`)."""
    day = {"due": "due_on", "invoice": "posted_on"}.get(basis)
    if day is None:
        raise Refusal("bad-basis", f"--basis が「{basis}」です。", "due か invoice を指定してください。")
    owed = items.owed_on(session, as_of).select("partner_id", "amount", basis_on=day)
    every = items.billed_by(session, as_of).with_columns(
        amount=pl.lit(0, dtype=pl.Int64), basis_on=pl.lit(None, dtype=pl.Date)
    )
    found = kernel.age(pl.concat([owed, every]), as_of, bounds, by=("partner_id",))
    return found.join(codes(session).rename({"code": "partner"}), on="partner_id").sort("partner")


def _bounds(text: str) -> list[int]:
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdigit() for part in parts) or sorted({int(p) for p in parts}) != [int(p) for p in parts]:
        raise Refusal(
            "bad-buckets", f"--buckets が「{text}」です。", "30,60,90 のように小さい順の日数で書いてください。"
        )
    return [int(part) for part in parts]


def receipts(session: Session, status: str | None = None) -> list[dict[str, Any]]:
    """Receipts with what of each is unapplied and the partner that it points to."""
    if status not in (None, "unapplied"):
        raise Refusal(
            "bad-status", f"--status が「{status}」です。", "unapplied を指定するか、指定を外してください（すべて）。"
        )
    left = receipt_queries.unapplied(session).select("receipt_id", "unapplied", "partner_id")
    if status == "unapplied":
        found = receipt_queries.receipts(session).join(left, on="receipt_id", maintain_order="left")
    else:
        found = receipt_queries.receipts(session).join(left, on="receipt_id", how="left", maintain_order="left")
        found = found.with_columns(
            pl.col("unapplied").fill_null(0),
            partner_id=pl.coalesce("partner_id", receipt_queries.payers(session, found)),
        )
    code = codes(session).rename({"code": "partner"})
    named = found.join(code, on="partner_id", how="left", maintain_order="left")
    number = (pl.col("receipt_id") - session.low).cast(pl.String)
    label = pl.when(pl.col("bank_code") != "").then("bank_code").otherwise(number)
    applied = _applications(session)
    frame = named.select(
        "payer", "amount", "unapplied", "partner", "receipt_id", receipt=label, number=number, date="received_on"
    )
    return [row | {"applications": applied.get(row.pop("receipt_id"), [])} for row in rows(frame)]


def _applications(session: Session) -> dict[int, list[int]]:
    """The numbers of each receipt's applications that stand."""
    every = matching.applications(session)
    gone = every["reverses_id"].drop_nulls()
    stand = every.filter(pl.col("reverses_id").is_null() & ~pl.col("application_id").is_in(gone.implode()))
    found: dict[int, list[int]] = {}
    for receipt_id, application_id in stand.select("receipt_id", "application_id").iter_rows():
        found.setdefault(receipt_id, []).append(application_id - session.low)
    return found


def matches(session: Session, receipt: str) -> list[dict[str, Any]]:
    """What a receipt may pay, best first, each with its reason."""
    return matching.candidates(session, receipt)


def statement(session: Session, partner: str, since: date, until: date) -> list[dict[str, Any]]:
    """The receivable ledger of a partner (得意先元帳): what was raised and settled, with the running balance."""
    require_span(since, until)
    mine = partner_id(session, partner)
    raised = items.labels(session, items.items(session, "partner_id = ? AND posted_on <= ?", (mine, until)))
    moved = items.movements(session, "moved_on <= ?", (until,)).join(raised.select("item_id", "number"), on="item_id")
    steps = pl.concat(
        [
            raised.select("number", date="posted_on", kind=pl.lit("raised"), amount="gross"),
            moved.select("number", "kind", date="moved_on", amount="moved"),
        ],
        how="diagonal",
    ).sort("date", "number", maintain_order=True)
    opening = int(steps.filter(pl.col("date") < since)["amount"].sum())
    within = steps.filter(pl.col("date") >= since)
    summed = within.group_by("date", "number", "kind", maintain_order=True).agg(pl.col("amount").sum())
    running = summed.with_columns(balance=opening + pl.col("amount").cum_sum())
    first = {
        "date": since.isoformat(),
        "kind": "opening",
        "invoice_no": None,
        "debit": 0,
        "credit": 0,
        "balance": opening,
    }
    later = running.select(
        "date", "kind", invoice_no="number", debit=pl.col("amount").clip(lower_bound=0),
        credit=(-pl.col("amount")).clip(lower_bound=0), balance="balance",
    )  # fmt: skip
    return [first, *rows(later)]
