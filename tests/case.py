"""The format of `cases/*.yml` (cases/README.md); an unknown key is an error."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

CASES = Path(__file__).parent / "cases"
DAY = date(2027, 1, 15)  # what `today` is where a case does not say
_QUESTIONS = ("privilege", "exactly", "owner_of", "sql", "login", "acl")
ON = ("table", "schema", "sequence", "function", "type", "database")


def _texts(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


Texts = Annotated[tuple[str, ...], BeforeValidator(_texts)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Effect(_Strict):
    """One question that PostgreSQL answers."""

    role: Texts = ()
    privilege: Texts = ()
    exactly: Texts | None = None
    table: Texts = ()
    schema_: Texts = Field(default=(), alias="schema")
    sequence: Texts = ()
    function: Texts = ()
    type: Texts = ()
    database: Texts = ()
    column: Texts = ()  # of `table`
    owner_of: Texts = ()  # such as `table s.t`
    sql: str | None = None
    returns: Any = None
    login: str | None = None
    run: str | None = None
    fails: bool | str = False  # or a part of what the server says
    acl: str | None = None
    is_: Any = Field(default=True, alias="is")

    @model_validator(mode="after")
    def _one_question(self) -> Effect:
        asked = [key for key in _QUESTIONS if key in self.model_fields_set]
        if len(asked) != 1:
            raise ValueError(f"an effect asks one of {', '.join(_QUESTIONS)}; this one: {asked}")
        if asked[0] in ("privilege", "exactly"):
            named = [key for key in ON if self.names(key)]
            if len(named) != 1 or not self.role:
                raise ValueError(f"a privilege needs a role and one of {', '.join(ON)}")
        if asked[0] == "login" and self.run is None:
            raise ValueError("a login needs something to run")
        return self

    def names(self, on: str) -> tuple[str, ...]:
        found: tuple[str, ...] = self.schema_ if on == "schema" else getattr(self, on)
        return found

    def __str__(self) -> str:
        return str(self.model_dump(exclude_unset=True, by_alias=True))


class Mistake(_Strict):
    """An error of the plan: its message, and the text of the spec's line that it names."""

    message: str
    line: str | None = None


def _mistake(value: Any) -> Any:
    return {"message": value} if isinstance(value, str) else value


class Round(_Strict):
    """Something happens to the database or the spec, and a plan is made and applied."""

    given: str = ""
    spec: dict[str, Any] | None = None  # later rounds: absent means the spec of the one before
    today: date = DAY
    services: tuple[str, ...] = ()
    statements: tuple[str, ...] | None = None
    summary: tuple[str, ...] | None = None
    warnings: tuple[str, ...] = ()
    extras: tuple[str, ...] | None = None
    blocked: tuple[str, ...] = ()
    error: tuple[Annotated[Mistake, BeforeValidator(_mistake)], ...] = ()
    effects: tuple[Effect, ...] = ()


class Case(Round):
    """A database, a spec, and what must hold once it was applied."""

    name: str
    servers: Annotated[str | None, Field(pattern=r"^(>=|<)\d\d$")] = None
    connect_as: str | None = None
    container: Literal[True] | None = None
    drift: str = ""
    drift_names: tuple[str, ...] = ()
    later: tuple[Round, ...] = ()
    file: str = ""

    @model_validator(mode="after")
    def _complete(self) -> Case:
        if self.spec is None:
            raise ValueError("a case needs a spec")
        if bool(self.drift) != bool(self.drift_names):
            raise ValueError("`drift` and `drift_names` go together")
        return self

    @property
    def slug(self) -> str:
        return re.sub(r"\W+", "-", self.name).strip("-")

    def filled(self, database: str, major: int) -> Case:
        """With the database's name for `$database` and the server's for `$major` everywhere."""
        text = self.model_dump_json(by_alias=True, exclude_unset=True)
        return Case.model_validate_json(
            text.replace("$database", database).replace("$major", str(major))
        )

    def fits(self, version: int) -> bool:
        """Whether a server of this `server_version_num` is one of `servers`."""
        if self.servers is None:
            return True
        major = int(self.servers.lstrip(">=<"))
        return version // 10000 >= major if self.servers[0] == ">" else version // 10000 < major


class _Loader(yaml.SafeLoader):
    """YAML whose duplicate keys are errors, and in which `on` and `no` are words."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - as PyYAML declares it
        first: [(tag, pattern) for tag, pattern in found if not tag.endswith(":bool")]
        for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    keys = [loader.construct_object(key, deep=True) for key, _ in node.value]
    if len(set(keys)) != len(keys):
        raise ValueError(f"{node.start_mark}: a key comes twice in {keys}")
    return dict(
        zip(keys, (loader.construct_object(v, deep=True) for _, v in node.value), strict=True)
    )


_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("true|false"), ["t", "f"])
_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)


def read(file: Path) -> list[Case]:
    loader = _Loader(file.read_text(encoding="utf-8"))
    try:
        found = loader.get_single_data()
    finally:
        loader.dispose()
    return [Case.model_validate({**case, "file": file.name}) for case in found]


def read_all() -> list[Case]:
    return [case for file in sorted(CASES.glob("*.yml")) for case in read(file)]
