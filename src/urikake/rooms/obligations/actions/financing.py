"""What of the prices of arrangements is interest (重要な金融要素, 29号56–58項), at the rate that people judged."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

import polars as pl

from urikake.base.bulk import Session
from urikake.base.company import policies
from urikake.base.errors import Refusal
from urikake.core import arrangement, financing, schedule, terms
from urikake.core.calendar import month_number
from urikake.core.money import largest_remainder, micro, plain

from .. import queries
from . import combining

TOLD: Final = ("rate_micro", "financed", "bound_on")
"""What lines tell of interest: all null where their price holds none."""
RATE: Final = re.compile(r"[0-9]{1,3}(\.[0-9]{1,6})?")
MOST: Final = 100
"""No yearly rate is above it, in percent."""


def rate(session: Session, contract_id: int, text: str) -> int:
    """The yearly rate in millionths of a percent; refused where it is none, or is not to be judged or changed.

    The rate is that of the day on which the contract began, and stays (適用指針29項): what was judged wrongly is first taken
    back, by 0.
    """
    found = micro(text) if RATE.fullmatch(text) and Decimal(text) <= MOST else None
    if found is None:
        raise Refusal(
            "bad-rate", f"年利「{text}」が読めません。",
            f"0 から {MOST} までの % を、小数6桁までで書いてください（例 4.5）。0 なら判断をやめます。",
        )  # fmt: skip
    held = _held(session, combining.members(session, contract_id))
    if not found and held is None:
        raise Refusal("not-financed", "この契約に、重要な金融要素の判断はありません。", "契約番号を確かめてください。")
    if found and held is not None:
        raise Refusal(
            "rate-fixed", f"この契約の割引率は、年 {plain(held)}% と判断してあります。割引率は契約の初めのもので、見直しません。",
            "誤りを直すときは、まず年利 0 で申請して判断をやめ、それから申請し直してください。",
        )  # fmt: skip
    if found and policies(session)["financing"] != "judged":
        raise Refusal(
            "financing-off", "この会社の方針では、重要な金融要素を分けません。",
            "会社設定の方針「重要な金融要素」（financing）を judged にしてから申請してください。",
        )  # fmt: skip
    return found


def _held(session: Session, contract_ids: list[int]) -> int | None:
    """The rate that was judged of the contracts together; None where none was."""
    told = queries.judgements(session).filter(
        (pl.col("kind") == "financing") & pl.col("contract_id").is_in(contract_ids)
    )
    return int(told["rate_micro"][-1]) or None if told.height else None


def apart(session: Session, contract_id: int, number: str) -> None:
    """Refuse to join or part contracts whose price holds interest."""
    both = {contract_id, combining.contract(session, number)} if number else {contract_id}
    every = sorted({one for each in both for one in combining.members(session, each)})
    if _held(session, every) is not None:
        raise Refusal(
            "financed", "重要な金融要素を判断した契約は、結合のしかたを変えられません。",
            "先に年利 0 で申請して判断をやめ、結合してから、あらためて判断してください。",
        )  # fmt: skip


def with_interest(session: Session, rows: pl.DataFrame, lines: pl.DataFrame, charged: pl.DataFrame) -> pl.DataFrame:
    """The measured lines with `TOLD`, and ``stated`` with the interest that it holds.

    The price of an arrangement is that which, with the interest on what stands between, comes to what is billed
    (`core.financing`): each charge at the closing that bills it, what is performed by the selling prices. What is of the
    price beside its charges, of which nobody knows when, is as if it came in the last month; a bill after it, too.

    ``rows``: the lines with their rules; ``lines``: with their terms and ``to_on``; ``charged``: what they charge.
    """
    rates = queries.rates(session)
    none = {name: pl.lit(None, dtype=pl.Date if name == "bound_on" else pl.Int64) for name in TOLD}
    if rates.is_empty():
        return rows.with_columns(**none)
    told = queries.arranged(session, rows).join(rates, on="arrangement", how="left", maintain_order="left")
    ends = lines.select("line_id", bound_on=pl.max_horizontal("to_on", pl.col("start_on").dt.offset_by("1d")))
    told = told.drop("bound_on", strict=False).join(ends, on="line_id", how="left", maintain_order="left")
    last = month_number(queries.lasts().dt.offset_by("-1d")).max().over("arrangement")
    mine = told.filter(pl.col("rate_micro").is_not_null()).with_columns(last=last)
    if mine.is_empty():
        return rows.with_columns(**none)
    found = _interest(session, mine, lines, charged)
    told = told.join(found, on="arrangement", how="left", maintain_order="left")
    told = told.with_columns(pl.col("interest").fill_null(0))
    share = largest_remainder(told, "interest", "ssp", "arrangement")
    held = pl.col("rate_micro").is_not_null()
    over = held & (pl.col("to_on") <= pl.col("day"))  # performed already, though still paid for
    return told.with_columns(
        stated=pl.col("stated") + share,
        financed=pl.when(held).then(share),
        bound_on=pl.when(held).then("bound_on"),
        ssp_left=pl.when(over).then(0).otherwise("ssp_left"),
    )


def _interest(session: Session, mine: pl.DataFrame, lines: pl.DataFrame, charged: pl.DataFrame) -> pl.DataFrame:
    """What of the price of each arrangement is interest: ``arrangement, interest``."""
    asked = charged.join(lines.select("line_id", "timing", "closing_mask"), on="line_id", maintain_order="left")
    billed = asked.with_columns(bill_on=terms.bill_on(asked.with_columns(from_on="cycle_from_on")))
    of = mine.select("line_id", "arrangement", "last")
    bills = billed.join(of, on="line_id").select(
        "arrangement", "last", month=pl.min_horizontal(month_number(pl.col("bill_on")), "last"), amount="net"
    )
    sums = mine.group_by("arrangement").agg(pl.col("stated").sum(), pl.col("last").first())
    charges = bills.group_by("arrangement").agg(pl.col("amount").sum())
    rest = sums.join(charges, on="arrangement", how="left").select(
        "arrangement", month="last", amount=pl.col("stated") - pl.col("amount").fill_null(0)
    )
    rules = mine.select(
        *arrangement.RULE[1:3], *arrangement.RULE[4:], amount="ssp", method=pl.col("method").replace("progress", "monthly"),
        key="arrangement",
    )  # fmt: skip
    rounding = queries.rounding(session)
    spread = schedule.months(rules, rounding)
    performed = spread.select(arrangement="key", month=month_number(pl.col("month")), weight="amount")
    every = pl.concat([bills.select(rest.columns), rest])
    prices = financing.prices(every, performed, queries.rates(session), rounding)
    return prices.join(sums, on="arrangement").select("arrangement", interest=pl.col("price") - pl.col("stated"))


def bare(compared: pl.DataFrame) -> pl.DataFrame:
    """The compared lines without the interest that their prices hold: how a change is treated is ruled by what was agreed."""
    return compared.with_columns(
        stated=queries.bare(),
        stated_before=pl.col("stated_before") - pl.col("financed_before"),
        override=pl.lit(None, dtype=pl.String),
    )


def unperformed(left: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """What is left of selling prices (``line_id, ssp``), nothing of what was performed already though still paid for."""
    over = before.filter(pl.col("bound_on").is_not_null() & (pl.col("to_on") <= pl.col("day")))["line_id"]
    gone = pl.col("line_id").is_in(over.implode())
    return left.with_columns(ssp=pl.when(gone).then(0).otherwise("ssp"))
