"""Futures accounts: positions, what they are worth at the mark, and the margin they and open orders need.

Cross margin, one-way mode, single-asset mode: each margin asset (a symbol's quote asset, the coin on COIN-M) carries
its own positions. Notional is a value in that asset.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import copy
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from atapi.domain.numbers import to_ledger
from atapi.matching import margin
from atapi.matching.ledger import Holder
from atapi.matching.positions import Holding, after_fill, unrealized
from atapi.paper.accounts import Accounts
from atapi.paper.effects import Effects
from atapi.paper.feeds.base import PerpetualRules
from atapi.paper.marks import Marks
from atapi.paper.records import ZERO, PositionRecord
from atapi.paper.store import Store
from atapi.paper.views import FuturesTotals, PositionView
from atapi.paper.wallets import Wallets


@dataclass(slots=True)
class OpenNotional:
    """Notional of an account's open orders in a symbol, without those that only reduce."""

    bids: Decimal = ZERO
    asks: Decimal = ZERO


class Need(NamedTuple):
    """What one symbol asks of an account, in its margin asset."""

    unrealized: Decimal
    position: Decimal  # initial margin of the position
    orders: Decimal  # initial margin that open orders add
    maintenance: Decimal


NOTHING = Need(ZERO, ZERO, ZERO, ZERO)


