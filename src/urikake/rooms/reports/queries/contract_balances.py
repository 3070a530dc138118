"""Balances from contracts with customers over a period (契約残高の注記, 企業会計基準29号 80-20), proved against the ledger.

Receivables (顧客との契約から生じた債権), contract assets (契約資産) and contract liabilities (契約負債): opening, what raised
and lowered each by its cause, closing; and the revenue of the period that was in the opening contract liabilities.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

import polars as pl

from urikake.base.bulk import Session
from urikake.base.errors import Refusal
from urikake.core import waterfall as kernel
from urikake.core.money import divide, wide
from urikake.rooms.catalog.queries import products
from urikake.rooms.closing.queries import changes
from urikake.rooms.closing.queries.proofs import accrued_account
from urikake.rooms.contracts.queries import contracts
from urikake.rooms.ledger import queries as ledger
from urikake.rooms.parties.queries import codes
from urikake.rooms.revenue import queries as revenue
from urikake.rooms.revenue.queries import interest as bearing

from .chosen import require_span
from .contracts import BEGINNING
from .revenue_by import LEASE
from .rows import Rows

BALANCES: Final = ("receivable", "contract_asset", "contract_liability", "lease", "net")
ROW: Final = {"balance": pl.String, "cause": pl.String, "amount": pl.Int64, "books": pl.Int64, "difference": pl.Int64}
RAISED: Final = {"invoice": "billed", "slip": "slip", "opening": "carried_over"}
"""What raises receivables, by the source of their items."""
CAUSES: Final = (
    "billed", "returned", "carried_over", "slip", "received", "fee", "discount", "withheld", "write-off", "misc",
    "collected", "advanced", "refunded", "other",
)  # fmt: skip
"""What moves receivables, in the order in which it is told."""
MOVED: Final = {
    "collected": "collected", "advanced": "advanced", "unadvanced": "advanced", "refunded": "refunded",
    "unrefunded": "refunded", "applied": "received", "unapplied": "received",
}  # fmt: skip


def contract_balances(session: Session, since: date, until: date, by: str = "") -> Rows:
    """The balances from day to day, a row for each cause: ``balance, cause, amount``, and the proof ``books, difference``.

    ``by`` ``contract`` tells contract assets and liabilities contract by contract instead (see `by_contract`).

    ``balance`` is one of `BALANCES`: receivables with tax; contract assets and liabilities net of tax, netted per contract,
    leases apart (``lease``: what leases are billed and not yet revenue, else negative); ``net`` is liabilities less assets
    of both, which the ledger proves. Of every balance opening + its causes = closing. After the closing of
    ``contract_liability`` stands ``of_opening``, the revenue of the period that was in the opening balance. ``books`` is the
    ledger's figure for the row, null where it has none; ``difference`` what the row is off by.
    """
    require_span(since, until)
    if by not in ("", "contract"):
        raise Refusal("bad-by", f"--by が「{by}」です。", "contract を指定するか、指定を外してください（増減の理由）。")
    if by:
        return Rows(by_contract(session, since, until))
    parts = [_receivable(session, since, until), *_positions(session, since, until)]
    return Rows(pl.concat([part.select(list(ROW)) for part in parts]))


def _told(balance: str, figures: dict[str, int], books: dict[str, int] | None = None) -> pl.DataFrame:
    """The rows of a balance; of what moves receivables only what did."""
    kept = {name: amount for name, amount in figures.items() if amount or balance != "receivable" or name not in CAUSES}
    known = [(books or {}).get(name) for name in kept]
    rows = pl.DataFrame(
        {"cause": [*kept], "amount": [*kept.values()], "books": known},
        schema_overrides={"amount": pl.Int64, "books": pl.Int64},
    )
    return rows.with_columns(balance=pl.lit(balance), difference=pl.col("amount") - pl.col("books"))


# --- receivables -----------------------------------------------------------------------------------------------------


def _receivable(session: Session, since: date, until: date) -> pl.DataFrame:
    """Receivables from customers: those of items, but for what collectors owe, beside the accounts of receivables."""
    day = since - timedelta(1)
    before, after = (_owed(session, on) for on in (day, until))
    moved = pl.concat([_raised(session, since, until), _settled(session, since, until)])
    sums = dict(moved.group_by("cause").agg(pl.col("amount").sum()).iter_rows())
    names = changes.receivable_names(session)
    accounts = ledger.course(session, names, [day, until])
    figures = {"opening": before[0], **{cause: sums.get(cause, 0) for cause in CAUSES}, "closing": after[0]}
    figures["other"] = after[0] - before[0] - sum(sums.get(cause, 0) for cause in CAUSES if cause != "other")
    books = {"opening": int(accounts[0]) - before[1], "closing": int(accounts[1]) - after[1]}
    return _told("receivable", figures | _leased(session, day, until), books)


def _owed(session: Session, on: date) -> tuple[int, int]:
    """What customers, and what collectors owed on the day, on the accounts of receivables."""
    found = session.read(
        f"SELECT i.source, sum(s.amount) AS amount FROM ({BALANCED}) s JOIN receivables_item i ON i.id = s.item_id"
        " WHERE i.account_id <> ? GROUP BY i.source",
        (*_until(session, on), accrued_account(session)),
    )
    collectors = int(found.filter(pl.col("source") == "collection")["amount"].sum())
    return int(found["amount"].sum()) - collectors, collectors


BALANCED: Final = (
    "SELECT id AS item_id, gross AS amount FROM receivables_item WHERE id >= ? AND id < ? AND posted_on <= ?"
    " UNION ALL SELECT item_id, moved FROM receivables_movement WHERE id >= ? AND id < ? AND moved_on <= ?"
)
"""What was raised and moved by a day, as the ledger posts it; with the parameters that `_until` gives."""


def _until(session: Session, on: date) -> tuple[int | date, ...]:
    return (session.low, session.high, on) * 2


def _raised(session: Session, since: date, until: date) -> pl.DataFrame:
    """What was raised of customers in these days: ``cause``, ``amount``; what an invoice gives back is ``returned``."""
    found = session.read(
        "SELECT source, CASE WHEN gross < 0 THEN 1 ELSE 0 END AS back, sum(gross) AS amount FROM receivables_item"
        " WHERE id >= ? AND id < ? AND posted_on BETWEEN ? AND ? AND account_id <> ? AND source <> 'collection'"
        " GROUP BY source, CASE WHEN gross < 0 THEN 1 ELSE 0 END",
        (session.low, session.high, since, until, accrued_account(session)),
        back=pl.Int64,
    )
    named = pl.col("source").replace_strict(RAISED, return_dtype=pl.String)
    back = (pl.col("back") == 1) & (pl.col("source") == "invoice")
    return found.select(cause=pl.when(back).then(pl.lit("returned")).otherwise(named), amount="amount")


def _settled(session: Session, since: date, until: date) -> pl.DataFrame:
    """What of customers' items was moved in these days: ``cause``, ``amount``; of money received, what was missing apart."""
    span = (session.low, session.high, since, until)
    moved = session.read(
        "SELECT m.kind, sum(m.moved) AS amount FROM receivables_movement m JOIN receivables_item i ON i.id = m.item_id"
        " WHERE m.id >= ? AND m.id < ? AND m.moved_on BETWEEN ? AND ? AND i.account_id <> ? AND i.source <> 'collection'"
        " GROUP BY m.kind",
        (*span, accrued_account(session)),
    )
    named = moved.select("amount", cause=pl.col("kind").replace_strict(MOVED, default="other", return_dtype=pl.String))
    missing = session.read(
        "SELECT difference_kind AS cause, sum(difference) AS amount FROM matching_application WHERE id >= ? AND id < ?"
        " AND applied_on BETWEEN ? AND ? AND id NOT IN (SELECT m.source_id FROM receivables_movement m"
        " JOIN receivables_item i ON i.id = m.item_id WHERE m.id >= ? AND m.id < ? AND i.source = 'collection')"
        " GROUP BY difference_kind",
        (*span, session.low, session.high),
        cause=pl.String,
    ).filter(pl.col("cause").is_in(MISSING))
    taken = missing.select(amount=-pl.col("amount"), cause=pl.lit("received"))
    return pl.concat([part.select("cause", "amount") for part in (named, missing, taken)])


