"""The transport that stands in front of the connectors' base class.

Both official connectors install a package `binance` and overwrite each other's `api.py`, `error.py` and `lib/`.
Their endpoint methods only ever call these five, so with `Transport` first in the method resolution order it no
longer matters which of them was installed last: `class SpotApi(Transport, Spot)`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from atapi.exchanges.binance.link import Link


class Transport:
    """The connectors' way out, replaced. Their own `__init__` is never called: it would open a session."""

    def __init__(self, link: Link) -> None:
        self.link = link

    def query(self, url_path: str, payload: Mapping[str, Any] | None = None) -> Any:
        """Read something public."""
        return self.link.request("GET", url_path, payload)

    def limit_request(self, http_method: str, url_path: str, payload: Mapping[str, Any] | None = None) -> Any:
        """Call what wants the key, but no signature."""
        return self.link.request(http_method, url_path, payload, keyed=True)

    def send_request(
        self,
        http_method: str,
        url_path: str,
        payload: Mapping[str, Any] | None = None,
        special: bool = False,
    ) -> Any:
        """Call what the connectors call directly: listen keys, which want the key alone."""
        return self.link.request(http_method, url_path, payload, keyed=True)

    def sign_request(
        self,
        http_method: str,
        url_path: str,
        payload: Mapping[str, Any] | None = None,
        special: bool = False,
    ) -> Any:
        """Call what wants a signature. `special` marks lists, which are written as JSON in any case."""
        return self.link.request(http_method, url_path, payload, signed=True)

    def limited_encoded_sign_request(
        self, http_method: str, url_path: str, payload: Mapping[str, Any] | None = None
    ) -> Any:
        """Call what the connectors send with bare `@`; since 2026 the venue wants it encoded like all else."""
        return self.link.request(http_method, url_path, payload, signed=True)
