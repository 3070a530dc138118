"""What other rooms may read of collecting."""

from __future__ import annotations

import zlib
from datetime import date
from typing import Final

import polars as pl

from urikake.base.bulk import Session
from urikake.core.formats import zengin91
from urikake.rooms.parties import queries as parties
from urikake.rooms.receivables import queries as receivables

METHOD: Final = "direct_debit"
COLLECTOR: Final = (
    "partner_id, kind, client_code, client_name, bank, bank_name, branch, branch_name, deposit, bank_number, payout_days, "
    "line_end"
)
MANDATE: Final = (
    "partner_id, collector_id, bank, bank_name, branch, branch_name, deposit, bank_number, holder_kana, customer_no, "
    "valid_from_on, stopped, why"
)
ACCOUNT: Final = ("bank", "branch", "deposit", "bank_number")
COLLECTION: Final = "id, run_id, collector_id, request_id, collected_on, payout_on, amount, fee"
OPEN: Final = "open"
AGAIN: Final = [code for code, what in zengin91.NEXT.items() if what == "again"]
"""The results after which a debit may be asked for again; the others stop the mandate."""
RETRIED: Final = "次の依頼で、もう一度請求します"
STOPPED: Final = "口座の登録を止めました。振込で回収します"
MOST: Final = 10**10
"""Debits are below this many yen."""


# --- masters -------------------------------------------------------------------------------------------------------


def collectors(session: Session) -> pl.DataFrame:
    """Every collector as it stands, by code: ``collector_id`` (its partner), ``code``, ``name`` and its columns."""
    rows = session.table("collecting_collector", f"id, {COLLECTOR}").drop("id")
    newest = rows.unique("partner_id", keep="last", maintain_order=True)
    named = newest.join(parties.profiles(session, "name").select("partner_id", "code", "name"), on="partner_id")
    return named.rename({"partner_id": "collector_id"}).sort("code")


def client_codes(session: Session) -> pl.DataFrame:
    """Every code (委託者コード) and bank that a collector ever had: what was asked under an old one is answered under it."""
    rows = session.table("collecting_collector", f"id, {COLLECTOR}")
    return rows.select("client_code", "bank", collector_id="partner_id").unique(maintain_order=True)


def mandates(session: Session) -> pl.DataFrame:
    """The newest mandate of every partner that has any: ``mandate_id`` and its columns."""
    rows = session.table("collecting_mandate", f"id, {MANDATE}")
    return rows.sort("id").unique("partner_id", keep="last", maintain_order=True).rename({"id": "mandate_id"})


# --- requests ------------------------------------------------------------------------------------------------------


def requests(session: Session) -> pl.DataFrame:
    """Every request by id, with what became of it.

    Columns: ``request_id, collector_id, debit_on, attempt, due_until_on, debit_count, amount, digest``, ``state`` (``open``,
    ``answered``, ``withdrawn``), ``why``, and of all that was asked what is ``paid``, ``unpaid`` and ``left`` (open), each
    with its count.
    """
    names = "id, run_id, collector_id, debit_on, attempt, due_until_on, debit_count, amount, digest"
    asked = session.table("collecting_request", names).rename({"id": "request_id"})
    ends = session.table("collecting_outcome", "id, request_id, state, why, paid_count, paid").drop("id")
    joined = asked.join(ends, on="request_id", how="left", maintain_order="left")
    told = joined.with_columns(
        pl.col("state").fill_null(OPEN), pl.col("why").fill_null(""), pl.col("paid", "paid_count").fill_null(0)
    )
    return told.with_columns(
        _only("answered", pl.col("amount") - pl.col("paid")).alias("unpaid"),
        _only("answered", pl.col("debit_count") - pl.col("paid_count")).alias("unpaid_count"),
        _only(OPEN, pl.col("amount")).alias("left"),
        _only(OPEN, pl.col("debit_count")).alias("left_count"),
    )


