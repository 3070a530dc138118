"""Bank files that something happened to: ``python -m tests.mutated_files COUNT [FORMAT …]`` reads so many of each format.

A good file of a format is mutated: bytes, fields and lines are lost, doubled, swapped or changed, its end is cut off, its
sums, its encoding and its line ends are others. What is read of it must be what a slow, obvious reader finds, whose sums are those
that the file tells; else the file is refused whole, each fault with its line and the reason in Japanese.
"""

from __future__ import annotations

import csv
import io
import random
import re
import sys
import time
import traceback
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, Final

import polars as pl

from tests.bank_files import Book, Move, camt, notice, statement
from urikake.base.errors import FileRefusal, Refusal

TODAY: Final = date(2026, 12, 31)
PAYERS: Final = ("ｶ)ｱｵﾊﾞ", "ﾐﾄﾞﾘ(ﾕ", "ﾔﾏﾀﾞ ﾀﾛｳ", "ABC ｼﾖｳｶｲ")
Found = list[tuple[str, int]]
"""What moved: ``in``, ``out``, ``cancel`` or ``correction``, and yen."""


# --- good files ----------------------------------------------------------------------------------------------------


def a_book(dice: random.Random, *ways: str, number: int = 1) -> Book:
    """An account with a few movements that go the ways."""
    moves = [
        Move(
            amount=dice.choice((1, 440, 110_000, dice.randrange(1, 10**9))),
            payer=dice.choice(PAYERS),
            on=date(2026, 5, dice.randint(1, 31)),
            way=dice.choice(ways),
            edi=dice.choice(("", "INV-1", "12345678901234567890")),
            code=dice.choice(("", "0012345678")),
            inquiry=str(at),
        )
        for at in range(dice.randint(1, 6))
    ]
    return Book(moves=moves, opening=dice.randrange(-(10**6), 10**9), number=f"{number:07}")


def books(dice: random.Random, *ways: str) -> list[Book]:
    """One account or two."""
    return [a_book(dice, *ways, number=at) for at in range(1, dice.choice((2, 2, 3)))]


def _camt(message: str, dice: random.Random) -> bytes:
    data = camt(*books(dice, "in", "in", "out", "cancel"), message=message, zedi=dice.random() < 0.3)
    if message.startswith("camt.054"):  # notices have no balances
        data = re.sub(rb"<Bal>.*?</Bal>", b"", data)
    return data + camt(a_book(dice, "in"), message=message) if dice.random() < 0.2 else data


def _listed(name: str, dice: random.Random) -> bytes:
    """A bank's CSV, headed as its profile says, oldest or newest first."""
    from urikake.core.formats.bank_csv import PROFILES

    profile, day, balance = PROFILES[name], date(2026, 5, 1), dice.randrange(10**7)
    heads = list(dict.fromkeys(each.split("|")[0] for each in _columns(profile)))
    rows = []
    for at, move in enumerate(a_book(dice, "in", "in", "out").moves):
        balance += move.amount if move.way == "in" else -move.amount
        day = date(2026, 5, 1 + at)
        cells = {profile.balance: f"{balance:,}", profile.payer[0]: f"振込　{move.payer}"}
        cells |= dict(zip(profile.day, (f"{day:%Y}", f"{day:%m}", f"{day:%d}"), strict=False))
        cells |= {profile.day[0]: f"{day:%Y/%m/%d}"} if len(profile.day) == 1 else {}
        cells |= {profile.signed: str(move.amount if move.way == "in" else -move.amount)} if profile.signed else {}
        cells |= (
            {profile.incoming if move.way == "in" else profile.outgoing: f"{move.amount:,}"} if profile.incoming else {}
        )
        cells |= {profile.account: "本店 普通 1234567", profile.inquiry: str(at)}
        rows.append([{key.split("|")[0]: value for key, value in cells.items()}.get(head, "") for head in heads])
    out = io.StringIO()
    if dice.random() < 0.3:
        out.write("口座,普通 1234567\r\n\r\n")
    writer = csv.writer(
        out, lineterminator=dice.choice(("\r\n", "\n")), quoting=dice.choice((csv.QUOTE_ALL, csv.QUOTE_MINIMAL))
    )
    writer.writerows([heads, *(rows if dice.random() < 0.5 else rows[::-1])])
    return out.getvalue().encode(dice.choice(("cp932", "utf-8", "utf-8-sig")))


