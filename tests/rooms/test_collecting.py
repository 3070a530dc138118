"""What others collect for us: asked once, answered once, settled to the yen, and matched when the money comes."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.builders import (
    a_collector,
    a_company,
    a_contract,
    a_mandate,
    a_partner,
    a_shop,
    answered,
    apply,
    ask_debits,
    assert_coherent,
    assert_same,
    balances,
    bill,
    debtors,
    dump,
    entries,
    entry,
    match,
    open_items,
    receive,
    recognize,
    report,
    settle,
    take_result,
    take_rows,
    users,
)
from urikake.base import runs
from urikake.base.errors import FileRefusal, Refusal
from urikake.core.formats import zengin91
from urikake.doors import collecting, month
from urikake.rooms.collecting import queries
from urikake.rooms.reports.queries.explain import explain

MAY, JUNE = date(2026, 5, 27), date(2026, 6, 29)


def a_debiting_company(url: str, *amounts: int, **policy: Any) -> str:
    a_company(url, **policy)
    a_collector(url)
    debtors(url, *amounts)
    return url


def states(url: str, **options: str) -> dict[str, tuple[str, str]]:
    """The state and the reason of the newest debit of each partner."""
    return {row["partner"]: (row["state"], row["reason"]) for row in report(url, "debits", **options)}


def changes(url: str, request: int) -> list[tuple[str, str, int]]:
    """Customer number, new-account code and amount of each record of a request, as the file says."""
    with runs.reading(url) as session:
        (batch,) = zengin91.read(queries.file_of(session, session.low + request), MAY)
    return [(debit.customer, debit.change, debit.amount) for debit in batch.debits]


def test_what_is_paid_is_settled_what_fails_stays_open_with_what_happens_next(database: str) -> None:
    a_debiting_company(database, 11_000, 5_500, 3_300, 2_200, 1_100, 880, 770)
    asked = ask_debits(database)
    assert (asked.figures["debits"], asked.figures["amount"], asked.left_out) == (7, 24_750, [])
    assert [change for _, change, _ in changes(database, 1)] == ["first"] * 7
    results = {"P2": 1, "P3": 2, "P4": 3, "P5": 4, "P6": 8, "P7": 9}
    told = take_result(database, answered(asked.file, **results), fee=110)
    assert told == {
        "debits": 7, "paid": 1, "amount": 11_000, "unpaid": 6, "unpaid_amount": 13_750, "stopped": 5, "fee": 110, "owed": 10_890,
    }  # fmt: skip
    found = states(database)
    assert found["P1"] == ("paid", "")
    assert found["P2"] == ("unpaid", "資金不足")
    assert {found[f"P{at}"][1] for at in range(3, 8)} == {zengin91.RESULTS[code] for code in (2, 3, 4, 8, 9)}
    (posted,) = entries(database, "2026-05-27", "2026-05-27")
    assert entry(posted) == {"未収入金": 10_890, "支払手数料": 110, "売掛金": -11_000}
    assert {line["partner"] for line in posted["lines"]} == {"BANK", "P1"}
    assert_coherent(database)

    again = ask_debits(database, "2026-06-29")
    assert changes(database, 2) == [("P2", "other", 5_500)]
    assert len(again.left_out) == 5
    assert "振込" in next(row["next"] for row in report(database, "debits", partner="P3"))
    assert any("取引なし" in line for line in again.left_out)
    take_rows(database, "mandates", [a_mandate("P3", 77)])  # a new account: it is asked for again, and the bank is told
    collecting.withdraw(database, 2, "口座が変わったため")
    ask_debits(database, "2026-06-29")
    assert changes(database, 3) == [("P2", "other", 5_500), ("P3", "changed", 3_300)]
    assert states(database, status="withdrawn") == {"P2": ("withdrawn", "口座が変わったため")}

    receive(database, 10_890, payer="BANKシユウノウ", on="2026-06-01")
    assert match(database)["outcomes"] == {"exact": 1}
    receive(database, 770, payer="P7ショウジ", on="2026-06-02")  # what fell back to transfer is matched as ever
    assert match(database)["outcomes"] == {"exact": 1}
    assert set(open_items(database)) == {f"OLD-P{at}" for at in range(2, 7)}


def test_the_same_request_gives_the_same_file_and_the_same_result_changes_nothing(database: str) -> None:
    a_debiting_company(database, 11_000, 5_500)
    preview = ask_debits(database, preview=True)
    assert list(report(database, "debits")) == []
    first = ask_debits(database)
    assert preview.file == first.file
    before = dump(database)
    second = ask_debits(database)
    assert (second.file, second.figures["new"]) == (first.file, False)
    assert_same(before, dump(database))
    assert ask_debits(database, "2026-05-28").figures["debits"] == 0  # all of it waits for an answer
    result = answered(first.file, P2=1)
    take_result(database, result, preview=True)
    assert_same(before, dump(database))
    take_result(database, result)
    before = dump(database)
    assert take_result(database, result) == {"debits": 0, "paid": 0, "amount": 0}
    assert take_result(database, result.replace(b"\r\n", b"")) == {"debits": 0, "paid": 0, "amount": 0}
    assert_same(before, dump(database))
    with pytest.raises(Refusal, match="other-result"):
        take_result(database, answered(first.file, P1=1))
    assert_same(before, dump(database))


def test_who_is_not_asked_is_told_with_the_reason(database: str) -> None:
    a_debiting_company(database, 11_000, 5_500, 3_300, 2_200, 1_100)
    a_collector(database, "OTHER", client_code="9999999999", client_name="ベツ")
    rows = [
        a_mandate("P2", 2, stopped="yes", reason="本人の申し出"),
        a_mandate("P3", 3, valid_from="2026-06-01"),
        a_mandate("P4", 4, collector="OTHER"),
    ]
    take_rows(database, "mandates", rows)
    a_partner(database, "P9", method="direct_debit")
    old = {"invoice_date": "2026-04-30", "due": "2026-05-27"}
    take_rows(
        database,
        "openings",
        [
            {"partner": "P9", "invoice_no": "OLD-P9", "balance": 990, **old},
            {"partner": "P5", "invoice_no": "CREDIT", "balance": -1_100, **old},
            {"partner": "P1", "invoice_no": "LATER", "balance": 400, **old, "due": "2026-06-30"},
        ],
    )
    asked = ask_debits(database)
    assert asked.left_out == [
        "P2 P2商事: 5,500円 口座の登録を止めています（本人の申し出）。",
        "P3 P3商事: 3,300円 口座の登録は 2026-06-01 からです。",
        "P5 P5商事: 0円 差し引いて請求する額がありません。",
        "P9 P9商事: 990円 口座の登録がありません。",
    ]
    assert changes(database, 1) == [("P1", "first", 11_000)]
    later = collecting.request(database, "OTHER", MAY, due=date(2026, 6, 30))
    assert later.figures["amount"] == 2_200
    with pytest.raises(Refusal, match="no-collector"):
        collecting.request(database, "P1", MAY)


def test_a_credit_is_taken_off_and_what_was_paid_twice_is_an_advance(database: str) -> None:
    a_debiting_company(database, 11_000, 5_500, 3_300, advance_tax="with_revenue")
    credit = {
        "invoice_date": "2026-04-30",
        "due": "2026-05-27",
        "partner": "P1",
        "invoice_no": "CREDIT",
        "balance": -1_000,
    }
    take_rows(database, "openings", [credit])
    asked = ask_debits(database)
    assert asked.figures["amount"] == 18_800
    receive(database, 5_500, payer="P2ショウジ", on="2026-05-20")  # by transfer, though the bank was asked already
    receive(database, 1_300, payer="P3ショウジ", on="2026-05-20")
    match(database)
    apply(database, "R1300", "OLD-P3")
    told = take_result(database, answered(asked.file))
    assert (told["amount"], told["overpaid"], told["owed"]) == (18_800, 6_800, 18_800)
    assert open_items(database) == {"collection-1": 18_800}
    assert balances(database)["前受金"] == -6_800
    assert_coherent(database)
    month.close(database, "2026-04")
    month.close(database, "2026-05")


def test_requests_that_cannot_be_are_refused_and_leave_nothing(database: str) -> None:
    a_debiting_company(database, 11_000, 5_500)
    a_collector(database, "CARD", kind="card")
    before = dump(database)
    with pytest.raises(Refusal, match="not-debit"):
        collecting.request(database, "CARD", MAY)
    with pytest.raises(Refusal, match="is-debit"):
        settle(database, [SETTLED], "BANK")
    with pytest.raises(Refusal, match=r"休業日.*debit-file"):
        ask_debits(database, "2026-05-31")
    with pytest.raises(Refusal, match="period-locked"):
        ask_debits(database, "2026-03-27", due=date(2026, 5, 27))
    assert_same(before, dump(database))
    ask_debits(database)
    with pytest.raises(Refusal, match="no-reason"):
        collecting.withdraw(database, 1, " ")
    with pytest.raises(Refusal, match="long-reason"):
        collecting.withdraw(database, 1, "あ" * 501)
    with pytest.raises(Refusal, match="no-request"):
        collecting.withdraw(database, 9, "誤り")
    collecting.withdraw(database, 1, "誤り")
    with pytest.raises(Refusal, match="request-done"):
        collecting.withdraw(database, 1, "もう一度")


def test_results_that_cannot_be_are_refused_and_leave_nothing(database: str) -> None:
    a_debiting_company(database, 11_000, 5_500)
    asked = ask_debits(database)
    before = dump(database)
    with pytest.raises(Refusal, match="debit-file"):
        take_result(database, b"\x82\xa0")
    with pytest.raises(Refusal, match=r"振替結果のないファイル.*not-our-request"):
        take_result(database, asked.file)
    other = answered(asked.file).replace(b"0000011000", b"0000010999").replace(b"000000016500", b"000000016499")
    with pytest.raises(Refusal, match=r"P1 の 11,000円 が合いません.*not-our-request"):
        take_result(database, other)
    with pytest.raises(Refusal, match="unasked-result"):
        take_result(database, answered(asked.file).replace(b"0527", b"0528"))
    with pytest.raises(Refusal, match="unasked-result"):
        take_result(database, answered(asked.file).replace(b"1234567890", b"1234567891"))
    with pytest.raises(Refusal, match="bad-fee"):
        take_result(database, answered(asked.file, P2=1), fee=11_001)
    with pytest.raises(Refusal, match="bad-payout"):
        take_result(database, answered(asked.file), payout_on=date(2026, 5, 26))
    assert_same(before, dump(database))
    users(database, sales="sales")
    with pytest.raises(Refusal, match="not-permitted"):
        take_result(database, answered(asked.file), user="sales")
    for each in ("2026-04", "2026-05"):
        month.close(database, each)
    take_result(
        database, answered(asked.file)
    )  # what a locked month can no longer take is posted in the first open one
    assert [entry["date"] for entry in entries(database) if entry["source"].startswith("collection")] == ["2026-06-01"]


def test_the_result_of_a_request_that_was_withdrawn_is_refused(database: str) -> None:
    a_debiting_company(database, 11_000, 5_500)
    asked = ask_debits(database)
    collecting.withdraw(database, 1, "誤りが分かったため")
    with pytest.raises(Refusal, match="unasked-result"):
        take_result(database, answered(asked.file))


def test_a_file_with_the_results_of_two_requests_is_taken_whole(database: str) -> None:
    a_debiting_company(database, 11_000, 5_500)
    first = ask_debits(database)
    take_rows(
        database,
        "openings",
        [{"partner": "P1", "invoice_no": "N", "invoice_date": "2026-04-30", "due": "2026-06-29", "balance": 7}],
    )
    second = ask_debits(database, "2026-06-29")
    renamed = {"partner": "BANK", "kind": "debit", "client_name": "ナ", "bank": "9991", "branch": "001"}
    take_rows(
        database, "collectors", [renamed | {"client_code": "9999999999"}]
    )  # what was asked before is answered still
    one, two = answered(first.file, P2=1), answered(second.file, "2026-06-29")
    both = one[: -len(one.splitlines()[-1]) - 2] + two
    with pytest.raises(Refusal, match="answered-twice"):
        take_result(database, one[: -len(one.splitlines()[-1]) - 2] + one)
    with pytest.raises(Refusal, match="whose-fee"):
        take_result(database, both, fee=1)
    told = take_result(database, both)
    assert (told["debits"], told["amount"], told["owed"]) == (3, 11_007, 11_007)
    assert open_items(database) == {"OLD-P2": 5_500, "collection-1": 11_000, "collection-2": 7}


SETTLED = {"date": "2026-05-31", "id": "T1", "invoice_no": "X", "amount": 1, "payout_on": "2026-06-15"}
BAD_MANDATES = [
    ("partner", "NOBODY", "この取引先はありません"),
    ("collector", "P1", "口座振替の収納機関ではありません"),
    ("bank", "999", "数字4桁"),
    ("branch", "02", "数字3桁"),
    ("number", "12345678", "数字7桁"),
    ("deposit", "貯金", "普通・当座・納税準備・その他"),
    ("holder", "青空太郎", "銀行のファイルに書けない文字"),
    ("holder", "ガ" * 16, "30文字まで"),
    ("bank_name", "(ミズホ", "書けない文字"),
    ("customer_no", "0P2", "ほかの取引先のもの"),
    ("customer_no", "1" * 21, "20文字まで"),
    ("stopped", "yes", "停止する理由"),
    ("valid_from", "soon", "日付"),
]
BAD_COLLECTORS = [
    ("client_code", "12345", "数字10桁"),
    ("client_code", "", "必須"),
    ("client_name", "架空商事", "書けない文字"),
    ("bank", "99a1", "数字4桁"),
    ("branch", "", "必須"),
    ("payout_days", "-1", "0 以上"),
    ("line_end", "lf", "crlf・none"),
    ("kind", "cash", "debit・card・cod"),
    ("partner", "NOBODY", "この取引先はありません"),
]


def test_masters_that_no_bank_would_take_are_refused_at_the_cell(database: str) -> None:
    a_debiting_company(database, 1_000, 2_000)
    before = dump(database)
    for column, value, why in BAD_MANDATES:
        with pytest.raises(FileRefusal) as refused:
            take_rows(database, "mandates", [a_mandate("P1", 1) | {column: value}])
        assert any(why in error.why for error in refused.value.errors), (column, value, refused.value.errors)
    good = {
        "partner": "P1",
        "kind": "debit",
        "client_code": "1" * 10,
        "client_name": "カ",
        "bank": "9991",
        "branch": "001",
    }
    for column, value, why in BAD_COLLECTORS:
        with pytest.raises(FileRefusal) as refused:
            take_rows(database, "collectors", [good | {column: value}])
        assert any(why in error.why for error in refused.value.errors), (column, value, refused.value.errors)
    with pytest.raises(FileRefusal, match="二つあります"):
        take_rows(database, "mandates", [a_mandate("P1", 1), a_mandate("P1", 2)])
    assert_same(before, dump(database))
    assert take_rows(database, "mandates", [a_mandate("P1", 1)]) == 0
    spelt = a_mandate("P1", 1, holder="ヴァイオリン　工房".replace("工房", "コウボウ"), bank_name="ジュピター")
    assert take_rows(database, "mandates", [spelt]) == 1
    line = ask_debits(database).file.decode("cp932").splitlines()[1]
    assert "ｳﾞｱｲｵﾘﾝ ｺｳﾎﾞｳ" in line
    assert "ｼﾞﾕﾋﾟﾀ-" in line


def test_a_card_settlement_settles_its_invoices_once_less_its_fees(database: str) -> None:
    a_shop(database)
    a_collector(database, "CARD", kind="card")
    for at in (1, 2):
        a_partner(database, f"P{at}", method="card")
        a_contract(database, f"C{at}", partner=f"P{at}")
        a_contract(database, f"D{at}", partner=f"P{at}", product="WATER", order_no="W")
    bill(database, "2026-04-30")
    row = {"date": "2026-05-31", "payout_on": "2026-06-15", "amount": 21_800, "fee": 654}
    rows = [
        row | {"id": "T1", "invoice_no": "INV-2026-00001", "amount": 10_000, "fee": 300},
        row | {"id": "T2", "invoice_no": "INV-2026-00001", "amount": 11_800, "fee": 354},
        row | {"id": "T3", "invoice_no": "INV-2026-00002", "amount": 22_000, "payout_on": "2026-06-30", "fee": None},
    ]
    told = settle(database, rows)
    assert told == {"lines": 3, "amount": 43_800, "fee": 654, "owed": 43_146, "overpaid": 200}
    assert open_items(database) == {"collection-1": 21_146, "collection-2": 22_000}
    assert [row["due"] for row in report(database, "receivables", as_of="2026-06-01") if row["balance"]] == [
        "2026-06-15",
        "2026-06-30",
    ]
    before = dump(database)
    assert settle(database, rows)["lines"] == 0
    assert_same(before, dump(database))
    bad = [
        row | {"id": "T1", "invoice_no": "INV-2026-00001", "amount": 9_999},
        row | {"id": "T5", "invoice_no": "NONE"},
        row | {"id": "T6", "invoice_no": "INV-2026-00001", "amount": -5},
        row | {"id": "T7", "invoice_no": "INV-2026-00001", "fee": 30_000},
        row | {"id": "T8", "invoice_no": "INV-2026-00001", "payout_on": "2026-05-30"},
        row | {"id": "T9", "invoice_no": "INV-2026-00001"},
        row | {"id": "T9", "invoice_no": "INV-2026-00001"},
        row | {"id": "T10", "invoice_no": "INV-2026-00001", "date": "2026-03-31"},
    ]
    with pytest.raises(FileRefusal) as refused:
        settle(database, bad)
    assert [(e.line, e.column) for e in refused.value.errors] == [
        (2, "id"), (3, "invoice_no"), (4, "amount"), (5, "fee"), (6, "payout_on"), (7, "id"), (8, "id"), (9, "date"),
    ]  # fmt: skip
    assert_same(before, dump(database))
    receive(database, 21_146, payer="CARDシユウノウ", on="2026-06-15")
    assert match(database)["outcomes"] == {"exact": 1}
    recognize(database, "2026-05")
    for each in ("2026-04", "2026-05"):
        month.close(database, each)
    explained(database)


WALKED = ("item-", "collection-", "receipt-", "application-", "entry-", "opening:")


def explained(url: str) -> None:
    """Every amount that collecting makes explains itself, from the customer's item to the receipt."""
    with runs.reading(url) as session:
        last = "2026-12-31"
        entries_ = session.rows("ledger_entry", "id, line_count", "source = 'collection'")
        todo = [f"entry-{id_ - session.low}:{at}" for id_, n in entries_.iter_rows() for at in range(1, n + 1)]
        for table, name in (
            ("collecting_collection", "collection"),
            ("receivables_item", "item"),
            ("ledger_entry", "entry"),
        ):
            todo += [f"{name}-{id_ - session.low}" for id_ in session.rows(table, "id")["id"]]
        todo += [f"balance:{code}:{last}" for code in session.rows("parties_partner", "id, code")["code"]]
        seen: set[str] = set()
        while todo:
            ref = todo.pop()
            if ref in seen:
                continue
            seen.add(ref)
            found = explain(session, ref)
            assert found.equal, (ref, found.amount, found.recomputed, found.steps)
            assert found.recorded is None or found.recorded.sealed, ref
            todo += [each for each in found.refs() if each.startswith(WALKED)]
        first = session.value("SELECT min(item_id) AS item_id FROM receivables_movement WHERE kind = 'collected'")
    chain = report(url, "audit", source=f"item-{first - session.low}")
    assert "collection-1" in [row["ref"] for row in chain]
    chain = report(url, "audit", source="collection-1")
    assert [row["step"] for row in chain][:4] == ["収納代行", "債権", "入金", "消込"]


