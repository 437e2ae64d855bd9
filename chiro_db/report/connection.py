"""How a service reaches its database, in the words of each driver that is to read it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from chiro_db.errors import RefusedError
from chiro_db.model.secret import Secret
from chiro_db.sql import quote_name

# libpq's parameters and its variables, in the order in which they are printed.
VARIABLES: Mapping[str, str] = {
    "host": "PGHOST",
    "hostaddr": "PGHOSTADDR",
    "port": "PGPORT",
    "service": "PGSERVICE",
    "dbname": "PGDATABASE",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "sslmode": "PGSSLMODE",
    "sslnegotiation": "PGSSLNEGOTIATION",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcrl": "PGSSLCRL",
    "sslcrldir": "PGSSLCRLDIR",
    "sslsni": "PGSSLSNI",
    "ssl_min_protocol_version": "PGSSLMINPROTOCOLVERSION",
    "ssl_max_protocol_version": "PGSSLMAXPROTOCOLVERSION",
    "channel_binding": "PGCHANNELBINDING",
    "gssencmode": "PGGSSENCMODE",
    "target_session_attrs": "PGTARGETSESSIONATTRS",
    "load_balance_hosts": "PGLOADBALANCEHOSTS",
    "options": "PGOPTIONS",
    "application_name": "PGAPPNAME",
}
# What pgjdbc calls them; it has no others of these.
_JDBC: Mapping[str, str] = {
    "user": "user",
    "password": "password",
    "sslmode": "sslmode",
    "sslnegotiation": "sslNegotiation",
    "sslrootcert": "sslrootcert",
    "channel_binding": "channelBinding",
    "gssencmode": "gssEncMode",
    "target_session_attrs": "targetServerType",
    "application_name": "ApplicationName",
}
_SERVER_TYPES: Mapping[str, str] = {
    "read-write": "primary",
    "read-only": "secondary",
    "standby": "secondary",
    "prefer-standby": "preferSecondary",
}
_IN_PROPERTIES = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\f": "\\f"}


@dataclass(frozen=True, slots=True)
class Login:
    """One role's way into one schema; `parameters` are libpq's, without a password."""

    parameters: Mapping[str, str]
    search_path: tuple[str, ...]
    variable: str  # of the environment, which is to hold the password
    password: Secret | None = None  # to be shown


def uri(login: Login) -> str:
    """`postgresql://user@host:port/database?...`, for libpq and what is built on it."""
    given = dict(_shown(login))
    hosts = _places(given, sockets=True)
    user, password = given.pop("user", ""), given.pop("password", None)
    who = quote(user, safe="") + ("" if password is None else f":{quote(password, safe='')}")
    database = quote(given.pop("dbname"), safe="")
    return f"postgresql://{who}@{hosts}/{database}{_query(given.items())}"


def libpq(login: Login) -> str:
    """`host=... dbname=...`: a conninfo string."""
    return " ".join(f"{name}={_conninfo_value(value)}" for name, value in _shown(login))


def env(login: Login) -> str:
    """Lines for a shell: `eval "$(chirodb connection SERVICE --format env)"`."""
    rows = (f"export {VARIABLES[name]}={shlex.quote(value)}" for name, value in _shown(login))
    return "\n".join(rows)


def jdbc(login: Login) -> str:
    """pgjdbc's URL; its values are URL-encoded, and `currentSchema` is SQL."""
    return _jdbc(login, without=())


def quarkus(login: Login) -> str:
    """Lines of application.properties; the password stays a variable unless it is to be shown."""
    password = "${" + login.variable + "}"
    if login.password is not None:
        password = _literal(login.password.reveal())
    values = {
        "db-kind": "postgresql",
        "username": _literal(login.parameters["user"]),
        "password": password,
        "jdbc.url": _literal(_jdbc(login, without=("user", "password"))),
    }
    return "\n".join(
        f"quarkus.datasource.{name}={_property(value)}" for name, value in values.items()
    )


FORMATS: Mapping[str, Callable[[Login], str]] = {
    "uri": uri,
    "jdbc": jdbc,
    "quarkus": quarkus,
    "env": env,
    "libpq": libpq,
}


def _shown(login: Login) -> Iterable[tuple[str, str]]:
    values = dict(login.parameters)
    if login.password is not None:
        values["password"] = login.password.reveal()
    return [(name, values[name]) for name in VARIABLES if values.get(name)]


def _places(given: dict[str, str], *, sockets: bool) -> str:
    """`host:port,host:port`, taken out of what was given."""
    hosts = (given.pop("host", "") or ("" if sockets else given.get("hostaddr", ""))).split(",")
    ports = given.pop("port", "").split(",")
    ports = ports * len(hosts) if len(ports) == 1 else ports
    pairs = zip(hosts, ports, strict=False)
    return ",".join(_host(host) + (f":{port}" if port else "") for host, port in pairs)


def _host(host: str) -> str:
    return f"[{host}]" if ":" in host else quote(host, safe="")


def _jdbc(login: Login, without: Iterable[str]) -> str:
    given = dict(_shown(login))
    hint = "--format libpq, or a target with a host"
    if "service" in given:
        raise RefusedError("JDBC does not know the service file of libpq", hint=hint)
    if any(host.startswith(("/", "@")) for host in given.get("host", "").split(",")):
        raise RefusedError("JDBC does not speak through a Unix socket", hint=hint)
    given.setdefault("host", given.get("hostaddr", "localhost"))  # as pgjdbc itself
    place, database = _places(given, sockets=False), quote(given["dbname"], safe="")
    if "target_session_attrs" in given:
        attribute = given["target_session_attrs"]
        given["target_session_attrs"] = _SERVER_TYPES.get(attribute, attribute)
    wanted = [name for name in VARIABLES if name in _JDBC and name in given and name not in without]
    path = ",".join(quote_name(schema) for schema in login.search_path)
    items = [("currentSchema", path), *((_JDBC[name], given[name]) for name in wanted)]
    return f"jdbc:postgresql://{place}/{database}{_query(items)}"


def _query(items: Iterable[tuple[str, str]]) -> str:
    text = "&".join(f"{name}={quote(value, safe='')}" for name, value in items)
    return f"?{text}" if text else ""


def _conninfo_value(value: str) -> str:
    if value and not re.search(r"[\s'\\]", value):
        return value
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _literal(value: str) -> str:
    r"""A value in which Quarkus expands nothing: `\$` is a dollar."""
    return value.replace("$", "\\$")


def _property(value: str) -> str:
    """As java.util.Properties reads it, whatever the file's encoding is."""
    text = "".join(_IN_PROPERTIES.get(c, c) for c in value)
    text = text if not text.startswith(" ") else f"\\{text}"
    return "".join(c if c.isascii() else _utf16(c) for c in text)


def _utf16(character: str) -> str:
    units = character.encode("utf-16-be").hex()
    return "".join(f"\\u{units[i : i + 4]}" for i in range(0, len(units), 4))
