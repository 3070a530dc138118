"""The calculators: every kernel asked by itself, one JSON object in, one out."""

from __future__ import annotations

import json
from typing import Any, Final

from django.http import HttpRequest, HttpResponse

from urikake.core.calculators import ADDRESSES, answer

from .operation import ANYWHERE, SIGNED_IN, Options, add, called, tagged
from .problems import Problem

TITLES: Final = {
    "price": "料金", "periods": "請求期間", "proration": "日割り", "change": "途中の変更の日割り", "discount": "値引",
    "due": "締日と回収予定日", "tax": "消費税", "schedule": "収益認識の予定",
    "allocation": "取引価格の配分", "modification": "契約変更", "release": "ポイント・商品券の取崩し", "financing": "重要な金融要素",
    "position": "契約資産と契約負債", "progress": "進捗度と工事損失", "apply": "入金の充当", "match": "入金の照合",
    "payer": "振込名義", "aging": "年齢調べ", "credit": "与信", "fx": "為替差損益", "late-charge": "遅延損害金",
}  # fmt: skip
EXAMPLES: Final[dict[str, dict[str, Any]]] = {
    "price": {"price_model": "graduated", "quantity": 120, "tiers": [{"up_to": 100, "unit_price": 10}, {"up_to": None, "unit_price": 5}]},
    "periods": {"start": "2026-04-01", "cycle_months": 1, "count": 3},
    "proration": {
        "amount": 10000, "period": {"from": "2026-04-01", "to": "2026-04-30"},
        "used": {"from": "2026-04-16", "to": "2026-04-30"}, "basis": "daily",
    },
    "change": {
        "old": {"unit_price": 1000, "quantity": 10}, "new": {"unit_price": 1000, "quantity": 12},
        "period": {"from": "2026-04-01", "to": "2026-04-30"}, "effective": "2026-04-16", "basis": "daily",
    },
    "discount": {"amount": 10000, "discounts": [{"kind": "percent", "value": "10", "order": 1}]},
    "due": {
        "terms": {"closing_day": "31", "payment_months": 1, "payment_day": 31, "holiday_shift": "after", "method": "transfer"},
        "date": "2026-04-10", "amount": 110000,
    },
    "tax": {"lines": [{"amount": 10000, "tax": "standard"}, {"amount": 500, "tax": "reduced"}], "on": "2026-04-30"},
    "schedule": {"amount": 120000, "from": "2026-04-16", "to": "2027-04-15", "method": "monthly"},
    "allocation": {
        "price": 100000, "obligations": [{"id": "A", "ssp": 40000}, {"id": "B", "ssp": 55000}, {"id": "C", "ssp": 45000}],
        "discounts": [{"amount": 40000, "to": ["B", "C"]}],
    },
    "modification": {
        "price": 120000, "recognized": 60000, "obligations": [{"id": "A", "ssp": 120000, "remaining": "0.5"}],
        "added": [{"id": "B", "price": 24000, "ssp": 30000, "distinct": True}], "distinct_remaining": True,
    },
    "financing": {"rate": "6", "steps": [{"month": 0, "bill": 4000}, {"month": 12}, {"month": 24, "performed": 1}]},
    "release": {"liability": 8676, "steps": [{"used": 4500, "expected": 9500}, {"used": 8500, "expected": 9700}], "rounding": "half_up"},
    "position": {
        "events": [
            {"kind": "transfer", "amount": 40000}, {"kind": "transfer", "amount": 60000}, {"kind": "right", "amount": 100000},
        ],
    },
    "progress": {
        "steps": [{"price": 1000000, "total_cost": 700000, "cost": 420000, "billed": 500000, "paid": 500000}],
        "method": "cost_to_cost", "places": 3,
    },
    "apply": {
        "receipt": 109560, "items": [{"id": "A", "date": "2026-04-30", "due": "2026-05-31", "amount": 110000}],
        "policy": "oldest", "fee_tolerance": 880,
    },
    "match": {
        "receipt": {"payer": "サンプル", "amount": 110000, "date": "2026-05-29", "reference": ""},
        "items": [{"id": "A", "partner": "P1", "names": ["サンプル"], "amount": 110000, "due": "2026-05-31", "number": "INV-2026-00001"}],
        "fee_tolerance": 880,
    },
    "payer": {"name": "ｶ)ｻﾝﾌﾟﾙ"},
    "aging": {"as_of": "2026-06-30", "items": [{"due": "2026-05-31", "amount": 110000}], "buckets": [30, 60, 90]},
    "credit": {"limit": 1000000, "exposures": [{"name": "売掛金", "amount": 400000}], "new": 700000},
    "fx": {"amount": 100000, "currency": "USD", "booked_rate": "150.00", "closing_rate": "151.50"},
    "late-charge": {
        "amount": 110000, "due": "2026-05-31", "paid": "2026-06-30", "rates": [{"from": "2026-04-01", "rate": "3"}], "year_days": 365,
    },
}  # fmt: skip


def calculated(name: str, body: bytes) -> dict[str, Any]:
    """The answer of a calculator to a JSON object; a problem where it cannot be read or computed."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise Problem(
            422, "bad-text", "文字コードが UTF-8 ではありません。", "UTF-8 の JSON で送ってください。"
        ) from None
    found: dict[str, Any] = json.loads(answer(name, text.replace("\n", " ")))
    if "error" in found:
        raise Problem(422, "not-calculable", str(found["error"]), "値を直して、もう一度送ってください。")
    return found


def _enter(name: str) -> None:
    def view(request: HttpRequest, **given: Any) -> HttpResponse:
        called(request, given, None)
        return tagged(request, calculated(name, request.body))

    add("POST", f"calculations/{name}", view, permission=SIGNED_IN, summary=f"計算: {TITLES[name]}", group=ANYWHERE,
        response={200: dict[str, Any]}, options=Options, body=dict[str, Any], example=EXAMPLES[name],
        description="帳簿を使わず、送られた値だけで計算する。何も保存しないので Idempotency-Key は要らない。")  # fmt: skip


for _name in ADDRESSES:
    _enter(_name)
