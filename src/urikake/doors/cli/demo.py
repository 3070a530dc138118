"""`urikake demo`: the demo company in its 14 months, or the small sample companies with their papers on the terminal."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from urikake.base.errors import Refusal
from urikake.base.url import from_environment, sqlite_path

from . import living

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from urikake.doors.demo import Sample

Rows = list[dict[str, Any]]
KIND: Final = {"invoice": "請求書", "return": "返還請求書", "revised": "修正請求書"}
STEPS: Final = {"charges": "明細", "invoices": "請求書", "receipts": "入金", "applied": "消込"}
OTHER: Final = "urikake-hosting.db"
AGAIN: Final = "前に作った会社をそのまま使います（同じ手順を繰り返しても、何も二重になりません）。"


def demo(
    company: Annotated[
        str, typer.Argument(help="minato（14か月のデモ）・water（宅水）・hosting（ホスティング）・all（小さな2社）")
    ] = "minato",
    reset: Annotated[bool, typer.Option("--reset", help="14か月のデモを消して、初めから作り直す")] = False,
    files: Annotated[Path | None, typer.Option("--files", help="取り込んだ表と手順を残すフォルダー")] = None,
) -> None:
    """デモの会社を作る。14か月のホスティング会社か、数か月の小さな見本の会社。"""
    from rich.console import Console

    from urikake.base import loading

    loading.load()
    console = Console(width=None if Console().is_terminal else 100, highlight=False)
    if company == "minato":
        living.show(console, from_environment(), reset=reset, files=files)
        return
    if reset or files:
        raise Refusal(
            "demo-option",
            "--reset と --files は 14 か月のデモの会社だけに使えます。",
            "小さな見本の会社は、データベースのファイルを消せば初めから作り直せます。",
        )
    for name, url in _places(company, from_environment()):
        _show(console, name, url)
    _next(console, company)


def _places(company: str, url: str) -> list[tuple[str, str]]:
    """Which sample goes into which database: one database keeps one company."""
    if company in {"water", "hosting"}:
        return [(company, url)]
    if company != "all":
        raise Refusal(
            "unknown-sample",
            f"見本の会社「{company}」はありません。",
            "minato・water・hosting・all から選んでください。",
        )
    if not url.startswith("sqlite"):
        return [("water", url)]
    return [("water", url), ("hosting", f"sqlite:///{Path(sqlite_path(url)).resolve().parent / OTHER}")]


def _show(console: Console, name: str, url: str) -> None:
    """Take one sample through its months and print what came of it."""
    from urikake.base import runs
    from urikake.doors import demo as door
    from urikake.doors.asked import answer
    from urikake.rooms.closing.queries import verify

    sample = door.SAMPLES[name]
    console.rule(f"[bold]{sample.name}")
    made = door.prepare(url, sample)
    console.print(sample.story, soft_wrap=True)
    console.print(f"[dim]ファイルの場所: {door.HOME / sample.folder}[/]", soft_wrap=True)
    console.print("会社を作りました。" if made else AGAIN)
    for command, figures in door.take(url, sample):
        console.print(f"  [dim]$[/] {command} [dim]→ {_words(figures)}[/]", soft_wrap=True)
    for title, report, options in _papers(sample):
        console.print(f"\n[bold]{title}")
        PAPERS[report](console, answer(url, report, options))
    with runs.reading(url) as session:
        wrong = verify(session)
    console.print(f"\n[bold]検証[/] {'すべて一致しています。' if not wrong else '; '.join(wrong)}\n")


def _papers(sample: Sample) -> list[tuple[str, str, dict[str, Any]]]:
    span = {"since": sample.since, "until": sample.until}
    return [
        ("請求書", "invoices", {}),
        ("仕訳帳", "journals", span),
        (f"合計残高試算表（{sample.until:%Y年%-m月%-d日}現在）", "trial-balance", {"as_of": sample.until}),
    ]


def _words(figures: dict[str, Any]) -> str:
    """The figures of a step in a few words."""
    if "locked" in figures:
        return "締め" if figures["new"] else "締め済み"
    if "revenue" not in figures and figures.get("rows"):
        return f"{figures['rows']}件"
    if "revenue" in figures:
        return f"売上 {figures['revenue']:,}円" if figures["rows"] else "新しい売上なし"
    total = figures.get("total", figures.get("amount", 0))
    counts = [f"{name} {figures[key]}" for key, name in STEPS.items() if figures.get(key)]
    return "・".join(counts + ([f"{total:,}円"] if total else [])) or "変更なし"


def _table(*columns: str, right: str = "") -> Table:
    """A table whose columns named in ``right`` are figures."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(column, justify="right" if column in right.split() else "left", overflow="fold")
    return table


