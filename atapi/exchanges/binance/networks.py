"""Where each network of Binance answers.

Source: https://developers.binance.com/docs/binance-spot-api-docs/rest-api/general-api-information,
https://developers.binance.com/docs/derivatives/usds-margined-futures/general-info
"""

from __future__ import annotations

from dataclasses import dataclass

from atapi.errors import UsageError

WEBSITE = "https://www.binance.com"  # the product list is the website's own, on every network


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Base URLs of one network, without a path."""

    spot: str  # /api and, where `wallet`, /sapi
    um: str  # /fapi
    products: str  # circulating supply
    wallet: bool = True  # demo and testnet have no /sapi: no transfers, no margin
    # How long a measured clock offset may be used. The embedded exchange's clock may stand still while ours
    # runs, so there it must be fresh; a real venue's drifts by milliseconds an hour.
    clock_max_age_s: float = 300.0
    spot_socket: str = ""  # /ws-api; "" where it is on spot's own host
    um_socket: str = ""  # /private and /market; "" where they are on USD-M's own host

    def socket(self, market: str) -> str:
        """Tell where a market's WebSockets are, without a path."""
        told: str = getattr(self, f"{market}_socket")
        host: str = getattr(self, market)
        return told or host.replace("http", "ws", 1)


NETWORKS = {
    "mainnet": Endpoints(
        "https://api.binance.com",
        "https://fapi.binance.com",
        WEBSITE,
        spot_socket="wss://ws-api.binance.com",
        um_socket="wss://fstream.binance.com",
    ),
    "demo": Endpoints(
        "https://demo-api.binance.com",
        "https://demo-fapi.binance.com",
        WEBSITE,
        wallet=False,
        spot_socket="wss://demo-ws-api.binance.com",
        um_socket="wss://demo-fstream.binance.com",
    ),
    "testnet": Endpoints(
        "https://testnet.binance.vision",
        "https://testnet.binancefuture.com",
        WEBSITE,
        wallet=False,
        spot_socket="wss://ws-api.testnet.binance.vision",
        um_socket="wss://fstream.binancefuture.com",
    ),
}  # network -> where it answers


def endpoints(network: str) -> Endpoints:
    """Tell where a network of Binance answers.

    Raises:
        UsageError: Binance has no such network.
    """
    try:
        return NETWORKS[network]
    except KeyError:
        raise UsageError(f"Binance has no network '{network}'", hint=", ".join(NETWORKS)) from None


def paper_endpoints(spot: str, um: str) -> Endpoints:
    """Endpoints of an embedded exchange; it serves the product list beside its spot market."""
    return Endpoints(spot, um, spot, clock_max_age_s=0.25)
