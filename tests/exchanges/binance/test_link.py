"""What passes through the transport: signed once, sent once, bounded, classified, and silent about secrets."""

from __future__ import annotations

import hashlib
import hmac
import logging
import socket
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from decimal import Decimal
from typing import Any

import pytest

from atapi.clock import wall_ms
from atapi.errors import (
    AtapiError,
    AuthenticationError,
    ClockSkew,
    ConfigError,
    OutcomeUnknown,
    RateLimited,
    VenueError,
    VenueUnreachable,
)
from atapi.exchanges.binance.hosts import Hosts
from atapi.exchanges.binance.link import Credentials, Link, credentials
from atapi.exchanges.binance.networks import Endpoints
from atapi.version import VERSION
from tests.exchanges.binance.conftest import KEY, SECRET
from tests.exchanges.binance.raw_server import RawServer, Received, Reply, http, reply

Serve = Callable[..., RawServer]
SKEW = {"code": -1021, "msg": "Timestamp for this request is outside of the recvWindow."}


Lines = Callable[..., Link]


@pytest.fixture
def link() -> Iterator[Lines]:
    """Make lines to a server that are closed with the test."""
    with ExitStack() as stack:

        def make(server: RawServer | str, **options: Any) -> Link:
            url = server if isinstance(server, str) else server.url
            hosts = options.pop("hosts", None) or Hosts(Endpoints(url, url, url))
            who = options.pop("who", credentials(KEY, SECRET))
            waits: list[float] = options.pop("waits", [])
            line = Link("um", hosts, who, timeout_s=options.pop("timeout_s", 5.0), wait=waits.append)
            return stack.enter_context(closing(line))

        yield make


def order(line: Link, **parameters: Any) -> Any:
    return line.request("POST", "/fapi/v1/order", {"symbol": "BTCUSDT", **parameters}, signed=True)


def account(line: Link) -> Any:
    return line.request("GET", "/fapi/v3/account", None, signed=True)


def ping(line: Link) -> Any:
    return line.request("GET", "/fapi/v1/ping", None)


# --- what goes out ------------------------------------------------------------------------------------------


def test_a_public_call_carries_no_key_and_no_signature(link: Lines, serve: Serve) -> None:
    server = serve(reply({}))

    line = link(server)
    line.request("GET", "/fapi/v1/depth", {"symbol": "BTCUSDT", "limit": 5})

    [received] = server.requests
    assert (
        received.raw
        == (
            f"GET /fapi/v1/depth?symbol=BTCUSDT&limit=5 HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n"
            f"User-Agent: atapi/{VERSION}\r\nAccept: application/json\r\n\r\n"
        ).encode()
    )
    assert server.clock_requests == 0


def test_a_keyed_call_carries_the_key_alone(link: Lines, serve: Serve) -> None:
    server = serve(reply({"listenKey": "abc"}))

    link(server).request("POST", "/fapi/v1/listenKey", None, keyed=True)

    [received] = server.requests
    assert received.headers["x-mbx-apikey"] == KEY
    assert received.headers["content-length"] == "0"
    assert received.query == ""


def test_a_signed_call_ends_with_the_signature_of_all_before_it(link: Lines, serve: Serve) -> None:
    server = serve(reply({}), skew_ms=3_600_000)

    order(link(server), quantity=Decimal("0.010"), note="a b&c")

    [received] = server.requests
    signed, _, signature = received.query.rpartition("&signature=")
    assert signature == hmac.new(SECRET.encode(), signed.encode(), hashlib.sha256).hexdigest()
    assert signed.startswith("symbol=BTCUSDT&quantity=0.010&note=a%20b%26c&timestamp=")
    assert abs(int(received.parameters["timestamp"]) - wall_ms() - 3_600_000) < 5000
    assert received.headers["x-mbx-apikey"] == KEY


