"""Calculators of obligations: what of the price falls on each, and what a change of the contract leaves of it (配分・契約変更)."""

from __future__ import annotations

from math import lcm
from typing import Any, Final

import polars as pl

from urikake.core.allocation import TIES, allocate, selling_prices
from urikake.core.calculators.request import REQUIRED, Request, RequestError
from urikake.core.modification import modify
from urikake.core.money import MICRO, largest_remainder

_OBLIGATION: Final = dict.fromkeys(("arrangement", "obligation", "ssp", "stated", "low", "high", "price"), pl.Int64)
_CHANGED: Final = {
    "change": pl.Int64,
    "added": pl.Boolean,
    "distinct": pl.Boolean,
    "price": pl.Int64,
    "recognized": pl.Int64,
    "ssp": pl.Int128,
    "ssp_left": pl.Int128,
}
_PROBLEMS: Final = {
    "residual": ("residual", "残余が範囲の外か 0 以下です。その義務の独立販売価格（ssp）を見積もって入力してください"),
    "no-ssp": ("obligations", "独立販売価格（ssp）のない義務があります"),
    "discount": (
        "discounts",
        "独立販売価格の合計と取引価格（値引後）との差を超えています。値引は、対象の義務の価格までです",
    ),
    "variable": ("variable", "変動対価の合計が取引価格を超えています。price には変動対価を含めてください"),
}


def allocation(request: Request) -> dict[str, Any]:
    """What of the price falls on each obligation.

    ``price`` is less the discounts and with the variable amounts. An obligation may state its selling price as a
    ``range`` with the ``price`` that the contract states; a variable amount its ``estimate`` at the start of the contract.

    >>> obligations = [{"id": "A", "ssp": 40}, {"id": "B", "ssp": 55}, {"id": "C", "ssp": 45}]
    >>> tied = [{"amount": 40, "to": ["B", "C"]}]
    >>> allocation(Request({"price": 100, "obligations": obligations, "discounts": tied}))
    {'allocated': [{'id': 'A', 'amount': 40}, {'id': 'B', 'amount': 33}, {'id': 'C', 'amount': 27}]}
    """
    parts = _some(request)
    ids = _ids(parts)
    price = request.money("price")
    rows = [_obligation(part, at) | {"arrangement": 0, "price": price} for at, part in enumerate(parts)]
    frame = pl.DataFrame(rows, schema=_OBLIGATION)
    frame = frame.with_columns(selling_prices(frame)).with_columns(**_residual(request, ids))
    allocated = allocate(frame, _ties(request, ids))
    if (problem := allocated["problem"][0]) is not None:
        field, why = _PROBLEMS[problem]
        raise RequestError(field, None, why)
    return {"allocated": _listed(request, parts, allocated["allocated"].to_list())}


def modification(request: Request) -> dict[str, Any]:
    """How a change is treated, what of the price is still to be recognised of each obligation, and what is now.

    ``distinct_remaining`` may stand on an obligation where it is not the same for all (then ``mixed``); ``adjustment`` is the
    percentage within which a price still counts as that of the selling prices. What is added without being distinct is
    part of the obligations there are: under ``catch_up`` their ``remaining`` counts it, and it is not listed itself.

    >>> half = [{"id": "old", "ssp": 12_000, "remaining": "0.5"}]
    >>> more = [{"id": "new", "price": 2_400, "ssp": 3_000, "distinct": True}]
    >>> fields = {"price": 12_000, "recognized": 6_000, "obligations": half, "added": more, "distinct_remaining": True}
    >>> modification(Request(fields))
    {'treatment': 'prospective', 'allocated': [{'id': 'old', 'amount': 5600}, {'id': 'new', 'amount': 2800}], 'catch_up': 0}
    """
    old, added = _some(request), request.items("added", [])
    _ids([*old, *added])
    common = _common(old)
    rows = pl.concat([_old(request, old, common), _added(added, common)])
    told = rows.with_columns(pl.col("distinct").fill_null(True))
    changed = modify(told, request.rounding, request.micro("adjustment", 0), common)
    treatment = changed["treatment"][0]
    if rows["distinct"].null_count() and treatment != "separate":
        raise RequestError("distinct_remaining", None, "必須の項目です")
    merged = changed["added"] & ~changed["distinct"] & changed["treatment"].is_in(["catch_up", "mixed"])
    listed = _listed(request, [*old, *added], changed["allocated"].to_list())
    return {
        "treatment": treatment,
        "allocated": [entry for entry, gone in zip(listed, merged, strict=True) if not gone],
        "catch_up": request.amount_out(int(changed["catch_up"].sum())),
    }


# allocation


def _some(request: Request) -> list[Request]:
    """The obligations, of which there is at least one."""
    parts: list[Request] = request.items("obligations")
    if not parts:
        raise request.refusal("obligations", "一つ以上入力してください")
    return parts


def _ids(parts: list[Request]) -> list[str]:
    """The names of the obligations, each once."""
    ids: list[str] = []
    for part in parts:
        if (name := part.text("id")) in ids:
            raise part.refusal("id", "同じ id が二つあります")
        ids.append(name)
    return ids


