"""請求書: issued documents, and one of them with its lines, taxes, payments and the path of its yen."""

from __future__ import annotations

from typing import Any, Final

import polars as pl
from django.http import Http404, HttpResponse

from urikake.doors import month as steps
from urikake.rooms.deliveries import queries as deliveries
from urikake.rooms.intake.queries.words import taxed
from urikake.rooms.invoices import queries as invoices
from urikake.rooms.matching import queries as matching
from urikake.rooms.parties.queries import profiles
from urikake.rooms.receivables import queries as receivables
from urikake.rooms.reports.queries.billing import detailed
from urikake.rooms.reports.queries.explain.papers import corrections_of
from urikake.rooms.reports.queries.explain.payments import OWN

from ..book import Deed, Shown, deed, page
from ..desk import Desk, quoted
from ..table import Choice, Column, Empty, listed_as, table
from .deliveries import METHODS, STATES

KINDS: Final = {"invoice": "請求書", "return": "返還請求書", "revised": "修正請求書"}
PARTS: Final = {"page": "ページ", "pdf": "PDF"}
OPENED: Final = 10
"""How many openings of a link stand on the page."""


@page("invoices", "invoices", permission="invoices.read", title="請求書")
def listed(desk: Desk) -> Shown:
    """The documents issued by the day looked at."""
    names = profiles(desk.session, "name").select("partner_id", partner="code", partner_name="name")
    found = invoices.invoices(desk.session, "issue_on <= ?", (desk.on,))
    open_ = _open(desk)
    kind = pl.col("kind").replace_strict(KINDS, return_dtype=pl.String)
    shown = (
        found.join(names, on="partner_id", how="left", maintain_order="left")
        .join(open_, on="invoice_id", how="left", maintain_order="left")
        .with_columns(kind_name=kind, balance=pl.col("balance").fill_null(0))
        .with_columns(state=pl.when(pl.col("balance") == 0).then(pl.lit("回収済")).otherwise(pl.lit("未回収")))
    )
    columns = [
        Column("number", "請求書番号"),
        Column("partner_name", "請求先", url=lambda row: desk.link(f"partners/{quoted(row['partner'])}")),
        Column("issue_on", "発行日", "date"),
        Column("net", "税抜(円)", "yen", summed=True, hidden=True),
        Column("tax_total", "消費税(円)", "yen", summed=True),
        Column("total", "税込合計(円)", "yen", summed=True, ref=lambda row: row["number"]),
        Column("balance", "未回収(円)", "yen", summed=True),
        Column("state", "状態", "state", tone={"回収済": "good", "未回収": "wait"}),
        Column("closing_on", "締日", "date"),
        Column("kind_name", "種類", hidden=True),
        Column("partner", "取引先コード", hidden=True),
    ]
    return listed_as(
        table(
            desk, shown, columns, key="number", name="invoices",
            url=lambda row: desk.link(f"invoices/{quoted(row['number'])}"),
            filters=[Choice("state", "状態"), Choice("closing_on", "締日"), Choice("kind_name", "種類")],
            find=["number", "partner_name", "partner", "total"], sort="-number",
            empty=Empty("まだ発行した請求書がありません。", "請求を計算する", desk.link("billing")),
        )
    )  # fmt: skip


def _open(desk: Desk) -> pl.DataFrame:
    """What is still open of each invoice on the day."""
    owed = receivables.balances(desk.session, desk.on).filter(pl.col("source") == "invoice")
    return owed.group_by(invoice_id="source_id").agg(pl.col("balance").sum())


@page("invoice", "invoices/<slug:number>", permission="invoices.read", title="請求書")
def one(desk: Desk, number: str) -> Shown:
    """One document: lines with their reasons, tax by rate, what was paid of it, who made it when."""
    found = invoices.by_number(desk.session, number)
    if found.is_empty():
        raise Http404(number)
    head = found.row(0, named=True)
    partner = profiles(desk.session, "name, address, postal_code, registration_number").filter(
        pl.col("partner_id") == head["partner_id"]
    )
    (shape,) = detailed(desk.session, found)
    return {
        "invoice": head | {"kind_name": KINDS[head["kind"]]},
        "partner": partner.row(0, named=True),
        "lines": shape["lines"],
        "taxes": [tax | {"name": taxed(tax["tax"], tax["rate"])} for tax in shape["taxes"]],
        "dues": shape["dues"],
        "carry": shape["carry"],
        "items": _items(desk, head["invoice_id"]),
        "pdf": f"{number}.pdf",
        "png": f"{number}.png",
        "xml": f"{number}.xml",
        "made": _made(desk, head["invoice_id"]),
        "delivery": _delivery(desk, found),
        "openings": [
            row | {"part_name": PARTS[row["part"]]}
            for row in deliveries.opened(desk.session, head["invoice_id"])[:OPENED]
        ],
        "corrections": corrections_of(desk.session, head["invoice_id"]),
        "cancellable": _cancellable(desk, head),
        "around": _around(desk, head),
        "page": {"title": f"{KINDS[head['kind']]} {number}", "name": "invoice"},
    }


