"""Which network this is, where its APIs are, and how their clocks differ from ours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from atapi.errors import AuthenticationError
from atapi.exchanges.base import ClockSource, MarketData
from atapi.services.ratios import SHOWN
from atapi.table import Table, column


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkInfo:
    """One network as this run sees it."""

    name: str  # paper, demo, testnet or mainnet
    key: str | None  # the API key in use; None where there is none
    label: str | None = None  # what to know about its prices: "synthetic", "replay:DIR"; None where real

    @property
    def live(self) -> bool:
        """Whether orders cost real money."""
        return self.name == "mainnet"

    @property
    def shown_key(self) -> str:
        """The key's first and last four characters, or `none`."""
        return f"{self.key[:4]}…{self.key[-4:]}" if self.key else "none"

    def need_key(self, command: str) -> None:
        """Refuse a command that reads an account where there is no key.

        Raises:
            AuthenticationError: There is none; nothing was sent.
        """
        if not self.key:
            raise AuthenticationError(
                f"{command} needs keys for {self.name}; none are set",
                hint="set BINANCE_API_KEY and BINANCE_SECRET_KEY",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """One API of the network."""

    name: str  # "spot", "futures"
    url: str
    venue: MarketData
    clock: ClockSource


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiRow:
    """One API and how it is reached."""

    api: str
    url: str
    keys: str
    clock_offset_ms: Decimal = column(digits=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerTimeRow:
    """One API's time and its distance from ours."""

    api: str
    server_time: datetime
    offset_ms: Decimal = column(digits=1)
    rtt_ms: Decimal = column(digits=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkService:
    """Tells where this run is connected."""

    info: NetworkInfo
    apis: Sequence[Api]  # at least one; the first is the one whose time `servertime` shows

    def table(self) -> Table:
        """List the APIs: url, key (first and last four characters) and clock offset, ms."""
        rows = [
            ApiRow(
                api=api.name,
                url=api.url,
                keys=self.info.shown_key,
                clock_offset_ms=milliseconds(api.clock.offset()),
            )
            for api in self.apis
        ]
        label = f" ({self.info.label})" if self.info.label else ""
        return Table.of(rows, ApiRow, notes=(f"network {self.info.name}{label}",))

    def server_time(self) -> datetime:
        """Ask the venue's time."""
        return self.apis[0].venue.server_time()

    def server_times(self) -> Table:
        """Ask every API's time; offset is its time less ours, both in ms."""
        rows = [
            ServerTimeRow(
                api=api.name,
                server_time=api.venue.server_time(),
                offset_ms=milliseconds(api.clock.offset()),
                rtt_ms=milliseconds(api.clock.round_trip()),
            )
            for api in self.apis
        ]
        return Table.of(rows, ServerTimeRow)


def milliseconds(span: timedelta) -> Decimal:
    """State a span in milliseconds, to the microsecond."""
    return (Decimal(span // timedelta(microseconds=1)) / 1000).quantize(SHOWN)
