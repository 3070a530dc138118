"""Companies, partners, contracts and days of work in one line each, so that a test reads as sentences.

Every builder writes the file that a person would bring and takes it through the same door; nothing is put into a table
directly. Amounts are yen, dates are written as in files (``2026-04-01``).
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from xml.sax.saxutils import escape

import polars as pl

from tests.copies import copied
from urikake.base import facts, runs
from urikake.base.bulk import driver, transaction
from urikake.core.formats import zengin91
from urikake.doors import asked, collecting, files, month, setup
from urikake.rooms.closing import queries as proofs

Row = Mapping[str, Any]
Rows = list[dict[str, Any]]


# --- masters -------------------------------------------------------------------------------------------------------


def a_company(url: str, **policy: Any) -> str:
    """A company with one bank account ``main``; policies by name, and what stands under ``[company]``."""
    copied(url, f"company {policy}", lambda: _make_company(url, policy))
    return url


def _make_company(url: str, told: Mapping[str, Any]) -> None:
    policy = dict(told)
    head = {"name": "株式会社テスト", "fiscal_year_start_month": policy.pop("fiscal_year_start_month", 4)}
    head |= {key: policy.pop(key) for key in ("registration_number", "peppol_id") if key in policy}
    chosen = {"opening_month": "2026-04", **policy}
    bank = {"code": "main", "bank": "0001", "branch": "001", "number": "1234567", "account": "普通預金"}
    text = f"[company]\n{_toml(head)}\n[policy]\n{_toml(chosen)}\n[[bank_account]]\n{_toml(bank)}\n"
    with TemporaryDirectory() as folder:
        file = Path(folder) / "company.toml"
        file.write_text(text, encoding="utf-8")
        setup.set_up(url, file)


def _toml(values: Mapping[str, Any]) -> str:
    return "\n".join(f"{key} = {_toml_value(value)}" for key, value in values.items())


def _toml_value(value: Any) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml_value, value)) + "]"
    return str(value) if isinstance(value, int) else f'"{value}"'


def a_partner(url: str, code: str = "P1", **columns: Any) -> str:
    """A partner that closes and pays at month end unless said otherwise; returns its code."""
    row = {"code": code, "name": f"{code}商事", "kana": f"{code}ショウジ", "closing_day": 31} | columns
    take_rows(url, "partners", [row])
    return code


def a_product(url: str, code: str = "PLAN", **columns: Any) -> str:
    """A product at a flat price, standard rate, revenue by month, unless said otherwise; returns its code."""
    row: dict[str, Any] = {"code": code, "name": code, "tax": "standard", "price_model": "flat", "revenue": "monthly"}
    if columns.get("price_model", "flat") in {"flat", "unit", "included"}:
        row |= {"unit_price": 10_000}
    take_rows(url, "products", [row | columns])
    return code


def a_contract(url: str, contract_no: str = "C1", *, monthly: int | None = None, **columns: Any) -> str:
    """A contract of one line from 2026-04-01, monthly and billed in the current month; returns its number."""
    take_rows(url, "contracts", [a_line(contract_no, monthly=monthly, **columns)])
    return contract_no


def a_line(contract_no: str = "C1", *, monthly: int | None = None, **columns: Any) -> dict[str, Any]:
    """The row of a contract line, for contracts of several."""
    row = {"contract_no": contract_no, "partner": "P1", "product": "PLAN", "quantity": 1, "unit_price": monthly}
    return row | {"start": "2026-04-01", "cycle_months": 1, "timing": "current"} | columns


def an_event(url: str, kind: str, effective: str = "", *, contract_no: str = "C1", **columns: Any) -> int:
    """Something that happens to a contract; returns how many events were new."""
    row = {"contract_no": contract_no, "effective": effective, "type": kind} | columns
    return take_rows(url, "events", [row])


def a_shop(url: str, **policy: Any) -> str:
    """A company with partner ``P1`` and a product of each usual kind, ready for contracts."""
    copied(url, f"shop {policy}", lambda: _make_shop(url, policy))
    return url


def _make_shop(url: str, policy: Mapping[str, Any]) -> None:
    a_company(url, **policy)
    a_partner(url)
    take_rows(url, "products", SHELF)


SHELF: Rows = [
    {"tax": "standard", "price_model": "flat", "unit_price": 10_000, "revenue": "monthly", "name": code, "code": code}
    | more
    for code, more in (
        ("PLAN", {}),
        ("BIG", {"unit_price": 30_000}),
        ("OPTION", {"unit_price": 3_000}),
        ("SEAT", {"price_model": "unit", "unit_price": 1_000}),
        ("WATER", {"tax": "reduced"}),
        ("RENT", {"tax": "exempt"}),
        ("GROSS", {"tax": "standard_incl"}),
        ("SETUP", {"revenue": "point"}),
        ("API", {"price_model": "unit", "unit_price": 10, "revenue": "usage"}),
    )
]


# A good file of every kind; all of them can be taken one after another into a shop with contract C1.
GIVEN: dict[str, Rows] = {
    "users": [{"name": "hana", "role": "accountant", "email": "hana@example.jp"}],
    "partners": [{"code": "P7", "name": "七商事", "closing_day": "10;20;31", "payment_months": 2, "payer_names": "ナナ;ナナシ"}],
    "products": [
        {"code": "NEW", "name": "新", "tax": "reduced", "price_model": "graduated", "tiers": "100@10;*@5", "revenue": "daily"}
    ],
    "holidays": [{"date": "2026-12-29", "name": "年末休業"}],
    "option-rules": [{"product": "WATER", "rule": "excludes", "other": "RENT", "valid_from": "2026-04-01"}],
    "contracts": [a_line("C7"), a_line("C7", product="OPTION", end="2026-12-31", auto_renew=12)],
    "events": [{"contract_no": "C1", "effective": "2026-06-01", "type": "change_price", "unit_price": 12_000}],
    "usage": [
        {"event_id": "u1", "contract_no": "U1", "product": "API", "timestamp": "2026-04-05T10:00:00+09:00", "quantity": 3}
    ],
    "receivables": [
        {"slip_no": "S1", "partner": "P1", "date": "2026-04-10", "account": "売掛金", "credit_account": "雑収入", "amount": 9}
    ],
    "openings": [
        {"partner": "P1", "invoice_no": "OLD-1", "invoice_date": "2026-03-31", "due": "2026-04-30", "balance": 5_500}
    ],
    "collectors": [{"partner": "P1", "kind": "card", "payout_days": 15}],
    "receipts": [
        {"date": "2026-04-20", "amount": 5_500, "payer": "ダレカ", "id": "R1"},
        {"date": "2026-04-20", "amount": 700, "payer": "ダレカ"},
    ],
}  # fmt: skip


# --- files ---------------------------------------------------------------------------------------------------------


def csv_text(rows: Sequence[Row], names: Sequence[str] | None = None) -> str:
    """The rows as CSV; a key that a row lacks is an empty cell."""
    header = list(names or dict.fromkeys(name for row in rows for name in row))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(["" if row.get(name) is None else row.get(name) for name in header] for row in rows)
    return out.getvalue()


def take_rows(url: str, kind: str, rows: Sequence[Row], **how: Any) -> int:
    """Take the rows as a file of the kind; returns how many were new."""
    return take_bytes(url, kind, csv_text(rows).encode(), **how)


def take_bytes(url: str, kind: str, data: bytes, *, name: str = "", **how: Any) -> int:
    """Take a file with this content; ``user`` and ``preview`` as at the door."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / (name or f"{kind}.csv")
        file.write_bytes(data)
        if kind == "receipts":
            return int(files.take_receipts(url, file, account="main", **how).get("receipts", 0))
        return files.take(url, kind, file, **how)


