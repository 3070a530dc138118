"""What lines are to charge over a span of days as some of their events have it, billed or not."""

from __future__ import annotations

from typing import Final

import polars as pl

from urikake.base.bulk import Session
from urikake.base.company import policies, tax_rates
from urikake.core import calendar, charging, tax
from urikake.core.money import MICRO, Rounding, divide, wide
from urikake.rooms.catalog.queries import by_cycle, products
from urikake.rooms.contracts import queries as contracts

from .scope import scoped

NAMED: Final = (
    "line_id",
    "contract_id",
    "product_id",
    "cycle_from_on",
    "from_on",
    "to_on",
    "quantity_micro",
    "amount",
    "net",
)
_WHOLE: Final = 100 * MICRO  # percent


def as_of(session: Session, spans: pl.DataFrame, events: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The contract lines of the spans (``line_id``) and their stretches, as the events have them and no others.

    Lines as `contracts.folded` gives them, with their terms; stretches as `timeline.segments`.
    """
    mine = spans.select("line_id")
    lines = contracts.first_lines(session).join(mine, on="line_id", how="semi", maintain_order="left")
    scope = scoped(session, *contracts.fold_lines(session, lines, events))
    return scope.lines, scope.segments


def agreed(session: Session, lines: pl.DataFrame, segments: pl.DataFrame) -> pl.DataFrame:
    """Every charge of the lines' cycles that begin before their ``until_on``: columns `NAMED`, one row a stretch of a cycle.

    ``lines`` and ``segments`` as `as_of` gives them. What is measured (従量) is not among them.
    """
    cycles = calendar.cycles(lines.with_columns(after_on=pl.lit(None, dtype=pl.Date)))
    none = {name: pl.lit(None, dtype=pl.Int64) for name in ("usage_micro", "before_micro", "before_amount", "moved")}
    wanted = charging.stretches(cycles, segments).with_columns(sign=pl.lit(1, dtype=pl.Int64), **none)
    rounding: Rounding = policies(session)["amount_rounding"]  # type: ignore[assignment]
    priced = charging.priced(wanted, by_cycle(session), rounding)
    owned = priced.join(lines.select("line_id", "contract_id"), on="line_id", maintain_order="left")
    return _net(session, owned).select(NAMED)


def _net(session: Session, charges: pl.DataFrame) -> pl.DataFrame:
    """The charges with ``net``, without the tax that an inclusive price (内税) holds, each rounded by itself."""
    rounding: Rounding = policies(session)["tax_rounding"]  # type: ignore[assignment]
    model = products(session).select("product_id", "tax", "inclusive")
    named = charges.join(model, on="product_id", maintain_order="left")
    last = pl.col("to_on").dt.offset_by("-1d")
    rated = named.with_columns(rate=tax.rate_micro(pl.col("tax"), last, tax_rates(session)).fill_null(0))
    held = divide(wide("amount") * wide("rate"), pl.col("rate") + _WHOLE, rounding)
    return rated.with_columns(net=pl.col("amount") - pl.when("inclusive").then(held).otherwise(0))
