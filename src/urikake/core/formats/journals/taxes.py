"""The tax classes (税区分) of each accounting package: what a line of ours is called there, by its role, class and rate."""

from __future__ import annotations

import re
from typing import Final

import polars as pl

ROLES: Final = {"sale": "売上", "return": "売上の返還", "loss": "貸倒", "purchase": "仕入", "none": "対象外"}
"""What an account is to consumption tax; what is on an account of no role is out of it."""
NONE: Final = "none"
_CLASSES: Final = ("standard:10", "reduced:8", "standard:8", "exempt", "export", "out_of_scope")
KEYS: Final = (
    NONE,
    *(f"{role}:{name}" for role in ("sale", "return", "loss") for name in _CLASSES),
    "purchase:standard:10",
    "purchase:reduced:8",
)
"""The keys of today's rates that a company may have to map: role, class and, where it is taxed, the rate in percent."""
_KEY: Final = re.compile(r"none|(sale|return|loss|purchase):((standard|reduced):\d{1,2}|exempt|export|out_of_scope)")
WORDS: Final = {
    "standard:10": "10%", "reduced:8": "軽減8%", "standard:8": "8%（旧標準）", "exempt": "非課税", "export": "輸出免税",
    "out_of_scope": "不課税",
}  # fmt: skip
_YAYOI: Final = {
    "sale:standard:10": "課税売上内10%", "sale:reduced:8": "課税売上内軽減8%", "sale:standard:8": "課税売上内8%",
    "return:standard:10": "課税売返内10%", "return:reduced:8": "課税売返内軽減8%", "return:standard:8": "課税売返内8%",
    "loss:standard:10": "課税売倒内10%", "loss:reduced:8": "課税売倒内軽減8%", "loss:standard:8": "課税売倒内8%",
    "sale:exempt": "非課売上",
    "sale:export": "輸出売上", "sale:out_of_scope": "対象外", "return:exempt": "非課売返", "return:export": "輸出売返",
    "return:out_of_scope": "対象外", "loss:exempt": "対象外", "loss:export": "対象外", "loss:out_of_scope": "対象外",
    "purchase:standard:10": "課対仕入内10%適格", "purchase:reduced:8": "課対仕入内軽減8%適格", NONE: "対象外",
}  # fmt: skip
_FREEE: Final = {
    "sale:standard:10": "課税売上10%", "sale:reduced:8": "課税売上8%（軽）", "sale:standard:8": "課税売上8%",
    "return:standard:10": "課税売返10%", "return:reduced:8": "課税売返8%（軽）", "return:standard:8": "課税売返8%",
    "loss:standard:10": "課税売倒10%", "loss:reduced:8": "課税売倒8%（軽）", "loss:standard:8": "課税売倒8%", "sale:exempt": "非課売上",
    "sale:export": "輸出売上", "sale:out_of_scope": "対象外", "return:exempt": "非課売返", "return:export": "輸出売返",
    "return:out_of_scope": "対象外", "loss:exempt": "対象外", "loss:export": "対象外", "loss:out_of_scope": "対象外",
    "purchase:standard:10": "課対仕入10%", "purchase:reduced:8": "課対仕入8%（軽）", NONE: "対象外",
}  # fmt: skip
_MONEYFORWARD: Final = {
    "sale:standard:10": "課税売上 10%", "sale:reduced:8": "課税売上 (軽)8%", "sale:standard:8": "課税売上 8%",
    "return:standard:10": "課税売上-返還等 10%", "return:reduced:8": "課税売上-返還等 (軽)8%", "return:standard:8": "課税売上-返還等 8%",
    "loss:standard:10": "課税売上-貸倒 10%", "sale:exempt": "非課税売上", "sale:export": "輸出売上 0%", "sale:out_of_scope": "対象外",
    "return:out_of_scope": "対象外", "loss:exempt": "対象外", "loss:export": "対象外", "loss:out_of_scope": "対象外",
    "purchase:standard:10": "課税仕入 10%", "purchase:reduced:8": "課税仕入 (軽)8%", NONE: "対象外",
}  # fmt: skip
_PCA: Final = {
    "sale:standard:10": "B5", "sale:reduced:8": "B6", "sale:standard:8": "B4", "return:standard:10": "C5",
    "return:reduced:8": "C6", "return:standard:8": "C4", "loss:standard:10": "D5", "loss:reduced:8": "D6",
    "loss:standard:8": "D4", "sale:exempt": "A0", "sale:export": "F0", "sale:out_of_scope": "00", "return:exempt": "G0",
    "return:export": "H0", "return:out_of_scope": "00", "loss:exempt": "00", "loss:export": "00",
    "loss:out_of_scope": "00", "purchase:standard:10": "S5", "purchase:reduced:8": "S6", NONE: "00",
}  # fmt: skip
_BUGYO: Final = {
    "sale:standard:10": "0060", "sale:reduced:8": "0060", "sale:standard:8": "0060", "sale:exempt": "0080",
    "sale:export": "0090", "sale:out_of_scope": "0000", "return:out_of_scope": "0000", "loss:exempt": "0000",
    "loss:export": "0000", "loss:out_of_scope": "0000", "purchase:standard:10": "0010", "purchase:reduced:8": "0010",
    NONE: "0000",
}  # fmt: skip
_PLAIN: Final = {key: key for key in KEYS}
_NAMES: Final = {
    "yayoi": _YAYOI, "freee": _FREEE, "moneyforward": _MONEYFORWARD, "pca": _PCA, "kanjo-bugyo": _BUGYO,
    "kanjo-bugyo-i": _BUGYO, "csv": _PLAIN,
}  # fmt: skip


def names(target: str) -> dict[str, str]:
    """What the package calls each key, as far as its own list says so; a key that is missing has to be told by the company.

    >>> names("pca")["return:reduced:8"], "return:standard:10" in names("kanjo-bugyo")
    ('C6', False)
    """
    return dict(_NAMES[target])


def known(key: str) -> bool:
    """Whether there can be such a key.

    >>> known("sale:standard:12"), known("sale:exempt"), known("sale:standard"), known("rent")
    (True, True, False, False)
    """
    return _KEY.fullmatch(key) is not None


def told(key: str) -> str:
    """The key in words.

    >>> told("return:reduced:8"), told("sale:standard:12"), told("none")
    ('売上の返還 軽減8%', '売上 12%', '対象外')
    """
    role, _, name = key.partition(":")
    words = WORDS.get(name) or (name.replace("standard:", "").replace("reduced:", "軽減") + "%")
    return f"{ROLES[role]} {words}" if name else ROLES[role]


def tax_key(role: pl.Expr, tax: pl.Expr, rate_micro: pl.Expr) -> pl.Expr:
    """The key of a line: its role and class, with the rate in percent where it is taxed; ``none`` without role or class.

    >>> line = pl.DataFrame({"role": ["sale", "sale", "none"], "tax": ["reduced", "exempt", "standard"], "rate": [8_000_000, 0, 1]})
    >>> line.select(tax_key(pl.col("role"), pl.col("tax"), pl.col("rate"))).to_series().to_list()
    ['sale:reduced:8', 'sale:exempt', 'none']
    """
    percent = (rate_micro // 1_000_000).cast(pl.String)
    taxed = tax.is_in(["standard", "reduced"])
    key = (
        pl.when(taxed)
        .then(pl.concat_str(role, tax, percent, separator=":"))
        .otherwise(pl.concat_str(role, tax, separator=":"))
    )
    return pl.when((role == NONE) | (tax == "")).then(pl.lit(NONE)).otherwise(key)
