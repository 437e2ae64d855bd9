"""Files and folders: what is read, how it merges, what the digest and the places say."""

from __future__ import annotations

import contextlib
import gc
import os
from pathlib import Path

import pytest

from chiro_db.errors import ChirodbError, Place, SpecError
from chiro_db.spec.load import load
from tests.spec.test_cases import TODAY, shown

HEAD = "version: 1\ndatabase: {name: d, settings: {timezone: UTC}}\n"
SHOP = "services:\n  shop: {schema: s, owner: o}\n"
CRM = "services:\n  crm: {schema: c, owner: p, settings: {a: 1, b: [x, y]}}\n"


def write(folder: Path, files: dict[str, str | bytes]) -> None:
    for name, content in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())


def problems(path: Path) -> list[str]:
    with pytest.raises(SpecError) as raised:
        load(path, TODAY)
    return [
        f"{found.place or '-'} {found.message} | {found.hint}" for found in raised.value.diagnostics
    ]


MERGES: dict[str, tuple[dict[str, str | bytes], list[str]]] = {
    "each service its own file": (
        {"a.yaml": HEAD, "services/shop.yaml": SHOP, "services/deep/crm.yml": CRM},
        [],
    ),
    "hidden files and others are left out": (
        {"a.yaml": HEAD, ".b.yaml": ":", ".git/c.yaml": ":", "d.yaml~": ":", "e.json": ":"},
        [],
    ),
    "a byte order mark": ({"a.yaml": b"\xef\xbb\xbf" + HEAD.encode()}, []),
    "Windows line ends": ({"a.yaml": HEAD.replace("\n", "\r\n")}, []),
    "an empty file among others": ({"a.yaml": HEAD, "b.yaml": "# later\n"}, []),
    "empty sections say nothing": (
        {"a.yaml": HEAD + "services:\nroles:\n", "b.yaml": SHOP + "roles: {x: }\n", "c.yaml": CRM},
        [],
    ),
    "each file may carry the version": ({"a.yaml": HEAD, "b.yaml": "version: 1\n" + SHOP}, []),
    "the database key by key": (
        {"a.yaml": HEAD, "b.yaml": "database: {comment: x, settings: {jit: off}}\n"},
        [],
    ),
    "one service in two files": (
        {"a.yaml": HEAD, "b.yaml": SHOP, "c.yaml": SHOP},
        ["x/c.yaml:2:3 the service `shop` stands in two files | it stands in x/b.yaml:2:3 already"],
    ),
    "one role, level, target and policy in two files": (
        {
            "a.yaml": HEAD + "roles: {x: }\nlevels: {l: {tables: ALL}}\n"
            "targets: {t: {embedded: true}}\npolicies: {cross-service-grant: {}}\n",
            "b.yaml": "roles: {x: }\nlevels: {l: {tables: ALL}}\n"
            "targets: {t: {embedded: true}}\npolicies: {cross-service-grant: {}}\n",
        },
        [
            "x/b.yaml:1:9 the role `x` stands in two files | it stands in x/a.yaml:3:9 already",
            "x/b.yaml:2:10 the level `l` stands in two files | it stands in x/a.yaml:4:10 already",
            "x/b.yaml:3:11 the target `t` stands in two files | it stands in x/a.yaml:5:11 already",
            "x/b.yaml:4:12 the policy `cross-service-grant` stands in two files | "
            "it stands in x/a.yaml:6:12 already",
        ],
    ),
    "one setting, scalar and list in two files": (
        {
            "a.yaml": HEAD + "enforce: exact\nignore: {roles: [a]}\n",
            "b.yaml": "database: {name: d, settings: {timezone: UTC}}\n"
            "enforce: exact\nignore: {roles: [b], schemas: [c]}\n",
        },
        [
            "x/b.yaml:1:12 `database.name` stands in two files | "
            "it stands in x/a.yaml:2:12 already",
            "x/b.yaml:1:32 `database.settings.timezone` stands in two files | "
            "it stands in x/a.yaml:2:32 already",
            "x/b.yaml:2:1 `enforce` stands in two files | it stands in x/a.yaml:3:1 already",
            "x/b.yaml:3:10 `ignore.roles` stands in two files | it stands in x/a.yaml:4:10 already",
        ],
    ),
    "what is said twice and what is wrong besides": (
        {"a.yaml": HEAD + "levels: {read: {tables: ALL}}\n", "b.yaml": SHOP, "c.yaml": SHOP},
        [
            "x/a.yaml:3:10 the level `read` is built in and cannot be redefined | "
            "give yours another name",
            "x/c.yaml:2:3 the service `shop` stands in two files | "
            "it stands in x/b.yaml:2:3 already",
        ],
    ),
    "a file that cannot be read, and what is wrong in the others whatever it says": (
        {
            "a.yaml": "version: 1\ndatabase:\n\tname: d\n",
            "b.yaml": "database: {coment: x}\nservices: {s: {schema: t, owner: somebody, ap: a}}\n",
            "c.yaml": "services: {s: {schema: u, owner: o}}\n",
        },
        [
            "x/a.yaml:3:1 a tab, which YAML does not take for indentation | use spaces",
            "x/b.yaml:1:12 unknown key `coment` in `database` | did you mean `comment`?",
            "x/b.yaml:2:44 unknown key `ap` in `services.s` | did you mean `app`?",
            "x/c.yaml:1:12 the service `s` stands in two files | "
            "it stands in x/b.yaml:2:12 already",
        ],
    ),
    "syntax errors of all files at once": (
        {"a.yaml": HEAD + "a: b: c\n", "b.yaml": "x: [a\n", "c.yaml": b"version: 1\nx: \xff\n"},
        [
            "x/a.yaml:3:5 a `:` where none can be | "
            "check the indentation; put a value that contains `: ` in quotes",
            "x/b.yaml:1:4 a list `[` that is not closed | it is still open in line 2",
            "x/c.yaml:2:4 the file is not UTF-8 | save it as UTF-8",
        ],
    ),
    "no file has what a spec needs": (
        {"a.yaml": SHOP, "b.yaml": CRM},
        [
            "- missing key `version` in all files | write `version: 1`",
            "- missing key `database` in all files | write `database: {name: ...}`",
        ],
    ),
    "UTF-16": (
        {"a.yaml": "version: 1\n".encode("utf-16")},
        ["x/a.yaml:1:1 the file is not UTF-8 | save it as UTF-8"],
    ),
    "a folder without a spec": (
        {"readme.txt": "", ".hidden.yaml": HEAD},
        ["- no `*.yaml` or `*.yml` file in the folder `x` | hidden files do not count"],
    ),
    "a folder of empty files": (
        {"a.yaml": "# a\n", "b.yml": ""},
        ["- the spec `x` is empty | begin with `version: 1`"],
    ),
}


