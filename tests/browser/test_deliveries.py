"""How documents reach the customer, seen in the browser: what waits, what went out, and what came back."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, expect

from .conftest import SERVE, Installation, signed_in


def told(installation: Installation, *words: str) -> str:
    """What a command on the books of the installation prints."""
    given = os.environ | {"DATABASE_URL": f"sqlite:///{installation.books}", "PYTHONPATH": os.pathsep.join(sys.path)}
    given.pop("DJANGO_SETTINGS_MODULE", None)
    return subprocess.run(
        [sys.executable, "-c", SERVE, *words], env=given, capture_output=True, text=True, check=True
    ).stdout


def test_what_was_printed_is_told_and_can_come_back(browser: Browser, own: Installation, tmp_path: Path) -> None:
    every: list[dict[str, Any]] = json.loads(
        told(own, "report", "deliveries", "--closing", "2026-10-31", "--format", "json")
    )
    number = next(row["number"] for row in every if row["method"] == "paper")
    told(own, "deliver", "2026-10-31", "--only", number, "--output", str(tmp_path / "paper.pdf"))
    with signed_in(browser, own, "takahashi") as context:
        page = context.new_page()
        page.goto(f"/demo/deliveries?q={number}")
        expect(page.get_by_role("row").filter(has_text=number)).to_contain_text("印刷に回した")
        page.get_by_role("link", name=number).click()
        page.get_by_label("戻ってきた理由").fill("転居先不明")
        page.get_by_role("button", name="不達にする").click()
        expect(page.get_by_role("status")).to_contain_text(f"{number} を不達と記録しました")
        section = page.locator("section", has=page.get_by_role("heading", name="送付", exact=True))
        expect(section).to_contain_text("不達")
        expect(section).to_contain_text("転居先不明")
        expect(section.get_by_role("button")).to_have_count(0)
