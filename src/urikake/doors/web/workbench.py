"""What the matching screen (入金消込) shows: the queue by kind, a receipt laid open, what is found, and who is on what."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Final

import polars as pl
from django.utils import timezone

from urikake.base import access
from urikake.base.company import accounts, policies
from urikake.core.calendar import JAPAN
from urikake.rooms.matching import queries as matching
from urikake.rooms.parties import queries as parties
from urikake.rooms.receipts import queries as receipts

from .desk import Desk
from .models import Looking
from .pages.partners import closing_words, pay_words

KINDS: Final = {
    "exact": "完全一致",
    "fee": "手数料差",
    "sum": "合算入金",
    "parts": "分割入金",
    "misc": "端数差",
    "withheld": "源泉徴収",
    "part": "一部入金",
    "over": "過入金",
    "duplicate": "二重の疑い",
    "ambiguous": "候補が複数",
    "none": "候補なし",
    "unknown": "名義不明",
}
TOGETHER: Final = ("exact", "fee")
"""The kinds that are confirmed as a whole."""
UNOFFERED: Final = ("none", "unknown")
DIFFERENCES: Final = (
    ("remain", "残す(一部入金・過入金)"),
    ("fee", "振込手数料"),
    ("discount", "売上値引"),
    ("misc", "雑損益"),
    ("withheld", "源泉徴収"),
    ("write-off", "貸倒"),
    ("advance", "前受金"),
)
STAYS: Final = timedelta(seconds=60)
"""For so long somebody is taken to be still on a receipt after they were last heard of."""
CONFIRMED: Final = 500
NEAR: Final = 6


def queue(desk: Desk) -> pl.DataFrame:
    """Every receipt that waits on the day: what it is, what it asks for (``kind``), and who holds it, ordered for work."""
    session = desk.session
    waiting = receipts.unapplied(session).filter(pl.col("received_on") <= desk.on)
    judged = matching.judged(session, desk.on).rows.select(
        "receipt_id", "kind", "difference", "candidates", "documents"
    )
    names = parties.profiles(session, "name, kana").select("partner_id", "code", partner_name="name", kana="kana")
    held = matching.held(session)
    order = {kind: at for at, kind in enumerate(KINDS)}
    found = (
        waiting.join(names, on="partner_id", how="left", maintain_order="left")
        .join(judged, on="receipt_id", how="left", maintain_order="left")
        .join(held, on="receipt_id", how="left", maintain_order="left")
        .with_columns(
            pl.col("kind").fill_null("none"),
            pl.col("state").fill_null(""),
            number=pl.col("receipt_id") - session.low,
        )
    )
    place = pl.col("kind").replace_strict(order, return_dtype=pl.Int64)
    return found.sort(place, "received_on", "receipt_id")


ROW: Final = [
    "number", "received_on", "payer", "unapplied", "amount", "code", "partner_name", "kana", "kind", "difference", "candidates",
    "documents", "state", "why", "actor",
]  # fmt: skip


def packed(found: pl.DataFrame) -> dict[str, Any]:
    """The queue as columns, as the script takes it."""
    return {name: (found[name].cast(pl.String) if name == "received_on" else found[name]).to_list() for name in ROW}


def since(on: date) -> date:
    """From which day on the progress counts what was confirmed: the month's."""
    return on.replace(day=1)


def progress(desk: Desk, found: pl.DataFrame) -> list[dict[str, Any]]:
    """How far the work is, in parts that add up: confirmed in the month, by itself and by hand, and all that waits."""
    done = matching.progress(desk.session, since(desk.on), desk.on)
    free = found.filter(pl.col("state") == "")
    none = pl.col("kind").is_in(UNOFFERED)
    parts = (
        ("auto", "自動確定", done.filter("automatic"), "amount"),
        ("hand", "手作業で確定", done.filter(~pl.col("automatic")), "amount"),
        ("todo", "要確認", free.filter(~none), "unapplied"),
        ("none", "候補なし", free.filter(none), "unapplied"),
        ("hold", "保留", found.filter(pl.col("state") != ""), "unapplied"),
    )
    told, at = [], 0
    for key, label, rows, column in parts:
        told.append({"key": key, "label": label, "count": rows.height, "sum": int(rows[column].sum()), "at": at})
        at += rows.height
    return told


