"""What a fault may say, and what it is told where it makes no sense."""

from __future__ import annotations

import pytest

from atapi.paper.faults.board import Faults
from atapi.paper.faults.words import ACTIONS, parse
from atapi.paper.records import Refusal
from tests.paper.worlds import world


def test_a_line_is_read_word_by_word() -> None:
    fault = parse("status 429 after retry=7 method=POST path=/fapi/* nth=2-3 chance=10% seed=4")

    assert (fault.action, fault.value, fault.before, fault.options) == ("status", 429, False, {"retry": "7"})
    where = fault.where
    assert where.patterns == {"method": "POST", "path": "/fapi/*"}
    assert (where.first, where.last, where.chance, where.seed) == (2, 3, 0.1, 4)


@pytest.mark.parametrize(
    ("line", "before"),
    [
        ("lose", False),
        ("lose before", True),
        ("status 503", True),
        ("status 503 after", False),
        ("code -2010", True),
    ],
)
def test_refusals_come_before_and_losses_after_unless_said(line: str, before: bool) -> None:
    assert parse(line).before is before


@pytest.mark.parametrize(
    ("line", "value"),
    [("delay 500ms", 500), ("clock -2s", -2000), ("clock +1s", 1000), ("code 2010", -2010), ("cut 17", 17)],
)
def test_values_are_read(line: str, value: int) -> None:
    assert parse(line).value == value


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("", "'' is no fault; there are lose, reset"),
        ("explode", "'explode' is no fault; there are lose, reset"),
        ("cut", "cut needs BYTES"),
        ("cut x", "'x' is not a whole number"),
        ("delay 5", "SPAN '5' is not a span"),
        ("lose nth=0", "nth '0' is neither a number from 1 nor a range such as 3-5"),
        ("lose nth=5-3", "nth '5-3' is neither"),
        ("lose chance=2", "chance '2' is neither a fraction such as 0.1 nor 10%"),
        ("lose every=0", "every '0' is not a whole number from 1"),
        ("lose colour=red", "lose does not know 'colour=red'; it knows market, method"),
        ("body nonsense", "body 'nonsense' is none of empty, null"),
        ("status 99", "status 99 is none of HTTP"),
        ("redirect http://x status=200", "status 200 is no redirect"),
        ("rule DOGEDOGE lot_size=1", "'DOGEDOGE' is not listed"),
        ("rule BTCUSDT", "rule says nothing to change"),
        ("rule BTCUSDT market=spot status=SETTLING", "status 'SETTLING' is none of TRADING, HALT"),
        ("rule BTCUSDT interval_hours=3", "interval_hours '3' is none of 1, 2, 4, 8"),
        ("rule BTCUSDT market=um lot_size=0.0001", "lot_size must be a multiple of"),
        ("rule BTCUSDT tick_size=0", "tick_size '0' is not a positive number"),
    ],
)
def test_what_makes_no_sense_is_refused(line: str, message: str) -> None:
    faults = Faults()

    with pytest.raises(Refusal) as refused:
        faults.add(line, world())

    assert refused.value.code == -1102
    assert refused.value.message.startswith(message)
    assert faults.all() == []


def test_every_word_is_explained() -> None:
    assert all(action.about for action in ACTIONS.values())
