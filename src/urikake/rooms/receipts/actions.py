"""The pen of receipts: bank records taken once, what the bank took back, and what of them was applied."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import polars as pl

from urikake.base import company, facts, periods
from urikake.base.access import action
from urikake.base.bulk import Session
from urikake.base.errors import Refusal
from urikake.core import payer
from urikake.core.formats import bank_file, bank_layout
from urikake.core.formats.bank_file import BankFile
from urikake.rooms.intake.actions import record_file
from urikake.rooms.intake.queries import LINE, Sheet

from . import queries
from .models import Layout, Receipt, Record, Statement
from .queries import Brought
from .queries.statements import SAME
from .queries.statements import SOURCE as STATEMENT

SOURCE: Final = ["bank_account_id", "received_on", "bank_code", "amount", "payer", "reference"]


TEXTS: Final = {"payer_bank": 200, "payer_branch": 200, "note": 200, "inquiry": 60}


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of a bank's file: the new receipts (those that take others back among them), and what else it told.

    ``known`` movements had been taken before; ``out`` are debits, which are no receipts; ``corrected`` are new ones for a
    person to look at; ``others`` are those of other accounts, left alone. ``gaps`` are statements before which something is
    missing.
    """

    receipts: pl.DataFrame
    known: int = 0
    out: int = 0
    corrected: int = 0
    others: int = 0
    gaps: int = 0


@action("receipts.import")
def import_receipts(session: Session, *, sheet: Sheet, account: str) -> pl.DataFrame:
    """Take the bank records of the sheet that are not there yet and return them as receipts.

    A record with an ``id`` is known by it; without one, equal records of a day are counted and only the excess is new.
    """
    bank_id, _ = company.bank_account(session, account)
    sheet.check(pl.col("amount") <= 0, "amount", "入金額は正の整数で書いてください")
    made = _new(session, sheet, bank_id)
    if made.height:
        session.driver.write("receipts_unapplied", made.select("receipt_id", unapplied="amount"))
        record_file(session, sheet=sheet)
    return made


@action("receipts.import")
def import_bank_file(session: Session, *, brought: Brought, account: str) -> Taken:
    """Take what a bank's file tells of the account that is not there yet: receipts, and each record as it came.

    What the bank took back becomes a receipt below zero that names the one it takes back; refused where that is not there or
    was applied. Debits and movements of other accounts are left alone; corrections are kept for a person to look at.
    """
    bank_id, _ = company.bank_account(session, account)
    sheet, mine = brought.sheet, _own(session, brought, account)
    every = sheet.frame
    own = every.filter(pl.col("statement").is_in(mine.statements["statement"].implode()))
    sheet.frame = own.filter(pl.col("move").is_in([bank_file.IN, bank_file.CANCEL]))
    sheet.check(pl.col("amount") == 0, "amount", "0 円の入金は取り込めません")
    wanted = sheet.frame.height
    made = _new(session, sheet, bank_id)
    _restate_returned(session, made)
    told = _keep(session, brought, mine, bank_id)
    looked = _corrections(session, own.filter(pl.col("move") == bank_file.CORRECTION), bank_id)
    _keep_records(session, pl.concat([made, looked], how="diagonal"), told)
    if made.height or looked.height or told["new"].any():
        record_file(session, sheet=sheet)
    outgoing = own.filter(pl.col("move") == bank_file.OUT).height
    gaps = queries.gaps(session).filter(pl.col("statement_id").is_in(told["statement_id"].implode())).height
    return Taken(made, wanted - made.height, outgoing, looked.height, every.height - own.height, gaps)