MISSING: Final = ("fee", "discount", "withheld", "write-off", "misc")
"""Why an application settles more, or less, than came in."""


def _leased(session: Session, before: date, until: date) -> dict[str, int]:
    """What of receivables is of leases before and at the end: of each invoice's balance, their share of its amount.

    Nothing where no product is a lease.
    """
    leases = products(session).filter(pl.col("obligation") == LEASE)["product_id"]
    if leases.is_empty():
        return {}
    marks = ", ".join(map(str, leases))
    shares = session.read(
        "SELECT l.invoice_id, sum(l.net + l.tax_amount) AS whole, sum(CASE WHEN c.product_id"
        f" IN ({marks}) THEN l.net + l.tax_amount ELSE 0 END) AS leased FROM invoices_line l JOIN billing_charge c"
        " ON c.id = l.charge_id WHERE l.id >= ? AND l.id < ? GROUP BY l.invoice_id",
        (session.low, session.high),
        whole=pl.Int64, leased=pl.Int64,
    ).filter((pl.col("leased") != 0) & (pl.col("whole") != 0))  # fmt: skip
    found = {}
    for name, on in (("opening_lease", before), ("closing_lease", until)):
        open_ = session.read(
            f"SELECT i.source_id AS invoice_id, sum(s.amount) AS amount FROM ({BALANCED}) s"
            " JOIN receivables_item i ON i.id = s.item_id WHERE i.source = 'invoice' GROUP BY i.source_id",
            _until(session, on),
        )
        part = divide(wide("amount") * wide("leased"), pl.col("whole"), revenue.roundings(session)[0])
        found[name] = int(open_.join(shares, on="invoice_id").select(part.alias("amount"))["amount"].sum())
    return found


