"""Levels and grants of the spec: what each gives, and on what."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from chiro_db.model.privilege import ON
from chiro_db.model.spec_values import Flag, Privileges, Section, Strings, listed


class Level(Section):
    schema_: Privileges = Field(default=(), alias="schema")
    tables: Privileges = ()
    sequences: Privileges = ()
    functions: Privileges = ()
    types: Privileges = ()

    def of(self, on: str) -> tuple[str, ...]:
        """The privileges on one of `ON`."""
        return self.schema_ if on == "schema" else getattr(self, on)


READ = Level(schema=("USAGE",), tables=("SELECT",), sequences=("SELECT",))
WRITE = Level(
    schema=("USAGE",),
    tables=("SELECT", "INSERT", "UPDATE", "DELETE"),
    sequences=("SELECT", "USAGE", "UPDATE"),
    functions=("EXECUTE",),
)
BUILT_IN_LEVELS: Mapping[str, Level] = {"read": READ, "write": WRITE}
On = Literal["schema", "tables", "sequences", "functions", "types"]
NARROWING = ("tables", "sequences", "functions", "types", "columns")


class Grant(Section):
    to: Strings
    level: str | None = None
    privileges: Privileges | None = None
    on: Annotated[
        tuple[On, ...], BeforeValidator(listed, json_schema_input_type=On | list[On])
    ] = ()
    tables: Strings | None = None
    sequences: Strings | None = None
    functions: Strings | None = None
    types: Strings | None = None
    columns: dict[str, Strings] | None = None
    cover: Literal["existing", "future"] | None = None
    made_by: Strings | None = None
    usage: Flag = True
    grantable: Flag = False
    reason: str | None = None
    until: date | None = None

    @property
    def narrowed(self) -> bool:
        return any(getattr(self, key) is not None for key in NARROWING)

    @model_validator(mode="after")
    def _consistent(self) -> Grant:
        keys = {key for key in self.model_fields_set if getattr(self, key) is not None}
        if wrong := grant_contradiction(keys):
            raise ValueError(wrong)
        return self


def grant_contradiction(keys: Collection[str]) -> str | None:
    """What is wrong with the keys that a grant has beside `to`."""
    narrowed = any(key in keys for key in NARROWING)
    if ("level" in keys) == ("privileges" in keys):
        return "a grant has either `level` or `privileges`"
    if "level" in keys and "on" in keys:
        return "`on` goes with `privileges`; a level says itself what it covers"
    if "on" in keys and narrowed:
        return "`on` and a list of names exclude each other"
    if "privileges" in keys and "on" not in keys and not narrowed:
        return f"`privileges` needs `on`; write one or more of {', '.join(ON)}"
    if "cover" in keys and narrowed:
        return "`cover` goes with whole-schema grants; named objects exist already"
    if "made_by" in keys and "cover" not in keys:
        return "`made_by` goes with `cover: future`; it says whose new objects are meant"
    return None
