"""仕訳出力 in the browser: names told, a file made and taken, nothing new the second time."""

from __future__ import annotations

from playwright.sync_api import Browser, expect

from urikake.core.formats import journals

from .conftest import Installation, signed_in
from .test_pages import problems


def test_a_month_is_handed_over_once(browser: Browser, own: Installation) -> None:
    with signed_in(browser, own, "sato") as context:
        page = context.new_page()
        page.goto("/demo/exports?since=2026-10-01&until=2026-10-31")
        assert problems(page) == []
        page.get_by_label("会計ソフト").first.select_option(label="PCA会計")
        page.get_by_role("button", name="中身を確かめる").click()
        expect(page.get_by_text("コードの決まっていないものがあります")).to_be_visible()
        page.get_by_role("button", name="出力する").click()
        expect(page.get_by_text("PCA会計での名前やコードが決まっていない")).to_be_visible()
        page.goto("/demo/exports/mapping?target=pca")
        assert problems(page) == []
        boxes = page.locator('input[name^="account-code-"], input[name^="department-code-"]')
        for at in range(boxes.count()):
            boxes.nth(at).fill(str(100 + at))
        page.get_by_role("button", name="決める").click()
        expect(page.get_by_text("件の名前を決めました")).to_be_visible()
        page.goto("/demo/exports?since=2026-10-01&until=2026-10-31&target=pca")
        page.get_by_role("button", name="出力する").click()
        expect(page.get_by_text("のファイル 1 を作りました")).to_be_visible()
        with page.expect_download() as download:
            page.get_by_role("link", name="受け取る").click()
        sides, wrong = journals.read("pca", download.value.path().read_bytes())
        assert wrong == []
        assert len(sides) > 20
        page.goto("/demo/exports?since=2026-10-01&until=2026-10-31&target=pca")
        expect(page.get_by_text("まだ渡していないもの 0件")).to_be_visible()
        page.get_by_role("button", name="出力する").click()
        expect(page.get_by_text("新しく渡す仕訳はありません")).to_be_visible()
