"""返金: what is paid back, what waits for approval, the files for the bank, and a new request."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import polars as pl
from django.http import Http404, HttpResponse

from urikake.base import access, proposals
from urikake.base.company import policies
from urikake.base.errors import Refusal
from urikake.core import written
from urikake.doors import refunds as door
from urikake.rooms.closing.actions.refunds import NAME
from urikake.rooms.matching import queries as matching
from urikake.rooms.parties.queries import profiles
from urikake.rooms.receivables import queries as receivables
from urikake.rooms.refunds import queries as refunds
from urikake.rooms.refunds.actions.masters import NAME as PAYEE

from .. import forms
from ..book import Deed, Shown, deed, page
from ..desk import Desk, quoted, today
from ..table import Choice, Column, Empty, table
from .advances import titled

PLACE: Final = "receivables/refunds"
STATES: Final = (("unfiled", "振込待ち"), ("filed", "振込ファイル済"), ("came_back", "戻った"))
TONES: Final = {"振込待ち": "wait", "振込ファイル済": "good", "戻った": "bad"}
LAST: Final = 6


@page("refunds", PLACE, permission="refunds.read", title="返金")
def listed(desk: Desk) -> Shown:
    """Every refund dated by the day looked at or later, what waits for approval, and the files."""
    found = _refunds(desk)
    columns = [
        Column("number", "返金"),
        Column("name", "取引先", url=lambda row: desk.link(f"partners/{quoted(row['code'])}")),
        Column("pay_on", "支払日", "date"),
        Column("amount", "返金(円)", "yen", summed=True, ref=lambda row: f"refund-{row['number']}"),
        Column("account", "返金先口座"),
        Column("holder_kana", "受取人名"),
        Column("state_name", "状態", "state", tone=TONES),
        Column("file", "振込ファイル"),
        Column("why", "理由"),
        Column("returned_why", "戻ったわけ"),
        Column("code", "取引先コード", hidden=True),
    ]
    listing = table(
        desk, found, columns, key="number", name="refunds", filters=[Choice("state", "状態", STATES)],
        url=lambda row: desk.link(f"{PLACE}/{row['number']}"),
        find=["number", "name", "code", "amount", "account", "holder_kana"], sort="-pay_on",
        empty=Empty("返金はまだありません。", "返金を申請", desk.link(f"{PLACE}/new")),
    )  # fmt: skip
    if isinstance(listing, HttpResponse):
        return listing
    return {
        "table": listing,
        "waiting": _waiting(desk),
        "days": _days(found),
        "files": _files(desk),
        "senders": _senders(desk),
    }


def _refunds(desk: Desk) -> pl.DataFrame:
    """Every refund with its number, its account in one text, its file and its state in words."""
    account = pl.concat_str(
        pl.col("bank"),
        pl.lit("-"),
        pl.col("branch"),
        pl.lit(" "),
        pl.col("deposit"),
        pl.lit(" "),
        pl.col("bank_number"),
    )
    low = desk.session.low
    return refunds.standing(desk.session).with_columns(
        number=pl.col("refund_id") - low,
        file=pl.col("transfer_id") - low,
        account=account,
        state_name=pl.col("state").replace_strict(dict(STATES), return_dtype=pl.String),
    )


def _waiting(desk: Desk) -> list[dict[str, Any]]:
    """The refunds that wait for a second person; they are approved where all approvals are."""
    found = proposals.waiting(desk.session).filter(pl.col("kind") == NAME)
    return found.select("number", "text", "why", "actor").to_dicts()


def _days(found: pl.DataFrame) -> list[dict[str, Any]]:
    """The days with refunds that no file holds yet, by our account."""
    open_ = found.filter(pl.col("state") == "unfiled")
    return (
        open_.group_by("pay_on", "bank_account_id")
        .agg(count=pl.len(), amount=pl.col("amount").sum())
        .sort("pay_on")
        .to_dicts()
    )


def _files(desk: Desk) -> list[dict[str, Any]]:
    """The files, newest first; one of which a refund came back was ``sent``."""
    every = refunds.standing(desk.session)
    back = every.filter(pl.col("state") == "came_back").drop_nulls("transfer_id")["transfer_id"].unique().implode()
    made = refunds.transfers(desk.session).reverse().with_columns(sent=pl.col("transfer_id").is_in(back))
    return made.with_columns(number=pl.col("transfer_id") - desk.session.low).to_dicts()


def _senders(desk: Desk) -> list[dict[str, Any]]:
    """Our bank accounts, and who we are at the bank of each."""
    return refunds.senders(desk.session).to_dicts()


@page("refund-new", f"{PLACE}/new", permission="refunds.ask", title="返金を申請")
def new(desk: Desk) -> Shown:
    """The advances and credits of a partner to choose from, the account they go to, and what the partner still owes."""
    code = desk.ask("partner")
    picks = forms.picks(partners=forms.partners(desk.session))
    known = profiles(desk.session, "name").filter(pl.col("code") == code)
    shown: dict[str, Any] = {"asked": code, "picks": picks, "partner": None}
    if known.is_empty():
        return shown
    partner_id = known["partner_id"][0]
    payee = refunds.payees(desk.session).filter(pl.col("partner_id") == partner_id)
    kept = matching.advances(desk.session).filter((pl.col("partner_id") == partner_id) & (pl.col("left") > 0))
    owed = receivables.labels(desk.session, receivables.open_items(desk.session)).filter(
        pl.col("partner_id") == partner_id
    )
    sums = owed.group_by("number").agg(pl.col("balance").sum(), pl.col("posted_on").max()).sort("posted_on", "number")
    credits = sums.filter(pl.col("balance") < 0).with_columns(left=-pl.col("balance"))
    return shown | {
        "partner": known.row(0, named=True),
        "payee": payee.row(0, named=True) if payee.height else None,
        "advances": kept.select("name", "booked_on", "left", title=titled("name")).to_dicts(),
        "credits": credits.to_dicts(),
        "owing": int(sums.filter(pl.col("balance") > 0)["balance"].sum()),
        "accounts": refunds.senders(desk.session)["code"].to_list(),
        "approves": policies(desk.session).needs_second_person(NAME),
    }


@deed("refund-ask", f"{PLACE}/ask", permission="refunds.ask", form="refund-new")
def ask(doing: Deed) -> HttpResponse:
    """Ask for the refund of what is ticked, each with the amount that was typed for it."""
    typed = doing.request.POST
    of = [
        f"{name}={amount}" if (amount := written.number(typed.get(f"amount-{name}", ""))) else name
        for name in typed.getlist("of")
    ]
    on = _day(doing.field("on"), today(doing.company.code))
    told = door.ask(
        doing.books,
        doing.field("partner"),
        of,
        on,
        doing.field("why"),
        account=doing.field("account"),
        user=doing.person.name,
    )
    done = "申請しました。別の人の承認を待っています" if told["proposal"] else "計上しました"
    return doing.done(f"{told['amount']:,}円の返金を{done}。", PLACE)


def _day(typed: str, now: date) -> date:
    """The day however it is typed."""
    text = written.day(typed, now)
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Refusal("bad-date", f"「{text}」は日付ではありません。", "2026-06-15 の形で指定してください。") from None


@page("refund", f"{PLACE}/<int:number>", permission="refunds.read", title="返金")
def one(desk: Desk, number: int) -> Shown:
    """One refund: to which account, why, in which file, and what became of it."""
    found = _refunds(desk).filter(pl.col("number") == number)
    if found.is_empty():
        raise Http404(str(number))
    return {"refund": found.row(0, named=True), "page": {"title": f"返金 {number}", "name": "refund"}}


@deed("refund-return", f"{PLACE}/return", permission="refunds.ask")
def take_back(doing: Deed) -> HttpResponse:
    """Take back a refund whose money did not go."""
    number, on = _number(doing), doing.field("on")
    day = _day(on, today(doing.company.code)) if on else None
    told = door.take_back(doing.books, number, doing.field("why"), on=day, user=doing.person.name)
    return doing.done(
        f"返金 {number}（{told['amount']:,}円）を {told['on']} 付で取り消し、残高を戻しました。", f"{PLACE}/{number}"
    )


@deed("refund-file-make", f"{PLACE}/file", permission="refunds.transfer")
def make(doing: Deed) -> HttpResponse:
    """Make the file of a day's refunds."""
    on = _day(doing.field("on"), today(doing.company.code))
    told = door.file(doing.books, on, account=doing.field("account"), user=doing.person.name).figures
    return doing.done(
        f"振込ファイル {told['transfer']}（{told['transfers']:,}件 {told['amount']:,}円）を作りました。銀行に送ってください。",
        PLACE,
    )


