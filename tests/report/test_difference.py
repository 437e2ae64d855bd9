"""Changes in the words of drift."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chiro_db.model.plan import Action, Change
from chiro_db.report.difference import differences, sentence, tolerated
from tests.report import plans

SENTENCES = [
    (plans.DATABASE, "missing: database chiro_erp"),
    (plans.READER, "missing: role bi_reader (LOGIN, CONNECTION LIMIT, 10)"),
    (plans.PASSWORD, "differs: role auditor: password is another than the declared one"),
    (plans.NO_LOGIN, "differs: role reporting: login is on, declared off"),
    (plans.MEMBER, "missing: membership of support in commerce_reader"),
    (
        plans.OWNER,
        "differs: owner of 214 tables of commerce_schema: is postgres, declared commerce_user",
    ),
    (plans.SETTING, "differs: statement_timeout of role commerce_user: is 5s, declared 30s"),
    (
        plans.revoke("orders", "bob", "mallory"),
        "extra: SELECT on table commerce_schema.orders held by bob"
        " (not in the spec, granted by mallory)",
    ),
    (
        plans.revoke("orders", '"from x"'),
        'extra: SELECT on table commerce_schema.orders held by "from x"'
        " (not in the spec, granted by commerce_user)",
    ),
    (
        replace(
            plans.revoke("orders", "bob"),
            summary="revoke grant option for SELECT on table t from bob and what it granted to eve",
        ),
        "extra: grant option for SELECT on table t held by bob and what it granted to eve"
        " (not in the spec, granted by commerce_user)",
    ),
    (
        plans.change(
            "membership.a.b",
            "revoke membership of b in a",
            action=Action.DELETE,
            before={"admin": False, "granted_by": "eve"},
            origin="not in the spec, granted by eve",
        ),
        "extra: membership of b in a (not in the spec, granted by eve)",
    ),
    (
        plans.change("role.x", "drop role x", action=Action.DELETE, before={"name": "x"}),
        "extra: role x",
    ),
    (
        plans.change(
            "role.x.comment",
            "comment of role x",
            action=Action.UPDATE,
            before={"comment": None},
            after={"comment": "X"},
        ),
        'differs: comment of role x: is none, declared "X"',
    ),
    (
        plans.LOGGED,
        "missing: log_min_duration_statement of role finance_user: 1s;"
        " blocked: chiro_admin may not set log_min_duration_statement",
    ),
]


@pytest.mark.parametrize(("change", "expected"), SENTENCES, ids=[s for _, s in SENTENCES])
def test_a_change_as_a_difference(change: Change, expected: str) -> None:
    assert sentence(change) == expected


def test_what_the_administrator_needs_is_no_difference() -> None:
    assert differences(plans.plan(plans.MEANS)) == ()


def test_blocked_changes_count_unless_they_are_skipped() -> None:
    made = plans.plan(plans.LOGGED)
    assert (differences(made), tolerated(made)) == ((plans.LOGGED,), ())
    assert (differences(plans.SKIPPED), tolerated(plans.SKIPPED)) == ((), (plans.LOGGED,))
