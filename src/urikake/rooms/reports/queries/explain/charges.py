"""Charges and contracts explained: price × quantity × days, or usage through its price model."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import polars as pl

from urikake.base.bulk import Session
from urikake.base.company import policies
from urikake.core import calendar, charging, pricing
from urikake.core.money import Rounding, plain
from urikake.rooms.billing import queries as billing
from urikake.rooms.catalog.queries import products
from urikake.rooms.contracts import queries as contracts
from urikake.rooms.invoices.queries import numbered

from .made import Cause, Explanation, Step, last_day, number, recorded, yen

BASIS: Final = {
    "daily": "日割り(サイクルの日数で割る)",
    "monthly": "月割り",
    "thirtieth": "1か月を30日とみる",
    "thirty_360": "30/360",
    "full_month": "満額",
    "free": "無料",
    "": "満額(サイクルのすべての日)",
}
ROUNDINGS: Final = {
    "floor": "1円未満切捨て",
    "half_up": "1円未満四捨五入",
    "ceil": "1円未満切上げ",
    "half_even": "1円未満偶数丸め",
}


def charge(session: Session, text: str) -> Explanation | None:
    """A charge: what of which cycle was priced how, and the same priced again from contract, price and usage."""
    at = number(session, text)
    found = billing.charges(session, [(at, at + 1)]) if at is not None else None
    if found is None or found.is_empty():
        return None
    row = found.row(0, named=True)
    earlier = billing.of_cycle(session, row["line_id"], row["cycle_from_on"]).filter(pl.col("id") < row["id"])
    usage = _usage(session, row)
    again, steps = _priced(session, row, earlier, usage)
    product = products(session).filter(pl.col("product_id") == row["product_id"]).row(0, named=True)
    return Explanation(
        ref=f"charge-{text}",
        title=f"{product['product_name']} {row['from_on']:%Y/%m/%d}〜{last_day(row['to_on']):%Y/%m/%d}"
        + (" の返金" if row["amount"] < 0 else ""),
        amount=row["amount"],
        recomputed=again,
        steps=steps,
        sources=_sources(session, row, product, usage),
        path=_path(session, row),
        recorded=recorded(session, "billing_charge", "billing.Charge", row["id"]),
        previous=_previous(session, row),
    )


def _usage(session: Session, row: dict[str, Any]) -> tuple[int, int] | None:
    """The usage of the charge's days that its run saw, and of how many events; None on a line that bears none."""
    model = products(session).filter(pl.col("product_id") == row["product_id"])
    if model["revenue"][0] != "usage":
        return None
    found = session.read(
        "SELECT sum(quantity_micro) AS quantity_micro, count(*) AS n FROM usage_event"
        " WHERE line_id = ? AND used_on >= ? AND used_on < ? AND id <= ?",
        (row["line_id"], row["from_on"], row["to_on"], row["usage_through"]),
        n=pl.Int64,
    ).row(0)
    return int(found[0] or 0), int(found[1])


def _priced(
    session: Session, row: dict[str, Any], earlier: pl.DataFrame, usage: tuple[int, int] | None
) -> tuple[int, tuple[Step, ...]]:
    """The amount worked out again, and how in words."""
    rounding: Rounding = policies(session)["amount_rounding"]  # type: ignore[assignment]
    stretch = _stretch(session, row, usage)
    whole = charging.priced(stretch, products(session), rounding).row(0, named=True)
    words = _words(session, row, whole, usage, ROUNDINGS[rounding])
    same = earlier.filter(
        (pl.col("product_id") == row["product_id"])
        & (pl.col("state_micro") == row["state_micro"])
        & (pl.col("unit_price_micro") == row["unit_price_micro"])
    )
    if usage is not None:
        before = same.filter((pl.col("from_on") == row["from_on"]) & (pl.col("to_on") == row["to_on"]))
        billed = int(before["amount"].sum())
        gone = row["nature"] < 0
        total = 0 if gone else whole["amount"]
        if before.is_empty():
            return total, (words,)
        less = Step("すでに請求した額", "同じ日の分として前に請求したものとの差だけを請求します", -billed)
        first = Step("いまの契約ではこの日の利用はありません", "", 0) if gone else Step(words.label, words.words, total)
        return total - billed, (first, less)
    if row["amount"] >= 0 or row["nature"] > 0:
        return whole["amount"], (words,)
    left = int(same["amount"].sum())
    days = same.select(((pl.col("to_on") - pl.col("from_on")).dt.total_days() * pl.col("nature")).sum()).item() or 0
    taken = (row["to_on"] - row["from_on"]).days
    formula = Step(words.label, words.words)
    if taken >= days:
        return -left, (
            formula,
            Step("残りのすべてを返します", f"この状態の請求の残り {yen(left)} をすべて返します", -left),
        )
    if whole["amount"] < -left:
        return -left, (formula, Step("請求した額を超えては返しません", f"請求の残りは {yen(left)} です", -left))
    return whole["amount"], (words,)


