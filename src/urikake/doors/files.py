"""Files to actions: which file goes to which room."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

from urikake.base import runs
from urikake.base.bulk import Session
from urikake.base.progress import step
from urikake.rooms.catalog.actions import PRODUCTS, import_products
from urikake.rooms.closing.actions import enter, receive
from urikake.rooms.contracts.actions import CONTRACTS, EVENTS, import_contracts, import_events
from urikake.rooms.intake.actions import USERS, import_users
from urikake.rooms.intake.queries import Kind, Sheet, sheet
from urikake.rooms.parties.actions import PARTNERS, import_partners
from urikake.rooms.receipts.actions import RECEIPTS
from urikake.rooms.receivables.actions import OPENINGS, SLIPS
from urikake.rooms.usage.actions import USAGE, import_usage

Taker = Callable[..., int]

TAKERS: Final[dict[str, tuple[Kind, Taker, str]]] = {
    "partners": (PARTNERS, import_partners, "partners.import"),
    "products": (PRODUCTS, import_products, "products.import"),
    "contracts": (CONTRACTS, import_contracts, "contracts.import"),
    "events": (EVENTS, import_events, "contracts.change"),
    "usage": (USAGE, import_usage, "usage.import"),
    "receivables": (SLIPS, partial(enter, openings=False), "receivables.enter"),
    "openings": (OPENINGS, partial(enter, openings=True), "receivables.enter"),
    "users": (USERS, import_users, "users.import"),
}


def take(url: str, kind: str, file: Path, *, user: str = "system", preview: bool = False) -> int:
    """Take a file of the kind whole, or refuse it whole; return how many rows were new."""
    columns, taker, permission = TAKERS[kind]
    step("ファイルを読む")
    found = sheet(file, columns)
    with runs.run(url, f"import {kind}", subject=file.name, permission=permission, user=user, preview=preview) as (
        session,
        outcome,
    ):
        count = _taken(session, taker, found)
        outcome.figures["rows"] = count
    return count


def _taken(session: Session, taker: Taker, found: Sheet) -> int:
    return taker(session, sheet=found)


def take_receipts(url: str, file: Path, *, account: str, user: str = "system", preview: bool = False) -> dict[str, Any]:
    """Take a file of receipts on a bank account and post it to suspense."""
    step("ファイルを読む")
    found = sheet(file, RECEIPTS)
    with runs.run(url, "receipts", subject=file.name, permission="receipts.import", user=user, preview=preview) as (
        session,
        outcome,
    ):
        outcome.figures |= receive(session, sheet=found, account=account)
    return outcome.figures