def _new(session: Session, sheet: Sheet, bank_id: int) -> pl.DataFrame:
    """The records of the sheet that are not there yet, recorded as receipts, with the line of each and what goes with it."""
    sheet.check(pl.col("id").is_duplicated() & pl.col("id").is_not_null(), "id", "同じ取引番号の行が二つあります")
    good = sheet.sift()
    closed = [day for day in good["date"].unique() if not periods.is_open(session, day)]
    rows = good.with_columns(
        pl.col("payer", "reference", "virtual_account").fill_null(""),
        bank_account_id=pl.lit(bank_id, dtype=pl.Int64),
        received_on="date",
        bank_code=pl.col("id").fill_null(""),
    )
    rows = rows.with_columns(repeat=pl.int_range(pl.len()).over(SOURCE), folded=payer.folded(rows["payer"]))
    there = _known(session, rows)
    _check_ids(sheet, rows, there)
    fresh = rows.join(there, on=[*SOURCE, "repeat"], how="anti", maintain_order="left")
    fresh = _returns(session, _told_by_hand(session, fresh))
    sheet.frame = fresh
    sheet.check(pl.col("date").is_in(closed), "date", "締め済みの月です")
    _check_returns(sheet)
    sheet.accept()
    made = facts.record(session, Receipt, fresh)
    return pl.concat([made.rename({"id": "receipt_id"}), fresh.select(pl.exclude(made.columns))], how="horizontal")


def _known(session: Session, rows: pl.DataFrame) -> pl.DataFrame:
    """The receipts already there on the days of the rows."""
    if rows.is_empty():
        return queries.receipts(session, "1 = 0")
    return queries.receipts(session, "received_on BETWEEN ? AND ?", (rows["date"].min(), rows["date"].max()))


def _check_ids(sheet: Sheet, rows: pl.DataFrame, there: pl.DataFrame) -> None:
    """Note bank ids that are there with other content."""
    own = rows.filter(pl.col("bank_code") != "")
    again = own.join(there, on=["bank_account_id", "bank_code"], how="semi")
    other = again.join(there, on=SOURCE, how="anti")["bank_code"]
    sheet.check(pl.col("id").is_in(other.implode()), "id", "この取引番号は別の内容で登録済みです")


def _returns(session: Session, fresh: pl.DataFrame) -> pl.DataFrame:
    """The rows with the receipt that each below zero takes back: ``reverses_id``, and ``applied`` where that was used.

    It is the last one of the same payer and amount up to that day which is not taken back yet, of the same text before
    others; those of the file itself count with the id that they will have.
    """
    back = fresh.with_row_index("place").filter(pl.col("amount") < 0)
    if back.is_empty():
        return fresh.with_columns(reverses_id=pl.lit(None, dtype=pl.Int64), applied=pl.lit(False))
    pool = _reversible(session, fresh, back)
    pairs = back.join(pool, on=["bank_account_id", "payer"], how="left", suffix="_then").filter(
        (pl.col("size") == -pl.col("amount")) & (pl.col("received_on_then") <= pl.col("received_on"))
    )
    same = pl.col("reference") == pl.col("reference_then")
    best = pairs.with_columns(same=same).sort(
        "place", "same", "received_on_then", "receipt_id", descending=[False, True, True, True]
    )
    chosen: dict[int, tuple[int, bool]] = {}
    for place, receipt_id, applied in best.select("place", "receipt_id", "applied").iter_rows():
        if place not in chosen and receipt_id not in {each for each, _ in chosen.values()}:
            chosen[place] = receipt_id, applied
    found = pl.DataFrame(
        [(place, *pair) for place, pair in chosen.items()],
        schema={"place": pl.UInt32, "reverses_id": pl.Int64, "applied": pl.Boolean},
        orient="row",
    )
    both = fresh.with_row_index("place").join(found, on="place", how="left", maintain_order="left")
    return both.drop("place").with_columns(pl.col("applied").fill_null(False))