def _stretch(session: Session, row: dict[str, Any], usage: tuple[int, int] | None) -> pl.DataFrame:
    """The charge's days as the pricing kernel takes them, measured against the whole cycle."""
    lines = billing.scope(session).lines.filter(pl.col("line_id") == row["line_id"])
    none = pl.lit(None, dtype=pl.Date)
    until = date.fromordinal(row["cycle_from_on"].toordinal() + 1)
    cycles = calendar.cycles(lines.with_columns(end_on=none, after_on=none, until_on=pl.lit(until)))
    cycle = cycles.filter(pl.col("from_on") == row["cycle_from_on"])
    bounds = (
        cycle.row(0, named=True) if cycle.height else {"whole_from_on": row["from_on"], "whole_to_on": row["to_on"]}
    )
    micro = None if usage is None else usage[0]
    return pl.DataFrame(
        {
            "line_id": [row["line_id"]],
            "product_id": [row["product_id"]],
            "quantity_micro": [row["state_micro"]],
            "unit_price_micro": [row["unit_price_micro"]],
            "whole_from_on": [bounds["whole_from_on"]],
            "whole_to_on": [bounds["whole_to_on"]],
            "from_on": [row["from_on"]],
            "to_on": [row["to_on"]],
            "basis": [row["basis"] or "daily"],
            "sign": [1 if usage is not None or row["nature"] > 0 else -1],
            "usage_micro": pl.Series([micro], dtype=pl.Int64),
        }
    )


def _words(
    session: Session, row: dict[str, Any], whole: dict[str, Any], usage: tuple[int, int] | None, rounding: str
) -> Step:
    """The formula in words with the real numbers."""
    if usage is None:
        part = f" × {whole['numerator']}/{whole['denominator']}" if whole["numerator"] != whole["denominator"] else ""
        formula = _tiers(session, row, row["state_micro"]) + part
        return Step(
            "単価 × 数量" + (" × 日割り" if part else ""),
            f"{formula} = {yen(whole['amount'])}（{rounding}）",
            whole["amount"],
        )
    return Step(
        "利用量を料金体系で計算",
        _tiers(session, row, usage[0]) + f" = {yen(whole['amount'])}（{rounding}）",
        whole["amount"],
    )


def _tiers(session: Session, row: dict[str, Any], used: int) -> str:
    """The units and tiers, base and overage that the quantity entered, each at its price."""
    model = products(session).filter(pl.col("product_id") == row["product_id"])
    one = 1_000_000 if row["state_micro"] == 0 else row["state_micro"]
    frame = model.select(
        "price_model",
        "included_micro",
        "overage_price_micro",
        "package_size_micro",
        "minimum",
        "maximum",
        unit_price_micro=_int(row["unit_price_micro"]),
        quantity_micro=_int(used),
        taken_micro=_int(one),
        tiers="tier_list",
    )
    parts = [
        f"{plain(step['units_micro']):,} × {plain(step['unit_price_micro']):,}円"
        + (f" + {step['flat']:,}円" if step["flat"] else "")
        for step in pricing.steps(frame).iter_rows(named=True)
    ]
    bounds = [f"最低 {model['minimum'][0]:,}円"] if model["minimum"][0] is not None else []
    bounds += [f"上限 {model['maximum'][0]:,}円"] if model["maximum"][0] is not None else []
    return " ＋ ".join(parts or ["0"]) + (f"（{'・'.join(bounds)}）" if bounds else "")


