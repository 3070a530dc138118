"""Advances received over the API: kept, reported, applied, taken back; deposits reported."""

from __future__ import annotations

import pytest

from tests.api.conftest import Place
from tests.builders import a_contract, a_partner, a_product, bill, open_items, receive


@pytest.mark.parametrize("served", ["sqlite"], indirect=True)
def test_an_advance_is_kept_applied_and_taken_back_and_a_deposit_is_told(place: Place) -> None:
    a_partner(place.url, "P1")
    a_product(place.url, "DEP", tax="out_of_scope", unit_price=50_000, revenue="deposit")
    a_contract(place.url, "C1")
    a_contract(place.url, "C2", product="DEP")
    receive(place.url, 30_000, on="2026-04-10", id="EARLY")
    body = {"receipt": "EARLY", "partner": "P1"}
    assert place.post("advances?dry_run=true", body).json["dry_run"] is True
    kept = place.post("advances", body, key="once")
    assert (kept.status, kept.json["amount"]) == (200, 30_000)
    assert place.post("advances", body, key="once").json == kept.json
    assert place.post("advances", body).json["code"] == "receipt-used"
    bill(place.url, "2026-04-30")
    (row,) = place.get("reports/advances", as_of="2026-04-30")
    assert (row["partner"], row["receipt"], row["left"]) == ("P1", "EARLY", 30_000)
    asked = {"advance": row["advance"], "items": [{"item": "INV-2026-00001", "amount": 11_000}]}
    used = place.post("advance-applications", asked).json
    assert used["amount"] == 11_000
    assert open_items(place.url) == {"INV-2026-00001": 50_000}
    assert place.post(f"advance-applications/{used['use']}/reverse", {}).json["amount"] == -11_000
    assert place.post("advance-applications", asked, by="auditor").status == 403
    (told,) = place.get("reports/deposits", as_of="2026-04-30")
    assert (told["contract_no"], told["held"]) == ("C2", 50_000)