@pytest.mark.parametrize("name", MERGES)
def test_merges(name: str, here: Path) -> None:
    files, expected = MERGES[name]
    write(here / "x", files)
    if expected:
        assert problems(Path("x")) == expected
    else:
        assert shown(load(Path("x"), TODAY).warnings) == ""


def test_links_in_a_circle_and_two_ways_to_one_file(here: Path) -> None:
    write(here / "x", {"a.yaml": HEAD, "sub/b.yaml": SHOP})
    (here / "x/sub/up").symlink_to(here / "x")
    (here / "x/again.yaml").symlink_to(here / "x/a.yaml")
    assert list(load(Path("x"), TODAY).spec.services) == ["shop"]


def test_a_pipe_among_the_files_and_a_file_without_end(here: Path) -> None:
    write(here / "x", {"a.yaml": HEAD})
    os.mkfifo(here / "x/b.yaml")
    assert load(Path("x"), TODAY).spec.database.name == "d"
    assert problems(Path("/dev/zero")) == ["- `/dev/zero` has more than 32000000 bytes | None"]


def test_a_link_to_nothing(here: Path) -> None:
    write(here / "x", {"a.yaml": HEAD})
    (here / "x/b.yaml").symlink_to(here / "gone.yaml")
    assert problems(Path("x")) == ["- `x/b.yaml` cannot be read: No such file or directory | None"]


