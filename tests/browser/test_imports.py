"""A file of another product, taken in the browser: its columns matched, its errors at their cells, and then the file."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from tests.bank_files import Book, Move, statement

from .conftest import Installation, signed_in

AXE = (Path(__file__).parent / "vendor" / "axe-4.14.1.min.js").read_text()
RULES = "{runOnly: {type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']}}"
BAD = (
    "得意先CD\t会社名\tよみ\t締め日\tインボイス番号\n"
    "W1\tわかば食品\tワカバショクヒン\t31\t\nW2\t青空運送\tアオゾラ\t29\tT1234567890123\n"
)
GOOD = BAD.replace("\t29\tT1234567890123", "\t20\t")


def brought(page: Page, text: str, kind: str = "partners") -> None:
    """Bring the file to the page that tries it."""
    page.goto(f"/demo/imports?kind={kind}")
    sent = {"name": "得意先.csv", "mimeType": "text/csv", "buffer": text.encode("cp932")}
    page.locator("input[type=file]").set_input_files(sent)  # type: ignore[arg-type]
    page.get_by_role("button", name="中身を確かめる").click()
    page.wait_for_url(re.compile(r"/imports/\d+"))


def test_every_error_stands_at_its_cell_and_nothing_can_be_taken(own: Installation, browser: Browser) -> None:
    page = signed_in(browser, own, "sato", viewport={"width": 1366, "height": 768}).new_page()
    brought(page, BAD)
    expect(page.get_by_text("誤りが2件あるため、このままでは取り込めません。")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("取り込む"))).to_be_disabled()
    wrong = page.locator("td.wrong")
    expect(wrong).to_have_count(2)
    expect(wrong.first).to_contain_text("29")
    expect(wrong.nth(1)).to_contain_text("チェックデジット")
    page.evaluate(AXE)
    assert page.evaluate(f"axe.run(document, {RULES}).then(r => r.violations.map(v => v.id))") == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.get_by_role("link", name="誤りのある行だけ").click()
    expect(page.locator("table.given tbody tr")).to_have_count(1)
    told = page.context.request.get(f"{page.url}&format=csv").body().decode("utf-8-sig")
    assert told.splitlines()[1].startswith("3,インボイス番号,T1234567890123,")


def test_columns_are_matched_saved_and_known_again(own: Installation, browser: Browser) -> None:
    page = signed_in(browser, own, "sato").new_page()
    brought(page, GOOD)
    page.get_by_label("よみ は").select_option(label="フリガナ")
    page.get_by_label("名前", exact=True).fill("販売管理の得意先")
    page.get_by_role("button", name="名前を付けて保存").click()
    expect(page.get_by_text("対応づけ「販売管理の得意先」を保存しました")).to_be_visible()
    expect(page.get_by_text("取り込むと 2件を新しく登録します")).to_be_visible()
    page.keyboard.press("F12")
    page.wait_for_url("**/runs/*")
    expect(page.get_by_text(re.compile("完了"))).to_be_visible(timeout=60_000)
    page.goto("/demo/partners/W2")
    expect(page.get_by_text("アオゾラ").first).to_be_visible()
    brought(page, GOOD)
    assert page.get_by_label("よみ は").input_value() == "kana"
    expect(page.get_by_text("すべて取り込み済みの内容")).to_be_visible()
    page.get_by_role("button", name="やめる").click()
    expect(page.get_by_text("をやめました")).to_be_visible()


def test_a_bank_file_shows_what_it_tells_before_it_is_taken(own: Installation, browser: Browser) -> None:
    page = signed_in(browser, own, "sato", viewport={"width": 1366, "height": 768}).new_page()
    day = date(2026, 11, 20)
    moves = [Move(amount=3_960, on=day, edi="INV-1"), Move(amount=550, way="out", on=day, payer="", note="ﾃｽｳﾘﾖｳ")]
    book = Book(moves=moves, since=date(2026, 11, 1), until=date(2026, 11, 30), branch="110", number="2048163")

    def bring(data: bytes, form: str = "全銀 入出金取引明細") -> None:
        page.goto("/demo/imports?kind=receipts")
        page.get_by_label("入金の形式").select_option(label=form)
        sent = {"name": "meisai.txt", "mimeType": "text/plain", "buffer": data}
        page.locator("input[type=file]").set_input_files(sent)  # type: ignore[arg-type]
        page.get_by_role("button", name="中身を確かめる").click()
        page.wait_for_url(re.compile(r"/imports/\d+"))

    data = statement(book)
    bring(data.replace(b"000000003960", b"00000000396X", 1))
    expect(page.get_by_text("誤りが1件あるため、このままでは取り込めません。")).to_be_visible()
    expect(page.get_by_text("2件目のレコード 取引金額（25桁目）「00000000396X」")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("取り込む"))).to_be_disabled()
    bring(data, "全銀 振込入金通知")
    expect(page.get_by_text("振込入金通知（01）ではなく、入出金取引明細のファイルです")).to_be_visible()
    bring(data)
    expect(page.get_by_text("取り込むと 1件を新しく登録します")).to_be_visible()
    expect(page.locator("table.given tbody tr")).to_have_count(2)
    expect(page.get_by_role("heading", name="列の対応づけ")).to_have_count(0)
    page.evaluate(AXE)
    assert page.evaluate(f"axe.run(document, {RULES}).then(r => r.violations.map(v => v.id))") == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.keyboard.press("F12")
    page.wait_for_url("**/runs/*")
    expect(page.get_by_text(re.compile("完了"))).to_be_visible(timeout=60_000)
    bring(data)
    expect(page.get_by_text("すべて取り込み済みの内容")).to_be_visible()


def test_a_file_that_is_brought_is_nobody_elses(own: Installation, browser: Browser) -> None:
    page = signed_in(browser, own, "sato").new_page()
    brought(page, GOOD)
    other = signed_in(browser, own, "takahashi")
    assert other.request.get(page.url).status == 404


def test_a_file_of_changes_says_what_it_does_to_the_next_bills(own: Installation, browser: Browser) -> None:
    page = signed_in(browser, own, "takahashi", viewport={"width": 1366, "height": 768}).new_page()
    brought(
        page,
        "契約番号,適用日,変更種別,値引\nK00001,2026-12-01,discount,10%\nK00003,2026-12-01,discount,10%\n",
        "events",
    )
    bills = page.get_by_role("region", name="これからの請求")
    expect(page.get_by_text("2契約の、次の請求の合計です")).to_be_visible()
    assert bills.locator("tbody tr").count() >= 3
    expect(bills).to_contain_text("△")
    page.evaluate(AXE)
    assert page.evaluate(f"axe.run(document, {RULES}).then(r => r.violations.map(v => v.id))") == []
