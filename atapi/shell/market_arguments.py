"""Arguments that many commands share: which symbols, which market, since when."""

from __future__ import annotations

import argparse
from datetime import datetime

from atapi.domain.instruments import Market
from atapi.shell.arguments import choice, count, symbols, time
from atapi.shell.context import Context

MARKETS = {"spot": Market.SPOT, "futures": Market.UM}  # the word of `--venue`


def add_symbols(parser: argparse.ArgumentParser) -> None:
    """Add `[SYMBOL …]`, and `--symbols A,B` which says the same."""
    parser.add_argument(
        "symbols",
        nargs="*",
        type=symbols,
        help="names, lists or patterns: BTCUSDT eth/usdt,b*; else the default ones",
    )
    parser.add_argument("--symbols", dest="listed", type=symbols, metavar="A,B", help="the same as an option")


def named(args: argparse.Namespace) -> list[str]:
    """List the symbols that were named; none where the default ones are meant."""
    return [*args.symbols, *(args.listed or ())]


def add_venue(parser: argparse.ArgumentParser, about: str = "default spot") -> None:
    """Add `--venue spot|futures`."""
    parser.add_argument("--venue", type=choice(*MARKETS), help=about)


def market(args: argparse.Namespace) -> Market:
    """Tell which market `--venue` names; spot where it is not given."""
    return MARKETS[args.venue or "spot"]


def add_days(parser: argparse.ArgumentParser) -> None:
    """Add `--days N`."""
    parser.add_argument(
        "--days", type=count(2, 1000), default=500, help="rows, the running day included; default 500"
    )


def add_since(parser: argparse.ArgumentParser, about: str) -> None:
    """Add `--since TIME`."""
    parser.add_argument("--since", type=time, help=about)


def since(context: Context, args: argparse.Namespace) -> datetime | None:
    """Tell which time `--since` means, spans counted back from the venue's present; None where it is not given."""
    return None if args.since is None else args.since.at(context.services.clock.now())
