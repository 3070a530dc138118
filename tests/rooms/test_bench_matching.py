"""The benchmark of matching: its receipts are what their truth says, and its scorer knows right from wrong."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from urikake.base import runs
from urikake.base.errors import Refusal
from urikake.core import payer
from urikake.doors.bench.matching import files, levels, measured, playing, timing
from urikake.doors.bench.matching.files import Files, invented, steps
from urikake.doors.bench.matching.partners import FEES
from urikake.doors.bench.matching.scoring import OUTCOMES, Answer, Judge, Truth, confusion, judge, truths
from urikake.doors.cli import bench
from urikake.doors.cli.main import app
from urikake.rooms.closing.queries import verify

assert bench  # it registers its commands


@pytest.fixture(scope="module")
def hard() -> Files:
    """Three months with some of every kind."""
    return invented("hard", 7, 400, 3)


def test_the_same_seed_makes_the_same_files() -> None:
    one, same, other = (invented("middle", seed, 60, 2) for seed in (3, 3, 4))
    for name in files.FRAMES:
        assert getattr(one, name).equals(getattr(same, name)), name
        assert not getattr(one, name).equals(getattr(other, name)), name


@pytest.mark.parametrize("level", levels.LEVELS)
def test_a_level_is_mixed_as_it_says(level: str) -> None:
    told = levels.LEVELS[level]
    assert set(told.kinds) == set(levels.KINDS)
    assert sum(told.kinds.values()) == pytest.approx(100)
    assert set(told.spellings) == set(levels.SPELLINGS) - {"plain", "other"}
    assert sum(told.spellings.values()) == pytest.approx(100)
    made = invented(level, 1, 1_500, 2)
    last = made.receipts.filter(pl.col("date") >= "2026-06")
    kinds = made.truth.unique("receipt").join(last, left_on="receipt", right_on="id")["kind"].value_counts()
    counted = dict(kinds.iter_rows())
    for kind, share in told.kinds.items():
        assert counted.get(kind, 0) == pytest.approx(15 * share, rel=0.12, abs=4), kind


def test_every_kind_pays_what_its_truth_says(hard: Files) -> None:
    """Receipts against the documents they settle: what is missing or over is what makes the kind."""
    owed = {
        number: (day, amount)
        for number, day, amount in hard.receivables.select("invoice_no", "invoice_date", "balance").rows()
    }
    every, seen = truths(hard), dict(hard.receipts.select("id", "date").iter_rows())
    assert {truth.kind for truth in every.values()} == set(levels.KINDS)
    for truth in every.values():
        whole = all(amount == owed[number][1] for number, amount in truth.settles.items())
        missing = -truth.difference
        assert {
            "fee": whole and missing in FEES,
            "sum_fee": whole and missing in FEES and len(truth.settles) > 1,
            "withheld": whole and 8 * (truth.amount + missing) < 100 * missing < 9.5 * (truth.amount + missing),
            "rounding": whole and 0 < abs(missing) <= 3,
            "over": whole and missing <= -1_000,
            "unknown": not truth.settles and truth.leave,
            "part": missing == 0 and not whole,
            "many": missing == 0 and not whole,
            "sum": whole and missing == 0 and len(truth.settles) > 1,
            "netted": whole and missing == 0 and min(truth.settles.values()) < 0 < truth.amount,
        }.get(truth.kind, whole and missing == 0), truth
        assert all((owed[number][0] < seen[truth.receipt]) != truth.leave for number in truth.settles), truth
    paid = hard.truth.filter(pl.col("document") != "").group_by("document").agg(pl.col("amount").sum())
    assert all(abs(amount) <= abs(owed[number][1]) for number, amount in paid.rows())


def test_what_a_receipt_pays_is_there_when_it_is_matched(hard: Files) -> None:
    every, came = truths(hard), []
    for _, there, receipts in steps(hard):
        known = set(there["invoice_no"])
        for receipt in receipts["id"]:
            assert (set(every[receipt].settles) <= known) is not (
                every[receipt].leave and bool(every[receipt].settles)
            ), receipt
        came += receipts["id"].to_list()
    assert came == hard.receipts["id"].to_list()


def test_what_banks_print_of_a_plain_name_is_the_name(hard: Files) -> None:
    """Half-width, without small kana and long signs, short forms by their place: folded, it is what the list of partners says."""
    plain = hard.truth.filter((pl.col("spelling") == "plain") & ~pl.col("named") & (pl.col("document") != ""))
    told = (
        plain.join(hard.receipts, left_on="receipt", right_on="id")
        .join(hard.receivables, left_on="document", right_on="invoice_no")
        .join(hard.partners, left_on="partner", right_on="code")
        .unique(["payer", "kana"])
    )
    assert told.height > 150
    assert payer.folded(told["payer"]).to_list() == payer.folded(told["kana"]).to_list()
    small = set("ァィゥェォッャュョｧｨｩｪｫｬｭｮｯー・ｰ･")
    assert not small & set("".join(hard.receipts["payer"]))
    assert hard.receipts["payer"].str.len_chars().max() <= 48


def test_the_months_go_through_the_product_and_every_receipt_is_counted_once(sqlite_url: str, tmp_path: Path) -> None:
    made = invented("middle", 2, 60, 2)
    made.write(tmp_path)
    scored = playing.play(sqlite_url, made, tmp_path, ask=2, months=["2026-05", "2026-06"], say=lambda _: None)
    assert sorted(scored["receipt"]) == sorted(made.receipts["id"])
    assert set(scored["outcome"]) <= set(OUTCOMES)
    table = confusion(scored)
    for row in table:
        assert row["receipts"] == sum(row[name] for name in OUTCOMES)
    assert table[-1]["receipts"] == made.receipts.height == sum(row["receipts"] for row in table[:-1])
    assert table[-1]["right"] > 0
    assert 0 < sum(table[-1][name] for name in ("first", "three", "later", "missed")) <= 2 * 6
    with runs.reading(sqlite_url) as session:
        done = playing.answers(session)
        assert verify(session) == []
    told = truths(made)
    left = [receipt for receipt, truth in told.items() if receipt not in done]
    assert all(told[receipt].leave for receipt in left)  # the rest was confirmed by hand, and is right
    wrong = set(scored.filter(pl.col("outcome") == "wrong")["receipt"])
    exchanged = {r for r in done if not judge(made).right(told[r], done[r].answer)}
    assert exchanged <= {each for look in playing.same_looking(made.receipts) if len(look) > 1 for each in look}
    assert not wrong & exchanged


TWO = Judge({"A": ("P1", "05-31"), "B": ("P1", "05-31"), "C": ("P2", "05-31")})
PLAIN = Truth("R1", 11_000, settles={"A": 11_000})
FEE = Truth("R1", 10_560, "fee", settles={"A": 11_000}, difference_kind="fee")
OVER = Truth("R1", 12_000, "over", settles={"A": 11_000}, difference_kind="advance")
AHEAD = Truth("R1", 11_000, "prepaid", settles={"C": 11_000}, leave=True)


@pytest.mark.parametrize(
    ("truth", "answer", "outcome"),
    [
        (PLAIN, Answer({"A": 11_000}), "right"),
        (PLAIN, Answer({"B": 11_000}), "right"),  # of the same day and amount: nobody can tell them apart
        (replace(PLAIN, named=True), Answer({"B": 11_000}), "wrong"),
        (PLAIN, Answer({"C": 11_000}), "wrong"),
        (PLAIN, Answer({"A": 10_999}), "wrong"),
        (PLAIN, Answer({"A": 5_000, "C": 6_000}), "wrong"),
        (PLAIN, None, ""),
        (FEE, Answer({"A": 11_000}, -440, frozenset({"fee"})), "right"),
        (FEE, Answer({"A": 11_000}, -440, frozenset({"misc"})), "wrong"),
        (FEE, Answer({"A": 10_560}), "wrong"),
        (OVER, Answer({"A": 11_000}, 1_000, frozenset({"advance"})), "right"),
        (OVER, Answer({"A": 11_000}), "right"),  # the rest is left
        (OVER, Answer({"A": 11_000}, 1_000, frozenset({"misc"})), "wrong"),
        (AHEAD, None, "alone"),
        (AHEAD, Answer({"C": 11_000}), "right"),
        (AHEAD, Answer({"A": 11_000}), "wrong"),
        (Truth("R1", 11_000, "unknown", leave=True), Answer({"A": 11_000}), "wrong"),
    ],
)
def test_an_answer_is_right_or_wrong(truth: Truth, answer: Answer | None, outcome: str) -> None:
    assert TWO.applied(truth, answer) == outcome


def test_what_is_left_over_is_scored_by_the_place_of_the_right_proposal() -> None:
    def place(*proposals: list[str]) -> str:
        return TWO.proposed(PLAIN, proposals)

    assert place(["B"], ["C"]) == "first"
    assert place(["C"], ["A", "C"], ["A", "A"]) == "three"
    assert place(["C"], ["A", "C"], [], ["A"]) == "later"
    assert place(["C"]) == place() == "missed"


def test_of_receipts_that_look_alike_either_may_be_the_one() -> None:
    twice = Truth("R2", 11_000, "duplicate", settles={"C": 11_000}, leave=True)
    given = TWO.exchanged([PLAIN, twice], {"R2": Answer({"A": 11_000})})
    assert (given["R2"], given["R1"]) == (PLAIN, twice)
    assert TWO.exchanged([PLAIN, twice], {"R1": Answer({"A": 11_000})}) == {"R1": PLAIN, "R2": twice}
    assert TWO.exchanged([PLAIN, twice], {}) == {"R1": PLAIN, "R2": twice}
    lost = TWO.exchanged([PLAIN, twice], {"R2": Answer({"X": 11_000})})
    assert TWO.applied(lost["R2"], Answer({"X": 11_000})) == "wrong"


def test_a_false_engine_is_found_out_and_put_right(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An engine that gives each receipt the first document there is: all wrong but one, each undone, and the truth applied."""
    made = invented("easy", 5, 12, 1)
    made.write(tmp_path)

    def falsely(url: str) -> None:
        with runs.reading(url) as session:
            open_ = playing.labels(session, playing.items(session))["number"].to_list()
            came = playing.receipts(session)["bank_code"].to_list()
            done = playing.answers(session)
        for receipt in (each for each in came if each not in done):
            number = open_.pop()
            amount = dict(made.receivables.select("invoice_no", "balance").iter_rows())[number]
            paid = dict(made.receipts.select("id", "amount").iter_rows())[receipt]
            playing.month.apply(url, receipt, [f"{number}={min(amount, paid)}"], difference="remain", on=None)

    monkeypatch.setattr(playing.month, "match", falsely)
    scored = playing.play(sqlite_url, made, tmp_path, ask=9, months=["2026-05"], say=lambda _: None)
    assert scored.filter(pl.col("outcome") == "wrong").height >= scored.height - 2
    with runs.reading(sqlite_url) as session:
        done = playing.answers(session)
        assert verify(session) == []
    assert all(
        judge(made).right(truth, done[receipt].answer) for receipt, truth in truths(made).items() if truth.settles
    )


