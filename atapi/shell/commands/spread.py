"""spread: what a spread would trade at now."""

from __future__ import annotations

import argparse

from atapi.shell.arguments import symbol
from atapi.shell.context import Context
from atapi.shell.registry import command
from atapi.table import Table


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("symbol", type=symbol)


@command(
    "spread",
    group="Carry trading",
    arguments=_arguments,
    table=True,
    columns="symbol, open_bp, close_bp, spot_ask, perp_bid, spot_bid, perp_ask [quote], fees_bp [round trip]",
    examples=("spread BTCUSDT", "watch spread BTCUSDT"),
)
def spread(context: Context, args: argparse.Namespace) -> Table:
    """Executable open and close spread now.

    open_bp is what the perpetual's bid pays over the spot's ask, close_bp what its ask costs over the spot's bid. With
    unchanged books a round trip costs close_bp - open_bp + fees_bp.
    """
    return context.services.basis.spread(args.symbol)
