"""What people judge of a contract's obligations: how a change is treated, what is distinct, varies, or is one contract.

Each with its reason, and by a second person where the company wants one (`judgement`). The next recognition takes it up: what
was recognised otherwise is caught up in the open month.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

import polars as pl

from urikake.base import facts, proposals
from urikake.base.access import action
from urikake.base.bulk import Session
from urikake.base.errors import Refusal
from urikake.core.modification import TREATMENTS
from urikake.rooms.catalog.queries import products
from urikake.rooms.contracts import queries as contracts

from .. import queries
from ..models import Judgement
from . import arranging, combining, financing

NAME: Final = "judgement"
SIGNS: Final = {"noncash": 1, "payable": -1}
"""The sign that the amount of these must have."""


@action("revenue.judge")
def judge(
    session: Session,
    *,
    contract: str,
    kind: str,
    why: str,
    treatment: str = "",
    line: str = "",
    with_line: str = "",
    with_contract: str = "",
    amount: int = 0,
    rate: str = "",
) -> int | None:
    """Judge, or ask for it where a second person must agree; the number of the proposal, None where it is done.

    ``kind``: `treatment` of the newest change of the contract · `bundle` the line with another (``with_line`` empty: it is
    distinct after all) · `estimate` a variable amount without tax, of a line or of all (0: none any more) · `discount` what of the
    discount is of some lines alone (their codes in ``line``, with commas between; 0: none any more) · `noncash` the
    value of what is received otherwise than in money · `payable` what is paid to the customer (negative) · `combine` the
    contract with ``with_contract`` (empty: it is one of its own after all) · `financing` the yearly ``rate`` in percent by which
    the price holds interest (0: none after all). Lines are named by their product's code.
    """
    if kind not in queries.KINDS:
        raise Refusal(
            "bad-judgement", f"判断の種類「{kind}」はありません。", f"{'・'.join(queries.KINDS)} から選んでください。"
        )
    content = {
        "contract": contract, "kind": kind, "treatment": treatment, "with": with_line,
        "line": line if kind in ("bundle", "estimate", "discount") else "",
        "amount": amount, "why": why.strip(), "on": "", "with_contract": with_contract, "from": "",
        "rate": rate.strip(),
    }  # fmt: skip
    if kind == "treatment":
        content["on"] = _changed_on(session, contract).isoformat()
    if kind == "combine" and not with_contract:
        content["from"] = combining.joined_to(session, contract)
    return proposals.propose(session, NAME, content, why)


def _rows(session: Session, content: proposals.Content) -> list[dict[str, Any]]:
    """The judgement as rows of facts; refused where it names what there is not.

    One for each line of a discount, and for each contract of an arrangement whose price holds interest.
    """
    if content["kind"] == "financing":
        row = _row(session, content)
        return [row | {"contract_id": number} for number in combining.members(session, row["contract_id"])]
    if content["kind"] != "discount":
        return [_row(session, content)]
    codes = [code.strip() for code in content["line"].replace("、", ",").split(",") if code.strip()]
    if len(set(codes)) != len(codes) or bool(codes) != (content["amount"] > 0):
        raise Refusal(
            "bad-discount", "どの明細の、いくらの値引かが分かりません。",
            "対象の商品コードを一度ずつ , で区切って並べ、値引の額を正の数で書いてください。なくすときは、どちらも空（0）にします。",
        )  # fmt: skip
    rows = [_row(session, {**content, "line": code}) for code in codes or [""]]
    _discounted(session, rows)
    return rows


def _discounted(session: Session, rows: list[dict[str, Any]]) -> None:
    """Refuse a discount of some lines that is more than they are sold for or than is given, or that would have no effect."""
    contract_id, amount = rows[0]["contract_id"], rows[0]["amount"]
    together = combining.members(session, contract_id)
    if not amount and contract_id not in queries.discounts(session)["contract_id"]:
        raise Refusal("no-discount", "この契約に、一部の明細だけの値引はありません。", "契約番号を確かめてください。")
    if combining.followed(session, together):
        raise Refusal(
            "changed-since", "契約変更を配分に取り込んだあとなので、はじめの値引の配り方は変えられません。",
            "変更の扱いは「契約変更の扱い」で判断できます。",
        )  # fmt: skip
    lines = arranging.priced(session, together)
    named = [row["line_id"] for row in rows if row["line_id"] is not None]
    alone = int(lines.filter(pl.col("line_id").is_in(named) & ~pl.col("residual"))["ssp"].sum())
    if amount > alone:
        raise Refusal(
            "too-much-discount", f"値引 {amount:,}円は、対象の明細の独立販売価格 {alone:,}円を超えています。",
            "額と商品コードを確かめてください。残余アプローチの商品は、対象にできません。",
        )  # fmt: skip
    other = queries.discounts(session).filter(pl.col("contract_id") != contract_id).unique("tie")
    held = int(other.filter(pl.col("contract_id").is_in(together))["amount"].sum())
    _fits(lines, held + amount)


def _fits(lines: pl.DataFrame, discounts: int, more: int = 0) -> None:
    """Refuse where discounts of some lines would be more than what is given on the lines, whose price is ``more``.

    What others leave of the price takes up all that is given.
    """
    given = int(lines["ssp"].sum()) - int(lines["stated"].sum()) - more
    if discounts > max(given, 0) and not lines["residual"].any():
        raise Refusal(
            "too-much-discount",
            f"一部の明細だけの値引 {discounts:,}円が、契約の値引 {max(given, 0):,}円（独立販売価格の合計 − 取引価格）を超えます。",
            "額を確かめてください。判断してある値引が大きすぎるときは、先に減らすか、なくしてください。",
        )  # fmt: skip


def _row(session: Session, content: proposals.Content) -> dict[str, Any]:
    """The judgement as a row of facts; refused where it names what there is not."""
    contract_id = combining.contract(session, content["contract"])
    if not 0 < len(content["why"]) <= proposals.LONGEST:
        raise Refusal("no-reason", "判断の理由がないか、長すぎます。", f"1〜{proposals.LONGEST}字で書いてください。")
    row: dict[str, Any] = {
        "contract_id": contract_id, "kind": content["kind"], "treatment": content["treatment"], "amount": content["amount"],
        "effective_on": date.fromisoformat(content["on"]) if content["on"] else date(1900, 1, 1), "reason": content["why"],
        "with_contract_id": None, "rate_micro": None,
    }  # fmt: skip
    if content["kind"] == "financing":
        row["rate_micro"] = financing.rate(session, contract_id, content["rate"])
    if content["kind"] == "treatment" and content["treatment"] not in TREATMENTS:
        raise Refusal(
            "bad-treatment", f"契約変更の扱い「{content['treatment']}」はありません。",
            f"{'・'.join(TREATMENTS)} から選んでください。",
        )  # fmt: skip
    for name, key in (("line_id", "line"), ("with_line_id", "with")):
        row[name] = _line(session, contract_id, content[key]) if content[key] else None
    if content["kind"] == "bundle" and (row["line_id"] is None or row["line_id"] == row["with_line_id"]):
        raise Refusal(
            "bad-bundle",
            "どの明細を、どの明細と一つにするかが分かりません。",
            "契約にある別の商品コードを二つ指定してください。",
        )
    if content["kind"] == "combine":
        financing.apart(session, contract_id, content["with_contract"])
        row |= combining.told(session, row["contract_id"], content["with_contract"])
    _able(session, row)
    return row


def _able(session: Session, row: dict[str, Any]) -> None:
    """Refuse what would have no effect: the price of the contract is not shared out, or nothing would be left of it."""
    if row["kind"] == "treatment":
        return
    if row["treatment"] == combining.APART:
        mine = [row["contract_id"]]
        rest = [number for number in combining.members(session, row["contract_id"]) if number not in mine]
        for part in (mine, rest):
            _has_price(session, part, _expected(session, part))
            _still_fits(session, part)
        return
    named = queries.bundles(session).select("line_id", "with_line_id")
    told = {named_id: with_id for named_id, with_id in named.iter_rows() if named_id != row["line_id"]}
    if row["kind"] == "bundle" and row["with_line_id"] is not None:
        told[row["line_id"]] = row["with_line_id"]
    sold = arranging.sold(session, pl.Series(list(told), dtype=pl.Int64))["contract_id"]
    for number in (row["contract_id"], row["with_contract_id"] or row["contract_id"]):
        if number not in sold:
            raise Refusal(
                "not-arranged", f"契約「{combining.number_of(session, number)}」は、取引価格を配分できません。",
                "契約の明細（従量・預り保証金・見込期間を除く）すべてに、独立販売価格と期間があるか確かめてください。",
            )  # fmt: skip
    if row["kind"] in queries.AMOUNTS:
        if row["amount"] * SIGNS.get(row["kind"], 0) < 0:
            raise Refusal(
                "bad-amount", f"{queries.KINDS[row['kind']]}の額が {row['amount']:,}円です。",
                "現金以外の対価は正の数、顧客に支払われる対価は負の数で書いてください。0 ならなくします。",
            )  # fmt: skip
        together = combining.members(session, row["contract_id"])
        expected = _expected(session, together, row) + row["amount"]
        _has_price(session, together, expected)
        _still_fits(session, together, expected - _expected(session, together))


def _still_fits(session: Session, numbers: list[int], more: int = 0) -> None:
    """Refuse a judgement by which the discounts of some lines that stand would be more than is given on the contracts."""
    held = queries.discounts(session).filter(pl.col("contract_id").is_in(numbers)).unique("tie")
    if held.height:
        _fits(arranging.priced(session, numbers), int(held["amount"].sum()), more)


def _has_price(session: Session, numbers: list[int], judged: int) -> None:
    """Refuse amounts that people judge where nothing would be left of the price of the contracts together."""
    left = sum(arranging.charges(session, number) for number in numbers) + judged
    if judged and left <= 0:
        raise Refusal(
            "no-price-left", f"この判断を入れると、取引価格が {left:,}円になります。", "額を確かめてください。"
        )


def _expected(session: Session, numbers: list[int], besides: dict[str, Any] | None = None) -> int:
    """What people judged of the price of the contracts, but for what the new judgement ``besides`` takes the place of."""
    mine = queries.estimates(session).filter(pl.col("contract_id").is_in(numbers))
    if besides is not None:
        own = (pl.col("contract_id") == besides["contract_id"]) & (pl.col("kind") == besides["kind"])
        same_line = pl.col("line_id").eq_missing(pl.lit(besides["line_id"], dtype=pl.Int64))
        mine = mine.filter(~(own & same_line))
    return int(mine["amount"].sum())


def _line(session: Session, contract_id: int, code: str) -> int:
    """The line of the contract that began with the product."""
    named = products(session).filter(pl.col("product") == code)["product_id"]
    own = contracts.first_lines(session).filter(
        (pl.col("contract_id") == contract_id) & pl.col("product_id").is_in(named.implode())
    )
    if own.is_empty():
        raise Refusal("unknown-line", f"契約に商品「{code}」の明細はありません。", "商品コードを確かめてください。")
    return int(own["line_id"][0])


def _changed_on(session: Session, number: str) -> date:
    """The day of the newest change of the contract that its arrangement follows; refused where there is none."""
    newest = queries.newest(session).filter(pl.col("contract_id") == combining.contract(session, number))
    if newest.is_empty() or newest["treatment"][0] == "inception":
        raise Refusal(
            "no-change", f"契約「{number}」には、扱いを決める変更がまだありません。",
            "変更を登録し、その月までの収益を認識してから判断してください。",
        )  # fmt: skip
    found: date = newest["effective_on"][0]
    return found


def _check(session: Session, content: proposals.Content) -> None:
    _rows(session, content)


def _do(session: Session, content: proposals.Content) -> None:
    names: Sequence[str] = ("line_id", "with_line_id", "with_contract_id", "rate_micro")
    rows = pl.DataFrame(_rows(session, content)).cast(dict.fromkeys(names, pl.Int64))
    facts.record(session, Judgement, rows)


def words(content: proposals.Content) -> str:
    """What is judged, in words.

    >>> words({"contract": "C1", "kind": "bundle", "line": "SETUP", "with": "PLAN", "treatment": "", "amount": 0})
    '契約 C1: SETUP は PLAN と別個でない（一つの履行義務）'
    """
    head = f"契約 {content['contract']}: "
    if content["kind"] == "treatment":
        return f"{head}{content['on']} の変更を「{queries.TREATMENTS[content['treatment']]}」で扱う"
    if content["kind"] == "bundle":
        other = content["with"]
        return f"{head}{content['line']} は " + (
            f"{other} と別個でない（一つの履行義務）" if other else "別個の履行義務"
        )
    if content["kind"] == "combine":
        other = content["with_contract"]
        return f"{head}" + (
            f"契約 {other} と結合し、一つの契約とみなす" if other else f"契約 {content['from']} との結合をやめる"
        )
    if content["kind"] == "discount":
        return f"{head}" + (
            f"値引 {content['amount']:,} 円を {content['line']} だけのものとする"
            if content["amount"]
            else "一部の明細だけの値引をなくす"
        )
    if content["kind"] == "financing":
        rate = content["rate"]
        return f"{head}" + (
            f"取引価格に年 {rate}% の利息が含まれる（重要な金融要素）"
            if float(rate)
            else "重要な金融要素の判断をやめる"
        )
    what = {
        "estimate": "変動対価を {} 円と見積もる",
        "noncash": "現金以外の対価を {} 円とする",
        "payable": "顧客に支払われる対価を {} 円とする",
    }
    told = what[content["kind"]].format(f"{content['amount']:,}")
    return f"{head}{told}" + (f"（{content['line']} だけ）" if content["line"] else "")


proposals.kind(proposals.Kind(NAME, "収益認識の判断", "revenue.judge", "revenue.approve", _check, _do, words))
