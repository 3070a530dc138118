"""Charges explained: price × quantity × days, or usage through its price model, priced again from the contract.

The state that is priced is that of the contract as the charge's run knew it, not the one written on the charge; a credit
takes the state of what it gives back. The proration basis is the policy kept with the charge.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import polars as pl

from urikake.base.bulk import Session
from urikake.base.company import policies, tax_rates
from urikake.core import calendar, charging, pricing, timeline
from urikake.core.money import MICRO, Rounding
from urikake.rooms.billing.queries import TRUE_UP, cut_amounts, reversals
from urikake.rooms.catalog import queries as catalog
from urikake.rooms.catalog.queries import by_cycle, products
from urikake.rooms.invoices.queries import numbered
from urikake.rooms.usage.queries import totals

from . import commitments, deposits, lines, reads, words
from .made import Cause, Explanation, Step, number, recorded

INT: Final = pl.Int64
AGAIN: Final = "同じ日の分は、前に請求したものとの差だけを請求します"


@dataclass(frozen=True, slots=True)
class Usage:
    """What was used in the charge's days as its run saw it: the quantity by the meter, how many records, since when."""

    micro: int
    events: int
    first_on: date | None
    last_on: date | None
    meter: str = ""


@dataclass(frozen=True, slots=True)
class Priced:
    """A charge worked out again: the amount, and the steps that add up to it."""

    amount: int
    steps: tuple[Step, ...]
    contract: dict[str, Any]
    folded: lines.Folded
    usage: Usage | None


def charge(session: Session, text: str, as_of: date | None = None) -> Explanation | None:
    """A charge: what of which cycle was priced how, and the same priced again from contract, price and usage."""
    row = reads.one(session, "billing_charge", lines.CHARGE, number(session, text))
    if row is None:
        return None
    again = priced(session, row)
    product = reads.product(session, products(session), row["product_id"])
    before, ref = previous(session, row, again.folded)
    return Explanation(
        ref=f"charge-{text}",
        title=f"{product['product_name']} {words.days(row['from_on'], row['to_on'])}"
        + words.back(product["revenue"], row["amount"]),
        amount=row["amount"],
        recomputed=again.amount,
        steps=again.steps,
        sources=sources(session, row, product, again),
        path=path(session, row, again.contract),
        recorded=recorded(session, "billing.Charge", row["id"], row["run_id"]),
        previous=before,
        previous_ref=ref,
    )


def priced(session: Session, row: dict[str, Any]) -> Priced:
    """The charge worked out again from the contract, its prices and its usage, as its run knew them."""
    contract = reads.contract_by(session, contract_id=row["contract_id"])
    assert contract is not None
    known = lines.folded(session, row["contract_id"], row["run_id"])
    earlier = _earlier(session, row)
    product = reads.product(session, products(session), row["product_id"])
    settles, undoes = row["nature"] == TRUE_UP, _undone(session, row)
    usage = _usage(session, row, product["meter"]) if product["revenue"] == "usage" and not settles else None
    if undoes is not None:
        amount, steps = _mirrored(session, undoes)
    elif product["revenue"] == "deposit":
        amount, steps = deposits.moved(session, row, known)
    elif settles:
        amount, steps = commitments.settled(session, row, known)
    elif usage is not None:
        amount, steps = _metered(session, row, known, earlier, usage)
    elif row["nature"] > 0:
        amount, steps = _charged(session, row, known)
    else:
        amount, steps = _credited(session, row, known, earlier)
    return Priced(amount, steps, contract, known, usage)


def _undone(session: Session, row: dict[str, Any]) -> dict[str, Any] | None:
    """The charge that this one takes back; None for any other."""
    found = reversals(session).filter(pl.col("charge_id") == row["id"])
    return None if found.is_empty() else reads.one(session, "billing_charge", lines.CHARGE, found["reverses_id"][0])


def _mirrored(session: Session, undoes: dict[str, Any]) -> tuple[int, tuple[Step, ...]]:
    """A charge taken back whole: its amount with the other sign, whatever the contract says by now."""
    text = f"取り消した請求書の、同じ日の請求 {words.yen(undoes['amount'])} をそのまま返します"
    step = Step("取り消し", text, -undoes["amount"], f"charge-{undoes['id'] - session.low}")
    return -undoes["amount"], (step,)


