"""What an order may have beside price and quantity: a price it waits for, an iceberg's peak, a list, an end.

Most orders have none of it and share `PLAIN`. They never change; an order is given others.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

ZERO = Decimal(0)
NO_LIST = -1
WAITING = -1  # working time of an order that is not on the book yet


class OrderTerms(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Everything about an order that most orders have not."""

    list_id: int = NO_LIST
    stop_price: Decimal = ZERO
    trailing_delta: int = 0  # basis points
    trailing_ms: int = -1  # since when it trails
    extreme: Decimal = ZERO  # best price since then
    guard: Decimal = ZERO  # price at which a waiting order to buy at market holds its funds
    iceberg: Decimal = ZERO  # shown at most
    entered: Decimal = ZERO  # executed of an iceberg before it rested
    working_ms: int = 0  # since when it is on the book; 0: from the beginning; -1: not yet
    prevented: Decimal = ZERO  # lost to self-trade prevention
    prevented_match_id: int | None = None  # the last of those
    amends: int = 0
    strategy_id: int | None = None
    strategy_type: int | None = None
    side_effect: str = (
        ""  # on margin, where it has one: MARGIN_BUY, AUTO_REPAY, AUTO_BORROW_REPAY, LIQUIDATION
    )
    repay_at_cancel: bool = True  # whether what it borrowed and did not spend is repaid
    borrowed: Decimal = ZERO
    borrowed_asset: str = ""
    good_till_ms: int = 0  # when a GTD order expires
    opo: bool = False  # sells what its list's working order bought, whatever that comes to
    received: Decimal = ZERO  # bought so far, less fees, and held for it
    gross: Decimal = ZERO  # bought so far, fees included
    peg: str = ""  # PRIMARY_PEG, MARKET_PEG: where it takes its price from
    peg_level: int | None = None  # how many levels deeper
    asked: Decimal = ZERO  # price that was asked of one that is pegged; 0 where none was
    price_match: str = "NONE"  # how the exchange chose its price
    close_position: bool = False  # closes whatever the position is
    forced: str = ""  # LIQUIDATION, ADL or SETTLEMENT where the exchange itself placed it
    off_book: bool = False  # whether its last fill was with the exchange itself
    modify_id: int | None = None  # what its owner called the last change

    def but(self, **changes: Any) -> OrderTerms:
        """Copy with some things changed."""
        return msgspec.structs.replace(self, **changes)


PLAIN = OrderTerms()

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(OrderTerms).decode


def encoded(terms: OrderTerms) -> str | None:
    """Write terms as the store keeps them; None for the plain ones."""
    return None if terms is PLAIN else _encode(terms).decode()


def decoded(text: str | None) -> OrderTerms:
    """Read them back."""
    return PLAIN if text is None else _decode(text)
