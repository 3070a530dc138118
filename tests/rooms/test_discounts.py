"""Discounts that are of some lines alone (29号71項), and selling prices that are what others leave (残余アプローチ)."""

from __future__ import annotations

import pytest

from tests import arranged
from tests.builders import (
    a_line,
    a_product,
    a_shop,
    an_event,
    assert_coherent,
    balances,
    recognized,
    report,
    take_rows,
    users,
)
from tests.laws.test_explained import explained
from urikake.base.errors import FileRefusal, Refusal
from urikake.doors import company, judging

MONTHS = [f"{2026 + (3 + at) // 12}-{(3 + at) % 12 + 1:02}" for at in range(12)]
YEAR = {"start": "2026-04-01", "end": "2027-03-31"}


def judge(url: str, lines: str, amount: int, contract: str = "C1") -> None:
    """Judge as one person, approve as another."""
    users(url, maker="accountant", checker="approver")
    number = judging.judge(url, contract, "discount", "組でいつも安い", user="maker", line=lines, amount=amount)[
        "proposal"
    ]
    assert number
    company.decide(url, number, "approved", user="checker")


def shares(url: str, contract: str = "C1") -> dict[str, int]:
    """What of the price falls on each product in the newest version."""
    rows = report(url, "obligations", contract=contract)
    newest = max(row["version"] for row in rows)
    return {row["product"]: row["price"] for row in rows if row["version"] == newest}


def three(url: str) -> None:
    """C1: A, B and C, alone 40,000, 55,000 and 45,000, all handed over on the first day, together for 100,000."""
    a_shop(url)
    for code, ssp in (("A", 40_000), ("B", 55_000), ("C", 45_000)):
        a_product(url, code, price_model="flat", unit_price=ssp, revenue="contract_start", ssp=ssp)
    prices = {"A": 40_000, "B": 33_000, "C": 27_000}
    take_rows(url, "contracts", [
        a_line("C1", product=code, unit_price=price + (1_000 if code == "A" else -500), cycle_months=0, **YEAR)
        for code, price in prices.items()
    ])  # fmt: skip


def test_a_discount_of_some_lines_falls_on_them_alone(database: str) -> None:
    # IFRS 15 設例34 ケースA: 値引 40 は B と C だけのもの。A 40、B 33、C 27
    three(database)
    judge(database, "B,C", 40_000)
    arranged.live(database, MONTHS[0])
    assert shares(database) == {"A": 40_000, "B": 33_000, "C": 27_000}
    told = {row["product"]: row["share"] for row in report(database, "obligations", contract="C1")}
    assert told == {"A": 40, "B": 33, "C": 27}
    assert balances(database)["売上高"] == -100_000
    assert_coherent(database)
    assert len(explained(database)) > 5


def test_a_discount_learned_late_is_caught_up_and_may_be_taken_back(database: str) -> None:
    three(database)
    arranged.live(database, MONTHS[0])
    before = shares(database)
    assert before == {"A": 28_571, "B": 39_286, "C": 32_143}
    judge(database, "B、C", 40_000)
    arranged.live(database, MONTHS[1])
    assert shares(database) == {"A": 40_000, "B": 33_000, "C": 27_000}
    assert recognized(database, MONTHS[1]) == [0]
    judge(database, "", 0)
    arranged.live(database, MONTHS[2])
    assert shares(database) == before
    assert_coherent(database)


@pytest.mark.parametrize(
    ("lines", "amount", "code"),
    [
        ("B,C", 40_001, "too-much-discount"),
        ("", 1, "bad-discount"),
        ("B,B", 1, "bad-discount"),
        ("B", 0, "bad-discount"),
        ("B", -1, "bad-discount"),
        ("X", 1, "unknown-line"),
    ],
)
def test_a_discount_that_cannot_be_is_refused(sqlite_url: str, lines: str, amount: int, code: str) -> None:
    three(sqlite_url)
    users(sqlite_url, maker="accountant")
    with pytest.raises(Refusal) as refused:
        judging.judge(sqlite_url, "C1", "discount", "組で安い", user="maker", line=lines, amount=amount)
    assert refused.value.code == code


