"""Where libpq would go, by what the URL, its variables and its files say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chiro_db.model.secret import Secret

if TYPE_CHECKING:
    from chiro_db.catalog.connect import Where


@dataclass(frozen=True, slots=True)
class Door:
    """Where libpq would go, with all that its variables and files say."""

    host: str
    address: str  # that is connected to; the host but for `hostaddr`
    port: int
    user: str
    password: Secret | None = field(repr=False)
    database: str
    info: Mapping[str, str] = field(repr=False)
    others: tuple[str, ...] = ()  # further hosts of the URL, which libpq tries after this one

    @property
    def local(self) -> bool:
        return self.host.startswith(("/", "@"))

    @property
    def mode(self) -> str:
        return "disable" if self.local else self.info.get("sslmode") or "prefer"

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def door(to: Where) -> Door:
    """By libpq itself, which begins to connect and is stopped."""
    from psycopg import pq
    from psycopg.conninfo import make_conninfo

    given = make_conninfo("", **{**to.parameters, "dbname": to.database})
    begun = pq.PGconn.connect_start(given.encode())
    try:
        info = {
            option.keyword.decode(): option.val.decode()
            for option in begun.info
            if option.val is not None
        }
        hosts = (info.get("host") or (begun.host or b"localhost").decode()).split(",")
        ports = (info.get("port") or "5432").split(",")
        password = (begun.password or b"").decode() or info.pop("password", "")
        user = (begun.user or b"").decode() or info.get("user", "")
        info.pop("password", None)
        address = info.get("hostaddr", "").partition(",")[0]
        return Door(
            hosts[0] or "localhost",
            address or hosts[0] or "localhost",
            int(ports[0] or 5432),
            user,
            Secret(password) if password else None,
            to.database,
            info,
            tuple(hosts[1:]),
        )
    finally:
        begun.finish()
