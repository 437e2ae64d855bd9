"""Settings of the database, and of roles in it; managed by name, compared as PostgreSQL does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from chiro_db import sql
from chiro_db.kinds import parameter
from chiro_db.kinds.scope import Request, Scope
from chiro_db.model.acl import Source
from chiro_db.model.plan import Action, Change, Need, Statement, Step
from chiro_db.model.spec import Service, SlowQueries
from chiro_db.model.spec_values import SettingValue
from chiro_db.model.state import Parameter

NAME = "setting"
_HIDDEN = frozenset({"role", "session_authorization"})  # from pg_settings, in some versions
_HOW = {
    "internal": "is fixed",
    "postmaster": "needs the configuration file and a restart",
    "sighup": "needs the configuration file",
    "superuser-backend": "is set as a connection starts",
    "backend": "is set as a connection starts",
}
# Whose superuser-only flag hides them from an ordinary administrator's pg_settings.
_UNSEEN = frozenset({"session_preload_libraries"})
EXPLAINED_VALUES = "auto_explain.log_parameter_max_length"  # 16 and up; before, none are logged
Key = tuple[str | None, str]  # role or None for the database, lower-case parameter


@dataclass(frozen=True, slots=True)
class Fact:
    role: str | None
    parameter: str
    value: str


@dataclass(frozen=True, slots=True)
class Want:
    role: str | None
    parameter: str  # as the spec writes it
    value: tuple[str, ...]  # empty: `default`, there shall be none
    source: Source


def parameters(request: Request) -> Mapping[str, Any]:
    return {"roles": list(request.declared)}


def named(request: Request) -> list[str]:
    """The lower-case names of all parameters that the spec sets, for pg_settings."""
    return sorted({name.lower() for _, name, _, _ in _given(request)})


def desired(request: Request) -> dict[Key, Want]:
    """What every role shall have, and the database."""
    return request.once(_desired)


def _desired(request: Request) -> dict[Key, Want]:
    return {
        (role, name.lower()): Want(role, name, parameter.words(name, value), source)
        for role, name, value, source in _given(request)
    }


def _given(request: Request) -> Iterator[tuple[str | None, str, SettingValue, Source]]:
    """The weakest first: what a service implies, then its own settings, then the role's own."""
    paths: dict[str, list[str]] = {}
    for key, service in request.services.items():
        base: Source = ("services", key)
        slow = list(_slow(request, key))
        for role in _logins(request, service):
            paths.setdefault(role, []).append(service.schema_name)
            path = tuple(dict.fromkeys(paths[role]))
            yield role, "search_path", path, (*base, "schema")
            for name, value, source in slow:
                yield role, name, value, source
        if service.migrator is not None:
            yield service.migrator, "role", service.owner, (*base, "migrator")
    for key, service in request.services.items():
        for role in _logins(request, service):
            for name, value in service.settings.items():
                yield role, name, value, ("services", key, "settings", name)
    for role in request.declared:
        written = request.role(role)
        for name, value in (written.settings if written is not None else {}).items():
            yield role, name, value, ("roles", role, "settings", name)
    for name, value in request.spec.database.settings.items():
        yield None, name, value, ("database", "settings", name)


def _logins(request: Request, service: Service) -> list[str]:
    """The service's login roles, whatever `roles:` makes of them."""
    return [role for role in service.roles if role in request.logins]


def _slow(request: Request, service: str) -> Iterator[tuple[str, SettingValue, Source]]:
    """`slow_queries` of the service, else of all, as parameters."""
    given: dict[str, tuple[Any, Source]] = {}
    places: tuple[tuple[SlowQueries | None, Source], ...] = (
        (request.spec.slow_queries, ("slow_queries",)),
        (request.services[service].slow_queries, ("services", service, "slow_queries")),
    )
    for section, source in places:
        for word in SlowQueries.model_fields:
            value = getattr(section, word, None)
            if value is not None:
                given[word] = (value, (*source, word))
    for word in ("log_lock_waits", "log_temp_files", "track_io_timing"):
        if word in given:
            yield word, *given[word]
    if "sample" in given:  # a share of the slow ones in place of them all
        yield "log_statement_sample_rate", *given["sample"]
    if "threshold" in given:
        threshold, source = given["threshold"]
        yield "log_min_duration_statement", -1 if "sample" in given else threshold, source
        if "sample" in given:
            yield "log_min_duration_sample", threshold, source
    length = -1 if given.get("log_parameters", (False,))[0] else 0
    if "threshold" in given or "sample" in given:
        _, source = given.get("log_parameters") or given.get("threshold") or given["sample"]
        yield "log_parameter_max_length", length, source
    explains, source = given.get("auto_explain", (False, ()))
    if explains:
        threshold, _ = given.get("threshold", ("1s", ()))
        yield "session_preload_libraries", "auto_explain", source
        yield "auto_explain.log_min_duration", threshold, source
        yield EXPLAINED_VALUES, length, source


