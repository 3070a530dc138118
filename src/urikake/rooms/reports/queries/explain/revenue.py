"""Revenue explained: a contract's month, the schedule of a charge, and what was earned before its bill.

A charge's rule is made again from its product, contract and invoice line; what a run recognised of it is the difference
of two answers of the recognition kernel, before and after the month.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import polars as pl

from urikake.base import periods
from urikake.base.bulk import Session
from urikake.base.company import policies
from urikake.core import recognition, schedule
from urikake.rooms.catalog.queries import deposits, products
from urikake.rooms.invoices import queries as invoices
from urikake.rooms.revenue import queries as revenues

from . import accruals, lines, papers, reads, words
from .made import Cause, Explanation, Step, number, recorded

RECOGNITION: Final = "id, run_id, charge_id, contract_id, line_id, product_id, month, posted_on, amount, tax_amount"
KEPT: Final = ("pattern", "partial_month", "remainder")
RULE: Final = (*recognition.RULE, "tax_amount")
KINDS: Final[dict[str, Any]] = {
    "amount": pl.Int64, "from_on": pl.Date, "to_on": pl.Date, "method": pl.String, "partial_month": pl.String,
    "remainder": pl.String, "tax_amount": pl.Int64, "until": pl.Date,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Earned:
    """An issued charge as revenue: its rule, its invoice, and the month in which the rest became revenue at once."""

    charge: dict[str, Any]
    head: dict[str, Any]
    rule: dict[str, Any]
    at_once: bool
    ended: tuple[date, int] | None

    @property
    def since(self) -> date:
        """The first month that was not recognised with the invoice."""
        return periods.following(self.head["issue_on"].replace(day=1))


def earned(session: Session, charge_id: int) -> Earned | None:
    """The charge as revenue, or None where it is on no invoice yet."""
    found = earned_all(session, pl.Series([charge_id], dtype=pl.Int64))
    return found[0] if found else None


def earned_all(session: Session, charge_ids: pl.Series) -> list[Earned]:
    """The charges that are on an invoice as revenue, by id; deposits are none."""
    charges = reads.by_ids(session, "billing_charge", lines.CHARGE, charge_ids)
    charges = charges.filter(~pl.col("product_id").is_in(deposits(session).implode()))
    billed = reads.by_key(
        session, "invoices_line", "id, charge_id, invoice_id, net, tax_amount", "charge_id", charges["id"]
    )
    if billed.is_empty():
        return []
    papers_ = invoices.numbered(reads.by_ids(session, "invoices_invoice", papers.HEAD, billed["invoice_id"].unique()))
    heads = {head["invoice_id"]: head for head in papers_.iter_rows(named=True)}
    ends = reads.by_key(session, "revenue_ending", "id, charge_id, month, run_id", "charge_id", charges["id"])
    ended = {charge: (month, run) for charge, month, run in ends.select("charge_id", "month", "run_id").iter_rows()}
    rules = _rules(
        session,
        charges.join(
            billed.rename({"id": "invoice_line_id"}), left_on="id", right_on="charge_id", maintain_order="left"
        ),
    )
    made = []
    for rule in rules.iter_rows(named=True):
        head = heads[rule["invoice_id"]]
        made.append(Earned(_as_charged(rule), head, rule, _gone(session, rule, head), ended.get(rule["id"])))
    return made


def _as_charged(rule: dict[str, Any]) -> dict[str, Any]:
    """The charge behind a rule, with its own amount and days."""
    return rule | {"amount": rule["charged"], "from_on": rule["served_from"], "to_on": rule["served_to"]}


def _rules(session: Session, rows: pl.DataFrame) -> pl.DataFrame:
    """The rules of the charges' schedules, from products and policies; what was kept with a schedule comes first."""
    policy = policies(session)
    model = products(session).select("product_id", "revenue", "life_months")
    starts = reads.by_ids(session, "contracts_line", "id, start_on", rows["line_id"].unique()).rename({"id": "line_id"})
    named = rows.join(model, on="product_id", maintain_order="left").join(starts, on="line_id", maintain_order="left")
    asked = named.with_columns(charged="amount", served_from="from_on", served_to="to_on", amount="net")
    ruled = recognition.ruled(asked, policy["partial_month"], policy["remainder"])
    names = f"id, charge_id, {', '.join(KEPT)}"
    kept = reads.by_key(session, "revenue_schedule", names, "charge_id", rows["id"]).drop("id")
    kept = kept.select(id="charge_id", kept_method="pattern", kept_part="partial_month", kept_rest="remainder")
    return ruled.join(kept, on="id", how="left", maintain_order="left").with_columns(
        method=pl.coalesce("kept_method", "method"),
        partial_month=pl.coalesce("kept_part", "partial_month"),
        remainder=pl.coalesce("kept_rest", "remainder"),
    )


