"""What can be pledged, borrowed and traded on margin, and what it is worth."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from atapi.domain.numbers import ONE
from atapi.paper.feeds.base import Series, SpotRules
from atapi.paper.prices import Prices
from atapi.paper.records import Refusal

USDT = "USDT"  # what everything is valued in
QUOTES = (USDT, "BTC")  # an asset is worth what it trades for in one of these


def margin_assets(spot: Mapping[str, SpotRules]) -> dict[str, str]:
    """Name every asset that has a price in USDT, with the symbol it comes from; none for USDT itself."""
    found = {USDT: ""}
    for quote in QUOTES:
        if quote in found:
            for rules in spot.values():
                if rules.quote_asset == quote:
                    found.setdefault(rules.base_asset, rules.symbol)
    return found


class Terms:
    """Assets and pairs of the margin market."""

    def __init__(self, spot: Mapping[str, SpotRules], prices: Prices) -> None:
        self._spot = spot
        self._prices = prices
        self._symbols = margin_assets(spot)  # asset -> symbol that prices it

    @property
    def assets(self) -> list[str]:
        """List margin assets in alphabetical order."""
        return sorted(self._symbols)

    def pairs(self) -> list[SpotRules]:
        """List the symbols that trade on margin."""
        return [rules for rules in self._spot.values() if self.tradable(rules)]

    def tradable(self, rules: SpotRules) -> bool:
        """Whether a symbol trades on margin: both its assets must have a price."""
        return rules.base_asset in self._symbols and rules.quote_asset in self._symbols

    def check_asset(self, asset: str) -> None:
        """Refuse an asset that margin does not know."""
        if asset not in self._symbols:
            raise Refusal(-3027, "Not a valid margin asset.")

    def check_pair(self, symbol: str) -> SpotRules:
        """Find a symbol that trades on margin."""
        rules = self._spot.get(symbol)
        if rules is None:
            raise Refusal(-1121, "Invalid symbol.")
        if not self.tradable(rules):
            raise Refusal(-3028, "Not a valid margin pair.")
        return rules

    def symbol(self, asset: str) -> str | None:
        """Tell which symbol prices an asset in USDT at once; None where none does."""
        symbol = self._symbols.get(asset)
        return symbol if symbol and self._spot[symbol].quote_asset == USDT else None

    def price(self, asset: str, now_ms: int) -> Decimal | None:
        """Tell what one unit is worth in USDT; None where it has no price just now."""
        symbol = self._symbols.get(asset)
        if symbol is None:
            return None
        if not symbol:
            return ONE
        price = self._prices.last(Series.SPOT, symbol, now_ms)
        quote = self._spot[symbol].quote_asset
        if price is None or quote == USDT:
            return price
        worth = self.price(quote, now_ms)
        return None if worth is None else price * worth
