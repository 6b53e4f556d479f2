"""Bars of mark, index and premium: samples in the eighth column, and premiums that make the funding that is paid."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from atapi.paper.feeds.premium_bars import PremiumBars
from atapi.paper.host import Hosted
from tests.paper.client import Wire
from tests.paper.feed_of_bars import T0, FeedOfBars, quiet
from tests.paper.routes.test_admin import ask

HOUR = 3_600_000
MINUTE = 60_000
D = Decimal


def rows(wire: Wire, path: str, **params: Any) -> list[list[Any]]:
    answer = wire.get(path, **params)
    assert answer.status == 200, answer.body
    found: list[list[Any]] = answer.json
    return found


@pytest.mark.parametrize(("symbol", "hours"), [("BTCUSDT", 8), ("ETHUSDT", 8)])
def test_premiums_weighted_by_their_number_make_the_settled_rate(um: Wire, symbol: str, hours: int) -> None:
    [settled] = um.get("/fapi/v1/fundingRate", symbol=symbol, limit=1).json
    until = settled["fundingTime"]
    bars = rows(
        um, "/fapi/v1/premiumIndexKlines", symbol=symbol, interval="1m", limit=hours * 60,
        startTime=until - hours * HOUR,
    )  # fmt: skip

    closes = [D(bar[4]) for bar in bars]
    assert [bar[0] for bar in bars] == [until - hours * HOUR + n * MINUTE for n in range(hours * 60)]
    mean = sum(n * close for n, close in enumerate(closes, 1)) / sum(range(1, hours * 60 + 1))
    damped = max(D("-0.0005"), min(D("0.0005"), D("0.0001") - mean))
    assert abs((mean + damped) * hours / 8 - D(settled["fundingRate"])) <= D("0.000000005")


def test_bars_follow_each_other_and_larger_ones_are_made_of_smaller_ones(um: Wire, cm: Wire) -> None:
    start = um.now() - 24 * HOUR
    day = {"startTime": start, "endTime": start + 24 * HOUR - 1, "limit": 1500}
    minutes = rows(um, "/fapi/v1/premiumIndexKlines", symbol="BTCUSDT", interval="1m", **day)
    assert all(left[4] == right[1] for left, right in pairwise(minutes))
    for interval, span in (("15m", 15), ("1h", 60), ("4h", 240), ("1d", 1440)):
        larger = rows(um, "/fapi/v1/premiumIndexKlines", symbol="BTCUSDT", interval=interval, **day)
        assert len(larger) == 1440 // span
        for number, bar in enumerate(larger):
            parts = minutes[number * span : (number + 1) * span]
            prices = [[D(part[column]) for part in parts] for column in (1, 2, 3, 4)]
            assert [D(value) for value in bar[1:5]] == [
                prices[0][0], max(prices[1]), min(prices[2]), prices[3][-1],
            ]  # fmt: skip
            assert bar[8] == span  # one sample a minute
    assert rows(cm, "/dapi/v1/premiumIndexKlines", symbol="BTCUSD_PERP", interval="1m", **day) == minutes


def test_weeks_months_and_the_running_bar(um: Wire, hosted: Hosted, spot: Wire) -> None:
    ask(spot, hosted, "POST", "advance", span_ms=90_500)
    now = um.now()
    path = {"symbol": "BTCUSDT", "limit": 2}

    minute = rows(um, "/fapi/v1/premiumIndexKlines", interval="1m", **path)
    week = rows(um, "/fapi/v1/premiumIndexKlines", interval="1w", **path)
    month = rows(um, "/fapi/v1/premiumIndexKlines", interval="1M", **path)
    mark = rows(um, "/fapi/v1/markPriceKlines", interval="1m", **path)

    assert [bar[8] for bar in minute] == [1, 0]  # the running minute has not been sampled yet
    assert (minute[-1][0], minute[-1][6]) == (now // MINUTE * MINUTE, now // MINUTE * MINUTE + MINUTE - 1)
    assert [bar[8] for bar in mark] == [60, 31]  # one price each second so far
    assert week[0][8] == 7 * 1440
    assert month[0][8] == 31 * 1440  # December
    assert month[-1][4] == week[-1][4] == minute[-1][4]


@pytest.mark.parametrize(
    ("market", "path", "query", "refusal"),
    [
        ("um", "/fapi/v1/premiumIndexKlines", "symbol=XUSDT&interval=1m", (400, -1121, "Invalid symbol.")),
        ("um", "/fapi/v1/premiumIndexKlines", "symbol=BTCUSDT&interval=1s", (400, -1120, "Invalid interval.")),
        ("um", "/fapi/v1/premiumIndexKlines", "symbol=BTCUSDT&interval=1m&limit=1501",
         (400, -1130, "Data sent for parameter 'limit' is not valid.")),
        ("cm", "/dapi/v1/indexPriceKlines", "pair=XUSD&interval=1m", (400, -1121, "Invalid symbol.")),
    ],
)  # fmt: skip
def test_bars_are_refused(
    um: Wire, cm: Wire, market: str, path: str, query: str, refusal: tuple[int, int, str]
) -> None:
    assert (um if market == "um" else cm).get(path, query).refusal == refusal


def test_a_feed_that_knows_single_premiums_only_is_asked_for_each() -> None:
    feed = FeedOfBars(quiet(um_BTCUSDT="100"), premium=lambda symbol, at_ms: D(at_ms - T0) / MINUTE / 1000)
    [bar] = PremiumBars(feed).bars("BTCUSDT", HOUR, T0, T0, T0 + 2 * HOUR)

    assert (bar.open, bar.high, bar.low, bar.close) == (0, D("0.06"), 0, D("0.06"))
    assert (bar.trades, bar.volume) == (60, 0)
