"""Documents over the API: files as they are on the command line, and the letterhead read and changed."""

from __future__ import annotations

from urllib.request import Request, urlopen

import pytest

from tests.api.conftest import Place
from tests.builders import a_contract, bill, match, receive


def sold(place: Place) -> None:
    """An invoice that was paid."""
    a_contract(place.url, "C1", monthly=12_000)
    bill(place.url, "2026-04-30")
    receive(place.url, 13_200)
    match(place.url)


def fetched(place: Place, path: str, token: str, **headers: str) -> tuple[int, str, bytes, str]:
    """Status, media type, content and tag of a file."""
    address = f"{place.served.address}/api/v1/{place.code}/documents/{path}"
    with urlopen(Request(address, headers={"Authorization": f"Bearer {token}", **headers}), timeout=60) as answer:
        return answer.status, answer.headers["Content-Type"], answer.read(), answer.headers["ETag"]


@pytest.mark.parametrize("served", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "path",
    [
        "invoices/INV-2026-00001.pdf?lang=en",
        "deliveries/INV-2026-00001.pdf",
        "statements/P1.pdf?from=2026-04-01&to=2026-06-30",
        "receipts/R13200.pdf?paper=true&purpose=4",
        "closings/2026-04-30.pdf",
        "rulers/2026-04-30.pdf",
    ],
)
def test_every_document_is_a_file_that_need_not_be_sent_twice(place: Place, path: str) -> None:
    sold(place)
    token = place.token("accountant")
    status, media, content, tag = fetched(place, path, token)
    assert (status, media, content[:8]) == (200, "application/pdf", b"%PDF-1.7")
    assert fetched(place, path, token)[2] == content
    known = place.served.ask(
        "GET", f"/api/v1/{place.code}/documents/{path}", Authorization=f"Bearer {token}", If_None_Match=tag
    )
    assert known.status == 304


@pytest.mark.parametrize("served", ["sqlite"], indirect=True)
def test_the_letterhead_is_read_and_changed(place: Place) -> None:
    token = place.token("admin")
    path = f"/api/v1/{place.code}/letterhead"
    head = {"Authorization": f"Bearer {token}"}
    body = {"values": {"tel": "03-0000-0000"}, "since": "2026-04-01"}
    assert place.served.ask("POST", path, body, **head, Idempotency_Key="a").json == {"proposal": 0, "dry_run": False}
    told = {row["key"]: row["value"] for row in place.served.ask("GET", path, **head).json}
    assert told["tel"] == "03-0000-0000"
    wrong = place.served.ask("POST", path, {"values": {"colour": "red"}}, **head, Idempotency_Key="b")
    assert (wrong.status, wrong.json["code"]) == (422, "letterhead-value")
