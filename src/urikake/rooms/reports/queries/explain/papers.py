"""Documents explained: the invoice as the sum of its lines and taxes, made again from the charges by the tax kernel."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import polars as pl

from urikake.base.bulk import Session
from urikake.base.company import policies
from urikake.core import tax
from urikake.core.money import Rounding
from urikake.rooms.catalog.queries import products
from urikake.rooms.invoices import queries as invoices
from urikake.rooms.parties.queries import profiles_then
from urikake.rooms.receivables import queries as receivables

from . import charges, lines, reads, words
from .made import Cause, Explanation, Step, recorded

HEAD: Final = invoices.INVOICE
MANY: Final = 20  # contracts and items named on the way; a bill of more says how many there are


@dataclass(frozen=True, slots=True)
class Paper:
    """An invoice with its lines as stored, and as the tax kernel makes them from the charges once more."""

    head: dict[str, Any]
    stored: pl.DataFrame
    again: pl.DataFrame


def paper(session: Session, number: str, as_of: date | None = None) -> Explanation | None:
    """An invoice: the sum of its lines and of the tax of each rate."""
    found = read(session, number)
    if found is None:
        return None
    head = found.head
    return Explanation(
        ref=number,
        title=f"{words.PAPERS[head['kind']]} {number} {reads.partner(session, head['partner_id'])['name']}",
        amount=head["total"],
        recomputed=int(found.again["net"].sum()) + int(found.again["tax_amount"].sum()),
        steps=(*_lines(session, found), *_taxes(session, found)),
        sources=(
            ("取引先", reads.partner(session, head["partner_id"])["code"]),
            ("締日", words.day(head["closing_on"])),
            *_corrected(session, head),
            _grouped(session, head),
            words.policy("消費税の端数", words.ROUNDINGS, _rounding(session, head)),
        ),
        path=_path(session, found),
        recorded=recorded(session, "invoices.Invoice", head["invoice_id"], head["run_id"]),
    )


def _grouped(session: Session, head: dict[str, Any]) -> tuple[str, str]:
    """How the payer's invoices were grouped when this one was made: by its own choice, else by the company's policy."""
    run = pl.DataFrame({"partner_id": [head["partner_id"]], "run_id": [head["run_id"]]})
    if own := profiles_then(session, run, "invoice_grouping")["invoice_grouping"][0]:
        return "請求書の単位", f"取引先の「請求書のまとめ方」{words.GROUPS[own]}"
    return words.policy("請求書の単位", words.GROUPS, policies(session, head["run_id"])["invoice_grouping"])


def _corrected(session: Session, head: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """What the document puts right, and what put it right, each with its reason."""
    told = corrections_of(session, head["invoice_id"])
    return tuple((row["label"], f"{row['number']}（{row['why']}）") for row in told)


CORRECTED: Final = {
    ("cancel", True): "取り消した請求書", ("revise", True): "訂正前の請求書",
    ("cancel", False): "取り消した返還請求書", ("revise", False): "訂正後の請求書",
}  # fmt: skip
"""By the kind of a correction, and whether the document named is the original, what that is called."""


def corrections_of(session: Session, invoice_id: int) -> list[dict[str, Any]]:
    """The documents that this one puts right and that put it right: ``number, label, why``, in the order they were made."""
    every = invoices.corrections(session)
    mine = every.filter((pl.col("invoice_id") == invoice_id) | (pl.col("original_id") == invoice_id))
    named = mine.with_columns(
        first=pl.col("invoice_id") == invoice_id,
        other_id=pl.when(pl.col("invoice_id") == invoice_id).then("original_id").otherwise("invoice_id"),
    )
    numbers = [invoices.invoices(session, "id = ?", (one,)).select("invoice_id", "number") for one in named["other_id"]]
    found = named.join(pl.concat(numbers), left_on="other_id", right_on="invoice_id") if numbers else named.clear()
    return [
        {"number": row["number"], "why": row["why"], "label": CORRECTED[row["kind"], row["first"]]}
        for row in found.iter_rows(named=True)
    ]


def read(session: Session, number: str) -> Paper | None:
    """The invoice with that number; None where there is none."""
    head = head_of(session, number)
    if head is None:
        return None
    stored = lines_of(session, head)
    return Paper(head, stored, taxed_again(session, head, stored))


def head_of(session: Session, number: str) -> dict[str, Any] | None:
    """The invoice with that number, through the unique key of its series; None where there is none."""
    kinds = {prefix: kind for kind, prefix in invoices.PREFIX.items()}
    prefix, year, sequence = number.split("-")
    key = (session.company_id, kinds[prefix], int(year), int(sequence))
    where = "company_id = ? AND kind = ? AND fiscal_year = ? AND sequence = ?"
    found = invoices.numbered(session.rows("invoices_invoice", HEAD, where, key))
    return found.row(0, named=True) if found.height else None


def lines_of(session: Session, head: dict[str, Any]) -> pl.DataFrame:
    """The lines of the invoice, counted from 1 (``at``), with their charges and products."""
    beyond = head["first_line_id"] + head["line_count"]
    found = reads.within(session, "invoices_line", invoices.LINE, [(head["first_line_id"], beyond)])
    own = found.filter(pl.col("invoice_id") == head["invoice_id"]).rename({"id": "invoice_line_id"})
    made = reads.by_ids(session, "billing_charge", lines.CHARGE, own["charge_id"])
    model = products(session).select("product_id", "product_name", "tax", "revenue", "life_months")
    joined = own.join(made, left_on="charge_id", right_on="id", maintain_order="left")
    named = joined.join(model, on="product_id", maintain_order="left")
    return named.with_columns(at=pl.int_range(1, pl.len() + 1, dtype=pl.Int64))


def taxed_again(
    session: Session, head: dict[str, Any], stored: pl.DataFrame, repriced: dict[int, int] | None = None
) -> pl.DataFrame:
    """The charges of the lines, taxed once more at the rates of their supply; ``repriced`` gives some another amount."""
    asked = stored.select(
        "at", "charge_id", "tax", "amount",
        invoices.supply_rates(session, stored, head["closing_on"], decided_by(session, head)),
        invoice=invoices.rounded_together(stored.with_columns(tax_unit=pl.lit(head["tax_unit"])), "invoice_id"),
        inclusive=pl.lit(head["inclusive"]),
    )  # fmt: skip
    if repriced:
        other = pl.col("charge_id").replace_strict(repriced, default=None, return_dtype=pl.Int64)
        asked = asked.with_columns(amount=pl.coalesce(other, "amount"))
    return tax.invoice_taxes(asked, _rounding(session, head))[1]


def _rounding(session: Session, head: dict[str, Any]) -> Rounding:
    """The rounding of tax under which the document was made."""
    return policies(session, decided_by(session, head))["tax_rounding"]  # type: ignore[return-value]


def decided_by(session: Session, head: dict[str, Any]) -> int:
    """The run whose policies and terms made the document: its own; of what takes another back, that of the other."""
    run_id: int = head["run_id"]
    back = invoices.corrections(session).filter(
        (pl.col("invoice_id") == head["invoice_id"]) & (pl.col("kind") == "cancel")
    )
    if back.height:
        run_id = session.value("SELECT run_id FROM invoices_invoice WHERE id = ?", (back["original_id"][0],))
    return run_id


def _lines(session: Session, found: Paper) -> list[Step]:
    """The lines, each with the charge beneath."""
    number = found.head["number"]
    return [
        Step(
            f"{row['product_name']} {words.days(row['from_on'], row['to_on'])}"
            + words.back(row["revenue"], row["amount"]),
            _counted(row),
            row["net"],
            f"{number}:{row['at']}",
        )
        for row in found.stored.iter_rows(named=True)
    ]


def _counted(row: dict[str, Any]) -> str:
    """Quantity, price and part of the cycle of a line in a few words."""
    part = f" × {row['numerator']}/{row['denominator']}" if row["numerator"] != row["denominator"] else ""
    return f"単価 {words.price(row['unit_price_micro'])}・数量 {words.count(row['quantity_micro'])}{part}"


def sums(rows: pl.DataFrame) -> pl.DataFrame:
    """Amount, net and tax by class and rate."""
    return rows.group_by("tax", "rate_micro", maintain_order=True).agg(
        pl.col("amount").sum(), pl.col("net").sum(), pl.col("tax_amount").sum()
    )


def _taxes(session: Session, found: Paper) -> list[Step]:
    """The tax of each rate, rounded once; as stored on the lines."""
    kept = sums(found.stored)
    return [
        Step(
            f"消費税 {words.CLASSES[row['tax']]} {words.percent(row['rate_micro'])}",
            taxed(session, row, found.head),
            row["tax_amount"],
            f"{found.head['number']}:{row['tax']}",
            kind="formula",
        )
        for row in kept.iter_rows(named=True)
        if row["rate_micro"]
    ]


def taxed(session: Session, row: dict[str, Any], head: dict[str, Any]) -> str:
    """The tax of a rate in words: once on the sum of the document, or on that of each delivery note."""
    rate, rounding = row["rate_micro"], words.ROUNDINGS[_rounding(session, head)]
    unit = "納品書(契約)ごと・" if head["tax_unit"] == "delivery_note" else ""
    once = f" = {words.yen(row['tax_amount'])}（{unit}税率ごとに1回だけ、{rounding}）"
    if head["inclusive"]:
        below = words.count(100_000_000 + rate)
        return f"税込の合計 {words.yen(row['amount'])} × {words.count(rate)}/{below}{once}"
    return f"税抜の合計 {words.yen(row['net'])} × {words.percent(rate)}{once}"


def _path(session: Session, found: Paper) -> tuple[Cause, ...]:
    """契約 → 請求計算 → 発行 → 債権 → 入金 → 消込 → 仕訳 → 収益."""
    head, low = found.head, session.low
    owners = found.stored["contract_id"].unique(maintain_order=True)
    named = [reads.contract_by(session, contract_id=owner) for owner in owners[:MANY]]
    run = reads.run(session, head["run_id"])
    stations = [Cause("契約", f"contract:{one['contract_no']}") for one in named if one]
    stations += [Cause(f"ほか{len(owners) - MANY}契約")] if len(owners) > MANY else []
    made = found.stored["charge_id"][0]
    stations.append(
        Cause("請求計算", f"charge-{made - low}", head["closing_on"], int(found.stored["amount"].sum()), run["actor"])
    )
    stations.append(Cause("発行", head["number"], head["issue_on"], head["total"], run["actor"]))
    for item in items_of(session, head["run_id"], head["invoice_id"]).head(MANY).iter_rows(named=True):
        stations += paid(session, item)
    posted = reads.entries_of(session, head["run_id"], "invoice", head["invoice_id"])
    stations += [Cause("仕訳", f"entry-{entry - low}", day) for entry, day in posted.iter_rows()]
    sold = found.stored.filter(pl.col("revenue") != "deposit")["charge_id"]
    stations += [Cause("収益", f"schedule-{row - low}") for row in sold[:MANY]]
    return tuple(stations)


def items_of(session: Session, run_id: int, invoice_id: int) -> pl.DataFrame:
    """The receivable items of an invoice: within its run's block, which is in order of invoices."""
    keyed = "SELECT t.id, t.source_id AS key_value FROM receivables_item t WHERE"
    blocks = reads.spans_of_run(session, run_id, "receivables.Item")
    spans = reads.ordered(session, keyed, blocks, [(invoice_id, invoice_id)] * len(blocks))
    return reads.within(session, "receivables_item", receivables.ITEM, spans).rename({"id": "item_id"})