def xlsx(rows: Sequence[Sequence[str | int | float]]) -> bytes:
    """A workbook of one sheet with these cells, as a spreadsheet program writes it."""
    body = "".join(
        "<row>" + "".join(_xlsx_cell(value) for value in row) + "</row>" for row in rows
    )  # numbers stay numbers, the rest is inline text
    sheet = f'<worksheet xmlns="{_MAIN}"><sheetData>{body}</sheetData></worksheet>'
    book = f'<workbook xmlns="{_MAIN}" xmlns:r="{_REL}"><sheets><sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>'
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" ContentType="{_RELS}"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_SPREADSHEET}.sheet.main+xml"/>'
        f'<Override PartName="/xl/worksheets/s.xml" ContentType="{_SPREADSHEET}.worksheet+xml"/></Types>',
        "_rels/.rels": _links("officeDocument", "xl/workbook.xml"),
        "xl/workbook.xml": book,
        "xl/_rels/workbook.xml.rels": _links("worksheet", "worksheets/s.xml"),
        "xl/worksheets/s.xml": sheet,
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in parts.items():
            archive.writestr(name, f'<?xml version="1.0" encoding="UTF-8"?>{text}')
    return out.getvalue()


_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_RELS = "application/vnd.openxmlformats-package.relationships+xml"
_SPREADSHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml"


def _links(kind: str, target: str) -> str:
    link = f'<Relationship Id="r1" Type="{_REL}/{kind}" Target="{target}"/>'
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{link}</Relationships>'


def _xlsx_cell(value: str | int | float) -> str:
    if isinstance(value, str):
        return f'<c t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is></c>'
    return f"<c><v>{value}</v></c>"


