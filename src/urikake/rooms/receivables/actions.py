"""The pen of receivables: items raised from invoices, slips and openings, and moved by settlements."""

from __future__ import annotations

from typing import Final

import polars as pl

from urikake.base import company, facts, periods
from urikake.base.access import action
from urikake.base.bulk import Session
from urikake.base.errors import Refusal
from urikake.core import cells, tax, terms
from urikake.core.money import Rounding
from urikake.rooms.catalog.actions import TAXES
from urikake.rooms.catalog.queries import DEPOSITS
from urikake.rooms.intake.actions import record_file
from urikake.rooms.intake.queries import Column, Kind, Sheet, options
from urikake.rooms.invoices.actions import Issued
from urikake.rooms.parties import queries as parties
from urikake.rooms.parties.actions import METHODS

from . import queries
from .models import Item, Movement, Slip

SLIPS: Final = Kind(
    "receivables",
    (
        Column("slip_no", "伝票番号", required=True),
        Column("partner", "取引先コード", required=True),
        Column("date", "計上日", cells.day, required=True),
        Column("account", "債権科目", required=True),
        Column("credit_account", "相手科目", required=True),
        Column("amount", "金額", cells.amount, required=True),
        options("tax", "税区分", *TAXES),
        Column("due", "回収予定日", cells.day),
        options("method", "回収手段", *METHODS),
        Column("order_no", "受注番号"),
        Column("group", "グループ"),
        Column("description", "摘要"),
        Column("maker", "起票者"),
    ),
)
OPENINGS: Final = Kind(
    "openings",
    (
        Column("partner", "取引先コード", required=True),
        Column("invoice_no", "請求書番号", required=True),
        Column("invoice_date", "請求日", cells.day, required=True),
        Column("due", "回収予定日", cells.day, required=True),
        Column("balance", "残高", cells.amount, required=True),
        Column("currency", "通貨"),
        Column("order_no", "受注番号"),
        Column("group", "グループ"),
    ),
)


@action("receivables.post")
def raise_items(session: Session, *, issued: Issued) -> pl.DataFrame:
    """Raise the items of issued invoices and return them: one per order, group, tax rate and due part."""
    if issued.invoices.is_empty():
        return queries.items(session, "1 = 0")
    profile = parties.payers(session)
    heads = issued.invoices.drop("tax_unit").join(profile.drop("code"), on="partner_id", maintain_order="left")
    if heads["collection_terms_id"].null_count() < heads.height:
        heads = _paid_apart(session, heads)
    columns = ["closing_on", "payment_months", "payment_day", "holiday_shift", "method", "split"]
    asked = heads.select(*columns, key="invoice_id", amount="total", payment_days=pl.lit(None, dtype=pl.Int64))
    dues = terms.dues(asked, parties.holidays(session).drop("name")).rename(
        {"key": "invoice_id", "amount": "due_amount"}
    )
    rows = queries.rows_of(issued.lines)
    cells_ = queries.split_over(rows, dues).filter(pl.col("gross") != 0)
    named = heads.select("invoice_id", "partner_id", account_id="receivable_account_id", posted_on="issue_on")
    items = cells_.join(named, on="invoice_id", maintain_order="left")
    made = facts.record(session, Item, items.with_columns(source=pl.lit("invoice"), source_id="invoice_id"))
    _open(session, made)
    return made.rename({"id": "item_id"})


def _paid_apart(session: Session, heads: pl.DataFrame) -> pl.DataFrame:
    """The invoices with the collection terms that they have of their own in place of the partner's."""
    names = ["payment_months", "payment_day", "holiday_shift", "method", "split"]
    own = parties.terms(session).select(*names, collection_terms_id="terms_id")
    both = heads.join(own, on="collection_terms_id", how="left", maintain_order="left", suffix="_own")
    return both.with_columns(pl.coalesce(f"{name}_own", name).alias(name) for name in names)


