"""One scenario, carried through: apply once, ask the oracle, change, drift, repair."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import psycopg
import yaml
from hypothesis import assume

from chiro_db.access.after import after
from chiro_db.access.world import world
from chiro_db.apply.bootstrap import bootstrap
from chiro_db.apply.planning import Job, observed, plan
from chiro_db.apply.run import apply
from chiro_db.catalog.connect import where
from chiro_db.cli import run
from chiro_db.errors import SpecError
from chiro_db.model.plan import Plan
from chiro_db.report.words import visible
from chiro_db.spec.load import load
from tests.access.asking import foretold, untold
from tests.effects import PASSWORD, give_password
from tests.oracle.ask import differences
from tests.oracle.world import Entry, Thing, World, look
from tests.properties.hands import Hand
from tests.properties.names import quoted
from tests.properties.specs import Scenario
from tests.servers import Database

_ROWS = """
SELECT 'class', oid::text, '', xmin::text FROM pg_class WHERE relkind IN ('r','p','v','m','f','S')
UNION ALL SELECT 'namespace', oid::text, '', xmin::text FROM pg_namespace
UNION ALL SELECT 'proc', oid::text, '', xmin::text FROM pg_proc WHERE oid > 16383
UNION ALL SELECT 'type', oid::text, '', xmin::text FROM pg_type
          WHERE oid > 16383 AND typrelid = 0 AND typcategory <> 'A'
UNION ALL SELECT 'column', attrelid::text, attnum::text, xmin::text FROM pg_attribute
          WHERE attrelid > 16383
UNION ALL SELECT 'default', defaclrole::text, concat(defaclnamespace, ' ', defaclobjtype),
          xmin::text FROM pg_default_acl
UNION ALL SELECT 'member', roleid::text, member::text, string_agg(xmin::text, ',' ORDER BY oid)
          FROM (SELECT *, grantor AS oid, xmin FROM pg_auth_members) m GROUP BY 2, 3
UNION ALL SELECT 'role', oid::text, '', xmin::text FROM pg_authid
UNION ALL SELECT 'database', oid::text, '', xmin::text FROM pg_database
          WHERE datname = current_database()
