"""返金先口座 and 振込依頼人: typed into forms, through the same door as files."""

from __future__ import annotations

from typing import Any, Final

import polars as pl
from django.http import HttpResponse

from urikake.base import runs
from urikake.base.bulk import Session
from urikake.base.company import policies
from urikake.core.search import meant
from urikake.doors import files
from urikake.rooms.intake.queries import Kind
from urikake.rooms.parties.queries import codes
from urikake.rooms.refunds import queries as refunds
from urikake.rooms.refunds.actions import PAYEES, SENDERS

from .. import forms
from ..book import Deed, Shown, deed, page
from ..desk import Desk, quoted
from ..forms import Field, Group
from .refunds import PLACE

ACCOUNT: Final = (
    Group("返金先", (Field("partner", hint="コード・名前・カナのどれでも", pick="partners"),)),
    Group("口座", (
        Field("bank", hint="4桁"), Field("bank_name", hint="カナ。なくてもよい"), Field("branch", hint="3桁"),
        Field("branch_name", hint="カナ。なくてもよい"), Field("deposit"), Field("number", hint="7桁。足りなければ頭に 0"),
        Field("holder", hint="通帳のカナ", wide=True),
    )),
)  # fmt: skip


def _sender_groups(session: Session) -> tuple[Group, ...]:
    """The fields of who we are at a bank."""
    ours = [(code, code) for code in refunds.senders(session)["code"]]
    return (
        Group("振込依頼人", (
            Field("account", options=ours), Field("client_code", hint="銀行から渡された10桁"),
            Field("client_name", hint="カナ。空欄は口座の名義"), Field("bank_name", hint="カナ。なくてもよい"),
            Field("branch_name", hint="カナ。なくてもよい"), Field("line_end", options=(("crlf", "改行あり"), ("none", "改行なし"))),
        )),
    )  # fmt: skip


def _form(
    desk: Desk, kind: Kind, groups: tuple[Group, ...], values: dict[str, Any], back: str, submit: str
) -> dict[str, Any]:
    return {
        "form": forms.drawn(desk, kind, groups, values, submit=submit, back=back),
        "picks": forms.picks(partners=forms.partners(desk.session)),
    }


@page(
    "payee-edit", f"{PLACE}/payees", permission="refunds.ask", title="返金先口座の登録", template="web/pages/form.html"
)
def payee(desk: Desk) -> Shown:
    """The account that a partner is paid back to as it stands, or an empty one."""
    code = desk.ask("partner")
    values: dict[str, Any] = {"partner": code, "deposit": "普通"}
    standing = refunds.payees(desk.session).join(codes(desk.session), on="partner_id").filter(pl.col("code") == code)
    for row in standing.iter_rows(named=True):
        values |= {name: row[name] for name in ("bank", "bank_name", "branch", "branch_name", "deposit")}
        values |= {"number": row["bank_number"], "holder": row["holder_kana"]}
    known = codes(desk.session)["code"]
    back = desk.link(f"partners/{quoted(code)}") if code in known else desk.link(PLACE)
    return _form(desk, PAYEES, ACCOUNT, values, back, "承認に回す" if _approved(desk.session) else "登録する")


def _approved(session: Session) -> bool:
    return policies(session).needs_second_person("bank-account")


@deed("payee-save", f"{PLACE}/payees", permission="refunds.ask", form="payee-edit")
def save_payee(doing: Deed) -> HttpResponse:
    """Ask for the account as the form says; it holds at once where no second person is wanted."""
    with runs.reading(doing.books, doing.person.name) as session:
        known, second = forms.partners(session), _approved(session)
    row = forms.row(doing, PAYEES, ACCOUNT)
    row["partner"] = meant(known, row["partner"])
    _enter(doing, "payees", row, f"返金先口座 {row['partner']}")
    said = "承認に回しました。別の人が承認すると使えます。" if second else "登録しました。"
    return doing.done(f"{row['partner']} の返金先口座を{said}", f"partners/{quoted(row['partner'])}")


@page(
    "sender-edit",
    f"{PLACE}/senders",
    permission="refunds.ask",
    title="振込依頼人の登録",
    template="web/pages/form.html",
)
def sender(desk: Desk) -> Shown:
    """Who we are at the bank of an account, as it stands."""
    code = desk.ask("account") or "main"
    values: dict[str, Any] = {"account": code, "line_end": "crlf"}
    for row in refunds.senders(desk.session).filter(pl.col("code") == code).iter_rows(named=True):
        told = ("client_code", "client_name", "bank_name", "branch_name", "line_end")
        values |= {name: row[name] for name in told if row[name] is not None}
    return _form(desk, SENDERS, _sender_groups(desk.session), values, desk.link(PLACE), "登録する")


@deed("sender-save", f"{PLACE}/senders", permission="refunds.ask", form="sender-edit")
def save_sender(doing: Deed) -> HttpResponse:
    """Register who we are as the form says."""
    with runs.reading(doing.books, doing.person.name) as session:
        groups = _sender_groups(session)
    row = forms.row(doing, SENDERS, groups)
    _enter(doing, "senders", row, f"振込依頼人 {row['account']}")
    return doing.done(f"銀行口座 {row['account']} の振込依頼人を登録しました。", PLACE)


def _enter(doing: Deed, kind: str, row: dict[str, str], subject: str) -> None:
    files.enter(doing.books, kind, [row], subject=subject, user=doing.person.name, request=forms.once(doing, [row]))
