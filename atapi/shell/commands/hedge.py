"""hedge: even the legs of a spread."""

from __future__ import annotations

from atapi.shell.arguments import rate, symbol
from atapi.shell.registry import command

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable
    from typing import Any

    from atapi.domain.instruments import Instrument
    from atapi.domain.spreads import LegPlan, Spread
    from atapi.execution.effects import Attempt
    from atapi.shell.context import Context
    from atapi.table import Table


def arguments(parser: Any) -> None:
    """Declare the words of the command."""
    parser.add_argument("symbol", type=symbol, help="the perpetual of the spread")
    parser.add_argument(
        "--complete", action="store_true", help="top up the shorter leg instead of reducing the longer one"
    )
    parser.add_argument("--max-slippage", type=rate, default=None, help="allowed beyond the touch (5bp)")
    parser.add_argument("-n", "--dry-run", action="store_true", help="show the order, send nothing")
    parser.add_argument("-y", "--yes", action="store_true", help="do not ask")


@command(
    "hedge",
    group="Carry trading",
    arguments=arguments,
    table=True,
    sends_orders=True,
    columns="leg, side, qty [base], price",
    examples=("hedge BTCUSDT", "hedge BTCUSDT --complete --dry-run"),
)
def hedge(context: Context, args: argparse.Namespace) -> Table:
    """Even the legs of a spread.

    The longer leg is reduced to the shorter: spot is sold, or the perpetual traded back reduce-only. What is really in
    the account counts: trades made by hand or by the exchange become the spread's first, where they explain what
    differs. With --complete the shorter leg is topped up instead, which adds risk.
    """
    from atapi.domain.amounts import BPS

    services = context.services
    services.recovery.run()
    slippage = 5 * BPS if args.max_slippage is None else args.max_slippage
    pair = services.spreads.symbols.pair(args.symbol)
    if not args.dry_run:
        services.hedging.take_in(pair.symbol)
    if args.complete:
        plan = services.completing.plan(pair.symbol, max_slippage=slippage)
        _show(context, plan.spread, [(plan.instrument, plan.leg)])
        if args.dry_run:
            return _planned([(plan.instrument, plan.leg)])
        context.confirm_trade(pair.symbol, yes=args.yes)
        completed = services.completing.run(plan)
        return _traded(completed.spread, completed.attempts)
    closing = services.hedging.plan(pair.symbol, max_slippage=slippage)
    legs = [(pair.perp, closing.perp)] if closing.spot is None else [(pair.spot, closing.spot)]
    _show(context, closing.spread, legs)
    if args.dry_run:
        return _planned(legs)
    context.confirm_trade(pair.symbol, yes=args.yes)
    result = services.spreads.close(closing)
    return _traded(result.spread, result.attempts)


def _show(context: Context, spread: Spread, legs: Iterable[tuple[Instrument, LegPlan]]) -> None:
    from atapi.domain.numbers import plain

    for instrument, leg in legs:
        bound = "at most" if leg.side.sign > 0 else "at least"
        context.say(
            f"#{spread.spread_id}: {leg.side.lower()} {plain(leg.quantity)} {instrument.symbol} on"
            f" {_market(instrument)}, {bound} {plain(leg.limit_price)}: {leg.notional:.2f} {instrument.quote_asset}"
        )


def _planned(legs: Iterable[tuple[Instrument, LegPlan]]) -> Table:
    from atapi.table import Table

    rows = [(_market(i), leg.side.value, leg.quantity, leg.expected_price) for i, leg in legs]
    return Table.from_mapping(("leg", "side", "qty", "price"), rows, notes=["dry run: nothing was sent"])


def _traded(spread: Spread, attempts: Iterable[Attempt]) -> Table:
    from atapi.domain.numbers import plain, to_ledger
    from atapi.table import Table

    ids = {(a.request.market, a.order_id) for a in attempts}
    rows = []
    for leg in dict.fromkeys(leg for leg, _ in spread.fills):
        fills = [f for name, f in spread.fills if name is leg and (f.market, f.order_id) in ids]
        quantity = sum(f.quantity for f in fills)
        if quantity:
            price = to_ledger(sum(f.notional for f in fills) / quantity)
            rows.append(("spot" if leg.spot else "perp", fills[0].side.value, quantity, price))
    note = f"spread #{spread.spread_id} {spread.symbol} is {spread.state}: delta {plain(spread.delta)} {spread.base_asset}"
    return Table.from_mapping(("leg", "side", "qty", "price"), rows, notes=[note], empty="nothing filled")


def _market(instrument: Instrument) -> str:
    return "perp" if instrument.perpetual else "spot"
