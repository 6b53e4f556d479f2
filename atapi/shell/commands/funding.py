"""funding: what perpetuals pay for being held."""

from __future__ import annotations

import argparse

from atapi.errors import UsageError
from atapi.shell.arguments import count, symbol
from atapi.shell.context import Context
from atapi.shell.market_arguments import add_since, since
from atapi.shell.registry import command
from atapi.table import Table


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "symbol", type=symbol, nargs="?", help="its history; without it the rates of all perpetuals"
    )
    parser.add_argument("--last", type=count(1, 1000), help="the newest so many; 30 without --since")
    add_since(parser, "all from there on")


@command(
    "funding",
    group="Carry trading",
    arguments=_arguments,
    table=True,
    columns="time, symbol, rate_bp, interval_h, mark, apr_pct; of all: symbol, rate_bp, next_in [HH:MM:SS], apr_pct",
    examples=("funding", "funding BTCUSDT --last 5 --json", "funding --rows 10"),
)
def funding(context: Context, args: argparse.Namespace) -> Table:
    """Funding history; without a symbol the current rates.

    A positive rate is paid by longs to shorts. Yearly rates are simple, over 365 days, by the interval each rate was
    for; current rates come highest first.
    """
    if args.symbol is not None:
        return context.services.funding.history(args.symbol, last=args.last, since=since(context, args))
    if args.last is not None or args.since is not None:
        raise UsageError("funding --last and --since need SYMBOL", hint="funding BTCUSDT --last 30")
    return context.services.funding.current()
