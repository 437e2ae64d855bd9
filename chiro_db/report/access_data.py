"""Who can do what, for programs: JSON (docs/json.md) and CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from chiro_db.access.effective import Reason
from chiro_db.access.listing import Line
from chiro_db.access.matrix import Cell, Matrix, Share
from chiro_db.model.acl import Grantee
from chiro_db.report import access_words as words
from chiro_db.report.json import FORMAT_VERSION

COLUMNS = (
    "role",
    "login",
    "service",
    "schema",
    "type",
    "object",
    "privilege",
    "reason",
    "through",
    "granted_by",
    "grant_option",
    "usage_on_schema",
)


def access_json(
    matrix: Matrix, lines: Iterable[Line] | None = None, *, server: Mapping[str, Any]
) -> dict[str, Any]:
    """`lines`: what `--role` and `--object` ask for."""
    found: dict[str, Any] = {
        "format_version": FORMAT_VERSION,
        "database": matrix.database,
        "server": dict(server),
        "services": list(matrix.services),
        "roles": [
            {
                "role": _role(row.role),
                "login": row.login,
                "declared": row.declared,
                "service": row.service,
                "connects": row.connects,
                "access": [_cell(service, cell) for service, cell in row.cells.items()],
            }
            for row in matrix.rows
        ],
        "errored": False,
    }
    if lines is not None:
        found["objects"] = [
            {
                "role": _role(line.role),
                "schema": line.schema or None,
                "usage_on_schema": line.usable,
                **_share(line.share),
            }
            for line in lines
        ]
    return found


def _role(role: Grantee) -> str:
    return "PUBLIC" if role is None else role


def _cell(service: str, cell: Cell) -> dict[str, Any]:
    return {
        "service": service,
        "level": cell.level.word,
        "tables": cell.tables,
        "of_tables": cell.of,
        "also_written": cell.writes,
        "usage_on_schema": cell.usable,
        "by_set_role": (
            {"roles": list(cell.becomes[1:]), "level": cell.becomes_level.word}
            if cell.becomes
            else None
        ),
        "grants": [_share(share) for share in cell.shares],
    }


def _share(share: Share) -> dict[str, Any]:
    return {
        "type": share.type,
        "future": share.future,
        "privileges": list(share.privileges),
        "objects": list(share.objects()),
        "reasons": [_reason(reason) for reason in share.reasons],
    }


def _reason(reason: Reason) -> dict[str, Any]:
    return {
        "reason": reason.how,
        "through": list(reason.through),
        "granted_by": reason.grantor or None,
        "grant_option": reason.grantable,
        "summary": words.reason(reason),
    }


def access_csv(
    lines: Iterable[Line], services: Mapping[str, str], logins: Mapping[str, bool]
) -> Iterator[str]:
    """A row for each role, object, privilege and reason (RFC 4180); `services` by schema."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(COLUMNS)
    for line in lines:
        for cells in _rows(line, services, logins):
            writer.writerow([_harmless(cell) for cell in cells])
            if buffer.tell() > 60_000:
                yield buffer.getvalue()
                buffer.seek(0)
                buffer.truncate()
    yield buffer.getvalue()


def _rows(
    line: Line, services: Mapping[str, str], logins: Mapping[str, bool]
) -> Iterator[list[str]]:
    share = line.share
    role = _role(line.role)
    login = "yes" if line.role is not None and logins.get(line.role) else "no"
    start = [role, login, services.get(line.schema, ""), line.schema]
    kind = f"future {share.type}" if share.future else share.type
    for item in ["*"] if share.future else share.objects():
        for privilege in share.privileges:
            for reason in share.reasons:
                yield [
                    *start,
                    kind,
                    item,
                    privilege,
                    reason.how,
                    " > ".join(reason.through),
                    reason.grantor,
                    "yes" if reason.grantable else "no",
                    "yes" if line.usable else "no",
                ]


def _harmless(text: str) -> str:
    """A spreadsheet takes what begins like this for a formula (OWASP, CSV injection)."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r", "\n") else text
