"""What is said in one line, and what keeps its own."""

from __future__ import annotations

from chiro_db.model.plan import Action, Change, Step
from chiro_db.report.groups import ALIKE, by_service, lines
from tests.report.plans import CONNECT, change, revoke


def settings(number: int) -> list[Change]:
    return [
        change(
            f"setting.r{n}.lock_timeout",
            f"set lock_timeout of role r{n}: 10s",
            step=Step.SETTING,
            place=f"a.yaml:{n}",
        )
        for n in range(number)
    ]


def test_few_that_are_alike_keep_a_line_each() -> None:
    assert len(lines(settings(ALIKE))) == ALIKE


def test_many_that_are_alike_share_one_with_the_first_names() -> None:
    (line,) = lines(settings(20))
    assert line.words == (
        "set lock_timeout of role r0, r1, r2, r3, r4, r5, r6, r7 and 12 more: 10s"
    )
    assert line.where == "[a.yaml:0 and 19 more]"
    assert len(line.changes) == 20


def test_whoever_loses_access_is_named_however_many_they_are() -> None:
    (line,) = lines([revoke("t", f"r{n}") for n in range(50)])
    assert "r49" in line.words
    assert "more" not in line.words


def test_roles_are_never_taken_together() -> None:
    made = [
        change(f"role.r{n}", f"create role r{n} (LOGIN)", step=Step.CREATE_ROLE) for n in range(37)
    ]
    assert len(lines(made)) == 37


def test_what_differs_in_two_words_is_not_alike() -> None:
    made = [change(f"grant.{n}", f"grant SELECT on table t{n} to r{n}") for n in range(20)]
    assert len(lines(made)) == 20


def test_numbers_are_not_taken_together() -> None:
    made = [change(f"grant.{n}", f"grant SELECT on {n} tables of s to r") for n in range(20)]
    assert len(lines(made)) == 20


def test_different_actions_and_origins_are_not_alike() -> None:
    granted = [revoke("t", f"r{n}", "x") for n in range(ALIKE)]
    others = [revoke("t", f"q{n}", "y") for n in range(ALIKE)]
    assert len(lines(granted + others)) == 2 * ALIKE


def test_each_change_stands_on_exactly_one_line() -> None:
    made = settings(20) + [
        change(f"setting.r{n}.p{n % 2}", f"set p{n % 2} of role r{n}: 1", step=Step.SETTING)
        for n in range(30)
    ]
    found = [c for line in lines(made) for c in line.changes]
    assert sorted(c.summary for c in found) == sorted(c.summary for c in made)


def test_a_long_list_of_grantees_is_cut_unless_the_whole_is_wanted() -> None:
    (short,), (whole,) = lines([CONNECT]), lines([CONNECT], whole=True)
    assert short.words.endswith("app_6, app_7 and 24 more")
    assert whole.words == CONNECT.summary


def test_a_name_in_quotes_is_one_word() -> None:
    made = [
        change(f"setting.{n}", f'set x of role "a, b {n}": 1', step=Step.SETTING)
        for n in range(ALIKE + 1)
    ]
    (line,) = lines(made)
    assert line.words.startswith('set x of role "a, b 0", "a, b 1", ')
    assert line.words.endswith(" and 1 more: 1")


def test_what_belongs_to_no_service_comes_first() -> None:
    changes = [change("a", "a", service=s) for s in ("z", None, "b", "", "z")]
    assert list(by_service(changes)) == [None, "", "b", "z"]
    assert [c.action for c in by_service(changes)["z"]] == [Action.CREATE] * 2
