"""Deliveries over the API: a closing sent as a run, its files fetched, one sent again, one that came back."""

from __future__ import annotations

from tests.api.conftest import Place
from tests.builders import a_contract, a_partner, bill


def test_a_closing_is_sent_by_a_run_and_its_papers_are_fetched(place: Place) -> None:
    a_partner(place.url, "P1", delivery="paper", address="東京都千代田区架空町1-1")
    a_partner(place.url, "P2", delivery="email", email="")
    for at in (1, 2):
        a_contract(place.url, f"C{at}", partner=f"P{at}")
    bill(place.url, "2026-04-30")
    trial = place.post("delivery-runs?dry_run=true", {"closing": "2026-04-30"}).json
    assert trial["going"] == {"paper": 1}
    assert [(row["number"], row["state"]) for row in trial["stuck"]] == [("INV-2026-00002", "no_address")]
    asked = place.post("delivery-runs", {"closing": "2026-04-30"}, by="billing", key="send")
    run = place.finished(asked.headers["Location"])
    assert (run["state"], run["figures"]) == ("done", {"no_address": 1, "printed": 1})
    assert "取引先 P2" in run["rows"][0]
    (file,) = run["files"]
    assert file["name"] == "2026-04-30.pdf"
    replay = place.post("delivery-runs", {"closing": "2026-04-30"}, by="billing", key="send")
    assert (replay.status, replay.text) == (202, asked.text)
    path = file["href"].partition(f"/{place.code}/")[2]
    assert place.ask("GET", path, by="auditor").status == 404  # who may not send, may not take what was made
    nothing = place.post("delivery-runs", {"closing": "2026-04-30"})
    assert (nothing.status, nothing.json["code"]) == (422, "nothing-to-deliver")
    again = place.post("deliveries/INV-2026-00001/resend", {"why": "雨にぬれた"}, by="accountant")
    assert again.status == 202, again.text
    assert place.finished(again.headers["Location"])["figures"] == {"printed": 1}
    assert place.post("deliveries/INV-2026-00001/bounce", {"why": "転居先不明"}).json["number"] == "INV-2026-00001"
    row = next(r for r in place.get("reports/deliveries", closing="2026-04-30") if r["number"] == "INV-2026-00001")
    assert (row["state"], row["attempt"], row["why"]) == ("bounced", 2, "雨にぬれた")
    assert place.get("deliveries/INV-2026-00001/openings") == []
    assert place.post("deliveries/INV-2026-00001/withdraw-link", {"why": "誤り"}).json["code"] == "no-link"
    for refused in ("deliveries/INV-2026-00001/bounce", "deliveries/INV-2026-00001/resend"):
        assert place.post(refused, {"why": "x"}, by="sales").status == 403
    assert place.post("deliveries/INV-2099-00001/resend", {"why": "x"}).json["code"] == "no-invoice"


def test_how_mail_is_sent_is_read_and_changed(place: Place) -> None:
    assert place.post("mail", {"values": {"reply_to": "keiri@example.jp"}}).json == {"changed": 1, "dry_run": False}
    assert {row["key"]: row["value"] for row in place.get("mail")}["reply_to"] == "keiri@example.jp"
    nowhere = place.post("mail", {"values": {"enclose": "link"}})  # nobody says where links lead
    assert (nowhere.status, nowhere.json["code"]) == (422, "mail-setting")
    assert place.post("mail", {"values": {"reply_to": "x@example.jp"}}, by="accountant").status == 403
