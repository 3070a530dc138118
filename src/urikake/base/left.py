"""What a process remembered of a large company's books, left for the next one: frames in the cache folder of the user.

It is only ever a shorter way to what stands in the books: `memory.recall` takes it up where the hash chain still holds
the link up to which it was read, and anything that is missing, unreadable or made by another version of the program is
as if it had not been left. Every database and company has a folder of its own with one Arrow file a frame, and an index
that names them with their digests; files are never written twice, so that a process may go on reading what another has
replaced. A folder that is somebody else's, or that others may enter, is not read and not written.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import shutil
import time
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

import polars as pl

LARGE: Final = 100_000
"""A company without a frame of so many rows is read and reckoned anew as fast as it is looked up."""
MOST: Final = 8
"""So many companies are kept; those not used for longest go first."""
VARIABLE: Final = "URIKAKE_CACHE"
_INDEX: Final = "index.json"
_OURS: Final = re.compile(r"[0-9a-f]{24}-\d+")
"""How the folders are called: whatever else stands beside them is somebody else's."""
_FILE: Final = re.compile(r"[0-9a-f]{16}\.arrow")
_SPARE_SECONDS: Final = 600  # nobody takes longer from writing a frame to naming it in the index

Key = tuple[str, ...]
Stamp = tuple[int, ...]
Files = dict[str, str]
"""The files of a value, each with its digest."""


@dataclass
class Left:
    """What stands in the folder of one company: by key the stamp of a value, its files, and whether it is a tuple."""

    folder: Path | None = None
    link_id: int = 0
    head: str = ""
    entries: dict[Key, tuple[Stamp, Files, bool]] = field(default_factory=dict)

    def get(self, key: Key) -> tuple[Stamp, Any] | None:
        """The stamp and the value of the key, None where there is none that can be read."""
        if self.folder is None or key not in self.entries:
            return None
        stamp, files, several = self.entries[key]
        try:
            frames = [_read(self.folder / file, digest) for file, digest in files.items()]
        except (OSError, pl.exceptions.PolarsError):
            del self.entries[key]
            return None
        return stamp, tuple(frames) if several else frames[0]


def found(place: str, company_id: int) -> Left:
    """What was left of the company of the database at the place by this version of the program."""
    folder = _folder(place, company_id)
    if folder is None or not _trusted(folder):
        return Left()
    try:
        told = json.loads((folder / _INDEX).read_text(encoding="utf-8"))
        if told["program"] != _program():
            return Left(folder)
        entries = dict(_entry(*each) for each in told["entries"])
        os.utime(folder / _INDEX)  # those not used for longest go first
        return Left(folder, int(told["link_id"]), str(told["head"]), entries)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return Left(folder)


def _trusted(folder: Path) -> bool:
    """Whether the folder is the user's and nobody else's, or is not there yet."""
    try:
        told = folder.stat()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return os.name != "posix" or (told.st_uid == os.getuid() and told.st_mode & 0o077 == 0)


def _entry(key: list[str], stamp: list[int], files: Files, several: bool) -> tuple[Key, tuple[Stamp, Files, bool]]:
    """An entry of the index; ``ValueError`` where it is none that this program writes."""
    if not files or (len(files) > 1 and not several) or not all(_FILE.fullmatch(file) for file in files):
        raise ValueError(files)
    return tuple(map(str, key)), (tuple(map(int, stamp)), files, bool(several))


def _read(file: Path, digest: str) -> pl.DataFrame:
    """The frame in the file; ``OSError`` where it is not what was written."""
    if _digest(file) != digest:
        raise OSError(f"{file.name}: not as it was left")
    return pl.read_ipc(file)


