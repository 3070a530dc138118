"""The company's own calendar: due days are moved off its closed days too, from the bills on that are issued after it is known."""

from __future__ import annotations

import pytest

from tests.builders import a_contract, a_partner, a_shop, assert_coherent, bill, invoices, take_rows
from urikake.base import runs
from urikake.base.errors import FileRefusal
from urikake.rooms.reports.queries.explain import explain


def dues(url: str) -> list[str]:
    return [due["date"] for paper in invoices(url) for due in paper["dues"]]


@pytest.mark.parametrize(
    ("shift", "wanted"),
    [("after", ["2026-06-01", "2026-07-02", "2026-07-31"]), ("before", ["2026-05-29", "2026-06-29", "2026-07-31"])],
)
def test_due_days_are_moved_off_the_days_on_which_the_company_is_closed(
    database: str, shift: str, wanted: list[str]
) -> None:
    a_shop(database)
    a_partner(database, "P1", holiday_shift=shift)
    a_contract(database)
    bill(database, "2026-04-30")  # due on Sunday 31 May
    closed = [{"date": f"2026-{day}", "name": "創立記念"} for day in ("06-01", "06-30", "07-01")]
    assert take_rows(database, "holidays", closed) == 3
    bill(database, "2026-05-31", "2026-06-30")
    assert dues(database) == wanted
    with runs.reading(database) as session:
        for item in (1, 2, 3):
            assert explain(session, f"item-{item}").equal
    assert_coherent(database)


def test_a_day_may_be_open_although_banks_are_closed_and_the_last_word_counts(database: str) -> None:
    a_shop(database)
    a_partner(database, "P1", holiday_shift="after")
    a_contract(database)
    day = {"date": "2026-05-31", "name": "日曜営業"}
    assert take_rows(database, "holidays", [day | {"kind": "open"}]) == 1
    assert take_rows(database, "holidays", [day | {"kind": "open"}]) == 0
    bill(database, "2026-04-30")
    assert take_rows(database, "holidays", [{"date": "2026-06-30", "name": "臨時休業"}, day]) == 2
    assert take_rows(database, "holidays", [{"date": "2026-06-30", "name": "通常営業", "kind": "open"}]) == 1
    bill(database, "2026-05-31")
    assert dues(database) == ["2026-05-31", "2026-06-30"]


def test_a_day_twice_in_a_file_is_refused(database: str) -> None:
    a_shop(database)
    with pytest.raises(FileRefusal, match="同じ日付が二度"):
        take_rows(
            database, "holidays", [{"date": "2026-12-29", "name": "年末"}, {"date": "2026-12-29", "name": "年末休業"}]
        )
