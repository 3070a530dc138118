"""Invoices, credit notes and delivery notes as data for the templates, all of a batch at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

import polars as pl

from urikake.base import company
from urikake.base.bulk import Session
from urikake.base.progress import step
from urikake.rooms.contracts.queries import contracts
from urikake.rooms.invoices.queries import lines, originals
from urikake.rooms.parties.queries import codes, profiles, profiles_then, virtual_accounts
from urikake.rooms.reports.queries.billing import contents, detailed

from .letterheads import Heads
from .typesetting import Book

LINE: Final = ("contract_no", "order_no", "description", "service_from", "service_to")
AMOUNTS: Final = ("net", "tax", "total")
RECIPIENT: Final = ("code", "name", "postal_code", "address")
TRANSFERRED: Final = frozenset({"transfer", "date_fixed"})
"""The methods by which a customer pays to an account of ours, so that it stands on the invoice."""
TITLED: Final = ("様", "御中", "殿")
PAGE: Final = 14
"""How many rows of lines surely leave room for the rest of a page."""


def book(session: Session, found: pl.DataFrame, heads: Heads, *, lang: str = "ja", delivery: bool = False) -> Book:
    """The invoices of the frame (`invoices.queries.invoices`), each as a paper, in the order of the frame.

    As ``delivery`` notes they bear the same lines and amounts, but neither dues nor accounts. Where taxes are rounded by
    delivery note, there is a note for each contract, which is the qualified invoice; the invoice sums them up (合計請求書), and they
    stand behind it.
    """
    step("内容")
    to, own = _recipients_then(session, found), _own_accounts(session, found)
    numbers, back = _registered(session, found), _given_back(session, found)
    rows = {row["number"]: row for row in detailed(session, found)}
    held = _holders(session, rows.values())
    notes = _notes(session, found.filter((pl.col("tax_unit") == "delivery_note") & (pl.col("kind") != "return")), rows)
    papers = []
    for head in found.iter_rows(named=True):
        on, row, parts = head["issue_on"], rows[head["number"]], notes.get(head["invoice_id"], [])
        common = {"letterhead": heads.at(on, numbers[head["invoice_id"]]), **addressed(to[head["invoice_id"]], lang)}
        common |= {"originals": back.get(head["invoice_id"], []), "document": row["number"]}
        others = {number: name for number, (holder, name) in held.items() if holder != head["partner_id"]}
        apart = [_note(_paper(one, head, lang, others) | common, one) for one in parts]
        told = _paper(row, head, lang, others) | common
        if delivery:
            papers += apart or [told | {"kind": "delivery"}]
            continue
        told |= claimed(row, heads, on, own.get(head["partner_id"], []))
        papers += [told | (_summary(apart) if apart else {}), *apart]
    step("組版")
    first, last = found["number"][0], found["number"][-1]
    title = first if first == last else f"{first} – {last}"
    return Book(title, heads.name, str(found["issue_on"].max()), heads.rows, heads.images, papers)


def _holders(session: Session, rows: Iterable[Mapping[str, Any]]) -> dict[str, tuple[int, str]]:
    """Who holds each contract on the invoices, by its number: partner and name."""
    numbers = {line["contract_no"] for row in rows for line in row["lines"]}
    mine = contracts(session).filter(pl.col("contract_no").is_in(list(numbers)))
    named = mine.join(profiles(session, "name"), on="partner_id", how="left")
    return {
        number: (holder, name) for number, holder, name in named.select("contract_no", "partner_id", "name").iter_rows()
    }


def _paper(row: Mapping[str, Any], head: Mapping[str, Any], lang: str, others: Mapping[str, str]) -> dict[str, Any]:
    """The invoice as a paper, its lines with the ``holder`` of contracts that are not the payer's own."""
    told = paper(row, inclusive=head["inclusive"], lang=lang)
    for line in told["lines"]:
        line["holder"] = others.get(line["contract_no"], "")
    return told


def _summary(notes: list[dict[str, Any]]) -> dict[str, Any]:
    """What an invoice says that only sums up the delivery notes behind it (合計請求書): their numbers."""
    return {"titled": "summary", "notes": [note["number"] for note in notes]}


def _note(told: dict[str, Any], row: Mapping[str, Any]) -> dict[str, Any]:
    """The paper of a delivery note; of one that gives back more than it bills, a credit note that names what it is of."""
    back = row["kind"] == "return"
    return told | {"kind": "return" if back else "delivery", "originals": row["originals"] if back else []}


