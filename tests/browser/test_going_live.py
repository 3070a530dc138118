"""Going live in the browser: opening balances tied to a total, and the first bill held against the old system's."""

from __future__ import annotations

from playwright.sync_api import Browser, Page, expect

from .conftest import Installation, signed_in

OLD = "取引先コード,請求額\nM0001,12100\nZZ,500\n"


def test_opening_balances_are_tied_to_what_the_old_system_said(sato: Page) -> None:
    sato.goto("/demo/going-live")
    expect(sato.locator(".proof").first).to_contain_text("✓ 一致")
    total = sato.locator("tr.total td").nth(-2).inner_text()
    sato.get_by_label("旧システムの売掛金の合計").fill(total)
    sato.keyboard.press("Enter")
    expect(sato.locator(".proof").first).to_contain_text(f"旧システムの合計 {total}")
    expect(sato.locator(".proof").first).to_contain_text("✓ 一致")
    sato.goto("/demo/going-live?total=1")
    expect(sato.locator(".proof").first).not_to_contain_text("✓ 一致")
    sato.goto("/demo/going-live?total=abc")
    expect(sato.get_by_text("「abc」は金額ではありません")).to_be_visible()


def test_the_first_bill_is_rehearsed_and_nothing_is_stored(browser: Browser, own: Installation) -> None:
    page = signed_in(browser, own, "takahashi").new_page()
    page.goto("/demo/going-live")
    page.get_by_label("旧システムの請求").set_input_files(
        {"name": "old.csv", "mimeType": "text/csv", "buffer": OLD.encode()}
    )
    page.get_by_label("締日").fill("11/30")
    page.get_by_role("button", name="比べる").click()
    expect(page.locator("#rehearsed")).to_contain_text("この取引先は登録されていません")
    expect(page.locator("#rehearsed")).to_contain_text("旧システム 12,600円")
    expect(page.get_by_role("heading", name="移行残高", exact=True)).to_be_visible()  # the page stays where it is
    page.goto("/demo/runs")
    expect(page.locator("main")).not_to_contain_text("rehearse")
    page.goto("/demo/going-live")
    page.get_by_label("旧システムの請求").set_input_files(
        {"name": "old.csv", "mimeType": "text/csv", "buffer": "取引先コード,請求額\nM0001,x\n".encode()}
    )
    page.get_by_role("button", name="比べる").click()
    expect(page.locator("#rehearsed")).to_contain_text("2行目")
