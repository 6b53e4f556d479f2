"""Binance as one value: its markets, wallets, supply and clock. Cheap to import and to make; nothing is asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from atapi.clock import SystemClock
from atapi.exchanges.binance import connectors
from atapi.exchanges.binance.futures import BinanceFutures
from atapi.exchanges.binance.hosts import Hosts
from atapi.exchanges.binance.link import Link, credentials
from atapi.exchanges.binance.margin import BinanceMargin
from atapi.exchanges.binance.networks import Endpoints
from atapi.exchanges.binance.products import ProductList
from atapi.exchanges.binance.servertime import ServerTime
from atapi.exchanges.binance.spot import BinanceSpot
from atapi.exchanges.binance.user_stream import UserStreams
from atapi.exchanges.binance.wallet import BinanceWallet


class VenueClock:
    """The venue's clock: spot's, and `resync` for both hosts. Implements `ClockSource`."""

    def __init__(self, spot: ServerTime, um: ServerTime) -> None:
        self._spot = spot
        self._um = um

    def now(self) -> datetime:
        """Tell the venue's time."""
        return self._spot.now()

    def offset(self) -> timedelta:
        """Venue time less this machine's time, as last measured."""
        return self._spot.offset()

    def last_offset(self) -> timedelta:
        """The offset as last measured, even where it is no longer good enough to sign with: nobody is asked."""
        return self._spot.last_offset()

    def round_trip(self) -> timedelta:
        """How long the last measurement took."""
        return self._spot.round_trip()

    def resync(self) -> None:
        """Measure both hosts' clocks now, as after the embedded exchange's was advanced."""
        self._spot.resync()
        self._um.resync()

    def forget(self) -> None:
        """Trust what was measured no more; the next use measures both anew."""
        self._spot.forget()
        self._um.forget()


@dataclass(frozen=True, slots=True)
class BinanceVenue:
    """Everything the layers above may ask of Binance on one network."""

    spot: BinanceSpot
    futures: BinanceFutures
    wallet: BinanceWallet | None  # None where the network has no /sapi
    margin: BinanceMargin | None  # likewise
    products: ProductList
    clock: VenueClock
    streams: UserStreams  # closed until somebody follows

    def close(self) -> None:
        """Hang up and close the idle connections."""
        self.streams.close()
        self.spot.link.close()
        self.futures.link.close()


def connect(
    endpoints: Endpoints,
    api_key: str | None = None,
    api_secret: str | None = None,
    timeout_s: float = 10.0,
    *,
    rediscover: Callable[[], Endpoints] | None = None,
    wait: Callable[[float], None] | None = None,
) -> BinanceVenue:
    """Make the adapter of one network.

    Args:
        endpoints: Where it answers.
        api_key: None for public data alone.
        api_secret: The HMAC secret, or an RSA or Ed25519 private key in PEM.
        timeout_s: Total allowance of one request, its retries included.
        rediscover: Asked when a connection is refused: where the venue is now.
        wait: Waits between the tries of a read; by default in real time.

    Raises:
        ConfigError: A key without its secret, or either unreadable.
    """
    hosts = Hosts(endpoints, rediscover)
    who = credentials(api_key, api_secret)
    wait = wait or SystemClock().sleep
    spot_link = Link("spot", hosts, who, timeout_s=timeout_s, wait=wait)
    um_link = Link("um", hosts, who, timeout_s=timeout_s, wait=wait)
    spot = BinanceSpot(spot_link, connectors.spot_api)
    futures = BinanceFutures(um_link, connectors.um_api)
    return BinanceVenue(
        spot=spot,
        futures=futures,
        wallet=BinanceWallet(spot, futures) if endpoints.wallet else None,
        margin=BinanceMargin(spot) if endpoints.wallet else None,
        products=ProductList(hosts, timeout_s),
        clock=VenueClock(spot_link.time, um_link.time),
        streams=UserStreams(spot, futures),
    )