def test_what_cannot_be_written_exactly_is_never_sent(link: Lines, serve: Serve) -> None:
    server = serve()

    for wrong in (0.1, "1e-05", Decimal("NaN"), -1):
        with pytest.raises((TypeError, ValueError)):
            order(link(server), quantity=wrong)

    assert server.connections == 0


def test_without_a_key_a_signed_call_is_refused_before_anything_is_sent(link: Lines, serve: Serve) -> None:
    server = serve()

    with pytest.raises(AuthenticationError, match="API key"):
        account(link(server, who=None))

    assert server.connections == 0


@pytest.mark.parametrize(
    ("key", "secret"), [("lonelykey", None), (None, "b"), ("a b", "c"), ("a\r\nX: y", "c"), ("ключ", "c")]
)
def test_half_a_key_or_one_no_header_can_carry_is_refused(key: str | None, secret: str | None) -> None:
    with pytest.raises(ConfigError) as caught:
        credentials(key, secret)

    assert key is None or key not in str(caught.value)


# --- what comes back ----------------------------------------------------------------------------------------


def test_numbers_stay_exact(link: Lines, serve: Serve) -> None:
    server = serve(http(b'{"a":0.1,"b":1e-7,"c":"0.10","d":12345678901234567890,"e":0.00000000000000000001}'))

    answer = ping(link(server))

    assert answer == {
        "a": Decimal("0.1"),
        "b": Decimal("1E-7"),
        "c": "0.10",
        "d": 12345678901234567890,
        "e": Decimal("1E-20"),
    }


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_not_followed(link: Lines, serve: Serve, status: int) -> None:
    elsewhere = serve(reply({}))
    server = serve(
        *[reply({}, status, Location=elsewhere.url + "/fapi/v1/order") for _ in range(2)],
    )
    line = link(server)

    with pytest.raises(OutcomeUnknown):
        order(line)
    with pytest.raises(VenueUnreachable):
        ping(line)

    assert elsewhere.connections == 0
    assert len(server.requests) == 2


UNUSABLE = [b"", b"{", b'{"orderId":1', b"<html>busy</html>", b"null", b"\xff\xfe", b"[" * 5000, b"NaN"]


@pytest.mark.parametrize("body", UNUSABLE)
def test_an_order_with_an_unusable_answer_is_unknown_after_one_request(
    link: Lines, serve: Serve, body: bytes
) -> None:
    server = serve(http(body))

    with pytest.raises(OutcomeUnknown):
        order(link(server))

    assert len(server.requests) == 1


@pytest.mark.parametrize("body", UNUSABLE)
def test_a_read_with_an_unusable_answer_is_unreachable(link: Lines, serve: Serve, body: bytes) -> None:
    server = serve(http(body))

    with pytest.raises(VenueUnreachable):
        ping(link(server))


# --- orders: once -------------------------------------------------------------------------------------------

SHORT = reply({"orderId": 1}).data


@pytest.mark.parametrize("then", ["close", "reset"])
@pytest.mark.parametrize("size", range(len(SHORT)))
def test_an_order_whose_answer_is_cut_anywhere_is_sent_once_and_unknown(
    link: Lines, serve: Serve, size: int, then: str
) -> None:
    server = serve(Reply(SHORT[:size], then), reply({"orderId": 2}))

    with pytest.raises(OutcomeUnknown):
        order(link(server))

    assert len(server.requests) == 1


def test_an_order_on_a_connection_cut_while_kept_is_sent_once(link: Lines, serve: Serve) -> None:
    server = serve(reply({"orderId": 1}), Reply(b"", "reset"))
    line = link(server)
    order(line)

    with pytest.raises(OutcomeUnknown):
        order(line)

    assert len(server.requests) == 2
    assert server.connections == 1


def test_an_order_answered_too_slowly_is_unknown_at_the_deadline(link: Lines, serve: Serve) -> None:
    server = serve(Reply(SHORT[:-1] + b" " * 500, "drip"))

    with pytest.raises(OutcomeUnknown):
        order(link(server, timeout_s=0.3))

    assert server.hung_up.wait(5)
    assert len(server.requests) == 1