def _columns(profile: Any) -> list[str]:
    named = (*profile.day, profile.signed, profile.incoming, profile.outgoing, profile.balance, *profile.payer)
    return [
        each for each in (*named, profile.note, profile.account, profile.bank, profile.branch, profile.inquiry) if each
    ]


# --- mutations -----------------------------------------------------------------------------------------------------

Mutation = Callable[[bytes, random.Random], bytes]
_MARKS: Final = re.compile(rb"\r\n|\r|\n")


def _bytes(data: bytes, dice: random.Random) -> bytes:
    at, length = dice.randrange(len(data)), dice.choice((0, 1, 1, 1, 2, 5))
    other = dice.choice(
        (
            b"",
            b"0",
            b"9",
            b" ",
            b",",
            b'"',
            b"<",
            b"&",
            b"\r",
            b"\n",
            b"\0",
            b"\x1a",
            b"\xff",
            b"\x81",
            dice.randbytes(2),
        )
    )
    return data[:at] + other + data[at + length :]  # fmt: skip


def _digit(data: bytes, dice: random.Random) -> bytes:
    at = dice.choice([match.start() for match in re.finditer(rb"[0-9]", data)] or [0])
    return data[:at] + bytes([dice.choice(b"0123456789")]) + data[at + 1 :]


def _letter(data: bytes, dice: random.Random) -> bytes:
    at = dice.choice([match.start() for match in re.finditer(rb"[A-Za-z]", data)] or [0])
    return data[:at] + bytes([dice.choice(b"ABCDEabcde")]) + data[at + 1 :]


def _parts(data: bytes) -> list[bytes]:
    """The lines of the file with their ends; its records or its elements where it is one line."""
    lines = data.splitlines(keepends=True)
    if data.lstrip(b"\xef\xbb\xbf").startswith(b"<?xml"):
        return re.split(rb"(?=<Ntry>|<Bal>|<Stmt>|<Ntfctn>|<\?xml)", data)
    return lines if len(lines) > 1 else [data[at : at + 200] for at in range(0, len(data), 200)]


def _line(data: bytes, dice: random.Random) -> bytes:
    """A line is lost, doubled, or stands elsewhere."""
    lines = _parts(data)
    at, to = dice.randrange(len(lines)), dice.randrange(len(lines))
    match dice.choice(("lost", "doubled", "swapped")):
        case "lost":
            del lines[at]
        case "doubled":
            lines.insert(to, lines[at])
        case _:
            lines[at], lines[to] = lines[to], lines[at]
    return b"".join(lines)


def _field(data: bytes, dice: random.Random) -> bytes:
    """What stands between two commas, tags or places is lost, doubled, or another one's."""
    fields = re.split(rb"([,<>\"]+)", data)
    if len(fields) < 9:
        at, to, length = dice.randrange(len(data)), dice.randrange(len(data)), dice.choice((6, 10, 12, 14))
        return data[:at] + data[to : to + length] + data[at + length :]
    at, to = dice.randrange(len(fields)), dice.randrange(len(fields))
    fields[at] = dice.choice((b"", fields[at] * 2, fields[to], b"x" * 300))
    return b"".join(fields)


def _cut(data: bytes, dice: random.Random) -> bytes:
    at = dice.randrange(len(data))
    return dice.choice((data[:at], data[at:]))


