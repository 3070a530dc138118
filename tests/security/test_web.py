"""What every answer of the web carries, whom it refuses, and how often one may try; over HTTP, as anybody may ask."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.client import HTTPMessage
from http.cookiejar import CookieJar
from pathlib import Path
from typing import IO
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, HTTPRedirectHandler, OpenerDirector, Request, build_opener

import pytest

from tests.browser.conftest import Installation, books, own, served  # noqa: F401

TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


class Stay(HTTPRedirectHandler):
    """Shows a redirection instead of following it."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> None:
        return None


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: HTTPMessage
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


@dataclass
class Visitor:
    """Somebody with a cookie jar and nothing else."""

    address: str
    jar: CookieJar = field(default_factory=CookieJar)

    @property
    def opener(self) -> OpenerDirector:
        return build_opener(HTTPCookieProcessor(self.jar), Stay)

    def ask(self, path: str, form: dict[str, str] | None = None, **headers: str) -> Answer:
        """One request; with a form, a POST."""
        data = None if form is None else urlencode(form).encode()
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        request = Request(self.address + path, data=data, headers=sent)
        try:
            with self.opener.open(request, timeout=60) as answer:
                return Answer(answer.status, answer.headers, answer.read())
        except HTTPError as error:
            return Answer(error.code, error.headers, error.read())

    def send(self, page: str, to: str, /, **form: str) -> Answer:
        """A form, with the key of the page on which it stands."""
        found = TOKEN.search(self.ask(page).text)
        assert found is not None
        return self.ask(to, {"csrfmiddlewaretoken": found[1], **form}, Referer=self.address + page)


def signed_in(address: str, name: str) -> Visitor:
    """A person of the demo."""
    visitor = Visitor(address)
    assert visitor.send("/accounts/login/", "/demo/signin", name=name).status == 302
    return visitor


@pytest.fixture(name="sato")
def accountant(served: Installation) -> Visitor:  # noqa: F811
    return signed_in(served.address, "sato")


def test_not_even_the_right_password_opens_after_five_wrong_ones(own: Installation) -> None:  # noqa: F811
    known = "tadashii-kotoba-2026"
    made = (
        "import django; django.setup(); from urikake.doors.web.signin import account;"
        f" user = account('sato'); user.set_password({known!r}); user.save()"
    )
    environment = os.environ | {
        "DATABASE_URL": f"sqlite:///{own.books}", "DJANGO_SETTINGS_MODULE": "urikake.doors.web.settings",
        "PYTHONPATH": os.pathsep.join(sys.path),
    }  # fmt: skip
    subprocess.run([sys.executable, "-c", made], env=environment, check=True)
    page = "/accounts/login/"
    first = Visitor(own.address)
    assert first.send(page, page, login="sato", password=known).status == 302
    assert first.ask("/demo/").status == 200
    thief = Visitor(own.address)
    for n in range(5):
        assert thief.send(page, page, login="sato", password=f"wrong-{n}").status == 200
    refused = thief.send(page, page, login="sato", password=known)
    assert refused.status == 200
    assert "ログイン失敗が連続しています" in refused.text
    assert thief.ask("/demo/").status == 302
    assert first.ask("/demo/").status == 200, "who is inside stays inside"


def test_the_sixth_wrong_password_is_not_even_looked_at(served: Installation) -> None:  # noqa: F811
    visitor = Visitor(served.address)
    answers = [
        visitor.send("/accounts/login/", "/accounts/login/", login="sato", password=f"wrong-{n}") for n in range(6)
    ]
    assert all(
        "ユーザー名またはパスワード" in answer.text or "正しくありません" in answer.text for answer in answers[:5]
    )
    assert "ログイン失敗が連続しています" in answers[5].text
    assert visitor.ask("/demo/").status == 302


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/accounts/login/", 302), ("/accounts/2fa/", 200), ("/demo/", 200), ("/demo/contracts", 200),
        ("/demo/partners?format=csv", 200), ("/demo/contracts?as_of=x", 400), ("/demo/matching/apply", 405),
        ("/demo/audit", 200), ("/demo/settings/policies", 200),
        ("/demo/nothing-here", 404), ("/nowhere/", 404), ("/static/web/js/app.js", 200),
    ],
)  # fmt: skip
def test_every_answer_carries_the_headers(path: str, status: int, sato: Visitor) -> None:
    answer = sato.ask(path)
    assert answer.status == status
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    if not path.startswith("/static/"):
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert "unsafe" not in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["Referrer-Policy"] == "same-origin"
    if path.startswith("/demo/") and status in (200, 403):
        assert answer.headers["Cache-Control"] == "private, no-store"


