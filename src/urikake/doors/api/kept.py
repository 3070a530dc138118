"""What the books keep, resource by resource: where its rows stand, how they are found, and how they look outside.

Fields bear the names of the import files where those have them, so that what was written is read back by the same name.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

import polars as pl

from urikake.base.bulk import Session
from urikake.base.company import accounts, dimensions
from urikake.core.terms import closing_text
from urikake.rooms.catalog.queries import products
from urikake.rooms.contracts.queries import contracts, first_lines, terms
from urikake.rooms.invoices import queries as invoices
from urikake.rooms.ledger import queries as ledger
from urikake.rooms.matching.queries import APPLICATION
from urikake.rooms.parties import queries as parties
from urikake.rooms.receipts.queries import payers
from urikake.rooms.reports.queries.rows import nested

Shape = Callable[[Session, pl.DataFrame], pl.DataFrame]
Belongings = dict[str, dict[int, Any]]
Field = tuple[Any, str]


@dataclass(frozen=True, slots=True)
class Resource:
    """A kind of thing: its rows (``columns`` of ``tables``, with the main one as ``t``), its fields, and its name.

    ``shape`` gives the frame the fields' names (numbers in millionths end in ``_micro``); ``belongs`` finds what else
    belongs to the rows, by id. ``named`` is the column whose value calls the newest row of
    that value; without it (and without ``look_up``) the number does.
    """

    name: str
    title: str
    permission: str
    tables: str
    columns: str
    fields: Mapping[str, Field]
    shape: Shape
    key: str = "number"
    named: str = ""
    where: str = ""
    about: str = ""
    belongs: Callable[[Session, pl.DataFrame], Belongings] = lambda session, frame: {}
    look_up: Callable[[Session, str], int | None] | None = None

    @property
    def numbered(self) -> bool:
        """Whether a thing is called by its number."""
        return not self.named and self.look_up is None

    def find(self, session: Session, key: str | int) -> int | None:
        """The id of the thing of that name or number; None where there is none."""
        if self.numbered:
            return session.low + int(key)
        if self.look_up is not None:
            return self.look_up(session, str(key))
        also = f" AND {self.where}" if self.where else ""
        sql = f"SELECT max(t.id) AS top FROM {self.tables} WHERE t.id >= ? AND t.id < ? AND t.{self.named} = ?{also}"
        found: int | None = session.value(sql, (session.low, session.high, str(key)))
        return found


def number(session: Session, column: str = "id") -> pl.Expr:
    """The number of a thing inside its company."""
    return pl.col(column) - session.low


def _coded(session: Session, frame: pl.DataFrame, column: str = "partner_id", name: str = "partner") -> pl.DataFrame:
    """The frame with the partner's code as ``name``."""
    codes = parties.codes(session).rename({"partner_id": column, "code": name})
    return frame.join(codes, on=column, how="left", maintain_order="left")


def _account(session: Session, frame: pl.DataFrame, column: str, name: str) -> pl.DataFrame:
    """The frame with the account's name as ``name``."""
    chart = accounts(session).select("id", "name").rename({"id": column, "name": name})
    return frame.join(chart, on=column, how="left", maintain_order="left")


def _span(frame: pl.DataFrame, column: str = "id") -> tuple[int, int]:
    return frame[column].min(), frame[column].max()  # type: ignore[return-value]


# --- masters -------------------------------------------------------------------------------------------------------


def _partners(session: Session, frame: pl.DataFrame) -> pl.DataFrame:
    known = parties.profiles(session).drop("code").join(parties.terms(session), on="terms_id", how="left")
    full = frame.join(known, left_on="id", right_on="partner_id", how="left", maintain_order="left")
    full = _coded(session, _coded(session, full, "bill_to_id", "bill_to"), "parent_id", "parent")
    full = _account(session, full, "receivable_account_id", "receivable_account")
    days = [closing_text(mask) for mask in full["closing_mask"].fill_null(0)]
    return full.with_columns(number=number(session), closing_day=pl.Series(days, dtype=pl.String))


