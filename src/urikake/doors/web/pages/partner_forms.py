"""取引先を登録・直す: one partner typed in, through the same door as a file of partners."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import polars as pl
from django.http import Http404, HttpResponse

from urikake.base import runs
from urikake.base.bulk import Session
from urikake.base.company import accounts
from urikake.base.errors import Refusal
from urikake.core import payer, terms
from urikake.core.formats import registration_number
from urikake.core.search import meant
from urikake.doors import files
from urikake.rooms.intake.queries import Sheet
from urikake.rooms.parties import queries as parties
from urikake.rooms.parties.actions import PARTNERS

from .. import forms
from ..book import Deed, Shown, deed, page
from ..desk import Desk, quoted
from ..forms import Field, Group

MOST: Final = 5
USUAL: Final = {
    "payment_months": 1, "payment_day": 31, "closing_day": 31, "holiday_shift": "none", "method": "transfer", "delivery": "paper",
    "receivable_account": "売掛金",
}  # fmt: skip


def _groups(session: Session, *, known: bool) -> tuple[Group, ...]:
    """The fields of a partner; the code of one that is ``known`` stays, the receivable account is one of the chart."""
    chart = [(name, name) for name in accounts(session)["name"]]
    return (
        Group("取引先", (
            Field("code", fixed=known), Field("name", hint="登録どおりの法人名"), Field("kana", hint="振込名義の照合にも使います"),
            Field("registration_number", hint="T と13桁"), Field("postal_code"), Field("address", wide=True), Field("email"),
        )),
        Group("請求と回収", (
            Field("closing_day", hint="20、月末は 31、複数は 10;20;31"),
            Field("payment_months", label="回収月", hint="締めた月から何か月後か", plain=True),
            Field("payment_day", hint="1〜28、月末は 31", plain=True), Field("holiday_shift", label="回収日が休日なら"),
            Field("method"), Field("delivery"), Field("peppol_id", hint="0188:法人番号。空欄は登録番号"),
            Field("invoice_grouping", hint="空欄は会社の方針"),
            Field("payer_names", hint="複数は ; で区切る", wide=True), Field("credit_limit"),
        )),
        Group("くわしい条件", (
            Field("bill_to", hint="請求書を別の取引先に送るとき", pick="partners"), Field("parent", pick="partners"),
            Field("split", hint="transfer:50%;densai:rest:60d"), Field("virtual_account"),
            Field("tax_unit", hint="納品書ごとなら、請求書は合計請求書になります"),
            Field("fee_bearer", hint="先方なら、手数料を引かれた入金を手数料とせず、足りない分を残します"),
            Field("minimum_invoice", hint="税込の円。満たない月は次の締めに繰り越す。空欄は会社の方針"),
            Field("receivable_account", options=chart),
        ), folded=True),
    )  # fmt: skip


@page("partner-new", "partners/new", permission="partners.import", title="取引先を登録", template="web/pages/form.html")
def new(desk: Desk) -> Shown:
    """An empty form with the usual terms."""
    return _form(desk, USUAL, "登録する", desk.link("partners"))


@page(
    "partner-edit",
    "partners/<path:code>/edit",
    permission="partners.import",
    title="取引先を直す",
    template="web/pages/form.html",
)
def edit(desk: Desk, code: str) -> Shown:
    """The partner as it stands, to be changed."""
    found = _standing(desk.session, code)
    if found is None:
        raise Http404(code)
    shown = _form(desk, found, "直す", desk.link(f"partners/{quoted(code)}"))
    return shown | {"page": {"title": f"{found['name']} を直す", "name": "partner-edit"}}


def _form(desk: Desk, values: dict[str, Any], submit: str, back: str) -> dict[str, Any]:
    return {
        "form": forms.drawn(
            desk, PARTNERS, _groups(desk.session, known="seen" in values), values, submit=submit, back=back
        ),
        "picks": forms.picks(partners=forms.partners(desk.session)),
    }


def _standing(session: Session, code: str) -> dict[str, Any] | None:
    """The newest profile of the partner as the row of a file, with the mark of that profile as ``seen``."""
    known = parties.profiles(session).join(parties.terms(session), on="terms_id", how="left")
    found = known.filter(pl.col("code") == code)
    if found.is_empty():
        return None
    row = found.row(0, named=True)
    names = dict(parties.codes(session).select("partner_id", "code").iter_rows())
    chart = dict(accounts(session).select("id", "name").iter_rows())
    return row | {
        "bill_to": names[row["bill_to_id"]] if row["bill_to_id"] != row["partner_id"] else "",
        "parent": names.get(row["parent_id"], ""),
        "receivable_account": chart[row["receivable_account_id"]],
        "closing_day": terms.closing_text(row["closing_mask"]),
        "seen": _mark(session, row["partner_id"]),
    }


def _mark(session: Session, partner_id: int) -> int:
    """The number of the partner's newest profile."""
    newest = session.value("SELECT max(id) AS top FROM parties_profile WHERE partner_id = ?", (partner_id,))
    return int(newest) - session.low


