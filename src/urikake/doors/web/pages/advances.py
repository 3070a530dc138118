"""前受金: what came before its invoice, what of it was applied, and what each may pay."""

from __future__ import annotations

from typing import Any, Final

import polars as pl
from django.http import Http404, HttpResponse

from urikake.base import access
from urikake.base.company import policies
from urikake.base.errors import Refusal
from urikake.core import written
from urikake.doors import advances as door
from urikake.rooms.closing.queries import changes
from urikake.rooms.contracts.queries import contracts
from urikake.rooms.deposits import queries as deposits
from urikake.rooms.ledger import queries as ledger
from urikake.rooms.matching import queries as matching
from urikake.rooms.parties.queries import codes, profiles
from urikake.rooms.receipts import queries as receipts
from urikake.rooms.receivables import queries as receivables
from urikake.rooms.reports.queries.advances import advances
from urikake.rooms.revenue import queries as revenue

from ..book import Deed, Shown, Undo, deed, page
from ..desk import Desk, quoted
from ..table import Choice, Column, Empty, table

STATES: Final = (("open", "残りあり"), ("applied", "充当・返金済"))
SHOWN: Final = 100
PLACE: Final = "receivables/advances"


@page("advances", PLACE, permission="matching.read", title="前受金")
def listed(desk: Desk) -> Shown:
    """Every advance of the day, those with something left unless others are asked for, what they may pay, and the proof."""
    every = _advances(desk)
    state = pl.when(pl.col("left") != 0).then(pl.lit("open")).otherwise(pl.lit("applied"))
    found = every.with_columns(state=state, ref=pl.concat_str(pl.lit("advances:"), "partner")).with_columns(
        state_name=pl.col("state").replace_strict(dict(STATES), return_dtype=pl.String)
    )
    shown = found if desk.ask("state") else found.filter(pl.col("state") == "open")
    columns = [
        Column("title", "前受金", url=lambda row: desk.link(f"{PLACE}/{quoted(row['advance'])}")),
        Column("partner_name", "取引先", url=lambda row: desk.link(f"partners/{quoted(row['partner'])}")),
        Column("date", "計上日", "date"),
        Column("receipt", "入金"),
        Column("amount", "前受金(円)", "yen", summed=True),
        Column("used", "充当(円)", "yen", summed=True),
        Column("refunded", "返金(円)", "yen", summed=True),
        Column("left", "残り(円)", "yen", summed=True, ref=lambda row: row["ref"]),
        Column("state_name", "状態", "state", tone={"残りあり": "wait", "充当・返金済": "good"}),
        Column("partner", "取引先コード", hidden=True),
    ]
    listing = table(
        desk, shown, columns, key="advance", name="advances", filters=[Choice("state", "状態", STATES)],
        find=["title", "partner_name", "partner", "receipt", "left"], sort="date",
        empty=Empty("この日に残っている前受金はありません。"),
    )  # fmt: skip
    if isinstance(listing, HttpResponse):
        return listing
    sums = {name: int(every[name].sum()) for name in ("amount", "used", "refunded", "left")}
    return {
        "table": listing, "proof": sums | {"books": _books(desk)}, "proposals": _proposals(desk, every),
        "waiting": _waiting(desk),
    }  # fmt: skip


def _advances(desk: Desk) -> pl.DataFrame:
    """The advances of the day with what people call them: ``title``, by the application or the collection they are from."""
    return advances(desk.session, desk.on).frame.with_columns(title=titled("advance"))


def titled(column: str) -> pl.Expr:
    """What people call an advance, by the column of its name."""
    return pl.col(column).str.replace("application-", "消込 ").str.replace("collected-", "収納 ")


def _books(desk: Desk) -> int:
    """What of 前受金 in the ledger is advances: not what is billed and not revenue yet."""
    if policies(desk.session)["advance_tax"] != "with_revenue":
        return -int(ledger.course(desk.session, ["前受金"], [desk.on])[0])
    at = changes.position(desk.session, desk.on)
    return at.books - at.tax - revenue.rolled(desk.session, desk.on.replace(day=1), desk.on)["closing"]


def _proposals(desk: Desk, every: pl.DataFrame) -> list[dict[str, Any]]:
    """What each open advance may pay; nothing of the past."""
    if desk.asof.past:
        return []
    found = matching.advance_proposals(desk.session, desk.on)
    names = every.select("advance", "title", "partner_name", "partner")
    return found.join(names, left_on="name", right_on="advance", maintain_order="left").head(SHOWN).to_dicts()


def _waiting(desk: Desk) -> list[dict[str, Any]]:
    """The receipts that wait, to be kept as advances."""
    queue = receipts.unapplied(desk.session).filter(pl.col("received_on") <= desk.on)
    names = profiles(desk.session, "name").select("partner_id", partner="code", partner_name="name")
    named = queue.join(names, on="partner_id", how="left", maintain_order="left").sort("received_on", "receipt_id")
    return named.with_columns(number=pl.col("receipt_id") - desk.session.low).head(SHOWN).to_dicts()


