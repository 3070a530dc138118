"""Running work (実行): asked for by a page or the API, done one after another by the worker, watched and stopped by people.

Each piece is one run of the books: one transaction. Stopping it, or killing the worker, undoes all of it; asking for it
again does it again, and nothing is doubled. What has left the house cannot be undone: a delivery that stops keeps what
it has told, and asked for again sends the rest.
"""

from __future__ import annotations

import logging
import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from urikake.base.errors import FileRefusal, Refusal
from urikake.base.progress import STEPS, watched
from urikake.doors import deliver, files, month, simulation
from urikake.doors.simulation import playing
from urikake.rooms.intake.queries import Mapping
from urikake.rooms.receipts.queries import CSV

from .models import Job, Output, Simulation

Doing = Callable[[str, str, Job], dict[str, Any]]
LOG: Final = logging.getLogger("urikake.web")
TICK: Final = 0.2
REST: Final = 5
STALE: Final = 30
NAMED: Final = 3
SIMULATE: Final = "simulate"
DELIVER: Final = "deliver"
TOLD: Final = "told"
"""What of the figures of a piece of work is no figure: sentences for a person, kept as its rows."""
MOST: Final = 200
UNDONE: Final = "何も保存されていません。"
SENT: Final = "送った分は送付の状況に残っています。もう一度行うと、残りだけを送ります。"
KEPT: Final = timedelta(days=30)


class Stopped(Exception):
    """Somebody asked the work to stop; its transaction is undone."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of work: its name on screens, the permission it asks for, its steps, what it does, what stays if it stops."""

    title: str
    permission: str
    steps: int
    do: Doing
    left: str = UNDONE


def _bill(url: str, user: str, job: Job) -> dict[str, Any]:
    closing = date.fromisoformat(job.options["closing"])
    if until := job.options.get("until"):
        numbers, day = job.options["contracts"], date.fromisoformat(until)
        return month.bill_forward(url, numbers, closing, day, issue=bool(job.options.get("issue")), user=user)
    only = {name: job.options.get(name, []) for name in ("partners", "groups")}
    return month.bill(url, closing, issue=bool(job.options.get("issue")), user=user, **only)


def of_some(subject: str, only: dict[str, list[str]]) -> str:
    """What a run is about that bills only some payers: the first of them named, and how many more there are."""
    named = [name for names in only.values() for name in names]
    more = f" ほか{len(named) - NAMED}" if len(named) > NAMED else ""
    return f"{subject}（{'・'.join(named[:NAMED])}{more}）" if named else subject


def _match(url: str, user: str, job: Job) -> dict[str, Any]:
    on = job.options.get("date")
    return month.match(url, on=date.fromisoformat(on) if on else None, user=user)


def _recognize(url: str, user: str, job: Job) -> dict[str, Any]:
    return month.recognize(url, job.options["month"], user=user)


def _close(url: str, user: str, job: Job) -> dict[str, Any]:
    return month.close(url, job.options["month"], user=user, planned=lambda steps: _expect(job, steps))


def _expect(job: Job, steps: int) -> None:
    """Tell of how many steps the work is, which is known only once it has looked."""
    job.total = steps
    Job.objects.filter(pk=job.pk).update(total=steps)


def _verify(url: str, user: str, job: Job) -> dict[str, Any]:
    from urikake.base import runs
    from urikake.rooms.closing.queries import verify

    with runs.reading(url, user) as session:
        wrong = verify(session)
    if wrong:
        raise Refusal("not-tied", "照合が合いません: " + "／".join(wrong[:10]), "記録を調べてください。")
    return {"verified": True}


def _import(url: str, user: str, job: Job) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / Path(job.subject).name
        file.write_bytes(bytes(job.content or b""))
        told = job.options.get("mapping")
        mapping = Mapping.read(told) if told else None
        if job.options["kind"] == files.RECEIPT:
            format_ = job.options.get("format") or CSV
            return files.take_receipts(
                url, file, account=job.options["account"], format_=format_, user=user, mapping=mapping,
                lenient=bool(job.options.get("lenient")),
            )  # fmt: skip
        return {"rows": files.take(url, job.options["kind"], file, user=user, mapping=mapping)}


