"""もしも計算 through the API: asked for, read, reserved once, put away; what cannot be is refused."""

from __future__ import annotations

from tests.api.conftest import Place
from tests.builders import a_contract, assert_same, dump, report

ASKED = {
    "prices": [{"product": "PLAN", "percent": 5, "since": "2026-05-01"}],
    "cancels": [{"contract": "C2", "on": "2026-05-31"}],
    "months": 3,
}


def played(place: Place, body: dict[str, object], by: str = "billing") -> int:
    asked = place.post("simulations", body, by=by)
    assert asked.status == 202
    assert place.finished(asked.headers["Location"])["state"] == "done"
    return int(asked.json["id"])


def test_a_simulation_is_played_read_and_reserved_once(place: Place) -> None:
    a_contract(place.url, "C1")
    a_contract(place.url, "C2")
    number = played(place, ASKED)
    before = dump(place.url)
    found = place.get(f"simulations/{number}")
    assert [(row["month"], row["billing_before"], row["billing_after"]) for row in found["months"]] == [
        ("2026-04", 20_000, 20_000), ("2026-05", 20_000, 21_000), ("2026-06", 20_000, 10_500),
    ]  # fmt: skip
    assert found["changes"] == ["2026/05/01 から PLAN を 5% の値上げ", "契約 C2 を 2026/05/31 で解約"]
    assert {row["contract_no"] for row in found["contracts"]} == {"C1", "C2"}
    assert [item["id"] for item in place.get("simulations")["items"]] == [number]
    trial = place.post(f"simulations/{number}/reserve?dry_run=true", {}, by="billing")
    assert (trial.status, trial.json) == (200, {"products": 1, "events": 1, "lines": 2})
    assert_same(before, dump(place.url))
    taken = place.post(f"simulations/{number}/reserve", {}, by="billing", key="reserve-1")
    assert (taken.status, taken.json) == (200, trial.json)
    again = place.post(f"simulations/{number}/reserve", {}, by="billing", key="reserve-1")
    assert (again.json, again.headers["Idempotent-Replay"]) == (trial.json, "true")
    twice = place.post(f"simulations/{number}/reserve", {}, by="billing")
    assert (twice.status, twice.json["code"]) == (422, "reserved")
    assert [row["unit_price"] for row in report(place.url, "contracts", as_of="2026-05-01")] == [10_500, 10_500]
    assert place.get(f"simulations/{number}")["reserved_by"] == "billing"


def test_a_simulation_is_put_away_by_whoever_made_it(place: Place) -> None:
    a_contract(place.url, "C1")
    number = played(
        place, {"rates": [{"tax": "standard", "percent": 12, "since": "2026-05-01"}], "months": 2}, by="auditor"
    )
    refused = place.post(f"simulations/{number}/reserve", {}, by="billing")
    assert (refused.status, refused.json["code"]) == (422, "tax-not-reserved")
    other = place.post(f"simulations/{number}/discard", {}, by="billing")
    assert (other.status, other.json["code"]) == (403, "not-own")
    assert place.post(f"simulations/{number}/discard", {}, by="auditor").json == {"id": number}
    assert place.post(f"simulations/{number}/discard", {}, by="auditor").status == 200
    assert place.get("simulations")["items"] == []


def test_what_cannot_be_supposed_is_refused_with_its_place(place: Place) -> None:
    a_contract(place.url, "C1")
    for body in (
        {"months": 0},
        {"prices": [{"product": "PLAN", "percent": -101, "since": "2026-05-01"}]},
        {"other": 1},
    ):
        assert place.post("simulations", body, by="billing").status == 422, body
    asked = place.post(
        "simulations", {"events": [{"contract_no": "C9", "type": "cancel", "effective": "2026-05-01"}]}, by="billing"
    )
    run = place.finished(asked.headers["Location"])
    assert run["state"] == "failed"
    assert run["rows"] == ["1行目 contract_no 「C9」: この契約はありません"]
