"""income: what the futures wallet earned and paid."""

from __future__ import annotations

import argparse

from atapi.shell.arguments import choice
from atapi.shell.context import Context
from atapi.shell.market_arguments import add_since, since
from atapi.shell.registry import command
from atapi.table import Table


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--kind", type=choice("funding", "fee", "pnl", "transfer"), help="default all of them"
    )
    add_since(parser, "default 30d")


@command(
    "income",
    group="Account",
    arguments=_arguments,
    table=True,
    columns="time, symbol, kind, amount [asset], asset",
    examples=("income --since 7d", "income --kind funding --json"),
)
def income(context: Context, args: argparse.Namespace) -> Table:
    """Futures income by kind."""
    return context.services.account.income(kind=args.kind, since=since(context, args))