def panel(desk: Desk, partner_id: int) -> dict[str, Any]:
    """What of a partner's money is kept: advances with something left, and deposits held; as far as one may read of them."""
    role, kept = desk.person.role, list[dict[str, Any]]()
    if access.may(role, "matching.read"):
        open_ = _advances(desk).join(codes(desk.session).rename({"code": "partner"}), on="partner")
        mine = open_.filter((pl.col("partner_id") == partner_id) & (pl.col("left") != 0))
        kept += [
            {
                "label": f"前受金 {row['title']}", "url": desk.link(f"{PLACE}/{quoted(row['advance'])}"), "amount": row["left"],
                "ref": f"advances:{row['partner']}",
            }
            for row in mine.iter_rows(named=True)
        ]  # fmt: skip
    if access.may(role, "receivables.read"):
        numbers = contracts(desk.session).select("contract_id", "contract_no")
        held = deposits.held(desk.session, desk.on).filter((pl.col("partner_id") == partner_id) & (pl.col("held") != 0))
        kept += [
            {
                "label": f"預り保証金 {row['contract_no']}", "url": desk.link(f"contracts/{quoted(row['contract_no'])}"),
                "amount": row["held"], "ref": f"deposit:{row['contract_no']}",
            }
            for row in held.join(numbers, on="contract_id").iter_rows(named=True)
        ]  # fmt: skip
    return {"kept": kept}


@page("advance", f"{PLACE}/<str:name>", permission="matching.read", title="前受金の充当")
def one(desk: Desk, name: str) -> Shown:
    """One advance: what was applied of it, and the open documents of its partner."""
    found = _advances(desk).filter(pl.col("advance") == name)
    if found.is_empty():
        raise Http404(name)
    row = found.row(0, named=True)
    kept = matching.advances(desk.session, desk.on).filter(pl.col("name") == name).row(0, named=True)
    owed = receivables.balances(desk.session, desk.on, kept["partner_id"]).filter(pl.col("balance") > 0)
    sums = receivables.labels(desk.session, owed).group_by("number", "due_on").agg(pl.col("balance").sum())
    return {"advance": row, "items": sums.sort("due_on", "number").to_dicts(), "uses": _uses(desk, kept)}


def _uses(desk: Desk, kept: dict[str, Any]) -> list[dict[str, Any]]:
    """What of the advance was applied, newest first, and whether each can be taken back."""
    every = matching.advance_uses(desk.session, "partner_id = ? AND applied_on <= ?", (kept["partner_id"], desk.on))
    mine = every.filter(pl.all_horizontal(pl.col(name).eq_missing(pl.lit(kept[name])) for name in matching.ADVANCE))
    gone = set(mine["reverses_id"].drop_nulls())
    return [
        row | {"number": row["use_id"] - desk.session.low, "stands": row["use_id"] not in gone}
        for row in reversed(mine.filter(pl.col("reverses_id").is_null()).to_dicts())
    ]


@deed("advance-keep", f"{PLACE}/keep", permission="matching.apply")
def keep(doing: Deed) -> HttpResponse:
    """Keep a receipt as an advance of the partner that is named."""
    figures = door.prepay(
        doing.books,
        doing.field("receipt"),
        doing.field("partner"),
        amount=_yen(doing.field("amount")),
        user=doing.person.name,
    )
    return doing.done(f"{figures['amount']:,}円を前受金にしました。", PLACE)


def _yen(text: str) -> int | None:
    """The amount as it was typed; None for none."""
    bare = written.number(text)
    if not bare:
        return None
    if not (bare.isascii() and bare.isdecimal()):
        raise Refusal("bad-amount", f"金額「{text}」が読めません。", "整数で書いてください。")
    return int(bare)


@deed("advance-apply", f"{PLACE}/apply", permission="matching.apply")
def apply(doing: Deed) -> HttpResponse:
    """Apply an advance to the documents that are ticked."""
    name, targets = doing.field("advance"), doing.request.POST.getlist("target")
    if not targets:
        raise Refusal("nothing-chosen", "充てる請求書が選ばれていません。", "請求書を選んでください。")
    figures = door.apply(doing.books, name, targets, user=doing.person.name)
    undo = Undo(
        f"{PLACE}/unapply", {"use": figures["use"], "advance": name}, "充当を取り消し、反対の仕訳を計上します。"
    )
    return doing.done(f"{figures['amount']:,}円を充てました。", f"{PLACE}/{quoted(name)}", undo)


@deed("advance-unapply", f"{PLACE}/unapply", permission="matching.apply")
def unapply(doing: Deed) -> HttpResponse:
    """Take an application back; the advance is open again."""
    door.unapply(doing.books, int(doing.field("use")), user=doing.person.name)
    return doing.done("充当を取り消しました。", f"{PLACE}/{quoted(doing.field('advance'))}")
