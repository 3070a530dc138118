"""What a person should look at before the bills of a closing go out (請求前の確認)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

import polars as pl

from urikake.base.bulk import Session
from urikake.base.company import policies
from urikake.rooms.billing import queries as billing
from urikake.rooms.contracts.queries import contracts, every_line
from urikake.rooms.parties.queries import profiles
from urikake.rooms.receivables.queries import open_items

from .billing import compared_with
from .rows import Rows

COLUMNS: Final = ["partner", "contract_no", "kind", "previous", "current", "limit", "reason"]
KINDS: Final = {
    "swing": "大きな増減", "none": "請求なし", "zero": "0円の請求", "first": "初めての請求", "usage": "使用量なし",
    "limit": "与信限度超過", "held": "保留",
}  # fmt: skip
"""What each kind of alarm is called."""


def alarms(session: Session, closing: date) -> Rows:
    """What stands out at the closing, drafts included; a row a partner, or a contract where ``contract_no`` is given.

    ``swing``: a partner's bill differs from the one before by more than the policy ``billing_alarm_percent`` · ``none``: it
    was billed then and is not now · ``zero``: its bill comes to nothing · ``first``: a contract's first cycle is billed ·
    ``usage``: a metered contract has no usage · ``limit``: what the partner owes with what waits here is above its credit
    ``limit`` · ``held``: its drafts are held back, ``reason`` tells why. Amounts are net of tax.
    """
    before_on = compared_with(session, closing)
    now, before = (_sums(session, day) for day in (closing, before_on))
    found = [_moved(session, now, before), _first(session, closing), _unmeasured(session, closing, before_on)]
    every = pl.concat([*found, _beyond_limit(session, closing), _held(session, closing)], how="diagonal")
    named = every.join(profiles(session, "name").select("partner_id", partner="code"), on="partner_id")
    rank = pl.col("kind").replace_strict({kind: at for at, kind in enumerate(KINDS)}, return_dtype=pl.Int64)
    return Rows(named.sort(rank, "partner", "contract_no").select(COLUMNS))


def _sums(session: Session, closing: date) -> pl.DataFrame:
    """What each partner is billed at the closing."""
    made = billing.at_closing(session, closing, "partner_id, amount")
    return made.group_by("partner_id").agg(pl.col("amount").sum())


def _moved(session: Session, now: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """The partners whose bill moved much, is gone, or comes to nothing."""
    percent = policies(session).number("billing_alarm_percent")
    both = before.rename({"amount": "previous"}).join(
        now.rename({"amount": "current"}), on="partner_id", how="full", coalesce=True
    )
    moved = (pl.col("current") - pl.col("previous")).abs() * 100 > pl.col("previous").abs() * percent
    kind = (
        pl.when(pl.col("current").is_null())
        .then(pl.lit("none"))
        .when(pl.col("current") == 0)
        .then(pl.lit("zero"))
        .when(pl.col("previous").is_not_null() & moved)
        .then(pl.lit("swing"))
    )
    named = both.with_columns(pl.col("previous", "current").fill_null(0), kind=kind, contract_no=pl.lit(""))
    return named.filter(pl.col("kind").is_not_null())


def _first(session: Session, closing: date) -> pl.DataFrame:
    """The contracts of which the first cycle is billed for the first time."""
    made = billing.at_closing(session, closing, "line_id, contract_id, partner_id, cycle_from_on, revision, amount")
    began = made.filter(pl.col("revision") == 0).join(
        every_line(session).select("line_id", cycle_from_on="start_on"), on=["line_id", "cycle_from_on"], how="semi"
    )
    sums = began.group_by("contract_id", "partner_id").agg(current=pl.col("amount").sum())
    return _of_contracts(session, sums, "first")


def _unmeasured(session: Session, closing: date, before_on: date) -> pl.DataFrame:
    """The metered contracts without any usage since the closing before."""
    found = billing.unmeasured(session, before_on + timedelta(1), closing).select("contract_id").unique()
    holders = contracts(session).select("contract_id", "partner_id")
    return _of_contracts(session, found.join(holders, on="contract_id").with_columns(current=pl.lit(0)), "usage")


def _of_contracts(session: Session, found: pl.DataFrame, kind: str) -> pl.DataFrame:
    """The rows of one kind by contract."""
    named = found.join(contracts(session).select("contract_id", "contract_no"), on="contract_id")
    return named.select(
        "partner_id", "contract_no", kind=pl.lit(kind), previous=pl.lit(0, dtype=pl.Int64),
        current=pl.col("current").cast(pl.Int64),
    )  # fmt: skip


def _beyond_limit(session: Session, closing: date) -> pl.DataFrame:
    """The partners whose open items and drafts of the closing are above their credit limit (与信限度額)."""
    limits = profiles(session, "credit_limit").filter(pl.col("credit_limit").is_not_null())
    owed = open_items(session).group_by("partner_id").agg(previous=pl.col("balance").sum())
    drafts = billing.waiting(session).filter(pl.col("closing_on") == closing)
    waiting = drafts.group_by("partner_id").agg(current=pl.col("amount").sum())
    both = limits.join(owed, on="partner_id", how="left").join(waiting, on="partner_id", how="left")
    summed = both.with_columns(pl.col("previous", "current").fill_null(0))
    above = summed.filter(pl.col("previous") + pl.col("current") > pl.col("credit_limit"))
    return above.select(
        "partner_id", "previous", "current", contract_no=pl.lit(""), kind=pl.lit("limit"), limit="credit_limit"
    )


def _held(session: Session, closing: date) -> pl.DataFrame:
    """The partners whose drafts of the closing are held back (保留), with the reason."""
    held = billing.drafts(session, closing).filter("held")
    return held.select(
        "partner_id",
        contract_no=pl.lit(""),
        kind=pl.lit("held"),
        previous=pl.lit(0, dtype=pl.Int64),
        current="amount",
        reason="why",
    )
