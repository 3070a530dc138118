"""Events from a file: what happens to contracts after their start, each taken once."""

from __future__ import annotations

from typing import Final

import polars as pl

from urikake.base import facts, runs
from urikake.base.access import action
from urikake.base.bulk import INSTANT, Session
from urikake.core import cells, timeline
from urikake.rooms.catalog.queries import products, version_ids
from urikake.rooms.intake.actions import record_file
from urikake.rooms.intake.queries import LINE as AT
from urikake.rooms.intake.queries import Column, Kind, Sheet, options
from urikake.rooms.parties import queries as parties

from .. import queries
from ..models import Event, Line
from . import commitments, corrections, deposits, discounts, effects, together
from .agree import _terms_ids
from .renew import renew_upto

TYPES: Final = (
    "change_plan change_quantity change_price add_option remove_option renew decline_renewal cancel withdraw "
    "discount change_start suspend resume change_bill_to correct"
).split()
EVENTS: Final = Kind(
    "events",
    (
        Column("contract_no", "契約番号", required=True),
        Column("effective", "適用日", cells.day),
        Column("last_day", "最終利用日", cells.day),
        options("type", "変更種別", *TYPES, required=True),
        Column("line", "明細商品コード"),
        Column("product", "商品コード"),
        Column("quantity", "数量", cells.micro),
        Column("unit_price", "単価", cells.micro),
        Column("discount", "値引"),
        Column("discount_months", "値引月数", cells.amount, why=discounts.MONTHS),
        Column("bill_to", "請求先コード"),
        Column("reason", "理由"),
        Column("event_id", "変更ID"),
        Column("recorded_at", "登録日時", cells.instant),
    ),
)
ON_A_LINE: Final = ("change_plan", "change_quantity", "change_price", "remove_option")
MAKING: Final = ("add_option", "change_plan")
"""What puts a product on a contract that it did not have, for later rows to name."""
ON_ANY: Final = ("cancel", "discount", "suspend", "resume", "change_start")
"""What may name a line, and else is about the whole contract."""
TAKES: Final = ("withdraw", "correct")
"""What takes the place of an event that it names."""
IDENTITY: Final = [
    "contract_no", "type", "effective", "line", "product", "quantity", "unit_price", "discount", "discount_months", "reason",
]  # fmt: skip


@action("contracts.change")
def import_events(session: Session, *, sheet: Sheet) -> int:
    """Take the events of the sheet and return how many are new; refused whole if any row is wrong.

    An event that is already there (same ``event_id``, or the same words) is passed over; the same id with other words
    is refused.
    """
    _check_cells(sheet)
    _check_names(session, sheet)
    rows = _prepared(session, sheet.sift())
    rows = _fresh(session, sheet, rows)
    if rows.height:
        rows = _placed(session, sheet, rows)
    sheet.accept()
    if rows.is_empty():
        return 0
    facts.record(session, Event, rows)
    together.changed(session, sheet, rows)
    sheet.accept()
    record_file(session, sheet=sheet)
    return rows.height


def _check_cells(sheet: Sheet) -> None:
    """Note what is wrong with single rows."""
    kind = pl.col("type")
    discounts.check(sheet)
    other = pl.col("discount").is_not_null() & ~kind.is_in(["discount", "correct"])
    sheet.check(other, "discount", "値引は discount だけに書けます")
    leaving = kind.is_in(["cancel", "remove_option", "correct"])
    sheet.check(
        pl.col("last_day").is_not_null() & ~leaving, "last_day", "最終利用日は cancel と remove_option だけに書けます"
    )
    both = pl.col("last_day").is_not_null() & pl.col("effective").is_not_null()
    sheet.check(both, "last_day", "適用日と最終利用日はどちらか一方だけを書いてください")
    sheet.check(pl.col("effective").is_null() & pl.col("last_day").is_null(), "effective", "必須です")
    needs = {
        "change_plan": "product",
        "add_option": "product",
        "change_quantity": "quantity",
        "change_price": "unit_price",
        "discount": "discount",
        "change_bill_to": "bill_to",
    }
    for name, column in needs.items():
        sheet.check((kind == name) & pl.col(column).is_null(), column, f"{name} には必須です")
    payer = pl.col("bill_to").is_not_null()
    sheet.check(payer & ~kind.is_in(["change_bill_to", "correct"]), "bill_to", "請求先は change_bill_to だけに書けます")
    whole = (kind == "change_bill_to") & pl.col("line").is_not_null()
    sheet.check(whole, "line", "請求先は契約ごとに変えます。明細商品コードは書けません")
    sheet.check(pl.col("quantity") < 0, "quantity", "0 以上で書いてください")
    sheet.check(pl.col("unit_price") < 0, "unit_price", "0 以上で書いてください")


