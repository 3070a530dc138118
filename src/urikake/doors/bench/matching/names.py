"""Names of invented companies and people, and how banks print those who pay: half-width, short forms by their place, cut."""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random
from typing import Final

from urikake.doors.demo_company.names import printed

from . import words
from .words import Word

FORMS: Final[dict[str, tuple[str, str, bool, int]]] = {
    "株式会社": ("カブシキガイシャ", "ｶ", True, 660),
    "有限会社": ("ユウゲンガイシャ", "ﾕ", True, 120),
    "合同会社": ("ゴウドウガイシャ", "ﾄﾞ", True, 70),
    "合資会社": ("ゴウシガイシャ", "ｼ", True, 5),
    "合名会社": ("ゴウメイガイシャ", "ﾒ", True, 3),
    "医療法人": ("イリョウホウジン", "ｲ", False, 22),
    "医療法人社団": ("イリョウホウジンシャダン", "ｲ", False, 12),
    "学校法人": ("ガッコウホウジン", "ｶﾞｸ", False, 12),
    "社会福祉法人": ("シャカイフクシホウジン", "ﾌｸ", False, 16),
    "税理士法人": ("ゼイリシホウジン", "ｾﾞｲ", False, 10),
    "弁護士法人": ("ベンゴシホウジン", "ﾍﾞﾝ", False, 4),
    "一般社団法人": ("イッパンシャダンホウジン", "ｼﾔ", False, 14),
    "一般財団法人": ("イッパンザイダンホウジン", "ｻﾞｲ", False, 6),
    "特定非営利活動法人": ("トクテイヒエイリカツドウホウジン", "ﾄｸﾋ", False, 12),
    "農事組合法人": ("ノウジクミアイホウジン", "ﾉｳ", False, 4),
    "宗教法人": ("シュウキョウホウジン", "ｼﾕｳ", False, 6),
    "": ("", "", False, 70),
}
"""A legal form (empty: a person in business): its reading, what banks print, whether it may stand behind, how often of a thousand."""
WIDTHS: Final = (48, 37, 26)
"""The half-width characters that are left of a name: usually, through some virtual accounts, and with EDI information."""
LETTERS: Final = "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワンガギグゲゴザジズゼゾバビブベ"
TAKEN_FOR: Final = dict(
    zip("シツソンクワカガハバコゴセゼトドフブヘベ", "ツシンソワクガカバハゴコゼセドトブフベヘ", strict=True)
)
"""Letters that are mistaken for each other."""


@dataclass(frozen=True, slots=True)
class Name:
    """A name by its words, with its legal form before or (``tail``) behind it; without one it is a person's."""

    parts: tuple[Word, ...]
    form: str = ""
    tail: bool = False

    @property
    def bare(self) -> str:
        return "".join(written for written, _ in self.parts)

    @property
    def read(self) -> str:
        return "".join(read for _, read in self.parts)

    @property
    def written(self) -> str:
        return self.bare + self.form if self.tail else self.form + self.bare

    def kana(self, *, with_form: bool = False) -> str:
        """The reading as a list of partners has it."""
        form = FORMS[self.form][0] if with_form else ""
        return self.read + form if self.tail else form + self.read


def company(rng: Random, *, form: str | None = None, latin: bool = False, long: bool = False) -> Name:
    """A company or, one time in about fifteen, a person in business."""
    if form is None:
        form = rng.choices(list(FORMS), [often for *_, often in FORMS.values()])[0]
    if not form:
        return person(rng)
    trade = rng.choice(words.OWN_TRADES.get(form, words.TRADES))
    stem = rng.choice(words.LATIN if latin else words.STEMS)
    places = rng.sample(words.PLACES, 2 if long else int(rng.random() < 0.35))
    more = (rng.choice(words.TRADES),) if long else ()
    return Name((*places, stem, *more, trade), form, FORMS[form][2] and rng.random() < 0.4)


def person(rng: Random) -> Name:
    """A person, family name first."""
    return Name((rng.choice(words.FAMILIES), rng.choice(words.GIVEN)))


def shop(rng: Random) -> Name:
    """The trade name (屋号) of a person in business."""
    return Name((*rng.sample(words.PLACES, rng.randrange(2)), rng.choice(words.STEMS), rng.choice(words.SHOPS)))


def holding(rng: Random, child: Name) -> Name:
    """A company that holds the child, named after it."""
    parts = (*rng.sample(words.PLACES, rng.randrange(2)), child.parts[0], ("ホールディングス", "ホールディングス"))
    return Name(parts, "株式会社", tail=rng.random() < 0.4)


def similar(rng: Random, name: Name) -> Name:
    """Another company that one might take for this one: heard the same, nearly, or the same but for the legal form.

    What banks print of the two is never the same.
    """
    other = "有限会社" if name.form != "有限会社" else "株式会社"
    found = [Name(name.parts, other, name.tail)]
    if FORMS[name.form][2]:
        found.append(replace(name, tail=not name.tail))
    for at, (written, read) in enumerate(name.parts):
        if written in words.SOUNDS_LIKE:
            heard = (*name.parts[:at], (words.SOUNDS_LIKE[written], read), *name.parts[at + 1 :])
            found.append(Name(heard, other, name.tail))
        if read in words.NEAR:
            found.append(replace(name, parts=(*name.parts[:at], words.NEAR[read], *name.parts[at + 1 :])))
    return rng.choice(found)


def payer(name: Name, *, form: str = "short", gap: str = "", behind: str = "", read: str = "") -> str:
    """What a bank prints of the name, ``behind`` it what else was written; ``read`` instead of the reading.

    ``form``: the legal form ``short``, ``spelled`` out, at the ``other`` end, or ``none``; ``gap`` stands between words.

    >>> a = Name((("山本", "ヤマモト"), ("工業", "コウギョウ")), "株式会社", tail=True)
    >>> payer(a), payer(a, behind="オオサカシテン"), payer(a, form="other", gap=" "), payer(a, form="spelled")
    ('ﾔﾏﾓﾄｺｳｷﾞﾖｳ(ｶ', 'ﾔﾏﾓﾄｺｳｷﾞﾖｳ(ｶ)ｵｵｻｶｼﾃﾝ', 'ｶ)ﾔﾏﾓﾄ ｺｳｷﾞﾖｳ', 'ﾔﾏﾓﾄｺｳｷﾞﾖｳｶﾌﾞｼｷｶﾞｲｼﾔ')
    """
    text = printed(read or gap.join(read for _, read in name.parts))
    more = printed(behind)
    reading, short, *_ = FORMS[name.form]
    if not name.form or form == "none":
        return f"{text} {more}" if more else text
    tail = name.tail != (form == "other")
    if form == "spelled":
        spelled = printed(reading)
        return f"{text}{gap}{spelled}{more}" if tail else f"{spelled}{gap}{text}{more}"
    if tail:
        return f"{text}({short}){more}" if more else f"{text}({short}"
    return f"{short}){text} {more}" if more else f"{short}){text}"


def slipped(rng: Random, read: str) -> str:
    """The reading as someone types it who makes one slip: a letter wrong, missing, doubled, or two of them swapped."""
    while True:
        at = rng.randrange(1, len(read) - 1)
        letter, rest = read[at], read[at + 1 :]
        text = read[:at] + rng.choice(
            [
                TAKEN_FOR.get(letter, rng.choice(LETTERS)) + rest,
                rest,
                letter + letter + rest,
                rest[0] + letter + rest[1:],
            ]
        )
        if printed(text) != printed(read):
            return text
