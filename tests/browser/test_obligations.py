"""履行義務と配分 in the browser: the list, the picture and the table of a contract, why its price falls so, and its changes."""

from __future__ import annotations

import os
import re
import subprocess
import sys

from playwright.sync_api import Browser, Page, expect

from .conftest import Installation, signed_in
from .test_pages import problems
from .test_pictures import labels

START = """
from urikake.base.loading import load; load()
from urikake.base.url import with_company
from tests import arranged, builders
url = with_company({url!r}, "demo")
"""
SET_UP = """
arranged.shelf(url)
arranged.a_bundle(url, "X1", start="2026-12-01", end="2027-11-30", partner="M0001")
builders.recognize(url, "2026-12", "2027-05")
builders.an_event(url, "add_option", "2027-06-01", contract_no="X1", product="MORE", quantity=1, unit_price=2_000)
builders.recognize(url, "2027-06")
"""


TWO = """
arranged.shelf(url)
term = {"start": "2026-12-01", "end": "2027-11-30", "partner": "M0001"}
builders.take_rows(url, "contracts", [
    builders.a_line("X2", product="HOST", unit_price=10_000, cycle_months=1, **term),
    builders.a_line("X3", product="BEGIN", unit_price=0, cycle_months=0, **term),
])
"""


def arranged(installation: Installation) -> None:
    """X1: a setup for nothing with a year for 120,000 from December on; from June an option below its price."""
    done(installation, SET_UP)


def done(installation: Installation, script: str) -> None:
    """Do it to the books, in a process of its own: Playwright runs a loop in ours."""
    script = START.format(url=f"sqlite:///{installation.books}") + script
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", script], env=environment, check=True, timeout=120)


def test_where_nothing_is_arranged_the_list_says_so(sato: Page) -> None:
    sato.goto("/demo/revenue")
    sato.get_by_role("link", name="履行義務と配分").click()
    expect(sato.locator("main")).to_contain_text("この日に配分している契約はありません。")
    assert sato.request.get("/demo/revenue/obligations/K99999").status == 404
    assert (
        sato.request.get("/demo/revenue/obligations/K00001").status == 404
    )  # there is such a contract, but no obligations


def test_a_contract_shows_its_shares_their_reasons_and_what_a_change_did(browser: Browser, own: Installation) -> None:
    arranged(own)
    page = signed_in(browser, own, "sato").new_page()
    page.goto("/demo/revenue/obligations?as_of=2027-05-31")
    expect(page.locator(".proof")).to_contain_text("取引価格 120,000 ＝ 配分した額 120,000")
    expect(page.locator(".proof")).to_contain_text("✓ 一致")
    row = page.locator("tbody tr[data-row]").locator("td")
    assert row.all_inner_texts()[3:9] == ["契約時の配分", "120,000", "72,000", "48,000", "0", "72,000"]
    row.first.locator("a").click()
    expect(page.locator("main")).to_contain_text(
        "独立販売価格 120,000円 : 30,000円（HOST : BEGIN）の比で 120,000円 を配分しました。"
    )
    table = page.locator("#table tbody tr")
    assert [row.locator("td").all_inner_texts()[:6] for row in table.all()[1:]] == [
        ["HOST", "120,000", "120,000", "96,000", "48,000", "48,000"],
        ["BEGIN", "0", "30,000", "24,000", "24,000", "0"],
    ]
    picture = page.locator("figure.pic").first
    assert [text for text in labels(picture.locator("svg")) if text.startswith(("明細", "配分"))] == [
        "明細の価格 HOST 120,000円", "配分した額 HOST 96,000円", "配分した額 BEGIN 24,000円",
    ]  # fmt: skip
    expect(page.locator(".proof")).to_contain_text("契約資産 72,000")
    page.goto("/demo/revenue/obligations/X1?as_of=2027-06-30")
    change = page.locator("section.panel", has=page.locator("ol"))
    expect(change.locator("h2")).to_contain_text("2027/06/01 の変更 将来に向けて（31項(1)）")
    assert change.locator("ol li").all_inner_texts() == [
        "加わった財・サービスは、ほかと別個か（30項(1)） → はい",
        "加わった価格は、その独立販売価格か（30項(2)） → いいえ 加わった価格 12,000円、独立販売価格 18,000円",
        "残りは、これまでに提供したものと別個か（31項） → はい",
        "決まりでは 将来に向けて（31項(1)）",
    ]
    expect(change).to_contain_text(
        "まだ収益にしていない 48,000円 と、変更で加わった 12,000円をあわせると 60,000円 です。"
    )
    expect(change).to_contain_text("独立販売価格 60,000円 : 18,000円（HOST : MORE）の比で配分し直しました。")
    assert problems(page) == []
    page.goto("/demo/contracts/X1?as_of=2027-06-30")
    panel = page.locator("section.panel", has=page.get_by_role("heading", name="履行義務"))
    expect(panel).to_contain_text("取引価格 132,000円 を 3 の履行義務に配分しています。")
    panel.get_by_role("link", name="配分の理由を見る").click()
    expect(page.locator("h1")).to_have_text("契約 X1 の履行義務と配分")


