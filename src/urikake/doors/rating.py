"""Usage rated by itself (従量の計算): the events of a period laid out by line, and the kernel run over them, here or on Spark.

The events are laid out as Parquet in shares of whole lines, so that what is in memory does not grow with their number; a
share is rated by `core.metering.rated` alone. Which machine does it changes nothing, and the rows are told in one order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, cast

import polars as pl

from urikake.base import access, runs
from urikake.base.bulk import Session
from urikake.base.company import policies
from urikake.base.errors import Refusal
from urikake.core import metering
from urikake.core.money import Rounding, plain
from urikake.rooms.billing.queries import beside_billed, measured_spans, price_models
from urikake.rooms.intake.queries import parts
from urikake.rooms.usage.actions import USAGE, place_usage
from urikake.rooms.usage.queries import events

SHARES: Final = 16
SHARE: Final = "share"
READ: Final = "billing.read"
ENGINES: Final = ("local", "spark")


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be rated: the usage of which days, out of a file or as on record, by which engine, laid out where.

    ``folder`` must be one that all machines of a cluster see; a temporary one here if there is none.
    """

    first_on: date
    last_on: date
    file: Path | None = None
    engine: str = "local"
    master: str = "local[2]"
    folder: Path | None = None


@dataclass(frozen=True, slots=True)
class Laid:
    """Events and spans as they lie in a folder, in shares, with what prices them."""

    folder: Path
    spans: pl.DataFrame
    products: pl.DataFrame
    rounding: Rounding

    @property
    def events(self) -> Path:
        """The folder of the events, ``share=N/*.parquet``."""
        return self.folder / "events"


def rate(url: str, asked: Asked, *, user: str = access.SYSTEM) -> pl.DataFrame:
    """The rated stretches, columns of `billing.queries.RATED`; refused where the file or the engine will not do.

    Whose last day of the billing cycle lies between the days. Nothing is kept.
    """
    if asked.engine not in ENGINES:
        why = f"--engine が「{asked.engine}」です。"
        raise Refusal("unknown-engine", why, f"{'・'.join(ENGINES)} から選んでください。")
    if asked.engine == "spark":
        from . import spark

        spark.require()
    with _folder(asked.folder) as folder:
        laid = _from_file(url, asked, folder, user) if asked.file else _from_record(url, asked, folder, user)
        rated = spark.rated(laid, asked.master) if asked.engine == "spark" else _rated(laid)
    return beside_billed(rated)


@contextmanager
def _folder(inside: Path | None) -> Iterator[Path]:
    try:
        with TemporaryDirectory(prefix="urikake-usage-", dir=inside) as name:
            yield Path(name)
    except FileNotFoundError as error:
        if inside is None or inside.is_dir():
            raise
        raise Refusal("no-folder", f"フォルダー {inside} がありません。", "--work を確かめてください。") from error


def _from_record(url: str, asked: Asked, folder: Path, user: str) -> Laid:
    """The usage on record laid out."""
    with runs.reading(url, user) as session:
        access.allow(session, READ)
        laid = _laid(session, asked, folder)
        names = metering.columns(laid.spans["meter"])
        bounds = laid.spans.select(pl.col("from_on").min(), pl.col("to_on").max()).row(0)
        found = events(session, names, *bounds) if laid.spans.height else iter([])
        lay_out(found, laid.events, names)
    return laid


def _from_file(url: str, asked: Asked, folder: Path, user: str) -> Laid:
    """The usage of the file laid out; the renewals that it reaches into are undone."""
    assert asked.file
    sheets = parts(asked.file, USAGE)
    with runs.run(url, "rate usage", subject=asked.file.name, permission=READ, user=user, preview=True) as (session, _):
        placed = place_usage(session, parts=sheets)
        lay_out(placed, folder / "events", list(metering.EVENT))
        return _laid(session, asked, folder)


def _laid(session: Session, asked: Asked, folder: Path) -> Laid:
    spans = measured_spans(session, asked.first_on, asked.last_on)
    rounding = cast(Rounding, policies(session)["amount_rounding"])
    return Laid(folder, spans.with_columns(_share()), price_models(session), rounding)


def _share() -> pl.Expr:
    return (pl.col("line_id") % SHARES).alias(SHARE)


def lay_out(frames: Iterable[pl.DataFrame], folder: Path, names: list[str]) -> None:
    """Write the events as Parquet in shares of whole lines, one file a share and frame; also where there are none."""
    empty = pl.DataFrame(schema={name: metering.EVENT[name] for name in names})
    _write(empty, folder, 0, "none")
    for at, frame in enumerate(frames):
        shares = frame.with_columns(_share()).partition_by(SHARE, as_dict=True, include_key=False)
        for (share,), part in shares.items():
            _write(part, folder, share, str(at))


def _write(frame: pl.DataFrame, folder: Path, share: Any, name: str) -> None:
    place = folder / f"{SHARE}={share}"
    place.mkdir(parents=True, exist_ok=True)
    frame.write_parquet(place / f"{name}.parquet", compression="lz4")


def _rated(laid: Laid) -> pl.DataFrame:
    """The spans rated here, share by share."""
    names = metering.columns(laid.spans["meter"])
    none = pl.DataFrame(schema={name: metering.EVENT[name] for name in names})
    done = []
    for (share,), spans in laid.spans.group_by(SHARE, maintain_order=True):
        files = sorted((laid.events / f"{SHARE}={share}").glob("*.parquet"))
        found = pl.scan_parquet(files).select(names).collect() if files else none
        done.append(metering.rated(found, spans, laid.products, laid.rounding))
    return pl.concat(done) if done else metering.rated(none, laid.spans, laid.products, laid.rounding)


def rows(rated: pl.DataFrame) -> list[dict[str, Any]]:
    """Rated stretches as rows for people and programs: days as text, quantities as numbers."""
    meter = pl.col("meter").replace("", "sum")
    told = rated.with_columns(pl.col(pl.Date).dt.to_string("%Y-%m-%d"), meter).rename(
        {"from_on": "from", "until_on": "to"}
    )
    found = (
        told.drop("cycle_from_on").rename({"quantity_micro": "quantity", "billed_micro": "billed_quantity"}).to_dicts()
    )
    for row in found:
        row |= {name: plain(row[name]) for name in ("quantity", "billed_quantity")}
    return found


def figures(rated: pl.DataFrame) -> dict[str, int]:
    """How many stretches were rated, what they come to, and what is still to be billed of it."""
    sums = rated.select("amount", "billed", "unbilled").sum().row(0, named=True)
    return {"lines": rated.height, **{name: int(value or 0) for name, value in sums.items()}}
