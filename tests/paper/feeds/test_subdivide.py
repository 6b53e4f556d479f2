from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from atapi.paper.feeds.subdivide import Ticks, subdivide


@st.composite
def wholes(draw: st.DrawFn) -> Ticks:
    """Any bar that trading could leave, the awkward ones too: one tick, one lot, all paid at the top."""
    low = draw(st.integers(1, 10**7))
    span = draw(st.one_of(st.integers(0, 3), st.integers(0, 10**6)))
    start, end = (low + draw(st.integers(0, span)) for _ in range(2))
    trades = draw(st.one_of(st.integers(0, 5), st.integers(0, 10**6)))
    if not trades:
        return Ticks(low, low, low, low, 0, 0, 0, 0, 0)
    lots = trades + draw(st.one_of(st.integers(0, 5), st.integers(0, 10**12)))
    bought = draw(st.integers(0, lots))
    costs = (part * low + draw(st.integers(0, part * span)) for part in (bought, lots - bought))
    bought_cost, sold_cost = costs
    return Ticks(start, low + span, low, end, trades, bought, bought_cost, lots - bought, sold_cost)


@given(wholes(), st.sampled_from([2, 24, 60]), st.integers(0, 2**64))
def test_the_parts_make_up_the_whole_exactly(whole: Ticks, count: int, seed: int) -> None:
    parts = subdivide(whole, count, Random(seed).random)

    assert len(parts) == count
    assert (parts[0].open, parts[-1].close) == (whole.open, whole.close)
    assert max(part.high for part in parts) == whole.high
    assert min(part.low for part in parts) == whole.low
    assert tuple(sum(part[field] for part in parts) for field in range(4, 9)) == whole[4:]


@given(wholes(), st.sampled_from([24, 60]), st.integers(0, 2**64))
def test_every_part_is_a_bar_that_trading_could_leave(whole: Ticks, count: int, seed: int) -> None:
    before = whole.open

    for part in subdivide(whole, count, Random(seed).random):
        assert part.open == before
        assert part.low <= min(part.open, part.close)
        assert part.high >= max(part.open, part.close)
        assert part.low * part.bought <= part.bought_cost <= part.high * part.bought
        assert part.low * part.sold <= part.sold_cost <= part.high * part.sold
        assert 0 <= part.trades <= part.bought + part.sold
        assert part.trades or (part.high == part.low and not part.bought and not part.sold)
        before = part.close


def test_an_ordinary_bar_is_spread_over_its_parts() -> None:
    whole = Ticks(1000, 1100, 950, 1050, 5000, 60_000, 60_000 * 1020, 50_000, 50_000 * 1020)

    parts = subdivide(whole, 24, Random(1).random)

    assert all(part.trades for part in parts)
    assert max(part.bought + part.sold for part in parts) < 110_000 / 4
