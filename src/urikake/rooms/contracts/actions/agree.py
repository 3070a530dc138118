"""New contracts from a file: one row a line, rows of one number one contract."""

from __future__ import annotations

from datetime import date
from typing import Final

import polars as pl

from urikake.base import facts, runs
from urikake.base.access import action
from urikake.base.bulk import INSTANT, Session
from urikake.base.company import CHOICES, PRORATION, dimension_ids, policies
from urikake.core import cells
from urikake.rooms.catalog.actions import TAXES, fee_versions
from urikake.rooms.catalog.queries import products, version_ids
from urikake.rooms.intake.actions import record_file
from urikake.rooms.intake.queries import LINE, Column, Kind, Sheet, options
from urikake.rooms.parties.queries import codes

from .. import queries
from ..models import Contract, ContractTerms, Event, Line
from . import collection, commitments, deposits, discounts
from .together import agreed as options_of

CONTRACTS: Final = Kind(
    "contracts",
    (
        Column("contract_no", "契約番号", required=True),
        Column("partner", "取引先コード", required=True),
        Column("product", "商品コード", required=True),
        Column("quantity", "数量", cells.micro, required=True),
        Column("unit_price", "単価", cells.micro),
        Column("start", "開始日", cells.day, required=True),
        Column("end", "終了日", cells.day),
        Column("order_no", "受注番号"),
        Column("group", "グループ"),
        Column("management_group", "管理グループ"),
        Column("project", "プロジェクト"),
        Column("department", "部門"),
        Column(
            "cycle_months",
            "請求サイクル月",
            cells.amount,
            required=True,
            why="0（一回だけ）〜120 の整数で書いてください",
        ),
        options("timing", "請求時期", "advance", "current", "arrears", required=True),
        Column("bill_day", "請求日", cells.amount, why="1〜28、月末は 31 で書いてください"),
        Column("anchor_day", "起算日", cells.amount, why="1〜31 の整数で書いてください"),
        options("proration", "日割り", *PRORATION),
        options("proration_start", "開始時日割り", *PRORATION),
        options("proration_end", "終了時日割り", *PRORATION),
        options("proration_up", "増加時日割り", *PRORATION),
        options("proration_down", "減少時日割り", *PRORATION),
        Column(
            "auto_renew",
            "自動更新",
            cells.amount,
            why="更新する月数を 12 のように整数で書いてください（空欄は更新なし）",
        ),
        Column("uplift", "更新時改定", cells.percent),
        Column("notice_days", "通知日数", cells.amount, why="日数を 0 以上の整数で書いてください"),
        Column("minimum_months", "最低利用月数", cells.amount, why="1〜600 の整数で書いてください"),
        Column("termination_fee", "解約金", cells.amount),
        options("termination_tax", "解約金税区分", *TAXES),
        options("refund", "解約返金", "daily", "none"),
        options("tax_point", "税率の基準日", *CHOICES["tax_point"]),
        options("commissioned", "取適法の対象", "yes", "no"),
        Column("discount", "値引"),
        Column("discount_months", "値引月数", cells.amount, why=discounts.MONTHS),
        Column("free_months", "無料月数", cells.amount, why="1〜120 の整数で書いてください"),
        *collection.COLUMNS,
        Column("currency", "通貨"),
        Column("recorded_at", "登録日時", cells.instant),
    ),
)
TERMS: Final = queries.TERMS.split(", ")
KINDS: Final = ("start", "end", "up", "down")


