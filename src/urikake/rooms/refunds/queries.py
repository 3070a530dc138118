"""What other rooms may read of refunds."""

from __future__ import annotations

import zlib
from datetime import date
from typing import Final

import polars as pl

from urikake.base.bulk import Session
from urikake.rooms.parties import queries as parties

ACCOUNT: Final = ("bank", "branch", "deposit", "bank_number")
PAYEE: Final = "partner_id, bank, bank_name, branch, branch_name, deposit, bank_number, holder_kana"
SENDER: Final = "bank_account_id, client_code, client_name, bank_name, branch_name, line_end"
REFUND: Final = "id, run_id, partner_id, payee_id, bank_account_id, pay_on, amount, why, reverses_id"
PART: Final = "id, run_id, refund_id, application_id, collected_id, amount"


def payees(session: Session) -> pl.DataFrame:
    """The account that each partner is paid back to, as it stands: ``payee_id`` and its columns."""
    rows = session.table("refunds_payee", f"id, {PAYEE}").sort("id")
    return rows.unique("partner_id", keep="last", maintain_order=True).rename({"id": "payee_id"})


def senders(session: Session) -> pl.DataFrame:
    """Every bank account of ours with its ``bank_account_id, code``, its own columns, and who we are there (null: not told)."""
    names = "id, code, bank, branch, deposit, bank_number, holder_kana, account_id"
    ours = session.table("base_bank_account", names).sort("id").unique("code", keep="last", maintain_order=True)
    told = session.table("refunds_sender", f"id, {SENDER}").sort("id").drop("id")
    newest = told.unique("bank_account_id", keep="last", maintain_order=True)
    return ours.rename({"id": "bank_account_id"}).join(newest, on="bank_account_id", how="left", maintain_order="left")


def refunds(session: Session, where: str = "", params: tuple[object, ...] = ()) -> pl.DataFrame:
    """Refunds by id, and what took one back, with ``refund_id``."""
    return session.rows("refunds_refund", REFUND, where, params).rename({"id": "refund_id"})


def parts(session: Session, where: str = "", params: tuple[object, ...] = ()) -> pl.DataFrame:
    """What of refunds is of advances, by id."""
    return session.rows("refunds_part", PART, where, params)


def paid_back(session: Session, as_of: date) -> pl.DataFrame:
    """What of each advance was paid back by the day: ``application_id, collected_id, amount``, last on ``pay_on``."""
    days = refunds(session, "pay_on <= ?", (as_of,)).select("refund_id", "pay_on")
    every = parts(session).join(days, on="refund_id")
    return every.group_by("application_id", "collected_id").agg(pl.col("amount").sum(), pl.col("pay_on").max())


def standing(session: Session, as_of: date = date.max) -> pl.DataFrame:
    """Every refund by id as it stands on the day: its columns, the partner's ``code`` and ``name``, its account, and more.

    ``transfer_id`` is the file that it stands in, null where it stands in none; ``returned_on`` the day on which it was taken
    back and ``returned_why`` what for; ``state`` is ``unfiled``, ``filed`` or ``came_back``.
    """
    every = refunds(session, "pay_on <= ?", (as_of,))
    back = every.filter(pl.col("reverses_id").is_not_null()).select(
        refund_id="reverses_id", returned_on="pay_on", returned_why="why"
    )
    own = every.filter(pl.col("reverses_id").is_null()).drop("reverses_id")
    accounts = session.table("refunds_payee", f"id, {PAYEE}").rename({"id": "payee_id"}).drop("partner_id")
    names = parties.profiles(session, "name").select("partner_id", "code", "name")
    found = own
    for other, key in (
        (back, "refund_id"),
        (_filed(session), "refund_id"),
        (accounts, "payee_id"),
        (names, "partner_id"),
    ):
        found = found.join(other, on=key, how="left", maintain_order="left")
    state = (
        pl.when(pl.col("returned_on").is_not_null())
        .then(pl.lit("came_back"))
        .when(pl.col("transfer_id").is_not_null())
        .then(pl.lit("filed"))
        .otherwise(pl.lit("unfiled"))
    )
    return found.with_columns(state=state)


def _filed(session: Session) -> pl.DataFrame:
    """The file that each refund stands in, but for files that were withdrawn: ``refund_id, transfer_id``."""
    lines = session.table("refunds_line", "id, transfer_id, refund_id").drop("id")
    gone = session.table("refunds_withdrawal", "id, transfer_id").drop("id")
    return lines.join(gone, on="transfer_id", how="anti").select("refund_id", "transfer_id")


def transfers(session: Session) -> pl.DataFrame:
    """Every file by id: ``transfer_id, bank_account_id, pay_on, attempt, transfer_count, amount, digest``, ``why`` if withdrawn."""
    names = "id, run_id, bank_account_id, pay_on, attempt, transfer_count, amount, digest"
    made = session.table("refunds_transfer", names).rename({"id": "transfer_id"})
    gone = session.table("refunds_withdrawal", "id, transfer_id, why").drop("id")
    return made.join(gone, on="transfer_id", how="left", maintain_order="left").sort("transfer_id")


def lines(session: Session, transfer_id: int) -> pl.DataFrame:
    """The refunds of a file in its order: ``refund_id, change``."""
    found = session.rows("refunds_line", "id, transfer_id, refund_id, change", "transfer_id = ?", (transfer_id,))
    return found.select("refund_id", "change")


def file_of(session: Session, transfer_id: int) -> bytes:
    """The file as it was made."""
    return zlib.decompress(session.value("SELECT file_deflated FROM refunds_transfer WHERE id = ?", (transfer_id,)))


def last_accounts(session: Session, bank_account_id: int) -> pl.DataFrame:
    """By ``partner_id`` the account that our bank last paid; files that were withdrawn and refunds that came back do not count."""
    paid = standing(session).filter((pl.col("bank_account_id") == bank_account_id) & (pl.col("state") == "filed"))
    return paid.sort("refund_id").unique("partner_id", keep="last", maintain_order=True).select("partner_id", *ACCOUNT)
