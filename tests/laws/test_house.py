"""The house stands as drawn: arrows, floor plan, docstrings, sizes, and nothing that ties it to one machine."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

TOP = Path(__file__).parents[2]
SOURCE = TOP / "src" / "urikake"
ROOMS = sorted(path.parent for path in (SOURCE / "rooms").glob("*/__init__.py"))
MODULES = sorted(path for path in SOURCE.rglob("*.py") if "migrations" not in path.parts)
LONGEST = 500
PUBLIC = {"queries", "actions"}  # of a room, to other rooms
HEADINGS = ("Keeps", "Takes in", "Gives out", "Laws", "Never")
WRITTEN = {".py", ".md", ".toml", ".txt", ".yml", ".html", ".css", ".js", ".csv", ".json", ".sh", ".po", ""}
NOT_OURS = {".git", ".venv", "build", "dist", "node_modules", "__pycache__"}
MACHINE = re.compile(r"""(?<![\w.}])/(?:home|Users|[r]oot|[w]ork|private/var)/\w""")


def name(path: Path) -> str:
    return path.relative_to(TOP).as_posix()


def imported(path: Path) -> Iterator[str]:
    """The dotted names a module imports, wherever in it; `from a import b` gives `a.b`."""
    package = path.relative_to(TOP / "src").parent.parts
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            base = ".".join(part for part in (start, node.module) if part)
            yield from (f"{base}.{alias.name}" for alias in node.names)


def trespasses(path: Path, room: str) -> list[str]:
    """What a module of `room` imports from inside another room, past its public face."""
    parts = [target.split(".") for target in imported(path) if target.startswith("urikake.rooms.")]
    return [".".join(p) for p in parts if p[2] != room and not (len(p) > 3 and p[3] in PUBLIC)]


def written_files() -> Iterator[Path]:
    for path in TOP.rglob("*"):
        inside = path.relative_to(TOP).parts
        hidden = any(
            part in NOT_OURS or part.endswith(("_cache", ".egg-info")) or part == ".hypothesis" for part in inside
        )
        if not hidden and path.is_file() and path.suffix in WRITTEN:
            yield path


def test_arrows_go_one_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(TOP)
    assert lint_imports(config_filename=".importlinter", cache_dir=None) == EXIT_STATUS_SUCCESS


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.name)
def test_a_room_reaches_another_only_through_its_queries_and_actions(room: Path) -> None:
    found = {name(path): trespasses(path, room.name) for path in room.rglob("*.py")}
    assert {path: targets for path, targets in found.items() if targets} == {}


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.name)
def test_a_room_says_what_it_keeps_takes_gives_holds_and_never_does(room: Path) -> None:
    said = ast.get_docstring(ast.parse((room / "__init__.py").read_text(encoding="utf-8"))) or ""
    assert [heading for heading in HEADINGS if not re.search(rf"^\W*{heading}\b", said, re.MULTILINE)] == []


def test_no_module_is_too_long_to_read() -> None:
    lengths = {name(path): len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES}
    assert {path: lines for path, lines in lengths.items() if lines > LONGEST} == {}


def test_every_module_with_code_says_what_it_is() -> None:
    trees = {name(path): ast.parse(path.read_text(encoding="utf-8")) for path in MODULES}
    assert [path for path, tree in trees.items() if tree.body and not ast.get_docstring(tree)] == []


def test_no_file_names_a_place_on_one_machine() -> None:
    texts = {name(path): path.read_text(encoding="utf-8", errors="ignore") for path in written_files()}
    assert {path: found.group() for path, text in texts.items() if (found := MACHINE.search(text))} == {}


def test_locks_pin_every_part_with_its_hash_and_name_no_place() -> None:
    lock = re.compile(r"(#.*|[a-z0-9][\w.-]*==\S+( ; .+)? \\(\n    --hash=sha256:[0-9a-f]{64}( \\)?)+)\n")
    wrong = {path.name: lock.sub("", path.read_text()) for path in (TOP / "requirements").glob("*.txt")}
    assert wrong
    assert {file: rest for file, rest in wrong.items() if rest} == {}


class TestTheChecksThemselves:
    """Each check above finds what it is meant to find."""

    @pytest.mark.parametrize(
        ("line", "caught"),
        [
            ("from urikake.rooms.parties.models import Partner", True),
            ("from urikake.rooms.parties import models", True),
            ("from urikake.rooms import parties", True),
            ("from ..parties import models", True),
            ("import urikake.rooms.parties.pages", True),
            ("from urikake.rooms.parties import queries", False),
            ("from urikake.rooms.parties.queries import partners", False),
            ("from ..parties import actions", False),
            ("from urikake.rooms.billing.models import Charge", False),
            ("from .models import Charge", False),
            ("from urikake.base import facts", False),
        ],
    )
    def test_trespass(self, line: str, caught: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(f"{__name__}.TOP", tmp_path)
        module = tmp_path / "src" / "urikake" / "rooms" / "billing" / "queries.py"
        module.parent.mkdir(parents=True)
        module.write_text(f"def f():\n    {line}\n")
        assert bool(trespasses(module, "billing")) is caught

    @pytest.mark.parametrize(
        ("text", "caught"),
        [
            ("cd /" + "home/taro/urikake", True),
            ('"/' + 'Users/hanako/x"', True),
            ("/" + "work/main", True),
            ("src/" + "work/bench", False),
            ("/usr/lib/postgresql", False),
            ("https://example.jp/" + "home/", False),
        ],
    )
    def test_place(self, text: str, caught: bool) -> None:
        assert bool(MACHINE.search(text)) is caught


def test_a_filter_in_a_bound_attribute_stands_in_braces() -> None:
    """Elsewhere the component gets the text itself, which is true of anything."""
    templates = sorted((SOURCE / "doors" / "web" / "templates").rglob("*.html"))
    bare = re.compile(r"""\s:[a-z-]+="[^"{]*\|""")
    assert [name(path) for path in templates if bare.search(path.read_text(encoding="utf-8"))] == []
