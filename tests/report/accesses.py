"""Worlds to draw: a small one with one of everything, one of hostile names, and a large one."""

from __future__ import annotations

from collections.abc import Iterable

from chiro_db.access.matrix import Matrix, matrix
from chiro_db.access.roles import Edge, Roles
from chiro_db.access.world import Group, World
from chiro_db.kinds.role import Fact
from chiro_db.model.acl import parse
from chiro_db.model.privilege import Securable

VERSION = 180000
HOSTILE = (
    '<img src=x onerror="alert(1)">',
    "</script><script>alert(1)</script>",
    "=cmd|' /C calc'!A0",
    "@sum(1)",
    'a "quoted" name',
    "{{data}}",
    "line\nbreak \x1b[31m\u202e",
)


def account(name: str, *, login: bool = True, superuser: bool = False) -> Fact:
    off = (False, False, False, False)
    return Fact(name, superuser, *off, login, True, -1, None, False, None, True, True, True)


def group(
    kind: Securable, schema: str, owner: str, acl: Iterable[str], *names: str, relation: str = ""
) -> Group:
    objects = tuple((name, "integer" if kind == "routine" else None) for name in names)
    return Group(kind, schema, owner, parse(acl), objects, relation)


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def service(key: str, *, extra: Iterable[str] = ()) -> list[Group]:
    """A schema with three tables, for its owner, app and reader."""
    owner, app, reader = (quoted(f"{key}_{part}") for part in ("user", "app", "reader"))
    schema = f"{key}_schema"
    full = f"{owner}=arwdDxtm/{owner}"
    given = [f"{app}=arwd/{owner}", f"{reader}=r/{owner}"]
    return [
        group(
            "schema",
            schema,
            f"{key}_user",
            [f"{owner}=UC/{owner}", f"{app}=U/{owner}", f"{reader}=U/{owner}", *extra],
            schema,
        ),
        group("table", schema, f"{key}_user", [full, *given], "orders", "items", "notes"),
        group("routine", schema, f"{key}_user", [f"{owner}=X/{owner}"], "place"),
    ]


def small() -> World:
    """Owner, application, groups, a stranger, a superuser, PUBLIC, and all of the marks."""
    owner = "finance_user"
    groups = [
        Group("database", "", "postgres", parse(["commerce_app=c/postgres"]), (("shop", None),)),
        *service("commerce", extra=["analyst=U/commerce_user", "reporting=U/commerce_user"]),
        *service("finance"),
        group("table", "commerce_schema", "commerce_user", ["reporting=r*/commerce_user"], "sales"),
        group("table", "finance_schema", owner, [f"=r/{owner}", f"clerk=rw/{owner}"], "ledger"),
        group(
            "column",
            "commerce_schema",
            "commerce_user",
            ["analyst=r/commerce_user"],
            "id",
            "name",
            relation="orders",
        ),
    ]
    names = [f"{key}_{part}" for key in ("commerce", "finance") for part in ("user", "app")]
    accounts = [account(name) for name in (*names, "analyst", "clerk", "lazy", "auditor")]
    accounts += [account(f"{key}_reader", login=False) for key in ("commerce", "finance")]
    accounts += [account("reporting", login=False), account("postgres", superuser=True)]
    edges = [
        Edge("reporting", "analyst", inherit=True, set=True),
        Edge("finance_user", "lazy", inherit=False, set=True),
        Edge("pg_read_all_data", "auditor", inherit=True, set=True),
    ]
    roles = Roles({a.name: a for a in accounts}, edges, "postgres", VERSION)
    return World(VERSION, "shop", roles, tuple(groups))


DECLARED: dict[str, str | None] = {
    **{f"commerce_{part}": "commerce" for part in ("user", "app", "reader")},
    **{f"finance_{part}": "finance" for part in ("user", "app", "reader")},
    "analyst": None,
    "reporting": None,
}
SCHEMAS = {"commerce": "commerce_schema", "finance": "finance_schema"}


def drawn(world: World | None = None) -> Matrix:
    return matrix(world or small(), SCHEMAS, DECLARED)


def many(keys: Iterable[str]) -> tuple[World, Matrix]:
    """A service for each key, whose applications read each other in turn."""
    listed = list(keys)
    groups = []
    for i, key in enumerate(listed):
        other = quoted(f"{listed[i - 1]}_app")
        groups += service(key, extra=[f"{other}=U/{quoted(f'{key}_user')}"])
        groups.append(
            group("table", f"{key}_schema", f"{key}_user", [f"{other}=r/{quoted(key)}"], "shared")
        )
    parts = ("user", "app", "reader")
    accounts = {f"{key}_{part}": account(f"{key}_{part}") for key in listed for part in parts}
    world = World(VERSION, "large", Roles(accounts, (), None, VERSION), tuple(groups))
    schemas = {key: f"{key}_schema" for key in listed}
    declared: dict[str, str | None] = {f"{key}_{part}": key for key in listed for part in parts}
    return world, matrix(world, schemas, declared)