def test_an_order_to_nobody_was_not_sent(link: Lines) -> None:
    with pytest.raises(VenueUnreachable) as caught:
        order(link(_nobody()))

    assert caught.value.sent is False


def test_an_order_is_not_sent_when_the_clock_cannot_be_read(link: Lines, serve: Serve) -> None:
    server = serve(*[reply({}, 500) for _ in range(3)], clock=False)

    with pytest.raises(VenueUnreachable) as caught:
        order(link(server))

    assert caught.value.sent is False
    assert {received.path for received in server.requests} == {"/fapi/v1/time"}


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_an_order_is_not_sent_again_after_a_server_error(link: Lines, serve: Serve, status: int) -> None:
    server = serve(reply({"code": -1007, "msg": "Timeout"}, status))

    with pytest.raises(OutcomeUnknown):
        order(link(server))

    assert len(server.requests) == 1


def test_a_skewed_order_is_refused_and_the_clock_measured_but_nothing_resent(
    link: Lines, serve: Serve
) -> None:
    server = serve(reply(SKEW, 400), reply({"orderId": 1}))
    line = link(server)
    account_clock = server.clock_requests

    with pytest.raises(ClockSkew):
        order(line)

    assert len(server.requests) == 1
    assert server.clock_requests >= account_clock + 2


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/fapi/v1/order"),
        ("DELETE", "/fapi/v1/order"),
        ("POST", "/sapi/v1/asset/transfer"),
        ("PUT", "/x"),
    ],
)
def test_everything_that_changes_something_is_sent_once(
    link: Lines, serve: Serve, method: str, path: str
) -> None:
    server = serve(Reply(b"", "close"), reply({}))

    with pytest.raises(OutcomeUnknown):
        link(server).request(method, path, {}, signed=True)

    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "path", ["/fapi/v1/leverage", "/sapi/v1/asset/get-funding-asset", "/fapi/v1/listenKey"]
)
def test_a_post_that_may_be_repeated_is_retried_as_a_read(link: Lines, serve: Serve, path: str) -> None:
    server = serve(Reply(b"", "close"), reply({"a": 1}))

    assert link(server).request("POST", path, {}, signed=True) == {"a": 1}


# --- reads: again -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    [
        Reply(b"", "close"),
        Reply(b"", "reset"),
        Reply(SHORT[:20], "reset"),
        reply({}, 500),
        http(b"<html>", 502),
        reply({"code": -1001, "msg": "Internal error"}, 400),
        reply({"code": -1008, "msg": "Request throttled by system-level protection."}, 503),
    ],
)
def test_a_read_is_tried_three_times_with_short_waits(link: Lines, serve: Serve, fault: Reply) -> None:
    server = serve(fault, fault, reply({"a": 1}))
    waits: list[float] = []

    answer = ping(link(server, waits=waits))

    assert answer == {"a": 1}
    assert waits == [0.1, 0.3]


def test_a_read_is_not_tried_a_fourth_time(link: Lines, serve: Serve) -> None:
    server = serve(*[reply({}, 500) for _ in range(4)])

    with pytest.raises(VenueUnreachable, match="HTTP 500"):
        ping(link(server))

    assert len(server.requests) == 3


def test_all_tries_of_a_read_share_one_deadline(link: Lines, serve: Serve) -> None:
    server = serve(reply({}, 500), reply({"a": 1}))
    waits: list[float] = []

    with pytest.raises(VenueUnreachable):
        ping(link(server, timeout_s=0.09, waits=waits))  # less than the first wait of 0.1 s

    assert waits == []
    assert len(server.requests) == 1


def test_a_skewed_read_measures_the_clock_and_is_signed_anew_once(link: Lines, serve: Serve) -> None:
    server = serve(reply(SKEW, 400), reply({"a": 1}), reply(SKEW, 400), reply(SKEW, 400))
    line = link(server)

    answer = account(line)
    with pytest.raises(ClockSkew):
        account(line)

    assert answer == {"a": 1}
    assert len(server.requests) == 4


