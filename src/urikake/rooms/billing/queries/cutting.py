"""Days cut where the rate of consumption tax changes, on lines whose rate holds month by month (``tax_point`` ``monthly``).

What is measured stays whole, and so does a part of a cycle that counts as all of it or as nothing.
"""

from __future__ import annotations

import polars as pl

from urikake.base.bulk import Session
from urikake.base.company import policies, tax_rates
from urikake.core import charging
from urikake.core.money import Rounding, divide, wide
from urikake.rooms.catalog.queries import products
from urikake.rooms.contracts import queries as contracts

from .scope import Scope

WHOLE = (pl.col("from_on") == pl.col("whole_from_on")) & (pl.col("to_on") == pl.col("whole_to_on"))


def credits_cut(session: Session, found: Scope, rows: pl.DataFrame) -> pl.DataFrame:
    """The stretches, not priced yet, with those to be given back cut where their rate changes."""
    pieces = _pieces(session, found, rows, pl.col("sign") < 0)
    return _as_charged(session, found, rows if pieces is None else pieces.select(rows.columns))


def _as_charged(session: Session, found: Scope, rows: pl.DataFrame) -> pl.DataFrame:
    """The stretches with those to be given back from a change of their rate to the end of a whole cycle counted by months.

    That is how their charge was cut, so that all of what bears the new rate is given back.
    """
    changes = tax_rates(session).select("tax", change_on="from_on")
    if rows.is_empty() or not _within(rows, changes, first=True).height:
        return rows
    placed = rows.with_columns(row=pl.int_range(pl.len()))
    own = found.lines.select("line_id", "contract_terms_id").join(_monthly(session), on="contract_terms_id", how="semi")
    model = products(session).select("product_id", "tax")
    rest = (pl.col("sign") < 0) & pl.col("usage_micro").is_null() & (pl.col("to_on") == pl.col("whole_to_on"))
    met = placed.filter(rest).join(own, on="line_id", how="semi").join(model, on="product_id")
    mine = met.join(changes, left_on=["tax", "from_on"], right_on=["tax", "change_on"], how="semi")["row"]
    basis = pl.when(pl.col("row").is_in(mine.implode())).then(pl.lit("monthly")).otherwise("basis")
    return placed.with_columns(basis=basis).drop("row")


def charges_cut(session: Session, found: Scope, rated: pl.DataFrame) -> pl.DataFrame:
    """The priced stretches with those to be charged cut where their rate changes.

    Their amount is split by months (月割; a part of a cycle as it is prorated anyway), rounded cumulatively, so that not a
    yen of it is lost.
    """
    pieces = _pieces(session, found, rated, (pl.col("sign") > 0) & ~pl.col("settles"))
    if pieces is None:
        return rated
    rounding: Rounding = policies(session)["amount_rounding"]  # type: ignore[assignment]
    cut = pl.len().over("row") > 1
    bare = pieces.drop("numerator", "denominator")
    shares = charging.fractions(bare)
    upto = charging.fractions(bare.with_columns(from_on=pl.col("from_on").first().over("row")))
    told = shares.with_columns(upto=split(upto, rounding))
    amount = pl.col("upto") - pl.col("upto").shift(1, fill_value=0).over("row")
    return told.with_columns(amount=pl.when(cut).then(amount).otherwise("amount")).select(rated.columns)


def split(upto: pl.DataFrame, rounding: Rounding) -> pl.Series:
    """What of ``amount`` belongs to the days up to the end of each piece; ``numerator`` and ``denominator`` count them.

    The last piece of a row (``row``) has the share of all of it.
    """
    above, below = wide("numerator") * wide(pl.col("denominator").last().over("row")), wide("denominator")
    whole = below * wide(pl.col("numerator").last().over("row"))
    return upto.select(divide(wide("amount") * above, whole, rounding)).to_series()


def _pieces(session: Session, found: Scope, rows: pl.DataFrame, which: pl.Expr) -> pl.DataFrame | None:
    """The rows, numbered ``row``, with those of ``which`` cut; None where no rate changes inside one of them."""
    changes = tax_rates(session).select("tax", change_on="from_on")
    if rows.is_empty() or not _within(rows, changes).height:
        return None
    placed = rows.with_columns(row=pl.int_range(pl.len()))
    own = found.lines.select("line_id", "contract_terms_id").join(_monthly(session), on="contract_terms_id", how="semi")
    model = products(session).select("product_id", "tax")
    may = which & pl.col("usage_micro").is_null() & (WHOLE | ~pl.col("basis").is_in(charging.KEPT))
    met = placed.filter(may).join(own, on="line_id", how="semi").join(model, on="product_id").join(changes, on="tax")
    later = met.filter((pl.col("from_on") < pl.col("change_on")) & (pl.col("change_on") < pl.col("to_on")))
    if later.is_empty():
        return None
    whole = pl.when(WHOLE.any().over("row")).then(pl.lit("monthly")).otherwise("basis")
    based = placed.with_columns(
        basis=pl.when(pl.col("row").is_in(later["row"].implode())).then(whole).otherwise("basis")
    )
    every = pl.concat([based, later.with_columns(basis=whole, from_on="change_on").select(based.columns)])
    next_on = pl.col("from_on").shift(-1).over("row")
    return every.sort("row", "from_on").with_columns(to_on=pl.coalesce(next_on, "to_on"))


def _within(rows: pl.DataFrame, changes: pl.DataFrame, *, first: bool = False) -> pl.DataFrame:
    """The changes that fall among the days of the rows, behind the first of them or (``first``) on it too."""
    begin, last = rows["from_on"].min(), rows["to_on"].max()
    after = pl.col("change_on") >= begin if first else pl.col("change_on") > begin
    return changes.filter(after & (pl.col("change_on") < last))


def _monthly(session: Session) -> pl.DataFrame:
    """The terms under which the rate holds month by month."""
    said = pl.when(pl.col("tax_point") == "").then(pl.lit(policies(session)["tax_point"])).otherwise("tax_point")
    return contracts.terms(session).filter(said == "monthly").select("contract_terms_id")
