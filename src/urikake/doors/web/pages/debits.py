"""口座振替: what others are asked to collect for us, what came of it, and what happens next with what failed."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import polars as pl
from django.http import Http404, HttpResponse

from urikake.base.errors import Refusal
from urikake.core import written
from urikake.doors import collecting as door
from urikake.rooms.collecting import actions
from urikake.rooms.collecting import queries as collecting
from urikake.rooms.intake.queries import raw, read

from ..book import Deed, Shown, deed, page
from ..desk import Desk, quoted, today
from ..table import Choice, Column, Empty, table

STATES: Final = {"open": "結果待ち", "answered": "結果あり", "withdrawn": "取り下げ"}
TONES: Final = {"結果待ち": "wait", "結果あり": "good", "取り下げ": ""}
DEBITS: Final = {"asked": "結果待ち", "paid": "振替済", "unpaid": "振替不能", "withdrawn": "取り下げ"}
DEBIT_TONES: Final = {"結果待ち": "wait", "振替済": "good", "振替不能": "bad", "取り下げ": ""}
CHANGES: Final = {"first": "初回", "changed": "口座変更", "other": ""}
KINDS: Final = {"debit": "口座振替", "card": "カード", "cod": "代引"}
SHOWN: Final = 100


@page("debits", "debits", permission="collecting.read", title="口座振替")
def listed(desk: Desk) -> Shown:
    """Every request made for a day up to the one looked at, or still waiting: what was asked, paid, failed, is open."""
    columns = [
        Column("number", "依頼"),
        Column("debit_on", "引落日", "date"),
        Column("collector", "収納機関"),
        Column("state_name", "状態", "state", tone=TONES),
        Column("debit_count", "件数", "number", summed=True),
        Column("amount", "依頼(円)", "yen", summed=True),
        Column("paid", "振替済(円)", "yen", summed=True, ref=lambda row: row["ref"]),
        Column("unpaid_count", "振替不能", "number", summed=True),
        Column("unpaid", "振替不能(円)", "yen", summed=True),
        Column("left", "結果待ち(円)", "yen", summed=True),
        Column("why", "取り下げた理由", hidden=True),
        Column("digest", "ファイルの SHA-256", hidden=True),
    ]
    listing = table(
        desk, _requests(desk), columns, key="number", name="debits",
        url=lambda row: desk.link(f"debits/{row['number']}"),
        filters=[Choice("state_name", "状態"), Choice("collector", "収納機関")],
        find=["number", "collector", "amount"], sort="-number",
        empty=Empty("まだ口座振替を依頼していません。", "依頼を作る", desk.link("debits/new")),
    )  # fmt: skip
    if isinstance(listing, HttpResponse):
        return listing
    known = collecting.collectors(desk.session).with_columns(kind_name=pl.col("kind").replace_strict(KINDS))
    settling = known.filter(pl.col("kind") != "debit").to_dicts()
    return {"table": listing, "collectors": known.to_dicts(), "settling": settling, "mandates": _mandates(desk)}


def _requests(desk: Desk) -> pl.DataFrame:
    """The requests with the collector's name, their state in words and the reference of what was collected."""
    names = collecting.collectors(desk.session).select("collector_id", collector="name")
    paid = collecting.collections(desk.session, "request_id IS NOT NULL").select("request_id", "collection_id")
    found = collecting.requests(desk.session).join(names, on="collector_id", how="left", maintain_order="left")
    number = pl.concat_str(pl.lit("collection-"), (pl.col("collection_id") - desk.session.low).cast(pl.String))
    return found.join(paid, on="request_id", how="left", maintain_order="left").with_columns(
        number=pl.col("request_id") - desk.session.low,
        state_name=pl.col("state").replace_strict(STATES),
        ref=number,
    )


def _mandates(desk: Desk) -> dict[str, int]:
    """How many mandates stand, and how many were stopped."""
    every = collecting.mandates(desk.session)["stopped"]
    return {"standing": int((~every).sum()), "stopped": int(every.sum())}


