"""What a spec must keep beyond its grammar; one function for each rule."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import date
from typing import Any

from chiro_db.errors import Diagnostic
from chiro_db.spec import (
    check_backup,
    check_grants,
    check_policies,
    check_roles,
    check_services,
    check_values,
)
from chiro_db.spec.positions import Path, Positions
from chiro_db.spec.survey import Finding, Survey

Rule = Callable[[Survey], Iterable[Finding]]

RULES: tuple[Rule, ...] = (
    check_roles.unknown_role,
    check_roles.absent_role_in_use,
    check_roles.absent_role_with_attributes,
    check_roles.reassign_to_itself,
    check_roles.circular_membership,
    check_roles.ignored_role,
    check_services.schema_of_two,
    check_services.schema_of_the_history,
    check_services.role_named_twice,
    check_services.migrator_of_database_owner,
    check_services.ignored_schema,
    check_services.contradicting_settings,
    check_services.migrator_of_two_owners,
    check_services.setting_named_twice,
    check_grants.contradicting_keys,
    check_grants.maker_of_nothing,
    check_grants.unknown_level,
    check_grants.built_in_level,
    check_grants.level_privileges,
    check_grants.grant_privileges,
    check_grants.level_without_part,
    check_grants.database_privileges,
    check_grants.grantable_to_public,
    check_grants.cross_service_grant,
    check_values.nothing_written,
    check_values.empty_list,
    check_values.object_name,
    check_values.target_way,
    check_backup.schedule,
    check_backup.retention,
    check_backup.recipient,
    check_values.threshold,
    check_policies.unknown_policy,
    check_policies.policy_role,
    check_policies.policy_object,
    check_values.past_date,
)


def check(
    values: dict[str, Any], positions: Positions, today: date, reported: Collection[Path]
) -> list[Diagnostic]:
    """The findings of all rules on whatever of the spec is well-formed and not `reported` yet."""
    survey = Survey(values, today)
    found = (finding for rule in RULES for finding in rule(survey))
    return [_diagnostic(finding, positions) for finding in found if finding.path not in reported]


def _diagnostic(found: Finding, positions: Positions) -> Diagnostic:
    hint = found.hint
    if found.also is not None:
        hint = f"{hint or 'see'} {positions.place(found.also)}"
    return Diagnostic(found.message, positions.place(found.path), hint, found.severity)
