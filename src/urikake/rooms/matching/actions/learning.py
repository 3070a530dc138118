"""What applications by hand teach about payer names, and people's decisions on it.

A name ranks proposals at once. The automatic run knows the payer by it as the policy ``learned_names`` says: after a
second person released it (``after_release``), after two applications that stand (``after_two``), or from the first on
(``at_once``); never once it is revoked.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from urikake.base import facts
from urikake.base.access import action
from urikake.base.bulk import Session
from urikake.base.company import policies
from urikake.base.errors import Refusal
from urikake.core import payer
from urikake.rooms.parties import actions as parties_pen
from urikake.rooms.parties import queries as parties

from .. import queries
from ..models import LearnedName, NameDecision

RELEASED: Final = "released"
REVOKED: Final = "revoked"
_TIMES: Final = {"after_two": 2, "at_once": 1}
_NAME: Final = ["partner_id", "payer", "folded"]


def learn(session: Session, *, taught: pl.DataFrame) -> int:
    """Record whose the payers' names are told to be, and return how many were not known.

    ``taught``: ``application_id, partner_id, payer, folded``. What the policy needs no release for is used from now on.
    A name that any partner bears already is not taught to be another's: who pays for others keeps its own.
    """
    new = taught.filter(pl.col("folded") != "").join(parties.payer_names(session), on="folded", how="anti")
    if new.is_empty():
        return 0
    facts.record(session, LearnedName, new.sort("application_id", "partner_id"))
    parties_pen.name_payers(session, names=_ripe(session, new).select(_NAME))
    return new.height


def unlearn(session: Session, *, application_ids: pl.Series) -> int:
    """Withdraw the names in use that the reversed applications taught and that too few others still teach."""
    keys = ["partner_id", "folded"]
    taught = queries.learned(session).filter(pl.col("application_id").is_in(application_ids.implode()))
    if taught.is_empty():
        return 0
    names = taught.unique(keys, maintain_order=True)
    gone = names.join(_ripe(session, names), on=keys, how="anti", maintain_order="left")
    return parties_pen.name_payers(session, names=gone.select(_NAME), withdrawn=True)


def _ripe(session: Session, names: pl.DataFrame) -> pl.DataFrame:
    """Those of the names (``partner_id, folded``) that may be used: released, or taught as often as the policy wants."""
    wanted = _TIMES.get(policies(session)["learned_names"], None)
    known = queries.standing_names(session).join(names, on=["partner_id", "folded"], how="semi")
    often = pl.lit(value=False) if wanted is None else (pl.col("times") >= wanted) & (pl.col("decision") != REVOKED)
    return known.filter(often | (pl.col("decision") == RELEASED))


@action("matching.release")
def release_name(session: Session, *, partner: str, name: str) -> int:
    """Let the automatic run know a payer by a learned name; refused to the one who alone taught it."""
    row = _learned(session, partner, name)
    lessons = queries.learned(session, "partner_id = ? AND folded = ?", (row["partner_id"], row["folded"]))
    teachers = _actors(session, lessons.filter("stands")["run_id"])
    if teachers == {session.user}:
        raise Refusal(
            "own-lesson",
            f"名義「{row['payer']}」を教えたのは {session.user} 自身です。",
            "別の人が使用を許可してください。",
        )
    _decide(session, row, RELEASED)
    return parties_pen.name_payers(session, names=pl.DataFrame([row]).select(_NAME))


@action("matching.release")
def revoke_name(session: Session, *, partner: str, name: str) -> int:
    """Keep a payer name from being used for the partner, learned or registered; return how many were in use."""
    row = _borne(session, partner, name) or _learned(session, partner, name)
    _decide(session, row, REVOKED)
    return parties_pen.name_payers(session, names=pl.DataFrame([row]).select(_NAME), withdrawn=True)


@action("partners.import")
def add_name(session: Session, *, partner: str, name: str) -> int:
    """Register a payer name of a partner, and return 1 if it is new."""
    codes = parties.codes(session).filter(pl.col("code") == partner)
    if codes.is_empty():
        raise Refusal("no-partner", f"取引先「{partner}」はありません。", "取引先コードを確かめてください。")
    folded = payer.fold(name)
    if not folded:
        raise Refusal("no-name", "振込名義がありません。", "振込名義を書いてください。")
    row = {"partner_id": codes["partner_id"][0], "payer": name, "folded": folded}
    decided = queries.decisions(session).filter(
        (pl.col("partner_id") == row["partner_id"]) & (pl.col("folded") == folded)
    )
    if decided.height and decided["decision"][0] == REVOKED:
        raise Refusal(
            "name-revoked",
            f"名義「{name}」は、取引先「{partner}」には使わないと決められています。",
            "使うなら、消込で覚えた名義として許可してください（urikake rules release）。",
        )
    return parties_pen.name_payers(session, names=pl.DataFrame([row]))


def _borne(session: Session, partner: str, name: str) -> dict[str, object] | None:
    """The name as the partner bears it now, None where it does not."""
    codes = parties.codes(session).filter(pl.col("code") == partner).select("partner_id")
    found = parties.payer_names(session).filter(pl.col("folded") == payer.fold(name))
    own = found.join(codes, on="partner_id", how="semi")
    return own.select("partner_id", "folded", payer=pl.lit(name)).row(0, named=True) if own.height else None


def _decide(session: Session, row: dict[str, object], kind: str) -> None:
    facts.record(session, NameDecision, pl.DataFrame([row]).select("partner_id", "folded", kind=pl.lit(kind)))


def _learned(session: Session, partner: str, name: str) -> dict[str, object]:
    """The learned name of a partner, however it is written."""
    codes = parties.codes(session).filter(pl.col("code") == partner)
    names = queries.standing_names(session).filter(pl.col("folded") == payer.fold(name))
    found = names.join(codes.select("partner_id"), on="partner_id", how="semi")
    if found.is_empty():
        raise Refusal(
            "no-learned-name",
            f"取引先「{partner}」に、消込で覚えた名義「{name}」はありません。",
            "urikake rules list で確かめてください。",
        )
    return found.row(0, named=True)


def _actors(session: Session, run_ids: pl.Series) -> set[str]:
    session.stage(pl.DataFrame({"wanted_id": run_ids.unique()}))
    found = session.read("SELECT r.actor FROM stage s JOIN base_run r ON r.id = s.wanted_id")
    return set(found["actor"])
