"""料金改定: running contracts moved to a product's new price, tried first; what comes of it as figures and rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

import polars as pl

from urikake.base import access, runs
from urikake.base.bulk import Session
from urikake.base.errors import Refusal
from urikake.core.calendar import JAPAN
from urikake.core.money import plain
from urikake.rooms.contracts.actions import reprice, withdraw_reprice
from urikake.rooms.contracts.actions.reprice import MOVES, OWN, UNRENEWED, When

CHANGE: Final = "contracts.change"
FATES: Final = {MOVES: "改定", OWN: "据え置き（個別の単価）", UNRENEWED: "据え置き（更新がない）"}
"""What becomes of a line, in words."""
TIMES: Final[dict[str, str]] = {"date": "決めた日に", "renewal": "契約ごとの更新日に"}
"""When running contracts may move, in words."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A price revision: which product, from when, at what time each contract moves, and which of them."""

    product: str
    since: date
    at: str = "date"
    contracts: Sequence[str] = ()
    own: bool = False
    noticed_on: date | None = None

    def do(self, session: Session) -> pl.DataFrame:
        """The lines looked at with their fate, after those that move were moved."""
        return reprice(
            session, product=self.product, since=self.since, at=_when(self.at), contracts=self.contracts, own=self.own,
            noticed_on=self.noticed_on,
        )  # fmt: skip


def _when(at: str) -> When:
    if at == "renewal":
        return "renewal"
    if at == "date":
        return "date"
    raise Refusal("bad-time", f"改定の時期が「{at}」です。", "date（決めた日）か renewal（更新日）を指定してください。")


def revise(
    url: str, asked: Asked, *, user: str = access.SYSTEM, preview: bool = False, request: runs.Request | None = None
) -> pl.DataFrame:
    """Move the contracts as asked, or, as a preview, tell what would come of it; the lines looked at with their fate."""
    subject = f"{asked.product} {asked.since}"
    found = pl.DataFrame()
    with runs.run(url, "reprice", subject=subject, permission=CHANGE, user=user, preview=preview, request=request) as (
        session,
        outcome,
    ):
        found = asked.do(session)
        outcome.figures |= figures(found)
    return found


def today() -> date:
    """The day in Japan."""
    return datetime.now(JAPAN).date()


def withdraw(url: str, product: str, since: date, *, on: date, user: str = access.SYSTEM) -> int:
    """Take back what is reserved of a revision and has not begun; how many lines that were."""
    with runs.run(url, "withdraw reprice", subject=f"{product} {since}", permission=CHANGE, user=user) as (
        session,
        outcome,
    ):
        outcome.figures["lines"] = withdraw_reprice(session, product=product, since=since, on=on)
    return int(outcome.figures["lines"])


def figures(found: pl.DataFrame) -> dict[str, int]:
    """Contracts and lines that move, yen a month before and after, and how many lines stay, by reason."""
    moves = found.filter(pl.col("fate") == MOVES).unique("line_id", keep="first", maintain_order=True)
    before, after = int(moves["before"].sum()), int(moves["after"].sum())
    stay = {fate: found.filter(pl.col("fate") == fate)["line_id"].n_unique() for fate in (OWN, UNRENEWED)}
    return {
        "contracts": moves["contract_id"].n_unique(),
        "lines": moves.height,
        "before": before,
        "after": after,
        "difference": after - before,
        "kept_own": stay[OWN],
        "kept_unrenewed": stay[UNRENEWED],
    }


def rows(found: pl.DataFrame) -> list[dict[str, Any]]:
    """A row a line: contract, partner, from when, quantity, price and yen a month before and after, fate."""
    return [
        {
            "contract_no": row["contract_no"],
            "partner": row["partner"],
            "effective": row["effective_on"].isoformat() if row["fate"] == MOVES else None,
            "notice_by": row["notice_by_on"].isoformat() if row["notice_by_on"] else None,
            "quantity": plain(row["quantity_micro"]),
            "unit_price": plain(row["unit_price_micro"]),
            "new_unit_price": plain(row["new_price_micro"]),
            "before": row["before"],
            "after": row["after"],
            "fate": row["fate"],
        }
        for row in found.iter_rows(named=True)
    ]
