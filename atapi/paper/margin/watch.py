"""What happens to margin accounts by itself as time goes: interest at each full hour, liquidation when prices fall.

Levels are looked at on each full minute, at the prices of that moment. An hour in which even the worst prices of all
assets together would liquidate nobody is not looked at closer.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from atapi.matching.credit import LIQUIDATION_BAR, level
from atapi.paper.feeds.base import Feed, Series
from atapi.paper.margin.accounts import MarginAccounts, Standing
from atapi.paper.margin.liquidation import Liquidator
from atapi.paper.margin.loans import Loans
from atapi.paper.margin.terms import USDT, Terms
from atapi.paper.prices import HOUR, MINUTE
from atapi.paper.records import ZERO

Range = tuple[Decimal, Decimal]  # lowest and highest price


class InterestDues:
    """The full hours at which somebody owes interest, as a source of the timeline."""

    def __init__(self, loans: Loans) -> None:
        self._loans = loans

    def next_ms(self, after_ms: int, until_ms: int) -> int | None:
        """Tell the first such hour in after_ms < time <= until_ms."""
        hour = after_ms // HOUR * HOUR + HOUR
        return hour if hour <= until_ms and self._loans.debtors() else None

    def happen(self, at_ms: int) -> None:
        """Charge the hour that begins."""
        self._loans.charge_hour(at_ms)


class MarginLevels:
    """The full minutes at which an account falls short, as a source of the timeline."""

    def __init__(
        self, feed: Feed, terms: Terms, loans: Loans, accounts: MarginAccounts, liquidator: Liquidator
    ) -> None:
        self._feed = feed
        self._terms = terms
        self._loans = loans
        self._accounts = accounts
        self._liquidator = liquidator

    def next_ms(self, after_ms: int, until_ms: int) -> int | None:
        """Tell the first minute in after_ms < time <= until_ms at which somebody is to be liquidated."""
        first = after_ms // MINUTE * MINUTE + MINUTE
        if first > until_ms or not self._loans.debtors():
            return None
        ranges: dict[str, Range] = {}
        watched = [a for a in self._loans.debtors() if self._may_fall(a, first, until_ms, ranges)]
        minutes = range(first, until_ms + 1, MINUTE) if watched else range(0)
        return next((minute for minute in minutes if any(self._short(a, minute) for a in watched)), None)

    def happen(self, at_ms: int) -> None:
        """Liquidate who falls short now."""
        for account in self._loans.debtors():
            if self._short(account, at_ms):
                self._liquidator.liquidate(account, at_ms)

    # ------------------------------------------------------------------------------------------------------------
    def _short(self, account: str, at_ms: int) -> bool:
        return self._accounts.standing(account, at_ms).margin_level <= LIQUIDATION_BAR

    def _may_fall(self, account: str, first_ms: int, until_ms: int, ranges: dict[str, Range]) -> bool:
        now = self._accounts.standing(account, first_ms)
        for asset in {*now.balances, *now.debts} - ranges.keys():
            ranges[asset] = self._range(asset, first_ms, until_ms)
        return _worst(now, ranges) <= LIQUIDATION_BAR

    def _range(self, asset: str, first_ms: int, until_ms: int) -> Range:
        price = self._terms.price(asset, first_ms) or ZERO
        symbol = self._terms.symbol(asset)
        if symbol is None:
            return (
                (price, price) if asset == USDT else (ZERO, price * 2)
            )  # valued through another: look closer
        bars = self._feed.bars(Series.SPOT, symbol, HOUR, first_ms // HOUR * HOUR, until_ms, until_ms)
        return min([price, *(bar.low for bar in bars)]), max([price, *(bar.high for bar in bars)])


def _worst(now: Standing, ranges: Mapping[str, Range]) -> Decimal:
    assets = sum((sum(held) * ranges[asset][0] for asset, held in now.balances.items()), ZERO)
    debts = sum((debt.total * ranges[asset][1] for asset, debt in now.debts.items()), ZERO)
    return level(assets, debts)
