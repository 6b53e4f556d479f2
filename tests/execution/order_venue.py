"""A venue on which one order rests, with every fault of sending, asking, canceling and changing chosen by a tape."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Generator
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from atapi.domain.instruments import Market
from atapi.domain.orders import Amendment, Fill, Order, OrderRequest, OrderStatus, Side, TimeInForce
from atapi.domain.spreads import LegName, SpreadState
from atapi.execution.effects import (
    Amend,
    Answered,
    Ask,
    AskFills,
    AskTraces,
    Attempt,
    Cancel,
    Countdown,
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
)
from atapi.execution.leg import Unproven
from atapi.execution.order import OrderTerms
from tests.execution.simulation import PRICE, RECV_WINDOW, START, Chooser, Crash

D = Decimal
LAGS = (0.0, 2.0, 19.0)  # seconds a query may not see an order yet
TERMS = OrderTerms(
    market=Market.UM, symbol="BTCUSDT", base_asset="BTC", lot_size=D("0.01"), side=Side.BUY, quantity=D(4),
    tries=(D(99),), time_in_force=TimeInForce.GTC,
)  # fmt: skip


class OrderVenue:
    """One market; what rests there fills only where a choice says so."""

    def __init__(self, chooser: Chooser) -> None:
        self.chooser = chooser
        self.time = 0.0
        self.accepted: dict[str, int] = {}  # client order id -> times accepted
        self.orders: dict[str, Order] = {}
        self.fills: dict[str, list[Fill]] = {}
        self._visible: dict[str, float] = {}
        self._later: list[tuple[float, int, Callable[[], object]]] = []
        self._count = 0

    def now(self) -> datetime:
        return START + timedelta(seconds=self.time)

    def advance(self, to: float) -> None:
        while self._later and self._later[0][0] <= to:
            self.time, _, action = heapq.heappop(self._later)
            action()
        self.time = max(self.time, to)

    def send(self, request: OrderRequest) -> Any:
        sent, fault = self.time, self.chooser.pick(8)
        lag = LAGS[self.chooser.pick(3)] if fault in (2, 3, 4) else 0.0
        fill = (D(0), request.quantity / 2, request.quantity)[self.chooser.pick(3)]

        def arrive() -> Order | None:
            return self._accept(request, sent, lag, fill)

        match fault:
            case 0:
                self.advance(sent + 0.05)
                order = arrive()
                assert order is not None
                return Answered(order)
            case 1:
                self.advance(sent + 0.05)
                return Rejected(-2019, "Margin is insufficient.")
            case 2:  # accepted, the answer is lost
                self.advance(sent + 0.05)
                arrive()
                self.advance(sent + 3)
            case 3:  # accepted, -1007
                self.advance(sent + 0.05)
                arrive()
                self.advance(sent + 10)
            case 4:  # our time runs out, it arrives later
                self._at(sent + 2.5, arrive)
                self.advance(sent + 2)
            case 5:  # not accepted, -1007
                self.advance(sent + 10)
            case 6:  # arrives after the window
                self._at(sent + 7, arrive)
                self.advance(sent + 3)
            case _:  # lost on its way
                self.advance(sent + 3)
        return Unclear("no usable answer")

    def ask(self, client_order_id: str) -> Any:
        if fault := self.chooser.pick(3):
            self.advance(self.time + (3 if fault == 1 else 0.05))
            return Unclear("timeout" if fault == 1 else "429")
        self.advance(self.time + 0.05)
        order = self.orders.get(client_order_id)
        seen = order is not None and self._visible[client_order_id] <= self.time
        return Answered(order) if seen and order is not None else NotFound()

    def ask_fills(self, order_id: str) -> Any:
        if self.chooser.pick(2):
            return Unclear("timeout")
        return tuple(f for fills in self.fills.values() for f in fills if f.order_id == order_id)

    def traces(self, side: Side, known: set[str | None]) -> Any:
        if self.chooser.pick(2):
            return Unclear("timeout")
        return tuple(
            f for fills in self.fills.values() for f in fills if f.side is side and f.order_id not in known
        )

    def cancel(self, client_order_id: str) -> Any:
        sent, fault = self.time, self.chooser.pick(8)
        late = fault in (1, 3)
        self.advance(sent + (3 if late else 0.05))
        match fault:
            case 1:  # lost on its way
                return Unclear("timeout")
            case 2:  # done, the answer is cut
                self._end(client_order_id)
                return Unclear("cut")
            case 3:  # arrives while we have given up on it
                self._at(self.time + 2, lambda: self._end(client_order_id))
                return Unclear("timeout")
            case 4:  # everything fills first
                self._fill(client_order_id, D(100))
            case 5:  # a part fills first
                self._fill(client_order_id, D(1))
            case 6:
                return Unclear("-1007")
            case 7:
                return Rejected(-1021, "Timestamp for this request is outside of the recvWindow.")
        order = self.orders.get(client_order_id)
        if order is None or order.status.final:
            return NotFound()
        self._end(client_order_id)
        return Answered(self.orders[client_order_id])

    def amend(self, amendment: Amendment) -> Any:
        sent, fault = self.time, self.chooser.pick(9)
        self.advance(sent + {1: 3, 3: 2, 4: 3}.get(fault, 0.05))
        match fault:
            case 1:
                return Unclear("timeout")
            case 2:
                self._change(amendment, sent)
                return Unclear("cut")
            case 3:
                self._at(sent + 2.5, lambda: self._change(amendment, sent))
                return Unclear("timeout")
            case 4:  # past the window: refused at the gate
                self._at(sent + 7, lambda: self._change(amendment, sent))
                return Unclear("timeout")
            case 5:
                return Rejected(-4014, "Price not increased by tick size.")
            case 6:  # everything fills first
                self._fill(amendment.client_order_id, D(100))
            case 7:  # a part fills first
                self._fill(amendment.client_order_id, D(1))
            case 8:  # changed, it crosses the book, and that ends it
                self._change(amendment, sent)
                self._end(amendment.client_order_id)
                return Unclear("another order came back")
        order = self.orders.get(amendment.client_order_id)
        if order is None or order.status.final:
            return NotFound()
        self._change(amendment, sent)
        return None

    def _accept(self, request: OrderRequest, sent: float, lag: float, fill: Decimal) -> Order | None:
        if self.time - sent > RECV_WINDOW:
            return None
        cid = request.client_order_id
        self.accepted[cid] = self.accepted.get(cid, 0) + 1
        self._count += 1
        self.orders[cid] = Order(
            market=request.market, symbol=request.symbol, order_id=str(self._count), client_order_id=cid,
            side=request.side, type=request.type, status=OrderStatus.NEW, quantity=request.quantity, filled=D(0),
            quote_filled=None, price=request.price or D(0), reduce_only=False, created_at=self.now(),
            updated_at=self.now(),
        )  # fmt: skip
        self._visible[cid] = self.time + lag
        self._fill(cid, fill)
        if request.time_in_force in (TimeInForce.IOC, None):
            self._end(cid, OrderStatus.EXPIRED)
        return self.orders[cid]

    def _fill(self, cid: str, quantity: Decimal) -> None:
        order = self.orders.get(cid)
        if order is None or order.status.final:
            return
        quantity = min(quantity, order.quantity - order.filled)
        if not quantity:
            return
        self._count += 1
        fill = Fill(
            market=order.market, symbol=order.symbol, trade_id=str(self._count), order_id=order.order_id,
            side=order.side, price=PRICE, quantity=quantity, fee=D(0), fee_asset="USDT", realized=None,
            maker=True, at=self.now(),
        )  # fmt: skip
        self.fills.setdefault(cid, []).append(fill)
        filled = order.filled + quantity
        whole = filled == order.quantity
        status = OrderStatus.FILLED if whole else OrderStatus.PARTIALLY_FILLED
        self.orders[cid] = replace(order, filled=filled, status=status)

    def _change(self, amendment: Amendment, sent: float) -> None:
        order = self.orders[amendment.client_order_id]
        if order.status.final or self.time - sent > RECV_WINDOW:
            return
        if amendment.quantity <= order.filled:
            self._end(amendment.client_order_id)
            return
        self.orders[amendment.client_order_id] = replace(
            order, quantity=amendment.quantity, price=amendment.price
        )

    def _end(self, cid: str, status: OrderStatus = OrderStatus.CANCELED) -> None:
        order = self.orders.get(cid)
        if order is not None and not order.status.final:
            self.orders[cid] = replace(order, status=status)

    def _at(self, time: float, action: Callable[[], object]) -> None:
        self._count += 1
        heapq.heappush(self._later, (time, self._count, action))


class OrderWorld:
    """That venue, a durable journal, and a process that may die before or after any effect."""

    def __init__(self, chooser: Chooser, *, crashes: int = 2) -> None:
        self.venue = OrderVenue(chooser)
        self.rows: dict[tuple[LegName, int], Attempt] = {}
        self.fills: dict[str, Fill] = {}
        self.armed: list[int] = []
        self.states: list[SpreadState] = []
        self._crashes = crashes

    def run(self, engine_of: Callable[[bool], Generator[Effect, Any, Any]]) -> Any:
        """Run an engine, made anew after each crash; it is told whether there was one."""
        resumed = False
        while True:
            engine, result = engine_of(resumed), None
            try:
                while True:
                    effect = engine.send(result)
                    self._maybe_crash()
                    result = self._perform(effect)
                    self._maybe_crash()
            except StopIteration as end:
                return end.value
            except Crash:
                resumed = True
                self.venue.advance(self.venue.time + 1)
            except Unproven as e:
                return e

    def _maybe_crash(self) -> None:
        if self._crashes and self.venue.chooser.pick(2):
            self._crashes -= 1
            raise Crash

    def _perform(self, effect: Effect) -> Any:
        match effect:
            case WriteAttempt(attempt):
                self.rows[attempt.leg, attempt.number] = attempt
            case WriteFills(_, fills):
                self.fills |= {f.trade_id: f for f in fills}
            case Send(request):
                return self.venue.send(request)
            case Ask(_, _, client_order_id):
                return self.venue.ask(client_order_id)
            case AskTraces(request, _):
                return self.venue.traces(request.side, {row.order_id for row in self.rows.values()})
            case AskFills(_, _, order_id):
                return self.venue.ask_fills(order_id)
            case Cancel(_, _, client_order_id):
                return self.venue.cancel(client_order_id)
            case Amend(amendment):
                return self.venue.amend(amendment)
            case WriteState(state, _):
                self.states.append(state)
            case Countdown(_, seconds):
                self.armed.append(seconds)
            case Now():
                return self.venue.now()
            case Sleep(seconds, _):
                self.venue.advance(self.venue.time + seconds)
        return None
