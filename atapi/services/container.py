"""Everything a command may ask, in one value; `app.py` fills it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from atapi.clock import Clock
    from atapi.services.account import AccountService
    from atapi.services.basis import BasisService
    from atapi.services.funding import FundingService
    from atapi.services.limits import LimitsService
    from atapi.services.market import MarketService
    from atapi.services.marketcap import MarketCapService
    from atapi.services.network import NetworkService
    from atapi.services.orders import OrderService
    from atapi.services.paper import PaperService
    from atapi.services.pnl import PnlService
    from atapi.services.reconcile import ReconcileService
    from atapi.services.recovery import Recovery
    from atapi.services.spreads import SpreadService


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The verbs of a desk, by noun."""

    clock: Clock  # the venue's time, not this machine's
    market: MarketService
    marketcap: MarketCapService
    funding: FundingService
    basis: BasisService
    account: AccountService
    orders: OrderService
    recovery: Recovery
    reconcile: ReconcileService
    spreads: SpreadService
    pnl: PnlService
    network: NetworkService
    limits: LimitsService
    paper: PaperService | None  # None on any other network
