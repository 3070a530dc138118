"""Partners taken from a file: new ones made, changed profiles followed by newer ones."""

from __future__ import annotations

from typing import Final

import polars as pl

from urikake.base import company, facts
from urikake.base.access import action
from urikake.base.bulk import Session
from urikake.core import cells, payer, terms
from urikake.core.formats import email_addresses, registration_number
from urikake.core.formats.peppol import endpoint
from urikake.rooms.intake.actions import record_file
from urikake.rooms.intake.queries import Column, Kind, Sheet, options

from . import queries
from .models import Holiday, Partner, PayerName, Profile, Terms, VirtualAccount

FEE_BEARERS: Final = ("us", "payer")
TAX_UNITS: Final = ("invoice", "delivery_note")
METHODS: Final = "transfer cash cheque date_fixed note densai factoring direct_debit card cod offset".split()
PARTNERS: Final = Kind(
    "partners",
    (
        Column("code", "取引先コード", required=True),
        Column("name", "取引先名", required=True),
        Column("kana", "フリガナ"),
        Column("registration_number", "登録番号"),
        Column("bill_to", "請求先コード"),
        Column("parent", "名寄せ先コード"),
        Column("postal_code", "郵便番号"),
        Column("address", "住所"),
        Column("email", "メール"),
        Column("closing_day", "締日"),
        Column("payment_months", "回収サイト月", cells.amount, why="締月から何か月後かを 0 以上の整数で書いてください"),
        Column("payment_day", "回収日", cells.amount, why="1〜28、月末は 31 で書いてください"),
        options("holiday_shift", "休日", "before", "after", "none"),
        options("method", "回収手段", *METHODS),
        Column("split", "分割回収"),
        Column("payer_names", "振込名義"),
        Column("virtual_account", "仮想口座"),
        Column("credit_limit", "与信限度額", cells.amount),
        Column("currency", "通貨"),
        Column("receivable_account", "債権科目"),
        options("delivery", "送付方法", "email", "paper", "peppol"),
        Column("peppol_id", "Peppol ID"),
        options("invoice_grouping", "請求書のまとめ方", *company.CHOICES["invoice_grouping"]),
        options("tax_unit", "消費税の計算単位", *TAX_UNITS),
        options("fee_bearer", "振込手数料の負担", *FEE_BEARERS),
        Column("minimum_invoice", "請求最低額", cells.amount),
    ),
)
TERMS: Final = ["closing_mask", "payment_months", "payment_day", "holiday_shift", "method", "split"]
DEFAULTS: Final = {
    "payment_months": 1,
    "payment_day": 31,
    "holiday_shift": "none",
    "method": "transfer",
    "split": "",
    "currency": "JPY",
    "receivable_account": "売掛金",
    "delivery": "paper",
}


@action("partners.import")
def import_partners(session: Session, *, sheet: Sheet) -> int:
    """Take the partners of the sheet and return how many were new or changed; refused whole if any row is wrong."""
    known = queries.profiles(session)
    for read in (queries.told_names, queries.virtual_accounts):
        read(session)  # before the first write: later they would have to wait for it
    _check(session, sheet, known)
    sheet.sift()
    _check_circle(sheet, known)
    sheet.accept()
    if sheet.frame.is_empty():
        return 0
    frame = sheet.frame.with_columns(
        *[pl.col(name).fill_null(value) for name, value in DEFAULTS.items()],
        pl.col("kana", "postal_code", "address", "email", "invoice_grouping").fill_null(""),
        tax_unit=pl.when(pl.col("tax_unit") == "delivery_note").then("tax_unit").otherwise(pl.lit("")),
        fee_bearer=pl.when(pl.col("fee_bearer") == "payer").then("fee_bearer").otherwise(pl.lit("")),
        closing_mask=closing_masks(sheet.frame["closing_day"]),
    )
    fresh = frame.select("code").join(known, on="code", how="anti", maintain_order="left")
    made = facts.record(session, Partner, fresh).select("code", partner_id="id")
    every = pl.concat([known.select("code", "partner_id"), made])
    changed = _profiles(session, frame, every, known)
    names = _names(session, frame.join(every, on="code", maintain_order="left"))
    if changed + names:
        record_file(session, sheet=sheet)
    return changed


