"""The files of the accounting packages: columns in their order, coding, and what each limits.

A row has the slip's number ``slip``, ``at`` and ``rows`` in it, ``date``, ``text`` (摘要), ``memo``, and for ``debit`` and ``credit``
what stands on that side, null where there is nothing: ``account, account_code, sub, sub_code, department, department_code,
partner, partner_code, tax, percent, reduced, amount, tax_amount``. Amounts have their tax inside.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Literal

import polars as pl

from . import bugyo

Column = tuple[str, pl.Expr]
_NONE: Final[Mapping[str, str]] = MappingProxyType({})
Numbering = Literal["file", "day"]


@dataclass(frozen=True, slots=True)
class Target:
    """An accounting package: how its file is coded and laid out, and what it limits.

    ``coded``: accounts are told by code, not by name. ``numbering``: slips are numbered through the ``file``, or anew each
    ``day``, up to ``most``. ``wide`` is how many half-width columns a text (摘要) may take, or letters where it is ``lettered``;
    ``narrow`` how many a name may take; ``digits`` how long a code of an account and of a department may be (0: not told).
    """

    name: str
    title: str
    encoding: Literal["cp932", "utf-8-sig"]
    headed: bool
    coded: bool
    numbering: Numbering
    most: int
    wide: int
    columns: Callable[[], list[Column]]
    narrow: int = 60
    digits: tuple[int, int] = (0, 0)
    lettered: bool = False
    taxed_apart: bool = False
    """Amounts stand without their tax, which has a column of its own."""
    needed: frozenset[str] = frozenset()
    """The columns without which a row says nothing, where a company may choose the others."""
    titles: Mapping[str, str] = field(default_factory=dict)
    """The columns that a company may choose, in words, in the order of the vendor's sheet."""
    extra: Mapping[str, bugyo.Place] = field(default_factory=dict)
    """Those of them that nothing of ours stands in: where a company's own text stands, if it has one for them."""
    guarded: bool = False
    """Texts that a spreadsheet would take for a formula have a mark before them (see `guard`)."""

    def written(self, rows: pl.DataFrame, chosen: Mapping[str, str | None] = _NONE) -> bytes:
        """The rows as the file of the package; its encoding must hold every letter of them.

        ``chosen`` names columns that are left out (None), or what stands in a column of the company's own. Raises
        ``UnicodeEncodeError`` for letters that it cannot hold: what cannot be written is told beforehand (`unwritable`).
        """
        columns = [(name, expr) for name, expr in self.columns() if chosen.get(name, "") is not None]
        columns += [
            (name, bugyo.filled(self.extra[name], text)) for name, text in chosen.items() if name in self.extra and text
        ]
        told = rows.select(_shown(expr).alias(f"{at}") for at, (_, expr) in enumerate(columns))
        told = told.rename({f"{at}": name for at, (name, _) in enumerate(columns)}) if self.headed else told
        body = told.write_csv(include_header=self.headed, line_terminator="\r\n", quote_style="necessary")
        return body.encode(self.encoding)

    def unwritable(self, text: str) -> str:
        """The letters of the text that the file cannot hold.

        >>> TARGETS["yayoi"].unwritable("髙橋と𠮷野"), TARGETS["freee"].unwritable("𠮷野")
        ('𠮷', '')
        """
        with suppress(UnicodeEncodeError):
            text.encode(self.encoding)
            return ""
        return "".join(dict.fromkeys(letter for letter in text if not _in_cp932(letter)))

    def fitting(self, text: str) -> str:
        """The text (摘要) on one line, cut to what the package takes, and as it is read back from the file.

        >>> TARGETS["yayoi"].fitting("売上〜国内")
        '売上～国内'
        """
        plain = " ".join(text.splitlines())
        short = plain[: self.wide] if self.lettered else cut(plain, self.wide)
        return short.encode(self.encoding, "replace").decode(self.encoding) if self.encoding == "cp932" else short


def _shown(expr: pl.Expr) -> pl.Expr:
    """The cell as text; null, which is written without quotes, where there is nothing."""
    text = expr.cast(pl.String)
    return pl.when(text != "").then(text)


_FORMULA: Final = "[=+\\-@\t\r＝＋－＠]"


def guard(text: pl.Expr) -> pl.Expr:
    """The text so that a spreadsheet takes it for a text: an apostrophe before what would begin a formula.

    An apostrophe before such a beginning gets another one, so that every text is told from every other.

    >>> texts = pl.DataFrame({"text": ["=1+1", "'@A", "株式会社A", "-", "'A"]})
    >>> shown = texts.select(text=guard(pl.col("text")))
    >>> shown["text"].to_list(), shown.select(text=unguarded(pl.col("text"))).equals(texts)
    (["'=1+1", "''@A", '株式会社A', "'-", "'A"], True)
    """
    return pl.when(text.str.contains(f"^'*{_FORMULA}")).then("'" + text).otherwise(text)


