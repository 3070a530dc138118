"""What of a contract's price fell on its lines by their selling prices (取引価格の配分), beyond what they charge, month by month.

A shift brings what a line has earned of its charges to its share of the price by the end of the month; it is worked out
again from the version of the arrangement that its run knew, by the kernels that allocate and recognise.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import polars as pl

from urikake.base import periods
from urikake.base.bulk import Session
from urikake.core import arrangement
from urikake.rooms.catalog.queries import products
from urikake.rooms.obligations import queries as obligations
from urikake.rooms.revenue.queries import interest as bearing

from .. import obligations as arranged
from . import accruals, earnings, lines, reads, words
from .made import Step

SHIFT: Final = "id, run_id, contract_id, line_id, partner_id, product_id, dimension_id, month, posted_on, amount"


@dataclass(frozen=True, slots=True)
class Shifted:
    """The shifts of a contract's month: their sum, the same worked out again, the steps, and the runs they are of."""

    amount: int
    recomputed: int
    steps: tuple[Step, ...]
    runs: tuple[int, ...]
    newest: tuple[int, int] | None = None


def of_contract(session: Session, contract_id: int) -> pl.DataFrame:
    """Every shift of the contract, by id."""
    own = session.rows("contracts_line", "id", "contract_id = ?", (contract_id,))["id"]
    return reads.by_key(session, "revenue_shift", SHIFT, "line_id", own)


def explained(session: Session, contract_id: int, month: date) -> Shifted:
    """The shifts of the month, whenever they were posted."""
    mine = of_contract(session, contract_id).filter(pl.col("month") == month)
    told = {run: again(session, contract_id, run, month) for run in mine["run_id"].unique()}
    rows = [
        (row, told[row["run_id"]].row(by_predicate=pl.col("line_id") == row["line_id"], named=True))
        for row in mine.iter_rows(named=True)
    ]
    last = mine.row(-1, named=True) if mine.height else None
    return Shifted(
        int(mine["amount"].sum()),
        sum(found["amount"] for _, found in rows),
        tuple(_step(session, row, found) for row, found in rows),
        tuple(told),
        (last["id"], last["run_id"]) if last else None,
    )


def again(session: Session, contract_id: int, run_id: int, month: date) -> pl.DataFrame:
    """What of each line was to be shifted by the end of the month as the run knew it, by line.

    Columns: the obligation with what was shared in its version (`obligations.shared`), ``by_then``, ``earned`` of charges,
    ``left`` (what rounding leaves once all is over), ``before`` (shifted earlier) and ``amount``. Of contracts that are
    combined what is shared and what is left is of all together.
    """
    ids = as_one(session, contract_id, run_id)
    shared = arranged.shared(pl.concat([rules(session, each, run_id, month) for each in ids]))
    found = pl.concat(
        [_gaps(session, part, run_id, month) for part in shared.partition_by("contract_id", maintain_order=True)]
    )
    last = pl.int_range(pl.len()) == pl.len() - 1
    known = obligations.judgements(session).filter(pl.col("run_id") < run_id)
    beside = _beside(known, ids) + _borne(session, ids, run_id, month)
    rest = pl.when(pl.col("over").all() & last).then(pl.col("gap").sum() - beside).otherwise(0)
    told = found.with_columns(left=rest).with_columns(amount=pl.col("gap") - pl.col("left") - pl.col("before"))
    return told.filter(pl.col("contract_id") == contract_id).drop("gap")


def _beside(known: pl.DataFrame, contract_ids: list[int]) -> int:
    """What of the price of the contracts is never on a bill, as it was judged."""
    mine = known.filter(pl.col("kind").is_in(list(obligations.BESIDE)) & pl.col("contract_id").is_in(contract_ids))
    return int(mine.unique(["contract_id", "line_id", "kind"], keep="last", maintain_order=True)["amount"].sum())


def _borne(session: Session, contract_ids: list[int], run_id: int, month: date) -> int:
    """The interest that the contracts had borne as the run recognised the month."""
    own = (pl.col("run_id") < run_id) | ((pl.col("run_id") == run_id) & (pl.col("month") <= month))
    rows = bearing.interests(session).filter(pl.col("contract_id").is_in(contract_ids) & own)
    return int(rows["amount"].sum())


