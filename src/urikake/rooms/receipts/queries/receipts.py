"""What other rooms may read of receipts."""

from __future__ import annotations

from typing import Final

import polars as pl

from urikake.base.bulk import Session
from urikake.core import payer
from urikake.rooms.parties import queries as parties

RECEIPT: Final = "id, bank_account_id, received_on, amount, payer, folded, reference, virtual_account, bank_code, repeat, reverses_id"

_DIGITS: Final = 13  # digits that a number of ours stays below

TO_MATCH: Final = "received_on, amount, payer, folded, reference, virtual_account"


def receipts(session: Session, where: str = "", params: tuple[object, ...] = ()) -> pl.DataFrame:
    """Receipts by id, with ``receipt_id``."""
    return session.rows("receipts_receipt", RECEIPT, where, params).rename({"id": "receipt_id"})


def unapplied(session: Session, names: str = RECEIPT.removeprefix("id, ")) -> pl.DataFrame:
    """The receipts that are not wholly applied, by id, with ``unapplied`` and the partner they point to.

    ``names`` are the columns of the receipt to read, with those of ``TO_MATCH`` among them.

    ``partner_id`` is that of the virtual account, else of the payer name where exactly one partner bears it.
    """
    wanted = ", ".join(f"r.{name}" for name in names.split(", "))
    found = session.read(
        f"SELECT r.id AS receipt_id, {wanted}, u.unapplied FROM receipts_unapplied u"
        " JOIN receipts_receipt r ON r.id = u.receipt_id WHERE u.receipt_id >= ? AND u.receipt_id < ? ORDER BY r.id",
        (session.low, session.high),
    )
    if found.is_empty():
        return found.with_columns(partner_id=pl.lit(None, dtype=pl.Int64))
    return found.with_columns(partner_id=payers(session, found))


def returned(session: Session, receipt_id: int) -> int | None:
    """The receipt by which the bank took this one back, if it did."""
    found = session.rows("receipts_receipt", "id", "reverses_id = ?", (receipt_id,))
    return int(found["id"][0]) if found.height else None


def standing(session: Session, wanted: pl.Series) -> pl.DataFrame:
    """The named receipts with what is ``unapplied`` of each, null once wholly applied."""
    session.stage(pl.DataFrame({"wanted_id": wanted.unique()}))
    return session.read(
        "SELECT r.id AS receipt_id, r.amount, u.unapplied FROM stage s JOIN receipts_receipt r ON r.id = s.wanted_id"
        " LEFT JOIN receipts_unapplied u ON u.receipt_id = r.id ORDER BY r.id"
    )


def payers(session: Session, found: pl.DataFrame) -> pl.Series:
    """The partner that each receipt points to, null where none or several."""
    by_name = payer.identified(found["payer"], found["folded"], _bearers(session))
    accounts = parties.virtual_accounts(session)
    if accounts.is_empty():
        return by_name.alias("partner_id")
    sole = accounts.unique("virtual_account", keep="none")
    by_account = found.select("virtual_account").join(sole, on="virtual_account", how="left", maintain_order="left")
    return by_account.select(pl.coalesce("partner_id", by_name)).to_series()


def _bearers(session: Session) -> payer.Bearers:
    """Who bears which payer name, made ready once for as long as no name is added."""

    def read() -> payer.Bearers:
        return payer.bearers(parties.payer_names(session).rename({"folded": "name"}))

    return session.derived("payer_bearers", ("parties_payer_name",), read)


def named(session: Session, ref: str) -> pl.DataFrame:
    """The receipt called by the ``id`` of its file row, or by our number."""
    by_bank = receipts(session, "bank_code = ?", (ref,))
    if by_bank.height or not (ref.isascii() and ref.isdecimal() and len(ref) < _DIGITS):
        return by_bank
    return receipts(session, "id = ?", (session.low + int(ref),))
