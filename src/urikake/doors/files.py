"""Files and forms to actions: which rows go to which room, tried before they are taken."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Mapping as AnyMapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import polars as pl

from urikake.base import access, runs
from urikake.base.bulk import Session
from urikake.base.errors import FileRefusal, Refusal, RowError
from urikake.base.progress import step
from urikake.doors.revision import today
from urikake.rooms.catalog.actions import OPTION_RULES, PRODUCTS, import_option_rules, import_products
from urikake.rooms.closing.actions import enter as enter_slips
from urikake.rooms.closing.actions import receive, receive_bank_file
from urikake.rooms.collecting.actions import COLLECTORS, MANDATES, import_collectors, import_mandates
from urikake.rooms.contracts.actions import CONTRACTS, EVENTS, import_contracts, import_events
from urikake.rooms.exports.actions import BALANCES, MAPPINGS, import_balances, import_journal, import_mappings
from urikake.rooms.exports.queries import JOURNAL
from urikake.rooms.intake.actions import USERS, import_users
from urikake.rooms.intake.actions import save_mapping as save
from urikake.rooms.intake.queries import (
    LINE,
    Kind,
    Mapping,
    Parts,
    Raw,
    Sheet,
    content,
    given,
    named,
    parts,
    raw,
    read,
    sheet,
    whole,
)
from urikake.rooms.obligations.actions import PERFORMED, import_progress
from urikake.rooms.parties.actions import HOLIDAYS, PARTNERS, import_holidays, import_partners
from urikake.rooms.receipts.queries import CSV, RECEIPTS, Brought, Format, brought, format_of, shown
from urikake.rooms.receivables.actions import OPENINGS, SLIPS
from urikake.rooms.refunds.actions import PAYEES, SENDERS, import_payees, import_senders
from urikake.rooms.usage.actions import USAGE, import_usage, import_usage_parts

Taker = Callable[..., int]

TAKERS: Final[dict[str, tuple[Kind, Taker, str]]] = {
    "partners": (PARTNERS, import_partners, "partners.import"),
    "holidays": (HOLIDAYS, import_holidays, "partners.import"),
    "collectors": (COLLECTORS, import_collectors, "collecting.import"),
    "mandates": (MANDATES, import_mandates, "collecting.import"),
    "payees": (PAYEES, import_payees, "refunds.ask"),
    "senders": (SENDERS, import_senders, "refunds.ask"),
    "export-mappings": (MAPPINGS, import_mappings, "exports.name"),
    "ledger-balances": (BALANCES, import_balances, "exports.export"),
    "ledger-journal": (JOURNAL, import_journal, "exports.export"),
    "products": (PRODUCTS, import_products, "products.import"),
    "option-rules": (OPTION_RULES, import_option_rules, "products.import"),
    "contracts": (CONTRACTS, import_contracts, "contracts.import"),
    "events": (EVENTS, import_events, "contracts.change"),
    "usage": (USAGE, import_usage, "usage.import"),
    "progress": (PERFORMED, import_progress, "revenue.recognize"),
    "receivables": (SLIPS, partial(enter_slips, openings=False), "receivables.enter"),
    "openings": (OPENINGS, partial(enter_slips, openings=True), "receivables.enter"),
    "users": (USERS, import_users, "users.import"),
}
PARTED: Final[dict[str, Taker]] = {"usage": import_usage_parts}
"""The kinds whose files may be too large for memory and are taken part by part."""
RECEIPT: Final = "receipts"
SUBJECT: Final = 120
"""How long the subject of a run may be; of a longer file name the end counts."""


def kind_of(name: str) -> Kind:
    """The kind of file of that name, receipts among them."""
    return RECEIPTS if name == RECEIPT else TAKERS[name][0]


def permission_of(name: str) -> str:
    """The permission that taking a file of that kind needs."""
    return "receipts.import" if name == RECEIPT else TAKERS[name][2]


def take(
    url: str,
    kind: str,
    file: Path,
    *,
    user: str = access.SYSTEM,
    preview: bool = False,
    mapping: Mapping | str | None = None,
) -> int:
    """Take a file of the kind whole, or refuse it whole; return how many rows were new.

    With a ``mapping``, or the name of one that was saved, the file's columns are matched with ours by it.
    """
    columns, _, permission = TAKERS[kind]
    step("ファイルを読む")
    matched = _looked_up(url, user, kind, mapping)
    found = parts(file, columns, matched) if kind in PARTED else whole(sheet(file, columns, matched))
    with runs.run(
        url, f"import {kind}", subject=file.name[-SUBJECT:], permission=permission, user=user, preview=preview
    ) as (
        session,
        outcome,
    ):
        count = _taken_parts(session, kind, found)
        outcome.figures["rows"] = count
    return count


def _taken_parts(session: Session, kind: str, found: Parts) -> int:
    """How many rows of the file were new."""
    if kind in PARTED:
        return PARTED[kind](session, parts=found)
    return sum(_taken(session, TAKERS[kind][1], each) for each in found.sheets)


def _looked_up(url: str, user: str, kind: str, mapping: Mapping | str | None) -> Mapping | None:
    """The mapping itself, where it was called by its name."""
    if not isinstance(mapping, str):
        return mapping
    with runs.reading(url, user) as session:
        return named(session, kind, mapping)


def _taken(session: Session, taker: Taker, found: Sheet) -> int:
    return taker(session, sheet=found)


def take_receipts(
    url: str,
    file: Path,
    *,
    account: str,
    format_: str = CSV,
    user: str = access.SYSTEM,
    preview: bool = False,
    mapping: Mapping | str | None = None,
    lenient: bool = False,
) -> dict[str, Any]:
    """Take a file of receipts on a bank account, in our columns or in a format of banks, and post it to suspense.

    ``lenient`` takes a Zengin file whose spaces at the end of lines were stripped.
    """
    step("ファイルを読む")
    found: Sheet | Brought
    if format_ == CSV:
        found = sheet(file, RECEIPTS, _looked_up(url, user, RECEIPT, mapping))
    else:
        found = brought(content(file), file.name, _format(url, user, format_), today(), lenient=lenient)
    with runs.run(
        url, "receipts", subject=file.name[-SUBJECT:], permission="receipts.import", user=user, preview=preview
    ) as (
        session,
        outcome,
    ):
        outcome.figures |= received(session, found, account)
    return outcome.figures


def _format(url: str, user: str, name: str) -> Format:
    """The format of banks of that name, shipped or the company's own."""
    with runs.reading(url, user) as session:
        return format_of(session, name)


