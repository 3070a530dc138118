"""What waits for a second person: proposed by one, then approved, returned or withdrawn, and only by approval done.

A kind of proposal is entered once with what it checks and what it does (`kind`). Where the company wants no second person
for it, what is proposed is done at once. Proposals and decisions are facts: who asked for what and why, who decided, when.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import polars as pl

from . import access, facts
from .bulk import Session
from .company import policies
from .errors import Refusal
from .models import Decision, Proposal

Content = Mapping[str, Any]
Verdict = Literal["approved", "returned", "withdrawn"]
VERDICTS: Final[dict[str, str]] = {"approved": "承認", "returned": "差戻し", "withdrawn": "取下げ"}
LONGEST: Final = 500


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of proposal: who may make it, who may decide it, how it is checked, done, and told in words.

    ``check`` refuses what cannot be done as the books stand; it is asked when the proposal is made and again before it is
    done, so that one that has become stale is refused.
    """

    name: str
    title: str
    permission: str
    approval: str
    check: Callable[[Session, Content], None]
    do: Callable[[Session, Content], None]
    words: Callable[[Content], str]
    policy: str = ""

    @property
    def held_by(self) -> str:
        """What the policy ``second_person`` calls it: its own name, unless it says otherwise."""
        return self.policy or self.name


KINDS: Final[dict[str, Kind]] = {}


def kind(found: Kind) -> Kind:
    """Enter a kind of proposal under its name."""
    KINDS[found.name] = found
    return found


def propose(session: Session, name: str, content: Content, why: str) -> int | None:
    """Ask for it and return the number of the proposal; None where it needs no second person and is done."""
    found = KINDS[name]
    access.allow(session, found.permission)
    found.check(session, content)
    if not policies(session).needs_second_person(found.held_by):
        found.do(session, content)
        return None
    if not why.strip():
        raise Refusal("no-reason", "理由がありません。", "承認する人に分かるように、理由を書いてください。")
    if len(why) > LONGEST:
        raise Refusal("long-reason", f"理由が{len(why)}字あります。", f"{LONGEST}字までで書いてください。")
    text = json.dumps(dict(content), ensure_ascii=False, sort_keys=True)
    row = facts.record(session, Proposal, pl.DataFrame([{"kind": name, "content": text, "why": why.strip()}]))
    return int(row["id"][0]) - session.low


def decide(session: Session, number: int, verdict: Verdict, note: str = "") -> str:
    """Decide what waits, do it if it is approved, and return it in words.

    Refused: one's own proposal (only withdrawn by oneself), one that is decided already, one that has become stale.
    """
    waits = waiting(session).filter(pl.col("number") == number)
    if waits.is_empty():
        raise Refusal(
            "not-waiting", f"申請 {number} は承認を待っていません。", "承認のページで今の状態を確かめてください。"
        )
    row = waits.row(0, named=True)
    found, own = KINDS[row["kind"]], row["actor"] == session.user
    access.allow(session, found.permission if verdict == "withdrawn" else found.approval)
    if own and verdict != "withdrawn":
        raise Refusal("own-proposal", "自分の申請は自分では承認・差戻しできません。", "別の人に頼んでください。")
    if verdict == "withdrawn" and not own:
        raise Refusal("not-own", "ほかの人の申請は取り下げられません。", "差戻しにしてください。")
    content = json.loads(row["content"])
    if verdict == "approved":
        found.check(session, content)
        found.do(session, content)
    decision = {"proposal_id": session.low + number, "verdict": verdict, "note": note.strip()}
    facts.record(session, Decision, pl.DataFrame([decision]))
    return found.words(content)


PROPOSAL: Final = "p.id, p.kind, p.content, p.why, r.actor, r.recorded_at"


def waiting(session: Session) -> pl.DataFrame:
    """What waits, oldest first: ``number, kind, title, content, text, why, actor, recorded_at``."""
    found = session.read(
        f"SELECT {PROPOSAL} FROM base_proposal p JOIN base_run r ON r.id = p.run_id"
        " LEFT JOIN base_decision d ON d.proposal_id = p.id"
        " WHERE p.id >= ? AND p.id < ? AND d.id IS NULL ORDER BY p.id",
        (session.low, session.high),
    )
    return _told(session, found)


def asked(session: Session, name: str) -> list[dict[str, Any]]:
    """What is asked for by the proposals of a kind that wait, oldest first; whoever asks need not know the other kinds."""
    found = session.read(
        "SELECT p.id, p.content FROM base_proposal p LEFT JOIN base_decision d ON d.proposal_id = p.id"
        " WHERE p.id >= ? AND p.id < ? AND p.kind = ? AND d.id IS NULL ORDER BY p.id",
        (session.low, session.high, name),
    )
    return [json.loads(content) for content in found["content"]]


def decided(session: Session) -> pl.DataFrame:
    """What was decided, newest first: as `waiting`, with ``verdict, note, decider, decided_at``."""
    found = session.read(
        f"SELECT {PROPOSAL}, d.verdict, d.note, x.actor AS decider, x.recorded_at AS decided_at FROM base_decision d"
        " JOIN base_proposal p ON p.id = d.proposal_id JOIN base_run r ON r.id = p.run_id"
        " JOIN base_run x ON x.id = d.run_id WHERE d.id >= ? AND d.id < ? ORDER BY d.id DESC",
        (session.low, session.high),
        decider=pl.String,
        decided_at=pl.Datetime("us", "UTC"),
    )
    return _told(session, found)


def _told(session: Session, found: pl.DataFrame) -> pl.DataFrame:
    """The proposals with their number and what they ask for in words."""
    texts = [KINDS[k].words(json.loads(c)) for k, c in found.select("kind", "content").iter_rows()]
    titles = [KINDS[k].title for k in found["kind"]]
    return found.with_columns(
        number=pl.col("id") - session.low,
        title=pl.Series(titles, dtype=pl.String),
        text=pl.Series(texts, dtype=pl.String),
    ).drop("id")