def _int(value: int) -> pl.Expr:
    return pl.lit(value, dtype=pl.Int64)


def _sources(
    session: Session, row: dict[str, Any], product: dict[str, Any], usage: tuple[int, int] | None
) -> tuple[tuple[str, str], ...]:
    line = session.read(
        "SELECT l.start_on, l.recorded_at, r.actor, r.subject FROM contracts_line l JOIN base_run r ON r.id = l.run_id WHERE l.id = ?",
        (row["line_id"],),
    ).row(0, named=True)
    policy = policies(session)
    return (
        (
            "契約明細",
            f"{line['start_on']:%Y/%m/%d} 開始・{line['recorded_at']:%Y/%m/%d} 記録・{line['actor']}（{line['subject']}）",
        ),
        ("料金", f"{product['product']} {product['valid_from_on']:%Y/%m/%d} からの版・{product['price_model']}"),
        ("日割り", BASIS.get(row["basis"], row["basis"])),
        ("端数", ROUNDINGS[policy["amount_rounding"]]),
        *([("利用量", f"{plain(usage[0]):,}（{usage[1]:,}件の記録）")] if usage else []),
    )


def _path(session: Session, row: dict[str, Any]) -> tuple[Cause, ...]:
    """契約 → 請求計算 → 請求書."""
    contract = contracts.contracts(session).filter(pl.col("contract_id") == row["contract_id"])["contract_no"][0]
    found = session.read(
        "SELECT i.id, i.kind, i.fiscal_year, i.sequence, i.issue_on, i.total FROM invoices_line l"
        " JOIN invoices_invoice i ON i.id = l.invoice_id WHERE l.charge_id = ?",
        (row["id"],),
    )
    papers = [
        Cause("請求書", paper["number"], paper["issue_on"], paper["total"])
        for paper in numbered(found).iter_rows(named=True)
    ]
    own = Cause("請求計算", f"charge-{row['id'] - session.low}", row["closing_on"], row["amount"])
    return (Cause("契約", f"contract:{contract}"), own, *papers)


def _previous(session: Session, row: dict[str, Any]) -> int | None:
    """What the line was charged in the cycle before, or None where there was none."""
    lines = billing.scope(session).lines.filter(pl.col("line_id") == row["line_id"])
    none = pl.lit(None, dtype=pl.Date)
    cycles = calendar.cycles(lines.with_columns(end_on=none, after_on=none, until_on=pl.lit(row["cycle_from_on"])))
    if cycles.is_empty():
        return None
    found = billing.of_cycle(session, row["line_id"], cycles["from_on"].max())  # type: ignore[arg-type]
    return int(found["amount"].sum()) if found.height else None


def contract(session: Session, text: str) -> Explanation | None:
    """A contract: all that it was charged, line by line, and the events that made it what it is."""
    found = contracts.contracts(session).filter(pl.col("contract_no") == text)
    if found.is_empty():
        return None
    contract_id = found["contract_id"][0]
    made = billing.of_contract(session, contract_id, date(9999, 1, 1))
    names = dict(products(session).select("product_id", "product_name").iter_rows())
    steps = tuple(
        Step(
            f"{names[row['product_id']]} {row['from_on']:%Y/%m/%d}〜{last_day(row['to_on']):%Y/%m/%d}",
            amount=row["amount"],
            ref=f"charge-{row['id'] - session.low}",
        )
        for row in made.iter_rows(named=True)
    )
    history = contracts.history(session, found["partner_id"][0]).filter(pl.col("contract_no") == text)
    path = tuple(
        Cause(
            contracts.WORDS.get(row["kind"], row["kind"]) + (f" {row['product']}" if row["product"] else ""),
            on=row["effective_on"],
            by=row["actor"],
        )
        for row in history.iter_rows(named=True)
    )
    total = int(made["amount"].sum())
    parts = sum(step.amount or 0 for step in steps)
    kept = recorded(session, "contracts_contract", "contracts.Contract", contract_id)
    return Explanation(
        f"contract:{text}",
        f"契約 {text} のこれまでの請求(税抜または税込の単価どおり)",
        total,
        parts,
        steps,
        (),
        path,
        kept,
    )
