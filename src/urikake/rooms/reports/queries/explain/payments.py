"""Receivables and payments explained: items and their movements, receipts, applications, slips, balances of partners."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import polars as pl

from urikake.base.bulk import Session
from urikake.rooms.invoices import queries as invoices
from urikake.rooms.ledger.queries import by_partner
from urikake.rooms.matching import queries as matching
from urikake.rooms.parties.queries import codes, profiles
from urikake.rooms.receipts import queries as receipts
from urikake.rooms.receivables import queries as receivables

from .made import Cause, Explanation, Step, number, recorded, yen

DIFFERENCES: Final = {
    "fee": "振込手数料",
    "discount": "売上値引",
    "write-off": "貸倒",
    "misc": "雑損益",
    "advance": "前受金",
    "remain": "残す",
    "": "なし",
}


def item(session: Session, text: str) -> Explanation | None:
    """A receivable item: what was raised, less what was applied, is its balance."""
    at = number(session, text)
    found = receivables.items(session, "id = ?", (at,)) if at is not None else None
    if found is None or found.is_empty():
        return None
    row = matching.labels(session, found).row(0, named=True)
    moved = receivables.movements(session, "item_id = ?", (at,))
    steps = [Step("計上した債権", _raised_words(row), row["gross"], _source(row))]
    steps += [
        Step(
            "消込" if m["moved"] < 0 else "消込の取消",
            f"{m['moved_on']:%Y/%m/%d}",
            m["moved"],
            f"application-{m['source_id'] - session.low}",
        )
        for m in moved.iter_rows(named=True)
    ]
    return Explanation(
        ref=f"item-{text}",
        title=f"債権明細 {row['number']} 回収予定 {row['due_on']:%Y/%m/%d}",
        amount=_balance(session, at, row["gross"], moved),
        recomputed=_raised(session, row) + int(moved["moved"].sum()),
        steps=tuple(steps),
        sources=(("税区分", row["tax"]), ("回収手段", row["method"])),
        path=(Cause("元の書類", _source(row), row["posted_on"], row["gross"]),),
        recorded=recorded(session, "receivables_item", "receivables.Item", row["item_id"]),
    )


def _raised_words(row: dict[str, Any]) -> str:
    return f"税抜 {yen(row['net'])} ＋ 消費税 {yen(row['gross'] - row['net'])}"


def _source(row: dict[str, Any]) -> str:
    return str(row["number"]) if row["source"] == "invoice" else f"slip:{row['number']}"


def _balance(session: Session, at: int | None, gross: int, moved: pl.DataFrame) -> int:
    """The balance as the projection keeps it: nothing once settled."""
    found = session.read("SELECT balance FROM receivables_open WHERE item_id = ?", (at,))
    return int(found["balance"][0]) if found.height else 0


def _raised(session: Session, row: dict[str, Any]) -> int:
    """What was raised, from the document itself: its lines of the same rate and dimensions, shared over due parts."""
    if row["source"] != "invoice":
        return int(receivables.slips(session).filter(pl.col("slip_id") == row["source_id"])["gross"].sum())
    mine = receivables.items(session, "source = 'invoice' AND source_id = ?", (row["source_id"],))
    paper = invoices.invoices(session, "id = ?", (row["source_id"],))
    total = int(paper["total"].sum())
    if mine.height == 1:
        return total
    others = int(mine.filter(pl.col("item_id") != row["item_id"])["gross"].sum())
    return total - others


def receipt(session: Session, text: str) -> Explanation | None:
    """A receipt: what came in, less what was applied, is what waits in suspense."""
    at = number(session, text)
    found = receipts.receipts(session, "id = ?", (at,)) if at is not None else None
    if found is None or found.is_empty():
        return None
    row = found.row(0, named=True)
    every = matching.applications(session, "receipt_id = ?", (at,))
    left = session.read("SELECT unapplied FROM receipts_unapplied WHERE receipt_id = ?", (at,))
    steps = [Step("入金", f"{row['received_on']:%Y/%m/%d} {row['payer']}", row["amount"])]
    steps += [
        Step(
            "消込の取消" if a["reverses_id"] else "消込",
            f"{a['applied_on']:%Y/%m/%d}",
            -a["used"],
            f"application-{a['application_id'] - session.low}",
        )
        for a in every.iter_rows(named=True)
    ]
    return Explanation(
        ref=f"receipt-{text}",
        title=f"入金 {text} {row['payer']} の未消込",
        amount=int(left["unapplied"][0]) if left.height else 0,
        recomputed=row["amount"] - int(every["used"].sum()),
        steps=tuple(steps),
        sources=(("摘要", row["reference"] or "—"), ("取引番号", row["bank_code"] or "—")),
        path=_entries(session, "receipt", row["receipt_id"], row["received_on"]),
        recorded=recorded(session, "receipts_receipt", "receipts.Receipt", row["receipt_id"]),
    )


def _entries(session: Session, source: str, source_id: int, on: date) -> tuple[Cause, ...]:
    """The entries that the thing was posted with."""
    found = session.read(
        "SELECT id, posted_on FROM ledger_entry WHERE posted_on = ? AND source = ? AND source_id = ?",
        (on, source, source_id),
    )
    return tuple(Cause("仕訳", f"entry-{entry - session.low}", day) for entry, day in found.iter_rows())


def application(session: Session, text: str) -> Explanation | None:
    """An application: what of the receipt was used, what of the items it settled, and the difference between."""
    at = number(session, text)
    found = matching.applications(session, "id = ?", (at,)) if at is not None else None
    if found is None or found.is_empty():
        return None
    row = found.row(0, named=True)
    moved = session.read(
        "SELECT m.item_id, m.moved FROM receivables_movement m JOIN matching_application a ON m.run_id = a.run_id"
        " AND m.source_id = a.id WHERE a.id = ? ORDER BY m.id",
        (at,),
    )
    steps = [
        Step("債権を減らす" if m < 0 else "債権を戻す", amount=-m, ref=f"item-{item_id - session.low}")
        for item_id, m in moved.iter_rows()
    ]
    if row["difference"]:
        steps.append(Step(f"差額を{DIFFERENCES[row['difference_kind']]}にする", amount=row["difference"]))
    receipt_no = row["receipt_id"] - session.low
    return Explanation(
        ref=f"application-{text}",
        title=f"消込 {text}" + (" (取消)" if row["reverses_id"] else ""),
        amount=row["used"],
        recomputed=-int(moved["moved"].sum()) + row["difference"],
        steps=tuple(steps),
        path=(
            Cause("入金", f"receipt-{receipt_no}", row["applied_on"], row["used"]),
            *_entries(session, "application", row["application_id"], row["applied_on"]),
        ),
        recorded=recorded(session, "matching_application", "matching.Application", row["application_id"]),
    )


def slip(session: Session, text: str) -> Explanation | None:
    """A slip entered by hand: who made it, who approved it, what it raised."""
    found = receivables.slips(session).filter(pl.col("slip_no") == text)
    if found.is_empty():
        return None
    row = found.row(-1, named=True)
    items = receivables.items(session, "source IN ('slip', 'opening') AND source_id = ?", (row["slip_id"],))
    path = tuple(
        Cause("債権", f"item-{i['item_id'] - session.low}", i["due_on"], i["gross"])
        for i in items.iter_rows(named=True)
    )
    return Explanation(
        ref=f"slip:{text}",
        title=f"債権伝票 {text} {row['description']}",
        amount=row["gross"],
        recomputed=int(items["gross"].sum()) if items.height else row["gross"],
        steps=(Step("伝票の金額(税込)", f"起票 {row['maker'] or '—'}", row["gross"]),),
        sources=(("計上日", f"{row['posted_on']:%Y/%m/%d}"), ("状態", "計上済み" if items.height else "承認待ち")),
        path=path,
        recorded=recorded(session, "receivables_slip", "receivables.Slip", row["slip_id"]),
    )


def balance(session: Session, text: str) -> Explanation | None:
    """What a partner owes on a day, item by item; recomputed from the receivable accounts of the ledger."""
    code, _, day = text.rpartition(":")
    on = _day(day)
    found = codes(session).filter(pl.col("code") == code)
    if on is None or found.is_empty():
        return None
    partner_id = found["partner_id"][0]
    every = receivables.balances(session, on, partner_id)
    owed = matching.labels(session, every.filter(pl.col("balance") != 0))
    steps = tuple(
        Step(
            f"{r['number']} 回収予定 {r['due_on']:%Y/%m/%d}",
            amount=r["balance"],
            ref=f"item-{r['item_id'] - session.low}",
        )
        for r in owed.iter_rows(named=True)
    )
    name = profiles(session, "name").filter(pl.col("partner_id") == partner_id)["name"][0]
    return Explanation(
        ref=f"balance:{text}",
        title=f"{name} の未回収 {on:%Y/%m/%d} 現在",
        amount=int(every["balance"].sum()),
        recomputed=_ledger(session, partner_id, every["account_id"].unique().to_list(), on),
        steps=steps,
        sources=(("照らした帳簿", "総勘定元帳の債権科目(この取引先)"),),
    )


def _ledger(session: Session, partner_id: int, accounts: list[int], on: date) -> int:
    """What the receivable accounts hold of the partner on the day."""
    names = session.table("base_account", "id, name").filter(pl.col("id").is_in(accounts))["name"]
    sums = [by_partner(session, name, on) for name in names]
    return sum(int(part.filter(pl.col("partner_id") == partner_id)["balance"].sum()) for part in sums)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
