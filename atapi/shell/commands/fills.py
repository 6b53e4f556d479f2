"""fills: own executions on both markets."""

from __future__ import annotations

import argparse

from atapi.shell.context import Context
from atapi.shell.market_arguments import add_since, add_symbols, named, since
from atapi.shell.registry import command
from atapi.table import Table


def _arguments(parser: argparse.ArgumentParser) -> None:
    add_symbols(parser)
    add_since(parser, "all from there on; else the newest")


@command(
    "fills",
    group="Account",
    arguments=_arguments,
    table=True,
    columns="time, venue, symbol, side, price, qty [base], fee, fee_asset, realised_usdt, order",
    examples=("fills BTCUSDT", "fills BTCUSDT --since 7d --csv"),
)
def fills(context: Context, args: argparse.Namespace) -> Table:
    """Own trades."""
    return context.services.orders.fills(named(args), since=since(context, args))
