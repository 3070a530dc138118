"""Receivables and payments explained: items and their movements, receipts, applications, slips."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import polars as pl

from urikake.base.bulk import Session
from urikake.base.company import dimensions, policies
from urikake.core import terms
from urikake.rooms.collecting import queries as collecting
from urikake.rooms.invoices import queries as invoices
from urikake.rooms.matching import queries as matching
from urikake.rooms.parties import queries as parties
from urikake.rooms.receipts import queries as receipts
from urikake.rooms.receivables import queries as receivables

from . import collections, papers, reads, words
from .made import Cause, Explanation, Step, number, recorded

ITEM: Final = f"{receivables.ITEM}, run_id"
TERMS: Final = ("payment_months", "payment_day", "holiday_shift", "method", "split")
RAISING: Final = ("approve", "import receivables", "import openings", "debit-result", "settlement")
"""The runs that raise items of slips and of collections."""


def item(session: Session, text: str, as_of: date | None = None) -> Explanation | None:
    """A receivable item: what was raised, less what was applied, is its balance."""
    row = reads.one(session, "receivables_item", ITEM, number(session, text))
    if row is None:
        return None
    moved = receivables.movements(session, "item_id = ?", (row["id"],))
    within = moved.filter(pl.col("moved_on") <= (as_of or date.max))
    name, ref = source(session, row)
    raised = row["gross"] if as_of is None or row["posted_on"] <= as_of else 0
    steps = [Step("計上した債権", _raised_words(row), raised, ref)]
    steps += [_moved(session, one) for one in within.iter_rows(named=True)]
    return Explanation(
        ref=f"item-{text}",
        title=f"債権明細 {text}（{name} 回収予定 {words.day(row['due_on'])}）の残高",
        amount=_balance(session, row["id"], row["gross"], moved, as_of, raised),
        recomputed=(raised_again(session, row) if raised else 0) + int(within["moved"].sum()),
        steps=tuple(steps),
        sources=_item_sources(session, row),
        path=_item_path(session, row, name, ref, within),
        recorded=recorded(session, "receivables.Item", row["id"], row["run_id"]),
        as_of=as_of,
    )


def _balance(session: Session, item_id: int, gross: int, moved: pl.DataFrame, as_of: date | None, raised: int) -> int:
    """The balance as the books keep it, taken back to the day by what moved since."""
    kept = session.value("SELECT balance FROM receivables_open WHERE item_id = ?", (item_id,)) or 0
    since = moved.filter(pl.col("moved_on") > (as_of or date.max))
    return int(kept) - int(since["moved"].sum()) - (gross - raised)


def _raised_words(row: dict[str, Any]) -> str:
    taxed = f"税抜 {words.yen(row['net'])} ＋ 消費税 {words.yen(row['gross'] - row['net'])}"
    return f"{words.day(row['posted_on'])} {taxed}（{words.CLASSES.get(row['tax'], row['tax'])}）"


MOVES: Final = {
    "applied": "消込",
    "unapplied": "消込の取消",
    "cancelled": "請求書の取消",
    "collected": "収納代行",
    "advanced": "前受金の充当",
    "unadvanced": "充当の取消",
    "refunded": "返金",
    "unrefunded": "返金の取消",
}
OWN: Final = {
    "collected": "collection", "advanced": "advance", "unadvanced": "advance", "refunded": "refund", "unrefunded": "refund",
}  # fmt: skip
"""The references of what moves items otherwise than by an application of a receipt."""


def _moved(session: Session, one: dict[str, Any]) -> Step:
    label = MOVES[one["kind"]]
    return Step(label, words.day(one["moved_on"]), one["moved"], mover(session, one))


def mover(session: Session, one: dict[str, Any]) -> str:
    """The reference of what moved an item: the document that took it back, what was collected, else the application."""
    if one["kind"] == "cancelled":
        return str(invoices.invoices(session, "id = ?", (one["source_id"],))["number"][0])
    return f"{OWN.get(one['kind'], 'application')}-{one['source_id'] - session.low}"


def source(session: Session, row: dict[str, Any]) -> tuple[str, str]:
    """The name of an item's document and its reference."""
    if row["source"] == "invoice":
        paper = invoices.invoices(session, "id = ?", (row["source_id"],))["number"][0]
        return paper, paper
    if row["source"] == "collection":
        name = f"collection-{row['source_id'] - session.low}"
        return name, name
    no = reads.one(session, "receivables_slip", "id, slip_no", row["source_id"])
    assert no is not None
    return no["slip_no"], f"{row['source']}:{no['slip_no']}"


