"""What reports are asked for that cannot be: told with what is wrong, never answered by nothing."""

from __future__ import annotations

import pytest

from tests.builders import a_contract, a_shop, bill, report
from urikake.base.errors import Refusal


@pytest.mark.parametrize(
    ("name", "options", "code"),
    [
        ("journals", {"since": "2026-05-01", "until": "2026-04-30"}, "bad-span"),
        ("statement", {"partner": "P1", "since": "2026-05-01", "until": "2026-04-30"}, "bad-span"),
        ("statement", {"partner": "NOPE", "since": "2026-04-01", "until": "2026-04-30"}, "no-partner"),
        ("schedule", {"contract": "NOPE"}, "no-contract"),
        ("invoices", {"partner": "NOPE"}, "no-partner"),
        ("timeline", {"partner": "NOPE"}, "no-partner"),
        ("receipts", {"status": "open"}, "bad-status"),
    ],
)
def test_what_is_not_there_is_said_so(database: str, name: str, options: dict[str, str], code: str) -> None:
    a_shop(database)
    with pytest.raises(Refusal) as error:
        report(database, name, **options)
    assert error.value.code == code
    assert error.value.remedy


def test_what_is_there_and_has_nothing_is_an_empty_answer(database: str) -> None:
    a_shop(database)
    a_contract(database)
    assert report(database, "schedule", contract="C1") == []
    assert report(database, "invoices", partner="P1") == []
    assert report(database, "journals", since="2026-04-01", until="2026-04-01") == []
    bill(database, "2026-04-30")
    assert len(report(database, "invoices", partner="P1")) == 1
