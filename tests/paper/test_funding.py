"""Funding: recorded or by the formula, paid at its own times on the position then held."""

from __future__ import annotations

from decimal import Decimal

import pytest

from atapi.domain.numbers import to_ledger
from atapi.paper.exchange import Exchange
from atapi.paper.feeds.base import FundingRecord, Series
from atapi.paper.funding_rates import formula_rate
from tests.paper.feed_of_bars import BTC_UM, DEFAULT, ETH_UM, HOUR, MINUTE, T0, D, FeedOfBars
from tests.paper.worlds import at_market, free, funded, limit, world


def paid(exchange: Exchange, account: str) -> list[tuple[int, str, Decimal]]:
    return [
        (line.time_ms, line.symbol, line.amount)
        for line in exchange.income(account)
        if line.kind == "FUNDING_FEE"
    ]


# --- the formula ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("premium", "hours", "rate"),
    [
        ("0", 8, "0.0001"),  # 0 + clamp(0.0001 - 0) = 0.0001
        ("0.0003", 8, "0.0001"),  # 0.0003 + (0.0001 - 0.0003)
        ("0.0006", 8, "0.0001"),  # 0.0006 + (0.0001 - 0.0006), just within the damper
        ("0.001", 8, "0.0005"),  # 0.001 - 0.0005
        ("-0.001", 8, "-0.0005"),  # -0.001 + 0.0005
        ("0.001", 4, "0.00025"),  # half as long, half as much
        ("0.001", 1, "0.0000625"),
        ("0.05", 8, "0.02"),  # the cap
        ("-0.05", 8, "-0.02"),
        ("0.00123456789", 8, "0.00073457"),  # half to even at the eighth decimal
    ],
)
def test_the_formula(premium: str, hours: int, rate: str) -> None:
    from dataclasses import replace

    assert formula_rate(D(premium), replace(BTC_UM, interval_hours=hours)) == D(rate)


def test_later_premiums_weigh_more() -> None:
    # The premium is 0 for the first 4 h and 0.002 for the last 4 h of an 8 h interval: of the weights 1..480 the
    # second half holds (480*481 - 240*241) / 2 = 86 520 of 115 440.
    feed = FeedOfBars(DEFAULT, premium=lambda symbol, at: D("0.002") if at > T0 + 4 * HOUR else D(0))
    exchange = world(feed, at_ms=T0 + 8 * HOUR)

    [settled] = exchange.funding_history("BTCUSDT", T0 + 1, None, 10)

    average = D("0.002") * 86_520 / 115_440
    assert settled.rate == to_ledger(average - D("0.0005"))
    assert settled.time_ms == T0 + 8 * HOUR


def test_the_running_rate_uses_the_premium_so_far() -> None:
    feed = FeedOfBars(DEFAULT, premium=lambda symbol, at: D("0.003") if at > T0 else D(0))
    exchange = world(feed)
    assert exchange.mark("BTCUSDT").funding_rate == D("0.0001")

    exchange.advance(HOUR)

    mark = exchange.mark("BTCUSDT")
    assert mark.funding_rate == D("0.0025")
    assert mark.next_funding_ms == T0 + 8 * HOUR


# --- marks --------------------------------------------------------------------------------------------------------
def test_the_mark_is_the_median_of_three_prices() -> None:
    # index 50 000, perpetual 50 100 all along, last rate 0.0096 with half the interval to go:
    # Price1 = 50 000 * (1 + 0.0096 * 4/8) = 50 240; Price2 = 50 000 + 100; last = 50 100.
    steps = {**DEFAULT, (Series.UM, "BTCUSDT"): [(0, D(50100))]}
    feed = FeedOfBars(steps, premium=lambda symbol, at: D("0.0101"))
    exchange = world(feed, at_ms=T0 + 4 * HOUR)

    mark = exchange.mark("BTCUSDT")

    assert (mark.index_price, mark.mark_price) == (50000, 50100)