def _encoded(data: bytes, dice: random.Random) -> bytes:
    text = data.decode("utf-8-sig" if data.startswith((b"\xef\xbb\xbf", b"<")) else "cp932", errors="replace")
    return text.encode(
        dice.choice(("utf-8", "utf-8-sig", "cp932", "utf-16", "utf-16-le", "euc-jp", "cp500")), errors="replace"
    )


def _ends(data: bytes, dice: random.Random) -> bytes:
    """Lines end otherwise, or the file begins or ends with something more."""
    if dice.random() < 0.5:
        return _MARKS.sub(dice.choice((b"\n", b"\r\n", b"\r", b"", b"\r\r\n", b"\n\n", b"\x0b", b"\xe2\x80\xa8")), data)
    more = dice.choice((b"\x1a", b"\xef\xbb\xbf", b"\0", b"\n", b" ", b"\xef\xbb\xbf\xef\xbb\xbf"))
    return more + data if dice.random() < 0.5 else data + more


MUTATIONS: Final[tuple[Mutation, ...]] = (
    _bytes,
    _bytes,
    _digit,
    _digit,
    _letter,
    _line,
    _line,
    _field,
    _field,
    _cut,
    _encoded,
    _ends,
)


def mutated(data: bytes, dice: random.Random) -> bytes:
    """The file after one, two or three things happened to it."""
    for mutation in dice.choices(MUTATIONS, k=dice.choice((1, 1, 1, 2, 3))):
        data = mutation(data, dice) if data else data
    return data


# --- the slow, obvious readers -------------------------------------------------------------------------------------


def _records(data: bytes) -> list[str]:
    text = data.removeprefix(b"\xef\xbb\xbf").rstrip(b"\x1a\r\n").decode("cp932")
    plain = text.replace("\r", "").replace("\n", "")
    return [plain[at : at + 200] for at in range(0, len(plain), 200)]


def _noticed(data: bytes) -> Found:
    """The movements of a deposit notice, whose trailers tell their counts and sums."""
    rows = _records(data)
    long, found, since = any(row[0] == "2" and row[128:152].isdigit() for row in rows), Found(), 0
    for row in rows:
        if row[0] == "2":
            amount = int(row[19:29]) or (int(row[128:140]) if long else 0)
            found.append(("cancel" if row[127:128] == "1" and not long else "in", amount))
            if long and row[127] == "1":
                found[-1] = ("cancel", amount)
        if row[0] == "8":
            batch, since = found[since:], len(found)
            for way, start in (("in", 1), ("cancel", 19)):
                mine = [amount for each, amount in batch if each == way]
                for text, own in ((row[start : start + 6], len(mine)), (row[start + 6 : start + 18], sum(mine))):
                    assert not text.strip() or int(text) == own
    return found


def _stated(data: bytes) -> Found:
    """The movements of a statement, whose trailers tell counts, sums and the balance that is reached."""
    found, since, opening = Found(), 0, None
    for row in _records(data):
        if row[0] == "1":
            opening = _signed(row[113:114], row[115:129])
        if row[0] == "2":
            found.append(("in" if row[21] == "1" else "out", int(row[24:36])))
            if row[22:24] == "19":
                found[-1] = ("correction", found[-1][1] * (1 if row[21] == "1" else -1))
        if row[0] == "8":
            batch, since, closing = found[since:], len(found), _signed(row[39:40], row[40:54])
            into = [amount for way, amount in batch if way == "in" or (way == "correction" and amount > 0)]
            out = [abs(amount) for way, amount in batch if way == "out" or (way == "correction" and amount < 0)]
            told = row[1:7], row[7:20], row[20:26], row[26:39]
            assert [int(text) for text in told] == [len(into), sum(into), len(out), sum(out)]
            assert opening is None or closing is None or opening + sum(into) - sum(out) == closing
    return found


def _signed(sign: str, text: str) -> int | None:
    return (-int(text) if sign == "2" else int(text)) if text.strip() else None


