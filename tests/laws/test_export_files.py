"""Every line of every file of journals, read by a reader that knows the vendors' sheets alone: columns, coding, balance, tax classes.

Nothing of the product reads here. What the files say, all together, is what the trial balance says.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

import pytest

from tests import builders
from tests.simulator.play import play
from tests.simulator.story import told
from urikake.base import runs
from urikake.base.company import dimensions
from urikake.doors import exports

FIRST, LAST = date(1900, 1, 1), date(2099, 12, 31)
SIDES = ("借方", "貸方")
ENCODINGS = {"yayoi": "cp932", "kanjo-bugyo": "cp932", "kanjo-bugyo-i": "cp932", "pca": "cp932"}
CODED = ("kanjo-bugyo", "kanjo-bugyo-i", "pca")

CLOUD_SIDE = "001 002 003 004 015 005 007 009 101 102".split()
LOCAL_SIDE = "00 01 02 03 06 08 13 14 20 22".split()
PCA_SIDE = "税計算モード 部門コード 科目コード 補助コード 税区分コード 金額 消費税額".split()
FREEE_SIDE = (
    "勘定科目 科目コード 補助科目 取引先 取引先コード 部門 品目 メモタグ セグメント1 セグメント2 セグメント3 金額 税区分 "
    "税額"
).split()
MONEY_SIDE = "勘定科目 補助科目 部門 取引先 税区分 インボイス 金額(円) 税額".split()
PLAIN_SIDE = "account sub department partner_code partner tax amount tax_amount".split()
HEADS = {
    "kanjo-bugyo": [
        *"GL0010000 GL0010001 GL0010003 GL0010005 GL0010006".split(),
        *(f"GL0012{code}" for code in CLOUD_SIDE), *(f"GL0013{code}" for code in CLOUD_SIDE), "GL0011001",
    ],
    "kanjo-bugyo-i": [
        *"OBCD001 CSJS005 CSJS007".split(), *(f"CSJS2{code}" for code in LOCAL_SIDE), *(f"CSJS3{code}" for code in LOCAL_SIDE),
        "CSJS100",
    ],
    "pca": ["伝票日付", "伝票番号", *(side + name for side in SIDES for name in PCA_SIDE), "摘要文", "入力プログラム区分"],
    "freee": ["[表題行]", "日付", "伝票番号", "決算整理仕訳", *(side + name for side in SIDES for name in FREEE_SIDE), "摘要"],
    "moneyforward": [
        "取引No", "取引日", *(side + name for side in SIDES for name in MONEY_SIDE),
        *"摘要 仕訳メモ タグ MF仕訳タイプ 決算整理仕訳 作成日時 作成者 最終更新日時 最終更新者".split(),
    ],
    "csv": [
        "slip", "row", "date", *(f"{side}_{name}" for side in ("debit", "credit") for name in PLAIN_SIDE), "description", "entry",
    ],
}  # fmt: skip
CLASSES = {
    "yayoi": "対象外 対外売上 課税売上内10% 課税売上内軽減8% 課税売返内10% 課税売返内軽減8% 課税売倒内10% 課税売倒内軽減8% 非課売上 "
    "非課売返 輸出売上 輸出売返 課対仕入内10%適格",
    "kanjo-bugyo": "0000 0010 0060 0061 0062 0080 0081 0090",
    "kanjo-bugyo-i": "0000 0010 0060 0061 0062 0080 0081 0090",
    "pca": "00 97 A0 B5 B6 C5 C6 D5 D6 F0 G0 H0 S5",
    "freee": "対象外 対外売上 課税売上10% 課税売上8%（軽） 課税売返10% 課税売返8%（軽） 課税売倒10% 課税売倒8%（軽） 非課売上 非課売返 "
    "輸出売上 輸出売返 課対仕入10%",
    "moneyforward": "対象外|対象外売上|課税売上 10%|課税売上 (軽)8%|課税売上-返還等 10%|課税売上-返還等 (軽)8%|課税売上-貸倒 10%|"
    "課税売上-貸倒 (軽)8%|非課税売上|非課税売上-返還等|輸出売上 0%|輸出-返還等|課税仕入 10%",
    "csv": "none sale:standard:10 sale:reduced:8 sale:exempt sale:export sale:out_of_scope return:standard:10 return:reduced:8 "
    "return:exempt return:export return:out_of_scope loss:standard:10 loss:reduced:8 loss:exempt loss:export loss:out_of_scope "
    "purchase:standard:10",
}  # fmt: skip


@dataclass(frozen=True)
class Line:
    """A side of a row, as the sheets say it is read: amounts with their tax, positive."""

    slip: tuple[str, str]
    side: int
    account: str
    tax: str
    amount: int
    tax_amount: int
    text: str


def table(target: str, data: bytes) -> Iterator[dict[str, str]]:
    """The rows by column, after what holds of any row: coding, line ends, the header, the number of columns."""
    text = data.decode(ENCODINGS.get(target, "utf-8"))
    if target not in ENCODINGS:
        assert text.startswith("\ufeff")
        text = text[1:]
    assert text.endswith("\r\n")
    assert "\n" not in text.replace("\r\n", "")
    rows = list(csv.reader(io.StringIO(text, newline="")))
    head = [str(at) for at in range(1, 26)] if target == "yayoi" else rows.pop(0)
    assert target == "yayoi" or head == HEADS[target]
    for row in rows:
        assert len(row) == len(head), row
        yield dict(zip(head, row, strict=True))


def wide(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "FWA" else 1 for letter in text)


def whole(text: str) -> int:
    assert re.fullmatch(r"-?\d+", text), text
    return int(text)


def yayoi(data: bytes) -> Iterator[Line]:
    inside = False
    for row in table("yayoi", data):
        flag = row["1"]
        assert flag in ({"2100", "2101"} if inside else {"2000", "2110"})
        inside = flag in {"2110", "2100"}
        assert re.fullmatch(r"\d{1,6}", row["2"])
        assert re.fullmatch(r"\d{4}/\d\d/\d\d", row["4"])
        assert row["20"] == ("0" if flag == "2000" else "3")
        assert (row["25"], row["23"], row["24"]) == ("no", "0", "0")
        assert wide(row["17"]) <= 64
        for side, first in ((1, 5), (-1, 11)):
            account, sub, place, tax, amount, tax_amount = (row[str(at)] for at in range(first, first + 6))
            assert max(wide(account), wide(sub), wide(place)) <= 24
            if not account:
                assert (tax, amount, tax_amount) == ("対象外", "0", "0")
                continue
            yield Line((row["4"], row["2"]), side, account, tax, whole(amount), whole(tax_amount), row["17"])
    assert not inside


def bugyo(target: str, data: bytes) -> Iterator[Line]:
    mark, day, number, text, sides, names = {
        "kanjo-bugyo": ("GL0010000", "GL0010001", "GL0010003", "GL0011001", ("GL0012", "GL0013"),
                        ("002", "004", "101", "102", "015", "005")),
        "kanjo-bugyo-i": ("OBCD001", "CSJS005", "CSJS007", "CSJS100", ("CSJS2", "CSJS3"), ("01", "03", "13", "14", "22", "20")),
    }[target]  # fmt: skip
    slip = ("", "")
    for at, row in enumerate(table(target, data)):
        assert row[mark] == "*" or (row[mark] == "" and at > 0 and row[day] == row[number] == "")
        if row[mark]:
            slip = (row[day], row[number])
            assert re.fullmatch(r"\d{4}/\d\d/\d\d", row[day])
        for side, before in zip((1, -1), sides, strict=True):
            account, tax, net, tax_amount, reduced, percent = (row[before + name] for name in names)
            if not account:
                assert tax == net == tax_amount == ""
                continue
            if tax in {"0060", "0061", "0062", "0010"}:
                assert (reduced, percent) in {("0", "10"), ("1", "8")}
            yield Line(slip, side, account, tax, whole(net) + whole(tax_amount), whole(tax_amount), row[text])


def pca(data: bytes) -> Iterator[Line]:
    for row in table("pca", data):
        assert re.fullmatch(r"\d{8}", row["伝票日付"])
        assert 1 <= whole(row["伝票番号"]) <= 99_999
        assert row["入力プログラム区分"] == "10"
        for side, word in zip((1, -1), SIDES, strict=True):
            mode, place, account, sub, tax, amount, tax_amount = (row[word + name] for name in PCA_SIDE)
            assert len(account) <= 10 >= len(sub)
            assert len(place) <= 6
            if not account:
                assert mode == tax == amount == tax_amount == ""
                continue
            assert mode == ("1" if whole(tax_amount) else "0")
            slip = (row["伝票日付"], row["伝票番号"])
            yield Line(slip, side, account, tax, whole(amount), whole(tax_amount), row["摘要文"])


def named(target: str, data: bytes) -> Iterator[Line]:
    """freee, マネーフォワード and the plain table."""
    day, number, text, sides, names = {
        "freee": ("日付", "伝票番号", "摘要", SIDES, ("勘定科目", "税区分", "金額", "税額")),
        "moneyforward": ("取引日", "取引No", "摘要", SIDES, ("勘定科目", "税区分", "金額(円)", "税額")),
        "csv": ("date", "slip", "description", ("debit_", "credit_"), ("account", "tax", "amount", "tax_amount")),
    }[target]
    for row in table(target, data):
        assert re.fullmatch(r"\d{4}[-/]\d\d[-/]\d\d", row[day])
        assert re.fullmatch(r"\d{1,9}", row[number])
        assert target != "freee" or row["[表題行]"] == "[明細行]"
        assert target != "moneyforward" or len(row[text]) <= 200
        for side, before in zip((1, -1), sides, strict=True):
            account, tax, amount, tax_amount = (row[before + name] for name in names)
            if not account:
                assert {tax, amount, tax_amount} <= {"", "0"}
                continue
            yield Line((row[day], row[number]), side, account, tax, whole(amount), whole(tax_amount), row[text])


READERS: dict[str, Callable[[bytes], Iterator[Line]]] = {
    "yayoi": yayoi, "kanjo-bugyo": lambda data: bugyo("kanjo-bugyo", data), "pca": pca,
    "kanjo-bugyo-i": lambda data: bugyo("kanjo-bugyo-i", data), "freee": lambda data: named("freee", data),
    "moneyforward": lambda data: named("moneyforward", data), "csv": lambda data: named("csv", data),
}  # fmt: skip


def read(target: str, data: bytes) -> list[Line]:
    """All lines, after what holds of every slip and class."""
    lines = list(READERS[target](data))
    balance: dict[tuple[str, str], int] = defaultdict(int)
    for line in lines:
        balance[line.slip] += line.side * line.amount
        assert line.amount > 0
        assert abs(line.tax_amount) <= line.amount
    assert set(balance.values()) == {0}
    allowed = CLASSES[target].split("|" if "|" in CLASSES[target] else None)
    assert {line.tax for line in lines} <= set(allowed), {line.tax for line in lines} - set(allowed)
    return lines


def sums(target: str, lines: list[Line], fees: str) -> dict[str, int]:
    """What the lines say by account, tax apart; that of what was bought on an account of its own."""
    found: dict[str, int] = defaultdict(int)
    for line in lines:
        found[line.account] += line.side * (line.amount - line.tax_amount)
        found["paid" if line.account == fees else "owed"] += line.side * line.tax_amount
    return {account: amount for account, amount in found.items() if amount}


def names_of(url: str, target: str) -> dict[str, str]:
    """Every account with what it is in the package; codes, and what packages do not publish, are told them here."""
    accounts = [row["account"] for row in builders.report(url, "trial-balance", as_of=str(LAST))]
    rows = [{"target": "all", "kind": "role", "ours": "支払手数料", "code": "purchase:standard"}]
    coded = {account: str(100 + at) for at, account in enumerate(accounts)}
    if target in CODED:
        rows += [
            {"target": target, "kind": "account", "ours": account, "code": code} for account, code in coded.items()
        ]
        with runs.reading(url) as session:
            places = set(dimensions(session)["department"])
        rows += [
            {"target": target, "kind": "department", "ours": place, "code": str(1 + at)}
            for at, place in enumerate(sorted(filter(None, places)))
        ]  # fmt: skip
    if target in {"kanjo-bugyo", "kanjo-bugyo-i"}:
        rows += [
            {"target": target, "kind": "tax", "ours": f"{role}:{name}", "called": code}
            for role in ("return", "loss")
            for name, code in (("standard:10", "0061"), ("reduced:8", "0062"), ("exempt", "0081"), ("export", "0090"))
        ]
    if target == "moneyforward":
        rows += [
            {"target": target, "kind": "tax", "ours": "return:exempt", "called": "非課税売上-返還等"},
            {"target": target, "kind": "tax", "ours": "return:export", "called": "輸出-返還等"},
            {"target": target, "kind": "tax", "ours": "loss:reduced:8", "called": "課税売上-貸倒 (軽)8%"},
        ]
    builders.take_rows(url, "export-mappings", rows)
    return coded if target in CODED else {account: account for account in accounts}


@pytest.fixture(params=[5, 11], ids=lambda seed: f"seed{seed}")
def url(database: str, request: pytest.FixtureRequest) -> str:
    """A simulated company after five months."""
    play(database, told(request.param, months=5, size=8), checked=False)
    return database


def test_every_line_of_every_file_is_what_the_sheets_say_and_together_what_the_books_say(url: str) -> None:
    days = sorted({entry["date"] for entry in builders.entries(url)})
    middle = date.fromisoformat(days[len(days) // 2])
    books = builders.balances(url)
    for target in READERS:
        names = names_of(url, target)
        first = exports.export(url, target, FIRST, middle)
        second = exports.export(url, target, FIRST, LAST)
        assert exports.export(url, target, FIRST, LAST).figures["entries"] == 0
        again = exports.export(url, target, FIRST, LAST, again=True)
        assert [made.figures["again"] for made in (first, second, again)] == [False, False, True]
        parts = [read(target, made.file) for made in (first, second)]
        slips = [{line.slip for line in part} for part in parts]
        assert not (slips[0] & slips[1]), "two slips of one day and number would be one"
        whole_ = read(target, again.file)
        entries = [entry for entry in builders.entries(url) if any(line["debit"] for line in entry["lines"])]
        assert len({line.slip for line in whole_}) == len(slips[0]) + len(slips[1]) == len(entries)
        fees = names.get("支払手数料", "支払手数料")
        told_there = sums(target, whole_, fees)
        assert told_there == sums(target, parts[0] + parts[1], fees)
        expected = {names[account]: amount for account, amount in books.items() if amount}
        owed, paid = names.get("仮受消費税", "仮受消費税"), told_there.pop("paid", 0)
        told_there[owed] = told_there.get(owed, 0) + told_there.pop("owed", 0)
        told_there[fees] = told_there.get(fees, 0) + paid
        assert {account: amount for account, amount in told_there.items() if amount} == expected, target
        for style in ("day", "month"):
            summed = read(target, exports.export(url, target, FIRST, LAST, style=style, again=True).file)
            assert sums(target, summed, fees) == sums(target, whole_, fees)


def test_what_is_taken_back_stands_there_the_other_way_round(database: str) -> None:
    """An application taken back after it was handed over leaves as its slip with the sides changed, tax and class as before."""
    builders.a_shop(database, advance_tax="on_invoice")
    builders.a_contract(database)
    builders.bill(database, "2026-04-30")
    builders.receive(database, 10_560, on="2026-05-29")
    builders.match(database)
    for target in READERS:
        names_of(database, target)
        exports.export(database, target, FIRST, LAST)
    before = builders.balances(database)
    (receipt,) = builders.report(database, "receipts")
    number = receipt["applications"][0]
    builders.unapply(database, int(number["id"] if isinstance(number, dict) else number))
    assert before != builders.balances(database)
    for target in READERS:
        after = read(target, exports.export(database, target, FIRST, LAST).file)
        whole_ = read(target, exports.export(database, target, FIRST, LAST, again=True).file)
        black = [line for line in whole_ if line.text == after[0].text.replace("取消 ", "")]
        red = [(-line.side, line.account, line.tax, line.amount, line.tax_amount) for line in after]
        assert sorted(red) == sorted((x.side, x.account, x.tax, x.amount, x.tax_amount) for x in black), target
