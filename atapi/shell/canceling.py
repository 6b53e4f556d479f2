"""What became of orders that were to be canceled, as a table, and what is left."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from atapi.errors import OutcomeUnknown
from atapi.services.order_changes import CancelPlan, CancelReport
from atapi.table import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class CanceledRow:
    """One order that was to be canceled."""

    id: str
    symbol: str
    status: str
    filled: Decimal  # base asset


def told(plan: CancelPlan, report: CancelReport) -> Table:
    """List how each ended.

    Raises:
        OutcomeUnknown: Some may still be live; names them.
    """
    check_none_left(report)
    rows = [CanceledRow(id=c.id, symbol=c.symbol, status=c.status, filled=c.filled) for c in report.ended]
    return Table.of(rows, CanceledRow, empty="nothing to cancel", notes=foreign_note(plan))


def check_none_left(report: CancelReport) -> None:
    """See that nothing is left.

    Raises:
        OutcomeUnknown: Some orders may still be live; names them.
    """
    if report.left:
        many = "order" if len(report.left) == 1 else "orders"
        raise OutcomeUnknown(
            f"no answer for {many} {', '.join(report.left)}; it may be live",
            hint=f"order {report.left[0]}: asks Binance; cancel {' '.join(report.left)}",
        )


def foreign_note(plan: CancelPlan) -> list[str]:
    """Say which orders were left alone because somebody else made them."""
    if not plan.foreign:
        return []
    ids = ", ".join(k.id for k in plan.foreign)
    return [f"left alone, not made by atapi: {ids}"]
