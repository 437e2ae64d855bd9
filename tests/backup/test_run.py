"""One service's archive: what is in it, that it restores by hand, and that failures leave none."""

from __future__ import annotations

import hashlib
import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import zstandard

from chiro_db.backup.client import reader
from chiro_db.backup.settings import settings
from tests.backup.shop import ROWS, Shop, new_database
from tests.cli.running import chirodb, environment
from tests.psql import psql


def _left(shop: Shop) -> list[str]:
    return sorted(p.name for p in (shop.folder / ".partial").glob("*"))


def test_it_restores_with_the_standard_tools_alone(shop: Shop) -> None:
    made = shop.back_up()
    assert made.rows == ROWS
    place = shop.place(made)
    assert oct(place.stat().st_mode & 0o777) == "0o700"
    for name, file in made.files.items():
        content = (place / name).read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (
            file["size"],
            file["sha256"],
        )
    other = new_database(shop.provision.database, f"{shop.provision.name}_2")
    done = psql(other.conninfo, place / "prerequisites.sql", "-1")
    assert done.stderr.replace("NOTICE", "") == done.stderr, done.stderr
    assert done.returncode == 0, done.stderr
    with other.connect() as connection:  # the rows of another schema's table are not in it
        connection.execute("INSERT INTO shared.countries VALUES ('DE', 'x')")
    plain = place / "plain"
    with (place / "archive.dump.zst").open("rb") as source, plain.open("wb") as target:
        zstandard.ZstdDecompressor().copy_stream(source, target)
    script = subprocess.run(
        [reader().restore, "-f", "-", plain], capture_output=True, text=True, check=True
    ).stdout
    if shop.provision.database.server.version < 170000:
        script = script.replace("SET transaction_timeout = 0;", "")
    done = psql(other.conninfo, script, "-1")
    assert done.returncode == 0, done.stderr
    with other.connect() as connection:
        found = connection.execute('SELECT count(*), sum(total) FROM "Shop"."Orders; --"')
        assert found.fetchone() == (500, 125250)
        owner = "SELECT relowner::regrole::text FROM pg_class WHERE relname = 'customers'"
        assert connection.execute(owner.encode()).fetchone() == ('"Shop owner"',)
    done = psql(other.conninfo, place / "prerequisites.sql", "-1")  # again changes nothing
    assert done.returncode == 0, done.stderr


def test_the_manifest_says_what_it_needs_and_what_is_not_in_it(shop: Shop) -> None:
    shop.provision.query("CREATE PUBLICATION p FOR ALL TABLES; SELECT lo_create(0)")
    made = shop.back_up()
    assert made.requires["extensions"] == ["pg_trgm", "postgres_fdw"]
    assert made.requires["objects"] == [
        'type shared."Currency"',
        "function shared.is_positive(numeric)",
        "type shared.amount",
    ]
    assert made.requires["relations"] == [
        ["shared", "countries"],
        ["shared", "short"],
        ["shared", "numbers"],
    ]
    assert made.left_out["publication"] == ["p"]
    assert made.left_out["large objects"] == ["1 in the database"]
    written = json.loads((shop.place(made) / "manifest.json").read_text())
    assert written["schema"] == "Shop"
    assert written["server"] == shop.provision.value("SHOW server_version")
    assert written["role"] == "Shop owner"


def test_default_privileges_that_the_spec_makes_are_not_missing(shop: Shop) -> None:
    """Owners' and creators' come back with the spec; those of others are named."""
    everywhere = "SELECT count(*) FROM pg_default_acl WHERE defaclnamespace = 0"
    assert shop.provision.value(everywhere) > 0
    shop.provision.query(
        'CREATE ROLE other; ALTER TABLE "Shop".empty OWNER TO other;'
        " ALTER DEFAULT PRIVILEGES FOR ROLE other GRANT SELECT ON TABLES TO PUBLIC"
    )
    shop.spec = shop.spec.replace("backup: {", "backup: {role: reader, ")
    shop.spec += "roles: {reader: {superuser: true}}\n"
    shop.provision.query("CREATE ROLE reader SUPERUSER")
    assert shop.back_up().left_out == {"global default privileges": ["other"]}
    shop.provision.query('ALTER TABLE "Shop".empty OWNER TO "Shop owner"')
    assert shop.back_up().left_out == {}
    shop.spec = shop.spec.replace("backup:", "enforce: additive\nbackup:", 1)
    assert shop.back_up().left_out == {"global default privileges": ["Shop owner"]}


