"""仕訳・試算表・年齢調べ: the journal, the balances of accounts, open balances by age."""

from __future__ import annotations

from datetime import date

import polars as pl
from django.http import Http404, HttpResponse

from urikake.rooms.ledger import queries as ledger
from urikake.rooms.parties.queries import profiles
from urikake.rooms.reports.queries import report
from urikake.rooms.reports.queries.balances import aged

from .. import ages
from ..book import Shown, page
from ..desk import Desk, quoted
from ..frame import last_day
from ..table import Choice, Column, Empty, table


@page("journals", "journals", permission="journals.read", title="仕訳")
def journals(desk: Desk) -> Shown:
    """The lines of the entries posted in the days asked for; the month of the day where none are."""
    since, until = _span(desk)
    found = _lines(desk, since, until)
    columns = [
        Column("entry", "仕訳番号", "number", url=lambda row: desk.link(f"journals/{row['entry']}")),
        Column("posted_on", "日付", "date"),
        Column("account", "勘定科目"),
        Column("debit", "借方(円)", "yen", summed=True, ref=lambda row: f"entry-{row['entry']}"),
        Column("credit", "貸方(円)", "yen", summed=True, ref=lambda row: f"entry-{row['entry']}"),
        Column("partner_name", "取引先"),
        Column("tax", "税区分", "tax"),
        Column("source", "元"),
    ]
    listing = table(
        desk, found, columns, key="line", name="journals",
        filters=[Choice("account", "勘定科目"), Choice("source", "元")],
        find=["account", "partner_name", "debit", "credit"], sort="",
        empty=Empty("この期間に仕訳はありません。" if since <= until else BACKWARDS),
    )  # fmt: skip
    if isinstance(listing, HttpResponse):
        return listing
    debit, credit = int(found["debit"].sum()), int(found["credit"].sum())
    return {"table": listing, "since": since, "until": until, "proof": {"debit": debit, "credit": credit}}


SOURCES = {"invoice": "請求", "receipt": "入金", "application": "消込", "recognition": "収益認識", "slip": "伝票",
           "collection": "収納代行", "advance": "前受金の充当", "refund": "返金"}  # fmt: skip


BACKWARDS = "期間の初めが終わりより後です。日付を確かめて、もう一度示してください。"


def _span(desk: Desk) -> tuple[date, date]:
    """The days asked for, inclusive."""
    try:
        since = date.fromisoformat(desk.ask("from")) if desk.ask("from") else desk.on.replace(day=1)
        until = date.fromisoformat(desk.ask("to")) if desk.ask("to") else last_day(desk.on.replace(day=1))
    except ValueError:
        raise Http404 from None
    return since, until


def _lines(desk: Desk, since: date, until: date) -> pl.DataFrame:
    """The lines with names, in the order of posting."""
    found = desk.session.read(
        "SELECT l.id AS line_id, l.entry_id, e.posted_on, e.source, a.name AS account_name, l.amount, l.tax, l.partner_id"
        " FROM ledger_entry e JOIN ledger_line l ON l.id >= e.first_line_id AND l.id < e.first_line_id + e.line_count"
        " JOIN base_account a ON a.id = l.account_id"
        " WHERE e.id >= ? AND e.id < ? AND e.posted_on BETWEEN ? AND ? ORDER BY l.id",
        (desk.session.low, desk.session.high, since, until),
        account_name=pl.String,
    )
    names = profiles(desk.session, "name").select("partner_id", partner_name="name")
    amount = pl.col("amount")
    return found.join(names, on="partner_id", how="left", maintain_order="left").select(
        "posted_on", "tax", "partner_name",
        line=pl.col("line_id") - desk.session.low,
        entry=pl.col("entry_id") - desk.session.low,
        account="account_name",
        debit=amount.clip(lower_bound=0),
        credit=(-amount).clip(lower_bound=0),
        source=pl.col("source").replace(SOURCES),
    )  # fmt: skip


@page("journal", "journals/<int:number>", permission="journals.read", title="仕訳")
def journal(desk: Desk, number: int) -> Shown:
    """One entry: its two sides, and what it came from."""
    head = desk.session.rows("ledger_entry", "id, posted_on, source, source_id", "id = ?", (desk.session.low + number,))
    if head.is_empty():
        raise Http404(str(number))
    day = head["posted_on"][0]
    rows = [row for row in report(desk.session, "journals", since=day, until=day) if int(row["no"]) == number]
    return {"entry": rows[0] if rows else {}, "number": number, "page": {"title": f"仕訳 {number}", "name": "journal"}}


@page("trial-balance", "journals/balance", permission="journals.read", title="合計残高試算表")
def trial_balance(desk: Desk) -> Shown:
    """The balance of every account on the day, whose sides are equal."""
    found = ledger.balances(desk.session, desk.on)
    columns = [
        Column("account", "勘定科目"),
        Column("debit", "借方合計(円)", "yen", summed=True),
        Column("credit", "貸方合計(円)", "yen", summed=True),
        Column("balance", "残高(円)", "yen", summed=True, ref=lambda row: f"account:{row['account']}:{desk.on}"),
    ]
    listing = table(
        desk, found, columns, key="account", name="trial-balance", sort="", empty=Empty("まだ仕訳がありません。")
    )
    if isinstance(listing, HttpResponse):
        return listing
    sums = {name: int(found[name].sum()) for name in ("debit", "credit")}
    return {"table": listing, "proof": sums}


@page("aging", "receivables/aging", permission="receivables.read", title="年齢調べ")
def aging(desk: Desk) -> Shown:
    """Open balances by partner and days overdue."""
    labels = ages.LABELS
    names = profiles(desk.session, "name").select("name", partner="code")
    frame = aged(desk.session, desk.on, "due", ages.BUCKETS).join(
        names, on="partner", how="left", maintain_order="left"
    )
    columns = [
        Column("name", "取引先", url=lambda row: desk.link(f"partners/{quoted(row['partner'])}")),
        Column("total", "合計(円)", "yen", summed=True, ref=lambda row: f"balance:{row['partner']}:{desk.on}"),
        Column("not_due", "期日前(円)", "yen", summed=True),
        *[Column(label, f"{label}日(円)", "yen", summed=True) for label in labels],
        Column("partner", "コード", hidden=True),
    ]
    listing = table(
        desk, frame, columns, key="partner", name="aging", find=["name", "partner"], sort="-total",
        empty=Empty("この日に未回収の債権はありません。"),
    )  # fmt: skip
    if isinstance(listing, HttpResponse):
        return listing
    sums = listing.frame.select(pl.col("not_due", *labels).sum()).row(0, named=True)
    return {"table": listing, "ages": ages.picture(desk, sums, q=desk.ask("q")) if listing.frame.height else None}
