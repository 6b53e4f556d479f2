"""A venue with Binance's documented ordering rules, a virtual clock, and every fault chosen by a tape.

It answers the engine's effects directly, so that a whole schedule of faults and crashes runs in well under a
millisecond. It shares nothing with the engine but the effect types: its rules are the venue's.

A process may die wherever its death leaves another trace: once what it wrote is durable and before it reaches outside
again, and after it sent, canceled or waited. It comes back after a second, or after minutes, when its countdown has
fired.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from atapi.domain.instruments import Instrument, Market
from atapi.domain.market import Depth, Level
from atapi.domain.orders import Fill, Order, OrderRequest, OrderStatus, Side, TimeInForce
from atapi.domain.spreads import Pair
from atapi.execution.effects import Answered, NeverSent, NotFound, Rejected, Unclear

D = Decimal
START = datetime(2026, 1, 1, tzinfo=UTC)
RECV_WINDOW = 3.0
# Seconds a query may not see an order yet. No fence is proof against the last one: of what took at once, its trades
# tell; of what rests and has not filled, nothing would.
LAGS = (0.0, 2.0, 19.0, 60.0)
PRICE, HALF = D(100), D("0.1")  # the middle, and from there to either touch
JUMP = D(1)  # how far the market may move at once
FEE = D("0.001")  # of what is bought, kept in it
LOST = range(2, 9)  # what may become of an order without an answer that tells
CHANCES = (0.02, 0.1, 0.25, 0.5)  # of a fault at every choice, seed by seed


def instrument(market: Market, lot: str, min_notional: str) -> Instrument:
    return Instrument(
        market=market, symbol="BTCUSDT", base_asset="BTC", quote_asset="USDT", status="TRADING",
        perpetual=market is Market.UM, tick_size=D("0.1"), lot_size=D(lot), min_quantity=D(lot),
        max_quantity=D(1000), min_notional=D(min_notional),
    )  # fmt: skip


PAIR = Pair(spot=instrument(Market.SPOT, "0.001", "5"), perp=instrument(Market.UM, "0.01", "5"))


class Crash(Exception):
    """The process died here."""


class Chooser:
    """Picks every fault: by seed, or from a tape and then none at all."""

    def __init__(
        self, *, tape: list[int] | None = None, seed: int | None = None, unclear: int | None = None
    ) -> None:
        self._tape = tape
        self._unclear = unclear  # how many answers may be ambiguous; None for any number
        if tape is None:
            self._random = random.Random(seed)
            self._chance = self._random.choice(CHANCES)
        self.log: list[tuple[int, int]] = []  # options, chosen

    @property
    def faults(self) -> int:
        """How many choices were not the undisturbed one."""
        return sum(1 for _, chosen in self.log if chosen)

    def pick(self, options: int, unclear: Collection[int] = ()) -> int:
        """Choose one of some options, 0 being the undisturbed one; `unclear` ones leave us without an answer."""
        if self._tape is None:
            chosen = self._random.randrange(options) if self._random.random() < self._chance else 0
        else:
            chosen = self._tape[len(self.log)] if len(self.log) < len(self._tape) else 0
        chosen = min(chosen, options - 1)
        if self._unclear is not None and chosen in unclear:
            chosen = chosen if self._unclear else 0
            self._unclear -= bool(chosen)
        self.log.append((options, chosen))
        return chosen


@dataclass(slots=True)
class Known:
    """An order the venue accepted, with what it shows of it."""

    order: Order
    visible: float  # queries find it from then on
    before: Order | None = None  # as it was before its newest change: what a late copy still shows
    fills: list[Fill] = field(default_factory=list)


class Exchange:
    """Markets; an order id may be used again once its order has filled, as on Binance spot."""

    def __init__(self, chooser: Chooser) -> None:
        self.chooser = chooser
        self.time = 0.0
        self.price = PRICE
        self.accepted: dict[tuple[Market, str], int] = {}  # (market, client order id) -> times accepted
        self.position = {Market.SPOT: D(0), Market.MARGIN: D(0), Market.UM: D(0)}
        self.extremes = [D(0), D(0)]  # of the perpetual, ever
        self.naked: list[float] = []  # seconds that one leg stood without the other, each time it did
        self.peak = D(0)  # most that ever stood so, in quote asset
        self.countdowns: list[int] = []
        self._naked_since: float | None = None
        self._deadline: float | None = None  # of the countdown
        self._known: dict[tuple[Market, str], Known] = {}
        self._later: list[tuple[float, int, Callable[[], Any]]] = []
        self._count = 0

    def take_over(self, other: Exchange) -> None:
        """Go on from where another one stands."""
        self.time, self.price, self._count = other.time, other.price, other._count
        self.position = dict(other.position)
        self._known = dict(other._known)

    # --- time ---------------------------------------------------------------------------------------------------
    def advance(self, to: float) -> None:
        while True:
            due = self._later[0][0] if self._later else to + 1
            if self._deadline is not None and self._deadline <= min(due, to):
                self.time, self._deadline = max(self.time, self._deadline), None
                self._cancel_all()
            elif due <= to:
                self.time, _, action = heapq.heappop(self._later)
                action()
            else:
                break
        self.time = max(self.time, to)

    def now(self) -> datetime:
        return START + timedelta(seconds=self.time)

    # --- what may be asked of it --------------------------------------------------------------------------------
    def send(self, request: OrderRequest) -> Any:
        sent = self.time
        fault = self.chooser.pick(10 if request.reducing else 11, LOST)
        resting = request.time_in_force is TimeInForce.GTX
        lag = LAGS[self.chooser.pick(3 if resting else 4, (3,))] if fault in (2, 3, 4, 5, 8) else 0.0
        fate = self.chooser.pick(7 if resting else 3) if fault not in (1, 6, 9, 10) else 0

        def arrive(at: float) -> Any:
            self.advance(at)
            return self._accept(request, sent, lag, fate)

        match fault:
            case 0:  # a clean answer
                return arrive(sent + 0.05)
            case 1:  # refused
                self.advance(sent + 0.05)
                return Rejected(-2019, "Margin is insufficient.")
            case 2:  # accepted, the answer is lost
                arrive(sent + 0.05)
                self.advance(sent + 3)
            case 3:  # accepted, -1007
                arrive(sent + 0.05)
                self.advance(sent + 10)
            case 4:  # our time runs out, it arrives later
                self._at(sent + 2.5, lambda: self._accept(request, sent, lag, fate))
                self.advance(sent + 2)
            case 5:  # accepted, a cut body
                arrive(sent + 0.05)
                self.advance(sent + 1)
            case 6:  # not accepted, -1007
                self.advance(sent + 10)
            case 7:  # arrives after the window: refused at the gate
                self._at(sent + 7, lambda: self._accept(request, sent, 0, fate))
                self.advance(sent + 3)
            case 8:  # accepted, 503
                arrive(sent + 0.05)
                self.advance(sent + 0.1)
            case 9:  # no connection
                return NeverSent("connection refused")
            case _:
                return Rejected(None, "over the day's limit", ours=True)
        return Unclear("no usable answer")

    def ask(self, market: Market, client_order_id: str) -> Any:
        fault = self.chooser.pick(4, (1, 2))
        self.advance(self.time + (3 if fault == 1 else 0.05))
        if fault in (1, 2):
            return Unclear("timeout" if fault == 1 else "429")
        known = self._known.get((market, client_order_id))
        if known is None or known.visible > self.time:
            return NotFound()
        return Answered(known.before if fault == 3 and known.before is not None else known.order)

    def cancel(self, market: Market, client_order_id: str) -> Any:
        fault = self.chooser.pick(7, (1, 4, 5))
        known = self._known.get((market, client_order_id))
        if fault == 1:  # lost on its way
            self.advance(self.time + 3)
            return Unclear("timeout")
        if fault == 5 and known is not None:  # arrives when we have given up on it
            self._at(self.time + 5, lambda: self._end(known, OrderStatus.CANCELED))
            self.advance(self.time + 3)
            return Unclear("timeout")
        if fault == 6:
            return Rejected(-1021, "Timestamp for this request is outside of the recvWindow.")
        if fault == 2 and known is not None:  # a fill comes first
            self._execute(known, known.order.quantity - known.order.filled)
        if fault == 3 and known is not None:  # a part comes first
            self._execute(known, _half(known.order))
        self.advance(self.time + 0.05)
        if known is None or known.order.status.final:
            return NotFound()  # -2011
        self._change(known, status=OrderStatus.CANCELED)
        if fault == 4:
            self.advance(self.time + 3)
            return Unclear("the answer is lost")
        return Answered(known.order)

    def countdown(self, seconds: int) -> Any:
        fault = self.chooser.pick(3, (1, 2))
        self.advance(self.time + 0.05)
        self.countdowns.append(seconds)
        if fault != 1:  # 1: lost on its way
            self._deadline = self.time + seconds if seconds else None
        return Unclear("timeout") if fault else None

    def fills(self, market: Market, order_id: str) -> Any:
        fault = self.chooser.pick(3, (1, 2))
        self.advance(self.time + 0.05)
        if fault == 1:
            return Unclear("timeout")
        [fills] = [
            k.fills for (m, _), k in self._known.items() if m is market and k.order.order_id == order_id
        ]
        return tuple(fills[: len(fills) - (fault == 2)])  # 2: the newest is not there yet

    def traces(self, market: Market, side: Side, journaled: set[str]) -> Any:
        fault = self.chooser.pick(2, (1,))
        self.advance(self.time + 0.05)
        if fault:
            return Unclear("timeout")
        fills = [f for (m, _), k in self._known.items() if m is market for f in k.fills]
        return tuple(f for f in fills if f.side is side and f.order_id not in journaled)

    def depth(self, levels: int) -> Any:
        fault = self.chooser.pick(5, (1,))
        self.advance(self.time + 0.05)
        if fault == 1:
            return Unclear("timeout")
        self.price += (D(0), D(0), JUMP, -JUMP, D(0))[fault]
        quantity = D(1) if fault == 4 else D(100)
        bid, ask = Level(self.price - HALF, quantity), Level(self.price + HALF, quantity)
        return Depth(symbol="BTCUSDT", bids=(bid,), asks=(ask,))

    def live(self) -> list[str]:
        """Orders that still rest."""
        return [cid for (_, cid), known in self._known.items() if not known.order.status.final]

    def filled(self, market: Market, client_order_id: str) -> Decimal:
        known = self._known.get((market, client_order_id))
        return known.order.filled if known else D(0)

    @property
    def coins(self) -> Decimal:
        return self.position[Market.SPOT] + self.position[Market.MARGIN]

    @property
    def net(self) -> Decimal:
        return self.coins + self.position[Market.UM]

    # --- its engine ---------------------------------------------------------------------------------------------
    def _at(self, time: float, action: Callable[[], Any]) -> None:
        self._count += 1
        heapq.heappush(self._later, (time, self._count, action))

    def _accept(self, request: OrderRequest, sent: float, lag: float, fate: int) -> Any:
        if self.time - sent > RECV_WINDOW:
            return None
        quantity = self._allowed(request, request.quantity)
        if quantity <= 0:
            return Rejected(-2022, "ReduceOnly Order is rejected.")
        if not request.reduce_only and quantity * (request.price or self.price) < PAIR.spot.min_notional:
            return Rejected(-1013, "Filter failure: NOTIONAL")
        resting = request.time_in_force is TimeInForce.GTX
        if resting and fate == 5:
            return Rejected(-5022, "Due to the order could not be executed as maker, it will be rejected.")
        key = (request.market, request.client_order_id)
        self.accepted[key] = self.accepted.get(key, 0) + 1
        self._count += 1
        order = Order(
            market=request.market, symbol=request.symbol, order_id=str(self._count),
            client_order_id=request.client_order_id, side=request.side, type=request.type, status=OrderStatus.NEW,
            quantity=request.quantity, filled=D(0), quote_filled=D(0), price=request.price or D(0),
            reduce_only=request.reduce_only, created_at=self.now(), updated_at=self.now(),
        )  # fmt: skip
        known = self._known[key] = Known(order, self.time + lag)
        self._rest(known, fate) if resting else self._take(known, request, fate)
        return Answered(known.order)

    def _allowed(self, request: OrderRequest | Order, quantity: Decimal) -> Decimal:
        if not request.reduce_only:
            return quantity
        return min(quantity, max(D(0), -request.side.sign * self.position[Market.UM]))

    def _take(self, known: Known, request: OrderRequest, fate: int) -> None:
        """Fill at once: whole, half or not at all, and nothing beyond the limit."""
        lot = PAIR.perp.lot_size if request.market is Market.UM else PAIR.spot.lot_size
        touch = self.price + request.side.sign * HALF
        quantity = self._allowed(request, request.quantity)
        if request.price is None or (request.price - touch) * request.side.sign >= 0:
            self._execute(known, (quantity, (quantity / 2) // lot * lot, D(0))[fate])
        if not known.order.status.final:
            self._change(known, status=OrderStatus.EXPIRED)
            known.before = None  # it was never seen otherwise

    def _rest(self, known: Known, fate: int) -> None:
        """Fill over time: whole; half; never; in two parts; half, then canceled by the venue; (5: refused); not at all."""
        half = _half(known.order)
        if fate in (0, 3):
            self._at(
                self.time + 0.6, lambda: self._execute(known, known.order.quantity if fate == 0 else half)
            )
        if fate == 3:
            self._at(self.time + 1.4, lambda: self._execute(known, known.order.quantity))
        if fate in (1, 4):
            self._at(self.time + 0.6, lambda: self._execute(known, half))
        if fate == 4:
            self._at(self.time + 0.7, lambda: self._end(known, OrderStatus.CANCELED))
        if fate == 6:
            self._end(known, OrderStatus.EXPIRED)

    def _execute(self, known: Known, quantity: Decimal) -> None:
        order = known.order
        quantity = self._allowed(order, min(quantity, order.quantity - order.filled))
        if order.status.final or quantity <= 0:
            return
        filled = order.filled + quantity
        buys_coins = order.market is not Market.UM and order.side is Side.BUY
        fee = quantity * FEE if buys_coins else D(0)
        self._count += 1
        known.fills.append(Fill(
            market=order.market, symbol=order.symbol, trade_id=str(self._count), order_id=order.order_id,
            side=order.side, price=self.price, quantity=quantity, fee=fee, fee_asset="BTC" if buys_coins else "USDT",
            realized=None, maker=False, at=self.now(),
        ))  # fmt: skip
        whole = filled == order.quantity
        self._change(
            known, filled=filled, status=OrderStatus.FILLED if whole else OrderStatus.PARTIALLY_FILLED
        )
        self.position[order.market] += order.side.sign * quantity - fee
        self._watch()

    def _watch(self) -> None:
        perp = self.position[Market.UM]
        self.extremes = [min(perp, self.extremes[0]), max(perp, self.extremes[1])]
        self.peak = max(self.peak, abs(self.net) * PRICE)
        if abs(self.net) <= DUST and self._naked_since is not None:
            self.naked.append(self.time - self._naked_since)
            self._naked_since = None
        elif abs(self.net) > DUST and self._naked_since is None:
            self._naked_since = self.time

    def _end(self, known: Known, status: OrderStatus) -> None:
        if not known.order.status.final:
            self._change(known, status=status)

    def _cancel_all(self) -> None:
        for known in self._known.values():
            self._end(known, OrderStatus.CANCELED)

    def _change(self, known: Known, **changes: Any) -> None:
        known.before, known.order = known.order, replace(known.order, **changes, updated_at=self.now())


DUST = max(PAIR.perp.lot_size, PAIR.spot.min_notional / (PRICE - 3 * JUMP))  # what no market takes back


def _half(order: Order) -> Decimal:
    return order.quantity / 2 // PAIR.perp.lot_size * PAIR.perp.lot_size


def schedules(
    faults: int, check: Callable[[Chooser], list[str]], *, root: list[int] | None = None
) -> Iterator[tuple[list[int], list[str]]]:
    """Run every schedule with at most that many faults after the root's, each exactly once."""
    stack: list[tuple[list[int], int]] = [(root or [], 0)]
    while stack:
        tape, used = stack.pop()
        chooser = Chooser(tape=tape)
        yield tape, check(chooser)
        if used < faults:
            stack += [(child, used + 1) for child in _children(tape, chooser)]


def tapes_under(tape: list[int], check: Callable[[Chooser], list[str]]) -> list[list[int]]:
    """List the tapes with exactly one fault more."""
    chooser = Chooser(tape=tape)
    check(chooser)
    return _children(tape, chooser)


def _children(tape: list[int], chooser: Chooser) -> list[list[int]]:
    taken = [chosen for _, chosen in chooser.log]
    return [[*taken[:i], c] for i in range(len(tape), len(chooser.log)) for c in range(1, chooser.log[i][0])]
