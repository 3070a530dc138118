"""What comes back of deliveries is read from files: each marks its delivery once, and what fits none is told."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from tests.builders import a_contract, a_partner, a_shop, assert_coherent, bill, report
from tests.core.test_delivery_status import HEADERS, NOTICE, WHOLE
from tests.smtp import office
from urikake.base.errors import FileRefusal, Refusal
from urikake.doors import deliver, mailing, returned
from urikake.doors.deliver import Wanted

APRIL = date(2026, 4, 30)
ADDRESS = {"address": "東京都千代田区架空町1-2-3", "postal_code": "1000001"}


def row(url: str, partner: str) -> dict[str, str]:
    """How the April document of a partner stands."""
    (found,) = [row for row in report(url, "deliveries", closing="2026-04-30") if row["partner"] == partner]
    return dict(found)


def name(url: str, partner: str) -> str:
    return row(url, partner)["message_id"].strip("<>").partition("@")[0]


def test_notifications_mark_what_came_back_once_and_tell_what_fits_none(database: str, tmp_path: Path) -> None:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    a_shop(database)
    for at in (1, 2, 3):
        a_partner(database, f"P{at}", email=f"p{at}@example.jp", delivery="email")
        a_contract(database, f"C{at}", partner=f"P{at}")
    bill(database, "2026-04-30")
    with office() as (post, port):
        mailing.change(database, {"host": "127.0.0.1", "port": port, "security": "none", "sender": "bill@example.jp"})
        deliver.deliver(database, Wanted(APRIL))
        assert {message["X-Urikake-Delivery"] for _, message in post.taken} == {
            name(database, partner) for partner in ("P1", "P2", "P3")
        }
        (inbox / "1.eml").write_text(NOTICE.format(returned=WHOLE.format(name=name(database, "P1"))))
        (inbox / "2.eml").write_text(NOTICE.format(returned=HEADERS.format(name=name(database, "P2"))))
        (inbox / "3.eml").write_text(NOTICE.format(returned=WHOLE.format(name="0" * 8 + NAME_TAIL)))
        (inbox / "4.txt").write_text("Subject: 届きませんでした\n\n宛先がありません。")
        heard = returned.bounces(database, inbox)
        assert heard.figures == {"bounced": 2, "passing": 3}
        assert [text.partition(":")[0] for text in heard.told] == ["4.txt", "3.eml"]
        found = row(database, "P1")
        assert found["state"] == "bounced"
        assert found["said"] == "gone@example.jp: 5.1.1 550 5.1.1 <gone@example.jp>: User unknown"
        assert [row(database, partner)["state"] for partner in ("P2", "P3")] == ["bounced", "sent"]
        assert returned.bounces(database, inbox).figures == {"noted": 2, "passing": 3}
        deliver.deliver(database, Wanted(APRIL, resend=found["number"], why="新しいアドレスへ"))
        assert returned.bounces(database, inbox / "1.eml").figures == {"noted": 1, "passing": 1}
        assert row(database, "P1")["state"] == "sent"
    assert_coherent(database)


NAME_TAIL = "-d9cb-469f-a165-70867728950e"
RESPONSE = """<?xml version="1.0" encoding="UTF-8"?>
<ApplicationResponse xmlns="urn:oasis:names:specification:ubl:schema:xsd:ApplicationResponse-2"
 xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
 xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">
<cbc:ID>MLR-1</cbc:ID>
<cac:DocumentResponse>
<cac:Response><cbc:ResponseCode>{code}</cbc:ResponseCode><cbc:Description>宛先が登録されていません</cbc:Description></cac:Response>
<cac:DocumentReference><cbc:ID>{number}</cbc:ID></cac:DocumentReference>
</cac:DocumentResponse></ApplicationResponse>
"""


def test_responses_of_the_network_mark_what_was_refused_once(database: str, tmp_path: Path) -> None:
    a_shop(database, registration_number="T8990000000001")
    out = tmp_path / "out"
    for at in (1, 2, 3):
        a_partner(database, f"P{at}", delivery="peppol", peppol_id="0188:7000012050002", **ADDRESS)
        a_contract(database, f"C{at}", partner=f"P{at}")
    bill(database, "2026-04-30")
    assert deliver.deliver(database, Wanted(APRIL, folder=out)).figures == {"handed": 3}
    numbers = [row(database, f"P{at}")["number"] for at in (1, 2, 3)]
    file = tmp_path / "response.xml"
    file.write_text(RESPONSE.format(code="RE", number=numbers[0]), encoding="utf-8")
    assert returned.responses(database, file).figures == {"refused": 1}
    found = row(database, "P1")
    assert (found["state"], found["said"]) == ("refused", "宛先が登録されていません")
    sheet = tmp_path / "responses.csv"
    sheet.write_bytes(
        f"請求書番号,状態,理由\n{numbers[1]},accepted,\nINV-2026-99999,refused,不明\n{numbers[2]},refused,住所がない\n".encode(
            "cp932"
        )
    )
    heard = returned.responses(database, sheet)
    assert heard.figures == {"accepted": 1, "refused": 1}
    assert heard.told == ["responses.csv: どの送付のものか分かりません（INV-2026-99999）。"]
    assert row(database, "P2")["state"] == "accepted"
    assert deliver.deliver(database, Wanted(APRIL)).figures == {"refused": 2}
    wanted = Wanted(APRIL, resend=numbers[0], why="登録された", folder=tmp_path / "again")
    assert deliver.deliver(database, wanted).figures == {"handed": 1}
    assert returned.responses(database, file).figures == {"noted": 1}  # it does not speak of the new attempt
    assert row(database, "P1")["state"] == "handed"
    file.write_text(RESPONSE.format(code="AB", number=numbers[0]), encoding="utf-8")
    assert returned.responses(database, file).figures == {"passing": 1}
    assert_coherent(database)


def test_a_file_that_says_nothing_of_deliveries_is_refused(tmp_path: Path) -> None:
    file, sheet = tmp_path / "response.xml", tmp_path / "responses.csv"
    for text in ("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "<Invoice/>", "no XML"):
        file.write_text(text, encoding="utf-8")
        with pytest.raises(Refusal) as refused:
            returned.responses("sqlite:///none.db", file)
        assert refused.value.code == "no-response"
    sheet.write_text("請求書番号,状態\nINV-2026-00001,maybe\n", encoding="utf-8")
    with pytest.raises(FileRefusal):
        returned.responses("sqlite:///none.db", sheet)
    with pytest.raises(Refusal) as refused:
        returned.bounces("sqlite:///none.db", tmp_path / "none.eml")
    assert refused.value.code == "no-file"
    with file.open("wb") as large:
        large.truncate(returned.HEAVIEST + 1)
    with pytest.raises(Refusal) as refused:
        returned.bounces("sqlite:///none.db", file)
    assert refused.value.code == "large-file"
