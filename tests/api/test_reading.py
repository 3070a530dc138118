"""Lists, single things and reports: complete, stable under new rows, tagged, and as they were known."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest

from tests.api.conftest import Place, quoted
from tests.builders import a_contract, an_event, bill, match, receive, take_rows
from urikake.doors import asked


def a_month(place: Place) -> Place:
    """A month billed, paid, and recognised."""
    a_contract(place.url, "C1", monthly=12_000)
    a_contract(place.url, "C2", product="SEAT", quantity=3)
    an_event(place.url, "change_price", "2026-06-01", unit_price=15_000)
    bill(place.url, "2026-04-30")
    receive(place.url, 16_500)
    match(place.url)
    return place


def test_every_resource_lists_what_the_books_keep(place: Place) -> None:
    a_month(place)
    invoice = place.get("invoices")["items"][0]
    assert (invoice["number"], invoice["net"], invoice["tax"], invoice["total"]) == (
        "INV-2026-00001",
        15_000,
        1_500,
        16_500,
    )
    assert [line["contract_no"] for line in invoice["lines"]] == ["C1", "C2"]
    assert place.get("invoices/INV-2026-00001") == invoice
    item = place.get("receivables/1")
    assert (item["document"], item["gross"], item["balance"]) == ("INV-2026-00001", 16_500, 0)
    application = place.get("applications/1")
    assert (application["receipt"], application["used"]) == (1, 16_500)
    assert place.get("receipts/1")["unapplied"] == 0
    entry = place.get("journals/1")
    assert sum(line["debit"] for line in entry["lines"]) == sum(line["credit"] for line in entry["lines"]) == 16_500
    assert place.get("contracts/C1")["lines"][0]["unit_price"] == 12_000
    assert place.get("events/1")["unit_price"] == 15_000
    assert place.get("partners/P1")["closing_day"] == "31"
    assert place.get("products/SEAT")["price_model"] == "unit"
    assert {user["role"] for user in place.get("users")["items"]} == {
        "admin", "accountant", "billing", "sales", "approver", "auditor", "none",
    }  # fmt: skip
    assert place.get("audit-events")["items"][-1]["action"] == "match"


def test_pages_go_on_from_their_cursor_while_rows_are_added(place: Place) -> None:
    take_rows(place.url, "partners", [{"code": f"Q{n:02}", "name": f"{n}", "closing_day": 31} for n in range(5)])
    first = place.get("partners", limit=4)
    take_rows(place.url, "partners", [{"code": "A-new", "name": "新", "closing_day": 31}])
    rest = place.get("partners", limit=4, cursor=first["next"])
    codes = [item["code"] for item in first["items"] + rest["items"]]
    assert codes == ["P1", "Q00", "Q01", "Q02", "Q03", "Q04", "A-new"]
    assert rest["next"] is None


def test_only_the_fields_asked_for(place: Place) -> None:
    assert place.get("partners/P1", fields="name,code") == {"name": "P1商事", "code": "P1"}
    answer = place.ask("GET", "partners?fields=colour")
    assert (answer.status, answer.json["code"]) == (422, "unknown-field")


def test_what_the_caller_has_already_is_not_sent_again(place: Place) -> None:
    answer = place.ask("GET", "partners/P1")
    same = place.ask("GET", "partners/P1", **{"If-None-Match": answer.headers["ETag"]})
    assert (same.status, same.text) == (304, "")
    take_rows(place.url, "partners", [{"code": "P1", "name": "改名", "closing_day": 31}])
    assert place.ask("GET", "partners/P1", **{"If-None-Match": answer.headers["ETag"]}).status == 200


def test_a_name_with_a_slash_is_one_part_of_the_address(place: Place) -> None:
    a_contract(place.url, "C/1 x", monthly=1)
    assert place.get(f"contracts/{quoted('C/1 x')}")["contract_no"] == "C/1 x"


@pytest.mark.parametrize(
    "path", ["partners/NONE", "receipts/999", "invoices/INV-2026-99999", "periods/2026-04", "runs/99999999"]
)
def test_what_is_not_there_is_said_to_be_missing(place: Place, path: str) -> None:
    answer = place.ask("GET", path)
    assert (answer.status, answer.json["code"]) == (404, "not-found")
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_reports_answer_as_on_the_command_line(place: Place) -> None:
    from datetime import date

    a_month(place)
    rows = place.get("reports/trial-balance", as_of="2026-05-31")
    assert rows == asked.answer(place.url, "trial-balance", {"as_of": date(2026, 5, 31)})
    journals = place.get("reports/journals", from_="2026-04-01", to="2026-05-31")
    assert journals == asked.answer(place.url, "journals", {"since": date(2026, 4, 1), "until": date(2026, 5, 31)})
    assert {report["name"] for report in place.get("reports")} >= {"trial-balance", "aging", "contracts"}


def test_the_books_as_they_were_known(place: Place) -> None:
    a_contract(place.url, "C1", monthly=12_000)
    then = datetime.now(UTC).isoformat()
    time.sleep(0.01)
    bill(place.url, "2026-04-30")
    assert place.get("invoices", known_at=then)["items"] == []
    assert place.get("reports/trial-balance", as_of="2026-05-31", known_at=then) == []
    assert len(place.get("invoices")["items"]) == 1


def test_an_address_that_asks_for_what_there_is_not(place: Place) -> None:
    for path, code in [
        ("partners?colour=red", "foreign-option"),
        ("partners?cursor=zzz", "bad-cursor"),
        ("partners?limit=0", "invalid"),
        ("reports/aging", "invalid"),
        ("reports/aging?as_of=2026-02-30", "invalid"),
        ("reports/aging?as_of=2026-04-30&basis=x", "bad-basis"),
        ("reports/journals?from=2026-05-01&to=2026-04-30", "bad-span"),
        ("reports/schedule?contract=NOPE", "no-contract"),
        ("partners/%00", "bad-text"),
    ]:
        answer = place.ask("GET", path)
        assert (answer.status, answer.json["code"]) == (422, code), path
    answer = place.ask("GET", "reports/aging?as_of=yesterday")
    assert answer.json["rows"] == [
        {"row": None, "column": "as_of", "value": "yesterday", "why": "2026-04-30 の形の日付で指定してください"}
    ]
    assert place.served.ask("GET", "/api/v1/nothing/at/all").status == 404
    refused = place.ask("PUT", "partners/P1", {})
    assert (refused.status, refused.json["code"], refused.headers["Allow"]) == (405, "http-405", "GET")


def test_answers_are_neither_kept_nor_sniffed_nor_shared(place: Place) -> None:
    answer = place.ask("GET", "partners", Origin="https://example.jp")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_every_amount_is_explained_to_whom_may_see_it(place: Place) -> None:
    a_month(place)
    found = place.get("explanations/INV-2026-00001")
    assert (found["amount"], found["recomputed"], found["equal"]) == (16_500, 16_500, True)
    entry = place.ask("GET", "explanations/entry-1", by="sales")
    assert (entry.status, entry.json["code"]) == (403, "not-permitted")
    for ref in ("INV-2026-00099", "entry-99999999999999999999999", "charge-0", "nonsense"):
        answer = place.ask("GET", f"explanations/{ref}")
        assert (answer.status, answer.json["code"]) == (404, "unknown-reference"), ref
