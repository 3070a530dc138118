"""Reports of payer names: what was learned, and how it holds against what was matched before."""

from __future__ import annotations

from typing import Any, Final

import polars as pl

from urikake.base.bulk import Session
from urikake.core import clearing
from urikake.rooms.matching import queries as matching
from urikake.rooms.parties import queries as parties
from urikake.rooms.receipts import queries as receipts

from .rows import rows

STATES: Final = {"released": "許可済み", "revoked": "取りやめ", "": "許可待ち"}


def payer_names(session: Session) -> list[dict[str, Any]]:
    """The learned payer names, tried against history: ``partner, payer, times, right, wrong, waiting, state, in_use``.

    ``times`` is how many matches by hand taught it; ``right`` and ``wrong`` how many receipts of that name were matched
    to the partner and to others, automatic ones included; ``waiting`` how many of that name wait. ``state``: ``許可済み``,
    ``取りやめ`` or ``許可待ち``; ``in_use`` whether the automatic run knows the payer by it.
    """
    known = matching.standing_names(session)
    if known.is_empty():
        return []
    used = parties.payer_names(session).with_columns(in_use=pl.lit(value=True))
    tried = _tried(session, known)
    named = known.join(parties.codes(session).select("partner_id", partner="code"), on="partner_id", how="left")
    joined = named.join(used, on=["partner_id", "folded"], how="left").join(
        tried, on=["partner_id", "folded"], how="left"
    )
    waiting = receipts.unapplied(session).group_by("folded").agg(waiting=pl.len())
    full = joined.join(waiting, on="folded", how="left").with_columns(
        pl.col("right", "wrong", "waiting").fill_null(0),
        pl.col("in_use").fill_null(value=False),
        state=pl.col("decision").replace_strict(STATES),
    )
    wanted = "partner payer times right wrong waiting state in_use".split()
    return rows(full.sort("partner", "folded").select(wanted))


def _tried(session: Session, known: pl.DataFrame) -> pl.DataFrame:
    """By learned name and partner: the receipts of the name matched to the partner (``right``) and to others (``wrong``)."""
    every = matching.applications(session)
    stands = pl.col("reverses_id").is_null() & ~pl.col("application_id").is_in(
        every["reverses_id"].drop_nulls().implode()
    )
    paid = every.filter(stands).select("receipt_id", payer_id="partner_id").unique()
    names = receipts.receipts(session).select("receipt_id", "folded").join(known.select("folded").unique(), on="folded")
    both = known.select("partner_id", "folded").join(names.join(paid, on="receipt_id"), on="folded")
    mine = pl.col("payer_id") == pl.col("partner_id")
    summed = both.group_by("partner_id", "folded", "receipt_id").agg(right=mine.any())
    return summed.group_by("partner_id", "folded").agg(right=pl.col("right").sum(), wrong=(~pl.col("right")).sum())


RULES: Final = {
    "oldest": ("同額は古いほうから", "同じ額の請求が二つ以上期日を迎えているとき、期日の早いものに充てる"),
    "over": ("過入金", "期日の来た請求のすべてより多いとき、すべてを消し込み、残りは人に残す"),
    "part": ("一部入金", "どの請求よりも少ないとき、期日の最も早い請求に充て、不足は残す"),
}
"""The rules that may be released: their titles, and what they do."""


def matching_rules(session: Session) -> list[dict[str, Any]]:
    """The rules that may be released, tried on history: ``rule, title, effect, right, wrong, later_right, later_wrong,
    waiting, applied, undone, proposed, state, actor, why, in_use``.

    ``right`` and ``wrong`` count what people applied in the last three months, ``later_…`` what the automatic run applied
    then after it had left it alone; ``waiting`` is what waits now and the rule would apply, ``applied`` and ``undone`` what it has
    applied and what of that was taken back. ``proposed`` tells that at least 20 were right and none wrong.
    """
    tried = matching.tried(session)
    found = matching.evidence(session)
    waits = (
        dict(matching.cleared(session, found, clearing.RULES)[1].group_by("by").len().iter_rows())
        if found.receipts.height
        else {}
    )
    taken = {row["rule"]: row for row in matching.rule_decisions(session).iter_rows(named=True)}
    used = matching.released(session)
    every = matching.applications(session, "reverses_id IS NULL")
    back = matching.applications(session, "reverses_id IS NOT NULL")["reverses_id"]
    counted = every.group_by("by").agg(applied=pl.len(), undone=pl.col("application_id").is_in(back.implode()).sum())
    uses = {row["by"]: row for row in counted.iter_rows(named=True)}
    found_rows = []
    for rule, (title, effect) in RULES.items():
        proof, last, use = matching.proven(session, rule, tried), taken.get(rule), uses.get(rule)
        found_rows.append({
            "rule": rule, "title": title, "effect": effect, "right": proof.right, "wrong": proof.wrong,
            "later_right": proof.later_right, "later_wrong": proof.later_wrong, "waiting": waits.get(rule, 0),
            "applied": use["applied"] if use else 0, "undone": use["undone"] if use else 0,
            "proposed": proof.enough and rule not in used, "state": STATES[last["kind"]] if last else "許可していない",
            "actor": last["actor"] if last else "", "why": last["why"] if last else "", "in_use": rule in used,
        })  # fmt: skip
    return found_rows


def rule_trials(session: Session, rule: str | None = None) -> list[dict[str, Any]]:
    """The receipts that a rule would have applied: ``rule, receipt, bank_id, date, amount, payer, partner, answer, by_hand``.

    ``answer``: ``合う`` where it would have done what was done, ``違う`` where not; the wrong ones first, newest first.
    """
    tried = matching.tried(session)
    tried = tried.filter(pl.col("rule") == rule) if rule else tried
    money = receipts.receipts(session).select("receipt_id", "amount", "payer", bank_id="bank_code")
    owners = matching.applications(session).select("application_id", "partner_id")
    codes = parties.codes(session).select("partner_id", partner="code")
    named = (
        tried.join(money, on="receipt_id")
        .join(owners, on="application_id", how="left")
        .join(codes, on="partner_id", how="left")
    )
    full = named.sort("right", "received_on", "receipt_id", descending=[False, True, True]).with_columns(
        answer=pl.when("right").then(pl.lit("合う")).otherwise(pl.lit("違う")),
        receipt=pl.col("receipt_id") - session.low,
    )
    return rows(
        full.select("rule", "receipt", "bank_id", "payer", "amount", "partner", "answer", "by_hand", date="received_on")
    )