def test_a_discount_with_what_nobody_sells_alone(database: str) -> None:
    # IFRS 15 設例34 ケースB: 130 のうち値引 40 は B と C だけのもの。D は残りの 30
    three(database)
    a_product(database, "D", price_model="flat", unit_price=30_000, revenue="contract_start", ssp_basis="residual")
    prices = {"A": 41_000, "B": 32_500, "C": 26_500, "D": 30_000}
    take_rows(database, "contracts", [
        a_line("C2", product=code, unit_price=price, cycle_months=0, **YEAR) for code, price in prices.items()
    ])  # fmt: skip
    judge(database, "B,C", 40_000, "C2")
    arranged.live(database, MONTHS[0])
    assert shares(database, "C2") == {"A": 40_000, "B": 33_000, "C": 27_000, "D": 30_000}
    assert_coherent(database)


def code(url: str, kind: str, **what: object) -> str:
    """With which refusal the judgement is met."""
    with pytest.raises(Refusal) as refused:
        judging.judge(url, "C1", kind, "組で安い", user="maker", **what)
    return refused.value.code


def test_what_would_leave_no_room_for_a_discount_is_refused(database: str) -> None:
    three(database)
    take_rows(database, "contracts", [a_line("C2", product="A", unit_price=10_000, cycle_months=0, **YEAR)])
    users(database, maker="accountant", checker="approver")
    number = judging.judge(database, "C2", "combine", "まとめて", user="maker", with_contract="C1")["proposal"]
    company.decide(database, number, "approved", user="checker")
    judge(database, "B,C", 60_000)
    assert code(database, "estimate", amount=10_001) == "too-much-discount"
    assert code(database, "combine", with_contract="C2") == "bad-combination"
    with pytest.raises(Refusal) as refused:
        judging.judge(database, "C2", "combine", "別", user="maker", with_contract="")
    assert refused.value.code == "too-much-discount"
    judge(database, "B,C", 40_000)
    assert judging.judge(database, "C2", "combine", "別", user="maker", with_contract="")["proposal"]


def test_a_discount_is_judged_before_a_change_is_followed_and_taken_back_where_there_is_one(database: str) -> None:
    arranged.products(database)
    arranged.a_bundle(database)
    users(database, maker="accountant", checker="approver")
    assert code(database, "discount", amount=0) == "no-discount"
    judge(database, "BEGIN", 30_000)
    arranged.live(database, MONTHS[0])
    assert shares(database) == {"HOST": 120_000, "BEGIN": 0}
    an_event(database, "add_option", "2026-05-01", product="MORE", quantity=1, unit_price=2_000)
    arranged.live(database, MONTHS[1])
    assert code(database, "discount", line="BEGIN", amount=1_000) == "changed-since"


def test_interest_is_no_discount(database: str) -> None:
    a_shop(database, financing="judged")
    arranged.shelf(database)
    take_rows(database, "contracts", [
        a_line("C1", product="BEGIN", unit_price=30_000, cycle_months=0, **YEAR),
        a_line("C1", product="HOST", unit_price=10_000, cycle_months=1, **YEAR),
    ])  # fmt: skip
    users(database, maker="accountant", checker="approver")
    number = judging.judge(database, "C1", "financing", "57項", user="maker", rate="9")["proposal"]
    company.decide(database, number, "approved", user="checker")
    arranged.live(database, MONTHS[0])
    assert code(database, "discount", line="HOST", amount=100) == "too-much-discount"


