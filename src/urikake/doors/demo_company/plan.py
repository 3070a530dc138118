"""The plan of the demo company: from a seed, every file but those of the bank."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any, Final

import polars as pl

from .calendar import FIRST, MONTHS, months_later
from .changes import events
from .deals import deals
from .partners import Partner, partners
from .usage import usage

PARTNERS: Final = 340
DEALS: Final = 540
SEED: Final = 1130
SLIPS: Final = (
    ("機器の立替配送料", "standard", "雑収入", (1_100, 3_300)), ("撤去ケーブルの売却", "standard", "雑収入", (5_500, 33_000)),
    ("中古サーバーの売却", "standard", "雑収入", (55_000, 220_000)), ("収入印紙の立替", "out_of_scope", "雑収入", (200, 4_000)),
    ("原状回復費の負担金", "standard", "雑収入", (22_000, 110_000)),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Plan:
    """The customers, and the rows of each kind of file; ``month`` is the first day of the month whose file holds them."""

    seed: int
    partners: list[Partner]
    contracts: pl.DataFrame
    events: pl.DataFrame
    usage: pl.DataFrame
    slips: pl.DataFrame
    openings: pl.DataFrame

    def of(self, kind: str, month: date) -> pl.DataFrame:
        """The rows of the file of that kind and month."""
        rows: pl.DataFrame = getattr(self, kind)
        return rows.filter(pl.col("month") == month).drop("month")


def plan(seed: int = SEED, *, scale: float = 1.0) -> Plan:
    """The plan of the seed; ``scale`` 0.2 makes a fifth of the company."""
    customers = partners(Random(f"{seed} partners"), max(round(PARTNERS * scale), 20))
    agreed = deals(Random(f"{seed} deals"), customers, max(round(DEALS * scale), 24))
    happened = events(Random(f"{seed} events"), agreed)
    rng = Random(f"{seed} slips")
    return Plan(
        seed,
        customers,
        _frame([row | {"month": _file_month(deal.signed)} for deal in agreed for row in deal.rows]),
        _frame([row | {"month": date.fromisoformat(row["recorded_at"][:7] + "-01")} for row in happened]),
        usage(agreed),
        _frame([row for month in MONTHS for row in _slips(rng, customers, month, max(round(4 * scale), 1))]),
        _frame(_openings(rng, customers)),
    )


def _file_month(signed: date) -> date:
    return max(signed, FIRST).replace(day=1)


def _frame(rows: list[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(rows, infer_schema_length=None)


def _slips(rng: Random, customers: list[Partner], month: date, count: int) -> list[dict[str, Any]]:
    """The manual slips (債権伝票) of a month."""
    found: list[dict[str, Any]] = []
    for at in range(count):
        words, tax, account, (least, most) = rng.choice(SLIPS)
        found.append(
            {
                "slip_no": f"D{month:%y%m}-{at + 1:02}",
                "partner": rng.choice(customers).bill_to,
                "date": month + timedelta(rng.randint(4, 24)),
                "account": "売掛金",
                "credit_account": account,
                "amount": rng.randrange(least, most, 100),
                "tax": tax,
                "description": words,
                "maker": "takahashi",
                "month": month,
            }
        )
    return found


def _openings(rng: Random, customers: list[Partner]) -> list[dict[str, Any]]:
    """What was still owed on the first day (移行残高), some of it overdue for long."""
    found: list[dict[str, Any]] = []
    for partner in customers:
        if partner.bill_to != partner.code or rng.random() > 0.4:
            continue
        closing = FIRST - timedelta(rng.choice((1, 1, 1, 11, 21, 32, 62)))
        terms = partner.row
        due = months_later(closing.replace(day=1), terms["payment_months"] + (terms["payment_day"] == 31))
        found.append(
            {
                "partner": partner.code,
                "invoice_no": f"B{closing:%y%m}-{len(found) + 101}",
                "invoice_date": closing,
                "due": due - timedelta(1) if terms["payment_day"] == 31 else due.replace(day=terms["payment_day"]),
                "balance": rng.choice((4_378, 8_778, 17_380, 26_400, 52_800, 105_600)) + rng.randrange(40) * 110,
                "month": FIRST,
            }
        )
    return found
