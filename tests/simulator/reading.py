"""Files of a company read into the plain words of the simulator, by the standard library alone."""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

from .billing import World
from .lines import folded
from .model import DAY, Company, Event, Line, Part, Partner, Product, State, Usage

Row = dict[str, str]
ON_A_LINE = ("change_plan", "change_quantity", "change_price", "remove_option")


def rows(file: Path) -> list[Row]:
    """The rows of a CSV file."""
    with file.open(encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text))


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def _number(text: str) -> Fraction | None:
    return Fraction(text) if text else None


def _whole(text: str) -> int | None:
    return int(text) if text else None


# --- masters ---------------------------------------------------------------------------------------------------------


@dataclass
class Prices:
    """What a product costs from which day on."""

    versions: dict[str, list[tuple[date, Fraction]]]

    def on(self, product: str, day: date) -> Fraction:
        return [price for since, price in self.versions[product] if since <= day][-1]


def company(folder: Path) -> tuple[Company, Prices]:
    """The company of the folder with its masters, and its prices by day."""
    told = tomllib.loads((folder / "company.toml").read_text(encoding="utf-8"))
    policy = {key: str(value) for key, value in told["policy"].items()}
    partners = {row["code"]: _partner(row) for row in rows(folder / "partners.csv")}
    sold = rows(folder / "products.csv")
    prices: dict[str, list[tuple[date, Fraction]]] = {}
    for row in sold:
        since = _day(row["valid_from"]) or date(1900, 1, 1)
        prices.setdefault(row["code"], []).append((since, _number(row["unit_price"]) or Fraction(0)))
    products = {row["code"]: _product(row) for row in reversed(sold)}
    opening = date.fromisoformat(f"{policy['opening_month']}-01")
    found = Company(0, policy, told["company"]["fiscal_year_start_month"], opening, partners, products)
    return found, Prices({code: sorted(every) for code, every in prices.items()})


def _partner(row: Row) -> Partner:
    below, parts = _split(row["split"])
    return Partner(
        row["code"], row["bill_to"] or row["code"], tuple(map(int, row["closing_day"].split(";"))),
        int(row["payment_months"]), int(row["payment_day"]), row["holiday_shift"], row["method"], parts, below,
        row["payer_names"],
    )  # fmt: skip


def _split(text: str) -> tuple[int | None, tuple[Part, ...]]:
    """``<300000:transfer|transfer:50%;densai:rest:60d`` as the threshold and the parts above it."""
    if not text:
        return None, ()
    head, _, tail = text.partition("|") if text.startswith("<") else ("", "", text)
    below = int(head[1:].partition(":")[0]) if head else None
    return below, tuple(_part(part.split(":")) for part in tail.split(";"))


def _part(words: list[str]) -> Part:
    share = None if words[1] == "rest" else Fraction(words[1].removesuffix("%")) / 100
    return Part(words[0], share, days=int(words[2].removesuffix("d")) if len(words) > 2 else 0)


def _product(row: Row) -> Product:
    tax = row["tax"].removesuffix("_incl")
    return Product(
        row["code"], tax, tax != row["tax"], row["price_model"], row["revenue"],
        price=_number(row["unit_price"]) or Fraction(0), tiers=tuple(_tiers(row["tiers"])),
        included=_number(row["included"]) or Fraction(0), overage=_number(row["overage_price"]) or Fraction(0),
        package=_number(row["package_size"]) or Fraction(1), minimum=_whole(row["minimum"]), maximum=_whole(row["maximum"]),
        life_months=_whole(row["life_months"]), meter=row.get("meter") or "sum",
    )  # fmt: skip


def _tiers(text: str) -> Iterator[tuple[Fraction | None, Fraction]]:
    for part in filter(None, text.split(";")):
        up_to, _, each = part.partition("@")
        yield None if up_to == "*" else Fraction(up_to), Fraction(each)


# --- what happens ----------------------------------------------------------------------------------------------------


