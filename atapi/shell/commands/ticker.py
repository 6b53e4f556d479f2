"""ticker: the last 24 hours."""

from __future__ import annotations

import argparse

from atapi.shell.context import Context
from atapi.shell.market_arguments import add_symbols, named
from atapi.shell.registry import command
from atapi.table import Table


@command(
    "ticker",
    group="Market data",
    arguments=add_symbols,
    table=True,
    columns="symbol, last, change_pct, high, low [quote], volume [base], turnover_usdt",
    examples=("ticker", "ticker BTCUSDT ETHBTC", "ticker *USDT --sort change_pct:desc"),
)
def ticker(context: Context, args: argparse.Namespace) -> Table:
    """Last price and 24 h change."""
    return context.services.market.ticker(named(args))
