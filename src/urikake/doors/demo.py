"""The sample companies (見本の会社): their files, and the steps that take them through their months."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from importlib.resources import files as resources
from pathlib import Path
from typing import Any, Final

from urikake.base import bulk, schema
from urikake.base.errors import Refusal

from . import files, month, setup

HOME: Final = Path(str(resources("urikake"))) / "samples"


@dataclass(frozen=True, slots=True)
class Sample:
    """A sample company: the folder of its files, its name, its story in one line, and its steps as command lines."""

    folder: str
    name: str
    story: str
    steps: tuple[str, ...]
    since: date
    until: date


MASTERS: Final = ("import partners partners.csv", "import products products.csv", "import contracts contracts.csv")
SAMPLES: Final = {
    "water": Sample(
        "water",
        "いずみ宅水株式会社",
        "ウォーターサーバーのレンタルと天然水の宅配。月末締めと20日締め、従量、日割り、振込手数料の差引き。",
        (
            *MASTERS,
            "import usage usage-04.csv",
            "bill 2026-04-20",
            "bill 2026-04-30",
            "close 2026-04",
            "import events events.csv",
            "import usage usage-05.csv",
            "bill 2026-05-20",
            "receipts receipts.csv",
            "match 2026-05-31",
            "bill 2026-05-31",
            "recognize 2026-05",
        ),
        date(2026, 4, 1),
        date(2026, 5, 31),
    ),
    "hosting": Sample(
        "hosting",
        "ほしぞらホスティング株式会社",
        "年額の前払いと月額のサーバー。前受金の月割り、途中のプラン変更、段階料金の従量。",
        (
            *MASTERS,
            "bill 2026-04-30",
            "close 2026-04",
            "import usage usage-05.csv",
            "receipts receipts.csv",
            "match 2026-05-31",
            "bill 2026-05-31",
            "close 2026-05",
            "import events events.csv",
            "import usage usage-06.csv",
            "bill 2026-06-30",
            "recognize 2026-07",
        ),
        date(2026, 4, 1),
        date(2026, 7, 31),
    ),
}


def prepare(url: str, sample: Sample) -> bool:
    """Make the sample company in the database and return True; False where it is there already.

    Refused where another company is there: the samples never mix with anybody's books.
    """
    found = company_name(url)
    if found is None:
        setup.set_up(url, HOME / sample.folder / "company.toml")
        return True
    if found != sample.name:
        raise Refusal(
            "demo-elsewhere",
            f"このデータベースには別の会社「{found}」があるため、見本の会社は入れませんでした。",
            "空のフォルダーで行うか、DATABASE_URL に別のデータベースを指定してください。",
        )
    return False


def company_name(url: str) -> str | None:
    """The name of the company in the database, or None where there is none yet."""
    if not schema.exists(url):
        return None
    with bulk.transaction(url, writing=False) as session:
        name = session.value("SELECT name FROM base_company ORDER BY id LIMIT 1")
    return None if name is None else str(name)


def take(url: str, sample: Sample) -> Iterator[tuple[str, dict[str, Any]]]:
    """Do the steps one by one; give each as the command to copy, and its figures.

    Every step is a run that changes nothing when it is repeated, so a demo that was stopped is simply run again.
    """
    for step in sample.steps:
        verb, *words = step.split()
        yield _command(sample, verb, words), _done(url, HOME / sample.folder, verb, words)


def _done(url: str, folder: Path, verb: str, words: list[str]) -> dict[str, Any]:
    """Carry out one step."""
    if verb == "import":
        return {"rows": files.take(url, words[0], folder / words[1])}
    if verb == "bill":
        return month.bill(url, date.fromisoformat(words[0]), issue=True)
    if verb == "receipts":
        return files.take_receipts(url, folder / words[0], account="main")
    if verb == "match":
        return month.match(url, on=date.fromisoformat(words[0]))
    return month.recognize(url, words[0]) if verb == "recognize" else month.close(url, words[0])


def _command(sample: Sample, verb: str, words: list[str]) -> str:
    """The step as somebody types it; a file by its place among the samples."""
    text = {
        "bill": "bill --closing {0} --issue",
        "receipts": f"receipts {sample.folder}/{{0}} --format csv --account main",
        "match": "match --date {0}",
        "import": f"import {{0}} {sample.folder}/{words[-1]}",
    }.get(verb, f"{verb} {{0}}")
    return f"urikake {text.format(*words)}"
