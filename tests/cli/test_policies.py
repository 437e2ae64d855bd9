"""A plan that would break a policy: shown, not saved, not applied."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.running import Ran, chirodb
from tests.servers import Database

_SPEC = """
version: 1
database: {{name: {name}}}
targets: {{here: {{url: "${{env:SERVER}}"}}}}
roles: {{{name}_r: {{}}}}
services:
  shop:
    schema: shop
    owner: {name}_o
    grants: [{{to: {name}_r, privileges: UPDATE, on: tables}}]
policies:
  nobody-writes:
    severity: {severity}
    deny: {{privileges: [UPDATE], on: "shop.*", except: [{name}_o]}}
"""


def test_a_plan_that_would_break_a_policy_is_refused(database: Database, tmp_path: Path) -> None:
    def run(*arguments: str, severity: str = "error") -> Ran:
        text = _SPEC.format(name=database.name, severity=severity)
        (tmp_path / "chirodb.yaml").write_text(text)
        return chirodb(*arguments, cwd=tmp_path, env={"SERVER": database.conninfo})

    message = f"policy `nobody-writes`: {database.name}_r has UPDATE on future tables"
    planned = run("plan", "--out", "saved.plan")
    assert planned.code == 1
    assert message in " ".join(planned.out.split())
    assert f"error: {message}" in planned.err
    assert "chirodb.yaml:14" in planned.err
    assert not (tmp_path / "saved.plan").exists()
    found = json.loads(run("plan", "--format", "json").out)
    assert [b["rule"] for b in found["breaches"]] == ["policy-deny"]
    assert message in run("plan", "--format", "markdown").out
    refused = run("apply", "--yes")
    assert refused.code == 1
    with database.connect() as connection:
        row = connection.execute("SELECT to_regnamespace('shop')").fetchone()
    assert row == (None,)
    warned = run("apply", "--yes", severity="warning")
    assert warned.code == 0, warned.err
    assert f"warning: {message}" in " ".join(warned.out.split())
    assert run("drift", severity="warning").code == 0
    for output in ("text", "json", "junit", "sarif", "github"):
        drifted = run("drift", "--format", output)
        assert drifted.code == 2
        assert message in " ".join(drifted.out.split()), output
    again = run("apply", "--yes")  # with nothing to do, as `plan` would
    assert again.code == 1
    assert f"error: {message}" in again.err


def test_a_saved_plan_is_asked_again_what_it_leaves(database: Database, tmp_path: Path) -> None:
    def run(*arguments: str) -> Ran:
        return chirodb(*arguments, cwd=tmp_path, env={"SERVER": database.conninfo})

    text = _SPEC.format(name=database.name, severity="error")
    (tmp_path / "chirodb.yaml").write_text(text.replace("UPDATE, on: tables", "SELECT, on: tables"))
    with database.connect() as connection:
        connection.execute("CREATE SCHEMA shop; CREATE TABLE shop.orders (id int)")
    assert run("plan", "--out", "saved.plan").code == 0
    late = f"{database.name}_late"
    with database.connect() as connection:  # what the spec does not manage
        connection.execute(f"CREATE ROLE {late} IN ROLE pg_write_all_data".encode())
    refused = run("apply", "saved.plan")
    assert refused.code == 1
    assert f"error: policy `nobody-writes`: {late} has UPDATE" in refused.err
    with database.connect() as connection:
        row = connection.execute("SELECT to_regrole(%s)", [f"{database.name}_o"]).fetchone()
        connection.execute(f"REVOKE pg_write_all_data FROM {late}".encode())
    assert row == (None,)  # nothing was applied
    applied = run("apply", "saved.plan", "--access")
    assert applied.code == 0, applied.err
    shown = " ".join(applied.out.split())
    assert "What it changes in access" in shown, applied.out
