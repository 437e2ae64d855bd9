"""What there is to adopt: the names of schemas, roles and extensions, and all facts about them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from chiro_db.catalog.inspect import inspect
from chiro_db.kinds.scope import Request, globs
from chiro_db.model.spec import Database, Extension, Service, Spec
from chiro_db.model.state import State
from chiro_db.resources import text

if TYPE_CHECKING:
    from chiro_db.catalog.connect import Connection

# Roles that a managed server keeps for itself.
PROVIDERS = ("rds*", "cloudsql*", "azure*")


@dataclass(frozen=True, slots=True)
class Schema:
    """A row of adopt/schemas.sql."""

    name: str
    owner: str
    extension: str | None  # that the schema itself belongs to
    used: bool  # whether anything is in it that is no extension's


@dataclass(frozen=True, slots=True)
class Survey:
    """Names, and the state of all that they name."""

    schemas: tuple[Schema, ...]  # all of them
    chosen: tuple[Schema, ...]  # those whose facts were read
    roles: tuple[str, ...]
    extensions: tuple[str, ...]
    state: State


class _Everything(Request):
    """A request for whatever was found."""

    def __init__(
        self, database: str, schemas: Iterable[Schema], roles: list[str], extensions: list[str]
    ) -> None:
        services = {s.name: Service.model_construct(schema_=s.name, owner=s.owner) for s in schemas}
        section = Database.model_construct(
            name=database,
            extensions={name: Extension.model_construct() for name in extensions},
        )
        super().__init__(Spec.model_construct(version=1, database=section, services=services))
        self.roles = tuple(roles)
        self.declared = dict.fromkeys(self.roles, ())

    @cached_property
    def makers(self) -> Mapping[str, tuple[str, ...]]:
        """Anybody may be one."""
        return {"": self.roles}

    @cached_property
    def logins(self) -> frozenset[str]:
        return frozenset()


def survey(connection: Connection, schemas: tuple[str, ...]) -> Survey:
    """In the connection's transaction; `schemas` are globs that narrow it, if there are any."""
    found = tuple(Schema(*row) for row in connection.execute(_sql("schemas")))
    roles = [name for (name,) in connection.execute(_sql("roles"))]
    extensions = [name for (name,) in connection.execute(_sql("extensions"))]
    pattern = globs(schemas)
    chosen = tuple(
        s for s in found if s.extension is None and (pattern is None or pattern.match(s.name))
    )
    request = _Everything(connection.info.dbname, chosen, roles, extensions)
    state = inspect(connection, request)
    return Survey(found, chosen, tuple(roles), tuple(extensions), state)


def _sql(name: str) -> bytes:
    return text(f"sql_templates/adopt/{name}.sql").encode()
