"""Futures accounts: what positions are worth at the mark, and the margin they and open orders need.

In single-asset mode each margin asset (a symbol's quote asset, the coin on COIN-M) carries its own positions; in
multi-assets mode all assets carry all, in dollars. Notional is a value in the margin asset. A position on isolated margin stands on what was put aside for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from copy import copy
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from atapi.domain.numbers import to_ledger
from atapi.matching import margin
from atapi.matching.ledger import holder as holder_of
from atapi.matching.liquidation import Leg, liquidation_price
from atapi.matching.positions import Holding, unrealized
from atapi.paper.collateral import Collateral
from atapi.paper.feeds.base import PerpetualRules
from atapi.paper.marks import Marks
from atapi.paper.records import ZERO, PositionRecord
from atapi.paper.um_modes import BOTH, LONG, SHORT, UmModes
from atapi.paper.um_positions import UmPositions
from atapi.paper.views import FuturesTotals, PositionView
from atapi.paper.wallets import Wallets

MarkOf = Callable[[PositionRecord], Decimal]
ADL_TOP = 4


@dataclass(slots=True)
class OpenNotional:
    """Notional of an account's open orders in a symbol, without those that only reduce."""

    bids: Decimal = ZERO
    asks: Decimal = ZERO


@dataclass(slots=True)
class Pool:
    """Positions that are liquidated together, and what they stand on."""

    account: str
    positions: list[PositionRecord]
    wallet: Decimal
    unrealized: Decimal = ZERO
    maintenance: Decimal = ZERO
    assets: list[str] = field(default_factory=list)  # margin assets; empty for an isolated position

    @property
    def isolated(self) -> bool:
        """Whether it is one isolated position."""
        return not self.assets

    @property
    def balance(self) -> Decimal:
        """Margin balance."""
        return self.wallet + self.unrealized

    @property
    def failed(self) -> bool:
        """Whether it is to be liquidated."""
        return bool(self.positions) and self.balance <= self.maintenance


class Need(NamedTuple):
    """What one symbol asks of an account, in its margin asset."""

    unrealized: Decimal
    cross_unrealized: Decimal
    position: Decimal  # initial margin of its positions
    cross_position: Decimal
    orders: Decimal  # initial margin that open orders add
    maintenance: Decimal


