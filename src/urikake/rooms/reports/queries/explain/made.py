"""What an explanation is made of, as plain data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, Final

from urikake.base import facts
from urikake.base.bulk import Session, columns

from . import reads

WHOLE: Final = (
    5_000  # rows of a link that are read and hashed again; of a larger one, only the row's own mark is compared
)


@dataclass(frozen=True, slots=True)
class Step:
    """A part of an amount, or the formula behind it, in words with the real numbers; ``ref`` has its own explanation.

    ``kind`` is ``sum`` where the parts add up to the amount, ``formula`` where the words say how it comes about, and
    ``part`` where neither is needed.
    """

    label: str
    words: str = ""
    amount: int | None = None
    ref: str = ""
    parts: tuple[Step, ...] = ()
    kind: str = "part"

    def walk(self) -> Iterator[Step]:
        """The step and all beneath it."""
        yield self
        for part in self.parts:
            yield from part.walk()


@dataclass(frozen=True, slots=True)
class Recorded:
    """Who recorded it, in which run, when, and the link of the chain that seals it.

    ``sealed`` tells whether the rows of the link still give its hash (of a large link, whether this row gives its mark)
    and the link its place in the chain; ``whole`` tells which of the two was compared.
    """

    run: int
    action: str
    actor: str
    at: datetime
    link: int
    head: str
    sealed: bool = True
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Cause:
    """One station on the way of a yen, before or after: what it is, when, and its reference."""

    label: str
    ref: str = ""
    on: date | None = None
    amount: int | None = None
    by: str = ""


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why an amount is what it is.

    The steps add up to it where ``kind`` is ``sum``, else they show its formula (``formula``) or its two sides
    (``sides``). ``sources`` are name and value of what took part, ``path`` leads from the contract to the entry,
    ``recomputed`` is what the kernels make of the sources now. ``previous`` is the same thing a cycle or month before.
    """

    ref: str
    title: str
    amount: int
    recomputed: int
    steps: tuple[Step, ...] = ()
    sources: tuple[tuple[str, str], ...] = ()
    path: tuple[Cause, ...] = ()
    recorded: Recorded | None = None
    unit: str = "円"
    kind: str = "sum"
    as_of: date | None = None
    previous: int | None = None
    previous_ref: str = ""

    @property
    def equal(self) -> bool:
        """Whether the amount recomputed is the amount stored."""
        return self.amount == self.recomputed

    def as_dict(self) -> dict[str, Any]:
        """Plain data for the API and files; dates and moments in ISO 8601."""
        found: dict[str, Any] = _plain(asdict(self)) | {"equal": self.equal}
        return found

    def walk(self) -> Iterator[Step]:
        """Every step, with those beneath it."""
        for step in self.steps:
            yield from step.walk()

    def refs(self) -> Iterator[str]:
        """Every reference that it leads to."""
        yield from (step.ref for step in self.walk() if step.ref)
        yield from (cause.ref for cause in self.path if cause.ref)
        if self.previous_ref:
            yield self.previous_ref


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value.isoformat() if isinstance(value, date) else value


def recorded(session: Session, relation: str, row_id: int, run_id: int) -> Recorded:
    """Who recorded the row of the relation, and the link that seals it, compared with what stands there now."""
    run = reads.run(session, run_id)
    link = session.read(
        "SELECT id, first_id, count, content, head FROM base_link WHERE run_id = ? AND relation = ?"
        " AND first_id <= ? AND first_id + count > ?",
        (run_id, relation, row_id, row_id),
    ).row(0, named=True)
    whole = link["count"] <= WHOLE
    own = _gives_its_hash if whole else _gives_its_mark
    sealed = own(session, relation, row_id, link) and _in_its_place(session, relation, link)
    low = session.low
    return Recorded(
        run_id - low, run["action"], run["actor"], run["recorded_at"], link["id"] - low, link["head"], sealed, whole
    )


def _model(relation: str) -> type[facts.Fact]:
    return next(model for model in facts.fact_models() if model._meta.label == relation)


def _gives_its_hash(session: Session, relation: str, row_id: int, link: dict[str, Any]) -> bool:
    """Whether all rows of the link still have the hash that it was made with."""
    model = _model(relation)
    span = (link["first_id"], link["first_id"] + link["count"])
    rows = reads.within(session, model._meta.db_table, ", ".join(columns(model)), [span])
    return facts.digest(rows, model) == link["content"]


def _gives_its_mark(session: Session, relation: str, row_id: int, link: dict[str, Any]) -> bool:
    """Whether the one row still has the mark that the link keeps of it: two bytes that change with any number."""
    model = _model(relation)
    row = session.rows(model._meta.db_table, ", ".join(columns(model)), "id = ?", (row_id,))
    at = 2 * (row_id - link["first_id"]) + 1
    kept = session.read(f"SELECT substr(mark, {at}, 2) AS mark FROM base_link WHERE id = ?", (link["id"],))
    return facts.marks(row, model) == kept["mark"][0]


def _in_its_place(session: Session, relation: str, link: dict[str, Any]) -> bool:
    """Whether the link follows from the one before it."""
    before = session.value("SELECT head FROM base_link WHERE id = ?", (link["id"] - 1,)) or facts.GENESIS
    return facts.chained(before, relation, link["first_id"], link["count"], link["content"]) == link["head"]


def number(session: Session, text: str) -> int | None:
    """The id that a number on a screen stands for; None where it is no number."""
    return session.low + int(text) if text.isdecimal() and text.isascii() and len(text) < 12 else None
