"""The steps of a month in order, each with its figure and a proof: two figures found in two ways that must be equal.

A step is ``done`` where its figure is right and its proof holds, ``soft`` where something is left that may be left (a
receipt that nobody knows), ``open`` where the month cannot be locked yet.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import polars as pl

from urikake.base import periods, proposals
from urikake.base.bulk import Session
from urikake.base.company import account_id
from urikake.rooms.billing.queries import LATE, MISSING, completeness, metered_products
from urikake.rooms.billing.queries import at_closing as charges_at
from urikake.rooms.ledger import queries as ledger
from urikake.rooms.revenue import queries as revenue

from . import work
from .changes import position
from .closes import closes
from .flux import unapplied
from .proofs import since_last_lock, ties
from .status import closing_dates, first_month, stale

DONE: Final = "done"
SOFT: Final = "soft"
OPEN: Final = "open"


@dataclass(frozen=True, slots=True)
class Proof:
    """Two figures that must be equal, each with what it is."""

    ours: str
    left: int
    theirs: str
    right: int

    @property
    def off(self) -> int:
        """What they differ by."""
        return self.left - self.right

    def words(self) -> str:
        """The proof as people read it.

        >>> Proof("入金", 1_000, "仮受金への計上", 1_000).words(), Proof("入金", 900, "仮受金への計上", 1_000).words()
        ('入金 1,000 ＝ 仮受金への計上 1,000', '入金 900 ≠ 仮受金への計上 1,000（差 △100）')
        """
        mark = "≠" if self.off else "＝"
        tail = f"（差 {_shown(self.off)}）" if self.off else ""
        return f"{self.ours} {_shown(self.left)} {mark} {self.theirs} {_shown(self.right)}{tail}"


def _shown(number: int) -> str:
    """A number as people read it, △ before one below nothing."""
    return f"△{-number:,}" if number < 0 else f"{number:,}"


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the month: what it is, how it stands, its figure in words and numbers, its proof, what is left to do."""

    key: str
    title: str
    state: str
    figure: str
    count: int
    amount: int
    proof: Proof
    left: str = ""

    @property
    def told(self) -> str:
        """Its proof, or what does not hold."""
        return "　".join(filter(None, (self.left, self.proof.words())))


def made(
    key: str, title: str, figure: str, proof: Proof, left: str = "", *, count: int = 0, amount: int = 0, soft: bool = False
) -> Step:  # fmt: skip
    """A step that is done where nothing is left and its proof holds; what may be left (``soft``) holds up no lock."""
    state = OPEN if proof.off or (left and not soft) else SOFT if left else DONE
    return Step(key, title, state, figure, count, amount, proof, left)


def steps(session: Session, month: date) -> list[Step]:
    """The steps of the month in order, but for the hand-over to the accounting package and the lock (`lock_step`)."""
    return [make(session, month) for make in STEPS]


def _usage(session: Session, month: date) -> Step:
    """利用量: the metered contract lines whose usage of the month is there; none at all where nothing is sold by usage."""
    sold = metered_products(session).len()
    states = completeness(session, month, periods.last_day(month))["state"] if sold else pl.Series(dtype=pl.String)
    missing, late = int((states == MISSING).sum()), int((states == LATE).sum())
    there, every = states.len() - missing, states.len()
    words = (
        f"使用量のない契約明細 {missing:,}件" if missing else "",
        f"請求のあとに来たもの {late:,}件" if late else "",
    )
    left = "、".join(filter(None, words))
    proof = Proof("使用量のあるもの", there, "従量の契約明細", every)
    return Step("usage", "利用量の取込", SOFT if left else DONE, f"{there:,}/{every:,}件", there, 0, proof, left)


def _billing(session: Session, month: date) -> Step:
    """請求の計算: every closing of the month computed since the last thing it depends on; every charge billed or waiting."""
    last, locked = periods.last_day(month), month in periods.locked_months(session)
    days = closing_dates(session, month)
    late = [] if locked else [day for day in days if stale(session, "bill", day.isoformat())]
    found = session.read(
        "SELECT count(*) AS charges, count(l.id) AS issued, count(w.charge_id) AS waiting, sum(c.amount) AS amount"
        " FROM billing_charge c LEFT JOIN invoices_line l ON l.charge_id = c.id"
        " LEFT JOIN billing_waiting w ON w.charge_id = c.id WHERE c.id >= ? AND c.id < ? AND c.closing_on BETWEEN ? AND ?",
        (session.low, session.high, month, last),
    ).row(0, named=True)
    proof = Proof("請求明細", found["charges"], "発行と下書き", found["issued"] + found["waiting"])
    return made(
        "billing", "請求の計算", f"締日 {len(days) - len(late)}/{len(days)}", proof, _not_computed(session, late),
        count=found["charges"], amount=found["amount"] or 0,
    )  # fmt: skip


def _not_computed(session: Session, late: Sequence[date]) -> str:
    """Which closings were not computed at all, and which not since something was taken in."""
    computed = [day for day in late if charges_at(session, day).height]
    fresh = [day for day in late if day not in computed]
    words = [(fresh, "が未計算"), (computed, "は計算のあとに取込があります")]
    return "、".join("・".join(f"{day:%m/%d}" for day in some) + f" {word}" for some, word in words if some)