def _obligation(part: Request, at: int) -> dict[str, int | None]:
    """The obligation as a row, its selling price a figure or a range."""
    low, high = _range(part)
    ssp = part.money("ssp", None)
    if ssp is not None and ssp < 0:
        raise part.refusal("ssp", "0 以上で入力してください")
    return {"obligation": at, "ssp": ssp, "stated": part.money("price", None), "low": low, "high": high}


def _range(part: Request) -> tuple[int | None, int | None]:
    """The two ends of ``range``; either may be null."""
    ends = part.raw("range", [None, None])
    if not isinstance(ends, list) or len(ends) != 2:
        raise part.refusal("range", "[下限, 上限] で入力してください")
    low, high = (
        Request({f"range[{at}]": end}, part.path, part).money(f"range[{at}]", None) for at, end in enumerate(ends)
    )
    if low is not None and high is not None and low > high:
        raise part.refusal("range", "下限は上限以下で入力してください")
    return low, high


def _residual(request: Request, ids: list[str]) -> dict[str, pl.Expr]:
    """Which obligation takes the residual, within which range."""
    low, high = _range(request)
    if not request.has("residual"):
        if request.has("range"):
            raise request.refusal("residual", "range を使うときは必須の項目です")
        return {"residual": pl.lit(False)}
    at = _place(request, "residual", request.text("residual"), ids)
    ends = {name: pl.lit(end, dtype=pl.Int64) for name, end in (("low", low), ("high", high))}
    return {"residual": pl.col("obligation") == at, **ends}


def _ties(request: Request, ids: list[str]) -> pl.DataFrame:
    """The discounts and variable amounts that concern some obligations only, one row for each of these."""
    rows: list[dict[str, Any]] = []
    for kind in ("discount", "variable"):
        for part in request.items("discounts" if kind == "discount" else kind, []):
            told, tie = part.raw("to", []), len(rows)
            amounts = {"amount": part.money("amount"), "estimate": part.money("estimate", None)}
            if amounts["amount"] < 0:
                raise part.refusal("amount", "0 以上で入力してください")
            names = part.texts("to", []) if isinstance(told, list) else [part.text("to")]
            places = dict.fromkeys(_place(part, "to", name, ids) for name in names)
            rows += [{"arrangement": 0, "tie": tie, "kind": kind, "obligation": at, **amounts} for at in places]
    return pl.DataFrame(rows, schema=TIES)


def _place(part: Request, field: str, name: str, ids: list[str]) -> int:
    """Where the obligation of that name stands."""
    if name not in ids:
        raise RequestError(part.path + field, name, "obligations にない id です")
    return ids.index(name)


def _listed(request: Request, parts: list[Request], amounts: list[int]) -> list[dict[str, Any]]:
    """The amount of each obligation, under its id as it was given."""
    return [
        {"id": part.raw("id"), "amount": request.amount_out(amount)}
        for part, amount in zip(parts, amounts, strict=True)
    ]


# modification


def _common(parts: list[Request]) -> int:
    """By what selling prices are multiplied so that every share of them still to be performed is a whole number."""
    common = lcm(*(part.share("remaining").denominator for part in parts))
    return common if common <= MICRO else MICRO  # so that no product is too large


def _old(request: Request, parts: list[Request], common: int) -> pl.DataFrame:
    """The obligations there are, with their shares of the price and of what was recognised."""
    price, distinct = request.money("price"), request.flag("distinct_remaining", None)
    left = price - request.money("recognized", 0)
    rows = [
        {
            "change": 0,
            "added": False,
            "distinct": part.flag("distinct_remaining", distinct),
            "price": price,
            "recognized": left,
            "ssp": _ssp(part, price if len(parts) == 1 else REQUIRED) * common,
            "ssp_left": _ssp(part, price if len(parts) == 1 else REQUIRED) * round(part.share("remaining") * common),
        }
        for part in parts
    ]
    if not any(row["ssp"] for row in rows):
        raise request.refusal("obligations", "独立販売価格（ssp）がどれも 0 です")
    frame = pl.DataFrame(rows, schema=_CHANGED)
    prices = largest_remainder(frame, "price", "ssp", "change")
    return frame.with_columns(
        price=prices, recognized=prices - largest_remainder(frame, "recognized", "ssp_left", "change")
    )


def _added(parts: list[Request], common: int) -> pl.DataFrame:
    """What the change adds."""
    rows = [
        {
            "change": 0,
            "added": True,
            "distinct": part.flag("distinct"),
            "price": part.money("price"),
            "recognized": 0,
            "ssp": _ssp(part, REQUIRED if part.flag("distinct") else 0) * common,
            "ssp_left": _ssp(part, 0) * common,
        }
        for part in parts
    ]
    return pl.DataFrame(rows, schema=_CHANGED)


def _ssp(part: Request, default: Any) -> int:
    """The selling price of the whole obligation."""
    ssp: int = part.money("ssp", default)
    if ssp < 0:
        raise part.refusal("ssp", "0 以上で入力してください")
    return ssp
