"""Refunds (返金): asked for by one, approved by another, sent to the bank as a file, taken back; tied to the ledger."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.builders import (
    a_contract,
    a_partner,
    apply,
    assert_coherent,
    balances,
    bill,
    entries,
    entry,
    open_items,
    receive,
    report,
    take_rows,
    unapply,
    users,
)
from tests.builders import a_shop as plain_shop
from tests.laws.test_explained import explained
from urikake.base import runs
from urikake.base.errors import FileRefusal, Refusal
from urikake.core.formats import zengin21
from urikake.doors import advances, company, month, refunds

DAY = date(2026, 6, 15)
PAYEE = {
    "partner": "P1",
    "bank": "9992",
    "branch": "002",
    "deposit": "普通",
    "number": "1234567",
    "holder": "ピーイチ(カ",
}
SENDER = {"account": "main", "client_code": "0123456789", "client_name": "カ)テスト"}


def refused(code: str, does: Any, *args: Any, **how: Any) -> None:
    with pytest.raises(Refusal) as told:
        does(*args, **how)
    assert told.value.code == code


def a_shop(url: str, **policy: Any) -> str:
    """A company where money goes out at once: no second person."""
    return plain_shop(url, **({"second_person": []} | policy))


def an_advance(url: str, amount: int = 20_000) -> str:
    """An advance of P1 kept of a receipt, the account it is paid back to, and who we are at our bank; its name."""
    receive(url, amount, on="2026-05-10", id="EARLY")
    advances.prepay(url, "EARLY", "P1")
    take_rows(url, "payees", [PAYEE])
    take_rows(url, "senders", [SENDER])
    (row,) = report(url, "advances", as_of="2099-12-31")
    return str(row["advance"])


def ask(
    url: str, *of: str, partner: str = "P1", on: date = DAY, why: str = "二重のご入金", **how: Any
) -> dict[str, Any]:
    return refunds.ask(url, partner, of, on, why, **how)


@pytest.mark.parametrize("tax", ["with_revenue", "on_invoice"])
def test_an_advance_is_paid_back_on_its_day(database: str, tax: str) -> None:
    a_shop(database, advance_tax=tax)
    name = an_advance(database)
    assert ask(database, f"{name}=15000") == {"amount": 15_000, "proposal": None}
    (paid,) = entries(database, "2026-06-15", "2026-06-15")
    assert entry(paid) == {"前受金": 15_000, "普通預金": -15_000}
    assert paid["description"].startswith("返金")
    left = {day: report(database, "advances", as_of=day)[0]["left"] for day in ("2026-06-14", "2026-06-15")}
    assert left == {"2026-06-14": 20_000, "2026-06-15": 5_000}
    refused("bad-amount", ask, database, f"{name}=5001")
    assert {"refund-1", "advances:P1"} <= explained(database)
    assert_coherent(database)


def test_a_credit_is_paid_back(database: str) -> None:
    a_shop(database)
    a_contract(database)
    bill(database, "2026-04-30")
    apply(database, receive(database, 11_000), "INV-2026-00001")
    month.cancel_invoice(database, "INV-2026-00001", why="誤り", on=date(2026, 5, 31))
    credit = {number: -left for number, left in open_items(database).items() if left < 0}
    (number,) = credit
    take_rows(database, "payees", [PAYEE])
    told = ask(database, f"{number}=4000", on=date(2026, 6, 30))
    assert told["amount"] == 4_000
    (paid,) = entries(database, "2026-06-30", "2026-06-30")
    assert entry(paid) == {"売掛金": 4_000, "普通預金": -4_000}
    assert open_items(database)[number] == 4_000 - credit[number]
    ask(database, number, on=date(2026, 6, 30))
    assert number not in open_items(database)
    statement = report(database, "statement", partner="P1", since="2026-04-01", until="2026-06-30")
    assert "refunded" in {line["kind"] for line in statement}
    refunds.take_back(database, report(database, "refunds", as_of="2099-12-31")[0]["refund"], "口座が違う")
    assert open_items(database)[number] == -4_000
    assert_coherent(database)


def test_another_person_approves_and_only_then_is_it_booked(database: str) -> None:
    plain_shop(database)
    users(database, keiri="accountant", buchou="approver", eigyo="sales")
    receive(database, 20_000, on="2026-05-10", id="EARLY")
    advances.prepay(database, "EARLY", "P1")
    name = report(database, "advances", as_of="2099-12-31")[0]["advance"]
    refused("no-payee", ask, database, name, user="keiri")
    take_rows(database, "payees", [PAYEE], user="keiri")
    (waits,) = company.waiting(database)
    assert waits["title"] == "返金先口座の登録"
    assert "9992-002 普通 1234567 ﾋﾟ-ｲﾁ(ｶ" in waits["text"]
    refused("no-payee", ask, database, name, user="keiri")
    refused("own-proposal", company.decide, database, waits["number"], "approved", user="keiri")
    company.decide(database, waits["number"], "approved", user="buchou")
    assert take_rows(database, "payees", [PAYEE], user="keiri") == 0

    refused("not-permitted", ask, database, name, user="eigyo")
    number = ask(database, name, user="keiri")["proposal"]
    assert balances(database)["前受金"] == -20_000
    refused("own-proposal", company.decide, database, number, "approved", user="keiri")
    assert report(database, "advances", as_of="2099-12-31")[0]["left"] == 20_000
    assert "返金 P1 に 20,000円" in company.decide(database, number, "approved", user="buchou")
    assert "普通預金" not in balances(database)
    refused("not-waiting", company.decide, database, number, "approved", user="buchou")
    assert_coherent(database)


def test_what_was_asked_for_another_account_is_not_approved(database: str) -> None:
    plain_shop(database, second_person=["refund"])
    users(database, keiri="accountant", buchou="approver")
    name = an_advance(database)
    number = ask(database, name, user="keiri")["proposal"]
    (waits,) = company.waiting(database)
    assert waits["text"] == (
        f"返金 P1 に 20,000円（前受金 消込 {name.removeprefix('application-')} の 20,000円）、支払日 2026-06-15、"
        "main から 9992-002 普通 1234567 ﾋﾟ-ｲﾁ(ｶ へ"
    )
    take_rows(database, "payees", [PAYEE | {"number": "6666666"}])
    refused("payee-changed", company.decide, database, number, "approved", user="buchou")


def test_what_has_become_stale_is_not_approved(database: str) -> None:
    plain_shop(database, second_person=["refund"])
    users(database, keiri="accountant", buchou="approver")
    name = an_advance(database)
    first, second = (ask(database, name, user="keiri")["proposal"] for _ in range(2))
    company.decide(database, first, "approved", user="buchou")
    refused("nothing-left", company.decide, database, second, "approved", user="buchou")  # asked for 20,000 as well
    assert report(database, "refunds", as_of="2099-12-31")[0]["amount"] == 20_000


def two_refunds(url: str) -> list[int]:
    """Refunds of 15,000 and 4,000 to P1 and of 7,000 to P2, all on the same day."""
    a_shop(url)
    a_partner(url, "P2")
    name = an_advance(url)
    receive(url, 7_000, on="2026-05-11", id="OTHER")
    advances.prepay(url, "OTHER", "P2")
    take_rows(url, "payees", [PAYEE | {"partner": "P2", "number": "0000002", "holder": "ピーニ"}])
    ask(url, f"{name}=15000")
    ask(url, f"{name}=4000")
    other = next(row["advance"] for row in report(url, "advances", as_of="2099-12-31") if row["partner"] == "P2")
    ask(url, other, partner="P2")
    return [row["refund"] for row in report(url, "refunds", as_of="2099-12-31")]


def test_the_file_of_a_day_is_what_the_bank_takes(database: str) -> None:
    numbers = two_refunds(database)
    made = refunds.file(database, DAY)
    again = refunds.file(database, DAY)
    assert (made.figures["new"], again.figures["new"], made.file == again.file) == (True, False, True)
    (batch,) = zengin21.read(made.file, DAY)
    assert (batch.on, batch.sender.code, batch.sender.bank, batch.sender.number) == (
        DAY,
        "0123456789",
        "0001",
        "1234567",
    )
    told = [(int(each.customer), each.number, each.holder, each.amount, each.change) for each in batch.transfers]
    assert told == [
        (numbers[0], "1234567", "ﾋﾟ-ｲﾁ(ｶ", 15_000, "first"),
        (numbers[1], "1234567", "ﾋﾟ-ｲﾁ(ｶ", 4_000, "first"),
        (numbers[2], "0000002", "ﾋﾟ-ﾆ", 7_000, "first"),
    ]
    assert {row["state"] for row in report(database, "refunds", as_of="2099-12-31")} == {"filed"}
    assert balances(database)["普通預金"] == 27_000 - 26_000


def test_what_comes_after_a_file_goes_into_the_next_and_a_withdrawn_file_is_made_again(database: str) -> None:
    numbers = two_refunds(database)
    first = refunds.file(database, DAY)
    take_rows(database, "payees", [PAYEE | {"number": "7654321"}])
    name = report(database, "advances", as_of="2099-12-31")[0]["advance"]
    ask(database, name)
    second = refunds.file(database, DAY)
    (batch,) = zengin21.read(second.file, DAY)
    assert [(each.amount, each.change, each.number) for each in batch.transfers] == [(1_000, "changed", "7654321")]
    refunds.withdraw(database, first.figures["transfer"], "送っていない")
    refused("transfer-withdrawn", refunds.withdraw, database, first.figures["transfer"], "もう一度")
    third = refunds.file(database, DAY)
    (batch,) = zengin21.read(third.file, DAY)
    assert [int(each.customer) for each in batch.transfers] == numbers
    assert {each.change for each in batch.transfers if each.number == "0000002"} == {"first"}


def test_a_refund_that_came_back_is_open_again(database: str) -> None:
    numbers = two_refunds(database)
    refunds.file(database, DAY)
    before = balances(database)
    refunds.take_back(database, numbers[2], "口座なし", on=date(2026, 6, 18))
    refused("reversed", refunds.take_back, database, numbers[2], "口座なし")
    (back,) = entries(database, "2026-06-18", "2026-06-18")
    assert entry(back) == {"普通預金": 7_000, "前受金": -7_000}
    assert balances(database)["普通預金"] == before["普通預金"] + 7_000
    states = [row["state"] for row in report(database, "refunds", as_of="2099-12-31")]
    assert states == ["filed", "filed", "came_back"]
    assert [row["state"] for row in report(database, "refunds", as_of="2026-06-17")][2] == "filed"
    left = {row["partner"]: row["left"] for row in report(database, "advances", as_of="2099-12-31")}
    assert left == {"P1": 1_000, "P2": 7_000}
    assert {"refund-3", "refund-4"} <= explained(database)
    assert_coherent(database)


def test_in_a_locked_month_it_comes_back_in_the_open_one(database: str) -> None:
    numbers = two_refunds(database)
    for closing in ("2026-04", "2026-05", "2026-06"):
        month.close(database, closing)
    refused("period-locked", ask, database, "application-1")
    refunds.take_back(database, numbers[0], "口座なし")
    (back,) = entries(database, "2026-07-01", "2026-07-31")
    assert entry(back) == {"普通預金": 15_000, "前受金": -15_000}


def test_what_was_paid_back_can_not_be_used_again(database: str) -> None:
    a_shop(database)
    name = an_advance(database)
    a_contract(database)
    bill(database, "2026-04-30")
    ask(database, f"{name}=15000")
    refused("advance-refunded", unapply, database, int(name.removeprefix("application-")))
    assert advances.apply(database, name, ["INV-2026-00001"])["amount"] == 5_000
    refused("nothing-left", ask, database, name)


def test_what_cannot_be_paid_back_is_refused(database: str) -> None:
    a_shop(database)
    a_partner(database, "P2")
    name = an_advance(database)
    a_contract(database)
    bill(database, "2026-04-30")
    refused("no-partner", ask, database, name, partner="P9")
    refused("no-advance-named", ask, database, name, partner="P2")
    refused("no-advance-named", ask, database, "application-99")
    refused("bad-amount", ask, database, f"{name}=20001")
    refused("bad-amount", ask, database, f"{name}=0")
    refused("named-twice", ask, database, f"{name}=1", f"{name}=2")
    refused("nothing-chosen", ask, database)
    refused("no-credit", ask, database, "INV-2026-00001")
    refused("no-item", ask, database, "INV-2026-00009")
    refused("bank-holiday", ask, database, name, on=date(2026, 6, 14))
    refused("too-early", ask, database, name, on=date(2026, 5, 8))
    refused("no-reason", ask, database, name, why=" ")
    refused("unknown-bank-account", ask, database, name, account="sub")
    refused("no-refunds", refunds.file, database, DAY)
    refused("no-refund", refunds.take_back, database, 9, "なし")
    refused("no-transfer", refunds.withdraw, database, 9, "なし")
    assert report(database, "refunds", as_of="2099-12-31") == []


@pytest.mark.parametrize(
    ("kind", "row", "column"),
    [
        ("payees", PAYEE | {"partner": "P9"}, "partner"),
        ("payees", PAYEE | {"bank": "99"}, "bank"),
        ("payees", PAYEE | {"number": "12345678"}, "number"),
        ("payees", PAYEE | {"holder": "漢字"}, "holder"),
        ("payees", PAYEE | {"deposit": "納税準備"}, "deposit"),
        ("senders", SENDER | {"account": "sub"}, "account"),
        ("senders", SENDER | {"client_code": "12"}, "client_code"),
        ("senders", {"account": "main", "client_code": "0123456789"}, "client_name"),
    ],
)
def test_accounts_that_no_file_could_hold_are_refused(
    database: str, kind: str, row: dict[str, str], column: str
) -> None:
    a_shop(database)
    with pytest.raises(FileRefusal) as told:
        take_rows(database, kind, [row])
    assert [error.column for error in told.value.errors] == [column]


def test_without_the_number_of_the_bank_there_is_no_file(database: str) -> None:
    a_shop(database)
    receive(database, 20_000, on="2026-05-10", id="EARLY")
    advances.prepay(database, "EARLY", "P1")
    take_rows(database, "payees", [PAYEE])
    ask(database, report(database, "advances", as_of="2099-12-31")[0]["advance"])
    refused("no-sender", refunds.file, database, DAY)
    with runs.reading(database) as session:
        assert session.value("SELECT count(*) FROM refunds_transfer") == 0


def test_what_is_approved_is_what_was_asked_for_though_more_is_left_by_then(database: str) -> None:
    plain_shop(database, second_person=["refund"])
    users(database, keiri="accountant", buchou="approver")
    name = an_advance(database, 30_000)
    a_contract(database, monthly=20_000)
    bill(database, "2026-04-30")
    use = advances.apply(database, name, ["INV-2026-00001"])["use"]
    number = ask(database, name, user="keiri")["proposal"]
    advances.unapply(database, use, user="keiri")
    assert "8,000円" in company.decide(database, number, "approved", user="buchou")
    assert [row["amount"] for row in report(database, "refunds", as_of="2099-12-31")] == [8_000]


def test_who_approves_sees_what_the_partner_owes(database: str) -> None:
    plain_shop(database, second_person=["refund"])
    name = an_advance(database)
    a_contract(database)
    bill(database, "2026-04-30")
    ask(database, name)
    (waits,) = company.waiting(database)
    assert waits["text"].endswith("（この取引先に未回収 11,000円あり）")


def test_a_file_of_which_a_refund_came_back_was_sent(database: str) -> None:
    numbers = two_refunds(database)
    made = refunds.file(database, DAY)
    assert refunds.take_back(database, numbers[2], "口座なし", on=date(2026, 6, 18))["on"] == "2026-06-18"
    refused("transfer-sent", refunds.file, database, DAY)
    refused("transfer-sent", refunds.withdraw, database, made.figures["transfer"], "送っていない")
    other = next(row["advance"] for row in report(database, "advances", as_of="2099-12-31") if row["partner"] == "P2")
    refused("too-early", ask, database, other, partner="P2", on=date(2026, 6, 17))  # it was not there yet on that day
    ask(database, other, partner="P2", on=date(2026, 6, 19))
    (batch,) = zengin21.read(refunds.file(database, date(2026, 6, 19)).file, DAY)
    assert [each.amount for each in batch.transfers] == [7_000]


def test_one_balance_named_in_two_ways_is_refused_when_it_is_asked_for(database: str) -> None:
    a_shop(database)
    a_contract(database)
    bill(database, "2026-04-30")
    apply(database, receive(database, 11_000), "INV-2026-00001")
    month.cancel_invoice(database, "INV-2026-00001", why="誤り", on=date(2026, 5, 31))
    take_rows(database, "payees", [PAYEE])
    number = next(name for name, left in open_items(database).items() if left < 0)
    with runs.reading(database) as session:
        item = session.value("SELECT item_id FROM receivables_open WHERE balance < 0") - session.low
    refused("named-twice", ask, database, number, f"#{item}", on=date(2026, 6, 30))
    assert open_items(database)[number] == -11_000


def test_the_same_accounts_asked_for_twice_wait_once(database: str) -> None:
    plain_shop(database)
    assert take_rows(database, "payees", [PAYEE]) == 1
    assert take_rows(database, "payees", [PAYEE]) == 0
    assert len(company.waiting(database)) == 1


def test_a_month_with_a_refund_that_waits_is_not_closed(database: str) -> None:
    plain_shop(database, second_person=["refund", "policies"])
    users(database, keiri="accountant", kanri="admin")
    name = an_advance(database)
    company.propose(database, {"fee_tolerance": "440"}, why="ため", user="kanri")  # another kind waits, too
    ask(database, name, on=date(2026, 5, 29), user="keiri")
    month.close(database, "2026-04")
    refused("not-finished", month.close, database, "2026-05")