def test_the_command_writes_files_that_it_can_read_and_measure(tmp_path: Path) -> None:
    def asked(*words: str) -> str:
        found = CliRunner().invoke(app, ["bench", "matching", *words])
        if found.exception and not isinstance(found.exception, SystemExit):
            raise found.exception
        return found.stdout

    folder = tmp_path / "files"
    made = invented("middle", 3, 20, 1)
    count = made.receipts.height
    assert f"入金 {count} 件" in asked("--receipts", "20", "--months", "1", "--seed", "3", "--write", str(folder))
    assert files.read(folder).truth.equals(made.truth)
    answer = json.loads(asked("--read", str(folder), "--format", "json"))
    assert answer["receipts"] == answer["months"][0]["table"][-1]["receipts"] == count
    truth = pl.read_csv(folder / "truth.csv").select("receipt", "document", "amount")
    truth.write_csv(folder / "truth.csv")  # all that other people's files have to say
    assert files.read(folder).truth["kind"].unique().to_list() == [""]
    truth.drop("document").write_csv(folder / "truth.csv")
    with pytest.raises(Refusal, match="列 document がありません"):
        asked("--read", str(folder))
    (folder / "truth.csv").write_text("")
    with pytest.raises(Refusal, match=r"truth\.csv を読めません"):
        asked("--read", str(folder))
    (folder / "truth.csv").unlink()
    with pytest.raises(Refusal, match=r"truth\.csv を開けません"):
        asked("--read", str(folder))
    with pytest.raises(Refusal, match="書き出せません"):
        asked("--receipts", "9", "--months", "1", "--write", str(folder / "partners.csv"))


