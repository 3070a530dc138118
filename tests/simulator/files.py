"""The rows of files that say what the simulator made."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Any

from .model import DAY, Company, Event, Line, Part, Partner, Product, Usage

Row = dict[str, Any]
EARLY, NOON = 1800, 43_200
"""The seconds of the day at which the simulator measures."""


def number(value: Fraction | None) -> str:
    """A decimal as written in a file."""
    if value is None:
        return ""
    text = f"{float(value):.6f}".rstrip("0").rstrip(".")
    assert Fraction(text) == value, value
    return text


def partner(row: Partner) -> Row:
    return {
        "code": row.code,
        "name": f"{row.code}株式会社",
        "kana": f"{row.code}カブシキガイシャ",
        "bill_to": "" if row.bill_to == row.code else row.bill_to,
        "closing_day": ";".join(map(str, row.closing_days)),
        "payment_months": row.months,
        "payment_day": row.pay_day,
        "holiday_shift": row.shift,
        "method": row.method,
        "split": _split(row),
        "payer_names": row.payer,
    }


def _split(row: Partner) -> str:
    if not row.parts:
        return ""
    parts = ";".join(_part(part) for part in row.parts)
    return parts if row.below is None else f"<{row.below}:transfer|{parts}"


def _part(part: Part) -> str:
    share = "rest" if part.percent is None else f"{number(part.percent * 100)}%"
    return f"{part.method}:{share}" + (f":{part.days}d" if part.days else "")


def product(row: Product) -> Row:
    return {
        "code": row.code,
        "name": row.code,
        "tax": row.tax + ("_incl" if row.inclusive else ""),
        "price_model": row.model,
        "unit_price": "" if row.tiers else number(row.price),
        "tiers": ";".join(f"{'*' if up_to is None else number(up_to)}@{number(each)}" for up_to, each in row.tiers),
        "included": number(row.included) if row.model == "included" else "",
        "overage_price": number(row.overage) if row.model == "included" else "",
        "package_size": number(row.package) if row.model == "package" else "",
        "minimum": row.minimum,
        "maximum": row.maximum,
        "revenue": row.revenue,
        "life_months": row.life_months,
        "meter": row.meter if row.metered else "",
    }


def line(row: Line, company: Company) -> Row:
    calendar = 1 if company.policy["cycle_anchor"] == "calendar" else None
    usual = company.policy["proration"]
    return {
        "contract_no": row.contract,
        "partner": row.partner,
        "product": row.state.product,
        "quantity": number(row.state.quantity),
        "unit_price": number(row.state.price) if row.priced else "",
        "start": row.start,
        "end": row.last,
        "order_no": row.order,
        "group": row.group,
        "project": row.project,
        "cycle_months": row.cycle,
        "timing": row.timing,
        "bill_day": row.bill_day,
        "anchor_day": None if row.anchor_day == calendar else row.anchor_day,
        **{f"proration_{end}": "" if basis == usual else basis for end, basis in row.bases.items()},
        "auto_renew": row.renew,
        "uplift": "" if row.uplift is None else f"{number(row.uplift * 100)}%",
        "refund": "none" if row.keeps else "",
        "free_months": row.free_months or "",
        "discount": row.deal,
        "discount_months": row.deal_months,
    }


def event(row: Event) -> Row:
    last_day = row.spelled == "last_day"
    return {
        "contract_no": row.contract,
        "effective": "" if last_day else row.on,
        "last_day": row.on - DAY if last_day else "",
        "type": row.kind,
        "line": row.line,
        "product": row.product,
        "quantity": number(row.quantity),
        "unit_price": number(row.price),
        "discount": _discount(row),
        "discount_months": row.months,
        "event_id": row.target or row.code,
        "recorded_at": f"{row.known}T09:{row.sequence // 60 % 60:02}:{row.sequence % 60:02}+09:00",
    }


def _discount(row: Event) -> str:
    if row.rate is not None:
        return f"{number(row.rate * 100)}%"
    return "" if row.cut is None else number(row.cut)


def usage(row: Usage) -> Row:
    """A usage event; some are written in UTC, where the day in Japan is another one."""
    before = row.on - DAY
    at = f"{before}T15:30:00Z" if row.second == EARLY else f"{row.on}T12:00:00+09:00"
    return {
        "event_id": row.code,
        "contract_no": row.contract,
        "product": row.product,
        "timestamp": at,
        "quantity": number(row.quantity),
        "subject": row.subject,
    }


def receipt(code: str, on: date, amount: int, payer: str) -> Row:
    return {"date": on, "amount": amount, "payer": payer, "reference": "", "id": code}