@page("debit-new", "debits/new", permission="collecting.request", title="口座振替を依頼")
def new(desk: Desk) -> Shown:
    """What a request would ask for, and who is left out and why; nothing is made by looking."""
    debiting = collecting.collectors(desk.session).filter(pl.col("kind") == "debit")
    asked = {name: desk.ask(name) for name in ("collector", "on", "due")}
    shown: dict[str, Any] = {"collectors": debiting.to_dicts(), "asked": asked, "preview": None}
    if debiting.is_empty() or not (asked["collector"] and asked["on"]):
        return shown
    on = _day(asked["on"], desk.asof.today)
    due = _day(asked["due"], desk.asof.today) if asked["due"] else on
    mine = debiting.filter(pl.col("code") == asked["collector"])
    if mine.is_empty():
        raise Http404(asked["collector"])
    rows = collecting.askable(desk.session, mine["collector_id"][0], on, due)
    sums = rows.group_by("code", "name", "reason", "customer_no", maintain_order=True).agg(
        pl.col("balance").sum(), items=pl.len(), due_on=pl.col("due_on").min()
    )
    going, left = sums.filter(pl.col("reason") == ""), sums.filter(pl.col("reason") != "")
    return shown | {
        "asked": asked | {"on": on.isoformat(), "due": due.isoformat() if asked["due"] else ""},
        "preview": {
            "on": on, "due": due, "count": going.height, "amount": int(going["balance"].sum()),
            "rows": going.head(SHOWN).to_dicts(), "more": max(going.height - SHOWN, 0),
            "left": left.head(SHOWN).to_dicts(), "left_count": left.height, "left_amount": int(left["balance"].sum()),
            "left_more": max(left.height - SHOWN, 0), "made": _made(desk, mine["collector_id"][0], on),
        },
    }  # fmt: skip


def _made(desk: Desk, collector_id: int, on: date) -> int:
    """The number of the request that stands for that collector and day already; 0 where there is none."""
    same = (pl.col("collector_id") == collector_id) & (pl.col("debit_on") == on) & (pl.col("state") != "withdrawn")
    found = collecting.requests(desk.session).filter(same)["request_id"]
    return int(found[0]) - desk.session.low if found.len() else 0


def _day(typed: str, now: date) -> date:
    """The day however it is typed."""
    text = written.day(typed, now)
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Refusal("bad-date", f"「{text}」は日付ではありません。", "2026-05-27 の形で指定してください。") from None


@deed("debit-request", "debits/request", permission="collecting.request")
def request(doing: Deed) -> HttpResponse:
    """Make the request that was looked at."""
    now = today(doing.company.code)
    on, due = _day(doing.field("on"), now), doing.field("due")
    asked = door.request(
        doing.books, doing.field("collector"), on, due=_day(due, now) if due else None, user=doing.person.name
    )
    if not asked.file:
        raise Refusal("nothing-to-ask", "依頼する債権はありません。", "引落日と、依頼できないわけを確かめてください。")
    number, count, amount = (asked.figures[name] for name in ("request", "debits", "amount"))
    said = "を作りました" if asked.figures["new"] else "はもう作ってあります"
    return doing.done(
        f"振替依頼 {number}（{count:,}件 {amount:,}円）{said}。ファイルを収納機関に送ってください。", f"debits/{number}"
    )


@page("debit", "debits/<int:number>", permission="collecting.read", title="振替依頼")
def one(desk: Desk, number: int) -> Shown:
    """One request: its debits with what became of each, and what happens next with those that failed."""
    found = _requests(desk).filter(pl.col("number") == number)
    if found.is_empty():
        raise Http404(str(number))
    request_ = found.row(0, named=True)
    rows = collecting.named_debits(desk.session, request_["request_id"]).with_columns(
        state_name=pl.col("state").replace_strict(DEBITS), change_name=pl.col("change").replace_strict(CHANGES)
    )
    columns = [
        Column("customer_no", "顧客番号"),
        Column("name", "取引先", url=lambda row: desk.link(f"partners/{quoted(row['code'])}")),
        Column("amount", "依頼(円)", "yen", summed=True),
        Column("state_name", "結果", "state", tone=DEBIT_TONES),
        Column("reason", "わけ"),
        Column("next", "この後"),
        Column("change_name", "新規コード"),
        Column("code", "取引先コード", hidden=True),
        Column("bank", "銀行", hidden=True),
        Column("branch", "支店", hidden=True),
    ]
    listing = table(
        desk, rows, columns, key="debit_id", name=f"debit-{number}",
        filters=[Choice("state_name", "結果"), Choice("reason", "わけ")],
        find=["customer_no", "name", "code", "amount"], sort="",
    )  # fmt: skip
    if isinstance(listing, HttpResponse):
        return listing
    causes = rows.filter(pl.col("state") == "unpaid").group_by("reason", "next", maintain_order=True)
    return {
        "table": listing,
        "request_": request_,
        "file": f"{number}.txt",
        "proof": _proof(request_, rows),
        "causes": causes.agg(count=pl.len(), amount=pl.col("amount").sum()).sort("reason").to_dicts(),
        "page": {"title": f"振替依頼 {number}", "name": "debit"},
    }