def test_a_read_after_the_venue_s_clock_was_advanced_is_signed_with_its_new_time(
    link: Lines, serve: Serve
) -> None:
    def answer(received: Received) -> Reply:
        return reply(SKEW, 400) if _late(received, server) else reply({"a": 1})

    server: RawServer = serve(answer)
    line = link(server)
    account(line)
    server.skew_ms = 8 * 3_600_000  # paper advance 8h

    assert account(line) == {"a": 1}


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_a_refused_read_is_not_tried_again(link: Lines, serve: Serve, status: int) -> None:
    server = serve(reply({"code": -1121, "msg": "Invalid symbol."}, status))

    with pytest.raises(VenueError):
        ping(link(server))

    assert len(server.requests) == 1


# --- limits -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "least", "most"),
    [
        (reply({"code": -1003, "msg": "Too many requests."}, 429, Retry_After="17"), 16, 17),
        (reply({"code": -1003, "msg": "Too many requests."}, 429), 0, 60),
        (reply({"code": -1015, "msg": "Too many new orders."}, 429), 9, 10),
        (reply({"code": -1003, "msg": "Way too much; banned."}, 418, Retry_After="120"), 119, 120),
        (http(b"<html>", 418), 119, 120),
    ],
)
def test_nothing_is_sent_inside_a_pause(
    link: Lines, serve: Serve, answer: Reply, least: float, most: float
) -> None:
    server = serve(answer)
    line = link(server)

    with pytest.raises(RateLimited) as first:
        order(line)
    asked = server.clock_requests
    refusals: list[RateLimited] = []
    for call in (order, account, ping):
        with pytest.raises(RateLimited) as caught:
            call(line)
        refusals.append(caught.value)

    assert first.value.status in (418, 429)
    assert all(least <= (refusal.retry_after_s or 0) <= most for refusal in refusals)
    assert len(server.requests) == 1
    assert server.clock_requests == asked


def test_a_ban_lasts_until_the_venue_s_own_time(link: Lines, serve: Serve) -> None:
    ahead_ms = 3_600_000
    until = wall_ms() + ahead_ms + 300_000  # five minutes, by the venue's clock
    server = serve(
        reply({"code": -1003, "msg": f"Way too much request weight used; IP banned until {until}."}, 418),
        skew_ms=ahead_ms,
    )

    with pytest.raises(RateLimited) as caught:
        account(link(server))

    assert caught.value.retry_after_s is not None
    assert 290 < caught.value.retry_after_s <= 300


def test_rate_limited_reads_are_not_tried_again(link: Lines, serve: Serve) -> None:
    server = serve(reply({"code": -1003, "msg": "Too many requests."}, 429))

    with pytest.raises(RateLimited):
        ping(link(server))

    assert len(server.requests) == 1


def test_counters_of_every_answer_reach_the_budget(link: Lines, serve: Serve) -> None:
    server = serve(reply({}, X_MBX_USED_WEIGHT_1M="41"), reply({}, 400, x_mbx_order_count_10s="7"))
    line = link(server)

    ping(line)
    with pytest.raises(OutcomeUnknown):
        order(line)

    assert line.budget.used("REQUEST_WEIGHT", 60_000) == 41
    assert line.budget.used("ORDERS", 10_000) == 7


def test_reduce_only_cancels_and_order_queries_may_use_the_rest_of_the_budget(
    link: Lines, serve: Serve
) -> None:
    server = serve(reply({}, X_MBX_USED_WEIGHT_1M="2400"), *[reply({}) for _ in range(3)])
    line = link(server)
    line.budget.learn(
        [{"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": 2400}]
    )
    order(line, reduceOnly=True)

    with pytest.raises(RateLimited):
        order(line)
    with pytest.raises(RateLimited):
        account(line)
    order(line, reduceOnly=True)
    line.request("DELETE", "/fapi/v1/order", {}, signed=True)
    line.request("GET", "/fapi/v1/order", {}, signed=True)

    assert len(server.requests) == 4


