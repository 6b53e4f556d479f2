"""One futures market with all it is made of, and what is read of it: marks, fundings, open interest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from atapi.domain.numbers import floor_to
from atapi.paper.backoffice import Backoffice
from atapi.paper.collateral import Collateral
from atapi.paper.feeds.base import Feed
from atapi.paper.funding import Funding
from atapi.paper.funding_rates import FundingRates
from atapi.paper.marks import Marks
from atapi.paper.prices import DAY
from atapi.paper.records import ZERO, Refusal, SettledFunding
from atapi.paper.um_accounts import UmAccounts
from atapi.paper.um_market import UmMarket
from atapi.paper.um_modes import UmModes
from atapi.paper.um_positions import UmPositions
from atapi.paper.views import Mark


@dataclass(frozen=True, slots=True)
class Perpetuals:
    """The USD-M or the COIN-M market."""

    feed: Feed
    market: UmMarket
    rates: FundingRates
    marks: Marks
    funding: Funding
    collateral: Collateral

    @classmethod
    def open(cls, office: Backoffice, kind: type[UmMarket]) -> Perpetuals:
        """Open a market over what all markets share."""
        feed = office.feed
        rules = office.rulebook.catalogue.perpetuals(kind.name)
        rates = FundingRates(feed, rules, office.rulebook)
        marks = Marks(office.prices, rates, rules, kind.series)
        collateral = Collateral(office.prices, frozenset(office.rulebook.catalogue.spot))
        accounts = UmAccounts(
            UmPositions(office.store.positions(), rules, office.effects),
            UmModes(office.accounts, rules, kind.name),
            office.wallets,
            marks,
            collateral,
            rules,
            kind.name,
        )
        market = kind(office, rules, accounts, marks)
        return cls(feed, market, rates, marks, Funding(feed, rules, rates, marks), collateral)

    @property
    def accounts(self) -> UmAccounts:
        """Positions and margin."""
        return self.market.accounts

    def mark(self, symbol: str, now_ms: int) -> Mark:
        """Tell mark, index and running funding; refusal -1121 where the symbol is none or has no price."""
        rules = self.market.listing(symbol).rules
        mark, index = self.marks.at(symbol, now_ms), self.marks.index(symbol, now_ms)
        if mark is None or index is None:
            raise Refusal(-1121, "Invalid symbol.")
        return Mark(
            symbol=symbol,
            mark_price=mark,
            mean_price=self.marks.mean(symbol, now_ms) or mark,
            index_price=index,
            settle_price=index,
            funding_rate=self.rates.running(symbol, now_ms),
            interest_rate=rules.interest_rate,
            next_funding_ms=self.rates.next_ms(symbol, now_ms),
        )

    def funding_history(
        self, symbol: str | None, start_ms: int | None, end_ms: int | None, limit: int, now_ms: int
    ) -> Sequence[SettledFunding]:
        """List settled funding, oldest first, by Binance's paging rules."""
        if symbol is not None:
            self.market.listing(symbol)
        return self.funding.history(symbol, start_ms, end_ms, limit, now_ms)

    def open_interest(self, symbol: str, now_ms: int) -> Decimal:
        """Tell open interest: the crowd's, half of what the last whole day traded, and the accounts'."""
        listing = self.market.listing(symbol)
        today = now_ms // DAY * DAY
        days = self.feed.bars(self.market.series, symbol, DAY, today - DAY, today - 1, now_ms)
        crowd = floor_to(days[-1].volume / 2, listing.lot) if days else ZERO
        held = [position.quantity for position in self.accounts.positions.in_symbol(symbol)]
        longs = sum((quantity for quantity in held if quantity > 0), ZERO)
        shorts = sum((-quantity for quantity in held if quantity < 0), ZERO)
        return crowd + max(longs, shorts)
