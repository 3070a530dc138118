"""The rules of automatic matching that the company has released for itself (許可した決まり)."""

from __future__ import annotations

from datetime import date
from typing import Final, NamedTuple

import polars as pl

from urikake.base.bulk import Session
from urikake.core import clearing

RULE_DECISION: Final = "id, run_id, rule, kind, why, times_right, times_wrong"


def rule_decisions(session: Session) -> pl.DataFrame:
    """The last decision on each rule that any was taken on, with who took it and when."""
    rows = session.rows("matching_rule_decision", RULE_DECISION).sort("id")
    newest = rows.unique("rule", keep="last", maintain_order=True)
    session.stage(newest.select(wanted_id="run_id").unique())
    runs = session.read(
        "SELECT r.id AS run_id, r.actor, r.recorded_at FROM stage s JOIN base_run r ON r.id = s.wanted_id"
    )
    return newest.join(runs, on="run_id", how="left", maintain_order="left")


def released(session: Session) -> tuple[str, ...]:
    """The rules that the automatic run may use now, in their order."""

    def read() -> tuple[str, ...]:
        rows = session.rows("matching_rule_decision", "id, rule, kind").sort("id")
        stands = dict(rows.select("rule", "kind").iter_rows())
        return tuple(rule for rule in clearing.RULES if stands.get(rule) == "released")

    return session.derived("released_rules", ("matching_rule_decision",), read)


ENOUGH: Final = 20
"""So many receipts of the last months a rule must have got right by hand, and none wrong, to be proposed for release."""
MONTHS: Final = 3


class Proof(NamedTuple):
    """What trying a rule on the last months told: how often it was ``right`` and ``wrong`` beside what people did, and beside
    what automatic runs did after they had left it alone (``later_…``); and who confirmed what was right.
    """

    right: int
    wrong: int
    later_right: int
    later_wrong: int
    actors: frozenset[str]

    @property
    def enough(self) -> bool:
        """Whether the rule is proposed for release."""
        return self.right >= ENOUGH and not self.wrong and not self.later_wrong


def proven(session: Session, rule: str, tried: pl.DataFrame) -> Proof:
    """What `backtest.tried` told of the rule in the months up to the newest receipt there is."""
    since = _since(session)
    mine = tried.filter((pl.col("rule") == rule) & (pl.col("received_on") > since) if since else pl.lit(value=False))
    hand, later = (mine.filter(pl.col("by_hand") == by_hand) for by_hand in (True, False))
    right, since_right = hand.filter("right"), later.filter("right")
    actors = frozenset(right["actor"])
    return Proof(
        right.height, hand.height - right.height, since_right.height, later.height - since_right.height, actors
    )


def _since(session: Session) -> date | None:
    """The day so many months before the newest receipt."""
    newest = session.read(
        "SELECT max(received_on) AS received_on FROM receipts_receipt WHERE id >= ? AND id < ?",
        (session.low, session.high),
        received_on=pl.Date,
    )
    since: date | None = newest["received_on"].dt.offset_by(f"-{MONTHS}mo").item()
    return since
