"""Stores and clocks that fail while a backup is made, and two runs at once."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

from chiro_db.backup.manifest import Manifest, dumps, new_id
from chiro_db.backup.run import Outcome
from tests.backup import emulators
from tests.backup.shop import ROWS, SPEC, Shop

Capture = pytest.CaptureFixture[str]


@contextmanager
def relay(port: int, *, most: int | None = None, pause: float = 0.0) -> Iterator[int]:
    """A port that leads to another one: for so many bytes of a client, each chunk after a pause."""
    sent = 0
    listener = socket.create_server(("127.0.0.1", 0))

    def forward(source: socket.socket, sink: socket.socket, *, up: bool) -> None:
        nonlocal sent
        with suppress(OSError):
            while chunk := source.recv(65536):
                if up:
                    sent += len(chunk)
                    time.sleep(pause)
                    if most is not None and sent > most:
                        break
                sink.sendall(chunk)
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def serve() -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                if most is not None and sent > most:
                    client.close()
                    continue
                server = socket.create_connection(("127.0.0.1", port))
                for ends in ((client, server, True), (server, client, False)):
                    arguments = {"up": ends[2]}
                    threading.Thread(
                        target=forward, args=ends[:2], kwargs=arguments, daemon=True
                    ).start()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield int(listener.getsockname()[1])
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


@pytest.fixture(scope="module")
def query() -> Iterator[str]:
    with emulators.s3() as found:
        yield found


@pytest.fixture
def bucket(query: str, monkeypatch: pytest.MonkeyPatch, shop: Shop) -> Callable[..., None]:
    """Has the spec say a folder of the bucket, where given through another port."""

    def meant(folder: str, port: int | None = None) -> None:
        given = query if port is None else query.replace(f":{_port(query)}", f":{port}")
        monkeypatch.setenv("STORE", f"s3://{emulators.CONTAINER}/{folder}?{given}")
        shop.spec = SPEC.replace("./backups", '"${env:STORE}"')

    return meant


def _port(query: str) -> int:
    return int(urlsplit(dict(parse_qsl(query))["endpoint"]).port or 0)


def _grow(shop: Shop) -> None:
    shop.provision.query(
        "INSERT INTO \"Shop\".log SELECT date '2026-07-01', md5(random()::text)"
        " FROM generate_series(1, 100000)"
    )


def test_a_store_that_goes_midway_keeps_what_it_had(
    shop: Shop, query: str, bucket: Callable[..., None]
) -> None:
    bucket("midway")
    first = shop.back_up()
    _grow(shop)
    with relay(_port(query), most=300_000) as port:
        bucket("midway", port)
        outcome = shop.outcome()
        assert outcome.stores == []
        assert "the store `s3://" in outcome.problems[0].message
    bucket("midway")
    assert shop.good() == [first.id]
    assert shop.command("verify", "--all", online=False) == 0
    assert len(shop.good()) == 1
    shop.back_up()
    assert len(shop.good()) == 2


def test_a_slow_store_only_takes_longer(
    shop: Shop, query: str, bucket: Callable[..., None]
) -> None:
    with relay(_port(query), pause=0.1) as port:
        bucket("slow", port)
        assert shop.back_up().rows == ROWS
        assert len(shop.good()) == 1


def test_two_runs_at_once_both_succeed(shop: Shop) -> None:
    _grow(shop)
    outcomes: list[Outcome] = []
    threads = [threading.Thread(target=lambda: outcomes.append(shop.outcome())) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    made = [outcome.manifest for outcome in outcomes]
    assert [outcome.problems for outcome in outcomes] == [[], []]
    assert sorted(m.id for m in made if m) == sorted(shop.good())
    assert shop.command("verify", "--all", online=False) == 0
    assert list((shop.folder / ".partial").iterdir()) == []


def test_a_store_that_is_not_there_is_named(shop: Shop, capsys: Capture) -> None:
    """It may be a disk that is not mounted."""
    assert shop.command("list", online=False) == 0
    assert capsys.readouterr().out == f"No backups in {shop.folder}\n"
    assert shop.command("list", "--max-age", "1d", online=False) == 2


def test_a_store_that_nobody_can_write_to(shop: Shop, capsys: Capture) -> None:
    """The kernel's own file system, which takes no folders, not even root's."""
    shop.spec = SPEC.replace("./backups", "/sys/backups")
    assert shop.command("run") == 1
    said = capsys.readouterr().err
    assert "error: shop: the store `/sys/backups`: " in said
    assert "Traceback" not in said


@contextmanager
def _small_disk(folder: Path, kilobytes: int) -> Iterator[Callable[[], None]]:
    """A file system of that size, and what makes it read-only, where root may mount one."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "none", str(folder)]
    may = os.geteuid() == 0 and shutil.which("mount") is not None
    if not may or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only root can mount a file system, and not in every container")
    try:
        yield lambda: _run("mount", "-o", "remount,ro", str(folder))
    finally:
        _run("umount", "-l", str(folder))


