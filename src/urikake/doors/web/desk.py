"""The desk at which a page is made: company, person, the day looked at, and the one session that all of it is read in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from urllib.parse import quote, urlencode

from django.http import HttpRequest

from urikake.base import access
from urikake.base.bulk import Session
from urikake.base.errors import Refusal
from urikake.core.calendar import JAPAN
from urikake.doors.demo_company.calendar import LAST
from urikake.doors.demo_company.making import CODE as DEMO

ROLES: Final = {
    "admin": "管理",
    "accountant": "経理",
    "billing": "請求",
    "sales": "営業",
    "approver": "承認",
    "auditor": "監査",
    "operator": "システム",
    "none": "なし",
}
WEEKDAYS: Final = "月火水木金土日"


@dataclass(frozen=True, slots=True)
class Company:
    """A company of the installation: its ``code`` is the first part of every address."""

    id: int
    code: str
    name: str

    @property
    def demo(self) -> bool:
        """Whether it is the demo company, which anybody may reset."""
        return self.code == DEMO


@dataclass(frozen=True, slots=True)
class Person:
    """Who sits at the desk: the sign-in name, the name shown, and the role in this company."""

    name: str
    role: str
    shown: str = ""

    @property
    def role_label(self) -> str:
        """The role in Japanese."""
        return ROLES.get(self.role, self.role)

    @property
    def initial(self) -> str:
        """One letter for the round mark in the top bar."""
        return (self.shown or self.name)[:1].upper()


@dataclass(frozen=True, slots=True)
class AsOf:
    """The day (基準日) and the instant (記録時点) that a page shows; without either, today as known now."""

    today: date
    on: date
    known_at: datetime | None = None

    @property
    def past(self) -> bool:
        """Whether the page shows anything else than today as known now; then nothing can be written from it."""
        return self.on != self.today or self.known_at is not None

    @property
    def params(self) -> dict[str, str]:
        """What an address must carry so that it shows the same figures."""
        found = {"as_of": self.on.isoformat()} if self.on != self.today else {}
        if self.known_at is not None:
            found["known_at"] = self.known_at.astimezone(JAPAN).strftime("%Y-%m-%dT%H:%M:%S")
        return found

    @property
    def label(self) -> str:
        """The chip's text."""
        return f"{self.on:%Y/%m/%d}({WEEKDAYS[self.on.weekday()]})"

    @property
    def known_label(self) -> str:
        """The instant as read, or nothing."""
        return f"{self.known_at.astimezone(JAPAN):%Y/%m/%d %H:%M}" if self.known_at else ""


def today(code: str) -> date:
    """The day of work: the calendar's, or the closing day on which the demo company stands."""
    return LAST if code == DEMO else datetime.now(JAPAN).date()


def asof(request: HttpRequest, code: str) -> AsOf:
    """The day and instant that the address names; refused where it is none."""
    now = today(code)
    try:
        on = date.fromisoformat(request.GET["as_of"]) if request.GET.get("as_of") else now
        known = datetime.fromisoformat(request.GET["known_at"]) if request.GET.get("known_at") else None
    except ValueError:
        raise Refusal(
            "bad-date", "基準日か記録時点が日付として読めません。", "2026-11-30 の形で指定してください。"
        ) from None
    if known is not None:
        if "T" not in request.GET["known_at"]:
            known += timedelta(days=1, microseconds=-1)  # a day means its end
        known = (known if known.tzinfo else known.replace(tzinfo=JAPAN)).astimezone(UTC)
    return AsOf(now, on, known)


@dataclass
class Desk:
    """All that a page function needs; ``session`` is open while it runs and sees what ``asof`` says.

    ``refusal`` is why the form that the page draws was not taken when it was sent just now.
    """

    request: HttpRequest
    books: str
    company: Company
    person: Person
    asof: AsOf
    session: Session
    refusal: Refusal | None = None

    @property
    def on(self) -> date:
        """The day looked at."""
        return self.asof.on

    def ask(self, name: str, default: str = "") -> str:
        """A parameter of the address, trimmed."""
        return self.request.GET.get(name, default).strip()

    def link(self, path: str = "", **params: Any) -> str:
        """The address of a page of this company that shows the same day and instant.

        ``path`` is given in parts already quoted where needed (see `quoted`).
        """
        return link(self.company.code, self.asof, path, **params)

    def way(self, permission: str, path: str, **params: Any) -> str:
        """The address of a page where the person may read it, else nothing."""
        return self.link(path, **params) if access.may(self.person.role, permission) else ""

    def api(self, path: str) -> str:
        """The address of an API resource of this company."""
        return f"/api/v1/{self.company.code}/{path}"


def link(code: str, day: AsOf, path: str = "", **params: Any) -> str:
    """The address of a company's page, carrying the day and instant."""
    query = urlencode({**day.params, **{key: value for key, value in params.items() if value not in (None, "")}})
    return f"/{code}/{path}" + (f"?{query}" if query else "")


def quoted(text: object) -> str:
    """One part of an address; a slash in it stays one part."""
    return quote(str(text), safe="")
