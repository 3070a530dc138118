"""``urikake explain REF``: why an amount is what it is, on the terminal."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from urikake.base.url import from_environment

from .main import app, instant
from .options import As, load
from .shown import Format

if TYPE_CHECKING:
    from urikake.rooms.reports.queries.explain import Explanation, Step


@app.command()
def explain(
    ref: Annotated[str, typer.Argument(help="請求書番号・charge-7・item-7・receipt-7・entry-7・contract:番号 など")],
    known_at: Annotated[str | None, typer.Option("--known-at", help="この時までに記録されたことだけで")] = None,
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
        found = why(session, ref)
    if format_ is Format.json:
        print(json.dumps(found.as_dict(), ensure_ascii=False))
    else:
        print("\n".join(lines(found)))


def lines(found: Explanation) -> list[str]:
    """The explanation as lines of text."""
    said = "✓ 計算し直して一致しました" if found.equal else f"計算し直すと {_yen(found.recomputed)} で、一致しません"
    shown = [f"{found.title}: {_yen(found.amount)}", f"  {said}"]
    for step in found.steps:
        shown += _step(step, "  ")
    shown += [f"  {name}: {value}" for name, value in found.sources]
    for cause in found.path:
        parts = [
            cause.label,
            cause.ref,
            str(cause.on or ""),
            _yen(cause.amount) if cause.amount is not None else "",
            cause.by,
        ]
        shown.append("  → " + " ".join(part for part in parts if part))
    if found.recorded:
        kept = found.recorded
        shown.append(
            f"  記録 {kept.at:%Y-%m-%d %H:%M} {kept.actor}（実行 {kept.run}、鎖 {kept.link} {kept.head[:16]}）"
        )
    return shown


def _step(step: Step, indent: str) -> list[str]:
    amount = f" {_yen(step.amount)}" if step.amount is not None else ""
    ref = f"  [{step.ref}]" if step.ref else ""
    own = [f"{indent}・{step.label}{amount}{ref}", *([f"{indent}  {step.words}"] if step.words else [])]
    return own + [line for part in step.parts for line in _step(part, indent + "  ")]


def _yen(amount: int) -> str:
    return f"△{-amount:,}円" if amount < 0 else f"{amount:,}円"
