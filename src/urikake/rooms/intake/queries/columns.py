"""What a kind of file consists of, and how the columns of another file become its columns."""

from __future__ import annotations

from collections.abc import Mapping as AnyMapping
from dataclasses import dataclass, field
from typing import Any, Final

import polars as pl

from urikake.core import cells
from urikake.core.cells import Reader

from .words import WORDS

LONGEST: Final = 60
LONGER: Final = {
    "name": 200, "users.name": 150, "kana": 200, "postal_code": 10, "address": 300, "email": 254, "split": 200, "payer_names": 200,
    "virtual_account": 20, "currency": 3, "tiers": 2_000, "reason": 200, "description": 200, "maker": 150, "payer": 200,
    "reference": 200, "reprice.contracts": 2_000,
}  # fmt: skip
"""How many characters a text may have; of what is a list, each of its parts."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a kind of file: its English and Japanese header, how its cells are read, and whether it must be."""

    name: str
    japanese: str = ""
    read: Reader = cells.text
    required: bool = False
    why: str = ""
    choices: tuple[str, ...] = ()

    @property
    def dtype(self) -> Any:
        """The type of the column once read; choices are text."""
        return cells.TYPES.get(self.read, pl.String)

    @property
    def reason(self) -> str:
        """What to say of a cell that cannot be read."""
        return self.why or cells.WHY.get(self.read, "この値は使えません")

    @property
    def label(self) -> str:
        """The column's name as people see it."""
        return self.japanese or self.name

    @property
    def words(self) -> dict[str, str]:
        """The choices of the column with what people call them."""
        called = WORDS.get(self.name, {})
        return {choice: called.get(choice, choice) for choice in self.choices}


def options(name: str, japanese: str, *choices: str, required: bool = False) -> Column:
    """A column whose cells are one of the choices."""
    why = f"{'・'.join(choices)} のいずれかで書いてください"
    return Column(name, japanese, cells.choice(*choices), required, why, choices)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file: its name and its columns."""

    name: str
    columns: tuple[Column, ...]

    def longest(self, column: Column) -> int:
        """How many characters a text of the column may have."""
        return LONGER.get(f"{self.name}.{column.name}", LONGER.get(column.name, LONGEST))

    def column(self, name: str) -> Column | None:
        """The column of that English name, or None."""
        return next((column for column in self.columns if column.name == name), None)


@dataclass(frozen=True, slots=True)
class Mapping:
    """How a file's headers become our columns (empty: not used), and the values of columns that it lacks."""

    columns: dict[str, str] = field(default_factory=dict)
    fixed: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, told: AnyMapping[str, Any]) -> Mapping:
        """The mapping of its JSON form (see `told`)."""
        return cls(dict(told.get("columns", {})), dict(told.get("fixed", {})))

    def told(self) -> dict[str, dict[str, str]]:
        """The mapping as JSON keeps it."""
        return {"columns": self.columns, "fixed": self.fixed}
