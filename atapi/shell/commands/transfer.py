"""transfer: move funds between wallets."""

from __future__ import annotations

import argparse

from atapi.domain.account import Wallet
from atapi.shell.arguments import amount, choice
from atapi.shell.context import Context
from atapi.shell.registry import command
from atapi.table import Table


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("amount", type=amount, help="1000usdt, 0.1bnb, 25%% or all of the free USDT")
    parser.add_argument("source", type=choice(*Wallet), metavar="FROM")
    parser.add_argument("target", type=choice(*Wallet), metavar="TO")
    parser.add_argument("-y", "--yes", action="store_true", help="do not ask")


@command(
    "transfer",
    group="Account",
    arguments=_arguments,
    table=True,
    sends_orders=True,
    columns="id, amount, asset, from, to, time",
    examples=("transfer 1000usdt spot futures", "transfer all futures spot --yes"),
)
def transfer(context: Context, args: argparse.Namespace) -> Table:
    """Move funds between wallets."""
    from atapi.services.valuation import money

    account = context.services.account
    plan = account.plan_transfer(args.amount, Wallet(args.source), Wallet(args.target))
    if account.info.live and not args.yes:
        context.say(f"transfer {money(plan.amount, plan.asset)} from {plan.source} to {plan.target}")
        context.confirm("send to mainnet? type the asset to confirm: ", plan.asset)
    return account.transfer(plan)