def _delivery(desk: Desk, found: pl.DataFrame) -> dict[str, Any]:
    """How the document goes to the customer, and whether it may have reached them."""
    row = deliveries.deliveries(desk.session, found).row(0, named=True)
    used = row["sent_by"] or row["method"]
    why = deliveries.withdrawn(desk.session).filter(pl.col("delivery_id") == row["delivery_id"])["why"]
    gone = str(why[0]) if why.len() else ""
    return row | {
        "state_name": STATES[row["state"]],
        "method_name": METHODS.get(used, used),
        "sent_to": (row["recipients"] or row["to"]) if used == "email" else "",
        "arrived": row["state"] in deliveries.ARRIVED,
        "closing": row["closing_on"].isoformat(),
        "withdrawn": gone,
        "live": bool(row["link"]) and not gone and row["expires_on"] >= desk.on,
    }


def _cancellable(desk: Desk, head: dict[str, Any]) -> bool:
    """Whether the document can still be taken back."""
    gone = invoices.corrections(desk.session).filter(
        (pl.col("original_id") == head["invoice_id"]) & (pl.col("kind") == "cancel")
    )
    return head["kind"] != "return" and gone.is_empty()


@deed("cancel-invoice", "invoices/cancel", permission="invoices.cancel")
def cancel(doing: Deed) -> HttpResponse:
    """Take a document back by a return invoice, and issue a revised one where asked for."""
    number, again = doing.field("number"), doing.field("reissue") == "1"
    told = steps.cancel_invoice(doing.books, number, why=doing.field("why"), reissue=again, user=doing.person.name)
    made = [told["returned"], *told["revised"]]
    return doing.done(f"{number} を取り消しました（{'・'.join(made)}）。", f"invoices/{made[-1]}")


def _items(desk: Desk, invoice_id: int) -> list[dict[str, Any]]:
    """The receivable items of the document with what was applied to each."""
    items = receivables.items(desk.session, "source = 'invoice' AND source_id = ?", (invoice_id,))
    found = []
    for item in items.iter_rows(named=True):
        moved = receivables.movements(desk.session, "item_id = ? AND moved_on <= ?", (item["item_id"], desk.on))
        found.append(
            item
            | {
                "ref": f"item-{item['item_id'] - desk.session.low}",
                "moves": [_moved(desk, row) for row in moved.iter_rows(named=True)],
                "balance": item["gross"] + int(moved["moved"].sum()),
            }
        )
    return found


def _moved(desk: Desk, row: dict[str, Any]) -> dict[str, Any]:
    other = OWN.get(row["kind"])
    if other:
        return row | {"receipt": None, "ref": f"{other}-{row['source_id'] - desk.session.low}"}
    if row["kind"] == "cancelled":
        return row | {
            "receipt": None,
            "ref": invoices.invoices(desk.session, "id = ?", (row["source_id"],))["number"][0],
        }
    applied = matching.applications(desk.session, "id = ?", (row["source_id"],))
    receipt = applied["receipt_id"][0] - desk.session.low if applied.height else None
    return row | {"receipt": receipt, "ref": f"application-{row['source_id'] - desk.session.low}"}


def _made(desk: Desk, invoice_id: int) -> dict[str, Any]:
    """Who issued it, in which run, when."""
    found = desk.session.read(
        "SELECT r.id AS run_id, r.action, r.actor, r.recorded_at FROM base_run r JOIN invoices_invoice i ON i.run_id = r.id"
        " WHERE i.id = ?",
        (invoice_id,),
    )
    return found.row(0, named=True)


def _around(desk: Desk, head: dict[str, Any]) -> dict[str, str | None]:
    """The documents before and after, for [ and ]."""
    where = "kind = ? AND fiscal_year = ? AND sequence = ?"
    near = {}
    for name, step in (("before", -1), ("after", 1)):
        asked = (head["kind"], head["fiscal_year"], head["sequence"] + step)
        found = invoices.invoices(desk.session, where, asked)
        near[name] = desk.link(f"invoices/{found['number'][0]}") if found.height else None
    return near
