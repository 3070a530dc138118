"""Journal files: the examples of the sheets, laws of folding and pairing, files read by an independent reader, faults told."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from urikake.core.formats import journals
from urikake.core.formats.journals import TARGETS, folded, paired, read

DAY = date(2026, 10, 31)
LINES = {
    "entry": pl.Int64,
    "account": pl.String,
    "tax": pl.String,
    "role": pl.String,
    "amount": pl.Int64,
    "rate_micro": pl.Int64,
}
RATE = {"standard": 10_000_000, "reduced": 8_000_000}
ROLE = {"売上高": "sale", "売上値引": "return", "貸倒損失": "loss"}


def lines(*rows: tuple[int, str, str, int]) -> pl.DataFrame:
    told = [
        (entry, account, tax, ROLE.get(account, "none"), amount, RATE.get(tax)) for entry, account, tax, amount in rows
    ]
    return pl.DataFrame(told, schema=LINES, orient="row")


# --- folding -------------------------------------------------------------------------------------------------------


def test_the_tax_of_a_discount_of_two_rates_goes_into_each() -> None:
    found = folded(
        lines(
            (1, "仮受金", "", 32_560), (1, "売掛金", "standard", -22_000), (1, "売掛金", "reduced", -11_000),
            (1, "売上値引", "standard", 267), (1, "売上値引", "reduced", 137), (1, "仮受消費税", "standard", 26),
            (1, "仮受消費税", "reduced", 10),
        ),
        "仮受消費税",
        "売上高",
    )  # fmt: skip
    told = [row for row in found.select("account", "tax", "amount", "tax_amount").iter_rows() if row[0] == "売上値引"]
    assert told == [("売上値引", "standard", 293, 26), ("売上値引", "reduced", 147, 10)]


def shown(*rows: tuple[int, str, str, int]) -> list[tuple[str, int, int, bool]]:
    return folded(lines(*rows), "仮受消費税", "売上高").select("account", "amount", "tax_amount", "taxed").rows()


def test_tax_that_is_no_lines_own_stands_beside_its_base() -> None:
    before = shown((1, "前受金", "", 10), (1, "仮受消費税", "standard", -10))
    assert before == [("前受金", 10, 0, False), ("売上高", -110, -10, True), ("売上高", 100, 0, False)]
    later = shown((1, "契約負債", "", 833), (1, "売上高", "standard", -833))
    assert later == [("契約負債", 833, 0, False), ("売上高", -833, 0, False)]
    exempt = shown((1, "売掛金", "", 500), (1, "売上高", "exempt", -500))
    assert exempt == [("売掛金", 500, 0, False), ("売上高", -500, 0, True)]


def test_tax_of_lines_on_both_sides_is_no_lines_own() -> None:
    both = shown(
        (1, "売上高", "standard", 100),
        (1, "売上高", "standard", -300),
        (1, "仮受消費税", "standard", -20),
        (1, "売掛金", "", 220),
    )
    assert both == [
        ("売上高", 100, 0, False), ("売上高", -300, 0, False), ("売上高", -220, -20, True), ("売上高", 200, 0, False),
        ("売掛金", 220, 0, False),
    ]  # fmt: skip


ACCOUNTS = ("売掛金", "売上高", "売上値引", "前受金", "仮受消費税")
ENTRY = st.lists(
    st.tuples(st.sampled_from(ACCOUNTS), st.sampled_from(["", "standard", "reduced", "exempt"]), st.integers(-10**9, 10**9)),
    min_size=1, max_size=9,
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(ENTRY, min_size=1, max_size=5))
def test_no_yen_is_lost_by_folding_and_pairing(entries: list[list[tuple[str, str, int]]]) -> None:
    rows = []
    for at, entry in enumerate(entries, 1):
        left = -sum(amount for *_, amount in entry)
        rows += [(at, *line) for line in (*entry, ("普通預金", "", left))]
    found = lines(*rows)
    whole = folded(found, "仮受消費税", "売上高")

    def sums(frame: pl.DataFrame, net: bool) -> dict[tuple[int, str], int]:
        told: dict[tuple[int, str], int] = defaultdict(int)
        for row in frame.iter_rows(named=True):
            inside = row.get("tax_amount", 0) if net else 0
            told[row["entry"], row["account"]] += row["amount"] - inside
            told[row["entry"], "仮受消費税"] += inside
        return {key: amount for key, amount in told.items() if amount}

    assert sums(whole, net=True) == sums(found, net=False)
    slips = paired(whole)
    for (at,), mine in slips.group_by("entry"):
        debit, credit = (int(mine[f"{side}_amount"].sum()) for side in journals.SIDES)
        assert (
            debit
            == credit
            == sum(max(row["amount"], 0) for row in whole.filter(pl.col("entry") == at).iter_rows(named=True))
        )
        assert mine["at"].to_list() == list(range(1, mine.height + 1)) and set(mine["rows"]) == {mine.height}  # noqa: PT018


# --- files ---------------------------------------------------------------------------------------------------------

SIDE = {
    "account": pl.String, "account_code": pl.String, "sub": pl.String, "sub_code": pl.String, "department": pl.String,
    "department_code": pl.String, "partner": pl.String, "partner_code": pl.String, "tax": pl.String, "invoice": pl.String,
    "percent": pl.Int64,
    "reduced": pl.Boolean, "amount": pl.Int64, "tax_amount": pl.Int64,
}  # fmt: skip
ROWS = {"slip": pl.Int64, "at": pl.Int64, "rows": pl.Int64, "date": pl.Date, "text": pl.String, "memo": pl.String} | {
    f"{side}_{name}": kind for side in journals.SIDES for name, kind in SIDE.items()
}


def side(account: str, code: str, amount: int, tax: str, tax_amount: int = 0, **more: object) -> dict[str, object]:
    return {"account": account, "account_code": code, "amount": amount, "tax": tax, "tax_amount": tax_amount} | more


def row(debit: dict[str, object] | None, credit: dict[str, object] | None, **more: object) -> dict[str, object]:
    told: dict[str, object] = {
        "slip": 1,
        "at": 1,
        "rows": 1,
        "date": DAY,
        "text": "請求 INV-2026-0001",
        "memo": "",
    } | more
    for name, one in (("debit", debit), ("credit", credit)):
        told |= {f"{name}_{key}": value for key, value in (one or {}).items()}
    return told


def frame(*rows: dict[str, object]) -> pl.DataFrame:
    return pl.DataFrame([{name: one.get(name) for name in ROWS} for one in rows], schema=ROWS)


def written(target: str, *rows: dict[str, object]) -> list[str]:
    known = TARGETS[target]
    return known.written(frame(*rows)).decode(known.encoding).split("\r\n")


def test_a_sale_in_yayoi_is_these_columns() -> None:
    sale = row(
        side("売掛金", "", 110_000, "対象外", sub="架空物産"), side("売上高", "", 110_000, "課税売上内10%", 10_000)
    )
    assert written("yayoi", sale) == [
        "2000,1,,2026/10/31,売掛金,架空物産,,対象外,110000,0,売上高,,,課税売上内10%,110000,10000,請求 INV-2026-0001,,,0,,,0,0,no",
        "",
    ]


def test_a_slip_of_two_rows_in_yayoi_is_marked_first_and_last() -> None:
    first = row(
        side("普通預金", "", 109_560, "対象外"), side("売掛金", "", 110_000, "対象外", sub="架空物産"), slip=2, rows=2
    )
    last = row(side("支払手数料", "", 440, "対象外"), None, slip=2, at=2, rows=2, text="振込手数料")
    told = [line.split(",") for line in written("yayoi", first, last)[:2]]
    assert [(cells[0], cells[19]) for cells in told] == [("2110", "3"), ("2101", "3")]
    assert told[1][10:16] == ["", "", "", "対象外", "0", "0"]
    assert {len(cells) for cells in told} == {25}


def test_a_sale_in_the_others_is_what_their_sheets_show() -> None:
    debit = side("売掛金", "135", 110_000, "対象外", sub_code="0001", partner="架空物産", partner_code="C001")
    credit = side("売上高", "500", 110_000, "課税売上10%", 10_000, partner="架空物産", percent=10, reduced=False)
    freee = written("freee", row(debit | {"account_code": None, "partner_code": None}, credit | {"account_code": None}))
    assert freee[1] == (
        "[明細行],2026/10/31,1,,売掛金,,,架空物産,,,,,,,,110000,対象外,0,売上高,,,架空物産,,,,,,,,110000,課税売上10%,10000,"
        "請求 INV-2026-0001"
    )
    assert len(freee[0].split(",")) == 33
    pca = written("pca", row(debit | {"tax": "00"}, credit | {"tax": "B5"}))
    assert pca[1] == "20261031,1,0,,135,0001,00,110000,0,1,,500,,B5,110000,10000,請求 INV-2026-0001,10"
    money = written("moneyforward", row(debit | {"sub": "架空物産"}, credit | {"tax": "課税売上 10%"}))
    assert money[1] == (
        "1,2026/10/31,売掛金,架空物産,,架空物産,対象外,,110000,0,売上高,,,架空物産,課税売上 10%,,110000,10000,請求 INV-2026-0001,,,,,,,,"
    )
    cloud = dict(
        zip(
            *(
                line.split(",")
                for line in written("kanjo-bugyo", row(debit | {"tax": "0000"}, credit | {"tax": "0060"}))[:2]
            ),
            strict=True,
        )
    )
    assert cloud["GL0010000"] == "*"
    assert [cloud[f"GL0013{item}"] for item in ("002", "004", "015", "005", "007", "101", "102")] == [
        "500", "0060", "0", "10", "0", "100000", "10000",
    ]  # fmt: skip
    assert [cloud[f"GL0012{item}"] for item in ("001", "002", "009", "101", "102")] == [
        "0000",
        "135",
        "C001",
        "110000",
        "0",
    ]


# --- an independent reader -----------------------------------------------------------------------------------------

# Where each package has day, slip, and of both sides account, amount, tax amount: counted in its sheet, from 0.
PLACES = {
    "yayoi": (3, 1, (4, 8, 9), (10, 14, 15)),
    "freee": (1, 2, (4, 15, 17), (18, 29, 31)),
    "moneyforward": (1, 0, (2, 8, 9), (10, 16, 17)),
    "pca": (0, 1, (4, 7, 8), (11, 14, 15)),
}


def slowly(target: str, data: bytes) -> dict[tuple[str, str], list[int]]:
    """By slip and account the amounts with tax (debits positive) and the taxes, cell by cell."""
    known = TARGETS[target]
    cells = list(csv.reader(io.StringIO(data.decode(known.encoding), newline="")))[1 if known.headed else 0 :]
    _, slip, *sides = PLACES[target]
    found: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for line in cells:
        for sign, (account, amount, tax) in zip((1, -1), sides, strict=True):
            if line[account]:
                found[line[slip], line[account]][0] += sign * int(line[amount])
                found[line[slip], line[account]][1] += sign * int(line[tax] or 0)
    return dict(found)


AMOUNT = st.integers(1, 10**10)
TEXT = st.text(alphabet='請求"、,A\nｱ髙－~', max_size=40)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.lists(AMOUNT, min_size=1, max_size=4), st.integers(0, 400), TEXT), min_size=1, max_size=6))
def test_what_is_written_is_read_back_by_two_readers(slips: list[tuple[list[int], int, str]]) -> None:
    rows = []
    for number, (credits, day, text) in enumerate(slips, 1):
        total, shown = sum(credits), journals.cut(text, 64)
        for at, amount in enumerate(credits, 1):
            debit = side("売掛金", "135", total, "対象外", sub="A社") if at == 1 else None
            credit = side("売上高", "500", amount, "課税売上内10%", amount // 11, percent=10, reduced=False)
            rows.append(
                row(
                    debit,
                    credit,
                    slip=number,
                    at=at,
                    rows=len(credits),
                    date=DAY + timedelta(day),
                    text=shown if at == 1 else "",
                )
            )
    for target, known in TARGETS.items():
        data = known.written(frame(*rows))
        sides, problems = read(target, data)
        assert problems == [], target
        sums: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
        for one in sides:
            sign = 1 if one.debit else -1
            sums[one.slip, one.account][0] += sign * one.amount
            sums[one.slip, one.account][1] += sign * one.tax_amount
        assert sum(one.amount for one in sides if one.debit) == sum(sum(credits) for credits, *_ in slips)
        if target in PLACES:
            assert dict(sums) == slowly(target, data), target


@pytest.mark.parametrize(
    ("target", "old", "new", "why"),
    [
        ("yayoi", "110000,10000", "110001,10000", "貸借が -1円 合いません"),
        ("yayoi", "2000,1", "2101,1", "2000・2110・2111 のどれかが来ます"),
        ("yayoi", "2026/10/31", "2026/13/31", "日付ではありません"),
        ("yayoi", ",no", "", "25 列ではありません"),
        ("freee", "[明細行]", "", "[明細行] で始まります"),
        ("freee", "110000,対象外", "11万,対象外", "整数ではありません"),
        ("moneyforward", "課税売上内10%", "", "税区分がありません"),
        ("kanjo-bugyo", "*,", ",", "伝票の最初の行は * です"),
        ("pca", "貸方金額", "金額", "この列がありません"),
        ("csv", "\r\n", "\n", "CRLF ではない改行"),
    ],
)  # fmt: skip
def test_what_a_package_would_not_take_is_told(target: str, old: str, new: str, why: str) -> None:
    sale = row(
        side("売掛金", "135", 110_000, "対象外"),
        side("売上高", "500", 110_000, "課税売上内10%", 10_000, percent=10, reduced=False),
    )
    known = TARGETS[target]
    text = known.written(frame(sale)).decode(known.encoding)
    assert old in text
    _, problems = read(target, text.replace(old, new, 1).encode(known.encoding))
    assert any(why in str(problem) for problem in problems), [str(problem) for problem in problems]


def test_letters_that_a_file_cannot_hold_are_told_and_every_key_has_a_name_or_has_to_be_told() -> None:
    assert TARGETS["pca"].unwritable("𠮷野家髙") == "𠮷"
    assert read("yayoi", "売上𠮷".encode())[1] != []
    for target in TARGETS:
        names = journals.names(target)
        assert {"none", "sale:standard:10", "sale:reduced:8", "sale:exempt", "sale:export"} <= set(names), target
