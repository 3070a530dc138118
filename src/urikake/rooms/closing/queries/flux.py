"""How the balances of a month came from those of the month before (増減のブリッジ): by cause, to the yen, with the entries behind.

Every line of an entry has one cause, so the causes of a month sum to what moved whatever is posted; a kind of entry that
this page does not know stands under its own name. What an application settles without money (手数料・値引・貸倒 …) is told
apart from the money.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import polars as pl

from urikake.base import periods
from urikake.base.bulk import Session
from urikake.base.company import accounts
from urikake.rooms.catalog.queries import DEPOSITS, products
from urikake.rooms.ledger import queries as ledger

from .changes import ADVANCES, SALES, owed, receivable_names
from .proofs import accrued_account

CAUSES: Final = {
    "brought_forward": "移行残高",
    "billed": "請求",
    "credited": "返還・取消の請求書",
    "received": "入金",
    "received_back": "組戻し・銀行の取消",
    "applied": "消込",
    "fees": "振込手数料の差引",
    "discounted": "売上値引",
    "withheld_tax": "源泉徴収",
    "written_off": "貸倒",
    "rounded_off": "雑損益",
    "kept": "前受金として預かり",
    "unapplied": "消込の取消",
    "collected": "収納代行",
    "advanced": "前受金の充当",
    "unadvanced": "充当の取消",
    "refunded": "返金",
    "unrefunded": "返金の取消",
    "recognized": "収益認識",
    "entered": "債権伝票",
}
"""What moves balances, in the order in which it is told."""
KINDS: Final = {
    "fee": "fees", "discount": "discounted", "withheld": "withheld_tax", "write-off": "written_off", "misc": "rounded_off",
    "advance": "kept",
}  # fmt: skip
"""What becomes of the difference of an application, as causes."""
CAUSE: Final = (
    "CASE e.source WHEN 'invoice' THEN CASE i.kind WHEN 'return' THEN 'credited' ELSE 'billed' END"
    " WHEN 'receipt' THEN CASE WHEN r.reverses_id IS NULL THEN 'received' ELSE 'received_back' END"
    " WHEN 'application' THEN CASE WHEN m.reverses_id IS NULL THEN 'applied' ELSE 'unapplied' END"
    " WHEN 'advance' THEN CASE WHEN u.reverses_id IS NULL THEN 'advanced' ELSE 'unadvanced' END"
    " WHEN 'refund' THEN CASE WHEN f.reverses_id IS NULL THEN 'refunded' ELSE 'unrefunded' END"
    " WHEN 'collection' THEN 'collected' WHEN 'recognition' THEN 'recognized' WHEN 'slip' THEN 'entered'"
    " WHEN 'opening' THEN 'brought_forward' ELSE e.source END"
)
SOURCES: Final = (
    " LEFT JOIN invoices_invoice i ON e.source = 'invoice' AND i.id = e.source_id"
    " LEFT JOIN receipts_receipt r ON e.source = 'receipt' AND r.id = e.source_id"
    " LEFT JOIN matching_application m ON e.source = 'application' AND m.id = e.source_id"
    " LEFT JOIN matching_advance_use u ON e.source = 'advance' AND u.id = e.source_id"
    " LEFT JOIN refunds_refund f ON e.source = 'refund' AND f.id = e.source_id"
)
MOVED: Final = (
    f"SELECT l.account_id, {CAUSE} AS source, coalesce(m.difference_kind, '') AS difference_kind,"
    " CASE WHEN e.posted_on < ? THEN 1 ELSE 0 END AS earlier, sum(l.amount) AS amount"
    " FROM ledger_entry e JOIN ledger_line l ON l.id >= e.first_line_id AND l.id < e.first_line_id + e.line_count"
    f"{SOURCES} WHERE e.id >= ? AND e.id < ? AND e.posted_on BETWEEN ? AND ? GROUP BY 1, 2, 3, 4"
)
SHORT: Final = (
    "SELECT difference_kind, CASE WHEN applied_on < ? THEN 1 ELSE 0 END AS earlier, sum(difference) AS amount"
    " FROM matching_application WHERE id >= ? AND id < ? AND applied_on BETWEEN ? AND ? AND reverses_id IS NULL"
    " AND difference < 0 GROUP BY 1, 2"
)
"""What receipts left missing of what they settled."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What is looked at: its name, its accounts, the side that is positive, and another way to find its end.

    A ``flow`` is what came in a month (売上); the others are balances on a day.
    """

    key: str
    title: str
    names: Callable[[Session], Sequence[str]]
    sign: int
    check: Callable[[Session, date], int] | None = None
    checked_by: str = ""
    flow: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """A cause: what it moved last month and this month, and its part of the bridge."""

    cause: str
    last: int
    this: int
    amount: int

    @property
    def title(self) -> str:
        """The cause in words."""
        return CAUSES.get(self.cause, self.cause)


@dataclass(frozen=True, slots=True)
class Flux:
    """A subject over a month: from its opening by its steps to its closing; ``check`` is the closing found another way."""

    subject: Subject
    opening: int
    steps: list[Step]
    closing: int
    check: int | None

    @property
    def off(self) -> int:
        """What the steps leave unexplained, or else what the other way of finding the closing differs by."""
        gap = self.closing - self.opening - sum(step.amount for step in self.steps)
        return gap or (0 if self.check is None else self.closing - self.check)


def sales_names(session: Session) -> list[str]:
    """The accounts of revenue: those of the products but for deposits, and what lowers them (売上値引)."""
    ids = products(session)["revenue_account_id"].unique()
    named = accounts(session).filter(pl.col("id").is_in(ids.implode()) | pl.col("name").is_in(SALES))
    return named.filter(pl.col("name") != DEPOSITS)["name"].to_list()


def _asset_names(session: Session) -> list[str]:
    """The account on which revenue stands that is not billed yet, where no receivables share it."""
    return [] if accrued_account(session) else ["契約資産"]


def _open_items(session: Session, month: date) -> int:
    return owed(session, month).check or 0


def unapplied(session: Session, month: date) -> int:
    """The receipts of up to the month's end less what was applied of them by then."""
    last = periods.last_day(month)
    span = (session.low, session.high, last)
    found = session.read(
        "SELECT (SELECT sum(amount) FROM receipts_receipt WHERE id >= ? AND id < ? AND received_on <= ?) AS received,"
        " (SELECT sum(used) FROM matching_application WHERE id >= ? AND id < ? AND applied_on <= ?) AS used",
        span * 2,
        received=pl.Int64, used=pl.Int64,
    ).row(0)  # fmt: skip
    return int(found[0] or 0) - int(found[1] or 0)


