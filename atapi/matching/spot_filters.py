"""The trading rules a spot order is held against; each is named in Binance's answer.

A table, checked top down; the first rule broken is the answer. Values come from the symbol's own rules; what Binance
sets alike for nearly all symbols stands here as constants (live rows of 2026-09).
Source: protocol reference, sections 5.1 and 5.3; filters.md of binance-spot-api-docs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from atapi.matching.filters import MAX_OPEN_ORDERS, Breach, Rules, decimals_within, on_grid

MAX_PRICE = Decimal(1_000_000)
MAX_NOTIONAL = Decimal(9_000_000)  # not applied to MARKET
BAND = {  # of the 5-minute average
    "BUY": (Decimal("0.5"), Decimal("1.2")),
    "SELL": (Decimal("0.8"), Decimal(2)),
}
PRECISION = 8  # decimals of any amount
MAX_ICEBERG_PARTS = 100
MIN_TRAILING_DELTA, MAX_TRAILING_DELTA = 10, 2000  # basis points, above and below the market alike
MAX_ALGO_ORDERS = 5  # STOP_LOSS and TAKE_PROFIT, with or without LIMIT; per symbol and account
MAX_ORDER_LISTS = 20
MAX_AMENDS = 10  # of one order
EXCHANGE_MAX_ORDERS = 1000  # per account, over all symbols
EXCHANGE_MAX_ALGO_ORDERS = 200
EXCHANGE_MAX_ORDER_LISTS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What an account has open already, with what the same request has had judged before."""

    orders: int = 0  # in the symbol
    algo_orders: int = 0
    lists: int = 0
    all_orders: int = 0  # on the exchange
    all_algo_orders: int = 0
    all_lists: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SpotCandidate:
    """An order to be checked; an absent number is None."""

    side: str
    reference: Decimal  # 5-minute average price
    price: Decimal | None = None
    quantity: Decimal | None = None  # base asset
    quote_quantity: Decimal | None = None  # of a MARKET by quote
    stop_price: Decimal | None = None
    trailing_delta: int | None = None
    iceberg: Decimal | None = None
    algo: bool = False
    listed: bool = False  # whether it opens an order list
    standing: Standing = Standing()


def breach_of_spot(rules: Rules, order: SpotCandidate) -> Breach | None:
    """Find the first rule an order breaks."""
    for name, value in (
        ("price", order.price),
        ("quantity", order.quantity),
        ("quoteOrderQty", order.quote_quantity),
        ("stopPrice", order.stop_price),
        ("icebergQty", order.iceberg),
    ):
        if value is not None and not decimals_within(value, PRECISION):
            return Breach(-1111, f"Parameter '{name}' has too much precision.")
    for filter_name, passes in FILTERS:
        if not passes(rules, order):
            return Breach(-1013, f"Filter failure: {filter_name}")
    return None


def _price_filter(rules: Rules, order: SpotCandidate) -> bool:
    return all(
        price is None or (rules.tick_size <= price <= MAX_PRICE and on_grid(price, rules.tick_size))
        for price in (order.price, order.stop_price)
    )


def _percent_price(rules: Rules, order: SpotCandidate) -> bool:
    if order.price is None:
        return True
    low, high = BAND[order.side]
    return order.reference * low <= order.price <= order.reference * high


def _lot_size(rules: Rules, order: SpotCandidate) -> bool:
    return all(
        quantity is None
        or (rules.lot_size <= quantity <= rules.max_quantity and on_grid(quantity, rules.lot_size))
        for quantity in (order.quantity, order.iceberg)
    )


def _iceberg_parts(rules: Rules, order: SpotCandidate) -> bool:
    if order.iceberg is None:
        return True
    assert order.quantity is not None
    return order.quantity <= MAX_ICEBERG_PARTS * order.iceberg


def _market_lot_size(rules: Rules, order: SpotCandidate) -> bool:
    if order.price is not None:
        return True
    quantity = order.quantity
    if quantity is None:
        assert order.quote_quantity is not None
        quantity = order.quote_quantity / order.reference
    return quantity <= rules.market_max_quantity


def _trailing_delta(rules: Rules, order: SpotCandidate) -> bool:
    delta = order.trailing_delta
    return delta is None or MIN_TRAILING_DELTA <= delta <= MAX_TRAILING_DELTA


def _notional(rules: Rules, order: SpotCandidate) -> bool:
    if order.quote_quantity is not None:
        return order.quote_quantity >= rules.min_notional
    assert order.quantity is not None
    if order.price is None:
        return order.quantity * order.reference >= rules.min_notional
    return rules.min_notional <= order.quantity * order.price <= MAX_NOTIONAL


FILTERS: tuple[tuple[str, Callable[[Rules, SpotCandidate], bool]], ...] = (
    ("PRICE_FILTER", _price_filter),
    ("PERCENT_PRICE_BY_SIDE", _percent_price),
    ("LOT_SIZE", _lot_size),
    ("ICEBERG_PARTS", _iceberg_parts),
    ("MARKET_LOT_SIZE", _market_lot_size),
    ("TRAILING_DELTA", _trailing_delta),
    ("NOTIONAL", _notional),
    ("MAX_NUM_ORDERS", lambda rules, order: order.standing.orders < MAX_OPEN_ORDERS),
    (
        "MAX_NUM_ALGO_ORDERS",
        lambda rules, order: not order.algo or order.standing.algo_orders < MAX_ALGO_ORDERS,
    ),
    ("MAX_NUM_ORDER_LISTS", lambda rules, order: not order.listed or order.standing.lists < MAX_ORDER_LISTS),
    ("EXCHANGE_MAX_NUM_ORDERS", lambda rules, order: order.standing.all_orders < EXCHANGE_MAX_ORDERS),
    (
        "EXCHANGE_MAX_NUM_ALGO_ORDERS",
        lambda rules, order: not order.algo or order.standing.all_algo_orders < EXCHANGE_MAX_ALGO_ORDERS,
    ),
    (
        "EXCHANGE_MAX_NUM_ORDER_LISTS",
        lambda rules, order: not order.listed or order.standing.all_lists < EXCHANGE_MAX_ORDER_LISTS,
    ),
)
