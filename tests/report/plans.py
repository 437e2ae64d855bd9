"""Plans by hand: what reports have to show, and what must not confuse them."""

from __future__ import annotations

from chiro_db.model.finding import Finding
from chiro_db.model.plan import Action, Blocked, Change, Hazard, Plan, Statement, Step
from chiro_db.model.turn import Turn, Turns

HOSTILE = "a|b`c``d<b>\"&*_~@x]]>%,:\x1b[31m\n::error::-- '\u202e"
VERIFIER = "SCRAM-SHA-256$4096:salt$stored:server"


TURNS = Turns(
    (
        Turn(None, False, "", "database", ("TEMPORARY", "CONNECT"), ("chiro_erp",)),
        Turn("analytics_user", True, "commerce", "schema", ("USAGE",), ("commerce",)),
        Turn("analytics_user", True, "commerce", "table", ("SELECT",), ("orders", "items")),
        Turn("analytics_user", True, "commerce", "table", ("SELECT",), (), future=True),
        Turn("analytics_user", False, "finance", "table", ("UPDATE",), tuple("abcdefgh")),
        Turn("analytics_user", False, "finance", "column", ("SELECT",), ("iban",), "accounts"),
        Turn("bi_reader", True, "commerce", "routine", ("EXECUTE",), ("place(integer, text)",)),
    ),
    (("bi_reader", "is new"), ("old_app", "is dropped, and what it could do ends")),
)


def change(
    address: str,
    summary: str,
    *statements: str | Statement,
    action: Action = Action.CREATE,
    step: Step = Step.GRANT,
    **others: object,
) -> Change:
    made = tuple(Statement(s) if isinstance(s, str) else s for s in statements)
    kind = address.partition(".")[0]
    values: dict[str, object] = {"kind": kind, "name": address.rpartition(".")[2]} | others
    return Change(
        address=address,
        summary=summary,
        action=action,
        step=step,
        statements=made,
        **values,  # type: ignore[arg-type]  # a table of whatever a row needs
    )


def revoke(table: str, grantee: str, grantor: str = "commerce_user", **others: object) -> Change:
    by = "" if grantor == "commerce_user" else f", granted by {grantor}"
    values: dict[str, object] = {"service": "commerce", "extra": True} | others
    return change(
        f"grant.commerce_schema.table.{table}.{grantee}.SELECT",
        f"revoke SELECT on table commerce_schema.{table} from {grantee}",
        f"REVOKE SELECT ON TABLE commerce_schema.{table} FROM {grantee}",
        action=Action.DELETE,
        step=Step.REVOKE,
        before={
            "grantee": grantee,
            "privileges": ["SELECT"],
            "extras": [{"grantee": grantee, "privilege": "SELECT", "granted_by": grantor}],
        },
        hazards=frozenset({Hazard.REVOKES_ACCESS}),
        origin=f"not in the spec{by}",
        **values,
    )


