"""`chirodb init`: what it writes is valid, applies, and is nobody else's file."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import pytest

from chiro_db.spec.load import load
from chiro_db.spec.starter import starter
from tests.cli.running import chirodb, on_terminal


def test_the_starter_is_applied_to_the_embedded_server_twice() -> None:
    with tempfile.TemporaryDirectory(prefix="chirodb-init-", dir="/tmp") as name:
        Path(name).chmod(0o755)  # root's server runs as another account
        folder, env = Path(name), {"CHIRODB_STATE_DIR": f"{name}/state"}
        made = chirodb("init", "--yes", cwd=folder, env=env)
        assert made.code == 0, made.err
        assert "chirodb apply" in made.out
        try:
            for expected in ("as declared", "Nothing to do"):
                applied = chirodb("apply", "--yes", cwd=folder, env=env)
                assert (applied.code, expected in applied.out) == (0, True), applied.err
            step = next(row for row in made.out.splitlines() if "connection" in row)
            linked = chirodb(*step.split()[1:3], cwd=folder, env=env)
            assert linked.out.startswith("postgresql://shop_app@127.0.0.1:")
        finally:
            chirodb("dev", "reset", "--yes", cwd=folder, env=env)


@pytest.mark.parametrize("name", ["shop", "My App", "no", "12:30", 'a"b\\c\n# d: {', "größe", "🐘"])
@pytest.mark.parametrize("url", [None, "postgresql://u:${env:PW}@h:1/x?a=b", "host='a b'"])
def test_whatever_the_names_are_it_is_valid(tmp_path: Path, name: str, url: str | None) -> None:
    path = tmp_path / "chirodb.yaml"
    text = starter(name, [name, "second"], url, 2098)
    path.write_text(text, encoding="utf-8")
    loaded = load(path)
    assert not loaded.warnings
    assert loaded.spec.database.name == name
    assert list(loaded.spec.services) == [name, "second"]
    (target,) = loaded.spec.targets.values()
    assert (target.embedded, target.url) == (url is None, url)
    path.write_text(_with_the_suggestions(text), encoding="utf-8")
    assert not load(path).warnings


def _with_the_suggestions(text: str) -> str:
    """Every commented key is a key."""
    keys = r"^( *)# (?!exact|additive)(?=(?:  )?[a-z_]+:(?: |$)|  - )"
    opened, number = re.subn(keys, r"\1", text, flags=re.M)
    assert number > 10
    return opened


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], "error: there is no terminal to ask on\n  hint: say it with --name and --service"),
        (["--name", "x"], "say it with --service, or"),
        (["--yes", "--service", "a", "--service", "A"], "belongs to the service `a` already"),
        (["--yes", "--service", "pg_x"], "error: `pg_x` is a reserved schema name"),
        (["--yes", "--service", " "], "error: a name is empty"),
        (["--yes", "--name", "x" * 64], "the name is 64 bytes long"),
        (["--yes", "--url", "postgresql://a:b@h"], "a literal password in a URL"),
        (["--yes", "--name", "a", "--url", "postgresql://h/b"], "names the database `b`"),
        (["--yes", "missing/chirodb.yaml"], "cannot write `missing/chirodb.yaml`: No such file"),
        (["--yes", "."], "there is a folder `.` already"),
    ],
)
def test_what_is_refused(tmp_path: Path, arguments: list[str], expected: str) -> None:
    done = chirodb("init", *arguments, cwd=tmp_path)
    assert (done.code, done.out) == (1, "")
    assert expected in done.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("there", ["chirodb.yaml", "schema_specs"])
def test_no_spec_is_overwritten_or_put_before_another(tmp_path: Path, there: str) -> None:
    (tmp_path / there).write_text("mine")
    done = chirodb("init", "--yes", cwd=tmp_path)
    assert done.code == 1
    assert f"`{there}` already" in done.err
    assert (tmp_path / there).read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir()] == [there]


def test_it_asks_three_questions(tmp_path: Path) -> None:
    path = tmp_path / "it's.yaml"
    seen = on_terminal(
        "init",
        str(path),
        typed={
            "Name of the database": b"erp\n",
            "First services [shop]": b"commerce, finance\n",
            "for a private one [embedded]": b"\n",
        },
    )
    assert seen.code == 0, seen.out
    loaded = load(path)
    assert (loaded.spec.database.name, list(loaded.spec.services)) == (
        "erp",
        ["commerce", "finance"],
    )
    assert loaded.spec.targets["dev"].embedded
    assert "it'\"'\"'s.yaml'" in seen.out  # a next step can be pasted into a shell


def test_ctrl_c_at_a_question_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "new.yaml"
    seen = on_terminal("init", str(path), typed={"Name of the database": b"\x03"})
    assert seen.code == 130
    assert not path.exists()
