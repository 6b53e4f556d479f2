"""The session's end of the dead-man switch: resting orders that must not outlive the shell that placed them.

On futures the venue's own countdown is armed before the order leaves and told again every 30 seconds; on spot a
process of its own, `deadman`, holds the order. Both cancel when they hear no more of us, however we ended.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import IO, Protocol

from atapi.domain.instruments import Market
from atapi.domain.orders import Order
from atapi.errors import AtapiError, Refused
from atapi.exchanges.binance.networks import Endpoints
from atapi.execution.order import COUNTDOWN_S

BEAT_S = 30.0
START_S = 30.0  # what a guard process may take to begin
FAREWELL_S = 5.0  # how long leaving waits for it to cancel
LAST_COUNTDOWN_S = 1  # what the countdown is set to when we leave properly


class SwitchVenue(Protocol):
    """The venue's own dead-man switch, and what it would cancel."""

    def countdown(self, symbol: str, seconds: int) -> None:
        """Arm it, or disarm it with 0."""
        ...

    def open_orders(self, symbol: str | None = None) -> list[Order]:
        """List open orders."""
        ...


class Holder(Protocol):
    """Who holds orders of a market without such a switch."""

    @property
    def alive(self) -> bool:
        """Whether it still holds them."""
        ...

    def hold(self, symbol: str, client_order_id: str) -> None:
        """Cancel this order when we are gone."""
        ...

    def release(self, client_order_id: str) -> None:
        """Leave this order alone."""
        ...

    def end(self) -> None:
        """Say farewell: what is still held is canceled."""
        ...


@dataclass(frozen=True, slots=True)
class Letter:
    """What a guard process is told: where the exchange is and with which key. Shows nothing of it."""

    endpoints: Endpoints
    key: str
    secret: str
    timeout_s: float

    def __repr__(self) -> str:
        return "Letter(****)"

    def line(self) -> str:
        """Write it as one line."""
        told = {"endpoints": asdict(self.endpoints), "key": self.key, "secret": self.secret}
        return json.dumps(told | {"timeout_s": self.timeout_s})


class GuardProcess:
    """A `deadman` process that holds spot orders while this one lives."""

    def __init__(self, letter: Letter) -> None:
        secrets = ("BINANCE_API_KEY", "BINANCE_API_SECRET", "BINANCE_SECRET_KEY")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "atapi.execution.deadman"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={name: value for name, value in os.environ.items() if name not in secrets},
            start_new_session=True,  # a Ctrl-C or a hang-up of our terminal is not for it
        )
        try:
            self._say(letter.line(), expect="ready")
        except Refused:
            self._process.kill()
            self.end()
            raise

    @property
    def alive(self) -> bool:
        """Whether it still holds what it was told to."""
        return self._process.poll() is None

    def hold(self, symbol: str, client_order_id: str) -> None:
        """Have an order canceled when this process is gone.

        Raises:
            Refused: It does not answer.
        """
        self._say(json.dumps({"hold": True, "symbol": symbol, "id": client_order_id}), expect=client_order_id)

    def release(self, client_order_id: str) -> None:
        """Leave an order alone.

        Raises:
            Refused: It does not answer.
        """
        self._say(json.dumps({"hold": False, "id": client_order_id}), expect=client_order_id)

    def end(self) -> None:
        """Close the pipe and wait a little until what is held is canceled; it goes on by itself where that takes long."""
        stdin, stdout = self._pipes()
        try:
            stdin.close()
            self._process.wait(FAREWELL_S)
        except (OSError, subprocess.TimeoutExpired):
            self._process.returncode = 0  # it ends by itself, later; nobody is to wait for it
        stdout.close()

    def _say(self, line: str, *, expect: str) -> None:
        stdin, stdout = self._pipes()
        try:
            stdin.write(line + "\n")
            stdin.flush()
            heard, _, _ = select.select([stdout], [], [], START_S)
            answer = stdout.readline().strip() if heard else ""
        except OSError:
            answer = ""
        if answer != expect:
            raise Refused("the dead-man process does not answer", hint="without --dead-man")

    def _pipes(self) -> tuple[IO[str], IO[str]]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        return self._process.stdin, self._process.stdout


