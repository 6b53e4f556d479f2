"""symbols: what can be traded, and by which rules."""

from __future__ import annotations

import argparse

from atapi.shell.context import Context
from atapi.shell.market_arguments import add_venue, market
from atapi.shell.registry import command
from atapi.table import Table


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--match", metavar="TEXT", help="only symbols with this in their name")
    add_venue(parser)
    parser.add_argument(
        "--spreadable", action="store_true", help="only those that trade on spot and as a perpetual"
    )


@command(
    "symbols",
    group="Market data",
    arguments=_arguments,
    table=True,
    columns="symbol, base, quote, status, tick [quote], step [base], min_notional [quote], perp [what hedges it]",
    examples=("symbols --match BTC", "symbols --spreadable --rows all"),
)
def symbols(context: Context, args: argparse.Namespace) -> Table:
    """Tradable symbols and their filters."""
    return context.services.market.symbols(match=args.match, market=market(args), spreadable=args.spreadable)
