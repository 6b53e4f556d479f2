"""When resting orders fill: only when the market traded through them, never because it looked back."""

from __future__ import annotations

from decimal import Decimal

import pytest

from atapi.paper.exchange import Exchange
from atapi.paper.feeds.base import Series
from tests.paper.feed_of_bars import DAY, DEFAULT, HOUR, MINUTE, T0, D, FeedOfBars
from tests.paper.worlds import free, funded, limit, world


def spot_moving(*prices: tuple[int, str], **options: object) -> FeedOfBars:
    """A BTC spot price of 50 000 that changes at these times after the start."""
    steps = dict(DEFAULT)
    steps[Series.SPOT, "BTCUSDT"] = [(0, D(50000)), *((T0 + at, D(price)) for at, price in prices)]
    return FeedOfBars(steps, **options)  # type: ignore[arg-type]


def status(exchange: Exchange, account: str, order_id: int) -> tuple[str, Decimal]:
    found = exchange.order(account, "spot", "BTCUSDT", order_id=order_id, client_order_id=None)
    return found.status, found.executed


@pytest.mark.parametrize(
    ("side", "price", "extreme", "filled"),
    [
        ("BUY", "49000", "48999.99", True),
        ("BUY", "49000", "49000", False),  # touched is not traded through
        ("SELL", "51000", "51000.01", True),
        ("SELL", "51000", "51000", False),
    ],
)
def test_an_order_fills_when_the_market_trades_through_it(
    side: str, price: str, extreme: str, filled: bool
) -> None:
    exchange = world(spot_moving((10 * MINUTE + 20_000, extreme), (10 * MINUTE + 40_000, "50000")))
    account = funded(exchange)
    order, _ = exchange.place(account, "spot", limit(side, "1", price))

    exchange.advance(HOUR)

    assert status(exchange, account, order.order_id) == (("FILLED", 1) if filled else ("NEW", 0))
    if filled:
        [trade] = exchange.trades(account, "spot", "BTCUSDT")
        assert (trade.price, trade.maker) == (D(price), True)  # its own price, as maker
        assert trade.time_ms == T0 + 11 * MINUTE - 1  # when that minute was over
        assert trade.fee == (D("0.001") if side == "BUY" else D(51))


def test_an_order_does_not_fill_by_what_happened_before_it_was_placed() -> None:
    feed = spot_moving((10_000, "48000"), (20_000, "50000"))
    exchange = world(feed, at_ms=T0 + 30_000)  # in the middle of that minute
    account = funded(exchange)
    order, _ = exchange.place(account, "spot", limit("BUY", "1", "49000"))

    exchange.advance(10 * MINUTE)

    assert status(exchange, account, order.order_id) == ("NEW", 0)


def test_small_steps_see_what_one_large_step_sees() -> None:
    moves = ((90_000, "48000"), (100_000, "50000"))
    exchanges = [world(spot_moving(*moves)) for _ in range(2)]
    found = []
    for exchange, step in zip(exchanges, (5_000, 300_000), strict=True):
        account = funded(exchange)
        order, _ = exchange.place(account, "spot", limit("BUY", "1", "49000"))
        for _ in range(300_000 // step):
            exchange.advance(step)
        found.append(status(exchange, account, order.order_id))

    assert found == [("FILLED", 1), ("FILLED", 1)]


def test_a_bar_fills_no_more_than_it_traded() -> None:
    feed = spot_moving((90_000, "48000"), (100_000, "50000"), volume=D("1.5"))
    exchange = world(feed)
    account, other = funded(exchange), funded(exchange, "other")
    first, _ = exchange.place(account, "spot", limit("BUY", "1", "49000"))
    second, _ = exchange.place(other, "spot", limit("BUY", "1", "49000"))

    exchange.advance(2 * MINUTE)

    assert status(exchange, account, first.order_id) == ("FILLED", 1)
    assert status(exchange, other, second.order_id) == ("PARTIALLY_FILLED", D("0.5"))
    assert free(exchange, other, "BTC") == 10 + D("0.5") - D("0.0005")


def test_the_crowd_takes_an_order_that_its_new_quotes_cross() -> None:
    exchange = world(spot_moving((20_000, "48000")))
    account = funded(exchange)
    order, _ = exchange.place(account, "spot", limit("BUY", "0.5", "49000"))

    exchange.advance(30_000)  # the minute is not over, but the crowd now offers far below 49 000

    assert status(exchange, account, order.order_id) == ("FILLED", D("0.5"))
    [trade] = exchange.trades(account, "spot", "BTCUSDT")
    assert (trade.price, trade.maker, trade.time_ms) == (49000, True, T0 + 30_000)
    bids, asks = exchange.depth("spot", "BTCUSDT", 1)[1:]
    assert bids[0][0] < asks[0][0] < 48100


@pytest.mark.parametrize(("finest", "over"), [(MINUTE, MINUTE), (HOUR, HOUR), (DAY, DAY)])
def test_coarse_data_fills_at_the_end_of_its_bars(finest: int, over: int) -> None:
    dip = DAY + 30 * 1000
    feed = spot_moving((dip, "48000"), (dip + 5_000, "50000"), finest_ms=finest)
    exchange = world(feed)
    account = funded(exchange)
    exchange.place(account, "spot", limit("BUY", "1", "49000"))

    for _ in range(20):
        exchange.advance(3 * HOUR)

    [trade] = exchange.trades(account, "spot", "BTCUSDT")
    assert trade.time_ms == T0 + DAY + over - 1


def test_an_order_inside_the_spread_waits_for_the_market() -> None:
    exchange = world()  # the price stands, so nothing ever trades through
    account = funded(exchange)
    order, _ = exchange.place(account, "spot", limit("SELL", "1", "50001"))

    exchange.advance(DAY)

    assert status(exchange, account, order.order_id) == ("NEW", 0)
