"""The company: its name, its dated policies, its chart of accounts and its bank accounts."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Final

import polars as pl

from ..core import tax
from ..core.formats import registration_number
from ..core.formats.peppol import endpoint
from . import bulk, facts, schema
from .access import action
from .bulk import Session
from .errors import Refusal
from .models import Account, BankAccount, Policy

MAIN: Final = "main"
_CODE: Final = re.compile(r"[a-z0-9-]{1,20}")

ROUNDING: Final = ("floor", "half_up", "ceil")
PRORATION: Final = ("daily", "monthly", "thirtieth", "thirty_360", "full_month", "free")
SECOND_PERSON: Final = (
    "receivables",
    "write-off",
    "refund",
    "reopen",
    "bank-account",
    "invoices",
    "policies",
    "judgement",
)
CHOICES: Final[dict[str, tuple[str, ...]]] = {
    "amount_rounding": ROUNDING,
    "tax_rounding": ROUNDING,
    "cycle_anchor": ("start", "calendar"),
    "proration": PRORATION,
    "advance_tax": ("with_revenue", "on_invoice"),
    "accrual_account": ("contract_asset", "receivable"),
    "recognition": ("monthly", "daily"),
    "partial_month": ("daily", "full_first", "none_first"),
    "remainder": ("cumulative", "last", "first"),
    "allocation": ("oldest", "proportional"),
    "fee_account": ("支払手数料", "売上値引"),
    "invoice_grouping": ("bill_to", "contract", "order", "project"),
    "learned_names": ("after_release", "after_two", "at_once"),
    "tax_point": ("completion", "monthly", "receipt"),
    "financing": ("none", "judged"),
}
DEFAULTS: Final[dict[str, str]] = {key: choices[0] for key, choices in CHOICES.items()} | {
    "fee_tolerance": "880",
    "rounding_tolerance": "0",
    "minimum_invoice": "0",
    "renewal_alert_days": "30",
    "billing_alarm_percent": "30",
    "opening_month": "",
    "second_person": "receivables,write-off,refund,reopen,bank-account,judgement",
    "fiscal_year_start_month": "4",
    "currency": "JPY",
    "registration_number": "",
    "peppol_id": "",
    "tax_rates": "",
}
TAX_RATES: Final = "tax_rates"
"""The policy that holds rates of consumption tax that come after those this version knows (see `tax.supposed`)."""
UNITS: Final = {
    "fee_tolerance": "円",
    "rounding_tolerance": "円",
    "minimum_invoice": "円",
    "renewal_alert_days": "日数",
    "billing_alarm_percent": "%",
}
"""The policies that are numbers, and what they count."""
ACCOUNTS: Final = (
    "普通預金 当座預金 現金 受取手形 電子記録債権 売掛金 契約資産 未収入金 貸倒引当金 不渡手形 買掛金 前受金 "
    "契約負債 仮受金 仮受消費税 仮払税金 預り保証金 返金負債 期首残高 売上高 売上値引 支払手数料 手形売却損 "
    "債権売却損 貸倒損失 貸倒引当金繰入額 為替差益 為替差損 雑収入 雑損失 "
    "受取利息 支払利息"
).split()


@dataclass(frozen=True, slots=True)
class Policies:
    """The policies of a company on one day, by name; every figure is computed under exactly one of these."""

    values: Mapping[str, str]

    def __getitem__(self, key: str) -> str:
        return self.values.get(key, DEFAULTS[key])

    def number(self, key: str) -> int:
        """The policy as an integer."""
        return int(self[key])

    def needs_second_person(self, kind: str) -> bool:
        """Whether what is of this kind waits for another person's approval."""
        return kind in self["second_person"].split(",")

    def fiscal_year(self, on: date) -> int:
        """The fiscal year (会計年度) that the day belongs to, named by the calendar year in which it starts."""
        return on.year if on.month >= self.number("fiscal_year_start_month") else on.year - 1


