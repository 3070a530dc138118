"""入金・消込: receipts that wait, what each may pay and why, and the reversal of what was applied."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import polars as pl
from django.http import Http404, HttpResponse

from urikake.base import periods, runs
from urikake.base.bulk import Session
from urikake.base.company import accounts
from urikake.doors import month
from urikake.rooms.ledger import queries as ledger
from urikake.rooms.matching import queries as matching
from urikake.rooms.parties.queries import profiles
from urikake.rooms.receipts import queries as receipts
from urikake.rooms.receivables import queries as receivables

from ..book import Deed, Shown, Undo, deed, page
from ..desk import Desk, quoted
from ..table import Choice, Column, Empty, listed_as, table

DIFFERENCES: Final = (
    ("remain", "残す(一部入金・過入金)"),
    ("fee", "振込手数料"),
    ("discount", "売上値引"),
    ("misc", "雑損益"),
    ("write-off", "貸倒"),
    ("advance", "前受金"),
)


@page("receipts", "receipts", permission="receipts.read", title="入金")
def listed(desk: Desk) -> Shown:
    """Every receipt up to the day with what of it is unapplied."""
    found = _receipts(desk)
    columns = [
        Column("number", "入金番号", url=lambda row: desk.link("matching", receipt=row["number"])),
        Column("received_on", "入金日", "date"),
        Column("payer", "振込名義"),
        Column("partner_name", "取引先"),
        Column("amount", "入金額(円)", "yen", summed=True, ref=lambda row: f"receipt-{row['number']}"),
        Column("unapplied", "未消込(円)", "yen", summed=True),
        Column("state", "状態", "state", tone={"消込済": "good", "一部": "wait", "未消込": "bad", "銀行の取消": "off"}),
        Column("reference", "摘要", hidden=True),
        Column("bank_code", "取引番号", hidden=True),
    ]
    return listed_as(
        table(
            desk, found, columns, key="receipt_id", name="receipts", filters=[Choice("state", "状態")],
            find=["payer", "partner_name", "amount", "bank_code", "reference"], sort="-received_on",
            empty=Empty("まだ入金がありません。", "入金データを取り込む", desk.link("imports")),
        )
    )  # fmt: skip


def _receipts(desk: Desk) -> pl.DataFrame:
    every = receipts.receipts(desk.session, "received_on <= ?", (desk.on,))
    left = desk.session.read(
        "SELECT receipt_id, unapplied FROM receipts_unapplied WHERE receipt_id >= ? AND receipt_id < ?",
        (desk.session.low, desk.session.high),
    )
    names = profiles(desk.session, "name").select("partner_id", partner_name="name")
    back = pl.col("reverses_id").is_not_null() | pl.col("receipt_id").is_in(every["reverses_id"].drop_nulls().implode())
    state = pl.when(back).then(pl.lit("銀行の取消")).when(pl.col("unapplied") == 0).then(pl.lit("消込済"))
    state = state.when(pl.col("unapplied") < pl.col("amount")).then(pl.lit("一部")).otherwise(pl.lit("未消込"))
    return (
        every.with_columns(
            partner_id=receipts.payers(desk.session, every), number=pl.col("receipt_id") - desk.session.low
        )
        .join(left, on="receipt_id", how="left", maintain_order="left")
        .join(names, on="partner_id", how="left", maintain_order="left")
        .with_columns(pl.col("unapplied").fill_null(0))
        .with_columns(state=state)
    )


@page("matching", "matching", permission="matching.read", title="入金消込")
def matching_page(desk: Desk) -> Shown:
    """The queue of receipts that wait, and the one that is looked at with its proposals and open items."""
    queue = receipts.unapplied(desk.session).filter(pl.col("received_on") <= desk.on)
    names = profiles(desk.session, "name").select("partner_id", partner_name="name")
    queue = queue.join(names, on="partner_id", how="left", maintain_order="left").sort("received_on", "receipt_id")
    queue = queue.with_columns(number=pl.col("receipt_id") - desk.session.low)
    current = _current(desk, queue)
    return {
        "queue": queue.head(300).to_dicts(),
        "count": queue.height,
        "sum": int(queue["unapplied"].sum()),
        "current": current,
        "differences": DIFFERENCES,
        **(_laid_open(desk, current, queue) if current else {}),
    }


def _current(desk: Desk, queue: pl.DataFrame) -> dict[str, Any] | None:
    """The receipt that the address names, else the first that waits."""
    wanted = desk.ask("receipt")
    if not wanted:
        return queue.row(0, named=True) if queue.height else None
    found = _receipts(desk).filter(pl.col("number").cast(pl.String) == wanted)
    if found.is_empty():
        raise Http404(wanted)
    return found.row(0, named=True)


def _laid_open(desk: Desk, current: dict[str, Any], queue: pl.DataFrame) -> dict[str, Any]:
    """The proposals with their reasons, the partner's open items, what was applied already, who comes next."""
    ref = str(current["number"])
    proposals = matching.candidates(desk.session, ref) if current["unapplied"] else []
    order = queue["number"].to_list()
    at = order.index(current["number"]) if current["number"] in order else -1
    return {
        "proposals": [_proposal(p, current["unapplied"]) for p in proposals[:3]],
        "items": _items(desk, current["partner_id"]),
        "applied": _applied(desk, current["receipt_id"]),
        "next": order[at + 1] if at + 1 < len(order) else None,
        "receipt_pdf": f"{ref}.pdf",
        "opens_on": periods.open_date(desk.session, current["received_on"]),
    }


