"""Where clients that take more than one base URL want the exchange's: as docs/clients.md says."""

from __future__ import annotations

from typing import Any

from tests.clients.conftest import Served


def ccxt(served: Served) -> dict[str, Any]:
    """Map ccxt's names of APIs to the exchange's ports, for `exchange.urls["api"]`."""
    spot = dict.fromkeys(("public", "private", "v1"), f"{served.spot}/api/v3")
    wallets = {"sapi": "v1", "sapiV2": "v2", "sapiV3": "v3", "sapiV4": "v4"}
    sapi = {name: f"{served.spot}/sapi/{version}" for name, version in wallets.items()}
    futures = {
        f"fapi{kind}{version}": f"{served.um}/fapi/{version.lower() or 'v1'}"
        for kind in ("Public", "Private")
        for version in ("", "V2", "V3")
    }
    coin = dict.fromkeys(("dapiPublic", "dapiPrivate"), f"{served.cm}/dapi/v1")
    coin |= {"dapiPrivateV2": f"{served.cm}/dapi/v2", "dapiData": f"{served.cm}/futures/data"}
    # ccxt takes what comes from an address without "/stream" for futures' messages.
    spot_streams = f"{served.spot_stream}/ws?x=/stream"
    sockets = {
        "spot": spot_streams,
        "margin": spot_streams,
        "linear": f"{served.um_stream}/ws",
        "inverse": f"{served.cm_stream}/ws",
        "ws-api": {"spot": served.spot_ws_api, "linear": served.um_ws_api},
    }
    return {**spot, **sapi, **futures, "fapiData": f"{served.um}/futures/data", **coin, "ws": sockets}


def python_binance(kind: Any, served: Served) -> Any:
    """Derive a class of python-binance's clients or socket managers that speaks to the exchange."""
    here = {
        "API_URL": f"{served.spot}/api",
        "MARGIN_API_URL": f"{served.spot}/sapi",
        "FUTURES_URL": f"{served.um}/fapi",
        "FUTURES_COIN_URL": f"{served.cm}/dapi",
        "FUTURES_DATA_URL": f"{served.um}/futures/data",
        "WS_API_URL": served.spot_ws_api,
        "WS_FUTURES_URL": served.um_ws_api,
        "STREAM_URL": f"{served.spot_stream}/",
        "FSTREAM_URL": f"{served.um_stream}/",
        "DSTREAM_URL": f"{served.cm_stream}/",
    }
    return type("Here", (kind,), {name: url for name, url in here.items() if hasattr(kind, name)})