def companies(url: str) -> list[tuple[int, str, str]]:
    """The id, code and name of every company in the database, oldest first; none where nothing is set up."""
    if not schema.exists(url):
        return []
    with schema.readable(), bulk.transaction(url, writing=False) as session:
        return session.read("SELECT id, code, name FROM base_company ORDER BY id").rows()


def only(session: Session, found: pl.DataFrame, code: str) -> int:
    """The id of the only company found (``company_id, code, name``) under the code; refused where there is none, or a choice."""
    if found.height == 1:
        return int(found["company_id"][0])
    if found.height:
        raise Refusal(
            "which-company",
            f"このデータベースには会社が{found.height}社あります（{_listed(found)}）。",
            "--company CODE か環境変数 URIKAKE_COMPANY で会社を選んでください。",
        )
    others = session.read("SELECT code, name FROM base_company ORDER BY id")
    if others.is_empty():
        raise schema.no_company()
    raise Refusal(
        "unknown-company",
        f"会社「{code}」はこのデータベースにありません。",
        f"登録済みの会社（{_listed(others)}）から選んでください。",
    )


def _listed(found: pl.DataFrame) -> str:
    return "、".join(f"{code} {name}" for code, name in found.select("code", "name").iter_rows())


def policies(session: Session, run_id: int | None = None) -> Policies:
    """The company's policies as they stand; with a run, as they stood when it computed its figures."""
    if run_id is not None:
        rows = policy_rows(session).filter(pl.col("run_id") <= run_id)
        return Policies(dict(rows.select("key", "value").iter_rows()))
    if "policies" not in session.cache:
        rows = session.rows("base_policy", "id, key, value")
        session.cache["policies"] = Policies(dict(zip(rows["key"], rows["value"], strict=True)))
    found: Policies = session.cache["policies"]
    return found


def tax_rates(session: Session, run_id: int | None = None) -> pl.DataFrame:
    """The dated rates of consumption tax, as `core.tax.rate_micro` takes them: the law's, and what the company was told since.

    With a run, as they were known when it computed its figures.
    """
    if run_id is not None:
        return tax.supposed(policies(session, run_id)[TAX_RATES])
    return session.cached("tax_rates", lambda: tax.supposed(policies(session)[TAX_RATES]))


def policy_rows(session: Session) -> pl.DataFrame:
    """Every policy value that ever held, oldest first: ``run_id, key, value, valid_from_on``."""
    return session.table("base_policy", "id, run_id, key, value, valid_from_on").drop("id")


def under(session: Session, key: str, made: pl.DataFrame) -> list[tuple[str, pl.DataFrame]]:
    """The rows of ``made`` by the policy value that held in the run that made them (``run_id``): (value, rows).

    Nothing that was computed changes when a policy does: whoever computes it again asks for the value of then. Rows keep
    their order within a value; without any rows there is one part, of the value as it stands.
    """
    at_first = pl.DataFrame({"run_id": [session.low], "policy_value": [DEFAULTS[key]]})
    told = policy_rows(session).filter(pl.col("key") == key).select("run_id", policy_value="value")
    if made.is_empty() or told.is_empty() or (told.height == 1 and told["run_id"][0] == session.low + 1):
        return [(policies(session)[key], made)]
    held = pl.concat([at_first, told]).sort("run_id").set_sorted("run_id")
    values = made.select(pl.col("run_id").unique().sort()).set_sorted("run_id").join_asof(held, on="run_id")
    whole = made.join(values, on="run_id", how="left", maintain_order="left")
    parts = whole.partition_by("policy_value", maintain_order=True, as_dict=True, include_key=False)
    return [(str(value), part) for (value,), part in parts.items()]


def accounts(session: Session) -> pl.DataFrame:
    """The chart of accounts: ``id``, ``name``."""
    return session.table("base_account", "id, name")


def account_id(session: Session, name: str) -> int:
    """The id of an account by its name; refused where the chart has no such account."""
    found = accounts(session).filter(pl.col("name") == name)
    if found.is_empty():
        raise Refusal("unknown-account", f"勘定科目「{name}」は科目表にありません。", "科目名を確かめてください。")
    return int(found["id"][0])


