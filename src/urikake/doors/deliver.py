"""Documents of a closing to the customer, each by its way: by e-mail, on paper, as a file for the network.

What goes out is claimed in one run, sent outside of any transaction, and its outcome told in another. Who is killed in
between leaves it claimed and told as 送信中; nobody sends it again without knowing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final

import polars as pl
from django.core.mail.backends.smtp import EmailBackend

from urikake.base import access, mail, runs
from urikake.base.bulk import Session
from urikake.base.errors import Refusal, cause_of
from urikake.base.progress import step, watched
from urikake.core.formats import email_addresses
from urikake.rooms.deliveries import actions, queries
from urikake.rooms.invoices import queries as invoices
from urikake.rooms.parties.queries import profiles

from . import letters, mailing, peppol
from .documents import bills, typesetting
from .documents.asked import BATCH
from .documents.letterheads import Heads

PERMISSION: Final = "invoices.deliver"
METHODS: Final = ("email", "paper", "peppol")
TOGETHER: Final = 50
"""How many letters are claimed at a time: as many as may be told as 送信中 after a kill."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody wants delivered, and where to: of a closing all, ``only`` one, or one again for a reason.

    Files go to ``output`` and ``folder``, or by their names to ``keep`` where there is one. ``seen`` is how many
    attempts there were when somebody asked for one again: work that is asked for twice does not send twice.
    """

    closing: date
    only: str = ""
    resend: str = ""
    why: str = ""
    output: Path | None = None
    folder: Path | None = None
    methods: tuple[str, ...] = METHODS
    keep: Callable[[str, bytes], None] | None = None
    seen: int | None = None


@dataclass(slots=True)
class Done:
    """How many documents went which way, and what a person has to know of others."""

    figures: dict[str, int] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)

    def count(self, name: str, more: int = 1) -> None:
        self.figures[name] = self.figures.get(name, 0) + more


@dataclass(frozen=True, slots=True)
class _Office:
    """Who delivers what is wanted, in which database."""

    url: str
    user: str
    wanted: Wanted
    done: Done

    def claim(self, going: list[dict[str, Any]], *, whole: bool = False) -> dict[int, int]:
        """The attempts that are ours, by the document's id; with ``whole`` all of them or none."""
        with self._run() as (session, outcome):
            why = self.wanted.why.strip()
            made = actions.claim(session, going=pl.DataFrame(going), why=why)
            if whole and made.height < len(going):
                raise Refusal(
                    "delivered-meanwhile", "ほかの人が同じ請求書の送付を始めました。", "もう一度実行してください。"
                )
            outcome.figures["claimed"] = made.height
        return dict(made.select("invoice_id", "delivery_id").iter_rows())

    def tell(self, outcomes: list[dict[str, Any]]) -> None:
        """Record what became of attempts; nothing that watches the work stops it here."""
        if outcomes:
            with watched(lambda _: None), self._run() as (session, outcome):
                outcome.figures["told"] = actions.tell(session, outcomes=pl.DataFrame(outcomes))

    def _run(self) -> Any:
        subject = self.wanted.resend or self.wanted.only or self.wanted.closing.isoformat()
        return runs.run(self.url, "deliver", subject=subject[:120], permission=PERMISSION, user=self.user)


def deliver(url: str, wanted: Wanted, *, user: str = access.SYSTEM, preview: bool = False) -> Done:
    """Deliver what is wanted and is not delivered yet; with ``preview`` only tell what would be.

    One that cannot go does not keep the others from it; it is told.
    """
    office = _Office(url, user, wanted, Done())
    with runs.reading(url, user) as session:
        access.allow(session, PERMISSION)
        found = _wanted(session, wanted)
        settings = mail.held(session)
    going = found if wanted.resend else found.filter(pl.col("state").is_in(queries.OPEN))
    _tell_others(office.done, found, going)
    by = {method: going.filter(pl.col("method") == method) for method in wanted.methods}
    if preview:
        office.done.figures = {way: part.height for way, part in by.items() if part.height} | office.done.figures
        return office.done
    if "paper" in by and by["paper"].height:
        _print(office, by["paper"])
    if "peppol" in by and by["peppol"].height:
        _hand_over(office, by["peppol"])
    if "email" in by and by["email"].height:
        _mail_too(office, by["email"], settings)
    return office.done