def rest(url: str, price: int = 12_000, other: int = 9_000) -> None:
    """C1: a year of HOST (alone 10,000 a month) for ``other`` and of NEW, which nobody sells alone, for ``price`` a month."""
    a_shop(url)
    a_product(url, "HOST", price_model="flat", unit_price=10_000, revenue="monthly", ssp=10_000)
    a_product(url, "NEW", price_model="unit", unit_price=price, revenue="monthly", ssp_basis="residual")
    take_rows(url, "contracts", [
        a_line("C1", product="HOST", unit_price=other, cycle_months=1, **YEAR),
        a_line("C1", product="NEW", unit_price=price, quantity=1, cycle_months=1, **YEAR),
    ])  # fmt: skip


def test_what_nobody_sells_alone_gets_what_others_leave(database: str) -> None:
    # 取引価格 21,000 × 12 = 252,000、HOST は単独で 120,000、NEW は残りの 132,000
    rest(database)
    arranged.live(database, MONTHS[0])
    assert shares(database) == {"HOST": 120_000, "NEW": 132_000}
    (new,) = (row for row in report(database, "obligations", contract="C1") if row["product"] == "NEW")
    assert (new["ssp"], new["ssp_left"]) == (132_000, 132_000)
    assert_coherent(database)
    arranged.live(database, *MONTHS[1:])
    assert balances(database)["売上高"] == -252_000
    assert_coherent(database)


def test_twice_as_much_of_it_is_sold_for_twice_its_price(database: str) -> None:
    """The price that was left at the start stays: a second one from October is at 11,000 a month, as the first."""
    rest(database)
    arranged.live(database, *MONTHS[:6])
    an_event(database, "change_quantity", "2026-10-01", contract_no="C1", line="NEW", quantity=2)
    arranged.live(database, MONTHS[6])
    rows = {row["product"]: row for row in report(database, "obligations", contract="C1") if row["version"] == 2}
    assert (rows["NEW"]["ssp"], rows["NEW"]["ssp_left"]) == (198_000, 132_000)
    assert {row["treatment"] for row in rows.values()} == {"prospective"}
    # 残り 126,000 と加わった 72,000 を、残りの独立販売価格 60,000 : 132,000 で配分する
    assert {name: row["left"] for name, row in rows.items()} == {"HOST": 61_875, "NEW": 136_125}
    arranged.live(database, *MONTHS[7:])
    assert balances(database)["売上高"] == -324_000
    assert_coherent(database)
    assert len(explained(database)) > 20


def test_where_nothing_is_left_the_price_is_not_shared(database: str) -> None:
    rest(database, price=500, other=9_500)
    arranged.live(database, MONTHS[0])
    assert report(database, "obligations", contract="C1") == []
    assert balances(database)["売上高"] == -10_000
    assert_coherent(database)


def test_of_several_that_nobody_sells_alone_each_gets_its_part(database: str) -> None:
    rest(database)
    a_product(database, "ALSO", price_model="flat", unit_price=4_000, revenue="monthly", ssp_basis="residual")
    take_rows(database, "contracts", [
        a_line("C2", product=code, unit_price=price, cycle_months=1, **YEAR)
        for code, price in (("HOST", 9_000), ("NEW", 12_000), ("ALSO", 4_000))
    ])  # fmt: skip
    arranged.live(database, MONTHS[0])
    assert shares(database, "C2") == {"HOST": 120_000, "NEW": 135_000, "ALSO": 45_000}
    assert_coherent(database)


def test_a_basis_that_cannot_be_is_refused(sqlite_url: str) -> None:
    a_shop(sqlite_url)
    product = {"code": "N", "name": "新", "tax": "standard", "price_model": "unit", "unit_price": 1}
    for cells, wrong in (
        ({"ssp_basis": "residual", "ssp": 1}, "ssp"),
        ({"ssp_basis": "cost_plus"}, "ssp"),
        ({"ssp_basis": "residual", "revenue": "usage"}, "ssp_basis"),
        ({"ssp_basis": "guess", "ssp": 1}, "ssp_basis"),
    ):
        with pytest.raises(FileRefusal) as refused:
            take_rows(sqlite_url, "products", [product | cells])
        assert [error.column for error in refused.value.errors] == [wrong], cells
