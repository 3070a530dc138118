"""The documents that a receipt may be applied to, found by what a person types; of one that is not open, why it is not.

A document is what has one number: an invoice, a slip, an opening balance, what a collector owes.
"""

from __future__ import annotations

import unicodedata
from datetime import date
from typing import Final

import polars as pl

from urikake.base.bulk import Session
from urikake.base.company import accounts, dimensions
from urikake.core.search import searchable, searched
from urikake.rooms.collecting import queries as collecting
from urikake.rooms.invoices import queries as invoices
from urikake.rooms.parties import queries as parties
from urikake.rooms.receivables import queries as receivables

from .applied import applications

MOST: Final = 40
KEY: Final = ["number", "partner_id"]
ENDS: Final = {"collected": "収納代行で回収済みです", "advanced": "前受金を充てました", "refunded": "返金しました"}
SETTLED: Final = {"number": pl.String, "partner_id": pl.Int64, "due_on": pl.Date, "gross": pl.Int64, "why": pl.String}


def open_documents(session: Session, on: date) -> pl.DataFrame:
    """What is open and was raised by the day, by document: ``number, partner_id, source, source_id, due_on, balance,
    account, orders, reserved, claim``.

    ``claim`` is what it claims (`clearing.CLAIMS`); ``reserved`` tells that it stands in a direct debit request that is not
    answered yet; ``orders`` are its order numbers.
    """
    items = receivables.labels(session, receivables.open_items(session).filter(pl.col("posted_on") <= on))
    items = receivables.claimed(session, items)
    asked = collecting.waiting_items(session)
    named = items.join(accounts(session).select(account_id="id", account="name"), on="account_id", how="left")
    named = named.join(dimensions(session).select("dimension_id", "order_no"), on="dimension_id", how="left")
    return (
        named.sort("item_id")
        .group_by(KEY, maintain_order=True)
        .agg(
            pl.col("source", "source_id", "account").first(),
            pl.col("due_on", "claim").min(),
            pl.col("balance").sum(),
            orders=pl.col("order_no").filter(pl.col("order_no") != "").unique(maintain_order=True),
            reserved=pl.col("item_id").is_in(asked.implode()).any(),
        )
        .sort("due_on", "number")
    )


def family(session: Session, partner_id: int) -> pl.Series:
    """The partner and those of its group of companies (名寄せ): its parent, its siblings, its children."""
    every = parties.profiles(session, "parent_id").with_columns(head=pl.coalesce("parent_id", "partner_id"))
    head = every.filter(pl.col("partner_id") == partner_id)["head"]
    return every.filter(pl.col("head").is_in(head.implode()))["partner_id"]


def found(session: Session, text: str, documents: pl.DataFrame) -> pl.DataFrame:
    """The open documents that the text means, by number, partner (code, name, reading) or amount: at most `MOST`."""
    wanted, digits = searched(text), "".join(filter(str.isdigit, unicodedata.normalize("NFKC", text)))
    names = parties.profiles(session, "name, kana")
    named = documents.join(names, on="partner_id", how="left", maintain_order="left")
    words = pl.any_horizontal(
        searchable(pl.col(name).fill_null("")).str.contains(wanted, literal=True)
        for name in ("number", "code", "name", "kana")
    )
    amount = pl.col("balance").cast(pl.String).str.contains(digits, literal=True) if len(digits) > 2 else pl.lit(False)
    return named.filter(words | amount if wanted else amount).head(MOST)


