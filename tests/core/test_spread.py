"""Several payments for several debts: each yen of a debt is paid once, and no payment pays more than it has."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from urikake.core.clearing import spread

AMOUNTS = st.lists(st.integers(1, 10**9), min_size=1, max_size=8)


def frame(name: str, amounts: list[int]) -> pl.DataFrame:
    return pl.DataFrame({name: range(len(amounts)), "amount": amounts}, schema={name: pl.Int64, "amount": pl.Int64})


@given(AMOUNTS, AMOUNTS, st.lists(st.integers(-(10**6), -1), max_size=2))
def test_debts_are_paid_to_the_yen_by_payments_that_suffice(
    paid: list[int], owed: list[int], credits: list[int]
) -> None:
    paid = [*paid, max(sum(owed) - sum(paid), 1)]  # so that it suffices
    shares = spread(frame("receipt_id", paid), frame("item_id", [*owed, *credits]))
    by_debt = dict(shares.group_by("item_id").agg(pl.col("amount").sum()).iter_rows())
    assert by_debt == dict(enumerate([*owed, *credits]))
    by_payment = dict(shares.group_by("receipt_id").agg(pl.col("amount").sum()).iter_rows())
    assert all(by_payment.get(at, 0) <= has for at, has in enumerate(paid))
    whole = [at for at in by_payment if by_payment[at] == paid[at]]
    assert whole == list(range(len(whole))) or credits  # in order: only the last one used may have something left


def test_payments_that_do_not_suffice_are_refused() -> None:
    with pytest.raises(ValueError, match="less"):
        spread(frame("receipt_id", [100]), frame("item_id", [101]))
