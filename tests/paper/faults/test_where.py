"""Which of the things that happen a fault befalls."""

from __future__ import annotations

import pytest

from atapi.paper.faults.board import Faults
from atapi.paper.faults.where import Counter, Happening, Where
from tests.paper.worlds import world

ORDER = Happening(market="um", method="POST", path="/fapi/v1/order", account="bob", symbol="BTCUSDT")
QUERY = Happening(market="um", method="GET", path="/fapi/v1/order", account="bob")


def struck(words: str, happenings: list[Happening]) -> list[int]:
    """Number those that a fault befalls, from 1."""
    named = dict(word.split("=") for word in words.split())
    counter = Counter(Where.read(named))
    return [at for at, happening in enumerate(happenings, 1) if counter.strikes(happening)]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("", [1, 2, 3, 4, 5, 6]),
        ("method=POST", [1, 3, 5]),
        ("method=POST nth=2", [3]),
        ("nth=2-4", [2, 3, 4]),
        ("method=POST every=2", [1, 5]),
        ("nth=3 every=2", [3]),
        ("times=2", [1, 2]),
        ("path=/fapi/*", [1, 2, 3, 4, 5, 6]),
        ("path=/api/*", []),
        ("account=bob market=um symbol=BTC*", [1, 3, 5]),
        ("account=ann", []),
        ("chance=0", []),
        ("chance=1", [1, 2, 3, 4, 5, 6]),
    ],
)
def test_what_fits_and_is_due_is_struck(words: str, expected: list[int]) -> None:
    assert struck(words, [ORDER, QUERY] * 3) == expected


def test_chance_is_the_seeds_alone() -> None:
    often = [ORDER] * 2000
    first, again, other = (struck(f"chance=10% seed={seed}", often) for seed in (1, 1, 2))

    assert first == again != other
    assert 150 < len(first) < 250  # 200 expected, 13.4 the standard deviation


def test_others_that_happen_between_change_no_chance() -> None:
    alone = struck("chance=50% method=POST", [ORDER] * 50)

    mixed = struck("chance=50% method=POST", [QUERY, ORDER] * 50)

    assert mixed == [2 * at for at in alone]


def test_the_first_set_strikes_and_the_others_count_on() -> None:
    faults, exchange = Faults(), world()
    faults.add("lose nth=1", exchange)
    faults.add("reset nth=2", exchange)

    actions = [faults.strike(faults.requests, ORDER) for _ in range(3)]

    assert [fault and fault.action for fault in actions] == ["lose", "reset", None]
    assert [row["struck"] for row in (standing.shown() for standing in faults.all())] == [1, 1]
