"""The public tape."""

from __future__ import annotations

from tests.paper.feed_of_bars import DEFAULT, T0, D, FeedOfBars
from tests.paper.worlds import at_market, funded, limit, world


def test_the_crowd_prints_every_ten_seconds_what_the_minute_before_traded() -> None:
    exchange = world(FeedOfBars(DEFAULT, volume=D("6.00006")))

    tape = exchange.public_trades("spot", "BTCUSDT", 13)

    assert [t.time_ms - T0 for t in tape] == list(range(-120_000, 1, 10_000))
    assert {(t.price, t.quantity) for t in tape} == {(D(50000), D("1.00001"))}
    assert {t.side for t in tape} == {"BUY", "SELL"}


def test_accounts_trades_stand_among_them_once_and_from_the_takers_side() -> None:
    exchange = world(at_ms=T0 + 3)
    maker, taker = funded(exchange), funded(exchange, "taker")
    exchange.place(maker, "spot", limit("SELL", "1", "50001"))
    _, [trade] = exchange.place(taker, "spot", at_market("BUY", "1"))
    exchange.advance(20_000)

    tape = exchange.public_trades("spot", "BTCUSDT", 4)

    assert [t.time_ms - T0 for t in tape] == [0, 3, 10_000, 20_000]
    assert [t.trade_id for t in tape] == sorted(t.trade_id for t in tape)
    assert (tape[1].trade_id, tape[1].side, tape[1].price) == (trade.trade_id, "BUY", 50001)


def test_a_resting_order_that_the_crowd_took_shows_the_crowd_as_taker() -> None:
    steps = {**DEFAULT}
    key = next(iter(steps))
    steps[key] = [(0, D(50000)), (T0 + 5_000, D(51000))]
    exchange = world(FeedOfBars(steps))
    account = funded(exchange)
    exchange.place(account, "spot", limit("SELL", "0.1", "50500"))
    exchange.advance(6_000)

    newest = exchange.public_trades("spot", "BTCUSDT", 1)[0]

    assert (newest.price, newest.side, newest.maker) == (50500, "BUY", False)


def test_a_print_is_the_same_whenever_it_is_asked_for() -> None:
    exchange = world()
    before = exchange.public_trades("um", "BTCUSDT", 10)

    exchange.advance(35_000)

    assert exchange.public_trades("um", "BTCUSDT", 13)[:10] == before
