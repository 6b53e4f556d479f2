"""circulating-supply: coins in circulation."""

from __future__ import annotations

import argparse

from atapi.shell.context import Context
from atapi.shell.market_arguments import add_symbols, named
from atapi.shell.registry import command
from atapi.table import Table


def _arguments(parser: argparse.ArgumentParser) -> None:
    add_symbols(parser)
    parser.add_argument("--match", metavar="TEXT", help="every asset with this in its name instead")


@command(
    "circulating-supply",
    group="Market data",
    arguments=_arguments,
    table=True,
    columns="symbol, Circulating Supply [coins]",
    examples=("circulating-supply", "circulating-supply --match BTC"),
)
def circulating_supply(context: Context, args: argparse.Namespace) -> Table:
    """Circulating supply.

    As the venue's product list has it now; an asset of unknown supply is not shown.
    """
    return context.services.marketcap.circulating_supply(named(args), match=args.match)