def _reported(data: bytes) -> Found:
    """The booked entries of every account report in the file, whose balances they come to."""
    found = Found()
    body = data.removeprefix(b"\xef\xbb\xbf").strip(b"\x1a\r\n\t \0")
    for part in filter(bytes.strip, re.split(rb"(?=<\?xml[\s])", body)):
        for account in (each for each in ET.fromstring(part).iter() if each.find("./{*}Ntry") is not None):
            batch = [_entry(entry) for entry in account.findall("./{*}Ntry")]
            balances = {each.findtext("./{*}Tp/{*}CdOrPrtry/{*}Cd"): each for each in account.findall("./{*}Bal")}
            if "OPBD" in balances and "CLBD" in balances:
                moved = sum(amount if way in ("in", "correction") else -amount for way, amount in batch)
                assert _sum(balances["OPBD"]) + moved == _sum(balances["CLBD"])
            found += batch
    return found


def _entry(entry: ET.Element) -> tuple[str, int]:
    credit = {"CRDT": True, "DBIT": False}[entry.findtext("./{*}CdtDbtInd", "").strip()]
    back = {"": False, "false": False, "0": False, "true": True, "1": True}[entry.findtext("./{*}RvslInd", "").strip()]
    status = entry.findtext("./{*}Sts/{*}Cd") or entry.findtext("./{*}Sts", "")
    assert status.strip() == "BOOK"
    amount = int(float(entry.findtext("./{*}Amt", "")))
    return ("correction" if back else "in") if credit else ("cancel" if back else "out"), amount


def _sum(balance: ET.Element) -> int:
    sign = {"CRDT": 1, "DBIT": -1}[balance.findtext("./{*}CdtDbtInd", "").strip()]
    return sign * int(float(balance.findtext("./{*}Amt", "")))


def _rows(name: str, data: bytes) -> Found:
    """The rows of a bank's CSV below its header, whose balances follow from row to row."""
    from urikake.core import written
    from urikake.core.formats.bank_csv import PROFILES
    from urikake.rooms.intake.queries import decoded

    profile = PROFILES[name]
    lines = [row for row in csv.reader(io.StringIO(decoded(data, name), newline="")) if any(map(str.strip, row))]
    plain = [["".join(cell.replace("\ufeff", "").split()) for cell in row] for row in lines]
    top = next(at for at, row in enumerate(plain) if all(_place(row, each) is not None for each in profile.needed))
    assert not any(
        len(row) >= len(plain[top]) and re.match(r"20\d\d/(0[1-9]|1[0-2])/(0[1-9]|[12]\d)\b", row[0])
        for row in plain[:top]
    )
    place = {
        key: _place(plain[top], key)
        for key in (profile.incoming, profile.outgoing, profile.signed, profile.balance)
        if key
    }

    def yen(row: Sequence[str], key: str) -> int | None:
        at = place.get(key)
        text = "" if at is None else written.number(row[at])
        return int(text) if text else None

    found, before = Found(), []
    for row in lines[top + 1 :]:
        into, out = yen(row, profile.incoming) or 0, yen(row, profile.outgoing) or 0
        if profile.signed:
            signed = yen(row, profile.signed) or 0
            into, out = max(signed, 0), max(-signed, 0)
        assert bool(into) != bool(out)
        found.append(("in" if into > 0 else "cancel" if into else "out" if out > 0 else "correction", abs(into or out)))
        before.append((into - out, yen(row, profile.balance)))
    assert _follows(before) or _follows(before[::-1])
    return found


def _place(header: Sequence[str], key: str) -> int | None:
    return next((header.index(each) for each in key.split("|") if each in header), None)


def _follows(rows: Sequence[tuple[int, int | None]]) -> bool:
    """Whether every balance, oldest first, is the last one that is told and what moved since."""
    reached = None
    for moved, balance in rows:
        reached = None if reached is None else reached + moved
        if balance is not None and reached not in (None, balance):
            return False
        reached = reached if balance is None else balance
    return True


# --- the test ------------------------------------------------------------------------------------------------------


