"""Documents in the browser: the invoice beside its figures, and the letterhead tried as it is typed."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Browser, BrowserContext, Page, expect

from urikake.core.formats.peppol import problems

from .conftest import Installation, signed_in


def test_an_invoice_stands_as_a_picture_beside_its_figures_and_opens_as_pdf(sato: Page) -> None:
    sato.goto("/demo/invoices/INV-2026-00010")
    picture = sato.get_by_alt_text("INV-2026-00010 の 1 ページ目")
    picture.scroll_into_view_if_needed()
    expect(picture).to_have_js_property("complete", True)
    assert picture.evaluate("image => image.naturalWidth") > 500
    address = sato.get_by_role("link", name="PDF", exact=True).get_attribute("href")
    found = sato.request.get(str(address))
    assert (found.status, found.headers["content-type"], found.body()[:5]) == (200, "application/pdf", b"%PDF-")


def test_the_letterhead_is_tried_as_it_is_typed_and_then_kept(browser: Browser, own: Installation) -> None:
    with signed_in(browser, own, "kanri") as context:
        page = context.new_page()
        page.goto("/demo/settings/templates")
        picture = page.get_by_alt_text("この設定での請求書の見本")
        before = str(picture.get_attribute("src"))
        page.get_by_label("電話番号").fill("03-9999-9999")
        expect(picture).not_to_have_attribute("src", re.compile(re.escape(before[-200:]) + "$"), timeout=20_000)
        page.get_by_label("宛名の左(mm)").fill("99")
        expect(page.get_by_role("alert")).to_contain_text("10 から 32 まで", timeout=20_000)
        page.get_by_label("宛名の左(mm)").fill("24")
        page.get_by_role("button", name="この設定にする").click()
        expect(page.get_by_role("status")).to_contain_text("帳票の設定を変えました")
        expect(page.get_by_label("電話番号")).to_have_value("03-9999-9999")
        expect(page.get_by_text("電話番号 → 03-9999-9999(kanri")).to_be_visible()


def test_files_are_for_those_who_may_read_invoices(person: Callable[[str], BrowserContext]) -> None:
    files = ["invoices/INV-2026-00010.pdf", "invoices/INV-2026-00010.png", "invoices/INV-2026-00010/delivery.pdf"]
    for name, status in (("kanri", 403), ("suzuki", 200)):
        for file in [*files, "billing/2026-10-31.pdf"]:
            assert person(name).request.get(f"/demo/{file}").status == status, (name, file)


def test_a_statement_and_a_receipt_open_from_the_partner_and_the_money(sato: Page) -> None:
    sato.goto("/demo/partners/M0006")
    opens(sato, "取引明細書")
    sato.goto("/demo/receipts")
    sato.get_by_role("row").filter(has_text="消込済").first.get_by_role("link").first.click()
    opens(sato, "領収書")


def opens(page: Page, title: str) -> None:
    """What the form under the heading asks for is a PDF."""
    form = page.locator("section", has=page.get_by_role("heading", name=title, exact=True)).locator("form")
    fields = form.evaluate("form => new URLSearchParams(new FormData(form)).toString()")
    found = page.request.get(f"{form.get_attribute('action')}?{fields}")
    assert (found.status, found.headers["content-type"], found.body()[:5]) == (200, "application/pdf", b"%PDF-")


def test_an_invoice_is_had_as_an_e_invoice(sato: Page) -> None:
    sato.goto("/demo/invoices/INV-2026-00010")
    address = sato.get_by_role("link", name="JP PINT").get_attribute("href")
    found = sato.request.get(str(address))
    assert (found.status, found.headers["content-type"]) == (200, "application/xml")
    assert problems(found.body()) == []
