from __future__ import annotations

import math
from itertools import pairwise

from atapi.paper.feeds.noise import Walk, Wave, bits, growth, key, normal


def test_numbers_are_the_same_on_every_machine() -> None:
    """Golden: a change here changes every synthetic price, and with it every recorded example."""
    assert key(7, "BTCUSDT", "day") == key("7", "BTCUSDT", "day")
    assert bits(0, 1) == 0xE220A8397B1DCDAF  # splitmix64's published first output for seed 0
    assert normal(1, -5) == normal(1, -5)


def test_normal_numbers_have_mean_0_and_deviation_1() -> None:
    drawn = [normal(42, index) for index in range(-2000, 2000)]

    assert abs(sum(drawn) / 4000) < 0.05
    assert abs(math.sqrt(sum(x * x for x in drawn) / 4000) - 1) < 0.05
    assert max(map(abs, drawn)) < 3.5


def test_growth_is_close_to_the_exponential() -> None:
    for x in (-3.0, -0.1, 0.0, 0.02, 1.0, 3.0):
        assert math.isclose(growth(x), math.exp(x), rel_tol=0.01)  # (1 + 3/1024)**1024 is e**3 less 0.4 %


def test_a_wave_goes_through_its_knots_smoothly() -> None:
    wave = Wave(9, 10, 2.0)

    assert wave.at(-20) == 2.0 * normal(9, -2)
    assert max(abs(wave.at(step + 1) - wave.at(step)) for step in range(-100, 100)) < 2.5


def test_a_walk_is_the_same_in_whatever_order_it_is_asked() -> None:
    steps = [0, 511, 512, 513, 100, -1, -700, 20_000, 3]
    calm = Wave(1, 24, 0.4)
    forward, backward = Walk(5, 0.02, calm), Walk(5, 0.02, calm)

    assert [forward.at(step) for step in steps] == [backward.at(step) for step in reversed(steps)][::-1]


def test_a_walk_moves_each_step_by_its_deviation() -> None:
    walk = Walk(5, 0.02, Wave(1, 24, 0.0))

    moves = [walk.at(step + 1) - walk.at(step) for step in range(5000)]

    assert abs(math.sqrt(sum(x * x for x in moves) / 5000) / 0.02 - 1) < 0.05
    assert abs(sum(a * b for a, b in pairwise(moves))) < 0.1 * sum(x * x for x in moves)
