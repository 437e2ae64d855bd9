"""Private files: whole or not at all."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from chiro_db.errors import ChirodbError
from chiro_db.files import write_private


def test_only_the_owner_reads_it(tmp_path: Path) -> None:
    write_private(tmp_path / "f", "text")
    assert (tmp_path / "f").read_text() == "text"
    assert stat.S_IMODE((tmp_path / "f").stat().st_mode) == 0o600


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("before")
    (tmp_path / "link").symlink_to("real")
    write_private(tmp_path / "link", "after")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "after"


@pytest.mark.parametrize("path", ["/dev/null", "/tmp"])  # noqa: S108 - not written to
def test_what_is_no_file_stays_what_it_is(path: str) -> None:
    with pytest.raises(ChirodbError, match="it is no file"):
        write_private(Path(path), "text")
    assert not Path(path).is_file()


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ChirodbError, match="cannot write"):
        write_private(tmp_path / "nowhere" / "f", "text")
