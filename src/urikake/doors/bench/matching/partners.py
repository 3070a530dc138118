"""The partners of an invented company, and who pays for them in what manner, the same every month."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any, Final

from urikake.doors.demo_company.names import printed

from . import names, words
from .levels import Level
from .names import Name

PRICES: Final = (
    *(3_000, 5_000, 8_000, 9_800, 10_000, 12_000, 15_000, 19_800, 20_000, 25_000, 29_800, 30_000),
    *(35_000, 40_000, 50_000, 60_000, 80_000, 100_000, 120_000, 150_000, 200_000, 300_000, 500_000),
)
"""List prices, which many partners pay alike."""
FEES: Final = (110, 165, 220, 275, 330, 440, 550, 605, 660, 770, 880)
"""Fees for transfers as Japanese banks take them, tax included."""
CLOSINGS: Final = ((31, 60), (20, 25), (10, 8), (25, 7))
DUES: Final = (((1, 31), 60), ((1, 20), 10), ((1, 25), 8), ((1, 10), 3), ((2, 10), 12), ((2, 31), 7))
"""How many months after the closing, on which day."""
CITED: Final = 8
"""In how many ways a document's number is written (see `paying.cited`)."""
Spelled = tuple[Name, str]
"""A name and the text that a bank prints of who pays."""


@dataclass(frozen=True, slots=True)
class Partner:
    """A partner with what it buys each month, a document each: ``nets`` has the amount without tax, and the rate in percent.

    Its documents of a month are due ``site`` months later. ``steady`` ones have the same amounts each month; ``credit``: with a
    credit note each month; ``first``: the month of its first document.
    """

    code: str
    name: Name
    kana: str
    nets: tuple[tuple[int, int], ...]
    steady: bool
    closing: int
    site: int
    pay_day: int
    first: int
    credit: bool = False
    parent: str = ""
    payer_names: tuple[str, ...] = ()
    virtual_account: str = ""


@dataclass(frozen=True, slots=True)
class Payer:
    """Who pays the documents of the partners month after month in one manner; ``text`` is what the bank prints.

    ``short`` is kept back each time; ``lag``: so many months late; ``together``: all that is due in one receipt; ``cites``: in which
    way the documents are named, none below zero.
    """

    kind: str
    spelling: str
    text: str
    partners: tuple[Partner, ...]
    short: int = 0
    lag: int = 0
    together: bool = False
    cites: int = -1


