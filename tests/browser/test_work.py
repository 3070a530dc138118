"""Work done in the browser: the month closed by keyboard, conversions that submit nothing, the past, and the way back."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, CDPSession, Page, expect

from .conftest import Installation, signed_in


def compose(session: CDPSession, *steps: str) -> None:
    """Type as a Japanese IME does: each step replaces the text being converted, and nothing is committed yet."""
    for text in steps:
        session.send("Input.imeSetComposition", {"text": text, "selectionStart": len(text), "selectionEnd": len(text)})


def test_the_enter_that_ends_a_conversion_submits_nothing(sato: Page) -> None:
    sato.goto("/demo/partners")
    session = sato.context.new_cdp_session(sato)
    field = sato.get_by_role("searchbox")
    field.focus()
    compose(session, "あ", "ア")
    session.send(
        "Input.dispatchKeyEvent", {"type": "keyDown", "key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 229}
    )
    assert "q=" not in sato.url
    session.send("Input.insertText", {"text": "ア"})
    assert field.input_value() == "ア"
    field.press("Enter")
    sato.wait_for_url("**/partners?q=*")
    assert sato.locator("tbody tr[data-row]").count() > 0


def test_the_palette_leads_anywhere(sato: Page) -> None:
    sato.goto("/demo/")
    sato.keyboard.press("Control+k")
    session = sato.context.new_cdp_session(sato)
    compose(session, "しょ", "しょう")
    session.send("Input.insertText", {"text": "試算"})
    sato.keyboard.press("Escape")
    sato.keyboard.press("Control+k")
    sato.locator("#palette input").fill("INV-2026-00001")
    expect(sato.locator("#palette a.on")).to_contain_text("INV-2026-00001")
    sato.keyboard.press("Enter")
    sato.wait_for_url("**/invoices/INV-2026-00001*")


def test_every_amount_answers_why(sato: Page) -> None:
    sato.goto("/demo/invoices/INV-2026-00001")
    sato.keyboard.press("e")
    panel = sato.locator("#why")
    expect(panel).to_be_visible()
    expect(panel).to_contain_text("計算し直して一致しました")
    sato.keyboard.press("Escape")
    expect(panel).to_be_hidden()


def test_the_past_is_read_only_and_stays_on_the_way(sato: Page) -> None:
    sato.goto("/demo/billing?as_of=2026-10-31")
    expect(sato.get_by_text("過去の姿のため、ここからは変更できません。")).to_be_visible()
    assert sato.locator("main form[method=post]").count() == 0
    sato.locator("nav.side a", has_text="請求書").click()
    sato.wait_for_url("**/invoices?as_of=2026-10-31")
    assert "2026/11" not in sato.locator("table").inner_text()
    sato.get_by_role("link", name="本日に戻る").click()
    assert "as_of" not in sato.url


def test_a_list_leaves_as_it_is_shown(sato: Page) -> None:
    sato.goto("/demo/partners?sort=-balance")
    shown = sato.locator("tbody tr[data-row] td:first-child").all_inner_texts()
    data = sato.context.request.get("/demo/partners?sort=-balance&format=csv").body()
    assert data.startswith(b"\xef\xbb\xbf")
    rows = data.decode("utf-8-sig").splitlines()
    assert rows[0].startswith("コード,取引先名")
    assert [row.split(",")[0] for row in rows[1:]][: len(shown)] == shown
    xlsx = sato.context.request.get("/demo/partners?format=xlsx").body()
    assert xlsx.startswith(b"PK")


def test_the_month_is_closed_by_keyboard_from_the_home_page(own: Installation, browser: Browser) -> None:
    """Slips approved, drafts issued, the month closed: each by the person whose work it is, without the mouse."""
    approver = signed_in(browser, own, "yamamoto").new_page()
    approver.goto("/demo/approvals")
    boxes = approver.locator("input[name=slip]")
    for at in range(boxes.count()):
        boxes.nth(at).focus()
        approver.keyboard.press("Space")
    if boxes.count():
        approver.keyboard.press("Control+Enter")
        expect(approver.get_by_text("承認し、計上しました")).to_be_visible()
    clerk = signed_in(browser, own, "takahashi").new_page()
    clerk.goto("/demo/billing/2026-11-30")
    clerk.keyboard.press("F12")
    clerk.wait_for_url("**/runs/*")
    expect(clerk.get_by_text(re.compile("完了"))).to_be_visible(timeout=60_000)
    accountant = signed_in(browser, own, "sato").new_page()
    accountant.goto("/demo/")
    accountant.get_by_role("link", name="2026年11月の締め").focus()
    accountant.keyboard.press("Enter")
    accountant.wait_for_url("**/close/2026-11")
    accountant.keyboard.press("F12")
    accountant.wait_for_url("**/runs/*")
    expect(accountant.get_by_text(re.compile("完了"))).to_be_visible(timeout=60_000)
    accountant.goto("/demo/close/2026-11")
    expect(accountant.get_by_text(re.compile("2026年11月は締め済みです"))).to_be_visible()


def test_a_change_of_role_ends_the_session(own: Installation, browser: Browser) -> None:
    sales = signed_in(browser, own, "suzuki").new_page()
    assert sales.goto("/demo/contracts").status == 200  # type: ignore[union-attr]
    admin = signed_in(browser, own, "kanri").new_page()
    admin.goto("/demo/settings")
    admin.get_by_label("suzuki の役割").select_option("auditor")
    admin.locator("tr", has_text="suzuki").get_by_role("button", name="変える").click()
    expect(admin.get_by_text("の役割を監査に変えました")).to_be_visible()
    sales.goto("/demo/contracts")
    assert "/accounts/login/" in sales.url


def test_books_that_are_away_say_what_to_do(own: Installation, browser: Browser) -> None:
    page = signed_in(browser, own, "sato").new_page()
    away = Path(f"{own.books}.away")
    own.books.rename(away)
    for end in ("-wal", "-shm"):
        Path(f"{own.books}{end}").unlink(missing_ok=True)
    own.books.mkdir()
    try:
        answer = page.goto("/demo/contracts")
        assert answer is not None
        assert answer.status == 503
        expect(page.get_by_role("heading", name="データベースにつながりません")).to_be_visible()
    finally:
        own.books.rmdir()
        away.rename(own.books)


@pytest.mark.parametrize("path", ["billing/run", "close/run", "settings/users/add"])
def test_a_deed_without_permission_is_refused(path: str, sato: Page, person) -> None:  # type: ignore[no-untyped-def]
    page = person("kansa").new_page()
    page.goto("/demo/")
    token = page.locator("input[name=csrfmiddlewaretoken]").first.get_attribute("value")
    answer = page.request.post(
        f"/demo/{path}", form={"csrfmiddlewaretoken": token or ""}, headers={"Referer": page.url}
    )
    assert answer.status == 403
    page.close()
