from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from atapi.errors import AuthenticationError, ConfigError, UsageError
from atapi.exchanges.base import ClockSource
from atapi.exchanges.binance.networks import NETWORKS, Endpoints, endpoints, paper_endpoints
from atapi.exchanges.binance.venue import BinanceVenue, connect
from atapi.testing import PaperExchange
from tests.exchanges.binance.conftest import KEY, SECRET, answers
from tests.exchanges.binance.raw_server import RawServer

Serve = Callable[..., RawServer]
Adapter = Callable[..., BinanceVenue]


def test_networks_are_where_the_documentation_says() -> None:
    assert endpoints("mainnet").um == "https://fapi.binance.com"
    assert endpoints("demo") == Endpoints(
        "https://demo-api.binance.com",
        "https://demo-fapi.binance.com",
        "https://www.binance.com",
        wallet=False,
        spot_socket="wss://demo-ws-api.binance.com",
        um_socket="wss://demo-fstream.binance.com",
    )
    assert endpoints("mainnet").socket("um") == "wss://fstream.binance.com"
    assert [name for name, found in NETWORKS.items() if found.wallet] == ["mainnet"]
    with pytest.raises(UsageError, match="paper"):
        endpoints("paper")


def test_an_embedded_exchange_serves_supply_beside_spot_and_its_clock_must_be_fresh() -> None:
    found = paper_endpoints("http://127.0.0.1:9000", "http://127.0.0.1:9001")

    assert (found.products, found.wallet) == (found.spot, True)
    assert found.clock_max_age_s < 1  # a timestamp more than a second ahead is refused


def test_making_a_venue_asks_nothing_and_loads_no_connector() -> None:
    script = (
        "import sys; from atapi.exchanges.binance.venue import connect;"
        "from atapi.exchanges.binance.networks import endpoints;"
        "connect(endpoints('mainnet'), 'key', 'secret');"
        "print([m for m in ('requests', 'binance', 'ssl', 'msgspec', 'cryptography', 'asyncio') if m in sys.modules])"
    )

    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert told.stdout.strip() == "[]"


def test_the_clock_is_the_venue_s_and_resync_measures_both_hosts(serve: Serve, adapter: Adapter) -> None:
    spot, um = serve(skew_ms=3_600_000), serve(skew_ms=3_600_000)
    venue = adapter(spot, endpoints=Endpoints(spot.url, um.url, spot.url))
    clock: ClockSource = venue.clock
    before = clock.offset()
    asked = um.clock_requests
    spot.skew_ms = um.skew_ms = 12 * 3_600_000  # advanced by eleven hours

    venue.clock.resync()

    assert abs(before - timedelta(hours=1)) < timedelta(seconds=5)
    assert abs(clock.offset() - timedelta(hours=12)) < timedelta(seconds=5)
    assert clock.round_trip() < timedelta(seconds=5)
    assert um.clock_requests > asked
    assert venue.clock.now() > venue.clock.now() - timedelta(seconds=5)


def test_a_still_clock_is_asked_before_every_signature_past_its_age(serve: Serve, adapter: Adapter) -> None:
    server = serve(answers(account="spot_account"))
    here = Endpoints(server.url, server.url, server.url, clock_max_age_s=0.0)
    venue = adapter(server, endpoints=here)

    venue.spot.balances()
    asked = server.clock_requests
    venue.spot.balances()

    assert server.clock_requests > asked


def test_both_markets_follow_a_venue_that_moved(serve: Serve, adapter: Adapter) -> None:
    gone, here = serve(), serve(answers(account="spot_account", balance="um_balance"))
    gone.close()
    asked: list[int] = []

    def rediscover() -> Endpoints:
        asked.append(1)
        return Endpoints(here.url, here.url, here.url)

    venue = adapter(gone, rediscover=rediscover)

    assert len(venue.spot.balances()) == 2
    assert len(venue.futures.balances()) == 2
    assert asked == [1]


def test_without_a_key_public_data_alone_is_to_be_had(serve: Serve, adapter: Adapter) -> None:
    server = serve(answers(klines="klines"))
    venue = adapter(server, api_key=None, api_secret=None)

    assert len(venue.spot.candles("BTCUSDT", "1h", limit=2)) == 2
    with pytest.raises(AuthenticationError):
        venue.spot.balances()


def test_a_venue_shows_no_secret() -> None:
    venue = connect(NETWORKS["mainnet"], KEY, SECRET)

    assert KEY not in repr(venue)
    assert SECRET not in repr(venue)


def test_half_a_key_is_no_key() -> None:
    with pytest.raises(ConfigError):
        connect(NETWORKS["mainnet"], KEY, None)


def test_rules_are_read_anew_and_a_symbol_that_is_gone_is_left_out(paper_exchange: PaperExchange) -> None:
    where = paper_endpoints(paper_exchange.spot_url, paper_exchange.um_url)
    venue = connect(where, paper_exchange.key, paper_exchange.secret)
    assert venue.futures.instruments()["BTCUSDT"].delivers_at is None

    paper_exchange.fault("delist BTCUSDT in=2h")
    perpetuals = venue.futures.listing(["BTCUSDT", "GONEUSDT"])

    assert perpetuals.keys() == {"BTCUSDT"}
    assert perpetuals["BTCUSDT"].delivers_at == datetime(2026, 1, 1, 2, tzinfo=UTC)
    assert venue.spot.listing(["BTCUSDT", "GONEUSDT"]).keys() == {"BTCUSDT"}
    assert venue.spot.listing(["BTCUSDT", "ETHUSDT"]).keys() == {"BTCUSDT", "ETHUSDT"}
    venue.close()
