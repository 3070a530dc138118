"""What the payers of an invented company pay, as the bank tells it, each receipt with its truth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from random import Random
from typing import Final

from . import names
from .documents import Document, day, gross, weekday
from .partners import CITED, PRICES, Payer

WITHHELD: Final = 1021
"""The income tax withheld of a profession's fee up to a million yen (源泉徴収), in hundredths of a percent."""
DIFFERENCES: Final = {"fee": "fee", "sum_fee": "fee", "withheld": "withholding", "rounding": "misc", "over": "advance"}
"""What becomes of the difference of a receipt of the kind."""
WORDS: Final = ("ｺﾞｾｲｷﾕｳﾌﾞﾝ", "ﾘﾖｳﾘﾖｳ", "ｵｼﾊﾗｲ", "5ｶﾞﾂﾌﾞﾝ", "ﾎｼﾕﾘﾖｳ", "ﾌﾘｺﾐ")


@dataclass(frozen=True, slots=True)
class Receipt:
    """A receipt as the bank tells it, and its truth.

    ``settles``: by document what is settled of it; the rest of the amount (``difference``) becomes ``difference_kind``.
    ``leave``: leaving it alone is right as well, as nothing was open; ``named``: its text names the documents.
    """

    on: date
    amount: int
    payer: str
    kind: str
    spelling: str
    settles: tuple[tuple[str, int], ...] = ()
    reference: str = ""
    virtual_account: str = ""
    leave: bool = False
    named: bool = False
    id: str = ""

    @property
    def difference(self) -> int:
        return self.amount - sum(amount for _, amount in self.settles)

    @property
    def difference_kind(self) -> str:
        return DIFFERENCES.get(self.kind, "remain") if self.difference else ""


