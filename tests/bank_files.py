"""Files of banks, written for tests field by field from the published layouts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from urikake.core.formats import zengin01, zengin03
from urikake.core.formats.camt import MESSAGES
from urikake.core.formats.zengin import Fault, Field, Refused, record


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One movement of an account: what a test says of it."""

    amount: int
    payer: str = "ｶ)ｱｵﾊﾞ"
    on: date = date(2026, 5, 29)
    way: str = "in"
    edi: str = ""
    code: str = ""
    bank: str = "ﾐﾄﾞﾘ"
    branch: str = "ﾎﾝﾃﾝ"
    note: str = ""
    inquiry: str = ""
    sort: str = "11"


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """What a bank tells of one account: its days, its movements, and the balance before them."""

    moves: Sequence[Move] = ()
    since: date = date(2026, 5, 1)
    until: date = date(2026, 5, 31)
    bank: str = "0001"
    branch: str = "001"
    deposit: str = "1"
    number: str = "1234567"
    opening: int | None = 1_000_000

    def sum(self, *ways: str) -> tuple[int, int]:
        """How many movements go one of the ways, and their sum."""
        found = [move.amount for move in self.moves if move.way in ways]
        return len(found), sum(found)

    @property
    def closing(self) -> int | None:
        """The balance after the movements."""
        return None if self.opening is None else self.opening + self.sum("in")[1] - self.sum("out")[1]


def era(on: date) -> str:
    """The day as banks write it: year of the era, month, day."""
    return f"{on.year - (2018 if on >= date(2019, 5, 1) else 1988):02}{on:%m%d}"


def western(on: date) -> str:
    """The day with the last two digits of its Western year."""
    return f"{on:%y%m%d}"


def _rows(fields: Sequence[Field], values: dict[str, Any]) -> str:
    faults: list[Fault] = []
    named = [str(values.get(field.name, "")) for field in fields]
    row = record(fields, named, 1, faults)
    if faults:
        raise Refused(faults)
    return row


def _head(book: Book, fields: Sequence[Field], kind: str, day: Any, more: dict[str, Any]) -> str:
    values = {
        "データ区分": 1, "種別コード": kind, "コード区分": 0, "作成日": day(book.until), "勘定日(自)": day(book.since),
        "勘定日(至)": day(book.until), "銀行コード": book.bank, "銀行名": "ｶｸｳ", "支店コード": book.branch, "支店名": "ﾎﾝﾃﾝ",
        "預金種目": book.deposit, "口座番号": book.number, "口座名": "ｶ)ﾃｽﾄ",
    }  # fmt: skip
    return _rows(fields, values | more)


def notice(*books: Book, form: str = "A", separator: str = "\r\n", day: Any = era) -> bytes:
    """A deposit notice (01), in form ``A`` or ``B``; a move ``cancel`` cancels an earlier credit."""
    fields = zengin01.DATA_A if form == "A" else zengin01.DATA_B
    rows = []
    for book in books:
        rows.append(_head(book, zengin01.HEADER, "01", day, {}))
        rows += [_rows(fields, _noticed(move, day)) for move in book.moves]
        counts = (*book.sum("in"), *book.sum("cancel"))
        rows.append(_rows(zengin01.TRAILER, dict(zip([f.name for f in zengin01.TRAILER], (8, *counts), strict=False))))
    rows.append(_rows(zengin01.END, {"データ区分": 9}))
    return "".join(row + separator for row in rows).encode("cp932")


def _noticed(move: Move, day: Any) -> dict[str, Any]:
    long = move.amount >= 10**10
    return {
        "データ区分": 2, "照会番号": move.inquiry, "勘定日": day(move.on), "起算日": day(move.on), "金額": move.amount,
        "うち他店券金額": 0, "金額(1)": 0 if long else move.amount, "うち他店券金額(1)": 0,
        "金額(2)": move.amount if long else 0, "うち他店券金額(2)": 0, "振込依頼人コード": move.code,
        "振込依頼人名": move.payer, "仕向銀行名": move.bank, "仕向店名": move.branch,
        "取消区分": 1 if move.way == "cancel" else "", "EDI情報": move.edi,
    }  # fmt: skip


