from __future__ import annotations

import math
import os
import subprocess
import sys
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atapi.paper.feeds.bars import DAY, HOUR, INTERVALS, MINUTE, SECOND, gather, slot
from atapi.paper.feeds.base import Series
from atapi.paper.feeds.markets import by_perpetual
from atapi.paper.feeds.synthetic import SyntheticFeed
from tests.paper.feeds.recordings import at

FEED = SyntheticFeed(7)
LATER = at("2040-01-01")
LISTED = st.sampled_from(
    [
        (series, rules.symbol)
        for series in (Series.UM, Series.INDEX, Series.MARK)
        for rules in FEED.catalogue().um.values()
    ]
    + [(Series.SPOT, symbol) for symbol in FEED.catalogue().spot]
)
TRADED = LISTED.filter(lambda pair: pair[0] in (Series.SPOT, Series.UM))
MOMENTS = st.integers(at("1999-01-01"), at("2035-01-01"))
# A larger interval, and smaller ones that make it up; small enough to ask for all of it.
PAIRS = [("1w", "1d"), ("3d", "12h"), ("1d", "1h"), ("12h", "4h"), ("8h", "1h"), ("4h", "15m"), ("1h", "1m"),
         ("30m", "3m"), ("5m", "1m"), ("1m", "1s")]  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(LISTED, MOMENTS, st.sampled_from(PAIRS))
def test_larger_bars_are_the_exact_aggregate_of_smaller_ones(
    listed: tuple[Series, str], moment: int, pair: tuple[str, str]
) -> None:
    series, symbol = listed
    large, small = (INTERVALS[name] for name in pair)
    start = slot(moment, large)

    whole = FEED.bars(series, symbol, large, start, start, LATER)
    parts = FEED.bars(series, symbol, small, start, start + large - 1, LATER)

    assert len(parts) == large // small
    assert gather(parts, large) == whole


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(list(Series)), MOMENTS, st.sampled_from(sorted(INTERVALS)))
def test_a_running_bar_holds_what_has_happened_and_nothing_more(
    series: Series, now_ms: int, interval: str
) -> None:
    interval_ms = INTERVALS[interval]
    start = max(slot(now_ms, interval_ms), now_ms - HOUR)  # an hour of seconds is enough of a longer bar
    running = FEED.bars(series, "BTCUSDT", interval_ms, slot(now_ms, interval_ms), now_ms, now_ms)

    seconds = FEED.bars(series, "BTCUSDT", SECOND, start, now_ms - SECOND, LATER)

    assert len(running) == 1
    assert all(running[0].low <= second.low <= second.high <= running[0].high for second in seconds)
    if series is not Series.MARK:
        assert running[0].close == FEED.price(series, "BTCUSDT", now_ms)
    if start == slot(now_ms, interval_ms):
        assert running[0].trades == sum(second.trades for second in seconds)
        assert running[0].turnover == sum(second.turnover for second in seconds)


@settings(max_examples=30, deadline=None)
@given(LISTED, MOMENTS)
def test_nothing_seen_now_is_taken_back_later(listed: tuple[Series, str], now_ms: int) -> None:
    series, symbol = listed
    minutes = FEED.bars(series, symbol, MINUTE, now_ms - 10 * MINUTE, now_ms, now_ms)
    later = FEED.bars(series, symbol, MINUTE, now_ms - 10 * MINUTE, now_ms, LATER)

    assert minutes[:-1] == later[:-1]
    assert minutes[-1].open == later[-1].open
    assert later[-1].low <= minutes[-1].low <= minutes[-1].high <= later[-1].high
    assert minutes[-1].turnover <= later[-1].turnover


def test_no_bar_opens_after_now_or_before_the_start() -> None:
    now = at("2026-03-01T12:00:30")

    bars = FEED.bars(Series.SPOT, "BTCUSDT", HOUR, now - 3 * HOUR, LATER, now)

    assert [bar.open_ms for bar in bars] == [at(f"2026-03-01T{hour}:00") for hour in ("10", "11", "12")]
    assert FEED.bars(Series.SPOT, "BTCUSDT", HOUR, now + 1, LATER, now) == []


@settings(max_examples=30, deadline=None)
@given(TRADED, MOMENTS)
def test_what_was_paid_lies_within_the_prices(listed: tuple[Series, str], moment: int) -> None:
    series, symbol = listed
    start = slot(moment, MINUTE)

    for bar in FEED.bars(series, symbol, SECOND, start, start + MINUTE - 1, LATER):
        assert bar.low * bar.volume <= bar.turnover <= bar.high * bar.volume
        assert bar.low * bar.taker_volume <= bar.taker_turnover <= bar.high * bar.taker_volume
        assert (bar.trades == 0) == (bar.volume == 0)


