"""Several clerks at one queue: nothing is applied twice, no yen is lost, and some order explains every answer."""

from __future__ import annotations

import pytest

from tests.builders import assert_coherent
from tests.concurrency import clerks


def test_what_clerks_at_one_queue_are_told_is_explained_by_some_order(database: str) -> None:
    clerks.desk(database, 4)
    answers = clerks.at_work(database, 4, 30, seed=1)
    clerks.explained(database, answers)
    assert_coherent(database)
    found = {result for _, result, _ in clerks.outcomes(answers)}
    assert {"done", "receipt-used", "no-item", "reversed"} <= found
    # what has no order that explains it is found: an answer that was not given, one given twice, a refusal without reason
    done = next(answer for answer in answers if clerks.wrote(answer))
    used = next(answer for answer in answers if answer.get("code") == "receipt-used")
    for wrong in (
        [answer for answer in answers if answer is not done],
        [*answers, done],
        [*answers, used | {"code": "not-held", "receipts": ["R0"], "op": "release"}, used | {"code": "period-locked"}],
        [*answers, {"op": "match", "user": "clerk0", "error": "OperationalError('database is locked')"}],
    ):
        with pytest.raises((AssertionError, KeyError)):
            clerks.explained(database, wrong)