class UmAccounts:
    """Positions and margin of all accounts, USD-M; COIN-M with its own rules and wallet."""

    def __init__(
        self,
        store: Store,
        effects: Effects,
        accounts: Accounts,
        wallets: Wallets,
        marks: Marks,
        rules: Mapping[str, PerpetualRules],
        wallet: str = "um",
    ) -> None:
        self._wallet = wallet
        self._effects = effects
        self._accounts = accounts
        self._wallets = wallets
        self._marks = marks
        self._rules = rules
        self._positions: dict[str, dict[str, PositionRecord]] = {}  # account -> symbol -> position
        self._resting: dict[str, dict[str, OpenNotional]] = {}  # account -> symbol -> open orders
        for position in store.positions():
            if position.quantity and position.symbol in rules:
                self._positions.setdefault(position.account, {})[position.symbol] = position

    # --- positions ----------------------------------------------------------------------------------------------
    def quantity(self, account: str, symbol: str) -> Decimal:
        """Signed position, 0 where flat."""
        position = self._positions.get(account, {}).get(symbol)
        return ZERO if position is None else position.quantity

    def symbols(self) -> set[str]:
        """List symbols in which anybody has a position."""
        return {symbol for mine in self._positions.values() for symbol in mine}

    def in_symbol(self, symbol: str) -> Iterator[PositionRecord]:
        """Walk all accounts' positions in a symbol, in the order of accounts."""
        for account in sorted(self._positions):
            position = self._positions[account].get(symbol)
            if position is not None:
                yield position

    def fill(self, account: str, symbol: str, quantity: Decimal, price: Decimal, now_ms: int) -> Decimal:
        """Apply a fill of a signed quantity; the profit to post comes back."""
        mine = self._positions.setdefault(account, {})
        position = mine.get(symbol)
        if position is None:
            position = mine[symbol] = PositionRecord(account=account, symbol=symbol)
        contract = self._rules[symbol].contract
        holding, realized = after_fill(_holding(position), quantity, price, contract)
        position.quantity, position.cost, position.carry = holding
        position.updated_ms = now_ms
        self._effects.position(position)
        if not position.quantity:
            del mine[symbol]
            if not mine:
                del self._positions[account]
        return realized

    def views(self, account: str, now_ms: int) -> list[PositionView]:
        """Show an account's positions at the mark, in the order of symbols."""
        return [
            self._view(account, position, now_ms)
            for _, position in sorted(self._positions.get(account, {}).items())
        ]

    # --- margin -------------------------------------------------------------------------------------------------
    def rest(self, account: str, symbol: str, side: str, notional: Decimal) -> None:
        """Count an open order's notional in; a negative one counts it out."""
        mine = self._resting.setdefault(account, {})
        resting = mine.setdefault(symbol, OpenNotional())
        if side == "BUY":
            resting.bids += notional
        else:
            resting.asks += notional
        if not (resting.bids or resting.asks):
            del mine[symbol]
            if not mine:
                del self._resting[account]

    def exposure(self, account: str, symbol: str, mark: Decimal, *, side: str, notional: Decimal) -> Decimal:
        """Largest notional in a symbol if open orders filled, this much on one side included."""
        resting = self._resting.get(account, {}).get(symbol)
        bids, asks = (ZERO, ZERO) if resting is None else (resting.bids, resting.asks)
        if side == "BUY":
            bids += notional
        else:
            asks += notional
        notional = self._rules[symbol].contract.value(self.quantity(account, symbol), mark)
        return margin.exposure(notional, bids, asks)

    def totals(self, account: str, asset: str, now_ms: int) -> FuturesTotals:
        """Sum up one margin asset of an account."""
        needs = [need for _, need in self._needs(account, asset, now_ms)]
        profit = sum((need.unrealized for need in needs), ZERO)
        position = sum((need.position for need in needs), ZERO)
        orders = sum((need.orders for need in needs), ZERO)
        wallet = self._wallets.balance(Holder(account, self._wallet), asset)
        return FuturesTotals(
            wallet_balance=wallet,
            unrealized=profit,
            initial_margin=position + orders,
            position_margin=position,
            order_margin=orders,
            maintenance_margin=sum((need.maintenance for need in needs), ZERO),
            available=max(ZERO, wallet + profit - position - orders),
        )

    # ------------------------------------------------------------------------------------------------------------
    def _needs(self, account: str, asset: str, now_ms: int) -> list[tuple[str, Need]]:
        symbols = self._positions.get(account, {}).keys() | self._resting.get(account, {}).keys()
        return [
            (symbol, self._need(account, symbol, now_ms))
            for symbol in sorted(symbols)
            if self._rules[symbol].margin_asset == asset
        ]

    def _need(self, account: str, symbol: str, now_ms: int) -> Need:
        mark, rules = self._mark(account, symbol, now_ms), self._rules[symbol]
        leverage = self.leverage(account, symbol)
        position = self._positions.get(account, {}).get(symbol)
        resting = self._resting.get(account, {}).get(symbol)
        notional = ZERO if position is None else rules.contract.value(position.quantity, mark)
        alone = to_ledger(margin.initial_margin(notional, leverage))
        orders = ZERO
        if resting is not None:
            both = margin.exposure(notional, resting.bids, resting.asks)
            orders = to_ledger(margin.initial_margin(both, leverage)) - alone
        if position is None:
            return Need(ZERO, alone, orders, ZERO)
        maintenance = to_ledger(margin.maintenance_margin(rules.brackets, notional))
        return Need(unrealized(_holding(position), mark, rules.contract), alone, orders, maintenance)

    def leverage(self, account: str, symbol: str) -> int:
        """Leverage of a symbol: what was set, else 20 or the most that the symbol allows."""
        return min(
            self._accounts.leverage(account, symbol), margin.max_leverage(self._rules[symbol].brackets)
        )

    def _view(self, account: str, position: PositionRecord, now_ms: int) -> PositionView:
        rules = self._rules[position.symbol]
        mark = self._mark(account, position.symbol, now_ms)
        need = self._need(account, position.symbol, now_ms)
        others = [
            n for symbol, n in self._needs(account, rules.margin_asset, now_ms) if symbol != position.symbol
        ]
        liquidation = margin.liquidation_price(
            quantity=position.quantity,
            cost=position.cost,
            wallet=self._wallets.balance(Holder(account, self._wallet), rules.margin_asset),
            brackets=rules.brackets,
            others_maintenance=sum((n.maintenance for n in others), ZERO),
            others_unrealized=sum((n.unrealized for n in others), ZERO),
            contract=rules.contract,
        )
        return PositionView(
            position=copy(position),
            mark_price=mark,
            unrealized=need.unrealized,
            notional=to_ledger(rules.contract.value(position.quantity, mark)),
            leverage=self.leverage(account, position.symbol),
            initial_margin=need.position,
            maintenance_margin=need.maintenance,
            liquidation_price=to_ledger(liquidation),
        )

    def _mark(self, account: str, symbol: str, now_ms: int) -> Decimal:
        mark = self._marks.at(symbol, now_ms)
        if mark is not None:
            return mark
        position = self._positions.get(account, {}).get(symbol)  # no price at all: as if nothing had moved
        if position is None:
            return ZERO
        return self._rules[symbol].contract.price(position.quantity, position.cost)


def _holding(position: PositionRecord) -> Holding:
    return Holding(position.quantity, position.cost, position.carry)
