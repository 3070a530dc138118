"""Results (振替結果): the answer to a request, taken whole: what was paid settles, what was not stays open."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date
from typing import Any

import polars as pl

from urikake.base import facts, periods
from urikake.base.access import action
from urikake.base.bulk import Session
from urikake.base.errors import Refusal
from urikake.core import clearing
from urikake.core.calendar import business_days
from urikake.core.formats import zengin91
from urikake.rooms.intake.queries import SHOWN, made
from urikake.rooms.receivables import queries as receivables

from .. import queries
from ..models import Collection, Mandate, Outcome, Result
from .collected import Collected, settle


@action("collecting.settle")
def take_result(
    session: Session, *, file: bytes, fee: int = 0, payout_on: date | None = None, lenient: bool = False
) -> Collected | None:
    """Take a result file (振替結果) whole: what was paid settles its items, what was not keeps them open with the reason.

    ``fee`` is what the collector keeps of the money that it pays out on ``payout_on`` (else as the collector's master says).
    A ``lenient`` reading fills up lines whose spaces at the end were cut off. A file that was taken already gives None;
    refused where it does not answer a request of ours exactly.
    """
    asked = queries.requests(session).filter(pl.col("state") != "withdrawn")
    near = asked["debit_on"].max()
    batches = made(
        lambda: zengin91.read(file, near if isinstance(near, date) else date(2000, 1, 1), lenient=lenient),
        "debit-file",
        "口座振替",
    )
    _check_once(batches)
    digest = hashlib.sha256(file).hexdigest()
    taken = [_answered(session, asked, batch, digest) for batch in batches if batch.debits]
    fresh = [each for each in taken if each is not None]
    if not fresh:
        return None
    results = pl.concat(fresh)
    return _settle_debits(session, asked, results, fee, payout_on)


def _check_once(batches: Sequence[zengin91.Batch]) -> None:
    """Return if the file answers every request once."""
    answers = [(batch.collector.code, batch.collector.bank, batch.on) for batch in batches if batch.debits]
    if len(set(answers)) < len(answers):
        raise Refusal(
            "answered-twice",
            "同じ依頼の結果が、一つのファイルに二度入っています。",
            "収納機関から届いたままのファイルを取り込んでください。",
        )


def _answered(session: Session, asked: pl.DataFrame, batch: zengin91.Batch, digest: str) -> pl.DataFrame | None:
    """The debits of the request that the batch answers, each with its new ``result``, recorded; None where that was done before."""
    request, before = _request_of(session, asked, batch)
    debits = queries.debits(session, request["request_id"])
    sent = zengin91.read(queries.file_of(session, request["request_id"]), request["debit_on"])[0]
    if wrong := zengin91.differences(sent, batch):
        more = f"／ほか{len(wrong) - SHOWN}件" if len(wrong) > SHOWN else ""
        raise Refusal(
            "not-our-request",
            f"結果が{request['debit_on']}の振替依頼と合いません。{'／'.join(wrong[:SHOWN])}{more}。",
            "依頼と同じ収納機関・引落日の結果ファイルかを確かめてください。",
        )
    results = pl.DataFrame(
        {"customer": [each.customer for each in batch.debits], "told": [each.result for each in batch.debits]},
        schema={"customer": pl.String, "told": pl.Int64},
    )
    own = debits.with_columns(customer=pl.Series([each.customer for each in sent.debits], dtype=pl.String))
    joined = own.join(results, on="customer", how="left", maintain_order="left")
    if before:
        if joined.filter(pl.col("told") != pl.col("result")).height:
            raise Refusal(
                "other-result",
                f"{request['debit_on']}の振替依頼には、別の結果を取り込み済みです。",
                "収納機関に確かめてください。取り込んだ結果は変えられません。",
            )
        return None
    facts.record(session, Result, joined.select("debit_id", result="told"))
    paid = joined.filter(pl.col("told") == 0)
    end = {"request_id": request["request_id"], "state": "answered", "why": "", "digest": digest}
    facts.record(session, Outcome, pl.DataFrame([end | {"paid_count": paid.height, "paid": int(paid["amount"].sum())}]))
    return joined


def _request_of(session: Session, asked: pl.DataFrame, batch: zengin91.Batch) -> tuple[dict[str, Any], bool]:
    """The request that a batch answers, and whether it was answered before."""
    code, on = batch.collector.code, batch.on
    theirs = queries.client_codes(session).filter(
        (pl.col("client_code") == code) & (pl.col("bank") == batch.collector.bank)
    )
    ours = asked.join(theirs, on="collector_id", how="semi").filter(pl.col("debit_on") == on)
    if ours.height != 1:
        raise Refusal(
            "unasked-result",
            f"委託者コード {code}、引落日 {on} の振替依頼はありません。",
            "依頼した収納機関と引落日を確かめてください（取り下げた依頼の結果は取り込めません）。",
        )
    request = ours.row(0, named=True)
    return request, request["state"] == "answered"


def _settle_debits(
    session: Session, asked: pl.DataFrame, results: pl.DataFrame, fee: int, payout_on: date | None
) -> Collected:
    """Stop the mandates that ended, and settle what was paid."""
    stopped = _stop(session, results)
    paid = results.filter(pl.col("told") == 0)
    sums = paid.group_by("request_id", maintain_order=True).agg(pl.col("amount").sum())
    heads = sums.join(asked.select("request_id", "collector_id", "debit_on"), on="request_id", maintain_order="left")
    _check_fee(fee, heads)
    payout = pl.lit(payout_on, dtype=pl.Date) if payout_on else _payouts(session, heads)
    late = heads.filter(pl.lit(payout_on, dtype=pl.Date) < pl.col("debit_on"))
    if late.height:
        raise Refusal(
            "bad-payout", f"入金予定日 {payout_on} が引落日より前です。", "引落日以後の日を指定してください。"
        )
    days = {day: _posted_on(session, day) for day in heads["debit_on"].unique()}
    collected_on = pl.col("debit_on").replace_strict(days, return_dtype=pl.Date)
    made = heads.with_columns(collected_on=collected_on, payout_on=payout, fee=pl.lit(fee, dtype=pl.Int64))
    collections = facts.record(session, Collection, made).rename({"id": "collection_id"})
    shares, known = _shares(session, paid, heads["request_id"])
    owner = paid.select("debit_id", "request_id", "partner_id", "amount").join(
        collections.select("request_id", "collection_id", "collected_on"), on="request_id", maintain_order="left"
    )
    settled = shares.join(owner.drop("amount"), left_on="receipt_id", right_on="debit_id", maintain_order="left")
    sums = shares.group_by(debit_id="receipt_id").agg(settled=pl.col("amount").sum())
    beyond = owner.join(sums, on="debit_id", how="left", maintain_order="left").with_columns(
        amount=pl.col("amount") - pl.col("settled").fill_null(0)
    )
    return settle(session, collections, settled, known, beyond, results, stopped)


def _posted_on(session: Session, debit_on: date) -> date:
    """The day on which what was collected counts: its own, or, its month being locked, the first of the first open one.

    So it is never later than it need be, and the collector owes before it pays.
    """
    return debit_on if periods.is_open(session, debit_on) else periods.open_date(session, debit_on).replace(day=1)


def _check_fee(fee: int, heads: pl.DataFrame) -> None:
    """Return if the fee can be kept of what was paid; a file of several requests does not say of which."""
    if fee and heads.height > 1:
        raise Refusal(
            "whose-fee",
            f"手数料 {fee:,}円 をどの依頼から差し引くのか分かりません（{heads.height}件の依頼の結果が入っています）。",
            "手数料なしで取り込み、入金を消し込むときに差額を手数料にしてください。",
        )
    most = int(heads["amount"].sum())
    if not 0 <= fee <= most:
        raise Refusal(
            "bad-fee", f"手数料が {fee:,}円 です。", f"0 円から、振り替えられた {most:,}円 までで指定してください。"
        )


def _payouts(session: Session, heads: pl.DataFrame) -> pl.Series:
    """The day on which each collector's money arrives: so many days after the debit, then the next business day of banks."""
    days = queries.collectors(session).select("collector_id", "payout_days")
    joined = heads.join(days, on="collector_id", how="left", maintain_order="left")
    raw = joined.select(pl.col("debit_on") + pl.duration(days="payout_days")).to_series()
    return business_days(raw, pl.Series(["after"] * raw.len(), dtype=pl.String)).alias("payout_on")


def _stop(session: Session, results: pl.DataFrame) -> int:
    """Stop the mandates whose debit failed for more than lack of funds, unless a newer one stands; how many."""
    ended = results.filter((pl.col("told") != 0) & ~pl.col("told").is_in(queries.AGAIN)).select("mandate_id", "told")
    mine = queries.mandates(session).join(ended, on="mandate_id", maintain_order="left").filter(~pl.col("stopped"))
    words = pl.col("told").replace_strict(zengin91.RESULTS, return_dtype=pl.String)
    return facts.record(session, Mandate, mine.with_columns(stopped=pl.lit(True), why=words)).height


def _shares(session: Session, paid: pl.DataFrame, request_ids: pl.Series) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What each debit that was paid settles of its items as they stand now (``receipt_id`` is the debit), and those items.

    An item that was settled otherwise meanwhile takes no more than it has.
    """
    parts = [queries.debit_items(session, request_id) for request_id in request_ids]
    items = pl.concat(parts) if parts else queries.debit_items(session, 0)
    mine = items.join(paid.select("debit_id", receipt_amount="amount"), on="debit_id", maintain_order="left")
    known = receivables.standing(session, mine["item_id"])
    joined = mine.join(
        known.select("item_id", "balance", "due_on", on="posted_on"), on="item_id", how="left", maintain_order="left"
    )
    least = pl.min_horizontal(pl.col("amount").abs(), pl.col("balance").fill_null(0).abs())
    same = pl.col("amount").sign() == pl.col("balance").fill_null(0).sign()
    rows = joined.filter(pl.col("receipt_amount").is_not_null()).with_columns(
        receipt_id="debit_id", amount=pl.when(same).then(least * pl.col("amount").sign()).otherwise(0)
    )
    return clearing.allocate(rows, "oldest"), known
