"""The whole spec of a database as a document, section by section."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from chiro_db import __version__
from chiro_db.adopt import database, holdings, roles, services, settings
from chiro_db.adopt.lines import together
from chiro_db.adopt.live import Live
from chiro_db.adopt.services import Service
from chiro_db.adopt.survey import PROVIDERS
from chiro_db.adopt.text import Lined, Noted, Remark
from chiro_db.kinds.scope import globs
from chiro_db.model import acl
from chiro_db.model.predefined import DATABASE_OWNER

_OWN_COMMENT = "standard public schema"  # as initdb makes it


@dataclass(frozen=True, slots=True)
class Document:
    """The sections of the spec, and the roles that a service alone declares."""

    head: dict[str, Any]  # version, database, defaults for all services, ignore
    roles: dict[str, Any]
    services: dict[str, Any]
    of_service: dict[str, str]  # role: service

    @property
    def whole(self) -> dict[str, Any]:
        """In the order of the manual."""
        result = {k: v for k, v in self.head.items() if k in ("", "version", "database")}
        if self.roles:
            result["roles"] = Lined(self.roles)
        if self.services:
            result["services"] = Lined(self.services)
        return result | {k: v for k, v in self.head.items() if k not in result}


def document(live: Live) -> Document:
    found = services.services(live)
    facts = {fact.name: fact for fact in live.state.facts["schema"]}
    at_database = holdings.held(acl.parse(live.database.acl), live.database.owner, live.counts)
    holding = {h.grantee for h in at_database if h.grantee is not None}
    named = roles.concerned(live, found, holding)
    ignored: list[str] = []
    if live.is_narrowed:
        ignored = roles.left_out(live, named, _everyone(live, facts.values()))
    own = settings.of_roles(live, found, named)
    bodies: dict[str, Any] = {}
    of_service: dict[str, str] = {}
    declaring = _declaring(found)
    for name in sorted(named):
        mine = declaring.get(name, [])
        body = roles.body(
            live,
            name,
            named,
            logs_in=any(name in service.logins for service in mine),
            migrates=[s.owner for s in mine if s.migrator == name],
        )
        if own[name]:
            body["settings"] = settings.written(own[name])
        if body or not mine:
            bodies[name] = _noted_role(live, name, body)
            if len(mine) == 1:
                of_service[name] = mine[0].name
    threshold = settings.common_threshold(found)
    head: dict[str, Any] = {
        "": Remark((*_title(live), *_strange_defaults(live, found))),
        "version": 1,
    }
    explicit = not database.connect_is_implied(live, found, named, at_database)
    head["database"] = Lined(database.section(live, found, named, at_database, explicit=explicit))
    if threshold is not None:
        head["slow_queries"] = {"threshold": _number(threshold)}
    providers = _providers(live)
    if providers or ignored:
        head["ignore"] = {"roles": [*providers, *ignored]}
    sections = {s.name: _noted_service(live, s, threshold) for s in found}
    return Document(head, bodies, sections, of_service)


def _everyone(live: Live, schemas: Iterable[Any]) -> set[str]:
    """All grantees, whether they were chosen or not."""
    found = [*live.state.facts["object"], *live.state.facts["column"], *schemas, live.database]
    found += [fact for fact in live.state.facts["default_privilege"] if fact.schema is not None]
    entries = {entry for fact in found for item in fact.acl for entry in acl.parse_item(item)}
    return {entry.grantee for entry in entries if entry.grantee is not None}


def _declaring(found: Iterable[Service]) -> dict[str, list[Service]]:
    result: dict[str, list[Service]] = {}
    for service in found:
        for role in (*service.logins, service.reader):
            if role is not None:
                result.setdefault(role, []).append(service)
    return result


def _title(live: Live) -> tuple[str, ...]:
    server = live.state.server
    lines = [
        f"The database {live.database.name} as chirodb {__version__} found it"
        f" (PostgreSQL {server.version_text}).",
        "Passwords stay as they are. With `enforce: additive` nothing is taken from anyone.",
    ]
    logging_in = sorted(r.name for r in live.roles.values() if r.superuser and r.login)
    if logging_in:
        lines.append(f"Superusers who log in, and whom no grant binds: {', '.join(logging_in)}.")
    chosen = {schema.name for schema in live.survey.chosen}
    for schema in live.survey.schemas:
        if schema.extension is not None:
            lines.append(f"Not managed: schema {schema.name}, of extension {schema.extension}.")
        elif schema.name in chosen and not live.is_service(schema) and schema.used:
            lines.append(
                f"Not managed: what is in schema {schema.name}, since it belongs to"
                f" {schema.owner}; a service's schema has an owner of its own."
            )
    hidden = sorted(
        f"{f.parameter}{f' of {f.role}' if f.role else ''}"
        for f in live.state.facts["setting"]
        if settings.is_secret(f.parameter)
    )
    if hidden:
        lines.append(f"Left out, since they may be secrets: {', '.join(hidden)}.")
    return tuple(lines)


def _strange_defaults(live: Live, found: Iterable[Service]) -> Iterator[str]:
    """Of who may make objects in a service's schema, and is none of those who are to."""
    acls = {fact.name: acl.parse(fact.acl) for fact in live.state.facts["schema"]}
    for service in found:
        may = {e.grantee for e in acls[service.schema] if e.privilege == "CREATE"}
        strangers = live.makers.get(None, set()) - {service.owner, *service.creators}
        for role in sorted(strangers):
            if role in may:
                yield (
                    f"Not managed: the default privileges for all schemas of {role}, who may make"
                    f" objects in {service.schema}; they are where it stands under `creators`."
                )


def _providers(live: Live) -> list[str]:
    return [
        glob
        for glob in PROVIDERS
        if (pattern := globs((glob,))) is not None and any(map(pattern.match, live.survey.roles))
    ]


def _noted_role(live: Live, name: str, body: dict[str, Any]) -> Any:
    role = live.roles[name]
    if role.superuser and role.login:
        return Noted(body, beside="a superuser who logs in")
    return body


def _noted_service(live: Live, service: Service, threshold: str | None) -> Any:
    result = Lined()
    if service.purpose and (service.schema, service.purpose) != ("public", _OWN_COMMENT):
        result["purpose"] = service.purpose
    result["schema"] = service.schema
    result["owner"] = service.owner
    for key in ("app", "reader", "migrator"):
        if (role := getattr(service, key)) is not None:
            result[key] = role
    if service.creators:
        result["creators"] = Noted(list(service.creators), beside=_owning(live, service))
    if service.settings:
        result["settings"] = settings.written(service.settings)
    if service.threshold is not None and service.threshold != threshold:
        result["slow_queries"] = {"threshold": _number(service.threshold)}
        if service.logs_values:
            result["slow_queries"]["log_parameters"] = True
    if grants := together(service.lines):
        result["grants"] = [_noted_grant(line) for line in grants]
    return result


def _owning(live: Live, service: Service) -> str:
    """Whose objects are not the schema's owner's; where that is the database's, they may be his."""
    if service.owner == DATABASE_OWNER and list(service.creators) == [live.database.owner]:
        return ""
    owned = [f"{role} owns {n}" for role, n in service.creators.items() if n]
    if not owned:
        return f"their objects need not be {service.owner}'s"
    return f"not {service.owner}'s: {', '.join(owned)} here"


def _noted_grant(line: dict[str, Any]) -> Any:
    to = line["to"]
    is_public = to == "public" or (isinstance(to, list) and "public" in to)
    return Noted(line, beside="everyone") if is_public else line


def _number(text: str) -> int | str:
    return int(text) if text.lstrip("-").isdecimal() and str(int(text)) == text else text
