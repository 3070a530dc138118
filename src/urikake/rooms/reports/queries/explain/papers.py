"""Documents explained: the invoice as the sum of its lines and taxes, each recomputed from the charges beneath."""

from __future__ import annotations

from typing import Any, Final

import polars as pl

from urikake.base.bulk import Session
from urikake.base.company import policies
from urikake.rooms.billing import queries as billing
from urikake.rooms.catalog.queries import products
from urikake.rooms.contracts.queries import contracts
from urikake.rooms.invoices import queries as invoices
from urikake.rooms.invoices.actions import documents
from urikake.rooms.parties.queries import profiles
from urikake.rooms.receivables import queries as receivables

from .charges import ROUNDINGS
from .made import Cause, Explanation, Step, last_day, recorded, yen

CLASSES: Final = {
    "standard": "標準税率",
    "reduced": "軽減税率",
    "exempt": "非課税",
    "out_of_scope": "不課税",
    "export": "輸出免税",
}
TITLES: Final = {"invoice": "請求書", "return": "返還請求書", "revised": "修正請求書"}


def paper(session: Session, ref: str) -> Explanation | None:
    """An invoice (``INV-2026-00001``), its line (``…:3``) or its tax (``…:standard``)."""
    name, _, part = ref.partition(":")
    found = invoices.by_number(session, name)
    if found.is_empty():
        return None
    head = found.row(0, named=True)
    stored = invoices.lines(session, found)
    again = _again(session, head, stored)
    if not part:
        return _whole(session, head, stored, again)
    if part.isdecimal():
        return _line(session, head, stored, again, int(part))
    return _tax(session, head, stored, again, part)


def _again(session: Session, head: dict[str, Any], stored: pl.DataFrame) -> pl.DataFrame:
    """The lines as the tax kernel makes them from the charges, once more, by charge."""
    ids = stored["charge_id"]
    spans = [(ids.min(), ids.max() + 1)] if stored.height else []  # type: ignore[operator]
    mine = billing.charges(session, spans).filter(pl.col("id").is_in(ids.implode()))  # type: ignore[arg-type]
    return documents(session, mine, head["closing_on"])


def _whole(session: Session, head: dict[str, Any], stored: pl.DataFrame, again: pl.DataFrame) -> Explanation:
    number = head["number"]
    names = dict(products(session).select("product_id", "product_name").iter_rows())
    steps = [
        Step(f"{names[row['product_id']]} {_days(row)}", amount=row["net"], ref=f"{number}:{at}")
        for at, row in enumerate(stored.iter_rows(named=True), start=1)
    ]
    taxes = _sums(again)
    steps += [
        Step(
            f"消費税 {CLASSES[row['tax']]} {row['rate_micro'] / 1_000_000:g}%",
            _taxed(session, row, head),
            row["tax_amount"],
            f"{number}:{row['tax']}",
        )
        for row in taxes.iter_rows(named=True)
        if row["rate_micro"]
    ]
    partner = profiles(session, "name").filter(pl.col("partner_id") == head["partner_id"])["name"][0]
    return Explanation(
        ref=number,
        title=f"{TITLES[head['kind']]} {number} {partner}",
        amount=head["total"],
        recomputed=int(again["net"].sum() + again["tax_amount"].sum()),
        steps=tuple(steps),
        sources=(
            ("締日", f"{head['closing_on']:%Y/%m/%d}"),
            ("消費税の端数", ROUNDINGS[policies(session)["tax_rounding"]]),
        ),
        path=_path(session, head, stored),
        recorded=recorded(session, "invoices_invoice", "invoices.Invoice", head["invoice_id"]),
    )


def _days(row: dict[str, Any]) -> str:
    return f"{row['from_on']:%Y/%m/%d}〜{last_day(row['to_on']):%Y/%m/%d}"


def _sums(lines: pl.DataFrame) -> pl.DataFrame:
    """Net and tax by class and rate."""
    return lines.group_by("tax", "rate_micro", maintain_order=True).agg(
        pl.col("amount").sum(), pl.col("net").sum(), pl.col("tax_amount").sum()
    )


def _taxed(session: Session, row: dict[str, Any], head: dict[str, Any]) -> str:
    """The tax of a rate in words: once on the sum of the document."""
    rate = row["rate_micro"] / 1_000_000
    rounding = ROUNDINGS[policies(session)["tax_rounding"]]
    if head["inclusive"]:
        return f"税込の合計 {yen(row['amount'])} × {rate:g}/{100 + rate:g} = {yen(row['tax_amount'])}（税率ごとに1回だけ、{rounding}）"
    return f"税抜の合計 {yen(row['net'])} × {rate:g}% = {yen(row['tax_amount'])}（税率ごとに1回だけ、{rounding}）"


