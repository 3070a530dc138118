"""The calculators of charges: price, proration, change, discount and tax (料金・日割り・変更・値引・消費税)."""

from __future__ import annotations

from datetime import date
from typing import Any, Final, cast

import polars as pl

from urikake.core import pricing
from urikake.core.calculators.request import LIMIT, Request
from urikake.core.money import MICRO, Rounding, divide, plain, wide
from urikake.core.proration import BASES, fractions
from urikake.core.tax import PERCENT, TAX_CLASSES, invoice_taxes, rate_micro

_UNTAXED: Final = ("exempt", "out_of_scope", "export")


def price(request: Request) -> dict[str, Any]:
    """The amount of a quantity under a price model, rounded once, and the parts it is made of.

    The parts are what the price is before ``minimum`` and ``maximum``; their amounts are differences of rounded running
    totals, so that they sum to it.

    >>> price(Request({"price_model": "unit", "unit_price": "0.5", "quantity": 25}))
    {'amount': 12, 'steps': [{'quantity': 25, 'unit_price': 0.5, 'flat': 0, 'amount': 12}]}
    """
    line = _priced(request)
    value = _within(request, "quantity", pricing.exact(line))
    steps = pricing.steps(line).with_columns(running=pl.col("exact").cum_sum())
    so_far = _rounded(steps["running"], 1, pricing.SCALE, request.rounding)
    amounts = [now - before for now, before in zip(so_far, [0, *so_far], strict=False)]
    return {
        "amount": request.amount_out(_rounded(value, 1, pricing.SCALE, request.rounding)[0]),
        "steps": [
            {
                "quantity": plain(step["units_micro"]),
                "unit_price": request.price_out(step["unit_price_micro"]),
                "flat": request.amount_out(step["flat"]),
                "amount": request.amount_out(amount),
            }
            for step, amount in zip(steps.iter_rows(named=True), amounts, strict=True)
        ],
    }


def proration(request: Request) -> dict[str, Any]:
    """The part of an amount that falls on the days used, with the fraction taken.

    >>> april = {"from": "2026-04-01", "to": "2026-04-30"}
    >>> proration(Request({"amount": 10_000, "period": april, "used": {"from": "2026-04-11", "to": "2026-04-30"}}))
    {'amount': 6666, 'numerator': 20, 'denominator': 30}
    """
    amount, basis = request.money("amount"), request.choice("basis", BASES, "daily")
    period, used = request.period("period"), request.period("used")
    numerator, denominator = _fraction(basis, period, used)
    shared = _rounded(pl.Series([amount]), numerator, denominator, request.rounding)[0]
    return {"amount": request.amount_out(shared), "numerator": numerator, "denominator": denominator}


def change(request: Request) -> dict[str, Any]:
    """Credit for what is left of the old price and charge of the new one for the same days, and their difference.

    ``full_month`` and ``free`` leave the current cycle as it was billed. The credit is never above ``charged``.

    >>> april = {"from": "2026-04-01", "to": "2026-04-30"}
    >>> plans = {"old": {"unit_price": 10_000, "quantity": 1}, "new": {"unit_price": 20_000, "quantity": 1}}
    >>> change(Request(plans | {"period": april, "effective": "2026-04-16"}))
    {'credit': 5000, 'charge': 10000, 'net': 5000, 'numerator': 15, 'denominator': 30}
    """
    period, basis = request.period("period"), request.choice("basis", BASES, "daily")
    # a whole month charged for any use has no unused part
    asked = "free" if basis == "full_month" else basis
    numerator, denominator = _fraction(asked, period, (request.date("effective"), period.to_on))
    full = pl.concat(_full_price(request, side) for side in ("old", "new"))
    parts = _rounded(full, numerator, denominator * pricing.SCALE, request.rounding)
    credit, charge = (max(part, 0) for part in parts)
    credit = min(credit, max(request.money("charged", credit), 0))
    return {
        "credit": request.amount_out(credit),
        "charge": request.amount_out(charge),
        "net": request.amount_out(charge - credit),
        "numerator": numerator,
        "denominator": denominator,
    }


