"""取引先: the list, and all that concerns one partner on one page."""

from __future__ import annotations

from typing import Any

import polars as pl
from django.http import Http404

from urikake.core import terms
from urikake.rooms.catalog.queries import products
from urikake.rooms.contracts import queries as contracts
from urikake.rooms.invoices import queries as invoices
from urikake.rooms.parties import queries as parties
from urikake.rooms.parties.actions import PARTNERS
from urikake.rooms.receivables import queries as receivables

from .. import ages
from ..book import Shown, page
from ..desk import Desk, quoted
from ..pictures import Picture
from ..table import Choice, Column, Empty, listed_as, table
from ..timelines import timeline
from . import advances as keeping
from . import debiting, refunds

MOST = 30
METHODS = {
    "transfer": "振込", "cash": "現金", "cheque": "小切手", "date_fixed": "期日現金", "note": "手形", "densai": "電子記録債権",
    "factoring": "ファクタリング", "direct_debit": "口座振替", "card": "カード", "cod": "代引", "offset": "相殺",
}  # fmt: skip

GROUPINGS = next(column.words for column in PARTNERS.columns if column.name == "invoice_grouping")


@page("partners", "partners", permission="partners.read", title="取引先")
def listed(desk: Desk) -> Shown:
    """Every partner with what it owes on the day looked at."""
    columns = [
        Column("code", "コード"),
        Column("name", "取引先名"),
        Column("kana", "フリガナ"),
        Column("closing", "締日"),
        Column("pays", "支払条件"),
        Column("method_name", "回収手段"),
        Column("balance", "未回収(円)", "yen", summed=True, ref=lambda row: f"balance:{row['code']}:{desk.on}"),
        Column("overdue", "期日超過(円)", "yen", summed=True),
        Column("registration_number", "登録番号", hidden=True),
        Column("address", "住所", hidden=True),
        Column("email", "メール", hidden=True),
    ]
    return listed_as(
        table(
            desk, _all(desk), columns, key="code", name="partners",
            url=lambda row: desk.link(f"partners/{quoted(row['code'])}"),
            filters=[Choice("closing", "締日"), Choice("method_name", "回収手段")],
            find=["code", "name", "kana", "address"], sort="code",
            empty=Empty("まだ取引先がありません。", "取引先を取り込む", desk.link("imports")),
        )
    )  # fmt: skip


def _all(desk: Desk) -> pl.DataFrame:
    """Every partner with its terms in words and its balance."""
    profiles = parties.profiles(
        desk.session,
        "name, kana, registration_number, address, email, terms_id, invoice_grouping, tax_unit, minimum_invoice, fee_bearer",
    )
    owed = receivables.owed_on(desk.session, desk.on).with_columns(late=pl.col("due_on") < desk.on)
    sums = owed.group_by("partner_id").agg(
        balance=pl.col("amount").sum(), overdue=pl.col("amount").filter(pl.col("late")).sum()
    )
    named = profiles.join(_terms(desk), on="terms_id", how="left", maintain_order="left")
    return named.join(sums, on="partner_id", how="left", maintain_order="left").with_columns(
        pl.col("balance", "overdue").fill_null(0)
    )


def _terms(desk: Desk) -> pl.DataFrame:
    """The collection terms in words: ``terms_id, closing, pays, method_name``."""
    rows = [
        {
            "terms_id": row["terms_id"],
            "closing": closing_words(row["closing_mask"]),
            "pays": pay_words(row["payment_months"], row["payment_day"]),
            "method_name": METHODS.get(row["method"], row["method"]),
        }
        for row in parties.terms(desk.session).iter_rows(named=True)
    ]
    return pl.DataFrame(
        rows, schema={"terms_id": pl.Int64, "closing": pl.String, "pays": pl.String, "method_name": pl.String}
    )


