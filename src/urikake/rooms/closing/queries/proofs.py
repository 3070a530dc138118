"""The invariants of the books, each recomputed from the facts; what does not hold is said in words."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Final

import polars as pl

from urikake.base import facts
from urikake.base.bulk import Session
from urikake.base.company import accounts, policies
from urikake.base.progress import step
from urikake.core import tax
from urikake.rooms.catalog.queries import products
from urikake.rooms.invoices import queries as invoices
from urikake.rooms.parties import queries as parties
from urikake.rooms.receivables import queries as receivables
from urikake.rooms.revenue import queries as revenue

FIRST: Final = date(1900, 1, 1)
FAR: Final = date(9999, 12, 31)
Span = tuple[date, date]


def verify(session: Session) -> list[str]:
    """Everything that is wrong with the company's books, in words; empty when all invariants hold."""
    step("ハッシュ連鎖を確かめる")
    chain = [_chain(session, found) for found in facts.broken(session)]
    step("残高を照合")
    tied = ties(session, FAR)
    step("請求書を照合")
    papers = [*_documents(session), *_numbers(session)]
    step("集計を作り直して照合")
    return [*chain, *tied, *papers, *_projections(session)]


def _chain(session: Session, found: facts.Break) -> str:
    where = f"{found.relation} {found.row - session.low if found.row else ''}".strip()
    if found.relation == "ledger.EntryLine" and found.row:
        entry = session.value("SELECT entry_id FROM ledger_line WHERE id = ?", (found.row,))
        if entry is not None:
            where = f"仕訳 {entry - session.low} の明細（{where}）"
    elif found.relation == "ledger.Entry" and found.row:
        where = f"仕訳 {found.row - session.low}"
    return f"ハッシュ連鎖: {where}: {found.why}"


def ties(session: Session, as_of: date, since: date = FIRST) -> list[str]:
    """The tie-outs of sub-ledgers and accounts that do not hold, in words, for what was posted from ``since`` on.

    Over all time they are about balances. A close asks only for its month: balances that tied when the month before was
    locked still tie if the month's own postings do.
    """
    span = (since, as_of)
    return [
        *_balanced(session, span),
        *_receivables(session, span),
        *_suspense(session, span),
        *_contract_balances(session, span),
    ]


def _line_range(session: Session, span: Span) -> tuple[int, int]:
    """The range of ids of ledger lines within which all lines of the days lie."""
    found = session.read(
        "SELECT min(first_line_id) AS low, max(first_line_id + line_count) AS high FROM ledger_entry"
        " WHERE id >= ? AND id < ? AND posted_on BETWEEN ? AND ?",
        (session.low, session.high, *span),
    ).row(0)
    return (found[0] or 0, found[1] or 0)


def _balanced(session: Session, span: Span) -> list[str]:
    """Every entry sums to zero."""
    wrong = session.read(
        "SELECT entry_id, sum(amount) AS amount FROM ledger_line WHERE id >= ? AND id < ?"
        " GROUP BY entry_id HAVING sum(amount) <> 0 ORDER BY entry_id",
        _line_range(session, span),
    )
    return [f"仕訳 {entry - session.low}: 貸借が {amount} 円ずれています" for entry, amount in wrong.iter_rows()]


def _receivables(session: Session, span: Span) -> list[str]:
    """Items per partner = receivable accounts per partner."""
    days = (session.low, session.high, *span)
    accounts_used = set(parties.payers(session)["receivable_account_id"]) | set(
        receivables.slips(session)["account_id"]
    )
    if not accounts_used:
        return []
    own = session.read(
        "SELECT partner_id, sum(amount) AS items FROM ("
        " SELECT partner_id, gross AS amount FROM receivables_item WHERE id >= ? AND id < ? AND posted_on BETWEEN ? AND ?"
        " UNION ALL SELECT i.partner_id, m.moved FROM receivables_movement m JOIN receivables_item i ON i.id = m.item_id"
        " WHERE m.id >= ? AND m.id < ? AND m.moved_on BETWEEN ? AND ?) steps GROUP BY partner_id",
        (*days, *days),
    )
    books = session.read(
        "SELECT l.partner_id, sum(l.amount) AS balance FROM ledger_line l JOIN ledger_entry e ON e.id = l.entry_id"
        f" WHERE l.id >= ? AND l.id < ? AND e.posted_on BETWEEN ? AND ? AND l.account_id IN ({_marks(accounts_used)})"
        " GROUP BY l.partner_id",
        (*_line_range(session, span), *span, *sorted(accounts_used)),
    )
    both = own.join(books, on="partner_id", how="full", coalesce=True, nulls_equal=True).with_columns(
        pl.col("items", "balance").fill_null(0)
    )
    wrong = both.filter(pl.col("items") != pl.col("balance")).sort("partner_id")
    code = dict(parties.codes(session).select("partner_id", "code").iter_rows()) if wrong.height else {}
    return [
        f"取引先 {code.get(partner, '（なし）')}: 債権明細の残高 {items} 円と債権科目の残高 {balance} 円が違います"
        for partner, items, balance in wrong.select("partner_id", "items", "balance").iter_rows()
    ]