def _partners_have(session: Session, frame: pl.DataFrame) -> Belongings:
    names = session.table("parties_payer_name", "id, partner_id, payer")
    virtual = parties.virtual_accounts(session).unique("partner_id", keep="last")
    mine = names.filter(pl.col("partner_id").is_in(frame["id"].implode()))
    return {
        "payer_names": dict(mine.group_by("partner_id").agg("payer").iter_rows()),
        "virtual_accounts": {partner: [account] for partner, account in virtual.iter_rows()},
    }


def _products(session: Session, frame: pl.DataFrame) -> pl.DataFrame:
    kinds = products(session).select(pl.col("product_id").alias("id"), *_PRODUCT)
    full = frame.join(kinds, on="id", how="left", maintain_order="left")
    tax = pl.col("tax") + pl.when("inclusive").then(pl.lit("_incl")).otherwise(pl.lit(""))
    named = _account(session, full, "revenue_account_id", "revenue_account")
    return named.with_columns(number=number(session), tax=tax, meter=pl.col("meter").replace("", "sum")).rename(
        {"product_name": "name", "valid_from_on": "valid_from"}
    )


_PRODUCT: Final = [
    "product_name", "tax", "inclusive", "price_model", "unit_price_micro", "tiers", "included_micro", "overage_price_micro",
    "package_size_micro", "minimum", "maximum", "revenue", "life_months", "ssp_micro", "obligation", "revenue_account_id",
    "service", "valid_from_on", "meter", "commitment_months",
]  # fmt: skip


