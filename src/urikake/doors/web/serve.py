"""Serving: the sign-in tables, the web server and the worker, started together and stopped together."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Final

from urikake.base import schema
from urikake.base.errors import Refusal

WEB: Final = "urikake.doors.web"
GRACE: Final = 10
BEAT: Final = 0.5
LONGEST: Final = 60
"""Seconds that pass at the most before a worker is replaced that keeps dying, and that one must live not to count as such."""


def serve(url: str, *, port: int, workers: int, demo: bool, ready: Callable[[str], None]) -> None:
    """Serve the books on 127.0.0.1 until interrupted; ``ready`` is told the address once it answers."""
    if not schema.exists(url):
        why = "この場所には、まだ会社の帳簿がありません。"
        raise Refusal("no-company", why, "urikake demo で見本の会社を、urikake init で自社を作ってください。")
    schema.create(url)  # books of an older version are brought up to date first
    environment = os.environ | {
        "DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": f"{WEB}.settings",
        "URIKAKE_DEMO": "1" if demo else os.environ.get("URIKAKE_DEMO", ""),
    }
    subprocess.run([sys.executable, "-m", f"{WEB}.prepare"], env=environment, check=True)
    children = _started(environment, port, workers)
    signal.signal(signal.SIGTERM, _interrupted)
    try:
        _await(port, children[0])
        ready(f"http://127.0.0.1:{port}/")
        _watch(children, environment)
    except KeyboardInterrupt:
        pass
    finally:
        _ended(children)


def _interrupted(number: int, frame: object) -> None:
    raise KeyboardInterrupt


def _started(environment: dict[str, str], port: int, workers: int) -> list[subprocess.Popen[bytes]]:
    """The web server and the worker.

    One thread a web process: a frame is used by one thread at a time (decision 0004), and what a process remembers of the
    books is then always at hand.
    """
    server = [
        sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port),
        "--workers", str(workers), "--blocking-threads", "1", "--no-ws", "--log-level", "warning",
        "--respawn-failed-workers", f"{WEB}.wsgi:application",
    ]  # fmt: skip
    return [subprocess.Popen(server, env=environment), _worker(environment)]


def _worker(environment: dict[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", f"{WEB}.worker"], env=environment)


def _await(port: int, server: subprocess.Popen[bytes]) -> None:
    """Wait until the port answers; refused where the server ends instead."""
    import socket

    while server.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise Refusal("port-taken", f"ポート {port} で待ち受けられません。", "--port で別の番号を指定してください。")


def _watch(children: list[subprocess.Popen[bytes]], environment: dict[str, str]) -> None:
    """Stay while the server runs; a worker that died is replaced, one that keeps dying at ever longer intervals."""
    began, pause = time.monotonic(), BEAT
    while children[0].poll() is None:
        if children[1].poll() is not None:
            pause = min(pause * 2, LONGEST) if time.monotonic() - began < LONGEST else BEAT
            time.sleep(pause)
            children[1], began = _worker(environment), time.monotonic()
        time.sleep(BEAT)


def _ended(children: list[subprocess.Popen[bytes]]) -> None:
    for child in children:
        if child.poll() is None:
            child.terminate()
    for child in children:
        try:
            child.wait(GRACE)
        except subprocess.TimeoutExpired:
            child.kill()
