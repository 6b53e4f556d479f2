"""What a host has left for us: weights and order counts from its own headers, and the pauses it asks for.

Two rules. Inside a pause nothing is sent at all. And once the venue has stated its limits, what is not essential
stops at 80 % of them, so that a cancel, an unwind or the question what became of an order always finds room.

Source: https://developers.binance.com/docs/binance-spot-api-docs/rest-api/limits
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, NamedTuple

from atapi.clock import monotonic_ms
from atapi.errors import RateLimited
from atapi.exchanges.base import RequestWindow

SHARE = 0.8  # of a limit, for anything but the essential

_COUNTER = re.compile(
    r"x-(mbx-used-weight|mbx-order-count|sapi-used-ip-weight|sapi-used-uid-weight)-(\d+)([smhd])"
)
_UNIT_MS = {"s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_INTERVAL_MS = {"SECOND": 1000, "MINUTE": 60_000, "HOUR": 3_600_000, "DAY": 86_400_000}
_KINDS = {
    "mbx-used-weight": "REQUEST_WEIGHT",
    "mbx-order-count": "ORDERS",
    "sapi-used-ip-weight": "SAPI_IP",  # of the last endpoint asked: each has a pool of its own
    "sapi-used-uid-weight": "SAPI_UID",
}


class Window(NamedTuple):
    """One counted window: its kind and its length."""

    kind: str  # REQUEST_WEIGHT, ORDERS, SAPI_IP or SAPI_UID
    length_ms: int


class Budget:
    """The counters and pauses of one host; threads may share it."""

    def __init__(self, venue_ms: Callable[[], int]) -> None:
        self._venue_ms = venue_ms
        self._limits: dict[Window, int] = {}
        self._windows: dict[str, Window | None] = {}  # header -> its window; None for any other header
        self._told: dict[Window, tuple[int, str]] = {}  # window -> (the venue's milliseconds then, the count)
        self._paused_until = 0.0  # monotonic milliseconds
        self._why = ""

    def learn(self, rate_limits: list[dict[str, Any]]) -> None:
        """Take over `rateLimits` as exchangeInfo states them."""
        self._limits = {
            Window(row["rateLimitType"], _INTERVAL_MS[row["interval"]] * row["intervalNum"]): row["limit"]
            for row in rate_limits
            if row["interval"] in _INTERVAL_MS
        }

    def note(self, headers: Mapping[str, str]) -> None:
        """Keep the counters of an answer's headers, their names in lower case."""
        now = self._venue_ms()
        for name, value in headers.items():
            window = self._windows[name] if name in self._windows else self._learn_window(name)
            if window is not None:
                self._told[window] = (now, value)

    def used(self, kind: str, length_ms: int) -> int:
        """Tell what is used of a running window, as far as the venue has told."""
        at_ms, count = self._told.get(Window(kind, length_ms), (0, "0"))
        running = at_ms // length_ms == self._venue_ms() // length_ms
        return int(count) if running and count.isdigit() else 0

    def limit(self, kind: str, length_ms: int) -> int | None:
        """Tell a limit, or None where the venue has not stated it."""
        return self._limits.get(Window(kind, length_ms))

    def windows(self) -> list[RequestWindow]:
        """List the limits the venue has stated, with what is used of each."""
        return [
            RequestWindow(
                kind="orders" if window.kind == "ORDERS" else "weight",
                span=timedelta(milliseconds=window.length_ms),
                limit=limit,
                used=self.used(*window),
            )
            for window, limit in self._limits.items()
            if window.kind in ("ORDERS", "REQUEST_WEIGHT")
        ]

    def pause(self, seconds: float, why: str) -> None:
        """Send nothing for that long."""
        self._why = why
        self._paused_until = max(self._paused_until, monotonic_ms() + seconds * 1000)

    def check(self, *, order: bool, essential: bool) -> None:
        """Allow a request, or not.

        Args:
            order: Whether it counts as a new order.
            essential: A cancel, a reduce-only order or a question about one order: the pauses alone bind it.

        Raises:
            RateLimited: Not now; with the seconds to wait. Nothing was sent.
        """
        if self._paused_until:
            left_s = (self._paused_until - monotonic_ms()) / 1000
            if left_s > 0:
                raise RateLimited(
                    f"nothing is sent for another {left_s:.0f} s: {self._why}", retry_after_s=left_s
                )
            self._paused_until = 0.0
        if not essential and self._limits:
            self._brake(order)

    def _brake(self, order: bool) -> None:
        now = self._venue_ms()
        for window, limit in self._limits.items():
            if window.kind == "ORDERS" and not order:
                continue
            used = self.used(*window)
            if used >= limit * SHARE:
                wait_s = (window.length_ms - now % window.length_ms) / 1000
                raise RateLimited(
                    f"{used} of {limit} {window.kind.lower().replace('_', ' ')} used,"
                    f" the rest is kept for cancels and unwinds; free in {wait_s:.0f} s",
                    retry_after_s=wait_s,
                )

    def _learn_window(self, name: str) -> Window | None:
        match = _COUNTER.fullmatch(name)
        window = Window(_KINDS[match[1]], int(match[2]) * _UNIT_MS[match[3]]) if match else None
        self._windows[name] = window
        return window
