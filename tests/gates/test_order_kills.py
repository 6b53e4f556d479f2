"""The gate of kills of a trading shell, with few of them; and with a fault planted that it must find."""

from __future__ import annotations

import pytest

from tests.gates.order_kills import Case, Point, requests_of, run
from tests.gates.shells import Shells
from tests.gates.street import Street


@pytest.mark.parametrize("line", ["open", "close"])
def test_a_killed_shell_is_mended_by_the_next(line: str) -> None:
    with Street() as street:
        _, first = requests_of(street)[line]
        verdict = run(street, Case(line, (Point(first, "amid"), Point(6, "after"))))

    assert verdict.kills == 2
    assert verdict.wrong == []


def test_a_shell_that_sends_again_what_the_journal_held_is_found_out() -> None:
    with Street(Shells("resends")) as street:
        _, first = requests_of(street)["open"]
        verdict = run(street, Case("open", (Point(first, "after"),)))

    # The last gate stops the second order, and the shell takes that for the fate of the first.
    assert "BTCUSDT is off by -0.022 BTC and nobody was told" in verdict.wrong