DATABASE = change(
    "database.chiro_erp",
    "create database chiro_erp",
    Statement("CREATE DATABASE chiro_erp TEMPLATE template0", database="postgres"),
    step=Step.CREATE_DATABASE,
    after={"name": "chiro_erp"},
    place="schema_specs/database.yaml:19",
)
READER = change(
    "role.bi_reader",
    "create role bi_reader (LOGIN, CONNECTION LIMIT, 10)",
    Statement(
        "CREATE ROLE bi_reader LOGIN CONNECTION LIMIT 10 PASSWORD \0", secret="${env:BI_PASSWORD}"
    ),
    step=Step.CREATE_ROLE,
    after={"login": True, "connection_limit": 10, "password": "***"},
    place="schema_specs/roles.yaml:4",
)
PASSWORD = change(
    "role.auditor",
    "role auditor: password: a new one",
    Statement("ALTER ROLE auditor PASSWORD \0", secret="${file:/run/secrets/auditor}"),
    action=Action.UPDATE,
    step=Step.ALTER_ROLE,
    before={},
    after={"password": "***"},
    place="schema_specs/roles.yaml:9",
)
NO_LOGIN = change(
    "role.reporting",
    "role reporting: login: on -> off",
    "ALTER ROLE reporting NOLOGIN",
    action=Action.UPDATE,
    step=Step.ALTER_ROLE,
    before={"login": True},
    after={"login": False},
    hazards=frozenset({Hazard.REVOKES_ACCESS}),
    place="schema_specs/roles.yaml:14",
)
CONNECT = change(
    "grant.database.chiro_erp.many.CONNECT",
    "grant CONNECT on database chiro_erp to " + ", ".join(f"app_{n}" for n in range(32)),
    "GRANT CONNECT ON DATABASE chiro_erp TO " + ", ".join(f"app_{n}" for n in range(32)),
    step=Step.GRANT_ABOVE,
    after={"grantees": [f"app_{n}" for n in range(32)], "privileges": ["CONNECT"]},
    place="schema_specs/database.yaml:19",
)
OWNER = change(
    "ownership.commerce_schema.table.postgres",
    "owner of 214 tables of commerce_schema: postgres -> commerce_user",
    "ALTER TABLE commerce_schema.orders OWNER TO commerce_user",
    action=Action.UPDATE,
    step=Step.OBJECT_OWNER,
    before={"owner": "postgres", "objects": ["commerce_schema.orders"]},
    after={"owner": "commerce_user"},
    hazards=frozenset({Hazard.CHANGES_OWNER, Hazard.TAKES_LOCK}),
    service="commerce",
    place="schema_specs/services/commerce.yaml:7",
)
GRANT = change(
    "grant.commerce_schema.table.analytics_user.SELECT",
    "grant SELECT on 214 tables of commerce_schema to analytics_user, reporting",
    "GRANT SELECT ON TABLE commerce_schema.orders TO analytics_user, reporting",
    after={"grantees": ["analytics_user", "reporting"], "privileges": ["SELECT"]},
    service="commerce",
    place="schema_specs/services/commerce.yaml:30",
)
MEMBER = change(
    "membership.commerce_reader.support",
    "make support a member of commerce_reader",
    "GRANT commerce_reader TO support WITH ADMIN FALSE, INHERIT TRUE, SET TRUE",
    step=Step.GRANT_MEMBERSHIP,
    after={"admin": False, "inherit": True, "set": True},
    service="commerce",
    place="schema_specs/roles.yaml:21",
)
SETTING = change(
    "setting.commerce_user.statement_timeout",
    "set statement_timeout of role commerce_user: 5s -> 30s",
    "ALTER ROLE commerce_user IN DATABASE chiro_erp SET statement_timeout TO '30s'",
    action=Action.UPDATE,
    step=Step.SETTING,
    before={"value": "5s"},
    after={"value": "30s"},
    service="commerce",
    place="schema_specs/services/commerce.yaml:41",
)
LOGGED = change(
    "setting.finance_user.log_min_duration_statement",
    "set log_min_duration_statement of role finance_user: 1s",
    "ALTER ROLE finance_user IN DATABASE chiro_erp SET log_min_duration_statement TO '1s'",
    step=Step.SETTING,
    after={"value": "1s"},
    service="finance",
    place="schema_specs/database.yaml:70",
    blocked=Blocked(
        "chiro_admin may not set log_min_duration_statement",
        "GRANT SET ON PARAMETER log_min_duration_statement TO chiro_admin",
    ),
)
LONG = change(
    "schema.long",
    f'create schema "{"Long Name " * 6}" owned by {"o" * 63}',
    f'CREATE SCHEMA "{"Long Name " * 6}" AUTHORIZATION {"o" * 63}',
    step=Step.SCHEMA,
    service="finance",
    place="schema_specs/services/finance.yaml:6",
)
MEANS = change(
    "membership.commerce_user.chiro_admin",
    "make chiro_admin a member of commerce_user, to act as it",
    "GRANT commerce_user TO chiro_admin WITH INHERIT TRUE, SET TRUE",
    step=Step.REACH,
    origin="the connected role is no superuser",
)
ALIKE = tuple(revoke("orders", f"guest_{n:02}", "old_admin") for n in range(12))


