"""The spec as the text of one file, or of a file for each service."""

from __future__ import annotations

import re
from typing import Any

from chiro_db.adopt.document import Document
from chiro_db.adopt.text import Lined, dump


def one(document: Document) -> str:
    return dump(document.whole)


def split(document: Document) -> dict[str, str]:
    """By path: the database, roles of no service alone, and each service with its own roles."""
    result = {"database.yaml": dump(document.head)}
    loose = {r: body for r, body in document.roles.items() if r not in document.of_service}
    if loose:
        result["roles.yaml"] = dump({"roles": Lined(loose)})
    own: dict[str, Lined] = {}
    for role, service in document.of_service.items():
        own.setdefault(service, Lined())[role] = document.roles[role]
    for name, body in document.services.items():
        sections: dict[str, Any] = {"services": Lined({name: body})}
        if name in own:
            sections["roles"] = own[name]
        result[_free(name, result)] = dump(sections)
    return result


def _free(service: str, taken: dict[str, str]) -> str:
    """A path that is no other's, on file systems without upper case too."""
    stem = re.sub(r"[^\w.-]|^\.", "_", service)[:80] or "_"
    used = {path.lower() for path in taken}
    number, path = 1, f"services/{stem}.yaml"
    while path.lower() in used:
        number += 1
        path = f"services/{stem}-{number}.yaml"
    return path
