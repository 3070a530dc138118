"""The payers whose bills a run is asked for alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

import polars as pl

from urikake.base.bulk import Session
from urikake.base.company import dimensions
from urikake.base.errors import Refusal
from urikake.rooms.contracts.queries import contracts
from urikake.rooms.parties.queries import codes, payers

from .scope import Scope, scope


def chosen(session: Session, partners: Sequence[str] = (), groups: Sequence[str] = ()) -> pl.Series | None:
    """The ids of the partners named, and of those who are billed for contracts of the management groups; None for all.

    A payer is billed whole: of what is on one invoice, nothing is left to another run. Refused for a partner whose bills
    go to another, and for a code or a group that there is not.
    """
    if not partners and not groups:
        return None
    named = [_payer(session, code) for code in partners]
    grouped = [_of_group(session, group) for group in groups]
    return pl.concat([pl.Series(named, dtype=pl.Int64), *grouped]).unique()


def of_payers(session: Session, only: pl.Series) -> pl.Expr:
    """The lines that may be billed to one of the payers; those that have had other payers are always among them."""
    moved = scope(session).moves["line_id"]
    return pl.col("bill_to_id").is_in(only.implode()) | pl.col("line_id").is_in(moved.implode())


def forward(session: Session, numbers: Sequence[str], on: date, until: date) -> Scope:
    """The contracts' lines that are not measured, as if all that begins by ``until`` were paid in advance.

    Refused for a number that there is not, and where ``until`` lies before the day or more than `FORWARD` after it.
    """
    known = contracts(session).filter(pl.col("contract_no").is_in(list(numbers)))
    missing = [number for number in numbers if number not in known["contract_no"]]
    if missing or not numbers:
        told = f"契約「{missing[0]}」はありません。" if missing else "契約が選ばれていません。"
        raise Refusal("unknown-contract", told, "契約番号を確かめてください。")
    if not on <= until <= on + FORWARD:
        raise Refusal(
            "bad-until",
            f"{until:%Y-%m-%d} までを {on:%Y-%m-%d} に前もって請求することはできません。",
            f"請求日から{FORWARD.days // 365}年以内の日を指定してください。",
        )
    every = scope(session)
    mine = pl.col("contract_id").is_in(known["contract_id"].implode()) & ~pl.col("metered")
    lines = every.lines.filter(mine).with_columns(timing=pl.lit("advance"), reach_on=pl.lit(until))
    return Scope(lines, every.segments, every.moves)


def again(session: Session, cycles: pl.DataFrame) -> Scope:
    """The lines of the cycles, as if all that began by the last of them were due, whenever their payers close."""
    every = scope(session)
    last = cycles.group_by("line_id").agg(reach_on=pl.col("cycle_from_on").max())
    lines = every.lines.join(last, on="line_id", maintain_order="left").with_columns(timing=pl.lit("advance"))
    return Scope(lines, every.segments, every.moves)


FORWARD: Final = timedelta(days=5 * 365)
"""So far ahead may be billed."""


def _payer(session: Session, code: str) -> int:
    """The id of a partner that its bills go to."""
    found = codes(session).filter(pl.col("code") == code)
    if found.is_empty():
        raise Refusal("no-partner", f"取引先「{code}」はありません。", "取引先コードを確かめてください。")
    own = found["partner_id"][0]
    to = payers(session).filter(pl.col("partner_id") == own)["bill_to_id"][0]
    if to != own:
        other = codes(session).filter(pl.col("partner_id") == to)["code"][0]
        raise Refusal(
            "not-payer",
            f"取引先「{code}」の請求書は、請求先「{other}」へ送ります。",
            f"請求先「{other}」を指定してください。",
        )
    return int(own)


def _of_group(session: Session, group: str) -> pl.Series:
    """Who is billed for contract lines of the management group."""
    own = dimensions(session).filter(pl.col("management_group") == group)["dimension_id"]
    found = scope(session)
    lines = found.lines.filter(pl.col("dimension_id").is_in(own.implode()))
    if lines.is_empty() or not group:
        raise Refusal(
            "no-group", f"管理グループ「{group}」の契約はありません。", "契約の管理グループを確かめてください。"
        )
    moved = found.moves.filter(pl.col("line_id").is_in(lines["line_id"].implode()))
    return pl.concat([lines["bill_to_id"], moved["bill_to_id"]]).drop_nulls()
