"""The close over the API: its steps, what changed, its record and its report; and the first bill rehearsed."""

from __future__ import annotations

import pytest

from tests.api.conftest import Place
from tests.api.test_documents import fetched
from tests.builders import a_contract, assert_same, bill, dump
from urikake.doors import month
from urikake.doors.documents import asked, typesetting


def test_the_steps_what_changed_and_the_record_are_read(place: Place) -> None:
    a_contract(place.url, "C1", monthly=12_000)
    month.close(place.url, "2026-04", user="accountant")
    steps = {row["step"]: row for row in place.get("reports/close-steps", month="2026-04", by="auditor")}
    assert steps["請求書の発行"] | {"no": 0} == {
        "no": 0, "step": "請求書の発行", "state": "done", "count": 1, "amount": 13_200,
        "compared": "請求書の合計 = 債権への計上", "figure": 13_200, "proof": 13_200, "off": 0, "note": "",
    }  # fmt: skip
    assert {row["state"] for row in steps.values()} <= {"done", "soft"}
    bridge = [row for row in place.get("reports/close-flux", month="2026-04") if row["subject"] == "売掛金"]
    assert [(row["cause"], row["change"]) for row in bridge] == [
        ("opening", 0),
        ("billed", 13_200),
        ("closing", 13_200),
    ]
    (event,) = place.get("reports/close-history")
    assert (event["month"], event["event"], event["by"], len(event["head"])) == ("2026-04", "close", "accountant", 64)


@pytest.mark.parametrize("served", ["sqlite"], indirect=True)
def test_the_report_of_a_close_is_a_file_that_is_the_same_ever_after(place: Place) -> None:
    a_contract(place.url, "C1", monthly=12_000)
    month.close(place.url, "2026-04", user="accountant")
    token = place.token("accountant")
    status, media, content, tag = fetched(place, "closes/2026-04.pdf", token)
    assert (status, media) == (200, "application/pdf")
    assert content == typesetting.pdf(asked.found(place.url, "close", ref="2026-04"))
    month.close(place.url, "2026-05", user="accountant")
    assert fetched(place, "closes/2026-04.pdf", token)[2:] == (content, tag)
    path = f"/api/v1/{place.code}/documents/closes/2026-06.pdf"
    open_ = place.served.ask("GET", path, Authorization=f"Bearer {token}")
    assert (open_.status, open_.json["code"]) == (404, "not-closed")


def test_the_first_bill_is_rehearsed_and_nothing_is_stored(place: Place) -> None:
    a_contract(place.url, "C1", monthly=12_000)
    before = dump(place.url)
    body = {"closing": "2026-04-30", "rows": [{"partner": "P1", "billed": 13_000}, {"partner": "P9", "billed": 500}]}
    found = place.post("rehearsals", body, by="billing").json
    assert_same(before, dump(place.url))
    rows = found.pop("rows")
    assert found == {
        "equal": 0, "different": 1, "ours_only": 0, "theirs_only": 1, "ours": 13_200, "theirs": 13_500, "difference": -300,
    }  # fmt: skip
    assert [(row["partner"], row["ours"], row["theirs"], row["state"]) for row in rows] == [
        ("P1", 13_200, 13_000, "different"),
        ("P9", None, 500, "theirs_only"),
    ]
    assert rows[1]["why"] == "この取引先は登録されていません"
    bill(place.url, "2026-04-30")
    again = place.post(
        "rehearsals", {"closing": "2026-04-30", "rows": [{"partner": "P1", "billed": 13_200}]}, by="billing"
    )
    assert again.json["equal"] == 1
    bad = place.post("rehearsals", {"closing": "2026-04-30", "rows": []}, by="billing")
    assert bad.status == 422