def groups(found: pl.DataFrame) -> list[dict[str, Any]]:
    """The kinds of decision that there are, each with its count and sum and its rows."""
    free = found.filter(pl.col("state") == "")
    return [
        {
            "kind": kind,
            "label": KINDS[str(kind)],
            "count": rows.height,
            "sum": int(rows["unapplied"].sum()),
            "together": kind in TOGETHER,
            "rows": rows.head(100).to_dicts(),
            "seen": seen(rows) if kind in TOGETHER else [],
        }
        for (kind,), rows in free.group_by("kind", maintain_order=True)
    ]


def seen(rows: pl.DataFrame) -> list[list[Any]]:
    """The proposals of the rows as they are shown, for the form that confirms them."""
    return [list(row) for row in rows.select("number", "unapplied", "documents").iter_rows()]


def confirmed(desk: Desk) -> list[dict[str, Any]]:
    """The receipts of the month that were confirmed, newest first."""
    session = desk.session
    done = matching.progress(session, since(desk.on), desk.on).select("receipt_id", "automatic").tail(CONFIRMED)
    rows = receipts.receipts(session, "received_on BETWEEN ? AND ?", (since(desk.on), desk.on))
    rows = rows.join(done, on="receipt_id", maintain_order="left")
    names = parties.profiles(session, "name").select("partner_id", "code", partner_name="name")
    named = rows.with_columns(partner_id=receipts.payers(session, rows), number=pl.col("receipt_id") - session.low)
    named = named.join(names, on="partner_id", how="left", maintain_order="left").reverse()
    return [
        row | {"received_on": row["received_on"].isoformat()}
        for row in named.select(
            "number", "received_on", "payer", "amount", "code", "partner_name", "automatic"
        ).to_dicts()
    ]


# --- a receipt laid open -------------------------------------------------------------------------------------------


def laid_open(desk: Desk, number: int, partner: str = "") -> dict[str, Any] | None:
    """Everything about a receipt that a person decides by; ``partner`` looks at it as that partner's. None where there is none."""
    session = desk.session
    rows = receipts.receipts(session, "id = ?", (session.low + number,))
    if rows.is_empty():
        return None
    rows = rows.with_columns(partner_id=receipts.payers(session, rows))
    row = rows.row(0, named=True)
    left = session.value("SELECT unapplied FROM receipts_unapplied WHERE receipt_id = ?", (row["receipt_id"],)) or 0
    known = row["partner_id"]
    chosen = _partner_id(desk, partner) if partner else known
    documents = matching.open_documents(session, desk.on)
    proposals = _proposals(matching.candidates(session, str(number)), left, documents) if left else []
    if partner and chosen != known:
        proposals = [one for one in proposals if one["partner_id"] == chosen]
    return {
        "number": number,
        "payer": row["payer"],
        "reference": row["reference"],
        "received_on": row["received_on"].isoformat(),
        "amount": row["amount"],
        "unapplied": left,
        "line": _line(desk, row["receipt_id"]),
        "partner": _partner(desk, chosen, documents) if chosen is not None else None,
        "known": known is not None and chosen == known,
        "hold": _said(matching.last_hold(session, row["receipt_id"])),
        "note": _said(matching.notes(session, receipt_id=row["receipt_id"])),
        "proposals": proposals,
        "items": _items(desk, documents, chosen, proposals, left),
        "near": chosen is None,
        "history": _history(desk, row),
        "applied": applied(desk, row["receipt_id"]),
        "here": here(desk, number),
    }


def _partner_id(desk: Desk, code: str) -> int | None:
    found = parties.codes(desk.session).filter(pl.col("code") == code)
    return int(found["partner_id"][0]) if found.height else None


def _line(desk: Desk, receipt_id: int) -> dict[str, Any] | None:
    record = receipts.record_of(desk.session, receipt_id)
    if record is None:
        return None
    return {"line": record["line"], "bank": f"{record['payer_bank']} {record['payer_branch']}".strip()}


