"""How what was billed becomes revenue, month after month (収益のウォーターフォール), and how a contract's balance moves."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from . import schedule
from .lookup import looked_up
from .money import Rounding
from .recognition import RULE

FLOWS = ("liability_in", "liability_out", "from_opening", "asset_in", "asset_out")


def unfolded(rows: pl.DataFrame, by: Sequence[str], rounding: Rounding) -> pl.DataFrame:
    """The revenue of schedules by month: the columns ``by``, ``month`` (its first day) and ``amount``.

    What lies before ``until_on`` became revenue with the invoice, so it falls on the month before that day; what lies
    beyond ``ended_on`` on that month, where the line ended before its schedule did (null: it did not). Schedules that are
    alike are spread once for all the ``lines`` of them. In: ``by``, the columns `RULE`, ``until_on``, ``ended_on``,
    ``lines``. Amounts are whole units, rounded as `schedule.months` does.

    120,000 yen for the year from April, billed in April: a twelfth with the invoice, and each month after it.

    >>> from datetime import date
    >>> row = {"amount": 120_000, "from_on": date(2026, 4, 1), "to_on": date(2027, 4, 1), "method": "monthly"}
    >>> row |= {"partial_month": "daily", "remainder": "cumulative", "until_on": date(2026, 5, 1)}
    >>> rows = pl.DataFrame([row | {"lines": 2, "ended_on": date(2026, 6, 1)}])
    >>> [(day.month, amount) for day, amount in unfolded(rows, [], "floor").sort("month").rows()]
    [(4, 20000), (5, 20000), (6, 200000)]
    """
    same = [*by, *RULE, "until_on", "ended_on"]
    alike = rows.group_by(same).agg(pl.col("lines").sum()).with_columns(key=pl.int_range(pl.len(), dtype=pl.Int64))
    spread = schedule.months(alike.select("key", *RULE), rounding)
    placed = looked_up(spread, alike.select("key", *by, "until_on", "ended_on", "lines"), "key")
    billed = pl.col("until_on").dt.offset_by("-1mo")
    month = pl.max_horizontal(billed, pl.min_horizontal("month", "ended_on"))
    counted = placed.select(*by, month=month, amount=pl.col("amount") * pl.col("lines"))
    return counted.group_by(*by, "month").agg(pl.col("amount").sum())


def rolled(contracts: pl.DataFrame) -> pl.DataFrame:
    """How billing and revenue of a period moved each contract's liability (契約負債) and asset (契約資産): columns `FLOWS`.

    A contract's balance is billed less recognised, net of tax; above zero it is a liability, below an asset, never both
    (企業会計基準29号 77–79). Billing clears the opening asset first (``asset_out``), the rest raises the liability
    (``liability_in``; a credit note lowers it). Revenue uses the liability up (``liability_out``), and of that first what
    was in the opening balance (``from_opening``: what ``earlier`` tells of revenue that had been billed before, within
    that balance); beyond it raises the asset (``asset_in``). Whatever would leave both sides open is closed against each
    other on both. In: ``before``, ``billed``, ``recognized``, ``earlier`` (whole units); its columns are kept.

    opening liability + in − out = closing liability; opening asset + in − out = closing asset.

    An asset of 300 is billed with 1,000 more; 900 become revenue: 300 clear the asset, 1,000 raise the liability.

    >>> rows = pl.DataFrame({"before": [-300], "billed": [1_300], "recognized": [900], "earlier": [0]})
    >>> rolled(rows).select(FLOWS).row(0)
    (1000, 900, 0, 0, 300)
    """
    before, billed, earned = pl.col("before"), pl.col("billed"), pl.col("recognized")
    held, owed = before.clip(lower_bound=0), (-before).clip(lower_bound=0)
    cleared = pl.min_horizontal(billed.clip(lower_bound=0), owed)
    raised = billed - cleared
    used = pl.min_horizontal(earned, held + raised)
    beyond = earned - used
    # a reversal of revenue beside an asset, or a credit beyond what is held, opens both sides: they are netted
    both = pl.max_horizontal(pl.min_horizontal(held + raised - used, owed - cleared + beyond), 0)
    opening = pl.max_horizontal(pl.min_horizontal("earlier", held, used), 0)
    flows = (raised, used + both, opening, beyond, cleared + both)
    return contracts.with_columns(**dict(zip(FLOWS, flows, strict=True)))
