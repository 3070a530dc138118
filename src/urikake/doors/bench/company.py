"""The generated company: files as a user would have them, the same for the same size."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Final

import polars as pl

SETTINGS: Final = """[company]
name = "計測株式会社"
[policy]
cycle_anchor = "calendar"
opening_month = "2026-04"
[[bank_account]]
code = "main"
account = "普通預金"
"""
PRODUCTS: Final = """code,name,tax,price_model,unit_price,revenue,service
M-S,月額 S,standard,flat,10000,monthly,月額
M-L,月額 L,standard,flat,15000,monthly,月額
F,宅配 月額,reduced,flat,3980,monthly,宅配
Y-S,年額 S,standard,flat,120000,monthly,年額
Y-L,年額 L,standard,flat,180000,monthly,年額
U,従量,reduced,unit,150,usage,従量
"""
FIRST: Final = date(2026, 4, 1)
MONTHS: Final = pl.date_range(FIRST, date(2027, 3, 1), "1mo", eager=True).to_list()
DIGITS: Final = dict(zip("0123456789", "アカサタナハマヤラワ", strict=True))
BANK_DIGITS: Final = dict(zip("0123456789", "ｱｶｻﾀﾅﾊﾏﾔﾗﾜ", strict=True))
CLOSINGS: Final = ("10", "20", "31")


def write(folder: Path, contracts: int, *, annual: bool = False) -> None:
    """Write the files of a company of so many contracts into the folder.

    60 % monthly (half in advance, half current; one in five at the reduced rate), 25 % annual in advance, 15 % by usage;
    three closing days; nine partners for ten contracts; 5 % change within a month of the year. ``annual``: all annual.
    """
    (folder / "company.toml").write_text(SETTINGS, encoding="utf-8")
    (folder / "products.csv").write_text(PRODUCTS, encoding="utf-8")
    partners(contracts).write_csv(folder / "partners.csv")
    lines = lines_of(contracts, annual=annual)
    lines.drop("number", "kind").write_csv(folder / "contracts.csv")
    events(lines).write_csv(folder / "events.csv")
    usage(lines).write_csv(folder / "usage.csv")


def partners(contracts: int) -> pl.DataFrame:
    """The partners, fewer than the contracts: some have two or three (see `lines_of`)."""
    count = max(contracts * 9 // 10, 1)
    number = pl.int_range(count, eager=True)
    digits = number.cast(pl.String).str.zfill(7)
    return pl.DataFrame(
        {
            "code": "P" + digits,
            "name": "株式会社計測" + digits,
            "kana": "カブシキガイシャケイソク" + digits.str.replace_many(DIGITS),
            "closing_day": pl.Series(CLOSINGS).gather(number % 3),
            "payment_months": pl.repeat(1, count, eager=True),
            "payment_day": pl.repeat(31, count, eager=True),
            "holiday_shift": pl.repeat("before", count, eager=True),
        }
    )


def lines_of(contracts: int, *, annual: bool) -> pl.DataFrame:
    """The contract lines, one a contract, with ``number`` and ``kind``."""
    count = max(contracts * 9 // 10, 1)
    share = pl.col("number") % 20
    kind = (
        pl.when(annual | share.is_between(12, 16))
        .then(pl.lit("Y"))
        .when(share > 16)
        .then(pl.lit("U"))
        .otherwise(pl.lit("M"))
    )
    product = (
        pl.when(pl.col("kind") == "Y")
        .then(pl.lit("Y-S"))
        .when(pl.col("kind") == "U")
        .then(pl.lit("U"))
        .when(pl.col("number") % 5 == 0)
        .then(pl.lit("F"))
        .otherwise(pl.lit("M-S"))
    )
    timing = (
        pl.when(pl.col("kind") == "U")
        .then(pl.lit("arrears"))
        .when((pl.col("kind") == "Y") | (pl.col("number") % 2 == 0))
        .then(pl.lit("advance"))
        .otherwise(pl.lit("current"))
    )
    digits = pl.col("number").cast(pl.String).str.zfill(7)
    beyond = pl.col("number") - count  # of three contracts beyond the partners, two go to one that then has three
    owner = pl.when(beyond < 0).then("number").otherwise((beyond - (beyond % 3 == 1).cast(pl.Int64)) % count)
    rows = pl.DataFrame({"number": pl.int_range(contracts, eager=True)}).with_columns(kind=kind)
    return rows.select(
        "number",
        "kind",
        contract_no="C" + digits,
        partner="P" + owner.cast(pl.String).str.zfill(7),
        product=product,
        quantity=pl.lit(1),
        start=pl.when(pl.col("kind") == "Y").then(pl.lit("2026-05-01")).otherwise(pl.lit("2026-04-01")),
        end=pl.when(pl.col("kind") == "Y").then(pl.lit("2027-04-30")),
        order_no="O-" + (pl.col("number") % 1000).cast(pl.String),
        cycle_months=pl.when(pl.col("kind") == "Y").then(12).otherwise(1),
        timing=timing,
        auto_renew=pl.when(pl.col("kind") == "Y").then(12),
    )


def events(lines: pl.DataFrame) -> pl.DataFrame:
    """One contract in twenty changes on the 16th of a month: two in five their quantity, the others to a larger plan."""
    place = pl.col("number") % 100
    moved = lines.filter(place.is_in([7, 12, 27, 47, 67]) & pl.col("product").is_in(["M-S", "Y-S"]))
    month = pl.Series([f"{m:%Y-%m}-16" for m in MONTHS[2:10]])
    more = place.is_in([27, 67])
    return moved.select(
        "contract_no",
        effective=month.gather(moved["number"] // 20 % 8),
        type=pl.when(more).then(pl.lit("change_quantity")).otherwise(pl.lit("change_plan")),
        line="product",
        product=pl.when(~more).then(pl.col("product").str.replace("-S", "-L")),
        quantity=pl.when(more).then(2),
        recorded_at=pl.lit("2026-04-01T09:00:00+09:00"),
    )


def usage(lines: pl.DataFrame) -> pl.DataFrame:
    """A measured quantity each month for every line billed by usage."""
    metered = lines.filter(pl.col("kind") == "U").select("number", "contract_no")
    days = pl.DataFrame({"month": [f"{m:%Y-%m}" for m in MONTHS]})
    return metered.join(days, how="cross").select(
        event_id=pl.concat_str("contract_no", pl.lit("-"), "month"),
        contract_no="contract_no",
        product=pl.lit("U"),
        timestamp=pl.concat_str("month", pl.lit("-15T10:00:00+09:00")),
        quantity=10 + pl.col("number") % 7,
    )


def receipts(folder: Path, owed: pl.DataFrame, on: date) -> Path:
    """A bank file in which partners pay what they owe: 95 % each invoice, 2 % all at once, 3 % less a fee of 440 yen.

    ``owed``: ``partner`` (code), ``document``, ``amount``.
    """
    number = pl.col("partner").str.slice(1).cast(pl.Int64)
    whole = owed.filter(number % 50 == 3).group_by("partner", maintain_order=True).agg(pl.col("amount").sum())
    single = owed.filter(number % 50 != 3).select(
        "partner",
        amount=pl.when((number % 33 == 5) & (pl.col("amount") > 440)).then(pl.col("amount") - 440).otherwise("amount"),
    )
    paid = pl.concat([single, whole.select("partner", "amount")]).filter(pl.col("amount") > 0)
    path = folder / f"receipts-{on}.csv"
    paid.select(
        date=pl.lit(on.isoformat()),
        amount="amount",
        payer="ｶ)ｹｲｿｸ" + pl.col("partner").str.slice(1).str.replace_many(BANK_DIGITS),
        id=pl.concat_str(pl.lit(f"{on:%y%m}-"), pl.int_range(pl.len()).cast(pl.String)),
    ).write_csv(path)
    return path