@action("receivables.post")
def raise_mirrored(session: Session, *, issued: Issued, original_id: int) -> pl.DataFrame:
    """Raise the mirror images of a document's items for the one that takes it back, settle both as far as the old are open.

    Returns the items raised. What had been paid of the old ones stays as a credit on the new.
    """
    head = issued.invoices.row(0, named=True)
    old = queries.items(session, "source = 'invoice' AND source_id = ?", (original_id,))
    mirrored = old.with_columns(
        net=-pl.col("net"),
        gross=-pl.col("gross"),
        posted_on=pl.lit(head["issue_on"]),
        source_id=pl.lit(head["invoice_id"], dtype=pl.Int64),
    ).drop("item_id")
    made = facts.record(session, Item, mirrored).rename({"id": "item_id"})
    _open(session, made.rename({"item_id": "id"}))
    standing = queries.standing(session, pl.concat([old["item_id"], made["item_id"]]))
    open_ = old.select("item_id", new_id=made["item_id"]).join(standing, on="item_id").filter(pl.col("balance") != 0)
    steps = [open_.select("item_id", moved=-pl.col("balance")), open_.select(item_id="new_id", moved="balance")]
    moves = pl.concat(steps).sort("item_id")
    if moves.height:
        source = pl.lit(head["invoice_id"], dtype=pl.Int64)
        told = moves.with_columns(kind=pl.lit("cancelled"), moved_on=pl.lit(head["issue_on"]), source_id=source)
        move(session, moves=told, known=standing)
    return made


@action("receivables.post")
def raise_collected(session: Session, *, owed: pl.DataFrame) -> pl.DataFrame:
    """Raise what collectors owe (収納代行の未収入金) and return the items: one a collection.

    ``owed`` has ``source_id`` (the collection), ``partner_id`` (the collector), ``gross``, ``posted_on``, ``due_on``. The money is
    no sale's any more, so it bears no tax and no dimension; it arrives by transfer.
    """
    blank = ["order_no", "group_code", "management_group", "project", "department"]
    rows = owed.filter(pl.col("gross") != 0)
    items = rows.with_columns(
        source=pl.lit("collection"),
        account_id=pl.lit(company.account_id(session, "未収入金"), dtype=pl.Int64),
        dimension_id=company.dimension_ids(session, rows.with_columns(pl.lit("").alias(name) for name in blank)),
        tax=pl.lit("out_of_scope"),
        net="gross",
        method=pl.lit("transfer"),
    )
    made = facts.record(session, Item, items)
    _open(session, made)
    return made.rename({"id": "item_id"})


def _open(session: Session, made: pl.DataFrame) -> None:
    """Add the items to the projection of open balances."""
    session.driver.write("receivables_open", made.select(item_id="id", balance="gross"))