def _check_names(session: Session, sheet: Sheet) -> None:
    """Note the contracts and products that there are not."""
    known = queries.contracts(session)
    sheet.check(~pl.col("contract_no").is_in(known["contract_no"].implode()), "contract_no", "この契約はありません")
    codes = products(session)["product"].implode()
    sheet.check(~pl.col("product").is_in(codes), "product", "この商品はありません")
    sheet.check(~pl.col("line").is_in(codes), "line", "この商品はありません")
    partners = parties.codes(session).join(parties.payers(session).select("partner_id", "bill_to_id"), on="partner_id")
    sheet.check(~pl.col("bill_to").is_in(partners["code"].implode()), "bill_to", "この取引先はありません")
    handed_on = partners.filter(pl.col("partner_id") != pl.col("bill_to_id"))["code"]
    beyond = "この取引先は別の請求先を持っています（循環・多段はできません）。その請求先を書いてください"
    sheet.check(pl.col("bill_to").is_in(handed_on.implode()), "bill_to", beyond)


def _prepared(session: Session, good: pl.DataFrame) -> pl.DataFrame:
    """The rows with their contracts, products, prices, and the words that tell two events apart."""
    taking = pl.col("type").is_in(TAKES)  # its event_id names the event that it takes the place of
    frame = good.with_columns(
        effective=pl.coalesce("effective", pl.col("last_day").dt.offset_by("1d")),
        kind="type",
        reason=pl.col("reason").fill_null(""),
        event_code=pl.when(taking).then(pl.lit("")).otherwise(pl.col("event_id").fill_null("")),
        target_code=pl.when(taking).then(pl.col("event_id").fill_null("")).otherwise(pl.lit("")),
    )
    version = version_ids(session, frame["product"], frame["effective"])
    price = pl.DataFrame({"product_id": version}).join(
        products(session).select("product_id", "unit_price_micro"), on="product_id", how="left", maintain_order="left"
    )["unit_price_micro"]
    words = [pl.col(name).cast(pl.String).fill_null("") for name in IDENTITY]
    payer = pl.when(pl.col("bill_to").is_null()).then(pl.lit("")).otherwise(pl.lit("|") + pl.col("bill_to"))
    partners = parties.codes(session).select(bill_to="code", bill_to_id="partner_id")
    taken = frame.with_columns(
        product_id=version,
        unit_price_micro=pl.coalesce("unit_price", pl.Series(price)),
        quantity_micro="quantity",
        effective_on="effective",
        discount_rate=discounts.rate(),
        discount_cut=discounts.cut(),
        content=pl.concat_str(*words, "target_code", separator="|") + payer,
        recorded_at=pl.col("recorded_at").fill_null(pl.lit(runs.instant(session), dtype=INSTANT)),
    )
    named = taken.join(queries.contracts(session), on="contract_no", how="left", maintain_order="left")
    return named.join(partners, on="bill_to", how="left", maintain_order="left")


def _fresh(session: Session, sheet: Sheet, rows: pl.DataFrame) -> pl.DataFrame:
    """The rows that are not there yet; the same id with other words is noted."""
    there = session.rows("contracts_event", "id, event_code, content").select("event_code", "content")
    given = pl.col("event_code") != ""
    own = rows.select("event_code", "content").filter(given).unique()
    every = pl.concat([there.filter(given), own]).unique()
    clash = every.filter(pl.col("event_code").is_duplicated())["event_code"].unique()
    why = "この変更IDは別の内容で使われています（登録済みの内容と、この行の内容が違います）"
    bad = pl.col("event_id").is_in(clash.implode()) & ~pl.col("type").is_in(TAKES)
    sheet.check(bad, "event_id", why)
    keys = ["event_code", "content"]
    fresh = rows.unique(keys, keep="first", maintain_order=True)
    return sheet.sift(fresh.join(there, on=keys, how="anti", maintain_order="left"))


