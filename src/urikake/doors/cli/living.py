"""The demo company of 14 months on the terminal: a line a month while it is made, and what waits for whom today."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from urikake.base.url import with_company

if TYPE_CHECKING:
    from rich.console import Console

    from urikake.doors.demo_company.making import Step

# verb: the word for it, the figure that counts, and its unit
COUNTED: Final = {
    "contracts": ("契約", "rows", "行"),
    "events": ("変更", "rows", "件"),
    "bill": ("請求書", "invoices", "件"),
    "total": ("", "total", "円"),
    "receipts": ("入金", "receipts", "件"),
    "match": ("自動消込", "applied", "件"),
    "apply": ("手で消込", "applied", "件"),
}
THERE: Final = "デモの会社は、もう作ってあります。初めから作り直すには urikake demo --reset を使います。"
AGAIN: Final = "途中までのデモの会社があったので、消して初めから作ります。"


def show(console: Console, url: str, *, reset: bool, files: Path | None) -> None:
    """Make the company where it is not there yet, and say where it stands and what to do next."""
    from urikake.doors.demo_company import making

    console.rule("[bold]株式会社みなとネットワークス")
    found = making.state(url)
    if found == "part" or (found == "whole" and reset):
        if found == "part":
            console.print(AGAIN)
        making.remove(url)
        found = "none"
    if found == "whole":
        console.print(THERE, soft_wrap=True)
    else:
        with _folder(files) as folder:
            _told(console, making.make(url, folder))
    _today(console, with_company(url, making.CODE))


@contextmanager
def _folder(files: Path | None) -> Iterator[Path]:
    """The folder in which the tables stay, or one that is gone when they were taken."""
    if files is not None:
        files.mkdir(parents=True, exist_ok=True)
        yield files
        return
    with TemporaryDirectory() as folder:
        yield Path(folder)


def _told(console: Console, steps: Iterable[Step]) -> None:
    """Do the steps and print a line for each month as it ends; on a terminal, the step at work."""
    with console.status("会社・商品・取引先を登録") if console.is_terminal else nullcontext() as status:
        now, sums = "", defaultdict[str, int](int)
        for step in steps:
            if step.month != now:
                _line(console, now, sums)
                now, sums = step.month, defaultdict[str, int](int)
            _count(sums, step)
            if status is not None:
                status.update(f"{now} {step.command}")
        _line(console, now, sums)


def _count(sums: dict[str, int], step: Step) -> None:
    """Add the figures of a step to those of its month."""
    words = step.command.split()
    verb = words[2] if words[1] == "import" else words[1]
    if verb in COUNTED:
        sums[verb] += int(step.figures.get(COUNTED[verb][1], 0))
    sums["total"] += int(step.figures.get("total", 0)) if verb == "bill" else 0
    sums["drafts"] += int(step.figures.get("drafts", 0))
    sums["locked"] += int(bool(step.figures.get("locked")))


def _line(console: Console, month: str, sums: dict[str, int]) -> None:
    """One month in a line."""
    if not month:
        return
    parts = [f"{word} {sums[verb]:,}{unit}" for verb, (word, _, unit) in COUNTED.items() if sums[verb]]
    if sums["drafts"]:
        parts.append(f"下書き {sums['drafts']}件")
    parts.append("締め" if sums["locked"] else "締めはこれから")
    console.print(
        f"  {month[:4]}年{int(month[5:])}月 [dim]{'・'.join(part.strip() for part in parts)}[/]", soft_wrap=True
    )


def _today(console: Console, url: str) -> None:
    """Where the company stands on its closing day, and the commands that take it through the close."""
    from urikake.doors.demo_company import standing

    console.print("\n[bold]2026年11月30日（締日）。いま待っている仕事[/]")
    for queue in standing.queues(url):
        amount = f" {queue.amount:,}円" if queue.amount else ""
        console.print(f"  {queue.name}: {queue.size:,}{queue.unit}{amount} [dim]（{queue.who}）[/]", soft_wrap=True)
    console.print("\n[bold]月次締めまで[/]")
    for command in standing.to_close(url):
        console.print(f"  [dim]$[/] {command}", soft_wrap=True)
