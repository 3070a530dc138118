"""Issued invoices as JP PINT e-invoices (デジタルインボイス): of one number, or all of a closing that go that way.

What is read, is read once for all invoices asked for; each is then written and held against the rules. What the law or
the format needs and the books do not have is refused with what to do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

import polars as pl

from urikake.base import access, company, runs
from urikake.base.bulk import Session
from urikake.base.errors import Refusal
from urikake.base.progress import step
from urikake.core.formats import peppol
from urikake.core.formats.peppol import Account, Due, Invoice, Line, Original, Party, Tax
from urikake.core.money import plain
from urikake.rooms.invoices import queries as documents
from urikake.rooms.parties import queries as parties
from urikake.rooms.reports.queries.billing import contents

PERMISSION: Final = "invoices.read"
DELIVERY: Final = "peppol"
TOGETHER: Final = 2_000
"""How many invoices are read at a time."""
MARKED: Final = "※は軽減税率の対象"
TITLES: Final = {"return": "適格返還請求書", "revised": "修正した適格請求書"}


@dataclass(frozen=True, slots=True)
class Made:
    """An invoice as XML, or the refusal that says why it is none."""

    number: str
    xml: bytes = b""
    refusal: Refusal | None = None


def single(url: str, number: str, *, user: str = access.SYSTEM) -> bytes:
    """The XML of the issued invoice of that number; refused where there is none, or what it needs is missing."""
    with runs.reading(url, user) as session:
        access.allow(session, PERMISSION)
        return of_number(session, number)


def of_number(session: Session, number: str) -> bytes:
    """The XML of the issued invoice of that number, as `single`."""
    found = documents.by_number(session, number)
    if found.is_empty():
        raise Refusal("no-invoice", f"請求書「{number[:60]}」はありません。", "請求書番号を確かめてください。")
    made = next(written(session, found))
    if made.refusal:
        raise made.refusal
    return made.xml


def closing(url: str, on: date, *, user: str = access.SYSTEM) -> Iterator[Made]:
    """All invoices of a closing whose partner's delivery (送付方法) is ``peppol``, in the order of their numbers.

    One that cannot be written does not keep the others from it. They come one after another, so that a closing of any size
    takes little memory.
    """
    with runs.reading(url, user) as session:
        access.allow(session, PERMISSION)
        mine = parties.profiles(session, "delivery").filter(pl.col("delivery") == DELIVERY).select("partner_id")
        found = documents.at_closing(session, on).join(mine, on="partner_id", how="semi", maintain_order="left")
        step("書き出し")
        yield from written(session, found)


def written(session: Session, found: pl.DataFrame) -> Iterator[Made]:
    """Each of the invoices, in their order; what they rest on is read for so many at a time."""
    for part in found.iter_slices(TOGETHER):
        if part.is_empty():
            return
        books = _books(session, part)
        for head in part.iter_rows(named=True):
            try:
                yield Made(head["number"], _xml(books, head))
            except Refusal as refusal:
                yield Made(head["number"], refusal=refusal)


# --- what is read of the books -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Books:
    """What the invoices rest on: the seller as of each run that issued, the buyer and what stands on each invoice by its id."""

    sellers: Mapping[int, dict[str, str]]
    account: Account | None
    buyers: Mapping[int, dict[str, Any]]
    lines: Mapping[int, list[dict[str, Any]]]
    taxes: Mapping[int, list[dict[str, Any]]]
    dues: Mapping[int, list[dict[str, Any]]]
    originals: Mapping[int, list[dict[str, Any]]]
    virtual: Mapping[int, str] = field(default_factory=dict)


def _books(session: Session, found: pl.DataFrame) -> _Books:
    lines, taxes, dues = contents(session, found)
    return _Books(
        sellers={run: _known_as(session, run) for run in found["run_id"].unique()},
        account=_account(session),
        buyers=_by(_buyers(session, found), "invoice_id", one=True),
        lines=_by(lines, "invoice_id"),
        taxes=_by(taxes, "invoice_id"),
        dues=_by(dues, "invoice_id"),
        originals=_by(documents.originals(session, found, lines), "invoice_id"),
        virtual=dict(parties.virtual_accounts(session).iter_rows()),
    )


def _known_as(session: Session, run_id: int) -> dict[str, str]:
    """The company's name and registration number as of the run, and where the network finds it today."""
    then = company.policies(session, run_id)
    name = session.value("SELECT name FROM base_company WHERE id = ?", (session.company_id,))
    own = company.policies(session)["peppol_id"]
    return {"name": str(name), "number": then["registration_number"], "peppol_id": own}


