"""Reports by name: what was asked for, checked, and answered in one read-only session."""

from __future__ import annotations

import inspect
from typing import Any, Final

from urikake.base import access, runs
from urikake.base.errors import Refusal
from urikake.rooms.reports.queries import READING, REPORTS, report
from urikake.rooms.reports.queries.rows import Rows

KNOWN: Final = "known_at"
SPELT: Final = {"since": "from", "until": "to", "from_month": "from"}


def answer(url: str, name: str, options: dict[str, Any], *, user: str = access.SYSTEM) -> Any:
    """The rows of the report as a list, or its one row; see `found`."""
    told = found(url, name, options, user=user)
    return list(told) if isinstance(told, Rows) else told


def found(url: str, name: str, options: dict[str, Any], *, user: str = access.SYSTEM) -> Any:
    """The rows of the report, or its one row; refused where it does not exist, the user may not see it, or an option is amiss.

    Reports that can be very long are `Rows`, which have their columns as a ``frame``.

    With ``known_at`` it is answered from what was recorded here by that instant. Reports of contracts have an option of
    that name of their own: what files say of when a change was registered (登録日時), be it before this database began.
    """
    if name not in REPORTS:
        raise Refusal("unknown-report", f"帳票「{name}」はありません。", f"{'・'.join(REPORTS)} から選んでください。")
    given = {key: value for key, value in options.items() if value is not None}
    wanted = list(inspect.signature(REPORTS[name]).parameters.values())[1:]
    known_at = None if KNOWN in {parameter.name for parameter in wanted} else given.pop(KNOWN, None)
    foreign = set(given) - {parameter.name for parameter in wanted}
    missing = [p.name for p in wanted if p.default is inspect.Parameter.empty and p.name not in given]
    if foreign:
        raise Refusal(
            "foreign-option", f"帳票 {name} に {_spelled(min(foreign))} は使えません。", "指定を外してください。"
        )
    if missing:
        raise Refusal("missing-option", f"帳票 {name} には {_spelled(missing[0])} が必要です。", "指定してください。")
    with runs.reading(url, user, known_at) as session:
        access.allow(session, READING[name])
        return report(session, name, **given)


def _spelled(name: str) -> str:
    return "--" + SPELT.get(name, name.replace("_", "-"))
