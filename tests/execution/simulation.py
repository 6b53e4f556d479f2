"""A venue with Binance's documented ordering rules, a virtual clock, and every fault chosen by a tape.

It answers the engine's effects directly, so that a whole schedule of faults and crashes runs in well under a
millisecond. It shares nothing with the engine but the effect types: its rules are the venue's.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from atapi.domain.instruments import Instrument, Market
from atapi.domain.market import Depth, Level
from atapi.domain.orders import Fill, Order, OrderRequest, OrderStatus, Side
from atapi.domain.spreads import LegName, Pair, SpreadState
from atapi.execution.effects import (
    Answered,
    Ask,
    AskDepth,
    AskFills,
    Attempt,
    Effect,
    NotFound,
    Now,
    Rejected,
    Send,
    Sleep,
    Unclear,
    WriteAttempt,
    WriteFills,
    WriteState,
    Writing,
)
from atapi.execution.leg import Unproven
from atapi.execution.spread import CloseTerms, Legs, OpenTerms, Outcome, close_spread, open_spread

D = Decimal
START = datetime(2026, 1, 1, tzinfo=UTC)
RECV_WINDOW = 3.0
PRICE = D(100)
CHANCES = (0.1, 0.25, 0.5)  # of a fault at every choice, seed by seed


def instrument(market: Market, lot: str, min_notional: str) -> Instrument:
    return Instrument(
        market=market, symbol="BTCUSDT", base_asset="BTC", quote_asset="USDT", status="TRADING",
        perpetual=market is Market.UM, tick_size=D("0.1"), lot_size=D(lot), min_quantity=D(lot),
        max_quantity=D(1000), min_notional=D(min_notional),
    )  # fmt: skip


PAIR = Pair(spot=instrument(Market.SPOT, "0.001", "5"), perp=instrument(Market.UM, "0.01", "5"))
OPEN = OpenTerms(quantity=D("30.00"), perp_limit=D("99.9"), spot_limit=D("100.1"), base_fee=D("0.001"))


class Crash(Exception):
    """The process died here."""


class Chooser:
    """Picks every fault: by seed, or from a tape and then none at all."""

    def __init__(
        self, *, tape: list[int] | None = None, seed: int | None = None, chance: float = 0.25
    ) -> None:
        self._tape = tape
        self._random = random.Random(seed)
        self._chance = chance
        self.log: list[tuple[int, int]] = []  # options, chosen

    @property
    def faults(self) -> int:
        """How many choices were not the undisturbed one."""
        return sum(1 for _, chosen in self.log if chosen)

    def pick(self, options: int) -> int:
        if self._tape is None:
            chosen = self._random.randrange(options) if self._random.random() < self._chance else 0
        else:
            chosen = self._tape[len(self.log)] if len(self.log) < len(self._tape) else 0
        chosen = min(chosen, options - 1)
        self.log.append((options, chosen))
        return chosen


class Exchange:
    """Two markets; an order id may be used again once its order has filled, as on Binance spot."""

    def __init__(self, chooser: Chooser) -> None:
        self.time = 0.0
        self.accepted: dict[tuple[str, str], int] = {}  # (market, client order id) -> times accepted
        self.position = {Market.SPOT: D(0), Market.UM: D(0)}
        self._chooser = chooser
        self._orders: dict[tuple[str, str], tuple[Order, float]] = {}  # with the time it becomes visible
        self._fills: dict[tuple[str, str], list[Fill]] = {}
        self._later: list[tuple[float, int, Callable[[], None]]] = []
        self._count = 0

    def advance(self, to: float) -> None:
        while self._later and self._later[0][0] <= to:
            self.time, _, action = heapq.heappop(self._later)
            action()
        self.time = max(self.time, to)

    def send(self, request: OrderRequest) -> Any:
        sent = self.time
        fault = self._chooser.pick(9)
        lag = (0.0, 2.0, 19.0)[self._chooser.pick(3)] if fault in (2, 3, 4, 5, 8) else 0.0
        fill = self._chooser.pick(3)

        def arrive(at: float) -> Order | None:
            self.advance(at)
            return self._accept(request, sent, lag, fill)

        match fault:
            case 0:  # a clean answer
                order = arrive(sent + 0.05)
                return Answered(order) if order else Rejected(-2022, "refused")
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
                self._at(sent + 2.5, lambda: self._accept(request, sent, lag, fill))
                self.advance(sent + 2)
            case 5:  # accepted, a cut body
                arrive(sent + 0.05)
                self.advance(sent + 1)
            case 6:  # not accepted, -1007
                self.advance(sent + 10)
            case 7:  # arrives after the window: refused at the gate
                self._at(sent + 7, lambda: self._accept(request, sent, 0, fill))
                self.advance(sent + 3)
            case _:  # accepted, 503
                arrive(sent + 0.05)
                self.advance(sent + 0.1)
        return Unclear("no usable answer")

    def ask(self, market: Market, client_order_id: str) -> Any:
        fault = self._chooser.pick(3)
        self.advance(self.time + (3 if fault == 1 else 0.05))
        if fault:
            return Unclear("timeout" if fault == 1 else "429")
        order, visible = self._orders.get((market, client_order_id), (None, 0.0))
        return Answered(order) if order is not None and visible <= self.time else NotFound()

    def fills(self, market: Market, order_id: str) -> Any:
        if self._chooser.pick(2):
            return Unclear("timeout")
        return tuple(
            f for (m, _), fills in self._fills.items() if m == market for f in fills if f.order_id == order_id
        )

    def _at(self, time: float, action: Callable[[], Any]) -> None:
        self._count += 1
        heapq.heappush(self._later, (time, self._count, action))

    def _accept(self, request: OrderRequest, sent: float, lag: float, fill: int) -> Order | None:
        if self.time - sent > RECV_WINDOW:
            return None
        quantity = request.quantity
        if request.reduce_only:
            quantity = min(quantity, max(D(0), -self.position[Market.UM]))
        if quantity <= 0:
            return None
        lot = PAIR.perp.lot_size if request.market is Market.UM else PAIR.spot.lot_size
        executed = (quantity, (quantity / 2) // lot * lot, D(0))[fill]
        key = (request.market, request.client_order_id)
        self.accepted[key] = self.accepted.get(key, 0) + 1
        self._count += 1
        order = Order(
            market=request.market, symbol=request.symbol, order_id=str(self._count),
            client_order_id=request.client_order_id, side=request.side, type=request.type,
            status=OrderStatus.FILLED if executed == request.quantity else OrderStatus.EXPIRED,
            quantity=request.quantity, filled=executed, quote_filled=executed * PRICE, price=request.price or D(0),
            reduce_only=request.reduce_only, created_at=self.now(), updated_at=self.now(),
        )  # fmt: skip
        self._orders[key] = (order, self.time + lag)
        if executed:
            self._fill(order, executed)
        return order

    def _fill(self, order: Order, executed: Decimal) -> None:
        buys_spot = order.market is Market.SPOT and order.side is Side.BUY
        fee = executed * D("0.001") if buys_spot else D(0)
        self.position[order.market] += order.side.sign * executed - fee
        fill = Fill(
            market=order.market, symbol=order.symbol, trade_id=order.order_id, order_id=order.order_id,
            side=order.side, price=PRICE, quantity=executed, fee=fee, fee_asset="BTC" if buys_spot else "USDT",
            realized=None, maker=False, at=self.now(),
        )  # fmt: skip
        self._fills.setdefault((order.market, order.client_order_id), []).append(fill)

    def now(self) -> datetime:
        return START + timedelta(seconds=self.time)


class World:
    """An exchange, a durable journal, and a process that may die before or after any effect."""

    def __init__(self, chooser: Chooser, *, crashes: int = 2) -> None:
        self.exchange = Exchange(chooser)
        self.states: list[SpreadState] = []
        self.log: list[str] = []  # every effect and its result, for replays
        self._chooser = chooser
        self._crashes = crashes
        self._rows: dict[tuple[int, LegName, int], Attempt] = {}
        self._fills: dict[str, Fill] = {}
        self._held: list[Writing] = []  # written since something last reached outside; a crash takes it

    def run(self, intent_id: int, terms: OpenTerms | CloseTerms) -> Outcome | Unproven:
        while True:
            rows = {(leg, number): a for (i, leg, number), a in self._rows.items() if i == intent_id}
            legs = Legs(pair=PAIR, intent_id=intent_id, instance="test", rows=rows)
            engine = open_spread(legs, terms) if isinstance(terms, OpenTerms) else close_spread(legs, terms)
            result: Any = None
            try:
                while True:
                    effect = engine.send(result)
                    self._maybe_crash()
                    result = self._perform(effect, intent_id)
                    self.log.append(f"{self.exchange.time:.3f} {effect!r} -> {result!r}")
                    self._maybe_crash()
            except StopIteration as end:
                self._make_durable(intent_id)
                outcome: Outcome = end.value
                return outcome
            except Crash:
                self._held.clear()
                self.exchange.advance(self.exchange.time + 1)
            except Unproven as e:
                self._make_durable(intent_id)
                return e

    def held(self) -> Decimal:
        """Spot by the journal's own account."""
        bought = [f for f in self._fills.values() if f.market is Market.SPOT]
        return sum((f.side.sign * f.quantity - (f.fee if f.fee_asset == "BTC" else 0) for f in bought), D(0))

    def short(self) -> Decimal:
        """Perpetual sold, by the journal's own account."""
        return -sum((f.side.sign * f.quantity for f in self._fills.values() if f.market is Market.UM), D(0))

    def _maybe_crash(self) -> None:
        if self._crashes and self._chooser.pick(2):
            self._crashes -= 1
            raise Crash

    def _make_durable(self, intent_id: int) -> None:
        for effect in self._held:
            match effect:
                case WriteAttempt(attempt):
                    self._rows[intent_id, attempt.leg, attempt.number] = replace(attempt)
                case WriteFills(_, fills):
                    self._fills |= {f"{f.market}{f.trade_id}": f for f in fills}
                case WriteState(state, _):
                    self.states.append(state)
        self._held.clear()

    def _perform(self, effect: Effect, intent_id: int) -> Any:
        if isinstance(effect, Writing):
            self._held.append(effect)
            return None
        if not isinstance(effect, Now):
            self._make_durable(intent_id)
        match effect:
            case Send(request):
                return self.exchange.send(request)
            case Ask(market, _, client_order_id):
                return self.exchange.ask(market, client_order_id)
            case AskFills(market, _, order_id):
                return self.exchange.fills(market, order_id)
            case AskDepth():
                level = (Level(PRICE, D(100)),)
                return Depth(symbol="BTCUSDT", bids=level, asks=level)
            case Now():
                return self.exchange.now()
            case Sleep(seconds, _):
                self.exchange.advance(self.exchange.time + seconds)
        return None


