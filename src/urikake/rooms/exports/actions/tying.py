"""Books of the accounting package tied out against ours (残高照合): its balances or its journal, by account and month."""

from __future__ import annotations

from datetime import date
from typing import Final

import polars as pl

from urikake.base import facts
from urikake.base.access import action
from urikake.base.bulk import Session
from urikake.base.company import accounts
from urikake.base.errors import Refusal
from urikake.base.progress import step
from urikake.core import cells
from urikake.core.formats import beancount, journals
from urikake.rooms.intake.actions import record_file
from urikake.rooms.intake.queries import Column, Kind, Sheet, options
from urikake.rooms.ledger import queries as ledger

from .. import queries
from ..models import TieOut, TieOutLine, TieOutSlip

BALANCES: Final = Kind(
    "ledger-balances",
    (
        options("target", "会計ソフト", *journals.TARGETS),
        Column("account", "勘定科目"),
        Column("code", "科目コード"),
        Column("date", "日付", cells.day),
        Column("balance", "残高", cells.amount),
        Column("debit", "借方残高", cells.amount),
        Column("credit", "貸方残高", cells.amount),
    ),
)
SOLID: Final = frozenset({"Liabilities", "Equity", "Income"})
"""The roots of accounts whose balance stands on the credit side."""
TOLD: Final = 1_000
"""How many entries that wait are told one by one; their sums are told of all."""
FIGURES: Final = ("there", "here", "waiting", "moved", "missing", "extra", "changed")
SUM: Final = {"account": pl.String, "month_on": pl.Date, "amount": pl.Int64}


@action("exports.export")
def tie_out(session: Session, *, sheet: Sheet, target: str, on: date) -> int:
    """Compare the package's balances with ours, keep the comparison and return its id.

    A row names an account by its name there, or its code, and the day of its balance, else it is that of ``on``. ``debit`` and
    ``credit`` are balances on a side; ``balance`` stands on the side that is usual for the account. Rows of one account and day
    are summed. Accounts that neither side has moved are left out.
    """
    _known(target)
    sheet.check(pl.col("account").is_null() & pl.col("code").is_null(), "account", "科目の名前かコードを書いてください")
    sides = pl.any_horizontal(pl.col(name).is_not_null() for name in ("debit", "credit"))
    sheet.check(pl.col("balance").is_null() & ~sides, "balance", "残高を書いてください")
    sheet.check(
        pl.col("balance").is_not_null() & sides, "balance", "残高か、借方残高・貸方残高の、どちらかだけを書いてください"
    )
    sheet.check(pl.col("date") > pl.lit(on), "date", f"照合の日（{on}）までの日付を書いてください")
    sheet.accept()
    theirs = _theirs(session, sheet.frame.with_columns(pl.col("date").fill_null(on)), target)
    waiting = queries.amounts(session, queries.fresh(session, target, date.min, on))
    taxes = queries.purchases(session, target, queries.handed(session, target, date.min, on))
    days = sorted(set(theirs["month_on"])) or [on]
    lines = pl.concat([_compared(session, theirs, waiting, taxes, day) for day in days])
    return _kept(session, {"target": target, "on_day": on, "file_name": sheet.name, "digest": sheet.sha256}, lines)


@action("exports.export")
def tie_out_journal(session: Session, *, came: queries.Returned, target: str, since: date, until: date) -> int:
    """Compare the package's journal from day to day with what was handed over, slip by slip; keep it and return its id.

    Compared are the accounts that we have, or those of the file where it is a ledger of some.
    """
    _known(target)
    if since > until:
        raise Refusal(
            "bad-span", f"{since} から {until} までが期間になりません。", "初めの日を終わりの日より前にしてください。"
        )
    step("渡した仕訳を読む")
    handed = queries.handed(session, target, since, until)
    mine = handed if came.grouped else queries.numbered(handed.drop("id"), grouped=False)
    spent = queries.numbered(came.sides.filter(pl.col("on").is_between(since, until)), grouped=came.grouped)
    ours, theirs = (queries.as_ours(session, target, sides) for sides in (mine, spent))
    mine_too = set(accounts(session)["name"]) | {_paid(session, target)}
    kept = sorted(mine_too & set(theirs["account"])) if came.partial else sorted(mine_too)
    step("伝票ごとに照合する")
    compared = [frame.filter(pl.col("account").is_in(kept)) if came.partial else frame for frame in (ours, theirs)]
    slips = journals.differing(*compared)
    heads = queries.fresh(session, target, since, until)
    waiting = queries.amounts(session, heads)
    taxes = queries.purchases(session, target, handed)
    lines = _moved(
        here=ledger.monthly(session, since, until),
        there=_monthly(theirs),
        waiting=_monthly(waiting),
        moved=_monthly(taxes),
        **{name: _monthly(told) for name, told in _explained(slips).items()},
    ).filter(pl.col("account").is_in(kept))
    head = {"target": target, "since_on": since, "on_day": until, "file_name": came.name, "digest": came.sha256}
    tie_out_id = _kept(session, head, lines)
    _keep_slips(session, tie_out_id, _ours_only(slips), _waiting(session, heads, waiting))
    return tie_out_id


