"""Runs the engine's effects on a real venue and a real journal, and nothing else."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from types import FrameType, TracebackType
from typing import Any, Protocol, TypeVar

from atapi.clock import Clock
from atapi.domain.instruments import Market
from atapi.domain.market import Depth
from atapi.domain.orders import Fill, Order, OrderRequest
from atapi.domain.spreads import SpreadState
from atapi.errors import (
    AtapiError,
    DuplicateOrder,
    OrderNotFound,
    OutcomeUnknown,
    VenueError,
    VenueUnreachable,
)
from atapi.execution.effects import (
    Answered,
    Ask,
    AskDepth,
    AskFills,
    Effect,
    NeverSent,
    NotFound,
    Now,
    Rejected,
    Result,
    Send,
    Sleep,
    Unclear,
    WriteAttempt,
    WriteFills,
    WriteState,
)
from atapi.execution.journal import Journal

T = TypeVar("T")


class LegVenue(Protocol):
    """What the order path needs of one market."""

    def place(self, request: OrderRequest) -> Order:
        """Send one order, once."""
        ...

    def order(self, symbol: str, client_order_id: str) -> Order:
        """Ask for one order by our id."""
        ...

    def fills(self, symbol: str, *, order_id: str | None = None) -> list[Fill]:
        """List the fills of an order."""
        ...

    def depth(self, symbol: str, limit: int = 100) -> Depth:
        """Read one order book."""
        ...


@dataclass(frozen=True, slots=True)
class Driver:
    """Performs effects for one intent of one spread."""

    journal: Journal
    venues: Mapping[Market, LegVenue]
    clock: Clock
    tell: Callable[[str], None]  # a line for the operator

    def run(self, spread_id: int, intent_id: int, engine: Generator[Effect, Any, T]) -> T:
        """Run a transaction to its end; a first Ctrl-C waits for that end, a second gives up and leaves the journal.

        Raises:
            KeyboardInterrupt: Interrupted; after the end on a first Ctrl-C.
            StorageError: The journal could not be written; what was not durable was not sent.
        """
        with DeferredInterrupt(self.tell) as interrupt:
            outcome = self._drive(spread_id, intent_id, engine)
            self.journal.finish_intent(intent_id)
        if interrupt.asked:
            raise KeyboardInterrupt
        return outcome

    def _drive(self, spread_id: int, intent_id: int, engine: Generator[Effect, Any, T]) -> T:
        result: Result = None
        while True:
            try:
                effect = engine.send(result)
            except StopIteration as end:
                outcome: T = end.value
                return outcome
            result = self._perform(effect, spread_id, intent_id)

    def _perform(self, effect: Effect, spread_id: int, intent_id: int) -> Result:
        match effect:
            case WriteAttempt(attempt):
                self.journal.write_attempt(attempt)
            case WriteFills(leg, fills):
                self.journal.write_fills(intent_id, leg, fills)
            case WriteState(state, note):
                self.journal.write_state(spread_id, SpreadState(state), note)
            case Send(request):
                return self._send(request)
            case Ask(market, symbol, client_order_id):
                return self._ask(market, symbol, client_order_id)
            case AskFills(market, symbol, order_id):
                return self._read(lambda: tuple(self.venues[market].fills(symbol, order_id=order_id)))
            case AskDepth(market, symbol):
                return self._read(lambda: self.venues[market].depth(symbol, 5))
            case Now():
                return self.clock.now()
            case Sleep(seconds, why):
                if seconds >= 1:
                    self.tell(f"{why} (next in {seconds:g} s)")
                self.clock.sleep(seconds)
        return None

    def _send(self, request: OrderRequest) -> Result:
        try:
            return Answered(self.venues[request.market].place(request))
        except DuplicateOrder as e:
            return Unclear(e.message)  # evidence that it exists: ask, and adopt it
        except VenueUnreachable as e:
            return Unclear(e.message) if e.sent else NeverSent(e.message)
        except VenueError as e:
            return Rejected(e.code, e.message)
        except OutcomeUnknown as e:
            return Unclear(e.message)

    def _ask(self, market: Market, symbol: str, client_order_id: str) -> Result:
        try:
            return Answered(self.venues[market].order(symbol, client_order_id))
        except OrderNotFound:
            return NotFound()
        except AtapiError as e:
            return Unclear(e.message)  # a failed query is not a not-found

    def _read(self, read: Callable[[], Any]) -> Result:
        try:
            result: Result = read()
        except AtapiError as e:
            return Unclear(e.message)
        return result


class DeferredInterrupt:
    """Holds a first Ctrl-C back until the block ends; a second one goes through at once.

    Between two legs an interruption would leave one alone. Outside the main thread it does nothing.
    """

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._previous: Any = None
        self.asked = False

    def __enter__(self) -> DeferredInterrupt:
        if threading.current_thread() is threading.main_thread():
            self._previous = signal.signal(signal.SIGINT, self._on_signal)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, e: BaseException | None, tb: TracebackType | None
    ) -> None:
        if self._previous is not None:
            signal.signal(signal.SIGINT, self._previous)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True
        self._tell("finishing or undoing both legs first; Ctrl-C again leaves them as they are")
