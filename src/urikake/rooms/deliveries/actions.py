"""Delivering: claim what is to go out, and tell what became of it; what happens between is no part of a transaction."""

from __future__ import annotations

import polars as pl

from urikake.base import facts, runs
from urikake.base.access import action
from urikake.base.bulk import Session
from urikake.base.errors import Refusal
from urikake.rooms.invoices import queries as invoices

from . import queries
from .models import Delivery, Opening, Outcome, Withdrawal

LONGEST = 500


@action("invoices.deliver")
def claim(session: Session, *, going: pl.DataFrame, why: str = "") -> pl.DataFrame:
    """Record that the documents are about to go out, and return the attempts that this run has, with ``delivery_id``.

    ``going`` has ``invoice_id``, ``attempt`` (how many there were when it was read), ``method``, ``recipients``,
    ``message_id``, ``digest``, ``link`` and ``expires_on``. A document that somebody else has claimed since is left out: it goes
    out once.
    """
    made = session.table("deliveries_delivery", "id, invoice_id, attempt").group_by("invoice_id").agg(pl.max("attempt"))
    since = going.join(made, on="invoice_id", how="left", maintain_order="left", suffix="_now")
    free = since.filter(pl.col("attempt_now").fill_null(0) == pl.col("attempt")).drop("attempt_now")
    rows = free.with_columns(attempt=pl.col("attempt") + 1, why=pl.lit(why))
    return facts.record(session, Delivery, rows).rename({"id": "delivery_id"})


@action("invoices.deliver")
def tell(session: Session, *, outcomes: pl.DataFrame) -> int:
    """Record what became of attempts (``delivery_id``, ``state``, ``said``, ``source`` if a file said so); how many were told."""
    source = pl.col("source") if "source" in outcomes.columns else pl.lit("")
    cut = outcomes.with_columns(pl.col("said").str.slice(0, LONGEST), source=source)
    return facts.record(session, Outcome, cut).height


@action("invoices.deliver")
def hear(session: Session, *, outcomes: pl.DataFrame) -> int:
    """Record what other programs say of attempts (``delivery_id state said source``), each state of each once; how many were new."""
    known = session.table("deliveries_outcome", "id, delivery_id, state").drop("id")
    fresh = outcomes.join(known, on=["delivery_id", "state"], how="anti", maintain_order="left")
    return tell(session, outcomes=fresh) if fresh.height else 0


@action("invoices.deliver")
def bounce(session: Session, *, number: str, why: str) -> None:
    """Record that what was sent came back; the document then waits for somebody to send it again."""
    reason = reasoned(why, "戻ってきた理由")
    found = queries.deliveries(session, invoices.by_number(session, number))
    if found.is_empty():
        raise unknown(number)
    if found["state"][0] not in queries.ARRIVED:
        raise Refusal(
            "not-delivered",
            f"{number} は送付済みではありません。",
            "urikake report deliveries で送付の状態を確かめてください。",
        )
    told = found.select("delivery_id", state=pl.lit("bounced"), said=pl.lit(reason))
    tell(session, outcomes=told)


@action("invoices.deliver")
def withdraw(session: Session, *, number: str, why: str) -> None:
    """Take back every link to the document that still opens; who has it then reads how to get a new one."""
    reason = reasoned(why, "リンクを取り消す理由")
    found = invoices.by_number(session, number)
    if found.is_empty():
        raise unknown(number)
    made = session.rows(
        "deliveries_delivery", "id, link, expires_on", "invoice_id = ? AND link <> ''", (found["invoice_id"][0],)
    )
    today = runs.day(session)
    live = made.filter(pl.col("expires_on") >= today).select(delivery_id="id")
    going = live.join(queries.withdrawn(session), on="delivery_id", how="anti").with_columns(why=pl.lit(reason))
    if going.is_empty():
        raise Refusal("no-link", f"{number} に、いま開けるリンクはありません。", "送付の状態を確かめてください。")
    facts.record(session, Withdrawal, going)


@action("invoices.deliver")
def open_links(session: Session, *, openings: pl.DataFrame) -> int:
    """Record openings of links (the columns of `Opening`), those that are recorded already left out; how many were new."""
    fresh = openings.join(queries.openings(session), on="nonce", how="anti", maintain_order="left")
    return facts.record(session, Opening, fresh).height if fresh.height else 0


def reasoned(why: str, what: str = "もう一度送る理由") -> str:
    """The reason without blanks around it; refused where there is none, or it is too long."""
    if not why.strip():
        raise Refusal("no-reason", f"{what}がありません。", "--why で書いてください。")
    if len(why.strip()) > LONGEST:
        raise Refusal("long-reason", f"{what}が{LONGEST}字を超えています。", "短く書いてください。")
    return why.strip()


def unknown(number: str) -> Refusal:
    """The refusal of a document that does not exist."""
    return Refusal("no-invoice", f"請求書「{number[:60]}」はありません。", "請求書番号を確かめてください。")
