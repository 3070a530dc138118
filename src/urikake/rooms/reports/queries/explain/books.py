"""The books explained: entries and their lines, posted again from what they are of, and balances of accounts."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import polars as pl

from urikake.base.bulk import Session
from urikake.base.company import accounts, policies
from urikake.core import journal
from urikake.rooms.ledger import actions as postings
from urikake.rooms.ledger import queries as ledger

from . import advances, collections, deposits, interest, moves, papers, payments, reads, refunds, words
from .made import Cause, Explanation, Step, number, recorded

ENTRY: Final = "id, run_id, posted_on, source, source_id, first_line_id, line_count"
LINE: Final = "id, run_id, entry_id, account_id, amount, tax, dimension_id, partner_id"
SAME: Final = ["account_id", "tax", "dimension_id", "partner_id"]
MANY: Final = 200  # entries shown one by one in an account's month; more are shown by run and day


def entry(session: Session, text: str, as_of: date | None = None) -> Explanation | None:
    """A journal entry: its two sides, each line posted again from the document, receipt or revenue that it is of."""
    head = reads.one(session, "ledger_entry", ENTRY, number(session, text))
    if head is None:
        return None
    rows = compared(session, head)
    name, path = _source(session, head)
    debit, credit = (rows.filter((pl.col("amount") > 0) if left else (pl.col("amount") < 0)) for left in (True, False))
    return Explanation(
        ref=f"entry-{text}",
        title=f"仕訳 {text} {words.day(head['posted_on'])} {words.SOURCES[head['source']]} {name}",
        amount=int(debit["amount"].sum()),
        recomputed=int(rows["again"].clip(lower_bound=0).sum()),
        steps=(_side(session, text, "借方", debit), _side(session, text, "貸方", credit)),
        sources=(_advance(session), ("確かめ方", "もとの書類・入金・収益から、仕訳をもう一度作って照らす")),
        path=(*path, Cause("仕訳", f"entry-{text}", head["posted_on"], int(debit["amount"].sum()))),
        recorded=recorded(session, "ledger.Entry", head["id"], head["run_id"]),
        kind="sides",
    )


def _advance(session: Session) -> tuple[str, str]:
    return words.policy("前受けの消費税", words.ADVANCE, policies(session)["advance_tax"])


def _side(session: Session, text: str, label: str, rows: pl.DataFrame) -> Step:
    """One side of an entry, line by line, as positive amounts."""
    parts = tuple(
        Step(row["name"], _of(session, row), abs(row["amount"]), f"entry-{text}:{row['at']}")
        for row in rows.iter_rows(named=True)
    )
    return Step(label, "", abs(int(rows["amount"].sum())), parts=parts, kind="sum")


def _of(session: Session, row: dict[str, Any]) -> str:
    """The tax class and the partner of a line."""
    owner = reads.partner(session, row["partner_id"])["name"] if row["partner_id"] else ""
    return "・".join(part for part in (words.CLASSES.get(row["tax"], row["tax"]) if row["tax"] else "", owner) if part)


def compared(session: Session, head: dict[str, Any]) -> pl.DataFrame:
    """The lines of an entry, counted from 1 (``at``), with the account's ``name`` and the amount posted ``again``."""
    span = (head["first_line_id"], head["first_line_id"] + head["line_count"])
    chart = accounts(session).select(account_id="id", name="name")
    stored = reads.within(session, "ledger_line", LINE, [span]).join(chart, on="account_id", maintain_order="left")
    made = _posted_again(session, head)
    key = [pl.col(name) == pl.lit(head[name]) for name in postings.KEY]
    fresh = journal.merged(made.filter(*key), postings.KEY) if made.height else made
    again = fresh.select(*SAME, again="amount")
    joined = stored.join(again, on=SAME, how="left", nulls_equal=True, maintain_order="left")
    return joined.with_columns(pl.col("again").fill_null(0), at=pl.int_range(1, pl.len() + 1, dtype=pl.Int64))


