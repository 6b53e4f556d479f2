"""fees: what trading costs this account."""

from __future__ import annotations

import argparse

from atapi.shell.context import Context
from atapi.shell.market_arguments import add_symbols, named
from atapi.shell.registry import command
from atapi.table import Table


@command(
    "fees",
    group="Account",
    arguments=add_symbols,
    table=True,
    columns="symbol, spot_maker_bp, spot_taker_bp, perp_maker_bp, perp_taker_bp",
    examples=("fees", "fees BTCUSDT"),
)
def fees(context: Context, args: argparse.Namespace) -> Table:
    """Own fee rates.

    As the venue states them for this account, before the discount for paying in BNB; beside the table it is said
    where that applies.
    """
    return context.services.account.fees(named(args))
