"""The statements of a superuser as a script for psql."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from chiro_db.apply.bootstrap import Line, Script
from chiro_db.report.script import comment, connect
from chiro_db.report.words import visible


def bootstrap_sql(script: Script) -> str:
    """With psql's ON_ERROR_STOP and in one transaction; what must wait stands in comments."""
    return "\n".join(_rows(script)) + "\n"


def _rows(script: Script) -> Iterator[str]:
    name = visible(script.administrator)
    if script.tried:
        yield from comment(f"run once by a superuser, so that {name} can apply the spec")
    else:
        yield from comment(f"what is blocked for {name}, for a superuser to run; untried:")
        yield from comment("more may turn out to be blocked; as a superuser, bootstrap tries it")
    yield from comment(f"server {script.server}, database {script.database}")
    if not script.lines:
        yield from comment("nothing is missing")
    else:
        yield "\\set ON_ERROR_STOP on"
        yield connect(script.database) if script.in_database else "\\connect postgres"
        yield "BEGIN;"
        yield from _statements(script.lines)
        yield "COMMIT;"
        if any(line.statement.startswith("CREATE ROLE") for line in script.lines):
            yield from comment(f"its password: \\password {name}")
    if script.outside:
        yield ""
        yield from comment("what is done outside of this script:")
        for line in script.outside:
            yield from comment(f"{line.reason}: {line.statement}")
    if script.later:
        yield ""
        yield from comment("these need what the first `apply --skip-blocked` makes; after it,")
        yield from comment(f"in the database {script.database}:")
        for line in script.later:
            yield from comment(f"{line.statement};")


def _statements(lines: Iterable[Line]) -> Iterator[str]:
    for line in lines:
        yield from comment(line.reason)
        yield f"{line.statement};"
