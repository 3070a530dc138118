"""Judgements over the API: asked for by one, approved by another, told with their reason."""

from __future__ import annotations

import pytest

from tests import arranged
from tests.api.conftest import Place
from tests.builders import assert_same, dump

BUNDLE = {"contract": "C1", "kind": "bundle", "line": "BEGIN", "with_line": "HOST", "why": "設定だけでは使えない"}


def test_what_one_judges_another_approves(place: Place) -> None:
    arranged.shelf(place.url)
    arranged.a_bundle(place.url, setup=24_000, monthly=8_000)
    before = dump(place.url)
    assert place.post("judgements?dry_run=true", BUNDLE).json == {"proposal": 1, "dry_run": True}
    assert_same(before, dump(place.url))
    number = place.post("judgements", BUNDLE).json["proposal"]
    assert place.get("reports/judgements") == []
    assert place.post(f"approvals/{number}/approve", {}, by="admin").json["code"] == "own-proposal"
    assert place.post(f"approvals/{number}/approve", {}, by="approver").status == 200
    arranged.live(place.url, "2026-04")
    (told,) = place.get("reports/judgements", contract="C1", by="auditor")
    assert (told["kind"], told["line"], told["with_line"], told["reason"], told["by"]) == (
        "bundle", "BEGIN", "HOST", "設定だけでは使えない", "approver",
    )  # fmt: skip
    rows = place.get("reports/recognized", month="2026-04")
    assert {row["key"]: row["amount"] for row in rows} == {"BEGIN": 2_000, "HOST": 8_000}


def test_contracts_are_judged_to_be_one(place: Place) -> None:
    arranged.shelf(place.url)
    arranged.a_bundle(place.url)
    arranged.a_bundle(place.url, "C2", setup=30_000)
    told = {"contract": "C2", "kind": "combine", "with_contract": "C1", "why": "27項(1)"}
    number = place.post("judgements", told).json["proposal"]
    assert place.post(f"approvals/{number}/approve", {}, by="approver").status == 200
    (row,) = place.get("reports/judgements", contract="C2", by="auditor")
    assert (row["kind"], row["with_contract"], row["treatment"]) == ("combine", "C1", "combined")
    arranged.live(place.url, "2026-04")
    moved = {row["contract_no"]: row["moved"] for row in place.get("reports/allocation-check", as_of="2026-04-30")}
    assert moved == {"C1": 15_000, "C2": -15_000}


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ({"kind": "mood"}, "invalid"),
        ({"contract": "C9"}, "unknown-contract"),
        ({"line": "MOON"}, "unknown-line"),
        ({"why": ""}, "invalid"),
        ({"kind": "combine", "with_contract": "C1"}, "bad-combination"),
        ({"kind": "combine"}, "not-combined"),
        ({"kind": "financing", "rate": "4.5"}, "financing-off"),
        ({"kind": "financing"}, "bad-rate"),
    ],
)
def test_what_cannot_be_judged_is_a_problem(place: Place, told: dict[str, str], code: str) -> None:
    arranged.shelf(place.url)
    arranged.a_bundle(place.url)
    answer = place.post("judgements", BUNDLE | told)
    assert 400 <= answer.status < 500
    assert answer.json["code"] == code
