"""Trades of an account with itself that did not happen, as spot writes them down."""

from __future__ import annotations

from atapi.matching.book import DECREMENT, TRANSFER, Resting
from atapi.paper.backoffice import Backoffice
from atapi.paper.feeds.base import SpotRules
from atapi.paper.listing import Listing
from atapi.paper.records import OrderRecord, PreventedRecord

BOOKS = "spot"


def note_prevented(
    office: Backoffice,
    listing: Listing[SpotRules],
    taker: OrderRecord,
    maker: Resting,
    lost: tuple[int | None, int | None],
    now_ms: int,
) -> int:
    """Write one down and give its id.

    Args:
        lost: Lots that taker and maker lost to it; None for a side that lost nothing.
    """
    mode = taker.self_trade_prevention
    if mode == TRANSFER and office.orders.of_id(BOOKS, maker.id).self_trade_prevention != TRANSFER:
        mode = DECREMENT
    taker_quantity, maker_quantity = (None if lots is None else listing.quantity(lots) for lots in lost)
    record = PreventedRecord(
        match_id=office.ids.next("prevented"),
        account=taker.account,
        symbol=taker.symbol,
        taker_id=taker.order_id,
        maker_id=maker.id,
        mode=mode,
        price=listing.price(maker.price),
        taker_quantity=taker_quantity,
        maker_quantity=maker_quantity,
        time_ms=now_ms,
    )
    office.effects.prevented(record)
    return record.match_id
