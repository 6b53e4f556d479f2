"""Real shells under what an operating system does to processes: signals, closed pipes, too few files, company."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.execution import faults
from tests.execution.proxy import Fault, Meet, Passing
from tests.gates.shells import SpawnedShells
from tests.gates.street import SHOW, House, Street

OPENING = "open-spread BTCUSDT 1000usdt"
CLOSING = "close-spread BTCUSDT"
ENDS = {OPENING: "HEDGED", CLOSING: "FLAT"}
ORDER = {"um": "POST /fapi/v1/order", "spot": "POST /api/v3/order"}
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@pytest.fixture(scope="module")
def street() -> Iterator[Street]:
    with Street() as street:
        yield street


@pytest.fixture(scope="module")
def spawning() -> Iterator[Street]:
    with Street(SpawnedShells()) as street:
        yield street


@pytest.fixture
def house(street: Street) -> Iterator[House]:
    with street.house() as house:
        yield house


def first(market: str, fault: Fault) -> Meet:
    """Let it befall the first order of a market."""
    left = [fault]
    return lambda passing: left.pop() if left and passing.what == ORDER[market] else None


def interrupting(house: House, *numbers: int) -> Fault:
    """Send the shell signals while the exchange has its order, and let it have the answer."""

    def fault(order: Passing) -> None:
        answer = order.forward()
        for number in numbers:
            house.signal(number)
        order.answer(answer)

    return fault


def state(house: House) -> str:
    """What the next shell shows, once the checker has agreed with all that was run."""
    ended = house.run(SHOW)
    assert ended.code == 0, ended.err
    assert house.wrong() == []
    rows = json.loads(ended.out)
    return str(rows[-1]["state"]) if rows else "none"


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
@pytest.mark.parametrize("market", ["um", "spot"])
@pytest.mark.parametrize("line", ENDS, ids=["opening", "closing"])
def test_a_signal_between_the_legs_waits_for_both(
    house: House, line: str, market: str, number: signal.Signals
) -> None:
    if line is CLOSING:
        house.run(OPENING)

    ended = house.run(line, meet=first(market, interrupting(house, number)))

    assert ended.code == 130, ended.err
    assert "finishing or undoing both legs first" in ended.err
    assert state(house) == ENDS[line]


def test_a_second_ctrl_c_leaves_the_rest_to_the_next_shell(house: House) -> None:
    def impatient(order: Passing) -> None:
        order.forward()
        house.signal(signal.SIGINT)
        told = house.home / "runs" / "1" / "err"
        while "finishing or undoing" not in told.read_text():  # one signal at a time is what a process sees
            threading.Event().wait(0.005)
        house.signal(signal.SIGINT)
        order.wait_until_gone()

    ended = house.run(OPENING, meet=first("um", impatient))

    assert ended.code in (3, 130), ended.err
    assert state(house) == "HEDGED"


@pytest.mark.parametrize("size", [0, 1, 40])
@pytest.mark.parametrize("line", ENDS, ids=["opening", "closing"])
def test_a_reader_that_leaves_ends_nothing_between_the_legs(spawning: Street, line: str, size: int) -> None:
    with spawning.house() as house:
        if line is CLOSING:
            house.run(OPENING)
        reading, writing = os.pipe()

        house.begin()
        shell = house.another(line, stdout=writing)
        os.close(writing)
        if size:
            os.read(reading, size)
        os.close(reading)
        ended = house.note(line, shell.wait())

        assert ended.code == 0, ended.err
        assert state(house) == ENDS[line]


@pytest.mark.parametrize("market", ["um", "spot"])
def test_nobody_to_speak_to_ends_nothing_between_the_legs(house: House, market: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)

    ended = house.run(OPENING, meet=first(market, faults.hung_up), stderr=writing)
    os.close(writing)

    assert ended.code == 0
    assert state(house) == "HEDGED"


def test_of_twenty_at_once_one_trades(house: House) -> None:
    others_gone = threading.Event()

    def held(order: Passing) -> None:
        others_gone.wait()
        order.answer(order.forward())

    house.begin(first("um", held))
    shells = [house.another(OPENING) for _ in range(20)]
    codes: Counter[int] = Counter()
    ended_one = threading.Semaphore(0)

    def follow(number: int) -> None:
        ended = shells[number].wait()
        codes[ended.code] += 1
        said.append(ended.err)
        ended_one.release()

    said: list[str] = []
    for number in range(len(shells)):
        threading.Thread(target=follow, args=(number,), daemon=True).start()
    for _ in range(19):
        ended_one.acquire()
    others = dict(codes)
    others_gone.set()
    ended_one.acquire()

    # Who comes a little later sees that the spread is being opened.
    assert sum(others.values()) == 19
    assert set(others) <= {1, 4}, said
    refusals = ("is trading on this journal", "has an open spread of")
    assert [text for text in said[:19] if not any(refusal in text for refusal in refusals)] == []
    assert codes[0] == 1
    assert len(house.history()["orders"]) == 2
    assert state(house) == "HEDGED"


@pytest.mark.parametrize("files", [8, 9, 10, 11, 12, 14, 16])
def test_too_few_files_lose_no_order(house: House, files: int) -> None:
    ended = house.run(OPENING, limits={"RLIMIT_NOFILE": files})

    assert ended.code == 0 or ended.err.count("error: ") == 1
    assert state(house) in ("HEDGED", "FLAT", "none")