def _posted_again(session: Session, head: dict[str, Any]) -> pl.DataFrame:
    """The lines that the entry's source posts, by the rules that posted them first."""
    source_id, run_id = head["source_id"], head["run_id"]
    if head["source"] == "receipt":
        came = session.rows("receipts_receipt", "id, received_on, amount, bank_account_id", "id = ?", (source_id,))
        account = session.value("SELECT account_id FROM base_bank_account WHERE id = ?", (came["bank_account_id"][0],))
        return postings.receipt_lines(session, came.rename({"id": "receipt_id"}), account)
    if head["source"] == "application":
        return _applied_again(session, source_id, run_id)
    if head["source"] == "collection":
        return collections.lines_again(session, source_id, run_id)
    if head["source"] == "advance":
        return advances.lines_again(session, source_id, run_id)
    if head["source"] == "refund":
        return refunds.lines_again(session, source_id, run_id)
    if head["source"] in ("slip", "opening"):
        items = payments.items_of_slips(session, "source = ? AND source_id = ?", (head["source"], source_id))
        slips = session.rows("receivables_slip", "id, credit_account_id", "id = ?", (source_id,)).rename(
            {"id": "slip_id"}
        )
        return postings.slip_lines(session, items, slips)
    owners = moves.contracts_of(session, head)
    made, before = moves.of_run(session, owners, run_id)
    revenue = postings.revenue_lines(session, made, before)
    if head["source"] == "recognition":
        borne = interest.of_run(session, owners, run_id)
        return pl.concat([revenue, postings.interest_lines(session, borne)]) if borne.height else revenue
    items = papers.items_of(session, run_id, source_id)
    none = made.clear()
    kept = postings.deposit_lines(session, deposits.of_invoice(session, run_id, source_id))
    return pl.concat([postings.invoice_lines(session, items, none, before), revenue, kept])


def _applied_again(session: Session, application_id: int, run_id: int) -> pl.DataFrame:
    """The lines of an application from what it used and what it moved."""
    names = "id, run_id, used, difference, difference_kind, partner_id, reverses_id, applied_on"
    made = session.rows("matching_application", names, "id = ?", (application_id,)).rename({"id": "application_id"})
    moved = payments.movements_of(session, application_id, run_id)
    items = reads.by_ids(session, "receivables_item", payments.ITEM, moved["item_id"].unique()).rename(
        {"id": "item_id"}
    )
    return postings.application_lines(session, made, moved, items)


def _source(session: Session, head: dict[str, Any]) -> tuple[str, tuple[Cause, ...]]:
    """What the entry was posted for: its name, and the stations before the entry."""
    kind, source_id, low = head["source"], head["source_id"], session.low
    if kind == "invoice":
        name, ref = payments.source(session, head)
    elif kind in ("receipt", "application", "collection", "advance", "refund"):
        name = ref = f"{kind}-{source_id - low}"
    elif kind == "recognition":
        return _recognised(session, head)
    else:
        name, ref = payments.source(session, head)
    return name, (Cause(words.SOURCES[kind], ref, head["posted_on"]),)


def _recognised(session: Session, head: dict[str, Any]) -> tuple[str, tuple[Cause, ...]]:
    """The contract and the months of an entry of revenue."""
    owner = reads.contract_by(session, contract_id=head["source_id"])
    assert owner is not None
    no = owner["contract_no"]
    months = moves.months(session, head["source_id"], head["run_id"], head["posted_on"])
    stations = [Cause("契約", f"contract:{no}")]
    stations += [Cause("収益", f"revenue:{no}:{month:%Y-%m}", head["posted_on"], amount) for month, amount in months]
    mine = interest.of_contract(session, head["source_id"])
    own = mine.filter((pl.col("run_id") == head["run_id"]) & (pl.col("posted_on") == head["posted_on"]))
    stations += [
        Cause("利息", f"interest:{no}:{month:%Y-%m}", head["posted_on"], amount)
        for month, amount in own.select("month", "amount").iter_rows()
    ]
    return no, tuple(stations)


def line(session: Session, text: str, at: int, as_of: date | None = None) -> Explanation | None:
    """A line of an entry: the same amount posted again from the entry's source, and what it is made of."""
    head = reads.one(session, "ledger_entry", ENTRY, number(session, text))
    if head is None or not 1 <= at <= head["line_count"]:
        return None
    row = compared(session, head).row(at - 1, named=True)
    name, path = _source(session, head)
    side = "借方" if row["amount"] > 0 else "貸方"
    said = f"{words.SOURCES[head['source']]} {name} の {row['name']}（{side}）" + (
        f"・{_of(session, row)}" if _of(session, row) else ""
    )
    month = head["posted_on"]
    return Explanation(
        ref=f"entry-{text}:{at}",
        title=f"仕訳 {text} の {at} 行目 {side} {row['name']}",
        amount=row["amount"],
        recomputed=row["again"],
        steps=(Step(f"{side} {row['name']}", said, row["amount"], path[-1].ref),),
        sources=(_advance(session), ("税区分", words.CLASSES.get(row["tax"], row["tax"]))),
        path=(
            *path,
            Cause("仕訳", f"entry-{text}", month),
            Cause("科目の残高", f"account:{row['name']}:{month}", month),
        ),
        recorded=recorded(session, "ledger.EntryLine", row["id"], row["run_id"]),
    )


