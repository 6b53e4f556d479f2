"""flatten: cancel everything of atapi's, close every spread and position."""

from __future__ import annotations

from atapi.shell.registry import command

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from typing import Any

    from atapi.services.flattening import FlattenPlan
    from atapi.shell.context import Context
    from atapi.table import Table


def arguments(parser: Any) -> None:
    """Declare the words of the command."""
    parser.add_argument("-n", "--dry-run", action="store_true", help="show what there is, send nothing")
    parser.add_argument("-y", "--yes", action="store_true", help="do not ask")


@command(
    "flatten",
    group="Orders",
    arguments=arguments,
    table=True,
    sends_orders=True,
    columns="what, venue, symbol, qty [base], avg_price, pnl_usdt",
    examples=("flatten", "flatten --yes"),
)
def flatten(context: Context, args: argparse.Namespace) -> Table:
    """Cancel all and close every position.

    Atapi's open orders are canceled; orders that others made are named and left. Every spread is closed, spot first and
    the perpetual last, then whatever futures position remains, reduce-only: capped 1% beyond the touch, then at market.
    Coins that belong to no spread stay. One thing that fails stops no other; what still stands is said with the command
    that mends it, and the exit code is 3.
    """
    from atapi.errors import ExposureLeft
    from atapi.services.flattening import Taken
    from atapi.shell.canceling import foreign_note
    from atapi.table import Table

    service = context.services.flattening
    plan = service.plan()
    notes = foreign_note(plan.cancels)
    if plan.nothing:
        return Table.of([], Taken, empty="flat already", notes=notes)
    _say(context, plan)
    if args.dry_run:
        return Table.of([], Taken, empty="dry run: nothing was sent", notes=notes)
    if context.services.network.info.live and not args.yes:
        context.confirm("send to mainnet? type flatten to confirm: ", "flatten")
    taken: list[Taken] = []
    left = service.run(plan, taken.append)
    table = Table.of(taken, Taken, empty="nothing was taken away", notes=notes)
    if not left:
        return table
    context.show(table)
    for one in left:
        context.say(f"left: {one.what}: {one.why} ({one.mend})")
    raise ExposureLeft(
        f"not flat: {', '.join(one.what for one in left)}",
        hint="; ".join(dict.fromkeys(x.mend for x in left)),
    )


def _say(context: Context, plan: FlattenPlan) -> None:
    from atapi.domain.numbers import plain

    for known in plan.cancels.orders:
        context.say(f"cancel order {known.id} {known.symbol}")
    hedged = {}
    for spread in plan.spreads:
        hedged[spread.symbol] = spread.perp_quantity
        context.say(
            f"close spread #{spread.spread_id} {spread.symbol} of {plain(abs(spread.perp_quantity))} {spread.base_asset}"
        )
    for position in plan.positions:
        rest = position.quantity - hedged.get(position.symbol, 0)
        if rest:
            notional = abs(rest) * position.mark_price
            side = "sell" if rest > 0 else "buy"
            context.say(f"{side} {plain(abs(rest))} {position.symbol} reduce-only: {notional:.2f} USDT")
