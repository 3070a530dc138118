"""The first bill rehearsed (初回請求のリハーサル): what a closing bills held against the last bill of the old system, with reasons.

Reasons are what the books say of a difference: facts that a person can look up, not a guess at what went wrong there.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

import polars as pl

from urikake.base.bulk import Session
from urikake.core import comparison, terms
from urikake.rooms.billing.queries import held, minimums
from urikake.rooms.catalog.queries import products
from urikake.rooms.contracts.queries import contracts, folded
from urikake.rooms.parties.queries import closing_masks, codes

KEYS: Final = ("partner", "contract_no", "product")
ROUNDING: Final = 2
"""A difference of up to so many yen may be that of rounding: one for each rate of tax."""


def named(session: Session, lines: pl.DataFrame) -> pl.DataFrame:
    """The lines of bills with the codes of partner, contract and product, ``amount`` with tax, and what tells of a difference."""
    of = products(session).select("product_id", "product", "product_name", "revenue").unique("product_id")
    every = (
        lines.join(codes(session).rename({"code": "partner"}), on="partner_id", how="left")
        .join(contracts(session).select("contract_id", "contract_no"), on="contract_id", how="left")
        .join(of, on="product_id", how="left")
    )
    return every.with_columns(amount=pl.col("net") + pl.col("tax_amount"))


def compared(session: Session, lines: pl.DataFrame, old: pl.DataFrame, closing_on: date) -> pl.DataFrame:
    """Both bills by what the old one names: its keys, ``ours, theirs, difference, state`` and ``why`` they differ.

    ``lines`` are those of our bills (`named`), ``old`` the rows of the old system's: ``partner, amount`` and, where it tells
    them, ``contract_no, product``.
    """
    keys = [key for key in KEYS if key in old.columns]
    found = comparison.compared(lines.select(*keys, "amount"), old.select(*keys, "amount"), keys)
    told = _facts(lines, keys, closing_on)
    whole = comparison.compared(lines.select("partner", "amount"), old.select("partner", "amount"), ["partner"])
    level = whole.select("partner", level=pl.col("difference") == 0)
    rows = found.join(told, on=keys, how="left", maintain_order="left").join(
        level, on="partner", how="left", maintain_order="left"
    )
    rows = rows.join(_known(session, closing_on), on="partner", how="left", maintain_order="left")
    if "contract_no" in keys:
        rows = rows.join(_contracts(session), on="contract_no", how="left", maintain_order="left")
    reasons = [*_of_both(), *_of_ours(), *_of_theirs(closing_on, keys)]
    why = pl.concat_str([pl.when(when).then(words) for when, words in reasons], separator="。", ignore_nulls=True)
    return rows.with_columns(why=pl.when(pl.col("state") != comparison.EQUAL).then(why).otherwise(pl.lit(""))).select(
        *keys, "ours", "theirs", "difference", "state", "why"
    )


Reason = tuple[pl.Expr, pl.Expr]


def _facts(lines: pl.DataFrame, keys: Sequence[str], closing_on: date) -> pl.DataFrame:
    """What our bills say by key: ``net``, and in words what is prorated, by usage, discounted, of earlier closings, new."""
    part = (
        (pl.col("denominator") != 1) & (pl.col("numerator") != pl.col("denominator")) & (pl.col("revenue") != "usage")
    )
    last = pl.col("to_on").dt.offset_by("-1d")
    span = pl.format("{}（{}〜{}）", "product_name", pl.col("from_on").dt.strftime("%m/%d"), last.dt.strftime("%m/%d"))
    return lines.group_by(keys).agg(
        net=pl.col("net").sum(),
        prorated=span.filter(part).unique(maintain_order=True).str.join("・"),
        metered=pl.col("product_name").filter(pl.col("revenue") == "usage").unique(maintain_order=True).str.join("・"),
        cut=(pl.col("discount_cut").fill_null(0) != 0).any() | (pl.col("discount_rate").fill_null(0) != 0).any(),
        earlier=pl.col("amount").filter(pl.col("closing_on") < closing_on).sum(),
        first=pl.col("from_on").min(),
    )


def _known(session: Session, closing_on: date) -> pl.DataFrame:
    """What the books know of every partner: who pays for it, whether it closes on the day, its contracts, a hold, a minimum."""
    name = codes(session)
    masks = closing_masks(session)
    closing = {mask: terms.closes(mask, closing_on) for mask in masks["closing_mask"].drop_nulls().unique()}
    lines = folded(session)[0]
    mine = lines.group_by("partner_id").agg(
        starts=pl.col("start_on").min(), ends=pl.col("left_on").max(), open=pl.col("left_on").is_null().any()
    )
    least = minimums(session).select("partner_id", least="minimum")
    stopped = held(session, closing_on).select("partner_id", hold="why")
    payer = name.select(bill_to_id="partner_id", payer="code")
    return (
        masks.with_columns(due=pl.col("closing_mask").replace_strict(closing, default=None, return_dtype=pl.Boolean))
        .join(name.rename({"code": "partner"}), on="partner_id")
        .join(payer, on="bill_to_id", how="left")
        .join(mine, on="partner_id", how="left")
        .join(least, on="partner_id", how="left")
        .join(stopped, on="partner_id", how="left")
        .select("partner", "payer", "due", "starts", "ends", "open", "least", "hold", known=pl.lit(value=True))
    )


def _contracts(session: Session) -> pl.DataFrame:
    """When each contract begins and ends: ``contract_no, begins, stops`` (null while it goes on)."""
    lines = (
        folded(session)[0]
        .group_by("contract_id")
        .agg(
            begins=pl.col("start_on").min(),
            stops=pl.when(pl.col("left_on").is_null().any()).then(None).otherwise(pl.col("left_on").max()),
        )
    )
    return contracts(session).join(lines, on="contract_id", how="left").select("contract_no", "begins", "stops")


def _yen(column: str) -> pl.Expr:
    """The amounts with thousands separators."""
    return pl.col(column).map_elements(lambda amount: f"{amount:,}", return_dtype=pl.String)


def _of_both() -> list[Reason]:
    """What is told where both sides bill something."""
    differs = pl.col("state") == comparison.DIFFERENT
    small = pl.col("difference").abs() <= ROUNDING
    return [
        (differs & pl.col("level"), pl.lit("取引先の合計は同じです（端数を置いた明細の違い）")),
        (differs & ~pl.col("level") & small, pl.lit("消費税の端数と思われます（当社は請求書の税率ごとに1回だけ丸めます）")),
        (differs & (pl.col("theirs") == pl.col("net")), pl.lit("旧システムの額は、当社の税抜の額と同じです")),
        (differs & (pl.col("prorated") != ""), pl.format("日割り・月割りの明細があります: {}", "prorated")),
        (differs & (pl.col("metered") != ""), pl.format("使用量による明細があります: {}", "metered")),
        (differs & pl.col("cut"), pl.lit("値引があります")),
        (differs & (pl.col("earlier") != 0), pl.format("前の締めから来た明細 {}円を含みます", _yen("earlier"))),
    ]  # fmt: skip


def _of_ours() -> list[Reason]:
    """What is told where only we bill something."""
    mine = pl.col("state") == comparison.OURS
    day = pl.col("first").dt.strftime("%Y-%m-%d")
    small = pl.col("ours") < pl.col("least")
    return [
        (mine & pl.col("level"), pl.lit("取引先の合計は同じです（契約や商品の分け方の違い）")),
        (mine & ~pl.col("level"), pl.format("旧システムの請求にありません（当社の期間は {} から）", day)),
        (mine & small, pl.format("請求最低額 {}円に満たないため、発行すると次の締めに繰り越します", _yen("least"))),
        (mine & pl.col("hold").is_not_null(), pl.format("請求を保留しています: {}", "hold")),
    ]  # fmt: skip


def _of_theirs(closing_on: date, keys: Sequence[str]) -> list[Reason]:
    """What is told where only the old system bills something: the first thing that keeps us from it."""
    gone = pl.col("state") == comparison.THEIRS
    known = pl.col("known").fill_null(value=False)
    other = known & (pl.col("payer") != pl.col("partner"))
    none = known & ~other & pl.col("starts").is_null()
    later = pl.col("starts") > closing_on
    over = ~pl.col("open") & (pl.col("ends") <= closing_on)
    reasons = [
        (gone & pl.col("level"), pl.lit("取引先の合計は同じです（契約や商品の分け方の違い）")),
        (gone & ~known, pl.lit("この取引先は登録されていません")),
        (gone & other, pl.format("請求先は {} です", "payer")),
        (gone & none, pl.lit("この取引先に契約がありません")),
        (gone & known & ~other & later, pl.format("契約の開始が {} です", pl.col("starts").dt.strftime("%Y-%m-%d"))),
        (
            gone & known & ~other & over,
            pl.format("契約は {} までに終わっています", pl.col("ends").dt.strftime("%Y-%m-%d")),
        ),
        (gone & known & ~other & ~pl.col("due"), pl.lit("この日は、この取引先の締日ではありません")),
    ]
    silent = known & ~other & pl.col("due") & ~none & ~later.fill_null(value=False) & ~over.fill_null(value=False)
    if "contract_no" not in keys:
        return [*reasons, (gone & silent, pl.lit(NOTHING))]
    missing = pl.col("begins").is_null()
    ahead, ended = pl.col("begins") > closing_on, pl.col("stops") <= closing_on
    return [
        *reasons,
        (gone & silent & missing, pl.lit("この契約番号は登録されていません")),
        (gone & silent & ahead, pl.format("契約の開始が {} です", pl.col("begins").dt.strftime("%Y-%m-%d"))),
        (gone & silent & ended, pl.format("契約は {} までに終わっています", pl.col("stops").dt.strftime("%Y-%m-%d"))),
        (gone & silent & ~missing & ~ahead.fill_null(value=False) & ~ended.fill_null(value=False), pl.lit(NOTHING)),
    ]  # fmt: skip


NOTHING: Final = "この締めに請求する期間がありません（請求サイクル・請求時期・使用量を確かめてください）"