@action("contracts.import")
def import_contracts(session: Session, *, sheet: Sheet) -> int:
    """Take the contracts of the sheet and return how many lines are new; refused whole if any row is wrong.

    A contract that is already there in the same words is passed over; in other words it is refused.
    """
    known = queries.contracts(session)
    _check(session, sheet)
    sheet.sift()
    _check_together(sheet)
    _check_new(session, sheet, known)
    lines = _lines(session, sheet.sift())
    _check_known(session, sheet, lines, known)
    sheet.accept()
    fresh = lines.join(known, on="contract_no", how="anti", maintain_order="left")
    if fresh.is_empty():
        return 0
    heads = fresh.select("contract_no", "partner_id").unique("contract_no", maintain_order=True)
    made = facts.record(session, Contract, heads).select("contract_no", contract_id="id")
    fresh = fresh.join(made, on="contract_no", maintain_order="left")
    fees = _fees(session, fresh)
    lines = pl.concat([fresh, fees.select(fresh.columns)]) if fees.height else fresh
    written = facts.record(session, Line, lines.with_columns(contract_terms_id=_terms_ids(session, lines)))
    numbered = fresh.with_columns(line_id=written["id"].head(fresh.height))
    facts.record(session, Event, discounts.agreed(numbered))
    record_file(session, sheet=sheet)
    return fresh.height


def _agreed() -> pl.Expr:
    """The words on discounts and leaving that tell two ways of agreeing on a contract apart."""
    names = ("discount", "discount_months", "free_months", "termination_fee", "termination_tax")
    words = [pl.col(name).cast(pl.String).fill_null("") for name in names]
    return (
        pl.when(pl.any_horizontal(pl.col(name).is_not_null() for name in names))
        .then(pl.concat_str(*words, separator="|"))
        .otherwise(pl.lit(""))
    )


def _fees(session: Session, lines: pl.DataFrame) -> pl.DataFrame:
    """A line for the fee (解約金) of each contract that has one: billed once, only if it is left before its minimum term."""
    first = lines.filter(pl.col("termination_fee") > 0).unique("contract_no", keep="first", maintain_order=True)
    if first.is_empty():
        return first
    top = lines.group_by("contract_no").agg(top=pl.col("position").max())
    none = {f"proration_{kind}": pl.lit("full_month") for kind in KINDS}
    empty = {
        name: pl.lit(None, dtype=lines.schema[name]) for name in ("end_on", "anchor_day", "auto_renew", "uplift_micro")
    }
    return first.join(top, on="contract_no", maintain_order="left").with_columns(
        position=pl.col("top") + 1,
        product_id=fee_versions(session, first["termination_tax"]),
        quantity_micro=pl.lit(1_000_000, dtype=pl.Int64),
        unit_price_micro=pl.col("termination_fee") * 1_000_000,
        cycle_months=pl.lit(0, dtype=pl.Int64),
        timing=pl.lit("current"),
        leaving=pl.lit(True),
        **none,
        **empty,
    )


def _check(session: Session, sheet: Sheet) -> None:
    """Note everything that is wrong with the rows beyond their cells."""
    known = codes(session)["code"]
    sheet.check(~pl.col("partner").is_in(known.implode()), "partner", "この取引先はありません")
    sheet.check(~pl.col("product").is_in(products(session)["product"].implode()), "product", "この商品はありません")
    sheet.check(pl.col("quantity") < 0, "quantity", "0 以上で書いてください")
    sheet.check(pl.col("unit_price") < 0, "unit_price", "0 以上で書いてください")
    sheet.check(pl.col("end") < pl.col("start"), "end", "開始日より前です")
    sheet.check(~pl.col("cycle_months").is_between(0, 120), "cycle_months")
    sheet.check(~pl.col("anchor_day").is_between(1, 31), "anchor_day")
    sheet.check(~(pl.col("bill_day").is_between(1, 28) | (pl.col("bill_day") == 31)), "bill_day")
    renews = pl.col("auto_renew").fill_null(0) > 0
    sheet.check(pl.col("auto_renew") < 0, "auto_renew")
    sheet.check(renews & pl.col("end").is_null(), "auto_renew", "自動更新には終了日が必要です")
    once = (pl.col("cycle_months") == 0) & ~deposits.held(session, "product")
    sheet.check(renews & once, "auto_renew", "一回だけの請求は更新できません")
    sheet.check(pl.col("notice_days") < 0, "notice_days")
    sheet.check(
        pl.col("currency").is_not_null() & (pl.col("currency") != "JPY"),
        "currency",
        "この版で使える通貨は JPY だけです",
    )
    sheet.check(~pl.col("uplift").is_between(0, 1_000 * 1_000_000), "uplift", "0%〜1000% で書いてください")
    sheet.check((pl.col("uplift") > 0) & ~renews, "uplift", "自動更新のない契約には書けません")
    _check_leaving(sheet)
    collection.check(sheet)
    versions = version_ids(session, sheet.frame["product"], sheet.frame["start"])
    commitments.check(session, sheet, sheet.frame.with_columns(product_id=versions), "product")
    discounts.check(sheet)
    deposits.check(session, sheet)
    sheet.check(~pl.col("free_months").is_between(1, 120), "free_months")


