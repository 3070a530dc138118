"""Accounts that partners are paid back to (返金先口座), taken when a second person approves, and who we are at our banks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import polars as pl

from urikake.base import facts, proposals
from urikake.base.access import action
from urikake.base.bulk import Session
from urikake.base.errors import Refusal
from urikake.core.formats import bank_kana, zengin21
from urikake.rooms.intake.actions import keep_new, record_file
from urikake.rooms.intake.queries import Column, Kind, Sheet, check_account, check_digits, check_kana, kana, options
from urikake.rooms.parties import queries as parties

from .. import queries
from ..models import Payee, Sender

NAME: Final = "payee"
"""The kind of proposal that accounts of payees are: money would go elsewhere."""
DEPOSITS: Final = tuple(zengin21.DEPOSITS)
LINE_ENDS: Final = {"crlf": "\r\n", "none": ""}
PAYEES: Final = Kind(
    "payees",
    (
        Column("partner", "取引先コード", required=True),
        Column("bank", "銀行番号", required=True),
        Column("bank_name", "銀行名"),
        Column("branch", "支店番号", required=True),
        Column("branch_name", "支店名"),
        options("deposit", "預金種目", *DEPOSITS, required=True),
        Column("number", "口座番号", required=True),
        Column("holder", "受取人名", required=True),
    ),
)
SENDERS: Final = Kind(
    "senders",
    (
        Column("account", "銀行口座", required=True),
        Column("client_code", "振込依頼人コード", required=True),
        Column("client_name", "振込依頼人名"),
        Column("bank_name", "仕向銀行名"),
        Column("branch_name", "仕向支店名"),
        options("line_end", "改行", *LINE_ENDS),
    ),
)
KEPT: Final = queries.PAYEE.split(", ")[1:]


@action("refunds.ask")
def import_payees(session: Session, *, sheet: Sheet) -> int:
    """Ask for accounts to pay partners back to, and return how many say something new; refused whole if any row is wrong.

    They hold when another person approves them, at once where the company wants no second person for accounts.
    """
    twice = pl.col("partner").is_duplicated() & pl.col("partner").is_not_null()
    sheet.check(twice, "partner", "同じ取引先の行が二つあります")
    parties.check_partner(session, sheet, "partner")
    check_account(sheet, "holder")
    sheet.accept()
    rows = sheet.frame.select(
        "partner", "bank", "branch", "deposit",
        *(kana(sheet.frame, name, bank_kana.BANK) for name in ("bank_name", "branch_name")),
        bank_number="number", holder_kana=kana(sheet.frame, "holder", bank_kana.NAME),
    )  # fmt: skip
    known = queries.payees(session).join(parties.codes(session).rename({"code": "partner"}), on="partner_id")
    fresh = rows.join(known, on=["partner", *KEPT], how="anti", maintain_order="left")
    fresh = fresh.join(_asked(session), on=["partner", *KEPT], how="anti", maintain_order="left")
    if fresh.height:
        record_file(session, sheet=sheet)
        proposals.propose(session, NAME, {"rows": fresh.to_dicts()}, f"{sheet.name} から")
    return fresh.height


def _asked(session: Session) -> pl.DataFrame:
    """The accounts that wait for a second person already."""
    rows = [row for content in proposals.asked(session, NAME) for row in content["rows"]]
    return pl.DataFrame(rows, schema=dict.fromkeys(["partner", *KEPT], pl.String))


def _identified(session: Session, content: proposals.Content) -> pl.DataFrame:
    """The accounts that are asked for, with their partners' ids."""
    rows = pl.DataFrame(content["rows"], schema=dict.fromkeys(["partner", *KEPT], pl.String))
    return parties.identified(session, rows, partner="partner_id")


def _check(session: Session, content: proposals.Content) -> None:
    _identified(session, content)


def _do(session: Session, content: proposals.Content) -> None:
    rows = _identified(session, content)
    fresh = rows.join(queries.payees(session), on=["partner_id", *KEPT], how="anti", maintain_order="left")
    if fresh.height:
        facts.record(session, Payee, fresh)


def told(payee: Mapping[str, Any]) -> str:
    """An account in words: bank and branch, kind, number, holder."""
    return f"{payee['bank']}-{payee['branch']} {payee['deposit']} {payee['bank_number']} {payee['holder_kana']}"


def words(content: proposals.Content) -> str:
    """What is asked for, in words."""
    first: dict[str, Any] = content["rows"][0]
    account = f"{first['partner']} → {told(first)}"
    more = len(content["rows"]) - 1
    return f"返金先口座 {account}" + (f" ほか{more}件" if more else "")


proposals.kind(
    proposals.Kind(
        NAME, "返金先口座の登録", "refunds.ask", "refunds.approve", _check, _do, words, policy="bank-account"
    )
)


@action("refunds.ask")
def import_senders(session: Session, *, sheet: Sheet) -> int:
    """Take who we are at our banks (振込依頼人) and return how many say something new; refused whole if any row is wrong."""
    ours = queries.senders(session)
    sheet.check(
        pl.col("account").is_duplicated() & pl.col("account").is_not_null(), "account", "同じ銀行口座の行が二つあります"
    )
    sheet.check(~pl.col("account").is_in(ours["code"].implode()), "account", "この銀行口座は登録されていません")
    nameless = ours.filter(pl.col("holder_kana") == "")["code"].implode()
    sheet.check(
        pl.col("client_name").is_null() & pl.col("account").is_in(nameless), "client_name",
        "銀行口座に名義がないため、書いてください",
    )  # fmt: skip
    check_digits(sheet, "client_code", 10)
    check_kana(sheet, "client_name", 40, bank_kana.NAME)
    for name in ("bank_name", "branch_name"):
        check_kana(sheet, name, 15, bank_kana.BANK)
    sheet.accept()
    holders = ours.select("bank_account_id", "holder_kana", account="code")
    frame = sheet.frame.join(holders, on="account", how="left", maintain_order="left")
    named = frame.with_columns(client_name=pl.coalesce("client_name", "holder_kana"))
    rows = named.with_columns(
        *(kana(named, name, bank_kana.BANK) for name in ("bank_name", "branch_name")),
        kana(named, "client_name", bank_kana.NAME),
        line_end=pl.col("line_end").fill_null("crlf"),
    )
    names = queries.SENDER.split(", ")
    known = ours.filter(pl.col("client_code").is_not_null()).select(names)
    return keep_new(session, sheet=sheet, model=Sender, rows=rows, known=known, names=names)


def payee_of(session: Session, partner_id: int, code: str) -> dict[str, Any]:
    """The account that the partner is paid back to; refused where there is none."""
    found = queries.payees(session).filter(pl.col("partner_id") == partner_id)
    if found.is_empty():
        raise Refusal(
            "no-payee",
            f"取引先「{code}」の返金先口座がありません。",
            "urikake import payees か取引先の画面で登録してください。",
        )
    return found.row(0, named=True)
