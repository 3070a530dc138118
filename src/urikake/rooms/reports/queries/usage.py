"""The report of usage: which metered contracts have it, lack it, or had it late, by month or day."""

from __future__ import annotations

from datetime import date
from typing import Any, Final, cast

import polars as pl

from urikake.base import periods
from urikake.base.bulk import Session
from urikake.base.errors import Refusal
from urikake.rooms.billing.queries import LATE, MISSING, completeness
from urikake.rooms.billing.queries.completeness import Step

from .chosen import contract_ids, require_span

LONGEST: Final = 366
STEPS: Final = ("month", "day")


def usage(
    session: Session,
    month: str | None = None,
    since: date | None = None,
    until: date | None = None,
    by: str = "month",
    contract: str | None = None,
) -> list[dict[str, Any]]:
    """A row for every metered product of a contract, with one column a month (``2026-04``) or day (``2026-04-01``).

    In them ``present``, ``missing`` or ``late`` (some of it after its bill); empty where no usage is asked for. Before them
    ``missing`` and ``late``, how many of them there are.
    """
    first, last = _span(month, since, until)
    if by not in STEPS:
        raise Refusal("bad-by", f"--by が「{by}」です。", "month（月）か day（日）を指定してください。")
    found = completeness(session, first, last, cast(Step, by))
    if contract is not None:
        mine = contract_ids(session, contract)
        found = found.filter(pl.col("contract_no") == contract) if mine.len() else found
    return _matrix(found, first, last, by)


def _span(month: str | None, since: date | None, until: date | None) -> tuple[date, date]:
    if month is not None and since is None and until is None:
        first = periods.first_day(month)
        return first, periods.last_day(first)
    if month is not None or since is None or until is None:
        raise Refusal("no-period", "期間は --month か、--from と --to の両方で指定します。", "例: --month 2026-04")
    require_span(since, until)
    if (until - since).days >= LONGEST:
        why = f"期間 {since} 〜 {until} は {LONGEST} 日を超えています。"
        raise Refusal("long-span", why, "一年までの期間に分けてください。")
    return since, until


def _matrix(found: pl.DataFrame, first: date, last: date, by: str) -> list[dict[str, Any]]:
    """The states, one row a line and product and one column a period."""
    days = pl.date_range(first, last, "1d", eager=True)
    names = days.dt.strftime("%Y-%m-%d" if by == "day" else "%Y-%m").unique(maintain_order=True).to_list()
    rows: dict[tuple[int, str], dict[str, Any]] = {}
    for line_id, no, product, period_on, state in found.drop("position").iter_rows():
        head = {"contract_no": no, "product": product, MISSING: 0, LATE: 0}
        row = rows.setdefault((line_id, product), head | dict.fromkeys(names, ""))
        row[period_on.isoformat()[: len(names[0])]] = state
        if state in head:
            row[state] += 1
    return list(rows.values())
