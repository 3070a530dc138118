"""The books explained: entries, balances of accounts, revenue of a contract's month."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import polars as pl

from urikake.base import periods
from urikake.base.bulk import Session
from urikake.base.errors import Refusal
from urikake.core import recognition
from urikake.rooms.contracts.queries import contracts
from urikake.rooms.invoices import queries as invoices
from urikake.rooms.ledger import queries as ledger
from urikake.rooms.parties.queries import profiles
from urikake.rooms.revenue import queries as revenues

from .made import Cause, Explanation, Step, last_day, number, recorded

WORDS: Final = {
    "invoice": "請求書の発行",
    "receipt": "入金",
    "application": "消込",
    "recognition": "収益認識",
    "slip": "債権伝票",
}


def entry(session: Session, text: str) -> Explanation | None:
    """A journal entry: its two sides, whose sums are equal, and what it was posted for."""
    at = number(session, text)
    found = (
        session.rows("ledger_entry", "id, posted_on, source, source_id, first_line_id, line_count", "id = ?", (at,))
        if at
        else None
    )
    if found is None or found.is_empty():
        return None
    head = found.row(0, named=True)
    lines = session.read(
        "SELECT l.amount, l.tax, l.partner_id, a.name FROM ledger_line l JOIN base_account a ON a.id = l.account_id"
        " WHERE l.id >= ? AND l.id < ? ORDER BY l.id",
        (head["first_line_id"], head["first_line_id"] + head["line_count"]),
    )
    names = dict(profiles(session, "name").select("partner_id", "name").iter_rows())
    steps = tuple(
        Step(("借方 " if r["amount"] > 0 else "貸方 ") + r["name"], names.get(r["partner_id"], ""), abs(r["amount"]))
        for r in lines.iter_rows(named=True)
    )
    debit = int(lines["amount"].clip(lower_bound=0).sum())
    credit = -int(lines["amount"].clip(upper_bound=0).sum())
    return Explanation(
        ref=f"entry-{text}",
        title=f"仕訳 {text} {head['posted_on']:%Y/%m/%d} {WORDS.get(head['source'], head['source'])}",
        amount=debit,
        recomputed=credit,
        steps=steps,
        sources=(("確かめ方", "借方の合計と貸方の合計が等しいこと"),),
        path=_source(session, head),
        recorded=recorded(session, "ledger_entry", "ledger.Entry", head["id"]),
    )


def _source(session: Session, head: dict[str, Any]) -> tuple[Cause, ...]:
    """What the entry was posted for."""
    kind, source_id = head["source"], head["source_id"]
    if kind == "invoice":
        found = invoices.invoices(session, "id = ?", (source_id,))
        return tuple(Cause("請求書", r["number"], r["issue_on"], r["total"]) for r in found.iter_rows(named=True))
    if kind in ("receipt", "application"):
        return (Cause(WORDS[kind], f"{kind}-{source_id - session.low}", head["posted_on"]),)
    if kind == "recognition":
        name = contracts(session).filter(pl.col("contract_id") == source_id)["contract_no"]
        return tuple(Cause("収益", f"revenue:{no}:{head['posted_on']:%Y-%m}", head["posted_on"]) for no in name)
    if kind == "slip":
        found = session.read("SELECT slip_no, posted_on, gross FROM receivables_slip WHERE id = ?", (source_id,))
        return tuple(Cause("債権伝票", f"slip:{no}", on, gross) for no, on, gross in found.iter_rows())
    return ()


def account(session: Session, text: str) -> Explanation | None:
    """The balance of an account on a day: what stood at the month's beginning and each entry since.

    The month's entries are summed from their lines; what stood before, from the totals that each run kept.
    """
    name, _, day = text.rpartition(":")
    try:
        on = date.fromisoformat(day)
    except ValueError:
        return None
    known = session.table("base_account", "id, name").filter(pl.col("name") == name)
    if known.is_empty():
        return None
    first = on.replace(day=1)
    before, now = (_balance(session, name, each) for each in (last_day(first), on))
    lines = session.read(
        "SELECT e.id AS entry_id, e.posted_on, e.source, sum(l.amount) AS amount FROM ledger_entry e"
        " JOIN ledger_line l ON l.id >= e.first_line_id AND l.id < e.first_line_id + e.line_count"
        " WHERE e.id >= ? AND e.id < ? AND e.posted_on BETWEEN ? AND ? AND l.account_id = ?"
        " GROUP BY e.id, e.posted_on, e.source ORDER BY e.posted_on, e.id",
        (session.low, session.high, first, on, known["id"][0]),
    )
    return Explanation(
        ref=f"account:{text}",
        title=f"{name} の残高 {on:%Y/%m/%d} 現在(借方が正)",
        amount=now,
        recomputed=before + int(lines["amount"].sum()),
        steps=(*_carried(session, name, known["id"][0], first, before), *_moves(session, lines)),
    )


def _carried(session: Session, name: str, account_id: int, first: date, before: int) -> tuple[Step, ...]:
    """What stood at the month's beginning, where the account had moved before."""
    oldest = session.value(
        "SELECT min(posted_on) AS posted_on FROM ledger_total WHERE id >= ? AND id < ? AND account_id = ?",
        (session.low, session.high, account_id),
    )
    if oldest is None or oldest >= first:
        return ()
    return (Step("前月からの繰越", amount=before, ref=f"account:{name}:{last_day(first)}"),)