def open_account(session: Session, name: str) -> int:
    """The id of an account of the standard chart; it is opened where the company was set up before the chart had it."""
    if name in ACCOUNTS and accounts(session).filter(pl.col("name") == name).is_empty():
        _open(session, name)
    return account_id(session, name)


@action("products.import")
def _open(session: Session, name: str) -> None:
    facts.record(session, Account, pl.DataFrame({"name": [name]}))


def bank_account(session: Session, code: str) -> tuple[int, int]:
    """The id of a bank account and of its ledger account, by its code."""
    rows = session.table("base_bank_account", "id, code, account_id")
    found = rows.filter(pl.col("code") == code)
    if found.is_empty():
        known = "・".join(rows["code"])
        raise Refusal("unknown-bank-account", f"銀行口座「{code}」はありません。", f"登録済みの口座は {known} です。")
    return int(found["id"][-1]), int(found["account_id"][-1])


def dimensions(session: Session) -> pl.DataFrame:
    """Every combination of dimensions: ``dimension_id, order_no, group_code, management_group, project, department``."""
    names = "id, order_no, group_code, management_group, project, department"
    return session.table("base_dimension", names).rename({"id": "dimension_id"})


def dimension_ids(session: Session, wanted: pl.DataFrame) -> pl.Series:
    """The id of each row's dimension combination; combinations not yet known are added.

    ``wanted`` has text columns order_no, group_code, management_group, project, department.
    """
    from .models import Dimension

    names = ["order_no", "group_code", "management_group", "project", "department"]
    known = dimensions(session)
    fresh = wanted.select(names).unique(maintain_order=True).join(known, on=names, how="anti", maintain_order="left")
    added = facts.record(session, Dimension, fresh).rename({"id": "dimension_id"})
    every = pl.concat([known, added.select(known.columns)])
    return wanted.select(names).join(every, on=names, how="left", maintain_order="left")["dimension_id"]


def parsed(text: str) -> dict[str, Any]:
    """The content of a company.toml, refused with the reason where it is not one."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Refusal("bad-toml", f"company.toml が読めません: {error}。", "書式を直してください。") from None


def code(settings: Mapping[str, Any], asked: str = "") -> str:
    """The company's code: what the settings say, else the one asked for, else ``main``."""
    told = str(settings.get("company", {}).get("code", "")) or asked or MAIN
    if not _CODE.fullmatch(told):
        raise Refusal(
            "company-code",
            f"会社のコードが「{told}」です。",
            "半角の英小文字・数字・ハイフンで20字以内にしてください。",
        )
    if asked and asked != told:
        raise Refusal(
            "other-company",
            f"company.toml の会社は「{told}」ですが、「{asked}」が指定されています。",
            "--company・URIKAKE_COMPANY の指定を外すか、[company] の code を直してください。",
        )
    return told


@action("company.set_up")
def set_up(session: Session, *, settings: Mapping[str, Any]) -> None:
    """Make the company, its policies, its chart of accounts and its bank accounts from a parsed company.toml."""
    company, policy = settings.get("company", {}), settings.get("policy", {})
    values = {**_company_values(company), **{key: _policy_value(key, value) for key, value in policy.items()}}
    rows = [{"key": key, "value": value, "valid_from_on": date(1900, 1, 1)} for key, value in values.items()]
    facts.record(session, Policy, pl.DataFrame(rows))
    facts.record(session, Account, pl.DataFrame({"name": ACCOUNTS}))
    banks = [_bank_row(session, bank) for bank in settings.get("bank_account", [])]
    if banks:
        facts.record(session, BankAccount, pl.DataFrame(banks))