def open_and_check(chooser: Chooser) -> list[str]:
    """Open under the chooser's faults; list what is wrong at the end."""
    world = World(chooser)
    outcome = world.run(1, OPEN)
    return faults_of(world, outcome, chooser)


def open_close_and_check(chooser: Chooser) -> list[str]:
    """Open cleanly, close under the chooser's faults; list what is wrong at the end."""
    quiet = Chooser(tape=[])
    world = World(quiet, crashes=0)
    world.run(1, OPEN)
    world._chooser = world.exchange._chooser = chooser
    world._crashes = 2
    spot = PAIR.spot.round_quantity(world.held())
    terms = CloseTerms(
        perp_quantity=world.short(), spot_quantity=spot, spot_limit=D("99.9"), perp_limit=D("101"), whole=True
    )
    return faults_of(world, world.run(2, terms), chooser)


def faults_of(world: World, outcome: Outcome | Unproven, chooser: Chooser) -> list[str]:
    exchange = world.exchange
    exchange.advance(exchange.time + 1000)  # whatever is still on its way arrives now
    net = exchange.position[Market.SPOT] + exchange.position[Market.UM]
    wrong = [f"{key} accepted {n} times" for key, n in exchange.accepted.items() if n > 1]
    if isinstance(outcome, Unproven):
        return [*wrong, "unproven although the venue could be asked"]
    exposed = outcome.state is SpreadState.EXPOSED
    if not exposed and abs(net) > PAIR.perp.lot_size:
        wrong.append(f"{outcome.state} but net {net}")
    if exposed and abs(net) <= PAIR.perp.lot_size:
        wrong.append(f"called exposed, but net {net}")
    if exposed and chooser.faults <= 2:
        wrong.append(f"exposed after {chooser.faults} faults: the way back gave up early")
    if outcome.state is SpreadState.HEDGED and not exchange.position[Market.UM]:
        wrong.append("called hedged, but nothing stands")
    if outcome.state is SpreadState.FLAT and exchange.position[Market.UM]:
        wrong.append(f"FLAT but the perpetual stands at {exchange.position[Market.UM]}")
    if exchange.position[Market.UM] > 0:
        wrong.append("the perpetual changed sign")
    if world.states[-1] is not outcome.state:
        wrong.append(f"the journal says {world.states[-1]}, the outcome {outcome.state}")
    if (world.held(), -world.short()) != (exchange.position[Market.SPOT], exchange.position[Market.UM]):
        wrong.append("the journal's fills are not the venue's")
    return wrong


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