@action("exports.export")
def import_balances(session: Session, *, sheet: Sheet) -> int:
    """Compare the balances of a file that tells the package and the days itself; how many rows it has."""
    target = _told(sheet)
    sheet.check(pl.col("date").is_null(), "date", "残高の日を書いてください")
    sheet.accept()
    rows = sheet.frame.height
    tie_out(session, sheet=sheet, target=target, on=sheet.frame["date"].max())  # type: ignore[arg-type]
    record_file(session, sheet=sheet)
    return rows


@action("exports.export")
def import_journal(session: Session, *, sheet: Sheet) -> int:
    """Compare the journal of a file that tells the package itself, over the months it has; how many rows it has."""
    target = _told(sheet)
    came = queries.listed(sheet)
    since, until = queries.months_of(came)
    tie_out_journal(session, came=came, target=target, since=since, until=until)
    record_file(session, sheet=sheet)
    return sheet.frame.height


def _told(sheet: Sheet) -> str:
    """The package that the rows of a sheet tell; refused where one tells none, or another one."""
    first = sheet.frame["target"].drop_nulls().head(1)
    sheet.check(
        pl.col("target").is_null(), "target", "会計ソフトを書いてください（列の対応づけで、決まった値にもできます）"
    )
    sheet.check(
        pl.col("target") != pl.lit(first.first(), dtype=pl.String), "target", "会計ソフトは、一つのファイルに一つです"
    )
    sheet.accept()
    if first.is_empty():
        raise queries.empty(sheet.name)
    return str(first[0])


def _known(target: str) -> None:
    if target not in journals.TARGETS:
        raise Refusal(
            "unknown-target",
            f"会計ソフト「{target[:40]}」はありません。",
            f"{'・'.join(journals.TARGETS)} から選んでください。",
        )


def _kept(session: Session, head: dict[str, object], lines: pl.DataFrame) -> int:
    """Keep a comparison with its lines; its id."""
    told = head | {"file_name": str(head["file_name"])[-120:]}
    tie_out_id = int(
        facts.record(session, TieOut, pl.DataFrame([told], schema_overrides={"since_on": pl.Date}))["id"][0]
    )
    ids = accounts(session).select(account="name", account_id="id")
    named = lines.join(ids, on="account", how="left", maintain_order="left")
    called = pl.coalesce("called", pl.col("account").str.strip_prefix(queries.FOREIGN)).str.slice(0, 60)
    facts.record(
        session, TieOutLine, named.with_columns(called.alias("called"), tie_out_id=pl.lit(tie_out_id, dtype=pl.Int64))
    )
    return tie_out_id


# --- balances ------------------------------------------------------------------------------------------------------


def _theirs(session: Session, rows: pl.DataFrame, target: str) -> pl.DataFrame:
    """The balances by our account, else by the name there: ``account, called, month_on, there`` (debits positive)."""
    names = queries.ours_by_name(session, target)
    usual = {name: -1 if beancount.root(name) in SOLID else 1 for name in names.values()}
    found = [
        {
            "account": (account := names.get(row["code"] or "") or names.get(row["account"] or "")),
            "called": row["account"] or row["code"],
            "month_on": row["date"],
            "there": (row["debit"] or 0) - (row["credit"] or 0) + (row["balance"] or 0) * usual.get(account or "", 1),
        }
        for row in rows.iter_rows(named=True)
    ]
    told = pl.DataFrame(
        found, schema={"account": pl.String, "called": pl.String, "month_on": pl.Date, "there": pl.Int64}
    )
    own = told.with_columns(account=pl.coalesce("account", pl.concat_str(pl.lit(queries.FOREIGN), "called")))
    return own.group_by("account", "month_on", maintain_order=True).agg(pl.col("called").first(), pl.col("there").sum())