def statement(*books: Book, separator: str = "\r\n", day: Any = era) -> bytes:
    """A statement of accounts (03); balances as the books have them, overdrawn where negative."""
    rows = []
    for book in books:
        rows.append(_head(book, zengin03.HEADER, "03", day, _balance("取引前残高", book.opening)))
        rows += [_rows(zengin03.DATA, _booked(move, day)) for move in book.moves]
        sums = zip(
            ("入金件数", "入金額合計", "出金件数", "出金額合計"), (*book.sum("in"), *book.sum("out")), strict=True
        )
        values = {
            "データ区分": 8,
            "データ・レコード件数": len(book.moves),
            **dict(sums),
            **_balance("取引後残高", book.closing),
        }
        rows.append(_rows(zengin03.TRAILER, values))
    rows.append(_rows(zengin03.END, {"データ区分": 9, "レコード総件数": len(rows) + 1, "口座数": len(books)}))
    return "".join(row + separator for row in rows).encode("cp932")


def _balance(name: str, amount: int | None) -> dict[str, Any]:
    return {} if amount is None else {"貸越区分": 2 if amount < 0 else 1, name: abs(amount)}


def _booked(move: Move, day: Any) -> dict[str, Any]:
    return {
        "データ区分": 2, "照会番号": move.inquiry, "勘定日": day(move.on), "預入・払出日": day(move.on),
        "入払区分": 1 if move.way == "in" else 2, "取引区分": move.sort, "取引金額": move.amount, "うち他店券金額": 0,
        "交換呈示日": "000000", "振込依頼人コード": move.code, "振込依頼人名または契約者番号": move.payer,
        "仕向銀行名": move.bank, "仕向店名": move.branch, "摘要内容": move.note, "EDI情報": move.edi,
    }  # fmt: skip


def camt(*books: Book, message: str = "camt.053.001.08", zedi: bool = False) -> bytes:
    """An account report of ISO 20022; a move ``cancel`` is a debit that reverses, with ``sort`` ``19`` a credit that does."""
    outer, inner = MESSAGES[message[:8]]
    accounts = "".join(f"<{inner}>{_account(book)}</{inner}>" for book in books)
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:{message}"><{outer}>{accounts}</{outer}></Document>\n'
    )
    header = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<AppHdr xmlns="urn:iso:std:iso:20022:tech:xsd:head.001.001.01"/>\n'
    )
    return ((header if zedi else "") + body).encode()


def _account(book: Book) -> str:
    balances = "" if book.opening is None else _bal("OPBD", book.opening) + _bal("CLBD", _left(book))
    days = f"<FrToDt><FrDtTm>{book.since}T00:00:00</FrDtTm><ToDtTm>{book.until}T23:59:59</ToDtTm></FrToDt>"
    bank = f"<FinInstnId><ClrSysMmbId><MmbId>{book.bank}</MmbId></ClrSysMmbId></FinInstnId>"
    service = f"<Svcr>{bank}<BrnchId><Id>{book.branch}</Id></BrnchId></Svcr>"
    account = f"<Acct><Id><Othr><Id>{book.number}</Id></Othr></Id><Ccy>JPY</Ccy>{service}</Acct>"
    return days + account + balances + "\n".join(map(_entry, book.moves))


def _left(book: Book) -> int:
    assert book.opening is not None
    return book.opening + book.sum("in")[1] - book.sum("out", "cancel")[1]


def _bal(code: str, amount: int) -> str:
    sign = "DBIT" if amount < 0 else "CRDT"
    return f'<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy="JPY">{abs(amount)}</Amt><CdtDbtInd>{sign}</CdtDbtInd></Bal>'


def _entry(move: Move) -> str:
    sign = "CRDT" if move.way == "in" else "DBIT"
    back = "<RvslInd>true</RvslInd>" if move.way == "cancel" or move.sort == "19" else ""
    agent = f"<FinInstnId><Nm>{move.bank}</Nm></FinInstnId><BrnchId><Nm>{move.branch}</Nm></BrnchId>"
    text = f"<RmtInf><Ustrd>{move.edi}</Ustrd></RmtInf>" if move.edi else ""
    payer = f"<RltdPties><Dbtr><Pty><Nm>{move.payer}</Nm></Pty></Dbtr></RltdPties>"
    code = f"<AcctSvcrRef>{move.code}</AcctSvcrRef>" if move.code else ""
    return (
        f'<Ntry><Amt Ccy="JPY">{move.amount}</Amt><CdtDbtInd>{sign}</CdtDbtInd>{back}<Sts><Cd>BOOK</Cd></Sts>'
        f"<BookgDt><Dt>{move.on}</Dt></BookgDt><ValDt><Dt>{move.on}</Dt></ValDt>{code}"
        f"<NtryDtls><TxDtls>{payer}<RltdAgts><DbtrAgt>{agent}</DbtrAgt></RltdAgts>{text}</TxDtls></NtryDtls></Ntry>"
    )
