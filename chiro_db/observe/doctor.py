"""Why a service cannot connect, is slow, or runs out of connections: nothing is changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from chiro_db.catalog.connect import Where, connected
from chiro_db.errors import ChirodbError
from chiro_db.model.secret import Secret
from chiro_db.observe.door import door
from chiro_db.observe.finding import Checkup, Result, State, Thresholds, unchecked
from chiro_db.observe.pooler import pools
from chiro_db.observe.reaching import Reach
from chiro_db.observe.rights import Login, logins, rights
from chiro_db.observe.services import services_of_roles
from chiro_db.observe.session import answering, looking
from chiro_db.observe.sessions import of_service, sessions, taken
from chiro_db.observe.tables import tables
from chiro_db.sql import Name

if TYPE_CHECKING:
    from chiro_db.catalog.connect import Connection
    from chiro_db.model.spec import Spec

_CONNECTION = "connection"
_PATIENCE = 60.0  # seconds for all that is asked
_INSIDE = ("role", "CONNECT", "schema USAGE", "search_path", "limits", "idle in transaction",
           "leaks", "locks", "indexes", "cache", "bloat")  # fmt: skip
Passwords = Mapping[str, Secret | str]  # by role; else why it cannot be had


def examined(
    to: Where,
    spec: Spec,
    services: list[str],
    passwords: Passwords,
    limits: Thresholds | None = None,
) -> Checkup:
    """The way that a connection goes, and then what goes on inside."""
    limits = limits or Thresholds()
    results = list(_all(to, spec, services, passwords, limits))
    return Checkup(spec.database.name, str(to), tuple(results))


def _all(
    to: Where, spec: Spec, services: list[str], passwords: Passwords, limits: Thresholds
) -> Iterator[Result]:
    at = door(to)
    reach = Reach(at)
    yield from reach.network(_CONNECTION)
    yield from pools(to, at, reach, spec.database.name)
    entered = reach.login(_CONNECTION, at.user, at.password)
    yield entered
    why = "nobody got in"
    if entered.state is not State.FINDING and reach.tls is not None:
        try:
            with connected(to) as connection, looking(connection):
                yield from _inside(connection, spec, services, passwords, reach, limits)
            return
        except ChirodbError as error:
            why = error.message
    yield unchecked(_CONNECTION, "limits", why)
    for service in services:
        for role in spec.services[service].logins:
            yield _login(service, role, passwords, reach)
        for step in _INSIDE:
            yield unchecked(service, step, why)


def _inside(
    connection: Connection,
    spec: Spec,
    services: list[str],
    passwords: Passwords,
    reach: Reach,
    limits: Thresholds,
) -> Iterator[Result]:
    """A fixed number of queries, and one login for each role whose password is known."""
    schemas = {spec.services[name].schema_name: name for name in services}
    with answering(connection, _PATIENCE):
        found = logins(connection, spec, services)
        known = sessions(connection, services_of_roles(spec))
        measured = tables(connection, schemas, limits)
        held = list(taken(connection, spec.database.name, limits))
    yield from held
    for service in services:
        yield from _logins(service, found[service], passwords, reach)
        yield from rights(service, found[service], spec.database.name, limits)
        yield from of_service(service, known, limits)
        yield from measured[service]


def _logins(
    service: str, found: list[Login], passwords: Passwords, reach: Reach
) -> Iterator[Result]:
    """Those that the catalog says cannot work are explained by what follows."""
    for login in found:
        if login.exists and login.login and not login.expired and login.may_connect:
            yield _login(service, login.role, passwords, reach)


def _login(service: str, role: str, passwords: Passwords, reach: Reach) -> Result:
    password = passwords.get(role)
    if isinstance(password, str):
        return unchecked(service, "authentication", f"the password of {Name(role)}: {password}")
    return reach.login(service, role, password)
