"""Setting up: the schema and the company, in one command."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from urikake.base import bulk, company, facts, letterhead, runs, schema
from urikake.base.bulk import INSTANT, Session
from urikake.base.errors import Refusal, cause_of
from urikake.base.models import Run
from urikake.base.url import company_code

from . import letterhead as letters


def set_up(url: str, settings_file: Path) -> str:
    """Make the schema, and the company that the file describes beside those that are there; return its code.

    Refused where a company of that code is there already.
    """
    try:
        text = settings_file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise Refusal(
            "no-file", f"{settings_file} を開けません（{cause_of(error)}）。", "場所を確かめてください。"
        ) from None
    settings = company.parsed(text)
    code = company.code(settings, company_code(url))
    head = letters.told(settings, settings_file.parent)
    schema.create(url)
    with bulk.transaction(url, writing=True) as session:
        session.company_id = _enrolled(session, code, str(settings.get("company", {}).get("name", "")))
        _found(session, settings, head)
    return code


def _enrolled(session: Session, code: str, name: str) -> int:
    """The id of the company, now in the list of companies; two that are set up at once wait for each other."""
    if session.driver.kind == "postgresql":
        session.execute("LOCK TABLE base_company IN SHARE ROW EXCLUSIVE MODE")
    there = session.read("SELECT id, code, name FROM base_company ORDER BY id")
    if code in there["code"]:
        raise Refusal(
            "company-exists",
            f"このデータベースには会社「{code}」が既にあります。",
            "別の会社を加えるときは [company] の code を変え、別に始めるときは別の DATABASE_URL を使ってください。",
        )
    number = max(there["id"], default=0) + 1
    session.driver.write("base_company", pl.DataFrame({"id": [number], "code": [code], "name": [name]}))
    return number


def _found(session: Session, settings: Mapping[str, Any], head: Mapping[str, Any]) -> None:
    """Write the company's first run: its policies, accounts, bank accounts and letterhead."""
    session.run_id = session.next_id("base_run")
    company.set_up(session, settings=settings)
    letterhead.change(session, head, letterhead.ALWAYS)
    row = {
        "action": "init", "subject": str(settings["company"]["name"]), "permission": "company.set_up",
        "actor": session.user, "recorded_at": runs.instant(session), "outcome": "{}",
    }  # fmt: skip
    facts.record(session, Run, pl.DataFrame([row], schema_overrides={"recorded_at": INSTANT}))
    facts.seal(session)


def upgrade(url: str) -> int:
    """Bring the schema of a database that is there up to date; return how many changes it took."""
    if not schema.exists(url):
        raise schema.no_company()
    return schema.create(url)
