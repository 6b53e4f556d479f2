"""What an account sets on USD-M, and when Binance lets it: position mode, margin types, margin assets, isolated margin."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from decimal import Decimal

from atapi.domain.numbers import LEDGER_STEP
from atapi.matching.ledger import Holder
from atapi.paper.backoffice import Backoffice
from atapi.paper.records import ZERO, MarginChange, Refusal
from atapi.paper.um_market import UmMarket
from atapi.paper.um_modes import BOTH, LONG, SHORT

Calling = Callable[[], AbstractContextManager[int]]
ADD, REDUCE = 1, 2


class UmSettings:
    """Modes and isolated margin of all accounts.

    Args:
        market: The one whose settings these are.
        futures: Both futures markets, which share the position mode.
        call: Brackets what a call does: settled before, durable after.
    """

    def __init__(
        self, office: Backoffice, market: UmMarket, futures: Mapping[str, UmMarket], call: Calling
    ) -> None:
        self._futures = futures
        self._office = office
        self._market = market
        self._modes = market.modes
        self._positions = market.positions
        self._call = call

    # --- modes --------------------------------------------------------------------------------------------------
    def hedged(self, account: str) -> bool:
        """Whether an account is in hedge mode."""
        return self._modes.hedged(account)

    def set_hedged(self, account: str, on: bool) -> None:
        """Switch hedge mode, with no order and no position open."""
        with self._call():
            if on == self._modes.hedged(account):
                raise Refusal(-4059, "No need to change position side.")
            if self._has_orders(account):
                raise Refusal(-4067, "Position side cannot be changed if there exists open orders.")
            if any(market.positions.of(account) for market in self._futures.values()):
                raise Refusal(-4068, "Position side cannot be changed if there exists position.")
            self._modes.set_hedged(account, on)

    def joined(self, account: str) -> bool:
        """Whether an account is in multi-assets mode."""
        return self._modes.joined(account)

    def set_joined(self, account: str, on: bool) -> None:
        """Switch multi-assets mode."""
        with self._call() as now:
            if on == self._modes.joined(account):
                raise Refusal(
                    -4171, "Adjusted asset mode is currently set and does not need to be adjusted repeatedly."
                )
            if on and self._modes.any_isolated(account):
                raise Refusal(
                    -4167,
                    "Unable to adjust to Multi-Assets mode with symbols of USDⓈ-M Futures under "
                    "isolated-margin mode.",
                )
            if self._office.orders.open(account, self._market.name):
                raise Refusal(-4170, "Unable to adjust Multi-Assets Mode with open orders in USDⓈ-M Futures.")
            held = self._office.wallets.of(Holder(account, self._market.name))
            if not on and any(free + locked < 0 for free, locked in held.values()):
                raise Refusal(
                    -4172,
                    "Unable to adjust Multi-Assets Mode with a negative wallet balance of margin available "
                    "asset in USDⓈ-M Futures account.",
                )
            self._modes.set_joined(account, on)
            if not self._margined(account, now):
                self._modes.set_joined(account, not on)
                raise Refusal(
                    -4169,
                    "Unable to adjust Multi-Assets Mode with insufficient margin balance in USDⓈ-M Futures.",
                )
            self._office.effects.configured(account, {"ai": {"j": on}})

    def _margined(self, account: str, now_ms: int) -> bool:
        """Whether every margin asset carries its positions."""
        assets = {rules.margin_asset for rules in self._market.rules.values()}
        sums = (self._market.accounts.totals(account, asset, now_ms) for asset in assets)
        return all(t.wallet_balance + t.unrealized >= t.initial_margin for t in sums if t.initial_margin)

    def isolated(self, account: str, symbol: str) -> bool:
        """Whether a symbol is on isolated margin."""
        self._market.listing(symbol)
        return self._modes.isolated(account, symbol)

    def set_isolated(self, account: str, symbol: str, on: bool) -> None:
        """Switch the margin type of a symbol, with no order and no position in it."""
        with self._call():
            self._market.listing(symbol)
            if on == self._modes.isolated(account, symbol):
                raise Refusal(-4046, "No need to change margin type.")
            if on and self._modes.joined(account):
                raise Refusal(-4168, "Unable to adjust to isolated-margin mode under the Multi-Assets mode.")
            if self._office.orders.open(account, self._market.name, symbol):
                raise Refusal(-4047, "Margin type cannot be changed if there exists open orders.")
            if self._positions.legs(account, symbol):
                raise Refusal(-4048, "Margin type cannot be changed if there exists position.")
            self._modes.set_isolated(account, symbol, on)
            sides = (LONG, SHORT) if self._modes.hedged(account) else (BOTH,)
            self._office.effects.margin_type(account, self._market.name, symbol, sides, on)

    # --- isolated margin ----------------------------------------------------------------------------------------
    def change_margin(self, account: str, symbol: str, side: str, amount: Decimal, kind: int) -> MarginChange:
        """Move margin between the cross balance and an isolated position."""
        with self._call() as now:
            listing = self._market.listing(symbol)
            if (side == BOTH) == self._modes.hedged(account):
                raise Refusal(-4061, "Order's position side does not match user's setting.")
            if not self._modes.isolated(account, symbol):
                raise Refusal(-4049, "Add margin only support for isolated position.")
            position = self._positions.find(account, symbol, side)
            if position is None:
                raise Refusal(-4054, "Cannot add position margin: position is 0.")
            if amount <= 0 or amount % LEDGER_STEP:
                raise Refusal(-1130, "Data sent for parameter 'amount' is not valid.")
            asset = listing.rules.margin_asset
            if kind == ADD and amount > self._market.accounts.totals(account, asset, now).available:
                raise Refusal(-4051, "Isolated balance insufficient.")
            if kind == REDUCE and amount > self._removable(account, symbol, side, now):
                raise Refusal(-4051, "Isolated balance insufficient.")
            self._positions.add_margin(position, amount if kind == ADD else -amount, now)
            change = MarginChange(
                account=account, symbol=symbol, position_side=side, kind=kind, amount=amount, asset=asset, time_ms=now
            )  # fmt: skip
            self._office.effects.margin_change(change)
            return change

    def margin_changes(self, account: str, symbol: str) -> Sequence[MarginChange]:
        """List changes of isolated margin, oldest first."""
        with self._call():
            self._market.listing(symbol)
            return self._office.store.margin_changes(account, symbol)

    # ------------------------------------------------------------------------------------------------------------
    def _removable(self, account: str, symbol: str, side: str, now_ms: int) -> Decimal:
        views = self._market.accounts.views(account, now_ms)
        view = next(v for v in views if (v.position.symbol, v.position.position_side) == (symbol, side))
        free = view.position.margin + min(ZERO, view.unrealized) - view.initial_margin
        return max(ZERO, free)

    def _has_orders(self, account: str) -> bool:
        waiting = self._office.store.algos("account = ? AND status = 'NEW'", account)
        return bool(waiting) or any(self._office.orders.open(account, name) for name in self._futures)
