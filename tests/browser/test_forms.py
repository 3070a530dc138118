"""The forms in the browser: taken, refused at the field with what was typed kept, and written as people write."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from .conftest import Installation, signed_in
from .test_work import compose

AXE = (Path(__file__).parent / "vendor" / "axe-4.14.1.min.js").read_text()
RULES = "{runOnly: {type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']}}"


def clerk(browser: Browser, own: Installation, name: str = "takahashi") -> Page:
    return signed_in(browser, own, name, viewport={"width": 1366, "height": 768}).new_page()


def a_flat_product(page: Page) -> list[str]:
    """The codes of products at a flat price."""
    rows = page.request.get("/demo/products?format=csv&cols=model").body().decode("utf-8-sig").splitlines()[1:]
    return [row.split(",")[0] for row in rows if row.endswith("定額")]


def refused(page: Page, field: str, why: str) -> None:
    """The form came back with this error at this field, and nothing on the page is out of reach."""
    expect(page.get_by_role("alert")).to_contain_text("直してください")
    expect(page.locator(f"#h-{field} em")).to_contain_text(why)
    assert page.locator(f"#f-{field}").get_attribute("aria-invalid") == "true"
    page.evaluate(AXE)
    assert page.evaluate(f"axe.run(document, {RULES}).then(r => r.violations.map(v => v.id))") == []


def test_the_fields_help_while_one_types_and_a_conversion_submits_nothing(own: Installation, browser: Browser) -> None:
    page = clerk(browser, own)
    page.goto("/demo/partners")
    page.keyboard.press("n")
    page.wait_for_url("**/partners/new")
    session = page.context.new_cdp_session(page)
    page.get_by_label("取引先名 必須").focus()
    compose(session, "わ", "わかば", "若葉")
    session.send(
        "Input.dispatchKeyEvent", {"type": "keyDown", "key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 229}
    )
    assert page.url.endswith("/partners/new")
    session.send("Input.insertText", {"text": "若葉"})
    assert page.get_by_label("フリガナ").input_value() == "ワカバ"
    number = page.get_by_label("登録番号")
    number.fill("T583567782624")
    expect(page.locator("#h-registration_number")).to_contain_text("あと1桁です")
    number.fill("Ｔ5835678256247")
    expect(page.locator("#h-registration_number")).to_contain_text("チェックデジットが合いません")


def test_a_partner_is_registered_and_corrected(own: Installation, browser: Browser) -> None:
    page = clerk(browser, own)
    page.goto("/demo/partners/new")
    page.get_by_label("取引先コード 必須").fill("N1")
    page.get_by_label("取引先名 必須").fill("若葉")
    page.get_by_label("登録番号").fill("Ｔ5835678256247")
    page.get_by_label("締日").fill("29")
    page.keyboard.press("F12")
    refused(page, "registration_number", "チェックデジット")
    refused(page, "closing_day", "29")
    assert page.get_by_label("取引先名 必須").input_value() == "若葉"
    page.get_by_label("登録番号").fill("Ｔ5835678256246")
    page.get_by_label("締日").fill("20")
    page.get_by_label("与信限度額").fill("１，０００，０００円")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("取引先 若葉 を登録しました。")).to_be_visible()
    page.keyboard.press("F2")
    page.wait_for_url("**/partners/N1/edit")
    assert page.get_by_label("与信限度額").input_value() == "1000000"
    page.get_by_label("住所").fill("東京都港区1-2-3")
    page.keyboard.press("F12")
    expect(page.get_by_text("取引先 若葉 を直しました。")).to_be_visible()
    expect(page.get_by_text("東京都港区1-2-3")).to_be_visible()


def test_a_partner_that_may_be_there_already_is_asked_about(own: Installation, browser: Browser) -> None:
    page = clerk(browser, own)
    page.goto("/demo/partners/M0001/edit")
    name = page.get_by_label("取引先名 必須").input_value()
    page.goto("/demo/partners/new")
    page.get_by_label("取引先コード 必須").fill("M0001")
    page.get_by_label("取引先名 必須").fill(name)
    page.keyboard.press("F12")
    refused(page, "code", "使っています")
    page.get_by_label("取引先コード 必須").fill("N2")
    page.keyboard.press("F12")
    expect(page.get_by_role("alert")).to_contain_text("M0001")
    page.get_by_label("確かめました").check()
    page.keyboard.press("F12")
    page.wait_for_url("**/partners/N2")


def test_what_others_changed_meanwhile_is_not_lost(own: Installation, browser: Browser) -> None:
    first, second = clerk(browser, own), clerk(browser, own, "sato")
    for page in (first, second):
        page.goto("/demo/partners/M0001/edit")
    second.get_by_label("メール").fill("new@example.jp")
    second.keyboard.press("F12")
    second.wait_for_url("**/partners/M0001")
    first.get_by_label("住所").fill("大阪市")
    first.keyboard.press("F12")
    expect(first.get_by_role("alert")).to_contain_text("ほかの人が直しました")
    assert first.get_by_label("住所").input_value() == "大阪市"


def test_a_product_is_registered_and_its_price_revised_from_a_day(own: Installation, browser: Browser) -> None:
    page = clerk(browser, own)
    page.goto("/demo/products/new")
    page.get_by_label("商品コード 必須").fill("NEW1")
    page.get_by_label("商品名 必須").fill("見守り")
    expect(page.get_by_label("段階", exact=True)).to_be_hidden()
    page.keyboard.press("F12")
    refused(page, "unit_price", "単価が必要です")
    page.get_by_label("単価", exact=True).fill("１，５００")
    page.keyboard.press("F12")
    expect(page.get_by_text("商品 見守り を登録しました（はじめから）。")).to_be_visible()
    page.get_by_role("link", name="新しい料金を登録").click()
    assert page.get_by_label("単価", exact=True).input_value() == "1,500"
    page.get_by_label("単価", exact=True).fill("1800")
    page.keyboard.press("F12")
    refused(page, "valid_from", "使い始める日")
    page.get_by_label("適用開始").fill("R9.4.1")
    page.keyboard.press("F12")
    expect(page.get_by_text("2027/04/01 から")).to_be_visible()
    expect(page.get_by_role("region", name="料金の版")).to_contain_text("1,800円")


def test_a_price_is_revised_for_running_contracts_and_taken_back(own: Installation, browser: Browser) -> None:
    page = clerk(browser, own)
    page.goto("/demo/contracts/new?partner=M0001")
    page.get_by_label("契約番号 必須").fill("RP1")
    page.get_by_label("開始日 必須").fill("2026/12/1")
    page.get_by_label("明細1 商品").fill("VPS-L")
    page.get_by_label("明細1 数量").fill("2")
    page.keyboard.press("F12")
    page.wait_for_url("**/contracts/RP1")
    page.goto("/demo/products/new?product=VPS-L")
    price = page.get_by_label("単価", exact=True)
    price.fill(str(int(price.input_value().replace(",", "")) + 500))
    page.get_by_label("適用開始").fill("2027/4/1")
    page.keyboard.press("F12")
    page.wait_for_url("**/products/VPS-L")
    page.keyboard.press("F2")
    page.wait_for_url("**/products/VPS-L/reprice")
    page.get_by_label("契約番号").fill("RP1")
    page.get_by_label("契約番号").press("Tab")
    expect(page.locator("#ahead .figure").first).to_have_text("移る契約1")
    expect(page.locator("#ahead tbody tr")).to_contain_text("1,000")
    page.get_by_label("新しい料金にする最初の日 必須").fill("")
    page.keyboard.press("F12")
    refused(page, "since", "必須です")
    page.get_by_label("新しい料金にする最初の日 必須").fill("R9.4.1")
    page.keyboard.press("F12")
    expect(page.get_by_text("1契約の料金改定を登録しました。月額は 1,000円変わります。")).to_be_visible()
    page.get_by_role("button", name="予約 1件を取り消す").click()
    expect(page.get_by_text("料金改定の予約 1件を取り消しました。")).to_be_visible()
    expect(page.get_by_role("region", name="料金の改定")).to_have_count(0)


def test_a_contract_of_two_lines_is_registered(own: Installation, browser: Browser) -> None:
    page = clerk(browser, own)
    flat = a_flat_product(page)
    page.goto("/demo/contracts/new?partner=M0001")
    page.get_by_label("契約番号 必須").fill("KN1")
    page.get_by_label("開始日 必須").fill("R8.12.1")
    page.get_by_label("終了日").fill("2026/11/30")
    page.get_by_label("明細1 商品").fill(flat[0])
    page.get_by_label("明細1 数量").fill("２")
    page.get_by_label("明細2 商品").fill("ありません")
    page.get_by_label("明細2 数量").fill("1")
    page.get_by_label("明細3 数量").fill("")
    page.keyboard.press("F12")
    expect(page.get_by_role("link", name="明細2 商品コード")).to_be_visible()
    page.get_by_label("明細2 商品").fill(flat[1])
    page.keyboard.press("F12")
    refused(page, "end", "開始日より前です")
    page.get_by_label("終了日").fill("")
    page.keyboard.press("F12")
    expect(page.get_by_text("契約 KN1 を登録しました。")).to_be_visible()
    assert page.locator("section", has_text="出来事").locator("tbody tr").count() >= 2


def test_a_contract_is_changed_the_change_withdrawn_and_the_contract_left(own: Installation, browser: Browser) -> None:
    page = clerk(browser, own)
    flat = a_flat_product(page)
    page.goto("/demo/contracts/new")
    for label, text in {"契約番号 必須": "KN1", "取引先コード 必須": "M0001", "開始日 必須": "2026/12/1"}.items():
        page.get_by_label(label).fill(text)
    page.get_by_label("明細1 商品").fill(flat[0])
    page.get_by_label("明細1 数量").fill("2")
    page.get_by_role("button", name=re.compile("登録する")).click()
    page.wait_for_url("**/contracts/KN1")
    page.goto("/demo/contracts/KN1/change")
    page.get_by_label("新しい状態の最初の日").fill("2026/11/1")
    page.get_by_label("数量", exact=True).fill("５")
    page.keyboard.press("F12")
    refused(page, "effective", "開始日")
    page.get_by_label("新しい状態の最初の日").fill("R9.1.1")
    page.get_by_label("理由").fill("増設")
    expect(page.locator("#ahead")).to_contain_text("違ってくる請求明細")
    expect(page.locator("#ahead tbody tr").first).to_contain_text("2026/")
    page.keyboard.press("F12")
    expect(page.get_by_text("2026/12/31(木) までは今のまま、2027/01/01(金) から変わります。")).to_be_visible()
    page.get_by_role("link", name="取り消す").first.click()
    page.get_by_role("button", name=re.compile("変更を予約する")).click()
    expect(page.get_by_text("2027/01/01(金) に予約していた変更は行いません。")).to_be_visible()
    page.goto("/demo/contracts/KN1/change")
    page.get_by_label("変更 必須").select_option("cancel")
    page.get_by_label("使える最後の日").fill("翌月末")
    page.keyboard.press("F12")
    expect(page.get_by_text(re.compile(r"まで使い、\d{4}/\d\d/\d\d\(.\) から終わります。"))).to_be_visible()


def test_a_slip_is_entered_and_waits_for_another_person(own: Installation, browser: Browser) -> None:
    page = clerk(browser, own)
    page.goto("/demo/receivables/new")
    page.get_by_label("伝票番号 必須").fill("SN1")
    page.get_by_label("取引先コード 必須").fill("どこにもない会社")
    page.get_by_label("計上日 必須").fill("2026/11/24")
    page.get_by_label("金額 必須").fill("▲５，５００")
    page.keyboard.press("F12")
    refused(page, "partner", "この取引先はありません")
    assert page.get_by_label("金額 必須").input_value() == "▲５，５００"
    page.get_by_label("取引先コード 必須").fill("M0001")
    page.keyboard.press("F12")
    expect(page.get_by_text("ほかの人が承認すると、計上されます。")).to_be_visible()
    expect(page.locator("tr", has_text="SN1")).to_contain_text("5,500")