def paid(session: Session, item: dict[str, Any]) -> list[Cause]:
    """A receivable item on the way, and the receipts and applications, or the collections, that settled it."""
    low = session.low
    stations = [Cause("債権", f"item-{item['item_id'] - low}", item["due_on"], item["gross"])]
    moved = session.read(
        "SELECT m.kind, m.moved_on, m.moved, m.source_id, a.receipt_id FROM receivables_movement m"
        " LEFT JOIN matching_application a ON a.id = m.source_id AND m.kind IN ('applied', 'unapplied')"
        " WHERE m.item_id = ? AND m.kind <> 'cancelled' ORDER BY m.id",
        (item["item_id"],),
    )
    for row in moved.iter_rows(named=True):
        if row["kind"] == "collected":
            stations.append(Cause("収納代行", f"collection-{row['source_id'] - low}", row["moved_on"], row["moved"]))
            continue
        if row["kind"] in ("refunded", "unrefunded"):
            stations.append(Cause("返金", f"refund-{row['source_id'] - low}", row["moved_on"], row["moved"]))
            continue
        if row["kind"] in ("advanced", "unadvanced"):
            stations.append(Cause("前受金の充当", f"advance-{row['source_id'] - low}", row["moved_on"], row["moved"]))
            continue
        stations.append(Cause("入金", f"receipt-{row['receipt_id'] - low}", row["moved_on"]))
        stations.append(Cause("消込", f"application-{row['source_id'] - low}", row["moved_on"], row["moved"]))
    return stations


