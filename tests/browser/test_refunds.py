"""Refunds in the browser: an account registered and approved, a refund asked for and approved, its file, and what came back."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from urikake.core.formats import zengin21

from .conftest import Installation, signed_in
from .test_advances import a_prepaid_demo
from .test_deliveries import told


def approve(page: Page, text: str) -> None:
    """Approve the proposal of that text on the page of approvals."""
    page.goto("/demo/approvals")
    page.get_by_role("row", name=text).get_by_role("button", name="承認", exact=True).click()
    expect(page.get_by_text("承認しました").first).to_be_visible()


def register_account(page: Page) -> None:
    """The account that W1 is paid back to, typed in and sent for approval."""
    page.goto("/demo/partners/W1")
    page.get_by_role("link", name="返金先口座を登録").click()
    account = {"銀行番号": "9992", "支店番号": "002", "口座番号": "1234567", "受取人名": "マエシヨウテン"}
    for label, value in account.items():
        page.get_by_label(label).fill(value)
    page.get_by_role("button", name="承認に回す").click()
    expect(page.get_by_text("別の人が承認すると使えます")).to_be_visible()
    expect(page.get_by_text("承認待ちの口座があります")).to_be_visible()


def ask(page: Page) -> None:
    """1,700 yen of what is kept of W1 asked to be paid back."""
    page.goto("/demo/partners/W1")
    page.get_by_role("link", name="返金する").click()
    expect(page.get_by_text("未回収の請求が 3,300円あります")).to_be_visible()
    page.get_by_role("checkbox").first.check()
    page.get_by_label("の返す額").first.fill("１，７００")  # full width, as people type it
    page.get_by_label("支払日").fill("12/15")
    page.get_by_label("理由").fill("払い過ぎ")
    page.get_by_role("button", name="承認に回す").click()
    expect(page.get_by_text("1,700円の返金を申請しました")).to_be_visible()
    expect(page.get_by_text("承認を待っている返金")).to_be_visible()


def send(page: Page) -> None:
    """Who we are at the bank registered, and the file of the day made and taken."""
    page.goto("/demo/receivables")
    page.get_by_role("link", name="返金", exact=True).click()
    page.get_by_role("link", name="振込依頼人", exact=True).click()
    page.get_by_label("振込依頼人コード").fill("0123456789")
    page.get_by_label("振込依頼人名").fill("カ)ミホン")
    page.get_by_role("button", name="登録する").click()
    expect(page.get_by_text("振込依頼人を登録しました")).to_be_visible()
    page.get_by_role("button", name="振込ファイルを作る").click()
    expect(page.get_by_text("（1件 1,700円）を作りました")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="振込ファイル 1 を受け取る").click()
    (batch,) = zengin21.read(download.value.path().read_bytes(), date(2026, 12, 15))
    assert [(each.holder, each.amount) for each in batch.transfers] == [("ﾏｴｼﾖｳﾃﾝ", 1_700)]


def take_back(page: Page) -> None:
    """The refund came back: what is kept is open again, and the proof holds."""
    page.locator("table").first.get_by_role("link", name="1", exact=True).first.click()
    page.get_by_label("理由").fill("口座名義の相違")
    page.get_by_role("button", name="返金を取り消す").click()
    expect(page.get_by_text("取り消し、残高を戻しました")).to_be_visible()
    expect(page.get_by_text("口座名義の相違")).to_be_visible()
    page.goto("/demo/receivables/advances")
    expect(page.locator(".proof")).to_contain_text("一致")


def test_a_refund_is_asked_for_approved_sent_and_taken_back(
    browser: Browser, own: Installation, tmp_path: Path
) -> None:
    a_prepaid_demo(own, tmp_path)
    told(own, "advance", "EARLY", "--partner", "W1")
    for step, text in ((register_account, "返金先口座"), (ask, "返金 W1")):
        with signed_in(browser, own, "sato") as context:
            step(context.new_page())
        with signed_in(browser, own, "yamamoto") as context:
            approve(context.new_page(), text)
    with signed_in(browser, own, "sato") as context:
        page = context.new_page()
        send(page)
        take_back(page)
