"""Account reports of ISO 20022: what moved is read in every message, and what cannot be true is refused at its line."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import date

import pytest

from tests.bank_files import Book, Move, camt
from urikake.core.formats.camt import MESSAGES, read
from urikake.core.formats.zengin import Fault, Refused

LATEST = date(2026, 12, 31)
BOOK = Book(
    moves=[
        Move(amount=110_000, payer="カ)アオバ", edi="INV-2026-00001", code="S1"),
        Move(amount=30_000, way="out"),
        Move(amount=110_000, payer="カ)アオバ", way="cancel"),
        Move(amount=500, payer="カ)テスト", sort="19"),
    ]
)
WHOLE = camt(BOOK)
CREDITED = "<CdtDbtInd>CRDT</CdtDbtInd></Bal>"


@pytest.mark.parametrize("message", ["camt.052.001.02", "camt.053.001.02", "camt.053.001.08", "camt.054.001.02"])
def test_every_message_tells_what_moved(message: str) -> None:
    found = read(camt(BOOK, message=message, zedi=True), LATEST)
    assert found.statements.select(
        "bank", "branch", "number", "balance_before", "balance_after", "since_on"
    ).rows() == [("0001", "001", "1234567", 1_000_000, 970_500, date(2026, 5, 1))]
    assert found.movements.select("record", "move", "amount").rows() == [
        (1, "in", 110_000),
        (2, "out", 30_000),
        (3, "cancel", 110_000),
        (4, "correction", 500),
    ]
    first = found.movements.row(0, named=True)
    named = {name: first[name] for name in ("payer", "reference", "payer_bank", "payer_branch", "bank_code")}
    assert named == {
        "payer": "カ)アオバ", "reference": "INV-2026-00001", "payer_bank": "ﾐﾄﾞﾘ", "payer_branch": "ﾎﾝﾃﾝ", "bank_code": "S1",
    }  # fmt: skip
    assert first["raw"].startswith("<Ntry")


def test_what_is_not_booked_yet_waits_and_an_entry_of_several_payments_is_several() -> None:
    waiting = WHOLE.replace(b"<Sts><Cd>BOOK</Cd></Sts>", b"<Sts>PDNG</Sts>", 1).replace(b"970500", b"860500")
    assert read(waiting, LATEST).movements["move"].to_list() == ["out", "cancel", "correction"]
    parts = "".join(
        f'<TxDtls><AmtDtls><TxAmt><Amt Ccy="JPY">{amount}</Amt></TxAmt></AmtDtls>'
        f"<RltdPties><Dbtr><Nm>{payer}</Nm></Dbtr></RltdPties></TxDtls>"
        for payer, amount in (("アオバ", 100_000), ("ミドリ", 10_000))
    )
    start, end = WHOLE.index(b"<TxDtls>"), WHOLE.index(b"</NtryDtls>")
    several = WHOLE[:start] + parts.encode() + WHOLE[end:]
    assert read(several, LATEST).movements.select("payer", "amount", "bank_code").rows()[:2] == [
        ("アオバ", 100_000, ""),
        ("ミドリ", 10_000, ""),
    ]
    assert [fault.name for fault in refused(several.replace(b">100000<", b">100001<"))] == ["TxDtls"]


def test_the_text_inside_edi_information_is_read() -> None:
    payload = base64.b64encode("<?xml version='1.0'?><s><no>INV-7</no><m>5月分</m></s>".encode()).decode()
    lines = [
        "MIME-Version: 1.0",
        "Content-Type: text/xml",
        "Content-Transfer-Encoding: base64",
        payload[:20],
        payload[20:],
    ]
    coded = "".join(f"<Ustrd>{line}</Ustrd>" for line in lines)
    found = read(WHOLE.replace(b"<Ustrd>INV-2026-00001</Ustrd>", coded.encode()), LATEST)
    assert found.movements["reference"][0] == "INV-7 5月分"


def refused(data: bytes) -> Sequence[Fault]:
    with pytest.raises(Refused) as found:
        read(data, LATEST)
    return found.value.faults


@pytest.mark.parametrize(
    ("old", "new", "name", "why"),
    [
        ("</Document>", "", "XML", "XML として読めません"),
        ("<Document", "<!DOCTYPE Document><Document", "DOCTYPE", "文書型"),
        ("camt.053.001.08", "pain.001.001.03", "Document", "camt.052"),
        ("<Ccy>JPY", "<Ccy>USD", "Acct/Ccy", "円の口座だけ"),
        ('Ccy="JPY">110000', 'Ccy="USD">110000', "Amt", "円の金額だけ"),
        (">110000<", ">110000.5<", "Amt", "読めません"),
        (">110000<", ">110001<", "取引後残高", "足し引きすると 970,501"),
        ("CRDT</CdtDbtInd><Sts>", "CREDIT</CdtDbtInd><Sts>", "CdtDbtInd", "CRDT か DBIT"),
        ("<BookgDt><Dt>2026-05-29", "<BookgDt><Dt>2026-02-30", "BookgDt", "暦にない日"),
        ("<BookgDt><Dt>2026-05-29", "<BookgDt><Dt>2027-05-29", "BookgDt", "先の日"),
        ("<BookgDt><Dt>2026-05-29</Dt>", "<BookgDt>", "BookgDt", "記帳日がありません"),
        ("<ValDt><Dt>2026-05-29", "<ValDt><Dt>2026-02-30", "ValDt", "暦にない日"),
        ("<FrDtTm>2026-05-01", "<FrDtTm>2026-05-41", "FrToDt", "暦にない日"),
        ("<Sts><Cd>BOOK", "<Sts><Cd>BOKK", "Sts", "BOOK・PDNG・INFO・FUTR のどれか"),
        ("<RvslInd>true", "<RvslInd>trve", "RvslInd", "true か false"),
        ("CRDT</CdtDbtInd></Bal>", "CRDX</CdtDbtInd></Bal>", "CdtDbtInd", "CRDT か DBIT"),
        (f"</Amt>{CREDITED}", f"</Amt>{CREDITED}<Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy=\"JPY\">1</Amt>{CREDITED}",
         "Bal/OPBD", "同じ種類の残高 1,000,000 と違います"),
        ("</Stmt>", "</Stmt><Ntry></Ntry>", "Ntry", "口座の明細（Stmt）の外"),
        ("</Acct>", "</Acct><TxsSummry><TtlCdtNtries><Sum>1</Sum></TtlCdtNtries></TxsSummry>", "TxsSummry/TtlCdtNtries/Sum", "110,500"),
    ],
)  # fmt: skip
def test_what_cannot_be_true_is_refused_at_its_place(old: str, new: str, name: str, why: str) -> None:
    found = refused(WHOLE.decode().replace(old, new, 1).encode())
    assert (name, True) in {(fault.name, why in fault.why) for fault in found}
    assert all(fault.record >= 1 and fault.at >= 1 for fault in found)


def test_no_message_of_the_file_is_passed_over() -> None:
    assert set(MESSAGES) == {"camt.052", "camt.053", "camt.054"}
    assert read(WHOLE + WHOLE, LATEST).statements.height == 2
    for other, name in ((b"camt.058", "Document"), (b"camt.052", "BkToCstmrAcctRpt/Rpt")):
        assert [fault.name for fault in refused(WHOLE + WHOLE.replace(b"camt.053", other))][:1] == [name]
