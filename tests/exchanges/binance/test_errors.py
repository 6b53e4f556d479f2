"""Every documented code, for orders and for reads; what nobody documented proves nothing."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from atapi.errors import (
    AtapiError,
    AuthenticationError,
    ClockSkew,
    DuplicateOrder,
    InsufficientBalance,
    OrderNotFound,
    OutcomeUnknown,
    RateLimited,
    VenueError,
    VenueUnreachable,
)
from atapi.exchanges.binance.errors import (
    Service,
    Unanswered,
    banned_until_ms,
    classify,
    refusal,
    service,
    succeeded,
)
from tests.exchanges.binance.codes import Meaning, documented

SPOT, UM, WALLET = Service.SPOT, Service.UM, Service.WALLET


def of_order(status: int, code: int | None, message: str = "", market: Service = UM) -> AtapiError:
    payload = None if code is None else {"code": code, "msg": message}
    return classify(status, payload, of=market, effect=True, what="POST order")


def of_read(status: int, code: int | None, message: str = "", market: Service = UM) -> AtapiError:
    payload = None if code is None else {"code": code, "msg": message}
    return classify(status, payload, of=market, effect=False, what="GET account")


DOCUMENTED = [
    pytest.param(book, code, meaning, id=f"{book.name}{code}_{name}")
    for book in Service
    for code, name, meaning in documented(book)
]


@pytest.mark.parametrize(("book", "code", "meaning"), DOCUMENTED)
def test_a_documented_code_means_for_an_order_what_its_book_says(
    book: Service, code: int, meaning: Meaning
) -> None:
    error = of_order(400, code, "because", book)

    assert type(error) is meaning.error
    if meaning.definitive:
        assert isinstance(error, VenueError)
        assert (error.code, error.status, error.message.split(" (")[0]) == (code, 400, "because")


@pytest.mark.parametrize(("book", "code", "meaning"), DOCUMENTED)
def test_no_code_of_a_server_s_failure_is_proof(book: Service, code: int, meaning: Meaning) -> None:
    throttled = book is UM and code == -1008  # documented as failed and not counted

    assert type(of_order(503, code, "because", book)) is (VenueError if throttled else OutcomeUnknown)
    assert type(of_order(500, code, "because", book)) is OutcomeUnknown


@pytest.mark.parametrize(
    ("book", "least"),
    [(SPOT, 104), (UM, 200), (WALLET, 220)],
)
def test_the_code_books_are_whole(book: Service, least: int) -> None:
    codes = [code for code, _, _ in documented(book)]

    assert len(codes) == len(set(codes)) >= least


@given(
    code=st.integers(-30_000, 1000), message=st.sampled_from(["because", ""]), book=st.sampled_from(Service)
)
def test_a_code_nobody_documented_proves_nothing(code: int, message: str, book: Service) -> None:
    ranges = {
        SPOT: [],
        UM: [(-4999, -4000)],
        WALLET: [(-3999, -3001), (-4999, -4000)],
    }  # refusals by their number
    refusals = [(-1199, -1100), *ranges[book]]
    assume(code not in {known for known, _, _ in documented(book)})
    assume(code != -4116)
    assume(not any(low <= code <= high for low, high in refusals))

    assert type(of_order(400, code, message, book)) is OutcomeUnknown


@pytest.mark.parametrize("code", [-2021, -2022, -2026])
def test_on_spot_these_numbers_speak_of_a_half_done_replacement(code: int) -> None:
    assert type(of_order(400, code, "Order cancel-replace failed.", SPOT)) is OutcomeUnknown
    assert type(of_order(409, code, "Order cancel-replace partially failed.", SPOT)) is OutcomeUnknown


@pytest.mark.parametrize("code", [-3044, -3003])
def test_a_busy_wallet_proves_nothing(code: int) -> None:
    assert type(of_order(400, code, "System busy.", WALLET)) is OutcomeUnknown
    assert type(of_order(400, code, "Internal error.", WALLET)) is OutcomeUnknown


@pytest.mark.parametrize(
    ("status", "code", "message", "market", "expected"),
    [
        (400, -2010, "Account has insufficient balance for requested action.", SPOT, InsufficientBalance),
        (400, -2010, "Duplicate order sent.", SPOT, DuplicateOrder),
        (400, -2010, "Market is closed.", SPOT, VenueError),
        (400, -2010, "Order would immediately match and take.", SPOT, VenueError),
        (400, -2018, "Balance is insufficient.", UM, InsufficientBalance),
        (400, -2019, "Margin is insufficient.", UM, InsufficientBalance),
        (400, -4116, "clientOrderId is duplicated", UM, DuplicateOrder),
        (400, -3020, "Transfer out amount exceeds max amount.", WALLET, InsufficientBalance),
        (400, -3041, "Balance is not enough", WALLET, InsufficientBalance),
        (400, -4026, "You have insufficient balance.", WALLET, InsufficientBalance),
        (400, -5002, "You have insufficient balance.", WALLET, InsufficientBalance),
        (400, -5013, "Asset transfer failed: insufficient balance", WALLET, InsufficientBalance),
        (400, -2011, "Unknown order sent.", SPOT, OrderNotFound),
        (400, -2013, "Order does not exist.", UM, OrderNotFound),
        (400, -1021, "Timestamp for this request is outside of the recvWindow.", UM, ClockSkew),
        (400, -5028, "Timestamp for this request is outside of the ME recvWindow.", UM, ClockSkew),
        (400, -1022, "Signature for this request is not valid.", UM, AuthenticationError),
        (401, -1002, "You are not authorized to execute this request.", UM, AuthenticationError),
        (401, -2014, "API-key format invalid.", UM, AuthenticationError),
        (401, -2015, "Invalid API-key, IP, or permissions for action.", SPOT, AuthenticationError),
        (400, -2014, "API-key format invalid.", UM, AuthenticationError),
        (403, None, "", SPOT, AuthenticationError),
        (429, -1003, "Too many requests.", SPOT, RateLimited),
        (429, -1015, "Too many new orders; current limit is 50 orders per 10 SECOND.", SPOT, RateLimited),
        (429, None, "", SPOT, RateLimited),
        (418, -1003, "Way too much request weight used; IP banned until 1499827319559.", SPOT, RateLimited),
        (400, -1003, "Too many requests.", UM, RateLimited),
        (400, -1015, "Too many new orders.", UM, RateLimited),
        (503, -1008, "Request throttled by system-level protection.", UM, VenueError),
        (503, -1000, "Service Unavailable.", UM, VenueError),
        (503, 0, "Service Unavailable.", UM, VenueError),
        (503, 0, "Service Unavailable", UM, OutcomeUnknown),
        (503, -1000, "Unknown error, please check your request or try again later.", UM, OutcomeUnknown),
        (503, -1001, "Internal error; unable to process your request. Please try again.", UM, OutcomeUnknown),
        (503, -1008, "Server is currently overloaded with other requests.", SPOT, OutcomeUnknown),
        (503, -1000, "Service Unavailable.", SPOT, OutcomeUnknown),
        (503, None, "", UM, OutcomeUnknown),
        (500, -1007, "Timeout waiting for response from backend server.", UM, OutcomeUnknown),
        (500, -2010, "Account has insufficient balance for requested action.", SPOT, OutcomeUnknown),
        (408, -1007, "Timeout waiting for response from backend server.", SPOT, OutcomeUnknown),
        (404, None, "", UM, OutcomeUnknown),
        (404, -1121, "Invalid symbol.", UM, OutcomeUnknown),
        (200, None, "", UM, OutcomeUnknown),
        (200, -2010, "Account has insufficient balance for requested action.", SPOT, OutcomeUnknown),
        (202, None, "", UM, OutcomeUnknown),
        (301, None, "", UM, OutcomeUnknown),
        (307, -1121, "Invalid symbol.", UM, OutcomeUnknown),
    ],
)
def test_an_order_s_answer_is_classified(
    status: int, code: int | None, message: str, market: Service, expected: type[AtapiError]
) -> None:
    assert type(of_order(status, code, message, market)) is expected


@pytest.mark.parametrize(
    ("status", "code", "message", "expected"),
    [
        (400, -1121, "Invalid symbol.", VenueError),
        (400, -9999, "Something new.", VenueError),
        (404, -1121, "Invalid symbol.", VenueError),
        (200, -1121, "Invalid symbol.", VenueError),
        (400, -2013, "Order does not exist.", OrderNotFound),
        (400, -1021, "Timestamp for this request is outside of the recvWindow.", ClockSkew),
        (401, -2015, "Invalid API-key, IP, or permissions for action.", AuthenticationError),
        (429, -1003, "Too many requests.", RateLimited),
        (418, None, "", RateLimited),
        (400, -1000, "An unknown error occurred while processing the request.", Unanswered),
        (400, -1001, "Internal error.", Unanswered),
        (408, None, "", Unanswered),
        (500, None, "", Unanswered),
        (503, -1000, "Service Unavailable.", Unanswered),
        (503, -1008, "Request throttled by system-level protection.", Unanswered),
        (200, None, "", VenueUnreachable),
        (202, None, "", VenueUnreachable),
        (302, None, "", VenueUnreachable),
        (404, None, "", VenueUnreachable),
        (400, 0, "no code at all", VenueUnreachable),
    ],
)
def test_a_read_s_answer_is_classified(
    status: int, code: int | None, message: str, expected: type[AtapiError]
) -> None:
    assert type(of_read(status, code, message)) is expected


@given(
    status=st.integers(100, 599),
    code=st.none() | st.integers(-10_000, 1000),
    message=st.text(max_size=40),
    of=st.sampled_from(Service),
    effect=st.booleans(),
)
def test_every_answer_has_a_meaning_and_only_proof_is_definitive(
    status: int, code: int | None, message: str, of: Service, effect: bool
) -> None:
    payload = None if code is None else {"code": code, "msg": message}

    error = classify(status, payload, of=of, effect=effect, what="x")

    assert isinstance(error, AtapiError)
    if effect and isinstance(error, VenueError):
        assert status in (400, 401, 403, 418, 429) or (status == 503 and of is UM)
    if effect:
        assert not isinstance(error, VenueUnreachable)
    else:
        assert not isinstance(error, OutcomeUnknown)


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ({"code": -1121, "msg": "Invalid symbol."}, (-1121, "Invalid symbol.")),
        ({"code": "200", "msg": "success"}, (200, "success")),
        ({"code": "-2011", "msg": "x"}, (-2011, "x")),
        ({"code": True, "msg": 5}, (None, "")),
        ({"code": "000000"}, (0, "")),
        ({"msg": "a\x1b[31m\r\nb"}, (None, "a [31m b")),
        ({}, (None, "")),
        ([1], (None, "")),
        (None, (None, "")),
        ("text", (None, "")),
    ],
)
def test_a_refusal_is_read_from_whatever_came(payload: object, expected: tuple[int | None, str]) -> None:
    assert refusal(payload) == expected


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ({}, True),
        ([], True),
        ({"orderId": 1}, True),
        ({"code": 200, "msg": "success"}, True),
        ({"code": "200", "msg": "success"}, True),
        ([{"code": -2022, "msg": "ReduceOnly Order is rejected."}], True),  # a batch: each item for itself
        ({"code": -1121, "msg": "Invalid symbol."}, False),
        (None, False),
    ],
)
def test_a_code_is_a_refusal_only_below_zero(payload: object, expected: bool) -> None:
    assert succeeded(payload) is expected


def test_a_ban_tells_until_when() -> None:
    told = {
        "code": -1003,
        "msg": "Way too much request weight used; IP banned until 1499827319559. Please use…",
    }

    assert banned_until_ms(told) == 1499827319559
    assert banned_until_ms({"code": -1003, "msg": "Too many requests."}) is None


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/api/v3/order", SPOT),
        ("/fapi/v1/order", UM),
        ("/sapi/v1/asset/transfer", WALLET),
        ("/futures/data/basis", SPOT),
    ],
)
def test_a_path_tells_its_code_book(path: str, expected: Service) -> None:
    assert service(path) is expected
