"""収益の注記: revenue split, contract balances and remaining obligations up to a day, with paper and workbook; each as a list."""

from __future__ import annotations

from typing import Any, Final

import polars as pl
from django.http import HttpResponse

from urikake.doors import disclosure, notes
from urikake.doors.documents import asked as documents
from urikake.doors.documents import typesetting
from urikake.rooms.reports.queries import contract_balances, remaining, revenue_by

from ..book import Shown, page
from ..desk import Desk, quoted
from ..table import Choice, Column, Empty, listed_as, table

EXCEL: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
REMAINING_CUTS: Final = {
    "band": "時期", "fiscal-year": "会計年度", "year": "暦年", "month": "月", "service": "サービス", "product": "商品",
    "obligation": "履行義務の種類", "timing": "移転の時期", "contract": "契約",
}  # fmt: skip


def _span(desk: Desk) -> str:
    """The days that the note is of, as the address says."""
    return desk.ask("span") if desk.ask("span") in disclosure.SPANS else "year"


def _exempt(desk: Desk) -> tuple[str, ...]:
    """What is left out, as the address says: in the order of the standard."""
    return tuple(name for name in disclosure.EXEMPT if desk.ask(name) == "1")


def _asked(desk: Desk, **changes: str) -> dict[str, str]:
    """The parameters of the page, with some changed."""
    found = {"span": _span(desk), **dict.fromkeys(_exempt(desk), "1"), "by": desk.ask("by")}
    return {name: value for name, value in (found | changes).items() if value}


@page("disclosure", "revenue/disclosure", permission=disclosure.PERMISSION, title="収益の注記")
def shown(desk: Desk) -> Shown:
    """The three notes up to the day looked at: proved against the ledger, in the words of the notes."""
    by = desk.ask("by") if desk.ask("by") in notes.CUTS else "service"
    cuts = (by,) if by == "timing" else (by, "timing")
    told = disclosure.of(desk.session, desk.on, _span(desk), cuts, _exempt(desk))
    asked = _asked(desk, by="")
    return {
        "told": told,
        "tabs": [{"title": title, "url": desk.link("revenue/disclosure", **_asked(desk, span=name)),
                  "current": name == _span(desk)} for name, title in disclosure.SPANS.items()],
        "cuts": [{"title": title, "url": desk.link("revenue/disclosure", **_asked(desk, by=name)), "current": name == by}
                 for name, title in notes.CUTS.items()],
        "exempt": [{"title": title, "on": name in told.exempt,
                    "url": desk.link("revenue/disclosure", **_asked(desk, **{name: "" if name in told.exempt else "1"}))}
                   for name, title in disclosure.EXEMPT.items()],
        "totals": [{"key": key, "label": notes.TOTALS[key], **row} for key, row in told.totals.items()
                   if key in ("contract", "lease") or row["amount"] or row["previous"]],
        "left": _left(told),
        "pdf": desk.link("revenue/disclosure.pdf", **asked),
        "xlsx": desk.link("revenue/disclosure.xlsx", **asked),
        "proof": {name: disclosure.amount_of(told.balances, *of, column) for name, (of, column) in PROOF.items()},
        "lists": {
            "balances": desk.link("revenue/balances", **asked), "remaining": desk.link("revenue/remaining", **asked),
            "positions": desk.link("revenue/balances/contracts", **asked),
            "bound": desk.link("revenue/remaining", **asked | {"by": "contract"}),
            "split": desk.link("revenue/split", **asked | {"by": by}),
        },
    }  # fmt: skip


PROOF: Final = {
    "owed": (("receivable", "closing"), "amount"), "owed_books": (("receivable", "closing"), "books"),
    "liability": (("contract_liability", "closing"), "amount"), "asset": (("contract_asset", "closing"), "amount"),
    "lease": (("lease", "closing"), "amount"), "books": (("net", "closing"), "books"),
}  # fmt: skip
"""The closings that the page shows beside the ledger's."""


def _left(told: disclosure.Notes) -> dict[str, Any]:
    """The remaining obligations as the page shows them: the columns beside the amounts, and the sums."""
    names = {"one-year": "除外(1年以内の契約)", "as-invoiced": "除外(請求する権利の額)"}
    out = [(name.replace("-", "_"), names[name]) for name in told.exempt]
    if any(row["lease"] for row in told.remaining):
        out.append(("lease", "リース(対象外)"))
    columns = [("amount", "残存履行義務"), ("billed", "うち請求済み"), ("unbilled", "うち未請求"), *out]
    sums = [sum(row[name] for row in told.remaining) for name, _ in columns]
    rows = [{"label": row["label"], "cells": [row[name] for name, _ in columns]} for row in told.remaining]
    return {"heads": [title for _, title in columns], "rows": rows, "sums": sums}