FAR: Final = date(9999, 12, 31)


def _check_new(session: Session, sheet: Sheet, known: pl.DataFrame) -> None:
    """Note what is wrong between the lines of contracts that are not there yet; what was agreed on before stands.

    A contract of which a line is wrong by itself cannot be judged as a whole.
    """
    apart = pl.concat([known["contract_no"], sheet.lost()["contract_no"]])
    fresh = sheet.frame.filter(~pl.col("contract_no").is_in(apart.implode()))
    options_of(session, sheet, fresh)
    _check_overlap(sheet, fresh)


def _check_overlap(sheet: Sheet, fresh: pl.DataFrame) -> None:
    """Note lines of one product whose terms overlap: no later change could say which of them it means.

    Several of one and the same term are meant so; lines of other orders, groups or departments are apart.
    """
    keys = ["contract_no", "product", "order_no", "group", "management_group", "project", "department"]
    end = pl.col("end").fill_null(FAR)
    readable = fresh.filter(pl.col("start") <= end)
    terms = readable.select(*keys, "start", last=end).unique().sort("start", "last")
    before = terms.with_columns(before=pl.col("last").cum_max().shift(1).over(keys))
    bad = before.filter(pl.col("start") <= pl.col("before"))
    found = fresh.with_columns(last=end).join(bad, on=[*keys, "start", "last"], how="semi", nulls_equal=True)
    why = "同じ商品の明細と期間が重なっています。前の明細の終了日の次の日から始めるか、別の契約番号にしてください"
    sheet.check(pl.col(LINE).is_in(found[LINE].implode()), "start", why)


def _check_leaving(sheet: Sheet) -> None:
    """Note what is wrong with the minimum term and its fee."""
    least, fee = pl.col("minimum_months"), pl.col("termination_fee")
    sheet.check(~least.is_between(1, 600), "minimum_months")
    sheet.check(fee < 0, "termination_fee", "0 以上で書いてください")
    sheet.check(fee.is_not_null() & least.is_null(), "termination_fee", "最低利用月数も書いてください")
    sheet.check(pl.col("termination_tax").is_not_null() & fee.is_null(), "termination_tax", "解約金も書いてください")


def _check_together(sheet: Sheet) -> None:
    """Note rows of one contract that do not agree, among those right by themselves."""
    several = pl.col("partner").n_unique().over("contract_no") > 1
    sheet.check(several, "partner", "一つの契約に取引先が二つあります")
    leaving = pl.struct("minimum_months", "termination_fee", "termination_tax").drop_nulls()
    several = leaving.n_unique().over("contract_no") > 1
    fee = pl.col("termination_fee").is_not_null()
    sheet.check(fee & several, "termination_fee", "一つの契約に解約金の決め方が二つあります")