def good(name: str, dice: random.Random) -> bytes:
    """A good file of the format."""
    separator = dice.choice(("\r\n", "\n", ""))
    match name.split():
        case ["zengin-deposit", form]:
            return notice(*books(dice, "in", "in", "cancel"), form=form, separator=separator)
        case ["zengin-statement"]:
            return statement(*books(dice, "in", "in", "out"), separator=separator)
        case ["camt", number]:
            return _camt(f"camt.{number}.001.08", dice)
    return _listed(name, dice)


def obvious(name: str, data: bytes) -> Found:
    """What the slow reader finds in the file; it raises where the file's own sums are others."""
    match name.split():
        case ["zengin-deposit", _]:
            return _noticed(data)
        case ["zengin-statement"]:
            return _stated(data)
        case ["camt", _]:
            return _reported(data)
    return _rows(name, data)


CSVS: Final = (
    "anser", "mufg-direct", "smbc-direct", "mizuho-direct", "sbi-net", "gmo-aozora", "paypay-bank", "rakuten-bank",
    "sbi-shinsei", "aeon-bank", "yucho",
)  # fmt: skip
FORMATS: Final = ("zengin-deposit A", "zengin-deposit B", "zengin-statement", "camt 052", "camt 053", "camt 054", *CSVS)
_JAPANESE: Final = re.compile(r"[ぁ-んァ-ン一-龥]")


def held(name: str, data: bytes) -> str:
    """Whether the file is ``taken`` whole or ``refused`` whole; anything else fails."""
    from urikake.rooms.receipts.queries import FORMATS as KNOWN
    from urikake.rooms.receipts.queries import brought

    try:
        found = brought(data, f"{name}.dat", KNOWN[name.split()[0]], TODAY)
    except Refusal as refusal:
        assert well_told(refusal)  # noqa: PT017 - that it was refused is as good as that it was taken
        return "refused"
    moves = found.file.movements
    assert moves.select("move", "amount").rows() == obvious(name, data)
    assert moves.filter(
        pl.col("booked_on").is_null() | (pl.col("amount") < 0) & (pl.col("move") != "correction")
    ).is_empty()
    assert storable(moves)
    return "taken"


def well_told(refusal: Refusal) -> bool:
    """Whether the refusal names the encoding, or lines, each with what is wrong there, in Japanese that can be printed."""
    str(refusal).encode()
    if not isinstance(refusal, FileRefusal):
        return refusal.code == "encoding"
    told = all(each.line >= 1 and each.column and _JAPANESE.search(each.why) for each in refusal.errors)
    return told and len(refusal.errors) > 0


def storable(moves: pl.DataFrame) -> bool:
    """Whether every text of the movements fits where it is kept."""
    from urikake.rooms.receipts.models import Receipt, Record

    longest = {
        "payer_bank": Record, "payer_branch": Record, "note": Record, "inquiry": Record, "bank_code": Receipt, "reference": Receipt,
    }  # fmt: skip
    return all(
        (moves[name].str.len_chars().max() or 0) <= (model._meta.get_field(name).max_length or 0)  # type: ignore[operator]
        for name, model in longest.items()
    )


def main(count: int, *names: str) -> int:
    """Read so many mutated files of each format; tell what came of them, and every one that failed."""
    from urikake.base import loading

    loading.load()
    failed = 0
    for name in names or FORMATS:
        start, came = time.monotonic(), Counter[str]()
        for seed in range(count):
            dice = random.Random(f"{name}/{seed}")
            data = mutated(good(name, dice), dice)
            try:
                came[held(name, data)] += 1
            except Exception as error:
                came["FAILED"] += 1
                where = traceback.extract_tb(error.__traceback__)[-1]
                print(f"{name}/{seed}: {error!r} {where.name}: {where.line}"[:300])
        failed += came["FAILED"]
        print(f"{name:18}{dict(sorted(came.items()))}  {time.monotonic() - start:.0f} s", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), *sys.argv[2:]))
