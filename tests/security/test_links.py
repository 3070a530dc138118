"""Links to documents: who has one opens it without signing in; nobody else learns that there is anything to open."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

from tests.browser.conftest import Installation, books, own  # noqa: F401
from tests.security.test_web import Answer, Visitor
from tests.smtp import Post, office
from urikake.base import runs
from urikake.doors import deliver, links, mailing
from urikake.doors.deliver import Wanted
from urikake.doors.web.desk import today
from urikake.rooms.deliveries import queries

OCTOBER = date(2026, 10, 31)


def sent(url: str, address: str, post: Post, port: int, **more: str) -> tuple[str, str]:
    """A document of the demo that is sent by mail with a link only: its number and the path of the link."""
    told = {"host": "127.0.0.1", "port": port, "security": "none", "sender": "bill@example.jp", "enclose": "link"}
    mailing.change(url, told | {"public_url": address} | more)
    with runs.reading(url) as session:
        going, _ = deliver.plan(session, OCTOBER)
    number = next(row["number"] for row in going.iter_rows(named=True) if row["method"] == "email")
    assert deliver.deliver(url, Wanted(OCTOBER, only=number)).figures == {"sent": 1}
    ((_, message),) = post.taken[-1:]
    assert list(message.iter_attachments()) == []
    body = message.get_body(("plain",))
    assert body is not None
    link = next(line for line in body.get_content().splitlines() if line.startswith(address))
    return number, link.removeprefix(address)


def quiet(answer: Answer) -> bool:
    """Whether nobody on the way keeps the answer, and nothing of it is told further."""
    held = (answer.headers["Cache-Control"], answer.headers["Referrer-Policy"], answer.headers["Set-Cookie"])
    return held == ("private, no-store", "no-referrer", None) and "noindex" in answer.headers["X-Robots-Tag"]


def eventually(url: str, number: str, count: int) -> list[dict[str, object]]:
    """The openings of the document, once there are so many of them in the books."""
    from urikake.rooms.invoices import queries as invoices

    for _ in range(100):
        with runs.reading(url) as session:
            found = queries.opened(session, int(invoices.by_number(session, number)["invoice_id"][0]))
        if len(found) >= count:
            return found
        time.sleep(0.1)
    raise AssertionError(found)


def test_a_link_opens_what_was_sent_until_it_expires_or_is_taken_back(
    own: Installation,  # noqa: F811
    tmp_path: Path,
) -> None:
    url = f"sqlite:///{own.books}#demo"
    with office() as (post, port):
        number, path = sent(url, own.address, post, port)
        customer = Visitor(own.address)
        page = customer.ask(path, User_Agent="Mozilla/5.0 (customer)")
        assert (page.status, quiet(page)) == (200, True)
        assert number in page.text and "data:image/png" in page.text  # noqa: PT018
        file = customer.ask(f"{path}/pdf")
        assert (file.status, file.headers["Content-Type"], quiet(file)) == (200, "application/pdf", True)
        kept = eventually(url, number, 2)
        assert [(row["part"], row["address"], row["attempt"]) for row in kept] == [
            ("pdf", "127.0.0.1", 1),
            ("page", "127.0.0.1", 1),
        ]
        assert kept[1]["agent"] == "Mozilla/5.0 (customer)"
        with runs.reading(url) as session:
            row = queries.attempts(session).row(0, named=True)
        assert kept[0]["digest"] == row["digest"]  # the very bytes that were sent
        assert row["expires_on"] == today("x") + timedelta(days=30)

        _nobody_else_learns_anything(customer, url, path, str(row["link"]), tmp_path)
        assert len(eventually(url, number, 2)) == 2
        deliver.withdraw(url, number, "宛先の誤り")
        for each in (path, f"{path}/pdf"):
            gone = customer.ask(each)
            assert (gone.status, quiet(gone)) == (410, True)
            assert "取り消しました" in gone.text
            assert number not in gone.text
            assert "お問い合わせ" in gone.text
        number, path = sent(url, own.address, post, port, link_days="1")
        assert customer.ask(path).status == 200
        _age(own.books)
        late = customer.ask(path)
        assert late.status == 410
        assert "期限が切れました" in late.text


def _nobody_else_learns_anything(customer: Visitor, url: str, path: str, link: str, folder: Path) -> None:
    """An address made up, cut, carried to another company or signed by another key says nothing, and all say the same."""
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    foreign = links.signed(f"sqlite:///{elsewhere}/urikake.db", "demo", link)
    guessed = [f"/demo/d/{link}", f"{path[:-1]}", f"/other{path.removeprefix('/demo')}", f"/demo/d/{foreign}",
               f"/demo/d/{links.signed(url, 'demo', '0' * 32)}", "/nobody/d/x.y"]  # fmt: skip
    answers = [customer.ask(each) for each in guessed]
    assert {(each.status, quiet(each)) for each in answers} == {(404, True)}
    assert len({each.body for each in answers}) == 1
    assert "メールの差出人" in answers[0].text
    assert customer.ask(path, {"x": "1"}).status in (403, 405)


def test_whoever_asks_too_often_waits(own: Installation) -> None:  # noqa: F811
    visitor = Visitor(own.address)
    statuses = [visitor.ask("/demo/d/nothing.here").status for _ in range(130)]
    assert statuses[0] == 404
    assert statuses[-1] == 429
    assert "しばらくお待ちください" in visitor.ask("/demo/d/nothing.here").text


def _age(books: Path) -> None:  # noqa: F811
    """Let the links of the books have been sent forty days ago."""
    with closing(sqlite3.connect(books, timeout=20)) as connection, connection:
        connection.execute("DROP TRIGGER deliveries_delivery_no_update")
        connection.execute("UPDATE deliveries_delivery SET expires_on = '2020-01-01' WHERE link <> ''")