@dataclass
class Paying:
    """The months as they go by: ``wanted`` receipts of each kind, what is ``owed`` of documents paid in part, what is ``paid`` ahead.

    Nobody else has one of the readings ``taken``.
    """

    rng: Random
    payers: Sequence[Payer]
    documents: dict[tuple[str, int], list[Document]]
    wanted: dict[str, int]
    taken: set[str]
    owed: list[tuple[Payer, Document, int]] = field(default_factory=list)
    paid: set[tuple[str, int]] = field(default_factory=set)

    def month(self, month: int) -> list[Receipt]:
        """The receipts of the month by date, numbered."""
        happening = self._happening(month)
        found = [self._told(payer, doc, rest, month) for payer, doc, rest in self.owed]
        self.owed = []
        for at, payer in enumerate(self.payers):
            docs = self._due(payer, month)
            if docs:
                found += (
                    EVENTS[happening[at]](self, payer, docs, month)
                    if at in happening
                    else self._usual(payer, docs, month)
                )
            elif self._starts(payer, month):
                found.append(self._ahead(payer, month))
        found += [self._unknown(month) for _ in range(self.wanted["unknown"])]
        order = sorted(found, key=lambda each: (each.on, self.rng.random()))
        return [replace(each, id=f"{each.on:%Y%m%d}-{at:06d}") for at, each in enumerate(order)]

    def _due(self, payer: Payer, month: int) -> list[Document]:
        """What the payer is to pay in the month."""
        keys = [(partner.code, month - partner.site - payer.lag) for partner in payer.partners]
        return [doc for key in keys if key not in self.paid for doc in self.documents.get(key, [])]

    def _happening(self, month: int) -> dict[int, str]:
        """What happens to which plain payers of one document this month instead of the usual."""
        rng = self.rng
        behind = {payer.text for payer, _, _ in self.owed}
        able = [
            at
            for at, payer in enumerate(self.payers)
            if payer.kind == "plain" and len(self._due(payer, month)) == 1 and payer.text not in behind
        ]
        rng.shuffle(able)
        twice = [at for at in able if self._may_pay_twice(self.payers[at])][: self.wanted["duplicate"]]
        rest = iter([at for at in able if at not in set(twice)])
        due = self.wanted["part"] - len(self.owed)
        parts = (due + 1) // 2 if month == 0 else max(due, 0)
        times = {"many": round(self.wanted["many"] / 2.5), "part": parts, "over": self.wanted["over"]}
        found = dict.fromkeys(twice, "duplicate")
        for kind, count in times.items():
            found |= {at: kind for _, at in zip(range(count), rest, strict=False)}
        return found

    @staticmethod
    def _may_pay_twice(payer: Payer) -> bool:
        """Whether the next document, of the same amount, is not there yet when this one is paid again within the month."""
        partner = payer.partners[0]
        return partner.steady and (partner.closing, partner.site) == (31, 1) and partner.pay_day <= 25

    def _starts(self, payer: Payer, month: int) -> bool:
        """Whether the payer's first document is of this month, and is paid before it is made out."""
        return (
            payer.kind == "plain"
            and payer.partners[0].first == month
            and (payer.partners[0].code, month) not in self.paid
        )

    def _usual(self, payer: Payer, docs: list[Document], month: int) -> Iterator[Receipt]:
        """What the payer pays by habit."""
        if payer.together:
            yield self._tell(payer, docs, sum(doc.amount for doc in docs) - payer.short, self._day(payer, month))
            return
        on = self._day(payer, month)
        for doc in sorted(docs, key=lambda each: each.amount):
            short = doc.net * WITHHELD // 10_000 if payer.kind == "withheld" else payer.short
            yield self._tell(payer, [doc], doc.amount - short, on)

    def _told(self, payer: Payer, doc: Document, rest: int, month: int) -> Receipt:
        """The rest of a document that was paid in part the month before."""
        return self._tell(payer, [doc], rest, self._day(payer, month), kind="part", settles=rest)

    def _many(self, payer: Payer, docs: list[Document], month: int) -> Iterator[Receipt]:
        doc, rest, on = docs[0], docs[0].amount, self._day(payer, month)
        for left in range(self.rng.choice([1, 2]), 0, -1):
            share = max(rest // (left + 1) // 1_000 * 1_000, 1)
            rest -= share
            yield self._tell(payer, docs, share, on, kind="many", settles=share)
            on = min(on + timedelta(days=self.rng.randrange(6)), day(month, 31))
        yield self._tell(payer, [doc], rest, on, kind="many", settles=rest)

    def _part(self, payer: Payer, docs: list[Document], month: int) -> Iterator[Receipt]:
        doc = docs[0]
        share = max(round(doc.amount * self.rng.choice([0.3, 0.5, 0.5, 0.7])) // 1_000 * 1_000, 1_000)
        yield self._tell(payer, docs, share, self._day(payer, month), kind="part", settles=share)
        self.owed.append((payer, doc, doc.amount - share))

    def _over(self, payer: Payer, docs: list[Document], month: int) -> Iterator[Receipt]:
        amount = docs[0].amount
        more = self.rng.choice([1_000, 5_000, 10_000, amount // 10, -amount % 10_000])
        yield self._tell(payer, docs, amount + max(more, 1_000), self._day(payer, month), kind="over", settles=amount)

    def _twice(self, payer: Payer, docs: list[Document], month: int) -> Iterator[Receipt]:
        """The document paid, and within days once more: it will do for the next one."""
        first = self._tell(payer, docs, docs[0].amount, self._day(payer, month))
        yield first
        again = min(first.on + timedelta(days=self.rng.randrange(1, 5)), day(month, 31))
        yield self._tell(payer, self._next(payer, month), docs[0].amount, again, kind="duplicate", ahead=True)

    def _ahead(self, payer: Payer, month: int) -> Receipt:
        docs = self._next(payer, month)[:1]
        on = day(month, self.rng.randrange(1, 29))
        return self._tell(payer, docs, docs[0].amount, on, kind="prepaid", ahead=True)

    def _next(self, payer: Payer, month: int) -> list[Document]:
        """The documents of this month, which are not there yet, and will not be paid again."""
        self.paid.add((payer.partners[0].code, month))
        return self.documents[payer.partners[0].code, month]

    def _unknown(self, month: int) -> Receipt:
        """A receipt of somebody who owes nothing."""
        rng = self.rng
        net = rng.choice(PRICES) if rng.random() < 0.5 else rng.randrange(1_000, 300_000)
        stranger = names.company(rng)
        while stranger.read in self.taken:
            stranger = names.company(rng)
        text = names.payer(stranger)[: names.WIDTHS[0]]
        return Receipt(day(month, rng.randrange(1, 32)), gross(net, 10), text, "unknown", "other", leave=True)

    def _day(self, payer: Payer, month: int) -> date:
        """The day on which the payer pays in the month: when it is due, or a little before or after."""
        due = weekday(day(month, payer.partners[0].pay_day))
        off = self.rng.choices([0, -self.rng.randrange(1, 4), self.rng.randrange(1, 4)], [88, 8, 4])[0]
        return min(max(due + timedelta(days=off), day(month, 1)), day(month, 31))

    def _tell(
        self, payer: Payer, docs: Sequence[Document], amount: int, on: date,
        *, kind: str = "", settles: int = 0, ahead: bool = False,
    ) -> Receipt:  # fmt: skip
        """The receipt with its truth: the documents, of one ``settles`` alone; ``ahead`` of its document nothing is named."""
        way = -1 if ahead or (payer.cites < CITED and len(docs) > 2) else payer.cites
        text = cited(self.rng, way, [doc.number for doc in docs])
        return Receipt(
            on=on,
            amount=amount,
            payer=payer.text[: names.WIDTHS[-1]] if 0 <= way < 2 else payer.text,
            kind=kind or payer.kind,
            spelling=payer.spelling,
            settles=tuple((doc.number, settles or doc.amount) for doc in docs),
            reference=text,
            virtual_account=payer.partners[0].virtual_account if len(payer.partners) == 1 else "",
            leave=ahead,
            named=0 <= way < CITED,
        )


EVENTS: Final = {"many": Paying._many, "part": Paying._part, "over": Paying._over, "duplicate": Paying._twice}


def cited(rng: Random, way: int, numbers: Sequence[str]) -> str:
    """What the payer writes of the documents: their numbers in one of so many ways, or only words; nothing below zero.

    The first two ways are EDI information, which leaves the name 26 characters.

    >>> [cited(Random(1), way, ["INV-2026-00123"]) for way in (0, 1, 4)]
    ['00000000000202600123', '202600123', 'ｾｲｷﾕｳｼﾖ NO.2026-00123']
    """
    if way < 0:
        return ""
    if way >= CITED:
        return rng.choice(WORDS)
    bare = [number.replace("INV-", "").replace("-", "") for number in numbers]
    told = (
        [number.zfill(20 // len(numbers)) for number in bare],
        bare,
        numbers,
        [number.replace("-", " ") for number in numbers],
        [f"ｾｲｷﾕｳｼﾖ NO.{number.removeprefix('INV-')}" for number in numbers],
        [number.replace("-", "") for number in numbers],
        [number.translate(WIDE) for number in numbers],
        [f"{number}ﾌﾞﾝ" for number in numbers],
    )[way]
    return ("" if way == 0 else rng.choice([" ", ",", "/"])).join(told)


WIDE: Final = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}
"""From ASCII to its full-width form."""