def unguarded(text: pl.Expr) -> pl.Expr:
    """The text that `guard` was given."""
    return pl.when(text.str.contains(f"^'+{_FORMULA}")).then(text.str.slice(1)).otherwise(text)


def _in_cp932(letter: str) -> bool:
    try:
        letter.encode("cp932")
    except UnicodeEncodeError:
        return False
    return True


def cut(text: str, wide: int) -> str:
    """The text without line breaks, cut so that it takes at most so many half-width columns, never inside a letter.

    >>> cut("請求 INV-1\\n長い", 12), cut("ﾊﾝｶｸ漢字", 5)
    ('請求 INV-1 ', 'ﾊﾝｶｸ')
    """
    plain, used, kept = " ".join(text.splitlines()), 0, []
    if 2 * len(plain) <= wide:
        return plain
    for letter in plain:
        used += 2 if unicodedata.east_asian_width(letter) in "FWA" else 1
        if used > wide:
            break
        kept.append(letter)
    return "".join(kept)


def _col(name: str) -> pl.Expr:
    return pl.col(name)


def _day(form: str) -> pl.Expr:
    return pl.col("date").dt.strftime(form)


def _blank() -> pl.Expr:
    return pl.lit("")


def _amount(side: str) -> pl.Expr:
    """The amount of a side, 0 where it is empty."""
    return pl.col(f"{side}_amount").fill_null(0)


def _net(side: str) -> pl.Expr:
    return pl.col(f"{side}_amount") - pl.col(f"{side}_tax_amount")


# --- 弥生会計 ------------------------------------------------------------------------------------------------------


def _yayoi() -> list[Column]:
    """25 columns without a header: 弥生インポート形式."""
    one, first, last = pl.col("rows") == 1, pl.col("at") == 1, pl.col("at") == pl.col("rows")
    flag = (
        pl.when(one)
        .then(pl.lit("2000"))
        .when(first)
        .then(pl.lit("2110"))
        .when(last)
        .then(pl.lit("2101"))
        .otherwise(pl.lit("2100"))
    )

    def side(name: str) -> list[pl.Expr]:
        tax = pl.col(f"{name}_tax").fill_null(pl.lit("対象外"))
        names = [_col(f"{name}_{what}") for what in ("account", "sub", "department")]
        return [*names, tax, _amount(name), pl.col(f"{name}_tax_amount").fill_null(0)]

    kind = pl.when(one).then(pl.lit("0")).otherwise(pl.lit("3"))
    row = [
        flag,
        _col("slip"),
        _blank(),
        _day("%Y/%m/%d"),
        *side("debit"),
        *side("credit"),
        _col("text"),
        _blank(),
        _blank(),
    ]
    row += [kind, _blank(), _col("memo"), pl.lit("0"), pl.lit("0"), pl.lit("no")]
    return [("", expr) for expr in row]


# --- PCA会計 -------------------------------------------------------------------------------------------------------


def _pca() -> list[Column]:
    """The reduced form of 仕訳データ, by the names in its title row."""

    def side(word: str, name: str) -> list[Column]:
        there = pl.col(f"{name}_account_code").is_not_null()
        mode = pl.when(pl.col(f"{name}_tax_amount") != 0).then(pl.lit("1")).when(there).then(pl.lit("0"))
        return [
            (f"{word}税計算モード", mode), (f"{word}部門コード", _col(f"{name}_department_code")),
            (f"{word}科目コード", _col(f"{name}_account_code")), (f"{word}補助コード", _col(f"{name}_sub_code")),
            (f"{word}税区分コード", _col(f"{name}_tax")), (f"{word}金額", _col(f"{name}_amount")),
            (f"{word}消費税額", _col(f"{name}_tax_amount")),
        ]  # fmt: skip

    head = [("伝票日付", _day("%Y%m%d")), ("伝票番号", _col("slip"))]
    return [
        *head,
        *side("借方", "debit"),
        *side("貸方", "credit"),
        ("摘要文", _col("text")),
        ("入力プログラム区分", pl.lit("10")),
    ]


# --- freee ---------------------------------------------------------------------------------------------------------