def _path(session: Session, head: dict[str, Any], stored: pl.DataFrame) -> tuple[Cause, ...]:
    """契約 → 請求計算 → 発行 → 債権 → 消込 → 仕訳."""
    numbers = dict(contracts(session).select("contract_id", "contract_no").iter_rows())
    found = [Cause("契約", f"contract:{numbers[c]}") for c in stored["contract_id"].unique(maintain_order=True)[:20]]
    found.append(Cause(TITLES[head["kind"]], head["number"], head["issue_on"], head["total"]))
    items = receivables.items(session, "source = 'invoice' AND source_id = ?", (head["invoice_id"],))
    for item in items.iter_rows(named=True):
        found.append(Cause("債権", f"item-{item['item_id'] - session.low}", item["due_on"], item["gross"]))
        moved = receivables.movements(session, "item_id = ?", (item["item_id"],))
        found += [
            Cause("消込", f"application-{m['source_id'] - session.low}", m["moved_on"], m["moved"])
            for m in moved.iter_rows(named=True)
        ]
    entries = session.read(
        "SELECT id, posted_on FROM ledger_entry WHERE posted_on = ? AND source = 'invoice' AND source_id = ?",
        (head["issue_on"], head["invoice_id"]),
    )
    found += [Cause("仕訳", f"entry-{entry - session.low}", day) for entry, day in entries.iter_rows()]
    return tuple(found)


def _line(
    session: Session, head: dict[str, Any], stored: pl.DataFrame, again: pl.DataFrame, at: int
) -> Explanation | None:
    """One line: the charge beneath; of a tax-inclusive price, without its share of the tax."""
    if not 1 <= at <= stored.height:
        return None
    row = stored.row(at - 1, named=True)
    same = again.filter(pl.col("id") == row["charge_id"])
    name = products(session).filter(pl.col("product_id") == row["product_id"])["product_name"][0]
    charge = Step("請求計算", amount=row["amount"], ref=f"charge-{row['charge_id'] - session.low}")
    share = (
        [Step("税込の単価から、この明細が負担する消費税を除く", amount=-row["tax_amount"])] if head["inclusive"] else []
    )
    return Explanation(
        ref=f"{head['number']}:{at}",
        title=f"{head['number']} の {at} 行目 {name} {_days(row)}",
        amount=row["net"],
        recomputed=int(same["net"].sum()),
        steps=(charge, *share),
        sources=(("この明細が負担する消費税", yen(row["tax_amount"])),),
        path=(
            Cause("請求計算", charge.ref, row["closing_on"], row["amount"]),
            Cause("請求書", head["number"], head["issue_on"], head["total"]),
        ),
        recorded=recorded(session, "invoices_line", "invoices.InvoiceLine", row["invoice_line_id"]),
    )


def _tax(
    session: Session, head: dict[str, Any], stored: pl.DataFrame, again: pl.DataFrame, name: str
) -> Explanation | None:
    """The tax of one class: once on the sum, then shared among the lines."""
    model = products(session).select("product_id", "tax")
    mine = (
        stored.join(model, on="product_id", maintain_order="left")
        .with_row_index("at", offset=1)
        .filter(pl.col("tax") == name)
    )
    if mine.is_empty():
        return None
    row = _sums(again.filter(pl.col("tax") == name)).row(0, named=True)
    shares = tuple(
        Step(f"{r['at']} 行目の負担", amount=r["tax_amount"], ref=f"{head['number']}:{r['at']}")
        for r in mine.iter_rows(named=True)
    )
    return Explanation(
        ref=f"{head['number']}:{name}",
        title=f"{head['number']} の消費税 {CLASSES[name]} {row['rate_micro'] / 1_000_000:g}%",
        amount=int(mine["tax_amount"].sum()),
        recomputed=row["tax_amount"],
        steps=(Step("税率ごとに1回だけ計算", _taxed(session, row, head), row["tax_amount"], parts=shares),),
        path=(Cause("請求書", head["number"], head["issue_on"], head["total"]),),
        recorded=recorded(session, "invoices_invoice", "invoices.Invoice", head["invoice_id"]),
    )