def _buyers(session: Session, found: pl.DataFrame) -> pl.DataFrame:
    """The partner of each invoice: as it was when that was issued, but for where the network finds it today."""
    names = "name, registration_number, postal_code, address, email"
    then = parties.profiles_then(session, found.select("invoice_id", "partner_id", "run_id"), names)
    today = parties.profiles(session, "registration_number, peppol_id").rename({"registration_number": "number_now"})
    return then.join(today, on="partner_id", how="left", maintain_order="left")


def _by(frame: pl.DataFrame, key: str, *, one: bool = False) -> dict[int, Any]:
    """The rows by the key: lists of them, or the only ``one``."""
    found: dict[int, Any] = {}
    for row in frame.iter_rows(named=True):
        if one:
            found[row[key]] = row
        else:
            found.setdefault(row[key], []).append(row)
    return found


def _account(session: Session) -> Account | None:
    """The company's first bank account that others can pay into."""
    rows = session.table("base_bank_account", "id, bank, branch, deposit, bank_number, holder_kana")
    real = rows.filter((pl.col("bank") != "") & (pl.col("branch") != "") & (pl.col("bank_number") != ""))
    if real.is_empty():
        return None
    _, bank, branch, deposit, number, holder = real.row(0)
    return Account(bank=bank, branch=branch, kind=deposit, number=number, holder=holder)


def _paid_into(books: _Books, partner_id: int) -> Account | None:
    """The account to pay into: the partner's virtual one (仮想口座: branch and number, or number), else the company's."""
    digits = "".join(letter for letter in books.virtual.get(partner_id, "") if letter.isdigit())
    base = books.account
    if base is None or len(digits) not in (7, 10):
        return base
    return Account(
        bank=base.bank, branch=digits[:-7] or base.branch, kind="普通", number=digits[-7:], holder=base.holder
    )


# --- one invoice ---------------------------------------------------------------------------------------------------


def _xml(books: _Books, head: Mapping[str, Any]) -> bytes:
    """The invoice as XML that keeps every rule; refused where it cannot be."""
    if head["tax_unit"]:
        raise Refusal(
            "peppol-by-note",
            f"請求書 {head['number']} は、納品書ごとに消費税を計算した合計請求書です。適格請求書として JP PINT では書けません。",
            "請求書は PDF か紙で送り、納品書（document delivery）を適格請求書として渡してください。",
        )
    invoice = _invoice(books, head)
    try:
        xml = peppol.written(invoice)
    except ValueError as error:
        raise Refusal(
            "peppol-unwritable",
            f"請求書 {invoice.number} は JP PINT の形では書けません（{error}）。",
            "この請求書は PDF か紙で送ってください。",
        ) from None
    wrong = peppol.problems(xml)
    if wrong:
        more = f"（ほか{len(wrong) - 1}件）" if len(wrong) > 1 else ""
        raise Refusal(
            "peppol-faulty",
            f"請求書 {invoice.number} が JP PINT の決まりに合いません。{wrong[0].why}{more}。",
            f"{wrong[0].remedy}。",
        )
    return xml


