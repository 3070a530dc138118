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
from urikake.rooms.receivables import queries as receivables

from .changes import ADVANCES, SALES, receivable_names
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
USUAL: Final = {
    "invoice": "billed", "receipt": "received", "application": "applied", "advance": "advanced", "refund": "refunded",
    "collection": "collected", "recognition": "recognized", "slip": "entered", "opening": "brought_forward",
}  # fmt: skip
"""The causes that the sources of entries usually are."""
UNUSUAL: Final = (
    ("invoice", "credited", "invoices_invoice", "issue_on", "kind = 'return'"),
    ("receipt", "received_back", "receipts_receipt", "received_on", "reverses_id IS NOT NULL"),
    ("application", "unapplied", "matching_application", "applied_on", "reverses_id IS NOT NULL"),
    ("advance", "unadvanced", "matching_advance_use", "applied_on", "reverses_id IS NOT NULL"),
    ("refund", "unrefunded", "refunds_refund", "pay_on", "reverses_id IS NOT NULL"),
)
"""Of which documents the entries have another cause: their source, the cause, and where they are kept."""


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
    """What the receivable items come to that are open at the month's end."""
    found = receivables.owed_on(session, periods.last_day(month))
    return int(found.filter(pl.col("account_id") != accrued_account(session))["amount"].sum())


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
    first = periods.preceding(month)
    heads = _heads(session, first, periods.last_day(month)).with_columns(earlier=pl.col("posted_on") < month)
    keys = ["account_id", "cause", "difference_kind", "earlier"]
    moved = _lines(session, heads).join(heads, on="entry_id").group_by(keys).agg(pl.col("amount").sum())
    named = accounts(session).select(account_id="id", account="name")
    short = heads.filter(pl.col("missing") != 0).select("difference_kind", "earlier", amount="missing")
    return moved.join(named, on="account_id"), short


def _heads(session: Session, first: date, last: date) -> pl.DataFrame:
    """The entries of the days with their ``cause``, and of applications ``difference_kind`` and what they left ``missing``."""
    heads = ledger.entries(session, first, last)
    usual = pl.col("source").replace_strict(USUAL, default=pl.col("source"), return_dtype=pl.String)
    key = ["source", "source_id"]
    told = heads.join(_unusual(session, first, last), on=key, how="left", maintain_order="left")
    told = told.join(_differing(session, first, last), on=key, how="left", maintain_order="left")
    back = pl.col("unusual").is_not_null()
    return told.with_columns(
        cause=pl.coalesce("unusual", usual),
        difference_kind=pl.col("difference_kind").fill_null(""),
        missing=pl.when(back).then(0).otherwise(pl.col("difference").clip(upper_bound=0).fill_null(0)),
    ).drop("unusual", "difference")


def _unusual(session: Session, first: date, last: date) -> pl.DataFrame:
    """The documents of the days that are returns or reversals: ``source, source_id, unusual``."""
    parts = [
        session.read(
            f"SELECT id AS source_id FROM {table} WHERE id >= ? AND id < ? AND {day} BETWEEN ? AND ? AND {which}",
            (session.low, session.high, first, last),
        ).select("source_id", source=pl.lit(source), unusual=pl.lit(cause))
        for source, cause, table, day, which in UNUSUAL
    ]
    return pl.concat(parts)


def _differing(session: Session, first: date, last: date) -> pl.DataFrame:
    """The applications of the days that left a difference: ``source, source_id, difference_kind, difference``."""
    found = session.read(
        "SELECT id AS source_id, difference_kind, difference FROM matching_application"
        " WHERE id >= ? AND id < ? AND applied_on BETWEEN ? AND ? AND difference <> 0",
        (session.low, session.high, first, last),
    )
    return found.with_columns(source=pl.lit("application"))


def _lines(session: Session, heads: pl.DataFrame) -> pl.DataFrame:
    """The account and amount of every line of the entries, and of others between them: ``entry_id, account_id, amount``."""
    if heads.is_empty():
        return pl.DataFrame(schema=dict.fromkeys(("entry_id", "account_id", "amount"), pl.Int64))
    beyond = heads.select((pl.col("first_line_id") + pl.col("line_count")).max()).item()
    span = (heads["first_line_id"].min(), beyond)
    return session.read("SELECT entry_id, account_id, amount FROM ledger_line WHERE id >= ? AND id < ?", span)


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
    told = {"revenue": _kind(), "tax": _kind(), "advance_received": pl.lit("kept")}.get(of.key, pl.col("cause"))
    return pl.when(pl.col("cause") == "applied").then(told).otherwise("cause")


def _kind() -> pl.Expr:
    """The cause that the kind of an application's difference is."""
    return pl.col("difference_kind").replace_strict(KINDS, default="applied", return_dtype=pl.String)


def behind(session: Session, of: Subject, cause: str, first: date, last: date) -> pl.DataFrame:
    """The entries that moved the subject by the cause on the days: ``entry_id, posted_on, source, source_id, amount``.

    ``amount`` is what of each the cause moved, with the sign of the subject; together they are the step of its bridge.
    """
    ids = accounts(session).filter(pl.col("name").is_in(list(of.names(session))))["id"]
    heads = _heads(session, first, last)
    mine = _lines(session, heads).filter(pl.col("account_id").is_in(ids.implode()))
    sums = mine.group_by("entry_id").agg(pl.col("amount").sum())
    plain = heads.join(sums, on="entry_id", maintain_order="left").with_columns(cause=_cause(of))
    if of.key == "receivable":
        money = plain.with_columns(amount=pl.col("amount") - pl.col("missing"))
        given = plain.filter(pl.col("missing") != 0).with_columns(amount=pl.col("missing"), cause=_kind())
        plain = pl.concat([money, given])
    found = plain.filter((pl.col("cause") == cause) & (pl.col("amount") != 0))
    sign = pl.lit(of.sign, dtype=pl.Int64)
    return found.select("entry_id", "posted_on", "source", "source_id", amount=sign * pl.col("amount"))
