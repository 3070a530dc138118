"""The steps of a month with their figures, and what still has to be done."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Final

import polars as pl

from urikake.base import periods, proposals
from urikake.base.bulk import Session
from urikake.base.errors import Refusal
from urikake.core import terms
from urikake.rooms.billing import queries as billing
from urikake.rooms.contracts.queries import terms as contract_terms
from urikake.rooms.parties.queries import closing_masks
from urikake.rooms.parties.queries import terms as collection_terms
from urikake.rooms.receivables import queries as receivables
from urikake.rooms.revenue import queries as revenue

from . import work


def closing_dates(session: Session, month: date) -> list[date]:
    """The closing days (締日) of the month on which any payer or contract closes, oldest first."""
    own = contract_terms(session)
    apart = collection_terms(session).filter(
        pl.col("terms_id").is_in(own["collection_terms_id"].drop_nulls().implode())
    )
    days = {1 << day for day in own["bill_day"].drop_nulls()}
    masks = set(closing_masks(session)["closing_mask"].drop_nulls().unique()) | set(apart["closing_mask"]) | days
    last = periods.last_day(month)
    own_masks = masks - {0}
    every = [month + timedelta(at) for at in range(last.day)]
    return [day for day in every if any(terms.closes(mask, day) for mask in own_masks) or (0 in masks and day == last)]


def waiting(session: Session, month: date) -> list[str]:
    """What of the month must be done by a person before it can be locked, in words."""
    beyond = periods.following(month)
    waiting = billing.waiting(session).filter(pl.col("closing_on") < beyond)
    held = billing.held_drafts(session, beyond)
    drafts = waiting.join(_kept_back(session, held), on="id", how="anti")
    slips = _waiting_slips(session).filter(pl.col("posted_on") < beyond)
    found = []
    if _worth(held):
        found.append(f"保留している請求が{held.select(KEPT).n_unique()}件（請求明細{held.height}件）あります。")
    if _worth(drafts):
        days = "・".join(f"{day:%m/%d}" for day in drafts["closing_on"].unique().sort())
        found.append(f"発行していない請求明細が{drafts.height}件あります（{days} 締め）。")
    if slips.height:
        found.append(f"承認待ちの債権伝票が{slips.height}件あります。")
    refunds = [told for told in proposals.asked(session, "refund") if date.fromisoformat(told["on"]) < beyond]
    if refunds:
        found.append(f"承認待ちの返金が{len(refunds)}件あります。")
    return found


def _kept_back(session: Session, held: pl.DataFrame) -> pl.DataFrame:
    """The ids of the drafts that are not to be issued now: held back, or carried on as their bill is too small."""
    return pl.concat([held.select("id"), billing.carried(session).select("id")])


def _worth(drafts: pl.DataFrame) -> bool:
    """Whether any partner's bill of a closing among the drafts comes to something: one that comes to nothing is not issued."""
    return bool((drafts.group_by(KEPT).agg(pl.col("amount").sum())["amount"] != 0).any())


KEPT: Final = ("partner_id", "closing_on")
"""What names a bill that may be held back."""


def _waiting_slips(session: Session) -> pl.DataFrame:
    """The slips that wait for approval; the items are searched only where there are slips at all."""
    every = receivables.slips(session).filter(~pl.col("opening"))
    return receivables.waiting_slips(session) if every.height else every


def status(session: Session, month: date) -> list[dict[str, Any]]:
    """The steps of the month with their figures: ``step, state, count, amount``."""
    last = periods.last_day(month)
    billed, recognised = (_counted(session, parts, month, last) for parts in (BILLED, RECOGNISED))
    drafts, unapplied = work.waiting_drafts(session, last), work.waiting_receipts(session, last)
    done_to = revenue.cutoff(session)
    locked = month in periods.locked_months(session)
    rows = [
        ("請求", not drafts.count, *billed),
        ("下書きの請求", not drafts.count, drafts.count, drafts.amount),
        ("未消込の入金", not unapplied.count, unapplied.count, unapplied.amount),
        ("収益認識", done_to is not None and done_to >= month, *recognised),
        ("締め", locked, 0, 0),
    ]
    return [
        {"step": step, "state": "済" if done else "未", "count": count, "amount": amount}
        for step, done, count, amount in rows
    ]


BILLED: Final = (
    "SELECT sum(line_count) AS n, sum(net) AS amount FROM invoices_invoice WHERE {own} AND issue_on BETWEEN ? AND ?",
)
RECOGNISED: Final = tuple(
    f"SELECT count(*) AS n, sum(amount) AS amount FROM {table} WHERE {{own}} AND posted_on BETWEEN ? AND ?"
    for table in revenue.EARNED
)