def plan(*changes: Change, **others: object) -> Plan:
    values: dict[str, object] = {
        "target": "prod",
        "host": "db.example:5432",
        "server": "18.1",
        "version": 180001,
        "database": "chiro_erp",
        "user": "chiro_admin",
        "system_identifier": "7571234567890123456",
        "chirodb": "0.1.0",
        "made_at": "2026-11-23T02:00:00Z",
    }
    return Plan(changes=changes, **values | others)  # type: ignore[arg-type]  # as above


FULL = plan(
    *(DATABASE, READER, PASSWORD, NO_LOGIN, CONNECT),
    *(MEANS, MEMBER, OWNER, revoke("orders", "bob", "mallory"), *ALIKE, GRANT, SETTING),
    *(LONG, LOGGED),
    creates_database=True,
    warnings=("schema_specs/services/commerce.yaml:33: the glob `order_*` matches nothing",),
)
ADDITIVE = plan(GRANT, extras=(revoke("orders", "bob", "mallory"), revoke("carts", "PUBLIC")))
SKIPPED = plan(LOGGED, skip_blocked=True)
IN_STEP = plan()
STRANGE = plan(
    change(
        f"grant.{HOSTILE}",
        f"grant SELECT on table {HOSTILE} to x",
        f"GRANT SELECT ON TABLE {HOSTILE} TO x",
        service=HOSTILE,
        place=f"specs/{HOSTILE}.yaml:3",
        origin=HOSTILE,
    ),
    change(
        f"role.{HOSTILE}",
        f"create role {HOSTILE} (LOGIN)",
        Statement(f"CREATE ROLE {HOSTILE} LOGIN PASSWORD \0", secret="${env:X}"),
        step=Step.CREATE_ROLE,
        after={"login": True, "password": "***"},
        blocked=Blocked(HOSTILE, HOSTILE),
    ),
    extras=(revoke(HOSTILE, "y"),),
    warnings=(HOSTILE,),
    target=HOSTILE,
    database=HOSTILE,
    user=HOSTILE,
)
ACCESS = plan(GRANT, access=TURNS)
BROKEN = plan(
    breaches=(
        Finding("policy-deny", "error", "mine/x", f"policy `mine`: {HOSTILE}", place="s.yaml:7"),
        Finding("policy-require", "warning", "mine/y", "policy `mine`: y lacks SELECT on s.t"),
    ),
)
NO_ACCESS = plan(SETTING, access=Turns())
STRANGE_ACCESS = plan(
    GRANT,
    access=Turns(
        (
            Turn(HOSTILE, True, HOSTILE, "table", ("SELECT",), (HOSTILE,)),
            Turn(HOSTILE, False, HOSTILE, "column", ("UPDATE",), (HOSTILE,) * 5, HOSTILE),
        ),
        ((HOSTILE, f"may SET ROLE to {HOSTILE}"),),
    ),
)
NAMED = {
    "full": FULL,
    "additive": ADDITIVE,
    "skipped": SKIPPED,
    "in_step": IN_STEP,
    "strange": STRANGE,
    "access": ACCESS,
    "broken": BROKEN,
    "no_access": NO_ACCESS,
    "strange_access": STRANGE_ACCESS,
}


def large(number: int) -> Plan:
    """Changes that have little in common, in a hundred services."""
    return plan(
        *(
            change(
                f"grant.s{n}.table.t{n}.r{n}.SELECT",
                f"grant SELECT on table s{n}.t{n} to r{n}",
                f"GRANT SELECT ON TABLE s{n}.t{n} TO r{n}",
                service=f"service_{n % 100}",
                place=f"schema_specs/services/s{n % 100}.yaml:{n}",
            )
            for n in range(number)
        ),
        access=Turns(
            tuple(
                Turn(f"r{n}", True, f"s{n}", "table", ("SELECT",), (f"t{n}",))
                for n in range(number)
            )
        ),
    )