@pytest.mark.parametrize("policy", ["contract_asset", "receivable"])
def test_the_proofs_hold_also_where_contract_assets_are_on_the_collectors_account(database: str, policy: str) -> None:
    a_shop(database, accrual_account=policy)
    a_collector(database)
    a_partner(database, "P1", method="direct_debit", payment_months=1, payment_day=27)
    take_rows(database, "mandates", [a_mandate("P1")])
    a_contract(database, timing="arrears", cycle_months=3, monthly=30_000)
    a_contract(database, "C2", monthly=12_000)
    bill(database, "2026-04-30")
    recognize(database, "2026-04")
    take_result(database, answered(ask_debits(database).file), fee=33)
    receive(database, 13_167, payer="BANKシユウノウ", on="2026-06-01")
    for each in ("2026-04", "2026-05", "2026-06"):
        month.close(database, each)
    assert open_items(database, "2026-06-30").keys() == {"INV-2026-00002", "INV-2026-00003"}
    explained(database)


def test_the_command_line_writes_the_file_and_never_over_another(database: str, tmp_path: Path) -> None:
    a_debiting_company(database, 11_000)
    asked = ask_debits(database)
    file = tmp_path / "out.txt"
    collecting.write(file, asked.file)
    collecting.write(file, asked.file)
    with pytest.raises(Refusal, match="file-exists"):
        collecting.write(file, asked.file + b"x")
    with pytest.raises(Refusal, match="cannot-write"):
        collecting.write(tmp_path / "none" / "out.txt", b"")
    with pytest.raises(Refusal, match="no-file"):
        collecting.read(tmp_path / "none.txt")
    with pytest.raises(Refusal, match="bad-status"):
        report(database, "debits", status="lost")
    with pytest.raises(Refusal, match="no-partner"):
        report(database, "debits", partner="NOBODY")
