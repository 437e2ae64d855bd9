"""The roles that PostgreSQL 14 to 18 bring along (the manual's chapter Predefined Roles)."""

from __future__ import annotations

from collections.abc import Mapping

DATABASE_OWNER = "pg_database_owner"  # its one member is the owner of the database

PREDEFINED_ROLES = (
    "pg_checkpoint",
    "pg_create_subscription",
    "pg_database_owner",
    "pg_execute_server_program",
    "pg_maintain",
    "pg_monitor",
    "pg_read_all_data",
    "pg_read_all_settings",
    "pg_read_all_stats",
    "pg_read_server_files",
    "pg_signal_autovacuum_worker",
    "pg_signal_backend",
    "pg_stat_scan_tables",
    "pg_use_reserved_connections",
    "pg_write_all_data",
    "pg_write_server_files",
)

SINCE: Mapping[str, int] = {  # those that 14 does not have yet
    "pg_checkpoint": 15,
    "pg_create_subscription": 16,
    "pg_use_reserved_connections": 16,
    "pg_maintain": 17,
    "pg_signal_autovacuum_worker": 18,
}


def missing(role: str, major: int) -> str | None:
    """What is wrong with naming the role on a server of this version."""
    since = SINCE.get(role, 0)
    return (
        f"PostgreSQL {major} has no role `{role}`; it came with {since}" if since > major else None
    )
