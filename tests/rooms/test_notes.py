"""The notes on revenue told by hand: balances, remaining obligations with what may be left out, splits, the waterfall."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, date, datetime
from typing import Any

import pytest

from tests.builders import (
    a_contract,
    a_line,
    a_product,
    a_shop,
    an_event,
    apply,
    balances,
    behind_its_back,
    bill,
    invoices,
    receive,
    recognize,
    report,
    take_rows,
    users,
)
from urikake.base import runs
from urikake.base.errors import Refusal
from urikake.doors import disclosure, month
from urikake.doors.documents import asked as documents
from urikake.doors.documents import typesetting


def roll(url: str, since: str, until: str) -> dict[str, dict[str, int]]:
    """The causes of each balance; those without a movement left out."""
    found: dict[str, dict[str, int]] = {}
    for row in report(url, "contract-balances", since=since, until=until):
        assert not row["difference"]
        if row["amount"]:
            found.setdefault(row["balance"], {})[row["cause"]] = row["amount"]
    return found


def left(url: str, as_of: str, **options: Any) -> dict[str, tuple[int, ...]]:
    rows = report(url, "remaining-obligations", as_of=as_of, **options)
    return {next(iter(row.values())): tuple(list(row.values())[1:]) for row in rows}


def a_year_in_advance(url: str) -> None:
    """C1: 120,000 for the year from 1 May, billed on 30 April; C2: 30,000 a quarter from 1 April, billed at its end."""
    a_shop(url)
    year = a_line("C1", timing="advance", cycle_months=12, monthly=120_000, start="2026-05-01", end="2027-04-30")
    take_rows(url, "contracts", [year, a_line("C2", timing="arrears", cycle_months=3, monthly=30_000)])


def test_a_year_paid_in_advance_and_a_quarter_billed_afterwards(database: str) -> None:
    a_year_in_advance(database)
    bill(database, "2026-04-30")
    recognize(database, "2026-04")
    # April: C1 is billed 132,000 with its tax, all of it for later; C2 served 10,000 that is not billed.
    assert roll(database, "2026-04-01", "2026-04-30") == {
        "receivable": {"billed": 132_000, "closing": 132_000},
        "contract_asset": {"recognized_ahead": 10_000, "closing": 10_000},
        "contract_liability": {"billed": 120_000, "closing": 120_000},
        "net": {"billed": 120_000, "recognized": -10_000, "closing": 110_000},
    }
    receive(database, 131_560, on="2026-05-29", id="R1")
    apply(database, "R1", invoices(database)[0]["number"], difference="fee")
    bill(database, "2026-05-31", "2026-06-30")
    recognize(database, "2026-05", "2026-06")
    # May and June: two months of C1 are revenue out of the opening 120,000; C2 is billed its 30,000 on 30 June, which
    # clears the asset of 10,000; the other 20,000 are revenue of these months.
    assert roll(database, "2026-05-01", "2026-06-30") == {
        "receivable": {"opening": 132_000, "billed": 33_000, "received": -131_560, "fee": -440, "closing": 33_000},
        "contract_asset": {"opening": 10_000, "billed_after": -10_000},
        "contract_liability": {
            "opening": 120_000, "billed": 20_000, "recognized_opening": -20_000, "recognized": -20_000,
            "closing": 100_000, "of_opening": 20_000,
        },
        "net": {"opening": 110_000, "billed": 30_000, "recognized": -40_000, "closing": 100_000},
    }  # fmt: skip


def test_leases_are_kept_apart(database: str) -> None:
    """3,000 a month for a water server (lease) beside 10,000 of water, on one invoice of 14,300 with tax."""
    a_shop(database)
    a_product(database, "SERVER", unit_price=3_000, obligation="lease")
    lines = [
        a_line("C1"),
        a_line("C1", product="SERVER", timing="advance", cycle_months=2, monthly=6_000, start="2026-05-01"),
    ]
    take_rows(database, "contracts", lines)
    bill(database, "2026-04-30", "2026-05-31")
    recognize(database, "2026-05")
    found = roll(database, "2026-04-01", "2026-05-31")
    # On 30 April 11,000 of service and 6,600 of the lease; on 31 May 11,000 and nothing.
    assert found["receivable"] == {"billed": 28_600, "closing": 28_600, "closing_lease": 6_600}
    assert found["lease"] == {"billed": 6_000, "recognized": -3_000, "closing": 3_000}
    assert found["contract_liability"] == {"billed": 20_000, "recognized": -20_000}
    assert found["net"]["closing"] == 3_000
    rows = report(database, "revenue-by", since="2026-05-01", until="2026-05-31", by="obligation")
    assert [(row["section"], row["key"], row["amount"], row["previous"]) for row in rows] == [
        ("contract", "service", 10_000, 10_000),
        ("lease", "lease", 3_000, 0),
        ("total", "contract", 10_000, 10_000),
        ("total", "lease", 3_000, 0),
        ("total", "by_hand", 0, 0),
        ("total", "books", 13_000, 10_000),
        ("total", "difference", 0, 0),
        ("total", "reduction", 0, 0),
    ]
    assert balances(database)["売上高"] == -23_000
    assert left(database, "2026-05-31") == {"2026": (0, 0, 0, 3_000)}


def test_what_is_bound_and_not_billed_counts_too(database: str) -> None:
    """C1: two years from 1 April at 10,000 a month, billed month by month; C2: month by month without an end."""
    a_shop(database)
    take_rows(database, "contracts", [a_line("C1", end="2028-03-31"), a_line("C2")])
    bill(database, "2026-04-30")
    recognize(database, "2026-04")
    # 23 months of C1 are to come: 8 of 2026, 12 of 2027, 3 of 2028. To C2 nobody is bound beyond what was billed.
    told = {"2026": (80_000, 0, 80_000), "2027": (120_000, 0, 120_000), "2028": (30_000, 0, 30_000)}
    assert left(database, "2026-04-30") == told
    assert left(database, "2026-04-30", by="band") == {"1": (120_000, 0, 120_000), "1-2": (110_000, 0, 110_000)}
    assert left(database, "2026-04-30", by="fiscal-year") == {
        "2026": (110_000, 0, 110_000),
        "2027": (120_000, 0, 120_000),
    }
    assert left(database, "2026-04-30", by="contract") == {"C1": (230_000, 0, 230_000)}
    bill(database, "2026-05-31", "2026-06-30")
    recognize(database, "2026-06")
    assert left(database, "2026-04-30") == told  # looked back at, though billed since
    assert left(database, "2026-06-30")["2026"] == (60_000, 0, 60_000)


def test_a_minimum_binds_and_a_notice_ends(database: str) -> None:
    """Open-ended with a minimum of 18 months; left on 31 May, it is bound no longer."""
    a_shop(database)
    a_contract(database, minimum_months=18, termination_fee=5_000)
    bill(database, "2026-04-30")
    recognize(database, "2026-04")
    assert sum(row[0] for row in left(database, "2026-04-30").values()) == 17 * 10_000
    an_event(database, "cancel", last_day="2026-05-31")
    assert left(database, "2026-04-30") == {"2026": (10_000, 0, 10_000)}


def test_renewals_bind_once_they_are_made(database: str) -> None:
    """A year that renews itself: the next year counts only when it has begun."""
    a_shop(database)
    a_contract(database, end="2027-03-31", auto_renew=12)
    bill(database, "2026-04-30")
    recognize(database, "2026-04")
    assert sum(row[0] for row in left(database, "2026-04-30").values()) == 11 * 10_000
    for on in ("2026-12-31", "2027-04-30"):
        bill(database, on)
    recognize(database, "2027-04")
    assert sum(row[0] for row in left(database, "2027-04-30").values()) == 11 * 10_000
    assert sum(row[0] for row in left(database, "2026-04-30").values()) == 11 * 10_000


def test_what_the_standard_permits_is_left_out_and_shown(database: str) -> None:
    """C1 lasts two years, C2 one; C3 is usage with a minimum of 1,000 a month for two years."""
    a_shop(database)
    a_product(database, "METER", price_model="unit", unit_price=10, revenue="usage", minimum=1_000)
    take_rows(database, "contracts", [
        a_line("C1", end="2028-03-31"), a_line("C2", end="2027-03-31"),
        a_line("C3", product="METER", timing="arrears", end="2028-03-31"),
    ])  # fmt: skip
    bill(database, "2026-04-30")
    recognize(database, "2026-04")
    whole = left(database, "2026-04-30", by="band")
    assert whole == {"1": (120_000 + 110_000 + 12_000, 0, 242_000), "1-2": (110_000 + 11_000, 0, 121_000)}
    found = left(database, "2026-04-30", by="band", exempt="one-year,as-invoiced")
    assert found == {"1": (120_000, 0, 120_000, 110_000, 12_000), "1-2": (110_000, 0, 110_000, 0, 11_000)}
    rows = report(database, "remaining-obligations", as_of="2026-04-30", exempt="as-invoiced")
    assert list(rows[0]) == ["year", "amount", "billed", "unbilled", "as_invoiced"]


def test_a_short_option_of_a_long_contract_is_not_left_out(database: str) -> None:
    a_shop(database)
    take_rows(database, "contracts", [a_line("C1", end="2028-03-31"), a_line("C1", product="OPTION", end="2026-09-30")])
    bill(database, "2026-04-30")
    recognize(database, "2026-04")
    found = left(database, "2026-04-30", by="product", exempt="one-year")
    assert found == {"OPTION": (15_000, 0, 15_000, 0), "PLAN": (230_000, 0, 230_000, 0)}


def test_what_falls_on_obligations_by_selling_price_is_what_remains(database: str) -> None:
    """Setup (alone 30,000) is free with a year at 10,000 a month: 24,000 in April, 8,000 in each month after it."""
    a_shop(database)
    a_product(database, "BEGIN", unit_price=30_000, revenue="contract_start", ssp=30_000)
    a_product(database, "HOST", unit_price=10_000, ssp=10_000)
    term = {"start": "2026-04-01", "end": "2027-03-31"}
    take_rows(database, "contracts", [
        a_line(product="HOST", monthly=10_000, **term), a_line(product="BEGIN", monthly=0, cycle_months=0, **term),
    ])  # fmt: skip
    bill(database, "2026-04-30")
    recognize(database, "2026-04")
    # Of 120,000 there are 32,000 revenue; the bill of April was 10,000, so the other 22,000 are an asset.
    assert roll(database, "2026-04-01", "2026-04-30")["contract_asset"] == {
        "recognized_ahead": 22_000,
        "closing": 22_000,
    }
    assert left(database, "2026-04-30") == {"2026": (64_000, 0, 64_000), "2027": (24_000, 0, 24_000)}
    assert left(database, "2026-04-30", by="product", exempt="one-year") == {"HOST": (0, 0, 0, 88_000)}
    bill(database, "2026-05-31", "2026-06-30")
    recognize(database, "2026-06")
    assert sum(row[0] for row in left(database, "2026-06-30").values()) == 120_000 - 32_000 - 16_000
    rows = report(database, "revenue-by", since="2026-04-01", until="2026-06-30", by="product")
    assert {row["key"]: row["amount"] for row in rows if row["section"] == "contract"} == {
        "BEGIN": 24_000,
        "HOST": 24_000,
    }
    assert [row["amount"] for row in rows if row["key"] == "difference"] == [0]
    fall = report(database, "waterfall", from_month="2026-04", months=3)
    assert sum(row["posted"] for row in fall) == 48_000


def test_revenue_beside_the_same_days_a_year_ago(database: str) -> None:
    a_shop(database)
    a_contract(database, end="2027-12-31")
    for year, last in ((2026, 30), (2027, 30)):
        bill(database, f"{year}-04-{last}")
        recognize(database, f"{year}-04")
    rows = report(database, "revenue-by", since="2027-04-01", until="2027-04-30", by="timing", against="year")
    # The closing of April 2027 bills all twelve months since; eleven of them were accrued by then or are revenue of it.
    earned = balances(database, "2027-03-31")["売上高"] - balances(database, "2027-04-30")["売上高"]
    assert [tuple(row.values()) for row in rows[:1]] == [("contract", "over", earned, 10_000, earned - 10_000)]


def test_by_hand_entered_sales_are_told_beside(database: str) -> None:
    a_shop(database)
    a_contract(database)
    bill(database, "2026-04-30")
    slip = {
        "slip_no": "S1",
        "partner": "P1",
        "date": "2026-04-10",
        "account": "売掛金",
        "credit_account": "売上高",
        "amount": 1_100,
    }
    take_rows(database, "receivables", [slip | {"tax": "standard"}])
    users(database, hana="approver")
    month.approve(database, "receivables", ["S1"], user="hana")
    rows = report(database, "revenue-by", since="2026-04-01", until="2026-04-30")
    total = {row["key"]: row["amount"] for row in rows if row["section"] == "total"}
    assert total["difference"] == 0
    assert total["books"] == -balances(database)["売上高"]
    assert total["by_hand"] == total["books"] - 10_000


def test_a_waterfall_told_by_hand(database: str) -> None:
    a_year_in_advance(database)
    bill(database, "2026-04-30", "2026-05-31", "2026-06-30")
    recognize(database, "2026-06")
    rows = report(database, "waterfall", from_month="2026-05", months=3)
    assert [tuple(row.values()) for row in rows] == [
        ("before", "2026-05", 10_000, 0),
        ("before", "2026-06", 10_000, 0),
        ("before", "2026-07", 0, 10_000),
        ("2026-06", "2026-06", 30_000, 0),
    ]
    earlier = report(database, "waterfall", from_month="2026-04", months=24, as_of="2026-05-31")
    assert {(row["billed"], row["month"]): (row["posted"], row["planned"]) for row in earlier} == {
        ("2026-04", "2026-05"): (10_000, 0),
        **{("2026-04", name): (0, 10_000) for name in (*(f"2026-{m:02}" for m in range(6, 13)), "2027-01", "2027-02",
                                                       "2027-03", "2027-04")},
    }  # fmt: skip


def test_what_a_closed_month_lacked_falls_where_it_was_posted(database: str) -> None:
    """April is closed before C2 is known; billed in advance for the quarter from April on, its April is posted in May."""
    a_shop(database)
    a_contract(database)
    month.close(database, "2026-04")
    a_contract(database, "C2", timing="advance", cycle_months=3, monthly=30_000)
    bill(database, "2026-05-31")
    recognize(database, "2026-05")
    rows = report(database, "waterfall", from_month="2026-04", months=6)
    assert (
        sum(row["posted"] for row in rows if row["month"] == "2026-05")
        == -balances(database, "2026-05-31")["売上高"] + balances(database, "2026-04-30")["売上高"]
    )


@pytest.mark.parametrize(
    ("name", "options", "code"),
    [
        ("waterfall", {"from_month": "2026-04", "months": 61}, "bad-waterfall"),
        ("remaining-obligations", {"as_of": "2026-04-30", "by": "colour"}, "bad-by"),
        ("remaining-obligations", {"as_of": "2026-04-30", "exempt": "all"}, "bad-exempt"),
        ("revenue-by", {"since": "2026-04-01", "until": "2026-04-30", "by": "colour"}, "bad-by"),
        ("revenue-by", {"since": "2026-04-01", "until": "2026-04-30", "against": "never"}, "bad-against"),
        ("contract-balances", {"since": "2026-05-01", "until": "2026-04-30"}, "bad-span"),
    ],
)
def test_what_cannot_be_told_is_refused(database: str, name: str, options: dict[str, Any], code: str) -> None:
    a_shop(database)
    with pytest.raises(Refusal) as refused:
        report(database, name, **options)
    assert refused.value.code == code


def test_lines_that_are_alike_are_told_apart_where_what_they_are_bound_to_differs(database: str) -> None:
    """Both end on the last of March 2028: C1 was agreed on for two years, C2 for one that renewed itself."""
    a_shop(database)
    a_contract(database, end="2028-03-31", auto_renew=12)
    a_contract(database, "C2", end="2027-03-31", auto_renew=12)
    for on in ("2026-04-30", "2027-02-28", "2027-04-30"):
        bill(database, on)
    recognize(database, "2027-04")
    whole = 23 * 10_000 + 11 * 10_000
    assert sum(row[0] for row in left(database, "2026-04-30").values()) == whole
    assert left(database, "2026-04-30", by="contract") == {"C1": (230_000, 0, 230_000), "C2": (110_000, 0, 110_000)}
    assert sum(row[0] for row in left(database, "2027-04-30").values()) == 2 * 11 * 10_000


def test_before_the_company_began_there_is_nothing_to_note(database: str) -> None:
    before = datetime.now(UTC)
    a_shop(database)
    a_contract(database)
    bill(database, "2026-04-30")
    span = {"since": "2026-04-01", "until": "2026-04-30"}
    rows = report(database, "contract-balances", known_at=before, **span)
    assert {row["amount"] for row in rows} == {0}
    assert report(database, "remaining-obligations", as_of="2026-04-30", exempt="one-year", known_at=before) == []
    assert report(database, "waterfall", from_month="2026-04", known_at=before) == []
    assert {row["section"] for row in report(database, "revenue-by", known_at=before, **span)} == {"total"}


# --- the paper -------------------------------------------------------------------------------------------------------


def test_the_paper_says_what_the_reports_say_and_ever_the_same(database: str) -> None:
    a_year_in_advance(database)
    bill(database, "2026-04-30", "2026-05-31")
    recognize(database, "2026-05")
    on = date(2026, 5, 31)
    seen = datetime.now(UTC)
    book = documents.found(database, "notes", on=on, span="month", exempt="one-year")
    paper = book.papers[0]
    assert paper["period"] == "2026年5月1日から2026年5月31日まで"
    split = {row["label"]: row["amounts"] for row in paper["split"]}
    assert split["顧客との契約から生じる収益"] == split["売上の勘定（試算表）"] == [20_000, 0]
    held = [row for row in paper["balances"] if row["label"] == "当期の収益のうち期首の契約負債に含まれていた額"]
    assert [row["amounts"][0] for row in held] == [10_000]
    assert "期首の契約負債に含まれていた額は 10,000円です。" in "".join(paper["sentences"]["balances"])
    assert "契約期間が1年以内の契約（110,000円）は、注記に含めていません。" in "".join(paper["sentences"]["remaining"])
    assert "1円まで一致しています" in paper["proof"]
    drawn = typesetting.pdf(book)
    an_event(database, "cancel", last_day="2026-05-31")
    bill(database, "2026-06-30")
    recognize(database, "2026-06")
    again = documents.found(database, "notes", on=on, span="month", exempt="one-year", known_at=seen)
    assert typesetting.pdf(again) == drawn


@pytest.mark.parametrize(
    ("on", "span", "first"),
    [
        ("2026-05-31", "year", "2026年4月1日"), ("2027-03-31", "year", "2026年4月1日"), ("2026-09-30", "quarter", "2026年7月1日"),
        ("2026-10-15", "quarter", "2026年10月1日"), ("2027-02-28", "month", "2027年2月1日"),
    ],
)  # fmt: skip
def test_a_note_is_of_the_fiscal_year_its_quarter_or_month(database: str, on: str, span: str, first: str) -> None:
    a_shop(database)
    found = documents.found(database, "notes", on=date.fromisoformat(on), span=span).papers[0]
    assert found["period"].startswith(f"{first}から")


def test_what_a_difference_is_stands_on_the_paper(sqlite_url: str) -> None:
    a_year_in_advance(sqlite_url)
    bill(sqlite_url, "2026-04-30")
    behind_its_back(sqlite_url, "UPDATE receivables_item SET gross = gross + 5")
    proof = documents.found(sqlite_url, "notes", on=date(2026, 4, 30)).papers[0]["proof"]
    assert proof.startswith("総勘定元帳との差額が 5円あります。")


def test_a_month_that_is_over_and_not_recognised_is_told(sqlite_url: str) -> None:
    a_year_in_advance(sqlite_url)
    bill(sqlite_url, "2026-04-30")
    recognize(sqlite_url, "2026-04")
    for on, told in ((date(2026, 4, 30), ""), (date(2026, 5, 30), ""), (date(2026, 5, 31), "2026年5月の収益は、まだ")):
        proof = documents.found(sqlite_url, "notes", on=on).papers[0]["proof"]
        assert proof.startswith(told or "総勘定元帳との照合")


@pytest.mark.parametrize(("asked", "code"), [({"span": "week"}, "bad-span-name"), ({"exempt": "all"}, "bad-exempt")])
def test_a_note_of_nothing_known_is_refused(database: str, asked: dict[str, str], code: str) -> None:
    a_shop(database)
    with pytest.raises(Refusal) as refused:
        documents.found(database, "notes", on=date(2026, 4, 30), **asked)
    assert refused.value.code == code


def test_the_balances_are_split_by_contract_or_not_at_all(database: str) -> None:
    a_shop(database)
    with pytest.raises(Refusal) as refused:
        report(database, "contract-balances", since="2026-04-01", until="2026-04-30", by="partner")
    assert refused.value.code == "bad-by"


def test_the_workbook_holds_real_numbers(database: str) -> None:
    a_year_in_advance(database)
    bill(database, "2026-04-30")
    recognize(database, "2026-04")
    with runs.reading(database) as session:
        sheet = disclosure.workbook(disclosure.of(session, date(2026, 4, 30)), "株式会社テスト")
    with zipfile.ZipFile(io.BytesIO(sheet)) as book:
        cells = [book.read(f"xl/worksheets/sheet{at}.xml").decode() for at in (1, 2, 3, 4)]
    assert "<v>10000</v>" in cells[0]
    assert "<v>120000</v>" in cells[1]
    assert "<v>120000</v>" in cells[2]
