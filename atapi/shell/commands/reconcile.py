"""reconcile: whether the account is what the journal says."""

from __future__ import annotations

from atapi.shell.arguments import symbol
from atapi.shell.registry import command

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from typing import Any

    from atapi.shell.context import Context
    from atapi.table import Table


def arguments(parser: Any) -> None:
    """Declare the words of the command."""
    parser.add_argument(
        "--adopt", type=symbol, metavar="SYMBOL", help="take trades made by hand as the spread's own"
    )
    parser.add_argument("--accept", action="store_true", help="take all that is found as explained, for good")
    parser.add_argument("-y", "--yes", action="store_true", help="do not ask")


@command(
    "reconcile",
    group="Orders",
    arguments=arguments,
    table=True,
    columns="symbol, finding, message, mend",
    examples=("reconcile", "reconcile --adopt BTCUSDT"),
)
def reconcile(context: Context, args: argparse.Namespace) -> Table:
    """Compare the account with the journal.

    It happens by itself at the start, every 30 s at the prompt, and before an order that adds risk; while something
    differs, such an order is refused in that symbol. Orders of ours that are in no journal, or in another machine's,
    stop all of them. What the exchange did by itself, such as deleveraging, is adopted as the spread's own trade.
    """
    from atapi.errors import UsageError

    service = context.services.reconcile
    if args.adopt and args.accept:
        raise UsageError("--adopt and --accept exclude each other", hint="reconcile")
    if args.adopt:
        context.say(service.adopt(args.adopt))
    elif args.accept:
        context.confirm_trade("accept", yes=args.yes)
        for finding in service.accept():
            context.say(f"accepted: {finding.message}")
    return service.table()
