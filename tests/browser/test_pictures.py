"""Pictures say what their tables say, to the yen, and lead where their rows lead."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from .test_pages import AXE, RULES


def yen(text: str) -> int:
    """The first amount in yen of a text."""
    found = re.search(r"([+△]?)([\d,]+)(?:円|$)", text.replace("マイナス", "").strip())
    assert found, text
    return int(found[2].replace(",", "")) * (-1 if found[1] == "△" else 1)


def labels(picture: Locator) -> list[str]:
    """What the bars say to those who do not see them."""
    return [str(bar.get_attribute("aria-label")) for bar in picture.locator("[aria-label]").all() if bar]


def bars(bridge: Locator) -> list[int]:
    """The amounts of a bridge's bars, from the first to the last."""
    return [yen(text.rpartition("円")[0] + "円") for text in labels(bridge.locator("svg"))]


def cells(bridge: Locator) -> list[int]:
    """The amounts of a bridge's table."""
    return [yen(text) for text in bridge.locator("table.bridge td").all_inner_texts()]


def adds_up(bridge: Locator) -> None:
    """The picture has the amounts of the table, and the parts lead from its first to its last."""
    amounts = cells(bridge)
    assert bars(bridge) == amounts
    assert sum(amounts[:-1]) == amounts[-1]
    expect(bridge.locator(".proof")).to_contain_text("✓ 一致")


def test_the_bridge_of_a_billing_adds_up_and_filters(sato: Page) -> None:
    sato.goto("/demo/billing/2026-11-30")
    bridge = sato.locator("section.panel", has=sato.locator("table.bridge"))
    adds_up(bridge)
    bar = bridge.locator("svg a").first
    name, _, amount = str(bar.get_attribute("aria-label")).partition(" ")
    bar.press("Enter")
    sato.wait_for_url("**/billing/2026-11-30?reason=*")
    assert yen(sato.locator("tr.total td").nth(-2).inner_text()) == yen(amount)
    assert set(sato.locator("tbody tr[data-row] td:last-child").all_inner_texts()) == {name}


@pytest.mark.parametrize("month", ["2026-10", "2026-11"])
def test_the_bridges_of_a_close_add_up_and_lead_to_the_entries(month: str, sato: Page) -> None:
    sato.goto(f"/demo/close/{month}")
    bridges = sato.locator(".bridges > section")
    names = ("売上", "売掛金", "契約資産", "前受金・契約負債", "仮受金", "仮受消費税")
    assert bridges.locator("h2").all_inner_texts() == [f"{name}の先月との差" for name in names]
    for bridge in bridges.all():
        adds_up(bridge)
    bar = bridges.nth(1).locator("svg a", has_text="消込").first
    wanted = yen(str(bar.get_attribute("aria-label")))
    bar.press("Enter")
    sato.wait_for_url("**/flux/receivable/applied")
    assert yen(sato.locator("tr.total td").last.inner_text()) == wanted
    expect(sato.locator(".proof")).to_contain_text("✓ 一致")
    sato.locator("tbody tr[data-row] a").first.press("Enter")
    sato.wait_for_url("**/journals/*")
    sato.goto(f"/demo/close/{month}")
    end = bridges.nth(1).locator("svg a").last
    owed = yen(str(end.get_attribute("aria-label")))
    end.press("Enter")
    sato.wait_for_url("**/journals/balance*")
    row = sato.locator("tbody tr[data-row]", has=sato.get_by_role("cell", name="売掛金", exact=True))
    assert yen(row.locator("td").last.inner_text()) == owed


def test_revenue_by_month_is_its_table_and_ties_to_the_ledger(sato: Page) -> None:
    sato.goto("/demo/revenue")
    months = sato.locator("thead th.num").count() - 1
    totals = [yen(text) for text in sato.locator("tr.total td").all_inner_texts()]
    assert sum(totals[:months]) == totals[months]
    said = labels(sato.locator("figure.pic svg"))
    for at in range(months):
        head = sato.locator("thead th.num").nth(at).inner_text()
        name = re.sub(r"^20(\d\d)年(\d+月).*", r"\1年\2", head)
        assert sum(yen(text) for text in said if text.startswith(f"{name} ")) == totals[at], name
    expect(sato.locator(".proof")).to_contain_text("✓ 一致")
    row = sato.locator("tbody tr").nth(1)
    whole = row.locator("td").last.inner_text()
    row.get_by_role("link").first.press("Enter")
    sato.wait_for_url("**/revenue?product=*")
    assert sato.locator("tr.total td").last.inner_text() == whole
    sato.locator("tbody tr").nth(1).get_by_role("link").first.press("Enter")
    sato.wait_for_url("**/contracts/*")


