"""Deposits explained: what is held of a contract, movement by movement, and each movement from what was agreed on."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import polars as pl

from urikake.base.bulk import Session
from urikake.rooms.billing.queries import deposit_steps, reversals
from urikake.rooms.catalog.queries import DEPOSITS
from urikake.rooms.deposits import queries as deposits
from urikake.rooms.invoices import queries as invoices

from . import lines, papers, reads, words
from .made import Cause, Explanation, Step, recorded

SAME: Final = ("product_id", "unit_price_micro")


def of_invoice(session: Session, run_id: int, invoice_id: int) -> pl.DataFrame:
    """The movements of deposits that an invoice made: within its run's block."""
    names, what = deposits.MOVEMENT, "invoice_id = ?"
    return reads.of_run(session, "deposits_movement", "deposits.Movement", names, run_id, what, (invoice_id,))


def moved(session: Session, row: dict[str, Any], known: lines.Folded) -> tuple[int, tuple[Step, ...]]:
    """What a charge takes or gives back: what is to be held at its price from its day on, less what was billed before."""
    day = _day(row)
    own = known.lines.filter(pl.col("line_id") == row["line_id"])
    steps = deposit_steps(session, own, known.segments).filter(pl.col("day") <= day)
    state = steps.row(-1, named=True) if steps.height else None
    same = state is not None and all(state[name] == row[name] for name in SAME)
    level = state["amount"] if state is not None and same else 0
    before = _billed(session, row)
    billed = int(before["amount"].sum())
    less = [
        Step(
            "すでに預かった額" if amount > 0 else "すでに返した額",
            words.yen(amount),
            -amount,
            f"charge-{one - session.low}",
        )
        for one, amount in before.select("id", "amount").iter_rows()
    ]
    return level - billed, (_wanted(day, state if same else None, level), *less)


def _wanted(day: date, state: dict[str, Any] | None, level: int) -> Step:
    """The level from the day on, in words."""
    if state is None:
        return Step("預かる額", f"{words.day(day)} からは預かりません（明細の終わり・変更）", 0, kind="formula")
    said = f"{words.price(state['unit_price_micro'])} × {words.count(state['quantity_micro'])} = {words.yen(level)}"
    return Step("預かる額（単価 × 数量）", f"{words.day(day)} から {said}", level, kind="formula")


def _billed(session: Session, row: dict[str, Any]) -> pl.DataFrame:
    """What was billed of the deposit at the same price before: by earlier runs, taken back by this one, or for earlier days."""
    key = ("cycle_from_on", "line_id", "product_id", "unit_price_micro")
    where = " AND ".join(f"{name} = ?" for name in key)
    found = session.rows("billing_charge", lines.CHARGE, where, tuple(row[name] for name in key))
    beside = (pl.col("run_id") == row["run_id"]) & ~pl.col("id").is_in(reversals(session)["charge_id"].implode())
    day = pl.when(pl.col("nature") < 0).then("to_on").otherwise("from_on")
    earlier = pl.when(beside).then(day < _day(row)).otherwise(pl.col("id") < row["id"])
    return found.filter(earlier)


def _day(row: dict[str, Any]) -> date:
    """The day from which the charge has more or less held."""
    day: date = row["to_on"] if row["nature"] < 0 else row["from_on"]
    return day


def held(session: Session, no: str, as_of: date | None = None) -> Explanation | None:
    """What is held of a contract on the day: every taking and every return, as its invoice has them."""
    contract = reads.contract_by(session, no=no)
    if contract is None:
        return None
    found = deposits.movements(session, "contract_id = ?", (contract["id"],))
    on = as_of or max([lines.newest_day(session), *found["moved_on"]])
    found = found.filter(pl.col("moved_on") <= on)
    if found.is_empty():
        return None
    last = found.row(-1, named=True)
    return Explanation(
        ref=f"deposit:{no}",
        title=f"契約 {no} の{DEPOSITS} {words.day(on)} 現在",
        amount=int(found["amount"].sum()),
        recomputed=_invoiced(session, found["charge_id"]),
        steps=tuple(_step(session, row) for row in found.iter_rows(named=True)),
        sources=(("決まり", "最初の請求で預かり、明細が終わると次の締めの請求で返します。売上にはなりません"),),
        path=(
            Cause("契約", f"contract:{no}"),
            *(Cause("請求計算", f"charge-{one - session.low}") for one in found["charge_id"][: papers.MANY]),
            Cause("科目の残高", f"account:{DEPOSITS}:{on}", on),
        ),
        recorded=recorded(session, "deposits.Movement", last["movement_id"], last["run_id"]),
        as_of=on,
    )


def _invoiced(session: Session, charge_ids: pl.Series) -> int:
    """What the invoices say of the charges."""
    found = reads.by_key(session, "invoices_line", "id, charge_id, net", "charge_id", charge_ids)
    return int(found["net"].sum())


def _step(session: Session, row: dict[str, Any]) -> Step:
    """A movement: when, on which invoice."""
    paper = invoices.invoices(session, "id = ?", (row["invoice_id"],)).row(0, named=True)
    undone = row["returned"] == (row["amount"] > 0)
    kind = ("返還" if row["returned"] else "預り") + ("の取消" if undone else "")
    said = f"{words.PAPERS[paper['kind']]} {paper['number']}"
    return Step(f"{words.day(row['moved_on'])} {kind}", said, row["amount"], f"charge-{row['charge_id'] - session.low}")
