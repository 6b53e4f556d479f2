from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from atapi.domain.instruments import Market
from atapi.domain.orders import Fill, Side
from atapi.domain.spreads import Pair
from atapi.services.drill import merged
from atapi.services.drill_exposure import Exposure, largest_exposure
from atapi.services.drill_world import Event
from tests.fakes import NOON, D, perpetual, spot_instrument

PAIR = Pair(spot=spot_instrument("BTCUSDT"), perp=perpetual("BTCUSDT"))
THOUSANDS = Pair(spot=spot_instrument("PEPEUSDT"), perp=perpetual("1000PEPEUSDT"))


def fill(
    seconds: float, market: Market, side: Side, quantity: str, price: str = "100", fee: str = "0"
) -> Fill:
    return Fill(
        market=market, symbol="", trade_id=str(seconds), order_id="", side=side, price=D(price), quantity=D(quantity),
        fee=D(fee), fee_asset="BTC", realized=None, maker=False, at=after(seconds),
    )  # fmt: skip


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def sold(seconds: float, quantity: str, **more: str) -> Fill:
    return fill(seconds, Market.UM, Side.SELL, quantity, **more)


def bought(seconds: float, quantity: str, **more: str) -> Fill:
    return fill(seconds, Market.SPOT, Side.BUY, quantity, **more)


def test_nothing_traded_is_nothing_exposed() -> None:
    assert largest_exposure([], PAIR, NOON) == Exposure()


def test_one_leg_alone_counts_until_the_other_stands() -> None:
    found = largest_exposure([bought(3.5, "2"), sold(1, "2")], PAIR, after(60))

    assert found == Exposure(usdt=D(200), seconds=D("2.5"), usdt_seconds=D(500))


def test_one_leg_alone_at_the_end_counts_until_then() -> None:
    assert largest_exposure([sold(1, "2")], PAIR, after(11)).usdt_seconds == 2000


def test_the_largest_of_several_stretches_counts() -> None:
    fills = [sold(0, "1"), bought(10, "1"), sold(20, "5"), bought(23, "2"), bought(24, "3")]

    found = largest_exposure(fills, PAIR, after(60))

    assert found == Exposure(usdt=D(500), seconds=D(4), usdt_seconds=D(5 * 100 * 3 + 3 * 100))


def test_a_fee_taken_in_coins_is_missing_from_them() -> None:
    assert largest_exposure([sold(0, "1"), bought(0, "1", fee="0.002")], PAIR, after(10)).usdt_seconds == 2


def test_less_than_the_coarser_lot_is_nothing() -> None:
    assert largest_exposure([sold(0, "1"), bought(0, "1.0009")], PAIR, after(10)).usdt == 0


def test_a_perpetual_of_thousands_is_reckoned_in_coins() -> None:
    fills = [
        fill(0, Market.UM, Side.SELL, "2", price="5"),
        fill(4, Market.SPOT, Side.BUY, "2000", price="0.005"),
    ]

    assert largest_exposure(fills, THOUSANDS, after(9)) == Exposure(
        usdt=D(10), seconds=D(4), usdt_seconds=D(40)
    )


def test_the_exchange_acts_between_the_sending_and_the_answer_of_the_same_millisecond() -> None:
    ours = [
        Event(after(0), "atapi", "sent p1: SELL 1"),
        Event(after(0), "atapi", "p1: answered FILLED 1"),
        Event(after(0), "atapi", "sent s1: BUY 1"),
        Event(after(0.5), "atapi", "s1: no answer"),
    ]
    theirs = [
        Event(after(0), "exchange", "p1: accepted"),
        Event(after(0), "exchange", "p1: filled 1"),
        Event(after(0.5), "exchange", "s1: accepted"),
        Event(after(2), "exchange", "adl_autoclose: accepted"),
    ]

    assert [event.what.partition(":")[0] for event in merged(ours, theirs)] == [
        "sent p1", "p1", "p1", "p1", "sent s1", "s1", "s1", "adl_autoclose",
    ]  # fmt: skip
    assert [event.who for event in merged(ours, theirs)][5:7] == ["exchange", "atapi"]
    assert [event.who for event in merged(ours, theirs)][1:4] == ["exchange", "exchange", "atapi"]


@pytest.mark.parametrize("order", [1, -1])
def test_the_order_in_which_fills_are_listed_does_not_matter(order: int) -> None:
    fills = [sold(0, "1"), bought(2, "0.5"), bought(5, "0.5")]

    assert largest_exposure(fills[::order], PAIR, after(9)).usdt_seconds == 100 * 2 + 50 * 3
