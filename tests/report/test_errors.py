"""An error on the terminal."""

from __future__ import annotations

from chiro_db.errors import Diagnostic, ServerError, SpecError
from chiro_db.report.errors import lines


def test_of_a_long_statement_its_begin_and_its_end_are_shown() -> None:
    names = ", ".join(f"shop.t{n}" for n in range(1000))
    statement = f"GRANT SELECT ON TABLE {names} TO shop_app"
    _, where = lines(ServerError("out of shared memory", where=statement))
    assert where.startswith("  where: GRANT SELECT ON TABLE shop.t0, shop.t1, ")
    assert where.endswith(", shop.t999 TO shop_app")
    assert len(where) < 450


def test_a_name_in_an_error_cannot_draw_on_the_terminal_or_make_lines() -> None:
    name = "a\n::error::\x1b[31mb"
    assert lines(ServerError("refused", where=name, hint=name))[1:] == [
        r"  where: a ::error::\x1b[31mb",
        r"  hint: a\n::error::\x1b[31mb",
    ]
    assert lines(SpecError([Diagnostic(name)])) == [r"error: a\n::error::\x1b[31mb"]
