"""What partners owe: items that sum to their invoice, split terms, slips under four eyes, opening balances."""

from __future__ import annotations

from typing import Any

import pytest

from tests.builders import (
    Rows,
    a_company,
    a_contract,
    a_line,
    a_partner,
    a_shop,
    assert_same,
    balances,
    bill,
    dump,
    entries,
    entry,
    match,
    open_items,
    receive,
    report,
    take_rows,
    the_invoice,
    users,
)
from urikake.base.errors import FileRefusal, Refusal
from urikake.doors import month


def items(url: str, *names: str) -> list[tuple[Any, ...]]:
    """The named columns of every receivable item."""
    return [tuple(row[name] for name in names) for row in report(url, "receivables", as_of="2099-12-31")]


def test_items_per_order_group_and_rate_sum_exactly_to_the_invoice(database: str) -> None:
    # Standard 333 + 334 + 338 = 1,005 → tax 100 (100.5 切捨て); reduced 1,013 → 81. In all 2,199.
    a_shop(database)
    rows = [
        a_line("C1", monthly=333, order_no="SO-1", group="A"),
        a_line("C2", monthly=334, order_no="SO-1", group="B"),
        a_line("C3", monthly=338, order_no="SO-2", group="A"),
        a_line("C4", monthly=1_013, order_no="SO-2", group="A", product="WATER"),
    ]
    take_rows(database, "contracts", rows)
    bill(database, "2026-04-30")
    found = items(database, "order_no", "group", "tax", "net")
    assert found == [
        ("SO-1", "A", "standard", 333),
        ("SO-1", "B", "standard", 334),
        ("SO-2", "A", "standard", 338),
        ("SO-2", "A", "reduced", 1_013),
    ]
    gross = [g for (g,) in items(database, "gross")]
    invoice = the_invoice(database)
    assert (sum(gross), invoice["total"], gross[-1]) == (2_199, 2_199, 1_094)
    for line, (amount,) in zip(invoice["lines"], items(database, "gross"), strict=True):
        assert line["net"] + line["tax_amount"] == amount


@pytest.mark.parametrize(
    ("monthly", "dues"),
    [
        # Below 100,000 (tax included) all by transfer, else half by transfer and the rest by densai of 60 days.
        (90_000, [("2026-05-31", "transfer", 99_000)]),
        (90_909, [("2026-05-31", "transfer", 99_999)]),
        (90_910, [("2026-05-31", "transfer", 50_000), ("2026-07-30", "densai", 50_001)]),
        (200_001, [("2026-05-31", "transfer", 110_000), ("2026-07-30", "densai", 110_001)]),
    ],
)
def test_split_terms_compare_the_total_and_lose_no_yen(
    database: str, monthly: int, dues: list[tuple[str, str, int]]
) -> None:
    a_shop(database)
    a_partner(database, split="<100000:transfer|transfer:50%;densai:rest:60d")
    take_rows(
        database, "contracts", [a_line("C1", monthly=monthly - 1_001), a_line("C2", monthly=1_001, order_no="SO-2")]
    )
    bill(database, "2026-04-30")
    invoice = the_invoice(database)
    found = sorted((d["date"], d["method"], d["amount"]) for d in invoice["dues"])
    assert sum(amount for *_, amount in found) == invoice["total"]
    assert [(day, method) for day, method, _ in found] == [(day, method) for day, method, _ in dues]
    assert all(abs(amount - wanted) <= 1 for (*_, amount), (*_, wanted) in zip(found, dues, strict=True))
    by_order: dict[str, int] = {}
    for order, gross in items(database, "order_no", "gross"):
        by_order[order] = by_order.get(order, 0) + gross
    for line in invoice["lines"]:
        assert by_order[line["order_no"]] == line["net"] + line["tax_amount"]


def test_due_dates_shift_off_holidays_as_the_partner_wants(database: str) -> None:
    # 31 May 2026 is a Sunday: before → Friday 29 May, after → Monday 1 June.
    a_shop(database)
    for code, shift in (("B", "before"), ("A", "after"), ("N", "none")):
        a_partner(database, code, holiday_shift=shift)
        a_contract(database, code, partner=code)
    bill(database, "2026-04-30")
    found = dict(items(database, "partner", "due"))
    assert found == {"B": "2026-05-29", "A": "2026-06-01", "N": "2026-05-31"}


SLIP = {
    "slip_no": "S1", "partner": "P1", "date": "2026-04-10", "account": "未収入金", "credit_account": "雑収入",
    "amount": 1_105, "tax": "standard", "order_no": "SO-9",
}  # fmt: skip


def a_staffed_company(url: str, **policy: Any) -> None:
    a_company(url, **policy)
    a_partner(url)
    users(url, hana="accountant", taro="accountant", kei="approver", bill="billing")


