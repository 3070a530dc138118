"""Payer names (振込名義) in the one form in which two of them can be compared.

Banks print a payer in half-width kana: no small kana, ``-`` for long vowels, the legal form cut to ``ｶ)`` or ``(ｶ`` and
the whole cut to 48 characters (26 beside EDI text, 37 in front of some virtual accounts). Masters hold the reading as
people write it. Both are folded to full-width katakana without spaces and without legal form; nothing else is guessed.
Rule: the character set and the abbreviations of the Zengin transfer formats (全銀協 振込入金通知、略語一覧).
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final, Literal, NamedTuple

import numpy as np
import polars as pl
from rapidfuzz import fuzz, process

Position = Literal["head", "tail", "middle"]

BANK_CUTS: Final = (48, 37, 26)
"""Lengths, in half-width characters, at which banks cut a payer name."""

# form: (what banks print in brackets, what people print in brackets, the written-out readings and kanji)
_FORMS: Final[dict[str, tuple[str, str, str]]] = {
    "株式会社": ("カ", "株", "カブシキガイシヤ カブシキカイシヤ 株式会社"),
    "有限会社": ("ユ", "有", "ユウゲンガイシヤ ユウゲンカイシヤ 有限会社"),
    "合名会社": ("メ", "名", "ゴウメイガイシヤ ゴウメイカイシヤ 合名会社"),
    "合資会社": ("シ", "資", "ゴウシガイシヤ ゴウシカイシヤ 合資会社"),
    "合同会社": ("ド", "同 合", "ゴウドウガイシヤ ゴウドウカイシヤ 合同会社"),
    "相互会社": ("ソ", "相", "ソウゴガイシヤ ソウゴカイシヤ 相互会社"),
    "医療法人": (
        "イ",
        "医 医社 医財",
        (
            "シヤカイイリヨウホウジン イリヨウホウジンシヤダン イリヨウホウジンザイダン イリヨウホウジン "
            "社会医療法人 医療法人社団 医療法人財団 医療法人"
        ),
    ),
    "財団法人": (
        "ザイ",
        "財 一財 公財",
        "イツパンザイダンホウジン コウエキザイダンホウジン ザイダンホウジン 一般財団法人 公益財団法人 財団法人",
    ),
    "社団法人": (
        "シヤ",
        "社 一社 公社",
        "イツパンシヤダンホウジン コウエキシヤダンホウジン シヤダンホウジン 一般社団法人 公益社団法人 社団法人",
    ),
    "宗教法人": ("シユウ", "宗", "シユウキヨウホウジン 宗教法人"),
    "学校法人": ("ガク", "学", "ガツコウホウジン 学校法人"),
    "社会福祉法人": ("フク", "福 社福", "シヤカイフクシホウジン 社会福祉法人"),
    "更生保護法人": ("ホゴ", "更", "コウセイホゴホウジン 更生保護法人"),
    "特定非営利活動法人": (
        "トクヒ",
        "特非 特",
        "トクテイヒエイリカツドウホウジン エヌピ-オ-ホウジン NPOホウジン 特定非営利活動法人 NPO法人",
    ),
    "地方独立行政法人": ("チドク", "地独", "チホウドクリツギヨウセイホウジン 地方独立行政法人"),
    "独立行政法人": ("ドク", "独", "ドクリツギヨウセイホウジン 独立行政法人"),
    "中期目標管理法人": ("モク", "", "チユウキモクヒヨウカンリホウジン 中期目標管理法人"),
    "国立研究開発法人": ("ケン", "研", "コクリツケンキユウカイハツホウジン 国立研究開発法人"),
    "行政執行法人": ("シツ", "", "ギヨウセイシツコウホウジン 行政執行法人"),
    "中間法人": (
        "チユウ",
        "中",
        "ユウゲンセキニンチユウカンホウジン ムゲンセキニンチユウカンホウジン 有限責任中間法人 無限責任中間法人",
    ),
    "弁護士法人": ("ベン", "弁", "ベンゴシホウジン 弁護士法人"),
    "行政書士法人": ("ギヨ", "行", "ギヨウセイシヨシホウジン 行政書士法人"),
    "司法書士法人": ("シホウ", "司", "シホウシヨシホウジン 司法書士法人"),
    "税理士法人": ("ゼイ", "税", "ゼイリシホウジン 税理士法人"),
    "社会保険労務士法人": ("ロウム", "労", "シヤカイホケンロウムシホウジン 社会保険労務士法人"),
    "国立大学法人": ("ダイ", "大", "コクリツダイガクホウジン コウリツダイガクホウジン 国立大学法人 公立大学法人"),
    "農事組合法人": ("ノウ", "農", "ノウジクミアイホウジン 農事組合法人"),
    "管理組合法人": ("カンリ", "", "カンリクミアイホウジン 管理組合法人"),
}
_OFFICES: Final = ("エイ", "シユツ")  # 営業所, 出張所: printed like a form, part of no name


def _longest_first(words: list[str]) -> str:
    return "|".join(sorted(words, key=len, reverse=True))


_SHORT: Final = {short: form for form, (kana, kanji, _) in _FORMS.items() for short in (kana, *kanji.split())}
_WRITTEN: Final = {word: form for form, (_, _, words) in _FORMS.items() for word in words.split()}
_S: Final = f"(?:{_longest_first([*_SHORT, *_OFFICES])})"
_W: Final = f"(?:{_longest_first(list(_WRITTEN))})"
# One bracket suffices at the ends, the middle needs both: an ordinary leading カ is never taken for a form.
_LEGAL: Final = rf"^(?:\(?{_S}\)){{1,2}}|\({_S}\)|\({_S}$|\(?{_W}\)?|\($"

_REMITTER: Final = rf"^(?:\d{{5,}}([^\d])|\d+(\(?{_S}\)))"

_HIRAGANA: Final = {chr(code): chr(code + 0x60) for code in range(0x3041, 0x3097)}
_LARGE: Final = dict(zip("ァィゥェォッャュョヮヵヶヰヱヲ", "アイウエオツヤユヨワカケイエオ", strict=True))
_DASHES: Final = dict.fromkeys("ー‐‑‒–—―−─━﹣", "-")
_DROPPED: Final = dict.fromkeys(" \t\u3000・･·.。｡,、､'’`\"", "")
_LETTERS: Final = {letter: _LARGE.get(kana, kana) for letter, kana in _HIRAGANA.items()} | _LARGE | _DASHES | _DROPPED
_MARKS: Final = {"゛": "\u3099", "゜": "\u309a", "ﾞ": "\u3099", "ﾟ": "\u309a"}  # else NFKC parts 「カ゛」 by a space


def folded(names: pl.Series) -> pl.Series:
    """The names (振込名義) folded for comparison: equal payers are equal strings; nulls stay null.

    Width and case by NFKC, hiragana to katakana, small kana to large, ヰ ヱ ヲ to イ エ オ, every long-vowel mark and
    dash to ``-``; a voiced mark is one with its kana. Spaces, middle dots, periods and commas are dropped, so are a
    remitter number (依頼人番号) before the name (five or more digits, or any before a legal form) and the legal form at
    head, tail or middle, abbreviated or written out. A name that is nothing but a legal form stays.

    >>> folded(pl.Series(["ｶ)ｱｵﾊﾞｼﾖｳｼﾞ", "カブシキガイシャ アオバショウジ", "あおばしょうじ（株）"])).to_list()
    ['アオバシヨウジ', 'アオバシヨウジ', 'アオバシヨウジ']
    """
    frame = names.to_frame("name").lazy().with_columns(name=_spelt(pl.col("name").cast(pl.String)))
    bare = pl.col("name").str.replace(_REMITTER, "$1$2").str.replace_all(_LEGAL, "")
    chosen = pl.when(bare == "").then("name").otherwise(bare)
    return frame.select(chosen.alias(names.name)).collect().to_series()


def fold(name: str) -> str:
    """One name as :func:`folded` gives it.

    >>> fold("ﾕ)ｷﾀﾉｾｲｻｸｼﾖ") == fold("ユウゲンガイシャキタノセイサクショ")
    True
    """
    return str(folded(pl.Series([name], dtype=pl.String))[0])


def legal_form(name: str) -> tuple[str | None, Position | None]:
    """The legal form in a name (法人格) and where it stands, ``(None, None)`` without one.

    >>> legal_form("ｱｵｿﾞﾗ(ｶ)ﾁﾊﾞｼﾃﾝ"), legal_form("ユウゲンガイシャキタノ"), legal_form("カトウ")
    (('株式会社', 'middle'), ('有限会社', 'head'), (None, None))
    """
    form, position = legal_forms(pl.Series([name], dtype=pl.String)).row(0)
    return form, position


def legal_forms(names: pl.Series) -> pl.DataFrame:
    """The legal form in each name and where it stands: ``form, position`` (``head``, ``tail``, ``middle``), else null.

    >>> legal_forms(pl.Series(["ｶ)ｱｵﾊﾞ", "アオバ（有）", "アオバ"])).rows()
    [('株式会社', 'head'), ('有限会社', 'tail'), (None, None)]
    """
    spelt = names.cast(pl.String).to_frame("name").select(text=_spelt(pl.col("name")).str.replace(_REMITTER, "$1$2"))
    parts = spelt.with_row_index("row").with_columns(part=pl.col("text").str.extract_all(_LEGAL)).explode("part")
    told = {part: _form(part) for part in parts["part"].drop_nulls().unique()}
    forms = parts.with_columns(form=pl.col("part").replace_strict(told, default=None, return_dtype=pl.String))
    first = forms.drop_nulls("form").unique("row", keep="first", maintain_order=True)
    head, tail = pl.col("text").str.starts_with(pl.col("part")), pl.col("text").str.ends_with(pl.col("part"))
    placed = pl.when(head).then(pl.lit("head")).when(tail).then(pl.lit("tail")).otherwise(pl.lit("middle"))
    return (
        spelt.with_row_index("row")
        .select("row")
        .join(first.select("row", "form", position=placed), on="row", how="left", maintain_order="left")
        .select("form", "position")
    )


def _form(part: str) -> str | None:
    """The legal form that a part of a name says, None for an office."""
    words = re.findall(rf"{_W}|{_S}", part)
    return next(filter(None, (_WRITTEN.get(word) or _SHORT.get(word) for word in words)), None)


def similarity(a: str, b: str) -> float:
    """How alike two payer names are, 0 to 1, as :func:`similarities` gives it; 1 means the same payer.

    >>> similarity("ｶ)ｱｵﾊﾞｼﾖｳｼﾞ", "株式会社アオバショウジ"), similarity("アオバ", "ミドリ")
    (1.0, 0.0)
    """
    return float(similarities(a, pl.Series([b], dtype=pl.String))[0])


def similarities(name: str, others: pl.Series) -> pl.Series:
    """How alike each of the other names is to ``name``, 0 to 1; 1 means the same payer, a null is like none.

    The same folded name is 1, and so is a name printed exactly 48, 37 or 26 half-width characters long when the other
    begins with it (banks cut there, even between カ and its ﾞ). Otherwise the ratio of equal letters (Indel) of the
    folded names, below 1, to four places.

    >>> similarities("ｱｵｿﾞﾗ(ｶ)ﾁﾊﾞｼﾃﾝ", pl.Series(["アオゾラチバシテン", "アオゾラ", None])).to_list()
    [1.0, 0.6154, 0.0]
    """
    one = fold(name)
    texts = pl.DataFrame({"name": others.cast(pl.String).fill_null("")})
    texts = texts.with_columns(folded=folded(texts["name"]))
    ratios = process.cdist([one], texts["folded"].to_list(), scorer=fuzz.ratio, dtype=np.float64)[0] / 100
    apart, cut = pl.lit(_apart(one)), len(_apart(unicodedata.normalize("NFKC", name).strip())) in BANK_CUTS
    other, width = pl.col("folded").str.normalize("NFD"), _printed_width(pl.col("name"))
    shortened = (pl.lit(cut) & other.str.starts_with(apart)) | (width.is_in(BANK_CUTS) & apart.str.starts_with(other))
    same_payer = (pl.col("folded") != "") & ((pl.col("folded") == one) | shortened)
    ratio = pl.Series("ratio", ratios).clip(upper_bound=0.9999).round(4)
    scored = texts.with_columns(ratio).select(pl.when(same_payer).then(1.0).otherwise("ratio").alias(others.name))
    return scored.to_series()


def same(a: str, b: str) -> bool:
    """Whether two names are of one payer: the same folded name, or one of them cut by a bank.

    >>> same("ﾔﾏﾀﾞ ﾀﾛｳ", "やまだたろう")
    True
    """
    return similarity(a, b) == 1.0


class Bearers(NamedTuple):
    """Who bears which name: every ``partner_id`` with its ``key``, and each ``key`` with its sole partner if any."""

    every: pl.DataFrame
    sole: pl.DataFrame


def bearers(names: pl.DataFrame) -> Bearers:
    """The bearers of the names (``partner_id``, ``name``, already `folded`), ready for any number of payers."""
    every = names.drop_nulls().select("partner_id", key=pl.col("name").str.normalize("NFD"))
    every = every.filter(pl.col("key") != "").unique()
    return Bearers(every, _sole(every))


def resolve(payers: pl.Series, names: pl.DataFrame) -> pl.Series:
    """The partner of each payer name where exactly one partner has that name, else null (名寄せ).

    The same folded name decides; where no partner has it, a payer printed exactly 48, 37 or 26 half-width characters
    long is the partner whose name begins with it. Two partners of one name leave the payer unknown.

    ``payers``: as printed. ``names``: ``partner_id``, ``name`` (any number a partner, kana or learned). Returns
    ``partner_id`` in the order of ``payers``.

    >>> names = pl.DataFrame({"partner_id": [1, 2, 3], "name": ["カブシキガイシャアオバ", "ミドリ", "㈲ミドリ"]})
    >>> resolve(pl.Series(["ｱｵﾊﾞ(ｶ", "ﾐﾄﾞﾘ", "ｱｵ"]), names).to_list()
    [1, None, None]
    """
    return identified(payers, folded(payers), bearers(names.with_columns(folded(names["name"]))))


def identified(payers: pl.Series, folds: pl.Series, known: Bearers) -> pl.Series:
    """The partner of each payer name as `resolve` gives it, from the names already `folded` and the known bearers."""
    asked = pl.DataFrame({"payer": payers.cast(pl.String), "key": folds.str.normalize("NFD")})
    found = asked.join(known.sole, on="key", how="left", maintain_order="left")
    partner = found["partner_id"]
    strange = (found["partners"].is_null() & found["key"].is_not_null() & (found["key"] != "")).arg_true()
    if strange.is_empty():
        return partner
    return partner.scatter(strange, _begun(asked[strange], known.every)) if len(partner) else partner


def _begun(asked: pl.DataFrame, known: pl.DataFrame) -> pl.Series:
    """The partner whose name begins with the payer's where a bank has cut that, null where none or several."""
    cut = _printed_width(pl.col("payer")).is_in(BANK_CUTS)
    asked = asked.select("key", size=pl.when(cut).then(pl.col("key").str.len_chars()))
    heads = [known.with_columns(pl.col("key").str.head(size)) for size in asked["size"].drop_nulls().unique()]
    begun = _sole(pl.concat(heads) if heads else known.clear())
    found = asked.join(begun, on="key", how="left", maintain_order="left")
    return found.select(pl.when(pl.col("size").is_not_null()).then("partner_id")).to_series()


def _sole(known: pl.DataFrame) -> pl.DataFrame:
    """Per key its partner, null where it has several, and how many it has."""
    counted = known.unique().group_by("key").agg(pl.col("partner_id").min(), partners=pl.len())
    return counted.with_columns(partner_id=pl.when(pl.col("partners") == 1).then("partner_id"))


def _printed_width(name: pl.Expr) -> pl.Expr:
    """The length of the name in the half-width characters of a bank, voiced marks counted by themselves."""
    return name.str.normalize("NFKC").str.normalize("NFD").str.strip_chars().str.len_chars()


def _apart(text: str) -> str:
    """The text with voiced marks as characters of their own, as half-width kana have them."""
    return unicodedata.normalize("NFD", text)


def _spelt(name: pl.Expr) -> pl.Expr:
    """The name in one spelling, its legal form still in place."""
    marked = name.str.replace_many(list(_MARKS), list(_MARKS.values()))
    upper = marked.str.normalize("NFKC").str.to_uppercase()
    return upper.str.replace_many(list(_LETTERS), list(_LETTERS.values()))


def _spelt_one(name: str) -> str:
    return str(pl.select(_spelt(pl.lit(name, dtype=pl.String))).item())
