"""お知らせ: what others did that concerns the person, and what came of the work the person asked for.

Nothing is kept for them: they are read from the record of runs and from the running work. A person has one mark, up to
which they were read.
"""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from typing import Any, Final

from django.utils import timezone

from urikake.base import access, proposals
from urikake.base.company import policies

from .desk import Desk
from .models import Job, Read

FIRST: Final = 20
"""How many runs back somebody looks who never read any."""
MOST: Final = 100
OPENED: Final = ("reopen", "approved reopen")
"""A month was opened again: told to everybody who may look at the close, whoever did it."""


@dataclass(frozen=True, slots=True)
class Told:
    """A kind of run that is told: to whom (a permission), in which words, and where it leads."""

    permission: str
    title: str
    path: str
    settled: str = ""
    """Its words where it asks for a second person in general, but this time nobody had to be asked."""


KINDS: Final = {
    "bill": Told("billing.read", "請求の計算が終わりました", "billing"),
    "match": Told("matching.read", "自動消込が終わりました", "receipts"),
    "recognize": Told("revenue.read", "収益を認識しました", "revenue"),
    "close": Told("closing.read", "月を締めました", "close/{subject}"),
    "reopen": Told("closing.read", "締めを解除しました", "close/{subject}"),
    "cancel-invoice": Told("invoices.read", "請求書を取り消しました", "invoices/{subject}"),
    "approve": Told("receivables.read", "承認されました", "receivables"),
    "receipts": Told("receipts.read", "入金データを取り込みました", "receipts"),
    "import receivables": Told(
        "receivables.approve", "債権伝票の承認のお願い", "approvals", "債権伝票を取り込みました"
    ),
    "import partners": Told("partners.read", "取引先を取り込みました", "partners"),
    "import products": Told("products.read", "商品・料金を取り込みました", "products"),
    "import contracts": Told("contracts.read", "契約を取り込みました", "contracts"),
    "import events": Told("contracts.read", "契約の変更を取り込みました", "contracts"),
    "import usage": Told("usage.read", "利用量を取り込みました", "usage"),
    "import users": Told("users.read", "利用者を取り込みました", "settings"),
}
ASKED: Final = Told("closing.read", "締めの解除の承認のお願い", "approvals")
"""What is told of a month that was only asked to be opened."""


@functools.cache
def kinds() -> dict[str, Told]:
    """Every kind that is told: those above, and the proposals with what became of them."""
    found = dict(KINDS)
    for name, kind in proposals.KINDS.items():
        found[f"propose {name}"] = Told(
            kind.approval, f"{kind.title}の承認のお願い", "approvals", f"{kind.title}が変わりました"
        )
        for verdict, word in proposals.VERDICTS.items():
            found[f"{verdict} {name}"] = Told(kind.permission, f"{kind.title}の申請: {word}", "approvals")
    return found | {OPENED[1]: Told("closing.read", "締めを解除しました", "close")}


def bell(desk: Desk) -> dict[str, str]:
    """The bell of the top bar: how many are unread, and where they are."""
    count = 0 if desk.asof.known_at else _unread(desk)
    text = "99+" if count > 99 else str(count or "")
    return {"url": f"/{desk.company.code}/notices", "count": text}


def _unread(desk: Desk) -> int:
    """The runs beyond the mark, in one walk over a range of ids, and the ended work after it."""
    mark = _mark(desk)
    where, values = _concerning(desk)
    low = "?" if mark else f"(SELECT max(id) - {FIRST} FROM base_run WHERE id < ?)"
    told = desk.session.value(
        f"SELECT count(*) FROM base_run WHERE id > {low} AND id >= ? AND id < ? AND {where}",
        (mark.run_id if mark else desk.session.high, desk.session.low, desk.session.high, *values),
    )
    return int(told or 0) + (_mine(desk).filter(ended_at__gt=mark.at).count() if mark else 0)


def _mark(desk: Desk) -> Read | None:
    return Read.objects.filter(company=desk.company.code, person=desk.person.name).first()


def _concerning(desk: Desk) -> tuple[str, tuple[str, ...]]:
    """The condition on runs: of a kind the person may look at, and done by somebody else."""
    mine = [kind for kind, told in kinds().items() if access.may(desk.person.role, told.permission)]
    marks = ", ".join("?" * len(mine)) or "''"
    return f"action IN ({marks}) AND (actor <> ? OR action IN {OPENED})", (*mine, desk.person.name)


def _mine(desk: Desk) -> Any:
    """The work the person asked for that has ended."""
    ended = (Job.State.DONE, Job.State.FAILED)
    return Job.objects.filter(company=desk.company.code, actor=desk.person.name, state__in=ended)


def latest(desk: Desk) -> list[dict[str, Any]]:
    """The newest notices, newest first, each with whether it is still unread."""
    mark = _mark(desk)
    since = mark.run_id if mark else _newest(desk) - FIRST
    where, values = _concerning(desk)
    found = desk.session.rows("base_run", "id, action, subject, actor, recorded_at, outcome", where, values)
    runs = [_of_run(desk, row, since) for row in found.tail(MOST).iter_rows(named=True)]
    jobs = [_of_job(desk, job, mark) for job in _mine(desk).order_by("-id")[:MOST]]
    return sorted([*runs, *jobs], key=lambda notice: notice["at"], reverse=True)[:MOST]


def _of_run(desk: Desk, row: dict[str, Any], since: int) -> dict[str, Any]:
    told, figures = kinds()[row["action"]], json.loads(row["outcome"] or "{}")
    if row["action"] == OPENED[0] and figures.get("proposal"):
        told = ASKED
    return {
        "title": told.settled if told.settled and not _asks(desk, figures) else told.title,
        "subject": _subject(row),
        "by": row["actor"],
        "at": row["recorded_at"],
        "figures": figures,
        "url": desk.link(told.path.format(subject=row["subject"])),
        "unread": row["id"] > since,
        "tone": "warn" if row["action"] in OPENED else "",
    }


def _asks(desk: Desk, figures: dict[str, Any]) -> bool:
    """Whether somebody else had to agree: as the proposal says, or for slips as the company wants it."""
    return bool(figures.get("proposal", policies(desk.session).needs_second_person("receivables")))


def _subject(row: dict[str, Any]) -> str:
    """What the run was about, in words."""
    if row["action"] == "approve":
        return "債権伝票"
    return f"申請 {row['subject']}" if row["action"].partition(" ")[0] in proposals.VERDICTS else str(row["subject"])


def _of_job(desk: Desk, job: Job, mark: Read | None) -> dict[str, Any]:
    failed = job.state == Job.State.FAILED
    return {
        "title": "頼んだ仕事が、理由があって止まりました" if failed else "頼んだ仕事が終わりました",
        "subject": job.subject,
        "by": "",
        "at": job.ended_at or job.asked_at,
        "figures": job.figures,
        "why": f"{job.cause}{job.remedy}" if failed else "",
        "url": desk.link(f"runs/{job.pk}"),
        "unread": mark is not None and job.ended_at is not None and job.ended_at > mark.at,
        "tone": "bad" if failed else "",
    }


def _newest(desk: Desk) -> int:
    """The company's last run."""
    low, high = desk.session.low, desk.session.high
    return int(desk.session.value("SELECT max(id) FROM base_run WHERE id >= ? AND id < ?", (low, high)) or low)


def read(desk: Desk) -> None:
    """Set the mark at what is newest now."""
    Read.objects.update_or_create(
        company=desk.company.code,
        person=desk.person.name,
        defaults={"run_id": _newest(desk), "at": timezone.now()},
    )
