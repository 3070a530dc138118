"""Notifications of mail servers, as they come: what came back for whom, and which mail of ours it was."""

from __future__ import annotations

import pytest

from urikake.core.formats.delivery_status import Status, read

NAME = "0f8fad5b-d9cb-469f-a165-70867728950e"
NOTICE = """\
From: MAILER-DAEMON@mx.example.jp
To: bill@example.jp
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="B"

--B
Content-Type: text/plain; charset=utf-8

This is the mail system.

--B
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.jp

Final-Recipient: rfc822; gone@example.jp
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 <gone@example.jp>:
    User unknown

Final-Recipient: rfc822; slow@example.jp
Action: delayed
Status: 4.4.1

--B
{returned}
--B--
"""
WHOLE = "Content-Type: message/rfc822\n\nMessage-ID: <{name}@example.jp>\nSubject: x\n\nbody\n"
HEADERS = "Content-Type: text/rfc822-headers\n\nMessage-ID: <other@relay.example>\nX-Urikake-Delivery: {name}\n"
BASE64 = (
    "Content-Type: text/rfc822-headers\nContent-Transfer-Encoding: base64\n\n"
    "TWVzc2FnZS1JRDogPDBmOGZhZDViLWQ5Y2ItNDY5Zi1hMTY1LTcwODY3NzI4OTUwZUBleGFtcGxlLmpwPgo=\n"
)


@pytest.mark.parametrize("returned", [WHOLE, HEADERS, BASE64], ids=["whole", "own header", "base64"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_each_recipient_of_a_notification_is_told(returned: str, end: str) -> None:
    text = NOTICE.format(returned=returned.format(name=NAME)).replace("\n", end)
    assert read(text.encode()) == [
        Status(NAME, "gone@example.jp", "failed", "5.1.1", "550 5.1.1 <gone@example.jp>: User unknown"),
        Status(NAME, "slow@example.jp", "delayed", "4.4.1", ""),
    ]


def test_a_notification_without_our_mail_names_none_and_a_plain_letter_is_none() -> None:
    lost = NOTICE.format(returned="Content-Type: text/plain\n\nMessage-ID: <x@y>\n")
    assert {each.name for each in read(lost.encode())} == {""}
    assert read(b"Subject: It came back\n\nSorry, no such person.") == []
    assert read(b"") == []
    assert read(bytes(range(256))) == []
