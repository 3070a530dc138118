"""Direct debits in the browser: who is asked and who is not, the file, the result, and what happens next."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from tests.builders import a_mandate, answered, csv_text

from .conftest import Installation, signed_in
from .test_deliveries import told


def a_debiting_demo(installation: Installation, folder: Path) -> None:
    """Two customers who owe by direct debit and one without a mandate, and a collector."""
    people = [
        {"code": code, "name": f"{code}家", "kana": code, "method": "direct_debit"} for code in ("W1", "W2", "W3")
    ]
    owed = {"date": "2026-11-30", "account": "売掛金", "credit_account": "雑収入", "due": "2026-12-28", "maker": "x"}
    files = {
        "partners": [{"code": "BANK", "name": "みほん収納", "kana": "ミホン"}, *people],
        "collectors": [
            {
                "partner": "BANK",
                "kind": "debit",
                "client_code": "1234567890",
                "client_name": "カ)ミホン",
                "bank": "9991",
                "branch": "001",
            }
        ],
        "mandates": [a_mandate("W1", 1), a_mandate("W2", 2)],
        "receivables": [owed | {"slip_no": f"S-{p['code']}", "partner": p["code"], "amount": 3_300} for p in people],
    }
    for kind, rows in files.items():
        file = folder / f"{kind}.csv"
        file.write_text(csv_text(rows), encoding="utf-8")
        told(installation, "import", kind, str(file))
    told(installation, "approve", "receivables", "S-W1", "S-W2", "S-W3", "--as", "yamamoto")


def test_a_request_is_looked_at_made_sent_and_answered(browser: Browser, own: Installation, tmp_path: Path) -> None:
    a_debiting_demo(own, tmp_path)
    with signed_in(browser, own, "sato") as context:
        page = context.new_page()
        page.goto("/demo/debits")
        page.get_by_role("link", name="依頼する").click()
        page.get_by_label("引落日", exact=True).fill("2026/12/28")
        page.get_by_role("button", name="中身を確かめる").click()
        left = page.locator("section", has=page.get_by_role("heading", name="依頼しない債権"))
        expect(left).to_contain_text("口座の登録がありません")
        page.get_by_role("button", name="依頼を作る").click()
        expect(page.get_by_text("振替依頼 1（2件 6,600円）を作りました")).to_be_visible()
        sent = downloaded(page)
        result = tmp_path / "result.txt"
        result.write_bytes(answered(sent, "2026-12-28", W2=2))
        take(page, result)
        register(page, "0000012")
        page.goto(f"/demo/debits/new?collector=BANK&on=2027-01-27&due={date(2026, 12, 31)}")
        expect(page.get_by_role("region", name="依頼する口座振替")).to_contain_text("W2家")


def downloaded(page: Page) -> bytes:
    """The file of the request on the page."""
    with page.expect_download() as download:
        page.get_by_role("link", name="依頼ファイル").click()
    return Path(download.value.path()).read_bytes()


def take(page: Page, result: Path) -> None:
    """Take the result file, and look at what failed."""
    page.goto("/demo/debits")
    page.get_by_label("結果ファイル").set_input_files(result)
    page.get_by_label("差し引かれる手数料(円)").fill("１１０")
    page.get_by_role("button", name="結果を取り込む").click()
    expect(page.get_by_text("振替済 1件 3,300円を消し込みました、振替不能 1件 3,300円")).to_be_visible()
    page.get_by_role("link", name="1", exact=True).click()
    expect(page.locator(".proof").first).to_contain_text("一致")
    failed = page.locator("section", has=page.get_by_role("heading", name="振替不能"))
    expect(failed).to_contain_text("口座の登録を止めました。振込で回収します")


def register(page: Page, number: str) -> None:
    """Give the customer whose account is gone a new one, mistyped at first."""
    page.get_by_role("link", name="W2家").click()
    section = page.locator("section", has=page.get_by_role("heading", name="口座振替", exact=True))
    expect(section).to_contain_text("止めています")
    section.get_by_role("link", name="口座を変える").click()
    page.get_by_label("口座番号").fill("12")
    page.get_by_role("button", name="登録する").click()
    expect(page.locator("em", has_text="数字7桁")).to_be_visible()
    page.get_by_label("口座番号").fill(number)
    page.get_by_role("button", name="登録する").click()
    expect(section).to_contain_text("引き落とせます")