def _freee() -> list[Column]:
    """33 columns of the 仕訳インポート; every data row begins with its mark."""

    def side(word: str, name: str) -> list[Column]:
        return [
            (f"{word}勘定科目", _col(f"{name}_account")), (f"{word}科目コード", _col(f"{name}_account_code")),
            (f"{word}補助科目", _col(f"{name}_sub")), (f"{word}取引先", _col(f"{name}_partner")),
            (f"{word}取引先コード", _col(f"{name}_partner_code")), (f"{word}部門", _col(f"{name}_department")),
            *((f"{word}{what}", _blank()) for what in ("品目", "メモタグ", "セグメント1", "セグメント2", "セグメント3")),
            (f"{word}金額", _col(f"{name}_amount")), (f"{word}税区分", _col(f"{name}_tax")),
            (f"{word}税額", _col(f"{name}_tax_amount")),
        ]  # fmt: skip

    head = [
        ("[表題行]", pl.lit("[明細行]")),
        ("日付", _day("%Y/%m/%d")),
        ("伝票番号", _col("slip")),
        ("決算整理仕訳", _blank()),
    ]
    return [*head, *side("借方", "debit"), *side("貸方", "credit"), ("摘要", _col("text"))]


# --- マネーフォワード ----------------------------------------------------------------------------------------------


def _moneyforward() -> list[Column]:
    """27 columns of the 仕訳帳."""

    def side(word: str, name: str) -> list[Column]:
        return [
            (f"{word}勘定科目", _col(f"{name}_account")), (f"{word}補助科目", _col(f"{name}_sub")),
            (f"{word}部門", _col(f"{name}_department")), (f"{word}取引先", _col(f"{name}_partner")),
            (f"{word}税区分", _col(f"{name}_tax")), (f"{word}インボイス", _col(f"{name}_invoice")), (f"{word}金額(円)", _amount(name)),
            (f"{word}税額", pl.col(f"{name}_tax_amount").fill_null(0)),
        ]  # fmt: skip

    head = [("取引No", _col("slip")), ("取引日", _day("%Y/%m/%d"))]
    tail = ["タグ", "MF仕訳タイプ", "決算整理仕訳", "作成日時", "作成者", "最終更新日時", "最終更新者"]
    return [
        *head, *side("借方", "debit"), *side("貸方", "credit"), ("摘要", _col("text")), ("仕訳メモ", _col("memo")),
        *((name, _blank()) for name in tail),
    ]  # fmt: skip


# --- our own -------------------------------------------------------------------------------------------------------


def _plain() -> list[Column]:
    """A plain table with all that is known of a row."""
    what = ("account", "sub", "department", "partner_code", "partner", "tax", "amount", "tax_amount")
    plain = {"amount", "tax_amount"}
    sides = [
        (f"{side}_{name}", _col(f"{side}_{name}") if name in plain else guard(_col(f"{side}_{name}")))
        for side in ("debit", "credit") for name in what
    ]  # fmt: skip
    head = [("slip", _col("slip")), ("row", _col("at")), ("date", _day("%Y-%m-%d"))]
    return [*head, *sides, ("description", guard(_col("text"))), ("entry", guard(_col("memo")))]


def _target(
    name: str, title: str, encoding: Literal["cp932", "utf-8-sig"], columns: Callable[[], list[Column]], **more: object
) -> Target:
    usual = {"headed": True, "coded": False, "numbering": "file", "most": 999_999, "wide": 200}
    return Target(name=name, title=title, encoding=encoding, columns=columns, **(usual | more))  # type: ignore[arg-type]


TARGETS: Final[dict[str, Target]] = {
    each.name: each
    for each in (
        _target("yayoi", "弥生会計", "cp932", _yayoi, headed=False, wide=64, narrow=24),
        _target(
            "kanjo-bugyo",
            "勘定奉行クラウド",
            "cp932",
            bugyo.cloud,
            coded=True,
            taxed_apart=True,
            needed=bugyo.NEEDED_CLOUD,
            titles=bugyo.CLOUD,
            extra=bugyo.EXTRA_CLOUD,
        ),
        _target(
            "kanjo-bugyo-i",
            "勘定奉行 i・V・11",
            "cp932",
            bugyo.on_premises,
            coded=True,
            taxed_apart=True,
            needed=bugyo.NEEDED_LOCAL,
            titles=bugyo.LOCAL,
            extra=bugyo.EXTRA_LOCAL,
        ),
        _target("pca", "PCA会計", "cp932", _pca, coded=True, numbering="day", most=99_999, wide=256, digits=(10, 6)),
        _target("freee", "freee会計", "utf-8-sig", _freee),
        _target(
            "moneyforward", "マネーフォワード クラウド会計", "utf-8-sig", _moneyforward, most=999_999_999, lettered=True
        ),
        _target("csv", "汎用の CSV", "utf-8-sig", _plain, most=999_999_999, wide=1_000, guarded=True),
    )
}