@page("disclosure-pdf", "revenue/disclosure.pdf", permission=disclosure.PERMISSION, title="収益の注記の PDF")
def paper(desk: Desk) -> Shown:
    """The notes as a paper."""
    book = documents.book(desk.session, "notes", on=desk.on, span=_span(desk), exempt=",".join(_exempt(desk)))
    headers = {"Content-Disposition": f'inline; filename="notes-{desk.on}.pdf"'}
    return HttpResponse(typesetting.pdf(book), content_type="application/pdf", headers=headers)


@page("disclosure-xlsx", "revenue/disclosure.xlsx", permission=disclosure.PERMISSION, title="収益の注記の Excel")
def workbook(desk: Desk) -> Shown:
    """The notes as a workbook."""
    told = disclosure.of(desk.session, desk.on, _span(desk), ("service", "timing", "obligation"), _exempt(desk))
    headers = {"Content-Disposition": f'attachment; filename="notes-{desk.on}.xlsx"'}
    return HttpResponse(disclosure.workbook(told, desk.company.name), content_type=EXCEL, headers=headers)


# --- each table as a list --------------------------------------------------------------------------------------------


@page(
    "contract-balances",
    "revenue/balances",
    permission=disclosure.PERMISSION,
    title="契約残高の増減",
    template="web/pages/note.html",
)
def balances(desk: Desk) -> Shown:
    """The roll-forward of receivables, contract assets and liabilities as a list."""
    since = disclosure.first_of(desk.session, desk.on, _span(desk))
    found = contract_balances.contract_balances(desk.session, since, desk.on).frame
    named = found.with_row_index("at").with_columns(
        title=pl.col("balance").replace_strict(notes.BALANCES, return_dtype=pl.String),
        label=pl.col("cause").replace_strict(notes.CAUSES, return_dtype=pl.String),
    )
    columns = [
        Column("title", "残高"), Column("label", "増減の理由"), Column("amount", "金額(円)", "yen"),
        Column("books", "総勘定元帳(円)", "yen"), Column("difference", "差額(円)", "yen"),
    ]  # fmt: skip
    listing = table(desk, named, columns, key="at", name="contract-balances", empty=Empty("動きがありません。"))
    return _listed(desk, listing, "revenue/balances", f"{since:%Y/%m/%d}〜{desk.on:%Y/%m/%d}")


KINDS: Final = {"contract": "顧客との契約", "lease": "リース(対象外)"}
"""What the sections of balances are called."""


@page(
    "contract-positions", "revenue/balances/contracts", permission=disclosure.PERMISSION, title="契約ごとの残高",
    template="web/pages/note.html",
)  # fmt: skip
def positions(desk: Desk) -> Shown:
    """Contract assets and liabilities contract by contract, leases apart: they sum to the balances of the note."""
    since = disclosure.first_of(desk.session, desk.on, _span(desk))
    found = contract_balances.by_contract(desk.session, since, desk.on).with_row_index("at")
    named = found.with_columns(kind=pl.col("section").replace_strict(KINDS, return_dtype=pl.String))
    columns = [
        Column("contract_no", "契約", url=lambda row: desk.link(f"contracts/{quoted(row['contract_no'])}")),
        Column("partner", "取引先", url=lambda row: desk.link(f"partners/{quoted(row['partner'])}")),
        Column("kind", "区分"), Column("opening", "期首(円)", "yen", summed=True),
        Column("billed", "請求(円)", "yen", summed=True), Column("recognized", "収益(円)", "yen", summed=True),
        Column("of_opening", "うち期首残高から(円)", "yen", summed=True),
        Column("liability", "契約負債(円)", "yen", summed=True), Column("asset", "契約資産(円)", "yen", summed=True),
        Column("combined", "結合した契約と(円)", "yen", summed=True, hidden=True),
        Column("interest", "利息(円)", "yen", summed=True, hidden=True),
    ]  # fmt: skip
    listing = table(
        desk, named, columns, key="at", name="contract-positions", find=["contract_no", "partner"],
        filters=[Choice("section", "区分", tuple(KINDS.items()))], sort="-liability",
        empty=Empty("残高のある契約はありません。", "契約を見る", desk.link("contracts")),
    )  # fmt: skip
    return _listed(desk, listing, "revenue/balances/contracts", f"{since:%Y/%m/%d}〜{desk.on:%Y/%m/%d}")


