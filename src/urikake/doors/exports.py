"""Journals for the accounting package (仕訳出力), as runs: a file of what is new, names in the package, files made before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import polars as pl

from urikake.base import access, runs
from urikake.base.bulk import Session
from urikake.base.errors import Refusal
from urikake.rooms.exports import actions, queries
from urikake.rooms.intake.queries import Sheet

from .files import SUBJECT

EXPORT: Final = "export"
TIE_OUT: Final = "tie-out"


@dataclass(frozen=True, slots=True)
class Made:
    """What came of an export: its figures (``entries`` 0 where nothing is new), and the bytes of the file."""

    figures: dict[str, Any]
    file: bytes

    @property
    def name(self) -> str:
        """How the file is called where nobody says otherwise."""
        told = self.figures
        return f"{told['target']}-{told['since']}-{told['until']}-{told['batch']}.csv"


def named(session: Session, number: int) -> str:
    """How the file of that number is called."""
    row = queries.batches(session).filter(pl.col("batch_id") == session.low + number).row(0, named=True)
    return Made(figures(session, actions.Exported(row, b"")), b"").name


def export(
    url: str, target: str, since: date, until: date, *, style: str = "detail", again: bool = False, user: str = access.SYSTEM,
    preview: bool = False,
) -> Made:  # fmt: skip
    """Make the file of what no file of the package holds yet, from day to day; ``again``, of all."""
    subject = f"{target} {since} {until}"[:SUBJECT]
    with runs.run(url, EXPORT, subject=subject, permission="exports.export", user=user, preview=preview) as (
        session,
        outcome,
    ):
        made = actions.export(session, target=target, since=since, until=until, style=style, again=again)
        outcome.figures |= figures(session, made)
    return Made(outcome.figures, made.file if made else b"")


def figures(session: Session, made: actions.Exported | None) -> dict[str, Any]:
    """An export in figures."""
    if made is None:
        return {"entries": 0, "rows": 0, "amount": 0}
    told = made.batch
    return {
        "batch": told["batch_id"] - session.low, "target": told["target"], "since": told["since_on"].isoformat(),
        "until": told["until_on"].isoformat(), "style": told["style"], "again": told["again"], "entries": told["entry_count"],
        "rows": told["row_count"], "amount": told["amount"], "digest": told["digest"],
    }  # fmt: skip


def tie_out(
    url: str, found: Sheet, target: str, on: date, *, user: str = access.SYSTEM, preview: bool = False
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Tie the package's balances out against ours: figures (``off`` accounts that nothing explains), and the accounts."""
    subject = f"{target} {on}"[:SUBJECT]
    with runs.run(url, TIE_OUT, subject=subject, permission="exports.export", user=user, preview=preview) as (
        session,
        outcome,
    ):
        made = actions.tie_out(session, sheet=found, target=target, on=on)
        number = int(made["tie_out_id"][0]) if made.height else 0
        rows = queries.tied(session, number) if number else queries.tied(session, 0)
        off = rows.filter(pl.col("unexplained") != 0)
        outcome.figures |= {
            "tie_out": number - session.low if number else 0,
            "accounts": rows.height,
            "off": off.height,
        }
    return outcome.figures, rows.to_dicts()


def file_of(url: str, number: int, *, user: str = access.SYSTEM) -> Made:
    """A file that was made, by its number, with its figures; refused where there is none."""
    with runs.reading(url, user) as session:
        access.allow(session, "exports.read")
        found = queries.batches(session).filter(pl.col("batch_id") == session.low + number)
        if found.is_empty():
            raise Refusal(
                "no-export", f"仕訳のファイル「{number}」はありません。", "番号を仕訳出力の画面で確かめてください。"
            )
        row = found.row(0, named=True)
        return Made(figures(session, actions.Exported(row, b"")), queries.file_of(session, row["batch_id"]))
