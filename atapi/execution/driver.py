"""Runs the engine's effects on a real venue and a real journal, and nothing else."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import FrameType, TracebackType
from typing import Any, Protocol, TypeVar, runtime_checkable

from atapi.clock import Clock
from atapi.domain.instruments import Market
from atapi.domain.market import Depth
from atapi.domain.numbers import plain
from atapi.domain.orders import Amendment, Fill, Order, OrderRequest
from atapi.domain.spreads import SpreadState
from atapi.errors import (
    AtapiError,
    DuplicateOrder,
    OrderNotFound,
    OutcomeUnknown,
    StorageError,
    VenueError,
    VenueUnreachable,
)
from atapi.execution.effects import (
    Amend,
    Answered,
    Ask,
    AskDepth,
    AskFills,
    AskTraces,
    Attempt,
    Cancel,
    Countdown,
    Effect,
    NeverSent,
    NotFound,
    Now,
    Reaching,
    Rejected,
    Result,
    Send,
    Stopped,
    Tell,
    Unclear,
    WriteAttempt,
    WriteFills,
    WriteState,
)
from atapi.execution.journal import Journal

T = TypeVar("T")
HEED = 0.25  # seconds: how soon a wait that may be cut short is
CLOCKS = timedelta(seconds=1)  # by which the venue's time and ours may differ
INTERRUPTED = 130  # exit code: both legs or none


class LegVenue(Protocol):
    """What the order path needs of one market."""

    def place(self, request: OrderRequest) -> Order:
        """Send one order, once."""
        ...

    def order(self, symbol: str, client_order_id: str) -> Order:
        """Ask for one order by our id."""
        ...

    def cancel(self, symbol: str, client_order_id: str) -> Order:
        """Cancel one order by our id."""
        ...

    def fills(self, symbol: str, *, start: datetime | None = None, order_id: str | None = None) -> list[Fill]:
        """List own fills, of one order or from a time on."""
        ...

    def depth(self, symbol: str, limit: int = 100) -> Depth:
        """Read one order book."""
        ...


@runtime_checkable
class ChangeVenue(Protocol):
    """What the order path needs to change an order where it rests; cross margin has none of it."""

    def amend(self, amendment: Amendment) -> None:
        """Change one order, once."""
        ...


class DeadManSwitch(Protocol):
    """A venue's own dead-man switch: it cancels our orders of a symbol unless told again in time."""

    def countdown(self, symbol: str, seconds: int) -> None:
        """Arm it, or disarm it with 0."""
        ...


class Gate(Protocol):
    """The last gate before an order leaves."""

    def renew(self) -> None:
        """Trust nothing that was counted: the journal may have grown meanwhile."""
        ...

    def expect(self, journal: Journal, intent_id: int) -> None:
        """Prepare for the orders of one intent."""
        ...

    def follow(self, attempt: Attempt) -> None:
        """Note what becomes of an attempt, as it is written down."""
        ...

    def admit(self, request: OrderRequest) -> None:
        """Let an order pass.

        Raises:
            AtapiError: It is over a cap, trading is halted, or nothing tells: it is not sent.
        """
        ...

    def admit_change(self, amendment: Amendment) -> None:
        """Let an order become another where it rests.

        Raises:
            AtapiError: As `admit`.
        """
        ...

    def adopt(self, fills: Iterable[Fill]) -> None:
        """Note trades that no order of ours made: the venue's own, or those of one that arrived twice."""
        ...


