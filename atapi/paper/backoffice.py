"""What every market needs of the exchange, in one hand."""

from __future__ import annotations

from dataclasses import dataclass

from atapi.paper.accounts import Accounts
from atapi.paper.effects import Effects
from atapi.paper.feeds.base import Feed
from atapi.paper.ids import Ids
from atapi.paper.orders import Orders
from atapi.paper.prices import Prices
from atapi.paper.rulebook import Rulebook
from atapi.paper.store import Store
from atapi.paper.wallets import Wallets


@dataclass(frozen=True, slots=True)
class Backoffice:
    """The nouns that markets share."""

    feed: Feed
    store: Store
    rulebook: Rulebook
    prices: Prices
    accounts: Accounts
    wallets: Wallets
    orders: Orders
    ids: Ids
    effects: Effects
