"""もしも計算 in the browser: supposed, watched, looked into, reserved once; what is wrong is said with the form kept."""

from __future__ import annotations

import re

from playwright.sync_api import Browser, Page, expect

from .conftest import Installation, signed_in
from .test_pages import problems


def asked(page: Page, **fields: str) -> None:
    page.goto("/demo/simulations/new")
    for name, value in fields.items():
        field = page.locator(f'[name="{name}"]').first
        field.select_option(value) if name in ("price_product", "tax") else field.fill(value)
    page.get_by_role("button", name="時計を進める").click()


def test_a_simulation_is_watched_looked_into_and_reserved(browser: Browser, own: Installation) -> None:
    page = signed_in(browser, own, "takahashi", viewport={"width": 1280, "height": 800}).new_page()
    asked(page, price_product="*", price_percent="5", price_since="2027-01-01", months="3")
    page.locator("figure.pic").wait_for(timeout=120_000)
    expect(page.get_by_role("heading", level=1)).to_have_text("2027/01/01 から すべての商品 を 5% の値上げ")
    assert problems(page) == []
    page.get_by_role("navigation", name="見るもの").get_by_text("収益").click()
    page.locator("figure.pic a").nth(4).click()  # the third month
    expect(page).to_have_url(re.compile("month=2027-01"))
    rows = page.locator("#list tbody tr[data-row]")
    assert rows.count() > 0
    page.get_by_text("予約にする", exact=True).click()
    page.get_by_role("button", name="この内容で予約する").click()
    expect(page.get_by_text("予約しました（料金")).to_be_visible()
    expect(page.get_by_text("予約にする", exact=True)).to_have_count(0)
    page.goto("/demo/simulations")
    expect(page.locator("#list tbody tr[data-row]")).to_have_count(1)
    expect(page.locator("#list .state")).to_have_text("予約済み")


def test_what_is_wrong_is_said_and_what_was_made_can_be_put_away(browser: Browser, own: Installation) -> None:
    page = signed_in(browser, own, "takahashi", viewport={"width": 1280, "height": 800}).new_page()
    asked(page, cancel_contract="K00001", months="2")
    expect(page.get_by_role("alert")).to_contain_text("解約の行に書かれていない欄があります")
    expect(page.locator('[name="cancel_contract"]').first).to_have_value("K00001")
    asked(page, cancel_contract="K99999", cancel_on="2027-01-31", months="2")
    expect(page.get_by_text("この契約はありません")).to_be_visible(timeout=60_000)
    page.get_by_role("button", name="破棄").click()
    expect(page.get_by_text("もしも計算を破棄しました")).to_be_visible()
    asked(page, tax="standard", tax_percent="12", tax_since="2027-01-01", months="2")
    page.locator("figure.pic").wait_for(timeout=120_000)
    expect(page.get_by_text("税率は法令で決まるため、予約はできません")).to_be_visible()
    expect(page.get_by_text("予約にする", exact=True)).to_have_count(0)
    page.get_by_text("破棄", exact=True).click()
    page.get_by_role("button", name="破棄する").click()
    expect(page.get_by_text("まだ計算していません")).to_be_visible()
