"""Commands without a server: `--help`, `validate`, `render`."""

from __future__ import annotations

from pathlib import Path

from bench import floors, workloads
from bench.figures import Section, Target
from bench.measure import rounds
from bench.subjects import chirodb

SECTION = Section(
    "Without a server",
    "The floor is a bare python that imports psycopg and pydantic; for specs one that parses the"
    " same file with PyYAML's C loader as well.",
)
_PARSE = (
    "import psycopg, pydantic, yaml\n"
    "with open({path!r}) as file:\n    yaml.load(file, yaml.CSafeLoader)"
)


def measure(folder: Path, runs: int) -> None:
    bare, imports = floors.python("python", "pass"), floors.imports()
    taken = rounds([bare, imports, chirodb("chirodb --help", "--help")], runs)
    SECTION.add("start", taken, imports.name)

    text = workloads.long_spec()
    path = folder / "long.yaml"
    path.write_text(text)
    parse = floors.python("python, parsing the file", _PARSE.format(path=str(path)))
    name = "chirodb validate"
    taken = rounds([parse, chirodb(name, "validate", "--spec", path)], runs)
    size = f"{len(text.splitlines()):,} lines"
    SECTION.add(size, taken, parse.name, {name: Target(seconds=0.6)})

    services = 1000
    path = folder / "services.yaml"
    path.write_text(workloads.services(services, 50).spec)
    parse = floors.python("python, parsing the file", _PARSE.format(path=str(path)))
    name = "chirodb render"
    taken = rounds([parse, chirodb(name, "render", "--spec", path)], runs)
    SECTION.add(f"{services:,} services", taken, parse.name, {name: Target(seconds=2)})
