"""Calculators: every kernel asked by itself, one JSON object in, one JSON object out (計算).

They serve quotes, spreadsheets, other programs and tests, and need no database. A calculator reads its `Request`,
calls the kernels on a frame of one or a few rows and hands back plain values; it holds no arithmetic of its own, so
what it answers is what a run computes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from importlib import import_module
from typing import Any, Final, NoReturn, cast

import polars as pl

from urikake.core.calculators.request import Request, RequestError

__all__ = ["ADDRESSES", "CALCULATORS", "Calculator", "Request", "RequestError", "answer"]

Calculator = Callable[[Request], dict[str, Any]]

ADDRESSES: Final[dict[str, str]] = {
    "price": "charges:price",
    "periods": "dates:periods",
    "proration": "charges:proration",
    "change": "charges:change",
    "discount": "charges:discount",
    "due": "dates:due",
    "tax": "charges:tax",
    "schedule": "recognition:schedule",
    "allocation": "obligations:allocation",
    "modification": "obligations:modification",
    "release": "recognition:release",
    "position": "recognition:position",
    "progress": "recognition:progress",
    "financing": "recognition:financing",
    "apply": "payments:apply",
    "match": "payments:match",
    "payer": "payments:payer",
    "aging": "balances:aging",
    "credit": "balances:credit",
    "fx": "balances:fx",
    "late-charge": "balances:late_charge",
}
"""Where each calculator lives: ``module:function`` inside this package."""


class _Calculators(Mapping[str, Calculator]):
    """The calculators by name; a module is imported when its first calculator is asked for."""

    def __getitem__(self, name: str) -> Calculator:
        module, _, function = ADDRESSES[name].partition(":")
        return cast(Calculator, getattr(import_module(f"{__name__}.{module}"), function))

    def __contains__(self, name: object) -> bool:
        return name in ADDRESSES

    def __iter__(self) -> Iterator[str]:
        return iter(ADDRESSES)

    def __len__(self) -> int:
        return len(ADDRESSES)


CALCULATORS: Final[Mapping[str, Calculator]] = _Calculators()


def answer(name: str, line: str) -> str:
    """The answer of calculator ``name`` to one JSON line, as one JSON line.

    A line that cannot be read or computed answers ``{"error": …}`` in Japanese, so that the other lines go on.

    Raises ``KeyError`` where no calculator has that name.

    >>> answer("discount", '{"amount": 1000, "discounts": [{"kind": "percent", "value": "10", "order": 1}]}')
    '{"amount": 900, "applied": [{"kind": "percent", "value": 10, "amount": 100}]}'
    >>> answer("discount", '{"amount": 10.5, "discounts": []}')
    '{"error": "amount: 整数で入力してください（値: 10.5）"}'
    """
    calculate = CALCULATORS[name]
    try:
        # an id that is a number with a point was read as a decimal: it goes back as text
        return json.dumps(calculate(Request(_object(line))), ensure_ascii=False, default=str)
    except RequestError as error:
        return json.dumps({"error": str(error)}, ensure_ascii=False)
    except (ArithmeticError, ValueError, pl.exceptions.PolarsError) as error:
        return json.dumps({"error": f"計算できない値が含まれています（{error}）"}, ensure_ascii=False)


def _object(line: str) -> dict[str, Any]:
    """The JSON object of the line, numbers with a point as exact decimals."""
    try:
        fields = json.loads(line, parse_float=Decimal, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise RequestError("", line.strip()[:80], "JSON として読めません") from error
    if not isinstance(fields, dict):
        raise RequestError("", line.strip()[:80], "JSON オブジェクト（{…}）で入力してください")
    return fields


def _refuse(constant: str) -> NoReturn:
    """NaN and Infinity are no amounts."""
    raise ValueError(constant)
