"""orders: own orders on both markets."""

from __future__ import annotations

import argparse

from atapi.shell.context import Context
from atapi.shell.market_arguments import MARKETS, add_symbols, add_venue, named
from atapi.shell.registry import command
from atapi.table import Table


def _arguments(parser: argparse.ArgumentParser) -> None:
    add_symbols(parser)
    add_venue(parser, "default both")
    parser.add_argument("--all", action="store_true", help="done ones too, newest history of each symbol")


@command(
    "orders",
    group="Orders",
    arguments=_arguments,
    table=True,
    columns="id, time, venue, symbol, side, type, qty, filled [base], price, status, differs",
    examples=("orders", "orders BTCUSDT --all"),
)
def orders(context: Context, args: argparse.Namespace) -> Table:
    """Open orders.

    As the exchange shows them, with those that only the journal believes live or unclear. Where the two disagree,
    `differs` says how; `order ID` asks how it stands and brings the journal to date.
    """
    market = MARKETS[args.venue] if args.venue else None
    return context.services.orders.orders(named(args), market=market, every=args.all)
