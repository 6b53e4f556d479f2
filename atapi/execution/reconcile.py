"""Compares what the venue shows with what the journal says, adopts what is proven, and names the rest.

Nothing is sent here and no fill is ever made up. An order of ours that came to its end is looked at again; a position
that the exchange itself closed, in part or whole, becomes the trades of the spread it belonged to. Whatever else
differs forbids new risk until it is explained.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from atapi.clock import Clock
from atapi.domain.account import Balance, Position
from atapi.domain.instruments import Market
from atapi.domain.numbers import ZERO, plain
from atapi.domain.orders import Fill, Order, Side
from atapi.domain.spreads import LegName, Spread, SpreadState
from atapi.execution.effects import Attempt
from atapi.execution.executor import Executor
from atapi.execution.ids import instance_of
from atapi.execution.journal import Journal

LOOK_BACK = timedelta(days=1)  # of a journal without attempts; orders of an older one may be days old
OVERLAP = timedelta(minutes=1)  # what the venue shows late is asked for again

ACTIONS = {  # beginnings of client order ids by which the exchange itself acts
    "adl_autoclose": "auto-deleveraged",
    "autoclose-": "liquidated",
    "settlement_autoclose-": "settled",
}


class Kind(StrEnum):
    """What was found."""

    LOST = "lost"  # an order of this journal's that it does not hold: it is an old copy, or rows are gone
    TWICE = "twice"  # an order that was executed beside the one the journal knows of that id
    ELSEWHERE = "elsewhere"  # an order of another journal: this account is traded from another place
    LEGS = "legs"  # one leg of a spread is longer than the other
    POSITION = "position"  # not what the spreads account for
    COINS = "coins"  # fewer than the spreads account for


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that differs between the account and the journal."""

    kind: Kind
    symbol: str
    about: str  # the order or the asset, by which it may be accepted
    message: str
    hint: str
    everywhere: bool = False  # forbids new risk in every symbol


class OrderBook(Protocol):
    """Own orders and trades of one market."""

    def orders(self, symbol: str, *, start: datetime | None = None) -> list[Order]:
        """List orders of one symbol, open and done, from a time on."""
        ...

    def open_orders(self, symbol: str | None = None) -> list[Order]:
        """List open orders."""
        ...

    def fills(self, symbol: str, *, start: datetime | None = None, order_id: str | None = None) -> list[Fill]:
        """List own fills, of one order or from a time on."""
        ...


class CoinWallet(Protocol):
    """A wallet of coins."""

    def balances(self) -> list[Balance]:
        """List it."""
        ...


class Positions(Protocol):
    """Open positions."""

    def positions(self, symbols: Sequence[str] | None = None) -> list[Position]:
        """List them."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What is looked at: a perpetual and the spot symbol of its spread."""

    symbol: str
    spot_symbol: str
    base_asset: str
    contract: str  # the perpetual's unit: BTC, 1000PEPE
    common_lot: Decimal  # spot units; legs that differ by less are even


