"""The invariants of the books, each recomputed from the facts; what does not hold is said in words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final

import polars as pl

from urikake.base import facts
from urikake.base.bulk import Session
from urikake.base.company import account_id, accounts, policies, under
from urikake.base.progress import step
from urikake.core import tax
from urikake.rooms.catalog.queries import DEPOSITS, products
from urikake.rooms.collecting import queries as collecting
from urikake.rooms.contracts.queries import contracts
from urikake.rooms.invoices import queries as invoices
from urikake.rooms.obligations import queries as obligations
from urikake.rooms.parties import queries as parties
from urikake.rooms.receivables import queries as receivables
from urikake.rooms.revenue import queries as revenue

FAR: Final = date(9999, 12, 31)
PART: Final = 1_000_000  # lines read at a time
Tops = dict[str, int]


def verify(session: Session) -> list[str]:
    """Everything that is wrong with the company's books, in words; empty when all invariants hold.

    It is of the books themselves: nothing that was remembered of them is believed.
    """
    session.memory = session.memory.renewed()
    facts.reserve(session)
    step("ハッシュ連鎖を確かめる")
    chain = [_chain(session, found) for found in facts.broken(session)]
    step("残高を照合")
    tied = ties(session)
    step("請求書を照合")
    papers = [*_documents(session), *_numbers(session), *_requests(session)]
    step("集計を作り直して照合")
    return [*chain, *tied, *papers, *_projections(session)]


def _chain(session: Session, found: facts.Break) -> str:
    where = f"{found.relation} {found.row - session.low if found.row else ''}".strip()
    if found.relation == "ledger.EntryLine" and found.row:
        entry = session.value("SELECT entry_id FROM ledger_line WHERE id = ?", (found.row,))
        if entry is not None:
            where = f"仕訳 {entry - session.low} の明細（{where}）"
    elif found.relation == "ledger.Entry" and found.row:
        where = f"仕訳 {found.row - session.low}"
    return f"ハッシュ連鎖: {where}: {found.why}"


def ties(session: Session, after: Tops | None = None) -> list[str]:
    """The tie-outs of sub-ledgers and accounts that do not hold, in words; with ``after``, of what came after those ids.

    A close asks only for what was recorded since the last lock: balances that tied then still tie if the postings since
    do, whatever their dates.
    """
    tops = after or {}
    owed = receivable_accounts(session)
    unbalanced, books = _lines(session, tops, owed)
    sums = _sums(session, tops)
    return [
        *[f"仕訳 {entry - session.low}: 貸借が {amount} 円ずれています" for entry, amount in unbalanced.iter_rows()],
        *(_receivables(session, tops, books) if owed else []),
        *_suspense(session, sums),
        *_deposits(session, sums),
        *_advances(session, sums, tops),
        *_contract_balances(session, sums, _accrued_items(session, tops)),
        *_collections(session, tops),
        *_allocations(session, tops),
    ]


def _allocations(session: Session, tops: Tops) -> list[str]:
    """The obligations of every version sum to its price, and those of an arrangement to what its lines charge in all."""
    found = session.read(
        "SELECT v.id, v.contract_id, v.price, sum(o.done + o.amount) AS shared, sum(o.stated) AS stated"
        " FROM obligations_version v LEFT JOIN obligations_obligation o ON o.version_id = v.id"
        " WHERE v.id > ? AND v.id < ? GROUP BY v.id, v.contract_id, v.price ORDER BY v.id",
        _span(session, tops, "obligations.Version"), price=pl.Int64, shared=pl.Int64, stated=pl.Int64,
    )  # fmt: skip
    wrong = found.filter(pl.col("price") != pl.col("shared").fill_null(0))
    return [
        *(
            f"収益の配分 {row['id'] - session.low}: 取引価格 {row['price']} 円に対し、配分の合計が {row['shared']} 円です"
            for row in wrong.iter_rows(named=True)
        ),
        *_arrangements(session, found),
    ]


def _arrangements(session: Session, made: pl.DataFrame) -> list[str]:
    """What of the price some of contracts that are combined (契約の結合) gain, others of them lose; one alone does neither."""
    if made.is_empty():
        return []
    one = ["run_id", "effective_on", "arrangement"]
    of = obligations.versions(session).select(*one, id="version_id")
    sums = made.join(of, on="id").group_by(one).agg(pl.col("shared", "stated").sum()).sort(one)
    numbers = dict(contracts(session).select("contract_id", "contract_no").iter_rows())
    return [
        f"契約 {numbers[row['arrangement']]}（結合した契約を含む）の {row['effective_on']} の配分: "
        f"明細の合計 {row['stated']} 円に対し、配分の合計が {row['shared']} 円です"
        for row in sums.filter(pl.col("shared") != pl.col("stated")).iter_rows(named=True)
    ]


def since_last_lock(session: Session) -> Tops:
    """The newest id of every fact table when a month was last locked; empty before the first lock."""
    run = session.value(
        "SELECT max(run_id) AS run_id FROM base_period_event WHERE id >= ? AND id < ?", (session.low, session.high)
    )
    return facts.tops(session, run or 0)


def _span(session: Session, tops: Tops, label: str) -> tuple[int, int]:
    """The range of ids, above the first and below the second, of the rows that are asked for."""
    return tops.get(label, session.low), session.high


def _lines(session: Session, tops: Tops, owed: set[int]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The entries that do not sum to zero, and the ``balance`` per partner on receivable accounts, from one reading.

    A partner of 0 is none. The lines are read in parts, so that a year of them needs no more memory than a month.
    """
    parts = [_summed(part) for part in _line_parts(session, tops, owed)]
    sums = [pl.concat(frames) for frames in zip(*parts, strict=True)] if parts else list(_summed(_no_lines()))
    unbalanced = sums[0].group_by("entry_id").agg(pl.col("amount").sum()).filter(pl.col("amount") != 0)
    return unbalanced.sort("entry_id"), sums[1].group_by("partner_id").agg(pl.col("balance").sum())


