"""What other rooms may read of partners."""

from __future__ import annotations

from typing import Final

import polars as pl

from urikake.base.bulk import Session
from urikake.core.lookup import looked_up
from urikake.rooms.intake.queries import Sheet

TABLES = ("parties_partner", "parties_profile", "parties_terms")
PROFILE = (
    "name, kana, registration_number, bill_to_id, parent_id, postal_code, address, email, terms_id, credit_limit, "
    "currency, receivable_account_id, delivery, peppol_id, invoice_grouping, tax_unit, minimum_invoice, "
    "fee_bearer"
)


def codes(session: Session) -> pl.DataFrame:
    """Every partner's ``partner_id`` and ``code``."""
    return session.table("parties_partner", "id, code").rename({"id": "partner_id"})


def check_partner(session: Session, sheet: Sheet, name: str) -> None:
    """Note the codes in the column that no partner has."""
    known = codes(session)["code"].implode()
    sheet.check(~pl.col(name).is_in(known), name, "この取引先はありません")


def identified(session: Session, frame: pl.DataFrame, **columns: str) -> pl.DataFrame:
    """The rows with the id of the partner whose code stands in each named column."""
    ids = dict(codes(session).select("code", "partner_id").iter_rows())
    return frame.with_columns(
        pl.col(code).replace_strict(ids, return_dtype=pl.Int64).alias(name) for code, name in columns.items()
    )


def profiles(session: Session, names: str = PROFILE) -> pl.DataFrame:
    """The newest profile of every partner: ``partner_id``, ``code`` and the named columns."""
    rows = session.table("parties_profile", f"id, partner_id, {names}").drop("id")
    newest = rows if rows["partner_id"].n_unique() == rows.height else rows.unique("partner_id", keep="last")
    return looked_up(codes(session), newest.sort("partner_id"), "partner_id")


def profiles_then(session: Session, of: pl.DataFrame, names: str) -> pl.DataFrame:
    """The rows ``of`` (``partner_id``, ``run_id``, …) with the named columns of the profile as it stood for that run.

    What was issued goes on saying what it said, whatever is learned of the partner since. Rows keep their order.
    """
    rows = session.table("parties_profile", f"id, run_id, partner_id, {names}").drop("id").sort("run_id")
    asked = of.with_row_index("asked_at").sort("run_id")
    found = asked.join_asof(rows, on="run_id", by="partner_id", check_sortedness=False)
    return found.sort("asked_at").drop("asked_at")


def payers(session: Session) -> pl.DataFrame:
    """Who pays and how: ``partner_id, bill_to_id, receivable_account_id``, how invoices are made, and the collection terms.

    Invoices go by ``invoice_grouping``, ``tax_unit`` and ``minimum_invoice``, each empty where the company's policy holds.
    """

    def read() -> pl.DataFrame:
        names = "bill_to_id, terms_id, receivable_account_id, invoice_grouping, tax_unit, minimum_invoice"
        found = profiles(session, names)
        return found.join(terms(session), on="terms_id", maintain_order="left")

    return session.derived("payers", TABLES, read)


def terms(session: Session) -> pl.DataFrame:
    """Every combination of collection terms: ``terms_id`` and its columns."""
    names = "id, closing_mask, payment_months, payment_day, holiday_shift, method, split"
    return session.table("parties_terms", names).rename({"id": "terms_id"})


def closing_masks(session: Session) -> pl.DataFrame:
    """Who pays each partner's bills and on which closing days: ``partner_id``, ``bill_to_id``, ``closing_mask``."""

    def read() -> pl.DataFrame:
        found = payers(session)
        masks = found.select(bill_to_id="partner_id", closing_mask="closing_mask")
        return found.select("partner_id", "bill_to_id").join(masks, on="bill_to_id", how="left", maintain_order="left")

    return session.derived("closing_masks", TABLES, read)


def holidays(session: Session, run_id: int | None = None) -> pl.DataFrame:
    """The days of the company's own calendar, oldest first: ``day``, ``name``, ``closed``; with a run, as it knew them."""
    rows = session.table("parties_holiday", "id, run_id, day_on, name, closed")
    known = rows if run_id is None else rows.filter(pl.col("run_id") <= run_id)
    newest = known.sort("id").unique("day_on", keep="last", maintain_order=True)
    return newest.select("name", "closed", day="day_on").sort("day")


def payer_names(session: Session) -> pl.DataFrame:
    """Every folded name a partner's money may bear: ``partner_id``, ``folded``, each pair once."""
    names = ("parties_payer_name",)

    def read() -> pl.DataFrame:
        rows = session.table(*names, "id, partner_id, folded, withdrawn").sort("id")
        newest = rows.unique(["partner_id", "folded"], keep="last", maintain_order=True)
        return newest.filter(~pl.col("withdrawn")).select("partner_id", "folded")

    return session.derived("payer_names", names, read)


def told_names(session: Session) -> pl.DataFrame:
    """Every folded name ever told of a partner, those withdrawn among them: ``partner_id``, ``folded``, each pair once."""
    rows = session.table("parties_payer_name", "id, partner_id, folded, withdrawn")
    return rows.select("partner_id", "folded").unique(maintain_order=True)


def written_names(session: Session) -> pl.DataFrame:
    """Every name of a partner as it is written, its own and its reading among them: ``partner_id``, ``payer``."""
    own = profiles(session, "name, kana")
    payers = session.table("parties_payer_name", "id, partner_id, payer").select("partner_id", "payer")
    return pl.concat([payers, *(own.select("partner_id", payer=name) for name in ("name", "kana"))]).unique()


def bearing_fees(session: Session) -> pl.DataFrame:
    """The partners that bear the transfer fee themselves (手数料先方負担): ``partner_id``."""

    def read() -> pl.DataFrame:
        return profiles(session, "fee_bearer").filter(pl.col("fee_bearer") == "payer").select("partner_id")

    return session.derived("bearing_fees", ("parties_profile",), read)


_HIGHEST: Final = 8  # companies above one another; a circle of parents is cut there


def groups(session: Session) -> pl.DataFrame:
    """The partners that belong together by their parents (名寄せ先): ``partner_id``, ``group_id``, of two or more."""

    def read() -> pl.DataFrame:
        above = profiles(session, "parent_id").select("partner_id", "parent_id")
        tops = above.with_columns(group_id=pl.coalesce("parent_id", "partner_id"))
        for _ in range(_HIGHEST):
            higher = tops.join(above.select(group_id="partner_id", over="parent_id"), on="group_id", how="left")
            tops = higher.with_columns(group_id=pl.coalesce("over", "group_id")).drop("over")
            if higher["over"].null_count() == higher.height:
                break
        return tops.select("partner_id", "group_id").filter(pl.len().over("group_id") > 1)

    return session.derived("partner_groups", ("parties_profile",), read)


def virtual_accounts(session: Session) -> pl.DataFrame:
    """Every virtual account: ``partner_id``, ``virtual_account``."""
    return session.table("parties_virtual_account", "id, partner_id, virtual_account").drop("id")
