"""The pen of collecting: collectors and mandates, requests for debits, their results, and settlements."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, TypeVar

import polars as pl

from urikake.base import facts, periods
from urikake.base.access import action
from urikake.base.bulk import Session
from urikake.base.company import policies
from urikake.base.errors import Refusal
from urikake.core import cells, clearing
from urikake.core.calendar import business_days
from urikake.core.formats import bank_kana, zengin91
from urikake.rooms.intake.actions import record_file
from urikake.rooms.intake.queries import Column, Kind, Sheet, options
from urikake.rooms.parties import queries as parties
from urikake.rooms.receivables import actions as receivables_pen
from urikake.rooms.receivables import queries as receivables

from . import queries
from .models import Advance, Collection, Collector, Debit, DebitItem, Line, Mandate, Outcome, Request, Result

T = TypeVar("T")
DEPOSITS: Final = tuple(zengin91.DEPOSITS)
LINE_ENDS: Final = {"crlf": "\r\n", "none": ""}
LONGEST: Final = 500
SHOWN: Final = 20  # faults of a file that are told one by one
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
SETTLEMENT: Final = Kind(
    "settlement",
    (
        Column("date", "精算日", cells.day, required=True),
        Column("id", "取引番号", required=True),
        Column("invoice_no", "請求書番号", required=True),
        Column("amount", "金額", cells.amount, required=True),
        Column("fee", "手数料", cells.amount),
        Column("payout_on", "入金予定日", cells.day, required=True),
    ),
)
LINE: Final = ["transaction_code", "document", "amount", "fee", "collected_on", "payout_on"]


# --- collectors and mandates ---------------------------------------------------------------------------------------


@action("collecting.import")
def import_collectors(session: Session, *, sheet: Sheet) -> int:
    """Take collectors (収納機関) and return how many say something new; refused whole if any row is wrong."""
    sheet.check(pl.col("partner").is_duplicated() & pl.col("partner").is_not_null(), "partner", "同じ取引先の行が二つあります")
    _check_partner(session, sheet, "partner")
    debit = pl.col("kind") == "debit"
    for name in ("client_code", "client_name", "bank", "branch"):
        sheet.check(debit & pl.col(name).is_null(), name, "口座振替の収納機関では必須です")
    for name, length in (("client_code", 10), ("bank", 4), ("branch", 3), ("number", 7)):
        _check_digits(sheet, name, length)
    _check_kana(sheet, "client_name", 40, bank_kana.NAME)
    for name in ("bank_name", "branch_name"):
        _check_kana(sheet, name, 15, bank_kana.BANK)
    sheet.check(pl.col("payout_days") < 0, "payout_days")
    sheet.accept()
    rows = _identified(session, sheet.frame, partner="partner_id").with_columns(
        pl.col("client_code", "bank", "branch", "deposit").fill_null(""),
        *[_kana(sheet.frame, name, bank_kana.BANK) for name in ("bank_name", "branch_name")],
        client_name=_kana(sheet.frame, "client_name", bank_kana.NAME),
        bank_number=pl.col("number").fill_null(""),
        payout_days=pl.col("payout_days").fill_null(0),
        line_end=pl.col("line_end").fill_null("crlf"),
    )
    known = queries.collectors(session).rename({"collector_id": "partner_id"})
    return _keep_new(session, sheet, Collector, rows, known, queries.COLLECTOR.split(", "))


@action("collecting.import")
def import_mandates(session: Session, *, sheet: Sheet) -> int:
    """Take mandates (口座振替の登録) and return how many say something new; refused whole if any row is wrong."""
    sheet.check(pl.col("partner").is_duplicated() & pl.col("partner").is_not_null(), "partner", "同じ取引先の行が二つあります")
    _check_partner(session, sheet, "partner")
    debiting = queries.collectors(session).filter(pl.col("kind") == "debit")["code"]
    sheet.check(~pl.col("collector").is_in(debiting.implode()), "collector", "口座振替の収納機関ではありません")
    for name, length in (("bank", 4), ("branch", 3), ("number", 7)):
        _check_digits(sheet, name, length)
    _check_kana(sheet, "holder", 30, bank_kana.NAME)
    _check_kana(sheet, "customer_no", 20, bank_kana.NAME)
    for name in ("bank_name", "branch_name"):
        _check_kana(sheet, name, 15, bank_kana.BANK)
    sheet.check((pl.col("stopped") == "yes") & pl.col("reason").is_null(), "reason", "停止する理由を書いてください")
    sheet.sift()
    sheet.frame = sheet.frame.with_columns(customer_no=pl.coalesce("customer_no", "partner"))
    _check_kana(sheet, "customer_no", 20, bank_kana.NAME)
    frame = sheet.sift()
    rows = _identified(session, frame, partner="partner_id", collector="collector_id").with_columns(
        *[_kana(frame, name, bank_kana.BANK) for name in ("bank_name", "branch_name")],
        customer_no=_kana(frame, "customer_no", bank_kana.NAME),
        holder_kana=_kana(frame, "holder", bank_kana.NAME),
        bank_number="number",
        valid_from_on=pl.col("valid_from").fill_null(date(1900, 1, 1)),
        stopped=pl.col("stopped").fill_null("no") == "yes",
        why=pl.col("reason").fill_null(""),
    )
    known = queries.mandates(session)
    _check_customers(sheet, rows, known)
    sheet.accept()
    return _keep_new(session, sheet, Mandate, rows, known, queries.MANDATE.split(", "))


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


def _check_partner(session: Session, sheet: Sheet, name: str) -> None:
    codes = parties.codes(session)["code"].implode()
    sheet.check(~pl.col(name).is_in(codes), name, "この取引先はありません")


def _check_digits(sheet: Sheet, name: str, length: int) -> None:
    """Note what is not exactly so many digits."""
    sheet.check(~pl.col(name).str.contains(f"^[0-9]{{{length}}}$"), name, f"半角の数字{length}桁で書いてください")


def _check_kana(sheet: Sheet, name: str, most: int, allowed: frozenset[str]) -> None:
    """Note what cannot stand in a bank's file, or is longer there than its field."""
    why: dict[str, str] = {}
    for value in sheet.frame[name].drop_nulls().unique():
        try:
            long = len(bank_kana.converted(value, allowed)) > most
        except ValueError as error:
            why[value] = f"{error}。カナで書いてください"
        else:
            why |= {value: f"銀行のファイルでは{most}文字までです（濁点も1文字）"} if long else {}
    if why:
        reason = pl.col(name).replace_strict(why, default="", return_dtype=pl.String)
        sheet.check(pl.col(name).is_in(list(why)), name, reason)


