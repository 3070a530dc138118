"""The billing run: charges of a closing, made once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

import polars as pl

from urikake.base import facts, periods
from urikake.base.access import action
from urikake.base.bulk import Session, columns
from urikake.base.errors import Refusal
from urikake.rooms.contracts.actions import renew_due
from urikake.rooms.parties.queries import codes
from urikake.rooms.usage.queries import watermark

from . import queries
from .models import Carry, Charge, Hold, Reversal

AHEAD: Final = timedelta(days=400)
"""How long before its cycle begins a charge may be made: a year paid in advance, at the closing before."""


LONGEST: Final = 500
"""So many letters has a reason."""


@action("billing.run")
def charge(session: Session, *, closing_on: date, only: pl.Series | None = None) -> pl.DataFrame:
    """Make and return the charges of the closing that were not made yet (see `queries.due_stretches`).

    Terms that end are renewed first. With ``only``, what is billed to those partners; the rest is left to later runs,
    which make of it what one run of all would have made. Refused in a locked month, if there is anything to bill.
    """
    if only is None:
        return _charged(session, closing_on, pl.lit(True))
    return _charged(session, closing_on, queries.of_payers(session, only), only=only)


@action("billing.run")
def charge_forward(session: Session, *, numbers: Sequence[str], on: date, until: date) -> pl.DataFrame:
    """Make and return the charges of the contracts' cycles that begin by ``until``, before their closings (前もっての請求).

    They are what those closings would have made, which then find them made. Renewals that are not due yet are not made for
    it, and what is measured is not known yet. Refused for contracts that there are not, and in a locked month.
    """
    found = queries.forward(session, numbers, on, until)
    return _charges_of(session, found, queries.due_stretches(session, found, on), on, on)


@action("billing.run")
def charge_ahead(session: Session, *, contract_ids: Sequence[int], closings: Sequence[date]) -> pl.DataFrame:
    """The charges of the contracts at closings to come, one after the other as billing runs will make them; by id.

    They stand beside what was charged already. It is for sessions that are undone: nothing is to be kept of it.
    """
    mine = pl.col("contract_id").is_in(list(contract_ids))
    for closing_on in sorted(closings):
        _charged(session, closing_on, mine)
    found = queries.of_contracts(session, contract_ids, max(closings) + AHEAD)
    return found.filter(pl.col("closing_on").is_in(list(closings)))


@action("invoices.cancel")
def charge_again(session: Session, *, charges: pl.DataFrame, closing_on: date, on: date) -> pl.DataFrame:
    """The cycles of the charges billed anew ``on`` a day for their closing, as the contracts stand; nothing else of them."""
    cycles = charges.select(queries.CYCLE).unique()
    found = queries.again(session, cycles)
    rows = queries.due_stretches(session, found, closing_on)
    mine = rows.join(cycles, on=queries.CYCLE, how="semi", maintain_order="left") if rows.height else rows
    return _charges_of(session, found, mine, closing_on, on)


def _charged(session: Session, closing_on: date, which: pl.Expr, only: pl.Series | None = None) -> pl.DataFrame:
    """The charges that the closing makes of those lines, and to the partners ``only`` that are named."""
    found = _scope(session, closing_on, which)
    if renew_due(session, lines=found.lines.with_columns(horizon_on="reach_on")).height:
        found = _scope(session, closing_on, which)
    rows = queries.at_payer(session, found, queries.due_stretches(session, found, closing_on), closing_on)
    return _charges_of(session, found, rows, closing_on, closing_on, only)


def _charges_of(
    session: Session,
    found: queries.Scope,
    rows: pl.DataFrame,
    closing_on: date,
    on: date,
    only: pl.Series | None = None,
) -> pl.DataFrame:
    """The stretches priced and recorded as charges of the closing, ``on`` a day; refused in a locked month if there are any."""
    if rows.height:
        rated = queries.rated(session, found, queries.credits_cut(session, found, rows), closing_on)
        rows = queries.charges_cut(session, found, rated).filter(pl.col("amount") != 0)
    billed = rows.with_columns(partner_id=queries.payers(session, found, rows)["bill_to_id"]) if rows.height else rows
    if only is not None and billed.height:
        billed = billed.filter(pl.col("partner_id").is_in(only.implode()))
    if billed.is_empty():
        return pl.DataFrame(schema=columns(Charge))
    periods.require_open(session, on)
    return facts.record(session, Charge, _charges(billed, found, closing_on, watermark(session)))


def _scope(session: Session, closing_on: date, which: pl.Expr) -> queries.Scope:
    found = queries.scope(session, closing_on)
    return queries.Scope(found.lines.filter(which), found.segments, found.moves)


@action("billing.run")
def leave(session: Session, *, charges: pl.DataFrame) -> None:
    """Leave the charges as drafts (下書き), to be issued by a later run."""
    if charges.height:
        session.driver.write("billing_waiting", charges.select(charge_id="id"))


@action("invoices.issue")
def take_up(session: Session, *, closing_on: date, only: pl.Series | None = None) -> pl.DataFrame:
    """Take the drafts of the closing, or of ``only`` those partners, off the waiting list and return them.

    With them comes what earlier closings carried on (少額繰越). Drafts of partners that are held stay, and so does what a
    person has left to the next closing, if it is not asked for by its partner.
    """
    own = queries.waiting(session).filter(pl.col("closing_on") == closing_on)
    if only is None:
        left = own.join(queries.left_to_next(session, closing_on), on="partner_id")
        own = own.join(left.filter(pl.col("id") <= pl.col("through_id")), on="id", how="anti", maintain_order="left")
    drafts = pl.concat([queries.carried_to(session, closing_on), own])
    if only is not None:
        drafts = drafts.filter(pl.col("partner_id").is_in(only.implode()))
    if drafts.height:
        drafts = drafts.join(queries.held(session, closing_on), on="partner_id", how="anti", maintain_order="left")
        session.remove("billing_waiting", "charge_id", drafts["id"])
    return drafts


@action("billing.run")
def carry(session: Session, *, charges: pl.DataFrame) -> None:
    """Leave the charges as drafts that are carried on to their partners' next closing, as their bill is too small."""
    leave(session, charges=charges)
    keys = ["partner_id", "closing_on"]
    bills = charges.group_by(keys, maintain_order=True).agg(through_id=pl.col("id").max())
    known = session.table("billing_carry", "id, partner_id, closing_on, through_id")
    fresh = bills.join(known, on=[*keys, "through_id"], how="anti", maintain_order="left")
    least = queries.minimums(session).with_columns(why=pl.lit(""))
    facts.record(session, Carry, fresh.join(least, on="partner_id", maintain_order="left"))