def test_who_may_not_read_revenue_sees_the_contract_without_it(browser: Browser, own: Installation) -> None:
    arranged(own)
    page = signed_in(browser, own, "suzuki").new_page()
    page.goto("/demo/contracts/X1?as_of=2027-06-30")
    expect(page.locator("h1")).to_have_text("契約 X1")
    expect(page.get_by_role("heading", name="履行義務")).to_have_count(0)
    assert page.request.get("/demo/revenue/obligations/X1").status == 403


def approved(browser: Browser, own: Installation, page: Page, contract: str, what: str) -> None:
    """Send the judgement that is filled in for approval; another person finds it in these words, and approves."""
    page.get_by_role("button", name="承認に回す").click()
    expect(page.locator("body")).to_contain_text(f"{contract} の判断を承認に回しました。")
    boss = signed_in(browser, own, "yamamoto").new_page()
    boss.goto("/demo/approvals")
    expect(boss.locator("main")).to_contain_text(f"契約 {contract}: {what}")
    boss.get_by_role("button", name="承認").first.click()
    expect(boss.locator("body")).to_contain_text("承認しました")


def test_a_judgement_is_asked_for_in_a_form_and_told_on_the_page(browser: Browser, own: Installation) -> None:
    arranged(own)
    page = signed_in(browser, own, "sato").new_page()
    page.goto("/demo/revenue/obligations/X1?as_of=2027-06-30")
    expect(page.get_by_role("link", name="判断する")).to_have_attribute("href", re.compile("contract=X1"))
    page.goto("/demo/revenue/judgements?contract=X1")
    page.get_by_label("判断すること").select_option("bundle")
    page.get_by_label("明細の商品", exact=False).select_option("BEGIN")
    page.get_by_label("一つにする相手の商品").select_option("HOST")
    page.get_by_role("button", name="承認に回す").click()
    expect(page.locator("form.entry")).to_contain_text("理由を書いてください")
    page.get_by_label("理由").fill("設定だけでは使えない")
    assert problems(page) == []
    approved(browser, own, page, "X1", "BEGIN は HOST と別個でない（一つの履行義務）")
    page.goto("/demo/revenue/obligations/X1?as_of=2027-06-30")
    told = page.locator("section.panel", has=page.get_by_role("heading", name="判断"))
    expect(told).to_contain_text("設定だけでは使えない")
    expect(told).to_contain_text("yamamoto")


def test_contracts_are_judged_to_be_one_and_stand_together(browser: Browser, own: Installation) -> None:
    done(own, TWO)
    page = signed_in(browser, own, "sato").new_page()
    page.goto("/demo/revenue/judgements?contract=X3")
    page.get_by_label("判断すること").select_option("combine")
    page.get_by_label("結合する相手の契約").select_option("X2")
    page.get_by_label("理由").fill("まとめて交渉した（27項(1)）")
    assert problems(page) == []
    approved(browser, own, page, "X3", "契約 X2 と結合し、一つの契約とみなす")
    done(own, 'builders.recognize(url, "2026-12")')
    page.goto("/demo/revenue/obligations/X3?as_of=2026-12-31")
    expect(page.locator(".proof")).to_contain_text("結合した契約から 24,000")
    expect(page.locator(".proof")).to_contain_text("✓ 一致")
    rows = page.get_by_role("region", name="結合した契約").locator("tbody tr")
    assert [row.split() for row in rows.all_inner_texts()] == [
        ["X2", "120,000", "120,000", "96,000"], ["X3", "0", "30,000", "24,000"],
    ]  # fmt: skip
    expect(page.locator("main")).to_contain_text("（HOST : BEGIN）の比で 120,000円 を配分しました。")
    assert problems(page) == []


