"""A process that may die at any effect, its durable journal, and what must hold at the end, whatever happened."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache
from typing import Any

from atapi.domain.instruments import Market
from atapi.domain.numbers import ceil_to
from atapi.domain.orders import Fill, TimeInForce
from atapi.domain.spreads import LegName, SpreadState
from atapi.domain.style import AT_ONCE, Route, Style
from atapi.execution.effects import (
    Ask,
    AskDepth,
    AskFills,
    AskTraces,
    Attempt,
    AttemptState,
    Cancel,
    Countdown,
    Effect,
    Now,
    Reaching,
    Send,
    Sleep,
    Stopped,
    Tell,
    WriteAttempt,
    WriteFills,
    WriteState,
    Writing,
)
from atapi.execution.leg import Unproven
from atapi.execution.legs import Legs
from atapi.execution.spread import Outcome, close_spread, open_spread
from atapi.execution.terms import CloseTerms, OpenTerms
from tests.execution.simulation import DUST, FEE, PAIR, Chooser, Crash, D, Exchange

Terms = OpenTerms | CloseTerms
TRACES = (
    WriteAttempt,
    WriteFills,
    WriteState,
    Send,
    Cancel,
    Countdown,
    Sleep,
)  # dying after another changes nothing
AWAY = (1.0, 200.0)  # seconds a dead process stays away: before and after its countdown has fired


class World:
    """An exchange, a durable journal, and a process that may die."""

    def __init__(self, chooser: Chooser, *, crashes: int = 2, logs: bool = False) -> None:
        self.exchange = Exchange(chooser)
        self.crashes = crashes
        self.states: list[SpreadState] = []
        self.told: list[str] = []
        self.log: list[str] = []  # every effect and its result, for replays
        self.wrong: list[str] = []  # seen on the way
        self._logs = logs
        self._written: list[Writing] = []  # since something last reached outside; a crash takes it
        self._rows: dict[tuple[int, LegName, int], Attempt] = {}
        self._fills: dict[str, Fill] = {}

    def run(self, intent_id: int, terms: Terms) -> Outcome | Unproven:
        resumed = False
        while True:
            try:
                return self._live(intent_id, terms, resumed)
            except Crash:
                resumed = True

    def take_over(self, other: World) -> None:
        """Go on from where another one stands."""
        self.exchange.take_over(other.exchange)
        self._rows, self._fills = dict(other._rows), dict(other._fills)

    def held(self) -> Decimal:
        """Coins by the journal's own account; owed ones are negative."""
        coins = [f for f in self._fills.values() if f.market is not Market.UM]
        return sum((f.side.sign * f.quantity - (f.fee if f.fee_asset == "BTC" else 0) for f in coins), D(0))

    def position(self) -> Decimal:
        """The perpetual by the journal's own account."""
        return sum((f.side.sign * f.quantity for f in self._fills.values() if f.market is Market.UM), D(0))

    def attempts(self, intent_id: int) -> list[Attempt]:
        return [a for (i, _, _), a in self._rows.items() if i == intent_id]

    def _live(self, intent_id: int, terms: Terms, resumed: bool) -> Outcome | Unproven:
        rows = {(leg, number): a for (i, leg, number), a in self._rows.items() if i == intent_id}
        legs = Legs(pair=PAIR, intent_id=intent_id, instance="test", rows=rows, resumed=resumed)
        engine = open_spread(legs, terms) if isinstance(terms, OpenTerms) else close_spread(legs, terms)
        self._written.clear()
        result: Any = None
        try:
            while True:
                effect = engine.send(result)
                self._judge(effect, terms, resumed)
                result = self._perform(effect, intent_id)
                if self._logs:
                    self.log.append(f"{self.exchange.time:.3f} {effect!r} -> {result!r}")
                if isinstance(effect, TRACES):
                    self._maybe_crash()
        except StopIteration as end:
            self._make_durable(intent_id)
            outcome: Outcome = end.value
            return outcome
        except Unproven as e:
            self._make_durable(intent_id)
            return e

    def _maybe_crash(self) -> None:
        if self.crashes and (away := self.exchange.chooser.pick(3)):
            self.crashes -= 1
            self.exchange.advance(self.exchange.time + AWAY[away - 1])
            raise Crash

    def _judge(self, effect: Effect, terms: Terms, resumed: bool) -> None:
        """See that what is written and sent was allowed at this moment."""
        if isinstance(effect, Send):
            written = [a for a in self._newest() if a.request == effect.request]
            if [a.state for a in written] != [AttemptState.SENDING]:
                self.wrong.append("sent what was not written down, or is settled")
        if isinstance(effect, WriteAttempt) and resumed and takes_risk(effect.attempt, terms):
            key = (effect.attempt.intent_id, effect.attempt.leg, effect.attempt.number)
            if key not in self._rows:
                self.wrong.append("began something new after a crash")

    def _newest(self) -> list[Attempt]:
        """Every attempt as it will be written by the time something reaches outside."""
        newest = {a.request.client_order_id: a for a in self._rows.values()}
        newest |= {
            w.attempt.request.client_order_id: w.attempt for w in self._written if isinstance(w, WriteAttempt)
        }
        return list(newest.values())

    def _make_durable(self, intent_id: int) -> None:
        for effect in self._written:
            match effect:
                case WriteAttempt(attempt):
                    self._rows[intent_id, attempt.leg, attempt.number] = attempt
                case WriteFills(_, fills):
                    self._fills |= {f"{f.market}{f.trade_id}": f for f in fills}
                case WriteState(state, _):
                    self.states.append(state)
        self._written.clear()

    def _perform(self, effect: Effect, intent_id: int) -> Any:
        exchange = self.exchange
        if isinstance(effect, Writing):
            self._written.append(effect)
            return None
        if isinstance(effect, Reaching) and self._written:
            self._make_durable(intent_id)
            self._maybe_crash()
        match effect:
            case Send(request):
                return exchange.send(request)
            case Ask(market, _, client_order_id):
                return exchange.ask(market, client_order_id)
            case Cancel(market, _, client_order_id):
                return exchange.cancel(market, client_order_id)
            case Countdown(_, seconds):
                return exchange.countdown(seconds)
            case AskTraces(request, _):
                known = {a.order_id for a in self._rows.values() if a.request.market is request.market}
                return exchange.traces(request.market, request.side, {i for i in known if i is not None})
            case AskFills(market, _, order_id):
                return exchange.fills(market, order_id)
            case AskDepth(_, _, levels):
                return exchange.depth(levels)
            case Now():
                return exchange.now()
            case Sleep(seconds, _, breaks):
                exchange.advance(exchange.time + seconds)
                return Stopped() if breaks and exchange.chooser.pick(2) else None
            case Tell(line):
                self.told.append(line)
        return None


