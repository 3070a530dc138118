"""The CSV of a bank that nobody knows: its columns told on a page that shows what comes of it, and then taken by its name."""

from __future__ import annotations

import re

from playwright.sync_api import Browser, Page, expect

from .conftest import Installation, signed_in
from .test_pages import problems
from .test_work import compose

SAMPLE = (
    "口座,普通 2048163,,,,\r\n期間,2026/11/01〜2026/11/30,,,,\r\n\r\n"
    "取引日,入払区分,取引金額,差引残高,取引内容,メモ\r\n"
    '2026/11/20(金),入金,"3,960","1,003,960",ﾌﾘｺﾐｷﾝ ｶ)ﾊﾙﾉ,INV-1\r\n'
    '2026/11/20(金),出金,550,"1,003,410",テスウリヨウ,\r\n'
    '2026/11/24(火),入金,"29,928","1,033,338",振込　ミドリグループ,\r\n'
    '合計,,,"1,033,338",,\r\n'
)
NEXT = (
    "取引日,入払区分,取引金額,差引残高,取引内容,メモ\r\n"
    '2026/11/27(金),入金,"3,960","1,043,960",ｶ)ﾊﾙﾉ,INV-2\r\n2026/11/27(金),出金,-550,"1,044,510",テスウリヨウ,\r\n'
)


def give(page: Page, text: str, name: str = "mihon.csv") -> None:
    sent = {"name": name, "mimeType": "text/csv", "buffer": text.encode("cp932")}
    page.locator("input[type=file]").set_input_files(sent)  # type: ignore[arg-type]


def begun(page: Page, text: str = SAMPLE) -> None:
    """Open the editor on the sample."""
    page.goto("/demo/imports/formats")
    give(page, text)
    page.get_by_role("button", name="列を決める").click()
    page.wait_for_url(re.compile(r"/imports/formats/\d+"))


def shown(page: Page) -> list[list[str]]:
    """The rows of the preview: their line, day, way, amount and payer."""
    rows = page.get_by_role("region", name="取り込むとこうなる行").locator("tbody tr:has(th)")
    return [[cell.strip() for cell in row.locator("th, td").all_inner_texts()][:5] for row in rows.all()]


def fits(page: Page) -> None:
    page.evaluate("scrollTo(0, 0)")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert problems(page) == []


def test_columns_are_told_with_what_comes_of_them_and_the_name_is_offered_with_the_others(
    own: Installation, browser: Browser
) -> None:
    page = signed_in(browser, own, "sato", viewport={"width": 1366, "height": 768}).new_page()
    begun(page)
    expect(page.get_by_text("Shift_JIS（CP932）・6列・見出しは 4行目")).to_be_visible()
    preview = page.locator("#preview")
    expect(preview.get_by_text("8行目 取引日（1列目）「合計」: 日付として読めないか、先の日です").first).to_be_visible()
    fits(page)
    assert shown(page)[0] == ["5", "2026/11/20(金)", "入金", "3,960", "ﾌﾘｺﾐｷﾝ ｶ)ﾊﾙﾉ"]
    read_again_at_every_change(page)
    named(page)
    taken_and_looked_at(page)
    put_aside(page)


def read_again_at_every_change(page: Page) -> None:
    """Choose and type until every row can be read."""
    preview = page.locator("#preview")
    page.get_by_text("メモ・番号・仕向銀行・口座・読み飛ばす行").click()
    page.get_by_label("読み飛ばす行の言葉").fill("合計")
    expect(preview.get_by_text("3行をすべて読めました。")).to_be_visible()
    expect(preview.get_by_text("残高は1行ずつつながっています。")).to_be_visible()
    page.get_by_label("名義の前から除く言葉").fill("フリコミキン")
    expect(preview.get_by_role("cell", name="ｶ)ﾊﾙﾉ", exact=True)).to_be_visible()
    page.get_by_label("入金を表す言葉").fill("振込")
    expect(preview.get_by_text("入金の言葉（振込）でも").first).to_be_visible()
    page.get_by_label("入金を表す言葉").fill("入金")
    page.get_by_label("金額は").select_option(label="一つの列で、出金はマイナス")
    expect(page.get_by_label("入金を表す言葉")).to_be_hidden()
    expect(preview.get_by_text("どれか一つの形で選んでください")).to_be_visible()
    page.get_by_label("金額は").select_option(label="金額の列と、入金か出金かを書いた列がある")
    expect(preview.get_by_text("3行をすべて読めました。")).to_be_visible()
    fits(page)


