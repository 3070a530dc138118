"""Layouts of banks' CSV files that another program lists, saves, uses and puts aside; and files without their spaces."""

from __future__ import annotations

from base64 import b64encode
from typing import Any
from urllib.parse import quote

from tests.api.conftest import Place
from tests.bank_files import Book, Move, notice
from tests.builders import assert_same, dump
from urikake.core.formats.bank_layout import KEYS

LAYOUT = {"day": ["取引日"], "payer": ["摘要"], "signed": "入出金", "prefixes": ["ソウキン"]}
FILE = "取引日,摘要,入出金\n2026/06/01,ソウキンミドリ,3960\n2026/06/02,手数料,-550\n"


def sent(data: bytes, format_: str, **how: Any) -> dict[str, Any]:
    return {"name": "meisai.csv", "format": format_, "content": b64encode(data).decode()} | how


def test_the_body_has_every_part_of_a_layout(place: Place) -> None:
    assert set(place.get("bank-formats")[0]["layout"]) == set(KEYS)


def test_a_layout_is_saved_used_and_put_aside(place: Place) -> None:
    trial = place.post("bank-formats?dry_run=true", {"name": "みほん", "layout": LAYOUT})
    assert trial.json == {"changed": True, "dry_run": True}
    assert place.get("bank-formats")[0]["name"] == "anser"
    assert place.post("bank-formats", {"name": "みほん", "layout": LAYOUT}).json == {"changed": True, "dry_run": False}
    assert place.post("bank-formats", {"name": "みほん", "layout": LAYOUT}).json["changed"] is False
    first = place.get("bank-formats")[0]
    assert (first["name"], first["own"], first["layout"]["signed"]) == ("みほん", True, "入出金")
    taken = place.post("receipts/files?account=main", sent(FILE.encode("cp932"), "みほん"))
    assert (taken.json["receipts"], taken.json["amount"], taken.json["out"]) == (1, 3_960, 1)
    gone = place.post(f"bank-formats/{quote('みほん')}/withdraw", {})
    assert gone.json == {"name": "みほん", "dry_run": False}
    assert place.post("receipts/files?account=main", sent(b"", "みほん")).json["code"] == "unknown-format"
    assert place.post(f"bank-formats/{quote('みほん')}/withdraw", {}).json["code"] == "no-format"


def test_what_cannot_be_used_is_refused_and_nothing_is_kept(place: Place) -> None:
    before = dump(place.url)
    for name, layout, code in (
        ("anser", LAYOUT, "format-shipped"),
        ("みほん", {}, "format-unusable"),
        ("みほん", LAYOUT | {"incoming": "入金"}, "format-unusable"),
        ("みほん", LAYOUT | {"nani": "入金"}, "invalid"),
        ("あ" * 31, LAYOUT, "invalid"),
    ):
        answer = place.post("bank-formats", {"name": name, "layout": layout})
        assert (answer.status, answer.json["code"]) == (422, code), answer.text
    assert_same(before, dump(place.url))


def test_stripped_spaces_are_filled_up_on_demand(place: Place) -> None:
    data = b"\r\n".join(line.rstrip() for line in notice(Book(moves=[Move(amount=500)])).splitlines())
    assert place.post("receipts/files?account=main", sent(data, "zengin-deposit")).json["code"] == "file-refused"
    taken = place.post("receipts/files?account=main", sent(data, "zengin-deposit", lenient=True))
    assert taken.json["receipts"] == 1, taken.text
