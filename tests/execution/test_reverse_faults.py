"""Reverse carry through a real shell, and one order of the perpetual or of the margin leg that goes wrong.

Whatever happens, the spread ends hedged or flat and says so, nothing is executed twice, and what is owed is what the
perpetual stands against. The checker judges it by what the exchange recorded.
"""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from decimal import Decimal

import pytest

from tests.execution import faults
from tests.execution.proxy import Fault, Meet, Passing
from tests.gates.street import SHOW, House, Street

FUNDING = "transfer 20000usdt spot margin --yes"
OPENING = "open-spread BTCUSDT 10000usdt --reverse --json"
CLOSING = "close-spread BTCUSDT --json"
ORDER = {"um": "POST /fapi/v1/order", "margin": "POST /sapi/v1/margin/order"}
MARKETS = list(ORDER)

ANSWERED = {
    "hung_up": faults.hung_up,
    "cut": faults.cut(0.5),
    "emptied": faults.emptied,
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
        assert house.run(FUNDING).code == 0
        yield house


def once(market: str, fault: Fault) -> Meet:
    """Let it befall the first order of a market."""
    left = [fault]
    return lambda passing: left.pop() if left and passing.what == ORDER[market] else None


def killed(house: House) -> Fault:
    """Make the fault: executed, and the shell dies before it hears of it."""

    def fault(order: Passing) -> None:
        order.forward()
        house.signal(signal.SIGKILL)
        order.hang_up()

    return fault


def state(house: House) -> str:
    """Let the next shell find out how it ended; hold all of it against the exchange's record and tell the state."""
    ended = house.run(SHOW)
    assert ended.code == 0, ended.err
    assert house.wrong() == []
    [row] = json.loads(ended.out)
    assert row["kind"] == "reverse"
    return str(row["state"])


def owed(house: House) -> Decimal:
    """What was lost of the coin since the beginning; a closed spread leaves less than a lot more."""
    history = house.history()
    return Decimal(history["before"]["BTC"]) - Decimal(history["balances"]["BTC"])


@pytest.mark.parametrize("fault", ANSWERED.values(), ids=ANSWERED)
def test_an_opening_survives_an_answer_of_margin_that_says_nothing(house: House, fault: Fault) -> None:
    ended = house.run(OPENING, meet=once("margin", fault), before="set timeout 2s")

    assert ended.code == 0, ended.err
    assert [(row["leg"], row["side"]) for row in json.loads(ended.out)] == [("perp", "BUY"), ("spot", "SELL")]
    assert state(house) == "HEDGED"
    assert len(house.history()["orders"]) == 2


def test_an_opening_survives_an_answer_of_the_perpetual_that_does_not_come(house: House) -> None:
    ended = house.run(OPENING, meet=once("um", faults.lost), before="set timeout 2s")

    assert ended.code == 0, ended.err
    assert state(house) == "HEDGED"


@pytest.mark.parametrize("market", MARKETS)
def test_a_closing_survives_an_answer_that_does_not_come(house: House, market: str) -> None:
    house.run(OPENING)

    ended = house.run(CLOSING, meet=once(market, faults.lost), before="set timeout 2s")

    assert ended.code == 0, ended.err
    assert "repaid: margin owes no BTC" in ended.err
    assert state(house) == "FLAT"
    assert len(house.history()["orders"]) == 4


@pytest.mark.parametrize("market", MARKETS)
def test_a_shell_killed_after_its_order_was_executed_is_continued_by_the_next(
    house: House, market: str
) -> None:
    ended = house.run(OPENING, meet=once(market, killed(house)))

    assert ended.code == -signal.SIGKILL
    assert state(house) == "HEDGED"
    assert len(house.history()["orders"]) == 2


@pytest.mark.parametrize("market", MARKETS)
def test_a_shell_killed_while_closing_is_continued_and_what_is_owed_repaid(house: House, market: str) -> None:
    house.run(OPENING)

    house.run(CLOSING, meet=once(market, killed(house)))
    ended = house.run("spreads")

    assert ended.code == 0, ended.err
    assert "#1 BTCUSDT: ended FLAT" in ended.err
    assert "repaid: margin owes no BTC" in ended.err
    assert state(house) == "FLAT"
    assert -Decimal("0.00001") < owed(house) <= 0


@pytest.mark.parametrize("fault", [faults.refused, faults.limited], ids=["refused", "limited"])
def test_a_refused_sale_leaves_nothing_open_and_nothing_owed(house: House, fault: Fault) -> None:
    ended = house.run(OPENING, meet=once("margin", fault))

    assert ended.code == 1, ended.err
    assert ended.out == ""
    assert "perp sold back" in ended.err
    assert state(house) == "FLAT"
    assert owed(house) == 0


@pytest.mark.gate
@pytest.mark.parametrize("line", [OPENING, CLOSING], ids=["opening", "closing"])
def test_a_margin_order_that_never_arrived_is_proven_absent_after_73_seconds(house: House, line: str) -> None:
    if line is CLOSING:
        house.run(OPENING)

    house.run(line, meet=once("margin", faults.dropped), before="set timeout 2s")

    assert state(house) in ("HEDGED", "FLAT")


@pytest.mark.gate
@pytest.mark.parametrize("line", [OPENING, CLOSING], ids=["opening", "closing"])
def test_a_shell_killed_at_any_request_is_continued_by_the_next(street: Street, line: str) -> None:
    met, number = True, 0
    while met:
        number += 1
        with street.house() as house:
            house.run(FUNDING)
            if line is CLOSING:
                house.run(OPENING)
            left = [number]

            def meet(passing: Passing, left: list[int] = left, house: House = house) -> Fault | None:
                left[0] -= 1
                return None if left[0] else killed(house)

            house.run(line, meet=meet)
            met = left[0] <= 0
            ended = house.run(SHOW)

            assert ended.code == 0, (number, ended.err)
            assert house.wrong() == [], number
            assert {row["state"] for row in json.loads(ended.out)} <= {"HEDGED", "FLAT"}
    assert number > 10