def raised_again(session: Session, row: dict[str, Any]) -> int:
    """What the item is to be, from its document: its lines taxed again, by order and rate, over the due parts."""
    if row["source"] == "collection":
        found = reads.one(session, "collecting_collection", collecting.COLLECTION, row["source_id"])
        return 0 if found is None else collections.settled(session, found) - int(found["fee"])
    if row["source"] != "invoice":
        slip = reads.one(session, "receivables_slip", "id, gross", row["source_id"])
        return int(slip["gross"]) if slip else 0
    head = invoices.numbered(session.rows("invoices_invoice", papers.HEAD, "id = ?", (row["source_id"],))).row(
        0, named=True
    )
    lines = papers.lines_of(session, head)
    taxed = papers.taxed_again(session, head, lines)
    own = lines.select("dimension_id", "invoice_id", "rate_micro", "tax").with_columns(
        taxed["net"], taxed["tax_amount"]
    )
    named = own.join(dimensions(session), on="dimension_id", maintain_order="left")
    total = int(taxed["net"].sum()) + int(taxed["tax_amount"].sum())
    dues = _dues(session, head, total)
    cells = receivables.split_over(receivables.rows_of(named), dues).filter(pl.col("gross") != 0)
    at = papers.items_of(session, row["run_id"], row["source_id"])["item_id"].index_of(row["id"])
    return int(cells["gross"][at]) if at is not None and at < cells.height else 0


def collection(session: Session, partner_id: int, run_id: int) -> dict[str, Any]:
    """The collection terms of a partner as a run knew them."""
    terms_id = session.value(
        "SELECT terms_id FROM parties_profile WHERE id >= ? AND id < ? AND partner_id = ? AND run_id <= ? ORDER BY id DESC LIMIT 1",
        (session.low, session.high, partner_id, run_id),
    )
    return parties.terms(session).row(by_predicate=pl.col("terms_id") == terms_id, named=True)


def _terms(session: Session, head: dict[str, Any], run_id: int) -> dict[str, Any]:
    """The collection terms of an invoice: its contracts' own, else those of its partner as the run knew them."""
    if head["collection_terms_id"] is None:
        return collection(session, head["partner_id"], run_id)
    return parties.terms(session).row(by_predicate=pl.col("terms_id") == head["collection_terms_id"], named=True)


def _dues(session: Session, head: dict[str, Any], total: int) -> pl.DataFrame:
    """The due parts of an invoice by its partner's terms."""
    run_id = papers.decided_by(session, head)
    own, calendar = _terms(session, head, run_id), parties.holidays(session, run_id).drop("name")
    asked = {name: own[name] for name in TERMS} | {"closing_on": head["closing_on"], "payment_days": None}
    frame = pl.DataFrame(
        [asked | {"key": head["invoice_id"], "amount": total}], schema_overrides={"payment_days": pl.Int64}
    )
    return terms.dues(frame, calendar).rename({"key": "invoice_id", "amount": "due_amount"})