SUBJECTS: Final = (
    Subject("revenue", "売上", sales_names, -1, flow=True),
    Subject("receivable", "売掛金", receivable_names, 1, _open_items, "債権明細"),
    Subject("contract_asset", "契約資産", _asset_names, 1),
    Subject("advance_received", "前受金・契約負債", lambda _: ADVANCES, -1),
    Subject("suspense", "仮受金", lambda _: ("仮受金",), -1, unapplied, "消し込んでいない入金"),
    Subject("tax", "仮受消費税", lambda _: ("仮受消費税",), -1),
)


def flux(session: Session, month: date) -> list[Flux]:
    """Every subject over the month against the month before; one that never moved is left out."""
    moved, short = _moved(session, month)
    found = [_one(session, subject, month, moved, short) for subject in SUBJECTS]
    return [each for each in found if each.opening or each.closing or each.steps]


def subject(key: str) -> Subject | None:
    """The subject of that name."""
    return next((each for each in SUBJECTS if each.key == key), None)


def _moved(session: Session, month: date) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What the lines of both months moved by account and cause, and what applications settled without money."""
    span = (month, session.low, session.high, periods.preceding(month), periods.last_day(month))
    moved = session.read(MOVED, span).with_columns(pl.col("earlier").cast(pl.Boolean))
    short = session.read(SHORT, span).with_columns(pl.col("earlier").cast(pl.Boolean))
    named = accounts(session).select(account_id="id", account="name")
    return moved.join(named, on="account_id", maintain_order="left"), short


def _one(session: Session, of: Subject, month: date, moved: pl.DataFrame, short: pl.DataFrame) -> Flux:
    names = list(of.names(session))
    mine = _caused(of, moved.filter(pl.col("account").is_in(names)), short)
    steps = [
        Step(cause, of.sign * last, of.sign * this, of.sign * (this - last if of.flow else this))
        for cause, last, this in _by_cause(mine).iter_rows()
    ]
    if of.flow:
        opening, closing = sum(step.last for step in steps), sum(step.this for step in steps)
    else:
        ends = ledger.course(session, names, [month - timedelta(1), periods.last_day(month)])
        opening, closing = (of.sign * int(end) for end in ends)
    check = of.check(session, month) if of.check else None
    return Flux(of, opening, steps, closing, check)


def _by_cause(mine: pl.DataFrame) -> pl.DataFrame:
    """By cause what moved last month and this month: ``cause, last, this``, in the order in which causes are told."""
    amount = pl.col("amount")
    sums = mine.group_by("cause").agg(
        last=amount.filter(pl.col("earlier")).sum(), this=amount.filter(~pl.col("earlier")).sum()
    )
    order = pl.col("cause").replace_strict(list(CAUSES), list(range(len(CAUSES))), default=len(CAUSES))
    told = sums.filter((pl.col("last") != 0) | (pl.col("this") != 0))
    return told.sort(order, "cause").select("cause", "last", "this")


def _caused(of: Subject, mine: pl.DataFrame, short: pl.DataFrame) -> pl.DataFrame:
    """The moves of a subject with their ``cause``: ``cause, earlier, amount``.

    On receivables, what applications settle without money is taken out of them and told by its kind.
    """
    plain = mine.select("earlier", "amount", cause=_cause(of))
    if of.key != "receivable":
        return plain
    given = short.select("earlier", "amount", cause=_kind())
    taken = short.select("earlier", amount=-pl.col("amount"), cause=pl.lit("applied"))
    return pl.concat([plain, given, taken])


def _cause(of: Subject) -> pl.Expr:
    """The cause of a line of the subject.

    On revenue and tax an application is what became of its difference, on advances what was kept of it.
    """
    told = {"revenue": _kind(), "tax": _kind(), "advance_received": pl.lit("kept")}.get(of.key, pl.col("source"))
    return pl.when(pl.col("source") == "applied").then(told).otherwise("source")


def _kind() -> pl.Expr:
    """The cause that the kind of an application's difference is."""
    return pl.col("difference_kind").replace_strict(KINDS, default="applied", return_dtype=pl.String)