# --- contract balances -----------------------------------------------------------------------------------------------


def _positions(session: Session, since: date, until: date) -> list[pl.DataFrame]:
    """Contract assets and liabilities, leases apart, and all of them net beside the ledger."""
    day = since - timedelta(1)
    every = _rolled(moves(session, since, until))
    own, leased = every.filter(~pl.col("lease")), every.filter("lease")
    sums = own.select(
        opening_liability=pl.col("before").clip(lower_bound=0), opening_asset=(-pl.col("before")).clip(lower_bound=0),
        liability_in="liability_in", liability_out="liability_out", from_opening="from_opening", asset_in="asset_in",
        asset_out="asset_out", paid="paid", got="got",
    ).sum().row(0, named=True)  # fmt: skip
    asset = {
        "opening": sums["opening_asset"], "recognized_ahead": sums["asset_in"] - sums["got"], **_if_any(sums["got"]),
        "billed_after": -sums["asset_out"],
        "closing": sums["opening_asset"] + sums["asset_in"] - sums["asset_out"],
    }  # fmt: skip
    liability = {
        "opening": sums["opening_liability"], "billed": sums["liability_in"] - sums["paid"], **_if_any(sums["paid"]),
        "recognized_opening": -sums["from_opening"], "recognized": sums["from_opening"] - sums["liability_out"],
        "closing": sums["opening_liability"] + sums["liability_in"] - sums["liability_out"],
        "of_opening": sums["from_opening"],
    }  # fmt: skip
    books = {name: changes.position(session, on).net for name, on in (("opening", day), ("closing", until))}
    parts = [_told("contract_asset", asset), _told("contract_liability", liability)]
    if leased.height:
        parts.append(_told("lease", _net(leased)))
    return [*parts, _told("net", _net(every), books)]


def _rolled(every: pl.DataFrame) -> pl.DataFrame:
    """The moves with how they moved liabilities and assets: interest paid as if it were billed, interest earned as revenue."""
    paid, got = pl.col("interest").clip(lower_bound=0), -pl.col("interest").clip(upper_bound=0)
    borne = every.with_columns(
        billed=pl.col("billed") - pl.col("interest") + paid, recognized=pl.col("recognized") + got, paid=paid, got=got
    )
    return kernel.rolled(borne).with_columns(every["billed"], every["recognized"])


def _if_any(interest: int) -> dict[str, int]:
    """The cause `interest` (重要な金融要素), where there was any."""
    return {"interest": interest} if interest else {}