def _gone(session: Session, rule: dict[str, Any], head: dict[str, Any]) -> bool:
    """Whether the line had ended for good when it was invoiced, so that a fee over its life was earned at once."""
    if rule["revenue"] != "lifetime":
        return False
    known = lines.folded(session, rule["contract_id"], head["run_id"])
    own = known.lines.row(by_predicate=pl.col("line_id") == rule["line_id"], named=True)
    until = periods.following(head["issue_on"].replace(day=1))
    goes_on = own["end_on"] == own["term_end_on"] and not own["declined"] and own["auto_renew"] is not None
    return own["end_on"] is not None and own["end_on"] <= until and not goes_on


def done(session: Session, rows: list[tuple[Earned, date]]) -> pl.DataFrame:
    """What of each charge is revenue in the months before the day given with it: ``done`` and its tax ``done_tax``."""
    asked = [{name: one.rule[name] for name in RULE} | {"until": until} for one, until in rows]
    frame = pl.DataFrame(asked, schema=KINDS)
    return recognition.recognised(frame, pl.col("until"), *revenues.roundings(session)).select("done", "done_tax")


def revenue(session: Session, no: str, month: date, as_of: date | None = None) -> Explanation | None:
    """The revenue of a contract in a month: each charge's share up to its end less that before, and what was accrued."""
    head = reads.contract_by(session, no=no)
    if head is None:
        return None
    made = recognitions(session, head["id"], month)
    rows = [recalled(session, row) for row in made.iter_rows(named=True)]
    accrued = accruals.explained(session, head["id"], month)
    before = date.fromordinal(month.toordinal() - 1).replace(day=1)
    posted = sorted({*made["run_id"].to_list(), *accrued.runs})
    return Explanation(
        ref=f"revenue:{no}:{month:%Y-%m}",
        title=f"契約 {no} の {month:%Y年%-m月} の収益",
        amount=int(made["amount"].sum()) + accrued.amount,
        recomputed=sum(again for again, _ in rows) + accrued.recomputed,
        steps=(*(step for _, step in rows), *accrued.steps),
        sources=_sources(session),
        path=_path(session, no, head["id"], posted, made),
        recorded=_recorded(session, made),
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
    accrued = accruals.of_contract(session, contract_id).filter(pl.col("month") == month)["amount"].sum()
    return int(recognitions(session, contract_id, month)["amount"].sum()) + int(accrued)


def recalled(session: Session, row: dict[str, Any]) -> tuple[int, Step]:
    """What a recognition is to be, worked out again, and the step that says how."""
    one = earned(session, row["charge_id"])
    assert one is not None
    lo, hi = bounds(session, one, row)
    found = done(session, [(one, lo or one.since), (one, hi or one.since)])["done"]
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
    found = [earned(session, charge) for charge in made["charge_id"].unique(maintain_order=True)[: papers.MANY]]
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


def _recorded(session: Session, made: pl.DataFrame) -> Any:
    """Who recognised the newest of it; None where nothing was."""
    if made.is_empty():
        return None
    row = made.row(-1, named=True)
    return recorded(session, "revenue.Recognition", row["id"], row["run_id"])


def plan(session: Session, text: str, as_of: date | None = None) -> Explanation | None:
    """The revenue schedule of a charge (``schedule-7`` is that of ``charge-7``): month by month, posted and to come."""
    charge_id = number(session, text)
    one = earned(session, charge_id) if charge_id is not None else None
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