def _kana(frame: pl.DataFrame, name: str, allowed: frozenset[str]) -> pl.Expr:
    """The column in bank kana, each distinct text once; empty where there is none."""
    spelt = {value: bank_kana.converted(value, allowed) for value in frame[name].drop_nulls().unique()}
    return pl.col(name).fill_null("").replace_strict({**spelt, "": ""}, return_dtype=pl.String).alias(name)


def _identified(session: Session, frame: pl.DataFrame, **columns: str) -> pl.DataFrame:
    """The rows with the id of the partner whose code stands in each named column."""
    ids = dict(parties.codes(session).select("code", "partner_id").iter_rows())
    return frame.with_columns(
        pl.col(code).replace_strict(ids, return_dtype=pl.Int64).alias(name) for code, name in columns.items()
    )


def _keep_new(
    session: Session, sheet: Sheet, model: type[facts.Fact], rows: pl.DataFrame, known: pl.DataFrame, names: list[str]
) -> int:
    """Record the rows that say something else than what stands; return how many."""
    fresh = rows.join(known, on=names, how="anti", maintain_order="left")
    if fresh.height:
        facts.record(session, model, fresh)
        record_file(session, sheet=sheet)
    return fresh.height


# --- requests ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Asked:
    """A request (None where nobody can be asked), whether it is new, its file, and the items that it leaves out with the reason."""

    request: dict[str, Any] | None
    new: bool
    file: bytes
    left_out: pl.DataFrame


