"""Books of the accounting package tied out against ours: balances and journals, by account and month, down to the slip."""

from __future__ import annotations

import csv
import io
from collections import Counter
from datetime import date
from typing import Any

import pytest

from tests.builders import a_contract, a_shop, assert_coherent, balances, bill, receive, recognize, report, take_rows
from tests.rooms.test_exports import FIRST, LAST, a_fee, a_year, codes, name, refused, treated
from urikake.base import runs
from urikake.base.errors import FileRefusal
from urikake.core.formats import journals
from urikake.doors import exports
from urikake.rooms.exports import queries
from urikake.rooms.exports.actions import BALANCES
from urikake.rooms.intake.queries import given

# --- 残高照合 ------------------------------------------------------------------------------------------------------


def tie_out(
    url: str, rows: list[dict[str, Any]], on: str, target: str = "freee"
) -> dict[str, tuple[int, int, int, int]]:
    """What comes of the rows of a trial balance: by the package's name its balance, ours, what waits, what nothing explains."""
    found = given(rows, BALANCES, "試算表")
    _, told, _ = exports.tie_out(url, found, target, date.fromisoformat(on))
    return {row["called"]: (row["theirs"], row["ours"], row["not_exported"], row["unexplained"]) for row in told}


def trial(url: str, on: str) -> list[dict[str, Any]]:
    """Our own trial balance as a package that was given everything would tell it."""
    rows = report(url, "trial-balance", as_of=on)
    return [
        {"account": row["account"], "debit" if row["balance"] > 0 else "credit": abs(row["balance"])}
        for row in rows
        if row["balance"]
    ]


def test_balances_that_came_back_agree_where_everything_was_handed_over(database: str) -> None:
    a_year(database)
    exports.export(database, "freee", date(2026, 3, 1), date(2026, 5, 31))
    told = tie_out(database, trial(database, "2026-05-31"), "2026-05-31")
    assert {row[2:] for row in told.values()} == {(0, 0)}
    assert told["売掛金"][0] == told["売掛金"][1] == balances(database, "2026-05-31")["売掛金"]


def test_what_was_not_handed_over_is_told_apart_from_what_was_entered_there(database: str) -> None:
    a_year(database)
    exports.export(database, "freee", date(2026, 3, 1), date(2026, 5, 31))
    before = trial(database, "2026-05-31")
    receive(database, 700, payer="ダレカ", on="2026-05-30", id="LATE")
    there = [row | ({"debit": row["debit"] + 50} if row["account"] == "売掛金" else {}) for row in before]
    told = tie_out(database, [*there, {"account": "交際費", "balance": 50}], "2026-05-31")
    assert told["普通預金"][2:] == (700, 0)
    assert told["仮受金"][2:] == (-700, 0)
    assert (told["売掛金"][2:], told["交際費"]) == ((0, 50), (50, 0, 0, 50))


def test_balances_are_told_by_code_or_on_their_usual_side(database: str) -> None:
    a_shop(database, advance_tax="on_invoice")
    a_contract(database)
    bill(database, "2026-04-30")
    recognize(database, "2026-04")
    name(database, "pca", "account", "売掛金", code="135")
    name(database, "pca", "account", "売上高", code="500")
    rows = [
        {"code": "135", "balance": 11_000},
        {"code": "500", "balance": 10_000},
        {"account": "仮受消費税", "credit": 600},
    ]
    told = tie_out(database, [*rows, {"account": "仮受消費税", "credit": 400}], "2026-04-30", "pca")
    assert {name: row[:2] for name, row in told.items()} == {
        "135": (11_000, 11_000), "500": (-10_000, -10_000), "仮受消費税": (-1_000, -1_000),
    }  # fmt: skip
    assert {row[3] for row in told.values()} == {
        11_000,
        -10_000,
        -1_000,
    }  # nothing was handed over: entered there by hand