def discount(request: Request) -> dict[str, Any]:
    """The amount left after discounts, taken one after the other, and each cut.

    A percentage is of what is left; each cut is rounded and never above it.

    >>> cuts = [{"kind": "amount", "value": 100, "order": 1}, {"kind": "percent", "value": 10, "order": 2}]
    >>> discount(Request({"amount": 1_005, "discounts": cuts}))["amount"]
    815
    """
    left, applied = request.money("amount"), []
    for one in sorted(request.items("discounts"), key=lambda item: item.decimal("order", 0)):
        kind = one.choice("kind", ("percent", "amount"))
        value = one.micro("value") if kind == "percent" else one.money("value")
        if value < 0:
            raise one.refusal("value", "0 以上で入力してください")
        share = _rounded(pl.Series([left]), value, PERCENT, request.rounding)[0] if kind == "percent" else value
        cut = min(abs(share), abs(left)) * (-1 if left < 0 else 1)
        left -= cut
        shown = plain(value) if kind == "percent" else request.amount_out(value)
        applied.append({"kind": kind, "value": shown, "amount": request.amount_out(cut)})
    return {"amount": request.amount_out(left), "applied": applied}


def tax(request: Request) -> dict[str, Any]:
    """The tax of one invoice: once per rate, and shared to its lines.

    ``rates`` go before the law's; without ``on`` they must name every taxable class.

    >>> lines = [{"amount": 105, "tax": "standard"}] * 3
    >>> tax(Request({"lines": lines, "on": "2026-04-30"}))["taxes"]
    [{'tax': 'standard', 'rate': 10, 'net': 315, 'amount': 31}]
    """
    inclusive = request.choice("prices", ("exclusive", "inclusive"), "exclusive") == "inclusive"
    lines = [_tax_line(request, line, inclusive) for line in request.items("lines")]
    taxes, shared = invoice_taxes(pl.DataFrame(lines, schema=_TAX_LINE), request.rounding)
    net, total_tax = sum(taxes["net"].to_list()), sum(taxes["amount"].to_list())
    out = request.amount_out
    return {
        "taxes": [
            {"tax": one["tax"], "rate": plain(one["rate_micro"]), "net": out(one["net"]), "amount": out(one["amount"])}
            for one in taxes.iter_rows(named=True)
        ],
        "lines": [
            {"net": out(line), "tax_amount": out(part)} for line, part in shared.select("net", "tax_amount").iter_rows()
        ],
        "net": out(net),
        "tax": out(total_tax),
        "total": out(net + total_tax),
    }


def _priced(request: Request) -> pl.DataFrame:
    """The request as one row for the pricing kernel."""
    model = request.choice("price_model", pricing.PRICE_MODELS)
    tiered, once = model in ("graduated", "volume"), model in ("flat", "free")
    if model == "package" and not request.has("package_size"):
        raise request.refusal("package_size", "必須の項目です")
    low, high = request.money("minimum", None), request.money("maximum", None)
    if low is not None and high is not None and low > high:
        raise request.refusal("maximum", "最低料金以上で入力してください")
    row = {
        "price_model": model,
        "unit_price_micro": request.price("unit_price", 0)
        if tiered or model == "free"
        else request.price("unit_price"),
        "taken_micro": MICRO,
        "quantity_micro": _least(request, "quantity", 0, MICRO) if once else _least(request, "quantity", 0),
        "included_micro": _least(request, "included", 0, None),
        "overage_price_micro": request.price("overage_price", None),
        "package_size_micro": _least(request, "package_size", 1, None),
        "package_rounding": request.choice("package_rounding", ("ceil", "floor"), "ceil"),
        "minimum": low,
        "maximum": high,
        "tiers": _tiers(request) if tiered else None,
    }
    return pl.DataFrame([row], schema=_LINE)


_LINE: Final[dict[str, Any]] = {
    "price_model": pl.String,
    "unit_price_micro": pl.Int64,
    "taken_micro": pl.Int64,
    "quantity_micro": pl.Int64,
    "included_micro": pl.Int64,
    "overage_price_micro": pl.Int64,
    "package_size_micro": pl.Int64,
    "package_rounding": pl.String,
    "minimum": pl.Int64,
    "maximum": pl.Int64,
    "tiers": pricing.TIERS,
}


