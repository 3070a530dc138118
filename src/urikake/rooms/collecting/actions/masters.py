"""Collectors (収納機関) and mandates (口座振替の登録), taken from files and forms."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import polars as pl

from urikake.base.access import action
from urikake.base.bulk import Session
from urikake.base.errors import Refusal
from urikake.core import cells
from urikake.core.formats import bank_kana, zengin91
from urikake.rooms.intake.actions import keep_new
from urikake.rooms.intake.queries import Column, Kind, Sheet, check_account, check_digits, check_kana, kana, options
from urikake.rooms.parties import queries as parties

from .. import queries
from ..models import Collector, Mandate

DEPOSITS: Final = tuple(zengin91.DEPOSITS)
ALWAYS: Final = date(1900, 1, 1)
"""The day from which a mandate is valid that does not say."""
LINE_ENDS: Final = {"crlf": "\r\n", "none": ""}
COLLECTORS: Final = Kind(
    "collectors",
    (
        Column("partner", "取引先コード", required=True),
        options("kind", "区分", "debit", "card", "cod", required=True),
        Column("client_code", "委託者コード"),
        Column("client_name", "委託者名"),
        Column("bank", "取引銀行番号"),
        Column("bank_name", "取引銀行名"),
        Column("branch", "取引支店番号"),
        Column("branch_name", "取引支店名"),
        options("deposit", "預金種目", *DEPOSITS),
        Column("number", "口座番号"),
        Column("payout_days", "入金までの日数", cells.amount, why="0 以上の整数で書いてください"),
        options("line_end", "改行", *LINE_ENDS),
    ),
)
MANDATES: Final = Kind(
    "mandates",
    (
        Column("partner", "取引先コード", required=True),
        Column("collector", "収納機関", required=True),
        Column("bank", "銀行番号", required=True),
        Column("bank_name", "銀行名"),
        Column("branch", "支店番号", required=True),
        Column("branch_name", "支店名"),
        options("deposit", "預金種目", *DEPOSITS, required=True),
        Column("number", "口座番号", required=True),
        Column("holder", "預金者名", required=True),
        Column("customer_no", "顧客番号"),
        Column("valid_from", "適用開始", cells.day),
        options("stopped", "停止", "yes", "no"),
        Column("reason", "停止理由"),
    ),
)


@action("collecting.import")
def import_collectors(session: Session, *, sheet: Sheet) -> int:
    """Take collectors (収納機関) and return how many say something new; refused whole if any row is wrong."""
    sheet.check(
        pl.col("partner").is_duplicated() & pl.col("partner").is_not_null(), "partner", "同じ取引先の行が二つあります"
    )
    parties.check_partner(session, sheet, "partner")
    debit = pl.col("kind") == "debit"
    for name in ("client_code", "client_name", "bank", "branch"):
        sheet.check(debit & pl.col(name).is_null(), name, "口座振替の収納機関では必須です")
    for name, length in (("client_code", 10), ("bank", 4), ("branch", 3), ("number", 7)):
        check_digits(sheet, name, length)
    check_kana(sheet, "client_name", 40, bank_kana.NAME)
    for name in ("bank_name", "branch_name"):
        check_kana(sheet, name, 15, bank_kana.BANK)
    sheet.check(pl.col("payout_days") < 0, "payout_days")
    sheet.accept()
    rows = parties.identified(session, sheet.frame, partner="partner_id").with_columns(
        pl.col("client_code", "bank", "branch", "deposit").fill_null(""),
        *[kana(sheet.frame, name, bank_kana.BANK) for name in ("bank_name", "branch_name")],
        client_name=kana(sheet.frame, "client_name", bank_kana.NAME),
        bank_number=pl.col("number").fill_null(""),
        payout_days=pl.col("payout_days").fill_null(0),
        line_end=pl.col("line_end").fill_null("crlf"),
    )
    known = queries.collectors(session).rename({"collector_id": "partner_id"})
    return keep_new(session, sheet=sheet, model=Collector, rows=rows, known=known, names=queries.COLLECTOR.split(", "))


@action("collecting.import")
def import_mandates(session: Session, *, sheet: Sheet) -> int:
    """Take mandates (口座振替の登録) and return how many say something new; refused whole if any row is wrong."""
    sheet.check(
        pl.col("partner").is_duplicated() & pl.col("partner").is_not_null(), "partner", "同じ取引先の行が二つあります"
    )
    parties.check_partner(session, sheet, "partner")
    debiting = queries.collectors(session).filter(pl.col("kind") == "debit")["code"]
    sheet.check(~pl.col("collector").is_in(debiting.implode()), "collector", "口座振替の収納機関ではありません")
    check_account(sheet, "holder")
    check_kana(sheet, "customer_no", 20, bank_kana.NAME)
    sheet.check((pl.col("stopped") == "yes") & pl.col("reason").is_null(), "reason", "停止する理由を書いてください")
    sheet.sift()
    sheet.frame = sheet.frame.with_columns(customer_no=pl.coalesce("customer_no", "partner"))
    check_kana(sheet, "customer_no", 20, bank_kana.NAME)
    frame = sheet.sift()
    rows = parties.identified(session, frame, partner="partner_id", collector="collector_id").with_columns(
        *[kana(frame, name, bank_kana.BANK) for name in ("bank_name", "branch_name")],
        customer_no=kana(frame, "customer_no", bank_kana.NAME),
        holder_kana=kana(frame, "holder", bank_kana.NAME),
        bank_number="number",
        valid_from_on=pl.col("valid_from").fill_null(ALWAYS),
        stopped=pl.col("stopped").fill_null("no") == "yes",
        why=pl.col("reason").fill_null(""),
    )
    known = queries.mandates(session)
    _check_customers(sheet, rows, known)
    sheet.accept()
    return keep_new(session, sheet=sheet, model=Mandate, rows=rows, known=known, names=queries.MANDATE.split(", "))


def _check_customers(sheet: Sheet, rows: pl.DataFrame, known: pl.DataFrame) -> None:
    """Note customer numbers that are somebody else's with the collector, written alike but for zeros in front included."""
    others = known.join(rows, on="partner_id", how="anti")
    names = ["collector_id", "customer_no"]
    every = pl.concat([others.select(names), rows.select(names)]).with_columns(plain=_plain(pl.col("customer_no")))
    twice = every.filter(pl.struct("collector_id", "plain").is_duplicated())
    taken = rows.join(twice, on=names, how="semi")["partner"]
    sheet.check(pl.col("partner").is_in(taken.implode()), "customer_no", "この顧客番号はほかの取引先のものです")


def _plain(customer: pl.Expr) -> pl.Expr:
    """The customer numbers as they are compared (`zengin91.plain_customer`)."""
    short = customer.str.strip_chars().str.strip_chars_start("0")
    return pl.when(short == "").then(customer.str.strip_chars().str.slice(0, 1)).otherwise(short)


def collector_of(session: Session, code: str, *, debit: bool) -> dict[str, Any]:
    """The collector of that partner code; refused where there is none, or it collects another way."""
    found = queries.collectors(session).filter(pl.col("code") == code)
    if found.is_empty():
        raise Refusal(
            "no-collector", f"収納機関「{code[:60]}」はありません。", "urikake import collectors で登録してください。"
        )
    if debit and found["kind"][0] != "debit":
        raise Refusal(
            "not-debit", f"収納機関「{code}」は口座振替の収納機関ではありません。", "精算明細を取り込んでください。"
        )
    if not debit and found["kind"][0] == "debit":
        raise Refusal(
            "is-debit", f"収納機関「{code}」は口座振替の収納機関です。", "口座振替の依頼と結果で消し込んでください。"
        )
    return found.row(0, named=True)