def _placed(session: Session, sheet: Sheet, rows: pl.DataFrame) -> pl.DataFrame:
    """The rows with the line each changes (``line_id``), the end of a renewal or discount, and what is withdrawn or corrected."""
    rows = corrections.placed(session, sheet, rows)
    reached = rows.filter(~pl.col("kind").is_in(["decline_renewal", "withdraw", "renew", "change_start"]))
    renew_upto(session, reached=reached.select("contract_id", day=pl.col("effective_on").dt.offset_by("-1d")))
    rows = _begun(session, sheet, rows)
    added = _add_lines(session, sheet, rows.filter(pl.col("kind") == "add_option"))
    rows = _on_lines(session, sheet, sheet.sift(rows)).join(added, on=AT, how="left", maintain_order="left")
    rows = rows.with_columns(line_id=pl.coalesce("new_line_id", "line_id")).drop("new_line_id")
    commitments.check_changes(session, sheet, rows)
    deposits.check_changes(session, sheet, rows)
    renew = pl.col("kind") == "renew"
    sheet.frame = rows
    sheet.check(renew & pl.col("months").is_null(), "type", "自動更新の月数がない契約は renew できません")
    carried = timeline.carried(pl.col("effective_on"), pl.col("first_on"), pl.col("months"))
    targets = _targets(session, sheet, rows)
    rows = sheet.sift(rows).join(targets, on=AT, how="left", maintain_order="left")
    rows = rows.with_columns(target_id=pl.coalesce("corrects_id", "target_id"))
    rows = effects.checked(session, sheet, rows.with_columns(until_on=pl.when(renew).then(carried)))
    return discounts.ending(session, sheet, rows)


def _begun(session: Session, sheet: Sheet, rows: pl.DataFrame) -> pl.DataFrame:
    """The rows with the start of their contract (``first_on``) and its renewal's ``months``; none may come before it."""
    lines, _ = queries.folded(session)
    named = lines.join(queries.terms(session).select("contract_terms_id", "auto_renew"), on="contract_terms_id")
    first = named.unique("contract_id", keep="first").select("contract_id", first_on="start_on", months="auto_renew")
    served = lines.filter(~pl.col("leaving")).group_by("contract_id")
    last = served.agg(over_on=pl.when(pl.col("end_on").null_count() == 0).then(pl.col("end_on").max()))
    first = first.join(last, on="contract_id", how="left")
    rows = rows.join(first, on="contract_id", how="left", maintain_order="left")
    sheet.frame = rows
    early = (pl.col("effective_on") < pl.col("first_on")) & (pl.col("kind") != "change_start")
    effects.check_day(sheet, early, pl.format("契約の開始日 {} より前です", "first_on"))
    withdrawn = rows.filter(pl.col("kind") == "withdraw")["contract_id"].implode()
    ended = (pl.col("effective_on") == pl.col("over_on")) & pl.col("months").is_null() & (pl.col("kind") != "cancel")
    late = ((pl.col("effective_on") > pl.col("over_on")) | ended) & pl.col("corrects_id").is_null()
    elsewhere = ["withdraw", "renew", "change_start", *effects.CHECKED]  # these are judged by line
    late = late & ~pl.col("kind").is_in(elsewhere) & ~pl.col("contract_id").is_in(withdrawn)
    moved = (pl.col("kind") == "change_start") & (pl.col("effective_on") >= pl.col("over_on"))
    late = late | (moved & pl.col("corrects_id").is_null() & ~pl.col("contract_id").is_in(withdrawn))
    over = "契約は {} に終わっています。それまでの日にするか、先に解約を取り消してください"
    effects.check_day(sheet, late, pl.format(over, pl.col("over_on").dt.offset_by("-1d")))
    return sheet.sift()


