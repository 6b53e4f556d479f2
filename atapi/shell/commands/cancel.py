"""cancel: orders by their ids, or atapi's own in a symbol."""

from __future__ import annotations

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
    parser.add_argument("orders", nargs="+", metavar="ID|SYMBOL", help="order ids, client order ids, symbols")
    add_venue(parser, "where an id or a symbol is on both")


@command(
    "cancel",
    group="Orders",
    arguments=arguments,
    table=True,
    sends_orders=True,
    columns="id, symbol, status, filled [base]",
    examples=("cancel 81000000001", "cancel BTCUSDT --venue futures"),
)
def cancel(context: Context, args: argparse.Namespace) -> Table:
    """Cancel orders.

    An id is the exchange's, the client order id, or a beginning of that which no other order has. A symbol means
    atapi's own orders in it; an order that somebody else made is canceled only by its id. Canceled is what the
    exchange says is canceled: after an unclear answer it is asked, and an order that filled first is told as filled.
    """
    from atapi.shell.canceling import told

    changes = context.services.changes
    plan = changes.plan_cancel(args.orders, market=MARKETS[args.venue] if args.venue else None)
    return told(plan, changes.cancel(plan))
