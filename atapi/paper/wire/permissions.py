"""Which of a key's permissions an endpoint needs, as Binance's own switches divide them."""

from __future__ import annotations

READS = frozenset(  # sent by POST, PUT or DELETE, and yet only read, or only keep a stream open
    {
        "/sapi/v1/asset/get-funding-asset",
        "/sapi/v3/asset/getUserAsset",
        "/api/v3/userDataStream",
        "/sapi/v1/userDataStream",
        "/sapi/v1/userListenToken",
        "/sapi/v1/margin/listen-key",
        "/fapi/v1/listenKey",
        "/dapi/v1/listenKey",
    }
)


def needed(method: str, path: str) -> str:
    """Tell the permission: read, spot, margin, futures or transfer."""
    if method in ("GET", "WS") or path in READS:
        return "read"
    if path.startswith(("/fapi/", "/dapi/")):
        return "futures"
    if path.startswith("/sapi/v1/margin/"):
        return "margin"
    return "spot" if path.startswith("/api/") else "transfer"