def _invoice(books: _Books, head: Mapping[str, Any]) -> Invoice:
    at, seller = head["invoice_id"], books.sellers[head["run_id"]]
    rows = books.lines[at]
    back = {(one["number"], one["issue_on"]) for one in books.originals.get(at, [])}
    contracts = {row["contract_no"] for row in rows}
    return Invoice(
        kind="standard" if seller["number"] else "non_tax",
        number=head["number"],
        issued_on=head["issue_on"],
        currency=head["currency"],
        seller=_seller(seller, head),
        buyer=_buyer(books.buyers[at]),
        lines=tuple(_line(books, row, head["inclusive"], alone=len(contracts) == 1) for row in rows),
        taxes=tuple(_tax(row) for row in books.taxes[at]),
        total=head["total"],
        dues=tuple(Due(on=row["date"], amount=row["amount"], method=row["method"]) for row in books.dues.get(at, [])),
        account=_paid_into(books, head["partner_id"]),
        mandate=books.buyers[at]["code"],
        originals=tuple(Original(number=number, issued_on=day) for number, day in sorted(back)),
        contract_no=contracts.pop() if len(contracts) == 1 else "",
        note=_note(head, rows),
    )


def _note(head: Mapping[str, Any], rows: list[dict[str, Any]]) -> str:
    """What kind of document it is, where that is no plain invoice, and what ※ means."""
    marked = MARKED if any(row["tax"] == "reduced" for row in rows) else ""
    return "。".join(part for part in (TITLES.get(head["kind"], ""), marked) if part)


def _seller(seller: Mapping[str, str], head: Mapping[str, Any]) -> Party:
    """The company, known to the network by its own address or its registration number."""
    number, own = seller["number"], seller["peppol_id"]
    if not number and head["tax_total"]:
        raise Refusal(
            "peppol-unregistered",
            f"会社の登録番号がないときに発行したため、消費税のある請求書 {head['number']} を JP PINT で書けません。",
            "登録番号を会社の方針 registration_number に登録し、請求書を取り消して発行し直してください。",
        )
    if not (own or number):
        raise Refusal(
            "peppol-no-sender",
            "会社の電子アドレス（Peppol ID）がありません。",
            "会社の方針に、登録番号 registration_number か peppol_id を登録してください。",
        )
    return Party(name=seller["name"], endpoint=own or f"0221:{number}", registration_number=number)


def _buyer(row: Mapping[str, Any]) -> Party:
    """The partner, known to the network by its own address or its registration number."""
    own = row["peppol_id"] or (row["number_now"] and f"0221:{row['number_now']}")
    if not own:
        raise Refusal(
            "peppol-no-receiver",
            f"取引先 {row['code']} の電子アドレス（Peppol ID）がありません。",
            "取引先に Peppol ID（0188:法人番号 など）か登録番号を登録してください。",
        )
    return Party(
        name=row["name"],
        endpoint=own,
        registration_number=row["registration_number"],
        postal_code=row["postal_code"],
        address=row["address"],
        email=row["email"],
    )


def _tax(row: Mapping[str, Any]) -> Tax:
    return Tax(tax=row["tax"], rate_micro=row["rate_micro"], net=row["net"], amount=row["amount"])


def _line(books: _Books, row: Mapping[str, Any], inclusive: bool, *, alone: bool) -> Line:
    """A line; a price with tax in it (税込単価) is told beside, and of what is given back where it was billed."""
    unit = row["unit_price_micro"]
    told = f"{plain(unit)}" if inclusive and unit is not None else ""
    return Line(
        name=row["description"],
        net=row["net"],
        tax=row["tax"],
        rate_micro=row["rate_micro"],
        quantity_micro=row["quantity_micro"],
        unit_price_micro=None if inclusive else unit,
        from_on=row["from_on"],
        to_on=row["service_to"],
        note=_came_from(row, books.originals.get(row["invoice_id"], [])) if row["net"] < 0 else "",
        item_code=row["product"],
        properties=(
            ("税込単価", told),
            ("契約番号", "" if alone else row["contract_no"]),
            ("受注番号", row["order_no"]),
        ),
    )


def _came_from(row: Mapping[str, Any], originals: list[dict[str, Any]]) -> str:
    """Of which days of which deal something is given back (基となった取引の年月日)."""
    mine = [one for one in originals if one["invoice_line_id"] in (None, row["invoice_line_id"])]
    where = "・".join(f"{one['number']}（{one['issue_on']}）" for one in mine)
    bill = f" 請求書 {where}" if where else ""
    return f"もとの取引 {row['from_on']}〜{row['service_to']}{bill}"
