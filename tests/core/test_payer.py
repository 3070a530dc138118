"""Payer names: worked pairs, laws, and the fold against one written letter by letter."""

from __future__ import annotations

import jaconv
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from urikake.core.payer import fold, folded, legal_form, resolve, same, similarities, similarity

# printed or written           folded                legal form            position
NAMES = [
    ("ｶ)ｱｵﾊﾞｼﾖｳｼﾞ",            "アオバシヨウジ",     "株式会社",           "head"),
    ("カブシキガイシャアオバショウジ", "アオバシヨウジ", "株式会社",           "head"),
    ("かぶしきがいしゃ あおばしょうじ", "アオバシヨウジ", "株式会社",          "head"),
    ("アオバショウジ　（株）",     "アオバシヨウジ",     "株式会社",           "tail"),
    ("ﾕ)ｷﾀﾉｾｲｻｸｼﾖ",            "キタノセイサクシヨ", "有限会社",           "head"),
    ("ユウゲンガイシャキタノセイサクショ", "キタノセイサクシヨ", "有限会社",   "head"),
    ("有限会社北野製作所",        "北野製作所",         "有限会社",           "head"),
    ("㈱青葉商事",               "青葉商事",           "株式会社",           "head"),
    ("ｱｵｿﾞﾗ(ｶ",                "アオゾラ",           "株式会社",           "tail"),
    ("ｱｵｿﾞﾗ(ｶ)",               "アオゾラ",           "株式会社",           "tail"),
    ("ｱｵｿﾞﾗ(ｶ)ﾁﾊﾞｼﾃﾝ",         "アオゾラチバシテン", "株式会社",           "middle"),
    ("(ｶ)ｱｵｿﾞﾗ",               "アオゾラ",           "株式会社",           "head"),
    ("ｱｵｿﾞﾗ(ｶ)ｴｲ)",            "アオゾラエイ)",      "株式会社",           "middle"),
    ("ﾒ)ﾀﾅｶｼﾖｳﾃﾝ",             "タナカシヨウテン",   "合名会社",           "head"),
    ("ｼ)ﾀﾅｶ",                  "タナカ",             "合資会社",           "head"),
    ("ﾄﾞ)ABCｼｮｳｶｲ",            "ABCシヨウカイ",      "合同会社",           "head"),
    ("合同会社ａｂｃ",            "ABC",                "合同会社",           "head"),
    ("ｲ)ｱｵﾊﾞｶｲ",               "アオバカイ",         "医療法人",           "head"),
    ("イリョウホウジンシャダン アオバカイ", "アオバカイ", "医療法人",          "head"),
    ("ｻﾞｲ)ｱｵﾊﾞ",               "アオバ",             "財団法人",           "head"),
    ("イッパンシャダンホウジンアオバ", "アオバ",         "社団法人",           "head"),
    ("ﾄｸﾋ)ｱｵﾊﾞ",               "アオバ",             "特定非営利活動法人", "head"),
    ("ｾﾞｲ)ｱｵﾊﾞ",               "アオバ",             "税理士法人",         "head"),
    ("ジュピター（株）",          "ジユピタ-",          "株式会社",           "tail"),
    ("ｶﾞ-ﾃﾞﾝ",                 "ガ-デン",            None,                 None),
    ("ガ－デン",                 "ガ-デン",            None,                 None),
    ("カ゛ーテ゛ン",              "ガ-デン",            None,                 None),
    ("ヴァイオリン",             "ヴアイオリン",       None,                 None),
    ("ヰヱヲ ゐゑを",            "イエオイエオ",       None,                 None),
    ("エヌ・ティ．ティ",          "エヌテイテイ",       None,                 None),
    ("ヵヶッ",                   "カケツ",             None,                 None),
    ("カトウ",                   "カトウ",             None,                 None),
    ("0012345678ｶ)ｱｵﾊﾞ",       "アオバ",             "株式会社",           "head"),
    ("21ｾｲｷｼﾖｳｼﾞ",             "21セイキシヨウジ",   None,                 None),
    ("ｱｵﾊﾞ(ｴｲ",                "アオバ",             None,                 None),
    ("ｱｵﾊﾞ(",                  "アオバ",             None,                 None),
    ("ｶ)",                     "カ)",                "株式会社",           "head"),
    ("",                        "",                   None,                 None),
]  # fmt: skip


@pytest.mark.parametrize(("name", "bare", "form", "position"), NAMES)
def test_a_name_folds_and_shows_its_legal_form(name: str, bare: str, form: str | None, position: str | None) -> None:
    assert fold(name) == bare
    assert legal_form(name) == (form, position)


def test_a_column_folds_as_its_names_do_and_keeps_its_nulls_and_name() -> None:
    column = folded(pl.Series("payer", [*(row[0] for row in NAMES), None]))
    assert column.to_list() == [*(row[1] for row in NAMES), None]
    assert column.name == "payer"


