"""``urikake explain REF``: why an amount is what it is, as a tree on the terminal or as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Final
from unicodedata import east_asian_width

import typer

from urikake.base.url import from_environment

from .main import app, instant
from .options import As, day, load
from .shown import Format

if TYPE_CHECKING:
    from urikake.rooms.reports.queries.explain import Cause, Explanation, Recorded, Step

WIDEST: Final = 64  # columns of a terminal that labels may take before their amounts move out of line
REF: Final = "請求書番号・charge-7・item-7・receipt-7・entry-7・contract:番号・balance:取引先:日付 など"


@app.command()
def explain(
    ref: Annotated[str, typer.Argument(help=REF)],
    as_of: Annotated[str | None, typer.Option("--as-of", help="この日の状態で")] = None,
    known_at: Annotated[str | None, typer.Option("--known-at", help="この時までに記録されたことだけで")] = None,
    short: Annotated[bool, typer.Option("--short", help="金額と照合と内訳だけ")] = False,
    format_: Annotated[Format, typer.Option("--format")] = Format.table,
    as_: As = "system",
) -> None:
    """金額の根拠を、式・もと・道すじで示し、計算し直して確かめる。"""
    load()
    from urikake.base import access, runs
    from urikake.rooms.reports.queries.explain import explain as why
    from urikake.rooms.reports.queries.explain import permission

    with runs.reading(from_environment(), as_, known_at=instant(known_at) if known_at else None) as session:
        access.allow(session, permission(ref))
        found = why(session, ref, day(as_of) if as_of else None)
    if format_ is Format.json:
        print(json.dumps(found.as_dict(), ensure_ascii=False))
    else:
        print("\n".join(line.rstrip() for line in lines(found, short=short)))


def lines(found: Explanation, *, short: bool = False) -> Iterator[str]:
    """The explanation as lines of text: amount, proof and tree, then sources, path and record where it is not ``short``."""
    yield f"{found.title}  [{found.ref}]"
    yield f"{_yen(found.amount)}  {_proof(found)}"
    yield from _tree(found.steps)
    if found.previous is not None:
        yield f"前回 {_yen(found.previous)}・差 {_yen(found.amount - found.previous)}  [{found.previous_ref}]"
    if short:
        return
    yield from _titled("もとになったもの", [(name, value) for name, value in found.sources])
    yield from _titled("道すじ", [_station(cause) for cause in found.path])
    if found.recorded:
        yield from _titled("記録", _kept(found.recorded))


def _proof(found: Explanation) -> str:
    return "✓ 再計算して一致しました" if found.equal else f"✗ 再計算すると {_yen(found.recomputed)} で、一致しません"


def _tree(steps: Sequence[Step]) -> Iterator[str]:
    """The steps as a tree whose amounts stand in one column."""
    rows = list(_branches(steps, ""))
    labels = min(max((width(head) for head, amount, _ in rows if amount), default=0), WIDEST)
    amounts = max((width(amount) for _, amount, _ in rows), default=0)
    for head, amount, ref in rows:
        gap = " " * (labels - width(head)) if amount else ""
        shown = f"{head}{gap}  {' ' * (amounts - width(amount))}{amount}" if amount else head
        yield f"{shown}  [{ref}]" if ref else shown


def _branches(steps: Sequence[Step], stem: str) -> Iterator[tuple[str, str, str]]:
    """Head, amount and reference of each row of the tree; a step's words stand on a row of their own."""
    for at, step in enumerate(steps, start=1):
        last = at == len(steps)
        below = stem + ("   " if last else "│  ")
        yield f"{stem}{'└' if last else '├'}─ {step.label}", "" if step.amount is None else _yen(step.amount), step.ref
        if step.words:
            yield f"{below}{'│' if step.parts else ' '}  {step.words}", "", ""
        yield from _branches(step.parts, below)


def _titled(title: str, rows: Sequence[tuple[str, str]]) -> Iterator[str]:
    """Names and values under a title, the values in one column."""
    if rows:
        yield title
        most = max(width(name) for name, _ in rows)
        yield from (f"  {name}{' ' * (most - width(name))}  {value}" for name, value in rows)


def _station(cause: Cause) -> tuple[str, str]:
    """A station of the path: what it is, and its reference, day, amount and actor."""
    parts = [f"[{cause.ref}]" if cause.ref else "", str(cause.on or ""), cause.by]
    if cause.amount is not None:
        parts.insert(2, _yen(cause.amount))
    return cause.label, " ".join(part for part in parts if part)


def _kept(kept: Recorded) -> list[tuple[str, str]]:
    """Who recorded it, when and in which run, and whether the chain still holds it."""
    from urikake.core.calendar import JAPAN

    at = kept.at.astimezone(JAPAN)
    state = "記録した時のまま" if kept.sealed else "記録した時の値と違います（urikake verify で確かめてください）"
    how = "まとまり全体のハッシュ" if kept.whole else "この行の印"
    return [
        ("いつ・だれが", f"{at:%Y-%m-%d %H:%M} {kept.actor}（実行 {kept.run}）"),
        ("ハッシュ連鎖", f"{kept.link} 番 {kept.head[:16]}… {how}: {state}"),
    ]


def width(text: str) -> int:
    """How many columns of a terminal the text takes: full-width characters take two.

    >>> width("請求書 A")
    8
    """
    return sum(2 if east_asian_width(character) in "WFA" and character not in "│├└─…" else 1 for character in text)


def _yen(amount: int) -> str:
    return f"△{-amount:,}円" if amount < 0 else f"{amount:,}円"