def _marks(values: Collection[object]) -> str:
    """One parameter mark for each value."""
    return ", ".join("?" * len(values))


def _sum(session: Session, what: str, table: str, day: str, span: Span, also: str = "") -> int:
    """The sum of a column over the company's rows of the days."""
    sql = f"SELECT sum({what}) AS n FROM {table} WHERE id >= ? AND id < ? AND {day} BETWEEN ? AND ?{also}"
    return int(session.value(sql, (session.low, session.high, *span)) or 0)


def _suspense(session: Session, span: Span) -> list[str]:
    """仮受金 = receipts not applied."""
    came = _sum(session, "amount", "receipts_receipt", "received_on", span)
    unapplied = came - _sum(session, "used", "matching_application", "applied_on", span)
    found = _on_accounts(session, {"仮受金"}, span)
    return [] if -found == unapplied else [f"仮受金の残高 {-found} 円と未消込の入金 {unapplied} 円が違います"]


def _on_accounts(session: Session, names: set[str], span: Span) -> int:
    """What was posted on the accounts in the days, debit positive."""
    ids = accounts(session).filter(pl.col("name").is_in(names))["id"].to_list()
    also = f" AND account_id IN ({', '.join(map(str, ids))})"
    return _sum(session, "debit - credit", "ledger_total", "posted_on", span, also)


def _contract_balances(session: Session, span: Span) -> list[str]:
    """Billed = recognised + liability − asset, tax held in advances and overpayments kept apart."""
    billed = _sum(session, "net", "invoices_invoice", "issue_on", span)
    recognised = _sum(session, "amount", "revenue_recognition", "posted_on", span)
    recognised += _sum(session, "amount", "revenue_accrual", "posted_on", span)
    policy = policies(session)
    with_revenue = policy["advance_tax"] == "with_revenue"
    names = {
        "契約資産" if policy["accrual_account"] == "contract_asset" else "未収入金",
        "前受金" if with_revenue else "契約負債",
    }
    kept = " AND difference_kind = 'advance'"
    overpaid = _sum(session, "difference", "matching_application", "applied_on", span, kept) if with_revenue else 0
    held = _tax_held(session, span) if with_revenue else 0
    net = _on_accounts(session, names, span)
    if net == recognised - billed - held - overpaid:
        return []
    return [
        f"契約残高: 請求 {billed} 円・認識 {recognised} 円・預かる税 {held} 円に対し、前受・契約資産の動きが {net} 円です"
    ]


def _tax_held(session: Session, span: Span) -> int:
    """Tax invoiced that is not revenue's yet (in 前受金)."""
    invoiced = _sum(session, "tax_total", "invoices_invoice", "issue_on", span)
    return invoiced - _sum(session, "tax_amount", "revenue_recognition", "posted_on", span)


def _documents(session: Session) -> list[str]:
    """Lines sum to their invoice; its tax is one rounding per rate; items sum to it."""
    heads = invoices.invoices(session)
    if heads.is_empty():
        return []
    lines = invoices.lines(session, heads)
    kinds = products(session).select("product_id", "tax")
    rows = lines.join(kinds, on="product_id", maintain_order="left").join(
        heads.select("invoice_id", "inclusive"), on="invoice_id", maintain_order="left"
    )
    amounts = rows.with_columns(
        invoice="invoice_id", amount=pl.when("inclusive").then(pl.col("net") + pl.col("tax_amount")).otherwise("net")
    )
    rounding = policies(session)["tax_rounding"]
    taxes, _ = tax.invoice_taxes(amounts.drop("net", "tax_amount"), rounding)  # type: ignore[arg-type]
    own = taxes.group_by(invoice_id="invoice").agg(pl.col("net").sum(), tax_amount=pl.col("amount").sum())
    sums = lines.group_by("invoice_id").agg(line_net=pl.col("net").sum(), line_tax=pl.col("tax_amount").sum())
    raised = (
        receivables.items(session, "source = 'invoice'").group_by(invoice_id="source_id").agg(pl.col("gross").sum())
    )
    every = heads.join(own, on="invoice_id", suffix="_again").join(sums, on="invoice_id")
    every = every.join(raised, on="invoice_id", how="left")
    wrong = every.filter(
        (pl.col("line_net") != pl.col("net"))
        | (pl.col("line_tax") != pl.col("tax_total"))
        | (pl.col("tax_amount") != pl.col("tax_total"))
        | (pl.col("net") + pl.col("tax_total") != pl.col("total"))
        | (pl.col("gross").fill_null(0) != pl.col("total"))
    )
    return [f"請求書 {number}: 明細・税額・債権明細の合計が一致しません" for number in wrong["number"]]


