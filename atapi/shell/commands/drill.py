"""drill: rehearse what can go wrong, on an exchange that is thrown away."""

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
    parser.add_argument("drill", help="list, all, or the name of one")


@command(
    "drill",
    group="Paper exchange",
    arguments=arguments,
    table=True,
    sends_orders=True,
    columns="list: drill, about; a drill: t_s [s since its beginning], who, what; all: drill, end, unhedged_usdt, "
    "unhedged_s, usdt_s [USDT x s of the largest stretch], lasted_s",
    examples=("drill list", "drill leg2-timeout", "drill kill-after-send", "drill all"),
)
def drill(context: Context, args: argparse.Namespace) -> Table:
    """Rehearse what can go wrong between two legs: lost answers, refusals, overload, kill -9, deleveraging.

    Each drill gets an exchange and a home of its own that are thrown away after it; your accounts are not touched. The
    order path is the one you trade with. Waits move that exchange's clock instead of taking their time. The timeline
    says who did what; what stood unhedged, and how it ended, is reckoned from the exchange's own fills.

    Ends with 0 where every drill ended HEDGED or FLAT and the journal knows, else with 3, naming the drill.
    """
    from atapi.errors import SpreadBroken
    from atapi.services.drill import endings, timeline
    from atapi.shell import present, table_options

    service = context.services.drill
    if args.drill == "list":
        return service.table()
    played = []
    for name in service.names() if args.drill == "all" else [args.drill]:
        played.append(service.play(name))
        if args.drill == "all":
            context.say(f"--- {name}: {played[-1].drill.about}")
            context.show(timeline(played[-1]))
    table = endings(played) if args.drill == "all" else timeline(played[0])
    failed = [one for one in played if not one.passed]
    if not failed:
        return table
    present.put(context.shell, table, context.stdout, table_options.view(args))
    names = ", ".join(one.drill.name for one in failed)
    raise SpreadBroken(f"drill {names} did not end HEDGED or FLAT", hint=f"drill {failed[0].drill.name}")
