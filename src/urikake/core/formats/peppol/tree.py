"""A JP PINT file as a tree: read safely, its elements found by short paths and named by where they stand."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final, TypeAlias

from lxml import etree

from .codes import NAMESPACES, ROOT

Element: TypeAlias = Any  # of lxml, which tells no types
_NUMBER: Final = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,10})?")


class Unreadable(Exception):
    """A file that is no XML that may be read; its text says why."""


def parsed(xml: bytes) -> Element:
    """The root of the file; `Unreadable` where it is no well-formed XML, or declares a document type.

    A document type could pull in other files or blow itself up, and no invoice has one.
    """
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(xml, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise Unreadable(str(error).splitlines()[0] if str(error) else "空のファイル") from None
    if root.getroottree().docinfo.doctype:
        raise Unreadable("DOCTYPE")
    return root


def is_invoice(root: Element) -> bool:
    """Whether the root is that of a UBL invoice."""
    return bool(root.tag == f"{{{ROOT}}}Invoice")


def every(element: Element, path: str) -> list[Element]:
    """The elements at the path below the element: names without prefix, joined by slashes.

    What has elements is an aggregate; the last may be either. Elements of other namespaces are problems by themselves.
    """
    found: list[Element] = element.findall(_spelt(path))
    return found


@functools.cache
def _spelt(path: str) -> str:
    *above, last = path.split("/")
    return "/".join([*(f"{{{NAMESPACES['cac']}}}{name}" for name in above), f"{{*}}{last}"])


def one(element: Element, path: str) -> Element | None:
    """The first element at the path, or None."""
    return next(iter(every(element, path)), None)


def text(element: Element | None, path: str = "") -> str:
    """The text of the element, or of the first at the path; empty where there is none."""
    found = element if element is None or not path else one(element, path)
    return "" if found is None else (found.text or "").strip()


def number(element: Element | None, path: str = "") -> Decimal | None:
    """The number that the element holds, or None.

    >>> root = parsed(b"<a>-10.50</a>")
    >>> number(root), number(None)
    (Decimal('-10.50'), None)
    """
    said = text(element, path)
    return Decimal(said) if _NUMBER.fullmatch(said) else None


def name(element: Element) -> str:
    """The name without namespace."""
    return str(element.tag).rpartition("}")[2]


def is_foreign(element: Element) -> bool:
    """Whether the element is of no namespace of an invoice: a leaf is a basic component, what has elements an aggregate."""
    space = str(element.tag).rpartition("}")[0][1:]
    return space != NAMESPACES["cac" if len(element) else "cbc"] and space != ROOT


def where(element: Element) -> str:
    """Where the element stands, below the root: names, with the place among those of the same name where there are several."""
    parts = []
    at: Element | None = element
    while at is not None and (parent := at.getparent()) is not None:
        same = [child for child in parent if child.tag == at.tag]
        parts.append(f"{name(at)}[{same.index(at) + 1}]" if len(same) > 1 else name(at))
        at = parent
    return "/".join(reversed(parts)) or "Invoice"


def elements(root: Element) -> Iterator[Element]:
    """Every element, from the top down."""
    yield from root.iter(etree.Element)