def test_the_first_price_is_the_mark_when_it_lies_between() -> None:
    # The perpetual jumped from 49 900 to 50 400 ten seconds ago: of the seconds 0 to 29 ago eleven are after it, so
    # Price2 = 50 000 + (11 * 400 - 19 * 100) / 30 = 50 083.33; Price1 = 50 000 * (1 + 0.01 * 4/8) = 50 250; last 50 400.
    now = T0 + 4 * HOUR
    steps = {**DEFAULT, (Series.UM, "BTCUSDT"): [(0, D(49900)), (now - 10_000, D(50400))]}
    exchange = world(FeedOfBars(steps, premium=lambda symbol, at: D("0.0105")), at_ms=now)

    assert exchange.mark("BTCUSDT").mark_price == 50250


def test_the_second_price_is_the_index_and_the_mean_basis_of_thirty_seconds() -> None:
    # The perpetual jumped from 50 000 to 50 300 five seconds ago: six of the last thirty seconds are after it, so
    # Price2 = 50 000 + 6 * 300 / 30 = 50 060; Price1 = 50 000 * (1 + 0.0001 * 4/8) = 50 002.5; last = 50 300.
    now = T0 + 4 * HOUR
    steps = {**DEFAULT, (Series.UM, "BTCUSDT"): [(0, D(50000)), (now - 5_000, D(50300))]}
    exchange = world(FeedOfBars(steps), at_ms=now)

    assert exchange.mark("BTCUSDT").mark_price == 50060
    exchange.advance(24_000)  # all thirty are
    assert exchange.mark("BTCUSDT").mark_price == 50300


def test_the_feeds_own_mark_prices_go_before_the_formula() -> None:
    steps = {**DEFAULT, (Series.MARK, "BTCUSDT"): [(0, D("50123.45678901"))]}

    assert world(FeedOfBars(steps)).mark("BTCUSDT").mark_price == D("50123.45678901")


# --- payment ------------------------------------------------------------------------------------------------------
def test_a_short_receives_what_the_formula_says_every_eight_hours() -> None:
    exchange = world()
    account = funded(exchange)
    exchange.place(account, "um", at_market("SELL", "0.5"))
    before = free(exchange, account, "USDT", "um")

    exchange.advance(24 * HOUR)

    # 0.0001 * 50 000 * 0.5 = 2.5 at 08:00, 16:00 and 24:00; nothing at 00:00, when it was opened
    assert paid(exchange, account) == [(T0 + h * HOUR, "BTCUSDT", D("2.5")) for h in (8, 16, 24)]
    assert free(exchange, account, "USDT", "um") == before + D("7.5")


def test_each_symbol_is_paid_at_its_own_times_in_order() -> None:
    exchange = world()
    account = funded(exchange)
    exchange.place(account, "um", at_market("SELL", "0.5"))
    exchange.place(account, "um", at_market("BUY", "1", symbol="ETHUSDT"))

    exchange.advance(8 * HOUR)

    # ETH each 4 h at half the rate: 0.00005 * 3000 * 1 = 0.15, and the long pays
    assert paid(exchange, account) == [
        (T0 + 4 * HOUR, "ETHUSDT", D("-0.15")),
        (T0 + 8 * HOUR, "BTCUSDT", D("2.5")),
        (T0 + 8 * HOUR, "ETHUSDT", D("-0.15")),
    ]


RECORDED = [
    FundingRecord(T0 + 8 * HOUR + 5, D("0.00010123"), 8),
    FundingRecord(T0 + 16 * HOUR, D("-0.00007"), 8),
    FundingRecord(T0 + 24 * HOUR + 47, D("0.0002"), 8),
]


def recorded() -> Exchange:
    marks = [(0, D("50000.12345678")), (T0 + 8 * HOUR, D("51000.87654321")), (T0 + 9 * HOUR, D("40000.5"))]
    steps = {**DEFAULT, (Series.MARK, "BTCUSDT"): marks}
    return world(FeedOfBars(steps, funding={"BTCUSDT": RECORDED}))


def test_recorded_funding_is_paid_at_its_own_millisecond_on_the_mark_of_that_moment() -> None:
    exchange = recorded()
    account = funded(exchange)
    exchange.place(account, "um", at_market("SELL", "0.123"))

    exchange.advance(24 * HOUR + 47)

    expected = [
        to_ledger(D("0.00010123") * D("51000.87654321") * D("0.123")),
        -to_ledger(D("0.00007") * D("40000.5") * D("0.123")),
        to_ledger(D("0.0002") * D("40000.5") * D("0.123")),
    ]
    assert paid(exchange, account) == [
        (record.time_ms, "BTCUSDT", amount) for record, amount in zip(RECORDED, expected, strict=True)
    ]


