"""Writes: taken like files, refused as a whole with every reason, tried without storing, and done once under their key."""

from __future__ import annotations

import hmac
import json
import time
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

import pytest

from tests.api.conftest import Answer, Place
from tests.bank_files import Book, Move, notice
from tests.builders import GIVEN, a_contract, a_line, assert_same, bill, dump, receive, take_rows
from urikake.base.bulk import transaction

ROWS = {
    "rows": [
        {"code": "P7", "name": "七商事", "closing_day": "31"},
        {"code": "P8", "name": "八商事", "closing_day": "20"},
    ]
}


def partners(place: Place) -> list[str]:
    return [item["code"] for item in place.get("partners")["items"]]


def runs_of(place: Place) -> int:
    with transaction(place.url.partition("#")[0], writing=False) as session:
        return int(session.value("SELECT count(*) AS n FROM base_run"))


@pytest.mark.parametrize(
    "kind", ["users", "partners", "products", "contracts", "events", "usage", "receivables", "openings"]
)
def test_rows_of_every_kind_are_taken_once(place: Place, kind: str) -> None:
    a_contract(place.url, "C1", monthly=1_000)
    a_contract(place.url, "U1", product="API")
    sent = {"rows": GIVEN[kind]}
    trial = place.post(f"{kind}?dry_run=true", sent)
    assert (trial.status, trial.json["dry_run"]) == (200, True), trial.text
    answer = place.post(kind, sent)
    assert answer.json == {"rows": len(GIVEN[kind]), "new": trial.json["new"], "dry_run": False}
    assert answer.json["new"] > 0
    assert place.post(kind, sent).json["new"] == 0


def test_rows_are_read_by_a_saved_mapping(place: Place) -> None:
    from urikake.doors import files
    from urikake.rooms.intake.queries import Mapping

    mapping = Mapping({"得意先CD": "code", "会社名": "name", "担当": ""}, {"method": "cash"})
    files.save_mapping(place.url, "partners", "販売管理", mapping)
    sent = {"rows": [{"得意先CD": "Z1", "会社名": "在庫屋", "担当": "田中"}]}
    assert place.post("partners", sent).json["code"] == "file-refused"
    named = f"partners?mapping={quote('販売管理')}"
    assert place.post(named, sent).json == {"rows": 1, "new": 1, "dry_run": False}
    assert place.get("partners/Z1")["method"] == "cash"
    assert place.post("products?mapping=none", sent).json["code"] == "unknown-mapping"


def test_receipts_are_posted_to_suspense(place: Place) -> None:
    answer = place.post("receipts?account=main", {"rows": GIVEN["receipts"]})
    assert answer.json == {"rows": 2, "new": 2, "amount": 6_200, "dry_run": False}
    assert place.post("receipts?account=none", {"rows": GIVEN["receipts"]}).json["code"] == "unknown-bank-account"


def test_a_bank_file_is_taken_once_and_refused_with_its_records(place: Place) -> None:
    def sent(data: bytes, content: str = "") -> dict[str, str]:
        return {"name": "furikomi.txt", "format": "zengin-deposit", "content": content or b64encode(data).decode()}

    file = notice(Book(moves=[Move(amount=110_000), Move(amount=880)]))
    answer = place.post("receipts/files?account=main", sent(file))
    told = {
        "receipts": 2,
        "amount": 110_880,
        "cancelled": 0,
        "corrected": 0,
        "known": 0,
        "out": 0,
        "others": 0,
        "gaps": 0,
        "dry_run": False,
    }
    assert answer.json == told
    again = place.post("receipts/files?account=main", sent(file))
    assert again.json == told | {"receipts": 0, "amount": 0, "known": 2}
    wrong = place.post("receipts/files?account=main", sent(file.replace(b"0000110000", b"00001X0000", 1)))
    assert (wrong.json["code"], wrong.json["rows"][0]["row"]) == ("file-refused", 2), wrong.text
    assert place.post("receipts/files?account=main", sent(b"", "???")).json["code"] == "bad-base64"
    assert [row["file"] for row in place.get("reports/bank-files")] == ["furikomi.txt"]


