"""journal: where it is, whether it is sound, and a new one from the venue's records."""

from __future__ import annotations

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
        "action", nargs="?", choices=("rebuild",), help="begin a new one from the venue's records"
    )
    parser.add_argument("-y", "--yes", action="store_true", help="do not ask")


@command(
    "journal",
    group="Orders",
    arguments=arguments,
    table=True,
    columns="field, value",
    examples=("journal", "journal rebuild"),
)
def journal(context: Context, args: argparse.Namespace) -> Table:
    """Show the journal of what was meant and what came of it.

    One that is damaged, edited or lost is never traded on. `journal rebuild` puts it aside and begins another: every
    order of ours says in its id which leg it was, so positions, orders and trades of the last 90 days tell which
    spreads stand. Nothing is sent.
    """
    service = context.services.rebuild
    said: list[str] = []
    if args.action == "rebuild":
        context.confirm_trade("rebuild", yes=args.yes)
        said = service.run()
    return service.table(said)