def _partner(desk: Desk, partner_id: int, documents: pl.DataFrame) -> dict[str, Any]:
    """The partner as it stands: name, what it owes, how it pays, the note on it."""
    profile = parties.profiles(desk.session, "name, terms_id").row(
        by_predicate=pl.col("partner_id") == partner_id, named=True
    )
    terms = parties.terms(desk.session).row(by_predicate=pl.col("terms_id") == profile["terms_id"], named=True)
    late = matching.days_late(desk.session, partner_id)
    return {
        "code": profile["code"],
        "name": profile["name"],
        "url": desk.way("partners.read", f"partners/{profile['code']}"),
        "open": int(documents.filter(pl.col("partner_id") == partner_id)["balance"].sum()),
        "late": None if late is None else round(late),
        "terms": f"{closing_words(terms['closing_mask'])}締め {pay_words(terms['payment_months'], terms['payment_day'])}",
        "note": _said(matching.notes(desk.session, partner_id=partner_id)),
    }


def _said(found: dict[str, Any] | None) -> dict[str, Any] | None:
    """A note or a hold, with when it was made in the words of the screen."""
    if found is None:
        return None
    plain = {key: value for key, value in found.items() if key not in ("recorded_at", "receipt_id")}
    return plain | {"at": f"{found['recorded_at'].astimezone(JAPAN):%Y/%m/%d %H:%M}"}


def _proposals(candidates: list[dict[str, Any]], left: int, documents: pl.DataFrame) -> list[dict[str, Any]]:
    """Up to three proposals, each with its documents, the difference, what is to become of it, and its words."""
    owner = dict(documents.select("number", "partner_id").iter_rows())
    found = []
    for one in candidates[:3]:
        numbers = list(dict.fromkeys(one["items"]))
        name, amount, *others = [*str(one["why"]).split("／"), "", ""][:3]
        found.append(
            {
                "documents": numbers,
                "amount": one["amount"],
                "difference": left - one["amount"],
                "partner_id": owner.get(numbers[0]) if numbers else None,
                "name": name,
                "why": amount,
                "others": others[0],
                "score": one["score"],
            }
        )
    return found


def _items(
    desk: Desk, documents: pl.DataFrame, partner_id: int | None, proposals: list[dict[str, Any]], left: int
) -> list[dict[str, Any]]:
    """What may be ticked: all that the partner and its group have open, what is proposed; of no partner, the nearest sums."""
    proposed = pl.col("number").is_in([number for one in proposals for number in one["documents"]])
    if partner_id is None:
        near = documents.filter(pl.col("balance") > 0).sort((pl.col("balance") - left).abs(), "due_on").head(NEAR)
        mine = pl.concat([documents.filter(proposed), near]).unique("number", maintain_order=True)
    else:
        group = matching.family(desk.session, partner_id)
        mine = documents.filter(pl.col("partner_id").is_in(group.implode()) | proposed)
    return listed(desk, mine, partner_id)


def listed(desk: Desk, documents: pl.DataFrame, partner_id: int | None = None) -> list[dict[str, Any]]:
    """The open documents as rows of the screen; those of the partner itself first."""
    told = matching.named_documents(desk.session, documents)
    if "name" not in told.columns:
        names = parties.profiles(desk.session, "name")
        told = told.join(names, on="partner_id", how="left", maintain_order="left")
    own = pl.col("partner_id") == (partner_id or 0)
    ordered = told.with_columns(own=own).sort(~own, "due_on", "number")
    return [
        {
            "number": row["number"],
            "due_on": row["due_on"].isoformat(),
            "claim": row["claim"],
            "about": row["about"],
            "code": row["code"],
            "partner": row["name"],
            "own": row["own"],
            "balance": row["balance"],
            "account": row["account"],
            "ref": _ref(row["source"], row["number"]),
            "why": "口座振替を依頼中です" if row["reserved"] else "",
        }
        for row in ordered.iter_rows(named=True)
    ]


