"""Account reports of ISO 20022 (camt.052, camt.053, camt.054): what moved on an account, read as columns.

Also the files of ZEDI (全銀EDIシステム), which are several XML documents one after the other. Source: the ISO 20022 messages
BankToCustomerAccountReport, -Statement and -DebitCreditNotification; ZEDI接続のためのガイダンス for 金融EDI情報.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, TypeAlias

import polars as pl
from lxml import etree

from . import bank_file
from .bank_file import BankFile
from .zengin import Fault, Refused

Element: TypeAlias = Any  # of lxml, which tells no types
MESSAGES: Final = {
    "camt.052": ("BkToCstmrAcctRpt", "Rpt"),
    "camt.053": ("BkToCstmrStmt", "Stmt"),
    "camt.054": ("BkToCstmrDbtCdtNtfctn", "Ntfctn"),
}
"""By message, the element that holds it and that of each account."""
_NAMESPACE: Final = re.compile(r"\{urn:iso:std:iso:20022:tech:xsd:(camt\.05[234])\.\d{3}\.\d{2}\}Document")
_HEADER: Final = "AppHdr"
_DECLARED: Final = re.compile(rb"(?=<\?xml[\s])")
_AMOUNT: Final = re.compile(r"(\d{1,15})(?:\.0{1,5})?")
_DAY: Final = re.compile(r"(\d{4}-\d{2}-\d{2})(?:$|T|Z|[+-])")
_OPENING: Final = ("OPBD", "PRCD")
_CLOSING: Final = ("CLBD",)
_BOOKED: Final = "BOOK"
_STATUSES: Final = (_BOOKED, "PDNG", "INFO", "FUTR")
_WAYS: Final = ("CRDT", "DBIT")
_REVERSALS: Final = {"": False, "false": False, "0": False, "true": True, "1": True}


def read(data: bytes, latest: date) -> BankFile:
    """What the message tells of accounts; days are not after ``latest``.

    Only booked entries are taken. A debit that reverses (RvslInd) cancels an earlier credit; a credit that reverses is money
    of our own that came back, for a person to look at. An entry whose parts all have amounts of their own is so many
    movements. Raises `Refused` for the file as a whole: no XML, another message, another currency, amounts, days and sums
    that are wrong, opening balance and movements that do not come to the closing balance. A fault's record is the entry,
    counted through the file, and its place the line.
    """
    found = _Reading(latest)
    for root in _documents(data):
        found.take(root)
    statements = pl.DataFrame(found.statements, schema=bank_file.STATEMENT)
    movements = pl.DataFrame(found.movements, schema=bank_file.MOVEMENT)
    return bank_file.accepted(bank_file.made(statements, movements), found.faults)


def _documents(data: bytes) -> Iterator[Element]:
    """The roots of the messages in the file; headers of ZEDI that stand between them are left out."""
    body = data.removeprefix(b"\xef\xbb\xbf").strip(b"\x1a\r\n\t \0")
    roots = [_parsed(part) for part in _DECLARED.split(body) if part.strip()]
    messages = [root for root in roots if etree.QName(root).localname != _HEADER]
    if not messages or not all(_NAMESPACE.fullmatch(root.tag) for root in messages):
        tag = etree.QName(roots[0]).localname if roots else ""
        raise Refused([Fault(1, 1, "Document", tag, "camt.052・camt.053・camt.054 のファイルではありません")])
    yield from messages


def _parsed(part: bytes) -> Element:
    """The root of one document; refused where it is not well-formed or declares a document type."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(part, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None) or 1
        raise Refused([Fault(1, line, "XML", "", "XML として読めません")]) from None
    if root.getroottree().docinfo.doctype:
        raise Refused([Fault(1, 1, "DOCTYPE", "", "文書型の宣言があるファイルは読みません")])
    return root


def _every(element: Element, path: str) -> list[Element]:
    found: list[Element] = element.findall("/".join(f"{{*}}{name}" for name in path.split("/")))
    return found


def _text(element: Element, *paths: str) -> str:
    """The text at the first of the paths that has one."""
    for path in paths:
        for found in _every(element, path):
            if text := " ".join("".join(found.itertext()).split()):
                return text
    return ""


