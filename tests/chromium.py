"""The browser for tests: the system's Chromium or Chrome, installed by ``python -m tests.chromium`` where there is none."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ON_MACOS = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
HOW = "Debian/Ubuntu は apt-get install chromium fonts-noto-cjk、macOS は Google Chrome を入れてください。"


def find() -> str | None:
    """The path of an installed browser; ``CHROMIUM`` names another."""
    given = os.environ.get("CHROMIUM")
    found = next(filter(None, map(shutil.which, NAMES)), None)
    return given or found or (str(ON_MACOS) if ON_MACOS.exists() else None)


def ensure() -> str:
    """The path of a browser, installed from the system's packages where there is none."""
    if found := find():
        return found
    if shutil.which("apt-get"):
        sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
        print("画面のテストのための Chromium を用意しています…", file=sys.stderr)
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL}
        subprocess.run([*sudo, "apt-get", "update", "-qq"], check=False, **quiet)
        install = ["apt-get", "install", "-qq", "--no-install-recommends", "chromium", "fonts-noto-cjk"]
        subprocess.run([*sudo, "env", "DEBIAN_FRONTEND=noninteractive", *install], check=False, **quiet)
    if found := find():
        return found
    raise SystemExit(f"画面のテストに使う Chromium がありません。{HOW}")


if __name__ == "__main__":
    print(ensure())
