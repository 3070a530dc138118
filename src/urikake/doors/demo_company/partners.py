"""The customers of the demo company: whom it bills, on which days, and how each of them is used to pay."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any, Final

from stdnum.jp import cn

from .names import Name, names

# closing day, months until payment, its day, what happens on holidays, and how often a customer has these terms
TERMS: Final = (
    ("31", 1, 31, "before", 30), ("31", 1, 20, "before", 13), ("31", 1, 25, "before", 14), ("31", 2, 10, "after", 1),
    ("31", 2, 5, "after", 1), ("20", 1, 20, "before", 17), ("20", 1, 31, "before", 1), ("20", 1, 10, "before", 5),
    ("10", 1, 10, "before", 12), ("10;20;31", 1, 31, "before", 2),
)  # fmt: skip
HABITS: Final = {"exact": 78, "fee": 10, "late": 3, "slow": 0.3, "part": 0.8, "over": 1, "alias": 2, "stopped": 2.5}
SPLIT: Final = "<300000:transfer|transfer:50%;densai:rest:60d"
TOWNS: Final = (
    ("060", "北海道札幌市中央区"), ("980", "宮城県仙台市青葉区"), ("330", "埼玉県さいたま市大宮区"),
    ("260", "千葉県千葉市中央区"), ("105", "東京都港区"), ("160", "東京都新宿区"), ("141", "東京都品川区"),
    ("101", "東京都千代田区"), ("231", "神奈川県横浜市中区"), ("210", "神奈川県川崎市川崎区"),
    ("950", "新潟県新潟市中央区"), ("380", "長野県長野市"), ("420", "静岡県静岡市葵区"), ("460", "愛知県名古屋市中区"),
    ("600", "京都府京都市下京区"), ("530", "大阪府大阪市北区"), ("541", "大阪府大阪市中央区"),
    ("650", "兵庫県神戸市中央区"), ("700", "岡山県岡山市北区"), ("730", "広島県広島市中区"),
    ("760", "香川県高松市"), ("810", "福岡県福岡市中央区"), ("860", "熊本県熊本市中央区"), ("900", "沖縄県那覇市"),
)  # fmt: skip
STREETS: Final = "汐見町 桜木通 港南台 新開町 緑橋 川端通 若葉町 中之浜 北浜通 花見台 栄橋 山手通".split()


@dataclass(frozen=True, slots=True)
class Partner:
    """A customer: its row of the file, who pays for it, how that one pays, from which account, and as whom."""

    code: str
    row: dict[str, Any]
    bill_to: str
    habit: str
    fee: int
    account: str
    payer: str


def partners(rng: Random, count: int) -> list[Partner]:
    """So many customers; one in eighteen is a branch for which the head office pays."""
    found: list[Partner] = []
    for at, name in enumerate(names(rng, count)):
        head = rng.choice(found) if at % 18 == 17 else None
        while head is not None and head.bill_to != head.code:
            head = rng.choice(found)
        found.append(_partner(rng, f"M{at + 1:04}", name, head))
    return found


def _partner(rng: Random, code: str, name: Name, head: Partner | None) -> Partner:
    closing, months, day, shift, _ = rng.choices(TERMS, [often for *_, often in TERMS])[0]
    habit = rng.choices(list(HABITS), list(HABITS.values()))[0]
    prefix, town = rng.choice(TOWNS)
    split = SPLIT if habit == "exact" and rng.random() < 0.03 else ""
    row: dict[str, Any] = {
        "code": code,
        "name": name.written,
        "kana": name.kana,
        "registration_number": _registration_number(rng),
        "bill_to": head.code if head else "",
        "parent": head.code if head else "",
        "postal_code": f"{prefix}-{rng.randrange(10_000):04}",
        "address": f"{town}{rng.choice(STREETS)}{rng.randint(1, 5)}-{rng.randint(1, 28)}-{rng.randint(1, 30)}",
        "email": f"keiri@{code.lower()}.example",
        "closing_day": closing,
        "payment_months": months,
        "payment_day": day,
        "holiday_shift": shift,
        "method": "direct_debit" if not split and rng.random() < 0.06 else "transfer",
        "split": split,
        "payer_names": name.payer,
        "credit_limit": rng.choice(("", 300_000, 500_000, 1_000_000, 3_000_000)),
        "delivery": rng.choices(("email", "paper"), (7, 3))[0],
    }
    account = "sub" if rng.random() < 0.12 else "main"
    payer = _alias(rng) if habit == "alias" else name.payer
    return Partner(code, row, row["bill_to"] or code, habit, rng.choice((440, 660, 880)), account, payer)


def _registration_number(rng: Random) -> str:
    """A number with its check digit, of a series that no company was given."""
    body = f"99{rng.randrange(10**10):010}"
    return f"T{cn.calc_check_digit(body)}{body}"


def _alias(rng: Random) -> str:
    """Another name under which the money comes: that of a person, unknown to the books."""
    return f"{rng.choice(('ｶﾈｺ', 'ﾐﾅﾐﾀﾞ', 'ﾊｾｶﾞﾜ', 'ｱｶｲ', 'ﾂｶﾓﾄ'))} {rng.choice(('ﾀｹｼ', 'ﾕｳｺ', 'ｹﾝｼﾞ', 'ﾐﾎ'))}"
