"""spreads: what is open, and what it earned."""

from __future__ import annotations

from atapi.shell.arguments import count
from atapi.shell.registry import command

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from typing import Any

    from atapi.shell.context import Context
    from atapi.table import Table


def arguments(parser: Any) -> None:
    """Declare the words of the command."""
    parser.add_argument("--all", action="store_true", help="closed ones too")
    parser.add_argument("--id", type=count(1), default=None, help="one spread, open or closed")


@command(
    "spreads",
    group="Carry trading",
    arguments=arguments,
    table=True,
    columns="id, symbol, state, kind, qty [base], opened, open_bp, now_bp, funding_usdt, fees_usdt, net_usdt, "
    "apr_pct, delta [base]",
    examples=("spreads", "spreads --all --sort net_usdt:desc"),
)
def spreads(context: Context, args: argparse.Namespace) -> Table:
    """Open spreads and what they earned.

    A transaction that was cut short (a killed process, a lost answer) is brought to its end first: the venue is
    asked how each order ended, and nothing is sent twice.
    """
    from atapi.services.spread_rows import SpreadRow
    from atapi.table import Table

    service = context.services.spreads
    notes = context.services.recovery.before_reading()
    rows = service.rows(everything=args.all, spread_id=args.id)
    return Table.of(rows, SpreadRow, empty="no open spreads", notes=notes)
