"""Keys, times and signatures: what is accepted, and the words of every refusal."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import pytest

from atapi.paper.wire.auth import signed_by, signed_payload
from atapi.paper.wire.http import Request
from tests.paper.client import Wire
from tests.paper.recordings import shared

BAD_SIGNATURE = (400, -1022, "Signature for this request is not valid.")


@pytest.mark.parametrize(
    ("secret", "payload", "signature"),
    [
        (
            "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j",
            "symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.1&recvWindow=5000"
            "&timestamp=1499827319559",
            "c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71",
        ),
        (
            "2b5eb11e18796d12d88f13dc27dbbd02c2cc51ff7059765ed9821957d82bb4d9",
            "symbol=BTCUSDT&side=BUY&type=LIMIT&quantity=1&price=9000&timeInForce=GTC&recvWindow=5000"
            "&timestamp=1591702613943",
            "3c661234138461fcc7a7d8746c6558c9842d4e10870d2ecbedf7777cad694af9",
        ),
        (
            "2b5eb11e18796d12d88f13dc27dbbd02c2cc51ff7059765ed9821957d82bb4d9",
            "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTCquantity=1&price=9000&recvWindow=5000"
            "&timestamp=1591702613943",
            "30baaf0fab549bbeda7f5ef201898b34122da25fd23c646cac2c529aebe670a4",
        ),
    ],
)
def test_published_vectors_verify(secret: str, payload: str, signature: str) -> None:
    assert signed_by(secret, payload.encode(), signature)
    assert signed_by(secret, payload.encode(), signature.upper())
    assert not signed_by(secret, payload.encode() + b"0", signature)


@pytest.mark.recordings
@pytest.mark.parametrize(
    "client",
    ["binance-connector", "binance-futures-connector", "binance-sdk-spot", "ccxt", "python-binance"],
)
def test_what_real_clients_sent_verifies(client: str) -> None:
    recorded = json.loads(shared(f"fixtures/signed_requests/{client}.json").read_text())
    signed = [request for request in recorded["requests"] if "signature" in request]

    for sent in signed:
        request = Request(sent["method"], sent["path"], sent["query"], sent["body"].encode(), {})
        assert signed_payload(request) == sent["signed_text"].encode()
        assert signed_by(recorded["api_secret"], signed_payload(request), sent["signature"])
    assert signed


@pytest.mark.parametrize("place", ["query", "body", "mixed", "signature in front", "upper case"])
def test_a_signature_is_found_wherever_it_stands(um: Wire, place: str) -> None:
    first, second = f"symbol=BTCUSDT&leverage=5&timestamp={um.now()}", "recvWindow=9000"
    query, body = {
        "query": (f"{first}&signature={um.sign(first)}", ""),
        "body": ("", f"{first}&signature={um.sign(first)}"),
        "mixed": (first, f"{second}&signature={um.sign(first + second)}"),
        "signature in front": (f"signature={um.sign(first)}&{first}", ""),
        "upper case": (f"{first}&signature={um.sign(first).upper()}", ""),
    }[place]

    reply = um.send("POST", "/fapi/v1/leverage", query, body=body, key=um.key)

    assert (reply.status, reply.json["leverage"]) == (200, 5)


@pytest.mark.parametrize(
    "content_type",
    ["application/x-www-form-urlencoded", "application/json", "application/octet-stream", None],
)
def test_a_form_body_is_read_under_any_content_type(um: Wire, content_type: str | None) -> None:
    form = f"symbol=BTCUSDT&leverage=7&timestamp={um.now()}"
    headers = {"Content-Type": content_type} if content_type else {}

    reply = um.send(
        "POST",
        "/fapi/v1/leverage",
        body=f"{form}&signature={um.sign(form)}",
        key=um.key,
        headers=headers,
    )

    assert reply.json["leverage"] == 7


def test_the_query_wins_over_the_body(um: Wire) -> None:
    query, body = "leverage=3", f"leverage=9&symbol=BTCUSDT&timestamp={um.now()}"

    reply = um.send(
        "POST", "/fapi/v1/leverage", query, body=f"{body}&signature={um.sign(query + body)}", key=um.key
    )

    assert reply.json["leverage"] == 3


def test_a_signature_covers_every_byte(spot: Wire) -> None:
    query = f"recvWindow=5000&timestamp={spot.now()}"
    signature = spot.sign(query)

    changed = spot.send(
        "GET", "/api/v3/account", query.replace("5000", "5001") + f"&signature={signature}", key=spot.key
    )
    reordered = spot.send(
        "GET",
        "/api/v3/account",
        "&".join(reversed(query.split("&"))) + f"&signature={signature}",
        key=spot.key,
    )

    assert changed.refusal == BAD_SIGNATURE
    assert reordered.refusal == BAD_SIGNATURE


@pytest.mark.parametrize(
    ("key", "refusal"),
    [
        (None, (401, -2014, "API-key format invalid.")),
        ("", (401, -2014, "API-key format invalid.")),
        ("short", (401, -2014, "API-key format invalid.")),
        ("A" * 64, (401, -2015, "Invalid API-key, IP, or permissions for action.")),
    ],
)
def test_keys_are_judged_before_anything_else(
    spot: Wire, key: str | None, refusal: tuple[int, int, str]
) -> None:
    assert spot.send("GET", "/api/v3/account", "timestamp=1", key=key).refusal == refusal


def test_a_missing_parameter_is_told_before_time_and_signature(spot: Wire) -> None:
    reply = spot.send("GET", "/api/v3/order", "timestamp=1&signature=no", key=spot.key)

    assert reply.refusal == (
        400,
        -1102,
        "Mandatory parameter 'symbol' was not sent, was empty/null, or malformed.",
    )


@pytest.mark.parametrize(
    ("name", "query"),
    [("timestamp", "recvWindow=5000"), ("signature", "timestamp={now}")],
)
def test_timestamp_and_signature_are_mandatory(spot: Wire, name: str, query: str) -> None:
    reply = spot.send("GET", "/api/v3/account", query.format(now=spot.now()), key=spot.key)

    assert reply.refusal == (
        400,
        -1102,
        f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed.",
    )


@pytest.mark.parametrize(
    ("shift_ms", "window", "message"),
    [
        (-5001, "", "Timestamp for this request is outside of the recvWindow."),
        (-21, "&recvWindow=20", "Timestamp for this request is outside of the recvWindow."),
        (60_000, "", "Timestamp for this request was 1000ms ahead of the server's time."),
    ],
)
def test_a_stale_or_early_timestamp_is_refused(spot: Wire, shift_ms: int, window: str, message: str) -> None:
    query = f"timestamp={spot.now() + shift_ms}{window}"

    reply = spot.send("GET", "/api/v3/account", f"{query}&signature={spot.sign(query)}", key=spot.key)

    assert reply.refusal == (400, -1021, message)


@pytest.mark.parametrize("window", ["60000", "4999.5", "0.25"])
def test_receive_windows_may_have_decimals(spot: Wire, window: str) -> None:
    query = f"timestamp={spot.now()}&recvWindow={window}"

    reply = spot.send("GET", "/api/v3/account", f"{query}&signature={spot.sign(query)}", key=spot.key)

    assert reply.status == 200


def test_a_receive_window_over_a_minute_is_refused(spot: Wire) -> None:
    query = f"timestamp={spot.now()}&recvWindow=60001"

    reply = spot.send("GET", "/api/v3/account", f"{query}&signature={spot.sign(query)}", key=spot.key)

    assert reply.refusal[:2] == (400, -1102)
    assert "Cannot be greater than 60000" in reply.refusal[2]


def test_spot_takes_timestamps_in_microseconds(spot: Wire) -> None:
    query = f"timestamp={spot.now()}000"

    reply = spot.send("GET", "/api/v3/account", f"{query}&signature={spot.sign(query)}", key=spot.key)

    assert reply.status == 200


def test_public_endpoints_take_any_key(spot: Wire) -> None:
    for key in ("", "nonsense", spot.key):
        assert spot.send("GET", "/api/v3/ping", key=key).json == {}


def test_listen_keys_want_a_key_and_no_signature(um: Wire) -> None:
    assert um.send("POST", "/fapi/v1/listenKey").refusal == (401, -2014, "API-key format invalid.")
    opened = um.send("POST", "/fapi/v1/listenKey", key=um.key).json["listenKey"]
    assert um.send("POST", "/fapi/v1/listenKey", key=um.key).json["listenKey"] == opened
    assert um.send("PUT", "/fapi/v1/listenKey", key=um.key).json == {"listenKey": opened}
    assert um.send("DELETE", "/fapi/v1/listenKey", key=um.key).json == {}
    assert um.send("PUT", "/fapi/v1/listenKey", key=um.key).refusal == (
        400,
        -1125,
        "This listenKey does not exist.",
    )


def test_escaped_values_are_signed_as_sent(spot: Wire) -> None:
    query = urlencode({"symbol": "BTCUSDT", "origClientOrderId": "a/b:c"}) + f"&timestamp={spot.now()}"

    reply = spot.send("GET", "/api/v3/order", f"{query}&signature={spot.sign(query)}", key=spot.key)

    assert "%2F" in query
    assert reply.refusal == (400, -2013, "Order does not exist.")
