"""What other rooms may read of receivables."""

from __future__ import annotations

from datetime import date
from typing import Final

import polars as pl

from urikake.base.bulk import Session
from urikake.base.company import accounts
from urikake.core.clearing import CLAIMS
from urikake.rooms.invoices import queries as invoices

ITEM: Final = "id, source, source_id, partner_id, dimension_id, account_id, tax, net, gross, posted_on, due_on, method"
SLIP: Final = (
    "id, run_id, slip_no, partner_id, posted_on, due_on, account_id, credit_account_id, dimension_id, gross, tax, method, "
    "description, maker, opening"
)

CLAIMED_BY: Final = {"支払手数料": "cost", "受取利息": "interest"}
"""By the account that a slip credits: what it claims, if no principal (費用 we paid for the debtor, 利息・遅延損害金)."""


def items(session: Session, where: str = "", params: tuple[object, ...] = ()) -> pl.DataFrame:
    """Items by id, with ``item_id``."""
    return session.rows("receivables_item", ITEM, where, params).rename({"id": "item_id"})


def movements(session: Session, where: str = "", params: tuple[object, ...] = ()) -> pl.DataFrame:
    """Movements by id."""
    return session.rows("receivables_movement", "id, run_id, item_id, kind, moved, moved_on, source_id", where, params)


def balances(session: Session, as_of: date, partner_id: int | None = None) -> pl.DataFrame:
    """Every item raised by that day with its ``balance`` on it; of one partner where it is named."""
    if partner_id is not None:
        return _balanced(session, items(session, "partner_id = ? AND posted_on <= ?", (partner_id, as_of)), as_of)
    raised = items(session, "posted_on <= ?", (as_of,))
    moved = session.read(
        "SELECT item_id, sum(moved) AS moved, max(moved_on) AS moved_on FROM receivables_movement"
        " WHERE id >= ? AND id < ? AND moved_on <= ? GROUP BY item_id",
        (session.low, session.high, as_of),
    )
    joined = raised.join(moved, on="item_id", how="left", maintain_order="left")
    return joined.with_columns(balance=pl.col("gross") + pl.col("moved").fill_null(0))


