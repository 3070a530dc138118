"""The calculator of schedules: an amount spread over the months it is earned in (収益の月割・日割)."""

from __future__ import annotations

from typing import Any

import polars as pl

from urikake.core.calculators.request import Request
from urikake.core.schedule import METHODS, PARTIAL_MONTHS, REMAINDERS, months


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
