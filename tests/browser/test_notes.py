"""収益の注記 in the browser: three tables that hold, what is left out, the files, a past day; and the waterfall."""

from __future__ import annotations

import io
import zipfile

from playwright.sync_api import Page, expect

from .conftest import Installation
from .test_pages import problems


def amount(page: Page, table: str, label: str, column: int = 0) -> int:
    """The amount in the row of that label, in the first table of that name that has it."""
    row = page.get_by_role("region", name=table).get_by_role("row").filter(has_text=label).first
    text = row.locator("td.num").nth(column).inner_text().replace(",", "").replace("マイナス", "").replace("△", "-")
    return int(text)


def test_the_notes_hold_and_leave_out_what_is_permitted(served: Installation, sato: Page) -> None:
    sato.goto("/demo/revenue?as_of=2026-10-31")
    sato.get_by_role("link", name="収益の注記").click()
    expect(sato.get_by_role("heading", name="収益の注記")).to_be_visible()
    expect(sato.get_by_text("✓ 一致")).to_have_count(2)
    assert problems(sato) == []
    revenue = amount(sato, "収益の分解", "顧客との契約から生じる収益")
    assert revenue > 0
    whole = amount(sato, "残存履行義務", "合計")
    sato.get_by_role("link", name="1年以内の契約を除く").click()
    expect(sato.get_by_role("columnheader", name="除外(1年以内の契約)")).to_be_visible()
    left = amount(sato, "残存履行義務", "合計")
    assert 0 <= left < whole
    assert left + amount(sato, "残存履行義務", "合計", 3) == whole
    sato.get_by_role("link", name="月", exact=True).click()
    assert 0 < amount(sato, "収益の分解", "顧客との契約から生じる収益") < revenue
    liability = amount(sato, "契約残高の増減", "期末残高", 0)
    assert liability > 0
    sato.get_by_role("link", name="契約ごとに見る").first.click()
    expect(sato.get_by_role("heading", name="契約ごとの残高")).to_be_visible()
    assert problems(sato) == []
    sato.get_by_role("link", name="収益の注記に戻る").click()
    assert "as_of=2026-10-31" in sato.url
    assert "one-year=1" in sato.url


def test_the_notes_leave_as_paper_and_workbook(served: Installation, sato: Page) -> None:
    answer = sato.request.get("/demo/revenue/disclosure.pdf?as_of=2026-10-31")
    assert answer.body().startswith(b"%PDF")
    sheet = sato.request.get("/demo/revenue/disclosure.xlsx?as_of=2026-10-31").body()
    with zipfile.ZipFile(io.BytesIO(sheet)) as book:
        assert sum(name.startswith("xl/worksheets/sheet") for name in book.namelist()) == 4
    for path in ("balances", "balances/contracts", "remaining", "split", "waterfall"):
        text = sato.request.get(f"/demo/revenue/{path}?as_of=2026-10-31&format=csv").text()
        assert text.startswith("\ufeff")
        assert text.count("\r\n") > 2


def test_the_waterfall_is_looked_at_from_another_month(served: Installation, sato: Page) -> None:
    sato.goto("/demo/revenue/waterfall?as_of=2026-10-31")
    expect(sato.get_by_text("✓ 一致")).to_be_visible()
    first = sato.get_by_role("region", name="収益のウォーターフォール").get_by_role("columnheader").nth(1).inner_text()
    assert first.startswith("2025年11月")
    sato.get_by_role("link", name="2026年10月から").click()
    expect(sato.get_by_text("✓ 一致")).to_be_visible()
    region = sato.get_by_role("region", name="収益のウォーターフォール")
    assert region.get_by_role("columnheader").nth(1).inner_text().startswith("2026年10月")
    expect(region.get_by_text("それより前の請求")).to_be_visible()
    assert problems(sato) == []
