"""Contracts explained: what they were charged, and each line's price in force on a day with how it came about."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl

from urikake.base.bulk import Session
from urikake.core import timeline
from urikake.rooms.catalog.queries import products

from . import lines, reads, words
from .charges import whole_price
from .made import Cause, Explanation, Step, recorded


def contract(session: Session, no: str, as_of: date | None = None) -> Explanation | None:
    """A contract: what its lines were charged so far, line by line, and the events that made it what it is."""
    head = reads.contract_by(session, no=no)
    if head is None:
        return None
    found = lines.folded(session, head["id"])
    made = lines.charges(session, found.lines, lines.furthest(session)).filter(
        pl.col("closing_on") <= (as_of or date.max)
    )
    named = products(session)
    steps = tuple(_charged(session, no, line, made, named) for line in found.lines.iter_rows(named=True))
    return Explanation(
        ref=f"contract:{no}",
        title=f"契約 {no} {reads.partner(session, head['partner_id'])['name']} にこれまで請求した額（単価どおり）",
        amount=_total(session, head["id"], made),
        recomputed=sum(step.amount or 0 for step in steps),
        steps=steps,
        sources=(
            ("取引先", reads.partner(session, head["partner_id"])["code"]),
            ("登録した取込", _file(session, head["run_id"])),
        ),
        path=_history(session, found.events, named),
        recorded=recorded(session, "contracts.Contract", head["id"], head["run_id"]),
        as_of=as_of,
    )


def _total(session: Session, contract_id: int, made: pl.DataFrame) -> int:
    """The sum of the charges that bear the contract."""
    return int(made.filter(pl.col("contract_id") == contract_id)["amount"].sum())


def _charged(session: Session, no: str, line: dict[str, Any], made: pl.DataFrame, named: pl.DataFrame) -> Step:
    """A line with its charges."""
    own = made.filter(pl.col("line_id") == line["line_id"])
    parts = tuple(
        Step(words.days(row["from_on"], row["to_on"]), amount=row["amount"], ref=f"charge-{row['id'] - session.low}")
        for row in own.iter_rows(named=True)
    )
    name = reads.product(session, named, line["product_id"])["product_name"]
    at = line["position"] + 1
    return Step(f"明細 {at} {name}", _term(line), int(own["amount"].sum()), f"line:{no}:{at}", parts, "sum")


def _term(line: dict[str, Any]) -> str:
    """From when to when the line runs."""
    return f"{words.day(line['start_on'])} 開始" + (
        f"・{words.last_day(line['end_on']):%Y/%m/%d} まで" if line["end_on"] else ""
    )


def _file(session: Session, run_id: int) -> str:
    """The file or the run that brought something in."""
    run = reads.run(session, run_id)
    return reads.file_of(session, run_id) or f"{words.action(run['action'])} {run['subject']}"


def _history(session: Session, events: pl.DataFrame, named: pl.DataFrame) -> tuple[Cause, ...]:
    """The events as stations, by effective day."""
    actors: dict[int, str] = {}
    for run_id in events["run_id"].unique():
        actors[run_id] = reads.run(session, run_id)["actor"]
    ordered = events.unique("event_id", maintain_order=True).sort("effective_on", "recorded_at", "event_id")
    return tuple(
        Cause(_event(session, row, named), on=row["effective_on"], by=actors[row["run_id"]])
        for row in ordered.iter_rows(named=True)
    )


def _event(session: Session, row: dict[str, Any], named: pl.DataFrame) -> str:
    """The event in words: what it is and what it changed to."""
    parts = [words.EVENTS.get(row["kind"], row["kind"])]
    if row["product_id"] is not None:
        parts.append(str(named.row(by_predicate=pl.col("product_id") == row["product_id"], named=True)["product_name"]))
    if row["bill_to_id"] is not None:
        parts.append(f"→ {reads.partner(session, row['bill_to_id'])['name']}")
    if row["quantity_micro"] is not None:
        parts.append(f"数量 {words.count(row['quantity_micro'])}")
    if row["unit_price_micro"] is not None:
        parts.append(f"単価 {words.price(row['unit_price_micro'])}")
    if row["kind"] == "discount":
        parts.append(words.discount(row["discount_rate"] or 0, row["discount_cut"] or 0).strip() or "終了")
        parts += [f"{words.day(words.last_day(row['until_on']))} まで"] if row["until_on"] else []
    return " ".join([*parts, *([f"（{row['reason']}）"] if row["reason"] else [])])


def line(session: Session, no: str, at: int, as_of: date | None = None) -> Explanation | None:
    """A contract line: what it costs a cycle on the day, under the state in force then, and how that came about."""
    head = reads.contract_by(session, no=no)
    found = lines.folded(session, head["id"]) if head else None
    mine = found.lines.filter(pl.col("position") == at - 1) if found else None
    if head is None or found is None or mine is None or mine.is_empty():
        return None
    own, on = mine.row(0, named=True), as_of or lines.newest_day(session)
    states = found.segments.filter(pl.col("line_id") == own["line_id"])
    held = timeline.state_on(states, pl.lit(on))
    if held.is_empty():  # before its start the first state, after its end the last
        held = states.head(1) if on < own["start_on"] else states.tail(1)
    state = held.row(0, named=True)
    amount, formula = whole_price(session, state, on)
    events = found.events.filter(pl.col("line_id") == own["line_id"])
    return Explanation(
        ref=f"line:{no}:{at}",
        title=f"契約 {no} の明細 {at} {words.day(on)} の1サイクルの料金",
        amount=amount,
        recomputed=_stated(session, own, events, on),
        steps=(formula,),
        sources=_line_sources(session, own, events, state),
        path=(Cause("契約", f"contract:{no}", own["start_on"]), *_history(session, events, products(session))),
        recorded=recorded(session, "contracts.Line", own["line_id"], own["run_id"]),
        kind="formula",
        as_of=on,
    )


def _stated(session: Session, own: dict[str, Any], events: pl.DataFrame, on: date) -> int:
    """The price worked out from the state as the events, one after the other, leave it on the day."""
    state = {name: own[name] for name in timeline.OWN}
    ordered = events.filter(pl.col("kind").is_in(timeline.CHANGES)).sort("effective_on", "recorded_at", "event_id")
    upto = max(min(on, words.last_day(own["end_on"])) if own["end_on"] else on, own["start_on"])
    for row in ordered.filter(pl.col("effective_on") <= upto).iter_rows(named=True):
        state |= {name: row[name] for name in timeline.OWN if row[name] is not None}
    day = pl.DataFrame({"line_id": [own["line_id"]], "from_on": [upto]})
    cuts = timeline.discounted(day, events.filter(pl.col("kind") == "discount")).row(0, named=True)
    return whole_price(session, state | {name: cuts[name] for name in timeline.CUTS}, on)[0]


def _line_sources(
    session: Session, own: dict[str, Any], events: pl.DataFrame, state: dict[str, Any]
) -> tuple[tuple[str, str], ...]:
    """The line as agreed, the event that made its state, the product's version, and the terms."""
    made = reads.run(session, own["run_id"])
    version = reads.product(session, products(session), state["product_id"])
    began = events.filter((pl.col("effective_on") == state["from_on"]) & pl.col("kind").is_in(timeline.CHANGES))
    origin = _event(session, began.row(-1, named=True), products(session)) if began.height else "開始時のまま"
    return (
        ("契約明細", f"{_term(own)}・{words.moment(own['recorded_at'])} 登録・{made['actor']}"),
        ("取込", _file(session, own["run_id"])),
        ("この状態になった変更", f"{words.day(state['from_on'])} {origin}"),
        (
            "商品の版",
            f"{version['product']} {words.day(version['valid_from_on'])} から・{words.MODELS[version['price_model']]}",
        ),
        ("請求サイクル", f"{own['cycle_months']}か月" if own["cycle_months"] else "一回だけ"),
    )
