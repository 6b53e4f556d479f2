"""The trading rules a futures order is held against, and what Binance answers when it breaks one.

A table, checked top down; the first rule broken is the answer. Values come from the symbol's own rules; what Binance
sets alike for nearly all symbols stands here as constants. Those of spot are in `spot_filters`.
Source: protocol reference, sections 5.2 and 5.3.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import NamedTuple, Protocol

from atapi.domain.numbers import ZERO, plain

UM_MAX_PRICE = Decimal(4_529_764)
MAX_OPEN_ORDERS = 200  # per symbol and account, on both


class Breach(NamedTuple):
    """A rule broken, in Binance's words."""

    code: int
    message: str


class Rules(Protocol):
    """What both markets' rules have."""

    @property
    def tick_size(self) -> Decimal:
        """Price step."""
        ...

    @property
    def lot_size(self) -> Decimal:
        """Quantity step, and the least quantity."""
        ...

    @property
    def min_notional(self) -> Decimal:
        """Least order value, quote asset."""
        ...

    @property
    def max_quantity(self) -> Decimal:
        """Most of one LIMIT order."""
        ...

    @property
    def market_max_quantity(self) -> Decimal:
        """Most of one MARKET order."""
        ...


class UmRules(Rules, Protocol):
    """What USD-M adds."""

    @property
    def price_precision(self) -> int:
        """Decimals of a price."""
        ...

    @property
    def quantity_precision(self) -> int:
        """Decimals of a quantity."""
        ...

    @property
    def price_band(self) -> Decimal:
        """How far from the mark a price may be, as a fraction."""
        ...


class Candidate(NamedTuple):
    """An order to be checked; an absent number is None."""

    side: str
    price: Decimal | None  # of a LIMIT
    quantity: Decimal | None  # base asset
    reference: Decimal  # mark price
    open_orders: int  # of this account in this symbol
    reduce_only: bool = False


def breach_of_um(rules: UmRules, order: Candidate) -> Breach | None:
    """Find the first USD-M rule an order breaks."""
    for code, message, broken in UM_FILTERS if order.price is not None else UM_MARKET_FILTERS:
        if broken(rules, order):
            return Breach(code, message.format(min_notional=_with_decimal(rules.min_notional)))
    return None


def decimals_within(value: Decimal, decimals: int) -> bool:
    """Whether a number needs no more decimals than that."""
    # Read off the digits, because trailing zeros do not count and a huge number must not trap the arithmetic.
    _, digits, exponent = value.as_tuple()
    assert isinstance(exponent, int), value
    return exponent >= -decimals or not any(digits[exponent + decimals :])


def on_grid(value: Decimal, step: Decimal) -> bool:
    """Whether a number is whole steps."""
    return value % step == 0


# --- USD-M: True where it is broken -------------------------------------------------------------------------------
def _below_zero_price(rules: UmRules, order: Candidate) -> bool:
    return order.price is not None and order.price <= 0


def _price_too_fine(rules: UmRules, order: Candidate) -> bool:
    return order.price is not None and not decimals_within(order.price, rules.price_precision)


def _price_below(rules: UmRules, order: Candidate) -> bool:
    return order.price is not None and order.price < rules.tick_size


def _price_above(rules: UmRules, order: Candidate) -> bool:
    return order.price is not None and order.price > UM_MAX_PRICE


def _off_tick(rules: UmRules, order: Candidate) -> bool:
    return order.price is not None and not on_grid(order.price, rules.tick_size)


def _quantity(order: Candidate) -> Decimal:
    return order.quantity if order.quantity is not None else ZERO


def _above_band(rules: UmRules, order: Candidate) -> bool:
    return (
        order.side == "BUY"
        and order.price is not None
        and order.price > order.reference * (1 + rules.price_band)
    )


def _below_band(rules: UmRules, order: Candidate) -> bool:
    return (
        order.side == "SELL"
        and order.price is not None
        and order.price < order.reference * (1 - rules.price_band)
    )


def _most(rules: UmRules, order: Candidate) -> Decimal:
    return rules.market_max_quantity if order.price is None else rules.max_quantity


def _too_small(rules: UmRules, order: Candidate) -> bool:
    price = order.reference if order.price is None else order.price
    return not order.reduce_only and _quantity(order) * price < rules.min_notional


UM_FILTERS: tuple[tuple[int, str, Callable[[UmRules, Candidate], bool]], ...] = (
    (-4001, "Price less than 0.", _below_zero_price),
    (-4003, "Quantity less than zero.", lambda rules, order: _quantity(order) <= 0),
    (-1111, "Precision is over the maximum defined for this asset.", _price_too_fine),
    (
        -1111,
        "Precision is over the maximum defined for this asset.",
        lambda rules, order: not decimals_within(_quantity(order), rules.quantity_precision),
    ),
    (-4013, "Price less than min price.", _price_below),
    (-4002, "Price greater than max price.", _price_above),
    (-4014, "Price not increased by tick size.", _off_tick),
    (-4004, "Quantity less than min quantity.", lambda rules, order: _quantity(order) < rules.lot_size),
    (
        -4005,
        "Quantity greater than max quantity.",
        lambda rules, order: _quantity(order) > _most(rules, order),
    ),
    (
        -4023,
        "Qty not increased by step size.",
        lambda rules, order: not on_grid(_quantity(order), rules.lot_size),
    ),
    (
        -4164,
        "Order's notional must be no smaller than {min_notional} (unless you choose reduce only)",
        _too_small,
    ),
    (-4016, "Price is higher than mark price multiplier cap.", _above_band),
    (-4024, "Price is lower than mark price multiplier floor.", _below_band),
    (-2025, "Reach max open order limit.", lambda rules, order: order.open_orders >= MAX_OPEN_ORDERS),
)


OF_PRICE = (
    _below_zero_price,
    _price_too_fine,
    _price_below,
    _price_above,
    _off_tick,
    _above_band,
    _below_band,
)
UM_MARKET_FILTERS = tuple(rule for rule in UM_FILTERS if rule[2] not in OF_PRICE)  # of orders without a price


def _with_decimal(value: Decimal) -> str:
    text = plain(value)
    return text if "." in text else f"{text}.0"  # "5.0", as on the wire
