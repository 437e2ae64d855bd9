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
