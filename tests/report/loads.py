"""What `slow` shows, made by hand."""

from __future__ import annotations

from chiro_db.observe.ranking import By, Ranked, ServiceLoad, Slow
from chiro_db.observe.statements import Counted

_LONG = (
    "SELECT o.id, o.placed_at, c.name, sum(l.amount * l.price) AS total FROM orders o"
    " JOIN customers c ON c.id = o.customer_id JOIN order_lines l ON l.order_id = o.id"
    " WHERE o.placed_at >= $1 AND o.state = ANY($2) GROUP BY o.id, o.placed_at, c.name"
    " ORDER BY total DESC LIMIT $3 OFFSET $4"
) * 2


def _counted(queryid: str | None, calls: int, total_ms: float, hit: int, read: int) -> Counted:
    return Counted(
        "commerce", queryid, None, "commerce_app", calls, calls * 12, total_ms,
        total_ms / calls * 3.5, hit, read, 40, 1200, 0.0,
    )  # fmt: skip


def _slow(by: By) -> Slow:
    commerce = ServiceLoad(
        "commerce",
        912_345.6,
        1_204_567,
        0.913,
        (
            Ranked(
                _counted("1", 1_200_123, 700_000.5, 9_000_000, 1_000_000),
                _LONG,
                {
                    "route": "/orders/:id",
                    "traceparent": "00-5bd66ef5095369c7b0d1f8f4bd33716a-c532cb4098ac3dd2-01",
                },
                0.767,
                "Limit  (cost=0.00..1.00 rows=1 width=8)\n  ->  Seq Scan on orders o",
            ),
            Ranked(_counted("2", 3, 0.0123, 0, 0), "SELECT \x1b[31m$1", {}, 0.00001),
            Ranked(
                _counted(None, 4441, 212_345.1, 10, 0),
                "(statements that the connected role may not see)",
                {},
                0.2326,
            ),
        ),
        7,
    )
    rest = ServiceLoad(None, 86_000.0, 1, 0.087, (), 1)
    return Slow("chiro_erp", by, 1795410388.0, 1795400000.0, by is By.TOTAL, 3, (commerce, rest))


TOTAL = _slow(By.TOTAL)
IO = _slow(By.IO)
EMPTY = Slow("chiro_erp", By.TEMP, 1795410388.0, 1795400000.0, True, 0, ())
