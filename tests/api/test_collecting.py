"""Direct debits and settlements over the API: asked, fetched, answered, and each once."""

from __future__ import annotations

import base64
from urllib.request import Request, urlopen

import pytest

from tests.api.conftest import Place
from tests.builders import a_collector, a_contract, a_partner, answered, bill, debtors, open_items


def fetched(place: Place, number: int) -> bytes:
    """The file of a request."""
    address = f"{place.served.address}/api/v1/{place.code}/debit-requests/{number}/file"
    with urlopen(Request(address, headers={"Authorization": f"Bearer {place.token('accountant')}"}), timeout=60) as got:
        return bytes(got.read())


@pytest.mark.parametrize("served", ["sqlite"], indirect=True)
def test_debits_are_asked_for_fetched_and_answered(place: Place) -> None:
    a_collector(place.url)
    debtors(place.url, 11_000, 5_500)
    body = {"collector": "BANK", "on": "2026-05-27"}
    tried = place.post("debit-requests?dry_run=true", body)
    assert (tried.status, tried.json["debits"], tried.json["dry_run"]) == (200, 2, True)
    asked = place.post("debit-requests", body).json
    assert (asked["request"], asked["new"], asked["amount"], asked["reasons"]) == (1, True, 16_500, [])
    assert place.post("debit-requests", body).json["new"] is False
    assert place.post("debit-requests/1/withdraw", {"why": "誤り"}).json["debits"] == 2
    assert place.post("debit-requests/9/withdraw", {"why": "誤り"}).json["code"] == "no-request"
    assert place.post("debit-requests", body).json["request"] == 2
    sent = fetched(place, 2)
    result = {"file": base64.b64encode(answered(sent, P2=1)).decode(), "fee": 110}
    told = place.post("debit-results", result).json
    assert (told["paid"], told["unpaid"], told["owed"]) == (1, 1, 10_890)
    assert place.post("debit-results", result).json["debits"] == 0
    assert place.post("debit-results", {"file": "?"}).json["code"] == "not-base64"
    assert place.ask("GET", "debit-requests/9/file").json["code"] == "no-request"
    items = place.ask("GET", "debit-requests").json["items"]
    assert [(row["state"], row["paid"], row["unpaid"], row["open"]) for row in items] == [
        ("withdrawn", 0, 0, 0),
        ("answered", 11_000, 5_500, 0),
    ]
    assert [row["document"] for row in place.ask("GET", "receivables").json["items"]][-1] == "collection-1"


@pytest.mark.parametrize("served", ["sqlite"], indirect=True)
def test_a_settlement_is_taken_once(place: Place) -> None:
    a_collector(place.url, "CARD", kind="card")
    a_partner(place.url, "P1", method="card")
    a_contract(place.url, "C1")
    bill(place.url, "2026-04-30")
    row = {"date": "2026-05-31", "id": "T1", "invoice_no": "INV-2026-00001", "amount": 11_000, "fee": 330}
    body = {"rows": [row | {"payout_on": "2026-06-15"}]}
    told = place.post("settlements?collector=CARD", body).json
    assert (told["lines"], told["owed"]) == (1, 10_670)
    assert place.post("settlements?collector=CARD", body).json["lines"] == 0
    assert open_items(place.url) == {"collection-1": 10_670}
