"""What reports are asked for that cannot be: told with what is wrong, never answered by nothing."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from tests.builders import a_contract, a_shop, bill, report
from urikake.base.errors import Refusal
from urikake.core.money import plain
from urikake.doors.cli.columns import as_csv, as_json
from urikake.rooms.reports.queries.rows import Rows


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


texts = some.none() | some.text(max_size=12)
LONG: dict[str, Any] = {"contract_no": pl.String, "price_micro": pl.Int64, "since": pl.Date, "amount": pl.Int64}


@given(
    some.lists(
        some.tuples(texts, some.none() | some.integers(-(10**13), 10**13), some.none() | some.dates(), some.integers())
    ).map(lambda drawn: [(text, micro, day, number % 10**15) for text, micro, day, number in drawn])
)
@settings(max_examples=200, deadline=None)
def test_long_reports_are_written_as_rows_would_be(drawn: list[tuple[Any, ...]]) -> None:
    frame = pl.DataFrame(drawn, schema=LONG, orient="row")
    expected = [
        {
            "contract_no": no,
            "price": None if micro is None else plain(micro),
            "since": day and day.isoformat(),
            "amount": n,
        }
        for no, micro, day, n in drawn
    ]
    found = Rows(frame)
    assert found == expected
    text = "".join(as_json(frame))
    assert json.loads(text) == expected
    if all(row["price"] is None or isinstance(row["price"], int) for row in expected):
        assert text == json.dumps(list(found), ensure_ascii=False) + "\n"
    lines = list(csv.DictReader(io.StringIO("".join(as_csv(frame)), newline="")))
    assert len(lines) == len(expected)
    assert [line["contract_no"] or None for line in lines] == [row["contract_no"] or None for row in expected]