def test_a_form_without_its_key_is_refused_in_japanese(sato: Visitor) -> None:
    answer = sato.ask("/demo/matching/run", {})
    assert answer.status == 403
    assert "何も保存されていません" in answer.text
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert sato.ask("/demo/views/save", {"csrfmiddlewaretoken": "x" * 64, "title": "a"}).status == 403


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(served: Installation) -> None:  # noqa: F811
    visitor = Visitor(served.address)
    answer = visitor.send("/accounts/login/", "/demo/signin", name="sato")
    cookie = next(c for c in answer.headers.get_all("Set-Cookie") or [] if c.startswith("sessionid="))
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


@pytest.mark.parametrize("https", ["1", ""])
def test_behind_https_the_cookies_ask_for_it(https: str, tmp_path: Path) -> None:
    shown = "from urikake.doors.web import settings as s; print(s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.SECURE_HSTS_SECONDS > 0)"
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(sys.path), "URIKAKE_HTTPS": https, "DATABASE_URL": f"sqlite:///{tmp_path}/urikake.db",
    }  # fmt: skip
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    found = subprocess.run([sys.executable, "-c", shown], env=environment, capture_output=True, text=True, check=True)
    assert found.stdout.split() == [str(bool(https))] * 3


@pytest.fixture
def evil(books: Path, tmp_path: Path) -> Iterator[Installation]:  # noqa: F811
    """A demo with a partner whose name a spreadsheet would compute."""
    import shutil

    copy = Path(shutil.copyfile(books, tmp_path / "urikake.db"))
    (tmp_path / "partners.csv").write_text('code,name\nEVIL,"=HYPERLINK(""http://example.invalid"")"\nEVIL2,@SUM(1)\n')
    environment = os.environ | {"DATABASE_URL": f"sqlite:///{copy}", "PYTHONPATH": os.pathsep.join(sys.path)}
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    command = [
        sys.executable, "-c", "from urikake.doors.cli import main; main()", "import", "partners", str(tmp_path / "partners.csv"),
    ]  # fmt: skip
    subprocess.run(command, env=environment, check=True, capture_output=True, cwd=tmp_path)
    found = Installation(copy)
    yield found
    found.end()


def test_a_name_that_is_a_formula_leaves_as_text(evil: Installation) -> None:
    sato = signed_in(evil.address, "sato")
    text = sato.ask("/demo/partners?q=evil&format=csv").body.decode("utf-8-sig")
    assert "'=HYPERLINK" in text
    assert "'@SUM" in text
    assert not re.search(r'(^|[,"])[=@]', text, re.MULTILINE)
    book = sato.ask("/demo/partners?q=evil&format=xlsx").body
    import io
    import zipfile

    with zipfile.ZipFile(io.BytesIO(book)) as parts:
        sheet = parts.read("xl/worksheets/sheet1.xml")
    assert b"<f>" not in sheet


def test_a_view_leads_nowhere_else_and_nobody_takes_away_anothers(sato: Visitor, served: Installation) -> None:  # noqa: F811
    saved = sato.send(
        "/demo/contracts?stage=ahead&cycle=x", "/demo/views/save", list="contracts", title="外へ", query="cycle=x", shared="1",
        path="//example.invalid/",
    )  # fmt: skip
    assert saved.status == 302
    assert saved.headers["Location"] == "/demo/example.invalid/?cycle=x"
    other = signed_in(served.address, "takahashi")
    page = other.ask("/demo/contracts?cycle=x").text
    assert "外へ" in page
    assert "この見え方を消す" not in page
    number = re.search(r"/demo/views/(\d+)/delete", sato.ask("/demo/contracts?cycle=x").text)
    assert number is not None
    gone = other.send("/demo/contracts?cycle=y", f"/demo/views/{number[1]}/delete", path="/demo/contracts")
    assert gone.headers["Location"].endswith("/demo/contracts?cycle=y")  # refused, back where it was asked
    assert "消せるのは、自分で保存した見え方だけです" in other.ask("/demo/contracts").text
    assert sato.send("/demo/contracts?cycle=x", f"/demo/views/{number[1]}/delete", path="/demo/contracts").status == 302
    assert "外へ" not in other.ask("/demo/contracts").text
