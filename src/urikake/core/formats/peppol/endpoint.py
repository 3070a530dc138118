"""Electronic addresses (Peppol ID): where the network delivers to, ``scheme:identifier``.

In Japan the scheme is 0188 with a corporate number (法人番号) or 0221 with a registration number (登録番号). Source: the
list of Electronic Address Schemes of OpenPeppol.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from urikake.core.formats import registration_number

CORPORATE: Final = "0188"
REGISTERED: Final = "0221"
_NETWORK: Final = "iso6523-actorid-upis::"
_FORM: Final = re.compile(r"[0-9]{4}:[0-9A-Za-z._~:+-]{1,50}")


def normalised(text: str) -> str:
    """The address as it is stored: half-width, without spaces and the name of the list that it is from.

    >>> normalised("iso6523-actorid-upis::0188:7000012050002"), normalised("０２２１：ｔ7000012050002")
    ('0188:7000012050002', '0221:T7000012050002')
    """
    folded = "".join(unicodedata.normalize("NFKC", text).split())
    scheme, _, identifier = folded.removeprefix(_NETWORK).partition(":")
    return f"{scheme}:{registration_number.normalised(identifier) if scheme == REGISTERED else identifier}"


def problem(text: str) -> str | None:
    """What is wrong with the address, in Japanese, or ``None``; the Japanese schemes bear a check digit.

    >>> problem("0188:7000012050002"), problem("0188:7000012050003")
    (None, 'チェックデジットが合いません。番号の打ち間違いがないか確かめてください')
    >>> problem("7000012050002")
    'Peppol ID は 0188:法人番号 か 0221:登録番号 のように書きます'
    """
    address = normalised(text)
    if not _FORM.fullmatch(address):
        return "Peppol ID は 0188:法人番号 か 0221:登録番号 のように書きます"
    scheme, _, identifier = address.partition(":")
    if scheme == CORPORATE:
        why = registration_number.problem(f"T{identifier}")
        return why and why.replace("登録番号は T と 13 桁の数字です", "法人番号は 13 桁の数字です")
    return registration_number.problem(identifier) if scheme == REGISTERED else None