@dataclass
class Making:
    """The partners and payers made so far, and the readings that are taken."""

    rng: Random
    level: Level
    partners: list[Partner] = field(default_factory=list)
    payers: list[Payer] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)

    def name(self, make: Callable[[], Name], *, long: bool = False) -> Name:
        """A name that nobody has yet, of a length that banks print whole unless it may be ``long``."""
        while True:
            found = make()
            if found.read not in self.taken and (long or len(names.payer(found, gap=" ")) <= names.WIDTHS[0]):
                self.taken.add(found.read)
                return found

    def company(self, *, form: str | None = None, latin: bool = False) -> Name:
        return self.name(lambda: names.company(self.rng, form=form, latin=latin))

    def partner(self, name: Name, *, lag: int = 0, **given: Any) -> Partner:
        """One more partner of the name, with terms of its own unless ``given``."""
        rng = self.rng
        site, pay_day = rng.choices([due for due, _ in DUES], [often for _, often in DUES])[0]
        code = f"T{len(self.partners) + 1:06d}"
        made = Partner(
            code=code,
            name=name,
            kana=self._kana(name),
            nets=(price(rng),),
            steady=rng.random() < 0.7,
            closing=rng.choices([day for day, _ in CLOSINGS], [often for _, often in CLOSINGS])[0],
            site=site,
            pay_day=pay_day,
            first=0,
            virtual_account=f"9{len(self.partners):06d}" if rng.random() < self.level.virtual else "",
        )
        made = replace(made, **given)
        if "first" not in given:
            made = replace(made, first=-made.site - lag)
        self.partners.append(made)
        return made

    def _kana(self, name: Name) -> str:
        """The reading as people keep it: bare, with the legal form, or half-width."""
        way = self.rng.random()
        return name.kana(with_form=True) if way < 0.3 else printed(name.kana()) if way < 0.4 else name.kana()

    def pay(self, kind: str, spelling: str, text: str, *partners: Partner, cites: bool = True, **how: Any) -> None:
        """One more payer; ``cites`` whether it may name the documents."""
        rng = self.rng
        named = cites and rng.random() < self.level.reference
        way = rng.randrange(CITED) if named else CITED if cites and rng.random() < 0.05 else -1
        self.payers.append(Payer(kind, spelling, text, partners, cites=way, **how))

    def spelled(self, spelling: str) -> Spelled:
        """A new name, and what a bank prints if it is spelled in that way."""
        if spelling in SPELL:
            return SPELL[spelling](self)
        name = self.company()
        return name, names.payer(name, gap=" " if self.rng.random() < 0.25 else "")

    def one(self, kind: str, spelling: str, *, how: dict[str, Any] | None = None, **given: Any) -> None:
        """One more partner that pays for itself, its name spelled in that way."""
        name, text = self.spelled(spelling)
        if spelling == "unread":
            given["kana"] = ""
        elif spelling != "plain" and self.rng.random() < self.level.registered:
            given["payer_names"] = (text,)
        lag = int(bool((how or {}).get("lag")))
        self.pay(kind, spelling, text, self.partner(name, lag=lag, **given), cites=kind not in BARE, **(how or {}))

    def noise(self) -> str:
        """How the name of a payer of another kind is spelled."""
        return self.differing() if self.rng.random() < self.level.noise else "plain"

    def differing(self) -> str:
        """A spelling that differs, by the level's mix."""
        return self.rng.choices(list(self.level.spellings), list(self.level.spellings.values()))[0]


BARE: Final = {"twins", "months", "fee_apart", "equal"}
"""The kinds that would be none if the documents were named."""


def price(rng: Random) -> tuple[int, int]:
    """What is paid a month, without tax, and the rate: half of the time a list price."""
    net = rng.choice(PRICES) if rng.random() < 0.55 else rng.randrange(4_000, 600_000)
    return net, 8 if rng.random() < 0.12 else 10


def _form(making: Making) -> Spelled:
    form = making.rng.choice(["spelled", "none", "other"])
    name = making.company(form=making.rng.choice(["株式会社", "株式会社", "有限会社", "合同会社"]))
    return name, names.payer(name, form=form, gap=making.rng.choice(["", " "]))


def _cut(making: Making) -> Spelled:
    rng = making.rng
    width = rng.choice(names.WIDTHS[1:])
    name = making.name(lambda: _longer_than(rng, width), long=True)
    return name, names.payer(name)[:width]


def _longer_than(rng: Random, width: int) -> Name:
    while True:
        name = names.company(rng, form=rng.choice(["株式会社", "合同会社", "有限会社"]), long=True)
        if width > names.WIDTHS[-1]:
            name = replace(name, parts=(*name.parts, ("総合研究所", "ソウゴウケンキュウショ")))
        if len(names.payer(name)) > width:
            return name


def _branch(making: Making) -> Spelled:
    rng, name = making.rng, making.company(form="株式会社")
    (_, place), (written, office) = rng.choice(words.PLACES), rng.choice(words.BRANCHES)
    if written == "営業所" and rng.random() < 0.5:
        return name, names.payer(name, behind=place) + "(ｴｲ"
    desk = rng.choice(words.DESKS)[1]
    return name, names.payer(name, behind=rng.choice([place + office, desk]))[: names.WIDTHS[0]]


def _person(making: Making) -> Spelled:
    rng, name = making.rng, making.company(form=making.rng.choice(["株式会社", "有限会社", "医療法人", "一般社団法人"]))
    who = names.person(rng).read
    behind = rng.choice([who, "ダイヒョウ" + who, "ダイヒョウトリシマリヤク " + who])
    return name, names.payer(name, behind=behind)[: names.WIDTHS[0]]