def test_the_rows_are_those_of_the_snapshot(shop: Shop) -> None:
    """What is written while pg_dump waits for a lock is not in it."""
    import threading

    writer = shop.provision.database.connect()
    with writer.transaction():
        writer.execute('LOCK TABLE "Shop".empty IN ACCESS EXCLUSIVE MODE')
        found: list[dict[str, int]] = []
        thread = threading.Thread(target=lambda: found.append(dict(shop.back_up().rows)))
        thread.start()
        waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
        deadline = time.monotonic() + 20
        while not shop.provision.value(waiting) and time.monotonic() < deadline:
            time.sleep(0.05)
        writer.execute('INSERT INTO "Shop".empty SELECT generate_series(1, 7)')
    thread.join(30)
    writer.close()
    assert found == [ROWS]


def test_who_holds_the_lock_is_said(shop: Shop) -> None:
    connecting = shop.provision.database.connect(application_name="nightly")
    with connecting as holder, holder.transaction():
        holder.execute('LOCK TABLE "Shop".empty IN ACCESS EXCLUSIVE MODE')
        found = shop.outcome(lock_wait=3.5)
        user = holder.info.user
    (problem,) = found.problems
    assert f"waited 3.5 s for a lock that {user} (nightly, process" in problem.message
    assert shop.good() == []
    assert _left(shop) == []


def test_hidden_rows_are_an_error(shop: Shop) -> None:
    shop.provision.query(
        'ALTER TABLE "Shop".empty ENABLE ROW LEVEL SECURITY;'
        ' ALTER TABLE "Shop".empty FORCE ROW LEVEL SECURITY;'
        ' CREATE POLICY few ON "Shop".empty USING (id > 5)'
    )
    (problem,) = shop.outcome().problems
    assert "row-level security policy" in problem.message
    assert "BYPASSRLS" in (problem.hint or "")
    assert shop.good() == []


def test_a_backup_role_needs_no_more_than_to_read(shop: Shop) -> None:
    shop.spec = """
    backup: {to: ./backups, role: archivist}
    roles: {archivist: {}}
    services:
      shop:
        schema: Shop
        owner: Shop owner
        grants: [{to: archivist, level: read}]
    """
    (problem,) = shop.outcome().problems
    assert "archivist" in f"{problem.message} {problem.hint}"
    shop.provision.apply(shop.spec)
    assert shop.back_up().rows == ROWS


def test_other_schemas_with_the_letters_of_a_pattern_stay_out(shop: Shop) -> None:
    shop.provision.query(
        'CREATE SCHEMA "a*"; CREATE TABLE "a*".t (); CREATE SCHEMA ab; CREATE TABLE ab.u ()'
    )
    shop.spec = "backup: {to: ./backups}\nservices:\n  shop: {schema: 'a*', owner: o}\n"
    shop.provision.run(shop.spec)
    assert shop.back_up().rows == {"t": 0}


def test_the_directory_format_by_several_processes(shop: Shop) -> None:
    made = shop.back_up(jobs=2)
    assert (made.format, made.rows) == ("directory", ROWS)
    assert "archive/toc.dat" in made.files


def test_a_schema_that_is_not_there(shop: Shop) -> None:
    shop.spec = "backup: {to: ./backups}\nservices:\n  shop: {schema: nowhere, owner: o}\n"
    (problem,) = shop.outcome().problems
    assert problem.message == "there is no schema `nowhere` in the database"