def _check(session: Session, sheet: Sheet, known: pl.DataFrame) -> None:
    """Note everything that is wrong with the rows beyond their cells."""
    frame = sheet.frame
    sheet.check(pl.col("code").is_duplicated() & pl.col("code").is_not_null(), "code", "同じ取引先コードが二度あります")
    every = pl.concat([known["code"], frame["code"]])
    for name in ("bill_to", "parent"):
        sheet.check(pl.col(name).is_not_null() & ~pl.col(name).is_in(every.implode()), name, "この取引先はありません")
    _each(sheet, "registration_number", registration_number.problem)
    _each(sheet, "peppol_id", endpoint.problem)
    _each(sheet, "email", email_addresses.problem)
    check_terms(sheet)
    for name in ("credit_limit", "minimum_invoice"):
        sheet.check(pl.col(name) < 0, name, "0 以上で書いてください")
    sheet.check(pl.col("currency") != "JPY", "currency", "この版で使える通貨は JPY だけです")
    chart = company.accounts(session)["name"].to_list()
    sheet.check(~pl.col("receivable_account").is_in(chart), "receivable_account", "科目表にない科目です")


def check_terms(sheet: Sheet) -> None:
    """Note what is wrong with the columns of collection terms (回収条件), beyond their cells."""
    _each(sheet, "closing_day", _closing_error)
    _each(sheet, "split", terms.split_error)
    sheet.check(~(pl.col("payment_day").is_between(1, 28) | (pl.col("payment_day") == 31)), "payment_day")
    sheet.check(pl.col("payment_months") < 0, "payment_months")


def _each(sheet: Sheet, name: str, problem: object) -> None:
    """Note what ``problem`` says of each distinct value of the column."""
    assert callable(problem)
    values = sheet.frame[name].drop_nulls().unique()
    why = {value: text for value in values if (text := problem(value))}
    if why:
        sheet.check(
            pl.col(name).is_in(list(why)), name, pl.col(name).replace_strict(why, default="", return_dtype=pl.String)
        )


def _closing_error(text: str) -> str | None:
    try:
        terms.closing_mask(text)
    except ValueError as error:
        return str(error)
    return None


def _check_circle(sheet: Sheet, known: pl.DataFrame) -> None:
    """Note bill-to chains of more than one step: a bill-to pays by itself, so that no chain can run in a circle."""
    names = known.select("code", bill="bill_to_id").join(known.select(bill="partner_id", bill_to="code"), on="bill")
    told = sheet.frame.select("code", bill_to=pl.coalesce("bill_to", "code"))
    every = pl.concat([names.select("code", "bill_to").join(told, on="code", how="anti"), told])
    moved = every.filter(pl.col("code") != pl.col("bill_to"))["code"]
    bad = (
        pl.col("bill_to").is_not_null()
        & (pl.col("bill_to") != pl.col("code"))
        & pl.col("bill_to").is_in(moved.implode())
    )
    sheet.check(bad, "bill_to", "請求先がさらに別の請求先を持っています（循環・多段はできません）")


def closing_masks(days: pl.Series) -> pl.Series:
    """The masks of closing days as `terms.closing_mask` reads them; 0 where there is none."""
    texts = days.cast(pl.String).fill_null("")
    table = {text: terms.closing_mask(text) for text in texts.unique()}
    return texts.replace_strict(table or {"": 0}, return_dtype=pl.Int64)


def terms_ids(session: Session, frame: pl.DataFrame) -> pl.Series:
    """The id of each row's collection terms (`TERMS`), in their order; combinations not yet known are added."""
    known = queries.terms(session)
    fresh = frame.select(TERMS).unique(maintain_order=True).join(known, on=TERMS, how="anti", maintain_order="left")
    added = facts.record(session, Terms, fresh).rename({"id": "terms_id"})
    every = pl.concat([known, added.select(known.columns)])
    return frame.select(TERMS).join(every, on=TERMS, how="left", maintain_order="left")["terms_id"]


