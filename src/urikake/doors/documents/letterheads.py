"""What of the company stands on its papers, each paper bearing what stood on its own day."""

from __future__ import annotations

import base64
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from urikake.base import company, letterhead
from urikake.base.bulk import Session

PLAIN: Final = ("postal_code", "address", "tel", "email", "contact", "greeting", "footer", "colour")
WIDE: Final = 5
"""How many times as wide as high a logo may be to stand in its full height."""


@dataclass
class Heads:
    """The letterheads and images of one file, each kept once however many papers bear it."""

    session: Session
    supposed: Mapping[str, str] = field(default_factory=dict)
    rows: list[dict[str, Any]] = field(default_factory=list)
    images: list[list[int]] = field(default_factory=list)
    _values: dict[date, dict[str, str]] = field(default_factory=dict)
    _at: dict[tuple[date, str], int] = field(default_factory=dict)
    _image_at: dict[str, int] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The company's name."""
        return company.policies(self.session).values["company_name"]

    def told(self, on: date) -> dict[str, str]:
        """Every entry of the letterhead on papers of the day, or as it is supposed to be."""
        if on not in self._values:
            self._values[on] = letterhead.held(self.session, on) | dict(self.supposed)
        return self._values[on]

    def at(self, on: date, number: str) -> int:
        """Where the letterhead of the day stands among ``rows``, for papers issued under the registration number."""
        key = (on, number)
        if key not in self._at:
            self._at[key] = len(self.rows)
            self.rows.append(self._row(self.told(on), number))
        return self._at[key]

    def _row(self, told: Mapping[str, str], number: str) -> dict[str, Any]:
        return {name: told[name] for name in PLAIN} | {
            "name": self.name, "registration_number": number,
            "logo": self._image(told["logo"]), "seal": self._image(told["seal"]),
            "logo_wide": _wide(told["logo"]), "window_left": int(told["window_left"]), "window_top": int(told["window_top"]),
            "fold_marks": told["fold_marks"] == "yes",
        }  # fmt: skip

    def _image(self, text: str) -> int | None:
        """Where the image stands among ``images``, as the numbers of its bytes; None where there is none."""
        if text and text not in self._image_at:
            self._image_at[text] = len(self.images)
            self.images.append(list(base64.b64decode(text)))
        return self._image_at.get(text)

    def accounts(self, on: date) -> list[str]:
        """Where customers pay to: the text of the letterhead, else the company's accounts by their numbers."""
        return [told] if (told := self.told(on)["bank"]) else banks(self.session)

    def own_accounts(self, on: date, numbers: list[str]) -> list[str]:
        """A partner's own accounts, behind the bank that keeps them."""
        bank = self.told(on)["virtual_bank"]
        return [f"{bank} {number}".strip() for number in numbers]


def _wide(text: str) -> bool:
    """Whether the image is so wide that its width, and not its height, is what has to be held."""
    head = base64.b64decode(text[:32])
    return bool(head) and int.from_bytes(head[16:20], "big") > WIDE * int.from_bytes(head[20:24], "big")


def banks(session: Session) -> list[str]:
    """The company's bank accounts by their numbers, newest of each code; holders in full-width letters."""
    names = "id, code, bank, branch, deposit, bank_number, holder_kana"
    every = session.table("base_bank_account", names).unique("code", keep="last", maintain_order=True)
    return [
        f"銀行 {row['bank']}　支店 {row['branch']}　{row['deposit']} {row['bank_number']}\n{holder(row['holder_kana'])}".strip()
        for row in every.filter(every["bank_number"] != "").iter_rows(named=True)
    ]


def holder(kana: str) -> str:
    """The holder of an account as a person reads it.

    >>> holder("ｶ)ﾐﾅﾄﾈﾂﾄﾜ-ｸｽ")
    'カ）ミナトネツトワークス'
    """
    wide = unicodedata.normalize("NFKC", kana)
    return wide.replace("-", "ー").replace(")", "）").replace("(", "（")