def _trade(making: Making) -> Spelled:
    rng = making.rng
    if rng.random() < 0.35:  # a company that pays under another name: an old one, or that of its shops
        return making.company(form="株式会社"), names.payer(making.company(form="株式会社"))
    name, shop = making.name(lambda: names.person(rng)), making.name(lambda: names.shop(rng))
    return name, names.payer(shop, behind=name.read if rng.random() < 0.4 else "")[: names.WIDTHS[0]]


def _number(making: Making) -> Spelled:
    rng, name = making.rng, making.company()
    before = rng.choice(
        [f"{rng.randrange(10**9, 10**10)}", f"{rng.randrange(10**6):06d}", f"{rng.randrange(1000):03d}"]
    )
    return name, f"{before}{rng.choice([' ', ''])}{names.payer(name)}"[: names.WIDTHS[0]]


def _slip(making: Making) -> Spelled:
    name = making.company()
    read = names.slipped(making.rng, name.read)
    if making.rng.random() < making.level.noise:
        read = names.slipped(making.rng, read)
    return name, names.payer(name, read=read)


def _latin(making: Making) -> Spelled:
    name = making.company(form=making.rng.choice(["株式会社", "合同会社"]), latin=True)
    return name, names.payer(name, read="".join(w if w.isascii() else read for w, read in name.parts))


def _short(making: Making) -> Spelled:
    name = making.company(form=making.rng.choice(["株式会社", "有限会社", "合同会社"]))
    return name, names.payer(replace(name, parts=name.parts[:-1]))


SPELL: Final[dict[str, Callable[[Making], Spelled]]] = {
    "form": _form,
    "cut": _cut,
    "branch": _branch,
    "person": _person,
    "trade": _trade,
    "number": _number,
    "slip": _slip,
    "latin": _latin,
    "short": _short,
}


def plain(making: Making) -> None:
    """A partner that pays each document alone; one in ten has two a month, of different amounts."""
    nets = [price(making.rng)]
    if making.rng.random() < 0.1:
        nets.append((nets[0][0] + 1_000 * making.rng.randrange(2, 90), nets[0][1]))
    making.one("plain", "plain", nets=tuple(nets))


def name(making: Making) -> None:
    """A partner whose name differs from the list of partners."""
    making.one("name", making.differing())


def fee(making: Making) -> None:
    """A partner that keeps back the fee of the transfer."""
    making.one("fee", making.noise(), how={"short": making.rng.choice(FEES)})


def together(kind: str) -> Callable[[Making], None]:
    """A partner that pays all that is due in one sum."""

    def make(making: Making) -> None:
        rng = making.rng
        nets = tuple(price(rng) for _ in range(rng.choices([2, 3, 4, 5], [50, 28, 14, 8])[0] - (kind == "netted")))
        short = rng.choice(FEES) if kind == "sum_fee" else 0
        making.one(kind, making.noise(), nets=nets, credit=kind == "netted", how={"together": True, "short": short})

    return make


def group(making: Making) -> None:
    """A partner for which another pays: its parent, its parent with its own, a company nobody knows, or its director."""
    rng = making.rng
    way, child = rng.random(), making.company(form="株式会社")
    if way < 0.4:
        parent = making.partner(making.company(form="株式会社"), nets=())
        text = names.payer(parent.name)
        making.pay("group", "other", text, making.partner(child, parent=parent.code, virtual_account=""))
    elif way < 0.65:
        parent = making.partner(making.company(form="株式会社"), virtual_account="")
        same: dict[str, Any] = {
            "closing": parent.closing,
            "site": parent.site,
            "pay_day": parent.pay_day,
            "virtual_account": "",
        }
        children = [making.partner(child, parent=parent.code, **same)]
        if rng.random() < 0.4:
            children.append(making.partner(making.company(form="株式会社"), parent=parent.code, **same))
        making.pay("group", "other", names.payer(parent.name), parent, *children, together=True)
    elif way < 0.8:
        head = making.name(lambda: names.holding(rng, child))
        making.pay("group", "other", names.payer(head), making.partner(child, virtual_account=""))
    else:
        head = making.name(lambda: names.person(rng))
        making.pay("group", "other", names.payer(head), making.partner(child, virtual_account=""))


