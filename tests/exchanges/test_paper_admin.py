"""The control path over a real socket, against a server that only these tests know."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from atapi.domain.account import Wallet
from atapi.errors import VenueError, VenueUnreachable
from atapi.exchanges.paper_admin import PaperAdmin
from tests.fakes import D, utc


@dataclass
class Exchange:
    """What the server answers, and what it was asked."""

    status: int = 200
    answer: bytes = b"{}"
    asked: list[tuple[str, str, str | None, Any]] = field(default_factory=list)


@contextmanager
def serving(exchange: Exchange) -> Iterator[PaperAdmin]:
    """Serve answers on a free loopback port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            token = self.headers.get("X-Paper-Token")
            exchange.asked.append((self.command, self.path, token, json.loads(body) if body else None))
            self.send_response(exchange.status)
            self.send_header("Content-Length", str(len(exchange.answer)))
            self.end_headers()
            self.wfile.write(exchange.answer)

        do_POST = do_GET

        def log_message(self, *_: object) -> None:
            """Stay silent."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield PaperAdmin(url=f"http://127.0.0.1:{server.server_port}", token="t0ken", timeout_s=5)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_status_is_told_as_a_person_would_read_it() -> None:
    told = {
        "feed": "replay:data",
        "synthetic": False,
        "now_ms": 1609459200000,
        "span_ms": [1577836800000, 1704067199999],
        "seed": None,
        "accounts": [{"name": "desk", "created_ms": 1609459200000}],
        "skipped": [],
    }
    with serving(Exchange(answer=json.dumps(told).encode())) as admin:
        status = admin.status()

    assert status.now == utc("2021-01-01")
    assert status.details == (
        ("feed", "replay:data"),
        ("synthetic", "no"),
        ("span", "2020-01-01T00:00:00Z to 2023-12-31T23:59:59Z"),
        ("seed", "none"),
        ("accounts", "name desk, created 2021-01-01T00:00:00Z"),
        ("skipped", "none"),
    )


def test_advance_sends_the_span_in_milliseconds_with_the_token_and_tells_the_new_time() -> None:
    exchange = Exchange(answer=b'{"now_ms": 1609488000000}')
    with serving(exchange) as admin:
        now = admin.advance(timedelta(hours=8))

    assert now == utc("2021-01-01T08:00")
    assert exchange.asked == [("POST", "/paper/v1/advance", "t0ken", {"span_ms": 28_800_000})]


def test_a_deposit_goes_out_as_plain_decimals_to_the_exchanges_own_wallet() -> None:
    exchange = Exchange()
    with serving(exchange) as admin:
        admin.deposit(Wallet.FUTURES, "USDT", D("1E+3"))

    assert exchange.asked[0][3] == {"wallet": "um", "asset": "USDT", "amount": "1000"}


def test_a_deposit_may_name_the_account() -> None:
    exchange = Exchange()
    with serving(exchange) as admin:
        PaperAdmin(url=admin.url, token="t0ken", account="bob").deposit(Wallet.SPOT, "BTC", D("0.5"))

    assert exchange.asked[0][3] == {"wallet": "spot", "asset": "BTC", "amount": "0.5", "account": "bob"}


def test_reset_is_a_post_of_nothing() -> None:
    exchange = Exchange()
    with serving(exchange) as admin:
        admin.reset()

    assert exchange.asked == [("POST", "/paper/v1/reset", "t0ken", {})]


def test_a_refusal_is_told_in_the_exchanges_words() -> None:
    exchange = Exchange(status=400, answer=b'{"code": -1020, "msg": "This clock runs with the wall clock."}')
    with serving(exchange) as admin, pytest.raises(VenueError) as refused:
        admin.advance(timedelta(hours=8))

    assert (refused.value.message, refused.value.code, refused.value.status) == (
        "This clock runs with the wall clock.",
        -1020,
        400,
    )


@pytest.mark.parametrize("answer", [b"<html>", b"", b"\xff"])
def test_an_answer_that_is_no_json_is_no_answer(answer: bytes) -> None:
    with serving(Exchange(answer=answer)) as admin, pytest.raises(VenueUnreachable, match="without JSON"):
        admin.status()


def test_nobody_listening_is_said_and_nothing_was_sent() -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))  # and never listens
        port = deaf.getsockname()[1]

        with pytest.raises(VenueUnreachable) as refused:
            PaperAdmin(url=f"http://127.0.0.1:{port}", token="t").status()

    assert refused.value.sent is False
    assert f"127.0.0.1:{port} does not answer" in refused.value.message


def test_silence_ends_with_the_deadline() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"

        with pytest.raises(VenueUnreachable) as refused:
            PaperAdmin(url=url, token="t", timeout_s=0.05).advance(timedelta(hours=1))

    assert refused.value.sent is True
    assert refused.value.message == "the paper exchange did not answer advance in 0.05 s"
