"""A served installation, as it runs: the web server and its worker in processes of their own, on each engine once.

Every test makes a company of its own in it, so that none sees what another left. What has tables is imported where it
is used: this file is read before Django is ready.
"""

from __future__ import annotations

import hashlib
import json
import os
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from email.message import Message
from itertools import count
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote, urlencode
from urllib.request import Request, urlopen

import psycopg
import pytest

from tests.conftest import ENGINES

SERVE = "from urikake.doors.cli import main; main()"
NUMBERS = count(1)


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Message
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


@dataclass(frozen=True)
class Served:
    """An installation that is served: the URL of its books, and the address at which it answers."""

    url: str
    address: str
    environment: dict[str, str] = field(repr=False)

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """One request; a body is sent as JSON, bytes as they are."""
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if data is not None:
            sent.setdefault("Content-Type", "application/json")
        request = Request(f"{self.address}{path}", data=data, method=method, headers=sent)
        try:
            with urlopen(request, timeout=60) as response:
                return Answer(response.status, response.headers, response.read().decode())
        except HTTPError as error:
            return Answer(error.code, error.headers, error.read().decode())

    def run(self, *words: str, code: str = "main") -> subprocess.CompletedProcess[str]:
        """One command line on the books of a company."""
        environment = self.environment | {"DATABASE_URL": f"{self.url}#{code}"}
        command = [sys.executable, "-c", SERVE, *words]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    def execute(self, statement: str, values: tuple[Any, ...]) -> None:
        """One statement on the sign-in tables."""
        if self.url.startswith("sqlite"):
            file = Path(self.url.removeprefix("sqlite:///")).with_name("urikake.signin.db")
            with closing(sqlite3.connect(file, timeout=20)) as connection, connection:
                connection.execute(statement.replace("%s", "?"), values)
        else:
            with psycopg.connect(self.url, options="-c search_path=signin") as connection:
                connection.execute(statement, values)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Place:
    """A company of a served installation, with people ``admin``, ``accountant``, … by role and a token of each."""

    served: Served
    code: str
    url: str

    def token(self, actor: str, *, scopes: str = "", expires: str | None = None, revoked: str | None = None) -> str:
        """A token that acts as the person; what it may do is all of the role's unless said otherwise."""
        text = f"urk_{self.code}_{actor}_{next(NUMBERS)}"
        digest = hashlib.sha256(text.encode()).hexdigest()
        self.served.execute(
            "INSERT INTO web_token (name, company, actor, scopes, digest, maker, made_at, expires_at, revoked_at)"
            " VALUES ('test', %s, %s, %s, %s, 'admin', '2026-01-01 00:00:00+00:00', %s, %s)",
            (self.code, actor, scopes or self.permissions(actor), digest, expires, revoked),
        )
        return text

    @staticmethod
    def permissions(actor: str) -> str:
        from urikake.base.access import PERMISSIONS

        return " ".join(p for p, roles in PERMISSIONS.items() if actor in roles) or "none"

    def ask(self, method: str, path: str, body: Any = None, *, by: str = "", token: str = "", **headers: str) -> Answer:
        """One request about the company by the person of a role (who reads: the accountant, who writes: the
        administrator), or with a token."""
        by = by or ("accountant" if method == "GET" else "admin")
        text = token or TOKENS.setdefault((self.url, by), "") or self._kept(by)
        return self.served.ask(method, f"/api/v1/{self.code}/{path}", body, Authorization=f"Bearer {text}", **headers)

    def _kept(self, by: str) -> str:
        TOKENS[self.url, by] = self.token(by)
        return TOKENS[self.url, by]

    def get(self, path: str, *, by: str = "accountant", **params: Any) -> Any:
        """What is read; it must be there."""
        spelt = urlencode({name.rstrip("_"): value for name, value in params.items()})
        answer = self.ask("GET", f"{path}?{spelt}" if spelt else path, by=by)
        assert answer.status == 200, answer.text
        return answer.json

    def post(self, path: str, body: Any, *, by: str = "admin", key: str = "", **headers: str) -> Answer:
        """What a write answers, under a fresh key unless one is given."""
        key = key or f"key-{next(NUMBERS)}"
        return self.ask("POST", path, body, by=by, **{"Idempotency-Key": key}, **headers)

    def finished(self, href: str, seconds: float = 30) -> dict[str, Any]:
        """The run at the address, once it has ended."""
        path = href.partition(f"/{self.code}/")[2]
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            found: dict[str, Any] = self.get(path)
            if found["state"] not in ("waiting", "running"):
                return found
            time.sleep(0.1)
        raise AssertionError(f"{path} did not end")


TOKENS: dict[tuple[str, str], str] = {}


def free_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(url: str, **more: str) -> dict[str, str]:
    """What a process of the installation is started with."""
    source = str(Path(__file__).parents[2] / "src")
    plain = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    return plain | {"DATABASE_URL": url, "PYTHONPATH": source, "URIKAKE_API_RATE": "1000000", **more}


def serve(url: str, folder: Path, **more: str) -> Iterator[Served]:
    """The installation, served until the generator goes on."""
    port, given = free_port(), environment(url, URIKAKE_SECRET_KEY="only-for-tests", **more)
    command = [sys.executable, "-c", SERVE, "serve", "--port", str(port), "--workers", "1"]
    with (folder / "served.log").open("wb") as log:
        process = subprocess.Popen(command, env=given, cwd=folder, stdout=log, stderr=log)
    try:
        _await(process, port, folder)
        yield Served(url, f"http://127.0.0.1:{port}", given)
    finally:
        process.terminate()
        process.wait(20)


def _await(process: subprocess.Popen[bytes], port: int, folder: Path) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until and process.poll() is None:
        try:
            with urlopen(f"http://127.0.0.1:{port}/api/v1/openapi.json", timeout=20):
                return
        except (OSError, HTTPError):
            time.sleep(0.1)
    raise AssertionError((folder / "served.log").read_text())


@pytest.fixture(scope="session", params=ENGINES)
def served(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Served]:
    """The installation on each engine."""
    from tests.builders import a_shop
    from urikake.base import connections

    folder = tmp_path_factory.mktemp("served")
    if request.param == "sqlite":
        copies: Callable[[Path], str] = request.getfixturevalue("sqlite_copies")
        url = copies(folder)
    else:
        url = request.getfixturevalue("postgresql_copies")()
    a_shop(f"{url}#main")
    connections.drop_all()
    yield from serve(url, folder)
    connections.drop_all()


@pytest.fixture
def place(served: Served) -> Place:
    """A fresh company with a shelf of products, partner ``P1``, and a person of every role."""
    from tests.builders import a_shop, users
    from urikake.base.access import ROLES

    code = f"c{next(NUMBERS)}"
    url = f"{served.url}#{code}"
    a_shop(url, second_person=["receivables", "reopen", "judgement"])
    users(url, **{role: role for role in ROLES})
    return Place(served, code, url)


def quoted(text: str) -> str:
    """A name as one part of an address."""
    return quote(text, safe="")