def _notes(
    session: Session, found: pl.DataFrame, rows: Mapping[str, dict[str, Any]]
) -> dict[int, list[dict[str, Any]]]:
    """The delivery notes of invoices, one a contract, as the report has invoices: by ``invoice_id``, numbered from 1."""
    if found.is_empty():
        return {}
    taxed, _, _ = contents(session, found)
    rates, back = _rates(taxed), _given_back_by(session, found, taxed)
    made: dict[int, list[dict[str, Any]]] = {}
    for head in found.iter_rows(named=True):
        row, owners = rows[head["number"]], rates[head["invoice_id"]]
        for at, (owner, taxes) in enumerate(owners.items(), start=1):
            mine = [line for line in row["lines"] if line["contract_no"] == owner]
            net, tax = (sum(line[name] for line in mine) for name in ("net", "tax_amount"))
            told = {
                "kind": "return" if net + tax < 0 else row["kind"],
                "originals": back.get((head["invoice_id"], owner), []),
                "number": f"{row['number']}-{at}",
                "lines": mine,
                "taxes": taxes,
                "net": net,
                "tax": tax,
                "total": net + tax,
            }
            made.setdefault(head["invoice_id"], []).append(row | told)
    return made


def _given_back_by(
    session: Session, found: pl.DataFrame, named: pl.DataFrame
) -> dict[tuple[int, str], list[dict[str, str]]]:
    """What the lines of each contract on the invoices give back: number and day of the originals."""
    given = originals(session, found, lines(session, found)).drop_nulls("invoice_line_id")
    owners = named.select("invoice_line_id", "contract_no")
    rows = given.join(owners, on="invoice_line_id").select("invoice_id", "contract_no", "number", "issue_on").unique()
    told: dict[tuple[int, str], list[dict[str, str]]] = {}
    for row in rows.sort("number").iter_rows(named=True):
        one = {"number": row["number"], "issued": row["issue_on"].isoformat()}
        told.setdefault((row["invoice_id"], row["contract_no"]), []).append(one)
    return told


def _rates(lines: pl.DataFrame) -> dict[int, dict[str, list[dict[str, Any]]]]:
    """Net and tax by rate of every contract on every invoice, in the order of the lines."""
    keys = ["invoice_id", "contract_no", "tax", "rate_micro"]
    sums = lines.group_by(keys, maintain_order=True).agg(pl.col("net").sum(), amount=pl.col("tax_amount").sum())
    found: dict[int, dict[str, list[dict[str, Any]]]] = {}
    for row in sums.iter_rows(named=True):
        rate = {
            "tax": row["tax"],
            "rate": Decimal(row["rate_micro"]).scaleb(-6).normalize(),
            "net": row["net"],
            "amount": row["amount"],
        }
        found.setdefault(row["invoice_id"], {}).setdefault(row["contract_no"], []).append(rate)
    return found


def _recipients_then(session: Session, found: pl.DataFrame) -> dict[int, dict[str, str]]:
    """Name and address of the partners as they stood when the invoices were issued, by ``invoice_id``."""
    named = profiles_then(session, found.select("invoice_id", "partner_id", "run_id"), "name, postal_code, address")
    named = named.join(codes(session), on="partner_id", how="left")
    return {row["invoice_id"]: {name: row[name] for name in RECIPIENT} for row in named.iter_rows(named=True)}


def recipients(session: Session, partners: pl.Series) -> dict[int, dict[str, str]]:
    """Name and address of the partners, by ``partner_id``."""
    mine = profiles(session, "name, postal_code, address").filter(pl.col("partner_id").is_in(partners.implode()))
    return {row["partner_id"]: {name: row[name] for name in RECIPIENT} for row in mine.iter_rows(named=True)}


def addressed(to: Mapping[str, str], lang: str) -> dict[str, Any]:
    """Whom the paper goes to, and the 御中 behind the name where it has no title of its own."""
    plain = lang == "en" or to["name"].endswith(TITLED)
    return {"recipient": dict(to), "honorific": "" if plain else "御中"}