def _company_values(company: Mapping[str, Any]) -> dict[str, str]:
    if not str(company.get("name", "")).strip():
        raise Refusal("company-name", "company.toml の [company] に name がありません。", "会社名を書いてください。")
    number = str(company.get("registration_number", ""))
    if number and (why := registration_number.problem(number)):
        raise Refusal("registration-number", f"登録番号「{number}」: {why}。", "番号を確かめてください。")
    month = company.get("fiscal_year_start_month", 4)
    if month not in range(1, 13):
        raise Refusal("fiscal-month", f"fiscal_year_start_month が {month} です。", "1〜12 で指定してください。")
    currency = str(company.get("currency", "JPY"))
    if currency != "JPY":
        raise Refusal("currency", f"機能通貨「{currency}」には対応していません。", "JPY を指定してください。")
    unknown = set(company) - {"code", "name", *_OF_COMPANY}
    if unknown:
        raise Refusal(
            "unknown-setting", f"[company] の {min(unknown)} は知らない項目です。", "綴りを確かめてください。"
        )
    number = registration_number.normalised(number) if number else ""
    return {
        "company_name": str(company["name"]),
        "registration_number": number,
        **_peppol_id(company),
        "fiscal_year_start_month": str(month),
        "currency": currency,
    }


_OF_COMPANY: Final = frozenset({"currency", "registration_number", "peppol_id", "fiscal_year_start_month"})
"""The settings that stand under ``[company]`` and not under ``[policy]``."""


def _peppol_id(company: Mapping[str, Any]) -> dict[str, str]:
    """The company's own electronic address (Peppol ID) where it has one; without it the registration number is it."""
    told = str(company.get("peppol_id", ""))
    if not told:
        return {}
    if why := endpoint.problem(told):
        raise Refusal("peppol-id", f"Peppol ID「{told}」: {why}。", "番号を確かめてください。")
    return {"peppol_id": endpoint.normalised(told)}


def _policy_value(key: str, value: Any) -> str:
    if key in CHOICES and value not in CHOICES[key]:
        raise Refusal(
            "policy-value", f"方針 {key} が「{value}」です。", f"{'・'.join(CHOICES[key])} から選んでください。"
        )
    if key not in DEFAULTS or key in _OF_COMPANY:
        raise Refusal("unknown-policy", f"[policy] の {key} は知らない項目です。", "綴りを確かめてください。")
    if key in UNITS and not (_whole(value) and int(value) >= 0):
        raise Refusal("policy-value", f"方針 {key} が「{value}」です。", f"0 以上の{UNITS[key]}で指定してください。")
    if key == "opening_month" and not _month(str(value)):
        raise Refusal("policy-value", f"方針 opening_month が「{value}」です。", "2026-04 の形で指定してください。")
    if key == TAX_RATES:
        return tax_rate_text(str(value))
    if key == "second_person":
        wrong = [kind for kind in value if kind not in SECOND_PERSON]
        if wrong:
            raise Refusal(
                "policy-value", f"方針 second_person の「{wrong[0]}」は知らない種類です。", "綴りを確かめてください。"
            )
        return ",".join(kind for kind in SECOND_PERSON if kind in value)
    return str(value)


def tax_rate_text(text: str) -> str:
    """The rates of tax as they are kept; refused where they cannot be read (see `tax.supposed`)."""
    try:
        return tax.rate_text(text)
    except ValueError as error:
        raise Refusal(
            "tax-rates",
            f"消費税率の変更「{text}」が読めません: {error}。",
            "例: standard=12%@2028-04-01,reduced=0%@2027-04-01",
        ) from None


def _whole(value: Any) -> bool:
    try:
        return Decimal(str(value)) == int(Decimal(str(value)))
    except InvalidOperation:
        return False


def _month(text: str) -> bool:
    try:
        return date.fromisoformat(f"{text}-01") is not None
    except ValueError:
        return False


def _bank_row(session: Session, bank: Mapping[str, Any]) -> dict[str, Any]:
    missing = [key for key in ("code", "account") if not bank.get(key)]
    if missing:
        raise Refusal("bank-account", f"[[bank_account]] に {missing[0]} がありません。", "書き足してください。")
    return {
        "code": str(bank["code"]),
        "bank": str(bank.get("bank", "")),
        "branch": str(bank.get("branch", "")),
        "deposit": str(bank.get("kind", "普通")),
        "bank_number": str(bank.get("number", "")),
        "holder_kana": str(bank.get("holder_kana", "")),
        "account_id": account_id(session, str(bank["account"])),
    }