def _users(session: Session, frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(number=number(session))


# --- contracts and usage -------------------------------------------------------------------------------------------


def _contracts(session: Session, frame: pl.DataFrame) -> pl.DataFrame:
    return _coded(session, frame).with_columns(number=number(session))


def _contracts_have(session: Session, frame: pl.DataFrame) -> Belongings:
    mine = first_lines(session).filter(pl.col("contract_id").is_in(frame["id"].implode()))
    named = (
        mine.join(products(session).select("product_id", "product"), on="product_id", how="left")
        .join(terms(session), on="contract_terms_id", how="left")
        .join(dimensions(session), on="dimension_id", how="left")
        .join(parties.terms(session).rename({"terms_id": "collection_terms_id"}), on="collection_terms_id", how="left")
        .sort("contract_id", "position")
        .with_columns(start="start_on", end=pl.col("end_on").dt.offset_by("-1d"), group="group_code")
    )
    days = [None if mask is None else closing_text(mask) for mask in named["closing_mask"]]
    named = named.with_columns(closing_day=pl.Series(days, dtype=pl.String))
    return {"lines": nested(named, "contract_id", list(_LINE))}


_LINE: Final = (
    "position", "product", "quantity_micro", "unit_price_micro", "start", "end", "cycle_months", "timing", "bill_day",
    "anchor_day", "proration_start", "proration_end", "proration_up", "proration_down", "auto_renew", "notice_days",
    "order_no", "group", "management_group", "project", "department", "tax_point", "closing_day", "payment_months",
    "payment_day", "holiday_shift", "method", "split",
)  # fmt: skip


def _events(session: Session, frame: pl.DataFrame) -> pl.DataFrame:
    named = frame.join(contracts(session).select("contract_id", "contract_no"), on="contract_id", how="left")
    lines = first_lines(session).select("line_id", line_product_id="product_id")
    kinds = products(session).select("product_id", "product")
    return (
        named.join(lines, on="line_id", how="left", maintain_order="left")
        .join(kinds, on="product_id", how="left", maintain_order="left")
        .join(kinds.rename({"product_id": "line_product_id", "product": "line"}), on="line_product_id", how="left")
        .sort("id")
        .with_columns(
            number=number(session), type="kind", effective="effective_on", until=pl.col("until_on").dt.offset_by("-1d")
        )
    )


def _usage(session: Session, frame: pl.DataFrame) -> pl.DataFrame:
    lines = first_lines(session).select("line_id", "contract_id", "product_id")
    return (
        frame.join(lines, on="line_id", how="left", maintain_order="left")
        .join(
            contracts(session).select("contract_id", "contract_no"), on="contract_id", how="left", maintain_order="left"
        )
        .join(products(session).select("product_id", "product"), on="product_id", how="left", maintain_order="left")
        .with_columns(number=number(session), event_id="event_code", timestamp="used_at")
    )


# --- documents and money -------------------------------------------------------------------------------------------


def _invoices(session: Session, frame: pl.DataFrame) -> pl.DataFrame:
    named = _coded(session, frame.with_columns(number=invoices.number()))
    return named.with_columns(closing="closing_on", issue_date="issue_on", tax="tax_total")


def _invoices_have(session: Session, frame: pl.DataFrame) -> Belongings:
    lines = invoices.lines(session, invoices.numbered(frame))
    named = (
        lines.join(contracts(session).select("contract_id", "contract_no"), on="contract_id", how="left", maintain_order="left")
        .join(products(session).select("product_id", "product", "product_name"), on="product_id", how="left", maintain_order="left")
        .with_columns(service_from="from_on", service_to=pl.col("to_on").dt.offset_by("-1d"))
    )  # fmt: skip
    return {"lines": nested(named, "invoice_id", list(_INVOICE_LINE))}


_INVOICE_LINE: Final = (
    "contract_no", "product", "product_name", "service_from", "service_to", "quantity_micro", "unit_price_micro", "net", "tax_amount",
)  # fmt: skip


def _invoice_id(session: Session, key: str) -> int | None:
    found = invoices.by_number(session, key) if len(key) <= 30 and key.isascii() else None
    return None if found is None or found.is_empty() else int(found["invoice_id"][0])


def _receivables(session: Session, frame: pl.DataFrame) -> pl.DataFrame:
    named = _account(session, _coded(session, frame), "account_id", "account")
    named = named.join(dimensions(session), on="dimension_id", how="left", maintain_order="left")
    return _documented(session, named).with_columns(
        pl.col("balance").fill_null(0), number=number(session), date="posted_on", due="due_on", group="group_code"
    )


def _documented(session: Session, frame: pl.DataFrame) -> pl.DataFrame:
    """The items with the number of their invoice, slip or collection as ``document``."""
    wanted = frame.filter(pl.col("source") == "invoice")["source_id"]
    found = invoices.invoices(session, "id BETWEEN ? AND ?", (wanted.min() or 0, wanted.max() or 0))
    slips = session.table("receivables_slip", "id, slip_no").rename({"id": "source_id", "slip_no": "slip"})
    bills = found.select(source_id="invoice_id", bill="number")
    named = frame.join(bills, on="source_id", how="left", maintain_order="left").join(
        slips, on="source_id", how="left", maintain_order="left"
    )
    own = pl.concat_str(pl.lit("collection-"), number(session, "source_id").cast(pl.String))
    document = pl.when(pl.col("source") == "invoice").then("bill").when(pl.col("source") == "collection").then(own)
    return named.with_columns(document=document.otherwise("slip"))


def _receipts(session: Session, frame: pl.DataFrame) -> pl.DataFrame:
    named = _coded(session, frame.with_columns(partner_id=payers(session, frame)))
    banks = session.table("base_bank_account", "id, code").rename({"id": "bank_account_id", "code": "account"})
    return named.join(banks, on="bank_account_id", how="left", maintain_order="left").with_columns(
        pl.col("unapplied").fill_null(0), number=number(session), date="received_on", bank_id="bank_code"
    )


def _applications(session: Session, frame: pl.DataFrame) -> pl.DataFrame:
    return _coded(session, frame).with_columns(
        number=number(session),
        receipt=number(session, "receipt_id"),
        date="applied_on",
        reverses=number(session, "reverses_id"),
    )


def _receipt_holds(session: Session, frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(number=number(session), receipt=number(session, "receipt_id"))


def _matching_notes(session: Session, frame: pl.DataFrame) -> pl.DataFrame:
    return _coded(session, frame).with_columns(number=number(session), receipt=number(session, "receipt_id"))


def _debit_requests(session: Session, frame: pl.DataFrame) -> pl.DataFrame:
    state, paid = pl.col("state").fill_null("open"), pl.col("paid").fill_null(0)
    return _coded(session, frame, "collector_id", "collector").with_columns(
        pl.col("why").fill_null(""),
        pl.col("paid_count").fill_null(0),
        paid=paid,
        number=number(session),
        state=state,
        debits="debit_count",
        unpaid=pl.when(state == "answered").then(pl.col("amount") - paid).otherwise(0),
        open=pl.when(state == "open").then("amount").otherwise(0),
    )


def _journals(session: Session, frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(number=number(session), date="posted_on", source_number=number(session, "source_id"))


def _journals_have(session: Session, frame: pl.DataFrame) -> Belongings:
    lines = ledger.lines(session, frame.rename({"id": "entry_id"}))
    named = _coded(session, _account(session, lines, "account_id", "account"))
    amount = pl.col("amount")
    sided = named.with_columns(debit=amount.clip(lower_bound=0), credit=(-amount).clip(lower_bound=0))
    return {"lines": nested(sided, "entry_id", ["account", "debit", "credit", "partner", "tax"])}


# --- months and records --------------------------------------------------------------------------------------------


def _periods(session: Session, frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(month=pl.col("month").dt.strftime("%Y-%m"), locked=pl.col("locked").cast(pl.Boolean))


def _period_id(session: Session, key: str) -> int | None:
    try:
        month = date.fromisoformat(f"{key}-01")
    except ValueError:
        return None
    sql = "SELECT max(id) AS top FROM base_period_event WHERE id >= ? AND id < ? AND month = ?"
    found: int | None = session.value(sql, (session.low, session.high, month))
    return found


def _audit(session: Session, frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(number=number(session))


def _audit_has(session: Session, frame: pl.DataFrame) -> Belongings:
    return {"outcome": {id_: json.loads(said) for id_, said in frame.select("id", "outcome").iter_rows()}}


NUMBER: Final[dict[str, Field]] = {"number": (int, "番号")}
RUN: Final = "JOIN base_run r ON r.id = t.run_id"
RECORDED: Final[dict[str, Field]] = {"actor": (str, "記録した人"), "recorded_at": (datetime, "記録日時")}

RESOURCES: Final = (
    Resource(
        "partners", "取引先", "partners.read", "parties_partner t", "t.id, t.code",
        {
            **NUMBER, "code": (str, "取引先コード"), "name": (str, "取引先名"), "kana": (str, "フリガナ"),
            "registration_number": (str, "登録番号"), "bill_to": (str, "請求先コード"), "parent": (str, "名寄せ先コード"),
            "postal_code": (str, "郵便番号"), "address": (str, "住所"), "email": (str, "メール"), "closing_day": (str, "締日"),
            "payment_months": (int, "回収サイト月"), "payment_day": (int, "回収日"), "holiday_shift": (str, "休日"),
            "method": (str, "回収手段"), "split": (str, "分割回収"), "credit_limit": (int, "与信限度額（円）"),
            "currency": (str, "通貨"), "receivable_account": (str, "債権科目"), "delivery": (str, "送付方法"),
            "peppol_id": (str, "Peppol ID"), "invoice_grouping": (str, "請求書のまとめ方（空欄は会社の方針）"),
            "tax_unit": (str, "消費税の計算単位（空欄は請求書ごと）"), "minimum_invoice": (int, "請求最低額（円。空は会社の方針）"),
            "fee_bearer": (str, "振込手数料の負担（payer は先方、空欄は当社）"),
            "payer_names": (list[str], "振込名義"), "virtual_accounts": (list[str], "仮想口座"),
        },
        _partners, key="code", named="code", belongs=_partners_have,
    ),
    Resource(
        "products", "商品", "products.read", "catalog_product t", "t.id, t.code",
        {
            **NUMBER, "code": (str, "商品コード"), "name": (str, "商品名"), "tax": (str, "税区分"), "price_model": (str, "料金体系"),
            "unit_price": (float, "単価"), "tiers": (str, "段階"), "included": (float, "含む数量"),
            "overage_price": (float, "超過単価"), "package_size": (float, "入数"), "minimum": (int, "最低料金（円）"),
            "maximum": (int, "上限料金（円）"), "revenue": (str, "収益認識"), "life_months": (int, "見込月数"),
            "ssp": (float, "独立販売価格"), "obligation": (str, "履行義務種別"), "revenue_account": (str, "売上科目"),
            "service": (str, "サービス区分"), "valid_from": (date, "適用開始"), "meter": (str, "集計"),
            "commitment_months": (int, "約束期間月"),
        },
        _products, key="code", named="code",
        about="料金の改定ごとに1件。商品コードで一つを求めると、いちばん後に登録した版を返す。",
    ),
    Resource(
        "contracts", "契約", "contracts.read", "contracts_contract t", "t.id, t.contract_no, t.partner_id",
        {
            **NUMBER, "contract_no": (str, "契約番号"), "partner": (str, "取引先コード"),
            "lines": (list[dict[str, Any]], "契約したときの明細（その後の変更は events、ある日の状態は reports/contracts）"),
        },
        _contracts, key="contract_no", named="contract_no", belongs=_contracts_have,
    ),
    Resource(
        "events", "契約の変更", "contracts.read", "contracts_event t",
        "t.id, t.contract_id, t.line_id, t.kind, t.effective_on, t.recorded_at, t.product_id, t.quantity_micro,"
        " t.unit_price_micro, t.until_on, t.reason",
        {
            **NUMBER, "contract_no": (str, "契約番号"), "type": (str, "変更種別"), "effective": (date, "適用日"),
            "line": (str, "明細商品コード"), "product": (str, "商品コード"), "quantity": (float, "数量"),
            "unit_price": (float, "単価"), "until": (date, "更新後の終了日"), "reason": (str, "理由"),
            "recorded_at": (datetime, "登録日時"),
        },
        _events,
    ),
    Resource(
        "usage", "使用量", "usage.read", "usage_event t", "t.id, t.event_code, t.line_id, t.used_at, t.quantity_micro, t.subject",
        {
            **NUMBER, "event_id": (str, "使用量ID"), "contract_no": (str, "契約番号"), "product": (str, "商品コード"),
            "timestamp": (datetime, "日時"), "quantity": (float, "数量"), "subject": (str, "対象"),
        },
        _usage, key="event_id", named="event_code",
    ),
    Resource(
        "invoices", "請求書", "invoices.read", "invoices_invoice t",
        ", ".join(f"t.{name}" for name in invoices.INVOICE.split(", ")),
        {
            "number": (str, "請求書番号"), "kind": (str, "種類（invoice・return・revised）"), "partner": (str, "請求先コード"),
            "closing": (date, "締日"), "issue_date": (date, "発行日"), "currency": (str, "通貨"), "net": (int, "税抜（円）"),
            "tax": (int, "消費税（円）"), "total": (int, "合計（円）"), "lines": (list[dict[str, Any]], "明細"),
        },
        _invoices, look_up=_invoice_id, belongs=_invoices_have,
    ),
    Resource(
        "receivables", "債権明細", "receivables.read",
        "receivables_item t LEFT JOIN receivables_open o ON o.item_id = t.id",
        "t.id, t.source, t.source_id, t.partner_id, t.dimension_id, t.account_id, t.tax, t.net, t.gross, t.posted_on,"
        " t.due_on, t.method, o.balance",
        {
            **NUMBER, "document": (str, "請求書番号か伝票番号"), "source": (str, "元（invoice・slip・opening）"),
            "partner": (str, "取引先コード"), "account": (str, "債権科目"), "date": (date, "計上日"), "due": (date, "回収予定日"),
            "method": (str, "回収手段"), "order_no": (str, "受注番号"), "group": (str, "グループ"), "tax": (str, "税区分"),
            "net": (int, "税抜（円）"), "gross": (int, "税込（円）"), "balance": (int, "未回収（円）"),
        },
        _receivables,
    ),
    Resource(
        "receipts", "入金", "receipts.read", "receipts_receipt t LEFT JOIN receipts_unapplied u ON u.receipt_id = t.id",
        "t.id, t.bank_account_id, t.received_on, t.amount, t.payer, t.folded, t.reference, t.virtual_account, t.bank_code,"
        " u.unapplied",
        {
            **NUMBER, "bank_id": (str, "取引番号"), "account": (str, "銀行口座コード"), "date": (date, "入金日"),
            "amount": (int, "金額（円）"), "payer": (str, "振込名義"), "reference": (str, "摘要"),
            "virtual_account": (str, "仮想口座"), "partner": (str, "名義が指す取引先コード"), "unapplied": (int, "消込残（円）"),
        },
        _receipts,
    ),
    Resource(
        "applications", "消込", "matching.read", "matching_application t",
        ", ".join(f"t.{name}" for name in APPLICATION.split(", ")),
        {
            **NUMBER, "receipt": (int, "入金番号"), "partner": (str, "取引先コード"), "date": (date, "消込日"),
            "used": (int, "入金から使った額（円）"), "difference": (int, "差額（円）"), "difference_kind": (str, "差額の種類"),
            "reverses": (int, "取り消した消込の番号"),
        },
        _applications,
    ),
    Resource(
        "receipt-holds", "入金の保留", "matching.read", f"matching_hold t {RUN}",
        "t.id, t.receipt_id, t.state, t.why, r.actor, r.recorded_at",
        {
            **NUMBER, "receipt": (int, "入金番号"), "state": (str, "状態（held 保留・aside 対象外・空 やめた）"), "why": (str, "理由"),
            **RECORDED,
        },
        _receipt_holds,
        about="入金ごとに、番号の最も新しいものがいまの状態。",
    ),
    Resource(
        "matching-notes", "消込のメモ", "matching.read", f"matching_note t {RUN}",
        "t.id, t.partner_id, t.receipt_id, t.text, r.actor, r.recorded_at",
        {
            **NUMBER, "partner": (str, "取引先コード"), "receipt": (int, "入金番号"), "text": (str, "メモ（空は取消）"), **RECORDED,
        },
        _matching_notes,
        about="取引先・入金ごとに、番号の最も新しいものがいまのメモ。",
    ),
    Resource(
        "debit-requests", "振替依頼", "collecting.read",
        "collecting_request t LEFT JOIN collecting_outcome o ON o.request_id = t.id",
        "t.id, t.collector_id, t.debit_on, t.due_until_on, t.debit_count, t.amount, t.digest, o.state, o.why, o.paid_count, o.paid",
        {
            **NUMBER, "collector": (str, "収納機関の取引先コード"), "debit_on": (date, "引落日"),
            "state": (str, "状態（open・answered・withdrawn）"), "debits": (int, "件数"), "amount": (int, "依頼（円）"),
            "paid_count": (int, "振替済の件数"), "paid": (int, "振替済（円）"), "unpaid": (int, "振替不能（円）"),
            "open": (int, "結果待ち（円）"), "why": (str, "取り下げた理由"), "digest": (str, "ファイルの SHA-256"),
        },
        _debit_requests,
    ),
    Resource(
        "journals", "仕訳", "journals.read", "ledger_entry t",
        "t.id, t.posted_on, t.source, t.source_id, t.first_line_id, t.line_count",
        {
            **NUMBER, "date": (date, "計上日"), "source": (str, "元の種類"), "source_number": (int, "元の番号"),
            "lines": (list[dict[str, Any]], "借方と貸方"),
        },
        _journals, belongs=_journals_have,
    ),
    Resource(
        "periods", "会計期間", "closing.read", f"base_period_event t {RUN}", "t.id, t.month, t.locked, t.why, r.actor, r.recorded_at",
        {
            "month": (str, "月"), "locked": (bool, "締め済みか"), "why": (str, "締めを解除した理由"), **RECORDED,
        },
        _periods, key="month", look_up=_period_id,
        where="NOT EXISTS (SELECT 1 FROM base_period_event n WHERE n.month = t.month AND n.id > t.id"
        " AND (n.id >> 40) = (t.id >> 40))",
        about="一度でも締めた月だけを、締めたか解除した順に並べる。",
    ),
    Resource(
        "users", "利用者", "users.read", "base_user t", "t.id, t.name, t.role, t.email",
        {**NUMBER, "name": (str, "利用者名"), "role": (str, "役割"), "email": (str, "メール")},
        _users, key="name", named="name",
        where="NOT EXISTS (SELECT 1 FROM base_user n WHERE n.name = t.name AND n.id > t.id AND (n.id >> 40) = (t.id >> 40))",
    ),
    Resource(
        "audit-events", "実行の記録", "audit.read", "base_run t",
        "t.id, t.action, t.subject, t.permission, t.actor, t.recorded_at, t.outcome",
        {
            **NUMBER, "action": (str, "行ったこと"), "subject": (str, "対象"), "permission": (str, "権限"), **RECORDED,
            "outcome": (dict[str, Any], "結果"),
        },
        _audit, belongs=_audit_has,
    ),
)  # fmt: skip
BY_NAME: Final = {resource.name: resource for resource in RESOURCES}