class Reconciler:
    """Compares one account with one journal.

    Args:
        executor: Holds the journal, and the right to write it.
        orders: Own orders by market.
        spot: The spot wallet.
        positions: The futures positions.
        clock: The venue's time.
        tell: Says a line to the operator.
    """

    def __init__(
        self,
        executor: Executor,
        *,
        orders: Mapping[Market, OrderBook],
        spot: CoinWallet,
        positions: Positions,
        clock: Clock,
        tell: Callable[[str], None],
    ) -> None:
        self._executor = executor
        self._orders = orders
        self._spot = spot
        self._positions = positions
        self._clock = clock
        self._tell = tell
        self._seen: dict[tuple[Market, str], datetime] = {}  # up to when own orders were compared

    def compare(self, scopes: Sequence[Scope], *, everywhere: bool = False) -> list[Finding]:
        """Look at some symbols; adopt what is proven and list what differs.

        Args:
            everywhere: Look at open orders in all symbols too, which weighs forty times as much.
        """
        seen = self._own_orders(scopes, everywhere)
        for order in seen:
            self._adopt_action(order)
            self._adopt_twin(order)
        found = [f for order in seen for f in self._strange(order, scopes)]
        standing = self._standing()
        found += [*self._wrong_positions(scopes, standing), *self._missing_coins(scopes, standing)]
        found += self._uneven(scopes, standing)
        accepted = {note["about"] for note in self._journal.notes("accepted")}
        return [f for f in found if f.about not in accepted]

    def accept(self, finding: Finding) -> None:
        """Take a finding as explained by whoever trades here; it is not brought up again."""
        note = {"kind": finding.kind, "symbol": finding.symbol, "about": finding.about}
        self._executor.note("accepted", note)

    def adopt_trades(self, symbol: str) -> tuple[Fill, ...]:
        """Take trades that somebody made by hand as those of the spread that stands in a symbol.

        Only where they explain to the last digit why its position is not what it accounts for; else nothing is
        adopted, and nothing returned.
        """
        spread = next((s for s in self._standing() if s.symbol == symbol), None)
        if spread is None or spread.opened_at is None:
            return ()
        held = sum((p.quantity for p in self._positions.positions([symbol])), ZERO)
        known = {(f.market, f.trade_id) for _, f in [*spread.fills, *self._journal.order_fills()]}
        fills = self._orders[Market.UM].fills(symbol, start=spread.opened_at)
        foreign = tuple(f for f in fills if (f.market, f.trade_id) not in known)
        explained = sum((f.side.sign * f.quantity for f in foreign), ZERO) == held - spread.perp_quantity
        if not foreign or not explained:
            return ()
        self._adopt(spread, foreign, "made by hand")
        return foreign

    def adopt_coins(self, symbol: str) -> tuple[Fill, ...]:
        """Take trades by which somebody sold a spread's coins by hand as the spread's, under the same condition."""
        spread = next((s for s in self._standing() if s.symbol == symbol and not s.reverse), None)
        if spread is None or spread.opened_at is None:
            return ()
        ours = sum((s.spot_quantity for s in self._standing() if s.base_asset == spread.base_asset), ZERO)
        held = sum((b.total for b in self._spot.balances() if b.asset == spread.base_asset), ZERO)
        known = {(f.market, f.trade_id) for _, f in [*spread.fills, *self._journal.order_fills()]}
        fills = self._orders[Market.SPOT].fills(spread.spot_symbol, start=spread.opened_at)
        foreign = tuple(f for f in fills if (f.market, f.trade_id) not in known)
        fees = sum((f.fee for f in foreign if f.fee_asset == spread.base_asset), ZERO)
        if held >= ours or sum((f.side.sign * f.quantity for f in foreign), ZERO) - fees != held - ours:
            return ()
        self._adopt(spread, foreign, "made by hand", leg=LegName.SPOT_EXIT)
        return foreign

    # --- inside -------------------------------------------------------------------------------------------------
    @property
    def _journal(self) -> Journal:
        return self._executor.journal

    def _standing(self) -> list[Spread]:
        return [s for s in self._journal.spreads() if s.state is not SpreadState.FLAT]

    def _own_orders(self, scopes: Sequence[Scope], everywhere: bool) -> list[Order]:
        now = self._clock.now()
        last = self._journal.last_written()
        since = now - LOOK_BACK if last is None else min(last, now)
        seen: dict[tuple[Market, str], Order] = {}  # (market, order id) -> order
        borrowed = any(spread.reverse for spread in self._journal.spreads())
        for market, book in self._orders.items():
            if market is Market.MARGIN and not borrowed:
                continue  # whoever never borrowed may have no margin account to ask about
            for symbol in {s.symbol if market is Market.UM else s.spot_symbol for s in scopes}:
                start = self._seen.get((market, symbol), since)
                seen |= {(market, o.order_id): o for o in book.orders(symbol, start=start - OVERLAP)}
                self._seen[market, symbol] = now
            if everywhere:
                seen |= {(market, o.order_id): o for o in book.open_orders()}
        return list(seen.values())

    def _adopt_action(self, order: Order) -> None:
        """Take what the exchange itself traded on a position as trades of the spread that held it."""
        how = next((word for start, word in ACTIONS.items() if order.client_order_id.startswith(start)), None)
        spread = next((s for s in self._standing() if s.symbol == order.symbol), None)
        if how is None or spread is None or order.market is not Market.UM or not order.filled:
            return
        known = {f.trade_id for _, f in spread.fills if f.market is Market.UM}
        fills = self._orders[Market.UM].fills(order.symbol, order_id=order.order_id)
        fresh = tuple(f for f in fills if f.trade_id not in known)
        if fresh and self._executor.holder() is None:
            self._adopt(spread, fresh, how)

    def _adopt_twin(self, order: Order) -> None:
        """Take the trades of an order that was delivered twice as those of the spread it was for, which stands."""
        attempt = self._journal.attempt(order.client_order_id)
        if attempt is None or not _twin(attempt, order):
            return
        intent = self._journal.intent(attempt.intent_id)
        spread = next((s for s in self._standing() if s.spread_id == intent.spread_id), None)
        if spread is None or self._executor.holder() is not None:
            return
        known = {f.trade_id for _, f in spread.fills if f.market is order.market}
        fills = self._orders[order.market].fills(order.symbol, order_id=order.order_id)
        fresh = tuple(f for f in fills if f.trade_id not in known)
        if fresh:
            how = f"traded twice: orders {attempt.order_id} and {order.order_id} are both {order.client_order_id}"
            self._adopt(spread, fresh, how, leg=attempt.leg)

    def _adopt(
        self, spread: Spread, fills: tuple[Fill, ...], how: str, *, leg: LegName = LegName.PERP_EXIT
    ) -> None:
        self._executor.adopt(spread.spread_id, fills, how, at=self._clock.now(), leg=leg)
        quantity = sum((f.side.sign * f.quantity for f in fills), ZERO)
        self._tell(
            f"spread #{spread.spread_id} {spread.symbol}: {_signed(quantity)} of"
            f" {'the coins' if leg.spot else 'the perpetual'} was {how};"
            f" hedge {spread.symbol}"
        )

    def _strange(self, order: Order, scopes: Sequence[Scope]) -> Iterable[Finding]:
        instance = instance_of(order.client_order_id)
        if instance is None:
            return  # somebody's else, and none of our business
        if instance != self._journal.instance:
            yield Finding(
                kind=Kind.ELSEWHERE,
                symbol=order.symbol,
                about=instance,
                message=f"another atapi ({instance}) trades on this account: order {order.client_order_id}",
                hint="one at a time; reconcile --accept once it is ended",
                everywhere=True,
            )
            return
        attempt = self._journal.attempt(order.client_order_id)
        if attempt is not None:
            yield from self._twice(attempt, order, scopes)
        else:
            yield Finding(
                kind=Kind.LOST,
                symbol=order.symbol,
                about=order.client_order_id,
                message=f"order {order.client_order_id} is ours ({order.side} {plain(order.quantity)} {order.symbol},"
                f" {order.status}), but not in the journal: it is an old copy or was cut",
                hint="restore the journal, or journal rebuild; reconcile lists them, reconcile --accept lets them be",
                everywhere=True,
            )

    def _twice(self, attempt: Attempt, order: Order, scopes: Sequence[Scope]) -> Iterable[Finding]:
        """Find what was executed beside the order that is known, and that no spread has taken in."""
        if not _twin(attempt, order):
            return
        fills = self._orders[order.market].fills(order.symbol, order_id=order.order_id)
        taken = {(f.market, f.trade_id) for s in self._journal.spreads() for _, f in s.fills}
        if all((f.market, f.trade_id) in taken for f in fills):
            return
        um = order.market is Market.UM
        units = {s.symbol if um else s.spot_symbol: s.contract if um else s.base_asset for s in scopes}
        unit = units.get(order.symbol, order.symbol)
        undo = f"{order.side.opposite.lower()} {order.symbol} {plain(order.filled)}{unit.lower()}"
        yield Finding(
            kind=Kind.TWICE,
            symbol=order.symbol,
            about=order.order_id,
            message=f"order {order.client_order_id} was executed twice, as {attempt.order_id} and {order.order_id}:"
            f" {'-' if order.side is Side.SELL else '+'}{plain(order.filled)} {unit} on {order.market} that no spread accounts for",
            hint=f"{undo}{' --venue futures --reduce-only' if um else ''}",
        )

    def _wrong_positions(self, scopes: Sequence[Scope], standing: Sequence[Spread]) -> Iterable[Finding]:
        units = {s.symbol: s.contract for s in scopes}
        held = dict.fromkeys(sorted(units), ZERO)
        if held:
            for position in self._positions.positions(list(held)):
                held[position.symbol] += position.quantity
        for symbol, quantity in held.items():
            ours = sum((s.perp_quantity for s in standing if s.symbol == symbol), ZERO)
            if quantity != ours:
                yield Finding(
                    kind=Kind.POSITION,
                    symbol=symbol,
                    about=f"{symbol} {plain(quantity)} {plain(ours)}",
                    message=f"{symbol} has a position of {_signed(quantity)} {units[symbol]}, the spreads account for"
                    f" {_signed(ours)}",
                    hint=f"positions {symbol}: close what is not the spreads' first; or reconcile --adopt {symbol}",
                )

    def _missing_coins(self, scopes: Sequence[Scope], standing: Sequence[Spread]) -> Iterable[Finding]:
        needed = {s.base_asset: ZERO for s in scopes}
        for spread in standing:
            if spread.base_asset in needed and not spread.reverse:
                needed[spread.base_asset] += spread.spot_quantity
        if not any(needed.values()):
            return
        held = {b.asset: b.total for b in self._spot.balances()}
        for scope in scopes:
            want, have = needed[scope.base_asset], held.get(scope.base_asset, ZERO)
            if have < want:
                yield Finding(
                    kind=Kind.COINS,
                    symbol=scope.symbol,
                    about=f"{scope.base_asset} {plain(have)} {plain(want)}",
                    message=f"spot holds {plain(have)} {scope.base_asset}, the spreads account for {plain(want)}",
                    hint=f"balance; hedge {scope.symbol}",
                )

    def _uneven(self, scopes: Sequence[Scope], standing: Sequence[Spread]) -> Iterable[Finding]:
        lots = {s.symbol: s.common_lot for s in scopes}
        for spread in standing:
            if abs(spread.drift) >= lots.get(spread.symbol, abs(spread.drift) + 1):
                perpetual = spread.perp_quantity * spread.multiplier
                yield Finding(
                    kind=Kind.LEGS,
                    symbol=spread.symbol,
                    about=f"#{spread.spread_id} {plain(spread.spot_quantity)} {plain(perpetual)}",
                    message=f"the legs of #{spread.spread_id} differ by {plain(abs(spread.delta))}"
                    f" {spread.base_asset} (spot {_signed(spread.spot_quantity)}, perp {_signed(perpetual)})",
                    hint=f"hedge {spread.symbol}",
                )


def _twin(attempt: Attempt, order: Order) -> bool:
    """Whether an order was executed beside the one that the journal knows by its client order id."""
    return attempt.state.settled and bool(order.filled) and attempt.order_id != order.order_id


def _signed(quantity: Decimal) -> str:
    return f"-{plain(-quantity)}" if quantity < 0 else plain(quantity)
