"""One pays the other: what a list's working order buys is held for the orders that are to sell it.

They have no quantity until it is filled. Then they sell all that was bought, and the fee is paid from what else the
account has free; where that is too little, or the fee was taken in BNB that was bought, they sell what is left.
Source: https://developers.binance.com/docs/binance-spot-api-docs/faqs/opo
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal

from atapi.domain.numbers import floor_to
from atapi.matching.models.fees import BNB
from atapi.paper.feeds.base import SpotRules
from atapi.paper.records import ZERO, OrderRecord, TradeRecord

Hold = Callable[[OrderRecord, Decimal], None]


def hold_received(pending: OrderRecord, fills: Iterable[TradeRecord], base_asset: str, hold: Hold) -> None:
    """Hold for a pending order what these fills of the working order brought."""
    gross = net = ZERO
    for fill in fills:
        gross += fill.quantity
        net += fill.quantity - (fill.fee if fill.fee_asset == base_asset else ZERO)
    terms = pending.terms
    pending.terms = terms.but(received=terms.received + net, gross=terms.gross + gross)
    hold(pending, net)


def sell_received(
    pending: Sequence[OrderRecord], rules: SpotRules, hold: Hold, room: Callable[[OrderRecord], Decimal]
) -> None:
    """Let pending orders sell what was bought, in whole lots; what was held for them is let go of.

    Args:
        room: Tells what an order may hold of its asset.
    """
    first = pending[0]
    net, gross = first.terms.received, first.terms.gross
    hold(first, -net)
    first.terms = first.terms.but(received=ZERO, gross=ZERO)
    whole = rules.base_asset != BNB and room(first) >= gross
    quantity = floor_to(gross if whole else net, rules.lot_size)
    for order in pending:
        order.quantity = quantity
        if order.terms.iceberg > quantity:
            order.terms = order.terms.but(iceberg=quantity)
