"""What others collect for us, as runs: requests for debits and their files, results, settlements."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

import polars as pl

from urikake.base import access, runs
from urikake.base.bulk import Session
from urikake.base.errors import Refusal, cause_of
from urikake.base.progress import step
from urikake.rooms.closing import actions as steps
from urikake.rooms.collecting import actions
from urikake.rooms.intake.queries import Sheet, sheet

from .files import SUBJECT

REQUEST: Final = "debit-request"
WITHDRAW: Final = "debit-withdraw"
RESULT: Final = "debit-result"
SETTLEMENT: Final = "settlement"


@dataclass(frozen=True, slots=True)
class Requested:
    """What came of a request: its figures, its file (empty where nobody can be asked), and who is left out and why."""

    figures: dict[str, Any]
    file: bytes
    left_out: list[str]

    @property
    def name(self) -> str:
        """How the file is called where nobody says otherwise."""
        return f"debit-{self.figures.get('debit_on', '')}-{self.figures.get('request', 0)}.txt"


def request(
    url: str, collector: str, on: date, *, due: date | None = None, user: str = access.SYSTEM, preview: bool = False
) -> Requested:
    """Ask a collector to debit what is due; the same request again gives the same file and makes nothing."""
    subject = f"{collector} {on.isoformat()}"[:SUBJECT]
    with runs.run(url, REQUEST, subject=subject, permission="collecting.request", user=user, preview=preview) as (
        session,
        outcome,
    ):
        asked = actions.request_debits(session, collector=collector, on=on, due=due)
        outcome.figures |= figures(session, asked)
    return Requested(outcome.figures, asked.file, told(asked.left_out))


def figures(session: Session, asked: actions.Asked) -> dict[str, Any]:
    """A request in figures, with its number and its day."""
    left = {"left_out": asked.left_out["partner_id"].n_unique(), "left_amount": int(asked.left_out["balance"].sum())}
    if asked.request is None:
        return {"new": False, "debits": 0, "amount": 0, **left}
    request_id = asked.request["request_id"]
    return {
        "request": request_id - session.low,
        "debit_on": asked.request["debit_on"].isoformat(),
        "new": asked.new,
        "debits": asked.request["debit_count"],
        "amount": asked.request["amount"],
        "digest": asked.request["digest"],
        **left,
    }


def told(left_out: pl.DataFrame) -> list[str]:
    """Who is left out, how much that is, and why; one line a partner."""
    sums = left_out.group_by("code", "name", "reason", maintain_order=True).agg(pl.col("balance").sum())
    return [f"{code} {name}: {amount:,}円 {reason}。" for code, name, reason, amount in sums.iter_rows()]


def require_free(file: Path) -> None:
    """Return if a new file can be written there; refused where one is there, or there is no such folder to write to."""
    if file.exists():
        raise Refusal("file-exists", f"{file.name} はもうあります。", "別の名前か場所を指定してください。")
    if not file.absolute().parent.is_dir():
        raise Refusal(
            "cannot-write", f"{file.name} に書けません（フォルダーがありません）。", "書き出す先を確かめてください。"
        )


def write(file: Path, content: bytes) -> None:
    """Write the request file; refused where another one is there, for it may be what waits to be sent."""
    if file.exists() and file.read_bytes() != content:
        raise Refusal("file-exists", f"{file.name} はもうあります。", "別の名前か場所を指定してください。")
    try:
        file.write_bytes(content)
    except OSError as error:
        raise Refusal(
            "cannot-write", f"{file.name} に書けません（{cause_of(error)}）。", "書き出す先を確かめてください。"
        ) from None


def withdraw(url: str, number: int, why: str, *, user: str = access.SYSTEM) -> dict[str, Any]:
    """Withdraw a request that is not answered yet."""
    with runs.run(url, WITHDRAW, subject=str(number), permission="collecting.request", user=user) as (session, outcome):
        gone = actions.withdraw_request(session, request_id=session.low + number, why=why)
        outcome.figures |= {"debits": gone["debit_count"], "amount": gone["amount"]}
    return outcome.figures


def read(file: Path) -> bytes:
    """The bytes of a file that a person names."""
    try:
        return file.read_bytes()
    except OSError as error:
        raise Refusal(
            "no-file", f"{file} を開けません（{cause_of(error)}）。", "ファイルの場所を確かめてください。"
        ) from None


def result(
    url: str,
    content: bytes,
    name: str,
    *,
    fee: int = 0,
    payout_on: date | None = None,
    lenient: bool = False,
    user: str = access.SYSTEM,
    preview: bool = False,
) -> dict[str, Any]:
    """Take a result file and post what was paid; one that was taken already changes nothing."""
    with runs.run(url, RESULT, subject=name[-SUBJECT:], permission="collecting.settle", user=user, preview=preview) as (
        session,
        outcome,
    ):
        outcome.figures |= steps.take_debit_result(session, file=content, fee=fee, payout_on=payout_on, lenient=lenient)
    return outcome.figures


def settle(url: str, collector: str, file: Path, *, user: str = access.SYSTEM, preview: bool = False) -> dict[str, Any]:
    """Take a settlement file of a card processor or a courier and post it."""
    step("ファイルを読む")
    return settle_sheet(url, collector, sheet(file, actions.SETTLEMENT), user=user, preview=preview)


def settle_sheet(
    url: str, collector: str, found: Sheet, *, user: str = access.SYSTEM, preview: bool = False
) -> dict[str, Any]:
    """Take the rows of a settlement and post them."""
    subject = f"{collector} {found.name}"[:SUBJECT]
    with runs.run(url, SETTLEMENT, subject=subject, permission="collecting.settle", user=user, preview=preview) as (
        session,
        outcome,
    ):
        outcome.figures |= steps.take_settlement(session, sheet=found, collector=collector)
    return outcome.figures