def line(session: Session, number: str, at: int, as_of: date | None = None) -> Explanation | None:
    """One line of an invoice: its charge, priced again; of a tax-inclusive price, without its share of the tax."""
    plain = read(session, number)
    if plain is None or not 1 <= at <= plain.stored.height:
        return None
    row = plain.stored.row(at - 1, named=True)
    source = reads.one(session, "billing_charge", lines.CHARGE, row["charge_id"])
    assert source is not None
    priced = charges.priced(session, source)
    again = taxed_again(session, plain.head, plain.stored, {row["charge_id"]: priced.amount}).row(at - 1, named=True)
    head, charge = plain.head, f"charge-{row['charge_id'] - session.low}"
    steps = [Step("請求計算", "", row["amount"], charge, priced.steps, "sum")]
    if head["inclusive"]:
        steps.append(
            Step(
                "税込の単価から、この明細が負担する消費税を除く",
                amount=-row["tax_amount"],
                ref=f"{number}:{row['tax']}",
            )
        )
    before, ref = charges.previous(session, source, priced.folded)
    return Explanation(
        ref=f"{number}:{at}",
        title=f"{number} の {at} 行目 {row['product_name']} {words.days(row['from_on'], row['to_on'])}",
        amount=row["net"],
        recomputed=again["net"],
        steps=tuple(steps),
        sources=(
            ("この明細が負担する消費税", words.yen(row["tax_amount"])),
            *charges.sources(session, source, reads.product(session, products(session), row["product_id"]), priced),
        ),
        path=charges.path(session, source, priced.contract),
        recorded=recorded(session, "invoices.InvoiceLine", row["invoice_line_id"], head["run_id"]),
        previous=before,
        previous_ref=ref,
    )


