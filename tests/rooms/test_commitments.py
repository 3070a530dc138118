"""Commitments over several cycles (約束期間): the least and the most of a window, trued up in its cycles."""

from __future__ import annotations

import random
from datetime import date

import pytest

from tests.builders import (
    a_line,
    a_product,
    a_shop,
    assert_same,
    bill,
    billed,
    dump,
    invoices,
    recognize,
    take_rows,
)
from urikake.base import runs
from urikake.base.errors import FileRefusal, Refusal
from urikake.rooms.reports.queries.explain import explain

MONTH_ENDS = [f"2026-{month:02}-{day}" for month, day in ((4, 30), (5, 31), (6, 30), (7, 31), (8, 31), (9, 30))]


TRAFFIC = {"name": "通信", "price_model": "unit", "unit_price": 10, "revenue": "usage", "commitment_months": 3}


def a_committed_shop(
    url: str, cycle: int = 1, months: int = 3, line: dict[str, object] | None = None, **product: object
) -> None:
    a_shop(url)
    a_product(url, "VOL", **TRAFFIC | {"commitment_months": months} | product)
    take_rows(url, "contracts", [a_line("C1", product="VOL", cycle_months=cycle) | (line or {})])


def use(url: str, quantity: float, day: str) -> None:
    row = {"event_id": f"{day}/{quantity}", "contract_no": "C1", "product": "VOL", "timestamp": day}
    take_rows(url, "usage", [row | {"quantity": quantity}])


def amounts(url: str) -> list[tuple[str, int]]:
    return [(closing, amount) for closing, _, _, amount in billed(url)]


def test_what_lacks_to_the_least_of_the_window_is_billed_with_its_last_cycle(database: str) -> None:
    a_committed_shop(database, minimum=10_000)
    use(database, 300, "2026-04-10")
    use(database, 100, "2026-06-10")
    bill(database, *MONTH_ENDS[:4])
    assert amounts(database) == [("2026-04-30", 3_000), ("2026-06-30", 1_000), ("2026-06-30", 6_000)]
    lines = invoices(database)[-1]["lines"]
    assert [(line["description"], line["quantity"], line["net"]) for line in lines] == [
        ("通信", 100, 1_000),
        ("通信 最低・上限料金の精算", 1, 6_000),
    ]


def test_nothing_is_charged_beyond_the_most_of_the_window(database: str) -> None:
    a_committed_shop(database, maximum=5_000)
    for day, quantity in (("2026-04-10", 300), ("2026-05-10", 300), ("2026-06-10", 40), ("2026-07-10", 100)):
        use(database, quantity, day)
    bill(database, *MONTH_ENDS[:4])
    assert amounts(database) == [
        ("2026-04-30", 3_000),
        ("2026-05-31", 3_000),
        ("2026-05-31", -1_000),
        ("2026-06-30", 400),
        ("2026-06-30", -400),
        ("2026-07-31", 1_000),
    ]


def test_usage_that_comes_late_is_taken_off_what_was_trued_up(database: str) -> None:
    a_committed_shop(database, minimum=10_000)
    bill(database, *MONTH_ENDS[:3])
    use(database, 200, "2026-05-10")
    bill(database, *MONTH_ENDS[3:4])
    assert amounts(database) == [("2026-06-30", 10_000), ("2026-07-31", 2_000), ("2026-07-31", -2_000)]


def test_a_window_cut_by_the_end_bears_its_part_of_the_least(database: str) -> None:
    """Cancelled after 2 of 3 months by months (月割): two thirds of 10,000, rounded down once."""
    a_committed_shop(database, minimum=10_000, line={"proration": "monthly"})
    bill(database, *MONTH_ENDS[:1])
    take_rows(database, "events", [{"contract_no": "C1", "effective": "2026-06-01", "type": "cancel"}])
    bill(database, *MONTH_ENDS[1:4])
    assert amounts(database) == [("2026-05-31", 6_666)]


def test_a_line_whose_quantity_changes_still_owes_the_whole_least(database: str) -> None:
    a_committed_shop(database, minimum=10_000, line={"quantity": 1})
    change = {"contract_no": "C1", "effective": "2026-05-11", "type": "change_quantity", "quantity": 2}
    take_rows(database, "events", [change])
    bill(database, *MONTH_ENDS[:3])
    assert amounts(database) == [("2026-06-30", 10_000)]


def test_a_price_revision_within_the_window_shares_the_least_by_days(database: str) -> None:
    """April to June is 91 days: 30 of 91,000 and 61 of 182,000."""
    a_committed_shop(database, minimum=91_000)
    a_product(database, "VOL", **TRAFFIC, minimum=182_000, valid_from="2026-05-01")
    change = {"contract_no": "C1", "effective": "2026-05-01", "type": "change_plan", "line": "VOL", "product": "VOL"}
    take_rows(database, "events", [change])
    bill(database, *MONTH_ENDS[:3])
    assert amounts(database) == [("2026-06-30", 30_000 + 122_000)]