def _balance(session: Session, name: str, on: date) -> int:
    return int(ledger.balances(session, on).filter(pl.col("account") == name)["balance"].sum())


def _moves(session: Session, lines: pl.DataFrame) -> tuple[Step, ...]:
    """The entries of the month one by one; where there are very many, by day."""
    if lines.height <= 200:
        return tuple(
            Step(
                f"{r['posted_on']:%m/%d} {WORDS.get(r['source'], r['source'])}",
                amount=r["amount"],
                ref=f"entry-{r['entry_id'] - session.low}",
            )
            for r in lines.iter_rows(named=True)
        )
    days = lines.group_by("posted_on", "source", maintain_order=True).agg(pl.col("amount").sum(), n=pl.len())
    return tuple(
        Step(f"{r['posted_on']:%m/%d} {WORDS.get(r['source'], r['source'])} {r['n']:,}件", amount=r["amount"])
        for r in days.iter_rows(named=True)
    )


def revenue(session: Session, text: str) -> Explanation | None:
    """The revenue of a contract in a month: each schedule's share up to the month less that before it, and accruals."""
    number_, _, month = text.rpartition(":")
    found = contracts(session).filter(pl.col("contract_no") == number_)
    try:
        first = periods.first_day(month)
    except Refusal:
        return None
    if found.is_empty():
        return None
    contract_id = found["contract_id"][0]
    done = session.rows(
        "revenue_recognition", "id, charge_id, amount", "contract_id = ? AND month = ?", (contract_id, first)
    )
    accrued = session.rows(
        "revenue_accrual", "id, cycle_from_on, amount", "contract_id = ? AND month = ?", (contract_id, first)
    )
    steps = [
        Step(
            "請求した額の月割り",
            _formula(session, r["charge_id"]),
            r["amount"],
            f"charge-{r['charge_id'] - session.low}",
        )
        for r in done.iter_rows(named=True)
    ]
    steps += [
        Step("請求前の役務の計上と、その戻し", f"サイクル {r['cycle_from_on']:%Y/%m/%d}", r["amount"])
        for r in accrued.iter_rows(named=True)
    ]
    stored = int(done["amount"].sum())
    again = _evaluated(session, done, first)
    rest = int(accrued["amount"].sum())
    return Explanation(
        ref=f"revenue:{text}",
        title=f"契約 {number_} の {first:%Y年%-m月} の収益",
        amount=stored + rest,
        recomputed=again + rest,
        steps=tuple(steps),
        path=(Cause("契約", f"contract:{number_}"),),
    )


def _schedules(session: Session, charge_ids: list[int]) -> pl.DataFrame:
    names = ", ".join(name for name in revenues.SCHEDULE.split(", ") if name != "id")
    marks = ", ".join(map(str, charge_ids)) or "0"
    return session.rows("revenue_schedule", f"id, {names}", f"charge_id IN ({marks})")


def _formula(session: Session, charge_id: int) -> str:
    found = _schedules(session, [charge_id])
    if found.is_empty():
        return "請求した月までに提供を終えているため、全額"
    row = found.row(0, named=True)
    ways = {"monthly": "月ごとに均等", "daily": "日割り"}
    days = f"{row['from_on']:%Y/%m/%d}〜{last_day(row['to_on']):%Y/%m/%d}"
    return f"{row['amount']:,}円 を {days} に{ways.get(row['pattern'], row['pattern'])}（累計で丸め、前月までとの差）"


def _at_once(session: Session, charge_ids: pl.Series) -> int:
    """What the lines of these charges come to, which have no schedule: they were revenue with their invoice."""
    marks = ", ".join(map(str, charge_ids)) or "0"
    return int(session.rows("invoices_line", "id, net", f"charge_id IN ({marks})")["net"].sum())


def _evaluated(session: Session, done: pl.DataFrame, month: date) -> int:
    """What the schedules give for the month: up to its end less up to its beginning.

    A schedule recognised late or ended early gives the whole of what was open; that is what it was posted with.
    """
    schedules = _schedules(session, done["charge_id"].to_list())
    at_once = _at_once(session, done.filter(~pl.col("charge_id").is_in(schedules["charge_id"].implode()))["charge_id"])
    if schedules.is_empty():
        return at_once
    amount, tax = revenues.roundings(session)
    ruled = schedules.rename({"pattern": "method"})
    upto = recognition.recognised(ruled, pl.lit(periods.following(month)), amount, tax)
    before = recognition.recognised(ruled, pl.lit(month), amount, tax)
    posted = session.rows(
        "revenue_recognition",
        "id, charge_id, month, amount",
        f"charge_id IN ({', '.join(map(str, done['charge_id']))})",
    )
    earlier = posted.filter(pl.col("month") < month).group_by("charge_id").agg(earlier=pl.col("amount").sum())
    ended = set(session.read("SELECT charge_id FROM revenue_ending WHERE month <= ?", (month,))["charge_id"])
    every = upto.select("charge_id", "amount", "done").with_columns(before=before["done"])
    joined = every.join(earlier, on="charge_id", how="left").with_columns(pl.col("earlier").fill_null(0))
    total = at_once
    for row in joined.iter_rows(named=True):
        whole = row["amount"] if row["charge_id"] in ended else row["done"]
        total += whole - row["earlier"]
    return total