def withheld(making: Making) -> None:
    """A partner that withholds income tax (源泉徴収) from what it pays: what it buys is the work of a profession."""
    making.one("withheld", making.noise(), nets=((making.rng.choice(PRICES[6:]), 10),))


def rounding(making: Making) -> None:
    """A partner that computes the tax in another way, and pays up to three yen more or less."""
    short = making.rng.choice([-3, -2, -1, 1, 1, 1, 2, 3])
    making.one("rounding", making.noise(), nets=((making.rng.randrange(4_001, 600_000), 10),), how={"short": short})


def twins(making: Making) -> None:
    """Two partners with names that one might take for each other, and the same amount on the same day."""
    rng = making.rng
    one = making.company(form="株式会社")
    other = names.similar(rng, one)
    making.taken.add(other.read)
    first = making.partner(one, steady=True, virtual_account="")
    terms = {"closing": first.closing, "site": first.site, "pay_day": first.pay_day}
    second = making.partner(other, nets=first.nets, steady=True, virtual_account="", **terms)
    for each in (first, second):
        making.pay("twins", "plain", names.payer(each.name), each, cites=False)


def months(making: Making) -> None:
    """A partner that is a month behind, with the same amount each month."""
    making.one("months", "plain", steady=True, how={"lag": 1})


def fee_apart(making: Making) -> None:
    """A partner with two documents a month that differ by just what a fee may be, each paid in full."""
    net = making.rng.choice(PRICES[4:])
    making.one("fee_apart", "plain", steady=True, nets=((net, 10), (net - making.rng.randrange(1, 9) * 100, 10)))


def equal(making: Making) -> None:
    """A partner with two documents of the same day and amount, each paid alone."""
    net = price(making.rng)
    making.one("equal", "plain", steady=True, nets=(net, net))


MAKERS: Final[dict[str, tuple[Callable[[Making], None], int]]] = {
    "name": (name, 1),
    "fee": (fee, 1),
    "sum": (together("sum"), 1),
    "sum_fee": (together("sum_fee"), 1),
    "netted": (together("netted"), 1),
    "group": (group, 1),
    "withheld": (withheld, 1),
    "rounding": (rounding, 1),
    "twins": (twins, 2),
    "months": (months, 1),
    "fee_apart": (fee_apart, 2),
    "equal": (equal, 2),
}
"""What makes a payer of the kind, and how many receipts a month come of it."""
IDLE: Final = 0.05
"""To each receipt so many partners that owe and do not pay."""


def make(
    rng: Random, level: Level, wanted: dict[str, int], *, months: int, idle: float = IDLE, behind: int = 1
) -> Making:
    """Partners and payers of whom about as many receipts a month come as ``wanted`` of each kind.

    Of the kinds that happen rather than are a habit (see `paying`), the plain payers to whom they happen. To each receipt so many
    ``idle`` partners, which owe what was due in the ``behind`` months before as well.
    """
    making = Making(rng, level)
    for kind, (maker, each) in MAKERS.items():
        for _ in range(round(wanted[kind] / each)):
            maker(making)
    happening = wanted["many"] / 2.5 + wanted["part"] / 2 + wanted["over"]
    for _ in range(max(round((wanted["plain"] + happening) / 1.1), 1)):
        plain(making)
    for month in range(months):
        for _ in range(wanted["prepaid"]):
            making.one("plain", "plain", closing=31, site=1, first=month)
    for _ in range(round(sum(wanted.values()) * idle)):
        making.partner(making.company(), lag=behind)
    rng.shuffle(making.payers)
    return making
