"""Extensions: created where they are missing, moved where they may be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from chiro_db import sql
from chiro_db.kinds import parameter, provider
from chiro_db.kinds.scope import Request, Scope
from chiro_db.model.acl import Source
from chiro_db.model.plan import Action, Blocked, Change, Hazard, Need, Statement, Step

NAME = "extension"
_PUBLIC = "public"
# These do nothing, or refuse to, unless the server has loaded their library at its start.
_PRELOADED = frozenset(
    {"citus", "pg_cron", "pg_stat_kcache", "pg_stat_statements", "pgaudit", "timescaledb"}
)


@dataclass(frozen=True, slots=True)
class Fact:
    name: str
    schema: str | None  # None: not installed
    relocatable: bool
    available: bool
    fixed_schema: str | None  # the only one that it can be installed in
    trusted: bool  # needs no superuser
    requires: tuple[str, ...]  # of what is not installed either
    schema_exists: bool  # the one that the spec wants
    preloaded: bool  # in shared_preload_libraries, as far as the connected role may see it
    libraries: str | None  # shared_preload_libraries; None: hidden from the connected role


def parameters(request: Request) -> Mapping[str, Any]:
    wanted = request.spec.database.extensions
    return {
        "names": list(wanted),
        "schemas": [e.schema_ for e in wanted.values()],
        "database": request.spec.database.name,
    }


def changes(scope: Scope) -> Iterator[Change]:
    if scope.only:
        return
    actual: dict[str, Fact] = {fact.name: fact for fact in scope.facts(NAME)}
    for name in _ordered(scope, actual):
        want = scope.spec.database.extensions[name]
        source: Source = ("database", "extensions", name)
        have = actual[name]
        schema = want.schema_
        exists = have.schema_exists or schema in scope.by_schema or schema == _PUBLIC
        if schema is not None and not exists:
            message = f"extension `{name}`: the schema `{schema}` does not exist"
            hint = "make it by CREATE SCHEMA, or name `public` or a service's schema"
            scope.report("error", source, message, hint)
        elif have.schema is None and schema is not None and have.fixed_schema not in (None, schema):
            message = (
                f"extension `{name}` can only be installed in the schema `{have.fixed_schema}`"
            )
            scope.report("error", source, message)
        elif have.schema is None:
            # apply has no search_path that would choose a schema
            implied = _PUBLIC if have.fixed_schema is None and have.available else None
            yield _create(have, schema or implied, source)
        elif schema is not None and schema != have.schema:
            yield _move(have, schema, source)
        if _waits(have) and (have.schema is not None or have.available):
            yield _preload(scope, have, source)


def _ordered(scope: Scope, actual: Mapping[str, Fact]) -> list[str]:
    """Those that others require come first."""
    result: list[str] = []

    def add(name: str, needed_by: str | None) -> None:
        if name in result:
            return
        if name not in actual:
            source: Source = ("database", "extensions", needed_by or "")
            message = f"extension `{needed_by}` requires `{name}`; declare it as well"
            scope.report("error", source, message)
            return
        for other in actual[name].requires:
            add(other, name)
        result.append(name)

    for name in scope.spec.database.extensions:
        add(name, None)
    return result


def _create(have: Fact, schema: str | None, source: Source) -> Change:
    name = sql.Name(have.name)
    text = sql.statement("extension/create", name=name, schema=sql.Name(schema) if schema else None)
    blocked = None
    if not have.available:
        reason = f"the server has no extension {name}; its package is missing"
        blocked = Blocked(reason, text, outside=True)  # no statement brings it
    return Change(
        kind=NAME,
        address=f"extension.{have.name}",
        name=have.name,
        action=Action.CREATE,
        summary=f"create extension {name}" + (f" in {sql.Name(schema)}" if schema else ""),
        step=Step.EXTENSION,
        statements=(Statement(text),),
        after={"name": have.name, "schema": schema},
        hazards=frozenset({Hazard.NEEDS_RESTART} if _waits(have) else ()),
        source=source,
        needs=frozenset({Need("create in database") if have.trusted else Need("superuser")}),
        blocked=blocked,
    )


def _waits(have: Fact) -> bool:
    return have.name in _PRELOADED and not have.preloaded


def _preload(scope: Scope, have: Fact, source: Source) -> Change:
    """Nobody's statement here: the server reads it at its start."""
    known = parameter.split_identifiers(have.libraries or "")
    libraries = (*known, have.name)
    text = sql.statement(
        "extension/preload", libraries=sql.Listed(sql.Text(name) for name in libraries)
    )
    reason = f"the server has to be started with {sql.Name(have.name)}: then restart it"
    if have.libraries is None:
        reason += " (beside the libraries that are there, which the connected role cannot see)"
    command = provider.preload(scope.server.provider, known, have.name)
    return Change(
        kind="setting",
        address=f"setting.server.shared_preload_libraries.{have.name}",
        name="shared_preload_libraries",
        action=Action.UPDATE,
        summary=f"load {sql.Name(have.name)} with the server: shared_preload_libraries",
        step=Step.SETTING,
        statements=(Statement(text),),
        before={"value": have.libraries} if have.libraries is not None else None,
        after={"value": ", ".join(libraries)},
        hazards=frozenset({Hazard.NEEDS_RESTART}),
        source=source,
        blocked=Blocked(reason, command or text, outside=True),
    )


def _move(have: Fact, schema: str, source: Source) -> Change:
    name = sql.Name(have.name)
    text = sql.statement("extension/alter", name=name, schema=sql.Name(schema))
    blocked = None
    if not have.relocatable:
        reason = f"extension {name} cannot be moved out of {have.schema}; drop it and apply again"
        blocked = Blocked(reason, f"DROP EXTENSION {name}")
    return Change(
        kind=NAME,
        address=f"extension.{have.name}",
        name=have.name,
        action=Action.UPDATE,
        summary=f"schema of extension {name}: {have.schema} -> {schema}",
        step=Step.EXTENSION,
        statements=(Statement(text),),
        before={"schema": have.schema},
        after={"schema": schema},
        source=source,
        needs=frozenset({Need("superuser")}),  # who owns the objects of a trusted one as well
        blocked=blocked,
    )
