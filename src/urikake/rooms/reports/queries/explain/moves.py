"""What a run billed and recognised of a contract, worked out again: the moves behind the entries of invoices and revenue."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

import polars as pl

from urikake.base.bulk import Session
from urikake.rooms.revenue import actions as recognition
from urikake.rooms.revenue import queries as revenues

from . import accruals, earnings, interest, lines, papers, reads, revenue, shifts, transfers
from .earnings import Earned

OWNER: Final = revenues.OWNER
MOVES: Final[dict[str, Any]] = {
    "source": pl.String, "source_id": pl.Int64, "posted_on": pl.Date, **dict.fromkeys(OWNER, pl.Int64),
    "billed": pl.Int64, "billed_tax": pl.Int64, "revenue": pl.Int64, "revenue_tax": pl.Int64,
}  # fmt: skip
BEFORE: Final[dict[str, Any]] = {"contract_id": pl.Int64, "position": pl.Int64}


def contracts_of(session: Session, head: dict[str, Any]) -> list[int]:
    """The contracts that an entry of an invoice or of revenue is of."""
    if head["source"] == "recognition":
        return transfers.together(session, head["source_id"], head["run_id"])
    paper = reads.one(session, "invoices_invoice", papers.HEAD, head["source_id"])
    assert paper is not None
    own = papers.lines_of(session, paper | {"invoice_id": paper["id"]})
    return own["contract_id"].unique(maintain_order=True).to_list()


def of_run(session: Session, contract_ids: Sequence[int], run_id: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The moves of the contracts in a run, in the order of posting, and each contract's balance before them."""
    rows: list[dict[str, Any]] = []
    own: dict[int, int] = {}
    for contract_id in contract_ids:
        known = lines.folded(session, contract_id)
        charges = lines.charges(session, known.lines, lines.furthest(session), "id")["id"]
        every = earnings.earned_all(session, charges)
        accrued = accruals.of_contract(session, contract_id)
        moved = shifts.of_contract(session, contract_id)
        ahead = pl.concat([part.select("run_id", "amount") for part in (accrued, moved)])
        mine = interest.of_contract(session, contract_id).filter(pl.col("run_id") < run_id)
        own[contract_id] = _position(session, every, ahead, run_id) + int(mine["amount"].sum())
        rows += _billed(session, every, accrued, run_id)
        rows += _recognised(session, contract_id, accrued, moved, run_id)
    made = _with_interest(session, pl.DataFrame(rows, schema=MOVES | {"month": pl.Date}), contract_ids, run_id)
    moved_to = transfers.before(session, contract_ids, run_id)
    before = [{"contract_id": key, "position": amount + moved_to.get(key, 0)} for key, amount in own.items()]
    both = transfers.with_moves(session, made, own, run_id)
    return both.select(list(MOVES)), pl.DataFrame(before, schema=BEFORE)


def _with_interest(session: Session, made: pl.DataFrame, contract_ids: Sequence[int], run_id: int) -> pl.DataFrame:
    """The moves and those of the interest that the run bore, each month's with its own."""
    borne = interest.of_run(session, list(contract_ids), run_id)
    if borne.is_empty():
        return made
    more = recognition.interest_moves(borne).with_columns(borne["month"]).select(made.columns)
    return pl.concat([made, more]).sort("month", nulls_last=False, maintain_order=True)


def _position(session: Session, every: list[Earned], ahead: pl.DataFrame, run_id: int) -> int:
    """Billed less recognised before the run, net of tax; ``ahead`` is what is revenue beside the charges."""
    earlier = [one for one in every if one.head["run_id"] < run_id]
    stood = int(ahead.filter(pl.col("run_id") < run_id)["amount"].sum())
    if not earlier:
        return -stood
    cutoffs = session.table("revenue_cutoff", "id, month, run_id").filter(pl.col("run_id") < run_id)["month"]
    until = revenues.beyond(cutoffs.max()) if cutoffs.len() else date.min  # type: ignore[arg-type]
    found = earnings.done(session, [(one, max(one.since, until)) for one in earlier])["done"]
    done = [
        one.rule["amount"] if one.at_once or (one.ended and one.ended[1] < run_id) else share
        for one, share in zip(earlier, found, strict=True)
    ]
    return sum(one.rule["amount"] for one in earlier) - sum(done) - stood


