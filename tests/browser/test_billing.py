"""The review of a closing: a partner's draft held back with its reason, and released, beside the others."""

from __future__ import annotations

from playwright.sync_api import Browser, expect

from .conftest import Installation, signed_in
from .test_forms import AXE, RULES

REVIEW = "/demo/billing/2026-11-30"


def test_a_partner_is_held_back_with_a_reason_and_released(own: Installation, browser: Browser) -> None:
    page = signed_in(browser, own, "takahashi", viewport={"width": 1366, "height": 768}).new_page()
    page.goto(REVIEW)
    drafts = page.get_by_role("region", name="請求先ごとの下書き").locator("tbody tr")
    row = drafts.nth(1)
    name = row.get_by_role("link").inner_text()
    row.get_by_placeholder("理由").fill("検収待ち")
    row.get_by_role("button", name="を保留").click()
    expect(page.get_by_text("を保留しました")).to_be_visible()
    first = drafts.first
    expect(first).to_contain_text(name)
    expect(first).to_contain_text("検収待ち")
    expect(page.get_by_text("保留 1件").first).to_be_visible()
    page.evaluate(AXE)
    assert page.evaluate(f"axe.run(document, {RULES}).then(r => r.violations.map(v => v.id))") == []
    page.get_by_label("請求先をさがす").fill(name.split(" ")[0])
    page.get_by_label("請求先をさがす").press("Enter")
    expect(drafts).to_have_count(1)
    drafts.first.get_by_role("button", name="の保留をやめる").click()
    expect(page.get_by_text("の保留をやめました")).to_be_visible()
    expect(page.get_by_text("保留 1件")).to_have_count(0)


def test_a_payer_is_billed_alone(own: Installation, browser: Browser) -> None:
    page = signed_in(browser, own, "takahashi", viewport={"width": 1366, "height": 768}).new_page()
    page.goto(REVIEW)
    drafts = page.get_by_role("region", name="請求先ごとの下書き").locator("tbody tr")
    expect(drafts.first).to_be_visible()
    before, code = drafts.count(), drafts.first.get_by_role("link").inner_text().split(" ")[0]
    page.get_by_role("button", name="この請求先だけ発行").click()
    expect(page.get_by_text("請求先が選ばれていません")).to_be_visible()
    page.get_by_label("請求先", exact=True).fill(code)
    page.get_by_role("button", name="この請求先だけ発行").click()
    expect(page.get_by_role("heading", name="請求の計算 完了")).to_be_visible(timeout=30_000)
    expect(page.get_by_role("heading", level=1)).to_have_text(f"2026/11/30 締めの請求の発行（{code}）")
    page.goto(REVIEW)
    expect(drafts).to_have_count(before - 1)