def _least(request: Request, name: str, least: int, *default: Any) -> Any:
    """The quantity in millionths, at least that many."""
    value = request.micro(name, *default)
    if value is not None and value < least:
        raise request.refusal(name, "0 以上で入力してください" if least == 0 else "0 より大きい値を入力してください")
    return value


def _tiers(request: Request) -> list[dict[str, Any]]:
    """The tiers in ascending order, the last one reaching as far as the quantity."""
    tiers, below = [], -1
    items = request.items("tiers")
    if not items:
        raise request.refusal("tiers", "段階を 1 つ以上入力してください")
    for at, item in enumerate(items):
        up_to = item.micro("up_to", None)
        if up_to is None and at < len(items) - 1:
            raise item.refusal("up_to", "最後の段階以外では必須の項目です")
        if up_to is not None and up_to <= below:
            raise item.refusal("up_to", "前の段階より大きい値を入力してください")
        below = below if up_to is None else up_to
        tiers.append(
            {
                "up_to_micro": up_to,
                "unit_price_micro": item.price("unit_price", 0),
                "flat": item.money("flat", 0),
                "package_size_micro": _least(item, "package_size", 1, None),
            }
        )
    if tiers[-1]["up_to_micro"] is not None and request.micro("quantity") > below:
        raise request.refusal("quantity", "最後の段階を超えています")
    return tiers


def _full_price(request: Request, side: str) -> pl.Series:
    """The exact price of a whole cycle before or after the change."""
    part = request.record(side)
    priced = {"price_model": "unit", "unit_price_micro": part.price("unit_price"), "taken_micro": MICRO}
    line = pl.DataFrame([priced | {"quantity_micro": part.micro("quantity")}])
    return _within(part, "quantity", pricing.exact(line))


def _within(request: Request, name: str, value: pl.Series) -> pl.Series:
    """The exact price, refused where it is beyond what amounts hold."""
    if abs(value[0]) > LIMIT * pricing.SCALE:
        raise request.refusal(name, "金額が大きすぎます")
    return value


def _fraction(basis: str, whole: tuple[date, date], used: tuple[date, date]) -> tuple[int, int]:
    """Numerator and denominator of the days used."""
    names = ("whole_from", "whole_to", "used_from", "used_to")
    row = dict(zip(names, (*whole, *used), strict=True))
    return cast(tuple[int, int], fractions(pl.DataFrame([row | {"basis": basis}])).row(0))


def _rounded(values: pl.Series, factor: int, denominator: int, rounding: Rounding) -> list[int]:
    """Every value × factor ÷ denominator, rounded."""
    product = wide("value") * pl.lit(factor, dtype=pl.Int128)
    return values.to_frame("value").select(divide(product, denominator, rounding)).to_series().to_list()


_TAX_LINE: Final[dict[str, Any]] = {
    "invoice": pl.Int64,
    "amount": pl.Int64,
    "tax": pl.String,
    "rate_micro": pl.Int64,
    "inclusive": pl.Boolean,
}


def _tax_line(request: Request, line: Request, inclusive: bool) -> dict[str, Any]:
    """One line for the tax kernel; a class that ends in ``_incl`` is inclusive by itself."""
    written = line.text("tax")
    name = written.removesuffix("_incl")
    return {
        "invoice": 0,
        "amount": line.money("amount"),
        "tax": name,
        "rate_micro": _rate(request, line, name),
        "inclusive": inclusive or name != written,
    }


def _rate(request: Request, line: Request, name: str) -> int:
    """The rate of the class: the request's, else the law's on that day."""
    rates = request.record("rates", None)
    if rates is not None and rates.has(name):
        return cast(int, _least(rates, name, 0))
    if name not in TAX_CLASSES:
        raise line.refusal("tax", f"{' / '.join(TAX_CLASSES)} のいずれかで入力してください")
    if name in _UNTAXED:
        return 0
    on = pl.lit(request.date("on"), dtype=pl.Date)
    return cast(int, pl.select(rate_micro(pl.lit(name), on)).item())
