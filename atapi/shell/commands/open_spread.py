"""open-spread: short the perpetual, buy the spot, in equal size."""

from __future__ import annotations

from atapi.shell.arguments import amount, count, rate, symbol
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
    parser.add_argument("amount", type=amount, help="of each leg: 1000usdt, 0.01btc, 25%% or all")
    parser.add_argument(
        "--max-slippage", type=rate, default=None, help="allowed beyond the touch, per leg (5bp)"
    )
    parser.add_argument(
        "--min-basis",
        type=rate,
        default=None,
        help="refuse a worse entry basis; of a reverse spread a discount",
    )
    add_style(parser)
    parser.add_argument("--reverse", action="store_true", help="long the perpetual, short borrowed spot")
    parser.add_argument("--leverage", type=count(1, 150), default=None, help="of the perpetual; as it is set")
    parser.add_argument("--add", action="store_true", help="add to the spread that stands")
    parser.add_argument("--tag", default="", help="a word kept with the spread")
    parser.add_argument("-n", "--dry-run", action="store_true", help="show the plan, send nothing")
    parser.add_argument("-y", "--yes", action="store_true", help="do not ask")


@command(
    "open-spread",
    group="Carry trading",
    arguments=arguments,
    table=True,
    sends_orders=True,
    columns="leg, side, qty [base], price, notional_usdt, fee_usdt, slippage_bp",
    examples=(
        "open-spread BTCUSDT 1000usdt",
        "open-spread ETHUSDT 0.5eth --max-slippage 3bp --dry-run",
        "open-spread BTCUSDT 20000usdt --slices 4 --over 10m",
        "open-spread BTCUSDT 5000usdt --route maker --max-unhedged 500usdt",
        "open-spread BTCUSDT 1000usdt --reverse",
    ),
)
def open_spread(context: Context, args: argparse.Namespace) -> Table:
    """Buy spot and short the perpetual in equal size.

    The plan is shown first: sizes on the common lot, expected prices, four fees at your own rates, break-even,
    margin and liquidation. The perpetual goes first, as a limit order that takes at once or not at all; the spot
    follows what the perpetual really filled, net of a fee taken in coins. If the spot cannot follow, the perpetual
    is taken back and the command says so.

    In slices the perpetual is followed by spot slice by slice, each at the prices of its own moment; no slice starts
    once one was refused, a book is too thin or the basis has slipped by more than both legs may. By the maker route
    the perpetual rests post-only at the touch under the exchange's dead-man switch, spot follows each fill at once,
    and what patience did not fill is taken. Ctrl-C ends it hedged, with what is open by then.

    With --reverse it is the other way round: the perpetual is bought, and spot is sold on cross margin with coins
    that the sale borrows. Lenders, collateral and the rate are looked at first, the interest is in the break-even,
    and close-spread buys back what is owed and repays it. It earns where funding is negative.
    """
    from atapi.domain.amounts import BPS
    from atapi.errors import AtapiError
    from atapi.services.spread_plan import Limits
    from atapi.services.spread_rows import LegRow, leg_rows, plan_rows, stop_notes
    from atapi.shell.plans import describe
    from atapi.table import Table

    spreads = context.services.spreads
    limits = Limits(
        max_slippage=5 * BPS if args.max_slippage is None else args.max_slippage,
        min_basis=args.min_basis,
        manner=manner_of(args),
    )
    plan = spreads.plan(
        args.symbol, args.amount, limits=limits, leverage=args.leverage, add=args.add, reverse=args.reverse
    )
    if args.dry_run:
        return Table.of(plan_rows(plan), LegRow, notes=[*describe(plan), "dry run: nothing was sent"])
    for line in describe(plan):
        context.say(line)
    context.confirm_trade(plan.pair.symbol, yes=args.yes)
    result = spreads.open(plan, tag=args.tag, add=args.add)
    spread = result.spread
    note = f"spread #{spread.spread_id} {spread.symbol} is {spread.state}: delta {spread.delta:f} {spread.base_asset}"
    notes = [note, *stop_notes(result, plan.quantity)]
    try:
        rows = leg_rows(result, plan, context.services.pnl.fee_value)
    except AtapiError as e:  # the orders are through, and that is what the exit code tells
        context.warn(f"what #{spread.spread_id} cost cannot be read now: {e.message}")
        return Table.of([], LegRow, notes=notes, empty=f"spreads --id {spread.spread_id} shows it")
    return Table.of(rows, LegRow, notes=notes)