# --- what is run ------------------------------------------------------------------------------------------------

SLICED = Style(slices=3, interval=2000, max_gap=1000)
BOUNDED = Style(
    max_unhedged=D(1100), worst_basis=D("0.01")
)  # 30 of them at 100 make three slices; for buyers
RESTING = Style(route=Route.MAKER, patience=2500, max_unhedged=D(1600))
OPEN = OpenTerms(quantity=D("30.00"), perp_limit=D("99.9"), spot_limit=D("100.1"), base_fee=FEE)
REVERSE = OpenTerms(
    quantity=D("30.00"), perp_limit=D("100.1"), spot_limit=D("99.9"), base_fee=D(0), reverse=True
)


def takes_risk(attempt: Attempt, terms: Terms) -> bool:
    """Whether an order leaves one leg without the other, rather than covering it."""
    if terms.style.route is Route.MAKER:
        return attempt.request.time_in_force is TimeInForce.GTX or attempt.leg is LegName.PERP_ENTRY
    return attempt.leg in (LegName.PERP_ENTRY, LegName.SPOT_EXIT)


@dataclass(frozen=True, slots=True)
class Scene:
    """One transaction to be run under a chooser's faults."""

    terms: OpenTerms
    style: Style = AT_ONCE
    closes: bool = False  # opened undisturbed, then closed under the faults

    def run(
        self, chooser: Chooser, *, crashes: int = 2, logs: bool = False
    ) -> tuple[World, Outcome | Unproven, Terms]:
        """Run it to its end."""
        world = World(chooser, crashes=crashes, logs=logs)
        terms: Terms = replace(self.terms, style=self.style)
        if self.closes:
            world.take_over(opened(self.terms))
            terms = close_terms(world, self.terms, self.style)
        return world, world.run(2 if self.closes else 1, terms), terms

    def check(self, chooser: Chooser) -> list[str]:
        """Run it and list what is wrong at the end."""
        return faults_of(*self.run(chooser), chooser)


@cache
def opened(terms: OpenTerms) -> World:
    """A world in which a spread was opened and nothing went wrong."""
    world = World(Chooser(tape=[]), crashes=0)
    world.run(1, terms)
    return world


def close_terms(world: World, terms: OpenTerms, style: Style) -> CloseTerms:
    """Close what stands: what is held is sold, what is owed is bought with an hour's interest."""
    if not terms.reverse:
        return CloseTerms(
            perp_quantity=-world.position(), spot_quantity=PAIR.spot.round_quantity(world.held()),
            spot_limit=D("99.9"), perp_limit=D("101"), whole=True, style=style,
        )  # fmt: skip
    return CloseTerms(
        perp_quantity=world.position(), spot_quantity=-world.held(), spot_limit=D("100.1"), perp_limit=D("99"),
        whole=True, base_fee=FEE, reverse=True, style=style,
    )  # fmt: skip