def _run(*command: str) -> None:
    subprocess.run(command, check=True)


@pytest.mark.parametrize("jobs", [0, 2])
def test_a_disk_that_is_full(shop: Shop, jobs: int) -> None:
    """A real one; `test_a_full_disk_leaves_nothing` does it for ordinary users."""
    with _small_disk(shop.folder, 600):
        first = shop.back_up(jobs=jobs)
        _grow(shop)
        (problem,) = shop.outcome(jobs=jobs).problems
        assert "No space left on device" in problem.message
        assert "make room" in (problem.hint or "")
        assert shop.good() == [first.id]
        assert list((shop.folder / ".partial").iterdir()) == []
        assert shop.command("verify", "--restore", online=False) == 0


def test_a_disk_that_is_read_only(shop: Shop, capsys: Capture) -> None:
    with _small_disk(shop.folder, 4000) as close:
        made = shop.back_up()
        close()
        _reads_but_does_not_write(shop, made, capsys)


def test_a_folder_that_this_user_may_not_write_to(shop: Shop, capsys: Capture) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write to every folder")
    made = shop.back_up()
    folders = [shop.folder, shop.folder / ".partial", shop.folder / "shop", shop.place(made)]
    for folder in folders:
        folder.chmod(0o500)
    try:
        _reads_but_does_not_write(shop, made, capsys)
    finally:
        for folder in folders:
            folder.chmod(0o700)


def _reads_but_does_not_write(shop: Shop, made: Manifest, capsys: Capture) -> None:
    assert shop.command("run") == 1
    assert "error: shop: the store" in capsys.readouterr().err
    assert shop.command("verify", "--restore", online=False) == 0
    said = capsys.readouterr()
    assert "restored alone" in said.out
    assert "warning: the result is not kept: the store" in said.err
    assert shop.command("restore", "shop", "--as", "beside") == 0
    shop.spec = shop.spec.replace("to: ", "keep: {last: 1}, to: ")
    assert shop.command("prune", "--yes", online=False) == 0  # the only one stays
    assert shop.good() == [made.id]


def _in_the_future(shop: Shop, made: Manifest) -> str:
    """A copy of the backup, as a clock that was wrong would have dated it."""
    start = datetime.now(UTC) + timedelta(days=2)
    later = replace(made, id=new_id(start, "abcdef"), start=start.isoformat())
    folder = shop.folder / "shop" / later.id
    folder.mkdir()
    for name in made.files:
        (folder / name).write_bytes((shop.place(made) / name).read_bytes())
    (folder / "manifest.json").write_text(dumps(later))
    return later.id


def test_a_clock_that_jumped_back(shop: Shop, capsys: Capture) -> None:
    made = shop.back_up()
    later = _in_the_future(shop, made)
    assert shop.command("list", "--max-age", "1h", online=False) == 0
    assert shop.command("restore", "shop", "--as", "a") == 1
    said = capsys.readouterr().err
    assert f"the newest backup of `shop`, {later}, is dated in the future" in said
    assert shop.command("restore", "shop", "--as", "a", "--at", made.id) == 0
    assert shop.command("restore", "shop", "--as", "b", "--at", later) == 0
    shop.spec = shop.spec.replace("to: ", "keep: {last: 1}, to: ")
    assert shop.command("prune", "--yes", online=False) == 1
    assert len(shop.good()) == 2
    again = shop.back_up()
    assert again.id in shop.good()
    for folder in Path(shop.folder / "shop").iterdir():
        if folder.name != later:
            (folder / "manifest.json").unlink()
    assert shop.command("list", "--max-age", "1h", online=False) == 2
