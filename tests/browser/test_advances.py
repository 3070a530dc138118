"""Advances received in the browser: a receipt kept as one, proposed for an invoice, applied, taken back; deposits beside them."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser, expect

from tests.builders import csv_text

from .conftest import Installation, signed_in
from .test_deliveries import told


def a_prepaid_demo(installation: Installation, folder: Path) -> None:
    """A customer that owes 3,300, and 5,000 that came of it and wait."""
    slip = {"slip_no": "S-W1", "date": "2026-11-30", "account": "売掛金", "credit_account": "雑収入", "maker": "x"}
    files = {
        "partners": [{"code": "W1", "name": "まえ商店", "kana": "マエ"}],
        "receivables": [slip | {"partner": "W1", "amount": 3_300, "due": "2026-12-28"}],
        "receipts": [{"date": "2026-11-29", "amount": 5_000, "payer": "マエシヨウテン", "id": "EARLY"}],
    }
    for kind, rows in files.items():
        (folder / f"{kind}.csv").write_text(csv_text(rows), encoding="utf-8")
    for kind in ("partners", "receivables"):
        told(installation, "import", kind, str(folder / f"{kind}.csv"))
    told(installation, "approve", "receivables", "S-W1", "--as", "yamamoto")
    told(installation, "receipts", str(folder / "receipts.csv"), "--format", "csv", "--account", "main")


def test_an_advance_is_kept_proposed_applied_and_taken_back(
    browser: Browser, own: Installation, tmp_path: Path
) -> None:
    a_prepaid_demo(own, tmp_path)
    with signed_in(browser, own, "sato") as context:
        page = context.new_page()
        page.goto("/demo/receivables")
        page.get_by_role("link", name="前受金").click()
        waiting = page.locator('select[name="receipt"]')
        early = waiting.locator("option", has_text="マエシヨウテン").get_attribute("value")
        waiting.select_option(early)
        page.get_by_label("取引先コード").fill("W1")
        page.get_by_label("金額").fill("４，０００")  # full width, as people type it
        page.get_by_role("button", name="前受金にする").click()
        expect(page.get_by_text("4,000円を前受金にしました。")).to_be_visible()
        expect(page.locator(".proof")).to_contain_text("一致")
        page.get_by_role("button", name="まえ商店 の前受金を S-W1 に充てる").click()
        expect(page.get_by_text("3,300円を充てました。")).to_be_visible()
        expect(page.get_by_text("この取引先に未回収の請求書はありません。")).to_be_visible()
        page.get_by_role("button", name="取り消す", exact=True).click()
        expect(page.get_by_text("充当を取り消しました。")).to_be_visible()
        kept = page.url
        page.get_by_role("button", name="充てる").click()
        expect(page.get_by_text("充てる請求書が選ばれていません。")).to_be_visible()
        page.goto(kept)
        page.get_by_label("S-W1 を選ぶ").check()
        page.get_by_role("button", name="充てる").click()
        expect(page.get_by_text("3,300円を充てました。")).to_be_visible()
        page.goto("/demo/partners/W1")
        expect(page.locator("section", has_text="お預かりしているお金")).to_contain_text("700")
        page.goto("/demo/receivables/deposits")
        expect(page.locator(".proof")).to_contain_text("一致")
