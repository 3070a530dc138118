"""Books of packages that came back, compared with ours, and what was handed over that they are compared with."""

from __future__ import annotations

from datetime import date
from typing import Final

import polars as pl

from urikake.base.bulk import Session
from urikake.base.company import accounts as chart_of
from urikake.core.formats import journals
from urikake.rooms.ledger import queries as ledger

from .batches import batches, exported, file_of, handed_over
from .classing import PAID, TAX
from .naming import accounts, letters, taxes

GROUPS: Final = {
    "債権": "売掛金 契約資産 未収入金 受取手形 電子記録債権 不渡手形", "前受": "前受金 契約負債 返金負債 預り保証金", "仮受": "仮受金",
    "消費税": "仮受消費税",
}  # fmt: skip
"""The accounts that are ours to prove, by what they are; of the others the package may have what does not come from us."""
OTHERS: Final = "ほか"
GROUP_OF: Final = {name: group for group, names in GROUPS.items() for name in names.split()}
WAITING: Final = "waiting"
KINDS: Final = {
    WAITING: "まだ渡していない", journals.MISSING: "会計ソフトにない", journals.EXTRA: "会計ソフトだけにある",
    journals.DOUBLE: "会計ソフトに二つある", journals.CHANGED: "内容が違う",
}  # fmt: skip
FOREIGN: Final = "?"
"""Stands before the name of an account that is not ours."""


def tie_outs(session: Session) -> pl.DataFrame:
    """Every comparison by id: ``tie_out_id, run_id, target, since_on, on_day, file_name, digest``."""
    rows = session.table("exports_tie_out", "id, run_id, target, since_on, on_day, file_name, digest")
    return rows.rename({"id": "tie_out_id"}).sort("tie_out_id")


def tied(session: Session, tie_out_id: int) -> pl.DataFrame:
    """The accounts of a comparison, by month: ``group, month_on, called, account``, and in yen ``theirs, ours`` and what differs.

    ``theirs`` = ``ours`` − ``not_exported`` + ``moved`` − ``missing`` + ``extra`` + ``changed`` + ``unexplained``.
    """
    names = "id, tie_out_id, account_id, called, there, here, waiting, month_on, moved, missing, extra, changed"
    rows = session.rows("exports_tie_out_line", names, "tie_out_id = ?", (tie_out_id,))
    day = tie_outs(session).filter(pl.col("tie_out_id") == tie_out_id)["on_day"]
    chart = chart_of(session).select(account_id="id", account="name")
    told = rows.rename({"there": "theirs", "here": "ours", "waiting": "not_exported"}).join(
        chart, on="account_id", how="left", maintain_order="left"
    )
    group = pl.col("account").replace_strict(GROUP_OF, default=OTHERS, return_dtype=pl.String).fill_null(OTHERS)
    explained = pl.col("ours") - pl.col("not_exported") + pl.col("moved") - pl.col("missing")
    explained = explained + pl.col("extra") + pl.col("changed")
    on = pl.lit(day.first(), dtype=pl.Date)
    order = pl.col("group").replace_strict({name: at for at, name in enumerate((*GROUPS, OTHERS))})
    shown = told.select(
        group.alias("group"),
        pl.coalesce("month_on", on).alias("month_on"),
        *("called", "account", "theirs", "ours", "not_exported", "moved", "missing", "extra", "changed"),
        unexplained=pl.col("theirs") - explained,
    )
    return shown.sort(order, "account", "called", "month_on", nulls_last=True)


def off(lines: pl.DataFrame, *, others: bool = False) -> pl.DataFrame:
    """Those of the accounts `tied` that do not agree, of those that are ours to prove, else of the ``others``.

    What waits to be handed over, and tax that leaves its account, tell nothing apart.
    """
    differs = pl.any_horizontal(pl.col(name) != 0 for name in ("missing", "extra", "changed", "unexplained"))
    return lines.filter(((pl.col("group") == OTHERS) == others) & differs)


def tied_slips(session: Session, tie_out_id: int) -> pl.DataFrame:
    """The slips that explain a comparison, by day: ``kind, slip, on, there_on, text, account, here, there, row``."""
    names = "id, tie_out_id, kind, slip_number, day_here, day_there, text, called, here, there, file_row"
    rows = session.rows("exports_tie_out_slip", names, "tie_out_id = ?", (tie_out_id,))
    renamed = {"slip_number": "slip", "day_here": "on", "day_there": "there_on", "called": "account", "file_row": "row"}
    return rows.rename(renamed).select("kind", "slip", "on", "there_on", "text", "account", "here", "there", "row")


def tied_in(session: Session, first: date, last: date) -> pl.DataFrame:
    """The newest comparison that covers the month, as `tie_outs`: its balances at the end, or its whole journal; else no row."""
    covers = (pl.col("on_day") >= last) & (pl.col("since_on") <= first)
    found = tie_outs(session).filter(covers | (pl.col("since_on").is_null() & (pl.col("on_day") == last)))
    return found.tail(1)


