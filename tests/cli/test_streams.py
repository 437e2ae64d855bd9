"""Standard streams that are closed, full, or left by their reader, as in a shell or cron."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from chiro_db.cli.showing import about_line
from chiro_db.model.plan import Plan
from tests.cli.running import Ran, environment
from tests.provisioning import Provisioning
from tests.provisioning import provision as provision

SPEC = "services: {s: {schema: s, owner: DATABASE_o}}\n"


def shell(provision: Provisioning, line: str) -> Ran:
    """A line of bash; GIVEN are the spec and the URL, and a pipe fails where a part of it does."""
    given = f"--spec {provision.job(SPEC).loaded.path} --url '{provision.conninfo}'"
    program = line.replace("chirodb", f"{sys.executable} -m chiro_db").replace("GIVEN", given)
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", program],  # noqa: S607 - the bash of whoever runs it
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize(
    "line",
    [
        "chirodb apply --yes GIVEN | true",
        "chirodb apply --yes GIVEN 2>&1 | true",
        "chirodb apply --yes GIVEN <&- >&- 2>&-",
    ],
)
def test_apply_does_its_work_whether_or_not_anybody_reads(
    provision: Provisioning, line: str
) -> None:
    ran = shell(provision, line)
    assert (ran.code, ran.err.count("error")) == (0, 0), ran.err
    assert not provision.plan(SPEC).changes


@pytest.mark.parametrize("line", ["drift GIVEN | true", "plan --exit-code GIVEN | head -n 1"])
def test_the_exit_code_is_that_of_what_was_found(provision: Provisioning, line: str) -> None:
    ran = shell(provision, f"chirodb {line}")
    assert (ran.code, ran.err) == (2, "")


def test_without_standard_input_apply_refuses_as_without_a_terminal(
    provision: Provisioning,
) -> None:
    ran = shell(provision, "chirodb apply GIVEN <&-")
    assert ran.code == 1
    assert "there is no terminal to ask on" in ran.err
    assert provision.plan(SPEC).changes


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full is Linux's")
@pytest.mark.parametrize("full", [">/dev/full", ">/dev/full 2>&1"])
def test_a_result_that_cannot_be_written_is_an_error(provision: Provisioning, full: str) -> None:
    ran = shell(provision, f"chirodb drift GIVEN {full}")
    assert ran.code == 1
    assert "Traceback" not in ran.err
    assert "Exception" not in ran.err


def test_watching_ends_when_nobody_reads_it_any_more(provision: Provisioning) -> None:
    with_counters = "database: {name: DATABASE, extensions: [pg_stat_statements]}\n" + SPEC
    provision.apply(with_counters)
    assert shell(provision, "chirodb slow --watch --interval 0.1 GIVEN | head -n 1").code == 0


def test_a_name_cannot_draw_on_the_terminal() -> None:
    plan = Plan(target="dev", host="h", server="18.1", database="a\n\x1b[31mb", user="u")
    assert about_line(plan).endswith(r"database a\n\x1b[31mb, as u")
