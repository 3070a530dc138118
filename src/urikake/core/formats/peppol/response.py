"""What the receiving side says of an e-invoice: a Peppol response (UBL ``ApplicationResponse``).

Message level responses and invoice responses both name the document and say by a code of UNCL 4343 what becomes of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from . import tree

STATES: Final = {"RE": "refused", "AP": "accepted", "CA": "accepted", "PD": "accepted"}
"""What a code means for the delivery; others (received, in process, under query) say nothing final."""


@dataclass(frozen=True, slots=True)
class Response:
    """What is said of a document: its number, ``refused`` or ``accepted`` or nothing final, and why in the sender's words."""

    number: str
    state: str
    said: str


def read(xml: bytes) -> list[Response]:
    """What the file says, document by document; `tree.Unreadable` where it is no such response."""
    root = tree.parsed(xml)
    if tree.name(root) != "ApplicationResponse":
        raise tree.Unreadable(tree.name(root))
    return [found for each in tree.every(root, "DocumentResponse") for found in _documents(each)]


def _documents(each: tree.Element) -> Iterator[Response]:
    state = STATES.get(tree.text(each, "Response/ResponseCode"), "")
    said = " / ".join(dict.fromkeys(filter(None, map(tree.text, _words(each)))))
    for reference in tree.every(each, "DocumentReference"):
        yield Response(tree.text(reference, "ID"), state, said)


def _words(each: tree.Element) -> list[tree.Element]:
    """Where reasons stand: of the document, of its status, and of its lines."""
    places = (
        "Response/Description",
        "Response/Status/StatusReason",
        "LineResponse/Response/Description",
        "LineResponse/Response/Status/StatusReason",
    )
    return [found for place in places for found in tree.every(each, place)]
