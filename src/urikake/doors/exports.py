"""Journals for the accounting package (仕訳出力), as runs: a file of what is new, names in the package, files made before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import polars as pl

from urikake.base import access, runs
from urikake.base.bulk import Session
from urikake.base.errors import Refusal
from urikake.rooms.exports import actions, queries
from urikake.rooms.intake.queries import Sheet
from urikake.rooms.intake.queries import named as named_mapping

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
        kind = "beancount" if told["target"] == queries.BEANCOUNT else "csv"
        return f"{told['target']}-{told['since']}-{told['until']}-{told['batch']}.{kind}"


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


Tied = tuple[dict[str, Any], list[dict[str, Any]], list[dict[str, Any]]]


def tie_out(url: str, found: Sheet, target: str, on: date, *, user: str = access.SYSTEM, preview: bool = False) -> Tied:
    """Tie the package's balances out against ours: figures (``off`` accounts that nothing explains), the accounts, no slips."""

    def make(session: Session) -> int:
        return actions.tie_out(session, sheet=found, target=target, on=on)

    return _tied(url, f"{target} {on}", make, user=user, preview=preview)


def tie_out_journal(
    url: str, file: tuple[str, bytes], target: str, span: tuple[date, date] | None = None, *, mapping: str | None = None,
    user: str = access.SYSTEM, preview: bool = False,
) -> Tied:  # fmt: skip
    """Tie the package's journal out: figures, the accounts month by month, and the slips that are not the same on both sides.

    ``file`` is its name and content. Without a ``span`` it is that of the months in it. ``mapping`` names other columns
    than the package's and ours.
    """
    with runs.reading(url, user) as session:
        columns = named_mapping(session, queries.JOURNAL.name, mapping) if mapping else None
    name, data = file
    came = queries.journal(data, name, target, columns)
    since, until = span or queries.months_of(came)

    def make(session: Session) -> int:
        return actions.tie_out_journal(session, came=came, target=target, since=since, until=until)

    return _tied(url, f"{target} {since} {until}", make, user=user, preview=preview)


def _tied(url: str, subject: str, make: Callable[[Session], int], *, user: str, preview: bool) -> Tied:
    """Run a comparison; its figures, accounts and slips."""
    with runs.run(url, TIE_OUT, subject=subject[:SUBJECT], permission="exports.export", user=user, preview=preview) as (
        session,
        outcome,
    ):
        number = make(session)
        lines, slips = queries.tied(session, number), queries.tied_slips(session, number)
        outcome.figures |= tied_figures(session, number)
    return outcome.figures, lines.to_dicts(), slips.to_dicts()


def tied_figures(session: Session, number: int) -> dict[str, Any]:
    """A comparison in figures: ``off`` accounts of ours that do not agree, and ``others`` that are not ours alone to prove."""
    lines = queries.tied(session, number)
    slips = queries.tied_slips(session, number)
    slips_of = dict(slips.unique(["kind", "slip", "on", "there_on", "row"]).group_by("kind").len().iter_rows())
    return {
        "tie_out": number - session.low, "accounts": lines.height, "off": queries.off(lines).height,
        "other_accounts": queries.off(lines, others=True).height,
        **{f"slips_{kind}": slips_of.get(kind, 0) for kind in queries.DIFFERENCES},
    }  # fmt: skip


def summary(figures: dict[str, Any]) -> str:
    """What came of a comparison, in words."""
    slips = "・".join(f"{word} {count:,}件" for word, count in counted(figures))
    told = f"差のある科目が {figures['off']} あります" if figures["off"] else "すべての科目が合っています"
    others = (
        f"ほかの科目の差 {figures['other_accounts']}（当社だけの科目ではありません）。"
        if figures["other_accounts"]
        else ""
    )
    return f"{told}{f'（{slips}）' if slips else ''}。{others}"


def counted(figures: dict[str, Any]) -> list[tuple[str, int]]:
    """How many slips differ in each way, in words; ways in which none does are left out."""
    found = [(word, figures[f"slips_{kind}"]) for kind, word in queries.DIFFERENCES.items()]
    return [(word, count) for word, count in found if count]


def spelt(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows with days as text, and kinds of differences in words."""
    return [
        {
            name: value.isoformat() if isinstance(value, date) else queries.DIFFERENCES.get(value, value) if name == "kind" else value
            for name, value in row.items()
        }
        for row in rows
    ]  # fmt: skip


def short(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows without explanations that explain nothing anywhere, and without names in the package that are ours."""
    idle = [
        name
        for name in ("not_exported", "moved", "missing", "extra", "changed")
        if not any(row.get(name) for row in rows)
    ]
    if all(row.get("called") == row.get("account") for row in rows):
        idle.append("account")
    return [{name: value for name, value in row.items() if name not in idle} for row in rows]


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