def _on_lines(session: Session, sheet: Sheet, rows: pl.DataFrame) -> pl.DataFrame:
    """The rows with ``line_id``: the line that bears the named product just before the change takes hold.

    Rows of one file may build on each other (a plan changed twice, an option added and then changed), so that rows are
    placed in rounds, those of earlier days first, until no more can be.
    """
    lines, found = queries.folded(session)
    needed = pl.col("kind").is_in(ON_A_LINE) | (pl.col("kind").is_in(ON_ANY) & pl.col("line").is_not_null())
    needed = needed & pl.col("line_id").is_null()
    todo, done = rows.filter(needed).drop("line_id").sort("effective_on", maintain_order=True), []
    code = products(session).select("product_id", on_line="product")
    while todo.height:
        turn = todo.unique("contract_id", keep="first", maintain_order=True)
        todo = todo.join(turn.select(AT), on=AT, how="anti", maintain_order="left")
        held = timeline.segments(lines, found).join(lines.select("line_id", "contract_id"), on="line_id")
        held = held.join(code, on="product_id")
        waiting = pl.col("kind").is_in(["resume", "change_start"])  # the line need not be in force on the day
        hits = turn.join(held.select("contract_id", "line_id", "on_line", "from_on", "to_on"), on="contract_id").filter(
            (pl.col("line").is_null() | (pl.col("on_line") == pl.col("line")))
            & ((pl.col("from_on") <= pl.col("effective_on")) | (pl.col("kind") == "change_start"))
            & (waiting | pl.col("to_on").is_null() | (pl.col("effective_on") <= pl.col("to_on")))
        )
        hits = hits.sort("from_on").unique([AT, "line_id"], keep="last", maintain_order=True)
        counted = hits.group_by(AT).agg(pl.col("line_id").first(), hits=pl.len())
        placed = turn.join(counted, on=AT, how="left", maintain_order="left")
        placed = _hit(sheet, placed)
        done.append(placed.drop("hits"))
        found = pl.concat([found, _as_events(placed, found)])
    kept = rows.filter(~needed)
    return pl.concat([kept, *[part.select(kept.columns) for part in done]]).sort(AT)


def _hit(sheet: Sheet, placed: pl.DataFrame) -> pl.DataFrame:
    """The rows that hit one line; the others are noted, but where the line may be missing for another row's fault alone."""
    making = sheet.lost().filter(pl.col("type").is_in(MAKING))
    names = ["contract_no", "line"]
    made = making.select("contract_no", line="product", excused=pl.lit(True)).unique()
    sheet.frame = placed.join(made, on=names, how="left", maintain_order="left")
    none = pl.col("hits").is_null()
    why = "適用日にこの商品の明細がありません（開始前・終了後・商品違い）"
    sheet.check(none & pl.col("excused").is_null(), "line", why)
    sheet.check(
        pl.col("hits") > 1, "line", "適用日に当てはまる明細が二つ以上あります。明細商品コードで一つに決めてください"
    )
    return sheet.sift(placed).filter(~none)


def _as_events(placed: pl.DataFrame, like: pl.DataFrame) -> pl.DataFrame:
    """Placed rows in the shape of recorded events, so that later rows of the file see them."""
    top = like["event_id"].max()
    numbered = placed.with_columns(event_id=pl.int_range(pl.len(), dtype=pl.Int64) + (int(str(top)) if top else 0) + 1)
    missing = [pl.lit(None, dtype=like.schema[n]).alias(n) for n in like.columns if n not in numbered.columns]
    return numbered.with_columns(missing).select(pl.col(name).cast(dtype) for name, dtype in like.schema.items())


def _targets(session: Session, sheet: Sheet, rows: pl.DataFrame) -> pl.DataFrame:
    """The event that each withdrawal takes back: by its id, else the only one of the contract on that day."""
    taking = rows.filter(pl.col("kind") == "withdraw").select(
        AT, "contract_id", "target_code", "effective_on", "recorded_at"
    )
    standing = corrections.named(session)
    by_id = taking.filter(pl.col("target_code") != "").join(
        standing, left_on=["contract_id", "target_code"], right_on=["contract_id", "code"], suffix="_found"
    )
    by_day = taking.filter(pl.col("target_code") == "").join(
        standing, left_on=["contract_id", "effective_on"], right_on=["contract_id", "day"], suffix="_found"
    )
    hits = pl.concat([by_id.select(AT, "event_id", on="day"), by_day.select(AT, "event_id", on="effective_on")])
    counted = hits.group_by(AT).agg(target_id=pl.col("event_id").first(), on=pl.col("on").first(), hits=pl.len())
    sheet.frame = taking.join(counted, on=AT, how="left", maintain_order="left").join(
        rows.select(AT, "effective", "event_id"), on=AT
    )
    lacking = "取り消す予約が見つかりません（変更ID か適用日を確かめてください）"
    given = pl.col("target_code") != ""
    sheet.check(pl.col("hits").is_null() & given, "event_id", lacking)
    sheet.check(pl.col("hits").is_null() & ~given, "effective", lacking)
    sheet.check(pl.col("hits") > 1, "effective", "この日の予約が二つ以上あります。変更ID で指定してください")
    known_day = pl.col("recorded_at").dt.convert_time_zone("Asia/Tokyo").dt.date()
    sheet.check(
        pl.col("on") <= known_day, "effective", "適用日を過ぎた変更は取り消せません。新しい変更を登録してください"
    )
    return counted.select(AT, "target_id")


