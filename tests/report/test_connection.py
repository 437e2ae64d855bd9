"""Connection strings as each driver reads them back, whatever the names are."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from urllib.parse import unquote_plus

import pytest
from psycopg.conninfo import conninfo_to_dict

from chiro_db.errors import RefusedError
from chiro_db.model.secret import Secret
from chiro_db.report.connection import VARIABLES, Login, env, jdbc, libpq, quarkus, uri

NAMES = (
    "plain",
    "two words",
    'it\'s "quoted" \\ back\\slash',
    "a=b&c?d#e/f:g@h;i",
    "100%+20%41",
    "$HOME ${HOME} `id` $(id)",
    " begins and ends ",
    "größe 数据 🐘",
    "line\nbreak\ttab",
    "a\\$b \\${HOME} $$",
)
HERE = {"host": "db.example.com", "port": "5433"}


def login(name: str = "x", password: str | None = None, **given: str) -> Login:
    parameters = HERE | {"dbname": name, "user": name, "application_name": name} | given
    secret = None if password is None else Secret(password)
    return Login(parameters, (name,), "X_PASSWORD", secret)


def read_jdbc(url: str) -> dict[str, str]:
    """As pgjdbc's Driver.parseURL: every part is decoded by URLDecoder, `+` is a space."""
    start, _, arguments = url.partition("?")
    found = re.fullmatch(r"jdbc:postgresql://([^/]*)/([^/]*)", start)
    assert found, url
    hosts = [part.rpartition(":") if re.search(r":\d+$", part) else (part, "", "5432")
             for part in found[1].split(",")]  # fmt: skip
    values = {
        "PGHOST": ",".join(host for host, _, _ in hosts),
        "PGPORT": ",".join(port for _, _, port in hosts),
        "PGDBNAME": unquote_plus(found[2]),
    }
    for argument in arguments.split("&"):
        name, equals, value = argument.partition("=")
        assert equals
        values[name] = unquote_plus(value)
    return values


def read_properties(text: str) -> dict[str, str]:
    """As java.util.Properties.load reads lines without continuation."""
    found = {}
    for line in text.split("\n"):
        match = re.fullmatch(r"([a-z.-]+)=\s*(.*)", line, re.S)
        assert match, line
        assert line.isascii()
        units = re.sub(
            r"\\(u[0-9a-f]{4}|.)",
            lambda m: (
                chr(int(m[1][1:], 16))
                if len(m[1]) > 1
                else {"n": "\n", "r": "\r", "t": "\t", "f": "\f"}.get(m[1], m[1])
            ),
            match[2],
        )
        found[match[1]] = units.encode("utf-16", "surrogatepass").decode("utf-16")
    return found


def expanded(value: str) -> str:
    r"""As SmallRye Config: `\$` is a dollar, `${X}` the variable X."""
    return re.sub(r"\\\$|\$\{(\w+)\}", lambda m: f"<{m[1]}>" if m[1] else "$", value)


@pytest.mark.parametrize("name", NAMES)
def test_libpq_reads_back_what_was_meant(name: str) -> None:
    meant = HERE | {"dbname": name, "user": name, "application_name": name}
    for form in (uri, libpq):
        assert conninfo_to_dict(form(login(name))) == meant
        assert conninfo_to_dict(form(login(name, name))) == meant | {"password": name}


@pytest.mark.parametrize("name", NAMES)
def test_a_shell_reads_back_what_was_meant(name: str) -> None:
    def read(text: str) -> dict[str, str]:
        script = f"{text}\nenv -0"
        done = subprocess.run(
            ["/bin/sh", "-c", script], env={}, capture_output=True, text=True, check=True
        )
        rows = (row.partition("=") for row in done.stdout.split("\0"))
        return {key: value for key, _, value in rows if key.startswith("PG")}

    found = read(env(login(name, name)))
    assert found == {
        "PGHOST": HERE["host"], "PGPORT": "5433", "PGDATABASE": name, "PGUSER": name,
        "PGPASSWORD": name, "PGAPPNAME": name,
    }  # fmt: skip
    assert "PGPASSWORD" not in read(env(login(name)))


