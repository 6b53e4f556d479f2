"""When a waiting order goes to work: the tables of Binance's trailing stop FAQ, and what four prices prove."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import pytest

from atapi.matching.triggers import Trigger, lies_above

D = Decimal


@dataclass(frozen=True)
class Candle:
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal


def candle(*prices: str) -> Candle:
    return Candle(*(D(price) for price in prices))


def trigger(
    type: str, side: str, stop: str | None = None, delta: int = 0, extreme: str | None = None
) -> Trigger:
    return Trigger(
        sells=side == "SELL",
        above=lies_above(type, side),
        stop=None if stop is None else D(stop),
        delta=delta,
        extreme=None if extreme is None else D(extreme),
    )


@pytest.mark.parametrize(
    ("type", "side", "reaches", "misses"),
    [
        ("STOP_LOSS", "SELL", "100", "100.01"),
        ("STOP_LOSS_LIMIT", "BUY", "100", "99.99"),
        ("TAKE_PROFIT", "SELL", "100", "99.99"),
        ("TAKE_PROFIT_LIMIT", "BUY", "100", "100.01"),
    ],
)
def test_a_stop_is_reached_by_a_touch_from_its_own_side(
    type: str, side: str, reaches: str, misses: str
) -> None:
    waiting = trigger(type, side, "100")

    assert waiting.see(D(misses)) == (waiting, None)
    assert waiting.see(D(reaches)) == (waiting, D(100))


@pytest.mark.parametrize(
    ("type", "side", "stop", "delta", "path", "extreme", "fires"),
    [  # scenarios A to E of Binance's FAQ; the order fires at the last price of its path and not before
        ("STOP_LOSS_LIMIT", "BUY", "44000", 500, "37000 44000 46000 42000 44100", "42000", True),
        ("STOP_LOSS_LIMIT", "BUY", "44000", 500, "37000 44000 46000", "44000", False),
        ("STOP_LOSS_LIMIT", "SELL", "39000", 1000, "41500 39000 37000 41000 36900", "41000", True),
        ("TAKE_PROFIT_LIMIT", "BUY", "38000", 850, "42000 38000 37000 39000 38000 40145", "37000", True),
        (
            "TAKE_PROFIT_LIMIT",
            "SELL",
            "42000",
            750,
            "41500 39000 42000 45000 44000 46500 43012.5",
            "46500",
            True,
        ),
    ],
)
def test_a_trailing_order_follows_the_best_price(
    type: str, side: str, stop: str, delta: int, path: str, extreme: str, fires: bool
) -> None:
    waiting = trigger(type, side, stop, delta)
    fired = []
    for price in path.split():
        waiting, at = waiting.see(D(price))
        fired.append(at)

    assert fired[:-1] == [None] * (len(fired) - 1)
    assert (fired[-1] is not None) is fires
    assert waiting.extreme == D(extreme)


@pytest.mark.parametrize(
    ("waiting", "bar", "at"),
    [
        (trigger("STOP_LOSS", "SELL", "100"), candle("105", "106", "99", "104"), "100"),
        (trigger("STOP_LOSS", "SELL", "100"), candle("98", "106", "97", "104"), "98"),  # opened beyond it
        (trigger("STOP_LOSS", "SELL", "100"), candle("105", "106", "100.1", "104"), None),
        (trigger("TAKE_PROFIT", "SELL", "110"), candle("105", "110", "99", "104"), "110"),
        # It has trailed 100 down by 1 %: the bar's low lies beyond, whatever came first.
        (trigger("STOP_LOSS", "SELL", None, 100, "100"), candle("99.5", "103", "98.9", "102.5"), "99"),
        (trigger("STOP_LOSS", "SELL", None, 100, "100"), candle("98", "103", "97", "102.5"), "98"),
        # 103 less 1 % is 101.97: the close comes after the high and proves it, a low may have come before.
        (trigger("STOP_LOSS", "SELL", None, 100, "100"), candle("99.5", "103", "99.2", "101.9"), "101.97"),
        (trigger("STOP_LOSS", "SELL", None, 100, "100"), candle("99.5", "103", "99.2", "102.5"), None),
        (trigger("STOP_LOSS", "BUY", None, 100, "100"), candle("100.5", "101", "99", "100.5"), "101"),
        # It begins to trail at 100 and ends the bar at 98.9, more than 1 % below.
        (trigger("STOP_LOSS", "SELL", "100", 100), candle("105", "106", "98", "98.9"), "99"),
        (trigger("STOP_LOSS", "SELL", "100", 100), candle("105", "106", "98", "99.1"), None),
    ],
)
def test_a_bar_triggers_only_what_it_proves(waiting: Trigger, bar: Candle, at: str | None) -> None:
    assert waiting.live(bar)[1] == (None if at is None else D(at))


def test_what_a_bar_does_not_trigger_trails_on_from_its_best_price() -> None:
    after, at = trigger("STOP_LOSS", "SELL", None, 100, "100").live(candle("99.5", "103", "99.2", "102.5"))

    assert at is None
    assert after.extreme == 103
    assert after.level == D("101.97")
