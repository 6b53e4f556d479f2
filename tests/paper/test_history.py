"""History agrees with itself: every larger candle is the exact aggregate of the smaller ones, the running one too.

Whichever interval is asked for, of whichever series and feed, across days, weeks and months. Pairs of intervals whose
ratio is beyond `MOST` follow from those between them.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atapi.clock import from_ms
from atapi.paper.clock import PaperClock
from atapi.paper.exchange import Exchange
from atapi.paper.feeds.base import Feed, Series
from atapi.paper.feeds.log import LogFeed
from atapi.paper.feeds.replay import ReplayFeed
from atapi.paper.feeds.synthetic import SyntheticFeed
from atapi.paper.store import Store
from atapi.paper.wire.intervals import DAY, HOUR, INTERVALS, MONTH, bars_of, known, merge
from tests.recordings import recordings

MOST = 200  # smaller bars in a larger one
FIRST, LAST = 1_577_836_800_000, 1_830_297_600_000  # 2020 .. 2028
NAMES = (*INTERVALS, MONTH)
EDGES = (  # moments around which everything turns: a year, a leap day, a Monday that begins a month, a day
    1_735_689_600_000, 1_709_164_800_000, 1_717_372_800_000, 1_767_312_000_000,
)  # fmt: skip
MOMENTS = st.integers(FIRST, LAST) | st.builds(
    lambda edge, away: edge + away, st.sampled_from(EDGES), st.integers(-3 * 60_000, 3 * 60_000)
)


def nested(small: str, large: str) -> bool:
    """Whether bars of one interval make up those of another."""
    if large == MONTH:
        return small != MONTH and INTERVALS[small] <= DAY and 31 * DAY // INTERVALS[small] <= MOST
    if small == MONTH:
        return False
    ratio, rest = divmod(INTERVALS[large], INTERVALS[small])
    return not rest and 1 < ratio <= MOST


PAIRS = [(small, large) for small in NAMES for large in NAMES if nested(small, large)]


@cache
def synthetic(seed: int) -> SyntheticFeed:
    return SyntheticFeed(seed)


def opened(feed: Feed, at_ms: int) -> Exchange:
    return Exchange(feed, PaperClock.still(at_ms, wall=lambda: at_ms), Store(":memory:"))


def agrees(exchange: Exchange, series: Series, symbol: str, small: str, large: str, count: int = 2) -> int:
    """Hold the newest bars against what they are made of; gives how many smaller ones there were."""
    parts = 0
    for bar, close_ms in bars_of(exchange, series, symbol, large, None, None, count):
        made = [part for part, _ in bars_of(exchange, series, symbol, small, bar.open_ms, close_ms, MOST)]
        assert made, f"{symbol} has a bar of {large} at {from_ms(bar.open_ms)} and none of {small} in it"
        assert bar == merge(bar.open_ms, made), (
            f"{symbol} {series} {large} of {small} at {from_ms(bar.open_ms)}"
        )
        parts += len(made)
    return parts


def listed(exchange: Exchange) -> list[tuple[Series, str]]:
    """Every series of every symbol."""
    catalogue = exchange.catalogue
    found = [(Series.SPOT, symbol) for symbol in catalogue.spot]
    for series in (Series.UM, Series.MARK, Series.INDEX, Series.PREMIUM):
        found += [(series, symbol) for symbol in catalogue.um]
    return found + [
        (series, symbol) for series in (Series.CM, Series.MARK, Series.INDEX) for symbol in catalogue.cm
    ]


LISTED = listed(opened(synthetic(1), FIRST))


@settings(max_examples=250, deadline=None)
@given(st.sampled_from(LISTED), MOMENTS, st.sampled_from(PAIRS), st.integers(1, 3))
def test_synthetic_candles_are_those_of_smaller_intervals(
    of: tuple[Series, str], at_ms: int, pair: tuple[str, str], seed: int
) -> None:
    series, symbol = of
    small, large = pair
    market = "spot" if series is Series.SPOT else "um"
    if known(small, market) and known(large, market):
        agrees(opened(synthetic(seed), at_ms), series, symbol, small, large)


@pytest.mark.parametrize("series", list(Series))
def test_every_pair_of_intervals_around_the_end_of_a_month(series: Series) -> None:
    symbol = "BTCUSD_PERP" if series is Series.CM else "BTCUSDT"
    exchange = opened(synthetic(7), EDGES[1] + 90_061_001)  # a minute and a second into March
    market = "spot" if series is Series.SPOT else "um"
    pairs = [(small, large) for small, large in PAIRS if known(small, market)]

    assert len(pairs) > 50
    assert all(agrees(exchange, series, symbol, small, large) for small, large in pairs)


@pytest.mark.parametrize("share", [0.31, 0.62])
def test_candles_of_a_recording_are_those_of_smaller_intervals(share: float) -> None:
    feed = ReplayFeed(recordings())
    span = feed.span()
    assert span is not None
    exchange = opened(feed, int(span[0] + (span[1] - span[0]) * share))
    compared = 0
    hourly = [(small, large) for small, large in PAIRS if INTERVALS[small] >= HOUR]
    for series in (Series.SPOT, Series.UM, Series.MARK, Series.INDEX):
        for small, large in hourly:
            symbol = "BTCUSDT"
            if bars_of(exchange, series, symbol, small, None, None, 1):
                compared += _whole(exchange, series, symbol, small, large)

    assert compared > 0


def _whole(exchange: Exchange, series: Series, symbol: str, small: str, large: str) -> int:
    # Only where the smaller bars were recorded as well: an outage leaves some out, of one interval and not of another.
    compared = 0
    for bar, close_ms in bars_of(exchange, series, symbol, large, None, None, 2):
        made = [part for part, _ in bars_of(exchange, series, symbol, small, bar.open_ms, close_ms, MOST)]
        if made and made[0].open_ms == bar.open_ms and close_ms < exchange.now_ms():
            gaps = (close_ms + 1 - bar.open_ms) // (made[1].open_ms - made[0].open_ms if len(made) > 1 else 1)
            if gaps == len(made):
                whole = merge(bar.open_ms, made)
                shown = (bar.open, bar.high, bar.low, bar.close)
                assert shown == (whole.open, whole.high, whole.low, whole.close), (symbol, small, large)
                compared += 1
    return compared


@pytest.mark.parametrize("name", ["spot_ethusdt_2024-08-08_first2min", "cryptofeed_um_2021-07-22.ws"])
def test_candles_of_a_log_are_those_of_smaller_intervals(name: str) -> None:
    feed = LogFeed(Path(recordings()) / "raw" / f"{name}.log.gz")
    span = feed.span()
    assert span is not None
    exchange = opened(feed, span[1] - 700)

    compared = 0
    for series, symbol in listed(exchange):
        for small, large in PAIRS:
            if series in (Series.SPOT, Series.UM) and (small != "1s" or series is Series.SPOT):
                compared += agrees(exchange, series, symbol, small, large)
    assert compared > 0