def changes(scope: Scope) -> Iterator[Change]:
    actual: dict[Key, Fact] = {
        (fact.role, fact.parameter.lower()): fact for fact in scope.facts(NAME)
    }
    for key, want in desired(scope).items():
        role, name = key
        if (role is None and scope.only) or not scope.has_role(role):
            continue
        known = scope.state.parameters.get(name)
        if name == EXPLAINED_VALUES and scope.server.major < 16:
            continue
        if not _usable(scope, want, known):
            continue
        have = actual.get(key)
        if not want.value:
            if have is not None:
                yield _set(scope, want, have, known)
            continue
        if have is None and _is_everywhere(scope, actual, want, known):
            continue
        if have is None or not parameter.same(known, name, have.value, want.value):
            yield _set(scope, want, have, known)


def _usable(scope: Scope, want: Want, known: Parameter | None) -> bool:
    """Whether such a parameter can be set for a role or database at all."""
    if known is None:
        if want.parameter.lower() in _HIDDEN | _UNSEEN or parameter.is_custom(want.parameter):
            return True
        message = f"there is no parameter `{want.parameter}` on this server"
        scope.report("error", want.source, message)
        return False
    if known.context not in ("user", "superuser"):
        message = (
            f"`{want.parameter}` cannot be set for a role or database; it {_HOW[known.context]}"
        )
        scope.report("error", want.source, message)
        return False
    problem = parameter.problem(known, want.value) if want.value else None
    if problem is not None:
        scope.report("error", want.source, problem)
        return False
    return True


def _is_everywhere(
    scope: Scope, actual: Mapping[Key, Fact], want: Want, known: Parameter | None
) -> bool:
    """Whether the whole server has the value that the connected role may not set for a role."""
    name = want.parameter.lower()
    if known is None or known.everywhere is None or known.context != "superuser":
        return False
    if scope.server.superuser or name in scope.state.settable or (None, name) in actual:
        return False
    return parameter.same(known, name, known.everywhere, want.value)


def _set(scope: Scope, want: Want, have: Fact | None, known: Parameter | None) -> Change:
    database = scope.spec.database.name
    on = f"role {sql.quote_name(want.role)}" if want.role is not None else "the database"
    value = ", ".join(want.value) if want.value else "default"
    values: dict[str, Any] = {
        "role": sql.Name(want.role) if want.role is not None else None,
        "database": sql.Name(database),
        "parameter": sql.Name(*want.parameter.split(".")),
    }
    if want.value:
        values["value"] = sql.Listed(sql.Text(word) for word in want.value)
        text = sql.statement("setting/set", **values)
    else:
        text = sql.statement("setting/reset", **values)
    actual = scope.actual_database
    owner = actual.owner if actual is not None else scope.server.role
    if want.role is None:
        needs = {Need("use", role) for role in (owner, scope.spec.database.owner or owner)}
    else:
        needs = {Need("settings", want.role)}
    if (
        known.context == "superuser"
        if known is not None
        else "." in want.parameter or want.parameter.lower() in _UNSEEN
    ):
        needs.add(Need("parameter", known.name if known is not None else want.parameter))
    before = have.value if have is not None else None
    return Change(
        kind=NAME,
        address=f"setting.{want.role or 'database'}.{want.parameter}",
        name=want.parameter,
        action=(Action.UPDATE if want.value else Action.DELETE) if have else Action.CREATE,
        summary=f"set {want.parameter} of {on}: "
        + (f"{before} -> {value}" if before is not None else value),
        step=Step.SETTING,
        statements=(Statement(text),),
        before={"value": before} if before is not None else None,
        after={"value": value} if want.value else None,
        service=scope.service_of(want.role) if want.role is not None else None,
        source=want.source,
        needs=frozenset(needs),
    )
