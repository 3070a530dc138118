"""Layouts of banks' CSV files (入出金明細 CSV): by which headings each column is found, shipped or made by a company.

A layout is data: the one reader of `bank_csv` takes them all. Sources of the shipped ones: the banks' own sheets and files
as they come from their services; banks change these without notice, and then the heading that is missing is told.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

LONGEST: Final = 100
"""How many characters a heading or a word of a layout may have."""
MOST: Final = 30
"""How many words a list of a layout may have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A bank's CSV: its name, and by which heading each column is found (``|`` between headings that it has had).

    ``day`` is one heading, or those of year, month and day. What came in and went out are two columns, or one that is
    ``signed``, or one ``amount`` whose ``way`` says one of the words ``way_in`` or ``way_out``. The payer stands in the
    first of the ``payer`` columns that is not empty, after one of the ``prefixes``. ``inquiry`` is a number of the file,
    ``code`` one that the bank never gives twice, ``payer_code`` the payer's own (a virtual account). Rows that move nothing
    and bear a word of ``skip`` are passed over. In a file without a header (``headless``) columns are called ``1列目``.
    """

    title: str
    day: tuple[str, ...] = ()
    payer: tuple[str, ...] = ()
    incoming: str = ""
    outgoing: str = ""
    signed: str = ""
    amount: str = ""
    way: str = ""
    way_in: tuple[str, ...] = ()
    way_out: tuple[str, ...] = ()
    balance: str = ""
    note: str = ""
    reference: str = ""
    payer_code: str = ""
    account: str = ""
    bank: str = ""
    branch: str = ""
    inquiry: str = ""
    code: str = ""
    prefixes: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    headless: bool = False
    own: bool = False

    @property
    def amounts(self) -> list[str]:
        """The headings under which what moved is told."""
        return [name for name in (self.incoming, self.outgoing, self.signed, self.amount) if name]

    @property
    def named(self) -> list[str]:
        """Every heading that the layout knows, each once."""
        found = (*self.day, *self.amounts, *self.payer, *(getattr(self, name) for name in _LATER))
        return list(dict.fromkeys(filter(None, found)))

    @property
    def needed(self) -> list[str]:
        """The headings without which it is not this bank's file; of a company's own layout every one."""
        if self.own:
            return self.named
        return [name for name in (*self.day, *self.amounts, self.way, self.payer[0]) if name]

    def told(self) -> dict[str, Any]:
        """What the layout says, as JSON and TOML keep it; what it leaves open is left out.

        >>> Profile(title="銀行", day=("日付",), payer=("摘要",), signed="金額").told()
        {'day': ['日付'], 'payer': ['摘要'], 'signed': '金額'}
        """
        every = {name: getattr(self, name) for name in KEYS}
        return {name: list(kept) if isinstance(kept, tuple) else kept for name, kept in every.items() if kept}


_LATER: Final = ("way", "balance", "note", "reference", "payer_code", "account", "bank", "branch", "inquiry", "code")
KEYS: Final = tuple(each.name for each in fields(Profile) if each.name not in ("title", "own"))
"""What a layout may say, by the name under which it is kept."""
LISTS: Final = ("day", "payer", "way_in", "way_out", "prefixes", "skip")
LABELS: Final[dict[str, str]] = {
    "day": "日付の列", "payer": "振込名義（摘要）の列", "incoming": "入金額の列", "outgoing": "出金額の列",
    "signed": "入出金額（±）の列", "amount": "金額の列", "way": "入出金の区分の列", "way_in": "入金を表す言葉",
    "way_out": "出金を表す言葉", "balance": "残高の列", "note": "メモの列", "reference": "請求書番号などの列",
    "payer_code": "振込依頼人の番号の列", "account": "口座の列", "bank": "仕向銀行の列", "branch": "仕向支店の列",
    "inquiry": "照会番号の列", "code": "取引番号の列", "prefixes": "名義の前から除く言葉", "skip": "読み飛ばす行の言葉",
    "headless": "見出しのない形",
}  # fmt: skip
"""What people call each part of a layout."""
WORDS_IN: Final = ("入金",)
WORDS_OUT: Final = ("出金",)


class Unusable(ValueError):
    """A layout that cannot be used: by its parts, what is wrong with each."""

    def __init__(self, wrong: Sequence[tuple[str, str]]) -> None:
        self.wrong = tuple(wrong)
        super().__init__("。".join(f"{LABELS.get(name, name)}: {why}" for name, why in wrong))


def layout(told: Mapping[str, Any], title: str) -> Profile:
    """A company's own layout of what was told of it (see `Profile.told`); raises `Unusable` with all that is wrong.

    >>> layout({"day": "日付", "payer": "摘要", "signed": "金額"}, "銀行").needed
    ['日付', '金額', '摘要']
    """
    wrong = [(key, "この項目はありません") for key in told if key not in KEYS]
    kept = {key: _kept(key, told[key], wrong) for key in KEYS if key in told}
    if wrong:
        raise Unusable(wrong)
    if kept.get("way"):
        kept = {"way_in": WORDS_IN, "way_out": WORDS_OUT} | {key: value for key, value in kept.items() if value}
    found = restored(kept, title)
    if wrong := [*_lacking(found), *_clashing(found)]:
        raise Unusable(wrong)
    return found


def restored(told: Mapping[str, Any], title: str) -> Profile:
    """A company's own layout as it was kept, unchecked: what a later version asks for does not touch what was saved."""
    kept: dict[str, Any] = {key: tuple(told[key]) if key in LISTS else told[key] for key in KEYS if key in told}
    return Profile(title=title, own=True, **kept)