def _add_lines(session: Session, sheet: Sheet, rows: pl.DataFrame) -> pl.DataFrame:
    """New lines for added options, under the contract's cycle, timing, dimensions and term; ``line`` → ``new_line_id``."""
    if rows.is_empty():
        return pl.DataFrame(schema={AT: pl.Int64, "new_line_id": pl.Int64})
    lines, _ = queries.folded(session)
    rows = _once(session, sheet, rows)
    named = lines.join(queries.terms(session), on="contract_terms_id", maintain_order="left")
    first = named.unique("contract_id", keep="first", maintain_order=True)
    top = lines.group_by("contract_id").agg(top=pl.col("position").max())
    inherited = first.join(top, on="contract_id").select(
        "contract_id",
        "dimension_id",
        "top",
        *queries.TERMS.split(", "),
        end_on="term_end_on",
        start="start_on",
    )
    added = rows.select(
        AT, "contract_id", "product_id", "quantity_micro", "unit_price_micro", "effective_on", "recorded_at"
    )
    added = _in_its_term(session, added.join(inherited, on="contract_id", maintain_order="left")).with_columns(
        start_on="effective_on",
        quantity_micro=pl.col("quantity_micro").fill_null(1_000_000),
        anchor_on=pl.coalesce("anchor_on", "start"),
        position=pl.col("top") + 1 + pl.int_range(pl.len()).over("contract_id"),
        leaving=pl.lit(False),
    )
    made = facts.record(session, Line, added.with_columns(contract_terms_id=_terms_ids(session, added)))
    return pl.DataFrame({AT: added[AT], "new_line_id": made["id"]})


def _once(session: Session, sheet: Sheet, rows: pl.DataFrame) -> pl.DataFrame:
    """The options whose product the contract does not have; of the others no later change could say which line it means."""
    lines, found = queries.folded(session)
    held = timeline.segments(lines, found).join(lines.select("line_id", "contract_id"), on="line_id")
    code = products(session).select("product_id", on_line="product")
    there = held.join(code, on="product_id").select("contract_id", "on_line", "from_on", "to_on")
    asked = rows.select(AT, "contract_id", "effective_on", "product")
    beside = asked.join(there, left_on=["contract_id", "product"], right_on=["contract_id", "on_line"])
    twice = beside.filter(pl.col("to_on").is_null() | (pl.col("effective_on") < pl.col("to_on")))[AT]
    same = asked.filter(pl.struct("contract_id", "product").is_duplicated())[AT]
    sheet.frame = rows
    why = "この契約には、この商品の明細が既にあります。数量を変える（change_quantity）か、別の商品コードにしてください"
    sheet.check(pl.col(AT).is_in(pl.concat([twice, same]).implode()), "product", why)
    return sheet.sift()


def _in_its_term(session: Session, added: pl.DataFrame) -> pl.DataFrame:
    """The options, each ending with the term of the contract in which it begins; so it renews with it, whenever it is told."""
    lines, found = queries.folded(session)
    first = lines.unique("contract_id", keep="first", maintain_order=True)
    renewed = found.filter(pl.col("kind") == "renew").select("line_id", bound_on="until_on")
    bounds = pl.concat([first.select("line_id", bound_on="first_end_on"), renewed.select("line_id", "bound_on")])
    bounds = bounds.join(first.select("line_id", "contract_id"), on="line_id").drop("line_id")
    inside = added.select(AT, "contract_id", "effective_on").join(bounds, on="contract_id")
    ends = inside.filter(pl.col("bound_on") > pl.col("effective_on")).group_by(AT).agg(pl.col("bound_on").min())
    joined = added.join(ends, on=AT, how="left", maintain_order="left")
    return joined.with_columns(end_on=pl.coalesce("bound_on", "end_on")).drop("bound_on")
