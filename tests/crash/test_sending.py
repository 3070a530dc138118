"""Sending that is killed with SIGKILL, or done by two at once, over a real mail server: nothing is lost, nothing goes twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from datetime import date

from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.builders import a_line, a_shop, assert_coherent, bill, report, take_rows
from tests.smtp import Post, office
from urikake.doors import deliver, mailing
from urikake.doors.deliver import TOGETHER, Wanted

APRIL = date(2026, 4, 30)
COUNT = TOGETHER + 5
COMMAND = (sys.executable, "-c", "from urikake.doors.cli import main; main()", "deliver", "2026-04-30")


@dataclass
class Deadly(Post):
    """A mail server that kills the sender when it has taken so many letters, before it says that it has."""

    victim: int = 0
    after: int = 0

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        answer = await super().handle_DATA(server, session, envelope)
        if self.victim and len(self.taken) == self.after:
            os.kill(self.victim, signal.SIGKILL)
        return answer


def a_closing(url: str, port: int) -> None:
    """A company that bills so many customers for April, all of them by e-mail."""
    a_shop(url)
    codes = [f"K{at:03}" for at in range(COUNT)]
    mailed = {"closing_day": 31, "delivery": "email"}
    take_rows(url, "partners", [{"code": c, "name": c, "email": f"{c.lower()}@example.jp"} | mailed for c in codes])
    take_rows(url, "contracts", [a_line(f"C-{code}", partner=code) for code in codes])
    bill(url, "2026-04-30")
    mailing.change(url, {"host": "127.0.0.1", "port": port, "security": "none", "sender": "bill@example.jp"})


def sender(url: str) -> subprocess.Popen[bytes]:
    """A process that delivers the closing."""
    given = os.environ | {"DATABASE_URL": url, "PYTHONUTF8": "1"}
    return subprocess.Popen(COMMAND, env=given, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def states(url: str) -> Counter[str]:
    return Counter(row["state"] for row in report(url, "deliveries", closing="2026-04-30"))


def letters(post: Post) -> Counter[str]:
    return Counter(to for recipients, _ in post.taken for to in recipients)


def test_killed_in_the_middle_and_run_again_every_document_is_handed_over_once(database: str) -> None:
    with office(Deadly(after=TOGETHER - 4)) as (post, port):
        assert isinstance(post, Deadly)
        a_closing(database, port)
        killed = sender(database)
        post.victim = killed.pid
        killed.communicate(timeout=120)
        assert killed.returncode == -signal.SIGKILL
        assert states(database) == {"sending": TOGETHER, "waiting": 5}
        post.victim = 0
        again = sender(database)
        said = again.communicate(timeout=120)[1].decode()
        assert again.returncode == 1  # a person has to look at those that were on their way
        assert said.count("届いたか確かめ") == TOGETHER
        assert states(database) == {"sending": TOGETHER, "sent": 5}
        assert set(letters(post).values()) == {1}
        for row in report(database, "deliveries", closing="2026-04-30"):
            if row["recipients"] not in letters(post):  # the person asked, and it had not arrived
                wanted = Wanted(APRIL, resend=row["number"], why="届いていないと確認")
                assert deliver.deliver(database, wanted).figures == {"sent": 1}
        assert letters(post) == {f"k{at:03}@example.jp": 1 for at in range(COUNT)}
    assert_coherent(database)


def test_two_processes_at_once_send_each_document_once(database: str) -> None:
    with office() as (post, port):
        a_closing(database, port)
        both = [sender(database) for _ in range(2)]
        for each in both:
            said = each.communicate(timeout=120)[1].decode()
            assert each.returncode == 0, said
        assert letters(post) == {f"k{at:03}@example.jp": 1 for at in range(COUNT)}
        assert states(database) == {"sent": COUNT}
    assert_coherent(database)
