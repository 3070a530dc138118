"""Deliveries: sent as told and once only, over a real mail server; what did not arrive is known, and why."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from datetime import date
from email.message import EmailMessage
from pathlib import Path
from threading import Thread

import pytest

from tests.builders import a_contract, a_partner, a_shop, bill, report, take_rows, users
from tests.smtp import Post, office
from urikake.base import runs
from urikake.base.errors import FileRefusal, Refusal
from urikake.base.progress import watched
from urikake.doors import deliver, letters, links, mailing, month, people, returned
from urikake.doors.deliver import Wanted
from urikake.doors.documents import asked, typesetting
from urikake.rooms.deliveries import queries

APRIL = date(2026, 4, 30)


@pytest.fixture
def post(database: str) -> Iterator[Post]:
    """A mail server that the company ``database`` sends through: three customers by e-mail, billed for April."""
    a_shop(database)
    for at in (1, 2, 3):
        a_partner(database, f"P{at}", email=f"p{at}@example.jp", delivery="email")
        a_contract(database, f"C{at}", partner=f"P{at}")
    bill(database, "2026-04-30")
    with office() as (handler, port):
        told = {
            "host": "127.0.0.1",
            "port": port,
            "security": "none",
            "sender": "bill@example.jp",
            "sender_name": "経理",
        }
        mailing.change(database, told)
        yield handler


def states(url: str) -> dict[str, str]:
    """The state of each document of April by its partner."""
    return {row["partner"]: row["state"] for row in report(url, "deliveries", closing="2026-04-30")}


def number(url: str, partner: str) -> str:
    (found,) = [row["number"] for row in report(url, "deliveries", closing="2026-04-30") if row["partner"] == partner]
    return str(found)


def test_a_letter_bears_what_was_told_and_exactly_the_pdf(database: str, post: Post) -> None:
    done = deliver.deliver(database, Wanted(APRIL))
    assert done.figures == {"sent": 3}
    assert done.told == []
    to, message = next(each for each in post.taken if each[0] == ["p1@example.jp"])
    invoice = number(database, "P1")
    assert (message["To"], message["From"]) == ("p1@example.jp", "経理 <bill@example.jp>")
    assert message["Subject"] == f"請求書 {invoice} のご送付（株式会社テスト）"
    body = message.get_body(("plain",))
    assert body is not None
    assert "P1商事 御中" in body.get_content()
    assert "11,000円" in body.get_content()
    (file,) = message.iter_attachments()
    assert file.get_filename() == f"{invoice}.pdf"
    assert file.get_content() == typesetting.pdf(asked.found(database, "invoice", ref=invoice))
    (row,) = [row for row in report(database, "deliveries", closing="2026-04-30") if row["partner"] == "P1"]
    assert row["digest"] == hashlib.sha256(file.get_content()).hexdigest()
    assert (row["message_id"], row["recipients"]) == (message["Message-ID"], to[0])


def test_a_summary_goes_out_with_the_delivery_notes_that_are_the_qualified_invoices(database: str, post: Post) -> None:
    a_partner(database, "P1", email="p1@example.jp", delivery="email", tax_unit="delivery_note")
    a_contract(database, "C9", partner="P1")
    bill(database, "2026-05-31")
    assert deliver.deliver(database, Wanted(date(2026, 5, 31))).figures == {"sent": 3}
    (message,) = [message for to, message in post.taken if to == ["p1@example.jp"]]
    (file,) = message.iter_attachments()
    told = asked.found(database, "invoice", ref=file.get_filename().removesuffix(".pdf"))
    assert [paper["kind"] for paper in told.papers] == ["invoice", "delivery", "delivery"]
    assert file.get_content() == typesetting.pdf(told)


def test_what_was_sent_is_not_sent_again_but_for_a_reason(database: str, post: Post) -> None:
    deliver.deliver(database, Wanted(APRIL))
    assert deliver.deliver(database, Wanted(APRIL)).figures == {}
    with pytest.raises(Refusal) as refused:
        deliver.deliver(database, Wanted(APRIL, resend=number(database, "P1"), why=" "))
    assert refused.value.code == "no-reason"
    deliver.deliver(database, Wanted(APRIL, resend=number(database, "P1"), why="紛失のため"))
    assert len(post.taken) == 4
    (row,) = [row for row in report(database, "deliveries", closing="2026-04-30") if row["partner"] == "P1"]
    assert (row["attempt"], row["why"], row["state"]) == (2, "紛失のため", "sent")


def test_what_was_taken_back_before_it_left_is_not_sent_and_what_takes_its_place_is(database: str, post: Post) -> None:
    month.cancel_invoice(database, number(database, "P1"), why="宛名の誤り", reissue=True)
    assert deliver.deliver(database, Wanted(APRIL)).figures == {"sent": 3}
    told = {
        (row["number"][:3], row["partner"]): row["state"]
        for row in report(database, "deliveries", closing="2026-04-30")
    }
    assert told == {
        ("INV", "P1"): "taken_back", ("RET", "P1"): "taken_back", ("REV", "P1"): "sent", ("INV", "P2"): "sent", ("INV", "P3"): "sent",
    }  # fmt: skip
    month.cancel_invoice(database, number(database, "P2"), why="金額の誤り")
    assert deliver.deliver(database, Wanted(APRIL)).figures == {
        "sent": 1
    }  # it was seen, so its return is to be seen too


def test_paper_and_files_do_not_wait_for_a_mail_server(database: str, post: Post, tmp_path: Path) -> None:
    a_partner(database, "P2", delivery="paper", address="東京都千代田区架空町1-1")
    mailing.change(database, {"port": 1})
    done = deliver.deliver(database, Wanted(APRIL, output=tmp_path / "post.pdf"))
    assert done.figures == {"printed": 1, "waiting": 2}
    assert "つながりません" in done.told[-1]
    assert (tmp_path / "post.pdf").exists()
    with pytest.raises(Refusal, match="no-mail-server"):
        deliver.deliver(database, Wanted(APRIL))


def test_one_refused_recipient_does_not_keep_the_others(database: str, post: Post) -> None:
    post.refused.add("p2@example.jp")
    done = deliver.deliver(database, Wanted(APRIL))
    assert done.figures == {"sent": 2, "failed": 1}
    assert "550 no such user" in done.told[0]
    assert states(database) == {"P1": "sent", "P2": "failed", "P3": "sent"}
    post.refused.clear()
    assert deliver.deliver(database, Wanted(APRIL)).figures == {"sent": 1}


def test_of_several_addresses_the_refused_one_is_told(database: str, post: Post) -> None:
    a_partner(database, "P1", email="p1@example.jp; gone@example.jp", delivery="email")
    post.refused.add("gone@example.jp")
    done = deliver.deliver(database, Wanted(APRIL))
    assert done.figures == {"sent": 2, "partial": 1}
    assert "gone@example.jp" in done.told[0]
    assert deliver.deliver(database, Wanted(APRIL)).figures == {"partial": 1}


def test_without_a_server_nothing_is_claimed(database: str, post: Post) -> None:
    mailing.change(database, {"port": 1})
    with pytest.raises(Refusal) as refused:
        deliver.deliver(database, Wanted(APRIL))
    assert refused.value.code == "no-mail-server"
    assert set(states(database).values()) == {"waiting"}


def test_who_is_killed_before_the_outcome_leaves_it_on_its_way(
    database: str, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(deliver._Office, "tell", lambda *_: None)  # what a kill leaves: claimed and sent, nothing told
        deliver.deliver(database, Wanted(APRIL, only=number(database, "P1")))
    assert states(database)["P1"] == "sending"
    done = deliver.deliver(database, Wanted(APRIL))
    assert done.figures == {"sending": 1, "sent": 2}
    assert len(post.taken) == 3
    deliver.deliver(database, Wanted(APRIL, resend=number(database, "P1"), why="届いていないと確認"))
    assert states(database)["P1"] == "sent"


def test_two_senders_at_once_send_each_document_once(database: str, post: Post) -> None:
    failed: list[BaseException] = []

    def send() -> None:
        try:
            deliver.deliver(database, Wanted(APRIL))
        except BaseException as error:
            failed.append(error)

    senders = [Thread(target=send) for _ in range(2)]
    for each in senders:
        each.start()
    for each in senders:
        each.join()
    assert not failed
    assert sorted(to[0] for to, _ in post.taken) == ["p1@example.jp", "p2@example.jp", "p3@example.jp"]


def test_what_came_back_waits_for_a_person(database: str, post: Post) -> None:
    invoice = number(database, "P1")
    with pytest.raises(Refusal) as refused:
        deliver.bounce(database, invoice, "宛先不明")
    assert refused.value.code == "not-delivered"
    deliver.deliver(database, Wanted(APRIL))
    deliver.bounce(database, invoice, "宛先不明")
    assert deliver.deliver(database, Wanted(APRIL)).figures == {"bounced": 1}
    deliver.deliver(database, Wanted(APRIL, resend=invoice, why="新しいアドレスへ"))
    assert states(database)["P1"] == "sent"


def test_who_has_no_address_is_told_and_keeps_nobody(database: str, post: Post, tmp_path: Path) -> None:
    a_partner(database, "P2", email="", delivery="email")
    a_partner(database, "P3", delivery="paper")
    done = deliver.deliver(database, Wanted(APRIL, output=tmp_path / "post.pdf"))
    assert done.figures == {"no_address": 2, "sent": 1}
    assert (states(database)["P2"], states(database)["P3"]) == ("no_address", "no_address")
    assert ["メールアドレス" in done.told[0], "住所" in done.told[1]] == [True, True]
    with pytest.raises(Refusal, match="no-address"):
        deliver.deliver(
            database, Wanted(APRIL, resend=number(database, "P3"), why="届いていない", output=tmp_path / "x.pdf")
        )


def test_paper_is_one_file_and_claimed_once(database: str, post: Post, tmp_path: Path) -> None:
    for at in (1, 2):
        a_partner(database, f"P{at}", delivery="paper", address="東京都千代田区架空町1-1")
    assert deliver.deliver(database, Wanted(APRIL)).figures == {"sent": 1, "waiting": 2}
    file = tmp_path / "post.pdf"
    assert deliver.deliver(database, Wanted(APRIL, output=file)).figures == {"printed": 2}
    rows = [row for row in report(database, "deliveries", closing="2026-04-30") if row["method"] == "paper"]
    assert {row["digest"] for row in rows} == {hashlib.sha256(file.read_bytes()).hexdigest()}
    assert deliver.deliver(database, Wanted(APRIL, output=file)).figures == {}
    with pytest.raises(Refusal) as refused:
        deliver.deliver(database, Wanted(APRIL, resend=rows[0]["number"], why="雨にぬれた", output=file))
    assert refused.value.code == "file-exists"


def test_an_e_invoice_goes_into_the_folder_or_its_reason_is_told(database: str, post: Post, tmp_path: Path) -> None:
    a_partner(database, "P1", delivery="peppol", peppol_id="0188:7000012050002")
    done = deliver.deliver(database, Wanted(APRIL, folder=tmp_path, only=number(database, "P1")))
    assert done.figures == {"failed": 1}  # the company has no registration number
    assert "peppol-unregistered" in done.told[0]
    assert states(database)["P1"] == "waiting"


def test_a_preview_sends_and_records_nothing(database: str, post: Post) -> None:
    assert deliver.deliver(database, Wanted(APRIL), preview=True).figures == {"email": 3}
    assert post.taken == []
    assert set(states(database).values()) == {"waiting"}


@pytest.mark.parametrize(
    ("role", "allowed"), [("billing", True), ("accountant", True), ("sales", False), ("auditor", False)]
)
def test_who_may_send(database: str, post: Post, role: str, allowed: bool, tmp_path: Path) -> None:
    users(database, hana=role)
    if allowed:
        assert deliver.deliver(database, Wanted(APRIL), user="hana").figures == {"sent": 3}
        return
    for attempt in (
        lambda: deliver.deliver(database, Wanted(APRIL), user="hana"),
        lambda: deliver.withdraw(database, number(database, "P1"), "誤り", user="hana"),
        lambda: returned.bounces(database, tmp_path, user="hana"),
        lambda: letters.try_out(database, "hana@example.jp", user="hana"),
    ):
        with pytest.raises(Refusal) as refused:
            attempt()
        assert refused.value.code == "not-permitted"
    assert post.taken == []


def test_no_header_comes_in_by_a_name_or_an_address(database: str, post: Post) -> None:
    for text in ("a@example.jp\r\nBcc: x@example.jp", "a@example.jp,b@example.jp", "名前 <a@example.jp>"):
        with pytest.raises(FileRefusal):
            take_rows(database, "partners", [{"code": "P9", "name": "九", "closing_day": 31, "email": text}])
    with pytest.raises(Refusal) as refused:
        mailing.change(database, {"subject": "請求書\r\nBcc: x@example.jp"})
    assert refused.value.code == "mail-setting"
    letter = mailing.Letter(["a@example.jp"], "<1@example.jp>", "A\r\nBcc: x@example.jp", "本文")
    assert "Bcc" not in mailing._message(mailing.settings(database) | {"sender": "b@example.jp"}, letter).message()


def test_the_settings_are_tried_on_oneself(database: str, post: Post) -> None:
    letters.try_out(database, "me@example.jp")
    assert post.taken[0][0] == ["me@example.jp"]
    post.refused.add("me@example.jp")
    with pytest.raises(Refusal) as refused:
        letters.try_out(database, "me@example.jp")
    assert refused.value.code == "not-sent"


def test_a_user_needs_the_password_from_the_surroundings(
    database: str, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(mailing.PASSWORD, raising=False)
    mailing.change(database, {"user": "bill"})
    with pytest.raises(Refusal) as refused:
        deliver.deliver(database, Wanted(APRIL))
    assert refused.value.code == "no-mail-password"
    assert set(states(database).values()) == {"waiting"}


def body(message: EmailMessage) -> str:
    """The text of a mail."""
    found = message.get_body(("plain",))
    assert found is not None
    return str(found.get_content())


def test_each_kind_of_document_has_a_text_of_its_own(database: str, post: Post) -> None:
    mailing.change(database, {"reply_to": "keiri@example.jp"})
    invoice = number(database, "P1")
    assert deliver.deliver(database, Wanted(APRIL)).figures == {"sent": 3}
    told = month.cancel_invoice(database, invoice, why="宛先の誤り", reissue=True)
    assert deliver.deliver(database, Wanted(APRIL)).figures == {"sent": 2}
    mails = {str(message["Subject"]).split()[1]: message for _, message in post.taken}
    assert {message["Reply-To"] for message in mails.values()} == {"keiri@example.jp"}
    back, revised = body(mails[told["returned"]]), body(mails[told["revised"][0]])
    assert f"もとの請求書: {invoice}" in back
    assert "ご返金・値引の額: 11,000円" in back
    assert "お支払期日" not in back
    assert f"請求書 {invoice} に誤りがありました" in revised


def test_a_mail_may_bear_a_link_that_is_signed_for_its_company(
    database: str, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(links.KEY, raising=False)
    mailing.change(database, {"enclose": "both", "public_url": "https://bill.example.jp/"})
    if database.startswith("postgresql"):  # the server that opens links may run elsewhere: it needs the same key
        with pytest.raises(Refusal) as refused:
            deliver.deliver(database, Wanted(APRIL))
        assert refused.value.code == "no-link-key"
        assert set(states(database).values()) == {"waiting"}
    monkeypatch.setenv(links.KEY, "only-for-tests")
    assert deliver.deliver(database, Wanted(APRIL)).figures == {"sent": 3}
    texts = "".join(body(message) for _, message in post.taken)
    found = re.findall(r"https://bill[.]example[.]jp/main/d/(\S+)", texts)
    with runs.reading(database) as session:
        kept = set(queries.attempts(session)["link"])
    assert {links.read(database, "main", token) for token in found} == kept
    assert len(kept) == 3
    assert {links.read(database, "other", token) for token in found} == {None}
    row = report(database, "deliveries", closing="2026-04-30")[0]
    assert (len(row["link_until"]), row["opened"]) == (10, 0)
    deliver.withdraw(database, row["number"], "誤り")
    with pytest.raises(Refusal) as refused:
        deliver.withdraw(database, row["number"], "誤り")
    assert refused.value.code == "no-link"


def test_work_that_is_asked_for_twice_does_not_send_twice(database: str, post: Post) -> None:
    invoice = number(database, "P1")
    deliver.deliver(database, Wanted(APRIL, only=invoice))
    with runs.reading(database) as session:
        asked_for = deliver.again(session, invoice, "紛失")
    wanted = Wanted(APRIL, resend=invoice, why="紛失", seen=asked_for["seen"])
    deliver.deliver(database, wanted)
    with pytest.raises(Refusal) as refused:
        deliver.deliver(database, wanted)
    assert refused.value.code == "delivered-meanwhile"
    people.add(database, "kanri", "admin")
    with pytest.raises(Refusal) as refused:
        letters.try_on_self(database, number=invoice, values={}, user="kanri")
    assert refused.value.code == "no-own-address"
    assert len(post.taken) == 2


class Stopped(Exception):
    """Somebody asked the work to stop."""


def test_work_that_is_stopped_at_any_step_leaves_nothing_on_its_way(
    database: str, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliver, "TOGETHER", 1)
    for at in range(1, 20):
        steps = iter(range(at))

        def step(_: str, steps: Iterator[int] = steps) -> None:
            if next(steps, None) is None:
                raise Stopped

        try:
            with watched(step):
                deliver.deliver(database, Wanted(APRIL))
        except Stopped:
            pass
        else:
            break
        assert set(states(database).values()) <= {"waiting", "sent"}
    assert set(states(database).values()) == {"sent"}
    assert len(post.taken) == 3
