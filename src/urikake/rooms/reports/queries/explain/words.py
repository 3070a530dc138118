"""What codes are called, and figures as they stand in a sentence."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Final

from urikake.core.calendar import JAPAN
from urikake.core.money import plain
from urikake.core.timeline import WHOLE
from urikake.rooms.contracts.queries import WORDS

BASIS: Final = {
    "daily": "日割り（サイクルの日数で割る）", "monthly": "月割り", "thirtieth": "1か月を30日とみる日割り",
    "thirty_360": "30/360", "full_month": "満額", "free": "無料", "": "満額（サイクルのすべての日）",
}  # fmt: skip
ROUNDINGS: Final = {
    "floor": "1円未満切捨て", "half_up": "1円未満四捨五入", "ceil": "1円未満切上げ", "half_even": "1円未満偶数丸め",
}  # fmt: skip
EVENTS: Final = WORDS
MODELS: Final = {
    "flat": "定額", "unit": "単価×数量", "graduated": "段階", "volume": "全量一律", "package": "入数",
    "included": "基本料＋超過", "free": "無料",
}  # fmt: skip
METERS: Final = {"": "", "max": "の最大", "last": "の最後の値", "unique": "の対象の数"}
CLASSES: Final = {
    "standard": "標準税率", "reduced": "軽減税率", "exempt": "非課税", "out_of_scope": "不課税", "export": "輸出免税", "": "対象外",
}  # fmt: skip
PAPERS: Final = {"invoice": "請求書", "return": "返還請求書", "revised": "修正請求書"}
SOURCES: Final = {
    "invoice": "請求書の発行", "receipt": "入金", "application": "消込", "recognition": "収益認識",
    "slip": "債権伝票", "opening": "移行残高", "collection": "収納代行",
    "advance": "前受金の充当", "refund": "返金",
}  # fmt: skip
DIFFERENCES: Final = {
    "fee": "振込手数料", "discount": "売上値引", "withheld": "源泉徴収", "write-off": "貸倒",
    "misc": "雑損益", "advance": "前受金", "remain": "残額", "": "なし",
}  # fmt: skip
KNOWN_BY: Final = {
    "number": "摘要・名義に書かれた請求書番号", "payer": "仮想口座か、ただ一つの取引先の振込名義",
    "name": "振込名義が似ている取引先のうち、金額の合うただ一つ", "group": "名寄せ先が同じ取引先の請求",
    "oldest": "許可した決まり「同額は古いほうから」（同じ額の請求のうち期日の早いもの）",
    "over": "許可した決まり「過入金」（期日の来た請求のすべてより多い。残りは人に残す）",
    "part": "許可した決まり「一部入金」（期日の最も早い請求に充て、不足は残す）",
}  # fmt: skip
METHODS: Final = {
    "transfer": "振込", "cash": "現金", "cheque": "小切手", "date_fixed": "期日払", "note": "手形", "densai": "でんさい",
    "factoring": "ファクタリング", "direct_debit": "口座振替", "card": "カード", "cod": "代引", "offset": "相殺",
}  # fmt: skip
REVENUES: Final = {
    "monthly": "期間にわたり月ごと", "daily": "期間にわたり日ごと", "usage": "利用した期間の最終日", "point": "提供した日に一度",
    "contract_start": "契約の開始日に一度", "lifetime": "見込期間にわたり月ごと", "progress": "進んだ割合（検収・進捗度）で",
    "deposit": "売上にしない（預り保証金）",
}  # fmt: skip
PARTS: Final = {
    "daily": "日数で按分",
    "full_first": "初月を満額、最終月はなし",
    "none_first": "初月はなし、最終月を満額",
}
REMAINDERS: Final = {"cumulative": "累計で丸め前月との差", "last": "最終月に寄せる", "first": "初月に寄せる"}
ADVANCE: Final = {"with_revenue": "前受けの消費税は収益とともに計上", "on_invoice": "消費税は請求時に計上"}
GROUPS: Final = {"bill_to": "請求先ごと", "contract": "契約ごと", "order": "受注番号ごと", "project": "案件ごと"}
ACTIONS: Final = {
    "bill": "請求計算", "match": "自動消込", "apply": "手での消込", "unapply": "消込の取消", "recognize": "収益認識", "close": "月次締め",
    "reopen": "締めの解除", "approve": "承認", "receipts": "入金の取込", "hold-billing": "請求の保留",
    "confirm": "消込の一括確定", "hold-receipt": "入金の保留", "note": "消込のメモ",
    "debit-request": "口座振替の依頼", "debit-withdraw": "振替依頼の取下げ", "debit-result": "振替結果の取込",
    "settlement": "精算明細の取込",
    "advance": "前受金にする", "apply-advance": "前受金の充当", "unapply-advance": "充当の取消",
    "refund": "返金の申請", "refund-file": "振込ファイル", "refund-withdraw": "振込ファイルの取下げ", "refund-return": "返金の取消",
    "export": "仕訳出力", "export-mapping": "会計ソフトでの名前",
}  # fmt: skip


def back(revenue: str, amount: int) -> str:
    """What a title says of money that goes back to the customer."""
    return "" if amount >= 0 else " の返還" if revenue == "deposit" else " の返金"


def yen(amount: int) -> str:
    """The amount as it stands in a sentence.

    >>> yen(-1200)
    '△1,200円'
    """
    return f"△{-amount:,}円" if amount < 0 else f"{amount:,}円"


def count(micro: int) -> str:
    """A quantity in millionths as people write it.

    >>> count(1_500_000), count(1_200_000_000)
    ('1.5', '1,200')
    """
    return f"{plain(micro):,}"


def price(micro: int) -> str:
    """A unit price in millionths of a yen as people write it."""
    return f"{count(micro)}円"


def day(on: date) -> str:
    """The day as the books write it."""
    return f"{on:%Y/%m/%d}"


def moment(at: datetime) -> str:
    """The instant as the clock in Japan showed it."""
    return f"{at.astimezone(JAPAN):%Y/%m/%d %H:%M}"


def last_day(beyond: date) -> date:
    """The last day of a range that ends before the day."""
    return date.fromordinal(beyond.toordinal() - 1)


def days(from_on: date, to_on: date) -> str:
    """The range from its first day to its last one; a single day alone."""
    last = last_day(to_on)
    return day(from_on) if last <= from_on else f"{day(from_on)}〜{day(last)}"


def percent(rate_micro: int) -> str:
    """A rate in millionths of a percent.

    >>> percent(10_000_000)
    '10%'
    """
    return f"{count(rate_micro)}%"


def action(name: str) -> str:
    """What a run did, in words."""
    return ACTIONS.get(name, "取込" if name.startswith("import") else name)


def policy(name: str, values: dict[str, str], value: Any) -> tuple[str, str]:
    """A policy that took part: its key and what it says."""
    return f"方針 {name}", values.get(value, str(value))


def discount(rate: int, cut: int) -> str:
    """What the discounts of a day take off a price, in words; nothing where there are none.

    >>> discount(10_000_000, 50_000_000_000), discount(0, 0)
    (' × 90%（値引） − 500円（値引）', '')
    """
    keep = (WHOLE - rate) * 100 / WHOLE
    share = f" × {keep:g}%（値引）" if rate else ""
    return share + (f" − {cut / WHOLE:,g}円（値引）" if cut else "")