def _reversible(session: Session, fresh: pl.DataFrame, back: pl.DataFrame) -> pl.DataFrame:
    """The receipts that any of the rows may take back, those that the file itself brings among them."""
    session.stage(back.select(size=-pl.col("amount")).unique())
    there = session.read(
        "SELECT r.id AS receipt_id, r.bank_account_id, r.received_on, r.amount AS size, r.payer, r.reference, u.unapplied"
        " FROM stage s JOIN receipts_receipt r ON r.amount = s.size LEFT JOIN receipts_unapplied u ON u.receipt_id = r.id"
        " WHERE r.id >= ? AND r.id < ? AND NOT EXISTS (SELECT 1 FROM receipts_receipt v WHERE v.reverses_id = r.id)",
        (session.low, session.high),
    )
    names = ["receipt_id", "bank_account_id", "received_on", "size", "payer", "reference", "applied"]
    first = session.next_id("receipts_receipt")
    mine = fresh.with_columns(receipt_id=pl.int_range(first, first + pl.len(), dtype=pl.Int64), size="amount")
    coming = mine.filter(pl.col("amount") > 0).with_columns(applied=pl.lit(False)).select(names)
    used = there.with_columns(applied=pl.col("unapplied").fill_null(0) != pl.col("size")).select(names)
    return pl.concat([used.cast(coming.schema), coming])


def _check_returns(sheet: Sheet) -> None:
    """Note what takes back a receipt that is not there, or that was applied."""
    back = pl.col("amount") < 0
    sheet.check(
        back & pl.col("reverses_id").is_null(),
        "amount",
        "取り消す元の入金（同じ名義・同じ金額）がありません。元の入金のあるファイルを先に取り込んでください",
    )
    sheet.check(
        back & pl.col("applied"),
        "amount",
        "取り消す元の入金は消込済みです。その消込を取り消してから、もう一度取り込んでください",
    )


def _restate_returned(session: Session, made: pl.DataFrame) -> None:
    """Bring the projection of unapplied receipts to what it is with the new ones and without those taken back."""
    gone = made["reverses_id"].drop_nulls()
    session.remove("receipts_unapplied", "receipt_id", gone)
    left = made.filter((pl.col("amount") > 0) & ~pl.col("receipt_id").is_in(gone.implode()))
    if left.height:
        session.driver.write("receipts_unapplied", left.select("receipt_id", unapplied="amount"))


def _own(session: Session, brought: Brought, account: str) -> BankFile:
    """What the file tells of the account; refused where it tells of others only."""
    names = "id, code, bank, branch, deposit, bank_number"
    every = session.table("base_bank_account", names).filter(pl.col("code") == account)
    ours = every.row(-1, named=True)
    told = {"bank": ours["bank"], "branch": ours["branch"], "deposit": ours["deposit"], "number": ours["bank_number"]}
    bare = {name: pl.col(name).str.strip_chars_start("0") for name in told}
    same = [
        (pl.col(name) == "") | pl.lit(value == "") | (bare[name] == value.strip().lstrip("0"))
        for name, value in told.items()
    ]
    mine = brought.file.statements.filter(pl.all_horizontal(same))
    if mine.is_empty():
        theirs = "・".join(
            " ".join(filter(None, row))
            for row in brought.file.statements.select(*told).unique(maintain_order=True).rows()
        )
        raise Refusal(
            "other-account",
            f"{brought.sheet.name} は口座「{account}」（{' '.join(filter(None, told.values()))}）のファイルではありません"
            f"（{theirs}）。",
            "口座を選び直すか、会社設定の口座の番号を確かめてください。",
        )
    return brought.file.of(mine["statement"])


def _keep(session: Session, brought: Brought, mine: BankFile, bank_id: int) -> pl.DataFrame:
    """The statements of the file with the ``statement_id`` under which each is kept, and whether it is ``new``."""
    rows = bank_file.totals(mine).with_columns(
        bank_account_id=pl.lit(bank_id, dtype=pl.Int64), format=pl.lit(brought.format.name)
    )
    there = queries.known_statements(session).unique(STATEMENT, keep="first")
    rows = rows.join(
        there.select("statement_id", *STATEMENT), on=STATEMENT, how="left", nulls_equal=True, maintain_order="left"
    )
    fresh = rows.filter(pl.col("statement_id").is_null())
    made = facts.record(session, Statement, fresh)
    numbered = fresh.select("statement").with_columns(made["id"].alias("statement_id"))
    known = rows.filter(pl.col("statement_id").is_not_null()).select("statement", "statement_id")
    return pl.concat([known.with_columns(new=pl.lit(False)), numbered.with_columns(new=pl.lit(True))])