def _simulate(url: str, user: str, job: Job) -> dict[str, Any]:
    """What is supposed, played; the result is kept under the number of the work."""
    asked = job.options
    first = date.fromisoformat(asked["first"]) if asked.get("first") else None
    found = simulation.simulate(
        url, simulation.Changes.of(asked["changes"]), months=asked["months"], first=first, user=user
    )
    Simulation.objects.update_or_create(
        id=job.pk,
        defaults={
            "company": job.company, "title": job.subject, "changes": asked["changes"], "months": asked["months"],
            "result": found.kept(), "actor": user,
        },
    )  # fmt: skip
    sums = found.sums()
    return {"differing": found.differing, **{m: sums[f"{m}_after"] - sums[f"{m}_before"] for m in playing.MEASURES}}


def _deliver(url: str, user: str, job: Job) -> dict[str, Any]:
    """Documents sent; files that are to be carried on are kept with the work."""

    def keep(name: str, content: bytes) -> None:
        Output.objects.create(job=job, name=name, content=content)

    asked = {name: job.options.get(name, "") for name in ("only", "resend", "why")}
    methods = tuple(job.options.get("methods", deliver.METHODS))
    closing = date.fromisoformat(job.options["closing"])
    done = deliver.deliver(
        url, deliver.Wanted(closing, **asked, methods=methods, keep=keep, seen=job.options.get("seen")), user=user
    )
    return {**done.figures, TOLD: done.told}


KINDS: Final = {
    "bill": Kind("請求の計算", "billing.run", STEPS["bill"], _bill),
    "match": Kind("自動消込", "matching.apply", STEPS["match"], _match),
    "recognize": Kind("収益認識", "revenue.recognize", STEPS["recognize"], _recognize),
    "close": Kind("月次締め", "closing.close", 12, _close),
    "verify": Kind("照合", "audit.read", STEPS["verify"], _verify),
    "import": Kind("取込", "imports.read", STEPS["receipts"], _import),
    SIMULATE: Kind("もしも計算", playing.RUN, playing.MORE_STEPS, _simulate),
    DELIVER: Kind("請求書の送付", deliver.PERMISSION, STEPS["deliver"], _deliver, SENT),
}


def ask(
    company: str,
    kind: str,
    *,
    subject: str,
    actor: str,
    options: dict[str, Any] | None = None,
    content: bytes | None = None,
    key: str = "",
) -> Job:
    """Ask for a piece of work and return it; the same key gives the piece asked for before."""
    if found := known(company, key):
        return found
    Output.objects.filter(made_at__lt=timezone.now() - KEPT).delete()
    told = options or {}
    steps = KINDS[kind].steps * int(told.get("parts", 1))  # so many for each part of the documents,
    return Job.objects.create(
        company=company, kind=kind, subject=subject, actor=actor, options=told, content=content, key=key,
        total=steps + int(told.get("months", 0)),  # and one for each month that is played
    )  # fmt: skip


def known(company: str, key: str) -> Job | None:
    """The piece of work that was asked for under the key."""
    return Job.objects.filter(company=company, key=key).first() if key else None


def output(company: str, number: int) -> Output | None:
    """The file of that number that work of the company made."""
    return Output.objects.select_related("job").filter(job__company=company, pk=number).first()


def going(company: str, kind: str, **options: Any) -> Job | None:
    """The work of that kind with those options that waits or is being done."""
    states = (Job.State.WAITING, Job.State.RUNNING)
    found = Job.objects.filter(company=company, kind=kind, state__in=states).order_by("id")
    return next((job for job in found if all(job.options.get(name) == value for name, value in options.items())), None)


def stop(job: Job) -> None:
    """Ask the work to stop at its next step; one that has not begun does not begin."""
    Job.objects.filter(pk=job.pk, state=Job.State.WAITING).update(state=Job.State.CANCELLED, ended_at=timezone.now())
    Job.objects.filter(pk=job.pk, state=Job.State.RUNNING).update(stop=True)


