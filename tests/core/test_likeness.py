"""Names that resemble a partner's: worked pairs, and the joins against comparing every pair letter by letter."""

from __future__ import annotations

import random

import polars as pl
import pytest

from urikake.core.likeness import likely, loosened, told_by_form
from urikake.core.payer import fold

# printed                       the partner's reading      how
PAIRS = [
    ("ｱｵﾊﾞｼﾖｳｼﾞ",               "アオバショウジ",           "same"),
    ("ｺ-ﾋﾞﾖｳｺｳｷﾞﾖｳ",            "コウビョウコウギョウ",     "spelling"),
    ("ﾔﾏﾀﾞｼﾞﾙｼ",                "ヤマダヂルシ",             "spelling"),
    ("469 ｱｵﾊﾞｼﾖｳｼﾞ",           "アオバショウジ",           "spelling"),
    ("469 ｶ)ｱｵﾊﾞｼﾖｳｼﾞ",         "アオバショウジ",           "same"),
    ("ｱｵﾊﾞｼﾖｳｼﾞ ｵｵｻｶｼﾃﾝ",       "アオバショウジ",           "longer"),
    ("ｻｶﾓﾄｼﾖｸﾄﾞｳ ﾅｶｼﾞﾏﾀｶｼ",     "ナカジマタカシ",           "ending"),
    ("ｱｵﾊﾞ",                    "アオバショウジ",           "shorter"),
    ("ｱｵ",                      "アオバショウジ",           None),
    ("ｱｵﾊﾞｼﾖｼﾞ",                "アオバショウジ",           "spelling"),
    ("ｱﾊﾞｼﾖｳｼﾞ",                "アオバショウジ",           "slip"),
    ("ｱｵﾊﾞﾊﾞｼﾖｳｼﾞ",             "アオバショウジ",           "slip"),
    ("ｱﾊﾞｵｼﾖｳｼﾞ",               "アオバショウジ",           "slip"),
    ("ｱﾊｶﾏﾀ",                   "アオバショウジ",           None),
    ("ｱｲｳ",                     "アオウ",                   None),
    ("ﾐﾄﾞﾘｺｳｷﾞﾖｳﾎﾝﾔ",           "ミドリコウギョウホンシャ", "slip"),
    ("ﾐﾄﾞﾘｺﾍﾟﾖﾎﾝ",              "キタノセイサクショ",       None),
]  # fmt: skip


def frames(payers: list[str], names: list[str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    return (
        pl.DataFrame({"receipt_id": range(len(payers)), "folded": payers}, schema_overrides={"folded": pl.String}),
        pl.DataFrame({"partner_id": range(len(names)), "folded": names}, schema_overrides={"folded": pl.String}),
    )


@pytest.mark.parametrize(("printed", "reading", "how"), PAIRS)
def test_a_printed_name_resembles_a_reading_in_its_way(printed: str, reading: str, how: str | None) -> None:
    found = likely(*frames([fold(printed)], [fold(reading)]))
    assert found["how"].to_list() == ([how] if how else [])


def slow_osa(a: str, b: str) -> int:
    """The number of letters wrong, missing, too many or exchanged, by the table."""
    rows = [[max(i, j) if 0 in (i, j) else 0 for j in range(len(b) + 1)] for i in range(len(a) + 1)]
    for i in range(1, len(a) + 1):
        for j in range(1, len(b) + 1):
            same = a[i - 1] == b[j - 1]
            rows[i][j] = min(rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + (not same))
            if i > 1 and j > 1 and a[i - 1] == b[j - 2] and a[i - 2] == b[j - 1]:
                rows[i][j] = min(rows[i][j], rows[i - 2][j - 2] + 1)
    return rows[-1][-1]


def test_every_name_one_slip_apart_is_found_and_none_further_than_is_forgiven() -> None:
    chance = random.Random(4)
    letters = "アカサタナハマヤラワ"
    names = list(dict.fromkeys("".join(chance.choices(letters, k=chance.randrange(4, 11))) for _ in range(150)))
    payers = []
    for _ in range(150):
        name = list(chance.choice(names))
        for _ in range(chance.randrange(3)):
            at = chance.randrange(len(name))
            name[at : at + 1] = chance.choice([[], [chance.choice(letters)], [name[at]] * 2])
        payers.append("".join(name) or "ア")
    found = likely(*frames(payers, names))
    slips = {(r, p) for r, p, how in found.rows() if how == "slip"}
    other = {(r, p) for r, p, how in found.rows() if how != "slip"}
    loose = pl.DataFrame({"n": [*payers, *names]}).select(loosened(pl.col("n")))["n"].to_list()
    of_payers, of_names = loose[: len(payers)], loose[len(payers) :]
    for r, payer in enumerate(of_payers):
        if payers[r] in names:
            continue
        for p, name in enumerate(of_names):
            apart, size = slow_osa(payer, name), min(len(payer), len(name))
            if apart == 1 and size >= 5:
                assert (r, p) in slips | other, (payers[r], names[p])
            if (r, p) in slips:
                assert apart <= (2 if size >= 9 else 1), (payers[r], names[p])


# payer              written names of the two partners of one reading                       who stays
FORMS = [
    ("ﾕ)ｻﾝﾗｲｽﾞ",     ["株式会社サンライズ"], ["有限会社サンライズ"],                          [1]),
    ("ｻﾝﾗｲｽﾞ(ｶ",     ["株式会社サンライズ"], ["サンライズ株式会社", "サンライズ"],            [1]),
    ("ｻﾝﾗｲｽﾞ(ｶ",     ["株式会社サンライズ"], ["サンライズ"],                                  [0, 1]),
    ("ｻﾝﾗｲｽﾞ",       ["株式会社サンライズ"], ["有限会社サンライズ"],                          [0, 1]),
    ("ﾄﾞ)ｻﾝﾗｲｽﾞ",    ["株式会社サンライズ"], ["有限会社サンライズ"],                          [0, 1]),
]  # fmt: skip


@pytest.mark.parametrize(("payer", "one", "other", "stay"), FORMS)
def test_partners_of_one_reading_are_told_apart_by_their_legal_form(
    payer: str, one: list[str], other: list[str], stay: list[int]
) -> None:
    pairs = pl.DataFrame({"receipt_id": [5, 5], "partner_id": [0, 1]})
    names = pl.DataFrame({"partner_id": [0] * len(one) + [1] * len(other), "payer": [*one, *other]})
    payers = pl.DataFrame({"receipt_id": [5], "payer": [payer]})
    assert told_by_form(pairs, payers, names)["partner_id"].to_list() == stay
