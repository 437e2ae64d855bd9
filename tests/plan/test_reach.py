"""What an ordinary administrator cannot do is found out before anything runs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from chiro_db.model.plan import Plan
from tests.provisioning import Provisioning, administrator, summaries

CHIRO_ERP = Path(__file__).parents[2] / "schema_specs"


@pytest.fixture
def admin(provision: Provisioning) -> Provisioning:
    return administrator(provision)


def blocked(plan: Plan) -> dict[str, str]:
    """By what cannot be done the statement that someone else has to run."""
    return {c.summary: c.blocked.statement for c in plan.blocked if c.blocked is not None}


def test_chiro_erp_from_nothing(provision: Provisioning, admin: Provisioning) -> None:
    erp = replace(admin, name="chiro_erp")
    first = erp.plan(CHIRO_ERP)
    erp.apply(CHIRO_ERP)
    left = erp.plan(CHIRO_ERP)
    assert summaries(left) == list(blocked(first))
    superuser = replace(provision, name="chiro_erp")
    for statement in dict.fromkeys(blocked(left).values()):
        superuser.query(statement)
    last = erp.plan(CHIRO_ERP)
    assert not last.blocked
    erp.apply(CHIRO_ERP)