@settings(max_examples=20, deadline=None)
@given(st.sampled_from(sorted(by_perpetual())), MOMENTS)
def test_prices_and_volumes_keep_the_rules(symbol: str, moment: int) -> None:
    market = by_perpetual()[symbol]
    assert market.um
    start = slot(moment, HOUR)

    for bar in FEED.bars(Series.UM, symbol, HOUR, start, start, LATER):
        assert all(price % market.um.tick_size == 0 for price in (bar.open, bar.high, bar.low, bar.close))
        assert bar.volume % market.um.lot_size == 0
    for bar in FEED.bars(Series.SPOT, market.spot.symbol, HOUR, start, start, LATER):
        assert all(price % market.spot.tick_size == 0 for price in (bar.open, bar.high, bar.low, bar.close))
        assert bar.volume % market.spot.lot_size == 0


def test_a_day_opens_where_the_day_before_closed() -> None:
    days = FEED.bars(Series.SPOT, "ETHUSDT", DAY, at("2025-01-01"), at("2025-12-31"), LATER)

    assert len(days) == 365
    assert [day.open for day in days[1:]] == [day.close for day in days[:-1]]


def test_the_perpetual_is_the_index_times_one_plus_the_premium() -> None:
    now = at("2026-01-01T05:00")
    tick = by_perpetual()["1000PEPEUSDT"].um.tick_size  # type: ignore[union-attr]  # it has one
    spot, index = FEED.price(Series.SPOT, "PEPEUSDT", now), FEED.price(Series.INDEX, "1000PEPEUSDT", now)
    perpetual, premium = FEED.price(Series.UM, "1000PEPEUSDT", now), FEED.premium("1000PEPEUSDT", now)

    assert spot
    assert index
    assert perpetual
    assert premium is not None
    assert index == 1000 * spot
    assert abs(perpetual - index * (1 + premium)) <= tick + index * Decimal("0.00015")  # a minute's jitter


def test_the_mark_price_is_left_to_the_exchange_but_has_a_history() -> None:
    now = at("2026-01-01T05:00")

    [mark] = FEED.bars(Series.MARK, "BTCUSDT", HOUR, now - HOUR, now - HOUR, now)
    [perpetual] = FEED.bars(Series.UM, "BTCUSDT", HOUR, now - HOUR, now - HOUR, now)

    assert FEED.price(Series.MARK, "BTCUSDT", now) is None
    assert abs(mark.close - perpetual.close) <= Decimal("0.05")  # half the perpetual's tick
    assert mark.volume == 0


def test_unknown_symbols_have_nothing() -> None:
    now = at("2026-01-01")

    assert FEED.price(Series.SPOT, "NOSUCH", now) is None
    assert FEED.price(Series.UM, "NEXOUSDT", now) is None  # spot only
    assert FEED.premium("NEXOUSDT", now) is None
    assert FEED.bars(Series.INDEX, "NOSUCH", DAY, 0, now, now) == []
    assert FEED.funding("BTCUSDT", 0, now) is None
    assert FEED.next_funding_ms("BTCUSDT", now) is None


def test_supply_is_issued_day_by_day() -> None:
    first, next_day = FEED.supply(at("2026-01-01")), FEED.supply(at("2026-01-02T12:00"))

    assert first["BTC"] == 19_960_000
    assert next_day["BTC"] - first["BTC"] == 450  # 3.125 every ten minutes
    assert next_day["ETH"] == first["ETH"]
    assert set(first) == {rules.base_asset for rules in FEED.catalogue().spot.values()}


GOLDEN = """\
from atapi.paper.feeds.base import Series
from atapi.paper.feeds.synthetic import SyntheticFeed
feed, now = SyntheticFeed(7), 1767225600000 + 12_345_678
print(feed.price(Series.SPOT, "BTCUSDT", now), feed.price(Series.UM, "ETHUSDT", now), feed.premium("SOLUSDT", now))
[bar] = feed.bars(Series.UM, "DOGEUSDT", 60_000, now - 120_000, now - 60_001, now)
print(bar.open, bar.high, bar.low, bar.close, bar.volume, bar.turnover, bar.trades)
"""
GOLDEN_OUTPUT = [
    "47075.71 1982.56 -0.00036157",
    "0.112380 0.112450 0.112380 0.112390 2694640 302913.5695344720 89",
]


