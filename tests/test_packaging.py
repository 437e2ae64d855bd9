"""What is built is what runs: the shipped files are in the wheel and in the sdist."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parent.parent
SHIPPED = ("sql_templates", "schema_specs")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The wheel and the sdist of this checkout."""
    directory = tmp_path_factory.mktemp("dist")
    run("-m", "hatchling", "build", "-t", "wheel", "-t", "sdist", "-d", str(directory))
    (wheel,), (sdist,) = directory.glob("*.whl"), directory.glob("*.tar.gz")
    return wheel, sdist


def test_the_wheel_has_every_shipped_file(built: tuple[Path, Path]) -> None:
    with zipfile.ZipFile(built[0]) as wheel:
        packed = {
            name.removeprefix("chiro_db/resources/"): wheel.read(name)
            for name in wheel.namelist()
            if name.startswith(tuple(f"chiro_db/resources/{folder}/" for folder in SHIPPED))
        }
    assert packed == shipped()


def test_the_sdist_has_every_shipped_file(built: tuple[Path, Path]) -> None:
    with tarfile.open(built[1]) as sdist:
        packed = {}
        for member in sdist.getmembers():
            _, _, name = member.name.partition("/")
            if name.startswith(tuple(f"{folder}/" for folder in SHIPPED)):
                file = sdist.extractfile(member)
                assert file is not None
                packed[name] = file.read()
    assert packed == shipped()


def test_the_wheel_has_every_module_and_no_tests(built: tuple[Path, Path]) -> None:
    with zipfile.ZipFile(built[0]) as wheel:
        packed = set(wheel.namelist())
    modules = {str(path.relative_to(CHECKOUT)) for path in (CHECKOUT / "chiro_db").rglob("*.py")}
    assert {name for name in packed if name.endswith(".py")} == modules
    assert "chiro_db/py.typed" in packed


def test_the_sdist_makes_the_same_wheel(built: tuple[Path, Path], tmp_path: Path) -> None:
    run("-m", "tarfile", "-e", str(built[1]), str(tmp_path))
    (source,) = tmp_path.iterdir()
    run("-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path), cwd=source)
    (again,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(built[0]) as first, zipfile.ZipFile(again) as second:
        assert contents(first) == contents(second)


def test_an_installed_wheel_reads_its_own_files(built: tuple[Path, Path], tmp_path: Path) -> None:
    shutil.unpack_archive(built[0], tmp_path, "zip")  # what installing a pure wheel is
    code = "from chiro_db.resources import folder; print(folder('{}'))"
    for name in SHIPPED:
        printed = run("-c", code.format(name), cwd=tmp_path, PYTHONPATH=str(tmp_path))
        assert Path(printed.strip()) == tmp_path / "chiro_db" / "resources" / name


def test_a_checkout_reads_the_files_of_the_checkout() -> None:
    from chiro_db.resources import folder

    assert [folder(name) for name in SHIPPED] == [CHECKOUT / name for name in SHIPPED]


def shipped() -> dict[str, bytes]:
    """The files of the folders by name; at least one of each."""
    files = {
        str(path.relative_to(CHECKOUT)): path.read_bytes()
        for folder in SHIPPED
        for path in (CHECKOUT / folder).rglob("*")
        if path.is_file()
    }
    assert {name.partition("/")[0] for name in files} == set(SHIPPED)
    return files


def contents(archive: zipfile.ZipFile) -> dict[str, bytes]:
    return {name: archive.read(name) for name in archive.namelist()}


def run(*arguments: str, cwd: Path = CHECKOUT, **variables: str) -> str:
    """This Python's output; nothing is written into the checkout."""
    ended = subprocess.run(
        [sys.executable, "-B", *arguments],
        cwd=cwd,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout
