"""sell: one order to sell."""

from __future__ import annotations

from atapi.shell.order_arguments import COLUMNS, add_order, trade
from atapi.shell.registry import command

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

    from atapi.shell.context import Context
    from atapi.table import Table


@command(
    "sell",
    group="Orders",
    arguments=add_order,
    table=True,
    sends_orders=True,
    columns=COLUMNS,
    examples=("sell BTCUSDT 50%", "sell BTCUSDT all --venue futures --reduce-only"),
)
def sell(context: Context, args: argparse.Namespace) -> Table:
    """Sell, at market within a cap or with a limit.

    Without --price it takes from the book at once, as a limit order capped --max-slippage beyond the touch, and what
    finds nobody within that is not traded. With --price it is a limit order that may rest; --post-only never takes.
    The order is written down before it is sent and never sent twice; one like it that is not done is refused unless
    --again is typed. Coins and positions that a spread stands on
    are not sold unless --from-spread is typed.
    """
    from atapi.domain.orders import Side

    return trade(context, args, Side.SELL)