# --- a venue that moves -------------------------------------------------------------------------------------


@pytest.mark.parametrize("call", [order, account, ping])
def test_a_refused_connection_asks_where_the_venue_is_now(
    link: Lines, serve: Serve, call: Callable[[Link], Any]
) -> None:
    server = serve(reply({"a": 1}))
    old, new = Endpoints("http://x", _nobody(), "x"), Endpoints("http://x", server.url, "x")
    asked: list[int] = []
    hosts = Hosts(old, lambda: asked.append(1) or new)  # type: ignore[func-returns-value]
    line = link("http://127.0.0.1:1", hosts=hosts)

    assert call(line) == {"a": 1}
    assert asked == [1]
    assert hosts.current == new
    assert server.requests[0].headers["host"] == f"127.0.0.1:{server.port}"


def test_a_venue_that_is_nowhere_was_not_sent_anything(link: Lines) -> None:
    nowhere = Endpoints("http://x", _nobody(), "x")

    with pytest.raises(VenueUnreachable) as caught:
        order(link("http://127.0.0.1:1", hosts=Hosts(nowhere, lambda: nowhere)))

    assert caught.value.sent is False


def test_a_venue_that_cannot_be_found_was_not_sent_anything(link: Lines) -> None:
    def lost() -> Endpoints:
        raise VenueUnreachable("no exchange answers in this home")

    line = link("http://127.0.0.1:1", hosts=Hosts(Endpoints("http://x", _nobody(), "x"), lost))

    with pytest.raises(VenueUnreachable, match="no exchange answers") as caught:
        order(line)

    assert caught.value.sent is False


def test_a_connection_cut_after_sending_does_not_look_elsewhere(link: Lines, serve: Serve) -> None:
    server = serve(Reply(b"", "reset"))
    here = Endpoints(server.url, server.url, server.url)
    asked: list[int] = []
    hosts = Hosts(here, lambda: asked.append(1) or here)  # type: ignore[func-returns-value]

    with pytest.raises(OutcomeUnknown):
        order(link(server, hosts=hosts))

    assert asked == []


# --- secrets ------------------------------------------------------------------------------------------------

FAULTS: list[Reply] = [
    Reply(b"", "close"),
    Reply(b"", "reset"),
    Reply(b"garbage\r\n\r\n", "close"),
    http(b""),
    http(b"<html>"),
    *[reply({"code": code, "msg": "no"}, 400) for code in (-1021, -1022, -1102, -2010, -2013, -2015, -4116)],
    *[reply({"code": -1000, "msg": "no"}, status) for status in (301, 401, 403, 408, 418, 429, 500, 503)],
]


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("call", [order, account])
def test_no_secret_and_no_signature_is_ever_said(
    link: Lines, serve: Serve, fault: Reply, call: Callable[[Link], Any], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server = serve(*[fault] * 4)
    line = link(server)

    with pytest.raises(AtapiError) as caught:
        call(line)

    said = "".join(traceback.format_exception(caught.value)) + caplog.text + repr(caught.value) + repr(line)
    signatures = [received.parameters["signature"] for received in server.requests]
    assert signatures
    for secret in (KEY, SECRET, *signatures):
        assert secret not in said


def test_credentials_show_nothing() -> None:
    who = credentials(KEY, SECRET)

    assert isinstance(who, Credentials)
    assert KEY not in f"{who!r}{who}"
    assert SECRET not in f"{who!r}{who}"


def _nobody() -> str:
    unused = socket.create_server(("127.0.0.1", 0))
    port = unused.getsockname()[1]
    unused.close()
    return f"http://127.0.0.1:{port}"


def _late(received: Received, server: RawServer) -> bool:
    return int(received.parameters["timestamp"]) < wall_ms() + server.skew_ms - 5000
