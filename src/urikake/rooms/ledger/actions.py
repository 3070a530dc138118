"""The pen of the ledger: each money event as a balanced entry (see the table in docs/journals.md)."""

from __future__ import annotations

from typing import Final

import polars as pl

from urikake.base import facts, periods
from urikake.base.access import action
from urikake.base.bulk import Session
from urikake.base.company import account_id, bank_account, open_account, policies, tax_rates, under
from urikake.base.errors import Refusal
from urikake.core import journal, tax
from urikake.core.money import Rounding, largest_remainder
from urikake.rooms.catalog.queries import products
from urikake.rooms.collecting.actions import Collected
from urikake.rooms.matching.actions import AdvanceApplied, Applied
from urikake.rooms.refunds.actions import Refunded

from .models import Entry, EntryLine, Total

INTEREST: Final = ("支払利息", "受取利息")
KEY: Final = ["source", "source_id", "posted_on"]
DIFFERENCES: Final = {
    "fee": "",
    "discount": "売上値引",
    "withheld": "仮払税金",
    "write-off": "貸倒損失",
    "misc": "雑損失",
    "advance": "前受金",
}


def post(session: Session, *, lines: pl.DataFrame) -> pl.DataFrame:
    """Post the lines (``source, source_id, posted_on`` and `journal.LINE`) as entries, one a key, and return the entries.

    Lines of one entry, account, tax and dimensions are one line. Refused if an entry does not balance or falls into a
    month that is not open: then nothing of the run is kept.
    """
    whole = journal.merged(lines, KEY)
    heads = journal.heads(whole, KEY)
    if whole.is_empty():
        return heads
    wrong = heads.filter(pl.col("difference") != 0).drop("line_count").sort(KEY)
    if wrong.height:
        raise Refusal(
            "unbalanced", f"仕訳の貸借が一致しません: {wrong.row(0)}。", "不具合です。この内容をお知らせください。"
        )
    for day in heads["posted_on"].unique():
        periods.require_open(session, day)
    first = session.next_id("ledger_line")
    counted = heads.with_columns(first_line_id=first + pl.col("line_count").cum_sum() - pl.col("line_count"))
    entries = facts.record(session, Entry, counted)
    placed = whole.with_columns(entry_id=entries["id"].first() + pl.col("entry"))
    facts.record(session, EntryLine, placed)
    amount = pl.col("amount")
    totals = placed.group_by("account_id", "posted_on").agg(
        debit=amount.clip(lower_bound=0).sum(), credit=(-amount).clip(lower_bound=0).sum()
    )
    facts.record(session, Total, totals.sort("posted_on", "account_id"))
    return entries


def _lines(
    frame: pl.DataFrame, account: pl.Expr | int, amount: pl.Expr, *, kind: pl.Expr | None = None
) -> pl.DataFrame:
    """Lines on one account from a frame that has the entry's key, ``partner_id`` and ``dimension_id``."""
    none = pl.lit(None, dtype=pl.Int64)
    return frame.select(
        *KEY,
        account_id=(pl.lit(account) if isinstance(account, int) else account).cast(pl.Int64),
        amount=amount.cast(pl.Int64),
        tax=pl.lit("") if kind is None else kind,
        dimension_id=pl.col("dimension_id") if "dimension_id" in frame.columns else none,
        partner_id=pl.col("partner_id"),
    )


@action("ledger.post")
def post_invoices(
    session: Session, *, items: pl.DataFrame, moves: pl.DataFrame, before: pl.DataFrame, kept: pl.DataFrame
) -> pl.DataFrame:
    """Post issued invoices: Dr 売掛金 / Cr 売上高, 仮受消費税, and what is for later months to 前受金 (or 契約負債).

    ``items`` are the receivable items raised, ``moves`` the revenue moves of the invoices, ``before`` the contracts'
    balances before them, ``kept`` the movements of deposits: Cr 預り保証金. What was accrued as 契約資産 is cleared first.
    """
    return post(session, lines=pl.concat([invoice_lines(session, items, moves, before), deposit_lines(session, kept)]))