# --- days of work --------------------------------------------------------------------------------------------------


def bill(url: str, *closings: str, **how: Any) -> dict[str, Any]:
    """Bill and issue each closing date in turn; returns the figures of the last."""
    figures: dict[str, Any] = {}
    for closing in closings:
        figures = month.bill(url, date.fromisoformat(closing), **({"issue": True} | how))
    return figures


def receive(url: str, amount: int, *, payer: str = "P1ショウジ", on: str = "2026-05-29", **columns: Any) -> str:
    """Money on the bank account; returns the receipt's id."""
    row = {"date": on, "amount": amount, "payer": payer, "id": f"R{amount}"} | columns
    take_rows(url, "receipts", [row])
    return str(row["id"])


def match(url: str, on: str | None = None) -> dict[str, Any]:
    """The automatic matching run."""
    return month.match(url, on=date.fromisoformat(on) if on else None)


def apply(
    url: str, receipt: str, *targets: str, difference: str = "remain", on: str | None = None, user: str = "system"
) -> dict[str, Any]:
    """A receipt applied by hand."""
    day = date.fromisoformat(on) if on else None
    return month.apply(url, receipt, list(targets), difference=difference, on=day, user=user)


def unapply(url: str, application: int, on: str | None = None) -> dict[str, Any]:
    """An application taken back."""
    return month.unapply(url, application, on=date.fromisoformat(on) if on else None)


def a_collector(url: str, code: str = "BANK", **columns: Any) -> str:
    """A partner that collects by direct debit, and pays out three days later, unless said otherwise; returns its code."""
    a_partner(url, code, name=f"{code}収納", kana=f"{code}シユウノウ")
    row = {"partner": code, "kind": "debit", "client_code": "1234567890", "client_name": "カ)テスト", "bank": "9991"}
    row |= {"branch": "001", "payout_days": 3} if columns.get("kind", "debit") == "debit" else {}
    bare = {"partner": code} if columns.get("kind", "debit") != "debit" else row
    take_rows(url, "collectors", [bare | columns])
    return code


def a_mandate(partner: str, number: int = 1, **columns: Any) -> dict[str, Any]:
    """The row of a partner's mandate with ``BANK``; its account has that number."""
    row = {"partner": partner, "collector": "BANK", "bank": "9992", "branch": "002", "deposit": "普通"}
    return row | {"number": f"{number:07}", "holder": f"{partner} タロウ"} | columns


def debtors(url: str, *amounts: int, **columns: Any) -> list[str]:
    """Partners ``P1`` and so on with mandates, who owe the amounts (tax included) on 2026-05-27 by direct debit."""
    codes = [f"P{at}" for at in range(1, len(amounts) + 1)]
    rows = [{"code": code, "name": f"{code}商事", "kana": f"{code}ショウジ", "closing_day": 31} for code in codes]
    take_rows(url, "partners", [row | {"method": "direct_debit"} | columns for row in rows])
    take_rows(url, "mandates", [a_mandate(code, at) for at, code in enumerate(codes, 1)])
    take_rows(
        url,
        "openings",
        [
            {
                "partner": code,
                "invoice_no": f"OLD-{code}",
                "invoice_date": "2026-04-30",
                "due": "2026-05-27",
                "balance": amount,
            }
            for code, amount in zip(codes, amounts, strict=True)
        ],
    )
    return codes


def ask_debits(url: str, on: str = "2026-05-27", **how: Any) -> collecting.Requested:
    """The request to ``BANK`` for a day."""
    return collecting.request(url, "BANK", date.fromisoformat(on), **how)


def answered(file: bytes, near: str = "2026-05-27", **results: int) -> bytes:
    """The result file of a request: paid, but for the customers that are named with another result."""
    batches = [
        replace(batch, answered=True, debits=tuple(replace(d, result=results.get(d.customer, 0)) for d in batch.debits))
        for batch in zengin91.read(file, date.fromisoformat(near))
    ]
    return zengin91.written(batches)


def take_result(url: str, file: bytes, **how: Any) -> dict[str, Any]:
    """What a result file comes to."""
    return collecting.result(url, file, "result.txt", **how)


def settle(url: str, rows: Sequence[Row], collector: str = "CARD", **how: Any) -> dict[str, Any]:
    """The rows of a settlement file of a card processor or a courier."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "settlement.csv"
        file.write_text(csv_text(rows), encoding="utf-8")
        return collecting.settle(url, collector, file, **how)


def recognize(url: str, *months: str) -> None:
    """Revenue recognised up to each month in turn."""
    for each in months:
        month.recognize(url, each)


def users(url: str, **roles: str) -> None:
    """Users by name with their roles."""
    take_rows(url, "users", [{"name": n, "role": r, "email": f"{n}@example.jp"} for n, r in roles.items()])


# --- answers -------------------------------------------------------------------------------------------------------


def report(url: str, name: str, **options: Any) -> Any:
    """A report's rows, or its one row; options written as on the command line, dates as text."""
    days = {"as_of", "closing", "since", "until"}
    read = {key: date.fromisoformat(value) if key in days else value for key, value in options.items()}
    return asked.answer(url, name, read)