def _command(shop: Shop, *more: str) -> list[str]:
    shop.provision.job(shop.spec)  # writes it
    spec = str(shop.provision.folder / "spec.yaml")
    return ["backup", "run", "--spec", spec, "--url", shop.provision.conninfo, *more]


@contextmanager
def _waiting(shop: Shop) -> Iterator[subprocess.Popen[bytes]]:
    """A run that has begun its archive, and waits for the lock of a table."""
    with shop.provision.database.connect() as holder, holder.transaction():
        holder.execute('LOCK TABLE "Shop".empty IN ACCESS EXCLUSIVE MODE')
        with subprocess.Popen(
            [sys.executable, "-m", "chiro_db", *_command(shop)],
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        ) as process:
            deadline = time.monotonic() + 30
            while not list(shop.folder.glob(".partial/*/archive*")):
                assert time.monotonic() < deadline
                time.sleep(0.05)
            yield process


def test_a_killed_run_leaves_nothing_and_the_next_clears_its_rest(shop: Shop) -> None:
    with _waiting(shop) as process:
        other = shop.outcome(lock_wait=0.01)  # another run leaves a living one alone
        assert other.problems
        assert len(_left(shop)) == 1
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    assert len(_left(shop)) == 1
    assert shop.good() == []
    made = shop.back_up()
    assert _left(shop) == []
    assert shop.good() == [made.id]


def test_ctrl_c_leaves_nothing(shop: Shop) -> None:
    with _waiting(shop) as process:
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=20)
    assert process.returncode == 130, said
    assert _left(shop) == []
    assert shop.good() == []


def test_a_full_disk_leaves_nothing(shop: Shop) -> None:
    """The kernel refuses writes beyond a size, as it does on a full disk."""
    shop.provision.query(
        "INSERT INTO \"Shop\".log SELECT date '2026-07-01', md5(n::text)"
        " FROM generate_series(1, 20000) AS n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "chiro_db", *_command(shop)],
        env=environment(),
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000)),
        check=False,
    )
    assert done.returncode == 1
    assert "error: shop: the store" in done.stderr
    assert "File too large" in done.stderr
    assert _left(shop) == []
    assert shop.good() == []


def test_the_command_says_a_line_for_each_service(shop: Shop) -> None:
    done = chirodb(*_command(shop))
    assert done.code == 0, done.err
    assert done.out.startswith("shop  20")
    assert "1,504 rows of 5 tables" in done.out
    spec = str(shop.provision.folder / "spec.yaml")
    listed = chirodb("backup", "list", "--spec", spec, "--max-age", "1h", "--format", "json")
    assert listed.code == 0, listed.err
    (only,) = json.loads(listed.out)["backups"]
    assert (only["service"], only["good"], only["rows"]) == ("shop", True, 1504)
    assert chirodb("backup", "list", "--spec", spec, "--max-age", "0h").code == 2


def test_no_password_is_in_an_argument_of_pg_dump(shop: Shop) -> None:
    """Looked at while pg_dump waits for a lock."""
    seen: list[bytes] = []

    def look(_progress: object) -> None:
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                line = path.read_bytes()
            except OSError:
                continue
            if b"pg_dump" in line and shop.provision.name.encode() in line:
                seen.append(line)

    shop.provision.query("CREATE ROLE reads LOGIN SUPERUSER PASSWORD 'very secret'")
    shop.provision = shop.provision.connected_as("reads", "very secret")
    job = shop.provision.job(shop.spec)
    from chiro_db.backup.run import Asked, run

    with shop.provision.database.connect() as holder, holder.transaction():
        holder.execute('LOCK TABLE "Shop".empty IN ACCESS EXCLUSIVE MODE')
        of = settings(job.loaded.spec, "", "shop")
        run(Asked(job.to, "", [(of, shop.stores())], lock_wait=1.5), look)
    assert seen
    assert not any(b"secret" in line for line in seen)