@action("collecting.request")
def request_debits(session: Session, *, collector: str, on: date, due: date | None = None) -> Asked:
    """Ask the collector to debit on a day all that is due by it (or ``due``), once: the same request gives the same file.

    Every partner is one record, of all its open items of direct debit that stand in no other unanswered request.
    """
    head = _collector(session, collector, debit=True)
    rows = queries.askable(session, head["collector_id"], on, due or on)
    left_out = rows.filter(pl.col("reason") != "")
    standing = queries.requests(session).filter(
        (pl.col("collector_id") == head["collector_id"]) & (pl.col("debit_on") == on)
    )
    valid = standing.filter(pl.col("state") != "withdrawn")
    if valid.height:
        request = valid.row(0, named=True)
        return Asked(request, False, queries.file_of(session, request["request_id"]), left_out)
    periods.require_open(session, on)
    wanted = rows.filter(pl.col("reason") == "")
    if wanted.is_empty():
        return Asked(None, False, b"", left_out)
    debits = _debits(session, wanted, head["collector_id"])
    file = _written(head, on, debits)
    request = {
        "collector_id": head["collector_id"],
        "debit_on": on,
        "attempt": standing.height + 1,
        "due_until_on": due or on,
        "debit_count": debits.height,
        "amount": int(debits["amount"].sum()),
        "digest": hashlib.sha256(file).hexdigest(),
        "file_deflated": zlib.compress(file),
    }
    return Asked(_record_request(session, request, debits, wanted), True, file, left_out)


def _record_request(
    session: Session, request: dict[str, Any], debits: pl.DataFrame, wanted: pl.DataFrame
) -> dict[str, Any]:
    """Record a request with its debits and their items; the request with its ``request_id``."""
    request_id = facts.record(session, Request, pl.DataFrame([request]))["id"][0]
    made = facts.record(session, Debit, debits.with_columns(request_id=pl.lit(request_id, dtype=pl.Int64)))
    owner = made.select("partner_id", debit_id="id")
    items = wanted.select("partner_id", "item_id", amount="balance").join(owner, on="partner_id", maintain_order="left")
    facts.record(session, DebitItem, items.sort("debit_id", maintain_order=True))
    return request | {"request_id": request_id}


def _collector(session: Session, code: str, *, debit: bool) -> dict[str, Any]:
    """The collector of that partner code; refused where there is none, or it collects another way."""
    found = queries.collectors(session).filter(pl.col("code") == code)
    if found.is_empty():
        raise Refusal(
            "no-collector", f"収納機関「{code[:60]}」はありません。", "urikake import collectors で登録してください。"
        )
    if (found["kind"][0] == "debit") != debit:
        way = "urikake settlement" if debit else "urikake debit"
        raise Refusal(
            "other-collector",
            f"収納機関「{code}」は口座振替の収納機関で{'はありません' if debit else 'す'}。",
            f"{way} を使ってください。",
        )
    return found.row(0, named=True)


def _debits(session: Session, wanted: pl.DataFrame, collector_id: int) -> pl.DataFrame:
    """One debit a partner, in order of their codes, with the account and whether the bank sees it for the first time."""
    account = [*queries.ACCOUNT, "bank_name", "branch_name", "holder_kana", "customer_no", "mandate_id"]
    debits = wanted.group_by("partner_id", maintain_order=True).agg(
        pl.col(account).first(), amount=pl.col("balance").sum()
    )
    before = queries.last_accounts(session, collector_id)
    joined = debits.join(before, on="partner_id", how="left", suffix="_before", maintain_order="left")
    other = pl.any_horizontal(pl.col(name) != pl.col(f"{name}_before") for name in queries.ACCOUNT)
    change = (
        pl.when(pl.col("bank_before").is_null())
        .then(pl.lit("first"))
        .when(other)
        .then(pl.lit("changed"))
        .otherwise(pl.lit("other"))
    )
    return joined.with_columns(change=change)


def _written(head: dict[str, Any], on: date, debits: pl.DataFrame) -> bytes:
    """The file of the request; refused with what cannot stand in it."""
    ours = zengin91.Collector(
        code=head["client_code"],
        name=head["client_name"],
        bank=head["bank"],
        branch=head["branch"],
        bank_name=head["bank_name"],
        branch_name=head["branch_name"],
        deposit=head["deposit"],
        number=head["bank_number"],
    )
    names = {"number": "bank_number", "holder": "holder_kana", "customer": "customer_no"}
    same = ["bank", "bank_name", "branch", "branch_name", "deposit", "amount", "change"]
    rows = debits.select(*same, **names).iter_rows(named=True)
    batch = zengin91.Batch(collector=ours, on=on, debits=tuple(zengin91.Debit(**row) for row in rows))
    return _told(lambda: zengin91.written([batch], LINE_ENDS[head["line_end"]]), "依頼ファイルを作れません。")


def _told(make: Callable[[], T], what: str) -> T:
    """What the format makes; where it refuses, a refusal that tells all that is wrong."""
    try:
        return make()
    except zengin91.Refused as refused:
        shown = "／".join(map(str, refused.faults[:SHOWN]))
        more = len(refused.faults) - SHOWN
        rest = f"／ほか{more}件" if more > 0 else ""
        raise Refusal("debit-file", f"{what}{shown}{rest}。", "直してから、もう一度行ってください。") from None