def _proposal(found: dict[str, Any], unapplied: int) -> dict[str, Any]:
    return found | {
        "reasons": str(found["why"]).split("／"),
        "difference": unapplied - found["amount"],
        "targets": list(dict.fromkeys(found["items"])),
    }


def _items(desk: Desk, partner_id: int | None) -> list[dict[str, Any]]:
    """The open documents of the partner, oldest due first."""
    if partner_id is None:
        return []
    owed = receivables.balances(desk.session, desk.on, partner_id).filter(pl.col("balance") != 0)
    named = receivables.labels(desk.session, owed)
    sums = named.group_by("number", "due_on", "posted_on", maintain_order=True).agg(pl.col("balance").sum())
    return sums.sort("due_on", "number").to_dicts()


def _applied(desk: Desk, receipt_id: int) -> list[dict[str, Any]]:
    """The applications of the receipt, newest first, and whether each can be taken back."""
    every = matching.applications(desk.session, "receipt_id = ?", (receipt_id,))
    gone = set(every["reverses_id"].drop_nulls())
    return [
        row | {"number": row["application_id"] - desk.session.low, "stands": row["application_id"] not in gone}
        for row in reversed(every.filter(pl.col("reverses_id").is_null()).to_dicts())
    ]


@deed("apply", "matching/apply", permission="matching.apply")
def apply(doing: Deed) -> HttpResponse:
    """Apply a receipt to the documents that are ticked, and go on to the next one."""
    ticked = doing.request.POST.getlist("target")  # a proposal names all its documents; one may be ticked below as well
    targets = list(dict.fromkeys(target for names in ticked for target in names.split(",")))
    figures = month.apply(
        doing.books,
        doing.field("receipt"),
        targets,
        difference=doing.field("difference", "remain"),
        on=date.fromisoformat(doing.field("on")) if doing.field("on") else None,
        user=doing.person.name,
    )
    after = doing.field("next")
    return doing.done(
        f"{figures['amount']:,}円を消し込みました。",
        f"matching?receipt={quoted(after)}" if after else "matching",
        _undo(doing, doing.field("receipt")),
    )


def _undo(doing: Deed, receipt: str) -> Undo | None:
    """The reversal of what was applied to the receipt last, with the entry that it will post."""
    with runs.reading(doing.books, doing.person.name) as session:
        found = receipts.named(session, receipt)
        made = matching.applications(session, "receipt_id = ?", (found["receipt_id"][0],)).tail(1)
        if made.is_empty():
            return None
        application_id, on = made["application_id"][0], made["applied_on"][0]
        fields = {"application": application_id - session.low, "receipt": receipt}
        return Undo(
            "matching/unapply", fields, _entry(session, application_id, on, periods.open_date(session, on), back=True)
        )


def _again(doing: Deed, number: int) -> Undo | None:
    """The application once more, as it was, with its entry; None for one that is not there."""
    with runs.reading(doing.books, doing.person.name) as session:
        application_id = session.low + number
        found = matching.applications(session, "id = ?", (application_id,))
        if found.is_empty():
            return None
        was = found.row(0, named=True)
        moved = receivables.movements(session, "source_id = ? AND kind = 'applied'", (application_id,))
        on = periods.open_date(session, was["applied_on"])
        fields = {
            "receipt": was["receipt_id"] - session.low,
            "target": [f"{item - session.low}={-amount}" for item, amount in moved.select("item_id", "moved").rows()],
            "difference": was["difference_kind"] or "remain",
            "on": on.isoformat(),
        }
        return Undo("matching/apply", fields, _entry(session, application_id, was["applied_on"], on, back=False))


def _entry(session: Session, application_id: int, posted_on: date, on: date, *, back: bool) -> str:
    """What the entry of an application, or its reversal, will be, in words."""
    turn = -1 if back else 1
    mine = (pl.col("source") == "application") & (pl.col("source_id") == application_id)
    lines = ledger.lines(session, ledger.entries(session, posted_on, posted_on).filter(mine))
    sums = (
        lines.group_by("account_id", maintain_order=True)
        .agg(amount=turn * pl.col("amount").sum())
        .rename({"account_id": "id"})
    )
    named = sums.join(accounts(session).select("id", "name"), on="id", maintain_order="left")
    sides = [(side, named.filter(pl.col("amount") * sign > 0)) for side, sign in (("借方", 1), ("貸方", -1))]
    text = "　".join(
        f"{side} {name} {abs(amount):,}円"
        for side, part in sides
        for name, amount in part.select("name", "amount").rows()
    )
    return f"元に戻すと、{on:%Y/%m/%d} 付で次の仕訳を計上します: {text}"


@deed("unapply", "matching/unapply", permission="matching.apply")
def unapply(doing: Deed) -> HttpResponse:
    """Reverse an application; the receipt waits again."""
    number = int(doing.field("application"))
    undo = _again(doing, number)
    month.unapply(doing.books, number, on=None, user=doing.person.name)
    return doing.done("消込を取り消しました。", f"matching?receipt={quoted(doing.field('receipt'))}", undo)
