"""Calculators of balances: aging, late charges, credit limits, foreign currency (年齢調べ・遅延損害金・与信・為替)."""

from __future__ import annotations

from typing import Any, Final

import polars as pl

from urikake.core import aging as ages
from urikake.core import credit as credits
from urikake.core import currency
from urikake.core.calculators.request import Request

_ITEM: Final = {"basis_on": pl.Date, "amount": pl.Int64, "one": pl.Int64}
_LIMIT: Final = {"partner": pl.Int64, "limit": pl.Int64}
_YEARS: Final = {"365": False, "actual": True}


def aging(request: Request) -> dict[str, Any]:
    """The items by days past due as of a day.

    >>> items = [{"due": "2026-05-31", "amount": 100}, {"due": "2026-06-30", "amount": 20}]
    >>> aging(Request({"as_of": "2026-06-30", "items": items, "buckets": [30]}))
    {'not_due': 20, 'buckets': [{'label': '1-30', 'amount': 100}, {'label': '31-', 'amount': 0}]}
    """
    buckets = request.integers("buckets", [30, 60, 90])
    try:
        names = ages.labels(buckets)
    except ValueError as error:
        raise request.refusal("buckets", str(error)) from error
    rows = [{"basis_on": item.date("due"), "amount": item.money("amount"), "one": 0} for item in request.items("items")]
    nothing = {"basis_on": None, "amount": 0, "one": 0}
    aged = ages.age(pl.DataFrame([nothing, *rows], schema=_ITEM), request.date("as_of"), buckets, ["one"]).row(
        0, named=True
    )
    shown = [{"label": name, "amount": request.amount_out(aged[name])} for name in names]
    return {"not_due": request.amount_out(aged["not_due"]), "buckets": shown}


def late_charge(request: Request) -> dict[str, Any]:
    """The charge for paying late and the days it counts.

    >>> rates = [{"from": "2020-04-01", "rate": "3"}]
    >>> late_charge(Request({"amount": 365_000, "due": "2026-04-30", "paid": "2026-05-31", "rates": rates}))
    {'amount': 930, 'days': 31}
    """
    item = {"amount": request.money("amount"), "due_on": request.date("due"), "paid_on": request.date("paid")}
    rates = [{"from_on": rate.date("from", None), "rate_micro": rate.micro("rate")} for rate in request.items("rates")]
    table = pl.DataFrame(rates, schema={"from_on": pl.Date, "rate_micro": pl.Int64})
    year_days = request.text("year_days", "365")
    if year_days not in _YEARS:
        raise request.refusal("year_days", "365 か actual で入力してください")
    per_day, actual = request.flag("per_day", False), _YEARS[year_days]
    try:
        charged = ages.late_charges(pl.DataFrame([item]), table, request.rounding, per_day=per_day, actual_years=actual)
    except ValueError as error:
        raise request.refusal("rates", str(error)) from error
    amount, days = charged.row(0)
    return {"amount": request.amount_out(amount), "days": days}


def credit(request: Request) -> dict[str, Any]:
    """The exposure of a partner with what is ``new``, how far it is over the limit, and whether that blocks.

    Advances (``advances``, 前受金) lessen the exposure, with whichever sign they are given.

    >>> exposures = [{"name": "receivables", "amount": 800_000}, {"name": "advances", "amount": 100_000}]
    >>> credit(Request({"limit": 1_000_000, "exposures": exposures, "new": 400_000}))
    {'exposure': 1100000, 'over': 100000, 'blocked': True}
    """
    parts = [{"name": part.text("name", ""), "amount": part.money("amount")} for part in request.items("exposures", [])]
    parts.append({"name": "new", "amount": request.money("new", 0)})
    exposures = pl.DataFrame(parts, schema={"name": pl.String, "amount": pl.Int64}).with_columns(partner=pl.lit(0))
    limits = pl.DataFrame({"partner": [0], "limit": [request.money("limit", None)]}, schema=_LIMIT)
    held = credits.exposures(exposures, limits).row(0, named=True)
    return {
        "exposure": request.amount_out(held["exposure"]),
        "over": request.amount_out(held["over"]),
        "blocked": held["over"] > 0,
    }


def fx(request: Request) -> dict[str, Any]:
    """A foreign amount in the functional currency (JPY unless ``functional_currency`` says so), with its gains.

    >>> rates = {"booked_rate": "150", "closing_rate": "155", "settled_rate": "148.5"}
    >>> fx(Request({"amount": 100_000, "currency": "USD", **rates}))
    {'booked': 150000, 'revalued': 155000, 'realized': -1500, 'unrealized': 5000}
    """
    item = {"amount": request.money("amount"), "booked_rate_micro": request.micro("booked_rate")}
    item |= {f"{rate}_micro": request.micro(rate, None) for rate in ("closing_rate", "settled_rate")}
    frame = pl.DataFrame([item], schema=dict.fromkeys(item, pl.Int64))
    from_places = request.decimals or currency.places(request.text("currency"))
    to_places = currency.places(request.text("functional_currency", "JPY"))
    return currency.gains(frame, request.rounding, from_places, to_places).row(0, named=True)