@dataclass
class _Reading:
    """What was read so far, and what is wrong with it."""

    latest: date
    statements: list[dict[str, Any]] = field(default_factory=list)
    movements: list[dict[str, Any]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    entry: int = 0

    def fault(self, element: Element | None, name: str, value: str, why: str) -> None:
        """Note what is wrong at the element, in the entry that is read now."""
        line = 1 if element is None else int(element.sourceline or 1)
        self.faults.append(Fault(max(self.entry, 1), line, name, value[:40], why))

    def take(self, root: Element) -> None:
        """Read all accounts of the message."""
        match = _NAMESPACE.fullmatch(root.tag)
        assert match
        outer, inner = MESSAGES[match[1]]
        accounts = _every(root, f"{outer}/{inner}")
        if not accounts:
            self.fault(root, f"{outer}/{inner}", "", "口座の明細がありません")
            return
        for stray in root.iter("{*}Ntry", "{*}Bal"):
            if stray.getparent() not in accounts:
                self.fault(stray, etree.QName(stray).localname, "", f"口座の明細（{inner}）の外にあります")
        for account in accounts:
            self._account(account)

    def _account(self, account: Element) -> None:
        at, first = len(self.statements), self.entry + 1
        before = len(self.movements)
        for entry in _every(account, "Ntry"):
            self.entry += 1
            self._entry(entry, at)
        moved = self.movements[before:]
        servicer, number = _every(account, "Acct/Svcr/FinInstnId"), _text(account, "Acct/Id/Othr/Id", "Acct/Id/IBAN")
        currency = _text(account, "Acct/Ccy")
        if currency not in ("", "JPY"):
            self.fault(account, "Acct/Ccy", currency, "円の口座だけを読めます")
        booked = [one["booked_on"] for one in moved if one["booked_on"]]
        since, until = self._day(account, "FrToDt/FrDtTm"), self._day(account, "FrToDt/ToDtTm")
        self.statements.append(
            {
                "statement": at,
                "record": first,
                "bank": _text(servicer[0], "ClrSysMmbId/MmbId") if servicer else "",
                "branch": _text(account, "Acct/Svcr/BrnchId/Id"),
                "deposit": "",
                "number": number,
                "holder": _text(account, "Acct/Ownr/Nm", "Acct/Nm"),
                "since_on": since or min(booked, default=None),
                "until_on": until or max(booked, default=None),
                "balance_before": self._balance(account, _OPENING),
                "balance_after": self._balance(account, _CLOSING),
            }
        )
        self._summed(account, moved)

    def _balance(self, account: Element, codes: tuple[str, ...]) -> int | None:
        """The balance of the first of the codes that is told, negative where overdrawn; it is told once, or alike."""
        kinds = [(_text(each, "Tp/CdOrPrtry/Cd"), each) for each in _every(account, "Bal")]
        code = next((code for code in codes if code in dict(kinds)), None)
        told = [(each, self._signed(each)) for kind, each in kinds if kind == code]
        for each, amount in told[1:]:
            if amount != told[0][1]:
                self.fault(each, f"Bal/{code}", f"{amount:,}", f"同じ種類の残高 {told[0][1]:,} と違います")
        return told[0][1] if told else None

    def _signed(self, balance: Element) -> int:
        amount = self._amount(balance)
        return -amount if self._way(balance) == "DBIT" else amount

    def _way(self, element: Element) -> str:
        """Whether the element is a credit (``CRDT``) or a debit (``DBIT``)."""
        way = _text(element, "CdtDbtInd")
        if way not in _WAYS:
            self.fault(element, "CdtDbtInd", way, "CRDT か DBIT です")
        return way

    def _summed(self, account: Element, moved: list[dict[str, Any]]) -> None:
        """Compare the sums of credits and debits with those that the message tells, where every entry was booked."""
        if any(_text(each, "Sts/Cd", "Sts") != _BOOKED for each in _every(account, "Ntry")):
            return
        credits = sum(one["amount"] for one in moved if one["credit"])
        debits = sum(abs(one["amount"]) for one in moved if not one["credit"])
        for path, own in (("TxsSummry/TtlCdtNtries/Sum", credits), ("TxsSummry/TtlDbtNtries/Sum", debits)):
            for each in _every(account, path):
                if self._yen(each, "Sum", (each.text or "").strip()) != own:
                    self.fault(each, path, (each.text or "").strip(), f"明細から数えると {own:,} です")

    def _entry(self, entry: Element, at: int) -> None:
        status, reversal = _text(entry, "Sts/Cd", "Sts"), _text(entry, "RvslInd")
        if status not in _STATUSES:
            self.fault(entry, "Sts", status, f"{'・'.join(_STATUSES)} のどれかです")
        if status != _BOOKED:
            return
        if reversal not in _REVERSALS:
            self.fault(entry, "RvslInd", reversal, "true か false です")
        direction = self._way(entry)
        credit = direction == "CRDT"
        booked = self._day(entry, "BookgDt/Dt", "BookgDt/DtTm")
        if not _text(entry, "BookgDt/Dt", "BookgDt/DtTm"):
            self.fault(entry, "BookgDt", "", "記帳日がありません")
        whole = self._amount(entry)
        move = _move(credit, _REVERSALS.get(reversal, False))
        head = {
            "statement": at, "record": self.entry, "move": move, "booked_on": booked, "credit": credit,
            "value_on": self._day(entry, "ValDt/Dt", "ValDt/DtTm"), "note": _text(entry, "AddtlNtryInf"),
            "raw": etree.tostring(entry, encoding="unicode", with_tail=False).strip(),
        }  # fmt: skip
        for part, amount in self._parts(entry, whole):
            signed = -amount if move == bank_file.CORRECTION and not credit else amount
            self.movements.append(head | _paid(entry, part, single=amount == whole) | {"amount": signed})

    def _parts(self, entry: Element, whole: int) -> list[tuple[Element, int]]:
        """The parts of the entry with their amounts; the entry itself where they do not all have one."""
        parts = _every(entry, "NtryDtls/TxDtls")
        told = [
            self._yen(amounts[0], "Amt", (amounts[0].text or "").strip())
            for part in parts
            if (amounts := _every(part, "AmtDtls/TxAmt/Amt") or _every(part, "Amt"))
        ]
        if len(parts) < 2 or len(told) < len(parts):
            return [(parts[0] if len(parts) == 1 else entry, whole)]
        if sum(told) != whole:
            self.fault(entry, "TxDtls", f"{sum(told):,}", f"明細の合計が記帳の {whole:,} と違います")
        return list(zip(parts, told, strict=True))

    def _amount(self, element: Element) -> int:
        """The yen of an entry or a balance."""
        amounts = _every(element, "Amt")
        if not amounts:
            self.fault(element, "Amt", "", "金額がありません")
            return 0
        if amounts[0].get("Ccy") != "JPY":
            self.fault(amounts[0], "Amt", str(amounts[0].get("Ccy") or ""), "円の金額だけを読めます")
        return self._yen(amounts[0], "Amt", (amounts[0].text or "").strip())

    def _yen(self, element: Element, name: str, text: str) -> int:
        match = _AMOUNT.fullmatch(text)
        if match is None:
            self.fault(element, name, text, "円の金額として読めません")
            return 0
        return int(match[1])

    def _day(self, element: Element, *paths: str) -> date | None:
        """The day at the first of the paths; None where there is none, and a fault where it is none that may be."""
        text = _text(element, *paths)
        match = _DAY.match(text)
        try:
            found = date.fromisoformat(match[1]) if match else None
        except ValueError:
            found = None
        if found and found <= self.latest:
            return found
        if text:
            self.fault(element, paths[0].partition("/")[0], text, "暦にない日か、先の日です")
        return None


def _move(credit: bool, reversal: bool) -> str:
    if reversal:
        return bank_file.CORRECTION if credit else bank_file.CANCEL
    return bank_file.IN if credit else bank_file.OUT


def _paid(entry: Element, part: Element, *, single: bool) -> dict[str, Any]:
    """Who paid and under which text; the bank's own number of the part, or of the entry where that is one payment."""
    agent = "RltdAgts/DbtrAgt"
    own = _text(part, "Refs/AcctSvcrRef")
    return {
        "payer": _text(part, "RltdPties/Dbtr/Nm", "RltdPties/Dbtr/Pty/Nm", "RltdPties/UltmtDbtr/Nm") or _said(entry),
        "payer_code": _text(part, "RltdPties/Dbtr/Id/OrgId/Othr/Id", "RltdPties/Dbtr/Pty/Id/OrgId/Othr/Id"),
        "payer_bank": _text(part, f"{agent}/FinInstnId/Nm", f"{agent}/FinInstnId/ClrSysMmbId/MmbId"),
        "payer_branch": _text(part, f"{agent}/BrnchId/Nm", f"{agent}/BrnchId/Id"),
        "reference": _reference(part),
        "inquiry": _text(entry, "NtryRef"),
        "bank_code": (own or (_text(entry, "AcctSvcrRef") if single else ""))[:60],
    }


def _said(entry: Element) -> str:
    """What the bank says of an entry without a payer."""
    return _text(entry, "AddtlNtryInf") or "（名義なし）"


def _reference(part: Element) -> str:
    """The text under which the payer paid: numbers of documents, then free text, also that of 金融EDI情報."""
    numbers = [_text(one, "RfrdDocInf/Nb", "CdtrRefInf/Ref") for one in _every(part, "RmtInf/Strd")]
    lines = [(one.text or "").strip() for one in _every(part, "RmtInf/Ustrd")]
    told = [*filter(None, numbers), _decoded(lines)]
    return " ".join(filter(None, told))[: bank_file.LONGEST["reference"]].strip()


def _decoded(lines: list[str]) -> str:
    """The lines as one text; the texts of the XML inside where they are 金融EDI情報 (MIME, Base64)."""
    if not any(line.lower().startswith("mime-version") for line in lines):
        return " ".join(lines)
    coded = "".join(line for line in lines if ":" not in line)
    try:
        root = _parsed(base64.b64decode(coded, validate=True))
    except (binascii.Error, Refused):
        return " ".join(lines)
    return " ".join(text for each in root.itertext() if (text := each.strip()))
