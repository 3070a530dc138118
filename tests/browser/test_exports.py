"""仕訳出力 in the browser: names told, a file made and taken, nothing new the second time."""

from __future__ import annotations

from playwright.sync_api import Browser, Page, expect

from urikake.core.formats import journals

from .conftest import Installation, signed_in
from .test_pages import problems

PLACE = "/demo/exports?since=2026-10-01&until=2026-10-31"


def lacking_codes(page: Page) -> None:
    """PCA wants codes, says which, and makes no file without."""
    page.goto(PLACE)
    assert problems(page) == []
    page.get_by_label("会計ソフト").first.select_option(label="PCA会計")
    page.get_by_role("button", name="中身を確かめる").click()
    expect(page.get_by_text("決まっていないものがあります")).to_be_visible()
    page.get_by_role("button", name="出力する").click()
    expect(page.get_by_text("PCA会計での名前やコードが決まっていない")).to_be_visible()


def told_codes(page: Page) -> None:
    """Every account and department gets a code, and what the fees are to consumption tax."""
    page.goto("/demo/exports/mapping?target=pca")
    assert problems(page) == []
    boxes = page.locator('input[name^="account-code-"], input[name^="department-code-"]')
    for at in range(boxes.count()):
        boxes.nth(at).fill(str(100 + at))
    page.get_by_label("支払手数料 の消費税の扱い").select_option(label="課税仕入 標準税率（適格請求書あり）")
    page.get_by_role("button", name="決める").click()
    expect(page.get_by_text("件の名前を決めました")).to_be_visible()


def letters(page: Page) -> None:
    """A letter is told what stands for it, and is gone from the page once that is emptied."""
    page.get_by_label("文字", exact=True).fill("𠮷")
    page.get_by_label("代わりの文字").fill("吉")
    page.get_by_role("button", name="決める").click()
    expect(page.get_by_label("𠮷 の代わり")).to_have_value("吉")
    page.get_by_label("𠮷 の代わり").fill("")
    page.get_by_role("button", name="決める").click()
    expect(page.get_by_text("1件の名前を決めました")).to_be_visible()
    expect(page.get_by_label("𠮷 の代わり")).to_have_count(0)


def printed(page: Page) -> None:
    """The books are printed for beancount, and the close goes on looking at the package."""
    page.goto(f"{PLACE}&target=beancount")
    expect(page.get_by_text("いつでもすべて出ます")).to_be_visible()
    assert problems(page) == []
    page.get_by_role("button", name="出力する").click()
    expect(page.get_by_text("のファイル 2 を作りました")).to_be_visible()
    page.goto("/demo/close/2026-10")
    expect(page.locator("main")).to_contain_text("会計ソフトとの照合")
    expect(page.locator("main")).to_contain_text("PCA会計 差 1科目")


def made_once(page: Page) -> None:
    """A file is made and taken; the second time nothing is new, and the close says so."""
    page.goto(f"{PLACE}&target=pca")
    page.get_by_role("button", name="出力する").click()
    expect(page.get_by_text("のファイル 1 を作りました")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="受け取る").click()
    sides, wrong = journals.read("pca", download.value.path().read_bytes())
    assert (wrong, len(sides) > 20) == ([], True)
    page.goto(f"{PLACE}&target=pca")
    expect(page.get_by_text("まだ渡していないもの 0件")).to_be_visible()
    page.get_by_role("button", name="出力する").click()
    expect(page.get_by_text("新しく渡す仕訳はありません")).to_be_visible()
    page.goto("/demo/close/2026-10")
    expect(page.locator("main")).to_contain_text("すべて渡しました")


def tied_out(page: Page) -> None:
    """A trial balance that came back is compared account by account."""
    page.goto(f"{PLACE}&target=pca")
    trial = {"name": "trial.csv", "mimeType": "text/csv", "buffer": "勘定科目,残高\n売掛金,1\n".encode()}
    page.get_by_label("試算表").set_input_files(trial)
    page.get_by_role("button", name="残高を照合する").click()
    expect(page.locator(".proof")).to_contain_text("科目を照合しました")
    expect(page.locator(".proof")).to_contain_text("差額")
    expect(page.get_by_role("table")).to_contain_text("売掛金")
    assert problems(page) == []


def tied_out_by_slip(page: Page) -> None:
    """The journal that came back without a slip tells which one is missing."""
    page.goto(f"{PLACE}&target=pca")
    with page.expect_download() as download:
        page.get_by_role("link", name="受け取る").click()
    rows = download.value.path().read_bytes().split(b"\r\n")
    first = rows[1].split(b",")[:2]
    journal = b"\r\n".join(row for row in rows if row.split(b",")[:2] != first)
    page.get_by_label("仕訳帳・元帳").set_input_files(
        {"name": "journal.csv", "mimeType": "text/csv", "buffer": journal}
    )
    page.get_by_role("button", name="仕訳を照合する").click()
    expect(page.get_by_text("会計ソフトにない 1件", exact=True)).to_be_visible()
    assert problems(page) == []
    page.get_by_role("link", name="違う伝票").click()
    expect(page.get_by_role("table")).to_contain_text("会計ソフトにない")
    assert problems(page) == []


def test_a_month_is_handed_over_once_and_tied_out(browser: Browser, own: Installation) -> None:
    with signed_in(browser, own, "sato") as context:
        page = context.new_page()
        for step in (lacking_codes, told_codes, letters, made_once, tied_out, tied_out_by_slip, printed):
            step(page)