def invoices(url: str, closing: str | None = None) -> Rows:
    """The issued invoices in the order of their numbers."""
    return report(url, "invoices", **({"closing": closing} if closing else {}))


def the_invoice(url: str, closing: str | None = None) -> dict[str, Any]:
    """The only invoice there is."""
    found = invoices(url, closing)
    assert len(found) == 1, [(i["number"], i["closing"], i["total"]) for i in found]
    return found[0]


def line_rows(invoice: Row) -> list[tuple[str, str, int]]:
    """First day, last day and net amount of each line of an invoice."""
    return [(line["service_from"], line["service_to"], line["net"]) for line in invoice["lines"]]


def billed(url: str) -> list[tuple[str, str, str, int]]:
    """Closing, first day, last day and net amount of every invoice line."""
    return [(i["closing"], *row) for i in invoices(url) for row in line_rows(i)]


def balances(url: str, as_of: str = "2099-12-31") -> dict[str, int]:
    """The balances of the trial balance that are not zero, debit-positive, by account."""
    rows = report(url, "trial-balance", as_of=as_of)
    return {row["account"]: row["balance"] for row in rows if row["balance"]}


def open_items(url: str, as_of: str = "2099-12-31") -> dict[str, int]:
    """The open balance per document."""
    found: dict[str, int] = {}
    for row in report(url, "receivables", as_of=as_of):
        found[row["invoice_no"]] = found.get(row["invoice_no"], 0) + row["balance"]
    return {number: balance for number, balance in found.items() if balance}


def entries(url: str, since: str = "1900-01-01", until: str = "2099-12-31") -> Rows:
    """The journal entries of the days."""
    return report(url, "journals", since=since, until=until)


def entry(found: Row) -> dict[str, int]:
    """An entry's accounts with their signed amounts, debit positive."""
    sums: dict[str, int] = {}
    for line in found["lines"]:
        sums[line["account"]] = sums.get(line["account"], 0) + line["debit"] - line["credit"]
    return sums


def deferred(url: str, month: str) -> dict[str, tuple[int, int, int, int]]:
    """Opening, billed, recognised and closing per contract."""
    rows = report(url, "deferred", month=month)
    return {r["key"]: (r["opening"], r["billed"], r["recognized"], r["closing"]) for r in rows}


def recognized(url: str, *months: str) -> list[int]:
    """Revenue of each month."""
    return [sum(row["amount"] for row in report(url, "recognized", month=each)) for each in months]


# --- the whole database --------------------------------------------------------------------------------------------


def wrongs(url: str) -> list[str]:
    """What `verify` finds wrong."""
    with runs.reading(url) as session:
        return proofs.verify(session)


def assert_coherent(url: str) -> None:
    """The books hold together: every invariant, every projection, every link of the chain."""
    found = wrongs(url)
    assert not found, "\n".join(found)


def tables() -> list[str]:
    """Every table of the installation."""
    from django.apps import apps

    return sorted(model._meta.db_table for model in apps.get_models() if model._meta.app_label not in _FRAMEWORK)


_FRAMEWORK = {"auth", "contenttypes", "sessions", "admin", "migrations"}


def dump(url: str) -> dict[str, pl.DataFrame]:
    """The content of every table, row by row."""
    with transaction(url, writing=False) as session:
        return {table: session.read(f"SELECT * FROM {table} ORDER BY 1") for table in tables()}


def assert_same(before: Mapping[str, pl.DataFrame], after: Mapping[str, pl.DataFrame]) -> None:
    """Two dumps are the same to the last byte."""
    different = [table for table in before if not before[table].equals(after[table])]
    assert not different, different


def behind_its_back(url: str, *statements: str) -> None:
    """Statements straight at the database, with the guards of the fact tables taken down before."""
    connection = driver(url)
    try:
        connection.begin(writing=True)
        for model in facts.fact_models():
            for statement in _disarmed(model._meta.db_table, connection.kind):
                connection.execute(statement)
        for statement in statements:
            connection.execute(statement)
        connection.end(keep=True)
    finally:
        connection.close()


def _disarmed(table: str, kind: str) -> list[str]:
    if kind == "sqlite":
        return [f"DROP TRIGGER IF EXISTS {table}_no_{verb}" for verb in ("update", "delete")]
    return [f"DROP TRIGGER IF EXISTS {table}_guard ON {table}"]
