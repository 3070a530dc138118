"""Calculators of recognition: schedules, releases, positions and progress (収益の月割・取崩し・契約資産と負債・進捗度)."""

from __future__ import annotations

import itertools
from typing import Any, Final

import polars as pl

from urikake.core import financing as interests
from urikake.core import progress as jobs
from urikake.core.calculators.request import REQUIRED, Request
from urikake.core.money import MICRO, cumulative
from urikake.core.position import KINDS, positions, standing
from urikake.core.release import releases
from urikake.core.schedule import METHODS, PARTIAL_MONTHS, REMAINDERS, months

_RIGHT: Final = dict.fromkeys(("right", "liability", "used", "expected"), pl.Int64)
_EVENT: Final = {"contract": pl.Int64, "kind": pl.String, "amount": pl.Int64, "revenue": pl.Int64}
_MOST: Final = 100 * MICRO
_STEP: Final = ("price", "total_cost", "cost", "uninstalled", "billed", "paid")


def schedule(request: Request) -> dict[str, Any]:
    """Every month of the range with its amount; with ``until``, up to that month.

    >>> schedule(Request({"amount": 100, "from": "2026-04-01", "to": "2026-06-30", "until": "2026-05"}))
    {'months': [{'month': '2026-04', 'amount': 33}, {'month': '2026-05', 'amount': 33}]}
    """
    days = request.days("from", "to")
    line = {
        "key": 0,
        "amount": request.money("amount"),
        "from_on": days.from_on,
        "to_on": days.to_on,
        "method": request.choice("method", METHODS, "monthly"),
        "partial_month": request.choice("partial_month", PARTIAL_MONTHS, "daily"),
        "remainder": request.choice("remainder", REMAINDERS, "cumulative"),
    }
    spread = months(pl.DataFrame([line]), request.rounding)
    if (until := request.month("until", None)) is not None:
        spread = spread.filter(pl.col("month") <= until)
    listed = spread.select("month", "amount").iter_rows()
    return {"months": [{"month": f"{on:%Y-%m}", "amount": request.amount_out(amount)} for on, amount in listed]}


def release(request: Request) -> dict[str, Any]:
    """The revenue of each step and what is left of the liability.

    >>> steps = [{"used": 45, "expected": 90}, {"used": 90, "expected": 90}]
    >>> release(Request({"liability": 1_000, "steps": steps}))
    {'steps': [{'revenue': 500, 'liability': 500}, {'revenue': 500, 'liability': 0}]}
    """
    steps = [{"used": _count(step, "used"), "expected": _count(step, "expected")} for step in request.items("steps")]
    fixed = {"right": 0, "liability": request.money("liability")}
    released = releases(pl.DataFrame([fixed | step for step in steps], schema=_RIGHT), request.rounding)
    return {"steps": _amounts(request, released.select("revenue", liability="remaining"))}


def position(request: Request) -> dict[str, Any]:
    """What stands in the balance sheet after each event, with the revenue to date.

    >>> events = [{"kind": "cash", "amount": 1_000}, {"kind": "transfer", "amount": 1_000}]
    >>> [row["contract_liability"] for row in position(Request({"events": events}))["after"]]
    [1000, 0]
    """
    rows = [{"contract": 0} | _event(event) for event in request.items("events")]
    after = positions(pl.DataFrame(rows, schema=_EVENT))
    columns = ("receivable", "contract_asset", "contract_liability", "refund_liability")
    return {"after": _amounts(request, after.select(*columns, revenue="revenue_to_date"))}


def financing(request: Request) -> dict[str, Any]:
    """The price with its interest, and the interest up to each step, with the balance after it (an asset negative).

    ``rate`` is yearly, in percent. A step is a ``month`` (counted from any), ``times`` one after the other (1), with the
    ``bill`` of each and the share of the whole (``performed``, in any one unit) of each. What the price leaves in the end is
    revenue of the last step that performs.

    >>> steps = [{"month": 0, "bill": 4_000}, {"month": 12}, {"month": 24, "performed": 1}]
    >>> financing(Request({"rate": "6", "steps": steps}))["steps"][1:]
    [{'interest': 240, 'revenue': 0, 'balance': 4240}, {'interest': 254, 'revenue': 4494, 'balance': 0}]
    """
    steps = [_step(step) for step in request.items("steps")]
    months = [(at, month, step) for at, step in enumerate(steps) for month in range(step["month"], step["end"])]
    if not months or not any(step["performed"] for step in steps):
        raise request.refusal("steps", "提供する月（performed）が要ります")
    if any(later[1] <= earlier[1] for earlier, later in itertools.pairwise(months)):
        raise request.refusal("steps", "月の順に、重ならないように並べてください")
    rate = request.micro("rate")
    if not 0 <= rate <= _MOST:
        raise request.refusal("rate", "0 から 100 までの % で入力してください")
    names = {"bill": "amount", "performed": "weight"}
    bills, performed = (
        pl.DataFrame(
            [(0, month, step[name]) for _, month, step in months], schema=["arrangement", "month", column], orient="row"
        )
        for name, column in names.items()
    )
    rates = pl.DataFrame({"arrangement": [0], "rate_micro": [rate]})
    price = int(interests.prices(bills, performed, rates, request.rounding)["price"][0])
    earned = _earned(request, performed, price)
    flows = bills.with_columns(amount=pl.col("amount") - pl.Series(earned))
    spans = rates.with_columns(last=pl.lit(months[-1][1]))
    borne = dict(interests.interest(flows, spans, request.rounding).select("month", "to_date").iter_rows())
    last = max(at for at, (_, _, step) in enumerate(months) if step["performed"])
    told, balance, before = [], 0, 0
    for at, step in enumerate(steps):
        mine = [place for place, (own, _, _) in enumerate(months) if own == at]
        interest = borne.get(step["end"] - 1, 0) - before
        before += interest
        revenue = sum(earned[place] for place in mine)
        balance += step["bill"] * len(mine) + interest - revenue
        if last in mine and all(not later["bill"] for later in steps[at + 1 :]):
            revenue, balance = revenue + balance, 0
        told.append({"interest": interest, "revenue": revenue, "balance": balance})
    listed = [{name: request.amount_out(amount) for name, amount in row.items()} for row in told]
    return {"price": request.amount_out(price), "interest": request.amount_out(before), "steps": listed}