def as_one(session: Session, contract_id: int, run_id: int) -> list[int]:
    """The contract and those that it was combined with, as the run knew it, by id."""
    joined = obligations.combined(session, run_id)
    mine = joined.filter(pl.col("contract_id") == contract_id)["arrangement_id"]
    others = joined.filter(pl.col("arrangement_id").is_in(mine.implode())).select("contract_id")
    known = obligations.versions(session).filter(pl.col("run_id") <= run_id)
    return others.join(known, on="contract_id", how="semi")["contract_id"].sort().to_list() or [contract_id]


def _gaps(session: Session, rules: pl.DataFrame, run_id: int, month: date) -> pl.DataFrame:
    """As `again`, of one contract's rules, with the ``gap`` between its share and what it has earned, but for ``left``."""
    contract_id, until = int(rules["contract_id"][0]), periods.following(month)
    shares = rules.rename({"amount": "share"}).with_columns(amount="share")
    known = _performed(session, shares, run_id, until)
    rules = known.with_columns(
        by_then=arrangement.recognised(known, pl.lit(until), obligations.rounding(session)),
        over=(obligations.lasts() <= until)
        & ((pl.col("method") != "progress") | (pl.col("reached") >= pl.col("reached_of"))),
    )
    shifts = of_contract(session, contract_id).filter(
        (pl.col("run_id") < run_id) | ((pl.col("run_id") == run_id) & (pl.col("month") < month))
    )
    before = shifts.group_by("line_id").agg(before=pl.col("amount").sum())
    mine = _earned(session, contract_id, run_id, month, rules)
    found = rules.join(mine, on="line_id", how="left").join(before, on="line_id", how="left").sort("line_id")
    found = found.with_columns(pl.col("earned", "before").fill_null(0))
    return found.with_columns(gap=pl.col("by_then") - pl.col("earned"))


def rules(session: Session, contract_id: int, run_id: int, month: date) -> pl.DataFrame:
    """The obligations of the version that the run had for the month, as `obligations.shared` takes them."""
    every = session.rows("obligations_version", obligations.VERSION, "contract_id = ?", (contract_id,))
    own = (pl.col("run_id") == run_id) & (pl.col("effective_on") <= periods.last_day(month))
    head = every.filter((pl.col("run_id") < run_id) | own).row(-1, named=True)
    rows = session.rows("obligations_obligation", obligations.OBLIGATION, "version_id = ?", (head["id"],))
    told = obligations.deducted(session, rows.with_columns(judgement_id=pl.lit(head["judgement_id"], dtype=pl.Int64)))
    return (
        told.rename({"pattern": "method"})
        .drop("id", "run_id", "judgement_id")
        .with_columns(
            price=pl.col("done") + pl.col("amount"),
            treatment=pl.lit(head["treatment"]),
            since_on=pl.lit(head["effective_on"]),
            rate_micro=pl.lit(head["rate_micro"], dtype=pl.Int64),
            pool=pl.lit(0),
        )
    )


def _performed(session: Session, rules: pl.DataFrame, run_id: int, until: date) -> pl.DataFrame:
    """The obligations with the shares performed before the day (``reached``) and the version's (``begun``), as the run knew them."""
    known = obligations.as_parts(
        reads.by_key(session, "obligations_progress", obligations.PROGRESS, "line_id", rules["line_id"])
    )
    told = known.filter(pl.col("run_id") <= run_id).sort("measured_on", "id")

    def by(line_id: int, day: date) -> tuple[int, int]:
        found = told.filter((pl.col("line_id") == line_id) & (pl.col("measured_on") < day))
        return (found["part"][-1], found["whole"][-1]) if found.height else (0, 1)

    shares: dict[str, list[int]] = {name: [] for name in ("reached", "reached_of", "begun", "begun_of")}
    for line, since in rules.select("line_id", "since_on").iter_rows():
        for name, day in (("reached", until), ("begun", since)):
            part, whole = by(line, day)
            shares[name].append(part)
            shares[f"{name}_of"].append(whole)
    return rules.with_columns(pl.Series(name, each, dtype=pl.Int64) for name, each in shares.items())


def built_on(session: Session, rules: pl.DataFrame, run_id: int) -> pl.Series:
    """The day on which each obligation was first performed in full by its progress, as the run knew it; null before that."""
    known = obligations.as_parts(
        reads.by_key(session, "obligations_progress", obligations.PROGRESS, "line_id", rules["line_id"])
    )
    told = known.filter(pl.col("run_id") <= run_id).unique(["line_id", "measured_on"], keep="last", maintain_order=True)
    whole = told.filter(pl.col("part") >= pl.col("whole")).group_by("line_id").agg(pl.col("measured_on").min())
    return rules.select("line_id").join(whole, on="line_id", how="left", maintain_order="left")["measured_on"]