LETTERS = "アイウエオカガキギクグヴサザタダツハバパヤユヨワンァィゥェォッャュョヮーABCabc019 "


def slow_fold(text: str) -> str:
    """Letter by letter, without legal forms."""
    large = dict(zip("ァィゥェォッャュョヮ", "アイウエオツヤユヨワ", strict=True)) | {"ー": "-", " ": ""}
    return "".join(large.get(letter, letter).upper() for letter in jaconv.h2z(text, ascii=False, digit=False))


@settings(max_examples=20, deadline=None)
@given(st.lists(st.text(LETTERS, max_size=20), min_size=50, max_size=200))
def test_full_width_half_width_and_hiragana_fold_alike(names: list[str]) -> None:
    names = ["ア" + name for name in names]  # a leading number of five digits would be a remitter's
    expected = [slow_fold(name) for name in names]
    for spelt in (names, [jaconv.z2h(name) for name in names], [jaconv.kata2hira(name) for name in names]):
        assert folded(pl.Series(spelt)).to_list() == expected


@settings(max_examples=20, deadline=None)
@given(st.lists(st.text(LETTERS, min_size=1, max_size=20), min_size=50, max_size=200))
def test_the_legal_form_changes_nothing_and_folding_twice_is_folding_once(names: list[str]) -> None:
    bare = folded(pl.Series(["ア" + name for name in names]))
    for shape in ("ｶ)ア{}", "ア{}(ｶ", "（株）ア{}", "株式会社 ア{}", "ア{}ユウゲンガイシャ", "ア{}(ﾕ)"):
        assert folded(pl.Series([shape.format(name) for name in names])).to_list() == bare.to_list()
    assert folded(bare).to_list() == bare.to_list()


LONG = "ｶ)ﾆﾎﾝｸﾗｳﾄﾞｻ-ﾋﾞｽﾌﾟﾗﾂﾄﾌｵ-ﾑｶｲﾊﾂｹﾝｷﾕｳｼﾞﾖﾎ-ﾙﾃﾞｲﾝｸﾞｽｼﾞﾔﾊﾟﾝﾄｳｷﾖｳ"


@pytest.mark.parametrize("cut", [48, 37, 26])
def test_a_name_cut_by_a_bank_is_the_same_payer(cut: int) -> None:
    written = jaconv.h2z(LONG).replace("カ）", "株式会社")
    assert len(LONG) > 48
    assert same(LONG[:cut], written)
    assert same(written, LONG[:cut])
    assert not same(LONG[: cut - 2], written)


def test_a_cut_between_a_kana_and_its_voiced_mark_is_a_cut_all_the_same() -> None:
    full = "ｱ" * 25 + "ｶﾞｲｼﾖｸ"
    assert same(full[:26], full)


def test_a_short_name_that_begins_another_is_another_payer() -> None:
    assert not same("アオバ", "アオバショウジ")
    assert 0.5 < similarity("アオバ", "アオバショウジ") < 1


def test_names_alike_score_higher_than_names_unlike_and_the_score_has_no_direction() -> None:
    others = pl.Series(["アオバショウジ", "アオバショウテン", "ミドリサンギョウ", "", None])
    scores = similarities("ｱｵﾊﾞｼﾖｳｼﾞ", others).to_list()
    assert scores[0] == 1.0
    assert scores[0] > scores[1] > scores[2] >= scores[3] == scores[4] == 0.0
    assert scores[:4] == [similarity(other, "ｱｵﾊﾞｼﾖｳｼﾞ") for other in others.to_list()[:4]]
    assert similarity("", "") < 1


def test_a_payer_is_resolved_only_to_the_one_partner_of_that_name() -> None:
    long = jaconv.h2z(LONG).replace("カ）", "カブシキガイシャ")
    rows = [
        (1, long),
        (2, "ミドリ"),
        (3, "（有）ミドリ"),
        (4, "アオバ"),
        (4, "ｱｵﾊﾞ(ｶ"),
        (5, None),
        (6, "ｱ" * 30),
        (7, "ｱ" * 31),
    ]
    names = pl.DataFrame(rows, schema={"partner_id": pl.Int64, "name": pl.String}, orient="row")
    asked = [LONG[:26], LONG[:48], LONG[:24], LONG, "ﾐﾄﾞﾘ", "ｶ)ｱｵﾊﾞ", "ｱｵ", None, "", "ｱ" * 26, "ｱ" * 30]
    assert resolve(pl.Series(asked), names).to_list() == [1, 1, None, 1, None, 4, None, None, None, None, 6]
    assert resolve(pl.Series(asked), names.clear()).to_list() == [None] * len(asked)