@page(
    "remaining",
    "revenue/remaining",
    permission=disclosure.PERMISSION,
    title="残存履行義務",
    template="web/pages/note.html",
)
def obligations(desk: Desk) -> Shown:
    """What is still to become revenue as a list, split one way or another."""
    by = desk.ask("by") if desk.ask("by") in REMAINING_CUTS else "band"
    found = remaining.sums(desk.session, desk.on, by, list(_exempt(desk)))
    if by == "band":
        order = {name: at for at, name in enumerate(remaining.BANDS)}
        found = found.sort(pl.col("key").replace_strict(order, return_dtype=pl.Int64))
        found = found.with_columns(label=pl.col("key").replace_strict(notes.BANDS, return_dtype=pl.String))
    else:
        found = disclosure.labelled(desk.session, found, by)
    leads = (lambda row: desk.link(f"contracts/{quoted(row['key'])}")) if by == "contract" else None
    out = [Column(name.replace("-", "_"), f"除外: {title}(円)", "yen", summed=True)
           for name, title in disclosure.EXEMPT.items() if name in _exempt(desk)]  # fmt: skip
    columns = [
        Column("label", REMAINING_CUTS[by], url=leads), Column("amount", "残存履行義務(円)", "yen", summed=True),
        Column("billed", "うち請求済み(円)", "yen", summed=True), Column("unbilled", "うち未請求(円)", "yen", summed=True),
        *out, Column("lease", "リース(対象外)(円)", "yen", summed=True, hidden=not (found["lease"] != 0).any()),
    ]  # fmt: skip
    listing = table(
        desk, found, columns, key="key", name="remaining-obligations", find=["label", "key"],
        empty=Empty("まだ果たしていない履行義務はありません。", "契約を見る", desk.link("contracts")),
    )  # fmt: skip
    tabs = [{"title": f"{title}別", "url": desk.link("revenue/remaining", **_asked(desk, by=name)), "current": name == by}
            for name, title in REMAINING_CUTS.items()]  # fmt: skip
    return _listed(desk, listing, "revenue/remaining", f"{desk.on:%Y/%m/%d} 現在", tabs, spans=False)


@page(
    "revenue-split",
    "revenue/split",
    permission=disclosure.PERMISSION,
    title="収益の分解",
    template="web/pages/note.html",
)
def split(desk: Desk) -> Shown:
    """Revenue of the days split one way or another as a list, beside the same days a year ago."""
    by = desk.ask("by") if desk.ask("by") in notes.CUTS else "service"
    since = disclosure.first_of(desk.session, desk.on, _span(desk))
    found = revenue_by.split(desk.session, since, desk.on, by, "year")
    named = disclosure.labelled(desk.session, found, by).with_columns(
        change=pl.col("amount") - pl.col("previous"),
        kind=pl.col("section").replace_strict(notes.SECTIONS, return_dtype=pl.String),
        at=pl.concat_str("section", pl.lit(" "), "key"),
    )
    pages = {"product": "products", "partner": "partners", "contract": "contracts"}
    leads = (lambda row: desk.link(f"{pages[by]}/{quoted(row['key'])}")) if by in pages else None
    columns = [
        Column("label", notes.CUTS[by], url=leads), Column("kind", "区分"),
        Column("amount", "収益(円)", "yen", summed=True), Column("previous", "前年の同じ期間(円)", "yen", summed=True),
        Column("change", "差(円)", "yen", summed=True),
    ]  # fmt: skip
    listing = table(
        desk, named, columns, key="at", name="revenue-split", find=["label", "key"],
        empty=Empty("この期間に認識した収益はありません。", "収益認識を見る", desk.link("revenue")),
    )  # fmt: skip
    tabs = [{"title": f"{title}別", "url": desk.link("revenue/split", **_asked(desk, by=name)), "current": name == by}
            for name, title in notes.CUTS.items()]  # fmt: skip
    return _listed(desk, listing, "revenue/split", f"{since:%Y/%m/%d}〜{desk.on:%Y/%m/%d}", tabs)


def _listed(
    desk: Desk, listing: Any, path: str, days: str, tabs: list[dict[str, Any]] | None = None, *, spans: bool = True
) -> Shown:
    """The list with the days it is of and the ways to look at it otherwise."""
    answer = listed_as(listing)
    if isinstance(answer, HttpResponse):
        return answer
    over = [{"title": title, "url": desk.link(path, **_asked(desk, span=name)), "current": name == _span(desk)}
            for name, title in disclosure.SPANS.items()] if spans else []  # fmt: skip
    return answer | {
        "days": days,
        "tabs": tabs or [],
        "spans": over,
        "back": desk.link("revenue/disclosure", **_asked(desk, by="")),
    }
