"""basis: the perpetual against spot."""

from __future__ import annotations

import argparse

from atapi.shell.context import Context
from atapi.shell.market_arguments import add_since, add_symbols, named, since
from atapi.shell.registry import command
from atapi.table import Table


def _arguments(parser: argparse.ArgumentParser) -> None:
    add_symbols(parser)
    add_since(parser, "its history: by the hour up to 30 days back, by the day beyond")


@command(
    "basis",
    group="Carry trading",
    arguments=_arguments,
    table=True,
    columns="symbol, spot, perp [quote], basis_bp, apr_pct; with --since: time, and the same",
    examples=("basis", "basis BTCUSDT --since 7d"),
)
def basis(context: Context, args: argparse.Namespace) -> Table:
    """Perp against spot.

    Middle of the book against middle of the book; with --since the opens of candles. A perpetual never expires, so
    apr_pct is not the basis per year but what the funding that comes of it pays per year.
    """
    start = since(context, args)
    if start is None:
        return context.services.basis.current(named(args))
    return context.services.basis.history(named(args), since=start)
