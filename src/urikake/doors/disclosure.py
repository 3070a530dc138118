"""The notes on revenue (収益認識に関する注記) of a fiscal year to a day: figures, sentences and proofs, for page, paper and workbook."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import polars as pl

from urikake.base import periods
from urikake.base.bulk import Session
from urikake.base.company import policies
from urikake.base.errors import Refusal
from urikake.rooms.catalog.queries import products
from urikake.rooms.parties.queries import profiles
from urikake.rooms.reports.queries import contract_balances, remaining, revenue_by
from urikake.rooms.reports.queries.rows import Rows
from urikake.rooms.revenue import queries as revenue

from . import notes

SPANS: Final = {"year": "期首から", "quarter": "四半期", "month": "月"}
"""What a note is of, up to its day: the fiscal year, its quarter, its month."""
EXEMPT: Final = {
    "one-year": "当初に予想される契約期間が1年以内の契約",
    "as-invoiced": "請求する権利を有する額で収益を認識しているもの",
}
PERMISSION: Final = "revenue.read"


@dataclass(frozen=True, slots=True)
class Split:
    """Revenue split one way: rows of ``label, amount, previous``, with the sums of contracts and of leases."""

    by: str
    title: str
    rows: list[dict[str, Any]]
    leases: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Notes:
    """The notes of the days from ``since`` to ``on``, compared with those from ``before`` to ``before_end``."""

    since: date
    on: date
    before: date
    before_end: date
    splits: list[Split]
    totals: dict[str, dict[str, int]]
    balances: list[dict[str, Any]]
    remaining: list[dict[str, Any]]
    sentences: dict[str, list[str]]
    exempt: tuple[str, ...]
    waiting: str

    @property
    def off(self) -> int:
        """How many yen of differences the proofs against the ledger found, without their signs: 0 where all hold."""
        proved = sum(abs(row["difference"] or 0) for part in self.balances for row in part["rows"])
        return proved + abs(self.totals["difference"]["amount"])

    @property
    def period(self) -> str:
        """The days in words."""
        return f"{self.since:%Y年%-m月%-d日}から{self.on:%Y年%-m月%-d日}まで"


def first_of(session: Session, on: date, span: str) -> date:
    """The first day of what the note is of; refused where there is no such span.

    >>> SPANS["quarter"]
    '四半期'
    """
    if span not in SPANS:
        raise Refusal("bad-span-name", f"期間の取り方が「{span}」です。", f"{'・'.join(SPANS)} から選んでください。")
    if span == "month":
        return on.replace(day=1)
    start = policies(session).number("fiscal_year_start_month")
    months = (on.month - start) % 12
    back = months if span == "year" else months % 3
    number = on.year * 12 + on.month - 1 - back
    return date(number // 12, number % 12 + 1, 1)


def of(
    session: Session, on: date, span: str = "year", cuts: tuple[str, ...] = ("service", "timing"),
    exempt: tuple[str, ...] = (), against: str = "year",
) -> Notes:  # fmt: skip
    """The notes up to the day."""
    since = first_of(session, on, span)
    before, before_end = revenue_by.compared(since, on, against)
    frames = {by: revenue_by.split(session, since, on, by, against) for by in cuts}
    sums = revenue_by.totals(session, frames[cuts[0]], since, on, against)
    totals = {row["key"]: {n: row[n] for n in ("amount", "previous", "change")} for row in sums.to_dicts()}
    balances = _balances(contract_balances.contract_balances(session, since, on))
    left = remaining.sums(session, on, "band", list(exempt))
    told = [row | {"label": notes.BANDS[row["key"]]} for row in left.sort(_order()).to_dicts()]
    sentences = _sentences(balances, told, totals, exempt, on)
    splits = [_split(session, frame, by) for by, frame in frames.items()]
    waits = _waiting(session, on)
    return Notes(since, on, before, before_end, splits, totals, balances, told, sentences, exempt, waits)


def _waiting(session: Session, on: date) -> str:
    """What is to be said where a month that is over by the day is not recognised yet; nothing where all are."""
    month = on.replace(day=1)
    over = periods.following(month) if on == periods.last_day(month) else month
    first = revenue.posted_until(session, on)
    if first >= over or revenue.cutoff(session) is None:
        return ""
    return f"{first:%Y年%-m月}の収益は、まだ認識していません。認識すると、この注記の額は変わります。"


def _order() -> pl.Expr:
    """The bands from the nearest to the farthest."""
    return pl.col("key").replace_strict({name: at for at, name in enumerate(remaining.BANDS)}, return_dtype=pl.Int64)


def _split(session: Session, frame: pl.DataFrame, by: str) -> Split:
    rows = labelled(session, frame, by).to_dicts()
    own, leases = ([row for row in rows if row["section"] == name] for name in ("contract", revenue_by.LEASE))
    return Split(by, notes.CUTS[by], own, leases)


def labelled(session: Session, frame: pl.DataFrame, by: str) -> pl.DataFrame:
    """The rows of a split with what each ``key`` is called: ``label``."""
    names = {
        "product": lambda: products(session).select(key="product", name="product_name").unique("key", keep="last"),
        "partner": lambda: profiles(session, "name").select("name", key="code"),
    }
    plain = pl.col("key").map_elements(lambda key: notes.called(by, key), return_dtype=pl.String)
    if by not in names:
        return frame.with_columns(label=plain)
    joined = frame.join(names[by](), on="key", how="left", maintain_order="left")
    return joined.with_columns(label=pl.coalesce("name", plain)).drop("name")


def _balances(found: Rows) -> list[dict[str, Any]]:
    """The balances in their order, each with its title and its rows."""
    return [
        {
            "balance": balance,
            "title": title,
            "rows": [
                {"cause": row["cause"], "label": notes.CAUSES[row["cause"]], "amount": row["amount"],
                 "books": row["books"], "difference": row["difference"],
                 "sum": row["cause"] in ("opening", "closing"), "memo": row["cause"] in MEMOS}
                for row in found
                if row["balance"] == balance
            ],
        }
        for balance, title in notes.BALANCES.items()
        if any(row["balance"] == balance for row in found)
    ]  # fmt: skip


MEMOS: Final = ("of_opening", "opening_lease", "closing_lease")
"""Rows beside the roll-forward, which are no part of its sum."""


def amount_of(balances: list[dict[str, Any]], balance: str, cause: str, column: str = "amount") -> int:
    """The amount of a row of the balances, or what the ledger has for it (``books``); nothing where there is none."""
    rows = (row for part in balances if part["balance"] == balance for row in part["rows"])
    return next((int(row[column] or 0) for row in rows if row["cause"] == cause), 0)


def _sentences(
    balances: list[dict[str, Any]], left: list[dict[str, Any]], totals: dict[str, dict[str, int]],
    exempt: tuple[str, ...], on: date,
) -> dict[str, list[str]]:  # fmt: skip
    """What is said under each table, in words of the notes."""
    split = [f"顧客との契約から生じる収益は {_yen(totals['contract']['amount'])}です。"]
    if totals["lease"]["amount"] or totals["lease"]["previous"]:
        split.append(
            f"リースの収益 {_yen(totals['lease']['amount'])}は、収益認識会計基準の対象ではないため、含めていません。"
        )
    held = _yen(amount_of(balances, "contract_liability", "of_opening"))
    told = [f"当期に認識した収益のうち、期首の契約負債に含まれていた額は {held}です。", *_reasons(balances), MEANING]
    whole, near = sum(row["amount"] for row in left), sum(row["amount"] for row in left if row["key"] == "1")
    rest = [f"{on:%Y年%-m月%-d日}現在、まだ果たしていない履行義務に配分した取引価格の総額は {_yen(whole)}です。"]
    if whole:
        rest.append(f"このうち {_yen(near)}（{near / whole:.1%}）を、1年以内に収益として認識する見込みです。")
    for name in exempt:
        column = name.replace("-", "_")
        rest.append(f"{EXEMPT[name]}（{_yen(sum(row[column] for row in left))}）は、注記に含めていません。")
    rest.append("これからの使用量で決まる額（変動対価）と、まだ更新していない契約の更新後の期間は、含めていません。")
    return {"split": split, "balances": told, "remaining": rest}


MEANING: Final = (
    "契約負債は、サービスを提供する前にお客様に請求した額で、提供に応じて収益に振り替えます。"
    "契約資産は、提供を終えてまだ請求していない額で、請求したときに債権に振り替えます。"
)


def _reasons(balances: list[dict[str, Any]]) -> list[str]:
    """Why contract assets and liabilities changed: the largest cause on each side (80-20(3))."""
    found = []
    for balance in ("contract_asset", "contract_liability"):
        rows = [row for part in balances if part["balance"] == balance for row in part["rows"]]
        causes = [row for row in rows if not row["sum"] and not row["memo"] and row["amount"]]
        opening, closing = amount_of(balances, balance, "opening"), amount_of(balances, balance, "closing")
        if opening == closing or not causes:
            continue
        word, sign = ("増加", 1) if closing > opening else ("減少", -1)
        most = max(causes, key=lambda row: sign * row["amount"])
        found.append(
            f"{notes.BALANCES[balance]}は {_yen(abs(closing - opening))}{word}しました。"
            f"主な理由は「{most['label']}」{_yen(abs(most['amount']))}です。"
        )
    return found


def _yen(amount: int) -> str:
    return f"{amount:,}円" if amount >= 0 else f"△{-amount:,}円"


# --- the workbook ----------------------------------------------------------------------------------------------------


def workbook(told: Notes, company: str) -> bytes:
    """The notes as an Excel workbook: a sheet for each table, real numbers in their cells."""
    import xlsxwriter

    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False}) as book:
        yen = book.add_format({"num_format": "#,##0;[Red]△#,##0"})
        head, bold = book.add_format({"bold": True, "bottom": 1}), book.add_format({"bold": True})
        for title, columns, rows in _sheets(told):
            sheet = book.add_worksheet(title)
            sheet.write_string(0, 0, f"{company}　収益認識に関する注記　{told.period}（円）", bold)
            for at, name in enumerate(columns):
                sheet.write_string(2, at, name, head)
                sheet.set_column(at, at, 44 if at == 0 else 20)
            for line, row in enumerate(rows, start=3):
                for at, value in enumerate(row):
                    if isinstance(value, int):
                        sheet.write_number(line, at, value, yen)
                    elif value is not None:
                        sheet.write_string(line, at, value)
            sheet.freeze_panes(3, 1)
    return buffer.getvalue()


Line = list[str | int | None]


def _sheets(told: Notes) -> list[tuple[str, list[str], list[Line]]]:
    """The sheets: title, columns, rows."""
    spans = [f"{told.since:%Y/%m/%d}〜{told.on:%Y/%m/%d}", f"{told.before:%Y/%m/%d}〜{told.before_end:%Y/%m/%d}"]
    split: list[Line] = []
    for part in told.splits:
        split += [[part.title, None, None]]
        split += [[f"　{row['label']}", row["amount"], row["previous"]] for row in part.rows]
        split += [[f"　{row['label']}（リース）", row["amount"], row["previous"]] for row in part.leases]
    split += [[notes.TOTALS[key], row["amount"], row["previous"]] for key, row in told.totals.items()]
    balances: list[Line] = []
    for one in told.balances:
        balances += [[one["title"], None, None, None]]
        balances += [[f"　{r['label']}", r["amount"], r["books"], r["difference"]] for r in one["rows"]]
    names = ["amount", "billed", "unbilled", *(name.replace("-", "_") for name in told.exempt), "lease"]
    rest: list[Line] = [[row["label"], *(row[name] for name in names)] for row in told.remaining]
    rest.append(["合計", *(sum(row[name] for row in told.remaining) for name in names)])
    heads = {"amount": "残存履行義務", "billed": "うち請求済み", "unbilled": "うち未請求", "one_year": "除外（1年以内の契約）",
             "as_invoiced": "除外（請求する権利の額）", "lease": "リース（対象外）"}  # fmt: skip
    said: list[Line] = [[text] for part in told.sentences.values() for text in part]
    return [
        ("収益の分解", ["区分", *spans], split),
        ("契約残高", ["残高・増減の理由", "金額", "総勘定元帳", "差額"], balances),
        ("残存履行義務", ["時期", *(heads[name] for name in names)], rest),
        ("注記の文", ["文"], said),
    ]
