"""The browser for tests: the system's Chromium or Chrome, installed by ``python -m tests.chromium`` where there is none.

Debian has Chromium without a window as a package of its own; it starts and draws about three times as fast.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

SHELL = "chromium-headless-shell"
NAMES = (SHELL, "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ON_MACOS = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
HOW = "Debian は apt-get install chromium-headless-shell fonts-noto-cjk、Ubuntu は chromium、macOS は Google Chrome を入れてください。"


def find() -> str | None:
    """The path of an installed browser; ``CHROMIUM`` names another."""
    given = os.environ.get("CHROMIUM")
    found = next(filter(None, map(shutil.which, NAMES)), None)
    return given or found or (str(ON_MACOS) if ON_MACOS.exists() else None)


def ensure() -> str:
    """The path of a browser, installed from the system's packages where there is none."""
    if find() is None:
        prepare()
    if found := find():
        return found
    raise SystemExit(f"画面のテストに使う Chromium がありません。{HOW}")


def prepare() -> None:
    """Install the browser without a window where the system has such a package, else any where there is none."""
    if os.environ.get("CHROMIUM") or shutil.which(SHELL) or not shutil.which("apt-get"):
        return
    print("画面のテストのための Chromium を用意しています…", file=sys.stderr)
    packages([SHELL, "fonts-noto-cjk"])
    if find() is None:  # Ubuntu has no such package
        packages(["chromium", "fonts-noto-cjk"])


def packages(names: list[str]) -> None:
    """Install packages of the system; what comes of it is for the caller to see."""
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL}
    subprocess.run([*sudo, "apt-get", "update", "-qq"], check=False, **quiet)
    install = ["apt-get", "install", "-qq", "--no-install-recommends", *names]
    subprocess.run([*sudo, "env", "DEBIAN_FRONTEND=noninteractive", *install], check=False, **quiet)


if __name__ == "__main__":
    prepare()
    print(ensure())