class Lifeline:
    """Holds orders as long as this process lives.

    Args:
        futures: The market whose venue has a switch of its own.
        spot: The market where a process has to hold them.
        start: Starts that process.
        tell: Says a line to the operator.
        beat_s: Seconds from one telling to the next.
    """

    def __init__(
        self,
        *,
        futures: SwitchVenue,
        spot: Callable[[], list[Order]],
        start: Callable[[], Holder],
        tell: Callable[[str], None],
        beat_s: float = BEAT_S,
    ) -> None:
        self._futures = futures
        self._spot_orders = spot
        self._start = start
        self._tell = tell
        self._beat_s = beat_s
        self._holder: Holder | None = None
        self._held: dict[str, tuple[Market, str]] = {}  # client order id -> (market, symbol)
        self._placing: set[str] = set()  # held already, perhaps not yet accepted
        self._turn = threading.RLock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def held(self, market: Market, symbol: str) -> set[str]:
        """Tell which orders of a symbol are held, by client order id."""
        with self._turn:
            return {name for name, where in self._held.items() if where == (market, symbol)}

    def prepare(self, market: Market) -> None:
        """Be ready to hold an order.

        Raises:
            Refused: The process that would hold it cannot be started.
        """
        with self._turn:
            if market is not Market.UM and self._holder is None:
                self._holder = self._start()

    def hold(self, market: Market, symbol: str, client_order_id: str) -> None:
        """Hold an order that is about to be sent; on futures its switch is armed by whoever sends it.

        Raises:
            Refused: The process that is to hold it does not answer.
        """
        self.prepare(market)
        with self._turn:
            if market is not Market.UM and self._holder is not None:
                self._holder.hold(symbol, client_order_id)
            self._held[client_order_id] = (market, symbol)
            self._placing.add(client_order_id)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="lifeline", daemon=True)
                self._thread.start()

    def sent(self, client_order_id: str, *, rests: bool) -> None:
        """Note that an order was sent; one that does not rest needs no holding."""
        with self._turn:
            self._placing.discard(client_order_id)
            if not rests:
                self._let_go([client_order_id])

    def beat(self) -> None:
        """Tell every switch that we live, and let go of what is no longer open.

        Raises:
            AtapiError: The exchange could not be told or asked.
        """
        with self._turn:
            if self._holder is not None and not self._holder.alive:
                self._revive()
            for symbol in sorted({s for m, s in self._held.values() if m is Market.UM}):
                self._beat_futures(symbol)
            on_spot = self._names(Market.SPOT)
            if on_spot:
                self._let_go(_gone(on_spot, self._spot_orders()))

    def close(self) -> None:
        """Leave: whatever is still held is canceled now."""
        self._stop.set()
        with self._turn:
            for symbol in sorted({s for m, s in self._held.values() if m is Market.UM}):
                try:
                    self._futures.countdown(symbol, LAST_COUNTDOWN_S)
                except AtapiError as e:
                    self._tell(f"orders in {symbol} are canceled within {COUNTDOWN_S} s ({e.message})")
            if self._holder is not None:
                self._holder.end()
                self._holder = None
            self._held.clear()

    # --- inside -------------------------------------------------------------------------------------------------
    def _beat_futures(self, symbol: str) -> None:
        names = [name for name in self._names(Market.UM) if self._held[name][1] == symbol]
        self._let_go(_gone(names, self._futures.open_orders(symbol)))
        self._futures.countdown(symbol, COUNTDOWN_S if self.held(Market.UM, symbol) else 0)

    def _names(self, market: Market) -> list[str]:
        return [name for name, (m, _) in self._held.items() if m is market and name not in self._placing]

    def _let_go(self, names: Sequence[str]) -> None:
        for name in names:
            market, _ = self._held.pop(name, (None, ""))
            if market is not Market.SPOT or self._holder is None:
                continue
            try:
                self._holder.release(name)
            except AtapiError as e:  # it would cancel an order that has ended, which is nothing
                self._tell(e.message)

    def _revive(self) -> None:
        self._tell("the dead-man process has ended; starting another")
        self._holder = self._start()
        for name, (market, symbol) in self._held.items():
            if market is Market.SPOT:
                self._holder.hold(symbol, name)

    def _run(self) -> None:
        while not self._stop.wait(self._beat_s):
            try:
                self.beat()
            except AtapiError as e:
                self._tell(f"the dead-man switch could not be told again: {e.message}")


def _gone(names: Sequence[str], open_orders: Sequence[Order]) -> list[str]:
    shown = {order.client_order_id for order in open_orders}
    return [name for name in names if name not in shown]
