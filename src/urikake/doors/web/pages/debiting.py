"""口座の登録と収納機関: typed into forms, through the same door as files; and how a partner is debited, on its page."""

from __future__ import annotations

from typing import Any, Final

import polars as pl
from django.http import HttpResponse

from urikake.base import access, runs
from urikake.base.bulk import Session
from urikake.core.formats import zengin91
from urikake.core.search import meant
from urikake.doors import files
from urikake.rooms.collecting import queries as collecting
from urikake.rooms.collecting.actions import ALWAYS, COLLECTORS, MANDATES
from urikake.rooms.intake.queries import Kind

from .. import forms
from ..book import Deed, Shown, deed, page
from ..desk import Desk, quoted
from ..forms import Field, Group

LAST: Final = 6
DIRECT: Final = "口座振替"
KIND_WORDS: Final = (("debit", "口座振替"), ("card", "カード"), ("cod", "代引"))
STOPPED_WORDS: Final = (("no", "引き落とす"), ("yes", "止める"))


def panel(desk: Desk, partner: dict[str, Any]) -> dict[str, Any]:
    """The partner's mandate and its newest debits; nothing for who may not see them, or where there is none to be."""
    if not access.may(desk.person.role, "collecting.read"):
        return {"mandate": None}
    mine = collecting.mandates(desk.session).filter(pl.col("partner_id") == partner["partner_id"])
    if mine.is_empty():
        return {"mandate": {} if partner["method_name"] == DIRECT else None}
    names = collecting.collectors(desk.session).select("collector_id", collector="name")
    found = mine.join(names, on="collector_id", how="left")
    debits = collecting.debits_of(desk.session, partner["partner_id"]).head(LAST)
    return {"mandate": found.row(0, named=True), "debits": [_told(desk, row) for row in debits.iter_rows(named=True)]}


def _told(desk: Desk, row: dict[str, Any]) -> dict[str, Any]:
    """A debit with its request's number and its state in words."""
    code = row["result"]
    state = (
        "取り下げ" if row["state"] == "withdrawn" else "結果待ち" if code is None else "振替不能" if code else "振替済"
    )
    reason = zengin91.RESULTS[code] if code else ""
    return row | {"number": row["request_id"] - desk.session.low, "state_name": state, "reason": reason}


def _collector_groups(session: Session) -> tuple[Group, ...]:
    """The fields of a collector."""
    return (
        Group("収納機関", (
            Field("partner", hint="先に取引先として登録します。コード・名前・カナのどれでも", pick="partners"),
            Field("kind", options=KIND_WORDS, leads=True),
            Field("payout_days", hint="引落日から何日後か。銀行の休業日なら次の営業日", plain=True),
        )),
        Group("依頼ファイルの見出し", (
            Field("client_code", hint="収納機関から渡された10桁", when=("debit",)), Field("client_name", hint="カナ", when=("debit",)),
            Field("bank", hint="4桁", when=("debit",)), Field("bank_name", hint="カナ。なくてもよい", when=("debit",)),
            Field("branch", hint="3桁", when=("debit",)), Field("branch_name", hint="カナ。なくてもよい", when=("debit",)),
            Field("deposit", when=("debit",)), Field("number", hint="7桁。なくてもよい", when=("debit",)),
            Field("line_end", options=(("crlf", "改行あり"), ("none", "改行なし")), when=("debit",)),
        )),
    )  # fmt: skip


def _mandate_groups(session: Session) -> tuple[Group, ...]:
    """The fields of a mandate."""
    debiting = collecting.collectors(session).filter(pl.col("kind") == "debit")
    theirs = list(debiting.select("code", "name").iter_rows())
    return (
        Group("口座振替の登録", (
            Field("partner", hint="コード・名前・カナのどれでも", pick="partners"), Field("collector", options=theirs),
            Field("customer_no", hint="収納機関に届けた番号。空欄は取引先コード"), Field("valid_from", hint="空欄はすぐ"),
        )),
        Group("口座", (
            Field("bank", hint="4桁"), Field("bank_name", hint="カナ。なくてもよい"), Field("branch", hint="3桁"),
            Field("branch_name", hint="カナ。なくてもよい"), Field("deposit"), Field("number", hint="7桁。足りなければ頭に 0"),
            Field("holder", hint="通帳のカナ", wide=True),
        )),
        Group("止める", (Field("stopped", options=STOPPED_WORDS), Field("reason", wide=True)), folded=True),
    )  # fmt: skip