def _item_sources(session: Session, row: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """What decided the item's due day and method."""
    common = (
        ("税区分", words.CLASSES.get(row["tax"], row["tax"])),
        ("回収手段", words.METHODS.get(row["method"], row["method"])),
    )
    if row["source"] != "invoice":
        return common
    head = session.rows("invoices_invoice", "id, partner_id, collection_terms_id", "id = ?", (row["source_id"],)).row(
        0, named=True
    )
    own = _terms(session, head, row["run_id"])
    last = "末日" if own["payment_day"] == terms.END_OF_MONTH else f"{own['payment_day']}日"
    said = f"締めの {own['payment_months']}か月後の{last}" + (f"・分割 {own['split']}" if own["split"] else "")
    return (*common, ("回収条件", said))


def _item_path(session: Session, row: dict[str, Any], name: str, ref: str, moved: pl.DataFrame) -> tuple[Cause, ...]:
    """発行 → 債権 → 入金 → 消込 → 仕訳."""
    low = session.low
    stations = [
        Cause(words.SOURCES[row["source"]], ref, row["posted_on"]),
        Cause("債権", f"item-{row['id'] - low}", row["due_on"], row["gross"]),
    ]
    for one in moved.iter_rows(named=True):
        stations += (
            [Cause(MOVES[one["kind"]], mover(session, one), one["moved_on"], one["moved"])]
            if one["kind"] == "cancelled" or one["kind"] in OWN
            else _receipt_of(session, one["source_id"], one["moved_on"], one["moved"])
        )
    kind = "invoice" if row["source"] == "invoice" else row["source"]
    posted = reads.entries_of(session, row["run_id"], kind, row["source_id"])
    stations += [Cause("仕訳", f"entry-{entry - low}", day) for entry, day in posted.iter_rows()]
    return tuple(stations)


def _receipt_of(session: Session, application_id: int, on: date, amount: int) -> list[Cause]:
    """The receipt that an application used, and the application."""
    found = session.value("SELECT receipt_id FROM matching_application WHERE id = ?", (application_id,))
    return [
        Cause("入金", f"receipt-{found - session.low}", on),
        Cause("消込", f"application-{application_id - session.low}", on, amount),
    ]


def receipt(session: Session, text: str, as_of: date | None = None) -> Explanation | None:
    """A receipt: what came in, less what was applied, is what waits in suspense."""
    row = reads.one(session, "receipts_receipt", f"{receipts.RECEIPT}, run_id", number(session, text))
    if row is None:
        return None
    every = matching.applications(session, "receipt_id = ?", (row["id"],))
    within = every.filter(pl.col("applied_on") <= (as_of or date.max))
    kept = session.value("SELECT unapplied FROM receipts_unapplied WHERE receipt_id = ?", (row["id"],)) or 0
    later = every.filter(pl.col("applied_on") > (as_of or date.max))
    steps = [Step("入金", f"{words.day(row['received_on'])} {row['payer']}", row["amount"])]
    steps += [
        Step(
            "消込の取消" if one["reverses_id"] else "消込",
            words.day(one["applied_on"]),
            -one["used"],
            f"application-{one['application_id'] - session.low}",
        )
        for one in within.iter_rows(named=True)
    ]
    steps += _taken_back(session, row, as_of)
    return Explanation(
        ref=f"receipt-{text}",
        title=f"入金 {text} {row['payer']} の未消込",
        amount=int(kept) + int(later["used"].sum()),
        recomputed=sum(step.amount for step in steps if step.amount is not None),
        steps=tuple(steps),
        sources=(
            ("入金した口座", _bank(session, row["bank_account_id"])),
            ("摘要", row["reference"] or "—"),
            ("取引番号", row["bank_code"] or "—"),
            ("取込", reads.file_of(session, row["run_id"]) or "—"),
            *_as_it_came(session, row["id"]),
        ),
        path=_receipt_path(session, row, within),
        recorded=recorded(session, "receipts.Receipt", row["id"], row["run_id"]),
        as_of=as_of,
    )


def _taken_back(session: Session, row: dict[str, Any], as_of: date | None) -> list[Step]:
    """The step by which the bank took the receipt back, or the one that this receipt takes back."""
    if row["reverses_id"]:
        return [Step("元の入金", "銀行が取り消した入金", -row["amount"], f"receipt-{row['reverses_id'] - session.low}")]
    back = receipts.returned(session, row["id"])
    found = reads.one(session, "receipts_receipt", "id, received_on, amount", back) if back else None
    if found is None or found["received_on"] > (as_of or date.max):
        return []
    return [
        Step("銀行の取消", words.day(found["received_on"]), found["amount"], f"receipt-{found['id'] - session.low}")
    ]


def _as_it_came(session: Session, receipt_id: int) -> list[tuple[str, str]]:
    """Where the payer's bank is, and the record of the bank's file, where it came in one."""
    record = receipts.record_of(session, receipt_id)
    if record is None:
        return []
    bank = " ".join(filter(None, (record["payer_bank"], record["payer_branch"])))
    return [("仕向銀行", bank or "—"), (f"元のレコード（{record['line']}件目）", record["content"].strip())]


def _bank(session: Session, bank_id: int) -> str:
    found = reads.one(session, "base_bank_account", "id, code, deposit, bank_number", bank_id)
    return f"{found['code']} {found['deposit']} {found['bank_number']}" if found else ""


def _receipt_path(session: Session, row: dict[str, Any], applied: pl.DataFrame) -> tuple[Cause, ...]:
    """入金 → 仕訳, 消込 → 債権."""
    low = session.low
    stations = [Cause("入金", f"receipt-{row['id'] - low}", row["received_on"], row["amount"])]
    posted = reads.entries_of(session, row["run_id"], "receipt", row["id"])
    stations += [Cause("仕訳", f"entry-{entry - low}", day) for entry, day in posted.iter_rows()]
    for one in applied.iter_rows(named=True):
        stations.append(Cause("消込", f"application-{one['application_id'] - low}", one["applied_on"], one["used"]))
    return tuple(stations)


def movements_of(session: Session, application_id: int, run_id: int) -> pl.DataFrame:
    """The movements of an application, by id: within its run's block."""
    names = "id, item_id, kind, moved, moved_on, source_id"
    return reads.of_run(
        session, "receivables_movement", "receivables.Movement", names, run_id, "source_id = ?", (application_id,)
    )


def application(session: Session, text: str, as_of: date | None = None) -> Explanation | None:
    """An application: what of the receipt was used, what of the items it settled, and the difference between."""
    row = reads.one(session, "matching_application", f"{matching.APPLICATION}, run_id", number(session, text))
    if row is None:
        return None
    moved = movements_of(session, row["id"], row["run_id"])
    steps = [
        Step("債権を減らす" if m < 0 else "債権を戻す", amount=-m, ref=f"item-{item_id - session.low}")
        for item_id, m in moved.select("item_id", "moved").iter_rows()
    ]
    if row["difference"]:
        label = f"差額を{words.DIFFERENCES.get(row['difference_kind'], row['difference_kind'])}にする"
        steps.append(Step(label, _why_different(session, row), row["difference"]))
    return Explanation(
        ref=f"application-{text}",
        title=f"消込 {text}" + ("（取消）" if row["reverses_id"] else ""),
        amount=row["used"],
        recomputed=_used_again(session, row, moved),
        steps=tuple(steps),
        sources=(
            ("した人", reads.run(session, row["run_id"])["actor"]),
            ("方法", words.action(reads.run(session, row["run_id"])["action"])),
            *((("支払人の見分け方", words.KNOWN_BY[row["by"]]),) if row["by"] else ()),
            words.policy(
                "一部入金の充当",
                {"oldest": "古い順", "proportional": "按分"},
                policies(session, row["run_id"])["allocation"],
            ),
        ),
        path=_application_path(session, row, moved),
        recorded=recorded(session, "matching.Application", row["id"], row["run_id"]),
    )


def _why_different(session: Session, row: dict[str, Any]) -> str:
    if row["difference_kind"] != "fee":
        return ""
    return f"振込手数料として差し引ける額は {policies(session, row['run_id']).number('fee_tolerance'):,}円 まで"


def _used_again(session: Session, row: dict[str, Any], moved: pl.DataFrame) -> int:
    """What the application takes of the receipt: the settled less the difference; a reversal, what it reverses."""
    if row["reverses_id"] is None:
        return -int(moved["moved"].sum()) + int(row["difference"])
    first = reads.one(session, "matching_application", "id, used, difference, run_id", row["reverses_id"])
    assert first is not None
    back = movements_of(session, first["id"], first["run_id"])
    return int(back["moved"].sum()) - int(first["difference"])


def _application_path(session: Session, row: dict[str, Any], moved: pl.DataFrame) -> tuple[Cause, ...]:
    """入金 → 消込 → 債権 → 仕訳, and what it reverses or is reversed by."""
    low = session.low
    stations = [
        Cause("入金", f"receipt-{row['receipt_id'] - low}"),
        Cause("消込", f"application-{row['id'] - low}", row["applied_on"], row["used"]),
    ]
    stations += [
        Cause("債権", f"item-{item_id - low}", day, amount)
        for item_id, day, amount in moved.select("item_id", "moved_on", "moved").iter_rows()
    ]
    if row["reverses_id"]:
        stations.append(Cause("取り消した消込", f"application-{row['reverses_id'] - low}"))
    back = session.value("SELECT id AS receipt_id FROM matching_application WHERE reverses_id = ?", (row["id"],))
    stations += [Cause("取消", f"application-{back - low}")] if back else []
    posted = reads.entries_of(session, row["run_id"], "application", row["id"])
    return (*stations, *(Cause("仕訳", f"entry-{entry - low}", day) for entry, day in posted.iter_rows()))


def slip(session: Session, no: str, as_of: date | None = None, *, opening: bool = False) -> Explanation | None:
    """A slip entered by hand, or an opening balance: who made it, who approved it, what it raised."""
    where = "company_id = ? AND slip_no = ? AND opening = ?"
    flag: Any = opening if session.driver.kind == "postgresql" else int(opening)
    found = session.rows("receivables_slip", receivables.SLIP, where, (session.company_id, no, flag))
    if found.is_empty():
        return None
    row, kind = found.row(0, named=True), "opening" if opening else "slip"
    items = items_of_slips(session, "source = ? AND source_id = ?", (kind, row["id"]))
    low = session.low
    posted = [
        Cause("仕訳", f"entry-{entry - low}", day)
        for one in items.iter_rows(named=True)
        for entry, day in reads.entries_of(session, one["run_id"], kind, row["id"]).iter_rows()
    ]
    raised = [
        Cause("債権", f"item-{one['id'] - low}", one["due_on"], one["gross"]) for one in items.iter_rows(named=True)
    ]
    return Explanation(
        ref=f"{kind}:{no}",
        title=f"{words.SOURCES[kind]} {no} {row['description']}",
        amount=row["gross"],
        recomputed=int(items["gross"].sum()) if items.height else row["gross"],
        steps=(Step("伝票の金額（税込）", f"起票 {row['maker'] or '—'}", row["gross"]),),
        sources=(
            ("計上日", words.day(row["posted_on"])),
            ("状態", "計上済み" if items.height else "承認待ち"),
            *[("承認", reads.run(session, one)["actor"]) for one in items["run_id"].unique()],
            ("取込", reads.file_of(session, row["run_id"]) or "—"),
        ),
        path=(Cause(words.SOURCES[kind], f"{kind}:{no}", row["posted_on"], row["gross"]), *raised, *posted),
        recorded=recorded(session, "receivables.Slip", row["id"], row["run_id"]),
    )


def items_of_slips(session: Session, where: str, params: tuple[Any, ...]) -> pl.DataFrame:
    """The items raised of slips, openings and collections that the condition picks: within the blocks of the runs that raise such."""
    blocks = reads.spans_of_runs(session, RAISING, "receivables.Item")
    spans = [(first, first + count) for first, count in blocks.select("first_id", "count").iter_rows()]
    return reads.within(session, "receivables_item", ITEM, spans, where, params)