def _ref(source: str, number: str) -> str:
    """By which reference a document's amount is explained."""
    return f"{source}:{number}" if source in ("slip", "opening") else str(number)


def _history(desk: Desk, row: dict[str, Any]) -> dict[str, Any]:
    """What came under the name before."""
    found = matching.under_name(desk.session, row["folded"], row["receipt_id"])
    names = dict(parties.profiles(desk.session, "name").select("partner_id", "name").iter_rows())
    rows = [
        {
            "on": f"{one['received_on']:%Y/%m/%d}",
            "number": one["receipt_id"] - desk.session.low,
            "amount": one["amount"],
            "partner": names.get(one["partner_id"], ""),
            "difference": one["difference"],
            "kind": one["difference_kind"],
        }
        for one in found.iter_rows(named=True)
    ]
    return {"times": int(found["times"][0]) if found.height else 0, "rows": rows}


def applied(desk: Desk, receipt_id: int) -> list[dict[str, Any]]:
    """The applications of the receipt, newest first, and whether each can be taken back."""
    every = matching.applications(desk.session, "receipt_id = ?", (receipt_id,))
    gone = set(every["reverses_id"].drop_nulls())
    return [
        {
            "number": row["application_id"] - desk.session.low,
            "on": row["applied_on"].isoformat(),
            "used": row["used"],
            "difference": row["difference"],
            "kind": row["difference_kind"],
            "stands": row["application_id"] not in gone,
        }
        for row in reversed(every.filter(pl.col("reverses_id").is_null()).to_dicts())
    ]


def found(desk: Desk, text: str) -> list[dict[str, Any]]:
    """What the text means of all that is open, and of what is not open the reason why it is not offered."""
    documents = matching.open_documents(desk.session, desk.on)
    rows = listed(desk, matching.found(desk.session, text, documents))
    closed = matching.settled(desk.session, text, desk.on)
    names = parties.profiles(desk.session, "name")
    gone = closed.join(names, on="partner_id", how="left", maintain_order="left")
    return rows + [
        {
            "number": row["number"], "due_on": row["due_on"].isoformat(), "about": "", "code": row["code"], "partner": row["name"],
            "own": False, "balance": 0, "account": "", "ref": "", "why": row["why"], "gone": True, "gross": row["gross"],
        }
        for row in gone.iter_rows(named=True)
    ]  # fmt: skip


def settings(desk: Desk) -> dict[str, Any]:
    """What the screen needs to show an entry before it is posted, and what the person may do."""
    chosen = policies(desk.session)
    return {
        "may": access.may(desk.person.role, "matching.apply") and not desk.asof.past,
        "person": desk.person.name,
        "fee": chosen["fee_account"],
        "tolerance": chosen.number("fee_tolerance"),
        "kinds": KINDS,
        "together": TOGETHER,
        "unoffered": UNOFFERED,
        "accounts": accounts(desk.session)["name"].to_list(),
    }


# --- other people's work -------------------------------------------------------------------------------------------


def sit(company: str, person: str, shown: str, receipt: int) -> None:
    """Note that the person is on the receipt; on none with 0."""
    if not receipt:
        Looking.objects.filter(company=company, person=person).delete()
        return
    now = timezone.now()
    known = Looking.objects.filter(company=company, person=person, receipt=receipt).update(at=now)
    if not known:
        fields = {"receipt": receipt, "shown": shown, "since": now, "at": now}
        Looking.objects.update_or_create(company=company, person=person, defaults=fields)


def others(company: str, person: str) -> list[dict[str, Any]]:
    """Who else is on which receipt now."""
    sitting = Looking.objects.filter(company=company, at__gte=timezone.now() - STAYS).exclude(person=person)
    return [
        {"receipt": one.receipt, "who": one.shown, "since": f"{one.since.astimezone(JAPAN):%H:%M}"} for one in sitting
    ]


def here(desk: Desk, number: int) -> list[dict[str, Any]]:
    """Who else is on this receipt."""
    return [one for one in others(desk.company.code, desk.person.name) if one["receipt"] == number]