def account(session: Session, name: str, on: date, as_of: date | None = None) -> Explanation | None:
    """The balance of an account on a day: what stood at the month's beginning and what was posted since.

    The balance is that of the totals which each run kept; it is made again from what stood before and the month's lines.
    """
    known = accounts(session).filter(pl.col("name") == name)
    if known.is_empty():
        return None
    first = on.replace(day=1)
    last = date.fromordinal(first.toordinal() - 1)
    account_id = int(known["id"][0])
    before, now = (_balance(session, name, day) for day in (last, on))
    lines = _lines(session, account_id, first, on)
    moved = _older(session, account_id, first)
    carried = (Step("前月からの繰越", amount=before, ref=f"account:{name}:{last}"),) if moved else ()
    return Explanation(
        ref=f"account:{name}:{on}",
        title=f"{name} の残高 {words.day(on)} 現在（借方が正）",
        amount=now,
        recomputed=before + int(lines["amount"].sum()),
        steps=(*carried, *_moves(session, name, lines)),
        sources=(("確かめ方", "当月の仕訳の明細を足し直し、実行ごとの合計と照らす"),),
        as_of=on,
        previous=before if moved else None,
        previous_ref=f"account:{name}:{last}" if moved else "",
    )


def _balance(session: Session, name: str, on: date) -> int:
    return int(ledger.balances(session, on).filter(pl.col("account") == name)["balance"].sum())


def _older(session: Session, account_id: int, first: date) -> bool:
    """Whether the account had moved before the day."""
    oldest = session.value(
        "SELECT min(posted_on) AS posted_on FROM ledger_total WHERE id >= ? AND id < ? AND account_id = ?",
        (session.low, session.high, account_id),
    )
    return oldest is not None and oldest < first


def _lines(session: Session, account_id: int, first: date, last: date) -> pl.DataFrame:
    """The account's lines posted between the days, in the blocks of the runs that posted to it then, summed by entry.

    Above `MANY` entries they are summed by run, day and source, so that few rows leave the database.
    """
    runs = session.read(
        "SELECT DISTINCT run_id FROM ledger_total WHERE id >= ? AND id < ? AND account_id = ? AND posted_on BETWEEN ? AND ?",
        (session.low, session.high, account_id, first, last),
    )["run_id"].sort()
    spans = [span for run_id in runs for span in reads.spans_of_run(session, run_id, "ledger.EntryLine")]
    few = sum(beyond - start for start, beyond in spans) <= 10 * MANY
    own = "e.id" if few else "min(e.id)"
    by = "e.id, e.posted_on, e.source, l.run_id" if few else "e.posted_on, e.source, l.run_id"
    sql = (
        f"SELECT {own} AS entry_id, e.posted_on, e.source, l.run_id, sum(l.amount) AS amount, count(*) AS count"
        " FROM ledger_line l JOIN ledger_entry e ON e.id = l.entry_id"
        f" WHERE l.id >= ? AND l.id < ? AND l.account_id = ? AND e.posted_on BETWEEN ? AND ? GROUP BY {by}"
    )
    parts = [session.read(sql, (*span, account_id, first, last)) for span in spans]
    none = {
        "entry_id": pl.Int64,
        "posted_on": pl.Date,
        "source": pl.String,
        "run_id": pl.Int64,
        "amount": pl.Int64,
        "count": pl.Int64,
    }
    return pl.concat([pl.DataFrame(schema=none), *parts]).sort("posted_on", "entry_id")


def _moves(session: Session, name: str, lines: pl.DataFrame) -> tuple[Step, ...]:
    """The entries of the month one by one; where there are very many, by run and day, each with its first entry."""
    return tuple(
        Step(
            f"{row['posted_on']:%m/%d} {words.SOURCES[row['source']]}",
            f"{row['count']:,}行" if row["count"] > 1 else "",
            row["amount"],
            f"entry-{row['entry_id'] - session.low}",
        )
        for row in lines.iter_rows(named=True)
    )
