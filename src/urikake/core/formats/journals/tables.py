"""Files of ours as tables: what each side of each row says, read in columns.

A file that was kept was proved when it was made (`readback`), so nothing is checked here.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from .layouts import TARGETS, unguarded
from .readback import LAYOUTS, YAYOI

LINES: Final = {
    "row": pl.Int64, "slip": pl.String, "on": pl.Date, "account": pl.String, "tax": pl.String, "amount": pl.Int64,
    "tax_amount": pl.Int64, "text": pl.String,
}  # fmt: skip


def table(target: str, data: bytes) -> pl.DataFrame:
    """The sides of the rows of a file of ours (`LINES`), debits positive, amounts with their tax inside.

    >>> row = "2000,1,,2026/10/31,売掛金,,,対象外,11000,0,売上高,,,課税売上内10%,11000,1000,請求,,,0,,,0,0,no\\r\\n"
    >>> table("yayoi", row.encode("cp932")).select("slip", "account", "amount", "tax_amount").rows()
    [('1', '売掛金', 11000, 0), ('1', '売上高', -11000, -1000)]
    """
    known, names = TARGETS[target], LAYOUTS[target]
    text = data.decode(known.encoding).encode()
    cells = pl.read_csv(text, has_header=known.headed, infer_schema=False, truncate_ragged_lines=False)
    if not known.headed:
        cells.columns = [*YAYOI]
    held = cells.with_columns(
        _day(pl.col(names.on)).forward_fill().alias("on"),
        pl.col(names.slip).forward_fill().alias("slip"),
        _optional(cells, names.text).alias("text"),
        pl.int_range(1 + known.headed, pl.len() + 1 + known.headed).cast(pl.Int64).alias("row"),
    )
    sides = [_side(held, side, sign, apart=known.taxed_apart) for side, sign in zip(names.sides, (1, -1), strict=True)]
    found = pl.concat(sides).sort("row", maintain_order=True)
    texts = [pl.col(name).fill_null("") for name in ("account", "tax", "text")]
    return found.with_columns(unguarded(each) if known.guarded else each for each in texts)


def _side(rows: pl.DataFrame, names: tuple[str, ...], sign: int, *, apart: bool) -> pl.DataFrame:
    """One side of the rows, without those that it is empty on."""
    account, _, _, tax, amount, tax_amount = names
    taxed = rows[tax_amount].cast(pl.Int64).fill_null(0)
    whole = rows[amount].cast(pl.Int64).fill_null(0) + (taxed if apart else 0)
    found = rows.select("row", "slip", "on", _optional(rows, tax).alias("tax"), "text", account=account)
    signed = found.with_columns(amount=whole * sign, tax_amount=taxed * sign)
    return signed.filter(pl.col("account").fill_null("") != "").select(*LINES)


def _optional(rows: pl.DataFrame, name: str) -> pl.Expr:
    """The column, or nothing where the file goes without."""
    return pl.col(name) if name in rows.columns else pl.lit("")


def _day(text: pl.Expr) -> pl.Expr:
    """The day as our files have it: with or without marks between its parts."""
    return text.str.replace_all("[/-]", "").str.to_date("%Y%m%d")
