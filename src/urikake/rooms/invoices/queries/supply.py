"""What follows from the contract of what is invoiced: the rate of tax of the day its supply counts (課税時期), protected prices."""

from __future__ import annotations

from datetime import date
from typing import Final

import polars as pl

from urikake.base.bulk import Session
from urikake.base.company import policies, tax_rates
from urikake.core import tax
from urikake.core.lookup import looked_up
from urikake.rooms.contracts import queries as contracts

CREDIT: Final = -1
_KEYS: Final = ["line_id", "cycle_from_on", "product_id"]


def supply_rates(session: Session, charges: pl.DataFrame, closing_on: date, run_id: int | None = None) -> pl.Series:
    """The ``rate_micro`` of every charge on a document of the closing, in their order.

    A supply counts on its last day (``tax_point``: ``completion``, or ``monthly``, where billing has cut the days at the
    change of the rate), or on the closing where its price is kept whole and booked when it is received (``receipt``).
    What is given back bears the rate at which it was charged. Source: 消費税法基本通達9-1-5, 9-6-2; 平成26年・令和元年の
    税率改正の経過措置. With a run, the rates that were known to it.

    Columns: ``line_id, cycle_from_on, product_id, from_on, to_on, revision, nature`` and ``tax``, the class of the product.
    """
    rates = tax_rates(session, run_id)
    if not _changing(charges, closing_on, rates):
        return charges.select(rate_micro=tax.rate_micro(pl.col("tax"), pl.lit(closing_on), rates)).to_series()
    placed = charges.select("tax", *_KEYS, "from_on", "to_on", "revision", "nature", at=pl.int_range(pl.len()))
    named = looked_up(placed, _tax_points(session), "line_id")
    day = pl.when(pl.col("tax_point") == "receipt").then(pl.lit(closing_on)).otherwise(_last_day())
    own = named.with_columns(own_micro=tax.rate_micro(pl.col("tax"), day, rates))
    joined = own.join(_given_back(session, own), on="at", how="left", maintain_order="left")
    return joined.select(rate_micro=pl.coalesce("charged_micro", "own_micro")).to_series()


def _last_day() -> pl.Expr:
    return pl.col("to_on").dt.offset_by("-1d")


def _changing(charges: pl.DataFrame, closing_on: date, rates: pl.DataFrame) -> bool:
    """Whether a rate changes between the first and the last day that any of the charges has to do with."""
    if charges.is_empty():
        return False
    first, last = charges.select(pl.col("cycle_from_on", "from_on").min(), pl.col("to_on").max()).select(
        pl.min_horizontal("cycle_from_on", "from_on", pl.lit(closing_on)),
        pl.max_horizontal("to_on", pl.lit(closing_on)),
    )
    return rates.filter((pl.col("from_on") > first.item()) & (pl.col("from_on") <= last.item())).height > 0


def _tax_points(session: Session) -> pl.DataFrame:
    """The day whose rate holds for each line: ``line_id``, ``tax_point``."""
    own = pl.when(pl.col("tax_point") == "").then(pl.lit(policies(session)["tax_point"])).otherwise("tax_point")
    terms = contracts.terms(session).select("contract_terms_id", tax_point=own)
    lines = contracts.every_line(session).select("line_id", "contract_terms_id")
    return looked_up(lines, terms, "contract_terms_id").select("line_id", "tax_point")


def _given_back(session: Session, placed: pl.DataFrame) -> pl.DataFrame:
    """The rate at which the days of each credit were charged, on an invoice before or beside it: ``at``, ``charged_micro``."""
    credits = placed.filter(pl.col("nature") == CREDIT)
    if credits.is_empty():
        return pl.DataFrame(schema={"at": placed.schema["at"], "charged_micro": pl.Int64})
    session.stage(credits.select("line_id", "cycle_from_on").unique().sort("cycle_from_on", "line_id"))
    billed = session.read(
        "SELECT c.line_id, c.cycle_from_on, c.product_id, c.from_on, c.to_on, c.revision, l.rate_micro AS charged_micro"
        " FROM stage s CROSS JOIN billing_charge c JOIN invoices_line l ON l.charge_id = c.id"
        " WHERE c.cycle_from_on = s.cycle_from_on AND c.line_id = s.line_id AND c.nature > 0"
    )
    beside = placed.filter(pl.col("nature") > 0).rename({"own_micro": "charged_micro"}).select(billed.columns)
    both = credits.join(pl.concat([billed, beside]), on=_KEYS, suffix="_billed")
    same = (pl.col("from_on") < pl.col("to_on_billed")) & (pl.col("from_on_billed") < pl.col("to_on"))
    found = both.filter(same & (pl.col("revision_billed") <= pl.col("revision"))).sort(
        "revision_billed", "from_on_billed"
    )
    return found.unique("at", keep="last").select("at", "charged_micro")


def commissioned(session: Session) -> pl.DataFrame:
    """The invoices of contracts whose price is protected (取適法): ``invoice_id``, ``to_on`` (the end of what they charge for,
    exclusive)."""
    marked = contracts.commissioned(session)
    if marked.is_empty():
        return pl.DataFrame(schema={"invoice_id": pl.Int64, "to_on": pl.Date})

    def read() -> pl.DataFrame:
        session.stage(pl.DataFrame({"wanted_id": marked}))
        return session.read(
            "SELECT l.invoice_id, max(c.to_on) AS to_on FROM stage s JOIN billing_charge c ON c.line_id = s.wanted_id"
            " JOIN invoices_line l ON l.charge_id = c.id GROUP BY l.invoice_id",
            to_on=pl.Date,
        )

    return session.derived("commissioned_invoices", ("contracts_terms", "contracts_line", "invoices_line"), read)