def closing_words(mask: int | None) -> str:
    """The closing days of a mask of days.

    >>> closing_words(1 << 31), closing_words(1 << 10 | 1 << 20), closing_words(0), closing_words(terms.closing_mask("金曜"))
    ('月末', '10日・20日', '随時', '毎週金曜')
    """
    days = terms.closing_text(mask or 0).split(";")
    names = {"31": "月末", "": "随時"}
    return "・".join(names.get(day, f"{day}日" if day.isdigit() else f"毎週{day}") for day in days)


def pay_words(months: int, day: int) -> str:
    """When the bill of a closing is to be paid.

    >>> pay_words(1, 31), pay_words(2, 10)
    ('翌月末', '翌々月10日')
    """
    month = {0: "当月", 1: "翌月", 2: "翌々月"}.get(months, f"{months}か月後")
    return month + ("末" if day == 31 else f"{day}日")


@page("partner", "partners/<path:code>", permission="partners.read", title="取引先")
def one(desk: Desk, code: str) -> Shown:
    """One partner: terms, balance with its proof, contracts, invoices, names it pays under, what happened."""
    found = _all(desk).filter(pl.col("code") == code)
    if found.is_empty():
        raise Http404(code)
    partner = found.row(0, named=True)
    partner_id = partner["partner_id"]
    lines = contracts.in_force(desk.session, desk.on).filter(pl.col("partner") == code)
    items = _open(desk, partner_id)
    history = contracts.history(desk.session, partner_id)
    own = contracts.contracts(desk.session).filter(pl.col("partner_id") == partner_id)
    return {
        "partner": partner,
        "on": desk.on,
        "month_first": desk.on.replace(day=1),
        "grouping": GROUPINGS.get(partner["invoice_grouping"], "会社の方針どおり"),
        "payers": desk.session.rows("parties_payer_name", "id, payer", "partner_id = ?", (partner_id,))[
            "payer"
        ].to_list(),
        "lines": lines.to_dicts(),
        "invoices": _invoices(desk, partner_id),
        "items": items,
        "ages": _ages(desk, code, items),
        "proof": _proof(desk, partner_id),
        "history": _history(desk, history),
        **debiting.panel(desk, partner),
        **keeping.panel(desk, partner_id),
        **refunds.panel(desk, partner_id, code),
        "timeline": timeline(desk, own, history, label=f"{partner['name']} の時間軸", named=True)
        if own.height
        else None,
        "page": {"title": partner["name"], "name": "partner"},
    }


def _invoices(desk: Desk, partner_id: int) -> list[dict[str, Any]]:
    """The newest invoices issued by the day."""
    found = invoices.invoices(desk.session, "partner_id = ? AND issue_on <= ?", (partner_id, desk.on))
    return found.reverse().head(12).to_dicts()


def _history(desk: Desk, history: pl.DataFrame) -> list[dict[str, Any]]:
    """The newest events of its contracts, with the products by name."""
    names = products(desk.session).unique("product", keep="last").select("product", "product_name")
    found = history.join(names, on="product", how="left", maintain_order="left")
    return [
        row | {"label": contracts.WORDS.get(row["kind"], row["kind"])} for row in found.reverse().head(MOST).to_dicts()
    ]


def _open(desk: Desk, partner_id: int) -> list[dict[str, Any]]:
    """The items of the partner that are open on the day."""
    owed = receivables.balances(desk.session, desk.on, partner_id)
    return owed.filter(pl.col("balance") != 0).sort("due_on").to_dicts()


def _ages(desk: Desk, code: str, items: list[dict[str, Any]]) -> Picture | None:
    """What the partner owes by days overdue; None where it owes nothing."""
    if not items:
        return None
    owed = pl.DataFrame(items).select("balance", "due_on")
    return ages.picture(
        desk, ages.summed(owed, (pl.lit(desk.on) - pl.col("due_on")).dt.total_days()), width=700, q=code
    )


def _proof(desk: Desk, partner_id: int) -> dict[str, Any]:
    """請求 − 充当 = 未回収, and the receivable accounts of the ledger."""
    items = receivables.balances(desk.session, desk.on, partner_id)
    raised, open_ = int(items["gross"].sum()), int(items["balance"].sum())
    return {"raised": raised, "applied": raised - open_, "open": open_}
