"""How long matching takes: a month of a middling company, one of a large one, and one customer with a thousand of each."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any, Final

import polars as pl

from urikake.doors import files as doors
from urikake.doors import month, setup
from urikake.doors.bench import floor
from urikake.doors.bench.phases import Clock

from .documents import Document, day, gross
from .files import COMPANY, Files, invented, partners_of, receipts_of, receivables_of, truth_of
from .levels import LEVELS
from .partners import IDLE, Making, price
from .paying import Receipt


@dataclass(frozen=True, slots=True)
class Size:
    """A size to be timed, and how its files are made from a seed."""

    name: str
    make: Callable[[int], Files]


def of_one_customer(seed: int, count: int = 1_000) -> Files:
    """One customer with so many documents, and a receipt for each: half of them at list prices, one in ten less a fee."""
    rng = Random(seed)
    making = Making(rng, LEVELS["middle"])
    name, text = making.spelled("plain")
    partner = making.partner(name, virtual_account="")
    owed = [
        Document(partner.code, day(-1, 30), day(0, 31), gross(net, rate), net, f"INV-2026-{at:05d}")
        for at, (net, rate) in enumerate((price(rng) for _ in range(count)), 1)
    ]
    paid = [
        Receipt(
            day(0, 29),
            doc.amount - (440 if at % 10 == 0 else 0),
            text,
            "plain",
            "plain",
            ((doc.number, doc.amount),),
            id=f"R{at:06d}",
        )
        for at, doc in enumerate(owed)
    ]
    return Files(partners_of([partner]), receivables_of(owed), receipts_of(paid), truth_of(paid))


def of_a_month(seed: int, receipts: int, *, idle: float = IDLE, behind: int = 1) -> Files:
    """A month of so many receipts of the middle level, with the documents made out before it."""
    made = invented("middle", seed, receipts + receipts // 20, 1, idle=idle, behind=behind)
    return replace(
        made,
        receivables=made.receivables.filter(pl.col("invoice_date") < day(0, 1).isoformat()),
        receipts=made.receipts.sample(receipts, seed=seed),
    )


SIZES: Final = (
    Size("2,524 件", lambda seed: of_a_month(seed, 2_524)),
    Size("一社に 1,000 件", of_one_customer),
    Size("100,000 件", lambda seed: of_a_month(seed, 100_000, idle=0.27, behind=6)),
)
"""In the last, so many partners are half a year behind that three documents are open to a receipt."""


def measure(seed: int, *, say: Callable[[str], None], sizes: tuple[Size, ...] = SIZES) -> list[dict[str, Any]]:
    """Of each size: ``name, receipts, items, import_seconds, match_seconds, peak_mib, figures`` on an embedded database of its own."""
    return [_measured(size, seed, say) for size in sizes]


def _measured(size: Size, seed: int, say: Callable[[str], None]) -> dict[str, Any]:
    say(size.name)
    files = size.make(seed)
    with tempfile.TemporaryDirectory(prefix="urikake-bench-") as name:
        folder = Path(name)
        files.write(folder)
        with floor.fresh("sqlite://", folder) as url:
            setup.set_up(url, folder / COMPANY)
            clock = Clock(url)
            with clock.timing("import"):
                doors.take(url, "partners", folder / "partners.csv")
                doors.take(url, "openings", folder / "receivables.csv")
                doors.take_receipts(url, folder / "receipts.csv", account="main")
            with clock.timing("match"):
                figures = month.match(url)
    return {
        "name": size.name,
        "receipts": files.receipts.height,
        "items": files.receivables.height,
        "import_seconds": round(clock.seconds["import"], 2),
        "match_seconds": round(clock.seconds["match"], 2),
        "peak_mib": round(clock.peak_mib["match"]),
        "figures": figures,
    }


def table(rows: list[dict[str, Any]]) -> str:
    """The rows in Markdown."""
    heads = ("", "入金", "債権明細", "取込 秒", "消込 秒", "最大メモリー MiB")
    names = ("receipts", "items", "import_seconds", "match_seconds", "peak_mib")
    lines = [heads, ("---", *["---:"] * 5), *((row["name"], *(f"{row[name]:,}" for name in names)) for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