def test_a_figure_of_the_home_page_is_the_end_of_its_course(sato: Page) -> None:
    sato.goto("/demo/")
    figures = sato.locator("a.figure")
    assert figures.count() == 3
    for figure in figures.all():
        titles = [str(title) for title in figure.locator("rect title").all_text_contents()]
        assert len(titles) == 12
        assert titles[-1].startswith("2026年11月 ")
        assert yen(titles[-1].partition(" ")[2]) == yen(figure.locator("b").inner_text())
    owed = yen(figures.nth(1).locator("b").inner_text())
    sato.goto("/demo/receivables")
    assert yen(sato.locator("tr.total td").nth(7).inner_text()) == owed


@pytest.mark.parametrize("path", ["receivables/aging", "receivables", "partners/M0001"])
def test_the_bar_of_ages_is_the_sum_of_what_is_open(path: str, sato: Page) -> None:
    sato.goto(f"/demo/{path}")
    picture = sato.locator("figure.pic[aria-label='未回収の年齢']")
    if not picture.count():
        expect(sato.get_by_text("この日に未回収の債権はありません。")).to_be_visible()
        return
    parts = picture.locator("a:not([tabindex])")
    assert parts.count() == 5
    amounts = [yen(str(part.get_attribute("aria-label")).partition(" ")[2]) for part in parts.all()]
    drawn = picture.locator("a[tabindex='-1']")
    assert sum(yen(str(bar.get_attribute("aria-label")).partition(" ")[2]) for bar in drawn.all()) == sum(amounts)
    if path.startswith("partners"):
        expect(sato.locator(".proof")).to_contain_text(f"未回収 {sum(amounts):,}")
    at = next(at for at, amount in enumerate(amounts) if amount)
    parts.nth(at).press("Enter")
    sato.wait_for_url("**/receivables?age=*")
    assert yen(sato.locator("tr.total td").nth(7).inner_text()) == amounts[at]


def test_the_timeline_is_read_by_keys_and_month_by_month(sato: Page) -> None:
    sato.goto("/demo/contracts?cycle=毎月 前払")
    sato.locator("tbody tr[data-row] a").first.click()
    timeline, told = sato.locator("uk-timeline"), sato.locator(".tl-told")
    expect(told).to_contain_text("2026年11月")
    sato.keyboard.press("[")
    expect(told).to_contain_text("2026年10月")
    sato.keyboard.press("]")
    sato.keyboard.press("]")
    expect(told).to_contain_text("2026年12月")
    tables = sato.locator("#timeline details")
    tables.locator("summary").click()
    events = tables.locator("table").first.locator("tbody tr")
    assert timeline.locator(".tl-event").count() == events.count()
    bills = tables.locator("table").nth(1).locator("tbody tr").all_inner_texts()
    assert timeline.locator(".tl-bill").count() == len(bills)
    assert timeline.locator(".tl-bill.ahead").count() == sum("請求済み" not in bill for bill in bills)
    assert any("予定" in bill for bill in bills)
    if events.count():
        sato.keyboard.press("ArrowLeft")
        assert sato.evaluate("document.activeElement.classList.contains('tl-event')")
    timeline.locator("a", has=sato.locator(".tl-bill")).first.press("Enter")
    sato.wait_for_url("**/explain/*")


def test_a_partner_has_all_its_contracts_in_one_picture(sato: Page) -> None:
    sato.goto("/demo/partners/M0001")
    held = sato.locator("section", has=sato.get_by_role("heading", name="契約", exact=True)).locator("tbody a")
    numbers = set(held.all_inner_texts())
    shown = {text.partition(" ")[0] for text in sato.locator("uk-timeline a[href*='/contracts/']").all_text_contents()}
    assert numbers <= shown
    sato.locator("uk-timeline a[href*='/contracts/']").first.press("Enter")
    sato.wait_for_url("**/contracts/K*")


def test_a_planned_bill_is_what_the_draft_comes_to(sato: Page) -> None:
    """What the timeline plans at a closing to come is hatched; what waits as a draft is one too, and is the review's amount."""
    sato.goto("/demo/billing/2026-11-30?sort=-current")
    link = sato.locator("tbody tr[data-row] td:first-child a").first
    number = link.inner_text()
    sato.goto(f"/demo/billing/2026-11-30?q={number}")
    changed = yen(sato.locator("tr.total td").nth(3).inner_text())
    sato.goto(f"/demo/contracts/{number}")
    sato.locator("#timeline summary").click()
    drafts = sato.locator("#timeline details tr", has_text="下書き").filter(has_text="2026-11-30")
    assert yen(drafts.locator("td").last.inner_text()) >= changed


