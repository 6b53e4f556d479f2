"""marketcap: daily market capitalisation per symbol."""

from __future__ import annotations

import argparse

from atapi.shell.context import Context
from atapi.shell.market_arguments import add_days, add_symbols, named
from atapi.shell.registry import command
from atapi.table import Table


def _arguments(parser: argparse.ArgumentParser) -> None:
    add_symbols(parser)
    add_days(parser)


@command(
    "marketcap",
    group="Market data",
    arguments=_arguments,
    table=True,
    columns="Date, one per symbol in alphabetical order [quote, whole]",
    examples=("marketcap", "marketcap --symbols BTCUSDT,ETHUSDT --days 30"),
)
def marketcap(context: Context, args: argparse.Namespace) -> Table:
    """Closes × last circulating supply.

    Whole quote units, cut and not rounded. The supply is that of now on every day; the last row is the running day.
    """
    return context.services.marketcap.marketcap(named(args), days=args.days)