def _earlier(session: Session, row: dict[str, Any]) -> pl.DataFrame:
    """What was billed of the same cycle and state before: by earlier runs, and of this run the credits before it."""
    cycle = session.rows(
        "billing_charge", lines.CHARGE, "cycle_from_on = ? AND line_id = ? AND id < ?",
        (row["cycle_from_on"], row["line_id"], row["id"]),
    )  # fmt: skip
    same = [pl.col(name) == row[name] for name in ("product_id", "state_micro", "unit_price_micro", *timeline.CUTS)]
    before = (pl.col("run_id") < row["run_id"]) | (pl.col("nature") < 0)
    return cycle.filter(*same, before, pl.col("nature") != TRUE_UP)


def _usage(session: Session, row: dict[str, Any], meter: str) -> Usage:
    """The usage of the charge's days up to the newest record that its run saw."""
    found = session.read(
        "SELECT count(*) AS events, min(used_on) AS from_on, max(used_on) AS to_on"
        " FROM usage_event WHERE line_id = ? AND used_on >= ? AND used_on < ? AND id <= ?",
        (row["line_id"], row["from_on"], row["to_on"], row["usage_through"]),
    ).row(0)
    days = pl.DataFrame([{name: row[name] for name in ("line_id", "from_on", "to_on")} | {"meter": meter}])
    measured = totals(session, days, row["usage_through"])["usage_micro"].item()
    return Usage(int(measured or 0), int(found[0]), found[1], found[2], meter)


def _stretches(row: dict[str, Any], known: lines.Folded) -> pl.DataFrame:
    """The charge's cycle as the contract has it."""
    cycles = calendar.cycles(
        known.lines.filter(pl.col("line_id") == row["line_id"]).with_columns(
            after_on=lines.NONE, until_on=pl.lit(row["cycle_from_on"]).dt.offset_by("1d")
        )
    ).filter(pl.col("from_on") == row["cycle_from_on"])
    return charging.stretches(cycles, known.segments)


def _wanted(row: dict[str, Any], known: lines.Folded) -> dict[str, Any] | None:
    """The state that the contract has, in the charge's cycle, on the charge's first day."""
    inside = (pl.col("from_on") <= row["from_on"]) & (pl.col("to_on") >= row["to_on"])
    found = _stretches(row, known).filter(inside)
    return found.row(0, named=True) if found.height else None


def _lasts_to(row: dict[str, Any], known: lines.Folded) -> date:
    """Until when the line is in use after the charge's days; their own end where it stops there."""
    asked = pl.DataFrame([row], schema={name: charging.KINDS[name] for name in (*charging.KEYS, "to_on")})
    found: date = charging.lasting(asked, _stretches(row, known)).item()
    return found


def _charged(session: Session, row: dict[str, Any], known: lines.Folded) -> tuple[int, tuple[Step, ...]]:
    """Days of the cycle at the state in force: price × quantity × part of the cycle, rounded once."""
    state = _wanted(row, known)
    if state is None:
        return 0, (Step("契約にこの日の明細がありません", "契約の履歴と請求計算が合いません", 0),)
    begun_on, ends_on = _cut_from(session, row)
    whole = _price(session, row | {"from_on": begun_on, "to_on": ends_on}, state, known, sign=1)
    formula = _formula(session, state, whole)
    if (begun_on, ends_on) == (row["from_on"], row["to_on"]):
        return whole["amount"], (formula,)
    return _share(session, row, begun_on, whole, formula)


def _cut_from(session: Session, row: dict[str, Any]) -> tuple[date, date]:
    """The days of which the charge is a piece, cut off where the rate of tax changes; its own days where it is whole."""
    beside = session.rows(
        "billing_charge", "id, from_on, to_on", "cycle_from_on = ? AND line_id = ? AND run_id = ? AND nature = ? AND product_id = ?",
        tuple(row[name] for name in ("cycle_from_on", "line_id", "run_id", "nature", "product_id")),
    )  # fmt: skip
    changes = set(tax_rates(session, row["run_id"])["from_on"])
    begins = dict(beside.filter(pl.col("from_on").is_in(list(changes))).select("from_on", "to_on").iter_rows())
    ends = {to_on: from_on for from_on, to_on in beside.select("from_on", "to_on").iter_rows() if to_on in begins}
    from_on, to_on = row["from_on"], row["to_on"]
    while from_on in begins and from_on in ends:
        from_on = ends[from_on]
    while to_on in begins:
        to_on = begins[to_on]
    return from_on, to_on