UNION ALL SELECT 'setting', setdatabase::text, setrole::text, xmin::text FROM pg_db_role_setting
"""
_ROWS = _ROWS.replace("*, grantor AS oid, xmin", "roleid, member, grantor AS oid, xmin")
Row = tuple[Any, ...]


def carry_through(
    database: Database, scenario: Scenario, folder: Path, administrator: str | None = None
) -> None:
    """As a superuser, or as an administrator whom `bootstrap` has cleared the way for."""
    trial = Trial(database, scenario, folder, administrator)
    trial.do(*scenario.start)
    if administrator is not None:
        trial.prepare()
    if scenario.spec.get("enforce") == "additive":
        trial.takes_nothing_away()
        return
    trial.apply("first")
    trial.agrees("after the first apply", tries=2)
    before = trial.rows()
    trial.do(scenario.change)
    by_hand = _touched(before, trial.rows())
    wrong = trial.differences()
    drift = trial.plan()
    told = _shown(drift)
    # The oracle does not ask for settings, nor for defaults of roles that make nothing there.
    unasked = any(row[0] in ("setting", "default") for row in by_hand)
    if wrong:
        assert drift.changes, f"the plan does not see: {wrong}"
    elif drift.changes and not unasked:
        raise AssertionError(f"drift without a difference: {told}")
    code, said = trial.drift()
    assert code == (2 if drift.changes else 0), f"`drift` exits with {code}: {said}"
    if not drift.changes:
        return
    names = [form for name in scenario.change.about for form in (name, quoted(name))]
    assert any(_joined(visible(name)) in _joined(said) for name in names), f"{names} not in {said}"
    if drift.blocked:
        trial.skip_blocked()
        trial.bootstrap()
    middle = trial.rows()
    trial.apply("repair")
    trial.agrees("after the repair")
    code, said = trial.drift()
    assert code == 0, f"`drift` exits with {code} after the repair: {said}"
    if drift.blocked:
        return  # it touches what a superuser has handed over
    more = _touched(middle, trial.rows()) - by_hand
    # a REVOKE on a table writes its columns' ACLs anew
    more = {row for row in more if row[0] != "column" or ("class", row[1], "") not in by_hand}
    assert not more, f"the repair touched more: {more} by {told}"


class _Quoting(yaml.SafeDumper):
    """All text in quotes: PyYAML does not know that 1e3 is a number in YAML 1.2."""


_Quoting.add_representer(
    str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"')
)


class Trial:
    def __init__(
        self, database: Database, scenario: Scenario, folder: Path, administrator: str | None = None
    ) -> None:
        self.database, self.scenario = database, scenario
        self.administrator = administrator
        self.file = folder / "spec.yaml"
        text = yaml.dump(scenario.spec, Dumper=_Quoting, sort_keys=False, allow_unicode=True)
        self.file.write_text(text, encoding="utf-8")
        loaded = load(self.file)
        self.superuser = Job(loaded, where(database.conninfo, database.name))
        self.conninfo = database.conninfo
        if administrator is not None:
            server = database.server
            self.conninfo = server.conninfo_of(database.name, user=administrator, password=PASSWORD)
        to = where(self.conninfo, database.name)
        self.job = Job(loaded, to, whole_schemas=scenario.whole_schemas)

    def do(self, *hands: Hand) -> None:
        """What the server refuses is left out."""
        with self.database.connect() as connection:
            for hand in hands:
                for statement in (*hand.statements, "RESET ROLE"):
                    try:
                        connection.execute(statement.encode())
                    except psycopg.Error as error:
                        if error.sqlstate == "42601":
                            raise

    def prepare(self) -> None:
        """The administrator and the database are there; all else is for `bootstrap` to find."""
        name, role = quoted(self.database.name), quoted(str(self.administrator))
        with self.database.connect() as connection:
            connection.execute(f"CREATE ROLE {role} LOGIN CREATEROLE CREATEDB".encode())
            connection.execute(f"ALTER DATABASE {name} OWNER TO {role}".encode())
        give_password(self.database, str(self.administrator))
        if self.scenario.unprepared:
            self.skip_blocked()
        self.bootstrap()

    def skip_blocked(self) -> None:
        """What is not blocked succeeds, and leaves nothing but what was blocked."""
        self.carry_out(self.plan())
        left = self.plan()
        assert not left.runnable, f"left: {_shown(replace(left, changes=left.runnable))}"

    def bootstrap(self) -> None:
        """A superuser runs what is printed."""
        with _circles_left_out():
            script = bootstrap(self.superuser, self.administrator)
        with self.database.connect() as connection:
            for line in script.lines:
                connection.execute(line.statement.encode())

    def takes_nothing_away(self) -> None:
        """`enforce: additive`: nothing is missing afterwards, and all that was there still is."""
        before = self.look()
        self.apply("additive")
        missing = re.compile(r"missing: |'.*' lacks |.* belongs to |there is no |role .* lacks ")
        found = [line for line in self.differences() if missing.match(line)]
        assert not found, "\n".join(["additive leaves out:", *found])
        after = self.look()
        things = {thing.oid: thing for thing in after.things}
        for thing in before.things:
            now = things[thing.oid]
            for held, place, old in _held(thing):
                gone = held - {e for h, p, _ in _held(now) if p == place for e in h}
                if thing.owner != now.owner:
                    gone = {e for e in gone if e[0] not in (thing.owner, now.owner)}
                assert not gone, f"additive took {gone} on {old} away"
        members = {(m.role, m.member): m for m in after.members}
        for m in before.members:
            same = members[m.role, m.member]
            kept = (same.admin >= m.admin, same.inherit >= m.inherit, same.set >= m.set)
            assert all(kept), f"additive made {m} {same}"

    def look(self) -> World:
        schemas = [s["schema"] for s in self.scenario.spec["services"].values()]
        with self.database.connect() as connection:
            return look(connection, schemas)

    def plan(self) -> Plan:
        with _circles_left_out():
            return plan(self.job)

    def drift(self) -> tuple[int, str]:
        """The command: its exit code and what it says, piped."""
        arguments = ["drift", "--spec", str(self.file), "--url", self.conninfo]
        with redirect_stdout(StringIO()) as said, redirect_stderr(StringIO()) as talk:
            code = run(arguments)
        return code, said.getvalue() + talk.getvalue()

    def apply(self, what: str) -> None:
        made = self.plan()
        assert not made.blocked, f"{what}: {[c.summary for c in made.blocked]}"
        before, makers = observed(self.job), self.job.request.makers
        told = after(world(before, makers), made, before.server)
        self.carry_out(made)
        found = world(observed(self.job), makers)
        assert (what, foretold(told, found)) == (what, [])
        assert (what, untold(world(before, makers), found)) == (what, [])
        again = self.plan()
        assert not again.changes, f"{what}: not empty again: {_shown(again)}"

    def carry_out(self, made: Plan) -> None:
        """What is there and is no role stays, whatever the plan says."""
        before = self.objects()
        apply(self.job, made, lock_timeout=5)
        gone = before - self.objects()
        assert not gone, f"dropped: {gone} by {_shown(made)}"

    def objects(self) -> set[Row]:
        return {row[:2] for row in self.rows() if row[0] in ("namespace", "class", "proc", "type")}

    def differences(self, tries: int = 0) -> list[str]:
        strangers = self.scenario.strangers
        return differences(
            self.database,
            self.scenario.spec,
            self.job.today,
            strangers=strangers,
            tries=tries,
            connected=self.administrator,
        )

    def agrees(self, when: str, tries: int = 0) -> None:
        found = self.differences(tries)
        assert not found, "\n".join([f"{when} the oracle says:", *found])

    def rows(self) -> set[Row]:
        """Without what the administrator gives itself, to act as others."""
        with self.database.connect() as connection:
            mine = connection.execute(
                "SELECT oid::text FROM pg_roles WHERE rolname = %s", [self.administrator]
            ).fetchone()
            found = set(connection.execute(_ROWS.encode()))
        return {row for row in found if row[0] != "member" or (row[2],) != mine}


@contextmanager
def _circles_left_out() -> Iterator[None]:
    """A hand's circle of memberships that nobody may cut is an error, and no scenario."""
    try:
        yield
    except SpecError as failed:
        errors = [d.message for d in failed.diagnostics if d.severity == "error"]
        assume(not all("cannot be made a member of" in error for error in errors))
        raise AssertionError("\n".join(errors)) from failed


def _held(thing: Thing) -> Iterator[tuple[set[Entry], str, str]]:
    """The entries of the thing and of each column; a grant option is also without one."""
    for entries, place in ((thing.entries, ""), *((c.entries, c.name) for c in thing.columns)):
        both = {(grantee, privilege, False) for grantee, privilege, _ in entries}
        yield both | {e for e in entries if e[0] != thing.owner}, place, f"{place} of {thing}"


def _touched(before: Iterable[Row], after: Iterable[Row]) -> set[Row]:
    """Which rows of the catalog are others than they were."""
    return {row[:3] for row in set(before) ^ set(after)}


def _joined(text: str) -> str:
    """Without white space: the text is wrapped."""
    return "".join(text.split())


def _shown(made: Plan) -> list[str]:
    return [t for c in made.changes for t in (c.summary, *(s.shown for s in c.statements))]
