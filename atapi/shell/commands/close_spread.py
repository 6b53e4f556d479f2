"""close-spread: trade both legs back, and say what it earned."""

from __future__ import annotations

from atapi.shell.arguments import amount, rate, symbol
from atapi.shell.registry import command
from atapi.shell.styles import add_style, manner_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from typing import Any

    from atapi.shell.context import Context
    from atapi.table import Table


def arguments(parser: Any) -> None:
    """Declare the words of the command."""
    parser.add_argument("symbol", type=symbol, help="the perpetual")
    parser.add_argument(
        "amount", type=amount, nargs="?", default=None, help="a part of it; all where not given"
    )
    parser.add_argument(
        "--max-slippage", type=rate, default=None, help="allowed beyond the touch of spot (5bp)"
    )
    add_style(parser)
    parser.add_argument("-n", "--dry-run", action="store_true", help="show the plan, send nothing")
    parser.add_argument("-y", "--yes", action="store_true", help="do not ask")


@command(
    "close-spread",
    group="Carry trading",
    arguments=arguments,
    table=True,
    sends_orders=True,
    columns="id, symbol, state, qty [base], held_days, price_usdt, basis_usdt, funding_usdt, fees_usdt, "
    "interest_usdt, dust_usdt, net_usdt; "
    "with --dry-run: leg, side, qty [base], price, limit, slippage_bp",
    examples=(
        "close-spread BTCUSDT",
        "close-spread BTCUSDT 50% --dry-run",
        "close-spread BTCUSDT --slices 4 --over 10m",
    ),
)
def close_spread(context: Context, args: argparse.Namespace) -> Table:
    """Sell spot and buy the perpetual back, spot first.

    The perpetual goes last and reduce-only: the one kind of order the exchange takes even when it is overloaded.
    In slices, and by the maker route, it goes as in open-spread; a perpetual that rests is reduce-only too.
    Of a reverse spread what is owed is bought, interest and fee included, and repaid by the order itself; that nothing
    is left owing is then asked of the venue.
    Prints what the spread earned, split by cause; the parts sum to the change of the balances.
    """
    from atapi.domain.amounts import BPS
    from atapi.errors import AtapiError
    from atapi.services.spread_rows import ClosePlanRow, CloseRow, close_notes, close_plan_rows, close_row
    from atapi.shell.plans import describe_closing
    from atapi.table import Table

    spreads = context.services.spreads
    slippage = 5 * BPS if args.max_slippage is None else args.max_slippage
    plan = spreads.plan_close(args.symbol, args.amount, max_slippage=slippage, manner=manner_of(args))
    if args.dry_run:
        return Table.of(
            close_plan_rows(plan.terms, plan.spot, plan.perp),
            ClosePlanRow,
            notes=[*describe_closing(plan), "dry run: nothing was sent"],
        )
    for line in describe_closing(plan):
        context.say(line)
    context.confirm_trade(plan.pair.symbol, yes=args.yes)
    result = spreads.close(plan)
    services, spread = context.services, result.spread
    notes = close_notes(result)
    try:
        row = close_row(result, services.pnl.of(spread), services.clock.now())
        debts = spreads.reverse.told(spread) if spread.reverse else []
    except AtapiError as e:  # the orders are through, and that is what the exit code tells
        context.warn(f"what #{spread.spread_id} earned cannot be read now: {e.message}")
        told = f"{spread.symbol} is {spread.state}; spreads --id {spread.spread_id} tells what it earned"
        return Table.of([], CloseRow, notes=notes, empty=told)
    return Table.of([row], CloseRow, notes=[*notes, *debts])
