"""One calculator request: a JSON object read field by field into exact, typed values.

Readers take the field's name and a default; without a default the field is required. ``null`` counts as left out.
What cannot be read raises `RequestError`, which names the field and says in Japanese what it should be.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final, NamedTuple, cast

from urikake.core.money import MICRO, ROUNDINGS, Rounding, plain

LIMIT: Final = 10**15
"""No amount is larger, in minor units: what the kernels promise to compute exactly."""
LIMIT_MICRO: Final = 9 * 10**18
"""No price, quantity or rate is larger, in millionths: what ``Int64`` holds."""

_FINE: Final = Decimal("1e-24")  # far below what two shares with parts of a million can differ by
_NUMBER: Final = re.compile(r"[+-]?(\d+|\d{1,3}(,\d{3})+)(\.\d+)?([eE][+-]?\d{1,2})?")
_DATE: Final = re.compile(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})")
_MONTH: Final = re.compile(r"(\d{4})[-/](\d{1,2})([-/]\d{1,2})?")


class _Required:
    """The default of a field that has none."""


REQUIRED: Final = _Required()


class Period(NamedTuple):
    """A half-open range of days."""

    from_on: date
    to_on: date


class RequestError(ValueError):
    """A field of the request that cannot be read (入力エラー).

    >>> str(RequestError("amount", "abc", "数値で入力してください"))
    'amount: 数値で入力してください（値: abc）'
    """

    def __init__(self, field: str, value: object, why: str) -> None:
        self.field, self.value, self.why = field, value, why
        shown = "" if value is None else f"（値: {value}）"
        super().__init__(f"{field}: {why}{shown}" if field else f"{why}{shown}")


class Request:
    """One JSON object with typed readers.

    ``decimals`` (0 where left out) and ``rounding`` (``floor``) hold for the whole request, parts included.

    >>> request = Request({"amount": "12.50", "decimals": 2, "from": "2026/4/1", "quantity": "1,000.5"})
    >>> request.money("amount"), request.date("from"), request.micro("quantity"), request.amount_out(1250)
    (1250, datetime.date(2026, 4, 1), 1000500000, '12.50')
    """

    def __init__(self, fields: Mapping[str, Any], path: str = "", top: Request | None = None) -> None:
        self.fields, self.path = fields, path
        self.decimals: int = self.integer("decimals", 0, low=0, high=6) if top is None else top.decimals
        chosen = self.choice("rounding", ROUNDINGS, "floor") if top is None else top.rounding
        self.rounding: Rounding = cast(Rounding, chosen)

    # what is there

    def has(self, name: str) -> bool:
        """Whether the field is given and not null."""
        return self.fields.get(name) is not None

    def raw(self, name: str, default: Any = REQUIRED) -> Any:
        """The value as JSON gave it (decimals exact), else the default."""
        value = self.fields.get(name)
        if value is not None:
            return value
        if isinstance(default, _Required):
            raise RequestError(self.path + name, None, "必須の項目です")
        return default

    def refusal(self, name: str, why: str) -> RequestError:
        """The error, ready to be raised, that this field's value is no good."""
        return RequestError(self.path + name, self.fields.get(name), why)

    # numbers

    def decimal(self, name: str, default: Any = REQUIRED) -> Any:
        """The number as an exact ``Decimal``; thousands separators and full-width digits are read."""
        return self._read(name, default, self._decimal)

    def integer(self, name: str, default: Any = REQUIRED, low: int | None = None, high: int | None = None) -> Any:
        """The whole number as ``int``, within ``low`` … ``high`` where given."""

        def read(value: Any, field: str) -> int:
            number = self._decimal(value, field)
            if number != number.to_integral_value() or abs(number) > LIMIT:
                raise RequestError(field, value, "整数で入力してください")
            if (low is not None and number < low) or (high is not None and number > high):
                raise RequestError(field, value, _bounds(low, high))
            return int(number)

        return self._read(name, default, read)

    def micro(self, name: str, default: Any = REQUIRED) -> Any:
        """The quantity, rate or percentage in millionths; more than six places are refused."""
        return self._read(name, default, lambda value, field: self._scaled(value, field, MICRO))

    def price(self, name: str, default: Any = REQUIRED) -> Any:
        """The unit price in millionths of the minor unit (it is written in the unit of the amounts)."""
        return self._read(name, default, lambda value, field: self._scaled(value, field, MICRO * 10**self.decimals))

    def money(self, name: str, default: Any = REQUIRED) -> Any:
        """The amount in minor units; more places than ``decimals`` are refused."""
        return self._read(name, default, self._money)

    def share(self, name: str, default: Any = REQUIRED) -> Any:
        """The part of a whole, 0 … 1, as an exact ``Fraction``: ``"0.4"``, ``"1/3"``; longer decimals to the nearest."""

        def read(value: Any, field: str) -> Fraction:
            parts = _folded(value).split("/") if isinstance(value, str) else [value]
            above, below = (self._decimal(part, field) for part in (*parts, 1)[:2])
            if len(parts) > 2 or below == 0 or not 0 <= above / below <= 1:
                raise RequestError(field, value, "0 から 1 までの数か分数（1/3）で入力してください")
            return Fraction((above / below).quantize(_FINE)).limit_denominator(MICRO)

        return self._read(name, default, read)

    # other values

    def text(self, name: str, default: Any = REQUIRED) -> Any:
        """The text; a number is taken as written."""
        return self._read(name, default, self._text)

    def flag(self, name: str, default: Any = REQUIRED) -> Any:
        """The truth value."""

        def read(value: Any, field: str) -> bool:
            if not isinstance(value, bool):
                raise RequestError(field, value, "true か false で入力してください")
            return value

        return self._read(name, default, read)

    def choice(self, name: str, options: Sequence[str], default: Any = REQUIRED) -> Any:
        """The text, which is one of ``options``."""

        def read(value: Any, field: str) -> str:
            if not isinstance(value, str) or value not in options:
                raise RequestError(field, value, f"{' / '.join(options)} のいずれかで入力してください")
            return value

        return self._read(name, default, read)

    def date(self, name: str, default: Any = REQUIRED) -> Any:
        """The day, from ``YYYY-MM-DD`` or ``YYYY/MM/DD``."""
        return self._read(name, default, _date)

    def month(self, name: str, default: Any = REQUIRED) -> Any:
        """The first day of the month, from ``YYYY-MM`` or a date in it."""

        def read(value: Any, field: str) -> date:
            found = _MONTH.fullmatch(_folded(value))
            if not found:
                raise RequestError(field, value, "年月（YYYY-MM）で入力してください")
            return (
                _date(f"{found[1]}-{found[2]}-1", field, value) if not found[3] else _date(value, field).replace(day=1)
            )

        return self._read(name, default, read)

    # parts

    def record(self, name: str, default: Any = REQUIRED) -> Any:
        """The object as a `Request` of its own, under the same decimals and rounding."""
        return self._read(name, default, self._record)

    def period(self, name: str, default: Any = REQUIRED) -> Any:
        """The object ``{from, to}`` (inclusive) as a half-open `Period`."""

        def read(value: Any, field: str) -> Period:
            return self._record(value, field).days("from", "to")

        return self._read(name, default, read)

    def days(self, first: str, last: str) -> Period:
        """The two inclusive dates of this object as a half-open `Period`."""
        period = Period(self.date(first), self.date(last) + timedelta(days=1))
        if period.to_on <= period.from_on:
            raise self.refusal(last, "開始日以後の日付で入力してください")
        return period

    def items(self, name: str, default: Any = REQUIRED) -> Any:
        """The objects of a list, each a `Request` named by its place (``items[0]``)."""
        return self._list(name, default, self._record)

    def texts(self, name: str, default: Any = REQUIRED) -> Any:
        """The texts of a list."""
        return self._list(name, default, self._text)

    def integers(self, name: str, default: Any = REQUIRED) -> Any:
        """The whole numbers of a list."""
        return self._list(name, default, lambda value, field: Request({field: value}, top=self).integer(field))

    def amounts(self, name: str, default: Any = REQUIRED) -> Any:
        """The amounts of a list, in minor units."""
        return self._list(name, default, self._money)

    # back

    def amount_out(self, minor: int) -> int | str:
        """The amount in the form of the request: an integer, or a string with ``decimals`` places."""
        if self.decimals == 0:
            return int(minor)
        whole, part = divmod(abs(int(minor)), 10**self.decimals)
        return f"{'-' if minor < 0 else ''}{whole}.{part:0{self.decimals}d}"

    def price_out(self, price_micro: int) -> int | float:
        """The unit price as a number in the unit of the amounts."""
        return plain(price_micro) if self.decimals == 0 else float(Decimal(price_micro) / MICRO / 10**self.decimals)

    # inside

    def _read(self, name: str, default: Any, read: Any) -> Any:
        return read(self.raw(name), self.path + name) if self.has(name) else self.raw(name, default)

    def _list(self, name: str, default: Any, read: Any) -> Any:
        def each(values: Any, field: str) -> list[Any]:
            if not isinstance(values, list):
                raise RequestError(field, values, "配列（[…]）で入力してください")
            return [read(value, f"{field}[{at}]") for at, value in enumerate(values)]

        return self._read(name, default, each)

    def _record(self, value: Any, field: str) -> Request:
        if not isinstance(value, dict):
            raise RequestError(field, value, "オブジェクト（{…}）で入力してください")
        return Request(value, path=field + ".", top=self)

    def _text(self, value: Any, field: str) -> str:
        if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
            raise RequestError(field, value, "文字列で入力してください")
        return str(value)

    def _decimal(self, value: Any, field: str) -> Decimal:
        if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
            return Decimal(str(value))
        if isinstance(value, str) and _NUMBER.fullmatch(_folded(value)):
            return Decimal(_folded(value).replace(",", ""))
        raise RequestError(field, value, "数値で入力してください")

    def _scaled(self, value: Any, field: str, scale: int) -> int:
        number = self._decimal(value, field)
        if abs(number) * scale > LIMIT_MICRO:
            raise RequestError(field, value, "値が大きすぎます")
        if number * scale != (number * scale).to_integral_value():
            raise RequestError(field, value, "小数点以下は 6 桁までです")
        return int(number * scale)

    def _money(self, value: Any, field: str) -> int:
        number = self._decimal(value, field)
        if abs(number) * 10**self.decimals > LIMIT:
            raise RequestError(field, value, "金額が大きすぎます")
        minor = number * 10**self.decimals
        if minor != minor.to_integral_value():
            why = "整数で入力してください" if self.decimals == 0 else f"小数点以下は {self.decimals} 桁までです"
            raise RequestError(field, value, why)
        return int(minor)


def _folded(value: Any) -> str:
    """The text in half width, without spaces around it."""
    return unicodedata.normalize("NFKC", value).strip() if isinstance(value, str) else ""


def _date(value: Any, field: str, shown: Any = None) -> date:
    """The day that the text names; the year 9999 is left out so that the day after always exists."""
    found = _DATE.fullmatch(_folded(value))
    try:
        if not found or found[1] == "9999":
            raise ValueError
        return date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        raise RequestError(field, shown or value, "日付（YYYY-MM-DD）で入力してください") from None


def _bounds(low: int | None, high: int | None) -> str:
    """In words: between which bounds the number must be."""
    if low is None or high is None:
        return f"{low} 以上で入力してください" if high is None else f"{high} 以下で入力してください"
    return f"{low} から {high} までで入力してください"
