"""Prices of moments gone by."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from atapi.domain.market import Candle
from atapi.services.past_prices import PastPrices
from tests.fakes import D, FakeSpot, bars, by_symbol, spot_instrument, utc

NOON = utc("2026-01-01T12:00")


@dataclass(kw_only=True)
class CountedSpot(FakeSpot):
    """A market that keeps what bars it was asked for."""

    asked: list[tuple[str, str, datetime | None, datetime | None]] = field(default_factory=list)

    def candles(self, symbol: str, interval: str, *, start: datetime | None = None,
                end: datetime | None = None, limit: int = 500) -> list[Candle]:  # fmt: skip
        self.asked.append((symbol, interval, start, end))
        return super().candles(symbol, interval, start=start, end=end, limit=limit)


def market(*closes: str) -> CountedSpot:
    history = {("BNBUSDT", "1m"): bars("1m", NOON, closes)}
    return CountedSpot(listed=by_symbol([spot_instrument("BNBUSDT")]), history=history)


def test_a_moment_has_the_opening_price_of_its_minute() -> None:
    past = PastPrices(market("600", "610", "620"))  # open at 600, 600 and 610

    assert past.price("BNB", NOON + timedelta(seconds=59)) == D(610)
    assert past.price("BNB", NOON - timedelta(seconds=1)) == D(600)


def test_a_page_is_read_once_for_all_moments_in_it() -> None:
    spot = market("600", "610", "620")
    past = PastPrices(spot)
    times = [NOON - timedelta(minutes=1), NOON, NOON + timedelta(seconds=5)]

    past.learn("BNB", times)
    past.learn("BNB", times)
    prices = [past.price("BNB", at) for at in times]

    assert prices == [D(600), D(610), D(610)]
    assert spot.asked == [("BNBUSDT", "1m", NOON - timedelta(minutes=2), NOON)]


def test_far_apart_moments_are_asked_for_apart() -> None:
    spot = market("600", "610")

    PastPrices(spot).learn("BNB", [NOON - timedelta(days=30), NOON])

    assert [(start, end) for _, _, start, end in spot.asked] == [
        (at - timedelta(minutes=1), at) for at in (NOON - timedelta(days=30), NOON)
    ]


def test_a_bar_that_is_not_there_yet_has_the_price_of_the_one_before() -> None:
    past = PastPrices(market("600", "610"))

    assert past.price("BNB", NOON + timedelta(minutes=1)) == D(600)  # the opening of the minute at noon


def test_what_has_no_market_has_no_price_and_usdt_is_itself() -> None:
    past = PastPrices(market("600"))

    assert past.price("USDT", NOON) == 1
    assert past.price("LUNA", NOON) is None