def _kept(key: str, value: Any, wrong: list[tuple[str, str]]) -> Any:
    """The value as the layout keeps it; what is wrong with it is added to ``wrong``."""
    if key == "headless":
        if not isinstance(value, bool):
            wrong.append((key, "true か false で書いてください"))
        return value
    listed = value if isinstance(value, list | tuple) else [value]
    if not all(isinstance(each, str) for each in listed) or (key not in LISTS and len(listed) != 1):
        wrong.append((key, "列の見出しを文字で書いてください" if key not in LISTS else "言葉を並べて書いてください"))
        return ()
    words = tuple(dict.fromkeys(each.strip() for each in listed if each.strip()))
    if long := next((each for each in words if len(each) > LONGEST or not each.isprintable()), ""):
        wrong.append((key, f"「{long[:20]}」は使えません。{LONGEST}字までの文字で書いてください"))
    if len(words) > MOST:
        wrong.append((key, f"{MOST}個までにしてください"))
    return words if key in LISTS else "".join(words)


def _lacking(found: Profile) -> list[tuple[str, str]]:
    """What a layout must say and this one does not."""
    wrong = []
    if len(found.day) not in (1, 3):
        wrong.append(("day", "一つの列か、年・月・日の三つの列を選んでください"))
    if not 1 <= len(found.payer) <= 3:
        wrong.append(("payer", "一つから三つまでの列を選んでください"))
    ways = [bool(found.incoming or found.outgoing), bool(found.signed), bool(found.amount)]
    if sum(ways) != 1 or (found.outgoing and not found.incoming):
        why = "「入金額と出金額」「±の付いた入出金額」「金額と入出金の区分」のどれか一つの形で選んでください"
        wrong.append(("incoming", why))
    if bool(found.amount) != bool(found.way):
        wrong.append(("way", "金額の列と、入出金の区分の列を、組で選んでください"))
    if both := {plain(each) for each in found.way_in} & {plain(each) for each in found.way_out}:
        wrong.append(("way_out", f"「{min(both)}」が入金と出金の両方にあります"))
    return wrong


def _clashing(found: Profile) -> list[tuple[str, str]]:
    """Columns that are given two parts which cannot both be right, and positions that are none."""
    sole = [("day", each) for each in found.day]
    sole += [(key, getattr(found, key)) for key in ("incoming", "outgoing", "signed", "amount", "way", "balance")]
    wrong, seen = [], dict[str, str]()
    for key, name in sole:
        if name and (before := seen.setdefault(plain(name), key)) != key:
            wrong.append((key, f"「{name}」は{LABELS[before]}にも選ばれています"))
    if found.headless:
        strange = next((name for name in found.named if not _is_place(name)), "")
        wrong += [("headless", f"「{strange}」は列の位置ではありません。1列目 のように書いてください")] * bool(strange)
    return wrong