def test_a_discount_of_some_lines_is_asked_for_in_a_form(browser: Browser, own: Installation) -> None:
    arranged(own)
    page = signed_in(browser, own, "sato").new_page()
    page.goto("/demo/revenue/judgements?contract=X1")
    page.get_by_label("判断すること").select_option("discount")
    page.get_by_label("値引の対象の商品").fill("BEGIN")
    page.get_by_label("額", exact=True).fill("３０，０００")
    page.get_by_label("理由").fill("初期設定だけ無料")
    assert problems(page) == []
    page.get_by_role("button", name="承認に回す").click()
    expect(page.locator("body")).to_contain_text("はじめの値引の配り方は変えられません")
    done(own, FREE)
    page.goto("/demo/revenue/judgements?contract=X5")
    page.get_by_label("判断すること").select_option("discount")
    page.get_by_label("値引の対象の商品").fill("BEGIN")
    page.get_by_label("額", exact=True).fill("３０，０００")
    page.get_by_label("理由").fill("初期設定だけ無料")
    approved(browser, own, page, "X5", "値引 30,000 円を BEGIN だけのものとする")
    done(own, 'builders.recognize(url, "2026-12")')
    page.goto("/demo/revenue/obligations/X5?as_of=2026-12-31")
    expect(page.locator("main")).to_contain_text("は BEGIN だけのものなので、先に引きました。")
    expect(page.locator("main")).to_contain_text("値引 30,000円 は BEGIN だけのもの")
    assert problems(page) == []


JUDGED = """
from urikake.doors import company
number = company.propose(url, {"financing": "judged"}, why="割賦販売を始める")
if number is not None:
    company.decide(url, number, "approved", user="yamamoto")
"""
FREE = 'arranged.a_bundle(url, "X5", start="2026-12-01", end="2027-11-30", partner="M0001")'
PAID_LATER = """
builders.a_product(url, "KIT", price_model="flat", unit_price=10_000, revenue="contract_start", ssp=10_000)
builders.take_rows(url, "contracts", [
    builders.a_line("X4", product="KIT", unit_price=10_000, cycle_months=1, start="2026-12-01", end="2028-11-30", partner="M0001"),
])
"""


def a_rate(page: Page) -> None:
    """Fill in the form of judgements: five percent a year for X4."""
    page.goto("/demo/revenue/judgements?contract=X4")
    page.get_by_label("判断すること").select_option("financing")
    page.get_by_label("年利").fill("5")
    page.get_by_label("理由").fill("24回払い")


def test_a_rate_is_asked_for_in_a_form_and_its_interest_told_month_by_month(
    browser: Browser, own: Installation
) -> None:
    done(own, PAID_LATER)
    page = signed_in(browser, own, "sato").new_page()
    a_rate(page)
    assert problems(page) == []
    page.get_by_role("button", name="承認に回す").click()
    expect(page.locator("body")).to_contain_text("この会社の方針では、重要な金融要素を分けません。")
    done(own, JUDGED)
    a_rate(page)
    approved(browser, own, page, "X4", "取引価格に年 5% の利息が含まれる（重要な金融要素）")
    done(own, 'builders.recognize(url, "2026-12", "2027-01")')
    page.goto("/demo/revenue/obligations/X4?as_of=2027-01-31")
    expect(page.locator(".proof")).to_contain_text("利息 △10,873")
    expect(page.locator(".proof")).to_contain_text("✓ 一致")
    panel = page.locator("section.panel", has=page.get_by_role("heading", name="重要な金融要素"))
    expect(panel).to_contain_text("年 5%（契約の初めの割引率）")
    expect(panel).to_contain_text("明細の価格 240,000円")
    assert problems(page) == []
    row = page.get_by_role("region", name="月ごとの利息").locator("tbody tr").all_inner_texts()
    assert len(row) == 1
    assert row[0].startswith("2027-01")
