"""``python bench/obligations.py N``: recognition of N contract lines whose price falls on them by selling price.

Half of the lines are a setup for nothing, half a year of service. Measured on the embedded database in a temporary folder:
the month in which all are arranged, a month in which nothing changes, and one in which a hundredth of the contracts does.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import polars as pl

from urikake.doors.cli.options import load

load()

from urikake.doors import files, month, setup  # noqa: E402  the framework must be ready before the doors are read

COMPANY = '[company]\nname = "株式会社計測"\n[policy]\nopening_month = "2026-04"\n'
PRODUCTS = {
    "code": ["HOST", "SETUP"], "name": ["接続", "初期設定"], "tax": ["standard"] * 2, "price_model": ["flat"] * 2,
    "unit_price": [10_000, 30_000], "revenue": ["monthly", "contract_start"], "ssp": [10_000, 30_000],
}  # fmt: skip


def contracts(count: int) -> pl.DataFrame:
    """So many contracts of two lines, billed month by month, of a partner for every ten."""
    number = pl.int_range(count, eager=True)
    one = pl.DataFrame({
        "contract_no": pl.select(pl.format("C{}", number)).to_series(), "partner": pl.select(pl.format("P{}", number // 10)).to_series(),
    }).with_columns(quantity=1, start=pl.lit("2026-04-01"), end=pl.lit("2027-03-31"), timing=pl.lit("current"))  # fmt: skip
    lines = [
        one.with_columns(product=pl.lit("HOST"), unit_price=10_000, cycle_months=1),
        one.with_columns(product=pl.lit("SETUP"), unit_price=0, cycle_months=0),
    ]
    return pl.concat(lines).sort("contract_no", "product")


def timed(name: str, do: Callable[[], object]) -> None:
    """Do it, and say how long it took, on the clock and of the processor."""
    clock, cpu = time.perf_counter(), time.process_time()
    do()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"| {name} | {time.perf_counter() - clock:.1f} | {time.process_time() - cpu:.1f} | {peak:,.0f} |", flush=True)


def main() -> int:
    """Make the company and measure."""
    asked = argparse.ArgumentParser(prog="python bench/obligations.py", description=__doc__)
    asked.add_argument("lines", type=int)
    count = asked.parse_args().lines // 2
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        url = f"sqlite:///{folder}/urikake.db"

        def take(kind: str, frame: pl.DataFrame) -> None:
            frame.write_csv(folder / f"{kind}.csv")
            files.take(url, kind, folder / f"{kind}.csv")

        (folder / "company.toml").write_text(COMPANY, encoding="utf-8")
        setup.set_up(url, folder / "company.toml")
        codes = pl.select(pl.format("P{}", pl.int_range(count // 10 + 1))).to_series()
        take("partners", pl.DataFrame({"code": codes, "name": codes}).with_columns(closing_day=31))
        take("products", pl.DataFrame(PRODUCTS))
        print("| | 秒 | CPU 秒 | 最大 MiB |\n| --- | ---: | ---: | ---: |")
        timed(f"契約明細 {2 * count:,} を取り込む", lambda: take("contracts", contracts(count)))
        timed("4月を請求する", lambda: month.bill(url, date(2026, 4, 30), issue=True))
        timed("4月を認識する（すべて配分する）", lambda: month.recognize(url, "2026-04"))
        timed("5月を請求する", lambda: month.bill(url, date(2026, 5, 31), issue=True))
        timed("5月を認識する（変更なし）", lambda: month.recognize(url, "2026-05"))
        some = pl.select(pl.format("C{}", pl.int_range(0, count, 100))).to_series()
        change = pl.DataFrame({"contract_no": some}).with_columns(
            effective=pl.lit("2026-06-01"), type=pl.lit("change_price"), line=pl.lit("HOST"), unit_price=9_000
        )
        take("events", change)
        timed("6月を請求する", lambda: month.bill(url, date(2026, 6, 30), issue=True))
        timed("6月を認識する（100件に1件を変更）", lambda: month.recognize(url, "2026-06"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
