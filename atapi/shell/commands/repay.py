"""repay: give back what the margin wallet owes."""

from __future__ import annotations

import argparse

from atapi.shell.arguments import amount
from atapi.shell.context import Context
from atapi.shell.registry import command
from atapi.table import Table


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("amount", type=amount, help="of the asset that is owed: 0.01btc")
    parser.add_argument("-y", "--yes", action="store_true", help="do not ask")


@command(
    "repay",
    group="Account",
    arguments=_arguments,
    table=True,
    sends_orders=True,
    columns="id, amount, asset, left, time",
    examples=("repay 0.01btc",),
)
def repay(context: Context, args: argparse.Namespace) -> Table:
    """Repay a debt of the margin wallet with what is free there, interest first.

    close-spread repays what a reverse spread borrowed on its own; this is for what was left, and for other debts.
    """
    from atapi.services.reverse import RepaymentRow
    from atapi.services.valuation import money

    reverse, info = context.services.spreads.reverse, context.services.account.info
    asset, quantity = reverse.plan_repayment(args.amount)
    if info.live and not args.yes:
        context.say(f"repay {money(quantity, asset)} from margin")
        context.confirm("send to mainnet? type the asset to confirm: ", asset)
    return Table.of([reverse.repay(asset, quantity, context.services.clock.now())], RepaymentRow)
