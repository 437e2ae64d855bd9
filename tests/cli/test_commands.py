"""The commands from the outside: output, exit codes, and that nothing happens by surprise."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cli.running import Ran, chirodb, environment, on_terminal
from tests.servers import Database

_SPEC = """
version: 1
database: {{name: {database}}}
targets:
  open: {{url: "${{env:SERVER}}"}}
  closed: {{url: "${{env:SERVER}}", protected: true}}
services:
  shop: {{schema: shop, owner: {database}_owner, app: {database}_app}}
  books: {{schema: books, owner: {database}_books}}
"""


@dataclass(frozen=True)
class Project:
    """A spec in a folder, for one database."""

    folder: Path
    database: Database

    @property
    def spec(self) -> Path:
        return self.folder / "chirodb.yaml"

    @property
    def env(self) -> dict[str, str]:
        return {"SERVER": self.database.conninfo}

    def run(self, *arguments: str, **env: str) -> Ran:
        return chirodb(*arguments, cwd=self.folder, env=self.env | env)

    def terminal(self, *arguments: str, typed: dict[str, bytes]) -> Ran:
        given = (*arguments, "--spec", str(self.spec))
        return on_terminal(*given, typed=typed, env=self.env | {"TERM": "xterm"})

    def schemas(self) -> set[str]:
        with self.database.connect() as connection:
            rows = connection.execute(
                "SELECT nspname::text FROM pg_namespace WHERE nspname IN ('shop', 'books')"
            ).fetchall()
        return {row[0] for row in rows}


@pytest.fixture
def project(tmp_path: Path, database: Database) -> Iterator[Project]:
    (tmp_path / "chirodb.yaml").write_text(_SPEC.format(database=database.name))
    yield Project(tmp_path, database)  # noqa: PT022 - the database is dropped after it


def test_plan_apply_plan_drift(project: Project) -> None:
    planned = project.run("plan")
    assert planned.code == 0
    assert "create schema shop" in planned.out
    assert "chirodb.yaml:8" in planned.out
    assert project.schemas() == set()
    assert project.run("plan", "--exit-code").code == 2
    assert project.run("drift").code == 2

    applied = project.run("apply", "--yes")
    assert applied.code == 0, applied.err
    assert "create schema shop" in applied.out
    assert "target open" in applied.err
    assert project.schemas() == {"shop", "books"}

    again = project.run("plan", "--exit-code")
    assert again.code == 0
    assert "Nothing to do" in again.out
    assert project.run("drift").code == 0
    assert project.run("apply", "--yes").code == 0


def test_a_grant_by_hand_is_drift_until_it_is_applied_away(project: Project) -> None:
    project.run("apply", "--yes")
    with project.database.connect() as connection:
        connection.execute("CREATE TABLE shop.t (); GRANT SELECT ON shop.t TO PUBLIC")
    drifted = project.run("drift")
    assert drifted.code == 2
    assert "PUBLIC" in drifted.out
    assert "shop.t" in drifted.out
    assert project.run("apply", "--yes").code == 0
    assert project.run("drift").code == 0


def test_apply_without_a_terminal_refuses(project: Project) -> None:
    refused = project.run("apply")
    assert refused.code == 1
    assert "--yes" in refused.err
    assert project.schemas() == set()


def test_apply_asks_on_a_terminal(project: Project) -> None:
    declined = project.terminal("apply", typed={"[y/N]": b"n\n"})
    assert declined.code == 1
    assert "nothing was changed" in declined.out
    assert project.schemas() == set()
    accepted = project.terminal("apply", typed={"[y/N]": b"y\n"})
    assert accepted.code == 0
    assert project.schemas() == {"shop", "books"}


def test_control_c_at_the_question_changes_nothing(project: Project) -> None:
    interrupted = project.terminal("apply", typed={"[y/N]": b"\x03"})
    assert interrupted.code == 130
    assert "Traceback" not in interrupted.out
    assert "\ninterrupted" in interrupted.out.replace("\r", "")
    assert project.schemas() == set()


def test_a_protected_target_wants_every_hazard_named(project: Project) -> None:
    refused = project.run("apply", "--yes", "--target", "closed")
    assert refused.code == 1
    assert "--allow revokes-access" in refused.err
    assert project.schemas() == set()
    allowed = project.run("apply", "--yes", "--target", "closed", "--allow", "revokes-access")
    assert allowed.code == 0, allowed.err
    assert project.schemas() == {"shop", "books"}


def test_a_saved_plan_is_private_and_runs_once(project: Project) -> None:
    saved = project.run("plan", "--out", "shop.plan")
    assert saved.code == 0
    file = project.folder / "shop.plan"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    applied = project.run("apply", "shop.plan")
    assert applied.code == 0, applied.err
    assert project.schemas() == {"shop", "books"}
    stale = project.run("apply", "shop.plan")
    assert stale.code == 1
    assert "stale" in stale.err


def test_a_saved_plan_goes_to_its_own_target(project: Project) -> None:
    project.run("plan", "--target", "closed", "--service", "books", "--out", "books.plan")
    refused = project.run("apply", "books.plan")
    assert refused.code == 1
    assert "protected" in refused.err
    by_url = project.run("apply", "books.plan", "--url", project.database.conninfo)
    assert "protected" in by_url.err
    applied = project.run("apply", "books.plan", "--allow", "revokes-access")
    assert applied.code == 0, applied.err
    assert "target closed" in applied.err
    assert project.schemas() == {"books"}


def test_a_saved_plan_of_another_spec_is_refused(project: Project) -> None:
    project.run("plan", "--out", "shop.plan")
    text = project.spec.read_text().replace("schema: books", "schema: ledger")
    project.spec.write_text(text)
    refused = project.run("apply", "shop.plan")
    assert refused.code == 1
    assert "the spec has changed" in refused.err
    assert project.schemas() == set()


def test_whole_schemas_is_asked_of_the_plan_and_kept_in_it(project: Project) -> None:
    saved = project.run("plan", "--out", "named.plan")
    assert saved.code == 0, saved.err
    refused = project.run("apply", "named.plan", "--whole-schemas")
    assert refused.code == 1
    assert "plan --whole-schemas --out FILE" in refused.err
    assert project.run("plan", "--whole-schemas", "--out", "whole.plan").code == 0
    for asked in (["whole.plan", "--by-service"], ["--yes", "--by-service", "--whole-schemas"]):
        refused = project.run("apply", *asked)
        assert refused.code == 1, asked
        assert "choose one of them" in refused.err
    assert project.run("apply", "whole.plan", "--whole-schemas").code == 0
    assert project.schemas() == {"shop", "books"}


def test_service_narrows_the_plan(project: Project) -> None:
    applied = project.run("apply", "--yes", "--service", "books")
    assert applied.code == 0, applied.err
    assert project.schemas() == {"books"}
    said = f"books in {project.database.name} is as declared"  # of the rest nothing is known
    assert said in applied.out
    again = project.run("plan", "--service", "books", "--exit-code")
    assert again.code == 0
    assert f"Nothing to do: {said}" in again.out
    assert project.run("plan", "--exit-code").code == 2
    unknown = project.run("plan", "--service", "bokos")
    assert unknown.code == 1
    assert "did you mean `books`" in unknown.err


def test_json_is_data_alone(project: Project) -> None:
    planned = project.run("plan", "--format", "json")
    document = json.loads(planned.out)
    assert document["format_version"]
    assert any(c["address"] == "schema.shop" for c in document["resource_changes"])
    drifted = project.run("drift", "--format", "json")
    assert drifted.code == 2
    assert json.loads(drifted.out)["drifted"] is True


@pytest.mark.parametrize("command", ["plan", "drift", "dev status"])
def test_an_error_is_json_too_where_json_was_asked_for(project: Project, command: str) -> None:
    failed = project.run(*command.split(), "--format", "json", "--spec", "gone.yaml")
    assert failed.code == 1
    document = json.loads(failed.out)
    assert document["errored"] is True
    assert "gone.yaml" in document["diagnostics"][0]["summary"]
    assert "gone.yaml" in failed.err


def test_piped_output_has_no_colour_and_a_terminal_has(project: Project) -> None:
    assert "\x1b" not in project.run("plan").out
    assert "\x1b[3" in project.terminal("plan", typed={}).out


def test_the_reader_may_close_the_pipe(project: Project) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "chiro_db", "plan"],
        cwd=project.folder,
        env=environment(project.env),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == ""
    process.stderr.close()
    assert process.wait(30) == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["plna"], "Did you mean 'plan'"),
        (["plan", "--bogus"], "No such option"),
        (["plan", "--format", "yaml"], "yaml"),
        (["plan", "--target", "prdo"], "there is no target `prdo`"),
        (["plan", "--target", "open", "--url", "host=x"], "exclude each other"),
        (["plan", "--url", "postgresql://x@localhost:1/other"], "names the database `other`"),
        (["plan", "--url", "bogus=1"], "neither a libpq URL nor a conninfo"),
        (["plan", "--url", "host=127.0.0.1 port=1"], "cannot connect to 127.0.0.1:1"),
        (["apply", "--allow", "drops-everything"], "there is no hazard"),
        (["apply", "missing.plan"], "cannot read `missing.plan`"),
        (["plan", "--spec", "nowhere.yaml"], "there is no spec at `nowhere.yaml`"),
    ],
)
def test_a_wrong_command_line_is_one_message_and_exit_code_1(
    project: Project, arguments: list[str], said: str
) -> None:
    ran = project.run(*arguments)
    assert ran.code == 1
    assert said in ran.err
    assert ran.out == ""
    assert "Traceback" not in ran.err
    assert len(ran.err.splitlines()) <= 5


def with_passwords(project: Project, *roles: str) -> None:
    """Beside the line `roles:` they are on the lines 11, 12 and so on."""
    lines = [f"  {role}: {{password: '${{env:{role.upper()}_PASSWORD}}'}}" for role in roles]
    project.spec.write_text("\n".join([project.spec.read_text() + "roles:", *lines, ""]))


def test_a_secret_of_another_service_is_not_read(project: Project) -> None:
    with_passwords(project, "of_others")
    first = project.run("apply", "--yes", OF_OTHERS_PASSWORD="pw")
    assert first.code == 0, first.err
    assert project.run("plan", "--service", "shop").code == 0
    assert project.run("plan").code == 1


def test_a_password_that_cannot_be_compared_yet_is_not_read_by_plan(project: Project) -> None:
    with_passwords(project, "one", "two")
    for command, code in ((["plan"], 0), (["plan", "--out", "all.plan"], 0), (["drift"], 2)):
        ran = project.run(*command)
        assert ran.code == code, ran.err
        assert "_PASSWORD" not in ran.err
    for command in (["apply", "--yes"], ["apply", "all.plan"], ["apply", "--yes", "--by-service"]):
        ran = project.run(*command, TWO_PASSWORD="")
        assert ran.code == 1
        assert "chirodb.yaml:11:" in ran.err
        assert "`ONE_PASSWORD` is not set" in ran.err
        assert "chirodb.yaml:12:" in ran.err
        assert "`TWO_PASSWORD` is empty" in ran.err
    assert project.schemas() == set()
    assert project.run("validate").code == 0


def test_a_password_is_read_before_it_is_asked_whether_to_apply(project: Project) -> None:
    with_passwords(project, "one")
    ran = project.terminal("apply", typed={})
    assert ran.code == 1
    assert "ONE_PASSWORD" in ran.out + ran.err
    assert "Apply" not in ran.out + ran.err


def test_a_password_to_compare_is_read(project: Project) -> None:
    with_passwords(project, "one", "two")
    known = {"ONE_PASSWORD": "1", "TWO_PASSWORD": "2"}
    assert project.run("apply", "--yes", **known).code == 0
    assert project.run("drift", **known).code == 0
    for command in (["plan"], ["drift"], ["apply", "--yes"]):
        ran = project.run(*command)
        assert ran.code == 1
        assert "ONE_PASSWORD" in ran.err
        assert "TWO_PASSWORD" in ran.err
    for command in (["access"], ["history"], ["bootstrap"], ["slow"]):
        assert "_PASSWORD" not in project.run(*command).err
    with project.database.connect() as connection:
        connection.execute("ALTER ROLE one PASSWORD NULL")
    assert project.run("plan", TWO_PASSWORD="2").code == 0  # there is nothing to compare


def test_a_password_shows_nowhere(project: Project) -> None:
    name, secret = f"{project.database.name}_app", "Gr33n-eggs_and/ham"
    spec = project.spec.read_text() + f"roles: {{{name}: {{password: '${{env:SHOP_PASSWORD}}'}}}}\n"
    project.spec.write_text(spec)
    shown = ""
    for command in (
        ["plan", "--verbose", "--out", "shop.plan"],
        ["plan", "--format", "json"],
        ["plan", "--format", "sql"],
        ["plan", "--format", "markdown"],
        ["drift", "--format", "junit"],
        ["apply", "--yes", "--debug"],
    ):
        ran = project.run(*command, SHOP_PASSWORD=secret)
        assert ran.code in (0, 2), ran.err
        shown += ran.out + ran.err
    shown += (project.folder / "shop.plan").read_text()
    assert secret not in shown
    assert "SCRAM-SHA-256$" not in shown
    with project.database.connect(user=name, password=secret) as connection:
        assert connection.info.user == name
    again = project.run("plan", "--exit-code", SHOP_PASSWORD=secret)
    assert again.code == 0, again.out
    assert project.run("plan", "--exit-code", SHOP_PASSWORD=secret + "!").code == 2


def test_rotate_prints_a_new_password_once(project: Project) -> None:
    name = f"{project.database.name}_app"
    project.spec.write_text(
        project.spec.read_text() + f"roles: {{{name}: {{password: '${{env:SHOP_PASSWORD}}'}}}}\n"
    )
    project.run("apply", "--yes", SHOP_PASSWORD="old")
    rotated = project.run("password", "rotate", name)
    assert rotated.code == 0, rotated.err
    new = rotated.out.strip()
    assert new not in rotated.err
    with project.database.connect(user=name, password=new) as connection:
        assert connection.info.user == name
    assert project.run("plan", "--exit-code", SHOP_PASSWORD=new).code == 0
    assert project.run("plan", "--exit-code", SHOP_PASSWORD="old").code == 2


def test_rotate_writes_to_the_file_that_the_spec_names(project: Project) -> None:
    name, file = f"{project.database.name}_app", project.folder / "app.password"
    file.write_text("old\n")
    project.spec.write_text(
        project.spec.read_text() + f"roles: {{{name}: {{password: '${{file:app.password}}'}}}}\n"
    )
    project.run("apply", "--yes")
    rotated = project.run("password", "rotate", name)
    assert rotated.code == 0, rotated.err
    assert rotated.out == ""
    assert file.read_text() != "old\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert project.run("plan", "--exit-code").code == 0
    kept = file.read_text()
    refused = project.run("password", "rotate", name, "--url", f"host=127.0.0.1 port=1 user={name}")
    assert refused.code == 1
    assert file.read_text() == kept
    assert not file.with_name("app.password.new").exists()


def test_a_full_disk_leaves_the_plan_that_was_there(project: Project) -> None:
    file = project.folder / "shop.plan"
    file.write_text("before")
    program = (
        "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000));"
        "from chiro_db.cli import main; main(['plan', '--out', 'shop.plan'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=project.folder,
        env=environment(project.env),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "cannot write `shop.plan`" in done.stderr
    assert file.read_text() == "before"
    assert {path.name for path in project.folder.iterdir()} == {"chirodb.yaml", "shop.plan"}


def test_a_plan_never_takes_the_place_of_a_device_or_a_folder(project: Project) -> None:
    for place in (Path("/dev/null"), project.folder):
        ran = project.run("plan", "--out", str(place))
        assert ran.code == 1
        assert f"`{place}` is not a file" in ran.err
        assert not place.is_file()


@pytest.mark.parametrize("form", ["json", "junit", "sarif", "github"])
def test_drift_that_cannot_compare_says_so_in_its_format(project: Project, form: str) -> None:
    """A file that is uploaded must not be empty, and must not say `in step`."""
    unreachable = ("--url", "host=/nowhere user=x")
    done = project.run("drift", "--format", form, *unreachable)
    assert done.code == 1
    assert "cannot connect" in done.out
    assert "error: cannot connect" in done.err


def test_apply_says_once_what_it_is_about(project: Project) -> None:
    seen = project.terminal("apply", typed={"Apply": b"n\n"})
    assert seen.out.count("connected as") + seen.out.count("server /") == 1


def test_what_the_system_refuses_names_the_file_in_json_too(project: Project) -> None:
    name = "x" * 300
    ran = project.run("plan", "--out", name, "--format", "json")
    assert ran.code == 1
    assert ran.err.startswith(f"error: cannot use `{name}`: File name too long")
    assert json.loads(ran.out)["diagnostics"][0]["summary"] in ran.err
