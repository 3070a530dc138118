"""One row of every kind that other programs may send, as the document shows them."""

from __future__ import annotations

import base64
from typing import Any, Final

ROWS: Final[dict[str, dict[str, Any]]] = {
    "users": {"name": "hana", "role": "accountant", "email": "hana@example.jp"},
    "partners": {"code": "P001", "name": "株式会社みほん", "kana": "ミホン", "closing_day": "31", "payment_months": 1, "payment_day": 31},
    "products": {"code": "PLAN", "name": "基本料", "tax": "standard", "price_model": "flat", "unit_price": 10000, "revenue": "monthly"},
    "holidays": {"date": "2026-12-29", "name": "年末休業"},
    "option-rules": {"product": "BACKUP", "rule": "needs", "other": "PLAN"},
    "contracts": {
        "contract_no": "C-0001", "partner": "P001", "product": "PLAN", "quantity": 1, "start": "2026-04-01", "cycle_months": 1,
        "timing": "current",
    },
    "events": {"contract_no": "C-0001", "effective": "2026-06-01", "type": "change_price", "unit_price": 12000},
    "usage": {
        "event_id": "u-20260405-1", "contract_no": "C-0001", "product": "API", "timestamp": "2026-04-05T10:00:00+09:00", "quantity": 3,
    },
    "receivables": {
        "slip_no": "S-0001", "partner": "P001", "date": "2026-04-10", "account": "売掛金", "credit_account": "雑収入", "amount": 5500,
    },
    "openings": {"partner": "P001", "invoice_no": "OLD-1", "invoice_date": "2026-03-31", "due": "2026-04-30", "balance": 5500},
    "collectors": {
        "partner": "P900", "kind": "debit", "client_code": "1234567890", "client_name": "カ)ミホン", "bank": "9991", "branch": "001",
        "payout_days": 3,
    },
    "mandates": {
        "partner": "P001", "collector": "P900", "bank": "9992", "branch": "002", "deposit": "普通", "number": "1234567",
        "holder": "ミホン タロウ", "customer_no": "1001",
    },
    "ledger-balances": {"target": "yayoi", "date": "2026-04-30", "account": "売掛金", "balance": 11000},
    "ledger-journal": {
        "target": "yayoi", "date": "2026-04-30", "slip": "1", "debit_account": "売掛金", "debit_amount": 11000,
        "credit_account": "売上高", "credit_amount": 11000, "credit_tax_amount": 1000,
    },
    "export-mappings": {"target": "pca", "kind": "account", "ours": "売掛金", "code": "135"},
    "progress": {"contract_no": "C-0001", "product": "BUILD", "date": "2026-05-31", "percent": 40, "note": "検収書 5月"},
    "payees": {
        "partner": "P001", "bank": "9992", "branch": "002", "deposit": "普通", "number": "1234567", "holder": "ミホン タロウ",
    },
    "senders": {"account": "main", "client_code": "1234567890", "client_name": "カ)ミホン"},
    "settlements": {
        "date": "2026-05-31", "id": "T-0001", "invoice_no": "INV-2026-00001", "amount": 11000, "fee": 330, "payout_on": "2026-06-15",
    },
    "receipts": {"date": "2026-05-29", "amount": 109560, "payer": "ミホン", "id": "R-20260529-1"},
}  # fmt: skip
STATEMENT: Final = "取引日,摘要,出金金額,入金金額,残高,メモ\n2026/05/29,振込 ミホン,,109560,109560,\n"
FILE: Final = {
    "name": "meisai.csv", "format": "sbi-shinsei", "content": base64.b64encode(STATEMENT.encode()).decode(),
}  # fmt: skip
"""A bank's file as it is sent."""
JOURNAL: Final = base64.b64encode(
    "日付,伝票番号,借方勘定科目,借方金額,貸方勘定科目,貸方金額,貸方消費税額\n2026-04-30,1,売掛金,11000,売上高,11000,1000\n".encode()
).decode()
"""A journal of an accounting package as it is sent."""
