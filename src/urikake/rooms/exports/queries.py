"""What other rooms may read of exports."""

from __future__ import annotations

import zlib
from datetime import date
from typing import Final

import polars as pl

from urikake.base.bulk import Session
from urikake.base.company import ACCOUNTS
from urikake.base.company import accounts as ours
from urikake.core.formats import journals
from urikake.rooms.ledger import queries as ledger

MAPPING: Final = "target, kind, ours, code, called, sub"
KINDS: Final = {"account": "勘定科目", "department": "部門", "tax": "税区分", "role": "消費税の役割", "letter": "文字"}
PARTNER: Final = "partner"
"""The sub-account of an account that is kept by partner."""
UNDIVIDED: Final = "-"
"""Written for an account that has no sub-accounts although it usually would."""
BY_PARTNER: Final = {"yayoi": ("売掛金", "前受金", "契約負債", "契約資産")}
"""The accounts that a package without a column for partners keeps by partner, until the company says otherwise."""
STYLES: Final = {"detail": "一件ずつ", "day": "日ごとにまとめる", "month": "月ごとにまとめる"}
ROLE: Final = {name: "none" for name in ACCOUNTS if name != "支払手数料"} | {
    "売上高": "sale", "雑収入": "sale", "売上値引": "return", "貸倒損失": "loss",
}  # fmt: skip
"""What an account of the usual chart is to consumption tax; of any other the company has to say it where it bears a class."""


def told(session: Session, target: str) -> pl.DataFrame:
    """What the company said of the package, as it stands: ``kind, ours, code, called, sub``."""
    rows = session.table("exports_mapping", f"id, {MAPPING}").filter(pl.col("target") == target).sort("id")
    return rows.unique(["kind", "ours"], keep="last", maintain_order=True).drop("id", "target")


def accounts(session: Session, target: str, names: pl.Series) -> pl.DataFrame:
    """What the accounts are called: ``account, called, code, sub``; ``called`` is ours until told, ``code`` null until told."""
    mine = told(session, target).filter(pl.col("kind") == "account").drop("kind").rename({"ours": "account"})
    usual = BY_PARTNER.get(target, ())
    found = pl.DataFrame({"account": names.unique().sort()}).join(mine, on="account", how="left", maintain_order="left")
    return found.select(
        "account",
        called=pl.coalesce(_text("called"), "account"),
        code=_text("code"),
        sub=pl.coalesce(_text("sub"), pl.when(pl.col("account").is_in(usual)).then(pl.lit(PARTNER))).replace(
            UNDIVIDED, ""
        ),
    )


def departments(session: Session, target: str, names: pl.Series) -> pl.DataFrame:
    """What the departments are called: ``department, called, code``, as `accounts`."""
    mine = (
        told(session, target).filter(pl.col("kind") == "department").drop("kind", "sub").rename({"ours": "department"})
    )
    found = pl.DataFrame({"department": names.unique().sort()}).join(
        mine, on="department", how="left", maintain_order="left"
    )
    return found.select("department", called=pl.coalesce(_text("called"), "department"), code=_text("code"))


def _text(name: str) -> pl.Expr:
    return pl.when(pl.col(name) != "").then(name)


def taxes(session: Session, target: str) -> dict[str, str]:
    """What the package calls each key of tax: its own list, and what the company said."""
    mine = told(session, target).filter(pl.col("kind") == "tax")
    said = {ours: called or code for ours, code, called in mine.select("ours", "code", "called").iter_rows()}
    return journals.names(target) | {key: name for key, name in said.items() if name}


def letters(session: Session, target: str) -> dict[str, str]:
    """What stands for each letter that the file cannot hold."""
    mine = told(session, target).filter(pl.col("kind") == "letter")
    return {letter: instead for letter, instead in mine.select("ours", "called").iter_rows() if instead}


def roles(session: Session, target: str) -> dict[str, str]:
    """What each account is to consumption tax, as far as it is known."""
    mine = told(session, target).filter(pl.col("kind") == "role")
    return ROLE | dict(mine.select("ours", "code").iter_rows())


def last_numbers(session: Session, target: str) -> pl.DataFrame:
    """The highest number of a slip of the package so far: ``on_day`` (null where slips are numbered through), ``last``."""
    rows = session.table("exports_numbered", "id, target, on_day, last").filter(pl.col("target") == target)
    return rows.group_by("on_day").agg(pl.col("last").max())


def batches(session: Session) -> pl.DataFrame:
    """Every file by id: ``batch_id, target, since_on, until_on, style, again, entry_count, row_count, amount, digest, run_id``."""
    names = "id, run_id, target, since_on, until_on, style, again, entry_count, row_count, amount, digest"
    return session.table("exports_batch", names).rename({"id": "batch_id"}).sort("batch_id")


def file_of(session: Session, batch_id: int) -> bytes:
    """The file as it was made."""
    return zlib.decompress(session.value("SELECT file_deflated FROM exports_batch WHERE id = ?", (batch_id,)))


def exported(session: Session, target: str, entries: pl.DataFrame) -> pl.Series:
    """Whether each of the entries (``entry_id``) is in a file of the package already."""
    spans = session.read(
        "SELECT first_id, last_id FROM exports_mark WHERE id >= ? AND id < ? AND target = ? ORDER BY first_id",
        (session.low, session.high, target),
    )
    if spans.is_empty() or entries.is_empty():
        return pl.Series("exported", [False] * entries.height, dtype=pl.Boolean)
    placed = entries.select("entry_id", at=pl.int_range(pl.len())).sort("entry_id")
    found = placed.join_asof(spans, left_on="entry_id", right_on="first_id", strategy="backward")
    inside = found.with_columns(exported=(pl.col("entry_id") <= pl.col("last_id")).fill_null(value=False))
    return inside.sort("at")["exported"]


def waiting(session: Session, target: str, on: date) -> pl.DataFrame:
    """What of the balances on a day no file of the package holds yet: ``account, waiting`` (debits positive)."""
    heads = ledger.entries(session, date.min, on)
    fresh = heads.filter(~exported(session, target, heads))
    chart = ours(session).select(account_id="id", account="name")
    lines = ledger.lines(session, fresh).join(chart, on="account_id", how="left")
    return lines.group_by("account").agg(waiting=pl.col("amount").sum())


def tie_outs(session: Session) -> pl.DataFrame:
    """Every comparison by id: ``tie_out_id, run_id, target, on_day, file_name, digest``."""
    rows = session.table("exports_tie_out", "id, run_id, target, on_day, file_name, digest")
    return rows.rename({"id": "tie_out_id"}).sort("tie_out_id")


def tied(session: Session, tie_out_id: int) -> pl.DataFrame:
    """The accounts of a comparison: ``called, account, theirs, ours, not_exported, unexplained``.

    ``theirs`` = ``ours`` − ``not_exported`` + ``unexplained``: what the package has beyond what it was given.
    """
    names = "id, tie_out_id, account_id, called, there, here, waiting"
    rows = session.rows("exports_tie_out_line", names, "tie_out_id = ?", (tie_out_id,))
    chart = ours(session).select(account_id="id", account="name")
    told = rows.rename({"there": "theirs", "here": "ours", "waiting": "not_exported"}).join(
        chart, on="account_id", how="left", maintain_order="left"
    )
    return told.with_columns(unexplained=pl.col("theirs") - pl.col("ours") + pl.col("not_exported")).select(
        "called", "account", "theirs", "ours", "not_exported", "unexplained"
    )
