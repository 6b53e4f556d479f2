"""How the crowd quotes."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atapi.paper.crowd import Ladder
from atapi.paper.feeds.base import Book as CrowdModel
from tests.paper.feed_of_bars import CROWD, D


def ladder(model: CrowdModel = CROWD, tick: str = "0.01", lot: str = "0.00001") -> Ladder:
    return Ladder.of("spot", "BTCUSDT", D(tick), D(lot), model)


def test_levels_stand_where_the_model_says() -> None:
    # 1 bp of half spread and 1 bp between levels, around 50 000: 5 each way, then 5 more each level
    bids, asks = ladder().quotes(D(50000), 0)

    assert [ticks for ticks, _ in bids[:3]] == [4_999_500, 4_999_000, 4_998_500]
    assert [ticks for ticks, _ in asks[:3]] == [5_000_500, 5_001_000, 5_001_500]
    assert len(bids) == len(asks) == 20


def test_sizes_grow_as_the_model_says_give_or_take_thirty_percent() -> None:
    for side in ladder().quotes(D(50000), 7):
        for level, (ticks, lots) in enumerate(side):
            notional = ticks * D("0.01") * lots * D("0.00001")
            expected = 50_000 * D("1.2") ** level
            assert D("0.69") < notional / expected < D("1.31")


def test_the_same_second_quotes_the_same_and_another_does_not() -> None:
    assert ladder().quotes(D(50000), 7) == ladder().quotes(D(50000), 7)
    assert ladder().quotes(D(50000), 7) != ladder().quotes(D(50000), 8)


def test_known_quotes_stay_known() -> None:
    # Any change here changes every synthetic run that was ever written down.
    bids, asks = ladder().quotes(D(50000), 1_767_225_600)

    assert bids[:2] == [(4_999_500, 98_809), (4_999_000, 117_983)]
    assert asks[:2] == [(5_000_500, 70_892), (5_001_000, 96_820)]


def test_a_price_between_ticks_keeps_its_spread() -> None:
    bids, asks = ladder(tick="0.10").quotes(D("50000.05"), 0)

    assert bids[0][0] == 499_950  # 50 000.05 - 5.000005, down to the tick
    assert asks[0][0] == 500_051  # 50 000.05 + 5.000005, up to the tick


MODELS = st.builds(
    lambda half, step, top, growth, levels: CrowdModel(
        half_spread_bps=D(half).scaleb(-1),
        step_bps=D(step).scaleb(-1),
        top_notional=D(top),
        growth=1 + D(growth).scaleb(-2),
        levels=levels,
    ),
    st.integers(0, 200),
    st.integers(0, 50),
    st.integers(1, 10**6),
    st.integers(0, 50),
    st.integers(1, 60),
)


@given(MODELS, st.integers(1, 10**9), st.sampled_from(["0.01", "0.10", "0.00001"]), st.integers(0, 10**9))
def test_quotes_never_cross_and_are_ordered(
    model: CrowdModel, price_ticks: int, tick: str, second: int
) -> None:
    price: Decimal = D(tick) * price_ticks

    bids, asks = ladder(model, tick).quotes(price, second)

    prices = [ticks for ticks, _ in reversed(bids)] + [ticks for ticks, _ in asks]
    assert prices == sorted(set(prices))
    assert all(ticks > 0 and lots > 0 for ticks, lots in bids + asks)
    assert len(asks) == model.levels


@pytest.mark.parametrize("price", ["0.00000001", "0.00000850"])
def test_the_smallest_prices_still_have_asks(price: str) -> None:
    bids, asks = ladder(tick="0.00000001", lot="1").quotes(D(price), 0)

    assert asks
    assert not bids or bids[0][0] < asks[0][0]
