"""What an explanation is made of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any

from urikake.base.bulk import Session


@dataclass(frozen=True, slots=True)
class Step:
    """A part of an amount, or a formula behind it, in words with the real numbers; ``ref`` has its own explanation."""

    label: str
    words: str = ""
    amount: int | None = None
    ref: str = ""
    parts: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Recorded:
    """Who recorded it, in which run, when, and the link of the chain that seals it."""

    run: int
    action: str
    actor: str
    at: datetime
    link: int
    head: str


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

    ``steps`` sum to it or show its formula, ``sources`` are name and value of what took part, ``path`` leads from the
    contract to the entry, ``recomputed`` is what the kernels make of the sources now.
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
    previous: int | None = None
    notes: tuple[str, ...] = field(default=())

    @property
    def equal(self) -> bool:
        """Whether the amount recomputed is the amount stored."""
        return self.amount == self.recomputed

    def as_dict(self) -> dict[str, Any]:
        """Plain data for the API and files; dates and moments in ISO 8601."""
        found: dict[str, Any] = _plain(asdict(self)) | {"equal": self.equal}
        return found

    def refs(self) -> Iterator[str]:
        """Every reference that it leads to."""
        stack = [*self.steps]
        while stack:
            step = stack.pop()
            stack += step.parts
            if step.ref:
                yield step.ref
        yield from (cause.ref for cause in self.path if cause.ref)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value.isoformat() if isinstance(value, date) else value


def recorded(session: Session, table: str, relation: str, row_id: int) -> Recorded | None:
    """Who recorded the row, and the link that seals it."""
    found = session.read(
        "SELECT r.id AS run_id, r.action, r.actor, r.recorded_at, l.id AS link_id, l.head"
        f" FROM {table} t JOIN base_run r ON r.id = t.run_id JOIN base_link l ON l.run_id = r.id AND l.relation = ?"
        " AND l.first_id <= t.id AND l.first_id + l.count > t.id WHERE t.id = ?",
        (relation, row_id),
    )
    if found.is_empty():
        return None
    row = found.row(0, named=True)
    low = session.low
    return Recorded(
        row["run_id"] - low, row["action"], row["actor"], row["recorded_at"], row["link_id"] - low, row["head"]
    )


def yen(amount: int) -> str:
    """The amount as it stands in a sentence.

    >>> yen(-1200)
    '△1,200円'
    """
    return f"△{-amount:,}円" if amount < 0 else f"{amount:,}円"


def last_day(day: date) -> date:
    """The last day of a range that ends before the day."""
    return date.fromordinal(day.toordinal() - 1)


def number(session: Session, text: str) -> int | None:
    """The id that a number on a screen stands for; None where it is no number."""
    return session.low + int(text) if text.isdecimal() and text.isascii() and len(text) < 12 else None
