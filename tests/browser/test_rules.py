"""The rules of automatic matching on their page: what trying them told, release with a reason, withdrawal."""

from __future__ import annotations

from playwright.sync_api import Browser, expect

from .conftest import Installation, signed_in


def test_a_rule_is_released_with_a_reason_and_withdrawn_on_the_page(browser: Browser, own: Installation) -> None:
    page = signed_in(browser, own, "sato", viewport={"width": 1366, "height": 900}).new_page()
    page.goto("/demo/matching/names")
    row = page.locator("#rules tr", has_text="一部入金")
    expect(row).to_contain_text("許可していない")
    row.get_by_role("textbox").fill("分割の約束がある取引先だけなので")
    row.get_by_role("button").click()
    row = page.locator("#rules tr", has_text="一部入金")
    expect(row).to_contain_text("許可済み")
    expect(page.locator("#rules")).to_contain_text("分割の約束がある取引先だけなので")
    row.get_by_role("button").click()
    expect(page.locator("#rules tr", has_text="一部入金")).to_contain_text("取りやめ")