def test_a_recorded_funding_is_not_seen_before_its_time() -> None:
    exchange = recorded()
    exchange.advance(8 * HOUR + 4)
    assert exchange.funding_history("BTCUSDT", T0, None, 10) == []
    assert exchange.mark("BTCUSDT").next_funding_ms == T0 + 8 * HOUR

    exchange.advance(1)

    [settled] = exchange.funding_history("BTCUSDT", T0, None, 10)
    assert (settled.time_ms, settled.rate) == (T0 + 8 * HOUR + 5, D("0.00010123"))
    assert settled.mark_price == D("51000.87654321")


def test_funding_is_paid_on_the_position_held_then() -> None:
    # A resting sell is traded through at 07:30, another at 08:10: the 08:00 payment knows the first only.
    steps = {**DEFAULT}
    steps[Series.UM, "BTCUSDT"] = [
        (0, D(50000)),
        (T0 + 7 * HOUR + 30 * MINUTE, D(50110)),
        (T0 + 7 * HOUR + 31 * MINUTE, D(50000)),
        (T0 + 8 * HOUR + 10 * MINUTE, D(50310)),
        (T0 + 8 * HOUR + 11 * MINUTE, D(50000)),
    ]
    exchange = world(FeedOfBars(steps))
    account = funded(exchange)
    exchange.place(account, "um", limit("SELL", "1", "50100"))
    exchange.place(account, "um", limit("SELL", "2", "50300"))

    exchange.advance(16 * HOUR)

    assert paid(exchange, account) == [
        (T0 + 8 * HOUR, "BTCUSDT", D(5)),  # 0.0001 * 50 000 * 1
        (T0 + 16 * HOUR, "BTCUSDT", D(15)),
    ]


def test_advancing_in_many_steps_pays_what_one_step_pays() -> None:
    once, often = world(), world()
    accounts = [funded(exchange) for exchange in (once, often)]
    for exchange, account in zip((once, often), accounts, strict=True):
        exchange.place(account, "um", at_market("SELL", "0.5"))

    once.advance(30 * HOUR)
    for _ in range(60):
        often.advance(HOUR // 2)

    assert once.income(accounts[0]) == often.income(accounts[1])


# --- history --------------------------------------------------------------------------------------------------------
def test_history_never_lived_through_is_what_would_have_been_paid() -> None:
    lived, looked = world(), world(at_ms=T0 + 48 * HOUR)
    account = funded(lived)
    lived.place(account, "um", at_market("SELL", "1"))
    lived.advance(48 * HOUR)

    history = looked.funding_history("BTCUSDT", T0 + 1, None, 100)

    assert [(s.time_ms, s.rate * s.mark_price) for s in history] == [
        (at, amount) for at, _, amount in paid(lived, account)
    ]


def test_history_pages_as_binance_does() -> None:
    exchange = world(at_ms=T0 + 100 * HOUR)

    def times(start: int | None, end: int | None, limit: int) -> list[int]:
        return [(s.time_ms - T0) // HOUR for s in exchange.funding_history("BTCUSDT", start, end, limit)]

    assert times(None, None, 3) == [80, 88, 96]  # the newest
    assert times(T0, None, 3) == [0, 8, 16]  # from the start up
    assert times(T0 + 1, T0 + 16 * HOUR, 100) == [8, 16]
    assert times(None, T0 + 16 * HOUR, 2) == [8, 16]
    assert times(T0 + 97 * HOUR, None, 100) == []


def test_history_of_all_symbols_is_in_the_order_of_time_then_symbol() -> None:
    exchange = world(at_ms=T0 + 8 * HOUR)

    history = exchange.funding_history(None, None, None, 3)

    assert [(s.time_ms, s.symbol) for s in history] == [
        (T0 + 4 * HOUR, ETH_UM.symbol),
        (T0 + 8 * HOUR, BTC_UM.symbol),
        (T0 + 8 * HOUR, ETH_UM.symbol),
    ]