def _billed(session: Session, every: list[Earned], accrued: pl.DataFrame, run_id: int) -> list[dict[str, Any]]:
    """The charges that the run invoiced: billed, and what of them was revenue by the end of their month."""
    mine = sorted((one for one in every if one.head["run_id"] == run_id), key=lambda one: one.rule["invoice_line_id"])
    if not mine:
        return []
    found = earnings.done(session, [(one, one.since) for one in mine])
    rows, met = [], set[tuple[int, date]]()
    for one, done, done_tax in zip(mine, found["done"], found["done_tax"], strict=True):
        cycle = (one.charge["line_id"], one.charge["cycle_from_on"])
        stood = 0 if cycle in met else _stood(accrued, cycle, run_id)
        met.add(cycle)
        share, taxed = (one.rule["amount"], one.rule["tax_amount"]) if one.at_once else (done, done_tax)
        rows.append(
            {
                "month": None,
                "source": "invoice",
                "source_id": one.head["invoice_id"],
                "posted_on": one.head["issue_on"],
                **{name: one.charge[name] for name in OWNER},
                "billed": one.rule["amount"],
                "billed_tax": one.rule["tax_amount"],
                "revenue": share - stood,
                "revenue_tax": taxed,
            }
        )
    return rows


def _stood(accrued: pl.DataFrame, cycle: tuple[int, date], run_id: int) -> int:
    """What had been accrued of a cycle before the run."""
    own = (pl.col("line_id") == cycle[0]) & (pl.col("cycle_from_on") == cycle[1])
    return int(accrued.filter(own & (pl.col("run_id") < run_id))["amount"].sum())


def _recognitions(session: Session, contract_id: int, run_id: int) -> pl.DataFrame:
    """What the run recognised of the contract's charges, but for what was revenue with its invoice."""
    names = f"{revenue.RECOGNITION}, partner_id, dimension_id"
    found = reads.of_run(
        session, "revenue_recognition", "revenue.Recognition", names, run_id, "contract_id = ?", (contract_id,)
    )
    heads = {one.charge["id"]: one.head for one in earnings.earned_all(session, found["charge_id"].unique())}
    first = pl.Series(
        [
            heads[row["charge_id"]]["run_id"] == run_id
            and heads[row["charge_id"]]["issue_on"].replace(day=1) == row["month"]
            for row in found.iter_rows(named=True)
        ],
        dtype=pl.Boolean,
    )
    return found.filter(~first)


def _recognised(
    session: Session, contract_id: int, accrued: pl.DataFrame, moved: pl.DataFrame, run_id: int
) -> list[dict[str, Any]]:
    """What the run recognised month by month: the shares of schedules, worked out again, the accruals, then the shifts."""
    found = _recognitions(session, contract_id, run_id)
    bill = reads.run(session, run_id)["action"] == "bill"
    own = accrued.clear() if bill else accrued.filter(pl.col("run_id") == run_id)
    moved = moved.filter(pl.col("run_id") == run_id)
    rows = []
    for month in sorted({*found["month"], *own["month"], *moved["month"]}):
        rows += [_share(session, row) for row in found.filter(pl.col("month") == month).iter_rows(named=True)]
        rows += [
            _move(row, accruals.again(session, row, accrued)[0], 0)
            for row in own.filter(pl.col("month") == month).iter_rows(named=True)
        ]
        rows += _shifted(session, contract_id, moved.filter(pl.col("month") == month), run_id, month)
    return rows


def _shifted(session: Session, contract_id: int, moved: pl.DataFrame, run_id: int, month: date) -> list[dict[str, Any]]:
    """The shifts of a month as moves, their amounts worked out again."""
    if moved.is_empty():
        return []
    again = dict(shifts.again(session, contract_id, run_id, month).select("line_id", "amount").iter_rows())
    return [_move(row, again[row["line_id"]], 0) for row in moved.iter_rows(named=True)]


def _share(session: Session, row: dict[str, Any]) -> dict[str, Any]:
    """A recognition as a move, its amount and tax worked out again."""
    one = earnings.earned(session, row["charge_id"])
    assert one is not None
    lo, hi = revenue.bounds(session, one, row)
    found = earnings.done(session, [(one, lo or one.since), (one, hi or one.since)])
    after = (one.rule["amount"], one.rule["tax_amount"]) if hi is None else found.row(1)
    before = (0, 0) if lo is None else found.row(0)
    return _move(row, after[0] - before[0], after[1] - before[1])


def _move(row: dict[str, Any], amount: int, tax: int) -> dict[str, Any]:
    return {
        "month": row["month"], "source": "recognition", "source_id": row["contract_id"], "posted_on": row["posted_on"],
        **{name: row[name] for name in OWNER}, "billed": 0, "billed_tax": 0, "revenue": amount, "revenue_tax": tax,
    }  # fmt: skip


def months(session: Session, contract_id: int, run_id: int, posted_on: date) -> list[tuple[date, int]]:
    """The months that an entry of revenue is of, with the revenue of each."""
    found = _recognitions(session, contract_id, run_id)
    others = (part.of_contract(session, contract_id).filter(pl.col("run_id") == run_id) for part in (accruals, shifts))
    every = pl.concat([part.select("month", "posted_on", "amount") for part in (found, *others)])
    own = every.filter(pl.col("posted_on") == posted_on).group_by("month").agg(pl.col("amount").sum()).sort("month")
    return list(own.iter_rows())