def named(page: Page) -> None:
    """Save the layout; a name that is taken leaves what was typed."""
    page.get_by_label("形式の名前").fill("anser")
    page.keyboard.press("F12")
    expect(page.get_by_text("「anser」は、はじめからある形式の名前です。")).to_be_visible()
    expect(page.get_by_label("名義の前から除く言葉")).to_have_value("フリコミキン")
    fits(page)
    page.get_by_label("形式の名前").fill("みほん信金")
    page.keyboard.press("F12")
    page.wait_for_url("**/imports/formats")
    expect(page.get_by_text("銀行の形式「みほん信金」を保存しました。")).to_be_visible()
    fits(page)


def taken(page: Page, text: str, name: str) -> None:
    """Take a file by the company's own layout."""
    page.goto("/demo/imports/formats")
    page.get_by_role("link", name="みほん信金 で取り込む").click()
    expect(page.get_by_label("入金の形式")).to_have_value("みほん信金")
    give(page, text, name)
    page.get_by_role("button", name="中身を確かめる").click()
    expect(page.get_by_text(re.compile("取り込むと .件を新しく登録します"))).to_be_visible()
    page.keyboard.press("F12")
    page.wait_for_url("**/runs/*")
    expect(page.get_by_text("完了")).to_be_visible(timeout=60_000)


def taken_and_looked_at(page: Page) -> None:
    """Take two files with days missing between them, and look at what that says."""
    taken(page, SAMPLE, "mihon.csv")
    taken(page, NEXT, "tsuzuki.csv")
    page.get_by_role("link", name="抜けているところへ").click()
    gaps = page.get_by_role("region", name="抜けているところ")
    expect(gaps.get_by_role("row").nth(1)).to_contain_text("2026/11/25(水)〜2026/11/26(木)")
    expect(gaps.get_by_role("row").nth(1)).to_contain_text("6,662")
    expect(page.locator(".proof.off")).to_contain_text("差額 6,662円")
    listed = page.get_by_role("region", name="銀行のファイルの表").locator("tbody tr")
    expect(listed.nth(1)).to_contain_text("はじめ")
    expect(listed.nth(2)).to_contain_text("抜け")
    fits(page)
    page.get_by_label("前のファイルと").select_option("抜け")
    expect(listed).to_have_count(2)
    page.goto("/demo/receipts")
    page.get_by_role("link", name="訂正の確認").click()
    expect(page.get_by_role("region", name="訂正の表")).to_contain_text("2026/11/27(金),出金,-550")
    fits(page)
    page.goto("/demo/receipts/files?as_of=2026-11-24")
    expect(page.get_by_role("heading", name=re.compile("抜けているところ"))).to_have_count(0)
    expect(page.locator(".proof")).to_contain_text("一致")


def put_aside(page: Page) -> None:
    """Put the layout aside, and take that back."""
    page.goto("/demo/imports/formats")
    page.get_by_role("button", name="みほん信金 を使うのをやめる").click()
    expect(page.get_by_text("まだ作った形式はありません。")).to_be_visible()
    page.keyboard.press("Control+z")
    expect(page.get_by_role("rowheader", name="みほん信金")).to_be_visible()