def _mail_too(office: _Office, going: pl.DataFrame, settings: dict[str, str]) -> None:
    """Send the documents; where no server can be reached, it is told beside what went by other ways, or refused."""
    try:
        _mail(office, going, settings)
    except Refusal as refusal:
        if not office.done.figures:
            raise
        office.done.count("waiting", going.height)
        office.done.told.append(f"メール{going.height}通は送っていません。{refusal.cause}{refusal.remedy}")


def plan(session: Session, closing: date) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The documents of a closing that go with the next delivery, and those that cannot, each with its ``cause``."""
    found = queries.of_closing(session, closing)
    going = found.filter(pl.col("state").is_in(queries.OPEN))
    unfit = _unfit(session, going.filter(pl.col("method") == "peppol"))
    stuck = found.filter(pl.col("state").is_in(list(WORDS)))
    told = [_words(row) for row in stuck.iter_rows(named=True)]
    late = going.filter(pl.col("number").is_in(list(unfit)))
    every = [stuck.with_columns(cause=pl.Series(told, dtype=pl.String)),
             late.with_columns(cause=pl.col("number").replace_strict(unfit, default="", return_dtype=pl.String))]  # fmt: skip
    return going.join(late, on="invoice_id", how="anti", maintain_order="left"), pl.concat(every)


def _unfit(session: Session, going: pl.DataFrame) -> dict[str, str]:
    """Why there is no e-invoice of a document, by its number."""
    if going.is_empty():
        return {}
    made = peppol.written(session, letters.documents(going))
    return {each.number: f"{each.refusal.cause}{each.refusal.remedy}" for each in made if each.refusal}


def parts(counts: dict[str, int]) -> int:
    """In how many parts so many documents by their ``method`` go: what running work counts.

    >>> parts({"email": 51, "paper": 3})
    3
    """
    sizes = {"email": TOGETHER, "paper": BATCH, "peppol": TOGETHER}
    return sum(-(-count // sizes[method]) for method, count in counts.items())


def again(session: Session, number: str, why: str) -> dict[str, Any]:
    """What asks running work to send one document again: its closing, the reason, and how often it was sent by now."""
    found = queries.deliveries(session, invoices.by_number(session, number))
    if found.is_empty():
        raise actions.unknown(number)
    row = found.row(0, named=True)
    _addressed(row)
    told = {"closing": row["closing_on"].isoformat(), "resend": number, "why": actions.reasoned(why)}
    return told | {"seen": row["attempt"]}


def sending(session: Session, closing: date, methods: Sequence[str]) -> dict[str, Any]:
    """What asks running work to deliver a closing by these methods: how much of it there is; refused where nothing is."""
    going, _ = plan(session, closing)
    going = going.filter(pl.col("method").is_in(list(methods)))
    if going.is_empty():
        raise Refusal(
            "nothing-to-deliver", f"{closing} 締めに、いま送れる請求書はありません。", "送付の状況を確かめてください。"
        )
    counts = dict(going.group_by("method").len().iter_rows())
    return {"closing": closing.isoformat(), "methods": list(methods), "parts": parts(counts)}


def bounce(url: str, number: str, why: str, *, user: str = access.SYSTEM) -> None:
    """Record that what was sent came back."""
    with runs.run(url, "bounce", subject=number[:120], permission=PERMISSION, user=user) as (session, _):
        actions.bounce(session, number=number, why=why)


def withdraw(url: str, number: str, why: str, *, user: str = access.SYSTEM) -> None:
    """Take back the links to a document that still open."""
    with runs.run(url, "withdraw link", subject=number[:120], permission=PERMISSION, user=user) as (session, _):
        actions.withdraw(session, number=number, why=why)


def _wanted(session: Session, wanted: Wanted) -> pl.DataFrame:
    """The documents asked for, with how their delivery stands."""
    found = queries.of_closing(session, wanted.closing)
    number = wanted.resend or wanted.only
    if number:
        found = found.filter(pl.col("number") == number)
        if found.is_empty():
            raise Refusal(
                "no-invoice",
                f"{wanted.closing} 締めに請求書「{number[:60]}」はありません。",
                "番号を確かめてください。",
            )
    if wanted.resend:
        actions.reasoned(wanted.why)
        row = found.row(0, named=True)
        if wanted.seen not in (None, row["attempt"]):
            why = f"{number} は、頼んだあとに、もう送り直されています。"
            raise Refusal("delivered-meanwhile", why, "送付の状態を確かめてください。")
        _addressed(row)
    return found


def _addressed(row: dict[str, Any]) -> None:
    """Return if the document can go; refused where the partner has no address by the way it goes."""
    if row["method"] == "paper" and not row["address"]:
        raise Refusal("no-address", f"取引先 {row['code']} の住所がありません。", "取引先に住所を登録してください。")
    if row["method"] == "email" and (not row["to"] or email_addresses.problem(row["to"])):
        raise Refusal(
            "no-address",
            f"取引先 {row['code']} に送れるメールアドレスがありません。",
            "取引先にメールアドレスを登録してください。",
        )


WORDS: Final = {
    queries.UNDELIVERABLE: "取引先 {code} に送れる{what}がありません。取引先に登録してください",
    queries.ON_ITS_WAY: "送信の途中で止まりました。届いたか確かめ、届いていなければ、理由を付けて送り直してください",
    "partial": "届かなかった宛先があります。宛先を直し、理由を付けて送り直してください",
    "bounced": "不達で戻りました。宛先を直し、理由を付けて送り直してください",
    "refused": "相手先が受け取りませんでした。わけを確かめて直し、理由を付けて送り直してください",
}
"""What keeps a document from going with the next delivery, and what to do, by its state."""


def _tell_others(done: Done, found: pl.DataFrame, going: pl.DataFrame) -> None:
    """Tell which are not delivered and do not go now, with what to do."""
    rest = found.join(going, on="invoice_id", how="anti", maintain_order="left")
    for row in rest.filter(pl.col("state").is_in(list(WORDS))).iter_rows(named=True):
        done.count(row["state"])
        done.told.append(f"{row['number']}: {_words(row)}。")


def _words(row: dict[str, Any]) -> str:
    """Why the document does not go, and what to do."""
    what = "メールアドレス" if row["method"] == "email" else "住所"
    return WORDS[row["state"]].format(code=row["code"], what=what)


def _attempt(row: dict[str, Any], content: bytes, **more: Any) -> dict[str, Any]:
    """The attempt to deliver a document as this file."""
    told = {"recipients": "", "message_id": "", "link": "", "expires_on": None} | more
    kept = {name: row[name] for name in ("invoice_id", "attempt", "method")}
    return kept | told | {"digest": hashlib.sha256(content).hexdigest()}


# --- by e-mail -----------------------------------------------------------------------------------------------------


def _mail(office: _Office, going: pl.DataFrame, settings: dict[str, str]) -> None:
    """Send the documents, so many at a time; once the connection breaks no more are claimed."""
    with mailing.connected(settings) as backend:
        for at, part in enumerate(going.iter_slices(TOGETHER)):
            step(f"メール {at * TOGETHER + part.height:,} / {going.height:,}通")
            if backend.connection.sock is None:
                office.done.count("waiting", part.height)
                continue
            with runs.reading(office.url, office.user) as session:
                made = letters.letters(office.url, session, part, settings)
            attempts = [_mailed(row, letter) for row, letter in made]
            _sent(office, backend, settings, made, office.claim(attempts))


STOPPED: Final = "送る前に止まりました"
"""What is said of a letter that was claimed and not begun: the next delivery sends it."""


def _mailed(row: dict[str, Any], letter: mailing.Letter) -> dict[str, Any]:
    """The attempt to deliver a document by this letter."""
    told = {"recipients": ";".join(letter.to), "message_id": letter.message_id}
    return _attempt(row, letter.content, **told, link=letter.link, expires_on=letter.expires_on)


def _sent(
    office: _Office,
    backend: EmailBackend,
    settings: dict[str, str],
    made: list[tuple[dict[str, Any], mailing.Letter]],
    ours: dict[int, int],
) -> None:
    """Send the letters that are ours and tell what became of them, whatever comes in between."""
    outcomes: list[dict[str, Any]] = []
    waiting = {at: {"delivery_id": ours[at], "state": "failed", "said": STOPPED} for at in ours}
    try:
        for row, letter in made:
            if row["invoice_id"] not in ours:
                continue
            del waiting[row["invoice_id"]]
            result = mailing.send(backend, settings, letter)
            if result is None:
                office.done.count(queries.ON_ITS_WAY)
                office.done.told.append(f"{row['number']}: 送信中に接続が切れました。届いたか確かめてください。")
                continue
            state, said = result
            office.done.count(state)
            outcomes.append({"delivery_id": ours[row["invoice_id"]], "state": state, "said": said})
            if said:
                office.done.told.append(f"{row['number']}: {said}")
    finally:
        office.tell([*outcomes, *waiting.values()])


# --- on paper, and as files ----------------------------------------------------------------------------------------


def _print(office: _Office, going: pl.DataFrame) -> None:
    """Write the documents as PDF in the order of their envelopes, 1,000 a file; claimed before a file is written."""
    wanted = office.wanted
    out = Path(f"{wanted.resend or wanted.only or wanted.closing}.pdf") if wanted.keep else wanted.output
    if out is None:
        office.done.count("waiting", going.height)
        office.done.told.append(
            f"紙の請求書が{going.height}通あります。--output で PDF の書き出し先を指定してください。"
        )
        return
    with runs.reading(office.url, office.user) as session:
        to = profiles(session, "postal_code").select("partner_id", "postal_code")
    placed = going.join(to, on="partner_id", how="left", maintain_order="left")
    ordered = placed.sort(pl.col("postal_code") == "", "postal_code", "code", "invoice_id")
    for at, part in enumerate(ordered.iter_slices(BATCH), start=1):
        file = out if at == 1 else out.with_stem(f"{out.stem}-{at}")
        step(f"紙 {part.height:,} / {going.height:,}通")
        with runs.reading(office.url, office.user) as session:
            book = bills.book(session, letters.documents(part), Heads(session))
        content = typesetting.pdf(book)
        rows = part.rows(named=True)
        _fresh(office, file)
        ours = office.claim([_attempt(row, content) for row in rows], whole=True)
        _written(office, file, content, list(ours.values()), "printed")


def _hand_over(office: _Office, going: pl.DataFrame) -> None:
    """Write the documents as e-invoices into the folder, a file each; those that cannot be written are told."""
    folder = Path() if office.wanted.keep else office.wanted.folder
    if folder is None:
        office.done.count("waiting", going.height)
        office.done.told.append(
            f"デジタルインボイスが{going.height}件あります。--folder で書き出すフォルダーを指定してください。"
        )
        return
    for part in going.iter_slices(TOGETHER):
        step(f"デジタルインボイス {part.height:,} / {going.height:,}件")
        made = dict(_made(office, part))
        rows = [row for row in part.iter_rows(named=True) if row["number"] in made]
        if not rows:
            continue
        for row in rows:
            _fresh(office, folder / f"{row['number']}.xml", again=bool(office.wanted.resend))
        ours = office.claim([_attempt(row, made[row["number"]]) for row in rows])
        for row in rows:
            if row["invoice_id"] in ours:
                file = folder / f"{row['number']}.xml"
                _written(office, file, made[row["number"]], [ours[row["invoice_id"]]], "handed")


def _made(office: _Office, part: pl.DataFrame) -> Iterator[tuple[str, bytes]]:
    """The XML of each document by its number; why there is none is told."""
    with runs.reading(office.url, office.user) as session:
        for each in peppol.written(session, letters.documents(part)):
            if each.refusal is None:
                yield each.number, each.xml
            else:
                office.done.count("failed")
                office.done.told.append(f"{each.number}: {each.refusal}")


def _fresh(office: _Office, file: Path, *, again: bool = False) -> None:
    """Return if the file may be written; refused where one is there, for it may be what waits for the printer."""
    if not office.wanted.keep and file.exists() and not again:
        raise Refusal("file-exists", f"{file.name} はもうあります。", "別の名前か場所を指定してください。")


def _written(office: _Office, file: Path, content: bytes, attempts: list[int], state: str) -> None:
    """Write the file and tell what became of its documents; refused, and told as failed, where it cannot be written."""
    keep = office.wanted.keep
    try:
        if keep:
            keep(file.name, content)
        else:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
    except OSError as error:
        said = f"{file.name} に書けません（{cause_of(error)}）。"
        office.tell([{"delivery_id": at, "state": "failed", "said": said} for at in attempts])
        raise Refusal("cannot-write", said, "書き出す先を確かめてください。") from None
    office.tell([{"delivery_id": at, "state": state, "said": ""} for at in attempts])
    office.done.count(state, len(attempts))
