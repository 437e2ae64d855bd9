"""The house rules that a machine can keep: layers, kinds, pages, and who may print or exit."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from typer.main import get_command

from chiro_db.cli.app import app
from chiro_db.kinds import KINDS
from chiro_db.resources import folder

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "chiro_db"
# From the top: a part imports only from lower layers, never from a sibling.
LAYERS = (
    ("cli",),
    ("report",),
    ("apply", "adopt", "backup", "observe", "audit", "embedded"),
    ("plan", "access"),
    ("spec", "catalog"),
    ("kinds",),
    ("model", "sql", "errors", "resources", "files", "lock", "collector", "tracing"),
)
LEVEL = {part: len(LAYERS) - i for i, parts in enumerate(LAYERS) for part in parts}
GROUND = LEVEL["model"]  # its parts may use each other
MODULES = sorted(PACKAGE.rglob("*.py"))


class Import(NamedTuple):
    """One import of a part of the package by another."""

    file: str
    line: int
    by: str
    of: str
    for_types: bool  # under TYPE_CHECKING

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.by} imports {self.of}"


def part_of(path: Path) -> str:
    relative = path.relative_to(PACKAGE)
    return relative.parts[0].removesuffix(".py")


def imports(path: Path, text: str | None = None) -> Iterator[Import]:
    tree = ast.parse(text if text is not None else path.read_text(encoding="utf-8"))
    types = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            module = node.module or ""
            names = [module]
            if module == "chiro_db":
                names = [f"chiro_db.{alias.name}" for alias in node.names]
        for name in names:
            if name.startswith("chiro_db."):
                of = name.split(".")[1]
                where = str(path.relative_to(ROOT))
                yield Import(where, getattr(node, "lineno", 0), part_of(path), of, node in types)


def climbs(found: Import) -> bool:
    """Up or sideways; an import for types alone may go sideways, never up."""
    if found.by == found.of or found.of.startswith("__") or found.by.startswith("__"):
        return False
    by, of = LEVEL[found.by], LEVEL[found.of]
    if by == of == GROUND:
        return False
    return of > by or (of == by and not found.for_types)


def test_every_part_has_a_layer() -> None:
    parts = {part_of(path) for path in MODULES} - {"__init__", "__main__"}
    assert parts <= set(LEVEL)


def test_imports_point_down() -> None:
    found = [str(i) for path in MODULES for i in imports(path) if climbs(i)]
    assert found == []


@pytest.mark.parametrize(
    ("file", "text", "wrong"),
    [
        ("kinds/role.py", "from chiro_db.plan.build import build", True),
        ("kinds/role.py", "def f():\n    import chiro_db.cli", True),
        ("spec/load.py", "from chiro_db.catalog import connect", True),
        (
            "kinds/role.py",
            "if TYPE_CHECKING:\n    from chiro_db.spec.load import Loaded",
            True,
        ),
        (
            "spec/load.py",
            "if TYPE_CHECKING:\n    from chiro_db.catalog.connect import Connection",
            False,
        ),
        ("kinds/role.py", "from chiro_db import sql\nfrom chiro_db.kinds import scope", False),
    ],
)
def test_the_walk_sees_what_climbs(file: str, text: str, wrong: bool) -> None:
    assert any(climbs(i) for i in imports(PACKAGE / file, text)) is wrong


def _calls(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield node.lineno, ast.unparse(node.func)
        elif isinstance(node, ast.Raise) and node.exc is not None:
            yield node.lineno, ast.unparse(node.exc).split("(")[0]


TALK = re.compile(r"print|input|exit|quit|sys\.exit|os\._exit|SystemExit|sys\.std(out|err)\.write")


def test_only_the_commands_print_and_exit() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}: {call}"
        for path in MODULES
        if part_of(path) not in ("cli", "__main__")
        for line, call in _calls(ast.parse(path.read_text(encoding="utf-8")))
        if TALK.fullmatch(call)
        and not (path.name in RUNS_ALONE and call in ("SystemExit", "sys.exit", "os._exit"))
    ]
    assert found == []


RUNS_ALONE = frozenset[str]()  # modules that are programs of their own


def test_every_kind_has_its_folder_its_page_and_its_place() -> None:
    names = [kind.NAME for kind in KINDS]
    assert len(set(names)) == len(names)
    modules = {Path(str(kind.__file__)).stem: kind.NAME for kind in KINDS}  # type: ignore[attr-defined]
    assert all(module == name for module, name in modules.items())
    having = {
        path.stem
        for path in (PACKAGE / "kinds").glob("*.py")
        if re.search(r"^class Fact\b", path.read_text(encoding="utf-8"), re.M)
    }
    assert having == set(names), "a module with a Fact stands in KINDS"
    for name in names:
        assert (Path(folder("sql_templates")) / name / "inspect.sql").is_file(), name
        assert (ROOT / "docs" / "kinds" / f"{name}.md").is_file(), name
    pages = {page.stem for page in (ROOT / "docs" / "kinds").glob("*.md")}
    assert pages - {"README"} == set(names)


def test_every_command_has_its_page() -> None:
    commands = set(getattr(get_command(app), "commands", {}))
    assert commands
    missing = [c for c in commands if not (ROOT / "docs" / "commands" / f"{c}.md").is_file()]
    assert missing == []