def settled(session: Session, text: str, on: date) -> pl.DataFrame:
    """The documents that the text means and that are not open, newest first: ``number, partner_id, due_on, gross, why``.

    They are found by their number, or are the newest of a partner whose code, name or reading it is.
    """
    items = _meant(session, text)
    if items.is_empty():
        return pl.DataFrame(schema=SETTLED)
    standing = receivables.standing(session, items["item_id"])
    labelled = receivables.labels(session, standing)
    closed = (
        labelled.group_by(KEY, maintain_order=True)
        .agg(
            pl.col("due_on", "posted_on").min(),
            pl.col("gross").sum(),
            pl.col("item_id").last(),
            still=pl.col("balance").is_not_null().any() & (pl.col("posted_on").min() <= on),
        )
        .filter(~pl.col("still"))
        .sort("item_id", descending=True)
        .head(MOST // 2)
    )
    whys = [_why(session, row, on) for row in closed.iter_rows(named=True)]
    return closed.select(*KEY, "due_on", "gross", why=pl.Series(whys, dtype=pl.String))


def _meant(session: Session, text: str) -> pl.DataFrame:
    """The items of the document of that number, or of the partners that are called so."""
    number = unicodedata.normalize("NFKC", text).strip().upper()
    paper = invoices.by_number(session, number)
    if paper.height:
        return receivables.items(session, "source = 'invoice' AND source_id = ?", (paper["invoice_id"][0],))
    slip = receivables.slips(session).filter(pl.col("slip_no").str.to_uppercase() == number)
    if slip.height:
        return receivables.items(session, "source <> 'invoice' AND source_id = ?", (slip["slip_id"][0],))
    wanted = searched(text)
    if len(wanted) < 2:
        return receivables.items(session, "1 = 0")
    names = parties.profiles(session, "name, kana")
    called = pl.any_horizontal(
        searchable(pl.col(name).fill_null("")).str.contains(wanted, literal=True) for name in ("code", "name", "kana")
    )
    owners = names.filter(called)["partner_id"].head(5)
    marks = ", ".join("?" * owners.len())
    if not marks:
        return receivables.items(session, "1 = 0")
    return receivables.items(session, f"partner_id IN ({marks})", tuple(owners)).tail(MOST)


def _why(session: Session, row: dict[str, object], on: date) -> str:
    """Why a document is not offered: not raised yet, or settled by what, when and by whom."""
    posted = row["posted_on"]
    assert isinstance(posted, date)
    if posted > on:
        return f"計上日が {posted:%Y/%m/%d} で、まだ先です"
    moved = receivables.movements(session, "item_id = ?", (row["item_id"],))
    if moved.is_empty():
        return "残高がありません"
    last = moved.row(-1, named=True)
    who = session.read("SELECT actor FROM base_run WHERE id = ?", (last["run_id"],))["actor"][0]
    day = f"{last['moved_on']:%Y/%m/%d}"
    if last["kind"] == "applied":
        used = applications(session, "id = ?", (last["source_id"],))["receipt_id"][0] - session.low
        return f"{day} に入金 {used} で消込済みです({who})"
    return f"{day} に{ENDS.get(last['kind'], '取り消されました')}({who})"


def named_documents(session: Session, documents: pl.DataFrame) -> pl.DataFrame:
    """The documents with ``about``: the closing of an invoice, the description of a slip, and their order numbers."""
    ids = documents.filter(pl.col("source") == "invoice")["source_id"].unique()
    marks = ", ".join("?" * ids.len())
    heads = invoices.invoices(session, f"id IN ({marks})" if marks else "1 = 0", tuple(ids))
    closings = heads.select(
        source=pl.lit("invoice"),
        source_id="invoice_id",
        words=pl.col("closing_on").dt.strftime("%Y/%m/%d") + pl.lit(" 締め"),
    )
    slips = receivables.slips(session).join(
        documents.select(slip_id="source_id").unique(), on="slip_id", how="semi", maintain_order="left"
    )
    kind = pl.when("opening").then(pl.lit("opening")).otherwise(pl.lit("slip"))
    described = slips.select(source=kind, source_id="slip_id", words="description")
    opening = pl.when(pl.col("source") == "opening").then(pl.lit("移行残高")).otherwise(pl.lit(""))
    both = pl.concat([closings, described]).unique(["source", "source_id"], maintain_order=True)
    told = documents.join(both, on=["source", "source_id"], how="left", maintain_order="left")
    words = pl.when(pl.col("words").fill_null("") == "").then(opening).otherwise("words")
    orders = pl.col("orders").list.head(2).list.join("・")
    more = pl.col("orders").list.len()
    tail = pl.when(more > 2).then(pl.format(" 受注 {} ほか{}", orders, more - 2)).when(more > 0)
    about = pl.concat_str(words, tail.then(pl.format(" 受注 {}", orders)).otherwise(pl.lit("")))
    return told.with_columns(about=about.str.strip_chars()).drop("words")
