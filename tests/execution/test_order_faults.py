"""Single orders of a real shell at a real exchange, with one request that the network or a SIGKILL interferes with.

Nothing is executed twice, canceled is what is canceled, and a shell that was killed is continued by the next one.
What the exchange holds is asked of the exchange itself.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.execution import faults
from tests.execution.proxy import Fault, Meet, Passing
from tests.gates.shells import Ended
from tests.gates.street import SEED, House, Street

ROOT = Path(__file__).parents[2]
BUY = "buy BTCUSDT 1000usdt --json"
REST = "buy BTCUSDT 0.02btc --price 40000 --json"
PATHS = {"um": "/fapi/v1/order", "spot": "/api/v3/order"}
VENUES = {"um": "--venue futures", "spot": ""}
UNCLEAR = {
    "hung_up": faults.hung_up,
    "cut": faults.cut(0.5),
    "garbled": faults.garbled,
    "unavailable": faults.unavailable,
    "timed_out": faults.timed_out,
}


@pytest.fixture(scope="module")
def street() -> Iterator[Street]:
    with Street() as street:
        yield street


@pytest.fixture
def house(street: Street) -> Iterator[House]:
    with street.house() as house:
        yield house


def once(method: str, market: str, fault: Fault) -> Meet:
    """Let it befall the first such request."""
    left = [fault]
    what = f"{method} {PATHS[market]}"
    return lambda passing: left.pop() if left and passing.what == what else None


def killed(house: House) -> Fault:
    """Make the fault: the exchange does it, and the shell is gone before it hears so."""

    def fault(request: Passing) -> None:
        request.forward()
        house.signal(signal.SIGKILL)
        request.hang_up()

    return fault


def orders(house: House) -> list[tuple[str, Decimal]]:
    """What the exchange recorded: status and executed quantity of every order."""
    return [(o["status"], Decimal(o["executedQty"])) for o in house.history()["orders"]]


def rows(ended: Ended) -> list[dict[str, Any]]:
    assert ended.code == 0, ended.err
    found: list[dict[str, Any]] = json.loads(ended.out, parse_float=Decimal, parse_int=Decimal)
    return found


@pytest.mark.parametrize("market", ["um", "spot"])
@pytest.mark.parametrize("fault", UNCLEAR.values(), ids=UNCLEAR)
def test_an_order_without_an_answer_is_found_and_not_sent_again(
    house: House, fault: Fault, market: str
) -> None:
    ended = house.run(f"{BUY} {VENUES[market]}", meet=once("POST", market, fault), before="set timeout 2s")

    [row] = rows(ended)
    assert row["status"] == "FILLED"
    assert orders(house) == [("FILLED", row["filled"])]


@pytest.mark.parametrize("market", ["um", "spot"])
@pytest.mark.parametrize("line", [BUY, REST], ids=["takes", "rests"])
def test_a_shell_killed_after_its_order_was_accepted_is_continued_by_the_next(
    house: House, market: str, line: str
) -> None:
    ended = house.run(f"{line} {VENUES[market]}", meet=once("POST", market, killed(house)))
    found = rows(house.run("orders --json"))
    again = house.run(f"{line} {VENUES[market]}")

    assert ended.code == -signal.SIGKILL
    if line is BUY:
        assert found == []
        assert again.code == 0  # the first is done: another one is another order
    else:
        assert [(row["status"], row["differs"]) for row in found] == [("NEW", "")]
        assert again.code == 1
        assert "is not done" in again.err
    assert len(orders(house)) == (2 if line is BUY else 1)


@pytest.mark.parametrize("market", ["um", "spot"])
@pytest.mark.parametrize("fault", [faults.hung_up, faults.unavailable], ids=["hung_up", "unavailable"])
def test_a_cancel_without_an_answer_is_found_out_about(house: House, fault: Fault, market: str) -> None:
    house.run(f"{REST} {VENUES[market]}")

    [row] = rows(house.run("cancel BTCUSDT --json", meet=once("DELETE", market, fault)))

    assert row["status"] == "CANCELED"
    assert orders(house) == [("CANCELED", 0)]


@pytest.mark.parametrize("market", ["um", "spot"])
def test_a_shell_killed_while_it_cancels_is_continued_by_the_next(house: House, market: str) -> None:
    house.run(f"{REST} {VENUES[market]}")

    ended = house.run("cancel BTCUSDT", meet=once("DELETE", market, killed(house)))
    left = house.run("orders --csv")

    assert ended.code == -signal.SIGKILL
    assert (left.code, left.out) == (0, "")
    assert "cancel of at-" in left.err
    assert orders(house) == [("CANCELED", 0)]


def test_a_shell_killed_while_it_changes_an_order_is_continued_by_the_next(house: House) -> None:
    [placed] = rows(house.run(f"{REST} --venue futures"))

    ended = house.run(f"amend {placed['id']} --price 41000", meet=once("PUT", "um", killed(house)))
    [left] = rows(house.run("orders --json"))

    assert ended.code == -signal.SIGKILL
    assert (left["price"], left["differs"]) == (41000, "")


def test_an_interruption_waits_until_the_order_is_known(house: House) -> None:
    def interrupted(request: Passing) -> None:
        request.forward()
        house.signal(signal.SIGINT)
        request.hang_up()

    ended = house.run(BUY, meet=once("POST", "spot", interrupted))

    assert ended.code == 130
    assert rows(house.run("orders --json")) == []
    assert len(orders(house)) == 1


def test_the_same_command_many_times_at_once_makes_one_order(house: House) -> None:
    argv = [sys.executable, "-m", "atapi", "--home", str(house.home), "--seed", SEED, *REST.split()]
    shells = [
        subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd=ROOT)
        for _ in range(6)
    ]

    said = [shell.communicate()[1] for shell in shells]

    refused = [text for shell, text in zip(shells, said, strict=True) if shell.returncode]
    assert len(refused) == 5
    # SQLite itself gives up where many processes open a file at one moment; then nothing was sent either
    known = ("is trading on this journal", "is not done", "locking protocol")
    assert [text for text in refused if not any(words in text for words in known)] == []
    assert orders(house) == [("NEW", 0)]
