"""positions: open futures positions."""

from __future__ import annotations

import argparse

from atapi.shell.context import Context
from atapi.shell.market_arguments import add_symbols, named
from atapi.shell.registry import command
from atapi.table import Table


@command(
    "positions",
    group="Account",
    arguments=add_symbols,
    table=True,
    columns="symbol, side, qty [base], entry, mark, liq, leverage, margin_usdt, pnl_usdt, adl [0..4]",
    examples=("positions", "positions BTCUSDT"),
)
def positions(context: Context, args: argparse.Namespace) -> Table:
    """Open futures positions."""
    return context.services.account.positions(named(args))
