"""Revenue explained: a contract's month, the schedule of a charge, what was earned before its bill, what was shifted by selling price.

A charge's rule is made again from its product, contract and invoice line; what a run recognised of it is the difference
of two answers of the recognition kernel, before and after the month.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import polars as pl

from urikake.base import periods
from urikake.base.bulk import Session
from urikake.base.company import policies
from urikake.core import recognition, schedule
from urikake.rooms.catalog.queries import products
from urikake.rooms.revenue import queries as revenues

from . import accruals, earnings, papers, reads, shifts, words
from .earnings import Earned
from .made import Cause, Explanation, Step, number, recorded

RECOGNITION: Final = "id, run_id, charge_id, contract_id, line_id, product_id, month, posted_on, amount, tax_amount"


def revenue(session: Session, no: str, month: date, as_of: date | None = None) -> Explanation | None:
    """The revenue of a contract in a month: each charge's share up to its end less that before, what was accrued and shifted."""
    head = reads.contract_by(session, no=no)
    if head is None:
        return None
    made = recognitions(session, head["id"], month)
    rows = [recalled(session, row) for row in made.iter_rows(named=True)]
    accrued = accruals.explained(session, head["id"], month)
    shifted = shifts.explained(session, head["id"], month)
    before = date.fromordinal(month.toordinal() - 1).replace(day=1)
    posted = sorted({*made["run_id"].to_list(), *accrued.runs, *shifted.runs})
    return Explanation(
        ref=f"revenue:{no}:{month:%Y-%m}",
        title=f"契約 {no} の {month:%Y年%-m月} の収益",
        amount=int(made["amount"].sum()) + accrued.amount + shifted.amount,
        recomputed=sum(again for again, _ in rows) + accrued.recomputed + shifted.recomputed,
        steps=(*(step for _, step in rows), *accrued.steps, *shifted.steps),
        sources=_sources(session),
        path=_path(session, no, head["id"], posted, made),
        recorded=_recorded(session, made, shifted),
        as_of=periods.last_day(month),
        previous=_total(session, head["id"], before),
        previous_ref=f"revenue:{no}:{before:%Y-%m}" if _total(session, head["id"], before) else "",
    )


def recognitions(session: Session, contract_id: int, month: date) -> pl.DataFrame:
    """What was recognised of the contract's charges for the month, whenever it was posted.

    The rows of one link are all of one month: only the blocks of this one are looked through.
    """
    return reads.within(
        session, "revenue_recognition", RECOGNITION, _spans(session, month), "contract_id = ?", (contract_id,)
    )


def _spans(session: Session, month: date) -> list[reads.Span]:
    found = session.read(
        "SELECT l.first_id, l.count FROM base_link l JOIN revenue_recognition r ON r.id = l.first_id"
        " WHERE l.id >= ? AND l.id < ? AND l.relation = ? AND r.month = ? ORDER BY l.id",
        (session.low, session.high, "revenue.Recognition", month),
    )
    return [(first, first + count) for first, count in found.iter_rows()]


def _total(session: Session, contract_id: int, month: date) -> int:
    """The revenue posted of the contract for a month."""
    others = (part.of_contract(session, contract_id).filter(pl.col("month") == month) for part in (accruals, shifts))
    return sum(int(rows["amount"].sum()) for rows in (recognitions(session, contract_id, month), *others))


def recalled(session: Session, row: dict[str, Any]) -> tuple[int, Step]:
    """What a recognition is to be, worked out again, and the step that says how."""
    one = earnings.earned(session, row["charge_id"])
    assert one is not None
    lo, hi = bounds(session, one, row)
    found = earnings.done(session, [(one, lo or one.since), (one, hi or one.since)])["done"]
    before, after = (0 if lo is None else found[0]), (one.rule["amount"] if hi is None else found[1])
    name = reads.product(session, products(session), row["product_id"])["product_name"]
    said = _words(one, before, after, hi is None)
    label = f"{name} {words.days(one.charge['from_on'], one.charge['to_on'])}"
    return after - before, Step(
        label, said, row["amount"], f"schedule-{row['charge_id'] - session.low}", kind="formula"
    )


def bounds(session: Session, one: Earned, row: dict[str, Any]) -> tuple[date | None, date | None]:
    """The days before which all was recognised before and after a recognition; None is the beginning, and the end of all."""
    month, run_id = row["month"], row["run_id"]
    with_invoice = run_id == one.head["run_id"]
    if with_invoice and month == one.head["issue_on"].replace(day=1):
        return None, None if one.at_once else one.since
    cutoffs = session.table("revenue_cutoff", "id, month, run_id").filter(pl.col("run_id") < run_id)["month"]
    done_until = revenues.beyond(cutoffs.max()) if cutoffs.len() and not with_invoice else one.since  # type: ignore[arg-type]
    lo = max(one.since, month, done_until)
    return lo, None if one.ended == (month, run_id) else max(lo, periods.following(month))


def _words(one: Earned, before: int, after: int, whole: bool) -> str:
    """How the share came about: the rule, and the two running totals it is the difference of."""
    way = {"monthly": "月ごとに", "daily": "日割りで"}[one.rule["method"]]
    spread = f"{words.yen(one.rule['amount'])} を {words.days(one.rule['from_on'], one.rule['to_on'])} へ{way}配分"
    if whole:
        spread = f"{words.yen(one.rule['amount'])} の残りをすべて収益にする"
    return f"{spread}: ここまでの累計 {words.yen(after)} − 前月までの累計 {words.yen(before)} = {words.yen(after - before)}"


