"""Entries of a history, to be printed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from chiro_db.apply.history import Entry

_FIRST = Entry(
    id=1,
    at=datetime(2026, 11, 23, 4, 51, 27, tzinfo=UTC),
    command="apply",
    login="chiro_admin",
    role="chiro_admin",
    os_user="runner",
    host="runner-7f9c",
    client_address="10.0.0.7",
    application_name="chirodb",
    actor="octocat",
    job="https://github.example/chiro/erp/actions/runs/7",
    target="prod",
    services=(),
    spec_digest="eae643564c4e813782206c07ecb44bdeaf94224e0a3965163b379bacbb28739c",
    git_commit="b4947cfac914b501b7f8f979035ac74e8732d3c7",
    git_dirty=False,
    chirodb="0.1.0",
    created=104,
    changed=3,
    removed=0,
    hazards=("revokes-access", "takes-lock"),
    statement_count=2,
    statements=("CREATE ROLE commerce_app LOGIN PASSWORD '***'", "CREATE SCHEMA \x1b[31m"),
)
ENTRIES = (
    replace(
        _FIRST,
        id=12,
        role="postgres",
        services=("commerce", "finance"),
        created=0,
        changed=1,
        git_dirty=True,
    ),
    replace(
        _FIRST,
        id=11,
        command="password rotate",
        actor=None,
        job=None,
        host="laptop-of-somebody-with-a-long-name.example",
        os_user="grace",
        git_commit=None,
        git_dirty=None,
        target="",
        statements=None,
    ),
    replace(_FIRST, statements=None),
)
