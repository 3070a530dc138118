"""Who may come in: tokens and their ends, sessions with their form key, scopes, companies, and how often."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from contextlib import contextmanager
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, Request, build_opener

import pytest

from tests.api.conftest import Place, environment, serve
from tests.builders import a_shop, users
from urikake.base import connections

PERSON = {"rows": [{"code": "P7", "name": "七商事"}]}


def test_a_call_without_a_name_is_asked_for_one(place: Place) -> None:
    for path in (f"/api/v1/{place.code}/partners", "/api/v1/companies", "/api/v1/nowhere/partners"):
        answer = place.served.ask("GET", path)
        assert (answer.status, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert place.served.ask("POST", "/api/v1/calculations/payer", {"name": "x"}).status == 401


@pytest.mark.parametrize(
    "token",
    ["Bearer urk_unknown", "Bearer", "Basic dTpw", "urk_unknown", "Bearer "],
)
def test_what_is_no_token_opens_nothing(place: Place, token: str) -> None:
    answer = place.served.ask("GET", f"/api/v1/{place.code}/partners", Authorization=token)
    assert answer.status == 401


def test_a_token_that_ended_opens_nothing(place: Place) -> None:
    for how in ({"expires": "2026-01-02 00:00:00+00:00"}, {"revoked": "2026-01-02 00:00:00+00:00"}):
        answer = place.ask("GET", "partners", token=place.token("accountant", **how))
        assert (answer.status, answer.json["code"]) == (401, "bad-token")
    assert (
        place.ask("GET", "partners", token=place.token("accountant", expires="2100-01-01 00:00:00+00:00")).status == 200
    )


def test_a_token_may_do_what_its_scopes_and_its_role_both_have(place: Place) -> None:
    narrow = place.token("accountant", scopes="partners.read")
    assert place.ask("GET", "partners", token=narrow).status == 200
    answer = place.ask("GET", "contracts", token=narrow)
    assert (answer.status, answer.json["code"]) == (403, "out-of-scope")
    wide = place.token("auditor", scopes="partners.read partners.import")
    refused = place.ask("POST", "partners", PERSON, token=wide, **{"Idempotency-Key": "k"})
    assert (refused.status, refused.json["code"]) == (403, "not-permitted")


def test_a_role_that_is_taken_away_closes_the_token(place: Place) -> None:
    token = place.token("billing")
    assert place.ask("GET", "contracts", token=token).status == 200
    users(place.url, billing="auditor")
    refused = place.ask("POST", "partners", PERSON, token=token, **{"Idempotency-Key": "k"})
    assert refused.status == 403


def test_no_token_reaches_another_company(place: Place) -> None:
    token = place.token("admin")
    for path in ("main/partners", "none/partners", "main/reports/trial-balance?as_of=2026-04-30"):
        answer = place.served.ask("GET", f"/api/v1/{path}", Authorization=f"Bearer {token}")
        assert (answer.status, answer.json["code"]) == (404, "no-company")
    mine = place.served.ask("GET", "/api/v1/companies", Authorization=f"Bearer {token}").json["items"]
    assert [company["code"] for company in mine] == [place.code]


def test_tokens_are_made_listed_and_revoked_on_the_command_line(place: Place) -> None:
    made = place.served.run(
        "token", "create", "会計連携", "--user", "accountant", "--scope", "journals.read", code=place.code
    )
    assert made.returncode == 0, made.stderr
    text = re.findall(r"urk_\S{43}", made.stdout)[0]
    assert place.ask("GET", "journals", token=text).status == 200
    assert place.ask("GET", "partners", token=text).status == 403
    listed = place.served.run("token", "list", "--format", "json", code=place.code).stdout
    assert "会計連携" in listed
    assert text not in listed
    number = re.findall(r"トークン (\d+)", made.stdout)[0]
    assert place.served.run("token", "revoke", number, code=place.code).returncode == 0
    assert place.ask("GET", "journals", token=text).status == 401
    for words, code in [
        (("--user", "nobody"), "unknown-user"),
        (("--user", "auditor", "--scope", "closing.close"), "scope-beyond-role"),
        (("--user", "admin", "--as", "sales"), "not-permitted"),
    ]:
        refused = place.served.run("token", "create", "x", *words, code=place.code)
        assert (refused.returncode, f"[{code}]" in refused.stderr) == (1, True), refused.stderr


class Browser:
    """A browser that signs in with a password and keeps its cookies."""

    def __init__(self, address: str) -> None:
        self.address, self.jar = address, CookieJar()
        self.opener = build_opener(HTTPCookieProcessor(self.jar))

    def cookie(self, name: str) -> str:
        return next((cookie.value or "" for cookie in self.jar if cookie.name == name), "")

    def send(self, path: str, data: bytes | None = None, **headers: str) -> int:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            with self.opener.open(Request(f"{self.address}{path}", data=data, headers=sent), timeout=30) as response:
                return int(response.status)
        except HTTPError as error:
            return error.code

    def sign_in(self, name: str, password: str) -> None:
        self.send("/accounts/login/")
        form = {"login": name, "password": password, "csrfmiddlewaretoken": self.cookie("csrftoken")}
        self.send("/accounts/login/", urlencode(form).encode())


ACCOUNT = """
from urikake.doors.web import prepare
prepare.main()
from django.contrib.auth import get_user_model
get_user_model().objects.create_user("hana", password="a long enough password")
"""


def test_a_session_reads_and_with_its_form_key_writes(sqlite_copies: Callable[[Path], str], tmp_path: Path) -> None:
    url = sqlite_copies(tmp_path)
    users(a_shop(f"{url}#main"), hana="billing")
    connections.drop_all()
    given = environment(url, URIKAKE_SECRET_KEY="only-for-tests")
    subprocess.run([sys.executable, "-c", ACCOUNT], env=given, check=True)
    with contextmanager(serve)(url, tmp_path, URIKAKE_API_RATE="8") as served:
        browser = Browser(served.address)
        browser.sign_in("hana", "a long enough password")
        partners, body = "/api/v1/main/partners", b'{"rows": [{"code": "P7", "name": "x"}]}'
        assert browser.send(partners) == 200
        headers = {"Content_Type": "application/json", "Idempotency_Key": "k1"}
        assert browser.send(partners, body, **headers) == 403
        assert browser.send(partners, body, **headers, X_CSRFToken=browser.cookie("csrftoken")) == 200
        assert 429 in [browser.send(partners) for _ in range(20)]