@action("billing.run")
def carry_on(session: Session, *, partner: str, closing_on: date, why: str) -> bool:
    """Leave the partner's bill of the closing to its next one (次の締めへ), held or not; whether that is new.

    Refused without a reason, or without a draft.
    """
    partner_id = _drafted(session, partner, closing_on, why)
    mine = (pl.col("partner_id") == partner_id) & (pl.col("closing_on") == closing_on)
    drafts = queries.waiting(session).filter(mine)
    if drafts.join(queries.carried(session), on="id", how="anti").is_empty():
        return False
    if queries.held(session, closing_on).filter(pl.col("partner_id") == partner_id).height:
        _held(session, partner_id, closing_on, False, why)
    row = {
        "partner_id": partner_id,
        "closing_on": closing_on,
        "minimum": 0,
        "why": why.strip(),
        "through_id": drafts["id"].max(),
    }
    facts.record(session, Carry, pl.DataFrame([row]))
    return True


@action("billing.run")
def hold(session: Session, *, partner: str, closing_on: date, why: str) -> bool:
    """Hold the partner's bill of the closing back (保留): nothing of it is issued until it is released; whether that is new.

    Held once more for another reason, the newer reason is told. Refused without a reason, or without a draft to hold.
    """
    partner_id = _drafted(session, partner, closing_on, why)
    held = queries.held(session, closing_on).filter(pl.col("partner_id") == partner_id)
    if held.height and held["why"][0] == why.strip():
        return False
    _held(session, partner_id, closing_on, True, why)
    return True


@action("billing.run")
def release(session: Session, *, partner: str, closing_on: date, why: str = "") -> bool:
    """Hold the partner's bill of the closing back no longer, so that the next issue takes it; whether that is new."""
    _require_short(why)
    partner_id = _partner(session, partner)
    known = queries.holds(session).filter((pl.col("partner_id") == partner_id) & (pl.col("closing_on") == closing_on))
    if known.is_empty():
        raise Refusal(
            "not-held",
            f"取引先「{partner}」の {closing_on:%Y-%m-%d} 締めの請求は保留されていません。",
            "請求先のコードと締日を確かめてください。",
        )
    if known["held"][0]:
        _held(session, partner_id, closing_on, False, why)
    return bool(known["held"][0])


