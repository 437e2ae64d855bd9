"""pgsesame: `sesame plan` and `sesame apply`."""

from __future__ import annotations

from pathlib import Path

from bench.peers.peer import Commands, Peer
from bench.server import DATABASE
from bench.workloads import Workload


def _readers(workload: Workload) -> str:
    """One role for each reader, with its tables by name."""
    lines = ["version: 1\nengine: postgres\nprincipals:\n"]
    for role, tables in workload.readers.items():
        schemas = ", ".join(sorted({table.partition(".")[0] for table in tables}))
        lines.append(
            f"  {role}:\n    type: role\n    privileges:\n      schemas: {{usage: [{schemas}]}}\n"
            f"      tables: {{select: [{', '.join(tables)}]}}\n"
        )
    return "".join(lines)


def _configure(programs: Path, folder: Path, workload: Workload) -> Commands:
    principals = []
    defaults = []
    for name in workload.services:
        owner, app, reader = (f"{name}_{role}" for role in ("owner", "app", "reader"))
        connect = f"databases: {{connect: [{DATABASE}]}}"
        every = f"[{name}.*]"
        principals.append(
            f"  {owner}:\n    type: user\n    owns: {{schemas: [{name}], tables: {every}}}\n"
            f"    privileges: {{{connect}}}\n"
            f"  {name}_migrator:\n    type: user\n    member_of: [{owner}]\n"
            f"    privileges: {{{connect}}}\n"
            f"  {app}:\n    type: user\n    privileges:\n      {connect}\n"
            f"      schemas: {{usage: [{name}]}}\n"
            f"      tables: {{select: {every}, insert: {every}, update: {every},"
            f" delete: {every}}}\n"
            f"      sequences: {{select: {every}, usage: {every}, update: {every}}}\n"
            f"      functions: {{execute: {every}}}\n"
            f"  {reader}:\n    type: role\n    privileges:\n"
            f"      schemas: {{usage: [{name}]}}\n      tables: {{select: {every}}}\n"
            f"      sequences: {{select: {every}}}\n"
        )
        rule = f"  - {{owner: {owner}, schema: {name}, grantee: "
        defaults.append(
            f"{rule}{app}, tables: [select, insert, update, delete],"
            f" sequences: [select, usage, update], functions: [execute]}}\n"
            f"{rule}{reader}, tables: [select], sequences: [select]}}\n"
        )
    text = ["version: 1\nengine: postgres\nprincipals:\n", *principals, "default_privileges:\n"]
    path = folder / "sesame.yaml"
    path.write_text(_readers(workload) if workload.readers else "".join(text + defaults))
    program = str(programs / "sesame")
    return Commands(
        look=[program, "plan", str(path)], apply=[program, "apply", str(path)], differs=2
    )


PEER = Peer(
    name="pgsesame",
    version="pgsesame",
    requirements=("pgsesame",),
    lacks="settings of roles; PUBLIC's CONNECT and default EXECUTE are left as they are",
    configure=_configure,
)