@deed("partner-new-save", "partners/new", permission="partners.import", form="partner-new")
def add(doing: Deed) -> HttpResponse:
    """Register the partner, unless it may be one that is there already and nobody said that it is not."""

    def sure(session: Session, row: dict[str, str]) -> None:
        if doing.field("sure") != "1":
            _ask_about_alike(session, row)

    return _saved(doing, doing.field("code"), _fresh, "登録しました", sure)


@deed("partner-edit-save", "partners/<path:code>/edit", permission="partners.import", form="partner-edit")
def change(doing: Deed, code: str) -> HttpResponse:
    """Give the partner what the form says, unless somebody else changed it meanwhile."""

    def unchanged(session: Session, sheet: Sheet) -> None:
        _require_unchanged(session, code, doing.field("seen"))

    return _saved(doing, code, unchanged, "直しました")


def _saved(
    doing: Deed,
    code: str,
    before: Callable[[Session, Sheet], None],
    done: str,
    after: Callable[[Session, dict[str, str]], None] | None = None,
) -> HttpResponse:
    with runs.reading(doing.books, doing.person.name) as session:
        groups, known = _groups(session, known=False), forms.partners(session)
    row = forms.row(doing, PARTNERS, groups) | {"code": code}
    row |= {name: meant(known, row[name]) for name in ("bill_to", "parent")}
    files.enter(
        doing.books, "partners", [row], subject=f"取引先 {code}", user=doing.person.name, request=forms.once(doing, [row]),
        before=before, after=(lambda session: after(session, row)) if after else None,
    )  # fmt: skip
    return doing.done(f"取引先 {row['name']} を{done}。", f"partners/{quoted(code)}")


def _require_unchanged(session: Session, code: str, seen: str) -> None:
    """Return if the partner is still as it stood when the form was drawn."""
    found = _standing(session, code)
    if found is not None and str(found["seen"]) != seen:
        raise Refusal(
            "changed-meanwhile",
            f"取引先 {found['name']} は、この画面を開いたあとに、ほかの人が直しました。",
            "いまの内容を別の画面で確かめ、開き直してから、もう一度直してください。",
        )


def _fresh(session: Session, sheet: Sheet) -> None:
    """Note a code that is taken."""
    taken = dict(forms.partners(session).select("code", "name").iter_rows())
    for code in set(sheet.frame["code"]) & set(taken):
        why = f"このコードは「{taken[code]}」が使っています。別のコードにするか、その取引先を開いて直してください"
        sheet.check(pl.col("code") == code, "code", why)


def _ask_about_alike(session: Session, row: dict[str, str]) -> None:
    """Return if no other partner is alike in name, kana or registration number; ask about those that are."""
    known = parties.profiles(session, "name, kana, registration_number")
    if alike := _alike(known.filter(pl.col("code") != row["code"]), row):
        raise Refusal(
            "maybe-same",
            f"同じ取引先が、もう登録されているかもしれません（{'、'.join(alike)}）。",
            "その取引先を確かめてください。別の取引先なら、下の「確かめました」に印を付けて、もう一度登録してください。",
        )


def _alike(known: pl.DataFrame, row: dict[str, str]) -> list[str]:
    """The partners that have the same name, kana or registration number, whatever the spelling and the legal form."""
    if known.is_empty():
        return []
    number = registration_number.normalised(row["registration_number"])
    same = pl.Series([False] * known.height)
    for name in ("name", "kana"):
        meant = payer.folded(pl.Series([row[name]]))[0]
        same |= (payer.folded(known[name]) == meant) & bool(meant)
    same |= (known["registration_number"] == number) & bool(number)
    return [f"{code} {name}" for code, name in known.filter(same).select("code", "name").head(MOST).iter_rows()]
