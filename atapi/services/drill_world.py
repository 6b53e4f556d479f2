"""The world a drill is played in: an exchange of its own, what is done to it, and a log of who did what when."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Protocol

from atapi.clock import Deadline, SystemClock
from atapi.domain.account import Wallet
from atapi.domain.amounts import Amount, parse_amount
from atapi.domain.instruments import Market
from atapi.domain.market import Depth
from atapi.domain.numbers import ZERO, plain
from atapi.domain.orders import Amendment, Fill, Order, OrderRequest, OrderType, Side, TimeInForce
from atapi.domain.spreads import Pair
from atapi.errors import AtapiError, OrderNotFound, VenueError, VenueUnreachable
from atapi.exchanges.base import SpotVenue
from atapi.services.drill_exposure import coarser_lot

if TYPE_CHECKING:
    from subprocess import Popen

    from atapi.exchanges.paper_backroom import PaperBackroom
    from atapi.services.container import Services

SYMBOL = "BTCUSDT"
AMOUNT = "1000usdt"
PATIENCE_S = 60.0  # for a process of its own to come to a point
LOOK_EVERY_S = 0.02


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a timeline."""

    at: datetime
    who: str  # atapi, exchange or drill
    what: str


class Log:
    """Writes down what happens, by the drill exchange's clock."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.now: Callable[[], datetime]  # set once there is an exchange

    def say(self, who: str, what: str, at: datetime | None = None) -> None:
        """Write a line down."""
        self.events.append(Event(at or self.now(), who, what))

    def tell(self, line: str) -> None:
        """Write down what the order path says to the operator, but not that it waits: what it asks is seen."""
        if "(next in" not in line and not line.startswith("paper:"):
            self.say("atapi", line)


class Venue(Protocol):
    """What the order path asks of one market."""

    def place(self, request: OrderRequest) -> Order:
        """Send one order, once."""
        ...

    def order(self, symbol: str, client_order_id: str) -> Order:
        """Ask for one order by our id."""
        ...

    def cancel(self, symbol: str, client_order_id: str) -> Order:
        """Cancel one order by our id."""
        ...

    def amend(self, amendment: Amendment) -> None:
        """Change one order, once."""
        ...

    def fills(self, symbol: str, *, start: datetime | None = None, order_id: str | None = None) -> list[Fill]:
        """List own fills, of one order or from a time on."""
        ...

    def depth(self, symbol: str, limit: int = 100) -> Depth:
        """Read one order book."""
        ...


class Witness:
    """Stands between the order path and one market, and writes down what goes to and fro; it changes nothing."""

    def __init__(self, venue: Venue, log: Log) -> None:
        self._venue = venue
        self._log = log
        self.before: Callable[[], None] | None = None  # done once, just before the next order leaves
        self.after: Callable[[], None] | None = None  # done once, as soon as the next order was answered

    def place(self, request: OrderRequest) -> Order:
        """Send one order, once."""
        before, self.before = self.before, None
        if before is not None:
            before()
        self._log.say("atapi", f"sent {_order(request)}")
        try:
            order = self._venue.place(request)
        except AtapiError as e:
            self._log.say("atapi", f"{short(request.client_order_id)}: {_outcome(e)}")
            raise
        self._log.say("atapi", f"{short(request.client_order_id)}: answered {_state(order)}")
        after, self.after = self.after, None
        if after is not None:
            after()
        return order

    def order(self, symbol: str, client_order_id: str) -> Order:
        """Ask for one order by our id."""
        name = short(client_order_id)
        try:
            order = self._venue.order(symbol, client_order_id)
        except AtapiError as e:
            self._log.say("atapi", f"{name}: asked, {_outcome(e)}")
            raise
        self._log.say("atapi", f"{name}: asked and adopted, {_state(order)}")
        return order

    def cancel(self, symbol: str, client_order_id: str) -> Order:
        """Cancel one order by our id."""
        self._log.say("atapi", f"{short(client_order_id)}: canceling")
        return self._venue.cancel(symbol, client_order_id)

    def amend(self, amendment: Amendment) -> None:
        """Change one order, once."""
        self._log.say("atapi", f"{short(amendment.client_order_id)}: changing")
        self._venue.amend(amendment)

    def fills(self, symbol: str, *, start: datetime | None = None, order_id: str | None = None) -> list[Fill]:
        """List own fills, of one order or from a time on."""
        try:
            return self._venue.fills(symbol, start=start, order_id=order_id)
        except AtapiError as e:
            self._log.say("atapi", f"asked for fills, {_outcome(e)}")
            raise

    def depth(self, symbol: str, limit: int = 100) -> Depth:
        """Read one order book."""
        return self._venue.depth(symbol, limit)


class MovedClock:
    """A clock whose waits move the drill's exchange on instead of taking their time.

    Args:
        now: The exchange's time, whatever befalls its markets.
        advance: Moves the exchange's clock.
    """

    def __init__(self, now: Callable[[], datetime], advance: Callable[[timedelta], object]) -> None:
        self._now = now
        self._advance = advance
        self._due: list[tuple[datetime, Callable[[], None]]] = []

    def now(self) -> datetime:
        """Tell the exchange's time."""
        return self._now()

    def sleep(self, seconds: float) -> None:
        """Let the exchange go on by that much, and do what falls due."""
        self._advance(max(timedelta(seconds=seconds), timedelta(milliseconds=1)))
        now = self._now()
        for entry in [entry for entry in self._due if entry[0] <= now]:
            self._due.remove(entry)
            entry[1]()

    def at(self, moment: datetime, do: Callable[[], None]) -> None:
        """Do something once a moment has come."""
        self._due.append((moment, do))


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """An exchange, a desk at it, and the means to do harm."""

    services: Services
    log: Log
    backroom: PaperBackroom
    clock: MovedClock
    witnesses: Mapping[Market, Witness]
    stranger: SpotVenue  # another user's, in the same books, with money
    child: Callable[[str], Popen[str]]  # runs lines in a shell of its own process, on this world
    began: datetime

    @property
    def pair(self) -> Pair:
        """What is traded."""
        return self.services.spreads.symbols.pair(SYMBOL)

    def fault(self, words: str) -> None:
        """Let the exchange misbehave."""
        self.backroom.add_fault(words)
        self.log.say("drill", f"fault: {words}")

    def heal(self) -> None:
        """Let it behave again."""
        self.backroom.clear_faults(None)
        self.log.say("drill", "faults cleared")

    def open(self, amount: str = AMOUNT) -> bool:
        """Open a spread as a trader would; tells whether it stands."""
        spreads = self.services.spreads
        return self.attempt(lambda: spreads.open(spreads.plan(SYMBOL, parse_amount(amount))))

    def close(self) -> bool:
        """Close it."""
        spreads = self.services.spreads
        return self.attempt(lambda: spreads.close(spreads.plan_close(SYMBOL)))

    def buy_spot(self, quantity: Decimal, limit: Decimal) -> None:
        """Let a stranger buy from the spot book."""
        self.stranger.place(
            OrderRequest(
                market=Market.SPOT,
                symbol=self.pair.spot.symbol,
                side=Side.BUY,
                type=OrderType.LIMIT,
                quantity=quantity,
                price=limit,
                time_in_force=TimeInForce.IOC,
                client_order_id="stranger",
            )
        )

    def keep_collateral(self, amount: Decimal) -> None:
        """Take all but so many USDT out of the futures wallet."""
        account = self.services.account
        held = self.services.spreads.futures.account().wallet_balance
        account.transfer(account.plan_transfer(Amount(held - amount, "USDT"), Wallet.FUTURES, Wallet.SPOT))
        self.log.say("drill", f"{plain(amount)} USDT left in the futures wallet")

    def struck(self) -> bool:
        """Tell whether any fault has struck."""
        return any(fault.struck for fault in self.backroom.faults())

    def wait_until(self, so: Callable[[], bool]) -> None:
        """Wait in real time for what another process does.

        Raises:
            VenueUnreachable: It does not come to it.
        """
        patience, clock = Deadline(PATIENCE_S), SystemClock()
        while not so():
            if patience.left() < 0:
                raise VenueUnreachable(f"the drill's shell came to nothing in {PATIENCE_S:g} s")
            clock.sleep(LOOK_EVERY_S)

    def attempt(self, run: Callable[[], object]) -> bool:
        """Do something, and write down what it says where it fails."""
        try:
            run()
        except AtapiError as e:
            self.log.say("atapi", e.message.partition(": ")[0] if isinstance(e, VenueError) else e.message)
            return False
        return True

    def fills(self) -> list[Fill]:
        """List own fills as the exchange has them."""
        spot, futures = self.services.spreads.spot, self.services.spreads.futures
        return [
            *spot.fills(self.pair.spot.symbol, start=self.began),
            *futures.fills(self.pair.perp.symbol, start=self.began),
        ]

    def orders(self) -> list[Order]:
        """List own orders as the exchange has them."""
        spot, futures = self.services.spreads.spot, self.services.spreads.futures
        return [
            *spot.orders(self.pair.spot.symbol, start=self.began),
            *futures.orders(self.pair.perp.symbol, start=self.began),
        ]

    def holdings(self) -> tuple[Decimal, Decimal]:
        """Tell coins, and the perpetual in coins, as the exchange has them."""
        base, symbol = self.pair.spot.base_asset, self.pair.perp.symbol
        coins = sum((b.total for b in self.services.spreads.spot.balances() if b.asset == base), ZERO)
        held = sum((p.quantity for p in self.services.spreads.futures.positions([symbol])), ZERO)
        return coins, held * self.pair.multiplier

    def end_state(self) -> str:
        """Tell how it ended: what the exchange holds, and that the journal knows."""
        coins, perp = self.holdings()
        lot = coarser_lot(self.pair)
        state = "EXPOSED" if abs(coins + perp) >= lot else "HEDGED" if abs(perp) >= lot else "FLAT"
        known = [row.state for row in self.services.spreads.rows(everything=True)]
        told = "FLAT" if not known else str(known[-1])
        return state if told == state else f"{state} while the journal says {told}"


def _order(request: OrderRequest) -> str:
    at = "at market" if request.price is None else f"at {plain(request.price)}"
    only = " reduce-only" if request.reduce_only else ""
    name = short(request.client_order_id)
    return f"{name}: {request.side} {plain(request.quantity)} {request.symbol} on {request.market} {at}{only}"


def _state(order: Order) -> str:
    return f"{order.status} {plain(order.filled)}"


def _outcome(e: AtapiError) -> str:
    if isinstance(e, OrderNotFound):
        return "not found"
    if isinstance(e, VenueError):
        return f"refused ({e.code})"
    return "no answer"


def short(client_order_id: str) -> str:
    """Tell leg and number of one of our ids: p1, s2; of somebody else's all of it."""
    parts = client_order_id.split("-")
    return parts[2][13:] if len(parts) == 3 and len(parts[2]) > 13 else client_order_id
