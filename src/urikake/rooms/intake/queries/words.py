"""The words by which people call the choices of a column: shown in forms, and understood in mapped files."""

from __future__ import annotations

from typing import Final

_TAXES: Final = {
    "standard": "標準税率", "reduced": "軽減税率", "exempt": "非課税", "out_of_scope": "不課税", "export": "輸出免税",
}  # fmt: skip
_PRORATION: Final = {
    "daily": "日割り", "monthly": "月割り", "thirtieth": "30日割り", "thirty_360": "30/360", "full_month": "1か月分", "free": "無料",
}  # fmt: skip
WORDS: Final[dict[str, dict[str, str]]] = {
    "method": {
        "transfer": "振込", "cash": "現金", "cheque": "小切手", "date_fixed": "期日現金", "note": "手形", "densai": "電子記録債権",
        "factoring": "ファクタリング", "direct_debit": "口座振替", "card": "カード", "cod": "代引", "offset": "相殺",
    },
    "holiday_shift": {"before": "前営業日", "after": "翌営業日", "none": "そのまま"},
    "invoice_grouping": {"bill_to": "請求先ごと", "contract": "契約ごと", "order": "受注番号ごと", "project": "案件ごと"},
    "tax_unit": {"invoice": "請求書ごと", "delivery_note": "納品書(契約)ごと"},
    "fee_bearer": {"us": "当社", "payer": "先方"},
    "delivery": {"email": "メール", "paper": "郵送", "peppol": "デジタルインボイス"},
    "tax": {**_TAXES, **{f"{code}_incl": f"{word}(税込)" for code, word in _TAXES.items()}},
    "price_model": {
        "flat": "定額", "unit": "単価×数量", "graduated": "段階(積上げ)", "volume": "段階(全量)", "package": "パッケージ",
        "included": "基本+超過", "free": "無料",
    },
    "revenue": {
        "monthly": "月割り", "daily": "日割り", "usage": "使用量", "point": "一時点", "contract_start": "契約開始時",
        "lifetime": "見込期間", "deposit": "預り保証金", "progress": "進捗度・検収",
    },
    "meter": {"sum": "合計", "max": "最大", "last": "最後の値", "unique": "対象の数"},
    "ssp_basis": {
        "observed": "単独で売る価格", "adjusted_market": "調整した市場評価", "cost_plus": "コストに利益を加えた額", "residual": "残余",
    },
    "obligation": {"service": "役務", "goods": "物品", "lease": "リース", "right": "権利"},
    "timing": {"advance": "前払", "current": "当月", "arrears": "後払"},
    **{f"proration{part}": _PRORATION for part in ("", "_start", "_end", "_up", "_down")},
    "refund": {"daily": "日割りで返す", "none": "返さない"},
    "tax_point": {"completion": "役務の終わる日", "monthly": "月ごと", "receipt": "請求の締日"},
    "type": {
        "change_plan": "プラン変更", "change_quantity": "数量変更", "change_price": "単価変更", "add_option": "オプション追加",
        "remove_option": "オプション解除", "renew": "更新", "decline_renewal": "更新しない", "cancel": "解約", "withdraw": "取消",
        "discount": "値引", "change_start": "開始日の変更",
        "change_bill_to": "請求先の変更", "suspend": "休止", "resume": "再開", "correct": "訂正",
    },
    "rule": {"needs": "一緒に要る", "excludes": "一緒に売らない", "alone": "単独で売る"},
    "role": {
        "admin": "管理", "accountant": "経理", "billing": "請求", "sales": "営業", "approver": "承認", "auditor": "監査", "none": "なし",
    },
}  # fmt: skip
"""By column: what each choice is called."""


def taxed(kind: str, rate: float) -> str:
    """What amounts of a class of tax (with or without ``_incl``) are called at a rate in percent.

    >>> taxed("standard", 10), taxed("reduced_incl", 8), taxed("export", 0)
    ('10%', '8%※', '輸出免税')
    """
    name = kind.removesuffix("_incl")
    return (
        f"{rate:g}%" + ("※" if name == "reduced" else "") if name in {"standard", "reduced"} else _TAXES.get(name, name)
    )
