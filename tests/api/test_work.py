"""Long work: asked for once, watched to its end, tried without storing, and stopped."""

from __future__ import annotations

from tests.api.conftest import Place
from tests.builders import a_contract, a_partner, bill, receive


def test_a_month_is_done_by_runs(place: Place) -> None:
    a_contract(place.url, "C1", monthly=15_000)
    asked = place.post("billing-runs", {"closing": "2026-04-30", "issue": True}, by="billing")
    assert (asked.status, asked.headers["Location"]) == (202, asked.json["href"])
    run = place.finished(asked.headers["Location"])
    assert (run["state"], run["figures"], run["actor"]) == (
        "done",
        {"charges": 1, "invoices": 1, "total": 16_500},
        "billing",
    )
    receive(place.url, 16_500, on="2026-04-30")
    matched = place.post("matching-runs", {"date": "2026-04-30"}, by="accountant")
    assert place.finished(matched.headers["Location"])["figures"]["applied"] == 1
    recognised = place.post("recognition-runs", {"month": "2026-04"}, by="accountant")
    assert place.finished(recognised.headers["Location"])["state"] == "done"
    closed = place.post("periods/2026-04/close", {}, by="accountant")
    assert place.finished(closed.headers["Location"])["state"] == "done"
    assert place.get("periods/2026-04")["locked"] is True
    checked = place.post("verifications", {}, by="auditor")
    assert place.finished(checked.headers["Location"])["figures"] == {"verified": True}
    own = place.post("periods/2026-04/reopen", {"why": "訂正"}, by="accountant")
    assert (own.status, own.json) == (200, {"locked": True, "proposal": 1, "dry_run": False})
    assert place.post("approvals/1/approve", {}, by="accountant").json["code"] == "not-permitted"
    assert place.get("periods/2026-04")["locked"] is True
    assert place.post("approvals/1/approve", {}, by="approver").json["text"] == "2026年4月の締めの解除"
    assert place.get("periods/2026-04")["why"] == "訂正"


def test_the_same_key_is_the_same_work(place: Place) -> None:
    first = place.post("billing-runs", {"closing": "2026-04-30"}, key="bill-1")
    again = place.post("billing-runs", {"closing": "2026-04-30"}, key="bill-1")
    assert (again.status, again.text) == (202, first.text)
    assert again.headers["Idempotent-Replay"] == "true"
    assert len([run for run in place.get("runs")["items"] if run["kind"] == "bill"]) == 1


def test_work_is_tried_without_storing(place: Place) -> None:
    a_contract(place.url, "C1", monthly=15_000)
    trial = place.post("billing-runs?dry_run=true", {"closing": "2026-04-30", "issue": True})
    assert (trial.status, trial.json) == (200, {"charges": 1, "invoices": 1, "total": 16_500, "dry_run": True})
    assert place.get("invoices")["items"] == []
    assert place.get("runs")["items"] == []


def test_work_that_is_refused_says_why_and_what_to_do(place: Place) -> None:
    asked = place.post("periods/2026-01/close", {})
    run = place.finished(asked.headers["Location"])
    assert run["state"] == "failed"
    assert run["cause"]
    assert run["next"]


def test_work_on_a_day_far_off_is_taken_for_a_slip_of_the_hand(place: Place) -> None:
    for path, body in [
        ("billing-runs", {"closing": "2199-04-30"}),
        ("recognition-runs", {"month": "2199-04"}),
        ("periods/2199-04/close", {}),
    ]:
        answer = place.post(path, body)
        assert (answer.status, answer.json["code"]) == (422, "too-far"), path


def test_whoever_may_do_the_work_may_stop_it(place: Place) -> None:
    asked = place.post("matching-runs", {}, by="accountant")
    path = asked.json["href"].partition(f"/{place.code}/")[2]
    refused = place.post(f"{path}/cancel", {}, by="sales")
    assert refused.status == 403
    assert place.post(f"{path}/cancel", {}, by="accountant").status == 202
    assert place.finished(asked.json["href"])["state"] in {"done", "cancelled"}
    assert place.post("runs/99999999/cancel", {}).status == 404


