"""Mends spreads by the commands' own services: what the guard does is what a trader would have typed."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from atapi.domain.amounts import Amount
from atapi.domain.instruments import Market
from atapi.domain.numbers import ZERO, plain
from atapi.domain.orders import Side
from atapi.domain.spreads import LegName
from atapi.errors import SpreadBroken
from atapi.execution.executor import Result, executed
from atapi.services.guard_legs import even
from atapi.services.hedging import SLIPPAGE, Hedging
from atapi.services.order_plan import CENT, Wish
from atapi.services.spreads import SpreadService
from atapi.services.trading import TradingService
from atapi.services.valuation import money


@dataclass(frozen=True, slots=True)
class SpreadMender:
    """Ends, evens and closes spreads. Implements `Mender`."""

    spreads: SpreadService
    hedging: Hedging
    trading: TradingService

    def book(self, symbol: str) -> None:
        """Make the journal true, as far as the exchange's own trades explain what differs."""
        self.spreads.reconcile.findings()

    def recover(self) -> str:
        """Bring what was cut short to its end."""
        ended = self.spreads.reconcile.recovery.run()
        return f"brought {len(ended)} transactions that were cut short to their end"

    def rehedge(self, symbol: str) -> str:
        """Reduce the longer leg of the spread in a symbol to the shorter."""
        self.hedging.take_in(symbol)
        plan = self.hedging.plan(symbol)
        try:
            return _told("evened", self.spreads.close(plan))
        except SpreadBroken as e:
            # the journal still counts what left by no trade; whether something is exposed, the account tells
            if not even(self.hedging.standing(symbol), plan.pair):
                raise
            return f"evened {symbol} as the account has it; {e.message}"

    def unwind(self, symbol: str) -> str:
        """Close the spread in a symbol, as much of it as is there."""
        self.hedging.take_in(symbol)
        return _told("closed", self.spreads.close(self.hedging.plan_unwind(symbol)))

    def buy_bnb(self, quantity: Decimal) -> str:
        """Buy BNB on spot."""
        wish = Wish(side=Side.BUY, amount=Amount(quantity, "BNB"), max_slippage=SLIPPAGE)
        bought = self.trading.place(self.trading.plan("BNBUSDT", wish, market=Market.SPOT))
        cost = sum((fill.notional for fill in bought.fills), ZERO)
        return f"bought {plain(bought.executed)} BNB for {money(cost.quantize(CENT), 'USDT')}"


def _told(verb: str, result: Result) -> str:
    spread = result.spread
    spot, perp = executed(result, LegName.SPOT_EXIT), executed(result, LegName.PERP_EXIT)
    parts = [
        f"{plain(quantity)} of {leg}"
        for leg, quantity in (("spot", spot), ("the perpetual", perp))
        if quantity
    ]
    return (
        f"{verb} {spread.symbol} by {' and '.join(parts) or 'nothing'}: #{spread.spread_id} is {spread.state}"
    )
