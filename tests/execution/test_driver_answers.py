"""What a venue's answer, or its silence, becomes for the engine; and what a signal does meanwhile."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Generator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from atapi.clock import ManualClock
from atapi.domain.instruments import Market
from atapi.domain.orders import Amendment, Fill, OrderRequest, Side
from atapi.errors import (
    AtapiError,
    DuplicateOrder,
    OrderNotFound,
    OutcomeUnknown,
    Refused,
    VenueError,
    VenueUnreachable,
)
from atapi.execution.driver import INTERRUPTED, Driver
from atapi.execution.effects import (
    Amend,
    Ask,
    AskDepth,
    AskFills,
    AskTraces,
    AttemptState,
    Cancel,
    Countdown,
    Effect,
    NeverSent,
    NotFound,
    Rejected,
    Send,
    Sleep,
    Stopped,
    Tell,
    Unclear,
    WriteAttempt,
)
from atapi.execution.journal import Journal
from tests.execution.test_driver import AT, OpenGate
from tests.execution.test_leg import SENDING, TRACE

SYMBOL, NAME = "BTCUSDT", SENDING.request.client_order_id
CHANGE = Amendment(
    market=Market.UM,
    symbol=SYMBOL,
    side=Side.SELL,
    client_order_id=NAME,
    quantity=Decimal(1),
    price=Decimal(100),
)
CALLS: dict[type, Effect] = {
    Send: Send(SENDING.request),
    Ask: Ask(Market.UM, SYMBOL, NAME),
    Cancel: Cancel(Market.UM, SYMBOL, NAME),
    Amend: Amend(CHANGE),
    Countdown: Countdown(SYMBOL, 120),
    AskFills: AskFills(Market.UM, SYMBOL, "42"),
    AskDepth: AskDepth(Market.UM, SYMBOL),
}
DUPLICATE = DuplicateOrder("clientOrderId is duplicated", code=-4116)
NOT_FOUND = OrderNotFound("Order does not exist.", code=-2013)
REFUSED = VenueError("Margin is insufficient.", code=-2019)
UNKNOWN = OutcomeUnknown("it may or may not have been executed")
LOST = VenueUnreachable("no answer")
UNSENT = VenueUnreachable("nobody listens", sent=False)


@dataclass
class Failing:
    """A venue on which everything fails alike."""

    error: AtapiError

    def _fail(self, *given: object, **more: object) -> Any:
        raise self.error

    place = order = cancel = fills = depth = countdown = _fail

    def amend(self, amendment: Amendment) -> None:
        self._fail()


class Obliging(Failing):
    """A venue on which every change is taken."""

    def amend(self, amendment: Amendment) -> None:
        pass


class Margin:
    """A market that can change no order."""


class ClosedGate(OpenGate):
    """Lets nothing pass."""

    def admit(self, request: OrderRequest) -> None:
        raise Refused("over a cap")

    def admit_change(self, amendment: Amendment) -> None:
        raise Refused("over a cap")


def answer(
    folder: Path, effect: Effect, venue: Any, *, gate: OpenGate | None = None, said: list[str] | None = None
) -> Any:
    """Perform one effect, as the only one of an intent."""

    def engine() -> Generator[Effect, Any, Any]:
        return (yield effect)

    journal = Journal(folder / "journal.db", {"network": "paper", "account": "1"}, seed=b"a host")
    tell = (said if said is not None else []).append
    driver = Driver(journal, {Market.UM: venue}, venue, gate or OpenGate(), ManualClock(AT), tell)
    try:
        return driver.run(None, journal.create_intent(None, "order", {}, AT), engine())
    finally:
        journal.close()


@pytest.mark.parametrize(
    ("call", "error", "expected"),
    [
        (Send, DUPLICATE, Unclear(DUPLICATE.message)),  # evidence that it exists
        (Send, LOST, Unclear(LOST.message)),
        (Send, UNSENT, NeverSent(UNSENT.message)),
        (Send, REFUSED, Rejected(-2019, REFUSED.message)),
        (Send, UNKNOWN, Unclear(UNKNOWN.message)),
        (Ask, NOT_FOUND, NotFound()),
        (Ask, LOST, Unclear(LOST.message)),  # a failed query is not a not-found
        (Cancel, NOT_FOUND, NotFound()),
        (Cancel, REFUSED, Rejected(-2019, REFUSED.message)),
        (Cancel, UNKNOWN, Unclear(UNKNOWN.message)),
        (Amend, NOT_FOUND, NotFound()),
        (Amend, LOST, Unclear(LOST.message)),
        (Amend, UNSENT, NeverSent(UNSENT.message)),
        (Amend, REFUSED, Rejected(-2019, REFUSED.message)),
        (Amend, UNKNOWN, Unclear(UNKNOWN.message)),
        (Countdown, LOST, Unclear(LOST.message)),
        (AskFills, LOST, Unclear(LOST.message)),
        (AskDepth, LOST, Unclear(LOST.message)),
    ],
)
def test_a_failure_becomes_what_it_proves(
    tmp_path: Path, call: type, error: AtapiError, expected: object
) -> None:
    assert answer(tmp_path, CALLS[call], Failing(error)) == expected


@pytest.mark.parametrize("call", [Send, Amend])
def test_what_our_own_gate_refuses_is_ours(tmp_path: Path, call: type) -> None:
    assert answer(tmp_path, CALLS[call], Failing(LOST), gate=ClosedGate()) == Rejected(
        None, "over a cap", ours=True
    )


def test_a_market_that_changes_no_orders_is_not_asked_to(tmp_path: Path) -> None:
    refused = answer(tmp_path, CALLS[Amend], Margin())

    assert refused == Rejected(None, "orders on um cannot be changed", ours=True)


def test_traces_are_trades_that_only_this_attempt_can_have_made(tmp_path: Path) -> None:
    known = replace(
        SENDING,
        number=2,
        state=AttemptState.FILLED,
        order_id="8",
        request=replace(SENDING.request, client_order_id="at-test-aaaaaaaaaaaabp2"),
    )
    made = replace(TRACE, at=AT)
    others = [
        replace(made, order_id="8"),  # of an order that is known
        replace(made, side=Side.BUY),
        replace(made, at=AT + timedelta(seconds=44)),  # after it could have been accepted
    ]

    class Trading(Failing):
        def fills(self, symbol: str, *, start: datetime) -> list[Fill]:
            assert start == AT - timedelta(seconds=1)
            return [made, *others]

    def engine() -> Generator[Effect, Any, Any]:
        yield WriteAttempt(SENDING)
        yield WriteAttempt(known)
        return (yield AskTraces(SENDING.request, timedelta(seconds=43)))

    journal = Journal(tmp_path / "journal.db", {"network": "paper", "account": "1"}, seed=b"a host")
    venue = Trading(LOST)
    driver = Driver(journal, {Market.UM: venue}, venue, OpenGate(), ManualClock(AT), [].append)

    traces = driver.run(None, journal.create_intent(None, "order", {}, AT), engine())

    assert traces == (made,)
    journal.close()


def test_a_change_that_was_taken_says_nothing(tmp_path: Path) -> None:
    assert (
        answer(tmp_path, CALLS[Amend], Obliging(LOST)) is None
    )  # only the order itself shows what it became


def test_the_operator_is_told(tmp_path: Path) -> None:
    said: list[str] = []

    answer(tmp_path, Tell("half of it is done"), Margin(), said=said)
    answer(tmp_path, Sleep(0.5, "too short to tell"), Margin(), said=said)
    answer(tmp_path, Sleep(2, "still asking"), Margin(), said=said)

    assert said == ["half of it is done", "still asking (next in 2 s)"]


@pytest.mark.parametrize(
    ("number", "error"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGHUP, SystemExit)]
)
def test_a_signal_waits_for_the_end_and_ends_a_pause(
    tmp_path: Path, number: signal.Signals, error: type[BaseException]
) -> None:
    said: list[str] = []
    seen: list[Any] = []

    def engine() -> Generator[Effect, Any, None]:
        seen.append((yield Sleep(3, "next slice", breaks=True)))
        os.kill(os.getpid(), number)
        seen.append((yield Sleep(3, "next slice", breaks=True)))

    journal = Journal(tmp_path / "journal.db", {"network": "paper", "account": "1"}, seed=b"a host")
    intent = journal.create_intent(None, "order", {}, AT)
    driver = Driver(journal, {}, Failing(LOST), OpenGate(), ManualClock(AT), said.append)
    with pytest.raises(error) as raised:
        driver.run(None, intent, engine())

    assert seen == [None, Stopped()]
    assert "finishing or undoing both legs first; Ctrl-C again leaves them as they are" in said
    assert journal.open_intents() == []  # it was brought to its end all the same
    if error is SystemExit:
        assert raised.value.code == INTERRUPTED
    journal.close()


def test_a_second_signal_gives_up_at_once(tmp_path: Path) -> None:
    def engine() -> Generator[Effect, Any, None]:
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
        yield Sleep(1, "never")

    journal = Journal(tmp_path / "journal.db", {"network": "paper", "account": "1"}, seed=b"a host")
    intent = journal.create_intent(None, "order", {}, AT)
    driver = Driver(journal, {}, Failing(LOST), OpenGate(), ManualClock(AT), lambda _: None)
    with pytest.raises(KeyboardInterrupt):
        driver.run(None, intent, engine())

    assert [i.intent_id for i in journal.open_intents()] == [intent]  # the next start goes on with it
    journal.close()


def test_outside_the_main_thread_signals_are_somebody_else_s(tmp_path: Path) -> None:
    said: list[str] = []
    thread = threading.Thread(target=answer, args=(tmp_path, Tell("done"), Margin()), kwargs={"said": said})
    thread.start()
    thread.join()

    assert said == ["done"]
