"""The Java that Spark runs on in tests: the system's, installed by ``python -m tests.java`` where there is none."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

OLDEST = 17
HOW = "Debian/Ubuntu は apt-get install openjdk-17-jre-headless、macOS は brew install openjdk@17 で入れてください。"


def find() -> str:
    """The path of a Java that is new enough; empty where there is none."""
    home = os.environ.get("JAVA_HOME")
    found = str(Path(home) / "bin" / "java") if home else shutil.which("java")
    return found if found and version(found) >= OLDEST else ""


def version(java: str) -> int:
    """The major version of the Java; 0 where it does not run."""
    try:
        said = subprocess.run([java, "-version"], capture_output=True, text=True, check=True).stderr
    except (OSError, subprocess.CalledProcessError):
        return 0
    number = re.search(r'version "(\d+)', said)
    return int(number.group(1)) if number else 0


def ensure() -> str:
    """The path of a Java, installed from the system's packages where there is none; empty where it cannot be had."""
    if found := find():
        return found
    if shutil.which("apt-get"):
        sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
        print("Spark のテストのための Java を用意しています…", file=sys.stderr)
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL}
        subprocess.run([*sudo, "apt-get", "update", "-qq"], check=False, **quiet)
        install = ["apt-get", "install", "-qq", "--no-install-recommends", "openjdk-17-jre-headless"]
        subprocess.run([*sudo, "env", "DEBIAN_FRONTEND=noninteractive", *install], check=False, **quiet)
    return find()


if __name__ == "__main__":
    if not ensure():
        print(f"Java {OLDEST} 以上がないため、Spark のテストは飛ばします。{HOW}", file=sys.stderr)