def _numbers(session: Session) -> list[str]:
    """No number missing, none twice, and the counters tell the last ones."""
    heads = session.rows("invoices_invoice", "id, kind, fiscal_year, sequence")
    spans = heads.group_by("kind", "fiscal_year").agg(
        count=pl.len().cast(pl.Int64), top=pl.col("sequence").max(), distinct=pl.col("sequence").n_unique()
    )
    counters = session.rows("base_series", "id, series, fiscal_year, last").drop("id")
    series = pl.col("kind").replace_strict(invoices.PREFIX, return_dtype=pl.String)
    both = spans.with_columns(series=series).join(counters, on=["series", "fiscal_year"], how="full", coalesce=True)
    right = (
        (pl.col("count") == pl.col("top")) & (pl.col("distinct") == pl.col("top")) & (pl.col("last") == pl.col("top"))
    )
    wrong = both.filter(~right.fill_null(False))
    return [f"番号 {s}-{year}: 欠番・重複があります" for s, year in wrong.select("series", "fiscal_year").iter_rows()]


def _projections(session: Session) -> list[str]:
    """Stored balances equal their rebuild from the facts."""
    return [
        f"射影 {name} が事実から作り直したものと違います"
        for name, stored, rebuilt in (
            ("未回収の債権明細", _open_items(session), _rebuilt_items(session)),
            ("未消込の入金", _unapplied(session), _rebuilt_receipts(session)),
            ("未請求の計上", _open_accruals(session), _rebuilt_accruals(session)),
            ("下書きの請求", _waiting(session), _rebuilt_waiting(session)),
            ("科目別合計", _totals(session), _rebuilt_totals(session)),
        )
        if not stored.equals(rebuilt)
    ]


def _open_items(session: Session) -> pl.DataFrame:
    return session.read(
        "SELECT item_id, balance FROM receivables_open WHERE item_id >= ? AND item_id < ? ORDER BY item_id",
        (session.low, session.high),
    )


def _rebuilt_items(session: Session) -> pl.DataFrame:
    found = receivables.balances(session, FAR).filter(pl.col("balance") != 0)
    return found.select("item_id", "balance").sort("item_id")


def _unapplied(session: Session) -> pl.DataFrame:
    return session.read(
        "SELECT receipt_id, unapplied FROM receipts_unapplied WHERE receipt_id >= ? AND receipt_id < ? ORDER BY receipt_id",
        (session.low, session.high),
    )


def _rebuilt_receipts(session: Session) -> pl.DataFrame:
    came = session.rows("receipts_receipt", "id, amount").rename({"id": "receipt_id"})
    used = session.rows("matching_application", "id, receipt_id, used").group_by("receipt_id").agg(pl.col("used").sum())
    left = came.join(used, on="receipt_id", how="left").with_columns(
        unapplied=pl.col("amount") - pl.col("used").fill_null(0)
    )
    return left.filter(pl.col("unapplied") != 0).select("receipt_id", "unapplied").sort("receipt_id")


_ACCRUAL: Final = ["line_id", "product_id", "cycle_from_on"]


def _open_accruals(session: Session) -> pl.DataFrame:
    return revenue.open_accruals(session).select(*_ACCRUAL, "amount").sort(_ACCRUAL)


def _rebuilt_accruals(session: Session) -> pl.DataFrame:
    rows = session.rows("revenue_accrual", "id, line_id, product_id, cycle_from_on, amount")
    sums = rows.group_by(_ACCRUAL).agg(pl.col("amount").sum()).filter(pl.col("amount") != 0)
    return sums.select(*_ACCRUAL, "amount").sort(_ACCRUAL)


def _waiting(session: Session) -> pl.DataFrame:
    return session.read(
        "SELECT charge_id FROM billing_waiting WHERE charge_id >= ? AND charge_id < ? ORDER BY charge_id",
        (session.low, session.high),
    )


def _rebuilt_waiting(session: Session) -> pl.DataFrame:
    return session.read(
        "SELECT c.id AS charge_id FROM billing_charge c LEFT JOIN invoices_line l ON l.charge_id = c.id"
        " WHERE c.id >= ? AND c.id < ? AND l.id IS NULL ORDER BY c.id",
        (session.low, session.high),
    )


def _totals(session: Session) -> pl.DataFrame:
    return session.read(
        "SELECT account_id, posted_on, sum(debit) AS debit, sum(credit) AS credit FROM ledger_total"
        " WHERE id >= ? AND id < ? GROUP BY account_id, posted_on ORDER BY account_id, posted_on",
        (session.low, session.high),
    )


def _rebuilt_totals(session: Session) -> pl.DataFrame:
    return session.read(
        "SELECT l.account_id, e.posted_on, sum(CASE WHEN l.amount > 0 THEN l.amount ELSE 0 END) AS debit,"
        " sum(CASE WHEN l.amount < 0 THEN -l.amount ELSE 0 END) AS credit"
        " FROM ledger_line l JOIN ledger_entry e ON e.id = l.entry_id WHERE l.id >= ? AND l.id < ?"
        " GROUP BY l.account_id, e.posted_on ORDER BY l.account_id, e.posted_on",
        (session.low, session.high),
    )