def test_a_trial_balance_that_cannot_be_read_is_refused(database: str) -> None:
    a_shop(database)
    for row in ({"balance": 1}, {"account": "売掛金"}, {"account": "売掛金", "balance": 1, "debit": 1}):
        with pytest.raises(FileRefusal):
            tie_out(database, [row], "2026-04-30")
    refused("unknown-target", tie_out, database, [{"account": "売掛金", "balance": 1}], "2026-04-30", "obic")


# --- journals that came back ---------------------------------------------------------------------------------------

SPAN = (date(2026, 3, 1), date(2026, 5, 31))
Cells = list[list[str]]


def tied(url: str, target: str, data: bytes, **how: Any) -> exports.Tied:
    """What comes of a journal in the package's own layout; its sums explain every difference."""
    figures, lines, slips = exports.tie_out_journal(url, ("仕訳帳.csv", data), target, **({"span": SPAN} | how))
    assert [row for row in lines if row["unexplained"]] == []
    return figures, lines, slips


def edited(target: str, data: bytes, change: Any) -> bytes:
    """The file as it is after a person changed its rows (the header not among them)."""
    known = journals.TARGETS[target]
    rows = list(csv.reader(io.StringIO(data.decode(known.encoding))))
    head, body = (rows[:1], rows[1:]) if known.headed else ([], rows)
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([*head, *change(body)])
    return text.getvalue().encode(known.encoding)


def kinds(slips: list[dict[str, Any]]) -> set[tuple[str, str, int, int]]:
    return {(row["kind"], row["account"], row["here"], row["there"]) for row in slips}


@pytest.mark.parametrize("target", ["yayoi", "kanjo-bugyo", "kanjo-bugyo-i", "pca", "freee", "moneyforward", "csv"])
@pytest.mark.parametrize("policy", [{}, {"advance_tax": "on_invoice"}])
def test_a_journal_that_came_back_as_it_went_agrees_in_every_layout(
    database: str, target: str, policy: dict[str, str]
) -> None:
    a_year(database, **policy)
    treated(database, 支払手数料="unqualified:standard")
    if target in {"kanjo-bugyo", "kanjo-bugyo-i", "pca"}:
        codes(database, target)
    name(database, "moneyforward", "tax", "return:exempt", called="非課税売上-返還等")
    name(database, target, "tax", "purchase:standard:10:80", called="課仕80")
    made = exports.export(database, target, *SPAN)
    figures, lines, slips = tied(database, target, made.file)
    assert (figures["off"], figures["other_accounts"], slips) == (0, 0, [])
    months = {row["month_on"] for row in lines}
    assert months == {date(2026, 3, 31), date(2026, 4, 30), date(2026, 5, 31)}
    ours = {}
    for row in lines:
        ours[row["account"]] = ours.get(row["account"], 0) + row["ours"]
    assert {key: amount for key, amount in ours.items() if amount and key} == balances(database, "2026-05-31")


def test_differences_are_explained_by_the_slips_on_either_side(database: str) -> None:
    a_year(database)
    made = exports.export(database, "yayoi", *SPAN)
    body = list(csv.reader(io.StringIO(made.file.decode("cp932"))))
    gone, moved, recoded = [row for row in body if row[0] == "2000" and row[4] == "売掛金"][:3]
    by_hand = [
        "2000",
        "9001",
        "",
        "R.08/05/20",
        "売掛金",
        "",
        "",
        "対象外",
        "1,234",
        "0",
        "現金",
        "",
        "",
        "対象外",
        "1,234",
    ]
    by_hand += ["0", "手入力", "", "", "0", "", "", "0", "0", "no"]

    def change(rows: Cells) -> Cells:
        rows[rows.index(moved)][3] = "2026/05/30"
        rows[rows.index(recoded)][10] = "雑収入"
        return [*(row for row in rows if row != gone), by_hand]

    figures, lines, slips = tied(database, "yayoi", edited("yayoi", made.file, change))
    assert (figures["slips_missing"], figures["slips_extra"], figures["slips_changed"]) == (1, 1, 2)
    amount, other, third = (int(row[8]) for row in (gone, moved, recoded))
    tax = int(recoded[15])
    assert ("missing", "売掛金", amount, 0) in kinds(slips)
    assert {("extra", "売掛金", 0, 1_234), ("extra", "現金", 0, -1_234)} <= kinds(slips)
    assert {("changed", "売上高", tax - third, 0), ("changed", "雑収入", 0, tax - third)} <= kinds(slips)
    dated = [row for row in slips if row["kind"] == "changed" and row["account"] == "売掛金"]
    assert [(row["here"], row["there"], row["there_on"]) for row in dated] == [(other, other, date(2026, 5, 30))]
    hand = next(row for row in slips if row["kind"] == "extra")
    assert (hand["slip"], hand["text"], hand["row"]) == ("9001", "手入力", len(body))
    receivable = [row for row in lines if row["account"] == "売掛金"]
    assert sum(row["missing"] for row in receivable) == amount
    assert sum(row["extra"] for row in receivable) == 1_234
    assert sum(row["changed"] for row in receivable) == 0
    assert figures["off"] > 0


