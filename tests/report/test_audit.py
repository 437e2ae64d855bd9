"""The findings of an audit in the formats that other programs read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft4Validator

from chiro_db.audit.run import Audited
from chiro_db.model.finding import Finding
from chiro_db.report.audit import audit_github, audit_json, audit_junit, audit_sarif, audit_text
from tests.report.plans import HOSTILE
from tests.report.test_formats import junit_schema, sarif_schema

FOUND = Audited(
    (
        Finding("superuser-login", "error", "boss", "superuser boss may log in", "rolsuper", "x;"),
        Finding("policy-deny", "error", "mine/x", "policy `mine`: x", place="spec.yaml:7"),
        Finding("md5-password", "warning", HOSTILE, HOSTILE, HOSTILE, HOSTILE),
    ),
    ("md5-password", "superuser-login", "undeclared-login"),
    "prod",
    "db:5432",
    HOSTILE,
    "18.6",
    ("a rule: why not",),
)
NOTHING = Audited((), ("md5-password",), "", "db:5432", "shop", "18.6")
EACH = pytest.mark.parametrize("found", [FOUND, NOTHING], ids=["found", "nothing"])


@EACH
def test_sarif_keeps_to_its_schema(found: Audited) -> None:
    document = json.loads(json.dumps(audit_sarif(found, "spec.yaml")))
    Draft4Validator(sarif_schema()).validate(document)
    levels = [result["level"] for result in document["runs"][0]["results"]]
    assert levels == [finding.severity for finding in found.findings]


@EACH
def test_junit_keeps_to_its_schema(found: Audited) -> None:
    text = audit_junit(found)
    junit_schema().validate(text)
    assert text.count("<failure") == 2 * bool(found.findings)
    assert 'name="undeclared-login"' in text or not found.findings


@EACH
def test_annotations_are_one_line_each(found: Audited) -> None:
    rows = audit_github(found).splitlines()
    assert len(rows) == len(found.findings)
    assert all(row.startswith(("::error ", "::warning ")) for row in rows)
    assert not found.findings or "file=spec.yaml,line=7" in rows[1]


@EACH
def test_a_terminal_gets_no_control_characters(found: Audited) -> None:
    text = audit_text(found, color=False, width=80)
    assert all(c.isprintable() or c == "\n" for c in text)


def test_json_is_as_documented() -> None:
    page = (Path(__file__).parents[2] / "docs" / "json.md").read_text(encoding="utf-8")
    section = page.split("## audit")[1].split("\n## ")[0]
    found = audit_json(FOUND)
    keys = {*found, *found["findings"][0], *found["summary"], *found["server"]}
    assert sorted(key for key in keys if f"`{key}" not in section) == []
