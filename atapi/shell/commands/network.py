"""network: where this session is connected."""

from __future__ import annotations

import argparse

from atapi.errors import Refused
from atapi.settings import NETWORKS
from atapi.shell.arguments import choice
from atapi.shell.context import Context
from atapi.shell.registry import command
from atapi.table import Table


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("network", nargs="?", type=choice(*NETWORKS), help="the network to switch to")


@command(
    "network",
    group="Network",
    arguments=_arguments,
    table=True,
    columns="api, url, keys, clock_offset_ms [ms]",
    examples=("network", "network testnet"),
)
def network(context: Context, args: argparse.Namespace) -> Table | None:
    """Show or switch the network.

    `mainnet` is real money: it asks for its name once a run, and needs somebody at the terminal; a script says
    `--network mainnet` before its command instead.
    """
    if args.network is None:
        return context.services.network.table()
    if args.network == context.settings.network:
        context.say(f"network is {args.network} already")
        return None
    if args.network == "mainnet":
        _ask_once(context)
    context.change(network=args.network)
    context.say(f"network is now {args.network}")
    return None


def _ask_once(context: Context) -> None:
    if not context.interactive:
        raise Refused(
            "network mainnet asks for a typed mainnet: nobody is at the terminal",
            hint="atapi --network mainnet COMMAND",
        )
    context.confirm("mainnet is real money; type mainnet to go there: ", "mainnet", once=True)