def test_what_waits_is_told_apart_and_what_is_there_twice(database: str) -> None:
    a_year(database)
    made = exports.export(database, "freee", *SPAN)
    receive(database, 700, payer="ダレカ", on="2026-05-30", id="LATE")

    def twice(rows: Cells) -> Cells:
        first = rows[0]
        assert sum(row[2] == first[2] for row in rows) == 1
        return [*rows, [*first[:2], "9999", *first[3:]]]

    figures, lines, slips = tied(database, "freee", edited("freee", made.file, twice))
    assert (figures["slips_waiting"], figures["slips_double"], figures["slips_missing"], figures["slips_extra"]) == (
        1,
        1,
        0,
        0,
    )
    assert {("waiting", "普通預金", 700, 0), ("waiting", "仮受金", -700, 0)} <= kinds(slips)
    suspense = next(row for row in lines if row["account"] == "仮受金" and row["not_exported"])
    assert (suspense["month_on"], suspense["not_exported"]) == (date(2026, 5, 31), -700)


def test_what_was_put_out_again_counts_once(database: str) -> None:
    a_year(database)
    first = exports.export(database, "freee", *SPAN)
    receive(database, 700, payer="ダレカ", on="2026-05-30", id="LATE")
    again = exports.export(database, "freee", *SPAN, again=True)  # the new entry is in this file alone
    assert tied(database, "freee", again.file)[0]["off"] == 0
    figures, _, slips = tied(database, "freee", first.file)
    assert {(row["kind"], row["account"]) for row in slips} == {("missing", "普通預金"), ("missing", "仮受金")}
    assert figures["slips_missing"] == 1
    exports.export(database, "freee", *SPAN, again=True, style="month")
    assert tied(database, "freee", again.file)[0]["off"] == 0
    receive(database, 800, payer="ダレカ", on="2026-05-30", id="LATER")
    refused("again-with-new", exports.export, database, "freee", *SPAN, again=True, style="month")


def padded(at: int) -> Any:
    """The rows with the numbers of slips filled up with noughts."""
    return lambda rows: [[*row[:at], row[at].zfill(6), *row[at + 1 :]] for row in rows]


def without(at: int) -> Any:
    """The rows without the numbers of slips of one row."""

    def change(rows: Cells) -> Cells:
        often = Counter(row[at] for row in rows)
        return [[*row[:at], "" if often[row[at]] == 1 else row[at], *row[at + 1 :]] for row in rows]

    return change


@pytest.mark.parametrize(("target", "number", "day"), [("yayoi", 1, 3), ("freee", 2, 1), ("moneyforward", 0, 1)])
def test_numbers_that_the_package_leaves_out_or_pads_are_no_difference(
    database: str, target: str, number: int, day: int
) -> None:
    a_year(database)
    name(database, "moneyforward", "tax", "return:exempt", called="非課税売上-返還等")
    made = exports.export(database, target, *SPAN)
    changes = [padded(number), without(number)]
    changes.append(lambda rows: [[*row[:day], f"*{row[day]}", *row[day + 1 :]] for row in rows])
    changes += [lambda rows: [[row[0], "", *row[2:]] for row in rows]] if target == "yayoi" else []
    for change in changes:
        assert tied(database, target, edited(target, made.file, change))[2] == []