def again(job: Job) -> Job:
    """The same work once more."""
    return ask(
        job.company, job.kind, subject=job.subject, actor=job.actor, options=job.options,
        content=bytes(job.content) if job.content is not None else None,
    )  # fmt: skip


def work(
    books: Callable[[str], str],
    *,
    until: Callable[[], bool] = lambda: False,
    between: Callable[[], None] = lambda: None,
) -> None:
    """Do what is asked for, oldest first, for as long as ``until`` says no; what a dead worker left is given up.

    ``between`` is done whenever nothing waits.
    """
    left_behind()
    while not until():
        job = _taken()
        if job is None:
            time.sleep(TICK if _done(between) else REST)
            continue
        perform(job, books(job.company))


def _done(between: Callable[[], None]) -> bool:
    """Whether what is done between pieces of work went well; where it did not, the work goes on and it is tried again."""
    try:
        between()
    except Exception:
        LOG.exception("between")
        return False
    return True


def left_behind() -> None:
    """Mark as failed what a worker that is no more had begun, and say what of it stays."""
    for job in Job.objects.filter(state=Job.State.RUNNING):
        if job.pid == os.getpid() or not _alive(job.pid):
            _end(
                job,
                Job.State.FAILED,
                cause="途中で止まりました。",
                remedy=_left(job, "もう一度行ってください。"),
            )


def _alive(pid: int | None) -> bool:
    if pid is None:
        return False
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True


def _taken() -> Job | None:
    """The oldest waiting work, now ours."""
    with transaction.atomic():
        job = Job.objects.filter(state=Job.State.WAITING).order_by("id").first()
        if job is None:
            return None
        mine = Job.objects.filter(pk=job.pk, state=Job.State.WAITING).update(
            state=Job.State.RUNNING, pid=os.getpid(), started_at=timezone.now()
        )
    job.refresh_from_db()
    return job if mine else None


def perform(job: Job, url: str) -> None:
    """Do one piece of work and note what came of it; a refusal is its result, said in words."""
    try:
        with watched(lambda text: _step(job, text)):
            figures = KINDS[job.kind].do(url, job.actor, job)
            told = figures.pop(TOLD, [])
    except Stopped:
        _end(job, Job.State.CANCELLED, cause="取りやめました。", remedy=KINDS[job.kind].left)
    except Refusal as refusal:
        rows = [str(error) for error in refusal.errors] if isinstance(refusal, FileRefusal) else []
        _end(job, Job.State.FAILED, cause=refusal.cause, remedy=refusal.remedy, rows=rows[:MOST])
    except Exception as error:  # the worker goes on with the next; what happened is told, not hidden
        remedy = _left(job, "もう一度行っても同じなら、この文を添えて管理者に知らせてください。")
        _end(
            job,
            Job.State.FAILED,
            cause=f"思いがけない誤りで止まりました（{type(error).__name__}: {error}）。",
            remedy=remedy,
        )
        if not isinstance(error, ValueError | OSError | RuntimeError | KeyError):
            raise
    else:
        _end(job, Job.State.DONE, figures=figures, rows=told[:MOST])


def _left(job: Job, text: str) -> str:
    """What stays of work that broke off, and what to do."""
    kind = KINDS[job.kind]
    return f"{kind.left}{text if kind.left == UNDONE else ''}"


def _step(job: Job, text: str) -> None:
    job.done = min(job.done + 1, max(job.total - 1, 0))
    job.step = text
    Job.objects.filter(pk=job.pk).update(done=job.done, step=text)
    if Job.objects.filter(pk=job.pk, stop=True).exists():
        raise Stopped


def _end(job: Job, state: str, **found: Any) -> None:
    Job.objects.filter(pk=job.pk).update(
        state=state, ended_at=timezone.now(), content=None if state == Job.State.DONE else job.content,
        **({"done": job.total} if state == Job.State.DONE else {}), **found,
    )  # fmt: skip