def _share(
    session: Session, row: dict[str, Any], begun_on: date, whole: dict[str, Any], formula: Step
) -> tuple[int, tuple[Step, ...]]:
    """The piece of a charge that bears one rate of tax, by months."""
    bare = {name: value for name, value in whole.items() if name not in SHARE} | {"basis": row["basis"], "row": 0}
    pieces = pl.DataFrame([bare | {"to_on": day} for day in (row["from_on"], row["to_on"], whole["to_on"])])
    counted = charging.fractions(pieces.filter(pl.col("to_on") > begun_on))
    upto = cut_amounts(counted, _rounding(session)).to_list()
    last, before = upto[-2], upto[-3] if len(upto) > 2 else 0
    told = f"{words.yen(whole['amount'])} を、税率の変わる日で分けた {words.days(row['from_on'], row['to_on'])} の分（累計で丸める）"
    return last - before, (formula, Step("税率ごとに分ける", told, last - before))


def _credited(
    session: Session, row: dict[str, Any], known: lines.Folded, earlier: pl.DataFrame
) -> tuple[int, tuple[Step, ...]]:
    """Days given back at the state they were charged at, no more than is left of that charge."""
    state = row | {"quantity_micro": row["state_micro"]}
    given = earlier.filter(pl.col("nature") > 0)
    if given.is_empty():
        return 0, (Step("返すもとの請求がありません", "この状態で請求したものが見つかりません", 0),)
    whole = _price(session, row, state, known, sign=-1)
    left = int(earlier["amount"].sum())
    days = int(earlier.select(((pl.col("to_on") - pl.col("from_on")).dt.total_days() * pl.col("nature")).sum()).item())
    refs = tuple(
        Step(f"もとの請求 {words.days(one['from_on'], one['to_on'])}", words.yen(one["amount"]), ref=f"charge-{one['id'] - session.low}")
        for one in given.iter_rows(named=True)
    )  # fmt: skip
    formula = _formula(session, state, whole)
    if (row["to_on"] - row["from_on"]).days >= days:
        amount, why = (
            -left,
            f"この状態で請求した日の残りをすべて返すので、請求の残り {words.yen(left)} をすべて返します",
        )
    elif whole["amount"] < -left:
        amount, why = -left, f"請求の残り {words.yen(left)} を超えては返しません"
    else:
        amount, why = whole["amount"], formula.words
    return amount, (Step("使わない日の分を返す", why, amount, parts=refs, kind="formula"),)


def _metered(
    session: Session, row: dict[str, Any], known: lines.Folded, earlier: pl.DataFrame, usage: Usage
) -> tuple[int, tuple[Step, ...]]:
    """All the usage of the days through the price model, less what was billed of the same days before."""
    before = earlier.filter((pl.col("from_on") == row["from_on"]) & (pl.col("to_on") == row["to_on"]))
    billed = int(before["amount"].sum())
    less = tuple(
        Step("すでに請求した額", AGAIN, -one["amount"], f"charge-{one['id'] - session.low}")
        for one in before.iter_rows(named=True)
    )
    state = _wanted(row, known)
    same = (
        state is not None
        and all(state[name] == row[other] for name, other in _STATE)
        and state["to_on"] == row["to_on"]
    )
    if before.height and not (same and state is not None and state["from_on"] == row["from_on"]):
        return -billed, (Step("いまの契約では、この日のこの料金はありません", "", 0), *less)
    if state is None:
        return 0, (Step("契約にこの日の明細がありません", "契約の履歴と請求計算が合いません", 0),)
    whole = _price(session, row, state, known, sign=1, usage=usage.micro)
    return whole["amount"] - billed, (_formula(session, state, whole, usage), *less)


SHARE: Final = ("numerator", "denominator")
_STATE: Final = (
    ("product_id", "product_id"),
    ("quantity_micro", "state_micro"),
    ("unit_price_micro", "unit_price_micro"),
    *((name, name) for name in timeline.CUTS),
)


def _price(
    session: Session,
    row: dict[str, Any],
    state: dict[str, Any],
    known: lines.Folded,
    *,
    sign: int,
    usage: int | None = None,
) -> dict[str, Any]:
    """The charge's days at a state, priced by the kernel against the whole cycle."""
    bounds = lines.cycle(known.lines, row["line_id"], row["cycle_from_on"]) or {
        "whole_from_on": row["from_on"], "whole_to_on": row["to_on"],
    }  # fmt: skip
    stretch = {
        "line_id": row["line_id"],
        **{name: state[name] for name in charging.STATE},
        "whole_from_on": bounds["whole_from_on"],
        "whole_to_on": bounds["whole_to_on"],
        "from_on": row["from_on"],
        "to_on": row["to_on"],
        "lasts_to_on": _lasts_to(row, known),
        "basis": row["basis"] or "daily",
        "sign": sign,
        "usage_micro": usage,
    }
    return charging.priced(_frame(stretch), by_cycle(session), _rounding(session)).row(0, named=True)


