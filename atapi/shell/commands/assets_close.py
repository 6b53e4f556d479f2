"""assets-close: daily closes."""

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
    "assets-close",
    group="Market data",
    arguments=_arguments,
    table=True,
    columns="Date, one per symbol [quote]",
    examples=("assets-close", "assets-close BTCUSDT ETHUSDT --days 30"),
)
def assets_close(context: Context, args: argparse.Namespace) -> Table:
    """Daily closes.

    The last row is the running day, at its last price.
    """
    return context.services.marketcap.assets_close(named(args), days=args.days)