def test_the_tables_can_be_pasted_into_a_document() -> None:
    row = dict.fromkeys(OUTCOMES, 0) | {"right": 3, "wrong": 1}
    wrong = {
        "kind": "twins",
        "spelling": "plain",
        "receipt": "R9",
        "payer": "ｶ)ｱ",
        "amount": 11_000,
        "truth": "A=11000",
        "answer": "B=11000",
    }
    month = {
        "month": "2026-05",
        "table": [{"kind": "twins", "receipts": 4, **row}, {"kind": "total", "receipts": 4, **row}],
        "wrong": [wrong],
    }
    answer = {
        "level": "middle",
        "seed": 1,
        "partners": 2,
        "documents": 4,
        "receipts": 4,
        "learned_months": 0,
        "months": [month],
    }
    assert measured.told(answer).splitlines() == [
        "水準 中、種 1、取引先 2、債権 4 件、入金 4 件",
        "",
        "2026-05（何も覚えていない月）",
        "",
        "|  | 入金 | " + " | ".join(OUTCOMES.values()) + " |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
        "| 似た名義で同額 | 4 | 3 | 1 | 0 | 0 | 0 | 0 | 0 | 0 |",
        "| 計 | 4 | 3 | 1 | 0 | 0 | 0 | 0 | 0 | 0 |",
        "| 割合 |  | 75.0% | 25.0% | 0.0% | 0.0% | 0.0% | 0.0% | 0.0% | 0.0% |",
        "",
        "誤って消し込んだ入金",
        "",
        "- 似た名義で同額・登録どおり R9 ｶ)ｱ 11,000円: B=11000（正しくは A=11000）",
    ]


def test_the_time_of_a_match_is_told_with_its_size() -> None:
    month = timing.of_a_month(1, 40, idle=0.5, behind=6)
    assert month.receipts.height == 40
    assert 80 < month.receivables.height < 240
    assert month.receivables["invoice_date"].max() < "2026-05"
    size = timing.Size("小", lambda seed: timing.of_one_customer(seed, 12))
    (row,) = timing.measure(1, say=lambda _: None, sizes=(size,))
    assert (row["name"], row["receipts"], row["items"]) == ("小", 12, 12)
    assert row["match_seconds"] >= 0 < row["peak_mib"]
    assert timing.table([row | {"import_seconds": 1.5, "match_seconds": 0.25, "peak_mib": 1_200}]).splitlines()[-1] == (
        "| 小 | 12 | 12 | 1.5 | 0.25 | 1,200 |"
    )
