"""amend: change an order where it rests."""

from __future__ import annotations

from atapi.shell.arguments import amount, price
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
    parser.add_argument("--price", type=price, default=None, help="futures: the new limit")
    parser.add_argument(
        "--qty", type=amount, default=None, help="the new quantity, filled part included: 0.01btc"
    )
    add_venue(parser, "where an id is on both")
    parser.add_argument("-y", "--yes", action="store_true", help="do not ask")


@command(
    "amend",
    group="Orders",
    arguments=arguments,
    table=True,
    sends_orders=True,
    columns="id, old_price, price, old_qty, qty [base], status",
    examples=("amend 81000000001 --price 59000", "amend 3 --qty 0.005btc"),
)
def amend(context: Context, args: argparse.Namespace) -> Table:
    """Change an order in place.

    It keeps its id. On futures price and quantity may change, and the order loses its place in the queue; on spot only
    to a smaller quantity, and it keeps it. The change is written down before it is sent and sent once; after an unclear
    answer the order's own price and quantity tell.
    """
    from atapi.domain.numbers import plain
    from atapi.errors import UsageError
    from atapi.services.order_rows import status_of
    from atapi.table import Table

    if args.price is None and args.qty is None:
        raise UsageError("amend needs --price, --qty or both", hint="amend 3 --qty 0.005btc")
    changes = context.services.changes
    plan = changes.plan_amend(
        args.id, price=args.price, amount=args.qty, market=MARKETS[args.venue] if args.venue else None
    )
    old, new = plan.known.order, plan.amendment
    assert old is not None
    context.say(
        f"order {plan.known.id}: {old.side.lower()} {plain(old.quantity)} {old.symbol} at {plain(old.price)}"
        f" becomes {plain(new.quantity)} at {plain(new.price)}: {new.quantity * new.price:.2f}"
        f" {plan.instrument.quote_asset}"
    )
    context.confirm_trade(old.symbol, yes=args.yes)
    done = changes.amend(plan)
    row = (plan.known.id, old.price, new.price, old.quantity, new.quantity, status_of(done))
    return Table.from_mapping(("id", "old_price", "price", "old_qty", "qty", "status"), [row])