@pytest.mark.parametrize("name", NAMES)
def test_pgjdbc_reads_back_what_was_meant(name: str) -> None:
    found = read_jdbc(jdbc(login(name, name, sslmode="verify-full")))
    schema = name if name == "plain" else '"' + name.replace('"', '""') + '"'
    assert found == {
        "PGHOST": HERE["host"], "PGPORT": "5433", "PGDBNAME": name, "user": name, "password": name,
        "ApplicationName": name, "currentSchema": schema, "sslmode": "verify-full",
    }  # fmt: skip
    assert "password" not in read_jdbc(jdbc(login(name)))


@pytest.mark.parametrize("name", NAMES)
def test_quarkus_reads_back_what_was_meant(name: str) -> None:
    found = read_properties(quarkus(login(name, name)))
    read = {key.removeprefix("quarkus.datasource."): expanded(v) for key, v in found.items()}
    assert (read["db-kind"], read["username"], read["password"]) == ("postgresql", name, name)
    url = read_jdbc(read["jdbc.url"])
    assert (url["PGDBNAME"], url["ApplicationName"]) == (name, name)
    assert {"user", "password"}.isdisjoint(url)
    hidden = read_properties(quarkus(login(name)))["quarkus.datasource.password"]
    assert (hidden, expanded(hidden)) == ("${X_PASSWORD}", "<X_PASSWORD>")


@pytest.mark.parametrize(
    ("given", "of_libpq", "of_jdbc"),
    [
        ({"host": "a,b", "port": "1,2"}, {"host": "a,b", "port": "1,2"}, ("a,b", "1,2")),
        ({"host": "a,b", "port": "6432"}, {"host": "a,b", "port": "6432,6432"},
         ("a,b", "6432,6432")),
        ({"host": "::1"}, {"host": "::1"}, ("[::1]", "5433")),
        ({"host": "", "hostaddr": "10.0.0.1"}, {"hostaddr": "10.0.0.1"}, ("10.0.0.1", "5433")),
        ({"host": "", "port": ""}, {}, ("localhost", "5432")),
    ],
)  # fmt: skip
def test_servers(
    given: Mapping[str, str], of_libpq: Mapping[str, str], of_jdbc: tuple[str, str]
) -> None:
    meant = {k: v for k, v in (HERE | dict(given)).items() if v} | dict(of_libpq)
    one = login(**given)
    found = conninfo_to_dict(uri(one))
    assert {key: str(found[key]) for key in meant} == meant
    read = read_jdbc(jdbc(one))
    assert (read["PGHOST"], read["PGPORT"]) == of_jdbc


def test_a_standby_in_the_words_of_each() -> None:
    one = login(target_session_attrs="prefer-standby")
    assert "target_session_attrs=prefer-standby" in uri(one)
    assert "targetServerType=preferSecondary" in jdbc(one)


@pytest.mark.parametrize("given", [{"host": "/run/postgresql"}, {"service": "prod"}])
def test_what_jdbc_cannot_say(given: dict[str, str]) -> None:
    for form in (jdbc, quarkus):
        with pytest.raises(RefusedError, match="JDBC does not"):
            form(login(**given))
    assert conninfo_to_dict(uri(login(**given))).items() >= given.items()


def test_variables_are_libpqs_own() -> None:
    from psycopg.pq import Conninfo

    own = {o.keyword.decode(): o.envvar.decode() for o in Conninfo.get_defaults() if o.envvar}
    assert {k: v for k, v in VARIABLES.items() if k in own} == {
        k: own[k] for k in VARIABLES if k in own
    }
    assert len(set(VARIABLES) & set(own)) > 15