def test_a_slip_waits_for_another_person(database: str) -> None:
    a_staffed_company(database)
    take_rows(database, "receivables", [SLIP], user="hana")
    assert (open_items(database), entries(database)) == ({}, [])
    before = dump(database)
    for user, code in (
        ("hana", "own-work"),
        ("bill", "not-permitted"),
        ("system", "not-permitted"),
        ("nobody", "unknown-user"),
    ):
        with pytest.raises(Refusal) as refused:
            month.approve(database, "receivables", ["S1"], user=user)
        assert refused.value.code == code, user
    assert_same(before, dump(database))
    month.approve(database, "receivables", ["S1"], user="kei")
    assert open_items(database) == {"S1": 1_105}
    # 内税 1,105 × 10/110 = 100.45 切捨て
    assert entry(entries(database)[0]) == {"未収入金": 1_105, "雑収入": -1_005, "仮受消費税": -100}
    with pytest.raises(Refusal, match="not-waiting"):
        month.approve(database, "receivables", ["S1"], user="taro")


def test_the_maker_named_on_a_slip_does_not_approve_it_either(database: str) -> None:
    a_staffed_company(database)
    take_rows(database, "receivables", [SLIP | {"maker": "taro"}], user="hana")
    for user in ("taro", "hana"):
        with pytest.raises(Refusal, match="own-work"):
            month.approve(database, "receivables", ["S1"], user=user)
    month.approve(database, "receivables", ["S1"], user="kei")


def test_one_own_slip_among_many_refuses_them_all(database: str) -> None:
    a_staffed_company(database)
    take_rows(database, "receivables", [SLIP], user="hana")
    take_rows(database, "receivables", [SLIP | {"slip_no": "S2"}], user="taro")
    with pytest.raises(Refusal, match="own-work"):
        month.approve(database, "receivables", ["S1", "S2"], user="taro")
    assert open_items(database) == {}


def test_slips_post_at_once_where_the_company_asks_no_second_person(database: str) -> None:
    a_staffed_company(database, second_person=[])
    take_rows(database, "receivables", [SLIP], user="hana")
    assert open_items(database) == {"S1": 1_105}


def test_a_slip_without_due_date_takes_the_partners_terms(database: str) -> None:
    # Closing 20th, paid on the 10th two months on: 25 April belongs to the closing of 20 May → 10 July.
    a_staffed_company(database, second_person=[])
    a_partner(database, closing_day=20, payment_months=2, payment_day=10, method="cheque")
    take_rows(database, "receivables", [SLIP | {"date": "2026-04-25"}], user="hana")
    assert items(database, "due", "method") == [("2026-07-10", "cheque")]


def test_a_slip_is_not_approved_into_a_locked_month(database: str) -> None:
    a_staffed_company(database)
    month.close(database, "2026-04")
    with pytest.raises(FileRefusal, match="file-refused"):
        take_rows(database, "receivables", [SLIP], user="hana")


OPENINGS: Rows = [
    {"partner": "P1", "invoice_no": "OLD-1", "invoice_date": "2026-02-28", "due": "2026-03-31", "balance": 5_500},
    {"partner": "P1", "invoice_no": "OLD-2", "invoice_date": "2026-03-31", "due": "2026-04-30", "balance": -500},
]


def test_opening_balances_are_raised_against_their_own_account(database: str) -> None:
    a_company(database)
    a_partner(database)
    take_rows(database, "openings", OPENINGS)
    assert open_items(database) == {"OLD-1": 5_500, "OLD-2": -500}
    assert balances(database) == {"売掛金": 5_000, "期首残高": -5_000}
    aged = report(database, "aging", as_of="2026-05-31")[0]
    assert (aged["total"], aged["not_due"]) == (5_000, 0)
    # d = 31 May − 31 March = 61; 31 May − 30 April = 31; both in 31–60 and 61–90
    assert {b["label"]: b["amount"] for b in aged["buckets"]} == {"1-30": 0, "31-60": -500, "61-90": 5_500, "91-": 0}


def test_the_partners_own_receivable_account_is_debited(database: str) -> None:
    a_shop(database)
    a_partner(database, receivable_account="未収入金")
    a_contract(database)
    bill(database, "2026-04-30")
    assert balances(database)["未収入金"] == 11_000


def test_the_ledger_of_a_partner_runs_from_day_to_day(database: str) -> None:
    a_shop(database)
    a_contract(database)
    bill(database, "2026-04-30")
    receive(database, 11_000, on="2026-05-29")
    match(database)
    bill(database, "2026-05-31")
    rows = report(database, "statement", partner="P1", since="2026-05-01", until="2026-05-31")
    assert [(r["date"], r["debit"], r["credit"], r["balance"]) for r in rows] == [
        ("2026-05-01", 0, 0, 11_000),
        ("2026-05-29", 0, 11_000, 0),
        ("2026-05-31", 11_000, 0, 11_000),
    ]
