"""cancel-all: every open order of atapi's."""

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
    add_venue(parser, "default both")
    parser.add_argument("--foreign", action="store_true", help="also those that somebody else made")
    parser.add_argument("-y", "--yes", action="store_true", help="do not ask")


@command(
    "cancel-all",
    group="Orders",
    arguments=arguments,
    table=True,
    sends_orders=True,
    columns="venue, canceled",
    examples=("cancel-all", "cancel-all --venue futures --yes"),
)
def cancel_all(context: Context, args: argparse.Namespace) -> Table:
    """Cancel every open order of atapi's.

    Orders made on the website or by another program are left alone and named, unless --foreign is typed. What filled
    before it could be canceled is said.
    """
    from atapi.services.order_finder import VENUE_WORDS
    from atapi.shell.canceling import check_none_left, foreign_note
    from atapi.table import Table

    changes = context.services.changes
    market = MARKETS[args.venue] if args.venue else None
    plan = changes.plan_all(market=market, foreign=args.foreign)
    if plan.orders and not args.yes and context.services.network.info.live:
        context.say(f"cancel {len(plan.orders)} orders: {', '.join(k.id for k in plan.orders)}")
        context.confirm("send to mainnet? type cancel-all to confirm: ", "cancel-all")
    report = changes.cancel(plan)
    check_none_left(report)
    counts = {word: 0 for m, word in VENUE_WORDS.items() if market is None or m is market}
    notes = foreign_note(plan)
    for order in report.ended:
        if order.status == "FILLED":
            notes.append(f"order {order.id} filled before it could be canceled")
        else:
            counts[VENUE_WORDS[order.market]] += 1
    rows = [(venue, count) for venue, count in counts.items() if count]
    return Table.from_mapping(("venue", "canceled"), rows, empty="no open orders of atapi's", notes=notes)
