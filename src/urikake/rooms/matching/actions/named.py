"""What a person names to be matched by hand: receipts that still wait, and open items with how much of each."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import polars as pl

from urikake.base.bulk import Session
from urikake.base.company import dimensions, policies
from urikake.base.errors import Refusal
from urikake.core import clearing
from urikake.core.calendar import JAPAN
from urikake.rooms.receipts import queries as receipts
from urikake.rooms.receivables import queries as receivables

from .. import queries
from ..models import Hold

_DIGITS: Final = 13
STATES: Final = {Hold.HELD: "保留中", Hold.ASIDE: "対象外"}


def waiting_receipt(session: Session, ref: str, waiting: pl.DataFrame) -> dict[str, Any]:
    """The receipt called ``ref`` among those ``waiting``; refused where it is not, or is held, with who and when."""
    found = receipts.named(session, ref)
    if found.is_empty():
        raise Refusal("no-receipt", f"入金「{ref}」はありません。", "取引番号か入金番号を確かめてください。")
    left = waiting.join(found.select("receipt_id"), on="receipt_id", how="semi")
    if left.is_empty():
        raise _used(session, ref, found["receipt_id"][0])
    if left.height > 1:
        raise Refusal("receipt-used", f"入金「{ref}」は二つ以上あります。", "report receipts で確かめてください。")
    row = left.row(0, named=True)
    hold = queries.last_hold(session, row["receipt_id"])
    if hold:
        why = (
            f"入金「{ref}」は{STATES[hold['state']]}です({stamp(hold['recorded_at'])} {hold['actor']}: {hold['why']})。"
        )
        raise Refusal("receipt-held", why, "保留をやめてから消し込んでください。")
    return row


def _used(session: Session, ref: str, receipt_id: int) -> Refusal:
    use = queries.used_by(session, receipt_id)
    done = (
        f"、{stamp(use['recorded_at'])} に {use['actor']} がすべて消し込みました。" if use else "すべて消込済みです。"
    )
    return Refusal("receipt-used", f"入金「{ref}」は{done}", "画面を開き直すか、report receipts で確かめてください。")


def stamp(moment: datetime) -> str:
    """A moment as refusals tell it.

    >>> stamp(datetime.fromisoformat("2026-11-24T00:41:00+00:00"))
    '2026/11/24 09:41'
    """
    return f"{moment.astimezone(JAPAN):%Y/%m/%d %H:%M}"


def named_items(session: Session, targets: list[str]) -> pl.DataFrame:
    """The named open items with the amount to settle of each, in the order named: ``INVOICE``, ``INVOICE/ORDER``, an item's
    number (``#17``).

    ``=AMOUNT`` after a name settles that much of it; without, all. Refused where one is named twice.
    """
    items = receivables.labels(session, receivables.open_items(session))
    items = items.join(dimensions(session), on="dimension_id", maintain_order="left")
    if not targets:
        raise Refusal("no-item", "充てる債権明細がありません。", "請求書番号か明細番号を指定してください。")
    rows = pl.concat([_named_item(session, items, text) for text in targets])
    if rows["item_id"].is_duplicated().any():
        twice = items.filter(
            pl.col("item_id").is_in(rows.filter(pl.col("item_id").is_duplicated())["item_id"].implode())
        )
        raise Refusal(
            "item-twice",
            f"債権明細「{twice['number'][0]}」を二度指定しています。",
            "一つの明細は一度だけ指定してください。",
        )
    return rows


def _named_item(session: Session, items: pl.DataFrame, text: str) -> pl.DataFrame:
    name, _, amount = text.partition("=")
    mine = _rows_named(session, items, name)
    if mine.is_empty():
        raise Refusal(
            "no-item", f"未回収の債権明細「{name}」はありません。", "請求書番号か明細番号を確かめてください。"
        )
    if mine.select("source", "source_id").n_unique() > 1:
        ids = "・".join(f"#{item - session.low}" for item in mine["item_id"])
        raise Refusal(
            "number-ambiguous",
            f"「{name}」という番号の債権が、二つ以上の書類にあります。",
            f"明細の番号（{ids}）で指定してください。",
        )
    if not amount:
        return mine.select("item_id", "partner_id", "due_on", on="posted_on", amount="balance")
    if not is_number(amount) or not 0 < int(amount) <= mine["balance"].sum():
        most = mine["balance"].sum()
        raise Refusal("bad-amount", f"「{text}」の金額が使えません。", f"1〜{most} の整数で指定してください。")
    return part_of(session, mine, int(amount))


def _rows_named(session: Session, items: pl.DataFrame, name: str) -> pl.DataFrame:
    """The open items that the name means: ``#17`` and, where no document is called so, ``17`` are an item's number."""
    by_id = name.removeprefix("#")
    own = items.filter(pl.col("item_id") == session.low + int(by_id)) if is_number(by_id) else items.clear()
    if name.startswith("#"):
        return own
    whole = items.filter(pl.col("number") == name)
    if whole.height:
        return whole
    document, _, order = name.rpartition("/")
    ordered = items.filter((pl.col("number") == document) & (pl.col("order_no") == order))
    return ordered if ordered.height else own


def is_number(text: str) -> bool:
    """Whether it is written in plain digits, few enough for an amount or a number of ours."""
    return text.isascii() and text.isdecimal() and len(text) < _DIGITS


def part_of(session: Session, mine: pl.DataFrame, amount: int) -> pl.DataFrame:
    """Part of a document's rows: costs, interest and principal in turn, each by the company's policy ``allocation``."""
    rows = mine.select("item_id", "partner_id", "due_on", on="posted_on", amount="balance")
    asked = rows.with_columns(receipt_id=pl.lit(0, dtype=pl.Int64), receipt_amount=pl.lit(amount, dtype=pl.Int64))
    shares = clearing.allocate(receivables.claimed(session, asked), policies(session)["allocation"])  # type: ignore[arg-type]
    return rows.drop("amount").join(shares.select("item_id", "amount"), on="item_id", maintain_order="left")


def settled(session: Session, items: pl.DataFrame, money: int, difference: str) -> tuple[pl.DataFrame, int, int, str]:
    """What is settled of each item, what is used of the money, and the difference with its kind."""
    whole = items.select("item_id", "amount")
    gap = money - int(items["amount"].sum())
    if gap == 0:
        return whole, money, 0, ""
    if difference == "remain":
        if gap > 0:
            return whole, money - gap, 0, ""
        opened = items.select("item_id", "partner_id", "due_on", posted_on="on", balance="amount")
        return part_of(session, opened, money).select("item_id", "amount"), money, 0, ""
    if difference == "advance" and gap < 0:
        raise Refusal(
            "no-advance",
            "入金が明細より少ないため、前受金にする過入金がありません。",
            "--difference を選び直してください。",
        )
    if difference in {"fee", "discount", "withheld", "write-off"} and gap > 0:
        raise Refusal(
            "over-paid",
            "入金が明細より多いため、この差額処理は使えません。",
            "advance か misc か remain を選んでください。",
        )
    return whole, money, gap, difference
