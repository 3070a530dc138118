"""債権伝票を起票: one manual slip typed in, through the same door as a file of slips; another person approves it."""

from __future__ import annotations

import polars as pl
from django.http import HttpResponse

from urikake.base import runs
from urikake.base.bulk import Session
from urikake.base.company import accounts, policies
from urikake.core.search import meant
from urikake.doors import files
from urikake.rooms.intake.queries import Sheet
from urikake.rooms.receivables import queries as receivables
from urikake.rooms.receivables.actions import SLIPS

from .. import forms
from ..book import Deed, Shown, deed, page
from ..desk import Desk
from ..forms import Field, Group


def _groups(session: Session) -> tuple[Group, ...]:
    """The fields of a slip; its accounts are of the chart."""
    chart = [(name, name) for name in accounts(session)["name"]]
    return (
        Group("伝票", (
            Field("slip_no"), Field("partner", hint="コード・名前・カナのどれでも", pick="partners"), Field("date"),
            Field("account", options=chart), Field("credit_account", options=chart), Field("amount", hint="税込。円"), Field("tax"),
            Field("description", wide=True),
        )),
        Group("回収と区分", (
            Field("due", hint="空欄は取引先の支払条件のとおり"), Field("method", hint="空欄は取引先の支払条件のとおり"),
            Field("order_no"), Field("group"),
        )),
    )  # fmt: skip


@page(
    "slip-new",
    "receivables/new",
    permission="receivables.enter",
    title="債権伝票を起票",
    template="web/pages/form.html",
)
def new(desk: Desk) -> Shown:
    """An empty slip of today."""
    usual = {"date": desk.asof.today.isoformat(), "account": "売掛金", "credit_account": "売上高", "tax": "standard"}
    submit = "起票して承認に回す" if policies(desk.session).needs_second_person("receivables") else "起票する"
    back = desk.link("receivables")
    return {
        "form": forms.drawn(desk, SLIPS, _groups(desk.session), usual, submit=submit, back=back),
        "picks": forms.picks(partners=forms.partners(desk.session)),
    }


@deed("slip-new-save", "receivables/new", permission="receivables.enter", form="slip-new")
def add(doing: Deed) -> HttpResponse:
    """Enter the slip; it is posted once another person approved it, where the company wants that."""
    with runs.reading(doing.books, doing.person.name) as session:
        groups, known = _groups(session), forms.partners(session)
        second = policies(session).needs_second_person("receivables")
    row = forms.row(doing, SLIPS, groups)
    row["partner"] = meant(known, row["partner"])
    files.enter(
        doing.books, "receivables", [row], subject=f"伝票 {row['slip_no']}", user=doing.person.name,
        request=forms.once(doing, [row]), before=_new,
    )  # fmt: skip
    said = "ほかの人が承認すると、計上されます。" if second else "計上しました。"
    return doing.done(f"債権伝票 {row['slip_no']} を起票しました。{said}", "approvals" if second else "receivables")


def _new(session: Session, sheet: Sheet) -> None:
    """Note a slip number that is taken."""
    taken = receivables.slips(session)["slip_no"]
    sheet.check(
        pl.col("slip_no").is_in(taken.implode()), "slip_no", "この伝票番号は使われています。別の番号にしてください"
    )
