"""The fixture for other people's tests."""

from __future__ import annotations

import json
import multiprocessing
import os
import socket
import tempfile
import threading
import urllib.request
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from binance.spot import Spot

from atapi.testing import PaperExchange, paper_exchange, paper_exchange_options, paper_exchange_running  # noqa: F401
from tests.paper.client import Wire
from tests.paper.keys import KeyPair


def wire(exchange: PaperExchange) -> Wire:
    return Wire(exchange.spot_url, exchange.key, exchange.secret, "/api/v3")


def test_it_is_a_funded_binance(paper_exchange: PaperExchange) -> None:  # noqa: F811
    client = Spot(paper_exchange.key, paper_exchange.secret, base_url=paper_exchange.spot_url, timeout=10)

    held = {row["asset"]: float(row["free"]) for row in client.account(omitZeroBalances="true")["balances"]}
    client.session.close()

    assert held == {"BNB": 10, "BTC": 1, "ETH": 10, "USDT": 100_000}
    with urllib.request.urlopen(f"{paper_exchange.um_url}/fapi/v1/time") as answer:
        assert json.load(answer) == {"serverTime": 1767225600000}


def test_time_passes_when_told(paper_exchange: PaperExchange) -> None:  # noqa: F811
    assert paper_exchange.advance(timedelta(hours=8)) == datetime(2026, 1, 1, 8, tzinfo=UTC)


def test_two_accounts_have_keys_of_their_own(paper_exchange: PaperExchange) -> None:  # noqa: F811
    bob = paper_exchange.account("bob")
    poor = paper_exchange.account("poor", funded=False)

    first = wire(paper_exchange)
    counts = [
        len(Wire(first.url, key, secret, "/api/v3").signed("GET", "/api/v3/account", omitZeroBalances="true").json["balances"])
        for key, secret in ((bob.key, bob.secret), (poor.key, poor.secret))
    ]  # fmt: skip

    assert len({paper_exchange.key, bob.key, poor.key}) == 3
    assert counts == [4, 0]


def test_faults_are_set_and_cleared(paper_exchange: PaperExchange) -> None:  # noqa: F811
    number = paper_exchange.fault("status 503 path=/api/v3/ping")
    broken = wire(paper_exchange).get("/api/v3/ping").status

    cleared = paper_exchange.clear_faults()

    assert (number, broken, cleared) == (1, 503, 1)
    assert wire(paper_exchange).get("/api/v3/ping").status == 200


def test_an_account_signs_with_a_key_of_its_own(paper_exchange: PaperExchange) -> None:  # noqa: F811
    pair = KeyPair("Ed25519")
    eve = paper_exchange.account("eve", public_key=pair.public)
    client = Spot(eve.key, private_key=pair.private, base_url=paper_exchange.spot_url, timeout=10)

    held = client.account(omitZeroBalances="true")["balances"]
    client.session.close()

    assert (len(held), eve.secret) == (4, "")


class TestOptions:
    """A test file may choose another world."""

    @pytest.fixture
    def paper_exchange_options(self) -> Mapping[str, Any]:
        return {"seed": 7, "at": datetime(2024, 5, 5, tzinfo=UTC)}

    def test_they_are_heard(self, paper_exchange: PaperExchange) -> None:  # noqa: F811
        assert wire(paper_exchange).now() == 1714867200000


def test_nothing_is_left_of_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    threads, children = set(threading.enumerate()), multiprocessing.active_children()

    with paper_exchange_running() as exchange:
        ports = [urlsplit(url).port for url in (exchange.spot_url, exchange.um_url, exchange.cm_url)]
        held = list(tmp_path.iterdir())
        open_files = set(os.listdir("/dev/fd")) if os.path.isdir("/dev/fd") else set()
        assert wire(exchange).get("/api/v3/ping").status == 200

    assert len(held) == 1
    assert list(tmp_path.iterdir()) == []
    assert set(threading.enumerate()) == threads
    assert multiprocessing.active_children() == children
    assert len(set(os.listdir("/dev/fd"))) < len(open_files) or not open_files
    for port in ports:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port or 0), timeout=5)


def test_exchanges_side_by_side_are_on_ports_of_their_own_and_alike() -> None:
    with paper_exchange_running(seed=3) as one, paper_exchange_running(seed=3) as two:
        urls = {one.spot_url, one.um_url, one.cm_url, two.spot_url, two.um_url, two.cm_url}
        books = [wire(each).get("/api/v3/depth", symbol="BTCUSDT").json for each in (one, two)]

    assert len(urls) == 6
    assert one.key != two.key
    assert books[0] == books[1]