def test_other_business_of_the_company_is_not_ours_to_explain(database: str) -> None:
    a_year(database)
    made = exports.export(database, "moneyforward", *SPAN)

    def rent(rows: Cells) -> Cells:
        row = [
            "8001",
            "2026/05/25",
            "地代家賃",
            "",
            "",
            "",
            "対象外",
            "",
            "50000",
            "0",
            "普通預金",
            "",
            "",
            "",
            "対象外",
            "",
        ]
        return [*rows, [*row, "50000", "0", "家賃", *[""] * 8]]

    figures, lines, slips = tied(database, "moneyforward", edited("moneyforward", made.file, rent))
    assert (figures["off"], slips) == (0, [])
    bank = next(row for row in lines if row["account"] == "普通預金" and row["month_on"] == date(2026, 5, 31))
    assert (bank["extra"], figures["other_accounts"]) == (-50_000, 1)


def test_columns_of_any_journal_or_ledger_are_taken_by_their_names(database: str) -> None:
    a_shop(database, advance_tax="on_invoice", opening_month="2026-03")
    a_contract(database)
    bill(database, "2026-04-30")
    recognize(database, "2026-04")
    exports.export(database, "freee", *SPAN)
    book = '日付,勘定科目,借方,貸方,摘要\n2026/4/30,売掛金,"11,000",,請求\n2026/5/10,売掛金,,500,手入力\n'
    figures, lines, slips = tied(database, "freee", book.encode("cp932"))
    assert {row["account"] for row in lines} == {"売掛金"}
    assert (figures["off"], [(row["kind"], row["there"]) for row in slips]) == (1, [("extra", -500)])
    both = "日付,伝票番号,借方勘定科目,借方金額,貸方勘定科目,貸方金額,貸方消費税額\n2026-04-30,7,売掛金,11000,売上高,11000,1000\n"
    assert tied(database, "freee", both.encode())[2] == []


def test_a_journal_that_cannot_be_read_is_refused_with_line_and_column_and_nothing_is_kept(database: str) -> None:
    a_year(database)
    made = exports.export(database, "yayoi", *SPAN)

    def broken(rows: Cells) -> Cells:
        rows[0][3] = "いつか"
        rows[1][8] = "千円"
        return rows

    with pytest.raises(FileRefusal) as told:
        tied(database, "yayoi", edited("yayoi", made.file, broken))
    assert {(1, "取引日付", "いつか"), (2, "借方金額", "千円")} <= {
        (error.line, error.column, error.value) for error in told.value.errors
    }
    with pytest.raises(FileRefusal) as told:
        tied(database, "freee", "日付,勘定科目,借方,貸方\nいつか,売掛金,1,\n2026-04-01,売掛金,x,\n".encode())
    assert [(error.line, error.column) for error in told.value.errors] == [(2, "日付"), (3, "借方")]
    unbalanced = edited("yayoi", made.file, lambda rows: [[*rows[0][:8], "1", *rows[0][9:]], *rows[1:]])
    with pytest.raises(FileRefusal, match="貸借が"):
        tied(database, "yayoi", unbalanced)
    refused("unknown-journal", tied, database, "freee", b"a,b\n1,2\n")
    refused("empty-file", tied, database, "freee", "日付,勘定科目,借方,貸方\n".encode(), span=None)
    with runs.reading(database) as session:
        assert queries.tie_outs(session).is_empty()


def test_tax_of_purchases_leaves_its_account_in_balances_too(database: str) -> None:
    a_fee(database, "2026-05-29", "purchase:standard")
    exports.export(database, "yayoi", FIRST, LAST)
    there = [row for row in trial(database, "2026-05-31") if row["account"] != "支払手数料"]
    rows = [*there, {"account": "支払手数料", "balance": 400}, {"account": "仮払消費税", "balance": 40}]
    _, lines, _ = exports.tie_out(database, given(rows, BALANCES, "試算表"), "yayoi", date(2026, 5, 31))
    told = {row["called"]: (row["ours"], row["moved"], row["unexplained"]) for row in lines}
    assert told["支払手数料"] == (440, -40, 0)
    assert told["仮払消費税"] == (0, 40, 0)
    assert {row["unexplained"] for row in lines} == {0}


