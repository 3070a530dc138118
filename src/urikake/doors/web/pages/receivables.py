"""債権: every open item, aging, slips waiting for approval."""

from __future__ import annotations

from typing import Any, Final

import polars as pl
from django.http import HttpResponse

from urikake.base import access
from urikake.base.company import dimensions
from urikake.doors import month
from urikake.rooms.parties.queries import profiles
from urikake.rooms.receivables import queries as receivables

from .. import ages
from ..book import Deed, Shown, deed, page
from ..desk import Desk, quoted
from ..pictures import Picture
from ..table import Choice, Column, Empty, table
from . import policies

STATES: Final = (("overdue", "期日超過"), ("open", "期日前"), ("settled", "回収済"))


@page("receivables", "receivables", permission="receivables.read", title="債権明細")
def listed(desk: Desk) -> Shown:
    """Every item raised by the day: open ones unless others are asked for, with days overdue, and the proof."""
    found = _items(desk)
    wanted = desk.ask("state")
    shown = found.filter(pl.col("state") != "settled") if not wanted else found
    columns = [
        Column("name", "明細", url=lambda row: desk.link("explain/" + quoted(row["ref"]))),
        Column("partner_name", "取引先", url=lambda row: desk.link(f"partners/{quoted(row['partner'])}")),
        Column("order_no", "受注番号"),
        Column("posted_on", "計上日", "date"),
        Column("due_on", "回収予定日", "date"),
        Column("late", "超過日数", "number"),
        Column("gross", "債権額(円)", "yen", summed=True, ref=lambda row: row["ref"]),
        Column("balance", "残高(円)", "yen", summed=True, ref=lambda row: row["ref"]),
        Column("state_name", "状態", "state", tone={"期日超過": "bad", "期日前": "wait", "回収済": "good"}),
        Column("method", "回収手段", hidden=True),
        Column("group_code", "グループ", hidden=True),
        Column("tax", "税区分", "tax", hidden=True),
        Column("partner", "取引先コード", hidden=True),
    ]
    listing = table(
        desk, shown, columns, key="item_id", name="receivables",
        filters=[Choice("state", "状態", STATES), Choice("age", "年齢", tuple(ages.WORDS.items()))],
        find=["name", "partner_name", "partner", "order_no", "balance"], sort="due_on",
        empty=Empty("この日に未回収の債権はありません。"), select=True,
    )  # fmt: skip
    if isinstance(listing, HttpResponse):
        return listing
    return {"table": listing, "proof": proof(desk, found), "ages": _ages(desk, found)}


def _items(desk: Desk) -> pl.DataFrame:
    """The items of the day with names, days overdue and state."""
    found = receivables.labels(desk.session, receivables.balances(desk.session, desk.on))
    names = profiles(desk.session, "name").select("partner_id", partner="code", partner_name="name")
    late = (pl.lit(desk.on) - pl.col("due_on")).dt.total_days()
    state = pl.when(pl.col("balance") == 0).then(pl.lit("settled"))
    state = state.when(pl.col("due_on") < desk.on).then(pl.lit("overdue")).otherwise(pl.lit("open"))
    return (
        found.join(names, on="partner_id", how="left", maintain_order="left")
        .join(dimensions(desk.session), on="dimension_id", how="left", maintain_order="left")
        .with_columns(state=state, name="number", late=pl.when((late > 0) & (pl.col("balance") != 0)).then(late))
        .with_columns(
            state_name=pl.col("state").replace_strict(dict(STATES), return_dtype=pl.String),
            age=pl.when(pl.col("balance") != 0).then(ages.age(pl.col("late"))),
            ref=pl.concat_str(pl.lit("item-"), (pl.col("item_id") - desk.session.low).cast(pl.String)),
        )
    )


def proof(desk: Desk, items: pl.DataFrame) -> dict[str, Any]:
    """債権 − 充当 = 未回収, beside the receivable accounts of the ledger on the same day."""
    accounts = tuple(items["account_id"].unique().to_list())
    marks = ", ".join("?" * len(accounts)) or "0"
    books = desk.session.read(
        "SELECT sum(debit - credit) AS amount FROM ledger_total WHERE id >= ? AND id < ? AND posted_on <= ?"
        f" AND account_id IN ({marks})",
        (desk.session.low, desk.session.high, desk.on, *accounts),
    )["amount"][0]
    raised, owed = int(items["gross"].sum()), int(items["balance"].sum())
    return {"raised": raised, "applied": raised - owed, "open": owed, "books": int(books or 0)}


def _ages(desk: Desk, items: pl.DataFrame) -> Picture | None:
    """The open balance by days overdue; None where nothing is open."""
    owed = items.filter(pl.col("balance") != 0)
    return (
        ages.picture(desk, dict(owed.group_by("age").agg(pl.col("balance").sum()).iter_rows())) if owed.height else None
    )


@page("approvals", "approvals", permission="home.read", title="承認")
def approvals(desk: Desk) -> Shown:
    """The slips and proposals that wait for another person; one's own are shown, not decidable."""
    role = desk.person.role
    slips = _slips(desk) if access.may(role, "receivables.read") else None
    asked = policies.waiting(desk) if access.may(role, "settings.read") else []
    past = policies.decided(desk) if access.may(role, "settings.read") else []
    return {"slips": slips, "total": sum(row["gross"] for row in slips or ()), "proposals": asked, "decided": past}


def _slips(desk: Desk) -> list[dict[str, Any]]:
    """The slips that wait, marked where the person made them."""
    names = profiles(desk.session, "name").select("partner_id", partner_name="name")
    found = receivables.waiting_slips(desk.session).join(names, on="partner_id", how="left", maintain_order="left")
    return [row | {"own": row["maker"] == desk.person.name} for row in found.iter_rows(named=True)]


@deed("approve", "approvals/approve", permission="receivables.approve")
def approve(doing: Deed) -> HttpResponse:
    """Approve the slips that are ticked."""
    refs = doing.request.POST.getlist("slip")
    figures = month.approve(doing.books, "receivables", refs, user=doing.person.name)
    return doing.done(f"{figures['approved']}件 {figures['amount']:,}円を承認し、計上しました。", "approvals")
