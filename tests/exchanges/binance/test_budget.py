from __future__ import annotations

import pytest

from atapi.errors import RateLimited
from atapi.exchanges.binance.budget import Budget

MINUTE = 60_000
LIMITS = [
    {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": 2400},
    {"rateLimitType": "ORDERS", "interval": "MINUTE", "intervalNum": 1, "limit": 1200},
    {"rateLimitType": "ORDERS", "interval": "SECOND", "intervalNum": 10, "limit": 300},
    {"rateLimitType": "RAW_REQUESTS", "interval": "FORTNIGHT", "intervalNum": 1, "limit": 1},
]


class VenueTime:
    """The venue's milliseconds, moved by hand."""

    def __init__(self) -> None:
        self.ms = 1_795_228_380_000  # a full minute

    def __call__(self) -> int:
        return self.ms


def budget(time: VenueTime) -> Budget:
    made = Budget(time)
    made.learn(LIMITS)
    return made


def test_counters_are_read_from_the_headers() -> None:
    made = budget(VenueTime())

    made.note({"x-mbx-used-weight-1m": "57", "x-mbx-order-count-10s": "3", "x-mbx-used-weight": "99"})

    assert made.used("REQUEST_WEIGHT", MINUTE) == 57
    assert made.used("ORDERS", 10_000) == 3
    assert made.used("ORDERS", MINUTE) == 0


def test_the_wallet_s_counters_are_its_own() -> None:
    made = budget(VenueTime())

    made.note({"x-sapi-used-ip-weight-1m": "10", "x-sapi-used-uid-weight-1m": "300"})

    assert (made.used("SAPI_IP", MINUTE), made.used("SAPI_UID", MINUTE)) == (10, 300)
    assert made.used("REQUEST_WEIGHT", MINUTE) == 0


def test_a_counter_ends_with_its_window() -> None:
    time = VenueTime()
    made = budget(time)
    made.note({"x-mbx-used-weight-1m": "57"})

    time.ms += MINUTE - 1
    last = made.used("REQUEST_WEIGHT", MINUTE)
    time.ms += 1
    next_one = made.used("REQUEST_WEIGHT", MINUTE)

    assert (last, next_one) == (57, 0)


def test_limits_are_those_the_venue_states() -> None:
    made = budget(VenueTime())

    assert made.limit("REQUEST_WEIGHT", MINUTE) == 2400
    assert made.limit("ORDERS", 10_000) == 300
    assert made.limit("ORDERS", 86_400_000) is None


@pytest.mark.parametrize(("weight", "allowed"), [("1919", True), ("1920", False), ("2400", False)])
def test_reads_stop_at_eighty_percent_of_the_weight(weight: str, allowed: bool) -> None:
    time = VenueTime()
    made = budget(time)
    made.note({"x-mbx-used-weight-1m": weight})  # 2400 * 0.8 = 1920
    time.ms += 20_000

    if allowed:
        made.check(order=False, essential=False)
    else:
        with pytest.raises(RateLimited) as caught:
            made.check(order=False, essential=False)
        assert caught.value.retry_after_s == 40  # the minute's rest
    made.check(order=False, essential=True)


def test_orders_stop_at_eighty_percent_of_their_count_and_reads_do_not() -> None:
    made = budget(VenueTime())
    made.note({"x-mbx-order-count-10s": "240"})  # 300 * 0.8

    with pytest.raises(RateLimited, match="240 of 300 orders"):
        made.check(order=True, essential=False)
    made.check(order=False, essential=False)
    made.check(order=True, essential=True)


def test_unstated_limits_bind_nobody() -> None:
    made = Budget(VenueTime())
    made.note({"x-mbx-used-weight-1m": "999999"})

    made.check(order=True, essential=False)


def test_a_pause_binds_even_the_essential() -> None:
    made = budget(VenueTime())

    made.pause(60, "Too many requests.")

    with pytest.raises(RateLimited, match=r"Too many requests\.") as caught:
        made.check(order=True, essential=True)
    assert caught.value.retry_after_s is not None
    assert 0 < caught.value.retry_after_s <= 60


def test_a_shorter_pause_does_not_shorten_a_longer_one() -> None:
    made = budget(VenueTime())

    made.pause(600, "banned")
    made.pause(1, "Too many requests.")

    with pytest.raises(RateLimited) as caught:
        made.check(order=False, essential=True)
    assert caught.value.retry_after_s is not None
    assert caught.value.retry_after_s > 60


def test_a_pause_ends() -> None:
    made = budget(VenueTime())

    made.pause(0, "over at once")

    made.check(order=False, essential=False)


def test_a_counter_that_is_no_number_is_not_counted() -> None:
    made = budget(VenueTime())

    made.note({"x-mbx-used-weight-1m": "many"})

    assert made.used("REQUEST_WEIGHT", MINUTE) == 0
