"""The first bill rehearsed: a closing billed as drafts, never kept, and held against the last bill of the old system."""

from __future__ import annotations

from datetime import date
from typing import Final

import polars as pl

from urikake.base.access import action
from urikake.base.bulk import Session
from urikake.base.errors import Refusal
from urikake.base.progress import step
from urikake.core import cells
from urikake.rooms.billing import queries as charged
from urikake.rooms.intake.queries import Column, Kind, Sheet
from urikake.rooms.invoices import actions as invoices
from urikake.rooms.invoices import queries as papers

from ..queries import rehearsal
from .bills import bill

OLD_BILLS: Final = Kind(
    "old-bills",
    (
        Column("partner", "取引先コード", required=True),
        Column("billed", "請求額", cells.amount, required=True),
        Column("contract_no", "契約番号"),
        Column("product", "商品コード"),
    ),
)
LINE: Final = (
    "partner_id", "contract_id", "product_id", "closing_on", "from_on", "to_on", "numerator", "denominator", "discount_rate",
    "discount_cut", "net", "tax_amount",
)  # fmt: skip


@action("billing.run")
def rehearse(session: Session, *, closing_on: date, sheet: Sheet) -> pl.DataFrame:
    """What the closing bills held against the rows of the sheet (`OLD_BILLS`); see `rehearsal.compared`.

    It is done in a run that is undone: the closing is billed to see what it comes to. What was issued of it already counts.
    The amounts of the sheet are with tax; rows that name the same are summed.
    """
    for name in ("contract_no", "product"):
        some = sheet.frame[name].is_not_null().any()
        sheet.check(
            pl.col(name).is_null() & some, name, "ほかの行には書いてあります。すべての行に書くか、列を外してください"
        )
    good = sheet.sift()
    sheet.accept()
    if good.is_empty():
        raise Refusal("no-rows", f"{sheet.name} に行がありません。", "旧システムの請求の一覧を選んでください。")
    bill(session, closing_on=closing_on, issue=False)
    step("旧システムの請求と比べる")
    lines = rehearsal.named(session, pl.concat([_drafted(session, closing_on), _issued(session, closing_on)]))
    told = [name for name in ("contract_no", "product") if good[name].is_not_null().any()]
    return rehearsal.compared(session, lines, good.select("partner", *told, amount="billed"), closing_on)


def _drafted(session: Session, closing_on: date) -> pl.DataFrame:
    """The lines that the drafts of the closing would have on invoices, those of earlier closings that were carried on to it too."""
    own = charged.waiting(session).filter(pl.col("closing_on") == closing_on)
    mine = pl.concat([charged.carried_to(session, closing_on).select(own.columns), own])
    if mine.is_empty():
        return _no_lines(session)
    return invoices.documents(session, mine, closing_on).select(LINE)


def _issued(session: Session, closing_on: date) -> pl.DataFrame:
    """The lines of the invoices of the closing that are issued already."""
    heads = papers.at_closing(session, closing_on)
    return papers.lines(session, heads).select(LINE) if heads.height else _no_lines(session)


def _no_lines(session: Session) -> pl.DataFrame:
    empty = papers.lines(session, papers.invoices(session, "1 = 0"))
    return empty.select(LINE)