@dataclass(frozen=True, slots=True)
class Driver:
    """Performs effects for one intent, of a spread or of none."""

    journal: Journal
    venues: Mapping[Market, LegVenue]
    switch: DeadManSwitch
    gate: Gate
    clock: Clock
    tell: Callable[[str], None]  # a line for the operator

    def run(self, spread_id: int | None, intent_id: int, engine: Generator[Effect, Any, T]) -> T:
        """Run a transaction to its end; a first Ctrl-C waits for that end, a second gives up and leaves the journal.

        A hang-up or a termination waits for the end likewise, and ends the process then.

        Raises:
            KeyboardInterrupt: Interrupted; after the end on a first Ctrl-C.
            SystemExit: Told to end.
            StorageError: The journal could not be written, and nothing was sent.
            OutcomeUnknown: It could not be written with orders out, or a second Ctrl-C left them alone.
        """
        sent: list[OrderRequest] = []
        try:
            with DeferredInterrupt(self.tell) as interrupt, self.journal.held():
                self.gate.expect(self.journal, intent_id)
                outcome = self._drive(spread_id, intent_id, engine, interrupt, sent)
                self.journal.finish_intent(intent_id)
                self.journal.flush()
        except StorageError as e:
            if not sent:
                raise
            raise _left_out(sent, e) from e
        except KeyboardInterrupt as e:  # a second one
            made = [attempt.request for attempt in self.journal.attempts(intent_id)]
            if not made:
                raise
            raise _left_alone(made) from e
        interrupt.catch_up()
        return outcome

    def _drive(
        self,
        spread_id: int | None,
        intent_id: int,
        engine: Generator[Effect, Any, T],
        interrupt: DeferredInterrupt,
        sent: list[OrderRequest],
    ) -> T:
        result: Result = None
        while True:
            try:
                effect = engine.send(result)
            except StopIteration as end:
                outcome: T = end.value
                return outcome
            result = self._perform(effect, spread_id, intent_id, interrupt)
            if isinstance(effect, Send):
                sent.append(effect.request)

    def _perform(
        self, effect: Effect, spread_id: int | None, intent_id: int, interrupt: DeferredInterrupt
    ) -> Result:
        """Perform one effect; whatever reaches outside finds all that was written before it durable."""
        match effect:
            case Now():
                return self.clock.now()
            case Tell(line):
                self.tell(line)
            case WriteAttempt(attempt):
                self.journal.write_attempt(attempt, self.clock.now())
                self.gate.follow(attempt)
            case WriteFills(leg, fills):
                self.journal.write_fills(intent_id, leg, fills)
            case WriteState(state, note):
                assert spread_id is not None, "a single order has no spread's state"
                self.journal.write_state(spread_id, SpreadState(state), note)
            case _:
                self.journal.flush()
                return self._reach(effect, interrupt)
        return None

    def _reach(self, effect: Reaching, interrupt: DeferredInterrupt) -> Result:
        match effect:
            case Send(request):
                return self._send(request)
            case Ask(market, symbol, client_order_id):
                return self._ask(market, symbol, client_order_id)
            case Cancel(market, symbol, client_order_id):
                return self._cancel(market, symbol, client_order_id)
            case Amend(amendment):
                return self._amend(amendment)
            case Countdown(symbol, within):
                return self._read(lambda: self.switch.countdown(symbol, within))
            case AskTraces(request, since_written):
                return self._read(lambda: self._traces(request, since_written))
            case AskFills(market, symbol, order_id):
                return self._read(lambda: tuple(self.venues[market].fills(symbol, order_id=order_id)))
            case AskDepth(market, symbol, levels):
                return self._read(lambda: self.venues[market].depth(symbol, levels))
        if effect.seconds >= 1:
            self.tell(f"{effect.why} (next in {effect.seconds:g} s)")
        return self._wait(effect.seconds, interrupt if effect.breaks else None)

    def _wait(self, seconds: float, interrupt: DeferredInterrupt | None) -> Result:
        if interrupt is None:
            self.clock.sleep(seconds)
            return None
        while seconds > 0 and interrupt.asked is None:
            self.clock.sleep(min(seconds, HEED))
            seconds -= HEED
        return None if interrupt.asked is None else Stopped()

    def _send(self, request: OrderRequest) -> Result:
        try:
            self.gate.admit(request)
        except AtapiError as e:
            return Rejected(None, e.message, ours=True)
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

    def _cancel(self, market: Market, symbol: str, client_order_id: str) -> Result:
        self.journal.note("cancel", {"market": market, "symbol": symbol, "id": client_order_id})
        self.journal.flush()
        try:
            return Answered(self.venues[market].cancel(symbol, client_order_id))
        except OrderNotFound:
            return NotFound()
        except VenueError as e:
            return Rejected(e.code, e.message)
        except AtapiError as e:
            return Unclear(e.message)

    def _amend(self, amendment: Amendment) -> Result:
        venue = self.venues[amendment.market]
        if not isinstance(venue, ChangeVenue):
            return Rejected(None, f"orders on {amendment.market} cannot be changed", ours=True)
        try:
            self.gate.admit_change(amendment)
        except AtapiError as e:
            return Rejected(None, e.message, ours=True)
        try:
            venue.amend(amendment)
        except OrderNotFound:
            return NotFound()
        except VenueUnreachable as e:
            return Unclear(e.message) if e.sent else NeverSent(e.message)
        except VenueError as e:
            return Rejected(e.code, e.message)
        except OutcomeUnknown as e:
            return Unclear(e.message)
        return None

    def _traces(self, request: OrderRequest, within: timedelta) -> tuple[Fill, ...]:
        written = self.journal.written_at(request.client_order_id)
        known = self.journal.order_ids(request.market, request.symbol)
        fills = self.venues[request.market].fills(request.symbol, start=written - CLOCKS)
        return tuple(
            f
            for f in fills
            if f.side is request.side and f.at <= written + within and f.order_id not in known
        )

    def _read(self, read: Callable[[], Any]) -> Result:
        try:
            result: Result = read()
        except AtapiError as e:
            return Unclear(e.message)
        return result