@action("collecting.request")
def withdraw_request(session: Session, *, request_id: int, why: str) -> dict[str, Any]:
    """Withdraw a request that is not answered yet; its items can be asked for again. Returns the request."""
    if not why.strip():
        raise Refusal("no-reason", "依頼を取り下げる理由がありません。", "--why で書いてください。")
    if len(why.strip()) > LONGEST:
        raise Refusal("long-reason", f"依頼を取り下げる理由が{LONGEST}字を超えています。", "短く書いてください。")
    found = queries.requests(session).filter(pl.col("request_id") == request_id)
    if found.is_empty():
        raise Refusal(
            "no-request",
            f"振替依頼「{request_id - session.low}」はありません。",
            "urikake report debits で番号を確かめてください。",
        )
    request = found.row(0, named=True)
    if request["state"] != queries.OPEN:
        done = "結果を取り込み済み" if request["state"] == "answered" else "取り下げ済み"
        raise Refusal(
            "request-done", f"振替依頼「{request_id - session.low}」は{done}です。", "urikake report debits で確かめてください。"
        )
    end = {"request_id": request_id, "state": "withdrawn", "why": why.strip(), "digest": "", "paid_count": 0, "paid": 0}
    facts.record(session, Outcome, pl.DataFrame([end]))
    return request


# --- results -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Collected:
    """What collectors said they collected: collections, the movements of the customers' items, those items, and advances.

    ``results`` are those of debits (empty for settlements), ``stopped`` the mandates that ended with them.
    """

    collections: pl.DataFrame
    movements: pl.DataFrame
    items: pl.DataFrame
    advances: pl.DataFrame
    results: pl.DataFrame
    stopped: int = 0


@action("collecting.settle")
def take_result(session: Session, *, file: bytes, fee: int = 0, payout_on: date | None = None) -> Collected | None:
    """Take a result file (振替結果) whole: what was paid settles its items, what was not keeps them open with the reason.

    ``fee`` is what the collector keeps of the money that it pays out on ``payout_on`` (else as the collector's master says).
    A file that was taken already gives None; refused where it does not answer a request of ours exactly.
    """
    asked = queries.requests(session).filter(pl.col("state") != "withdrawn")
    near = asked["debit_on"].max()
    batches = _told(
        lambda: zengin91.read(file, near if isinstance(near, date) else date.min.replace(year=2000)),
        "結果ファイルを読めません。",
    )
    digest = hashlib.sha256(file).hexdigest()
    taken = [_answered(session, asked, batch, digest) for batch in batches if batch.debits]
    fresh = [each for each in taken if each is not None]
    if not fresh:
        return None
    results = pl.concat(fresh)
    return _settle_debits(session, asked, results, fee, payout_on)


def _answered(session: Session, asked: pl.DataFrame, batch: zengin91.Batch, digest: str) -> pl.DataFrame | None:
    """The debits of the request that the batch answers, each with its new ``result``, recorded; None where that was done before."""
    request, told = _request_of(session, asked, batch)
    debits = queries.debits(session, request["request_id"])
    sent = zengin91.read(queries.file_of(session, request["request_id"]), request["debit_on"])[0]
    if wrong := zengin91.differences(sent, batch):
        more = f"／ほか{len(wrong) - SHOWN}件" if len(wrong) > SHOWN else ""
        raise Refusal(
            "not-our-request",
            f"結果が{request['debit_on']}の振替依頼と合いません。{'／'.join(wrong[:SHOWN])}{more}。",
            "依頼と同じ収納機関・引落日の結果ファイルかを確かめてください。",
        )
    results = pl.DataFrame(
        {"customer": [each.customer for each in batch.debits], "told": [each.result for each in batch.debits]},
        schema={"customer": pl.String, "told": pl.Int64},
    )
    own = debits.with_columns(customer=pl.Series([each.customer for each in sent.debits], dtype=pl.String))
    joined = own.join(results, on="customer", how="left", maintain_order="left")
    if told:
        if joined.filter(pl.col("told") != pl.col("result")).height:
            raise Refusal(
                "other-result",
                f"{request['debit_on']}の振替依頼には、別の結果を取り込み済みです。",
                "収納機関に確かめてください。取り込んだ結果は変えられません。",
            )
        return None
    periods.require_open(session, request["debit_on"])
    facts.record(session, Result, joined.select("debit_id", result="told"))
    paid = joined.filter(pl.col("told") == 0)
    end = {"request_id": request["request_id"], "state": "answered", "why": "", "digest": digest}
    facts.record(session, Outcome, pl.DataFrame([end | {"paid_count": paid.height, "paid": int(paid["amount"].sum())}]))
    return joined


