"""Calculators of payments: applying a receipt, proposing what it pays, folding a payer name (入金・消込・振込名義)."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import count
from typing import Any, Final

import polars as pl

from urikake.core.calculators.request import Request, RequestError
from urikake.core.clearing import POLICIES, Proposal, allocate, proposals
from urikake.core.payer import fold, legal_form, same, similarity

_ADJUSTMENTS: Final = ("fee", "write-off", "withholding", "discount")


def apply(request: Request) -> dict[str, Any]:
    """What a receipt settles of the items given, and what its difference is (消込).

    ``adjustments`` settle as money does. What then is short by at most ``fee_tolerance`` (0 where left out) is a
    ``fee`` and the items are settled whole; short by more, the ``policy`` allocates and the rest remains (``remain``);
    what is over is an ``advance``. ``difference`` is receipt − sum of items, adjusted or not. With ``to`` the amounts
    are those given, a fee among the ``adjustments``.

    >>> apply(Request({"receipt": 99_560, "items": [{"id": "A", "amount": 100_000}], "fee_tolerance": 880}))
    {'applications': [{'id': 'A', 'amount': 100000}], 'difference': -440, 'kind': 'fee'}
    """
    receipt, items = request.money("receipt"), _open_items(request)
    adjusted = sum(_adjustments(request))
    tolerance = request.money("fee_tolerance", 0)
    short = int(items["amount"].sum()) - receipt - adjusted
    fee = 0 < short <= tolerance and not request.has("to")
    if request.has("to"):
        settled = _as_told(request, items, receipt + adjusted)
    else:
        policy = request.choice("policy", POLICIES, "oldest")
        paying = receipt + adjusted + (short if fee else 0)
        rows = items.with_columns(receipt_id=pl.lit(1), receipt_amount=pl.lit(paying, dtype=pl.Int64))
        settled = allocate(rows, policy).select("item_id", "amount").rows()
    ids = items["id"].to_list()
    return {
        "applications": [{"id": ids[item], "amount": request.amount_out(amount)} for item, amount in settled],
        "difference": request.amount_out(receipt - int(items["amount"].sum())),
        "kind": _kind(short, fee),
    }


def match(request: Request) -> dict[str, Any]:
    """What a receipt may be paying, best first, and whether the first is beyond doubt (自動消込の候補).

    Items with the same ``number`` and ``partner`` are one document. An item without ``partner`` belongs to its names.

    >>> found = match(Request({"receipt": {"payer": "ｶ)ｱｵﾊﾞ", "amount": 5_500}, "items": [
    ...     {"id": "A", "names": ["アオバ"], "amount": 5_500}, {"id": "B", "names": ["アオバ"], "amount": 3_300}]}))
    >>> best = found["proposals"][0]
    >>> found["automatic"], best["items"], best["kind"], best["why"]
    (True, ['A'], None, '振込名義が一致／請求額と入金額が一致')
    """
    receipt = request.record("receipt")
    receipt.date("date", None)
    parts = request.items("items")
    items = _owed_items(parts)
    found = proposals(
        receipt.money("amount"),
        items,
        _names(parts, items["partner_id"].to_list()),
        payer=receipt.text("payer", ""),
        reference=receipt.text("reference", ""),
        fee_tolerance=request.money("fee_tolerance", 0),
        fees=request.amounts("fees", []),
        written=lambda amount: _written(request, amount),
    )
    ids = [part.raw("id") for part in parts]
    shown = [_proposal(request, ids, one) for one in found]
    return {"proposals": shown, "automatic": bool(found) and found[0].automatic}


def payer(request: Request) -> dict[str, Any]:
    """The comparison form of a payer name and its legal form; of two names, whether they are one payer (振込名義).

    >>> payer(Request({"name": "ｶ)ｱｵﾊﾞｼﾖｳｼﾞ"}))
    {'folded': 'アオバシヨウジ', 'legal_form': '株式会社', 'position': 'head'}
    >>> payer(Request({"a": "ｶ)ｱｵﾊﾞｼﾖｳｼﾞ", "b": "あおばしょうじ"}))
    {'same': True, 'score': 1.0}
    """
    if request.has("a") or request.has("b"):
        a, b = request.text("a"), request.text("b")
        return {"same": same(a, b), "score": similarity(a, b)}
    name = request.text("name")
    form, position = legal_form(name)
    return {"folded": fold(name), "legal_form": form, "position": position}


def _open_items(request: Request) -> pl.DataFrame:
    """The items as listed; ``item_id`` is the place, ``id`` what the request calls it."""
    parts = request.items("items")
    ids = [part.raw("id") for part in parts]
    if len({str(one) for one in ids}) < len(ids):
        raise request.refusal("items", "同じ id の明細が二つあります")
    return pl.DataFrame(
        {
            "item_id": pl.Series(range(len(parts)), dtype=pl.Int64),
            "id": pl.Series(ids, dtype=pl.Object),
            "amount": pl.Series([part.money("amount") for part in parts], dtype=pl.Int64),
            "due_on": pl.Series([part.date("due", None) for part in parts], dtype=pl.Date),
            "on": pl.Series([part.date("date", None) for part in parts], dtype=pl.Date),
        }
    )


def _owed_items(parts: list[Request]) -> pl.DataFrame:
    """The items with their partner and invoice as numbers; ``item_id`` is the place."""
    partners = [part.text("partner", None) or "\n".join(part.texts("names", [])) for part in parts]
    numbers = [part.text("number", None) for part in parts]
    invoices = [(partner, number or place) for place, partner, number in zip(count(), partners, numbers, strict=False)]
    return pl.DataFrame(
        {
            "item_id": pl.Series(range(len(parts)), dtype=pl.Int64),
            "partner_id": pl.Series(_numbered(partners), dtype=pl.Int64),
            "document_id": pl.Series(_numbered(invoices), dtype=pl.Int64),
            "amount": pl.Series([part.money("amount") for part in parts], dtype=pl.Int64),
            "due_on": pl.Series([part.date("due", None) for part in parts], dtype=pl.Date),
            "number": pl.Series(numbers, dtype=pl.String),
        }
    )


def _adjustments(request: Request) -> list[int]:
    """The amounts that settle beside the money."""
    amounts = []
    for part in request.items("adjustments", []):
        part.choice("kind", _ADJUSTMENTS)
        amounts.append(part.money("amount"))
    return amounts


def _as_told(request: Request, items: pl.DataFrame, available: int) -> list[tuple[int, int]]:
    """The applications the request names; more than an item or the receipt with its adjustments has is refused."""
    places = {str(one): place for place, one in enumerate(items["id"].to_list())}
    told: dict[int, int] = {}
    for part in request.items("to"):
        name = str(part.raw("id"))
        if name not in places:
            raise part.refusal("id", "items にない明細です")
        told[places[name]] = told.get(places[name], 0) + part.money("amount")
        open_amount = items["amount"][places[name]]
        if not min(open_amount, 0) <= told[places[name]] <= max(open_amount, 0):
            raise part.refusal("amount", "明細の残高を超えています")
    if sum(told.values()) > available:
        raise RequestError("to", sum(told.values()), "合計が入金額を超えています")
    return [(place, amount) for place, amount in told.items() if amount]


def _kind(short: int, fee: bool) -> str | None:
    """What the difference is called."""
    if fee:
        return "fee"
    return "remain" if short > 0 else "advance" if short < 0 else None


def _names(parts: list[Request], partners: list[int]) -> pl.DataFrame:
    """The names of each partner, each once."""
    pairs = [(partner, name) for partner, part in zip(partners, parts, strict=True) for name in part.texts("names", [])]
    known = pl.DataFrame(pairs, schema={"partner_id": pl.Int64, "name": pl.String}, orient="row")
    return known.unique(maintain_order=True)


def _numbered(keys: Iterable[object]) -> list[int]:
    """A number for each key, equal keys the same."""
    numbers: dict[object, int] = {}
    return [numbers.setdefault(key, len(numbers)) for key in keys]


def _written(request: Request, amount: int) -> str:
    """The amount as the reasons spell it."""
    shown = request.amount_out(amount)
    return f"{shown:,} 円" if isinstance(shown, int) else shown


def _proposal(request: Request, ids: list[Any], one: Proposal) -> dict[str, Any]:
    return {
        "items": [ids[item] for item in one.item_ids],
        "difference": request.amount_out(one.difference),
        "kind": one.kind,
        "unique": one.unique,
        "why": one.why,
    }
