"""A request with a key has exactly one effect and one answer: asked again, asked by two at once, or killed on the way."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import polars as pl
import pytest

from tests import builders
from tests.crash.test_statements import Death, Life, living
from urikake.base import facts, runs
from urikake.base.errors import Refusal
from urikake.base.models import User
from urikake.base.url import with_company


def ask(url: str, key: str, *, fingerprint: str = "f", name: str = "hana", **how: Any) -> tuple[int, str]:
    """Status and text of the answer to a request that registers a user, however often that was done before."""
    asked = runs.Request(key, fingerprint)
    try:
        with runs.run(url, "user add", permission="users.change", request=asked, **how) as (session, outcome):
            row = {"name": name, "role": "sales", "email": ""}
            made = facts.record(session, User, pl.DataFrame([row]))
            outcome.figures |= {"name": name, "id": made["id"][0] - session.low}
            outcome.status = 201
    except runs.Answered as known:
        return known.status, known.body
    return 0, ""


def done(url: str) -> int:
    """How often a user was registered."""
    with runs.reading(url) as session:
        return session.rows("base_user", "id").height


def test_asked_again_it_answers_as_it_did_and_does_nothing(database: str) -> None:
    builders.a_company(database)
    assert ask(database, "k") == (0, "")
    before = builders.dump(database)
    for _ in range(2):
        assert ask(database, "k") == (201, '{"name":"hana","id":1}')
    builders.assert_same(before, builders.dump(database))
    ask(database, "k2")
    assert done(database) == 2
    builders.assert_coherent(database)


def test_a_key_stands_for_one_content_only(database: str) -> None:
    builders.a_company(database)
    ask(database, "k")
    with pytest.raises(Refusal, match="新しいキー") as refused:
        ask(database, "k", fingerprint="other")
    assert refused.value.code == "key-reused"
    assert done(database) == 1


def test_the_same_key_in_two_companies_is_two_requests(database: str) -> None:
    urls = [with_company(database, code) for code in ("one", "two")]
    for url in urls:
        builders.a_company(url)
        assert ask(url, "k") == (0, "")
    assert [done(url) for url in urls] == [1, 1]


def test_what_was_refused_or_only_tried_may_be_asked_again_with_its_key(database: str) -> None:
    builders.a_company(database)
    with (
        pytest.raises(ZeroDivisionError),
        runs.run(database, "user add", permission="users.change", request=runs.Request("k", "f")) as (session, _),
    ):
        assert session.run_id / 0
    assert ask(database, "k", preview=True) == (0, "")
    assert done(database) == 0
    assert ask(database, "k") == (0, "")
    assert ask(database, "k", preview=True) == (0, "")  # a trial is told what would come of it now
    assert done(database) == 1


def test_who_may_not_do_it_is_not_told_its_answer_either(database: str) -> None:
    builders.a_company(database)
    ask(database, "k")
    with pytest.raises(Refusal, match="not-permitted"):
        ask(database, "k", user="hana")


def idle(url: str) -> None:
    """A request that finds nothing to do."""
    with runs.run(url, "match", permission="matching.apply", request=runs.Request("k", "f")) as (_, outcome):
        outcome.figures["applied"] = 0


def test_a_request_that_changes_nothing_is_answered_and_kept_too(database: str) -> None:
    builders.a_company(database)
    idle(database)
    with pytest.raises(runs.Answered) as known:
        idle(database)
    assert (known.value.status, known.value.body) == (200, '{"applied":0}')
    builders.assert_coherent(database)


def test_killed_at_any_statement_and_asked_again_there_is_one_effect_and_one_answer(database: str) -> None:
    builders.a_company(database)
    at, died = 0, True
    while died:
        at, died = at + 1, False
        try:
            with living(Life(at)):
                ask(database, f"k{at}")
        except Death:
            died = True
        ask(database, f"k{at}")
        assert ask(database, f"k{at}")[1] == f'{{"name":"hana","id":{at}}}'
        assert done(database) == at
    assert at > 8
    builders.assert_coherent(database)


CHILD = "from urikake.base.loading import load; load(); from tests.concurrency.test_requests import child; child()"


def child() -> None:
    """Ask in a process of its own and print the answer that is kept."""
    ask(sys.argv[1], sys.argv[2])
    print(ask(sys.argv[1], sys.argv[2])[1])


def test_two_processes_with_one_key_have_one_effect_and_the_same_answer(database: str) -> None:
    builders.a_company(database)
    command = (sys.executable, "-c", CHILD, database, "k")
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(3)]
    answers = []
    for process in started:
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, err.decode()
        answers.append(out.decode().strip())
    assert set(answers) == {'{"name":"hana","id":1}'}
    assert done(database) == 1
    builders.assert_coherent(database)
