"""What things of ours are called in each package, as the company said it, else as is usual."""

from __future__ import annotations

from typing import Final

import polars as pl

from urikake.base.bulk import Session
from urikake.base.company import ACCOUNTS
from urikake.base.company import accounts as chart_of
from urikake.core.formats import journals

MAPPING: Final = "target, kind, ours, code, called, sub"
BEANCOUNT: Final = "beancount"
TITLES: Final = {name: known.title for name, known in journals.TARGETS.items()} | {BEANCOUNT: "beancount（帳簿の印刷）"}
"""What can be exported to: packages, which are handed every entry once, and the books printed for beancount."""
EVERY: Final = "all"
"""The target of what holds for every package: what an account is to consumption tax."""
KINDS: Final = {
    "account": "勘定科目", "department": "部門", "partner": "取引先", "tax": "税区分", "role": "消費税の扱い", "letter": "文字",
    "column": "列",
}  # fmt: skip
PARTNER: Final = "partner"
"""The sub-account of an account that is kept by partner."""
UNDIVIDED: Final = "-"
"""Written for an account that has no sub-accounts although it usually would."""
OFF: Final = "off"
"""The code of a column that the file goes without."""
BY_PARTNER: Final = {"yayoi": ("売掛金", "前受金", "契約負債", "契約資産")}
"""The accounts that a package without a column for partners keeps by partner, until the company says otherwise."""
STYLES: Final = {"detail": "一件ずつ", "day": "日ごとにまとめる", "month": "月ごとにまとめる"}
ASKED: Final = frozenset({"支払手数料"})
"""The accounts of the usual chart whose treatment differs from company to company, so that each has to say it."""
TREATED: Final = {name: "none" for name in ACCOUNTS if name not in ASKED} | {
    "売上高": "sale", "雑収入": "sale", "売上値引": "return", "貸倒損失": "loss", "手形売却損": "purchase:exempt",
    "債権売却損": "purchase:exempt",
}  # fmt: skip
"""What an account of the usual chart is to consumption tax; of any other the company has to say it, but for bank accounts."""


def told(session: Session, target: str) -> pl.DataFrame:
    """What the company said of the package, as it stands: ``kind, ours, code, called, sub``."""
    rows = session.table("exports_mapping", f"id, {MAPPING}").filter(pl.col("target") == target).sort("id")
    return rows.unique(["kind", "ours"], keep="last", maintain_order=True).drop("id", "target")


def accounts(session: Session, target: str, names: pl.Series) -> pl.DataFrame:
    """What the accounts are called: ``account, called, code, sub``; ``called`` is ours until told, ``code`` null until told."""
    mine = told(session, target).filter(pl.col("kind") == "account").drop("kind").rename({"ours": "account"})
    usual = BY_PARTNER.get(target, ())
    found = pl.DataFrame({"account": names.unique().sort()}).join(mine, on="account", how="left", maintain_order="left")
    return found.select(
        "account",
        called=pl.coalesce(_text("called"), "account"),
        code=_text("code"),
        sub=pl.coalesce(_text("sub"), pl.when(pl.col("account").is_in(usual)).then(pl.lit(PARTNER))).replace(
            UNDIVIDED, ""
        ),
    )


def departments(session: Session, target: str, names: pl.Series) -> pl.DataFrame:
    """What the departments are called: ``department, called, code``, as `accounts`."""
    mine = (
        told(session, target).filter(pl.col("kind") == "department").drop("kind", "sub").rename({"ours": "department"})
    )
    found = pl.DataFrame({"department": names.unique().sort()}).join(
        mine, on="department", how="left", maintain_order="left"
    )
    return found.select("department", called=pl.coalesce(_text("called"), "department"), code=_text("code"))


def _text(name: str) -> pl.Expr:
    return pl.when(pl.col(name) != "").then(name)


def taxes(session: Session, target: str) -> dict[str, str]:
    """What the package calls each key of tax: its own list, and what the company said."""
    mine = told(session, target).filter(pl.col("kind") == "tax")
    said = {ours: called or code for ours, code, called in mine.select("ours", "code", "called").iter_rows()}
    return journals.names(target) | {key: name for key, name in said.items() if name}


def letters(session: Session, target: str) -> dict[str, str]:
    """What stands for each letter that the file cannot hold."""
    mine = told(session, target).filter(pl.col("kind") == "letter")
    return {letter: instead for letter, instead in mine.select("ours", "called").iter_rows() if instead}


def treatments(session: Session, target: str = "") -> dict[str, str]:
    """What each account is to consumption tax (`journals.TREATMENTS`), as far as it is known.

    What the company says of an account holds for every package, unless it says something else of this one.
    """
    of_banks = session.table("base_bank_account", "id, account_id")["account_id"]
    banks = chart_of(session).filter(pl.col("id").is_in(of_banks.implode()))["name"]
    found = dict.fromkeys(banks, journals.NONE) | TREATED
    for where in (EVERY, target):
        mine = told(session, where).filter((pl.col("kind") == "role") & (pl.col("code") != ""))
        found |= dict(mine.select("ours", "code").iter_rows())
    return found


def partners(session: Session, target: str) -> pl.DataFrame:
    """What the company said of partners: ``partner`` (its code), ``called`` and ``code``, null until told."""
    mine = told(session, target).filter(pl.col("kind") == "partner")
    return mine.select(partner="ours", called=_text("called"), code=_text("code"))


def invoices(session: Session, target: str) -> dict[str, str]:
    """What the package wants in its column of the qualified invoice for each key; empty where the company has to tell it."""
    mine = told(session, target).filter((pl.col("kind") == "tax") & (pl.col("sub") != ""))
    usual = journals.invoices(target)
    return usual | dict(mine.select("ours", "sub").iter_rows()) if usual else {}


def columns(session: Session, target: str) -> dict[str, str | None]:
    """The columns of the file that are not as usual: None for one that it goes without, else what stands in it throughout."""
    mine = told(session, target).filter(pl.col("kind") == "column")
    rows = mine.select("ours", "code", "called").iter_rows()
    return {name: None if code == OFF else called for name, code, called in rows if code == OFF or called}
