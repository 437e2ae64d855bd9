"""The spec's JSON Schema, for editors; each file of a folder validates by itself."""

from __future__ import annotations

from typing import Any

from chiro_db.model.spec import Spec
from chiro_db.spec.descriptions import KEYS, SECTIONS

_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_NULL = {"type": "null"}


def json_schema() -> dict[str, Any]:
    generated = Spec.model_json_schema()
    sections = generated.pop("$defs")
    # A file of a folder need not hold the version and the database: others may.
    generated.pop("required", None)
    for name, section in sections.items():
        _describe(section, name)
    _describe(generated, "Spec")
    for name, of_key in generated["properties"].items():
        if name not in ("version", "database"):  # an empty section has no entries
            alternatives = of_key.pop("anyOf", None) or [_moved(of_key)]
            of_key["anyOf"] = [*alternatives, dict(_NULL)]
    return {"$schema": _DRAFT, "title": "chirodb spec", **generated, "$defs": sections}


def _describe(section: dict[str, Any], name: str) -> None:
    section.pop("title", None)
    section["description"] = SECTIONS[name]
    for key, of_key in section["properties"].items():
        of_key.pop("title", None)
        if of_key.get("default", 0) is None:
            del of_key["default"]
        _require_a_value(of_key)
        of_key["description"] = KEYS[name][key]


def _require_a_value(of_key: dict[str, Any]) -> None:
    """pydantic's `| None` means that the key may be absent, not that it may be empty."""
    given = of_key.pop("anyOf", None)
    if given is None:
        return
    alternatives = [one for one in given if one != _NULL]
    if len(alternatives) == 1:
        of_key.update(alternatives[0])
    else:
        of_key["anyOf"] = alternatives


def _moved(of_key: dict[str, Any]) -> dict[str, Any]:
    """The key's own constraint, taken out of it; texts about the key stay."""
    constraint = {k: v for k, v in of_key.items() if k not in ("description", "default")}
    for key in constraint:
        del of_key[key]
    return constraint
