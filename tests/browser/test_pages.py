"""Every page: for whom it opens, what the console says, how it stands on a small screen, and what axe finds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page

from .conftest import Installation

AXE = (Path(__file__).parent / "vendor" / "axe-4.14.1.min.js").read_text()
RULES = "{runOnly: {type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']}}"
PAGES = {
    "": "home.read",
    "close/2026-11": "closing.read",
    "close/2026-10": "closing.read",
    "close/2026-10/flux": "closing.read",
    "close/2026-10/flux/receivable/applied": "journals.read",
    "contracts": "contracts.read",
    "contracts?q=ぜったいにない": "contracts.read",
    "contracts/renewals": "contracts.read",
    "contracts/K00001": "contracts.read",
    "usage": "usage.read",
    "billing": "billing.read",
    "billing/2026-11-30": "billing.read",
    "invoices": "invoices.read",
    "invoices?as_of=2026-06-30": "invoices.read",
    "invoices/INV-2026-00001": "invoices.read",
    "deliveries": "invoices.read",
    "deliveries/2026-10-31": "invoices.deliver",
    "debits": "collecting.read",
    "debits/new": "collecting.request",
    "debits/collectors": "collecting.import",
    "debits/mandates": "collecting.import",
    "matching": "matching.read",
    "matching/names": "matching.read",
    "matching/reductions": "matching.read",
    "receipts": "receipts.read",
    "receipts/files": "receipts.read",
    "receipts/corrections": "receipts.read",
    "receivables": "receivables.read",
    "receivables/aging": "receivables.read",
    "receivables/deposits": "receivables.read",
    "receivables/advances": "matching.read",
    "receivables/protected": "receivables.read",
    "receivables/refunds": "refunds.read",
    "receivables/refunds/new": "refunds.ask",
    "receivables/refunds/payees": "refunds.ask",
    "receivables/refunds/senders": "refunds.ask",
    "revenue/judgements": "revenue.judge",
    "approvals": "home.read",
    "revenue": "revenue.read",
    "revenue/disclosure": "revenue.read",
    "revenue/disclosure?as_of=2025-03-31&one-year=1": "revenue.read",
    "revenue/disclosure?span=quarter&by=partner&as-invoiced=1": "revenue.read",
    "revenue/balances": "revenue.read",
    "revenue/balances/contracts?span=month": "revenue.read",
    "revenue/remaining": "revenue.read",
    "revenue/remaining?by=contract&one-year=1": "revenue.read",
    "revenue/split?by=department": "revenue.read",
    "revenue/waterfall": "revenue.read",
    "revenue/waterfall?from=2020-01": "revenue.read",
    "revenue/obligations": "revenue.read",
    "journals": "journals.read",
    "journals/1": "journals.read",
    "journals/balance": "journals.read",
    "exports": "exports.read",
    "exports/mapping": "exports.name",
    "partners": "partners.read",
    "partners/M0001": "partners.read",
    "products": "products.read",
    "products/VPS-M?quantity=3": "products.read",
    "products/TRAFFIC?as_of=2026-06-30": "products.read",
    "products/VPS-M/reprice": "contracts.change",
    "imports": "imports.read",
    "imports/formats": "imports.read",
    "going-live": "receivables.read",
    "going-live?total=100": "receivables.read",
    "partners/new": "partners.import",
    "partners/M0001/edit": "partners.import",
    "products/new": "products.import",
    "contracts/new": "contracts.import",
    "contracts/K00001/change": "contracts.change",
    "receivables/new": "receivables.enter",
    "runs": "runs.read",
    "audit": "audit.read",
    "settings": "settings.read",
    "notices": "home.read",
    "analytics": "reports.read",
    "analytics?as_of=2025-10-31&measure=mrr": "reports.read",
    "analytics/movements": "reports.read",
    "analytics/movements?month=2026-10&kind=churn": "reports.read",
    "analytics/lines": "reports.read",
    "analytics/lines?month=2020-01": "reports.read",
    "analytics/forecast": "reports.read",
    "analytics/forecast?measure=billing&by=partner&renewal=80": "reports.read",
    "analytics?by=product": "reports.read",
    "simulations": "reports.read",
    "simulations/new": "reports.read",
    "contracts?stage=started": "contracts.read",
    "settings/policies": "settings.read",
    "settings/templates": "settings.read",
    "settings/mail": "settings.read",
    "search?q=会社": "home.read",
    "explain/INV-2026-00001": "invoices.read",
    "explain/entry-1": "journals.read",
}
PEOPLE = {
    "kanri": "admin", "sato": "accountant", "takahashi": "billing", "suzuki": "sales", "yamamoto": "approver", "kansa": "auditor",
}  # fmt: skip


FILES = {
    "invoice-pdf",
    "invoice-png",
    "invoice-xml",
    "delivery-pdf",
    "debit-file",
    "refund-file",
    "export-file",
    "reduction-pdf",
    "closing-pdf",
    "statement-pdf",
    "receipt-pdf",
    "ruler-pdf",
    "close-pdf",
    "run-file",
    "disclosure-pdf",
    "disclosure-xlsx",
    *(f"matching-{what}" for what in ("receipt", "queue", "found", "partners")),
}
"""What is no page but a file, or an answer to a script: tried in test_documents, test_debits, test_matching and test_notes."""


def test_the_pages_tried_are_all_that_the_book_has() -> None:
    """Every page's permission is tried at least once, and every address that the navigation leads to."""
    source = "".join(path.read_text() for path in (Path("src/urikake/doors/web/pages")).glob("*.py"))
    known = {part.split('"')[1] for part in source.split("@page(")[1:]} - FILES
    tried = {
        "home", "close", "close-month", "contracts", "renewals", "contract", "usage", "billing", "billing-review", "invoices",
        "invoice", "matching", "receipts", "receivables", "aging", "approvals", "revenue", "journals", "journal",
        "trial-balance", "partners", "partner", "products", "imports", "import", "partner-new", "partner-edit",
        "product-new", "contract-new", "contract-change", "slip-new", "runs", "run", "audit", "settings", "policies", "search",
        "explain", "calendar", "notices", "analytics", "movements", "recurring", "forecast", "product", "product-reprice",
        "simulations", "simulation-new", "simulation", "templates", "deliveries", "debits", "debit-new", "debit", "collector-edit",
        "deposits", "payer-names", "advances", "advance", "protected", "reductions", "exports", "export-mapping",
        "tie-out", "tie-out-slips",
        "refunds", "refund",
        "refund-new",        "payee-edit", "sender-edit",
        "mandate-edit", "delivery-send", "mail",
        "bank-files", "bank-corrections", "bank-formats", "bank-format", "flux", "flux-entries", "going-live",
        "disclosure", "contract-balances", "contract-positions", "remaining", "revenue-split", "waterfall",
        "obligations", "obligation", "judgement",
    }  # fmt: skip
    assert known == tried


