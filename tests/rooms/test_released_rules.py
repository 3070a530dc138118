"""Rules of automatic matching: tried on what people did, released by another person, used, shown and withdrawn."""

from __future__ import annotations

from datetime import date

import pytest

from tests.builders import (
    a_shop,
    apply,
    assert_coherent,
    balances,
    match,
    open_items,
    receive,
    report,
    take_rows,
    unapply,
    users,
)
from urikake.base import runs
from urikake.base.errors import Refusal
from urikake.doors import month, names
from urikake.rooms.matching import queries
from urikake.rooms.matching.actions import Seen
from urikake.rooms.reports.queries.explain import explain

MANY = queries.ENOUGH


def owing(url: str, *documents: tuple[str, str, int, str]) -> None:
    """Open documents of (partner, number, amount, due)."""
    rows = [
        {"partner": partner, "invoice_no": number, "invoice_date": "2026-04-01", "due": due, "balance": amount}
        for partner, number, amount, due in documents
    ]
    take_rows(url, "openings", rows)


def a_history(url: str, *, wrong: int = 0, user: str = "sato", **policy: object) -> None:
    """`MANY` partners that each owed two months of one amount, of which a person settled the older (of ``wrong``: the newer)."""
    a_shop(url, **policy)
    users(url, sato="accountant", yama="approver")
    codes = [f"P{n}" for n in range(1, MANY + wrong + 1)]
    take_rows(
        url, "partners", [{"code": c, "name": f"{c}商事", "kana": f"{c}ショウジ", "closing_day": 31} for c in codes]
    )
    owing(
        url,
        *(
            (c, f"{c}-{at}", 11_000 + 10 * n, due)
            for n, c in enumerate(codes)
            for at, due in enumerate(("2026-04-30", "2026-05-31"))
        ),
    )
    money = [
        {"date": "2026-05-29", "amount": 11_000 + 10 * n, "payer": f"{c}ショウジ", "id": f"R-{c}"}
        for n, c in enumerate(codes)
    ]
    take_rows(url, "receipts", money)
    assert match(url)["applied"] == 0
    for n, code in enumerate(codes):
        apply(url, f"R-{code}", f"{code}-{int(n >= MANY)}", user=user)


def rule(url: str, name: str) -> dict[str, object]:
    return next(row for row in report(url, "matching-rules") if row["rule"] == name)


def test_a_rule_that_history_speaks_for_is_released_by_another_person_and_used_until_it_is_withdrawn(
    database: str,
) -> None:
    a_history(database)
    tried = rule(database, "oldest")
    assert [tried[name] for name in ("right", "wrong", "proposed", "state", "in_use")] == [
        MANY,
        0,
        True,
        "許可していない",
        False,
    ]
    assert [rule(database, name)["right"] for name in ("over", "part")] == [0, 0]
    owing(database, ("P1", "N-0", 44_000, "2026-04-30"), ("P1", "N-1", 44_000, "2026-05-31"))
    receive(database, 44_000, id="WAITS")
    assert (match(database)["applied"], rule(database, "oldest")["waiting"]) == (0, 1)
    with pytest.raises(Refusal, match="own-evidence"):
        names.release_rule(database, "oldest", user="sato")
    with pytest.raises(Refusal, match="no-rule"):
        names.release_rule(database, "newest", user="yama")
    assert names.release_rule(database, "oldest", user="yama") == {"rules": 1}
    assert names.release_rule(database, "oldest", user="yama") == {"rules": 0}
    assert match(database)["applied"] == 1
    assert (open_items(database).get("N-0"), open_items(database)["N-1"]) == (None, 44_000)
    number = (
        next(r["applications"][0] for r in report(database, "receipts") if r["bank_id"] == "WAITS")
        if False
        else MANY + 1
    )
    with runs.reading(database) as session:
        assert "同額は古いほうから" in dict(explain(session, f"application-{number}").sources)["支払人の見分け方"]
    used = rule(database, "oldest")
    assert [used[name] for name in ("applied", "undone", "state", "actor", "in_use")] == [
        1,
        0,
        "許可済み",
        "yama",
        True,
    ]
    unapply(database, number)
    assert rule(database, "oldest")["undone"] == 1
    assert names.revoke_rule(database, "oldest", user="sato") == {"rules": 1}
    assert names.revoke_rule(database, "oldest", user="sato") == {"rules": 0}
    assert match(database)["applied"] == 0
    assert_coherent(database)


def test_what_a_rule_would_have_made_otherwise_is_told_and_its_release_asks_for_a_reason(database: str) -> None:
    a_history(database, wrong=1)
    found = rule(database, "oldest")
    assert (found["right"], found["wrong"], found["proposed"]) == (MANY, 1, False)
    (wrong,) = [row for row in report(database, "rule-trials", rule="oldest") if row["answer"] == "違う"]
    assert (wrong["bank_id"], wrong["partner"]) == (f"R-P{MANY + 1}", f"P{MANY + 1}")
    for name in ("oldest", "part"):
        with pytest.raises(Refusal, match="rule-unproven"):
            names.release_rule(database, name, user="yama")
    with pytest.raises(Refusal, match="long-reason"):
        names.release_rule(database, "oldest", why="あ" * 501, user="yama")
    assert names.release_rule(database, "oldest", why="先方が新しいほうを指定した", user="yama") == {"rules": 1}
    assert rule(database, "oldest")["why"] == "先方が新しいほうを指定した"


