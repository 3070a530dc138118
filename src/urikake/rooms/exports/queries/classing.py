"""Lines of the ledger with the tax that an accounting package wants of them: inside their amounts, under its class."""

from __future__ import annotations

from typing import Final

import polars as pl

from urikake.base.bulk import Session
from urikake.base.company import tax_rates
from urikake.core import tax
from urikake.core.formats import journals
from urikake.rooms.matching import queries as matching

from .naming import treatments

TAX: Final = "仮受消費税"
PAID: Final = "仮払消費税"
"""The account on which a package puts the tax of what was bought; our books have none."""
BASE: Final = "売上高"
"""The account on which the base of tax stands that is no line's own."""
BASES: Final = frozenset({"売上高", "雑収入", "売上値引", "貸倒損失"})


def classed(session: Session, target: str, lines: pl.DataFrame, missing: list[str]) -> pl.DataFrame:
    """The lines with their tax inside and the key of their class; accounts that nobody classed are added to ``missing``."""
    treated = _treated(session, target, lines)
    unknown = treated.filter(pl.col("treatment").is_null())
    missing += [f"消費税の扱い {name}" for name in unknown["account"].unique().sort()]
    whole = journals.folded(treated.with_columns(pl.col("role").fill_null(journals.NONE)), TAX, BASE)
    key = journals.tax_key(pl.col("role"), pl.col("tax"), pl.col("rate_micro"))
    keyed = whole.with_columns(tax_key=pl.when("taxed").then(key).otherwise(pl.lit(journals.NONE)))
    return keyed.with_columns(
        tax_key=pl.coalesce("own_key", "tax_key"), tax_amount=pl.coalesce("own_tax", "tax_amount")
    ).drop("own_key", "own_tax", "treatment")


def bought(session: Session, target: str, lines: pl.DataFrame) -> dict[str, int]:
    """How much of each account the file tells as tax of what was bought, debits positive."""
    treated = _treated(session, target, lines)
    sums = treated.group_by("account").agg(pl.col("own_tax").sum())
    return {account: amount for account, amount in sums.iter_rows() if amount}


def _treated(session: Session, target: str, lines: pl.DataFrame) -> pl.DataFrame:
    """The lines with ``treatment`` (null: nobody said) and ``role``; ``own_key`` and ``own_tax`` where their account classes them.

    An account classes the lines that bear no class of their own.
    """
    told = treatments(session, target)
    treatment = pl.col("account").replace_strict(told, default=None, return_dtype=pl.String)
    role = pl.col("treatment").str.split(":").list.first().replace(journals.UNQUALIFIED, "purchase")
    found = lines.with_columns(treatment=treatment).with_columns(role=role)
    own = pl.col("treatment").str.contains(":") & (pl.col("tax") == "")
    fixed = pl.when(own & ~_taxable()).then("treatment")
    none = found.with_columns(own_key=fixed, own_tax=pl.lit(None, dtype=pl.Int64))
    if not found.select((own & _taxable()).any()).item():
        return none
    return _bought(session, none, own & _taxable())


def _taxable() -> pl.Expr:
    """Whether an account is of purchases that bear tax."""
    return pl.col("treatment").str.contains(r"^(purchase|unqualified):(standard|reduced)$")


def _bought(session: Session, lines: pl.DataFrame, which: pl.Expr) -> pl.DataFrame:
    """The lines with key, rate and tax of those that bought something taxable, as of the day on which they did."""
    supplied = _supplied(session, lines)
    of, qualified = pl.col("treatment").str.split(":").list.last(), pl.col("treatment").str.starts_with("purchase")
    rate = tax.rate_micro(of, pl.lit(supplied), tax_rates(session))
    percent = pl.when(qualified).then(pl.lit(100)).otherwise(journals.deducted(pl.lit(supplied)))
    dated = lines.with_columns(which.alias("which"), buying_rate=rate, percent=percent)
    key = journals.tax_key(pl.lit("purchase"), of, pl.col("buying_rate"))
    key = pl.when(qualified).then(key).otherwise(pl.concat_str(key, pl.lit(":"), pl.col("percent").cast(pl.String)))
    part = journals.input_tax(pl.col("amount"), pl.col("buying_rate"), pl.col("percent"))
    return dated.with_columns(
        own_key=pl.when("which").then(key).otherwise("own_key"),
        own_tax=pl.when("which").then(part).otherwise("own_tax"),
        rate_micro=pl.when("which").then("buying_rate").otherwise("rate_micro"),
    ).drop("which", "buying_rate", "percent")


def _supplied(session: Session, lines: pl.DataFrame) -> pl.Series:
    """The day on which what each line is of was supplied: that of its entry; of an application taken back, that of the first one.

    So what is posted the other way round (赤黒) bears the class of what it takes back, whatever day it is posted on.
    """
    sources = lines.select("posted_on", application_id=pl.when(pl.col("source") == "application").then("source_id"))
    undone = matching.applications(session, "reverses_id IS NOT NULL").select("application_id", first="reverses_id")
    if undone.is_empty():
        return lines["posted_on"]
    firsts = matching.applications(session).select(first="application_id", supplied_on="applied_on")
    days = undone.join(firsts, on="first").select("application_id", "supplied_on")
    found = sources.join(days, on="application_id", how="left", maintain_order="left")
    return found.select(pl.coalesce("supplied_on", "posted_on")).to_series()


def rates(session: Session, lines: pl.DataFrame) -> pl.Series:
    """The rate of each line: that of its day, or, in the years after a change, the one before where its entry's tax is of that.

    What is given back or billed late bears the rate of its supply.
    """
    today = lines.with_columns(
        rate_micro=tax.rate_micro(pl.col("tax"), pl.col("posted_on"), tax_rates(session)), at=pl.int_range(pl.len())
    )
    rates = tax_rates(session).sort("tax", "from_on").with_columns(before=pl.col("rate_micro").shift(1).over("tax"))
    late = today.join(rates.select("tax", "from_on", "before"), on="tax").filter(
        (pl.col("posted_on") >= pl.col("from_on"))
        & (pl.col("posted_on") < pl.col("from_on") + pl.duration(days=_LATE_DAYS))
    )
    if late.is_empty():
        return today["rate_micro"]
    key = ["entry_id", "tax"]
    of_tax = pl.when(pl.col("account") == TAX).then("amount").otherwise(0).sum()
    of_base = pl.when(pl.col("account").is_in(list(BASES))).then("amount").otherwise(0).sum()
    sums = late.group_by(key).agg(pl.col("rate_micro", "before").first(), pl.len(), taxed=of_tax, base=of_base)
    fits = {name: _off(name) <= (pl.col("len") + 2).cast(pl.Int128) * 100_000_000 for name in ("rate_micro", "before")}
    older = sums.filter((pl.col("taxed") != 0) & ~fits["rate_micro"] & fits["before"]).select(*key, older="before")
    found = today.join(older, on=key, how="left", maintain_order="left").sort("at")
    return found.select(rate_micro=pl.coalesce("older", "rate_micro")).to_series()


_LATE_DAYS: Final = 730
"""So long after a change of the rate what is of the rate before may still be posted."""


def _off(rate: str) -> pl.Expr:
    """By how much (in hundred-millionths of a yen) the tax of an entry and class is not that of its base at the rate."""
    return (pl.col("taxed").cast(pl.Int128) * 100_000_000 - pl.col("base").cast(pl.Int128) * pl.col(rate)).abs()
