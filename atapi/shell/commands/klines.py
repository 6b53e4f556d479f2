"""klines: candles of one symbol."""

from __future__ import annotations

import argparse

from atapi.shell.arguments import choice, count, symbol
from atapi.shell.context import Context
from atapi.shell.market_arguments import add_since, add_venue, market, since
from atapi.shell.registry import command
from atapi.table import Table

INTERVALS = ("1s", "1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "8h", "12h", "1d", "3d", "1w")


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("symbol", type=symbol)
    parser.add_argument(
        "--interval", type=choice(*INTERVALS), default="1d", metavar="SPAN", help="default 1d"
    )
    add_since(parser, "all from there on")
    parser.add_argument("--last", type=count(1, 1000), help="the newest so many; 500 without --since")
    add_venue(parser)


@command(
    "klines",
    group="Market data",
    arguments=_arguments,
    table=True,
    columns="Date or Time, Open, High, Low, Close [quote], Volume [base], Quote volume [quote], Trades",
    examples=("klines BTCUSDT --last 30", "klines BTCUSDT --interval 1h --since 7d --venue futures --csv"),
)
def klines(context: Context, args: argparse.Namespace) -> Table:
    """Candles.

    The last one may still be running. Times are those at which a candle opens, UTC.
    """
    return context.services.market.klines(
        args.symbol,
        interval=args.interval,
        since=since(context, args),
        last=args.last,
        market=market(args),
    )