def _no_lines() -> pl.DataFrame:
    return pl.DataFrame(schema=dict.fromkeys(("entry_id", "amount", "partner_id"), pl.Int64))


def _line_parts(session: Session, tops: Tops, owed: set[int]) -> Iterator[pl.DataFrame]:
    """The entry and amount of every line, and its partner where the account is one of receivables, part by part."""
    names = ", ".join(map(str, sorted(owed))) or "0"
    sql = (
        f"SELECT entry_id, amount, CASE WHEN account_id IN ({names}) THEN coalesce(partner_id, 0) END AS partner_id"
        " FROM ledger_line WHERE id > ? AND id <= ? ORDER BY id"
    )
    first, _ = _span(session, tops, "ledger.EntryLine")
    for after in range(first, session.next_id("ledger_line") - 1, PART):
        yield session.read(sql, (after, min(after + PART, session.high - 1)))


def _summed(lines: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What lines of one entry that stand together are off by, where they are, and the balance per partner.

    Where every such row of lines sums to zero, every entry does.
    """
    last = (pl.col("entry_id") != pl.col("entry_id").shift(-1)).fill_null(True)
    ends = lines.select("entry_id", upto=pl.col("amount").cum_sum(), last=last).filter("last")
    off = ends.select("entry_id", amount=pl.col("upto") - pl.col("upto").shift(1, fill_value=0))
    owed = lines.filter(pl.col("partner_id").is_not_null())
    return off.filter(pl.col("amount") != 0), owed.group_by("partner_id").agg(balance=pl.col("amount").sum())


def receivable_accounts(session: Session) -> set[int]:
    """The accounts on which receivables alone are kept: not one on which contract assets are accrued too (`accrued_account`)."""
    slips = receivables.slips(session)["account_id"]
    every = set(parties.payers(session)["receivable_account_id"].unique()) | set(slips)
    if collecting.collectors(session).height:
        every.add(account_id(session, "未収入金"))
    return every - {accrued_account(session)}


def accrued_account(session: Session) -> int:
    """The account of receivables on which contract assets are accrued, by the company's policy; 0 where they are not."""
    return account_id(session, "未収入金") if policies(session)["accrual_account"] == "receivable" else 0


def _receivables(session: Session, tops: Tops, books: pl.DataFrame) -> list[str]:
    """Items per partner = receivable accounts per partner."""
    own = _owed(session, tops).filter(pl.col("account_id") != accrued_account(session))
    items = own.group_by("partner_id").agg(items=pl.col("amount").sum())
    both = items.join(books, on="partner_id", how="full", coalesce=True).with_columns(
        pl.col("items", "balance").fill_null(0)
    )
    wrong = both.filter(pl.col("items") != pl.col("balance")).sort("partner_id")
    code = dict(parties.codes(session).select("partner_id", "code").iter_rows()) if wrong.height else {}
    return [
        f"取引先 {code.get(partner, '（なし）')}: 債権明細の残高 {items} 円と債権科目の残高 {balance} 円が違います"
        for partner, items, balance in wrong.select("partner_id", "items", "balance").iter_rows()
    ]


def _owed(session: Session, tops: Tops) -> pl.DataFrame:
    """What items were raised for, and what moved them, by partner and account: ``partner_id, account_id, amount``."""
    return session.read(
        "SELECT partner_id, account_id, sum(gross) AS amount FROM receivables_item WHERE id > ? AND id < ?"
        " GROUP BY partner_id, account_id"
        " UNION ALL SELECT i.partner_id, i.account_id, sum(m.moved) FROM receivables_movement m"
        " JOIN receivables_item i ON i.id = m.item_id WHERE m.id > ? AND m.id < ? GROUP BY i.partner_id, i.account_id",
        (*_span(session, tops, "receivables.Item"), *_span(session, tops, "receivables.Movement")),
    )


SUMMED: Final = {
    "receipts.Receipt": "sum(amount) AS received",
    "matching.Application": "sum(used) AS used,"
    " sum(CASE WHEN difference_kind = 'advance' THEN difference ELSE 0 END) AS overpaid",
    "matching.AdvanceUse": "sum(used) AS advance_used",
    "collecting.Advance": "sum(amount) AS collected_beyond",
    "refunds.Part": "sum(amount) AS refunded",
    "invoices.Invoice": "sum(net) AS billed, sum(tax_total) AS taxed",
    "deposits.Movement": "sum(amount) AS deposited",
    "revenue.Recognition": "sum(amount) AS recognised, sum(tax_amount) AS tax_recognised",
    "revenue.Accrual": "sum(amount) AS accrued",
    "revenue.Shift": "sum(amount) AS shifted",
    "revenue.Interest": "sum(expense - income) AS interest",
}


def _sums(session: Session, tops: Tops) -> dict[str, int]:
    """The sums that the proofs compare, over the rows asked for: the figures of `SUMMED`, and each account by its name."""
    spans = {label: _span(session, tops, label) for label in (*SUMMED, "ledger.Total")}
    parts = [
        f"(SELECT {what} FROM {_table(label)} WHERE id > ? AND id < ?) {_table(label)}"
        for label, what in SUMMED.items()
    ]
    found = session.read(f"SELECT * FROM {', '.join(parts)}", [bound for label in SUMMED for bound in spans[label]])
    posted = session.read(
        "SELECT account_id AS id, sum(debit - credit) AS amount FROM ledger_total WHERE id > ? AND id < ? GROUP BY account_id",
        spans["ledger.Total"],
    )
    named = accounts(session).join(posted, on="id").select("name", "amount")
    return {name: value or 0 for name, value in found.row(0, named=True).items()} | dict(named.iter_rows())


def _table(label: str) -> str:
    """The table of facts of that label."""
    return next(model._meta.db_table for model in facts.fact_models() if model._meta.label == label)


def _suspense(session: Session, sums: dict[str, int]) -> list[str]:
    """仮受金 = receipts not applied."""
    unapplied, found = sums["received"] - sums["used"], sums.get("仮受金", 0)
    return [] if -found == unapplied else [f"仮受金の残高 {-found} 円と未消込の入金 {unapplied} 円が違います"]


def _deposits(session: Session, sums: dict[str, int]) -> list[str]:
    """預り保証金 = deposits taken less those given back."""
    held, found = sums["deposited"], -sums.get(DEPOSITS, 0)
    return [] if found == held else [f"{DEPOSITS}の残高 {found} 円と、預かって返していない額 {held} 円が違います"]


def _accrued_items(session: Session, tops: Tops) -> int:
    """What of the account that contract assets share is owed by receivable items (see `accrued_account`)."""
    account = accrued_account(session)
    return int(_owed(session, tops).filter(pl.col("account_id") == account)["amount"].sum()) if account else 0


def _collections(session: Session, tops: Tops) -> list[str]:
    """What a collector collected = what it settled of customers' items + advances; less its fee, the item it owes."""
    found = collecting.collections(session, "id > ?", (tops.get("collecting.Collection", session.low),))
    if found.is_empty():
        return []
    first = found["collection_id"].min()
    since = tops.get("receivables.Movement", session.low)
    moved = receivables.movements(session, "id > ? AND kind = 'collected' AND source_id >= ?", (since, first))
    over = collecting.advances(session, "collection_id >= ?", (first,)).rename({"collection_id": "source_id"})
    raised = receivables.items(session, "source = 'collection' AND source_id >= ?", (first,))
    every = found.rename({"collection_id": "source_id"})
    for frame, amount in ((moved, -pl.col("moved")), (over, pl.col("amount")), (raised, pl.col("gross"))):
        name = f"sum_{len(every.columns)}"
        sums = frame.group_by("source_id").agg(amount.sum().alias(name))
        every = every.join(sums, on="source_id", how="left").with_columns(pl.col(name).fill_null(0))
    settled, beyond, owed = (pl.col(name) for name in every.columns[-3:])
    wrong = every.filter((settled + beyond != pl.col("amount")) | (owed + pl.col("fee") != pl.col("amount")))
    return [
        f"収納 {number - session.low}: 消し込んだ債権・手数料・収納機関の債権が一致しません"
        for number in wrong["source_id"]
    ]


def _requests(session: Session) -> list[str]:
    """A request asks for its debits, each of them for its items; what was answered is what its results say."""
    found = session.read(
        "SELECT q.id AS request_id, q.amount, q.debit_count, o.paid, o.paid_count, d.asked, d.debits, d.items, d.got, d.got_count"
        " FROM collecting_request q LEFT JOIN collecting_outcome o ON o.request_id = q.id JOIN ("
        " SELECT d.request_id, sum(d.amount) AS asked, count(*) AS debits, sum(i.amount) AS items,"
        " sum(CASE WHEN r.result = 0 THEN d.amount ELSE 0 END) AS got, sum(CASE WHEN r.result = 0 THEN 1 ELSE 0 END) AS got_count"
        " FROM collecting_debit d JOIN (SELECT debit_id, sum(amount) AS amount FROM collecting_debit_item"
        " WHERE id >= ? AND id < ? GROUP BY debit_id) i ON i.debit_id = d.id AND i.amount = d.amount"
        " LEFT JOIN collecting_result r ON r.debit_id = d.id WHERE d.id >= ? AND d.id < ? GROUP BY d.request_id)"
        " d ON d.request_id = q.id WHERE q.id >= ? AND q.id < ? ORDER BY q.id",
        (session.low, session.high) * 3,
    )
    counted = session.value(
        "SELECT count(*) AS n FROM collecting_request WHERE id >= ? AND id < ?", (session.low, session.high)
    )
    same = (pl.col("asked") == pl.col("amount")) & (pl.col("items") == pl.col("amount"))
    answered = (pl.col("paid").fill_null(0) == pl.col("got")) & (
        pl.col("paid_count").fill_null(0) == pl.col("got_count")
    )
    wrong = found.filter(~(same & (pl.col("debits") == pl.col("debit_count")) & answered))["request_id"]
    lost = [] if found.height == counted else ["振替依頼の明細がありません"]
    return lost + [f"振替依頼 {number - session.low}: 依頼と明細・結果の合計が一致しません" for number in wrong]


def _contract_balances(session: Session, sums: dict[str, int], owed: int) -> list[str]:
    """Billed (but for deposits) + interest = recognised + liability − asset, tax held in advances and overpayments kept apart.

    Tax invoiced that is not revenue's yet is in 前受金 with the rest. ``owed`` of the account is not contracts'.
    """
    policy = policies(session)
    with_revenue = policy["advance_tax"] == "with_revenue"
    asset = "契約資産" if policy["accrual_account"] == "contract_asset" else "未収入金"
    billed = sums["billed"] - sums["deposited"] + sums["interest"]
    recognised = sums["recognised"] + sums["accrued"] + sums["shifted"]
    overpaid = _open_advances(sums) if with_revenue else 0
    held = sums["taxed"] - sums["tax_recognised"] if with_revenue else 0
    net = sums.get(asset, 0) - owed + sums.get("前受金" if with_revenue else "契約負債", 0)
    if net == recognised - billed - held - overpaid:
        return []
    return [
        f"契約残高: 請求 {billed} 円・認識 {recognised} 円・預かる税 {held} 円に対し、前受・契約資産の動きが {net} 円です"
    ]


def _open_advances(sums: dict[str, int]) -> int:
    """What was kept as advances received beyond what was applied of them or paid back."""
    return sums["overpaid"] + sums["collected_beyond"] - sums["advance_used"] - sums["refunded"]


def _advances(session: Session, sums: dict[str, int], tops: Tops) -> list[str]:
    """前受金 = open advances and what slips moved, where contract liabilities are kept on another account."""
    if policies(session)["advance_tax"] == "with_revenue":
        return []
    account = account_id(session, "前受金")
    slips = session.value(
        "SELECT CAST(sum(i.net) AS bigint) AS amount FROM receivables_item i JOIN receivables_slip s ON s.id = i.source_id"
        " WHERE i.source IN ('slip', 'opening') AND s.credit_account_id = ? AND i.id > ? AND i.id < ?",
        (account, *_span(session, tops, "receivables.Item")),
    )
    own = _owed(session, tops).filter(pl.col("account_id") == account)["amount"].sum()
    kept, found = _open_advances(sums) + int(slips or 0) - int(own), -sums.get("前受金", 0)
    return [] if kept == found else [f"前受金の残高 {found} 円と、充てていない前受金 {kept} 円が違います"]


def _documents(session: Session) -> list[str]:
    """Lines sum to their invoice; its tax is one rounding per rate; items sum to it."""
    heads = invoices.invoices(session)
    if heads.is_empty():
        return []
    lines = invoices.lines(session, heads)
    kinds = products(session).select("product_id", "tax")
    rows = lines.join(kinds, on="product_id", maintain_order="left").join(
        heads.select("invoice_id", "inclusive", "tax_unit"), on="invoice_id", maintain_order="left"
    )
    amounts = rows.with_columns(
        invoice=invoices.rounded_together(rows, "invoice_id"),
        amount=pl.when("inclusive").then(pl.col("net") + pl.col("tax_amount")).otherwise("net"),
    )
    made = amounts.drop("tax_unit").join(_taxed_by(session, heads), on="invoice_id", maintain_order="left")
    taxes = pl.concat(
        tax.invoice_taxes(part.drop("net", "tax_amount", "run_id"), rounding)[0]  # type: ignore[arg-type]
        for rounding, part in under(session, "tax_rounding", made)
    )
    own = (
        taxes.join(made.select("invoice", "invoice_id").unique(), on="invoice")
        .group_by("invoice_id")
        .agg(pl.col("net").sum(), tax_amount=pl.col("amount").sum())
    )
    sums = lines.group_by("invoice_id").agg(line_net=pl.col("net").sum(), line_tax=pl.col("tax_amount").sum())
    raised = (
        receivables.items(session, "source = 'invoice'").group_by(invoice_id="source_id").agg(pl.col("gross").sum())
    )
    every = heads.join(own, on="invoice_id", suffix="_again").join(sums, on="invoice_id")
    every = every.join(raised, on="invoice_id", how="left")
    wrong = every.filter(
        (pl.col("line_net") != pl.col("net"))
        | (pl.col("line_tax") != pl.col("tax_total"))
        | (pl.col("tax_amount") != pl.col("tax_total"))
        | (pl.col("net") + pl.col("tax_total") != pl.col("total"))
        | (pl.col("gross").fill_null(0) != pl.col("total"))
    )
    return [f"請求書 {number}: 明細・税額・債権明細の合計が一致しません" for number in wrong["number"]]


def _taxed_by(session: Session, heads: pl.DataFrame) -> pl.DataFrame:
    """By ``invoice_id`` the run that rounded its tax: its own, but for what takes another back, that of the other."""
    back = invoices.corrections(session).filter(pl.col("kind") == "cancel").select("invoice_id", "original_id")
    first = heads.select(original_id="invoice_id", first_run_id="run_id")
    joined = heads.select("invoice_id", "run_id").join(back.join(first, on="original_id"), on="invoice_id", how="left")
    return joined.select("invoice_id", run_id=pl.coalesce("first_run_id", "run_id"))


def _numbers(session: Session) -> list[str]:
    """No number missing, none twice, and the counters tell the last ones."""
    heads = session.rows("invoices_invoice", "id, kind, fiscal_year, sequence")
    spans = heads.group_by("kind", "fiscal_year").agg(
        count=pl.len().cast(pl.Int64), top=pl.col("sequence").max(), distinct=pl.col("sequence").n_unique()
    )
    counters = session.rows("base_series", "id, series, fiscal_year, last").drop("id")
    series = pl.col("kind").replace_strict(invoices.PREFIX, return_dtype=pl.String)
    both = spans.with_columns(series=series).join(counters, on=["series", "fiscal_year"], how="full", coalesce=True)
    right = (
        (pl.col("count") == pl.col("top")) & (pl.col("distinct") == pl.col("top")) & (pl.col("last") == pl.col("top"))
    )
    wrong = both.filter(~right.fill_null(False))
    return [f"番号 {s}-{year}: 欠番・重複があります" for s, year in wrong.select("series", "fiscal_year").iter_rows()]


def _projections(session: Session) -> list[str]:
    """Stored balances equal their rebuild from the facts."""
    return [
        f"射影 {name} が事実から作り直したものと違います"
        for name, stored, rebuilt in (
            ("未回収の債権明細", _open_items(session), _rebuilt_items(session)),
            ("未消込の入金", _unapplied(session), _rebuilt_receipts(session)),
            ("未請求の計上", _open_accruals(session), _rebuilt_accruals(session)),
            ("下書きの請求", _waiting(session), _rebuilt_waiting(session)),
            ("科目別合計", _totals(session), _rebuilt_totals(session)),
        )
        if not stored.equals(rebuilt)
    ]


def _open_items(session: Session) -> pl.DataFrame:
    return session.read(
        "SELECT item_id, balance FROM receivables_open WHERE item_id >= ? AND item_id < ? ORDER BY item_id",
        (session.low, session.high),
    )


def _rebuilt_items(session: Session) -> pl.DataFrame:
    found = receivables.balances(session, FAR).filter(pl.col("balance") != 0)
    return found.select("item_id", "balance").sort("item_id")


def _unapplied(session: Session) -> pl.DataFrame:
    return session.read(
        "SELECT receipt_id, unapplied FROM receipts_unapplied WHERE receipt_id >= ? AND receipt_id < ? ORDER BY receipt_id",
        (session.low, session.high),
    )


def _rebuilt_receipts(session: Session) -> pl.DataFrame:
    every = session.rows("receipts_receipt", "id, amount, reverses_id").rename({"id": "receipt_id"})
    back = every["reverses_id"].drop_nulls()
    came = every.filter(pl.col("reverses_id").is_null() & ~pl.col("receipt_id").is_in(back.implode()))
    used = session.rows("matching_application", "id, receipt_id, used").group_by("receipt_id").agg(pl.col("used").sum())
    left = came.join(used, on="receipt_id", how="left").with_columns(
        unapplied=pl.col("amount") - pl.col("used").fill_null(0)
    )
    return left.filter(pl.col("unapplied") != 0).select("receipt_id", "unapplied").sort("receipt_id")


_ACCRUAL: Final = ["line_id", "product_id", "cycle_from_on"]


def _open_accruals(session: Session) -> pl.DataFrame:
    return revenue.stored_accruals(session).select(*_ACCRUAL, "amount").sort(_ACCRUAL)


def _rebuilt_accruals(session: Session) -> pl.DataFrame:
    rows = session.rows("revenue_accrual", "id, line_id, product_id, cycle_from_on, amount")
    sums = rows.group_by(_ACCRUAL).agg(pl.col("amount").sum()).filter(pl.col("amount") != 0)
    return sums.select(*_ACCRUAL, "amount").sort(_ACCRUAL)


def _waiting(session: Session) -> pl.DataFrame:
    return session.read(
        "SELECT charge_id FROM billing_waiting WHERE charge_id >= ? AND charge_id < ? ORDER BY charge_id",
        (session.low, session.high),
    )


def _rebuilt_waiting(session: Session) -> pl.DataFrame:
    return session.read(
        "SELECT c.id AS charge_id FROM billing_charge c LEFT JOIN invoices_line l ON l.charge_id = c.id"
        " WHERE c.id >= ? AND c.id < ? AND l.id IS NULL ORDER BY c.id",
        (session.low, session.high),
    )


def _totals(session: Session) -> pl.DataFrame:
    return session.read(
        "SELECT account_id, posted_on, sum(debit) AS debit, sum(credit) AS credit FROM ledger_total"
        " WHERE id >= ? AND id < ? GROUP BY account_id, posted_on ORDER BY account_id, posted_on",
        (session.low, session.high),
    )


def _rebuilt_totals(session: Session) -> pl.DataFrame:
    return session.read(
        "SELECT l.account_id, e.posted_on, sum(CASE WHEN l.amount > 0 THEN l.amount ELSE 0 END) AS debit,"
        " sum(CASE WHEN l.amount < 0 THEN -l.amount ELSE 0 END) AS credit"
        " FROM ledger_line l JOIN ledger_entry e ON e.id = l.entry_id WHERE l.id >= ? AND l.id < ?"
        " GROUP BY l.account_id, e.posted_on ORDER BY l.account_id, e.posted_on",
        (session.low, session.high),
    )