@page("refund-file", f"{PLACE}/files/<int:number>.txt", permission="refunds.transfer", title="返金の振込ファイル")
def file(desk: Desk, number: int) -> Shown:
    """A file, as it was made."""
    found = refunds.transfers(desk.session).filter(pl.col("transfer_id") == desk.session.low + number)
    if found.is_empty():
        raise Http404(str(number))
    name = f"refund-{found['pay_on'][0]}-{number}.txt"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    kept = refunds.file_of(desk.session, found["transfer_id"][0])
    return HttpResponse(kept, content_type="application/octet-stream", headers=headers)


@deed("refund-withdraw", f"{PLACE}/withdraw", permission="refunds.transfer")
def withdraw(doing: Deed) -> HttpResponse:
    """Tell that a file was not sent to the bank."""
    number = _number(doing)
    door.withdraw(doing.books, number, doing.field("why"), user=doing.person.name)
    return doing.done(f"振込ファイル {number} を取り下げました。その返金は、次のファイルに入ります。", PLACE)


def _number(doing: Deed) -> int:
    if not doing.field("number").isdigit():
        raise Http404(doing.field("number"))
    return int(doing.field("number"))


def panel(desk: Desk, partner_id: int, code: str) -> dict[str, Any]:
    """The account that the partner is paid back to and its newest refunds; nothing for who may not see them."""
    if not access.may(desk.person.role, "refunds.read"):
        return {"payee": None, "refunds": [], "payee_waits": False}
    payee = refunds.payees(desk.session).filter(pl.col("partner_id") == partner_id)
    mine = _refunds(desk).filter(pl.col("partner_id") == partner_id).reverse().head(LAST)
    return {
        "payee": payee.row(0, named=True) if payee.height else None,
        "refunds": mine.to_dicts(),
        "payee_waits": any(code == row["partner"] for row in _payees_waiting(desk)),
    }


def _payees_waiting(desk: Desk) -> list[dict[str, Any]]:
    """The accounts of payees that wait for a second person."""
    return [row for content in proposals.asked(desk.session, PAYEE) for row in content["rows"]]