def _proof(request_: dict[str, Any], rows: pl.DataFrame) -> dict[str, Any]:
    """依頼 = 振替済 + 振替不能 + 結果待ち (or 取り下げ): the request beside the sums of its debits by state."""
    sums = {state: int(rows.filter(pl.col("state") == state)["amount"].sum()) for state in DEBITS}
    told = (request_["paid"], request_["unpaid"], request_["left"])
    same = told == (sums["paid"], sums["unpaid"], sums["asked"]) and sum(sums.values()) == request_["amount"]
    return sums | {"holds": same}


@page("debit-file", "debits/<int:number>.txt", permission="collecting.request", title="振替依頼のファイル")
def file(desk: Desk, number: int) -> Shown:
    """The file of a request, as it was made."""
    found = collecting.requests(desk.session).filter(pl.col("request_id") == desk.session.low + number)
    if found.is_empty():
        raise Http404(str(number))
    name = f"debit-{found['debit_on'][0]}-{number}.txt"
    kept = collecting.file_of(desk.session, found["request_id"][0])
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(kept, content_type="application/octet-stream", headers=headers)


@deed("debit-withdraw", "debits/withdraw", permission="collecting.request")
def withdraw(doing: Deed) -> HttpResponse:
    """Withdraw a request that is not answered yet."""
    if not doing.field("number").isdigit():
        raise Http404(doing.field("number"))
    number = int(doing.field("number"))
    door.withdraw(doing.books, number, doing.field("why"), user=doing.person.name)
    return doing.done(f"振替依頼 {number} を取り下げました。その債権は、また依頼できます。", f"debits/{number}")


@deed("debit-result", "debits/result", permission="collecting.settle")
def result(doing: Deed) -> HttpResponse:
    """Take a result file: what was paid is settled, what was not stays open with its reason."""
    name, content = _sent(doing)
    fee, payout = doing.field("fee"), doing.field("payout_on")
    told = door.result(
        doing.books, content, name, fee=_yen(fee), payout_on=_day(payout, today(doing.company.code)) if payout else None,
        lenient=doing.field("lenient") == "1", user=doing.person.name,
    )  # fmt: skip
    if not told["debits"]:
        return doing.done("この結果は取り込み済みです。何も変わっていません。", "debits")
    failed = f"、振替不能 {told['unpaid']:,}件 {told['unpaid_amount']:,}円" if told["unpaid"] else ""
    return doing.done(f"振替済 {told['paid']:,}件 {told['amount']:,}円を消し込みました{failed}。", "debits")


@deed("settlement", "debits/settlement", permission="collecting.settle")
def settlement(doing: Deed) -> HttpResponse:
    """Take a settlement file of a card processor or a courier."""
    name, content = _sent(doing)
    found = read(raw(content, name), actions.SETTLEMENT)
    told = door.settle_sheet(doing.books, doing.field("collector"), found, user=doing.person.name)
    if not told["lines"]:
        return doing.done("新しい明細はありません。すべて取り込み済みです。", "debits")
    return doing.done(
        f"{told['lines']:,}件 {told['amount']:,}円を消し込みました（手数料 {told['fee']:,}円）。", "debits"
    )


def _sent(doing: Deed) -> tuple[str, bytes]:
    """The name and the bytes of the file that was sent."""
    sent = doing.request.FILES.get("file")
    if sent is None:
        raise Refusal("no-file", "ファイルが選ばれていません。", "ファイルを選んでください。")
    return (sent.name or "file")[-200:], sent.read()


def _yen(typed: str) -> int:
    """The amount however it is typed; nothing is zero."""
    text = written.number(typed) if typed else "0"
    plain = text.replace(",", "")
    if not plain.isdigit():
        raise Refusal("bad-amount", f"「{typed}」の金額が使えません。", "0 以上の整数で指定してください。")
    return int(plain)