def by_contract(session: Session, since: date, until: date) -> pl.DataFrame:
    """The balance of each contract that has or had one: ``contract_no, partner, section, opening, billed, recognized,
    combined, interest, of_opening, closing, liability, asset``.

    ``combined`` is what of it stands since with a contract that it is one with (契約の結合), or of that one's with it.
    ``interest`` (重要な金融要素) raises a liability. ``section`` is ``contract`` or ``lease``: leases of a contract stand apart.
    ``opening`` and ``closing`` are liabilities, an asset negative.
    """
    every = _rolled(moves(session, since, until))
    closing = pl.col("before") + pl.col("billed") - pl.col("recognized")
    joined = _of_leases(session, revenue.gathered(session, until).filter(pl.col("posted_on") >= since))
    sums = joined.group_by("contract_id", "lease").agg(combined=pl.col("amount").sum())
    every = every.join(sums, on=["contract_id", "lease"], how="left").with_columns(pl.col("combined").fill_null(0))
    people = codes(session).rename({"code": "partner"})
    named = every.join(contracts(session), on="contract_id", maintain_order="left").join(
        people, on="partner_id", maintain_order="left"
    )
    rows = named.select(
        "contract_no", "partner", "recognized", "combined", "interest",
        billed=pl.col("billed") - pl.col("combined") - pl.col("interest"),
        section=pl.when("lease").then(pl.lit(LEASE)).otherwise(pl.lit("contract")),
        opening="before", of_opening="from_opening", closing=closing, liability=closing.clip(lower_bound=0),
        asset=(-closing).clip(lower_bound=0),
    )  # fmt: skip
    some = pl.any_horizontal(pl.col("opening", "billed", "recognized", "closing") != 0)
    order = "contract_no partner section opening billed recognized combined interest of_opening closing liability asset".split()
    return rows.filter(some).select(order).sort("contract_no", "section")


def _net(rows: pl.DataFrame) -> dict[str, int]:
    """What contracts were billed and recognised together: opening + billed − recognised = closing, a liability positive."""
    before, billed, earned, borne = rows.select(pl.col("before", "billed", "recognized", "interest").sum()).row(0)
    causes = {"billed": billed - borne, **_if_any(borne), "recognized": -earned}
    return {"opening": before, **causes, "closing": before + billed - earned}


def moves(session: Session, since: date, until: date) -> pl.DataFrame:
    """What each contract was billed and recognised in these days, its leases apart: as `core.waterfall.rolled` takes them.

    Contracts that are combined (契約の結合) stand as one: what was gathered of their balances is as if it were billed with it.
    Interest (重要な金融要素) is in ``billed``, and apart in ``interest``.
    Columns: ``contract_id, lease, before, billed, recognized, earlier, interest``.
    """
    day = since - timedelta(1)
    earned = revenue.recognized(session, BEGINNING, until)
    gathered = revenue.gathered(session, until)
    early = pl.col("posted_on") < since
    borne = _borne(session, until)
    gathered = pl.concat([gathered, borne])
    parts = {
        "before": pl.concat([
            revenue.billed(session, BEGINNING, day).select("contract_id", "product_id", "amount"),
            earned.filter(early).select("contract_id", "product_id", amount=-pl.col("amount")),
            gathered.filter(early).select("contract_id", "product_id", "amount"),
        ]),
        "billed": pl.concat([
            revenue.billed(session, since, until).select("contract_id", "product_id", "amount"),
            gathered.filter(~early).select("contract_id", "product_id", "amount"),
        ]),
        "recognized": earned.filter(~early),
        "earlier": revenue.of_earlier_bills(session, since, until),
        "interest": borne.filter(~early),
    }  # fmt: skip
    keyed = [
        part.select("contract_id", "product_id", amount="amount", part=pl.lit(name)) for name, part in parts.items()
    ]
    every = _of_leases(session, pl.concat(keyed))
    sums = every.group_by("contract_id", "lease").agg(
        **{name: pl.col("amount").filter(pl.col("part") == name).sum() for name in parts}
    )
    return sums.sort("contract_id", "lease")


def _borne(session: Session, until: date) -> pl.DataFrame:
    """The interest of contracts by the day, as `revenue.gathered` tells."""
    rows = bearing.interests(session).filter(pl.col("posted_on") <= until)
    first = revenue.standing_for(session, rows["contract_id"]).select("contract_id", "product_id")
    return rows.join(first, on="contract_id").select("contract_id", "product_id", "posted_on", "amount")


def _of_leases(session: Session, rows: pl.DataFrame) -> pl.DataFrame:
    """The rows (``product_id``) with ``lease``, whether the product is one."""
    kinds = products(session).select("product_id", lease=pl.col("obligation") == LEASE)
    return rows.join(kinds, on="product_id")
