"""履行義務と配分: contracts whose price falls on what was promised, and of each why it falls so and what changes did to it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

import polars as pl
from django.http import Http404, HttpResponse

from urikake.base import access
from urikake.base.bulk import Session
from urikake.core.money import plain
from urikake.doors import notes
from urikake.rooms.catalog.queries import products
from urikake.rooms.contracts.queries import contracts as every_contract
from urikake.rooms.intake.queries.words import WORDS
from urikake.rooms.obligations.queries import TREATMENTS, bare
from urikake.rooms.reports.queries import obligations as reports
from urikake.rooms.reports.queries.contracts import by_month
from urikake.rooms.revenue import queries as revenue

from .. import pictures, shown
from ..book import Shown, page
from ..desk import Desk, quoted
from ..pictures import Month, Part, Picture, Series
from ..table import Choice, Column, Empty, table

PLACE: Final = "revenue/obligations"
READ: Final = "revenue.read"
MOST: Final = 5
"""So many obligations have a colour of their own in a picture; the others stand together."""
MONTHS: Final = 36
STATES: Final = (("running", "進行中"), ("over", "終了"))


@page("obligations", PLACE, permission=READ, title="履行義務と配分")
def listed(desk: Desk) -> Shown:
    """Every arranged contract on the day: its price, what of it is revenue and what is left, and the proof of all of them."""
    every = reports.checked(desk.session, desk.on)
    over = pl.when(pl.col("over_on") <= desk.on).then(pl.lit("over")).otherwise(pl.lit("running"))
    found = every.with_columns(
        state=over, liability=pl.col("position").clip(lower_bound=0), asset=(-pl.col("position")).clip(lower_bound=0),
        how=pl.col("treatment").replace_strict(TREATMENTS, return_dtype=pl.String),
    ).with_columns(state_name=pl.col("state").replace_strict(dict(STATES), return_dtype=pl.String))  # fmt: skip
    contract = lambda row: desk.link(f"{PLACE}/{quoted(row['contract_no'])}")  # noqa: E731
    columns = [
        Column("contract_no", "契約", url=contract),
        Column("partner_name", "取引先", url=lambda row: desk.link(f"partners/{quoted(row['partner'])}")),
        Column("effective_on", "今の配分の初め", "date"),
        Column("how", "扱い"),
        Column("price", "取引価格(円)", "yen", summed=True),
        Column("recognized", "収益(円)", "yen", summed=True),
        Column("left", "これから(円)", "yen", summed=True),
        Column("liability", "契約負債(円)", "yen", summed=True),
        Column("asset", "契約資産(円)", "yen", summed=True),
        Column("state_name", "状態", "state", tone={"進行中": "wait", "終了": "good"}),
        Column("version", "版", "number", hidden=True),
        Column("billed", "請求済み(円)", "yen", summed=True, hidden=True),
        Column("to_bill", "これから請求(円)", "yen", summed=True, hidden=True),
        Column("rounding", "請求の端数(円)", "yen", summed=True, hidden=True),
        Column("estimated", "見積りなど(円)", "yen", summed=True, hidden=True),
        Column("financed", "うち利息(円)", "yen", summed=True, hidden=True),
        Column("moved", "結合した契約から(円)", "yen", summed=True, hidden=True),
        Column("difference", "差額(円)", "yen", summed=True, hidden=True),
    ]
    listing = table(
        desk, found, columns, key="contract_no", name="obligations", url=contract,
        filters=[Choice("treatment", "扱い", tuple(TREATMENTS.items())), Choice("state", "状態", STATES)],
        find=["contract_no", "partner_name", "partner"], sort="contract_no",
        empty=Empty("この日に配分している契約はありません。", "商品の独立販売価格を見る", desk.link("products")),
    )  # fmt: skip
    if isinstance(listing, HttpResponse):
        return listing
    names = ("price", "allocated", "billed", "to_bill", "rounding", "estimated", "financed", "difference")
    proof = every.select(pl.col(names).sum()).row(0, named=True)
    return {"table": listing, "proof": proof, "judge_url": desk.way("revenue.judge", "revenue/judgements")}


@page("obligation", f"{PLACE}/<path:contract_no>", permission=READ, title="履行義務と配分")
def one(desk: Desk, contract_no: str) -> Shown:
    """One contract: its obligations as a picture and a table, why the price falls so, and each change with its decision."""
    chosen = every_contract(desk.session).filter(pl.col("contract_no") == contract_no)["contract_id"]
    whole = reports.together(desk.session, chosen, desk.on)
    every = whole.filter(pl.col("contract_id").is_in(chosen.implode()))
    if chosen.is_empty() or every.is_empty():
        raise Http404(contract_no)
    now = every.filter(pl.col("version") == pl.col("version").max())
    told = reports.recognized(desk.session, now, desk.on).select("line_id", posted="recognized")
    rows = now.join(told, on="line_id", how="left", maintain_order="left")
    until = pl.when(pl.col("amount") == 0).then("first_to_on").otherwise("to_on")
    rows = rows.with_columns(
        pl.col("posted").fill_null(0), stated=bare(), last_on=pl.max_horizontal("start_on", until.dt.offset_by("-1d")),
        pattern=pl.col("pattern").replace(notes.PATTERNS | notes.AT_ONCE), basis=pl.col("ssp_basis").replace(WORDS["ssp_basis"]),
    ).with_columns(left=pl.col("price") - pl.col("posted"))  # fmt: skip
    (check,) = reports.checked(desk.session, desk.on).filter(pl.col("contract_id") == chosen[0]).to_dicts()
    return {
        "contract_no": contract_no, "check": check, "rows": rows.to_dicts(), "picture": _weights(rows),
        "sums": rows.select(pl.col("stated", "ssp", "price", "posted", "left").sum()).row(0, named=True),
        "why": why(_first(every, whole)), "changes": _changes(desk, chosen, every, whole),
        "combined": _combined(now, whole), "financing": _financing(desk, contract_no, now, rows),
        "months": _months(desk, chosen, rows["product"].to_list()), "bills": _bills(desk.session, rows, desk.on),
        "judge_url": desk.way("revenue.judge", "revenue/judgements", contract=contract_no),
        "judgements": [
            _said(row) for row in reports.judged(desk.session).filter(contract_no=contract_no).iter_rows(named=True)
        ],
        "page": {"title": f"契約 {contract_no} の履行義務と配分", "name": "obligation"},
    }  # fmt: skip


def _first(every: pl.DataFrame, whole: pl.DataFrame) -> pl.DataFrame:
    """The version by which the price was first shared, as it was judged last, with those of contracts combined with it."""
    begun = every.filter(pl.col("treatment") == "inception")
    return _pooled(begun.filter(pl.col("version") == pl.col("version").max()), whole)


def _pooled(rows: pl.DataFrame, whole: pl.DataFrame) -> pl.DataFrame:
    """The rows of a version, and of ``whole`` those of the versions with which its price was shared."""
    return whole.filter(pl.col("pool").is_in(rows["pool"].implode()))


def _combined(now: pl.DataFrame, whole: pl.DataFrame) -> list[dict[str, Any]]:
    """The contracts with which the one is one now, with what each charges and what of the price falls on it."""
    rows = _pooled(now, whole)
    if rows["contract_id"].n_unique() == 1:
        return []
    sums = (
        rows.with_columns(stated=bare())
        .group_by("contract_no", "contract_id")
        .agg(pl.col("stated", "ssp", "price").sum())
    )
    return sums.sort("contract_no").to_dicts()


def _financing(desk: Desk, contract_no: str, now: pl.DataFrame, rows: pl.DataFrame) -> dict[str, Any] | None:
    """Of a price that holds interest: the rate, what it is with and without, and the interest month by month; else None.

    Without it, how far what is charged and what is performed lie apart is what a person decides by (58項).
    """
    told = reports.interest(desk.session, contract_no, desk.on).frame
    rate = now["rate_micro"].first()
    if rate is None and told.is_empty():
        return None
    financed, price = (int(now[name].sum()) for name in ("financed", "price"))
    months = [
        row | {"ref": f"interest:{contract_no}:{row['month']}", "opening": row["opening"] or 0}
        for row in told.iter_rows(named=True)
    ]
    return {
        "rate": plain(rate) if rate is not None else None, "financed": financed, "price": price, "bare": price - financed,
        "months": months, "expense": int(told["expense"].sum()), "income": int(told["income"].sum()),
    }  # fmt: skip


def _said(row: dict[str, Any]) -> dict[str, Any]:
    """A judgement in words."""
    what = {
        "treatment": f"{row['effective']} の変更を「{TREATMENTS.get(row['treatment'], '')}」で扱う",
        "bundle": f"{row['line']} は {row['with_line']} と別個でない" if row["with_line"] else f"{row['line']} は別個",
        "discount": f"値引 {shown.yen(row['amount'])}円 は {row['line']} だけのもの"
        if row["line"]
        else "一部の明細だけの値引をなくす",
        "noncash": f"現金以外の対価を {shown.yen(row['amount'])}円 とする",
        "payable": f"顧客に支払われる対価を {shown.yen(row['amount'])}円 とする",
        "estimate": f"変動対価を {shown.yen(row['amount'])}円 と見積もる"
        + (f"（{row['line']} だけ）" if row["line"] else ""),
        "financing": f"年 {row['rate']:g}% の利息が取引価格に含まれる"
        if row["rate"]
        else "重要な金融要素の判断をやめる",
        "combine": f"契約 {row['with_contract']} と"
        + ("結合し、一つの契約とみなす" if row["treatment"] == "combined" else "の結合をやめる"),
    }[row["kind"]]
    return row | {"what": what}


def panel(desk: Desk, contract_id: int) -> dict[str, Any] | None:
    """What the page of a contract shows of its obligations; None where it has none, or to who may not read revenue."""
    if not access.may(desk.person.role, READ):
        return None
    every = reports.versions(desk.session, pl.Series([contract_id], dtype=pl.Int64), desk.on)
    if every.is_empty():
        return None
    now = every.filter(pl.col("version") == pl.col("version").max())
    head = now.row(0, named=True)
    url = desk.link(f"{PLACE}/{quoted(head['contract_no'])}")
    return {
        "picture": _weights(now, url), "since": head["effective_on"], "how": TREATMENTS[head["treatment"]],
        "price": head["whole"], "count": now.height,
    }  # fmt: skip


# --- pictures --------------------------------------------------------------------------------------------------------


def _weights(rows: pl.DataFrame, url: str = "#table") -> Picture:
    """What the lines charge, what each would cost alone, and what of the price falls on each: three bars of the same parts."""
    measures = (("stated", "明細の価格"), ("ssp", "独立販売価格"), ("price", "配分した額"))
    bars = [(title, _parts(rows["product_name"], rows[name], url)) for name, title in measures]
    return pictures.layered(bars, label="履行義務ごとの明細の価格・独立販売価格・配分した額")


def _parts(names: Sequence[str], amounts: Sequence[int], url: str) -> list[Part]:
    """The first obligations one by one, the others together."""
    parts = [Part(name, amount, url) for name, amount in zip(names, amounts, strict=True)]
    rest = parts[MOST:]
    return parts if len(parts) <= MOST + 1 else [*parts[:MOST], Part("その他", sum(p.amount for p in rest), url)]


def _months(desk: Desk, chosen: pl.Series, order: Sequence[str]) -> dict[str, Any]:
    """The revenue of the contract by month, of charges and of shifts, recognised and to come; products in this order."""
    cut = revenue.cutoff(desk.session)
    found = by_month(desk.session, chosen)
    months = found["month"].unique().sort()[:MONTHS].to_list()
    heads = [Month(f"{month:%y/%-m}", cut is None or month > cut) for month in months]
    series = []
    names = dict(products(desk.session).select("product", "product_name").iter_rows())
    for code in dict.fromkeys([*order, *found["product"]]):
        amounts = dict(found.filter(pl.col("product") == code).select("month", "amount").iter_rows())
        series.append(Series(names[code], [amounts.get(month, 0) for month in months]))
    sums = dict(found.group_by("month").agg(pl.col("amount").sum()).iter_rows())
    no = str(found["contract_no"][0]) if found.height else ""
    rows = [
        {"month": month, "amount": sums[month], "ahead": head.ahead,
         "ref": "" if head.ahead else f"revenue:{no}:{month:%Y-%m}"}
        for month, head in zip(months, heads, strict=True)
    ]  # fmt: skip
    return {
        "rows": rows,
        "picture": pictures.stacked(heads, series[:6], label="月ごとの収益", height=210) if rows else None,
    }


def _bills(session: Session, rows: pl.DataFrame, as_of: date) -> list[dict[str, Any]]:
    """The invoices on which the obligations stand, newest first: number, day, and what of them it charges."""
    found = reports.bills(session, rows, as_of)
    return found.sort("issue_on", "number", descending=True).to_dicts()


# --- words -----------------------------------------------------------------------------------------------------------


def _ratio(rows: pl.DataFrame) -> tuple[str, str]:
    """The names and the selling prices of what shares, as a ratio."""
    shares = rows.filter(pl.col("weight") > 0)
    names = " : ".join(shares["product_name"])
    return names, " : ".join(f"{shown.yen(weight)}円" for weight in shares["weight"])


def why(rows: pl.DataFrame) -> list[str]:
    """How the price of a version came to fall as it does, in sentences."""
    head = rows.row(0, named=True)
    names, ratio = _ratio(rows)
    money = f"{shown.yen(int(head['money'] or 0))}円"
    if head["treatment"] == "inception":
        less = rows.filter(pl.col("less") > 0)
        tied = "・".join(less["product_name"])
        first = (
            [f"値引 {shown.yen(int(less['less'].sum()))}円 は {tied} だけのものなので、先に引きました。"]
            if tied
            else []
        )
        after = "値引後の" if tied else ""
        return [*first, f"{after}独立販売価格 {ratio}（{names}）の比で {money} を配分しました。", *_apart(rows)]
    if head["treatment"] == "separate":
        return [f"変更で加わった {money} は独立した契約とみて、{names} に配分しました。これまでの配分は変えません。"]
    if head["treatment"] == "prospective":
        return _ahead(rows, names, ratio, money)
    now = f"{shown.yen(int(rows['catch_up'].sum()))}円"
    if head["treatment"] == "catch_up":
        return [
            f"取引価格 {money} の全体を、独立販売価格 {ratio}（{names}）の比で配分し直しました。",
            f"これまでに提供した分との差 {now} を、変更した日の月の収益にしました。",
        ]
    return [
        "別個なものは、残りの価格をこれから提供する分に配分しました。",
        f"別個でないものは、これまでに提供した分との差 {now} を、変更した日の月の収益にしました。",
    ]


def _ahead(rows: pl.DataFrame, names: str, ratio: str, money: str) -> list[str]:
    """What happened to what was left of the price."""
    before = int(rows["price_before"].sum()) - int(rows["recognized"].sum())
    added = int(rows["added"].sum())
    change = f"変更で{'加わった' if added >= 0 else '減った'} {shown.yen(abs(added))}円"
    said = f"まだ収益にしていない {shown.yen(before)}円 と、{change}をあわせると {money} です。"
    if not added:
        said = f"価格は変わりません。まだ収益にしていないのは {money} です。"
    if not ratio:
        return [
            said,
            "これから提供するものがないので、変更した日の月にすべて収益にします（マイナスなら収益から引きます）。",
        ]
    return [
        said,
        f"これを、これから提供する分の独立販売価格 {ratio}（{names}）の比で配分し直しました。これまでの収益は変えません。",
    ]


def _apart(rows: pl.DataFrame) -> list[str]:
    """The obligations on which more, or less, falls than they charge."""
    other = rows.filter(pl.col("stated") != pl.col("price"))
    return [
        f"{row['product_name']} の明細の価格は {shown.yen(row['stated'])}円 ですが、配分した {shown.yen(row['price'])}円 を収益にします。"
        for row in other.iter_rows(named=True)
    ]


def _changes(desk: Desk, chosen: pl.Series, every: pl.DataFrame, whole: pl.DataFrame) -> list[dict[str, Any]]:
    """The changes of the contract, newest first, each with the questions that decided it and what it did to the lines.

    ``every`` are the contract's versions, ``whole`` those with which their prices were shared.
    """
    found = reports.changes(desk.session, chosen, desk.on)
    return [
        row | {
            "how": TREATMENTS[row["treatment"]], "by_rule": TREATMENTS.get(row["rule"], row["rule"]),
            "judged": row["rule"] != row["treatment"], "steps": decided(row),
            "why": why(_pooled(own := every.filter(pl.col("version") == row["version"]), whole)), "rows": own.to_dicts(),
        }
        for row in found.reverse().iter_rows(named=True)
    ]  # fmt: skip


def decided(row: dict[str, Any]) -> list[dict[str, str]]:
    """The questions of 30項 and 31項 that led to the treatment by the rule, each with its answer and the inputs."""
    price, ssp = (f"{shown.yen(row[name])}円" for name in ("added_price", "added_ssp"))
    nothing = not row["added_ssp"]
    apart = "追加なし" if nothing else "はい" if row["added_distinct"] else "いいえ"
    steps = [{"asked": "加わった財・サービスは、ほかと別個か（30項(1)）", "answer": apart, "why": ""}]
    if apart == "はい":
        same = row["added_price"] == row["added_ssp"]
        steps.append({
            "asked": "加わった価格は、その独立販売価格か（30項(2)）", "answer": "はい" if same else "いいえ",
            "why": f"加わった価格 {price}、独立販売価格 {ssp}",
        })  # fmt: skip
        if same:
            return steps
    left = "はい" if row["left_distinct"] else "いいえ" if row["left_tied"] else "一部"
    why_ = f"価格の増減 {price}" if nothing else ""
    return [*steps, {"asked": "残りは、これまでに提供したものと別個か（31項）", "answer": left, "why": why_}]
