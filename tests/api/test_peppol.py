"""E-invoices over the API: the XML with its tag, and what is missing as a problem."""

from __future__ import annotations

import pytest

from tests.api.conftest import Place
from tests.builders import a_contract, a_partner, bill
from urikake.core.formats.peppol import problems

ADDRESS = "documents/peppol/INV-2026-00001"


def registered(place: Place) -> None:
    from urikake.base import policies, runs

    with runs.run(place.url, "policy", permission="settings.change") as (session, _):
        policies.propose(session, {"registration_number": "T8990000000001"}, "登録")


@pytest.mark.parametrize("served", ["sqlite"], indirect=True)
def test_an_invoice_comes_as_xml_and_only_once(place: Place) -> None:
    registered(place)
    a_partner(place.url, peppol_id="0188:9880000000003")
    a_contract(place.url)
    bill(place.url, "2026-04-30")
    answer = place.ask("GET", ADDRESS)
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/xml")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="INV-2026-00001.xml"'
    assert problems(answer.text.encode()) == []
    again = place.ask("GET", ADDRESS, **{"If-None-Match": answer.headers["ETag"]})
    assert (again.status, again.text) == (304, "")
    assert place.get("partners/P1")["peppol_id"] == "0188:9880000000003"


@pytest.mark.parametrize("served", ["sqlite"], indirect=True)
def test_what_is_missing_is_a_problem(place: Place) -> None:
    answer = place.ask("GET", ADDRESS)
    assert (answer.status, answer.json["code"]) == (404, "no-invoice")
    a_contract(place.url)
    bill(place.url, "2026-04-30")
    answer = place.ask("GET", ADDRESS)
    assert (answer.status, answer.json["code"]) == (422, "peppol-unregistered")
    registered(place)
    bill(place.url, "2026-05-31")
    answer = place.ask("GET", ADDRESS.replace("00001", "00002"))
    assert (answer.status, answer.json["code"]) == (422, "peppol-no-receiver")
    assert answer.json["next"]
