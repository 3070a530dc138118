"""Setting up: the schema and the company, in one command."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from urikake.base import bulk, company, facts, runs, schema
from urikake.base.bulk import INSTANT
from urikake.base.errors import Refusal
from urikake.base.models import Run


def set_up(url: str, settings_file: Path) -> None:
    """Make the schema, and the company that the file describes; refused where there is one already."""
    try:
        text = settings_file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise Refusal(
            "no-file", f"{settings_file} を開けません（{error.strerror}）。", "場所を確かめてください。"
        ) from None
    settings = company.parsed(text)
    schema.create(url)
    with bulk.transaction(url, writing=True) as session:
        if session.value("SELECT count(*) AS n FROM base_company"):
            raise Refusal(
                "company-exists", "このデータベースには会社が既にあります。", "別の DATABASE_URL を使ってください。"
            )
        name = str(settings.get("company", {}).get("name", ""))
        session.driver.write("base_company", pl.DataFrame({"id": [1], "name": [name]}))
        session.company_id = 1
        session.run_id = session.next_id("base_run")
        company.set_up(session, settings=settings)
        row = {
            "action": "init", "subject": name, "permission": "company.set_up", "actor": session.user,
            "recorded_at": runs.instant(session), "outcome": "{}",
        }  # fmt: skip
        facts.record(session, Run, pl.DataFrame([row], schema_overrides={"recorded_at": INSTANT}))
        facts.seal(session)