def _frame(stretch: dict[str, Any]) -> pl.DataFrame:
    """One stretch as the kernel takes it."""
    return pl.DataFrame([stretch], schema_overrides={"usage_micro": INT, "sign": INT})


def _rounding(session: Session) -> Rounding:
    return policies(session)["amount_rounding"]  # type: ignore[return-value]


def whole_price(session: Session, state: dict[str, Any], on: date) -> tuple[int, Step]:
    """What a whole cycle costs at a state, without usage, and the formula in words."""
    metered = reads.product(session, products(session), state["product_id"])["revenue"] == "usage"
    stretch = {
        "line_id": 0,
        **{name: state[name] for name in charging.STATE},
        **dict.fromkeys(("whole_from_on", "whole_to_on", "from_on", "to_on", "lasts_to_on"), on),
        "basis": "daily",
        "sign": 1,
        "usage_micro": 0 if metered else None,
    }
    whole = charging.priced(_frame(stretch), by_cycle(session), _rounding(session)).row(0, named=True)
    usage = Usage(0, 0, None, None) if metered else None
    return whole["amount"], _formula(session, state, whole, usage)


def _formula(session: Session, state: dict[str, Any], whole: dict[str, Any], usage: Usage | None = None) -> Step:
    """The price in words with the real numbers, its tiers beneath where there are several."""
    product = reads.product(session, products(session), state["product_id"])
    parts = _parts(product, state, usage)
    single = product["commitment_months"] is None
    bounds = [f"最低 {product['minimum']:,}円"] if single and product["minimum"] is not None else []
    bounds += [f"上限 {product['maximum']:,}円"] if single and product["maximum"] is not None else []
    inner = " ＋ ".join(parts) + (f"（{'・'.join(bounds)}）" if bounds else "")
    less = words.discount(state["discount_rate"], state["discount_cut"])
    inner = (f"（{inner}）" if len(parts) > 1 else inner) + less if less else inner
    cut = whole["numerator"] != whole["denominator"]
    spelled = f"（{inner}）" if cut and (len(parts) > 1 or less) else inner
    share = f" × {whole['numerator']}/{whole['denominator']}" + ("（基本料の部分）" if usage else "") if cut else ""
    label = "利用量を料金体系で計算" if usage is not None else "単価 × 数量" + (" × 使った日の割合" if cut else "")
    said = f"{spelled}{share} = {words.yen(whole['amount'])}（{words.ROUNDINGS[_rounding(session)]}）"
    return Step(label, said, whole["amount"], kind="formula")


def _parts(product: dict[str, Any], state: dict[str, Any], usage: Usage | None) -> list[str]:
    """The units, tiers, base and overage that the quantity entered, each at its price."""
    taken = MICRO if usage is not None and state["quantity_micro"] == 0 else state["quantity_micro"]
    names = ("price_model", "included_micro", "overage_price_micro", "package_size_micro")
    asked = {name: product[name] for name in names} | {
        "unit_price_micro": state["unit_price_micro"],
        "quantity_micro": state["quantity_micro"] if usage is None else usage.micro,
        "taken_micro": taken,
        "tiers": product["tier_list"],
    }
    kinds = {name: INT for name in asked if name not in {"price_model", "tiers"}} | {"tiers": pricing.TIERS}
    steps = pricing.steps(pl.DataFrame([asked], schema_overrides=kinds))
    return [
        f"{words.price(step['unit_price_micro'])} × {words.count(step['units_micro'])}"
        + (f" ＋ {step['flat']:,}円" if step["flat"] else "")
        for step in steps.iter_rows(named=True)
    ] or ["0円"]