def _earned(session: Session, contract_id: int, run_id: int, month: date, rules: pl.DataFrame) -> pl.DataFrame:
    """What the lines had earned of the cycles of their arrangement by the end of the month: ``line_id, earned``."""
    ends = rules.with_columns(to_on=obligations.lasts())
    spans = {row["line_id"]: (row["start_on"], row["to_on"]) for row in ends.iter_rows(named=True)}
    known = lines.folded(session, contract_id)
    ids = lines.charges(session, known.lines, lines.furthest(session), "id")["id"]
    until = periods.following(month)
    mine = [
        one
        for one in earnings.earned_all(session, ids)
        if one.head["run_id"] <= run_id
        and one.head["issue_on"] < until
        and _inside(spans, one.charge["line_id"], one.charge["cycle_from_on"])
    ]
    shares = earnings.done(session, [(one, max(one.since, until)) for one in mine])["done"]
    sums: dict[int, int] = {}
    for one, share in zip(mine, shares, strict=True):
        ended = one.ended is not None and one.ended[1] <= run_id and one.ended[0] <= month
        whole = one.at_once or ended
        line_id = one.charge["line_id"]
        sums[line_id] = sums.get(line_id, 0) + (one.rule["amount"] if whole else share)
    early = accruals.of_contract(session, contract_id).filter((pl.col("run_id") <= run_id) & (pl.col("month") <= month))
    for row in early.iter_rows(named=True):
        if _inside(spans, row["line_id"], row["cycle_from_on"]):
            sums[row["line_id"]] = sums.get(row["line_id"], 0) + row["amount"]
    return pl.DataFrame(list(sums.items()), schema={"line_id": pl.Int64, "earned": pl.Int64}, orient="row")


def _inside(spans: dict[int, tuple[date, date]], line_id: int, from_on: date) -> bool:
    """Whether a cycle of the line belongs to the arrangement."""
    start, to = spans.get(line_id, (date.max, date.max))
    return start <= from_on and (from_on < to or from_on == start)


def _step(session: Session, row: dict[str, Any], found: dict[str, Any]) -> Step:
    """The shift of a line, with its share, what of it is revenue by the month's end, and what its charges had earned."""
    name = reads.product(session, products(session), row["product_id"])["product_name"]
    last = f"{row['month']:%Y年%-m月}末まで"
    spread = f"{words.yen(found['share'])} を {words.days(found['from_on'], found['to_on'])} に配分"
    before = f"それまでの {words.yen(found['done'])} と、" if found["done"] else ""
    parts = [
        Step(f"{last}に収益にする額", f"{before}{spread}", found["by_then"]),
        Step(f"請求の明細で{last}に収益になった額", "", -found["earned"]),
        Step("前月までに移した額", "", -found["before"]),
        Step("配分の終わりに残る端数", "", -found["left"]),
    ]
    return Step(
        f"{name}: 取引価格の配分との差",
        _share(found),
        row["amount"],
        parts=tuple(part for at, part in enumerate(parts) if part.amount or at < 2),
        kind="sum",
    )


def _share(found: dict[str, Any]) -> str:
    """What of the price falls on the line, in words: what was recognised before its version, and its share of the rest."""
    if not found["done"]:
        return f"配分額 {words.yen(found['price'])}{_formula(found, found['price'])}"
    parts = f"それまでの収益 {words.yen(found['done'])} ＋ 残り {words.yen(found['share'])}{_formula(found, found['share'])}"
    return f"配分額 {words.yen(found['price'])}{_formula(found, found['price'])} ＝ {parts}"


def _formula(found: dict[str, Any], share: int) -> str:
    """How the share came about, in words: the money and the selling prices; nothing where it is not of these alone."""
    if not found["weights"] or found["weight"] is None:
        return ""
    if abs(found["money"] * found["weight"] - share * found["weights"]) >= found["weights"]:
        return ""
    price = "残りの独立販売価格" if found["treatment"] == "prospective" else "独立販売価格"
    price += "（値引後）" if found["less"] and found["treatment"] == "inception" else ""
    money, weight, weights = (words.yen(found[key]) for key in ("money", "weight", "weights"))
    return f"（{money} × {price} {weight} ÷ {weights}）"
