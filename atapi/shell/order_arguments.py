"""Arguments and steps that the commands which place single orders share."""

from __future__ import annotations

from atapi.domain.amounts import BPS
from atapi.domain.orders import Side, TimeInForce
from atapi.domain.spreads import SpreadState
from atapi.errors import UsageError
from atapi.shell.arguments import amount, choice, price, rate, symbol
from atapi.shell.market_arguments import add_venue, market

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from typing import Any

    from atapi.shell.context import Context
    from atapi.table import Table

COLUMNS = (
    "id, symbol, side, type, qty [base], price, status, filled [base], avg_price, fee; "
    "with --dry-run: symbol, side, type, qty [base], price, limit, notional_usdt, fee_usdt, slippage_bp"
)


def add_order(parser: Any) -> None:
    """Declare the words of `buy` and `sell`."""
    parser.add_argument("symbol", type=symbol, help="what to trade")
    parser.add_argument("amount", type=amount, help="1000usdt, 0.01btc, 25%% or all of what is free")
    parser.add_argument(
        "--price", type=price, default=None, help="a limit order at this price, which may rest"
    )
    add_venue(parser)
    parser.add_argument("--post-only", action="store_true", help="with --price: rest or not at all")
    parser.add_argument("--reduce-only", action="store_true", help="futures: only make a position smaller")
    parser.add_argument("--tif", type=choice("gtc", "ioc", "fok"), default=None, help="with --price (gtc)")
    parser.add_argument(
        "--max-slippage", type=rate, default=None, help="without --price: allowed beyond the touch (5bp)"
    )
    parser.add_argument(
        "--dead-man", action="store_true", help="with --price: canceled when this shell ends, however it ends"
    )
    parser.add_argument("--again", action="store_true", help="although one like it is not done")
    parser.add_argument(
        "--from-spread", action="store_true", help="take what hedges a spread; its other leg stands alone"
    )
    parser.add_argument("-n", "--dry-run", action="store_true", help="show the plan, send nothing")
    parser.add_argument("-y", "--yes", action="store_true", help="do not ask")


def trade(context: Context, args: argparse.Namespace, side: Side) -> Table:
    """Plan, show, ask where it costs real money, place, and tell what became of it."""
    from atapi.services.order_plan import Wish
    from atapi.services.order_rows import OrderPlanRow, PlacedRow, described, placed_rows, plan_row
    from atapi.table import Table

    wish = Wish(
        side=side,
        amount=args.amount,
        price=args.price,
        time_in_force=_time_in_force(args),
        reduce_only=args.reduce_only,
        max_slippage=5 * BPS if args.max_slippage is None else args.max_slippage,
        from_spread=args.from_spread,
    )
    trading = context.services.trading
    plan = trading.plan(args.symbol, wish, market=market(args))
    if args.dry_run:
        return Table.of([plan_row(plan)], OrderPlanRow, notes=["dry run: nothing was sent"])
    for line in described(plan):
        context.say(line)
    context.confirm_trade(plan.instrument.symbol, yes=args.yes)
    result = trading.place(plan, again=args.again, dead_man=args.dead_man)
    left = plan.quantity - result.executed
    notes = (
        []
        if not left or plan.rests
        else [f"{left:f} {plan.instrument.base_asset} found nobody within the limit"]
    )
    if result.spread is not None and result.spread.state is SpreadState.EXPOSED:
        number, perpetual = result.spread.spread_id, result.spread.symbol
        notes.append(f"spread #{number} is short of a leg: hedge {perpetual} evens them")
    return Table.of(placed_rows(result), PlacedRow, notes=notes)


def _time_in_force(args: argparse.Namespace) -> TimeInForce:
    if args.reduce_only and args.venue != "futures":
        raise UsageError("--reduce-only is for futures", hint="--venue futures")
    if args.price is None:
        for option, given in (
            ("--post-only", args.post_only),
            ("--tif", args.tif),
            ("--dead-man", args.dead_man),
        ):
            if given:
                raise UsageError(f"{option} needs --price", hint="buy BTCUSDT 0.01btc --price 60000")
        return TimeInForce.IOC
    if args.max_slippage is not None:
        raise UsageError("--price and --max-slippage exclude each other")
    if args.dead_man and args.tif in ("ioc", "fok"):
        raise UsageError(f"--dead-man and --tif {args.tif} exclude each other")
    if not args.post_only:
        return TimeInForce((args.tif or "gtc").upper())
    if args.tif not in (None, "gtc"):
        raise UsageError(f"--post-only and --tif {args.tif} exclude each other")
    return TimeInForce.GTX