def invoices(console: Console, rows: Rows) -> None:
    """Print invoices: a head, the lines, and tax and total."""
    from urikake.rooms.intake.queries.words import taxed

    for row in rows:
        dues = "・".join(f"{due['date']} {due['amount']:,}円" for due in row["dues"])
        head = f"{KIND[row['kind']]} {row['number']}  取引先 {row['partner']}  発行 {row['issue_date']}"
        console.print(f"{head}  回収予定 {dues}", soft_wrap=True)
        table = _table("契約", "内容", "数量", "単価", "金額", right="数量 単価 金額")
        for line in row["lines"]:
            price = f"{line['unit_price']:,}" if line["unit_price"] else "—"
            table.add_row(line["contract_no"], line["description"], f"{line['quantity']:,}", price, f"{line['net']:,}")
        for tax in row["taxes"]:
            table.add_row(
                "", f"消費税 {taxed(tax['tax'], tax['rate'])} 対象 {tax['net']:,}円", "", "", f"{tax['amount']:,}"
            )
        table.add_row("", "合計", "", "", f"{row['total']:,}", style="bold")
        console.print(table)


def journals(console: Console, rows: Rows) -> None:
    """Print journal entries, one line a row, debits left and credits right."""
    table = _table("番号", "日付", "摘要", "借方", "借方金額", "貸方", "貸方金額", right="番号 借方金額 貸方金額")
    for row in rows:
        debits = [line for line in row["lines"] if line["debit"]]
        credits_ = [line for line in row["lines"] if line["credit"]]
        for at in range(max(len(debits), len(credits_))):
            head = (str(row["no"]), row["date"], row["description"]) if at == 0 else ("", "", "")
            table.add_row(*head, *_side(debits, at, "debit"), *_side(credits_, at, "credit"))
        table.add_section()
    console.print(table)


def _side(lines: Rows, at: int, side: str) -> tuple[str, str]:
    return (lines[at]["account"], f"{lines[at][side]:,}") if at < len(lines) else ("", "")


def trial_balance(console: Console, rows: Rows) -> None:
    """Print a trial balance with its sums."""
    table = _table("科目", "借方", "貸方", "残高", right="借方 貸方 残高")
    for row in rows:
        table.add_row(row["account"], *(f"{row[key]:,}" for key in ("debit", "credit", "balance")))
    sums = [sum(row[key] for row in rows) for key in ("debit", "credit", "balance")]
    table.add_row("合計", *(f"{value:,}" for value in sums), style="bold")
    console.print(table)


PAPERS: Final[dict[str, Callable[[Console, Rows], None]]] = {
    "invoices": invoices,
    "journals": journals,
    "trial-balance": trial_balance,
}


def _next(console: Console, company: str) -> None:
    """Say what to try next, as commands to copy."""
    console.rule("[bold]次に試すこと")
    for line in TRIES["hosting" if company == "hosting" else "water"]:
        console.print(line, soft_wrap=True)
    if company == "all":
        sqlite = from_environment().startswith("sqlite")
        console.print(THERE if sqlite else ELSEWHERE, soft_wrap=True)


THERE: Final = (
    f"ホスティングの会社は別のデータベース:  DATABASE_URL=sqlite:///./{OTHER} urikake report deferred --month 2026-07"
)
ELSEWHERE: Final = "ホスティングの会社は、DATABASE_URL に別の空のデータベースを指定して: urikake demo hosting"
TRIES: Final = {
    "water": (
        "名義の分からない入金の候補を見る:   urikake report matches --receipt N-0529-2",
        "それを手で消し込む:                 urikake apply N-0529-2 INV-2026-00003",
        "月次を締める:                       urikake close 2026-05",
        "得意先元帳:                         urikake report statement --partner T101 --from 2026-04-01 --to 2026-05-31",
        "年齢調べ:                           urikake report aging --as-of 2026-06-30",
        "改ざんがないことを確かめる:         urikake verify",
    ),
    "hosting": (
        "前受金の増減（契約別）:             urikake report deferred --month 2026-07",
        "これからの売上予定:                 urikake report schedule --contract V-501",
        "更新が近い契約:                     urikake report renewals --as-of 2027-03-15",
        "変更前に知っていた姿:               urikake report contracts --as-of 2026-07-01 --known-at 2026-06-01",
    ),
}
