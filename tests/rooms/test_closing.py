"""The close of a month: its steps in order, its reasons to refuse, its lock, and how it is opened again."""

from __future__ import annotations

import polars as pl
import pytest

from tests.builders import (
    a_contract,
    a_line,
    a_partner,
    a_shop,
    assert_same,
    balances,
    behind_its_back,
    bill,
    dump,
    entries,
    invoices,
    match,
    open_items,
    receive,
    recognize,
    recognized,
    report,
    take_rows,
    users,
)
from urikake.base.errors import FileRefusal, Refusal
from urikake.base.progress import watched
from urikake.doors import company, month

CLOCK = {"recorded_at", "content", "head", "outcome"}  # columns that hold the moment of a run, or a hash over it


def a_busy_month(url: str) -> None:
    """Partners of three closing days, a usage line, a receipt that pays April's invoice of the 10th."""
    a_shop(url)
    for code, days in (("TEN", 10), ("TWENTY", 20)):
        a_partner(url, code, closing_day=days)
    rows = [
        a_line("C1", order_no="SO-1"),
        a_line("C2", partner="TEN", monthly=20_000),
        a_line("C3", partner="TWENTY", timing="advance", cycle_months=12, monthly=120_000, start="2026-05-01"),
        a_line("C4", product="API", quantity=0),
    ]
    take_rows(url, "contracts", rows)
    usage = {"event_id": "u1", "contract_no": "C4", "product": "API", "timestamp": "2026-04-05T10:00", "quantity": 7}
    take_rows(url, "usage", [usage])
    receive(url, 22_000, payer="TENショウジ", on="2026-04-28")


def test_a_close_runs_every_step_in_order_and_locks(database: str) -> None:
    a_busy_month(database)
    assert month.close(database, "2026-04") == {"locked": True, "new": True}
    assert [(i["closing"], i["partner"]) for i in invoices(database)] == [
        ("2026-04-10", "TEN"),
        ("2026-04-20", "TWENTY"),
        ("2026-04-30", "P1"),
    ]
    assert open_items(database) == {"INV-2026-00002": 132_000, "INV-2026-00003": 11_077}
    assert recognized(database, "2026-04") == [10_000 + 20_000 + 70]
    runs = [r for r in dump(database)["base_run"].sort("id")["action"] if r in {"bill", "match", "recognize", "close"}]
    assert runs == ["bill", "bill", "bill", "match", "recognize", "close"]
    assert {r["step"]: r["state"] for r in report(database, "close-status", month="2026-04")}["締め"] == "済"


def test_a_close_tells_which_of_its_steps_it_is_at(sqlite_url: str) -> None:
    a_busy_month(sqlite_url)
    seen: list[str] = []
    expected: list[int] = []
    with watched(seen.append):
        month.close(sqlite_url, "2026-04", planned=expected.append)
    phases = list(dict.fromkeys(text.partition(": ")[0] for text in seen))
    billed = [f"4/{day} 締めの請求" for day in (10, 20, 30)]
    assert phases == [*billed, "入金の消込", "収益の認識", "突合と鍵"]
    assert expected[0] >= len(seen) > 10
    assert not month.close(sqlite_url, "2026-04", planned=expected.append)["new"]
    assert len(expected) == 1  # of a month that is closed nothing is planned


def test_a_close_again_changes_nothing(database: str) -> None:
    a_busy_month(database)
    month.close(database, "2026-04")
    before = dump(database)
    assert month.close(database, "2026-04") == {"locked": True, "new": False}
    assert_same(before, dump(database))


def test_two_companies_that_close_the_same_month_are_the_same_to_the_byte(sqlite_url: str, postgresql_url: str) -> None:
    found = []
    for url in (sqlite_url, postgresql_url):
        a_busy_month(url)
        month.close(url, "2026-04")
        tables = dump(url)
        contents = tables["base_link"].filter(~pl.col("relation").is_in(DATED))
        found.append({name: plain(frame) for name, frame in tables.items()} | {"digests": contents.select("content")})
    assert_same(*found)


DATED = ["base.Run", "contracts.Line", "contracts.Event"]