def _left_out(sent: Sequence[OrderRequest], failure: StorageError) -> OutcomeUnknown:
    """Say what is out there while nothing can be written down any more."""
    told = ", ".join(
        f"{r.side} {plain(r.quantity)} {r.symbol} on {r.market} ({r.client_order_id})" for r in sent
    )
    return OutcomeUnknown(
        f"{failure.message}; sent before, and perhaps one leg without the other: {told}",
        hint="spreads, by a new shell once the disk is well: it finds out and goes on",
    )


def _left_alone(made: Sequence[OrderRequest]) -> OutcomeUnknown:
    """Say what may be out there when the operator would not wait for its end."""
    told = ", ".join(
        f"{r.side} {plain(r.quantity)} {r.symbol} on {r.market} ({r.client_order_id})" for r in made
    )
    return OutcomeUnknown(
        f"left as it is, perhaps one leg without the other: {told}",
        hint="spreads: finds out how it ended, and goes on from there",
    )


class DeferredInterrupt:
    """Holds a first Ctrl-C, hang-up or termination back until the block ends; a second one goes through at once.

    Between two legs an interruption would leave one alone. Outside the main thread it does nothing.
    """

    SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._previous: dict[int, Any] = {}  # signal -> handler
        self.asked: int | None = None  # the signal that came

    def __enter__(self) -> DeferredInterrupt:
        if threading.current_thread() is threading.main_thread():
            self._previous = {number: signal.signal(number, self._on_signal) for number in self.SIGNALS}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, e: BaseException | None, tb: TracebackType | None
    ) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def catch_up(self) -> None:
        """Do now what was held back.

        Raises:
            KeyboardInterrupt: Ctrl-C came.
            SystemExit: A hang-up or a termination came.
        """
        if self.asked == signal.SIGINT:
            raise KeyboardInterrupt
        if self.asked is not None:
            raise SystemExit(INTERRUPTED)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self.asked is not None:
            raise KeyboardInterrupt
        self.asked = number
        self._tell("finishing or undoing both legs first; Ctrl-C again leaves them as they are")