BEHIND: Final = (
    f"SELECT e.id AS entry_id, e.posted_on, e.source AS document, e.source_id, {CAUSE} AS source,"
    " coalesce(m.difference_kind, '') AS difference_kind,"
    " CASE WHEN m.reverses_id IS NULL AND m.difference < 0 THEN m.difference ELSE 0 END AS missing, sum(l.amount) AS amount"
    " FROM ledger_entry e JOIN ledger_line l ON l.id >= e.first_line_id AND l.id < e.first_line_id + e.line_count"
    f"{SOURCES} WHERE e.id >= ? AND e.id < ? AND e.posted_on BETWEEN ? AND ? AND l.account_id IN ({{marks}})"
    " GROUP BY 1, 2, 3, 4, 5, 6, 7 ORDER BY 2, 1"
)


def behind(session: Session, of: Subject, cause: str, first: date, last: date) -> pl.DataFrame:
    """The entries that moved the subject by the cause on the days: ``entry_id, posted_on, source, source_id, amount``.

    ``amount`` is what of each the cause moved, with the sign of the subject; together they are the step of its bridge.
    """
    ids = accounts(session).filter(pl.col("name").is_in(list(of.names(session))))["id"].to_list()
    query = BEHIND.format(marks=", ".join("?" * len(ids)) or "0")
    found = session.read(query, (session.low, session.high, first, last, *ids), document=pl.String)
    plain = found.with_columns(cause=_cause(of))
    if of.key == "receivable":
        money = plain.with_columns(amount=pl.col("amount") - pl.col("missing"))
        given = plain.filter(pl.col("missing") != 0).with_columns(amount=pl.col("missing"), cause=_kind())
        plain = pl.concat([money, given])
    mine = plain.filter((pl.col("cause") == cause) & (pl.col("amount") != 0))
    return mine.select(
        "entry_id",
        "posted_on",
        "source_id",
        source="document",
        amount=pl.lit(of.sign, dtype=pl.Int64) * pl.col("amount"),
    )