def test_rows_with_mistakes_are_refused_as_a_whole_with_every_reason(place: Place) -> None:
    rows = [
        ROWS["rows"][0],
        {"code": "P9", "name": "", "closing_day": "31"},
        {"code": "P10", "name": "十", "payment_months": "x"},
    ]
    answer = place.post("partners", {"rows": rows})
    assert (answer.status, answer.json["code"]) == (422, "file-refused")
    assert [(row["row"], row["column"], row["value"]) for row in answer.json["rows"]] == [
        (2, "name", ""), (3, "payment_months", "x"),
    ]  # fmt: skip
    assert "P7" not in partners(place)
    unknown = place.post("partners", {"rows": [{"code": "P9", "name": "九", "colour": "red"}]})
    assert unknown.json["rows"] == [
        {
            "row": None,
            "column": "colour",
            "value": "colour",
            "why": "この列はありません（自由項目は x_ で始めてください）",
        }
    ]


def test_a_body_that_is_not_what_is_taken(place: Place) -> None:
    for body, code in [
        ({}, "invalid"),
        ({"rows": []}, "invalid"),
        ({"rows": [{"code": [1]}]}, "invalid"),
        ({"rows": [{"code": "A", "name": "B"}], "extra": 1}, "invalid"),
        (b'{"rows": [{"code": "\\u0000"}]}', "bad-text"),
    ]:
        answer = place.post("partners", body)
        assert (answer.status, answer.json["code"]) == (422, code), body
    answer = place.post("partners", b"{nonsense")
    assert (answer.status, answer.json["code"]) == (400, "bad-request")
    wrong = place.post("applications", {"receipt": "R", "items": [{"item": "I", "amount": -5}]})
    assert wrong.json["rows"] == [
        {"row": 1, "column": "items.amount", "value": "-5", "why": "0 より大きい値で指定してください"}
    ]


def test_a_dry_run_stores_nothing(place: Place) -> None:
    before = dump(place.url)
    assert place.post("partners?dry_run=true", ROWS).json == {"rows": 2, "new": 2, "dry_run": True}
    assert_same(before, dump(place.url))


def test_the_same_key_gives_the_same_answer_and_does_nothing_more(place: Place) -> None:
    first = place.post("partners", ROWS, key="order-1")
    done = runs_of(place)
    again = place.post("partners", ROWS, key="order-1")
    assert (again.status, again.text) == (first.status, first.text)
    assert (first.headers.get("Idempotent-Replay"), again.headers["Idempotent-Replay"]) == (None, "true")
    assert runs_of(place) == done


def test_a_key_is_for_one_content_only(place: Place) -> None:
    place.post("partners", ROWS, key="order-1")
    for path, body in [("partners", {"rows": ROWS["rows"][:1]}), ("products", ROWS), ("receipts?account=main", ROWS)]:
        answer = place.post(path, body, key="order-1")
        assert (answer.status, answer.json["code"]) == (422, "key-reused"), path
    started = place.post("recognition-runs", {"month": "2026-04"}, key="work-1")
    assert started.status == 202
    for path, body in [("recognition-runs", {"month": "2026-05"}), ("partners", ROWS)]:
        assert place.post(path, body, key="work-1").json["code"] == "key-reused"
    assert place.post("recognition-runs", {"month": "2026-04"}, key="order-1").json["code"] == "key-reused"


def test_a_write_without_a_usable_key_is_refused(place: Place) -> None:
    for headers, code in [({}, "idempotency-key-missing"), ({"Idempotency-Key": "a b"}, "idempotency-key-bad")]:
        for path, body in [("partners", ROWS), ("billing-runs", {"closing": "2026-04-30"}), ("runs/1/cancel", {})]:
            answer = place.ask("POST", path, body, **headers)
            assert (answer.status, answer.json["code"]) == (400, code), path
    assert "P7" not in partners(place)


def test_a_refused_write_may_be_sent_again_under_its_key(place: Place) -> None:
    wrong: dict[str, Any] = {"receipt": "R16500", "items": [{"item": "INV-2026-00001"}]}
    assert place.post("applications", wrong, key="pay-1").status == 422
    a_contract(place.url, "C1", monthly=15_000)
    bill(place.url, "2026-04-30")
    receive(place.url, 16_500)
    assert place.post("applications", wrong, key="pay-1").json == {
        "applied": 1, "amount": 16_500, "outcomes": {"exact": 1}, "dry_run": False,
    }  # fmt: skip