def test_the_true_up_is_revenue_of_the_month_in_which_the_window_ends(database: str) -> None:
    a_committed_shop(database, minimum=10_000)
    recognize(database, "2026-06")
    with runs.reading(database) as session:
        accrued = session.read("SELECT month, amount FROM revenue_accrual").rows()
    assert accrued == [(date(2026, 6, 1), 10_000)]


def test_cycles_that_do_not_make_up_the_window_are_refused(database: str) -> None:
    with pytest.raises(FileRefusal, match="割り切れません"):
        a_committed_shop(database, cycle=2, minimum=10_000)


@pytest.mark.parametrize(
    ("columns", "why"),
    [
        ({"commitment_months": 3}, "最低料金か上限料金"),
        ({"commitment_months": 0, "minimum": 1}, "1〜120"),
        ({"commitment_months": 3, "minimum": 2, "maximum": 1}, "最低料金より低く"),
        ({"commitment_months": 3, "minimum": 1, "revenue": "monthly"}, "使用量で課金"),
    ],
)
def test_a_commitment_that_means_nothing_is_refused(database: str, columns: dict[str, object], why: str) -> None:
    a_shop(database)
    with pytest.raises(FileRefusal, match=why):
        a_product(database, "BAD", **TRAFFIC | {"commitment_months": None} | columns)


def test_a_revision_to_a_commitment_that_the_cycles_do_not_make_up_is_refused(database: str) -> None:
    from urikake.rooms.contracts.actions import reprice

    a_committed_shop(database, cycle=3, minimum=10_000)
    a_product(database, "VOL", **TRAFFIC | {"commitment_months": 4, "minimum": 1, "valid_from": "2026-10-01"})
    with (
        pytest.raises(Refusal, match="割り切れません"),
        runs.run(database, "reprice", permission="contracts.change") as (session, _),
    ):
        reprice(session, product="VOL", since=date(2026, 10, 1))


def oracle(used: list[int], months: int, least: int | None, most: int | None) -> list[int]:
    """What each month bills: all that was to be billed of its window by then, less what was."""
    found = []
    for at, _ in enumerate(used):
        first = at - at % months
        charged = sum(used[first : at + 1]) * 10
        if at % months == months - 1:
            charged = max(charged, least or 0)
        charged = charged if most is None else min(charged, most)
        found.append(charged - sum(found[first:at]))
    return found


@pytest.mark.parametrize("seed", range(4))
def test_what_is_billed_by_month_is_what_a_slow_count_says_however_late_usage_comes(database: str, seed: int) -> None:
    """Usage in time gives the count's months; usage told at random later months gives the same in sum."""
    luck = random.Random(seed)
    months, least = luck.choice([2, 3, 6]), luck.choice([None, luck.randrange(1, 9_000)])
    most = None if least is not None and luck.random() < 0.3 else (least or 0) + luck.randrange(1, 9_000)
    a_committed_shop(database, months=months, minimum=least, maximum=most)
    used = [luck.randrange(0, 500) for _ in MONTH_ENDS]
    late = {at: luck.randrange(at, 6) for at in range(6) if luck.random() < 0.4}
    for at, closing in enumerate(MONTH_ENDS):
        for month in range(6):
            if used[month] and late.get(month, month) == at:
                use(database, used[month], f"2026-{month + 4:02}-15")
        bill(database, closing)
    wanted = oracle(used, months, least, most)
    if not late:
        by_month = dict.fromkeys(MONTH_ENDS, 0)
        for closing, amount in amounts(database):
            by_month[closing] += amount
        assert list(by_month.values()) == wanted
    assert sum(amount for _, amount in amounts(database)) == sum(wanted)


def test_every_true_up_explains_itself(database: str) -> None:
    a_committed_shop(database, minimum=10_000, maximum=12_000)
    use(database, 300, "2026-04-10")
    bill(database, *MONTH_ENDS[:3])
    use(database, 1_000, "2026-05-10")
    bill(database, *MONTH_ENDS[3:5])
    with runs.reading(database) as session:
        ids = session.read("SELECT id, amount, nature FROM billing_charge ORDER BY id").rows()
        assert [amount for _, amount, nature in ids if nature == 3] == [7_000, -8_000]
        for id_, amount, _ in ids:
            told = explain(session, f"charge-{id_ - session.low}")
            assert (told.amount, told.recomputed) == (amount, amount)


def test_every_accrual_of_a_commitment_explains_itself(database: str) -> None:
    a_committed_shop(database, minimum=10_000, line={"partner": "P1"})
    use(database, 300, "2026-04-10")
    for month in ("2026-04", "2026-05", "2026-06"):
        recognize(database, month)
    with runs.reading(database) as session:
        for month, amount in (("2026-04", 3_000), ("2026-06", 7_000)):
            told = explain(session, f"revenue:C1:{month}")
            assert (told.amount, told.recomputed) == (amount, amount), month


def test_billing_again_makes_nothing_twice(database: str) -> None:
    a_committed_shop(database, minimum=10_000)
    bill(database, *MONTH_ENDS[:4])
    before = dump(database)
    bill(database, *MONTH_ENDS[:4])
    assert_same(dump(database), before)
