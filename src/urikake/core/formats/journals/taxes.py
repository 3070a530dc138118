"""The tax classes (税区分) of each accounting package: what a line of ours is called there, by its role, class and rate."""

from __future__ import annotations

import re
from datetime import date
from typing import Final

import polars as pl

ROLES: Final = {"sale": "売上", "return": "売上の返還", "loss": "貸倒", "purchase": "仕入", "none": "対象外"}
"""What an account is to consumption tax; what is on an account of no role is out of it."""
NONE: Final = "none"
_CLASSES: Final = ("standard:10", "reduced:8", "standard:8", "exempt", "export", "out_of_scope")
DEDUCTED: Final = ((date(2026, 10, 1), 80), (date(2028, 10, 1), 70), (date(2030, 10, 1), 50), (date(2031, 10, 1), 30))
"""How many percent of the tax may be deducted of what is bought from who issues no qualified invoice, before each day; none after.

Source: the transitional measures to the qualified invoice system (平成28年改正法附則52条・53条, as amended in 2026).
"""
PERCENTS: Final = (*(percent for _, percent in DEDUCTED), 0)
KEYS: Final = (
    NONE,
    *(f"{role}:{name}" for role in ("sale", "return", "loss") for name in _CLASSES),
    *(f"purchase:{name}" for name in ("standard:10", "reduced:8", "exempt")),
    *(f"purchase:{name}:{percent}" for percent in PERCENTS for name in ("standard:10", "reduced:8")),
)
"""The keys of today's rates that a company may have to map: role, class and, where it is taxed, the rate in percent.

Behind a purchase from who issues no qualified invoice stands how many percent of its tax are deducted.
"""
_KEY: Final = re.compile(
    r"none|(sale|return|loss|purchase):((standard|reduced):\d{1,2}|exempt|export|out_of_scope)"
    r"|purchase:(standard|reduced):\d{1,2}:(80|70|50|30|0)"
)
TREATMENTS: Final = {
    "none": "対象外", "sale": "売上（明細の税区分）", "return": "売上の返還（明細の税区分）", "loss": "貸倒（明細の税区分）",
    "sale:exempt": "非課税売上", "sale:out_of_scope": "不課税売上", "purchase": "仕入（明細の税区分）",
    "purchase:standard": "課税仕入 標準税率（適格請求書あり）", "purchase:reduced": "課税仕入 軽減税率（適格請求書あり）",
    "unqualified:standard": "課税仕入 標準税率（適格請求書なし・経過措置）",
    "unqualified:reduced": "課税仕入 軽減税率（適格請求書なし・経過措置）", "purchase:exempt": "非課税仕入",
}  # fmt: skip
"""What an account can be to consumption tax, in words: its role, and the class of its lines that have none of their own.

What is bought bears its tax inside the amount in our books; the files tell how much of it is tax.
"""
UNQUALIFIED: Final = "unqualified"
WORDS: Final = {
    "standard:10": "10%", "reduced:8": "軽減8%", "standard:8": "8%（旧標準）", "exempt": "非課税", "export": "輸出免税",
    "out_of_scope": "不課税",
}  # fmt: skip
_YAYOI: Final = {
    "sale:standard:10": "課税売上内10%", "sale:reduced:8": "課税売上内軽減8%", "sale:standard:8": "課税売上内8%",
    "return:standard:10": "課税売返内10%", "return:reduced:8": "課税売返内軽減8%", "return:standard:8": "課税売返内8%",
    "loss:standard:10": "課税売倒内10%", "loss:reduced:8": "課税売倒内軽減8%", "loss:standard:8": "課税売倒内8%",
    "sale:exempt": "非課売上",
    "sale:export": "輸出売上", "sale:out_of_scope": "対外売上", "return:exempt": "非課売返", "return:export": "輸出売返",
    "return:out_of_scope": "対外売上", "loss:exempt": "対象外", "loss:export": "対象外", "loss:out_of_scope": "対象外",
    "purchase:standard:10": "課対仕入内10%適格", "purchase:reduced:8": "課対仕入内軽減8%適格",
    "purchase:standard:10:80": "課対仕入内10%区分80%", "purchase:reduced:8:80": "課対仕入内軽減8%区分80%",
    "purchase:standard:10:50": "課対仕入内10%区分50%", "purchase:reduced:8:50": "課対仕入内軽減8%区分50%",
    "purchase:standard:10:0": "課対仕入内10%控不", "purchase:reduced:8:0": "課対仕入内軽減8%控不",
    "purchase:exempt": "非課仕入", NONE: "対象外",
}  # fmt: skip
_FREEE: Final = {
    "sale:standard:10": "課税売上10%", "sale:reduced:8": "課税売上8%（軽）", "sale:standard:8": "課税売上8%",
    "return:standard:10": "課税売返10%", "return:reduced:8": "課税売返8%（軽）", "return:standard:8": "課税売返8%",
    "loss:standard:10": "課税売倒10%", "loss:reduced:8": "課税売倒8%（軽）", "loss:standard:8": "課税売倒8%", "sale:exempt": "非課売上",
    "sale:export": "輸出売上", "sale:out_of_scope": "対外売上", "return:exempt": "非課売返", "return:export": "輸出売返",
    "return:out_of_scope": "対外売上", "loss:exempt": "対象外", "loss:export": "対象外", "loss:out_of_scope": "対象外",
    "purchase:standard:10": "課対仕入10%", "purchase:reduced:8": "課対仕入8%（軽）", "purchase:standard:10:80": "課対仕入（控80）10%",
    "purchase:exempt": "非課仕入", NONE: "対象外",
}  # fmt: skip
_MONEYFORWARD: Final = {
    "sale:standard:10": "課税売上 10%", "sale:reduced:8": "課税売上 (軽)8%", "sale:standard:8": "課税売上 8%",
    "return:standard:10": "課税売上-返還等 10%", "return:reduced:8": "課税売上-返還等 (軽)8%", "return:standard:8": "課税売上-返還等 8%",
    "loss:standard:10": "課税売上-貸倒 10%", "sale:exempt": "非課税売上", "sale:export": "輸出売上 0%",
    "sale:out_of_scope": "対象外売上", "return:out_of_scope": "対象外売上", "loss:exempt": "対象外", "loss:export": "対象外",
    "loss:out_of_scope": "対象外", "purchase:standard:10": "課税仕入 10%", "purchase:reduced:8": "課税仕入 (軽)8%",
    **{f"purchase:standard:10:{percent}": "課税仕入 10%" for percent in PERCENTS},
    **{f"purchase:reduced:8:{percent}": "課税仕入 (軽)8%" for percent in PERCENTS},
    "purchase:exempt": "非課税仕入", NONE: "対象外",
}  # fmt: skip
_PCA: Final = {
    "sale:standard:10": "B5", "sale:reduced:8": "B6", "sale:standard:8": "B4", "return:standard:10": "C5",
    "return:reduced:8": "C6", "return:standard:8": "C4", "loss:standard:10": "D5", "loss:reduced:8": "D6",
    "loss:standard:8": "D4", "sale:exempt": "A0", "sale:export": "F0", "sale:out_of_scope": "97", "return:exempt": "G0",
    "return:export": "H0", "return:out_of_scope": "97", "loss:exempt": "00", "loss:export": "00",
    "loss:out_of_scope": "00", "purchase:standard:10": "S5", "purchase:reduced:8": "S6", "purchase:standard:10:80": "QD",
    "purchase:reduced:8:80": "QE", "purchase:exempt": "P0", NONE: "00",
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


_INVOICES: Final = {
    "moneyforward": {
        f"purchase:{name}:{percent}": f"{percent}%控除" if percent else "控除不可"
        for name in ("standard:10", "reduced:8") for percent in (80, 50, 0)
    },
}  # fmt: skip


def invoices(target: str) -> dict[str, str]:
    """What the package wants in its column of the qualified invoice (インボイス) for each key; other keys want nothing there.

    Where a purchase must have something there that its own list does not tell, it is empty, and has to be told by the company.

    >>> invoices("moneyforward")["purchase:standard:10:80"], invoices("moneyforward")["purchase:standard:10:70"], invoices("pca")
    ('80%控除', '', {})
    """
    if target not in _INVOICES:
        return {}
    return {key: _INVOICES[target].get(key, "") for key in KEYS if key.count(":") == 3}


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

    >>> told("return:reduced:8"), told("sale:standard:12"), told("none"), told("purchase:standard:10:80"), told("purchase:standard:10:0")
    ('売上の返還 軽減8%', '売上 12%', '対象外', '仕入 10%（80%控除）', '仕入 10%（控除なし）')
    """
    role, _, name = key.partition(":")
    if name.count(":") == 2:
        name, _, percent = name.rpartition(":")
        return f"{told(f'{role}:{name}')}（{f'{percent}%控除' if percent != '0' else '控除なし'}）"
    words = WORDS.get(name) or (name.replace("standard:", "").replace("reduced:", "軽減") + "%")
    return f"{ROLES[role]} {words}" if name else ROLES[role]


def deducted(day: pl.Expr) -> pl.Expr:
    """How many percent of its tax may be deducted of what was bought on the day from who issues no qualified invoice.

    >>> days = pl.DataFrame({"on": [date(2026, 9, 30), date(2026, 10, 1), date(2031, 10, 1)]})
    >>> days.select(deducted(pl.col("on"))).to_series().to_list()
    [80, 70, 0]
    """
    found: pl.Expr = pl.lit(0)
    for before, percent in reversed(DEDUCTED):
        found = pl.when(day < before).then(pl.lit(percent)).otherwise(found)
    return found


def input_tax(amount: pl.Expr, rate_micro: pl.Expr, percent: pl.Expr) -> pl.Expr:
    """How much of an amount is tax that may be deducted: its tax at the rate, so many percent of it, fractions cut off once.

    >>> paid = pl.DataFrame({"amount": [440, -440, 108], "rate": [10_000_000, 10_000_000, 8_000_000], "percent": [100, 70, 80]})
    >>> paid.select(input_tax(pl.col("amount"), pl.col("rate"), pl.col("percent"))).to_series().to_list()
    [40, -28, 6]
    """
    part = amount.abs().cast(pl.Int128) * rate_micro * percent // ((100_000_000 + rate_micro).cast(pl.Int128) * 100)
    return part.cast(pl.Int64) * amount.sign()


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


def is_purchase(target: str, tax: str, known: frozenset[str]) -> bool:
    """Whether the class of tax, as the package calls it, is one of what is bought; ``known`` are those that the company uses.

    >>> is_purchase("freee", "課対仕入10%", frozenset()), is_purchase("pca", "B5", frozenset()), is_purchase("pca", "S5", frozenset())
    (True, False, True)
    """
    if tax in known or "仕入" in tax or tax.startswith(("課仕", "非仕", "purchase")):
        return True
    return target == "pca" and tax[:1] in {"P", "Q", "R", "S", "U"}
