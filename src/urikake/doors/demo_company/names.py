"""Names of invented companies, with their reading and the payer name as a bank prints it."""

from __future__ import annotations

from random import Random
from typing import Final, NamedTuple

import jaconv

STEMS: Final = (
    "汐凪シオナギ 鳴砂ナリスナ 星見坂ホシミザカ 灯ヶ丘アカリガオカ 風待カザマチ 蛍沢ホタルザワ 霧立キリタチ 月待ツキマチ "
    "水鏡ミズカガミ 花篝ハナカガリ 雲居橋クモイバシ 若楓ワカカエデ 夕凪台ユウナギダイ 木洩日コモレビ 白鷺台シラサギダイ "
    "七曲ナナマガリ 暁橋アカツキバシ 三日月橋ミカヅキバシ 雪割ユキワリ 鈴掛坂スズカケザカ 千鳥洲チドリス 玉響タマユラ "
    "茜浜アカネハマ 青嶺アオミネ 露草ツユクサ 初音台ハツネダイ 海霧ウミギリ 紅葉瀬モミジセ 萌黄モエギ 朝凪アサナギ "
    "柚木坂ユノキザカ 渚橋ナギサバシ 山眠ヤマネムリ 遠雷エンライ 春告ハルツゲ 潮待シオマチ 稲妻坂イナヅマザカ 麦秋バクシュウ "
    "琥珀台コハクダイ 瑠璃川ルリカワ"
).split()
TRADES: Final = (
    "製作所セイサクショ 商事ショウジ 印刷インサツ 運輸ウンユ 建設ケンセツ 食品ショクヒン 電機デンキ 出版シュッパン 不動産フドウサン "
    "酒造シュゾウ 観光カンコウ 設計セッケイ 化成カセイ 物流ブツリュウ 紙器シキ 精工セイコウ 広告コウコク 木材モクザイ 製菓セイカ "
    "倉庫ソウコ 機械キカイ 園芸エンゲイ 繊維センイ 硝子ガラス 文具ブング 測量ソクリョウ"
).split()
OWN_TRADES: Final = {
    "医療法人": "歯科シカ 内科ナイカ 小児科ショウニカ",
    "学校法人": "学園ガクエン 幼稚園ヨウチエン",
    "社会福祉法人": "会カイ 福祉園フクシエン",
    "税理士法人": "会計カイケイ",
    "一般社団法人": "協会キョウカイ 振興会シンコウカイ",
    "特定非営利活動法人": "の会ノカイ",
}
# form: its reading, what banks print, whether it may stand behind the name, and how often it occurs
FORMS: Final[dict[str, tuple[str, str, bool, int]]] = {
    "株式会社": ("カブシキガイシャ", "ｶ", True, 66),
    "有限会社": ("ユウゲンガイシャ", "ﾕ", True, 10),
    "合同会社": ("ゴウドウガイシャ", "ﾄﾞ", True, 9),
    "医療法人": ("イリョウホウジン", "ｲ", False, 4),
    "学校法人": ("ガッコウホウジン", "ｶﾞｸ", False, 3),
    "社会福祉法人": ("シャカイフクシホウジン", "ﾌｸ", False, 3),
    "税理士法人": ("ゼイリシホウジン", "ｾﾞｲ", False, 2),
    "一般社団法人": ("イッパンシャダンホウジン", "ｼﾔ", False, 2),
    "特定非営利活動法人": ("トクテイヒエイリカツドウホウジン", "ﾄｸﾋ", False, 1),
}
SIDES: Final = "東ヒガシ 西ニシ 南ミナミ 北キタ 新シン 本ホン 中ナカ 上カミ 下シモ 大オオ".split()
"""Words before the stem of a name, once the stems themselves have been used up."""
ENOUGH: Final = 800
"""How many different names are drawn before the next word is set before them: well below all that there can be."""
SMALL: Final = str.maketrans("ァィゥェォッャュョー", "アイウエオツヤユヨ-")


class Name(NamedTuple):
    """A name as registered, its reading, and the payer name that a bank prints."""

    written: str
    kana: str
    payer: str


def names(rng: Random, count: int) -> list[Name]:
    """So many different names, legal forms before and after them."""
    found: dict[str, Name] = {}
    while len(found) < count:
        form = rng.choices(list(FORMS), [often for *_, often in FORMS.values()])[0]
        trades = OWN_TRADES[form].split() if form in OWN_TRADES else TRADES
        (stem, stem_kana), (trade, trade_kana) = _parted(rng.choice(STEMS)), _parted(rng.choice(trades))
        side, side_kana = _side(len(found) // ENOUGH)
        written = side + stem + trade
        found.setdefault(written, _named(form, written, side_kana + stem_kana + trade_kana, rng.random() < 0.55))
    return list(found.values())


def _side(turn: int) -> tuple[str, str]:
    """What stands before the stem in the so-manieth turn through the names, and its reading.

    >>> _side(0), _side(1), _side(11)
    (('', ''), ('東', 'ヒガシ'), ('東東', 'ヒガシヒガシ'))
    """
    written = kana = ""
    while turn:
        turn, at = divmod(turn - 1, len(SIDES))
        side, reading = _parted(SIDES[at])
        written, kana = side + written, reading + kana
    return written, kana


def _parted(word: str) -> tuple[str, str]:
    """The writing and the reading of a word of the lists."""
    at = next(at for at in range(1, len(word)) if all("ァ" <= letter <= "ー" for letter in word[at:]))
    return word[:at], word[at:]


def _named(form: str, written: str, kana: str, before: bool) -> Name:
    reading, short, movable, _ = FORMS[form]
    if before or not movable:
        return Name(form + written, reading + kana, f"{short}){printed(kana)}")
    return Name(written + form, kana + reading, f"{printed(kana)}({short}")


def printed(kana: str) -> str:
    """The reading as banks print it: half-width, without small kana.

    >>> printed("ミカヅキバシショウジ")
    'ﾐｶﾂﾞｷﾊﾞｼｼﾖｳｼﾞ'
    """
    return str(jaconv.z2h(kana.translate(SMALL), kana=True, digit=True, ascii=True))
