"""Where the venue answers now."""

from __future__ import annotations

import threading
from collections.abc import Callable

from atapi.exchanges.binance.networks import Endpoints


class Hosts:
    """The base URLs in use, shared by everything that talks to one venue.

    A real venue stays where it is. The embedded exchange lives in one of several processes; when that one ends,
    `rediscover` tells where it lives now.
    """

    def __init__(self, endpoints: Endpoints, rediscover: Callable[[], Endpoints] | None = None) -> None:
        self.current = endpoints
        self._rediscover = rediscover
        self._lock = threading.Lock()

    def look_again(self, seen: Endpoints) -> bool:
        """After a refused connection: learn where the venue is now. False where there is no telling.

        Args:
            seen: What the caller believed; another caller may have learned better already.
        """
        if self._rediscover is None:
            return False
        with self._lock:
            if self.current == seen:
                self.current = self._rediscover()
        return True
