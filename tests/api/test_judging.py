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


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ({"kind": "mood"}, "invalid"),
        ({"contract": "C9"}, "unknown-contract"),
        ({"line": "MOON"}, "unknown-line"),
        ({"why": ""}, "invalid"),
    ],
)
def test_what_cannot_be_judged_is_a_problem(place: Place, told: dict[str, str], code: str) -> None:
    arranged.shelf(place.url)
    arranged.a_bundle(place.url)
    answer = place.post("judgements", BUNDLE | told)
    assert 400 <= answer.status < 500
    assert answer.json["code"] == code