def _request_of(session: Session, asked: pl.DataFrame, batch: zengin91.Batch) -> tuple[dict[str, Any], bool]:
    """The request that a batch answers, and whether it was answered before."""
    code, on = batch.collector.code, batch.on
    theirs = queries.collectors(session).filter((pl.col("client_code") == code) & (pl.col("kind") == "debit"))
    found = asked.join(theirs.select("collector_id", "bank"), on="collector_id").filter(pl.col("debit_on") == on)
    ours = found.filter(pl.col("bank") == batch.collector.bank) if found.height > 1 else found
    if ours.height != 1:
        raise Refusal(
            "unasked-result",
            f"委託者コード {code}、引落日 {on} の振替依頼はありません。",
            "依頼した収納機関と引落日を確かめてください（取り下げた依頼の結果は取り込めません）。",
        )
    request = ours.row(0, named=True)
    return request, request["state"] == "answered"


def _settle_debits(
    session: Session, asked: pl.DataFrame, results: pl.DataFrame, fee: int, payout_on: date | None
) -> Collected:
    """Stop the mandates that ended, and settle what was paid."""
    stopped = _stop(session, results)
    paid = results.filter(pl.col("told") == 0)
    sums = paid.group_by("request_id", maintain_order=True).agg(pl.col("amount").sum())
    heads = sums.join(asked.select("request_id", "collector_id", "debit_on"), on="request_id", maintain_order="left")
    _check_fee(fee, heads)
    payout = pl.lit(payout_on, dtype=pl.Date) if payout_on else _payouts(session, heads)
    late = heads.filter(pl.lit(payout_on, dtype=pl.Date) < pl.col("debit_on"))
    if late.height:
        raise Refusal("bad-payout", f"入金予定日 {payout_on} が引落日より前です。", "引落日以後の日を指定してください。")
    made = heads.with_columns(collected_on="debit_on", payout_on=payout, fee=pl.lit(fee, dtype=pl.Int64))
    collections = facts.record(session, Collection, made).rename({"id": "collection_id"})
    shares, known = _shares(session, paid, heads["request_id"])
    owner = paid.select("debit_id", "request_id", "partner_id", "amount").join(
        collections.select("request_id", "collection_id", "collected_on"), on="request_id", maintain_order="left"
    )
    settled = shares.join(owner.drop("amount"), left_on="receipt_id", right_on="debit_id", maintain_order="left")
    sums = shares.group_by(debit_id="receipt_id").agg(settled=pl.col("amount").sum())
    beyond = owner.join(sums, on="debit_id", how="left", maintain_order="left").with_columns(
        amount=pl.col("amount") - pl.col("settled").fill_null(0)
    )
    return _settled(session, collections, settled, known, beyond, results, stopped)


def _check_fee(fee: int, heads: pl.DataFrame) -> None:
    """Return if the fee can be kept of what was paid; a file of several requests does not say of which."""
    most = int(heads["amount"].sum()) if heads.height == 1 else 0
    if not 0 <= fee <= most:
        several = heads.height > 1
        raise Refusal(
            "bad-fee",
            f"手数料 {fee:,}円 は差し引けません。"
            + ("いくつもの依頼の結果が入ったファイルです。" if several else f"振り替えられたのは {most:,}円 です。"),
            "0 円で取り込み、手数料は入金の消込で処理してください。" if several else "手数料を確かめてください。",
        )


def _payouts(session: Session, heads: pl.DataFrame) -> pl.Series:
    """The day on which each collector's money arrives: so many days after the debit, then the next business day of banks."""
    days = queries.collectors(session).select("collector_id", "payout_days")
    joined = heads.join(days, on="collector_id", how="left", maintain_order="left")
    raw = joined.select(pl.col("debit_on") + pl.duration(days="payout_days")).to_series()
    return business_days(raw, pl.Series(["after"] * raw.len(), dtype=pl.String)).alias("payout_on")