SCENES = {
    "open": Scene(OPEN),
    "close": Scene(OPEN, closes=True),
    "open-reverse": Scene(REVERSE),
    "close-reverse": Scene(REVERSE, closes=True),
    "open-sliced": Scene(OPEN, SLICED),
    "close-sliced": Scene(OPEN, SLICED, closes=True),
    "open-bounded": Scene(REVERSE, BOUNDED),
    "close-bounded": Scene(OPEN, BOUNDED, closes=True),
    "open-maker": Scene(OPEN, RESTING),
    "close-maker": Scene(OPEN, RESTING, closes=True),
    "open-maker-reverse": Scene(REVERSE, RESTING),
    "close-maker-reverse": Scene(REVERSE, RESTING, closes=True),
}
CHECKS = {name: scene.check for name, scene in SCENES.items()}
PLAIN = ("open", "close", "open-reverse", "close-reverse")  # walked one fault further


# --- what must hold ---------------------------------------------------------------------------------------------


def faults_of(world: World, outcome: Outcome | Unproven, terms: Terms, chooser: Chooser) -> list[str]:
    """List what is wrong after a transaction has ended."""
    exchange = world.exchange
    ended = exchange.time
    exchange.advance(ended + 1000)  # whatever is still on its way arrives now
    wrong = [*world.wrong]
    wrong += [f"{key} accepted {n} times" for key, n in exchange.accepted.items() if n > 1]
    if isinstance(outcome, Unproven):
        return [*wrong, "unproven although the venue could be asked"]
    wrong += _state_wrong(world, outcome, chooser, terms)
    wrong += _journal_wrong(world, outcome)
    wrong += _bounds_wrong(world, terms)
    if live := exchange.live():
        wrong.append(f"left resting: {live}")
    if exchange.countdowns and exchange.countdowns[-1]:
        wrong.append("left the countdown armed")
    return wrong


def _state_wrong(world: World, outcome: Outcome, chooser: Chooser, terms: Terms) -> list[str]:
    exchange, net, wrong = world.exchange, world.exchange.net, []
    exposed = outcome.state is SpreadState.EXPOSED
    tolerance = DUST if terms.style.route is Route.MAKER else PAIR.perp.lot_size
    if not exposed and abs(net) > tolerance:
        wrong.append(f"{outcome.state} but net {net}")
    if exposed and abs(net) <= PAIR.perp.lot_size:
        wrong.append(f"called exposed, but net {net}")
    if exposed and abs(outcome.exposed + outcome.bare - net) > PAIR.perp.lot_size:
        wrong.append(f"exposed by {net}, said {outcome.exposed} and {outcome.bare}")
    if exposed and chooser.faults <= 3:
        wrong.append(f"exposed after {chooser.faults} faults: the way back gave up early")
    if outcome.state is SpreadState.HEDGED and not exchange.position[Market.UM]:
        wrong.append("called hedged, but nothing stands")
    if outcome.state is SpreadState.FLAT and exchange.position[Market.UM]:
        wrong.append(f"FLAT but the perpetual stands at {exchange.position[Market.UM]}")
    if not chooser.faults and outcome.state is not _intended(terms):
        wrong.append(f"undisturbed, but {outcome.state}")
    return wrong


def _intended(terms: Terms) -> SpreadState:
    return SpreadState.HEDGED if isinstance(terms, OpenTerms) else SpreadState.FLAT


def _journal_wrong(world: World, outcome: Outcome) -> list[str]:
    exchange, wrong = world.exchange, []
    if world.states[-1] is not outcome.state:
        wrong.append(f"the journal says {world.states[-1]}, the outcome {outcome.state}")
    if (world.held(), world.position()) != (exchange.coins, exchange.position[Market.UM]):
        wrong.append("the journal's fills are not the venue's")
    for (_, _, _), attempt in world._rows.items():
        request = attempt.request
        if not attempt.state.settled:
            wrong.append(f"{request.client_order_id} is still {attempt.state}")
        if attempt.executed != exchange.filled(request.market, request.client_order_id):
            wrong.append(f"{request.client_order_id} executed another quantity than the journal says")
    return wrong


def _bounds_wrong(world: World, terms: Terms) -> list[str]:
    exchange, wrong = world.exchange, []
    lowest, highest = exchange.extremes
    if (lowest if terms.reverse else highest) != 0:
        wrong.append("the perpetual changed sign")
    if max(-lowest, highest) > D("30.00"):
        wrong.append("more of the perpetual than was meant")
    if abs(exchange.coins) > ceil_to(D("30.00") / (1 - FEE), PAIR.spot.lot_size):
        wrong.append("more spot than was meant")
    cap = terms.style.max_unhedged
    if cap is not None and exchange.peak > cap * D("1.05"):  # the market may move while it fills
        wrong.append(f"{exchange.peak} stood unhedged, over {cap}")
    return wrong
