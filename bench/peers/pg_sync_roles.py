"""pg-sync-roles: a library; the program that calls it is ours."""

from __future__ import annotations

from pathlib import Path

from bench.peers.peer import Commands, Peer
from bench.server import DATABASE
from bench.workloads import Workload

_PROGRAM = """\
import re, sqlalchemy
from pg_sync_roles import *

EVERY = re.compile(".*")
CONNECT = DatabaseConnect({database!r})
with sqlalchemy.create_engine("postgresql+psycopg://").connect() as connection:
    for name in {names!r}:
        owner = (SchemaOwnership(name), *(
            TableOwnership(name, "t%03d" % i) for i in range(1, {tables} + 1)))
        read = (SchemaUsage(name, direct=True), TableSelect(name, EVERY, direct=True))
        for role, grants in (
            ("owner", (Login(), CONNECT, *owner)),
            ("app", (Login(), CONNECT, *read)),
            ("reader", read),
            ("migrator", (Login(), CONNECT, RoleMembership(name + "_owner"))),
        ):
            sync_roles(connection, name + "_" + role, grants=grants)
"""


def _configure(programs: Path, folder: Path, workload: Workload) -> Commands:
    path = folder / "sync.py"
    path.write_text(
        _PROGRAM.format(
            database=DATABASE, names=list(workload.services), tables=workload.tables_each
        )
    )
    command = [str(programs / "python"), str(path)]
    return Commands(look=command, apply=command)


PEER = Peer(
    name="pg-sync-roles",
    version="pg-sync-roles",
    requirements=("pg-sync-roles", "psycopg[binary]"),
    lacks="INSERT, UPDATE, DELETE, sequences, functions, default privileges, settings, PUBLIC; it"
    " has no plan: the figure is of a run that finds nothing to do",
    configure=_configure,
)
