"""Where a run is connected, and what time it is there."""

from __future__ import annotations

from datetime import timedelta

import pytest

from atapi.errors import AuthenticationError
from atapi.services.network import Api, NetworkInfo, NetworkService, milliseconds
from tests.fakes import D, FakeClockSource, FakeFutures, FakeSpot, utc
from tests.services.worlds import column

KEY = "abcd1234567890wxyz"


def service(info: NetworkInfo) -> NetworkService:
    ahead = FakeClockSource(timedelta(seconds=-2.4), timedelta(microseconds=1234))
    return NetworkService(
        info=info,
        apis=[
            Api(
                name="spot",
                url="http://127.0.0.1:1",
                venue=FakeSpot(now=utc("2026-01-01T08:00")),
                clock=ahead,
            ),
            Api(
                name="futures",
                url="http://127.0.0.1:2",
                venue=FakeFutures(now=utc("2026-01-01T08:01")),
                clock=FakeClockSource(),
            ),
        ],
    )


def test_the_table_shows_apis_offsets_and_only_the_ends_of_the_key() -> None:
    table = service(NetworkInfo(name="paper", key=KEY, label="synthetic")).table()

    assert table.names == ("api", "url", "keys", "clock_offset_ms")
    assert table.rows == (
        ("spot", "http://127.0.0.1:1", "abcd…wxyz", D(-2400)),
        ("futures", "http://127.0.0.1:2", "abcd…wxyz", D(0)),
    )
    assert table.notes == ("network paper (synthetic)",)


def test_no_key_is_said_as_none() -> None:
    assert column(service(NetworkInfo(name="mainnet", key=None)).table(), "keys") == ["none", "none"]


def test_the_servers_time_is_that_of_the_first_api_and_all_of_them_have_their_own() -> None:
    network = service(NetworkInfo(name="paper", key=KEY))

    assert network.server_time() == utc("2026-01-01T08:00")
    assert network.server_times().rows == (
        ("spot", utc("2026-01-01T08:00"), D(-2400), D("1.234")),
        ("futures", utc("2026-01-01T08:01"), D(0), D(1)),
    )


def test_a_missing_key_is_told_with_the_command_the_network_and_the_cure() -> None:
    with pytest.raises(AuthenticationError) as refused:
        NetworkInfo(name="testnet", key=None).need_key("balance")

    assert refused.value.message == "balance needs keys for testnet; none are set"
    assert refused.value.hint == "set BINANCE_API_KEY and BINANCE_SECRET_KEY"


def test_only_mainnet_is_live() -> None:
    assert [n for n in ("paper", "demo", "testnet", "mainnet") if NetworkInfo(name=n, key=None).live] == [
        "mainnet"
    ]


def test_milliseconds_keep_the_microseconds_and_the_sign() -> None:
    assert milliseconds(timedelta(microseconds=-1)) == D("-0.001")