def test_one_key_sent_many_times_at_once_has_one_effect(place: Place) -> None:
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: place.post("partners", ROWS, key="at-once"), range(6)))
    assert {answer.text for answer in answers} == {'{"rows":2,"new":2,"dry_run":false}'}
    assert sorted(bool(answer.headers.get("Idempotent-Replay")) for answer in answers) == [False] + [True] * 5


def test_applying_and_taking_back(place: Place) -> None:
    a_contract(place.url, "C1", monthly=15_000)
    bill(place.url, "2026-04-30")
    receive(place.url, 16_060)
    asked = {"receipt": "R16060", "items": [{"item": "INV-2026-00001"}], "difference": "fee"}
    assert place.post("applications?dry_run=true", asked, by="accountant").json["dry_run"] is True
    assert place.get("applications")["items"] == []
    assert place.post("applications", asked, by="accountant").status == 200
    assert place.get("receivables/1")["balance"] == 0
    assert place.post("applications/1/reverse", {}, by="accountant").status == 200
    assert place.get("receivables/1")["balance"] == 16_500
    again = place.post("applications/1/reverse", {}, by="accountant")
    assert (again.status, again.json["code"]) == (409, "reversed")
    assert place.post("applications/99/reverse", {}).status == 404


def test_what_one_enters_another_approves(place: Place) -> None:
    place.post("receivables", {"rows": GIVEN["receivables"]}, by="accountant")
    own = place.post("receivables/approve", {"slips": ["S1"]}, by="accountant")
    assert (own.status, own.json["code"]) == (403, "own-work")
    assert place.post("receivables/approve", {"slips": ["S1"]}, by="approver").json["approved"] == 1
    assert place.get("receivables/1")["source"] == "slip"


# --- usage that another program sends by itself ----------------------------------------------------------------------


def pushed(place: Place, body: dict[str, Any], *, id_: str = "msg-1", at: int = 0, **wrong: str) -> Answer:
    """A signed request of usage; ``wrong`` takes the place of what would be right."""
    secret = place.token("billing", scopes="usage.import")
    data, moment = json.dumps(body).encode(), str(int(time.time()) + at)
    mac = hmac.new(secret.encode(), f"{id_}.{moment}.".encode() + data, "sha256")
    right = {"Id": id_, "Timestamp": moment, "Signature": f"v1,{b64encode(mac.digest()).decode()}"}
    headers = {f"Webhook-{name}": wrong.get(name.lower(), value) for name, value in right.items()}
    path = f"/api/v1/{place.code}/webhooks/usage"
    return place.served.ask("POST", path, data, Authorization=f"Bearer {secret}", **headers)


def test_signed_usage_is_taken_once_under_its_id(place: Place) -> None:
    take_rows(place.url, "contracts", [a_line("U1", product="API")])
    body = {"rows": GIVEN["usage"]}
    assert pushed(place, body).json["new"] == 1
    again = pushed(place, body)
    assert (again.status, again.json["new"], again.headers["Idempotent-Replay"]) == (200, 1, "true")
    assert pushed(place, body, id_="msg-2").json["new"] == 0
    assert pushed(place, {"rows": [GIVEN["usage"][0] | {"event_id": "other"}]}).json["code"] == "key-reused"


@pytest.mark.parametrize(
    ("wrong", "status", "code"),
    [
        ({"signature": "v1,AAAA"}, 401, "webhook-signature"),
        ({"signature": ""}, 400, "webhook-headers"),
        ({"id": ""}, 400, "webhook-headers"),
        ({"timestamp": "soon"}, 400, "webhook-headers"),
        ({"timestamp": "1000000000"}, 400, "webhook-old"),
    ],
)
def test_what_is_not_signed_as_it_should_be_is_refused(
    place: Place, wrong: dict[str, str], status: int, code: str
) -> None:
    answer = pushed(place, {"rows": GIVEN["usage"]}, **wrong)
    assert (answer.status, answer.json["code"]) == (status, code)
    assert place.get("usage")["items"] == []
