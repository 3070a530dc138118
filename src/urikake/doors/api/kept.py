"""What the books keep, resource by resource: where its rows stand, how they are found, and how they look outside.

Fields bear the names of the import files where those have them, so that what was written is read back by the same name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

import polars as pl

from urikake.base.bulk import Session
from urikake.rooms.invoices import queries as invoices
from urikake.rooms.matching.queries import APPLICATION

from . import shapes
from .shapes import Belongings

Shape = Callable[[Session, pl.DataFrame], pl.DataFrame]
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
        shapes.shaped_partners, key="code", named="code", belongs=shapes.partners_have,
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
            "ssp_basis": (str, "独立販売価格の根拠"),
            "commitment_months": (int, "約束期間月"),
        },
        shapes.shaped_products, key="code", named="code",
        about="料金の改定ごとに1件。商品コードで一つを求めると、いちばん後に登録した版を返す。",
    ),
    Resource(
        "contracts", "契約", "contracts.read", "contracts_contract t", "t.id, t.contract_no, t.partner_id",
        {
            **NUMBER, "contract_no": (str, "契約番号"), "partner": (str, "取引先コード"),
            "lines": (list[dict[str, Any]], "契約したときの明細（その後の変更は events、ある日の状態は reports/contracts）"),
        },
        shapes.shaped_contracts, key="contract_no", named="contract_no", belongs=shapes.contracts_have,
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
        shapes.shaped_events,
    ),
    Resource(
        "usage", "使用量", "usage.read", "usage_event t", "t.id, t.event_code, t.line_id, t.used_at, t.quantity_micro, t.subject",
        {
            **NUMBER, "event_id": (str, "使用量ID"), "contract_no": (str, "契約番号"), "product": (str, "商品コード"),
            "timestamp": (datetime, "日時"), "quantity": (float, "数量"), "subject": (str, "対象"),
        },
        shapes.shaped_usage, key="event_id", named="event_code",
    ),
    Resource(
        "invoices", "請求書", "invoices.read", "invoices_invoice t",
        ", ".join(f"t.{name}" for name in invoices.INVOICE.split(", ")),
        {
            "number": (str, "請求書番号"), "kind": (str, "種類（invoice・return・revised）"), "partner": (str, "請求先コード"),
            "closing": (date, "締日"), "issue_date": (date, "発行日"), "currency": (str, "通貨"), "net": (int, "税抜（円）"),
            "tax": (int, "消費税（円）"), "total": (int, "合計（円）"), "lines": (list[dict[str, Any]], "明細"),
        },
        shapes.shaped_invoices, look_up=shapes.invoice_id, belongs=shapes.invoices_have,
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
        shapes.shaped_receivables,
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
        shapes.shaped_receipts,
    ),
    Resource(
        "applications", "消込", "matching.read", "matching_application t",
        ", ".join(f"t.{name}" for name in APPLICATION.split(", ")),
        {
            **NUMBER, "receipt": (int, "入金番号"), "partner": (str, "取引先コード"), "date": (date, "消込日"),
            "used": (int, "入金から使った額（円）"), "difference": (int, "差額（円）"), "difference_kind": (str, "差額の種類"),
            "reverses": (int, "取り消した消込の番号"),
        },
        shapes.shaped_applications,
    ),
    Resource(
        "receipt-holds", "入金の保留", "matching.read", f"matching_hold t {RUN}",
        "t.id, t.receipt_id, t.state, t.why, r.actor, r.recorded_at",
        {
            **NUMBER, "receipt": (int, "入金番号"), "state": (str, "状態（held 保留・aside 対象外・空 やめた）"), "why": (str, "理由"),
            **RECORDED,
        },
        shapes.shaped_receipt_holds,
        about="入金ごとに、番号の最も新しいものがいまの状態。",
    ),
    Resource(
        "matching-notes", "消込のメモ", "matching.read", f"matching_note t {RUN}",
        "t.id, t.partner_id, t.receipt_id, t.text, r.actor, r.recorded_at",
        {
            **NUMBER, "partner": (str, "取引先コード"), "receipt": (int, "入金番号"), "text": (str, "メモ（空は取消）"), **RECORDED,
        },
        shapes.shaped_matching_notes,
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
        shapes.shaped_debit_requests,
    ),
    Resource(
        "refunds", "返金", "refunds.read", "refunds_refund t",
        "t.id, t.partner_id, t.pay_on, t.amount, t.why, t.reverses_id",
        {
            **NUMBER, "partner": (str, "取引先コード"), "date": (date, "支払日。取消は戻った日"),
            "amount": (int, "返した額（円）。取消はマイナス"), "why": (str, "理由"), "reverses": (int, "取り消した返金"),
        },
        shapes.shaped_refunds,
    ),
    Resource(
        "refund-files", "返金の振込ファイル", "refunds.read",
        "refunds_transfer t LEFT JOIN refunds_withdrawal w ON w.transfer_id = t.id",
        "t.id, t.pay_on, t.transfer_count, t.amount, t.digest, w.why",
        {
            **NUMBER, "date": (date, "支払日"), "transfers": (int, "件数"), "amount": (int, "合計（円）"),
            "digest": (str, "ファイルの SHA-256"), "why": (str, "取り下げた理由（取り下げていなければ空）"),
        },
        shapes.shaped_refund_files,
    ),
    Resource(
        "exports", "会計ソフトに渡したファイル", "exports.read", "exports_batch t",
        "t.id, t.target, t.since_on, t.until_on, t.style, t.again, t.entry_count, t.row_count, t.amount, t.digest",
        {
            **NUMBER, "target": (str, "会計ソフト"), "since": (date, "この日から"), "until": (date, "この日まで"),
            "style": (str, "まとめ方"), "again": (bool, "渡した仕訳を含むか"), "entries": (int, "仕訳の数"), "rows": (int, "行の数"),
            "amount": (int, "借方の合計（円）"), "digest": (str, "ファイルの SHA-256"),
        },
        shapes.shaped_exports,
    ),
    Resource(
        "tie-outs", "会計ソフトの帳簿との照合", "exports.read", "exports_tie_out t",
        "t.id, t.target, t.since_on, t.on_day, t.file_name, t.digest",
        {
            **NUMBER, "target": (str, "会計ソフト"), "since": (date | None, "仕訳帳の初めの日。試算表なら null"),
            "until": (date, "仕訳帳の終わりの日、試算表の残高の日"), "file_name": (str, "ファイルの名前"),
            "digest": (str, "ファイルの SHA-256"),
        },
        shapes.shaped_tie_outs,
    ),
    Resource(
        "journals", "仕訳", "journals.read", "ledger_entry t",
        "t.id, t.posted_on, t.source, t.source_id, t.first_line_id, t.line_count",
        {
            **NUMBER, "date": (date, "計上日"), "source": (str, "元の種類"), "source_number": (int, "元の番号"),
            "lines": (list[dict[str, Any]], "借方と貸方"),
        },
        shapes.shaped_journals, belongs=shapes.journals_have,
    ),
    Resource(
        "periods", "会計期間", "closing.read", f"base_period_event t {RUN}", "t.id, t.month, t.locked, t.why, r.actor, r.recorded_at",
        {
            "month": (str, "月"), "locked": (bool, "締め済みか"), "why": (str, "締めを解除した理由"), **RECORDED,
        },
        shapes.shaped_periods, key="month", look_up=shapes.period_id,
        where="NOT EXISTS (SELECT 1 FROM base_period_event n WHERE n.month = t.month AND n.id > t.id"
        " AND (n.id >> 40) = (t.id >> 40))",
        about="一度でも締めた月だけを、締めたか解除した順に並べる。",
    ),
    Resource(
        "users", "利用者", "users.read", "base_user t", "t.id, t.name, t.role, t.email",
        {**NUMBER, "name": (str, "利用者名"), "role": (str, "役割"), "email": (str, "メール")},
        shapes.shaped_users, key="name", named="name",
        where="NOT EXISTS (SELECT 1 FROM base_user n WHERE n.name = t.name AND n.id > t.id AND (n.id >> 40) = (t.id >> 40))",
    ),
    Resource(
        "audit-events", "実行の記録", "audit.read", "base_run t",
        "t.id, t.action, t.subject, t.permission, t.actor, t.recorded_at, t.outcome",
        {
            **NUMBER, "action": (str, "行ったこと"), "subject": (str, "対象"), "permission": (str, "権限"), **RECORDED,
            "outcome": (dict[str, Any], "結果"),
        },
        shapes.shaped_audit, belongs=shapes.audit_has,
    ),
)  # fmt: skip
BY_NAME: Final = {resource.name: resource for resource in RESOURCES}
