"""From a service of the spec to one role's way into its schema, on one target."""

from __future__ import annotations

import os
import re
from difflib import get_close_matches

from chiro_db.catalog.connect import where
from chiro_db.cli.connecting import chosen, known_services
from chiro_db.embedded import Cluster, state_directory
from chiro_db.errors import ChirodbError, RefusedError
from chiro_db.kinds import setting
from chiro_db.kinds.scope import Request
from chiro_db.model.reference import is_secret, references, with_references
from chiro_db.model.secret import Secret
from chiro_db.model.spec import Target
from chiro_db.report.connection import VARIABLES, Login
from chiro_db.spec.load import Loaded
from chiro_db.spec.secrets import resolved
from chiro_db.sql import quote_name

# Of the target's URL; user, password and certificate are the administrator's, not the service's.
_KEPT = tuple(
    name
    for name in VARIABLES
    if name not in ("user", "password", "dbname", "application_name", "options")
)
_PLACE = ("host", "hostaddr", "port", "service")
_TOKEN = "chirodb0reference"  # noqa: S105 - stands for a reference that is not read


def login(
    loaded: Loaded,
    service: str,
    role: str | None,
    *,
    target: str | None,
    url: str | None,
    reveal: bool,
) -> Login:
    """Offline; the password is read where it is to be shown, and nowhere else."""
    known_services(loaded, [service])
    user = _role(loaded, service, role)
    path, own = _search_path(loaded, service, user)
    parameters = _server(loaded, *chosen(loaded, target, url))
    parameters |= {"dbname": loaded.spec.database.name, "user": user, "application_name": service}
    if path != own:  # elsewhere the role's own setting says it, which poolers prefer
        parameters["options"] = _option(path)
    written = loaded.spec.roles.get(user)
    reference = written.password if written is not None else None
    password = _password(loaded, user, reference) if reveal else None
    return Login(parameters, path, _variable(user, reference), password)


def _role(loaded: Loaded, service: str, wanted: str | None) -> str:
    """RefusedError where it is no role that can log in."""
    body = loaded.spec.services[service]
    keys = {"owner": body.owner, "app": body.app, "reader": body.reader, "migrator": body.migrator}
    if wanted is None:
        return body.app or body.owner
    name = keys.get(wanted, wanted)
    if name is None:
        raise ChirodbError(
            f"the service `{service}` has no `{wanted}`",
            hint=f"it has {', '.join(key for key, role in keys.items() if role)}",
        )
    request = Request(loaded.spec)
    if name not in request.declared:
        close = get_close_matches(name, [*keys, *request.declared], 1)
        raise ChirodbError(
            f"there is no role `{name}` in the spec",
            hint=f"did you mean `{close[0]}`?" if close else None,
        )
    if name not in request.logins:
        raise RefusedError(
            f"nobody logs in as `{name}`: it is a group", hint="name one of its members"
        )
    return name


def _search_path(loaded: Loaded, service: str, role: str) -> tuple[tuple[str, ...], object]:
    """What the sessions are to have, and what the role's own setting gives them."""
    found = setting.desired(Request(loaded.spec)).get((role, "search_path"))
    schema = (loaded.spec.services[service].schema_name,)
    if found is None:
        return schema, None
    implied = found.source[-1] == "schema"  # of a role of several services: theirs in turn
    return (schema if implied else found.value), found.value


def _server(loaded: Loaded, name: str, section: Target | None, given: str | None) -> dict[str, str]:
    """What the target says about the server and TLS, and libpq's variables about the server."""
    if section is not None and section.embedded:
        return _embedded(loaded)
    if section is not None and section.url is not None:
        found = _of_target(loaded, name, section.url)
    else:
        found = _of_url(loaded, given or "")
    if "service" not in found:
        inherited = {name: os.environ.get(VARIABLES[name]) for name in _PLACE}
        found = {name: value for name, value in inherited.items() if value} | found
    if section is not None and section.protected:
        found.setdefault("sslmode", "verify-full")
    return found


def _of_target(loaded: Loaded, name: str, url: str) -> dict[str, str]:
    """Without reading the administrator's password, where it alone is a reference."""
    if not is_secret(url):
        found = _of_url(loaded, with_references(url, lambda _source, _name: _TOKEN))
        if not any(_TOKEN in value for value in found.values()):
            return found
    return _of_url(loaded, resolved(loaded, ("targets", name, "url"), url).reveal())


def _of_url(loaded: Loaded, url: str) -> dict[str, str]:
    parameters = where(url, loaded.spec.database.name).parameters
    return {name: str(parameters[name]) for name in _KEPT if parameters.get(name)}


def _embedded(loaded: Loaded) -> dict[str, str]:
    found = Cluster(state_directory(loaded.path)).status()
    if found.port is None:
        raise RefusedError(
            "the embedded PostgreSQL was never started, and has no port yet",
            hint="`chirodb dev start` starts it",
        )
    return {"host": "127.0.0.1", "port": str(found.port)}


def _option(path: tuple[str, ...]) -> str:
    """For the server's command line, where a backslash keeps a space in its word."""
    text = ",".join(quote_name(schema) for schema in path)
    return "-csearch_path=" + re.sub(r"([\s\\])", r"\\\1", text)


def _variable(role: str, reference: str | None) -> str:
    """The one that the spec reads the password from, else one like it."""
    if reference is not None:
        source, name = references(reference)[0]
        if source == "env":
            return name
    return re.sub(r"\W", "_", role, flags=re.ASCII).upper() + "_PASSWORD"


def _password(loaded: Loaded, role: str, reference: str | None) -> Secret:
    if reference is None:
        raise RefusedError(
            f"the spec declares no password for `{role}`",
            hint=f"add `password:` to `{role}` under `roles:`, or leave --reveal out",
        )
    return resolved(loaded, ("roles", role, "password"), reference)
