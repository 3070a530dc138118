"""Contracts whose price falls on their lines by selling price: a setup with a year of service, and months that pass."""

from __future__ import annotations

from tests.builders import a_line, a_product, a_shop, bill, recognize, take_rows
from urikake.base import periods


def products(url: str) -> None:
    """A shop with a setup (alone 30,000), service (alone 10,000 a month) and an option (alone 3,000 a month)."""
    a_shop(url)
    shelf(url)


def shelf(url: str) -> None:
    """The products alone."""
    a_product(url, "BEGIN", price_model="flat", unit_price=30_000, revenue="contract_start", ssp=30_000)
    a_product(url, "HOST", price_model="flat", unit_price=10_000, revenue="monthly", ssp=10_000)
    a_product(url, "MORE", unit_price=3_000, ssp=3_000)


def a_bundle(
    url: str, contract_no: str = "C1", *, start: str = "2026-04-01", end: str = "2027-03-31", setup: int = 0,
    monthly: int = 10_000, **columns: object,
) -> None:  # fmt: skip
    """A setup, for nothing unless said otherwise, with a term of service, billed month by month."""
    term = {"start": start, "end": end} | columns
    take_rows(url, "contracts", [
        a_line(contract_no, product="HOST", unit_price=monthly, cycle_months=1, **term),
        a_line(contract_no, product="BEGIN", unit_price=setup, cycle_months=0, **term),
    ])  # fmt: skip


def live(url: str, *months: str) -> None:
    """Bill and recognise the months."""
    for month in months:
        bill(url, f"{periods.last_day(periods.first_day(month))}")
        recognize(url, month)
