"""Laws of gathering charges on documents: however each payer has its invoices grouped, nothing is lost and tax is rounded once."""

from __future__ import annotations

import random
from datetime import date
from fractions import Fraction
from math import ceil, floor
from typing import Final

import polars as pl
import pytest

from tests.builders import Rows, a_line, a_shop, bill, take_rows
from urikake.base import runs
from urikake.rooms.billing import queries as billing
from urikake.rooms.invoices.actions import documents

CLOSING: Final = "2026-04-30"
CHOICES: Final = ["", "bill_to", "contract", "order", "project"]
PARTNERS: Final = ["P1", "P2", "P3", "P4"]
ROUNDINGS: Final = ["floor", "half_up", "ceil"]


def a_billed_company(url: str, random_: random.Random, company: str, rounding: str) -> None:
    """Four payers with contracts of any order, project, price and kind of tax, billed as drafts."""
    a_shop(url, invoice_grouping=company, tax_rounding=rounding)
    grouped(url, dict.fromkeys(PARTNERS, ""))
    rows = [
        a_line(
            f"C{n}", partner=random_.choice(PARTNERS), product=random_.choice(["PLAN", "WATER", "GROSS", "RENT", "OPTION"]),
            monthly=random_.randint(1, 9_999), order_no=random_.choice(["", "SO-1", "SO-2"]),
            project=random_.choice(["", "桜", "梅"]),
        )
        for n in range(40)
    ]  # fmt: skip
    take_rows(url, "contracts", rows)
    bill(url, CLOSING, issue=False)


def grouped(url: str, choices: dict[str, str]) -> None:
    """Every partner with its choice."""
    rows: Rows = [
        {"code": code, "name": f"{code}商事", "closing_day": 31, "invoice_grouping": own}
        for code, own in choices.items()
    ]
    take_rows(url, "partners", rows)


def gathered(url: str, random_: random.Random) -> pl.DataFrame:
    """The charges of the closing on documents; some of them turned into credits, the same ones every time."""
    with runs.reading(url) as session:
        day = date.fromisoformat(CLOSING)
        made = billing.at_closing(session, day)
        sign = pl.Series([random_.choice([1, 1, 1, -1]) for _ in range(made.height)], dtype=pl.Int64)
        found = documents(session, made.with_columns(amount=pl.col("amount") * sign), day)
    return found.with_columns(gross=pl.col("net") + pl.col("tax_amount"))


def per_rate(lines: pl.DataFrame) -> pl.DataFrame:
    """The net per payer and rate of exclusive prices, what is asked for of inclusive ones."""
    worth = pl.when("inclusive").then("gross").otherwise("net")
    return (
        lines.group_by("partner_id", "inclusive", "tax")
        .agg(worth.sum().alias("worth"))
        .sort("partner_id", "inclusive", "tax")
    )


def by_payer(lines: pl.DataFrame) -> pl.DataFrame:
    """The lines with their documents counted from the first of their payer."""
    own = pl.col("document") - pl.col("document").min().over("partner_id")
    return lines.with_columns(document=own)


@pytest.mark.parametrize("seed", range(6))
def test_any_mix_of_groupings_keeps_every_yen_and_rounds_once_a_document(
    seed: int, request: pytest.FixtureRequest
) -> None:
    url: str = request.getfixturevalue("postgresql_url" if seed % 3 == 2 else "sqlite_url")
    random_ = random.Random(seed)
    company, rounding = random_.choice(CHOICES[1:]), random_.choice(ROUNDINGS)
    a_billed_company(url, random_, company, rounding)
    plain = gathered(url, random.Random(seed))
    for _ in range(4):
        choices = {code: random_.choice(CHOICES) for code in PARTNERS}
        grouped(url, choices)
        mixed = gathered(url, random.Random(seed))
        assert per_rate(mixed).equals(per_rate(plain)), choices
        rounded_once(mixed, rounding)
        same = [code for code, own in choices.items() if own in ("", company)]
        mine = pl.col("partner_id").is_in(partner_ids(url, same).implode())
        assert by_payer(mixed.filter(mine)).equals(by_payer(plain.filter(mine))), choices
        apart(url, mixed, {code: own or company for code, own in choices.items()})


def partner_ids(url: str, codes: list[str]) -> pl.Series:
    with runs.reading(url) as session:
        found = session.rows("parties_partner", "id, code")
    return found.filter(pl.col("code").is_in(codes))["id"]


def rounded_once(lines: pl.DataFrame, rounding: str) -> None:
    """The tax of a document and rate is the rounded one of its sum, reckoned here in fractions."""
    sums = lines.group_by("document", "inclusive", "rate_micro").agg(pl.col("amount", "tax_amount").sum())
    for row in sums.iter_rows(named=True):
        rate = Fraction(row["rate_micro"], 10**8)
        exact = abs(row["amount"]) * (rate / (1 + rate) if row["inclusive"] else rate)
        size = {"floor": floor(exact), "half_up": floor(exact + Fraction(1, 2)), "ceil": ceil(exact)}[rounding]
        assert row["tax_amount"] == (size if row["amount"] >= 0 else -size), row


def apart(url: str, lines: pl.DataFrame, choices: dict[str, str]) -> None:
    """A document bears one value of what its payer is grouped by, and a payer's documents of one kind bear different ones."""
    columns = {"contract": "contract_id", "order": "order_no", "project": "project"}
    for code, choice in choices.items():
        mine = lines.filter(pl.col("partner_id").is_in(partner_ids(url, [code]).implode()))
        key = columns.get(choice)
        values = mine.select("document", "inclusive", "invoice_kind", *([key] if key else [])).unique()
        assert values["document"].is_unique().all(), (code, choice)
        assert values.drop("document").is_unique().all(), (code, choice)