@pytest.mark.parametrize("name", PEOPLE)
def test_a_page_opens_for_whom_the_table_says(name: str, person: Callable[[str], BrowserContext]) -> None:
    from urikake.base.access import may

    context = person(name)
    for path, permission in PAGES.items():
        answer = context.request.get(f"/demo/{path}", max_redirects=0)
        expected = 200 if may(PEOPLE[name], permission) else 403
        if path.startswith("explain/") and expected == 403:
            expected = 400  # the page is everybody's; what it explains is not
        assert answer.status == expected, (name, path)
        assert "script-src 'self';" in answer.headers["content-security-policy"] + ";"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"


def test_another_company_and_no_session_open_nothing(
    person: Callable[[str], BrowserContext], served: Installation, browser
) -> None:  # type: ignore[no-untyped-def]
    assert person("sato").request.get("/other/contracts").status == 404
    fresh = browser.new_context(base_url=served.address)
    assert "/accounts/login/" in fresh.request.get("/demo/contracts").url
    assert fresh.request.post("/demo/billing/run", form={"closing": "2026-11-30"}).status == 403
    fresh.close()


def problems(page: Page) -> list[object]:
    """What axe finds on the page as it stands: the rule, and where it is broken."""
    page.evaluate(AXE)  # as the debugger does, past the page's policy
    told = "r.violations.map(v => [v.id, v.nodes.map(n => n.html.slice(0, 120)).slice(0, 3)])"
    found: list[object] = page.evaluate(f"axe.run(document, {RULES}).then(r => {told})")
    return found


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_accessible_and_fits(path: str, sato: Page, person: Callable[[str], BrowserContext]) -> None:
    from urikake.base.access import may

    if not may("accountant", PAGES[path]):
        sato = person("takahashi").new_page()
    sato.goto(f"/demo/{path}")
    sato.wait_for_load_state("networkidle")
    assert sato.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "1366×768"
    sato.set_viewport_size({"width": 683, "height": 384})  # 200 %
    assert sato.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "200 %"
    sato.set_viewport_size({"width": 1366, "height": 768})
    assert problems(sato) == []


@pytest.mark.parametrize("path", ["dev/parts", "dev/parts?q=ない"])
def test_every_part_is_shown_and_accessible(path: str, sato: Page) -> None:
    sato.goto(f"/{path}")
    shown = sato.content()
    for part in Path("src/urikake/doors/web/templates/cotton").glob("*.html"):
        assert f"c-{part.stem}" in shown, part.stem
    sato.evaluate(AXE)
    found = sato.evaluate(f"axe.run(document, {RULES}).then(r => r.violations.map(v => [v.id, v.nodes[0].html]))")
    assert found == []


LOADED = "performance.getEntriesByType('resource').map(e => new URL(e.name).pathname).filter(p => p.endsWith('.js'))"


def test_the_script_of_a_page_is_small(sato: Page) -> None:
    """What a page loads by itself; the calendar and the timeline come only where they are opened or shown."""
    import gzip

    def size(paths: set[str]) -> int:
        home = Path("src/urikake/doors/web")
        return sum(len(gzip.compress((home / path.lstrip("/")).read_bytes(), 9)) for path in paths)

    plain = set()
    for path in ("", "journals", "receipts", "revenue"):
        sato.goto(f"/demo/{path}")
        sato.wait_for_load_state("networkidle")
        plain |= set(sato.evaluate(LOADED))
    assert size(plain) <= 25_000
    assert not [path for path in plain if "cally" in path or "timeline" in path]
    sato.goto("/demo/matching")
    sato.locator("uk-match .row.sel").wait_for()
    sato.wait_for_load_state("networkidle")
    assert size(set(sato.evaluate(LOADED))) <= 45_000
    sato.goto("/demo/contracts/K00001")
    sato.locator("uk-timeline svg").wait_for()
    assert size(set(sato.evaluate(LOADED))) <= 28_000
