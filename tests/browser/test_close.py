"""The close in the browser: closed with its progress in view, asked to be opened, opened by another person; told in its record."""

from __future__ import annotations

import os
import re
import sqlite3
from contextlib import closing

from playwright.sync_api import Browser, Page, expect

from .conftest import Installation, signed_in
from .test_deliveries import told

MONTH = "2026-10"


def row_of(page: Page, title: str) -> str:
    """What stands in a step's row."""
    return page.locator("table.steps tr", has=page.get_by_role("cell", name=title, exact=True)).inner_text()


def test_each_step_of_a_closed_month_shows_the_figures_that_prove_it(sato: Page) -> None:
    sato.goto(f"/demo/close/{MONTH}")
    rows = sato.locator("table.steps tbody tr")
    titles = [
        "利用量の取込",
        "請求の計算",
        "承認",
        "請求書の発行",
        "入金の取込",
        "入金の消込",
        "収益の認識",
        "突合",
        "締め",
    ]
    assert rows.locator("td:nth-child(2)").all_inner_texts() == titles
    for at, title in enumerate(titles):
        proof = rows.nth(at).locator("td").last.inner_text()
        assert "＝" in proof, title
        left, right = re.findall(r"([\d,]+)(?: ＝|$)", proof.split("　")[-1])
        assert left == right, title


def test_a_month_is_asked_to_be_opened_by_one_and_opened_by_another(own: Installation, browser: Browser) -> None:
    both_must_agree(own)
    accountant = signed_in(browser, own, "sato").new_page()
    accountant.goto(f"/demo/close/{MONTH}")
    accountant.get_by_label("理由").fill("請求の訂正のため")
    accountant.get_by_role("button", name="締めの解除を申請する").click()
    expect(accountant.get_by_text("締めの解除を申請しました")).to_be_visible()
    expect(accountant.get_by_text("解除が申請されています（理由: 請求の訂正のため）")).to_be_visible()
    expect(accountant.get_by_role("button", name="締めの解除を申請する")).to_have_count(0)
    accountant.get_by_role("link", name="承認のページへ").click()
    own_row = accountant.get_by_role("row", name="2026年10月の締めの解除")
    expect(own_row.get_by_role("button", name="承認", exact=True)).to_have_count(0)
    approver = signed_in(browser, own, "yamamoto").new_page()
    approver.goto("/demo/notices")
    expect(approver.locator("tr", has_text="締めの解除の承認のお願い").first).to_contain_text("2026-10")
    approver.goto("/demo/approvals")
    approver.get_by_role("row", name="2026年10月の締めの解除").get_by_role("button", name="承認", exact=True).click()
    expect(approver.get_by_text("承認しました").first).to_be_visible()
    approver.goto(f"/demo/close/{MONTH}")
    expect(approver.get_by_text(re.compile("は締め済みです"))).to_have_count(0)
    record = approver.locator("section", has=approver.get_by_role("heading", name="締めと解除の記録")).locator(
        "tbody tr"
    )
    expect(record.first).to_contain_text(re.compile("解除.*yamamoto.*sato.*請求の訂正のため"))
    expect(record.nth(1)).to_contain_text("締め")
    auditor = signed_in(browser, own, "kansa").new_page()
    auditor.goto("/demo/notices")
    expect(auditor.locator("tr", has_text="締めを解除しました").first).to_contain_text("yamamoto")
    auditor.goto(f"/demo/close/{MONTH}/flux")
    expect(auditor.locator(".proof").first).to_contain_text("✓ 一致")


def both_must_agree(own: Installation) -> None:
    """The company wants a second person where a month is opened again."""
    said = told(own, "policy", "set", "second_person=reopen,policies", "--why", "統制", "--as", "kanri")
    number = re.findall(r"申請 (\d+)", said)
    if number:
        told(own, "approvals", "approve", number[0], "--as", "yamamoto")


def test_a_close_shows_how_far_it_is(own: Installation, browser: Browser) -> None:
    approver = signed_in(browser, own, "yamamoto").new_page()
    approver.goto(f"/demo/close/{MONTH}")
    approver.get_by_label("理由").fill("もう一度締めるため")
    approver.get_by_role("button", name="締めを解除する").click()
    expect(approver.get_by_text("締めを解除しました")).to_be_visible()
    accountant = signed_in(browser, own, "sato").new_page()
    accountant.goto(f"/demo/close/{MONTH}")
    accountant.get_by_role("button", name=re.compile("この月を締める")).click()
    accountant.wait_for_url("**/runs/*")
    expect(accountant.get_by_text("完了")).to_be_visible(timeout=60_000)
    accountant.goto(f"/demo/close/{MONTH}")
    expect(accountant.get_by_text(re.compile("2026年10月は締め済みです（sato、"))).to_be_visible()


def going(own: Installation, state: str, done: int) -> None:
    """Work on the close as the worker would note it."""
    values = (
        "demo",
        "close",
        "2026年11月の締め",
        '{"month": "2026-11"}',
        "sato",
        state,
        "11/30 締めの請求: 請求明細を計算",
        done,
    )
    beside = own.books.with_suffix(".signin.db")
    with closing(sqlite3.connect(beside, timeout=30)) as connection, connection:
        connection.execute("DELETE FROM web_job WHERE kind = 'close'")
        connection.execute(
            "INSERT INTO web_job (company, kind, subject, options, actor, state, step, done, total, key, stop, asked_at, pid, figures,"
            " cause, remedy, rows, ended_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 20, '', 0, '2026-11-30 00:00:00', ?, '{}', '', '', '[]', ?)",
            (*values, os.getpid(), "2026-11-30 00:01:00" if state == "done" else None),
        )


def test_the_page_of_the_month_shows_the_close_that_is_going_on(own: Installation, browser: Browser) -> None:
    page = signed_in(browser, own, "sato").new_page()
    going(own, "running", 7)
    page.goto("/demo/close/2026-11")
    panel = page.locator("section", has=page.get_by_role("heading", name="この月を締めています"))
    expect(panel.get_by_role("status")).to_contain_text("11/30 締めの請求: 請求明細を計算 (7/20)")
    going(own, "running", 9)
    expect(panel.locator("progress")).to_have_attribute("max", "20")
    page.reload()
    expect(panel.get_by_role("status")).to_contain_text("(9/20)")
    going(own, "done", 20)
    page.reload()
    expect(panel).to_have_count(0)
    page.goto("/demo/close/2026-10")
    expect(panel).to_have_count(0)