def received(session: Session, found: Sheet | Brought, account: str) -> dict[str, Any]:
    """What came of receipts, posted to suspense."""
    if isinstance(found, Sheet):
        return receive(session, sheet=found, account=account)
    return receive_bank_file(session, brought=found, account=account)


@dataclass(frozen=True, slots=True)
class Tried:
    """What taking a file would come to: how many rows would be new and what else it tells, or all that is wrong with it."""

    new: int = 0
    errors: Sequence[RowError] = field(default_factory=list)
    refusal: Refusal | None = None
    figures: AnyMapping[str, int] = field(default_factory=dict)


def looked_at(data: bytes, name: str, format_: Format | None = None, *, lenient: bool = False) -> Raw:
    """The file as a table to look at: its own cells, or the movements that it tells where it is in a format of banks.

    The table of a bank's file that is refused is empty; what is wrong with it is told by `tried`.
    """
    if format_ is None:
        return raw(data, name)
    try:
        return replace(shown(brought(data, name, format_, today(), lenient=lenient)), data=data)
    except FileRefusal:
        return Raw(name, data, pl.DataFrame(schema={LINE: pl.Int64}), format_.title)


def tried(
    url: str,
    kind: str,
    found: Raw,
    *,
    mapping: Mapping,
    account: str = "",
    format_: Format | None = None,
    lenient: bool = False,
    user: str = access.SYSTEM,
) -> Tried:
    """What taking the file by the mapping would come to: done in full by the real actions, and undone."""
    try:
        read_ = (
            brought(found.data, found.name, format_, today(), lenient=lenient)
            if format_
            else read(found, kind_of(kind), mapping)
        )
        with runs.run(
            url, "try", subject=found.name[-SUBJECT:], permission=permission_of(kind), user=user, preview=True
        ) as (
            session,
            outcome,
        ):
            if isinstance(read_, Brought) or kind == RECEIPT:
                told = received(session, read_, account)
                outcome.figures |= told | {
                    "rows": told["receipts"] + told.get("cancelled", 0) + told.get("corrected", 0)
                }
            else:
                outcome.figures["rows"] = _taken(session, TAKERS[kind][1], read_)
    except FileRefusal as refusal:
        return Tried(errors=refusal.errors, refusal=refusal)
    except Refusal as refusal:
        return Tried(refusal=refusal)
    return Tried(new=outcome.figures.pop("rows"), figures=outcome.figures)


def enter(
    url: str,
    kind: str,
    rows: Sequence[AnyMapping[str, Any]],
    *,
    subject: str,
    user: str,
    request: runs.Request | None = None,
    before: Callable[[Session, Sheet], None] | None = None,
    after: Callable[[Session], None] | None = None,
) -> int:
    """Take rows that were typed into a form as if they stood in a file of the kind; return how many were new.

    ``before`` may note more that is wrong with them, to be told together with all else; ``after`` may refuse what was
    taken. A ``request`` that was answered before is not done again.
    """
    columns, taker, permission = TAKERS[kind]
    try:
        with runs.run(
            url, f"import {kind}", subject=subject[:SUBJECT], permission=permission, user=user, request=request
        ) as (
            session,
            outcome,
        ):
            found = given(rows, columns, subject)
            if before:
                before(session, found)
            outcome.figures["rows"] = _taken(session, taker, found)
            if after:
                after(session)
    except runs.Answered:
        return 0
    return int(outcome.figures["rows"])


def save_mapping(url: str, kind: str, name: str, mapping: Mapping, *, user: str = access.SYSTEM) -> bool:
    """Save a mapping for the kind under a name; return whether that changed anything."""
    with runs.run(url, "mapping", subject=f"{kind} {name}", permission="imports.map", user=user) as (session, _):
        return save(session, kind=kind_of(kind), name=name, mapping=mapping)