def _corrections(session: Session, rows: pl.DataFrame, bank_id: int) -> pl.DataFrame:
    """The corrections that were not taken before; equal ones of a day are counted."""
    told = rows.with_columns(bank_account_id=pl.lit(bank_id, dtype=pl.Int64), received_on="date")
    told = told.with_columns(repeat=pl.int_range(pl.len()).over(SAME))
    there = queries.known_records(session) if rows.height else None
    return told if there is None else told.join(there, on=[*SAME, "repeat"], how="anti", maintain_order="left")


def _keep_records(session: Session, rows: pl.DataFrame, told: pl.DataFrame) -> None:
    """Keep the rows as they came in the file, beside the receipts that they became."""
    texts = [pl.col(name).str.slice(0, most) for name, most in TEXTS.items()]
    if rows.height:
        both = rows.join(told, on="statement", how="left", maintain_order="left").with_columns(texts)
        facts.record(session, Record, both.with_columns(line=LINE, booked_on="date", content="raw"))


BY_HAND: Final = "組戻し"
_SAME_RETURN: Final = 10  # days between a return told by hand and the bank's own record of it


def _told_by_hand(session: Session, fresh: pl.DataFrame) -> pl.DataFrame:
    """The rows without those by which a bank tells a return that a person took back before."""
    key = ["bank_account_id", "payer", "amount"]
    hand = queries.receipts(session, "bank_code = ? AND amount < 0", (BY_HAND,))
    if hand.is_empty():
        return fresh
    nth = pl.int_range(pl.len()).over(key)
    told = hand.sort("received_on", "receipt_id").select(*key, told_on="received_on", nth=nth)
    back = fresh.with_row_index("at").filter(pl.col("amount") < 0).sort("received_on", "at").with_columns(nth=nth)
    both = back.join(told, on=[*key, "nth"])
    near = (pl.col("received_on") - pl.col("told_on")).dt.total_days().abs() <= _SAME_RETURN
    known = both.filter(near)["at"]
    return fresh.with_row_index("at").filter(~pl.col("at").is_in(known.implode())).drop("at")


@action("receipts.import")
def take_back(session: Session, *, receipt: str, on: date) -> pl.DataFrame:
    """Record that the bank returned a receipt to its payer (組戻) on the day, and return the receipt below zero that tells it.

    Its payer and text are those of the receipt; the bank's own record of it, within ten days, is known again. Refused
    where there is no such receipt, or any of it is applied.
    """
    found = queries.named(session, receipt).filter(pl.col("amount") > 0)
    if found.height != 1:
        raise Refusal("no-receipt", f"入金「{receipt}」はありません。", "取引番号か入金番号を確かめてください。")
    row = found.row(0, named=True)
    left = queries.standing(session, found["receipt_id"])["unapplied"][0]
    if queries.returned(session, row["receipt_id"]) is not None:
        raise Refusal(
            "receipt-returned", f"入金「{receipt}」は取り消し済みです。", "report receipts で確かめてください。"
        )
    if left != row["amount"]:
        raise Refusal(
            "receipt-applied",
            f"入金「{receipt}」は消込済みです。",
            "先にその消込を取り消してから、組戻しにしてください。",
        )
    if on < row["received_on"]:
        raise Refusal(
            "before-receipt", f"組戻しの日が入金日 {row['received_on']} より前です。", "日付を確かめてください。"
        )
    periods.require_open(session, on)
    back = found.with_columns(
        amount=-pl.col("amount"),
        received_on=pl.lit(on),
        reverses_id="receipt_id",
        bank_code=pl.lit(BY_HAND),
        repeat=pl.lit(0),
    )
    again = queries.receipts(session, "received_on = ? AND amount = ?", (on, -row["amount"]))
    same = again.filter((pl.col("payer") == row["payer"]) & (pl.col("reference") == row["reference"]))
    made = facts.record(session, Receipt, back.with_columns(repeat=pl.lit(same.height))).rename({"id": "receipt_id"})
    _restate_returned(session, made)
    return made


