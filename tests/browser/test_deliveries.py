"""How documents reach the customer, seen in the browser: what waits, what went out, and what came back."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Locator, Page, expect

from tests.smtp import Post, office

from .conftest import SERVE, Installation, signed_in
from .test_pages import problems


def told(installation: Installation, *words: str) -> str:
    """What a command on the books of the installation prints."""
    given = os.environ | {"DATABASE_URL": f"sqlite:///{installation.books}", "PYTHONPATH": os.pathsep.join(sys.path)}
    given.pop("DJANGO_SETTINGS_MODULE", None)
    return subprocess.run(
        [sys.executable, "-c", SERVE, *words], env=given, capture_output=True, text=True, check=True
    ).stdout


def part(page: Page) -> Locator:
    """The part of an invoice's page that tells of its delivery."""
    return page.locator("section", has=page.get_by_role("heading", name="送付", exact=True))


def test_what_was_printed_is_told_and_can_come_back(browser: Browser, own: Installation, tmp_path: Path) -> None:
    every: list[dict[str, Any]] = json.loads(
        told(own, "report", "deliveries", "--closing", "2026-10-31", "--format", "json")
    )
    number = next(row["number"] for row in every if row["method"] == "paper")
    told(own, "deliver", "2026-10-31", "--only", number, "--output", str(tmp_path / "paper.pdf"))
    with signed_in(browser, own, "takahashi") as context:
        page = context.new_page()
        page.goto(f"/demo/deliveries?q={number}")
        expect(page.get_by_role("row").filter(has_text=number)).to_contain_text("印刷に回した")
        page.get_by_role("link", name=number).click()
        part(page).get_by_label("理由").fill("転居先不明")
        page.get_by_role("button", name="不達にする").click()
        expect(page.get_by_role("status")).to_contain_text(f"{number} を不達と記録しました")
        section = part(page)
        expect(section).to_contain_text("不達")
        expect(section).to_contain_text("転居先不明")
        expect(section.get_by_role("button")).to_have_text(["送り直す"])


@contextmanager
def by_mail(own: Installation) -> Iterator[Post]:
    """The demo sends through a mail server of ours, with the PDF and a link."""
    with office() as (post, port):
        told(own, "document", "mail", "host=127.0.0.1", f"port={port}", "security=none", "sender=bill@example.jp",
             "enclose=both", f"public_url={own.address}")  # fmt: skip
        yield post


def sent(page: Page) -> None:
    """Wait for the run that sends, and see it done."""
    page.wait_for_url("**/demo/runs/*")
    expect(page.get_by_role("heading", name="請求書の送付 完了")).to_be_visible(timeout=60_000)


def test_how_mail_is_sent_is_tried_on_oneself_before_it_is_kept(browser: Browser, own: Installation) -> None:
    with office() as (post, port), signed_in(browser, own, "kanri") as context:
        page = context.new_page()
        page.goto("/demo/settings/mail")
        expect(page.get_by_text("未設定")).to_be_visible()
        for name, text in (("host", "127.0.0.1"), ("port", str(port)), ("sender", "bill@example.jp"),
                           ("reply_to", "keiri@example.jp"), ("subject", "【ご請求】{number}")):  # fmt: skip
            page.locator(f'input[name="{name}"]').fill(text)
        page.get_by_label("接続の保護").select_option("none")
        seen = page.locator("#preview")
        expect(seen).to_contain_text("【ご請求】INV-0000-00000")
        expect(seen).to_contain_text("keiri@example.jp")
        page.get_by_role("button", name="自分（kanri").click()
        expect(page.get_by_role("status")).to_contain_text("設定は変えていません")
        ((to, trial),) = post.taken
        assert (to[0].partition("@")[0], trial["Subject"].strip()) == ("kanri", "【試し送り】【ご請求】INV-0000-00000")
        expect(page.locator('input[name="sender"]')).to_have_value("bill@example.jp")
        post.refused |= set(to)
        page.get_by_role("button", name="自分（kanri").click()
        expect(page.get_by_role("status")).to_contain_text("550 no such user")
        page.get_by_label("見るもの").select_option("return")
        expect(seen).to_contain_text("適格返還請求書")
        page.locator('input[name="subject"]').fill("{だれか}")
        expect(seen.get_by_role("alert")).to_contain_text("のほかは差し込めません")
        page.locator('input[name="subject"]').fill("ご請求 {number}")
        page.get_by_role("button", name="この設定にする").click()
        expect(page.get_by_role("status")).to_contain_text("メールの設定を変えました")
        expect(page.get_by_text("件名 → ご請求 {number}(kanri)")).to_be_visible()


def test_a_closing_is_sent_from_the_screen_and_once_more_for_a_reason(browser: Browser, own: Installation) -> None:
    with by_mail(own) as post, signed_in(browser, own, "takahashi") as context:
        page = context.new_page()
        page.goto("/demo/deliveries/2026-10-31")
        for box in page.get_by_role("checkbox").all():
            box.uncheck()
        page.get_by_role("button", name="送る").click()
        expect(page.get_by_text("送り方が選ばれていません")).to_be_visible()
        expect(page.get_by_role("checkbox", name="メール")).to_be_checked()
        page.get_by_role("button", name="送る").click()
        sent(page)
        with page.expect_download() as got:
            page.get_by_role("link", name="2026-10-31.pdf").click()
        assert Path(got.value.path()).read_bytes().startswith(b"%PDF")
        mails = [message for _, message in post.taken]
        page.goto("/demo/deliveries/2026-10-31")
        expect(page.get_by_text("いま送れる請求書はありません")).to_be_visible()
        page.goto(f"/demo/invoices/{str(mails[0]['Subject']).split()[1]}")
        part(page).get_by_label("理由").fill("新しいアドレスへ")
        page.get_by_role("button", name="送り直す").click()
        sent(page)
        assert len(post.taken) == len(mails) + 1


def test_a_customer_opens_a_link_until_it_is_taken_back(browser: Browser, own: Installation) -> None:
    with by_mail(own) as post, signed_in(browser, own, "takahashi") as context:
        told(own, "deliver", "2026-10-31", "--output", str(own.books.with_name("post.pdf")))
        message = post.taken[0][1]
        body = message.get_body(("plain",))
        assert body is not None
        link = next(line for line in body.get_content().splitlines() if line.startswith(own.address))
        number = str(message["Subject"]).split()[1]
        customer = browser.new_context(locale="ja-JP").new_page()
        customer.goto(link)
        expect(customer.get_by_role("heading", name=number)).to_be_visible()
        assert problems(customer) == []
        page = context.new_page()
        section = part(page)
        for _ in range(40):  # the worker takes the opening to the books meanwhile
            page.goto(f"/demo/invoices/{number}")
            if "ページ（127.0.0.1）" in section.inner_text():
                break
            page.wait_for_timeout(250)
        expect(section).to_contain_text("ページ（127.0.0.1）")
        section.get_by_label("理由").fill("宛先の誤り")
        section.get_by_role("button", name="リンクを取り消す").click()
        expect(page.get_by_role("status")).to_contain_text("リンクを取り消しました")
        customer.reload()
        expect(customer.get_by_role("heading", name="このリンクは使えなくなりました")).to_be_visible()
        assert problems(customer) == []
