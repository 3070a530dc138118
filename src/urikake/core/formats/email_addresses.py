"""E-mail addresses of a partner, several apart by ``;``, as an envelope and a header may bear them.

The form is the plain one of RFC 5321: a local part of the usual letters, ``@`` and a domain name. Quoted local parts and
letters beyond ASCII are refused: many servers do, and no line break or comma can come in by them.
"""

from __future__ import annotations

import re
from typing import Final

_ADDRESS: Final = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@"
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
)
LONGEST: Final = 254


def listed(text: str) -> list[str]:
    """The addresses, each once, in their order.

    >>> listed("a@example.jp; b@example.jp;a@example.jp")
    ['a@example.jp', 'b@example.jp']
    """
    return list(dict.fromkeys(part.strip(" ") for part in text.split(";") if part.strip(" ")))


def problem(text: str) -> str | None:
    """What is wrong with the addresses, in Japanese, or ``None``.

    >>> problem("a@example.jp; b@example.jp")
    >>> problem("a@example.jp, b@example.jp")
    'メールアドレス「a@example.jp, b@example.jp」の形が正しくありません。name@example.jp の形で、何人かへは ; で区切って書いてください'
    """
    for each in listed(text):
        if len(each) > LONGEST or not _ADDRESS.fullmatch(each):
            return (
                f"メールアドレス「{each[:60]}」の形が正しくありません。"
                "name@example.jp の形で、何人かへは ; で区切って書いてください"
            )
    return None
