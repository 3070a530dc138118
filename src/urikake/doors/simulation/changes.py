"""What is supposed: shares on prices, contracts cancelled, rates of tax, and any other change of contracts; as JSON and back."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from urikake.base.errors import Refusal

EVERY: Final = "*"
"""In place of a product: all of them."""
TAXES: Final = {"standard": "標準", "reduced": "軽減"}
"""The classes of tax whose rate may be supposed, in words."""
MOST: Final = 1_000
"""How many percent a price may rise, and how many changes of a kind there may be."""
_PRICE: Final = re.compile(r"(.+)=([^=@]+)%@([^@]+)")
_CANCEL: Final = re.compile(r"(.+)@([^@]+)")


@dataclass(frozen=True, slots=True)
class Price:
    """The price of a product, or of all (`EVERY`), higher by so many percent from a day on; lower where negative."""

    product: str
    percent: Decimal
    since: date

    @classmethod
    def read(cls, text: str) -> Price:
        """From ``商品コード=+5%@2027-01-01``.

        >>> Price.read("*=-2.5%@2027-01-01")
        Price(product='*', percent=Decimal('-2.5'), since=datetime.date(2027, 1, 1))
        """
        if not (found := _PRICE.fullmatch(text.strip())):
            raise _unread("price", text, "商品コード=+5%@2027-01-01", "すべての商品は *=+5%@2027-01-01")
        return cls(found[1].strip(), percent(found[2], low=-100), day(found[3]))

    @property
    def words(self) -> str:
        """As people read it."""
        share = f"{_spelt(abs(self.percent))}% の{'値下げ' if self.percent < 0 else '値上げ'}"
        return f"{self.since:%Y/%m/%d} から {'すべての商品' if self.product == EVERY else self.product} を {share}"


@dataclass(frozen=True, slots=True)
class Cancel:
    """A contract that ends; ``on`` is the last day of use."""

    contract: str
    on: date

    @classmethod
    def read(cls, text: str) -> Cancel:
        """From ``契約番号@2027-01-31``."""
        if not (found := _CANCEL.fullmatch(text.strip())):
            raise _unread("cancel", text, "契約番号@2027-01-31", "日付は最終利用日です")
        return cls(found[1].strip(), day(found[2]))

    @property
    def words(self) -> str:
        """As people read it."""
        return f"契約 {self.contract} を {self.on:%Y/%m/%d} で解約"


@dataclass(frozen=True, slots=True)
class Rate:
    """The rate of a class of tax from a day on, in percent."""

    tax: str
    percent: Decimal
    since: date

    @classmethod
    def read(cls, text: str) -> Rate:
        """From ``reduced=0%@2027-04-01``."""
        if not (found := _PRICE.fullmatch(text.strip())):
            raise _unread("tax", text, "reduced=0%@2027-04-01", "税区分は standard（標準）か reduced（軽減）です")
        return cls(_tax_class(found[1].strip()), percent(found[2], low=0), day(found[3]))

    @property
    def words(self) -> str:
        """As people read it."""
        return f"{self.since:%Y/%m/%d} から{TAXES[self.tax]}税率を {_spelt(self.percent)}% に"

    @property
    def policy(self) -> str:
        """As `urikake.core.tax.supposed` reads it."""
        return f"{self.tax}={self.percent:f}%@{self.since}"


@dataclass(frozen=True, slots=True)
class Changes:
    """All that is supposed; ``events`` are rows of a file of changes, ``file`` such a file's name and bytes."""

    prices: Sequence[Price] = ()
    cancels: Sequence[Cancel] = ()
    rates: Sequence[Rate] = ()
    events: Sequence[Mapping[str, Any]] = ()
    file: tuple[str, bytes] | None = None

    @property
    def words(self) -> list[str]:
        """A line for each change."""
        every: Sequence[Price | Cancel | Rate] = (*self.prices, *self.cancels, *self.rates)
        lines = [each.words for each in every]
        lines += [f"契約の変更 {len(self.events):,}件"] if self.events else []
        return lines + ([f"契約の変更のファイル {self.file[0]}"] if self.file else [])

    def kept(self) -> dict[str, Any]:
        """The changes as JSON can hold them."""
        return {
            "prices": [
                {"product": p.product, "percent": _spelt(p.percent), "since": str(p.since)} for p in self.prices
            ],
            "cancels": [{"contract": c.contract, "on": str(c.on)} for c in self.cancels],
            "rates": [{"tax": r.tax, "percent": _spelt(r.percent), "since": str(r.since)} for r in self.rates],
            "events": [dict(event) for event in self.events],
            "file": {"name": self.file[0], "base64": base64.b64encode(self.file[1]).decode()} if self.file else None,
        }

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> Changes:
        """The changes that JSON holds."""
        file = kept.get("file")
        return cls(
            tuple(Price(p["product"], percent(p["percent"], low=-100), day(p["since"])) for p in kept.get("prices", ())),
            tuple(Cancel(c["contract"], day(c["on"])) for c in kept.get("cancels", ())),
            tuple(Rate(_tax_class(r["tax"]), percent(r["percent"], low=0), day(r["since"])) for r in kept.get("rates", ())),
            tuple(kept.get("events", ())),
            (file["name"], base64.b64decode(file["base64"])) if file else None,
        )  # fmt: skip


def percent(text: str, *, low: int) -> Decimal:
    """A share in percent from ``low`` to `MOST`, to six places; refused otherwise."""
    plain = str(text).strip().removeprefix("+")
    found = Decimal(plain) if re.fullmatch(r"-?\d{1,4}(\.\d{1,6})?", plain) else None
    if found is None or not low <= found <= MOST:
        raise Refusal(
            "bad-percent", f"割合が「{text}」です。", f"{low}〜{MOST:,} の数（小数は6桁まで）で書いてください。"
        )
    return found


def _spelt(share: Decimal) -> str:
    """The share as people write it, without zeros behind it."""
    return f"{share.normalize():f}"


def day(text: str) -> date:
    """A day written ``2027-01-01`` or ``2027/01/01``; refused otherwise."""
    try:
        return date.fromisoformat(str(text).strip().replace("/", "-"))
    except ValueError:
        raise Refusal("bad-date", f"「{text}」は日付ではありません。", "2027-01-01 の形で指定してください。") from None


def _tax_class(name: str) -> str:
    if name not in TAXES:
        raise Refusal("bad-tax", f"税区分が「{name}」です。", "standard（標準）か reduced（軽減）を指定してください。")
    return name


def _unread(what: str, text: str, form: str, more: str) -> Refusal:
    return Refusal("bad-change", f"--{what} が「{text}」です。", f"{form} の形で指定してください（{more}）。")