@pytest.mark.parametrize("path", ["nowhere.yaml", "a.yaml/b", "no\0where"])
def test_no_file(path: str, here: Path) -> None:
    write(here, {"a.yaml": HEAD})
    with pytest.raises(ChirodbError) as raised:
        load(Path(path))
    assert not isinstance(raised.value, SpecError)


SAME: dict[str, dict[str, str | bytes]] = {
    "comments and blanks": {"a.yaml": "# hello\n\n" + HEAD + "\n# more\n" + SHOP},
    "two files": {"a.yaml": SHOP, "z/b.yaml": HEAD},
    "another order of keys": {
        "a.yaml": "services: {shop: {owner: o, schema: s}}\n"
        "database: {settings: {timezone: UTC}, name: d}\nversion: 1\n"
    },
    "quotes and aliases": {
        "a.yaml": "version: 1\ndatabase: {name: &d 'd', settings: {timezone: \"UTC\"}}\n"
        "services: {shop: {<<: {owner: o}, schema: s}}\n"
    },
    "an empty section": {"a.yaml": HEAD + SHOP + "roles:\n"},
}


@pytest.mark.parametrize("name", SAME)
def test_the_digest_ignores(name: str, here: Path) -> None:
    write(here, {"one.yaml": HEAD + SHOP})
    write(here / "x", SAME[name])
    assert load(Path("x")).digest == load(Path("one.yaml")).digest


def test_the_digest_tells_contents_apart(here: Path) -> None:
    contents = [HEAD, HEAD + SHOP, HEAD + CRM, HEAD + SHOP.replace("o}", "'1'}")]
    write(here, {f"{i}.yaml": content for i, content in enumerate(contents)})
    assert len({load(Path(f"{i}.yaml")).digest for i in range(len(contents))}) == len(contents)


PLACES: list[tuple[tuple[str | int, ...], str]] = [
    (("database",), "x/a.yaml:2:1"),
    (("database", "settings", "timezone"), "x/a.yaml:2:32"),
    (("database", "owner"), "x/a.yaml:2:1"),
    (("services",), "x/a.yaml:3:1"),
    (("services", "crm"), "x/b.yaml:2:3"),
    (("services", "crm", "settings", "b", 1), "x/b.yaml:2:54"),
    (("services", "crm", "settings", "b", 2), "x/b.yaml:2:47"),
    (("services", "crm", "settings", "a", "deeper"), "x/b.yaml:2:41"),
    (("services", "none", "grants", 0), "x/a.yaml:3:1"),
    (("nothing",), "x/a.yaml:1:1"),
]


@pytest.mark.parametrize(("path", "place"), PLACES)
def test_places(path: tuple[str | int, ...], place: str, here: Path) -> None:
    write(here / "x", {"a.yaml": HEAD + SHOP, "b.yaml": CRM})
    assert str(load(here / "x").place(path)) == place


def test_a_place_is_named_as_the_spec_was_given(here: Path) -> None:
    write(here, {"a.yaml": HEAD, "sub/b": ""})
    given = Path("sub/../a.yaml")
    assert load(given).place(("version",)) == Place("sub/../a.yaml", 1, 1)


def test_what_is_loaded_knows_its_folder(here: Path) -> None:
    write(here / "x", {"a.yaml": HEAD})
    assert load(Path("x")).folder == load(Path("x/a.yaml")).folder == Path("x")


def test_the_garbage_collector_is_left_as_it_was(here: Path) -> None:
    write(here, {"a.yaml": HEAD, "b.yaml": ":"})
    for path in ("a.yaml", "b.yaml"):
        with contextlib.suppress(SpecError):
            load(Path(path))
        assert gc.isenabled()
