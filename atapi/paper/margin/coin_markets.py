"""The spot and the margin market, which share their books, and all that lends to the second."""

from __future__ import annotations

from dataclasses import dataclass

from atapi.paper.backoffice import Backoffice
from atapi.paper.margin.accounts import MarginAccounts
from atapi.paper.margin.desk import Calls, MarginDesk
from atapi.paper.margin.liquidation import Liquidator
from atapi.paper.margin.loans import Loans
from atapi.paper.margin.market import MarginMarket
from atapi.paper.margin.side_effects import SideEffects
from atapi.paper.margin.terms import Terms
from atapi.paper.margin.watch import InterestDues, MarginLevels
from atapi.paper.spot_market import SpotMarket
from atapi.paper.timeline import Source


@dataclass(frozen=True, slots=True)
class CoinMarkets:
    """Markets in which coins change hands."""

    spot: SpotMarket
    margin: MarginMarket
    accounts: MarginAccounts
    desk: MarginDesk
    sources: tuple[Source, ...]  # what happens to margin accounts by itself

    @classmethod
    def open(cls, office: Backoffice, calls: Calls) -> CoinMarkets:
        """Open both over what all markets share."""
        rules = office.rulebook.catalogue.spot
        terms = Terms(rules, office.prices)
        loans = Loans(office, terms)
        accounts = MarginAccounts(office, terms, loans)
        side_effects = SideEffects(office, loans)
        spot = SpotMarket(office, rules, side_effects)
        margin = MarginMarket(office, spot, terms, accounts, side_effects)
        liquidator = Liquidator(office, terms, loans, accounts, margin)
        return cls(
            spot=spot,
            margin=margin,
            accounts=accounts,
            desk=MarginDesk(calls, office, terms, loans, accounts),
            sources=(
                InterestDues(loans),
                MarginLevels(office.feed, terms, loans, accounts, liquidator),
            ),
        )
