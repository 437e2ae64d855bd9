"""The JSON Schema for editors: current, described, and of one mind with the loader."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from chiro_db import resources
from chiro_db.spec.nodes import Builder, Problems, compose
from chiro_db.spec.schema import json_schema
from tests.spec.test_cases import CASES, text_of

VALIDATOR = Draft202012Validator(json_schema())
SHIPPED = resources.folder("schema_specs")
SPECS = sorted(path for path in SHIPPED.rglob("*.y*ml"))


def parsed(text: str) -> Any:
    problems = Problems("f")
    node = compose(text, problems)
    value = Builder(text, problems).build(node) if node is not None else None
    return None if problems else value


def test_the_shipped_schema_is_current() -> None:
    shipped = json.loads((SHIPPED / "chirodb.schema.json").read_text())
    assert shipped == json_schema(), (
        "write it anew: chirodb validate --json-schema > schema_specs/chirodb.schema.json"
    )


def test_it_is_a_schema_and_describes_every_key() -> None:
    schema = json_schema()
    Draft202012Validator.check_schema(schema)
    for section in (schema, *schema["$defs"].values()):
        assert section["description"]
        assert section["additionalProperties"] is False
        assert all(key["description"] for key in section["properties"].values())


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.name)
def test_every_file_of_the_example_is_valid(path: Path) -> None:
    VALIDATOR.validate(parsed(path.read_text()))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["case"])
def test_accepts_what_the_loader_accepts(case: dict[str, Any]) -> None:
    if not case.get("problems") or "warning: " in case["problems"].split("\n")[0]:
        VALIDATOR.validate(parsed(text_of(case)))


def test_refuses_what_the_grammar_refuses() -> None:
    signs = ("unknown key", "expected", "missing key")
    refused = [
        case
        for case in CASES
        if any(sign in case.get("problems", "") for sign in signs)
        and case["case"] not in ("missing keys", "dates")
    ]
    assert refused
    accepted = [c["case"] for c in refused if VALIDATOR.is_valid(parsed(text_of(c)))]
    assert accepted == []
