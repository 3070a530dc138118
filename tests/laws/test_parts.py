"""Laws of billing in parts: single partners or groups, in whatever order, make what one run of all would have made."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from typing import Any

import pytest

from tests.builders import a_line, an_event, assert_coherent, assert_same, bill, dump, recognize, take_rows
from tests.laws.test_coherence import a_random_company, something_happens
from urikake.base import runs
from urikake.base.bulk import Session
from urikake.base.errors import FileRefusal
from urikake.rooms.closing import actions
from urikake.rooms.invoices import queries as invoices
from urikake.rooms.reports.queries.billing import detailed

PAYERS = ["P1", "TEN", "ALL"]
GROUPS = ["東", "西"]
LAST = {5: 31, 7: 31, 8: 31}


def a_company_of_groups(url: str, random_: random.Random) -> list[str]:
    """A random company with a partner that another pays for, contracts of two groups, usage with a yearly minimum, and moved payers."""
    numbers = a_random_company(url, random_)
    take_rows(url, "partners", [{"code": "SUB", "name": "子", "bill_to": "P1"}])
    take_rows(
        url,
        "products",
        [
            {"code": "YEAR", "name": "年額", "tax": "standard", "price_model": "unit", "unit_price": 10, "revenue": "usage",
             "minimum": 12_000, "commitment_months": 2},
        ],
    )  # fmt: skip
    rows = [
        a_line(
            f"G{n}", partner=random_.choice([*PAYERS, "SUB"]), product=random_.choice(["PLAN", "SEAT", "YEAR"]),
            monthly=random_.randint(1, 9_999), start="2026-05-01", management_group=random_.choice(GROUPS),
            timing="arrears",
        )
        for n in range(8)
    ]  # fmt: skip
    take_rows(url, "contracts", rows)
    with suppress(FileRefusal):
        an_event(url, "change_bill_to", "2026-07-01", contract_no="G0", bill_to=random_.choice(PAYERS))
    an_event(url, "change_bill_to", "2026-08-01", contract_no="G1", bill_to=random_.choice(PAYERS))
    return [*numbers, *(f"G{n}" for n in range(8))]


def papers(session: Session, closing: date) -> list[Any]:
    """The documents of the closing without their numbers."""
    found = detailed(session, invoices.invoices(session, "closing_on = ?", (closing,)))
    return sorted(
        (
            [i["partner"], i["kind"], i["net"], i["tax"], i["total"], i["dues"], i["taxes"]],
            [[line[key] for key in ("contract_no", "product", "service_from", "service_to", "net", "tax_amount")] for line in i["lines"]],
        )
        for i in found
    )  # fmt: skip


def whole(url: str, closing: date) -> list[Any]:
    """What one run of all would issue, of which nothing is kept."""
    with runs.run(url, "bill", subject=closing.isoformat(), permission="billing.run", preview=True) as (session, _):
        actions.bill(session, closing_on=closing, issue=True)
        return papers(session, closing)


def parts(random_: random.Random) -> Iterator[dict[str, Any]]:
    """Some payers and groups, some of them first as drafts, in any order, and now and then all that is left."""
    asked: list[dict[str, Any]] = [{"partners": [code]} for code in PAYERS] + [{"groups": [name]} for name in GROUPS]
    random_.shuffle(asked)
    for each in asked[: random_.randint(1, len(asked))]:
        if random_.random() < 0.4:
            yield each | {"issue": False}
        yield each
    yield {}


@pytest.mark.parametrize("seed", range(4))
def test_parts_in_any_order_make_what_one_run_of_all_makes(seed: int, request: pytest.FixtureRequest) -> None:
    url: str = request.getfixturevalue("postgresql_url" if seed == 3 else "sqlite_url")
    random_ = random.Random(seed)
    numbers = a_company_of_groups(url, random_)
    for month_, last in LAST.items():
        for contract in random_.sample(numbers, 4) if month_ > 6 else []:
            something_happens(url, random_, contract, month_)
        for day in (10, 20, last):
            closing = date(2026, month_, day)
            wanted = whole(url, closing)
            for part in parts(random_):
                bill(url, closing.isoformat(), **part)
            with runs.reading(url) as session:
                assert papers(session, closing) == wanted, (closing, seed)
        before = dump(url)
        bill(url, f"2026-{month_:02}-{last}")
        assert_same(before, dump(url))
        recognize(url, f"2026-{month_:02}")
    assert_coherent(url)
