"""Weights and order counts: counted, told, refused, and forgotten with their window."""

from __future__ import annotations

import pytest

from atapi.paper.records import Refusal
from atapi.paper.wire.limits import BAN_AFTER, BAN_MS, MINUTE, Limits
from tests.paper.client import Wire

NOON = 1_767_268_800_000  # a whole minute


class Time:
    """Real time that stands until told."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> int:
        return self.now


def test_weight_is_told_and_begins_again_each_minute() -> None:
    time = Time()
    limits = Limits("spot", time)

    assert limits.refuse() is None
    limits.charge(40)
    assert dict(limits.headers())["x-mbx-used-weight-1m"] == "40"

    time.now += MINUTE
    assert limits.refuse() is None
    assert dict(limits.headers())["x-mbx-used-weight-1m"] == "0"


@pytest.mark.parametrize(
    ("market", "limit", "words"),
    [
        ("spot", 6000, "Too much request weight used; current limit is 6000 request weight per 1 MINUTE. "),
        ("um", 2400, "Too many requests; current limit is 2400 requests per minute. "),
    ],
)
def test_over_the_limit_is_429_until_the_minute_ends(market: str, limit: int, words: str) -> None:
    time = Time()
    limits = Limits(market, time)
    assert limits.refuse() is None
    limits.charge(limit)

    time.now += 45_500
    refused = limits.refuse()
    assert refused is not None
    assert refused.status == 429
    assert words.encode() in refused.body
    assert dict(refused.headers)["Retry-After"] == "15"  # 60 - 45.5, up to a whole second

    time.now = NOON + MINUTE
    assert limits.refuse() is None


def test_who_goes_on_is_banned_for_two_minutes() -> None:
    time = Time()
    limits = Limits("spot", time)
    assert limits.refuse() is None
    limits.charge(6000)

    statuses = [answer.status for answer in (limits.refuse() for _ in range(BAN_AFTER + 1)) if answer]
    assert statuses == [429] * BAN_AFTER + [418]

    time.now += BAN_MS - 1
    banned = limits.refuse()
    assert banned is not None
    assert f"IP banned until {NOON + BAN_MS}".encode() in banned.body
    assert dict(banned.headers)["Retry-After"] == "1"

    time.now += 1
    assert limits.refuse() is None


def test_orders_are_counted_by_account_and_refused_over_the_limit() -> None:
    time = Time()
    limits = Limits("um", time)
    for _ in range(300):
        limits.count_orders("a", 1)

    with pytest.raises(Refusal) as refused:
        limits.count_orders("a", 1)
    assert (refused.value.status, refused.value.code) == (429, -1015)
    assert refused.value.message == "Too many new orders; current limit is 300 orders per 10 SECOND."

    limits.count_orders("b", 5)
    assert dict(limits.order_headers("a")) == {"x-mbx-order-count-1m": "300", "x-mbx-order-count-10s": "300"}
    time.now += 10_000
    limits.count_orders("a", 1)
    assert dict(limits.order_headers("a")) == {"x-mbx-order-count-1m": "301", "x-mbx-order-count-10s": "1"}


def test_limits_that_are_not_enforced_are_told_all_the_same() -> None:
    limits = Limits("spot", Time(), enforced=False)
    assert limits.refuse() is None
    limits.charge(9999)

    assert limits.refuse() is None
    assert dict(limits.headers())["x-mbx-used-weight-1m"] == "9999"


def test_sapi_endpoints_have_pools_of_their_own() -> None:
    limits = Limits("spot", Time())

    assert limits.sapi_headers("/sapi/v1/a", 10) == (("x-sapi-used-ip-weight-1m", "10"),)
    assert limits.sapi_headers("/sapi/v1/b", 1) == (("x-sapi-used-ip-weight-1m", "1"),)
    assert limits.sapi_headers("/sapi/v1/a", 10) == (("x-sapi-used-ip-weight-1m", "20"),)


def test_an_accepted_order_weighs_nothing_and_a_refused_one_does(spot: Wire) -> None:
    order = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET"}

    placed = spot.signed("POST", "/api/v3/order", **order, quoteOrderQty="100")
    refused = spot.signed("POST", "/api/v3/order", **order, quoteOrderQty="1000000")

    # Each signed request asks for the time first, which weighs 1.
    assert int(refused.headers["x-mbx-used-weight-1m"]) - int(placed.headers["x-mbx-used-weight-1m"]) == 2
    assert placed.headers["x-mbx-order-count-10s"] == "0"  # it filled at once
    assert refused.headers["x-mbx-order-count-10s"] == "1"


@pytest.mark.parametrize(("pool", "limit"), [("funding", 500), ("statistics", 1000)])
def test_some_requests_of_futures_are_counted_apart(pool: str, limit: int) -> None:
    time = Time()
    limits = Limits("um", time)
    for _ in range(limit):
        limits.draw(pool)

    with pytest.raises(Refusal) as refused:
        limits.draw(pool)

    assert (refused.value.status, refused.value.code) == (429, -1003)
    assert f"current limit is {limit} requests per 5 minutes" in refused.value.message
    assert dict(limits.headers())["x-mbx-used-weight-1m"] == "0"
    time.now += 5 * MINUTE
    limits.draw(pool)


def test_funding_rates_of_both_futures_are_drawn_from_one_pool(um: Wire, cm: Wire) -> None:
    asked = 0
    while um.get("/fapi/v1/fundingInfo").status == 200:
        assert cm.get("/dapi/v1/fundingRate", symbol="BTCUSD_PERP", limit=1).status in (200, 429)
        asked += 2
        assert asked < 1000  # a new window may have begun meanwhile, but not two

    assert um.get("/fapi/v1/fundingRate", symbol="BTCUSDT").refusal[:2] == (429, -1003)
    assert um.get("/fapi/v1/premiumIndex", symbol="BTCUSDT").status == 200


def test_a_wallet_endpoint_that_is_used_up_refuses_alone(spot: Wire) -> None:
    path, query = "/sapi/v1/margin/allOrders", {"symbol": "BTCUSDT"}  # weighs 200, of 12 000 a minute
    replies = [spot.signed("GET", path, **query)]
    while replies[-1].status == 200:
        replies.append(spot.signed("GET", path, **query))

    other = spot.signed("GET", "/sapi/v1/margin/myTrades", **query)

    assert replies[-1].refusal[:2] == (429, -1003)
    assert 1 <= int(replies[-1].headers["retry-after"]) <= 60
    assert len(replies) > 60
    assert other.status == 200