def ours_by_name(session: Session, target: str) -> dict[str, str]:
    """Our account by what it is, or ever was, called or coded in the package, as its files spell it."""
    rows = session.table("exports_mapping", "id, target, kind, ours, code, called").sort("id")
    told = rows.filter((pl.col("target") == target) & (pl.col("kind") == "account"))
    every = chart_of(session)["name"]
    now = accounts(session, target, every)
    known, swaps = journals.TARGETS[target], letters(session, target)
    pairs = [(name, name) for name in every]
    pairs += [
        (name, ours) for ours, *names in told.select("ours", "code", "called").iter_rows() for name in names if name
    ]
    pairs += [
        (name, ours) for ours, *names in now.select("account", "code", "called").iter_rows() for name in names if name
    ]
    spelt = ["".join(swaps.get(letter, letter) for letter in name) for name, _ in pairs]
    return dict(pairs) | {known.fitting(name): ours for name, (_, ours) in zip(spelt, pairs, strict=True)}


def as_ours(session: Session, target: str, sides: pl.DataFrame) -> pl.DataFrame:
    """The sides of a journal of the package (`journals.table`) on our accounts, with the tax in them on its own account.

    An account that we do not have is told by its name there, after a ``?``.
    """
    names = ours_by_name(session, target)
    account = pl.col("account").replace_strict(names, default=None, return_dtype=pl.String)
    own = sides.with_columns(account=pl.coalesce(account, pl.concat_str(pl.lit(FOREIGN), "account")))
    taxed = own.filter(pl.col("tax_amount") != 0)
    paid = names.get(PAID, f"{FOREIGN}{PAID}")
    account = pl.when(pl.col("tax").is_in(_bought(session, target, sides))).then(pl.lit(paid)).otherwise(pl.lit(TAX))
    net = own.with_columns(amount=pl.col("amount") - pl.col("tax_amount"))
    return pl.concat([net, taxed.with_columns(amount="tax_amount", account=account)]).drop("tax", "tax_amount")


def _bought(session: Session, target: str, sides: pl.DataFrame) -> list[str]:
    """Which of the classes of tax that the sides bear are of purchases."""
    known = frozenset(name for key, name in taxes(session, target).items() if key.startswith("purchase:"))
    kinds = sides.filter(pl.col("tax_amount") != 0)["tax"].unique()
    return [tax for tax in kinds if journals.is_purchase(target, tax, known)]


def purchases(session: Session, target: str, sides: pl.DataFrame) -> pl.DataFrame:
    """What the sides tell as tax of purchases, out of its account: ``account, on, amount`` (negative), and on its own."""
    names = ours_by_name(session, target)
    taxed = sides.filter((pl.col("tax_amount") != 0) & pl.col("tax").is_in(_bought(session, target, sides)))
    account = pl.col("account").replace_strict(names, default=None, return_dtype=pl.String)
    left = taxed.select(
        "on", account=pl.coalesce(account, pl.concat_str(pl.lit(FOREIGN), "account")), amount=-pl.col("tax_amount")
    )
    paid = names.get(PAID, f"{FOREIGN}{PAID}")
    return pl.concat([left, taxed.select("on", account=pl.lit(paid), amount="tax_amount")])


def handed(session: Session, target: str, first: date, last: date) -> pl.DataFrame:
    """The sides of all slips that files of the package hold from day to day, each once (`journals.table`), with ``id`` of the slip.

    What was put into a file again is left out; a file that holds new entries beside such counts with these.
    """
    marked = session.table("exports_mark", "id, batch_id, target")["batch_id"].unique().implode()
    made = batches(session).filter(
        (pl.col("target") == target)
        & pl.col("batch_id").is_in(marked)
        & (pl.col("since_on") <= last)
        & (pl.col("until_on") >= first)
    )
    found = pl.DataFrame(schema={"id": pl.Int64} | dict.fromkeys(("slip", "account", "tax", "text"), pl.String))
    found = found.with_columns(
        on=pl.lit(None, dtype=pl.Date),
        **{name: pl.lit(None, dtype=pl.Int64) for name in ("row", "amount", "tax_amount")},
    ).select("id", *journals.LINES)
    for batch_id, again in made.select("batch_id", "again").iter_rows():
        sides = numbered(journals.table(target, file_of(session, batch_id)), found["id"].max())
        found = pl.concat([found, (journals.beyond(found, sides) if again else sides).select(found.columns)])
    return found.filter(pl.col("on").is_between(first, last))


def numbered(sides: pl.DataFrame, last: object = None, *, grouped: bool = True) -> pl.DataFrame:
    """The sides with the ``id`` of their slip, after ``last``; of each its own where they are not ``grouped``."""
    first = last + 1 if isinstance(last, int) else 0
    ids = pl.struct("slip", "on").rank("dense").cast(pl.Int64) if grouped else pl.int_range(pl.len(), dtype=pl.Int64)
    return sides.with_columns(id=ids + first)


def fresh(session: Session, target: str, first: date, last: date) -> pl.DataFrame:
    """The entries from day to day that no file of the package holds, as `ledger.entries`; none is read where there are none."""
    every, done = handed_over(session, target, first, last)
    if every == done:
        return ledger.entries(session, last, last).clear()
    heads = ledger.entries(session, first, last)
    return heads.filter(~exported(session, target, heads))


def amounts(session: Session, heads: pl.DataFrame) -> pl.DataFrame:
    """What entries do to accounts, by day: ``entry_id, on, account, amount``."""
    chart = chart_of(session).select(account_id="id", account="name")
    days = heads.select("entry_id", on="posted_on")
    lines = ledger.lines(session, heads).join(chart, on="account_id").join(days, on="entry_id")
    return lines.group_by("entry_id", "on", "account", maintain_order=True).agg(pl.col("amount").sum())