def _sources(session: Session) -> tuple[tuple[str, str], ...]:
    policy = policies(session)
    return (
        words.policy("初月と最終月の端数日", words.PARTS, policy["partial_month"]),
        words.policy("1円未満の端数", words.REMAINDERS, policy["remainder"]),
        words.policy("端数", words.ROUNDINGS, policy["amount_rounding"]),
    )


def _path(session: Session, no: str, contract_id: int, runs: list[int], made: pl.DataFrame) -> tuple[Cause, ...]:
    """契約 → 請求書 → 収益 → 仕訳."""
    stations = [Cause("契約", f"contract:{no}")]
    found = [
        earnings.earned(session, charge) for charge in made["charge_id"].unique(maintain_order=True)[: papers.MANY]
    ]
    heads = {one.head["number"]: one.head for one in found if one}
    stations += [Cause("請求書", number_, head["issue_on"], head["total"]) for number_, head in heads.items()]
    for run_id in runs:
        posted = reads.entries_of(session, run_id, "recognition", contract_id)
        stations += [Cause("仕訳", f"entry-{entry - session.low}", day) for entry, day in posted.iter_rows()]
    own = {head["invoice_id"]: head for head in heads.values() if head["run_id"] in runs}
    for invoice_id, head in own.items():
        posted = reads.entries_of(session, head["run_id"], "invoice", invoice_id)
        stations += [Cause("仕訳", f"entry-{entry - session.low}", day) for entry, day in posted.iter_rows()]
    return tuple(stations)


def _recorded(session: Session, made: pl.DataFrame, shifted: shifts.Shifted) -> Any:
    """Who recognised the newest of its charges, else of what was shifted; None where nothing was."""
    if made.is_empty():
        return recorded(session, "revenue.Shift", *shifted.newest) if shifted.newest else None
    row = made.row(-1, named=True)
    return recorded(session, "revenue.Recognition", row["id"], row["run_id"])


def plan(session: Session, text: str, as_of: date | None = None) -> Explanation | None:
    """The revenue schedule of a charge (``schedule-7`` is that of ``charge-7``): month by month, posted and to come."""
    charge_id = number(session, text)
    one = earnings.earned(session, charge_id) if charge_id is not None else None
    if one is None or charge_id is None:
        return None
    contract = reads.contract_by(session, contract_id=one.charge["contract_id"])
    assert contract is not None
    line = session.read("SELECT id, invoice_id FROM invoices_line WHERE charge_id = ?", (charge_id,)).row(0)
    at = line[0] - one.head["first_line_id"] + 1
    steps = _months(session, one, contract["contract_no"])
    name = reads.product(session, products(session), one.charge["product_id"])["product_name"]
    return Explanation(
        ref=f"schedule-{text}",
        title=f"{name} {words.days(one.charge['from_on'], one.charge['to_on'])} の収益の配分",
        amount=_kept(session, charge_id, one),
        recomputed=sum(step.amount or 0 for step in steps),
        steps=steps,
        sources=(
            ("収益認識", words.REVENUES[one.rule["revenue"]]),
            ("配分する期間", words.days(one.rule["from_on"], one.rule["to_on"])),
            *_sources(session),
        ),
        path=(
            Cause("契約", f"contract:{contract['contract_no']}"),
            Cause("請求計算", f"charge-{text}", one.charge["closing_on"], one.charge["amount"]),
            Cause("請求書の明細", f"{one.head['number']}:{at}", one.head["issue_on"], one.rule["amount"]),
        ),
        recorded=_schedule_recorded(session, charge_id)
        or recorded(session, "invoices.InvoiceLine", line[0], one.head["run_id"]),
    )


def _kept(session: Session, charge_id: int, one: Earned) -> int:
    """The amount that the schedule spreads; where all was earned with the invoice, that of the line."""
    kept = session.value("SELECT amount FROM revenue_schedule WHERE charge_id = ?", (charge_id,))
    return int(one.rule["amount"] if kept is None else kept)


def _schedule_recorded(session: Session, charge_id: int) -> Any:
    found = session.read("SELECT id, run_id FROM revenue_schedule WHERE charge_id = ?", (charge_id,))
    return recorded(session, "revenue.Schedule", *found.row(0)) if found.height else None


def _months(session: Session, one: Earned, no: str) -> tuple[Step, ...]:
    """What of the charge is revenue with the invoice, and in each month after it."""
    cut = session.table("revenue_cutoff", "id, month, run_id")["month"].max()
    first = one.since.toordinal() - 1
    rule = pl.DataFrame([{name: one.rule[name] for name in recognition.RULE}]).with_columns(
        key=pl.lit(0, dtype=pl.Int64)
    )
    spread = schedule.months(rule, revenues.roundings(session)[0])
    whole = one.rule["amount"] if one.at_once else None
    early = int(spread.filter(pl.col("month") < one.since)["amount"].sum()) if whole is None else whole
    month = date.fromordinal(first).replace(day=1)
    steps = [Step(f"{month:%Y年%-m月}（請求とともに）", "", early, f"revenue:{no}:{month:%Y-%m}")] if early else []
    left, end = one.rule["amount"] - early, one.ended[0] if one.ended else None
    for day, amount in spread.filter(pl.col("month") >= one.since).select("month", "amount").iter_rows():
        if not left or (end and day > end):
            break
        part = left if day == end else amount
        posted = isinstance(cut, date) and day <= cut
        state = "計上済み" if posted else "これから計上"
        steps.append(Step(f"{day:%Y年%-m月}", state, part, f"revenue:{no}:{day:%Y-%m}" if posted and part else ""))
        left -= part
    return tuple(steps)
