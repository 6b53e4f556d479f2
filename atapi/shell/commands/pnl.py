"""pnl: profit of spreads, split into price, funding and fees."""

from __future__ import annotations

from atapi.shell.arguments import choice, time
from atapi.shell.registry import command

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from typing import Any

    from atapi.shell.context import Context
    from atapi.table import Table


def arguments(parser: Any) -> None:
    """Declare the words of the command."""
    parser.add_argument("--since", type=time, default=None, help="leave out what ended before")
    parser.add_argument("--by", type=choice("day", "symbol", "spread"), default=None, help="one row for each")


@command(
    "pnl",
    group="Account",
    arguments=arguments,
    table=True,
    columns="key, price_usdt, funding_usdt, fees_usdt, total_usdt",
    examples=("pnl", "pnl --by spread", "pnl --by day --since 30d"),
)
def pnl(context: Context, args: argparse.Namespace) -> Table:
    """Profit of all spreads, split into price, funding and fees.

    The total is the change of the balances that the spreads caused, to the last digit: cash of both legs, fundings
    as booked, and what is still held at the price `balance` uses. Fees are valued at the fill they belong to; price
    is the rest.
    """
    from atapi.services.pnl import PnlRow
    from atapi.table import Table

    services = context.services
    since = args.since.at(services.clock.now()) if args.since else None
    return Table.of(
        services.pnl.rows(by=args.by or "total", since=since), PnlRow, empty="no spread was ever opened"
    )
