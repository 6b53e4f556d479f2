"""A feed made by hand: prices that stay until they change, fundings as given."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

from atapi.paper.feeds.base import (
    Bar,
    Book,
    Bracket,
    Catalogue,
    FundingRecord,
    PerpetualRules,
    Series,
    SpotRules,
)

D = Decimal
MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
T0 = 1_767_225_600_000  # 2026-01-01 00:00 UTC


def bracket(floor: str, cap: str, leverage: int, rate: str, offset: str) -> Bracket:
    return Bracket(floor=D(floor), cap=D(cap), leverage=leverage, maintenance_rate=D(rate), offset=D(offset))


BRACKETS = (
    bracket("0", "300000", 100, "0.004", "0"),
    bracket("300000", "800000", 50, "0.005", "300"),
    bracket("800000", "3000000", 20, "0.0065", "1500"),
)
BTC_SPOT = SpotRules(
    symbol="BTCUSDT",
    base_asset="BTC",
    quote_asset="USDT",
    tick_size=D("0.01"),
    lot_size=D("0.00001"),
    min_notional=D(5),
)
BNB_SPOT = SpotRules(
    symbol="BNBUSDT",
    base_asset="BNB",
    quote_asset="USDT",
    tick_size=D("0.01"),
    lot_size=D("0.001"),
    min_notional=D(5),
)
BTC_UM = PerpetualRules(
    symbol="BTCUSDT",
    base_asset="BTC",
    quote_asset="USDT",
    tick_size=D("0.10"),
    lot_size=D("0.001"),
    min_notional=D(50),
    price_precision=2,
    quantity_precision=3,
    brackets=BRACKETS,
)
ETH_UM = PerpetualRules(
    symbol="ETHUSDT",
    base_asset="ETH",
    quote_asset="USDT",
    tick_size=D("0.01"),
    lot_size=D("0.001"),
    min_notional=D(20),
    price_precision=2,
    quantity_precision=3,
    brackets=BRACKETS,
    interval_hours=4,
)
CROWD = Book(half_spread_bps=D(1), top_notional=D(50_000), levels=20, growth=D("1.2"), step_bps=D(1))


class FeedOfBars:
    """Prices as steps: from each given time on, a price, until the next."""

    name = "by hand"
    synthetic = True
    recorded = None

    def __init__(
        self,
        steps: Mapping[tuple[Series, str], Sequence[tuple[int, Decimal | None]]],  # None: no price
        *,
        volume: Decimal = Decimal(60),  # base asset traded in each minute
        funding: Mapping[str, Sequence[FundingRecord]] | None = None,
        premium: Callable[[str, int], Decimal | None] = lambda symbol, at_ms: D(0),
        spot: Sequence[SpotRules] = (BTC_SPOT, BNB_SPOT),
        um: Sequence[PerpetualRules] = (BTC_UM, ETH_UM),
        finest_ms: int = MINUTE,
        crowd: Book = CROWD,
    ) -> None:
        self.steps = {key: list(points) for key, points in steps.items()}
        self.volume = volume
        self.fundings = funding or {}
        self._premium = premium
        self._catalogue = Catalogue(spot={r.symbol: r for r in spot}, um={r.symbol: r for r in um})
        self.finest_ms = finest_ms
        self.crowd = crowd

    def identity(self) -> str:
        return self.name

    def catalogue(self) -> Catalogue:
        return self._catalogue

    def span(self) -> tuple[int, int] | None:
        return None

    def price(self, series: Series, symbol: str, now_ms: int) -> Decimal | None:
        price = None
        for at_ms, value in self.steps.get((series, symbol), ()):
            if at_ms <= now_ms:
                price = value
        return price

    def bars(
        self, series: Series, symbol: str, interval_ms: int, start_ms: int, end_ms: int, now_ms: int
    ) -> Sequence[Bar]:
        if interval_ms < self.finest_ms:
            return []
        first = -(-start_ms // interval_ms) * interval_ms
        found = [
            self._bar(series, symbol, open_ms, interval_ms, now_ms)
            for open_ms in range(first, min(end_ms, now_ms) + 1, interval_ms)
        ]
        return [bar for bar in found if bar is not None]

    def _bar(self, series: Series, symbol: str, open_ms: int, interval_ms: int, now_ms: int) -> Bar | None:
        until = min(open_ms + interval_ms - 1, now_ms)
        inside = [
            p
            for at_ms, p in self.steps.get((series, symbol), ())
            if open_ms < at_ms <= until and p is not None
        ]
        opened = self.price(series, symbol, open_ms)
        if opened is None:
            return None
        prices = [opened, *inside]
        volume = self.volume * ((until + 1 - open_ms) // MINUTE or 1)
        turnover = volume * prices[-1]
        return Bar(
            open_ms,
            opened,
            max(prices),
            min(prices),
            prices[-1],
            volume,
            turnover,
            6,
            volume / 2,
            turnover / 2,
        )

    def premium(self, symbol: str, at_ms: int) -> Decimal | None:
        return self._premium(symbol, at_ms)

    def funding(self, symbol: str, after_ms: int, until_ms: int) -> Sequence[FundingRecord] | None:
        if symbol not in self.fundings:
            return None
        return [record for record in self.fundings[symbol] if after_ms < record.time_ms <= until_ms]

    def next_funding_ms(self, symbol: str, now_ms: int) -> int | None:
        if symbol not in self.fundings:
            return None
        later = [record.time_ms for record in self.fundings[symbol] if record.time_ms > now_ms]
        return later[0] // HOUR * HOUR if later else None

    def book(self, series: Series, symbol: str) -> Book:
        return self.crowd

    def supply(self, now_ms: int) -> Mapping[str, Decimal]:
        return {}


def quiet(**prices: str | Decimal) -> dict[tuple[Series, str], list[tuple[int, Decimal]]]:
    """Steps that never change: `quiet(spot_BTCUSDT="50000", um_BTCUSDT="50010")`."""
    steps = {}
    for name, price in prices.items():
        series, symbol = name.split("_", 1)
        steps[Series(series), symbol] = [(0, D(price))]
    return steps


DEFAULT = quiet(spot_BTCUSDT="50000", spot_BNBUSDT="500", um_BTCUSDT="50000", um_ETHUSDT="3000")
