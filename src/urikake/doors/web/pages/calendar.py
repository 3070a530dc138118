"""暦: the holidays of a year for the calendar of date fields, from the same table that moves due days."""

from __future__ import annotations

from typing import Final

from django.http import Http404, JsonResponse

from urikake.core import calendar
from urikake.rooms.parties import queries as parties

from ..book import Shown, page
from ..desk import Desk

YEARS: Final = range(1949, 2100)
BANK: Final = "銀行休業日"


@page("calendar", "calendar/<int:year>", permission="home.read", title="暦")
def holidays(desk: Desk, year: int) -> Shown:
    """The holidays of the year with their names, banks' and the company's own, and today, as JSON."""
    if year not in YEARS:
        raise Http404(str(year))
    found = calendar.closures(year, year)
    days = {day.isoformat(): {"name": name or BANK, "holiday": name is not None} for day, name in found.iter_rows()}
    for day, name, closed in parties.holidays(desk.session).select("day", "name", "closed").iter_rows():
        if day.year == year:
            days[day.isoformat()] = {"name": name, "holiday": closed}
    return JsonResponse({"year": year, "days": days, "today": desk.asof.today.isoformat()})
