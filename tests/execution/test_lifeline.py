"""The session's end of the dead-man switch: what is armed, told again and let go."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import pytest

from atapi.domain.instruments import Market
from atapi.domain.orders import Order
from atapi.errors import Refused, VenueUnreachable
from atapi.exchanges.binance.networks import paper_endpoints
from atapi.execution.lifeline import GuardProcess, Letter, Lifeline
from tests.shell.commands.stock import RESTING


@dataclass
class Venue:
    """A market with open orders and a switch."""

    open: list[str] = field(default_factory=list)  # client order ids, all of BTCUSDT
    armed: list[tuple[str, int]] = field(default_factory=list)
    away: bool = False

    def countdown(self, symbol: str, seconds: int) -> None:
        if self.away:
            raise VenueUnreachable("nobody listens")
        self.armed.append((symbol, seconds))

    def open_orders(self, symbol: str | None = None) -> list[Order]:
        return [replace(RESTING, client_order_id=name) for name in self.open]


@dataclass
class Hand:
    """Who holds spot orders, in memory."""

    alive: bool = True
    held: list[str] = field(default_factory=list)
    ended: bool = False

    def hold(self, symbol: str, client_order_id: str) -> None:
        self.held.append(client_order_id)

    def release(self, client_order_id: str) -> None:
        if not self.alive:
            raise Refused("the dead-man process does not answer")
        self.held.remove(client_order_id)

    def end(self) -> None:
        self.ended = True


@dataclass
class Session:
    """A lifeline over those, and what it said."""

    futures: Venue = field(default_factory=Venue)
    spot: Venue = field(default_factory=Venue)
    hands: list[Hand] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.line = Lifeline(
            futures=self.futures, spot=self.spot.open_orders, start=self.start, tell=self.said.append
        )

    def start(self) -> Hand:
        self.hands.append(Hand())
        return self.hands[-1]


@pytest.fixture
def session() -> Iterator[Session]:
    made = Session()
    yield made
    made.line.close()


def test_a_futures_switch_is_told_again_while_an_order_rests_and_disarmed_after(session: Session) -> None:
    session.line.hold(Market.UM, "BTCUSDT", "a")
    session.line.sent("a", rests=True)
    session.futures.open = ["a"]

    session.line.beat()
    session.futures.open = []
    session.line.beat()
    session.line.beat()

    assert session.futures.armed == [("BTCUSDT", 120), ("BTCUSDT", 0)]
    assert session.line.held(Market.UM, "BTCUSDT") == set()
    assert session.hands == []  # futures need no process


def test_an_order_on_its_way_keeps_the_switch_armed(session: Session) -> None:
    session.line.hold(Market.UM, "BTCUSDT", "a")

    session.line.beat()  # not shown yet

    assert session.futures.armed == [("BTCUSDT", 120)]
    assert session.line.held(Market.UM, "BTCUSDT") == {"a"}


def test_a_spot_order_is_held_before_it_is_sent_and_let_go_once_it_ended(session: Session) -> None:
    session.line.hold(Market.SPOT, "BTCUSDT", "a")
    [hand] = session.hands
    assert hand.held == ["a"]

    session.line.beat()  # on its way: not shown, and held all the same
    assert hand.held == ["a"]
    session.line.sent("a", rests=True)
    session.line.beat()

    assert hand.held == []


def test_an_order_that_does_not_rest_is_let_go_at_once(session: Session) -> None:
    session.line.hold(Market.SPOT, "BTCUSDT", "a")

    session.line.sent("a", rests=False)

    assert session.hands[0].held == []


def test_a_process_that_died_is_replaced_and_told_everything(session: Session) -> None:
    for market, name in ((Market.UM, "b"), (Market.SPOT, "a")):
        session.line.hold(market, "BTCUSDT", name)
        session.line.sent(name, rests=True)
    session.spot.open = ["a"]
    session.hands[0].alive = False

    session.line.beat()

    assert [hand.held for hand in session.hands] == [["a"], ["a"]]
    assert session.said == ["the dead-man process has ended; starting another"]


def test_a_dead_process_does_not_hide_why_an_order_failed(session: Session) -> None:
    session.line.hold(Market.SPOT, "BTCUSDT", "a")
    session.hands[0].alive = False

    session.line.sent("a", rests=False)

    assert session.said == ["the dead-man process does not answer"]


def test_leaving_hands_everything_over(session: Session) -> None:
    for market in (Market.SPOT, Market.UM):
        session.line.hold(market, "BTCUSDT", market)
        session.line.sent(market, rests=True)

    session.line.close()

    assert session.futures.armed == [("BTCUSDT", 1)]
    assert session.hands[0].ended
    assert session.hands[0].held == ["spot"]


def test_leaving_without_an_exchange_says_that_the_countdown_runs(session: Session) -> None:
    session.line.hold(Market.UM, "BTCUSDT", "a")
    session.futures.away = True

    session.line.close()

    assert session.said == ["orders in BTCUSDT are canceled within 120 s (nobody listens)"]


def test_the_heart_beats_by_itself_and_says_where_it_is_not_heard() -> None:
    heard = threading.Event()
    said: list[str] = []

    class Deaf(Venue):
        def countdown(self, symbol: str, seconds: int) -> None:
            super().countdown(symbol, seconds)
            raise VenueUnreachable("nobody listens")

    def told(line: str) -> None:
        said.append(line)
        heard.set()

    line = Lifeline(futures=Deaf(), spot=list, start=Hand, tell=told, beat_s=0)
    line.hold(Market.UM, "BTCUSDT", "a")

    assert heard.wait(60)
    line.close()
    assert said[0] == "the dead-man switch could not be told again: nobody listens"


def test_a_process_that_does_not_begin_holds_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    letter = Letter(paper_endpoints("http://a", "http://b"), "key", "secret", 10.0)
    monkeypatch.setattr(sys, "executable", "/bin/true")

    with pytest.raises(Refused, match="the dead-man process does not answer"):
        GuardProcess(letter)


def test_a_letter_shows_nothing() -> None:
    letter = Letter(paper_endpoints("http://a", "http://b"), "the-key", "the-secret", 10.0)

    assert repr(letter) == "Letter(****)"
    assert "the-secret" in letter.line()


def test_a_process_holds_an_order_and_lets_it_go() -> None:
    nowhere = paper_endpoints("http://127.0.0.1:9", "http://127.0.0.1:9")
    process = GuardProcess(Letter(nowhere, "k" * 64, "s" * 64, 1.0))

    process.hold("BTCUSDT", "at-test-aaaaaaaaaaaabo1")
    process.release("at-test-aaaaaaaaaaaabo1")  # else it would try to cancel for a long time

    assert process.alive
    process.end()
    assert not process.alive