def take_contracts(world: World, prices: Prices, file: Path) -> None:
    """Add the contract lines of the file to the world."""
    places: dict[str, int] = {}
    for row in rows(file):
        at = places[row["contract_no"]] = places.get(row["contract_no"], -1) + 1
        world.lines.append(_line(world.company, prices, row, at))


def _line(company: Company, prices: Prices, row: Row, at: int) -> Line:
    start = date.fromisoformat(row["start"])
    price = _number(row["unit_price"])
    usual = row["proration"] or company.policy["proration"]
    state = State(
        row["product"], Fraction(row["quantity"]), prices.on(row["product"], start) if price is None else price
    )
    return Line(
        row["contract_no"], at, row["partner"], start, _day(row["end"]), state, int(row["cycle_months"]), row["timing"],
        _whole(row["bill_day"]), _whole(row["anchor_day"]), dict.fromkeys(("start", "end", "up", "down"), usual),
        _whole(row["auto_renew"]), row["order_no"], "", row["project"], priced=price is not None,
    )  # fmt: skip


def take_events(world: World, prices: Prices, file: Path) -> None:
    """Let the events of the file happen, in the order in which they were recorded."""
    for row in rows(file):
        event = _event(world, prices, row)
        lines = [line for line in world.lines if line.contract == event.contract]
        if event.kind == "add_option":
            world.lines.append(_option(lines, event))
            world.targets[event.code] = world.lines[-1]
        elif event.kind in ON_A_LINE:
            world.targets[event.code] = _bearer(world, lines, event.line, event.on - DAY)
        world.events.setdefault(event.contract, []).append(event)


def _event(world: World, prices: Prices, row: Row) -> Event:
    on = _day(row["effective"]) or date.fromisoformat(row["last_day"]) + DAY
    sequence = sum(len(every) for every in world.events.values()) + 1
    price = _number(row["unit_price"])
    if price is None and row["product"]:
        price = prices.on(row["product"], on)
    withdraws = row["type"] == "withdraw"
    return Event(
        f"{row['event_id']} withdrawn" if withdraws else row["event_id"], row["contract_no"], row["type"], on,
        datetime.fromisoformat(row["recorded_at"]).date(), sequence, row["line"], row["product"],
        _number(row["quantity"]), price, row["event_id"] if withdraws else "",
    )  # fmt: skip


def _option(lines: list[Line], event: Event) -> Line:
    """A further line under the terms of the contract's first."""
    first = lines[0]
    quantity = Fraction(1) if event.quantity is None else event.quantity
    state = State(event.product, quantity, event.price or Fraction(0))
    return replace(first, position=len(lines), start=event.on, state=state, option_of=first.start, priced=False)


def _bearer(world: World, lines: list[Line], product: str, day: date) -> Line:
    """The line of the contract that bears the product on the day."""
    found = [line for line in lines if _held(world, line, day) == product]
    assert len(found) == 1, (lines[0].contract, product, day)
    return found[0]


def _held(world: World, line: Line, day: date) -> str:
    states = folded(line, world.happened(line), world.company.products)
    return next((state.product for first, state, _ in reversed(states) if first <= day), "")


def take_usage(world: World, file: Path) -> None:
    """Add the usage of the file to the lines that it measures."""
    by_contract: dict[str, list[Line]] = {}
    for line in world.lines:
        by_contract.setdefault(line.contract, []).append(line)
    for row in rows(file):
        moment = datetime.fromisoformat(row["timestamp"])
        day, second = moment.date(), moment.hour * 3600 + moment.minute * 60 + moment.second
        line = _bearer(world, by_contract[row["contract_no"]], row["product"], day)
        amount, subject = Fraction(row["quantity"]), row.get("subject", "")
        use = Usage(row["event_id"], row["contract_no"], row["product"], day, amount, subject, second)
        world.usage.setdefault(id(line), []).append(use)


def slips(file: Path) -> dict[str, dict[str, Any]]:
    """Manual slips by number: who owes, the gross amount, the account credited, and the tax class."""
    return {
        row["slip_no"]: {
            "partner": row["partner"], "gross": int(row["amount"]), "credit": row["credit_account"], "tax": row["tax"],
        }
        for row in rows(file)
    }  # fmt: skip
