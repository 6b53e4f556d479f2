"""What the exchange is asked, and what it shows that is kept nowhere."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from atapi.paper.order_terms import PLAIN, OrderTerms
from atapi.paper.records import PositionRecord


class Submit(msgspec.Struct, frozen=True, kw_only=True):
    """An order as it came in, parsed and well-formed but not yet judged."""

    symbol: str
    side: str
    type: str
    quantity: Decimal | None = None
    quote_quantity: Decimal | None = None
    price: Decimal | None = None
    time_in_force: str | None = None
    client_order_id: str | None = None  # None: the exchange makes one
    reduce_only: bool | None = None  # None: not said
    position_side: str = "BOTH"
    self_trade_prevention: str = "EXPIRE_MAKER"
    stop_price: Decimal | None = None
    trailing_delta: int | None = None  # basis points
    iceberg: Decimal | None = None  # shown at most
    strategy_id: int | None = None
    strategy_type: int | None = None
    side_effect: str = ""  # on margin: what is borrowed and repaid with it
    repay_at_cancel: bool = True  # on margin: whether what it borrowed and did not spend is repaid
    terms: OrderTerms = PLAIN  # what is said of it already


class ListSubmit(msgspec.Struct, frozen=True, kw_only=True):
    """An order list as it came in."""

    symbol: str
    kind: str  # OCO, OTO
    legs: tuple[Submit, ...]  # of an OTO the working order first
    client_id: str | None = None
    opo: bool = False  # whether pending orders sell what the working order bought


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """Mark, index and running funding of one perpetual now."""

    symbol: str
    mark_price: Decimal
    mean_price: Decimal  # moving average of the mark
    index_price: Decimal
    settle_price: Decimal
    funding_rate: Decimal  # running estimate for the current interval
    interest_rate: Decimal
    next_funding_ms: int


class PositionView(msgspec.Struct, frozen=True, kw_only=True):
    """A position with what depends on the mark."""

    position: PositionRecord
    mark_price: Decimal
    unrealized: Decimal
    notional: Decimal  # signed
    leverage: int
    initial_margin: Decimal
    maintenance_margin: Decimal
    liquidation_price: Decimal  # 0 where there is none
    order_margin: Decimal  # initial margin that the symbol's open orders add
    bids: Decimal  # notional of the symbol's open orders that buy
    asks: Decimal
    margin_asset: str
    adl: int  # 0 to 4: the higher, the sooner it is closed when somebody else goes bankrupt

    @property
    def isolated_margin(self) -> Decimal:
        """What an isolated position stands on, its unrealized profit included."""
        return self.position.margin + self.unrealized if self.position.isolated else Decimal(0)


class FuturesTotals(msgspec.Struct, frozen=True, kw_only=True):
    """One margin asset of a futures wallet; in multi-assets mode all of them, in USD."""

    wallet_balance: Decimal
    cross_wallet: Decimal  # without what stands for isolated positions
    unrealized: Decimal
    cross_unrealized: Decimal
    initial_margin: Decimal  # positions and open orders
    position_margin: Decimal
    order_margin: Decimal
    maintenance_margin: Decimal
    available: Decimal
