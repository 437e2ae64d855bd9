"""No report prints the secret of a statement, or the mark that stands for it."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from chiro_db.model.plan import Blocked, Plan, Statement, Step
from chiro_db.report.drift import drift_text
from chiro_db.report.github import drift_github
from chiro_db.report.json import drift_json, plan_json
from chiro_db.report.junit import drift_junit
from chiro_db.report.markdown import plan_markdown
from chiro_db.report.sarif import drift_sarif
from chiro_db.report.script import plan_sql
from chiro_db.report.text import plan_text
from tests.report.plans import change, plan

MADE = change(
    "role.x",
    "create role x (LOGIN)",
    Statement("CREATE ROLE x LOGIN PASSWORD \0", secret="${env:X}"),
    step=Step.CREATE_ROLE,
    after={"login": True, "password": "***"},
)
WAITING = change(
    "role.y",
    "create role y (LOGIN)",
    Statement("CREATE ROLE y LOGIN PASSWORD \0", secret="${env:Y}"),
    step=Step.CREATE_ROLE,
    after={"login": True, "password": "***"},
    blocked=Blocked("needs a superuser", Statement("CREATE ROLE y PASSWORD \0").shown),
)
PLAN = plan(MADE, WAITING, extras=(MADE,))
REPORTS: dict[str, Callable[[Plan], str]] = {
    "text": lambda p: plan_text(p, color=False, width=80),
    "verbose": lambda p: plan_text(p, color=True, width=80, verbose=True),
    "sql": plan_sql,
    "json": lambda p: json.dumps(plan_json(p)),
    "markdown": plan_markdown,
    "drift": lambda p: drift_text(p, color=False, width=80),
    "drift verbose": lambda p: drift_text(p, color=False, width=80, verbose=True),
    "drift json": lambda p: json.dumps(drift_json(p)),
    "junit": drift_junit,
    "sarif": lambda p: json.dumps(drift_sarif(p)),
    "github": drift_github,
}


@pytest.mark.parametrize("name", REPORTS)
def test_the_mark_of_a_secret_is_never_printed(name: str) -> None:
    text = REPORTS[name](PLAN)
    assert "\0" not in text
    assert "\\u0000" not in text
    assert "\\x00" not in text
    assert "create role x" in text or "CREATE ROLE x" in text or "role x" in text


@pytest.mark.parametrize("name", ["verbose", "sql", "json", "markdown", "drift json"])
def test_where_the_statement_is_shown_the_secret_is_stars(name: str) -> None:
    assert "CREATE ROLE x LOGIN PASSWORD '***'" in REPORTS[name](PLAN)