def test_a_date_is_picked_from_a_calendar_that_knows_the_holidays(sato: Page) -> None:
    sato.goto("/demo/journals")
    field = sato.locator("main [data-date]").first
    field.focus()
    sato.keyboard.press("F4")
    calendar = sato.get_by_role("dialog", name="カレンダー")
    expect(calendar).to_be_visible()
    expect(calendar).to_contain_text("11/3 文化の日　11/23 勤労感謝の日")
    expect(calendar.get_by_title("勤労感謝の日")).to_have_text("23")
    expect(calendar.get_by_role("button", name="11月1日", exact=True)).to_be_focused()
    sato.evaluate(AXE)
    found = sato.evaluate(f"axe.run(document, {RULES}).then(r => r.violations.map(v => [v.id, v.nodes[0].html]))")
    assert found == []
    colours = (
        "['7', '23', '8', '9'].map(day => getComputedStyle([...document.querySelector('calendar-month').shadowRoot"
        ".querySelectorAll('button')].find(button => button.textContent === day)).color)"
    )
    blue, red, sunday, plain = sato.evaluate(colours)
    assert red == sunday
    assert len({blue, red, plain}) == 3
    sato.keyboard.press("ArrowRight")
    expect(calendar.get_by_role("button", name="11月2日", exact=True)).to_be_focused()
    sato.keyboard.press("Enter")
    expect(calendar).to_be_hidden()
    expect(field).to_be_focused()
    assert field.input_value() == "2026-11-02"
    field.click()
    expect(calendar).to_be_visible()
    sato.keyboard.press("Escape")
    expect(calendar).to_be_hidden()
    assert field.input_value() == "2026-11-02"


def test_the_calendar_of_another_year_comes_when_it_is_reached(sato: Page) -> None:
    answer = sato.context.request.get("/demo/calendar/2027")
    assert answer.json()["days"]["2027-01-02"] == {"name": "銀行休業日", "holiday": False}
    assert sato.context.request.get("/demo/calendar/1800").status == 404
    sato.goto("/demo/journals?from=2026-12-31&to=2026-12-31")
    sato.locator("main [data-date]").first.focus()
    sato.keyboard.press("F4")
    calendar = sato.get_by_role("dialog", name="カレンダー")
    expect(calendar).to_contain_text("12/31 銀行休業日")
    sato.keyboard.press("ArrowRight")
    expect(calendar.get_by_title("元日")).to_be_visible()


def test_the_bridge_of_mrr_adds_up_and_its_movements_are_the_sums_of_their_contracts(sato: Page) -> None:
    sato.goto("/demo/analytics")
    bridge = sato.locator("section.panel", has=sato.locator("table.bridge"))
    adds_up(bridge)
    rows = bridge.locator("table.bridge tr", has=sato.locator("th a")).all()
    amounts = {row.locator("th a").inner_text(): yen(row.locator("td").inner_text()) for row in rows}
    assert len(amounts) > 2
    for name, amount in amounts.items():
        if name.startswith(("先月", "今月")):
            continue
        sato.goto("/demo/analytics")
        bridge.get_by_role("row", name=name).get_by_role("link").click()
        sato.wait_for_url("**/analytics/movements?*kind=*")
        assert yen(sato.locator("tr.total td").last.inner_text()) == amount
        assert set(sato.locator("tbody tr[data-row] .state").all_inner_texts()) == {name}


def test_every_month_of_the_course_leads_to_its_own_contracts(sato: Page) -> None:
    sato.goto("/demo/analytics")
    bars = sato.get_by_role("figure", name="月ごとの MRR の増減").locator("a")
    titles = [str(bar.get_attribute("aria-label")) for bar in bars.all()]
    at, told = next(
        (i, told) for i, title in enumerate(titles) if (told := re.match(r"(\d\d)年(\d+)月 解約 (△.+円)", title))
    )
    address = str(bars.nth(at).get_attribute("href"))
    assert address.endswith(f"month=20{told[1]}-{int(told[2]):02}&kind=churn")
    sato.goto(address)
    assert yen(sato.locator("tr.total td").last.inner_text()) == yen(told[3])


def test_mrr_is_split_one_way_or_another_and_each_part_is_its_contracts(sato: Page) -> None:
    sato.goto("/demo/analytics")
    tabs = sato.get_by_role("navigation", name="切り口")
    sums = set()
    for cut in tabs.get_by_role("link").all_inner_texts():
        tabs.get_by_role("link", name=cut, exact=True).click()
        panel = sato.locator("#split")
        expect(panel.locator("h2")).to_have_text(cut)
        whole = yen(panel.locator("tr.total td").nth(2).inner_text())
        parts = [yen(text) for text in panel.locator("tbody tr:not(.total) td:nth-child(4)").all_inner_texts()]
        assert sum(parts) == whole
        sums.add(whole)
        row = panel.locator("tbody tr:not(.total)").first
        row.get_by_role("link").click()
        sato.wait_for_url("**/analytics/lines?*")
        assert yen(sato.locator("tr.total td:has(.n), tr.total td.num").first.inner_text()) == parts[0]
        sato.go_back()
    assert len(sums) == 1


def test_the_forecast_sums_its_rows_and_weighs_renewals(sato: Page) -> None:
    totals = []
    for chance in (100, 50):
        sato.goto(f"/demo/analytics/forecast?renewal={chance}")
        rows = sato.locator("tbody tr[data-row] td:last-child").all_inner_texts()
        total = yen(sato.locator("tr.total td").last.inner_text())
        assert sum(yen(text) for text in rows) == total
        totals.append(total)
    assert 0 < totals[1] < totals[0]
