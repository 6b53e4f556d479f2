"""buy: one order to buy."""

from __future__ import annotations

from atapi.shell.order_arguments import COLUMNS, add_order, trade
from atapi.shell.registry import command

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

    from atapi.shell.context import Context
    from atapi.table import Table


@command(
    "buy",
    group="Orders",
    arguments=add_order,
    table=True,
    sends_orders=True,
    columns=COLUMNS,
    examples=("buy BTCUSDT 1000usdt", "buy BTCUSDT 0.01btc --price 60000 --venue futures --post-only"),
)
def buy(context: Context, args: argparse.Namespace) -> Table:
    """Buy, at market within a cap or with a limit.

    Without --price it takes from the book at once, as a limit order capped --max-slippage beyond the touch, and what
    finds nobody within that is not traded. With --price it is a limit order that may rest; --post-only never takes.
    The order is written down before it is sent and never sent twice; one like it that is not done is refused unless
    --again is typed.
    """
    from atapi.domain.orders import Side

    return trade(context, args, Side.BUY)