LONGEST_NAME: Final = 30


@action("imports.map")
def save_layout(session: Session, *, name: str, told: Mapping[str, Any]) -> bool:
    """Keep how a bank's CSV is read (see `bank_layout.layout`) under a name, in place of the one of that name.

    Return whether that is new. Refused where the name is one of a format that is shipped, or the layout cannot be used.
    """
    if not name or name != name.strip() or len(name) > LONGEST_NAME or not name.isprintable():
        raise Refusal(
            "format-name",
            f"銀行の形式の名前が「{name[:60]}」です。",
            f"前後に空白のない、{LONGEST_NAME}字までの名前を付けてください。",
        )
    if name in (*queries.FORMATS, queries.CSV):
        raise Refusal("format-shipped", f"「{name}」は、はじめからある形式の名前です。", "ほかの名前を付けてください。")
    try:
        found = bank_layout.layout(told, name)
    except bank_layout.Unusable as wrong:
        raise Refusal(
            "format-unusable", f"銀行の形式「{name}」を使えません。{wrong}。", "列の選び方を直してください。"
        ) from None
    if queries.layouts(session).get(name) == found:
        return False
    _keep_layout(session, name, found.told())
    return True


@action("imports.map")
def withdraw_layout(session: Session, *, name: str) -> None:
    """Offer a layout of the company's own no longer; what was taken by it stays, and it may be saved again."""
    if name not in (own := queries.layouts(session)):
        there = "・".join(own) or "まだ一つもありません"
        raise Refusal(
            "no-format",
            f"自社で作った銀行の形式「{name}」はありません。",
            f"名前を確かめてください（いまあるもの: {there}）。",
        )
    _keep_layout(session, name, own[name].told(), withdrawn=True)


def _keep_layout(session: Session, name: str, told: Mapping[str, Any], *, withdrawn: bool = False) -> None:
    row = {"layout_name": name, "content": json.dumps(told, ensure_ascii=False), "withdrawn": withdrawn}
    facts.record(session, Layout, pl.DataFrame([row]))


@action("matching.apply")
def use(session: Session, *, uses: pl.DataFrame, known: pl.DataFrame) -> None:
    """Take ``used`` of each receipt (``receipt_id``) out of suspense, or put it back where negative.

    ``known`` has the receipts as they stand in this transaction: ``receipt_id``, ``amount``, ``unapplied`` (null or 0
    once wholly applied). Refused beyond what is unapplied.
    """
    sums = uses.group_by("receipt_id").agg(pl.col("used").sum()).sort("receipt_id")
    after = sums.join(
        known.select("receipt_id", "amount", was="unapplied"), on="receipt_id", how="left", maintain_order="left"
    )
    after = after.with_columns(unapplied=pl.col("was").fill_null(0) - pl.col("used"))
    beyond = (pl.col("unapplied") < 0) | (pl.col("unapplied") > pl.col("amount"))
    if after["amount"].null_count() or after.filter(beyond).height:
        raise Refusal(
            "over-used", "入金の未消込額を超えて使おうとしています。", "入金の残りを確かめて、やり直してください。"
        )
    session.defer(lambda: _restate(session, after))


def _restate(session: Session, after: pl.DataFrame) -> None:
    """Bring the projection of unapplied receipts to what it is after the uses."""
    session.remove("receipts_unapplied", "receipt_id", after.filter(pl.col("was").is_not_null())["receipt_id"])
    left = after.filter(pl.col("unapplied") != 0).select("receipt_id", "unapplied").sort("receipt_id")
    if left.height:
        session.driver.write("receipts_unapplied", left)
