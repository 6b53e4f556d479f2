"""What an order may come to, and what is said where nobody can tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

import pytest

from atapi.domain.instruments import Instrument, Market
from atapi.domain.market import BookTicker
from atapi.domain.orders import Amendment, OrderRequest, OrderType, Side, TimeInForce
from atapi.errors import Refused, VenueUnreachable
from atapi.execution.quotes import FRESH_S, Quotes
from tests.execution.simulation import instrument

D = Decimal
BTC = replace(instrument(Market.SPOT, "0.001", "5"), symbol="BTCFDUSD", quote_asset="FDUSD")


@dataclass
class Venue:
    """A market with best prices."""

    prices: dict[str, tuple[str, str]]
    away: bool = False
    asked: list[str] = field(default_factory=list)

    def instruments(self) -> dict[str, Instrument]:
        return {"BTCUSDT": instrument(Market.SPOT, "0.001", "5"), "BTCFDUSD": BTC}

    def book_tickers(self, symbols: Sequence[str] | None = None) -> dict[str, BookTicker]:
        if self.away:
            raise VenueUnreachable("nobody listens")
        assert symbols is not None
        self.asked += symbols
        return {
            s: BookTicker(symbol=s, bid=D(bid), bid_quantity=D(1), ask=D(ask), ask_quantity=D(1))
            for s, (bid, ask) in self.prices.items()
            if s in symbols
        }


def quotes(venue: Venue, seconds: list[float] | None = None) -> Quotes:
    clock = seconds or [0.0]
    return Quotes({Market.SPOT: venue, Market.UM: venue}, lambda: clock[0])


def order(symbol: str, side: Side, price: str | None, market: Market = Market.SPOT) -> OrderRequest:
    return OrderRequest(
        market=market, symbol=symbol, side=side, type=OrderType.MARKET if price is None else OrderType.LIMIT,
        quantity=D(2), price=None if price is None else D(price),
        time_in_force=None if price is None else TimeInForce.IOC, client_order_id="at-test-aaaaaaaaaaaabp1",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("side", "price", "notional"),
    [
        (Side.BUY, None, "202"),  # at the ask
        (Side.BUY, "101.5", "202"),  # a limit within 1 % beyond it caps slippage
        (Side.BUY, "150", "300"),  # further than that is what it may come to
        (Side.BUY, "90", "180"),  # it rests
        (Side.SELL, None, "198"),  # at the bid
        (Side.SELL, "98", "198"),
        (Side.SELL, "110", "220"),
    ],
)
def test_an_order_comes_to_the_touch_or_to_its_limit(side: Side, price: str | None, notional: str) -> None:
    venue = Venue({"BTCUSDT": ("99", "101")})

    assert quotes(venue).notional(order("BTCUSDT", side, price)) == D(notional)


def test_an_amount_in_another_coin_is_told_in_usdt() -> None:
    venue = Venue({"BTCFDUSD": ("99", "101"), "FDUSDUSDT": ("0.99", "1.01")})

    assert quotes(venue).notional(order("BTCFDUSD", Side.BUY, None)) == D("204.02")  # 2 * 101 * 1.01
    assert quotes(venue).rate(Market.SPOT, "BTCFDUSD") == D("1.01")
    assert quotes(venue).rate(Market.SPOT, "BTCUSDT") == 1


def test_margin_trades_on_spot_s_books() -> None:
    venue = Venue({"BTCUSDT": ("99", "101")})

    assert quotes(venue).notional(order("BTCUSDT", Side.BUY, None, Market.MARGIN)) == 202


def test_a_quote_serves_for_a_minute() -> None:
    venue, seconds = Venue({"BTCUSDT": ("99", "101")}), [0.0]
    asking = quotes(venue, seconds)
    change = Amendment(
        market=Market.SPOT, symbol="BTCUSDT", side=Side.BUY, client_order_id="x", quantity=D(1), price=D(90)
    )

    assert asking.notional(change) == 90
    seconds[0] = FRESH_S
    asking.of(Market.SPOT, "BTCUSDT")
    assert venue.asked == ["BTCUSDT"]
    seconds[0] = FRESH_S + 1
    asking.of(Market.SPOT, "BTCUSDT")
    assert venue.asked == ["BTCUSDT", "BTCUSDT"]


@pytest.mark.parametrize("prices", [{}, {"BTCUSDT": ("0", "101")}, {"BTCUSDT": ("99", "0")}])
def test_what_has_no_price_cannot_be_judged(prices: dict[str, tuple[str, str]]) -> None:
    asking = quotes(Venue(prices))

    with pytest.raises(Refused, match="BTCUSDT has no price on spot"):
        asking.of(Market.SPOT, "BTCUSDT")
    assert asking.guess(order("BTCUSDT", Side.BUY, None)) == 0


def test_a_quote_asset_without_a_price_is_named() -> None:
    asking = quotes(Venue({"BTCFDUSD": ("99", "101")}))

    with pytest.raises(Refused, match="FDUSD has no price in USDT"):
        asking.of(Market.SPOT, "BTCFDUSD")
    assert asking.rate(Market.SPOT, "BTCFDUSD") == 1  # where nobody can say


def test_a_guess_is_nothing_where_nobody_answers() -> None:
    assert quotes(Venue({}, away=True)).guess(order("BTCUSDT", Side.BUY, None)) == 0
    assert quotes(Venue({"BTCUSDT": ("99", "101")})).guess(order("BTCUSDT", Side.BUY, None)) == 202


def test_a_lot_is_the_symbol_s_or_none() -> None:
    asking = quotes(Venue({}))

    assert asking.lot(Market.SPOT, "BTCUSDT") == D("0.001")
    assert asking.lot(Market.SPOT, "NOSUCH") == 0
