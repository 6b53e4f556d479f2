"""Mends spreads by the commands' own services: what the guard does is what a trader would have typed."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from atapi.domain.amounts import PERCENT
from atapi.domain.numbers import plain
from atapi.domain.spreads import LegName
from atapi.execution.executor import executed
from atapi.services.reconcile import ReconcileService
from atapi.services.spreads import SpreadService

SLIPPAGE = Decimal(1) * PERCENT  # what getting out may pay beyond the touch


@dataclass(frozen=True, slots=True)
class SpreadMender:
    """Ends, evens and closes spreads. Implements `Mender`."""

    spreads: SpreadService
    reconcile: ReconcileService

    def recover(self) -> str:
        """Bring what was cut short to its end."""
        ended = self.reconcile.recovery.run()
        return f"ended {len(ended)} transactions that were cut short"

    def unwind(self, symbol: str) -> str:
        """Close the spread in a symbol, as much of it as is there."""
        self.reconcile.findings()  # what the exchange closed by itself is the spread's before it is closed
        result = self.spreads.close(self.spreads.plan_close(symbol, max_slippage=SLIPPAGE))
        sold, back = executed(result, LegName.SPOT_EXIT), executed(result, LegName.PERP_EXIT)
        return (
            f"closed #{result.spread.spread_id} {symbol}: sold {plain(sold)}, bought {plain(back)} back;"
            f" {result.spread.state}"
        )

    def buy_bnb(self, quantity: Decimal) -> str:
        """Buy BNB on spot."""
        raise NotImplementedError

    def rehedge(self, symbol: str) -> str:
        """Reduce the longer leg of the spread in a symbol to the shorter."""
        raise NotImplementedError
