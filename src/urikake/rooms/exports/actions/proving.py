"""The proof that a file of journals says what the ledger says: read back before it is kept."""

from __future__ import annotations

import polars as pl

from urikake.base.bulk import Session
from urikake.base.progress import step
from urikake.core.formats import journals

from .. import queries
from .naming import speller


def prove(session: Session, known: journals.Target, file: bytes, lines: pl.DataFrame) -> None:
    """Read the file back: nothing in it that the package would not take, and by account what the ledger has, tax apart.

    Compared are the ledger's own lines, before anything was made of them. The tax of what was bought stands inside its account
    in our books, and leaves it for an account of its own in the package's.
    """
    step("読み戻して確かめる")
    told: dict[str, int] = {}
    taxes, problems = 0, list[journals.Problem]()
    for one in journals.sides(known.name, file, problems):
        sign = 1 if one.debit else -1
        told[one.account] = told.get(one.account, 0) + sign * (one.amount - one.tax_amount)
        taxes += sign * one.tax_amount
    if problems:
        raise AssertionError(f"{known.name}: {problems[0]}")
    chart = queries.accounts(session, known.name, pl.concat([lines["account"], pl.Series([queries.TAX, queries.BASE])]))
    spell = speller(session, known, {})
    called = {
        account: spell(name or "")
        for account, name in chart.select("account", "code" if known.coded else "called").iter_rows()
    }
    paid = queries.bought(session, known.name, lines)
    told[called[queries.TAX]] = told.get(called[queries.TAX], 0) + taxes - sum(paid.values())
    expected: dict[str, int] = {}
    for account, amount in paid.items():
        expected[called[account]] = expected.get(called[account], 0) - amount
    for account, amount in lines.group_by("account").agg(pl.col("amount").sum()).iter_rows():
        expected[called[account]] = expected.get(called[account], 0) + amount
    for name in told.keys() | expected.keys():
        if told.get(name, 0) != expected.get(name, 0):
            raise AssertionError(f"{known.name}: {name} is {told.get(name, 0)}, not {expected.get(name, 0)}")
