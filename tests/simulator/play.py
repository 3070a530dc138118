"""A story played at the real doors, and compared at each month's end with what the oracle expects."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from tests import builders
from urikake.doors import month

from .arithmetic import next_month
from .billing import Charge
from .books import Invoice
from .model import DAY, Step
from .story import Expected, Story

DIFFERENCES = ("支払手数料", "売上値引", "雑収入", "雑損失", "仮払税金")


class Mismatch(AssertionError):
    """The product and the oracle say different things."""


def play(url: str, story: Story, *, checked: bool = True) -> None:
    """Set up the company and do every step; with ``checked``, compare at each check and prove the books at the end."""
    found_company(url, story)
    for step in story.steps:
        try:
            do(url, step, checked=checked)
        except Mismatch:
            raise
        except Exception as error:
            raise Mismatch(
                f"{step.kind} {step.what} {step.on}: {type(error).__name__}: {error}\n{step.rows[:3]}"
            ) from error
    if checked:
        conserve(url, story)
        if wrong := builders.wrongs(url):
            raise Mismatch("verify: " + "\n".join(wrong))


def found_company(url: str, story: Story) -> None:
    """Set up the company of the story."""
    company = story.books.world.company
    policy = {k: int(v) if k == "fee_tolerance" else v for k, v in company.policy.items()}
    opening = f"{company.opening:%Y-%m}"
    builders.a_company(url, opening_month=opening, fiscal_year_start_month=company.fiscal_start, **policy)


def do(url: str, step: Step, *, checked: bool = True) -> None:
    """One step at its door."""
    if step.kind == "take":
        builders.take_rows(url, step.what, step.rows)
    elif step.kind == "receipts":
        builders.take_rows(url, "receipts", step.rows)
    elif step.kind == "bill":
        month.bill(url, step.on, issue=True)
    elif step.kind == "match":
        month.match(url, on=step.on)
    elif step.kind == "recognize":
        month.recognize(url, step.what)
    elif step.kind == "close":
        month.close(url, step.what)
    elif checked:
        check(url, step.expected)


def check(url: str, expected: Expected) -> None:
    """Compare invoices, revenue, contract balances and accounts with the oracle."""
    invoices_agree(url, expected)
    contracts_agree(url, expected)
    _accounts(url, expected)


def contracts_agree(url: str, expected: Expected) -> None:
    """Compare revenue to date and the balance of every contract with the oracle."""
    _revenue(url, expected)
    _deferred(url, expected)


# --- invoices --------------------------------------------------------------------------------------------------------


def _line(c: Charge) -> tuple[Any, ...]:
    return (c.line.contract, c.state.product, str(c.start), str(c.last), c.amount, c.net, c.tax)


def _expected_document(invoice: Invoice) -> dict[str, Any]:
    dues: dict[tuple[str, str], int] = defaultdict(int)
    for day, method, amount in invoice.dues:
        dues[str(day), method] += amount
    return {
        "head": (str(invoice.closing), invoice.partner, invoice.kind),
        "lines": sorted((*_line(c)[:4], c.net, c.tax) for c in invoice.lines),
        "taxes": sorted((name, *pair) for name, pair in invoice.taxes.items()),
        "dues": sorted((*key, amount) for key, amount in dues.items() if amount),
        "sums": (invoice.net, invoice.tax, invoice.total),
    }


def _found_document(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "head": (row["closing"], row["partner"], row["kind"]),
        "lines": sorted(
            (x["contract_no"], x["product"], x["service_from"], x["service_to"], x["net"], x["tax_amount"])
            for x in row["lines"]
        ),
        "taxes": sorted((t["tax"], t["net"], t["amount"]) for t in row["taxes"]),
        "dues": sorted((d["date"], d["method"], d["amount"]) for d in row["dues"] if d["amount"]),
        "sums": (row["net"], row["tax"], row["total"]),
    }


def invoices_agree(url: str, expected: Expected) -> None:
    """Compare the documents of the month, to the line and the due part, and the numbers of all."""
    found: list[dict[str, Any]] = []
    for closing in sorted({invoice.closing for invoice in expected.invoices}):
        found += builders.report(url, "invoices", closing=str(closing))
    every = builders.report(url, "invoices")
    _numbers(every)
    want = sorted(map(_expected_document, expected.invoices), key=repr)
    known = {str(invoice.closing) for invoice in expected.invoices}
    have = sorted(map(_found_document, (row for row in every if row["closing"] in known)), key=repr)
    extra = [row for row in have if row not in want]
    missing = [row for row in want if row not in have]
    if missing:
        raise Mismatch(_explained(missing[0], extra))
    stray = [row for row in every if row["closing"] not in known and row["closing"][:7] == f"{expected.month:%Y-%m}"]
    if stray:
        raise Mismatch(f"an invoice that the oracle does not know: {_found_document(stray[0])}")


def _explained(missing: dict[str, Any], extra: list[dict[str, Any]]) -> str:
    """The smallest difference: the expected document beside the found one with the same head."""
    near = [row for row in extra if row["head"] == missing["head"]] or extra
    text = [f"expected document {missing['head']}"]
    other = max(near, key=lambda row: len(set(row["lines"]) & set(missing["lines"])), default=None)
    if other is None:
        return "\n".join([*text, f"  {missing}", "  nothing like it was issued"])
    text.append(f"found    document {other['head']}")
    for key in ("lines", "taxes", "dues"):
        text += [f"  expected {key}: {row}" for row in missing[key] if row not in other[key]]
        text += [f"  found    {key}: {row}" for row in other[key] if row not in missing[key]]
    return "\n".join([*text, f"  sums {missing['sums']} / {other['sums']}"])


def _numbers(every: list[dict[str, Any]]) -> None:
    """No gap and no double in any series."""
    series: dict[str, list[int]] = defaultdict(list)
    for row in every:
        prefix, year, digits = row["number"].split("-")
        series[f"{prefix}-{year}"].append(int(digits))
    for name, digits in series.items():
        if sorted(digits) != list(range(1, len(digits) + 1)):
            raise Mismatch(f"numbers of {name}: {sorted(digits)}")


# --- revenue and accounts --------------------------------------------------------------------------------------------


def compare(what: str, want: dict[Any, Any], have: dict[Any, Any]) -> None:
    """Refuse two tables of sums that differ, naming the first differences."""
    keys = sorted({*want, *have}, key=str)
    wrong = [(key, want.get(key, 0), have.get(key, 0)) for key in keys if want.get(key, 0) != have.get(key, 0)]
    if wrong:
        lines = [f"  {key}: expected {a} found {b}" for key, a, b in wrong[:8]]
        raise Mismatch("\n".join([f"{what} ({len(wrong)} differ)", *lines]))


def _revenue(url: str, expected: Expected) -> None:
    want: dict[tuple[str, str], int] = defaultdict(int)
    for row in expected.rows:
        want[row.contract, row.product] += row.recognized
    have: dict[tuple[str, str], int] = defaultdict(int)
    for row in builders.report(url, "schedule"):
        if row["month"] <= f"{expected.month:%Y-%m}":
            have[row["contract_no"], row["product"]] += row["amount"]
    compare(f"revenue to date, end of {expected.month:%Y-%m}, by contract and product", want, have)


def _deferred(url: str, expected: Expected) -> None:
    want: dict[str, int] = defaultdict(int)
    for row in expected.rows:
        want[row.contract] += row.billed - row.recognized
    have = {row["key"]: row["closing"] for row in builders.report(url, "deferred", month=f"{expected.month:%Y-%m}")}
    compare(f"contract balances, end of {expected.month:%Y-%m}", want, have)


def _accounts(url: str, expected: Expected) -> None:
    end = str((expected.month.replace(day=28) + 4 * DAY).replace(day=1) - DAY)
    have = builders.balances(url, end)
    receivables = sum(row["balance"] for row in builders.report(url, "receivables", as_of=end))
    unapplied = sum(row["unapplied"] for row in builders.report(url, "receipts"))
    want = dict(expected.accounts)
    want |= {"普通預金": expected.received, "仮受金": -unapplied, "売掛金": receivables}
    want["仮受消費税"] = want.get("仮受消費税", 0) + lowered(url, end)
    for name in DIFFERENCES:  # what became of differences follows from matching; the sum of all is proved below
        want[name] = have.get(name, 0)
    compare(f"accounts on {end}", want, have)


def lowered(url: str, until: str) -> int:
    """The tax that went with differences that lower a price."""
    made = [e for e in builders.entries(url, until=until) if e["description"].startswith("消込")]
    return sum(builders.entry(e).get("仮受消費税", 0) for e in made)


# --- conservation ----------------------------------------------------------------------------------------------------


def conserve(url: str, story: Story) -> None:
    """What no day may create or lose: money, receivables, revenue, and both sides of every entry."""
    found, invoices = builders.balances(url), builders.invoices(url)
    receipts, items = builders.report(url, "receipts"), builders.report(url, "receivables", as_of="2099-12-31")
    applied = sum(row["amount"] - row["unapplied"] for row in receipts)
    kept = sum(found.get(name, 0) for name in DIFFERENCES) + lowered(url, "2099-12-31")
    aged = builders.report(url, "aging", as_of="2099-12-31")
    laws = {
        "trial balance": (sum(found.values()), 0),
        "bank": (found.get("普通預金", 0), sum(row["amount"] for row in receipts)),
        "suspense": (-found.get("仮受金", 0), sum(row["unapplied"] for row in receipts)),
        "raised": (sum(row["gross"] for row in items), sum(row["total"] for row in invoices)),
        "receivable": (found.get("売掛金", 0), sum(row["balance"] for row in items)),
        "collected": (sum(row["collected"] for row in items), applied + kept),
        "aged": (sum(row["total"] for row in aged), found.get("売掛金", 0)),
        "billed": (_billed(url, story), sum(row["net"] for row in invoices)),
        "entries": ([e["no"] for e in builders.entries(url) if sum(builders.entry(e).values())], []),
    }
    wrong = [f"  {name}: {a} and {b}" for name, (a, b) in laws.items() if a != b]
    if wrong:
        raise Mismatch("\n".join(["not conserved", *wrong]))


def _billed(url: str, story: Story) -> int:
    """What the contract balances say was billed in all."""
    last = max(step.on for step in story.steps)
    rows = builders.report(url, "deferred", month=f"{last:%Y-%m}")
    return sum(row["closing"] for row in rows) + _recognized(url, story)


def _recognized(url: str, story: Story) -> int:
    """Revenue posted in all the months of the story."""
    total, day = 0, story.books.world.company.opening
    while day <= max(step.on for step in story.steps):
        total += sum(row["amount"] for row in builders.report(url, "recognized", month=f"{day:%Y-%m}"))
        day = next_month(day)
    return total
