"""Real servers in directories of their own, gone with each test."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from chiro_db.embedded import Cluster
from chiro_db.embedded.files import Files


@pytest.fixture
def place() -> Iterator[Path]:
    """Not pytest's tmp_path: root's is closed to the account that runs the server."""
    directory = Path(tempfile.mkdtemp(prefix="chirodb-test-", dir="/tmp"))
    directory.chmod(0o755)
    yield directory
    shutil.rmtree(directory)


@pytest.fixture
def cluster(place: Path) -> Iterator[Cluster]:
    cluster = Cluster(place / "cluster")
    yield cluster
    cluster.reset()
    assert not cluster.directory.exists()


@pytest.fixture
def files(cluster: Cluster) -> Files:
    return Files(cluster.directory)