def _own_accounts(session: Session, found: pl.DataFrame) -> dict[int, list[str]]:
    """The accounts that are each partner's alone, by ``partner_id``; of partners that have any."""
    mine = virtual_accounts(session).join(found, on="partner_id", how="semi", maintain_order="left")
    grouped = mine.group_by("partner_id", maintain_order=True).agg("virtual_account")
    return dict(grouped.iter_rows())


def _registered(session: Session, found: pl.DataFrame) -> dict[int, str]:
    """The registration number under which each invoice was issued, by ``invoice_id``."""
    parts = company.under(session, "registration_number", found.select("invoice_id", "run_id"))
    return {invoice_id: value for value, part in parts for invoice_id in part["invoice_id"]}


def _given_back(session: Session, found: pl.DataFrame) -> dict[int, list[dict[str, str]]]:
    """What credit notes give back and revised invoices replace: number and day of the originals, by ``invoice_id``."""
    notes = found.filter(pl.col("kind") != "invoice")
    named: dict[int, list[dict[str, str]]] = {}
    if notes.height:
        back = originals(session, notes, lines(session, notes)).select("invoice_id", "number", "issue_on")
        for row in back.unique(maintain_order=True).iter_rows(named=True):
            told = {"number": row["number"], "issued": row["issue_on"].isoformat()}
            named.setdefault(row["invoice_id"], []).append(told)
    return named


def paper(row: Mapping[str, Any], *, inclusive: bool, lang: str) -> dict[str, Any]:
    """An invoice of the report as a paper; every amount on it is the report's, or a line's net and tax together.

    A credit note tells what is given back, so its amounts are the report's with the other sign.
    """
    sign = -1 if row["kind"] == "return" else 1
    return {
        "kind": row["kind"], "lang": lang, "number": row["number"], "issued": row["issue_date"], "closing": row["closing"],
        "inclusive": inclusive, "lines": _lines(row["lines"], sign, inclusive=inclusive),
        "taxes": [_tax(tax, sign) for tax in row["taxes"]], "long": _long(row["lines"]),
        "dues": [], "carry": None, "accounts": [], "virtual": False, "remarks": "", "notes": [],
    } | {name: sign * row[name] for name in AMOUNTS}  # fmt: skip


def claimed(row: Mapping[str, Any], heads: Heads, on: date, own: list[str]) -> dict[str, Any]:
    """What an invoice says beyond its amounts: when to pay, where to, what stood before, remarks."""
    if row["kind"] == "return":
        return {}
    told, methods = heads.told(on), {due["method"] for due in row["dues"]}
    ours = heads.own_accounts(on, own) if own else heads.accounts(on)
    return {
        "dues": row["dues"], "accounts": ours if methods & TRANSFERRED or not methods else [], "virtual": bool(own),
        "carry": row["carry"] if _carries(told["carry"], row["carry"]) else None, "remarks": told["remarks"],
    }  # fmt: skip


def _carries(choice: str, carry: Mapping[str, int]) -> bool:
    """Whether the invoice tells what was claimed before and what came of it; of those of one closing, the first does."""
    if "part" in carry:
        return False
    return choice == "always" or (choice == "when_owed" and carry["previous"] != 0)


def _lines(rows: list[dict[str, Any]], sign: int, *, inclusive: bool) -> list[dict[str, Any]]:
    """The lines with the amount that is printed, and whether each is the first of its contract and order."""
    found, before = [], None
    for row in rows:
        here = (row["contract_no"], row["order_no"])
        amount = sign * (row["net"] + (row["tax_amount"] if inclusive else 0))
        counted = row["quantity"] if sign > 0 or row["quantity"] is None else abs(row["quantity"])
        numbers = {"quantity": _decimal(counted), "unit_price": _decimal(row["unit_price"]), "amount": amount}
        found.append({name: row[name] for name in LINE} | numbers | {"first": here != before})
        before = here
    return found


def _decimal(value: Any) -> str | None:
    """The number as text without an exponent, None where there is none."""
    return None if value is None else f"{Decimal(str(value)):f}"


def _tax(tax: Mapping[str, Any], sign: int) -> dict[str, Any]:
    named = {"class": tax["tax"].removesuffix("_incl"), "rate": _decimal(tax["rate"])}
    return named | {"net": sign * tax["net"], "amount": sign * tax["amount"]}


def _long(rows: list[dict[str, Any]]) -> bool:
    """Whether the lines may take more than a page, so that their running sum is told."""
    return sum(2 + len(row["description"]) // 20 for row in rows) > PAGE