@pytest.mark.parametrize("hash_seed", ["0", "1234"])
def test_the_same_seed_is_the_same_market_in_every_process(hash_seed: str) -> None:
    root = Path(__file__).parents[3]
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(root)}

    printed = subprocess.run(
        [sys.executable, "-c", GOLDEN], env=environment, capture_output=True, text=True, check=True
    ).stdout

    assert printed.splitlines() == GOLDEN_OUTPUT


def test_another_seed_is_another_market() -> None:
    other, now = SyntheticFeed(8), at("2026-01-01")

    assert other.price(Series.SPOT, "BTCUSDT", now) != FEED.price(Series.SPOT, "BTCUSDT", now)
    assert (FEED.identity(), other.identity()) == ("synthetic-7", "synthetic-8")


def test_the_order_of_questions_changes_no_answer() -> None:
    now = at("2026-01-05T13:47:31")
    fresh = SyntheticFeed(7)

    second_first = fresh.bars(Series.SPOT, "SOLUSDT", SECOND, now - MINUTE, now, now)
    day_after = fresh.bars(Series.SPOT, "SOLUSDT", DAY, now - 9 * DAY, now, now)

    assert day_after == FEED.bars(Series.SPOT, "SOLUSDT", DAY, now - 9 * DAY, now, now)
    assert second_first == FEED.bars(Series.SPOT, "SOLUSDT", SECOND, now - MINUTE, now, now)


@pytest.mark.parametrize("symbol", ["BTCUSDT", "ETHUSDT", "SOLUSDT", "DOGEUSDT", "LTCUSDT", "WIFUSDT"])
def test_daily_volatility_and_range_are_those_of_crypto(symbol: str) -> None:
    days = FEED.bars(Series.SPOT, symbol, DAY, at("2023-01-01"), at("2025-12-31"), LATER)
    returns = [math.log(day.close / day.open) for day in days]
    ranges = [float((day.high - day.low) / day.open) for day in days]

    volatility = math.sqrt(sum(x * x for x in returns) / len(returns))

    assert 0.015 < volatility < 0.075
    assert 1.2 * volatility < sum(ranges) / len(ranges) < 2.2 * volatility


def test_coins_move_together() -> None:
    def returns(symbol: str) -> list[float]:
        days = FEED.bars(Series.SPOT, symbol, DAY, at("2023-01-01"), at("2025-12-31"), LATER)
        return [math.log(day.close / day.open) for day in days]

    btc, eth = returns("BTCUSDT"), returns("ETHUSDT")
    together = sum(a * b for a, b in zip(btc, eth, strict=True))

    assert 0.5 < together / math.sqrt(sum(a * a for a in btc) * sum(b * b for b in eth)) < 0.95


def test_funding_by_the_formula_is_mostly_positive_and_keeps_its_sign() -> None:
    rates = {symbol: eight_hourly_rates(symbol, periods=600) for symbol in sorted(by_perpetual())[::3]}
    every = [rate for series in rates.values() for rate in series]
    kept = sum((a > 0) == (b > 0) for series in rates.values() for a, b in pairwise(series))

    assert 0.6 < sum(rate > 0 for rate in every) / len(every) < 0.95
    assert sum(rate < 0 for rate in every) / len(every) > 0.02
    assert kept / len(every) > 0.8
    assert all(abs(rate) < 0.005 for rate in every)


def eight_hourly_rates(symbol: str, periods: int) -> list[float]:
    """Settle by the published formula, with one premium sample an hour, weighted 1, 2, 3 …"""
    rates = []
    for period in range(periods):
        start = at("2024-01-01") + period * 8 * HOUR
        samples = [float(FEED.premium(symbol, start + hour * HOUR) or 0) for hour in range(8)]
        average = sum(weight * sample for weight, sample in enumerate(samples, 1)) / 36
        rates.append(average + min(max(0.0001 - average, -0.0005), 0.0005))
    return rates


@pytest.mark.parametrize(("first", "last"), [(1, 480), (1, 1), (37, 150), (60, 60), (59, 61)])
def test_premiums_add_up_to_what_each_minute_shows(first: int, last: int) -> None:
    feed = SyntheticFeed(7)
    start = 1_767_225_600_000 + 37 * 60_000  # not on the hour

    weighted, weights = feed.premium_sum("BTCUSDT", start, first, last)

    one_by_one = [n * (feed.premium("BTCUSDT", start + n * 60_000) or 0) for n in range(first, last + 1)]
    assert weighted == sum(one_by_one)
    assert weights == sum(range(first, last + 1))
