"""Rows found by index or within the blocks of ids that a run wrote, so that no explanation walks a large table.

Most facts carry no index but their id: what a run wrote into a table stands together, and the chain says where
(``base_link``). Within such a block rows are often in order of something (`ordered`): then a few look-ups find them.
Only the tables of masters and events, small beside the facts made of them, are searched from end to end.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import polars as pl

from urikake.base.bulk import Session, types

Span = tuple[int, int]
FEW: Final = 500  # ids written out in one statement


def one(session: Session, table: str, names: str, row_id: int | None) -> dict[str, Any] | None:
    """The named columns of one row by its id; None where there is none."""
    if row_id is None:
        return None
    found = session.rows(table, names, "id = ?", (row_id,))
    return found.row(0, named=True) if found.height else None


def none(names: str) -> pl.DataFrame:
    """No row of the named columns: asking a database for none may have it walk the table."""
    return pl.DataFrame(schema={name: types()[name] for name in names.split(", ")})


def spans_of_run(session: Session, run_id: int, relation: str) -> list[Span]:
    """The blocks of ids [first, beyond) that a run wrote into the table of the relation."""
    found = session.read(
        "SELECT first_id, count FROM base_link WHERE run_id = ? AND relation = ? ORDER BY id", (run_id, relation)
    )
    return [(first, first + count) for first, count in found.iter_rows()]


def spans_of_runs(session: Session, actions: Sequence[str], relation: str) -> pl.DataFrame:
    """The blocks that all runs of these verbs wrote into a table: ``run_id, first_id, count``."""
    marks = ", ".join("?" * len(actions))
    return session.read(
        "SELECT l.run_id, l.first_id, l.count FROM base_run r JOIN base_link l ON l.run_id = r.id"
        f" WHERE r.id >= ? AND r.id < ? AND r.action IN ({marks}) AND l.relation = ? ORDER BY l.id",
        (session.low, session.high, *actions, relation),
    )


def within(
    session: Session, table: str, names: str, spans: Sequence[Span], where: str = "", params: Sequence[Any] = ()
) -> pl.DataFrame:
    """The rows within the blocks that the condition picks, by id."""
    also = f" AND {where}" if where else ""
    parts = [
        session.read(f"SELECT {names} FROM {table} WHERE id >= ? AND id < ?{also} ORDER BY id", (*span, *params))
        for span in spans
        if span[0] < span[1]
    ]
    return pl.concat(parts) if parts else none(names)


def by_ids(session: Session, table: str, names: str, ids: pl.Series) -> pl.DataFrame:
    """The rows with those ids, by id."""
    return by_key(session, table, names, "id", ids)


def by_key(session: Session, table: str, names: str, key: str, values: pl.Series) -> pl.DataFrame:
    """The rows whose indexed number ``key`` is one of the values, by id."""
    parts = [none(names)]
    for at in range(0, len(values), FEW):
        marks = ", ".join(map(str, values[at : at + FEW]))
        parts.append(session.rows(table, names, f"{key} IN ({marks})"))
    return pl.concat(parts).sort("id")


def of_run(
    session: Session, table: str, relation: str, names: str, run_id: int, where: str = "", params: Sequence[Any] = ()
) -> pl.DataFrame:
    """The rows that a run wrote into a table and the condition picks, by id."""
    return within(session, table, names, spans_of_run(session, run_id, relation), where, params)


def ordered(session: Session, keyed: str, spans: Sequence[Span], wanted: Sequence[tuple[Any, Any]]) -> list[Span]:
    """The part of each block, which is in order of a key, on which the key is from the first to the second wanted value.

    ``keyed`` selects ``id`` and ``key_value`` of rows and ends where a condition on ``t.id`` follows. All blocks are halved
    at once, so that a thousand of them cost no more questions than one.
    """
    low = _bounds(session, keyed, spans, [first for first, _ in wanted], over=False)
    high = _bounds(session, keyed, spans, [last for _, last in wanted], over=True)
    return list(zip(low, high, strict=True))


def _bounds(session: Session, keyed: str, spans: Sequence[Span], wanted: Sequence[Any], *, over: bool) -> list[int]:
    """The first id of each block whose key is not below the wanted one; with ``over``, whose key is above it."""
    low, high = [first for first, _ in spans], [beyond for _, beyond in spans]
    while open_ := [at for at in range(len(spans)) if low[at] < high[at]]:
        middle = {at: (low[at] + high[at]) // 2 for at in open_}
        marks = ", ".join(str(row) for row in middle.values())
        kind = pl.String if isinstance(wanted[0], str) else pl.Int64
        found = dict(session.read(f"{keyed} t.id IN ({marks})", (), key_value=kind).iter_rows())
        for at, row in middle.items():
            if found[row] < wanted[at] or (over and found[row] == wanted[at]):
                low[at] = row + 1
            else:
                high[at] = row
    return low


def run(session: Session, run_id: int) -> dict[str, Any]:
    """The run by its id: ``id, action, subject, actor, recorded_at``."""
    found = one(session, "base_run", "id, action, subject, actor, recorded_at", run_id)
    assert found is not None, run_id
    return found


def file_of(session: Session, run_id: int) -> str:
    """The name and rows of the file that the run took; empty where it took none."""
    found = of_run(session, "intake_file", "intake.File", "file_name, row_count", run_id)
    return "".join(f"{name}（{count:,}行）" for name, count in found.iter_rows())


def contract_by(session: Session, *, no: str = "", contract_id: int | None = None) -> dict[str, Any] | None:
    """The contract with that number or id: ``id, run_id, contract_no, partner_id``."""
    where, what = ("contract_no = ?", no) if contract_id is None else ("id = ?", contract_id)
    found = session.read(
        f"SELECT id, run_id, contract_no, partner_id FROM contracts_contract WHERE company_id = ? AND {where}",
        (session.company_id, what),
    )
    return found.row(0, named=True) if found.height else None


def partner(session: Session, partner_id: int) -> dict[str, Any]:
    """The partner's ``code`` and newest ``name``."""
    found = session.read(
        "SELECT p.code, f.name FROM parties_partner p JOIN parties_profile f ON f.partner_id = p.id WHERE p.id = ?"
        " AND f.id >= ? AND f.id < ? ORDER BY f.id DESC LIMIT 1",
        (partner_id, session.low, session.high),
    )
    return found.row(0, named=True)


def entries_of(session: Session, run_id: int, source: str, source_id: int) -> pl.DataFrame:
    """The entries that a run posted for a source: ``entry_id, posted_on``."""
    names, what = "id, posted_on", "source = ? AND source_id = ?"
    found = of_run(session, "ledger_entry", "ledger.Entry", names, run_id, what, (source, source_id))
    return found.rename({"id": "entry_id"})


def product(session: Session, products: pl.DataFrame, product_id: int) -> dict[str, Any]:
    """The version of a product by its id, out of all of them."""
    return products.row(by_predicate=pl.col("product_id") == product_id, named=True)