def progress(request: Request) -> dict[str, Any]:
    """The progress and revenue of each step, the provision for a loss, and what stands in the balance sheet.

    All amounts of a step are to date; one left out is that of the step before. ``method`` and ``uninstalled`` (the part of
    ``cost`` that is materials not yet built in) may stand on the request or on the step from which they hold.

    >>> steps = [{"price": 1_000, "total_cost": 800, "cost": 200, "billed": 300, "paid": 100}]
    >>> progress(Request({"steps": steps}))["steps"][0]["revenue"]
    250
    """
    method = request.choice("method", jobs.METHODS, "cost_to_cost")
    done = jobs.performed(_progressed(request, method), request.rounding)
    done = done.with_columns(due="billed", got="paid").with_columns(standing())
    columns = ("revenue_to_date", "revenue", "loss_provision", "receivable", "contract_asset", "contract_liability")
    shares, amounts = done["progress"].to_list(), _amounts(request, done.select(columns))
    return {"steps": [{"progress": _share_out(share)} | row for share, row in zip(shares, amounts, strict=True)]}


def _amounts(request: Request, rows: pl.DataFrame) -> list[dict[str, Any]]:
    """The rows with their amounts in the form of the request."""
    return [{name: request.amount_out(amount) for name, amount in row.items()} for row in rows.iter_rows(named=True)]


def _step(step: Request) -> dict[str, int]:
    """The step as months from ``month`` to before ``end``, each with its ``bill`` and what is ``performed``."""
    month, times = step.integer("month", low=0, high=1_200), step.integer("times", 1, low=1, high=1_200)
    performed = step.micro("performed", 0)
    if performed < 0:
        raise step.refusal("performed", "0 以上で入力してください")
    return {"month": month, "end": month + times, "bill": step.money("bill", 0), "performed": performed}


def _earned(request: Request, performed: pl.DataFrame, price: int) -> list[int]:
    """What of the price is revenue in each of the months, cumulatively rounded."""
    so_far = performed.select(so_far=pl.col("weight").cum_sum(), whole=pl.col("weight").sum())
    done = so_far.select(done=cumulative(pl.lit(price), pl.col("so_far"), pl.col("whole"), request.rounding))["done"]
    return (done - done.shift(1, fill_value=0)).to_list()


def _count(step: Request, name: str) -> int:
    """The number of points or the like, in millionths."""
    count: int = step.micro(name)
    if count < 0:
        raise step.refusal(name, "0 以上で入力してください")
    return count


def _event(event: Request) -> dict[str, Any]:
    """The event as a row; a transfer earns its amount unless it says otherwise."""
    kind = event.choice("kind", KINDS)
    earns = kind in ("transfer", "transfer_refund")
    if kind == "transfer":
        amount = event.money("amount", event.money("revenue", None)) if event.has("revenue") else event.money("amount")
        if amount != event.money("revenue", amount):
            raise event.refusal(
                "revenue", "transfer では amount と同じ額を入力してください（返金の見込みは transfer_refund）"
            )
    else:
        amount = event.money("amount", 0 if kind == "none" else REQUIRED)
    return {"kind": kind, "amount": amount, "revenue": event.money("revenue", amount if earns else 0)}


def _progressed(request: Request, method: str) -> pl.DataFrame:
    """The steps as rows, what is left out carried on from the step before."""
    uninstalled = request.money("uninstalled", 0)
    start = {"uninstalled": uninstalled, "billed": 0, "paid": 0}
    places = request.integer("places", None, low=0, high=jobs.PLACES)
    rows: list[dict[str, Any]] = []
    for step in request.items("steps"):
        before = rows[-1] if rows else {"job": 0, "method": method, "places": places, **start}
        row = before | {name: step.money(name, before.get(name)) for name in _STEP}
        row["method"] = step.choice("method", jobs.METHODS, before["method"])
        _check(step, row)
        rows.append(row)
    return pl.DataFrame(
        rows, schema={"job": pl.Int64, **dict.fromkeys(_STEP, pl.Int64), "method": pl.String, "places": pl.Int64}
    )


def _check(step: Request, row: dict[str, Any]) -> None:
    """Refuse a step that lacks a figure or whose materials are more than its cost."""
    measured = row["method"] == "cost_to_cost"
    for name in ("price", "total_cost", "cost") if measured else ("price", "cost"):
        if row[name] is None:
            raise step.refusal(name, "必須の項目です")
    if not measured:
        return
    if row["cost"] < row["uninstalled"]:
        raise step.refusal("cost", "据え付けていない資材（uninstalled）の原価を含めて入力してください")
    if row["total_cost"] <= row["uninstalled"]:
        raise step.refusal("total_cost", "据え付けていない資材（uninstalled）より大きい額を入力してください")


def _share_out(share: int | None) -> int | float | None:
    """The progress as a number between 0 and 1."""
    if share is None:
        return None
    return share // 10**jobs.PLACES if share % 10**jobs.PLACES == 0 else share / 10**jobs.PLACES