def sources(
    session: Session, row: dict[str, Any], product: dict[str, Any], again: Priced
) -> tuple[tuple[str, str], ...]:
    """The contract line and the event behind the state, the price's version, the usage, and the policies."""
    own = again.folded.lines.row(by_predicate=pl.col("line_id") == row["line_id"], named=True)
    made = reads.run(session, own["run_id"])
    events = again.folded.events.filter(
        (pl.col("line_id") == row["line_id"]) & (pl.col("effective_on") <= row["from_on"]) & (pl.col("kind") != "renew")
    ).sort("effective_on", "recorded_at", "event_id")
    start = f"{words.day(own['start_on'])} 開始・{words.moment(own['recorded_at'])} 登録"
    return (
        ("契約明細", f"{start}・{made['actor']}・{_origin(session, made)}"),
        *[("最後の変更", _changed(session, one)) for one in events.tail(1).iter_rows(named=True)],
        (
            "商品の版",
            f"{product['product']} {words.day(product['valid_from_on'])} から・{words.MODELS[product['price_model']]}",
        ),
        *([("利用量", _used(again.usage))] if again.usage else []),
        *([] if product["revenue"] == "deposit" else [words.policy("日割り", words.BASIS, row["basis"])]),
        words.policy("端数", words.ROUNDINGS, _rounding(session)),
    )


def _origin(session: Session, run: dict[str, Any]) -> str:
    return reads.file_of(session, run["id"]) or str(run["subject"])


def _changed(session: Session, event: dict[str, Any]) -> str:
    """The event in words: when it holds, when and by whom it was recorded, and from which file."""
    run = reads.run(session, event["run_id"])
    kind = words.EVENTS.get(event["kind"], event["kind"])
    known = f"{words.moment(event['recorded_at'])} 登録"
    return f"{words.day(event['effective_on'])} {kind}・{known}・{run['actor']}・{_origin(session, run)}"


def _used(usage: Usage) -> str:
    """The usage in words: how much, in how many records, from when to when."""
    span = f" {usage.first_on:%Y/%m/%d}〜{usage.last_on:%Y/%m/%d}" if usage.first_on and usage.last_on else ""
    return f"{words.count(usage.micro)}（{usage.events:,}件の記録{words.METERS[usage.meter]}{span}）"


def path(session: Session, row: dict[str, Any], contract: dict[str, Any]) -> tuple[Cause, ...]:
    """契約 → 請求計算 → 請求書 → 収益."""
    found = session.read(
        "SELECT i.id, i.kind, i.fiscal_year, i.sequence, i.issue_on, i.total, l.id AS line_id, i.first_line_id FROM invoices_line l"
        " JOIN invoices_invoice i ON i.id = l.invoice_id WHERE l.charge_id = ?",
        (row["id"],),
    )
    no = contract["contract_no"]
    position = session.value("SELECT position FROM contracts_line WHERE id = ?", (row["line_id"],))
    actor = reads.run(session, row["run_id"])["actor"]
    stations = [
        Cause("契約", f"contract:{no}"),
        Cause("契約明細", f"line:{no}:{position + 1}"),
        Cause("請求計算", f"charge-{row['id'] - session.low}", row["closing_on"], row["amount"], actor),
    ]
    for paper in numbered(found).iter_rows(named=True):
        at = paper["line_id"] - paper["first_line_id"] + 1
        stations.append(Cause("請求書の明細", f"{paper['number']}:{at}", paper["issue_on"]))
        stations.append(Cause(words.PAPERS[paper["kind"]], paper["number"], paper["issue_on"], paper["total"]))
        stations.append(_after(session, row, no))
    return tuple(stations)


def _after(session: Session, row: dict[str, Any], no: str) -> Cause:
    """What becomes of a billed charge: revenue, or a deposit that is held."""
    if row["product_id"] in catalog.deposits(session):
        return Cause("預り保証金", f"deposit:{no}")
    return Cause("収益の計上", f"schedule-{row['id'] - session.low}")


def previous(session: Session, row: dict[str, Any], known: lines.Folded) -> tuple[int | None, str]:
    """What the line was charged for the cycle before, and the first of these charges; None where there was none."""
    mine = known.lines.filter(pl.col("line_id") == row["line_id"])
    cycles = calendar.cycles(
        mine.with_columns(end_on=lines.NONE, after_on=lines.NONE, until_on=pl.lit(row["cycle_from_on"]))
    )
    if cycles.is_empty():
        return None, ""
    found = session.rows(
        "billing_charge", "id, amount", "cycle_from_on = ? AND line_id = ?", (cycles["from_on"].max(), row["line_id"])
    )
    if found.is_empty():
        return None, ""
    return int(found["amount"].sum()), f"charge-{found['id'][0] - session.low}"
