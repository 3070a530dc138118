"""The rules that may be released, tried on history: what each would have made of receipts, beside what was made of them.

Every receipt is looked at as the books stood when an automatic run first saw it, or, where none did, just before it was
applied: balances from the facts that earlier runs wrote. All of them go through the one `clearing.match`, each as a payer
of its own.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from urikake.base.bulk import Session
from urikake.base.company import policies
from urikake.core import clearing
from urikake.rooms.parties import queries as parties
from urikake.rooms.receipts import queries as receipts
from urikake.rooms.receivables import queries as receivables

from .applied import applications
from .evidence import document, entire
from .fees import learned_fees
from .repeats import repeated

TRIED: Final = {
    "receipt_id": pl.Int64, "application_id": pl.Int64, "rule": pl.String, "right": pl.Boolean, "by_hand": pl.Boolean,
    "received_on": pl.Date, "actor": pl.String,
}  # fmt: skip
_NEVER: Final = 1 << 62


def tried(session: Session) -> pl.DataFrame:
    """The receipts that a rule would have applied, as `TRIED`, by rule and receipt.

    Looked at are receipts that a person applied (``by_hand``), and those that the automatic run applied only after it had
    left them alone once; what was undone is not. ``right`` where the rule would have settled the same documents by the same
    amounts: no difference but, of ``over``, an advance received.
    """
    return session.derived("tried_rules", ("base_run",), lambda: _tried(session))  # whatever it rests on, a run wrote


def _tried(session: Session) -> pl.DataFrame:
    seen = _seen(session)
    if seen.is_empty():
        return pl.DataFrame(schema=TRIED)
    changes = _changes(session)
    owed = _owed(seen, _spans(changes, "item_id"))
    done = _settled(session, seen, changes)
    answered = _replayed(session, seen, owed, changes)
    made = answered.join(done, on=["receipt_id", "document_id"], how="full", coalesce=True)
    same = (pl.col("amount").eq_missing(pl.col("was"))).all()
    compared = made.group_by("receipt_id").agg(pl.col("rule").drop_nulls().first(), same=same).drop_nulls("rule")
    found = seen.join(compared, on="receipt_id")
    plain = (pl.col("difference") == 0) | ((pl.col("rule") == "over") & (pl.col("difference_kind") == "advance"))
    return found.with_columns(right=pl.col("same") & plain).select(*TRIED).sort("rule", "receipt_id")


def _seen(session: Session) -> pl.DataFrame:
    """The receipts to look at with what was made of them first, and the run before which they are looked at (``at``)."""
    heads = session.read(
        'SELECT a.id AS application_id, a.run_id, a.receipt_id, a.difference, a.difference_kind, a."by", b.actor'
        " FROM matching_application a JOIN base_run b ON b.id = a.run_id"
        " WHERE a.id >= ? AND a.id < ? AND a.reverses_id IS NULL"
        " AND a.id NOT IN (SELECT v.reverses_id FROM matching_application v WHERE v.reverses_id IS NOT NULL) ORDER BY a.id",
        (session.low, session.high),
    )
    first = heads.filter(pl.col("run_id") == pl.col("run_id").min().over("receipt_id"))
    whole = first.group_by("receipt_id").agg(
        pl.col("application_id", "run_id", "difference_kind", "actor", "by").first(), pl.col("difference").sum()
    )
    came = session.read(
        "SELECT id AS receipt_id, run_id AS came, received_on, amount AS unapplied, payer, folded, reference,"
        " virtual_account FROM receipts_receipt WHERE id >= ? AND id < ? AND reverses_id IS NULL",
        (session.low, session.high),
    )
    runs = session.read(
        "SELECT id AS at FROM base_run WHERE action = 'match' AND id >= ? AND id < ? ORDER BY id",
        (session.low, session.high),
    )
    joined = whole.join(came, on="receipt_id").sort("came")
    looked = joined.join_asof(
        runs.sort("at"), left_on="came", right_on="at", strategy="forward", allow_exact_matches=False
    )
    by_hand = pl.col("by") == ""
    looked = looked.with_columns(at=pl.min_horizontal("at", "run_id"), by_hand=by_hand)
    mine = looked.filter(by_hand | ((pl.col("at") < pl.col("run_id")) & ~pl.col("by").is_in(clearing.RULES)))
    mine = mine.sort("receipt_id")
    return mine.with_columns(partner_id=receipts.payers(session, mine)).drop_nulls("partner_id")


def _changes(session: Session) -> pl.DataFrame:
    """What items were raised by and moved by in each run: ``item_id, run_id, moved``, with what they are."""
    items = session.read(
        "SELECT id AS item_id, run_id, source, source_id, partner_id, due_on, net, gross FROM receivables_item"
        " WHERE id >= ? AND id < ? ORDER BY id",
        (session.low, session.high),
    )
    moved = session.read(
        "SELECT item_id, run_id, moved FROM receivables_movement WHERE id >= ? AND id < ?", (session.low, session.high)
    )
    raised = items.select("item_id", "run_id", moved="gross")
    facts = items.select(
        "item_id", "partner_id", "due_on", "source", "source_id", "net", "gross", document_id=document()
    )
    return pl.concat([raised, moved.select(raised.columns)]).join(facts, on="item_id")


def _spans(changes: pl.DataFrame, key: str) -> pl.DataFrame:
    """The balances that things of the key ever had, none of them 0, after the run ``since`` up to the run ``until``."""
    same = ("partner_id", "due_on", "source", "source_id", "net", "gross", "document_id")
    names = [name for name in same if name != key]
    sums = changes.group_by(key, "run_id").agg(pl.col("moved").sum(), *(pl.col(name).first() for name in names))
    stood = sums.sort(key, "run_id").with_columns(
        balance=pl.col("moved").cum_sum().over(key), until=pl.col("run_id").shift(-1).over(key).fill_null(_NEVER)
    )
    return stood.rename({"run_id": "since"}).drop("moved").filter(pl.col("balance") != 0)


def _owed(seen: pl.DataFrame, spans: pl.DataFrame) -> pl.DataFrame:
    """What the partner of each receipt owed when it was looked at: the spans of its items with ``receipt_id``."""
    asked = seen.select("partner_id", "receipt_id", "at")
    mine = spans.join(asked.select("partner_id").unique(), on="partner_id", how="semi")
    both = asked.lazy().join(mine.lazy(), on="partner_id")
    held = both.filter((pl.col("since") < pl.col("at")) & (pl.col("at") <= pl.col("until")))
    return held.collect(engine="streaming").sort("receipt_id", "item_id")


def _settled(session: Session, seen: pl.DataFrame, changes: pl.DataFrame) -> pl.DataFrame:
    """What was made of the receipts in the run that applied them first: ``receipt_id, document_id, was``."""
    moved = receivables.movements(session, "kind = 'applied'")
    heads = applications(session, "reverses_id IS NULL").select("receipt_id", source_id="application_id")
    made = moved.select("item_id", "run_id", "source_id", was=-pl.col("moved")).join(heads, on="source_id")
    mine = made.join(seen.select("receipt_id", "run_id"), on=["receipt_id", "run_id"])
    papers = changes.select("item_id", "document_id").unique("item_id")
    return mine.join(papers, on="item_id").group_by("receipt_id", "document_id").agg(pl.col("was").sum())


def _replayed(session: Session, seen: pl.DataFrame, owed: pl.DataFrame, changes: pl.DataFrame) -> pl.DataFrame:
    """What the rules make of each receipt alone: ``receipt_id, document_id, amount, rule`` of those they explain."""
    copies = owed.with_row_index("copy").with_columns(pl.col("copy").cast(pl.Int64))
    papers = copies.select("receipt_id", "document_id").unique(maintain_order=True).with_row_index("paper")
    papers = papers.with_columns(pl.col("paper").cast(pl.Int64))
    copies = copies.join(papers, on=["receipt_id", "document_id"], maintain_order="left")
    payers = seen.select("receipt_id", "partner_id")
    whole = (pl.col("balance") == pl.col("gross")) & (pl.col("source") != "opening")
    tolerance = policies(session).number("fee_tolerance")
    pairs, outcomes = clearing.match(
        seen.select("receipt_id", "received_on", partner_id="receipt_id", amount="unapplied"),
        copies.select(
            "due_on", item_id="copy", partner_id="receipt_id", document_id="paper", amount="balance",
            net=pl.when(whole).then("net"),
        ),
        tolerance,
        [fee for fee in clearing.USUAL_FEES if fee <= tolerance],
        cited=_cited(session, seen, copies, papers),
        rounding=policies(session).number("rounding_tolerance"),
        bearing=payers.join(parties.bearing_fees(session), on="partner_id", how="semi").select(partner_id="receipt_id"),
        entire=papers.join(entire(session, changes), on="document_id").select(document_id="paper"),
        learned=payers.join(learned_fees(session), on="partner_id").select("fee", partner_id="receipt_id"),
        rules=clearing.RULES,
        repeated=repeated(session, seen).select("receipt_id"),
        others=_others(session, seen, owed, changes),
        allocation=policies(session)["allocation"],  # type: ignore[arg-type]
    )  # fmt: skip
    ruled = outcomes.filter(pl.col("by").is_in(clearing.RULES)).select("receipt_id", rule="by")
    named = pairs.join(ruled, on="receipt_id").join(
        copies.select("copy", "document_id"), left_on="item_id", right_on="copy"
    )
    return named.group_by("receipt_id", "document_id").agg(pl.col("amount").sum(), pl.col("rule").first())


def _cited(session: Session, seen: pl.DataFrame, copies: pl.DataFrame, papers: pl.DataFrame) -> pl.DataFrame:
    """The documents of its partner that each receipt names, by what stands for them in the replay."""
    said = seen.select("receipt_id", text=pl.concat_str("payer", "reference", separator=" "))
    said = said.filter(pl.col("text").str.contains("[0-9０-９]"))
    numbers = receivables.labels(session, copies.unique("document_id")).select("document_id", "number")
    found = clearing.citations(said, numbers)
    return found.join(papers, on=["receipt_id", "document_id"]).select("receipt_id", document_id="paper")


def _others(session: Session, seen: pl.DataFrame, owed: pl.DataFrame, changes: pl.DataFrame) -> pl.DataFrame:
    """The amounts that each receipt may have been meant for elsewhere: what others owed, ``receipt_id, amount``.

    Its own amount where other receipts of the partner waited, or others of the partner's group owed something.
    """
    papers = _spans(changes, "document_id").rename({"balance": "amount"})
    due = pl.col("due_on") <= pl.col("received_on") + pl.duration(days=clearing.EARLY_DAYS)
    totals = (
        owed.join(seen.select("receipt_id", "received_on"), on="receipt_id")
        .group_by("receipt_id")
        .agg(total=pl.col("balance").filter(due).sum())
    )
    asked = seen.select("receipt_id", "partner_id", "at", amount="unapplied").join(totals, on="receipt_id")
    rests = asked.with_columns(amount=pl.col("amount") - pl.col("total")).filter(pl.col("amount") > 0)
    sums = pl.concat([asked, rests])
    mine = owed.group_by("receipt_id", "document_id").agg(amount=pl.col("balance").sum())
    counted = mine.group_by("receipt_id", "amount").agg(own=pl.len())
    equal = _standing(sums, papers, "amount").join(counted, on=["receipt_id", "amount"], how="left")
    elsewhere = equal.filter(pl.col("there") > pl.col("own").fill_null(0))
    groups = parties.groups(session)
    grouped = _standing(asked.join(groups, on="partner_id"), papers.join(groups, on="partner_id"), "group_id")
    grouped = grouped.join(mine.group_by("receipt_id").agg(own=pl.len()), on="receipt_id")
    waiting = _standing(asked, _waiting(session, seen), "partner_id").filter(pl.col("there") > 1)
    found = (elsewhere, grouped.filter(pl.col("there") > pl.col("own")), waiting)
    return pl.concat([frame.select("receipt_id", "amount") for frame in found]).unique()


def _waiting(session: Session, seen: pl.DataFrame) -> pl.DataFrame:
    """From and to which run receipts of the partners waited: ``partner_id, since, until``."""
    came = session.read(
        "SELECT r.id AS receipt_id, r.run_id AS since, r.amount, r.payer, r.folded, r.virtual_account, u.unapplied"
        " FROM receipts_receipt r LEFT JOIN receipts_unapplied u ON u.receipt_id = r.id"
        " WHERE r.id >= ? AND r.id < ? AND r.reverses_id IS NULL ORDER BY r.id",
        (session.low, session.high),
    )
    used = session.read(
        "SELECT receipt_id, max(run_id) AS until FROM matching_application WHERE id >= ? AND id < ? GROUP BY receipt_id",
        (session.low, session.high),
    )
    known = came.with_columns(partner_id=receipts.payers(session, came)).join(used, on="receipt_id", how="left")
    known = known.join(seen.select("partner_id").unique(), on="partner_id", how="semi")
    open_ = pl.col("unapplied").is_not_null()
    until = pl.when(open_).then(pl.lit(_NEVER)).otherwise(pl.col("until").fill_null(_NEVER))
    return known.select("partner_id", "since", until=until)


def _standing(asked: pl.DataFrame, spans: pl.DataFrame, key: str) -> pl.DataFrame:
    """The asked rows with how many of the spans of their key were ``there`` just before the run ``at``."""
    begun = spans.select(key, run=pl.col("since"), step=pl.lit(1))
    ended = spans.select(key, run=pl.col("until"), step=pl.lit(-1))
    steps = pl.concat([begun, ended]).group_by(key, "run").agg(pl.col("step").sum()).sort("run")
    counts = steps.with_columns(there=pl.col("step").cum_sum().over(key)).drop("step")
    found = asked.sort("at").join_asof(
        counts, left_on="at", right_on="run", by=key, allow_exact_matches=False, check_sortedness=False
    )
    return found.with_columns(pl.col("there").fill_null(0))
