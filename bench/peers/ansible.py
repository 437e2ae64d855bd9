"""Ansible's community.postgresql: a task for each kind of statement, looped over services."""

from __future__ import annotations

from pathlib import Path

from bench.peers.peer import Commands, Peer
from bench.server import DATABASE
from bench.workloads import Workload

_P = "community.postgresql."
_LOGIN = (
    f"login_db: {DATABASE}, login_user: postgres, login_unix_socket: \"{{{{ lookup('env',"
    " 'PGHOST') }}\", login_port: \"{{ lookup('env', 'PGPORT') }}\""
)


def _task(module: str, arguments: str) -> str:
    return f'    - {_P}{module}: {{{arguments}, {_LOGIN}}}\n      loop: "{{{{ services }}}}"\n'


def _tasks() -> list[str]:
    def role(which: str) -> str:
        return f'"{{{{ item }}}}_{which}"'

    schema = '"{{ item }}"'

    def privs(kind: str, objs: str, which: str, what: str) -> str:
        where = f"type: {kind}, objs: {objs}, schema: {schema}"
        return _task("postgresql_privs", f"{where}, roles: {role(which)}, privs: '{what}'")

    def default(objs: str, which: str, what: str) -> str:
        where = (
            f"type: default_privs, objs: {objs}, schema: {schema}, target_roles: {role('owner')}"
        )
        return _task("postgresql_privs", f"{where}, roles: {role(which)}, privs: '{what}'")

    def roles(*which: str) -> str:
        return '"' + ",".join(f"{{{{ item }}}}_{one}" for one in which) + '"'

    logins, users = roles("owner", "app", "migrator"), roles("app", "reader")
    write = "SELECT,INSERT,UPDATE,DELETE"
    return [
        *(
            _task("postgresql_user", f"name: {role(which)}, role_attr_flags: {flags}")
            for which, flags in (
                ("owner", "LOGIN"),
                ("app", "LOGIN"),
                ("reader", "NOLOGIN"),
                ("migrator", "LOGIN"),
            )
        ),
        _task("postgresql_schema", f"name: {schema}, owner: {role('owner')}"),
        _task(
            "postgresql_membership",
            f"groups: [{role('owner')}], target_roles: [{role('migrator')}]",
        ),
        _task(
            "postgresql_privs", f"type: database, objs: {DATABASE}, roles: {logins}, privs: CONNECT"
        ),
        _task("postgresql_privs", f"type: schema, objs: {schema}, roles: {users}, privs: USAGE"),
        privs("table", "ALL_IN_SCHEMA", "app", write),
        privs("table", "ALL_IN_SCHEMA", "reader", "SELECT"),
        default("TABLES", "app", write),
        default("TABLES", "reader", "SELECT"),
        default("SEQUENCES", "app", "SELECT,USAGE,UPDATE"),
        default("SEQUENCES", "reader", "SELECT"),
        default("FUNCTIONS", "app", "EXECUTE"),
    ]


def _configure(programs: Path, folder: Path, workload: Workload) -> Commands:
    path = folder / "playbook.yml"
    names = ", ".join(workload.services)
    head = (
        "- hosts: localhost\n  connection: local\n  gather_facts: false\n"
        f"  vars:\n    services: [{names}]\n"
        f'    ansible_python_interpreter: "{programs / "python"}"\n  tasks:\n'
    )
    path.write_text(head + "".join(_tasks()))
    command = [str(programs / "ansible-playbook"), str(path)]
    variables = {
        "ANSIBLE_LOCALHOST_WARNING": "False",
        "ANSIBLE_INVENTORY_UNPARSED_WARNING": "False",
        "ANSIBLE_HOME": str(folder / "ansible"),
        "ANSIBLE_STDOUT_CALLBACK": "ansible.builtin.minimal",
        "ANSIBLE_PIPELINING": "True",
        "LC_ALL": "C.UTF-8",
    }
    return Commands(look=[*command, "--check"], apply=command, environment=variables)


PEER = Peer(
    name="community.postgresql",
    version="ansible",
    requirements=("ansible", "psycopg[binary]"),
    lacks="what nobody declares is not looked at and nothing is taken away; settings of roles;"
    " PUBLIC. Sequences and functions have only default privileges here, since there are none",
    configure=_configure,
    most=100,  # 15 tasks for each service, and each of them starts a program
)