def invoice_lines(session: Session, items: pl.DataFrame, moves: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """The lines of the entries of issued invoices (see `post_invoices`)."""
    heads = items.with_columns(source=pl.lit("invoice"))
    receivable = _lines(heads, pl.col("account_id"), pl.col("gross"), kind=pl.col("tax"))
    return pl.concat([receivable, revenue_lines(session, moves, before)])


def deposit_lines(session: Session, kept: pl.DataFrame) -> pl.DataFrame:
    """The lines on the accounts on which deposits are held, from their movements: credited as taken, debited as returned."""
    accounts = products(session).select("product_id", "revenue_account_id", kind="tax")
    named = kept.select(
        "product_id", "partner_id", "dimension_id", "amount",
        source=pl.lit("invoice"), source_id="invoice_id", posted_on="moved_on",
    ).join(accounts, on="product_id", maintain_order="left")  # fmt: skip
    return _lines(named, pl.col("revenue_account_id"), -pl.col("amount"), kind=pl.col("kind"))


@action("ledger.post")
def post_recognition(
    session: Session, *, moves: pl.DataFrame, before: pl.DataFrame, interest: pl.DataFrame
) -> pl.DataFrame:
    """Post recognition: Dr 前受金 (or 契約負債, 契約資産) / Cr 売上高, 仮受消費税, one entry per contract and month.

    ``interest`` (重要な金融要素) stands in it: Dr 支払利息 / Cr 前受金 (or 契約負債), Dr 契約資産 / Cr 受取利息.
    """
    lines = revenue_lines(session, moves, before)
    return post(session, lines=pl.concat([lines, interest_lines(session, interest)]) if interest.height else lines)


def interest_lines(session: Session, interest: pl.DataFrame) -> pl.DataFrame:
    """The lines on 支払利息 and 受取利息, from rows of interest with their owner (`revenue.queries.interest.named`)."""
    paid, got = (open_account(session, name) for name in INTEREST)
    return pl.concat([_lines(interest, paid, pl.col("expense")), _lines(interest, got, -pl.col("income"))])


def revenue_lines(session: Session, moves: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """The lines on revenue, tax, liability and asset that follow from billed and recognised amounts.

    Tax is owed with the revenue (policy ``with_revenue``: the advance holds it until then) or with the invoice.
    """
    with_revenue = policies(session)["advance_tax"] == "with_revenue"
    model = products(session).select("product_id", "revenue_account_id", tax_class="tax")
    rows = moves.join(model, on="product_id", maintain_order="left")
    tax_now = pl.col("revenue_tax") if with_revenue else pl.col("billed_tax")
    rows = rows.with_columns(tax_now=tax_now, tax_later=pl.col("billed_tax") - tax_now)
    liability = account_id(session, "前受金" if with_revenue else "契約負債")
    kind = pl.col("tax_class")
    revenue = _lines(rows, pl.col("revenue_account_id"), -pl.col("revenue"), kind=kind)
    owed = _lines(rows, account_id(session, "仮受消費税"), -pl.col("tax_now"), kind=kind)
    held = _lines(rows, liability, -pl.col("tax_later"), kind=kind)
    return pl.concat([revenue, owed, held, _balance_lines(session, rows, before, liability)])


def _balance_lines(session: Session, rows: pl.DataFrame, before: pl.DataFrame, liability: int) -> pl.DataFrame:
    """The lines on the contracts' liability and asset, net of tax, by dimension and tax where one account takes all."""
    step = pl.col("billed") - pl.col("revenue")
    joined = rows.join(before, on="contract_id", how="left", maintain_order="left").with_columns(
        step=step, before=pl.col("position").fill_null(0)
    )
    moved = joined.filter(pl.col("step") != 0)
    if moved.is_empty():
        return _lines(moved, liability, pl.col("step"))
    moved = moved.with_columns(part=journal.packed(moved, [*KEY, "contract_id"]))
    split = journal.settled_position(moved)
    accrual = "契約資産" if policies(session)["accrual_account"] == "contract_asset" else "未収入金"
    asset = account_id(session, accrual)
    sides = split.select("part", on_asset=(pl.col("asset") != 0) & (pl.col("liability") == 0))
    placed = moved.join(sides, on="part", maintain_order="left")
    account = pl.when("on_asset").then(asset).otherwise(liability)
    plain = _lines(placed, account, -pl.col("step"), kind=pl.col("tax_class"))
    both = split.filter((pl.col("liability") != 0) & (pl.col("asset") != 0))
    if both.is_empty():
        return plain
    owner = moved.unique("part", keep="first", maintain_order=True)
    crossed = both.join(owner.select("part", *KEY, "partner_id", "dimension_id"), on="part", maintain_order="left")
    out = _lines(crossed, liability, -pl.col("asset"))
    into = _lines(crossed, asset, pl.col("asset"))
    return pl.concat([plain, out, into])


@action("ledger.post")
def post_receipts(session: Session, *, receipts: pl.DataFrame, account: str) -> pl.DataFrame:
    """Post receipts on a bank account: Dr 預金 / Cr 仮受金, one entry a receipt."""
    _, ledger_account = bank_account(session, account)
    return post(session, lines=receipt_lines(session, receipts, ledger_account))


def receipt_lines(session: Session, receipts: pl.DataFrame, ledger_account: int) -> pl.DataFrame:
    """The lines of the entries of receipts on the account that their bank account stands for."""
    rows = receipts.with_columns(
        source=pl.lit("receipt"),
        source_id="receipt_id",
        posted_on="received_on",
        partner_id=pl.lit(None, dtype=pl.Int64),
    )
    suspense = account_id(session, "仮受金")
    return pl.concat([_lines(rows, ledger_account, pl.col("amount")), _lines(rows, suspense, -pl.col("amount"))])


@action("ledger.post")
def post_applications(session: Session, *, applied: Applied) -> pl.DataFrame:
    """Post applications: Dr 仮受金 / Cr 売掛金, and what became of a difference.

    A fee goes to the company's fee account, a discount to 売上値引, a
    write-off to 貸倒損失, other differences to 雑損失 or 雑収入, an overpayment kept to 前受金.
    """
    if applied.applications.is_empty():
        return applied.applications
    return post(session, lines=application_lines(session, applied.applications, applied.movements, applied.items))


def application_lines(
    session: Session, applications: pl.DataFrame, movements: pl.DataFrame, items: pl.DataFrame
) -> pl.DataFrame:
    """The lines of the entries of applications, from the movements of their items (see `post_applications`)."""
    heads = _first_made(session, applications).select(
        "run_id",
        "application_id",
        "used",
        "difference",
        "difference_kind",
        "partner_id",
        "reverses_id",
        posted_on="applied_on",
        source=pl.lit("application"),
        source_id="application_id",
    )
    cash = _lines(
        heads.with_columns(partner_id=pl.lit(None, dtype=pl.Int64)), account_id(session, "仮受金"), pl.col("used")
    )
    moved = movements.join(heads.select(*KEY), on="source_id", maintain_order="left").join(
        items.select("item_id", "account_id", "dimension_id", "tax", "partner_id"),
        on="item_id",
        maintain_order="left",
    )
    settled = _lines(moved, pl.col("account_id"), pl.col("moved"), kind=pl.col("tax"))
    return pl.concat([cash, settled, _difference_lines(session, heads, moved)])


def _first_made(session: Session, applications: pl.DataFrame) -> pl.DataFrame:
    """The applications with ``run_id`` naming the run whose policies they follow: a reversal, those of what it reverses."""
    undone = applications["reverses_id"].drop_nulls()
    if undone.is_empty():
        return applications
    marks = ", ".join("?" * undone.len())
    first = session.read(
        f"SELECT id AS reverses_id, run_id FROM matching_application WHERE id IN ({marks})", tuple(undone)
    )
    joined = applications.join(first, on="reverses_id", how="left", maintain_order="left", suffix="_first")
    return joined.with_columns(run_id=pl.coalesce("run_id_first", "run_id")).drop("run_id_first")


def _difference_lines(session: Session, heads: pl.DataFrame, moved: pl.DataFrame) -> pl.DataFrame:
    """The lines on what became of differences; those that lower the price carry the tax of what was sold.

    A transfer fee that the company books as 売上値引 lowers the price too: a return of the consideration, which follows the
    tax of the sale (国税庁 インボイス制度に関するQ&A 問30).
    """
    every = heads.filter(pl.col("difference") != 0)
    parts = []
    for account, rows in under(session, "fee_account", every):
        as_discount = (pl.col("difference_kind") == "fee") & pl.lit(account == DIFFERENCES["discount"])
        told = rows.with_columns(
            difference_kind=pl.when(as_discount).then(pl.lit("discount")).otherwise("difference_kind")
        )
        lowering = pl.col("difference_kind").is_in(["discount", "write-off"])
        parts.append(_plain_differences(session, told.filter(~lowering), account))
        parts += [
            _lowered_price(session, lowered, moved, rounding)  # type: ignore[arg-type]
            for rounding, lowered in under(session, "tax_rounding", told.filter(lowering))
        ]
    return pl.concat(parts)


def _plain_differences(session: Session, rows: pl.DataFrame, fee: str) -> pl.DataFrame:
    """The lines on differences without tax: a fee on the account ``fee``."""
    names = {**DIFFERENCES, "fee": fee}
    accounts = {kind: open_account(session, names[kind]) for kind in sorted({"fee", *rows["difference_kind"]})}
    gain = account_id(session, "雑収入")
    over = (pl.col("difference") > 0) != pl.col("reverses_id").is_not_null()
    misc_gain = (pl.col("difference_kind") == "misc") & over
    account = pl.col("difference_kind").replace_strict(accounts, default=None, return_dtype=pl.Int64)
    return _lines(rows, pl.when(misc_gain).then(gain).otherwise(account), -pl.col("difference"))


def _lowered_price(session: Session, rows: pl.DataFrame, moved: pl.DataFrame, rounding: Rounding) -> pl.DataFrame:
    """Discounts and write-offs split over the tax classes they settle: Dr 売上値引 or 貸倒損失, 仮受消費税.

    The tax class follows the original sale; the amount is shared by what is settled of each, its tax taken out once per
    class (内税).
    """
    names = {kind: account_id(session, DIFFERENCES[kind]) for kind in ("discount", "write-off")}
    by_tax = moved.group_by("source_id", "tax", maintain_order=True).agg(
        pl.col("moved").sum(), pl.col("dimension_id").first()
    )
    shared = rows.join(by_tax, on="source_id", maintain_order="left")
    share = largest_remainder(shared.with_columns(less=-pl.col("difference")), "less", "moved", "source_id")
    split = shared.with_columns(
        invoice=pl.int_range(pl.len(), dtype=pl.Int64),
        amount=share,
        inclusive=pl.lit(True),
        rate_micro=tax.rate_micro(pl.col("tax"), pl.col("posted_on"), tax_rates(session)),
    )
    _, netted = tax.invoice_taxes(split, rounding)
    account = pl.col("difference_kind").replace_strict(names, return_dtype=pl.Int64)
    kind = pl.col("tax")
    owed = _lines(netted, account_id(session, "仮受消費税"), pl.col("tax_amount"), kind=kind)
    return pl.concat([_lines(netted, account, pl.col("net"), kind=kind), owed])


@action("ledger.post")
def post_advance_uses(session: Session, *, applied: AdvanceApplied) -> pl.DataFrame:
    """Post what of advances was applied: Dr 前受金 / Cr 売掛金; a reversal the other way round."""
    return post(session, lines=advance_lines(session, applied.uses, applied.movements, applied.items))


def advance_lines(session: Session, uses: pl.DataFrame, movements: pl.DataFrame, items: pl.DataFrame) -> pl.DataFrame:
    """The lines of the entries of uses of advances, from the movements of their items (see `post_advance_uses`)."""
    heads = uses.select("used", "partner_id", source=pl.lit("advance"), source_id="use_id", posted_on="applied_on")
    kept = _lines(heads, account_id(session, "前受金"), pl.col("used"))
    return pl.concat([kept, _moved_lines(movements, heads, items)])


@action("ledger.post")
def post_refunds(session: Session, *, refunded: Refunded) -> pl.DataFrame:
    """Post what was paid back: Dr 前受金 or 売掛金 / Cr 預金; what came back the other way round."""
    return post(
        session, lines=refund_lines(session, refunded.refunds, refunded.parts, refunded.movements, refunded.items)
    )


def refund_lines(
    session: Session, refunds: pl.DataFrame, parts: pl.DataFrame, movements: pl.DataFrame, items: pl.DataFrame
) -> pl.DataFrame:
    """The lines of the entries of refunds, from what they are of (see `post_refunds`)."""
    banks = session.table("base_bank_account", "id, account_id").rename({"id": "bank_account_id"})
    heads = refunds.select(
        "partner_id", "bank_account_id", "amount", source=pl.lit("refund"), source_id="refund_id", posted_on="pay_on"
    ).join(banks, on="bank_account_id", how="left", maintain_order="left")
    kept = parts.rename({"refund_id": "source_id"}).join(
        heads.drop("amount", "account_id"), on="source_id", maintain_order="left"
    )
    paid = _lines(heads.with_columns(partner_id=pl.lit(None, dtype=pl.Int64)), pl.col("account_id"), -pl.col("amount"))
    return pl.concat([
        _lines(kept, account_id(session, "前受金"), pl.col("amount")), _moved_lines(movements, heads, items), paid,
    ])  # fmt: skip


def _moved_lines(movements: pl.DataFrame, heads: pl.DataFrame, items: pl.DataFrame) -> pl.DataFrame:
    """The lines on the accounts of the items that were moved under the heads."""
    moved = movements.join(heads.select(*KEY), on="source_id", maintain_order="left").join(
        items.select("item_id", "account_id", "dimension_id", "tax", "partner_id"), on="item_id", maintain_order="left"
    )
    return _lines(moved, pl.col("account_id"), pl.col("moved"), kind=pl.col("tax"))


@action("ledger.post")
def post_collections(session: Session, *, collected: Collected) -> pl.DataFrame:
    """Post what collectors collected: Dr 未収入金 (the collector's), 支払手数料 (what it keeps) / Cr 売掛金 (the customers').

    What was collected of a customer beyond what it still owed goes to 前受金.
    """
    lines = collection_lines(session, collected.collections, collected.movements, collected.items, collected.advances)
    return post(session, lines=lines)


def collection_lines(
    session: Session, collections: pl.DataFrame, movements: pl.DataFrame, items: pl.DataFrame, advances: pl.DataFrame
) -> pl.DataFrame:
    """The lines of the entries of collections, from the movements of the customers' items (see `post_collections`)."""
    heads = collections.select(
        "amount",
        "fee",
        source=pl.lit("collection"),
        source_id="collection_id",
        posted_on="collected_on",
        partner_id="collector_id",
    )
    kept = heads.filter(pl.col("fee") != 0)
    over = advances.rename({"collection_id": "source_id"}).join(
        heads.select(*KEY), on="source_id", maintain_order="left"
    )
    moved = movements.join(heads.select(*KEY), on="source_id", maintain_order="left").join(
        items.select("item_id", "account_id", "dimension_id", "tax", "partner_id"), on="item_id", maintain_order="left"
    )
    owed = heads.filter(pl.col("amount") != pl.col("fee"))
    return pl.concat(
        [
            _lines(
                owed,
                account_id(session, "未収入金"),
                pl.col("amount") - pl.col("fee"),
                kind=pl.lit("out_of_scope"),
            ),
            _lines(kept, account_id(session, "支払手数料"), pl.col("fee")),
            _lines(moved, pl.col("account_id"), pl.col("moved"), kind=pl.col("tax")),
            _lines(over, account_id(session, "前受金"), -pl.col("amount")),
        ]
    )


@action("ledger.post")
def post_slips(session: Session, *, items: pl.DataFrame, slips: pl.DataFrame) -> pl.DataFrame:
    """Post approved slips and opening balances: Dr 債権科目 / Cr 相手科目, 仮受消費税."""
    return post(session, lines=slip_lines(session, items, slips))


def slip_lines(session: Session, items: pl.DataFrame, slips: pl.DataFrame) -> pl.DataFrame:
    """The lines of the entries of slips and opening balances whose items were raised."""
    named = items.join(
        slips.select("slip_id", "credit_account_id"), left_on="source_id", right_on="slip_id", maintain_order="left"
    )
    owed = pl.col("gross") - pl.col("net")
    kind = pl.col("tax")
    parts = [
        _lines(named, pl.col("account_id"), pl.col("gross"), kind=kind),
        _lines(named, pl.col("credit_account_id"), -pl.col("net"), kind=kind),
        _lines(named, account_id(session, "仮受消費税"), -owed, kind=kind),
    ]
    return pl.concat(parts)