def _compared(
    session: Session, theirs: pl.DataFrame, waiting: pl.DataFrame, taxes: pl.DataFrame, on: date
) -> pl.DataFrame:
    """Every account that either side has on a day, with its `FIGURES`."""
    ours = ledger.balances(session, on).select("account", month_on=pl.lit(on), amount="balance").drop_nulls("amount")
    there = theirs.filter(pl.col("month_on") == on)
    lines = _moved(
        here=ours,
        there=there.select("account", "month_on", amount="there"),
        waiting=_at(waiting, on),
        moved=_at(taxes, on),
    )
    return lines.drop("called").join(there.select("account", "called"), on="account", how="left", maintain_order="left")


def _at(told: pl.DataFrame, on: date) -> pl.DataFrame:
    """Amounts by account, up to a day."""
    return told.filter(pl.col("on") <= on).group_by("account").agg(month_on=pl.lit(on), amount=pl.col("amount").sum())


# --- journals ------------------------------------------------------------------------------------------------------


def _monthly(told: pl.DataFrame) -> pl.DataFrame:
    """Amounts by account and month."""
    months = told.with_columns(month_on=pl.col("on").dt.month_end())
    return months.group_by("account", "month_on").agg(pl.col("amount").sum())


def _moved(**figures: pl.DataFrame) -> pl.DataFrame:
    """The `FIGURES` by account and month, nought where nothing was told: ``account, month_on, called`` (null), and these."""
    parts = [figures[name].select(*SUM, figure=pl.lit(name)) for name in figures]
    every = pl.concat([pl.DataFrame(schema=SUM | {"figure": pl.String}), *parts], how="vertical_relaxed")
    sums = [pl.col("amount").filter(pl.col("figure") == name).sum().alias(name) for name in FIGURES]
    found = every.group_by("account", "month_on").agg(sums)
    moved = pl.any_horizontal(pl.col(name) != 0 for name in FIGURES)
    return found.filter(moved).sort("month_on", "account").with_columns(called=pl.lit(None, dtype=pl.String))


def _explained(slips: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """What differing slips explain of each account: ``missing, extra, changed``, by day."""
    kind = pl.col("kind")
    changed = slips.filter(kind == journals.CHANGED)
    return {
        "missing": slips.filter(kind == journals.MISSING).select("account", "on", amount="here"),
        "extra": slips.filter(kind.is_in([journals.EXTRA, journals.DOUBLE])).select("account", on="there_on", amount="there"),
        "changed": pl.concat([
            changed.select("account", "on", amount=-pl.col("here")), changed.select("account", on="there_on", amount="there"),
        ]),
    }  # fmt: skip


def _ours_only(slips: pl.DataFrame) -> pl.DataFrame:
    """The slips but for those that only the package has and that touch no account which is ours to prove."""
    proven = pl.col("account").is_in(list(queries.GROUP_OF))
    added = pl.col("kind").is_in([journals.EXTRA, journals.DOUBLE])
    return slips.filter(~added | proven.any().over("kind", "id"))


def _waiting(session: Session, heads: pl.DataFrame, amounts: pl.DataFrame) -> pl.DataFrame:
    """The first entries that no file holds yet, as differences."""
    first = ledger.described(session, heads.head(TOLD)).select("entry_id", text="description")
    told = amounts.join(first, on="entry_id", maintain_order="left")
    return told.select(
        "on", "text", "account", kind=pl.lit(queries.WAITING), slip=(pl.col("entry_id") - session.low).cast(pl.String),
        there_on=pl.lit(None, dtype=pl.Date), here="amount", there=pl.lit(0, dtype=pl.Int64), row=pl.lit(0, dtype=pl.Int64),
    )  # fmt: skip


def _keep_slips(session: Session, tie_out_id: int, *parts: pl.DataFrame) -> None:
    """Keep the slips that explain a comparison."""
    names = {"slip": "slip_number", "on": "day_here", "there_on": "day_there", "account": "called", "row": "file_row"}
    order = ["kind", "slip", "on", "there_on", "text", "account", "here", "there", "row"]
    every = pl.concat([part.select(order) for part in parts]).rename(names)
    told = every.with_columns(
        pl.col("slip_number").fill_null("").str.slice(0, 40),
        pl.col("text").fill_null("").str.slice(0, 300),
        pl.col("called").str.strip_prefix(queries.FOREIGN).str.slice(0, 60),
        file_row=pl.when(pl.col("kind") == journals.MISSING).then(0).otherwise("file_row"),
        tie_out_id=pl.lit(tie_out_id, dtype=pl.Int64),
    )
    facts.record(session, TieOutSlip, told)


def _paid(session: Session, target: str) -> str:
    """The account for the tax of purchases: ours, where we have one called so, else theirs."""
    return queries.ours_by_name(session, target).get(queries.PAID, f"{queries.FOREIGN}{queries.PAID}")
