"""Applying receipts by hand: one or several of them to one item or several, with what becomes of the difference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import polars as pl

from urikake.base import periods
from urikake.base.access import action
from urikake.base.bulk import Session
from urikake.base.errors import Refusal
from urikake.core import clearing
from urikake.rooms.receipts import queries as receipts
from urikake.rooms.receivables import queries as receivables

from .learning import learn
from .named import named_items, settled, waiting_receipt
from .posting import Applied, post

DIFFERENCES: Final = ("fee", "discount", "withheld", "write-off", "misc", "advance", "remain")


@dataclass(frozen=True, slots=True)
class Plan:
    """What an application by hand comes to before it is done: its receipts, items, who pays what, heads, and the outcome."""

    receipts: pl.DataFrame
    items: pl.DataFrame
    pairs: pl.DataFrame
    heads: pl.DataFrame
    outcome: str
    targets: list[str]
    """The items as they were named, each with the amount to settle of it."""

    @property
    def short(self) -> int:
        """What is missing and would be settled as the difference."""
        return -int(self.heads["difference"].sum())


@action("matching.apply")
def apply(
    session: Session,
    *,
    receipt: str,
    targets: list[str],
    difference: str = "remain",
    on: date | None = None,
    learning: bool = True,
) -> Applied:
    """Apply a receipt to items by hand; ``targets`` are ``INVOICE``, ``INVOICE/ORDER`` or a number, with ``=AMOUNT``.

    What is left over or missing becomes what ``difference`` says: ``fee``, ``discount``, ``withheld``, ``write-off``
    and ``misc`` settle it, ``advance`` books what is over as 前受金, ``remain`` leaves it open.
    """
    return apply_together(session, refs=[receipt], targets=targets, difference=difference, on=on, learning=learning)


@action("matching.apply")
def apply_together(
    session: Session,
    *,
    refs: Sequence[str],
    targets: list[str],
    difference: str = "remain",
    on: date | None = None,
    seen: Mapping[str, int] | None = None,
    learning: bool = True,
) -> Applied:
    """Apply receipts to items by hand, all or nothing: the receipts as named pay the items as named, one after the other.

    ``seen`` is what of a receipt was unapplied when the person decided; refused where it no longer is. A difference falls
    to the receipts that are last. Each application is dated ``on``, else on the first open day on which there are both its
    receipt and its items. With ``learning`` the
    payers' names are learned to be those of the partners whose items they pay (`learning.learn`).
    """
    plan = planned(session, refs=refs, targets=targets, difference=difference, on=on, seen=seen)
    known = receivables.open_items(session)
    heads = plan.heads.with_columns(by=pl.lit(""))
    made, moved = post(session, heads, plan.pairs, receipts.unapplied(session), known)
    if learning:
        learn(session, taught=_taught(made, plan.receipts, plan.pairs, plan.items))
    return Applied(made, moved, known, {plan.outcome: made.height})


def planned(
    session: Session,
    *,
    refs: Sequence[str],
    targets: list[str],
    difference: str,
    on: date | None,
    seen: Mapping[str, int] | None,
) -> Plan:
    """What `apply_together` would do; refused where it could not be done."""
    waiting = receipts.unapplied(session)
    rows = pl.DataFrame([waiting_receipt(session, ref, waiting) for ref in refs], schema=waiting.schema)
    _check(rows, refs, seen or {})
    items = named_items(session, targets)
    pays, used, gap, kind = settled(session, items, int(rows["unapplied"].sum()), difference)
    short = pl.when(pl.int_range(pl.len()) == pl.len() - 1).then(max(-gap, 0)).otherwise(0)
    pairs = clearing.spread(rows.select("receipt_id", amount=pl.col("unapplied") + short), pays)
    heads = _heads(rows, items, pairs, kind)
    heads = heads.with_columns(_applied_on(session, heads, on))
    whole = gap == 0 and used == rows["unapplied"].sum() and int(items["amount"].sum()) <= used
    frozen = [
        f"#{item_id - session.low}={amount}" if amount > 0 else f"#{item_id - session.low}"
        for item_id, amount in items.select("item_id", "amount").iter_rows()
    ]
    return Plan(rows, items, pairs, heads, kind or ("exact" if whole else "part"), frozen)


def _taught(made: pl.DataFrame, rows: pl.DataFrame, pairs: pl.DataFrame, items: pl.DataFrame) -> pl.DataFrame:
    """Whose items each receipt pays, with the name its payer bears: ``application_id, partner_id, payer, folded``."""
    paid = pairs.join(items.select("item_id", "partner_id"), on="item_id").select("receipt_id", "partner_id").unique()
    named = paid.join(rows.select("receipt_id", "payer", "folded"), on="receipt_id")
    return named.join(made.select("receipt_id", "application_id"), on="receipt_id").drop("receipt_id")


def _check(rows: pl.DataFrame, refs: Sequence[str], seen: Mapping[str, int]) -> None:
    if rows["receipt_id"].is_duplicated().any():
        raise Refusal("receipt-twice", "同じ入金を二度指定しています。", "一つの入金は一度だけ指定してください。")
    for ref, left in zip(refs, rows["unapplied"], strict=True):
        if seen.get(ref, left) != left:
            raise Refusal(
                "receipt-changed",
                f"入金「{ref}」の未消込は {seen[ref]:,}円ではなく、いまは {left:,}円です。",
                "ほかの人が一部を消し込んだか、取り消しました。開き直して確かめてください。",
            )


def _applied_on(session: Session, heads: pl.DataFrame, on: date | None) -> pl.Series:
    """The day of each application: ``on``, which is to be open and not before there are both; else the first open day."""
    if on is None:
        days = {day: periods.open_date(session, day) for day in heads["there"].unique()}
        return heads["there"].replace_strict(days, return_dtype=pl.Date).alias("applied_on")
    periods.require_open(session, on)
    early = heads.filter(pl.col("there") > on)
    if early.height:
        first = early.sort("there").row(-1, named=True)["there"]
        raise Refusal(
            "too-early",
            f"消込日 {on:%Y-%m-%d} が、入金日か債権の計上日より前です。",
            f"{first:%Y-%m-%d} 以後の日を指定してください。",
        )
    return pl.Series("applied_on", [on] * heads.height, dtype=pl.Date)


def _heads(rows: pl.DataFrame, items: pl.DataFrame, pairs: pl.DataFrame, kind: str) -> pl.DataFrame:
    """One application a receipt: what is used of it, the difference with its kind, the partner it is booked under, and
    the first day on which there are the receipt and its items (``there``).
    """
    owners = pairs.join(items.select("item_id", "partner_id", "on"), on="item_id", maintain_order="left")
    sums = owners.group_by("receipt_id").agg(
        pl.col("on").max(), settled=pl.col("amount").sum(), owner=pl.col("partner_id").first()
    )
    paid = rows.select("receipt_id", "received_on", "unapplied").join(
        sums, on="receipt_id", how="left", maintain_order="left"
    )
    settled_ = pl.col("settled").fill_null(0)
    heads = paid.with_columns(
        used=pl.col("unapplied") if kind else settled_,
        difference=pl.col("unapplied") - settled_ if kind else pl.lit(0, dtype=pl.Int64),
        partner_id=pl.col("owner").fill_null(items["partner_id"][0]),
        there=pl.max_horizontal("received_on", "on"),
    ).filter((pl.col("used") != 0) | pl.col("settled").is_not_null())
    return heads.with_columns(
        difference_kind=pl.when(pl.col("difference") != 0).then(pl.lit(kind)).otherwise(pl.lit(""))
    )
