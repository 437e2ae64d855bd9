"""Managed services, where parameters of the whole server are set from outside, not by SQL."""

from __future__ import annotations

import json
import shlex


def command(provider: str, name: str, value: str, *, restart: bool = False) -> str | None:
    """The one that sets a parameter for the whole server; None where SQL does it.

    What stands in capitals is the reader's to fill in.
    """
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
    if provider == "cloudsql":  # it replaces the flags that are there, and splits them at commas
        flags = shlex.quote(f"^;^OTHER_FLAGS;{name}={value}")
        return f"gcloud sql instances patch INSTANCE --database-flags={flags}"
    return None