def _drafted(session: Session, partner: str, closing_on: date, why: str) -> int:
    """The id of the partner; refused where it has no draft of the closing, or there is no reason."""
    if not why.strip():
        raise Refusal("no-reason", "理由がありません。", "--why に理由を書いてください。")
    _require_short(why)
    partner_id = _partner(session, partner)
    if queries.drafts(session, closing_on).filter(pl.col("partner_id") == partner_id).is_empty():
        raise Refusal(
            "no-draft",
            f"取引先「{partner}」に {closing_on:%Y-%m-%d} 締めの下書きはありません。",
            "請求先のコードと締日を確かめるか、先に --issue を付けずに請求を計算してください。",
        )
    return partner_id


def _held(session: Session, partner_id: int, closing_on: date, held: bool, why: str) -> None:
    row = {"partner_id": partner_id, "closing_on": closing_on, "held": held, "why": why.strip()}
    facts.record(session, Hold, pl.DataFrame([row]))


def _require_short(why: str) -> None:
    if len(why.strip()) > LONGEST:
        raise Refusal("long-reason", f"理由が{LONGEST}字を超えています。", "短く書いてください。")


def _partner(session: Session, code: str) -> int:
    """The id of the partner; refused where there is none."""
    found = codes(session).filter(pl.col("code") == code)
    if found.is_empty():
        raise Refusal("no-partner", f"取引先「{code}」はありません。", "取引先コードを確かめてください。")
    return int(found["partner_id"][0])


@action("invoices.cancel")
def reverse(session: Session, *, charge_ids: pl.Series, on: date) -> pl.DataFrame:
    """Take the charges back by their mirror images, dated ``on``, and return these with ``reverses_id``, in their order.

    A charge of days turns into a credit of them and the other way round; usage is taken back with its quantity. Nothing is
    billed of those days then, so that the next closing bills them as the contract stands.
    """
    periods.require_open(session, on)
    mine = queries.by_ids(session, charge_ids)
    every = queries.of_cycles(session, mine)
    usage = pl.col("product_id").is_in(queries.metered_products(session).implode())
    settled = pl.col("nature") == Charge.TRUE_UP
    sign = pl.when(pl.col("nature") == Charge.USAGE).then(1).otherwise("nature")
    mirrored = (
        mine.join(queries.rounds(every), on=queries.CYCLE, suffix="_next", maintain_order="left")
        .with_columns(
            reverses_id="id",
            nature=pl.when(settled).then("nature").otherwise(-sign),
            revision="revision_next",
            closing_on=pl.lit(on),
            amount=-pl.col("amount"),
            quantity_micro=pl.when(usage & ~settled).then(-pl.col("quantity_micro")).otherwise("quantity_micro"),
        )
        .drop("id", "run_id", "revision_next", strict=False)
    )
    made = facts.record(session, Charge, _apart(mirrored))
    linked = made.with_columns(mirrored["reverses_id"])
    facts.record(session, Reversal, linked.with_columns(charge_id="id"))
    return linked


def _apart(mirrored: pl.DataFrame) -> pl.DataFrame:
    """The rows with a ``revision`` of their own each, where two of one cycle begin on one day and are of one nature."""
    source = ["cycle_from_on", "line_id", "revision", "from_on", "nature"]
    return mirrored.with_columns(revision=pl.col("revision") + pl.int_range(pl.len()).over(source))


def _charges(rows: pl.DataFrame, found: queries.Scope, closing_on: date, through: int) -> pl.DataFrame:
    """The priced stretches as charges, in the order of contract, line and date."""
    names = found.lines.select("line_id", "contract_id", "dimension_id", "position")
    again = pl.when(pl.col("late") & (pl.col("sign") > 0)).then(Charge.USAGE).otherwise("sign")
    nature = pl.when("settles").then(Charge.TRUE_UP).otherwise(again)
    return (
        rows.join(names, on="line_id", maintain_order="left")
        .with_columns(nature=nature)
        .sort("contract_id", "position", "from_on", "sign", "settles")
        .with_columns(
            closing_on=pl.lit(closing_on),
            state_micro="quantity_micro",
            quantity_micro=pl.coalesce("usage_micro", "quantity_micro"),
            usage_through=pl.when(pl.col("usage_micro").is_not_null()).then(through).otherwise(0),
        )
    )