def test_more_than_all_that_is_open_settles_it_and_leaves_the_rest_and_a_part_leaves_what_is_missing(
    database: str,
) -> None:
    a_shop(database, allocation="oldest")
    users(database, yama="approver")
    for code in ("P1", "P2"):
        take_rows(
            database, "partners", [{"code": code, "name": f"{code}商事", "kana": f"{code}ショウジ", "closing_day": 31}]
        )
    owing(database, ("P1", "A", 55_000, "2026-05-31"), ("P2", "B", 66_000, "2026-05-31"))
    receive(database, 60_000, payer="P1ショウジ", id="OVER")
    receive(database, 30_000, payer="P2ショウジ", id="PART")
    before = balances(database)
    with runs.reading(database) as session:
        rows = queries.judged(session, date(2026, 6, 1)).rows
    assert dict(zip(rows["kind"], rows["documents"].to_list(), strict=True)) == {"over": [], "part": []}
    for name in ("over", "part"):
        names.release_rule(database, name, why="試し", user="yama")
    with runs.reading(database) as session:
        judged = queries.judged(session, date(2026, 6, 1)).rows
        numbers = {kind: number - session.low for kind, number in judged.select("kind", "receipt_id").iter_rows()}
    assert dict(zip(judged["kind"], judged["documents"].to_list(), strict=True)) == {"over": ["A"], "part": ["B"]}
    seen = [Seen(numbers["over"], 60_000, ("A",))]
    done = month.confirm(database, seen, on=date(2026, 6, 1), user="system")
    assert done["applied"] == 1
    assert match(database)["applied"] == 1
    assert open_items(database) == {"B": 36_000}
    assert sorted(row["unapplied"] for row in report(database, "receipts")) == [0, 5_000]
    assert (before["仮受金"], balances(database)["仮受金"]) == (-90_000, -5_000)
    receive(database, 36_000, payer="P2ショウジ", on="2026-06-05", id="REST")
    assert match(database)["outcomes"]["exact"] == 1
    assert_coherent(database)


def test_what_is_more_or_less_is_left_alone_while_other_money_of_the_payer_is_on_hold(database: str) -> None:
    a_shop(database)
    users(database, yama="approver")
    for code in ("P1", "P2"):
        take_rows(
            database, "partners", [{"code": code, "name": f"{code}商事", "kana": f"{code}ショウジ", "closing_day": 31}]
        )
    owing(database, ("P1", "A", 55_000, "2026-05-31"), ("P2", "B", 66_000, "2026-05-31"))
    for name in ("over", "part"):
        names.release_rule(database, name, why="試し", user="yama")
    for code in ("P1", "P2"):
        receive(database, 777, payer=f"{code}ショウジ", id=f"HELD{code}")
        month.hold_receipt(database, f"HELD{code}", why="調査中")
    receive(database, 60_000, payer="P1ショウジ", id="OVER")
    receive(database, 30_000, payer="P2ショウジ", id="PART")
    assert match(database)["applied"] == 0
    for code in ("P1", "P2"):
        month.hold_receipt(database, f"HELD{code}", why="", release=True)
        month.hold_receipt(database, f"HELD{code}", why="社長の試し振込", aside=True)
    assert match(database)["applied"] == 0


def test_money_paid_ahead_that_was_applied_later_by_itself_speaks_against_a_rule(database: str) -> None:
    a_shop(database)
    for code in ("P1", "P2"):
        take_rows(
            database, "partners", [{"code": code, "name": f"{code}商事", "kana": f"{code}ショウジ", "closing_day": 31}]
        )
    owing(database, ("P1", "OLD", 99_000, "2026-05-31"))
    owing(database, ("P2", "OTHER", 5_500, "2026-05-31"))
    receive(database, 33_000, id="AHEAD")
    receive(database, 5_500, payer="P2ショウジ", id="OTHER")
    assert match(database)["applied"] == 1
    owing(database, ("P1", "NEW", 33_000, "2026-06-30"))
    assert match(database)["applied"] == 1
    found = rule(database, "part")
    assert (found["right"], found["wrong"], found["later_right"], found["later_wrong"]) == (0, 0, 0, 1)


def test_only_who_may_release_a_rule_does(database: str) -> None:
    a_shop(database)
    users(database, hana="billing")
    for verb in (names.release_rule, names.revoke_rule):
        with pytest.raises(Refusal, match="not-permitted"):
            verb(database, "part", why="試し", user="hana")
