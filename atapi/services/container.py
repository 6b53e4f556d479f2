"""Everything a command may ask, in one value; `app.py` fills it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from atapi.clock import Clock
    from atapi.services.account import AccountService
    from atapi.services.audit import AuditService
    from atapi.services.basis import BasisService
    from atapi.services.completing import CompleteService
    from atapi.services.drill import DrillService
    from atapi.services.flattening import FlattenService
    from atapi.services.funding import FundingService
    from atapi.services.guard import GuardService
    from atapi.services.hedging import Hedging
    from atapi.services.limits import LimitsService
    from atapi.services.market import MarketService
    from atapi.services.marketcap import MarketCapService
    from atapi.services.network import NetworkService
    from atapi.services.order_changes import OrderChanges
    from atapi.services.orders import OrderService
    from atapi.services.paper import PaperService
    from atapi.services.pnl import PnlService
    from atapi.services.rebuild import RebuildService
    from atapi.services.reconcile import ReconcileService
    from atapi.services.recovery import Recovery
    from atapi.services.spreads import SpreadService
    from atapi.services.trading import TradingService


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
    trading: TradingService
    changes: OrderChanges
    flattening: FlattenService
    recovery: Recovery
    reconcile: ReconcileService
    rebuild: RebuildService
    spreads: SpreadService
    hedging: Hedging
    completing: CompleteService
    guard: GuardService
    pnl: PnlService
    audit: AuditService
    network: NetworkService
    limits: LimitsService
    drill: DrillService
    paper: PaperService | None  # None on any other network
