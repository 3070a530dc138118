"""Paying back (返金): advances received and credits that a customer is to have in money, asked for and approved."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import polars as pl

from urikake.base import company, periods
from urikake.base.access import action
from urikake.base.bulk import Session
from urikake.base.errors import Refusal
from urikake.core.calendar import business_days
from urikake.rooms.parties import queries as parties
from urikake.rooms.receivables import actions as receivables_pen
from urikake.rooms.receivables import queries as receivables
from urikake.rooms.refunds import actions as refunds

from .. import queries
from .named import is_number, named_items, part_of

ADVANCE_NAME: Final = re.compile(r"(application|collected)-\d+")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A refund that can be made: whose, to which account (``payee`` in words) and from which of ours, when, what of what.

    ``parts`` are of advances (``application_id, collected_id, amount``), ``moves`` of credits (``item_id, moved``).
    """

    partner_id: int
    payee_id: int
    payee: str
    bank_account_id: int
    on: date
    why: str
    parts: pl.DataFrame
    moves: pl.DataFrame
    of: tuple[str, ...]
    """What it is of, each with its amount: asked for so, it is the same later or it is refused."""
    owing: int
    """What the partner owes on open documents, which the money might be applied to instead."""

    @property
    def amount(self) -> int:
        """What is paid back in all."""
        return int(self.parts["amount"].sum()) + int(self.moves["moved"].sum())


def wanted(session: Session, *, partner: str, of: Sequence[str], on: date, account: str, why: str) -> Wanted:
    """The refund that is asked for: ``of`` names advances and credits of the partner, each with ``=AMOUNT`` for a part of it.

    Refused where it cannot be made: not the partner's, not so much left, no account to pay to, no business day of banks.
    """
    known = parties.codes(session).filter(pl.col("code") == partner)
    if known.is_empty():
        raise Refusal("no-partner", f"取引先「{partner}」はありません。", "取引先コードを確かめてください。")
    partner_id = int(known["partner_id"][0])
    if not of:
        raise Refusal(
            "nothing-chosen", "返すものが選ばれていません。", "前受金か、マイナスの請求書を指定してください。"
        )
    if len(set(names := [text.partition("=")[0] for text in of])) < len(names):
        raise Refusal("named-twice", "同じものを二度指定しています。", "一つは一度だけ指定してください。")
    if not why.strip() or len(why) > refunds.LONGEST:
        raise Refusal("no-reason", "返金の理由がないか、長すぎます。", f"{refunds.LONGEST}字までで書いてください。")
    if business_days(pl.Series([on]), pl.Series(["after"]))[0] != on:
        raise Refusal("bank-holiday", f"{on:%Y-%m-%d} は銀行の休業日です。", "銀行の営業日を指定してください。")
    periods.require_open(session, on)
    bank_id, _ = company.bank_account(session, account)
    kept = _kept(session, [text for text in of if ADVANCE_NAME.match(text)], partner_id, on)
    credits = [(text, _of_credit(session, text, partner_id, on)) for text in of if not ADVANCE_NAME.match(text)]
    owed = _together(credits)
    frozen = [f"{text.partition('=')[0]}={amount}" for text, amount in [*_amounts(of, kept), *_sums(credits)]]
    payee = refunds.payee_of(session, partner_id, partner)
    return Wanted(
        partner_id,
        payee["payee_id"],
        refunds.told(payee),
        bank_id,
        on,
        why.strip(),
        kept,
        owed,
        tuple(frozen),
        _owing(session, partner_id),
    )


