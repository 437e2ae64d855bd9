"""References to secrets: what they resolve to, and errors that do not tell."""

from __future__ import annotations

from pathlib import Path

import pytest

from chiro_db.errors import SecretError
from chiro_db.spec.secrets import resolve

GOOD = [
    ("${env:A}", "one"),
    ("${file:secret}", "two"),
    ("${file:windows}", "two"),
    ("${file:lines}", "two\n\nthree\n"),
    ("postgres://u:${env:A}@${env:HOST}/d", "postgres://u:one@h/d"),
    ("${env:A}${env:A}${file:secret}", "oneonetwo"),
    ("${env:LOOKS_LIKE_ONE}", "${env:A}$x"),
    ("plain", "plain"),
]
BAD = [
    ("${env:UNSET}", "the environment variable `UNSET` is not set"),
    ("${env:EMPTY}", "the environment variable `EMPTY` is empty"),
    ("${env:NOT A NAME}", "`NOT A NAME` is not the name of an environment variable"),
    ("${evn:A}", "a malformed reference to a secret"),
    ("$A", "a malformed reference to a secret"),
    ("${env:}", "a malformed reference to a secret"),
    ("${file:none}", "the secret's file `BASE/none` cannot be read: No such file or directory"),
    ("${file:.}", "the secret's file `BASE` cannot be read: Is a directory"),
    ("${file:blank}", "the secret's file `BASE/blank` is empty"),
    ("${file:binary}", "the secret's file `BASE/binary` is not UTF-8"),
    ("${file:zero}", "the secret's file `BASE/zero` contains a NUL character"),
    ("${file:large}", "the secret's file `BASE/large` has more than 65536 bytes"),
    ("${file:~nobody-of-this-name/x}", "the secret's file `BASE/~nobody-of-this-name/x` cannot "),
]


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, value in (
        ("A", "one"),
        ("HOST", "h"),
        ("EMPTY", ""),
        ("LOOKS_LIKE_ONE", "${env:A}$x"),
    ):
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("UNSET", raising=False)
    files = {
        "secret": b"two\n",
        "windows": b"two\r\n",
        "lines": b"two\n\nthree\n\n",
        "blank": b"\n",
        "binary": b"hunter2\xff",
        "zero": b"hunter2\0",
        "large": b"hunter2" * 10_000,
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    return tmp_path


@pytest.mark.parametrize(("template", "value"), GOOD)
def test_resolves(template: str, value: str, base: Path) -> None:
    assert resolve(template, base).reveal() == value


def test_an_absolute_path(base: Path) -> None:
    assert resolve(f"${{file:{base}/secret}}", Path("/nowhere")).reveal() == "two"


@pytest.mark.parametrize(("template", "message"), BAD)
def test_says_what_is_missing_and_never_the_value(template: str, message: str, base: Path) -> None:
    with pytest.raises(SecretError) as raised:
        resolve(template, base)
    error = raised.value
    assert error.message.startswith(message.replace("BASE", str(base)))
    assert "hunter2" not in f"{error.message}{error.hint}{error.__cause__}"
    assert error.__suppress_context__ or error.__context__ is None
