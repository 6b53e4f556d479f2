"""marketcap-summary: the market capitalisation of all symbols together."""

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
    "marketcap-summary",
    group="Market data",
    arguments=_arguments,
    table=True,
    columns="Date, Total MarketCap [quote, whole]",
    examples=("marketcap-summary", "marketcap-summary --days 30"),
)
def marketcap_summary(context: Context, args: argparse.Namespace) -> Table:
    """Daily sum of all market caps."""
    return context.services.marketcap.marketcap_summary(named(args), days=args.days)