def test_a_sample_without_a_header_and_one_whose_header_is_told(own: Installation, browser: Browser) -> None:
    page = signed_in(browser, own, "sato").new_page()
    begun(page, "20261120,ハルノ,,3960\n20261121,手数料,550,\n")
    expect(page.get_by_text("4列・見出しなし")).to_be_visible()
    expect(page.locator("#preview")).to_contain_text("まだ読めません。")
    for label, column in (("日付の列", 1), ("入金額の列", 4), ("出金額の列", 3), ("振込名義（摘要）の列", 2)):
        page.get_by_label(re.compile(f"^{label}")).select_option(f"{column}列目")
    expect(page.locator("#preview")).to_contain_text("2行をすべて読めました。")
    assert shown(page) == [
        ["1", "2026/11/20(金)", "入金", "3,960", "ハルノ"],
        ["2", "2026/11/21(土)", "出金", "550", "手数料"],
    ]
    page.get_by_label("見出しの行").select_option("1")
    page.get_by_role("button", name="見出しの行を変える").click()
    expect(page.get_by_text("4列・見出しは 1行目")).to_be_visible()


def test_a_known_bank_is_said_to_be_one_and_a_file_in_another_form_leads_to_the_editor(
    own: Installation, browser: Browser
) -> None:
    page = signed_in(browser, own, "sato").new_page()
    begun(page, "日付,お取引内容,お支払い金額,お預かり金額,残高\n2026/11/20,振込 ハルノ,,500,500\n")
    expect(page.get_by_text("はじめからある形式 mizuho-direct で、そのまま取り込めます")).to_be_visible()
    page.goto("/demo/imports?kind=receipts&format=anser")
    give(page, SAMPLE)
    page.get_by_role("button", name="中身を確かめる").click()
    expect(page.get_by_text(re.compile("1行目 見出し（1列目）: ANSER"))).to_be_visible()
    page.get_by_role("button", name="このファイルで銀行の形式を作る").click()
    expect(page.get_by_text("見本 mihon.csv")).to_be_visible()
    other = signed_in(browser, own, "takahashi")
    assert other.request.get(page.url).status == 404  # a sample is its bringer's alone
    assert signed_in(browser, own, "kansa").request.get(page.url).status == 403
    page.goto("/demo/imports/formats")
    give(page, "PK\x03\x04", "meisai.xlsx")
    page.get_by_role("button", name="列を決める").click()
    expect(page.get_by_text("meisai.xlsx は Excel のファイルです。")).to_be_visible()


def test_enter_that_ends_a_conversion_saves_nothing(own: Installation, browser: Browser) -> None:
    page = signed_in(browser, own, "sato").new_page()
    begun(page)
    page.get_by_label("形式の名前").focus()
    typing = page.context.new_cdp_session(page)
    compose(typing, "み", "みほん")
    enter = {"type": "keyDown", "key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 229}
    typing.send("Input.dispatchKeyEvent", enter)
    typing.send("Input.insertText", {"text": "見本"})
    expect(page.get_by_label("形式の名前")).to_have_value("見本")
    assert re.search(r"/imports/formats/\d+$", page.url)
    page.keyboard.press("Enter")
    page.wait_for_url("**/imports/formats")
    expect(page.get_by_role("rowheader", name="見本")).to_be_visible()


def test_zengin_files_without_their_spaces_are_taken_on_demand(own: Installation, browser: Browser) -> None:
    from datetime import date

    from tests.bank_files import Book, Move, statement

    page = signed_in(browser, own, "sato").new_page()
    book = Book(moves=[Move(amount=3_960, on=date(2026, 11, 20))], since=date(2026, 11, 1), until=date(2026, 11, 30),
                branch="110", number="2048163")  # fmt: skip
    data = b"\r\n".join(line.rstrip() for line in statement(book).splitlines())
    for ticked, says in ((False, "バイトです（1 レコードは 200 バイト）"), (True, "取り込むと 1件を新しく登録します")):
        page.goto("/demo/imports?kind=receipts&format=zengin-statement")
        page.get_by_label("行末の空白が落ちた").set_checked(ticked)
        sent = {"name": "meisai.txt", "mimeType": "text/plain", "buffer": data}
        page.locator("input[type=file]").set_input_files(sent)  # type: ignore[arg-type]
        page.get_by_role("button", name="中身を確かめる").click()
        expect(page.get_by_text(says).first).to_be_visible()
    page.keyboard.press("F12")
    page.wait_for_url("**/runs/*")
    expect(page.get_by_text("完了")).to_be_visible(timeout=60_000)
    expect(page.get_by_text("入金 1 金額 3,960")).to_be_visible()
