"""The words of the notes on revenue (収益認識に関する注記): what balances, causes and splits are called, on every door."""

from __future__ import annotations

from typing import Final

from urikake.rooms.obligations.queries import KINDS, TREATMENTS

BALANCES: Final = {
    "receivable": "顧客との契約から生じた債権",
    "contract_asset": "契約資産",
    "contract_liability": "契約負債",
    "lease": "リースの前受（注記の対象外）",
    "net": "契約残高の純額（照合）",
}
CAUSES: Final = {
    "opening": "期首残高",
    "billed": "請求",
    "returned": "返還",
    "carried_over": "移行残高",
    "slip": "債権伝票",
    "received": "入金",
    "fee": "振込手数料（当方負担）",
    "discount": "売上値引",
    "withheld": "源泉徴収",
    "write-off": "貸倒れ",
    "misc": "雑損益",
    "collected": "収納代行",
    "advanced": "前受金の充当",
    "refunded": "返金",
    "other": "その他",
    "recognized": "収益の認識",
    "interest": "利息（重要な金融要素）",
    "recognized_opening": "収益の認識（期首残高から）",
    "recognized_ahead": "請求前の収益の認識",
    "billed_after": "請求による債権への振替",
    "closing": "期末残高",
    "of_opening": "当期の収益のうち期首の契約負債に含まれていた額",
    "opening_lease": "期首残高のうちリース（注記の対象外）",
    "closing_lease": "期末残高のうちリース（注記の対象外）",
}
SECTIONS: Final = {
    "contract": "顧客との契約から生じる収益",
    "lease": "リースの収益（基準の対象外）",
    "total": "合計",
}
TOTALS: Final = {
    "contract": "顧客との契約から生じる収益",
    "lease": "リースの収益",
    "by_hand": "伝票で計上した売上",
    "books": "売上の勘定（試算表）",
    "difference": "差額",
    "reduction": "売上値引（別の勘定）",
}
TIMINGS: Final = {
    "over": "一定の期間にわたり移転",
    "point": "一時点で移転",
    "usage": "使用に応じて（請求する権利の額）",
}
OBLIGATIONS: Final = {"service": "役務", "goods": "物品", "lease": "リース", "right": "権利"}
PATTERNS: Final = {
    "monthly": "月割",
    "daily": "日割",
    "usage": "従量",
    "point": "引渡・検収時",
    "contract_start": "契約開始時",
    "lifetime": "見込期間の月割",
    "progress": "進捗度（検収）",
}
AT_ONCE: Final = dict.fromkeys(("point", "contract_start"), "一時点")
"""What obligations are called that are performed in a day, where there is little room."""
CUTS: Final = {
    "service": "サービス",
    "timing": "移転の時期",
    "pattern": "収益認識の方法",
    "obligation": "履行義務の種類",
    "product": "商品",
    "partner": "取引先",
    "contract": "契約",
    "department": "部門",
    "project": "プロジェクト",
    "group": "グループ",
    "management_group": "管理グループ",
    "month": "月",
}
KEYS: Final = {"timing": TIMINGS, "pattern": PATTERNS, "obligation": OBLIGATIONS}
"""What the keys of a split are called where they are not names of the company's own."""
BANDS: Final = {
    "1": "1年以内",
    "1-2": "1年超2年以内",
    "2-3": "2年超3年以内",
    "3-4": "3年超4年以内",
    "4-5": "4年超5年以内",
    "5-": "5年超",
}
COHORTS: Final = {"before": "それより前の請求", "unbilled": "請求のない収益"}
ARRANGED: Final = {
    "version": "版",
    "effective": "いつから",
    "treatment": "扱い",
    "rule": "決まりでは",
    "line": "明細",
    "stated": "明細の価格",
    "ssp": "独立販売価格",
    "ssp_left": "未提供分",
    "share": "割合(%)",
    "price": "取引価格",
    "price_before": "変更前",
    "recognized": "それまで",
    "catch_up": "一時",
    "left": "これから",
    "from": "初め",
    "to": "終わり",
    "pattern": "認識",
    "distinct": "すべて別個",
    "added_price": "追加の価格",
    "added_ssp": "追加の独立販売価格",
    "allocated": "配分した額",
    "unshared": "配分もれ",
    "estimated": "見積りなど",
    "moved": "結合した契約から",
    "financed": "うち利息",
    "rate": "年利(%)",
    "to_bill": "これから請求",
    "rounding": "請求の端数",
    "difference": "差額",
}
"""How the columns of the reports on obligations and what of the price falls on them are headed."""
NOTHING: Final = {"service": "その他"}


def called(by: str, key: str) -> str:
    """What a key of a split is called.

    >>> called("timing", "point"), called("service", ""), called("department", ""), called("product", "VPS-L")
    ('一時点で移転', 'その他', 'なし', 'VPS-L')
    """
    return KEYS.get(by, {}).get(key, key) or NOTHING.get(by, "なし")


OWN: Final[dict[str, dict[str, str]]] = {
    "policies": {"none": "none"},
    "contract-balances": {"contract": "顧客との契約"} | BALANCES | CAUSES,
    "revenue-by": SECTIONS | PATTERNS | OBLIGATIONS | TIMINGS | TOTALS,
    "remaining-obligations": OBLIGATIONS | TIMINGS | BANDS,
    "waterfall": COHORTS,
    "obligations": TREATMENTS | PATTERNS | AT_ONCE,
    "modifications": TREATMENTS,
    "judgements": TREATMENTS | KINDS | {"combined": "一つの契約とみなす", "apart": "結合をやめる"},
}
"""What the cells of these reports are called on the command line."""
HEADERS: Final = {
    "waterfall": {"billed": "請求した月", "month": "収益の月"},
    "revenue-by": {"section": "区分", "key": "切り口", "previous": "比べる期間"},
    "contract-balances": {
        "section": "区分",
        "combined": "結合",
        "interest": "利息",
        "of_opening": "うち期首残高から",
        "liability": "契約負債",
        "asset": "契約資産",
        "balance": "残高",
        "cause": "増減の理由",
        "books": "総勘定元帳",
        "difference": "差額",
    },
    "remaining-obligations": {"unbilled": "未請求", "billed": "請求済み"},
    "obligations": ARRANGED,
    "modifications": ARRANGED,
    "judgements": ARRANGED
    | {"kind": "判断したこと", "with_line": "一つにする相手", "with_contract": "結合する契約", "amount": "額"},
    "allocation-check": ARRANGED | {"billed": "請求済み", "financed": "利息"},
    "interest": {
        "posted_on": "計上日",
        "opening": "月初の契約負債",
        "rate": "年利(%)",
        "expense": "支払利息",
        "income": "受取利息",
    },
}
"""How the columns of these reports are headed where others use the same names."""