@action("matching.apply")
def move(session: Session, *, moves: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """Record movements (``item_id, kind, moved, moved_on, source_id``) and return them; refused beyond the balance.

    ``known`` has the items as they stand in this transaction: ``item_id``, ``gross``, ``balance`` (null once settled).
    """
    sums = moves.group_by("item_id").agg(pl.col("moved").sum()).sort("item_id")
    after = sums.join(known.select("item_id", "gross", was="balance"), on="item_id", how="left", maintain_order="left")
    after = after.with_columns(balance=pl.col("was").fill_null(0) + pl.col("moved"))
    high, low = pl.max_horizontal("gross", pl.lit(0)), pl.min_horizontal("gross", pl.lit(0))
    if after["gross"].null_count() or after.filter((pl.col("balance") > high) | (pl.col("balance") < low)).height:
        raise Refusal(
            "over-applied", "債権明細の残高を超えて消し込もうとしています。", "残高を確かめて、やり直してください。"
        )
    made = facts.record(session, Movement, moves)
    session.defer(lambda: _restate(session, after))
    return made


def _restate(session: Session, after: pl.DataFrame) -> None:
    """Bring the projection of open balances to what it is after the movements."""
    session.remove("receivables_open", "item_id", after.filter(pl.col("was").is_not_null())["item_id"])
    left = after.filter(pl.col("balance") != 0).select("item_id", "balance").sort("item_id")
    if left.height:
        session.driver.write("receivables_open", left)


@action("receivables.enter")
def import_slips(session: Session, *, sheet: Sheet) -> int:
    """Take manual slips (債権伝票); they wait for another person's approval. Return how many are new."""
    known = queries.slips(session).filter(~pl.col("opening"))
    _check(session, sheet, "slip_no")
    _check_closed(session, sheet, known)
    chart = company.accounts(session)["name"].to_list()
    for name in ("account", "credit_account"):
        sheet.check(~pl.col(name).is_in(chart), name, "科目表にない科目です")
        own = "預り保証金は、預り保証金の商品の請求だけで動く科目です。契約の明細で請求してください"
        sheet.check(pl.col(name) == DEPOSITS, name, own)
    sheet.check(pl.col("amount") == 0, "amount", "0 円の伝票は登録できません")
    good = sheet.sift()
    account = dict(company.accounts(session).select("name", "id").iter_rows())
    profile = parties.profiles(session, "terms_id").join(parties.terms(session), on="terms_id")
    rows = _common(session, good, "date").with_columns(
        slip_no="slip_no",
        account_id=pl.col("account").replace_strict(account, return_dtype=pl.Int64),
        credit_account_id=pl.col("credit_account").replace_strict(account, return_dtype=pl.Int64),
        gross="amount",
        tax=pl.col("tax").fill_null("out_of_scope"),
        description=pl.col("description").fill_null(""),
        maker=pl.col("maker").fill_null(session.user),
        opening=pl.lit(False),
    )
    rows = rows.with_columns(due_on=pl.coalesce("due", _default_due(session, rows, profile)))
    rows = rows.with_columns(method=pl.coalesce("method", _default_method(rows, profile)))
    count = _keep(session, sheet, rows, known, "slip_no")
    if count and not company.policies(session).needs_second_person("receivables"):
        post_slips(session, slips=queries.slips(session).tail(count))
    return count


def _default_due(session: Session, rows: pl.DataFrame, profile: pl.DataFrame) -> pl.Series:
    """The due day by the partner's terms, of the first closing on or after the slip's date."""
    joined = rows.select("partner_id", "posted_on", amount="gross").join(
        profile, on="partner_id", how="left", maintain_order="left"
    )
    asked = joined.with_columns(timing=pl.lit("current"), from_on="posted_on", to_on="posted_on")
    closing = joined.with_columns(
        key=pl.int_range(pl.len(), dtype=pl.Int64),
        closing_on=terms.bill_on(asked),
        payment_days=pl.lit(None, dtype=pl.Int64),
        split=pl.lit(""),
    )
    return terms.dues(closing, parties.holidays(session).drop("name")).sort("key")["due_on"]


def _default_method(rows: pl.DataFrame, profile: pl.DataFrame) -> pl.Series:
    return rows.select("partner_id").join(
        profile.select("partner_id", "method"), on="partner_id", how="left", maintain_order="left"
    )["method"]


@action("receivables.enter")
def import_openings(session: Session, *, sheet: Sheet) -> int:
    """Take opening balances (移行残高) and raise their items against 期首残高; return how many are new."""
    known = queries.slips(session).filter("opening")
    _check(session, sheet, "invoice_no")
    sheet.check(pl.col("balance") == 0, "balance", "0 円の残高は登録できません")
    sheet.check(
        pl.col("currency").is_not_null() & (pl.col("currency") != "JPY"),
        "currency",
        "この版で使える通貨は JPY だけです",
    )
    good = sheet.sift()
    profile = parties.profiles(session, "terms_id, receivable_account_id").join(parties.terms(session), on="terms_id")
    rows = _common(session, good, "invoice_date").join(
        profile.select("partner_id", "method", account_id="receivable_account_id"),
        on="partner_id",
        maintain_order="left",
    )
    credit = company.account_id(session, "期首残高")
    rows = rows.with_columns(
        slip_no="invoice_no",
        credit_account_id=pl.lit(credit, dtype=pl.Int64),
        gross="balance",
        due_on="due",
        tax=pl.lit("out_of_scope"),
        description=pl.lit("移行残高"),
        maker=pl.lit(session.user),
        opening=pl.lit(True),
    )
    count = _keep(session, sheet, rows, known, "slip_no")
    if count:
        post_slips(session, slips=queries.slips(session).tail(count))
    return count


def _check(session: Session, sheet: Sheet, key: str) -> None:
    codes = parties.codes(session)["code"].implode()
    sheet.check(~pl.col("partner").is_in(codes), "partner", "この取引先はありません")
    sheet.check(pl.col(key).is_duplicated() & pl.col(key).is_not_null(), key, "同じ番号の行が二つあります")


def _check_closed(session: Session, sheet: Sheet, known: pl.DataFrame) -> None:
    """Note slips of months that are closed; one that is there already was taken before they were."""
    dates = sheet.frame["date"].drop_nulls().unique()
    closed = [day for day in dates if not periods.is_open(session, day)]
    fresh = ~pl.col("slip_no").is_in(known["slip_no"].implode())
    sheet.check(pl.col("date").is_in(closed) & fresh, "date", "締め済みの月です")


def _common(session: Session, frame: pl.DataFrame, day: str) -> pl.DataFrame:
    """The rows with partner, dimensions and posting day."""
    partner = dict(parties.codes(session).select("code", "partner_id").iter_rows())
    blank = [pl.lit("").alias(name) for name in ("management_group", "project", "department")]
    wanted = frame.select(pl.col("order_no").fill_null(""), pl.col("group").fill_null("").alias("group_code"), *blank)
    return frame.with_columns(
        partner_id=pl.col("partner").replace_strict(partner, return_dtype=pl.Int64),
        dimension_id=company.dimension_ids(session, wanted),
        posted_on=pl.col(day),
    )


def _keep(session: Session, sheet: Sheet, rows: pl.DataFrame, known: pl.DataFrame, key: str) -> int:
    """Record the slips that are not there yet; the same number with other content is refused."""
    words = [
        "slip_no",
        "partner_id",
        "posted_on",
        "due_on",
        "account_id",
        "credit_account_id",
        "gross",
        "tax",
        "method",
    ]
    again = rows.join(known, on=key, how="semi")
    other = again.join(known, on=words, how="anti")[key]
    named = "slip_no" if "slip_no" in sheet.frame.columns else "invoice_no"
    sheet.check(pl.col(named).is_in(other.implode()), named, "この番号は別の内容で登録済みです")
    sheet.accept()
    fresh = rows.join(known, on=key, how="anti", maintain_order="left")
    if fresh.height:
        facts.record(session, Slip, fresh)
        record_file(session, sheet=sheet)
    return fresh.height


@action("receivables.approve")
def approve_slips(session: Session, *, numbers: list[str]) -> pl.DataFrame:
    """Approve slips by number and raise their items; refused for one's own slips and for what does not wait."""
    waiting = queries.waiting_slips(session)
    chosen = waiting.filter(pl.col("slip_no").is_in(numbers))
    missing = sorted(set(numbers) - set(chosen["slip_no"]))
    if missing:
        raise Refusal(
            "not-waiting", f"伝票 {'、'.join(missing)} は承認待ちではありません。", "伝票番号を確かめてください。"
        )
    makers = session.read("SELECT id, actor FROM base_run WHERE id >= ? AND id < ?", (session.low, session.high))
    actors = dict(makers.iter_rows())
    for slip_no, maker, run_id in chosen.select("slip_no", "maker", "run_id").iter_rows():
        if session.user in {maker, actors.get(run_id)}:
            raise Refusal(
                "own-work", f"伝票 {slip_no} は {session.user} 自身が起票したものです。", "別の人が承認してください。"
            )
    for day in chosen["posted_on"].unique():
        periods.require_open(session, day)
    return post_slips(session, slips=chosen)


@action("receivables.enter")
def post_slips(session: Session, *, slips: pl.DataFrame) -> pl.DataFrame:
    """Raise one item per slip and return them with the slip's credit account."""
    opening = periods.opening_month(session)
    first = pl.lit(opening) if opening else pl.col("posted_on")
    rate = tax.rate_micro(pl.col("tax"), pl.col("posted_on"), company.tax_rates(session))
    priced = slips.with_columns(invoice="slip_id", amount="gross", rate_micro=rate, inclusive=pl.lit(True))
    rounding: Rounding = company.policies(session)["tax_rounding"]  # type: ignore[assignment]
    _, split = tax.invoice_taxes(priced, rounding)
    items = split.with_columns(
        source=pl.when("opening").then(pl.lit("opening")).otherwise(pl.lit("slip")),
        source_id="slip_id",
        posted_on=pl.max_horizontal("posted_on", first),
    )
    made = facts.record(session, Item, items)
    _open(session, made)
    return made.rename({"id": "item_id"})
