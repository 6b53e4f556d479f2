"""Reads what the guard judges: the account at every sweep, the terms of trade about each minute."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Protocol

from atapi.clock import Clock
from atapi.domain.account import BnbDiscount, Income, Position
from atapi.domain.instruments import Instrument, Market
from atapi.domain.margin import MarginAccount
from atapi.domain.market import FundingTerms
from atapi.domain.numbers import ZERO
from atapi.domain.orders import Order
from atapi.domain.spreads import Pair, Spread, SpreadState
from atapi.errors import VenueError
from atapi.exchanges.base import FuturesVenue, SpotVenue, WalletVenue
from atapi.execution.executor import Executor
from atapi.services.guard_facts import Account, Terms, standings
from atapi.services.guard_legs import even, forced

DAY = timedelta(days=1)  # how long collateral that left is remembered
DELISTED = "DELISTED"  # ours, of a symbol the venue does not list any more
NO_DISCOUNT = BnbDiscount(spot=False, futures=False)
READS = 3  # tries at an account that stands still between two looks at the journal


class MarginSource(Protocol):
    """The cross margin account."""

    def account(self) -> MarginAccount:
        """Read what is held, what is owed and the levels."""
        ...


class GuardReader:
    """Reads one account; remembers what need not be asked again."""

    def __init__(
        self,
        *,
        spot: SpotVenue,
        futures: FuturesVenue,
        margin: MarginSource | None,
        wallet: WalletVenue | None,
        executor: Executor,
        clock: Clock,
    ) -> None:
        self._spot = spot
        self._futures = futures
        self._margin = margin
        self._wallet = wallet
        self._executor = executor
        self._clock = clock
        self._before: dict[str, FundingTerms] = {}  # as first seen
        self._moved: tuple[Income, ...] = ()
        self._moved_at: tuple[Decimal, datetime] | None = None  # wallet balance and window they were read for

    def account(self) -> Account:
        """Read the account; twice where a transaction went on meanwhile."""
        spreads = self._standing()
        for _ in range(READS):
            account = self._account(spreads)
            now = self._standing()
            if now == spreads:
                break
            spreads = now
        return account

    def explained(self, account: Account, terms: Terms) -> Account:
        """Add the orders by which the exchange closed positions, where legs differ."""
        uneven = {
            s.spread.symbol: s.spread for s in standings(account) if not even(s, terms.pairs[s.spread.symbol])
        }
        if not uneven:
            return account
        return replace(account, forced={symbol: self._forced(spread) for symbol, spread in uneven.items()})

    def terms(self, spreads: Sequence[Spread]) -> Terms:
        """Read the terms of trade of some spreads.

        Raises:
            VenueError: Neither symbol of a spread is listed any more.
        """
        perps = self._futures.listing(sorted({spread.symbol for spread in spreads}))
        coins = self._spot.listing(sorted({spread.spot_symbol for spread in spreads}))
        pairs = {s.symbol: _pair(s, perps.get(s.symbol), coins.get(s.spot_symbol)) for s in spreads}
        traded = [symbol for symbol in pairs if symbol in perps]
        funding = self._futures.funding_terms(traded)
        self._before = funding | self._before
        discount = self._wallet.bnb_discount() if self._wallet else NO_DISCOUNT
        return Terms(
            pairs=pairs,
            prices=self._prices(pairs, traded),
            funding=funding,
            settled={symbol: self._futures.funding_history(symbol, limit=2) for symbol in traded},
            before=self._before,
            bnb=discount,
            spot_fees={s: self._spot.fee_rates(p.spot.symbol) for s, p in pairs.items() if p.spot.trading},
            perp_fees={s: self._futures.fee_rates(s) for s in traded},
            bnb_price=self._bnb_price() if discount.spot or discount.futures else None,
        )

    # --- inside -------------------------------------------------------------------------------------------------
    def _standing(self) -> tuple[Spread, ...]:
        return tuple(s for s in self._executor.spreads() if s.state is not SpreadState.FLAT)

    def _account(self, spreads: tuple[Spread, ...]) -> Account:
        now = self._clock.now()
        positions = self._futures.positions()
        held: dict[str, Decimal] = {}  # symbol -> all position sides together
        for position in positions:
            held[position.symbol] = held.get(position.symbol, ZERO) + position.quantity
        futures, balances = self._futures.account(), self._spot.balances()
        borrows = any(spread.reverse for spread in spreads)
        return Account(
            at=now,
            spreads=spreads,
            unfinished=frozenset(self._executor.unfinished()) if self._executor.begun else frozenset(),
            trader=self._executor.holder(),
            futures=futures,
            positions=held,
            risks={position.symbol: position for position in positions if _decides(position, held)},
            coins={balance.asset: balance.total for balance in balances},
            free={balance.asset: balance.free for balance in balances},
            collateral={balance.asset: balance.total for balance in self._futures.balances()},
            margin=self._margin.account() if borrows and self._margin is not None else None,
            moved=self._transfers(spreads, futures.wallet_balance, now),
        )

    def _transfers(self, spreads: Sequence[Spread], balance: Decimal, now: datetime) -> tuple[Income, ...]:
        opened = min((s.opened_at for s in spreads if s.opened_at is not None), default=None)
        if opened is None:
            return ()
        since = max(opened, now - DAY)
        if self._moved_at is None or self._moved_at[0] != balance or self._moved_at[1] > since:
            self._moved = tuple(self._futures.income(kind="TRANSFER", start=since))
            self._moved_at = (balance, since)
        return tuple(line for line in self._moved if line.at >= since)

    def _forced(self, spread: Spread) -> tuple[Order, ...]:
        orders = self._futures.orders(spread.symbol, start=spread.opened_at)
        found = [order for order in orders if forced(order) is not None and order.filled]
        return tuple(sorted(found, key=lambda order: order.updated_at))

    def _prices(self, pairs: Mapping[str, Pair], traded: Sequence[str]) -> dict[str, Decimal]:
        marks = {mark.symbol: mark.mark_price for mark in self._futures.marks(traded)}
        ended = {symbol: pair for symbol, pair in pairs.items() if symbol not in marks}
        last = self._spot.prices([pair.spot.symbol for pair in ended.values()])
        return marks | {symbol: last[pair.spot.symbol] * pair.multiplier for symbol, pair in ended.items()}

    def _bnb_price(self) -> Decimal | None:
        if "BNBUSDT" not in self._spot.instruments():
            return None
        return self._spot.prices(["BNBUSDT"])["BNBUSDT"]


def _pair(spread: Spread, perp: Instrument | None, spot: Instrument | None) -> Pair:
    """Put a pair together; a symbol that is gone is counted by the other one's rules."""
    if perp is None and spot is None:
        raise VenueError(f"neither {spread.symbol} nor {spread.spot_symbol} is listed any more")
    if perp is None:
        assert spot is not None
        perp = replace(spot, market=Market.UM, symbol=spread.symbol, status=DELISTED)
    if spot is None:
        spot = replace(perp, market=Market.SPOT, symbol=spread.spot_symbol, status=DELISTED)
    return Pair(spot=spot, perp=perp)


def _decides(position: Position, held: dict[str, Decimal]) -> bool:
    """Whether it is the position whose liquidation matters: in hedge mode the side that outweighs the other."""
    return position.quantity * held[position.symbol] > 0
