"""Books of accounting packages over the API: journals and balances tied out, read again, refused where they cannot be read."""

from __future__ import annotations

import base64

import pytest

from tests.api.conftest import Place
from tests.builders import a_contract, bill

JOURNAL = "日付,伝票番号,借方勘定科目,借方金額,貸方勘定科目,貸方金額,貸方消費税額\n2026-04-30,1,売掛金,11000,売上高,11000,1000\n"


def coded(text: str) -> str:
    return base64.b64encode(text.encode("cp932")).decode()


@pytest.mark.parametrize("served", ["sqlite"], indirect=True)
def test_books_of_a_package_are_tied_out_and_read_again(place: Place) -> None:
    a_contract(place.url, "C1", start="2026-04-01")
    bill(place.url, "2026-04-30")
    asked = {"target": "freee", "from": "2026-04-01", "to": "2026-04-30"}
    assert place.post("exports", asked, by="accountant").json["entries"] == 1
    body = {"target": "freee", "name": "仕訳帳.csv", "content": coded(JOURNAL)}
    tried = place.post("tie-outs?dry_run=true", body, by="accountant").json
    assert (tried["tie_out"], tried["dry_run"]) == (None, True)
    made = place.post("tie-outs", body, key="once", by="accountant")
    assert made.status == 200
    assert place.post("tie-outs", body, key="once", by="accountant").json == made.json
    by_hand = JOURNAL + "2026-04-30,9,売掛金,5,雑収入,5,\n"
    other = place.post(
        "tie-outs", body | {"content": coded(by_hand), "from": "2026-04-01", "to": "2026-04-30"}, by="accountant"
    ).json
    assert (other["off"], other["slips_extra"], other["slips_missing"]) == (1, 1, 0)
    found = place.get(f"tie-outs/{other['tie_out']}/comparison")
    assert [(slip["kind"], slip["account"], slip["there"]) for slip in found["slips"]] == [
        ("extra", "売掛金", 5), ("extra", "雑収入", -5),
    ]  # fmt: skip
    receivable = next(line for line in found["lines"] if line["account"] == "売掛金")
    assert (receivable["theirs"], receivable["ours"], receivable["extra"], receivable["unexplained"]) == (
        11_005, 11_000, 5, 0,
    )  # fmt: skip
    trial = "勘定科目,残高\n売掛金,11000\n売上高,10000\n仮受消費税,1000\n"
    tied = place.post("tie-outs", body | {"content": coded(trial), "on": "2026-04-30"}, by="accountant").json
    assert (tied["off"], tied["accounts"]) == (0, 3)
    kept = place.get("tie-outs")["items"]
    assert [(one["since"], one["until"]) for one in kept] == [
        ("2026-04-01", "2026-04-30"), ("2026-04-01", "2026-04-30"), (None, "2026-04-30"),
    ]  # fmt: skip


@pytest.mark.parametrize("served", ["sqlite"], indirect=True)
def test_what_cannot_be_read_is_refused(place: Place) -> None:
    body = {"target": "freee", "name": "仕訳帳.csv", "content": coded(JOURNAL.replace("2026-04-30", "いつか"))}
    refused = place.post("tie-outs", body, by="accountant")
    assert (refused.status, refused.json["rows"][0]["row"], refused.json["rows"][0]["column"]) == (422, 2, "日付")
    assert place.post("tie-outs", body | {"content": "?"}, by="accountant").json["code"] == "bad-base64"
    assert place.post("tie-outs", body | {"mapping": "なし"}, by="accountant").status in {404, 409, 422}
    assert place.post("tie-outs", body, by="sales").status == 403
    assert place.get("tie-outs")["items"] == []
    assert place.ask("GET", "tie-outs/9/comparison").status in {404, 422}
