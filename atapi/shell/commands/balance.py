"""balance: what each wallet holds and what it is worth."""

from __future__ import annotations

import argparse
from decimal import Decimal

from atapi.domain.account import Wallet
from atapi.errors import UsageError
from atapi.shell.arguments import Kind, choice
from atapi.shell.context import Context
from atapi.shell.registry import command
from atapi.table import Table


def _read_worth(text: str, name: str) -> Decimal:
    from atapi.domain.amounts import parse_amount

    worth = parse_amount(text)
    if worth.asset != "USDT":
        raise UsageError(f"{name} '{text}' is not in USDT", hint="1usdt")
    return worth.value


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--wallet", type=choice(*Wallet, "all"), default="all", help="default all")
    parser.add_argument(
        "--min",
        type=Kind(_read_worth, "AMOUNT"),
        default=Decimal(0),
        help="leave out what is worth less: 1usdt",
    )


@command(
    "balance",
    group="Account",
    arguments=_arguments,
    table=True,
    columns="wallet, asset, free, locked, total [asset], value_usdt",
    examples=("balance", "balance --wallet futures", "balance --min 1usdt --json"),
)
def balance(context: Context, args: argparse.Namespace) -> Table:
    """Balances by wallet.

    Nothing is rounded: the difference of two balances is what was earned, to the last digit. The value of the
    futures wallet's USDT includes the profit of open positions, and what the margin wallet owes is taken off, so that
    the column adds up to the account's worth.
    """
    wallet = None if args.wallet == "all" else Wallet(args.wallet)
    return context.services.account.balance(wallet=wallet, minimum=args.min)