def _approval(session: Session, month: date) -> Step:
    """承認: nothing that belongs to the month waits for a second person."""
    last = periods.last_day(month)
    slips = work.slips_to_approve(session, last)
    refunds = [told for told in proposals.asked(session, "refund") if date.fromisoformat(told["on"]) <= last]
    count, amount = slips.count + len(refunds), slips.amount + sum(told["amount"] for told in refunds)
    words = (f"債権伝票 {slips.count:,}件" if slips.count else "", f"返金 {len(refunds):,}件" if refunds else "")
    left = "・".join(filter(None, words))
    proof = Proof("承認待ち", count, "残してよい数", 0)
    return made("approval", "承認", f"承認待ち {count:,}件", proof, left, count=count, amount=amount)


def _issue(session: Session, month: date) -> Step:
    """請求書の発行: no draft is left, and the invoices of the month are what was raised as receivables."""
    last = periods.last_day(month)
    drafts = work.waiting_drafts(session, last)
    span = (session.low, session.high, month, last)
    invoiced, raised = (
        session.read(
            f"SELECT count(*) AS documents, sum({amount}) AS amount FROM {table}"
            f" WHERE id >= ? AND id < ? AND {day} BETWEEN ? AND ?{more}",
            span,
        ).row(0)
        for table, day, amount, more in (
            ("invoices_invoice", "issue_on", "total", ""),
            ("receivables_item", "posted_on", "gross", " AND source = 'invoice'"),
        )
    )
    count, total = int(invoiced[0]), int(invoiced[1] or 0)
    proof = Proof("請求書の合計", total, "債権への計上", int(raised[1] or 0))
    left = f"下書き {drafts.count:,}行 {drafts.amount:,}円" if drafts.count else ""
    return made("issue", "請求書の発行", f"{count:,}通 {total:,}円", proof, left, count=count, amount=total)


def _receipts(session: Session, month: date) -> Step:
    """入金: what came in over the month is what the ledger holds of it in suspense."""
    last = periods.last_day(month)
    found = session.read(
        "SELECT count(*) AS receipts, sum(amount) AS amount FROM receipts_receipt"
        " WHERE id >= ? AND id < ? AND received_on BETWEEN ? AND ?",
        (session.low, session.high, month, last),
    ).row(0)
    kept = session.value(
        "SELECT CAST(-sum(l.amount) AS bigint) AS amount FROM ledger_entry e CROSS JOIN ledger_line l"
        " WHERE l.id >= e.first_line_id AND l.id < e.first_line_id + e.line_count AND e.source = 'receipt'"
        " AND e.id >= ? AND e.id < ? AND e.posted_on BETWEEN ? AND ? AND l.account_id = ?",
        (session.low, session.high, month, last, account_id(session, SUSPENSE)),
    )
    proof = Proof("入金", int(found[1] or 0), "仮受金への計上", int(kept or 0))
    return made(
        "receipts", "入金の取込", f"{found[0]:,}件 {found[1] or 0:,}円", proof, count=found[0], amount=found[1] or 0
    )


SUSPENSE: Final = "仮受金"


def _matching(session: Session, month: date) -> Step:
    """入金の消込: what is not applied at the month's end is the balance of suspense; what nobody knows may stay there."""
    last = periods.last_day(month)
    waiting, amount = work.waiting_receipts(session, last), unapplied(session, month)
    balance = -int(ledger.course(session, [SUSPENSE], [last])[0])
    left = "消込が済まなくても締められます（仮受金に残ります）" if waiting.count else ""
    return made(
        "matching", "入金の消込", f"残り {waiting.count:,}件 {waiting.amount:,}円",
        Proof("月末の未消込", amount, "仮受金の残高", balance), left, count=waiting.count, amount=waiting.amount, soft=True,
    )  # fmt: skip


def _recognition(session: Session, month: date) -> Step:
    """収益の認識: recognised up to the month; billed less recognised is what the ledger holds of contract balances."""
    last, upto = periods.last_day(month), revenue.cutoff(session)
    rolled = revenue.rolled(session, month, last)
    proof = Proof("請求と認識の差", rolled["closing"], "契約負債 − 契約資産", position(session, last).net)
    left = "" if upto is not None and upto >= month else "この月の認識がまだです"
    amount = rolled["recognized"]
    return made("recognition", "収益の認識", f"{amount:,}円", proof, left, amount=amount)


def _ties(session: Session, month: date) -> Step:
    """突合: sub-ledgers and accounts, of all that was recorded since a month was last locked; debits equal credits."""
    wrong = ties(session, since_last_lock(session))
    sides = ledger.balances(session, periods.last_day(month)).select(pl.col("debit", "credit").sum()).row(0)
    proof = Proof("借方合計", int(sides[0]), "貸方合計", int(sides[1]))
    figure = "債権・仮受金・前受金・総勘定元帳"
    return made("ties", "突合", figure, proof, "／".join(wrong[:3]), count=len(wrong), amount=int(sides[0]))


def lock_step(session: Session, month: date) -> Step:
    """締め: locked, and every month before it too; or not yet."""
    every, locked = _months_up_to(session, month), periods.locked_months(session)
    by = closes(session, month)["actor"][-1] if month in locked else ""
    proof = Proof("締めた月", sum(each in locked for each in every), "記帳を始めてからの月", len(every))
    figure = f"締め済み（{by}）" if by else "未"
    return Step("lock", "締め", OPEN if proof.off else DONE, figure, int(bool(by)), 0, proof)


def _months_up_to(session: Session, month: date) -> list[date]:
    """The months from the first with books up to the month, which is always one of them."""
    found, first = [month], first_month(session)
    while first is not None and found[-1] > first:
        found.append(periods.preceding(found[-1]))
    return found


STEPS: Final[tuple[Callable[[Session, date], Step], ...]] = (
    _usage, _billing, _approval, _issue, _receipts, _matching, _recognition, _ties,
)  # fmt: skip