def test_a_partner_is_held_back_from_a_closing_and_released(place: Place) -> None:
    a_contract(place.url, "C1", monthly=15_000)
    bill(place.url, "2026-04-30", issue=False)
    asked = {"closing": "2026-04-30", "partner": "P1", "why": "検収待ち"}
    held = place.post("billing-holds", asked, by="billing")
    assert (held.status, held.json) == (200, {"new": True, "held": 1, "dry_run": False})
    issue = {"closing": "2026-04-30", "issue": True}
    run = place.finished(place.post("billing-runs", issue, by="billing").headers["Location"])
    assert run["figures"] == {"charges": 0, "invoices": 0, "total": 0, "held": 1}
    wrong = place.post("billing-holds", asked | {"partner": "P9"}, by="billing")
    assert (wrong.status, wrong.json["code"]) == (422, "no-partner")
    released = place.post("billing-holds/release", {"closing": "2026-04-30", "partner": "P1"}, by="billing")
    assert released.json == {"new": True, "held": 0, "dry_run": False}
    again = place.finished(place.post("billing-runs", issue, by="billing").headers["Location"])
    assert again["figures"] == {"charges": 0, "invoices": 1, "total": 16_500}


def test_single_payers_and_groups_are_billed_alone(place: Place) -> None:
    a_partner(place.url, "P2")
    for number, partner, group in (("C1", "P1", "東"), ("C2", "P2", "西")):
        a_contract(place.url, number, partner=partner, management_group=group, monthly=15_000)
    asked = {"closing": "2026-04-30", "issue": True, "partners": ["P2"]}
    trial = place.post("billing-runs?dry_run=true", asked)
    assert trial.json == {"charges": 1, "invoices": 1, "total": 16_500, "dry_run": True}
    run = place.finished(place.post("billing-runs", asked, by="billing").headers["Location"])
    assert run["figures"] == {"charges": 1, "invoices": 1, "total": 16_500}
    assert run["subject"] == "2026-04-30 の請求と発行（P2）"
    rest = {"closing": "2026-04-30", "issue": True, "groups": ["東", "西"]}
    run = place.finished(place.post("billing-runs", rest, by="billing").headers["Location"])
    assert run["figures"] == {"charges": 1, "invoices": 1, "total": 16_500}


def test_what_waits_is_seen_confirmed_held_and_noted(place: Place) -> None:
    for number, amount in (("C1", 15_000), ("C2", 25_000)):
        a_contract(place.url, number, monthly=amount)
        bill(place.url, "2026-04-30" if number == "C1" else "2026-05-31")
    for amount in (16_500, 20_000, 7_500):
        receive(place.url, amount, on="2026-04-30")
    waiting = {row["unapplied"]: row for row in place.get("matching-queue", by="accountant")["items"]}
    assert waiting[16_500]["kind"] == "exact"
    first = place.get(f"receipts/{waiting[16_500]['receipt']}/candidates")["items"][0]
    assert (first["items"], first["amount"]) == (waiting[16_500]["items"], 16_500)
    proposal = {key: waiting[16_500][key] for key in ("receipt", "unapplied", "items")}
    stale = proposal | {"receipt": waiting[20_000]["receipt"]}
    done = place.post("applications/confirm", {"proposals": [proposal, stale]}, by="accountant")
    assert (done.json["applied"], [one["receipt"] for one in done.json["refused"]]) == (1, [stale["receipt"]])
    asked = {
        "receipts": [{"receipt": "R20000", "unapplied": 20_000}, {"receipt": "R7500"}],
        "items": [{"item": "INV-2026-00002"}],
    }
    trial = place.post("applications/together?dry_run=true", asked, by="accountant")
    assert (trial.status, trial.json["applied"], trial.json["dry_run"]) == (200, 2, True)
    held = place.post("receipt-holds", {"receipt": "R7500", "why": "先方へ確認中"}, by="accountant")
    assert (held.status, held.json) == (200, {"receipt": 3, "dry_run": False})
    refused = place.post("applications/together", asked, by="accountant")
    assert (refused.status, refused.json["code"]) == (422, "receipt-held")
    assert place.post("receipt-holds/release", {"receipt": "R7500"}, by="accountant").status == 200
    made = place.post("applications/together", asked, by="accountant").json
    assert (made["applied"], made["amount"]) == (2, 27_500)
    back = place.post("applications/reverse", {"applications": made["applications"]}, by="accountant")
    assert (back.json["applied"], back.json["amount"]) == (2, -27_500)
    assert (
        place.post("matching-notes", {"text": "分けて振り込む", "partner": "P1"}, by="accountant").json["new"] is True
    )
    assert [row["state"] for row in place.get("receipt-holds")["items"]] == ["held", ""]
    assert place.get("matching-notes")["items"][0]["text"] == "分けて振り込む"
