"""What other rooms may read of receipts."""

from __future__ import annotations

from typing import Final

import polars as pl

from urikake.base.bulk import Session
from urikake.core import payer
from urikake.rooms.parties import queries as parties

RECEIPT: Final = (
    "id, bank_account_id, received_on, amount, payer, folded, reference, virtual_account, bank_code, repeat"
)


def receipts(session: Session, where: str = "", params: tuple[object, ...] = ()) -> pl.DataFrame:
    """Receipts by id, with ``receipt_id``."""
    return session.rows("receipts_receipt", RECEIPT, where, params).rename({"id": "receipt_id"})


def unapplied(session: Session) -> pl.DataFrame:
    """The receipts that are not wholly applied, by id, with ``unapplied`` and the partner they point to.

    ``partner_id`` is that of the virtual account, else of the payer name where exactly one partner bears it.
    """
    names = ", ".join(f"r.{name}" for name in RECEIPT.split(", ")[1:])
    found = session.read(
        f"SELECT r.id AS receipt_id, {names}, u.unapplied FROM receipts_unapplied u"
        " JOIN receipts_receipt r ON r.id = u.receipt_id WHERE u.receipt_id >= ? AND u.receipt_id < ? ORDER BY r.id",
        (session.low, session.high),
    )
    if found.is_empty():
        return found.with_columns(partner_id=pl.lit(None, dtype=pl.Int64))
    return found.with_columns(partner_id=payers(session, found))


def standing(session: Session, wanted: pl.Series) -> pl.DataFrame:
    """The named receipts with what is ``unapplied`` of each, null once wholly applied."""
    session.stage(pl.DataFrame({"wanted_id": wanted.unique()}))
    return session.read(
        "SELECT r.id AS receipt_id, r.amount, u.unapplied FROM stage s JOIN receipts_receipt r ON r.id = s.wanted_id"
        " LEFT JOIN receipts_unapplied u ON u.receipt_id = r.id ORDER BY r.id"
    )


def payers(session: Session, found: pl.DataFrame) -> pl.Series:
    """The partner that each receipt points to, null where none or several."""
    accounts = parties.virtual_accounts(session).unique("virtual_account", keep="none")
    names = parties.payer_names(session).rename({"folded": "name"})
    by_account = found.select("virtual_account").join(accounts, on="virtual_account", how="left", maintain_order="left")
    by_name = payer.resolve(found["payer"], names, found["folded"])
    return by_account.select(pl.coalesce("partner_id", by_name)).to_series()


def named(session: Session, ref: str) -> pl.DataFrame:
    """The receipt called by the ``id`` of its file row, or by our number."""
    by_bank = receipts(session, "bank_code = ?", (ref,))
    if by_bank.height or not ref.isdigit():
        return by_bank
    return receipts(session, "id = ?", (session.low + int(ref),))
