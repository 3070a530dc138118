"""Lists that change in place, views kept under a name, notices, and what was just done undone; by keyboard and with an IME."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Browser, BrowserContext, Page, expect

from .conftest import Installation, signed_in
from .test_work import compose

AS_LIST = {"HX-Request": "true", "HX-Target": "section#list"}


def test_a_list_is_sorted_filtered_and_left_without_a_new_page(sato: Page) -> None:
    sato.goto("/demo/contracts")
    sato.evaluate("window.here = 1")
    sato.locator("#sort-start_on").click()
    sato.wait_for_url("**sort=start_on")
    expect(sato.locator("th[aria-sort=ascending]")).to_have_text(re.compile("開始日"))
    sato.locator("#list-cycle").select_option("毎月 前払")
    sato.wait_for_url("**cycle=*")
    assert "product_name=" not in sato.url, "what is not chosen does not stand in the address"
    expect(sato.locator("#list-cycle")).to_have_value("毎月 前払")
    assert sato.evaluate("window.here") == 1
    assert sato.locator("#day form input[type=hidden]").evaluate_all("all => all.map(i => i.name)") == ["sort", "cycle"]
    sato.go_back()
    sato.wait_for_url("**/contracts?sort=start_on")
    expect(sato.locator("#list-cycle")).to_have_value("")
    sato.locator("#list-q").press_sequentially("サーバー")
    sato.wait_for_url("**q=*")
    assert sato.evaluate("window.here") == 1


def test_a_list_follows_what_is_typed_but_not_what_is_being_converted(sato: Page) -> None:
    sato.goto("/demo/partners")
    asked: list[str] = []
    sato.on("request", lambda request: asked.append(request.url))
    session = sato.context.new_cdp_session(sato)
    field = sato.locator("[data-find]")
    field.focus()
    before = sato.evaluate("history.length")
    compose(session, "か", "かい", "会")
    sato.wait_for_timeout(400)  # longer than the pause after which a list is asked for
    assert asked == []
    session.send("Input.insertText", {"text": "会社"})
    sato.wait_for_url("**q=*")
    expect(field).to_have_value("会社")
    assert sato.evaluate("document.activeElement.id") == "list-q"
    assert sato.evaluate("history.length") <= before + 1


def test_a_list_works_without_scripts(browser: Browser, served: Installation, sato: Page) -> None:
    cookies = sato.context.storage_state()
    plain = browser.new_context(java_script_enabled=False, base_url=served.address, storage_state=cookies)
    page = plain.new_page()
    page.goto("/demo/contracts")
    page.get_by_role("link", name="今月開始").click()
    page.locator("#list-q").fill("サーバー")
    page.get_by_role("button", name="さがす", exact=True).click()
    assert "stage=started" in page.url
    assert "q=" in page.url
    plain.close()


def test_the_list_alone_is_given_without_the_frame(person: Callable[[str], BrowserContext]) -> None:
    request = person("sato").request
    whole = request.get("/demo/contracts?sort=start_on")
    alone = request.get("/demo/contracts?sort=start_on", headers=AS_LIST)
    assert alone.status == 200
    assert '<section class="panel flush" id="list"' in alone.text()
    assert '<nav class="side"' not in alone.text()
    assert "<html" not in alone.text()
    assert "HX-Target" in whole.headers["vary"]
    assert alone.headers["cache-control"] == "private, no-store"


def test_a_view_is_kept_shared_and_brought_back(own: Installation, browser: Browser) -> None:
    page = signed_in(browser, own, "sato").new_page()
    page.goto("/demo/contracts?sort=-start_on&page=2")
    page.get_by_text("この見え方を保存").click()
    page.get_by_label("名前").fill("新しい順")
    page.get_by_label("共有(会社の全員)").check()
    page.get_by_role("button", name="保存", exact=True).click()
    expect(page.get_by_role("navigation", name="見え方").locator("[aria-current]")).to_have_text(re.compile("新しい順"))
    other = signed_in(browser, own, "takahashi").new_page()
    other.goto("/demo/contracts")
    other.get_by_role("link", name="新しい順").click()
    other.wait_for_url("**sort=-start_on")
    expect(other.get_by_role("button", name="この見え方を消す")).to_have_count(0)
    page.get_by_role("button", name="この見え方を消す").click()
    expect(page.get_by_text("見え方「新しい順」を消しました。")).to_be_visible()
    page.keyboard.press("Control+z")
    expect(page.get_by_role("link", name="新しい順")).to_be_visible()


def test_the_views_of_contracts_find_what_comes_leaves_and_changes(sato: Page) -> None:
    sato.goto("/demo/contracts?stage=started")
    starts = sato.locator("tbody tr[data-row] td:nth-child(7)").all_inner_texts()
    assert starts
    assert all(text.startswith("2026/11") for text in starts)
    sato.goto("/demo/contracts?stage=left")
    ends = sato.locator("tbody tr[data-row] td:nth-child(8)").all_inner_texts()
    assert all(text.startswith("2026/11") for text in ends)


def test_a_reopened_month_is_told_to_approver_and_auditor(own: Installation, browser: Browser) -> None:
    auditor = signed_in(browser, own, "kansa").new_page()
    auditor.goto("/demo/notices")
    auditor.goto("/demo/")
    expect(auditor.locator("#bell b")).to_have_count(0)
    approver = signed_in(browser, own, "yamamoto").new_page()
    approver.goto("/demo/close/2026-10")
    approver.get_by_label("理由").fill("請求の訂正のため")
    approver.get_by_role("button", name="締めを解除する").click()
    expect(approver.get_by_text("締めを解除しました")).to_be_visible()
    for page in (auditor, approver):
        page.goto("/demo/")
        page.locator("#bell").click()
        told = page.locator("tr", has_text="締めを解除しました").first
        expect(told).to_contain_text("新着")
        expect(told).to_contain_text("2026-10")
    auditor.goto("/demo/")
    expect(auditor.locator("#bell b")).to_have_count(0)


def test_work_that_ended_is_told_to_who_asked_for_it(own: Installation, browser: Browser) -> None:
    page = signed_in(browser, own, "sato").new_page()
    page.goto("/demo/notices")
    page.goto("/demo/close/2026-11")
    page.get_by_role("button", name="収益を認識する").click()
    expect(page.get_by_text("完了").first).to_be_visible(timeout=60_000)
    page.goto("/demo/notices")
    told = page.locator("tr", has_text="頼んだ仕事が終わりました").first
    expect(told).to_contain_text("2026年11月の収益認識")
    expect(told).to_contain_text("新着")


def test_rows_are_chosen_by_key_and_summed(sato: Page) -> None:
    sato.goto("/dev/parts")
    sato.keyboard.press("ArrowDown")
    sato.keyboard.press("Shift+ArrowDown")
    told = sato.locator("[data-selection]")
    expect(told).to_have_text("2件を選択　合計 1,234,127円")
    sato.keyboard.press("Space")
    expect(told).to_have_text("1件を選択　合計 1,234,567円")
    sato.keyboard.press("Control+a")
    expect(told).to_have_text("3件を選択　合計 1,234,127円")
    sato.keyboard.press("Control+a")
    expect(told).to_be_hidden()


def test_the_keys_of_a_screen_are_listed_and_lead_back(sato: Page) -> None:
    sato.goto("/demo/contracts?sort=-start_on")
    sato.keyboard.press("ArrowDown")
    sato.keyboard.press("Enter")
    sato.wait_for_url("**/contracts/*")
    sato.keyboard.press("Escape")
    sato.wait_for_url("**/contracts?sort=-start_on")
    sato.keyboard.press("F1")
    expect(sato.locator("#keys")).to_contain_text("前の月")
    expect(sato.locator("#keys")).to_contain_text("次の行")
    sato.keyboard.press("Escape")
    sato.keyboard.press("BracketLeft")
    sato.wait_for_url("**as_of=2026-10-31*")
    sato.keyboard.press("BracketRight")
    sato.wait_for_url(lambda url: "as_of" not in url)
    sato.goto("/demo/")
    first = sato.locator(".tasks a").first.get_attribute("href") or ""
    sato.keyboard.press("Digit1")
    sato.wait_for_url(f"**{first}")
