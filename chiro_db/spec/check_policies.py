"""Rules about policies: known names, and the roles and schemas that assertions are about."""

from __future__ import annotations

from collections.abc import Iterator

from chiro_db.kinds.signature import is_glob
from chiro_db.model.predefined import PREDEFINED_ROLES
from chiro_db.model.rules import AUDIT_RULES
from chiro_db.spec.nearest import Vocabulary
from chiro_db.spec.survey import Finding, Survey, bodies, texts

POLICIES = ("cross-service-grant", *AUDIT_RULES)
_ASSERTIONS = ("deny", "require")


def unknown_policy(survey: Survey) -> Iterator[Finding]:
    known = Vocabulary(POLICIES)
    for name, body in bodies(survey.values.get("policies")).items():
        if name not in known and not any(key in body for key in _ASSERTIONS):
            hint = known.hint(
                name, "one of your own has `deny` or `require`; docs/rules has others"
            )
            yield Finding(("policies", name), f"unknown policy `{name}`", hint, "warning")
        elif name in known and any(key in body for key in _ASSERTIONS):
            message = f"the policy `{name}` is built in and asserts nothing of its own"
            yield Finding(("policies", name), message, "give yours another name")


def policy_role(survey: Survey) -> Iterator[Finding]:
    known = {*survey.declared, *PREDEFINED_ROLES, "public"}
    for name, body in bodies(survey.values.get("policies")).items():
        for kind, rule in bodies({k: body[k] for k in _ASSERTIONS if k in body}).items():
            for key in ("to", "except"):
                for path, role in texts(rule.get(key), ("policies", name, kind, key)):
                    if role in known or (is_glob(role) and kind == "deny"):
                        continue
                    hint = survey.role_names.hint(role, "declare it under `roles`")
                    yield Finding(path, f"unknown role `{role}`", hint)


def policy_object(survey: Survey) -> Iterator[Finding]:
    """Of what is not managed nothing is read, so that a policy about it would never fail."""
    schemas = {body.get("schema") for body in survey.services.values()} | {"public"}
    near = Vocabulary(str(schema) for schema in schemas if isinstance(schema, str))
    database = (survey.values.get("database") or {}).get("name")
    for name, body in bodies(survey.values.get("policies")).items():
        for kind, rule in bodies({k: body[k] for k in _ASSERTIONS if k in body}).items():
            for path, text in texts(rule.get("on"), ("policies", name, kind, "on")):
                schema = text.partition(".")[0]
                if '"' in text or is_glob(schema) or schema in schemas or text == database:
                    continue
                hint = near.hint(schema, "policies are about the services' schemas")
                yield Finding(path, f"no service has the schema `{schema}`", hint)
