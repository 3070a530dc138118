"""What mail servers say of a mail afterwards: delivery status notifications (RFC 3464, ``multipart/report``).

Each recipient of a notification has a status of its own; which mail it was, the headers of the returned one say. Plain
letters that say in words that something came back are no notifications.
"""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email.message import Message
from typing import Final

OWN: Final = "X-Urikake-Delivery"
_NAME: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_RETURNED: Final = ("message/rfc822", "message/global", "text/rfc822-headers", "message/global-headers")


@dataclass(frozen=True, slots=True)
class Status:
    """What became of a mail for one recipient: ``action`` is ``failed delayed delivered relayed expanded``.

    ``name`` is what our messages are known by, empty where the notification does not tell.
    """

    name: str
    recipient: str
    action: str
    status: str
    said: str


def read(data: bytes) -> list[Status]:
    """What the notification says, recipient by recipient; nothing where the mail is no notification."""
    report = email.message_from_bytes(data, policy=email.policy.default)
    parts = list(report.walk())
    told = [part for part in parts if part.get_content_type() == "message/delivery-status"]
    name = next(filter(None, (_named(headers) for headers in _returned(parts))), "")
    return [_status(group, name) for part in told for group in _groups(part) if group["Action"]]


def _groups(part: Message) -> list[Message]:
    """The groups of fields of the part: one of the mail, then one a recipient."""
    held = part.get_payload()
    return [group for group in held if isinstance(group, Message)] if isinstance(held, list) else []


def _returned(parts: Sequence[Message]) -> Iterator[Message]:
    """The headers of the mail that came back, whole or headers alone."""
    for part in parts:
        if part.get_content_type() not in _RETURNED:
            continue
        held = part.get_payload()
        if isinstance(held, list):
            yield from (each for each in held if isinstance(each, Message))
        else:
            text = part.get_payload(decode=True)
            yield email.message_from_bytes(text if isinstance(text, bytes) else b"", policy=email.policy.default)


def _named(headers: Message) -> str:
    """What our message is known by: our own header, or the message id."""
    for text in (headers[OWN], headers["Message-ID"]):
        if found := _NAME.search(str(text or "")):
            return found[0]
    return ""


def _status(group: Message, name: str) -> Status:
    recipient = _plain(group["Final-Recipient"] or group["Original-Recipient"])
    return Status(
        name=name,
        recipient=recipient,
        action=str(group["Action"]).strip().lower(),
        status=str(group["Status"] or "").strip(),
        said=_plain(group["Diagnostic-Code"]),
    )


def _plain(text: object) -> str:
    """The value behind its type, on one line.

    >>> _plain("rfc822; keiri@example.jp")
    'keiri@example.jp'
    """
    kind, semicolon, value = str(text or "").partition(";")
    return " ".join((value if semicolon else kind).split())