def plain(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.drop(CLOCK | {"mark"}, strict=False)


def test_a_close_done_step_by_step_is_the_close_done_at_once(database: str) -> None:
    a_busy_month(database)
    bill(database, "2026-04-10", "2026-04-20", "2026-04-30")
    match(database, on="2026-04-30")
    recognize(database, "2026-04")
    before = dump(database)
    month.close(database, "2026-04")
    after = dump(database)
    changed = [name for name in before if not before[name].equals(after[name])]
    assert changed == ["base_link", "base_period_event", "base_run"]


def test_a_close_refuses_while_something_waits(database: str) -> None:
    a_shop(database)
    users(database, kei="approver", hana="accountant")
    slip = {"slip_no": "S1", "partner": "P1", "date": "2026-04-10", "account": "売掛金", "credit_account": "雑収入"}
    take_rows(database, "receivables", [slip | {"amount": 1_000}], user="hana")
    with pytest.raises(Refusal) as refused:
        month.close(database, "2026-04")
    assert refused.value.code == "not-finished"
    assert "承認待ち" in refused.value.cause
    month.approve(database, "receivables", ["S1"], user="kei")
    assert month.close(database, "2026-04")["new"]


def test_a_close_refuses_while_drafts_wait_for_a_second_person(database: str) -> None:
    a_shop(database, second_person=["invoices"])
    a_contract(database)
    with pytest.raises(Refusal):
        month.close(database, "2026-04")
    assert report(database, "close-status", month="2026-04")[-1]["state"] == "未"


def test_a_close_refuses_books_that_do_not_tie(sqlite_url: str) -> None:
    a_busy_month(sqlite_url)
    bill(sqlite_url, "2026-04-10")
    behind_its_back(sqlite_url, "UPDATE receivables_item SET gross = gross + 1")
    with pytest.raises(Refusal, match="not-tied"):
        month.close(sqlite_url, "2026-04")


def test_a_close_refuses_entries_that_are_off_though_all_lines_sum_to_nothing(sqlite_url: str) -> None:
    a_busy_month(sqlite_url)
    bill(sqlite_url, "2026-04-10", "2026-04-20")
    ends = "SELECT {} FROM ledger_line"
    for end, step in (("min(id)", "+ 1"), ("max(id)", "- 1")):
        behind_its_back(sqlite_url, f"UPDATE ledger_line SET amount = amount {step} WHERE id = ({ends.format(end)})")
    with pytest.raises(Refusal, match=r"貸借が 1 円.*貸借が -1 円"):
        month.close(sqlite_url, "2026-04")


def test_a_closing_that_found_nothing_is_billed_again_once_there_is_something(database: str) -> None:
    a_shop(database)
    bill(database, "2026-04-10", "2026-04-20", "2026-04-30")
    a_contract(database)
    assert month.close(database, "2026-04")["new"]
    assert report(database, "close-status", month="2026-04")[0]["count"] == 1


def test_a_month_before_the_books_begin_is_not_closed(database: str) -> None:
    a_shop(database)
    with pytest.raises(Refusal):
        month.close(database, "2026-03")
    for text in ("2026-13", "April", "2026-4"):
        with pytest.raises(Refusal, match="bad-month"):
            month.close(database, text)


def test_a_locked_month_takes_nothing_more(database: str) -> None:
    a_busy_month(database)
    month.close(database, "2026-04")
    before = dump(database)
    slip = {"slip_no": "S1", "partner": "P1", "date": "2026-04-30", "account": "売掛金", "credit_account": "雑収入"}
    for attempt in (
        lambda: receive(database, 500, on="2026-04-30"),
        lambda: take_rows(database, "receivables", [slip | {"amount": 1_000}]),
    ):
        with pytest.raises(FileRefusal):
            attempt()
    assert_same(before, dump(database))


def test_openings_of_a_locked_opening_month_go_to_the_first_open_one_or_are_refused(database: str) -> None:
    a_shop(database)
    month.close(database, "2026-04")
    before = entries(database, until="2026-04-30")
    row = {"partner": "P1", "invoice_no": "OLD", "invoice_date": "2026-03-31", "due": "2026-04-30", "balance": 5_500}
    try:
        take_rows(database, "openings", [row])
    except Refusal:
        assert open_items(database) == {}
    assert entries(database, until="2026-04-30") == before


def test_a_month_is_reopened_only_by_a_second_person_with_a_reason(database: str) -> None:
    a_shop(database)
    users(database, hana="accountant", kei="approver", billy="billing", aud="auditor")
    month.close(database, "2026-04", user="hana")
    before = dump(database)
    for user, why, code in (
        ("hana", "  ", "no-reason"),
        ("kei", "  ", "no-reason"),
        ("billy", "誤り", "not-permitted"),
        ("aud", "誤り", "not-permitted"),
        ("system", "誤り", "not-permitted"),
        ("ghost", "誤り", "unknown-user"),
    ):
        with pytest.raises(Refusal) as refused:
            month.reopen(database, "2026-04", why=why, user=user)
        assert refused.value.code == code, user
    assert_same(before, dump(database))
    month.reopen(database, "2026-04", why="請求の漏れ", user="kei")
    with pytest.raises(Refusal, match="not-locked"):
        month.reopen(database, "2026-04", why="請求の漏れ", user="kei")


def test_a_month_is_asked_to_be_opened_by_who_closed_it_and_opened_by_who_approves(database: str) -> None:
    a_shop(database)
    users(database, hana="accountant", ken="accountant", kei="approver")
    month.close(database, "2026-04", user="hana")
    assert month.reopen(database, "2026-04", why="請求の漏れ", user="hana") == {"locked": True, "proposal": 1}
    assert locked(database, "2026-04")
    for user, code in (("hana", "already-asked"), ("ken", "already-asked")):
        with pytest.raises(Refusal) as refused:
            month.reopen(database, "2026-04", why="請求の漏れ", user=user)
        assert refused.value.code == code
    for user in ("hana", "ken"):
        with pytest.raises(Refusal, match="not-permitted"):
            company.decide(database, 1, "approved", user=user)
    assert company.decide(database, 1, "approved", user="kei") == "2026年4月の締めの解除"
    assert not locked(database, "2026-04")
    history = report(database, "close-history", month="2026-04")
    assert [(e["event"], e["by"], e["asked_by"], e["reason"]) for e in history] == [
        ("close", "hana", None, ""),
        ("reopen", "kei", "hana", "請求の漏れ"),
    ]
    links = dump(database)["base_link"]
    for event in history:
        assert event["head"] in links["head"].to_list()
    assert history[-1]["head"] == links.sort("id")["head"][-1]
    assert report(database, "close-history", month="2026-05") == []


def test_what_was_asked_of_a_close_that_stands_no_more_is_not_done(database: str) -> None:
    a_shop(database)
    users(database, hana="accountant", kei="approver", kai="approver")
    month.close(database, "2026-04", user="hana")
    month.reopen(database, "2026-04", why="誤り", user="hana")
    month.reopen(database, "2026-04", why="急ぐため", user="kei")
    with pytest.raises(Refusal, match="not-locked"):
        company.decide(database, 1, "approved", user="kai")
    month.close(database, "2026-04", user="hana")
    with pytest.raises(Refusal, match="closed-again"):
        company.decide(database, 1, "approved", user="kai")
    assert locked(database, "2026-04")
    company.decide(database, 1, "returned", user="kai")
    assert month.reopen(database, "2026-04", why="誤り", user="hana")["proposal"] == 2


def test_an_approver_who_closed_the_month_is_no_second_person(database: str) -> None:
    a_shop(database)
    users(database, root="admin", kei="approver")
    month.close(database, "2026-04", user="root")
    assert month.reopen(database, "2026-04", why="誤り", user="root")["locked"]
    with pytest.raises(Refusal, match="own-proposal"):
        company.decide(database, 1, "approved", user="root")
    assert not month.reopen(database, "2026-04", why="誤り", user="kei")["locked"]


def test_where_nobody_else_need_agree_a_month_is_opened_by_who_closed_it(database: str) -> None:
    a_shop(database, second_person=[])
    users(database, hana="accountant")
    month.close(database, "2026-04", user="hana")
    assert month.reopen(database, "2026-04", why="誤り", user="hana") == {"locked": False}
    assert not locked(database, "2026-04")


def locked(url: str, text: str) -> bool:
    """Whether the month is locked as it stands."""
    return bool({r["step"]: r["state"] for r in report(url, "close-status", month=text)}["締め"] == "済")


def test_a_reopened_month_takes_corrections_and_is_closed_again(database: str) -> None:
    a_shop(database)
    a_contract(database)
    users(database, kei="approver")
    month.close(database, "2026-04")
    a_contract(database, "C2", monthly=5_000)
    month.reopen(database, "2026-04", why="契約の漏れ", user="kei")
    bill(database, "2026-04-30")
    month.close(database, "2026-04")
    assert recognized(database, "2026-04") == [15_000]
    assert balances(database, "2026-04-30")["売掛金"] == 16_500
    last = dump(database)["base_period_event"].sort("id")
    assert last["why"].to_list() == ["", "契約の漏れ", ""]


def test_months_are_closed_one_after_another(sqlite_url: str) -> None:
    a_busy_month(sqlite_url)
    months = [f"2026-{m:02}" for m in range(4, 9)]
    for each in months:
        month.close(sqlite_url, each)
    assert recognized(sqlite_url, *months) == [30_070] + [40_000] * 4