def _kept(session: Session, texts: Sequence[str], partner_id: int, on: date) -> pl.DataFrame:
    """What of the advances is paid back."""
    every = queries.advances(session)
    rows = [_of_advance(every, text, partner_id, on) for text in texts]
    schema = {"application_id": pl.Int64, "collected_id": pl.Int64, "amount": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _of_advance(every: pl.DataFrame, text: str, partner_id: int, on: date) -> tuple[int | None, int | None, int]:
    name, _, typed = text.partition("=")
    found = every.filter((pl.col("name") == name) & (pl.col("partner_id") == partner_id))
    if found.is_empty():
        raise Refusal(
            "no-advance-named",
            f"この取引先の前受金「{name}」はありません。",
            "report advances で番号を確かめてください。",
        )
    row = found.row(0, named=True)
    _require_there(name, row["last_on"], on)
    return row["application_id"], row["collected_id"], _amount(text, typed, row["left"])


def _owing(session: Session, partner_id: int) -> int:
    """What the partner owes on open documents."""
    items = receivables.open_items(session).filter((pl.col("partner_id") == partner_id) & (pl.col("balance") > 0))
    return int(items["balance"].sum())


def _amounts(of: Sequence[str], kept: pl.DataFrame) -> list[tuple[str, int]]:
    """The advances by name with what is paid back of each."""
    names = [text for text in of if ADVANCE_NAME.match(text)]
    return list(zip(names, kept["amount"], strict=True))


def _sums(credits: Sequence[tuple[str, pl.DataFrame]]) -> list[tuple[str, int]]:
    """The credits by name with what is paid back of each."""
    return [(text, int(rows["moved"].sum())) for text, rows in credits]


def _together(credits: Sequence[tuple[str, pl.DataFrame]]) -> pl.DataFrame:
    """What of the credits is paid back: their items go up towards nothing; refused where one is named twice."""
    none = pl.DataFrame(schema={"item_id": pl.Int64, "moved": pl.Int64})
    every = pl.concat([none, *(rows for _, rows in credits)])
    if every["item_id"].is_duplicated().any():
        raise Refusal("named-twice", "同じ残高を、別の書き方で二度指定しています。", "一つは一度だけ指定してください。")
    return every


def _of_credit(session: Session, text: str, partner_id: int, on: date) -> pl.DataFrame:
    name, _, typed = text.partition("=")
    items = named_items(session, [name]).with_columns(balance=-pl.col("amount")).filter(pl.col("balance") > 0)
    if items.is_empty() or (items["partner_id"] != partner_id).any():
        raise Refusal(
            "no-credit",
            f"「{name}」は、この取引先に返すマイナスの残高ではありません。",
            "マイナスの残高のある請求書を指定してください。",
        )
    ids = items["item_id"].to_list()
    moved = receivables.movements(session, f"item_id IN ({', '.join('?' * len(ids))})", tuple(ids))["moved_on"]
    _require_there(name, max([*items["on"], *moved]), on)
    asked = items.select("item_id", "partner_id", "due_on", posted_on="on", balance="balance")
    amount = _amount(text, typed, int(items["balance"].sum()))
    return part_of(session, asked, amount).filter(pl.col("amount") > 0).select("item_id", moved="amount")


def _amount(text: str, typed: str, left: int) -> int:
    """How much of what is left: all of it where no amount is told."""
    if left <= 0:
        raise Refusal(
            "nothing-left",
            f"「{text}」には返せる残りがありません。",
            "report advances・report statement で確かめてください。",
        )
    if not typed:
        return left
    if not is_number(typed) or not 0 < int(typed) <= left:
        raise Refusal("bad-amount", f"「{text}」の金額が使えません。", f"1〜{left} の整数で指定してください。")
    return int(typed)


def _require_there(name: str, there: date, on: date) -> None:
    if on < there:
        raise Refusal(
            "too-early",
            f"支払日 {on:%Y-%m-%d} が、{name} の計上か最後の動きより前です。",
            f"{there:%Y-%m-%d} 以後の日を指定してください。",
        )


@action("refunds.ask")
def refund(session: Session, *, wanted: Wanted) -> refunds.Refunded:
    """Record the refund and move its credits."""
    made, parts = refunds.pay_back(
        session, partner_id=wanted.partner_id, payee_id=wanted.payee_id, bank_account_id=wanted.bank_account_id,
        on=wanted.on, why=wanted.why, amount=wanted.amount, parts=wanted.parts,
    )  # fmt: skip
    return _moved(session, made, parts, wanted.moves, "refunded")


@action("refunds.ask")
def take_refund_back(session: Session, *, refund_id: int, why: str, on: date | None = None) -> refunds.Refunded:
    """Take back a refund whose money did not go (振込不能, or not sent): advances and credits are open again."""
    made, parts = refunds.take_refund_back(session, refund_id=refund_id, why=why, on=on)
    before = receivables.movements(session, "source_id = ? AND kind = 'refunded'", (refund_id,))
    return _moved(session, made, parts, before.select("item_id", moved=-pl.col("moved")), "unrefunded")


def _moved(
    session: Session, made: pl.DataFrame, parts: pl.DataFrame, moves: pl.DataFrame, kind: str
) -> refunds.Refunded:
    row: dict[str, Any] = made.row(0, named=True)
    known = receivables.standing(session, moves["item_id"])
    dated = moves.with_columns(
        kind=pl.lit(kind), moved_on=pl.lit(row["pay_on"]), source_id=pl.lit(row["refund_id"], dtype=pl.Int64)
    )
    return refunds.Refunded(made, parts, receivables_pen.move(session, moves=dated, known=known), known)