def _lines(session: Session, frame: pl.DataFrame) -> pl.DataFrame:
    """The rows as contract lines with their terms, defaults of the company filled in."""
    policy = policies(session)
    anchor = 1 if policy["cycle_anchor"] == "calendar" else None
    product_id = version_ids(session, frame["product"], frame["start"])
    price = pl.DataFrame({"product_id": product_id}).join(
        products(session).select("product_id", "unit_price_micro"), on="product_id", how="left", maintain_order="left"
    )["unit_price_micro"]
    partner = frame.select(code="partner").join(codes(session), on="code", how="left", maintain_order="left")
    texts = ("order_no", "management_group", "project", "department")
    wanted = frame.select(*[pl.col(n).fill_null("") for n in texts], group_code=pl.col("group").fill_null(""))
    return frame.select(
        "contract_no",
        partner_id=partner["partner_id"],
        position=pl.int_range(pl.len()).over("contract_no"),
        product_id=product_id,
        quantity_micro="quantity",
        unit_price_micro=pl.col("unit_price").fill_null(price),
        start_on="start",
        end_on=pl.col("end").dt.offset_by("1d"),
        dimension_id=dimension_ids(session, wanted),
        cycle_months="cycle_months",
        timing="timing",
        bill_day="bill_day",
        anchor_day=pl.coalesce("anchor_day", pl.lit(anchor, dtype=pl.Int64)),
        anchor_on=pl.lit(None, dtype=pl.Date),
        **{f"proration_{k}": pl.coalesce(f"proration_{k}", "proration", pl.lit(policy["proration"])) for k in KINDS},
        auto_renew=pl.when(pl.col("auto_renew") > 0).then("auto_renew"),
        notice_days="notice_days",
        uplift_micro=pl.when(pl.col("uplift") > 0).then("uplift"),
        minimum_months="minimum_months",
        refund=pl.when(pl.col("refund") == "none").then("refund").otherwise(pl.lit("")),
        tax_point=pl.col("tax_point").fill_null(""),
        commissioned=pl.col("commissioned").fill_null("no") == "yes",
        collection_terms_id=collection.ids(session, frame),
        leaving=pl.lit(False),
        agreed=_agreed(),
        discount="discount",
        discount_months="discount_months",
        free_months="free_months",
        termination_fee="termination_fee",
        termination_tax=pl.col("termination_tax").fill_null("out_of_scope"),
        recorded_at=pl.col("recorded_at").fill_null(pl.lit(runs.instant(session), dtype=INSTANT)),
    )


def _check_known(session: Session, sheet: Sheet, lines: pl.DataFrame, known: pl.DataFrame) -> None:
    """Note contracts that are there already in other words; not those of which a row is wrong and so missing here."""
    again = lines.join(known, on="contract_no", how="semi").join(sheet.lost(), on="contract_no", how="anti")
    if again.is_empty():
        return
    words = [
        "contract_no",
        "partner_id",
        "position",
        "product_id",
        "quantity_micro",
        "unit_price_micro",
        "start_on",
        "end_on",
    ]
    words += ["dimension_id", "agreed", *(name for name in TERMS if name != "anchor_on")]
    there = queries.first_lines(session).join(queries.terms(session), on="contract_terms_id")
    there = there.join(known.select("contract_id", "contract_no"), on="contract_id")
    there = there.join(discounts.words(session), on="line_id", how="left").with_columns(pl.col("agreed").fill_null(""))
    other = again.join(there, on=words, how="anti", nulls_equal=True)["contract_no"].unique()
    why = "この契約番号は別の内容で登録済みです。内容を変えるときは events を取り込んでください"
    sheet.check(pl.col("contract_no").is_in(other.implode()), "contract_no", why)


def _terms_ids(session: Session, lines: pl.DataFrame) -> pl.Series:
    """The id of each line's combination of terms; combinations not yet known are added."""
    known = queries.terms(session)
    distinct = lines.select(TERMS).unique(maintain_order=True)
    fresh = distinct.join(known, on=TERMS, how="anti", nulls_equal=True, maintain_order="left")
    added = facts.record(session, ContractTerms, fresh).rename({"id": "contract_terms_id"})
    every = pl.concat([known, added.select(known.columns)])
    found = lines.select(TERMS).join(every, on=TERMS, how="left", nulls_equal=True, maintain_order="left")
    return found["contract_terms_id"]
