"""A real shell, a real exchange, and one order that the network or the power company interferes with.

Whatever happens, the spread ends hedged or flat and says so, nothing is executed twice, and a shell that was killed
is continued by the next one. The checker judges it by what the exchange recorded. The whole matrix, of which these are
a handful, is `python -m tests.gates.order_faults`.
"""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator

import pytest

from tests.execution import faults
from tests.execution.proxy import Fault, Meet, Passing
from tests.gates.shells import SpawnedShells
from tests.gates.street import SHOW, House, Street

OPENING = "open-spread BTCUSDT 10000usdt --json"
CLOSING = "close-spread BTCUSDT --json"
ORDER = {"um": "POST /fapi/v1/order", "spot": "POST /api/v3/order"}

ANSWERED = {
    "hung_up": faults.hung_up,
    "cut": faults.cut(0.5),
    "garbled": faults.garbled,
    "emptied": faults.emptied,
    "unavailable": faults.unavailable,
    "timed_out": faults.timed_out,
    "lost": faults.lost,
}


@pytest.fixture(scope="module")
def street() -> Iterator[Street]:
    with Street() as street:
        yield street


@pytest.fixture
def house(street: Street) -> Iterator[House]:
    with street.house() as house:
        yield house


def once(market: str, fault: Fault) -> Meet:
    """Let it befall the first order of a market."""
    left = [fault]
    return lambda passing: left.pop() if left and passing.what == ORDER[market] else None


def state(house: House) -> str:
    """Let the next shell find out how it ended; hold all of it against the exchange's record and tell the state."""
    ended = house.run(SHOW)
    assert ended.code == 0, ended.err
    assert house.wrong() == []
    rows = json.loads(ended.out)
    return str(rows[-1]["state"]) if rows else "none"


@pytest.mark.parametrize("market", ["um", "spot"])
@pytest.mark.parametrize("fault", ANSWERED.values(), ids=ANSWERED)
def test_an_opening_survives_an_answer_that_says_nothing(house: House, fault: Fault, market: str) -> None:
    ended = house.run(OPENING, meet=once(market, fault), before="set timeout 2s")

    assert ended.code == 0, ended.err
    assert [row["leg"] for row in json.loads(ended.out)] == ["perp", "spot"]
    assert state(house) == "HEDGED"
    assert len(house.history()["orders"]) == 2


@pytest.mark.parametrize("market", ["um", "spot"])
def test_a_closing_survives_an_answer_that_does_not_come(house: House, market: str) -> None:
    house.run(OPENING)

    ended = house.run(CLOSING, meet=once(market, faults.lost), before="set timeout 2s")

    assert ended.code == 0, ended.err
    assert state(house) == "FLAT"
    assert len(house.history()["orders"]) == 4


@pytest.mark.parametrize("market", ["um", "spot"])
@pytest.mark.parametrize(
    ("line", "ends"), [(OPENING, "HEDGED"), (CLOSING, "FLAT")], ids=["opening", "closing"]
)
def test_a_shell_killed_after_its_order_was_executed_is_continued_by_the_next(
    house: House, market: str, line: str, ends: str
) -> None:
    def killed(order: Passing) -> None:
        order.forward()
        house.signal(signal.SIGKILL)
        order.hang_up()

    if line is CLOSING:
        house.run(OPENING)

    ended = house.run(line, meet=once(market, killed))

    assert ended.code == -signal.SIGKILL
    assert state(house) == ends


@pytest.mark.parametrize("market", ["um", "spot"])
@pytest.mark.parametrize("fault", [faults.refused, faults.limited], ids=["refused", "limited"])
def test_a_refused_leg_leaves_nothing_open(house: House, fault: Fault, market: str) -> None:
    ended = house.run(OPENING, meet=once(market, fault))

    assert ended.code == 1 if market == "spot" else ended.code in (1, 6), ended.err
    assert ended.out == ""
    assert state(house) == "FLAT"


def test_a_redirect_is_not_followed(street: Street, house: House) -> None:
    ended = house.run(OPENING, meet=once("um", faults.moved("302 Found", street.elsewhere.url)))

    assert ended.code == 0, ended.err
    assert state(house) == "HEDGED"
    assert street.elsewhere.met == 0


def test_the_command_itself_survives_a_lost_answer() -> None:
    with Street(SpawnedShells()) as street, street.house() as house:
        ended = house.run(OPENING, meet=once("spot", faults.hung_up))

        assert ended.code == 0, ended.err
        assert state(house) == "HEDGED"


@pytest.mark.gate
@pytest.mark.parametrize("market", ["um", "spot"])
def test_an_order_that_never_arrived_is_proven_absent_and_made_up_for(house: House, market: str) -> None:
    house.run(OPENING, meet=once(market, faults.dropped), before="set timeout 2s")

    assert state(house) in ("HEDGED", "FLAT")
