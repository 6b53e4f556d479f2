"""The connectors' endpoint methods over our transport. Importing this imports the connectors (about 100 ms)."""

from __future__ import annotations

from binance.spot import Spot
from binance.um_futures import UMFutures

from atapi.exchanges.binance.transport import Transport


class SpotApi(Transport, Spot):  # type: ignore[misc]  # the connectors carry no types
    """Every method of `binance.spot.Spot`: /api and /sapi."""


class UmApi(Transport, UMFutures):  # type: ignore[misc]  # the connectors carry no types
    """Every method of `binance.um_futures.UMFutures`: /fapi."""
