"""Managed services, where parameters of the whole server are set from outside, not by SQL."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence

from chiro_db.kinds import parameter
from chiro_db.model.state import Parameter

_SHARED = "shared_preload_libraries"
# Not in pg_settings before the library is loaded.
_MILLISECONDS = {
    "auto_explain.log_min_duration": Parameter("", "integer", "ms", None, "superuser", None)
}


def command(
    provider: str, name: str, value: str, known: Parameter | None, *, restart: bool = False
) -> str | None:
    """The one that sets a parameter for the whole server; None where SQL does it.

    What stands in capitals is the reader's to fill in. None of them takes a unit.
    """
    value = _bare(provider, known or _MILLISECONDS.get(name), value)
    if provider == "rds":
        change = {
            "ParameterName": name,
            "ParameterValue": value,
            "ApplyMethod": "pending-reboot" if restart else "immediate",
        }
        group = "aws rds modify-db-parameter-group --db-parameter-group-name GROUP"
        return f"{group} --parameters {shlex.quote(json.dumps([change]))}"
    if provider == "azure":
        server = "az postgres flexible-server parameter set --resource-group GROUP"
        return f"{server} --server-name SERVER --name {name} --value {shlex.quote(value)}"
    if provider == "cloudsql":
        if name == "session_preload_libraries":
            return _cloudsql(f"cloudsql.enable_{value}", "on")
        return _cloudsql(name, value)
    return None


def preload(provider: str, libraries: Sequence[str], new: str) -> str | None:
    """The one after which the server starts with a library; None where SQL does it."""
    if provider == "cloudsql":  # which has a flag for each
        return _cloudsql(f"cloudsql.enable_{new}", "on")
    return command(provider, _SHARED, ",".join((*libraries, new)), None, restart=True)


def _cloudsql(flag: str, value: str) -> str:
    """It replaces the flags that are there; what parts them may stand in no value."""
    comma = "," in value
    flags = f"^;^OTHER_FLAGS;{flag}={value}" if comma else f"OTHER_FLAGS,{flag}={value}"
    return f"gcloud sql instances patch INSTANCE --database-flags={shlex.quote(flags)}"


def _bare(provider: str, known: Parameter | None, value: str) -> str:
    """A number in the parameter's own unit, a boolean as the provider writes it."""
    if known is None:
        return value
    if known.type == "bool":
        true = parameter.is_true(value)
        return ("1" if true else "0") if provider == "rds" else ("on" if true else "off")
    if known.type in ("integer", "real"):
        number = parameter.number_of(known, value)
        return value if number is None else f"{number:f}"
    return value
