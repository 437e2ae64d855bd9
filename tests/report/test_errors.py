"""An error on the terminal."""

from __future__ import annotations

from chiro_db.errors import ServerError
from chiro_db.report.errors import lines


def test_of_a_long_statement_its_begin_and_its_end_are_shown() -> None:
    names = ", ".join(f"shop.t{n}" for n in range(1000))
    statement = f"GRANT SELECT ON TABLE {names} TO shop_app"
    _, where = lines(ServerError("out of shared memory", where=statement))
    assert where.startswith("  where: GRANT SELECT ON TABLE shop.t0, shop.t1, ")
    assert where.endswith(", shop.t999 TO shop_app")
    assert len(where) < 450