def _only(state: str, amount: pl.Expr) -> pl.Expr:
    """The amount in that state, else nothing."""
    return pl.when(pl.col("state") == state).then(amount).otherwise(pl.lit(0))


def file_of(session: Session, request_id: int) -> bytes:
    """The file of a request, as it was made."""
    kept = session.value("SELECT file_deflated FROM collecting_request WHERE id = ?", (request_id,))
    return zlib.decompress(kept)


def debits(session: Session, request_id: int | None = None) -> pl.DataFrame:
    """The debits of a request (or of all) in the order of its file, with the mandate of each and its ``result`` (or null)."""
    what, params = (
        ("d.request_id = ?", (request_id,)) if request_id else ("d.id >= ? AND d.id < ?", (session.low, session.high))
    )
    named = ", ".join(f"m.{name}" for name in MANDATE.split(", ")[2:] if name != "why")
    return session.read(
        f"SELECT d.id AS debit_id, d.request_id, d.partner_id, d.mandate_id, d.amount, d.change, m.collector_id, {named},"
        " r.result FROM collecting_debit d JOIN collecting_mandate m ON m.id = d.mandate_id"
        f" LEFT JOIN collecting_result r ON r.debit_id = d.id WHERE {what} ORDER BY d.id",
        params,
    )


def named_debits(session: Session, request_id: int | None = None) -> pl.DataFrame:
    """The debits with the partner's ``code`` and ``name``, the request's day and collector, and how each stands.

    ``state`` is ``asked``, ``paid``, ``unpaid`` or ``withdrawn``; ``reason`` why it failed or was withdrawn, ``next`` what
    happens next with it, both in words.
    """
    heads = requests(session).select("request_id", "debit_on", "why", ended="state")
    names = parties.profiles(session, "name").select("partner_id", "code", "name")
    joined = debits(session, request_id).join(heads, on="request_id", how="left", maintain_order="left")
    told = joined.join(names, on="partner_id", how="left", maintain_order="left")
    code = pl.col("result")
    unpaid = pl.when(code == 0).then(pl.lit("paid")).otherwise(pl.lit("unpaid"))
    asked = pl.when(code.is_null()).then(pl.lit("asked")).otherwise(unpaid)
    state = pl.when(pl.col("ended") == "withdrawn").then(pl.lit("withdrawn")).otherwise(asked)
    failed = pl.when(code != 0).then(code.replace_strict(zengin91.RESULTS, default="", return_dtype=pl.String))
    then = pl.when(code.is_in(AGAIN)).then(pl.lit(RETRIED)).when(code > 0).then(pl.lit(STOPPED)).otherwise(pl.lit(""))
    return told.with_columns(state=state, reason=pl.coalesce(failed, "why").fill_null(""), next=then)


def debit_items(session: Session, request_id: int) -> pl.DataFrame:
    """What the debits of a request ask for: ``debit_id, partner_id, item_id, amount``, by id."""
    return session.read(
        "SELECT i.debit_id, d.partner_id, i.item_id, i.amount FROM collecting_debit d"
        " JOIN collecting_debit_item i ON i.debit_id = d.id WHERE d.request_id = ? ORDER BY i.id",
        (request_id,),
    )


def debits_of(session: Session, partner_id: int) -> pl.DataFrame:
    """The debits that a partner was asked for, newest first, with the request's day and state and the ``result``."""
    asked = session.read(
        "SELECT d.id AS debit_id, d.request_id, d.amount, r.result FROM collecting_debit d"
        " LEFT JOIN collecting_result r ON r.debit_id = d.id WHERE d.id >= ? AND d.id < ? AND d.partner_id = ?"
        " ORDER BY d.id DESC",
        (session.low, session.high, partner_id),
    )
    days = requests(session).select("request_id", "collector_id", "debit_on", "state")
    return asked.join(days, on="request_id", maintain_order="left")


def waiting_items(session: Session) -> pl.Series:
    """The items that stand in a request which is not answered yet."""
    waiting = requests(session).filter(pl.col("state") == OPEN)["request_id"]
    parts = [debit_items(session, request_id)["item_id"] for request_id in waiting]
    return pl.concat([pl.Series("item_id", [], dtype=pl.Int64), *parts])


