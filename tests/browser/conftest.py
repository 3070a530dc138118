"""A small demo company, served; a browser; and somebody of each role who has signed in."""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.chromium import ensure

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
]
SCALE = 0.08
MAKE = (
    "from pathlib import Path; from urikake.base.loading import load; load();"
    " from urikake.doors.demo_company.making import make"
)
SERVE = "from urikake.doors.cli import main; main()"


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def books(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The books of a small demo company on its closing day: made by the first worker that asks, for all of them."""
    shared = os.environ.get("PYTEST_XDIST_WORKER") is not None
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if shared else base) / "demo"
    with (folder.parent / "demo.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            _make(folder.parent / "demo.part")
            (folder.parent / "demo.part").rename(folder)
    own = tmp_path_factory.mktemp("demo")  # what is served is written to, if only who signed in
    return Path(shutil.copyfile(folder / "urikake.db", own / "urikake.db"))


def _make(folder: Path) -> None:
    folder.mkdir()
    made = f"list(make('sqlite:///{folder}/urikake.db', Path({str(folder)!r}), scale={SCALE}))"
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(sys.path)
    }  # a process of its own: Playwright runs a loop in ours
    subprocess.run([sys.executable, "-c", f"{MAKE}; {made}"], env=environment, check=True, cwd=folder, timeout=300)


class Installation:
    """The served demo: its address, its books, and the process that serves it."""

    def __init__(self, books: Path) -> None:
        self.books = books
        self.address = f"http://127.0.0.1:{free_port()}"
        port = self.address.rpartition(":")[2]
        environment = os.environ | {"DATABASE_URL": f"sqlite:///{books}", "PYTHONPATH": os.pathsep.join(sys.path)}
        environment.pop("DJANGO_SETTINGS_MODULE", None)
        command = [sys.executable, "-c", SERVE, "serve", "--demo", "--port", port, "--workers", "1"]
        self.process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True, cwd=books.parent)
        assert self.process.stdout is not None
        assert self.address in self.process.stdout.readline()

    def end(self) -> None:
        """Stop serving."""
        self.process.terminate()
        self.process.wait(20)
        assert self.process.stdout is not None
        self.process.stdout.close()


@pytest.fixture(scope="session")
def served(books: Path) -> Iterator[Installation]:
    """The demo, served for all tests that only look."""
    found = Installation(books)
    yield found
    found.end()


@pytest.fixture
def own(books: Path, tmp_path: Path) -> Iterator[Installation]:
    """A demo of one's own, for tests that write."""
    found = Installation(Path(shutil.copyfile(books, tmp_path / "urikake.db")))
    yield found
    found.end()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The browser."""
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=ensure(), args=FLAGS)
        yield found
        found.close()


def signed_in(browser: Browser, installation: Installation, name: str, **options: object) -> BrowserContext:
    """A context in which the person has signed in by the demo's button."""
    context = browser.new_context(locale="ja-JP", base_url=installation.address, **options)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto("/accounts/login/")
    page.locator(f'button[name="name"][value="{name}"]').click()
    page.wait_for_url("**/demo/")
    page.close()
    return context


@pytest.fixture(scope="session")
def person(browser: Browser, served: Installation) -> Callable[[str], BrowserContext]:
    """Somebody of the demo, signed in once for all tests that only look."""
    kept: dict[str, BrowserContext] = {}

    def sign_in(name: str) -> BrowserContext:
        if name not in kept:
            kept[name] = signed_in(browser, served, name, viewport={"width": 1366, "height": 768})
        return kept[name]

    return sign_in


@pytest.fixture
def sato(person: Callable[[str], BrowserContext]) -> Iterator[Page]:
    """A page of the accountant, which must leave no error in the console."""
    page = person("sato").new_page()
    wrong: list[str] = []
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    yield page
    page.close()
    assert wrong == []