def _digest(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def leave(left: Left, link_id: int, head: str, values: dict[Key, tuple[Stamp, Any]]) -> None:
    """Write the frames among the values beside what of ``left`` still stands; the chain's last link dates them.

    Nothing is written where none is large or new, where what stands there is newer, or where the disk has no room.
    """
    folder, frames = left.folder, {key: value for key, value in values.items() if _frames(value[1])}
    new = {key: value for key, value in frames.items() if not _stands(left, key, value)}
    large = any(frame.height >= LARGE for _, held in frames.values() for frame in _frames(held))
    if folder is None or not new or not large:
        return
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not _trusted(folder) or _index_link(folder) > link_id:
            return
        entries = dict(left.entries) | {key: _written(folder, value) for key, value in new.items()}
        told = {
            "program": _program(),
            "link_id": link_id,
            "head": head,
            "entries": [[key, stamp, files, several] for key, (stamp, files, several) in entries.items()],
        }
        fresh = folder / f"{secrets.token_hex(8)}.json"
        fresh.write_text(json.dumps(told), encoding="utf-8")
        fresh.replace(folder / _INDEX)
        _tidy(folder, {file for _, files, _ in entries.values() for file in files})
    except (OSError, pl.exceptions.PolarsError):
        return


def drop(place: str) -> None:
    """Remove what was left of every company of the database at the place."""
    root = _root()
    if root is not None:
        for folder in root.glob(f"{_name(place)}-*"):
            shutil.rmtree(folder, ignore_errors=True)


def _stands(left: Left, key: Key, value: tuple[Stamp, Any]) -> bool:
    """Whether the value is there already; a table that grew by little is read on from what is there."""
    stamp, held = value
    before = left.entries.get(key)
    if before is None or before[0] == stamp:
        return before is not None
    rows = sum(frame.height for frame in _frames(held))
    return len(key) > 1 and 0 <= stamp[0] - before[0][0] < rows // 8


def _frames(held: Any) -> list[pl.DataFrame]:
    """The frames that a value consists of; none where it is anything else, or holds what no file can."""
    several = held if type(held) is tuple else (held,)  # one that has names is a thing of its own
    return list(several) if all(isinstance(p, pl.DataFrame) and pl.Object not in p.dtypes for p in several) else []


def _written(folder: Path, value: tuple[Stamp, Any]) -> tuple[Stamp, Files, bool]:
    stamp, held = value
    files = {}
    for frame in _frames(held):
        file = folder / f"{secrets.token_hex(8)}.arrow"
        frame.write_ipc(file)
        files[file.name] = _digest(file)
    return stamp, files, type(held) is tuple


def _index_link(folder: Path) -> int:
    """Up to which link what stands in the folder was read; -1 where it is of another version, or nothing."""
    try:
        told = json.loads((folder / _INDEX).read_text(encoding="utf-8"))
        return int(told["link_id"]) if told["program"] == _program() else -1
    except (OSError, ValueError, KeyError, TypeError):
        return -1


def _tidy(folder: Path, named: set[str]) -> None:
    """Remove files that no index names any more, and the folders of companies not used for longest."""
    old = time.time() - _SPARE_SECONDS
    for file in folder.iterdir():
        if file.name not in named and file.name != _INDEX and file.stat().st_mtime < old:
            file.unlink(missing_ok=True)
    ours = [index.parent for index in folder.parent.glob(f"*/{_INDEX}") if _OURS.fullmatch(index.parent.name)]
    for other in sorted(ours, key=lambda each: (each / _INDEX).stat().st_mtime)[:-MOST]:
        shutil.rmtree(other, ignore_errors=True)


def _folder(place: str, company_id: int) -> Path | None:
    root = _root()
    return None if root is None else root / f"{_name(place)}-{company_id}"


def _name(place: str) -> str:
    return hashlib.sha256(place.encode()).hexdigest()[:24]


def _root() -> Path | None:
    """The folder of the cache: ``URIKAKE_CACHE``, else the user's; None where that variable is empty: nothing is left."""
    chosen = os.environ.get(VARIABLE)
    if chosen is not None:
        return Path(chosen) if chosen else None
    base = os.environ.get("XDG_CACHE_HOME")
    try:
        return (Path(base) if base else Path.home() / ".cache") / "urikake"
    except RuntimeError:  # nobody's home
        return None


@cache
def _program() -> str:
    """What tells one state of the program from another: its files with their sizes and times, and the reader's version."""
    package = Path(__file__).parents[1]
    files = sorted(file for kind in ("py", "toml", "csv", "json") for file in package.rglob(f"*.{kind}"))
    stamps = [(str(file.relative_to(package)), *_size_and_time(file)) for file in files]
    return hashlib.sha256(repr((pl.__version__, stamps)).encode()).hexdigest()


def _size_and_time(file: Path) -> tuple[int, int]:
    stat = file.stat()
    return stat.st_size, stat.st_mtime_ns
