"""ldap2pg 5.9, with static rules in place of a directory."""

from __future__ import annotations

from pathlib import Path

from bench.peers.peer import Commands, Peer
from bench.server import DATABASE
from bench.workloads import Workload

_HEAD = f"""version: 5
postgres:
  databases_query: [{DATABASE}]
  schemas_query: >-
    SELECT nspname, ARRAY[pg_get_userbyid(nspowner)::text] FROM pg_namespace
    WHERE nspname LIKE 'svc%'
privileges:
  connect: [__connect__]
  own: [__create_on_schemas__, __usage_on_schemas__, __select_on_all_tables__,
        __insert_on_all_tables__, __update_on_all_tables__, __delete_on_all_tables__,
        __truncate_on_all_tables__, __references_on_all_tables__, __trigger_on_all_tables__]
  read: [__usage_on_schemas__, __select_on_tables__, __select_on_sequences__]
  write: [__usage_on_schemas__, __select_on_tables__, __insert__, __update_on_tables__,
          __delete__, __select_on_sequences__, __usage_on_sequences__, __update_on_sequences__,
          __execute_on_all_functions__, __default_execute_on_functions__]
sync_map:
"""


def _configure(programs: Path, folder: Path, workload: Workload) -> Commands:
    lines = [_HEAD]
    for name in workload.services:
        logins = f"[{name}_owner, {name}_app, {name}_migrator]"
        on = f"database: {DATABASE}, schema: {name}"
        lines.append(
            f"- roles:\n"
            f"  - {{names: [{name}_owner, {name}_app], options: LOGIN}}\n"
            f"  - {{name: {name}_reader}}\n"
            f"  - {{name: {name}_migrator, options: LOGIN, parents: [{name}_owner]}}\n"
            f"  grant:\n"
            f"  - {{privilege: own, {on}, role: {name}_owner}}\n"
            f"  - {{privilege: write, {on}, role: {name}_app}}\n"
            f"  - {{privilege: read, {on}, role: {name}_reader}}\n"
            f"  - {{privilege: connect, database: {DATABASE}, roles: {logins}}}\n"
        )
    path = folder / "ldap2pg.yml"
    path.write_text("".join(lines))
    program = str(programs / "ldap2pg")
    return Commands(
        look=[program, "--check", "--dry", "--config", str(path)],
        apply=[program, "--real", "--config", str(path)],
        differs=1,
    )


PEER = Peer(
    name="ldap2pg",
    version="ldap2pg",
    requirements=("ldap2pg==5.9", "psycopg2-binary", "setuptools<81"),
    lacks="settings of roles; PUBLIC's privileges here; grants on single tables and columns;"
    " PyPI's python-ldap needs a C compiler and OpenLDAP's headers",
    configure=_configure,
)
