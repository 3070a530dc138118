"""What files of banks can hold: the cells of accounts, and the file itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

import polars as pl

from urikake.base.errors import Refusal
from urikake.core.formats import bank_kana
from urikake.core.formats.zengin import Refused

from .sheets import Sheet

T = TypeVar("T")
SHOWN: Final = 20
"""How many faults of a file are told one by one."""


def made(make: Callable[[], T], code: str, title: str) -> T:
    """What a format of banks makes; where it refuses, a refusal of that code that tells all that is wrong with the file."""
    try:
        return make()
    except Refused as refused:
        shown = "／".join(map(str, refused.faults[:SHOWN]))
        more = len(refused.faults) - SHOWN
        rest = f"／ほか{more}件" if more > 0 else ""
        raise Refusal(
            code,
            f"{title}のファイルに、書けない・読めないところがあります: {shown}{rest}。",
            "直してから、もう一度行ってください。",
        ) from None


def check_digits(sheet: Sheet, name: str, length: int) -> None:
    """Note what is not exactly so many digits."""
    sheet.check(~pl.col(name).str.contains(f"^[0-9]{{{length}}}$"), name, f"半角の数字{length}桁で書いてください")


def check_kana(sheet: Sheet, name: str, most: int, allowed: frozenset[str]) -> None:
    """Note what cannot stand in a bank's file, or is longer there than its field."""
    why: dict[str, str] = {}
    for value in sheet.frame[name].drop_nulls().unique():
        try:
            long = len(bank_kana.converted(value, allowed)) > most
        except ValueError as error:
            why[value] = f"{error}。カナで書いてください"
        else:
            why |= {value: f"銀行のファイルでは{most}文字までです（濁点も1文字）"} if long else {}
    if why:
        reason = pl.col(name).replace_strict(why, default="", return_dtype=pl.String)
        sheet.check(pl.col(name).is_in(list(why)), name, reason)


def check_account(sheet: Sheet, holder: str) -> None:
    """Note what of an account cannot stand in a bank's file: ``bank, branch, number``, the names, and that of its holder."""
    for name, length in (("bank", 4), ("branch", 3), ("number", 7)):
        check_digits(sheet, name, length)
    check_kana(sheet, holder, 30, bank_kana.NAME)
    for name in ("bank_name", "branch_name"):
        check_kana(sheet, name, 15, bank_kana.BANK)


def kana(frame: pl.DataFrame, name: str, allowed: frozenset[str]) -> pl.Expr:
    """The column in bank kana, each distinct text once; empty where there is none."""
    spelt = {value: bank_kana.converted(value, allowed) for value in frame[name].drop_nulls().unique()}
    return pl.col(name).fill_null("").replace_strict({**spelt, "": ""}, return_dtype=pl.String).alias(name)
