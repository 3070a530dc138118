"""``python -m tests.browser.screens ADDRESS``: the pictures of the main screens in docs/screens, from a served demo."""

from __future__ import annotations

import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

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
        _simulated(page)
        page.goto("/demo/invoices/INV-2026-00100")
        page.keyboard.press("e")
        page.locator("#why:not([hidden])").wait_for()
        page.screenshot(path=FOLDER / "why.png")
        browser.close()


def _simulated(page: Page) -> None:
    """The picture of a simulation: all prices 5 % up from the new year on."""
    page.goto("/demo/simulations/new")
    page.locator('[name="price_product"]').first.select_option("*")
    page.locator('[name="price_percent"]').first.fill("5")
    page.locator('[name="price_since"]').first.fill("2027-01-01")
    page.get_by_role("button", name="時計を進める").click()
    page.locator("figure.pic").wait_for(timeout=300_000)
    page.set_viewport_size({"width": 1280, "height": 800})
    page.screenshot(path=FOLDER / "simulation.png")
    page.set_viewport_size({"width": 1440, "height": 900})


if __name__ == "__main__":
    main(sys.argv[1])