def _form(desk: Desk, kind: Kind, groups: tuple[Group, ...], values: dict[str, Any], back: str) -> dict[str, Any]:
    return {
        "form": forms.drawn(desk, kind, groups, values, submit="登録する", back=back),
        "picks": forms.picks(partners=forms.partners(desk.session)),
    }


@page(
    "collector-edit", "debits/collectors", permission="collecting.import", title="収納機関を登録",
    template="web/pages/form.html",
)  # fmt: skip
def collector(desk: Desk) -> Shown:
    """A collector as it stands, or an empty one for direct debit."""
    found = collecting.collectors(desk.session).filter(pl.col("code") == desk.ask("collector"))
    usual = {"kind": "debit", "payout_days": 0, "line_end": "crlf", "deposit": "普通"}
    row = found.row(0, named=True) if found.height else {}
    values = usual | row | {"partner": row.get("code", desk.ask("collector")), "number": row.get("bank_number", "")}
    return _form(desk, COLLECTORS, _collector_groups(desk.session), values, desk.link("debits"))


@deed("collector-save", "debits/collectors", permission="collecting.import", form="collector-edit")
def save_collector(doing: Deed) -> HttpResponse:
    """Register the collector as the form says."""
    with runs.reading(doing.books, doing.person.name) as session:
        groups, known = _collector_groups(session), forms.partners(session)
    row = forms.row(doing, COLLECTORS, groups)
    row["partner"] = meant(known, row["partner"])
    _enter(doing, "collectors", row, f"収納機関 {row['partner']}")
    return doing.done(f"収納機関 {row['partner']} を登録しました。", "debits")


@page(
    "mandate-edit", "debits/mandates", permission="collecting.import", title="口座振替の登録",
    template="web/pages/form.html",
)  # fmt: skip
def mandate(desk: Desk) -> Shown:
    """A partner's mandate as it stands, or an empty one; what was stopped is debited again once it is registered."""
    code = desk.ask("partner")
    owner = forms.partners(desk.session).filter(pl.col("code") == code)
    values: dict[str, Any] = {"partner": code, "deposit": "普通", "stopped": "no"}
    names = collecting.collectors(desk.session).select("collector_id", collector="code")
    codes = desk.session.table("parties_partner", "id, code").rename({"id": "partner_id"})
    standing = collecting.mandates(desk.session).join(codes, on="partner_id").filter(pl.col("code") == code)
    for row in standing.join(names, on="collector_id", how="left").iter_rows(named=True):
        since = row["valid_from_on"] if row["valid_from_on"] > ALWAYS else None
        values |= {name: row[name] for name in ("collector", "bank", "bank_name", "branch", "branch_name", "deposit")}
        values |= {"number": row["bank_number"], "holder": row["holder_kana"], "valid_from": since}
        values |= {"customer_no": row["customer_no"]}
    back = desk.link(f"partners/{quoted(code)}") if owner.height else desk.link("debits")
    return _form(desk, MANDATES, _mandate_groups(desk.session), values, back)


@deed("mandate-save", "debits/mandates", permission="collecting.import", form="mandate-edit")
def save_mandate(doing: Deed) -> HttpResponse:
    """Register the mandate as the form says."""
    with runs.reading(doing.books, doing.person.name) as session:
        groups, known = _mandate_groups(session), forms.partners(session)
    row = forms.row(doing, MANDATES, groups)
    row["partner"] = meant(known, row["partner"])
    _enter(doing, "mandates", row, f"口座振替 {row['partner']}")
    said = (
        "を止めました。振込で回収します。"
        if row["stopped"] == "yes"
        else "を登録しました。次の依頼から引き落とします。"
    )
    return doing.done(f"{row['partner']} の口座{said}", f"partners/{quoted(row['partner'])}")


def _enter(doing: Deed, kind: str, row: dict[str, str], subject: str) -> None:
    files.enter(doing.books, kind, [row], subject=subject, user=doing.person.name, request=forms.once(doing, [row]))
