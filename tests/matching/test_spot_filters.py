"""Every spot filter with its words, on and off its edges."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from atapi.matching.filters import Breach
from atapi.matching.spot_filters import SpotCandidate, Standing, breach_of_spot

D = Decimal


@dataclass(frozen=True)
class Rules:
    tick_size: Decimal = Decimal("0.10")
    lot_size: Decimal = Decimal("0.001")
    min_notional: Decimal = Decimal(50)
    max_quantity: Decimal = Decimal(1000)
    market_max_quantity: Decimal = Decimal(120)


def order(
    price: str | None = "50000",
    quantity: str | None = "0.01",
    *,
    side: str = "BUY",
    quote: str | None = None,
    stop: str | None = None,
    iceberg: str | None = None,
    open_orders: int = 0,
    **more: Any,
) -> SpotCandidate:
    more.setdefault("standing", Standing(orders=open_orders))
    return SpotCandidate(
        side=side,
        price=None if price is None else D(price),
        quantity=None if quantity is None else D(quantity),
        quote_quantity=None if quote is None else D(quote),
        stop_price=None if stop is None else D(stop),
        iceberg=None if iceberg is None else D(iceberg),
        reference=D(50000),
        **more,
    )


@pytest.mark.parametrize(
    ("candidate", "name"),
    [
        (order(), None),
        (order("50000.05"), "PRICE_FILTER"),
        (order("0.00"), "PRICE_FILTER"),
        (order("1000000.1", side="SELL"), "PRICE_FILTER"),
        (order("1e40"), "PRICE_FILTER"),
        (order("60000"), None),  # 1.2 times the average
        (order("60000.1"), "PERCENT_PRICE_BY_SIDE"),
        (order("25000"), None),  # 0.5 times
        (order("24999.9"), "PERCENT_PRICE_BY_SIDE"),
        (order("100000", side="SELL"), None),  # 2 times
        (order("100000.1", side="SELL"), "PERCENT_PRICE_BY_SIDE"),
        (order("40000", side="SELL"), None),  # 0.8 times
        (order("39999.9", side="SELL"), "PERCENT_PRICE_BY_SIDE"),
        (order(quantity="0.0105"), "LOT_SIZE"),
        (order(quantity="0"), "LOT_SIZE"),
        (order(quantity="1000.001"), "LOT_SIZE"),
        (order(quantity="1e40"), "LOT_SIZE"),
        (order("25000", "0.002"), None),  # exactly 50
        (order("25000", "0.001"), "NOTIONAL"),
        (order(quantity="180"), None),  # exactly 9 000 000
        (order(quantity="180.001"), "NOTIONAL"),
        (order(None, "120"), None),
        (order(None, "120.001"), "MARKET_LOT_SIZE"),
        (order(None, "0.001"), None),  # 50 at the average price
        (order(None, None, quote="50"), None),
        (order(None, None, quote="49.99"), "NOTIONAL"),
        (order(None, None, quote="6000000.01"), "MARKET_LOT_SIZE"),
        (order(open_orders=199), None),
        (order(open_orders=200), "MAX_NUM_ORDERS"),
        (order(stop="50000.05"), "PRICE_FILTER"),
        (order(stop="200000"), None),  # no band around a stop price
        (order(quantity="1", iceberg="0.01"), None),  # exactly 100 parts
        (order(quantity="1.001", iceberg="0.01"), "ICEBERG_PARTS"),  # 100.1 of them
        (order(iceberg="0.0005"), "LOT_SIZE"),
        (order(iceberg="0"), "LOT_SIZE"),
        (order(trailing_delta=10), None),
        (order(trailing_delta=9), "TRAILING_DELTA"),
        (order(trailing_delta=2000), None),
        (order(trailing_delta=2001), "TRAILING_DELTA"),
        (order(algo=True, standing=Standing(algo_orders=4)), None),
        (order(algo=True, standing=Standing(algo_orders=5)), "MAX_NUM_ALGO_ORDERS"),
        (order(algo=False, standing=Standing(algo_orders=5)), None),
        (order(listed=True, standing=Standing(lists=19)), None),
        (order(listed=True, standing=Standing(lists=20)), "MAX_NUM_ORDER_LISTS"),
        (order(standing=Standing(all_orders=1000)), "EXCHANGE_MAX_NUM_ORDERS"),
        (order(algo=True, standing=Standing(all_algo_orders=200)), "EXCHANGE_MAX_NUM_ALGO_ORDERS"),
        (order(listed=True, standing=Standing(all_lists=200)), "EXCHANGE_MAX_NUM_ORDER_LISTS"),
    ],
)
def test_spot_filters(candidate: SpotCandidate, name: str | None) -> None:
    expected = None if name is None else Breach(-1013, f"Filter failure: {name}")

    assert breach_of_spot(Rules(), candidate) == expected


@pytest.mark.parametrize(
    ("candidate", "name"),
    [
        (order("50000.000000001"), "price"),
        (order(quantity="0.010000001"), "quantity"),
        (order(None, None, quote="50.123456789"), "quoteOrderQty"),
    ],
)
def test_spot_amounts_have_eight_decimals(candidate: SpotCandidate, name: str) -> None:
    assert breach_of_spot(Rules(), candidate) == Breach(-1111, f"Parameter '{name}' has too much precision.")


def test_trailing_zeros_are_no_precision() -> None:
    assert breach_of_spot(Rules(), order("50000.0000000000", "0.0100000000")) is None