def _balanced(session: Session, raised: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """The items with their ``balance`` on the day and when they last ``moved_on``, from their own movements alone."""
    session.stage(raised.select(wanted_id="item_id"))
    moved = session.read(
        "SELECT m.item_id, sum(m.moved) AS moved, max(m.moved_on) AS moved_on FROM stage s"
        " JOIN receivables_movement m ON m.item_id = s.wanted_id WHERE m.moved_on <= ? GROUP BY m.item_id",
        (as_of,),
    )
    joined = raised.join(moved, on="item_id", how="left", maintain_order="left")
    return joined.with_columns(balance=pl.col("gross") + pl.col("moved").fill_null(0))


def owed_on(session: Session, as_of: date) -> pl.DataFrame:
    """What was open on that day: ``partner_id, account_id, posted_on, due_on, amount``, amounts of one item in parts.

    What is open now and what was settled since; a settled item of before is not looked at.
    """
    return session.read(
        "SELECT i.partner_id, i.account_id, i.posted_on, i.due_on, s.amount FROM ("
        " SELECT item_id, balance AS amount FROM receivables_open WHERE item_id >= ? AND item_id < ?"
        " UNION ALL SELECT item_id, -moved FROM receivables_movement WHERE id >= ? AND id < ? AND moved_on > ?) s"
        " JOIN receivables_item i ON i.id = s.item_id WHERE i.posted_on <= ?",
        (session.low, session.high, session.low, session.high, as_of, as_of),
    )


def billed_by(session: Session, as_of: date) -> pl.DataFrame:
    """The ``partner_id`` of everyone of whom an item was raised by that day."""
    return session.read(
        "SELECT DISTINCT partner_id FROM receivables_item WHERE id >= ? AND id < ? AND posted_on <= ?",
        (session.low, session.high, as_of),
    )


def rows_of(lines: pl.DataFrame) -> pl.DataFrame:
    """The invoice lines summed by invoice, order and group, and tax rate, in document order."""
    keys = ["invoice_id", "order_no", "group_code", "tax", "rate_micro"]
    return lines.group_by(keys, maintain_order=True).agg(
        pl.col("dimension_id").first(), pl.col("net").sum(), gross=(pl.col("net") + pl.col("tax_amount")).sum()
    )


def split_over(rows: pl.DataFrame, dues: pl.DataFrame) -> pl.DataFrame:
    """Rows × due parts of each invoice, so that rows and parts both keep their sums to the yen.

    With G the running sum of the rows, D that of the parts and T the total, a cell is the second difference of
    floor(G × D ÷ T): summed over parts it gives the row, over rows the part.
    """
    if dues["invoice_id"].n_unique() == dues.height and rows["invoice_id"].is_in(dues["invoice_id"].implode()).all():
        return rows.join(dues, on="invoice_id", maintain_order="left")  # one part each: rows are the cells
    total = pl.col("gross").sum().over("invoice_id")
    upto = rows.with_columns(high=pl.col("gross").cum_sum().over("invoice_id"), total=total)
    upto = upto.with_columns(low=pl.col("high") - pl.col("gross"))
    nets = upto.with_columns(
        net_high=pl.col("net").cum_sum().over("invoice_id"), net_total=pl.col("net").sum().over("invoice_id")
    ).with_columns(net_low=pl.col("net_high") - pl.col("net"))
    parts = dues.with_columns(to=pl.col("due_amount").cum_sum().over("invoice_id"))
    parts = parts.with_columns(since=pl.col("to") - pl.col("due_amount"))
    joined = nets.join(parts, on="invoice_id", maintain_order="left")

    def cell(low: str, high: str, whole: str) -> pl.Expr:
        below = pl.col("total").cast(pl.Int128)

        def grid(row: str, part: str) -> pl.Expr:
            exact = pl.col(row).cast(pl.Int128) * pl.col(part).cast(pl.Int128)
            return pl.when(pl.col(part) == pl.col("total")).then(pl.col(row)).otherwise(exact // below).cast(pl.Int64)

        return grid(high, "to") - grid(low, "to") - grid(high, "since") + grid(low, "since")

    return joined.with_columns(gross=cell("low", "high", "total"), net=cell("net_low", "net_high", "net_total"))


def standing(session: Session, wanted: pl.Series) -> pl.DataFrame:
    """The named items with their ``balance`` as it stands, null once settled."""
    names = ", ".join(f"i.{name}" for name in ITEM.split(", ")[1:])
    session.stage(pl.DataFrame({"wanted_id": wanted.unique()}))
    return session.read(
        f"SELECT i.id AS item_id, {names}, o.balance FROM stage s JOIN receivables_item i ON i.id = s.wanted_id"
        " LEFT JOIN receivables_open o ON o.item_id = i.id ORDER BY i.id"
    )


def open_items(session: Session) -> pl.DataFrame:
    """The items not yet settled, by id, with ``balance``."""
    names = ", ".join(f"i.{name}" for name in ITEM.split(", ")[1:])
    return session.read(
        f"SELECT i.id AS item_id, {names}, o.balance FROM receivables_open o JOIN receivables_item i ON i.id = o.item_id"
        " WHERE o.item_id >= ? AND o.item_id < ? ORDER BY o.item_id",
        (session.low, session.high),
    )


def slips(session: Session) -> pl.DataFrame:
    """Slips by id, with ``slip_id``."""
    return session.table("receivables_slip", SLIP).rename({"id": "slip_id"})


def claims(session: Session) -> pl.DataFrame:
    """The items that claim costs or interest, not principal: ``item_id, claim`` (of `clearing.CLAIMS`)."""
    chart = accounts(session).select(
        credit_account_id="id", claim=pl.col("name").replace_strict(CLAIMED_BY, default=None)
    )
    told = slips(session).filter(~pl.col("opening")).join(chart.drop_nulls("claim"), on="credit_account_id")
    if told.is_empty():
        return pl.DataFrame(schema={"item_id": pl.Int64, "claim": pl.Int32})
    raised = items(session, "source = 'slip'").select("item_id", slip_id="source_id")
    claim = pl.col("claim").replace_strict(CLAIMS, return_dtype=pl.Int32)
    return raised.join(told.select("slip_id", claim=claim), on="slip_id").select("item_id", "claim")


def claimed(session: Session, rows: pl.DataFrame) -> pl.DataFrame:
    """The rows (``item_id``) with what each claims, ``claim``."""
    told = rows.join(claims(session), on="item_id", how="left", maintain_order="left")
    return told.with_columns(pl.col("claim").fill_null(CLAIMS["principal"]))


def waiting_slips(session: Session) -> pl.DataFrame:
    """The slips that wait for another person's approval."""
    done = items(session, "source = 'slip'").select(slip_id="source_id")
    return slips(session).filter(~pl.col("opening")).join(done, on="slip_id", how="anti", maintain_order="left")


def documents(session: Session) -> pl.DataFrame:
    """Every document that raises items: its ``number``, ``source`` and ``source_id``."""
    kind = pl.when("opening").then(pl.lit("opening")).otherwise(pl.lit("slip"))
    entered = slips(session).select(number="slip_no", source_id="slip_id", source=kind)
    issued = invoices.invoices(session).select("number", source_id="invoice_id", source=pl.lit("invoice"))
    return pl.concat([issued, entered])


def of_documents(session: Session, numbers: pl.Series) -> pl.DataFrame:
    """The items that the documents of those numbers raised, by id, with the ``number``."""
    wanted = documents(session).filter(pl.col("number").is_in(numbers.implode()))
    session.stage(wanted.select(wanted_source="source", wanted_id="source_id"))
    names = ", ".join(f"i.{name}" for name in ITEM.split(", ")[1:])
    found = session.read(
        f"SELECT i.id AS item_id, {names} FROM stage s JOIN receivables_item i ON i.source_id = s.wanted_id"
        " AND i.source = s.wanted_source WHERE i.id >= ? AND i.id < ? ORDER BY i.id",
        (session.low, session.high),
    )
    return found.join(wanted, on=["source", "source_id"], how="left", maintain_order="left")


def labels(session: Session, items: pl.DataFrame) -> pl.DataFrame:
    """The items with the ``number`` of their document; one that a collector owes is called ``collection-7``."""
    named = items.join(documents(session), on=["source", "source_id"], how="left", maintain_order="left")
    if (named["source"] != "collection").all():
        return named
    own = pl.concat_str(pl.lit("collection-"), (pl.col("source_id") - session.low).cast(pl.String))
    return named.with_columns(number=pl.when(pl.col("source") == "collection").then(own).otherwise("number"))