def tax_of(session: Session, number: str, name: str, as_of: date | None = None) -> Explanation | None:
    """The tax of one class on an invoice: once on the sum, then shared among the lines."""
    found = read(session, number)
    mine = found.stored.filter(pl.col("tax") == name) if found else None
    if found is None or mine is None or mine.is_empty():
        return None
    again = sums(found.again.filter(pl.col("tax") == name)).row(0, named=True)
    shares = tuple(
        Step(
            f"{row['at']} 行目の負担",
            f"金額 {words.yen(row['amount'])} の分",
            row["tax_amount"],
            f"{number}:{row['at']}",
        )
        for row in mine.iter_rows(named=True)
    )
    total = int(mine["tax_amount"].sum())
    return Explanation(
        ref=f"{number}:{name}",
        title=f"{number} の消費税 {words.CLASSES[name]} {words.percent(again['rate_micro'])}",
        amount=total,
        recomputed=again["tax_amount"],
        steps=(
            Step(
                "税率ごとに1回だけ計算し、明細で分ける",
                taxed(session, again, found.head),
                total,
                parts=shares,
                kind="sum",
            ),
        ),
        sources=(
            ("税率を決める日", words.day(found.head["closing_on"])),
            words.policy("消費税の端数", words.ROUNDINGS, _rounding(session, found.head)),
        ),
        path=(Cause("発行", number, found.head["issue_on"], found.head["total"]),),
        recorded=recorded(session, "invoices.Invoice", found.head["invoice_id"], found.head["run_id"]),
    )
