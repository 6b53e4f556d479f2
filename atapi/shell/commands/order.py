"""order: one order, the journal and the exchange side by side."""

from __future__ import annotations

from atapi.shell.arguments import symbol
from atapi.shell.market_arguments import MARKETS, add_venue
from atapi.shell.registry import command

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from typing import Any

    from atapi.shell.context import Context
    from atapi.table import Table


def arguments(parser: Any) -> None:
    """Declare the words of the command."""
    parser.add_argument("id", metavar="ID", help="order id or client order id")
    parser.add_argument("symbol", type=symbol, nargs="?", default=None, help="look through its history too")
    add_venue(parser, "where an id is on both")


@command(
    "order",
    group="Orders",
    arguments=arguments,
    table=True,
    columns="field, journal, exchange, differs",
    examples=("order 3", "order 81000000001 BTCUSDT"),
)
def order(context: Context, args: argparse.Namespace) -> Table:
    """One order, as the journal has it and as the exchange sees it.

    Fields that differ are marked. A live or unclear order of atapi's is asked for and the journal brought to date;
    nothing is sent.
    """
    market = MARKETS[args.venue] if args.venue else None
    return context.services.orders.order(args.id, symbol=args.symbol, market=market)