def _profiles(session: Session, frame: pl.DataFrame, every: pl.DataFrame, known: pl.DataFrame) -> int:
    """Record a profile for each row that is new or says something else than the newest profile; return how many."""
    ids = dict(zip(every["code"], every["partner_id"], strict=True))
    account = dict(company.accounts(session).select("name", "id").iter_rows())
    numbers = {n: registration_number.normalised(n) for n in frame["registration_number"].drop_nulls().unique()}
    numbers[""] = ""
    addresses = {a: endpoint.normalised(a) for a in frame["peppol_id"].drop_nulls().unique()} | {"": ""}
    wanted = frame.with_columns(
        partner_id=pl.col("code").replace_strict(ids, return_dtype=pl.Int64),
        bill_to_id=pl.coalesce("bill_to", "code").replace_strict(ids, return_dtype=pl.Int64),
        parent_id=pl.col("parent").replace_strict(ids, default=None, return_dtype=pl.Int64),
        receivable_account_id=pl.col("receivable_account").replace_strict(account, return_dtype=pl.Int64),
        registration_number=pl.col("registration_number").fill_null("").replace_strict(numbers),
        peppol_id=pl.col("peppol_id").fill_null("").replace_strict(addresses),
        terms_id=terms_ids(session, frame),
    )
    names = ["partner_id", *queries.PROFILE.split(", ")]
    changed = wanted.select(names).join(
        known.select(names), on=names, how="anti", nulls_equal=True, maintain_order="left"
    )
    facts.record(session, Profile, changed)
    return changed.height


def _names(session: Session, frame: pl.DataFrame) -> int:
    """Record payer names and virtual accounts not yet known; return how many. The kana and the name count as such.

    A name that was withdrawn is not taken up again by a file.
    """
    given = frame.select("partner_id", payer=pl.col("payer_names").str.split(";")).explode("payer")
    own = [frame.select("partner_id", payer=name) for name in ("kana", "name")]
    wanted = pl.concat([given, *own]).with_columns(pl.col("payer").str.strip_chars()).filter(pl.col("payer") != "")
    wanted = wanted.with_columns(folded=payer.folded(wanted["payer"])).filter(pl.col("folded") != "")
    keys = ["partner_id", "folded"]
    wanted = wanted.unique(keys, maintain_order=True).join(
        queries.told_names(session), on=keys, how="anti", maintain_order="left"
    )
    facts.record(session, PayerName, wanted.with_columns(withdrawn=pl.lit(value=False)))
    accounts = frame.select("partner_id", virtual_account=pl.col("virtual_account").str.split(";")).explode(
        "virtual_account"
    )
    accounts = accounts.filter(pl.col("virtual_account").is_not_null() & (pl.col("virtual_account") != ""))
    accounts = accounts.join(queries.virtual_accounts(session), on=accounts.columns, how="anti", maintain_order="left")
    facts.record(session, VirtualAccount, accounts)
    return wanted.height + accounts.height


def name_payers(session: Session, *, names: pl.DataFrame, withdrawn: bool = False) -> int:
    """Record payer names (``partner_id, payer, folded``) that are not known yet, or withdraw known ones; return how many."""
    keys = ["partner_id", "folded"]
    known = queries.payer_names(session)
    rows = names.unique(keys, maintain_order=True).join(
        known, on=keys, how="semi" if withdrawn else "anti", maintain_order="left"
    )
    facts.record(session, PayerName, rows.with_columns(withdrawn=pl.lit(withdrawn)))
    return rows.height


HOLIDAYS: Final = Kind(
    "holidays",
    (
        Column("date", "日付", cells.day, required=True),
        Column("name", "名称", required=True),
        options("kind", "区分", "closed", "open"),
    ),
)


@action("partners.import")
def import_holidays(session: Session, *, sheet: Sheet) -> int:
    """Take the days of the company's own calendar (会社カレンダー) and return how many say something new.

    Due days are moved off days that are ``closed``, and onto those that are ``open`` although banks are not.
    """
    sheet.check(pl.col("date").is_duplicated() & pl.col("date").is_not_null(), "date", "同じ日付が二度あります")
    sheet.accept()
    wanted = sheet.frame.select("name", day="date", closed=pl.col("kind").fill_null("closed") == "closed")
    known = queries.holidays(session)
    fresh = wanted.join(known, on=["day", "name", "closed"], how="anti", maintain_order="left")
    if fresh.height:
        facts.record(session, Holiday, fresh.rename({"day": "day_on"}))
        record_file(session, sheet=sheet)
    return fresh.height
