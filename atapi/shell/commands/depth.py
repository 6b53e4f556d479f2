"""depth: an order book."""

from __future__ import annotations

import argparse

from atapi.shell.arguments import count, symbol
from atapi.shell.context import Context
from atapi.shell.market_arguments import add_venue, market
from atapi.shell.registry import command
from atapi.table import Table


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("symbol", type=symbol)
    parser.add_argument("--levels", type=count(1, 1000), default=10, help="of each side; default 10")
    add_venue(parser)


@command(
    "depth",
    group="Market data",
    arguments=_arguments,
    table=True,
    columns="bid_size [base], bid, ask, ask_size [base], cum_bid_usdt, cum_ask_usdt [quote, down to the level]",
    examples=("depth BTCUSDT", "depth BTCUSDT --levels 20 --venue futures"),
)
def depth(context: Context, args: argparse.Namespace) -> Table:
    """Order book."""
    return context.services.market.depth(args.symbol, levels=args.levels, market=market(args))
