"""Spot orders that wait for a price: refused, held for, triggered by what the market reached, and kept over a restart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from atapi.paper.exchange import Exchange, Submit
from atapi.paper.feeds.base import Series
from atapi.paper.records import OrderRecord, Refusal
from tests.paper.feed_of_bars import DEFAULT, MINUTE, T0, D, FeedOfBars
from tests.paper.worlds import free, funded, world


def moving(*prices: tuple[int, str]) -> FeedOfBars:
    """A BTC spot price of 50 000 that changes at these times after the start."""
    steps = dict(DEFAULT)
    steps[Series.SPOT, "BTCUSDT"] = [(0, D(50000)), *((T0 + at, D(price)) for at, price in prices)]
    return FeedOfBars(steps)


def stop(type: str, side: str, quantity: str = "0.1", **more: Any) -> Submit:
    for name in ("price", "stop_price"):
        if name in more:
            more[name] = D(more[name])
    if type.endswith("LIMIT"):
        more.setdefault("time_in_force", "GTC")
    return Submit(symbol="BTCUSDT", side=side, type=type, quantity=D(quantity), **more)


def found(exchange: Exchange, account: str, order_id: int) -> OrderRecord:
    return exchange.order(account, "spot", "BTCUSDT", order_id=order_id, client_order_id=None)


@pytest.mark.parametrize(
    ("type", "side", "wrong", "right"),
    [
        ("STOP_LOSS", "SELL", "50000", "49999.99"),
        ("STOP_LOSS", "BUY", "50000", "50000.01"),
        ("TAKE_PROFIT", "SELL", "50000", "50000.01"),
        ("TAKE_PROFIT", "BUY", "50000", "49999.99"),
    ],
)
def test_a_stop_on_the_wrong_side_would_trigger_at_once(type: str, side: str, wrong: str, right: str) -> None:
    exchange = world()
    account = funded(exchange)

    with pytest.raises(Refusal) as caught:
        exchange.place(account, "spot", stop(type, side, stop_price=wrong))
    order, trades = exchange.place(account, "spot", stop(type, side, stop_price=right))

    assert (caught.value.code, caught.value.message) == (-2010, "Order would trigger immediately.")
    assert (order.status, order.waiting, order.working_ms, trades) == ("NEW", True, -1, [])


@pytest.mark.parametrize(
    ("submit", "asset", "held"),
    [
        (stop("STOP_LOSS", "SELL", stop_price="49000"), "BTC", "0.1"),
        (stop("STOP_LOSS_LIMIT", "SELL", stop_price="49000", price="48900"), "BTC", "0.1"),
        (stop("STOP_LOSS_LIMIT", "BUY", stop_price="51000", price="51100"), "USDT", "5110"),  # 0.1 * 51 100
        (stop("STOP_LOSS", "BUY", stop_price="51000"), "USDT", "5100"),
        (stop("STOP_LOSS", "BUY", trailing_delta=100), "USDT", "5050"),  # 0.1 * 50 000 * 1.01
        (stop("TAKE_PROFIT", "BUY", stop_price="49000", trailing_delta=100), "USDT", "4949"),
    ],
)
def test_what_waits_holds_its_funds_until_it_is_canceled(submit: Submit, asset: str, held: str) -> None:
    exchange = world()
    account = funded(exchange)
    before = free(exchange, account, asset)

    order, _ = exchange.place(account, "spot", submit)
    assert exchange.balances(account, "spot")[asset] == (before - D(held), D(held))

    exchange.cancel(account, "spot", "BTCUSDT", order_id=order.order_id, client_order_id=None)
    assert exchange.balances(account, "spot")[asset] == (before, 0)


def test_a_stop_loss_sells_at_market_where_the_bar_reached_it() -> None:
    feed = moving((10 * MINUTE + 20_000, "48900"), (10 * MINUTE + 40_000, "49500"))
    exchange = world(feed)
    account = funded(exchange)
    order, _ = exchange.place(account, "spot", stop("STOP_LOSS", "SELL", stop_price="49000"))

    exchange.advance(10 * MINUTE)
    assert found(exchange, account, order.order_id).waiting
    exchange.advance(MINUTE)

    done = found(exchange, account, order.order_id)
    [trade] = exchange.trades(account, "spot", "BTCUSDT")
    assert (done.status, done.executed, done.waiting) == ("FILLED", D("0.1"), False)
    assert done.working_ms == trade.time_ms == T0 + 11 * MINUTE - 1
    assert trade.price == D("48995.10")  # the crowd bids 1 bp below 49 000, the trigger: worse than the close
    assert not trade.maker


def test_a_market_that_has_fallen_further_pays_less() -> None:
    exchange = world(moving((10 * MINUTE + 20_000, "48000")))
    account = funded(exchange)
    exchange.place(account, "spot", stop("STOP_LOSS", "SELL", stop_price="49000"))

    exchange.advance(12 * MINUTE)

    [trade] = exchange.trades(account, "spot", "BTCUSDT")
    assert trade.price == D("47995.20")  # 1 bp below the close of 48 000


def test_a_touch_triggers_and_what_happened_before_does_not() -> None:
    exchange = world(moving((20_000, "49000"), (40_000, "50000"), (5 * MINUTE + 1, "49000")))
    account = funded(exchange)
    exchange.advance(50_000)
    order, _ = exchange.place(account, "spot", stop("STOP_LOSS", "SELL", stop_price="49000"))

    exchange.advance(MINUTE)
    assert found(exchange, account, order.order_id).waiting
    exchange.advance(5 * MINUTE)

    assert found(exchange, account, order.order_id).status == "FILLED"


def test_the_price_of_the_moment_triggers_without_a_whole_bar() -> None:
    exchange = world(moving((20_000, "51000")))
    account = funded(exchange)
    order, _ = exchange.place(account, "spot", stop("STOP_LOSS", "BUY", stop_price="50900"))

    exchange.advance(20_000)

    done = found(exchange, account, order.order_id)
    assert (done.status, done.working_ms) == ("FILLED", T0 + 20_000)
    assert exchange.balances(account, "spot")["USDT"] == (1_000_000 - done.quote_executed, 0)


def test_a_triggered_limit_rests_at_its_price_and_may_fill_later() -> None:
    feed = moving((MINUTE + 1, "48000"), (30 * MINUTE, "48999.99"), (60 * MINUTE, "49000.01"))
    exchange = world(feed)
    account = funded(exchange)
    submit = stop("STOP_LOSS_LIMIT", "SELL", stop_price="49500", price="49000")
    order, _ = exchange.place(account, "spot", submit)

    exchange.advance(45 * MINUTE)
    resting = found(exchange, account, order.order_id)
    assert (resting.status, resting.waiting, resting.working_ms) == ("NEW", False, T0 + 2 * MINUTE - 1)

    exchange.advance(30 * MINUTE)
    [trade] = exchange.trades(account, "spot", "BTCUSDT")
    assert (trade.price, trade.maker) == (D(49000), True)


def test_one_long_step_triggers_and_fills_in_the_order_it_happened() -> None:
    feed = moving((MINUTE + 1, "48000"), (60 * MINUTE, "49000.01"))
    exchange = world(feed)
    account = funded(exchange)
    exchange.place(account, "spot", stop("STOP_LOSS_LIMIT", "SELL", stop_price="49500", price="49000"))

    exchange.advance(90 * MINUTE)

    [trade] = exchange.trades(account, "spot", "BTCUSDT")
    assert (trade.price, trade.time_ms) == (D(49000), T0 + 61 * MINUTE - 1)


def test_a_trailing_stop_follows_the_market_up_and_sells_on_the_way_down() -> None:
    feed = moving(
        (5 * MINUTE, "52000"), (10 * MINUTE, "51500"), (20 * MINUTE, "51480"), (25 * MINUTE, "60000")
    )
    exchange = world(feed)
    account = funded(exchange)
    order, _ = exchange.place(account, "spot", stop("STOP_LOSS", "SELL", trailing_delta=100))
    assert order.terms.trailing_ms == T0
    assert order.terms.extreme == 50000

    exchange.advance(15 * MINUTE)
    waiting = found(exchange, account, order.order_id)
    assert (waiting.waiting, waiting.terms.extreme) == (True, D(52000))  # 1 % below is 51 480
    exchange.advance(15 * MINUTE)

    [trade] = exchange.trades(account, "spot", "BTCUSDT")
    assert trade.price == D("51474.85")  # 1 bp below 51 480, rounded down to the tick


def test_a_stop_to_buy_that_costs_more_than_there_is_expires() -> None:
    exchange = world(moving((MINUTE + 1, "60000")))
    account = funded(exchange, spot_USDT="5105")
    order, _ = exchange.place(account, "spot", stop("STOP_LOSS", "BUY", stop_price="51000"))

    exchange.advance(3 * MINUTE)

    done = found(exchange, account, order.order_id)
    assert (done.status, done.expiry_reason, done.executed) == ("EXPIRED", "REJECTED", 0)
    assert exchange.balances(account, "spot")["USDT"] == (5105, 0)


def test_five_orders_may_wait_in_a_symbol() -> None:
    exchange = world()
    account = funded(exchange)
    for cents in range(5):
        exchange.place(account, "spot", stop("STOP_LOSS", "SELL", "0.01", stop_price=f"4900{cents}"))

    with pytest.raises(Refusal) as caught:
        exchange.place(account, "spot", stop("STOP_LOSS", "SELL", "0.01", stop_price="49010"))

    assert (caught.value.code, caught.value.message) == (-1013, "Filter failure: MAX_NUM_ALGO_ORDERS")


def test_what_waited_and_trailed_goes_on_after_a_restart(tmp_path: Path) -> None:
    feed, path = moving((5 * MINUTE, "52000"), (20 * MINUTE, "51480")), str(tmp_path / "exchange")
    exchange = world(feed, path=path)
    account = funded(exchange)
    order, _ = exchange.place(account, "spot", stop("STOP_LOSS", "SELL", trailing_delta=100))
    exchange.advance(10 * MINUTE)
    before = found(exchange, account, order.order_id)

    again = world(feed, at_ms=exchange.now_ms(), path=path)
    assert found(again, account, order.order_id) == before
    assert again.balances(account, "spot")["BTC"] == (D("9.9"), D("0.1"))
    again.advance(11 * MINUTE)

    assert found(again, account, order.order_id).status == "FILLED"


def test_icebergs_show_their_peak_and_survive_a_restart(tmp_path: Path) -> None:
    path = str(tmp_path / "exchange")
    exchange = world(path=path)
    maker, taker = funded(exchange), funded(exchange, "taker")
    iceberg = Submit(
        symbol="BTCUSDT",
        side="SELL",
        type="LIMIT",
        quantity=D(1),
        price=D("50001"),
        time_in_force="GTC",
        iceberg=D("0.3"),
    )
    order, _ = exchange.place(maker, "spot", iceberg)
    assert exchange.depth("spot", "BTCUSDT", 1)[2] == [(D(50001), D("0.3"))]

    buy = Submit(symbol="BTCUSDT", side="BUY", type="MARKET", quantity=D("0.4"))
    _, trades = exchange.place(taker, "spot", buy)
    assert [trade.quantity for trade in trades] == [D("0.3"), D("0.1")]
    assert exchange.depth("spot", "BTCUSDT", 1)[2] == [(D(50001), D("0.2"))]

    again = world(at_ms=exchange.now_ms(), path=path)
    assert again.depth("spot", "BTCUSDT", 1)[2] == [(D(50001), D("0.2"))]
    again.place(taker, "spot", Submit(symbol="BTCUSDT", side="BUY", type="MARKET", quantity=D("0.6")))
    done = found(again, maker, order.order_id)
    assert (done.status, done.executed) == ("FILLED", D(1))