def test_balances_of_several_months_are_tied_out_each(database: str) -> None:
    a_year(database)
    exports.export(database, "freee", *SPAN)
    days = ["2026-03-31", "2026-04-30", "2026-05-31"]
    rows = [row | {"date": day} for day in days for row in trial(database, day)]
    rows[0] = {"account": rows[0]["account"], "debit": rows[0].get("debit", 0) + 1, "date": "2026-03-31"}
    _, lines, _ = exports.tie_out(database, given(rows, BALANCES, "試算表"), "freee", date(2026, 5, 31))
    assert {str(row["month_on"]) for row in lines} == set(days)
    assert [str(row["month_on"]) for row in lines if row["unexplained"]] == ["2026-03-31"]
    with pytest.raises(FileRefusal):
        exports.tie_out(database, given(rows, BALANCES, "試算表"), "freee", date(2026, 4, 30))


def test_a_comparison_is_told_ever_after_as_a_report(database: str) -> None:
    a_year(database)
    assert report(database, "tie-out") == report(database, "tie-out-slips") == []
    made = exports.export(database, "freee", *SPAN)
    tied(database, "freee", made.file)
    figures, _, slips = tied(database, "freee", edited("freee", made.file, lambda rows: rows[1:]))
    told = report(database, "tie-out-slips")
    assert [(row["kind"], row["account"], row["here"]) for row in told] == [
        (row["kind"], row["account"], row["here"]) for row in slips
    ]
    assert figures["slips_missing"] == len({row["slip"] for row in told}) == 1
    assert report(database, "tie-out-slips", source="1") == []
    assert {row["unexplained"] for row in report(database, "tie-out", source="2")} == {0}
    assert_coherent(database)
    refused("no-tie-out", report, database, "tie-out", source="99")
    refused("bad-span", exports.tie_out_journal, database, ("x.csv", made.file), "freee", (SPAN[1], SPAN[0]))


def test_files_that_tell_the_package_themselves_are_tied_out_when_they_are_taken_in(database: str) -> None:
    a_year(database)
    exports.export(database, "freee", *SPAN)
    rows = [{"target": "freee", "date": "2026-05-31"} | row for row in trial(database, "2026-05-31")]
    assert take_rows(database, "ledger-balances", rows) == len(rows)
    row = {"target": "freee", "date": "2026-05-20", "account": "売掛金", "debit": 5}
    assert take_rows(database, "ledger-journal", [row]) == 1
    assert {row["month_on"] for row in report(database, "tie-out")} == {"2026-05-31"}
    for kind, wrong in (("ledger-journal", row), ("ledger-balances", rows[0])):
        for change in ({"target": ""}, {"date": ""}):
            with pytest.raises(FileRefusal):
                take_rows(database, kind, [wrong | change])
        with pytest.raises(FileRefusal):
            take_rows(database, kind, [wrong, wrong | {"target": "yayoi"}])


def test_the_close_page_is_told_whether_the_month_was_tied_out(database: str) -> None:
    a_year(database)
    made = exports.export(database, "freee", *SPAN)

    def told(first: str, last: str) -> list[int]:
        with runs.reading(database) as session:
            found = queries.tied_in(session, date.fromisoformat(first), date.fromisoformat(last))
            return [queries.off(queries.tied(session, number)).height for number in found["tie_out_id"]]

    assert told("2026-05-01", "2026-05-31") == []
    tied(database, "freee", edited("freee", made.file, lambda rows: rows[1:]))
    assert told("2026-04-01", "2026-04-30")[0] > 0
    assert told("2026-06-01", "2026-06-30") == []
    exports.tie_out(database, given(trial(database, "2026-04-30"), BALANCES, "試算表"), "freee", date(2026, 4, 30))
    assert told("2026-04-01", "2026-04-30") == [0]
