"""``python -m tests.browser.screens ADDRESS``: the pictures of the main screens in docs/screens, from a served demo."""

from __future__ import annotations

import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.chromium import ensure

FOLDER = Path(__file__).parents[2] / "docs" / "screens"
SCREENS = {
    "home": "",
    "close": "close/2026-11",
    "contract": "contracts/K00002",
    "billing": "billing/2026-11-30",
    "invoice": "invoices/INV-2026-00100",
    "matching": "matching",
    "receivables": "receivables",
    "revenue": "revenue",
    "partner": "partners/M0006",
    "usage": "usage",
}


def main(address: str) -> None:
    """Take every picture at 1440 × 900, and one with the 根拠 panel open."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=ensure(), args=["--no-sandbox"])
        page = browser.new_context(viewport={"width": 1440, "height": 900}, locale="ja-JP", base_url=address).new_page()
        page.goto("/accounts/login/")
        page.screenshot(path=FOLDER / "signin.png")
        page.locator('button[name="name"][value="sato"]').click()
        page.wait_for_url("**/demo/")
        for name, path in SCREENS.items():
            page.goto(f"/demo/{path}")
            page.wait_for_load_state("networkidle")
            page.screenshot(path=FOLDER / f"{name}.png")
        page.goto("/demo/invoices/INV-2026-00100")
        page.keyboard.press("e")
        page.locator("#why:not([hidden])").wait_for()
        page.screenshot(path=FOLDER / "why.png")
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1])
