"""The files of 勘定奉行: item codes as columns, of which a company may choose, and add some of its own.

Facts: files seen in use, and the item lists of services that write them. What an item takes beyond that is the company's to say.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal

import polars as pl

Column = tuple[str, pl.Expr]
Place = Literal["slip", "debit", "credit", "row"]
"""Where a text of the company's own stands: on the first row of a slip, on rows that have that side, or on all."""

_CLOUD: Final = {
    "department": "001", "account": "002", "sub": "003", "tax": "004", "reduced": "015", "percent": "005", "computed": "007",
    "partner": "009", "net": "101", "tax_amount": "102",
}  # fmt: skip
_LOCAL: Final = {
    "department": "00", "account": "01", "sub": "02", "tax": "03", "computed": "06", "partner": "08", "net": "13", "tax_amount": "14",
    "percent": "20", "reduced": "22",
}  # fmt: skip


def _both(before: tuple[str, str], items: dict[str, str]) -> dict[str, str]:
    """The items of both sides by their codes."""
    return {
        f"{first}{code}": f"{side}{title}"
        for first, side in zip(before, ("借方", "貸方"), strict=True) for code, title in items.items()
    }  # fmt: skip


CLOUD: Final = {
    "GL0010000": "伝票区切", "GL0010001": "日付", "GL0010002": "整理区分", "GL0010003": "伝票No.", "GL0010004": "入力区分",
    "GL0010005": "部門指定方法", "GL0010006": "伝票部門コード", "GL0010007": "伝票種類", "GL0010008": "証憑番号",
    **_both(("GL0012", "GL0013"), {
        "001": "部門コード", "002": "勘定科目コード", "003": "補助科目コード", "004": "税区分コード", "015": "税率種別", "005": "税率",
        "006": "事業区分", "007": "消費税自動計算", "008": "端数処理", "009": "取引先コード", "012": "プロジェクトコード",
        "101": "本体金額", "102": "消費税額",
    }),
    "GL0011001": "摘要", "GL0011002": "付箋色", "GL0011003": "付箋",
}  # fmt: skip
LOCAL: Final = {
    "OBCD001": "伝票区切", "CSJS001": "伝票区分", "CSJS002": "用途区分", "CSJS003": "部門指定方法", "CSJS004": "伝票部門コード",
    "CSJS005": "日付", "CSJS006": "整理区分", "CSJS007": "伝票No.",
    **_both(("CSJS2", "CSJS3"), {
        "00": "部門コード", "01": "勘定科目コード", "02": "補助科目コード", "03": "税区分コード", "04": "税率区分", "05": "事業区分",
        "06": "消費税計算", "07": "端数処理", "08": "取引先コード", "11": "プロジェクトコード", "12": "サブプロジェクトコード",
        "13": "本体金額", "14": "消費税額", "20": "税率", "22": "税率種別",
    }),
    "CSJS100": "摘要",
}  # fmt: skip
_NEEDED: Final = ("account", "net", "tax_amount")
NEEDED_CLOUD: Final = frozenset(
    {"GL0010000", "GL0010001", "GL0010003"}
    | {f"{side}{_CLOUD[name]}" for side in ("GL0012", "GL0013") for name in _NEEDED}
)
NEEDED_LOCAL: Final = frozenset(
    {"OBCD001", "CSJS005", "CSJS007"} | {f"{side}{_LOCAL[name]}" for side in ("CSJS2", "CSJS3") for name in _NEEDED}
)


def filled(place: Place, text: str) -> pl.Expr:
    """The company's own text where it stands."""
    shown = pl.lit(text)
    if place == "slip":
        return _begins(shown)
    return shown if place == "row" else pl.when(pl.col(f"{place}_account_code").is_not_null()).then(shown)


def _begins(expr: pl.Expr) -> pl.Expr:
    """What stands on the first row of a slip only."""
    return pl.when(pl.col("at") == 1).then(expr)


def _side(side: str, code: Callable[[str], str], items: dict[str, str]) -> list[Column]:
    """One side of a slip: codes, the class of tax with its rate, the amount without tax, the tax."""
    there = pl.col(f"{side}_account_code").is_not_null()
    told = {
        "department": pl.when(there).then(pl.col(f"{side}_department_code").fill_null(pl.lit("0000"))),
        "account": pl.col(f"{side}_account_code"),
        "sub": pl.col(f"{side}_sub_code"),
        "tax": pl.col(f"{side}_tax"),
        "reduced": pl.when(pl.col(f"{side}_percent").is_not_null()).then(pl.col(f"{side}_reduced").cast(pl.Int64)),
        "percent": pl.col(f"{side}_percent"),
        "computed": pl.when(there).then(pl.lit("0")),
        "partner": pl.col(f"{side}_partner_code"),
        "net": pl.col(f"{side}_amount") - pl.col(f"{side}_tax_amount"),
        "tax_amount": pl.col(f"{side}_tax_amount"),
    }
    return [(code(items[name]), told[name]) for name in items]


def cloud() -> list[Column]:
    """The columns of 汎用データ受入「仕訳伝票データ」 of 勘定奉行クラウド that are usual."""
    head = [
        ("GL0010000", _begins(pl.lit("*"))), ("GL0010001", _begins(pl.col("date").dt.strftime("%Y/%m/%d"))),
        ("GL0010003", _begins(pl.col("slip"))), ("GL0010005", _begins(pl.lit("1"))), ("GL0010006", _begins(pl.lit("0000"))),
    ]  # fmt: skip
    sides = [*_side("debit", "GL0012{}".format, _CLOUD), *_side("credit", "GL0013{}".format, _CLOUD)]
    return [*head, *sides, ("GL0011001", pl.col("text"))]


def on_premises() -> list[Column]:
    """The columns of the 受入形式 of 勘定奉行 i, V and 11 that are usual."""
    head = [
        ("OBCD001", _begins(pl.lit("*"))), ("CSJS005", _begins(pl.col("date").dt.strftime("%Y/%m/%d"))),
        ("CSJS007", _begins(pl.col("slip"))),
    ]  # fmt: skip
    sides = [*_side("debit", "CSJS2{}".format, _LOCAL), *_side("credit", "CSJS3{}".format, _LOCAL)]
    return [*head, *sides, ("CSJS100", pl.col("text"))]


_PLACES: Final[dict[str, Place]] = {
    "GL0012": "debit", "GL0013": "credit", "CSJS2": "debit", "CSJS3": "credit", "GL0011": "row", "CSJS1": "row",
}  # fmt: skip


def _extra(titles: dict[str, str], usual: list[Column]) -> dict[str, Place]:
    """The items that nothing of ours stands in, with their place."""
    mine = {name for name, _ in usual}
    placed: dict[str, Place] = {}
    for code in titles:
        if code not in mine:
            placed[code] = next((place for before, place in _PLACES.items() if code.startswith(before)), "slip")
    return placed


EXTRA_CLOUD: Final = _extra(CLOUD, cloud())
EXTRA_LOCAL: Final = _extra(LOCAL, on_premises())