def askable(session: Session, collector_id: int, on: date, due: date) -> pl.DataFrame:
    """The open items of direct debit due by ``due`` that a request for ``on`` to the collector would ask for, or why not.

    Items of partners whose mandate is with another collector are its business. Columns: those of an open item, of its
    partner's mandate (null where there is none), the partner's ``code`` and ``name``, what it ``owes`` together, and ``reason``,
    empty where it can be asked.
    """
    items = receivables.open_items(session).filter((pl.col("method") == METHOD) & (pl.col("due_on") <= due))
    free = items.filter(~pl.col("item_id").is_in(waiting_items(session).implode()))
    joined = free.join(mandates(session), on="partner_id", how="left", maintain_order="left")
    mine = joined.filter(pl.col("collector_id").fill_null(collector_id) == collector_id)
    named = mine.join(
        parties.profiles(session, "name").select("partner_id", "code", "name"), on="partner_id", how="left"
    )
    summed = named.with_columns(owes=pl.col("balance").sum().over("partner_id"))
    return summed.with_columns(reason=_reason(on)).sort("code", "due_on", "item_id")


def _reason(on: date) -> pl.Expr:
    """Why a partner cannot be asked on the day; empty where it can."""
    since = pl.col("valid_from_on").dt.strftime("%Y-%m-%d")
    return (
        pl.when(pl.col("mandate_id").is_null())
        .then(pl.lit("口座の登録がありません"))
        .when("stopped")
        .then(pl.concat_str(pl.lit("口座の登録を止めています（"), "why", pl.lit("）")))
        .when(pl.col("valid_from_on") > on)
        .then(pl.concat_str(pl.lit("口座の登録は "), since, pl.lit(" からです")))
        .when(pl.col("owes") <= 0)
        .then(pl.lit("差し引いて請求する額がありません"))
        .when(pl.col("owes") >= MOST)
        .then(pl.lit("1件で 9,999,999,999円 を超えています"))
        .otherwise(pl.lit(""))
    )


def last_accounts(session: Session, collector_id: int) -> pl.DataFrame:
    """By ``partner_id`` the account that the collector was last asked to debit; requests that were withdrawn do not count."""
    names = ", ".join(f"m.{name}" for name in ACCOUNT)
    return session.read(
        f"SELECT d.partner_id, {names} FROM (SELECT max(d.id) AS debit_id FROM collecting_debit d"
        " JOIN collecting_request q ON q.id = d.request_id LEFT JOIN collecting_outcome o ON o.request_id = q.id"
        " WHERE d.id >= ? AND d.id < ? AND q.collector_id = ? AND coalesce(o.state, '') <> 'withdrawn'"
        " GROUP BY d.partner_id) n JOIN collecting_debit d ON d.id = n.debit_id"
        " JOIN collecting_mandate m ON m.id = d.mandate_id",
        (session.low, session.high, collector_id),
    )


# --- what was collected --------------------------------------------------------------------------------------------


def collections(session: Session, where: str = "", params: tuple[object, ...] = ()) -> pl.DataFrame:
    """Collections by id, with ``collection_id``."""
    return session.rows("collecting_collection", COLLECTION, where, params).rename({"id": "collection_id"})


def advances(session: Session, where: str = "", params: tuple[object, ...] = ()) -> pl.DataFrame:
    """What was collected beyond what was owed, by id: ``collected_id, collection_id, partner_id, amount``."""
    found = session.rows("collecting_advance", "id, collection_id, partner_id, amount", where, params)
    return found.rename({"id": "collected_id"})


def lines(session: Session, where: str = "", params: tuple[object, ...] = ()) -> pl.DataFrame:
    """The lines of settlement files, by id, with ``line_id``."""
    names = "id, collector_id, transaction_code, collection_id, document, amount, fee"
    return session.rows("collecting_line", names, where, params).rename({"id": "line_id"})
