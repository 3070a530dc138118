"""Balances of the accounting package tied out against ours (残高照合), account by account."""

from __future__ import annotations

from datetime import date
from typing import Final

import polars as pl

from urikake.base import facts
from urikake.base.access import action
from urikake.base.bulk import Session
from urikake.base.company import accounts
from urikake.base.errors import Refusal
from urikake.core import cells
from urikake.core.formats import beancount, journals
from urikake.rooms.intake.queries import Column, Kind, Sheet
from urikake.rooms.ledger import queries as ledger

from .. import queries
from ..models import TieOut, TieOutLine

BALANCES: Final = Kind(
    "ledger-balances",
    (
        Column("account", "勘定科目"),
        Column("code", "科目コード"),
        Column("balance", "残高", cells.amount),
        Column("debit", "借方残高", cells.amount),
        Column("credit", "貸方残高", cells.amount),
    ),
)
SOLID: Final = frozenset({"Liabilities", "Equity", "Income"})
"""The roots of accounts whose balance stands on the credit side."""


@action("exports.export")
def tie_out(session: Session, *, sheet: Sheet, target: str, on: date) -> pl.DataFrame:
    """Compare the package's balances at the end of a day with ours and keep it; the lines, with ``tie_out_id``.

    A row names an account by its name there, or its code. ``debit`` and ``credit`` are balances on a side; ``balance`` stands on
    the side that is usual for the account. Rows of one account are summed. Accounts that neither side has moved are left out.
    """
    if target not in journals.TARGETS:
        raise Refusal(
            "unknown-target",
            f"会計ソフト「{target[:40]}」はありません。",
            f"{'・'.join(journals.TARGETS)} から選んでください。",
        )
    sheet.check(pl.col("account").is_null() & pl.col("code").is_null(), "account", "科目の名前かコードを書いてください")
    sides = pl.any_horizontal(pl.col(name).is_not_null() for name in ("debit", "credit"))
    sheet.check(pl.col("balance").is_null() & ~sides, "balance", "残高を書いてください")
    sheet.check(
        pl.col("balance").is_not_null() & sides, "balance", "残高か、借方残高・貸方残高の、どちらかだけを書いてください"
    )
    sheet.accept()
    theirs = _theirs(session, sheet.frame, target)
    lines = _compared(session, theirs, target, on)
    head = {"target": target, "on_day": on, "file_name": sheet.name[-120:], "digest": sheet.sha256}
    tie_out_id = int(facts.record(session, TieOut, pl.DataFrame([head]))["id"][0])
    return facts.record(
        session,
        TieOutLine,
        lines.with_columns(tie_out_id=pl.lit(tie_out_id, dtype=pl.Int64), there="theirs", here="ours"),
    )


def _theirs(session: Session, rows: pl.DataFrame, target: str) -> pl.DataFrame:
    """The balances by our account where it is known, else by the name there: ``account, called, theirs`` (debits positive)."""
    chart = queries.accounts(session, target, accounts(session)["name"])
    by_code = dict(chart.drop_nulls("code").select("code", "account").iter_rows())
    by_name = {name: name for name in chart["account"]} | dict(chart.select("called", "account").iter_rows())
    usual = {name: -1 if beancount.root(name) in SOLID else 1 for name in chart["account"]}
    found = [
        {
            "account": (account := by_code.get(row["code"] or "") or by_name.get(row["account"] or "")),
            "called": row["account"] or row["code"],
            "theirs": (row["debit"] or 0) - (row["credit"] or 0) + (row["balance"] or 0) * usual.get(account or "", 1),
        }
        for row in rows.iter_rows(named=True)
    ]
    told = pl.DataFrame(found, schema={"account": pl.String, "called": pl.String, "theirs": pl.Int64})
    key = pl.coalesce("account", pl.concat_str(pl.lit("?"), "called"))
    return (
        told.group_by(key=key, maintain_order=True)
        .agg(pl.col("account", "called").first(), pl.col("theirs").sum())
        .drop("key")
    )


def _compared(session: Session, theirs: pl.DataFrame, target: str, on: date) -> pl.DataFrame:
    """Every account that either side has: ``account_id, called, theirs, ours, waiting``."""
    ours = ledger.balances(session, on).select("account", ours="balance")
    waiting = queries.waiting(session, target, on)
    both = ours.join(waiting, on="account", how="left").join(
        theirs.drop_nulls("account"), on="account", how="full", coalesce=True
    )
    other = theirs.filter(pl.col("account").is_null())
    every = pl.concat([both, other], how="diagonal").with_columns(pl.col("theirs", "ours", "waiting").fill_null(0))
    ids = accounts(session).select(account="name", account_id="id")
    named = every.join(ids, on="account", how="left").with_columns(called=pl.coalesce("called", "account"))
    moved = (pl.col("theirs") != 0) | (pl.col("ours") != 0) | (pl.col("waiting") != 0)
    return named.filter(moved).sort("account", "called", nulls_last=True)