def _stop(session: Session, results: pl.DataFrame) -> int:
    """Stop the mandates whose debit failed for more than lack of funds, unless a newer one stands; how many."""
    ended = results.filter((pl.col("told") != 0) & ~pl.col("told").is_in(queries.AGAIN)).select("mandate_id", "told")
    mine = queries.mandates(session).join(ended, on="mandate_id", maintain_order="left").filter(~pl.col("stopped"))
    words = pl.col("told").replace_strict(zengin91.RESULTS, return_dtype=pl.String)
    return facts.record(session, Mandate, mine.with_columns(stopped=pl.lit(True), why=words)).height


def _shares(session: Session, paid: pl.DataFrame, request_ids: pl.Series) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What each debit that was paid settles of its items as they stand now (``receipt_id`` is the debit), and those items.

    An item that was settled otherwise meanwhile takes no more than it has.
    """
    parts = [queries.debit_items(session, request_id) for request_id in request_ids]
    items = pl.concat(parts) if parts else queries.debit_items(session, 0)
    mine = items.join(paid.select("debit_id", receipt_amount="amount"), on="debit_id", maintain_order="left")
    known = receivables.standing(session, mine["item_id"])
    joined = mine.join(
        known.select("item_id", "balance", "due_on", on="posted_on"), on="item_id", how="left", maintain_order="left"
    )
    least = pl.min_horizontal(pl.col("amount").abs(), pl.col("balance").fill_null(0).abs())
    same = pl.col("amount").sign() == pl.col("balance").fill_null(0).sign()
    rows = joined.filter(pl.col("receipt_amount").is_not_null()).with_columns(
        receipt_id="debit_id", amount=pl.when(same).then(least * pl.col("amount").sign()).otherwise(0)
    )
    return clearing.allocate(rows, "oldest"), known


def _settled(
    session: Session,
    collections: pl.DataFrame,
    settled: pl.DataFrame,
    known: pl.DataFrame,
    beyond: pl.DataFrame,
    results: pl.DataFrame,
    stopped: int = 0,
) -> Collected:
    """Move the customers' items, keep what is beyond them, and raise what the collectors owe.

    ``settled`` has ``item_id, amount, collection_id, collected_on``; ``beyond`` ``collection_id, partner_id, amount``.
    """
    over = beyond.filter(pl.col("amount") != 0).group_by("collection_id", "partner_id", maintain_order=True).agg(
        pl.col("amount").sum()
    )
    advances = facts.record(session, Advance, over)
    summed = settled.group_by("collection_id", "item_id", "collected_on", maintain_order=True).agg(pl.col("amount").sum())
    moved = receivables_pen.move(
        session,
        moves=summed.sort("collection_id", "item_id").select(
            "item_id",
            kind=pl.lit("collected"),
            moved=-pl.col("amount"),
            moved_on="collected_on",
            source_id="collection_id",
        ),
        known=known,
    )
    owed = collections.select(
        source_id="collection_id",
        partner_id="collector_id",
        gross=pl.col("amount") - pl.col("fee"),
        posted_on="collected_on",
        due_on="payout_on",
    )
    receivables_pen.raise_collected(session, owed=owed)
    return Collected(collections, moved, known, advances, results, stopped)


# --- settlements ---------------------------------------------------------------------------------------------------


@action("collecting.settle")
def take_settlement(session: Session, *, sheet: Sheet, collector: str) -> Collected:
    """Take a settlement file (精算明細) of a card processor or a courier: each payment settles its document, once.

    What the collector owes is one item a settlement day and payout day, less the fees that it keeps.
    """
    head = _collector(session, collector, debit=False)
    _check_settlement(session, sheet)
    good = sheet.sift()
    rows = good.with_columns(
        pl.col("fee").fill_null(0), transaction_code="id", document="invoice_no", collected_on="date"
    )
    there = _lines_of(session, head["collector_id"])
    again = rows.join(there, on="transaction_code", how="semi")
    other = again.join(there, on=LINE, how="anti")["transaction_code"]
    sheet.check(pl.col("id").is_in(other.implode()), "id", "この取引番号は別の内容で登録済みです")
    fresh = rows.join(there, on="transaction_code", how="anti", maintain_order="left")
    sheet.frame = fresh
    closed = [day for day in fresh["collected_on"].unique() if not periods.is_open(session, day)]
    sheet.check(pl.col("date").is_in(closed), "date", "締め済みの月です")
    items = receivables.of_documents(session, rows["document"].unique())
    sheet.check(~pl.col("invoice_no").is_in(items["number"].implode()), "invoice_no", "この請求書はありません")
    sheet.accept()
    return _settle_lines(session, sheet, fresh.sort("collected_on", "payout_on", maintain_order=True), head, items)


def _check_settlement(session: Session, sheet: Sheet) -> None:
    """Note everything that is wrong with the rows by themselves."""
    sheet.check(pl.col("id").is_duplicated() & pl.col("id").is_not_null(), "id", "同じ取引番号の行が二つあります")
    sheet.check(pl.col("amount") <= 0, "amount", "正の整数で書いてください（返金は取り込めません）")
    sheet.check((pl.col("fee") < 0) | (pl.col("fee") > pl.col("amount")), "fee", "0 から金額までで書いてください")
    sheet.check(pl.col("payout_on") < pl.col("date"), "payout_on", "精算日より前です")


def _lines_of(session: Session, collector_id: int) -> pl.DataFrame:
    """The lines of the collector that were taken, as files tell them."""
    days = queries.collections(session, "collector_id = ?", (collector_id,)).select(
        "collection_id", "collected_on", "payout_on"
    )
    taken = queries.lines(session, "collector_id = ?", (collector_id,))
    return taken.join(days, on="collection_id", maintain_order="left").select(LINE)


def _settle_lines(
    session: Session, sheet: Sheet, lines: pl.DataFrame, head: dict[str, Any], items: pl.DataFrame
) -> Collected:
    """Record what the lines tell, and settle their documents."""
    collector = pl.lit(head["collector_id"], dtype=pl.Int64)
    days = ["collected_on", "payout_on"]
    sums = lines.group_by(days, maintain_order=True).agg(pl.col("amount", "fee").sum()).with_columns(collector_id=collector)
    collections = facts.record(session, Collection, sums).rename({"id": "collection_id"})
    placed = lines.join(collections.select("collection_id", *days), on=days, maintain_order="left")
    facts.record(session, Line, placed.with_columns(collector_id=collector))
    paid = placed.group_by("document", "collection_id", "collected_on", maintain_order=True).agg(pl.col("amount").sum())
    mine = items.filter(pl.col("number").is_in(paid["document"].implode()))
    known = receivables.standing(session, mine["item_id"])
    settled = _of_documents(session, paid, mine.select("item_id", document="number"), known)
    sums = settled.group_by("document", "collection_id").agg(settled=pl.col("amount").sum())
    owner = mine.unique("number", keep="first").select("partner_id", document="number")
    beyond = paid.join(sums, on=["document", "collection_id"], how="left", maintain_order="left").join(
        owner, on="document", how="left", maintain_order="left"
    )
    over = beyond.with_columns(amount=pl.col("amount") - pl.col("settled").fill_null(0))
    if lines.height:
        record_file(session, sheet=sheet)
    return _settled(session, collections, settled, known, over, pl.DataFrame())


def _of_documents(session: Session, paid: pl.DataFrame, mine: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """What each document and collection settles of the document's open items: ``document, collection_id, item_id, amount``.

    A document's payments together are shared over its items by the company's policy, then one after the other.
    """
    numbered = paid.select("document", total=pl.col("amount").sum().over("document")).unique(maintain_order=True)
    open_ = mine.join(numbered.with_row_index("receipt_id"), on="document", maintain_order="left").join(
        known.select("item_id", "balance", "due_on", on="posted_on"), on="item_id", maintain_order="left"
    )
    rows = open_.filter(pl.col("balance") > 0).select(
        "receipt_id", "item_id", "due_on", "on", receipt_amount="total", amount="balance"
    )
    shares = clearing.allocate(rows, policies(session)["allocation"])  # type: ignore[arg-type]
    named = shares.join(open_.select("item_id", "document"), on="item_id", maintain_order="left")
    upto = named.with_columns(to=pl.col("amount").cum_sum().over("document"))
    parts = paid.with_columns(part_to=pl.col("amount").cum_sum().over("document"))
    parts = parts.with_columns(part_from=pl.col("part_to") - pl.col("amount")).drop("amount")
    both = upto.with_columns(since=pl.col("to") - pl.col("amount")).drop("amount").join(parts, on="document")
    shared = pl.min_horizontal("to", "part_to") - pl.max_horizontal("since", "part_from")
    return both.with_columns(amount=shared).filter(pl.col("amount") > 0)

