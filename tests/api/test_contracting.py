"""A change of a contract looked at, and a price revision tried and done, by another program."""

from __future__ import annotations

from tests.api.conftest import Place
from tests.builders import a_contract, a_product, assert_same, dump


def test_a_change_is_looked_at_and_nothing_is_stored(place: Place) -> None:
    a_contract(place.url, "C/1", monthly=10_000)
    before = dump(place.url)
    asked = {
        "events": [{"type": "change_price", "effective": "2026-05-16", "unit_price": 20_000}],
        "since": "2026-04-30",
    }
    seen = place.ask("POST", "contracts/C%2F1/preview", asked, by="sales")
    assert seen.status == 200, seen.text
    assert [(row["closing"], row["before"], row["after"]) for row in seen.json["bills"]] == [
        ("2026-04-30", 10_000, 10_000),
        ("2026-05-31", 10_000, 4_838 + 10_322),
        ("2026-06-30", 10_000, 20_000),
    ]
    assert {row["closing"] for row in seen.json["lines"]} == {"2026-05-31", "2026-06-30"}
    refused = place.ask("POST", "contracts/C%2F1/preview", {"events": [{"type": "change_price", "effective": "x"}]})
    assert (refused.status, refused.json["code"]) == (422, "file-refused")
    assert place.ask("POST", "contracts/NONE/preview", asked).json["code"] == "unknown-contract"
    assert_same(before, dump(place.url))


def test_a_price_revision_is_tried_and_then_done_once(place: Place) -> None:
    a_contract(place.url, "C1")
    a_product(place.url, "PLAN", unit_price=12_000, valid_from="2026-06-01")
    asked = {"from": "2026-06-01"}
    tried = place.post("products/PLAN/reprice?dry_run=true", asked, by="sales")
    assert (tried.json["contracts"], tried.json["difference"], len(tried.json["rows"])) == (1, 2_000, 1)
    done = place.post("products/PLAN/reprice", asked, key="r1")
    assert (done.status, done.json["lines"], done.json["rows"]) == (200, 1, [])
    assert place.post("products/PLAN/reprice", asked, key="r1").headers["Idempotent-Replay"] == "true"
    assert place.post("products/PLAN/reprice", asked, key="r2").json["lines"] == 0
    assert place.post("products/PLAN/reprice", {"from": "2026-05-01"}, key="r3").json["code"] == "no-revision"
    assert place.post("products/PLAN/reprice", asked, by="auditor").status == 403