def _counted(session: Session, parts: tuple[str, ...], first: date, last: date) -> tuple[int, int]:
    """How many rows there are of the days, and their sum."""
    span = (session.low, session.high, first, last)
    found = pl.concat([session.read(part.format(own="id >= ? AND id < ?"), span, n=pl.Int64) for part in parts])
    return int(found["n"].sum()), int(found["amount"].sum())


def drafted(session: Session) -> list[date]:
    """The closings that have charges on no invoice yet which may be issued: not those that are held back or carried on."""
    drafts = billing.waiting(session)
    kept = _kept_back(session, billing.held_drafts(session, date.max))
    return drafts.join(kept, on="id", how="anti")["closing_on"].unique().to_list()


def stale(session: Session, action: str, subject: str) -> bool:
    """Whether anything was recorded after the newest such run that it would have to take into account."""
    runs = _newest_runs(session)
    mine = [*_idle(session, action, subject), *([runs[action, subject]] if (action, subject) in runs else [])]
    fed = [run for (kind, _), run in runs.items() if kind.startswith("import") or kind in FEEDS[action]]
    return not mine or max(fed, default=0) > max(mine)


def billed_in_parts(session: Session, closing_on: date) -> bool:
    """Whether single partners were billed at the closing, but never yet all that close then."""
    runs, subject = _newest_runs(session), closing_on.isoformat()
    parts = any(kind == "bill" and of.startswith(f"{subject} ") for kind, of in runs)
    return parts and ("bill", subject) not in runs and stale(session, "bill", subject)


def _newest_runs(session: Session) -> dict[tuple[str, str], int]:
    """The newest run of every action and subject."""
    if "newest_runs" not in session.cache:
        found = session.running(
            "newest_runs",
            "base_run",
            "SELECT action, subject, max(id) AS run_id FROM base_run WHERE id > ? AND id < ? GROUP BY action, subject",
            lambda rows: rows.group_by("action", "subject").agg(pl.col("run_id").max()),
        )
        session.cache["newest_runs"] = {(action, subject): run for action, subject, run in found.iter_rows()}
    runs: dict[tuple[str, str], int] = session.cache["newest_runs"]
    return runs


def note_idle(session: Session, action: str, subject: str) -> None:
    """Remember of a run that found nothing to do, and so leaves no record, up to which run it looked.

    Only this process knows, and only while the chain stands; another one does the work again, to find nothing.
    """
    if not session.written:
        session.memory.values[f"idle {action} {subject}"] = ((session.run_id - 1,), None)


def _idle(session: Session, action: str, subject: str) -> tuple[int, ...]:
    return session.memory.known(f"idle {action} {subject}")[0]


def matchable(session: Session) -> bool:
    """Whether any receipt is not wholly applied."""
    sql = "SELECT receipt_id FROM receipts_unapplied WHERE receipt_id >= ? AND receipt_id < ? LIMIT 1"
    return session.value(sql, (session.low, session.high)) is not None


FEEDS: Final = {"bill": ["init", "cancel-invoice"], "recognize": ["init", "bill", "cancel-invoice"]}


def require_in_order(session: Session, month: date) -> None:
    """Return if every month before this one, from the first with anything in it, is locked; refuse naming the first open one.

    Closed out of order, the bills of an open month would be issued into a later one, with its date and number.
    """
    first = first_month(session)
    locked = periods.locked_months(session)
    while first is not None and first < month:
        if first not in locked:
            raise Refusal(
                "earlier-open",
                f"{month:%Y-%m} は締められません。前の {first:%Y-%m} がまだ締められていません。",
                f"先に {first:%Y-%m} を締めてください。",
            )
        first = periods.following(first)


def first_month(session: Session) -> date | None:
    """The first month with books: as the company says, else that of its first entry."""
    return periods.opening_month(session) or _first_posted(session)


def _first_posted(session: Session) -> date | None:
    """The month of the first entry ever posted."""
    sql = "SELECT min(posted_on) AS posted_on FROM ledger_total WHERE id >= ? AND id < ?"
    day: date | None = session.value(sql, (session.low, session.high))
    return day.replace(day=1) if day else None


def makers(session: Session, charge_ids: pl.Series) -> set[str]:
    """Who calculated the charges."""
    session.stage(pl.DataFrame({"wanted_id": charge_ids}))
    found = session.read(
        "SELECT DISTINCT r.actor FROM stage s JOIN billing_charge c ON c.id = s.wanted_id JOIN base_run r ON r.id = c.run_id"
    )
    return set(found["actor"])