class UmAccounts:
    """Margin of all accounts."""

    def __init__(
        self,
        positions: UmPositions,
        modes: UmModes,
        wallets: Wallets,
        marks: Marks,
        collateral: Collateral,
        rules: Mapping[str, PerpetualRules],
        market: str = "um",
    ) -> None:
        self._market = market
        self.positions = positions
        self.modes = modes
        self._wallets = wallets
        self._marks = marks
        self._collateral = collateral
        self._rules = rules
        self._asset_of = {symbol: r.margin_asset for symbol, r in rules.items()}
        self._assets = sorted({r.margin_asset for r in rules.values()})
        self._resting: dict[str, dict[str, OpenNotional]] = {}  # account -> symbol -> open orders

    # --- open orders --------------------------------------------------------------------------------------------
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

    def open_notional(self, account: str, symbol: str) -> tuple[Decimal, Decimal]:
        """Tell the notional of open orders in a symbol that buy, and that sell; without those that only reduce."""
        resting = self._resting.get(account, {}).get(symbol)
        return (ZERO, ZERO) if resting is None else (resting.bids, resting.asks)

    def exposure(self, account: str, symbol: str, mark: Decimal) -> Decimal:
        """Largest notional in a symbol if open orders filled."""
        return self.exposures(account, symbol, mark, side="BUY", notionals=(ZERO,))[0]

    def exposures(
        self, account: str, symbol: str, mark: Decimal, *, side: str, notionals: Iterable[Decimal]
    ) -> list[Decimal]:
        """Largest notional in a symbol if open orders filled, with each of some more notionals on one side."""
        bids, asks = self.open_notional(account, symbol)
        held, value = self.positions.quantity, self._rules[symbol].contract.value
        buys = side == "BUY"
        if self.modes.hedged(account):
            long, short = (value(held(account, symbol, leg), mark) for leg in (LONG, SHORT))
            return [margin.hedged_exposure(long, short, bids + more, asks) for more in notionals]
        position = value(held(account, symbol, BOTH), mark)
        return [
            margin.exposure(position, bids + more, asks)
            if buys
            else margin.exposure(position, bids, asks + more)
            for more in notionals
        ]

    # --- margin -------------------------------------------------------------------------------------------------
    def balance(self, account: str, asset: str) -> Decimal:
        """Wallet balance of one asset."""
        return self._wallet(account, asset)

    def totals(self, account: str, asset: str, now_ms: int) -> FuturesTotals:
        """Sum up one margin asset of an account; in multi-assets mode all of them."""
        joined = self.modes.joined(account)
        profit = cross_profit = position = orders = maintenance = taken = ZERO
        for need in self._needs(account, self._assets if joined else (asset,), now_ms):
            profit += need.unrealized
            cross_profit += need.cross_unrealized
            position += need.position
            orders += need.orders
            maintenance += need.maintenance
            taken += need.cross_position + need.orders
        wallet = self._joint_wallet(account, now_ms) if joined else self._wallet(account, asset)
        put_aside = self.positions.isolated_margin(account, asset)
        return FuturesTotals(
            wallet_balance=wallet,
            cross_wallet=wallet - put_aside,
            unrealized=profit,
            cross_unrealized=cross_profit,
            initial_margin=position + orders,
            position_margin=position,
            order_margin=orders,
            maintenance_margin=maintenance,
            available=max(ZERO, wallet - put_aside + cross_profit - taken),
        )

    def pools(self, account: str, now_ms: int, mark_of: MarkOf | None = None) -> list[Pool]:
        """Group an account's positions by what they stand on, at the mark or at marks that are given."""
        mark_of = mark_of or (lambda position: self._mark(position, now_ms))
        crossed: dict[str, Pool] = {}  # quote asset, or "" for all of them -> pool
        alone: list[Pool] = []
        joined = self.modes.joined(account)
        for position in self.positions.of(account):
            asset = self._asset_of[position.symbol]
            if position.isolated:
                pool = Pool(account, [], position.margin)
                alone.append(pool)
            else:
                key = "" if joined else asset
                if key not in crossed:
                    crossed[key] = self._empty_pool(account, asset, now_ms)
                pool = crossed[key]
            mark = mark_of(position)
            pool.positions.append(position)
            pool.unrealized += self._gain(position, mark)
            pool.maintenance += self._maintenance(position, mark)
        return [*crossed.values(), *alone]

    def cross_pool(self, account: str, asset: str, now_ms: int) -> Pool:
        """What stands for all positions in an asset that have no margin of their own."""
        found = (pool for pool in self.pools(account, now_ms) if asset in pool.assets)
        return next(found, None) or self._empty_pool(account, asset, now_ms)

    def maintenance(self, position: PositionRecord, now_ms: int) -> Decimal:
        """Maintenance margin of a position."""
        return self._maintenance(position, self._mark(position, now_ms))

    # --- views --------------------------------------------------------------------------------------------------
    def views(self, account: str, now_ms: int) -> list[PositionView]:
        """Show an account's positions at the mark, in the order of symbols."""
        return [self._view(account, position, now_ms) for position in self.positions.of(account)]

    def resting_symbols(self, account: str) -> list[str]:
        """List symbols in which an account's open orders need margin."""
        return sorted(self._resting.get(account, {}))

    def flat_view(self, account: str, symbol: str, side: str, now_ms: int) -> PositionView:
        """Show a position of nothing."""
        return self._view(account, PositionRecord(account=account, symbol=symbol, position_side=side), now_ms)

    def ranked(self, symbol: str, *, long: bool, now_ms: int) -> list[PositionRecord]:
        """List the positions of one side that gain, in the order they are deleveraged in.

        Assumes: rank is profit as a fraction of cost, times the leverage set; Binance takes the effective one.
        """
        found = []
        for position in self.positions.in_symbol(symbol):
            profit = self._gain(position, self._mark(position, now_ms))
            if (position.quantity > 0) == long and profit > 0:
                rank = profit / abs(position.cost) * self.modes.leverage(position.account, symbol)
                found.append((-rank, position.account, position))
        return [position for *_, position in sorted(found, key=lambda item: item[:2])]

    def mark(self, position: PositionRecord, now_ms: int) -> Decimal:
        """Tell the mark of a position; its entry price where there is none, as if nothing had moved."""
        return self._mark(position, now_ms)

    # ------------------------------------------------------------------------------------------------------------
    def _wallet(self, account: str, asset: str) -> Decimal:
        return self._wallets.balance(holder_of(account, self._market), asset)

    def _joint_wallet(self, account: str, now_ms: int) -> Decimal:
        balances = self._wallets.of(holder_of(account, self._market))
        worth = (self._collateral.worth(a, free + held, now_ms) for a, (free, held) in balances.items())
        return to_ledger(sum(worth, ZERO))

    def _empty_pool(self, account: str, asset: str, now_ms: int) -> Pool:
        if self.modes.joined(account):
            return Pool(account, [], self._joint_wallet(account, now_ms), assets=list(self._assets))
        put_aside = self.positions.isolated_margin(account, asset)
        return Pool(account, [], self._wallet(account, asset) - put_aside, assets=[asset])

    def _needs(self, account: str, assets: Iterable[str], now_ms: int) -> list[Need]:
        symbols = self.positions.symbols_of(account)
        resting = self._resting.get(account)
        if resting:
            symbols |= resting.keys()
        return [
            self._need(account, symbol, now_ms)
            for symbol in sorted(symbols)
            if self._asset_of[symbol] in assets
        ]

    def _need(self, account: str, symbol: str, now_ms: int) -> Need:
        profit = cross_profit = position = cross_position = maintenance = ZERO
        for held in self.positions.legs(account, symbol):
            mark = self._mark(held, now_ms)
            gain, alone = self._gain(held, mark), self._initial(held, mark)
            profit, position = profit + gain, position + alone
            maintenance += to_ledger(self._maintenance(held, mark))
            if not held.isolated:
                cross_profit, cross_position = cross_profit + gain, cross_position + alone
        orders = self._order_margin(account, symbol, position, now_ms)
        return Need(profit, cross_profit, position, cross_position, orders, maintenance)

    def _order_margin(self, account: str, symbol: str, alone: Decimal, now_ms: int) -> Decimal:
        if symbol not in self._resting.get(account, {}):
            return ZERO
        mark = self._marks.at(symbol, now_ms) or ZERO
        both = self.exposure(account, symbol, mark)
        leverage = self.modes.leverage(account, symbol)
        return max(ZERO, to_ledger(margin.initial_margin(both, leverage)) - alone)

    def _initial(self, position: PositionRecord, mark: Decimal) -> Decimal:
        leverage = self.modes.leverage(position.account, position.symbol)
        return to_ledger(margin.initial_margin(self._value(position, mark), leverage))

    def _maintenance(self, position: PositionRecord, mark: Decimal) -> Decimal:
        brackets = self._rules[position.symbol].brackets
        return margin.maintenance_margin(brackets, self._value(position, mark)) if position.quantity else ZERO

    def _value(self, position: PositionRecord, mark: Decimal) -> Decimal:
        return self._rules[position.symbol].contract.value(position.quantity, mark)

    def _gain(self, position: PositionRecord, mark: Decimal) -> Decimal:
        holding = Holding(position.quantity, position.cost, position.carry)
        return unrealized(holding, mark, self._rules[position.symbol].contract)

    def _view(self, account: str, position: PositionRecord, now_ms: int) -> PositionView:
        symbol, mark = position.symbol, self._mark(position, now_ms)
        initial = sum((self._initial(p, mark) for p in self.positions.legs(account, symbol)), ZERO)
        bids, asks = self.open_notional(account, symbol)
        return PositionView(
            position=copy(position),
            mark_price=mark,
            unrealized=self._gain(position, mark),
            notional=to_ledger(self._value(position, mark)),
            leverage=self.modes.leverage(account, symbol),
            initial_margin=self._initial(position, mark),
            maintenance_margin=to_ledger(self._maintenance(position, mark)),
            liquidation_price=to_ledger(self._liquidation_price(account, position, now_ms)),
            order_margin=self._order_margin(account, symbol, initial, now_ms),
            bids=bids,
            asks=asks,
            margin_asset=self._asset_of[symbol],
            adl=self._adl(position, now_ms),
        )

    def _liquidation_price(self, account: str, position: PositionRecord, now_ms: int) -> Decimal:
        if not position.quantity:
            return ZERO
        pools = self.pools(account, now_ms)
        pool = next(pool for pool in pools if any(p is position for p in pool.positions))
        same = [p for p in pool.positions if p.symbol == position.symbol]
        balance = pool.wallet
        for other in pool.positions:
            if other.symbol != position.symbol:
                mark = self._mark(other, now_ms)
                balance += self._gain(other, mark) - self._maintenance(other, mark)
        rules = self._rules[position.symbol]
        legs = [Leg(p.quantity, p.cost) for p in same]
        return liquidation_price(legs, balance, rules.brackets, rules.contract)

    def _adl(self, position: PositionRecord, now_ms: int) -> int:
        ranked = self.ranked(position.symbol, long=position.quantity > 0, now_ms=now_ms)
        place = next((i for i, other in enumerate(ranked) if other is position), None)
        return 0 if place is None else ADL_TOP - ADL_TOP * place // len(ranked)

    def _mark(self, position: PositionRecord, now_ms: int) -> Decimal:
        mark = self._marks.at(position.symbol, now_ms)
        if mark is not None or not position.quantity:
            return mark or ZERO
        return self._rules[position.symbol].contract.price(position.quantity, position.cost)
