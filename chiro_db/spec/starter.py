"""The first spec of a project, with comments for who has never seen one."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})

_HEAD = """\
# What the database {quoted} is to be. `chirodb plan` shows what differs on the server, `chirodb
# apply` changes it, `chirodb validate` checks this file.
version: 1

# exact: what no line gives is revoked, whoever granted it.
# additive: nothing is taken away, extras are only listed; for a database that is in use already.
enforce: exact

database:
  name: {quoted}
  # owner: {admin}  # unmanaged while it is not named
  # comment: What it is for
  # extensions: [pg_trgm]
  settings: {{timezone: UTC}}      # ALTER DATABASE ... SET

# Where it lives; the first is the default, --target chooses another.
targets:
{targets}
# Roles that no service declares, or more about those. Passwords are references, never literals;
# without one a role logs in where pg_hba.conf asks for none.
# roles:
#   {app}: {{password: "${{env:{variable}}}"}}
#   bi_reader: {{login: true, connection_limit: 10}}

# Where `chirodb backup run` keeps each service by itself: a folder, s3://, az:// or gs://.
# backup: {{to: ./backups, schedule: daily, keep: {{daily: 14, monthly: 12}}}}

# A service is a schema, its owner and who may use it. Each line declares its role.
services:
"""
_EMBEDDED = """\
  dev: {embedded: true}          # a private PostgreSQL that chirodb runs itself
  # prod: {url: "${env:PROD_URL}", protected: true}
"""
_URL = """\
  server: {{url: {url}}}
  # with `protected: true` each hazard of a plan has to be allowed by name
  # dev: {{embedded: true}}       # a private PostgreSQL that chirodb runs itself
"""
_SERVICE = """\
  {key}:
    # purpose: One line, COMMENT ON SCHEMA
    schema: {schema}
    {owner}# owns all that is in the schema
    {app}# reads and writes rows, makes no tables
"""
_FIRST = """\
    # {reader}# a group that reads
    # {migrator}# runs migrations as the owner
    # settings: {{statement_timeout: 30s}}
    # grants:
    #   - {{to: bi_reader, level: read, tables: ["report_*"], until: {year}-12-31}}
"""


def starter(database: str, services: Sequence[str], url: str | None, year: int) -> str:
    """`url` None: the embedded server. Whether the names will do is for `load` to say."""
    first = identifier(services[0])
    text = _HEAD.format(
        quoted=_scalar(database),
        admin=f"{identifier(database)}_admin",
        targets=_EMBEDDED if url is None else _URL.format(url=json.dumps(url, ensure_ascii=False)),
        app=f"{first}_app",
        variable=f"{first}_app_password".upper(),
    )
    for i, service in enumerate(services):
        schema = identifier(service)
        text += _SERVICE.format(
            key=_scalar(service),
            schema=schema,
            owner=_before_comment(f"owner: {schema}_owner"),
            app=_before_comment(f"app: {schema}_app"),
        )
        if i == 0:
            text += _FIRST.format(
                reader=_before_comment(f"reader: {schema}_reader", 2),
                migrator=_before_comment(f"migrator: {schema}_migrator", 2),
                year=year,
            )
    return text


def _before_comment(text: str, deeper: int = 0) -> str:
    return text.ljust(36 - deeper) + ("" if len(text) < 36 - deeper else "  ")


def identifier(name: str) -> str:
    """A name that PostgreSQL takes without quotes, short enough for what is appended to it."""
    word = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")[:50]
    return word if word and not word[0].isdigit() else f"s_{word}".rstrip("_")


def _scalar(text: str) -> str:
    plain = _PLAIN.fullmatch(text) and text.lower() not in _WORDS
    return text if plain else json.dumps(text, ensure_ascii=False)
