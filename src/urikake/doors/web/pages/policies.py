"""方針: what the company has decided, each with its effect; changed by a proposal that another person approves."""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpResponse

from urikake.base import access, policies, proposals
from urikake.base.company import CHOICES, SECOND_PERSON
from urikake.doors import company

from ..book import Deed, Shown, deed, page
from ..desk import Desk

MANY: Final = "second_person"
NEWEST: Final = 20


@page("policies", "settings/policies", permission="settings.read", title="方針")
def listed(desk: Desk) -> Shown:
    """Every policy with its value, what it decides and the values it may take; what waits; what was changed before."""
    every = [told | {"choices": _choices(told)} for told in policies.listed(desk.session)]
    past = policies.history(desk.session).to_dicts()
    return {
        "changeable": [told for told in every if told["changeable"]],
        "fixed": [told for told in every if not told["changeable"]],
        "waiting": waiting(desk),
        "history": [row | {"title": policies.BY_KEY[row["key"]].title, "word": _word(row)} for row in past],
    }


def _word(row: dict[str, Any]) -> str:
    return policies.BY_KEY[row["key"]].word(row["value"])


def _choices(told: dict[str, Any]) -> list[dict[str, Any]]:
    """The values that a policy may take, in words, marked where it has them; none where it is written freely."""
    words, key = policies.BY_KEY[told["key"]].values, told["key"]
    values = SECOND_PERSON if key == MANY else CHOICES.get(key, ())
    held = told["value"].split(",")
    return [{"value": value, "label": words[value], "on": value in held} for value in values]


def waiting(desk: Desk) -> list[dict[str, Any]]:
    """The proposals that wait: what the person may do with each."""
    found = []
    for row in proposals.waiting(desk.session).iter_rows(named=True):
        own, kind = row["actor"] == desk.person.name, proposals.KINDS[row["kind"]]
        found.append(row | {"own": own, "decidable": not own and access.may(desk.person.role, kind.approval)})
    return found


def decided(desk: Desk) -> list[dict[str, Any]]:
    """The newest proposals that were decided, with who decided what."""
    found = proposals.decided(desk.session).head(NEWEST)
    return [row | {"verdict_label": proposals.VERDICTS[row["verdict"]]} for row in found.iter_rows(named=True)]


@deed("policies-change", "settings/policies/change", permission="settings.change")
def propose(doing: Deed) -> HttpResponse:
    """Ask for the values that are filled in; what stays as it is, is not part of it."""
    fields = doing.request.POST
    asked = {key: fields.get(key, "") for key, told in policies.BY_KEY.items() if told.changeable and key in fields}
    if MANY in asked:
        asked[MANY] = ",".join(filter(None, fields.getlist(MANY)))
    number = company.propose(doing.books, asked, why=doing.field("why"), user=doing.person.name)
    said = f"申請 {number} を出しました。別の人が承認すると変わります。" if number else "方針を変えました。"
    return doing.done(said, "settings/policies")


DONE: Final = {"approved": "承認しました", "returned": "差し戻しました", "withdrawn": "取り下げました"}


@deed("proposal-decide", "approvals/decide", permission="settings.read")
def decide(doing: Deed) -> HttpResponse:
    """Approve, return or withdraw a proposal; who may is the proposal's own rule."""
    verdict = doing.field("verdict")
    if verdict not in DONE or not doing.field("number").isdecimal():
        return doing.done("決めるものが選ばれていません。", "approvals")
    number = int(doing.field("number"))
    text = company.decide(doing.books, number, verdict, note=doing.field("note"), user=doing.person.name)  # type: ignore[arg-type]
    return doing.done(f"{DONE[verdict]}。{text}", "approvals")
