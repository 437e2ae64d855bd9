"""`chirodb audit` from the outside: exit codes and formats."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.running import Ran, chirodb
from tests.servers import Database

_SPEC = """
version: 1
database: {{name: {name}}}
targets: {{here: {{url: "${{env:SERVER}}"}}}}
services: {{shop: {{schema: shop, owner: {name}_o}}}}
policies: {{superuser-login: {{severity: {severity}}}}}
"""


def test_errors_exit_with_2_and_warnings_alone_with_0(database: Database, tmp_path: Path) -> None:
    def run(*arguments: str, severity: str = "error") -> Ran:
        text = _SPEC.format(name=database.name, severity=severity)
        (tmp_path / "chirodb.yaml").write_text(text)
        return chirodb(*arguments, cwd=tmp_path, env={"SERVER": database.conninfo})

    assert run("apply", "--yes").code == 0
    with database.connect() as connection:
        connection.execute(f'CREATE ROLE "{database.name} boss" SUPERUSER LOGIN'.encode())
    found = run("audit")
    assert found.code == 2, found.err
    assert found.out.startswith("1 error, ")
    assert f'ALTER ROLE "{database.name} boss" NOSUPERUSER;' in found.out
    for output in ("json", "junit", "sarif", "github"):
        done = run("audit", "--format", output)
        assert done.code == 2
        assert "superuser-login" in done.out
    assert json.loads(run("audit", "--format", "json").out)["summary"]["error"] == 1
    assert run("audit", severity="warning").code == 0
    assert run("audit", "--url", "host=/nowhere").code == 1