def _is_place(name: str) -> bool:
    """Whether the name tells a column by where it stands."""
    number = plain(name).removesuffix("列目")
    return number.isascii() and number.isdecimal() and plain(name).endswith("列目")


def plain(heading: str) -> str:
    """A heading or a word without what differs between spellings of it.

    >>> plain("お預り金額 （円）")
    'お預り金額(円)'
    """
    return "".join(unicodedata.normalize("NFKC", heading).lstrip("\ufeff").split())


def headings(cells: Sequence[str]) -> list[str]:
    """The names by which the columns under these cells are called, each once.

    One without a heading is called by its place, a heading that comes again by how often it came.

    >>> headings(["日付", "摘要", "摘 要", "", "残高(円)"])
    ['日付', '摘要', '摘要（2つ目）', '4列目', '残高(円)']
    """
    found: list[str] = []
    times: dict[str, int] = {}
    for at, cell in enumerate(cells, 1):
        name = plain(cell) or f"{at}列目"
        times[name] = times.get(name, 0) + 1
        found.append(name if times[name] == 1 else f"{name}（{times[name]}つ目）")
    return found


PROFILES: Final[dict[str, Profile]] = {
    "anser": Profile(
        title="ANSER・AnserBizSOL 入出金明細", day=("勘定日",), incoming="入金金額(円)", outgoing="出金金額(円)",
        balance="残高(円)", payer=("摘要", "取引区分"), note="取引区分", account="照会口座", bank="金融機関名",
        branch="支店名", inquiry="番号",
    ),
    "mufg-direct": Profile(
        title="三菱UFJダイレクト", day=("日付",), incoming="預かり金額", outgoing="支払い金額", balance="差引残高",
        payer=("摘要内容", "摘要"), note="摘要",
    ),
    "smbc-direct": Profile(
        title="三井住友 SMBCダイレクト", day=("年月日",), incoming="お預入れ", outgoing="お引出し", balance="残高",
        payer=("お取り扱い内容",),
    ),
    "mizuho-direct": Profile(
        title="みずほダイレクト", day=("日付",), incoming="お預かり金額", outgoing="お支払い金額", balance="残高",
        payer=("お取引内容",),
    ),
    "sbi-net": Profile(
        title="住信SBIネット銀行", day=("日付",), incoming="入金金額(円)", outgoing="出金金額(円)", balance="残高(円)",
        payer=("内容",),
    ),
    "gmo-aozora": Profile(
        title="GMOあおぞらネット銀行", day=("日付|取引日",), incoming="入金金額", outgoing="出金金額", balance="残高",
        payer=("摘要",),
    ),
    "paypay-bank": Profile(
        title="PayPay銀行", day=("操作日(年)", "操作日(月)", "操作日(日)"), incoming="お預り金額", outgoing="お支払金額",
        balance="残高", payer=("摘要",), inquiry="取引順番号",
    ),
    "rakuten-bank": Profile(
        title="楽天銀行", day=("取引日",), signed="入出金(円)", balance="残高(円)|取引後残高(円)", payer=("入出金先内容",),
    ),
    "sbi-shinsei": Profile(
        title="SBI新生銀行", day=("取引日",), incoming="入金金額", outgoing="出金金額", balance="残高", payer=("摘要",),
    ),
    "aeon-bank": Profile(
        title="イオン銀行", day=("日付",), incoming="お預入れ", outgoing="お引出し", balance="残高", payer=("お取引内容",),
    ),
    "yucho": Profile(
        title="ゆうちょ銀行", day=("取引日|日付",), incoming="受入金額(円)", outgoing="払出金額(円)",
        balance="現在(貸付)高", payer=("詳細2", "詳細1"), note="詳細1", inquiry="入出金明細ID",
    ),
}  # fmt: skip
"""The files that are known, by the name under which they are asked for."""
